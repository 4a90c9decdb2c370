/* The administrator may limit the rate of an execution: requests, and what socket steps
 * send, beyond it wait for their place in the row, which all loops share, and the workers whose scripts make requests.
 * Such a worker may outlive the execution, so the row is not the execution's alone. */
#include "load/internal.h"

#include <stdlib.h>

struct wf_pace_t {
    int holders;         /* atomic */
    int rate;            /* a second */
    apr_int64_t next_us; /* the next free place; atomic */
};

static apr_status_t release(void *data)
{
    wf_pace_t *pace = data;

    if (__atomic_sub_fetch(&pace->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        free(pace);
    }
    return APR_SUCCESS;
}

wf_pace_t *wf_pace_create(int rate, apr_pool_t *p)
{
    wf_pace_t *pace = calloc(1, sizeof(*pace));

    if (pace == NULL) {
        abort();
    }
    pace->rate = rate;
    return wf_pace_hold(pace, p);
}

wf_pace_t *wf_pace_hold(wf_pace_t *pace, apr_pool_t *p)
{
    __atomic_add_fetch(&pace->holders, 1, __ATOMIC_RELAXED);
    apr_pool_cleanup_register(p, pace, release, apr_pool_cleanup_null);
    return pace;
}

apr_int64_t wf_pace_take(wf_pace_t *pace)
{
    apr_int64_t now, place, next;

    if (pace->rate == 0) {
        return 0;
    }
    now = wf_mono_us();
    next = __atomic_load_n(&pace->next_us, __ATOMIC_RELAXED);
    do {
        place = next > now ? next : now;
    } while (!__atomic_compare_exchange_n(&pace->next_us, &next,
                                          place + 1000000 / pace->rate, 0,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return place - now;
}
