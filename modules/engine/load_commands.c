/* Commands on executions of load workflows. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

/* ---- submit ------------------------------------------------------------------------------------- */

typedef struct submission_t {
    wf_execute_t what;
    wf_problems_t *problems;
} submission_t;

/* The document in either form; its text is what the record keeps of it. */
static apr_status_t compile(wf_work_t *work, submission_t *s, wf_error_t *err)
{
    json_object *yaml = wf_json_get(work->args, "yaml");
    json_object *workflow = wf_json_get(work->args, "workflow");
    wf_problems_t *problems = s->problems = wf_problems_create(NULL, work->pool);

    if (json_object_is_type(yaml, json_type_string)) {
        s->what.definition = json_object_get_string(yaml);
        wf_plan_read(&s->what.plan, s->what.definition, json_object_get_string_len(yaml),
                     NULL, work->engine->around, problems, s->what.plan_pool);
    }
    else if (json_object_is_type(workflow, json_type_object)) {
        s->what.definition = wf_json_text(workflow, NULL, work->pool);
        s->what.is_json = 1;
        wf_plan_read(&s->what.plan, NULL, 0, workflow, work->engine->around, problems,
                     s->what.plan_pool);
        wf_json_place_problems(work->request->blob, work->request->blob_length, "workflow",
                               problems);
    }
    else {
        return wf_error_set(err, WF_ERR_INVALID, "neither a yaml text nor a workflow object");
    }
    return wf_problems_check(problems, err);
}

/* What the document says without effect: whoever sent it has to know. */
static void tell_warnings(const submission_t *s, json_object *reply, apr_pool_t *p)
{
    const apr_array_header_t *lines = wf_problems_lines(s->problems, p);
    json_object *list;
    int i;

    if (lines->nelts == 0) {
        return;
    }
    list = json_object_new_array();
    for (i = 0; i < lines->nelts; i++) {
        json_object_array_add(
            list, json_object_new_string(APR_ARRAY_IDX(lines, i, const char *)));
    }
    json_object_object_add(reply, "warnings", list);
}

/* workflow.submit {yaml}, or {workflow} with the text that it is a member of: the record is written as pending; the execution
 * starts once it is durable, in wf_after_submit. */
apr_status_t wf_command_submit(wf_work_t *work, wf_error_t *err)
{
    submission_t *s = apr_pcalloc(work->pool, sizeof(*s));
    const char *baseline = NULL;
    wf_run_t *run;
    json_object *reply;
    apr_status_t rv;

    s->what.plan_pool = wf_pool_create("wf_plan", 0);
    rv = compile(work, s, err);
    if (rv == APR_SUCCESS) {
        rv = wf_load_find_baseline(work, s->what.plan, &baseline, err);
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(s->what.plan_pool);
        return rv;
    }
    s->what.id = wf_id_random("exec-", work->pool);
    run = wf_uow_insert(work->uow, WF_TABLE_RUN);
    run->id = s->what.id;
    run->seq = wf_uow_next_id(work->uow);
    run->workflow_id = apr_pstrdup(work->pool, wf_plan_id(s->what.plan));
    run->workflow_name = apr_pstrdup(work->pool, wf_plan_name(s->what.plan));
    run->status = wf_run_status_name(WF_RUN_PENDING);
    run->start_time = wf_time_ms();
    run->definition = s->what.definition;
    run->baseline = baseline;
    work->baton = s;

    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_string(reply, "execution_id", run->id);
    wf_json_add_string(reply, "workflow_id", run->workflow_id);
    wf_json_add_string(reply, "status", "submitted");
    tell_warnings(s, reply, work->pool);
    return APR_SUCCESS;
}

void wf_after_submit(wf_work_t *work)
{
    submission_t *s = work->baton;

    /* If it fails, the client gets the error; the record stays and says why it never ran.
     */
    if (wf_cluster_run(work->engine->cluster, &s->what, &work->err) != APR_SUCCESS) {
        wf_load_record_failure(work->engine, s->what.id, work->err.message);
        wf_once_take_back(work);
    }
}

/* A unit that was not committed leaves its plan behind. */
void wf_drop_submission(wf_work_t *work)
{
    submission_t *s = work->baton;

    if (s) {
        apr_pool_destroy(s->what.plan_pool);
    }
}

