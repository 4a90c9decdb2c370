/* A run: a plan in execution. It goes through up to three phases (setup, the scenarios,
 * teardown), and a crew does the work of each. Its state is guarded by the load engine's
 * lock; its figures belong to the crew, which is asked for them. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- life -------------------------------------------------------------------------- */

static apr_status_t free_mutex(void *data)
{
    pthread_mutex_destroy(data);
    return APR_SUCCESS;
}

static apr_status_t free_pool(void *data)
{
    apr_pool_destroy(data);
    return APR_SUCCESS;
}

/* Sheets and judges take memory as they fill, each on a thread of its own or with a lock
 * of its own: none of them may share the run's pool. */
apr_pool_t *wf_run_pool(wf_run_t *run, const char *tag)
{
    apr_pool_t *pool = wf_pool_create(tag, 0);

    if (pool == NULL) {
        abort();
    }
    apr_pool_cleanup_register(run->pool, pool, free_pool, apr_pool_cleanup_null);
    return pool;
}

/* FNV-1a of the id: a run that is begun again keeps its order of rows. */
static apr_uint64_t seed_of(const char *id)
{
    apr_uint64_t hash = 0xcbf29ce484222325u;

    for (; *id; id++) {
        hash = (hash ^ (unsigned char)*id) * 0x100000001b3u;
    }
    return hash;
}

/* What a record keeps of users one by one. */
static void make_counts(wf_run_t *run)
{
    int n = run->plan->nscenarios, i;

    run->counts = apr_pcalloc(run->pool, n * sizeof(*run->counts));
    run->ncounts = apr_pcalloc(run->pool, n * sizeof(*run->ncounts));
    run->scaled = apr_pcalloc(run->pool, n * sizeof(*run->scaled));
    for (i = 0; i < n; i++) {
        apr_int64_t mine = wf_segment_share(&run->plan->segment, run->vus[i]);

        run->scaled[i] = -1;
        run->ncounts[i] = mine < WF_RECORD_USERS ? (int)mine : WF_RECORD_USERS;
        run->counts[i] =
            apr_pcalloc(run->pool, (run->ncounts[i] + 1) * sizeof(**run->counts));
    }
}

static void make_figures(wf_run_t *run)
{
    static const wf_series_columns_t columns = { .iterations = WF_M_ITERATIONS,
                                                 .http_reqs = WF_M_HTTP_REQS,
                                                 .http_failed = WF_M_HTTP_FAILED,
                                                 .dropped = WF_M_DROPPED,
                                                 .sent = WF_M_SENT,
                                                 .received = WF_M_RECEIVED,
                                                 .duration = WF_M_HTTP_DURATION };
    const wf_plan_t *plan = run->plan;
    apr_pool_t *judging = wf_run_pool(run, "wf_judge");

    run->sheet = wf_sheet_create(plan->metrics, wf_run_pool(run, "wf_run_sheet"));
    run->judge =
        wf_judge_create(plan->thresholds, plan->nthresholds, plan->metrics, judging);
    run->series = wf_series_create(&columns, judging);
    run->known_generation = -1;
}

int wf_run_is_task(const wf_run_t *run)
{
    return run->first == run->last;
}

wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        const wf_crew_t *crew, apr_pool_t *p)
{
    wf_run_t *run = apr_pcalloc(p, sizeof(*run));

    run->load = load;
    run->progress = load->options.progress;
    run->progress_baton = load->options.baton;
    run->crew = crew;
    run->pool = p;
    run->plan = plan;
    run->id = apr_pstrdup(p, id);
    run->initial = plan->variables;
    run->pace = wf_pace_create(load->options.max_rate, p);
    run->planned = wf_plan_iterations(plan);
    run->lasts_ns = wf_plan_duration_ns(plan);
    run->vus_booked = crew == &wf_crew_loops ? wf_plan_vus(plan) : 0;
    run->claimed = apr_pcalloc(p, plan->nscenarios * sizeof(*run->claimed));
    run->rows_taken = apr_pcalloc(p, (plan->data.count + 1) * sizeof(*run->rows_taken));
    run->seed = seed_of(id);
    run->open = apr_pcalloc(p, plan->nscenarios * sizeof(*run->open));
    run->vus = apr_pcalloc(p, plan->nscenarios * sizeof(*run->vus));
    for (int i = 0; i < plan->nscenarios; i++) {
        const wf_load_shape_t *shape = &plan->scenarios[i].shape;

        run->vus[i] = shape->executor->vus_max(shape);
    }
    run->first = plan->setup != NULL ? WF_RUN_SETUP : WF_RUN_MAIN;
    run->last = WF_RUN_TEARDOWN;
    run->main_us = -1;
    make_counts(run);
    make_figures(run);
    pthread_mutex_init(&run->judging, NULL);
    apr_pool_cleanup_register(p, &run->judging, free_mutex, apr_pool_cleanup_null);
    run->crew->create(run);
    return run;
}

