/* Earlier executions that new ones are compared with. Their figures go into the record of
 * the new one at its submission: it has them after a restart, and when the earlier one is
 * deleted. */
#include "engine/internal.h"
#include "metrics/metrics.h"

#include <apr_strings.h>
#include <string.h>

/* The latest completed execution of a workflow, NULL if there is none. */
static apr_status_t find_latest(wf_work_t *work, const char *workflow,
                                const wf_run_t **run, wf_error_t *err)
{
    const wf_filter_t filters[] = {
        { "workflow", wf_string(workflow) },
        { "status", wf_string(wf_run_status_name(WF_RUN_COMPLETED)) },
    };
    wf_page_t page = { .size = 1 };
    wf_rows_t rows;
    apr_status_t rv = wf_store_list(work->reader, WF_LIST_RUNS, filters, 2, &page, &rows,
                                    work->pool, err);

    *run = rv == APR_SUCCESS && rows.rows->nelts ? APR_ARRAY_IDX(rows.rows, 0, wf_run_t *)
                                                 : NULL;
    return rv;
}

/* The execution with this id. Why it is none to compare with becomes a problem of the
 * document. */
static apr_status_t find_named(wf_work_t *work, const wf_plan_t *plan, const char *id,
                               const wf_run_t **run, wf_problems_t *problems,
                               wf_error_t *err)
{
    wf_run_t *row;
    apr_status_t rv =
        wf_store_get_by_key(work->reader, WF_TABLE_RUN, id, &row, work->pool, err);

    *run = rv == APR_SUCCESS ? row : NULL;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!row) {
        wf_plan_refuse_baseline(
            plan, problems,
            apr_psprintf(work->pool, "there is no execution with id \"%.100s\"", id));
    }
    else if (!wf_run_is_over(row)) {
        wf_plan_refuse_baseline(
            plan, problems,
            apr_psprintf(work->pool,
                         "execution %s is %s: only one that has ended "
                         "can be compared with",
                         id, row->status));
    }
    return APR_SUCCESS;
}

/* What is kept of its report; NULL if it has none: it never began. */
static apr_status_t read_figures(wf_work_t *work, const wf_run_t *run,
                                 const char **figures, wf_error_t *err)
{
    wf_checkpoint_t *row;
    json_object *report;
    apr_status_t rv =
        wf_store_get(work->reader, WF_TABLE_CHECKPOINT, run->seq, &row, work->pool, err);

    *figures = NULL;
    if (rv != APR_SUCCESS || !row || !row->report) {
        return rv;
    }
    rv = wf_json_read(&report, row->report, strlen(row->report), work->pool, err);
    if (rv == APR_SUCCESS) {
        *figures = wf_json_text(wf_json_own(wf_figures(report, work->pool), work->pool),
                                NULL, work->pool);
    }
    return rv;
}

apr_status_t wf_load_find_baseline(wf_work_t *work, wf_plan_t *plan, const char **figures,
                                   wf_error_t *err)
{
    const char *wanted = wf_plan_baseline(plan);
    wf_problems_t *problems = wf_problems_create(NULL, work->pool);
    int latest = wanted && !strcmp(wanted, WF_BASELINE_LATEST);
    const wf_run_t *run = NULL;
    apr_status_t rv = APR_SUCCESS;

    *figures = NULL;
    if (!wanted) {
        return APR_SUCCESS;
    }
    rv = latest ? find_latest(work, wf_plan_id(plan), &run, err)
                : find_named(work, plan, wanted, &run, problems, err);
    if (rv == APR_SUCCESS && run && !problems->errors) {
        rv = read_figures(work, run, figures, err);
    }
    if (rv == APR_SUCCESS && run && !*figures && !latest && !problems->errors) {
        wf_plan_refuse_baseline(
            plan, problems,
            apr_psprintf(work->pool, "execution %s has no figures: it never began",
                         wanted));
    }
    if (rv == APR_SUCCESS) {
        rv = wf_problems_check(problems, err);
    }
    return rv == APR_SUCCESS && *figures ? wf_plan_compare(plan, *figures, err) : rv;
}
