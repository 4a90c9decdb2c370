/* Multi-instance activities: parallel and sequential, on tasks, sub-processes and calls.
 */
#include "scenario.h"

#define LOOP(how, inside)                                                                \
    "<multiInstanceLoopCharacteristics isSequential=\"" how "\">" inside                 \
    "</multiInstanceLoopCharacteristics>"
#define COUNT(n) "<loopCardinality>" n "</loopCardinality>"
#define UNTIL(text) "<completionCondition>" text "</completionCondition>"
#define OVER(how, list)                                                                  \
    "<multiInstanceLoopCharacteristics isSequential=\"" how                              \
    "\" activiti:collection=\"" list "\" activiti:elementVariable=\"x\"/>"
#define TASKS(loop) "<userTask id=\"t\" name=\"${loopCounter}\">" loop "</userTask>\n"
#define AROUND(activity) PROCESS(START activity TASK("z") FLOW("s", "t") FLOW("t", "z"))

/* clang-format off */
static const scenario_t scenarios[] = {
    { "parallel, by number", AROUND(TASKS(LOOP("false", COUNT("3")))), NULL,
      "t t t | complete 2nd t: t t | complete t: t | complete t: z | complete z:",
      "s t t t z" },
    { "sequential, by number", AROUND(TASKS(LOOP("true", COUNT("3")))), NULL,
      "t | complete t: t | complete t: t | complete t: z", "s t t t z" },
    { "one instance", AROUND(TASKS(LOOP("false", COUNT("1")))), NULL, "t | complete t: z", "s t z" },
    { "none", AROUND(TASKS(LOOP("false", COUNT("0")))), NULL, "z", "s z" },
    { "none, one after the other", AROUND(TASKS(LOOP("true", COUNT("${0}")))), NULL, "z", "s z" },
    { "by digits in a text", AROUND(TASKS(LOOP("false", COUNT("${n}")))), "{\"n\": \"2\"}",
      "t t", NULL },
    { "a negative number", AROUND(TASKS(LOOP("false", COUNT("${0-1}")))), NULL, "!negative", NULL },
    { "no number", AROUND(TASKS(LOOP("false", COUNT("${n}")))), "{\"n\": \"many\"}",
      "!not a number", NULL },

    { "over a list", AROUND(TASKS(OVER("false", "l"))), "{\"l\": [\"a\", \"b\"]}",
      "t t | complete t: t | complete t: z", NULL },
    { "over an expression", AROUND(TASKS(OVER("true", "${l}"))), "{\"l\": [\"a\", \"b\"]}",
      "t | complete t: t | complete t: z", NULL },
    { "over an empty list", AROUND(TASKS(OVER("false", "l"))), "{\"l\": []}", "z", NULL },
    { "over a missing variable", AROUND(TASKS(OVER("false", "l"))), NULL,
      "!no variable \"l\"", NULL },
    { "over what is no list", AROUND(TASKS(OVER("false", "l"))), "{\"l\": 5}",
      "!not a list", NULL },
    { "over what an expression gives", AROUND(TASKS(OVER("false", "${5}"))), NULL,
      "!not a list", NULL },

    { "until a condition holds", AROUND(TASKS(LOOP("false", COUNT("4")
        UNTIL("${nrOfCompletedInstances == 2}")))), NULL,
      "t t t t | complete t: t t t | complete t: z", "s t t t t z" },
    { "one after the other until it holds", AROUND(TASKS(LOOP("true", COUNT("4")
        UNTIL("${done}")))), "{\"done\": false}",
      "t | complete t: t | complete t {\"done\": true}: z", "s t t z" },
    { "a condition sees the round", AROUND(TASKS(LOOP("false", COUNT("3")
        UNTIL("${loopCounter == 1 and nrOfActiveInstances == 2 and nrOfInstances == 3}")))), NULL,
      "t t t | complete 2nd t: z", NULL },
    { "a condition that is none", AROUND(TASKS(LOOP("false", COUNT("2") UNTIL("${5}")))), NULL,
      "t t | complete t: !not true or false", NULL },

    { "of a sub-process", AROUND("<subProcess id=\"t\">" LOOP("false", COUNT("2"))
        "<startEvent id=\"i\"/>" TASK("u") TASK("v") FLOW("i", "u") FLOW("u", "v") "</subProcess>"), NULL,
      "u u | complete u: u v | complete v: u | complete u: v | complete v: z", NULL },
    { "of a sub-process, one after the other", AROUND("<subProcess id=\"t\">" LOOP("true", COUNT("2"))
        "<startEvent id=\"i\"/>" TASK("u") FLOW("i", "u") "</subProcess>"), NULL,
      "u | complete u: u | complete u: z", "s t i u t i u z" },
    { "branches inside a round", AROUND("<subProcess id=\"t\">" LOOP("false", COUNT("2"))
        "<startEvent id=\"i\"/>" TASK("u") TASK("v") FLOW("i", "u") FLOW("i", "v") "</subProcess>"), NULL,
      "u u v v | complete u: u v v | complete 2nd v: u v | complete u: v | complete v: z", NULL },
    { "within a branch", PROCESS(START FORK("f") TASKS(LOOP("false", COUNT("2"))) TASK("b") FORK("j")
        TASK("z") FLOW("s", "f") FLOW("f", "t") FLOW("f", "b") FLOW("t", "j") FLOW("b", "j") FLOW("j", "z")), NULL,
      "b t t | complete t: b t | complete b: t | complete t: z", NULL },
    { "automatic", AROUND("<task id=\"t\">" LOOP("false", COUNT("5")) "</task>"), NULL, "z",
      "s t t t t t z" },
    { "automatic, one after the other", AROUND("<task id=\"t\">" LOOP("true", COUNT("5")) "</task>"),
      NULL, "z", "s t t t t t z" },
    { "each round a job", AROUND("<task id=\"t\" activiti:async=\"true\">" LOOP("false", COUNT("2"))
        "</task>"), NULL, "t t | job t: t | job t: z", NULL },
    { "another name for the counter", AROUND("<userTask id=\"t\"><multiInstanceLoopCharacteristics "
        "activiti:elementIndexVariable=\"i\"><loopCardinality>2</loopCardinality>"
        "<completionCondition>${i == 1}</completionCondition></multiInstanceLoopCharacteristics></userTask>"),
      NULL, "t t | complete 2nd t: z", NULL },
    { "a loop in a loop", AROUND("<subProcess id=\"t\">" LOOP("false", COUNT("2"))
        "<startEvent id=\"i\"/><userTask id=\"u\">" LOOP("true", COUNT("2")) "</userTask>" FLOW("i", "u")
        "</subProcess>"), NULL,
      "u u | complete u: u u | complete u: u u | complete u: u | complete u: z", NULL },
};
/* clang-format on */

