/* When things come and how often: choices at random, start offsets, pacing, think time,
 * users who may end, starts that find nobody. Judged by the moments at which a target
 * sees them. */
#include "../tap.h"
#include "run.h"

#include <math.h>

#define HEAD "id: w\nname: W\n"
#define STEP(url) "steps:\n- {id: s, type: http, config: {url: '" url "'}}\n"
#define READ(metric, stat) "{metric: " metric ", condition: '" stat " >= 0'}"
#define LATE_MS 600  /* what a machine with other things to do may add */
#define EARLY_MS 100 /* the one before was late, too */

static double read_back(const runner_t *r, int i)
{
    json_object *list = wf_json_get(r->last.metrics, "thresholds");
    json_object *row = json_object_array_get_idx(list, (size_t)i);

    return row ? json_object_get_double(wf_json_get(row, "value")) : -1;
}

/* Milliseconds from the first request to another one. */
static int at_ms(runner_t *r, int i)
{
    return (int)((r->target.at_us[i] - r->target.at_us[0]) / 1000);
}

static int run(runner_t *r, const char *yaml)
{
    target_reset(&r->target);
    return ok(runner_run(r, yaml), "it ends")
           && is_str(wf_run_status_name(r->last.status), "completed", "completed");
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

static void wait_for_requests(runner_t *r, int n)
{
    long long until = target_now_us() + DEADLINE_US;

    while (target_requests(&r->target) < n && target_now_us() < until) {
        usleep(1000);
    }
}

static void pause_for(runner_t *r, const char *id, int ms)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    is_int(wf_load_pause(r->load, id, &err), APR_SUCCESS, "paused");
    usleep((useconds_t)ms * 1000);
    is_int(wf_load_resume(r->load, id, &err), APR_SUCCESS, "and resumed");
}

static void scale(runner_t *r, const char *id, const char *scenario, apr_int64_t vus)
{
    wf_error_t err;

    wf_error_init(&err, r->pool);
    is_int(wf_load_scale(r->load, id, scenario, vus, &err), APR_SUCCESS, "scaled to %d",
           (int)vus);
}

/* The first kept request that has the text: its number, or -1. */
static int find(runner_t *r, const char *text)
{
    int i, found = -1;

    pthread_mutex_lock(&r->target.lock);
    for (i = 0; i < TARGET_KEPT && r->target.kept[i] != NULL && found < 0; i++) {
        found = strstr(r->target.kept[i], text) != NULL ? i : -1;
    }
    pthread_mutex_unlock(&r->target.lock);
    return found;
}

/* ---- at random ---------------------------------------------------------------------------- */

#define PASS(id)                                                                         \
    "{id: " id ", type: if, condition: 'false', then: [{id: " id                         \
    "n, type: sleep, config: {duration: 1h}}]}"
#define PICKS 30000

static double deviation(double got, double want)
{
    return (got - want) * (got - want) / want;
}

/* With two degrees of freedom a chi-square beyond x has the probability exp(-x / 2): of
 * this bound less than once in 10^12 runs. */
static void distribution(runner_t *r)
{
    static const int weights[] = { 1, 2, 7 };
    static const char *const ids[] = { "a", "b", "c" };
    double chi = 0;
    int i, sum = 0;

    if (!run(r,
             apr_psprintf(
                 r->pool,
                 HEAD
                 "steps:\n- {id: f, type: for, start: 1, end: %d, steps: "
                 "[{id: q, type: random, choices: [{weight: 1, steps: "
                 "[" PASS("a") "]}, {weight: 2, steps: [" PASS(
                     "b") "]}, "
                          "{weight: 7, steps: [" PASS(
                              "c") "]}, {weight: 0, steps: "
                                   "[" PASS(
                                       "d") "]}]}]}\noptions: {vus: 3, iterations: 2}\n",
                 PICKS / 6))) {
        return;
    }
    for (i = 0; i < 3; i++) {
        int n = (int)wf_json_int(runner_step(r, ids[i]), "count", 0);

        sum += n;
        chi += deviation(n, PICKS * weights[i] / 10.0);
    }
    is_int(sum, PICKS, "choices");
    ok(chi < 55, "as often as their weights say: chi-square %g", chi);
    ok(chi > 0, "and yet at random");
    is_int(wf_json_int(runner_step(r, "d"), "count", 0), 0, "what has no weight");
}

