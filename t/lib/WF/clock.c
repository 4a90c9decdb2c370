/* A wall clock that a test can set, for the processes that have this preloaded: the first 8
 * bytes of the file $WF_CLOCK say by how many seconds it is off. Who sleeps until a date
 * wakes when the clock is set forward, and sleeps longer when it is set back, as by a clock
 * that an administrator sets; the monotonic clock goes on as ever. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 20000000 /* within which a sleeper sees that the clock was set */
#define SECOND_NS 1000000000L

typedef int clockwait_fn(pthread_cond_t *, pthread_mutex_t *, clockid_t,
                         const struct timespec *);

static const volatile int64_t *off;
static clockwait_fn *clockwait;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WF_CLOCK");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, sizeof(*off), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (page == MAP_FAILED) {
        abort(); /* a test without its clock tests nothing */
    }
    off = page;
    close(fd);
    clockwait = (clockwait_fn *)dlsym(RTLD_NEXT, "pthread_cond_clockwait");
}

int clock_gettime(clockid_t clock, struct timespec *at)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, at);

    if (rc == 0 && off && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        at->tv_sec += *off;
    }
    return rc;
}

int gettimeofday(struct timeval *at, void *zone)
{
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (out) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* Nanoseconds, at most a slice. */
static long left_until(const struct timespec *at)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (at->tv_sec - now.tv_sec > 1) {
        return SLICE_NS;
    }
    now.tv_nsec = (at->tv_sec - now.tv_sec) * SECOND_NS + at->tv_nsec - now.tv_nsec;
    return now.tv_nsec < SLICE_NS ? now.tv_nsec : SLICE_NS;
}

int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *lock, clockid_t clock,
                           const struct timespec *at)
{
    struct timespec slice;
    int rc = ETIMEDOUT;
    long left;

    if (clock != CLOCK_REALTIME) {
        return clockwait(cond, lock, clock, at);
    }
    while (rc == ETIMEDOUT && (left = left_until(at)) > 0) {
        clock_gettime(CLOCK_MONOTONIC, &slice);
        slice.tv_nsec += left;
        slice.tv_sec += slice.tv_nsec / SECOND_NS;
        slice.tv_nsec %= SECOND_NS;
        rc = clockwait(cond, lock, CLOCK_MONOTONIC, &slice);
    }
    return rc;
}

/* Of those without attributes. */
int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *lock,
                           const struct timespec *at)
{
    return pthread_cond_clockwait(cond, lock, CLOCK_REALTIME, at);
}
