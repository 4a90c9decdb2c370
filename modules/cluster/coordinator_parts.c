/* Who is connected, who has which part of which execution, and who gets it when that one
 * is lost. */
#include "cluster/coordinator.h"

#include <apr_strings.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- who is where: with the lock ---------------------------------------------------------- */

wf_peer_t *wf_peer_of(const wf_coordinator_t *c, wf_link_t link)
{
    wf_peer_t *peer = c->peers;

    while (peer != NULL && peer->link != link) {
        peer = peer->next;
    }
    return peer;
}

wf_link_t wf_peer_link(const wf_coordinator_t *c, const char *id)
{
    const wf_peer_t *peer = c->peers;

    while (peer != NULL && strcmp(peer->id, id) != 0) {
        peer = peer->next;
    }
    return peer != NULL ? peer->link : 0;
}

void wf_peer_forget(wf_coordinator_t *c, wf_link_t link)
{
    wf_peer_t **at = &c->peers, *peer;

    while ((peer = *at) != NULL && peer->link != link) {
        at = &peer->next;
    }
    if (peer != NULL) {
        *at = peer->next;
        free(peer);
    }
}

wf_distributed_t *wf_distributed_find(const wf_coordinator_t *c, const char *id)
{
    wf_distributed_t *e = c->executions;

    while (e != NULL && strcmp(e->what.id, id) != 0) {
        e = e->next;
    }
    return e;
}

int wf_distributed_ending(const wf_distributed_t *e)
{
    return wf_json_get(e->orders, wf_order_name(WF_ORDER_STOP)) != NULL
           || wf_json_get(e->orders, wf_order_name(WF_ORDER_CUT)) != NULL;
}

/* The part that a message of a slave is about, if that slave has it. */
wf_distributed_part_t *wf_distributed_part(const wf_coordinator_t *c,
                                           const wf_task_name_t *name, const char *slave)
{
    wf_distributed_t *e = wf_distributed_find(c, name->execution);
    wf_distributed_part_t *part =
        e != NULL && name->member < e->n ? &e->parts[name->member] : NULL;

    return part != NULL && part->task == name->task && strcmp(part->slave, slave) == 0
               ? part
               : NULL;
}

/* Takes the reference. */
void wf_coordinator_tell(wf_coordinator_t *c, wf_link_t link, json_object *message)
{
    if (link != 0) {
        wf_link_send(c->links, link, message);
    }
    json_object_put(message);
}

/* ---- assignments: with the lock --------------------------------------------------------------- */

static json_object *weights_json(const wf_distributed_t *e)
{
    json_object *list = json_object_new_array();
    int i;

    for (i = 0; i < e->n; i++) {
        json_object_array_add(list, json_object_new_int64(e->weights[i]));
    }
    return list;
}

static json_object *from_json(const wf_run_from_t *from)
{
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "sequence", from->sequence);
    wf_json_add_string(o, "state", from->state);
    wf_json_add_string(o, "sheet", from->sheet);
    return o;
}

static json_object *orders_json(const wf_distributed_t *e)
{
    json_object *list = json_object_new_array();

    json_object_object_foreach(e->orders, subject, order)
    {
        (void)subject;
        json_object_array_add(list, json_object_get(order));
    }
    return list;
}

/* To whoever has the part. If that one is not connected, it gets it when it is. */
void wf_distributed_assign(wf_coordinator_t *c, const wf_distributed_t *e, int member)
{
    const wf_distributed_part_t *part = &e->parts[member];
    wf_task_name_t name = { e->what.id, member, part->task };
    wf_link_t link = wf_peer_link(c, part->slave);
    apr_pool_t *p;
    wf_run_from_t from;
    json_object *o;
    wf_error_t err;

    if (link == 0 || part->over) {
        return;
    }
    p = wf_pool_create("wf_assign", 0);
    wf_error_init(&err, p);
    o = wf_task_message("assign", &name);
    wf_json_add_string(o, "phase", e->phase);
    wf_json_add_string(o, "workflow", e->what.workflow);
    wf_json_add_bool(o, "json", e->what.is_json);
    json_object_object_add(o, "weights", weights_json(e));
    wf_json_add_int(o, "mine", member);
    if (e->variables != NULL) {
        wf_json_add_string(o, "variables", e->variables);
    }
    wf_json_add_int(o, "start", e->start_us);
    if (wf_load_member_record(c->options.load, e->what.id, member, &from, p, &err)
            == APR_SUCCESS
        && from.state != NULL) {
        json_object_object_add(o, "from", from_json(&from));
    }
    json_object_object_add(o, "orders", orders_json(e));
    wf_coordinator_tell(c, link, o);
    apr_pool_destroy(p);
}

