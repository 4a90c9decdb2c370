/* The disk fails at each instant of what an engine does: deployments, starts, tasks,
 * jobs, timers, records of load executions, clean-up, checkpoints, the first start of a
 * store. For each fault: who asked is told, nothing of it is visible, nobody else's is
 * lost, a process that dies then finds all that was acknowledged; and when the fault is
 * over, the same connections go on. In the end the store is sound, and what it would be
 * without faults.
 *
 * The first instants are looked at, and then each STRIDE-th; WF_STRIDE=1 looks at all. */
#include "../store/store_test.h"
#include "engine/internal.h"
#include "faulty.h"

#include <apr_file_io.h>

#define FOREVER 1000000
#define DENSE 30 /* instants that no stride leaves out */
#define STRIDE 40

static wf_engine_t engine;
static apr_pool_t *root;
static sqlite3 *watcher; /* sees the store as it is, without faults */

/* clang-format off */
static const faulty_t faults[] = {
    { "a full disk",              FAULTY_WRITE,    SQLITE_FULL,            0 },
    { "a write that fails",       FAULTY_WRITE,    SQLITE_IOERR_WRITE,     0 },
    { "a short write",            FAULTY_WRITE,    SQLITE_FULL,            1 },
    { "a read that fails",        FAULTY_READ,     SQLITE_IOERR_READ,      0 },
    { "a sync that fails",        FAULTY_SYNC,     SQLITE_IOERR_FSYNC,     0 },
    { "a truncation that fails",  FAULTY_TRUNCATE, SQLITE_IOERR_TRUNCATE,  0 },
    { "a file that cannot be opened", FAULTY_OPEN, SQLITE_CANTOPEN,        0 },
    { "no memory shared",         FAULTY_MAP,      SQLITE_IOERR_SHMMAP,    0 },
    { "no size known",            FAULTY_SIZE,     SQLITE_IOERR_FSTAT,     0 },
};
/* clang-format on */

#define FAULTS (int)(sizeof(faults) / sizeof(faults[0]))

/* ---- what is done ---------------------------------------------------------------------- */

static const char xml[] =
    "<?xml version='1.0'?>"
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'"
    " xmlns:activiti='http://activiti.org/bpmn' targetNamespace='t'>"
    "<process id='p'><startEvent id='s'/><userTask id='u' activiti:assignee='kermit'/>"
    "<task id='a' activiti:async='true'/>"
    "<intermediateCatchEvent id='t'><timerEventDefinition>"
    "<timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    "<userTask id='v'/><endEvent id='e'/>"
    "<sequenceFlow id='f1' sourceRef='s' targetRef='u'/>"
    "<sequenceFlow id='f2' sourceRef='u' targetRef='a'/>"
    "<sequenceFlow id='f3' sourceRef='a' targetRef='t'/>"
    "<sequenceFlow id='f4' sourceRef='t' targetRef='v'/>"
    "<sequenceFlow id='f5' sourceRef='v' targetRef='e'/>"
    "</process></definitions>";

static apr_status_t make_record(wf_work_t *work, wf_error_t *err)
{
    wf_run_t *run = wf_uow_insert(work->uow, WF_TABLE_RUN);

    (void)err;
    run->id = "exec-1";
    run->seq = wf_uow_next_id(work->uow);
    run->workflow_id = run->workflow_name = "w";
    run->status = "running";
    run->start_time = 1;
    run->definition = "steps: []";
    run->metrics = "{}";
    return APR_SUCCESS;
}

static apr_status_t change_record(wf_work_t *work, wf_error_t *err)
{
    wf_run_t *run;
    apr_status_t rv = wf_uow_get_by_key(work->uow, WF_TABLE_RUN, "exec-1", &run, err);

    if (rv == APR_SUCCESS && run) {
        run->status = "completed";
        run->end_time = 2;
        run->metrics = "{\"total_requests\":5}";
        wf_uow_update(work->uow, run);
    }
    return rv;
}

static apr_status_t run_job(wf_work_t *work, wf_error_t *err)
{
    wf_attempt_t *attempt = apr_pcalloc(work->pool, sizeof(*attempt));

    attempt->job = wf_json_int(work->args, "id", 0);
    work->baton = attempt;
    return wf_job_attempt(work, err);
}

