/* A master and its slaves, each with a load engine, a thread and a link of its own, in
 * one process. Connections can be broken and servers restarted. */
#ifndef WF_TEST_SITE_H
#define WF_TEST_SITE_H
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
    apr_interval_time_t report; /* of slaves that are opened from now on */
    int finish_orphans;         /* the same */
    apr_int64_t (*now)(void);   /* the same: their clock */
    const char *slave_id;       /* … the same, NULL: slave-0, slave-1, … */
    apr_interval_time_t patience; /* the same */
    int late;                     /* executions let slaves join */
    int runs;
    const char *id, *text; /* of the latest execution */

    pthread_mutex_t door; /* of the coordinator: closed while there is none */

    pthread_mutex_t lock;
    apr_pool_t *heard; /* of what follows */
    int ended;
    wf_run_snapshot_t last;
    wf_run_from_t record; /* the latest one of site->id */
    wf_run_status_e status;
    const char *failed; /* atomic: why one could not begin */
} site_t;

/* ---- the site ---------------------------------------------------------------------------- */

static inline void keep_record(site_t *site, const wf_run_record_t *record)
{
    apr_array_header_t *points = apr_array_make(site->heard, 8, sizeof(const char *));
    int i;

    for (i = 0; i < record->points->nelts; i++) {
        APR_ARRAY_PUSH(points, const char *) = apr_pstrdup(
            site->heard, APR_ARRAY_IDX(record->points, i, wf_run_change_t).text);
    }
    site->record = (wf_run_from_t){ .sequence = record->sequence,
                                    .state = apr_pstrdup(site->heard, record->state),
                                    .sheet = apr_pstrdup(site->heard, record->sheet),
                                    .judge = apr_pstrdup(site->heard, record->judge),
                                    .points = points };
}

static inline void on_progress(void *baton, const wf_run_snapshot_t *snapshot)
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
        site->last.errors = wf_json_own(json_object_get(snapshot->errors), site->heard);
        site->last.slave_states =
            wf_json_own(json_object_get(snapshot->slave_states), site->heard);
        site->last.metrics = wf_json_own(json_object_get(snapshot->metrics), site->heard);
        site->ended++;
    }
    pthread_mutex_unlock(&site->lock);
}

static inline int ended(site_t *site)
{
    int n;

    pthread_mutex_lock(&site->lock);
    n = site->ended;
    pthread_mutex_unlock(&site->lock);
    return n;
}

/* As if httpd had accepted the upgrade. */
static inline apr_status_t connect_to(slave_t *slave, int *fd, wf_error_t *err)
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

static inline apr_status_t dial(void *baton, int *fd, apr_pool_t *p, wf_error_t *err)
{
    slave_t *slave = baton;
    apr_status_t rv;

    (void)p;
    __atomic_add_fetch(&slave->dials, 1, __ATOMIC_RELAXED);
    pthread_mutex_lock(&slave->site->door);
    rv =
        __atomic_load_n(&slave->cut, __ATOMIC_RELAXED) || slave->site->coordinator == NULL
            ? wf_error_set(err, WF_ERR_UNAVAILABLE, "the network is down")
            : connect_to(slave, fd, err);
    pthread_mutex_unlock(&slave->site->door);
    return rv;
}

static inline void must(apr_status_t rv, const wf_error_t *err)
{
    if (rv != APR_SUCCESS) {
        printf("Bail out! %s\n", err->message);
        exit(1);
    }
}

static inline void open_slave(site_t *site, int i, const wf_link_key_t *with)
{
    slave_t *slave = &site->slaves[i];
    wf_load_options_t load = { .loops = 1, .max_executions = 20, .max_vus = 1000 };
    wf_agent_options_t options = { .around = &steps_only,
                                   .key = *with,
                                   .dial = dial,
                                   .baton = slave,
                                   .retry_first = 50000,
                                   .retry_last = 200000,
                                   .report = site->report,
                                   .patience = site->patience,
                                   .timeout = TIMEOUT_MS * 1000,
                                   .finish_orphans = site->finish_orphans,
                                   .now = site->now };
    apr_array_header_t *capabilities =
        apr_array_make(site->pool, 2, sizeof(const char *));
    wf_error_t err;

    slave->site = site;
    slave->fd = -1;
    slave->pool = wf_pool_create("t_slave", 0);
    wf_error_init(&err, slave->pool);
    APR_ARRAY_PUSH(capabilities, const char *) = "http_executor";
    options.self =
        (wf_slave_t){ .id = site->slave_id ? site->slave_id
                                           : apr_psprintf(slave->pool, "slave-%d", i),
                      .address = "127.0.0.1:9091",
                      .type = WF_SLAVE_WORKER,
                      .capabilities = capabilities,
                      .labels = apr_table_make(slave->pool, 1),
                      .max_vus = 100 * (i + 1) };
    must(wf_load_create(&slave->load, &load, slave->pool, &err), &err);
    options.load = slave->load;
    must(wf_agent_create(&slave->agent, &options, slave->pool, &err), &err);
}

