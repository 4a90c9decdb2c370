/* A feed: what goes out of one run. The run leaves a copy of its sheet, always only the
 * newest; each output has a thread, which takes it when it is ready, and tells what is
 * new since the one that it took before. So an output that is slow, or that nobody
 * answers, has longer intervals, and costs neither memory nor the run's time. */
#include "output/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A copy of the run's sheet, shared by those who still need it. */
typedef struct look_t {
    apr_pool_t *pool;
    wf_sheet_t *sheet;
    apr_int64_t number, time_ms, elapsed_us;
    int held; /* with the feed's lock */
} look_t;

struct wf_feed_t {
    const wf_output_run_t *run;
    const wf_outputs_t *outputs;
    const wf_figure_t *figures;
    wf_sink_t *sinks;
    int nsinks;

    /* lock: never held while something is written or waited for */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a new look, the end, hurry */
    look_t *look;           /* the newest, or NULL */
    apr_int64_t looks;
    int ending, live, told;
    apr_int64_t deadline_us;
    int hurry; /* atomic: nobody waits any longer */
};

const wf_output_run_t *wf_sink_run(const wf_sink_t *sink)
{
    return sink->feed->run;
}

const wf_figure_t *wf_sink_figures(const wf_sink_t *sink)
{
    return sink->feed->figures;
}

int wf_sink_continues(const wf_sink_t *sink)
{
    return sink->feed->run->before != NULL;
}

wf_client_terms_t wf_sink_terms(const wf_sink_t *sink)
{
    const wf_output_run_t *run = sink->feed->run;

    return (wf_client_terms_t){ .permitted = run->permitted,
                                .permit_baton = run->permit_baton,
                                .stop = &sink->feed->hurry };
}

void wf_sink_post(wf_sink_t *sink, const wf_buffer_t *buffer)
{
    if (buffer->length > 0) {
        APR_ARRAY_PUSH(sink->parcels, wf_parcel_t) =
            (wf_parcel_t){ buffer->data, buffer->length };
    }
}

/* ---- looks ------------------------------------------------------------------------- */

static look_t *look_create(const wf_sheet_t *sheet, apr_int64_t now_ms,
                           apr_int64_t elapsed_us)
{
    apr_pool_t *pool = wf_pool_create("wf_output_look", 0);
    look_t *look;

    if (pool == NULL) {
        abort();
    }
    look = apr_pcalloc(pool, sizeof(*look));
    look->pool = pool;
    look->sheet = wf_sheet_create(wf_sheet_table(sheet), pool);
    wf_sheet_merge(look->sheet, sheet);
    look->time_ms = now_ms;
    look->elapsed_us = elapsed_us;
    look->held = 1;
    return look;
}

static void let_go(wf_feed_t *feed, look_t *look)
{
    int held = 1;

    if (look != NULL) {
        pthread_mutex_lock(&feed->lock);
        held = --look->held;
        pthread_mutex_unlock(&feed->lock);
    }
    if (held == 0) {
        apr_pool_destroy(look->pool);
    }
}

void wf_feed_see(wf_feed_t *feed, const wf_sheet_t *sheet, apr_int64_t now_ms,
                 apr_int64_t elapsed_us)
{
    look_t *look = look_create(sheet, now_ms, elapsed_us), *old;

    pthread_mutex_lock(&feed->lock);
    look->number = ++feed->looks;
    old = feed->look;
    feed->look = look;
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    let_go(feed, old);
}

/* ---- waiting ----------------------------------------------------------------------- */

static int is_hurry(wf_feed_t *feed)
{
    return __atomic_load_n(&feed->hurry, __ATOMIC_RELAXED);
}

/* The next look for a sink, one reference more; NULL at the end if there never was one.
 */
static look_t *next_look(wf_feed_t *feed, apr_int64_t seen, apr_int64_t due_us, int *last)
{
    look_t *look = NULL;

    pthread_mutex_lock(&feed->lock);
    while (look == NULL && !feed->ending) {
        apr_int64_t now = wf_mono_us();

        if (feed->look == NULL || feed->look->number == seen) {
            pthread_cond_wait(&feed->changed, &feed->lock);
        }
        else if (now < due_us) {
            wf_cond_wait_until(&feed->changed, &feed->lock, due_us);
        }
        else {
            look = feed->look;
        }
    }
    *last = feed->ending;
    look = feed->ending ? feed->look : look;
    if (look != NULL) {
        look->held++;
    }
    pthread_mutex_unlock(&feed->lock);
    return look;
}

