/* What slaves say to their master. Figures, which come most often, are counted on the
 * links' thread and need the lock only to see whose they are. */
#include "cluster/coordinator.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* ---- what slaves say: on the links' thread ------------------------------------------------------- */

/* A newer connection takes the place of the one before. */
static void add_peer(wf_coordinator_t *c, wf_link_t link, const wf_slave_t *slave)
{
    wf_link_t before = wf_peer_link(c, slave->id);
    wf_peer_t *peer = calloc(1, sizeof(*peer));

    if (peer == NULL) {
        abort();
    }
    if (before != 0) {
        wf_peer_forget(c, before);
        wf_link_close(c->links, before, "it has a newer connection");
    }
    peer->link = link;
    apr_cpystrn(peer->id, slave->id, sizeof(peer->id));
    apr_cpystrn(peer->instance, slave->instance, sizeof(peer->instance));
    peer->next = c->peers;
    c->peers = peer;
}

/* Is another process connected under this id, which lives? One that was killed is not:
 * its connection has ended; one whose machine is gone falls silent, and then makes room.
 */
static int is_taken(const wf_coordinator_t *c, const wf_slave_t *slave, apr_pool_t *p)
{
    const wf_peer_t *peer = c->peers;
    wf_slave_t known;
    wf_error_t ignored;

    while (peer != NULL && strcmp(peer->id, slave->id) != 0) {
        peer = peer->next;
    }
    wf_error_init(&ignored, p);
    return peer != NULL && strcmp(peer->instance, slave->instance) != 0
           && wf_registry_get(c->options.registry, slave->id, &known, p, &ignored)
                  == APR_SUCCESS
           && known.state != WF_SLAVE_OFFLINE
           && wf_cluster_ms() - known.last_seen_ms < 2 * c->options.heartbeat_ms;
}

/* The order to be drained may have been lost with its connection. */
static void drain_again(wf_coordinator_t *c, wf_link_t link, const wf_slave_t *slave,
                        apr_pool_t *p)
{
    json_object *o;
    wf_slave_t known;
    wf_error_t ignored;

    wf_error_init(&ignored, p);
    if (!slave->draining
        && wf_registry_get(c->options.registry, slave->id, &known, p, &ignored)
               == APR_SUCCESS
        && known.state == WF_SLAVE_DRAINING) {
        o = json_object_new_object();
        wf_json_add_string(o, "type", "drain");
        wf_coordinator_tell(c, link, o);
    }
}

static void registered(wf_coordinator_t *c, wf_link_t link, const char *id)
{
    json_object *o = json_object_new_object();
    wf_distributed_t *e;
    int i;

    wf_json_add_string(o, "type", "registered");
    wf_json_add_int(o, "heartbeat_interval_ms", c->options.heartbeat_ms);
    wf_json_add_int(o, "heartbeat_timeout_ms", c->options.timeout_ms);
    wf_json_add_string(o, "master_id", c->options.master_id);
    wf_json_add_string(o, "version", WF_VERSION);
    wf_coordinator_tell(c, link, o);
    for (e = c->executions; e != NULL; e = e->next) {
        for (i = 0; i < e->n; i++) {
            if (strcmp(e->parts[i].slave, id) == 0) {
                e->parts[i].lost = NULL; /* it is back */
                wf_distributed_assign(c, e, i);
            }
        }
        wf_coordinator_welcome(c, e, id);
    }
}

static void on_register(wf_coordinator_t *c, wf_link_t link, json_object *message,
                        apr_pool_t *p)
{
    wf_slave_t slave;
    wf_error_t err;

    wf_error_init(&err, p);
    if (!wf_slave_read(&slave, message, p) || slave.id == NULL) {
        wf_error_set(&err, WF_ERR_INVALID, "this is no registration");
    }
    else if (wf_peer_of(c, link) != NULL
             && strcmp(wf_peer_of(c, link)->id, slave.id) != 0) {
        wf_error_set(&err, WF_ERR_INVALID, "this connection is that of slave %s",
                     wf_peer_of(c, link)->id);
    }
    else if (is_taken(c, &slave, p)) {
        wf_error_set(&err, WF_ERR_CONFLICT,
                     "another slave is connected with the id %s: each needs its own",
                     slave.id);
    }
    else if (wf_registry_add(c->options.registry, &slave, wf_cluster_ms(), &err)
             == APR_SUCCESS) {
        wf_log(WF_LOG_NOTICE, "master: slave %s at %s is registered", slave.id,
               slave.address);
        add_peer(c, link, &slave);
        registered(c, link, slave.id);
        drain_again(c, link, &slave, p);
        return;
    }
    wf_log(WF_LOG_WARN, "master: a slave is rejected: %s", err.message);
    message = json_object_new_object();
    wf_json_add_string(message, "type", "rejected");
    wf_json_add_string(message, "error", err.message);
    wf_coordinator_tell(c, link, message);
}

