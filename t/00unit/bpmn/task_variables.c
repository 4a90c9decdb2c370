/* Variables of tasks: what listeners, forms and clients see and set of them, that they go
 * with their task, and what history keeps. */
#include "world.h"

#define TASK_ON(event, does) "<activiti:taskListener event=\"" event "\" " does "/>"
#define DO(expression) TASK_ON("create", "expression=\"${" expression "}\"")
#define AT_END(expression) TASK_ON("complete", "expression=\"${" expression "}\"")
#define NOTE(expression)                                                                 \
    "execution.setVariable('log', log.concat(" expression ").concat(' '))"
#define SCRIPT(text)                                                                     \
    "<activiti:taskListener event=\"create\"><activiti:script "                          \
    "scriptFormat=\"javascript\">" text "</activiti:script></activiti:taskListener>"
#define LISTENING(listeners)                                                             \
    PROCESS(START FLOW("s", "t") "<userTask id=\"t\"><extensionElements>" listeners      \
                                 "</extensionElements></userTask>" FLOW("t", "u")        \
                                     TASK("u"))
#define INNER DO("task.setVariableLocal('x', 'inner')")

/* ---- in listeners ------------------------------------------------------------------ */

/* The instance begins with x = "outer", l = [1] and an empty log. */
/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *log, *x, *own; /* then: of the instance, and all of the task */
} listeners[] = {
    { "none", LISTENING(DO(NOTE("x"))), "outer ", "outer", "" },
    { "local", LISTENING(DO("task.setVariableLocal('a', 1)")), "", "outer", "a=1" },
    { "it hides the outer one", LISTENING(INNER DO(NOTE("x")) DO(NOTE("task.getVariable('x')"))
        DO(NOTE("execution.getVariable('x')"))), "inner inner outer ", "outer", "x=\"inner\"" },
    { "set changes the innermost", LISTENING(INNER DO("task.setVariable('x', 'new')") DO(NOTE("x"))), "new ", "outer",
      "x=\"new\"" },
    { "the execution changes its own", LISTENING(INNER DO("execution.setVariable('x', 'new')") DO(NOTE("x"))), "inner ",
      "new", "x=\"inner\"" },
    { "set without local one", LISTENING(DO("task.setVariable('x', 'new')")), "", "new", "" },
    { "set creates on the instance", LISTENING(DO("task.setVariable('y', 5)") DO(NOTE("execution.getVariable('y').toString()"))),
      "5 ", "outer", "" },
    { "has", LISTENING(DO("task.setVariableLocal('a', null)") DO(NOTE("task.hasVariableLocal('a').toString()"))
        DO(NOTE("task.hasVariableLocal('x').toString()")) DO(NOTE("task.hasVariable('x').toString()"))
        DO(NOTE("execution.hasVariable('a').toString()"))), "true false true false ", "outer", "a=null" },
    { "get", LISTENING(DO(NOTE("(task.getVariableLocal('x') == null).toString()")) INNER DO(NOTE("task.getVariableLocal('x')"))),
      "true inner ", "outer", "x=\"inner\"" },
    { "several", LISTENING(DO("task.setVariablesLocal(execution.variables)") DO("task.removeVariableLocal('log')")
        DO("task.removeVariableLocal('l')")), "", "outer", "x=\"outer\"" },
    { "remove", LISTENING(INNER DO("task.removeVariableLocal('x')") DO(NOTE("x"))), "outer ", "outer", "" },
    { "remove the innermost", LISTENING(INNER DO("task.removeVariable('x')") DO(NOTE("x"))), "outer ", "outer", "" },
    { "remove what is the instance's", LISTENING(DO("task.removeVariable('x')") DO(NOTE("execution.hasVariable('x').toString()"))),
      "false ", NULL, "" },
    { "all together", LISTENING(INNER DO(NOTE("task.variables.x")) DO(NOTE("execution.variables.x"))
        DO(NOTE("task.variableNames.size().toString()")) DO(NOTE("task.variablesLocal.x")) DO(NOTE("task.variableNamesLocal[0]"))
        DO(NOTE("task.hasVariablesLocal().toString()")) DO(NOTE("task.execution.variables.x"))),
      "inner outer 3 inner x true outer ", "outer", "x=\"inner\"" },
    { "in place", LISTENING(DO("task.setVariableLocal('l', l)") DO("l.add(2)")), "", "outer", "l=[1,2]" },
    { "in place behind a script", LISTENING(DO("task.setVariableLocal('m', l)") SCRIPT("m.push(x); l.push(7)")), "", "outer",
      "m=[1,\"outer\"]" },
    { "script", LISTENING(SCRIPT("task.setVariableLocal('a', x + '!'); task.setVariable('x', a)")), "", "outer!", "a=\"outer!\"" },
    { "name of the task", LISTENING(INNER DO("task.setName(x)") DO(NOTE("task.name"))), "inner ", "outer", "x=\"inner\"" },
};
/* clang-format on */

