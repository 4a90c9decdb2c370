/* Modes on paper: when iterations begin, how many users a ramp has, what documents are
 * refused. */
#include "../tap.h"
#include "load/arrivals.h"
#include "read.h"

#include <apr_general.h>

static apr_pool_t *pool;

#define HEAD "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: 'http://h/'}}\n"
#define STAGES(...) ((const wf_stage_t[]){ __VA_ARGS__ })
#define S(s, to)                                                                         \
    {                                                                                    \
        (apr_int64_t)((s)*1e9), to, NULL                                                 \
    }
#define NONE (-1)

static wf_load_shape_t shape_of(const char *mode)
{
    wf_load_shape_t shape = { .executor = wf_executor_find(mode),
                              .vus = NONE,
                              .duration_ns = NONE,
                              .iterations = NONE,
                              .start_vus = NONE,
                              .rate = NONE,
                              .time_unit_ns = NS_PER_S,
                              .pre_allocated_vus = NONE,
                              .max_vus = NONE };

    return shape;
}

/* ---- arrivals -------------------------------------------------------------------- */

static const struct {
    const char *what;
    apr_int64_t rate, unit_ns, duration_ns, vus;
    apr_int64_t starts, second_us, last_us; /* all of them; when */
} constant[] = {
    /* clang-format off */
    { "10 a second, 2 s",        10,   NS_PER_S,      2 * NS_PER_S,  NONE, 20,    100000,   1900000 },
    { "1 a second, 1.5 s",       1,    NS_PER_S,      1500 * NS_PER_MS, NONE, 2,  1000000,  1000000 },
    { "3 a second",              3,    NS_PER_S,      2 * NS_PER_S,  NONE, 6,     333333,   1666667 },
    { "7 a second, an hour",     7,    NS_PER_S,      3600 * NS_PER_S, NONE, 25200, 142857, 3599857143 },
    { "5000 a second",           5000, NS_PER_S,      10 * NS_PER_S, NONE, 50000, 200,      9999800 },
    { "30 a minute",             30,   60 * NS_PER_S, 10 * NS_PER_S, NONE, 5,     2000000,  8000000 },
    { "vus instead of a rate",   NONE, NS_PER_S,      1 * NS_PER_S,  4,    4,     250000,   750000 },
    { "one that falls on the end", 2,  NS_PER_S,      500 * NS_PER_MS, NONE, 1,   NONE,     0 },
    { "10 in 100 ms",            10,   100 * NS_PER_MS, NS_PER_S,    NONE, 100,   10000,    990000 },
    /* clang-format on */
};

/* All starts of a shape, read as one of so many loops does, in the order of their
 * moments. */
static apr_int64_t count_starts(const wf_load_shape_t *shape, int loops,
                                apr_int64_t *second, apr_int64_t *last)
{
    apr_int64_t n = 0, at;
    int i;

    *second = *last = NONE;
    for (i = 0; i < loops; i++) {
        wf_arrivals_t arrivals;
        apr_int64_t k, before = -1;

        wf_arrivals_init(&arrivals, shape);
        for (k = i; (at = wf_arrivals_at(&arrivals, k)) >= 0; k += loops, n++) {
            if (at < before) {
                return -1; /* time goes back */
            }
            before = at;
            *second = k == 1 ? at : *second;
            *last = at > *last ? at : *last;
        }
    }
    return n;
}

static void constant_rate(void)
{
    size_t i;
    int loops;

    for (i = 0; i < sizeof(constant) / sizeof(constant[0]); i++) {
        wf_load_shape_t shape = shape_of("constant-arrival-rate");
        apr_int64_t second, last;

        shape.rate = constant[i].rate;
        shape.time_unit_ns = constant[i].unit_ns;
        shape.duration_ns = constant[i].duration_ns;
        shape.vus = constant[i].vus;
        for (loops = 1; loops <= 3; loops++) {
            is_int(count_starts(&shape, loops, &second, &last), constant[i].starts,
                   "%s: starts on %d loops", constant[i].what, loops);
            is_int(second, constant[i].second_us, "%s: the second", constant[i].what);
            is_int(last, constant[i].last_us, "%s: the last", constant[i].what);
        }
    }
}