/* ---- who has how much: with the lock --------------------------------------------------------------- */

static int has(const wf_distributed_part_t *part, const char *slave)
{
    return !part->over
           && strcmp(part->moving != NULL ? part->moving : part->slave, slave) == 0;
}

apr_int64_t wf_distributed_held(const wf_distributed_t *e, const char *slave)
{
    apr_int64_t held = 0;
    int i;

    for (i = 0; i < e->n; i++) {
        held += has(&e->parts[i], slave) ? e->weights[i] : 0;
    }
    return held;
}

apr_int64_t wf_distributed_users(const wf_distributed_t *e, apr_int64_t weight)
{
    double all = 0;
    int i;

    for (i = 0; i < e->n; i++) {
        all += (double)e->weights[i];
    }
    return (apr_int64_t)ceil((double)e->what.wanted->vus * (double)weight / all);
}

/* ---- losses: with the lock ----------------------------------------------------------------------- */

static int takes_part(const wf_distributed_t *e, const char *slave)
{
    int i;

    for (i = 0; i < e->n; i++) {
        if (strcmp(e->parts[i].slave, slave) == 0) {
            return 1;
        }
    }
    return 0;
}

static int has_refused(const wf_distributed_part_t *part, const char *slave)
{
    int i;

    for (i = 0; part->nobody != NULL && i < part->nobody->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(part->nobody, i, const char *), slave) == 0) {
            return 1;
        }
    }
    return 0;
}

/* How well a slave would do as a successor: it has room, it takes part already, and has
 * little to do with that part, too. */
typedef struct fitness_t {
    int room, member;
    double load;
} fitness_t;

static fitness_t fitness(const wf_distributed_t *e, const wf_slave_t *slave,
                         apr_int64_t weight)
{
    double most = slave->max_vus > 0 ? (double)slave->max_vus : 1;

    return (fitness_t){
        .room = wf_distributed_users(e, weight) <= slave->max_vus - slave->active_vus,
        .member = takes_part(e, slave->id),
        .load = (double)(wf_distributed_held(e, slave->id) + weight) / most,
    };
}

static int is_fitter(const fitness_t *a, const fitness_t *b)
{
    if (a->room != b->room) {
        return a->room;
    }
    return a->member != b->member ? a->member : a->load < b->load;
}

/* Somebody else, or NULL. */
static const char *successor_of(wf_coordinator_t *c, const wf_distributed_t *e,
                                int member, apr_pool_t *p)
{
    apr_array_header_t *all = wf_registry_list(c->options.registry, p), *chosen;
    const wf_distributed_part_t *part = &e->parts[member];
    wf_selector_t selector = *e->what.selector;
    wf_wanted_t wanted = *e->what.wanted;
    fitness_t best = { 0 };
    const char *found = NULL;
    wf_error_t err;
    int i;

    wanted.vus = 0;
    selector.min_slaves = selector.max_slaves = 0;
    if (selector.mode == WF_SELECT_MANUAL) {
        selector.mode = WF_SELECT_AUTO; /* those who were named, and then anybody */
    }
    wf_error_init(&err, p);
    if (wf_select(&chosen, all, &selector, &wanted, p, &err) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < chosen->nelts; i++) {
        const wf_slave_t *slave = APR_ARRAY_IDX(chosen, i, const wf_slave_t *);
        fitness_t own = fitness(e, slave, e->weights[member]);

        if (strcmp(slave->id, part->slave) == 0 || wf_peer_link(c, slave->id) == 0
            || has_refused(part, slave->id)) {
            continue;
        }
        if (found == NULL || is_fitter(&own, &best)) {
            found = slave->id;
            best = own;
        }
    }
    return found;
}

