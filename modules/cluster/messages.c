/* Messages between masters and slaves. What comes from the other side is checked,
 * although it has proved that it has the key: it may be of another version, or broken. */
#include "cluster/internal.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

static const char *const orders[] = {
    [WF_ORDER_BEGIN] = "begin", [WF_ORDER_STOP] = "stop",     [WF_ORDER_CUT] = "cut",
    [WF_ORDER_PAUSE] = "pause", [WF_ORDER_RESUME] = "resume", [WF_ORDER_SCALE] = "scale"
};

const char *wf_order_name(wf_order_e order)
{
    return orders[order];
}

int wf_order_parse(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        if (strcmp(orders[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

json_object *wf_task_message(const char *type, const wf_task_name_t *name)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "type", type);
    wf_json_add_string(o, "execution", name->execution);
    wf_json_add_int(o, "member", name->member);
    wf_json_add_int(o, "task", name->task);
    return o;
}

int wf_task_name_read(wf_task_name_t *name, json_object *message)
{
    apr_int64_t member = wf_json_int(message, "member", -1);

    name->execution = wf_json_string(message, "execution", NULL);
    name->member = (int)member;
    name->task = wf_json_int(message, "task", 0);
    return name->execution != NULL && member >= 0 && member < APR_INT32_MAX
           && name->task > 0;
}

json_object *wf_slave_message(const wf_slave_t *slave)
{
    json_object *o = json_object_new_object(), *list = json_object_new_array();
    json_object *labels = json_object_new_object();
    const apr_array_header_t *rows = apr_table_elts(slave->labels);
    int i;

    wf_json_add_string(o, "type", "register");
    wf_json_add_string(o, "slave_id", slave->id);
    wf_json_add_string(o, "slave_type", wf_slave_type_name(slave->type));
    wf_json_add_string(o, "address", slave->address);
    for (i = 0; i < slave->capabilities->nelts; i++) {
        json_object_array_add(list, json_object_new_string(APR_ARRAY_IDX(
                                        slave->capabilities, i, const char *)));
    }
    for (i = 0; i < rows->nelts; i++) {
        const apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        wf_json_add_string(labels, row->key, row->val);
    }
    json_object_object_add(o, "capabilities", list);
    json_object_object_add(o, "labels", labels);
    wf_json_add_int(o, "cpu_cores", slave->cpu_cores);
    wf_json_add_int(o, "memory_mb", slave->memory_mb);
    wf_json_add_int(o, "max_vus", slave->max_vus);
    wf_json_add_bool(o, "draining", slave->draining);
    return o;
}

/* The registry checks how long and how many they are. */
static int read_capabilities(wf_slave_t *slave, json_object *list, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 4, sizeof(const char *));
    size_t i;

    if (!json_object_is_type(list, json_type_array)) {
        return 0;
    }
    for (i = 0; i < json_object_array_length(list); i++) {
        json_object *name = json_object_array_get_idx(list, i);

        if (!json_object_is_type(name, json_type_string)) {
            return 0;
        }
        APR_ARRAY_PUSH(all, const char *) = json_object_get_string(name);
    }
    slave->capabilities = all;
    return 1;
}

static int read_labels(wf_slave_t *slave, json_object *labels, apr_pool_t *p)
{
    apr_table_t *all = apr_table_make(p, 4);

    if (!json_object_is_type(labels, json_type_object)) {
        return 0;
    }
    json_object_object_foreach(labels, name, value)
    {
        if (!json_object_is_type(value, json_type_string)) {
            return 0;
        }
        apr_table_setn(all, name, json_object_get_string(value));
    }
    slave->labels = all;
    return 1;
}

int wf_slave_read(wf_slave_t *slave, json_object *message, apr_pool_t *p)
{
    int type = wf_slave_type_parse(wf_json_string(message, "slave_type", ""));
    apr_int64_t cores = wf_json_int(message, "cpu_cores", 0);

    memset(slave, 0, sizeof(*slave));
    slave->id = wf_json_string(message, "slave_id", NULL);
    slave->address = wf_json_string(message, "address", NULL);
    slave->instance = wf_json_string(message, "instance", "");
    slave->type = type < 0 ? WF_SLAVE_WORKER : (wf_slave_type_e)type;
    slave->cpu_cores = cores >= 0 && cores <= APR_INT32_MAX ? (int)cores : -1;
    slave->memory_mb = wf_json_int(message, "memory_mb", 0);
    slave->max_vus = wf_json_int(message, "max_vus", 0);
    slave->draining = wf_json_bool(message, "draining", 0);
    return type >= 0 && read_capabilities(slave, wf_json_get(message, "capabilities"), p)
           && read_labels(slave, wf_json_get(message, "labels"), p);
}
