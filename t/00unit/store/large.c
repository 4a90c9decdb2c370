/* Lists of a large store: 1,000 definitions, 100,000 tasks. A page must cost what it
 * costs in a small store, counted in steps of SQLite's virtual machine: the same on any
 * machine and however busy it is. */
#include "store_test.h"

#include <sqlite3.h>
#include <time.h>

#include "store/internal.h"

#define DEFINITIONS 1000
#define FEW 1000
#define MANY 100000
#define UNIT 2500 /* tasks of one commit */

#define PAGE 10

/* A page may cost this many times what it cost in the small store. Trees are a level or
 * two higher; the old way, through all rows, would be a hundred times. */
#define GROWTH 2

static sqlite3 *db;

/* ---- the store ------------------------------------------------------------------- */

/* Every task has candidate group "all". Of ten in a row the first has an assignee of
 * many, the sixth is the boss's. Those two of ten have "busy" too, and so have two open
 * ones, the first and the last. */
enum { ASSIGNED_EVERY = 10, BOSS_EVERY = 10, BOSS_AT = 5, OWNED_EVERY = 20 };

static void add_people(void)
{
    wf_uow_t *uow = new_unit();
    wf_error_t *err = new_error();

    add_user(uow, "clerk", "A", "Clerk", NULL);
    add_user(uow, "temp", "A", "Temp", NULL);
    add_user(uow, "boss", "The", "Boss", NULL);
    add_group(uow, "all", "All", "assignment");
    add_group(uow, "busy", "Busy", "assignment");
    add_member(uow, "clerk", "all");
    for (int i = 0; i < 60; i++) {
        const char *group = apr_psprintf(pool, "team-%02d", i);

        add_group(uow, group, group, "assignment");
        if (i < 5) {
            add_member(uow, "clerk", group);
        }
        if (i < 2) {
            add_member(uow, "temp", group);
        }
        if (i >= 50) { /* nothing to do there */
            add_member(uow, "temp", group);
        }
    }
    MUST(wf_ids_skip_to(ids, 1000, err), err);
    must_commit(uow, "people");
}

static void add_definitions(void)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < DEFINITIONS; i++) {
        wf_deployment_t *deployment = add_deployment(uow, apr_psprintf(pool, "d%d", i));
        wf_definition_t *row = add_definition(
            uow, deployment->id, apr_psprintf(pool, "p%d", i % 500), 1 + i / 500);

        row->name = apr_psprintf(pool, "Process %d", i % 100);
    }
    must_commit(uow, "definitions");
}

static const char *definition_of(int i, apr_pool_t *p)
{
    return apr_psprintf(p, "p%d:%d", i % 500, 1 + i / 500 % 2);
}

static void add_running(wf_uow_t *uow, const wf_execution_t *root, int i)
{
    wf_hi_procinst_t *row = wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, root->id);
    wf_job_t *job = wf_uow_insert(uow, WF_TABLE_JOB);

    row->proc_inst_id = root->id;
    row->proc_def_id = root->proc_def_id;
    row->business_key = root->business_key;
    row->start_time = 1 + i;
    job->type = i % 100 ? "timer" : "message";
    job->execution_id = job->proc_inst_id = root->id;
    job->retries = i % 1000 == 999 ? 0 : 3;
    job->due_date = i % 100 ? 1000 + i : 0;
}

static void add_candidates(wf_uow_t *uow, const wf_task_t *task, int i)
{
    apr_pool_t *p = wf_uow_pool(uow);

    add_link(uow, task, NULL, "all");
    if (task->assignee || i == 1 || i == MANY - 1) {
        add_link(uow, task, NULL, "busy");
    }
    if (i % 3 == 0) {
        add_link(uow, task, NULL, apr_psprintf(p, "team-%02d", i / 3 % 50));
    }
    if (i % 7 == 0) {
        add_link(uow, task, i % 14 ? "temp" : "clerk", NULL);
    }
    if (i % 4 == 0) {
        add_link(uow, task, "boss", NULL)->type = "participant";
    }
}

static void add_one(wf_uow_t *uow, int i)
{
    apr_pool_t *p = wf_uow_pool(uow);
    wf_execution_t *root = add_instance(uow, definition_of(i, p));
    wf_task_t *task = add_task(uow, root, i % 2 ? "Check" : "Approve");

    root->business_key = i % 2 ? apr_psprintf(p, "order-%d", MANY - i) : NULL;
    task->description = "A text of a few words";
    task->priority = i % 100;
    task->assignee = i % BOSS_EVERY == BOSS_AT ? "boss"
                     : i % ASSIGNED_EVERY == 0 ? apr_psprintf(p, "user-%d", i % 370)
                                               : NULL;
    task->owner = i % OWNED_EVERY == 1 ? "boss" : NULL;
    add_candidates(uow, task, i);
    add_running(uow, root, i);
}

