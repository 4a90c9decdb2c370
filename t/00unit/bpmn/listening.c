/* Where listeners run, in which order with what the element itself does, and what becomes
 * of BPMN errors that they throw. Each adds words to the variable `log`. */
#include "scenario.h"

#define NOTE(text)                                                                       \
    "expression=\"${execution.setVariable('log', log.concat('" text " '))}\""
#define ON(event, does) "<activiti:executionListener event=\"" event "\" " does "/>"
#define AROUND(id) EXTENSIONS(ON("start", NOTE(id "+")) ON("end", NOTE(id "-")))
#define EXTENSIONS(children) "<extensionElements>" children "</extensionElements>"
#define HEARD(element, id, attributes, inside)                                           \
    "<" element " id=\"" id "\" " attributes ">" AROUND(id) inside "</" element ">"
#define THROWS(element, event)                                                           \
    "<activiti:" element " event=\"" event "\"><activiti:script "                        \
    "scriptFormat=\"javascript\">throw new BpmnError('E', 'no')</activiti:script>"       \
    "</activiti:" element ">"
#define THROWS_ON(event) EXTENSIONS(THROWS("executionListener", event))
#define TASK_THROWS_ON(event) EXTENSIONS(THROWS("taskListener", event))
#define ERROR "<errorEventDefinition errorRef=\"E\"/>"
#define CAUGHT_AT(host)                                                                  \
    "<boundaryEvent id=\"b\" attachedToRef=\"" host "\">" ERROR                          \
    "</boundaryEvent>" TASK("h") FLOW("b", "h")
#define CATCHES                                                                          \
    "<subProcess id=\"q\" triggeredByEvent=\"true\"><startEvent id=\"qs\">" ERROR        \
    "</startEvent>" TASK("h") FLOW("qs", "h") "</subProcess>"
#define SIGNALS(body)                                                                    \
    DEFINITIONS "<signal id=\"sig\" name=\"sig\"/><process id=\"p\">" body               \
                "</process></definitions>"
#define SIGNAL "<signalEventDefinition signalRef=\"sig\"/>"
#define LOOP(sequential)                                                                 \
    "<multiInstanceLoopCharacteristics isSequential=\"" sequential                       \
    "\"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics>"

