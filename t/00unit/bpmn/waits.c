/* Wait states that others end: receive tasks by a call, signal catch events by a signal.
 * A case deploys a process, starts it, takes steps and says where it rests after each
 * one. */
#include "world.h"

#define SIGNALS "<signal id=\"sigA\" name=\"A\"/><signal id=\"sigB\" name=\"B\"/>\n"
#define WITH_SIGNALS(body)                                                               \
    DEFINITIONS SIGNALS "<process id=\"p\" name=\"P\">\n" body                           \
                        "</process>\n</definitions>\n"
#define RECEIVE(id) "<receiveTask id=\"" id "\"/>\n"
#define CATCH(id, ref)                                                                   \
    "<intermediateCatchEvent id=\"" id "\"><signalEventDefinition signalRef=\"" ref      \
    "\"/></intermediateCatchEvent>\n"
#define AGAIN(from, to)                                                                  \
    "<sequenceFlow id=\"again-" from "\" sourceRef=\"" from "\" targetRef=\"" to "\"/"   \
                                                                                 ">\n"

#define MAX_STEPS 5

typedef struct step_t {
    const char *does; /* "r:id" call, "s:name" signal, "t:key" complete; "@" runs a job */
    wf_err_kind_e kind;
    const char *rests; /* "a b": active executions, oldest first */
    const char *waits; /* "A@c": subscriptions, oldest first */
} step_t;

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *rests, *waits; /* after the start */
    step_t steps[MAX_STEPS];
} cases[] = {
    /* ---- receive tasks ---- */
    { "receive task", PROCESS(START RECEIVE("r") TASK("t") FLOW("s", "r") FLOW("r", "t")), "r", "",
      { { "r:r", WF_ERR_NONE, "t", "" }, { "r:r", WF_ERR_CONFLICT, "t", "" } } },
    { "receive task at the end", PROCESS(START RECEIVE("r") FLOW("s", "r")), "r", "",
      { { "r:r", WF_ERR_NONE, "", "" }, { "r:r", WF_ERR_NOT_FOUND, "", "" } } },
    { "wrong calls", PROCESS(START RECEIVE("r") FLOW("s", "r")), "r", "",
      { { "r:", WF_ERR_INVALID, "r", "" }, { "r:s", WF_ERR_CONFLICT, "r", "" },
        { "r:nowhere", WF_ERR_CONFLICT, "r", "" }, { "s:r", WF_ERR_CONFLICT, "r", "" } } },
    { "a user task cannot be called", PROCESS(START TASK("t") FLOW("s", "t")), "t", "",
      { { "r:t", WF_ERR_CONFLICT, "t", "" } } },
    { "two receive tasks", PROCESS(START FORK("f") RECEIVE("r") RECEIVE("q") FORK("j") TASK("t") FLOW("s", "f")
        FLOW("f", "r") FLOW("f", "q") FLOW("r", "j") FLOW("q", "j") FLOW("j", "t")), "r q", "",
      { { "r:q", WF_ERR_NONE, "r", "" }, { "r:q", WF_ERR_CONFLICT, "r", "" }, { "r:r", WF_ERR_NONE, "t", "" } } },
    { "two tokens at one", PROCESS(START FORK("f") RECEIVE("r") FLOW("s", "f") FLOW("f", "r") AGAIN("f", "r")), "r r", "",
      { { "r:r", WF_ERR_NONE, "r", "" }, { "r:r", WF_ERR_NONE, "", "" } } },
    { "a lone branch falls back", PROCESS(START FORK("f") TASK("t") RECEIVE("r") FLOW("s", "f") FLOW("f", "t")
        FLOW("f", "r")), "t r", "",
      { { "t:t", WF_ERR_NONE, "r", "" }, { "r:r", WF_ERR_NONE, "", "" } } },
    { "asynchronous receive task", PROCESS(START "<receiveTask id=\"r\" activiti:async=\"true\"/>" TASK("t")
        FLOW("s", "r") FLOW("r", "t")), "r", "",
      { { "r:r", WF_ERR_CONFLICT, "r", "" }, { "@", WF_ERR_NONE, "r", "" }, { "r:r", WF_ERR_NONE, "t", "" } } },
    { "what follows fails", PROCESS(START RECEIVE("r") CHOICE("g") TASK("t") FLOW("s", "r") FLOW("r", "g")
        IF("g", "t", "${nobody}") AGAIN("g", "t")), "r", "",
      { { "r:r", WF_ERR_EXECUTION, "r", "" } } },
    { "in a loop", PROCESS(START RECEIVE("r") PASS("x") FLOW("s", "r") FLOW("r", "x") FLOW("x", "r")), "r", "",
      { { "r:r", WF_ERR_NONE, "r", "" }, { "r:r", WF_ERR_NONE, "r", "" } } },

    /* ---- signals ---- */
    { "signal", WITH_SIGNALS(START CATCH("c", "sigA") TASK("t") FLOW("s", "c") FLOW("c", "t")), "c", "A@c",
      { { "s:A", WF_ERR_NONE, "t", "" }, { "s:A", WF_ERR_CONFLICT, "t", "" } } },
    { "signal at the end", WITH_SIGNALS(START CATCH("c", "sigA") END FLOW("s", "c") FLOW("c", "e")), "c", "A@c",
      { { "s:A", WF_ERR_NONE, "", "" }, { "s:A", WF_ERR_NOT_FOUND, "", "" } } },
    { "wrong signals", WITH_SIGNALS(START CATCH("c", "sigA") FLOW("s", "c")), "c", "A@c",
      { { "s:", WF_ERR_INVALID, "c", "A@c" }, { "s:B", WF_ERR_CONFLICT, "c", "A@c" },
        { "s:sigA", WF_ERR_CONFLICT, "c", "A@c" }, { "s:a", WF_ERR_CONFLICT, "c", "A@c" },
        { "r:c", WF_ERR_CONFLICT, "c", "A@c" } } },
    { "a signal reaches all who wait for it", WITH_SIGNALS(START FORK("f") CATCH("c", "sigA") CATCH("d", "sigB")
        CATCH("e2", "sigA") TASK("t") TASK("u") TASK("v") FLOW("s", "f") FLOW("f", "c") FLOW("f", "d") FLOW("f", "e2")
        FLOW("c", "t") FLOW("d", "u") FLOW("e2", "v")), "c d e2", "A@c B@d A@e2",
      { { "s:A", WF_ERR_NONE, "t d v", "B@d" }, { "s:B", WF_ERR_NONE, "t u v", "" } } },
    { "two tokens at one event", WITH_SIGNALS(START FORK("f") CATCH("c", "sigA") FLOW("s", "f") FLOW("f", "c")
        AGAIN("f", "c")), "c c", "A@c A@c",
      { { "s:A", WF_ERR_NONE, "", "" } } },
    { "they join", WITH_SIGNALS(START FORK("f") CATCH("c", "sigA") CATCH("d", "sigA") FORK("j") TASK("t") FLOW("s", "f")
        FLOW("f", "c") FLOW("f", "d") FLOW("c", "j") FLOW("d", "j") FLOW("j", "t")), "c d", "A@c A@d",
      { { "s:A", WF_ERR_NONE, "t", "" } } },
    { "who comes too late waits for the next", WITH_SIGNALS(START CATCH("c", "sigA") CATCH("d", "sigA") FLOW("s", "c")
        FLOW("c", "d")), "c", "A@c",
      { { "s:A", WF_ERR_NONE, "d", "A@d" }, { "s:A", WF_ERR_NONE, "", "" } } },
    { "a loop takes one signal a round", WITH_SIGNALS(START CATCH("c", "sigA") FLOW("s", "c") FLOW("c", "c")), "c", "A@c",
      { { "s:A", WF_ERR_NONE, "c", "A@c" }, { "s:A", WF_ERR_NONE, "c", "A@c" } } },
    { "a lone branch keeps waiting", WITH_SIGNALS(START FORK("f") TASK("t") CATCH("c", "sigA") TASK("u") FLOW("s", "f")
        FLOW("f", "t") FLOW("f", "c") FLOW("c", "u")), "t c", "A@c",
      { { "t:t", WF_ERR_NONE, "c", "A@c" }, { "s:A", WF_ERR_NONE, "u", "" }, { "t:u", WF_ERR_NONE, "", "" } } },
    { "asynchronous event", WITH_SIGNALS(START "<intermediateCatchEvent id=\"c\" activiti:async=\"true\">"
        "<signalEventDefinition signalRef=\"sigA\"/></intermediateCatchEvent>" TASK("t") FLOW("s", "c") FLOW("c", "t")), "c", "",
      { { "s:A", WF_ERR_CONFLICT, "c", "" }, { "@", WF_ERR_NONE, "c", "A@c" }, { "s:A", WF_ERR_NONE, "t", "" } } },
    { "what follows a signal fails", WITH_SIGNALS(START FORK("f") CATCH("c", "sigA") CATCH("d", "sigA") TASK("t")
        FLOW("s", "f") FLOW("f", "c") FLOW("f", "d") FLOW("c", "t") IF("d", "t", "${nobody}")), "c d", "A@c A@d",
      { { "s:A", WF_ERR_EXECUTION, "c d", "A@c A@d" } } },
};
/* clang-format on */

