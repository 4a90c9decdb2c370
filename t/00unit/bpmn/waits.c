/* Wait states that others end: receive tasks by a call, signal catch events by a signal,
 * timer catch events by their job. A case deploys a process, starts it, takes steps and says where it rests after each
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
#define TIMER(id, children)                                                              \
    "<intermediateCatchEvent id=\"" id "\"><timerEventDefinition>" children              \
    "</timerEventDefinition></intermediateCatchEvent>\n"
#define HOUR "<timeDuration>PT1H</timeDuration>"
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

    /* ---- timers ---- */
    { "timer", PROCESS(START TIMER("c", HOUR) TASK("t") FLOW("s", "c") FLOW("c", "t")), "c", "",
      { { "s:c", WF_ERR_CONFLICT, "c", "" }, { "r:c", WF_ERR_CONFLICT, "c", "" }, { "@", WF_ERR_NONE, "t", "" },
        { "@", WF_ERR_NOT_FOUND, "t", "" } } },
    { "timer at the end", PROCESS(START TIMER("c", HOUR) FLOW("s", "c")), "c", "", { { "@", WF_ERR_NONE, "", "" } } },
    { "a cycle fires once a visit", PROCESS(START TIMER("c", "<timeCycle>R3/PT1H</timeCycle>") TASK("t") FLOW("s", "c")
        FLOW("c", "t")), "c", "",
      { { "@", WF_ERR_NONE, "t", "" }, { "@", WF_ERR_NOT_FOUND, "t", "" } } },
    { "and again in the next", PROCESS(START TIMER("c", "<timeCycle>0 0 12 * * ?</timeCycle>") FLOW("s", "c") FLOW("c", "c")), "c", "",
      { { "@", WF_ERR_NONE, "c", "" }, { "@", WF_ERR_NONE, "c", "" } } },
    { "no date, no timer", PROCESS(START TIMER("c", "<timeDate>${null}</timeDate>") FLOW("s", "c")), "c", "",
      { { "@", WF_ERR_NOT_FOUND, "c", "" } } },
    { "two timers", PROCESS(START FORK("f") TIMER("c", HOUR) TIMER("d", HOUR) FORK("j") TASK("t") FLOW("s", "f") FLOW("f", "c")
        FLOW("f", "d") FLOW("c", "j") FLOW("d", "j") FLOW("j", "t")), "c d", "",
      { { "@", WF_ERR_NONE, "d", "" }, { "@", WF_ERR_NONE, "t", "" } } },
    { "two tokens at one timer", PROCESS(START FORK("f") TIMER("c", HOUR) FLOW("s", "f") FLOW("f", "c") AGAIN("f", "c")), "c c", "",
      { { "@", WF_ERR_NONE, "c", "" }, { "@", WF_ERR_NONE, "", "" } } },
    { "a lone timer falls back", PROCESS(START FORK("f") TASK("t") TIMER("c", HOUR) TASK("u") FLOW("s", "f")
        FLOW("f", "t") FLOW("f", "c") FLOW("c", "u")), "t c", "",
      { { "t:t", WF_ERR_NONE, "c", "" }, { "@", WF_ERR_NONE, "u", "" } } },
    { "a lone event without timer falls back", PROCESS(START FORK("f") TASK("t") TIMER("c", "<timeDate>${null}</timeDate>")
        FLOW("s", "f") FLOW("f", "t") FLOW("f", "c")), "t c", "",
      { { "t:t", WF_ERR_NONE, "c", "" }, { "@", WF_ERR_NOT_FOUND, "c", "" } } },
    { "asynchronous timer", PROCESS(START "<intermediateCatchEvent id=\"c\" activiti:async=\"true\"><timerEventDefinition>"
        HOUR "</timerEventDefinition></intermediateCatchEvent>" TASK("t") FLOW("s", "c") FLOW("c", "t")), "c", "",
      { { "@", WF_ERR_NONE, "c", "" }, { "@", WF_ERR_NONE, "t", "" } } },
    { "a time that is none", PROCESS(START TASK("t") TIMER("c", "<timeDate>tomorrow</timeDate>") FLOW("s", "t") FLOW("t", "c")), "t", "",
      { { "t:t", WF_ERR_EXECUTION, "t", "" } } },
    { "what follows a timer fails", PROCESS(START TIMER("c", HOUR) TASK("t") FLOW("s", "c") IF("c", "t", "${nobody}")), "c", "",
      { { "@", WF_ERR_EXECUTION, "c", "" } } },
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

    kind = take(instance, step->does, NULL) == APR_NOTFOUND ? WF_ERR_NOT_FOUND
                                                            : world.err.kind;
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

