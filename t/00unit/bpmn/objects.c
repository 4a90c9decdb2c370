/* The objects that expressions see: every property of `execution` and `task`, also by its
 * getter, every method with a wrong number of arguments, and which name comes first. */
#include "scenario.h"
#include "script/script.h"

#define SCRIPT "org.activiti.engine.impl.bpmn.listener.ScriptTaskListener"

/* What both spellings of a property give, as "a|b". */
#define BOTH "${%s.%s}|${%s.get%c%s()}"

static const char *both(const char *object, const char *name)
{
    return apr_psprintf(world.pool, BOTH, object, name, object, name[0] - 'a' + 'A',
                        name + 1);
}

static void is_both(const char *got, const char *want, const char *what)
{
    is_str(got, apr_pstrcat(world.pool, want, "|", want, NULL), "%s", what);
}

static const char *number(wf_id_t id)
{
    return id ? apr_psprintf(world.pool, "%" APR_INT64_T_FMT, id) : "";
}

/* ---- execution ------------------------------------------------------------------------ */

typedef const char *want_fn(const wf_execution_t *row, const char *script);

static const char *own_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return number(row->id);
}

static const char *instance_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return number(row->proc_inst_id);
}

static const char *definition_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return row->proc_def_id;
}

static const char *business_key(const wf_execution_t *row, const char *script)
{
    (void)row, (void)script;
    return "key-7";
}

static const char *parent_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return number(row->parent_id);
}

static const char *super_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return number(row->super_exec);
}

static const char *activity_id(const wf_execution_t *row, const char *script)
{
    (void)script;
    return row->act_id;
}

static const char *activity_name(const wf_execution_t *row, const char *script)
{
    (void)row;
    return script; /* as it is written in the file */
}

static const char *nothing(const wf_execution_t *row, const char *script)
{
    (void)row, (void)script;
    return "";
}

static const char *variables(const wf_execution_t *row, const char *script)
{
    (void)row, (void)script;
    return "{v=1}";
}

static const char *variable_names(const wf_execution_t *row, const char *script)
{
    (void)row, (void)script;
    return "[v]";
}

/* clang-format off */
static const struct {
    const char *name;
    want_fn *want;
} of_execution[] = {
    { "id",                  own_id },
    { "processInstanceId",   instance_id },
    { "processDefinitionId", definition_id },
    { "processBusinessKey",  business_key },
    { "businessKey",         business_key },
    { "parentId",            parent_id },
    { "superExecutionId",    super_id },
    { "currentActivityId",   activity_id },
    { "currentActivityName", activity_name },
    { "eventName",           nothing },
    { "tenantId",            nothing },
    { "variables",           variables },
    { "variableNames",       variable_names },
};

/* What is called: the task in the root execution, or in a branch of a sub-process. */
static const char *const called[] = {
    "<userTask id=\"t\" name=\"%s\"/>" FLOW("i", "t"),
    "<subProcess id=\"u\"><startEvent id=\"j\"/><userTask id=\"t\" name=\"%s\"/>" TASK("o") FLOW("j", "t")
        FLOW("j", "o") "</subProcess>" FLOW("i", "u"),
};
/* clang-format on */

/* The task "t" of the instance that the first process calls. */
static const wf_task_t *called_task(const char *inside)
{
    const wf_definition_t *definition = deploy_all(apr_pstrcat(
        world.pool,
        DEFINITIONS
        "<process id=\"p\">" START "<callActivity id=\"c\" calledElement=\"q\" "
        "activiti:businessKey=\"key-7\" activiti:inheritVariables=\"true\"/>" FLOW(
            "s", "c") "</process><process id=\"q\"><startEvent id=\"i\"/>",
        inside, "</process></definitions>", NULL));
    wf_started_t started;

    world_check(world_start(definition, vars_of("{\"v\": 1}"), &started), &world.err,
                "start");
    find_family(started.id);
    return world_row(WF_TABLE_TASK, nth_task("t", 1));
}

