/* The registry: what becomes of slaves that register, tell how they are, fall silent,
 * come back and go. */
#include "../tap.h"
#include "cluster/cluster.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static apr_pool_t *pool;

static wf_slave_t slave_of(const char *id)
{
    apr_array_header_t *capabilities = apr_array_make(pool, 2, sizeof(const char *));
    apr_table_t *labels = apr_table_make(pool, 2);
    wf_slave_t slave = { .id = id,
                         .address = "10.0.0.7:9091",
                         .type = WF_SLAVE_WORKER,
                         .capabilities = capabilities,
                         .labels = labels,
                         .cpu_cores = 4,
                         .memory_mb = 4096,
                         .max_vus = 100 };

    APR_ARRAY_PUSH(capabilities, const char *) = "http_executor";
    APR_ARRAY_PUSH(capabilities, const char *) = "script_executor";
    apr_table_set(labels, "region", "us-east");
    return slave;
}

static wf_registry_t *registry_of(int max_slaves)
{
    wf_registry_t *registry;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_registry_create(&registry, max_slaves, 15000, pool, &err);
    return registry;
}

static const char *state(wf_registry_t *registry, const char *id)
{
    wf_slave_t slave;
    wf_error_t err;

    wf_error_init(&err, pool);
    return wf_registry_get(registry, id, &slave, pool, &err) == APR_SUCCESS
               ? wf_slave_state_name(slave.state)
               : "unknown";
}

/* ---- states -------------------------------------------------------------------------- */

/* AGAIN is the same process as ONCE; ADD tells nothing of that. */
typedef enum {
    ADD,
    ONCE,
    AGAIN = ONCE,
    OTHER,
    BEAT,
    FULL,
    DRAIN,
    LOSE,
    WAIT,
    REMOVE
} event_e;

/* What happens to a slave, one after the other, and how it is afterwards. */
static const struct {
    const char *what;
    event_e events[5];
    int n;
    const char *state;
} lives[] = {
    { "it registers", { ADD }, 1, "online" },
    { "it has users", { ADD, BEAT }, 2, "online" },
    { "it has all users that it can have", { ADD, FULL }, 2, "busy" },
    { "it has room again", { ADD, FULL, BEAT }, 3, "online" },
    { "it is drained", { ADD, DRAIN }, 2, "draining" },
    { "a heartbeat does not end that", { ADD, DRAIN, BEAT }, 3, "draining" },
    { "nor does a full one", { ADD, DRAIN, FULL }, 3, "draining" },
    { "registering does", { ADD, DRAIN, ADD }, 3, "online" },
    { "but not of the same process", { ONCE, DRAIN, AGAIN }, 3, "draining" },
    { "that was away", { ONCE, DRAIN, LOSE, AGAIN }, 4, "draining" },
    { "another one is fresh", { ONCE, DRAIN, OTHER }, 3, "online" },
    { "one that left, too", { ONCE, DRAIN, REMOVE, AGAIN }, 4, "online" },
    { "it falls silent", { ADD, WAIT }, 2, "offline" },
    { "its connection ends", { ADD, LOSE }, 2, "offline" },
    { "it is heard again", { ADD, WAIT, BEAT }, 3, "online" },
    { "drained, silent, heard again", { ADD, DRAIN, LOSE, BEAT }, 4, "draining" },
    { "drained while it is away", { ADD, LOSE, DRAIN }, 3, "offline" },
    { "it comes back with a new connection", { ADD, LOSE, ADD }, 3, "online" },
    { "it goes", { ADD, REMOVE }, 2, "unknown" },
    { "a heartbeat of somebody unknown", { BEAT }, 1, "unknown" },
    { "an unknown one cannot be lost", { LOSE }, 1, "unknown" },
    { "nor drained", { DRAIN }, 1, "unknown" },
};

static apr_status_t happen(wf_registry_t *registry, event_e event, apr_int64_t *now)
{
    wf_slave_t slave = slave_of("s");
    apr_status_t rv = APR_SUCCESS;
    wf_error_t err;

    wf_error_init(&err, pool);
    slave.active_vus = event == FULL ? 100 : event == BEAT ? 30 : 0;
    *now += 1000;
    switch (event) {
    case ONCE:
    case OTHER:
    case ADD:
        slave.instance = event == ADD ? NULL : event == ONCE ? "a" : "b";
        return wf_registry_add(registry, &slave, *now, &err);
    case BEAT:
    case FULL:
        return wf_registry_beat(registry, "s", &slave, *now, &err);
    case DRAIN:
        return wf_registry_drain(registry, "s", &err);
    case LOSE:
        wf_registry_lose(registry, "s");
        return rv;
    case WAIT:
        *now += 15000;
        is_int(wf_registry_expire(registry, *now, pool)->nelts, 1, "one is silent");
        is_int(wf_registry_expire(registry, *now, pool)->nelts, 0, "that is told once");
        return rv;
    default:
        wf_registry_remove(registry, "s");
        return rv;
    }
}

static void states(void)
{
    size_t i;
    int k;

    for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        wf_registry_t *registry = registry_of(10);
        apr_int64_t now = 1000000;
        apr_status_t rv = APR_SUCCESS;

        for (k = 0; k < lives[i].n; k++) {
            rv = happen(registry, lives[i].events[k], &now);
        }
        is_str(state(registry, "s"), lives[i].state, "%s: %s", lives[i].what,
               lives[i].state);
        ok((rv == APR_SUCCESS)
               == (strcmp(lives[i].state, "unknown") != 0 || lives[i].events[0] == ADD
                   || lives[i].events[0] == LOSE),
           "only what is known is asked of it");
        wf_registry_destroy(registry);
    }
}

