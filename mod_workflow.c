/* mod_workflow: a durable workflow server inside httpd. This file is wiring: directives,
 * hooks, and who is started when. The rooms in modules/ do the work; docs/architecture.md
 * shows how they fit. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <ap_listen.h>
#include <ap_mpm.h>
#include <mod_auth.h>
#include <mpm_common.h>

#include <apr_strings.h>

#include "auth/auth.h"
#include "engine/engine.h"
#include "http/http.h"
#include "settings/settings.h"

/* The only symbol that httpd looks for; all others are hidden. */
#pragma GCC visibility push(default)
AP_DECLARE_MODULE(workflow);
#pragma GCC visibility pop

/* ---- start-up --------------------------------------------------------------------------------------- */

static int pre_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp)
{
    (void)plog;
    (void)ptemp;
    wf_settings_begin(pconf);
    return OK;
}

/* Where httpd listens first, unless told otherwise. */
static const char *own_address(apr_pool_t *p)
{
    apr_port_t port = ap_listeners && ap_listeners->bind_addr ? ap_listeners->bind_addr->port : 0;

    return apr_psprintf(p, ":%u", (unsigned)port);
}

/* Also under `httpd -t`: looks, but touches nothing. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                        server_rec *s)
{
    const char *problem = wf_settings_check(wf_settings_of(s), pconf);

    (void)plog;
    (void)ptemp;
    if (problem) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "%s", problem);
    }
    return problem ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

/* Clients over TLS or HTTP/2 hold a worker each, and others have to be served, too. */
#define TUNNEL_SHARE 4

static int tunnels_of(const wf_settings_t *settings, server_rec *s)
{
    int processes = 1, threads = 1, workers;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &processes);
    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    workers = processes * (threads > 0 ? threads : 1);
    if (settings->max_tunnels < 0) {
        return workers > TUNNEL_SHARE ? workers / TUNNEL_SHARE : 1;
    }
    if (settings->max_tunnels >= workers) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, s,
                     "WorkflowMaxTunnels %d would leave none of %d workers "
                     "(MaxRequestWorkers) to others: %d it is",
                     settings->max_tunnels, workers, workers - 1);
        return workers - 1;
    }
    return settings->max_tunnels;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                       server_rec *s)
{
    wf_settings_t *settings = wf_settings_of(s);
    wf_error_t err;

    (void)plog;
    wf_error_init(&err, ptemp);
    ap_add_version_component(pconf, "mod_workflow/" WF_VERSION);
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG
        || ap_state_query(AP_SQ_RUN_MODE) != AP_SQ_RM_NORMAL) {
        return OK;
    }
    if (!settings->enabled) {
        wf_parent_stop(s, pconf);
        return OK;
    }
    if (settings->http.max_auth_failures > 0
        && wf_throttle_keep(&settings->http.throttle, s->process->pool, &err) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "%s", err.message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    settings->http.socket = wf_engine_socket_path(settings->engine.state_dir, pconf);
    settings->http.resource_url = apr_pstrcat(pconf, "file:", ap_conftree ? ap_conftree->filename : "", NULL);
    settings->engine.log_level = ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX);
    settings->engine.frame_limit = settings->http.upload_limit + settings->http.body_limit;
    settings->engine.delegates = apr_pstrcat(
        pconf, "{", apr_array_pstrcat(pconf, settings->delegates, ','), "}", NULL);
    settings->engine.admin_group = settings->http.roles.admin;
    settings->engine.max_tunnels = tunnels_of(settings, s);
    if (!settings->engine.slave_address) {
        settings->engine.slave_address = own_address(pconf);
    }
    settings->engine.role_type = settings->http.roles.role_type;
    if (wf_parent_start(s, &settings->engine, settings->binary, pconf, &err)
        != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "%s", err.message);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* Our rooms' log lines in httpd's error log. */
static void log_line(void *baton, wf_log_level_e level, const char *text)
{
    ap_log_error(APLOG_MARK, (int)level, 0, (server_rec *)baton, "%s", text);
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    wf_settings_t *settings = wf_settings_of(s);
    wf_error_t err;

    if (!settings->enabled) {
        return;
    }
    wf_log_to(log_line, s);
    wf_log_set_level(ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX));
    wf_error_init(&err, pchild);
    if (wf_child_create(&settings->http, pchild, &err) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s, "%s", err.message);
    }
}

static void register_hooks(apr_pool_t *p)
{
    static const char *const authz_first[] = { "mod_authz_core.c", NULL };

    wf_auth_register_provider(p);
    wf_http_register_filters();
    ap_hook_pre_config(pre_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_LAST);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(wf_http_translate_name, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(wf_http_map_to_storage, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_check_access_ex(wf_http_check_access, authz_first, NULL, APR_HOOK_LAST,
                            AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(wf_http_authenticate, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(wf_http_check_authz, NULL, NULL, APR_HOOK_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_force_authn(wf_http_force_authn, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_type_checker(wf_http_type_checker, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(wf_http_handler, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_insert_error_filter(wf_http_insert_error_filter, NULL, NULL, APR_HOOK_LAST);
}

module AP_MODULE_DECLARE_DATA workflow_module = {
    STANDARD20_MODULE_STUFF,
    wf_settings_create_dir,
    wf_settings_merge_dir,
    wf_settings_create,
    NULL, /* server-wide settings are the main server's */
    wf_settings_directives,
    register_hooks,
    0 /* no flags */
};