/* Users on other loops, and other runs, have other luck. */
static void luck(runner_t *r)
{
    static const char yaml[] = HEAD
        "http: {base_url: 'BASE'}\nvariables: {seen: ''}\n"
        "steps:\n- {id: f, type: for, start: 1, end: 64, steps: [{id: q, type: random, "
        "choices: [{steps: [{id: a, type: script, config: {script: \"vars.set('seen', "
        "vars.get('seen') + 'a')\"}}]}, {steps: [{id: b, type: script, config: "
        "{script: \"vars.set('seen', vars.get('seen') + 'b')\"}}]}]}]}\n"
        "- {id: s, type: http, config: {url: '/${seen}'}}\noptions: {vus: 4}\n";
    char seen[8][65];
    int i, j, same = 0;

    for (i = 0; i < 8; i += 4) {
        run(r, yaml);
        for (j = 0; j < 4 && r->target.kept[j] != NULL; j++) {
            apr_cpystrn(seen[i + j], strchr(r->target.kept[j], '/') + 1, sizeof(seen[0]));
        }
        is_int(j, 4, "four users tell their choices");
    }
    for (i = 0; i < 8; i++) {
        is_int((int)strspn(seen[i], "ab"), 64, "%s", seen[i]);
        for (j = 0; j < i; j++) {
            same += strcmp(seen[i], seen[j]) == 0;
        }
    }
    is_int(same, 0, "none of them twice");
}

/* ---- start offsets -------------------------------------------------------------------------- */

#define OFFSET_MS 500
#define TWO                                                                              \
    HEAD                                                                                 \
        "http: {base_url: 'BASE'}\nscenarios:\n"                                         \
        "  now: {vus: 1, duration: 1500ms, steps: [{id: a, type: http, config: {url: "   \
        "/slow/20?now}}]}\n"                                                             \
        "  then: {vus: 1, start_time: 500ms, duration: 1s, steps: [{id: b, type: http, " \
        "config: {url: /slow/50?then}}]}\n"

static void check_offset(runner_t *r, int paused_ms, const char *what)
{
    int first = find(r, "?then");

    if (ok(first > 0, "%s: the other scenario comes", what)) {
        int ms = at_ms(r, first) - paused_ms;

        ok(ms >= OFFSET_MS - EARLY_MS && ms < OFFSET_MS + LATE_MS,
           "%s: %d ms after the first one", what, ms);
    }
}

static void offsets(runner_t *r)
{
    const char *id;
    int i, first, most;

    run(r, TWO);
    check_offset(r, 0, "as it is");
    ok(r->last.elapsed_ms >= 1500 && r->last.elapsed_ms < 1500 + 3 * LATE_MS,
       "both last %d ms", (int)r->last.elapsed_ms);

    id = begin(r, TWO);
    wait_for_requests(r, 3);
    pause_for(r, id, 700);
    ok(runner_wait(r), "paused before: it ends");
    check_offset(r, 700, "paused before");

    id = begin(r, TWO);
    wait_for_requests(r, 3);
    scale(r, id, "then", 4);
    pause_for(r, id, 300);
    ok(runner_wait(r), "scaled before: it ends");
    check_offset(r, 300, "scaled before");
    first = find(r, "?then");
    for (i = first + 1, most = 1; first > 0 && i < TARGET_KEPT && r->target.kept[i];
         i++) {
        most += strstr(r->target.kept[i], "?then") != NULL
                && at_ms(r, i) < at_ms(r, first) + 45;
    }
    is_int(most, 4, "with the users that were asked for, at once");
}

/* ---- pacing, think time ------------------------------------------------------------------------ */

/* Answers take 50, 150, 250 … ms; iterations begin 200 ms apart, or when the one before
 * has ended, without making up for anything. */
