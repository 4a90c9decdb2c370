/* What processes may use beside the store: delegates, programs, scripts, and how far these
 * may go. Read from the configuration at the start and at each SIGHUP; what a reload
 * replaces stays, because somebody may be using it, and it replaces only what has changed. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

static apr_status_t set_delegates(wf_engine_t *engine, const char *text, wf_error_t *err)
{
    wf_delegates_t *delegates;

    text = text ? text : "{}";
    if (engine->delegates_text && !strcmp(engine->delegates_text, text)) {
        return APR_SUCCESS;
    }
    if (wf_delegates_parse(&delegates, text, strlen(text), 0, engine->pool, err)
        != APR_SUCCESS) {
        return wf_error_note(err, WF_EFAILED, "WorkflowDelegate");
    }
    engine->delegates_text = apr_pstrdup(engine->pool, text);
    __atomic_store_n(&engine->delegates, delegates, __ATOMIC_RELEASE);
    return APR_SUCCESS;
}

#define SET(member) __atomic_store_n(&engine->member, config->member, __ATOMIC_RELAXED)
#define GET(member) __atomic_load_n(&engine->member, __ATOMIC_RELAXED)

apr_status_t wf_engine_set_services(wf_engine_t *engine, const wf_engine_config_t *config,
                                    wf_error_t *err)
{
    apr_status_t rv = set_delegates(engine, config->delegates, err);

    if (rv == APR_SUCCESS) {
        SET(http_task);
        SET(shell_task);
        SET(delegate_timeout);
        SET(delegate_max_answer);
        SET(script_timeout);
        SET(script_memory);
    }
    return rv;
}

wf_services_t wf_engine_services(wf_work_t *work)
{
    wf_engine_t *engine = work->engine;

    return (wf_services_t){
        .delegates = __atomic_load_n(&engine->delegates, __ATOMIC_ACQUIRE),
        .mail = __atomic_load_n(&engine->mail, __ATOMIC_ACQUIRE),
        .terms = wf_engine_terms(work),
        .http_task = GET(http_task),
        .shell_task = GET(shell_task),
        .delegate_timeout = GET(delegate_timeout),
        .delegate_max_answer = GET(delegate_max_answer),
        .script_timeout = GET(script_timeout),
        .script_memory = GET(script_memory),
        .waits = wf_work_waits_outside,
        .waits_baton = work,
    };
}

/* A job's key goes by its id, which is its store's; a command's by what its request says,
 * so that it is the same when that comes again, or by a count since the start of this
 * process, which is cheaper than random bytes that nobody may ask for. */
const char *wf_engine_key(wf_work_t *work, wf_id_t job)
{
    if (job) {
        work->key = apr_psprintf(work->pool, "job-%" APR_UINT64_T_HEX_FMT "-%" APR_INT64_T_FMT,
                                 (apr_uint64_t)work->engine->store_made, job);
    }
    else if (!work->key && work->once) {
        work->key = apr_psprintf(work->pool, "call-%.32s-%.16s", work->once->key,
                                 work->once->fingerprint);
    }
    else if (!work->key) {
        apr_uint64_t n = __atomic_add_fetch(&work->engine->keys, 1, __ATOMIC_RELAXED);

        work->key = apr_psprintf(work->pool,
                                 "call-%" APR_UINT64_T_HEX_FMT "-%" APR_UINT64_T_HEX_FMT
                                 "-%" APR_UINT64_T_HEX_FMT,
                                 (apr_uint64_t)work->engine->store_made,
                                 (apr_uint64_t)work->engine->started, n);
    }
    return work->key;
}