/* Somebody may still come: wait for that, but not for ever. */
static int may_wait(const wf_coordinator_t *c, wf_distributed_t *e,
                    wf_distributed_part_t *part, const char *reason)
{
    if (!e->what.late_joiners || e->what.loss != WF_LOSS_REDISTRIBUTE
        || part->nobody != NULL || wf_distributed_ending(e)) {
        return 0;
    }
    if (part->lost == NULL) {
        part->lost = apr_pstrdup(e->pool, reason);
        part->lost_until_us = wf_mono_us() + c->options.timeout_ms * 1000;
        wf_log(WF_LOG_WARN,
               "master: execution %s: slave %s is lost (%s), its part waits for another",
               e->what.id, part->slave, reason);
    }
    return wf_mono_us() < part->lost_until_us;
}

/* successor: NULL if nobody goes on. */
static void hand_over(wf_coordinator_t *c, wf_distributed_t *e, int member,
                      const char *reason, const char *successor, apr_pool_t *p)
{
    wf_distributed_part_t *part = &e->parts[member];
    apr_int64_t task = 0;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_log(WF_LOG_WARN, "master: execution %s: slave %s is lost (%s), %s goes on",
           e->what.id, part->slave, reason, successor ? successor : "nobody");
    part->lost = part->moving = NULL;
    if (wf_load_member_lost(c->options.load, e->what.id, member, reason, successor, &task,
                            &err)
            == APR_SUCCESS
        && task > 0) {
        part->slave = apr_pstrdup(e->pool, successor);
        part->task = task;
        part->waits = 0;
        wf_distributed_assign(c, e, member);
    }
    else {
        part->over = 1;
    }
}

void wf_distributed_lose(wf_coordinator_t *c, wf_distributed_t *e, int member,
                         const char *reason)
{
    apr_pool_t *p = wf_pool_create("wf_lose", 0);
    const char *successor =
        e->what.loss == WF_LOSS_REDISTRIBUTE ? successor_of(c, e, member, p) : NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    if (e->what.loss == WF_LOSS_ABORT) {
        wf_load_abort(
            c->options.load, e->what.id,
            apr_psprintf(p, "slave %s is lost: %s", e->parts[member].slave, reason),
            &err);
    }
    if (successor != NULL || !may_wait(c, e, &e->parts[member], reason)) {
        hand_over(c, e, member, apr_pstrdup(p, reason), successor, p);
    }
    apr_pool_destroy(p);
}

void wf_distributed_again(wf_coordinator_t *c, wf_distributed_t *e, int member,
                          const char *reason)
{
    apr_pool_t *p = wf_pool_create("wf_again", 0);

    hand_over(c, e, member, reason, e->parts[member].slave, p);
    apr_pool_destroy(p);
}

void wf_distributed_refused(wf_coordinator_t *c, wf_distributed_t *e, int member,
                            const char *reason)
{
    wf_distributed_part_t *part = &e->parts[member];

    if (part->nobody == NULL) {
        part->nobody = apr_array_make(e->pool, 2, sizeof(const char *));
    }
    APR_ARRAY_PUSH(part->nobody, const char *) = part->slave;
    wf_distributed_lose(c, e, member, reason);
}

void wf_coordinator_lose(wf_coordinator_t *c, const char *slave, const char *reason)
{
    wf_distributed_t *e;
    int i;

    for (e = c->executions; e != NULL; e = e->next) {
        for (i = 0; i < e->n; i++) {
            if (!e->parts[i].over && strcmp(e->parts[i].slave, slave) == 0) {
                wf_distributed_lose(c, e, i, reason);
            }
        }
    }
}
