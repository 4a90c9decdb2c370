/* The whole run at one instant: its crew adds what it has done, the run adds what only it
 * knows, thresholds are judged. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

#define JUDGE_PERIOD_US 2000000 /* how often abort_on_fail is looked at, at least */
#define RECORD_SHARE 50 /* one in so many: of the time, for records of a spread run */

/* ---- looking ----------------------------------------------------------------------- */

static double progress_of(const wf_run_t *run, const wf_view_t *view)
{
    double done = 0;

    if (view->status == WF_RUN_COMPLETED) {
        return 1;
    }
    if (run->lasts_ns > 0) { /* of its scenarios: setup is none of them */
        done = (double)view->main_elapsed_us * 1000.0 / (double)run->lasts_ns;
    }
    else if (run->planned > 0) {
        done = (double)view->iterations / (double)run->planned;
    }
    return done > 1 ? 1 : done;
}

/* Iterations that were planned and never begun because the time was over, or because
 * whoever had them is lost. */
static double dropped_of(const wf_run_t *run, const wf_view_t *view)
{
    double left = (double)(run->planned - view->iterations)
                  - wf_sheet_counter(view->sheet, WF_M_INTERRUPTED)
                  - wf_sheet_counter(view->sheet, WF_M_DROPPED); /* members know theirs */

    int completed = view->status == WF_RUN_COMPLETED
                    || (view->flushing && run->outcome == WF_EV_FINISH);

    return run->planned > 0 && completed && left > 0 ? left : view->missing;
}

/* A record must not say more than its figures do: what it took for done, and they do not
 * have, would be missing after a restart. What it says less is only done again. */
static void look_for_record(const wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    const wf_plan_t *plan = run->plan;
    int i;

    view->then.phase = run->phase;
    view->then.stopping = run->stopping;
    view->then.held = run->held;
    view->then.outcome = run->outcome;
    view->then.main_us = run->main_us;
    view->then.initial = run->initial;
    view->then.scaled =
        apr_pmemdup(p, run->scaled, plan->nscenarios * sizeof(*run->scaled));
    view->then.rows_taken =
        apr_pcalloc(p, (plan->data.count + 1) * sizeof(*run->rows_taken));
    for (i = 0; i < plan->data.count; i++) {
        view->then.rows_taken[i] = __atomic_load_n(&run->rows_taken[i], __ATOMIC_RELAXED);
    }
}

/* What the lock guards, read before the loops are asked: a status that is final then
 * means that the figures are final too. */
static void look(wf_run_t *run, wf_view_t *view, wf_run_snapshot_t *snapshot,
                 apr_pool_t *p)
{
    int i;

    pthread_mutex_lock(&run->load->lock);
    view->status = run->status;
    view->sequence = ++run->sequence;
    view->flushing = run->flushing;
    view->cutting = run->cutting;
    view->elapsed_us = wf_run_elapsed_us(run);
    view->main_elapsed_us = run->main_us < 0 ? 0 : view->elapsed_us - run->main_us;
    view->warm_us = wf_run_warm_us(run, view->elapsed_us);
    view->strain = run->strain;
    look_for_record(run, view, p);
    wf_sheet_merge(view->sheet, run->sheet);
    if (run->members != NULL) {
        view->own = wf_sheet_create(run->plan->metrics, p);
        wf_sheet_merge(view->own, run->sheet);
    }
    for (i = 0; i < run->plan->nscenarios; i++) {
        view->vus_shown += wf_segment_share(&run->plan->segment, run->vus[i]);
    }
    snapshot->start_time = run->start_ms;
    snapshot->end_time = run->end_ms;
    if (run->abort_reason != NULL) {
        wf_sheet_error(view->sheet, NULL, "EXECUTION_ERROR",
                       apr_pstrdup(p, run->abort_reason), wf_time_ms());
    }
    pthread_mutex_unlock(&run->load->lock);
}

static wf_moment_t moment_of(const wf_view_t *view)
{
    wf_moment_t moment = { .elapsed_us = view->elapsed_us,
                           .warm_us = view->warm_us,
                           .total_vus = (double)view->vus_shown,
                           .total_iterations = (double)view->iterations };

    return moment;
}

/* What has happened until now: looked at once a second, and at the end. */
static void see(wf_run_t *run, const wf_view_t *view, const wf_moment_t *now)
{
    wf_judge_see(run->judge, view->sheet, now);
    wf_series_see(run->series, view->sheet, view->elapsed_us, wf_time_ms(),
                  (double)view->vus_active);
}

static void judge(wf_run_t *run, wf_view_t *view, int look, apr_pool_t *p)
{
    wf_moment_t now = moment_of(view);
    int i;

    view->verdicts =
        apr_pcalloc(p, (run->plan->nthresholds + 1) * sizeof(*view->verdicts));
    pthread_mutex_lock(&run->judging);
    if (look || wf_run_status_final(view->status)) {
        see(run, view, &now);
    }
    for (i = 0; i < run->plan->nthresholds; i++) {
        view->verdicts[i] = wf_judge_verdict(run->judge, i, view->sheet, &now);
    }
    pthread_mutex_unlock(&run->judging);
}

/* As they were when it began here: the loops tell what has been added. */
static void start_counts(const wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    int s, i;

    view->then.counts = apr_pcalloc(p, run->plan->nscenarios * sizeof(*run->counts));
    for (s = 0; s < run->plan->nscenarios; s++) {
        view->then.counts[s] =
            apr_pcalloc(p, (run->ncounts[s] + 1) * sizeof(**run->counts));
        for (i = 0; run->resume != NULL && i < run->ncounts[s]; i++) {
            view->then.counts[s][i] = wf_resume_iterations(run, s, i + 1);
        }
    }
}

