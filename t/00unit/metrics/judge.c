/* Thresholds over windows and parts of a run, in a time of the test's own: against what a
 * list of all samples says. */
#include "samples.h"

#define S_NS ((apr_int64_t)1000000000)
#define S_US ((apr_int64_t)1000000)

static wf_metric_table_t *table;

/* A run: samples come at a rate that the test knows, looks come each second. */
typedef struct play_t {
    wf_sheet_t *sheet;
    wf_judge_t *judge;
    wf_moment_t now;
} play_t;

static wf_threshold_t *threshold(const char *metric, const char *condition)
{
    wf_threshold_t *t = apr_pcalloc(pool, sizeof(*t));

    t->metric = metric;
    t->text = condition;
    ok(wf_condition_parse(&t->condition, condition, pool) == NULL, "%s %s", metric,
       condition);
    return t;
}

static play_t play(const wf_threshold_t *thresholds, int n)
{
    return (play_t){ .sheet = wf_sheet_create(table, pool),
                     .judge = wf_judge_create(thresholds, n, table, pool) };
}

/* A second of a run: n requests of ms milliseconds each, failed of them failed. */
static void second(play_t *p, int n, int failed, double ms)
{
    int i;

    for (i = 0; i < n; i++) {
        wf_sheet_count(p->sheet, HTTP_REQS, 1);
        wf_sheet_trend(p->sheet, HTTP_DURATION, ms);
        wf_sheet_rate(p->sheet, HTTP_FAILED, i < failed);
        wf_sheet_count(p->sheet, i < failed ? A_FAILURE : A_SUCCESS, 1);
        wf_sheet_tally(p->sheet, HTTP_STATUS, i < failed ? 503 : 200);
    }
    wf_sheet_gauge(p->sheet, VUS, n, p->now.elapsed_us / 1000);
    p->now.elapsed_us += S_US;
    wf_judge_see(p->judge, p->sheet, &p->now);
}

static double value(play_t *p, int i)
{
    return wf_judge_verdict(p->judge, i, p->sheet, &p->now).value;
}

/* 60 s of 10 requests at 20 ms, 10 s of 30 at 200 ms that fail, 60 s as before. */
static void windows(void)
{
    wf_threshold_t rules[] = {
        *threshold("http_req_duration", "p(95) < 100"),
        *threshold("http_req_duration", "avg < 100"),
        *threshold("http_req_failed", "rate < 0.1"),
        *threshold("http_reqs", "rate > 5"),
        *threshold("a.success_rate", "> 0.9"),
        *threshold("http_req_status_503", "< 1"),
        *threshold("vus", "max < 20"),
        *threshold("http_req_duration", "max < 100"), /* the whole run */
    };
    static const struct {
        int at; /* seconds */
        double values[8];
        int passed[8];
    } looks[] = {
        { 60, { 20, 20, 0, 10, 1, 0, 10, 20 }, { 1, 1, 1, 1, 1, 1, 1, 1 } },
        { 70, { 200, 200, 1, 30, 0, 300, 30, 200 }, { 0, 0, 0, 1, 0, 0, 0, 0 } },
        { 75, { 200, 155, 0.75, 20, 0.25, 150, 30, 200 }, { 0, 0, 0, 1, 0, 0, 0, 0 } },
        { 81, { 20, 20, 0, 10, 1, 0, 10, 200 }, { 1, 1, 1, 1, 1, 1, 1, 0 } },
        { 130, { 20, 20, 0, 10, 1, 0, 10, 200 }, { 1, 1, 1, 1, 1, 1, 1, 0 } },
    };
    play_t p;
    int t = 0, k;
    size_t i;

    for (k = 0; k < 7; k++) {
        rules[k].window_ns = 10 * S_NS;
    }
    p = play(rules, 8);
    for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        for (; t < looks[i].at; t++) {
            int slow = t >= 60 && t < 70;

            second(&p, slow ? 30 : 10, slow ? 30 : 0, slow ? 200 : 20);
        }
        for (k = 0; k < 8; k++) {
            wf_verdict_t v = wf_judge_verdict(p.judge, k, p.sheet, &p.now);

            ok(near(v.value, looks[i].values[k]) && v.passed == looks[i].passed[k],
               "%d s: %s %s: %g", t, rules[k].metric, rules[k].text, v.value);
        }
    }
}

