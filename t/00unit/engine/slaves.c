/* A master and its slaves, each with a load engine, a thread and a link of its own, in
 * one process: who registers, what is carried, and what becomes of it when connections
 * break. */
#include "../tap.h"
#include "../wait.h"
#include "../load/target.h"
#include "client/client.h"
#include "cluster/cluster.h"
#include "steps/steps.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <sys/socket.h>
#include <unistd.h>

#define SLAVES 3
#define TIMEOUT_MS 1500

static const wf_surroundings_t steps_only = { .steps = &wf_steps };
static const wf_link_key_t key = { "0123456789abcdef", 16 },
                           other_key = { "0123456789abcdeX", 16 };

typedef struct slave_t {
    struct site_t *site;
    wf_load_t *load;
    wf_agent_t *agent;
    int cut;   /* atomic: it cannot connect */
    int fd;    /* the master's end of its connection, or -1; atomic */
    int dials; /* atomic */
    apr_pool_t *pool;
} slave_t;

typedef struct site_t {
    apr_pool_t *pool;
    wf_load_t *load;
    wf_registry_t *registry;
    wf_coordinator_t *coordinator;
    slave_t slaves[SLAVES];
    target_t target;
    int runs;
    const char *id, *text; /* of the latest execution */

    pthread_mutex_t door; /* of the coordinator: closed while there is none */

    pthread_mutex_t lock;
    int ended;
    wf_run_snapshot_t last;
    wf_run_from_t record; /* the latest one of site->id */
    wf_run_status_e status;
    const char *failed; /* why one could not begin */
} site_t;

/* ---- the site ---------------------------------------------------------------------------- */

static void keep_record(site_t *site, const wf_run_record_t *record)
{
    apr_array_header_t *points = apr_array_make(site->pool, 8, sizeof(const char *));
    int i;

    for (i = 0; i < record->points->nelts; i++) {
        APR_ARRAY_PUSH(points, const char *) = apr_pstrdup(
            site->pool, APR_ARRAY_IDX(record->points, i, wf_run_change_t).text);
    }
    site->record = (wf_run_from_t){ .sequence = record->sequence,
                                    .state = apr_pstrdup(site->pool, record->state),
                                    .sheet = apr_pstrdup(site->pool, record->sheet),
                                    .judge = apr_pstrdup(site->pool, record->judge),
                                    .points = points };
}

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    site_t *site = baton;

    pthread_mutex_lock(&site->lock);
    if (snapshot->record != NULL && strcmp(snapshot->id, site->id) == 0
        && !wf_run_status_final(snapshot->status)) {
        site->status = snapshot->status;
        keep_record(site, snapshot->record);
    }
    if (wf_run_status_final(snapshot->status)) {
        site->last = *snapshot;
        site->last.errors = wf_json_own(json_object_get(snapshot->errors), site->pool);
        site->last.slave_states =
            wf_json_own(json_object_get(snapshot->slave_states), site->pool);
        site->last.metrics = wf_json_own(json_object_get(snapshot->metrics), site->pool);
        site->ended++;
    }
    pthread_mutex_unlock(&site->lock);
}

static int ended(site_t *site)
{
    int n;

    pthread_mutex_lock(&site->lock);
    n = site->ended;
    pthread_mutex_unlock(&site->lock);
    return n;
}

/* As if httpd had accepted the upgrade. */
static apr_status_t connect_to(slave_t *slave, int *fd, wf_error_t *err)
{
    wf_links_t *links = wf_coordinator_links(slave->site->coordinator);
    apr_int64_t ticket = 0;
    wf_link_t link;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
        || wf_links_reserve(links, &ticket, err) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_INTERNAL, "no sockets");
    }
    /* A copy, to break the connection with. */
    __atomic_store_n(&slave->fd, dup(fds[1]), __ATOMIC_RELAXED);
    *fd = fds[1];
    return wf_links_open(links, ticket, fds[0], "", 0, &link, err);
}

