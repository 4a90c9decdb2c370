/* What history says of visits and tasks: the type of each kind of node, who was called,
 * why a task is over, and whose it could have been. That cancelled visits are closed is
 * looked at in every scenario. */
#include "scenario.h"

#define FILE(declared, body)                                                             \
    DEFINITIONS declared "<process id=\"p\">\n" body "</process>\n</definitions>\n"
#define DECLARED                                                                         \
    "<signal id=\"sg\" name=\"sg\"/><message id=\"ms\" name=\"ms\"/>"                    \
    "<error id=\"er\" errorCode=\"E\"/>"
#define SIGNAL "<signalEventDefinition signalRef=\"sg\"/>"
#define MESSAGE "<messageEventDefinition messageRef=\"ms\"/>"
#define ERROR "<errorEventDefinition errorRef=\"er\"/>"
#define TIMER                                                                            \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define EVENT(element, id, attributes, definition)                                       \
    "<" element " id=\"" id "\" " attributes ">" definition "</" element ">\n"
#define CATCH(id, definition) EVENT("intermediateCatchEvent", id, "", definition)
#define THROW(id, definition) EVENT("intermediateThrowEvent", id, "", definition)
#define BORDER(id, definition)                                                           \
    EVENT("boundaryEvent", id, "attachedToRef=\"t\"", definition)
#define INTERRUPTED(definition)                                                          \
    FILE(DECLARED, START TASK("t") BORDER("b", definition) TASK("u") FLOW("s", "t")      \
                       FLOW("b", "u"))
#define CAUGHT(definition)                                                               \
    FILE(DECLARED, START CATCH("c", definition) TASK("t") FLOW("s", "c") FLOW("c", "t"))
#define SUB(element, inside, outside)                                                    \
    FILE(DECLARED, START "<" element " id=\"x\"><startEvent id=\"i\"/>" inside           \
                         "</" element ">" outside TASK("u") FLOW("s", "x"))