static double share(json_object *message, const char *name)
{
    json_object *o = wf_json_get(message, name);
    double value = o != NULL ? json_object_get_double(o) : 0;

    return value >= 0 && value <= 1 ? value : 0;
}

static apr_int64_t count(json_object *message, const char *name)
{
    apr_int64_t value = wf_json_int(message, name, 0);

    return value >= 0 && value <= WF_SLAVE_VUS ? value : 0;
}

static void on_heartbeat(wf_coordinator_t *c, wf_link_t link, json_object *message,
                         apr_pool_t *p)
{
    const wf_peer_t *peer = wf_peer_of(c, link);
    json_object *rate = wf_json_get(message, "throughput");
    double throughput = rate != NULL ? json_object_get_double(rate) : 0;
    wf_slave_t heard = { .active_vus = count(message, "active_vus"),
                         .active_tasks = count(message, "active_tasks"),
                         .cpu_usage = share(message, "cpu_usage"),
                         .memory_usage = share(message, "memory_usage"),
                         .throughput =
                             throughput >= 0 && throughput < 1e12 ? throughput : 0 };
    json_object *answer;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_registry_beat(c->options.registry, peer->id, &heard, wf_cluster_ms(), &err)
        != APR_SUCCESS) {
        wf_link_close(c->links, link, "it has to register again");
        return;
    }
    answer = json_object_new_object();
    wf_json_add_string(answer, "type", "heard");
    wf_json_add_int(answer, "at", wf_json_int(message, "at", 0));
    wf_coordinator_tell(c, link, answer);
}

/* How far from the agreed instant, as our clock has it. */
static void on_begun(wf_coordinator_t *c, wf_link_t link, json_object *message,
                     apr_pool_t *p)
{
    apr_int64_t at = wf_json_int(message, "at", -1);
    wf_member_clock_t clock = { 0 };
    wf_distributed_part_t *part;
    wf_task_name_t name;
    wf_error_t err;

    if (!wf_task_name_read(&name, message) || at < 0 || at > WF_LINK_TIME_MAX) {
        return;
    }
    part = wf_distributed_part(c, &name, wf_peer_of(c, link)->id);
    if (part == NULL || !part->waits
        || !wf_link_offset(c->links, link, &clock.offset_us, &clock.error_us)) {
        return;
    }
    part->waits = 0;
    clock.skew_us =
        at - clock.offset_us - wf_distributed_find(c, name.execution)->start_us;
    wf_error_init(&err, p);
    wf_load_member_began(c->options.load, name.execution, name.member, &clock, &err);
}

static void on_over(wf_coordinator_t *c, wf_link_t link, json_object *message,
                    apr_pool_t *p)
{
    const char *said = wf_json_string(message, "status", "");
    wf_run_status_e status = WF_RUN_FAILED;
    wf_task_name_t name;
    wf_error_t err;
    wf_distributed_part_t *part;
    int i;

    if (!wf_task_name_read(&name, message)) {
        return;
    }
    wf_error_init(&err, p);
    for (i = 0; i < WF_RUN_STATES; i++) {
        status = strcmp(wf_run_status_name((wf_run_status_e)i), said) == 0
                     ? (wf_run_status_e)i
                     : status;
    }
    part = wf_distributed_part(c, &name, wf_peer_of(c, link)->id);
    if (part != NULL && !part->over && wf_json_bool(message, "orphan", 0)) {
        wf_distributed_again(c, wf_distributed_find(c, name.execution), name.member,
                             "it has stopped while it did not hear of its master");
    }
    else if (part != NULL && !part->over && strcmp(said, WF_MOVED) == 0) {
        wf_distributed_moved(c, wf_distributed_find(c, name.execution), name.member);
    }
    else if (part != NULL && !part->over) {
        part->over = 1;
        wf_load_member_over(c->options.load, name.execution, name.member, name.task,
                            status, wf_json_string(message, "variables", NULL), &err);
    }
    wf_coordinator_tell(c, link, wf_task_message("done", &name));
}

static void on_refused(wf_coordinator_t *c, wf_link_t link, json_object *message,
                       apr_pool_t *p)
{
    wf_task_name_t name;
    wf_distributed_part_t *part = NULL;

    if (wf_task_name_read(&name, message)) {
        part = wf_distributed_part(c, &name, wf_peer_of(c, link)->id);
    }
    if (part != NULL && !part->over) {
        wf_distributed_refused(
            c, wf_distributed_find(c, name.execution), name.member,
            apr_pstrdup(p, wf_json_string(message, "error", "it refuses")));
    }
}

