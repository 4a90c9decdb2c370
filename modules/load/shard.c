/* The part of a run on one loop: its virtual users, their connections, its end.
 *
 *   RUNNING ──deadline or stop──▶ DRAINING ──last user left──▶ DONE
 *      └──────────────last user left───────────────────────────▲
 */
#include "load/internal.h"

static void on_deadline(void *baton)
{
    wf_shard_t *shard = baton;

    wf_shard_stop(shard, shard->run->plan->options.graceful_stop_ns);
}

static void on_grace_over(void *baton)
{
    wf_shard_t *shard = baton;
    int i;

    for (i = 0; i < shard->nvus; i++) {
        wf_vu_cut(&shard->vus[i]);
    }
}

static void make_vu(wf_shard_t *shard, int index, wf_group_t *group)
{
    const wf_plan_t *plan = shard->run->plan;
    wf_vu_t *vu = &shard->vus[index];
    int i;

    vu->shard = shard;
    vu->state = WF_VU_IDLE;
    vu->number = shard->first_vu + index * shard->stride;
    vu->group = group;
    vu->scope.baton = vu;
    vu->scope.get = wf_vu_lookup;
    vu->results = apr_palloc(shard->pool, plan->nsteps * sizeof(*vu->results));
    for (i = 0; i < plan->nsteps; i++) {
        wf_result_init(&vu->results[i], vu, &plan->steps[i]);
    }
}

static apr_status_t make_vus(wf_shard_t *shard, wf_error_t *err)
{
    const wf_load_options_t *options = &shard->run->load->options;
    wf_group_t *group = NULL;
    int i;

    shard->vus = apr_pcalloc(shard->pool, shard->nvus * sizeof(*shard->vus));
    for (i = 0; i < shard->nvus; i++) {
        if (i % WF_VUS_PER_MULTI == 0) {
            apr_status_t rv = wf_group_create(&group, shard->loop, options->permitted,
                                              options->baton, shard->pool, err);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        make_vu(shard, i, group);
    }
    return APR_SUCCESS;
}

static void break_off(wf_shard_t *shard, const wf_error_t *err)
{
    wf_log(WF_LOG_ERR, "load: execution %s cannot run: %s", shard->run->id, err->message);
    wf_metrics_error(shard->metrics, -1, "EXECUTION_ERROR", err->message, wf_time_ms());
    shard->phase = WF_SHARD_DONE;
    apr_pool_destroy(shard->pool);
    wf_run_shard_ended(shard->run, 1);
}

void wf_shard_start(wf_shard_t *shard)
{
    const wf_options_t *options = &shard->run->plan->options;
    wf_timers_t *timers = wf_loop_timers(shard->loop);
    wf_error_t err;
    int i;

    apr_pool_create(&shard->pool, wf_loop_pool(shard->loop));
    apr_pool_tag(shard->pool, "wf_shard");
    wf_error_init(&err, shard->pool);
    if (make_vus(shard, &err) != APR_SUCCESS) {
        break_off(shard, &err);
        return;
    }
    wf_timer_init(&shard->deadline, on_deadline, shard);
    wf_timer_init(&shard->grace, on_grace_over, shard);
    if (options->duration_ns > 0) {
        wf_timer_set(timers, &shard->deadline,
                     shard->run->start_us + options->duration_ns / 1000);
    }
    shard->live = shard->nvus;
    shard->metrics->vus = shard->nvus;
    for (i = 0; i < shard->nvus; i++) {
        wf_loop_ready(shard->loop, &shard->vus[i]);
    }
    if (shard->live == 0) {
        wf_loop_finished(shard->loop, shard);
    }
}

/* A second call can only shorten the grace: a stop during the deadline's, the engine's
 * end. */
void wf_shard_stop(wf_shard_t *shard, apr_int64_t grace_ns)
{
    wf_timers_t *timers = wf_loop_timers(shard->loop);
    apr_int64_t due = wf_mono_us() + grace_ns / 1000;

    if (shard->phase == WF_SHARD_DONE || shard->live == 0) {
        return;
    }
    wf_timer_cancel(timers, &shard->deadline);
    if (shard->phase == WF_SHARD_RUNNING || due < shard->grace.due_us) {
        wf_timer_set(timers, &shard->grace, due);
    }
    shard->phase = WF_SHARD_DRAINING;
}

void wf_shard_vu_gone(wf_shard_t *shard)
{
    if (--shard->live == 0) {
        wf_loop_finished(shard->loop, shard);
    }
}

void wf_shard_end(wf_shard_t *shard)
{
    wf_timers_t *timers = wf_loop_timers(shard->loop);

    wf_timer_cancel(timers, &shard->deadline);
    wf_timer_cancel(timers, &shard->grace);
    shard->phase = WF_SHARD_DONE;
    apr_pool_destroy(shard->pool);
    wf_run_shard_ended(shard->run, 0);
}
