/* A master and its slaves, each with a load engine, a thread and a link of its own, in
 * one process: who registers, what is carried, and what becomes of it when connections
 * break. */
#include "site.h"

/* ---- tests ---------------------------------------------------------------------------------------- */

static void registers(site_t *site)
{
    const char *why;
    int i;

    why = start(site, LONG, WF_LOSS_REDISTRIBUTE);
    is_str(why, "no online slaves available", "nobody is there yet");
    open_slave(site, 0, &other_key);
    WAIT_FOR(__atomic_load_n(&site->slaves[0].dials, __ATOMIC_RELAXED) >= 3);
    is_int(online(site), 0, "one with another key is not let in");
    close_slave(&site->slaves[0]);
    for (i = 0; i < SLAVES; i++) {
        open_slave(site, i, &key);
    }
    WAIT_FOR(online(site) == SLAVES);
}

static void runs(site_t *site)
{
    is_str(start(site,
                 "id: w\nname: W\n"
                 "setup:\n- {id: in, type: http, config: {url: 'BASE/ok?setup'}}\n"
                 "- {id: keep, type: script, config: {script: \"vars.set('token', "
                 "'t-1')\"}}\n"
                 "teardown:\n- {id: out, type: http, config: {url: 'BASE/ok?out'}}\n"
                 "steps:\n- {id: s, type: http, config: {url: 'BASE/ok?${token}'}}\n"
                 "options: {mode: shared-iterations, vus: 12, iterations: 300}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 300, "three slaves");
    is_int(target_requests(&site->target), 302, "as the target saw it");
    ok(target_saw(&site->target, "?t-1"), "with what the setup has left");
    ok(json_object_object_length(site->last.slave_states) == SLAVES, "all took part");
}

static void controls(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(users_of(site) == 6);
    is_int(wf_load_scale(site->load, site->id, NULL, 13, &err), APR_SUCCESS, "scaled");
    WAIT_FOR(users_of(site) == 13);
    is_int(wf_load_pause(site->load, site->id, &err), APR_SUCCESS, "paused");
    is_int(wf_load_resume(site->load, site->id, &err), APR_SUCCESS, "resumed");
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "aborted");
}

/* For less than the timeout: it goes on where it was. */
static void stumbles(site_t *site)
{
    int dials = __atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED);

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[1], 0);
    WAIT_FOR(__atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED) > dials);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a connection that breaks");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
    WAIT_FOR(online(site) == SLAVES);
}

/* For longer: somebody else goes on, and when it comes back nobody wants it. */
static void is_cut_off(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[2], 1);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that is cut off");
    ok(error_with(site, "slave slave-2 is lost (silent for too long): ") != NULL
           && strstr(error_with(site, "slave-2 is lost"), "later may be done twice")
           && json_object_array_length(site->last.errors) == 1,
       "the result says it: %s", error_with(site, "slave-2 is lost"));
    __atomic_store_n(&site->slaves[2].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

static void policies(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_CONTINUE), NULL, "one that goes on short");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[0], 1);
    WAIT_FOR(ended(site) == 1);
    ok(site->last.iterations < 6000 && site->last.iterations >= 5000, "%d iterations",
       (int)site->last.iterations);
    ok(error_with(site, apr_psprintf(site->pool, "the other %d are not made",
                                     6000 - (int)site->last.iterations))
           != NULL,
       "and says how many are missing");
    is_int(wf_json_int(site->last.metrics, "dropped_iterations", -1),
           6000 - site->last.iterations, "and counts them");
    is_str(wf_run_status_name(site->last.status), "failed", "it promised to make them");
    __atomic_store_n(&site->slaves[0].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);

    is_str(start(site, LONG, WF_LOSS_ABORT), NULL, "one that is to be whole or nothing");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[0], 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "failed", "failed");
    __atomic_store_n(&site->slaves[0].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

/* One that stops in order says so, and nobody waits for it. */
static void says_goodbye(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    close_slave(&site->slaves[2]);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that stops");
    ok(error_with(site, "it has said goodbye") != NULL, "the result says it");
    is_int(online(site), 2, "two are left");
}

static wf_slave_state_e state_of(site_t *site, const char *id)
{
    apr_pool_t *p = wf_pool_create("t_state", 0);
    wf_slave_t slave = { .state = WF_SLAVE_STATES };
    wf_error_t err;

    wf_error_init(&err, p);
    wf_registry_get(site->registry, id, &slave, p, &err);
    apr_pool_destroy(p);
    return slave.state;
}

/* It stays drained as long as it lives, whatever becomes of connections and masters. */
static void drains(site_t *site)
{
    wf_error_t err;
    int dials;

    wf_error_init(&err, site->pool);
    is_int(wf_coordinator_drain(site->coordinator, "nobody", &err), WF_EFAILED,
           "nobody cannot be drained");
    is_int(wf_coordinator_drain(site->coordinator, "slave-1", &err), APR_SUCCESS,
           "a slave can");
    is_int(state_of(site, "slave-1"), WF_SLAVE_DRAINING, "it is at once");
    dials = __atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED);
    break_connection(&site->slaves[1], 0);
    WAIT_FOR(__atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED) > dials);
    WAIT_FOR(state_of(site, "slave-1") == WF_SLAVE_DRAINING);
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    restart_master(site, 0);
    WAIT_FOR(state_of(site, "slave-1") == WF_SLAVE_DRAINING);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "without the one that is drained");
    ok(wf_json_get(site->last.slave_states, "slave-1") == NULL,
       "which has no part of it");
    close_slave(&site->slaves[1]);
    open_slave(site, 1, &key);
    WAIT_FOR(online(site) == SLAVES);
}

