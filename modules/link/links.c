/* The thread that has all links: an epoll loop, a look at the clock several times a
 * second, and a mailbox for what other threads want. */
#include "link/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define TICK_MS 100
#define EVENTS 64

typedef enum { LETTER_ADD, LETTER_SEND, LETTER_CLOSE } letter_e;

struct wf_letter_t {
    letter_e what;
    wf_link_t link;
    int fd;     /* ADD */
    int client; /* ADD */
    apr_size_t length;
    wf_letter_t *next;
    char name[WF_LINK_NAME + 1]; /* ADD, of a client */
    char text[];                 /* SEND, CLOSE; ADD: what came early */
};

/* ---- letters --------------------------------------------------------------------------- */

static void post(wf_links_t *links, wf_letter_t *letter)
{
    apr_uint64_t one = 1;
    ssize_t rc;

    pthread_mutex_lock(&links->lock);
    letter->next = NULL;
    *links->last_letter = letter;
    links->last_letter = &letter->next;
    pthread_mutex_unlock(&links->lock);
    do {
        rc = write(links->bell, &one, sizeof(one));
    } while (rc < 0 && errno == EINTR);
}

static wf_letter_t *letter_make(letter_e what, wf_link_t link, const char *text,
                                apr_size_t length)
{
    wf_letter_t *letter = calloc(1, sizeof(*letter) + length + 1);

    if (letter != NULL) {
        letter->what = what;
        letter->link = link;
        letter->fd = -1;
        letter->length = length;
        if (length > 0) {
            memcpy(letter->text, text, length);
        }
    }
    return letter;
}

static wf_one_link_t *find(const wf_links_t *links, wf_link_t id)
{
    wf_one_link_t *link = links->all;

    while (link != NULL && link->id != id) {
        link = link->next;
    }
    return link;
}

/* ---- the thread ------------------------------------------------------------------------- */

static void watch(wf_links_t *links, wf_one_link_t *link, int op)
{
    struct epoll_event event = { .events = wf_one_link_wishes(link), .data.ptr = link };

    if (op == EPOLL_CTL_ADD || link->watched != event.events) {
        link->watched = event.events;
        epoll_ctl(links->epoll, op, link->fd, &event);
    }
}

static void not_added(wf_links_t *links, const wf_letter_t *letter)
{
    const wf_link_owner_t *owner = &links->options.owner;

    close(letter->fd);
    pthread_mutex_lock(&links->lock);
    links->count--;
    pthread_mutex_unlock(&links->lock);
    owner->closed(owner->baton, letter->link, "there is no memory");
}

static void add(wf_links_t *links, const wf_letter_t *letter)
{
    char *early = malloc(letter->length + 1);
    wf_one_link_t *link = early != NULL
                              ? wf_one_link_create(links, letter->link, letter->fd,
                                                   letter->client ? letter->name : NULL,
                                                   early, letter->length)
                              : NULL;

    if (link == NULL) {
        free(early);
        not_added(links, letter);
        return;
    }
    memcpy(early, letter->text, letter->length);
    pthread_mutex_lock(&links->lock);
    link->next = links->all;
    links->all = link;
    pthread_mutex_unlock(&links->lock);
    watch(links, link, EPOLL_CTL_ADD);
    if (letter->client) {
        wf_one_link_greet(link);
    }
    wf_one_link_handle(link, EPOLLIN);
}

static void read_letter(wf_links_t *links, const wf_letter_t *letter)
{
    wf_one_link_t *link;

    if (letter->what == LETTER_ADD) {
        add(links, letter);
        return;
    }
    link = find(links, letter->link);
    if (link != NULL && letter->what == LETTER_SEND) {
        wf_one_link_send(link, letter->text, letter->length);
    }
    else if (link != NULL) {
        wf_one_link_end(link, letter->text);
    }
    if (link != NULL) {
        wf_one_link_handle(link, 0);
    }
}

static int read_letters(wf_links_t *links)
{
    wf_letter_t *letter, *next;
    int quit;

    pthread_mutex_lock(&links->lock);
    letter = links->letters;
    links->letters = NULL;
    links->last_letter = &links->letters;
    quit = links->quit;
    pthread_mutex_unlock(&links->lock);
    for (; letter != NULL; letter = next) {
        next = letter->next;
        read_letter(links, letter);
        free(letter);
    }
    return quit;
}

