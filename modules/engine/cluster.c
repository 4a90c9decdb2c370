/* This server in a cluster: as a master it takes slaves and gives them parts of
 * executions, as a slave it keeps a link to its master and does what comes over it. Which
 * of them it is its configuration says; most servers are neither. */
#include "engine/internal.h"
#include "steps/steps.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>
#include <unistd.h>

#define ID_FILE "/slave-id"
#define MAX_ID_BYTES 1000
#define MAX_CREDENTIALS 4096
#define SPARE_LINKS 8 /* of slaves that come back before their old ones are given up */
#define BEARER "Bearer "
#define API_KEY "ApiKey "

struct wf_cluster_t {
    wf_engine_t *engine;
    wf_registry_t *registry; /* NULL: no slaves */
    wf_coordinator_t *coordinator;
    wf_agent_t *agent; /* NULL: no master */
    wf_link_target_t master;
    int cancelled; /* atomic: dial no more */
};

/* ---- what both need ---------------------------------------------------------------- */

/* Without a key and without certificates nobody is let in. */
static int may_link(const wf_engine_config_t *config)
{
    return config->cluster_key != NULL || config->cluster_certificates;
}

static apr_status_t read_key(wf_cluster_t *cluster, wf_link_key_t *key, wf_error_t *err)
{
    const wf_engine_config_t *config = &cluster->engine->config;

    memset(key, 0, sizeof(*key));
    if (config->cluster_key == NULL) {
        return APR_SUCCESS;
    }
    return wf_link_key_read(key, config->cluster_key, cluster->engine->pool, err);
}

/* ---- a master ---------------------------------------------------------------------- */

static void could_not_begin(void *baton, const char *id, const char *why)
{
    wf_load_record_failure(baton, id, why);
}

static apr_status_t become_master(wf_cluster_t *cluster, wf_error_t *err)
{
    wf_engine_t *engine = cluster->engine;
    const wf_engine_config_t *config = &engine->config;
    wf_coordinator_options_t options = { .load = engine->load,
                                         .master_id = engine->node,
                                         .max_links = config->max_slaves + SPARE_LINKS,
                                         .heartbeat_ms = config->heartbeat_interval,
                                         .timeout_ms = config->heartbeat_timeout,
                                         .failed = could_not_begin,
                                         .baton = engine };
    apr_status_t rv = read_key(cluster, &options.key, err);

    if (rv == APR_SUCCESS) {
        rv = wf_registry_create(&cluster->registry, config->max_slaves,
                                config->heartbeat_timeout, engine->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    options.registry = cluster->registry;
    options.trusted = options.key.bytes == NULL; /* httpd looks at certificates */
    rv = wf_coordinator_create(&cluster->coordinator, &options, engine->pool, err);
    if (rv != APR_SUCCESS) {
        wf_registry_destroy(cluster->registry);
        cluster->registry = NULL;
        cluster->coordinator = NULL;
    }
    return rv;
}

/* ---- a slave ----------------------------------------------------------------------- */

static apr_status_t make_id(const char **id, const char *path, apr_pool_t *p,
                            wf_error_t *err)
{
    unsigned char random[4];
    apr_file_t *file;
    apr_status_t rv = apr_generate_random_bytes(random, sizeof(random));

    *id = apr_psprintf(p, "slave-%02x%02x%02x%02x", random[0], random[1], random[2],
                       random[3]);
    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&file, path,
                           APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                           APR_FPROT_UREAD | APR_FPROT_UWRITE, p);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(file, *id, strlen(*id), NULL);
        apr_file_close(file);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_apr(err, WF_ERR_INTERNAL, rv, "cannot make %s", path);
}

/* One that is made once: a slave that was restarted is the same one. */
static apr_status_t kept_id(const char **id, wf_engine_t *engine, wf_error_t *err)
{
    const char *directory = engine->config.state_dir;
    const char *path = apr_pstrcat(engine->pool, directory, ID_FILE, NULL);
    apr_size_t length = 0;
    char *text = NULL, *last;

    if (access(path, F_OK) != 0) {
        return make_id(id, path, engine->pool, err);
    }
    if (wf_file_load_below(&text, &length, directory, ID_FILE + 1, MAX_ID_BYTES,
                           engine->pool, err)
        != APR_SUCCESS) {
        return WF_EFAILED;
    }
    *id = apr_strtok(text, " \r\n", &last);
    return *id != NULL ? APR_SUCCESS
                       : wf_error_set(err, WF_ERR_INVALID, "%s is empty", path);
}

static apr_array_header_t *lines_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 4, sizeof(const char *));
    char *last, *line;

    for (line = apr_strtok(apr_pstrdup(p, text ? text : ""), "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        APR_ARRAY_PUSH(lines, const char *) = line;
    }
    return lines;
}

