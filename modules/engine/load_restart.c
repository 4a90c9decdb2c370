/* What the engine before this one left behind: executions that were under way go on from
 * their last record, or are over. Before commands are taken, so nobody finds one that is
 * neither. */
#include "engine/internal.h"

#include <apr_strings.h>
#include <string.h>

#define PAGE 100 /* executions that are read at once */

typedef struct restart_t {
    wf_engine_t *engine;
    wf_store_t *reader;
    apr_pool_t *pool;
    apr_array_header_t *runs; /* of wf_run_t *, oldest first */
} restart_t;

static apr_status_t add_page(restart_t *r, const char *status, apr_int64_t start,
                             int *found, wf_error_t *err)
{
    wf_filter_t filter = { "status", wf_string(status) };
    wf_page_t page = { .start = start, .size = PAGE, .sort = "seq" };
    wf_rows_t rows;
    apr_status_t rv =
        wf_store_list(r->reader, WF_LIST_RUNS, &filter, 1, &page, &rows, r->pool, err);

    *found = rv == APR_SUCCESS ? rows.rows->nelts : 0;
    if (*found) {
        apr_array_cat(r->runs, rows.rows);
    }
    return rv;
}

static apr_status_t find_runs(restart_t *r, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    r->runs = apr_array_make(r->pool, 8, sizeof(wf_run_t *));
    for (int status = 0; rv == APR_SUCCESS && status < WF_RUN_STATES; status++) {
        apr_int64_t start = 0;
        int found = PAGE;

        while (!wf_run_status_final(status) && rv == APR_SUCCESS && found == PAGE) {
            rv = add_page(r, wf_run_status_name(status), start, &found, err);
            start += found;
        }
    }
    return rv;
}

/* ---- over ------------------------------------------------------------------------------- */

static const char *with_error(const wf_run_t *run, const char *message, apr_pool_t *p)
{
    json_object *errors = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    if (!run->errors
        || wf_json_read(&errors, run->errors, strlen(run->errors), p, &err) != APR_SUCCESS
        || !json_object_is_type(errors, json_type_array)) {
        errors = wf_json_own(json_object_new_array(), p);
    }
    wf_load_add_error(errors, message, p);
    return wf_json_text(errors, NULL, p);
}

/* The report of the last record becomes the final one. An error more makes no other
 * figure wrong: those of kinds are shares of what the record counted. */
static const char *ended_report(const char *text, const wf_run_t *run,
                                const char *message, apr_pool_t *p)
{
    json_object *report, *analysis, *top;
    wf_error_t err;

    wf_error_init(&err, p);
    if (!text || wf_json_read(&report, text, strlen(text), p, &err) != APR_SUCCESS) {
        return text;
    }
    wf_json_add_string(report, "status", run->status);
    wf_json_add_string(report, "end_time", wf_time_utc(run->end_time, p));
    analysis = wf_json_get(report, "error_analysis");
    top = wf_json_get(analysis, "top_errors");
    if (json_object_is_type(top, json_type_array)) {
        json_object *entry = json_object_new_object();

        wf_json_add_string(entry, "code", "EXECUTION_ERROR");
        wf_json_add_string(entry, "message", message);
        wf_json_add_int(entry, "count", 1);
        wf_json_add_string(entry, "first_seen", wf_time_utc(run->end_time, p));
        json_object_array_add(top, entry);
        wf_json_add_int(analysis, "total_errors",
                        wf_json_int(analysis, "total_errors", 0) + 1);
    }
    return wf_json_text(report, NULL, p);
}

static apr_status_t end_report(wf_work_t *work, const wf_run_t *run, const char *message,
                               wf_error_t *err)
{
    wf_checkpoint_t *row;
    apr_status_t rv = wf_uow_get(work->uow, WF_TABLE_CHECKPOINT, run->seq, &row, err);

    if (rv == APR_SUCCESS && row) {
        row->report = ended_report(row->report, run, message, work->pool);
        row->state = row->judge = NULL;
        wf_uow_update(work->uow, row);
    }
    return rv;
}

static apr_status_t end_run(restart_t *r, const char *id, const char *message,
                            wf_error_t *err)
{
    wf_work_t *work = wf_work_create(r->engine, "wf_restart");
    apr_status_t rv;
    wf_run_t *run;

    work->uow = wf_uow_create(r->reader, r->engine->ids, work->pool);
    rv = wf_uow_get_by_key(work->uow, WF_TABLE_RUN, id, &run, err);
    if (rv != APR_SUCCESS || !run) {
        apr_pool_destroy(work->pool);
        return rv;
    }
    run->status = wf_run_status_name(WF_RUN_FAILED);
    run->end_time = wf_time_ms();
    run->errors = with_error(run, message, work->pool);
    wf_uow_update(work->uow, run);
    rv = end_report(work, run, message, err);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(work->pool);
        return rv;
    }
    wf_log(WF_LOG_WARN, "execution %s is over: %s", id, message);
    return wf_executor_commit_and_wait(r->engine->executor, work, err);
}

