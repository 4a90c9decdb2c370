/* Slaves that do nothing but say what slaves say: so many of them, each with a link of
 * its own to a master, tell it each second what 100 iterations of ten HTTP steps have
 * counted.
 *
 *     slaves URL KEYFILE SLAVES
 *
 * "ready" is printed when each of them has a part of an execution, and a line with the
 * number of messages and the iterations of all when they have ended theirs: with the
 * first line, or the end, of standard input. */
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/internal.h"
#include "figures.h"
#include "steps/steps.h"

#define MAX_SLAVES 1000
#define EVERY_US 1000000
#define BEAT_US 5000000
#define TURN_MS 1
#define LIMIT_US 60000000 /* for what all of them have to do */
#define USERS 5

typedef struct slave_t {
    char id[20];
    wf_link_t link;
    wf_task_name_t task; /* its execution is an own copy; NULL: it has none */
    wf_sheet_t *counts, *told;
    apr_int64_t sequence, have; /* of its news; of those that the master has */
    apr_int64_t begun_ms, news_at_us, beat_at_us;
    int done; /* the master knows its end */
} slave_t;

/* All but texts is of both threads, with the lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static slave_t slaves[MAX_SLAVES];
static int nslaves;
static apr_int64_t messages;
static wf_sheet_t *scratch;
static const wf_metric_table_t *table;
static wf_links_t *links;
static apr_pool_t *pool, *texts;
static wf_error_t err;

static void die(const char *what)
{
    fprintf(stderr, "slaves: %s\n", what);
    exit(1);
}

static void must(apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        die(err.message);
    }
}

static void say(slave_t *slave, json_object *message)
{
    wf_link_send(links, slave->link, message);
    json_object_put(message);
}

/* ---- what they hear: on the links' thread -------------------------------------------------- */

static slave_t *slave_of(wf_link_t link)
{
    int i;

    for (i = 0; i < nslaves; i++) {
        if (slaves[i].link == link) {
            return &slaves[i];
        }
    }
    return NULL;
}

static void make_table(json_object *assignment)
{
    static const wf_surroundings_t around = { .steps = &wf_steps };
    wf_problems_t *problems = wf_problems_create(NULL, pool);
    const char *text = wf_json_string(assignment, "workflow", "");
    wf_plan_t *plan;

    wf_plan_read(&plan, apr_pstrdup(pool, text), strlen(text), NULL, &around, problems,
                 pool);
    if (plan == NULL) {
        die(wf_problems_text(problems, pool));
    }
    table = wf_plan_metrics(plan);
    scratch = wf_sheet_create(table, pool);
    if (!find_steps(table, pool)) {
        die("the steps have no metrics");
    }
}

static void on_assign(slave_t *slave, json_object *message)
{
    json_object *begun;

    if (slave->task.execution != NULL || !wf_task_name_read(&slave->task, message)) {
        die("an assignment that was not expected");
    }
    if (table == NULL) {
        make_table(message);
    }
    slave->task.execution = apr_pstrdup(pool, slave->task.execution);
    slave->counts = wf_sheet_create(table, pool);
    slave->told = wf_sheet_create(table, pool);
    slave->begun_ms = wf_time_ms();
    slave->news_at_us = wf_mono_us() + EVERY_US / nslaves * (slave - slaves);
    begun = wf_task_message("begun", &slave->task);
    wf_json_add_int(begun, "at", apr_time_now());
    say(slave, begun);
}

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    apr_pool_t *p = wf_pool_create("slaves_opened", 0);
    apr_array_header_t *capabilities = apr_array_make(p, 1, sizeof(const char *));
    wf_slave_t self = { .address = ":9091",
                        .type = WF_SLAVE_WORKER,
                        .capabilities = capabilities,
                        .labels = apr_table_make(p, 1),
                        .cpu_cores = 1,
                        .memory_mb = 1024,
                        .max_vus = 100 };
    slave_t *slave;

    (void)baton;
    (void)name;
    APR_ARRAY_PUSH(capabilities, const char *) = "http_executor";
    pthread_mutex_lock(&lock);
    slave = slave_of(link);
    if (slave != NULL) {
        self.id = slave->id;
        say(slave, wf_slave_message(&self));
    }
    pthread_mutex_unlock(&lock);
    apr_pool_destroy(p);
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    const char *type = wf_json_string(message, "type", "");
    slave_t *slave;

    (void)baton;
    pthread_mutex_lock(&lock);
    slave = slave_of(link);
    if (strcmp(type, "rejected") == 0) {
        die(wf_json_string(message, "error", "rejected"));
    }
    if (strcmp(type, "assign") == 0) {
        on_assign(slave, message);
    }
    else if (strcmp(type, "have") == 0) {
        slave->have = wf_json_int(message, "have", -1);
    }
    else if (strcmp(type, "done") == 0) {
        slave->done = 1;
    }
    pthread_mutex_unlock(&lock);
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    (void)baton;
    (void)link;
    die(why);
}

/* ---- what they say ------------------------------------------------------------------------- */

static apr_int64_t iterations_of(const slave_t *slave)
{
    return (apr_int64_t)wf_sheet_counter(slave->counts, WF_M_ITERATIONS);
}

