/* Slaves that come when an execution runs already: what they get, and that nothing is
 * lost or done twice on the way. */
#include "site.h"
#include "cluster/coordinator.h"

/* 6000 requests that the target counts. */
#define WORK                                                                             \
    "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: 'BASE/slow/5'}}\n"      \
    "options: {mode: shared-iterations, vus: 24, iterations: 6000}\n"

static const struct {
    int slaves, vus, each;
} deals[] = {
    { 1, 1000, 12 }, { 2, 1000, 6 },  { 3, 1000, 4 },  { 10, 1000, 4 },
    { 16, 1000, 4 }, { 30, 1000, 2 }, { 64, 1000, 1 }, { 100, 1000, 1 },
    { 2, 5, 2 },     { 3, 3, 1 },     { 5, 0, 1 },
};

static void is_dealt(void)
{
    size_t i;

    for (i = 0; i < sizeof(deals) / sizeof(deals[0]); i++) {
        is_int(wf_parts_each(deals[i].slaves, deals[i].vus), deals[i].each,
               "%d slaves, %d users: so many parts each", deals[i].slaves, deals[i].vus);
    }
}

/* What is known of a slave now, in p; NULL: it does not take part. */
static json_object *now_of(site_t *site, int i, apr_pool_t *p)
{
    wf_run_snapshot_t now = { 0 };
    wf_error_t err;

    wf_error_init(&err, p);
    wf_load_snapshot(site->load, site->id, &now, p, &err);
    return wf_json_get(now.slave_states, apr_psprintf(p, "slave-%d", i));
}

/* Its iterations; -1: it does not take part. */
static int done_by(site_t *site, int i)
{
    apr_pool_t *p = wf_pool_create("t_done", 0);
    int n = (int)wf_json_int(now_of(site, i, p), "completed_iters", -1);

    apr_pool_destroy(p);
    return n;
}

static int is_now(site_t *site, int i, const char *status)
{
    apr_pool_t *p = wf_pool_create("t_is", 0);
    int is = strcmp(wf_json_string(now_of(site, i, p), "status", ""), status) == 0;

    apr_pool_destroy(p);
    return is;
}

/* Does a first task of the first slave stand still? */
static int stands_still(site_t *site)
{
    apr_pool_t *p = wf_pool_create("t_still", 0);
    wf_run_snapshot_t now;
    int i, n = 0;

    for (i = 0; i < WF_PARTS_LEAST; i++) {
        wf_error_t err;

        wf_error_init(&err, p);
        n += wf_load_snapshot(site->slaves[0].load,
                              apr_psprintf(p, "%s/%d/1", site->id, i), &now, p, &err)
                 == APR_SUCCESS
             && now.status == WF_RUN_PAUSED;
    }
    apr_pool_destroy(p);
    return n > 0;
}

static const char *state_of(site_t *site, int i)
{
    return wf_json_string(
        wf_json_get(site->last.slave_states, apr_psprintf(site->pool, "slave-%d", i)),
        "status", NULL);
}

static void only(site_t *site, int n)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        __atomic_store_n(&site->slaves[i].cut, 0, __ATOMIC_RELAXED);
        if (i < n && site->slaves[i].agent == NULL) {
            open_slave(site, i, &key);
        }
        if (i >= n) {
            close_slave(&site->slaves[i]);
        }
    }
    WAIT_FOR(online(site) == n);
}

static int errors(const site_t *site)
{
    return (int)json_object_array_length(site->last.errors);
}

static void joins(site_t *site)
{
    only(site, 1);
    is_str(start(site, WORK, WF_LOSS_REDISTRIBUTE), NULL, "one begins with one slave");
    WAIT_FOR(known(site) > 300);
    open_slave(site, 1, &key);
    WAIT_FOR(done_by(site, 1) > 0);
    open_slave(site, 2, &key);
    WAIT_FOR(done_by(site, 2) > 0);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "two slaves that join");
    is_int(target_requests(&site->target), 6000, "none was made twice");
    is_int(errors(site), 0, "nothing went wrong");
    is_str(state_of(site, 0), "completed", "the first one did its part");
    is_str(state_of(site, 2), "completed", "as the last");
}

/* Without being asked for nobody gets anything. */
static void stays_out(site_t *site)
{
    only(site, 2);
    site->late = 0;
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one that is closed");
    WAIT_FOR(known(site) > 300);
    open_slave(site, 2, &key);
    WAIT_FOR(online(site) == 3);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "nobody joins");
    ok(state_of(site, 2) == NULL, "the third took no part");
    site->late = 1;
}

static void comes_back(site_t *site)
{
    only(site, 2);
    is_str(
        start(site,
              "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
              "5ms}}\noptions: {mode: shared-iterations, vus: 24, iterations: 20000}\n",
              WF_LOSS_REDISTRIBUTE),
        NULL, "one begins with two");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[1], 1);
    WAIT_FOR(is_now(site, 1, "failed"));
    only(site, 2);
    WAIT_FOR(is_now(site, 1, "running"));
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 20000, "a slave that was lost, and comes back");
    is_str(state_of(site, 1), "completed", "it did its part in the end");
}

