/* A run: a plan in execution, cut into shards. Its state is guarded by the load engine's
 * lock; its counters belong to the loops and come as the answer to a question that is
 * sent to all of them. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

#define JUDGE_PERIOD_US 2000000 /* how often abort_on_fail is looked at, at least */

/* ---- life -------------------------------------------------------------------------- */

static void make_shard(wf_run_t *run, int i)
{
    struct wf_load_t *load = run->load;
    wf_shard_t *shard = &run->shards[i];
    apr_int64_t vus = run->plan->options.vus;

    shard->run = run;
    shard->loop = load->loops[(load->sequence + i) % load->nloops];
    shard->first_vu = i + 1;
    shard->stride = run->nshards;
    shard->nvus = (int)((vus - i + run->nshards - 1) / run->nshards);
    shard->start_msg = (wf_message_t){ .type = WF_MSG_START, .about = shard };
    shard->stop_msg = (wf_message_t){ .type = WF_MSG_STOP, .about = shard };
    shard->cut_msg = (wf_message_t){ .type = WF_MSG_STOP, .about = shard };
    shard->metrics = apr_pcalloc(run->pool, wf_metrics_size(run->plan->nsteps));
    shard->metrics->nsteps = run->plan->nsteps;
}

wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        apr_pool_t *p)
{
    wf_run_t *run = apr_pcalloc(p, sizeof(*run));
    int i;

    run->load = load;
    run->pool = p;
    run->plan = plan;
    run->id = apr_pstrdup(p, id);
    run->planned = plan->options.executor->planned(&plan->options);
    run->vus_min = run->vus_max = run->vus_sum = plan->options.vus;
    run->vus_samples = 1;
    /* A loop without a virtual user has nothing to do with the run. */
    run->nshards =
        plan->options.vus < load->nloops ? (int)plan->options.vus : load->nloops;
    run->nshards = run->nshards < 1 ? 1 : run->nshards;
    run->shards = apr_pcalloc(p, run->nshards * sizeof(*run->shards));
    for (i = 0; i < run->nshards; i++) {
        make_shard(run, i);
    }
    return run;
}

void wf_run_start(wf_run_t *run)
{
    int i;

    wf_run_transit(run, WF_EV_START);
    run->shards_live = run->nshards;
    run->judged_us = run->start_us;
    for (i = 0; i < run->nshards; i++) {
        wf_loop_send(run->shards[i].loop, &run->shards[i].start_msg);
    }
}

int wf_run_stop(wf_run_t *run, wf_run_event_e outcome, apr_int64_t grace_ns)
{
    int i;

    if (run->stopping || wf_run_status_final(run->status)) {
        return 0;
    }
    run->stopping = 1;
    run->outcome = outcome;
    for (i = 0; i < run->nshards; i++) {
        run->shards[i].stop_msg.amount = grace_ns;
        wf_loop_send(run->shards[i].loop, &run->shards[i].stop_msg);
    }
    return 1;
}

void wf_run_cut(wf_run_t *run)
{
    int i;

    if (wf_run_status_final(run->status)) {
        return;
    }
    if (!run->stopping) {
        run->stopping = 1;
        run->outcome = WF_EV_STOP;
    }
    for (i = 0; i < run->nshards; i++) {
        wf_loop_send(run->shards[i].loop, &run->shards[i].cut_msg);
    }
}

/* A run that is bounded by iterations promised to make them all: an iteration that a step
 * error ended makes it fail. A run bounded by time is a measurement, errors are part of
 * it. */
static wf_run_event_e end_event(const wf_run_t *run)
{
    apr_int64_t failed = 0;
    int i;

    if (run->broken) {
        return WF_EV_FAIL;
    }
    if (run->stopping) {
        return run->outcome;
    }
    for (i = 0; i < run->nshards; i++) {
        failed += run->shards[i].metrics->iterations_failed;
    }
    return failed > 0 && run->plan->options.duration_ns <= 0 ? WF_EV_FAIL : WF_EV_FINISH;
}

void wf_run_shard_ended(wf_run_t *run, int broken)
{
    struct wf_load_t *load = run->load;
    int i;

    pthread_mutex_lock(&load->lock);
    run->shards_live--;
    run->broken |= broken;
    if (broken) {
        for (i = 0; i < run->nshards && !run->stopping; i++) {
            wf_loop_send(run->shards[i].loop, &run->shards[i].stop_msg);
        }
        run->stopping = 1;
    }
    if (run->shards_live == 0) {
        wf_run_transit(run, end_event(run));
        load->nruns--; /* ended ones do not count against the limits */
        load->vus -= run->plan->options.vus;
        pthread_cond_broadcast(&load->changed);
    }
    pthread_mutex_unlock(&load->lock);
}

/* ---- asking the loops -------------------------------------------------------------- */

/* The loops add their counters one after the other; none waits for another but for the
 * time of one addition. */
struct wf_collect_t {
    wf_run_t *run;
    wf_metrics_t *total;
    pthread_mutex_t lock; /* total, pending */
    pthread_cond_t answered;
    int pending;
};

void wf_collect_answer(wf_collect_t *collect, int index)
{
    pthread_mutex_lock(&collect->lock);
    wf_metrics_merge(collect->total, collect->run->shards[index].metrics);
    if (--collect->pending == 0) {
        pthread_cond_signal(&collect->answered);
    }
    pthread_mutex_unlock(&collect->lock); /* the last answer: collect may be gone now */
}