/* ---- after a restart ----------------------------------------------------------------- */

/* The run's result says so, for good. */
static void tell_restart(wf_run_t *run, apr_pool_t *p)
{
    const wf_resume_t *resume = run->resume;
    apr_int64_t now = wf_time_ms();
    const char *text = apr_psprintf(
        p, "the engine was restarted: the execution %s from %s to %s%s",
        run->members != NULL ? "was left to its slaves" : "stood still",
        wf_time_utc(resume->recorded_ms, p), wf_time_utc(now, p),
        run->members != NULL ? "; what they count is told again"
        : resume->whole      ? "; nothing was lost"
                        : "; the last second before that may be missing, or done again");

    wf_sheet_error(run->sheet, NULL, "EXECUTION_ERROR", text, now);
    wf_log(WF_LOG_NOTICE, "load: execution %s goes on: %s", run->id, text);
}

static apr_status_t restore_figures(wf_run_t *run, const wf_run_from_t *from,
                                    apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    wf_point_t point;
    int i;

    if (from->sheet != NULL) {
        rv = wf_sheet_decode(run->sheet, from->sheet, strlen(from->sheet), err);
    }
    if (rv == APR_SUCCESS && from->judge != NULL) {
        rv = wf_judge_decode(run->judge, from->judge, strlen(from->judge), err);
    }
    for (i = 0; rv == APR_SUCCESS && from->points && i < from->points->nelts; i++) {
        const char *text = APR_ARRAY_IDX(from->points, i, const char *);

        rv = wf_point_decode(&point, text, strlen(text), p, err);
        if (rv == APR_SUCCESS) {
            wf_series_restore(run->series, &point);
            run->known_generation = 0;
            run->known_point = point.number;
        }
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "the figures of its record");
}

/* Users who keep their row take one again: all of them do. */
static void restore_rows(wf_run_t *run)
{
    const wf_data_set_t *data = &run->plan->data;
    int i;

    for (i = 0; i < data->count; i++) {
        run->rows_taken[i] = data->sources[i].per_vu ? 0 : run->resume->rows_taken[i];
    }
}

static void restore_scenario(wf_run_t *run, int s)
{
    const wf_resumed_t *from = &run->resume->scenarios[s];
    int i;

    run->claimed[s] = from->done;
    for (i = 0; i < run->ncounts[s]; i++) {
        run->counts[s][i] = wf_resume_iterations(run, s, i + 1);
    }
    /* What was asked of a stage may be over. */
    if (from->vus >= 0 && !run->plan->scenarios[s].shape.executor->scale_passes) {
        apr_int64_t more = wf_segment_share(&run->plan->segment, from->vus)
                           - wf_segment_share(&run->plan->segment, run->vus[s]);

        run->vus_booked += run->crew == &wf_crew_loops ? more : 0;
        run->vus[s] = from->vus;
        run->scaled[s] = from->vus;
    }
}

apr_status_t wf_run_restore(wf_run_t *run, const wf_run_from_t *from, wf_error_t *err)
{
    apr_pool_t *p;
    wf_resume_t *resume;
    apr_status_t rv = wf_record_read(&resume, run->plan, from->state, run->pool, err);
    int s;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_create(&p, run->pool);
    if (resume->phase == WF_RUN_MAIN && run->first == WF_RUN_SETUP
        && !resume->variables) {
        resume->phase = WF_RUN_SETUP;
    }
    run->resume = resume;
    run->start_ms = resume->start_ms;
    run->main_us = resume->main_us;
    run->sequence = from->sequence;
    run->stopping = resume->stopping;
    run->outcome = resume->outcome;
    run->phase = resume->phase;
    run->initial = resume->variables ? resume->variables : run->initial;
    for (s = 0; s < run->plan->nscenarios; s++) {
        restore_scenario(run, s);
    }
    restore_rows(run);
    rv = restore_figures(run, from, p, err);
    if (rv == APR_SUCCESS && run->members != NULL) {
        rv = wf_members_restore(run, resume->members, err);
    }
    if (rv == APR_SUCCESS && !wf_run_is_task(run)) {
        tell_restart(run, p); /* of a task whoever has the whole tells */
    }
    apr_pool_destroy(p);
    return rv;
}

