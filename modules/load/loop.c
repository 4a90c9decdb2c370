/* An event loop: one thread, one epoll, its timers, a mailbox, and the virtual users that
 * may run. Everything but the mailbox belongs to the thread.
 *
 * One turn: wait; sockets; letters; virtual users that are ready; timers; ended shards. A
 * virtual user that ends an iteration runs again in the same turn at the earliest after
 * all sockets were served, so none starves the others. */
#include "load/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Few, so that a user who ends an exchange begins the next one, in the same turn, while what
 * they touch is still in the processor's cache. */
#define EVENTS_PER_TURN 16
#define CONNECTIONS_PER_VU 4 /* that may stay idle */
#define SPARE (64 * 1024 * 1024) /* bytes kept for the next iterations; more goes back */
#define STALE_US 2500000 /* what a loop told of itself so long ago says nothing of now   \
                          */

/* What the loop knows about a descriptor, by its number. libcurl drops its interest after
 * every exchange and renews it with the next one; on sockets whose end is announced that
 * costs no system call: they stay registered until an event comes that nobody wants. */
typedef struct watch_t {
    wf_group_t *group;
    unsigned char registered, wanted; /* WF_CLIENT_READ, WF_CLIENT_WRITE */
    unsigned char announced;          /* closed() will be called */
} watch_t;

struct wf_loop_t {
    int index;
    int epoll, wake;
    int coarse; /* the kernel waits for milliseconds only */
    pthread_t thread;
    apr_pool_t *pool;
    wf_timers_t timers;
    watch_t *watches;
    int nwatches;
    wf_turn_t *ready, **ready_end; /* those who want the next turn */
    wf_turn_t *taking;             /* those of this turn that are still to come */
    wf_shard_t *finished;
    int quit;
    wf_message_t quit_msg;
    apr_int64_t second_us, waited_us, late_us; /* of the current second */
    apr_int64_t told_late_us;                  /* of the last one; atomic */
    int told_busy;                             /* per mille */
    apr_int64_t told_us;                       /* when; atomic */

    pthread_mutex_t lock; /* of the two below; the last lock in any order */
    wf_message_t *inbox_first, *inbox_last;
};

/* ---- mailbox ----------------------------------------------------------------------- */

void wf_loop_send(wf_loop_t *loop, wf_message_t *message)
{
    uint64_t one = 1;
    int was_empty;

    message->next = NULL;
    pthread_mutex_lock(&loop->lock);
    was_empty = loop->inbox_first == NULL;
    if (was_empty) {
        loop->inbox_first = message;
    }
    else {
        loop->inbox_last->next = message;
    }
    loop->inbox_last = message;
    pthread_mutex_unlock(&loop->lock);
    if (was_empty) {
        /* Fails only if the counter is full, and then the loop is awake anyway. */
        ssize_t n = write(loop->wake, &one, sizeof(one));

        (void)n;
    }
}

void wf_loop_tell(wf_loop_t *loop, void (*read)(wf_loop_t *loop, wf_message_t *message),
                  void *about, apr_int64_t amount, apr_int64_t more)
{
    wf_message_t *message = malloc(sizeof(*message));

    if (message == NULL) {
        abort();
    }
    *message = (wf_message_t){
        .read = read, .about = about, .amount = amount, .more = more, .made = 1
    };
    wf_loop_send(loop, message);
}

static void on_quit(wf_loop_t *loop, wf_message_t *message)
{
    (void)message;
    loop->quit = 1;
}

static void read_mail(wf_loop_t *loop)
{
    wf_message_t *message, *next;
    uint64_t count;
    ssize_t n = read(loop->wake, &count, sizeof(count));

    (void)n;
    pthread_mutex_lock(&loop->lock);
    message = loop->inbox_first;
    loop->inbox_first = loop->inbox_last = NULL;
    pthread_mutex_unlock(&loop->lock);
    for (; message != NULL; message = next) {
        int made = message->made;

        next = message->next; /* an answered letter may be gone at once */
        message->read(loop, message);
        if (made) {
            free(message);
        }
    }
}

/* ---- descriptors ------------------------------------------------------------------- */

