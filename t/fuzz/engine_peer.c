/* Fuzz target of the cluster: what somebody says who has the key. The input is lines of
 * JSON: a false slave says to its master what follows a '>', a false master says the
 * others to its slave. TASK in a line is the number of the task that the false slave was
 * given, HAVE that of the latest news of the slave; a line of a dot lets the slave say
 * something before the next. Whatever they say: both get an answer to their last
 * question, or their link is closed; the execution ends when its slave has left, and the
 * slave lets go of all it was given. */
#include "cluster/cluster.h"
#include "fuzz.h"
#include "no_leaks.h"
#include "steps/steps.h"

#include "client/client.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>

#define LIMIT_S 30        /* for an answer */
#define PAUSE_NS 10000000 /* for the slave to say something, if it wants to */
#define EXECUTION "e"
#define ECHO 424242 /* a task that nobody has */

/* What slaves are given to do: an input names one of these by its letter. None of them
 * calls anybody. */
#define STEPS "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: 1ms}}\n"
static const char *const workflows[] = {
    STEPS "options: {vus: 2, iterations: 3}\n",
    STEPS "options: {vus: 2, duration: 60s}\n",
    STEPS "setup:\n- {id: a, type: script, config: {script: \"vars.set('x', 1)\"}}\n"
          "teardown:\n- {id: z, type: sleep, config: {duration: 1ms}}\n"
          "scenarios:\n  one: {executor: constant-arrival-rate, rate: 50, duration: 5s, "
          "pre_allocated_vus: 2}\n  two: {vus: 1, iterations: 2}\n",
    "{\"id\": \"w\", \"name\": \"W\", \"steps\": [{\"id\": \"s\", \"type\": \"sleep\", "
    "\"config\": {\"duration\": \"1ms\"}}]}",
    "id: [",
};

static const wf_surroundings_t around = { .steps = &wf_steps };
static const wf_selector_t everybody = { .mode = WF_SELECT_AUTO };
static const wf_link_key_t key = { "0123456789abcdef", 16 };

/* One who says it, and what he has heard. */
typedef struct liar_t {
    wf_links_t *links;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    wf_link_t link;
    int opened, closed, greeted, answered;
    int words;        /* that he has heard of tasks */
    apr_int64_t task; /* of the latest assignment */
    apr_int64_t news; /* the latest sequence */
} liar_t;

static liar_t false_slave, false_master;
static apr_pool_t *pool;
static wf_load_t *masters_load, *slaves_load;
static wf_registry_t *registry;
static wf_coordinator_t *coordinator;
static int ended; /* executions; guarded by false_slave.lock */

/* ---- liars ------------------------------------------------------------------------------- */

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    liar_t *liar = baton;

    (void)name;
    pthread_mutex_lock(&liar->lock);
    liar->link = link;
    liar->opened = 1;
    pthread_cond_broadcast(&liar->changed);
    pthread_mutex_unlock(&liar->lock);
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    liar_t *liar = baton;
    const char *type = wf_json_string(message, "type", "");

    (void)link;
    pthread_mutex_lock(&liar->lock);
    liar->greeted += strcmp(type, "register") == 0 || strcmp(type, "registered") == 0;
    liar->answered += wf_json_int(message, "task", 0) == ECHO;
    liar->words += wf_json_get(message, "task") != NULL;
    liar->news = wf_json_int(message, "sequence", liar->news);
    if (strcmp(type, "assign") == 0) {
        liar->task = wf_json_int(message, "task", 0);
    }
    pthread_cond_broadcast(&liar->changed);
    pthread_mutex_unlock(&liar->lock);
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    liar_t *liar = baton;

    fuzz_line(why);
    pthread_mutex_lock(&liar->lock);
    liar->closed |= link == liar->link;
    pthread_cond_broadcast(&liar->changed);
    pthread_mutex_unlock(&liar->lock);
}

static void make_liar(liar_t *liar)
{
    wf_links_options_t options = { .owner = { liar, on_opened, on_message, on_closed },
                                   .key = key,
                                   .limit = 100 };
    wf_error_t err;

    pthread_mutex_init(&liar->lock, NULL);
    pthread_cond_init(&liar->changed, NULL);
    wf_error_init(&err, pool);
    fuzz_check(wf_links_create(&liar->links, &options, pool, &err) == APR_SUCCESS);
}

/* Nothing of what he heard before. */
static void forget(liar_t *liar)
{
    pthread_mutex_lock(&liar->lock);
    liar->opened = liar->closed = liar->greeted = liar->answered = liar->words = 0;
    liar->task = liar->news = 0;
    liar->link = 0;
    pthread_mutex_unlock(&liar->lock);
}

