/* What the members of a spread execution do is what one would have done, whatever
 * happens to their messages. */
#include "cluster.h"

/* ---- modes -------------------------------------------------------------------------------------- */

#define SIZE                                                                             \
    "steps:\n- {id: s, type: script, config: {script: \"metrics.add('size', "            \
    "1)\"}}\n"

static const struct {
    const char *what, *options;
    int iterations, vus, scheduled; /* scheduled: starts, or 0 */
} modes[] = {
    { "shared-iterations", "mode: shared-iterations, vus: 12, iterations: 3001", 3001, 12,
      0 },
    { "per-vu-iterations", "vus: 7, iterations: 30", 210, 7, 0 },
    { "fewer users than members", "vus: 2, iterations: 5", 10, 2, 0 },
    { "constant-arrival-rate",
      "mode: constant-arrival-rate, rate: 300, vus: 12, max_vus: 60, duration: 1s", 300,
      0, 300 },
    { "ramping-arrival-rate",
      "mode: ramping-arrival-rate, rate: 0, vus: 12, max_vus: 60, stages: [{duration: "
      "1s, "
      "target: 400}]",
      200, 0, 200 },
};

static void exact(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        const char *what = modes[i].what;
        int dropped;
        cluster_t c;

        open_cluster(
            &c, r, apr_psprintf(r->pool, HEAD SIZE "options: {%s}\n", modes[i].options));
        c.chaos = 40;
        start(&c, r->load, NULL);
        ok(pump_until(&c, 0), "%s ends", what);
        is_str(wf_run_status_name(r->last.status), "completed", "%s: completed", what);
        /* A slow machine may drop starts of a schedule, but knows of each. */
        dropped = (int)wf_json_int(r->last.metrics, "dropped_iterations", -1);
        is_int(r->last.iterations + dropped, modes[i].iterations, "%s: iterations", what);
        ok(dropped <= modes[i].scheduled, "%s: %d dropped", what, dropped);
        is_int(metric_count(r, "size"), r->last.iterations, "%s: their samples", what);
        is_int(of_members(r, "completed_iters"), r->last.iterations,
               "%s: those of the members", what);
        if (modes[i].vus > 0) {
            is_int(of_members(r, "completed_vus"), modes[i].vus, "%s: their users", what);
        }
        ok(r->last.progress == 1.0, "%s: all of it", what);
        close_cluster(&c);
    }
}

static void thirty_thousand(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD SIZE "options: {mode: shared-iterations, vus: 30, "
                           "iterations: 30000}\n");
    c.chaos = 30;
    start(&c, r->load, NULL);
    ok(pump_until(&c, 0), "30000 iterations end");
    is_int(r->last.iterations, 30000, "all of them, and no other");
    is_int(metric_count(r, "size"), 30000, "with their samples");
    close_cluster(&c);
}

/* Percentiles of the whole are those of one machine that has seen every sample. */
static void distribution(runner_t *r)
{
    static const char yaml[] =
        "id: w\nname: W\nmetrics: {took: {type: trend}}\n"
        "steps:\n- {id: s, type: script, config: {script: \"metrics.add('took', "
        "(ctx.vu * 7919 + ctx.iteration * 104729) % 20011 / 7)\"}}\n"
        "options: {vus: 12, iterations: 250}\n";
    const char *alone;
    cluster_t c;

    ok(runner_run(r, yaml), "one machine");
    alone = wf_json_text(metric_values(r, "took"), NULL, r->pool);
    open_cluster(&c, r, yaml);
    c.chaos = 40;
    start(&c, r->load, NULL);
    ok(pump_until(&c, 0), "three of them");
    is_str(wf_json_text(metric_values(r, "took"), NULL, r->pool), alone,
           "have the same distribution");
    ok(strstr(alone, "p(95)") != NULL && metric_count(r, "took") == 3000,
       "of 3000 samples");
    close_cluster(&c);
}

/* Rows of data are dealt out with the rest: each is used once, whoever has it. */
static void rows(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD
                 "data: {u: {mode: unique, csv: \"n\\n1\\n2\\n4\\n8\\n16\\n32\\n64\\n"
                 "128\\n256\\n512\\n1024\\n2048\"}}\n"
                 "steps:\n- {id: s, type: script, config: {script: "
                 "\"metrics.add('size', Number(vars.get('u').n))\"}}\n"
                 "options: {mode: shared-iterations, vus: 6, iterations: 12}\n");
    c.chaos = 40;
    start(&c, r->load, NULL);
    ok(pump_until(&c, 0), "iterations with a row each end");
    is_int(metric_count(r, "size"), 4095, "each row was used once");
    close_cluster(&c);
}

/* What is not counted because it is too early is not counted anywhere; scenarios keep
 * their own figures. */
