/* All streams: places, which other threads ask for, and the loop that serves them.
 *
 *      reserve            open                              leave
 *   ─────────────▶ ticket ─────▶ newcomer ─▶ of its topic ─────────▶ leaving ─▶ closed
 *                    │ too old                    │ hung up, broken
 *                    ▼                            ▼
 *                   free                        closed
 *
 * Whatever has a place counts, from its ticket to its end. */
#include "stream/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64
#define LOOKS_WHEN_SILENT 10 /* in a period */
#define IDLE_PERIODS 15      /* of silence, before a stream shows that it lives */
#define GOODBYE 1000000      /* microseconds for the last words when all ends */

typedef struct place_t {
    apr_int64_t ticket, until; /* wf_mono_us */
    char topic[WF_STREAM_NAME + 1];
    int format;
    wf_stream_protocol_e protocol;
    int tunnelled;
    wf_stream_t *stream; /* a newcomer's */
    struct place_t *next;
} place_t;

/* What all streams of a topic hear, in one format. */
typedef struct topic_t {
    char name[WF_STREAM_NAME + 1];
    int format;
    apr_pool_t *pool; /* of the news, cleared with every look */
    wf_stream_state_e state;
    wf_stream_news_t news;
    apr_int64_t looked_at, look_at, said_at; /* wf_mono_us */
    wf_stream_t *streams;
    struct topic_t *next, **link;
} topic_t;

typedef struct name_t {
    struct name_t *next;
    char text[]; /* of a topic */
} name_t;

struct wf_streams_t {
    wf_streams_options_t options;
    pthread_t thread;
    int epoll, wakefd;

    pthread_mutex_t lock; /* of the members below; held for a few instructions */
    int limit, tunnel_limit;
    int count, tunnels; /* places taken */
    int ending;
    apr_int64_t tickets; /* given so far */
    place_t *reserved;   /* oldest first */
    place_t *newcomers;  /* newest first */
    name_t *woken;

    topic_t *topics;      /* the loop's, as all below */
    wf_stream_t *leaving; /* that have heard the end */
};

/* ---- places: any thread ------------------------------------------------------------ */

static void wake_loop(wf_streams_t *streams)
{
    apr_uint64_t one = 1;
    ssize_t n = write(streams->wakefd, &one, sizeof(one)); /* full = already awake */

    (void)n;
}

/* With the lock. */
static void count_place(wf_streams_t *streams, int tunnelled, int by)
{
    streams->count += by;
    streams->tunnels += tunnelled ? by : 0;
}

/* With the lock. Tickets are in the order of their time. */
static void drop_old_tickets(wf_streams_t *streams)
{
    apr_int64_t now = wf_mono_us();

    while (streams->reserved && streams->reserved->until <= now) {
        place_t *old = streams->reserved;

        streams->reserved = old->next;
        count_place(streams, old->tunnelled, -1);
        free(old);
    }
}

/* With the lock: why there is no place, or NULL. */
static const char *no_place(const wf_streams_t *streams, int tunnelled)
{
    if (streams->ending) {
        return "the engine is stopping";
    }
    if (streams->count >= streams->limit) {
        return "too many streams are open";
    }
    return tunnelled && streams->tunnels >= streams->tunnel_limit
               ? "too many streams are open over TLS or HTTP/2"
               : NULL;
}

static void append_place(place_t **list, place_t *place)
{
    while (*list) {
        list = &(*list)->next;
    }
    *list = place;
}

apr_status_t wf_streams_reserve(wf_streams_t *streams, const wf_stream_place_t *wanted,
                                apr_int64_t *ticket, wf_error_t *err)
{
    apr_size_t length = strlen(wanted->topic);
    const char *problem;
    place_t *place;

    if (length == 0 || length > WF_STREAM_NAME) {
        return wf_error_set(err, WF_ERR_INVALID, "a topic has 1 to %d bytes",
                            WF_STREAM_NAME);
    }
    place = calloc(1, sizeof(*place));
    if (!place) {
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory for a stream");
    }
    memcpy(place->topic, wanted->topic, length + 1);
    place->format = wanted->format;
    place->protocol = wanted->protocol;
    place->tunnelled = wanted->tunnelled;
    pthread_mutex_lock(&streams->lock);
    drop_old_tickets(streams);
    problem = no_place(streams, wanted->tunnelled);
    if (!problem) {
        place->until = wf_mono_us() + streams->options.reservation;
        *ticket = place->ticket = ++streams->tickets;
        append_place(&streams->reserved, place);
        count_place(streams, wanted->tunnelled, 1);
    }
    pthread_mutex_unlock(&streams->lock);
    if (problem) {
        free(place);
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "%s", problem);
    }
    return APR_SUCCESS;
}

