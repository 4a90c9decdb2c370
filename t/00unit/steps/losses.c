/* Who is lost of a spread execution, and what is known of it afterwards. */
#include "cluster.h"

/* ---- members --------------------------------------------------------------------------- */

static int dropped(const runner_t *r)
{
    return (int)wf_json_int(r->last.metrics, "dropped_iterations", -1);
}

static int interrupted(const runner_t *r)
{
    return (int)wf_json_int(r->last.metrics, "interrupted_iterations", -1);
}

static wf_load_t *another_master(runner_t *r)
{
    wf_load_options_t options = { .loops = 1,
                                  .max_executions = 3,
                                  .max_vus = 10,
                                  .progress = on_progress,
                                  .baton = r };
    wf_load_t *load;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    if (wf_load_create(&load, &options, r->pool, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return load;
}

static wf_run_from_t from_of(const wf_run_record_t *record)
{
    return (wf_run_from_t){ .sequence = record->sequence,
                            .state = record->state,
                            .sheet = record->sheet,
                            .judge = record->judge };
}

/* A part goes on elsewhere, in that phase, from what is known of it. */
static void hand_over(cluster_t *c, int part, int to, const char *phase)
{
    wf_run_from_t from;
    apr_int64_t task = 0;
    wf_error_t err;

    wf_error_init(&err, c->pool);
    is_int(wf_load_member_lost(c->r->load, c->id, part, "no heartbeat", names[to], &task,
                               &err),
           APR_SUCCESS, "part %d goes to %s", part, names[to]);
    is_int(wf_load_member_record(c->r->load, c->id, part, &from, c->pool, &err),
           APR_SUCCESS, "with what is known");
    c->hosts[part] = to;
    start_task(c, to, part, task, phase, NULL, from.state ? &from : NULL);
}

static void succeeded(runner_t *r)
{
    wf_run_from_t from;
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 24, "
                            "iterations: 3000}\n");
    c.chaos = 30;
    start(&c, r->load, NULL);
    ok(pump_until(&c, 300), "three are under way");
    kill_slave(&c, 1);
    is_int(wf_load_member_lost(r->load, c.id, 1, "no heartbeat", "three", &task, &err),
           APR_SUCCESS, "the second is lost");
    is_int(task, 2, "a new task");
    is_int(wf_load_member_record(r->load, c.id, 1, &from, r->pool, &err), APR_SUCCESS,
           "which has a record");
    ok(from.state != NULL && from.sequence > 0, "to go on from");
    start_task(&c, 2, 1, task, "main", NULL, from.state ? &from : NULL);
    ok(pump_until(&c, 0), "to the end");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, 3000, "exactly all iterations");
    is_str(member_status(r, "two"), "failed", "the lost one failed");
    is_str(member_status(r, "three"), "completed", "its successor did not");
    is_int(of_members(r, "completed_iters"), 3000, "each has its own iterations");
    ok(member_done(r, "two") > 0 && member_done(r, "two") < 1000, "%d of the lost one",
       member_done(r, "two"));
    ok(error_with(r, "slave two is lost (no heartbeat)") != NULL
           && strstr(error_with(r, "slave two is lost"), "part 2 of 3")
           && strstr(error_with(r, "slave two is lost"), "slave three goes on")
           && strstr(error_with(r, "slave two is lost"), "may be done twice"),
       "the result says it: %s", error_with(r, "slave two"));
    is_int(dropped(r), 0, "none is missing");
    is_int((int)json_object_array_length(r->last.errors), 1, "and no more than that");
    close_cluster(&c);
}

