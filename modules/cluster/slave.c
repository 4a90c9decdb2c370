/* Slaves: the names of their types and states, and how they are shown. */
#include "cluster/internal.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static const char *const states[WF_SLAVE_STATES] = { [WF_SLAVE_ONLINE] = "online",
                                                     [WF_SLAVE_BUSY] = "busy",
                                                     [WF_SLAVE_DRAINING] = "draining",
                                                     [WF_SLAVE_OFFLINE] = "offline" };

static const char *const types[WF_SLAVE_TYPES] = { [WF_SLAVE_WORKER] = "worker",
                                                   [WF_SLAVE_GATEWAY] = "gateway",
                                                   [WF_SLAVE_AGGREGATOR] = "aggregator" };

const char *wf_slave_state_name(wf_slave_state_e state)
{
    return states[state];
}

const char *wf_slave_type_name(wf_slave_type_e type)
{
    return types[type];
}

int wf_slave_type_parse(const char *name)
{
    int i;

    for (i = 0; i < WF_SLAVE_TYPES; i++) {
        if (strcmp(types[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

apr_int64_t wf_cluster_ms(void)
{
    return wf_mono_us() / 1000;
}

double wf_slave_load(const wf_slave_t *slave)
{
    double load =
        slave->max_vus > 0 ? (double)slave->active_vus / (double)slave->max_vus : 1;

    return load > 1 ? 1 : load;
}

apr_array_header_t *wf_names_copy(const apr_array_header_t *names, apr_pool_t *p)
{
    apr_array_header_t *copy =
        apr_array_make(p, names ? names->nelts + 1 : 1, sizeof(const char *));
    int i;

    for (i = 0; names != NULL && i < names->nelts; i++) {
        APR_ARRAY_PUSH(copy, const char *) =
            apr_pstrdup(p, APR_ARRAY_IDX(names, i, const char *));
    }
    return copy;
}

static json_object *list_json(const apr_array_header_t *list)
{
    json_object *all = json_object_new_array();
    int i;

    for (i = 0; i < list->nelts; i++) {
        json_object_array_add(
            all, json_object_new_string(APR_ARRAY_IDX(list, i, const char *)));
    }
    return all;
}

static json_object *table_json(const apr_table_t *table)
{
    const apr_array_header_t *rows = apr_table_elts(table);
    json_object *all = json_object_new_object();
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        wf_json_add_string(all, row->key, row->val);
    }
    return all;
}

static json_object *resources_json(const wf_slave_t *slave)
{
    json_object *o = json_object_new_object();

    wf_json_add_int(o, "cpu_cores", slave->cpu_cores);
    wf_json_add_int(o, "memory_mb", slave->memory_mb);
    wf_json_add_int(o, "max_vus", slave->max_vus);
    return o;
}

static json_object *metrics_json(const wf_slave_t *slave)
{
    json_object *o = json_object_new_object();

    wf_json_add_double(o, "cpu_usage", slave->cpu_usage);
    wf_json_add_double(o, "memory_usage", slave->memory_usage);
    wf_json_add_int(o, "active_vus", slave->active_vus);
    wf_json_add_double(o, "throughput", slave->throughput);
    return o;
}

static json_object *status_json(const wf_slave_t *slave, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "state", states[slave->state]);
    wf_json_add_double(o, "load", wf_slave_load(slave));
    wf_json_add_int(o, "active_tasks", slave->active_tasks);
    wf_json_add_string(
        o, "last_seen",
        wf_time_utc(wf_time_ms() - (wf_cluster_ms() - slave->last_seen_ms), p));
    json_object_object_add(o, "metrics", metrics_json(slave));
    return o;
}

json_object *wf_slave_json(const wf_slave_t *slave, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "id", slave->id);
    wf_json_add_string(o, "type", types[slave->type]);
    wf_json_add_string(o, "address", slave->address);
    json_object_object_add(o, "capabilities", list_json(slave->capabilities));
    json_object_object_add(o, "labels", table_json(slave->labels));
    json_object_object_add(o, "resources", resources_json(slave));
    json_object_object_add(o, "status", status_json(slave, p));
    return o;
}