/* A subscription whose execution does not wait: another unit was faster, or the rows are
 * broken. */
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
    ok(take(started.id, "s:A", NULL) != APR_SUCCESS && world.err.kind == WF_ERR_CONFLICT,
       "a subscription of nobody: %s", world.err.message);
}

/* ---- timers ------------------------------------------------------------------------ */

#define NOON "2026-03-01T12:00:00Z"
#define NOON_MS 1772366400000

/* clang-format off */
static const struct {
    const char *children;
    wf_value_t var; /* v */
    apr_int64_t due; /* below 0: -due after the start; 0: no job */
    const char *fails; /* part of the message */
} timers[] = {
    { "<timeDate>" NOON "</timeDate>", { 0 }, NOON_MS, NULL },
    { "<timeDate>\n " NOON "\n </timeDate>", { 0 }, NOON_MS, NULL },
    { "<timeDate>${v}</timeDate>", { .type = WF_DATE, .as.integer = NOON_MS + 1 }, NOON_MS + 1, NULL },
    { "<timeDate>${v}</timeDate>", { .type = WF_STRING, .as.text = { NOON, 20 } }, NOON_MS, NULL },
    { "<timeDate>\n #{v}\n</timeDate>", { .type = WF_DATE, .as.integer = NOON_MS }, NOON_MS, NULL },
    { "<timeDate>2026-03-01T${v}:00Z</timeDate>", { .type = WF_STRING, .as.text = { "12:00", 5 } }, NOON_MS, NULL },
    { "<timeDate>${v}</timeDate>", { .type = WF_NULL }, 0, NULL },
    { "<timeDuration>${v}</timeDuration>", { .type = WF_NULL }, 0, NULL },
    { "<timeCycle>${v}</timeCycle>", { .type = WF_NULL }, 0, NULL },
    { "<timeDuration>PT1.5S</timeDuration>", { 0 }, -1500, NULL },
    { "<timeDuration>PT${v}H</timeDuration>", { .type = WF_INTEGER, .as.integer = 2 }, -7200000, NULL },
    { "<timeDuration>${v}</timeDuration>", { .type = WF_DATE, .as.integer = NOON_MS }, NOON_MS, NULL },
    { "<timeCycle>R3/PT10H</timeCycle>", { 0 }, -36000000, NULL },
    { "<timeCycle>R/" NOON "/PT10H</timeCycle>", { 0 }, NOON_MS, NULL },
    { "<timeCycle>0 0 12 1 MAR ? 2026</timeCycle>", { 0 }, NOON_MS, NULL },
    { "<timeCycle>${v} 0 12 1 3 ? 2026</timeCycle>", { .type = WF_INTEGER, .as.integer = 59 }, NOON_MS + 59000, NULL },
    { "<timeDate>tomorrow</timeDate>", { 0 }, 0, "activity \"c\": cannot resolve due date, timeDate \"tomorrow\": the value is no date" },
    { "<timeDuration>1h</timeDuration>", { 0 }, 0, "cannot resolve due date, timeDuration \"1h\"" },
    { "<timeCycle>PT1H</timeCycle>", { 0 }, 0, "timeCycle \"PT1H\": cron line, second" },
    { "<timeCycle>R0/PT1H</timeCycle>", { 0 }, 0, "timeCycle \"R0/PT1H\": the value is no repeating interval" },
    { "<timeCycle>0 0 12 30 2 ?</timeCycle>", { 0 }, 0, "does not fire any more" },
    { "<timeDate>${v}</timeDate>", { .type = WF_STRING, .as.text = { "secret", 6 } }, 0, "timeDate \"${v}\": the value is no date" },
    { "<timeDate>${v}</timeDate>", { .type = WF_STRING, .as.text = { "", 0 } }, 0, "cannot resolve" },
    { "<timeDate>${v}</timeDate>", { .type = WF_INTEGER, .as.integer = 5 }, 0, "neither text nor date" },
    { "<timeDate>${nobody}</timeDate>", { 0 }, 0, "cannot resolve due date, timeDate \"${nobody}\": " },
};
/* clang-format on */

