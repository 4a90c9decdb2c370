/* The load engine: its loops, the live executions, and the thread that reports their
 * progress and lets go of those that have ended. */
#include "load/internal.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#define TICK_US 1000000

/* ---- the progress thread ----------------------------------------------------------- */

/* Nobody finds the run any more; wait for those who hold it, then its memory goes. */
static void let_go(wf_load_t *load, wf_run_t *run)
{
    wf_run_t **at = &load->runs;
    int was_last;

    pthread_mutex_lock(&load->lock);
    while (*at != run) {
        at = &(*at)->next;
    }
    *at = run->next;
    while (run->users > 0) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    was_last = load->runs == NULL;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    apr_pool_destroy(run->pool);
    if (was_last) {
        malloc_trim(0); /* what a run of many users had lies in pieces between others' */
    }
}

/* The end of a run on hold is that of the process. */
static int silent(wf_load_t *load, const wf_run_t *run)
{
    int is_silent;

    pthread_mutex_lock(&load->lock);
    is_silent = run->held && load->closing;
    pthread_mutex_unlock(&load->lock);
    return is_silent;
}

static void tick(wf_load_t *load, wf_run_t *run, apr_pool_t *p)
{
    wf_run_snapshot_t snapshot;

    wf_run_tick(run, &snapshot, p);
    if (run->progress != NULL && !silent(load, run)) {
        run->progress(run->progress_baton, &snapshot);
    }
    if (wf_run_status_final(snapshot.status)) {
        let_go(load, run);
    }
}

/* Runs that are due: all of them at a tick, else those that have begun or ended. Only
 * this thread takes runs out of the list, so it needs no references of its own. */
static apr_array_header_t *due_runs(wf_load_t *load, int all, apr_pool_t *p)
{
    apr_array_header_t *due = apr_array_make(p, 8, sizeof(wf_run_t *));
    wf_run_t *run;

    for (run = load->runs; run != NULL; run = run->next) {
        if (all || !run->reported || run->flushing > run->flush_seen
            || wf_run_status_final(run->status)) {
            run->reported = 1;
            run->flush_seen = run->flushing;
            APR_ARRAY_PUSH(due, wf_run_t *) = run;
        }
    }
    return due;
}