static const char *rests(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_EXECUTIONS_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_execution_t *row = APR_ARRAY_IDX(rows, i, wf_execution_t *);

        if (row->is_active) {
            all = apr_pstrcat(world.pool, all, *all ? " " : "", row->act_id, NULL);
        }
    }
    return all;
}

static const char *waits(wf_id_t instance)
{
    apr_array_header_t *rows = world_select(WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance);
    const char *all = "";
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const wf_subscription_t *row = APR_ARRAY_IDX(rows, i, wf_subscription_t *);

        all = apr_pstrcat(world.pool, all, *all ? " " : "", row->event_name, "@",
                          row->activity_id, NULL);
    }
    return all;
}

static apr_status_t take(wf_id_t instance, const char *does, const wf_map_t *vars)
{
    const char *name = does + 2;

    if (*does == '@') {
        return world_job(instance);
    }
    if (*does == 't') {
        return world_complete(instance, name, vars);
    }
    return world_end((*does == 'r' ? wf_bpmn_signal : wf_bpmn_event)(
        world_begin(), instance, name, vars, &world.err));
}

static void check_step(const char *what, wf_id_t instance, const step_t *step)
{
    wf_err_kind_e kind;

    take(instance, step->does, NULL);
    kind = world.err.kind;
    if (!is_int(kind, step->kind, "%s: %s", what, step->does)) {
        diag("%s", world.err.message ? world.err.message : "");
    }
    is_str(rests(instance), step->rests, "%s: rests after %s", what, step->does);
    is_str(waits(instance), step->waits, "%s: waits for after %s", what, step->does);
}

