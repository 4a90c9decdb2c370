/* The slave's agent: one thread that keeps a link to the master, begins tasks when their
 * time comes, and tells how they stand. What the link and the load engine have to say
 * comes as letters, so everything here belongs to that thread. */
#include "cluster/agent.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_US 10000 /* between two looks at a task that stands still to be moved */

#define MOST_MS 86400000 /* that a master may ask for: a day */

typedef enum { LETTER_DIALED, LETTER_OPENED, LETTER_MESSAGE, LETTER_CLOSED } letter_e;

struct wf_agent_letter_t {
    letter_e what;
    wf_link_t link;
    int fd; /* DIALED: the reader's; or -1 */
    wf_agent_letter_t *next;
    char text[];
};

/* ---- letters --------------------------------------------------------------------------- */

static void post(wf_agent_t *agent, letter_e what, wf_link_t link, int fd,
                 const char *text)
{
    wf_agent_letter_t *letter = calloc(1, sizeof(*letter) + strlen(text) + 1);

    if (letter == NULL) {
        abort();
    }
    letter->what = what;
    letter->link = link;
    letter->fd = fd;
    strcpy(letter->text, text);
    pthread_mutex_lock(&agent->lock);
    *agent->last_letter = letter;
    agent->last_letter = &letter->next;
    pthread_cond_signal(&agent->changed);
    pthread_mutex_unlock(&agent->lock);
}

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    (void)name;
    post(baton, LETTER_OPENED, link, -1, "");
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    post(baton, LETTER_MESSAGE, link, -1,
         json_object_to_json_string_ext(message, JSON_C_TO_STRING_PLAIN));
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    post(baton, LETTER_CLOSED, link, -1, why);
}

static void on_dialed(void *baton, int fd, const char *why)
{
    post(baton, LETTER_DIALED, 0, fd, why);
}

void wf_agent_tell(wf_agent_t *agent, json_object *message)
{
    if (agent->open) {
        wf_link_send(agent->links, agent->link, message);
    }
    json_object_put(message);
}

/* ---- the link ---------------------------------------------------------------------------------- */

/* Attempts go on for ever, and the same is not told again. */
static void complain(wf_agent_t *agent, const char *what, const char *why)
{
    const char *text = apr_psprintf(agent->pool, "%s: %s", what, why);
    int told = agent->complaint != NULL && strcmp(agent->complaint, text) == 0;

    wf_log(told ? WF_LOG_DEBUG : WF_LOG_WARN, "slave: %s", text);
    apr_pool_clear(agent->complaint_pool);
    agent->complaint = apr_pstrdup(agent->complaint_pool, text);
}

/* Microseconds; 0 for what is none. */
static apr_int64_t time_of(json_object *message, const char *name)
{
    apr_int64_t ms = wf_json_int(message, name, 0);

    return ms > 0 && ms <= MOST_MS ? ms * 1000 : 0;
}

static void on_registered(wf_agent_t *agent, json_object *message)
{
    apr_int64_t beat_us = time_of(message, "heartbeat_interval_ms");
    apr_int64_t timeout_us = time_of(message, "heartbeat_timeout_ms");

    __atomic_store_n(&agent->registered, 1, __ATOMIC_RELAXED);
    agent->heard_us = agent->told_us;
    agent->retry_us = agent->options.retry_first;
    agent->beat_us = beat_us > 0 ? beat_us : WF_HEARTBEAT_INTERVAL_MS * 1000;
    agent->beat_at_us = agent->report_at_us = 0; /* now */
    agent->complaint = NULL;
    agent->timeout_us = agent->options.timeout;
    if (timeout_us > 0 && timeout_us < agent->timeout_us) {
        agent->timeout_us = timeout_us; /* it gives our parts to others then */
    }
    wf_log(WF_LOG_NOTICE, "slave: %s is registered with master %s",
           agent->options.self.id, wf_json_string(message, "master_id", ""));
}

/* The master counts the silence from when our heartbeat came, and we from when it was
 * sent: so we know first that our parts may be others'. */
static void on_heard(wf_agent_t *agent, json_object *message)
{
    apr_int64_t at_us = wf_json_int(message, "at", 0);

    if (at_us > agent->heard_us && at_us <= wf_mono_us()) {
        agent->heard_us = at_us;
    }
}

