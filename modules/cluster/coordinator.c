/* The master's coordinator: it carries the orders of spread executions to slaves and what
 * they tell back, and finds a successor for whoever is lost.
 *
 * Figures are counted on the links' thread, as they come. Orders come with the load
 * engine's lock held, so they are only noted; a thread of its own sends them, and looks
 * each second who has fallen silent. What both share has one lock, taken before the load
 * engine's. */
#include "cluster/coordinator.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TICK_US 250000

/* An order, to be sent: {execution, order, …} as on the wire, or phase, variables, tasks.
 */
struct wf_note_t {
    json_object *o;
    wf_note_t *next;
};

/* An execution that waits for slaves. */
struct wf_waiting_t {
    wf_distribute_t what; /* a copy */
    wf_plan_t *plan;
    apr_pool_t *plan_pool, *pool;
    apr_int64_t until_us; /* wf_mono_us */
    wf_waiting_t *next;
};

/* ---- orders ------------------------------------------------------------------------------------------ */

static json_object *tasks_json(const apr_int64_t *tasks, int n)
{
    json_object *list = json_object_new_array();
    int i;

    for (i = 0; i < n; i++) {
        json_object_array_add(list, json_object_new_int64(tasks[i]));
    }
    return list;
}

static json_object *order_json(const char *execution, wf_order_e order)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "type", "order");
    wf_json_add_string(o, "execution", execution);
    wf_json_add_string(o, "order", wf_order_name(order));
    return o;
}

static void on_order(void *baton, const char *id, const wf_order_t *order)
{
    wf_coordinator_t *c = baton;
    wf_note_t *note = calloc(1, sizeof(*note));
    json_object *o = order_json(id, order->order);

    if (note == NULL) {
        abort();
    }
    if (order->order == WF_ORDER_BEGIN) {
        wf_json_add_string(o, "phase", order->phase);
        if (order->variables != NULL) {
            wf_json_add_string(o, "variables", order->variables);
        }
        json_object_object_add(o, "tasks", tasks_json(order->tasks, order->n));
        wf_json_add_bool(o, "paused", order->paused);
        wf_json_add_bool(o, "again", order->again);
    }
    if (order->order == WF_ORDER_SCALE) {
        wf_json_add_string(o, "scenario", order->scenario);
        wf_json_add_int(o, "vus", order->vus);
    }
    note->o = o;
    pthread_mutex_lock(&c->notes_lock);
    *c->last_note = note;
    c->last_note = &note->next;
    pthread_cond_signal(&c->noted);
    pthread_mutex_unlock(&c->notes_lock);
}

/* What an order is about: a later one about the same takes its place. Slaves that were
 * not connected get those that hold, and obey them once more. */
static const char *subject_of(json_object *o, apr_pool_t *p)
{
    wf_order_e order = (wf_order_e)wf_order_parse(wf_json_string(o, "order", ""));

    switch (order) {
    case WF_ORDER_SCALE:
        return apr_pstrcat(p, "scale ", wf_json_string(o, "scenario", ""), NULL);
    case WF_ORDER_PAUSE:
    case WF_ORDER_RESUME:
        return "pause";
    default:
        return wf_order_name(order);
    }
}

static void keep_order(wf_distributed_t *e, json_object *o)
{
    json_object_object_add(e->orders, subject_of(o, e->phase_pool), json_object_get(o));
}

/* A pause from before a restart, or its end, which a slave may not have heard. */
static void keep_pause(wf_distributed_t *e, int paused)
{
    json_object *o = order_json(e->what.id, paused ? WF_ORDER_PAUSE : WF_ORDER_RESUME);

    keep_order(e, o);
    json_object_put(o);
}

static void begin_phase(wf_coordinator_t *c, wf_distributed_t *e, json_object *o)
{
    json_object *tasks = wf_json_get(o, "tasks");
    const char *variables = wf_json_string(o, "variables", NULL);
    int i;

    apr_pool_clear(e->phase_pool);
    e->phase = apr_pstrdup(e->phase_pool, wf_json_string(o, "phase", ""));
    e->variables = variables ? apr_pstrdup(e->phase_pool, variables) : NULL;
    e->start_us = (apr_int64_t)apr_time_now()
                  + (strcmp(e->phase, "main") == 0 ? WF_START_AHEAD : 0);
    json_object_put(e->orders);
    e->orders = json_object_new_object();
    keep_pause(e, wf_json_bool(o, "paused", 0));
    for (i = 0; i < e->n; i++) {
        e->parts[i].task = json_object_get_int64(json_object_array_get_idx(tasks, i));
        e->parts[i].over = e->parts[i].task == 0;
        e->parts[i].waits = strcmp(e->phase, "main") == 0 && !wf_json_bool(o, "again", 0);
        e->parts[i].moving = e->parts[i].lost = NULL;
        wf_distributed_assign(c, e, i);
    }
}