static const char *json_of(const wf_value_t *value)
{
    return wf_json_text(wf_json_own(wf_value_to_json(value), world.pool), NULL,
                        world.pool);
}

/* "a=1 b=2", those of an execution or task. */
static const char *own(wf_relation_e relation, wf_id_t id)
{
    apr_array_header_t *rows = world_select(relation, id);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, wf_variable_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", row->name, "=",
                          json_of(&row->value), NULL);
    }
    return all;
}

static const char *of_task(wf_id_t task)
{
    return own(WF_BY_VARIABLES_OF_TASK, task);
}

/* A text of the instance; NULL if there is none. */
static const char *text_of(wf_id_t instance, const char *name)
{
    apr_array_header_t *rows = world_select(WF_BY_VARIABLES_OF_EXECUTION, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_variable_t *row = APR_ARRAY_IDX(rows, i, wf_variable_t *);

        if (strcmp(row->name, name) == 0 && row->value.type == WF_STRING) {
            return apr_pstrdup(world.pool, row->value.as.text.data);
        }
    }
    return NULL;
}

static wf_id_t start(const char *xml)
{
    wf_map_t *vars = world_vars();
    wf_list_t *list = wf_list_create(world.pool);
    wf_started_t started;

    wf_list_push(list, wf_integer(1));
    wf_map_set(vars, "log", wf_string(""));
    wf_map_set(vars, "x", wf_string("outer"));
    wf_map_set(vars, "l", wf_list(list));
    world_check(world_start(world_deploy(xml), vars, &started), &world.err, "start");
    return started.id;
}

static wf_map_t *one(const char *name, wf_value_t value)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, name, value);
    return vars;
}

static void check_listeners(int i)
{
    const char *what = listeners[i].what;
    wf_id_t instance = start(listeners[i].xml), task = world_task(instance, "t");

    is_str(text_of(instance, "log"), listeners[i].log, "%s: what they saw", what);
    is_str(text_of(instance, "x"), listeners[i].x, "%s: x of the instance", what);
    is_str(of_task(task), listeners[i].own, "%s: those of the task", what);
    if (!ok(world_complete(instance, "t", NULL) == APR_SUCCESS, "%s: completes", what)) {
        diag("%s", world.err.message);
    }
    is_str(of_task(task), "", "%s: gone with the task", what);
}

/* ---- at the end of a task ---------------------------------------------------------- */

/* Completion changes variables of the process, also where a local one hides them. */
static void completion(void)
{
    wf_id_t instance =
        start(LISTENING(INNER AT_END(NOTE("x")) AT_END("task.setVariableLocal('y', 1)")));

    world_complete(instance, "t", one("x", wf_string("given")));
    is_str(text_of(instance, "x"), "given", "completion sets the process's");
    is_str(text_of(instance, "log"), "inner ", "its listeners see the task's");
    is_str(world_tasks(instance), "u", "and it moves on");
}

#define INTERRUPTED                                                                      \
    PROCESS(START FLOW("s", "t") "<userTask id=\"t\"><extensionElements>" INNER          \
                                 "</extensionElements></userTask>"                       \
                                 "<boundaryEvent id=\"b\" attachedToRef=\"t\">"          \
                                 "<timerEventDefinition><timeDuration>PT1S"              \
                                 "</timeDuration></timerEventDefinition>"                \
                                 "</boundaryEvent>" FLOW("b", "u") TASK("u"))