/* What is bounded by time measures what it can, also on fewer machines. */
static void goes_short_by_time(runner_t *r)
{
    static const struct {
        const char *options;
        int dropped; /* are iterations told that nobody made? */
    } bounds[] = {
        { "vus: 6, duration: 700ms", 0 },
        { "mode: shared-iterations, vus: 6, iterations: 100000, duration: 700ms", 1 },
    };
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;
    size_t i;

    wf_error_init(&err, r->pool);
    for (i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
        open_cluster(
            &c, r,
            apr_psprintf(r->pool, HEAD PAUSE "options: {%s}\n", bounds[i].options));
        start(&c, r->load, NULL);
        ok(pump_until(&c, 20), "%s: three are under way", bounds[i].options);
        kill_slave(&c, 2);
        is_int(wf_load_member_lost(r->load, c.id, 2, "killed", NULL, &task, &err),
               APR_SUCCESS, "the third is lost for good");
        ok(pump_until(&c, 0), "the others end");
        is_str(wf_run_status_name(r->last.status), "completed", "completed");
        ok(error_with(r, "slave three is lost (killed)") != NULL, "its loss is told: %s",
           error_with(r, "slave three"));
        is_int(dropped(r),
               bounds[i].dropped ? 100000 - r->last.iterations - interrupted(r) : 0,
               "what nobody made is counted, once");
        close_cluster(&c);
    }
}

/* What is missing stays missing when the master is another one. */
static void short_over_restart(runner_t *r)
{
    wf_load_t *usual = r->load, *first = another_master(r);
    wf_run_snapshot_t snapshot;
    apr_int64_t task = 0, known;
    cluster_t c;
    wf_run_from_t from;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 24, "
                            "iterations: 1200}\n");
    r->load = first;
    start(&c, first, NULL);
    ok(pump_until(&c, 300), "three are under way");
    kill_slave(&c, 2);
    is_int(wf_load_member_lost(first, c.id, 2, "killed", NULL, &task, &err), APR_SUCCESS,
           "the third is lost for good");
    is_int(wf_load_record(first, c.id, &snapshot, c.pool, &err), APR_SUCCESS,
           "the record of the whole");
    from = from_of(snapshot.record);
    known =
        wf_json_int(wf_json_get(snapshot.slave_states, "three"), "completed_iters", 0);
    wf_load_hold(first, 0);
    wf_load_destroy(first);
    r->load = usual;
    start(&c, usual, &from);
    ok(pump_until(&c, 0), "the others end");
    is_int(dropped(r), 600 - known, "what is missing is counted");
    is_int(r->last.iterations, 600 + known, "as is what was made");
    is_str(wf_run_status_name(r->last.status), "failed", "failed");
    close_cluster(&c);
}

static void goes_short(runner_t *r)
{
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;
    char text[64];

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 24, "
                            "iterations: 3000}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 300), "three are under way");
    kill_slave(&c, 2);
    is_int(wf_load_member_lost(r->load, c.id, 2, "killed", NULL, &task, &err),
           APR_SUCCESS, "the third is lost for good");
    ok(pump_until(&c, 0), "the others end");
    is_int(r->last.iterations, 1500 + member_done(r, "three"),
           "what it had done is counted");
    snprintf(text, sizeof(text), "the other %d are not made",
             1500 - member_done(r, "three"));
    ok(error_with(r, text) != NULL, "and what is missing is told: %s",
       error_with(r, "slave three"));
    is_int(dropped(r), 3000 - r->last.iterations, "and counted");
    is_str(wf_run_status_name(r->last.status), "failed",
           "who promised all iterations and did not make them has failed");
    is_str(member_status(r, "three"), "failed", "as the lost one");
    is_str(member_status(r, "one"), "completed", "the others did what they had to");
    wf_load_member_lost(r->load, c.id, 2, "again", NULL, &task, &err);
    is_int(err.kind, WF_ERR_NOT_FOUND, "it is over");
    close_cluster(&c);
}

static apr_int64_t requests(cluster_t *c)
{
    wf_run_snapshot_t now = { 0 };
    wf_error_t err;

    wf_error_init(&err, c->pool);
    wf_load_snapshot(c->r->load, c->id, &now, c->pool, &err);
    return now.http_reqs;
}

