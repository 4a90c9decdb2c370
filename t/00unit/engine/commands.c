/* Commands on tasks, attachments and instances: their lanes, what they refuse by name,
 * what they leave in the store. A command runs as on an executor thread and is committed.
 */
#include <stdlib.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "engine/internal.h"
#include "tap.h"

typedef apr_status_t lane_fn(wf_work_t *work, wf_lane_t *lane, wf_error_t *err);

typedef struct command_t {
    const char *name;
    lane_fn *lane;
    wf_work_fn *run;
} command_t;

static const command_t CREATE = { "task.create", wf_lane_of_parent,
                                  wf_command_task_create };
static const command_t CHANGE = { "task.change", wf_lane_of_task,
                                  wf_command_task_change };
static const command_t SET = { "task.variables", wf_lane_of_task,
                               wf_command_task_variables };
static const command_t FORGET = { "task.forget", wf_lane_of_task,
                                  wf_command_task_forget };
static const command_t DELETE = { "task.delete", wf_lane_of_task,
                                  wf_command_task_delete };
static const command_t CLAIM = { "task.claim", wf_lane_of_task, wf_command_claim };
static const command_t UNCLAIM = { "task.unclaim", wf_lane_of_task, wf_command_unclaim };
static const command_t ASSIGN = { "task.assign", wf_lane_of_task, wf_command_assign };
static const command_t COMPLETE = { "task.complete", wf_lane_of_task,
                                    wf_command_complete };
static const command_t ATTACH = { "attachment.create", wf_lane_of_attaching,
                                  wf_command_attach };
static const command_t DETACH = { "attachment.delete", wf_lane_of_attachment,
                                  wf_command_detach };
static const command_t START = { "process.start", NULL, wf_command_start };
static const command_t CANCEL = { "process.delete", wf_lane_of_instance,
                                  wf_command_delete_instance };
static const command_t SIGNAL = { "process.signal", wf_lane_of_instance,
                                  wf_command_signal };
static const command_t EVENT = { "process.event", wf_lane_of_instance, wf_command_event };
static const command_t SUBMIT = { "form.submit", wf_lane_of_form,
                                  wf_command_form_submit };
static const command_t DIAGRAM = { "diagram.draw", wf_lane_of_diagram,
                                   wf_command_diagram };
static const command_t DEPLOY = { "deployment.create", wf_lane_of_deployments,
                                  wf_command_deploy };
static const command_t UNDEPLOY = { "deployment.delete", wf_lane_of_deployments,
                                    wf_command_undeploy };

static const command_t GRANT = { "grant.set", wf_lane_of_identity, wf_command_grant_set };
static const command_t CLEAR = { "grant.clear", wf_lane_of_identity,
                                 wf_command_grant_clear };
/* What stands before a command that relies on whose a task is. */
static const command_t OWN = { "own task", wf_lane_of_task, wf_permit_own_task };

static apr_pool_t *pool;
static const char *folder;
static wf_engine_t engine;
static wf_store_t *reader;
static wf_work_t work; /* the last command */
static wf_error_t outcome;

static void check(apr_status_t rv, const wf_error_t *err, const char *what)
{
    if (rv != APR_SUCCESS) {
        printf("Bail out! %s: %s\n", what, err->message ? err->message : "?");
        exit(1);
    }
}

static void open_world(void)
{
    char name[] = "/tmp/wf-engine-XXXXXX";
    wf_error_t err;
    const char *dsn;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    if (!mkdtemp(name)) {
        printf("Bail out! no temporary folder\n");
        exit(1);
    }
    folder = apr_pstrdup(pool, name);
    dsn = apr_psprintf(pool, "sqlite:%s/test.db", folder);
    check(wf_store_open(&engine.writer, dsn, WF_STORE_WRITE, pool, &err), &err, "writer");
    check(wf_store_open(&reader, dsn, WF_STORE_READ, pool, &err), &err, "reader");
    check(wf_ids_create(&engine.ids, engine.writer, pool, &err), &err, "ids");
    engine.pool = pool;
    engine.models = wf_models_create(10, wf_engine_load_model, reader, pool);
    engine.max_steps = 1000;
}

static void close_world(void)
{
    char *command = strdup(apr_psprintf(pool, "rm -rf '%s'", folder));

    apr_pool_destroy(pool);
    if (system(command) != 0) {
        diag("%s failed", command);
    }
    free(command);
    apr_terminate();
}

/* ---- running a command ------------------------------------------------------------- */

static apr_status_t commit(void)
{
    wf_error_t err;

    wf_error_init(&err, pool);
    check(wf_store_commit(engine.writer, engine.ids, &work.uow, 1, &outcome, &err), &err,
          "commit");
    return outcome.kind == WF_ERR_NONE ? APR_SUCCESS : WF_EFAILED;
}