static void in_time(void)
{
    wf_registry_t *registry = registry_of(10);
    wf_slave_t slave = slave_of("s");
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_registry_add(registry, &slave, 1000, &err);
    is_int(wf_registry_expire(registry, 16000, pool)->nelts, 0, "15 s are in time");
    is_int(wf_registry_expire(registry, 16001, pool)->nelts, 1, "more are not");
    wf_registry_destroy(registry);
}

/* ---- who gets in ------------------------------------------------------------------------ */

static void limited(void)
{
    wf_registry_t *registry = registry_of(2);
    wf_slave_t a = slave_of("a"), b = slave_of("b"), c = slave_of("c");
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_registry_add(registry, &b, 1000, &err);
    wf_registry_add(registry, &a, 2000, &err);
    is_int(wf_registry_add(registry, &c, 3000, &err), WF_EFAILED, "no third one");
    is_int(err.kind, WF_ERR_UNAVAILABLE, "%s", err.message);
    wf_error_init(&err, pool);
    is_int(wf_registry_add(registry, &a, 3000, &err), APR_SUCCESS, "an old one, again");
    wf_registry_lose(registry, "b");
    is_int(wf_registry_add(registry, &c, 4000, &err), APR_SUCCESS,
           "one who is away makes room");
    is_str(state(registry, "b"), "unknown", "and is forgotten");
    is_int(wf_registry_list(registry, pool)->nelts, 2, "two are there");
    is_str(APR_ARRAY_IDX(wf_registry_list(registry, pool), 0, wf_slave_t).id, "a",
           "in the order of their ids");
    wf_registry_destroy(registry);
}

static void refused(void)
{
    static const char long_word[] = "12345678901234567890123456789012345678901234567890"
                                    "123456789012345678901234567890123456789012345678901";
    wf_registry_t *registry = registry_of(10);
    struct {
        const char *field;
        wf_slave_t slave;
    } wrong[8];
    apr_array_header_t *blank = apr_array_make(pool, 1, sizeof(const char *));
    apr_table_t *label = apr_table_make(pool, 1);
    int i;

    APR_ARRAY_PUSH(blank, const char *) = "http executor";
    apr_table_set(label, "", "x");
    for (i = 0; i < 8; i++) {
        wrong[i].slave = slave_of("s");
        wrong[i].field = i < 3 ? "slave_id" : i < 5 ? "address" : "resources";
    }
    wrong[0].slave.id = NULL;
    wrong[1].slave.id = "a b";
    wrong[2].slave.id = long_word;
    wrong[3].slave.address = "";
    wrong[4].slave.address = "10.0.0.1:1\n";
    wrong[5].slave.max_vus = -1;
    wrong[6].field = "capabilities";
    wrong[6].slave.capabilities = blank;
    wrong[7].field = "labels";
    wrong[7].slave.labels = label;
    for (i = 0; i < 8; i++) {
        wf_error_t err;

        wf_error_init(&err, pool);
        is_int(wf_registry_add(registry, &wrong[i].slave, 1, &err), WF_EFAILED,
               "refused");
        is_str(err.field, wrong[i].field, "%s", err.message);
    }
    is_int(wf_registry_list(registry, pool)->nelts, 0, "nobody got in");
    wf_registry_destroy(registry);
}

/* ---- how they are shown -------------------------------------------------------------------- */

static void shown(void)
{
    wf_registry_t *registry = registry_of(10);
    wf_slave_t slave = slave_of("slave-1");
    const char *before, *seen;
    json_object *o, *status;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_registry_add(registry, &slave, wf_cluster_ms(), &err);
    slave.active_vus = 45;
    slave.active_tasks = 5;
    slave.cpu_usage = 0.5;
    slave.max_vus = 7; /* a heartbeat does not change what it can */
    wf_registry_beat(registry, "slave-1", &slave, wf_cluster_ms() - 3600000, &err);
    before = wf_time_utc(wf_time_ms() - 3601000, pool);
    memset(&slave, 0, sizeof(slave));
    wf_registry_get(registry, "slave-1", &slave, pool, &err);
    o = wf_json_own(wf_slave_json(&slave, pool), pool);
    status = wf_json_get(o, "status");
    is_str(wf_json_string(o, "id", ""), "slave-1", "its id");
    is_str(wf_json_string(o, "type", ""), "worker", "its type");
    is_str(wf_json_string(o, "address", ""), "10.0.0.7:9091", "its address");
    is_str(json_object_to_json_string_ext(wf_json_get(o, "capabilities"), 0),
           "[\"http_executor\",\"script_executor\"]", "what it can");
    is_str(json_object_to_json_string_ext(wf_json_get(o, "labels"), 0),
           "{\"region\":\"us-east\"}", "its labels");
    is_int(wf_json_int(wf_json_get(o, "resources"), "max_vus", 0), 100, "what it has");
    is_str(wf_json_string(status, "state", ""), "online", "its state");
    ok(json_object_get_double(wf_json_get(status, "load")) == 0.45, "load is a fraction");
    is_int(wf_json_int(status, "active_tasks", 0), 5, "its tasks");
    seen = wf_json_string(status, "last_seen", "");
    ok(strcmp(seen, before) >= 0
           && strcmp(seen, wf_time_utc(wf_time_ms() - 3600000 + 1000, pool)) <= 0,
       "last seen an hour ago, by the wall clock: %s", seen);
    is_int(wf_slave_type_parse("gateway"), WF_SLAVE_GATEWAY, "types have names");
    is_int(wf_slave_type_parse("other"), -1, "others are none");
    wf_registry_destroy(registry);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    states();
    in_time();
    limited();
    refused();
    shown();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
