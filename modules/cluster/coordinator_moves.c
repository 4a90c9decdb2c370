/* Slaves that come late get parts of executions that let them: of those who have most, as
 * long as that makes the busiest less busy. How a part is moved is told in cluster.h. */
#include "cluster/coordinator.h"

#include <apr_strings.h>
#include <string.h>
#include <time.h>

int wf_parts_each(int n, apr_int64_t vus)
{
    apr_int64_t each = (WF_PARTS_LEAST + n - 1) / n;

    each = each < WF_PARTS_PER_SLAVE ? WF_PARTS_PER_SLAVE : each;
    each = each > WF_PARTS_MOST / n ? WF_PARTS_MOST / n : each;
    each = each > vus / n ? vus / n : each;
    return each < 1 ? 1 : (int)each;
}

/* ---- who may come ------------------------------------------------------------------------- */

static const wf_slave_t *slave_of(const apr_array_header_t *slaves, const char *id)
{
    int i;

    for (i = 0; i < slaves->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(slaves, i, wf_slave_t);

        if (strcmp(slave->id, id) == 0) {
            return slave;
        }
    }
    return NULL;
}

/* Would it have been chosen at the start? */
static int is_selected(const wf_distributed_t *e, const wf_slave_t *slave, apr_pool_t *p)
{
    apr_array_header_t *one = apr_array_make(p, 1, sizeof(wf_slave_t)), *chosen;
    wf_selector_t selector = *e->what.selector;
    wf_wanted_t wanted = *e->what.wanted;
    wf_error_t err;

    wanted.vus = 0;
    selector.min_slaves = 0;
    APR_ARRAY_PUSH(one, wf_slave_t) = *slave;
    wf_error_init(&err, p);
    return selector.mode != WF_SELECT_MANUAL /* those who were named are there */
           && wf_select(&chosen, one, &selector, &wanted, p, &err) == APR_SUCCESS;
}

/* Those that have something to do. */
static int slaves_at_work(const wf_distributed_t *e)
{
    int i, k, n = 0;

    for (i = 0; i < e->n; i++) {
        const char *slave = e->parts[i].slave;

        for (k = 0; k < i; k++) {
            if (!e->parts[k].over && strcmp(e->parts[k].slave, slave) == 0) {
                break;
            }
        }
        n += k == i && !e->parts[i].over;
    }
    return n;
}

static int is_welcome(const wf_coordinator_t *c, const wf_distributed_t *e,
                      const wf_slave_t *slave, apr_pool_t *p)
{
    int most = e->what.selector->max_slaves;

    return slave != NULL && wf_peer_link(c, slave->id) != 0
           && wf_distributed_held(e, slave->id) == 0
           && (most == 0 || slaves_at_work(e) < most) && is_selected(e, slave, p);
}

void wf_coordinator_welcome(wf_coordinator_t *c, wf_distributed_t *e, const char *slave)
{
    int i;

    if (!e->what.late_joiners) {
        return;
    }
    for (i = 0; i < e->n; i++) {
        const wf_distributed_part_t *part = &e->parts[i];

        if (!part->over && part->moving != NULL && strcmp(part->slave, slave) == 0) {
            wf_task_name_t name = { e->what.id, i, part->task };

            wf_coordinator_tell(c, wf_peer_link(c, slave),
                                wf_task_message("leave", &name));
        }
    }
    for (i = 0; i < e->newcomers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(e->newcomers, i, const char *), slave) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(e->newcomers, const char *) = apr_pstrdup(e->pool, slave);
}

/* ---- what they get -------------------------------------------------------------------------- */

static double load_of(const wf_distributed_t *e, const wf_slave_t *slave,
                      apr_int64_t more)
{
    double most = slave->max_vus > 0 ? (double)slave->max_vus : 1;

    return (double)(wf_distributed_held(e, slave->id) + more) / most;
}

