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
    const char *id;

    pthread_mutex_t lock;
    int ended;
    wf_run_snapshot_t last;
} site_t;

/* ---- the site ---------------------------------------------------------------------------- */

static void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    site_t *site = baton;

    pthread_mutex_lock(&site->lock);
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
static apr_status_t dial(void *baton, int *fd, wf_error_t *err)
{
    slave_t *slave = baton;
    wf_links_t *links = wf_coordinator_links(slave->site->coordinator);
    apr_int64_t ticket = 0;
    wf_link_t link;
    int fds[2];

    __atomic_add_fetch(&slave->dials, 1, __ATOMIC_RELAXED);
    if (__atomic_load_n(&slave->cut, __ATOMIC_RELAXED)) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "the network is down");
    }
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0
        || wf_links_reserve(links, &ticket, err) != APR_SUCCESS) {
        return wf_error_set(err, WF_ERR_INTERNAL, "no sockets");
    }
    /* A copy, to break the connection with. */
    __atomic_store_n(&slave->fd, dup(fds[1]), __ATOMIC_RELAXED);
    *fd = fds[1];
    return wf_links_open(links, ticket, fds[0], "", 0, &link, err);
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

static void open_site(site_t *site)
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
                                         .timeout_ms = TIMEOUT_MS };
    wf_error_t err;

    memset(site, 0, sizeof(*site));
    site->pool = wf_pool_create("t_site", 0);
    wf_error_init(&err, site->pool);
    pthread_mutex_init(&site->lock, NULL);
    target_start(&site->target);
    must(wf_client_global_init(&err), &err);
    must(wf_load_create(&site->load, &load, site->pool, &err), &err);
    must(wf_registry_create(&site->registry, 20, TIMEOUT_MS, site->pool, &err), &err);
    options.load = site->load;
    options.registry = site->registry;
    must(wf_coordinator_create(&site->coordinator, &options, site->pool, &err), &err);
}

static void close_site(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    wf_coordinator_destroy(site->coordinator);
    wf_load_destroy(site->load);
    wf_registry_destroy(site->registry);
    target_stop(&site->target);
    pthread_mutex_destroy(&site->lock);
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

/* NULL, or why not. */
static const char *start(site_t *site, const char *text, wf_loss_e loss)
{
    static const wf_selector_t everybody = { .mode = WF_SELECT_AUTO };
    apr_pool_t *p = wf_pool_create("t_plan", 0);
    wf_problems_t *problems = wf_problems_create("test.yaml", p);
    const char *yaml = with_base(site, text, site->pool);
    wf_wanted_t wanted = { apr_array_make(site->pool, 1, sizeof(const char *)), 0 };
    wf_distribute_t what = {
        .workflow = yaml, .selector = &everybody, .wanted = &wanted, .loss = loss
    };
    wf_plan_t *plan;
    wf_error_t err;

    wf_error_init(&err, site->pool);
    APR_ARRAY_PUSH((apr_array_header_t *)wanted.capabilities, const char *) =
        "http_executor";
    site->id = what.id = apr_psprintf(site->pool, "exec-%d", site->runs++);
    site->ended = 0;
    target_reset(&site->target);
    wf_plan_read(&plan, yaml, strlen(yaml), NULL, &steps_only, problems, p);
    must(wf_problems_check(problems, &err), &err);
    wanted.vus = wf_plan_vus(plan);
    return wf_coordinator_start(site->coordinator, plan, p, &what, &err) == APR_SUCCESS
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
    says_goodbye(&site);
    close_site(&site);
    apr_terminate();
    return done_testing();
}
