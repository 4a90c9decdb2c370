/* Records of executions of load workflows. The load engine knows no store: it calls
 * wf_engine_on_progress, and what it tells is written: how the execution stands, what it
 * goes on from after a restart, the new points of its time series, its report.
 *
 * Works may overtake each other. Each record has a sequence, and a later one has all that
 * an earlier one told and the store did not have: so one that comes late is dropped. */
#include "engine/internal.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

/* What one progress call told, copied for the work that writes it. */
typedef struct told_t {
    const char *id;
    wf_run_status_e status;
    double progress;
    apr_int64_t start_time, end_time;
    const char *metrics, *slave_states, *errors, *report;
    const wf_run_record_t *record; /* NULL: it never ran */
} told_t;

void wf_load_add_error(json_object *errors, const char *message, apr_pool_t *p)
{
    json_object *entry = json_object_new_object();

    wf_json_add_string(entry, "code", "EXECUTION_ERROR");
    wf_json_add_string(entry, "message", message);
    wf_json_add_string(entry, "timestamp", wf_time_utc(wf_time_ms(), p));
    json_object_array_add(errors, entry);
}

void wf_lane_of_run(wf_lane_t *lane, const char *id)
{
    apr_ssize_t length = APR_HASH_KEY_STRING;

    lane->kind = WF_LANE_RUN;
    lane->id = apr_hashfunc_default(id, &length); /* equal hashes just wait */
}

static apr_status_t lane_of_told(wf_work_t *work, wf_lane_t *lane, wf_error_t *err)
{
    const told_t *told = work->baton;

    (void)err;
    wf_lane_of_run(lane, told->id);
    return APR_SUCCESS;
}

/* ---- what was told ------------------------------------------------------------------ */

static const char *json_text(json_object *json, apr_pool_t *p)
{
    return json ? wf_json_text(json, NULL, p) : NULL;
}

/* The metrics, and beside them the figures that a live message shows: whoever asks when
 * the execution is over gets those of its end. */
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

static const wf_run_record_t *copy_record(const wf_run_record_t *record, apr_pool_t *p)
{
    wf_run_record_t *copy = apr_pmemdup(p, record, sizeof(*record));
    apr_array_header_t *points = apr_array_copy(p, record->points);

    copy->state = apr_pstrdup(p, record->state);
    copy->sheet = apr_pstrdup(p, record->sheet);
    copy->judge = apr_pstrdup(p, record->judge);
    for (int i = 0; i < points->nelts; i++) {
        wf_run_change_t *point = &APR_ARRAY_IDX(points, i, wf_run_change_t);

        point->text = apr_pstrdup(p, point->text);
    }
    copy->points = points;
    copy->report = NULL; /* a text by now */
    return copy;
}

