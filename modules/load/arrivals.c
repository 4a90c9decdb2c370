/* Modes with an arrival rate: iterations begin by a schedule, whatever the target's
 * answers take. A start takes a user that is free, else one more is made up to max_vus,
 * else it is passed to a loop that has one; if there is none the iteration is dropped,
 * for one that began later would not be the load that was asked for. An iteration is
 * measured from when it was meant to begin.
 *
 * Of n loops each takes every n-th start. */
#include "load/arrivals.h"

#include <string.h>

#define MAX_RATE 1000000  /* starts a second */
#define MIN_MAX_VUS 10    /* unless the document says less */
#define MAX_HOPS 3        /* of a start from loop to loop */
#define BREATH_US 1000000 /* after a user could not be made */

typedef struct state_t {
    wf_arrivals_t schedule;
    wf_segment_t part;    /* of the starts, what the run has … */
    apr_int64_t start;    /* … and the next one of this shard among them … */
    apr_int64_t due_us;   /* … and when; -1: none is left */
    apr_int64_t broke_us; /* a user could not be made then, on the loop's clock */
} state_t;

/* ---- checking ------------------------------------------------------------------------ */

/* The highest rate of the shape, a second. */
static double peak(const wf_load_shape_t *shape)
{
    apr_int64_t most = shape->nstages > 0 ? shape->start_rate : wf_arrivals_rate(shape);
    int i;

    for (i = 0; i < shape->nstages; i++) {
        most = shape->stages[i].target > most ? shape->stages[i].target : most;
    }
    return (double)most * (double)NS_PER_S / (double)shape->time_unit_ns;
}

static apr_int64_t within(double vus, apr_int64_t least)
{
    return vus < (double)least             ? least
           : vus > (double)WF_PLAN_MAX_VUS ? WF_PLAN_MAX_VUS
                                           : (apr_int64_t)vus;
}

/* Unless told, as many as are needed if an iteration takes a second; in a ramp a tenth.
 */
apr_int64_t wf_arrivals_pre(const wf_load_shape_t *shape)
{
    apr_int64_t pre = within(shape->nstages > 0 ? peak(shape) / 10 : peak(shape), 1);

    if (shape->pre_allocated_vus >= 0) {
        return shape->pre_allocated_vus;
    }
    return shape->max_vus >= 0 && pre > shape->max_vus ? shape->max_vus : pre;
}

apr_int64_t wf_arrivals_max(const wf_load_shape_t *shape)
{
    double pre = (double)wf_arrivals_pre(shape) * 2;

    if (shape->max_vus >= 0) {
        return shape->max_vus;
    }
    return within(shape->nstages > 0 && peak(shape) > pre ? peak(shape) : pre,
                  MIN_MAX_VUS);
}

static void problem(const char *rule, const char *key, const char *text,
                    const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };
    const wf_node_t *member = node ? wf_node_get(node, key) : NULL;

    wf_compile_problem(c, rule, member ? member : node, &at, "%s", text);
}

void wf_arrivals_check(wf_load_shape_t *shape, const wf_node_t *node,
                       const wf_where_t *path, wf_compile_t *c)
{
    if (shape->time_unit_ns == 0) {
        problem("range", "time_unit", "must be more than 0", node, path, c);
        return;
    }
    if (peak(shape) > MAX_RATE) {
        problem("limit", shape->nstages > 0 ? "stages" : "rate",
                "more than 1000000 starts a second", node, path, c);
    }
    if (shape->max_vus == 0) {
        problem("range", "max_vus", "must be at least 1", node, path, c);
    }
    else if (shape->max_vus > 0 && shape->pre_allocated_vus > shape->max_vus) {
        problem("range", "pre_allocated_vus", "is more than max_vus", node, path, c);
    }
}

/* ---- free users ---------------------------------------------------------------------- */

/* Those of the target that this shard may still make. */
static apr_int64_t makeable(const wf_shard_t *shard)
{
    apr_int64_t all = wf_segment_share(&shard->segment, shard->target);
    apr_int64_t mine =
        all > shard->index ? (all - shard->index - 1) / shard->stride + 1 : 0;

    return mine > shard->nvus ? mine - shard->nvus : 0;
}

static void tell_spare(wf_shard_t *shard)
{
    __atomic_store_n(&shard->spare, shard->nidle + makeable(shard), __ATOMIC_RELAXED);
}

static void push_idle(wf_shard_t *shard, wf_vu_t *vu)
{
    vu->next_idle = shard->idle;
    shard->idle = vu;
    shard->nidle++;
    tell_spare(shard);
}

/* After the target has changed, or a pause in which users ended their iterations without
 * being asked for the next. */
static void collect_idle(wf_shard_t *shard)
{
    int i;

    shard->idle = NULL;
    shard->nidle = 0;
    for (i = 0; i < shard->nvus; i++) {
        wf_vu_t *vu = shard->vus[i];

        if (vu->state != WF_VU_IDLE) {
            continue;
        }
        if (vu->intended_us > 0 && !shard->part->paused) {
            vu->intended_us = wf_mono_us(); /* the pause came before its turn */
            wf_vu_wake(vu);
        }
        else if (vu->number <= shard->target) {
            push_idle(shard, vu);
        }
    }
    tell_spare(shard);
}

static wf_vu_t *pop_idle(wf_shard_t *shard)
{
    wf_vu_t *vu = shard->idle;

    if (vu != NULL) {
        shard->idle = vu->next_idle;
        shard->nidle--;
    }
    return vu;
}

