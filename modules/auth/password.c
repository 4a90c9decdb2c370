/* The check of a password against a user of the store. */
#include "auth/auth.h"

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
        wf_password_pretend(password);
        return WF_AUTH_UNKNOWN_USER;
    }
    right = cache ? wf_auth_cache_check(cache, user, row->password_hash, password,
                                        wf_mono_us(), wf_password_right)
                  : wf_password_right(password, row->password_hash);
    return right ? WF_AUTH_OK : WF_AUTH_WRONG_PASSWORD;
}
