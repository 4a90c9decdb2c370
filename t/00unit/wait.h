/* Waiting in tests: for a condition, with a deadline. */
#ifndef WF_WAIT_H
#define WF_WAIT_H

#include <time.h>

#include "core/core.h"
#include "tap.h"

/* Enough for a busy machine; whoever waits that long has failed. */
#define WAIT_US (30 * APR_INT64_C(1000000))

/* Before looking again. */
static inline void wait_a_little(void)
{
    const struct timespec pause = { 0, 2000000 };

    nanosleep(&pause, NULL);
}

/* A test: the condition becomes true in time. */
#define WAIT_FOR(condition)                                                              \
    do {                                                                                 \
        apr_int64_t until_ = wf_mono_us() + WAIT_US;                                     \
        while (!(condition) && wf_mono_us() < until_) {                                  \
            wait_a_little();                                                             \
        }                                                                                \
        ok(condition, "in time: %s", #condition);                                        \
    } while (0)

#endif
