/* The crew of a spread run: members elsewhere, each of which has a part of the plan.
 * Orders go out, figures come in; a part has one task at a time, and a task that is lost
 * may be followed by one of somebody else that goes on from what is known.
 *
 * Who has which task, and whether it is over, is written with both locks, so either will
 * do to read it. The load engine's is taken first. */
#include "load/internal.h"

#include <string.h>

/* A part of the plan, and whoever does it. */
typedef struct member_t {
    const char *name;
    wf_segment_t segment;
    apr_int64_t planned;    /* iterations of the part, 0 = open */
    apr_int64_t task;       /* the number of its latest one; 0: there was none */
    int over;               /* it has ended, or there is none in this phase … */
    wf_run_status_e status; /* … so */
    int given_up;           /* nobody does it any more */

    /* with the members' lock */
    wf_sheet_t *sheet;    /* of its task, as of … */
    apr_int64_t sequence; /* … this record; 0: nothing is known */
    apr_pool_t *state_pool;
    const wf_resume_t *state; /* of the main phase, or NULL; in state_pool, as its text */
    const char *state_text;
    apr_int64_t others_done, others_vus; /* what those before did of its part */
} member_t;

/* Somebody who is lost, and what he had done. */
typedef struct gone_t {
    const char *name;
    int part; /* whose that was */
    apr_int64_t iterations, vus;
} gone_t;

typedef struct wf_members_t {
    pthread_mutex_t lock;
    int n;
    member_t *all;
    apr_int64_t weight; /* of all */
    const apr_int64_t *weights;
    wf_order_fn *order;
    void *baton;
    int begun;                /* a phase has, in this process … */
    wf_run_phase_e phase;     /* … this one is the latest */
    wf_sheet_t *past;         /* of tasks of earlier phases */
    wf_sheet_t *total;        /* that, and what all members have */
    wf_sheet_t *scratch;      /* what comes */
    apr_array_header_t *gone; /* of gone_t */
} wf_members_t;

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

