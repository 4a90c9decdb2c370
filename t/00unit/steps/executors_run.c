/* Modes at work: what arrives at a target, when, and how much of it at once. */
#include "../tap.h"
#include "../wait.h"
#include "run.h"
#include "load/plan.h"

#define HEAD "id: w\nname: W\n"
#define STEP(url) "steps:\n- {id: s, type: http, config: {url: '" url "'}}\n"
#define NAP "steps:\n- {id: s, type: sleep, config: {duration: 20ms}}\n"
#define CONSTANT "mode: constant-arrival-rate, "
#define RAMP "mode: ramping-vus, "

/* A threshold that always holds, to read a metric by. */
#define READ(metric, stat) "{metric: " metric ", condition: '" stat " >= 0'}"
#define DROPPED READ("dropped_iterations", "count")

static double read_back(const runner_t *r, int i)
{
    json_object *list = wf_json_get(r->last.metrics, "thresholds");
    json_object *row = json_object_array_get_idx(list, (size_t)i);

    return row ? json_object_get_double(wf_json_get(row, "value")) : -1;
}

static int between(runner_t *r, int from_ms, int to_ms, int *most)
{
    return target_between(&r->target, r->target.at_us[0] + from_ms * 1000LL,
                          r->target.at_us[0] + to_ms * 1000LL, most);
}

/* Rows that take their time take it together, each with an engine and a target. */
#define ROWS_MAX 10
static runner_t rows[ROWS_MAX];

static int run_mode(runner_t *r, const char *url, const char *options)
{
    target_reset(&r->target);
    return runner_run(r, apr_psprintf(r->pool,
                                      HEAD "steps:\n- {id: s, type: http, config: {url: "
                                           "'BASE%s'}}\noptions: {%s}\n",
                                      url, options));
}

static const char *begin(runner_t *r, const char *yaml)
{
    const char *id = apr_psprintf(r->pool, "exec-%d", r->runs++);
    wf_error_t err;

    target_reset(&r->target);
    wf_error_init(&err, r->pool);
    is_int(runner_start(r, id, yaml, &err), APR_SUCCESS, "%s starts", id);
    return id;
}

/* ---- arrivals -------------------------------------------------------------------- */

static const struct {
    const char *what, *url, *options;
    int arrived, dropped;
} arriving[] = {
    /* clang-format off */
    { "100 a second",            "/ok",       CONSTANT "rate: 100, duration: 1s", 100, 0 },
    { "slow answers change nothing", "/slow/200", CONSTANT "rate: 50, duration: 1s", 50, 0 },
    { "one user is enough",      "/ok",       CONSTANT "rate: 5, duration: 2s, max_vus: 1", 10, 0 },
    { "6 users, 1 s each",       "/slow/1500", CONSTANT "rate: 20, duration: 1s, max_vus: 6, pre_allocated_vus: 2", 6, 14 },
    { "30 a minute",             "/ok",       CONSTANT "rate: 30, time_unit: 1m, duration: 2500ms", 2, 0 },
    { "ramp to 100 and hold",    "/ok",       "mode: ramping-arrival-rate, stages: [{duration: 500ms, target: 100}, {duration: 500ms, target: 100}]", 75, 0 },
    { "ramp, too few users",     "/slow/1500", "mode: ramping-arrival-rate, max_vus: 3, stages: [{duration: 1s, target: 40}]", 3, 17 },
    /* clang-format on */
};

static const char *arriving_yaml(runner_t *r, const char *url, const char *options)
{
    return apr_psprintf(r->pool,
                        HEAD "steps:\n- {id: s, type: http, config: {url: 'BASE%s'}}\n"
                             "options: {%s, thresholds: [" DROPPED
                             ", " READ("iteration_start_delay", "max") "]}\n",
                        url, options);
}

static void arrived(runner_t *r, const char *what, int wanted, int dropped)
{
    ok(runner_wait(r), "%s", what);
    is_str(wf_run_status_name(r->last.status), "completed", "%s: completed", what);
    is_int(target_requests(&r->target), wanted, "%s: arrived", what);
    is_int(r->last.iterations, wanted, "%s: iterations", what);
    is_int((int)read_back(r, 0), dropped, "%s: dropped", what);
    ok(read_back(r, 1) < 300, "%s: at most %g ms late", what, read_back(r, 1));
}

