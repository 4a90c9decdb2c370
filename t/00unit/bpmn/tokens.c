/* How tokens move: sequences, choices, forks, joins, ends. A case deploys a process,
 * starts it, takes steps (complete a task, run a job) and says where it rests after each
 * one. */
#include "world.h"

#define MAX_STEPS 6

typedef struct step_t {
    const char *task; /* to complete; "@" runs a job */
    const char *open; /* open tasks after it, oldest first */
    int executions;   /* rows left */
} step_t;

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *places; /* the reply to the start call */
    const char *open;   /* open tasks after the start */
    int executions;
    step_t steps[MAX_STEPS];
} cases[] = {
    /* ---- sequences and ends ---- */
    { "straight through", PROCESS(START PASS("a") "<manualTask id=\"m\"/>" END
        FLOW("s", "a") FLOW("a", "m") FLOW("m", "e")),
      "", "", 0, {{0}} },
    { "start event alone", PROCESS(START), "", "", 0, {{0}} },
    { "no end event", PROCESS(START PASS("a") FLOW("s", "a")), "", "", 0, {{0}} },
    { "two tasks in a row", PROCESS(START TASK("a") TASK("b") END
        FLOW("s", "a") FLOW("a", "b") FLOW("b", "e")),
      "a", "a", 1, { { "a", "b", 1 }, { "b", "", 0 } } },
    { "flow out of an end event", PROCESS(START END TASK("a") FLOW("s", "e") FLOW("e", "a")),
      "", "", 0, {{0}} },
    { "several ways into a task do not join", PROCESS(START TASK("a") FLOW("s", "a")
        "<sequenceFlow id=\"again\" sourceRef=\"s\" targetRef=\"a\"/>"),
      "a a", "a a", 3, { { "a", "a", 1 }, { "a", "", 0 } } },

    /* ---- choices ---- */
    { "first true flow", PROCESS(START CHOICE("g") TASK("a") TASK("b") TASK("c") FLOW("s", "g")
        IF("g", "a", "${1 > 2}") IF("g", "b", "${2 > 1}") IF("g", "c", "${true}")),
      "b", "b", 1, {{0}} },
    { "flow without condition", PROCESS(START CHOICE("g") TASK("a") TASK("b") FLOW("s", "g")
        FLOW("g", "a") IF("g", "b", "${true}")),
      "a", "a", 1, {{0}} },
    { "default flow last, wherever it stands", PROCESS(START
        "<exclusiveGateway id=\"g\" default=\"g-a\"/>" TASK("a") TASK("b") FLOW("s", "g")
        FLOW("g", "a") IF("g", "b", "  #{true}\n ")),
      "b", "b", 1, {{0}} },
    { "default flow", PROCESS(START "<exclusiveGateway id=\"g\" default=\"g-a\"/>" TASK("a")
        TASK("b") FLOW("s", "g") FLOW("g", "a") IF("g", "b", "${false}")),
      "a", "a", 1, {{0}} },
    { "a gateway does not join", PROCESS(START FORK("f") CHOICE("g") TASK("a")
        FLOW("s", "f") FLOW("f", "g") "<sequenceFlow id=\"x\" sourceRef=\"f\" targetRef=\"g\"/>"
        FLOW("g", "a")),
      "a a", "a a", 3, {{0}} },

    /* ---- the implicit fork ---- */
    { "two flows out of an event", PROCESS(START TASK("a") TASK("b") FLOW("s", "a") FLOW("s", "b")),
      "a b", "a b", 3, { { "b", "a", 1 }, { "a", "", 0 } } },
    { "true flows out of a task", PROCESS(START PASS("x") TASK("a") TASK("b") TASK("c") FLOW("s", "x")
        IF("x", "a", "${true}") IF("x", "b", "${false}") FLOW("x", "c")),
      "a c", "a c", 3, {{0}} },
    { "default of a task beside a true flow", PROCESS(START "<task id=\"x\" default=\"x-a\"/>"
        TASK("a") TASK("b") FLOW("s", "x") FLOW("x", "a") IF("x", "b", "${true}")),
      "b", "b", 1, {{0}} },
    { "default of a task", PROCESS(START "<task id=\"x\" default=\"x-a\"/>"
        TASK("a") TASK("b") FLOW("s", "x") FLOW("x", "a") IF("x", "b", "${false}")),
      "a", "a", 1, {{0}} },
    { "no flow qualifies: the token ends", PROCESS(START PASS("x") TASK("a") FLOW("s", "x")
        IF("x", "a", "${false}")),
      "", "", 0, {{0}} },

    /* ---- fork and join ---- */
    { "fork and join", PROCESS(START FORK("f") TASK("a") TASK("b") FORK("j") TASK("c") END FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "c") FLOW("c", "e")),
      "a b", "a b", 3, { { "a", "b", 3 }, { "b", "c", 1 }, { "c", "", 0 } } },
    { "the other order", PROCESS(START FORK("f") TASK("a") TASK("b") FORK("j") TASK("c") FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "c")),
      "a b", "a b", 3, { { "b", "a", 3 }, { "a", "c", 1 } } },
    { "at once", PROCESS(START FORK("f") PASS("a") PASS("b") FORK("j") TASK("c") FLOW("s", "f")
        FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "c")),
      "c", "c", 1, { { "c", "", 0 } } },
    { "join and fork in one", PROCESS(START FORK("f") TASK("a") TASK("b") FORK("j") TASK("c") TASK("d") TASK("e")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j")
        FLOW("j", "c") FLOW("j", "d") FLOW("j", "e")),
      "a b", "a b", 3, { { "a", "b", 3 }, { "b", "c d e", 4 }, { "d", "c e", 3 }, { "c", "e", 1 }, { "e", "", 0 } } },
    { "unbalanced: joined in two steps", PROCESS(START FORK("f") TASK("a") TASK("b") TASK("c")
        FORK("j") TASK("d") FORK("k") TASK("z") FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("f", "c")
        FLOW("a", "j") FLOW("b", "j") FLOW("j", "d") FLOW("d", "k") FLOW("c", "k") FLOW("k", "z")),
      "a b c", "a b c", 4, { { "c", "a b", 4 }, { "a", "b", 4 }, { "b", "d", 3 }, { "d", "z", 1 }, { "z", "", 0 } } },
    { "nested", PROCESS(START FORK("f") TASK("a") FORK("g") TASK("b") TASK("c") FORK("h") FORK("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "g") FLOW("g", "b") FLOW("g", "c") FLOW("b", "h") FLOW("c", "h")
        FLOW("h", "j") FLOW("a", "j") FLOW("j", "z")),
      "a b c", "a b c", 4, { { "b", "a c", 4 }, { "c", "a", 3 }, { "a", "z", 1 } } },
    { "two tokens over one flow fill a join", PROCESS(START FORK("f") PASS("a") TASK("b") FORK("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") "<sequenceFlow id=\"x\" sourceRef=\"f\" targetRef=\"a\"/>"
        FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "z")),
      "z b", "z b", 3, { { "b", "z", 3 }, { "z", "", 1 } } },
    { "a branch that ends leaves the join waiting", PROCESS(START FORK("f") TASK("a") TASK("b") FORK("j") TASK("z")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") IF("b", "j", "${false}") FLOW("j", "z")),
      "a b", "a b", 3, { { "b", "a", 1 }, { "a", "", 1 } } },
    { "join without a way on", PROCESS(START FORK("f") TASK("a") TASK("b") FORK("j")
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j")),
      "a b", "a b", 3, { { "a", "b", 3 }, { "b", "", 0 } } },
    { "gateway with one way in and out", PROCESS(START FORK("f") TASK("a") FLOW("s", "f") FLOW("f", "a")),
      "a", "a", 1, {{0}} },
    { "fork without flows", PROCESS(START FORK("f") FLOW("s", "f")), "", "", 0, {{0}} },
    { "conditions out of a fork are ignored", PROCESS(START FORK("f") TASK("a") TASK("b") FLOW("s", "f")
        IF("f", "a", "${false}") IF("f", "b", "${nobody}")),
      "a b", "a b", 3, {{0}} },
    { "join in a loop", PROCESS(START CHOICE("g") FORK("f") TASK("a") TASK("b") FORK("j")
        FLOW("s", "g") FLOW("g", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "j") FLOW("b", "j") FLOW("j", "g")),
      "a b", "a b", 3, { { "a", "b", 3 }, { "b", "a b", 3 }, { "b", "a", 3 }, { "a", "a b", 3 } } },
    { "last branch of three goes on alone", PROCESS(START FORK("f") TASK("a") TASK("b") TASK("c") END
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("f", "c") FLOW("a", "e") FLOW("b", "e") FLOW("c", "e")),
      "a b c", "a b c", 4, { { "b", "a c", 3 }, { "a", "c", 1 }, { "c", "", 0 } } },
    { "first branch ends before the second begins", PROCESS(START FORK("f") PASS("a") TASK("b") END
        FLOW("s", "f") FLOW("f", "a") FLOW("f", "b") FLOW("a", "e")),
      "b", "b", 1, { { "b", "", 0 } } },

    /* ---- asynchronous ---- */
    { "asynchronous task", PROCESS(START ASYNC("x") TASK("a") FLOW("s", "x") FLOW("x", "a")),
      "x", "", 1, { { "@", "a", 1 }, { "a", "", 0 } } },
    { "asynchronous start", PROCESS("<startEvent id=\"s\" activiti:async=\"true\"/>" TASK("a") FLOW("s", "a")),
      "s", "", 1, { { "@", "a", 1 } } },
    { "asynchronous user task", PROCESS(START "<userTask id=\"a\" activiti:async=\"true\"/>" FLOW("s", "a")),
      "a", "", 1, { { "@", "a", 1 }, { "a", "", 0 } } },
    { "asynchronous branches", PROCESS(START FORK("f") ASYNC("x") ASYNC("y") FORK("j") TASK("z") FLOW("s", "f")
        FLOW("f", "x") FLOW("f", "y") FLOW("x", "j") FLOW("y", "j") FLOW("j", "z")),
      "x y", "", 3, { { "@", "", 3 }, { "@", "z", 1 } } },
    { "asynchronous join", PROCESS(START FORK("f") "<parallelGateway id=\"j\" activiti:async=\"true\"/>" TASK("z")
        FLOW("s", "f") FLOW("f", "j") "<sequenceFlow id=\"x\" sourceRef=\"f\" targetRef=\"j\"/>" FLOW("j", "z")),
      "j j", "", 3, { { "@", "", 3 }, { "@", "z", 1 } } },
    { "the job of a lone branch moves up", PROCESS(START FORK("f") ASYNC("x") TASK("a") TASK("b") FLOW("s", "f")
        FLOW("f", "x") FLOW("f", "a") FLOW("x", "b")),
      "x a", "a", 3, { { "a", "", 1 }, { "@", "b", 1 }, { "b", "", 0 } } },
};
/* clang-format on */

static void run_case(int i)
{
    const wf_definition_t *definition = world_deploy(cases[i].xml);
    wf_started_t started;
    int k;

    if (!ok(world_start(definition, NULL, &started) == APR_SUCCESS, "%s: starts",
            cases[i].what)) {
        diag("%s", world.err.message);
        return;
    }
    is_str(world_places(&started), cases[i].places, "%s: rests", cases[i].what);
    is_int(started.ended, cases[i].executions == 0, "%s: ended", cases[i].what);
    is_str(world_tasks(started.id), cases[i].open, "%s: tasks", cases[i].what);
    is_int(world_executions(started.id), cases[i].executions, "%s: executions",
           cases[i].what);
    for (k = 0; k < MAX_STEPS && cases[i].steps[k].task; k++) {
        const step_t *step = &cases[i].steps[k];
        apr_status_t rv = step->task[0] == '@'
                              ? world_job(started.id)
                              : world_complete(started.id, step->task, NULL);

        if (!ok(rv == APR_SUCCESS, "%s: step %d", cases[i].what, k + 1)) {
            diag("%s", world.err.message);
        }
        is_str(world_tasks(started.id), step->open, "%s: tasks after step %d",
               cases[i].what, k + 1);
        is_int(world_executions(started.id), step->executions,
               "%s: executions after step %d", cases[i].what, k + 1);
    }
}

/* ---- what fails, and leaves nothing behind ----------------------------------------- */

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *says; /* part of the message */
} failures[] = {
    { "no flow qualifies", PROCESS(START CHOICE("g") END FLOW("s", "g") IF("g", "e", "${false}")
        "<sequenceFlow id=\"x\" sourceRef=\"g\" targetRef=\"e\"><conditionExpression>${1 == 2}"
        "</conditionExpression></sequenceFlow>"), "activity \"g\": no outgoing flow" },
    { "condition is null", PROCESS(START END IF("s", "e", "${null}")), "\"s-e\" (line 5): the condition gives null" },
    { "condition is a text", PROCESS(START END IF("s", "e", "true")), "the condition gives string" },
    { "condition is a number", PROCESS(START END IF("s", "e", "${1}")), "the condition gives long" },
    { "unknown variable", PROCESS(START END IF("s", "e", "${nobody == 1}")), "nobody" },
    { "endless loop", PROCESS(START PASS("a") PASS("b") FLOW("s", "a") FLOW("a", "b") FLOW("b", "a")), "more than 10000 steps" },
    { "endless forks", PROCESS(START PASS("a") FLOW("s", "a") FLOW("a", "a")
        "<sequenceFlow id=\"x\" sourceRef=\"a\" targetRef=\"a\"/>"), "activity \"a\": more than" },
    { "no start event", PROCESS(TASK("a")), "no start event" },
};
/* clang-format on */