/* Nobody could take it over, until somebody came. */
static void waits(site_t *site)
{
    only(site, 1);
    is_str(start(site, WORK, WF_LOSS_REDISTRIBUTE), NULL, "one begins with one slave");
    WAIT_FOR(known(site) > 300);
    close_slave(&site->slaves[0]);
    WAIT_FOR(online(site) == 0);
    open_slave(site, 1, &key);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "another one came");
    is_str(state_of(site, 0), "failed", "the first one was lost");
    only(site, 1);
    is_str(start(site, WORK, WF_LOSS_REDISTRIBUTE), NULL, "once more");
    WAIT_FOR(known(site) > 300);
    close_slave(&site->slaves[0]);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "failed", "nobody came");
    ok(error_with(site, "slave slave-0 is lost (it has said goodbye)") != NULL,
       "it says why");
}

/* Iterations are under way, and those end before a part moves. */
static void moves_slowly(site_t *site, int paused)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    only(site, 1);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: "
                 "'BASE/slow/400'}}\noptions: {vus: 12, iterations: 5}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one of few and slow iterations");
    WAIT_FOR(target_requests(&site->target) >= 12);
    open_slave(site, 1, &key);
    WAIT_FOR(online(site) == 2);
    if (paused) {
        WAIT_FOR(stands_still(site) || done_by(site, 1) >= 0);
        is_int(wf_load_pause(site->load, site->id, &err), APR_SUCCESS, "paused");
        WAIT_FOR(done_by(site, 1) >= 0);
        is_int(wf_load_resume(site->load, site->id, &err), APR_SUCCESS, "resumed");
    }
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 60, paused ? "a pause while parts move" : "slow iterations");
    is_int(target_requests(&site->target), 60, "none was made twice");
    is_int(errors(site), 0, "nothing went wrong");
    ok(state_of(site, 1) != NULL, "the newcomer took part");
}

/* What takes too long stays where it is, and goes on. */
static void stays(site_t *site)
{
    site->patience = 50000;
    only(site, 0);
    only(site, 1);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: "
                 "'BASE/slow/700'}}\noptions: {vus: 12, iterations: 3}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one of slower iterations");
    WAIT_FOR(target_requests(&site->target) >= 12);
    open_slave(site, 1, &key);
    WAIT_FOR(ended(site) == 1);
    is_int(site->last.iterations, 36, "all iterations");
    is_int(target_requests(&site->target), 36, "none was made twice");
    is_str(wf_run_status_name(site->last.status), "completed", "completed");
    ok(state_of(site, 1) == NULL, "the newcomer got nothing");
    site->patience = 0;
    only(site, 0);
}

static void stopped_meanwhile(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    only(site, 1);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: "
                 "'BASE/slow/400'}}\noptions: {vus: 12, duration: 1h}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one without an end");
    WAIT_FOR(target_requests(&site->target) >= 12);
    open_slave(site, 1, &key);
    WAIT_FOR(online(site) == 2);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "aborted");
    is_int(site->last.iterations, target_requests(&site->target), "all of it counts");
}

static void scales(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    only(site, 1);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 12, duration: 1h}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one without an end");
    WAIT_FOR(users_of(site) == 12);
    is_int(wf_load_scale(site->load, site->id, NULL, 36, &err), APR_SUCCESS, "scaled");
    WAIT_FOR(users_of(site) == 36);
    open_slave(site, 1, &key);
    WAIT_FOR(done_by(site, 1) > 0 && users_of(site) == 36);
    is_int(wf_load_scale(site->load, site->id, NULL, 24, &err), APR_SUCCESS, "again");
    WAIT_FOR(users_of(site) == 24);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    WAIT_FOR(ended(site) == 1);
}

/* A drained slave gives nothing away. */
static void drains(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    only(site, 1);
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    is_int(wf_registry_drain(site->registry, "slave-0", &err), APR_SUCCESS, "drained");
    open_slave(site, 1, &key);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "it does all of it");
    ok(state_of(site, 1) == NULL, "the newcomer got nothing");
    only(site, 0);
}

/* Who has which part is in the record, and a move that was under way comes to an end. */
static void restarts(site_t *site)
{
    only(site, 1);
    is_str(start(site, WORK, WF_LOSS_REDISTRIBUTE), NULL, "one begins with one slave");
    WAIT_FOR(known(site) > 300);
    open_slave(site, 1, &key);
    WAIT_FOR(done_by(site, 1) > 0);
    open_slave(site, 2, &key);
    WAIT_FOR(online(site) == 3);
    restart_master(site, 1);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a master that is restarted");
    is_int(target_requests(&site->target), 6000, "none was made twice");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
}

int main(void)
{
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    is_dealt();
    open_site(&site);
    site.late = 1;
    joins(&site);
    stays_out(&site);
    comes_back(&site);
    waits(&site);
    moves_slowly(&site, 0);
    moves_slowly(&site, 1);
    stays(&site);
    stopped_meanwhile(&site);
    scales(&site);
    drains(&site);
    restarts(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