static void properties_of_execution(void)
{
    int i, k;

    for (i = 0; i < (int)(sizeof(of_execution) / sizeof(of_execution[0])); i++) {
        for (k = 0; k < 2; k++) {
            const char *script = both("execution", of_execution[i].name);
            const char *inside = apr_psprintf(world.pool, called[k], script);
            const wf_task_t *task = called_task(inside);
            const char *name = apr_pstrdup(world.pool, task->name);
            const wf_execution_t *row = world_row(WF_TABLE_EXECUTION, task->execution_id);

            is_both(name, of_execution[i].want(row, script), script);
        }
    }
}

/* ---- task ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *name, *want; /* NULL: an id or a time, which the row has */
} of_task[] = {
    { "id",                  NULL },
    { "name",                "N" },
    { "description",         "D" },
    { "assignee",            "kermit" },
    { "owner",               "gonzo" },
    { "priority",            "7" },
    { "dueDate",             "Thu Jan 01 00:00:01 UTC 1970" },
    { "createTime",          NULL },
    { "category",            "c" },
    { "formKey",             "f" },
    { "executionId",         NULL },
    { "processInstanceId",   NULL },
    { "processDefinitionId", NULL },
    { "taskDefinitionKey",   "t" },
    { "eventName",           "create" },
    { "execution",           "object" },
};
/* clang-format on */

static const char *row_says(const char *name, const wf_task_t *task)
{
    return strcmp(name, "id") == 0                  ? number(task->id)
           : strcmp(name, "executionId") == 0       ? number(task->execution_id)
           : strcmp(name, "processInstanceId") == 0 ? number(task->proc_inst_id)
           : strcmp(name, "processDefinitionId") == 0
               ? task->proc_def_id
               : wf_value_print(
                   &(wf_value_t){ .type = WF_DATE, .as.integer = task->create_time },
                   WF_UEL, world.pool);
}

/* A process whose task "t" runs a script when it is created. */
static const char *listening(const char *script)
{
    return apr_psprintf(
        world.pool,
        PROCESS(START
                "<userTask id=\"t\" name=\"N\" activiti:assignee=\"kermit\" "
                "activiti:owner=\"gonzo\" activiti:priority=\"7\" "
                "activiti:dueDate=\"1970-01-01T00:00:01Z\" activiti:formKey=\"f\" activiti:category=\"c\">"
                "<documentation>D</documentation><extensionElements>"
                "<activiti:taskListener event=\"create\" class=\"" SCRIPT "\">"
                "<activiti:field name=\"script\" stringValue=\"%s\"/>"
                "<activiti:field name=\"resultVariable\" stringValue=\"got\"/>"
                "</activiti:taskListener></extensionElements></userTask>" FLOW("s", "t")),
        script);
}

static void properties_of_task(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(of_task) / sizeof(of_task[0])); i++) {
        const char *script = both("task", of_task[i].name), *got;
        const wf_definition_t *definition = deploy_all(listening(script));
        wf_started_t started;

        if (!ok(world_start(definition, NULL, &started) == APR_SUCCESS, "%s: %s", script,
                world.err.message ? world.err.message : "")) {
            continue;
        }
        got = world_var(started.id, "got");
        got = got ? apr_pstrmemdup(world.pool, got + 1, strlen(got) - 2) : NULL;
        if (of_task[i].want && strcmp(of_task[i].want, "object") == 0) {
            ok(got && strstr(got, "execution"), "%s: %s", script, got);
            continue;
        }
        is_both(got,
                of_task[i].want
                    ? of_task[i].want
                    : row_says(of_task[i].name,
                               world_row(WF_TABLE_TASK, world_task(started.id, "t"))),
                script);
    }
}

