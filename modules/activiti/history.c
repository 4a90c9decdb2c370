/* What history knows of a task: the properties that were submitted with its form. */
#include "activiti/internal.h"

#include <string.h>

/* A detail that is none of these is left out. */
static json_object *render_property(const void *row, apr_pool_t *p)
{
    const wf_hi_detail_t *detail = row;
    json_object *o;

    if (strcmp(detail->type, "FormProperty") != 0) {
        return NULL;
    }
    o = json_object_new_object();
    wf_json_add_string(o, "id", detail->name);
    wf_json_add_string(o, "value", wf_value_text(&detail->value, p));
    return o;
}

apr_status_t wf_history_form_properties(wf_request_t *req, wf_error_t *err)
{
    json_object *o = wf_json_own(json_object_new_object(), req->pool);
    wf_hi_taskinst_t *task;
    apr_status_t rv =
        wf_path_row(req, "taskId", WF_TABLE_HI_TASKINST, "task", &task, err);

    if (rv == APR_SUCCESS) {
        rv = wf_json_add_rows(o, "data", req, WF_BY_HI_DETAILS_OF_TASK, task->id,
                              render_property, err);
    }
    return rv == APR_SUCCESS ? wf_respond_json(req, 200, json_object_get(o)) : rv;
}