/* It is tried again: what the master has against us may change. */
static void on_rejected(wf_agent_t *agent, json_object *message)
{
    complain(
        agent,
        apr_pstrcat(agent->pool, "the master rejects ", agent->options.self.id, NULL),
        wf_json_string(message, "error", ""));
    wf_link_close(agent->links, agent->link, "rejected");
}

static void on_drain(wf_agent_t *agent, json_object *message)
{
    (void)message;
    agent->options.self.draining = 1;
    wf_log(WF_LOG_NOTICE, "slave: %s gets nothing more to do", agent->options.self.id);
}

static const struct {
    const char *type;
    void (*take)(wf_agent_t *agent, json_object *message);
} messages[] = {
    /* clang-format off */
    { "registered", on_registered },
    { "rejected",   on_rejected },
    { "heard",      on_heard },
    { "drain",      on_drain },
    { "assign",     wf_agent_on_assign },
    { "order",      wf_agent_on_order },
    { "have",       wf_agent_on_have },
    { "done",       wf_agent_on_done },
    { "leave",      wf_agent_on_leave },
    /* clang-format on */
};

static void take_message(wf_agent_t *agent, const char *text)
{
    const char *type;
    json_object *o;
    wf_error_t err;
    size_t i;

    wf_error_init(&err, agent->pool);
    if (wf_json_read(&o, text, strlen(text), agent->pool, &err) != APR_SUCCESS) {
        return; /* the link has read it before */
    }
    type = wf_json_string(o, "type", "");
    for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (strcmp(messages[i].type, type) == 0) {
            messages[i].take(agent, o);
            return;
        }
    }
    wf_log(WF_LOG_WARN, "slave: the master says something unknown: %.60s", type);
}

/* Seldomer and seldomer; not all slaves of a master at once; and while there is something
 * to tell, several times before it is too late. */
static apr_int64_t pause_of(const wf_agent_t *agent)
{
    apr_int64_t us = agent->retry_us;
    unsigned random = 0;

    if (agent->tasks != NULL && agent->timeout_us > 0 && us > agent->timeout_us / 4) {
        us = agent->timeout_us / 4;
    }
    apr_generate_random_bytes((unsigned char *)&random, sizeof(random));
    return us - us / 5 * (random % 1000) / 1000;
}

/* Answers to what was told may be lost with the connection: all is told again. */
static void forget_link(wf_agent_t *agent, const char *why)
{
    wf_agent_task_t *task;

    complain(agent, "no connection to the master", why);
    agent->link = 0;
    agent->open = agent->dialing = 0;
    __atomic_store_n(&agent->registered, 0, __ATOMIC_RELAXED);
    agent->retry_at_us = wf_mono_us() + pause_of(agent);
    agent->retry_us = agent->retry_us * 2 < agent->options.retry_last
                          ? agent->retry_us * 2
                          : agent->options.retry_last;
    for (task = agent->tasks; task != NULL; task = task->next) {
        task->known_sequence = 0;
    }
}

static void join(wf_agent_t *agent, const wf_agent_letter_t *letter)
{
    wf_error_t err;

    wf_error_init(&err, agent->pool);
    if (letter->fd < 0) {
        forget_link(agent, letter->text);
    }
    else if (wf_links_join(agent->links, letter->fd, agent->options.self.id, &agent->link,
                           &err)
             != APR_SUCCESS) {
        close(letter->fd);
        forget_link(agent, err.message);
    }
    agent->dialing = 0;
}

static void introduce(wf_agent_t *agent)
{
    json_object *o = wf_slave_message(&agent->options.self);

    wf_json_add_string(o, "instance", agent->instance);
    agent->told_us = wf_mono_us();
    wf_agent_tell(agent, o);
}

static void read_letter(wf_agent_t *agent, const wf_agent_letter_t *letter)
{
    if (letter->what == LETTER_DIALED) {
        join(agent, letter);
        return;
    }
    if (letter->link != agent->link) {
        return; /* of one that is over */
    }
    switch (letter->what) {
    case LETTER_OPENED:
        agent->open = 1;
        introduce(agent);
        break;
    case LETTER_MESSAGE:
        take_message(agent, letter->text);
        break;
    default:
        forget_link(agent, letter->text);
    }
}

static void dial(wf_agent_t *agent)
{
    agent->dialing = 1;
    wf_dialer_dial(agent->dialer);
}

