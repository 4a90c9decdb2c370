/* Listeners of processes, activities, flows and tasks: when they run, in which order,
 * what they see and what they may change. Each listener adds words to the variable `log`.
 */
#include "world.h"

#define NOTE(text)                                                                       \
    "expression=\"${execution.setVariable('log', log.concat('" text " '))}\""
#define NOTE_OF(expression)                                                              \
    "expression=\"${execution.setVariable('log', log.concat(" expression                 \
    ").concat(' '))}\""
#define EXTENSIONS(children) "<extensionElements>" children "</extensionElements>"
#define ON(event, does) "<activiti:executionListener event=\"" event "\" " does "/>"
#define TASK_ON(event, does) "<activiti:taskListener event=\"" event "\" " does "/>"
#define WITH(element, id, attributes, listeners)                                         \
    "<" element " id=\"" id "\" " attributes ">" EXTENSIONS(listeners) "</" element ">"
#define USER(id, attributes, listeners) WITH("userTask", id, attributes, listeners)
#define FIELD(name, text)                                                                \
    "<activiti:field name=\"" name "\"><activiti:string>" text                           \
    "</activiti:string></activiti:field>"
#define SCRIPT_CLASS "org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener"
#define TASK_SCRIPT_CLASS "org.activiti.engine.impl.bpmn.listener.ScriptTaskListener"
#define TO_TASK START FLOW("s", "t")
#define EVERY                                                                            \
    TASK_ON("assignment", NOTE_OF("task.eventName"))                                     \
    TASK_ON("create", NOTE_OF("task.eventName"))                                         \
        TASK_ON("complete", NOTE_OF("task.eventName"))                                   \
            TASK_ON("delete", NOTE_OF("task.eventName"))

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *steps; /* "t u" complete, ">who" claims the first open task, "=who" assigns */
    const char *log;   /* afterwards; NULL: not looked at */
    const char *names; /* what the message of the failing last step names; NULL: none fails */
} cases[] = {
    /* ---- executions ---- */
    { "activity", PROCESS(START WITH("task", "a", "", ON("start", NOTE("a+")) ON("end", NOTE("a-"))) TASK("t")
        FLOW("s", "a") FLOW("a", "t")), "", "a+ a- ", NULL },
    { "document order", PROCESS(START WITH("task", "a", "", ON("end", NOTE("3")) ON("start", NOTE("1")) ON("start", NOTE("2"))
        ON("end", NOTE("4"))) TASK("t") FLOW("s", "a") FLOW("a", "t")), "", "1 2 3 4 ", NULL },
    { "process", PROCESS(EXTENSIONS(ON("start", NOTE("p+"))) START TASK("t") FLOW("s", "t")), "", "p+ ", NULL },
    { "process before start event", PROCESS(EXTENSIONS(ON("start", NOTE("p+"))) WITH("startEvent", "s", "", ON("start", NOTE("s+"))
        ON("end", NOTE("s-"))) TASK("t") FLOW("s", "t")), "", "p+ s+ s- ", NULL },
    { "end of the process", PROCESS(EXTENSIONS(ON("end", "expression=\"${1 % 0}\"")) START TASK("t") FLOW("s", "t")), "t",
      "", "end listener" },
    { "flow", PROCESS(START TASK("t") "<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"t\">"
        EXTENSIONS("<activiti:executionListener " NOTE_OF("execution.eventName") "/>") "</sequenceFlow>"), "", "take ", NULL },
    { "a flow not taken is silent", PROCESS(START CHOICE("g") TASK("t") TASK("u") FLOW("s", "g")
        "<sequenceFlow id=\"f\" sourceRef=\"g\" targetRef=\"u\">" EXTENSIONS(ON("take", NOTE("no")))
        "<conditionExpression>${false}</conditionExpression></sequenceFlow>" FLOW("g", "t")), "", "", NULL },
    { "user task", PROCESS(TO_TASK USER("t", "", ON("start", NOTE("t+")) ON("end", NOTE("t-"))) TASK("u") FLOW("t", "u")), "t",
      "t+ t- ", NULL },
    { "what they see", PROCESS(START WITH("task", "a", "name=\"A\"", ON("start", NOTE_OF("execution.currentActivityId"))
        ON("end", NOTE_OF("execution.currentActivityName")) ON("end", NOTE_OF("execution.eventName"))) TASK("t")
        FLOW("s", "a") FLOW("a", "t")), "", "a A end ", NULL },
    { "no event name elsewhere", PROCESS(START "<serviceTask id=\"a\" activiti:expression=\"${execution.setVariable('log', empty execution.eventName)}\"/>"
        TASK("t") FLOW("s", "a") FLOW("a", "t")), "", "true", NULL },
    { "asynchronous node", PROCESS(START WITH("task", "a", "activiti:async=\"true\"", ON("start", NOTE("a+"))) TASK("t")
        FLOW("s", "a") FLOW("a", "t")), "@", "a+ ", NULL },
    { "nothing is said before the job", PROCESS(START WITH("task", "a", "activiti:async=\"true\"", ON("start", NOTE("a+"))) TASK("t")
        FLOW("s", "a") FLOW("a", "t")), "", "", NULL },
    { "one each branch", PROCESS(START FORK("f") WITH("task", "a", "", ON("end", NOTE("a"))) WITH("task", "b", "", ON("end", NOTE("b")))
        FORK("j") TASK("t") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "t")), "", "a b ", NULL },
    { "each round", PROCESS(TO_TASK "<userTask id=\"t\">" EXTENSIONS(ON("start", NOTE_OF("loopCounter.toString()")) ON("end",
        NOTE_OF("'-'.concat(loopCounter)")) TASK_ON("create", NOTE_OF("'c'.concat(loopCounter)"))) "<multiInstanceLoopCharacteristics><loopCardinality>2"
        "</loopCardinality></multiInstanceLoopCharacteristics></userTask>" TASK("u") FLOW("t", "u")), "t", "0 c0 1 c1 -0 ", NULL },
    { "each round of a sub-process", PROCESS(START "<subProcess id=\"p1\">" EXTENSIONS(ON("start", NOTE_OF("'+'.concat(loopCounter)"))
        ON("end", NOTE_OF("'-'.concat(loopCounter)"))) "<multiInstanceLoopCharacteristics isSequential=\"true\"><loopCardinality>2</loopCardinality>"
        "</multiInstanceLoopCharacteristics><startEvent id=\"i\"/>" TASK("t") FLOW("i", "t") "</subProcess>" TASK("u") FLOW("s", "p1") FLOW("p1", "u")),
      "t t", "+0 -0 +1 -1 ", NULL },
    { "before and behind a sub-process", PROCESS(START "<subProcess id=\"p1\">" EXTENSIONS(ON("start", NOTE("p+")) ON("end", NOTE("p-")))
        "<startEvent id=\"i\">" EXTENSIONS(ON("end", NOTE("i-"))) "</startEvent>" WITH("task", "a", "", ON("start", NOTE("a+"))) FLOW("i", "a")
        "</subProcess>" TASK("t") FLOW("s", "p1") FLOW("p1", "t")), "", "p+ i- a+ p- ", NULL },
    { "an interrupted activity", PROCESS(TO_TASK USER("t", "", ON("end", NOTE("t-")) TASK_ON("delete", NOTE("d")))
        "<boundaryEvent id=\"b\" attachedToRef=\"t\">" EXTENSIONS(ON("start", NOTE("b+"))) "<timerEventDefinition><timeDuration>PT1H</timeDuration>"
        "</timerEventDefinition></boundaryEvent>" TASK("u") FLOW("b", "u")), "@", "d t- b+ ", NULL },
    { "a failing listener fails the call", PROCESS(TO_TASK TASK("t") WITH("task", "a", "", ON("start", "expression=\"${nobody}\""))
        FLOW("t", "a")), "t", "", "start listener" },
    { "unknown event", PROCESS(TO_TASK USER("t", "", ON("begin", NOTE("no")))), "t", NULL, NULL },
    { "script", PROCESS(START WITH("task", "a", "", "<activiti:executionListener event=\"start\" class=\"" SCRIPT_CLASS "\">"
        FIELD("script", "${'juel'}") FIELD("language", "juel") FIELD("resultVariable", "log") "</activiti:executionListener>") TASK("t")
        FLOW("s", "a") FLOW("a", "t")), "", "juel", NULL },
    { "script of an expression", PROCESS(START WITH("task", "a", "", "<activiti:executionListener event=\"start\" class=\"" SCRIPT_CLASS "\">"
        "<activiti:field name=\"script\" expression=\"${'made'}\"/>" FIELD("resultVariable", "log") "</activiti:executionListener>")
        TASK("t") FLOW("s", "a") FLOW("a", "t")), "", "made", NULL },
    { "unknown language", PROCESS(TO_TASK USER("t", "", "<activiti:executionListener event=\"end\" class=\"" SCRIPT_CLASS "\">"
        FIELD("script", "x") FIELD("language", "groovy") "</activiti:executionListener>")), "t", "",
      "Can't find scripting engine for 'groovy'" },
    { "unknown class", PROCESS(TO_TASK USER("t", "", ON("end", "class=\"org.acme.Audit\""))), "t", "", "org.acme.Audit" },
    { "unknown bean", PROCESS(TO_TASK USER("t", "", ON("end", "delegateExpression=\"${audit}\""))), "t", "", "\"audit\"" },

    /* ---- tasks ---- */
    { "life of a task", PROCESS(TO_TASK USER("t", "activiti:assignee=\"kermit\"", EVERY) TASK("u") FLOW("t", "u")), "t",
      "assignment create complete delete ", NULL },
    { "nobody assigned", PROCESS(TO_TASK USER("t", "", EVERY) TASK("u") FLOW("t", "u")), "t", "create complete delete ", NULL },
    { "claim", PROCESS(TO_TASK USER("t", "", EVERY)), ">kermit", "create assignment ", NULL },
    { "claimed twice", PROCESS(TO_TASK USER("t", "", EVERY)), ">kermit >kermit", "create assignment ", NULL },
    { "assign", PROCESS(TO_TASK USER("t", "", EVERY)), "=kermit =gonzo =gonzo =", "create assignment assignment ", NULL },
    { "change", PROCESS(TO_TASK USER("t", "", EVERY)), "~kermit ~kermit ~", "create assignment ", NULL },
    { "all", PROCESS(TO_TASK USER("t", "activiti:assignee=\"kermit\"", TASK_ON("all", NOTE_OF("task.eventName"))) TASK("u") FLOW("t", "u")),
      "t", "assignment create complete delete ", NULL },
    { "what they see of the task", PROCESS(TO_TASK USER("t", "name=\"T\" activiti:assignee=\"kermit\" activiti:priority=\"7\"",
        TASK_ON("create", NOTE_OF("task.name")) TASK_ON("create", NOTE_OF("task.assignee")) TASK_ON("create", NOTE_OF("task.priority.toString()"))
        TASK_ON("create", NOTE_OF("task.taskDefinitionKey")) TASK_ON("create", NOTE_OF("task.execution.currentActivityId")))), "", "T kermit 7 t t ", NULL },
    { "execution and task", PROCESS(TO_TASK USER("t", "", ON("start", NOTE("execution+")) TASK_ON("create", NOTE("task+"))
        ON("end", NOTE("execution-")) TASK_ON("complete", NOTE("task-"))) TASK("u") FLOW("t", "u")), "t",
      "execution+ task+ task- execution- ", NULL },
    { "variables of the call are seen", PROCESS(TO_TASK USER("t", "", TASK_ON("complete", NOTE_OF("said"))) TASK("u") FLOW("t", "u")),
      "t!", "yes ", NULL },
    { "a failing listener keeps the task", PROCESS(TO_TASK USER("t", "", TASK_ON("complete", "expression=\"${nobody}\""))), "t", "", "complete listener" },
    { "a failing listener keeps it unclaimed", PROCESS(TO_TASK USER("t", "", TASK_ON("assignment", "expression=\"${nobody}\""))), ">kermit", "", "assignment listener" },
    { "assignment that assigns", PROCESS(TO_TASK USER("t", "activiti:assignee=\"a\"", TASK_ON("assignment",
        "expression=\"${task.setAssignee('b')}\"") TASK_ON("assignment", NOTE_OF("task.assignee")))), "", "b b ", NULL },
    { "assignments for ever", PROCESS(TO_TASK TASK("t") USER("u", "activiti:assignee=\"a\"", TASK_ON("assignment",
        "expression=\"${task.setAssignee(task.assignee.concat('x'))}\"")) FLOW("t", "u")), "t", "", "for ever" },
    { "task script", PROCESS(TO_TASK USER("t", "", "<activiti:taskListener event=\"create\" class=\"" TASK_SCRIPT_CLASS "\">"
        FIELD("script", "${task.setName('new')}${task.name}") FIELD("resultVariable", "log") "</activiti:taskListener>")), "", "new", NULL },
};
/* clang-format on */