static apr_status_t forget_history(wf_work_t *work, wf_error_t *err)
{
    (void)err;
    wf_uow_purge(work->uow, WF_PURGE_INSTANCE_HISTORY, wf_json_int(work->args, "id", 0));
    return APR_SUCCESS;
}

/* As a new thread of httpd does. */
static apr_status_t read_anew(wf_work_t *work, wf_error_t *err)
{
    wf_store_t *store;
    wf_run_t *run;
    apr_status_t rv = wf_store_open(&store, test_dsn, WF_STORE_READ, work->pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_store_get_by_key(store, WF_TABLE_RUN, "exec-1", &run, work->pool, err);
        wf_store_close(store);
    }
    return rv;
}

#define TASK "SELECT MIN(ID_) FROM ACT_RU_TASK WHERE PROC_INST_ID_ IS NOT NULL"
#define JOB "SELECT MIN(ID_) FROM ACT_RU_JOB"
#define ENDED "SELECT MIN(ID_) FROM ACT_HI_PROCINST WHERE END_TIME_ > 0"
#define OPEN "SELECT MIN(ID_) FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL"

/* %d in the arguments is what the query gives. Without run: a checkpoint. */
static const struct step_t {
    const char *what;
    wf_work_fn *run;
    const char *args, *query;
    const char *blob;
} steps[] = {
    { "deploy", wf_command_deploy, "{\"name\":\"p.bpmn20.xml\"}", NULL, xml },
    { "start", wf_command_start,
      "{\"processDefinitionKey\":\"p\",\"variables\":{\"n\":"
      "{\"type\":\"integer\",\"value\":5},\"long\":{\"type\":\"string\",\"value\":\"%s\"}"
      "}}",
      NULL, NULL },
    { "complete", wf_command_complete,
      "{\"id\":%d,\"variables\":{\"m\":{\"type\":\"string\","
      "\"value\":\"more\"}}}",
      TASK, NULL },
    { "run a job", run_job, "{\"id\":%d}", JOB, NULL },
    { "checkpoint", NULL, NULL, NULL, NULL },
    { "run a timer", run_job, "{\"id\":%d}", JOB, NULL },
    { "start another", wf_command_start, "{\"processDefinitionKey\":\"p\"}", NULL, NULL },
    { "make a record", make_record, "{}", NULL, NULL },
    { "read anew", read_anew, "{}", NULL, NULL },
    { "make a task", wf_command_task_create, "{\"name\":\"alone\"}", NULL, NULL },
    { "complete the last", wf_command_complete, "{\"id\":%d}", TASK, NULL },
    { "attach", wf_command_attach, "{\"task\":%d,\"name\":\"a\",\"type\":\"text/plain\"}",
      "SELECT ID_ FROM ACT_RU_TASK WHERE NAME_ = 'alone'", "some bytes" },
    { "delete an instance", wf_command_delete_instance, "{\"id\":%d}", OPEN, NULL },
    { "change a record", change_record, "{}", NULL, NULL },
    { "forget history", forget_history, "{\"id\":%d}", ENDED, NULL },
    { "checkpoint again", NULL, NULL, NULL, NULL },
    { "start one more", wf_command_start, "{\"processDefinitionKey\":\"p\"}", NULL,
      NULL },
};

#define STEPS (int)(sizeof(steps) / sizeof(steps[0]))

static apr_status_t run_step(const struct step_t *step, const char *args, wf_error_t *err)
{
    wf_ipc_request_t *request = apr_pcalloc(pool, sizeof(*request));
    wf_work_t work = { .engine = &engine,
                       .pool = pool,
                       .request = request,
                       .user = "kermit",
                       .reader = reader };
    wf_error_t whole;
    apr_status_t rv;

    if (!step->run) {
        return wf_store_checkpoint(writer, err);
    }
    request->blob = step->blob;
    request->blob_length = step->blob ? strlen(step->blob) : 0;
    MUST(wf_json_parse(&work.args, args, strlen(args), pool, err), err);
    work.uow = new_unit();
    rv = step->run(&work, err);
    if (rv == APR_SUCCESS) {
        wf_error_init(&whole, pool);
        wf_store_commit(writer, ids, &work.uow, 1, err, &whole);
        rv = err->kind == WF_ERR_NONE ? APR_SUCCESS : WF_EFAILED;
    }
    return rv;
}