static void arrivals(void)
{
    const size_t n = sizeof(arriving) / sizeof(arriving[0]);
    size_t i;

    for (i = 0; i < n; i++) {
        runner_open(&rows[i], 2);
        begin(&rows[i], arriving_yaml(&rows[i], arriving[i].url, arriving[i].options));
    }
    for (i = 0; i < n; i++) {
        arrived(&rows[i], arriving[i].what, arriving[i].arrived, arriving[i].dropped);
        runner_close(&rows[i]);
    }
}

/* They come evenly spread, on several loops as on one. */
static void evenly(runner_t *r)
{
    int i, most;

    ok(run_mode(r, "/ok", CONSTANT "rate: 200, duration: 2s"), "200 a second");
    for (i = 0; i < 2000; i += 250) {
        int n = between(r, i, i + 250, &most);

        ok(n >= 35 && n <= 65, "from %d ms: %d", i, n);
    }
}

static void ramp_of_rate(runner_t *r)
{
    static const int want[] = { 20, 60, 100, 100, 60, 20 };
    int i, most;

    ok(run_mode(r, "/ok",
                "mode: ramping-arrival-rate, stages: [{duration: 1200ms, target: "
                "300}, {duration: 1200ms, target: 0}]"),
       "up and down");
    is_int(target_requests(&r->target), 360, "the area below it");
    for (i = 0; i < 6; i++) { /* the first comes 90 ms after the beginning */
        int n = between(r, i * 400 - 90, i * 400 + 310, &most);

        ok(n >= want[i] - 15 && n <= want[i] + 15, "part %d: %d", i, n);
    }
}

/* The first answers take 400 ms, so those that follow wait, in vain or not: an iteration
 * is as long as its user had to wait for it. */
static void from_the_intended_start(runner_t *r)
{
    ok(run_mode(r, "/slow/300",
                "mode: constant-arrival-rate, rate: 4, duration: 1s, max_vus: 4, "
                "thresholds: [" READ("iteration_duration", "min") ", " READ(
                    "iteration_start_delay", "count") "]"),
       "4 slow ones");
    ok(read_back(r, 0) >= 300, "iterations of %g ms", read_back(r, 0));
    is_int((int)read_back(r, 1), 4, "each start's delay is a sample");
}

/* ---- ramps of users ---------------------------------------------------------------- */

static void ramp_of_users(runner_t *r)
{
    int most;

    ok(run_mode(r, "/slow/20",
                RAMP
                "stages: [{duration: 1s, target: 10}, {duration: 600ms, target: 10}, "
                "{duration: 0s, target: 2}, {duration: 800ms, target: 2}]"),
       "up to 10, then 2");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    between(r, 0, 250, &most);
    ok(most <= 5, "%d at first", most);
    between(r, 1100, 1450, &most);
    is_int(most, 10, "the target at the end of the stage");
    between(r, 1800, 2200, &most);
    is_int(most, 2, "and after the jump");
    ok(r->last.elapsed_ms >= 2400 && r->last.elapsed_ms < 4000, "took %d ms",
       (int)r->last.elapsed_ms);
}

/* Users that are too many hang: they are cut after graceful_ramp, and come back. */
static void graceful_ramp(runner_t *r)
{
    ok(run_mode(r, "/hang",
                RAMP
                "start_vus: 4, graceful_ramp: 200ms, graceful_stop: 0s, stages: "
                "[{duration: 0s, target: 1}, {duration: 600ms, target: 1}, {duration: "
                "0s, target: 3}, {duration: 300ms, target: 3}], thresholds: [" READ(
                    "interrupted_iterations", "count") "]"),
       "4 users hang, 1 may stay, then 3");
    is_int(r->last.iterations, 0, "no iteration ends");
    is_int(target_requests(&r->target), 3, "as many as there were at most");
    is_int((int)read_back(r, 0), 3, "all are cut in the end");
}