static void interruption(void)
{
    wf_id_t instance = start(INTERRUPTED), task = world_task(instance, "t");

    is_str(of_task(task), "x=\"inner\"", "interrupted: it has one");
    ok(world_job(instance) == APR_SUCCESS, "interrupted: the timer fires");
    is_str(of_task(task), "", "interrupted: gone with the task");
    is_str(text_of(instance, "x"), "outer", "interrupted: the process's is as it was");
}

/* Tokens carry their tasks to other executions. */
static void moved(void)
{
    const char *xml = PROCESS(
        START FORK("f") TASK("a") "<userTask id=\"t\"><extensionElements>" INNER AT_END(
            NOTE("x")) "</extensionElements></userTask>" TASK("u") FLOW("s", "f")
            FLOW("f", "a") FLOW("f", "t") FLOW("t", "u"));
    wf_id_t instance = start(xml), task = world_task(instance, "t");

    ok(world_complete(instance, "a", NULL) == APR_SUCCESS,
       "moved: the other branch ends");
    is_str(of_task(task), "x=\"inner\"", "moved: the task keeps its variables");
    ok(world_complete(instance, "t", NULL) == APR_SUCCESS, "moved: completes");
    is_str(text_of(instance, "log"), "inner ", "moved: seen by listeners");
}

/* ---- clients ----------------------------------------------------------------------- */

static apr_status_t set(wf_id_t task, const wf_map_t *local, const wf_map_t *global,
                        wf_task_must_e must)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(
        wf_bpmn_set_task_variables(call, task, local, global, must, &world.err));
}

static apr_status_t take_away(wf_id_t task, wf_task_variables_e whose, const char *name)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_remove_task_variable(call, task, whose, name, &world.err));
}

static void clients(void)
{
    wf_id_t instance = start(LISTENING("")), task = world_task(instance, "t");
    wf_map_t *two = one("a", wf_integer(1));
    wf_list_t *list = wf_list_create(world.pool);

    wf_list_push(list, wf_integer(2));
    wf_map_set(two, "x", wf_string("mine"));
    ok(set(task, two, one("x", wf_string("theirs")), WF_TASK_MAY_BE) == APR_SUCCESS,
       "both scopes at once");
    is_str(of_task(task), "a=1 x=\"mine\"", "local ones");
    is_str(text_of(instance, "x"), "theirs", "a global one");
    ok(set(task, one("a", wf_integer(2)), NULL, WF_TASK_MUST_BE_NEW) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "one that must be new: %s", world.err.message);
    ok(set(task, one("b", wf_null()), NULL, WF_TASK_MUST_BE_NEW) == APR_SUCCESS,
       "a new one");
    ok(set(task, NULL, one("l", wf_list(list)), WF_TASK_MUST_BE_NEW) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "a global one that must be new");
    ok(set(task, NULL, one("l", wf_list(list)), WF_TASK_MUST_BE_THERE) == APR_SUCCESS,
       "one that must be there");
    ok(set(task, one("log", wf_null()), NULL, WF_TASK_MUST_BE_THERE) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND && strstr(world.err.message, "'log'"),
       "the process's is no local one: %s", world.err.message);
    is_str(own(WF_BY_VARIABLES_OF_EXECUTION, instance), "log=\"\" x=\"theirs\" l=[2]",
           "the instance's afterwards");
    ok(take_away(task, WF_TASK_LOCAL, "x") == APR_SUCCESS, "a local one away");
    ok(take_away(task, WF_TASK_LOCAL, "x") != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "only once");
    is_str(text_of(instance, "x"), "theirs", "the global one stays");
    ok(take_away(task, WF_TASK_GLOBAL, "x") == APR_SUCCESS, "a global one away");
    is_str(of_task(task), "a=1 b=null", "local ones stay");
    ok(take_away(task, WF_TASK_LOCAL, NULL) == APR_SUCCESS, "all local ones away");
    is_str(of_task(task), "", "all of them");
    is_str(own(WF_BY_VARIABLES_OF_EXECUTION, instance), "log=\"\" l=[2]",
           "and no others");
    ok(set(task, one("", wf_null()), NULL, WF_TASK_MAY_BE) != APR_SUCCESS
           && world.err.kind == WF_ERR_INVALID,
       "no name");
    ok(set(task + 1000, NULL, NULL, WF_TASK_MAY_BE) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "no task");
}