static void end_telling(wf_load_t *load)
{
    pthread_mutex_lock(&load->lock);
    load->telling = 0;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

static void *report_progress(void *data)
{
    wf_load_t *load = data;
    apr_int64_t next = wf_mono_us() + TICK_US;
    apr_pool_t *p;
    int quit = 0, i;

    apr_pool_create(&p, NULL);
    apr_pool_tag(p, "wf_load_progress");
    while (!quit) {
        apr_array_header_t *due;
        int all = wf_mono_us() >= next, telling;

        pthread_mutex_lock(&load->lock);
        telling = load->telling;
        all |= telling;
        due = due_runs(load, all, p);
        quit = load->closing && load->runs == NULL;
        if (!all && !quit && due->nelts == 0) {
            wf_cond_wait_until(&load->changed, &load->lock, next);
        }
        pthread_mutex_unlock(&load->lock);
        for (i = 0; i < due->nelts; i++) {
            tick(load, APR_ARRAY_IDX(due, i, wf_run_t *), p);
        }
        if (all) {
            next = wf_mono_us() + TICK_US;
        }
        if (telling) {
            end_telling(load);
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------- */

/* Workers first: they send letters to loops. */
static void end_threads(wf_load_t *load)
{
    wf_chores_destroy(load->chores);
    wf_chores_destroy(load->holders);
    while (load->nloops > 0) {
        wf_loop_destroy(load->loops[--load->nloops]);
    }
}

static void free_lock(wf_load_t *load)
{
    pthread_cond_destroy(&load->changed);
    pthread_mutex_destroy(&load->lock);
}

apr_status_t wf_load_create(wf_load_t **out, const wf_load_options_t *options,
                            apr_pool_t *p, wf_error_t *err)
{
    wf_load_t *load = apr_pcalloc(p, sizeof(*load));
    int loops = options->loops > 0 ? options->loops : wf_processors();
    apr_status_t rv = APR_SUCCESS;

    load->pool = p;
    load->options = *options;
    load->loops = apr_pcalloc(p, (loops > 0 ? loops : 1) * sizeof(*load->loops));
    load->chores = wf_chores_create(options->workers, p);
    load->holders = wf_chores_create(WF_LOAD_HOLDERS, p);
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->changed, NULL);
    do {
        rv = wf_loop_create(&load->loops[load->nloops], load->nloops, p, err);
        load->nloops += rv == APR_SUCCESS;
    } while (rv == APR_SUCCESS && load->nloops < loops);
    if (rv == APR_SUCCESS) {
        rv = wf_load_thread(&load->progress_thread, report_progress, load);
        if (rv != APR_SUCCESS) {
            wf_error_apr(err, WF_ERR_INTERNAL, rv, "starting the progress thread");
        }
    }
    if (rv != APR_SUCCESS) {
        end_threads(load);
        free_lock(load);
        return rv;
    }
    *out = load;
    return APR_SUCCESS;
}

/* Is something under way in a run on hold? The lock is held, and free while a run is
 * asked. Those that end meanwhile stay in the list until it is free, so a reference keeps
 * the one that is asked. */
static int is_busy(wf_load_t *load, apr_pool_t *p)
{
    wf_run_t *run;
    int busy = 0;

    for (run = load->runs; run != NULL && !busy; run = run->next) {
        if (!run->held || wf_run_status_final(run->status)) {
            continue;
        }
        run->users++;
        pthread_mutex_unlock(&load->lock);
        busy = wf_run_is_busy(run, p);
        apr_pool_clear(p);
        pthread_mutex_lock(&load->lock);
        run->users--;
        pthread_cond_broadcast(&load->changed);
    }
    return busy;
}

/* Until nothing is under way any more, or the time is over. What calms down while the
 * runs are asked is counted, so it is not missed. The lock is held. */
static void await_calm(wf_load_t *load, apr_int64_t until_us)
{
    apr_pool_t *p = wf_pool_create("wf_load_hold", 0);
    unsigned calmed = load->calmed;

    while (is_busy(load, p) && wf_mono_us() < until_us) {
        while (load->calmed == calmed && wf_mono_us() < until_us) {
            wf_cond_wait_until(&load->changed, &load->lock, until_us);
        }
        calmed = load->calmed;
    }
    apr_pool_destroy(p);
}

void wf_load_hold(wf_load_t *load, apr_int64_t timeout_us)
{
    apr_int64_t until_us = wf_mono_us() + timeout_us;
    wf_run_t *run;

    pthread_mutex_lock(&load->lock);
    load->holding = 1;
    for (run = load->runs; run != NULL; run = run->next) {
        wf_run_hold(run);
    }
    await_calm(load, until_us);
    load->telling = 1;
    pthread_cond_broadcast(&load->changed);
    while (load->telling) {
        pthread_cond_wait(&load->changed, &load->lock);
    }
    pthread_mutex_unlock(&load->lock);
}

void wf_load_close(wf_load_t *load)
{
    wf_run_t *run;

    if (load->closing) {
        return;
    }
    pthread_mutex_lock(&load->lock);
    load->closing = 1;
    for (run = load->runs; run != NULL; run = run->next) {
        wf_run_cut(run);
    }
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    pthread_join(load->progress_thread, NULL);
    end_threads(load);
}

void wf_load_destroy(wf_load_t *load)
{
    wf_load_close(load);
    free_lock(load);
}

/* ---- executions -------------------------------------------------------------------- */

static wf_run_t *find(wf_load_t *load, const char *id)
{
    wf_run_t *run = load->runs;

    while (run != NULL && strcmp(run->id, id) != 0) {
        run = run->next;
    }
    return run;
}

static apr_status_t shutting_down(wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "the load engine is shutting down");
}

/* Users of a spread run are its members' affair. */
static apr_status_t check_limits(wf_load_t *load, const wf_plan_t *plan, const char *id,
                                 const wf_crew_t *crew, wf_error_t *err)
{
    const wf_run_t *same = find(load, id); /* one that has ended is only to be told */

    if (load->closing) {
        return shutting_down(err);
    }
    if (same != NULL && !wf_run_status_final(same->status)) {
        return wf_error_set(err, WF_ERR_CONFLICT, "execution %s is already running", id);
    }
    if (load->nruns >= load->options.max_executions) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "%d executions are running, the limit", load->nruns);
    }
    if (crew == &wf_crew_loops && load->vus + wf_plan_vus(plan) > load->options.max_vus) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "%" APR_INT64_T_FMT " VUs more would exceed the limit of %d",
                            wf_plan_vus(plan), load->options.max_vus);
    }
    return APR_SUCCESS;
}