/* Before another attempt: 0 if there is no time for it. */
static int pause_for(wf_feed_t *feed, apr_int64_t us)
{
    apr_int64_t until = wf_mono_us() + us;
    int go;

    pthread_mutex_lock(&feed->lock);
    while (wf_mono_us() < until && !is_hurry(feed)
           && !(feed->ending && until > feed->deadline_us)) {
        wf_cond_wait_until(&feed->changed, &feed->lock, until);
    }
    go = !is_hurry(feed) && !(feed->ending && until > feed->deadline_us);
    pthread_mutex_unlock(&feed->lock);
    return go;
}

/* ---- delivering -------------------------------------------------------------------- */

static void note_failure(wf_sink_t *sink, const char *message)
{
    wf_feed_t *feed = sink->feed;
    char *copy = strdup(message), *old;
    int first;

    if (copy == NULL) {
        abort();
    }
    pthread_mutex_lock(&feed->lock);
    first = sink->failures++ == 0;
    old = sink->failure;
    sink->failure = copy;
    pthread_mutex_unlock(&feed->lock);
    free(old);
    if (first) {
        wf_log(WF_LOG_WARN, "execution %s: %s: %s", feed->run->execution_id, sink->label,
               message);
    }
}

static void note_loss(wf_sink_t *sink, int parcels)
{
    pthread_mutex_lock(&sink->feed->lock);
    sink->lost += parcels;
    pthread_mutex_unlock(&sink->feed->lock);
}

static int deliver_one(wf_sink_t *sink, const wf_parcel_t *parcel)
{
    apr_int64_t attempt, delay = sink->output.retry_delay_ns / 1000;
    wf_sent_e sent = WF_SENT_NOT;
    wf_error_t err;
    apr_pool_t *p;

    apr_pool_create(&p, sink->pool);
    for (attempt = 1; sent == WF_SENT_NOT; attempt++) {
        apr_int64_t wait = delay * attempt;

        apr_pool_clear(p);
        wf_error_init(&err, p);
        sent = sink->output.type->deliver(sink, parcel, p, &err);
        if (sent != WF_SENT) {
            note_failure(sink, err.message);
        }
        if (sent == WF_SENT_NOT
            && (attempt >= sink->output.attempts
                || !pause_for(sink->feed, wait < WF_OUTPUT_RETRY_MAX_US
                                              ? wait
                                              : WF_OUTPUT_RETRY_MAX_US))) {
            break;
        }
    }
    apr_pool_destroy(p);
    return sent == WF_SENT;
}

static void deliver(wf_sink_t *sink)
{
    int i;

    for (i = 0; i < sink->parcels->nelts; i++) {
        if (is_hurry(sink->feed)) {
            note_failure(sink, "the end of the run did not wait for it any longer");
            note_loss(sink, sink->parcels->nelts - i);
            return;
        }
        if (!deliver_one(sink, &APR_ARRAY_IDX(sink->parcels, i, wf_parcel_t))) {
            note_loss(sink, 1);
        }
    }
}

/* ---- batches ----------------------------------------------------------------------- */

/* What this process takes of the machine. */
typedef struct usage_t {
    apr_int64_t cpu_us, at_us;
} usage_t;

