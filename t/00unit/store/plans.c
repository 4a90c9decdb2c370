/* Query plans: no statement may walk through a table that grows with use. */
#include "store_test.h"

#include <sqlite3.h>

#include "store/internal.h"

static sqlite3 *db;

/* Full lists of these are their purpose; a page walks as much of them as it shows.
 * WF_SCHEMA and the steps of queries are small. */
static const char *const may_scan[] = { "ACT_RE_DEPLOYMENT", "ACT_RE_PROCDEF",
                                        "ACT_ID_USER",       "ACT_ID_GROUP",
                                        "ACT_HI_PROCINST",   "ACT_RU_JOB",
                                        "ACT_RU_EXT_TASK",   "ACT_RU_INCIDENT",
                                        "WF_EXECUTION",      "WF_API_KEY",
                                        "WF_IDEMPOTENCY",   "WF_GRANT" };

static const char *plan_of(const char *sql)
{
    sqlite3_stmt *stmt;
    const char *plan = "";

    if (sqlite3_prepare_v2(db, apr_pstrcat(pool, "EXPLAIN QUERY PLAN ", sql, NULL), -1,
                           &stmt, NULL)
        != SQLITE_OK) {
        return apr_psprintf(pool, "error: %s", sqlite3_errmsg(db));
    }
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        plan = apr_pstrcat(pool, plan, (const char *)sqlite3_column_text(stmt, 3), "\n",
                           NULL);
    }
    sqlite3_finalize(stmt);
    return plan;
}

/* "SCAN r" tells an alias: look its table up in the text. */
static int is_table(const char *sql, const char *table, const char *alias)
{
    return !strcmp(table, alias)
           || strstr(sql, apr_pstrcat(pool, table, " ", alias, NULL));
}

/* The first line of a plan that walks through a table which grows; NULL if there is none.
 */
static const char *bad_line(const char *sql, const char *plan, int full_list)
{
    char *line, *last, *copy = apr_pstrdup(pool, plan);

    for (line = apr_strtok(copy, "\n", &last); line;
         line = apr_strtok(NULL, "\n", &last)) {
        char *name;
        int good = full_list;

        if (!strncmp(line, "error", 5)) {
            return line;
        }
        if (strncmp(line, "SCAN ", 5)) {
            continue;
        }
        name = apr_pstrdup(pool, line + 5);
        name[strcspn(name, " ")] = '\0';
        for (size_t i = 0; full_list && i < sizeof(may_scan) / sizeof(may_scan[0]); i++) {
            good = is_table(sql, may_scan[i], name);
            if (good) {
                break;
            }
        }
        /* Results of our own sub-queries, and constants. */
        good |= !strcmp(name, "CONSTANT") || !strncmp(name, "DOOMED", 6)
                || !strcmp(name, "AFFECTED")
                || !strcmp(name, "d") || !strcmp(name, "NEXT_") || !strcmp(name, "FOUND_")
                || !strncmp(name, "(subquery", 9) || strstr(sql, "WF_SCHEMA") != NULL;
        if (!good) {
            return line;
        }
    }
    return NULL;
}

static void check(const char *what, const char *sql, int full_list)
{
    const char *plan = plan_of(sql);
    const char *bad = bad_line(sql, plan, full_list);

    if (!ok(!bad, "%s", what)) {
        diag("%s", bad);
        diag("%s", sql);
    }
}

/* The set of all columns that an update may write. */
static apr_uint32_t changeable(const wf_table_def_t *t)
{
    apr_uint32_t set = 0;

    for (int i = 0; i < t->count; i++) {
        if (!(t->columns[i].flags & (WF_COLUMN_KEY | WF_COLUMN_JOINED))
            && t->columns[i].kind != WF_COL_REV) {
            set |= 1u << i; /* joined columns come last */
        }
    }
    return set;
}

static void check_tables(const wf_driver_t *d)
{
    for (int t = 0; t < WF_TABLES; t++) {
        const char *name = wf_tables[t].name;

        check(apr_pstrcat(pool, "get ", name, NULL), wf_sql_get(d, t, pool), 0);
        check(apr_pstrcat(pool, "insert ", name, NULL), wf_sql_insert(d, t, pool), 0);
        check(apr_pstrcat(pool, "delete ", name, NULL), wf_sql_delete(d, t, pool), 0);
        if (changeable(&wf_tables[t])) {
            check(apr_pstrcat(pool, "update ", name, NULL),
                  wf_sql_update(d, t, changeable(&wf_tables[t]), pool), 0);
        }
    }
}

/* ---- lists ----------------------------------------------------------------------- */

/* Filters that most rows pass, or that no index can find: they are checked in the order
 * of the list. */
static int is_checked_in_order(wf_list_e list, const char *filter)
{
    static const char *const names[] = { "startableByUser", "searchText", "visibleTo",
                                         "with-retries-left", "duedate-ht",
                                         "duedate-htoe",      "activityId",
                                         "withRetriesLeft",   "active",
                                         "suspended" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (filter && !strcmp(names[i], filter)) {
            return list != WF_LIST_INSTANCES; /* those that somebody sees are streams */
        }
    }
    return list == WF_LIST_EXTERNAL_TASKS && filter && strcmp(filter, "externalTaskId")
           && strcmp(filter, "executionId") && strcmp(filter, "processInstanceId");
}