static wf_id_t open_task(wf_id_t instance)
{
    apr_array_header_t *tasks = world_select(WF_BY_TASKS_OF_INSTANCE, instance);

    return tasks->nelts ? APR_ARRAY_IDX(tasks, 0, wf_task_t *)->id : 0;
}

static apr_status_t change(wf_id_t task, const char *user)
{
    const wf_task_change_t what = { .set = WF_TASK_ASSIGNEE, .assignee = user };
    const wf_bpmn_call_t *call = world_begin();
    wf_task_t *row;

    return world_end(wf_bpmn_change_task(call, task, &what, &row, &world.err));
}

static apr_status_t complete(wf_id_t instance, char *step)
{
    wf_map_t *vars = world_vars();
    apr_size_t length = strlen(step);

    if (step[length - 1] == '!') {
        step[length - 1] = '\0';
        wf_map_set(vars, "said", wf_string("yes"));
    }
    return world_complete(instance, step, vars);
}

static apr_status_t take_step(wf_id_t instance, char *step)
{
    wf_id_t task = open_task(instance);
    const wf_bpmn_call_t *call;

    switch (*step) {
    case '@':
        return world_job(instance);
    case '>':
        call = world_begin();
        return world_end(wf_bpmn_claim(call, task, step + 1, &world.err));
    case '=':
        call = world_begin();
        return world_end(wf_bpmn_assign(call, task, step + 1, &world.err));
    case '~':
        return change(task, step + 1);
    default:
        return complete(instance, step);
    }
}