/* With the lock. */
static place_t *take_ticket(wf_streams_t *streams, apr_int64_t ticket)
{
    place_t **link = &streams->reserved, *place;

    while (*link && (*link)->ticket != ticket) {
        link = &(*link)->next;
    }
    place = *link;
    if (place) {
        *link = place->next;
    }
    return place;
}

static void give_back(wf_streams_t *streams, place_t *place)
{
    pthread_mutex_lock(&streams->lock);
    count_place(streams, place->tunnelled, -1);
    pthread_mutex_unlock(&streams->lock);
    free(place);
}

static wf_stream_t *create_stream(const place_t *place, int fd, const char *early,
                                  apr_size_t length)
{
    char *copy = length > 0 ? malloc(length) : NULL;
    wf_stream_t *stream = NULL;

    if (length == 0 || copy) {
        if (length > 0) {
            memcpy(copy, early, length);
        }
        stream = wf_stream_create(fd, wf_stream_protocol(place->protocol),
                                  place->tunnelled, copy, length);
    }
    if (!stream) {
        free(copy);
    }
    return stream;
}

apr_status_t wf_streams_open(wf_streams_t *streams, apr_int64_t ticket, int fd,
                             const char *early, apr_size_t length, wf_error_t *err)
{
    place_t *place;
    int ending;

    if (length > WF_STREAM_EARLY) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "a client that sends so much at once");
    }
    pthread_mutex_lock(&streams->lock);
    drop_old_tickets(streams);
    place = take_ticket(streams, ticket);
    pthread_mutex_unlock(&streams->lock);
    if (!place) {
        return wf_error_set(err, WF_ERR_NOT_FOUND, "no place is kept for this stream");
    }
    place->stream = create_stream(place, fd, early, length);
    if (!place->stream) {
        give_back(streams, place);
        return wf_error_set(err, WF_ERR_INTERNAL, "out of memory for a stream");
    }
    pthread_mutex_lock(&streams->lock);
    ending = streams->ending;
    if (!ending) {
        place->next = streams->newcomers;
        streams->newcomers = place;
    }
    pthread_mutex_unlock(&streams->lock);
    if (ending) {
        wf_stream_destroy(place->stream);
        give_back(streams, place);
        return APR_SUCCESS; /* fd is closed: that says it */
    }
    wake_loop(streams);
    return APR_SUCCESS;
}

void wf_streams_wake(wf_streams_t *streams, const char *topic)
{
    apr_size_t length = strlen(topic) + 1;
    name_t *name = malloc(sizeof(*name) + length);

    if (!name) {
        return; /* it is looked at in a second anyway */
    }
    memcpy(name->text, topic, length);
    pthread_mutex_lock(&streams->lock);
    name->next = streams->woken;
    streams->woken = name;
    pthread_mutex_unlock(&streams->lock);
    wake_loop(streams);
}

void wf_streams_set_limits(wf_streams_t *streams, int limit, int tunnel_limit)
{
    pthread_mutex_lock(&streams->lock);
    streams->limit = limit;
    streams->tunnel_limit = tunnel_limit;
    pthread_mutex_unlock(&streams->lock);
}

int wf_streams_count(wf_streams_t *streams)
{
    int count;

    pthread_mutex_lock(&streams->lock);
    drop_old_tickets(streams);
    count = streams->count;
    pthread_mutex_unlock(&streams->lock);
    return count;
}

/* ---- streams in lists: the loop's thread from here on ------------------------------ */

static void link_stream(wf_stream_t **list, wf_stream_t *stream)
{
    stream->next = *list;
    stream->link = list;
    if (stream->next) {
        stream->next->link = &stream->next;
    }
    *list = stream;
}

static void unlink_stream(wf_stream_t *stream)
{
    *stream->link = stream->next;
    if (stream->next) {
        stream->next->link = stream->link;
    }
}