static const struct {
    const char *what;
    const wf_stage_t *stages;
    int n;
    apr_int64_t start_rate;
    apr_int64_t starts, second_us, last_us;
} ramps[] = {
    /* clang-format off */
    { "0 to 100 in 10 s",      STAGES(S(10, 100)),            1, 0,  500,  632456,  9999999 },
    { "jump to 10, hold 2 s",  STAGES(S(0, 10), S(2, 10)),    2, 0,  20,   200000,  1999999 },
    { "10 to 0 in 2 s",        STAGES(S(0, 10), S(2, 0)),     2, 0,  10,   211146,  1999999 },
    { "from 10 to 10",         STAGES(S(2, 10)),              1, 10, 20,   200000,  1999999 },
    { "never more than 0",     STAGES(S(5, 0)),               1, 0,  0,    NONE,    NONE },
    { "half a start is carried", STAGES(S(1, 1), S(1, 0)),    2, 0,  1,    NONE,    1999999 },
    { "up, hold, down",        STAGES(S(2, 20), S(3, 20), S(2, 0)), 3, 0, 100, 632456, 6999999 },
    { "silence between",       STAGES(S(0, 1), S(2, 1), S(0, 0), S(10, 0), S(0, 1), S(2, 1)), 6, 0, 4, 2000000, 13999999 },
    { "many small stages",     STAGES(S(.3, 1), S(.3, 2), S(.3, 3), S(.3, 4), S(.3, 5)), 5, 0, 3, 1095445, 1341641 },
    /* clang-format on */
};

static void ramping_rate(void)
{
    size_t i;
    int loops;

    for (i = 0; i < sizeof(ramps) / sizeof(ramps[0]); i++) {
        wf_load_shape_t shape = shape_of("ramping-arrival-rate");
        apr_int64_t second, last;

        shape.stages = ramps[i].stages;
        shape.nstages = ramps[i].n;
        shape.start_rate = ramps[i].start_rate;
        for (loops = 1; loops <= 3; loops++) {
            is_int(count_starts(&shape, loops, &second, &last), ramps[i].starts,
                   "%s: starts on %d loops", ramps[i].what, loops);
            is_int(second, ramps[i].second_us, "%s: the second", ramps[i].what);
            is_int(last, ramps[i].last_us, "%s: the last", ramps[i].what);
        }
    }
}

/* Rate 0 → 1000 in 100 s: start k comes at sqrt(k + 1) / sqrt(5) s, however far. */
static void far_along(void)
{
    static const wf_stage_t stages[] = { S(100, 1000) };
    wf_load_shape_t shape = shape_of("ramping-arrival-rate");
    wf_arrivals_t arrivals;

    shape.stages = stages;
    shape.nstages = 1;
    wf_arrivals_init(&arrivals, &shape);
    is_int(wf_arrivals_at(&arrivals, 4), 1000000, "the fifth after a second");
    is_int(wf_arrivals_at(&arrivals, 12499), 50000000, "a quarter after half the time");
    is_int(wf_arrivals_at(&arrivals, 49999), 99999999, "the last one at the end");
    is_int(wf_arrivals_at(&arrivals, 50000), NONE, "and no more");
}

/* ---- users ----------------------------------------------------------------------- */

static const struct {
    const char *what;
    apr_int64_t start_vus;
    const wf_stage_t *stages;
    int n;
    apr_int64_t at_ms, vus;
    int stage;
    apr_int64_t until_ms;
} users[] = {
    /* clang-format off */
    { "the beginning",      NONE, STAGES(S(10, 20)),            1, 0,     0,  0, 10000 },
    { "half way",           NONE, STAGES(S(10, 20)),            1, 5000,  10, 0, 10000 },
    { "cut, not rounded",   NONE, STAGES(S(10, 20)),            1, 5499,  10, 0, 10000 },
    { "just before the end", NONE, STAGES(S(10, 20)),           1, 9999,  19, 0, 10000 },
    { "the end",            NONE, STAGES(S(10, 20)),            1, 10000, 20, 0, 10000 },
    { "start_vus",          7,    STAGES(S(10, 20)),            1, 0,     7,  0, 10000 },
    { "from there",         10,   STAGES(S(10, 20)),            1, 5000,  15, 0, 10000 },
    { "down",               10,   STAGES(S(10, 0)),             1, 2500,  8,  0, 10000 },
    { "down, cut",          10,   STAGES(S(10, 0)),             1, 2999,  8,  0, 10000 },
    { "the second begins at the first's target", 0, STAGES(S(2, 5), S(4, 1)), 2, 2000, 5, 1, 6000 },
    { "the second",         0,    STAGES(S(2, 5), S(4, 1)),     2, 4000,  3,  1, 6000 },
    { "a jump",             0,    STAGES(S(2, 5), S(0, 50), S(2, 50)), 3, 2000, 50, 2, 4000 },
    { "after all",          0,    STAGES(S(2, 5), S(0, 50)),    2, 9000,  50, 1, 2000 },
    /* clang-format on */
};

