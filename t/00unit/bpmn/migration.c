/* Migration: an instance goes through steps, comes to another definition and goes on.
 * Both files are whole; what differs is what a row shows. */
#include "scenario.h"

#define SIGNALS                                                                          \
    "<signal id=\"sg\" name=\"go\"/><message id=\"mg\" name=\"msg\"/>"                   \
    "<message id=\"m2\" name=\"msg2\"/>\n"
#define FILE(body)                                                                       \
    DEFINITIONS SIGNALS "<process id=\"p\">\n" body "</process>\n</definitions>\n"
#define CALLING(body)                                                                    \
    DEFINITIONS "<process id=\"p\">\n" body "</process>\n<process id=\"q\">\n"           \
                "<startEvent id=\"i\"/>" TASK("inner")                                   \
                    FLOW("i", "inner") "</process>\n</definitions>\n"
#define HOUR                                                                             \
    "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
#define DAY                                                                              \
    "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
#define SIGNAL "<signalEventDefinition signalRef=\"sg\"/>"
#define MESSAGE "<messageEventDefinition messageRef=\"mg\"/>"
#define CATCH(id, event)                                                                 \
    "<intermediateCatchEvent id=\"" id "\">" event "</intermediateCatchEvent>\n"
#define BORDER(id, host, event)                                                          \
    "<boundaryEvent id=\"" id "\" attachedToRef=\"" host "\">" event "</"                \
    "boundaryEvent>\n"
#define RECEIVE(id) "<receiveTask id=\"" id "\"/>\n"
#define CALL(id) "<callActivity id=\"" id "\" calledElement=\"q\"/>\n"
#define SUB(id, body) "<subProcess id=\"" id "\">\n" body "</subProcess>\n"
#define LATER(id) "<userTask id=\"" id "\" activiti:async=\"true\"/>\n"
#define LOOP(id, how)                                                                    \
    "<userTask id=\"" id "\"><multiInstanceLoopCharacteristics isSequential=\"" how      \
    "\"><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics></"       \
    "userTask>\n"
#define HANDLED(id, handler)                                                             \
    TASK(id)                                                                             \
    "<boundaryEvent id=\"on-" id "\" attachedToRef=\"" id                                \
    "\"><compensateEventDefinition/></boundaryEvent>\n"                                  \
    "<userTask id=\"" handler "\" isForCompensation=\"true\"/>\n"                        \
    "<association id=\"as-" id "\" sourceRef=\"on-" id "\" targetRef=\"" handler         \
    "\" associationDirection=\"One\"/>\n"
#define UNDO                                                                             \
    "<intermediateThrowEvent "                                                           \
    "id=\"undo\"><compensateEventDefinition/></intermediateThrowEvent>\n"
#define BESIDE(id, event, body)                                                          \
    "<subProcess id=\"" id "\" triggeredByEvent=\"true\"><startEvent id=\"on-" id        \
    "\" isInterrupting=\"true\">" event "</startEvent>" body "</subProcess>\n"

/* Bodies that several rows use. */
#define ONE(id) START TASK(id) TASK("z") FLOW("s", id) FLOW(id, "z")
#define ONE_THEN(element, id) START element TASK("z") FLOW("s", id) FLOW(id, "z")
#define FORKED(a, b)                                                                     \
    START FORK("f") TASK(a) TASK(b) FORK("j") TASK("z") FLOW("s", "f") FLOW("f", a)      \
        FLOW("f", b) FLOW(a, "j") FLOW(b, "j") FLOW("j", "z")
#define BORDERED(event) ONE("a") BORDER("b", "a", event) TASK("y") FLOW("b", "y")
#define INNER(sub, id)                                                                   \
    START SUB(sub, "<startEvent id=\"is\"/>" TASK(id) FLOW("is", id)) TASK("z")          \
        FLOW("s", sub) FLOW(sub, "z")
#define GATE(events) START "<eventBasedGateway id=\"g\"/>" events FLOW("s", "g")
#define BEHIND(id, event, task) CATCH(id, event) TASK(task) FLOW("g", id) FLOW(id, task)

#define INCLUSIVE(b, then)                                                               \
    START FORK("f") TASK("a") TASK(b) "<inclusiveGateway id=\"j\"/>" TASK("z")           \
        FLOW("s", "f") FLOW("f", "a") FLOW("f", b) FLOW("a", "j") FLOW(b, then)          \
            FLOW("j", "z")