static wf_id_t start(const char *xml)
{
    wf_map_t *vars = world_vars();
    wf_started_t started;

    wf_map_set(vars, "log", wf_string(""));
    world_check(world_start(world_deploy(xml), vars, &started), &world.err, "start");
    return started.id;
}

static const char *log_of(wf_id_t instance)
{
    const char *json = world_var(instance, "log");

    return json && *json == '"' ? apr_pstrmemdup(world.pool, json + 1, strlen(json) - 2)
                                : json;
}

static void check(int i)
{
    wf_id_t instance = start(cases[i].xml);
    char *rest, *step = apr_strtok(apr_pstrdup(world.pool, cases[i].steps), " ", &rest);
    apr_status_t rv = APR_SUCCESS;

    for (; step && rv == APR_SUCCESS; step = apr_strtok(NULL, " ", &rest)) {
        rv = take_step(instance, step);
    }
    if (!ok((rv == APR_SUCCESS) == !cases[i].names, "%s: %s", cases[i].what,
            cases[i].names ? "fails" : "goes on")) {
        diag("%s", world.err.message ? world.err.message : "");
    }
    if (cases[i].names) {
        if (!ok(world.err.message && strstr(world.err.message, cases[i].names),
                "%s: names %s", cases[i].what, cases[i].names)) {
            diag("%s", world.err.message ? world.err.message : "");
        }
    }
    if (cases[i].log) {
        is_str(log_of(instance), cases[i].log, "%s: log", cases[i].what);
    }
}