static void suspended(void)
{
    wf_id_t instance = start(LISTENING("")), task = world_task(instance, "t");
    const wf_bpmn_call_t *call = world_begin();

    world_end(wf_bpmn_suspend_instance(call, instance, WF_SUSPENDED, &world.err));
    ok(set(task, one("a", wf_null()), NULL, WF_TASK_MAY_BE) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "a suspended task: %s", world.err.message);
    ok(take_away(task, WF_TASK_LOCAL, NULL) != APR_SUCCESS
           && world.err.kind == WF_ERR_CONFLICT,
       "nor are they taken away");
}

/* ---- tasks without a process ---------------------------------------------------------- */

static wf_id_t create(wf_id_t parent)
{
    const wf_task_change_t what = { .set = parent ? WF_TASK_PARENT : 0,
                                    .parent = parent };
    const wf_bpmn_call_t *call = world_begin();
    wf_task_t *task;
    wf_id_t id;

    world_check(wf_bpmn_create_task(call, &what, &task, &world.err), &world.err, "task");
    id = task->id;
    world_end(APR_SUCCESS);
    return id;
}

static void alone(void)
{
    wf_id_t task = create(0), sub = create(task);
    const wf_bpmn_call_t *call;

    ok(set(task, one("a", wf_integer(1)), NULL, WF_TASK_MAY_BE) == APR_SUCCESS,
       "alone: local ones");
    ok(set(sub, one("b", wf_integer(2)), NULL, WF_TASK_MAY_BE) == APR_SUCCESS,
       "alone: of a sub-task");
    ok(set(task, NULL, one("a", wf_integer(1)), WF_TASK_MAY_BE) != APR_SUCCESS
           && world.err.kind == WF_ERR_INVALID && strcmp(world.err.field, "scope") == 0,
       "alone: no global ones: %s", world.err.message);
    is_str(of_task(task), "a=1", "alone: what it has");
    is_str(of_task(sub), "b=2", "alone: what the sub-task has");
    call = world_begin();
    ok(world_end(wf_bpmn_complete(call, task, one("c", wf_integer(3)), &world.err))
           == APR_SUCCESS,
       "alone: completes");
    is_str(of_task(task), "", "alone: gone");
    is_str(of_task(sub), "", "alone: of the sub-task, too");
}

/* An instance takes the sub-tasks of its tasks along, and what these have. */
static void deletion(void)
{
    wf_id_t instance = start(LISTENING(INNER)), task = world_task(instance, "t");
    wf_id_t sub = create(task);
    const wf_bpmn_call_t *call;

    set(sub, one("m", wf_map(world_vars())), NULL, WF_TASK_MAY_BE);
    call = world_begin();
    ok(world_end(wf_bpmn_delete_instance(call, instance, NULL, &world.err))
           == APR_SUCCESS,
       "deleted");
    is_str(of_task(task), "", "deleted: those of the task");
    is_str(of_task(sub), "", "deleted: those of its sub-task");
}

/* Listeners that set some when the instance is deleted under them. */
static void deletion_listened(void)
{
    wf_id_t instance = start(
        LISTENING(INNER TASK_ON("delete", "expression=\"${task.setVariableLocal('z', l)}"
                                          "${z.add(3)}\"")));
    wf_id_t task = world_task(instance, "t");
    const wf_bpmn_call_t *call = world_begin();

    ok(world_end(wf_bpmn_delete_instance(call, instance, NULL, &world.err))
           == APR_SUCCESS,
       "deleted under a listener");
    is_str(of_task(task), "", "deleted under a listener: nothing stays");
}

/* ---- history ------------------------------------------------------------------------ */

static const wf_hi_varinst_t *last_of(wf_relation_e relation, wf_id_t id,
                                      const char *name)
{
    apr_array_header_t *rows = world_select(relation, id);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_varinst_t *row = APR_ARRAY_IDX(rows, i, wf_hi_varinst_t *);

        if (strcmp(row->name, name) == 0 && row->task_id) {
            return row;
        }
    }
    return NULL;
}