/* ---- phases ------------------------------------------------------------------------ */

/* After a restart in the middle of it, the phase is as old as it was. */
static apr_int64_t main_age(const wf_run_t *run)
{
    const wf_resume_t *resume = run->resume;

    return resume && resume->main_us >= 0 ? resume->elapsed_us - resume->main_us : 0;
}

apr_int64_t wf_run_elapsed_us(const wf_run_t *run)
{
    apr_int64_t now = run->end_us      ? run->end_us
                      : run->paused_us ? run->paused_us
                                       : wf_mono_us();

    return now - run->start_us - run->shift_us;
}

apr_int64_t wf_run_warm_us(const wf_run_t *run, apr_int64_t elapsed_us)
{
    apr_int64_t to = elapsed_us < run->warm_to_us ? elapsed_us : run->warm_to_us;

    return to > run->warm_from_us ? to - run->warm_from_us : 0;
}

/* Samples of setup and teardown are counted. */
static void note_warmup(wf_run_t *run, wf_run_phase_e phase)
{
    apr_int64_t now = wf_run_elapsed_us(run);

    if (phase == WF_RUN_MAIN) {
        run->warm_from_us = now - main_age(run);
        run->warm_to_us = run->warm_from_us + run->plan->warmup_ns / 1000;
    }
    else if (now < run->warm_to_us) {
        run->warm_to_us = now;
    }
}

static void begin_phase(wf_run_t *run, wf_run_phase_e phase)
{
    apr_int64_t age = phase == WF_RUN_MAIN ? main_age(run) : 0;

    note_warmup(run, phase);
    run->phase = phase;
    if (phase == WF_RUN_MAIN) {
        run->main_us = wf_run_elapsed_us(run) - age;
        run->reported = 0; /* tell now: a restart must not repeat the setup */
        run->record_us = 0;
        pthread_cond_broadcast(&run->load->changed);
    }
    run->crew->begin(run, age);
}

/* A run that is bounded by iterations promised to make them all: an iteration that a step
 * error ended makes it fail. A run bounded by time is a measurement, errors are part of
 * it. */
static wf_run_event_e end_event(const wf_run_t *run)
{
    double failed, passes, total;

    if (run->broken) {
        return WF_EV_FAIL;
    }
    if (run->stopping) {
        return run->outcome;
    }
    wf_sheet_passes(run->sheet, WF_M_ITERATION_SUCCESS, &passes, &total);
    failed = total - passes; /* before a restart */
    failed += run->crew->failed(run);
    return failed > 0 && run->lasts_ns == 0 ? WF_EV_FAIL : WF_EV_FINISH;
}

/* The phase after the current one, or none: WF_RUN_PHASES. */
static wf_run_phase_e next_phase(const wf_run_t *run)
{
    if (run->phase >= run->last) {
        return WF_RUN_PHASES;
    }
    if (run->phase == WF_RUN_SETUP && !run->stopping && !run->broken) {
        return WF_RUN_MAIN;
    }
    if (run->plan->teardown != NULL && !run->cutting) {
        return WF_RUN_TEARDOWN;
    }
    return WF_RUN_PHASES;
}

void wf_run_over(wf_run_t *run)
{
    struct wf_load_t *load = run->load;

    wf_run_transit(run, run->outcome);
    load->nruns--; /* ended ones do not count against the limits */
    load->vus -= run->vus_booked;
    pthread_cond_broadcast(&load->changed);
}

static void end_run(wf_run_t *run)
{
    wf_run_event_e outcome = end_event(run);

    if (!wf_run_flush(run, outcome)) {
        run->outcome = outcome;
        wf_run_over(run);
    }
}

/* It stays paused: nothing has begun yet. */
static void start_paused(wf_run_t *run)
{
    wf_run_transit(run, WF_EV_PAUSE);
    run->paused_us = run->start_us + run->resume->elapsed_us;
    run->crew->stay(run);
}

void wf_run_start(wf_run_t *run, int paused)
{
    wf_run_phase_e phase = run->first;

    wf_run_transit(run, WF_EV_START);
    if (run->resume != NULL) {
        run->start_us = wf_mono_us() - run->resume->elapsed_us;
        phase = run->resume->flushing ? WF_RUN_PHASES : run->phase;
        if (run->stopping && phase < WF_RUN_TEARDOWN && run->members == NULL) {
            phase = next_phase(run); /* else members tell what they have done */
        }
    }
    run->judged_us = wf_mono_us();
    wf_run_open_outputs(run);
    if (paused && !run->stopping) {
        start_paused(run);
    }
    if (phase == WF_RUN_PHASES) {
        end_run(run);
    }
    else {
        begin_phase(run, phase);
    }
}

