/* Variables of a process: where they are kept, what expressions see, what is written. */
#include "world.h"

static const wf_definition_t *waiting; /* start, user task a, end */

static wf_id_t started_with(const wf_definition_t *definition, const wf_map_t *vars)
{
    wf_started_t started = {0};

    if (!ok(world_start(definition, vars, &started) == APR_SUCCESS, "starts")) {
        diag("%s", world.err.message);
    }
    return started.id;
}

/* ---- types ------------------------------------------------------------------------- */

static void types_survive(void)
{
    wf_map_t *vars = world_vars(), *map = wf_map_create(world.pool);
    wf_list_t *list = wf_list_create(world.pool);
    apr_array_header_t *rows;
    wf_id_t id;
    int i;

    wf_list_push(list, wf_integer(1));
    wf_list_push(list, wf_string("two"));
    wf_map_set(map, "k", wf_double(2.5));
    wf_map_set(vars, "s", wf_string("text"));
    wf_map_set(vars, "i", wf_integer(7));
    wf_map_set(vars, "l", wf_long(7));
    wf_map_set(vars, "d", wf_double(1));
    wf_map_set(vars, "b", wf_boolean(1));
    wf_map_set(vars, "n", wf_null());
    wf_map_set(vars, "t", wf_date(123456));
    wf_map_set(vars, "list", wf_list(list));
    wf_map_set(vars, "map", wf_map(map));
    id = started_with(waiting, vars);
    rows = world_select(WF_BY_VARIABLES_OF_INSTANCE, id);
    is_int(rows->nelts, wf_map_count(vars), "types: one row each");
    for (i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, wf_variable_t *);
        const wf_value_t *value = wf_map_get(vars, row->name);

        is_int(row->value.type, value ? (int)value->type : -1, "types: type of %s",
               row->name);
        ok(value && wf_value_equal(&row->value, value), "types: value of %s", row->name);
        is_int(row->execution_id, id, "types: %s is the instance's", row->name);
    }
}

static void set_and_change(void)
{
    wf_map_t *vars = world_vars(), *more = world_vars();
    wf_id_t id, task;

    wf_map_set(vars, "a", wf_string("old"));
    wf_map_set(vars, "same", wf_string("same"));
    id = started_with(waiting, vars);
    wf_map_set(more, "a", wf_integer(5));
    wf_map_set(more, "same", wf_string("same"));
    wf_map_set(more, "b", wf_boolean(0));
    task = world_task(id, "a");
    ok(wf_bpmn_complete(world_begin(), task, more, &world.err) == APR_SUCCESS,
       "completes");
    /* not committed: look at the rows as they would be written */
    is_int(world_select(WF_BY_VARIABLES_OF_INSTANCE, id)->nelts, 2,
           "nothing written yet");
    ok(world_complete(id, "a", more) == APR_SUCCESS, "completes again");
    is_str(world_var(id, "a"), "5", "a string became an integer");
    is_str(world_var(id, "same"), "\"same\"", "what did not change stays");
    is_str(world_var(id, "b"), "false", "a new one is there");
    is_int(((wf_variable_t *)APR_ARRAY_IDX(world_select(WF_BY_VARIABLES_OF_INSTANCE, id),
                                           1, wf_variable_t *))
               ->row.rev,
           1, "a value that did not change is not written");
    ok(world_complete(id, "b", NULL) == APR_SUCCESS, "completes the last task");
    is_int(world_select(WF_BY_VARIABLES_OF_INSTANCE, id)->nelts, 0,
           "the end of the instance removes them");
}

/* ---- what expressions see: each name of a task is one expression ------------------- */

