/* The demo processes: every file is clean and can be drawn, its forms can be rendered,
 * and the two that tell a story run from start to end. */
#include "diagram/diagram.h"
#include "world.h"

#include <apr_file_info.h>
#include <apr_file_io.h>

#define EXAMPLES "/conf/demo/processes/org/activiti/examples/bpmn/usertask/"

static const char *top;

static const char *read_text(const char *path)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t size;
    char *text;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, world.pool) != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return NULL;
    }
    size = (apr_size_t)info.size;
    text = apr_pcalloc(world.pool, size + 1);
    if (apr_file_read_full(file, text, size, NULL) != APR_SUCCESS) {
        return NULL;
    }
    apr_file_close(file);
    return text;
}

static const char *example(const char *name)
{
    return read_text(apr_pstrcat(world.pool, top, EXAMPLES, name, NULL));
}

/* clang-format off */
static const struct {
    const char *file, *key, *name;
    const char *places; /* after the start with employeeName kermit */
} examples[] = {
    { "TaskAssignee.bpmn20.xml",               "taskAssigneeProcess",        "Task Assignee example",                     "theTask" },
    { "SingleCandidateGroup.bpmn20.xml",       "singleCandidateGroup",       "Single candidate group example",            "theTask" },
    { "MultipleCandidateGroups.bpmn20.xml",    "multipleCandidatesGroup",    "Multiple candidate groups example",         "theTask" },
    { "MultipleCandidateUsers.bpmn20.xml",     "multipleCandidateUsers",     "Multiple candidate users example",          "theTask" },
    { "MixedCandidateUserAndGroup.bpmn20.xml", "mixedCandidateUserAndGroup", "Mixed candidate user and group example",    "theTask" },
    { "FinancialReportProcess.bpmn20.xml",     "financialReport",            "Monthly financial report",                  "writeReportTask" },
    { "VacationRequest.bpmn20.xml",            "vacationRequest",            "Vacation request",                          "handleVacationRequest" },
};
/* clang-format on */

#define EXAMPLES_COUNT ((int)(sizeof(examples) / sizeof(examples[0])))

static const wf_definition_t *definitions[EXAMPLES_COUNT];

static wf_map_t *request(void)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, "employeeName", wf_string("fozzie"));
    wf_map_set(vars, "numberOfDays", wf_integer(3));
    wf_map_set(vars, "vacationMotivation", wf_string("tired"));
    return vars;
}

/* The node where an instance waits is there and marked. */
static void can_be_drawn(int i, const char *xml, const char *waits_at)
{
    apr_array_header_t *active = apr_array_make(world.pool, 1, sizeof(const char *));
    const char *svg, *node;

    APR_ARRAY_PUSH(active, const char *) = waits_at;
    if (!ok(wf_diagram_draw(xml, strlen(xml), examples[i].key, active, &svg, world.pool,
                         &world.err)
                == APR_SUCCESS,
            "%s: drawn", examples[i].file)) {
        diag("%s", world.err.message);
        return;
    }
    node = apr_pstrcat(world.pool, "wf-active\" data-element=\"", waits_at, "\"", NULL);
    ok(strstr(svg, node) != NULL, "%s: %s is marked", examples[i].file, waits_at);
}

static void check_example(int i)
{
    const char *xml = example(examples[i].file);
    wf_problems_t *problems = wf_problems_create(examples[i].file, world.pool);
    apr_array_header_t *models;
    wf_definition_t *definition;
    wf_started_t started;

    if (!ok(xml != NULL, "%s is there", examples[i].file)) {
        return;
    }
    wf_model_parse(&models, xml, strlen(xml), problems, world.pool);
    is_str(wf_problems_text(problems, world.pool), "", "%s: no problems",
           examples[i].file);
    is_str(wf_model_key(APR_ARRAY_IDX(models, 0, wf_model_t *)), examples[i].key,
           "%s: key", examples[i].file);
    is_str(wf_model_name(APR_ARRAY_IDX(models, 0, wf_model_t *)), examples[i].name,
           "%s: name", examples[i].file);
    definition = (wf_definition_t *)world_deploy_as(xml, examples[i].key);
    definitions[i] = definition;
    if (!ok(world_start(definition, request(), &started) == APR_SUCCESS, "%s: starts",
            examples[i].file)) {
        diag("%s", world.err.message);
        return;
    }
    is_str(world_places(&started), examples[i].places, "%s: rests", examples[i].file);
    can_be_drawn(i, xml, examples[i].places);
}

/* ---- forms ------------------------------------------------------------------------- */

#define FORMS "org/activiti/examples/taskforms/"

