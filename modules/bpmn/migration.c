/* A running instance goes on with another definition: all of its executions in one turn.
 *
 *  1. The whole tree is loaded. Each execution that means something by where it stands
 * gets a target; what has none, or does not match it, is a problem. Up to here nothing is
 *     written.
 *  2. Executions stand on their targets, and what belongs to them is renamed
 *     (migration_rows.c).
 *  3. Where the new definition has events on the border of an activity and the old one
 * had none, or the other way round, the scope is made or removed.
 *
 * A scope with several tokens stands nowhere by itself: its own place is the last one
 * that it had, and only has to be some node. */
#include <string.h>

#include <apr_strings.h>

#include "bpmn/migration.h"
#include "bpmn/tell.h"

/* ---- 1. places --------------------------------------------------------------------------- */

/* A scope whose tokens are its children. */
static int stands_nowhere(const wf_exec_t *exec)
{
    const wf_exec_t *child;

    if (exec->row->is_active || exec->row->arrived) {
        return 0;
    }
    for (child = exec->first; child; child = child->after) {
        if (child->row->role == WF_ROLE_TOKEN || child->row->role == WF_ROLE_JOIN) {
            return 1;
        }
    }
    return 0;
}

/* A parallel gateway in front of which more flows have brought their tokens than the new
 * one has would never be complete, or be it without anybody noticing. */
static void check_join(const wf_migrating_t *m, const wf_exec_t *exec,
                       const wf_node_t *target)
{
    if (exec->row->arrived && target->incoming->nelts < exec->node->incoming->nelts) {
        wf_problem_add(m->problems, "lost-flow", exec->node->id, 0, 0,
                       "tokens wait at \"%s\", and \"%s\" has fewer incoming flows",
                       exec->node->id, target->id);
    }
}

/* What waits at an inclusive gateway may have to go on at once. */
static void check_awake(const wf_migrating_t *m, const wf_exec_t *exec)
{
    if (exec->row->arrived && exec->node->reach
        && exec->row->suspension == WF_SUSPENDED) {
        wf_problem_add(m->problems, "suspended", exec->node->id, 0, 0,
                       "tokens wait at \"%s\", which have to be looked at; activate the "
                       "instance first",
                       exec->node->id);
    }
}

static void find_place(const wf_migrating_t *m, wf_exec_t *exec,
                       apr_array_header_t *places)
{
    wf_place_t *place = apr_array_push(places);

    *place = (wf_place_t){ .exec = exec, .awaited = wf_migration_awaited(exec) };
    if (stands_nowhere(exec)) {
        place->target = wf_model_node(m->target, exec->node->id);
        if (!place->target) {
            place->target = APR_ARRAY_IDX(m->target->nodes, 0, const wf_node_t *);
        }
        return;
    }
    place->target = wf_migration_require(m, exec->node);
    if (place->target) {
        check_join(m, exec, place->target);
        check_awake(m, exec);
    }
}

static void find_places(const wf_migrating_t *m, wf_exec_t *exec,
                        apr_array_header_t *places)
{
    wf_exec_t *child;

    find_place(m, exec, places);
    for (child = exec->first; child; child = child->after) {
        find_places(m, child, places);
    }
}

/* What is registered for compensation must find its handler afterwards. */
static apr_status_t check_compensation(const wf_migrating_t *m, wf_id_t instance,
                                       wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(m->call->uow, WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
                                    instance, &rows, err);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);
        const wf_node_t *node = wf_model_node(m->source, row->activity_id);

        if (strcmp(row->event_type, WF_SUBSCRIBED_COMPENSATE) == 0 && node) {
            wf_migration_require(m, node);
        }
    }
    return rv;
}

