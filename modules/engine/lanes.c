/* Lanes of process instances. An instance that a call activity has started and the one
 * that called it move each other on, so all instances of a chain of calls queue up with
 * the one at its top. That never changes while an instance lives; for one that is gone
 * any lane will do. */
#include "engine/internal.h"

apr_status_t wf_root_of_instance(wf_store_t *reader, wf_id_t instance, wf_id_t *root,
                                 apr_pool_t *p, wf_error_t *err)
{
    wf_execution_t *row = NULL;
    apr_status_t rv = wf_store_get(reader, WF_TABLE_EXECUTION, instance, &row, p, err);

    *root = rv == APR_SUCCESS && row && row->root_id ? row->root_id : instance;
    return rv;
}

apr_status_t wf_lane_of_instance_id(wf_work_t *work, wf_id_t instance, wf_lane_t *lane,
                                    wf_error_t *err)
{
    lane->kind = WF_LANE_INSTANCE;
    return wf_root_of_instance(work->reader, instance, &lane->id, work->pool, err);
}

apr_status_t wf_lane_of_instance(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    wf_id_t id;
    apr_status_t rv = wf_args_id(work->args, "id", &id, err);

    return rv == APR_SUCCESS ? wf_lane_of_instance_id(work, id, lane, err) : rv;
}