static void run_failure(int i)
{
    const wf_definition_t *definition = world_deploy(failures[i].xml);
    wf_started_t started;

    ok(world_start(definition, NULL, &started) != APR_SUCCESS, "%s: fails",
       failures[i].what);
    is_int(world.err.kind, WF_ERR_EXECUTION, "%s: kind", failures[i].what);
    if (!ok(world.err.message && strstr(world.err.message, failures[i].says),
            "%s: message", failures[i].what)) {
        diag("%s", world.err.message ? world.err.message : "(none)");
    }
}

/* A step that fails changes nothing: the task is still open and can be completed. */
static void failure_undoes_all(void)
{
    const wf_definition_t *definition = world_deploy(
        PROCESS(START TASK("a") CHOICE("g") TASK("b") FLOW("s", "a") FLOW("a", "g") IF(
            "g", "b", "${ok}") "<sequenceFlow id=\"x\" sourceRef=\"g\" targetRef=\"b\">"
                               "<conditionExpression>${not ok}</conditionExpression>"
                               "</sequenceFlow>"));
    wf_map_t *vars = world_vars();
    wf_started_t started;

    ok(world_start(definition, NULL, &started) == APR_SUCCESS, "undo: starts");
    ok(world_complete(started.id, "a", NULL) != APR_SUCCESS, "undo: the first try fails");
    is_str(world_tasks(started.id), "a", "undo: the task is still open");
    wf_map_set(vars, "ok", wf_boolean(1));
    ok(world_complete(started.id, "a", vars) == APR_SUCCESS,
       "undo: the second try works");
    is_str(world_tasks(started.id), "b", "undo: the process goes on");
}