static void pacing(runner_t *r)
{
    static const int want[] = { 200, 200, 250, 350, 450 };
    int i;

    run(r,
        HEAD STEP("BASE/slow/${__ITER}50") "options: {iterations: 6, pacing: 200ms}\n");
    is_int(target_requests(&r->target), 6, "six");
    for (i = 0; i < 5; i++) {
        int gap = at_ms(r, i + 1) - at_ms(r, i);

        ok(gap >= want[i] - EARLY_MS && gap < want[i] + LATE_MS, "%d ms for %d", gap,
           want[i]);
    }
}

static void thinking(runner_t *r)
{
    int i, least = 10000, most = 0;

    run(r, HEAD "http: {base_url: 'BASE'}\nsteps:\n"
                "- {id: a, type: http, config: {url: /ok}}\n"
                "- {id: b, type: for, start: 1, end: 2, steps: [{id: c, type: http, "
                "config: {url: /ok}}]}\noptions: {iterations: 15, think_time: "
                "{min: 60ms, max: 160ms}}\n");
    is_int(target_requests(&r->target), 45, "three of each iteration");
    for (i = 0; i + 2 < 45; i += 3) {
        int gap = at_ms(r, i + 1) - at_ms(r, i);

        least = gap < least ? gap : least;
        most = gap > most ? gap : most;
    }
    ok(least >= 58, "between two steps at least %d ms", least);
    ok(most < 160 + LATE_MS, "at most %d ms", most);
    ok(most - least > 10, "not always the same");
    for (i = 1; i + 2 < 45; i += 3) {
        most =
            at_ms(r, i + 2) - at_ms(r, i); /* within a block, and to the next iteration */
        least = most < least ? most : least;
    }
    ok(least < 58, "none within a block and between iterations: %d ms", least);
}

/* ---- users who may end ------------------------------------------------------------------------- */

static void ramp_down(runner_t *r)
{
    int most, i, late = 0;

    run(r,
        HEAD STEP(
            "BASE/slow/400") "options: {mode: ramping-vus, start_vus: 4, graceful_ramp: "
                             "5s, stages: [{duration: 200ms, target: 4}, {duration: "
                             "0s, target: 1}, {duration: 1s, target: 1}], thresholds: "
                             "[" READ("interrupted_iterations", "count") "]}\n");
    is_int((int)read_back(r, 0), 0, "nobody is cut who ends in time");
    is_int(r->last.iterations, target_requests(&r->target), "all are counted");
    target_between(&r->target, r->target.at_us[0], r->target.at_us[0] + 390000, &most);
    is_int(most, 4, "four at first");
    for (i = 4; i < target_requests(&r->target); i++) {
        late += at_ms(r, i) - at_ms(r, i - 1) < 350 && i > 4;
    }
    is_int(late, 0, "then one after the other");
}

/* ---- starts that find nobody ----------------------------------------------------------------------- */

static const struct {
    const char *what, *options;
    int due;
    int pause_ms;
    int none_ms; /* for so long there are no users at all */
} starts[] = {
    /* clang-format off */
    { "a rate",                 "mode: constant-arrival-rate, rate: 100, duration: 1s, max_vus: 3", 100, 0, 0 },
    { "a rate, paused",         "mode: constant-arrival-rate, rate: 100, duration: 1s, max_vus: 3", 100, 400, 0 },
    { "a rate, without users",  "mode: constant-arrival-rate, rate: 100, duration: 1s, max_vus: 3", 100, 0, 300 },
    { "a rate, both",           "mode: constant-arrival-rate, rate: 300, duration: 1s, max_vus: 9", 300, 250, 250 },
    { "a ramp",                 "mode: ramping-arrival-rate, start_rate: 20, max_vus: 3, stages: [{duration: 500ms, target: 180}, {duration: 500ms, target: 0}]", 95, 0, 0 },
    { "a ramp, paused",         "mode: ramping-arrival-rate, start_rate: 20, max_vus: 3, stages: [{duration: 500ms, target: 180}, {duration: 500ms, target: 0}]", 95, 400, 0 },
    { "a ramp, without users",  "mode: ramping-arrival-rate, start_rate: 20, max_vus: 3, stages: [{duration: 500ms, target: 180}, {duration: 500ms, target: 0}]", 95, 0, 300 },
    /* clang-format on */
};