static void on_stays(wf_coordinator_t *c, wf_link_t link, json_object *message,
                     apr_pool_t *p)
{
    wf_distributed_part_t *part = NULL;
    wf_task_name_t name;

    (void)p;
    if (wf_task_name_read(&name, message)) {
        part = wf_distributed_part(c, &name, wf_peer_of(c, link)->id);
    }
    if (part != NULL && part->moving != NULL) {
        wf_log(WF_LOG_INFO,
               "master: execution %s: part %d stays with slave %s, what it does takes "
               "too long",
               name.execution, name.member + 1, part->slave);
        part->moving = NULL;
    }
}

static void on_bye(wf_coordinator_t *c, wf_link_t link, json_object *message,
                   apr_pool_t *p)
{
    const char *id = apr_pstrdup(p, wf_peer_of(c, link)->id);

    (void)message;
    wf_registry_remove(c->options.registry, id);
    wf_peer_forget(c, link);
    wf_coordinator_lose(c, id, "it has said goodbye");
}

static const struct {
    const char *type;
    int registered; /* only from who is */
    void (*take)(wf_coordinator_t *c, wf_link_t link, json_object *message,
                 apr_pool_t *p);
} messages[] = {
    /* clang-format off */
    { "register",  0, on_register },
    { "heartbeat", 1, on_heartbeat },
    { "begun",     1, on_begun },
    { "over",      1, on_over },
    { "refused",   1, on_refused },
    { "stays",     1, on_stays },
    { "bye",       1, on_bye },
    /* clang-format on */
};

/* Of all messages this comes most often, and it needs the lock only to see whose it is.
 */
static void on_news(wf_coordinator_t *c, wf_link_t link, json_object *message,
                    apr_pool_t *p)
{
    wf_member_news_t news = { .sequence = wf_json_int(message, "sequence", 0),
                              .base = wf_json_int(message, "base", 0),
                              .figures = wf_json_string(message, "figures", NULL),
                              .state = wf_json_string(message, "state", NULL) };
    apr_int64_t have = -1;
    wf_task_name_t name;
    const wf_peer_t *peer;
    json_object *o;
    wf_error_t err;
    int known;

    if (!wf_task_name_read(&name, message)) {
        return;
    }
    pthread_mutex_lock(&c->lock);
    peer = wf_peer_of(c, link);
    known = peer != NULL && wf_distributed_part(c, &name, peer->id) != NULL;
    pthread_mutex_unlock(&c->lock);
    wf_error_init(&err, p);
    news.member = name.member;
    news.task = name.task;
    if (known
        && wf_load_member_news(c->options.load, name.execution, &news, &have, &err)
               != APR_SUCCESS
        && err.kind == WF_ERR_INVALID) {
        wf_log(WF_LOG_WARN, "master: execution %s: %s", name.execution, err.message);
        have = 0; /* all of it, please */
    }
    o = wf_task_message("have", &name);
    wf_json_add_int(o, "have", have);
    wf_coordinator_tell(c, link, o);
}

static void on_message(void *baton, wf_link_t link, json_object *message)
{
    wf_coordinator_t *c = baton;
    const char *type = wf_json_string(message, "type", "");
    apr_pool_t *p = wf_pool_create("wf_coordinator_message", 0);
    size_t i;

    if (strcmp(type, "news") == 0) {
        on_news(c, link, message, p);
    }
    for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        if (strcmp(messages[i].type, type) == 0) {
            pthread_mutex_lock(&c->lock);
            if (!messages[i].registered || wf_peer_of(c, link) != NULL) {
                messages[i].take(c, link, message, p);
            }
            pthread_mutex_unlock(&c->lock);
        }
    }
    apr_pool_destroy(p);
}

static void on_opened(void *baton, wf_link_t link, const char *name)
{
    (void)baton;
    (void)link;
    (void)name; /* it will register */
}

static void on_closed(void *baton, wf_link_t link, const char *why)
{
    wf_coordinator_t *c = baton;
    char id[WF_SLAVE_TEXT + 1] = "";
    const wf_peer_t *peer;

    pthread_mutex_lock(&c->lock);
    peer = wf_peer_of(c, link);
    if (peer != NULL) {
        memcpy(id, peer->id, sizeof(id));
        wf_peer_forget(c, link);
    }
    pthread_mutex_unlock(&c->lock);
    if (id[0] != '\0') {
        wf_log(WF_LOG_WARN, "master: the connection of slave %s has ended: %s", id, why);
        wf_registry_lose(c->options.registry, id);
    }
}

const wf_link_owner_t wf_coordinator_ears = { .opened = on_opened,
                                              .message = on_message,
                                              .closed = on_closed };