/* name=value, checked by the directive */
static apr_table_t *labels_of(const char *text, apr_pool_t *p)
{
    apr_array_header_t *lines = lines_of(text, p);
    apr_table_t *labels = apr_table_make(p, lines->nelts + 1);

    for (int i = 0; i < lines->nelts; i++) {
        const char *line = APR_ARRAY_IDX(lines, i, const char *);
        const char *equals = strchr(line, '=');

        apr_table_set(labels, apr_pstrmemdup(p, line, equals - line), equals + 1);
    }
    return labels;
}

static apr_status_t describe_self(wf_slave_t *self, wf_engine_t *engine, wf_error_t *err)
{
    const wf_engine_config_t *config = &engine->config;
    const char *type = config->slave_type;

    self->id = config->slave_id;
    self->address = config->slave_address;
    self->type = type ? (wf_slave_type_e)wf_slave_type_parse(type) : WF_SLAVE_WORKER;
    self->capabilities = config->slave_capabilities
                             ? lines_of(config->slave_capabilities, engine->pool)
                             : wf_steps_capabilities(engine->around->steps, engine->pool);
    self->labels = labels_of(config->slave_labels, engine->pool);
    self->max_vus = config->max_vus;
    return self->id != NULL ? APR_SUCCESS : kept_id(&self->id, engine, err);
}

/* A line: name:password, Bearer and a token, or ApiKey and a key. */
static apr_status_t read_credentials(wf_link_target_t *master, const char *path,
                                     apr_pool_t *p, wf_error_t *err)
{
    const char *slash, *problem;
    apr_size_t length;
    char *text;

    if (path == NULL) {
        return APR_SUCCESS;
    }
    if (!wf_mail_credentials_safe(path, &problem)) {
        return wf_error_set(err, WF_ERR_INVALID, "%s: %s", path, problem);
    }
    slash = strrchr(path, '/');
    if (wf_file_load_below(&text, &length, apr_pstrndup(p, path, slash - path + 1),
                           slash + 1, MAX_CREDENTIALS, p, err)
        != APR_SUCCESS) {
        return WF_EFAILED;
    }
    text[strcspn(text, "\r\n")] = '\0';
    if (strncmp(text, BEARER, strlen(BEARER)) == 0) {
        master->token = text + strlen(BEARER);
        return APR_SUCCESS;
    }
    if (strncmp(text, API_KEY, strlen(API_KEY)) == 0) {
        master->api_key = text + strlen(API_KEY);
        return APR_SUCCESS;
    }
    master->user = text;
    return strchr(text, ':') != NULL
               ? APR_SUCCESS
               : wf_error_set(err, WF_ERR_INVALID,
                              "%s: neither name:password, Bearer and a token, nor "
                              "ApiKey and a key",
                              path);
}

static apr_status_t dial(void *baton, int *fd, apr_pool_t *p, wf_error_t *err)
{
    wf_cluster_t *cluster = baton;

    return wf_link_dial(fd, &cluster->master, p, err);
}