static told_t *told_of(const wf_run_snapshot_t *snapshot, apr_pool_t *p)
{
    told_t *told = apr_pcalloc(p, sizeof(*told));

    told->id = apr_pstrdup(p, snapshot->id);
    told->status = snapshot->status;
    told->progress = snapshot->progress;
    told->start_time = snapshot->start_time;
    told->end_time = snapshot->end_time;
    told->metrics = metrics_text(snapshot, p);
    told->slave_states = json_text(snapshot->slave_states, p);
    told->errors = json_text(snapshot->errors, p);
    if (snapshot->record) {
        told->report = json_text(snapshot->record->report, p);
        told->record = copy_record(snapshot->record, p);
    }
    return told;
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

/* ---- writing -------------------------------------------------------------------------- */

/* Numbers that are gone were joined with their neighbours. */
static apr_status_t delete_joined(wf_work_t *work, wf_id_t run,
                                  const apr_array_header_t *points, wf_error_t *err)
{
    apr_array_header_t *rows;
    apr_status_t rv = wf_uow_select(work->uow, WF_BY_POINTS_OF_RUN, run, &rows, err);
    apr_hash_t *kept = apr_hash_make(work->pool);

    for (int i = 0; i < points->nelts; i++) {
        wf_id_t *id = apr_palloc(work->pool, sizeof(*id));

        *id = WF_POINT_ID(run, APR_ARRAY_IDX(points, i, wf_run_change_t).number);
        apr_hash_set(kept, id, sizeof(*id), id);
    }
    for (int i = 0; rv == APR_SUCCESS && i < rows->nelts; i++) {
        wf_run_point_t *row = APR_ARRAY_IDX(rows, i, wf_run_point_t *);

        if (!apr_hash_get(kept, &row->id, sizeof(row->id))) {
            wf_uow_delete(work->uow, row);
        }
    }
    return rv;
}

static apr_status_t write_points(wf_work_t *work, wf_id_t run,
                                 const wf_run_record_t *record, wf_error_t *err)
{
    apr_status_t rv =
        record->all_points ? delete_joined(work, run, record->points, err) : APR_SUCCESS;

    for (int i = 0; rv == APR_SUCCESS && i < record->points->nelts; i++) {
        const wf_run_change_t *point = &APR_ARRAY_IDX(record->points, i, wf_run_change_t);
        wf_id_t id = WF_POINT_ID(run, point->number);
        wf_run_point_t *row;

        rv = wf_uow_get(work->uow, WF_TABLE_POINT, id, &row, err);
        if (rv == APR_SUCCESS) {
            row = row ? row : wf_uow_insert_shared(work->uow, WF_TABLE_POINT, id);
            row->run_id = run;
            row->point = point->text;
            wf_uow_update(work->uow, row);
        }
    }
    return rv;
}

/* Of what is over nobody goes on; its sheet stays, to be compared with. */
static void write_texts(wf_work_t *work, wf_checkpoint_t *row, const told_t *told)
{
    const wf_run_record_t *record = told->record;
    int final = wf_run_status_final(told->status);

    row->sequence = record->sequence;
    row->state = final ? NULL : record->state;
    row->sheet = record->sheet;
    row->judge = final ? NULL : record->judge;
    row->report = told->report;
    wf_uow_update(work->uow, row);
}

static void write_run(wf_work_t *work, wf_run_t *run, const told_t *told)
{
    run->status = wf_run_status_name(told->status);
    run->progress = told->progress;
    run->start_time = told->start_time;
    run->end_time = told->end_time;
    run->metrics = told->metrics;
    run->slave_states = told->slave_states;
    run->errors = told->errors;
    wf_uow_update(work->uow, run);
}

static apr_status_t write_told(wf_work_t *work, const told_t *told, wf_error_t *err)
{
    wf_checkpoint_t *row = NULL;
    wf_run_t *run;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_RUN, told->id, &run, err);

    if (rv == APR_SUCCESS && run) {
        rv = wf_uow_get(work->uow, WF_TABLE_CHECKPOINT, run->seq, &row, err);
    }
    if (rv != APR_SUCCESS || !run
        || (is_final(run->status) && !wf_run_status_final(told->status))
        || (row && told->record && row->sequence >= told->record->sequence)) {
        return rv;
    }
    write_run(work, run, told);
    if (!told->record) {
        return APR_SUCCESS;
    }
    row = row ? row : wf_uow_insert_shared(work->uow, WF_TABLE_CHECKPOINT, run->seq);
    write_texts(work, row, told);
    return write_points(work, run->seq, told->record, err);
}

apr_status_t wf_load_write(wf_work_t *work, const char *id, wf_error_t *err)
{
    wf_run_snapshot_t now;
    wf_error_t gone;

    wf_error_init(&gone, work->pool);
    if (wf_load_record(work->engine->load, id, &now, work->pool, &gone) != APR_SUCCESS) {
        return APR_SUCCESS; /* it has ended, and its last record tells more */
    }
    return write_told(work, told_of(&now, work->pool), err);
}

/* ---- progress ------------------------------------------------------------------------- */

static apr_status_t write_progress(wf_work_t *work, wf_error_t *err)
{
    work->tries_again = 1; /* nobody tells an end twice */
    return write_told(work, work->baton, err);
}

static void progress_written(wf_work_t *work, const wf_error_t *err)
{
    const told_t *told = work->baton;

    if (wf_run_status_final(told->status)) {
        wf_streams_wake(work->engine->streams, told->id);
    }
    if (err->kind != WF_ERR_NONE) {
        wf_log(WF_LOG_ERR, "execution %s: checkpoint not written: %s", told->id,
               err->message);
    }
    else if (told->record) {
        wf_load_recorded(work->engine->load, told->id, told->record);
    }
}

void wf_engine_on_progress(void *baton, const wf_run_snapshot_t *snapshot)
{
    wf_engine_t *engine = baton;
    wf_work_t *work = wf_work_create(engine, "wf_checkpoint");

    work->baton = told_of(snapshot, work->pool);
    work->find_lane = lane_of_told;
    work->run = write_progress;
    work->done = progress_written;
    wf_executor_submit(engine->executor, work);
}

void wf_load_record_failure(wf_engine_t *engine, const char *id, const char *message)
{
    apr_pool_t *p = wf_pool_create("wf_failure", 0);
    wf_run_snapshot_t failed = { .id = id, .status = WF_RUN_FAILED };

    failed.start_time = failed.end_time = wf_time_ms();
    failed.errors = wf_json_own(json_object_new_array(), p);
    wf_load_add_error(failed.errors, message, p);
    wf_engine_on_progress(engine, &failed);
    apr_pool_destroy(p);
}