/* ---- the thread ------------------------------------------------------------------------------------ */

/* A second, since the latest heartbeat. */
static double throughput(wf_agent_t *agent, apr_int64_t now_us)
{
    apr_int64_t more = 0, age_us = now_us - agent->beaten_us;
    wf_agent_task_t *task;

    for (task = agent->tasks; task != NULL; task = task->next) {
        more += task->requests - task->beaten_requests;
        task->beaten_requests = task->requests;
    }
    agent->beaten_us = now_us;
    return age_us > 0 ? (double)more * APR_USEC_PER_SEC / (double)age_us : 0;
}

static void beat(wf_agent_t *agent)
{
    json_object *o = json_object_new_object();
    apr_int64_t vus = 0, n = 0;
    const wf_agent_task_t *task;

    for (task = agent->tasks; task != NULL; task = task->next) {
        vus += task->state == TASK_RUNS ? task->vus : 0;
        n += task->state != TASK_ENDED;
    }
    wf_machine_measure(&agent->machine, "");
    wf_json_add_string(o, "type", "heartbeat");
    wf_json_add_int(o, "active_vus", vus);
    wf_json_add_int(o, "active_tasks", n);
    wf_json_add_double(o, "cpu_usage", agent->machine.cpu_usage);
    wf_json_add_double(o, "memory_usage", agent->machine.memory_usage);
    wf_json_add_double(o, "throughput", throughput(agent, wf_mono_us()));
    wf_json_add_int(o, "at", wf_mono_us());
    wf_agent_tell(agent, o);
}

/* Until when tasks may go on without news of the master: a little less than it waits for
 * ours, because it takes a moment to stop. */
static apr_int64_t lease_end(const wf_agent_t *agent)
{
    return agent->options.finish_orphans || agent->timeout_us == 0
               ? APR_INT64_MAX
               : agent->heard_us + agent->timeout_us - agent->timeout_us / 20;
}

/* A master that is away for too long may have given its parts to others. Those that wait
 * for their start are gone then, as if they had never come. */
static void end_orphans(wf_agent_t *agent, apr_int64_t now_us)
{
    wf_agent_task_t *task, *next;

    if (now_us < lease_end(agent)) {
        return;
    }
    for (task = agent->tasks; task != NULL; task = next) {
        next = task->next;
        if (task->state <= TASK_RUNS && !task->orphan && !task->moved) {
            wf_log(WF_LOG_WARN, "slave: %s is stopped: its master is away", task->id);
            task->orphan = 1;
            wf_agent_cut_task(agent, task);
        }
    }
}

/* They wait for their master, but not any number of them. */
static void forget_oldest(wf_agent_t *agent)
{
    wf_agent_task_t *task, *oldest = NULL;
    int n = 0;

    for (task = agent->tasks; task != NULL; task = task->next) {
        if (task->state == TASK_ENDED) {
            n++;
            oldest = oldest == NULL || task->ended_us < oldest->ended_us ? task : oldest;
        }
    }
    if (n > WF_AGENT_KEPT) {
        wf_log(WF_LOG_WARN, "slave: %s is forgotten: its master never came back",
               oldest->id);
        wf_agent_free_task(agent, oldest);
    }
}

static void begin_due(wf_agent_t *agent, apr_int64_t now_us)
{
    wf_agent_task_t *task, *next;

    for (task = agent->tasks; task != NULL; task = next) {
        next = task->next;
        if (wf_agent_may_start(agent, task) && task->start_us <= now_us) {
            wf_agent_start_task(agent, task);
        }
    }
}

static void leave_asked(wf_agent_t *agent, apr_int64_t now_us)
{
    wf_agent_task_t *task;

    for (task = agent->tasks; task != NULL; task = task->next) {
        if (task->state == TASK_RUNS && task->leave_by_us > 0) {
            wf_agent_leave_task(agent, task, now_us);
        }
    }
}

/* Tasks whose runs have ended since the last turn. */
static void note_ends(wf_agent_t *agent)
{
    wf_agent_task_t *task, *next;

    for (task = agent->tasks; task != NULL; task = next) {
        next = task->next;
        if (task->state == TASK_WAITS
            || !__atomic_load_n(&task->final, __ATOMIC_ACQUIRE)) {
            continue;
        }
        if (task->state == TASK_UNWANTED) {
            wf_agent_free_task(agent, task);
        }
        else if (task->state == TASK_RUNS) {
            task->state = TASK_ENDED;
            task->requests = task->last_requests;
            task->ended_us = wf_mono_us();
            wf_agent_report_task(agent, task);
            forget_oldest(agent);
            next = agent->tasks; /* whoever was to be next may be gone */
        }
    }
}

