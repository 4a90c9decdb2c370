/* User tasks: what the file says becomes a task and its identity links; claim, complete.
 */
#include "world.h"

#define ONE_TASK(attributes, children)                                                   \
    PROCESS(START "<userTask id=\"t\" " attributes ">" children                          \
                  "</userTask>" FLOW("s", "t"))
#define ROLE(element, text)                                                              \
    "<" element "><resourceAssignmentExpression><formalExpression>" text                 \
    "</formalExpression></resourceAssignmentExpression></" element ">"
#define NONE (-1)

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *name, *description, *assignee, *owner, *form_key;
    int priority;      /* NONE: default */
    const char *links; /* "u:a g:b": users and groups, in order */
    const char *category;
} tasks[] = {
    { "plain",             ONE_TASK("", ""),                             NULL, NULL, NULL, NULL, NULL, NONE, "", NULL },
    { "texts",             ONE_TASK("name=\"Do ${what}\"", "<documentation>\n  A\n  #{what} \n</documentation>"),
                           "Do it", "A\n  it", NULL, NULL, NULL, NONE, "", NULL },
    { "raw texts",         ONE_TASK("name=\"Do ${nothing}\"", "<documentation>${1 % 0}</documentation>"),
                           "Do ${nothing}", "${1 % 0}", NULL, NULL, NULL, NONE, "", NULL },
    { "numbers as texts",  ONE_TASK("name=\"${n}\"", "<documentation>${1 == 1}</documentation>"),
                           "5", "true", NULL, NULL, NULL, NONE, "", NULL },
    { "people",            ONE_TASK("activiti:assignee=\"${who}\" activiti:owner=\"gonzo\"", ""),
                           NULL, NULL, "kermit", "gonzo", NULL, NONE, "", NULL },
    { "assignee is null",  ONE_TASK("activiti:assignee=\"${nobody}\"", ""), NULL, NULL, NULL, NULL, NULL, NONE, "", NULL },
    { "assignee is empty", ONE_TASK("activiti:assignee=\"${''}\"", ""),  NULL, NULL, NULL, NULL, NULL, NONE, "", NULL },
    { "human performer",   ONE_TASK("", ROLE("humanPerformer", " ${who} ")), NULL, NULL, "kermit", NULL, NULL, NONE, "", NULL },
    { "both",              ONE_TASK("activiti:assignee=\"gonzo\"", ROLE("humanPerformer", "${who}")),
                           NULL, NULL, "gonzo", NULL, NULL, NONE, "", NULL },
    { "form key",          ONE_TASK("activiti:formKey=\"forms/${what}.form\"", ""),
                           NULL, NULL, NULL, NULL, "forms/it.form", NONE, "", NULL },
    { "candidates",        ONE_TASK("activiti:candidateUsers=\" kermit , gonzo,\" activiti:candidateGroups=\"sales\"", ""),
                           NULL, NULL, NULL, NULL, NULL, NONE, "u:kermit u:gonzo g:sales", NULL },
    { "candidates from expressions", ONE_TASK("activiti:candidateUsers=\"${who}, ${list}, ${'a, b'}\"", ""),
                           NULL, NULL, NULL, NULL, NULL, NONE, "u:kermit u:x u:y u:a u:b", NULL },
    { "candidates named twice", ONE_TASK("activiti:candidateGroups=\"a,a,${'a'}\"", ""),
                           NULL, NULL, NULL, NULL, NULL, NONE, "g:a", NULL },
    { "links of other types", ONE_TASK("activiti:candidateGroups=\"a\"", "<extensionElements>"
        "<activiti:customResource activiti:name=\"auditor\"><resourceAssignmentExpression><formalExpression>"
        "user(kermit), group(${'b'}), c</formalExpression></resourceAssignmentExpression>"
        "</activiti:customResource></extensionElements>"),
                           NULL, NULL, NULL, NULL, NULL, NONE, "g:a u:kermit?auditor g:b?auditor g:c?auditor", NULL },
    { "twin",              ONE_TASK("camunda:candidateUsers=\"a\" xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\"", ""),
                           NULL, NULL, NULL, NULL, NULL, NONE, "u:a", NULL },
    { "potential owners",  ONE_TASK("", ROLE("potentialOwner", "user(kermit), group(sales), ${what}, user(${who})")
                                        ROLE("potentialOwner", "a,b")),
                           NULL, NULL, NULL, NULL, NULL, NONE, "u:kermit g:sales g:it g:a g:b", NULL },
    { "priority",          ONE_TASK("activiti:priority=\"70\"", ""),     NULL, NULL, NULL, NULL, NULL, 70, "", NULL },
    { "priority computed", ONE_TASK("activiti:priority=\"${n * 1.5}\"", ""), NULL, NULL, NULL, NULL, NULL, 7, "", NULL },
    { "category",          ONE_TASK("activiti:category=\"sales\"", ""),  NULL, NULL, NULL, NULL, NULL, NONE, "", "sales" },
    { "category computed", ONE_TASK("activiti:category=\"${what}-${n}\"", ""), NULL, NULL, NULL, NULL, NULL, NONE, "", "it-5" },
    { "category null",     ONE_TASK("activiti:category=\"${nobody}\"", ""), NULL, NULL, NULL, NULL, NULL, NONE, "", NULL },
    { "priority null",     ONE_TASK("activiti:priority=\"${nobody}\"", ""), NULL, NULL, NULL, NULL, NULL, NONE, "", NULL },
};
/* clang-format on */

