/* What the process engine may connect to and where it hands in mail: read from the
 * configuration at the start and at each SIGHUP. Readers take a pointer and keep it for one
 * call; what a reload replaces stays, and it replaces only what has changed. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

/* The reply of a call that used up its command's time still has to get out. */
#define REPLY_US 500000

/* ---- targets ---------------------------------------------------------------------------------- */

static int same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static apr_status_t set_targets(wf_engine_t *engine, const char *text, wf_error_t *err)
{
    wf_targets_t *targets;

    if (engine->targets && same(engine->targets_text, text)) {
        return APR_SUCCESS;
    }
    if (wf_targets_parse(&targets, text, engine->pool, err) != APR_SUCCESS) {
        return wf_error_note(err, WF_EFAILED, "WorkflowTargets");
    }
    engine->targets_text = apr_pstrdup(engine->pool, text);
    __atomic_store_n(&engine->targets, targets, __ATOMIC_RELEASE);
    return APR_SUCCESS;
}

/* ---- mail --------------------------------------------------------------------------------------- */

/* A file that cannot be read is no reason to stop everything else: each mail says so. */
static void read_credentials(wf_mail_server_t *server, const char *path, apr_pool_t *p)
{
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_mail_credentials_read(server, path, p, &err) != APR_SUCCESS) {
        server->problem = apr_pstrcat(p, "WorkflowMailCredentials: ", err.message, NULL);
    }
}

/* *server is NULL where none is configured. */
static apr_status_t read_server(wf_mail_server_t **server, const wf_engine_config_t *config,
                                apr_pool_t *p, wf_error_t *err)
{
    *server = NULL;
    if (!config->mail_server) {
        return APR_SUCCESS;
    }
    if (wf_mail_server_parse(server, config->mail_server, p, err) != APR_SUCCESS) {
        return wf_error_note(err, WF_EFAILED, "WorkflowMailServer");
    }
    (*server)->from = apr_pstrdup(p, config->mail_from);
    if (config->mail_credentials) {
        read_credentials(*server, config->mail_credentials, p);
    }
    return APR_SUCCESS;
}

static int same_server(const wf_mail_server_t *a, const wf_mail_server_t *b)
{
    if (!a || !b) {
        return a == b;
    }
    return same(a->host, b->host) && a->port == b->port && a->tls == b->tls
           && same(a->ca, b->ca) && a->timeout_ms == b->timeout_ms && same(a->from, b->from)
           && same(a->user, b->user) && same(a->password, b->password)
           && same(a->problem, b->problem);
}

static apr_status_t set_mail(wf_engine_t *engine, const wf_engine_config_t *config,
                             apr_pool_t *scratch, wf_error_t *err)
{
    wf_mail_server_t *server;

    if (read_server(&server, config, scratch, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (same_server(engine->mail, server)) {
        return APR_SUCCESS;
    }
    if (read_server(&server, config, engine->pool, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    if (server && server->problem) {
        wf_log(WF_LOG_ERR, "no mail can be sent: %s", server->problem);
    }
    else if (server) {
        wf_log(WF_LOG_INFO, "mail goes to %s:%d", server->host, server->port);
    }
    __atomic_store_n(&engine->mail, server, __ATOMIC_RELEASE);
    return APR_SUCCESS;
}

/* ---- for the others -------------------------------------------------------------------------------- */

apr_status_t wf_engine_set_outgoing(wf_engine_t *engine, const wf_engine_config_t *config,
                                    wf_error_t *err)
{
    apr_pool_t *scratch;
    apr_status_t rv;

    apr_pool_create(&scratch, engine->pool);
    rv = set_targets(engine, config->targets, err);
    if (rv == APR_SUCCESS) {
        rv = set_mail(engine, config, scratch, err);
    }
    apr_pool_destroy(scratch);
    return rv;
}

wf_client_terms_t wf_engine_terms(const wf_work_t *work)
{
    wf_engine_t *engine = work->engine;
    const wf_targets_t *targets = __atomic_load_n(&engine->targets, __ATOMIC_ACQUIRE);

    return (wf_client_terms_t){
        .permitted = wf_targets_permit,
        .permit_baton = (void *)targets,
        .deadline = work->deadline ? work->deadline - REPLY_US : 0,
        .stop = &engine->breaks_off,
    };
}