static void report(wf_agent_t *agent, apr_int64_t now_us)
{
    wf_agent_task_t *task;

    if (now_us >= agent->beat_at_us) {
        agent->beat_at_us = now_us + agent->beat_us;
        beat(agent);
    }
    if (now_us >= agent->report_at_us) {
        agent->report_at_us = now_us + agent->options.report;
        for (task = agent->tasks; task != NULL; task = task->next) {
            wf_agent_report_task(agent, task);
        }
    }
}

/* When there is something to do again, at the latest. */
static apr_int64_t next_turn(const wf_agent_t *agent, apr_int64_t now_us)
{
    apr_int64_t next = now_us + WF_AGENT_REPORT;
    const wf_agent_task_t *task;

    if (agent->registered) {
        next = agent->beat_at_us < next ? agent->beat_at_us : next;
        next = agent->report_at_us < next ? agent->report_at_us : next;
    }
    else if (agent->link == 0 && !agent->dialing && agent->retry_at_us < next) {
        next = agent->retry_at_us;
    }
    for (task = agent->tasks; task != NULL; task = task->next) {
        if (wf_agent_may_start(agent, task) && task->start_us < next) {
            next = task->start_us;
        }
        if (task->leaving && now_us + LOOK_US < next) {
            next = now_us + LOOK_US;
        }
        if (task->state <= TASK_RUNS && !task->orphan && !task->moved
            && lease_end(agent) < next) {
            next = lease_end(agent);
        }
    }
    return next;
}

/* Until then, or until a letter comes or a run ends. */
static int await(wf_agent_t *agent, apr_int64_t until_us)
{
    int quit;

    pthread_mutex_lock(&agent->lock);
    if (agent->letters == NULL && !agent->quit && !agent->ended) {
        wf_cond_wait_until(&agent->changed, &agent->lock, until_us);
    }
    agent->ended = 0;
    quit = agent->quit;
    pthread_mutex_unlock(&agent->lock);
    return quit;
}

static void read_letters(wf_agent_t *agent)
{
    wf_agent_letter_t *letter, *next;

    pthread_mutex_lock(&agent->lock);
    letter = agent->letters;
    agent->letters = NULL;
    agent->last_letter = &agent->letters;
    pthread_mutex_unlock(&agent->lock);
    for (; letter != NULL; letter = next) {
        next = letter->next;
        read_letter(agent, letter);
        free(letter);
    }
}

static void turn(wf_agent_t *agent)
{
    apr_int64_t now = wf_mono_us();

    read_letters(agent);
    if (agent->link == 0 && !agent->dialing && now >= agent->retry_at_us) {
        dial(agent);
    }
    begin_due(agent, wf_mono_us());
    leave_asked(agent, wf_mono_us());
    note_ends(agent);
    if (agent->registered) {
        report(agent, now);
    }
    end_orphans(agent, now);
}

/* Runs refer to their tasks until their last word. */
static void end_tasks(wf_agent_t *agent)
{
    wf_agent_task_t *task, *next;

    for (task = agent->tasks; task != NULL; task = next) {
        next = task->next;
        wf_agent_cut_task(agent, task);
    }
    while (agent->tasks != NULL) {
        for (task = agent->tasks; task != NULL; task = next) {
            next = task->next;
            if (task->state == TASK_ENDED
                || __atomic_load_n(&task->final, __ATOMIC_ACQUIRE)) {
                wf_agent_free_task(agent, task);
            }
        }
        pthread_mutex_lock(&agent->lock);
        if (agent->tasks != NULL && !agent->ended) {
            pthread_cond_wait(&agent->changed, &agent->lock);
        }
        agent->ended = 0;
        pthread_mutex_unlock(&agent->lock);
    }
}