/* The join keeps two flows, but its second one comes from a task that nobody reaches. */
#define AGAIN_JOIN TASK("n") FLOW("n", "j")
#define WITH_OUTPUT(id)                                                                  \
    "<userTask id=\"" id "\"><extensionElements><camunda:inputOutput "                   \
    "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\">"                              \
    "<camunda:outputParameter name=\"o\">${1}</camunda:outputParameter>"                 \
    "</camunda:inputOutput></extensionElements></userTask>\n"

typedef struct migration_t {
    const char *what;
    const char *from, *to;
    const char *before; /* the start's state and steps, as in scenarios */
    const char *rules;  /* "a>b c>d!": what becomes what; ! renews what waits for it */
    const char *after;  /* the state, and steps; or "!text": a problem's or error's */
} migration_t;

/* clang-format off */
static const migration_t migrations[] = {
    /* ---- what rests somewhere ---- */
    { "a task", FILE(ONE("a")), FILE(ONE("a") TASK("w") FLOW("z", "w")), "a", "", "a | complete a: z | complete z: w" },
    { "to another activity", FILE(ONE("a")), FILE(ONE("b")), "a", "a>b", "b | complete b: z" },
    { "no counterpart", FILE(ONE("a")), FILE(ONE("b")), "a", "", "!has no activity \"a\"" },
    { "of another type", FILE(ONE("a")), FILE(ONE_THEN(RECEIVE("a"), "a")), "a", "", "!\"a\" is of type userTask, \"a\" of type receiveTask" },
    { "to an activity of another type", FILE(ONE("a")), FILE(ONE("b")), "a", "a>s", "!of type startEvent" },
    { "to nowhere", FILE(ONE("a")), FILE(ONE("a")), "a", "a>nowhere", "!has no activity \"nowhere\"" },
    { "a receive task", FILE(ONE_THEN(RECEIVE("r"), "r")), FILE(ONE_THEN(RECEIVE("q"), "q")), "r", "r>q", "q | signal q: z" },
    { "a called instance stays", CALLING(ONE_THEN(CALL("c"), "c")), CALLING(ONE_THEN(CALL("d"), "d")), "c inner", "c>d",
      "d inner | complete inner: z" },
    { "a job before its task", FILE(ONE_THEN(LATER("a"), "a")), FILE(ONE_THEN(LATER("b"), "b")), "a", "a>b", "b | job b: b | complete b: z" },
    { "a job whose task is not asynchronous any more", FILE(ONE_THEN(LATER("a"), "a")), FILE(ONE("b")), "a", "a>b", "b | job b: b | complete b: z" },
    { "a job behind its task", FILE(ONE_THEN("<task id=\"a\" activiti:asyncAfter=\"true\"/>", "a")),
      FILE(ONE_THEN("<task id=\"b\" activiti:asyncAfter=\"true\"/>", "b")), "a", "a>b", "b | job b: z" },

    /* ---- branches and joins ---- */
    { "branches", FILE(FORKED("a", "b")), FILE(FORKED("a", "c")), "a b", "b>c", "a c | complete a: c | complete c: z" },
    { "one at the join", FILE(FORKED("a", "b")), FILE(FORKED("a", "c")), "a b | complete a: b", "b>c", "c | complete c: z" },
    { "a join with fewer flows", FILE(FORKED("a", "b")), FILE(START FORK("f") TASK("a") TASK("b") FORK("j") TASK("z") FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("a", "z") FLOW("b", "j") FLOW("j", "z")), "a b | complete a: b", "", "!fewer incoming flows" },
    { "one branch is gone", FILE(FORKED("a", "b")), FILE(FORKED("a", "c")), "a b", "", "!has no activity \"b\"" },
    { "a fork that is gone", FILE(FORKED("a", "b")), FILE(START FORK("h") TASK("a") TASK("b") FORK("k") TASK("z") FLOW("s", "h")
        FLOW("h", "a") FLOW("h", "b") FLOW("a", "k") FLOW("b", "k") FLOW("k", "z")), "a b", "", "a b | complete a: b | complete b: z" },

    /* ---- events on the border ---- */
    { "the border stays", FILE(BORDERED(HOUR)), FILE(BORDERED(HOUR)), "a", "", "a | timer b: y" },
    { "the border is added", FILE(ONE("a")), FILE(BORDERED(HOUR)), "a", "", "a | timer b: y" },
    { "and its task completed", FILE(ONE("a")), FILE(BORDERED(HOUR)), "a", "", "a | complete a: z" },
    { "in a branch", FILE(FORKED("a", "b")), FILE(FORKED("a", "b") BORDER("t", "b", HOUR) FLOW("t", "z")), "a b", "",
      "a b | timer t: a z | complete a: z" },
    { "a border of signals", FILE(ONE("a")), FILE(BORDERED(SIGNAL)), "a", "", "a | event go: y" },
    { "the border is taken away", FILE(BORDERED(HOUR)), FILE(ONE("a")), "a", "", "a | timer b: !no job | complete a: z" },
    { "taken away in a branch", FILE(FORKED("a", "b") BORDER("t", "b", HOUR) FLOW("t", "z")), FILE(FORKED("a", "b")), "a b", "",
      "a b | timer t: !no job | complete b: a | complete a: z" },
    { "its event has another name", FILE(BORDERED(HOUR)), FILE(ONE("a") BORDER("c", "a", HOUR) TASK("y") FLOW("c", "y")), "a", "b>c",
      "a | timer c: y" },
    { "another event", FILE(BORDERED(HOUR)), FILE(ONE("a") BORDER("c", "a", SIGNAL) TASK("y") FLOW("c", "y")), "a", "",
      "a | timer b: !no job | event go: y" },
    { "another event of the same id", FILE(BORDERED(HOUR)), FILE(BORDERED(SIGNAL)), "a", "", "a | timer b: !no job | event go: y" },
    { "the host is renamed", FILE(BORDERED(HOUR)), FILE(ONE("h") BORDER("b", "h", HOUR) TASK("y") FLOW("b", "y")), "a", "a>h",
      "h | timer b: y" },
    { "around a receive task", FILE(ONE_THEN(RECEIVE("r"), "r")), FILE(ONE_THEN(RECEIVE("r"), "r") BORDER("b", "r", HOUR) TASK("y") FLOW("b", "y")),
      "r", "", "r | signal r: z" },
    { "around a call", CALLING(ONE_THEN(CALL("c"), "c")), CALLING(ONE_THEN(CALL("c"), "c") BORDER("b", "c", HOUR) TASK("y") FLOW("b", "y")),
      "c inner", "", "c inner | complete inner: z" },
    { "around a call, interrupted", CALLING(ONE_THEN(CALL("c"), "c")), CALLING(ONE_THEN(CALL("c"), "c") BORDER("b", "c", HOUR) TASK("y") FLOW("b", "y")),
      "c inner", "", "c inner | timer b: y" },

    /* ---- catch events ---- */
    { "a signal", FILE(ONE_THEN(CATCH("c", SIGNAL), "c")), FILE(ONE_THEN(CATCH("d", SIGNAL), "d")), "c", "c>d", "d | event go: z" },
    { "a timer", FILE(ONE_THEN(CATCH("c", HOUR), "c")), FILE(ONE_THEN(CATCH("d", HOUR), "d")), "c", "c>d", "d | timer d: z" },
    { "a timer, renewed", FILE(ONE_THEN(CATCH("c", HOUR), "c")), FILE(ONE_THEN(CATCH("c", DAY), "c")), "c", "c>c!", "c | timer c: z" },
    { "a signal instead of a timer", FILE(ONE_THEN(CATCH("c", HOUR), "c")), FILE(ONE_THEN(CATCH("c", SIGNAL), "c")), "c", "", "!of type intermediate" },

    /* ---- sub-processes ---- */
    { "inside", FILE(INNER("x", "a")), FILE(INNER("x", "a")), "a", "", "a | complete a: z" },
    { "inside, renamed", FILE(INNER("x", "a")), FILE(INNER("y", "b")), "a", "x>y a>b", "b | complete b: z" },
    { "the sub-process is gone", FILE(INNER("x", "a")), FILE(ONE("a")), "a", "", "!has no activity \"x\"" },
    { "out of the sub-process", FILE(INNER("x", "a")), FILE(INNER("x", "b") TASK("a")), "a", "", "!do not stand in the same scope" },
    { "into a sub-process", FILE(ONE("a")), FILE(INNER("x", "a")), "a", "", "!do not stand in the same scope" },
    { "a border around it is added", FILE(INNER("x", "a")), FILE(INNER("x", "a") BORDER("b", "x", HOUR) TASK("y") FLOW("b", "y")), "a", "",
      "a | timer b: y" },
    { "a border around it is taken away", FILE(INNER("x", "a") BORDER("b", "x", HOUR) TASK("y") FLOW("b", "y")), FILE(INNER("x", "a")), "a", "",
      "a | timer b: !no job | complete a: z" },
    { "branches inside", FILE(START SUB("x", "<startEvent id=\"is\"/>" FORK("if") TASK("a") TASK("b") FLOW("is", "if") FLOW("if", "a")
        FLOW("if", "b")) TASK("z") FLOW("s", "x") FLOW("x", "z")),
      FILE(START SUB("y", "<startEvent id=\"is\"/>" FORK("if") TASK("a") TASK("c") FLOW("is", "if") FLOW("if", "a")
        FLOW("if", "c")) TASK("z") FLOW("s", "y") FLOW("y", "z")), "a b", "x>y b>c", "a c | complete c: a | complete a: z" },

    /* ---- loops ---- */
    { "rounds at once", FILE(ONE_THEN(LOOP("a", "false"), "a")), FILE(ONE_THEN(LOOP("b", "false"), "b")), "a a a | complete a: a a", "a>b",
      "b b | complete b: b | complete b: z" },
    { "one round after the other", FILE(ONE_THEN(LOOP("a", "true"), "a")), FILE(ONE_THEN(LOOP("b", "true"), "b")), "a | complete a: a", "a>b",
      "b | complete b: b | complete b: z" },
    { "repeated in another way", FILE(ONE_THEN(LOOP("a", "false"), "a")), FILE(ONE_THEN(LOOP("a", "true"), "a")), "a a a", "", "!not repeated in the same way" },
    { "not repeated any more", FILE(ONE_THEN(LOOP("a", "false"), "a")), FILE(ONE("a")), "a a a", "", "!not repeated in the same way" },
    { "a border around all rounds", FILE(ONE_THEN(LOOP("a", "false"), "a")), FILE(ONE_THEN(LOOP("a", "false"), "a") BORDER("b", "a", HOUR)
        TASK("y") FLOW("b", "y")), "a a a", "", "a a a | timer b: y" },

    /* ---- gates, event sub-processes ---- */
    { "at an event-based gateway", FILE(GATE(BEHIND("c", HOUR, "x") BEHIND("d", SIGNAL, "y"))), FILE(GATE(BEHIND("c", HOUR, "x") BEHIND("d", SIGNAL, "y"))),
      "g", "", "g | event go: y" },
    { "with an event more", FILE(GATE(BEHIND("c", HOUR, "x") BEHIND("e", MESSAGE, "v"))), FILE(GATE(BEHIND("c", HOUR, "x") BEHIND("e", MESSAGE, "v")
        BEHIND("d", SIGNAL, "y"))), "g", "", "g | event go: y" },
    { "with an event less", FILE(GATE(BEHIND("c", HOUR, "x") BEHIND("d", SIGNAL, "y") BEHIND("e", MESSAGE, "v"))), FILE(GATE(BEHIND("c", HOUR, "x")
        BEHIND("e", MESSAGE, "v"))), "g", "", "g | event go: !does not wait | timer c: x" },
    { "an event sub-process is added", FILE(ONE("a")), FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))), "a", "",
      "a | event go: y | complete y:" },
    { "an event sub-process is taken away", FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))), FILE(ONE("a")), "a", "",
      "a | event go: !does not wait | complete a: z" },
    { "inside one", FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))), FILE(ONE("a") BESIDE("w", SIGNAL, TASK("x") FLOW("on-w", "x"))),
      "a | event go: y", "v>w y>x", "x | complete x:" },
    { "one that has interrupted does not wait again", FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))),
      FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))), "a | event go: y", "", "y | event go: !does not wait" },
    { "an event sub-process that becomes another one", FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))),
      FILE(ONE("a") BESIDE("w", SIGNAL, TASK("x") FLOW("on-w", "x"))), "a", "v>w on-v>on-w", "a | event go: x" },
    { "an event sub-process that becomes a sub-process", FILE(ONE("a") BESIDE("v", SIGNAL, TASK("y") FLOW("on-v", "y"))), FILE(INNER("v", "y")),
      "a | event go: y", "", "!not begun in the same way" },

    /* ---- inclusive gateways ---- */
    { "at a join that others may still reach", FILE(INCLUSIVE("b", "j")), FILE(INCLUSIVE("b", "j")), "a b | complete a: b", "", "b | complete b: z" },
    { "at a join that nobody can reach any more", FILE(INCLUSIVE("b", "j")), FILE(INCLUSIVE("b", "w") TASK("w") AGAIN_JOIN), "a b | complete a: b", "",
      "b z | complete b: w z" },

    /* ---- parameters make a scope, too ---- */
    { "parameters are added", FILE(ONE("a")), FILE(ONE_THEN(WITH_OUTPUT("a"), "a")), "a", "", "a | complete a: z" },
    { "parameters are taken away", FILE(ONE_THEN(WITH_OUTPUT("a"), "a")), FILE(ONE("a")), "a", "", "a | complete a: z" },

    /* ---- compensation ---- */
    { "what is registered", FILE(START HANDLED("a", "h") TASK("b") UNDO TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "z")),
      FILE(START HANDLED("a", "k") TASK("b") UNDO TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "z")),
      "a | complete a: b", "h>k", "b | complete b: k | complete k: z" },
    { "its handler is gone", FILE(START HANDLED("a", "h") TASK("b") UNDO TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "z")),
      FILE(START TASK("a") TASK("b") UNDO TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "z")),
      "a | complete a: b", "", "!has no activity \"h\"" },
    { "a handler that runs", FILE(START HANDLED("a", "h") TASK("b") UNDO TASK("z") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "z")),
      FILE(START HANDLED("a", "h") TASK("b") UNDO TASK("w") FLOW("s", "a") FLOW("a", "b") FLOW("b", "undo") FLOW("undo", "w")),
      "a | complete a: b | complete b: h", "", "h | complete h: w" },
    { "what a sub-process has kept", FILE(START SUB("x", "<startEvent id=\"is\"/>" HANDLED("a", "h") FLOW("is", "a")) TASK("b") UNDO TASK("z")
        FLOW("s", "x") FLOW("x", "b") FLOW("b", "undo") FLOW("undo", "z")),
      FILE(START SUB("y", "<startEvent id=\"is\"/>" HANDLED("a", "k") FLOW("is", "a")) TASK("b") UNDO TASK("z")
        FLOW("s", "y") FLOW("y", "b") FLOW("b", "undo") FLOW("undo", "z")), "a | complete a: b", "x>y h>k",
      "b | complete b: k | complete k: z" },
};
/* clang-format on */