/* Whether a plan may sort: 0 = not, 1 = rows that are equal by the key, 2 = all. */
static int may_sort(const wf_list_key_t *key, const char *filter)
{
    int retries = !strcmp(wf_lists[key->list].keys[key->sort], "retries");

    if (key->list == WF_LIST_EXTERNAL_TASKS
        && (key->sort > 0 || (filter && !strcmp(filter, "processInstanceId")))) {
        return 2; /* they have no indexes for administrators */
    }
    if (filter && key->sort > 0 && !is_checked_in_order(key->list, filter)) {
        return 2; /* what the filter has found */
    }
    if (filter && key->list == WF_LIST_GROUPS && !strcmp(filter, "type")) {
        return 2; /* groups are few */
    }
    if (key->list == WF_LIST_GRANTS && (key->sort > 0 || filter)) {
        return 2; /* they are few */
    }
    if (key->list == WF_LIST_API_KEYS && key->sort > 0) {
        return 2; /* WorkflowMaxApiKeys is their number, and that of those long over */
    }
    if (filter && key->list >= WF_LIST_RUNS && !strcmp(filter, "live")) {
        return 2; /* WorkflowMaxExecutions is their number */
    }
    return key->sort > 0 && key->descending != retries;
}

static int sorts(const char *plan)
{
    return strstr(plan, "USE TEMP B-TREE FOR ORDER BY") ? 2
           : strstr(plan, "USE TEMP B-TREE")            ? 1
                                                        : 0;
}

/* A count of tasks or running instances reads no rows, only indexes. */
static int reads_rows(const wf_list_key_t *key, const char *plan)
{
    char *line, *last, *copy = apr_pstrdup(pool, plan);

    for (line = apr_strtok(copy, "\n", &last); line && key->filters;
         line = apr_strtok(NULL, "\n", &last)) {
        if ((!strncmp(line, "SEARCH", 6) || !strncmp(line, "SCAN r", 6))
            && !strstr(line, "COVERING INDEX") && !strstr(line, "WF_IDX_RUNNING_")) {
            return 1;
        }
    }
    return 0;
}

static void check_count(const wf_driver_t *d, wf_list_key_t key, const char *filter)
{
    const char *what =
        apr_psprintf(pool, "list %d, %s: count", key.list, filter ? filter : "all");
    int arg;

    key.sort = -1;
    key.fans = wf_list_fan(&key, &arg) ? key.fans : 0;
    check(what, wf_sql_list(d, &key, pool), !filter || is_checked_in_order(key.list, filter));
    if (key.fans >= 0 && (key.list == WF_LIST_TASKS || key.list == WF_LIST_INSTANCES)) {
        ok(!reads_rows(&key, plan_of(wf_sql_list(d, &key, pool))), "… by indexes alone");
    }
}

static void check_page(const wf_driver_t *d, wf_list_key_t key, const char *filter)
{
    const char *sql, *what;
    int arg;

    key.fans = wf_list_fan(&key, &arg) ? key.fans : 0;
    sql = wf_sql_list(d, &key, pool);
    what = apr_psprintf(pool, "list %d, %s, by %s%s", key.list, filter ? filter : "all",
                        wf_lists[key.list].keys[key.sort],
                        key.descending ? ", descending" : "");
    check(what, sql, !filter || is_checked_in_order(key.list, filter));
    if (key.fans >= 0
        && !ok(sorts(plan_of(sql)) <= may_sort(&key, filter), "… in order")) {
        diag("%s%s", plan_of(sql), sql);
    }
}

static void check_list(const wf_driver_t *d, wf_list_key_t key, const char *filter)
{
    check_count(d, key, filter);
    for (key.sort = 0; wf_lists[key.list].keys[key.sort]; key.sort++) {
        for (key.descending = 0; key.descending < 2; key.descending++) {
            check_page(d, key, filter);
        }
    }
}

/* Every list with every filter of its own and every sort key. A filter that does not lead
 * comes with one that does. */
static void check_lists(const wf_driver_t *d)
{
    for (int list = 0; list < WF_LISTS; list++) {
        const wf_list_def_t *def = &wf_lists[list];
        const wf_filter_def_t *f = def->filters;

        if (!def->leads) {
            check_list(d, (wf_list_key_t){ .list = list }, NULL);
        }
        for (unsigned bit = 1; f && f->name; f++, bit <<= 1) {
            wf_list_key_t key = { .list = list, .filters = bit };

            if (def->leads && !(def->leads & bit)) {
                key.filters |= wf_list_filter(list, "assignee");
                check_page(d, key, f->name);
                key.filters = bit | wf_list_filter(list, "candidate-group");
                check_page(d, key, f->name);
                continue;
            }
            check_list(d, key, f->name);
        }
    }
}