/* Those who are over go, the others are watched for what they want now. */
static void sweep(wf_links_t *links, int all)
{
    apr_int64_t now = wf_mono_us();
    wf_one_link_t **at = &links->all, *link;

    while ((link = *at) != NULL) {
        if (!all && !wf_one_link_is_over(link, now)) {
            watch(links, link, EPOLL_CTL_MOD);
            at = &link->next;
            continue;
        }
        pthread_mutex_lock(&links->lock);
        *at = link->next;
        links->count--;
        pthread_mutex_unlock(&links->lock);
        /* Closing is not enough for epoll where somebody has a copy of the socket. */
        epoll_ctl(links->epoll, EPOLL_CTL_DEL, link->fd, NULL);
        wf_one_link_destroy(link);
    }
}

static void tick(wf_links_t *links, apr_int64_t now_us)
{
    wf_one_link_t *link;

    for (link = links->all; link != NULL; link = link->next) {
        wf_one_link_tick(link, now_us);
    }
}

static void end_all(wf_links_t *links)
{
    wf_one_link_t *link;

    for (link = links->all; link != NULL; link = link->next) {
        wf_one_link_end(link, "the server stops");
        wf_one_link_handle(link, 0);
    }
    sweep(links, 1);
}

static void *run(void *data)
{
    wf_links_t *links = data;
    struct epoll_event events[EVENTS];
    apr_int64_t next_tick = 0, now;
    apr_uint64_t rung;
    int i, n, quit = 0;

    while (!quit) {
        n = epoll_wait(links->epoll, events, EVENTS, TICK_MS);
        for (i = 0; i < n; i++) {
            if (events[i].data.ptr != NULL) {
                wf_one_link_handle(events[i].data.ptr, events[i].events);
            }
            else if (read(links->bell, &rung, sizeof(rung)) < 0) {
                rung = 0; /* somebody else's letters were read with it */
            }
        }
        quit = read_letters(links);
        now = wf_mono_us();
        if (now >= next_tick) {
            next_tick = now + TICK_MS * 1000;
            tick(links, now);
        }
        sweep(links, 0);
    }
    end_all(links);
    return NULL;
}

/* ---- life --------------------------------------------------------------------------------- */

static apr_status_t make_loop(wf_links_t *links, wf_error_t *err)
{
    struct epoll_event event = { .events = EPOLLIN };

    links->epoll = epoll_create1(EPOLL_CLOEXEC);
    links->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (links->epoll >= 0 && links->bell >= 0
        && epoll_ctl(links->epoll, EPOLL_CTL_ADD, links->bell, &event) == 0
        && pthread_create(&links->thread, NULL, run, links) == 0) {
        return APR_SUCCESS;
    }
    wf_error_set(err, WF_ERR_INTERNAL, "the thread of the links: %s", strerror(errno));
    close(links->epoll);
    close(links->bell);
    return WF_EFAILED;
}

apr_status_t wf_links_create(wf_links_t **out, const wf_links_options_t *options,
                             apr_pool_t *p, wf_error_t *err)
{
    wf_links_t *links = apr_pcalloc(p, sizeof(*links));
    apr_status_t rv;

    if (options->key.bytes == NULL && !options->trusted) {
        return wf_error_set(err, WF_ERR_INVALID, "links without a key");
    }
    links->pool = p;
    links->options = *options;
    if (options->key.bytes != NULL) {
        links->options.key.bytes =
            apr_pmemdup(p, options->key.bytes, options->key.length);
    }
    if (links->options.greeting == 0) {
        links->options.greeting = WF_LINK_GREETING;
    }
    links->last_letter = &links->letters;
    links->scratch = wf_pool_create("wf_links", 0);
    pthread_mutex_init(&links->lock, NULL);
    rv = make_loop(links, err);
    if (rv != APR_SUCCESS) {
        pthread_mutex_destroy(&links->lock);
        apr_pool_destroy(links->scratch);
        return rv;
    }
    *out = links;
    return APR_SUCCESS;
}

void wf_links_destroy(wf_links_t *links)
{
    wf_letter_t *bye = letter_make(LETTER_CLOSE, 0, "", 0);
    wf_letter_t *letter, *next;
    wf_place_t *place, *after;

    pthread_mutex_lock(&links->lock);
    links->quit = 1;
    pthread_mutex_unlock(&links->lock);
    if (bye != NULL) {
        post(links, bye); /* else it notices at its next tick */
    }
    pthread_join(links->thread, NULL);
    for (letter = links->letters; letter != NULL; letter = next) {
        next = letter->next;
        if (letter->fd >= 0) {
            close(letter->fd);
        }
        free(letter);
    }
    for (place = links->places; place != NULL; place = after) {
        after = place->next;
        free(place);
    }
    close(links->epoll);
    close(links->bell);
    pthread_mutex_destroy(&links->lock);
    apr_pool_destroy(links->scratch);
}