/* ---- driving ------------------------------------------------------------------------------ */

static apr_array_header_t *rules_of(const char *text)
{
    apr_array_header_t *rules =
        apr_array_make(world.pool, 2, sizeof(wf_migration_rule_t));
    char *last, *word = apr_strtok(apr_pstrdup(world.pool, text), " ", &last);

    for (; word; word = apr_strtok(NULL, " ", &last)) {
        char *arrow = strchr(word, '>'), *mark = strchr(word, '!');

        *arrow = '\0';
        if (mark) {
            *mark = '\0';
        }
        APR_ARRAY_PUSH(rules, wf_migration_rule_t) =
            (wf_migration_rule_t){ word, arrow + 1, mark != NULL };
    }
    return rules;
}

/* What was said about it: problems, or the error; "" if the instance was migrated. */
static const char *migrate(const wf_definition_t *from, const wf_definition_t *to,
                           const apr_array_header_t *rules, wf_id_t instance)
{
    const wf_migration_t plan = { from, to, rules };
    wf_problems_t *problems = wf_problems_create(NULL, world.pool);
    const wf_bpmn_call_t *call = world_begin();
    apr_status_t rv = wf_bpmn_migrate(call, &plan, instance, problems, &world.err);

    if (problems->errors) {
        ok(wf_uow_is_empty(world.uow), "a unit with problems is as it was");
        return wf_problems_text(problems, world.pool);
    }
    return world_end(rv) == APR_SUCCESS ? "" : world.err.message;
}