static wf_map_t *start_vars(void)
{
    wf_map_t *vars = world_vars();
    wf_list_t *list = wf_list_create(world.pool);

    wf_list_push(list, wf_string("x"));
    wf_list_push(list, wf_string("y"));
    wf_map_set(vars, "what", wf_string("it"));
    wf_map_set(vars, "who", wf_string("kermit"));
    wf_map_set(vars, "nobody", wf_null());
    wf_map_set(vars, "n", wf_integer(5));
    wf_map_set(vars, "list", wf_list(list));
    return vars;
}

static const char *links_of(wf_id_t task)
{
    apr_array_header_t *links = world_select(WF_BY_LINKS_OF_TASK, task);
    const char *all = "";
    int i;

    for (i = 0; i < links->nelts; i++) {
        const wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", link->user_id ? "u:" : "g:",
                          link->user_id ? link->user_id : link->group_id, NULL);
        if (strcmp(link->type, "candidate") != 0) {
            all = apr_pstrcat(world.pool, all, "?", link->type, NULL);
        }
    }
    return all;
}

static void check_task(int i)
{
    const wf_definition_t *definition = world_deploy(tasks[i].xml);
    wf_started_t started;
    wf_task_t *task;
    const char *links;
    wf_id_t id;

    if (!ok(world_start(definition, start_vars(), &started) == APR_SUCCESS, "%s: starts",
            tasks[i].what)) {
        diag("%s", world.err.message);
        return;
    }
    id = world_task(started.id, "t");
    links = links_of(id);
    task = world_row(WF_TABLE_TASK, id);
    is_str(task->name, tasks[i].name, "%s: name", tasks[i].what);
    is_str(task->description, tasks[i].description, "%s: description", tasks[i].what);
    is_str(task->assignee, tasks[i].assignee, "%s: assignee", tasks[i].what);
    is_str(task->owner, tasks[i].owner, "%s: owner", tasks[i].what);
    is_str(task->form_key, tasks[i].form_key, "%s: form key", tasks[i].what);
    is_int(task->priority, tasks[i].priority == NONE ? 50 : tasks[i].priority,
           "%s: priority", tasks[i].what);
    is_str(task->category, tasks[i].category, "%s: category", tasks[i].what);
    is_str(((wf_hi_taskinst_t *)world_row(WF_TABLE_HI_TASKINST, id))->category,
           tasks[i].category, "%s: category in history", tasks[i].what);
    is_str(links, tasks[i].links, "%s: links", tasks[i].what);
    is_int(task->execution_id, started.id, "%s: execution", tasks[i].what);
    is_str(task->proc_def_id, definition->id, "%s: definition", tasks[i].what);
}