static void ramp_down_hung(runner_t *r)
{
    ok(run_mode(r, "/hang",
                RAMP
                "start_vus: 4, graceful_ramp: 200ms, graceful_stop: 0s, stages: "
                "[{duration: 100ms, target: 4}, {duration: 0s, target: 1}, {duration: "
                "600ms, target: 1}, {duration: 0s, target: 3}, {duration: 300ms, "
                "target: 3}], thresholds: [" READ("interrupted_iterations", "count") "]"),
       "4 users hang, 3 are too many, 2 of them come back");
    is_int(target_requests(&r->target), 6, "requests");
    is_int((int)read_back(r, 0), 6, "each was cut");
    ok(r->target.at_us[4] - r->target.at_us[0] >= 650000, "the fifth came with the jump");
}

/* ---- pause, resume, scale ------------------------------------------------------------ */

typedef apr_status_t command_fn(wf_load_t *load, const char *id, wf_error_t *err);

static void tell(runner_t *r, command_fn *command, const char *id)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    is_int(command(r->load, id, &err), APR_SUCCESS, "%s is told", id);
}

static void scale(runner_t *r, const char *id, apr_int64_t vus)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    is_int(wf_load_scale(r->load, id, NULL, vus, &err), APR_SUCCESS, "scaled to %d",
           (int)vus);
}

/* Requests in the last second, and the most at once. */
static int last_second(runner_t *r, int *most)
{
    long long now = target_now_us();

    return target_between(&r->target, now - 1000000, now, most);
}

/* A window to look at: a second, after what was under way has had time to end. */
static void pass(int settle_ms)
{
    usleep((useconds_t)settle_ms * 1000 + 1000000);
}

/* clang-format off */
static const struct {
    const char *what, *options;
    int least, most; /* requests a second while it runs */
    int total;       /* of the whole run, or 0: not known */
} paused[] = {
    { "constant-vus",          "vus: 2, duration: 2s",                         20, 110, 0 },
    { "ramping-vus",           "mode: ramping-vus, start_vus: 2, stages: [{duration: 2s, target: 2}]", 20, 110, 0 },
    { "constant-arrival-rate", "mode: constant-arrival-rate, rate: 40, duration: 2s", 30, 50, 80 },
    { "ramping-arrival-rate",  "mode: ramping-arrival-rate, start_rate: 40, stages: [{duration: 2s, target: 40}]", 30, 50, 80 },
    { "per-vu-iterations",     "mode: per-vu-iterations, vus: 2, iterations: 80", 20, 110, 160 },
    { "shared-iterations",     "mode: shared-iterations, vus: 2, iterations: 160", 20, 110, 160 },
    { "externally-controlled", "mode: externally-controlled, vus: 2, duration: 2s", 20, 110, 0 },
};
/* clang-format on */

/* After a run that was paused. */
static void ended_late(runner_t *r, const char *what, int total)
{
    ok(runner_wait(r), "%s: ends", what);
    is_str(wf_run_status_name(r->last.status), "completed", "%s: completed", what);
    if (total > 0) {
        is_int(target_requests(&r->target), total, "%s: in all", what);
        return;
    }
    ok(r->last.elapsed_ms >= 2000 && r->last.elapsed_ms < 3000,
       "%s: its time stood still: %d ms", what, (int)r->last.elapsed_ms);
}

static void pause_in_each_mode(void)
{
    const int n = sizeof(paused) / sizeof(paused[0]);
    const char *ids[ROWS_MAX];
    long long from[ROWS_MAX];
    int i, most;

    for (i = 0; i < n; i++) {
        runner_open(&rows[i], 2);
        ids[i] = begin(&rows[i], apr_psprintf(rows[i].pool,
                                              HEAD STEP("BASE/slow/20") "options: {%s}\n",
                                              paused[i].options));
    }
    for (i = 0; i < n; i++) {
        WAIT_FOR(target_requests(&rows[i].target) >= 8);
        tell(&rows[i], wf_load_pause, ids[i]);
    }
    pass(300);
    for (i = 0; i < n; i++) {
        is_int(last_second(&rows[i], &most), 0, "%s: nothing arrives in a pause",
               paused[i].what);
    }
    for (i = 0; i < n; i++) {
        tell(&rows[i], wf_load_resume, ids[i]);
        from[i] = target_now_us();
    }
    pass(0);
    for (i = 0; i < n; i++) {
        int came = target_between(&rows[i].target, from[i], from[i] + 1000000, &most);

        ok(came >= paused[i].least && came <= paused[i].most,
           "%s: %d in the second after it", paused[i].what, came);
        ended_late(&rows[i], paused[i].what, paused[i].total);
        runner_close(&rows[i]);
    }
}