static void check_case(int i)
{
    wf_started_t started;
    int k;

    if (!ok(world_start(world_deploy(cases[i].xml), NULL, &started) == APR_SUCCESS,
            "%s: starts", cases[i].what)) {
        diag("%s", world.err.message);
        return;
    }
    is_str(rests(started.id), cases[i].rests, "%s: rests", cases[i].what);
    is_str(waits(started.id), cases[i].waits, "%s: waits for", cases[i].what);
    for (k = 0; k < MAX_STEPS && cases[i].steps[k].does; k++) {
        check_step(cases[i].what, started.id, &cases[i].steps[k]);
    }
}

/* ---- rows, history, variables ------------------------------------------------------ */

static wf_map_t *answer(int n)
{
    wf_map_t *vars = world_vars();

    wf_map_set(vars, "n", wf_integer(n));
    return vars;
}

static const wf_hi_actinst_t *visit_of(wf_id_t instance, const char *node)
{
    apr_array_header_t *rows = world_select(WF_BY_HI_ACTIVITIES_OF_INSTANCE, instance);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        wf_hi_actinst_t *row = APR_ARRAY_IDX(rows, i, wf_hi_actinst_t *);

        if (strcmp(row->act_id, node) == 0) {
            return row;
        }
    }
    return NULL;
}