static usage_t usage_now(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (usage_t){ .cpu_us = (r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000LL
                                + r.ru_utime.tv_usec + r.ru_stime.tv_usec,
                      .at_us = wf_mono_us() };
}

/* Resident pages as a share of the machine's. */
static double memory_percent(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    long size, resident = 0, all = sysconf(_SC_PHYS_PAGES);

    if (statm != NULL) {
        if (fscanf(statm, "%ld %ld", &size, &resident) != 2) {
            resident = 0;
        }
        fclose(statm);
    }
    return all > 0 ? 100.0 * (double)resident / (double)all : 0;
}

/* Each has a directory there. */
static int count_threads(void)
{
    struct stat tasks;

    return stat("/proc/self/task", &tasks) == 0 ? (int)tasks.st_nlink - 2 : 0;
}

static void measure(wf_batch_t *batch, usage_t *usage)
{
    usage_t now = usage_now();
    apr_int64_t passed = now.at_us - usage->at_us;

    batch->cpu =
        passed > 0 ? 100.0 * (double)(now.cpu_us - usage->cpu_us) / (double)passed : 0;
    batch->memory = memory_percent();
    batch->threads = count_threads();
    *usage = now;
}

/* What is new in a look since the one before is written. */
static void write_look(wf_sink_t *sink, const look_t *look, const look_t *before,
                       int last, usage_t *usage)
{
    const wf_output_run_t *run = sink->feed->run;
    const wf_sheet_t *earlier = before ? before->sheet : run->before;
    apr_pool_t *p = wf_pool_create("wf_output_batch", 0);
    wf_sheet_t *news;
    wf_batch_t batch = { .totals = look->sheet,
                         .total_seconds = (double)look->elapsed_us / 1e6,
                         .time_ms = look->time_ms,
                         .last = last,
                         .p = p };

    if (p == NULL) {
        abort();
    }
    news = wf_sheet_create(run->table, p);
    wf_sheet_merge(news, look->sheet);
    if (earlier != NULL) {
        wf_sheet_subtract(news, earlier);
    }
    batch.news = news;
    batch.seconds =
        (double)(look->elapsed_us - (before ? before->elapsed_us : run->before_us)) / 1e6;
    measure(&batch, usage);
    sink->parcels = apr_array_make(p, 8, sizeof(wf_parcel_t));
    sink->output.type->render(sink, &batch);
    deliver(sink);
    apr_pool_destroy(p);
}

/* ---- a sink's thread --------------------------------------------------------------- */

static apr_status_t open_sink(wf_sink_t *sink, wf_error_t *err)
{
    const wf_outputs_t *outputs = sink->feed->outputs;
    wf_output_around_t around = { .names = outputs->names, .run = sink->feed->run };
    wf_problems_t *problems = wf_problems_create(NULL, sink->pool);
    wf_compile_t c = { .problems = problems, .p = sink->pool };
    wf_where_t path = { .key = "options" };

    if (!wf_output_read(&sink->output, outputs->nodes[sink->index], &around, &path, &c)) {
        return wf_problems_check(problems, err);
    }
    return sink->output.type->open(sink, err);
}

static void feed_sink(wf_sink_t *sink)
{
    apr_int64_t interval_us = sink->output.interval_ns / 1000;
    apr_int64_t due_us = wf_mono_us() + interval_us;
    look_t *before = NULL, *look;
    usage_t usage = usage_now();
    int last = 0;

    while (!last) {
        look = next_look(sink->feed, before ? before->number : 0, due_us, &last);
        due_us = wf_mono_us() + interval_us;
        if (look != NULL) {
            write_look(sink, look, before, last, &usage);
            let_go(sink->feed, before);
            before = look;
        }
    }
    let_go(sink->feed, before);
}

static void wait_for_end(wf_feed_t *feed)
{
    pthread_mutex_lock(&feed->lock);
    while (!feed->ending) {
        pthread_cond_wait(&feed->changed, &feed->lock);
    }
    pthread_mutex_unlock(&feed->lock);
}

/* Whoever is the last one says so. */
static void tell_flushed(wf_feed_t *feed, int gone)
{
    int tell;

    pthread_mutex_lock(&feed->lock);
    feed->live -= gone;
    tell = feed->live == 0 && feed->ending && !feed->told;
    feed->told |= tell;
    pthread_mutex_unlock(&feed->lock);
    if (tell) {
        feed->run->flushed(feed->run->baton);
    }
}

static void *run_sink(void *data)
{
    wf_sink_t *sink = data;
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, sink->pool);
    wf_error_init(&err, p);
    if (open_sink(sink, &err) == APR_SUCCESS) {
        feed_sink(sink);
        wf_error_init(&err, p);
        if (sink->output.type->close != NULL
            && sink->output.type->close(sink, p, &err) != APR_SUCCESS) {
            note_failure(sink, err.message);
        }
    }
    else {
        note_failure(sink, err.message);
        wait_for_end(sink->feed);
    }
    tell_flushed(sink->feed, 1);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------- */

static void start_sink(wf_sink_t *sink)
{
    sigset_t all, old;
    int rv;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all,
                    &old); /* signals are for the process's own threads */
    rv = pthread_create(&sink->thread, NULL, run_sink, sink);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    sink->started = rv == 0;
    if (rv != 0) {
        note_failure(sink, "no thread could be started for it");
    }
}