static apr_status_t load(const wf_migrating_t *m, wf_turn_t *turn, wf_id_t id,
                         wf_instance_t **instance, wf_error_t *err)
{
    apr_status_t rv = wf_instance_load(instance, turn, id, err);

    if (rv == APR_SUCCESS
        && strcmp((*instance)->definition_id, m->plan->source->id) != 0) {
        rv = wf_error_set(err, WF_ERR_CONFLICT,
                          "process instance '%" APR_INT64_T_FMT
                          "' runs with definition %s, not with %s",
                          id, (*instance)->definition_id, m->plan->source->id);
    }
    return rv == APR_SUCCESS ? wf_exec_all((*instance)->root, err) : rv;
}

/* ---- 2. moving --------------------------------------------------------------------------- */

static void stand(const wf_migrating_t *m, const apr_array_header_t *places)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const wf_place_t *place = &APR_ARRAY_IDX(places, i, wf_place_t);

        place->exec->row->proc_def_id = m->plan->target->id;
        wf_exec_stand(place->exec, place->target);
        wf_joins_watch(place->exec);
    }
}

/* ---- 3. scopes --------------------------------------------------------------------------- */

/* 1 if exec has begun what its node does and rests there by itself. */
static int rests(const wf_exec_t *exec)
{
    return exec->row->is_active && exec->row->act_inst_id && !exec->ended;
}

static apr_status_t fit_scope(wf_exec_t *exec, wf_error_t *err)
{
    int is_scope = wf_exec_is_scope_of_node(exec) && !exec->node->body;
    wf_exec_t *carrier = is_scope ? exec->parent : exec, *scope;
    int needed = wf_scope_needed(carrier, exec->node);
    apr_status_t rv;

    if (!rests(exec) || exec->node->body || needed == is_scope) {
        return APR_SUCCESS;
    }
    if (is_scope) {
        return wf_token_raise(exec, err);
    }
    rv = wf_token_lower(&scope, exec, err);
    return rv == APR_SUCCESS ? wf_events_arm(scope, wf_scope_border(scope), err) : rv;
}

/* ---- all of it ----------------------------------------------------------------------------- */

static apr_status_t move(const wf_migrating_t *m, wf_instance_t *instance,
                         const apr_array_header_t *places, wf_error_t *err)
{
    apr_status_t rv;
    int i;

    instance->model = m->target;
    instance->heard = m->target->heard;
    instance->definition_id = m->plan->target->id;
    stand(m, places);
    rv = wf_migration_move_instance(m, instance->root->row->id, err);
    for (i = 0; rv == APR_SUCCESS && i < places->nelts; i++) {
        rv = wf_migration_move_rows(m, &APR_ARRAY_IDX(places, i, wf_place_t), err);
    }
    for (i = 0; rv == APR_SUCCESS && i < places->nelts; i++) {
        rv = fit_scope(APR_ARRAY_IDX(places, i, wf_place_t).exec, err);
    }
    instance->turn->looks = 0;
    if (rv == APR_SUCCESS) {
        rv = wf_tell(instance->root, WF_NEWS_ENTITY_UPDATED,
                     WF_ABOUT(INSTANCE, instance->root->row), err);
    }
    return rv == APR_SUCCESS ? wf_agenda_run(instance->turn, err) : rv;
}

apr_status_t wf_bpmn_migrate(const wf_bpmn_call_t *call, const wf_migration_t *plan,
                             wf_id_t id, wf_problems_t *problems, wf_error_t *err)
{
    wf_migrating_t m;
    wf_turn_t turn;
    wf_instance_t *instance;
    apr_array_header_t *places;
    apr_status_t rv = wf_migrating_init(&m, call, plan, problems, err);

    wf_turn_init(&turn, call);
    turn.looks = 1; /* a suspended instance may be migrated, and stays suspended */
    if (rv == APR_SUCCESS) {
        rv = load(&m, &turn, id, &instance, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    places = apr_array_make(turn.p, 8, sizeof(wf_place_t));
    find_places(&m, instance->root, places);
    rv = check_compensation(&m, id, err);
    if (rv == APR_SUCCESS && !problems->errors) {
        rv = move(&m, instance, places, err);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(err, rv, "migrating to %s", plan->target->id);
}