/* One more user for this shard; a failure is not repeated with every start. */
static wf_vu_t *make(wf_shard_t *shard)
{
    state_t *state = shard->state;
    apr_int64_t now = wf_mono_us();
    wf_vu_t *vu;

    if (makeable(shard) == 0
        || (state->broke_us > 0 && now - state->broke_us < BREATH_US)) {
        return NULL;
    }
    vu = wf_shard_add(shard);
    state->broke_us = vu != NULL ? 0 : now;
    return vu;
}

/* ---- starts -------------------------------------------------------------------------- */

static int begin_one(wf_shard_t *shard, apr_int64_t intended_us)
{
    wf_vu_t *vu = pop_idle(shard);

    if (vu != NULL) {
        vu->intended_us = intended_us;
        wf_vu_wake(vu);
    }
    else if ((vu = make(shard)) != NULL) {
        vu->intended_us = intended_us; /* it is ready already */
    }
    tell_spare(shard);
    return vu != NULL;
}

static void drop(wf_shard_t *shard)
{
    wf_part_t *part = shard->part;

    wf_sheet_count(part->warming ? part->warm : shard->sheet, WF_M_DROPPED, 1);
}

static void on_passed(wf_loop_t *loop, wf_message_t *message);

/* To the next loop that has a free user. A shard passes on only while it runs, so the run
 * cannot end before the letter was read. */
static void pass_on(wf_shard_t *shard, apr_int64_t intended_us, int hops)
{
    wf_run_t *run = shard->run;
    int s = shard->scenario->index, i;

    for (i = 1; i < run->nparts && hops < MAX_HOPS; i++) {
        wf_part_t *part = &run->parts[(shard->index + i) % run->nparts];

        if (__atomic_load_n(&part->coming[s].spare, __ATOMIC_RELAXED) > 0) {
            wf_loop_tell(part->loop, on_passed, &part->coming[s], intended_us, hops + 1);
            return;
        }
    }
    drop(shard);
}

/* about: the shard; amount: when it was meant to begin, more: hops so far. */
static void on_passed(wf_loop_t *loop, wf_message_t *message)
{
    wf_shard_t *shard = message->about;

    (void)loop;
    if (!wf_shard_open(shard)) {
        drop(shard);
    }
    else if (!begin_one(shard, message->amount)) {
        pass_on(shard, message->amount, (int)message->more);
    }
}

/* When the next start is; -1: none is left. */
static apr_int64_t due(const wf_shard_t *shard)
{
    state_t *state = shard->state;
    apr_int64_t k = wf_segment_nth(&state->part, state->start);

    return k >= 0 ? wf_arrivals_at(&state->schedule, k) : -1;
}

void wf_arrivals_tick(wf_shard_t *shard)
{
    state_t *state = shard->state;
    apr_int64_t now = wf_shard_elapsed_us(shard);
    apr_int64_t zero = shard->began_us + shard->part->shift_us;

    while (state->due_us >= 0 && state->due_us <= now) {
        if (!begin_one(shard, zero + state->due_us)) {
            pass_on(shard, zero + state->due_us, 0);
        }
        state->start += shard->stride;
        state->due_us = due(shard);
    }
    if (state->due_us >= 0) {
        wf_shard_tick_at(shard, state->due_us);
    }
}

/* ---- the executor's calls -------------------------------------------------------------- */

/* Is the n-th start of the shard older than age_us? */
static int is_older(const wf_shard_t *shard, apr_int64_t n, apr_int64_t age_us)
{
    const state_t *state = shard->state;
    apr_int64_t k = wf_segment_nth(&state->part, shard->index + n * shard->stride), at;
    wf_arrivals_t look;

    wf_arrivals_init(&look, &shard->scenario->shape);
    at = k >= 0 ? wf_arrivals_at(&look, k) : -1;
    return at >= 0 && at < age_us;
}

/* The first start of the shard that is not older than a restart: those before were made
 * by the engine that is gone. Starts rise with their number. */
static apr_int64_t first_start(const wf_shard_t *shard)
{
    apr_int64_t age = shard->part->age_us - shard->scenario->start_ns / 1000;
    apr_int64_t low = 0, high = 1; /* low is older, high is not */

    if (age <= 0 || !is_older(shard, 0, age)) {
        return shard->index;
    }
    while (is_older(shard, high, age)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        apr_int64_t middle = low + (high - low) / 2;

        if (is_older(shard, middle, age)) {
            low = middle;
        }
        else {
            high = middle;
        }
    }
    return shard->index + high * shard->stride;
}

void wf_arrivals_begin(wf_shard_t *shard)
{
    const wf_load_shape_t *shape = &shard->scenario->shape;
    state_t *state = apr_pcalloc(shard->part->pool, sizeof(*state));

    shard->state = state;
    shard->tick.exact = 1;
    shard->target = wf_arrivals_max(shape);
    wf_shard_make(shard, wf_arrivals_pre(shape));
    tell_spare(shard);
    wf_arrivals_init(&state->schedule, shape);
    state->part = wf_segment_of_users(&shard->segment, shard->target);
    state->start = first_start(shard);
    state->due_us = due(shard);
    if (state->due_us >= 0) {
        /* Not in this turn of the loop: the users have theirs first. */
        wf_shard_tick_at(shard, state->due_us > 0 ? state->due_us : 1);
    }
}

wf_next_e wf_arrivals_next(wf_shard_t *shard, wf_vu_t *vu)
{
    if (vu->intended_us > 0) {
        return WF_NEXT_GO;
    }
    push_idle(shard, vu);
    return WF_NEXT_IDLE;
}

void wf_arrivals_resumed(wf_shard_t *shard)
{
    collect_idle(shard);
}

void wf_arrivals_scale(wf_shard_t *shard, apr_int64_t vus)
{
    shard->target = vus;
    collect_idle(shard);
}
