/* Commands on executions of load workflows, and their records in the store. The load engine
 * knows no store: it calls wf_engine_on_progress, and what it tells becomes a checkpoint. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Orphans are closed in pages of this many. */
#define ORPHAN_PAGE 100

/* ---- submit ------------------------------------------------------------------------------------- */

typedef struct submission_t {
    wf_plan_t *plan;
    apr_pool_t *plan_pool; /* the load engine's after the start */
    const char *id;
} submission_t;

/* An entry of an execution's errors, at the moment. */
static void add_error(json_object *errors, const char *message, apr_pool_t *p)
{
    json_object *entry = json_object_new_object();

    wf_json_add_string(entry, "code", "EXECUTION_ERROR");
    wf_json_add_string(entry, "message", message);
    wf_json_add_string(entry, "timestamp", wf_time_utc(wf_time_ms(), p));
    json_object_array_add(errors, entry);
}

/* The document in either form; *text is what the record keeps of it. */
static apr_status_t compile(wf_work_t *work, submission_t *s, const char **text,
                            wf_error_t *err)
{
    json_object *yaml = wf_json_get(work->args, "yaml");
    json_object *workflow = wf_json_get(work->args, "workflow");
    wf_problems_t *problems = wf_problems_create(NULL, work->pool);

    if (json_object_is_type(yaml, json_type_string)) {
        *text = json_object_get_string(yaml);
        wf_plan_read(&s->plan, *text, json_object_get_string_len(yaml), NULL,
                     work->engine->around, problems, s->plan_pool);
    }
    else if (json_object_is_type(workflow, json_type_object)) {
        *text = wf_json_text(workflow, NULL, work->pool);
        wf_plan_read(&s->plan, NULL, 0, workflow, work->engine->around, problems,
                     s->plan_pool);
    }
    else {
        return wf_error_set(err, WF_ERR_INVALID, "neither a yaml text nor a workflow object");
    }
    return wf_problems_check(problems, err);
}

/* workflow.submit {yaml} or {workflow}: the record is written as pending; the execution
 * starts once it is durable, in wf_after_submit. */
apr_status_t wf_command_submit(wf_work_t *work, wf_error_t *err)
{
    submission_t *s = apr_pcalloc(work->pool, sizeof(*s));
    const char *text = NULL;
    wf_run_t *run;
    json_object *reply;
    apr_status_t rv;

    s->plan_pool = wf_pool_create("wf_plan", 0);
    rv = compile(work, s, &text, err);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(s->plan_pool);
        return rv;
    }
    s->id = wf_id_random("exec-", work->pool);
    run = wf_uow_insert(work->uow, WF_TABLE_RUN);
    run->id = s->id;
    run->seq = wf_uow_next_id(work->uow);
    run->workflow_id = apr_pstrdup(work->pool, wf_plan_id(s->plan));
    run->workflow_name = apr_pstrdup(work->pool, wf_plan_name(s->plan));
    run->status = wf_run_status_name(WF_RUN_PENDING);
    run->start_time = wf_time_ms();
    run->definition = text;
    work->baton = s;

    reply = work->reply = wf_json_own(json_object_new_object(), work->pool);
    wf_json_add_string(reply, "execution_id", run->id);
    wf_json_add_string(reply, "workflow_id", run->workflow_id);
    wf_json_add_string(reply, "status", "submitted");
    return APR_SUCCESS;
}

void wf_after_submit(wf_work_t *work)
{
    submission_t *s = work->baton;
    wf_run_snapshot_t failed = { .id = s->id, .status = WF_RUN_FAILED };

    if (wf_load_start(work->engine->load, s->plan, s->plan_pool, s->id, &work->err)
        == APR_SUCCESS) {
        return;
    }
    /* The client gets the error; the record stays and says why it never ran. */
    failed.start_time = failed.end_time = wf_time_ms();
    failed.errors = wf_json_own(json_object_new_array(), work->pool);
    add_error(failed.errors, work->err.message, work->pool);
    wf_engine_on_progress(work->engine, &failed);
}

/* A unit that was not committed leaves its plan behind. */
void wf_drop_submission(wf_work_t *work)
{
    submission_t *s = work->baton;

    if (s) {
        apr_pool_destroy(s->plan_pool);
    }
}

/* ---- records ------------------------------------------------------------------------------------------- */