static inline void close_slave(slave_t *slave)
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

static inline void on_failed(void *baton, const char *id, const char *why)
{
    site_t *site = baton;

    pthread_mutex_lock(&site->lock);
    __atomic_store_n(&site->failed, apr_psprintf(site->heard, "%s: %s", id, why),
                     __ATOMIC_RELEASE);
    pthread_mutex_unlock(&site->lock);
}

static inline void open_master(site_t *site)
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

static inline void close_master(site_t *site)
{
    wf_coordinator_t *coordinator = site->coordinator;

    pthread_mutex_lock(&site->door);
    site->coordinator = NULL;
    pthread_mutex_unlock(&site->door);
    wf_coordinator_close(coordinator);
    wf_load_close(site->load);
    wf_coordinator_destroy(coordinator);
    wf_load_destroy(site->load);
    wf_registry_destroy(site->registry);
}

static inline void open_site(site_t *site)
{
    wf_error_t err;

    memset(site, 0, sizeof(*site));
    site->pool = wf_pool_create("t_site", 0);
    site->heard = wf_pool_create("t_heard", 0);
    site->id = "";
    site->report = 50000;
    wf_error_init(&err, site->pool);
    pthread_mutex_init(&site->lock, NULL);
    pthread_mutex_init(&site->door, NULL);
    target_start(&site->target);
    must(wf_client_global_init(&err), &err);
    open_master(site);
}

static inline void close_site(site_t *site)
{
    int i;

    for (i = 0; i < SLAVES; i++) {
        close_slave(&site->slaves[i]);
    }
    close_master(site);
    target_stop(&site->target);
    pthread_mutex_destroy(&site->lock);
    pthread_mutex_destroy(&site->door);
    apr_pool_destroy(site->heard);
    apr_pool_destroy(site->pool);
}

static inline int online(site_t *site)
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

static inline const char *with_base(const site_t *site, const char *yaml, apr_pool_t *p)
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
static inline wf_plan_t *plan_of(site_t *site, const char *yaml, apr_pool_t *p,
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
    what->late_joiners = site->late;
    return plan;
}

static inline void next_id(site_t *site, const char *text)
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
static inline const char *start(site_t *site, const char *text, wf_loss_e loss)
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
static inline const char *go_on(site_t *site, const wf_run_from_t *from)
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

static inline apr_int64_t look(site_t *site, apr_int64_t *users)
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

static inline int known(site_t *site)
{
    apr_int64_t users;

    return (int)look(site, &users);
}

static inline int users_of(site_t *site)
{
    apr_int64_t users;

    look(site, &users);
    return (int)users;
}

static inline const char *error_with(const site_t *site, const char *text)
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

static inline void is_whole(site_t *site, int iterations, const char *what)
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
static inline void break_connection(slave_t *slave, int cut)
{
    int fd = __atomic_load_n(&slave->fd, __ATOMIC_RELAXED);

    __atomic_store_n(&slave->cut, cut, __ATOMIC_RELAXED);
    shutdown(fd, SHUT_RDWR);
}

/* In order it leaves a last record behind; killed it has the one that it wrote last. */
static inline void restart_master(site_t *site, int in_order)
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

#define LONG                                                                             \
    "id: w\nname: W\nsteps:\n- {id: s, type: sleep, config: {duration: 5ms}}\n"          \
    "options: {mode: shared-iterations, vus: 24, iterations: 6000}\n"

/* What breaks here is meant to. */
static inline void quiet(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    (void)text;
}

#endif