/* A chain of thousands of steps needs no stack. */
static void long_chain(void)
{
    const wf_definition_t *definition = world_deploy(PROCESS(
        "<startEvent id=\"s\"/>" CHOICE("g") PASS("a") END
            FLOW("s", "a") "<sequenceFlow id=\"f\" sourceRef=\"a\" targetRef=\"g\"/>" IF(
                "g", "e",
                "${execution.getVariable('n') >= 5000}") "<sequenceFlow id=\"r\" "
                                                         "sourceRef=\"g\" "
                                                         "targetRef=\"c\"/>"
                                                         "<task id=\"c\"/>" IF(
                                                             "c", "a",
                                                             "${execution.setVariable('n'"
                                                             ", n + 1) == null}")));
    wf_map_t *vars = world_vars();
    wf_started_t started;
    apr_status_t rv;

    wf_map_set(vars, "n", wf_integer(0));
    world.max_steps = 100000;
    rv = world_start(definition, vars, &started);
    world.max_steps = 10000;
    if (!ok(rv == APR_SUCCESS && started.ended, "5000 rounds in one call")) {
        diag("%s", world.err.message ? world.err.message : "");
    }
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        run_case(i);
    }
    for (i = 0; i < (int)(sizeof(failures) / sizeof(failures[0])); i++) {
        run_failure(i);
    }
    failure_undoes_all();
    long_chain();
    world_close();
    return done_testing();
}