/* The first row that still names the old definition; NULL if none does. */
static const char *left_behind(wf_id_t instance, const char *definition)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rows, i, wf_execution_t *)->proc_def_id, definition)) {
            return "an execution";
        }
    }
    rows = world_select(WF_BY_TASKS_OF_INSTANCE, instance);
    for (i = 0; i < rows->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rows, i, wf_task_t *)->proc_def_id, definition)) {
            return "a task";
        }
    }
    rows = world_select(WF_BY_JOBS_OF_INSTANCE, instance);
    for (i = 0; i < rows->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(rows, i, wf_job_t *)->proc_def_id, definition)) {
            return "a job";
        }
    }
    rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance);
    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_actinst_t *visit = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        if (!visit->end_time && strcmp(visit->proc_def_id, definition)) {
            return "an open visit";
        }
    }
    rows = world_select(WF_BY_HI_TASKS_OF_INSTANCE, instance);
    for (i = 0; i < rows->nelts; i++) {
        const wf_hi_taskinst_t *task = APR_ARRAY_IDX(rows, i, wf_hi_taskinst_t *);

        if (!task->end_time && strcmp(task->proc_def_id, definition)) {
            return "an open task of history";
        }
    }
    return strcmp(((wf_hi_procinst_t *)world_row(WF_TABLE_HI_PROCINST, instance))
                      ->proc_def_id,
                  definition)
               ? "the instance in history"
               : NULL;
}