static void scenarios(runner_t *r)
{
    json_object *values;
    cluster_t c;
    double own;

    open_cluster(&c, r,
                 HEAD PAUSE "options: {warmup: 300ms, thresholds: [{metric: "
                            "'iterations{scenario:a}', condition: 'count >= 0'}]}\n"
                            "scenarios:\n  a: {vus: 6, duration: 900ms}\n"
                            "  b: {vus: 3, iterations: 40}\n");
    c.chaos = 40;
    start(&c, r->load, NULL);
    ok(pump_until(&c, 0), "two scenarios end");
    values = metric_values(r, "iterations{scenario:a}");
    own = json_object_get_double(wf_json_get(values, "count"));
    ok(own > 0 && own <= metric_count(r, "iterations"), "one has figures of its own");
    ok(r->last.iterations > 0 && r->last.iterations < of_members(r, "completed_iters"),
       "%d of %d iterations are counted", (int)r->last.iterations,
       of_members(r, "completed_iters"));
    is_int(metric_count(r, "iterations"), r->last.iterations, "everywhere");
    is_int(of_members(r, "completed_vus"), 9, "and all users");
    close_cluster(&c);
}

/* ---- phases -------------------------------------------------------------------------------------- */

/* Is there a record, and is it of one moment: one of the phase that its members are in?
 */
static int recorded(cluster_t *c)
{
    wf_run_snapshot_t now;
    int is_there = 1;
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_load_record(c->r->load, c->id, &now, p, &err) == APR_SUCCESS) {
        is_there = now.record != NULL && strstr(now.record->state, "\"members\"") != NULL;
    }
    apr_pool_destroy(p);
    return is_there;
}

static void phases(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD "setup:\n- {id: in, type: http, config: {url: 'BASE/ok?setup'}}\n"
                      "- {id: keep, type: script, config: {script: \"vars.set('token', "
                      "'t-1')\"}}\n"
                      "teardown:\n- {id: out, type: http, config: {url: "
                      "'BASE/ok?out-${token}'}}\n"
                      "steps:\n- {id: s, type: http, config: {url: "
                      "'BASE/ok?main-${token}'}}\n"
                      "options: {mode: shared-iterations, vus: 6, iterations: 60, "
                      "thresholds: [{metric: http_reqs, condition: 'count == 62'}, "
                      "{metric: iterations, condition: 'count < 60'}]}\n");
    c.chaos = 40;
    start(&c, r->load, NULL);
    PUMP_UNTIL(&c, ended(&c) || !recorded(&c));
    ok(ended(&c), "setup, main and teardown end, each of them with records");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(c.begins[WF_RUN_SETUP], 1, "one has done the setup");
    is_int(c.begins[WF_RUN_MAIN], 3, "all the iterations");
    is_int(c.begins[WF_RUN_TEARDOWN], 1, "one the teardown");
    is_int(target_requests(&r->target), 62, "as the target saw it");
    ok(target_saw(&r->target, "?setup") && target_saw(&r->target, "?main-t-1")
           && target_saw(&r->target, "?out-t-1"),
       "with what the setup had left");
    is_int(r->last.http_reqs, 62, "all requests are counted");
    is_int(r->last.thresholds_passed, 1, "thresholds are judged on the whole");
    is_int(r->last.thresholds_failed, 1, "one holds, one does not");
    close_cluster(&c);
}

/* ---- control --------------------------------------------------------------------------------------- */

static void control(runner_t *r)
{
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 10), "it runs");
    PUMP_UNTIL(&c, users(&c) == 6);
    is_int(users(&c), 6, "its users are those of all members");
    is_int(wf_load_pause(r->load, c.id, &err), APR_SUCCESS, "pause");
    PUMP_UNTIL(&c, live(&c, WF_RUN_PAUSED) == MEMBERS);
    is_int(live(&c, WF_RUN_PAUSED), MEMBERS, "all pause");
    is_int(wf_load_resume(r->load, c.id, &err), APR_SUCCESS, "resume");
    PUMP_UNTIL(&c, live(&c, WF_RUN_RUNNING) == MEMBERS);
    is_int(live(&c, WF_RUN_RUNNING), MEMBERS, "all go on");
    is_int(wf_load_scale(r->load, c.id, NULL, 13, &err), APR_SUCCESS, "scale to 13");
    PUMP_UNTIL(&c, users(&c) == 13);
    is_int(users(&c), 13, "together they have 13 users");
    is_int(wf_load_stop(r->load, c.id, &err), APR_SUCCESS, "stop");
    ok(pump_until(&c, 0), "it ends");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    is_str(member_status(r, "two"), "aborted", "as its members");
    close_cluster(&c);
}

/* Members that have no users yet may get some. */
static void grows(runner_t *r)
{
    static const char *const options[] = {
        "vus: 1, duration: 60s",
        "mode: externally-controlled, vus: 0, max_vus: 20",
    };
    wf_error_t err;
    size_t i;

    wf_error_init(&err, r->pool);
    for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        cluster_t c;

        open_cluster(&c, r,
                     apr_psprintf(r->pool, HEAD PAUSE "options: {%s}\n", options[i]));
        start(&c, r->load, NULL);
        PUMP_UNTIL(&c, live(&c, WF_RUN_RUNNING) == MEMBERS);
        is_int(live(&c, WF_RUN_RUNNING), MEMBERS, "%s: all take part", options[i]);
        is_int(wf_load_scale(r->load, c.id, NULL, 13, &err), APR_SUCCESS, "scale to 13");
        PUMP_UNTIL(&c, users(&c) == 13);
        is_int(users(&c), 13, "all members have their users");
        is_int(wf_load_stop(r->load, c.id, &err), APR_SUCCESS, "stop");
        ok(pump_until(&c, 0), "it ends");
        close_cluster(&c);
    }
}