/* Has it any users, or may it get some? */
static int has_work(const wf_run_t *run, const member_t *member)
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
    members->all = apr_pcalloc(run->pool, (apr_size_t)spread->n * sizeof(member_t));
    members->past = wf_sheet_create(run->plan->metrics, pool);
    members->total = wf_sheet_create(run->plan->metrics, pool);
    members->scratch = wf_sheet_create(run->plan->metrics, pool);
    members->gone = apr_array_make(run->pool, 2, sizeof(gone_t));
    for (i = 0; i < spread->n; i++) {
        member_t *member = &members->all[i];

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

static int all_over(const wf_members_t *members)
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
static int takes_part(const wf_run_t *run, const member_t *member, int others)
{
    if (member->given_up) {
        return 0;
    }
    return run->phase == WF_RUN_MAIN ? has_work(run, member) : others == 0;
}

/* The figures of the phase before stay, those of its tasks begin anew. */
static void new_tasks(wf_run_t *run)
{
    wf_members_t *members = run->members;
    int i, n = 0;

    wf_sheet_clear(members->past);
    wf_sheet_merge(members->past, members->total);
    for (i = 0; i < members->n; i++) {
        member_t *member = &members->all[i];

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
    if (!all_over(members)) {
        give_order(run, &order);
        scale_again(run);
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

static void add_up(wf_members_t *members)
{
    int i;

    wf_sheet_clear(members->total);
    wf_sheet_merge(members->total, members->past);
    for (i = 0; i < members->n; i++) {
        wf_sheet_merge(members->total, members->all[i].sheet);
    }
}

/* scratch becomes a part of what is known, or all of it. */
static void count(wf_members_t *members, member_t *member, int all)
{
    if (all && member->sequence > 0) {
        wf_sheet_clear(member->sheet);
        wf_sheet_merge(member->sheet, members->scratch);
        add_up(members);
        return;
    }
    wf_sheet_merge(member->sheet, members->scratch);
    wf_sheet_merge(members->total, members->scratch);
}

static apr_status_t take_state(const wf_run_t *run, member_t *member, const char *text,
                               wf_error_t *err)
{
    apr_pool_t *p = wf_pool_create("wf_member_state", 0);
    wf_resume_t *state = NULL;
    apr_status_t rv = wf_record_read(&state, run->plan, text, p, err);

    if (rv != APR_SUCCESS) {
        apr_pool_destroy(p);
        return rv;
    }
    if (state->phase != WF_RUN_MAIN) {
        apr_pool_destroy(p); /* begins anew if it is lost */
        return APR_SUCCESS;
    }
    if (member->state_pool != NULL) {
        apr_pool_destroy(member->state_pool);
    }
    member->state_pool = p;
    member->state = state;
    member->state_text = apr_pstrdup(p, text);
    return APR_SUCCESS;
}

static apr_status_t take_news(wf_run_t *run, const wf_member_news_t *news,
                              apr_int64_t *have, wf_error_t *err)
{
    wf_members_t *members = run->members;
    member_t *member = &members->all[news->member];
    apr_status_t rv;

    if (member->over || member->task != news->task) {
        *have = -1;
        return APR_SUCCESS;
    }
    *have = member->sequence;
    if (news->sequence <= member->sequence
        || (news->base != 0 && news->base != member->sequence)) {
        return APR_SUCCESS;
    }
    wf_sheet_clear(members->scratch);
    rv = wf_sheet_decode(members->scratch, news->figures, strlen(news->figures), err);
    if (rv == APR_SUCCESS) {
        rv = take_state(run, member, news->state, err);
    }
    if (rv == APR_SUCCESS) {
        count(members, member, news->base == 0);
        *have = member->sequence = news->sequence;
    }
    return rv;
}

static double failed(const wf_run_t *run)
{
    double passes, total;

    pthread_mutex_lock(&run->members->lock);
    wf_sheet_passes(run->members->total, WF_M_ITERATION_SUCCESS, &passes, &total);
    pthread_mutex_unlock(&run->members->lock);
    return total - passes;
}

static int troubled(const wf_strain_t *strain)
{
    return strain->late_seconds + strain->busy_seconds + strain->full_seconds;
}

/* Whoever fares worst speaks for all: the slowest of them limits the whole. */
static void add_member(wf_view_t *view, const member_t *member)
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

/* ---- what is shown of them --------------------------------------------------------------- */

static apr_int64_t done_of(const member_t *member, int nscenarios)
{
    apr_int64_t all = 0;
    int i;

    for (i = 0; member->state != NULL && i < nscenarios; i++) {
        all += member->state->scenarios[i].done;
    }
    return all;
}

static void add_int(json_object *o, const char *name, apr_int64_t more)
{
    wf_json_add_int(o, name, wf_json_int(o, name, 0) + more);
}

/* Where part i begins. */
static double begins(const wf_members_t *members, int i)
{
    apr_int64_t before = 0;
    int k;

    for (k = 0; k < i; k++) {
        before += members->weights[k];
    }
    return (double)before / (double)members->weight;
}

/* Of several parts those that adjoin are shown as one. */
static void add_share(json_object *o, const wf_members_t *members, int i)
{
    double from = begins(members, i);
    json_object *end = wf_json_get(o, "segment_end");

    if (end == NULL) {
        wf_json_add_double(o, "segment_start", from);
    }
    if (end == NULL || json_object_get_double(end) == from) {
        wf_json_add_double(o, "segment_end", begins(members, i + 1));
    }
}

static json_object *state_of(json_object *states, const char *name)
{
    json_object *o = wf_json_get(states, name);

    if (o == NULL) {
        o = json_object_new_object();
        wf_json_add_string(o, "slave_id", name);
        json_object_object_add(states, name, o);
    }
    return o;
}

/* Of several parts: what is not over, else what went wrong. */
static void add_status(json_object *o, wf_run_status_e status)
{
    static const int weight[WF_RUN_STATES] = {
        [WF_RUN_COMPLETED] = 1, [WF_RUN_ABORTED] = 2, [WF_RUN_FAILED] = 3,
        [WF_RUN_PENDING] = 4,   [WF_RUN_PAUSED] = 4,  [WF_RUN_RUNNING] = 4,
    };
    const char *said = wf_json_string(o, "status", "");
    int i;

    for (i = 0; i < WF_RUN_STATES; i++) {
        if (strcmp(said, wf_run_status_name(i)) == 0 && weight[i] >= weight[status]) {
            return;
        }
    }
    wf_json_add_string(o, "status", wf_run_status_name(status));
}

static void add_done(json_object *o, const wf_members_t *members, const gone_t *done)
{
    add_int(o, "completed_vus", done->vus);
    add_int(o, "completed_iters", done->iterations);
    add_share(o, members, done->part);
}

/* What whoever has the part now did of it. */
static gone_t done_by(const wf_run_t *run, const member_t *member)
{
    gone_t done = { .name = member->name, .part = (int)(member - run->members->all) };

    if (member->state != NULL) {
        done.iterations = done_of(member, run->plan->nscenarios) - member->others_done;
        done.vus = member->state->vus_done - member->others_vus;
    }
    return done;
}

json_object *wf_members_states(const wf_view_t *view)
{
    wf_members_t *members = view->run->members;
    json_object *states = json_object_new_object(), *o;
    int i;

    pthread_mutex_lock(&members->lock);
    for (i = 0; i < members->n; i++) {
        const member_t *member = &members->all[i];
        gone_t done = done_by(view->run, member);

        if (!member->given_up) { /* else among those who are gone */
            o = state_of(states, member->name);
            add_status(o,
                       member->over && member->task > 0 ? member->status : view->status);
            add_done(o, members, &done);
        }
    }
    for (i = 0; i < members->gone->nelts; i++) {
        const gone_t *gone = &APR_ARRAY_IDX(members->gone, i, gone_t);

        o = state_of(states, gone->name);
        if (wf_json_get(o, "status") == NULL) { /* else it has come back */
            add_status(o, WF_RUN_FAILED);
        }
        add_done(o, members, gone);
    }
    pthread_mutex_unlock(&members->lock);
    return states;
}

/* ---- records ------------------------------------------------------------------------------ */

static json_object *member_json(const member_t *member, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "name", member->name);
    wf_json_add_int(o, "task", member->task);
    wf_json_add_bool(o, "over", member->over);
    wf_json_add_bool(o, "given_up", member->given_up);
    wf_json_add_int(o, "status", member->status);
    wf_json_add_int(o, "sequence", member->sequence);
    wf_json_add_int(o, "others_done", member->others_done);
    wf_json_add_int(o, "others_vus", member->others_vus);
    wf_json_add_string(o, "sheet", wf_sheet_encode(member->sheet, p));
    if (member->state_text != NULL) {
        wf_json_add_string(o, "state", member->state_text);
    }
    return o;
}

static json_object *gone_json(const wf_members_t *members)
{
    json_object *gone = json_object_new_array();
    int i;

    for (i = 0; i < members->gone->nelts; i++) {
        const gone_t *lost = &APR_ARRAY_IDX(members->gone, i, gone_t);
        json_object *item = json_object_new_object();

        wf_json_add_string(item, "name", lost->name);
        wf_json_add_int(item, "part", lost->part);
        wf_json_add_int(item, "iterations", lost->iterations);
        wf_json_add_int(item, "vus", lost->vus);
        json_object_array_add(gone, item);
    }
    return gone;
}

json_object *wf_members_json(const wf_run_t *run, wf_run_phase_e phase, apr_pool_t *p)
{
    wf_members_t *members = run->members;
    json_object *o, *list;
    int i;

    pthread_mutex_lock(&members->lock);
    if (members->begun && members->phase != phase) {
        pthread_mutex_unlock(&members->lock);
        return NULL;
    }
    o = json_object_new_object();
    list = json_object_new_array();
    wf_json_add_string(o, "past", wf_sheet_encode(members->past, p));
    for (i = 0; i < members->n; i++) {
        json_object_array_add(list, member_json(&members->all[i], p));
    }
    json_object_object_add(o, "list", list);
    json_object_object_add(o, "gone", gone_json(members));
    pthread_mutex_unlock(&members->lock);
    return o;
}

static apr_status_t restore_sheet(wf_sheet_t *sheet, json_object *o, const char *name,
                                  wf_error_t *err)
{
    const char *text = wf_json_string(o, name, "");

    return wf_sheet_decode(sheet, text, strlen(text), err);
}

static apr_status_t restore_member(wf_run_t *run, member_t *member, json_object *o,
                                   wf_error_t *err)
{
    const char *state = wf_json_string(o, "state", NULL);
    apr_int64_t status = wf_json_int(o, "status", -1);

    member->name = apr_pstrdup(run->pool, wf_json_string(o, "name", ""));
    member->task = wf_json_int(o, "task", 0);
    member->over = wf_json_bool(o, "over", 1);
    member->given_up = wf_json_bool(o, "given_up", 0);
    member->sequence = wf_json_int(o, "sequence", 0);
    member->others_done = wf_json_int(o, "others_done", 0);
    member->others_vus = wf_json_int(o, "others_vus", 0);
    if (status < 0 || status >= WF_RUN_STATES || member->sequence < 0
        || member->task < 0) {
        return wf_error_set(err, WF_ERR_INVALID, "no record of a member");
    }
    member->status = (wf_run_status_e)status;
    if (state != NULL && take_state(run, member, state, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return restore_sheet(member->sheet, o, "sheet", err);
}

static apr_status_t restore_gone(wf_run_t *run, json_object *o, wf_error_t *err)
{
    wf_members_t *members = run->members;
    apr_int64_t part = wf_json_int(o, "part", -1);

    if (part < 0 || part >= members->n) {
        return wf_error_set(err, WF_ERR_INVALID, "no record of somebody who is lost");
    }
    APR_ARRAY_PUSH(members->gone, gone_t) =
        (gone_t){ .name = apr_pstrdup(run->pool, wf_json_string(o, "name", "")),
                  .part = (int)part,
                  .iterations = wf_json_int(o, "iterations", 0),
                  .vus = wf_json_int(o, "vus", 0) };
    return APR_SUCCESS;
}

apr_status_t wf_members_restore(wf_run_t *run, json_object *json, wf_error_t *err)
{
    wf_members_t *members = run->members;
    json_object *list = wf_json_get(json, "list"), *gone = wf_json_get(json, "gone");
    apr_status_t rv = restore_sheet(members->past, json, "past", err);
    size_t i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!json_object_is_type(list, json_type_array)
        || json_object_array_length(list) != (size_t)members->n
        || !json_object_is_type(gone, json_type_array)) {
        return wf_error_set(err, WF_ERR_INVALID, "its record is not of %d members",
                            members->n);
    }
    for (i = 0; rv == APR_SUCCESS && i < json_object_array_length(list); i++) {
        rv = restore_member(run, &members->all[i], json_object_array_get_idx(list, i),
                            err);
    }
    for (i = 0; rv == APR_SUCCESS && i < json_object_array_length(gone); i++) {
        rv = restore_gone(run, json_object_array_get_idx(gone, i), err);
    }
    add_up(members);
    return rv;
}

/* ---- what they tell ------------------------------------------------------------------------ */

/* The run of that id with that member, to be let go; NULL with an error. */
static wf_run_t *hold_on(wf_load_t *load, const char *id, int member, wf_error_t *err)
{
    wf_run_t *run = wf_run_hold_on(load, id);

    if (run != NULL && run->members != NULL && member >= 0 && member < run->members->n) {
        return run;
    }
    if (run != NULL) {
        wf_run_let_go(run);
    }
    wf_error_set(err, WF_ERR_NOT_FOUND, "execution %s is not running with a member %d",
                 id, member);
    return NULL;
}

/* While this process was away its members went on: the run is as old as they are. */
static void catch_up(wf_run_t *run, const wf_resume_t *state)
{
    apr_int64_t behind;

    pthread_mutex_lock(&run->load->lock);
    behind = state->elapsed_us - (wf_run_elapsed_us(run) - run->main_us);
    if (run->phase == WF_RUN_MAIN && run->paused_us == 0 && run->end_us == 0
        && behind > NS_PER_S / 1000) {
        run->start_us -= behind;
    }
    pthread_mutex_unlock(&run->load->lock);
}

apr_status_t wf_load_member_news(wf_load_t *load, const char *id,
                                 const wf_member_news_t *news, apr_int64_t *have,
                                 wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, news->member, err);
    wf_resume_t now = { 0 };
    apr_status_t rv;

    if (run == NULL) {
        return WF_EFAILED;
    }
    pthread_mutex_lock(&run->members->lock);
    rv = take_news(run, news, have, err);
    if (rv == APR_SUCCESS && run->members->all[news->member].state != NULL) {
        now.elapsed_us = run->members->all[news->member].state->elapsed_us;
    }
    pthread_mutex_unlock(&run->members->lock);
    if (run->resume != NULL) {
        catch_up(run, &now);
    }
    wf_run_let_go(run);
    return rv;
}

/* ---- the end of tasks ---------------------------------------------------------------------- */

/* What setup has left becomes what all iterations begin with. */
static void take_variables(wf_run_t *run, const char *text)
{
    json_object *o;
    wf_error_t err;

    wf_error_init(&err, run->pool);
    if (wf_json_read(&o, text, strlen(text), run->pool, &err) == APR_SUCCESS
        && json_object_is_type(o, json_type_object)) {
        run->initial = wf_value_from_json(o, run->pool).as.map;
        return;
    }
    run->broken = 1;
    wf_sheet_error(run->sheet, NULL, "EXECUTION_ERROR",
                   "what the setup has left is no object", wf_time_ms());
}

static void note_end(wf_run_t *run, const member_t *member, const char *variables)
{
    if (run->phase == WF_RUN_MAIN && member->status == WF_RUN_ABORTED && !run->stopping) {
        run->broken = 1;
        wf_sheet_error(
            run->sheet, NULL, "EXECUTION_ERROR",
            apr_psprintf(run->pool, "slave %s has stopped by itself", member->name),
            wf_time_ms());
    }
    if (run->phase != WF_RUN_MAIN && member->status != WF_RUN_COMPLETED) {
        run->broken |= !run->stopping || run->phase == WF_RUN_TEARDOWN;
    }
    else if (run->phase == WF_RUN_SETUP && variables != NULL) {
        take_variables(run, variables);
    }
}

apr_status_t wf_load_member_over(wf_load_t *load, const char *id, int i, apr_int64_t task,
                                 wf_run_status_e status, const char *variables,
                                 wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    member_t *member;

    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    if (!member->over && member->task == task) {
        pthread_mutex_lock(&run->members->lock);
        member->over = 1;
        member->status = status;
        pthread_mutex_unlock(&run->members->lock);
        note_end(run, member, variables);
        if (all_over(run->members)) {
            wf_run_phase_over(run);
        }
    }
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return APR_SUCCESS;
}

static const char *loss_of(const wf_run_t *run, const member_t *member,
                           const char *reason, const char *successor)
{
    apr_int64_t done = done_of(member, run->plan->nscenarios);
    const char *known = apr_psprintf(run->pool,
                                     "slave %s is lost (%s): %" APR_INT64_T_FMT
                                     " iterations of its part are known",
                                     member->name, reason, done);

    if (successor != NULL) {
        return apr_pstrcat(run->pool, known, ", slave ", successor, " goes on from there",
                           NULL);
    }
    return member->planned > 0
               ? apr_psprintf(run->pool,
                              "%s, the other %" APR_INT64_T_FMT " are not made", known,
                              member->planned - done)
               : apr_pstrcat(run->pool, known, ", nobody goes on with it", NULL);
}

/* Setup and teardown are done again, and so is a part of which nothing is known: the next
 * task counts from nothing, and what the lost one did was done. */
static void begin_anew(wf_members_t *members, member_t *member)
{
    wf_sheet_merge(members->past, member->sheet);
    wf_sheet_clear(member->sheet);
    member->sequence = 0;
}

static int goes_on(const wf_run_t *run, const member_t *member)
{
    return run->phase == WF_RUN_MAIN && member->state_text != NULL
           && member->sequence > 0;
}

/* With both locks. */
static void lose(wf_run_t *run, member_t *member, const char *successor)
{
    wf_members_t *members = run->members;
    gone_t done = done_by(run, member);

    APR_ARRAY_PUSH(members->gone, gone_t) = done;
    if (successor == NULL) {
        member->over = member->given_up = 1;
        member->status = WF_RUN_FAILED;
        return;
    }
    member->name = apr_pstrdup(run->pool, successor);
    member->task++;
    member->others_done += done.iterations;
    member->others_vus += done.vus;
    if (!goes_on(run, member)) {
        begin_anew(members, member);
    }
}

static int nobody_left(const wf_run_t *run)
{
    const wf_members_t *members = run->members;
    int i;

    for (i = 0; i < members->n; i++) {
        if (!members->all[i].given_up && has_work(run, &members->all[i])) {
            return 0;
        }
    }
    return 1;
}

apr_status_t wf_load_member_lost(wf_load_t *load, const char *id, int i,
                                 const char *reason, const char *successor,
                                 apr_int64_t *task, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    apr_status_t rv = APR_SUCCESS;
    member_t *member;

    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    if (member->over) {
        rv = wf_error_set(err, WF_ERR_CONFLICT, "the task of slave %s is over",
                          member->name);
    }
    else {
        pthread_mutex_lock(&run->members->lock);
        wf_sheet_error(run->sheet, NULL, "CONNECTION_ERROR",
                       loss_of(run, member, reason, successor), wf_time_ms());
        lose(run, member, successor);
        *task = member->task;
        pthread_mutex_unlock(&run->members->lock);
        run->broken |=
            member->given_up && (run->phase != WF_RUN_MAIN || nobody_left(run));
        if (all_over(run->members)) {
            wf_run_phase_over(run);
        }
    }
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return rv;
}

/* Its record, with what has been ordered since. */
static const char *state_now(const wf_run_t *run, const member_t *member, apr_pool_t *p)
{
    wf_error_t err;
    json_object *o, *scenarios;
    int i;

    wf_error_init(&err, p);
    if (wf_json_read(&o, member->state_text, strlen(member->state_text), p, &err)
        != APR_SUCCESS) {
        return apr_pstrdup(p, member->state_text); /* never: it was read before */
    }
    scenarios = wf_json_get(o, "scenarios");
    for (i = 0; i < run->plan->nscenarios; i++) {
        if (run->scaled[i] >= 0) {
            wf_json_add_int(wf_json_get(scenarios, run->plan->scenarios[i].name), "vus",
                            run->scaled[i]);
        }
    }
    return wf_json_text(o, NULL, p);
}

apr_status_t wf_load_member_record(wf_load_t *load, const char *id, int i,
                                   wf_run_from_t *from, apr_pool_t *p, wf_error_t *err)
{
    wf_run_t *run = hold_on(load, id, i, err);
    const member_t *member;

    memset(from, 0, sizeof(*from));
    if (run == NULL) {
        return WF_EFAILED;
    }
    member = &run->members->all[i];
    pthread_mutex_lock(&load->lock);
    pthread_mutex_lock(&run->members->lock);
    if (goes_on(run, member)) {
        from->sequence = member->sequence;
        from->state = state_now(run, member, p);
        from->sheet = wf_sheet_encode(member->sheet, p);
        from->paused = run->status == WF_RUN_PAUSED;
    }
    pthread_mutex_unlock(&run->members->lock);
    pthread_mutex_unlock(&load->lock);
    wf_run_let_go(run);
    return APR_SUCCESS;
}
