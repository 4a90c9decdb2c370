/* What a master orders reaches all its slaves by itself: none of them reports or asks for
 * anything in the meantime. */
#include "site.h"

#define HOUR (3600 * APR_USEC_PER_SEC)
#define ROUNDS 5

typedef struct order_t {
    const char *what;
    apr_status_t (*give)(wf_load_t *load, const char *id, wf_error_t *err);
    wf_run_status_e status; /* of the slaves' tasks afterwards … */
    int vus;                /* … and their users, together; -1: in any number */
} order_t;

static apr_status_t grow(wf_load_t *load, const char *id, wf_error_t *err)
{
    return wf_load_scale(load, id, NULL, 30, err);
}

static apr_status_t shrink(wf_load_t *load, const char *id, wf_error_t *err)
{
    return wf_load_scale(load, id, NULL, 6, err);
}

static const order_t orders[] = {
    { "pause", wf_load_pause, WF_RUN_PAUSED, -1 },
    { "resume", wf_load_resume, WF_RUN_RUNNING, 6 },
    { "scale up", grow, WF_RUN_RUNNING, 30 },
    { "scale down", shrink, WF_RUN_RUNNING, 6 },
};
static const order_t stop = { "stop", wf_load_stop, WF_RUN_STATES, 0 };

/* Of the task of slave i, whichever part that is; WF_RUN_STATES: it is over. */
static wf_run_status_e status_of(site_t *site, int i, apr_int64_t *users)
{
    apr_pool_t *p = wf_pool_create("t_status", 0);
    wf_run_snapshot_t now = { .status = WF_RUN_STATES };
    wf_error_t err;
    int part;

    wf_error_init(&err, p);
    for (part = 0; part < SLAVES && now.status == WF_RUN_STATES; part++) {
        wf_load_snapshot(site->slaves[i].load, apr_psprintf(p, "%s/%d/1", site->id, part),
                         &now, p, &err);
    }
    *users += now.active_vus;
    apr_pool_destroy(p);
    return now.status;
}

static int obeyed(site_t *site, const order_t *order)
{
    apr_int64_t users = 0;
    int i, n = 0;

    for (i = 0; i < SLAVES; i++) {
        wf_run_status_e status = status_of(site, i, &users);

        n += status == order->status
             || (order->status == WF_RUN_STATES && wf_run_status_final(status));
    }
    return n == SLAVES && (order->vus < 0 || users == order->vus);
}

/* Microseconds until all of them have done it. */
static apr_int64_t give(site_t *site, const order_t *order)
{
    apr_int64_t begun = wf_mono_us();
    wf_error_t err;

    wf_error_init(&err, site->pool);
    if (order->give(site->load, site->id, &err) != APR_SUCCESS) {
        ok(0, "%s is ordered: %s", order->what, err.message);
    }
    while (!obeyed(site, order) && wf_mono_us() - begun < WAIT_US) {
        wait_a_little();
    }
    return wf_mono_us() - begun;
}

/* The best of several rounds, so that a busy machine does not matter. */
static void are_quick(site_t *site)
{
    enum { ORDERS = sizeof(orders) / sizeof(orders[0]) };
    apr_int64_t best[ORDERS], took;
    int round, i;

    for (round = 0; round < ROUNDS; round++) {
        for (i = 0; i < ORDERS; i++) {
            took = give(site, &orders[i]);
            best[i] = round == 0 || took < best[i] ? took : best[i];
        }
    }
    for (i = 0; i < ORDERS; i++) {
        ok(best[i] < APR_USEC_PER_SEC, "%s: all slaves obey within a second: %d ms",
           orders[i].what, (int)(best[i] / 1000));
    }
}

int main(void)
{
    static const order_t running = { .status = WF_RUN_RUNNING, .vus = 6 };
    site_t site;
    int i;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    site.report = HOUR;
    for (i = 0; i < SLAVES; i++) {
        open_slave(&site, i, &key);
    }
    WAIT_FOR(online(&site) == SLAVES);
    is_str(start(&site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 6, duration: 1h}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(obeyed(&site, &running));
    are_quick(&site);
    give(&site, &stop);
    WAIT_FOR(ended(&site) == 1);
    is_str(wf_run_status_name(site.last.status), "aborted", "stop: it has ended");
    close_site(&site);
    apr_terminate();
    return done_testing();
}