/* For *what to be so, or the end of his link; a hang is a finding. */
static int await(liar_t *liar, const int *what, const int *or_else)
{
    struct timespec until;
    int rc = 0, so;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_S;
    pthread_mutex_lock(&liar->lock);
    while (!*what && !*or_else && rc == 0) {
        rc = pthread_cond_timedwait(&liar->changed, &liar->lock, &until);
    }
    so = *what;
    pthread_mutex_unlock(&liar->lock);
    fuzz_check(rc == 0);
    return so;
}

static void say(liar_t *liar, const char *text, apr_size_t length, apr_pool_t *p)
{
    json_object *message, *workflow;
    const char *name;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_read(&message, text, length, p, &err) != APR_SUCCESS
        || !json_object_is_type(message, json_type_object)) {
        return; /* no link carries it */
    }
    if (json_object_object_get_ex(message, "workflow", &workflow)) {
        name = wf_json_string(message, "workflow", "");
        wf_json_add_string(message, "workflow",
                           workflows[(unsigned char)name[0]
                                     % (sizeof(workflows) / sizeof(workflows[0]))]);
    }
    wf_link_send(liar->links, liar->link, message);
}

/* A number for its name, of four letters. */
static const char *with_number(const char *line, const char *name,
                               const apr_int64_t *number, liar_t *liar, apr_pool_t *p)
{
    const char *at = strstr(line, name);
    apr_int64_t value;

    pthread_mutex_lock(&liar->lock);
    value = *number;
    pthread_mutex_unlock(&liar->lock);
    return at == NULL ? line
                      : apr_psprintf(p, "%.*s%" APR_INT64_T_FMT "%s", (int)(at - line),
                                     line, value, at + 4);
}

/* The two ends of a connection. */
static apr_status_t connect_ends(wf_links_t *server, int *client, wf_error_t *err)
{
    apr_int64_t ticket = 0;
    wf_link_t link;
    int fds[2];

    fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    fuzz_check(wf_links_reserve(server, &ticket, err) == APR_SUCCESS);
    *client = fds[1];
    return wf_links_open(server, ticket, fds[0], "", 0, &link, err);
}

/* ---- a false slave ------------------------------------------------------------------------ */

#define SAY(liar, text, p) say(liar, text, strlen(text), p)
#define TASK(number) "\"execution\": \"x\", \"member\": 0, \"task\": " number

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    (void)baton;
    fuzz_check(snapshot->iterations >= 0 && snapshot->active_vus >= 0);
    if (wf_run_status_final(snapshot->status)) {
        pthread_mutex_lock(&false_slave.lock);
        ended = 1;
        pthread_cond_broadcast(&false_slave.changed);
        pthread_mutex_unlock(&false_slave.lock);
    }
}

/* For him to have a part of. */
static void begin(apr_pool_t *p)
{
    apr_pool_t *plan_pool = wf_pool_create("fuzz_plan", 0);
    wf_problems_t *problems = wf_problems_create(NULL, plan_pool);
    apr_array_header_t *needs = apr_array_make(p, 1, sizeof(const char *));
    wf_wanted_t wanted = { needs, 2 };
    wf_distribute_t what = { .id = EXECUTION,
                             .workflow = workflows[1],
                             .selector = &everybody,
                             .wanted = &wanted,
                             .loss = WF_LOSS_ABORT };
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, p);
    ended = 0;
    wf_plan_read(&plan, what.workflow, strlen(what.workflow), NULL, &around, problems,
                 plan_pool);
    fuzz_check(wf_problems_check(problems, &err) == APR_SUCCESS
               && wf_coordinator_start(coordinator, plan, plan_pool, &what, &err)
                      == APR_SUCCESS);
}

static void wait_for_task(liar_t *liar)
{
    struct timespec until;
    int rc = 0;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += LIMIT_S;
    pthread_mutex_lock(&liar->lock);
    while (liar->task == 0 && rc == 0) {
        rc = pthread_cond_timedwait(&liar->changed, &liar->lock, &until);
    }
    pthread_mutex_unlock(&liar->lock);
    fuzz_check(rc == 0);
}

static void enter(apr_pool_t *p)
{
    wf_error_t err;
    int fd;

    wf_error_init(&err, p);
    forget(&false_slave);
    fuzz_check(connect_ends(wf_coordinator_links(coordinator), &fd, &err) == APR_SUCCESS
               && wf_links_join(false_slave.links, fd, "liar", &false_slave.link, &err)
                      == APR_SUCCESS);
    fuzz_check(await(&false_slave, &false_slave.opened, &false_slave.closed));
    SAY(&false_slave,
        "{\"type\": \"register\", \"slave_id\": \"liar\", \"instance\": \"i\", "
        "\"address\": \"x:1\", \"slave_type\": \"worker\", \"capabilities\": [], "
        "\"labels\": {}, \"max_vus\": 100}",
        p);
    fuzz_check(await(&false_slave, &false_slave.greeted, &false_slave.closed));
    begin(p);
    wait_for_task(&false_slave);
}