/* clang-format off */
static const struct {
    const char *what, *options, *url;
    int to, want; /* at once */
} scaled[] = {
    { "constant-vus, more",   "vus: 2, duration: 60s",                          "BASE/slow/20",  7, 7 },
    { "constant-vus, fewer",  "vus: 7, duration: 60s",                          "BASE/slow/20",  2, 2 },
    { "constant-vus, none",   "vus: 7, duration: 60s",                          "BASE/slow/20",  0, 0 },
    { "shared-iterations",    "mode: shared-iterations, vus: 2, iterations: 100000", "BASE/slow/20", 5, 5 },
    { "ramping-vus",          "mode: ramping-vus, stages: [{duration: 60s, target: 60}], start_vus: 3", "BASE/slow/20", 7, 7 },
    { "externally-controlled", "mode: externally-controlled, max_vus: 6",       "BASE/slow/20",  5, 5 },
    { "and no more",          "mode: externally-controlled, max_vus: 6",        "BASE/slow/20", 50, 6 },
    { "arrivals, more",       "mode: constant-arrival-rate, rate: 100, duration: 60s, max_vus: 3", "BASE/slow/300", 9, 9 },
    { "arrivals, fewer",      "mode: constant-arrival-rate, rate: 100, duration: 60s, max_vus: 9", "BASE/slow/300", 3, 3 },
    { "arrivals, none",       "mode: constant-arrival-rate, rate: 100, duration: 60s, max_vus: 9", "BASE/slow/20", 0, 0 },
};
/* clang-format on */

static void scale_in_each_mode(void)
{
    const int n = sizeof(scaled) / sizeof(scaled[0]);
    const char *ids[ROWS_MAX];
    int i, came, most;

    for (i = 0; i < n; i++) {
        runner_open(&rows[i], 2);
        ids[i] =
            begin(&rows[i], apr_psprintf(rows[i].pool, HEAD STEP("%s") "options: {%s}\n",
                                         scaled[i].url, scaled[i].options));
    }
    for (i = 0; i < n; i++) {
        WAIT_FOR(target_requests(&rows[i].target) >= 3);
        scale(&rows[i], ids[i], scaled[i].to);
    }
    pass(900);
    for (i = 0; i < n; i++) {
        runner_t *r = &rows[i];
        const char *what = scaled[i].what;

        came = last_second(r, &most);
        is_int(most, scaled[i].want, "%s: at once, of %d", what, came);
        tell(r, wf_load_stop, ids[i]);
        ok(runner_wait(r), "%s: ends", what);
        is_str(wf_run_status_name(r->last.status), "aborted", "%s: aborted", what);
        is_int(r->last.iterations, target_requests(&r->target),
               "%s: what had begun was let end", what);
        runner_close(r);
    }
}

/* A ramp takes over again where its next stage begins. */
static void scale_passes(runner_t *r)
{
    const char *id = begin(
        r, HEAD STEP("BASE/slow/20") "options: {mode: ramping-vus, start_vus: 3, stages: "
                                     "[{duration: 1500ms, target: 3}, {duration: 1500ms, "
                                     "target: 3}]}\n");
    int most;

    WAIT_FOR(target_requests(&r->target) >= 3);
    scale(r, id, 8);
    ok(runner_wait(r), "it ends");
    between(r, 700, 1300, &most);
    is_int(most, 8, "scaled");
    between(r, 2000, 2900, &most);
    is_int(most, 3, "until the next stage");
}

