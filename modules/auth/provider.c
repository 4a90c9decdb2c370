/* The authn provider "workflow": AuthBasicProvider workflow checks the users of the
 * store. */
#include "auth/auth.h"

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_request.h>
#include <ap_provider.h>
#include <mod_auth.h>

APLOG_USE_MODULE(workflow);

static wf_auth_source_t source; /* set in child_init, before threads start */

void wf_auth_provider_use(const wf_auth_source_t *from)
{
    source = *from;
}

static authn_status check_password(request_rec *r, const char *user, const char *password)
{
    /* clang-format off */
    static const authn_status outcomes[] = {
        [WF_AUTH_OK]             = AUTH_GRANTED,
        [WF_AUTH_UNKNOWN_USER]   = AUTH_USER_NOT_FOUND,
        [WF_AUTH_WRONG_PASSWORD] = AUTH_DENIED,
        [WF_AUTH_FAILED]         = AUTH_GENERAL_ERROR,
    };
    /* clang-format on */
    wf_auth_result_e result = WF_AUTH_FAILED;
    wf_store_t *store = NULL;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    if (source.store) {
        store = source.store(source.baton, &err);
    }
    if (store) {
        result =
            wf_auth_check_password(store, source.cache, user, password, r->pool, &err);
    }
    if (result == WF_AUTH_FAILED) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "WF0201: cannot check a password: %s",
                      err.message ? err.message : "the server process is not ready");
        if (!err.message || err.kind == WF_ERR_UNAVAILABLE) {
            apr_table_setn(r->notes, WF_AUTH_UNAVAILABLE_NOTE, "1");
        }
    }
    return outcomes[result];
}

static const authn_provider provider = { check_password, NULL };

void wf_auth_register_provider(apr_pool_t *p)
{
    ap_register_auth_provider(p, AUTHN_PROVIDER_GROUP, "workflow", AUTHN_PROVIDER_VERSION,
                              &provider, AP_AUTH_INTERNAL_PER_CONF);
}