/* ---- state ------------------------------------------------------------------------------------------ */

static const char *execution_id(wf_work_t *work)
{
    return wf_json_string(work->args, "id", "");
}

static json_object *shared(json_object *json)
{
    return json ? json_object_get(json) : NULL;
}

/* Where the checkpoints of the execution go, too: one that is not live any more is found in
 * the store with its last checkpoint, not with the one before. */
apr_status_t wf_lane_of_execution(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    (void)err;
    wf_lane_of_run(lane, execution_id(work));
    return APR_SUCCESS;
}

/* Who was told of an end may rely on it: it is written with the answer, unless its
 * checkpoint has come before. */
static apr_status_t look(wf_work_t *work, wf_run_snapshot_t *now, wf_error_t *err)
{
    const char *id = execution_id(work);
    apr_status_t rv = wf_load_snapshot(work->engine->load, id, now, work->pool, err);

    return rv == APR_SUCCESS && wf_run_status_final(now->status) ? wf_load_write(work, id, err)
                                                                 : rv;
}

/* execution.get {id} */
apr_status_t wf_command_execution(wf_work_t *work, wf_error_t *err)
{
    wf_run_snapshot_t now;
    json_object *reply;
    apr_status_t rv = look(work, &now, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_string(reply, "id", now.id);
    wf_json_add_string(reply, "workflow_id", now.workflow_id);
    wf_json_add_string(reply, "status", wf_run_status_name(now.status));
    wf_json_add_double(reply, "progress", now.progress);
    wf_json_add_string(reply, "start_time", wf_time_utc(now.start_time, work->pool));
    wf_json_add_string(reply, "end_time",
                       now.end_time ? wf_time_utc(now.end_time, work->pool) : "");
    json_object_object_add(reply, "slave_states", shared(now.slave_states));
    json_object_object_add(reply, "errors", shared(now.errors));
    return APR_SUCCESS;
}

/* execution.metrics {id} */
apr_status_t wf_command_metrics(wf_work_t *work, wf_error_t *err)
{
    wf_run_snapshot_t now;
    apr_status_t rv = look(work, &now, err);

    if (rv == APR_SUCCESS) {
        work->reply = wf_json_own(shared(now.metrics), work->pool);
    }
    return rv;
}

/* execution.status {id}: what steers it, and the figures of a live message. */
apr_status_t wf_command_load_status(wf_work_t *work, wf_error_t *err)
{
    wf_run_snapshot_t now;
    json_object *reply;
    apr_status_t rv = look(work, &now, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_string(reply, "status", wf_run_status_name(now.status));
    json_object_object_add(reply, WF_RUN_LIVE, wf_live_data(&now));
    return APR_SUCCESS;
}

/* execution.report {id} */
apr_status_t wf_command_report(wf_work_t *work, wf_error_t *err)
{
    wf_run_snapshot_t now;
    apr_status_t rv =
        wf_load_record(work->engine->load, execution_id(work), &now, work->pool, err);

    if (rv == APR_SUCCESS) {
        work->reply = wf_json_own(shared(now.record->report), work->pool);
    }
    return rv;
}

/* ---- control: who was told of a change finds it after a crash, too ---------------------------------- */

/* execution.stop {id} */
apr_status_t wf_command_stop(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_stop(work->engine->load, execution_id(work), err);

    return rv == APR_SUCCESS ? wf_load_write(work, execution_id(work), err) : rv;
}

/* execution.pause {id} */
apr_status_t wf_command_pause(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_pause(work->engine->load, execution_id(work), err);

    return rv == APR_SUCCESS ? wf_load_write(work, execution_id(work), err) : rv;
}

/* execution.resume {id} */
apr_status_t wf_command_resume(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_resume(work->engine->load, execution_id(work), err);

    return rv == APR_SUCCESS ? wf_load_write(work, execution_id(work), err) : rv;
}

/* execution.scale {id, target_vus, scenario} */
apr_status_t wf_command_scale(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_scale(work->engine->load, execution_id(work),
                                    wf_json_string(work->args, "scenario", NULL),
                                    wf_json_int(work->args, "target_vus", -1), err);

    return rv == APR_SUCCESS ? wf_load_write(work, execution_id(work), err) : rv;
}