/* Everything but the commit: 1 if it worked; outcome says why not. */
static int prepare(const command_t *command, const char *args, const void *blob,
                   apr_size_t length)
{
    wf_ipc_request_t *request = apr_pcalloc(pool, sizeof(*request));
    apr_status_t rv;

    wf_error_init(&outcome, pool);
    work = (wf_work_t){
        .engine = &engine, .pool = pool, .request = request, .user = "kermit"
    };
    request->blob = blob;
    request->blob_length = length;
    work.reader = reader;
    check(wf_json_parse(&work.args, args, strlen(args), pool, &outcome), &outcome, args);
    rv = command->lane ? command->lane(&work, &work.lane, &outcome) : APR_SUCCESS;
    if (rv == APR_SUCCESS) {
        work.uow = wf_uow_create(reader, engine.ids, pool);
        rv = command->run(&work, &outcome);
    }
    return rv == APR_SUCCESS;
}

static int run_with(const command_t *command, const char *args, const void *blob,
                    apr_size_t length)
{
    return prepare(command, args, blob, length) && commit() == APR_SUCCESS;
}

static int run(const command_t *command, const char *fmt, ...)
{
    va_list list;
    const char *args;

    va_start(list, fmt);
    args = apr_pvsprintf(pool, fmt, list);
    va_end(list);
    return run_with(command, args, NULL, 0);
}

static wf_id_t reply_id(void)
{
    return wf_json_int(work.reply, "id", 0);
}

static void *row(wf_table_e table, wf_id_t id)
{
    wf_error_t err;
    void *found;

    wf_error_init(&err, pool);
    check(wf_store_get(reader, table, id, &found, pool, &err), &err, "row");
    return found;
}

static void deploy(const char *xml)
{
    if (!run_with(&DEPLOY, "{\"name\":\"a.bpmn20.xml\"}", xml, strlen(xml))) {
        printf("Bail out! %s\n", outcome.message);
        exit(1);
    }
}

static void *first_of(wf_relation_e relation, wf_id_t instance)
{
    apr_array_header_t *rows;
    wf_error_t err;

    wf_error_init(&err, pool);
    check(wf_store_select(reader, relation, instance, &rows, pool, &err), &err, "select");
    return rows->nelts ? APR_ARRAY_IDX(rows, 0, void *) : NULL;
}

static wf_id_t task_of(wf_id_t instance)
{
    wf_task_t *task = first_of(WF_BY_TASKS_OF_INSTANCE, instance);

    return task ? task->id : 0;
}

static wf_id_t job_of(wf_id_t instance)
{
    wf_job_t *job = first_of(WF_BY_JOBS_OF_INSTANCE, instance);

    return job ? job->id : 0;
}

#define DEFINITIONS                                                                      \
    "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "                \
    "xmlns:activiti=\"http://activiti.org/bpmn\" targetNamespace=\"test\">\n"            \
    "<signal id=\"sig\" name=\"Alert\"/>"
#define PROCESS(attributes, node)                                                        \
    DEFINITIONS "<process id=\"p\" " attributes "><startEvent id=\"s\"/>" node           \
                "<sequenceFlow sourceRef=\"s\" targetRef=\"n\"/></process>"              \
                "</definitions>"
#define TASK PROCESS("", "<userTask id=\"n\" name=\"N\"/>")
#define TASK_AND_JOB                                                                     \
    PROCESS("", "<parallelGateway id=\"n\"/><userTask id=\"t\"/>"                        \
                "<userTask id=\"j\" activiti:async=\"true\"/>"                           \
                "<sequenceFlow sourceRef=\"n\" targetRef=\"t\"/>"                        \
                "<sequenceFlow sourceRef=\"n\" targetRef=\"j\"/>")

