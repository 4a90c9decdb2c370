/* External tasks through the engine's commands, over its socket: who gets which tasks,
 * two who fetch at once, locks that end, and fetches that wait until there is something.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "../store/store_test.h"
#include "engine/internal.h"
#include "wait.h"

#define LONG_MS 20000 /* nobody is to wait that long */

#define PROCESS                                                                          \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'"                   \
    " xmlns:activiti='http://activiti.org/bpmn' targetNamespace='t'><process id='p'>"    \
    "<startEvent id='s'/><sequenceFlow id='f' sourceRef='s' targetRef='x'/>"             \
    "<serviceTask id='x' activiti:type='external' activiti:topic='${topic}'"             \
    " activiti:taskPriority='${priority}'/>"                                             \
    "<sequenceFlow id='g' sourceRef='x' targetRef='t'/><userTask id='t'/>"               \
    "</process></definitions>"

static wf_engine_t engine;
static wf_ipc_client_t *client;
static const char *socket_path;
static int listen_fd;
static pthread_t server_thread;

/* ---- an engine ----------------------------------------------------------------------------- */

static void *serve(void *data)
{
    wf_error_t err;

    wf_error_init(&err, engine.pool);
    (void)data;
    wf_ipc_server_run(engine.server, NULL, NULL, &err);
    return NULL;
}

static void open_socket(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    socket_path = apr_pstrcat(pool, test_dir, "/sock", NULL);
    apr_cpystrn(address.sun_path, socket_path, sizeof(address.sun_path));
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0
        || listen(listen_fd, 50) != 0) {
        printf("Bail out! no socket\n");
        exit(1);
    }
}

static void open_engine(void)
{
    wf_ipc_server_options_t options = { .frame_limit = 1024 * 1024,
                                        .max_connections = 100,
                                        .handler = wf_engine_on_command,
                                        .baton = &engine };
    wf_error_t *err = new_error();

    apr_pool_create(&engine.pool, NULL);
    engine.node = "test";
    engine.config.store = test_dsn;
    engine.config.executor_threads = 4;
    engine.queue_limit = 1000;
    engine.max_steps = 1000;
    engine.long_poll_limit = 50;
    engine.job_lease = 300;
    MUST(wf_store_open(&engine.writer, test_dsn, WF_STORE_WRITE, engine.pool, err), err);
    MUST(wf_ids_create(&engine.ids, engine.writer, engine.pool, err), err);
    engine.models = wf_models_create(10, wf_engine_load_model, NULL, engine.pool);
    engine.running = wf_running_create(engine.pool);
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    MUST(wf_jobs_create(&engine.jobs, &engine, err), err);
    MUST(wf_polls_create(&engine.polls, &engine, err), err);
    open_socket();
    options.listen_fd = listen_fd;
    MUST(wf_ipc_server_create(&engine.server, &options, engine.pool, err), err);
    pthread_create(&server_thread, NULL, serve, NULL);
    client = wf_ipc_client_create(socket_path, 1024 * 1024, pool);
}

static void close_engine(void)
{
    wf_ipc_server_stop(engine.server, WAIT_US);
    pthread_join(server_thread, NULL);
    wf_jobs_destroy(engine.jobs);
    wf_executor_drain(engine.executor, wf_mono_us() + WAIT_US);
    wf_committer_destroy(engine.committer);
    wf_executor_destroy(engine.executor);
    wf_polls_destroy(engine.polls);
    wf_store_close(engine.writer);
    apr_pool_destroy(engine.pool);
    close(listen_fd);
}

/* ---- calls ------------------------------------------------------------------------------------ */

/* One call, which may be made by a thread of its own. */
typedef struct call_t {
    wf_command_e command;
    const char *args; /* JSON */
    int timeout_ms;   /* 0: long enough */
    const void *blob;
    apr_pool_t *p;
    wf_error_t err;
    wf_ipc_reply_t reply;
    apr_status_t rv;
    apr_int64_t began, took; /* ms */
    int over;                /* atomic */
    pthread_t thread;
} call_t;