/* ---- going on ---------------------------------------------------------------------------- */

/* The document as it was submitted: a text in YAML, or an object. */
static apr_status_t compile(const restart_t *r, const wf_run_t *run, wf_execute_t *what,
                            wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(NULL, err->pool);
    const char *text = run->definition ? run->definition : "";
    wf_error_t no_object;
    json_object *json = NULL;

    wf_error_init(&no_object, err->pool);
    if (*text != '{'
        || wf_json_read(&json, text, strlen(text), what->plan_pool, &no_object)
               != APR_SUCCESS) {
        json = NULL;
    }
    what->definition = text;
    what->is_json = json != NULL;
    wf_plan_read(&what->plan, json ? NULL : text, strlen(text), json, r->engine->around,
                 problems, what->plan_pool);
    return wf_problems_check(problems, err);
}

static apr_status_t read_points(restart_t *r, const wf_run_t *run, wf_run_from_t *from,
                                wf_error_t *err)
{
    apr_array_header_t *rows, *texts;
    apr_status_t rv =
        wf_store_select(r->reader, WF_BY_POINTS_OF_RUN, run->seq, &rows, r->pool, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    texts = apr_array_make(r->pool, rows->nelts + 1, sizeof(const char *));
    for (int i = 0; i < rows->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            APR_ARRAY_IDX(rows, i, const wf_run_point_t *)->point;
    }
    from->points = texts;
    return APR_SUCCESS;
}

/* Why it cannot go on is in err, of kind INVALID or UNAVAILABLE; other kinds are ours. */
static apr_status_t continue_run(restart_t *r, const wf_run_t *run, wf_error_t *err)
{
    wf_execute_t what = { .id = run->id };
    wf_checkpoint_t *row;
    wf_run_from_t from = { 0 };
    apr_status_t rv =
        wf_store_get(r->reader, WF_TABLE_CHECKPOINT, run->seq, &row, r->pool, err);

    if (rv == APR_SUCCESS && row && row->state) {
        from = (wf_run_from_t){ .sequence = row->sequence,
                                .state = row->state,
                                .sheet = row->sheet,
                                .judge = row->judge };
        from.paused = !strcmp(run->status, wf_run_status_name(WF_RUN_PAUSED));
        rv = read_points(r, run, &from, err);
    }
    else if (rv == APR_SUCCESS
             && strcmp(run->status, wf_run_status_name(WF_RUN_PENDING)) != 0) {
        rv = wf_error_set(err, WF_ERR_INVALID, "it has no record to go on from");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    what.plan_pool = wf_pool_create("wf_plan", 0);
    rv = compile(r, run, &what, err);
    if (rv == APR_SUCCESS && run->baseline) {
        rv = wf_plan_compare(what.plan, run->baseline, err);
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(what.plan_pool);
        return rv;
    }
    return wf_cluster_continue(r->engine->cluster, &what, from.state ? &from : NULL, err);
}

static apr_status_t treat(restart_t *r, const wf_run_t *run, wf_error_t *err)
{
    wf_error_t why;

    wf_error_init(&why, r->pool);
    if (!r->engine->config.resume_executions) {
        return end_run(r, run->id,
                       "the engine was restarted while this execution ran; its metrics "
                       "are those of the last checkpoint",
                       err);
    }
    if (continue_run(r, run, &why) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    return end_run(r, run->id,
                   apr_psprintf(r->pool,
                                "the engine was restarted while this execution ran, and "
                                "it cannot go on: %s",
                                why.message),
                   err);
}

apr_status_t wf_engine_restart_runs(wf_engine_t *engine, wf_error_t *err)
{
    restart_t r = { .engine = engine };
    apr_status_t rv;

    apr_pool_create(&r.pool, engine->pool);
    rv = wf_store_open(&r.reader, engine->config.store, WF_STORE_READ, r.pool, err);
    if (rv == APR_SUCCESS) {
        rv = find_runs(&r, err);
    }
    for (int i = 0; rv == APR_SUCCESS && i < r.runs->nelts; i++) {
        rv = treat(&r, APR_ARRAY_IDX(r.runs, i, const wf_run_t *), err);
    }
    apr_pool_destroy(r.pool);
    return rv;
}
