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

static void on_order(void *baton, const char *id, const wf_order_t *order)
{
    wf_coordinator_t *c = baton;
    wf_note_t *note = calloc(1, sizeof(*note));
    json_object *o = json_object_new_object();

    if (note == NULL) {
        abort();
    }
    wf_json_add_string(o, "type", "order");
    wf_json_add_string(o, "execution", id);
    wf_json_add_string(o, "order", wf_order_name(order->order));
    if (order->order == WF_ORDER_BEGIN) {
        wf_json_add_string(o, "phase", order->phase);
        if (order->variables != NULL) {
            wf_json_add_string(o, "variables", order->variables);
        }
        json_object_object_add(o, "tasks", tasks_json(order->tasks, order->n));
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
    e->orders = json_object_new_array();
    for (i = 0; i < e->n; i++) {
        e->parts[i].task = json_object_get_int64(json_object_array_get_idx(tasks, i));
        e->parts[i].over = e->parts[i].task == 0;
        wf_distributed_assign(c, e, i);
    }
}

static void send_order(wf_coordinator_t *c, wf_distributed_t *e, json_object *o)
{
    wf_peer_t *peer;
    int i;

    json_object_array_add(e->orders, json_object_get(o));
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
        if (wf_load_is_live(c->options.load, e->id)) {
            at = &e->next;
            continue;
        }
        *at = e->next;
        free_execution(e);
    }
}

/* Who is away for longer than the timeout does not come back in time. */
static void look_for_losses(wf_coordinator_t *c, apr_pool_t *p)
{
    apr_array_header_t *all;
    int i;

    wf_registry_expire(c->options.registry, wf_time_ms(), p);
    all = wf_registry_list(c->options.registry, p);
    for (i = 0; i < all->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(all, i, wf_slave_t);

        if (slave->state == WF_SLAVE_OFFLINE
            && wf_time_ms() - slave->last_seen_ms > c->options.timeout_ms) {
            wf_coordinator_lose(c, slave->id, "nothing was heard of it for too long");
        }
    }
}

static wf_note_t *next_note(wf_coordinator_t *c, int *quit)
{
    apr_int64_t until = wf_mono_us() + TICK_US;
    struct timespec at = { .tv_sec = until / 1000000, .tv_nsec = until % 1000000 * 1000 };
    wf_note_t *note;

    pthread_mutex_lock(&c->notes_lock);
    if (c->notes == NULL && !c->quit) {
        pthread_cond_timedwait(&c->noted, &c->notes_lock, &at);
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
    apr_int64_t look_at = 0;
    int quit = 0;

    while (!quit) {
        wf_note_t *note = next_note(c, &quit);

        if (note != NULL) {
            carry(c, note->o);
            json_object_put(note->o);
            free(note);
        }
        if (wf_mono_us() >= look_at) {
            look_at = wf_mono_us() + TICK_US;
            pthread_mutex_lock(&c->lock);
            look_for_losses(c, p);
            forget_ended(c);
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
    pthread_condattr_t attr;

    pthread_mutex_init(&c->lock, NULL);
    pthread_mutex_init(&c->notes_lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&c->noted, &attr);
    pthread_condattr_destroy(&attr);
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

void wf_coordinator_destroy(wf_coordinator_t *c)
{
    wf_distributed_t *e, *next;
    wf_note_t *note;

    pthread_mutex_lock(&c->notes_lock);
    c->quit = 1;
    pthread_cond_signal(&c->noted);
    pthread_mutex_unlock(&c->notes_lock);
    pthread_join(c->thread, NULL);
    wf_links_destroy(c->links);
    while ((note = c->notes) != NULL) {
        c->notes = note->next;
        json_object_put(note->o);
        free(note);
    }
    for (e = c->executions; e != NULL; e = next) {
        next = e->next;
        free_execution(e);
    }
    while (c->peers != NULL) {
        wf_peer_forget(c, c->peers->link);
    }
    free_locks(c);
}

wf_links_t *wf_coordinator_links(wf_coordinator_t *c)
{
    return c->links;
}

/* ---- beginning -------------------------------------------------------------------------------------------------- */

static wf_distributed_t *make_execution(const wf_distribute_t *what,
                                        const apr_array_header_t *chosen)
{
    apr_pool_t *p = wf_pool_create("wf_distributed", 0);
    wf_distributed_t *e = apr_pcalloc(p, sizeof(*e));
    int i;

    e->pool = p;
    e->phase_pool = wf_pool_create("wf_distributed_phase", 0);
    e->id = apr_pstrdup(p, what->id);
    e->workflow = apr_pstrdup(p, what->workflow);
    e->is_json = what->is_json;
    e->loss = what->loss;
    e->selector = *what->selector;
    e->selector.ids = wf_names_copy(what->selector->ids, p);
    e->selector.capabilities = wf_names_copy(what->selector->capabilities, p);
    e->selector.type = apr_pstrdup(p, what->selector->type);
    e->selector.labels = what->selector->labels
                             ? apr_table_clone(p, what->selector->labels)
                             : apr_table_make(p, 1);
    e->wanted.capabilities = wf_names_copy(what->wanted->capabilities, p);
    e->orders = json_object_new_array();
    e->n = chosen->nelts;
    e->weights = wf_select_weights(chosen, p);
    e->parts = apr_pcalloc(p, (apr_size_t)e->n * sizeof(*e->parts));
    for (i = 0; i < e->n; i++) {
        e->parts[i].slave =
            apr_pstrdup(p, APR_ARRAY_IDX(chosen, i, const wf_slave_t *)->id);
        e->parts[i].over = 1;
    }
    return e;
}

/* With the lock, so that its first order waits until it is known. */
static apr_status_t begin(wf_coordinator_t *c, wf_distributed_t *e, wf_plan_t *plan,
                          apr_pool_t *plan_pool, wf_error_t *err)
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
    rv = wf_load_spread(c->options.load, plan, plan_pool, e->id, NULL, &spread, err);
    if (rv == APR_SUCCESS) {
        e->next = c->executions;
        c->executions = e;
    }
    else {
        free_execution(e);
    }
    return rv;
}

apr_status_t wf_coordinator_start(wf_coordinator_t *c, wf_plan_t *plan,
                                  apr_pool_t *plan_pool, const wf_distribute_t *what,
                                  wf_error_t *err)
{
    apr_pool_t *p = wf_pool_create("wf_distribute", 0);
    apr_array_header_t *chosen = NULL;
    apr_status_t rv = wf_select(&chosen, wf_registry_list(c->options.registry, p),
                                what->selector, what->wanted, p, err);

    if (rv != APR_SUCCESS) {
        apr_pool_destroy(plan_pool);
    }
    else {
        pthread_mutex_lock(&c->lock);
        rv = begin(c, make_execution(what, chosen), plan, plan_pool, err);
        pthread_mutex_unlock(&c->lock);
    }
    apr_pool_destroy(p);
    return rv;
}
