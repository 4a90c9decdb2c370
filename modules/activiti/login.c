/* Login: check a user's password. Keeps no state and sets no cookie. */
#include "activiti/internal.h"

static apr_status_t check(wf_request_t *req, const char *user, const char *password,
                          wf_error_t *err)
{
    wf_store_t *store = wf_request_store(req, err);
    wf_auth_result_e result = WF_AUTH_FAILED;

    if (wf_request_check_pace(req, user, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (store) {
        result = wf_auth_check_password(store, req->child->auth_cache, user, password,
                                        req->pool, err);
    }
    if (result == WF_AUTH_FAILED) {
        req->fail_status =
            500; /* for clients that show this answer as start-up failure */
        return WF_EFAILED;
    }
    wf_request_note_attempt(req, user, result == WF_AUTH_OK);
    if (result != WF_AUTH_OK) {
        return wf_error_set(err, WF_ERR_FORBIDDEN, "unknown user or wrong password");
    }
    return APR_SUCCESS;
}

apr_status_t wf_login(wf_request_t *req, wf_error_t *err)
{
    const char *user, *password;
    json_object *body;
    apr_status_t rv;

    if ((rv = wf_request_object(req, &body, err)) != APR_SUCCESS
        || (rv = wf_body_string(body, "userId", &user, req->pool, err)) != APR_SUCCESS
        || (rv = wf_body_text(body, "password", &password, req->pool, err))
               != APR_SUCCESS) {
        return rv;
    }
    if (!password) {
        return wf_error_field(err, WF_ERR_INVALID, "password",
                              "field 'password' is required");
    }
    rv = check(req, user, password, err);
    return rv == APR_SUCCESS ? wf_respond_success(req) : rv;
}