static void send_order(wf_coordinator_t *c, wf_distributed_t *e, json_object *o)
{
    wf_peer_t *peer;
    int i;

    keep_order(e, o);
    for (peer = c->peers; peer != NULL; peer = peer->next) {
        for (i = 0; i < e->n; i++) {
            if (!e->parts[i].over && strcmp(e->parts[i].slave, peer->id) == 0) {
                wf_link_send(c->links, peer->link, o); /* it is for all its tasks */
                break;
            }
        }
    }
}

static void carry(wf_coordinator_t *c, json_object *o)
{
    wf_distributed_t *e;

    pthread_mutex_lock(&c->lock);
    e = wf_distributed_find(c, wf_json_string(o, "execution", ""));
    if (e != NULL && strcmp(wf_json_string(o, "order", ""), "begin") == 0) {
        begin_phase(c, e, o);
    }
    else if (e != NULL) {
        send_order(c, e, o);
    }
    pthread_mutex_unlock(&c->lock);
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

static void free_execution(wf_distributed_t *e)
{
    json_object_put(e->orders);
    apr_pool_destroy(e->phase_pool);
    apr_pool_destroy(e->pool);
}

/* Executions of which the load engine knows nothing any more. */
static void forget_ended(wf_coordinator_t *c)
{
    wf_distributed_t **at = &c->executions, *e;

    while ((e = *at) != NULL) {
        if (wf_load_is_live(c->options.load, e->what.id)) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        free_execution(e);
    }
}

/* Is he away for longer than the timeout? Whoever was known to a master before this one
 * has as long from when this one began, and so has everybody after it was stopped itself.
 */
static int is_lost(const wf_coordinator_t *c, const wf_distributed_t *e,
                   const apr_array_header_t *slaves, const char *id)
{
    apr_int64_t known_ms = (wf_mono_us() - e->since_us) / 1000;
    int i;

    for (i = 0; i < slaves->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(slaves, i, wf_slave_t);

        if (strcmp(slave->id, id) == 0) {
            return slave->state == WF_SLAVE_OFFLINE && known_ms > c->options.timeout_ms
                   && wf_cluster_ms() - slave->last_seen_ms > c->options.timeout_ms;
        }
    }
    return known_ms > c->options.timeout_ms;
}

static void look_for_losses(wf_coordinator_t *c, apr_pool_t *p)
{
    apr_array_header_t *slaves;
    wf_distributed_t *e;
    int i;

    wf_registry_expire(c->options.registry, wf_cluster_ms(), p);
    slaves = wf_registry_list(c->options.registry, p);
    for (e = c->executions; e != NULL; e = e->next) {
        for (i = 0; i < e->n; i++) {
            const wf_distributed_part_t *part = &e->parts[i];

            if (!part->over && part->lost != NULL) {
                wf_distributed_lose(c, e, i, part->lost);
            }
            else if (!part->over && is_lost(c, e, slaves, part->slave)) {
                wf_distributed_lose(c, e, i, "silent for too long");
            }
        }
    }
}

/* This process, or its machine, has stood still: that nobody was heard meanwhile says
 * nothing about slaves. */
static void forgive_silence(wf_coordinator_t *c, apr_int64_t late_us)
{
    wf_distributed_t *e;

    if (late_us < c->options.timeout_ms * 1000 / 2) {
        return;
    }
    wf_log(WF_LOG_WARN,
           "master: it stood still for %" APR_INT64_T_FMT
           " ms; slaves get as long as ever to be heard again",
           late_us / 1000);
    for (e = c->executions; e != NULL; e = e->next) {
        e->since_us = wf_mono_us();
    }
}

static apr_status_t choose_and_begin(wf_coordinator_t *c, wf_plan_t *plan,
                                     apr_pool_t *plan_pool, const wf_distribute_t *what,
                                     int *chosen, wf_error_t *err);

/* 1 if nothing more is to be done about it. */
static int try_waiting(wf_coordinator_t *c, const wf_waiting_t *waiting, apr_pool_t *p)
{
    wf_error_t err;
    int chosen;

    wf_error_init(&err, p);
    if (choose_and_begin(c, waiting->plan, waiting->plan_pool, &waiting->what, &chosen,
                         &err)
        == APR_SUCCESS) {
        return 1;
    }
    if (!chosen && wf_mono_us() < waiting->until_us) {
        return 0;
    }
    if (!chosen) {
        apr_pool_destroy(waiting->plan_pool);
    }
    c->options.failed(c->options.baton, waiting->what.id, err.message);
    return 1;
}

static void begin_waiting(wf_coordinator_t *c, apr_pool_t *p)
{
    wf_waiting_t **at = &c->waiting, *waiting;

    while ((waiting = *at) != NULL) {
        if (!try_waiting(c, waiting, p)) {
            at = &waiting->next;
            continue;
        }
        *at = waiting->next;
        apr_pool_destroy(waiting->pool);
    }
}

static wf_note_t *next_note(wf_coordinator_t *c, int *quit)
{
    wf_note_t *note;

    pthread_mutex_lock(&c->notes_lock);
    if (c->notes == NULL && !c->quit) {
        wf_cond_wait_until(&c->noted, &c->notes_lock, wf_mono_us() + TICK_US);
    }
    note = c->notes;
    if (note != NULL) {
        c->notes = note->next;
        c->last_note = c->notes != NULL ? c->last_note : &c->notes;
    }
    *quit = c->quit;
    pthread_mutex_unlock(&c->notes_lock);
    return note;
}

static void *run(void *data)
{
    wf_coordinator_t *c = data;
    apr_pool_t *p = wf_pool_create("wf_coordinator", 0);
    apr_int64_t look_at = wf_mono_us(), now;
    int quit = 0;

    while (!quit) {
        wf_note_t *note = next_note(c, &quit);

        if (note != NULL) {
            carry(c, note->o);
            json_object_put(note->o);
            free(note);
        }
        now = wf_mono_us();
        if (now >= look_at) {
            pthread_mutex_lock(&c->lock);
            forgive_silence(c, now - look_at);
            look_at = now + TICK_US;
            look_for_losses(c, p);
            forget_ended(c);
            begin_waiting(c, p);
            wf_coordinator_share(c, p);
            pthread_mutex_unlock(&c->lock);
            apr_pool_clear(p);
        }
    }
    apr_pool_destroy(p);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------- */

static void init_locks(wf_coordinator_t *c)
{
    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->notes_lock, NULL);
    pthread_cond_init(&c->noted, NULL);
}

static void free_locks(wf_coordinator_t *c)
{
    pthread_cond_destroy(&c->noted);
    pthread_mutex_destroy(&c->notes_lock);
    pthread_mutex_destroy(&c->lock);
}

apr_status_t wf_coordinator_create(wf_coordinator_t **out,
                                   const wf_coordinator_options_t *options, apr_pool_t *p,
                                   wf_error_t *err)
{
    wf_coordinator_t *c = apr_pcalloc(p, sizeof(*c));
    wf_links_options_t links = { .owner = wf_coordinator_ears,
                                 .key = options->key,
                                 .trusted = options->trusted,
                                 .limit = options->max_links,
                                 .silence = options->timeout_ms * 1000 };
    apr_status_t rv;

    links.owner.baton = c;
    c->options = *options;
    if (c->options.heartbeat_ms == 0) {
        c->options.heartbeat_ms = WF_HEARTBEAT_INTERVAL_MS;
    }
    c->last_note = &c->notes;
    init_locks(c);
    rv = wf_links_create(&c->links, &links, p, err);
    if (rv == APR_SUCCESS && pthread_create(&c->thread, NULL, run, c) != 0) {
        wf_links_destroy(c->links);
        rv = wf_error_set(err, WF_ERR_INTERNAL, "the thread of the coordinator");
    }
    if (rv != APR_SUCCESS) {
        free_locks(c);
        return rv;
    }
    *out = c;
    return APR_SUCCESS;
}

apr_status_t wf_coordinator_drain(wf_coordinator_t *c, const char *id, wf_error_t *err)
{
    apr_status_t rv = wf_registry_drain(c->options.registry, id, err);
    json_object *o;

    if (rv == APR_SUCCESS) {
        o = json_object_new_object();
        wf_json_add_string(o, "type", "drain");
        pthread_mutex_lock(&c->lock);
        wf_coordinator_tell(c, c->closed ? 0 : wf_peer_link(c, id), o);
        pthread_mutex_unlock(&c->lock);
    }
    return rv;
}

void wf_coordinator_cut(wf_coordinator_t *c)
{
    wf_distributed_t *e;

    pthread_mutex_lock(&c->lock);
    for (e = c->executions; e != NULL; e = e->next) {
        json_object *o = order_json(e->what.id, WF_ORDER_CUT);

        send_order(c, e, o);
        json_object_put(o);
    }
    pthread_mutex_unlock(&c->lock);
}

void wf_coordinator_close(wf_coordinator_t *c)
{
    if (c->closed) {
        return;
    }
    pthread_mutex_lock(&c->notes_lock);
    c->quit = 1;
    pthread_cond_signal(&c->noted);
    pthread_mutex_unlock(&c->notes_lock);
    pthread_join(c->thread, NULL);
    pthread_mutex_lock(&c->lock);
    c->closed = 1;
    pthread_mutex_unlock(&c->lock);
    wf_links_destroy(c->links);
}

static void free_waiting(wf_waiting_t *waiting)
{
    apr_pool_destroy(waiting->plan_pool);
    apr_pool_destroy(waiting->pool);
}

void wf_coordinator_destroy(wf_coordinator_t *c)
{
    wf_distributed_t *e;
    wf_waiting_t *waiting;
    wf_note_t *note;

    wf_coordinator_close(c);
    while ((note = c->notes) != NULL) {
        c->notes = note->next;
        json_object_put(note->o);
        free(note);
    }
    while ((e = c->executions) != NULL) {
        c->executions = e->next;
        free_execution(e);
    }
    while (c->peers != NULL) {
        wf_peer_forget(c, c->peers->link);
    }
    while ((waiting = c->waiting) != NULL) {
        c->waiting = waiting->next;
        free_waiting(waiting);
    }
    free_locks(c);
}

wf_links_t *wf_coordinator_links(wf_coordinator_t *c)
{
    return c->links;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

static void copy_distribute(wf_distribute_t *to, const wf_distribute_t *from,
                            apr_pool_t *p)
{
    wf_selector_t *selector = apr_pmemdup(p, from->selector, sizeof(*selector));
    wf_wanted_t *wanted = apr_pmemdup(p, from->wanted, sizeof(*wanted));

    *to = *from;
    to->id = apr_pstrdup(p, from->id);
    to->workflow = apr_pstrdup(p, from->workflow);
    to->selector = selector;
    to->wanted = wanted;
    selector->ids = wf_names_copy(from->selector->ids, p);
    selector->capabilities = wf_names_copy(from->selector->capabilities, p);
    selector->type = apr_pstrdup(p, from->selector->type);
    selector->labels =
        from->selector->labels ? apr_table_clone(p, from->selector->labels) : NULL;
    wanted->capabilities = wf_names_copy(from->wanted->capabilities, p);
}

/* Slaves and weights are the caller's. */
static wf_distributed_t *make_execution(const wf_distribute_t *what, int n,
                                        const char *const *slaves,
                                        const apr_int64_t *weights)
{
    apr_pool_t *p = wf_pool_create("wf_distributed", 0);
    wf_distributed_t *e = apr_pcalloc(p, sizeof(*e));
    int i;

    e->pool = p;
    e->phase_pool = wf_pool_create("wf_distributed_phase", 0);
    copy_distribute(&e->what, what, p);
    e->since_us = wf_mono_us();
    e->orders = json_object_new_object();
    e->newcomers = apr_array_make(p, 4, sizeof(const char *));
    e->n = n;
    e->weights = apr_pmemdup(p, weights, (apr_size_t)n * sizeof(*weights));
    e->parts = apr_pcalloc(p, (apr_size_t)n * sizeof(*e->parts));
    for (i = 0; i < n; i++) {
        e->parts[i].slave = apr_pstrdup(p, slaves[i]);
        e->parts[i].over = 1;
    }
    return e;
}

/* With the lock, so that its first order waits until it is known. */
static apr_status_t begin(wf_coordinator_t *c, wf_distributed_t *e, wf_plan_t *plan,
                          apr_pool_t *plan_pool, const wf_run_from_t *from,
                          wf_error_t *err)
{
    wf_spread_t spread = {
        .n = e->n, .weights = e->weights, .order = on_order, .baton = c
    };
    const char **names = apr_pcalloc(e->pool, (apr_size_t)e->n * sizeof(*names));
    apr_status_t rv;
    int i;

    for (i = 0; i < e->n; i++) {
        names[i] = e->parts[i].slave;
    }
    spread.names = names;
    rv = wf_load_spread(c->options.load, plan, plan_pool, e->what.id, from, &spread, err);
    if (rv == APR_SUCCESS) {
        e->next = c->executions;
        c->executions = e;
    }
    else {
        free_execution(e);
    }
    return rv;
}

/* Who has which part at first: each slave some in a row, all of its weight. */
static wf_distributed_t *deal(const wf_distribute_t *what,
                              const apr_array_header_t *slaves, apr_pool_t *p)
{
    int each = what->late_joiners ? wf_parts_each(slaves->nelts, what->wanted->vus) : 1;
    int n = slaves->nelts * each, i;
    const char **names = apr_pcalloc(p, (apr_size_t)n * sizeof(*names));
    apr_int64_t *weights = apr_pcalloc(p, (apr_size_t)n * sizeof(*weights));
    const apr_int64_t *of = wf_select_weights(slaves, p);

    for (i = 0; i < n; i++) {
        names[i] = APR_ARRAY_IDX(slaves, i / each, const wf_slave_t *)->id;
        weights[i] = of[i / each];
    }
    return make_execution(what, n, names, weights);
}

/* With the lock. *chosen tells whether there were slaves to choose: if not, the plan is
 * still the caller's. */
static apr_status_t choose_and_begin(wf_coordinator_t *c, wf_plan_t *plan,
                                     apr_pool_t *plan_pool, const wf_distribute_t *what,
                                     int *chosen, wf_error_t *err)
{
    apr_pool_t *p = wf_pool_create("wf_distribute", 0);
    apr_array_header_t *slaves = NULL;
    apr_status_t rv = wf_select(&slaves, wf_registry_list(c->options.registry, p),
                                what->selector, what->wanted, p, err);

    *chosen = rv == APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        rv = begin(c, deal(what, slaves, p), plan, plan_pool, NULL, err);
    }
    apr_pool_destroy(p);
    return rv;
}

apr_status_t wf_coordinator_start(wf_coordinator_t *c, wf_plan_t *plan,
                                  apr_pool_t *plan_pool, const wf_distribute_t *what,
                                  wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    int chosen = 0;

    pthread_mutex_lock(&c->lock);
    if (!c->closed) {
        rv = choose_and_begin(c, plan, plan_pool, what, &chosen, err);
    }
    pthread_mutex_unlock(&c->lock);
    if (!chosen) {
        apr_pool_destroy(plan_pool);
    }
    return rv;
}

/* ---- after a restart ---------------------------------------------------------------------------- */

static void wait_for_slaves(wf_coordinator_t *c, wf_plan_t *plan, apr_pool_t *plan_pool,
                            const wf_distribute_t *what)
{
    apr_pool_t *p = wf_pool_create("wf_waiting", 0);
    wf_waiting_t *waiting = apr_pcalloc(p, sizeof(*waiting));

    waiting->pool = p;
    waiting->plan = plan;
    waiting->plan_pool = plan_pool;
    waiting->until_us = wf_mono_us() + c->options.timeout_ms * 1000;
    copy_distribute(&waiting->what, what, p);
    pthread_mutex_lock(&c->lock);
    waiting->next = c->waiting;
    c->waiting = waiting;
    pthread_mutex_unlock(&c->lock);
}

apr_status_t wf_coordinator_continue(wf_coordinator_t *c, wf_plan_t *plan,
                                     apr_pool_t *plan_pool, const wf_distribute_t *what,
                                     const wf_run_from_t *from, wf_error_t *err)
{
    wf_spread_t spread;
    apr_status_t rv;
    apr_pool_t *p;

    if (from == NULL) {
        wait_for_slaves(c, plan, plan_pool, what);
        return APR_SUCCESS;
    }
    p = wf_pool_create("wf_continue", 0);
    rv = wf_load_members_of(from, &spread, p, err);
    if (rv == APR_SUCCESS && spread.n == 0) {
        rv = wf_error_set(err, WF_ERR_INVALID, "its record has no members");
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(plan_pool);
    }
    else {
        pthread_mutex_lock(&c->lock);
        rv = begin(c, make_execution(what, spread.n, spread.names, spread.weights), plan,
                   plan_pool, from, err);
        pthread_mutex_unlock(&c->lock);
    }
    apr_pool_destroy(p);
    return rv;
}