static void check_job(int i, const wf_started_t *started, const char *definition,
                      apr_int64_t now)
{
    apr_int64_t due = timers[i].due < 0 ? now - timers[i].due : timers[i].due;
    apr_array_header_t *jobs = world_select(WF_BY_JOBS_OF_INSTANCE, started->id);
    const wf_job_t *job;

    if (!is_int(jobs->nelts, due ? 1 : 0, "timer %d: jobs", i) || !due) {
        return;
    }
    job = APR_ARRAY_IDX(jobs, 0, const wf_job_t *);
    is_int(job->due_date, due, "timer %d: due date", i);
    is_str(job->type, "timer", "job: type");
    is_str(job->handler_type, "timer-intermediate-transition", "job: handler");
    is_str(job->handler_cfg, "c", "job: activity");
    is_str(job->repeat, NULL, "job: does not repeat");
    is_str(job->proc_def_id, definition, "job: definition");
    is_int(job->execution_id, started->id, "job: execution");
    is_int(job->retries, 3, "job: retries");
    is_int(job->exclusive, 1, "job: exclusive");
    is_str(job->lock_owner, NULL, "job: not locked");
}

static void check_timer(int i)
{
    const wf_definition_t *definition = world_deploy(apr_psprintf(
        world.pool, PROCESS(START "%s" FLOW("s", "c")),
        apr_psprintf(world.pool, TIMER("c", "%s"), timers[i].children)));
    wf_map_t *vars = world_vars();
    wf_started_t started;
    apr_status_t rv;

    wf_map_set(vars, "v", timers[i].var);
    rv = world_start(definition, vars, &started);
    if (timers[i].fails) {
        ok(rv != APR_SUCCESS && world.err.kind == WF_ERR_EXECUTION
               && strstr(world.err.message, timers[i].fails)
               && !strstr(world.err.message, "secret"),
           "timer %d fails: %s", i, world.err.message);
        return;
    }
    if (!ok(rv == APR_SUCCESS, "timer %d", i)) {
        diag("%s", world.err.message);
        return;
    }
    check_job(i, &started, definition->id, world.call.now);
}

/* What is left of a timer behind it, and when its instance is deleted. */
static void timer_traces(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START TIMER("c", HOUR) TASK("t") FLOW("s", "c") FLOW("c", "t")));
    wf_started_t fired, deleted;

    world_start(definition, NULL, &fired);
    is_str(visit_of(fired.id, "c")->act_type, "intermediateTimer", "history: type");
    is_int(visit_of(fired.id, "c")->end_time, 0, "history: it waits");
    ok(world_job(fired.id) == APR_SUCCESS, "it fires");
    ok(visit_of(fired.id, "c")->end_time > 0, "history: it is over");
    is_int(world_select(WF_BY_JOBS_OF_INSTANCE, fired.id)->nelts, 0, "its job is gone");
    world_start(definition, NULL, &deleted);
    ok(world_end(wf_bpmn_delete_instance(world_begin(), deleted.id, NULL, &world.err))
           == APR_SUCCESS,
       "delete an instance that waits for a timer");
    is_int(world_select(WF_BY_JOBS_OF_INSTANCE, deleted.id)->nelts, 0, "its job goes, too");
}

/* A job whose execution does not wait for it is an error, not a crash. */
static void broken_timers(void)
{
    const wf_definition_t *definition =
        world_deploy(PROCESS(START FORK("f") TIMER("c", HOUR) TASK("t") FLOW("s", "f") FLOW(
            "f", "c") FLOW("f", "t")));
    wf_job_t *job;
    wf_started_t started;
    int i;

    for (i = 0; i < 3; i++) {
        world_start(definition, NULL, &started);
        job = APR_ARRAY_IDX(world_select(WF_BY_JOBS_OF_INSTANCE, started.id), 0, wf_job_t *);
        if (i == 0) {
            job->execution_id = 1;
        }
        else if (i == 1) {
            job->handler_cfg = "t";
        }
        else {
            job->execution_id = job->proc_inst_id; /* inactive, on the fork */
            job->handler_cfg = "f";
        }
        wf_uow_update(world.uow, job);
        world_end(APR_SUCCESS);
        ok(world_job(started.id) != APR_SUCCESS && world.err.kind == WF_ERR_INTERNAL,
           "a timer of nobody: %s", world.err.message);
    }
}

int main(void)
{
    int i;

    setenv("TZ", "UTC0", 1);
    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check_case(i);
    }
    traces();
    nothing_left();
    one_instance_only();
    broken_rows();
    for (i = 0; i < (int)(sizeof(timers) / sizeof(timers[0])); i++) {
        check_timer(i);
    }
    timer_traces();
    broken_timers();
    world_close();
    return done_testing();
}