/* ---- what is seen ---------------------------------------------------------------------- */

static void no_rows(sqlite3 *db, const char *sql)
{
    printf("Bail out! %s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
}

static apr_int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt;
    apr_int64_t n;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK
        || sqlite3_step(stmt) != SQLITE_ROW) {
        no_rows(db, sql);
    }
    n = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return n;
}

static apr_uint64_t add_row(apr_uint64_t hash, sqlite3_stmt *stmt)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const unsigned char *bytes = sqlite3_column_blob(stmt, i);
        int length = sqlite3_column_bytes(stmt, i);

        for (int b = 0; b < length; b++) {
            hash = (hash ^ bytes[b]) * APR_UINT64_C(1099511628211);
        }
        hash = (hash ^ 0x100) * APR_UINT64_C(1099511628211);
    }
    return hash;
}

/* A hash over all rows, but not of the id sequence: reserved ids may be lost. With counts
 * only of how many rows there are. */
static apr_uint64_t digest(sqlite3 *db, int counts)
{
    apr_uint64_t hash = APR_UINT64_C(14695981039346656037);

    for (int t = 0; t < WF_TABLES; t++) {
        const char *text =
            apr_psprintf(pool, "SELECT %s FROM %s%s", counts ? "COUNT(*)" : "*",
                         wf_tables[t].name, t == WF_TABLE_PROPERTY ? " WHERE 0" : "");
        sqlite3_stmt *stmt;
        int rc = sqlite3_prepare_v2(db, text, -1, &stmt, NULL);

        while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
            hash = add_row(hash, stmt);
            rc = SQLITE_OK;
        }
        if (rc != SQLITE_DONE) {
            no_rows(db, text);
        }
        sqlite3_finalize(stmt);
    }
    return hash;
}

static sqlite3 *open_healthy(const char *path)
{
    sqlite3 *db;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, "unix") != SQLITE_OK) {
        no_rows(db, path);
    }
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static const char *path_of(const char *name)
{
    return apr_pstrcat(pool, test_dir, "/", name, NULL);
}

static void copy_file(const char *from, const char *to)
{
    if (apr_file_copy(from, to, APR_FPROT_FILE_SOURCE_PERMS, pool) != APR_SUCCESS) {
        unlink(to);
    }
}

/* What a process that dies now leaves to the next one: 1 if that finds what was there,
 * or, after a sync that has failed, at least a whole. */
static int survives_death(apr_uint64_t before, int uncertain)
{
    sqlite3 *db;
    int found;

    copy_file(path_of("t.db"), path_of("c.db"));
    copy_file(path_of("t.db-wal"), path_of("c.db-wal"));
    unlink(path_of("c.db-shm"));
    db = open_healthy(path_of("c.db"));
    found = (digest(db, 0) == before || uncertain)
            && !number_of(db, "SELECT COUNT(*) FROM pragma_foreign_key_check")
            && !number_of(db, "SELECT COUNT(*) FROM pragma_integrity_check"
                              " WHERE integrity_check <> 'ok'");
    sqlite3_close(db);
    return found;
}

/* ---- a round: all of it, with one fault ------------------------------------------------ */

static const char *problem; /* the first of a round */
static int was_hurt;        /* the step before has met the fault */

#define EXPECT(condition, ...)                                                           \
    do {                                                                                 \
        if (!(condition) && !problem) {                                                  \
            problem = apr_psprintf(root, __VA_ARGS__);                                   \
        }                                                                                \
    } while (0)

static const char *args_of(const struct step_t *step)
{
    char *text;

    if (!step->args || !strchr(step->args, '%')) {
        return step->args;
    }
    if (!step->query) {
        text = apr_palloc(pool, 6001);
        memset(text, 'x', 6000);
        text[6000] = '\0';
        return apr_psprintf(pool, step->args, text);
    }
    return apr_psprintf(pool, step->args, (int)number_of(watcher, step->query));
}