static watch_t *watch_of(wf_loop_t *loop, int fd)
{
    if (fd >= loop->nwatches) {
        int n = fd * 2 + 64;
        watch_t *grown = realloc(loop->watches, n * sizeof(*grown));

        if (grown == NULL) {
            abort();
        }
        memset(grown + loop->nwatches, 0, (n - loop->nwatches) * sizeof(*grown));
        loop->watches = grown;
        loop->nwatches = n;
    }
    return &loop->watches[fd];
}

static void register_wanted(wf_loop_t *loop, int fd, watch_t *watch)
{
    struct epoll_event event = { .data.fd = fd };
    int op = watch->wanted == 0       ? EPOLL_CTL_DEL
             : watch->registered == 0 ? EPOLL_CTL_ADD
                                      : EPOLL_CTL_MOD;
    int rc;

    if (watch->wanted == watch->registered) {
        return;
    }
    event.events = (watch->wanted & WF_CLIENT_READ ? EPOLLIN : 0)
                   | (watch->wanted & WF_CLIENT_WRITE ? EPOLLOUT : 0);
    rc = epoll_ctl(loop->epoll, op, fd, &event);
    if (rc != 0 && op == EPOLL_CTL_MOD && errno == ENOENT) {
        rc = epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event);
    }
    if (rc != 0 && op != EPOLL_CTL_DEL) {
        wf_log(WF_LOG_ERR, "load: cannot watch descriptor %d: %s", fd, strerror(errno));
        return;
    }
    watch->registered = watch->wanted;
}

static void watch(void *baton, int fd, int events)
{
    wf_group_t *group = baton;
    watch_t *watch = watch_of(group->loop, fd);

    watch->group = group;
    watch->wanted = (unsigned char)events;
    if (!watch->announced || (watch->wanted & ~watch->registered) != 0) {
        register_wanted(group->loop, fd, watch);
    }
}

static void opened(void *baton, int fd)
{
    wf_group_t *group = baton;
    watch_t *watch = watch_of(group->loop, fd);

    memset(watch, 0, sizeof(*watch));
    watch->group = group;
    watch->announced = 1;
}

/* The kernel forgets a closed descriptor by itself. */
static void closed(void *baton, int fd)
{
    wf_group_t *group = baton;

    memset(watch_of(group->loop, fd), 0, sizeof(watch_t));
}

static void dispatch(wf_loop_t *loop, const struct epoll_event *event)
{
    int fd = event->data.fd;
    watch_t *watch = watch_of(loop, fd);
    int seen = (event->events & EPOLLIN ? WF_CLIENT_READ : 0)
               | (event->events & EPOLLOUT ? WF_CLIENT_WRITE : 0);

    if (event->events & (EPOLLERR | EPOLLHUP)) {
        seen |= watch->wanted;
    }
    if ((seen & ~watch->wanted) != 0 || watch->wanted == 0) {
        register_wanted(loop, fd, watch);
    }
    if (watch->group != NULL && (seen & watch->wanted) != 0) {
        wf_client_multi_ready(watch->group->multi, fd, seen & watch->wanted);
    }
}

/* ---- groups ------------------------------------------------------------------------ */

static void set_timer(void *baton, long delay_ms)
{
    wf_group_t *group = baton;

    if (delay_ms < 0) {
        wf_timer_cancel(&group->loop->timers, &group->timer);
    }
    else {
        wf_timer_set(&group->loop->timers, &group->timer,
                     wf_mono_us() + (apr_int64_t)delay_ms * 1000);
    }
}

static void on_timer(void *baton)
{
    wf_group_t *group = baton;

    wf_client_multi_timeout(group->multi);
}

static apr_status_t forget_timer(void *data)
{
    wf_group_t *group = data;

    wf_timer_cancel(&group->loop->timers, &group->timer);
    return APR_SUCCESS;
}

/* Room for idle connections to a few hosts per virtual user, of these and the next ones. */
static int idle_room(int users)
{
    return (users + WF_VUS_PER_MULTI) * CONNECTIONS_PER_VU;
}