static void *run(void *data)
{
    wf_agent_t *agent = data;
    json_object *bye = json_object_new_object();
    int quit = 0;

    while (!quit) {
        turn(agent);
        apr_pool_clear(agent->pool);
        quit = await(agent, next_turn(agent, wf_mono_us()));
    }
    wf_json_add_string(bye, "type", "bye");
    wf_agent_tell(agent, bye);
    end_tasks(agent);
    return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------- */

static apr_int64_t wall_clock(void)
{
    return apr_time_now();
}

static void use_defaults(wf_agent_options_t *options)
{
    options->retry_first =
        options->retry_first ? options->retry_first : WF_AGENT_RETRY_FIRST;
    options->retry_last = options->retry_last ? options->retry_last : WF_AGENT_RETRY_LAST;
    options->report = options->report ? options->report : WF_AGENT_REPORT;
    options->now = options->now ? options->now : wall_clock;
    options->patience = options->patience ? options->patience : WF_MOVE_PATIENCE;
}

static void free_agent(wf_agent_t *agent)
{
    wf_agent_letter_t *letter, *next;

    for (letter = agent->letters; letter != NULL; letter = next) {
        next = letter->next;
        if (letter->fd >= 0) {
            close(letter->fd);
        }
        free(letter);
    }
    apr_pool_destroy(agent->complaint_pool);
    pthread_cond_destroy(&agent->changed);
    pthread_mutex_destroy(&agent->lock);
    apr_pool_destroy(agent->pool);
}

static void name_instance(wf_agent_t *agent)
{
    apr_uint64_t number = 0;

    apr_generate_random_bytes((unsigned char *)&number, sizeof(number));
    snprintf(agent->instance, sizeof(agent->instance), "%016" APR_UINT64_T_HEX_FMT,
             number);
}

static apr_status_t start_threads(wf_agent_t *agent, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv =
        wf_dialer_create(&agent->dialer, &agent->options, on_dialed, agent, p, err);

    if (rv == APR_SUCCESS && pthread_create(&agent->thread, NULL, run, agent) != 0) {
        wf_dialer_stop(agent->dialer);
        wf_dialer_destroy(agent->dialer);
        rv = wf_error_set(err, WF_ERR_INTERNAL, "the thread of the agent");
    }
    if (rv != APR_SUCCESS) {
        wf_links_destroy(agent->links);
    }
    return rv;
}

apr_status_t wf_agent_create(wf_agent_t **out, const wf_agent_options_t *options,
                             apr_pool_t *p, wf_error_t *err)
{
    wf_agent_t *agent = apr_pcalloc(p, sizeof(*agent));
    wf_links_options_t links = { .owner = { agent, on_opened, on_message, on_closed },
                                 .key = options->key,
                                 .trusted = options->trusted,
                                 .limit = 1,
                                 .silence = options->timeout,
                                 .now = options->now };
    apr_status_t rv;

    agent->options = *options;
    use_defaults(&agent->options);
    agent->retry_us = agent->options.retry_first;
    agent->last_letter = &agent->letters;
    agent->heard_us = wf_mono_us();
    agent->timeout_us = options->timeout;
    wf_machine_measure(&agent->machine, "");
    agent->options.self.cpu_cores = agent->machine.cores;
    agent->options.self.memory_mb = agent->machine.memory_mb;
    name_instance(agent);
    agent->pool = wf_pool_create("wf_agent", 0);
    agent->complaint_pool = wf_pool_create("wf_agent_complaint", 0);
    pthread_mutex_init(&agent->lock, NULL);
    pthread_cond_init(&agent->changed, NULL);
    rv = wf_links_create(&agent->links, &links, p, err);
    if (rv == APR_SUCCESS) {
        rv = start_threads(agent, p, err);
    }
    if (rv != APR_SUCCESS) {
        free_agent(agent);
        return rv;
    }
    *out = agent;
    return APR_SUCCESS;
}

int wf_agent_is_registered(const wf_agent_t *agent)
{
    return __atomic_load_n(&agent->registered, __ATOMIC_RELAXED);
}

void wf_agent_destroy(wf_agent_t *agent)
{
    pthread_mutex_lock(&agent->lock);
    agent->quit = 1;
    pthread_cond_signal(&agent->changed);
    pthread_mutex_unlock(&agent->lock);
    pthread_join(agent->thread, NULL);
    wf_dialer_stop(agent->dialer);
    wf_links_destroy(agent->links);
    wf_dialer_destroy(agent->dialer);
    free_agent(agent);
}