/* What was done before a restart is in the record: of members in theirs. */
static int goes_on(const wf_run_t *run)
{
    return run->resume != NULL && run->members == NULL;
}

static void start_view(wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    int i;

    memset(view, 0, sizeof(*view));
    view->run = run;
    view->plan = run->plan;
    view->execution_id = run->id;
    view->sheet = wf_sheet_create(run->plan->metrics, p);
    view->done = apr_pcalloc(p, run->plan->nscenarios * sizeof(*view->done));
    for (i = 0; goes_on(run) && i < run->plan->nscenarios; i++) {
        view->done[i] = run->resume->scenarios[i].done;
    }
    start_counts(run, view, p);
}

/* What its crew has done. */
static void collect(wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    run->crew->collect(run, view, p);
    view->iterations += (apr_int64_t)wf_sheet_counter(view->sheet, WF_M_ITERATIONS);
    view->iterations += goes_on(run) ? run->resume->warm_iterations : 0;
}

static void view_run(wf_run_t *run, wf_view_t *view, wf_run_snapshot_t *snapshot, int see,
                     apr_pool_t *p)
{
    double dropped;

    memset(snapshot, 0, sizeof(*snapshot));
    start_view(run, view, p);
    look(run, view, snapshot, p);
    collect(run, view, p);
    if (!wf_run_status_final(view->status)) {
        view->vus_shown = view->vus_active;
    }
    view->progress = progress_of(run, view);
    view->missed = wf_sheet_counter(view->sheet, WF_M_DROPPED);
    dropped = dropped_of(run, view);
    if (dropped > 0) {
        wf_sheet_count(view->sheet, WF_M_DROPPED, dropped);
    }
    judge(run, view, see, p);
    wf_view_compare(view, p);
    wf_view_output_failures(view, p);
    wf_generator_note(view, p);
}

void wf_run_snapshot(wf_run_t *run, wf_run_snapshot_t *snapshot, int with_record,
                     apr_pool_t *p)
{
    wf_view_t view;

    do { /* again if a phase has ended meanwhile */
        view_run(run, &view, snapshot, 0, p);
        wf_report(snapshot, &view, p);
        if (with_record) {
            snapshot->record = wf_record_make(run, &view, snapshot, p);
        }
    } while (with_record && snapshot->record == NULL);
}

int wf_run_is_busy(wf_run_t *run, apr_pool_t *p)
{
    wf_view_t view;

    start_view(run, &view, p);
    collect(run, &view, p);
    return view.busy > 0;
}

/* ---- once a second ------------------------------------------------------------------- */

static void sample_gauges(wf_run_t *run, const wf_view_t *view)
{
    apr_int64_t now = wf_steady_ms(), vus = 0;
    int i;

    pthread_mutex_lock(&run->load->lock);
    for (i = 0; i < run->plan->nscenarios; i++) {
        vus += wf_segment_share(&run->plan->segment, run->vus[i]);
    }
    wf_sheet_gauge(run->sheet, WF_M_VUS, (double)view->vus_active, now);
    wf_sheet_gauge(run->sheet, WF_M_VUS_MAX, (double)vus, now);
    pthread_mutex_unlock(&run->load->lock);
}

static void abort_if_violated(wf_run_t *run, const wf_view_t *view)
{
    const wf_plan_t *plan = run->plan;
    int i;

    for (i = 0; i < plan->nthresholds; i++) {
        const wf_threshold_t *t = &plan->thresholds[i];

        if (!t->abort_on_fail || view->verdicts[i].passed || !view->verdicts[i].judged) {
            continue;
        }
        pthread_mutex_lock(&run->load->lock);
        if (wf_run_stop(run, WF_EV_FAIL)) {
            run->abort_reason = apr_psprintf(run->pool,
                                             "threshold %s %s was violated, the run "
                                             "was ended",
                                             t->metric, t->text);
        }
        pthread_mutex_unlock(&run->load->lock);
        return;
    }
}

/* The record of a spread run holds those of all its members: of hundreds it would be
 * most of what their master does. An older one loses nothing as long as they live. */
static int record_due(wf_run_t *run, const wf_view_t *view)
{
    int due;

    pthread_mutex_lock(&run->load->lock);
    due = run->members == NULL || run->held || wf_run_status_final(view->status)
          || wf_mono_us() >= run->record_us;
    pthread_mutex_unlock(&run->load->lock);
    return due;
}

/* Not if a phase has begun meanwhile: that has to be told soon. */
static void record_made(wf_run_t *run, apr_int64_t took_us)
{
    pthread_mutex_lock(&run->load->lock);
    run->record_us = run->reported ? wf_mono_us() + RECORD_SHARE * took_us : 0;
    pthread_mutex_unlock(&run->load->lock);
}

void wf_run_tick(wf_run_t *run, wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    wf_view_t view;
    apr_int64_t now = wf_mono_us();

    view_run(run, &view, snapshot, 1, p);
    wf_run_feed(run, &view);
    wf_run_strain(run);
    if (!wf_run_status_final(view.status) && !view.flushing) {
        if (!wf_run_is_task(run)) { /* of the whole */
            sample_gauges(run, &view);
        }
        if (now - run->judged_us >= JUDGE_PERIOD_US) {
            run->judged_us = now; /* only the progress thread looks at it */
            abort_if_violated(run, &view);
        }
    }
    wf_report(snapshot, &view, p);
    if (record_due(run, &view)) {
        now = wf_mono_us();
        snapshot->record = wf_record_make(run, &view, snapshot, p);
        record_made(run, snapshot->record != NULL ? wf_mono_us() - now : 0);
    }
}