static void ramping_users(void)
{
    size_t i;

    for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
        wf_load_shape_t shape = shape_of("ramping-vus");
        apr_int64_t until = 0;
        int stage = -1;

        shape.start_vus = users[i].start_vus;
        shape.stages = users[i].stages;
        shape.nstages = users[i].n;
        is_int(wf_ramp_vus(&shape, users[i].at_ms * 1000, &stage, &until), users[i].vus,
               "%s: users", users[i].what);
        is_int(stage, users[i].stage, "%s: stage", users[i].what);
        is_int(until / 1000, users[i].until_ms, "%s: until", users[i].what);
    }
}

/* ---- documents ------------------------------------------------------------------- */

static const struct {
    const char *options;
    const char *mode;
    apr_int64_t vus, duration_ms, iterations; /* of the plan */
} accepted[] = {
    /* clang-format off */
    { "mode: ramping-vus, stages: [{duration: 1s, target: 5}, {duration: 2s, target: 0}]", "ramping-vus", 5, 3000, 0 },
    { "mode: ramping-vus, start_vus: 9, stages: [{duration: 1s, target: 5}]", "ramping-vus", 9, 1000, 0 },
    { "mode: ramping-vus, ramp_up: {start_vus: 9, stages: [{duration: 1s, target: 5, name: up}]}", "ramping-vus", 9, 1000, 0 },
    { "stages: [{duration: 1s, target: 5}, {duration: 2s, target: 0}]", "ramping-vus", 5, 3000, 0 },
    { "ramp_up: {start_vus: 9, stages: [{duration: 1s, target: 5}]}", "ramping-vus", 9, 1000, 0 },
    { "stages: [{duration: 1s, target: 5}], duration: 3s", "constant-vus", 1, 3000, 0 },
    { "stages: [{duration: 1s, target: 5}], vus: 2, iterations: 3", "constant-vus", 2, 0, 6 },
    { "stages: [], vus: 2", "constant-vus", 2, 0, 2 },
    { "mode: constant-arrival-rate, rate: 20, duration: 5s", "constant-arrival-rate", 40, 5000, 0 },
    { "mode: constant-arrival-rate, vus: 20, duration: 5s", "constant-arrival-rate", 40, 5000, 0 },
    { "mode: constant-arrival-rate, rate: 2, duration: 5s", "constant-arrival-rate", 10, 5000, 0 },
    { "mode: constant-arrival-rate, rate: 20, duration: 5s, max_vus: 7", "constant-arrival-rate", 7, 5000, 0 },
    { "mode: constant-arrival-rate, rate: 20, duration: 5s, pre_allocated_vus: 50", "constant-arrival-rate", 100, 5000, 0 },
    { "mode: constant-arrival-rate, rate: 600, time_unit: 1m, duration: 5s", "constant-arrival-rate", 20, 5000, 0 },
    { "mode: ramping-arrival-rate, stages: [{duration: 1s, target: 300}]", "ramping-arrival-rate", 300, 1000, 0 },
    { "mode: ramping-arrival-rate, start_rate: 400, stages: [{duration: 1s, target: 300}]", "ramping-arrival-rate", 400, 1000, 0 },
    { "mode: ramping-arrival-rate, max_vus: 4, stages: [{duration: 1s, target: 300}]", "ramping-arrival-rate", 4, 1000, 0 },
    { "mode: externally-controlled", "externally-controlled", 1, 0, 0 },
    { "mode: externally-controlled, vus: 5, max_vus: 10, duration: 3s", "externally-controlled", 5, 3000, 0 },
    /* clang-format on */
};