/* "state | step: state | …": the first state is checked here. */
static void go_through(const char *what, const char *text)
{
    char *steps = apr_pstrdup(world.pool, text), *step, *bar = strchr(steps, '|');

    step = bar ? bar + 1 : NULL;
    if (bar) {
        *bar = '\0';
    }
    is_str(state_now(), trim(steps), "%s: it stands", what);
    check_rows(what);
    for (; step; step = bar ? bar + 1 : NULL) {
        bar = strchr(step, '|');
        if (bar) {
            *bar = '\0';
        }
        do_step(what, step);
    }
}

/* To a copy of its definition and back: as if nothing had happened. */
static void round_trip(const migration_t *row, const wf_definition_t *from,
                       wf_id_t instance)
{
    const wf_definition_t *copy = deploy_all(row->from);
    const char *before = state_now();

    is_str(migrate(from, copy, NULL, instance), "", "%s: there", row->what);
    is_str(left_behind(instance, copy->id), NULL, "%s: all of it", row->what);
    is_str(migrate(copy, from, NULL, instance), "", "%s: and back", row->what);
    is_str(left_behind(instance, from->id), NULL, "%s: all of it", row->what);
    find_family(instance);
    is_str(state_now(), before, "%s: where it was", row->what);
    check_rows(row->what);
}