static void *run_call(void *data)
{
    call_t *c = data;
    wf_ipc_call_t call = { .command = c->command,
                           .blob = c->blob,
                           .blob_length = c->blob ? strlen(c->blob) : 0,
                           .timeout =
                               c->timeout_ms ? c->timeout_ms * 1000 : WAIT_US * 2 };

    c->p = wf_pool_create("call", 0);
    wf_error_init(&c->err, c->p);
    if (wf_json_parse(&call.args, c->args, strlen(c->args), c->p, &c->err)
        != APR_SUCCESS) {
        printf("Bail out! %s: %s\n", c->args, c->err.message);
        exit(1);
    }
    c->began = wf_mono_us() / 1000;
    c->rv = wf_ipc_call(client, &call, &c->reply, c->p, &c->err);
    c->took = wf_mono_us() / 1000 - c->began;
    __atomic_store_n(&c->over, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void begin_call(call_t *c, wf_command_e command, const char *args)
{
    c->command = command;
    c->args = args;
    c->over = 0;
    pthread_create(&c->thread, NULL, run_call, c);
}

static void end_call(call_t *c)
{
    pthread_join(c->thread, NULL);
}

static void forget(call_t *c)
{
    apr_pool_destroy(c->p);
}

/* The id of the reply; 0 if it fails. */
static wf_id_t tell(wf_command_e command, const char *args, const void *blob)
{
    call_t c = { .command = command, .args = args, .blob = blob };
    wf_id_t id;

    run_call(&c);
    id = c.rv == APR_SUCCESS ? wf_json_int(c.reply.json, "id", 1) : 0;
    if (!id) {
        diag("%s %s: %s", wf_command_name(command), args, c.err.message);
    }
    forget(&c);
    return id;
}

static wf_id_t start_as(const char *topic, int priority, const char *business_key)
{
    return tell(
        WF_CMD_START,
        apr_psprintf(pool,
                     "{\"processDefinitionKey\": \"p\", %s\"variables\": {\"topic\": "
                     "{\"type\": \"string\", \"value\": \"%s\"}, \"priority\": "
                     "{\"type\": \"integer\", \"value\": %d}}}",
                     business_key
                         ? apr_psprintf(pool, "\"businessKey\": \"%s\", ", business_key)
                         : "",
                     topic, priority),
        NULL);
}

static wf_id_t start(const char *topic)
{
    return start_as(topic, 0, NULL);
}

/* The instance of a task; 0 if it is gone. */
static wf_id_t instance_of(wf_id_t task)
{
    wf_error_t *err = new_error();
    wf_external_task_t *row;

    MUST(wf_store_get(reader, WF_TABLE_EXTERNAL_TASK, task, &row, pool, err), err);
    return row ? row->proc_inst_id : 0;
}

static json_object *tasks_of(const call_t *c)
{
    return c->rv == APR_SUCCESS ? wf_json_get(c->reply.json, "tasks") : NULL;
}

static int count_of(const call_t *c)
{
    return c->rv == APR_SUCCESS ? (int)json_object_array_length(tasks_of(c)) : -1;
}

static wf_id_t task_of(const call_t *c, int i)
{
    return i < count_of(c)
               ? wf_json_int(json_object_array_get_idx(tasks_of(c), i), "id", 0)
               : 0;
}

#define TOPIC(name, more) "{\"topicName\": \"" name "\", \"lockDuration\": 60000" more "}"
#define FETCH(who, most, wait, topics)                                                   \
    "{\"workerId\": \"" who "\", \"maxTasks\": " #most ", \"wait\": " #wait              \
    ", \"topics\": [" topics "]}"

/* Fetch now, and see how many there are. */
static int fetch(const char *args)
{
    call_t c = { .command = WF_CMD_EXTERNAL_FETCH, .args = args };
    int count;

    run_call(&c);
    count = count_of(&c);
    if (count < 0) {
        diag("%s", c.err.message);
    }
    forget(&c);
    return count;
}

/* The instances of the tasks that are fetched, as their places among expected: "0 2". */
static const char *fetch_among(const char *args, const wf_id_t *expected, int count)
{
    call_t c = { .command = WF_CMD_EXTERNAL_FETCH, .args = args };
    const char *places = "";

    run_call(&c);
    for (int i = 0; i < count_of(&c); i++) {
        wf_id_t instance = instance_of(task_of(&c, i));

        for (int k = 0; k < count; k++) {
            if (expected[k] == instance) {
                places = apr_psprintf(pool, "%s%s%d", places, *places ? " " : "", k);
            }
        }
    }
    forget(&c);
    return places;
}

/* A fetch that has begun to wait: it is neither running nor answered. */
static void begin_waiting(call_t *c, const char *args)
{
    int before = wf_polls_waiting(engine.polls);

    begin_call(c, WF_CMD_EXTERNAL_FETCH, args);
    WAIT_FOR(wf_polls_waiting(engine.polls) == before + 1);
    ok(!__atomic_load_n(&c->over, __ATOMIC_ACQUIRE), "it waits");
}

static void check_got(call_t *c, wf_id_t instance, const char *what)
{
    end_call(c);
    is_int(count_of(c), 1, "%s: one task", what);
    ok(instance_of(task_of(c, 0)) == instance, "%s: that one", what);
    ok(c->took < LONG_MS / 2, "%s: after %d ms", what, (int)c->took);
    forget(c);
}

/* ---- who gets what ------------------------------------------------------------------------------ */

static void order(void)
{
    wf_id_t i[6];

    i[0] = start_as("order", 1, NULL);
    i[1] = start_as("order", 9, NULL);
    i[2] = start_as("order", 1, NULL);
    i[3] = start_as("order", 9, NULL);
    i[4] = start_as("other", 5, NULL);
    is_str(fetch_among(FETCH("w", 3, 0, TOPIC("order", "")), i, 5), "1 3 0",
           "highest priority first, then oldest");
    is_str(fetch_among(FETCH("w", 3, 0, TOPIC("order", "")), i, 5), "2",
           "what is locked is not there");
    is_int(fetch(FETCH("w", 3, 0, TOPIC("order", ""))), 0, "nothing is left");
    is_int(fetch(FETCH("w", 0, 5000, TOPIC("other", ""))), 0, "none is wanted");
    is_int(fetch(FETCH("w", 1, 5000, "")), 0, "of no topic");
    is_int(fetch(FETCH("w", 1, 0, TOPIC("none", ""))), 0, "of a topic without tasks");
}

/* What is in each topic, what is asked for, what is got. */
static void fairness(void)
{
    wf_id_t i[8];

    for (int k = 0; k < 5; k++) {
        i[k] = start("flood");
    }
    i[5] = start("drop");
    i[6] = start("drop");
    i[7] = start_as("drop", 5, NULL);
    is_str(fetch_among(FETCH("w", 4, 0, TOPIC("flood", "") "," TOPIC("drop", "")), i, 8),
           "7 0 1 5", "each topic has its turn, priority goes first");
    is_str(fetch_among(FETCH("w", 4, 0, TOPIC("flood", "") "," TOPIC("drop", "")), i, 8),
           "2 3 4 6", "then the rest");
}

static void conditions(void)
{
    wf_id_t i[2];

    i[0] = start_as("picky", 0, "k1");
    i[1] = start_as("picky", 0, "k2");
    is_int(fetch(FETCH("w", 5, 0, TOPIC("picky", ", \"businessKey\": \"k3\""))), 0,
           "nobody's business key");
    is_int(
        fetch(FETCH("w", 5, 0, TOPIC("picky", ", \"processDefinitionKeyIn\": [\"q\"]"))),
        0, "another key");
    is_int(
        fetch(FETCH("w", 5, 0, TOPIC("picky", ", \"processDefinitionIdIn\": [\"p:7\"]"))),
        0, "another definition");
    is_int(fetch(FETCH("w", 5, 0,
                       TOPIC("picky", ", \"processVariables\": {\"priority\": {\"type\": "
                                      "\"integer\", \"value\": 3}}"))),
           0, "another value");
    is_str(
        fetch_among(
            FETCH("w", 5, 0,
                  TOPIC("picky",
                        ", \"businessKey\": \"k2\", \"processDefinitionKeyIn\": [\"q\", "
                        "\"p\"], \"processDefinitionIdIn\": [\"p:1\"], "
                        "\"processVariables\": {\"priority\": {\"type\": \"integer\", "
                        "\"value\": 0}}")),
            i, 2),
        "1", "all conditions together");
    is_int(fetch(FETCH("w", 5, 0, TOPIC("picky", ""))), 1,
           "the other one is still there");
}

static void refusals(void)
{
    /* clang-format off */
    static const struct { const char *args, *field; } cases[] = {
        { "{\"maxTasks\": 1, \"topics\": []}", "workerId" },
        { "{\"workerId\": \"\", \"topics\": []}", "workerId" },
        { "{\"workerId\": \"w\", \"maxTasks\": -1, \"topics\": []}", "maxTasks" },
        { "{\"workerId\": \"w\", \"maxTasks\": 1001, \"topics\": []}", "maxTasks" },
        { "{\"workerId\": \"w\", \"topics\": [{\"lockDuration\": 1}]}", "topicName" },
        { "{\"workerId\": \"w\", \"topics\": [{\"topicName\": \"a\"}]}", "lockDuration" },
        { "{\"workerId\": \"w\", \"topics\": [{\"topicName\": \"a\", \"lockDuration\": -1}]}", "lockDuration" },
    };
    /* clang-format on */

    for (int i = 0; i < (int)(sizeof cases / sizeof cases[0]); i++) {
        call_t c = { .command = WF_CMD_EXTERNAL_FETCH, .args = cases[i].args };

        run_call(&c);
        ok(c.rv != APR_SUCCESS && c.err.kind == WF_ERR_INVALID, "refused: %s",
           cases[i].args);
        is_str(c.err.field, cases[i].field, "because of %s", cases[i].field);
        forget(&c);
    }
}

/* ---- several at once ------------------------------------------------------------------------------ */

#define MANY 200
#define WORKERS 8

static wf_id_t seen[MANY * 2];
static int seen_count;
static pthread_mutex_t seen_lock = PTHREAD_MUTEX_INITIALIZER;

static void *work_off(void *data)
{
    const char *args = data;
    int count;

    do {
        call_t c = { .command = WF_CMD_EXTERNAL_FETCH, .args = args };

        run_call(&c);
        count = count_of(&c);
        pthread_mutex_lock(&seen_lock);
        for (int i = 0; i < count && seen_count < MANY * 2; i++) {
            seen[seen_count++] = task_of(&c, i);
        }
        count = seen_count < MANY ? 1 : 0;
        pthread_mutex_unlock(&seen_lock);
        forget(&c);
    } while (count);
    return NULL;
}

static int by_id(const void *a, const void *b)
{
    wf_id_t x = *(const wf_id_t *)a, y = *(const wf_id_t *)b;

    return x < y ? -1 : x > y;
}

static void at_once(void)
{
    pthread_t threads[WORKERS];
    int twice = 0;

    for (int i = 0; i < MANY; i++) {
        start("many");
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_create(&threads[i], NULL, work_off,
                       FETCH("w", 7, 100, TOPIC("many", "")));
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    is_int(seen_count, MANY, "all tasks are fetched");
    qsort(seen, seen_count, sizeof(seen[0]), by_id);
    for (int i = 1; i < seen_count; i++) {
        twice += seen[i] == seen[i - 1];
    }
    is_int(twice, 0, "none of them twice");
    is_int(fetch(FETCH("w", 7, 0, TOPIC("many", ""))), 0, "and no more");
}

/* ---- waiting --------------------------------------------------------------------------------------- */

static void waits_in_vain(void)
{
    call_t c = { 0 };

    begin_call(&c, WF_CMD_EXTERNAL_FETCH, FETCH("w", 1, 300, TOPIC("vain", "")));
    end_call(&c);
    is_int(count_of(&c), 0, "nothing came");
    ok(c.took >= 300 && c.took < LONG_MS / 2, "it has waited %d ms", (int)c.took);
    forget(&c);
}

static void woken_by_start(void)
{
    call_t c = { 0 };

    begin_waiting(&c, FETCH("w", 1, 20000, TOPIC("new", "") "," TOPIC("vain", "")));
    start("none");
    check_got(&c, start("new"), "a new task");
}

/* Two wait, one task comes, then another one. */
static void one_each(void)
{
    call_t first = { 0 }, second = { 0 };
    wf_id_t instance;

    begin_waiting(&first, FETCH("w", 5, 20000, TOPIC("each", "")));
    begin_waiting(&second, FETCH("v", 5, 20000, TOPIC("each", "")));
    instance = start("each");
    check_got(&first, instance, "who came first");
    ok(!__atomic_load_n(&second.over, __ATOMIC_ACQUIRE), "the other one waits");
    instance = start("each");
    check_got(&second, instance, "the other one");
}

/* Who cannot use a task lets the next one have it. */
static void passed_on(void)
{
    call_t picky = { 0 }, any = { 0 };
    wf_id_t instance;

    begin_waiting(&picky,
                  FETCH("w", 5, 20000, TOPIC("pass", ", \"businessKey\": \"mine\"")));
    begin_waiting(&any, FETCH("v", 5, 20000, TOPIC("pass", "")));
    instance = start_as("pass", 0, "yours");
    check_got(&any, instance, "who takes any");
    ok(!__atomic_load_n(&picky.over, __ATOMIC_ACQUIRE), "the other one waits");
    instance = start_as("pass", 0, "mine");
    check_got(&picky, instance, "who wants that one");
}

/* A task that is locked comes back: when its lock ends, it is unlocked, or its retries
 * are set; args of the command are printed with its id. */
static void comes_back(const char *what, const char *lock, wf_command_e command,
                       const char *args)
{
    wf_id_t instance = start("back");
    call_t holder = { .command = WF_CMD_EXTERNAL_FETCH, .args = lock }, waiting = { 0 };
    wf_id_t task;

    run_call(&holder);
    task = task_of(&holder, 0);
    forget(&holder);
    begin_call(&waiting, WF_CMD_EXTERNAL_FETCH, FETCH("v", 1, 20000, TOPIC("back", "")));
    if (args) {
        WAIT_FOR(wf_executor_pending(engine.executor) == 0);
        ok(tell(command, apr_psprintf(pool, args, task), NULL) != 0, "%s", what);
    }
    check_got(&waiting, instance, what);
}

static void note_done(wf_work_t *work, const wf_error_t *err)
{
    (void)err;
    __atomic_store_n((int *)work->baton, 1, __ATOMIC_RELEASE);
}

static void set_suspension(wf_id_t instance, int state)
{
    wf_work_t *work = wf_work_create(&engine, "suspend");
    int done = 0;

    work->uow = wf_uow_create(reader, engine.ids, work->pool);
    wf_uow_suspend_instance(work->uow, instance, state);
    work->baton = &done;
    work->done = note_done;
    wf_executor_commit(engine.executor, work);
    WAIT_FOR(__atomic_load_n(&done, __ATOMIC_ACQUIRE));
}

static void activated(void)
{
    call_t c = { 0 };
    wf_id_t instance = start("asleep");

    set_suspension(instance, WF_SUSPENDED);
    begin_waiting(&c, FETCH("w", 1, 20000, TOPIC("asleep", "")));
    set_suspension(instance, WF_ACTIVE);
    check_got(&c, instance, "an instance that is activated");
}

static void too_many(void)
{
    call_t first = { 0 }, second = { 0 };

    engine.long_poll_limit = 1;
    begin_waiting(&first, FETCH("w", 1, 20000, TOPIC("limit", "")));
    begin_call(&second, WF_CMD_EXTERNAL_FETCH, FETCH("v", 1, 20000, TOPIC("limit", "")));
    end_call(&second);
    ok(count_of(&second) == 0 && second.took < LONG_MS / 2,
       "one too many is answered at once");
    forget(&second);
    engine.long_poll_limit = 50;
    check_got(&first, start("limit"), "the other one waits on");
}

/* Nobody gets a task whose worker does not listen any more. */
static void hung_up(void)
{
    call_t c = { .timeout_ms = 150 };
    wf_id_t instance;

    begin_call(&c, WF_CMD_EXTERNAL_FETCH, FETCH("w", 1, 20000, TOPIC("gone", "")));
    end_call(&c);
    ok(c.rv == APR_SUCCESS || c.err.kind == WF_ERR_UNAVAILABLE, "it did not wait longer");
    forget(&c);
    instance = start("gone");
    c = (call_t){ 0 };
    begin_call(&c, WF_CMD_EXTERNAL_FETCH, FETCH("v", 1, 0, TOPIC("gone", "")));
    check_got(&c, instance, "the next one");
}

/* ---- among very many -------------------------------------------------------------------------------- */

#define FLOOD 100000
#define PER_TOPIC 20

/* Tasks of other topics and of one, by a unit of their own, all of one instance. */
static void add_flood(void)
{
    wf_work_t *work = wf_work_create(&engine, "flood");
    wf_id_t instance = start("none");
    int done = 0;

    work->uow = wf_uow_create(reader, engine.ids, work->pool);
    for (int i = 0; i < FLOOD + PER_TOPIC; i++) {
        wf_external_task_t *task = wf_uow_insert(work->uow, WF_TABLE_EXTERNAL_TASK);

        task->topic = i < FLOOD ? "flooded" : "rare";
        task->execution_id = task->proc_inst_id = instance;
        task->created = 1;
    }
    work->baton = &done;
    work->done = note_done;
    wf_executor_commit(engine.executor, work);
    WAIT_FOR(__atomic_load_n(&done, __ATOMIC_ACQUIRE));
}

/* What one look costs, whatever else is ready: the store's part of it. */
static void flood(void)
{
    const char *topic = "rare";
    wf_fetch_t how = { .topics = &topic, .count = 1, .now = wf_time_ms(), .limit = 10 };
    apr_array_header_t *tasks;
    apr_int64_t began, next;
    wf_error_t *err = new_error();

    add_flood();
    began = wf_mono_us();
    MUST(wf_store_fetchable(reader, &how, &tasks, &next, pool, err), err);
    diag("a look at %d of %d tasks: %d us", tasks->nelts, FLOOD + PER_TOPIC,
         (int)(wf_mono_us() - began));
    began = wf_mono_us();
    is_int(fetch(FETCH("w", 10, 0, TOPIC("rare", ""))), 10, "ten of a rare topic");
    diag("a fetch, durable: %d us", (int)(wf_mono_us() - began));
    began = wf_mono_us();
    is_int(fetch(FETCH("w", 10, 0, TOPIC("flooded", ""))), 10, "ten of %d", FLOOD);
    diag("a fetch, durable: %d us", (int)(wf_mono_us() - began));
    is_int(fetch(FETCH("w", 10, 0, TOPIC("flooded", "") "," TOPIC("rare", ""))), 10,
           "ten of both");
    is_int(fetch(FETCH("w", 10, 0, TOPIC("rare", ""))), 5, "half of them were rare ones");
}

static void stopped(void)
{
    call_t c = { 0 };

    begin_waiting(&c, FETCH("w", 1, 20000, TOPIC("stop", "")));
    __atomic_store_n(&engine.stopping, 1, __ATOMIC_RELEASE);
    wf_polls_stop(engine.polls);
    end_call(&c);
    ok(count_of(&c) == 0 && c.took < LONG_MS / 2, "who waits is answered at the end");
    forget(&c);
    is_int(fetch(FETCH("w", 1, 0, TOPIC("stop", ""))), -1,
           "and nobody is taken any more");
    c = (call_t){ .command = WF_CMD_START, .args = "{\"processDefinitionKey\": \"p\"}" };
    run_call(&c);
    ok(c.rv != APR_SUCCESS && c.err.kind == WF_ERR_UNAVAILABLE && c.err.retry_after > 0,
       "commands neither, and they may come again soon");
    forget(&c);
}

int main(void)
{
    begin_test();
    open_test_store();
    close_test_store();
    open_engine();
    MUST(wf_store_open(&reader, test_dsn, WF_STORE_READ, pool, new_error()), new_error());
    ok(tell(WF_CMD_DEPLOY, "{\"name\": \"p.bpmn20.xml\"}", PROCESS) != 0, "deployed");
    order();
    fairness();
    conditions();
    refusals();
    at_once();
    waits_in_vain();
    woken_by_start();
    one_each();
    passed_on();
    comes_back("the end of a lock",
               "{\"workerId\": \"w\", \"maxTasks\": 1, \"topics\": [{\"topicName\": "
               "\"back\", \"lockDuration\": 300}]}",
               0, NULL);
    comes_back("unlocked", FETCH("w", 1, 0, TOPIC("back", "")), WF_CMD_EXTERNAL_UNLOCK,
               "{\"id\": %" APR_INT64_T_FMT "}");
    comes_back("a failure", FETCH("w", 1, 0, TOPIC("back", "")), WF_CMD_EXTERNAL_FAILURE,
               "{\"id\": %" APR_INT64_T_FMT
               ", \"workerId\": \"w\", \"retries\": 1, \"retryTimeout\": 200}");
    activated();
    too_many();
    hung_up();
    flood();
    stopped();
    close_engine();
    wf_store_close(reader);
    return end_test();
}
