/* Lists that faces page through: a table of them, each with its condition and sort keys.
 *
 * A list must not slow down with its table: conditions start at an index, a page is
 * sorted by an index where the list can be long. Equal rows come in the order of their
 * creation, so pages are stable. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

#define MAX_ARGS 2

typedef struct list_def_t {
    wf_table_e table;
    int args;
    int optional;     /* the last argument may be NULL; then where_all counts */
    int newest_first; /* without a sort key: by creation, descending */
    const char *where;
    const char *where_all;
    const char
        *keys[WF_MAX_SORTS + 1]; /* sort keys in the words of the API; NULL behind */
    const char *columns[WF_MAX_SORTS]; /* what they sort by, over r */
} list_def_t;

/* A task's candidates are identity links; once it is assigned nobody may claim it. */
#define LINKED(condition)                                                                \
    "SELECT l.TASK_ID_ FROM ACT_RU_IDENTITYLINK l WHERE l.TYPE_ = 'candidate' "          \
    "AND " condition

#define BY_USER LINKED("l.USER_ID_ = ?1")
#define BY_GROUP LINKED("l.GROUP_ID_ = ?1")
#define BY_GROUPS                                                                        \
    LINKED("l.GROUP_ID_ IN (SELECT m.GROUP_ID_ FROM ACT_ID_MEMBERSHIP m WHERE "          \
           "m.USER_ID_ = ?1)")

#define GROUPS_OF_USER                                                                   \
    " WHERE r.ID_ IN (SELECT m.GROUP_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.USER_ID_ = "   \
    "?1)"

/* clang-format off */
#define TASK_SORTS                                                                       \
    { "id",    "name",    "description",    "priority",    "assignee",                   \
      "executionId", "processInstanceId" },                                              \
    { "r.ID_", "r.NAME_", "r.DESCRIPTION_", "r.PRIORITY_", "r.ASSIGNEE_",                \
      "r.EXECUTION_ID_", "r.PROC_INST_ID_" }

#define RUN_SORTS { "seq", "id" }, { "r.SEQ_", "r.ID_" }

#define DEPLOYMENT_TIME                                                                  \
    "(SELECT d.DEPLOY_TIME_ FROM ACT_RE_DEPLOYMENT d WHERE d.ID_ = r.DEPLOYMENT_ID_)"

static const list_def_t lists[WF_LISTS] = {
    /* table, arguments, the last is optional, newest first */
    [WF_LIST_DEPLOYMENTS] = { WF_TABLE_DEPLOYMENT, 0, 0, 0,
        "", NULL,
        { "id",    "name",    "deploymentTime" },
        { "r.ID_", "r.NAME_", "r.DEPLOY_TIME_" } },
    [WF_LIST_DEFINITIONS] = { WF_TABLE_DEFINITION, 0, 0, 0,
        "", NULL,
        { "id",    "key",    "version",    "deploymentId",     "name",    "deploymentTime" },
        { "r.ID_", "r.KEY_", "r.VERSION_", "r.DEPLOYMENT_ID_", "r.NAME_", DEPLOYMENT_TIME } },

    [WF_LIST_TASKS_OF_ASSIGNEE] = { WF_TABLE_TASK, 1, 0, 0,
        " WHERE r.ASSIGNEE_ = ?1", NULL, TASK_SORTS },
    [WF_LIST_TASKS_OF_CANDIDATE] = { WF_TABLE_TASK, 1, 0, 0,
        " WHERE r.ASSIGNEE_ IS NULL AND r.ID_ IN (" BY_USER " UNION " BY_GROUPS ")", NULL,
        TASK_SORTS },
    [WF_LIST_TASKS_OF_GROUP] = { WF_TABLE_TASK, 1, 0, 0,
        " WHERE r.ASSIGNEE_ IS NULL AND r.ID_ IN (" BY_GROUP ")", NULL, TASK_SORTS },

    [WF_LIST_GROUPS_OF_USER] = { WF_TABLE_GROUP, 2, 1, 0,
        GROUPS_OF_USER " AND r.TYPE_ = ?2", GROUPS_OF_USER,
        { "id",    "name",    "type" },
        { "r.ID_", "r.NAME_", "r.TYPE_" } },
    [WF_LIST_USERS_OF_GROUP] = { WF_TABLE_USER, 1, 0, 0,
        " WHERE r.ID_ IN (SELECT m.USER_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.GROUP_ID_ = ?1)",
        NULL,
        { "id",    "firstName", "lastName", "email" },
        { "r.ID_", "r.FIRST_",  "r.LAST_",  "r.EMAIL_" } },

    [WF_LIST_RUNS] = { WF_TABLE_RUN, 1, 1, 1,
        " WHERE r.STATUS_ = ?1", "", RUN_SORTS },
    [WF_LIST_RUNS_OF_WORKFLOW] = { WF_TABLE_RUN, 1, 0, 1,
        " WHERE r.WORKFLOW_ID_ = ?1", NULL, RUN_SORTS },
};
/* clang-format on */

/* ---- text ------------------------------------------------------------------------ */

static const char *where_of(const list_def_t *def, int filtered)
{
    return def->optional && !filtered ? def->where_all : def->where;
}