static void check(const migration_t *row)
{
    const wf_definition_t *from = deploy_all(row->from), *to = deploy_all(row->to);
    const char *said, *before;
    wf_started_t started;

    if (world_start(from, NULL, &started) != APR_SUCCESS) {
        ok(0, "%s: it starts: %s", row->what, world.err.message);
        return;
    }
    find_family(started.id);
    go_through(row->what, row->before);
    before = state_now();
    round_trip(row, from, started.id);
    said = migrate(from, to, rules_of(row->rules), started.id);
    find_family(started.id);
    if (*row->after == '!') {
        ok(strstr(said, row->after + 1) != NULL, "%s: refused: %s", row->what, said);
        is_str(state_now(), before, "%s: it is as it was", row->what);
        is_str(left_behind(started.id, from->id), NULL, "%s: all of it", row->what);
        return;
    }
    is_str(said, "", "%s: it comes over", row->what);
    is_str(left_behind(started.id, to->id), NULL, "%s: with all that it has", row->what);
    go_through(row->what, row->after);
}

/* ---- what no row says ------------------------------------------------------------------- */

static apr_int64_t due_of(const char *activity)
{
    apr_int64_t due = 0;

    nth_job(activity, 1, &due);
    return due;
}

static void triggers(void)
{
    const wf_definition_t *from = deploy_all(FILE(ONE_THEN(CATCH("c", HOUR), "c")));
    const wf_definition_t *to = deploy_all(FILE(ONE_THEN(CATCH("c", DAY), "c")));
    wf_started_t started;
    apr_int64_t due;

    world_start(from, NULL, &started);
    find_family(started.id);
    due = due_of("c");
    is_str(migrate(from, to, NULL, started.id), "", "a timer");
    is_int(due_of("c"), due, "keeps its time");
    is_str(migrate(to, from, rules_of("c>c"), started.id), "", "and back");
    is_str(migrate(from, to, rules_of("c>c!"), started.id), "", "renewed");
    is_int(due_of("c"), world.call.now + 86400000, "it has a new one");
}