static const wf_subscription_t *subscription_of(wf_id_t instance)
{
    return APR_ARRAY_IDX(world_select(WF_BY_SUBSCRIPTIONS_OF_INSTANCE, instance), 0,
                         wf_subscription_t *);
}

static void traces(void)
{
    const wf_definition_t *definition =
        world_deploy(WITH_SIGNALS(START RECEIVE("r") CATCH("c", "sigA") TASK("t") FLOW(
            "s", "r") FLOW("r", "c") IF("c", "t", "${n == 2}")));
    const wf_subscription_t *row;
    const wf_hi_actinst_t *visit;
    wf_started_t started;

    world_start(definition, NULL, &started);
    is_str(world_places(&started), "r", "the reply names the receive task");
    visit = visit_of(started.id, "r");
    is_str(visit->act_type, "receiveTask", "history: type of a receive task");
    is_int(visit->end_time, 0, "history: it waits");
    ok(take(started.id, "r:r", answer(1)) == APR_SUCCESS, "a call with variables");
    is_str(world_var(started.id, "n"), "1", "which are set");
    ok(visit_of(started.id, "r")->end_time > 0, "history: it is over");
    visit = visit_of(started.id, "c");
    is_str(visit->act_type, "intermediateSignalCatch", "history: type of a signal event");
    row = subscription_of(started.id);
    is_str(row->event_type, "signal", "subscription: type");
    is_str(row->event_name, "A", "subscription: name");
    is_str(row->activity_id, "c", "subscription: where");
    is_int(row->execution_id, started.id, "subscription: execution");
    ok(row->created > 0, "subscription: since when");
    ok(take(started.id, "s:A", answer(2)) == APR_SUCCESS, "a signal with variables");
    is_str(rests(started.id), "t", "which the conditions behind it see");
}

static void nothing_left(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START RECEIVE("r") FLOW("s", "r")));
    wf_map_t *vars = world_vars();
    wf_started_t started;

    wf_map_set(vars, "", wf_integer(1));
    world_start(definition, NULL, &started);
    ok(take(started.id, "r:nowhere", answer(1)) != APR_SUCCESS, "a call to nowhere");
    is_str(world_var(started.id, "n"), NULL, "sets nothing");
    ok(take(started.id, "r:r", vars) != APR_SUCCESS && world.err.kind == WF_ERR_INVALID,
       "a variable without name: %s", world.err.message);
    is_str(rests(started.id), "r", "and nothing moves");
}

/* Another instance of the same definition hears nothing. */
static void one_instance_only(void)
{
    const wf_definition_t *definition =
        world_deploy(WITH_SIGNALS(START CATCH("c", "sigA") FLOW("s", "c")));
    wf_started_t first, second;

    world_start(definition, NULL, &first);
    world_start(definition, NULL, &second);
    ok(take(second.id, "s:A", NULL) == APR_SUCCESS, "a signal to the second instance");
    is_str(waits(first.id), "A@c", "the first one still waits");
    is_str(waits(second.id), "", "the second one does not");
}

/* A subscription whose execution does not wait is an error, not a crash. */
static void broken_rows(void)
{
    const wf_definition_t *definition =
        world_deploy(WITH_SIGNALS(START CATCH("c", "sigA") FLOW("s", "c")));
    wf_started_t started;
    wf_subscription_t *row;

    world_start(definition, NULL, &started);
    row = APR_ARRAY_IDX(world_select(WF_BY_SUBSCRIPTIONS_OF_INSTANCE, started.id), 0,
                        wf_subscription_t *);
    row->execution_id = 1;
    wf_uow_update(world.uow, row);
    world_end(APR_SUCCESS);
    ok(take(started.id, "s:A", NULL) != APR_SUCCESS && world.err.kind == WF_ERR_INTERNAL,
       "a subscription of nobody: %s", world.err.message);
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check_case(i);
    }
    traces();
    nothing_left();
    one_instance_only();
    broken_rows();
    world_close();
    return done_testing();
}