/* ---- refusals ---------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const command_t *command;
    const char *args; /* %T: a task, %I: an instance that waits at it, %L: 256 bytes */
    wf_err_kind_e kind;
    const char *field;
} refusals[] = {
    { &CLAIM,    "{}",                                        WF_ERR_INVALID,   "id" },
    { &CLAIM,    "{\"id\":\"1\"}",                            WF_ERR_INVALID,   "id" },
    { &CLAIM,    "{\"id\":-1}",                               WF_ERR_INVALID,   "id" },
    { &CLAIM,    "{\"id\":999999}",                           WF_ERR_NOT_FOUND, NULL },
    { &COMPLETE, "{\"id\":%T,\"variables\":[]}",              WF_ERR_INVALID,   NULL },
    { &COMPLETE, "{\"id\":%I}",                               WF_ERR_NOT_FOUND, NULL },
    { &ASSIGN,   "{\"id\":%T}",                               WF_ERR_INVALID,   "userId" },
    { &ASSIGN,   "{\"id\":%T,\"userId\":1}",                  WF_ERR_INVALID,   "userId" },
    { &ASSIGN,   "{\"id\":%T,\"userId\":\"%L\"}",   WF_ERR_INVALID,   "userId" },
    { &CREATE,   "{\"name\":1}",                              WF_ERR_INVALID,   "name" },
    { &CREATE,   "{\"name\":\"%L\"}",               WF_ERR_INVALID,   "name" },
    { &CREATE,   "{\"category\":\"%L\"}",                     WF_ERR_INVALID,   "category" },
    { &CREATE,   "{\"owner\":{}}",                            WF_ERR_INVALID,   "owner" },
    { &CREATE,   "{\"priority\":\"high\"}",                   WF_ERR_INVALID,   "priority" },
    { &CREATE,   "{\"priority\":2147483648}",                 WF_ERR_INVALID,   "priority" },
    { &CREATE,   "{\"dueDate\":1.5}",                         WF_ERR_INVALID,   "dueDate" },
    { &CREATE,   "{\"parent\":0}",                            WF_ERR_INVALID,   "parent" },
    { &CREATE,   "{\"parent\":\"1\"}",                        WF_ERR_INVALID,   "parent" },
    { &CREATE,   "{\"parent\":999999}",                       WF_ERR_NOT_FOUND, NULL },
    { &CHANGE,   "{\"id\":%T,\"parent\":%T}",                 WF_ERR_INVALID,   "parent" },
    { &CHANGE,   "{\"id\":%T,\"assignee\":[]}",               WF_ERR_INVALID,   "assignee" },
    { &DELETE,   "{\"id\":%T}",                               WF_ERR_CONFLICT,  NULL },
    { &SET,      "{}",                                        WF_ERR_INVALID,   "id" },
    { &SET,      "{\"id\":999999}",                           WF_ERR_NOT_FOUND, NULL },
    { &SET,      "{\"id\":%T,\"must\":\"maybe\"}",            WF_ERR_INVALID,   "must" },
    { &SET,      "{\"id\":%T,\"local\":{\"a\":{\"type\":\"integer\",\"value\":\"x\"}}}", WF_ERR_INVALID, "a" },
    { &SET,      "{\"id\":%T,\"must\":\"there\",\"local\":{\"a\":{\"type\":\"integer\",\"value\":1}}}", WF_ERR_NOT_FOUND, "a" },
    { &FORGET,   "{\"id\":%T,\"name\":\"a\"}",                WF_ERR_NOT_FOUND, "a" },
    { &ATTACH,   "{}",                                        WF_ERR_INVALID,   "task" },
    { &ATTACH,   "{\"task\":999999,\"url\":\"http://x/\"}",   WF_ERR_NOT_FOUND, NULL },
    { &ATTACH,   "{\"task\":%T,\"url\":7}",                   WF_ERR_INVALID,   "url" },
    { &ATTACH,   "{\"task\":%T,\"type\":\"%L\",\"url\":\"http://x/\"}", WF_ERR_INVALID, "type" },
    { &DETACH,   "{\"id\":null}",                             WF_ERR_INVALID,   "id" },
    { &DETACH,   "{\"id\":999999}",                           WF_ERR_NOT_FOUND, NULL },
    { &START,    "{}",                                        WF_ERR_INVALID,   "processDefinitionId" },
    { &START,    "{\"processDefinitionId\":\"p:99\"}",        WF_ERR_NOT_FOUND, "processDefinitionId" },
    { &START,    "{\"processDefinitionKey\":\"q\"}",          WF_ERR_NOT_FOUND, "processDefinitionKey" },
    { &START,    "{\"processDefinitionKey\":\"p\",\"businessKey\":1}", WF_ERR_INVALID, "businessKey" },
    { &START,    "{\"processDefinitionKey\":\"p\",\"businessKey\":\"%L\"}", WF_ERR_INVALID, "businessKey" },
    { &START,    "{\"processDefinitionKey\":\"p\",\"variables\":{\"a\":1}}", WF_ERR_INVALID, "a" },
    { &CANCEL,   "{}",                                        WF_ERR_INVALID,   "id" },
    { &CANCEL,   "{\"id\":%T}",                               WF_ERR_NOT_FOUND, NULL },
    { &CANCEL,   "{\"id\":%I,\"reason\":1}",                  WF_ERR_INVALID,   "reason" },
    { &SIGNAL,   "{\"id\":%I}",                               WF_ERR_INVALID,   "activityId" },
    { &SIGNAL,   "{\"id\":%I,\"activityId\":\"n\"}",          WF_ERR_CONFLICT,  "activityId" },
    { &SIGNAL,   "{\"id\":999999,\"activityId\":\"n\"}",      WF_ERR_NOT_FOUND, NULL },
    { &EVENT,    "{\"id\":%I}",                               WF_ERR_INVALID,   "signal" },
    { &EVENT,    "{\"id\":%I,\"signal\":\"Alert\"}",          WF_ERR_CONFLICT,  "signal" },
};
/* clang-format on */