static apr_status_t dial(void *baton, int *fd, wf_error_t *err)
{
    slave_t *slave = baton;
    apr_status_t rv;

    __atomic_add_fetch(&slave->dials, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&slave->site->door);
    rv =
        __atomic_load_n(&slave->cut, __ATOMIC_RELAXED) || slave->site->coordinator == NULL
            ? wf_error_set(err, WF_ERR_UNAVAILABLE, "the network is down")
            : connect_to(slave, fd, err);
    pthread_mutex_unlock(&slave->site->door);
    return rv;
}

static void must(apr_status_t rv, const wf_error_t *err)
{
    if (rv != APR_SUCCESS) {
        printf("Bail out! %s\n", err->message);
        exit(1);
    }
}

static void open_slave(site_t *site, int i, const wf_link_key_t *with)
{
    slave_t *slave = &site->slaves[i];
    wf_load_options_t load = { .loops = 1, .max_executions = 20, .max_vus = 1000 };
    wf_agent_options_t options = { .around = &steps_only,
                                   .key = *with,
                                   .dial = dial,
                                   .baton = slave,
                                   .retry_first = 50000,
                                   .retry_last = 200000,
                                   .report = 50000,
                                   .orphan = TIMEOUT_MS * 1000 };
    apr_array_header_t *capabilities =
        apr_array_make(site->pool, 2, sizeof(const char *));
    wf_error_t err;

    slave->site = site;
    slave->fd = -1;
    slave->pool = wf_pool_create("t_slave", 0);
    wf_error_init(&err, slave->pool);
    APR_ARRAY_PUSH(capabilities, const char *) = "http_executor";
    options.self = (wf_slave_t){ .id = apr_psprintf(slave->pool, "slave-%d", i),
                                 .address = "127.0.0.1:9091",
                                 .type = WF_SLAVE_WORKER,
                                 .capabilities = capabilities,
                                 .labels = apr_table_make(slave->pool, 1),
                                 .max_vus = 100 * (i + 1) };
    must(wf_load_create(&slave->load, &load, slave->pool, &err), &err);
    options.load = slave->load;
    must(wf_agent_create(&slave->agent, &options, slave->pool, &err), &err);
}

static void close_slave(slave_t *slave)
{
    if (slave->agent != NULL) {
        wf_agent_destroy(slave->agent);
        wf_load_destroy(slave->load);
        if (slave->fd >= 0) {
            close(slave->fd);
        }
        apr_pool_destroy(slave->pool);
        slave->agent = NULL;
    }
}

static void on_failed(void *baton, const char *id, const char *why)
{
    site_t *site = baton;

    pthread_mutex_lock(&site->lock);
    site->failed = apr_psprintf(site->pool, "%s: %s", id, why);
    pthread_mutex_unlock(&site->lock);
}

static void open_master(site_t *site)
{
    wf_load_options_t load = { .loops = 1,
                               .max_executions = 20,
                               .max_vus = 1,
                               .progress = on_progress,
                               .baton = site };
    wf_coordinator_options_t options = { .key = key,
                                         .master_id = "master-1",
                                         .max_links = 20,
                                         .heartbeat_ms = 100,
                                         .timeout_ms = TIMEOUT_MS,
                                         .failed = on_failed,
                                         .baton = site };
    wf_coordinator_t *coordinator;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    must(wf_load_create(&site->load, &load, site->pool, &err), &err);
    must(wf_registry_create(&site->registry, 20, TIMEOUT_MS, site->pool, &err), &err);
    options.load = site->load;
    options.registry = site->registry;
    must(wf_coordinator_create(&coordinator, &options, site->pool, &err), &err);
    pthread_mutex_lock(&site->door);
    site->coordinator = coordinator;
    pthread_mutex_unlock(&site->door);
}