static void history(void)
{
    wf_id_t instance, task;
    const wf_hi_varinst_t *row;
    const wf_hi_detail_t *detail;
    apr_array_header_t *details;

    world.history = WF_HISTORY_FULL;
    instance = start(LISTENING(INNER DO("task.setVariableLocal('x', 'later')")));
    task = world_task(instance, "t");
    world_complete(instance, "t", NULL);
    row = last_of(WF_BY_HI_VARIABLES_OF_INSTANCE, instance, "x");
    ok(row && row->task_id == task && row->execution_id == instance, "history: whose");
    is_str(row ? row->value.as.text.data : NULL, "later", "history: the last value");
    details = world_select(WF_BY_HI_DETAILS_OF_TASK, task);
    is_int(details->nelts, 2, "history: each change");
    detail = APR_ARRAY_IDX(details, 1, wf_hi_detail_t *);
    is_str(detail->type, "VariableUpdate", "history: of the variable");
    ok(detail->act_inst_id && detail->proc_inst_id == instance, "history: and where");
    world.history = WF_HISTORY_DEFAULT;
}

static int rows_of(const char *table)
{
    wf_page_t page = { .size = 1 };
    wf_rows_t rows;

    world_begin();
    world_check(
        wf_store_view(world.reader, table, &page, &rows, world.unit_pool, &world.err),
        &world.err, table);
    return (int)rows.total;
}

/* A task without a process: its history has no instance, and goes with it. */
static void history_alone(void)
{
    wf_id_t task, sub;
    apr_array_header_t *details;
    const wf_bpmn_call_t *call;
    int before, bytes;

    world.history = WF_HISTORY_FULL;
    before = rows_of("ACT_HI_DETAIL");
    bytes = rows_of("ACT_GE_BYTEARRAY");
    task = create(0);
    sub = create(task);
    set(sub, one("m", wf_map(world_vars())), NULL, WF_TASK_MAY_BE);
    call = world_begin();
    world_end(wf_bpmn_complete(call, task, one("c", wf_integer(3)), &world.err));
    details = world_select(WF_BY_HI_DETAILS_OF_TASK, task);
    is_int(details->nelts, 1, "history alone: what it was completed with");
    ok(!APR_ARRAY_IDX(details, 0, wf_hi_detail_t *)->proc_inst_id,
       "history alone: no instance");
    is_int(rows_of("ACT_HI_DETAIL"), before + 2, "history alone: of both tasks");
    world_begin();
    wf_uow_purge(world.uow, WF_PURGE_TASK_HISTORY, task);
    world_end(APR_SUCCESS);
    is_int(rows_of("ACT_HI_DETAIL"), before, "history alone: purged");
    is_int(rows_of("ACT_GE_BYTEARRAY"), bytes,
           "history alone: with what was stored apart");
    world.history = WF_HISTORY_DEFAULT;
}

/* Both ways of a form. */
static void forms(void)
{
    const char *xml = PROCESS(
        START FLOW("s", "t") "<userTask id=\"t\" activiti:formKey=\"f.form\">"
                             "<extensionElements>" INNER
                             "<activiti:formProperty id=\"x\"/></extensionElements>"
                             "</userTask>" FLOW("t", "u") TASK("u"));
    const wf_definition_t *definition = world_deploy(xml);
    apr_array_header_t *properties;
    wf_started_t started;
    const char *text;
    wf_id_t task;

    world_add(definition, "f.form", "<b>${x}</b>");
    world_start(definition, one("x", wf_string("outer")), &started);
    task = world_task(started.id, "t");
    world_check(wf_bpmn_task_form(world_begin(), task, &text, &world.err), &world.err,
                "form");
    is_str(text, "<b>inner</b>", "a form shows the task's");
    world_check(wf_bpmn_task_properties(world_begin(), task, &properties, &world.err),
                &world.err, "properties");
    is_str(APR_ARRAY_IDX(properties, 0, wf_form_property_t).value, "inner",
           "and so does a form property");
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(listeners) / sizeof(listeners[0])); i++) {
        check_listeners(i);
    }
    completion();
    interruption();
    moved();
    clients();
    suspended();
    alone();
    deletion();
    deletion_listened();
    history();
    history_alone();
    forms();
    world_close();
    return done_testing();
}
