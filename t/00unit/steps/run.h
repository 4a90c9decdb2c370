/* Run a workflow to its end in a test. */
#ifndef WF_TEST_RUN_H
#define WF_TEST_RUN_H

#include "load/load.h"
#include "read.h"
#include "client/client.h"
#include "../load/target.h"

#include <apr_general.h>
#include <apr_strings.h>

#define DEADLINE_US (20 * 1000000LL)

typedef struct runner_t {
    apr_pool_t *pool;
    wf_load_t *load;
    target_t target;
    pthread_mutex_t lock;
    pthread_cond_t done;
    int ended, calls;       /* progress calls with a final status; all */
    int runs;               /* ids are never used twice */
    wf_run_snapshot_t last; /* its JSON and texts live in pool */
} runner_t;

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    runner_t *r = baton;

    pthread_mutex_lock(&r->lock);
    r->calls++;
    if (wf_run_status_final(snapshot->status)) {
        r->last = *snapshot;
        r->last.id = apr_pstrdup(r->pool, snapshot->id);
        r->last.metrics = wf_json_own(json_object_get(snapshot->metrics), r->pool);
        r->last.errors = wf_json_own(json_object_get(snapshot->errors), r->pool);
        r->last.slave_states =
            wf_json_own(json_object_get(snapshot->slave_states), r->pool);
        r->ended++;
        pthread_cond_broadcast(&r->done);
    }
    pthread_mutex_unlock(&r->lock);
}

static inline void runner_open_with(runner_t *r, const wf_load_options_t *wanted)
{
    wf_load_options_t options = *wanted;
    wf_error_t err;

    memset(r, 0, sizeof(*r));
    apr_pool_create(&r->pool, NULL);
    wf_error_init(&err, r->pool);
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->done, NULL);
    target_start(&r->target);
    options.progress = on_progress;
    options.baton = r;
    if (wf_client_global_init(&err) != APR_SUCCESS
        || wf_load_create(&r->load, &options, r->pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
}

static inline void runner_open(runner_t *r, int loops)
{
    wf_load_options_t options = {
        .loops = loops, .max_executions = 3, .max_vus = 1000 };

    runner_open_with(r, &options);
}

static inline void runner_close(runner_t *r)
{
    wf_load_destroy(r->load);
    target_stop(&r->target);
    pthread_cond_destroy(&r->done);
    pthread_mutex_destroy(&r->lock);
    apr_pool_destroy(r->pool);
}

/* Start a YAML text; BASE in it becomes the target's URL. */
static inline apr_status_t runner_start(runner_t *r, const char *id, const char *yaml,
                                        wf_error_t *err)
{
    apr_pool_t *pool;
    wf_problems_t *problems;
    wf_plan_t *plan;
    const char *at = strstr(yaml, "BASE");

    apr_pool_create(&pool, NULL);
    if (at != NULL) {
        yaml = apr_psprintf(pool, "%.*shttp://127.0.0.1:%d%s", (int)(at - yaml), yaml,
                            r->target.port, at + 4);
    }
    problems = wf_problems_create("test.yaml", pool);
    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    if (plan == NULL) {
        apr_status_t rv =
            wf_error_set(err, WF_ERR_INVALID, "%s", wf_problems_text(problems, r->pool));

        apr_pool_destroy(pool);
        return rv;
    }
    r->ended = 0;
    return wf_load_start(r->load, plan, pool, id, err);
}

/* 1 when the run has ended in time. */
static inline int runner_wait(runner_t *r)
{
    struct timespec until;
    int ended;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += DEADLINE_US / 1000000;
    pthread_mutex_lock(&r->lock);
    while (!r->ended && pthread_cond_timedwait(&r->done, &r->lock, &until) == 0) {
    }
    ended = r->ended;
    pthread_mutex_unlock(&r->lock);
    return ended;
}

/* Start and wait; 0 and a diagnosis if something went wrong. */
static inline int runner_run(runner_t *r, const char *yaml)
{
    const char *id = apr_psprintf(r->pool, "exec-%d", r->runs++);
    wf_error_t err;

    wf_error_init(&err, r->pool);
    if (runner_start(r, id, yaml, &err) != APR_SUCCESS) {
        diag("%s: %s", id, err.message);
        return 0;
    }
    return runner_wait(r);
}

static inline json_object *runner_step(const runner_t *r, const char *id)
{
    return wf_json_get(wf_json_get(r->last.metrics, "step_metrics"), id);
}

#endif