/* ---- variables ------------------------------------------------------------------------ */

static void variables(void)
{
    const wf_definition_t *definition = world_deploy(AROUND(TASKS(OVER("false", "l"))));
    wf_started_t started;
    wf_map_t *out = world_vars();

    world_start(definition, vars_of("{\"l\": [\"a\", \"b\"]}"), &started);
    is_str(world_var(started.id, "nrOfInstances"), "2", "counters: in the loop");
    is_str(world_var(started.id, "nrOfActiveInstances"), "2", "counters: active");
    is_str(world_var(started.id, "nrOfCompletedInstances"), "0", "counters: completed");
    is_str(world_var(started.id, "x"), "\"a\"", "the first round's element");
    wf_map_set(out, "result", wf_string("r"));
    world_complete(started.id, "t", out);
    is_str(world_var(started.id, "nrOfActiveInstances"), "1", "counters: one is done");
    is_str(world_var(started.id, "x"), "\"b\"", "its variables are gone");
    world_complete(started.id, "t", NULL);
    is_str(world_var(started.id, "result"), "\"r\"",
           "what it set belongs to the instance");
    is_str(world_var(started.id, "nrOfInstances"), NULL,
           "counters are gone after the loop");
    is_str(world_var(started.id, "loopCounter"), NULL, "loopCounter, too");
    is_int(world_executions(started.id), 1, "so are its executions");
}

static void limits(void)
{
    const wf_definition_t *definition =
        world_deploy(AROUND("<task id=\"t\">" LOOP("false", COUNT("${n}")) "</task>"));
    wf_started_t started;

    world.max_steps = 50;
    ok(world_start(definition, vars_of("{\"n\": 1000}"), &started) == APR_SUCCESS,
       "rounds are no endless loop: %s", world.err.message ? world.err.message : "");
    world.max_steps = 10000;
    world.max_rounds = 10;
    ok(world_start(definition, vars_of("{\"n\": 11}"), &started) != APR_SUCCESS
           && strstr(world.err.message, "at most 10"),
       "too many of them: %s", world.err.message);
    ok(world_start(definition, vars_of("{\"n\": 10}"), &started) == APR_SUCCESS,
       "as many as are allowed");
    world.max_rounds = 200000;
}

/* Loops without an end are found, though rounds do not count as steps. */
#define ROUND_AND_ROUND(loop)                                                            \
    PROCESS(START "<task id=\"t\">" loop "</task>" FLOW("s", "t") FLOW("t", "t"))