static int status_of(cluster_t *c, const task_t *task)
{
    wf_run_snapshot_t now = { .status = WF_RUN_STATES };
    wf_error_t err;

    wf_error_init(&err, c->pool);
    wf_load_snapshot(c->slaves[task->slave], task->id, &now, c->pool, &err);
    return (int)now.status;
}

static int is_live(cluster_t *c, const task_t *task)
{
    return status_of(c, task) != WF_RUN_STATES && status_of(c, task) != WF_RUN_PENDING;
}

static double share(const runner_t *r, const char *name, const char *edge)
{
    return json_object_get_double(
        wf_json_get(wf_json_get(r->last.slave_states, name), edge));
}

/* Somebody with two parts is shown with both. */
static void adjoins(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 24, "
                            "iterations: 1200}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 100), "three are under way");
    kill_slave(&c, 1);
    hand_over(&c, 1, 2, "main");
    ok(pump_until(&c, 0), "to the end");
    is_int(r->last.iterations, 1200, "exactly all iterations");
    ok(share(r, "two", "segment_start") == 1.0 / 6
           && share(r, "two", "segment_end") == 0.5,
       "the part of the lost one");
    ok(share(r, "three", "segment_start") == 1.0 / 6
           && share(r, "three", "segment_end") == 1.0,
       "is its successor's, too");
    close_cluster(&c);
}

/* The last record of a lost one is older than what was ordered since. */
static void scaled(runner_t *r)
{
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    PUMP_UNTIL(&c, users(&c) == 6);
    kill_slave(&c, 2);
    is_int(wf_load_scale(r->load, c.id, NULL, 30, &err), APR_SUCCESS, "scale to 30");
    pump(&c); /* the order is gone before the successor comes */
    hand_over(&c, 2, 0, "main");
    PUMP_UNTIL(&c, users(&c) == 30);
    is_int(users(&c), 30, "the successor knows it");
    wf_load_stop(r->load, c.id, &err);
    ok(pump_until(&c, 0), "it ends");
    close_cluster(&c);
}

/* What was paused when its member was lost is still paused elsewhere. */
static void paused(runner_t *r)
{
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 12, "
                            "iterations: 1200}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 100), "three are under way");
    is_int(wf_load_pause(r->load, c.id, &err), APR_SUCCESS, "pause");
    PUMP_UNTIL(&c, live(&c, WF_RUN_PAUSED) == MEMBERS);
    kill_slave(&c, 1);
    hand_over(&c, 1, 0, "main");
    PUMP_UNTIL(&c, is_live(&c, c.tasks[MEMBERS]));
    is_int(status_of(&c, c.tasks[MEMBERS]), WF_RUN_PAUSED, "the successor pauses");
    is_int(wf_load_resume(r->load, c.id, &err), APR_SUCCESS, "resume");
    ok(pump_until(&c, 0), "to the end");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, 1200, "exactly all iterations");
    close_cluster(&c);
}

/* Nobody goes on with what is being stopped: it would not hear of that. */
static void stopping(runner_t *r)
{
    apr_int64_t task = 7;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 20), "three are under way");
    kill_slave(&c, 1);
    is_int(wf_load_stop(r->load, c.id, &err), APR_SUCCESS, "stop");
    is_int(wf_load_member_lost(r->load, c.id, 1, "gone", "three", &task, &err),
           APR_SUCCESS, "one is lost meanwhile");
    is_int(task, 0, "no other one is needed");
    ok(pump_until(&c, 0), "it ends");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    is_str(member_status(r, "three"), "aborted", "as its members");
    is_str(member_status(r, "two"), "failed", "but the lost one");
    close_cluster(&c);
}