/* What one progress call told, copied for the work that writes it. */
typedef struct checkpoint_t {
    const char *id;
    wf_run_status_e status;
    double progress;
    apr_int64_t start_time, end_time;
    const char *metrics, *slave_states, *errors;
} checkpoint_t;

static void set_lane(wf_lane_t *lane, const char *id)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;

    lane->kind = WF_LANE_RUN;
    lane->id = apr_hashfunc_default(id, &length); /* equal hashes just wait */
}

static apr_status_t lane_of_checkpoint(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    const checkpoint_t *checkpoint = work->baton;

    (void)err;
    set_lane(lane, checkpoint->id);
    return APR_SUCCESS;
}

static const char *json_text(json_object *json, apr_pool_t *p)
{
    return json ? wf_json_text(json, NULL, p) : NULL;
}

/* The metrics, and beside them the figures that a live message shows: whoever asks when the
 * execution is over gets those of its end. */
static const char *metrics_text(const wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    json_object *all;

    if (!snapshot->metrics) {
        return NULL;
    }
    all = wf_json_own(json_object_new_object(), p);
    json_object_object_foreach(snapshot->metrics, name, member)
    {
        json_object_object_add(all, name, json_object_get(member));
    }
    json_object_object_add(all, WF_RUN_LIVE, wf_live_data(snapshot));
    return wf_json_text(all, NULL, p);
}

static checkpoint_t *checkpoint_of(const wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    checkpoint_t *checkpoint = apr_pcalloc(p, sizeof(*checkpoint));

    checkpoint->id = apr_pstrdup(p, snapshot->id);
    checkpoint->status = snapshot->status;
    checkpoint->progress = snapshot->progress;
    checkpoint->start_time = snapshot->start_time;
    checkpoint->end_time = snapshot->end_time;
    checkpoint->metrics = metrics_text(snapshot, p);
    checkpoint->slave_states = json_text(snapshot->slave_states, p);
    checkpoint->errors = json_text(snapshot->errors, p);
    return checkpoint;
}

static int is_final(const char *status)
{
    for (int i = 0; i < WF_RUN_STATES; i++) {
        if (!strcmp(status, wf_run_status_name(i))) {
            return wf_run_status_final(i);
        }
    }
    return 0;
}

int wf_run_is_over(const wf_run_t *run)
{
    return is_final(run->status);
}

static apr_status_t write_checkpoint(wf_work_t *work, wf_error_t *err)
{
    checkpoint_t *checkpoint = work->baton;
    wf_run_t *run;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_RUN, checkpoint->id, &run, err);

    /* Works may overtake each other: what is final stays. */
    if (rv != APR_SUCCESS || !run || is_final(run->status)) {
        return rv;
    }
    run->status = wf_run_status_name(checkpoint->status);
    run->progress = checkpoint->progress;
    run->start_time = checkpoint->start_time;
    run->end_time = checkpoint->end_time;
    run->metrics = checkpoint->metrics;
    run->slave_states = checkpoint->slave_states;
    run->errors = checkpoint->errors;
    wf_uow_update(work->uow, run);
    return APR_SUCCESS;
}

static void checkpoint_done(wf_work_t *work, const wf_error_t *err)
{
    checkpoint_t *checkpoint = work->baton;

    if (wf_run_status_final(checkpoint->status)) {
        wf_streams_wake(work->engine->streams, checkpoint->id);
    }
    if (err->kind != WF_ERR_NONE) {
        wf_log(WF_LOG_ERR, "execution %s: checkpoint not written: %s", checkpoint->id,
               err->message);
    }
}

void wf_engine_on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    wf_engine_t *engine = baton;
    wf_work_t *work = wf_work_create(engine, "wf_checkpoint");

    work->baton = checkpoint_of(snapshot, work->pool);
    work->find_lane = lane_of_checkpoint;
    work->run = write_checkpoint;
    work->done = checkpoint_done;
    wf_executor_submit(engine->executor, work);
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
    set_lane(lane, execution_id(work));
    return APR_SUCCESS;
}

/* Who was told of an end may rely on it: it is written with the answer, unless its
 * checkpoint has come before. */