#define CALLS_ITSELF                                                                     \
    PROCESS(START "<callActivity id=\"t\" calledElement=\"p\">" LOOP(                    \
        "true", COUNT("1")) "</callActivity>" FLOW("s", "t"))

static void endless(void)
{
    static const struct {
        const char *what, *xml;
    } cases[] = {
        { "in turn", ROUND_AND_ROUND(LOOP("true", COUNT("2"))) },
        { "at once", ROUND_AND_ROUND(LOOP("false", COUNT("3"))) },
        { "none", ROUND_AND_ROUND(LOOP("false", COUNT("0"))) },
        { "within a round", AROUND(
                                "<subProcess id=\"t\">" LOOP(
                                    "false",
                                    COUNT(
                                        "2")) "<startEvent id=\"i\"/><task "
                                              "id=\"u\">" LOOP("true",
                                                               COUNT(
                                                                   "2")) "</task>" FLOW("i",
                                                                                        "u")
                                                  FLOW("u", "u") "</subProcess>") },
        { "calls of itself", CALLS_ITSELF },
        { "many at once", ROUND_AND_ROUND(LOOP("false", COUNT("1000"))) },
    };
    wf_started_t started;
    int i;

    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        apr_status_t rv = world_start(world_deploy(cases[i].xml), NULL, &started);

        ok(rv != APR_SUCCESS
               && (strstr(world.err.message, "may loop for ever")
                   || strstr(world.err.message, "at most 200000 are allowed")),
           "endless: %s: %s", cases[i].what, world.err.message);
    }
}

/* Each loop is within the limit, all of them together are not. */
static void nested_limits(void)
{
    static const char *const inner[] = {
        "<task id=\"i\">" LOOP("false", COUNT("10")) "</task>",
        "<task id=\"i\">" LOOP("true", COUNT("10")) "</task>"
    };
    wf_started_t started;
    int i;

    world.max_rounds = 100;
    for (i = 0; i < 2; i++) {
        const wf_definition_t *definition = world_deploy(apr_psprintf(
            world.pool,
            AROUND("<subProcess id=\"t\"><startEvent id=\"is\"/><sequenceFlow id=\"if\" "
                   "sourceRef=\"is\" targetRef=\"i\"/>%s" LOOP(
                       "false", COUNT("${n}")) "</subProcess>"),
            inner[i]));

        ok(world_start(definition, vars_of("{\"n\": 10}"), &started) != APR_SUCCESS
               && strstr(world.err.message, "in one call; at most 100"),
           "10 + 10 * 10: %s", world.err.message ? world.err.message : "");
        ok(world_start(definition, vars_of("{\"n\": 9}"), &started) == APR_SUCCESS,
           "9 + 9 * 10");
    }
    world.max_rounds = 200000;
}

/* What a request does ends with its time; a job has none. */
static void time_is_over(void)
{
    const wf_definition_t *definition =
        world_deploy(AROUND("<task id=\"t\">" LOOP("true", COUNT("1000")) "</task>"));
    wf_started_t started;

    world.services.terms.deadline = wf_mono_us() - 1;
    ok(world_start(definition, NULL, &started) != APR_SUCCESS
           && strstr(world.err.message, "WorkflowCommandTimeout"),
       "late: %s", world.err.message ? world.err.message : "");
    world.services.terms.deadline = wf_mono_us() + 60 * APR_USEC_PER_SEC;
    ok(world_start(definition, NULL, &started) == APR_SUCCESS, "in time");
    world.services.terms.deadline = 0;
}

/* What a call sets is counted, also what is replaced by the next round. */
static void much_is_set(void)
{
    const wf_definition_t *definition = world_deploy(AROUND(
        "<serviceTask id=\"t\" "
        "activiti:expression=\"${execution.setVariable('s', s.concat('x'))}\">" LOOP(
            "true", COUNT("${n}")) "</serviceTask>"));
    char *text = apr_pcalloc(world.pool, (1 << 20) + 1);
    wf_map_t *vars = world_vars();
    wf_started_t started;

    memset(text, 'a', 1 << 20);
    wf_map_set(vars, "s", wf_string(text));
    wf_map_set(vars, "n", wf_integer(300));
    ok(world_start(definition, vars, &started) != APR_SUCCESS
           && strstr(world.err.message, "variable \"s\": values of more than 256 MiB"),
       "values: %s", world.err.message ? world.err.message : "");
    wf_map_set(vars, "n", wf_integer(20));
    ok(world_start(definition, vars, &started) == APR_SUCCESS, "values: not too much");
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(scenarios) / sizeof(scenarios[0])); i++) {
        play(&scenarios[i]);
    }
    variables();
    limits();
    endless();
    nested_limits();
    time_is_over();
    much_is_set();
    world_close();
    return done_testing();
}
