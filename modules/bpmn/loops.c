/* Multi-instance activities. The loop is a scope below the execution that stands on the
 * activity: events on its border are armed there, and its counters are its variables.
 *
 *     carrier ── loop ─┬─ round 0    parallel: all at once, each with loopCounter and its
 *                      ├─ round 1    element as own variables
 *                      └─ round 2    sequential: one, used again
 */
#include <apr_strings.h>

#include "bpmn/run.h"

#define TOTAL "nrOfInstances"
#define RUNNING "nrOfActiveInstances"
#define COMPLETED "nrOfCompletedInstances"

/* What a round costs at least, so that many of them are not taken for an endless loop …
 */
#define STEPS_OF_A_ROUND 8
/* … and in how many loops of a turn: a token may go round and round through a loop. */
#define LOOPS_WITH_STEPS 10000

/* ---- how many ------------------------------------------------------------------------ */

static apr_status_t to_count(const wf_value_t *value, apr_int64_t *count, wf_error_t *err)
{
    int ok = 0;

    if (wf_is_integer(value)) {
        *count = value->as.integer;
        ok = 1;
    }
    else if (value->type == WF_STRING) {
        ok = wf_parse_int64(value->as.text.data, count);
    }
    if (!ok || *count < 0) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "loopCardinality is %s, not a number of instances",
                            ok ? "negative" : wf_type_name(value->type));
    }
    return APR_SUCCESS;
}

/* A text names the variable that holds the list. */
static apr_status_t find_list(wf_exec_t *exec, const wf_template_t *collection,
                              const wf_list_t **list, wf_error_t *err)
{
    const wf_value_t *found;
    wf_value_t value;
    apr_status_t rv = wf_exec_eval(exec, collection, &value, err);

    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "collection");
    }
    found = &value;
    if (value.type == WF_STRING) {
        found = wf_variable_get(&exec->own, value.as.text.data);
        if (!found) {
            return wf_error_set(err, WF_ERR_EXECUTION,
                                "collection: there is no variable \"%s\"",
                                value.as.text.data);
        }
    }
    if (found->type != WF_LIST) {
        return wf_error_set(err, WF_ERR_EXECUTION, "collection \"%s\" is %s, not a list",
                            wf_template_source(collection), wf_type_name(found->type));
    }
    *list = found->as.list;
    return APR_SUCCESS;
}

typedef struct rounds_t {
    const wf_loop_t *loop;
    const wf_list_t *list; /* NULL: only a number was given */
    apr_int64_t count;
} rounds_t;

/* The cardinality counts where both are given; the list may be longer then. */
static apr_status_t look(wf_exec_t *exec, rounds_t *rounds, wf_error_t *err)
{
    const wf_loop_t *loop = rounds->loop = exec->node->loop;
    apr_status_t rv = APR_SUCCESS;
    wf_value_t value;

    rounds->list = NULL;
    if (loop->collection) {
        rv = find_list(exec, loop->collection, &rounds->list, err);
        rounds->count = rv == APR_SUCCESS ? wf_list_count(rounds->list) : 0;
    }
    if (rv == APR_SUCCESS && loop->cardinality) {
        rv = wf_exec_eval(exec, loop->cardinality, &value, err);
        if (rv == APR_SUCCESS) {
            rv = to_count(&value, &rounds->count, err);
        }
    }
    return rv;
}

static apr_status_t check_limit(const wf_exec_t *exec, apr_int64_t count, wf_error_t *err)
{
    const wf_turn_t *turn = exec->instance->turn;

    return count <= turn->call->max_rounds - turn->rounds
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_EXECUTION,
                              "%" APR_INT64_T_FMT
                              " instances of multi-instance activities in one call; "
                              "at most %d are allowed",
                              turn->rounds + count, turn->call->max_rounds);
}

static void allow_steps(wf_turn_t *turn, apr_int64_t rounds)
{
    turn->rounds += rounds;
    if (turn->loops++ < LOOPS_WITH_STEPS) {
        turn->allowed += rounds * STEPS_OF_A_ROUND;
    }
}

/* ---- variables ------------------------------------------------------------------------- */

static apr_status_t set_number(wf_exec_t *exec, const char *name, apr_int64_t number,
                               wf_error_t *err)
{
    wf_value_t value = wf_integer(number);

    return wf_variable_set_local(&exec->own, name, &value, err);
}

static apr_int64_t get_number(wf_exec_t *exec, const char *name)
{
    const wf_value_t *value = wf_variable_get_local(&exec->own, name);

    return value && wf_is_integer(value) ? value->as.integer : 0;
}

static apr_status_t set_counters(wf_exec_t *loop, const rounds_t *rounds, wf_error_t *err)
{
    apr_status_t rv = set_number(loop, TOTAL, rounds->count, err);

    if (rv == APR_SUCCESS) {
        rv = set_number(loop, COMPLETED, 0, err);
    }
    return rv == APR_SUCCESS ? set_number(
               loop, RUNNING, rounds->loop->sequential ? 1 : rounds->count, err)
                             : rv;
}

static apr_status_t set_round(wf_exec_t *round, const rounds_t *rounds,
                              apr_int64_t number, wf_error_t *err)
{
    const char *element = rounds->loop->element_variable;
    wf_value_t none = wf_null();
    const wf_value_t *value = &none;
    apr_status_t rv = set_number(round, rounds->loop->index_variable, number, err);

    if (rv != APR_SUCCESS || !element || !rounds->list) {
        return rv;
    }
    if (number < wf_list_count(rounds->list)) {
        value = wf_list_at(rounds->list, (int)number);
    }
    return wf_variable_set_local(&round->own, element, value, err);
}