static void begin(wf_load_t *load, wf_run_t *run, int paused)
{
    run->next = load->runs;
    load->runs = run;
    load->nruns++;
    load->vus += run->vus_booked;
    load->sequence++;
    wf_run_start(run, paused);
    pthread_cond_broadcast(&load->changed);
}

apr_status_t wf_load_start(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                           const char *id, wf_error_t *err)
{
    return wf_load_continue(load, plan, plan_pool, id, NULL, err);
}

/* What an execution is, besides its plan; members that are NULL are not. */
typedef struct kind_t {
    const wf_run_from_t *from;
    const wf_load_task_t *task;
    const wf_spread_t *spread;
} kind_t;

/* The lock is held. */
static apr_status_t start(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                          const char *id, const kind_t *kind, wf_error_t *err)
{
    const wf_crew_t *crew = kind->spread != NULL ? &wf_crew_members : &wf_crew_loops;
    const wf_run_from_t *from = kind->from;
    apr_status_t rv = check_limits(load, plan, id, crew, err);
    wf_run_t *run;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    run = wf_run_create(load, plan, id, crew, plan_pool);
    if (kind->task != NULL) {
        rv = wf_run_take_task(run, kind->task, err);
    }
    if (kind->spread != NULL) {
        wf_members_create(run, kind->spread);
    }
    if (rv == APR_SUCCESS && from != NULL) {
        rv = wf_run_restore(run, from, err);
    }
    if (rv == APR_SUCCESS) {
        begin(load, run, from && from->paused);
    }
    return rv;
}

/* One that the next process will find in its records: it is left to that one if this is
 * about to end. */
static apr_status_t start_or_leave(wf_load_t *load, wf_plan_t *plan,
                                   apr_pool_t *plan_pool, const char *id,
                                   const kind_t *kind, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int holding;

    pthread_mutex_lock(&load->lock);
    holding = load->holding;
    if (!holding) {
        rv = start(load, plan, plan_pool, id, kind, err);
    }
    pthread_mutex_unlock(&load->lock);
    if (holding || rv != APR_SUCCESS) {
        apr_pool_destroy(plan_pool);
    }
    return rv;
}

apr_status_t wf_load_continue(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                              const char *id, const wf_run_from_t *from, wf_error_t *err)
{
    kind_t kind = { .from = from };

    return start_or_leave(load, plan, plan_pool, id, &kind, err);
}

apr_status_t wf_load_spread(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                            const char *id, const wf_run_from_t *from,
                            const wf_spread_t *spread, wf_error_t *err)
{
    kind_t kind = { .from = from, .spread = spread };

    return start_or_leave(load, plan, plan_pool, id, &kind, err);
}

apr_status_t wf_load_start_task(wf_load_t *load, wf_plan_t *plan, apr_pool_t *plan_pool,
                                const char *id, const wf_load_task_t *task,
                                wf_error_t *err)
{
    kind_t kind = { .from = task->from, .task = task };
    apr_status_t rv = wf_plan_take_task(plan, task, err);

    pthread_mutex_lock(&load->lock);
    if (rv == APR_SUCCESS) {
        rv = load->holding ? shutting_down(err)
                           : start(load, plan, plan_pool, id, &kind, err);
    }
    pthread_mutex_unlock(&load->lock);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(plan_pool);
    }
    return rv;
}

static apr_status_t not_live(const char *id, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_NOT_FOUND, "execution %s is not running", id);
}

/* Why a run takes no command. */
static apr_status_t refuse(const wf_run_t *run, const char *what, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_CONFLICT, "execution %s is %s%s", run->id, what,
                        run->stopping && !wf_run_status_final(run->status)
                            ? "stopping"
                            : wf_run_status_name(run->status));
}

