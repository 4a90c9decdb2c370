/* An execution's record as the API shows it. */
#include "workflow/internal.h"

#include <string.h>

/* clang-format off */
static const struct { const char *name; int final; } states[] = {
    { "pending",   0 },
    { "running",   0 },
    { "paused",    0 },
    { "completed", 1 },
    { "failed",    1 },
    { "aborted",   1 },
};
/* clang-format on */

#define STATES ((int)(sizeof states / sizeof states[0]))

static int find_state(const char *status)
{
    int i = 0;

    while (i < STATES && strcmp(states[i].name, status) != 0) {
        i++;
    }
    return i;
}

int wf_run_is_status(const char *status)
{
    return find_state(status) < STATES;
}

int wf_run_is_final(const char *status)
{
    int i = find_state(status);

    return i < STATES && states[i].final;
}

/* A JSON text that the engine stored; an empty value of the type if there is none, or
 * none that can be read. The caller owns the reference. */
static json_object *stored_json(const char *text, enum json_type type, apr_pool_t *p)
{
    json_object *json;
    wf_error_t err;

    wf_error_init(&err, p);
    if (text && wf_json_read(&json, text, strlen(text), p, &err) == APR_SUCCESS
        && json_object_is_type(json, type)) {
        return json_object_get(json);
    }
    return type == json_type_array ? json_object_new_array() : json_object_new_object();
}

json_object *wf_run_to_json(const wf_run_t *run, int detail, apr_pool_t *p)
{
    json_object *o = json_object_new_object();

    wf_json_add_string(o, "id", run->id);
    wf_json_add_string(o, "workflow_id", run->workflow_id);
    wf_json_add_string(o, "status", run->status);
    wf_json_add_double(o, "progress", run->progress);
    wf_json_add_string(o, "start_time",
                       run->start_time ? wf_time_utc(run->start_time, p) : "");
    if (detail || run->end_time) {
        wf_json_add_string(o, "end_time",
                           run->end_time ? wf_time_utc(run->end_time, p) : "");
    }
    if (detail) {
        json_object_object_add(o, "slave_states",
                               stored_json(run->slave_states, json_type_object, p));
        json_object_object_add(o, "errors", stored_json(run->errors, json_type_array, p));
    }
    return o;
}

json_object *wf_run_live_to_json(const wf_run_t *run, apr_pool_t *p)
{
    json_object *o = json_object_new_object();
    json_object *metrics = stored_json(run->metrics, json_type_object, p);
    json_object *live = wf_json_get(metrics, WF_RUN_LIVE);

    wf_json_add_string(o, "status", run->status);
    json_object_object_add(o, WF_RUN_LIVE,
                           live ? json_object_get(live) : json_object_new_object());
    json_object_put(metrics);
    return o;
}

json_object *wf_run_metrics_to_json(const wf_run_t *run, apr_pool_t *p)
{
    json_object *o = stored_json(run->metrics, json_type_object, p);

    json_object_object_del(o, WF_RUN_LIVE);
    if (json_object_object_length(o) == 0) { /* nothing was measured yet */
        wf_json_add_string(o, "execution_id", run->id);
        wf_json_add_int(o, "total_vus", 0);
        wf_json_add_int(o, "total_iterations", 0);
        wf_json_add_string(o, "duration", "0s");
        json_object_object_add(o, "step_metrics", json_object_new_object());
        json_object_object_add(o, "thresholds", json_object_new_array());
    }
    return o;
}