static const struct {
    const char *options, *problem;
} refused[] = {
    /* clang-format off */
    { "mode: ramping-vus", "options.stages: is required in mode ramping-vus" },
    { "stages: [{duration: 0s, target: 5}]", "options.stages: must last longer than 0s" },
    { "mode: ramping-vus, stages: []", "options.stages: is required in mode ramping-vus" },
    { "mode: ramping-vus, stages: [{duration: 0s, target: 5}]", "options.stages: must last longer than 0s" },
    { "mode: ramping-vus, stages: [{duration: 1s, target: -5}]", "options.stages[0].target" },
    { "mode: ramping-vus, stages: [{duration: -1s, target: 5}]", "options.stages[0].duration" },
    { "mode: ramping-vus, stages: [{target: 5}]", "options.stages[0].duration: is required" },
    { "mode: ramping-vus, stages: [{duration: 1s}]", "options.stages[0].target: is required" },
    { "mode: ramping-vus, start_vus: -1, stages: [{duration: 1s, target: 5}]", "options.start_vus" },
    { "mode: ramping-arrival-rate", "options.stages: is required in mode ramping-arrival-rate" },
    { "mode: ramping-arrival-rate, time_unit: 0s, stages: [{duration: 1s, target: 5}]", "options.time_unit: must be more than 0" },
    { "mode: constant-arrival-rate, duration: 5s", "options.rate: is required in mode constant-arrival-rate" },
    { "mode: constant-arrival-rate, duration: 5s, rate: 0", "options.rate: must be at least 1" },
    { "mode: constant-arrival-rate, duration: 5s, rate: -3", "options.rate" },
    { "mode: constant-arrival-rate, rate: 5", "options.duration: is required in mode constant-arrival-rate" },
    { "mode: constant-arrival-rate, rate: 2000, time_unit: 1ms, duration: 1s", "options.rate: more than 1000000 starts a second" },
    { "mode: constant-arrival-rate, rate: 5, duration: 1s, max_vus: 0", "options.max_vus: must be at least 1" },
    { "mode: constant-arrival-rate, rate: 5, duration: 1s, max_vus: 3, pre_allocated_vus: 4", "options.pre_allocated_vus: is more than max_vus" },
    { "mode: externally-controlled, vus: 5, max_vus: 3", "options.vus: is more than max_vus" },
    { "mode: fastest", "there are constant-vus, ramping-vus, constant-arrival-rate, ramping-arrival-rate, per-vu-iterations, shared-iterations, externally-controlled" },
    /* clang-format on */
};

/* Members that a mode does not read are told and ignored. */
static const struct {
    const char *options, *warning;
} ignored[] = {
    /* clang-format off */
    { "vus: 1, rate: 5", "options.rate: has no meaning in mode constant-vus" },
    { "vus: 1, stages: [{duration: 1s, target: 5}]", "options.vus: has no meaning in mode ramping-vus" },
    { "duration: 1s, stages: [{duration: 1s, target: 5}]", "options.stages: has no meaning in mode constant-vus" },
    { "mode: ramping-vus, vus: 3, stages: [{duration: 1s, target: 5}]", "options.vus: has no meaning in mode ramping-vus" },
    { "mode: ramping-vus, duration: 3s, stages: [{duration: 1s, target: 5}]", "options.duration: has no meaning" },
    { "mode: constant-arrival-rate, rate: 3, duration: 3s, pacing: 1s", "options.pacing: has no meaning in mode constant-arrival-rate" },
    { "mode: constant-arrival-rate, rate: 3, duration: 3s, iterations: 1", "options.iterations: has no meaning" },
    { "mode: constant-arrival-rate, rate: 3, duration: 3s, vus: 1", "options.vus: has no meaning" },
    { "mode: externally-controlled, iterations: 3", "options.iterations: has no meaning" },
    /* clang-format on */
};

static wf_plan_t *compile(const char *options, const char **problems)
{
    wf_problems_t *found = wf_problems_create("test.yaml", pool);
    const char *yaml = apr_psprintf(pool, HEAD "options: {%s}\n", options);
    wf_plan_t *plan = NULL;

    plan_from_yaml(&plan, yaml, strlen(yaml), found, pool);
    *problems = wf_problems_text(found, pool);
    return plan;
}

static void documents(void)
{
    const char *problems;
    wf_plan_t *plan;
    size_t i;

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        plan = compile(accepted[i].options, &problems);
        ok(plan != NULL, "%s", accepted[i].options);
        if (plan == NULL) {
            diag("%s", problems);
            continue;
        }
        is_str(wf_plan_mode(plan), accepted[i].mode, "its mode");
        is_int(wf_plan_vus(plan), accepted[i].vus, "its users");
        is_int(wf_plan_duration_ns(plan) / NS_PER_MS, accepted[i].duration_ms,
               "its time");
        is_int(wf_plan_iterations(plan), accepted[i].iterations, "its iterations");
    }
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        plan = compile(refused[i].options, &problems);
        ok(plan == NULL && strstr(problems, refused[i].problem), "%s: %s",
           refused[i].options, problems);
    }
    for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++) {
        plan = compile(ignored[i].options, &problems);
        ok(plan != NULL && strstr(problems, ignored[i].warning), "%s: %s",
           ignored[i].options, problems);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    constant_rate();
    ramping_rate();
    far_along();
    ramping_users();
    documents();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