/* The letters are the last in each loop's box when they are answered: nothing that was
 * sent to the run's shards before is still on its way then. */
static void collect(wf_run_t *run, wf_metrics_t *total, apr_pool_t *p)
{
    wf_collect_t c = { .run = run, .total = total, .pending = run->nshards };
    wf_message_t *letters = apr_pcalloc(p, run->nshards * sizeof(*letters));
    int i;

    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.answered, NULL);
    for (i = 0; i < run->nshards; i++) {
        letters[i] = (wf_message_t){ .type = WF_MSG_COLLECT, .about = &c, .amount = i };
        wf_loop_send(run->shards[i].loop, &letters[i]);
    }
    pthread_mutex_lock(&c.lock);
    while (c.pending > 0) {
        pthread_cond_wait(&c.answered, &c.lock);
    }
    pthread_mutex_unlock(&c.lock);
    pthread_cond_destroy(&c.answered);
    pthread_mutex_destroy(&c.lock);
}

/* ---- looking ----------------------------------------------------------------------- */

static double progress_of(const wf_run_t *run, const wf_view_t *view)
{
    const wf_options_t *options = &run->plan->options;
    double done = 0;

    if (view->status == WF_RUN_COMPLETED) {
        return 1;
    }
    if (options->duration_ns > 0) {
        done = (double)view->elapsed_us * 1000.0 / (double)options->duration_ns;
    }
    else if (run->planned > 0) {
        done = (double)view->metrics->iterations / (double)run->planned;
    }
    return done > 1 ? 1 : done;
}

/* Iterations that were planned and never begun because the time was over. */
static apr_int64_t dropped_of(const wf_run_t *run, const wf_view_t *view)
{
    const wf_metrics_t *m = view->metrics;
    apr_int64_t left = run->planned - m->iterations - m->interrupted;

    return run->planned > 0 && view->status == WF_RUN_COMPLETED && left > 0 ? left : 0;
}

/* What the lock guards, read before the loops are asked: a status that is final then
 * means that the counters are final too. */
static void look(wf_run_t *run, wf_view_t *view, wf_run_snapshot_t *snapshot,
                 apr_pool_t *p)
{
    pthread_mutex_lock(&run->load->lock);
    view->status = run->status;
    view->elapsed_us = (run->end_us ? run->end_us : wf_mono_us()) - run->start_us;
    view->vus_min = run->vus_min;
    view->vus_max = run->vus_max;
    view->vus_sum = run->vus_sum;
    view->vus_samples = run->vus_samples;
    snapshot->start_time = run->start_ms;
    snapshot->end_time = run->end_ms;
    if (run->abort_reason != NULL) {
        wf_metrics_error(view->metrics, -1, "EXECUTION_ERROR",
                         apr_pstrdup(p, run->abort_reason), wf_time_ms());
    }
    pthread_mutex_unlock(&run->load->lock);
}

static void view_run(wf_run_t *run, wf_view_t *view, wf_run_snapshot_t *snapshot,
                     apr_pool_t *p)
{
    memset(snapshot, 0, sizeof(*snapshot));
    memset(view, 0, sizeof(*view));
    view->plan = run->plan;
    view->execution_id = run->id;
    view->metrics = apr_pcalloc(p, wf_metrics_size(run->plan->nsteps));
    view->metrics->nsteps = run->plan->nsteps;
    look(run, view, snapshot, p);
    collect(run, view->metrics, p);
    view->vus_shown =
        wf_run_status_final(view->status) ? run->plan->options.vus : view->metrics->vus;
    view->progress = progress_of(run, view);
    view->metrics->dropped = dropped_of(run, view);
}

void wf_run_snapshot(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    wf_view_t view;

    view_run(run, &view, snapshot, p);
    wf_report(snapshot, &view, p);
}

static void sample_gauges(wf_run_t *run, const wf_view_t *view)
{
    apr_int64_t vus = view->metrics->vus;

    pthread_mutex_lock(&run->load->lock);
    run->vus_min = vus < run->vus_min ? vus : run->vus_min;
    run->vus_max = vus > run->vus_max ? vus : run->vus_max;
    run->vus_sum += vus;
    run->vus_samples++;
    pthread_mutex_unlock(&run->load->lock);
}

static void abort_if_violated(wf_run_t *run, const wf_view_t *view)
{
    const wf_plan_t *plan = run->plan;
    int i;

    for (i = 0; i < plan->nthresholds; i++) {
        const wf_threshold_t *t = &plan->thresholds[i];
        double value;

        if (!t->abort_on_fail || wf_threshold_judge(t, view, &value)) {
            continue;
        }
        pthread_mutex_lock(&run->load->lock);
        if (wf_run_stop(run, WF_EV_FAIL, plan->options.graceful_stop_ns)) {
            run->abort_reason = apr_psprintf(run->pool,
                                             "threshold %s %s was violated, the run "
                                             "was ended",
                                             t->metric, t->text);
        }
        pthread_mutex_unlock(&run->load->lock);
        return;
    }
}

void wf_run_tick(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    wf_view_t view;
    apr_int64_t now = wf_mono_us();

    view_run(run, &view, snapshot, p);
    if (!wf_run_status_final(view.status)) {
        sample_gauges(run, &view);
        if (now - run->judged_us >= JUDGE_PERIOD_US) {
            run->judged_us = now; /* only the progress thread looks at it */
            abort_if_violated(run, &view);
        }
    }
    wf_report(snapshot, &view, p);
}