/* ---- rounds ------------------------------------------------------------------------------ */

static void begin_round(wf_exec_t *round)
{
    wf_exec_set_active(round, 1);
    if (round->node->async) {
        wf_job_continue_later(round);
        return;
    }
    wf_agenda_plan(round, WF_OP_START, NULL);
}

/* The last one is planned first, so that they begin in the order of the list. */
static apr_status_t begin_rounds(wf_exec_t *loop, const rounds_t *rounds, wf_error_t *err)
{
    apr_int64_t i, count = rounds->loop->sequential ? 1 : rounds->count;
    apr_status_t rv = APR_SUCCESS;
    wf_exec_t *round;

    for (i = 0; rv == APR_SUCCESS && i < count; i++) {
        round = wf_exec_create(loop, WF_ROLE_ROUND, loop->node);
        rv = set_round(round, rounds, i, err);
    }
    for (round = loop->last; rv == APR_SUCCESS && round; round = round->before) {
        begin_round(round);
    }
    allow_steps(loop->instance->turn, rounds->count);
    return rv;
}

apr_status_t wf_loop_begin(wf_exec_t *exec, wf_error_t *err)
{
    rounds_t rounds;
    wf_exec_t *loop;
    apr_status_t rv = look(exec, &rounds, err);

    if (rv == APR_SUCCESS) {
        rv = check_limit(exec, rounds.count, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rounds.count) {
        wf_agenda_plan(exec, WF_OP_GO, NULL);
        return APR_SUCCESS;
    }
    loop = wf_exec_create(exec, WF_ROLE_LOOP, exec->node);
    wf_exec_set_active(exec, 0);
    wf_exec_set_active(loop, 0);
    rv = set_counters(loop, &rounds, err);
    if (rv == APR_SUCCESS) {
        rv = wf_events_arm(loop, exec->node->boundary, err);
    }
    return rv == APR_SUCCESS ? begin_rounds(loop, &rounds, err) : rv;
}

/* ---- the end of a round -------------------------------------------------------------------- */

/* The condition sees what the round has, too. */
static apr_status_t is_complete(wf_exec_t *round, int *complete, wf_error_t *err)
{
    const wf_template_t *condition = round->node->loop->completion;
    wf_value_t value;
    apr_status_t rv;

    *complete = get_number(round->parent, COMPLETED) >= get_number(round->parent, TOTAL);
    if (!condition) {
        return APR_SUCCESS;
    }
    rv = wf_exec_eval(round, condition, &value, err);
    if (rv == APR_SUCCESS && value.type != WF_BOOLEAN) {
        rv = wf_error_set(err, WF_ERR_EXECUTION, "it gives %s, not true or false",
                          wf_type_name(value.type));
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "completionCondition");
    }
    *complete |= value.as.boolean;
    return APR_SUCCESS;
}

static apr_status_t end_loop(wf_exec_t *loop, wf_error_t *err)
{
    wf_exec_t *carrier = loop->parent;
    apr_status_t rv = wf_scope_cancel(loop, "multi-instance completed", err);

    loop->replaced_by = carrier;
    wf_exec_set_active(carrier, 1);
    wf_agenda_go(carrier);
    return rv;
}

static apr_status_t next_round(wf_exec_t *round, wf_error_t *err)
{
    apr_int64_t number = get_number(round, round->node->loop->index_variable) + 1;
    rounds_t rounds;
    apr_status_t rv = look(round->parent->parent, &rounds, err);

    if (rv == APR_SUCCESS) {
        rv = wf_variables_delete(&round->own, err);
    }
    if (rv == APR_SUCCESS) {
        rv = set_round(round, &rounds, number, err);
    }
    if (rv == APR_SUCCESS) {
        begin_round(round);
    }
    return rv;
}

/* One round less runs; there are that many more of the counter. */
static apr_status_t count(wf_exec_t *round, const char *counter, int more,
                          wf_error_t *err)
{
    wf_exec_t *loop = round->parent;
    apr_status_t rv = wf_variables_load(&round->own, err);

    if (rv == APR_SUCCESS) {
        rv = set_number(loop, counter, get_number(loop, counter) + more, err);
    }
    if (rv == APR_SUCCESS && !round->node->loop->sequential) {
        rv = set_number(loop, RUNNING, get_number(loop, RUNNING) - 1, err);
    }
    return rv;
}

static apr_status_t go_on(wf_exec_t *round, wf_error_t *err)
{
    int complete;
    apr_status_t rv = is_complete(round, &complete, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (complete) {
        return end_loop(round->parent, err);
    }
    return round->node->loop->sequential ? next_round(round, err)
                                         : wf_exec_remove(round, err);
}

apr_status_t wf_loop_round_done(wf_exec_t *round, wf_error_t *err)
{
    apr_status_t rv = count(round, COMPLETED, 1, err);

    return rv == APR_SUCCESS ? go_on(round, err) : rv;
}

apr_status_t wf_loop_round_cancelled(wf_exec_t *round, const char *reason,
                                     wf_exec_t **carrier, wf_error_t *err)
{
    wf_exec_t *loop = round->parent;
    apr_status_t rv = count(round, TOTAL, -1, err);

    *carrier = NULL;
    if (rv == APR_SUCCESS && get_number(loop, TOTAL) <= 0) {
        *carrier = loop->parent;
        return wf_scope_cancel(loop, reason, err);
    }
    return rv == APR_SUCCESS ? go_on(round, err) : rv;
}
