/* Passwords: bcrypt through APR-util, and the check against a user of the store. */
#include "auth/auth.h"

#include <apr_general.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <string.h>

#define SALT_BYTES 16
#define HASH_SIZE 120 /* characters of a crypt hash with its NUL; bcrypt needs 61 */

const char *wf_auth_hash_password(const char *password, apr_pool_t *p)
{
    unsigned char salt[SALT_BYTES];
    char hash[HASH_SIZE];

    if (apr_generate_random_bytes(salt, sizeof salt) != APR_SUCCESS
        || apr_bcrypt_encode(password, WF_AUTH_BCRYPT_COST, salt, sizeof salt, hash,
                             sizeof hash)
               != APR_SUCCESS) {
        return NULL;
    }
    return apr_pstrdup(p, hash);
}

/* Spend the time of a comparison and forget its result: an unknown user must not answer
 * faster than a known one, or names could be guessed. */
static void compare_for_nothing(const char *password)
{
    static const char hash[] =
        "$2y$10$abcdefghijklmnopqrstuu4T826PRnz0Hu6YlprUuxkZxOOj5Fw5S";

    apr_password_validate(password, hash);
}

static int is_right(const char *password, const char *hash)
{
    return apr_password_validate(password, hash) == APR_SUCCESS;
}

wf_auth_result_e wf_auth_check_password(wf_store_t *store, wf_auth_cache_t *cache,
                                        const char *user, const char *password,
                                        apr_pool_t *p, wf_error_t *err)
{
    wf_user_t *row;
    int right;

    if (wf_store_get_by_key(store, WF_TABLE_USER, user, &row, p, err) != APR_SUCCESS) {
        return WF_AUTH_FAILED;
    }
    if (!row || !row->password_hash || !*row->password_hash) {
        compare_for_nothing(password);
        return WF_AUTH_UNKNOWN_USER;
    }
    right = cache ? wf_auth_cache_check(cache, user, row->password_hash, password,
                                        wf_mono_us(), is_right)
                  : is_right(password, row->password_hash);
    return right ? WF_AUTH_OK : WF_AUTH_WRONG_PASSWORD;
}
