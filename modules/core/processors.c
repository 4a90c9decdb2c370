/* How many processors there are for this process. */
#include "core/core.h"

#include <sched.h>
#include <unistd.h>

int wf_processors(void)
{
    cpu_set_t mask;
    long n = sched_getaffinity(0, sizeof(mask), &mask) == 0
                 ? CPU_COUNT(&mask)
                 : sysconf(_SC_NPROCESSORS_ONLN); /* more than a mask holds */

    return n > 0 ? (int)n : 1;
}