/* Against the sum of what really happened, for windows of any length, with looks that
 * come neither each second nor at whole ones. */
static void any_length(apr_int64_t window_s, int run_s)
{
    wf_threshold_t *rule = threshold("http_reqs", "count > 0");
    double *each = apr_pcalloc(pool, (apr_size_t)run_s * 10 * sizeof(*each));
    double worst = 0, grain = fmax(2, (double)window_s / 100);
    apr_int64_t t; /* tenths of a second */
    play_t p;

    rule->window_ns = window_s * S_NS;
    p = play(rule, 1);
    for (t = 0; t < run_s * 10; t++) {
        double low = 0, high = 0, got;
        apr_int64_t i;

        each[t] = (double)(next_random() % 7);
        wf_sheet_count(p.sheet, HTTP_REQS, each[t]);
        p.now.elapsed_us = (t + 1) * S_US / 10;
        if (next_random() % 10 == 0) {
            wf_judge_see(p.judge, p.sheet, &p.now);
        }
        if (t % 97 != 0) {
            continue;
        }
        got = value(&p, 0);
        for (i = 0; i <= t; i++) {
            double age = (double)(t - i) / 10;

            low += age < (double)window_s - grain ? each[i] : 0;
            high += age <= (double)window_s + grain ? each[i] : 0;
        }
        if (got < low || got > high) {
            worst = fmax(worst, got < low ? low - got : got - high);
        }
    }
    ok(worst == 0, "a window of %d s is right to a second or a hundredth (%g off)",
       (int)window_s, worst);
}

/* 10 requests a second of as many milliseconds as seconds are over. */
static void parts(void)
{
    wf_threshold_t rules[] = {
        *threshold("http_req_duration", "min >= 10"),
        *threshold("http_req_duration", "max <= 20"),
        *threshold("http_reqs", "rate == 10"),
        *threshold("http_reqs", "count == 100"),
        *threshold("http_reqs", "count >= 100"),
    };
    play_t p;
    wf_verdict_t v;
    int k, t;

    for (k = 0; k < 4; k++) {
        rules[k].from_ns = 10 * S_NS;
        rules[k].to_ns = 20 * S_NS;
    }
    rules[4].to_ns = 15 * S_NS;
    p = play(rules, 5);
    for (t = 0; t < 5; t++) {
        second(&p, 10, 0, t + 1);
    }
    v = wf_judge_verdict(p.judge, 0, p.sheet, &p.now);
    ok(!v.judged && v.passed && v.value == 0, "before it begins: not judged");
    v = wf_judge_verdict(p.judge, 3, p.sheet, &p.now);
    ok(!v.judged && !v.passed && v.value == 0, "nor is a count");
    ok(value(&p, 4) == 50, "the other part has begun");
    for (; t < 15; t++) {
        second(&p, 10, 0, t + 1);
    }
    v = wf_judge_verdict(p.judge, 3, p.sheet, &p.now);
    ok(v.judged && v.value == 50, "in the middle: what there is so far");
    wf_sheet_count(p.sheet, HTTP_REQS, 1);
    ok(value(&p, 3) == 51, "also what came since the look");
    wf_sheet_count(p.sheet, HTTP_REQS, -1);
    for (; t < 40; t++) {
        second(&p, 10, 0, t + 1);
    }
    for (k = 0; k < 5; k++) {
        v = wf_judge_verdict(p.judge, k, p.sheet, &p.now);
        ok(v.judged && v.passed, "after it: %s %s: %g", rules[k].metric, rules[k].text,
           v.value);
    }
    ok(value(&p, 4) == 150, "what came after a part is not of it");
}