static apr_status_t become_slave(wf_cluster_t *cluster, wf_error_t *err)
{
    wf_engine_t *engine = cluster->engine;
    const wf_engine_config_t *config = &engine->config;
    wf_agent_options_t options = {
        .load = engine->load, .around = engine->around, .dial = dial, .baton = cluster
    };
    apr_status_t rv = read_key(cluster, &options.key, err);

    options.trusted = options.key.bytes == NULL; /* the way is that of certificates */
    options.timeout = config->heartbeat_timeout * 1000;
    options.finish_orphans = config->finish_orphans;
    cluster->master = (wf_link_target_t){ .url = config->master,
                                          .ca_file = config->master_ca,
                                          .certificate = config->slave_certificate,
                                          .private_key = config->slave_key,
                                          .cancelled = &cluster->cancelled };
    if (rv == APR_SUCCESS) {
        rv = read_credentials(&cluster->master, config->master_credentials, engine->pool,
                              err);
    }
    if (rv == APR_SUCCESS) {
        rv = describe_self(&options.self, engine, err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_agent_create(&cluster->agent, &options, engine->pool, err);
    }
    if (rv != APR_SUCCESS) {
        cluster->agent = NULL;
    }
    return rv;
}

/* ---- life -------------------------------------------------------------------------- */

apr_status_t wf_cluster_create(wf_engine_t *engine, wf_error_t *err)
{
    wf_cluster_t *cluster = apr_pcalloc(engine->pool, sizeof(*cluster));
    wf_error_t why;
    apr_status_t rv = APR_SUCCESS;

    (void)err;
    cluster->engine = engine;
    engine->cluster = cluster;
    wf_error_init(&why, engine->pool);
    if (engine->config.master != NULL) {
        rv = become_slave(cluster, &why);
    }
    else if (may_link(&engine->config)) {
        rv = become_master(cluster, &why);
    }
    if (rv != APR_SUCCESS) {
        wf_log(WF_LOG_ERR, "this server is neither master nor slave: %s", why.message);
    }
    return APR_SUCCESS;
}

void wf_cluster_stop(wf_cluster_t *cluster)
{
    if (cluster->agent != NULL) {
        __atomic_store_n(&cluster->cancelled, 1, __ATOMIC_RELEASE);
        wf_agent_destroy(cluster->agent);
    }
    if (cluster->coordinator != NULL) {
        if (!cluster->engine->config.resume_executions) {
            wf_coordinator_cut(cluster->coordinator);
        }
        wf_coordinator_close(cluster->coordinator);
    }
}

void wf_cluster_destroy(wf_cluster_t *cluster)
{
    if (cluster->coordinator != NULL) {
        wf_coordinator_destroy(cluster->coordinator);
        wf_registry_destroy(cluster->registry);
    }
}

/* ---- executions -------------------------------------------------------------------- */

/* Those that could be chosen, also if they have no room at the moment. */
static int workers(wf_registry_t *registry)
{
    apr_pool_t *p = wf_pool_create("wf_workers", 0);
    apr_array_header_t *all = wf_registry_list(registry, p);
    int n = 0;

    for (int i = 0; i < all->nelts; i++) {
        const wf_slave_t *slave = &APR_ARRAY_IDX(all, i, wf_slave_t);

        n += slave->type == WF_SLAVE_WORKER
             && (slave->state == WF_SLAVE_ONLINE || slave->state == WF_SLAVE_BUSY);
    }
    apr_pool_destroy(p);
    return n;
}

/* What the document says counts first, then what the administrator says. */
static int wants_slaves(const wf_cluster_t *cluster, const wf_placement_t *placement)
{
    if (placement->given) {
        return placement->selector.mode != WF_SELECT_LOCAL;
    }
    if (cluster->registry == NULL) {
        return 0;
    }
    switch (cluster->engine->config.standalone) {
    case WF_STANDALONE_ON:
        return 0;
    case WF_STANDALONE_OFF:
        return 1;
    default:
        return workers(cluster->registry) > 0;
    }
}

static apr_status_t takes_none(const wf_execute_t *what, wf_error_t *err)
{
    apr_pool_destroy(what->plan_pool);
    return wf_error_set(err, WF_ERR_UNAVAILABLE,
                        "no online slaves available: this server takes none");
}

/* What the coordinator is told; needs is filled in. */
static wf_distribute_t distribute(const wf_execute_t *what, wf_wanted_t *needs)
{
    const wf_placement_t *placement = wf_plan_placement(what->plan);

    needs->capabilities = wf_plan_capabilities(what->plan, what->plan_pool);
    needs->vus = wf_plan_vus(what->plan);
    return (wf_distribute_t){ .id = what->id,
                              .workflow = what->definition,
                              .is_json = what->is_json,
                              .selector = &placement->selector,
                              .wanted = needs,
                              .loss = placement->loss,
                              .late_joiners = placement->late_joiners };
}

apr_status_t wf_cluster_run(wf_cluster_t *cluster, const wf_execute_t *what,
                            wf_error_t *err)
{
    wf_distribute_t order;
    wf_wanted_t needs;

    if (!wants_slaves(cluster, wf_plan_placement(what->plan))) {
        return wf_load_start(cluster->engine->load, what->plan, what->plan_pool, what->id,
                             err);
    }
    if (cluster->coordinator == NULL) {
        return takes_none(what, err);
    }
    order = distribute(what, &needs);
    return wf_coordinator_start(cluster->coordinator, what->plan, what->plan_pool, &order,
                                err);
}

/* With a record it goes on where it was, whatever would be chosen now. */
static int was_on_slaves(const wf_cluster_t *cluster, const wf_execute_t *what,
                         const wf_run_from_t *from)
{
    wf_spread_t spread;
    wf_error_t err;

    if (from == NULL) {
        return wants_slaves(cluster, wf_plan_placement(what->plan));
    }
    wf_error_init(&err, what->plan_pool);
    return wf_load_members_of(from, &spread, what->plan_pool, &err) == APR_SUCCESS
           && spread.n > 0; /* what is no record is refused by whoever goes on from it */
}

apr_status_t wf_cluster_continue(wf_cluster_t *cluster, const wf_execute_t *what,
                                 const wf_run_from_t *from, wf_error_t *err)
{
    wf_distribute_t order;
    wf_wanted_t needs;

    if (!was_on_slaves(cluster, what, from)) {
        return wf_load_continue(cluster->engine->load, what->plan, what->plan_pool,
                                what->id, from, err);
    }
    if (cluster->coordinator == NULL) {
        return takes_none(what, err);
    }
    order = distribute(what, &needs);
    return wf_coordinator_continue(cluster->coordinator, what->plan, what->plan_pool,
                                   &order, from, err);
}

/* ---- commands: connections, on the ipc loop's thread ------------------------------- */

/* Whom httpd has let in with a certificate may come without a key. */
static apr_status_t may_join(const wf_engine_t *engine, const wf_ipc_request_t *request,
                             wf_error_t *err)
{
    if (engine->cluster->coordinator == NULL) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            engine->config.master ? "this server is a slave itself"
                                                  : "this server takes no slaves");
    }
    if (engine->config.cluster_certificates
        && !wf_json_bool(request->args, "certificate", 0)) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            "slaves need a certificate that this server's TLS verifies");
    }
    return APR_SUCCESS;
}

