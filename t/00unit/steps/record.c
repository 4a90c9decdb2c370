/* Records: what they say of a run, that a run goes on from them, and that nothing is
 * taken for one that is none. */
#include "../../fuzz/steps_record.c"
#include "../tap.h"
#include "run.h"

/* The plan of the fuzz target, with users who take their time and a target to ask. */
static const char text[] =
    "id: w\nname: W\n"
    "data: {u: {rows: [{a: 1}, {a: 2}], mode: sequential}, v: [{b: 1}]}\n"
    "setup:\n- {id: in, type: script, config: {script: \"vars.set('token', 't-1')\"}}\n"
    "steps:\n"
    "- {id: s, type: http, config: {url: 'BASE/slow/30?${token}'}}\n"
    "scenarios:\n"
    "  a: {vus: 3, iterations: 40}\n"
    "  b: {mode: shared-iterations, vus: 2, iterations: 60}\n"
    "options: {thresholds: [{metric: http_reqs, condition: 'count == 180', window: "
    "60s}]}\n";
#define PLANNED 180

static wf_plan_t *compile(runner_t *r, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("test.yaml", p);
    const char *at = strstr(text, "BASE");
    const char *yaml = apr_psprintf(p, "%.*shttp://127.0.0.1:%d%s", (int)(at - text),
                                    text, r->target.port, at + 4);
    wf_plan_t *plan;

    plan_from_yaml(&plan, yaml, strlen(yaml), problems, p);
    if (plan == NULL) {
        printf("Bail out! %s\n", wf_problems_text(problems, p));
        exit(1);
    }
    return plan;
}

/* The record of a run that was stopped then, in r->pool. */
static wf_run_from_t record_of(runner_t *r, wf_run_snapshot_t *snapshot)
{
    wf_run_from_t from = { 0 };
    const wf_run_record_t *record;
    apr_array_header_t *points;
    wf_error_t err;

    target_reset(&r->target);
    wf_error_init(&err, r->pool);
    is_int(runner_start(r, "first", text, &err), APR_SUCCESS, "it starts");
    while (target_requests(&r->target) < 40) {
        usleep(1000);
    }
    is_int(wf_load_scale(r->load, "first", "a", 4, &err), APR_SUCCESS, "a is scaled");
    is_int(wf_load_record(r->load, "first", snapshot, r->pool, &err), APR_SUCCESS,
           "its record");
    is_int(wf_load_stop(r->load, "first", &err), APR_SUCCESS, "it is stopped");
    ok(runner_wait(r), "it ends");
    record = snapshot->record;
    points = apr_array_make(r->pool, 4, sizeof(const char *));
    for (int i = 0; i < record->points->nelts; i++) {
        APR_ARRAY_PUSH(points, const char *) =
            APR_ARRAY_IDX(record->points, i, wf_run_change_t).text;
    }
    from.sequence = record->sequence;
    from.state = record->state;
    from.sheet = record->sheet;
    from.judge = record->judge;
    from.points = points;
    return from;
}

/* ---- what it says ----------------------------------------------------------------------- */

static void says(runner_t *r, const wf_run_from_t *from,
                 const wf_run_snapshot_t *snapshot)
{
    wf_plan_t *plan = compile(r, r->pool);
    wf_resume_t *resume;
    wf_value_t *token;
    apr_int64_t sum = 0;
    wf_error_t err;
    int i;

    wf_error_init(&err, r->pool);
    if (!is_int(wf_record_read(&resume, plan, from->state, r->pool, &err), APR_SUCCESS,
                "it is read: %s", from->state)) {
        return;
    }
    is_int(resume->phase, WF_RUN_MAIN, "its phase");
    is_int(resume->scenarios[0].done + resume->scenarios[1].done, snapshot->iterations,
           "its iterations");
    is_int(resume->scenarios[0].vus, 4, "users, as somebody has set them");
    is_int(resume->scenarios[1].vus, -1, "nobody has set those");
    for (i = 0; i < resume->scenarios[0].ncounts; i++) {
        sum += resume->scenarios[0].counts[i];
    }
    is_int(sum, resume->scenarios[0].done, "iterations of its users");
    ok(resume->rows_taken[0] > 0 && resume->rows_taken[0] <= snapshot->iterations + 6,
       "rows taken: %d", (int)resume->rows_taken[0]);
    ok(resume->elapsed_us / 1000 >= snapshot->elapsed_ms - 1
           && resume->elapsed_us / 1000 <= snapshot->elapsed_ms + 1,
       "its time");
    ok(resume->main_us >= 0 && resume->main_us <= resume->elapsed_us, "after its setup");
    is_int(resume->start_ms, snapshot->start_time, "its start");
    ok(!resume->stopping && !resume->flushing && !resume->whole, "it runs");
    token = resume->variables ? wf_map_get(resume->variables, "token") : NULL;
    is_str(token ? token->as.text.data : "none", "t-1", "what setup has left");
}