static const char *id_text(wf_id_t id)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, id);
}

/* args with the ids of a task and of its instance put in, and texts that are too long. */
static const char *with_ids(const char *args, wf_id_t task, wf_id_t instance)
{
    char too_long[257];
    const char *mark;

    memset(too_long, 'x', 256);
    too_long[256] = '\0';
    while ((mark = strchr(args, '%')) != NULL) {
        args = apr_pstrcat(pool, apr_pstrmemdup(pool, args, mark - args),
                           mark[1] == 'T'   ? id_text(task)
                           : mark[1] == 'I' ? id_text(instance)
                                            : too_long,
                           mark + 2, NULL);
    }
    return args;
}

static void refused(int i, wf_id_t task, wf_id_t instance)
{
    const char *args = with_ids(refusals[i].args, task, instance);

    ok(!run(refusals[i].command, "%s", args), "%s %.60s: refused",
       refusals[i].command->name, args);
    if (!is_int(outcome.kind, refusals[i].kind, "kind")) {
        diag("%s", outcome.message ? outcome.message : "");
    }
    is_str(outcome.field, refusals[i].field, "field");
}

static void refuse_all(void)
{
    wf_id_t instance, task;
    int i;

    deploy(TASK);
    run(&START, "{\"processDefinitionKey\":\"p\"}");
    instance = reply_id();
    task = task_of(instance);
    for (i = 0; i < (int)(sizeof(refusals) / sizeof(refusals[0])); i++) {
        refused(i, task, instance);
    }
    is_int(task_of(instance), task, "the task is still open");
    is_str(((wf_task_t *)row(WF_TABLE_TASK, task))->assignee, NULL, "and nobody's");
}

/* ---- lanes ------------------------------------------------------------------------- */

/* Pictures take long, one at a time: they queue up with each other and nobody else. */
static void lanes_of_diagrams(wf_id_t instance)
{
    static const struct {
        const char *args; /* %T: the instance */
        int kind;
    } diagrams[] = {
        { "{\"definition\":\"p:1\",\"format\":\"png\"}", WF_LANE_PNG },
        { "{\"instance\":%T,\"format\":\"png\"}", WF_LANE_PNG },
        { "{\"instance\":%T,\"format\":\"svg\"}", WF_LANE_INSTANCE },
        { "{\"instance\":%T}", WF_LANE_INSTANCE },
        { "{\"definition\":\"p:1\"}", WF_LANE_NONE },
    };

    for (int i = 0; i < (int)(sizeof(diagrams) / sizeof(diagrams[0])); i++) {
        const char *args = with_ids(diagrams[i].args, instance, 0);

        prepare(&DIAGRAM, args, NULL, 0);
        is_int(work.lane.kind, diagrams[i].kind, "diagram.draw %s: kind of lane", args);
        is_int(work.lane.id, diagrams[i].kind == WF_LANE_INSTANCE ? instance : 0, "lane");
    }
}

static void lane_is(const command_t *command, const char *args, int kind, wf_id_t id)
{
    ok(run(command, "%s", args), "%s %s", command->name, args);
    is_int(work.lane.kind, kind, "kind of lane");
    is_int(work.lane.id, id, "lane");
}