/* clang-format off */
static const struct {
    scenario_t play;
    const char *types;   /* "node:type …" of all visits by their beginning; NULL: not looked at */
    const char *reasons; /* "task:reason …" of all tasks, "-" without one */
} cases[] = {
    /* ---- types ---- */
    { { "tasks", FILE("", START PASS("a") "<manualTask id=\"m\"/><scriptTask id=\"c\"><script>${1}</script></scriptTask>"
        "<serviceTask id=\"v\" activiti:expression=\"${1}\"/><receiveTask id=\"r\"/>" TASK("t") END
        FLOW("s", "a") FLOW("a", "m") FLOW("m", "c") FLOW("c", "v") FLOW("v", "r") FLOW("r", "t") FLOW("t", "e")), NULL, "r | signal r: t | complete t: ", NULL },
      "s:startEvent a:task m:manualTask c:scriptTask v:serviceTask r:receiveTask t:userTask e:endEvent", "t:completed" },
    { { "gateways", FILE("", START CHOICE("g") FORK("f") "<inclusiveGateway id=\"i\"/>" TASK("t") FLOW("s", "g") FLOW("g", "f") FLOW("f", "i") FLOW("i", "t")), NULL, "t", NULL },
      "s:startEvent g:exclusiveGateway f:parallelGateway i:inclusiveGateway t:userTask", "t:-" },
    { { "a row for each token at a join", FILE("", START FORK("f") PASS("a") PASS("b") FORK("j") TASK("t") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j")
        FLOW("b", "j") FLOW("j", "t")), NULL, "t", NULL },
      "s:startEvent f:parallelGateway a:task j:parallelGateway b:task j:parallelGateway t:userTask", NULL },
    { { "catch a signal", CAUGHT(SIGNAL), NULL, "c | event sg: t", NULL }, "s:startEvent c:intermediateSignalCatch t:userTask", NULL },
    { { "catch a message", CAUGHT(MESSAGE), NULL, "c | message ms: t", NULL }, "s:startEvent c:intermediateMessageCatch t:userTask", NULL },
    { { "catch a time", CAUGHT(TIMER), NULL, "c | timer c: t", NULL }, "s:startEvent c:intermediateTimer t:userTask", NULL },
    { { "throw", FILE(DECLARED, START THROW("n", "") THROW("g", SIGNAL) THROW("k", "<compensateEventDefinition/>") TASK("t") FLOW("s", "n") FLOW("n", "g") FLOW("g", "k")
        FLOW("k", "t")), NULL, "t", NULL },
      "s:startEvent n:intermediateThrowEvent g:intermediateSignalThrow k:intermediateThrowEvent t:userTask", NULL },
    { { "border: time", INTERRUPTED(TIMER), NULL, "t | timer b: u", NULL }, "s:startEvent t:userTask b:boundaryTimer u:userTask", "t:boundary event b u:-" },
    { { "border: signal", INTERRUPTED(SIGNAL), NULL, "t | event sg: u", NULL }, "s:startEvent t:userTask b:boundarySignal u:userTask", "t:boundary event b u:-" },
    { { "border: message", INTERRUPTED(MESSAGE), NULL, "t | message ms: u", NULL }, "s:startEvent t:userTask b:boundaryMessage u:userTask", "t:boundary event b u:-" },
    { { "errors", SUB("subProcess", TASK("t") EVENT("endEvent", "e", "", ERROR) FLOW("i", "t") FLOW("t", "e"),
        EVENT("boundaryEvent", "b", "attachedToRef=\"x\"", ERROR) FLOW("b", "u")), NULL, "t | complete t: u", NULL },
      "s:startEvent x:subProcess i:startEvent t:userTask e:errorEndEvent b:boundaryError u:userTask", "t:completed u:-" },
    { { "cancel", SUB("transaction", TASK("t") EVENT("endEvent", "e", "", "<cancelEventDefinition/>") FLOW("i", "t") FLOW("t", "e"),
        EVENT("boundaryEvent", "b", "attachedToRef=\"x\"", "<cancelEventDefinition/>") FLOW("b", "u")), NULL, "t | complete t: u", NULL },
      "s:startEvent x:transaction i:startEvent t:userTask e:cancelEndEvent b:cancelBoundaryCatch u:userTask", NULL },
    { { "an event sub-process", FILE(DECLARED, START TASK("t") "<subProcess id=\"q\" triggeredByEvent=\"true\">" EVENT("startEvent", "i", "", SIGNAL) TASK("u") FLOW("i", "u")
        "</subProcess>" FLOW("s", "t")), NULL, "t | event sg: u", NULL },
      "s:startEvent t:userTask q:subProcess i:signalStartEvent u:userTask", "t:event sub-process q u:-" },
    { { "begun by a message", FILE(DECLARED, EVENT("startEvent", "s", "", MESSAGE) TASK("t") FLOW("s", "t")), NULL, "t", NULL }, "s:messageStartEvent t:userTask", NULL },
    { { "begun by a time", FILE(DECLARED, EVENT("startEvent", "s", "", TIMER) TASK("t") FLOW("s", "t")), NULL, "t", NULL }, "s:startTimerEvent t:userTask", NULL },
    { { "a call", DEFINITIONS "<process id=\"p\">" START "<callActivity id=\"c\" calledElement=\"q\"/>" FLOW("s", "c") "</process><process id=\"q\"><startEvent id=\"i\"/>" TASK("t")
        FLOW("i", "t") "</process></definitions>", NULL, "c t", NULL }, "s:startEvent c:callActivity", NULL },
    { { "an event gateway", FILE(DECLARED, START "<eventBasedGateway id=\"g\"/>" CATCH("c", SIGNAL) CATCH("d", TIMER) TASK("t") FLOW("s", "g") FLOW("g", "c") FLOW("g", "d")
        FLOW("c", "t") FLOW("d", "t")), NULL, "g | event sg: t", NULL }, "s:startEvent g:eventBasedGateway c:intermediateSignalCatch t:userTask", NULL },

    /* ---- reasons ---- */
    { { "a terminate end", FILE("", START FORK("f") TASK("a") TASK("b") EVENT("endEvent", "e", "", "<terminateEventDefinition/>") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b")
        FLOW("b", "e")), NULL, "a b | complete b: ", NULL }, NULL, "a:terminate end event fired b:completed" },
    { { "a cancel end", SUB("transaction", FORK("f") TASK("a") TASK("b") EVENT("endEvent", "e", "", "<cancelEventDefinition/>") FLOW("i", "f") FLOW("f", "a") FLOW("f", "b")
        FLOW("b", "e"), EVENT("boundaryEvent", "c", "attachedToRef=\"x\"", "<cancelEventDefinition/>") FLOW("c", "u")), NULL, "a b | complete b: u", NULL },
      NULL, "a:cancel end event fired b:completed u:-" },
    { { "a completed loop", FILE("", START "<userTask id=\"a\"><multiInstanceLoopCharacteristics isSequential=\"false\"><loopCardinality>3</loopCardinality><completionCondition>"
        "${nrOfCompletedInstances == 1}</completionCondition></multiInstanceLoopCharacteristics></userTask>" TASK("u") FLOW("s", "a") FLOW("a", "u")), NULL,
        "a a a | complete a: u", NULL }, NULL, "a:completed a:multi-instance completed a:multi-instance completed u:-" },
    { { "an error around", SUB("subProcess", FORK("f") TASK("a") TASK("b") EVENT("endEvent", "e", "", ERROR) FLOW("i", "f") FLOW("f", "a") FLOW("f", "b") FLOW("b", "e"),
        EVENT("boundaryEvent", "c", "attachedToRef=\"x\"", ERROR) FLOW("c", "u")), NULL, "a b | complete b: u", NULL }, NULL, "a:boundary event c b:completed u:-" },
};
/* clang-format on */

/* Links of tasks: "task:who" at each level, while the task waits and when it is over. */
#define LISTENER(event, expression)                                                      \
    "<activiti:taskListener event=\"" event "\" expression=\"${task." expression "}\"/>"