/* clang-format off */
static const struct {
    const char *expression, *want;
} seen[] = {
    { "${n}",                                              "4" },
    { "a ${n} b ${s}",                                     "a 4 b text" },
    { "#{l[1]}",                                           "y" },
    { "${m.k}",                                            "v" },
    { "${execution.id == execution.processInstanceId}",    "true" },
    { "${execution.processDefinitionId}",                  "DEFINITION" },
    { "${execution.processBusinessKey}",                   "order-7" },
    { "${execution.getBusinessKey()}",                     "order-7" },
    { "${execution.currentActivityId}",                    "t" },
    { "${execution.currentActivityName}",                  NULL }, /* the expression itself */
    { "[${execution.parentId}]",                           "[]" },
    { "[${execution.superExecutionId}]",                   "[]" },
    { "[${execution.eventName}]",                          "[]" },
    { "[${execution.tenantId}]",                           "[]" },
    { "${execution.variables.n}",                          "4" },
    { "${execution.variableNames.size()}",                 "4" },
    { "${execution.hasVariables()}",                       "true" },
    { "${execution.getVariable('n')}",                     "4" },
    { "${execution.getVariable('x') == null}",             "true" },
    { "${execution.getVariableLocal('s')}",                "text" },
    { "${execution.hasVariable('x')} ${execution.hasVariableLocal('n')}", "false true" },
    { "${execution.setVariable('x', 5)}${x + n}",          "9" },
    { "${execution.setVariableLocal('x', 6)}${x}",         "6" },
    { "${execution.removeVariable('n')}${execution.hasVariable('n')}", "false" },
    { "${execution.removeVariableLocal('n')}${execution.hasVariable('n')}", "false" },
    { "${authenticatedUserId}",                            "kermit" },
    { "${empty execution}",                                "false" },
};
/* clang-format on */

static void expressions_see(void)
{
    wf_map_t *vars = world_vars(), *map = wf_map_create(world.pool);
    wf_list_t *list = wf_list_create(world.pool);
    int i;

    wf_list_push(list, wf_string("x"));
    wf_list_push(list, wf_string("y"));
    wf_map_set(map, "k", wf_string("v"));
    wf_map_set(vars, "n", wf_integer(4));
    wf_map_set(vars, "s", wf_string("text"));
    wf_map_set(vars, "l", wf_list(list));
    wf_map_set(vars, "m", wf_map(map));
    for (i = 0; i < (int)(sizeof(seen) / sizeof(seen[0])); i++) {
        const wf_definition_t *definition = world_deploy(apr_psprintf(
            world.pool, PROCESS(START "<userTask id=\"t\" name=\"%s\"/>" FLOW("s", "t")),
            seen[i].expression));
        const char *want = seen[i].want ? seen[i].want : seen[i].expression;
        const wf_bpmn_call_t *call = world_begin();
        const char *key = "order-7";
        wf_started_t started;
        wf_task_t *task;

        if (strcmp(want, "DEFINITION") == 0) {
            want = definition->id;
        }
        if (world_end(wf_bpmn_start(call, definition, vars, key, &started, &world.err))
            != APR_SUCCESS) {
            ok(0, "%s: %s", seen[i].expression, world.err.message);
            continue;
        }
        task = world_row(WF_TABLE_TASK, world_task(started.id, "t"));
        is_str(task ? task->name : NULL, want, "%s", seen[i].expression);
    }
}

/* ---- failing use ------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *expression, *says;
} wrong[] = {
    { "${nobody}",                                     "nobody" },
    { "${execution.colour}",                           "colour" },
    { "${execution.fly()}",                            "fly" },
    { "${execution.getVariable()}",                    "getVariable" },
    { "${execution.getVariable(1)}",                   "the name of a variable is a string" },
    { "${execution.setVariable('', 1)}",               "a variable needs a name" },
    { "${execution.setVariable('e', execution)}",      "cannot hold an object" },
    { "${task.name}",                                  "task" },
};
/* clang-format on */

static void expressions_fail(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(wrong) / sizeof(wrong[0])); i++) {
        const wf_definition_t *definition = world_deploy(apr_psprintf(
            world.pool,
            PROCESS(START "<userTask id=\"t\" activiti:assignee=\"%s\"/>" FLOW("s", "t")),
            wrong[i].expression));
        wf_started_t started;

        ok(world_start(definition, NULL, &started) != APR_SUCCESS, "%s fails",
           wrong[i].expression);
        if (!ok(world.err.message && strstr(world.err.message, wrong[i].says)
                    && strstr(world.err.message, "activity \"t\": assignee"),
                "%s: message", wrong[i].expression)) {
            diag("%s", world.err.message ? world.err.message : "(none)");
        }
    }
}

