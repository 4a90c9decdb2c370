/* The crew of a spread run: members elsewhere, each of which has a part of the plan.
 * Orders go out, figures come in and are added. */
#include "load/members.h"

/* ---- life -------------------------------------------------------------------------- */

static apr_status_t free_members(void *data)
{
    wf_members_t *members = data;
    int i;

    for (i = 0; i < members->n; i++) {
        if (members->all[i].state_pool != NULL) {
            apr_pool_destroy(members->all[i].state_pool);
        }
    }
    pthread_mutex_destroy(&members->lock);
    return APR_SUCCESS;
}

static apr_int64_t planned_of(const wf_plan_t *plan, const wf_segment_t *segment)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; i < plan->nscenarios; i++) {
        const wf_load_shape_t *shape = &plan->scenarios[i].shape;

        if (wf_shape_planned(shape, &wf_segment_whole) == 0) {
            return 0; /* only its time bounds it */
        }
        all += wf_shape_planned(shape, segment);
    }
    return all;
}

/* Only time ends it, and until then it may be scaled. */
static int may_grow(const wf_load_shape_t *shape)
{
    return shape->executor->scale != NULL
           && (shape->executor->endures || shape->executor->lasts_ns(shape) > 0)
           && wf_shape_planned(shape, &wf_segment_whole) == 0;
}

int wf_member_has_work(const wf_run_t *run, const wf_spread_member_t *member)
{
    int i;

    for (i = 0; i < run->plan->nscenarios; i++) {
        if (wf_segment_share(&member->segment, run->vus[i]) > 0
            || may_grow(&run->plan->scenarios[i].shape)) {
            return 1;
        }
    }
    return 0;
}

void wf_members_create(wf_run_t *run, const wf_spread_t *spread)
{
    wf_members_t *members = apr_pcalloc(run->pool, sizeof(*members));
    apr_pool_t *pool = wf_run_pool(run, "wf_members");
    int i;

    members->n = spread->n;
    members->order = spread->order;
    members->baton = spread->baton;
    members->weights = apr_pmemdup(run->pool, spread->weights,
                                   (apr_size_t)spread->n * sizeof(*spread->weights));
    members->all =
        apr_pcalloc(run->pool, (apr_size_t)spread->n * sizeof(wf_spread_member_t));
    members->past = wf_sheet_create(run->plan->metrics, pool);
    members->total = wf_sheet_create(run->plan->metrics, pool);
    members->scratch = wf_sheet_create(run->plan->metrics, pool);
    members->gone = apr_array_make(run->pool, 2, sizeof(wf_gone_t));
    for (i = 0; i < spread->n; i++) {
        wf_spread_member_t *member = &members->all[i];

        member->name = apr_pstrdup(run->pool, spread->names[i]);
        member->segment = wf_segment_make(spread->weights, spread->n, i, run->pool);
        member->planned = planned_of(run->plan, &member->segment);
        member->over = 1;
        member->sheet = wf_sheet_create(run->plan->metrics, pool);
        members->weight += spread->weights[i];
    }
    pthread_mutex_init(&members->lock, NULL);
    apr_pool_cleanup_register(run->pool, members, free_members, apr_pool_cleanup_null);
    run->members = members;
}

/* Nothing that a process has is taken. */
static void create(wf_run_t *run)
{
    (void)run;
}

/* ---- phases: with the load engine's lock --------------------------------------------- */

static void give_order(wf_run_t *run, const wf_order_t *order)
{
    run->members->order(run->members->baton, run->id, order);
}

int wf_members_over(const wf_members_t *members)
{
    int i;

    for (i = 0; i < members->n; i++) {
        if (!members->all[i].over) {
            return 0;
        }
    }
    return 1;
}

/* One of them does setup and teardown. */
static int takes_part(const wf_run_t *run, const wf_spread_member_t *member, int others)
{
    if (member->given_up) {
        return 0;
    }
    return run->phase == WF_RUN_MAIN ? wf_member_has_work(run, member) : others == 0;
}

/* The figures of the phase before stay, those of its tasks begin anew. */
static void new_tasks(wf_run_t *run)
{
    wf_members_t *members = run->members;
    int i, n = 0;

    wf_sheet_clear(members->past);
    wf_sheet_merge(members->past, members->total);
    for (i = 0; i < members->n; i++) {
        wf_spread_member_t *member = &members->all[i];

        wf_sheet_clear(member->sheet);
        member->sequence = 0;
        member->over = !takes_part(run, member, n);
        member->task += !member->over;
        n += !member->over;
    }
}

/* What setup has left, for those who come after it. */
static const char *variables_of(const wf_run_t *run, apr_pool_t *p)
{
    wf_value_t value = wf_map((wf_map_t *)run->initial);

    return run->phase == WF_RUN_SETUP
               ? NULL
               : wf_json_text(wf_json_own(wf_value_to_json(&value), p), NULL, p);
}

static void give_scale(wf_run_t *run, int scenario, apr_int64_t vus)
{
    wf_order_t order = { .order = WF_ORDER_SCALE,
                         .scenario = run->plan->scenarios[scenario].name,
                         .vus = vus };

    give_order(run, &order);
}

/* An order may have been lost with the process that gave it. */
static void scale_again(wf_run_t *run)
{
    int i;

    for (i = 0; run->phase == WF_RUN_MAIN && i < run->plan->nscenarios; i++) {
        if (run->scaled[i] >= 0) {
            give_scale(run, i, run->scaled[i]);
        }
    }
}

static void stop(wf_run_t *run);