/* Every form that a file names is a resource of its deployment. */
static void add_forms(void)
{
    static const char *const forms[] = {"request", "approve", "adjustRequest"};
    const char *xml = example("VacationRequest.bpmn20.xml");
    int i;

    for (i = 0; i < 3; i++) {
        const char *key = apr_pstrcat(world.pool, FORMS, forms[i], ".form", NULL);
        const char *text =
            read_text(apr_pstrcat(world.pool, top, "/conf/demo/processes/", key, NULL));

        ok(strstr(xml, key) != NULL, "the process names %s", key);
        if (ok(text != NULL, "%s is there", key)) {
            world_add(definitions[EXAMPLES_COUNT - 1], key, text);
        }
    }
}

/* Each of parts, a list that ends with NULL, is in the form of a task (0: the start). */
static void shows(const char *what, wf_id_t task, const char *const *parts)
{
    const wf_bpmn_call_t *call = world_begin();
    const char *text = NULL;
    apr_status_t rv = task ? wf_bpmn_task_form(call, task, &text, &world.err)
                           : wf_bpmn_start_form(call, definitions[EXAMPLES_COUNT - 1],
                                                &text, &world.err);

    if (!ok(rv == APR_SUCCESS, "%s is rendered", what)) {
        diag("%s", world.err.message);
        return;
    }
    ok(!strstr(text, "${"), "%s: nothing is left to evaluate", what);
    for (; *parts; parts++) {
        ok(strstr(text, *parts) != NULL, "%s has %s", what, *parts);
    }
}

static const char *const request_form[] = {
    "name=\"employeeName\"",
    "name=\"employeeName_required\" value=\"true\"",
    "name=\"numberOfDays_type\" value=\"Integer\"",
    "name=\"startDate\"",
    "name=\"returnDate\"",
    "name=\"vacationPay\"",
    "name=\"vacationMotivation\"",
    NULL};
static const char *const approve_form[] = {
    "fozzie asks for 3 day(s)", "Motivation: tired",
    "name=\"vacationApproved_type\" value=\"Boolean\"", "name=\"managerMotivation\"",
    NULL};
static const char *const adjust_form[] = {
    "3 day(s) of vacation was not approved",         "too many", "value=\"3\"", ">tired<",
    "name=\"resendRequest_type\" value=\"Boolean\"", NULL};

static void complete(wf_id_t instance, const char *task, const char *name,
                     wf_value_t value)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, name, value);
    wf_map_set(vars, "managerMotivation", wf_string("too many"));
    if (!ok(world_complete(instance, task, vars) == APR_SUCCESS, "completes %s", task)) {
        diag("%s", world.err.message);
    }
}

static void vacation(void)
{
    wf_started_t started;
    wf_task_t *task;
    wf_id_t id;

    shows("request.form", 0, request_form);
    world_start(definitions[EXAMPLES_COUNT - 1], request(), &started);
    shows("approve.form", world_task(started.id, "handleVacationRequest"), approve_form);
    task = world_row(WF_TABLE_TASK, world_task(started.id, "handleVacationRequest"));
    is_str(task->description, "Vacation request by fozzie", "the manager's task");
    is_str(task->form_key, "org/activiti/examples/taskforms/approve.form", "its form");
    complete(started.id, "handleVacationRequest", "vacationApproved", wf_boolean(0));
    id = world_task(started.id, "adjustVacationRequest");
    shows("adjustRequest.form", id, adjust_form);
    task = world_row(WF_TABLE_TASK, id);
    is_str(task->assignee, "fozzie", "the employee has to adjust it");
    complete(started.id, "adjustVacationRequest", "resendRequest", wf_boolean(1));
    is_str(world_tasks(started.id), "handleVacationRequest", "it comes again");
    complete(started.id, "handleVacationRequest", "vacationApproved", wf_boolean(1));
    is_int(world_executions(started.id), 0, "an approved request ends");
    world_start(definitions[EXAMPLES_COUNT - 1], request(), &started);
    complete(started.id, "handleVacationRequest", "vacationApproved", wf_boolean(0));
    complete(started.id, "adjustVacationRequest", "resendRequest", wf_boolean(0));
    is_int(world_executions(started.id), 0, "a withdrawn request ends");
}

static void financial_report(void)
{
    wf_started_t started;

    world_start(definitions[EXAMPLES_COUNT - 2], NULL, &started);
    ok(world_complete(started.id, "writeReportTask", NULL) == APR_SUCCESS, "written");
    is_str(world_tasks(started.id), "verifyReportTask", "to be verified");
    ok(world_complete(started.id, "verifyReportTask", NULL) == APR_SUCCESS, "verified");
    is_int(world_executions(started.id), 0, "and done");
}

int main(void)
{
    int i;

    top = getenv("WF_TOP") ? getenv("WF_TOP") : ".";
    world_open();
    for (i = 0; i < EXAMPLES_COUNT; i++) {
        check_example(i);
    }
    if (definitions[EXAMPLES_COUNT - 1] && definitions[EXAMPLES_COUNT - 2]) {
        add_forms();
        vacation();
        financial_report();
    }
    world_close();
    return done_testing();
}