/* Who waits for quiet looks again. The lock is held. */
static void calm(struct wf_load_t *load)
{
    load->calmed++;
    pthread_cond_broadcast(&load->changed);
}

void wf_run_calmed(wf_run_t *run)
{
    pthread_mutex_lock(&run->load->lock);
    calm(run->load);
    pthread_mutex_unlock(&run->load->lock);
}

void wf_run_phase_over(wf_run_t *run)
{
    wf_run_phase_e next = next_phase(run);

    if (next != WF_RUN_PHASES) {
        begin_phase(run, next);
    }
    else {
        end_run(run);
    }
    calm(run->load);
}

void wf_run_single_ended(wf_run_t *run, wf_strand_t *strand, int failed)
{
    pthread_mutex_lock(&run->load->lock);
    run->broken |= failed;
    if (run->phase == WF_RUN_SETUP) {
        run->initial = wf_strand_variables(strand, run->pool);
    }
    pthread_mutex_unlock(&run->load->lock);
}

void wf_run_abort(wf_run_t *run, const char *reason)
{
    pthread_mutex_lock(&run->load->lock);
    if (wf_run_stop(run, WF_EV_FAIL)) {
        run->abort_reason = apr_pstrdup(run->pool, reason);
    }
    pthread_mutex_unlock(&run->load->lock);
}

void wf_run_single_cut(wf_run_t *run, const wf_scenario_t *scenario)
{
    pthread_mutex_lock(&run->load->lock);
    if (!run->stopping || (run->phase == WF_RUN_TEARDOWN && !run->cutting)) {
        run->broken = 1;
        wf_sheet_error(run->sheet, NULL, "TIMEOUT_ERROR",
                       apr_psprintf(run->pool, "%s took longer than %d s", scenario->name,
                                    (int)(WF_SINGLE_NS / NS_PER_S)),
                       wf_time_ms());
    }
    pthread_mutex_unlock(&run->load->lock);
}

/* ---- control ----------------------------------------------------------------------- */

/* The run's clock goes on. */
static void end_pause(wf_run_t *run)
{
    if (run->paused_us > 0) {
        run->shift_us += wf_mono_us() - run->paused_us;
        run->paused_us = 0;
    }
}

int wf_run_stop(wf_run_t *run, wf_run_event_e outcome)
{
    if (run->stopping || wf_run_status_final(run->status)) {
        return 0;
    }
    run->stopping = 1;
    run->outcome = outcome;
    end_pause(run);
    if (run->phase == WF_RUN_TEARDOWN) {
        run->crew->resume(run); /* it is let end, also after a pause */
    }
    else {
        run->crew->stop(run);
    }
    return 1;
}

void wf_run_cut(wf_run_t *run)
{
    if (wf_run_status_final(run->status)) {
        return;
    }
    if (!run->stopping) {
        run->stopping = 1;
        run->outcome = WF_EV_STOP;
    }
    run->cutting = 1;
    end_pause(run);
    if (run->flushing) {
        return;
    }
    run->crew->cut(run);
}

int wf_run_pause(wf_run_t *run)
{
    if (run->stopping || !wf_run_transit(run, WF_EV_PAUSE)) {
        return 0;
    }
    run->paused_us = wf_mono_us();
    run->crew->pause(run);
    return 1;
}

int wf_run_resume(wf_run_t *run)
{
    if (run->stopping || !wf_run_transit(run, WF_EV_RESUME)) {
        return 0;
    }
    end_pause(run);
    run->crew->resume(run);
    return 1;
}

void wf_run_scale(wf_run_t *run, const wf_scenario_t *scenario, apr_int64_t vus,
                  apr_int64_t at_most)
{
    run->vus[scenario->index] = at_most;
    run->scaled[scenario->index] = vus;
    run->crew->scale(run, scenario->index, vus);
}

void wf_run_hold(wf_run_t *run)
{
    if (wf_run_status_final(run->status)) {
        return;
    }
    run->held = 1;
    if (run->status == WF_RUN_RUNNING && !run->stopping) {
        run->paused_us = wf_mono_us();
        run->crew->pause(run);
    }
}