static void see_failure(const struct step_t *step, const wf_error_t *err,
                        apr_uint64_t before)
{
    EXPECT((err->kind == WF_ERR_UNAVAILABLE || err->kind == WF_ERR_INTERNAL)
               && err->message && *err->message,
           "%s: fails with '%s' (%d)", step->what, err->message, err->kind);
    EXPECT(digest(watcher, 0) == before, "%s: failed, and something of it is seen: %s",
           step->what, err->message);
    EXPECT(survives_death(before, faulty_now && faulty_now->call == FAULTY_SYNC),
           "%s: failed, and who dies then leaves something else", step->what);
}

static void do_step(const struct step_t *step)
{
    const char *args = args_of(step);
    apr_uint64_t before = digest(watcher, 0), after;
    int met = faulty_hits;

    for (int tries = 0;; tries++) {
        wf_error_t *err = new_error();

        if (run_step(step, args, err) == APR_SUCCESS) {
            break;
        }
        see_failure(step, err, before);
        if (tries == 2) {
            EXPECT(0, "%s: still fails when the fault is over: %s", step->what,
                   err->message);
            return;
        }
        if (tries == 1 || faulty_left < -faulty_lasts) {
            faulty_end();
        }
    }
    if (faulty_hits == met && !was_hurt) {
        return; /* as in every round that comes as far */
    }
    was_hurt = faulty_hits != met; /* one more, after the fault */
    after = digest(watcher, 0);
    EXPECT(!step->run || step->run == read_anew || after != before,
           "%s: a yes, and nothing has changed", step->what);
    EXPECT(survives_death(after, 0), "%s: a yes that who dies then takes back",
           step->what);
}

static void is_sound(void)
{
    apr_array_header_t *breaches;
    wf_error_t *err = new_error();

    EXPECT(wf_engine_verify(reader, NULL, NULL, &breaches, pool, err) == APR_SUCCESS,
           "cannot be verified: %s", err->message);
    if (!problem && breaches->nelts) {
        const wf_breach_t *first = APR_ARRAY_IDX(breaches, 0, const wf_breach_t *);

        EXPECT(0, "unsound: %s: %s", first->name, first->broken);
    }
}

static void begin_round(void)
{
    apr_pool_create(&pool, root);
    copy_file(path_of("template.db"), path_of("t.db"));
    unlink(path_of("t.db-wal"));
    unlink(path_of("t.db-shm"));
    problem = NULL;
    open_test_store();
    watcher = open_healthy(path_of("t.db"));
    engine.pool = pool;
    engine.writer = writer;
    engine.ids = ids;
    engine.models = wf_models_create(10, wf_engine_load_model, NULL, pool);
}

/* How many rows there are in the end. */
static apr_uint64_t end_round(void)
{
    apr_uint64_t counts;

    faulty_end();
    is_sound();
    counts = digest(watcher, 1);
    close_test_store();
    sqlite3_close(watcher);
    apr_pool_destroy(pool);
    pool = root;
    return counts;
}

/* The rows there are in the end; *hit: the fault was met. */
static apr_uint64_t play_round(const faulty_t *fault, int before, int lasts, int *hit)
{
    begin_round();
    faulty_begin(fault, before, lasts);
    for (int i = 0; i < STEPS && !problem; i++) {
        do_step(&steps[i]);
    }
    *hit = faulty_hits > 0;
    return end_round();
}

static void make_template(void)
{
    wf_error_t *err = new_error();

    open_test_store();
    MUST(wf_store_checkpoint(writer, err), err);
    close_test_store();
    copy_file(path_of("t.db"), path_of("template.db"));
}

static int stride_of(int n)
{
    const char *text = getenv("WF_STRIDE");
    int stride = text ? atoi(text) : STRIDE;

    return n < DENSE || stride < 1 ? 1 : stride;
}

static void walk(const faulty_t *fault, int lasts, apr_uint64_t want)
{
    const char *first = NULL;
    int rounds = 0, hit = 1;

    for (int n = 0; hit && !first; n += stride_of(n)) {
        apr_uint64_t counts = play_round(fault, n, lasts, &hit);

        rounds += hit;
        if (problem || counts != want) {
            first = apr_psprintf(root, "call %d: %s", n,
                                 problem ? problem : "something else is left in the end");
        }
    }
    if (!ok(!first, "%s, %s: %d instants", fault->what,
            lasts == 1 ? "once" : "for a while", rounds)) {
        diag("%s", first);
    }
}