static void close_stream(wf_streams_t *streams, wf_stream_t *stream)
{
    int tunnelled = stream->tunnelled;

    unlink_stream(stream);
    /* While the process that has sent the socket still has it, too, closing it here would
     * not end its events. */
    epoll_ctl(streams->epoll, EPOLL_CTL_DEL, stream->fd, NULL);
    wf_stream_destroy(stream);
    pthread_mutex_lock(&streams->lock);
    count_place(streams, tunnelled, -1);
    pthread_mutex_unlock(&streams->lock);
}

static void watch(wf_streams_t *streams, int op, wf_stream_t *stream)
{
    struct epoll_event event = { .events = wf_stream_wishes(stream), .data.ptr = stream };

    stream->watched = event.events;
    epoll_ctl(streams->epoll, op, stream->fd, &event);
}

/* Whatever was done with a stream had this outcome: -1 closes it. */
static void settle(wf_streams_t *streams, wf_stream_t *stream, int rc, int was_leaving)
{
    if (rc != 0) {
        close_stream(streams, stream);
        return;
    }
    if (wf_stream_wishes(stream) != stream->watched) {
        watch(streams, EPOLL_CTL_MOD, stream);
    }
    if (stream->leaving && !was_leaving) {
        unlink_stream(stream);
        link_stream(&streams->leaving, stream);
    }
}

/* ---- topics ------------------------------------------------------------------------ */

static apr_int64_t period_of(const wf_streams_t *streams)
{
    return streams->options.period;
}

static topic_t *find_topic(wf_streams_t *streams, const char *name, int format)
{
    topic_t *topic = streams->topics;

    while (topic && (topic->format != format || strcmp(topic->name, name) != 0)) {
        topic = topic->next;
    }
    return topic;
}

static topic_t *create_topic(wf_streams_t *streams, const place_t *place)
{
    topic_t *topic = calloc(1, sizeof(*topic));

    if (!topic) {
        return NULL;
    }
    memcpy(topic->name, place->topic, sizeof(topic->name));
    topic->format = place->format;
    topic->pool = wf_pool_create("wf_stream_news", 0);
    if (!topic->pool) {
        free(topic);
        return NULL;
    }
    topic->next = streams->topics;
    topic->link = &streams->topics;
    if (topic->next) {
        topic->next->link = &topic->next;
    }
    streams->topics = topic;
    return topic;
}

static void destroy_topic(topic_t *topic)
{
    *topic->link = topic->next;
    if (topic->next) {
        topic->next->link = topic->link;
    }
    apr_pool_destroy(topic->pool);
    free(topic);
}

static void look(wf_streams_t *streams, topic_t *topic)
{
    apr_int64_t now = wf_mono_us(), period = period_of(streams);
    wf_stream_state_e before = topic->state;

    apr_pool_clear(topic->pool);
    memset(&topic->news, 0, sizeof(topic->news));
    topic->state = streams->options.look(streams->options.baton, topic->name,
                                         topic->format, &topic->news, topic->pool);
    topic->looked_at = now;
    if (topic->state == WF_STREAM_SILENT) {
        topic->look_at = now + period / LOOKS_WHEN_SILENT;
        return;
    }
    /* In step with the last look, so that delays do not add up. */
    topic->look_at += period;
    if (before == WF_STREAM_SILENT || topic->look_at <= now) {
        topic->look_at = now + period;
    }
}

static void tell(wf_streams_t *streams, topic_t *topic, wf_stream_t *stream,
                 apr_int64_t now)
{
    int was_leaving = stream->leaving, rc = 0;

    switch (topic->state) {
    case WF_STREAM_SILENT:
        break;
    case WF_STREAM_NEWS:
        rc = wf_stream_tell(stream, topic->news.update, now);
        break;
    case WF_STREAM_OVER:
        rc = wf_stream_leave(stream, topic->news.update, topic->news.last,
                             WF_END_COMPLETE, now);
        break;
    case WF_STREAM_UNKNOWN:
        rc = wf_stream_leave(stream, NULL, topic->news.last, WF_END_UNKNOWN, now);
        break;
    }
    settle(streams, stream, rc, was_leaving);
}

/* A stream that has come between two looks has just heard the first one. */
static int has_just_heard(const wf_streams_t *streams, const topic_t *topic,
                          const wf_stream_t *stream, apr_int64_t now)
{
    return topic->state == WF_STREAM_NEWS && stream->told_at
           && now - stream->told_at < period_of(streams) / 2;
}

static void tell_all(wf_streams_t *streams, topic_t *topic)
{
    apr_int64_t now = wf_mono_us();

    for (wf_stream_t *stream = topic->streams, *next; stream; stream = next) {
        next = stream->next;
        if (!has_just_heard(streams, topic, stream, now)) {
            tell(streams, topic, stream, now);
        }
    }
    topic->said_at = now;
}