/* ---- due dates --------------------------------------------------------------------- */

#define DAY 86400000LL

/* clang-format off */
static const struct {
    const char *text;
    apr_int64_t due; /* 0: the start fails; below 0: -due after now */
} dues[] = {
    { "2026-03-01T12:30:00Z",      1772368200000LL },
    { "2026-03-01T12:30:00+01:00", 1772364600000LL },
    { "2026-03-01T12:30:00",       1772368200000LL }, /* the server's zone, here UTC */
    { "2026-03-01",                1772323200000LL },
    { "${date}",                   5000 },
    { "${iso}",                    1772368200000LL },
    { "P1D",                       -DAY },
    { "PT36H",                     -(DAY + DAY / 2) },
    { "P2W",                       -14 * DAY },
    { "P1M",                       -31 * DAY },  /* from the 1st of January 1970 */
    { "P1Y2M3DT4H5M6.5S",          -(365 + 59 + 3) * DAY - 14706500LL },
    { "${'PT' }1S",                -1000 },
    { "PT5M\" activiti:businessCalendarName=\"duration", -300000 },
    { "2026-03-01\" activiti:businessCalendarName=\"${'dueDate'}", 1772323200000LL },
    { "R/PT1H\" activiti:businessCalendarName=\"cycle", -3600000 },
    { "R/PT1H\" activiti:businessCalendarName=\"duration", 0 },
    { "PT1H\" activiti:businessCalendarName=\"maya", 0 },
    { "tomorrow",                  0 },
    { "P",                         0 },
    { "PT",                        0 },
    { "P1H",                       0 },
    { "P1D1Y",                     0 },
    { "P-1D",                      0 },
    { "P1.5D",                     0 },
    { "P99999999Y",                0 },
    { "2026-13-01",                0 },
    { "${n}",                      0 },
};
/* clang-format on */

static void due_dates(void)
{
    int i;

    for (i = 0; i < (int)(sizeof(dues) / sizeof(dues[0])); i++) {
        const wf_definition_t *definition = world_deploy(apr_psprintf(
            world.pool, ONE_TASK("activiti:dueDate=\"%s\"", ""), dues[i].text));
        wf_map_t *vars = start_vars();
        wf_started_t started;
        apr_status_t rv;
        wf_task_t *task;
        apr_int64_t now;

        wf_map_set(vars, "date", wf_date(5000));
        wf_map_set(vars, "iso", wf_string("2026-03-01T12:30:00Z"));
        rv = world_start(definition, vars, &started);
        now = world.call.now;
        if (!dues[i].due) {
            ok(rv != APR_SUCCESS && world.err.kind == WF_ERR_EXECUTION
                   && strstr(world.err.message, "dueDate"),
               "due date %s fails", dues[i].text);
            continue;
        }
        task = rv == APR_SUCCESS ? world_row(WF_TABLE_TASK, world_task(started.id, "t"))
                                 : NULL;
        is_int(task ? task->due_date : 0,
               dues[i].due < 0 ? now - dues[i].due : dues[i].due, "due date %s",
               dues[i].text);
    }
}

/* ---- what fails when the task is made ---------------------------------------------- */

/* clang-format off */
static const struct {
    const char *xml, *says;
} failures[] = {
    { ONE_TASK("activiti:assignee=\"${unknown}\"", ""),           "assignee" },
    { ONE_TASK("activiti:priority=\"high\"", ""),                 "priority" },
    { ONE_TASK("activiti:priority=\"${list}\"", ""),              "priority" },
    { ONE_TASK("activiti:priority=\"3000000000\"", ""),           "priority" },
    { ONE_TASK("activiti:category=\"${unknown}\"", ""),           "category" },
    { ONE_TASK("activiti:candidateUsers=\"${n}\"", ""),           "candidateUsers" },
    { ONE_TASK("activiti:candidateGroups=\"${nobody}\"", ""),     "candidateGroups" },
};
/* clang-format on */