static const char *state_of(const slave_t *slave, apr_int64_t now_ms)
{
    return apr_psprintf(
        texts,
        "{\"version\":1,\"phase\":\"main\",\"start\":%" APR_INT64_T_FMT
        ",\"at\":%" APR_INT64_T_FMT ",\"elapsed\":%" APR_INT64_T_FMT
        ",\"main\":0,\"warm\":0,\"scenarios\":{\"\":{\"done\":%" APR_INT64_T_FMT
        ",\"counts\":\"\"}},\"rows\":{},\"users\":[%d,0],\"strain\":[1,0,0,0,0.2,0]}",
        slave->begun_ms, now_ms, (now_ms - slave->begun_ms) * 1000, iterations_of(slave),
        USERS);
}

/* 0 if the master has not heard the last ones yet: then they come later. */
static int tell_news(slave_t *slave)
{
    apr_int64_t now_ms = wf_time_ms();
    json_object *news;

    if (slave->have != slave->sequence) {
        return 0;
    }
    count_some(slave->counts, now_ms);
    wf_sheet_clear(scratch);
    if (!wf_sheet_since(scratch, slave->counts, slave->told)) {
        die("a difference is not exact");
    }
    apr_pool_clear(texts);
    news = wf_task_message("news", &slave->task);
    wf_json_add_int(news, "base", slave->sequence++);
    wf_json_add_int(news, "sequence", slave->sequence);
    wf_json_add_string(news, "figures", wf_sheet_encode(scratch, texts));
    wf_json_add_string(news, "state", state_of(slave, now_ms));
    wf_sheet_merge(slave->told, scratch);
    say(slave, news);
    messages++;
    return 1;
}

static void tell_over(slave_t *slave)
{
    json_object *over = wf_task_message("over", &slave->task);

    wf_json_add_string(over, "status", "completed");
    say(slave, over);
}

static void beat(slave_t *slave)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "type", "heartbeat");
    wf_json_add_int(o, "active_vus", slave->task.execution != NULL ? USERS : 0);
    wf_json_add_int(o, "active_tasks", slave->task.execution != NULL);
    say(slave, o);
}

static void turn(void)
{
    apr_int64_t now = wf_mono_us();
    slave_t *slave;

    pthread_mutex_lock(&lock);
    for (slave = slaves; slave < slaves + nslaves; slave++) {
        if (slave->link != 0 && now >= slave->beat_at_us) {
            slave->beat_at_us = now + BEAT_US;
            beat(slave);
        }
        if (slave->task.execution != NULL && now >= slave->news_at_us
            && tell_news(slave)) {
            slave->news_at_us += EVERY_US;
        }
    }
    pthread_mutex_unlock(&lock);
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int have_tasks(const slave_t *slave)
{
    return slave->task.execution != NULL;
}

static int are_heard(const slave_t *slave)
{
    return slave->have == slave->sequence;
}

static int are_done(const slave_t *slave)
{
    return slave->done;
}

static int all(int (*what)(const slave_t *slave))
{
    int i, n = 0;

    pthread_mutex_lock(&lock);
    for (i = 0; i < nslaves; i++) {
        n += what(&slaves[i]) != 0;
    }
    pthread_mutex_unlock(&lock);
    return n == nslaves;
}

/* They go on meanwhile if they are to. */
static void wait_for(int (*what)(const slave_t *slave), int go_on)
{
    apr_int64_t until = wf_mono_us() + LIMIT_US;

    while (!all(what)) {
        if (wf_mono_us() > until) {
            die("the master does not do its part");
        }
        if (go_on) {
            turn();
        }
        poll(NULL, 0, TURN_MS);
    }
}

static void connect_all(const char *url)
{
    wf_link_target_t target = { .url = url };
    int i, fd;

    for (i = 0; i < nslaves; i++) {
        slave_t *slave = &slaves[i];

        apr_snprintf(slave->id, sizeof(slave->id), "slave-%d", i);
        must(wf_link_dial(&fd, &target, pool, &err));
        pthread_mutex_lock(&lock);
        must(wf_links_join(links, fd, slave->id, &slave->link, &err));
        pthread_mutex_unlock(&lock);
    }
}

static void report_until_told(void)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

    while (poll(&in, 1, TURN_MS) == 0) {
        turn();
    }
}

static void end_all(void)
{
    apr_int64_t iterations = 0;
    int i;

    wait_for(are_heard, 0);
    pthread_mutex_lock(&lock);
    for (i = 0; i < nslaves; i++) {
        iterations += iterations_of(&slaves[i]);
        tell_over(&slaves[i]);
    }
    pthread_mutex_unlock(&lock);
    wait_for(are_done, 0);
    printf("{\"messages\":%" APR_INT64_T_FMT ",\"iterations\":%" APR_INT64_T_FMT "}\n",
           messages, iterations);
}

int main(int argc, char **argv)
{
    wf_links_options_t options = {
        .owner = { .opened = on_opened, .message = on_message, .closed = on_closed }
    };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&texts, pool);
    wf_error_init(&err, pool);
    nslaves = argc == 4 ? atoi(argv[3]) : 0;
    if (nslaves < 1 || nslaves > MAX_SLAVES) {
        die("URL KEYFILE SLAVES");
    }
    options.limit = nslaves;
    must(wf_link_key_read(&options.key, argv[2], pool, &err));
    must(wf_links_create(&links, &options, pool, &err));
    connect_all(argv[1]);
    wait_for(have_tasks, 1);
    puts("ready");
    fflush(stdout);
    report_until_told();
    end_all();
    fflush(stdout);
    _exit(0); /* links that end now are no failure */
}