static void lanes(void)
{
    wf_id_t instance, task, top, child, below, attachment;

    run(&START, "{\"processDefinitionKey\":\"p\"}");
    instance = reply_id();
    task = task_of(instance);
    lanes_of_diagrams(instance);
    lane_is(&CREATE, "{}", WF_LANE_NONE, 0);
    top = reply_id();
    lane_is(&CREATE, apr_psprintf(pool, "{\"parent\":%d}", (int)top), WF_LANE_TASK, top);
    child = reply_id();
    lane_is(&CREATE, apr_psprintf(pool, "{\"parent\":%d}", (int)child), WF_LANE_TASK,
            top);
    lane_is(&CLAIM, apr_psprintf(pool, "{\"id\":%d}", (int)reply_id()), WF_LANE_TASK,
            top);
    lane_is(&CREATE, apr_psprintf(pool, "{\"parent\":%d}", (int)task), WF_LANE_INSTANCE,
            instance);
    below = reply_id();
    lane_is(&CHANGE, apr_psprintf(pool, "{\"id\":%d}", (int)below), WF_LANE_INSTANCE,
            instance);
    lane_is(&ATTACH,
            apr_psprintf(pool, "{\"task\":%d,\"url\":\"http://x/\"}", (int)below),
            WF_LANE_INSTANCE, instance);
    attachment = reply_id();
    lane_is(&DETACH, apr_psprintf(pool, "{\"id\":%d}", (int)attachment), WF_LANE_TASK,
            attachment);
    lane_is(&COMPLETE, apr_psprintf(pool, "{\"id\":%d}", (int)task), WF_LANE_INSTANCE,
            instance);
    ok(!row(WF_TABLE_TASK, below), "completing the task ended the one below it");
}

static apr_status_t nothing(wf_work_t *w, wf_error_t *err)
{
    (void)w, (void)err;
    return APR_SUCCESS;
}

/* As if another instance had called it. */
static void set_root(wf_id_t instance, wf_id_t root)
{
    wf_uow_t *uow = wf_uow_create(reader, engine.ids, pool);
    wf_execution_t *execution;
    wf_error_t err;

    wf_error_init(&err, pool);
    check(wf_uow_get(uow, WF_TABLE_EXECUTION, instance, &execution, &err), &err, "get");
    execution->root_id = root;
    wf_uow_update(uow, execution);
    check(wf_store_commit(engine.writer, engine.ids, &uow, 1, &outcome, &err), &err,
          "root");
}

/* Whatever moves a called instance queues up with the instance at the top. */
static void lanes_of_calls(void)
{
    static const command_t of_instance = { "instance", wf_lane_of_instance, nothing };
    static const command_t of_task = { "task", wf_lane_of_task, nothing };
    static const command_t of_job = { "job", wf_lane_of_job, nothing };
    wf_id_t top, called;

    deploy(TASK_AND_JOB);
    run(&START, "{\"processDefinitionKey\":\"p\"}");
    top = reply_id();
    run(&START, "{\"processDefinitionKey\":\"p\"}");
    called = reply_id();
    for (int chained = 0; chained < 2; chained++) {
        wf_id_t lane = chained ? top : called;
        const char *by_id = "{\"id\":%d}";

        lane_is(&of_instance, apr_psprintf(pool, by_id, (int)called), WF_LANE_INSTANCE,
                lane);
        lane_is(&of_task, apr_psprintf(pool, by_id, (int)task_of(called)),
                WF_LANE_INSTANCE, lane);
        lane_is(&of_job, apr_psprintf(pool, by_id, (int)job_of(called)), WF_LANE_INSTANCE,
                lane);
        set_root(called, top);
    }
    lane_is(&of_instance, "{\"id\":999999}", WF_LANE_INSTANCE, 999999);
}

/* ---- tasks ------------------------------------------------------------------------- */

static void tasks(void)
{
    const wf_task_t *task;
    wf_id_t id;

    ok(run(&CREATE, "{\"name\":\"N\",\"description\":null,\"assignee\":\"gonzo\","
                    "\"priority\":-7,\"dueDate\":1234,\"parent\":null}"),
       "a task is made");
    id = reply_id();
    task = row(WF_TABLE_TASK, id);
    is_str(task->name, "N", "its name");
    is_str(task->description, NULL, "no description");
    is_str(task->assignee, "gonzo", "its assignee");
    is_int(task->priority, -7, "its priority");
    is_int(task->due_date, 1234, "its due date");
    is_int(task->parent_task_id, 0, "no parent");
    ok(run(&CHANGE,
           "{\"id\":%d,\"owner\":\"fozzie\",\"assignee\":null,\"priority\":null,"
           "\"dueDate\":null}",
           (int)id),
       "it is changed");
    task = row(WF_TABLE_TASK, id);
    is_str(task->name, "N", "what is absent stays");
    is_str(task->owner, "fozzie", "what is there is set");
    is_str(task->assignee, NULL, "null takes away");
    is_int(task->priority, WF_TASK_DEFAULT_PRIORITY, "null is the default priority");
    is_int(task->due_date, 0, "null is no due date");
    ok(run(&CLAIM, "{\"id\":%d}", (int)id), "it is claimed");
    is_str(((wf_task_t *)row(WF_TABLE_TASK, id))->assignee, "kermit", "by the caller");
    ok(run(&UNCLAIM, "{\"id\":%d}", (int)id), "and given back");
    is_str(((wf_task_t *)row(WF_TABLE_TASK, id))->assignee, NULL, "to nobody");
    ok(run(&ASSIGN, "{\"id\":%d,\"userId\":\"rowlf\"}", (int)id), "it is assigned");
    is_str(((wf_task_t *)row(WF_TABLE_TASK, id))->assignee, "rowlf", "to rowlf");
    ok(run(&ASSIGN, "{\"id\":%d,\"userId\":null}", (int)id), "to null");
    is_str(((wf_task_t *)row(WF_TABLE_TASK, id))->assignee, NULL, "is to nobody");
    ok(run(&DELETE, "{\"id\":%d}", (int)id), "it is deleted");
    ok(!row(WF_TABLE_TASK, id), "and gone");
}