/* Of those that were due each has started or was dropped, whatever happens meanwhile. */
static void dropped(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        const char *what = starts[i].what;
        const char *id = begin(
            r, apr_psprintf(r->pool,
                            HEAD STEP("BASE/slow/100") "options: {%s, thresholds: [" READ(
                                "dropped_iterations", "count") "]}\n",
                            starts[i].options));
        int sent;

        wait_for_requests(r, 3);
        if (starts[i].pause_ms > 0) {
            pause_for(r, id, starts[i].pause_ms);
        }
        if (starts[i].none_ms > 0) {
            scale(r, id, NULL, 0);
            usleep((useconds_t)starts[i].none_ms * 1000);
            scale(r, id, NULL, 3);
        }
        ok(runner_wait(r), "%s: it ends", what);
        is_str(wf_run_status_name(r->last.status), "completed", "%s: completed", what);
        sent = target_requests(&r->target);
        is_int(r->last.iterations, sent, "%s: iterations", what);
        is_int((int)read_back(r, 0), starts[i].due - sent,
               "%s: dropped, of %d with %d sent", what, starts[i].due, sent);
        ok(sent >= 3 && sent < starts[i].due, "%s: some of them", what);
    }
}

/* ---- attempts ---------------------------------------------------------------------------------- */

/* Milliseconds before the second, third and fourth attempt. */
static const struct {
    const char *retry;
    int want[3];
} pauses[] = {
    { "delay: 60ms", { 60, 60, 60 } },
    { "delay: 60ms, backoff: fixed, max_delay: 40ms", { 40, 40, 40 } },
    { "delay: 60ms, backoff: linear", { 60, 120, 180 } },
    { "delay: 60ms, backoff: exponential", { 60, 120, 240 } },
    { "delay: 60ms, backoff: exponential, max_delay: 100ms", { 60, 100, 100 } },
    { "delay: 0", { 0, 0, 0 } },
};

#define ATTEMPTS 4
#define TRIES 5 /* on a machine with other things to do, which sees some requests late   \
                 */

static int pauses_fit(runner_t *r, const int *want, const char *what)
{
    int fits = 1;

    for (int i = 0; i < ATTEMPTS - 1; i++) {
        int gap = at_ms(r, i + 1) - at_ms(r, i);

        diag("%s: pause %d, %d ms for %d", what, i + 1, gap, want[i]);
        fits = fits && gap >= want[i] - 2 && gap < want[i] + 30;
    }
    return fits;
}

static void attempts(runner_t *r)
{
    for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++) {
        const char *what = pauses[i].retry;
        const char *yaml = apr_psprintf(
            r->pool,
            HEAD
            "steps:\n- {id: s, type: http, on_error: retry, retry: {max_attempts: %d, "
            "%s}, config: {url: 'BASE/status/500', fail_on_status: true}}\n",
            ATTEMPTS, what);
        int fits = 0;

        for (int try = 0; try < TRIES && !fits; try++) {
            target_reset(&r->target);
            ok(runner_run(r, yaml), "%s: it ends", what);
            is_int(target_requests(&r->target), ATTEMPTS, "%s: attempts", what);
            fits = pauses_fit(r, pauses[i].want, what);
        }
        ok(fits, "%s: such pauses", what);
    }
}

/* 40 pauses between 20 and 60 ms: that all are in one half happens once in 2^39 runs. */
static void naps(runner_t *r)
{
    double shortest, longest;

    run(r, HEAD "steps:\n- {id: s, type: sleep, config: {min: 20ms, max: 60ms}}\n"
                "options: {vus: 4, iterations: 10, thresholds: [" READ(
                    "step_duration", "min") ", " READ("step_duration", "max") "]}\n");
    shortest = read_back(r, 0);
    longest = read_back(r, 1);
    ok(shortest >= 20 && shortest < 40 + LATE_MS, "shortest pause: %.1f ms", shortest);
    ok(longest >= 40 && longest < 60 + LATE_MS, "longest pause: %.1f ms", longest);
}

int main(void)
{
    static runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    distribution(&r);
    luck(&r);
    offsets(&r);
    pacing(&r);
    thinking(&r);
    naps(&r);
    attempts(&r);
    ramp_down(&r);
    dropped(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