/* An event that has come and is used up does not come again. */
static void used_up(void)
{
    const char *file = FILE(ONE(
        "a") "<boundaryEvent id=\"b\" attachedToRef=\"a\" cancelActivity=\"false\">" HOUR
             "</boundaryEvent>" TASK("y") FLOW("b", "y"));
    const wf_definition_t *from = deploy_all(file), *to = deploy_all(file);
    wf_started_t started;

    world_start(from, NULL, &started);
    find_family(started.id);
    run_job("b", 1);
    is_str(state_now(), "a y", "a timer that does not interrupt has come");
    is_str(migrate(from, to, NULL, started.id), "", "to the same again");
    is_int(due_of("b"), 0, "it does not come again");
}

static void forms(void)
{
#define FORM(key)                                                                        \
    FILE(START "<userTask id=\"a\" activiti:formKey=\"" key "\"/>" FLOW("s", "a"))
    const wf_definition_t *from = deploy_all(FORM("old")),
                          *to = deploy_all(FORM("new${1 + 1}"));
    wf_started_t started;

    world_start(from, NULL, &started);
    find_family(started.id);
    is_str(migrate(from, to, NULL, started.id), "", "a task with a form");
    is_str(((wf_task_t *)world_row(WF_TABLE_TASK, nth_task("a", 1)))->form_key, "new2",
           "has the form of the new definition");
}

static void suspended(void)
{
    const wf_definition_t *from = deploy_all(FILE(ONE("a"))),
                          *to = deploy_all(FILE(BORDERED(HOUR)));
    wf_started_t started;
    const wf_bpmn_call_t *call;
    apr_array_header_t *jobs;

    world_start(from, NULL, &started);
    find_family(started.id);
    call = world_begin();
    world_check(
        world_end(wf_bpmn_suspend_instance(call, started.id, WF_SUSPENDED, &world.err)),
        &world.err, "suspend");
    is_str(migrate(from, to, NULL, started.id), "", "a suspended instance");
    jobs = world_select(WF_BY_JOBS_OF_INSTANCE, started.id);
    is_int(jobs->nelts, 1, "has a timer");
    is_int(APR_ARRAY_IDX(jobs, 0, wf_job_t *)->suspension, WF_SUSPENDED,
           "suspended, too");
    ok(take_step("complete", "a", 1, NULL) != APR_SUCCESS, "as its task still is");
}

static const wf_external_task_t *external_of(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance),
                       *found;
    int i;

    for (i = 0; i < rows->nelts; i++) {
        world_check(wf_uow_select(world.uow, WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
                                  APR_ARRAY_IDX(rows, i, wf_execution_t *)->id, &found,
                                  &world.err),
                    &world.err, "external tasks");
        if (found->nelts) {
            return APR_ARRAY_IDX(found, 0, wf_external_task_t *);
        }
    }
    return NULL;
}

/* It goes along into the scope that the border needs. */
static void external(void)
{
#define WORK(id)                                                                         \
    ONE_THEN("<serviceTask id=\"" id                                                     \
             "\" activiti:type=\"external\" activiti:topic=\"t\"/>\n",                   \
             id)
    const wf_definition_t *from = deploy_all(FILE(WORK("a")));
    const wf_definition_t *to =
        deploy_all(FILE(WORK("b") BORDER("late", "b", HOUR) TASK("y") FLOW("late", "y")));
    const wf_external_task_t *task;
    wf_started_t started;

    world_start(from, NULL, &started);
    find_family(started.id);
    is_str(migrate(from, to, rules_of("a>b"), started.id), "", "an external task");
    task = external_of(started.id);
    is_str(task ? task->act_id : NULL, "b", "is of the new activity");
    is_str(task ? task->proc_def_id : NULL, to->id, "and definition");
    go_through("an external task", "b | timer late: y");
    ok(!external_of(started.id), "and goes with its activity");
}

/* What waits at an inclusive gateway would have to be looked at, and could not go on. */
static void suspended_at_a_join(void)
{
    const wf_definition_t *from = deploy_all(FILE(INCLUSIVE("b", "j")));
    const wf_definition_t *to =
        deploy_all(FILE(INCLUSIVE("b", "w") TASK("w") AGAIN_JOIN));
    wf_started_t started;
    const wf_bpmn_call_t *call;

    world_start(from, NULL, &started);
    find_family(started.id);
    take_step("complete", "a", 1, NULL);
    call = world_begin();
    world_check(
        world_end(wf_bpmn_suspend_instance(call, started.id, WF_SUSPENDED, &world.err)),
        &world.err, "suspend");
    ok(strstr(migrate(from, to, NULL, started.id), "activate the instance first"),
       "suspended at an inclusive gateway");
}

