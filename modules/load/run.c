/* A run: a plan in execution. It goes through up to three phases (setup, the scenarios,
 * teardown), each a set of shards on the loops; the last shard of one begins the next.
 * Its state is guarded by the load engine's lock; its figures belong to the loops and
 * come as the answer to a question that is sent to all of them. */
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
static apr_pool_t *own_pool(wf_run_t *run, const char *tag)
{
    apr_pool_t *pool = wf_pool_create(tag, 0);

    if (pool == NULL) {
        abort();
    }
    apr_pool_cleanup_register(run->pool, pool, free_pool, apr_pool_cleanup_null);
    return pool;
}

static void make_parts(wf_run_t *run)
{
    struct wf_load_t *load = run->load;
    int i;

    run->nparts = load->nloops;
    run->parts = apr_pcalloc(run->pool, run->nparts * sizeof(*run->parts));
    for (i = 0; i < run->nparts; i++) {
        wf_part_t *part = &run->parts[i];
        apr_pool_t *pool = own_pool(run, "wf_part_sheet");

        part->run = run;
        part->loop = load->loops[(load->sequence + i) % load->nloops];
        part->sheet = wf_sheet_create(run->plan->metrics, pool);
        if (run->plan->warmup_ns > 0) {
            part->warm = wf_sheet_create(run->plan->metrics, pool);
        }
        part->seed[0] = (unsigned short)load->sequence;
        part->seed[1] = (unsigned short)i;
        part->seed[2] = (unsigned short)wf_mono_us();
    }
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

wf_run_t *wf_run_create(struct wf_load_t *load, wf_plan_t *plan, const char *id,
                        apr_pool_t *p)
{
    wf_run_t *run = apr_pcalloc(p, sizeof(*run));

    run->load = load;
    run->pool = p;
    run->plan = plan;
    run->id = apr_pstrdup(p, id);
    run->initial = plan->variables;
    run->pace = wf_pace_create(load->options.max_rate, p);
    run->planned = wf_plan_iterations(plan);
    run->lasts_ns = wf_plan_duration_ns(plan);
    run->vus_booked = wf_plan_vus(plan);
    run->claimed = apr_pcalloc(p, plan->nscenarios * sizeof(*run->claimed));
    run->rows_taken = apr_pcalloc(p, (plan->data.count + 1) * sizeof(*run->rows_taken));
    run->seed = seed_of(id);
    run->open = apr_pcalloc(p, plan->nscenarios * sizeof(*run->open));
    run->vus = apr_pcalloc(p, plan->nscenarios * sizeof(*run->vus));
    for (int i = 0; i < plan->nscenarios; i++) {
        const wf_load_shape_t *shape = &plan->scenarios[i].shape;

        run->vus[i] = shape->executor->vus_max(shape);
    }
    run->sheet = wf_sheet_create(plan->metrics, own_pool(run, "wf_run_sheet"));
    run->judge = wf_judge_create(plan->thresholds, plan->nthresholds, plan->metrics,
                                 own_pool(run, "wf_judge"));
    pthread_mutex_init(&run->judging, NULL);
    apr_pool_cleanup_register(p, &run->judging, free_mutex, apr_pool_cleanup_null);
    make_parts(run);
    return run;
}

/* ---- phases ------------------------------------------------------------------------ */

static void tell_parts(wf_run_t *run,
                       void (*read)(wf_loop_t *loop, wf_message_t *message),
                       apr_int64_t amount, apr_int64_t more)
{
    int i;

    for (i = 0; i < run->nparts; i++) {
        wf_loop_tell(run->parts[i].loop, read, &run->parts[i], amount, more);
    }
}

static void make_shard(wf_shard_t *shard, wf_part_t *part, const wf_scenario_t *scenario,
                       int index, int stride)
{
    shard->part = part;
    shard->run = part->run;
    shard->loop = part->loop;
    shard->scenario = scenario;
    shard->index = index;
    shard->stride = stride;
}

/* One user, on the first loop. */
static void begin_single(wf_run_t *run, const wf_scenario_t *scenario)
{
    wf_part_t *part = &run->parts[0];

    part->coming = apr_pcalloc(run->pool, sizeof(*part->coming));
    part->ncoming = 1;
    make_shard(part->coming, part, scenario, 0, 1);
    run->shards_live = 1;
    wf_loop_tell(part->loop, wf_part_on_start, part, run->phase, 0);
}

static void begin_scenarios(wf_run_t *run)
{
    const wf_plan_t *plan = run->plan;
    int i, s;

    run->shards_live = run->nparts * plan->nscenarios;
    for (i = 0; i < run->nparts; i++) {
        wf_part_t *part = &run->parts[i];

        part->ncoming = plan->nscenarios;
        part->coming = apr_pcalloc(run->pool, plan->nscenarios * sizeof(*part->coming));
        for (s = 0; s < plan->nscenarios; s++) {
            make_shard(&part->coming[s], part, &plan->scenarios[s], i, run->nparts);
            run->open[s]++;
        }
    }
    tell_parts(run, wf_part_on_start, run->phase, 0);
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
        run->warm_from_us = now;
        run->warm_to_us = now + run->plan->warmup_ns / 1000;
    }
    else if (now < run->warm_to_us) {
        run->warm_to_us = now;
    }
}