const char *wf_sql_page(const wf_driver_t *d, wf_list_e list, int sort, int descending,
                        int filtered, apr_pool_t *p)
{
    const list_def_t *def = &lists[list];
    int args = def->optional && !filtered ? def->args - 1 : def->args;
    const char *tie = apr_pstrcat(p, "r.", wf_tables[def->table].order, NULL);
    const char *by = def->columns[sort];

    if (!by) {
        return NULL;
    }
    return wf_sql_dialect(
        d,
        apr_psprintf(p, "SELECT %s%s%s ORDER BY %s %s%s%s LIMIT ?%d OFFSET ?%d",
                     wf_sql_columns(def->table, p), wf_sql_from(def->table, p),
                     where_of(def, filtered), by,
                     descending ? "DESC NULLS LAST" : "ASC NULLS FIRST",
                     strcmp(by, tie) ? ", " : "", strcmp(by, tie) ? tie : "", args + 1,
                     args + 2),
        p);
}

const char *wf_sql_count(const wf_driver_t *d, wf_list_e list, int filtered,
                         apr_pool_t *p)
{
    const list_def_t *def = &lists[list];

    return wf_sql_dialect(d,
                          apr_psprintf(p, "SELECT COUNT(*) FROM %s r%s",
                                       wf_tables[def->table].name,
                                       where_of(def, filtered)),
                          p);
}

/* ---- pages ----------------------------------------------------------------------- */

const char *const *wf_store_sort_keys(wf_list_e list)
{
    return lists[list].keys;
}

static int find_sort(const list_def_t *def, const char *key)
{
    for (int i = 0; def->keys[i]; i++) {
        if (!strcmp(def->keys[i], key)) {
            return i;
        }
    }
    return -1;
}

/* What one call asks for, with the arguments as cells. */
typedef struct request_t {
    const list_def_t *def;
    wf_list_e list;
    int sort, descending, filtered;
    apr_int64_t start, size;
    wf_cell_t cells[MAX_ARGS + 2]; /* arguments, then size and start */
    int args;                      /* without size and start */
} request_t;

static apr_status_t read_request(request_t *r, wf_list_e list, const char *const *args,
                                 const wf_page_t *page, wf_error_t *err)
{
    const list_def_t *def = &lists[list];

    *r = (request_t){.def = def, .list = list, .filtered = 1};
    r->descending = page->sort ? page->descending : page->descending || def->newest_first;
    r->sort = page->sort ? find_sort(def, page->sort) : 0;
    if (r->sort < 0) {
        return wf_error_field(err, WF_ERR_INVALID, "sort", "cannot sort by '%s'",
                              page->sort);
    }
    r->start = page->start > 0 ? page->start : 0;
    r->size = page->size > 0 ? page->size : 0;
    for (int i = 0; i < def->args; i++) {
        if (!args[i] && def->optional && i == def->args - 1) {
            r->filtered = 0;
            break;
        }
        r->cells[r->args++] = wf_cell_text(args[i]);
    }
    r->cells[r->args] = wf_cell_integer(r->size);
    r->cells[r->args + 1] = wf_cell_integer(r->start);
    return APR_SUCCESS;
}

static apr_status_t count_rows(wf_store_t *store, const request_t *r, apr_int64_t *total,
                               wf_error_t *err)
{
    wf_stmt_t **stmt = &store->count[r->list][r->filtered];
    apr_status_t rv = WF_PREPARED(
        store, stmt, wf_sql_count(store->driver, r->list, r->filtered, store->pool), err);

    return rv == APR_SUCCESS ? store->driver->run(store, *stmt, r->cells, r->args,
                                                  wf_row_number, total, NULL, err)
                             : rv;
}

static apr_status_t read_page(wf_store_t *store, const request_t *r, wf_rows_t *rows,
                              apr_pool_t *p, wf_error_t *err)
{
    wf_stmt_t **stmt = &store->page[r->list][r->sort][r->descending][r->filtered];
    apr_status_t rv = APR_SUCCESS;

    if (r->size) {
        rv = WF_PREPARED(store, stmt,
                         wf_sql_page(store->driver, r->list, r->sort, r->descending,
                                     r->filtered, store->pool),
                         err);
        if (rv == APR_SUCCESS) {
            rv = wf_store_rows(store, *stmt, r->def->table, r->cells, r->args + 2, 0,
                               rows->rows, p, err);
        }
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* A page that is not full is the last one: what lies before it is known. */
    if (rows->rows->nelts < r->size && (rows->rows->nelts || !r->start)) {
        rows->total = r->start + rows->rows->nelts;
        return APR_SUCCESS;
    }
    return count_rows(store, r, &rows->total, err);
}

apr_status_t wf_store_list(wf_store_t *store, wf_list_e list, const char *const *args,
                           const wf_page_t *page, wf_rows_t *rows, apr_pool_t *p,
                           wf_error_t *err)
{
    request_t request;
    apr_status_t rv = read_request(&request, list, args, page, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rows->rows = apr_array_make(p, 16, sizeof(void *));
    rows->total = 0;
    /* Page and total are of one moment. */
    rv = store->driver->transact(store, WF_TX_READ, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_page(store, &request, rows, p, err);
    return wf_store_read_end(store, rv, err);
}
