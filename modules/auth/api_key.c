/* API keys: those of the store, and one that an administrator has put into a file. What
 * was sent is hashed at once and quoted nowhere. */
#include "auth/auth.h"

#include <string.h>
#include <sys/stat.h>

#define OWN_KEY_MIN 16 /* characters */
#define OWN_KEY_MAX 4096

static apr_status_t refuse(const wf_api_key_t *row, const char *what, apr_int64_t ms,
                           wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_FORBIDDEN,
                        "API key '%s' (id %" APR_INT64_T_FMT ") of '%s' %s %s", row->name,
                        row->id, row->owner, what, wf_time_iso(ms, err->pool));
}

static apr_status_t check_state(const wf_api_key_t *row, apr_int64_t now, wf_error_t *err)
{
    switch (wf_api_key_state(row, now)) {
    case WF_KEY_ACTIVE:
        return APR_SUCCESS;
    case WF_KEY_EXPIRED:
        return refuse(row, "expired at", row->expires, err);
    default:
        return refuse(row, "was revoked at", row->revoked, err);
    }
}

apr_status_t wf_auth_check_api_key(wf_store_t *store, const char *text, apr_int64_t now,
                                   wf_auth_key_t *key, apr_pool_t *p, wf_error_t *err)
{
    char hash[WF_API_KEY_HASH_SIZE];
    wf_api_key_t *row = NULL;
    apr_status_t rv = APR_SUCCESS;
    int rights;

    memset(key, 0, sizeof(*key));
    if (wf_api_key_is(text)) { /* others are not worth a look at the store */
        wf_api_key_hash(hash, text);
        rv = wf_store_api_key(store, hash, &row, p, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!row || !wf_api_key_same(row->hash, hash)) {
        return wf_error_set(err, WF_ERR_FORBIDDEN, "unknown API key");
    }
    if ((rv = check_state(row, now, err)) != APR_SUCCESS) {
        return rv;
    }
    rights = wf_key_rights_parse(row->rights);
    if (rights < 0) { /* of a newer version: what it may do is not known here */
        return wf_error_set(err, WF_ERR_FORBIDDEN, "API key '%s' has unknown rights '%s'",
                            row->name, row->rights);
    }
    *key = (wf_auth_key_t){ row->id, row->name, row->owner, (wf_key_rights_e)rights,
                            row->expires };
    return APR_SUCCESS;
}

/* ---- a key in a file --------------------------------------------------------------- */

/* What a header can carry and nobody mistakes: visible characters of ASCII. */
static int is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text > '~') {
            return 0;
        }
    }
    return 1;
}

apr_status_t wf_api_key_read(char hash[WF_API_KEY_HASH_SIZE], const char *path,
                             apr_pool_t *p, wf_error_t *err)
{
    static const wf_key_file_t rules = { OWN_KEY_MIN, OWN_KEY_MAX, S_IRWXO };
    const char *text, *problem;
    apr_size_t length;

    problem = wf_key_file_read(&text, &length, path, &rules, p);
    if (!problem && (strlen(text) != length || !is_visible(text))) {
        problem = "it has other characters than letters, digits and punctuation of ASCII "
                  "in one line";
    }
    if (!problem) {
        wf_api_key_hash(hash, text);
    }
    if (text) {
        explicit_bzero((char *)text, length);
    }
    return problem ? wf_error_set(err, WF_ERR_INVALID, "key %s: %s", path, problem)
                   : APR_SUCCESS;
}

int wf_api_key_matches(const char *hash, const char *text)
{
    char other[WF_API_KEY_HASH_SIZE];

    wf_api_key_hash(other, text);
    return wf_api_key_same(hash, other);
}
