/* Passwords: bcrypt through APR-util. Hashes are made in httpd's children and on the
 * command line, so that no password travels to the engine. */
#include "core/core.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <string.h>

#define SALT_BYTES 16
#define HASH_SIZE 120    /* characters of a crypt hash with its NUL */
#define BCRYPT_LENGTH 60 /* "$2y$10$", 22 characters of salt, 31 of the digest */

apr_status_t wf_password_hash(const char **hash, const char *password, apr_pool_t *p,
                              wf_error_t *err)
{
    unsigned char salt[SALT_BYTES];
    char text[HASH_SIZE];
    apr_status_t rv;

    if (!*password) {
        return wf_error_field(err, WF_ERR_INVALID, "password",
                              "the password must not be empty");
    }
    if (strlen(password) > WF_PASSWORD_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, "password",
                              "the password is longer than %d bytes", WF_PASSWORD_MAX);
    }
    rv = apr_generate_random_bytes(salt, sizeof(salt));
    if (rv == APR_SUCCESS) {
        rv = apr_bcrypt_encode(password, WF_BCRYPT_COST, salt, sizeof(salt), text,
                               sizeof(text));
    }
    if (rv != APR_SUCCESS) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "the password cannot be hashed");
    }
    *hash = apr_pstrdup(p, text);
    return APR_SUCCESS;
}

int wf_password_is_hash(const char *text)
{
    if (strlen(text) != BCRYPT_LENGTH || strncmp(text, "$2", 2) != 0
        || !strchr("abxy", text[2]) || text[3] != '$' || !apr_isdigit(text[4])
        || !apr_isdigit(text[5]) || text[6] != '$') {
        return 0;
    }
    for (text += 7; *text; text++) {
        if (!apr_isalnum(*text) && *text != '.' && *text != '/') {
            return 0;
        }
    }
    return 1;
}

int wf_password_right(const char *password, const char *hash)
{
    int same = apr_password_validate(password, hash) == APR_SUCCESS;

    /* Of a longer one bcrypt has looked at the beginning only. */
    return same && (strlen(password) <= WF_PASSWORD_MAX || !wf_password_is_hash(hash));
}

void wf_password_pretend(const char *password)
{
    static const char hash[] =
        "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S";

    apr_password_validate(password, hash);
}