static void abort_delay(void)
{
    wf_threshold_t *rule = threshold("http_reqs", "count < 5");
    play_t p;

    rule->abort_on_fail = 1;
    rule->abort_delay_ns = 3 * S_NS;
    p = play(rule, 1);
    second(&p, 10, 0, 1);
    ok(!wf_judge_verdict(p.judge, 0, p.sheet, &p.now).judged, "not in the first second");
    ok(!wf_judge_verdict(p.judge, 0, p.sheet, &p.now).passed, "though it fails");
    second(&p, 10, 0, 1);
    second(&p, 10, 0, 1);
    ok(wf_judge_verdict(p.judge, 0, p.sheet, &p.now).judged, "in the third it is judged");
}

/* A judge that is made later, after a restart, sees a run that has much behind it. */
static void late(void)
{
    wf_threshold_t rules[] = { *threshold("http_reqs", "count > 0"),
                               *threshold("http_reqs", "count > 0"),
                               *threshold("http_reqs", "count > 0") };
    play_t p;

    rules[0].window_ns = 10 * S_NS;
    rules[1].from_ns = 10 * S_NS;
    p = play(rules, 3);
    wf_sheet_count(p.sheet, HTTP_REQS, 1000);
    p.now.elapsed_us = 100 * S_US;
    wf_judge_see(p.judge, p.sheet, &p.now);
    ok(value(&p, 0) == 0, "nothing is known of the last 10 s");
    second(&p, 5, 0, 1);
    second(&p, 5, 0, 1);
    ok(value(&p, 0) == 10, "what is new is in the window");
    ok(value(&p, 1) == 10, "a part goes on from there");
    ok(value(&p, 2) == 1010, "the whole run is whole");
}

/* Judges that take turns, as engines do, know what one alone knows. */
static void checkpoints(void)
{
    wf_threshold_t rules[] = {
        *threshold("http_req_duration", "avg < 100"), /* over before */
        *threshold("http_req_duration", "max < 100"), /* has begun */
        *threshold("a.success_rate", "> 0.5"),        /* has begun, with two metrics */
        *threshold("http_req_status", "count > 0"),   /* begins later */
        *threshold("http_req_failed", "rate < 0.9"),  /* from the start */
        *threshold("http_reqs", "count > 0"),         /* the whole run */
        *threshold("vus", "max < 100"),               /* has begun */
    };
    const apr_int64_t from[] = { 3, 5, 6, 30, 0, 0, 7 }, to[] = { 8, 0, 40, 0, 50, 0, 0 };
    play_t p;
    wf_judge_t *again;
    int t, k, turns = 0;

    for (k = 0; k < 7; k++) {
        rules[k].from_ns = from[k] * S_NS;
        rules[k].to_ns = to[k] * S_NS;
    }
    p = play(rules, 7);
    again = wf_judge_create(rules, 7, table, pool);
    for (t = 0; t < 60; t++) {
        second(&p, 10 + t, t % 10, t + 1);
        wf_judge_see(again, p.sheet, &p.now);
        if (t % 7 == 4) {
            const char *text = wf_judge_encode(again, pool);
            wf_error_t err;

            wf_error_init(&err, pool);
            again = wf_judge_create(rules, 7, table, pool);
            turns += wf_judge_decode(again, text, strlen(text), &err) == APR_SUCCESS;
            is_str(wf_judge_encode(again, pool), text, "%d s: it comes back", t + 1);
        }
    }
    is_int(turns, 8, "all checkpoints are read");
    for (k = 0; k < 7; k++) {
        wf_verdict_t one = wf_judge_verdict(p.judge, k, p.sheet, &p.now);
        wf_verdict_t other = wf_judge_verdict(again, k, p.sheet, &p.now);

        ok(one.value == other.value && one.passed == other.passed
               && one.judged == other.judged && one.value > 0,
           "%s: %g and %g", rules[k].metric, one.value, other.value);
    }
}