/* A master that ends its executions waits for nobody. */
static void master_ends(runner_t *r)
{
    wf_load_t *usual = r->load, *first = another_master(r);
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    r->load = first;
    start(&c, first, NULL);
    ok(pump_until(&c, 20), "three are under way");
    wf_load_close(first);
    ok(ended(&c), "a master that is closed ends its executions");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    ok(r->last.iterations >= 20, "with what was known");
    r->load = usual;
    pump(&c); /* members are told */
    PUMP_UNTIL(&c, live(&c, WF_RUN_RUNNING) == 0);
    is_int(live(&c, WF_RUN_RUNNING), 0, "and members have to end");
    wf_load_destroy(first);
    close_cluster(&c);
}

/* Who may lose nobody ends it all; its teardown is done by those who are left. */
static void aborted(runner_t *r)
{
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "teardown:\n- {id: out, type: http, config: {url: "
                            "'BASE/ok?out'}}\n"
                            "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 20), "three are under way");
    kill_slave(&c, 0);
    is_int(wf_load_abort(r->load, c.id, "a slave is lost, and none may be", &err),
           APR_SUCCESS, "abort");
    is_int(wf_load_member_lost(r->load, c.id, 0, "gone", NULL, &task, &err), APR_SUCCESS,
           "the first is lost");
    ok(pump_until(&c, 0), "it ends");
    is_str(wf_run_status_name(r->last.status), "failed", "failed");
    ok(error_with(r, "none may be") != NULL, "its errors say why");
    is_str(member_status(r, "one"), "failed", "the lost one failed");
    is_int(target_requests(&r->target), 1, "another one did the teardown");
    is_int(wf_load_abort(r->load, c.id, "again", &err) != APR_SUCCESS, 1,
           "what has ended is not aborted");
    is_int(err.kind, WF_ERR_NOT_FOUND, "it is not live");
    close_cluster(&c);
}

#define SETUP                                                                            \
    "setup:\n- {id: in, type: http, config: {url: 'BASE/ok?in'}}\n"                      \
    "- {id: wait, type: sleep, config: {duration: 200ms}}\n"

/* A setup is not divided: it begins again, and what was sent was sent. */
static void in_setup(runner_t *r)
{
    cluster_t c;

    open_cluster(&c, r,
                 HEAD SETUP PAUSE "options: {mode: shared-iterations, vus: 6, "
                                  "iterations: 60}\n");
    start(&c, r->load, NULL);
    PUMP_UNTIL(&c, requests(&c) == 1);
    is_int(requests(&c), 1, "its setup is under way");
    kill_slave(&c, 0);
    hand_over(&c, 0, 1, "setup");
    ok(pump_until(&c, 0), "another one does it");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(c.begins[WF_RUN_SETUP], 2, "it began twice");
    is_int(target_requests(&r->target), 2, "as the target saw it");
    is_int(r->last.http_reqs, 2, "and both are counted");
    is_int(r->last.iterations, 60, "all iterations");
    close_cluster(&c);
}

static void nobody_left(runner_t *r, const char *teardown)
{
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;
    int i;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 apr_psprintf(r->pool, HEAD PAUSE "%soptions: {vus: 6, duration: 60s}\n",
                              teardown));
    start(&c, r->load, NULL);
    ok(pump_until(&c, 20), "three are under way");
    for (i = 0; i < MEMBERS; i++) {
        kill_slave(&c, i);
        is_int(wf_load_member_lost(r->load, c.id, i, "gone", NULL, &task, &err),
               APR_SUCCESS, "%s is lost", names[i]);
    }
    ok(pump_until(&c, 0), "it ends");
    is_str(wf_run_status_name(r->last.status), "failed", "failed");
    is_str(member_status(r, "two"), "failed", "as all members");
    ok(of_members(r, "completed_iters") == r->last.iterations && r->last.iterations >= 20,
       "what they did is counted");
    ok(error_with(r, "slave two is lost (gone)") != NULL, "their loss is told");
    is_int(error_with(r, "no slave is left for the teardown") != NULL, *teardown != '\0',
           "and that there was no teardown");
    close_cluster(&c);
}

/* ---- parts that move --------------------------------------------------------------------- */