static void check_failure(int i)
{
    const wf_definition_t *definition = world_deploy(failures[i].xml);
    wf_started_t started;

    ok(world_start(definition, start_vars(), &started) != APR_SUCCESS
           && world.err.kind == WF_ERR_EXECUTION
           && strstr(world.err.message, failures[i].says),
       "a bad %s fails: %s", failures[i].says,
       world.err.message ? world.err.message : "");
}

/* ---- claim and complete ------------------------------------------------------------ */

static apr_status_t claim(wf_id_t task, const char *user)
{
    const wf_bpmn_call_t *call = world_begin();

    return world_end(wf_bpmn_claim(call, task, user, &world.err));
}

static void life(void)
{
    const wf_definition_t *definition =
        world_deploy(ONE_TASK("name=\"T\" activiti:candidateGroups=\"a,b\"", ""));
    wf_hi_taskinst_t *history;
    wf_started_t started;
    apr_int64_t claimed;
    wf_id_t task;

    world_start(definition, start_vars(), &started);
    task = world_task(started.id, "t");
    ok(claim(task, "kermit") == APR_SUCCESS, "claim: a free task");
    claimed = world.call.now;
    is_str(((wf_task_t *)world_row(WF_TABLE_TASK, task))->assignee, "kermit",
           "claim: it is kermit's");
    ok(claim(task, "kermit") == APR_SUCCESS, "claim: again, no change");
    ok(wf_uow_is_empty(world.uow), "claim: and nothing to write");
    ok(claim(task, "gonzo") != APR_SUCCESS, "claim: somebody else's");
    is_int(world.err.kind, WF_ERR_CONFLICT, "claim: conflict");
    is_str(((wf_task_t *)world_row(WF_TABLE_TASK, task))->assignee, "kermit",
           "claim: still kermit's");
    ok(claim(task, "") != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "claim: no user");
    ok(claim(task + 1000, "kermit") != APR_SUCCESS && world.err.kind == WF_ERR_NOT_FOUND,
       "claim: unknown task");
    ok(world_complete(started.id, "t", NULL) == APR_SUCCESS, "complete");
    is_str(links_of(task), "", "complete: the links are gone");
    history = world_row(WF_TABLE_HI_TASKINST, task);
    is_str(history->name, "T", "history: name");
    is_str(history->assignee, "kermit", "history: assignee");
    is_int(history->claim_time, claimed, "history: when it was claimed");
    is_str(history->delete_reason, "completed", "history: reason");
    is_int(history->duration, history->end_time - history->start_time,
           "history: duration");
    ok(wf_bpmn_complete(world_begin(), task, NULL, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "complete: once only");
}

/* Rows that do not fit together are errors, not crashes. */
static void broken_rows(void)
{
    const wf_definition_t *definition = world_deploy(ONE_TASK("", ""));
    wf_started_t started;
    wf_task_t *task;
    wf_id_t id;

    world_start(definition, start_vars(), &started);
    id = world_task(started.id, "t");
    world_begin();
    wf_uow_get(world.uow, WF_TABLE_TASK, id, &task, &world.err);
    task->task_def_key = "elsewhere";
    wf_uow_update(world.uow, task);
    world_end(APR_SUCCESS);
    ok(wf_bpmn_complete(world_begin(), id, NULL, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_INTERNAL,
       "a task of another node: %s", world.err.message);
    world_begin();
    wf_uow_get(world.uow, WF_TABLE_TASK, id, &task, &world.err);
    task->proc_inst_id = 1;
    wf_uow_update(world.uow, task);
    world_end(APR_SUCCESS);
    ok(wf_bpmn_complete(world_begin(), id, NULL, &world.err) != APR_SUCCESS
           && world.err.kind == WF_ERR_NOT_FOUND,
       "a task of an instance that is gone: %s", world.err.message);
}

int main(void)
{
    int i;

    setenv("TZ", "UTC", 1);
    world_open();
    for (i = 0; i < (int)(sizeof(tasks) / sizeof(tasks[0])); i++) {
        check_task(i);
    }
    for (i = 0; i < (int)(sizeof(failures) / sizeof(failures[0])); i++) {
        check_failure(i);
    }
    due_dates();
    life();
    broken_rows();
    world_close();
    return done_testing();
}
