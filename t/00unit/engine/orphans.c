/* What slaves do while their master is away, shorter and longer than their timeout; and
 * two slaves under one name. */
#include "site.h"

#define USERS 24
#define REQUESTS(n)                                                                      \
    "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: 'BASE/slow/5'}}\n"      \
    "options: {mode: shared-iterations, vus: 24, iterations: " #n "}\n"

/* Tasks of the latest execution that run on slaves. */
static int running(site_t *site)
{
    apr_pool_t *p = wf_pool_create("t_running", 0);
    int i, part, n = 0;

    for (i = 0; i < SLAVES; i++) {
        for (part = 0; part < SLAVES; part++) {
            n += wf_load_is_live(site->slaves[i].load,
                                 apr_psprintf(p, "%s/%d/1", site->id, part));
        }
    }
    apr_pool_destroy(p);
    return n;
}

static void open_slaves(site_t *site, int finish)
{
    int i;

    site->finish_orphans = finish;
    for (i = 0; i < SLAVES; i++) {
        open_slave(site, i, &key);
    }
    WAIT_FOR(online(site) == SLAVES);
}

static void close_slaves(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
}

/* As if it were killed, until all slaves have nothing to do any more. */
static wf_run_from_t away(site_t *site)
{
    wf_run_from_t from;

    pthread_mutex_lock(&site->lock);
    from = site->record;
    pthread_mutex_unlock(&site->lock);
    close_master(site);
    site->ended = 0;
    WAIT_FOR(running(site) == 0);
    return from;
}

static void stop_orphans(site_t *site)
{
    wf_run_from_t from;
    int sent;

    open_slaves(site, 0);
    is_str(start(site, REQUESTS(20000), WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 100);
    from = away(site);
    sent = target_requests(&site->target);
    ok(sent < 20000, "%d of 20000 are sent, and then no more", sent);
    open_master(site);
    is_str(go_on(site, &from), NULL, "the master is back");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 20000, "orphans that were stopped");
    ok(target_requests(&site->target) <= 20000 + USERS,
       "what was told in the end is not done again: %d requests",
       target_requests(&site->target));
    ok(error_with(site, "it has stopped while it did not hear of its master") != NULL,
       "the result says it");
    close_slaves(site);
}

static void finish_orphans(site_t *site)
{
    wf_run_from_t from;

    open_slaves(site, 1);
    is_str(start(site, REQUESTS(6000), WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 100);
    from = away(site);
    is_int(target_requests(&site->target), 6000, "all is done without a master");
    open_master(site);
    is_str(go_on(site, &from), NULL, "the master is back");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "orphans that went on");
    is_int(target_requests(&site->target), 6000, "nothing is done twice");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
    close_slaves(site);
}

/* A slave that does not hear of its master, and the master not of it; but both live. */
static void cut_off(site_t *site, int finish)
{
    int i;

    open_slaves(site, finish);
    is_str(start(site, REQUESTS(6000), WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 100);
    for (i = 0; i < SLAVES; i++) {
        break_connection(&site->slaves[i], 1);
    }
    /* Nobody is left to go on: they are lost, and the execution has failed. */
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "failed", "nobody is left");
    for (i = 0; i < SLAVES; i++) {
        __atomic_store_n(&site->slaves[i].cut, 0, __ATOMIC_RELAXED);
    }
    WAIT_FOR(online(site) == SLAVES);
    WAIT_FOR(running(site) == 0);
    is_str(start(site, REQUESTS(6000), WF_LOSS_REDISTRIBUTE), NULL,
           "the next one begins");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "after that");
    close_slaves(site);
}

static int dials(const slave_t *slave)
{
    return __atomic_load_n(&slave->dials, __ATOMIC_RELAXED);
}

/* The first one stays, and the second one comes in when it has gone. */
static void same_name(site_t *site)
{
    int first;

    site->slave_id = "twin";
    open_slave(site, 0, &key);
    WAIT_FOR(online(site) == 1);
    first = dials(&site->slaves[0]);
    open_slave(site, 1, &key);
    WAIT_FOR(dials(&site->slaves[1]) >= 4);
    is_int(dials(&site->slaves[0]), first, "the first one keeps its connection");
    is_int(online(site), 1, "there is one of that name");
    close_slave(&site->slaves[0]);
    WAIT_FOR(online(site) == 0 || dials(&site->slaves[1]) > 4);
    WAIT_FOR(online(site) == 1);
    close_slave(&site->slaves[1]);
    site->slave_id = NULL;
}

int main(void)
{
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    stop_orphans(&site);
    finish_orphans(&site);
    cut_off(&site, 0);
    cut_off(&site, 1);
    same_name(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