/* ---- places ---------------------------------------------------------------------------------- */

/* With the lock. */
static void forget_old(wf_links_t *links)
{
    apr_int64_t now = wf_mono_us();
    wf_place_t **at = &links->places, *place;

    while ((place = *at) != NULL) {
        if (place->until_us > now) {
            at = &place->next;
            continue;
        }
        *at = place->next;
        links->count--;
        free(place);
    }
}

static apr_status_t no_room(const wf_links_t *links, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "%d links are open, the limit",
                        links->count);
}

apr_status_t wf_links_reserve(wf_links_t *links, apr_int64_t *ticket, wf_error_t *err)
{
    wf_place_t *place = calloc(1, sizeof(*place));
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&links->lock);
    forget_old(links);
    if (place == NULL || links->quit || links->count >= links->options.limit) {
        rv = no_room(links, err);
    }
    else {
        *ticket = place->ticket = ++links->next_id;
        place->until_us = wf_mono_us() + WF_LINK_RESERVATION;
        place->next = links->places;
        links->places = place;
        links->count++;
    }
    pthread_mutex_unlock(&links->lock);
    if (rv != APR_SUCCESS) {
        free(place);
    }
    return rv;
}

/* 1 if there was such a place; it is the link's now. */
static int take_place(wf_links_t *links, apr_int64_t ticket)
{
    wf_place_t **at, *place;

    pthread_mutex_lock(&links->lock);
    forget_old(links);
    for (at = &links->places; (place = *at) != NULL; at = &place->next) {
        if (place->ticket == ticket) {
            *at = place->next;
            break;
        }
    }
    pthread_mutex_unlock(&links->lock);
    free(place);
    return place != NULL;
}

apr_status_t wf_links_open(wf_links_t *links, apr_int64_t ticket, int fd,
                           const char *early, apr_size_t length, wf_link_t *link,
                           wf_error_t *err)
{
    wf_letter_t *letter = letter_make(LETTER_ADD, ticket, early, length);

    if (letter == NULL || !take_place(links, ticket)) {
        free(letter);
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "no place is kept under this ticket, or not any more");
    }
    letter->fd = fd;
    *link = ticket;
    post(links, letter);
    return APR_SUCCESS;
}

apr_status_t wf_links_join(wf_links_t *links, int fd, const char *name, wf_link_t *link,
                           wf_error_t *err)
{
    wf_letter_t *letter = letter_make(LETTER_ADD, 0, NULL, 0);
    int full;

    if (!wf_link_name_valid(name)) {
        free(letter);
        return wf_error_set(err, WF_ERR_INVALID,
                            "a name has 1 to %d bytes, none of them a control character",
                            WF_LINK_NAME);
    }
    pthread_mutex_lock(&links->lock);
    forget_old(links);
    full = letter == NULL || links->quit || links->count >= links->options.limit;
    if (!full) {
        links->count++;
        *link = letter->link = ++links->next_id;
    }
    pthread_mutex_unlock(&links->lock);
    if (full) {
        free(letter);
        return no_room(links, err);
    }
    letter->fd = fd;
    letter->client = 1;
    apr_cpystrn(letter->name, name, sizeof(letter->name));
    post(links, letter);
    return APR_SUCCESS;
}

/* ---- what others want -------------------------------------------------------------------------- */

void wf_link_send(wf_links_t *links, wf_link_t link, json_object *message)
{
    size_t length;
    const char *text =
        json_object_to_json_string_length(message, JSON_C_TO_STRING_PLAIN, &length);
    wf_letter_t *letter = letter_make(LETTER_SEND, link, text, length);

    if (letter != NULL) {
        post(links, letter);
        return;
    }
    wf_link_close(links, link, "there is no memory for a message");
}

void wf_link_close(wf_links_t *links, wf_link_t link, const char *why)
{
    wf_letter_t *letter = letter_make(LETTER_CLOSE, link, why, strlen(why));

    if (letter != NULL) {
        post(links, letter);
    }
}

int wf_link_offset(wf_links_t *links, wf_link_t id, apr_int64_t *offset_us,
                   apr_int64_t *error_us)
{
    wf_one_link_t *link;
    int known;

    pthread_mutex_lock(&links->lock);
    link = find(links, id);
    known = link != NULL && wf_link_clock_read(&link->clock, offset_us, error_us);
    pthread_mutex_unlock(&links->lock);
    return known;
}

int wf_links_count(wf_links_t *links)
{
    int count;

    pthread_mutex_lock(&links->lock);
    forget_old(links);
    count = links->count;
    pthread_mutex_unlock(&links->lock);
    return count;
}