static void add_tasks(int from, int to)
{
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    while (from < to) {
        wf_uow_t *uow = wf_uow_create(reader, ids, p);

        for (int i = 0; i < UNIT && from < to; i++) {
            add_one(uow, from++);
        }
        must_commit(uow, "tasks");
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

/* ---- what is measured ------------------------------------------------------------ */

typedef struct case_t {
    wf_list_e list;
    const char *filter, *value; /* NULL = none; a text */
    const char *sort;
    int descending;
    int fans;     /* groups of the user that have open tasks */
    double share; /* of the tasks: the total; 0 = not of interest */
} case_t;

#define EVERY(n) (1.0 / (n))
#define OPEN (1 - EVERY(ASSIGNED_EVERY) - EVERY(BOSS_EVERY))

/* clang-format off */
static const case_t cases[] = {
    { WF_LIST_TASKS, "assignee",        "boss",  "id", 0, 0, EVERY(BOSS_EVERY) },
    { WF_LIST_TASKS, "assignee",        "boss",  "id", 1, 0, 0 },
    { WF_LIST_TASKS, "owner",           "boss",  "id", 0, 0, EVERY(OWNED_EVERY) },
    { WF_LIST_TASKS, "involved",        "boss",  "id", 0, 0, 0 },
    { WF_LIST_TASKS, "involved",        "boss",  "id", 1, 0, 0 },
    { WF_LIST_TASKS, "candidate",       "clerk", "id", 0, 6, OPEN },
    { WF_LIST_TASKS, "candidate",       "clerk", "id", 1, 6, 0 },
    { WF_LIST_TASKS, "candidate",       "temp",  "id", 0, 2, 0 },
    { WF_LIST_TASKS, "candidate-group", "all",   "id", 0, 0, OPEN },
    { WF_LIST_TASKS, "candidate-group", "all",   "id", 1, 0, 0 },
    { WF_LIST_TASKS, "candidate-group", "busy",  "id", 0, 0, 0 },

    { WF_LIST_INSTANCES, NULL, NULL, "id",                  0, 0, 1 },
    { WF_LIST_INSTANCES, NULL, NULL, "id",                  1, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "processDefinitionId", 0, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "processDefinitionId", 1, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "businessKey",         0, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "businessKey",         1, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "startTime",           0, 0, 0 },
    { WF_LIST_INSTANCES, NULL, NULL, "startTime",           1, 0, 0 },
    { WF_LIST_INSTANCES, "processDefinitionId", "p7:1", "id", 0, 0, EVERY(DEFINITIONS) },

    { WF_LIST_JOBS, NULL, NULL, "id",                0, 0, 1 },
    { WF_LIST_JOBS, NULL, NULL, "executionId",       0, 0, 0 },
    { WF_LIST_JOBS, NULL, NULL, "processInstanceId", 1, 0, 0 },
    { WF_LIST_JOBS, NULL, NULL, "dueDate",           0, 0, 0 },
    { WF_LIST_JOBS, NULL, NULL, "dueDate",           1, 0, 0 },
    { WF_LIST_JOBS, NULL, NULL, "retries",           1, 0, 0 },

    { WF_LIST_DEFINITIONS, NULL, NULL, "id",             0, 0, 0 },
    { WF_LIST_DEFINITIONS, NULL, NULL, "deploymentTime", 1, 0, 0 },
    { WF_LIST_DEPLOYMENTS, NULL, NULL, "name",           1, 0, 0 },
};
/* clang-format on */

#define CASES (int)(sizeof(cases) / sizeof(cases[0]))

static const char *label_of(const case_t *c)
{
    static const char *const lists[WF_LISTS] = {
        [WF_LIST_DEPLOYMENTS] = "deployments",
        [WF_LIST_DEFINITIONS] = "definitions",
        [WF_LIST_TASKS] = "tasks",
        [WF_LIST_INSTANCES] = "instances",
        [WF_LIST_JOBS] = "jobs",
    };

    return apr_psprintf(pool, "%s%s%s%s%s by %s%s", lists[c->list], c->filter ? ", " : "",
                        c->filter ? c->filter : "", c->filter ? " " : "",
                        c->filter ? c->value : "", c->sort,
                        c->descending ? ", descending" : "");
}

static wf_list_key_t key_of(const case_t *c)
{
    const wf_list_def_t *def = &wf_lists[c->list];
    wf_list_key_t key = { .list = c->list, .descending = c->descending };
    int arg;

    key.filters = c->filter ? wf_list_filter(c->list, c->filter) : 0;
    while (strcmp(def->keys[key.sort], c->sort)) {
        key.sort++;
    }
    key.fans = wf_list_fan(&key, &arg) ? c->fans : 0;
    return key;
}

/* Steps of the first page's statement for each of its rows. The groups of the clerk are
 * those that add_people gave him: "all" and the first teams. */
static int page_steps(const case_t *c)
{
    wf_list_key_t key = key_of(c);
    sqlite3_stmt *stmt;
    int n = 0, rows = 0, steps;

    if (sqlite3_prepare_v2(db, wf_sql_list(&wf_driver_sqlite, &key, pool), -1, &stmt,
                           NULL)
        != SQLITE_OK) {
        diag("%s", sqlite3_errmsg(db));
        return -1;
    }
    if (c->filter) {
        sqlite3_bind_text(stmt, ++n, c->value, -1, SQLITE_STATIC);
    }
    for (int i = 0; i < c->fans; i++) {
        const char *team = !i && c->fans > 2
                               ? "all"
                               : apr_psprintf(pool, "team-%02d", c->fans > 2 ? i - 1 : i);

        sqlite3_bind_text(stmt, ++n, team, -1, SQLITE_STATIC);
    }
    sqlite3_bind_int(stmt, ++n, PAGE);
    sqlite3_bind_int(stmt, ++n, 0);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        rows++;
    }
    steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(stmt);
    return rows ? steps / rows : -1;
}

static void measure(int *steps)
{
    for (int i = 0; i < CASES; i++) {
        steps[i] = page_steps(&cases[i]);
    }
}

/* ---- checks ---------------------------------------------------------------------- */

static void check_growth(void)
{
    int few[CASES], many[CASES];

    add_tasks(0, FEW);
    measure(few);
    add_tasks(FEW, MANY);
    measure(many);
    for (int i = 0; i < CASES; i++) {
        if (!ok(few[i] > 0 && many[i] > 0 && many[i] <= GROWTH * few[i],
                "%s: a page costs the same", label_of(&cases[i]))) {
            diag("%d steps a row with %d tasks, %d with %d", few[i], FEW, many[i], MANY);
        }
    }
}

/* Of the processor: other work on the machine does not count. */
static apr_int64_t cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (apr_int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static apr_int64_t timed_list(const case_t *c, const wf_page_t *page, wf_rows_t *rows,
                              apr_pool_t *p)
{
    wf_filter_t filter = { c->filter, wf_string(c->value) };
    wf_error_t *err = new_error();
    apr_int64_t start = cpu_us();

    MUST(wf_store_list(reader, c->list, &filter, c->filter != NULL, page, rows, p, err),
         err);
    return cpu_us() - start;
}

static void check_totals(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, pool);
    for (int i = 0; i < CASES; i++) {
        const case_t *c = &cases[i];
        wf_page_t page = { .sort = c->sort, .descending = c->descending };
        apr_int64_t count_us, page_us;
        wf_rows_t rows;

        timed_list(c, &page, &rows, p); /* prepares the statements */
        count_us = timed_list(c, &page, &rows, p);
        page.size = PAGE;
        timed_list(c, &page, &rows, p);
        page_us = timed_list(c, &page, &rows, p);
        if (c->share > 0) {
            is_int(rows.total, (int)(c->share * MANY + 0.5), "%s: total", label_of(c));
        }
        is_int(rows.rows->nelts, rows.total < PAGE ? (int)rows.total : PAGE, "%s: a page",
               label_of(c));
        diag("%-44s %7d rows: count %6.2f ms, page and count %6.2f ms", label_of(c),
             (int)rows.total, count_us / 1000.0, page_us / 1000.0);
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

/* What the summary of a user counts is what the lists have. */
static void check_summary(void)
{
    wf_error_t *err = new_error();
    wf_task_summary_t summary;
    apr_int64_t start = cpu_us();

    MUST(wf_store_task_summary(reader, "clerk", "assignment", &summary, pool, err), err);
    diag("summary of the clerk: %.2f ms", (cpu_us() - start) / 1000.0);
    is_int(summary.assigned, 0, "assigned to the clerk");
    is_int(summary.unassigned, (int)(OPEN * MANY + 0.5), "… and what he may claim");
    is_int(summary.groups->nelts, 6, "… of his groups");
    MUST(wf_store_task_summary(reader, "boss", "assignment", &summary, pool, err), err);
    is_int(summary.assigned, MANY / BOSS_EVERY, "assigned to the boss");
    is_int(summary.unassigned, 0, "… who may claim nothing");
}

/* Far into a list only ids are passed by. */
static void check_far_page(void)
{
    static const case_t c = { WF_LIST_TASKS, "candidate", "clerk", "id", 0, 6, 0 };
    wf_page_t page = { .sort = "id", .size = PAGE, .start = MANY / 2 };
    apr_int64_t us;
    wf_rows_t rows;

    timed_list(&c, &page, &rows, pool);
    us = timed_list(&c, &page, &rows, pool);
    is_int(rows.rows->nelts, PAGE, "a page in the middle");
    diag("page at %d of %d: %.2f ms", MANY / 2, (int)rows.total, us / 1000.0);
}

int main(void)
{
    begin_test();
    open_test_store();
    sqlite3_open_v2(test_dsn + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL);
    add_people();
    add_definitions();
    check_growth();
    check_totals();
    check_summary();
    check_far_page();
    sqlite3_close(db);
    close_test_store();
    return end_test();
}