static void refused(runner_t *r)
{
    const char *id =
        begin(r, HEAD STEP("BASE/slow/20") "options: {mode: per-vu-iterations, "
                                           "vus: 2, iterations: 100000}\n");
    wf_error_t err;

    wf_error_init(&err, r->pool);
    wf_load_scale(r->load, id, NULL, 3, &err);
    is_str(wf_err_name(err.kind), "conflict", "per-vu: %s", err.message);
    wf_error_init(&err, r->pool);
    wf_load_resume(r->load, id, &err);
    is_str(wf_err_name(err.kind), "conflict", "resume: %s", err.message);
    tell(r, wf_load_stop, id);
    ok(runner_wait(r), "it ends");
}

/* What is booked goes with the numbers: 1000 is the limit. */
static void limits(runner_t *r)
{
    const char *id = begin(r, HEAD NAP "options: {mode: "
                                       "externally-controlled, "
                                       "max_vus: 2000}\n");
    wf_error_t err;

    scale(r, id, 1000);
    wf_error_init(&err, r->pool);
    wf_load_scale(r->load, id, NULL, 1001, &err);
    is_str(wf_err_name(err.kind), "unavailable", "one more: %s", err.message);
    wf_error_init(&err, r->pool);
    runner_start(r, "one-more", HEAD NAP "options: {vus: 1}\n", &err);
    is_str(wf_err_name(err.kind), "unavailable", "another run: %s", err.message);
    scale(r, id, 3);
    wf_error_init(&err, r->pool);
    is_int(runner_start(r, "fits", HEAD NAP "options: {vus: 997}\n", &err), APR_SUCCESS,
           "fits now: %s", err.message ? err.message : "");
    ok(runner_wait(r), "and ends");
    tell(r, wf_load_stop, id);
    r->ended = 0;
    ok(runner_wait(r), "the first, too");
}

/* ---- setup and teardown -------------------------------------------------------------- */

#define PHASES(setup, main)                                                              \
    HEAD "http: {base_url: BASE}\nvariables: {user: nobody}\n"                           \
         "setup:\n- {id: before, type: http, config: {url: " setup "}}\n"                \
         "- {id: set, type: script, config: {script: \"vars.set('user', 'ann')\"}}\n"    \
         "steps:\n- {id: s, type: http, config: {url: '" main "?u=${user}'}}\n"          \
         "teardown:\n- {id: after, type: http, config: {url: '/after?u=${user}'}}\n"

static void once_each(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, PHASES("/before", "/main") "options: {vus: 4, iterations: 3}\n"),
       "setup and teardown");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(target_requests(&r->target), 14, "once each, 12 between");
    ok(strstr(r->target.kept[0], "GET /before"), "setup comes first");
    ok(strstr(r->target.kept[13], "GET /after?u=ann"), "teardown last");
    ok(strstr(r->target.kept[5], "u=ann"), "users know what setup has set");
    is_int(r->last.iterations, 12, "neither is an iteration");
}

static void failed_setup(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, PHASES("'/status/500', fail_on_status: true",
                            "/main") "options: {vus: 4, iterations: 3}\n"),
       "setup fails");
    is_str(wf_run_status_name(r->last.status), "failed", "so does the run");
    is_int(target_requests(&r->target), 2, "no user comes");
    ok(strstr(r->target.kept[1], "GET /after"), "teardown does");
}

/* The limit is 60 s; a shorter one shows the same. */
static void setup_takes_too_long(runner_t *r)
{
    static const char text[] = HEAD "setup:\n- {id: a, type: sleep, config: {duration: "
                                    "1h}}\nsteps:\n- {id: s, type: sleep, config: "
                                    "{duration: 1ms}}\nteardown:\n- {id: b, type: sleep, "
                                    "config: {duration: 1ms}}\n";
    wf_problems_t *problems;
    wf_plan_t *plan;
    apr_pool_t *pool;
    wf_error_t err;

    apr_pool_create(&pool, NULL);
    problems = wf_problems_create("test.yaml", pool);
    plan_from_yaml(&plan, text, strlen(text), problems, pool);
    is_int(plan->setup->shape.duration_ns / NS_PER_S, 60, "a minute for setup");
    is_int(plan->teardown->shape.duration_ns / NS_PER_S, 60, "and for teardown");
    plan->setup->shape.duration_ns = 200 * NS_PER_MS;
    wf_error_init(&err, r->pool);
    r->ended = 0;
    is_int(wf_load_start(r->load, plan, pool, "slow-setup", &err), APR_SUCCESS, "starts");
    ok(runner_wait(r), "it is cut");
    is_str(wf_run_status_name(r->last.status), "failed", "and the run fails");
    ok(strstr(json_object_to_json_string(r->last.errors), "setup took longer"), "%s",
       json_object_to_json_string(r->last.errors));
    is_int(r->last.iterations, 0, "nobody came");
}