/* A task stands still, and tells what it did until then. */
static void come_to_rest(cluster_t *c, task_t *task)
{
    wf_load_t *load = c->slaves[task->slave];
    wf_run_snapshot_t snapshot;
    said_t said;
    wf_error_t err;

    wf_error_init(&err, c->pool);
    is_int(wf_load_is_quiet(load, task->id), 0, "what runs is not quiet");
    is_int(wf_load_pause(load, task->id, &err), APR_SUCCESS, "it stands still");
    PUMP_UNTIL(c, wf_load_is_quiet(load, task->id));
    is_int(wf_load_is_quiet(load, task->id), 1, "and is quiet then");
    is_int(wf_load_record(load, task->id, &snapshot, c->pool, &err), APR_SUCCESS,
           "its record");
    said = (said_t){ snapshot.record->sequence, snapshot.record->state,
                     snapshot.record->sheet };
    while (task->known_sequence != said.sequence) {
        tell(c, task, &said, c->pool);
    }
    task->given_up = 1;
    wf_load_cut(load, task->id, &err);
    is_int(wf_load_is_quiet(load, task->id), 0, "what is cut is not quiet");
}

/* Nothing is lost, and nothing is done twice. */
static void moves(runner_t *r)
{
    wf_run_from_t from;
    apr_int64_t next = 0;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD "steps:\n- {id: s, type: http, config: {url: 'BASE/slow/5'}}\n"
                      "options: {mode: shared-iterations, vus: 24, iterations: 1200}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 100), "three are under way");
    come_to_rest(&c, c.tasks[1]);
    is_int(wf_load_member_moved(r->load, c.id, 1, 1, "four", &next, &err), APR_SUCCESS,
           "its part goes elsewhere");
    is_int(next, 2, "as a new task");
    is_int(wf_load_member_record(r->load, c.id, 1, &from, r->pool, &err), APR_SUCCESS,
           "with its record");
    c.hosts[1] = 0;
    start_task(&c, 0, 1, next, "main", NULL, &from);
    wf_load_member_moved(r->load, c.id, 1, 1, "four", &next, &err);
    is_int(err.kind, WF_ERR_CONFLICT, "it was somebody else's before");
    ok(pump_until(&c, 0), "to the end");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, 1200, "exactly all iterations");
    is_int(target_requests(&r->target), 1200, "as the target saw it");
    is_str(member_status(r, "two"), "completed", "who gave it away did his");
    is_str(member_status(r, "four"), "completed", "as who has got it");
    is_int(member_done(r, "two") + member_done(r, "four"), 400, "together all of it");
    ok(member_done(r, "two") > 0 && member_done(r, "four") > 0, "both some");
    is_int((int)json_object_array_length(r->last.errors), 0, "nothing went wrong");
    close_cluster(&c);
}

static void moves_too_late(runner_t *r)
{
    apr_int64_t next = 7;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r, HEAD PAUSE "options: {vus: 6, duration: 60s}\n");
    start(&c, r->load, NULL);
    ok(pump_until(&c, 20), "three are under way");
    come_to_rest(&c, c.tasks[1]);
    is_int(wf_load_stop(r->load, c.id, &err), APR_SUCCESS, "stop");
    is_int(wf_load_member_moved(r->load, c.id, 1, 1, "four", &next, &err), APR_SUCCESS,
           "a part was on its way");
    is_int(next, 0, "nobody needs it any more");
    ok(pump_until(&c, 0), "it ends");
    is_str(wf_run_status_name(r->last.status), "aborted", "aborted");
    is_str(member_status(r, "two"), "aborted", "as who had it");
    close_cluster(&c);
}

/* ---- the master's restart ---------------------------------------------------------------------------------- */