static apr_status_t stop_run(wf_run_t *run, wf_error_t *err)
{
    return wf_run_stop(run, WF_EV_STOP) ? APR_SUCCESS : refuse(run, "already ", err);
}

static apr_status_t pause_run(wf_run_t *run, wf_error_t *err)
{
    return wf_run_pause(run) ? APR_SUCCESS : refuse(run, "", err);
}

static apr_status_t resume_run(wf_run_t *run, wf_error_t *err)
{
    return wf_run_resume(run) ? APR_SUCCESS : refuse(run, "", err);
}

/* With the lock, as all changes of a run. */
static apr_status_t command(wf_load_t *load, const char *id,
                            apr_status_t (*act)(wf_run_t *run, wf_error_t *err),
                            wf_error_t *err)
{
    apr_status_t rv;
    wf_run_t *run;

    pthread_mutex_lock(&load->lock);
    run = find(load, id);
    rv = run != NULL ? act(run, err) : not_live(id, err);
    pthread_mutex_unlock(&load->lock);
    return rv;
}

apr_status_t wf_load_stop(wf_load_t *load, const char *id, wf_error_t *err)
{
    return command(load, id, stop_run, err);
}

static apr_status_t cut_run(wf_run_t *run, wf_error_t *err)
{
    if (wf_run_status_final(run->status)) {
        return refuse(run, "already ", err);
    }
    wf_run_cut(run);
    return APR_SUCCESS;
}

apr_status_t wf_load_cut(wf_load_t *load, const char *id, wf_error_t *err)
{
    return command(load, id, cut_run, err);
}

apr_status_t wf_load_abort(wf_load_t *load, const char *id, const char *reason,
                           wf_error_t *err)
{
    wf_run_t *run = wf_run_hold_on(load, id);

    if (run == NULL) {
        return not_live(id, err);
    }
    wf_run_abort(run, reason);
    wf_run_let_go(run);
    return APR_SUCCESS;
}

apr_status_t wf_load_pause(wf_load_t *load, const char *id, wf_error_t *err)
{
    return command(load, id, pause_run, err);
}

apr_status_t wf_load_resume(wf_load_t *load, const char *id, wf_error_t *err)
{
    return command(load, id, resume_run, err);
}

/* The scenario to scale: that name, or the only one. */
static apr_status_t find_scenario(const wf_run_t *run, const char *name,
                                  const wf_scenario_t **scenario, wf_error_t *err)
{
    const wf_plan_t *plan = run->plan;
    int i;

    *scenario = NULL;
    for (i = 0; i < plan->nscenarios; i++) {
        if (name != NULL ? strcmp(plan->scenarios[i].name, name) == 0
                         : plan->nscenarios == 1) {
            *scenario = &plan->scenarios[i];
        }
    }
    if (*scenario == NULL) {
        return wf_error_field(err, WF_ERR_CONFLICT, "scenario",
                              name ? "there is no scenario \"%.60s\""
                                   : "there are several scenarios, scale one of them",
                              name);
    }
    if ((*scenario)->shape.executor->scale == NULL) {
        return wf_error_set(err, WF_ERR_CONFLICT, "mode %s cannot be scaled",
                            (*scenario)->shape.executor->mode);
    }
    return APR_SUCCESS;
}

/* What a mode makes of a number that is more than it takes. */
static apr_int64_t limited(const wf_load_shape_t *shape, apr_int64_t vus)
{
    apr_int64_t most =
        shape->executor->vus_limit ? shape->executor->vus_limit(shape) : vus;

    return vus < most ? vus : most;
}

/* Users that a scenario may have from now on. */
static apr_int64_t to_book(const wf_load_shape_t *shape, apr_int64_t vus)
{
    apr_int64_t own = shape->executor->vus_max(shape);

    return shape->executor->scale_passes && own > vus ? own : vus;
}

