/* Suspending and activating: a definition, an instance with what it called, or all
 * instances of a definition. Like a purge it needs no row to be loaded. A row whose state
 * does not change is left alone; one whose does gets a new REV_, so that a unit which has
 * read it as it was can't be written any more. */
#include "store/internal.h"

#include <apr_strings.h>

/* Instances and, down the call activities, those that they called. CROSS JOIN keeps the
 * order, as in purge.c. */
#define WITH_CALLED(instances)                                                           \
    "WITH RECURSIVE AFFECTED (ID_) AS (" instances " UNION SELECT c.ID_"                 \
    " FROM AFFECTED d CROSS JOIN ACT_RU_EXECUTION e CROSS JOIN ACT_RU_EXECUTION c"       \
    " WHERE e.PROC_INST_ID_ = d.ID_ AND c.SUPER_EXEC_ = e.ID_) "

#define SET_STATE(table)                                                                 \
    "UPDATE " table " SET SUSPENSION_STATE_ = ?2, REV_ = REV_ + 1"                       \
    " WHERE SUSPENSION_STATE_ <> ?2 AND "

/* clang-format off */
#define INSTANCE_STEPS                                                                   \
    SET_STATE("ACT_RU_TASK") "PROC_INST_ID_ IN (SELECT ID_ FROM AFFECTED)",              \
    SET_STATE("ACT_RU_JOB") "PROCESS_INSTANCE_ID_ IN (SELECT ID_ FROM AFFECTED)",        \
    SET_STATE("ACT_RU_EXT_TASK") "PROC_INST_ID_ IN (SELECT ID_ FROM AFFECTED)",          \
    SET_STATE("ACT_RU_EXECUTION") "PROC_INST_ID_ IN (SELECT ID_ FROM AFFECTED)"

static const struct {
    const char *with;
    const char *steps[WF_MAX_SUSPEND_STEPS];
} suspends[WF_SUSPENDS] = {
    [WF_SUSPEND_INSTANCE] = {
        WITH_CALLED("SELECT CAST(?1 AS BIGINT)"), {
        INSTANCE_STEPS } },

    [WF_SUSPEND_DEFINITION] = {
        "", {
        "UPDATE ACT_RE_PROCDEF SET SUSPENSION_STATE_ = ?2 WHERE ID_ = ?1",
        SET_STATE("ACT_RU_JOB") "PROCESS_INSTANCE_ID_ IS NULL AND PROC_DEF_ID_ = ?1"
                                " AND HANDLER_TYPE_ = 'timer-start-event'" } },

    [WF_SUSPEND_INSTANCES] = {
        WITH_CALLED("SELECT ID_ FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL"
                    " AND PROC_DEF_ID_ = ?1"), {
        INSTANCE_STEPS } },
};
/* clang-format on */

const char *wf_sql_suspend(const wf_driver_t *d, wf_suspend_e what, int step,
                           apr_pool_t *p)
{
    if (step >= WF_MAX_SUSPEND_STEPS || !suspends[what].steps[step]) {
        return NULL;
    }
    return wf_sql_dialect(
        d, apr_pstrcat(p, suspends[what].with, suspends[what].steps[step], NULL), p);
}

void wf_uow_suspend_instance(wf_uow_t *uow, wf_id_t instance, int state)
{
    *(wf_suspend_t *)apr_array_push(uow->suspends) =
        (wf_suspend_t){ .what = WF_SUSPEND_INSTANCE, .id = instance, .state = state };
}

void wf_uow_suspend_definition(wf_uow_t *uow, const char *id, int with_instances,
                               int state)
{
    wf_suspend_t suspend = { .what = WF_SUSPEND_DEFINITION,
                             .key = apr_pstrdup(uow->pool, id),
                             .state = state };

    APR_ARRAY_PUSH(uow->suspends, wf_suspend_t) = suspend;
    if (with_instances) {
        suspend.what = WF_SUSPEND_INSTANCES;
        APR_ARRAY_PUSH(uow->suspends, wf_suspend_t) = suspend;
    }
}

static apr_status_t write_suspend(wf_store_t *store, const wf_suspend_t *suspend,
                                  wf_error_t *err)
{
    const wf_cell_t args[] = { suspend->key ? wf_cell_text(suspend->key)
                                            : wf_cell_integer(suspend->id),
                               wf_cell_integer(suspend->state) };
    apr_status_t rv = APR_SUCCESS;

    for (int step = 0; rv == APR_SUCCESS && step < WF_MAX_SUSPEND_STEPS; step++) {
        wf_stmt_t **stmt = &store->suspend[suspend->what][step];
        const char *text =
            *stmt ? "" : wf_sql_suspend(store->driver, suspend->what, step, store->pool);

        if (!text) {
            break;
        }
        rv = WF_PREPARED(store, stmt, text, err);
        if (rv == APR_SUCCESS) {
            rv = store->driver->run(store, *stmt, args, 2, NULL, NULL, NULL, err);
        }
    }
    return rv;
}

apr_status_t wf_suspends_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < uow->suspends->nelts && rv == APR_SUCCESS; i++) {
        rv = write_suspend(store, &APR_ARRAY_IDX(uow->suspends, i, wf_suspend_t), err);
    }
    return rv;
}