/* Records of others, and what is none. */
static void refused(cluster_t *c, const wf_run_from_t *from)
{
    static const struct {
        const char *from, *to;
    } wrong[] = {
        { "\"members\":", "\"others\":" },
        { "\"list\":[", "\"list\":[{}," },
        { "\"gone\":[", "\"gone\":3,\"x\":[" },
        { "\"task\":1", "\"task\":-1" },
        { "\"status\":", "\"status\":9" },
        { "\"state\":\"{", "\"state\":\"[{" },
        { "\"past\":\"{", "\"past\":\"x" },
        { "\"sheet\":\"{", "\"sheet\":\"" },
        { "\"gone\":[", "\"gone\":[{\"part\":3}," },
    };
    size_t i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        wf_run_from_t other = *from;
        const char *at = strstr(from->state, wrong[i].from);
        wf_spread_t spread = { MEMBERS, names, weights, on_order, c };
        apr_pool_t *p;
        wf_error_t err;

        wf_error_init(&err, c->pool);
        p = wf_pool_create("t_spread", 0);
        other.state =
            apr_psprintf(c->pool, "%.*s%s%s", at ? (int)(at - from->state) : 0,
                         from->state, wrong[i].to, at ? at + strlen(wrong[i].from) : "");
        wf_load_spread(c->r->load, compile(c, p), p, c->id, &other, &spread, &err);
        is_int(err.kind, WF_ERR_INVALID, "no record: %s for %s (%s)", wrong[i].to,
               wrong[i].from, err.message ? err.message : "taken");
    }
    is_int(c->nnotes, 0, "nothing is ordered");
}

static void master_returns(runner_t *r)
{
    wf_load_t *usual = r->load, *first = another_master(r);
    wf_run_snapshot_t snapshot;
    wf_run_from_t from;
    apr_int64_t task = 0;
    cluster_t c;
    wf_error_t err;

    wf_error_init(&err, r->pool);
    open_cluster(&c, r,
                 HEAD PAUSE "options: {mode: shared-iterations, vus: 24, "
                            "iterations: 3000}\n");
    r->load = first;
    start(&c, first, NULL);
    ok(pump_until(&c, 300), "three are under way");
    is_int(wf_load_record(first, c.id, &snapshot, c.pool, &err), APR_SUCCESS,
           "the record of the whole");
    from = from_of(snapshot.record);
    ok(pump_until(&c, snapshot.iterations + 100), "more comes after it");
    wf_load_hold(first, 0);
    wf_load_destroy(first);
    ok(!ended(&c), "a master that goes away ends nothing");
    kill_slave(&c, 0); /* nobody notices at once */

    r->load = usual;
    refused(&c, &from);
    start(&c, usual, &from);
    PUMP_UNTIL(&c, c.nnotes == 0);
    is_int(c.ntasks, MEMBERS, "nobody begins anew");
    is_int(wf_load_member_lost(usual, c.id, 0, "not come back", "two", &task, &err),
           APR_SUCCESS, "one does not come back");
    is_int(wf_load_member_record(usual, c.id, 0, &from, r->pool, &err), APR_SUCCESS,
           "what is known of it");
    start_task(&c, 1, 0, task, "main", NULL, &from);
    ok(pump_until(&c, 0), "to the end");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, 3000, "exactly all iterations");
    is_int(of_members(r, "completed_iters"), 3000, "each has its own");
    ok(error_with(r, "the engine was restarted") != NULL, "the result says it");
    close_cluster(&c);
}

int main(void)
{
    runner_t r;

    apr_initialize();
    srand(7);
    runner_open(&r, 1);
    succeeded(&r);
    adjoins(&r);
    scaled(&r);
    paused(&r);
    stopping(&r);
    aborted(&r);
    goes_short(&r);
    goes_short_by_time(&r);
    short_over_restart(&r);
    in_setup(&r);
    nobody_left(&r, "");
    nobody_left(&r, "teardown:\n- {id: out, type: http, config: {url: 'BASE/ok?out'}}\n");
    moves(&r);
    moves_too_late(&r);
    master_returns(&r);
    master_ends(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
