/* Names of hosts. The system's resolver waits as long as it likes and cannot be broken
 * off, so it does on a thread of its own, and who asked goes on at the deadline. What
 * comes later is thrown away by the thread. */
#include "database/internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define LOOKUPS_MAX 64 /* at once, those included that nobody waits for any more */
#define NAP_MS 20      /* until there may be fewer */

typedef struct lookup_t {
    char *host;
    int over; /* atomic: the rest is there */
    int bell; /* eventfd: readable then */
    int rc;
    struct addrinfo *all;
    int holders; /* who asked and the thread; atomic */
} lookup_t;

static int running; /* atomic */

static const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                       .ai_socktype = SOCK_STREAM };

static void let_go(lookup_t *lookup)
{
    if (__atomic_sub_fetch(&lookup->holders, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    if (lookup->all != NULL) {
        freeaddrinfo(lookup->all);
    }
    if (lookup->bell >= 0) {
        close(lookup->bell);
    }
    free(lookup->host);
    free(lookup);
}

static void *look_up(void *baton)
{
    lookup_t *lookup = baton;
    apr_uint64_t one = 1;

    lookup->rc = getaddrinfo(lookup->host, NULL, &hints, &lookup->all);
    __atomic_store_n(&lookup->over, 1, __ATOMIC_RELEASE);
    while (write(lookup->bell, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
    let_go(lookup);
    __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* NULL without memory, descriptors or threads. */
static lookup_t *begin(const char *host)
{
    lookup_t *lookup = calloc(1, sizeof(*lookup));
    pthread_t thread;

    if (lookup == NULL) {
        return NULL;
    }
    lookup->holders = 2;
    lookup->host = strdup(host);
    lookup->bell = eventfd(0, EFD_CLOEXEC);
    if (lookup->host == NULL || lookup->bell < 0
        || pthread_create(&thread, NULL, look_up, lookup) != 0) {
        lookup->holders = 1;
        let_go(lookup);
        return NULL;
    }
    pthread_detach(thread);
    return lookup;
}

/* Wait for fd, which may be -1, no longer than most_ms: 0 if it is too late. */
static int wait_for(const wf_db_t *db, int fd, int most_ms)
{
    struct pollfd fds[2] = { { .fd = fd, .events = POLLIN },
                             { .fd = db->wake, .events = POLLIN } };
    apr_int64_t left_ms = (db->deadline_us - wf_mono_us() + 999) / 1000;

    if (wf_db_is_late(db)) {
        return 0;
    }
    poll(fds, 2, left_ms < most_ms ? (int)left_ms : most_ms);
    return !wf_db_is_late(db);
}

/* 0 if it is too late. */
static int take_place(const wf_db_t *db)
{
    while (__atomic_add_fetch(&running, 1, __ATOMIC_ACQUIRE) > LOOKUPS_MAX) {
        __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
        if (!wait_for(db, -1, NAP_MS)) {
            return 0;
        }
    }
    return 1;
}

static int is_over(const lookup_t *lookup)
{
    return __atomic_load_n(&lookup->over, __ATOMIC_ACQUIRE);
}

/* An address needs no resolver. */
static struct addrinfo *number(const char *host)
{
    struct addrinfo numeric = hints, *all = NULL;

    numeric.ai_flags = AI_NUMERICHOST;
    return getaddrinfo(host, NULL, &numeric, &all) == 0 ? all : NULL;
}

apr_status_t wf_db_look_up(struct addrinfo **all, const wf_db_t *db, const char *host,
                           wf_error_t *err)
{
    const char *why = "timed out";
    lookup_t *lookup = NULL;

    *all = number(host);
    if (*all != NULL) {
        return APR_SUCCESS;
    }
    if (take_place(db)) {
        lookup = begin(host);
        if (lookup == NULL) {
            __atomic_sub_fetch(&running, 1, __ATOMIC_RELEASE);
            why = "no memory or threads";
        }
    }
    while (lookup != NULL && !is_over(lookup) && wait_for(db, lookup->bell, 60000)) {
    }
    if (lookup != NULL && is_over(lookup)) {
        why = lookup->rc != 0 ? gai_strerror(lookup->rc) : NULL;
        *all = lookup->all;
        lookup->all = NULL;
    }
    if (lookup != NULL) {
        let_go(lookup);
    }
    return why == NULL ? APR_SUCCESS
                       : wf_error_set(err, WF_ERR_UNAVAILABLE,
                                      "cannot look the host up: %s", why);
}
