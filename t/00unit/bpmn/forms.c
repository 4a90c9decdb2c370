/* Rendering forms: what they may refer to, what they give, how they fail. */
#include "world.h"

#define KEY "forms/a.form"
#define FORMS                                                                            \
    PROCESS("<startEvent id=\"s\" activiti:formKey=\"" KEY "\"/>\n"                      \
            "<userTask id=\"t\" name=\"Check &lt;it&gt;\" activiti:formKey=\"" KEY       \
            "\" activiti:assignee=\"gonzo\" activiti:priority=\"70\">"                   \
            "<documentation>Look at ${a}</documentation></userTask>\n" FLOW("s", "t"))
#define NO_FORMS PROCESS(START TASK("t") FLOW("s", "t"))
#define EVALUATED_KEY                                                                    \
    PROCESS(START "<userTask id=\"t\" activiti:formKey=\"${a}.form\"/>\n" FLOW("s", "t"))

static const wf_definition_t *definition; /* of FORMS */
static wf_started_t started;

typedef struct case_t {
    const char *what, *form, *text;
    const char *why; /* part of the message, if it fails */
} case_t;

/* clang-format off */
static const case_t start_forms[] = {
    { "plain text",          "<p>Hello</p>",                 "<p>Hello</p>",          NULL },
    { "an empty file",       "",                             "",                      NULL },
    { "constants",           "<p>${1 + 2} ${'x'.length()}</p>", "<p>3 1</p>",         NULL },
    { "a null inside",       "<p>${null}</p>",               "<p></p>",               NULL },
    { "a marker as text",    "cost: \\${amount}",            "cost: ${amount}",       NULL },
    { "who asks",            "by ${authenticatedUserId}",    "by kermit",             NULL },
    { "hash markers",        "#{1}\n#{2}\n",                 "1\n2\n",                NULL },
    { "a text alone",        "${'x'}",                       "x",                     NULL },
    { "umlauts",             "Gr\xc3\xbc\xc3\x9f" "e ${1}",  "Gr\xc3\xbc\xc3\x9f" "e 1", NULL },
    { "a variable",          "<p>${a}</p>",                  NULL, "resource 'forms/a.form'" },
    { "the execution",       "${execution.id}",              NULL, "execution" },
    { "a task",              "${task.id}",                   NULL, "task" },
    { "both markers",        "${1} #{2}",                    NULL, "position 6" },
    { "no closing brace",    "<p>${1</p>",                   NULL, "resource 'forms/a.form': text" },
    { "a syntax error",      "<p>${1 +}</p>",                NULL, "resource 'forms/a.form'" },
    { "a number alone",      "${1}",                         NULL, "long" },
    { "a null alone",        "${null}",                      NULL, "null" },
    { "no UTF-8",            "Gr\xfc\xdf" "e",               NULL, "UTF-8" },
};