/* The groups of a user are as many streams; too many are one that is sorted. */
static void check_fans(const wf_driver_t *d)
{
    static const int fans[] = { 1, 2, 7, WF_MAX_FANS, -1 };

    for (size_t i = 0; i < sizeof(fans) / sizeof(fans[0]); i++) {
        wf_list_key_t key = { .list = WF_LIST_TASKS,
                              .filters = wf_list_filter(WF_LIST_TASKS, "candidate"),
                              .fans = fans[i] };

        check_list(d, key, "candidate");
        key.filters |= wf_list_filter(WF_LIST_TASKS, "minPriority");
        check_page(d, key, "candidate");
    }
}

/* The checks above are worth nothing unless a bad statement fails them. */
static void check_the_check(void)
{
    static const char *const bad[] = {
        "SELECT * FROM ACT_RU_TASK",
        "SELECT r.ID_ FROM ACT_RU_TASK r WHERE r.NAME_ = ?1",
        "SELECT COUNT(*) FROM ACT_RU_VARIABLE",
        "DELETE FROM ACT_HI_ACTINST WHERE ACT_ID_ = ?1",
        "SELECT * FROM ACT_NO_SUCH_TABLE",
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ok(bad_line(bad[i], plan_of(bad[i]), 1) != NULL, "found bad: %s", bad[i]);
    }
}

/* Relations whose index is in the order of something else first: what they give is sorted,
 * which costs no more than to read it. */
static int is_sorted(wf_relation_e relation)
{
    return wf_relations[relation].table == WF_TABLE_BYTEARRAY
           || relation == WF_BY_GRANTS_OF_USER || relation == WF_BY_GRANTS_OF_GROUP
           || relation == WF_BY_EXECUTIONS_OF_INSTANCE
           || relation == WF_BY_VARIABLES_OF_INSTANCE
           || relation == WF_BY_SUBSCRIPTIONS_OF_INSTANCE;
}

/* How many columns of an index a plan compares: one more than there are ANDs between the
 * parentheses of the first line. */
static int compared(const char *plan)
{
    const char *end = strchr(plan, '\n'), *and = plan;
    int n = 1;

    while ((and = strstr(and, "=? AND ")) && and < end) {
        and++;
        n++;
    }
    return n;
}

/* A relation reads the rows that it gives and no others. */
static void check_relations(const wf_driver_t *d)
{
    for (int i = 0; i < WF_BY_RELATIONS; i++) {
        const wf_relation_def_t *r = &wf_relations[i];
        const char *sql = wf_sql_relation(d, i, pool), *plan = plan_of(sql);
        int columns = 1 + (r->instance != NULL) + (r->second != NULL);

        check(apr_psprintf(pool, "relation %d", i), sql, 0);
        if (!ok(is_sorted(i) == (strstr(plan, "TEMP B-TREE") != NULL), "… in order")
            | !ok(compared(plan) == columns, "… by %d columns of an index", columns)
            | !ok(!r->condition || strstr(plan, "_JOIN") || strstr(plan, "_DEFINITION"),
                  "… that has none but these")) {
            diag("%s%s", plan, sql);
        }
    }
}

int main(void)
{
    const wf_driver_t *d = &wf_driver_sqlite;

    begin_test();
    open_test_store();
    sqlite3_open_v2(test_dsn + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL);
    check_the_check();
    check_tables(d);
    check_lists(d);
    check_fans(d);
    ok(!strstr(plan_of(wf_sql_query(d, WF_QUERY_DUE_JOBS, pool)), "TEMP B-TREE"),
       "due jobs: by an index");
    ok(!strstr(plan_of(wf_sql_query(d, WF_QUERY_READY_TASKS, pool)), "TEMP B-TREE"),
       "external tasks that are ready: by an index");
    check_relations(d);
    for (int i = 0; i < WF_QUERIES; i++) {
        check(apr_psprintf(pool, "query %d", i), wf_sql_query(d, i, pool),
              i == WF_QUERY_SURPLUS_RUNS); /* as many as are kept */
    }
    for (int i = 0; i < WF_SQL_FIXED; i++) {
        check(apr_psprintf(pool, "fixed statement %d", i), wf_sql_fixed(d, i, pool),
              i == WF_SQL_TOPICS /* an administrator's look at all of them */
                  || i == WF_SQL_OLD_ANSWERS
                  || i == WF_SQL_SURPLUS_ANSWERS); /* by LIMIT */
    }
    for (int what = 0; what < WF_SUSPENDS; what++) {
        for (int step = 0; wf_sql_suspend(d, what, step, pool); step++) {
            check(apr_psprintf(pool, "suspension %d, step %d", what, step),
                  wf_sql_suspend(d, what, step, pool), 0);
        }
    }
    for (int what = 0; what < WF_PURGES; what++) {
        for (int step = 0; wf_sql_purge(d, what, step, pool); step++) {
            check(apr_psprintf(pool, "purge %d, step %d", what, step),
                  wf_sql_purge(d, what, step, pool), 0);
        }
    }
    sqlite3_close(db);
    close_test_store();
    return end_test();
}