static void close_master(site_t *site)
{
    wf_coordinator_t *coordinator = site->coordinator;

    pthread_mutex_lock(&site->door);
    site->coordinator = NULL;
    pthread_mutex_unlock(&site->door);
    wf_coordinator_destroy(coordinator);
    wf_load_destroy(site->load);
    wf_registry_destroy(site->registry);
}

static void open_site(site_t *site)
{
    wf_error_t err;

    memset(site, 0, sizeof(*site));
    site->pool = wf_pool_create("t_site", 0);
    site->id = "";
    wf_error_init(&err, site->pool);
    pthread_mutex_init(&site->lock, NULL);
    pthread_mutex_init(&site->door, NULL);
    target_start(&site->target);
    must(wf_client_global_init(&err), &err);
    open_master(site);
}

static void close_site(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    close_master(site);
    target_stop(&site->target);
    pthread_mutex_destroy(&site->lock);
    pthread_mutex_destroy(&site->door);
    apr_pool_destroy(site->pool);
}

static int online(site_t *site)
{
    apr_pool_t *p = wf_pool_create("t_online", 0);
    apr_array_header_t *all = wf_registry_list(site->registry, p);
    int i, n = 0;

    for (i = 0; i < all->nelts; i++) {
        n += APR_ARRAY_IDX(all, i, wf_slave_t).state == WF_SLAVE_ONLINE;
    }
    apr_pool_destroy(p);
    return n;
}

/* ---- executions ------------------------------------------------------------------------------ */

static const char *with_base(const site_t *site, const char *yaml, apr_pool_t *p)
{
    const char *at;

    while ((at = strstr(yaml, "BASE")) != NULL) {
        yaml = apr_psprintf(p, "%.*shttp://127.0.0.1:%d%s", (int)(at - yaml), yaml,
                            site->target.port, at + 4);
    }
    return yaml;
}

static const wf_selector_t everybody = { .mode = WF_SELECT_AUTO };

/* A plan of the document of site->id, and what the coordinator is to know of it. */
static wf_plan_t *plan_of(site_t *site, const char *yaml, apr_pool_t *p,
                          wf_wanted_t *wanted, wf_distribute_t *what)
{
    wf_problems_t *problems = wf_problems_create("test.yaml", p);
    apr_array_header_t *needs = apr_array_make(site->pool, 1, sizeof(const char *));
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    wf_plan_read(&plan, yaml, strlen(yaml), NULL, &steps_only, problems, p);
    must(wf_problems_check(problems, &err), &err);
    APR_ARRAY_PUSH(needs, const char *) = "http_executor";
    *wanted = (wf_wanted_t){ needs, wf_plan_vus(plan) };
    what->id = site->id;
    what->workflow = yaml;
    what->selector = &everybody;
    what->wanted = wanted;
    return plan;
}

static void next_id(site_t *site, const char *text)
{
    pthread_mutex_lock(&site->lock);
    site->id = apr_psprintf(site->pool, "exec-%d", site->runs++);
    site->ended = 0;
    memset(&site->record, 0, sizeof(site->record));
    pthread_mutex_unlock(&site->lock);
    site->text = with_base(site, text, site->pool);
    target_reset(&site->target);
}

/* NULL, or why not. */
static const char *start(site_t *site, const char *text, wf_loss_e loss)
{
    apr_pool_t *p = wf_pool_create("t_plan", 0);
    wf_distribute_t what = { .loss = loss };
    wf_wanted_t wanted;
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    next_id(site, text);
    plan = plan_of(site, site->text, p, &wanted, &what);
    return wf_coordinator_start(site->coordinator, plan, p, &what, &err) == APR_SUCCESS
               ? NULL
               : err.message;
}

/* from: NULL, as if it had not begun. */
static const char *go_on(site_t *site, const wf_run_from_t *from)
{
    apr_pool_t *p = wf_pool_create("t_plan", 0);
    wf_distribute_t what = { .loss = WF_LOSS_REDISTRIBUTE };
    wf_wanted_t wanted;
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    plan = plan_of(site, site->text, p, &wanted, &what);
    return wf_coordinator_continue(site->coordinator, plan, p, &what, from, &err)
                   == APR_SUCCESS
               ? NULL
               : err.message;
}