#define OFFERED(inside)                                                                  \
    FILE("",                                                                             \
         START "<userTask id=\"t\" activiti:assignee=\"me\" activiti:owner=\"you\" "     \
               "activiti:candidateUsers=\"a,b\" activiti:candidateGroups=\"g\">"         \
               "<extensionElements>" inside "</extensionElements></userTask>" TASK("u")  \
                   END FLOW("s", "t") FLOW("t", "u") FLOW("u", "e"))

/* clang-format off */
static const struct {
    const char *what, *file;
    wf_history_e level, then; /* of the calls that start and complete */
    const char *links, *stays; /* "type:who …" of task t, in the order in which they came */
} offers[] = {
    { "a file",           OFFERED(""), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT, "candidate:a candidate:b candidate:g", "candidate:a candidate:b candidate:g" },
    { "full",             OFFERED(""), WF_HISTORY_FULL, WF_HISTORY_FULL, "candidate:a candidate:b candidate:g", "candidate:a candidate:b candidate:g" },
    { "another type",     OFFERED("<activiti:customResource activiti:name=\"boss\"><resourceAssignmentExpression><formalExpression>user(c)</formalExpression>"
        "</resourceAssignmentExpression></activiti:customResource>"), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT,
      "candidate:a candidate:b candidate:g boss:c", "candidate:a candidate:b candidate:g boss:c" },
    { "activity",         OFFERED(LISTENER("create", "addCandidateUser('c')")), WF_HISTORY_ACTIVITY, WF_HISTORY_ACTIVITY, "", "" },
    { "none",             OFFERED(LISTENER("create", "addCandidateUser('c')")), WF_HISTORY_NONE, WF_HISTORY_NONE, "", "" },
    { "added",            OFFERED(LISTENER("create", "addCandidateUser('c')")), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT,
      "candidate:a candidate:b candidate:g candidate:c", "candidate:a candidate:b candidate:g candidate:c" },
    { "taken off",        OFFERED(LISTENER("create", "deleteCandidateUser('a')")), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT, "candidate:b candidate:g", "candidate:b candidate:g" },
    { "taken off later",  OFFERED(LISTENER("complete", "deleteCandidateGroup('g')")), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT,
      "candidate:a candidate:b candidate:g", "candidate:a candidate:b" },
    { "added later",      OFFERED(LISTENER("complete", "addCandidateGroup('h')")), WF_HISTORY_AUDIT, WF_HISTORY_AUDIT,
      "candidate:a candidate:b candidate:g", "candidate:a candidate:b candidate:g candidate:h" },
    { "more is kept",     OFFERED(LISTENER("complete", "addCandidateGroup('h')")), WF_HISTORY_NONE, WF_HISTORY_FULL, "", "" },
    { "less is kept",     OFFERED(LISTENER("complete", "addCandidateGroup('h')")), WF_HISTORY_AUDIT, WF_HISTORY_ACTIVITY,
      "candidate:a candidate:b candidate:g", "candidate:a candidate:b candidate:g candidate:h" },
};
/* clang-format on */

static const char *links_of(wf_id_t task)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_LINKS_OF_TASK, task);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_link_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_link_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", row->type, ":",
                          row->user_id ? row->user_id : row->group_id, NULL);
    }
    return all;
}

static void check_links(int i)
{
    const char *what = offers[i].what;
    wf_started_t started;
    wf_id_t task;

    world.history = offers[i].level;
    world_check(world_start(world_deploy(offers[i].file), NULL, &started), &world.err,
                what);
    task = world_task(started.id, "t");
    is_str(links_of(task), offers[i].links, "%s: links", what);
    world.history = offers[i].then;
    ok(world_complete(started.id, "t", NULL) == APR_SUCCESS, "%s: completed: %s", what,
       world.err.message ? world.err.message : "");
    is_int(world_select(WF_BY_LINKS_OF_TASK, task)->nelts, 0, "%s: no links", what);
    is_str(links_of(task), offers[i].stays, "%s: … but in history", what);
    world.history = WF_HISTORY_NONE;
    world_complete(started.id, "u", NULL);
    is_str(links_of(task), "", "%s: gone with its instance", what);
    world.history = WF_HISTORY_DEFAULT;
}

static const char *types_of(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_actinst_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", row->act_id, ":", row->act_type,
                          NULL);
    }
    return all;
}

static const char *reasons_of(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_TASKS_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_taskinst_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_taskinst_t *);

        all = apr_pstrcat(world.pool, all, i ? " " : "", row->task_def_key, ":",
                          row->delete_reason ? row->delete_reason : "-", NULL);
        ok(!row->end_time == !row->delete_reason, "%s: what is over has a reason",
           row->task_def_key);
    }
    return all;
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        wf_id_t instance;

        play(&cases[i].play);
        instance = APR_ARRAY_IDX(family, 0, wf_id_t);
        if (cases[i].types) {
            is_str(types_of(instance), cases[i].types, "%s: types", cases[i].play.what);
        }
        if (cases[i].reasons) {
            is_str(reasons_of(instance), cases[i].reasons, "%s: why tasks are over",
                   cases[i].play.what);
        }
    }
    for (i = 0; i < (int)(sizeof(offers) / sizeof(offers[0])); i++) {
        check_links(i);
    }
    world_close();
    return done_testing();
}