static void show_life(wf_streams_t *streams, topic_t *topic)
{
    apr_int64_t now = wf_mono_us();

    if (now - topic->said_at < IDLE_PERIODS * period_of(streams)) {
        return;
    }
    topic->said_at = now;
    for (wf_stream_t *stream = topic->streams, *next; stream; stream = next) {
        next = stream->next;
        settle(streams, stream, wf_stream_idle(stream), stream->leaving);
    }
}

static void look_and_tell(wf_streams_t *streams, topic_t *topic)
{
    look(streams, topic);
    if (topic->state == WF_STREAM_SILENT) {
        show_life(streams, topic);
    }
    else {
        tell_all(streams, topic);
    }
}

/* Topics that nobody listens to any more are forgotten. */
static void look_at_due(wf_streams_t *streams)
{
    for (topic_t *topic = streams->topics, *next; topic; topic = next) {
        next = topic->next;
        if (topic->streams && topic->look_at <= wf_mono_us()) {
            look_and_tell(streams, topic);
        }
        if (!topic->streams) {
            destroy_topic(topic);
        }
    }
}

/* ---- newcomers --------------------------------------------------------------------- */

static void hear_first(wf_streams_t *streams, topic_t *topic, wf_stream_t *stream)
{
    apr_int64_t now = wf_mono_us();
    int is_new = !topic->looked_at;

    /* Hundreds may come at once: they share a look. */
    if (is_new || now - topic->looked_at >= period_of(streams) / LOOKS_WHEN_SILENT) {
        apr_int64_t look_at = topic->look_at;

        look(streams, topic);
        if (!is_new && topic->state == WF_STREAM_NEWS && look_at > now) {
            topic->look_at = look_at; /* the others expect theirs then */
        }
        topic->said_at = is_new ? now : topic->said_at;
    }
    if (topic->state == WF_STREAM_OVER || topic->state == WF_STREAM_UNKNOWN) {
        tell_all(streams, topic);
    }
    else {
        tell(streams, topic, stream, now);
    }
}

static void admit(wf_streams_t *streams, place_t *place)
{
    topic_t *topic = find_topic(streams, place->topic, place->format);
    wf_stream_t *stream = place->stream;
    int rc;

    if (!topic) {
        topic = create_topic(streams, place);
    }
    if (!topic) {
        wf_stream_destroy(stream);
        give_back(streams, place);
        return;
    }
    free(place);
    link_stream(&topic->streams, stream);
    watch(streams, EPOLL_CTL_ADD, stream);
    rc = wf_stream_handle(stream, 0); /* what came before the socket was ours */
    if (rc == 0 && !stream->leaving) {
        hear_first(streams, topic, stream);
        return;
    }
    settle(streams, stream, rc, 0);
}

static place_t *in_order(place_t *newest_first)
{
    place_t *oldest_first = NULL;

    while (newest_first) {
        place_t *place = newest_first;

        newest_first = place->next;
        place->next = oldest_first;
        oldest_first = place;
    }
    return oldest_first;
}

static void look_at_woken(wf_streams_t *streams, name_t *woken)
{
    while (woken) {
        name_t *name = woken;

        for (topic_t *topic = streams->topics; topic; topic = topic->next) {
            if (strcmp(topic->name, name->text) == 0) {
                topic->look_at = 0;
            }
        }
        woken = name->next;
        free(name);
    }
}

/* What other threads have left for the loop. 1 if it is to end. */
static int take_news(wf_streams_t *streams)
{
    place_t *newcomers;
    name_t *woken;
    int ending;

    pthread_mutex_lock(&streams->lock);
    newcomers = in_order(streams->newcomers);
    streams->newcomers = NULL;
    woken = streams->woken;
    streams->woken = NULL;
    ending = streams->ending;
    pthread_mutex_unlock(&streams->lock);
    while (newcomers) {
        place_t *next = newcomers->next;

        admit(streams, newcomers);
        newcomers = next;
    }
    look_at_woken(streams, woken);
    return ending;
}

/* ---- the loop ---------------------------------------------------------------------- */