static apr_status_t look(wf_work_t *work, wf_run_snapshot_t *now, wf_error_t *err)
{
    apr_status_t rv = wf_load_snapshot(work->engine->load, execution_id(work), now,
                                       work->pool, err);

    if (rv == APR_SUCCESS && wf_run_status_final(now->status)) {
        work->baton = checkpoint_of(now, work->pool);
        rv = write_checkpoint(work, err);
    }
    return rv;
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

/* ---- control ---------------------------------------------------------------------------------------- */

/* Who was told of a change finds it after a crash, too: the record is written with the
 * answer. */
static apr_status_t record(wf_work_t *work, wf_error_t *err)
{
    wf_run_snapshot_t now;
    wf_error_t gone;

    wf_error_init(&gone, work->pool);
    if (wf_load_snapshot(work->engine->load, execution_id(work), &now, work->pool, &gone)
        != APR_SUCCESS) {
        return APR_SUCCESS; /* it has ended meanwhile, and its last checkpoint tells more */
    }
    work->baton = checkpoint_of(&now, work->pool);
    return write_checkpoint(work, err);
}

/* execution.stop {id} */
apr_status_t wf_command_stop(wf_work_t *work, wf_error_t *err)
{
    return wf_load_stop(work->engine->load, execution_id(work), err);
}

/* execution.pause {id} */
apr_status_t wf_command_pause(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_pause(work->engine->load, execution_id(work), err);

    return rv == APR_SUCCESS ? record(work, err) : rv;
}

/* execution.resume {id} */
apr_status_t wf_command_resume(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_resume(work->engine->load, execution_id(work), err);

    return rv == APR_SUCCESS ? record(work, err) : rv;
}

/* execution.scale {id, target_vus, scenario} */
apr_status_t wf_command_scale(wf_work_t *work, wf_error_t *err)
{
    apr_status_t rv = wf_load_scale(work->engine->load, execution_id(work),
                                    wf_json_string(work->args, "scenario", NULL),
                                    wf_json_int(work->args, "target_vus", -1), err);

    return rv == APR_SUCCESS ? record(work, err) : rv;
}

/* ---- after a crash -------------------------------------------------------------------------------------- */

static const char *with_orphan_error(const wf_run_t *run, apr_pool_t *p)
{
    json_object *errors = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    if (!run->errors
        || wf_json_read(&errors, run->errors, strlen(run->errors), p, &err) != APR_SUCCESS
        || !json_object_is_type(errors, json_type_array)) {
        errors = wf_json_own(json_object_new_array(), p);
    }
    add_error(errors,
              "the engine was restarted while this execution ran; its metrics are those of "
              "the last checkpoint",
              p);
    return wf_json_text(errors, NULL, p);
}

static apr_status_t close_page(wf_engine_t *engine, wf_store_t *reader, const char *status,
                               int *closed, apr_pool_t *p, wf_error_t *err)
{
    wf_filter_t filter = { "status", wf_string(status) };
    wf_page_t page = { .size = ORPHAN_PAGE };
    wf_uow_t *uow = wf_uow_create(reader, engine->ids, p);
    wf_error_t outcome;
    wf_rows_t rows;
    apr_status_t rv = wf_store_list(reader, WF_LIST_RUNS, &filter, 1, &page, &rows, p, err);

    *closed = 0;
    for (int i = 0; rv == APR_SUCCESS && i < rows.rows->nelts; i++) {
        wf_run_t *run;

        rv = wf_uow_get_by_key(uow, WF_TABLE_RUN, APR_ARRAY_IDX(rows.rows, i, wf_run_t *)->id,
                               &run, err);
        if (rv == APR_SUCCESS && run) {
            run->status = wf_run_status_name(WF_RUN_FAILED);
            run->end_time = wf_time_ms();
            run->errors = with_orphan_error(run, p);
            wf_uow_update(uow, run);
            (*closed)++;
        }
    }
    if (rv != APR_SUCCESS || *closed == 0) {
        return rv;
    }
    wf_error_init(&outcome, p);
    return wf_store_commit(engine->writer, engine->ids, &uow, 1, &outcome, err);
}

apr_status_t wf_engine_close_orphans(wf_engine_t *engine, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;
    wf_store_t *reader;
    apr_pool_t *p;
    int closed = 0;

    apr_pool_create(&p, engine->pool);
    rv = wf_store_open(&reader, engine->config.store, WF_STORE_READ, p, err);
    for (int status = 0; rv == APR_SUCCESS && status < WF_RUN_STATES; status++) {
        if (!wf_run_status_final(status)) {
            do {
                rv = close_page(engine, reader, wf_run_status_name(status), &closed, p, err);
            } while (rv == APR_SUCCESS && closed == ORPHAN_PAGE);
        }
    }
    apr_pool_destroy(p);
    return rv;
}