static apr_status_t close_feed(void *data)
{
    wf_feed_t *feed = data;
    int i;

    pthread_mutex_lock(&feed->lock);
    feed->ending = feed->told = 1;
    __atomic_store_n(&feed->hurry, 1, __ATOMIC_RELAXED);
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    for (i = 0; i < feed->nsinks; i++) {
        wf_sink_t *sink = &feed->sinks[i];

        if (sink->started) {
            pthread_join(sink->thread, NULL);
        }
        apr_pool_destroy(sink->pool);
        free(sink->failure);
    }
    let_go(feed, feed->look);
    pthread_cond_destroy(&feed->changed);
    pthread_mutex_destroy(&feed->lock);
    return APR_SUCCESS;
}

static const wf_tag_t *tags_of(const wf_map_t *map, int *n, apr_pool_t *p)
{
    wf_tag_t *tags = apr_pcalloc(p, ((map ? wf_map_count(map) : 0) + 1) * sizeof(*tags));
    int i;

    for (i = *n = 0; map != NULL && i < wf_map_count(map); i++) {
        const wf_value_t *value = wf_map_at(map, i);

        tags[i].key = wf_map_key(map, i);
        tags[i].value =
            value->type == WF_STRING
                ? value->as.text.data
                : wf_json_text(wf_json_own(wf_value_to_json(value), p), NULL, p);
        ++*n;
    }
    return tags;
}

static void init_sink(wf_sink_t *sink, wf_feed_t *feed, int index)
{
    sink->feed = feed;
    sink->index = index;
    sink->label = feed->outputs->labels[index];
    sink->fd = -1;
    sink->pool = wf_pool_create("wf_output_sink", 0);
    if (sink->pool == NULL) {
        abort();
    }
    sink->tags = tags_of(feed->run->tags, &sink->ntags, sink->pool);
}

wf_feed_t *wf_feed_open(const wf_outputs_t *outputs, const wf_output_run_t *run,
                        apr_pool_t *p)
{
    wf_feed_t *feed = apr_pcalloc(p, sizeof(*feed));
    int i;

    feed->run = run;
    feed->outputs = outputs;
    feed->figures = wf_figures_create(run, p);
    feed->nsinks = outputs->count;
    feed->sinks = apr_pcalloc(p, outputs->count * sizeof(*feed->sinks));
    pthread_mutex_init(&feed->lock, NULL);
    pthread_cond_init(&feed->changed, NULL);
    for (i = 0; i < feed->nsinks; i++) {
        init_sink(&feed->sinks[i], feed, i);
    }
    apr_pool_pre_cleanup_register(p, feed, close_feed);
    for (i = 0; i < feed->nsinks; i++) {
        pthread_mutex_lock(&feed->lock);
        feed->live++;
        pthread_mutex_unlock(&feed->lock);
        start_sink(&feed->sinks[i]);
        if (!feed->sinks[i].started) {
            tell_flushed(feed, 1);
        }
    }
    return feed;
}

void wf_feed_end(wf_feed_t *feed, apr_int64_t deadline_us)
{
    pthread_mutex_lock(&feed->lock);
    feed->ending = 1;
    feed->deadline_us = deadline_us;
    if (wf_mono_us() >= deadline_us) {
        __atomic_store_n(&feed->hurry, 1, __ATOMIC_RELAXED);
    }
    pthread_cond_broadcast(&feed->changed);
    pthread_mutex_unlock(&feed->lock);
    tell_flushed(feed, 0);
}

const char *wf_feed_failure(wf_feed_t *feed, int i, int *more, apr_pool_t *p)
{
    const wf_sink_t *sink;
    const char *text = NULL;

    *more = i < feed->nsinks;
    if (!*more) {
        return NULL;
    }
    sink = &feed->sinks[i];
    pthread_mutex_lock(&feed->lock);
    if (sink->failure != NULL) {
        text = apr_psprintf(p,
                            "%s: %s; attempts that failed: %" APR_INT64_T_FMT
                            ", parts that are lost: %" APR_INT64_T_FMT,
                            sink->label, sink->failure, sink->failures, sink->lost);
    }
    pthread_mutex_unlock(&feed->lock);
    return text;
}