static const case_t task_forms[] = {
    { "variables",           "${a} of ${n}",                 "bread of 3",            NULL },
    { "a variable alone",    "${a}",                         "bread",                 NULL },
    { "a null variable",     "<p>${nothing}</p>",            "<p></p>",               NULL },
    { "the execution",       "${execution.currentActivityId} ${execution.getVariable('a')}",
                                                             "t bread",               NULL },
    { "one that is not there", "${execution.hasVariable('b')}!", "false!",            NULL },
    { "the task",            "${task.name}, ${task.description}", "Check <it>, Look at bread", NULL },
    { "its people",          "${task.assignee} ${empty task.owner} ${task.priority}", "gonzo true 70", NULL },
    { "its places",          "${task.taskDefinitionKey} ${task.processDefinitionId} ${task.formKey}", "t p:1 " KEY, NULL },
    { "its getters",         "${task.getTaskDefinitionKey()} ${task.getVariable('n')}", "t 3", NULL },
    { "its execution",       "${task.executionId == execution.id} ${task.execution.id == execution.id}",
                                                             "true true",             NULL },
    { "its instance",        "${task.processInstanceId == execution.processInstanceId}!", "true!", NULL },
    { "its times",           "${empty task.dueDate} ${task.createTime.getTime() > 0}", "true true", NULL },
    { "what no task has",    "[${task.category}${task.parentTaskId}${task.delegationState}]", "[]", NULL },
    { "writing",             "${execution.setVariable('a', 'milk')}${a}", "milk",      NULL },
    { "writing lasts not",   "<p>${a}</p>",                  "<p>bread</p>",          NULL },
    { "an unknown name",     "<p>${b}</p>",                  NULL, "resource 'forms/a.form'" },
    { "an unknown property", "${task.colour}",               NULL, "colour" },
    { "a setter",            "${task.setName('x')}",         NULL, "setName" },
    { "a number alone",      "${n}",                         NULL, "integer" },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

/* The form's file is as the case has it; the unit of work is dropped, as ever. */
static apr_status_t render(const char *form, wf_id_t task, const char **text)
{
    wf_bytearray_t *resource;
    const wf_bpmn_call_t *call;

    world_begin();
    world_check(wf_store_resource(world.reader, definition->deployment_id, KEY, &resource,
                                  world.unit_pool, &world.err),
                &world.err, "the form");
    world_check(
        wf_uow_get(world.uow, WF_TABLE_BYTEARRAY, resource->id, &resource, &world.err),
        &world.err, "the form");
    wf_uow_delete(world.uow, resource);
    world_check(world_end(APR_SUCCESS), &world.err, "delete the form");
    world_add(definition, KEY, form);
    call = world_begin();
    return task ? wf_bpmn_task_form(call, task, text, &world.err)
                : wf_bpmn_start_form(call, definition, text, &world.err);
}

static void check(const char *kind, const case_t *c, wf_id_t task)
{
    const char *text = NULL;
    apr_status_t rv = render(c->form, task, &text);

    if (c->text) {
        is_str(rv == APR_SUCCESS ? text : world.err.message, c->text, "%s: %s", kind,
               c->what);
        return;
    }
    if (ok(rv != APR_SUCCESS, "%s: %s fails", kind, c->what)) {
        is_int(world.err.kind, WF_ERR_EXECUTION, "%s: %s: its kind", kind, c->what);
        if (!ok(strstr(world.err.message, c->why) != NULL, "%s: %s: names %s", kind,
                c->what, c->why)) {
            diag("%s", world.err.message);
        }
    }
}

static void fails(apr_status_t rv, wf_err_kind_e kind, const char *what)
{
    ok(rv != APR_SUCCESS, "%s", what);
    is_int(world.err.kind, kind, "%s: its kind", what);
}

static void without_forms(void)
{
    const wf_definition_t *plain = world_deploy(NO_FORMS);
    const wf_definition_t *computed = world_deploy(EVALUATED_KEY);
    wf_map_t *vars = world_vars();
    wf_started_t one;
    const char *text;
    wf_id_t task;

    world_start(plain, NULL, &one);
    task = world_task(one.id, "t");
    fails(wf_bpmn_start_form(world_begin(), plain, &text, &world.err), WF_ERR_NOT_FOUND,
          "a start event without form key");
    fails(wf_bpmn_task_form(world_begin(), task, &text, &world.err), WF_ERR_NOT_FOUND,
          "a task without form key");
    fails(wf_bpmn_task_form(world_begin(), 4711, &text, &world.err), WF_ERR_NOT_FOUND,
          "an unknown task");
    wf_map_set(vars, "a", wf_string("forms/b"));
    world_start(computed, vars, &one);
    task = world_task(one.id, "t");
    fails(wf_bpmn_task_form(world_begin(), task, &text, &world.err), WF_ERR_EXECUTION,
          "a form key that names no resource");
    ok(strstr(world.err.message, "forms/b.form") != NULL,
       "the message names the resource");
    world_add(computed, "forms/b.form", "${a}!");
    ok(wf_bpmn_task_form(world_begin(), task, &text, &world.err) == APR_SUCCESS,
       "its resource is there");
    is_str(text, "forms/b!", "and is rendered");
}

/* A resource of the same name in another deployment is another form. */
static void same_deployment(void)
{
    const wf_definition_t *other = world_deploy(FORMS);
    const char *text;

    fails(wf_bpmn_start_form(world_begin(), other, &text, &world.err), WF_ERR_EXECUTION,
          "the form of another deployment");
}

int main(void)
{
    wf_map_t *vars;
    wf_id_t task;
    apr_size_t i;

    world_open();
    vars = world_vars();
    wf_map_set(vars, "a", wf_string("bread"));
    wf_map_set(vars, "n", wf_integer(3));
    wf_map_set(vars, "nothing", wf_null());
    definition = world_deploy(FORMS);
    world_add(definition, KEY, "");
    world_start(definition, vars, &started);
    task = world_task(started.id, "t");
    for (i = 0; i < COUNT(start_forms); i++) {
        check("start form", &start_forms[i], 0);
    }
    for (i = 0; i < COUNT(task_forms); i++) {
        check("task form", &task_forms[i], task);
    }
    is_str(world_var(started.id, "a"), "\"bread\"", "forms have written nothing");
    without_forms();
    same_deployment();
    world_close();
    return done_testing();
}