/* ---- what listeners change of a task ---------------------------------------------------- */

#define CREATED(expression)                                                              \
    PROCESS(TO_TASK USER("t", "activiti:candidateUsers=\"a,b\"",                         \
                         TASK_ON("create", "expression=\"${" expression "}\"")))

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *name, *description, *assignee, *owner, *form_key;
    int priority;
    apr_int64_t due_date;
    const char *links;
} changes[] = {
    { "name",        CREATED("task.setName('n')"),          "n", NULL, NULL, NULL, NULL, 50, 0, "a b" },
    { "description", CREATED("task.setDescription('d')"),   NULL, "d", NULL, NULL, NULL, 50, 0, "a b" },
    { "assignee",    CREATED("task.setAssignee('k')"),      NULL, NULL, "k", NULL, NULL, 50, 0, "a b" },
    { "nobody",      CREATED("task.setAssignee('')"),       NULL, NULL, NULL, NULL, NULL, 50, 0, "a b" },
    { "owner",       CREATED("task.setOwner('o')"),         NULL, NULL, NULL, "o", NULL, 50, 0, "a b" },
    { "form key",    CREATED("task.setFormKey('f')"),       NULL, NULL, NULL, NULL, "f", 50, 0, "a b" },
    { "priority",    CREATED("task.setPriority(7)"),        NULL, NULL, NULL, NULL, NULL, 7, 0, "a b" },
    { "due date",    CREATED("task.setDueDate('1970-01-01T00:00:01Z')"), NULL, NULL, NULL, NULL, NULL, 50, 1000, "a b" },
    { "category",    CREATED("task.setCategory('sales')}${task.setDescription(task.category)"), NULL, "sales", NULL, NULL, NULL, 50, 0, "a b" },
    { "no category", CREATED("task.setCategory(null)"),     NULL, NULL, NULL, NULL, NULL, 50, 0, "a b" },
    { "number as a name", CREATED("task.setName(5)"),       "5", NULL, NULL, NULL, NULL, 50, 0, "a b" },
    { "more people", CREATED("task.addCandidateUsers('b, c')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "a b c" },
    { "one more",    CREATED("task.addCandidateUser('c')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "a b c" },
    { "fewer",       CREATED("task.deleteCandidateUser('a')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "b" },
    { "who is not there", CREATED("task.deleteCandidateUser('z')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "a b" },
    { "groups",      CREATED("task.addCandidateGroup('g')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "a b (g)" },
    { "groups gone", CREATED("task.addCandidateGroups('g,h')}${task.deleteCandidateGroup('g')"), NULL, NULL, NULL, NULL, NULL, 50, 0, "a b (h)" },
};
/* clang-format on */

static const char *links_of(wf_id_t task)
{
    apr_array_header_t *links = world_select(WF_BY_LINKS_OF_TASK, task);
    const char *all = "";
    int i;

    for (i = 0; i < links->nelts; i++) {
        const wf_identitylink_t *link = APR_ARRAY_IDX(links, i, wf_identitylink_t *);

        all =
            apr_pstrcat(world.pool, all, i ? " " : "",
                        link->user_id ? link->user_id
                                      : apr_psprintf(world.pool, "(%s)", link->group_id),
                        NULL);
    }
    return all;
}

static const char *links_on_record(wf_id_t task)
{
    apr_array_header_t *links = world_select(WF_BY_HI_LINKS_OF_TASK, task);
    const char *all = "";
    int i;

    for (i = 0; i < links->nelts; i++) {
        const wf_hi_link_t *link = APR_ARRAY_IDX(links, i, wf_hi_link_t *);

        all =
            apr_pstrcat(world.pool, all, i ? " " : "",
                        link->user_id ? link->user_id
                                      : apr_psprintf(world.pool, "(%s)", link->group_id),
                        NULL);
    }
    return all;
}

static void check_change(int i)
{
    const char *what = changes[i].what;
    wf_id_t instance = start(changes[i].xml), id = open_task(instance);
    const wf_task_t *task = world_row(WF_TABLE_TASK, id);
    const wf_hi_taskinst_t *history = world_row(WF_TABLE_HI_TASKINST, id);

    is_str(task->name, changes[i].name, "%s: name", what);
    is_str(task->description, changes[i].description, "%s: description", what);
    is_str(task->assignee, changes[i].assignee, "%s: assignee", what);
    is_str(task->owner, changes[i].owner, "%s: owner", what);
    is_str(task->form_key, changes[i].form_key, "%s: form key", what);
    is_int(task->priority, changes[i].priority, "%s: priority", what);
    is_int(task->due_date, changes[i].due_date, "%s: due date", what);
    is_str(history->assignee, changes[i].assignee, "%s: history knows who", what);
    is_str(history->category, task->category, "%s: history knows the category", what);
    is_str(history->name, changes[i].name, "%s: history knows the name", what);
    is_str(links_of(id), changes[i].links, "%s: people", what);
    is_str(links_on_record(id), changes[i].links, "%s: history knows them", what);
}

/* ---- what is refused --------------------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *expression, *names;
} refused[] = {
    { "task.setPriority('high')",        "priority" },
    { "task.setDueDate('tomorrow')",     "dueDate" },
    { "task.setColour('red')",           "setColour" },
    { "task.addCandidateUser(5)",        "addCandidateUser" },
    { "task.addCandidateUser(null)",     "addCandidateUser" },
    { "task.setName('a', 'b')",          "setName" },
    { "execution.setVariable(1, 2)",     "setVariable" },
    { "execution.setVariables('x')",     "setVariables" },
    { "execution.setVariable('x', task)", "object" },
};
/* clang-format on */

static void check_refused(int i)
{
    wf_started_t started;
    const char *xml = apr_psprintf(
        world.pool,
        PROCESS(TO_TASK USER("t", "", TASK_ON("create", "expression=\"${%s}\""))),
        refused[i].expression);

    ok(world_start(world_deploy(xml), NULL, &started) != APR_SUCCESS, "%s fails",
       refused[i].expression);
    if (!ok(world.err.kind == WF_ERR_EXECUTION
                && strstr(world.err.message, refused[i].names),
            "%s: names %s", refused[i].expression, refused[i].names)) {
        diag("%s", world.err.message);
    }
}

/* ---- ending from outside ------------------------------------------------------------------- */

static void check_deletion(const char *what, const char *xml, const char *names)
{
    wf_id_t instance = start(xml);
    const wf_bpmn_call_t *call = world_begin();
    apr_status_t rv =
        world_end(wf_bpmn_delete_instance(call, instance, NULL, &world.err));

    ok((rv == APR_SUCCESS) == !names, "deletion: %s: %s", what,
       names ? "heard" : "silent");
    if (names
        && !ok(world.err.message && strstr(world.err.message, names),
               "deletion: %s: names %s", what, names)) {
        diag("%s", world.err.message ? world.err.message : "");
    }
}

#define FAILS "expression=\"${1 % 0}\""

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check(i);
    }
    for (i = 0; i < (int)(sizeof(changes) / sizeof(changes[0])); i++) {
        check_change(i);
    }
    for (i = 0; i < (int)(sizeof(refused) / sizeof(refused[0])); i++) {
        check_refused(i);
    }
    check_deletion("task", PROCESS(TO_TASK USER("t", "", TASK_ON("delete", FAILS))),
                   "delete listener");
    check_deletion("activity", PROCESS(TO_TASK USER("t", "", ON("end", FAILS))),
                   "end listener");
    check_deletion("process", PROCESS(EXTENSIONS(ON("end", FAILS)) TO_TASK TASK("t")),
                   "end listener");
    check_deletion(
        "somewhere else",
        PROCESS(TO_TASK TASK("t") USER("u", "", ON("end", FAILS)) FLOW("t", "u")), NULL);
    world_close();
    return done_testing();
}