/* ---- attachments ------------------------------------------------------------------- */

static void links_and_files(void)
{
    static const char bytes[] = "a\0b";
    const wf_attachment_t *attachment;
    const wf_bytearray_t *content;
    wf_id_t instance, task, file;

    run(&START, "{\"processDefinitionKey\":\"p\"}");
    instance = reply_id();
    task = task_of(instance);
    ok(run(&ATTACH, "{\"task\":%d,\"url\":\"http://x/y\",\"description\":\"D\"}",
           (int)task),
       "a link");
    attachment = row(WF_TABLE_ATTACHMENT, reply_id());
    is_str(attachment->name, "http://x/y", "link: is called what it is");
    is_str(attachment->description, "D", "link: description");
    is_str(attachment->user_id, "kermit", "link: who");
    is_int(attachment->task_id, task, "link: task");
    is_int(attachment->proc_inst_id, instance, "link: instance");
    is_int(attachment->content_id, 0, "link: no content");
    ok(run_with(&ATTACH,
                apr_psprintf(pool, "{\"task\":%d,\"name\":\"a.bin\",\"type\":\"x/y\"}",
                             (int)task),
                bytes, 3),
       "a file");
    file = reply_id();
    attachment = row(WF_TABLE_ATTACHMENT, file);
    content = row(WF_TABLE_BYTEARRAY, attachment->content_id);
    is_str(attachment->name, "a.bin", "file: name");
    is_str(attachment->type, "x/y", "file: type");
    is_str(attachment->url, NULL, "file: no link");
    ok(content && content->length == 3 && memcmp(content->bytes, bytes, 3) == 0,
       "file: its bytes");
    ok(!run_with(&ATTACH,
                 apr_psprintf(pool, "{\"task\":%d,\"url\":\"http://x/\"}", (int)task),
                 bytes, 3)
           && outcome.kind == WF_ERR_INVALID,
       "a file that is a link is neither");
    ok(run(&ATTACH, "{\"task\":%d,\"name\":\"\"}", (int)task), "an empty file");
    attachment = row(WF_TABLE_ATTACHMENT, reply_id());
    is_str(attachment->name, "attachment", "empty file: some name");
    content = row(WF_TABLE_BYTEARRAY, attachment->content_id);
    ok(content && content->length == 0, "empty file: no bytes");
    ok(run(&COMPLETE, "{\"id\":%d}", (int)task), "the task ends");
    attachment = row(WF_TABLE_ATTACHMENT, file);
    ok(attachment != NULL, "what was attached stays");
    ok(!run(&ATTACH, "{\"task\":%d,\"url\":\"http://x/\"}", (int)task)
           && outcome.kind == WF_ERR_NOT_FOUND,
       "but nothing comes to it");
    ok(run(&DETACH, "{\"id\":%d}", (int)file), "a file is taken away");
    ok(!row(WF_TABLE_ATTACHMENT, file), "it is gone");
    ok(!row(WF_TABLE_BYTEARRAY, attachment->content_id), "with its bytes");
}

/* ---- instances --------------------------------------------------------------------- */

static void starting(void)
{
    deploy(PROCESS("", "<receiveTask id=\"n\"/>"));
    ok(run(&START, "{\"processDefinitionKey\":\"p\",\"businessKey\":\"k\"}"),
       "starts by key");
    is_str(wf_json_string(work.reply, "processDefinitionId", ""), "p:2",
           "the newest version");
    is_str(wf_json_string(work.reply, "businessKey", ""), "k", "the reply has the key");
    is_str(json_object_to_json_string_ext(wf_json_get(work.reply, "activityNames"),
                                          JSON_C_TO_STRING_PLAIN),
           "[\"n\"]", "and where it rests");
    ok(!run(&START, "{\"processDefinitionKey\":\"p\",\"businessKey\":\"k\"}")
           && outcome.kind == WF_ERR_CONFLICT,
       "a business key is used once: %s", outcome.message);
    ok(run(&START, "{\"processDefinitionId\":\"p:1\",\"businessKey\":\"k\"}"),
       "by every definition");
    is_str(wf_json_string(work.reply, "processDefinitionId", ""), "p:1",
           "an id names one version");
    ok(run(&START, "{\"processDefinitionId\":\"p:1\",\"businessKey\":\"\"}")
           && run(&START, "{\"processDefinitionId\":\"p:1\",\"businessKey\":\"\"}"),
       "an empty key is none");
    is_str(wf_json_string(work.reply, "businessKey", NULL), NULL,
           "the reply has none either");
}