static void wrong_instances(void)
{
    const wf_definition_t *from = deploy_all(FILE(ONE("a"))),
                          *to = deploy_all(FILE(ONE("a")));
    wf_started_t started;

    world_start(from, NULL, &started);
    ok(strstr(migrate(to, from, NULL, started.id), "not with"), "of another definition");
    is_int(world.err.kind, WF_ERR_CONFLICT, "is a conflict");
    migrate(from, to, NULL, 999999);
    is_int(world.err.kind, WF_ERR_NOT_FOUND, "an unknown one");
}

/* An expression of the target that fails: nothing happens. */
static void failing(void)
{
    const wf_definition_t *from = deploy_all(FILE(ONE("a")));
    const wf_definition_t *to =
        deploy_all(FILE(BORDERED("<timerEventDefinition><timeDuration>${when}</"
                                 "timeDuration></timerEventDefinition>")));
    wf_started_t started;
    const char *said;

    world_start(from, NULL, &started);
    find_family(started.id);
    said = migrate(from, to, NULL, started.id);
    ok(strstr(said, "when"), "a timer that cannot be planned: %s", said);
    is_str(left_behind(started.id, from->id), NULL, "leaves it where it was");
}

/* ---- plans -------------------------------------------------------------------------------- */

static const char *generated(const char *from, const char *to, int renew)
{
    const wf_definition_t *source = deploy_all(from), *target = deploy_all(to);
    const wf_bpmn_call_t *call = world_begin();
    apr_array_header_t *rules;
    const char *text = "";
    int i;

    world_check(
        wf_bpmn_migration_generate(call, source, target, renew, &rules, &world.err),
        &world.err, "generate");
    for (i = 0; i < rules->nelts; i++) {
        const wf_migration_rule_t *rule = &APR_ARRAY_IDX(rules, i, wf_migration_rule_t);

        text = apr_pstrcat(world.pool, text, i ? " " : "", rule->source, ">",
                           rule->target, rule->renew ? "!" : "", NULL);
    }
    return text;
}

static const char *checked(const char *from, const char *to, const char *rules)
{
    const wf_definition_t *source = deploy_all(from), *target = deploy_all(to);
    const wf_migration_t plan = { source, target, rules_of(rules) };
    wf_problems_t *problems = wf_problems_create(NULL, world.pool);
    const wf_bpmn_call_t *call = world_begin();

    world_check(wf_bpmn_migration_check(call, &plan, problems, &world.err), &world.err,
                "check");
    return wf_problems_text(problems, world.pool);
}

static void plans(void)
{
    const char *file = FILE(BORDERED(HOUR));

    is_str(generated(file, file, 0), "a>a z>z b>b y>y", "a plan for the same");
    is_str(generated(file, file, 1), "a>a z>z b>b! y>y", "renewing events");
    is_str(generated(file, FILE(ONE("a")), 0), "a>a z>z", "for what is there");
    is_str(generated(FILE(INNER("x", "a")), FILE(ONE("a")), 0), "z>z",
           "in the same scopes");
    is_str(checked(file, file, "a>z b>b!"),
           "[no-match] b: \"b\" and \"b\" do not stand on the same activity",
           "a rule may break another one");
    is_str(checked(file, file, "a>a"), "", "a good one");
    ok(strstr(checked(file, file, "a>nowhere"), "[no-counterpart] a"), "no such target");
    ok(strstr(checked(file, file, "nowhere>a"), "[unknown-source] nowhere"),
       "no such source");
    ok(strstr(checked(file, file, "a>a a>z"), "[given-twice] a"), "two of one");
    ok(strstr(checked(file, file, "a>a!"), "[no-event] a"), "a task has no trigger");
}

int main(void)
{
    apr_size_t i;

    world_open();
    for (i = 0; i < sizeof(migrations) / sizeof(migrations[0]); i++) {
        check(&migrations[i]);
    }
    triggers();
    used_up();
    forms();
    external();
    suspended();
    suspended_at_a_join();
    wrong_instances();
    failing();
    plans();
    world_close();
    return done_testing();
}