/* May a part be taken from whoever has it? */
static const wf_slave_t *giver_of(const wf_coordinator_t *c,
                                  const wf_distributed_part_t *part,
                                  const apr_array_header_t *slaves)
{
    const wf_slave_t *giver;

    if (part->over || part->moving != NULL || wf_peer_link(c, part->slave) == 0) {
        return NULL;
    }
    giver = slave_of(slaves, part->slave);
    return giver != NULL
                   && (giver->state == WF_SLAVE_ONLINE || giver->state == WF_SLAVE_BUSY)
               ? giver
               : NULL;
}

/* The part to move next, or -1: of whoever has most, and who still has more then than the
 * newcomer. */
static int find_part(const wf_coordinator_t *c, const wf_distributed_t *e,
                     const wf_slave_t *newcomer, const apr_array_header_t *slaves)
{
    apr_int64_t held = wf_distributed_held(e, newcomer->id);
    double most = 0;
    int found = -1, i;

    for (i = 0; i < e->n; i++) {
        const wf_slave_t *giver = giver_of(c, &e->parts[i], slaves);

        if (giver != NULL && load_of(e, giver, 0) >= most
            && load_of(e, newcomer, e->weights[i]) < load_of(e, giver, 0)
            && wf_distributed_users(e, held + e->weights[i])
                   <= newcomer->max_vus - newcomer->active_vus) {
            found = i;
            most = load_of(e, giver, 0);
        }
    }
    return found;
}

static void give_parts(wf_coordinator_t *c, wf_distributed_t *e,
                       const wf_slave_t *newcomer, const apr_array_header_t *slaves)
{
    int i, n = 0;

    while ((i = find_part(c, e, newcomer, slaves)) >= 0) {
        wf_distributed_part_t *part = &e->parts[i];
        wf_task_name_t name = { e->what.id, i, part->task };

        part->moving = apr_pstrdup(e->pool, newcomer->id);
        wf_coordinator_tell(c, wf_peer_link(c, part->slave),
                            wf_task_message("leave", &name));
        n++;
    }
    wf_log(WF_LOG_NOTICE, "master: execution %s: slave %s joins it, with %d parts",
           e->what.id, newcomer->id, n);
}

/* Its iterations are made, and nobody has paused or ended that. */
static int is_under_way(const wf_distributed_t *e)
{
    const char *pause = wf_json_string(wf_json_get(e->orders, "pause"), "order", "");

    return e->phase != NULL && strcmp(e->phase, "main") == 0
           && strcmp(pause, wf_order_name(WF_ORDER_PAUSE)) != 0
           && !wf_distributed_ending(e);
}

void wf_coordinator_share(wf_coordinator_t *c, apr_pool_t *p)
{
    apr_array_header_t *slaves = NULL;
    wf_distributed_t *e;
    int i;

    for (e = c->executions; e != NULL; e = e->next) {
        if (e->newcomers->nelts == 0 || !is_under_way(e)) {
            continue;
        }
        slaves = slaves ? slaves : wf_registry_list(c->options.registry, p);
        for (i = 0; i < e->newcomers->nelts; i++) {
            const wf_slave_t *newcomer =
                slave_of(slaves, APR_ARRAY_IDX(e->newcomers, i, const char *));

            if (is_welcome(c, e, newcomer, p)) {
                give_parts(c, e, newcomer, slaves);
            }
        }
        e->newcomers->nelts = 0;
    }
}

/* ---- when they have it ------------------------------------------------------------------------ */

void wf_distributed_moved(wf_coordinator_t *c, wf_distributed_t *e, int member)
{
    wf_distributed_part_t *part = &e->parts[member];
    apr_pool_t *p = wf_pool_create("wf_moved", 0);
    const char *to = part->moving;
    apr_int64_t task = 0;
    wf_error_t err;

    wf_error_init(&err, p);
    if (to == NULL || wf_peer_link(c, to) == 0) {
        to = part->slave; /* this master was restarted, or the newcomer has gone */
    }
    part->moving = NULL;
    part->waits = 0;
    if (wf_load_member_moved(c->options.load, e->what.id, member, part->task, to, &task,
                             &err)
            == APR_SUCCESS
        && task > 0) {
        part->slave = apr_pstrdup(e->pool, to);
        part->task = task;
        wf_distributed_assign(c, e, member);
    }
    else {
        part->over = 1;
    }
    apr_pool_destroy(p);
}