/* Who should have done it is lost, and so are the others. */
static void nobody_there(wf_run_t *run, const char *phase)
{
    run->broken = 1;
    wf_sheet_error(run->sheet, NULL, "CONNECTION_ERROR",
                   apr_psprintf(run->pool, "no slave is left for the %s", phase),
                   wf_time_ms());
}

static void begin(wf_run_t *run, apr_int64_t age_us)
{
    static const char *const names[WF_RUN_PHASES] = { "setup", "main", "teardown" };
    wf_members_t *members = run->members;
    wf_order_t order = { .order = WF_ORDER_BEGIN, .phase = names[run->phase] };
    apr_pool_t *p = wf_pool_create("wf_members_begin", 0);
    apr_int64_t *tasks = apr_pcalloc(p, (apr_size_t)members->n * sizeof(*tasks));
    int i;

    (void)age_us; /* members know it from their records */
    order.again = !members->begun && run->resume && run->resume->phase == run->phase;
    order.paused = run->paused_us > 0;
    order.variables = variables_of(run, p);
    order.n = members->n;
    order.tasks = tasks;
    pthread_mutex_lock(&members->lock);
    members->begun = 1;
    members->phase = run->phase;
    if (!order.again) {
        new_tasks(run);
    }
    for (i = 0; i < members->n; i++) {
        tasks[i] = members->all[i].over ? 0 : members->all[i].task;
    }
    pthread_mutex_unlock(&members->lock);
    if (!wf_members_over(members)) {
        give_order(run, &order);
        scale_again(run);
        if (run->stopping && run->phase != WF_RUN_TEARDOWN) {
            stop(run); /* it was before a restart */
        }
    }
    else {
        if (!order.again) {
            nobody_there(run, order.phase);
        }
        wf_run_phase_over(run);
    }
    apr_pool_destroy(p);
}

/* ---- control: with the load engine's lock ---------------------------------------------- */

static void tell(wf_run_t *run, wf_order_e what)
{
    wf_order_t order = { .order = what };

    if (!run->held) { /* else they go on without this process */
        give_order(run, &order);
    }
}

static void stop(wf_run_t *run)
{
    tell(run, WF_ORDER_STOP);
}

/* Nobody can be waited for by a process that is about to end. */
static void cut(wf_run_t *run)
{
    int i;

    tell(run, WF_ORDER_CUT);
    if (!run->load->closing) {
        return;
    }
    pthread_mutex_lock(&run->members->lock);
    for (i = 0; i < run->members->n; i++) {
        run->members->all[i].over = 1;
    }
    pthread_mutex_unlock(&run->members->lock);
    wf_run_phase_over(run);
}

static void pause_members(wf_run_t *run)
{
    tell(run, WF_ORDER_PAUSE);
}

static void resume(wf_run_t *run)
{
    tell(run, WF_ORDER_RESUME);
}

/* The order to begin says it. */
static void stay(wf_run_t *run)
{
    (void)run;
}

/* ---- figures: with the members' lock ---------------------------------------------------- */

void wf_members_add_up(wf_members_t *members)
{
    int i;

    wf_sheet_clear(members->total);
    wf_sheet_merge(members->total, members->past);
    for (i = 0; i < members->n; i++) {
        wf_sheet_merge(members->total, members->all[i].sheet);
    }
}

static double failed(const wf_run_t *run)
{
    double passes, total;

    pthread_mutex_lock(&run->members->lock);
    wf_sheet_passes(run->members->total, WF_M_ITERATION_SUCCESS, &passes, &total);
    total += (double)wf_members_missing(run->members);
    pthread_mutex_unlock(&run->members->lock);
    return total - passes;
}

static int troubled(const wf_strain_t *strain)
{
    return strain->late_seconds + strain->busy_seconds + strain->full_seconds;
}

/* Whoever fares worst speaks for all: the slowest of them limits the whole. */
static void add_member(wf_view_t *view, const wf_spread_member_t *member)
{
    const wf_resume_t *state = member->state;
    int i;

    if (state == NULL) {
        return;
    }
    view->iterations += state->warm_iterations;
    view->vus_done += state->vus_done;
    view->vus_active += member->over ? 0 : state->vus_active;
    for (i = 0; i < view->plan->nscenarios; i++) {
        view->done[i] += state->scenarios[i].done;
    }
    if (view->strain.seconds == 0 || troubled(&state->strain) > troubled(&view->strain)) {
        view->strain = state->strain;
        view->strained = member->name;
    }
}

static void collect(wf_run_t *run, wf_view_t *view, apr_pool_t *p)
{
    wf_members_t *members = run->members;
    int i;

    (void)p;
    pthread_mutex_lock(&members->lock);
    wf_sheet_merge(view->sheet, members->total);
    for (i = 0; i < members->n; i++) {
        add_member(view, &members->all[i]);
    }
    view->missing = (double)wf_members_missing(members);
    pthread_mutex_unlock(&members->lock);
}

void wf_members_merge(const wf_run_t *run, wf_sheet_t *into)
{
    pthread_mutex_lock(&run->members->lock);
    wf_sheet_merge(into, run->members->total);
    pthread_mutex_unlock(&run->members->lock);
}

const wf_crew_t wf_crew_members = { .create = create,
                                    .begin = begin,
                                    .stop = stop,
                                    .cut = cut,
                                    .pause = pause_members,
                                    .resume = resume,
                                    .stay = stay,
                                    .scale = give_scale,
                                    .failed = failed,
                                    .collect = collect };