static apr_int64_t look(site_t *site, apr_int64_t *users)
{
    apr_pool_t *p = wf_pool_create("t_look", 0);
    wf_run_snapshot_t now = { 0 };
    apr_int64_t iterations;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_load_snapshot(site->load, site->id, &now, p, &err);
    iterations = now.iterations;
    *users = now.active_vus;
    apr_pool_destroy(p);
    return iterations;
}

static int known(site_t *site)
{
    apr_int64_t users;

    return (int)look(site, &users);
}

static int users_of(site_t *site)
{
    apr_int64_t users;

    look(site, &users);
    return (int)users;
}

static const char *error_with(const site_t *site, const char *text)
{
    size_t i;

    for (i = 0; i < json_object_array_length(site->last.errors); i++) {
        const char *message = wf_json_string(
            json_object_array_get_idx(site->last.errors, i), "message", "");

        if (strstr(message, text) != NULL) {
            return message;
        }
    }
    return NULL;
}

static void is_whole(site_t *site, int iterations, const char *what)
{
    int i, all = 0;

    for (i = 0; i < SLAVES; i++) {
        all += (int)wf_json_int(
            wf_json_get(site->last.slave_states, apr_psprintf(site->pool, "slave-%d", i)),
            "completed_iters", 0);
    }
    is_str(wf_run_status_name(site->last.status), "completed", "%s: completed", what);
    is_int(site->last.iterations, iterations, "%s: exactly all iterations", what);
    is_int(all, iterations, "%s: each slave has its own", what);
}

/* Both ends hear that it is over. */
static void break_connection(slave_t *slave, int cut)
{
    int fd = __atomic_load_n(&slave->fd, __ATOMIC_RELAXED);

    __atomic_store_n(&slave->cut, cut, __ATOMIC_RELAXED);
    shutdown(fd, SHUT_RDWR);
}

/* ---- tests ---------------------------------------------------------------------------------------- */

#define LONG                                                                             \
    "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: 5ms}}\n"          \
    "options: {mode: shared-iterations, vus: 24, iterations: 6000}\n"

static void registers(site_t *site)
{
    const char *why;
    int i;

    why = start(site, LONG, WF_LOSS_REDISTRIBUTE);
    is_str(why, "no online slaves available", "nobody is there yet");
    open_slave(site, 0, &other_key);
    WAIT_FOR(__atomic_load_n(&site->slaves[0].dials, __ATOMIC_RELAXED) >= 3);
    is_int(online(site), 0, "one with another key is not let in");
    close_slave(&site->slaves[0]);
    for (i = 0; i < SLAVES; i++) {
        open_slave(site, i, &key);
    }
    WAIT_FOR(online(site) == SLAVES);
}

static void runs(site_t *site)
{
    is_str(start(site,
                 "id: w\nname: W\n"
                 "setup:\n- {id: in, type: http, config: {url: 'BASE/ok?setup'}}\n"
                 "- {id: keep, type: script, config: {script: \"vars.set('token', "
                 "'t-1')\"}}\n"
                 "teardown:\n- {id: out, type: http, config: {url: 'BASE/ok?out'}}\n"
                 "steps:\n- {id: s, type: http, config: {url: 'BASE/ok?${token}'}}\n"
                 "options: {mode: shared-iterations, vus: 12, iterations: 300}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 300, "three slaves");
    is_int(target_requests(&site->target), 302, "as the target saw it");
    ok(target_saw(&site->target, "?t-1"), "with what the setup has left");
    ok(json_object_object_length(site->last.slave_states) == SLAVES, "all took part");
}

static void controls(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(users_of(site) == 6);
    is_int(wf_load_scale(site->load, site->id, NULL, 13, &err), APR_SUCCESS, "scaled");
    WAIT_FOR(users_of(site) == 13);
    is_int(wf_load_pause(site->load, site->id, &err), APR_SUCCESS, "paused");
    is_int(wf_load_resume(site->load, site->id, &err), APR_SUCCESS, "resumed");
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "aborted");
}

/* For less than the timeout: it goes on where it was. */
static void stumbles(site_t *site)
{
    int dials = __atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED);

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[1], 0);
    WAIT_FOR(__atomic_load_n(&site->slaves[1].dials, __ATOMIC_RELAXED) > dials);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a connection that breaks");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
    WAIT_FOR(online(site) == SLAVES);
}