/* At whatever moment it is made, its parts are of the same instant: what one has for done
 * and another does not would be missing after a restart. */
static void agrees(runner_t *r)
{
    static const char quick[] =
        "id: w\nname: W\nsteps:\n- {id: s, type: script, config: {script: '1'}}\n"
        "options: {mode: per-vu-iterations, vus: 40, iterations: 4000}\n";
    wf_run_snapshot_t snapshot;
    wf_error_t err;
    int records = 0, differ = 0;

    wf_error_init(&err, r->pool);
    is_int(runner_start(r, "quick", quick, &err), APR_SUCCESS, "a quick one starts");
    do {
        wf_problems_t *problems;
        wf_resume_t *resume;
        apr_int64_t sum = 0;
        wf_plan_t *plan;
        apr_pool_t *p;
        int i;

        apr_pool_create(&p, NULL);
        wf_error_init(&err, p);
        problems = wf_problems_create(NULL, p);
        plan_from_yaml(&plan, quick, strlen(quick), problems, p);
        if (wf_load_record(r->load, "quick", &snapshot, p, &err) == APR_SUCCESS
            && wf_record_read(&resume, plan, snapshot.record->state, p, &err)
                   == APR_SUCCESS) {
            for (i = 0; i < resume->scenarios[0].ncounts; i++) {
                sum += resume->scenarios[0].counts[i];
            }
            records++;
            differ += sum != resume->scenarios[0].done || sum != snapshot.iterations;
        }
        apr_pool_destroy(p);
    } while (!__atomic_load_n(&r->ended, __ATOMIC_RELAXED));
    ok(records > 5, "%d records of it", records);
    is_int(differ, 0, "in each all parts agree");
    ok(runner_wait(r), "it ends");
}

static void goes_on(runner_t *r, const wf_run_from_t *from, apr_int64_t done)
{
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, r->pool);
    target_reset(&r->target);
    r->ended = 0;
    is_int(wf_load_continue(r->load, compile(r, p), p, "second", from, &err), APR_SUCCESS,
           "a run goes on from it");
    ok(runner_wait(r), "to its end");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, PLANNED + 40,
           "all iterations, those of the fourth user, too");
    ok(target_requests(&r->target) <= PLANNED + 40 - done
           && target_requests(&r->target) >= PLANNED + 40 - done - 6,
       "%d requests after %d iterations", target_requests(&r->target), (int)done);
    ok(target_saw(&r->target, "?t-1"), "with what setup has left");
}

/* ---- what is none ------------------------------------------------------------------------- */

/* A record of the fuzz target's plan; each row replaces a text of it by another. */
#define RECORD                                                                           \
    "{\"version\":1,\"phase\":\"main\",\"start\":1767607200000,\"at\":1767607209000,"    \
    "\"elapsed\":9000000,\"main\":1000,\"warm\":0,\"scenarios\":{\"a\":{\"done\":12,"    \
    "\"counts\":\"3*4\"},\"b\":{\"done\":7,\"vus\":2,\"counts\":\"4,3\"}},"              \
    "\"rows\":{\"u\":2,\"v\":7},\"variables\":{\"n\":1},\"stopping\":\"fail\"}"

static const struct {
    const char *from, *to;
} wrong[] = {
    /* clang-format off */
    { "\"version\":1",         "\"version\":2" },
    { "\"version\":1,",        "" },
    { "\"main\",",             "\"other\"," },
    { "\"phase\":\"main\",",   "" },
    { "1767607200000",         "-1" },
    { "1767607209000",         "\"now\"" },
    { "9000000",               "-9000000" },
    { "9000000",               "9000000.5" },
    { "9000000",               "9223372036854775807" },
    { "9000000",               "999" },              /* before its main phase */
    { "\"main\":1000",         "\"main\":-5" },
    { "\"warm\":0",            "\"warm\":-1" },
    { "\"warm\":0,",           "" },
    { "\"done\":12",           "\"done\":-12" },
    { "\"done\":12",           "\"done\":true" },
    { "\"done\":12",           "\"done\":9223372036854775807" },
    { "\"done\":12,",          "" },
    { "\"3*4\"",               "\"3*\"" },
    { "\"3*4\"",               "\"*4\"" },
    { "\"3*4\"",               "\"0*4\"" },
    { "\"3*4\"",               "\"-3*4\"" },
    { "\"3*4\"",               "\"3*-4\"" },
    { "\"3*4\"",               "\"3*4,\"" },
    { "\"3*4\"",               "\",3*4\"" },
    { "\"3*4\"",               "\"3*4 \"" },
    { "\"3*4\"",               "\"3*4*5\"" },
    { "\"3*4\"",               "\"1001*4\"" },       /* more users than it has one by one */
    { "\"3*4\"",               "\"1000*4,4\"" },
    { "\"3*4\"",               "\"3*99999999999999999999\"" },
    { "\"3*4\"",               "\"99999999999999999999*3\"" },
    { "\"3*4\"",               "34" },
    { "\"vus\":2",             "\"vus\":-2" },
    { "\"vus\":2",             "\"vus\":1000001" },
    { "\"vus\":2",             "\"vus\":\"2\"" },
    { "\"b\":",                "\"c\":" },           /* of another plan */
    { "\"scenarios\":{",       "\"scenario\":{" },
    { "\"u\":2",               "\"u\":-2" },
    { "\"u\":2",               "\"u\":null" },
    { "\"u\":2,",              "" },
    { "\"rows\":",             "\"row\":" },
    { "{\"n\":1}",             "[1]" },
    { "\"fail\"",              "\"perhaps\"" },
    { "\"fail\"",              "1" },
    { "{\"version",            "[{\"version" },
    /* clang-format on */
};