static void test_work(void)
{
    int hit;
    apr_uint64_t want = play_round(NULL, 0, 0, &hit);

    if (!ok(!problem, "without faults")) {
        diag("%s", problem);
        return;
    }
    for (int i = 0; i < FAULTS; i++) {
        walk(&faults[i], 1, want);
        walk(&faults[i], FOREVER, want);
    }
}

/* ---- the first start, and a migration --------------------------------------------------- */

static apr_status_t open_and_close(wf_error_t *err)
{
    apr_status_t rv = wf_store_open(&writer, test_dsn, WF_STORE_WRITE, pool, err);

    if (rv == APR_SUCCESS) {
        rv = wf_ids_create(&ids, writer, pool, err);
        wf_store_close(writer);
    }
    return rv;
}

/* A store as an earlier version left it. */
static void make_old(const char *name, int last)
{
    char *message = NULL;
    sqlite3 *db;

    unlink(path_of(name));
    if (sqlite3_open_v2(path_of(name), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                        "unix")
        != SQLITE_OK) {
        no_rows(db, name);
    }
    sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    for (int n = 1; n <= last; n++) {
        const char *label, *text = wf_driver_sqlite.migration(n, &label);

        if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK
            || sqlite3_exec(db,
                            apr_psprintf(pool,
                                         "INSERT INTO WF_SCHEMA (NUMBER_, NAME_, TIME_)"
                                         " VALUES (%d, '%s', 1)",
                                         n, label),
                            NULL, NULL, &message)
                   != SQLITE_OK) {
            no_rows(db, label);
        }
    }
    sqlite3_close(db);
}

static void start_with(const char *old, const faulty_t *fault, int lasts, int n)
{
    wf_error_t *err = new_error();
    apr_status_t rv;
    sqlite3 *db;

    unlink(path_of("t.db"));
    unlink(path_of("t.db-wal"));
    unlink(path_of("t.db-shm"));
    if (old) {
        copy_file(path_of(old), path_of("t.db"));
    }
    faulty_begin(fault, n, lasts);
    rv = open_and_close(err);
    faulty_end();
    EXPECT(rv == APR_SUCCESS || (err->message && *err->message), "fails without a word");
    EXPECT(rv == APR_SUCCESS || err->kind == WF_ERR_UNAVAILABLE
               || err->kind == WF_ERR_INTERNAL,
           "fails with '%s' (%d)", err->message, err->kind);
    err = new_error();
    rv = open_and_close(err);
    EXPECT(rv == APR_SUCCESS, "still fails when the fault is over: %s", err->message);
    if (!problem) {
        db = open_healthy(path_of("t.db"));
        EXPECT(!number_of(db, "SELECT COUNT(*) FROM pragma_integrity_check"
                              " WHERE integrity_check <> 'ok'"),
               "it is damaged");
        EXPECT(number_of(db, "SELECT COUNT(*) = MAX(NUMBER_) FROM WF_SCHEMA"),
               "a migration is missing");
        sqlite3_close(db);
    }
}

static void test_start(const char *what, const char *old, const faulty_t *fault,
                       int lasts)
{
    int rounds = 0;

    problem = NULL;
    for (int n = 0; !problem; n += stride_of(n)) {
        apr_pool_create(&pool, root);
        start_with(old, fault, lasts, n);
        apr_pool_destroy(pool);
        pool = root;
        if (!faulty_hits) {
            break;
        }
        rounds++;
    }
    if (!ok(!problem, "%s: %s, %s: %d instants", what, fault->what,
            lasts == 1 ? "once" : "for a while", rounds)) {
        diag("call %d: %s", rounds, problem);
    }
}

static void say_nothing(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    (void)text;
}

int main(void)
{
    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0); /* its syncs cost nothing */
    }
    faulty_register();
    begin_test();
    root = pool;
    wf_log_to(say_nothing, NULL);
    make_template();
    engine.max_steps = engine.max_rounds = 1000;
    test_work();
    make_old("old.db", 10);
    for (int i = 0; i < FAULTS; i++) {
        test_start("a new store", NULL, &faults[i], FOREVER);
        test_start("an old store", "old.db", &faults[i], 1);
        test_start("an old store", "old.db", &faults[i], FOREVER);
    }
    return end_test();
}
