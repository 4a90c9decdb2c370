/* Diagrams: of a definition as it was deployed, of an instance with the activities marked
 * where it stands. */
#include "diagram/diagram.h"
#include "engine/internal.h"

#include <string.h>

/* What is drawn. */
typedef struct subject_t {
    wf_definition_t *definition;
    apr_array_header_t *active; /* const char *: ids of nodes */
} subject_t;

static apr_status_t of_instance(wf_work_t *work, wf_id_t *id, wf_error_t *err)
{
    return wf_args_id(work->args, "instance", id, err);
}

static int is_png(wf_work_t *work)
{
    return strcmp(wf_json_string(work->args, "format", ""), "png") == 0;
}

/* Only one PNG is made at a time: those that wait for it must hold no threads. What a
 * picture shows of an instance may be a moment old. */
apr_status_t wf_lane_of_diagram(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv;

    if (is_png(work)) {
        lane->kind = WF_LANE_PNG;
        return APR_SUCCESS;
    }
    if (!wf_json_get(work->args, "instance")) {
        return APR_SUCCESS;
    }
    rv = of_instance(work, &id, err);
    return rv == APR_SUCCESS ? wf_lane_of_instance_id(work, id, lane, err) : rv;
}

static apr_status_t find_active(wf_work_t *work, wf_id_t instance, subject_t *subject,
                                wf_error_t *err)
{
    apr_array_header_t *executions;
    apr_status_t rv = wf_uow_select(work->uow, WF_BY_EXECUTIONS_OF_INSTANCE, instance,
                                    &executions, err);

    for (int i = 0; rv == APR_SUCCESS && i < executions->nelts; i++) {
        const wf_execution_t *row = APR_ARRAY_IDX(executions, i, wf_execution_t *);

        if (row->is_active && row->act_id) {
            APR_ARRAY_PUSH(subject->active, const char *) = row->act_id;
        }
    }
    return rv;
}

/* History knows running and finished instances; what has finished stands nowhere. */
static apr_status_t find_instance(wf_work_t *work, subject_t *subject, wf_error_t *err)
{
    wf_hi_procinst_t *row;
    wf_id_t id;
    apr_status_t rv = of_instance(work, &id, err);

    if (rv == APR_SUCCESS) {
        rv = wf_uow_get(work->uow, WF_TABLE_HI_PROCINST, id, &row, err);
    }
    if (rv == APR_SUCCESS && (!row || row->removal_time == WF_HALF_GONE)) {
        rv = wf_error_field(err, WF_ERR_NOT_FOUND, "instance",
                            "no process instance with id '%" APR_INT64_T_FMT "'", id);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_uow_get_by_key(work->uow, WF_TABLE_DEFINITION, row->proc_def_id,
                               &subject->definition, err);
    }
    if (rv == APR_SUCCESS && !subject->definition) {
        rv = wf_error_set(err, WF_ERR_NOT_FOUND,
                          "process definition '%s' was deleted, so there is no diagram",
                          row->proc_def_id);
    }
    return rv == APR_SUCCESS ? find_active(work, id, subject, err) : rv;
}

static apr_status_t draw(wf_work_t *work, const subject_t *subject, const char **svg,
                         wf_error_t *err)
{
    const char *xml;
    apr_size_t length;
    apr_status_t rv = wf_engine_load_model(work->reader, subject->definition, &xml,
                                           &length, work->pool, err);

    return rv == APR_SUCCESS ? wf_diagram_draw(xml, length, subject->definition->key,
                                            subject->active, svg, work->pool, err)
                             : rv;
}

/* "svg" is what is drawn, "png" a picture of it. */
static apr_status_t read_format(wf_work_t *work, int *png, wf_error_t *err)
{
    const char *format = wf_json_string(work->args, "format", "svg");

    *png = is_png(work);
    if (!*png && strcmp(format, "svg") != 0) {
        return wf_error_field(err, WF_ERR_INVALID, "format", "'format' is svg or png");
    }
    return APR_SUCCESS;
}

/* diagram.draw {definition or instance, format} → the picture beside the reply */
apr_status_t wf_command_diagram(wf_work_t *work, wf_error_t *err)
{
    subject_t subject = { .active = apr_array_make(work->pool, 4, sizeof(const char *)) };
    const char *svg;
    int png;
    apr_status_t rv = read_format(work, &png, err);

    work->reads = 1;
    if (rv == APR_SUCCESS) {
        rv = wf_json_get(work->args, "instance")
                 ? find_instance(work, &subject, err)
                 : wf_args_definition(work, "definition", &subject.definition, err);
    }
    if (rv == APR_SUCCESS) {
        rv = draw(work, &subject, &svg, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (png) {
        return wf_picture_png(svg, strlen(svg), &work->blob, &work->blob_length,
                              work->pool, err);
    }
    work->blob = svg;
    work->blob_length = strlen(svg);
    return APR_SUCCESS;
}