static void begin_phase(wf_run_t *run, wf_run_phase_e phase)
{
    note_warmup(run, phase);
    run->phase = phase;
    if (phase == WF_RUN_MAIN) {
        begin_scenarios(run);
    }
    else {
        begin_single(run, phase == WF_RUN_SETUP ? run->plan->setup : run->plan->teardown);
    }
}

void wf_run_start(wf_run_t *run)
{
    wf_run_transit(run, WF_EV_START);
    run->judged_us = run->start_us;
    wf_run_open_outputs(run);
    begin_phase(run, run->plan->setup ? WF_RUN_SETUP : WF_RUN_MAIN);
}

/* A run that is bounded by iterations promised to make them all: an iteration that a step
 * error ended makes it fail. A run bounded by time is a measurement, errors are part of
 * it. */
static wf_run_event_e end_event(const wf_run_t *run)
{
    double failed = 0;
    int i;

    if (run->broken) {
        return WF_EV_FAIL;
    }
    if (run->stopping) {
        return run->outcome;
    }
    for (i = 0; i < run->nparts; i++) {
        double passes, total;

        wf_sheet_passes(run->parts[i].sheet, WF_M_ITERATION_SUCCESS, &passes, &total);
        failed += total - passes;
    }
    return failed > 0 && run->lasts_ns == 0 ? WF_EV_FAIL : WF_EV_FINISH;
}

/* The phase after the current one, or none: WF_RUN_PHASES. */
static wf_run_phase_e next_phase(const wf_run_t *run)
{
    if (run->phase == WF_RUN_SETUP && !run->stopping && !run->broken) {
        return WF_RUN_MAIN;
    }
    if (run->phase != WF_RUN_TEARDOWN && run->plan->teardown != NULL && !run->cutting) {
        return WF_RUN_TEARDOWN;
    }
    return WF_RUN_PHASES;
}

/* Shards of a scenario that never had a user end with those that had. */
static void end_unused(wf_run_t *run, wf_shard_t *shard)
{
    int s = shard->scenario->index, i;

    shard->ended = 1;
    if (s < 0 || --run->open[s] == 0) {
        return;
    }
    for (i = 0; i < run->nparts; i++) {
        const wf_shard_t *other = &run->parts[i].coming[s];

        if (!other->ended && __atomic_load_n(&other->used, __ATOMIC_RELAXED)) {
            return;
        }
    }
    tell_parts(run, wf_part_on_alone, 0, s);
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

void wf_run_shard_ended(wf_run_t *run, wf_shard_t *shard)
{
    struct wf_load_t *load = run->load;
    wf_run_phase_e next;

    pthread_mutex_lock(&load->lock);
    end_unused(run, shard);
    if (--run->shards_live == 0) {
        next = next_phase(run);
        if (next != WF_RUN_PHASES) {
            begin_phase(run, next);
        }
        else {
            end_run(run);
        }
    }
    pthread_mutex_unlock(&load->lock);
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
        tell_parts(run, wf_part_on_resume, 0, 0); /* it is let end, also after a pause */
    }
    else {
        tell_parts(run, wf_part_on_stop, -1, 1);
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
    tell_parts(run, wf_part_on_stop, 0, 1);
}

int wf_run_pause(wf_run_t *run)
{
    if (run->stopping || !wf_run_transit(run, WF_EV_PAUSE)) {
        return 0;
    }
    run->paused_us = wf_mono_us();
    tell_parts(run, wf_part_on_pause, 0, 0);
    return 1;
}

int wf_run_resume(wf_run_t *run)
{
    if (run->stopping || !wf_run_transit(run, WF_EV_RESUME)) {
        return 0;
    }
    end_pause(run);
    tell_parts(run, wf_part_on_resume, 0, 0);
    return 1;
}

void wf_run_scale(wf_run_t *run, const wf_scenario_t *scenario, apr_int64_t vus,
                  apr_int64_t at_most)
{
    run->vus[scenario->index] = at_most;
    tell_parts(run, wf_part_on_scale, vus, scenario->index);
}