/* ---- numbers of arguments ---------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *name;
    int count, on_task; /* 1: of a task only */
} methods[] = {
    { "getVariable", 1, 0 },         { "getVariableLocal", 1, 0 },
    { "setVariable", 2, 0 },         { "setVariableLocal", 2, 0 },
    { "hasVariable", 1, 0 },         { "hasVariableLocal", 1, 0 },
    { "removeVariable", 1, 0 },      { "removeVariableLocal", 1, 0 },
    { "getVariables", 0, 0 },        { "getVariableNames", 0, 0 },
    { "hasVariables", 0, 0 },        { "getId", 0, 0 },
    { "getProcessInstanceId", 0, 0 },
    { "setName", 1, 1 },             { "setDescription", 1, 1 },
    { "setAssignee", 1, 1 },         { "setOwner", 1, 1 },
    { "setPriority", 1, 1 },         { "setDueDate", 1, 1 },
    { "setCategory", 1, 1 },         { "setFormKey", 1, 1 },          { "addCandidateUser", 1, 1 },
    { "addCandidateUsers", 1, 1 },   { "addCandidateGroup", 1, 1 },
    { "addCandidateGroups", 1, 1 },  { "deleteCandidateUser", 1, 1 },
    { "deleteCandidateGroup", 1, 1 },
};
/* clang-format on */

/* Texts of a date, which all of the methods take but setPriority. */
static const char *call_with(const char *object, int row, int count)
{
    const char *one =
        strcmp(methods[row].name, "setPriority") == 0 ? "7" : "'1970-01-02'";
    const char *text =
        apr_pstrcat(world.pool, "${", object, ".", methods[row].name, "(", NULL);
    int i;

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(world.pool, text, i ? ", " : "", one, NULL);
    }
    return apr_pstrcat(world.pool, text, ")}", NULL);
}

static void check_call(const char *object, int row, int count, int exists)
{
    const char *script = call_with(object, row, count);
    wf_started_t started;
    apr_status_t rv = world_start(deploy_all(listening(script)), NULL, &started);
    int fits = exists && count == methods[row].count;

    if (!ok(fits ? rv == APR_SUCCESS
                 : rv != APR_SUCCESS
                       && strstr(world.err.message,
                                 apr_psprintf(world.pool,
                                              "has no method '%s' with %d "
                                              "arguments",
                                              methods[row].name, count)),
            "%s %s", script, fits ? "works" : "is refused")) {
        diag("%s", world.err.message ? world.err.message : "it works");
    }
}

static void wrong_arguments(void)
{
    int row, count;

    for (row = 0; row < (int)(sizeof(methods) / sizeof(methods[0])); row++) {
        for (count = 0; count < 4; count++) {
            check_call("task", row, count, 1);
            check_call("execution", row, count, !methods[row].on_task);
        }
    }
}

/* ---- which name comes first ------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *script, *want;
} firsts[] = {
    { "${execution.currentActivityId}", "\"t\"" },
    { "${task.name}",                   "\"N\"" },
    { "${authenticatedUserId}",         "\"kermit\"" },
    { "${v}",                           "1" },
    { "${fields} ${method} ${args}",    "\"a b c\"" },
};
/* clang-format on */

static void names_in_order(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(firsts) / sizeof(firsts[0])); i++) {
        wf_started_t started;
        wf_map_t *vars = vars_of("{\"execution\": {\"currentActivityId\": \"no\"}, "
                                 "\"task\": {\"name\": \"no\"}, \"v\": 1, "
                                 "\"authenticatedUserId\": \"no\", \"fields\": \"a\", "
                                 "\"method\": \"b\", \"args\": \"c\"}");

        world_check(world_start(deploy_all(listening(firsts[i].script)), vars, &started),
                    &world.err, "start");
        is_str(world_var(started.id, "got"), firsts[i].want, "%s", firsts[i].script);
    }
}

/* Where there is no task its name is that of a variable. */
static const scenario_t no_task = { "a variable called task",
                                    PROCESS(START CHOICE("g") TASK("a") TASK("b") FLOW(
                                        "s", "g") IF("g", "a", "${task == 'x'}")
                                                FLOW("g", "b")),
                                    "{\"task\": \"x\"}", "a", NULL };

int main(void)
{
    setenv("TZ", "UTC", 1);
    world_open();
    properties_of_execution();
    properties_of_task();
    wrong_arguments();
    names_in_order();
    play(&no_task);
    world_close();
    return done_testing();
}