/* For longer: somebody else goes on, and when it comes back nobody wants it. */
static void is_cut_off(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[2], 1);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that is cut off");
    ok(error_with(site, "slave slave-2 is lost") != NULL, "the result says it");
    __atomic_store_n(&site->slaves[2].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

static void policies(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_CONTINUE), NULL, "one that goes on short");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[0], 1);
    WAIT_FOR(ended(site) == 1);
    ok(site->last.iterations < 6000 && site->last.iterations >= 5000, "%d iterations",
       (int)site->last.iterations);
    ok(error_with(site, apr_psprintf(site->pool, "the other %d are not made",
                                     6000 - (int)site->last.iterations))
           != NULL,
       "and says how many are missing");
    is_int(wf_json_int(site->last.metrics, "dropped_iterations", -1),
           6000 - site->last.iterations, "and counts them");
    is_str(wf_run_status_name(site->last.status), "failed", "it promised to make them");
    __atomic_store_n(&site->slaves[0].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);

    is_str(start(site, LONG, WF_LOSS_ABORT), NULL, "one that is to be whole or nothing");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[0], 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "failed", "failed");
    __atomic_store_n(&site->slaves[0].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

/* One that stops in order says so, and nobody waits for it. */
static void says_goodbye(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    close_slave(&site->slaves[2]);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that stops");
    ok(error_with(site, "it has said goodbye") != NULL, "the result says it");
    is_int(online(site), 2, "two are left");
}

/* ---- the master, again --------------------------------------------------------------------------- */

/* In order it leaves a last record behind; killed it has the one that it wrote last. */
static void restart_master(site_t *site, int in_order)
{
    wf_run_from_t from;

    if (in_order) {
        wf_load_hold(site->load, 10000);
    }
    pthread_mutex_lock(&site->lock);
    from = site->record;
    from.paused = site->status == WF_RUN_PAUSED;
    pthread_mutex_unlock(&site->lock);
    close_master(site);
    site->ended = 0; /* it was cut, for want of another end */
    open_master(site);
    is_str(go_on(site, &from), NULL, "it goes on from its record");
}

static void restarts(site_t *site, int in_order)
{
    const char *how =
        in_order ? "a master that was restarted" : "a master that was killed";

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    restart_master(site, in_order);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, how);
    ok(error_with(site, "the engine was restarted") != NULL, "the result says it");
    ok(error_with(site, "lost") == NULL, "nobody is lost");
    WAIT_FOR(online(site) == SLAVES);
}

static void restarts_paused(site_t *site)
{
    wf_run_snapshot_t now;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    is_int(wf_load_pause(site->load, site->id, &err), APR_SUCCESS, "paused");
    restart_master(site, 1);
    is_int(wf_load_snapshot(site->load, site->id, &now, site->pool, &err), APR_SUCCESS,
           "it is there");
    is_str(wf_run_status_name(now.status), "paused", "and still paused");
    WAIT_FOR(online(site) == SLAVES);
    is_int(wf_load_resume(site->load, site->id, &err), APR_SUCCESS, "resumed");
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a pause over a restart");
}