apr_status_t wf_group_create(wf_group_t **out, wf_loop_t *loop,
                             wf_client_permit_fn *permitted, void *baton, apr_pool_t *p,
                             wf_error_t *err)
{
    wf_group_t *group = apr_pcalloc(p, sizeof(*group));
    wf_client_poller_t poller = { .baton = group,
                                  .watch = watch,
                                  .opened = opened,
                                  .closed = closed,
                                  .timer = set_timer };

    group->loop = loop;
    wf_timer_init(&group->timer, on_timer, group);
    /* Registered before the multi's own clean-up, so it runs after it has set its last
     * timer. */
    apr_pool_cleanup_register(p, group, forget_timer, apr_pool_cleanup_null);
    *out = group;
    return wf_client_multi_create(&group->multi, &poller, idle_room(0), permitted, baton,
                                  p, err);
}

void wf_group_join(wf_group_t *group)
{
    if (group->users > 0 && group->users % WF_VUS_PER_MULTI == 0) {
        wf_client_multi_keep(group->multi, idle_room(group->users));
    }
    group->users++;
}

/* ---- turns ------------------------------------------------------------------------- */

wf_timers_t *wf_loop_timers(wf_loop_t *loop)
{
    return &loop->timers;
}

apr_pool_t *wf_loop_pool(wf_loop_t *loop)
{
    return loop->pool;
}

void wf_loop_ready(wf_loop_t *loop, wf_turn_t *turn)
{
    turn->next = NULL;
    turn->at = loop->ready_end;
    *loop->ready_end = turn;
    loop->ready_end = &turn->next;
}

void wf_loop_unready(wf_loop_t *loop, wf_turn_t *turn)
{
    if (turn->at == NULL) {
        return;
    }
    *turn->at = turn->next;
    if (turn->next != NULL) {
        turn->next->at = turn->at;
    }
    else if (loop->ready_end == &turn->next) {
        loop->ready_end = turn->at;
    }
    turn->at = NULL;
}

void wf_loop_finished(wf_loop_t *loop, wf_shard_t *shard)
{
    shard->next_finished = loop->finished;
    loop->finished = shard;
}

/* Those that become ready meanwhile have their turn next time. */
static void run_ready(wf_loop_t *loop)
{
    loop->taking = loop->ready;
    if (loop->taking != NULL) {
        loop->taking->at = &loop->taking;
    }
    loop->ready = NULL;
    loop->ready_end = &loop->ready;
    while (loop->taking != NULL) {
        wf_turn_t *turn = loop->taking;

        wf_loop_unready(loop, turn);
        turn->take(turn->baton);
    }
}

static void end_finished(wf_loop_t *loop)
{
    while (loop->finished != NULL) {
        wf_shard_t *shard = loop->finished;

        loop->finished = shard->next_finished;
        wf_shard_end(shard); /* the shard may be gone now */
    }
}

/* ---- how the loop fares ---------------------------------------------------------------- */

/* The lateness of the timer that should have fired first, and the time spent waiting:
 * once a second they become what others may read. */
static void note_strain(wf_loop_t *loop, int waiting, apr_int64_t before,
                        apr_int64_t after)
{
    apr_int64_t late = loop->timers.count > 0 ? after - loop->timers.heap[0]->due_us : 0;

    loop->waited_us += waiting ? after - before : 0;
    loop->late_us = late > loop->late_us ? late : loop->late_us;
    if (after - loop->second_us < 1000000) {
        return;
    }
    __atomic_store_n(&loop->told_us, after, __ATOMIC_RELAXED);
    __atomic_store_n(&loop->told_late_us, loop->late_us, __ATOMIC_RELAXED);
    __atomic_store_n(&loop->told_busy,
                     1000 - (int)(loop->waited_us * 1000 / (after - loop->second_us)),
                     __ATOMIC_RELAXED);
    loop->second_us = after;
    loop->waited_us = loop->late_us = 0;
}