static apr_status_t scale_run(wf_run_t *run, const char *name, apr_int64_t vus,
                              wf_error_t *err)
{
    wf_load_t *load = run->load;
    const wf_segment_t *part = &run->plan->segment;
    const wf_scenario_t *scenario;
    apr_int64_t booked, more;
    apr_status_t rv = find_scenario(run, name, &scenario, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (run->stopping || run->phase != WF_RUN_MAIN || wf_run_status_final(run->status)) {
        return refuse(run, run->phase == WF_RUN_SETUP ? "in its setup, " : "", err);
    }
    vus = limited(&scenario->shape, vus);
    booked = to_book(&scenario->shape, vus);
    more = run->members != NULL ? 0
                                : wf_segment_share(part, booked)
                                      - wf_segment_share(part, run->vus[scenario->index]);
    if (more > 0 && more > load->options.max_vus - load->vus) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE,
                            "%" APR_INT64_T_FMT " VUs more would exceed the limit of %d",
                            more, load->options.max_vus);
    }
    load->vus += more;
    run->vus_booked += more;
    wf_run_scale(run, scenario, vus, booked);
    return APR_SUCCESS;
}

apr_status_t wf_load_scale(wf_load_t *load, const char *id, const char *scenario,
                           apr_int64_t vus, wf_error_t *err)
{
    apr_status_t rv;
    wf_run_t *run;

    pthread_mutex_lock(&load->lock);
    run = find(load, id);
    rv = run != NULL ? scale_run(run, scenario, vus, err) : not_live(id, err);
    pthread_mutex_unlock(&load->lock);
    return rv;
}

wf_run_t *wf_run_hold_on(wf_load_t *load, const char *id)
{
    wf_run_t *run;

    pthread_mutex_lock(&load->lock);
    run = find(load, id);
    if (run != NULL) {
        run->users++;
    }
    pthread_mutex_unlock(&load->lock);
    return run;
}

void wf_run_let_go(wf_run_t *run)
{
    wf_load_t *load = run->load;

    pthread_mutex_lock(&load->lock);
    run->users--;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

int wf_load_is_live(wf_load_t *load, const char *id)
{
    int live;

    pthread_mutex_lock(&load->lock);
    live = find(load, id) != NULL;
    pthread_mutex_unlock(&load->lock);
    return live;
}

static apr_status_t take_snapshot(wf_load_t *load, const char *id,
                                  wf_run_snapshot_t *snapshot, int with_record,
                                  apr_pool_t *p, wf_error_t *err)
{
    wf_run_t *run = wf_run_hold_on(load, id);

    if (run == NULL) {
        return not_live(id, err);
    }
    wf_run_snapshot(run, snapshot, with_record, p);
    wf_run_let_go(run);
    return APR_SUCCESS;
}

apr_status_t wf_load_snapshot(wf_load_t *load, const char *id,
                              wf_run_snapshot_t *snapshot, apr_pool_t *p, wf_error_t *err)
{
    return take_snapshot(load, id, snapshot, 0, p, err);
}

int wf_load_is_quiet(wf_load_t *load, const char *id)
{
    wf_run_t *run = wf_run_hold_on(load, id);
    apr_pool_t *p;
    int quiet;

    if (run == NULL) {
        return 0;
    }
    pthread_mutex_lock(&load->lock);
    quiet = run->status == WF_RUN_PAUSED && !run->stopping;
    pthread_mutex_unlock(&load->lock);
    p = wf_pool_create("wf_quiet", 0);
    quiet = quiet && !wf_run_is_busy(run, p);
    apr_pool_destroy(p);
    wf_run_let_go(run);
    return quiet;
}

apr_status_t wf_load_record(wf_load_t *load, const char *id, wf_run_snapshot_t *snapshot,
                            apr_pool_t *p, wf_error_t *err)
{
    return take_snapshot(load, id, snapshot, 1, p, err);
}

void wf_load_recorded(wf_load_t *load, const char *id, const wf_run_record_t *record)
{
    wf_run_t *run = wf_run_hold_on(load, id);

    if (run == NULL) {
        return; /* its last one */
    }
    pthread_mutex_lock(&run->judging);
    if (record->generation > run->known_generation) {
        run->known_generation = record->generation;
        run->known_point = record->last_point;
    }
    else if (record->generation == run->known_generation
             && record->last_point > run->known_point) {
        run->known_point = record->last_point;
    }
    pthread_mutex_unlock(&run->judging);
    wf_run_let_go(run);
}