/* A paused run is stopped: its teardown is not paused. */
static void stop_while_paused(runner_t *r)
{
    const char *id = begin(r, PHASES("/before", "/slow/20") "options: {vus: 2, duration: "
                                                            "60s}\n");

    WAIT_FOR(target_requests(&r->target) >= 6);
    tell(r, wf_load_pause, id);
    WAIT_FOR(target_open(&r->target) == 0);
    tell(r, wf_load_stop, id);
    ok(runner_wait(r), "it ends");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    ok(target_saw(&r->target, "GET /after"), "after its teardown");
    ok(r->last.elapsed_ms < 10000, "in time");
}

/* ---- the generator as the limit --------------------------------------------------------- */

static int has_reason(const runner_t *r, const char *reason)
{
    json_object *list = wf_json_get(wf_json_get(r->last.metrics, "generator"), "reasons");
    size_t i;

    for (i = 0; i < json_object_array_length(list); i++) {
        if (strcmp(json_object_get_string(json_object_array_get_idx(list, i)), reason)
            == 0) {
            return 1;
        }
    }
    return 0;
}

static void limited(runner_t *r)
{
    const char *errors;

    ok(run_mode(r, "/slow/1500", CONSTANT "rate: 50, duration: 1s, max_vus: 6"),
       "starts without users");
    errors = json_object_to_json_string(r->last.errors);
    is_int(wf_json_bool(wf_json_get(r->last.metrics, "generator"), "limited", 0), 1,
           "the generator was the limit");
    ok(has_reason(r, "dropped_iterations"), "and why");
    is_int(
        wf_json_int(wf_json_get(r->last.metrics, "generator"), "dropped_iterations", -1),
        44, "how many");
    ok(json_object_array_length(wf_json_get(r->last.metrics, "warnings")) >= 1,
       "warned of");
    ok(strstr(errors, "GENERATOR_LIMITED"), "and told with the errors: %s", errors);
    ok(run_mode(r, "/slow/20", "vus: 3, duration: 1s"), "a quiet run");
    is_int(wf_json_bool(wf_json_get(r->last.metrics, "generator"), "limited", 1), 0,
           "no limit");
    is_int((int)json_object_array_length(r->last.errors), 0, "no error");
}

/* Users that never wait keep a loop busy. */
static void busy(runner_t *r)
{
    ok(runner_run(r, HEAD "steps:\n- id: s\n  type: condition\n  condition: {expression: "
                          "'1 == 2', then: [{id: n, type: sleep, config: {duration: "
                          "1ms}}]}\noptions: {vus: 4, duration: 6s}\n"),
       "users who never wait");
    ok(has_reason(r, "loop_busy") || has_reason(r, "loop_lag"), "it was the limit: %s",
       json_object_to_json_string(wf_json_get(r->last.metrics, "generator")));
}

int main(void)
{
    static runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    arrivals();
    evenly(&r);
    ramp_of_rate(&r);
    from_the_intended_start(&r);
    ramp_of_users(&r);
    graceful_ramp(&r);
    ramp_down_hung(&r);
    pause_in_each_mode();
    scale_in_each_mode();
    scale_passes(&r);
    refused(&r);
    limits(&r);
    once_each(&r);
    failed_setup(&r);
    setup_takes_too_long(&r);
    stop_while_paused(&r);
    limited(&r);
    busy(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
