/* Whatever happens to slaves, connections and the master, in any order: an execution
 * ends, and has exactly its iterations. WF_SEED and WF_ROUNDS choose others than the
 * usual ones. */
#include "site.h"

#include <stdlib.h>

#define ROUNDS 3
#define EVENTS 14

static unsigned seed;

static int pick(int n)
{
    seed = seed * 1103515245 + 12345;
    return (int)(seed >> 16 & 0x7fff) % n;
}

static void toggle_slave(site_t *site, int i)
{
    if (site->slaves[i].agent == NULL) {
        open_slave(site, i, &key);
    }
    else {
        close_slave(&site->slaves[i]);
    }
}

/* Paused executions make nothing: not for long. */
static void pause_shortly(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    if (wf_load_pause(site->load, site->id, &err) == APR_SUCCESS) {
        wait_a_little();
        wf_load_resume(site->load, site->id, &err);
    }
}

static void happen(site_t *site)
{
    int i = 1 + pick(SLAVES - 1); /* the first one stays: somebody must do it */

    switch (pick(5)) {
    case 0:
    case 1:
        toggle_slave(site, i);
        break;
    case 2:
        break_connection(&site->slaves[pick(SLAVES)], 0);
        break;
    case 3:
        pause_shortly(site);
        break;
    default:
        restart_master(site, pick(2));
    }
}

static void churn(site_t *site)
{
    int i, before = 0;

    for (i = 0; i < SLAVES; i++) {
        if (site->slaves[i].agent == NULL && (i == 0 || pick(2))) {
            open_slave(site, i, &key);
        }
    }
    WAIT_FOR(online(site) > 0);
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    for (i = 0; i < EVENTS && ended(site) == 0; i++) {
        WAIT_FOR(known(site) >= before + 100 || ended(site) == 1);
        before = known(site);
        if (ended(site) == 0) {
            happen(site);
        }
    }
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "after all that");
}

static int number(const char *name, int usual)
{
    const char *text = getenv(name);

    return text != NULL ? atoi(text) : usual;
}

int main(void)
{
    int rounds = number("WF_ROUNDS", ROUNDS), i;
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    for (i = 0; i < rounds; i++) {
        seed = (unsigned)(number("WF_SEED", 1) + i);
        site.late = i % 3 < 2; /* do slaves that come take part? */
        diag("seed %u", seed);
        churn(&site);
    }
    close_site(&site);
    apr_terminate();
    return done_testing();
}