/* A judge of other thresholds, or no judge at all, is refused. */
static void strict(void)
{
    static const char good[] =
        "{\"version\":1,\"parts\":[{\"threshold\":0,\"metric\":\"http_reqs\","
        "\"from\":10000000,\"to\":0,\"over\":false,\"begin\":10000001,\"end\":0,"
        "\"before\":[5]}]}";
    static const struct {
        const char *what, *old, *new;
    } cases[] = {
        { "another version", "\"version\":1", "\"version\":2" },
        { "no parts", "parts", "pieces" },
        { "a threshold that is none", "\"threshold\":0", "\"threshold\":1" },
        { "another metric", "http_reqs", "vus" },
        { "another part of the run", "10000000,", "20000000," },
        { "more slots", "[5]", "[5,6]" },
        { "a slot of another type", "[5]", "[[5]]" },
        { "no slots", "\"before\"", "\"after\"" },
        { "an end before its begin", "\"over\":false", "\"over\":true" },
        { "no JSON", "]}", "]" },
    };
    wf_threshold_t *rule = threshold("http_reqs", "count > 0");
    wf_judge_t *judge;
    wf_error_t err;
    size_t i;

    rule->from_ns = 10 * S_NS;
    judge = wf_judge_create(rule, 1, table, pool);
    wf_error_init(&err, pool);
    ok(wf_judge_decode(judge, good, strlen(good), &err) == APR_SUCCESS, "a good one: %s",
       err.message ? err.message : "read");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *at = strstr(good, cases[i].old);
        const char *text = apr_pstrcat(pool, apr_pstrndup(pool, good, at - good),
                                       cases[i].new, at + strlen(cases[i].old), NULL);

        wf_error_init(&err, pool);
        judge = wf_judge_create(rule, 1, table, pool);
        ok(wf_judge_decode(judge, text, strlen(text), &err) != APR_SUCCESS
               && err.kind == WF_ERR_INVALID,
           "%s: %s", cases[i].what, err.message);
        is_str(wf_judge_encode(judge, pool), "{\"version\":1,\"parts\":[]}",
               "%s: nothing is known", cases[i].what);
    }
}

/* Looks that go back in time, or come at the same one, are none. */
static void order(void)
{
    wf_threshold_t *rule = threshold("http_reqs", "count > 0");
    wf_sheet_t *reader = wf_sheet_create(table, pool);
    play_t p;
    int i, wrong = 0;

    rule->window_ns = 3 * S_NS;
    p = play(rule, 1);
    for (i = 0; i < 10; i++) {
        wf_moment_t early = { .elapsed_us = p.now.elapsed_us / 2 };

        wf_sheet_clear(reader);
        wf_sheet_merge(reader, p.sheet);
        second(&p, 7, 0, 1);
        wf_judge_see(p.judge, p.sheet, &early);
        wf_judge_see(p.judge, p.sheet, &p.now);
        wrong += wf_judge_verdict(p.judge, 0, reader, &early).value < 0;
    }
    is_int(wrong, 0, "a reader's sheet that is older does no harm");
    ok(value(&p, 0) == 21, "the window is not shaken: %g", value(&p, 0));
}

/* 10 s of warm-up, then 10 requests a second: rates are of the time that was counted. */
static void warmup(void)
{
    wf_threshold_t rules[] = {
        *threshold("http_reqs", "rate == 10"),
        *threshold("http_reqs", "rate == 10"),
        *threshold("http_reqs", "rate == 10"),
        *threshold("duration", "avg == 20000"),
    };
    play_t p;
    int i, t;

    rules[1].window_ns = 30 * S_NS;
    rules[2].to_ns = 15 * S_NS;
    p = play(rules, 4);
    for (t = 0; t < 20; t++) {
        p.now.warm_us = t < 10 ? (t + 1) * S_US : 10 * S_US;
        second(&p, t < 10 ? 0 : 10, 0, 5);
    }
    for (i = 0; i < 3; i++) {
        ok(fabs(value(&p, i) - 10) < 1e-9, "after a warm-up, %s: %g a second",
           i == 0   ? "all of the run"
           : i == 1 ? "a window"
                    : "a part of the run",
           value(&p, i));
    }
    ok(value(&p, 3) == 20000, "the duration has all of it: %g", value(&p, 3));
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    table = sample_table();
    windows();
    any_length(1, 100);
    any_length(10, 100);
    any_length(60, 300);
    any_length(600, 1500);
    any_length(3600, 5000);
    parts();
    warmup();
    abort_delay();
    late();
    checkpoints();
    strict();
    order();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