/* ---- scopes ------------------------------------------------------------------------ */

/* A branch's own variables are its own; when it is the last one they become the
 * instance's. */
static void branches(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START FORK(
            "f") "<userTask id=\"a\" name=\"${execution.setVariableLocal('mine', 'a')}"
                 "${mine}${execution.setVariable('ours', 1)}\"/>"
                 "<userTask id=\"b\" name=\"${execution.setVariableLocal('mine', 'b')}"
                 "${mine}${ours}\"/>"
                 "<userTask id=\"c\" name=\"${mine}\"/>" FLOW("s", "f") FLOW("f", "a")
                                 FLOW("f", "b") FLOW("b", "c")));
    wf_id_t id = started_with(definition, NULL);
    wf_map_t *vars = world_vars();
    apr_array_header_t *rows = world_select(WF_BY_VARIABLES_OF_INSTANCE, id);
    wf_task_t *task;

    is_int(rows->nelts, 3, "branches: two own and a common variable");
    task = world_row(WF_TABLE_TASK, world_task(id, "b"));
    is_str(task->name, "b1", "branches: the second sees its own and the common one");
    ok(task->execution_id != id, "branches: its execution is not the instance");
    wf_map_set(vars, "mine", wf_string("set"));
    ok(world_complete(id, "b", vars) == APR_SUCCESS,
       "branches: completing sets variables");
    task = world_row(WF_TABLE_TASK, world_task(id, "c"));
    is_str(task->name, "set", "branches: in the scope of the task");
    ok(world_complete(id, "a", NULL) == APR_SUCCESS, "branches: the first one ends");
    rows = world_select(WF_BY_VARIABLES_OF_INSTANCE, id);
    is_int(rows->nelts, 2, "branches: its own variable is gone");
    is_str(world_var(id, "mine"), "\"set\"", "branches: the other's is left");
    is_int(APR_ARRAY_IDX(rows, 1, wf_variable_t *)->execution_id, id,
           "branches: and belongs to the instance");
    task = world_row(WF_TABLE_TASK, world_task(id, "c"));
    is_int(task->execution_id, id, "branches: as does the last task");
}

/* A list changed in place is written; one that was only read is not. */
static void lists_in_place(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(
        START "<userTask id=\"a\" name=\"${l.add('new')} ${m.size()}\"/>" TASK("b")
            FLOW("s", "a") FLOW("a", "b")));
    const wf_definition_t *later = world_deploy(
        PROCESS(START TASK("a") "<userTask id=\"b\" name=\"${l.size()} ${l.remove('x')} "
                                "${m.size()}\"/>" FLOW("s", "a") FLOW("a", "b")));
    wf_map_t *vars = world_vars();
    wf_list_t *list = wf_list_create(world.pool);
    wf_id_t id;

    wf_list_push(list, wf_string("x"));
    wf_map_set(vars, "l", wf_list(list));
    wf_map_set(vars, "m", wf_map(wf_map_create(world.pool)));
    id = started_with(definition, vars);
    is_str(world_var(id, "l"), "[\"x\",\"new\"]", "a new list is written as changed");
    is_int(wf_list_count(list), 1, "the caller's list is not touched");
    id = started_with(later, vars);
    ok(world_complete(id, "a", NULL) == APR_SUCCESS, "completes");
    is_str(world_var(id, "l"), "[]", "a stored list is written as changed");
    is_int(
        APR_ARRAY_IDX(world_select(WF_BY_VARIABLES_OF_INSTANCE, id), 1, wf_variable_t *)
            ->row.rev,
        1, "a map that was read is not");
}

int main(void)
{
    world_open();
    waiting = world_deploy(PROCESS(START TASK("a") TASK("b") END FLOW("s", "a")
                                       FLOW("a", "b") FLOW("b", "e")));
    types_survive();
    set_and_change();
    expressions_see();
    expressions_fail();
    branches();
    lists_in_place();
    world_close();
    return done_testing();
}