static void violated(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD PAUSE
                 "options: {vus: 6, duration: 60s, thresholds: [{metric: "
                 "iterations, condition: 'count < 50', abort_on_fail: true}]}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 0), "a threshold on the whole ends it");
    is_str(wf_run_status_name(r->last.status), "failed", "failed");
    ok(error_with(r, "threshold iterations count < 50 was violated") != NULL, "and told");
    close_cluster(&c);
}

/* ---- members that are the limit ---------------------------------------------------------- */

/* The news of a task, as if its machine had been too slow most of the time. */
static void tell_strained(cluster_t *c, task_t *task)
{
    wf_run_snapshot_t now;
    apr_int64_t have;
    const char *at;
    wf_member_news_t news = { .member = task->member, .task = task->number };
    wf_error_t err;

    wf_error_init(&err, c->pool);
    if (wf_load_record(c->slaves[task->slave], task->id, &now, c->pool, &err)
            != APR_SUCCESS
        || (at = strstr(now.record->state, "\"strain\":[")) == NULL) {
        ok(0, "a record with strain: %s", err.message ? err.message : now.record->state);
        return;
    }
    news.sequence = now.record->sequence;
    news.figures = now.record->sheet;
    news.state = apr_psprintf(c->pool, "%.*s\"strain\":[100,90,80,0,91.5,250000]%s",
                              (int)(at - now.record->state), now.record->state,
                              strchr(at, ']') + 1);
    is_int(wf_load_member_news(c->r->load, c->id, &news, &have, &err), APR_SUCCESS,
           "member %d tells its strain: %s", task->member,
           err.message ? err.message : "");
    is_int(have, news.sequence, "which is heard");
}

static void strained(runner_t *r)
{
    wf_run_snapshot_t now = { 0 };
    json_object *generator;
    const char *warnings;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 10), "it runs");
    tell_strained(&c, c.tasks[1]);
    is_int(wf_load_snapshot(r->load, c.id, &now, c.pool, &err), APR_SUCCESS, "snapshot");
    generator = wf_json_get(now.metrics, "generator");
    warnings = wf_json_text(wf_json_get(now.metrics, "warnings"), NULL, c.pool);
    is_str(wf_json_string(generator, "slave_id", NULL), "two", "who fares worst");
    is_str(wf_json_string(generator, "max_lag", NULL), "250ms", "and how");
    ok(strstr(warnings, "slave two: its event loops") != NULL, "a warning: %s", warnings);
    wf_load_stop(r->load, c.id, &err);
    ok(pump_until(&c, 0), "it ends");
    close_cluster(&c);
}

/* ---- members that talk nonsense ------------------------------------------------------------ */

static int refused(cluster_t *c, const wf_member_news_t *news)
{
    apr_int64_t have;
    apr_pool_t *p;
    wf_error_t err;
    int is_refused;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    is_refused = wf_load_member_news(c->r->load, c->id, news, &have, &err) != APR_SUCCESS
                 && err.kind == WF_ERR_INVALID && err.message != NULL;
    apr_pool_destroy(p);
    return is_refused;
}

/* Of texts that break off somewhere nothing is counted. */
static void nonsense(runner_t *r)
{
    wf_run_snapshot_t now;
    cluster_t c;
    wf_error_t err;
    int i, figures = 0, states = 0;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 6, "
                            "iterations: 1200}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 10), "it runs");
    is_int(wf_load_record(c.slaves[0], c.tasks[0]->id, &now, c.pool, &err), APR_SUCCESS,
           "the record of a task");
    for (i = 0; i < 100; i++) {
        const wf_run_record_t *record = now.record;
        wf_member_news_t news = { .task = 1,
                                  .sequence = record->sequence,
                                  .figures = record->sheet,
                                  .state = record->state };

        news.figures = apr_pstrndup(c.pool, news.figures, strlen(news.figures) * i / 100);
        figures += refused(&c, &news);
        news.figures = record->sheet;
        news.state = apr_pstrndup(c.pool, news.state, strlen(news.state) * i / 100);
        states += refused(&c, &news);
        news.state = i % 2 ? NULL : news.state;
        news.figures = i % 2 ? news.figures : NULL;
        figures += refused(&c, &news);
    }
    is_int(figures, 200, "figures that break off, or are missing");
    is_int(states, 100, "states that break off");
    ok(pump_until(&c, 0), "to the end");
    is_int(r->last.iterations, 1200, "nothing of it was counted");
    close_cluster(&c);
}

int main(void)
{
    runner_t r;

    apr_initialize();
    srand(7);
    runner_open(&r, 1);
    exact(&r);
    thirty_thousand(&r);
    distribution(&r);
    rows(&r);
    scenarios(&r);
    phases(&r);
    control(&r);
    grows(&r);
    violated(&r);
    strained(&r);
    nonsense(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