/* An order that was given while a slave was away holds when it comes back. */
static void hears_later(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: "
                 "5ms}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(users_of(site) == 6);
    break_connection(&site->slaves[2], 1);
    WAIT_FOR(online(site) == SLAVES - 1);
    is_int(wf_load_scale(site->load, site->id, NULL, 24, &err), APR_SUCCESS, "scaled");
    __atomic_store_n(&site->slaves[2].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(users_of(site) == 24);
    restart_master(site, 0);
    WAIT_FOR(online(site) == SLAVES && users_of(site) == 24);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    restart_master(site, 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "it ends as it was stopped");
    WAIT_FOR(online(site) == SLAVES);
}

/* Iterations that are let end when the master dies count. */
static void stops_and_restarts(site_t *site)
{
    wf_error_t err;

    wf_error_init(&err, site->pool);
    is_str(start(site,
                 "id: w\nname: W\nsteps:\n- {id: s, type: http, config: {url: "
                 "'BASE/slow/500'}}\noptions: {vus: 6, duration: 60s}\n",
                 WF_LOSS_REDISTRIBUTE),
           NULL, "one begins");
    WAIT_FOR(target_requests(&site->target) >= 6);
    is_int(wf_load_stop(site->load, site->id, &err), APR_SUCCESS, "stopped");
    restart_master(site, 1);
    WAIT_FOR(ended(site) == 1);
    is_str(wf_run_status_name(site->last.status), "aborted", "aborted");
    is_int(site->last.iterations, target_requests(&site->target),
           "what was under way counts");
    WAIT_FOR(online(site) == SLAVES);
}

static void one_is_missing(site_t *site)
{
    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    break_connection(&site->slaves[1], 1);
    restart_master(site, 0);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "a slave that does not come back to a new master");
    ok(error_with(site, "slave slave-1 is lost") != NULL, "the result says it");
    __atomic_store_n(&site->slaves[1].cut, 0, __ATOMIC_RELAXED);
    WAIT_FOR(online(site) == SLAVES);
}

/* Killed, as it cannot say goodbye. */
static void both_restart(site_t *site)
{
    int i;

    is_str(start(site, LONG, WF_LOSS_REDISTRIBUTE), NULL, "one begins");
    WAIT_FOR(known(site) > 300);
    for (i = 0; i < SLAVES; i++) {
        break_connection(&site->slaves[i], 1);
    }
    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    restart_master(site, 0);
    for (i = 0; i < SLAVES; i++) {
        __atomic_store_n(&site->slaves[i].cut, 0, __ATOMIC_RELAXED);
        open_slave(site, i, &key);
    }
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "all servers at once");
    WAIT_FOR(online(site) == SLAVES);
}

/* One that was submitted and has no record yet. */
static void begins_later(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    WAIT_FOR(online(site) == 0);
    next_id(site, LONG);
    is_str(go_on(site, NULL), NULL, "without a record and without slaves");
    open_slave(site, 0, &key);
    WAIT_FOR(ended(site) == 1);
    is_whole(site, 6000, "it begins when there is one");
    close_slave(&site->slaves[0]);
    WAIT_FOR(online(site) == 0);
    next_id(site, LONG);
    is_str(go_on(site, NULL), NULL, "once more");
    WAIT_FOR(__atomic_load_n(&site->failed, __ATOMIC_RELAXED) != NULL);
    is_str(site->failed,
           apr_pstrcat(site->pool, site->id, ": no online slaves available", NULL),
           "nobody waits for ever");
}

/* What breaks here is meant to. */
static void quiet(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    (void)text;
}

int main(void)
{
    site_t site;

    apr_initialize();
    wf_log_to(quiet, NULL);
    open_site(&site);
    registers(&site);
    runs(&site);
    controls(&site);
    stumbles(&site);
    is_cut_off(&site);
    policies(&site);
    restarts(&site, 1);
    restarts(&site, 0);
    restarts_paused(&site);
    hears_later(&site);
    stops_and_restarts(&site);
    one_is_missing(&site);
    both_restart(&site);
    says_goodbye(&site);
    begins_later(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