/* clang-format off */
static const struct {
    scenario_t play;
    const char *log; /* at the end, the last value that the variable had; NULL: not looked at */
} cases[] = {
    /* ---- places ---- */
    { { "gateway", PROCESS(START HEARD("exclusiveGateway", "g", "", "") TASK("t") FLOW("s", "g") FLOW("g", "t")), NULL, "t", "s g t" }, "g+ g- " },
    { { "fork and join", PROCESS(START HEARD("parallelGateway", "f", "", "") PASS("a") PASS("b") HEARD("parallelGateway", "j", "", "") TASK("t")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "t")), NULL, "t", NULL }, "f+ f- j+ j+ j- " },
    { { "end event", PROCESS(START FORK("f") TASK("t") HEARD("endEvent", "e", "", "") FLOW("s", "f") FLOW("f", "t") FLOW("f", "e")), NULL, "t", NULL }, "e+ e- " },
    { { "the end of all", PROCESS(EXTENSIONS(ON("start", NOTE("p+")) ON("end", NOTE("p-"))) HEARD("startEvent", "s", "", "") TASK("t") HEARD("endEvent", "e", "", "")
        FLOW("s", "t") FLOW("t", "e")), NULL, "t | complete t: ", NULL }, "p+ s+ s- e+ e- p- " },
    { { "milestone", PROCESS(START HEARD("intermediateThrowEvent", "m", "", "") TASK("t") FLOW("s", "m") FLOW("m", "t")), NULL, "t", NULL }, "m+ m- " },
    { { "catch event", SIGNALS(START HEARD("intermediateCatchEvent", "c", "", SIGNAL) TASK("t") FLOW("s", "c") FLOW("c", "t")), NULL, "c | event sig: t", NULL }, "c+ c- " },
    { { "event gateway", SIGNALS(START HEARD("eventBasedGateway", "g", "", "") HEARD("intermediateCatchEvent", "c", "", SIGNAL) TASK("t") FLOW("s", "g") FLOW("g", "c")
        FLOW("c", "t")), NULL, "g | event sig: t", NULL }, "g+ g- c+ c- " },
    { { "boundary event", SIGNALS(START HEARD("userTask", "t", "", "") HEARD("boundaryEvent", "b", "attachedToRef=\"t\"", SIGNAL) TASK("u") FLOW("s", "t") FLOW("b", "u")),
        NULL, "t | event sig: u", "s t b u" }, "t+ t- b+ b- " },
    { { "boundary event beside", SIGNALS(START HEARD("userTask", "t", "", "") HEARD("boundaryEvent", "b", "attachedToRef=\"t\" cancelActivity=\"false\"", SIGNAL) TASK("u")
        FLOW("s", "t") FLOW("b", "u")), NULL, "t | event sig: t u", NULL }, "t+ b+ b- " },
    { { "sub-process", PROCESS(START HEARD("subProcess", "p1", "", HEARD("startEvent", "i", "", "") HEARD("userTask", "t", "", "") FLOW("i", "t")) TASK("u") FLOW("s", "p1")
        FLOW("p1", "u")), NULL, "t | complete t: u", "s p1 i t u" }, "p1+ i+ i- t+ t- p1- " },
    { { "event sub-process", SIGNALS(START HEARD("userTask", "t", "", "") HEARD("subProcess", "q", "triggeredByEvent=\"true\"", HEARD("startEvent", "i", "", SIGNAL) TASK("u")
        FLOW("i", "u")) FLOW("s", "t")), NULL, "t | event sig: u", NULL }, "t+ t- q+ i+ i- " },
    { { "call activity", DEFINITIONS "<process id=\"p\">" START HEARD("callActivity", "c", "calledElement=\"q\"", "") TASK("u") FLOW("s", "c") FLOW("c", "u")
        "</process><process id=\"q\"><startEvent id=\"i\"/>" TASK("t") FLOW("i", "t") "</process></definitions>", NULL, "c t | complete t: u", NULL }, "c+ c- " },
    { { "receive task", PROCESS(START HEARD("receiveTask", "r", "", "") TASK("t") FLOW("s", "r") FLOW("r", "t")), NULL, "r | signal r: t", NULL }, "r+ r- " },
    { { "service task", PROCESS(START HEARD("serviceTask", "x", "activiti:expression=\"${execution.setVariable('log', log.concat('x '))}\"", "") TASK("t") FLOW("s", "x")
        FLOW("x", "t")), NULL, "t", NULL }, "x+ x x- " },
    { { "one after the other", PROCESS(START HEARD("userTask", "t", "", LOOP("true")) TASK("u") FLOW("s", "t") FLOW("t", "u")), NULL, "t | complete t: t | complete t: u", NULL },
        "t+ t- t+ t- " },
    { { "all at once", PROCESS(START HEARD("userTask", "t", "", LOOP("false")) TASK("u") FLOW("s", "t") FLOW("t", "u")), NULL, "t t | complete t: t | complete t: u", NULL },
        "t+ t+ t- t- " },
    { { "a job before", PROCESS(START HEARD("task", "a", "activiti:async=\"true\"", "") TASK("t") FLOW("s", "a") FLOW("a", "t")), NULL, "a | job a: t", NULL }, "a+ a- " },
    { { "a terminated branch", PROCESS(START FORK("f") HEARD("userTask", "a", "", "") TASK("b") "<endEvent id=\"e\"><terminateEventDefinition/></endEvent>" FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("b", "e")), NULL, "a b | complete b: ", NULL }, "a+ a- " },
    { { "end listeners choose the way", PROCESS(START "<task id=\"a\">" EXTENSIONS(ON("end", "expression=\"${execution.setVariable('log', 'left')}\"")) "</task>"
        TASK("t") TASK("u") FLOW("s", "a") IF("a", "t", "${log == 'left'}") IF("a", "u", "${log != 'left'}")), NULL, "t", NULL }, "left" },

    /* ---- ways to say it ---- */
    { { "attributes with a prefix", PROCESS(START "<task id=\"a\">" EXTENSIONS("<activiti:executionListener activiti:event=\"start\" activiti:" NOTE("a+") "/>") "</task>"
        TASK("t") FLOW("s", "a") FLOW("a", "t")), NULL, "t", NULL }, "a+ " },
    { { "delegate expression", PROCESS(START "<task id=\"a\">" EXTENSIONS("<activiti:executionListener event=\"start\" delegateExpression=\"${setter}\">"
        "<activiti:field name=\"log\"><activiti:expression>${'a' == 'a'}</activiti:expression></activiti:field></activiti:executionListener>") "</task>"
        TASK("t") FLOW("s", "a") FLOW("a", "t")), NULL, "t", NULL }, NULL },
    { { "class of a task listener", PROCESS(START "<userTask id=\"t\">" EXTENSIONS("<activiti:taskListener event=\"create\" class=\"setter\">"
        "<activiti:field name=\"log\" stringValue=\"set\"/></activiti:taskListener>") "</userTask>" FLOW("s", "t")), NULL, "t", NULL }, "set" },
    { { "script", PROCESS(START "<task id=\"a\">" EXTENSIONS("<activiti:executionListener event=\"start\"><activiti:script scriptFormat=\"javascript\">"
        "execution.setVariable('log', log + execution.eventName)</activiti:script></activiti:executionListener>") "</task>" TASK("t") FLOW("s", "a") FLOW("a", "t")),
        NULL, "t", NULL }, "start" },

    { { "not by a worker", PROCESS(START TASK("t") "<task id=\"a\">" EXTENSIONS(ON("end", "class=\"worker\"")) "</task>" FLOW("s", "t") FLOW("t", "a")), NULL,
        "t | complete t: !a listener cannot wait for workers of the topic", NULL }, NULL },
    { { "nor by one who is a bean", PROCESS(START TASK("t") "<task id=\"a\">" EXTENSIONS(ON("end", "expression=\"${worker.go()}\"")) "</task>" FLOW("s", "t") FLOW("t", "a")), NULL,
        "t | complete t: !an expression cannot wait for workers", NULL }, NULL },

    /* ---- errors ---- */
    { { "thrown at the start", PROCESS(START "<userTask id=\"t\">" THROWS_ON("start") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL, "h", "s t b h" }, NULL },
    { { "thrown at the end", PROCESS(START "<userTask id=\"t\">" THROWS_ON("end") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL, "t | complete t: h", "s t b h" }, NULL },
    { { "thrown by a create listener", PROCESS(START "<userTask id=\"t\">" TASK_THROWS_ON("create") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL, "h", "s t b h" }, NULL },
    { { "thrown by a complete listener", PROCESS(START "<userTask id=\"t\">" TASK_THROWS_ON("complete") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL,
        "t | complete t: h", "s t b h" }, NULL },
    { { "thrown by a delete listener", PROCESS(START "<userTask id=\"t\">" TASK_THROWS_ON("delete") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL,
        "t | complete t: h", "s t b h" }, NULL },
    { { "each time", PROCESS(START "<userTask id=\"t\">" THROWS_ON("end") "</userTask>" CAUGHT_AT("t") FLOW("s", "t") FLOW("h", "t")), NULL,
        "t | complete t: h | complete h: t | complete t: h", "s t b h t b h" }, NULL },
    { { "thrown by an assignment", PROCESS(START "<userTask id=\"t\" activiti:assignee=\"a\">" TASK_THROWS_ON("assignment") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL,
        "h", "s t b h" }, NULL },
    { { "thrown by a claim", PROCESS(START "<userTask id=\"t\">" TASK_THROWS_ON("assignment") "</userTask>" CAUGHT_AT("t") FLOW("s", "t")), NULL,
        "t | claim t: h", "s t b h" }, NULL },
    { { "thrown on a flow", PROCESS(START "<subProcess id=\"q\"><startEvent id=\"i\"/>" TASK("t") "<sequenceFlow id=\"i-t\" sourceRef=\"i\" targetRef=\"t\">"
        THROWS_ON("take") "</sequenceFlow></subProcess>" CAUGHT_AT("q") FLOW("s", "q")), NULL, "h", "s q i b h" }, NULL },
    { { "thrown in a called process", DEFINITIONS "<process id=\"p\">" START "<callActivity id=\"c\" calledElement=\"q\"/>" CAUGHT_AT("c") FLOW("s", "c") "</process><process id=\"q\">"
        "<startEvent id=\"i\"/><userTask id=\"t\">" THROWS_ON("end") "</userTask>" FLOW("i", "t") "</process></definitions>", NULL, "c t | complete t: h", NULL }, NULL },
    { { "thrown at the start of a process", PROCESS(THROWS_ON("start") START TASK("t") CATCHES FLOW("s", "t")), NULL, "h", NULL }, NULL },
    { { "caught by nobody", PROCESS(START TASK("t") "<task id=\"a\">" THROWS_ON("start") "</task>" FLOW("s", "t") FLOW("t", "a")), NULL,
        "t | complete t: !is caught by nothing", NULL }, NULL },
};
/* clang-format on */

static const char registry[] = "{\"setter\": {\"builtin\": \"setVariables\"}, "
                               "\"worker\": {\"external\": \"t\"}}";

static apr_status_t claim(const char *action, const char *name, int nth,
                          const wf_map_t *vars)
{
    wf_id_t task = nth_task(name, nth);

    (void)action, (void)vars;
    return world_end(wf_bpmn_claim(world_begin(), task, "kermit", &world.err));
}

/* The last value of the variable, also when the instance has ended. */
static const char *log_of(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_VARIABLES_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_varinst_t *row = APR_ARRAY_IDX(rows, i, const wf_hi_varinst_t *);

        if (strcmp(row->name, "log") == 0) {
            return row->value.as.text.data;
        }
    }
    return NULL;
}

int main(void)
{
    wf_delegates_t *delegates;
    int i;

    world_open();
    wf_error_init(&world.err, world.pool);
    world_check(wf_delegates_parse(&delegates, registry, strlen(registry), 0, world.pool,
                                   &world.err),
                &world.err, "delegates");
    world.services.delegates = delegates;
    more_steps = claim;
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        scenario_t scenario = cases[i].play;

        scenario.vars = "{\"log\": \"\"}";
        play(&scenario);
        if (cases[i].log) {
            is_str(log_of(APR_ARRAY_IDX(family, 0, wf_id_t)), cases[i].log, "%s: log",
                   scenario.what);
        }
    }
    world_close();
    return done_testing();
}