static void moving(void)
{
    wf_id_t id;

    run(&START, "{\"processDefinitionId\":\"p:2\"}");
    id = reply_id();
    ok(run(&SIGNAL, "{\"id\":%d,\"activityId\":\"n\"}", (int)id),
       "a receive task goes on");
    ok(!row(WF_TABLE_EXECUTION, id), "to the end");
    deploy(PROCESS("", "<intermediateCatchEvent id=\"n\"><signalEventDefinition "
                       "signalRef=\"sig\"/></intermediateCatchEvent>"));
    run(&START, "{\"processDefinitionKey\":\"p\"}");
    id = reply_id();
    ok(run(&EVENT,
           "{\"id\":%d,\"signal\":\"Alert\",\"variables\":{\"n\":{\"type\":\"integer\","
           "\"value\":1}}}",
           (int)id),
       "a signal is delivered");
    ok(!row(WF_TABLE_EXECUTION, id), "to who waits");
    run(&START, "{\"processDefinitionKey\":\"p\"}");
    id = reply_id();
    ok(run(&CANCEL, "{\"id\":%d,\"reason\":\"no money\"}", (int)id), "is deleted");
    ok(!row(WF_TABLE_EXECUTION, id), "and gone");
    is_str(((wf_hi_procinst_t *)row(WF_TABLE_HI_PROCINST, id))->delete_reason, "no money",
           "history says why");
}

/* ---- who may start ----------------------------------------------------------------- */

static int startable(const char *user)
{
    const wf_filter_t filter = { "startableByUser", wf_string(user) };
    const wf_page_t page = { .size = 10 };
    wf_rows_t rows;
    wf_error_t err;

    wf_error_init(&err, pool);
    check(
        wf_store_list(reader, WF_LIST_DEFINITIONS, &filter, 1, &page, &rows, pool, &err),
        &err, "list");
    return (int)rows.total;
}

static void starters(void)
{
    const char *own =
        apr_psprintf(pool, PROCESS("activiti:candidateStarterUsers=\"gonzo,rowlf\" "
                                   "activiti:candidateStarterGroups=\"sales\"",
                                   "<task id=\"n\"/>"));
    wf_id_t deployment;

    is_int(startable("gonzo"), 0, "gonzo is no candidate");
    deploy(own);
    deployment = reply_id();
    is_int(startable("gonzo"), 1, "gonzo may start what names him");
    is_int(startable("sales"), 0, "a group is no user");
    ok(run(&UNDEPLOY, "{\"id\":%d}", (int)deployment), "the definition goes");
    deploy(TASK);
    is_int(startable("gonzo"), 0, "the next with its id is not his");
    deploy(own);
    deployment = reply_id();
    ok(run(&UNDEPLOY, "{\"id\":%d,\"cascade\":true}", (int)deployment), "cascade");
    deploy(TASK);
    is_int(startable("rowlf"), 0, "takes the candidates, too");
}

/* ---- rights that the engine asks for once more ------------------------------------- */

#define MAY_START(rights)                                                                \
    (run(&GRANT, "{\"processDefinitionKey\":\"p\",\"userId\":\"kermit\","                \
                 "\"rights\":[" rights "]}")                                             \
     && run(&START, "{\"processDefinitionKey\":\"p\",\"grantedOnly\":true}"))