/* link.reserve {certificate, tunnelled}: a ticket */
void wf_command_reserve_link(wf_engine_t *engine, wf_ipc_request_t *request)
{
    json_object *reply = wf_json_own(json_object_new_object(), request->pool);
    apr_int64_t ticket;
    wf_error_t err;

    wf_error_init(&err, request->pool);
    if (may_join(engine, request, &err) == APR_SUCCESS
        && wf_links_reserve(wf_coordinator_links(engine->cluster->coordinator), &ticket,
                            &err)
               == APR_SUCCESS) {
        wf_json_add_int(reply, "ticket", ticket);
        wf_ipc_reply(request, reply, NULL, 0);
        return;
    }
    wf_ipc_fail(request, &err);
}

/* link.open {ticket}, with the socket and what came from it already */
void wf_command_open_link(wf_engine_t *engine, wf_ipc_request_t *request)
{
    wf_coordinator_t *coordinator = engine->cluster->coordinator;
    wf_error_t err;
    wf_link_t link;

    wf_error_init(&err, request->pool);
    if (request->fd < 0 || coordinator == NULL) {
        wf_error_set(&err, WF_ERR_INVALID, "a link without its socket");
    }
    else if (wf_links_open(wf_coordinator_links(coordinator),
                           wf_json_int(request->args, "ticket", 0), request->fd,
                           request->blob, request->blob_length, &link, &err)
             == APR_SUCCESS) {
        request->fd = -1;
        wf_ipc_reply(request, NULL, NULL, 0);
        return;
    }
    wf_ipc_fail(request, &err);
}

void wf_cluster_describe(const wf_cluster_t *cluster, json_object *status)
{
    if (cluster->coordinator != NULL) {
        wf_json_add_string(status, "role", "master");
        wf_json_add_int(status, "slaves", workers(cluster->registry));
    }
    if (cluster->engine->config.master != NULL) {
        wf_json_add_string(status, "role", "slave");
        wf_json_add_bool(status, "connected",
                         cluster->agent != NULL
                             && wf_agent_is_registered(cluster->agent));
    }
}

/* ---- commands: slaves -------------------------------------------------------------- */

static apr_status_t list_slaves(wf_work_t *work, wf_registry_t *registry)
{
    apr_array_header_t *all = wf_registry_list(registry, work->pool);
    json_object *list = json_object_new_array();

    for (int i = 0; i < all->nelts; i++) {
        json_object_array_add(
            list, wf_slave_json(&APR_ARRAY_IDX(all, i, wf_slave_t), work->pool));
    }
    work->reply = wf_json_own(json_object_new_object(), work->pool);
    json_object_object_add(work->reply, "slaves", list);
    return APR_SUCCESS;
}

/* slaves.list {id}: one of them; without an id {slaves} */
apr_status_t wf_command_slaves(wf_work_t *work, wf_error_t *err)
{
    wf_registry_t *registry = work->engine->cluster->registry;
    const char *id = wf_json_string(work->args, "id", NULL);
    wf_slave_t slave;
    apr_status_t rv;

    if (registry == NULL) {
        work->reply = wf_json_own(json_object_new_object(), work->pool);
        json_object_object_add(work->reply, "slaves", json_object_new_array());
        return id == NULL
                   ? APR_SUCCESS
                   : wf_error_set(err, WF_ERR_NOT_FOUND, "no slave with id '%s'", id);
    }
    if (id == NULL) {
        return list_slaves(work, registry);
    }
    rv = wf_registry_get(registry, id, &slave, work->pool, err);
    if (rv == APR_SUCCESS) {
        work->reply = wf_json_own(wf_slave_json(&slave, work->pool), work->pool);
    }
    return rv;
}

/* slaves.drain {id} */
apr_status_t wf_command_drain_slave(wf_work_t *work, wf_error_t *err)
{
    wf_coordinator_t *coordinator = work->engine->cluster->coordinator;

    return coordinator != NULL
               ? wf_coordinator_drain(coordinator, wf_json_string(work->args, "id", ""),
                                      err)
               : wf_error_set(err, WF_ERR_UNSUPPORTED,
                              "this server has no slaves that could be drained");
}