/* ---- the master, again ----------------------------------------------------------------------- */

static void restarts(site_t *site, int in_order)
{
    const char *how =
        in_order ? "a master that was restarted" : "a master that was killed";

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    restart_master(site, in_order);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, how);
    ok(error_with(site, "the engine was restarted") != NULL, "the result says it");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
    WAIT_FOR(online(site) == SLAVES);
}

static void restarts_paused(site_t *site)
{
    wf_run_snapshot_t now;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    is_int(wf_load_pause(site->load, site->id, &err), APR_SUCCESS, "paused");
    restart_master(site, 1);
    is_int(wf_load_snapshot(site->load, site->id, &now, site->pool, &err), APR_SUCCESS,
           "it is there");
    is_str(wf_run_status_name(now.status), "paused", "and still paused");
    WAIT_FOR(online(site) == SLAVES);
    is_int(wf_load_resume(site->load, site->id, &err), APR_SUCCESS, "resumed");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a pause over a restart");
}

/* An order that was given while a slave was away holds when it comes back. */
static void hears_later(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(users_of(site) == 6);
    break_connection(&site->slaves[2], 1);
    WAIT_FOR(online(site) == SLAVES - 1);
    is_int(wf_load_scale(site->load, site->id, NULL, 24, &err), APR_SUCCESS, "scaled");
    __atomic_store_n(&site->slaves[2].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(users_of(site) == 24);
    restart_master(site, 0);
    WAIT_FOR(online(site) == SLAVES && users_of(site) == 24);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    restart_master(site, 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "it ends as it was stopped");
    WAIT_FOR(online(site) == SLAVES);
}

/* Iterations that are let end when the master dies count. */
static void stops_and_restarts(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: "
                 "'BASE/slow/500'}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(target_requests(&site->target) >= 6);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    restart_master(site, 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "aborted");
    is_int(site->last.iterations, target_requests(&site->target),
           "what was under way counts");
    WAIT_FOR(online(site) == SLAVES);
}

static void one_is_missing(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[1], 1);
    restart_master(site, 0);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that does not come back to a new master");
    ok(error_with(site, "slave slave-1 is lost") != NULL, "the result says it");
    __atomic_store_n(&site->slaves[1].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

/* Killed, as it cannot say goodbye. */
static void both_restart(site_t *site)
{
    int i;

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    for (i = 0; i < SLAVES; i++) {
        break_connection(&site->slaves[i], 1);
    }
    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    restart_master(site, 0);
    for (i = 0; i < SLAVES; i++) {
        __atomic_store_n(&site->slaves[i].cut, 0, __ATOMIC_RELAXED);
        open_slave(site, i, &key);
    }
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "all servers at once");
    WAIT_FOR(online(site) == SLAVES);
}

/* One that was submitted and has no record yet. */
static void begins_later(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    WAIT_FOR(online(site) == 0);
    next_id(site, LONG);
    is_str(go_on(site, NULL), NULL, "without a record and without slaves");
    open_slave(site, 0, &key);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "it begins when there is one");
    close_slave(&site->slaves[0]);
    WAIT_FOR(online(site) == 0);
    next_id(site, LONG);
    is_str(go_on(site, NULL), NULL, "once more");
    WAIT_FOR(__atomic_load_n(&site->failed, __ATOMIC_ACQUIRE) != NULL);
    is_str(site->failed,
           apr_pstrcat(site->pool, site->id, ": no online slaves available", NULL),
           "nobody waits for ever");
}

int main(void)
{
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    registers(&site);
    runs(&site);
    controls(&site);
    stumbles(&site);
    is_cut_off(&site);
    policies(&site);
    restarts(&site, 1);
    restarts(&site, 0);
    restarts_paused(&site);
    hears_later(&site);
    stops_and_restarts(&site);
    one_is_missing(&site);
    both_restart(&site);
    drains(&site);
    says_goodbye(&site);
    begins_later(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