void wf_loop_strain(wf_loop_t *loop, apr_int64_t *late_us, double *busy)
{
    *late_us = __atomic_load_n(&loop->told_late_us, __ATOMIC_RELAXED);
    *busy = __atomic_load_n(&loop->told_busy, __ATOMIC_RELAXED) / 1000.0;
    if (wf_mono_us() - __atomic_load_n(&loop->told_us, __ATOMIC_RELAXED) > STALE_US) {
        *late_us = 0; /* it waits for something to do */
        *busy = 0;
    }
}

/* Waits to the microsecond where the kernel can (Linux 5.11), else to the millisecond. */
static int wait_events(wf_loop_t *loop, struct epoll_event *events, apr_int64_t us)
{
    struct timespec span = { .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
    int n;

    if (us > 0 && us % 1000 != 0 && !loop->coarse) {
        n = epoll_pwait2(loop->epoll, events, EVENTS_PER_TURN, &span, NULL);
        if (n >= 0 || errno != ENOSYS) {
            return n;
        }
        loop->coarse = 1;
    }
    return epoll_wait(loop->epoll, events, EVENTS_PER_TURN,
                      us < 0 ? -1 : (int)((us + 999) / 1000));
}

static void turn(wf_loop_t *loop)
{
    struct epoll_event events[EVENTS_PER_TURN];
    apr_int64_t before = wf_mono_us();
    apr_int64_t wait = loop->ready ? 0 : wf_timers_wait_us(&loop->timers, before);
    int n = wait_events(loop, events, wait);
    int i, mail = 0;

    note_strain(loop, wait != 0, before, wf_mono_us());
    for (i = 0; i < n; i++) {
        if (events[i].data.fd == loop->wake) {
            mail = 1;
        }
        else {
            dispatch(loop, &events[i]);
        }
    }
    if (mail) {
        read_mail(loop);
    }
    run_ready(loop);
    wf_timers_run(&loop->timers, wf_mono_us());
    end_finished(loop);
}

static void *run(void *data)
{
    wf_loop_t *loop = data;

    while (!loop->quit) {
        turn(loop);
    }
    return NULL;
}

/* ---- life -------------------------------------------------------------------------- */

static apr_status_t open_descriptors(wf_loop_t *loop)
{
    struct epoll_event event = { .events = EPOLLIN };

    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    event.data.fd = loop->wake;
    if (loop->epoll < 0 || loop->wake < 0
        || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wake, &event) != 0) {
        return APR_FROM_OS_ERROR(errno);
    }
    return APR_SUCCESS;
}

static void release(wf_loop_t *loop)
{
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->wake >= 0) {
        close(loop->wake);
    }
    wf_timers_free(&loop->timers);
    free(loop->watches);
    pthread_mutex_destroy(&loop->lock);
    if (loop->pool != NULL) {
        apr_pool_destroy(loop->pool);
    }
}

apr_status_t wf_load_thread(pthread_t *thread, void *(*run)(void *), void *data)
{
    sigset_t all, before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(thread, NULL, run, data);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return APR_FROM_OS_ERROR(rc);
}

apr_status_t wf_loop_create(wf_loop_t **out, int index, apr_pool_t *p, wf_error_t *err)
{
    wf_loop_t *loop = apr_pcalloc(p, sizeof(*loop));
    apr_status_t rv;

    loop->index = index;
    loop->epoll = loop->wake = -1;
    loop->quit_msg.read = on_quit;
    loop->ready_end = &loop->ready;
    loop->second_us = wf_mono_us();
    pthread_mutex_init(&loop->lock, NULL);
    loop->pool = wf_pool_create("wf_loop", SPARE);
    rv = loop->pool != NULL ? open_descriptors(loop) : APR_ENOMEM;
    if (rv == APR_SUCCESS) {
        rv = wf_load_thread(&loop->thread, run, loop);
    }
    if (rv != APR_SUCCESS) {
        release(loop);
        return wf_error_apr(err, WF_ERR_INTERNAL, rv, "starting event loop %d", index);
    }
    *out = loop;
    return APR_SUCCESS;
}

void wf_loop_destroy(wf_loop_t *loop)
{
    wf_loop_send(loop, &loop->quit_msg);
    pthread_join(loop->thread, NULL);
    release(loop);
}