static void leave(apr_pool_t *p)
{
    static const int never = 0;

    SAY(&false_slave, "{\"type\": \"news\", " TASK("424242") "}", p);
    await(&false_slave, &false_slave.answered, &false_slave.closed);
    SAY(&false_slave, "{\"type\": \"bye\"}", p);
    await(&false_slave, &ended, &never);
    wf_link_close(false_slave.links, false_slave.link, "enough");
    await(&false_slave, &false_slave.closed, &never);
}

/* ---- a false master ------------------------------------------------------------------------- */

static apr_status_t dial(void *baton, int *fd, apr_pool_t *p, wf_error_t *err)
{
    (void)baton;
    (void)p;
    return connect_ends(false_master.links, fd, err);
}

static wf_agent_t *open_slave(apr_pool_t *p)
{
    wf_agent_options_t options = { .load = slaves_load,
                                   .around = &around,
                                   .key = key,
                                   .dial = dial,
                                   .report = 1000,
                                   .patience = 10000,
                                   .timeout = LIMIT_S * APR_USEC_PER_SEC };
    wf_agent_t *agent;
    wf_error_t err;

    wf_error_init(&err, p);
    forget(&false_master);
    options.self = (wf_slave_t){ .id = "honest",
                                 .address = "x:1",
                                 .capabilities = apr_array_make(p, 1, sizeof(char *)),
                                 .labels = apr_table_make(p, 1),
                                 .max_vus = 10 };
    fuzz_check(wf_agent_create(&agent, &options, p, &err) == APR_SUCCESS);
    fuzz_check(await(&false_master, &false_master.greeted, &false_master.closed));
    return agent;
}

/* What it does goes on meanwhile. */
static void listen_to_slave(void)
{
    struct timespec until;
    int rc = 0, words;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += PAUSE_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&false_master.lock);
    words = false_master.words;
    while (false_master.words == words && !false_master.closed && rc == 0) {
        rc = pthread_cond_timedwait(&false_master.changed, &false_master.lock, &until);
    }
    pthread_mutex_unlock(&false_master.lock);
}

static void close_slave(wf_agent_t *agent, apr_pool_t *p)
{
    SAY(&false_master, "{\"type\": \"leave\", " TASK("424242") "}", p);
    await(&false_master, &false_master.answered, &false_master.closed);
    wf_agent_destroy(agent);
}

/* ---- both -------------------------------------------------------------------------------------- */

static void start(void)
{
    wf_load_options_t load = { .loops = 1, .max_executions = 50, .max_vus = 20 };
    wf_coordinator_options_t options = { .key = key,
                                         .master_id = "honest",
                                         .max_links = 100,
                                         .heartbeat_ms = 1000,
                                         .timeout_ms = 2000 };
    wf_error_t err;

    pool = wf_pool_create("fuzz_peers", 0);
    wf_error_init(&err, pool);
    wf_log_set_level(0);
    make_liar(&false_slave);
    make_liar(&false_master);
    fuzz_check(wf_client_global_init(&err) == APR_SUCCESS
               && wf_load_create(&slaves_load, &load, pool, &err) == APR_SUCCESS);
    load.progress = on_progress;
    fuzz_check(wf_load_create(&masters_load, &load, pool, &err) == APR_SUCCESS
               && wf_registry_create(&registry, 20, 2000, pool, &err) == APR_SUCCESS);
    options.load = masters_load;
    options.registry = registry;
    fuzz_check(wf_coordinator_create(&coordinator, &options, pool, &err) == APR_SUCCESS);
}

static void end(void)
{
    wf_coordinator_close(coordinator);
    wf_load_close(masters_load);
    wf_coordinator_destroy(coordinator);
    wf_load_destroy(masters_load);
    wf_load_destroy(slaves_load);
    wf_registry_destroy(registry);
    wf_links_destroy(false_slave.links);
    wf_links_destroy(false_master.links);
    apr_pool_destroy(pool);
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    char *rest = size > 0 ? apr_pstrmemdup(p, (const char *)data, size) : NULL;
    wf_agent_t *agent = NULL;
    int entered = 0;

    if (pool == NULL) {
        start();
        atexit(end);
    }
    while (rest != NULL && *rest != '\0') {
        const char *line = fuzz_cut(&rest);

        if (*line == '>') {
            if (!entered++) {
                enter(p);
            }
            line = with_number(line + 1, "TASK", &false_slave.task, &false_slave, p);
            SAY(&false_slave, line, p);
        }
        else if (strcmp(line, ".") == 0) {
            listen_to_slave();
        }
        else {
            agent = agent == NULL ? open_slave(p) : agent;
            line = with_number(line, "HAVE", &false_master.news, &false_master, p);
            SAY(&false_master, line, p);
        }
    }
    if (entered) {
        leave(p);
    }
    if (agent != NULL) {
        close_slave(agent, p);
    }
}
