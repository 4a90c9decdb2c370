/* Slaves whose clocks are wrong by an hour begin together with the others, and the result
 * says how wrong they are. */
#include "site.h"

#include <math.h>

#define HOUR_MS 3600000.0
#define NEAR_MS 30000.0 /* what no delay of a slow machine comes to */

static apr_int64_t fast(void)
{
    return apr_time_now() + (apr_int64_t)(HOUR_MS * 1000);
}

static apr_int64_t slow(void)
{
    return apr_time_now() - (apr_int64_t)(HOUR_MS * 1000);
}

static const struct {
    apr_int64_t (*now)(void);
    double offset_ms;
} clocks[SLAVES] = { { NULL, 0 }, { fast, HOUR_MS }, { slow, -HOUR_MS } };

static double number_of(site_t *site, int i, const char *name)
{
    json_object *state =
        wf_json_get(site->last.slave_states, apr_psprintf(site->pool, "slave-%d", i));
    json_object *number = wf_json_get(state, name);

    ok(number != NULL, "slave %d has %s", i, name);
    return number != NULL ? json_object_get_double(number) : 0;
}

static void begin_together(site_t *site)
{
    double offset, skew, error;
    int i;

    for (i = 0; i < SLAVES; i++) {
        site->now = clocks[i].now;
        open_slave(site, i, &key);
    }
    WAIT_FOR(online(site) == SLAVES);
    is_str(
        start(site,
              "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: 'BASE/ok'}}\n"
              "options: {vus: 6, iterations: 60}\n",
              WF_LOSS_REDISTRIBUTE),
        NULL, "one begins");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6 * 60, "slaves with wrong clocks");
    for (i = 0; i < SLAVES; i++) {
        offset = number_of(site, i, "clock_offset_ms");
        error = number_of(site, i, "clock_error_ms");
        skew = number_of(site, i, "start_skew_ms");
        ok(fabs(offset - clocks[i].offset_ms) < NEAR_MS, "slave %d is %.3f ms off", i,
           offset);
        ok(error >= 0 && fabs(offset - clocks[i].offset_ms) <= error + 1,
           "within %.3f ms of the truth", error);
        ok(fabs(skew) < NEAR_MS, "it began %.3f ms after the agreed instant", skew);
    }
}

int main(void)
{
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    begin_together(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