static void handle(wf_streams_t *streams, const struct epoll_event *event)
{
    wf_stream_t *stream = event->data.ptr;
    int was_leaving;

    if (!stream) { /* the wake-up */
        apr_uint64_t count;
        ssize_t n = read(streams->wakefd, &count, sizeof(count));

        (void)n;
        return;
    }
    was_leaving = stream->leaving;
    settle(streams, stream, wf_stream_handle(stream, event->events), was_leaving);
}

static void close_late(wf_streams_t *streams)
{
    apr_int64_t now = wf_mono_us();

    for (wf_stream_t *stream = streams->leaving, *next; stream; stream = next) {
        next = stream->next;
        if (stream->leave_until <= now) {
            close_stream(streams, stream);
        }
    }
}

/* Milliseconds until something is due; -1 = nothing is. */
static int time_left(const wf_streams_t *streams)
{
    apr_int64_t first = APR_INT64_MAX, now = wf_mono_us();

    for (const topic_t *topic = streams->topics; topic; topic = topic->next) {
        first = topic->look_at < first ? topic->look_at : first;
    }
    for (const wf_stream_t *s = streams->leaving; s; s = s->next) {
        first = s->leave_until < first ? s->leave_until : first;
    }
    if (first == APR_INT64_MAX) {
        return -1;
    }
    return first <= now ? 0 : (int)((first - now + 999) / 1000);
}

static void turn(wf_streams_t *streams, int timeout)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int n = epoll_wait(streams->epoll, events, EVENTS_PER_TURN, timeout);

    for (int i = 0; i < n; i++) {
        handle(streams, &events[i]);
    }
}

static void say_goodbye(wf_streams_t *streams)
{
    apr_int64_t now = wf_mono_us(), until = now + GOODBYE;

    for (topic_t *topic = streams->topics, *next_topic; topic; topic = next_topic) {
        next_topic = topic->next;
        for (wf_stream_t *stream = topic->streams, *next; stream; stream = next) {
            next = stream->next;
            settle(streams, stream,
                   wf_stream_leave(stream, NULL, NULL, WF_END_GOING_AWAY, now), 0);
        }
        destroy_topic(topic);
    }
    while (streams->leaving && (now = wf_mono_us()) < until) {
        turn(streams, (int)((until - now + 999) / 1000));
        close_late(streams);
    }
    while (streams->leaving) {
        close_stream(streams, streams->leaving);
    }
}

static void *run(void *data)
{
    wf_streams_t *streams = data;

    while (!take_news(streams)) {
        look_at_due(streams);
        close_late(streams);
        turn(streams, time_left(streams));
    }
    say_goodbye(streams);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------- */

apr_status_t wf_streams_create(wf_streams_t **out, const wf_streams_options_t *options,
                               apr_pool_t *p, wf_error_t *err)
{
    struct epoll_event event = { .events = EPOLLIN };
    wf_streams_t *streams = apr_pcalloc(p, sizeof(*streams));
    int rc;

    streams->options = *options;
    streams->options.period = options->period ? options->period : WF_STREAM_PERIOD;
    streams->options.reservation =
        options->reservation ? options->reservation : WF_STREAM_RESERVATION;
    streams->limit = options->limit;
    streams->tunnel_limit = options->tunnel_limit;
    streams->epoll = epoll_create1(EPOLL_CLOEXEC);
    streams->wakefd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (streams->epoll < 0 || streams->wakefd < 0
        || epoll_ctl(streams->epoll, EPOLL_CTL_ADD, streams->wakefd, &event) != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, errno,
                            "cannot create the streams' loop");
    }
    pthread_mutex_init(&streams->lock, NULL);
    rc = pthread_create(&streams->thread, NULL, run, streams);
    if (rc != 0) {
        return wf_error_apr(err, WF_ERR_INTERNAL, rc, "cannot start the streams' thread");
    }
    *out = streams;
    return APR_SUCCESS;
}

static void drop_tickets(wf_streams_t *streams)
{
    while (streams->reserved) {
        place_t *place = streams->reserved;

        streams->reserved = place->next;
        count_place(streams, place->tunnelled, -1);
        free(place);
    }
}

void wf_streams_stop(wf_streams_t *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->ending = 1;
    drop_tickets(streams);
    pthread_mutex_unlock(&streams->lock);
    wake_loop(streams);
    pthread_join(streams->thread, NULL);
}

void wf_streams_destroy(wf_streams_t *streams)
{
    look_at_woken(streams, streams->woken);
    close(streams->epoll);
    close(streams->wakefd);
    pthread_mutex_destroy(&streams->lock);
}