static void refuses(runner_t *r)
{
    wf_plan_t *plan = fuzz_plan(r->pool);
    wf_resume_t *resume;
    wf_error_t err;
    size_t i;

    wf_error_init(&err, r->pool);
    is_int(wf_record_read(&resume, plan, RECORD, r->pool, &err), APR_SUCCESS, "%s",
           RECORD);
    is_int(resume->outcome, WF_EV_FAIL, "its outcome");
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *at = strstr(RECORD, wrong[i].from);
        const char *state = apr_psprintf(r->pool, "%.*s%s%s", (int)(at - RECORD), RECORD,
                                         wrong[i].to, at + strlen(wrong[i].from));

        wf_error_init(&err, r->pool);
        wf_record_read(&resume, plan, state, r->pool, &err);
        is_str(wf_err_name(err.kind), wf_err_name(WF_ERR_INVALID), "%s instead of %s",
               wrong[i].to, wrong[i].from);
    }
}

/* Cut off anywhere it is none; with another byte anywhere it is none, or within bounds.
 */
static void cut_and_changed(void)
{
    static const char others[] = "0-9\"{[,:x\x01\xff";
    size_t length = strlen(RECORD), at, i;
    char copy[sizeof(RECORD)];
    apr_pool_t *p;
    int refused = 0;

    apr_pool_create(&p, NULL);
    for (at = 0; at < length; at++) {
        wf_resume_t *resume;
        wf_error_t err;

        wf_error_init(&err, p);
        wf_record_read(&resume, fuzz_plan(p), apr_pstrndup(p, RECORD, at), p, &err);
        refused += err.kind == WF_ERR_INVALID;
        apr_pool_clear(p);
    }
    is_int(refused, (int)length, "cut off, at each of its bytes");
    for (at = 0; at < length; at++) {
        for (i = 0; i < sizeof(others) - 1; i++) {
            memcpy(copy, RECORD, length);
            copy[at] = others[i];
            LLVMFuzzerTestOneInput((const uint8_t *)copy, length);
        }
    }
    ok(1, "%d changes", (int)(length * (sizeof(others) - 1)));
    apr_pool_destroy(p);
}

/* Whatever part of a record is damaged: no run, a reason, and the next one is none the
 * worse for it. */
static void does_not_go_on(runner_t *r, const wf_run_from_t *good)
{
    const char *bad[] = { "", "{", "1", "no such thing", "[[[[", good->state };
    apr_array_header_t *points = apr_array_make(r->pool, 1, sizeof(const char *));

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (int part = 0; part < 4; part++) {
            wf_run_from_t from = *good;
            apr_pool_t *p;
            wf_error_t err;

            if (part == 0 && bad[i] == good->state) {
                continue;
            }
            apr_array_clear(points);
            APR_ARRAY_PUSH(points, const char *) = bad[i];
            *(part == 0   ? &from.state
              : part == 1 ? &from.sheet
                          : &from.judge) = part < 3 ? bad[i] : good->judge;
            from.points = part == 3 ? points : good->points;
            apr_pool_create(&p, NULL);
            wf_error_init(&err, r->pool);
            wf_load_continue(r->load, compile(r, p), p, "third", &from, &err);
            is_str(wf_err_name(err.kind), wf_err_name(WF_ERR_INVALID),
                   "part %d is \"%s\"", part, bad[i]);
        }
    }
}

int main(void)
{
    wf_run_snapshot_t snapshot;
    wf_run_from_t from;
    runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    from = record_of(&r, &snapshot);
    says(&r, &from, &snapshot);
    agrees(&r);
    refuses(&r);
    cut_and_changed();
    does_not_go_on(&r, &from);
    goes_on(&r, &from, snapshot.iterations);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