static void rights(void)
{
    int task;

    deploy(PROCESS("", "<userTask id=\"n\" activiti:candidateUsers=\"kermit\"/>"));
    ok(!run(&START, "{\"processDefinitionKey\":\"p\",\"grantedOnly\":true}"),
       "no rights, no start");
    is_int(outcome.kind, WF_ERR_NOT_FOUND, "and nothing to be seen");
    ok(!strstr(outcome.message, "p:"), "not even its name");
    ok(!MAY_START("\"operate\""), "another right is none to start");
    is_int(outcome.kind, WF_ERR_FORBIDDEN, "and that is said");
    ok(MAY_START("\"start\""), "who has the right, starts");
    ok(run(&CLEAR, "{\"processDefinitionKey\":\"p\"}"), "taken away");
    ok(!run(&START, "{\"processDefinitionKey\":\"p\",\"grantedOnly\":true}"),
       "as if it had never been");
    ok(run(&GRANT, "{\"processDefinitionKey\":\"*\",\"userId\":\"kermit\","
                   "\"rights\":[\"start\"]}")
           && run(&START, "{\"processDefinitionKey\":\"p\",\"grantedOnly\":true}"),
       "a right on all definitions");
    ok(!run(&GRANT, "{\"processDefinitionKey\":\"p\",\"userId\":\"x\"}"),
       "no rights at all");
    is_str(outcome.field, "rights", "the field");
    ok(run(&START, "{\"processDefinitionKey\":\"p\"}"), "nobody asked");

    task = (int)task_of(reply_id());
    ok(run(&OWN, "{\"id\":%d}", task), "a candidate has what is nobody's");
    ok(run(&ASSIGN, "{\"id\":%d,\"userId\":\"gonzo\"}", task), "until it is given away");
    ok(!run(&OWN, "{\"id\":%d}", task), "not any more");
    is_int(outcome.kind, WF_ERR_FORBIDDEN, "refused");
    ok(run(&ASSIGN, "{\"id\":%d,\"userId\":\"kermit\"}", task)
           && run(&OWN, "{\"id\":%d}", task),
       "an assignee has it");
    ok(run(&COMPLETE, "{\"id\":%d}", task), "it ends");
    ok(!run(&OWN, "{\"id\":%d}", task), "the lane finds none");
    is_int(outcome.kind, WF_ERR_NOT_FOUND, "which is told as ever");
}

static void no_gaps(void)
{
    for (int i = 0; i < WF_COMMAND_COUNT; i++) {
        ok(wf_engine_knows(i), "%s is done by somebody", wf_command_name(i));
    }
}

/* ---- crossing a deletion ----------------------------------------------------------- */

#define PAIR                                                                             \
    DEFINITIONS                                                                          \
    "<process id=\"q\"><startEvent id=\"qs\"/></process>"                                \
    "<process id=\"w\"><startEvent id=\"ws\"/><userTask id=\"wt\"/>"                     \
    "<sequenceFlow sourceRef=\"ws\" targetRef=\"wt\"/></process></definitions>"

static wf_id_t deploy_pair(void)
{
    deploy(PAIR);
    return reply_id();
}

/* clang-format off */
static const struct {
    const command_t *command;
    const char *args; /* %T: a task of the deployment */
} crossing[] = {
    { &START,  "{\"processDefinitionId\":\"q:1\"}" },
    { &START,  "{\"processDefinitionKey\":\"q\"}" },
    { &START,  "{\"processDefinitionKey\":\"w\"}" },
    { &SUBMIT, "{\"definition\":\"q:1\"}" },
    { &ATTACH, "{\"task\":%T,\"url\":\"http://x/\"}" },
    { &ATTACH, "{\"task\":%T}" },
    { &CREATE, "{\"parent\":%T}" },
};
/* clang-format on */

/* A deployment goes with all that belongs to it, between the look at it and the commit of
 * something that would belong to it; and comes again, as the same version. */
static void crossed(int i, int comes_again)
{
    const char *args, *what = comes_again ? "another one comes" : "its deployment goes";
    wf_id_t deployment, task;
    wf_work_t late;

    deployment = deploy_pair();
    run(&START, "{\"processDefinitionKey\":\"w\"}");
    task = task_of(reply_id());
    args = with_ids(crossing[i].args, task, 0);
    ok(prepare(crossing[i].command, args, NULL, 0), "%s %s", crossing[i].command->name,
       args);
    late = work;
    ok(run(&UNDEPLOY, "{\"id\":%d,\"cascade\":true}", (int)deployment), "%s", what);
    if (comes_again) {
        deployment = deploy_pair();
    }
    work = late;
    ok(commit() != APR_SUCCESS, "%s meanwhile: refused", what);
    is_int(outcome.kind, WF_ERR_CONFLICT, "kind");
    run(&UNDEPLOY, "{\"id\":%d,\"cascade\":true}", (int)deployment);
}

static void crossings(void)
{
    for (int i = 0; i < (int)(sizeof(crossing) / sizeof(crossing[0])); i++) {
        crossed(i, 0);
        crossed(i, 1);
    }
}

int main(void)
{
    no_gaps();
    open_world();
    refuse_all();
    lanes();
    tasks();
    links_and_files();
    starting();
    moving();
    starters();
    rights();
    crossings();
    lanes_of_calls();
    close_world();
    return done_testing();
}
