/* What an engine does with the executions of the one before: those that were under way go
 * on from their records, whatever is damaged ends with the reason, what was over stays as
 * it was. With the real load engine, executor and store. */
#include <sqlite3.h>

#include "../store/store_test.h"
#include "engine/internal.h"
#include "wait.h"

#define ITERATIONS 60
#define MANY 230 /* more than the store is asked for at once, twice */

static wf_engine_t engine;
static sqlite3 *db;

static const char plan[] =
    "id: w\nname: W\nsteps: [{id: s, type: sleep, config: {duration: 20ms}}]\n"
    "options: {iterations: 60, thresholds: [{metric: iterations, condition: count == 60, "
    "window: 60s}]}\n";

/* ---- the engine ----------------------------------------------------------------------- */

static void start_engine(int resume)
{
    wf_error_t *err = new_error();
    wf_load_options_t load = { .loops = 1,
                               .max_executions = 10,
                               .max_vus = 100,
                               .progress = wf_engine_on_progress,
                               .baton = &engine };

    memset(&engine, 0, sizeof(engine));
    apr_pool_create(&engine.pool, NULL);
    engine.config.store = test_dsn;
    engine.config.executor_threads = 2;
    engine.config.resume_executions = resume;
    engine.config.max_streams = engine.config.max_tunnels = 1;
    engine.writer = writer;
    engine.ids = ids;
    engine.around = wf_surroundings_read(&engine.config, engine.pool);
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    MUST(wf_load_create(&engine.load, &load, engine.pool, err), err);
    MUST(wf_cluster_create(&engine, err), err);
    MUST(wf_live_create(&engine, err), err);
}

/* Between two engines. */
static void nobody(void *baton)
{
    (void)baton;
}

static void stop_engine(void)
{
    wf_streams_stop(engine.streams);
    if (engine.config.resume_executions) {
        wf_load_hold(engine.load, WAIT_US);
    }
    wf_load_close(engine.load);
    wf_executor_drain(engine.executor, wf_mono_us() + WAIT_US);
    wf_committer_destroy(engine.committer);
    wf_ids_on_low(ids, nobody, NULL);
    wf_executor_destroy(engine.executor);
    wf_live_destroy(engine.live);
    wf_load_destroy(engine.load);
    apr_pool_destroy(engine.pool);
}

static void restart(void)
{
    wf_error_t *err = new_error();

    is_int(wf_engine_restart_runs(&engine, err), APR_SUCCESS, "restart: %s",
           err->message ? err->message : "all are treated");
}

/* ---- rows ----------------------------------------------------------------------------- */

static wf_id_t add_run(const char *id, const char *status, const char *definition)
{
    wf_uow_t *uow = new_unit();
    wf_run_t *run = wf_uow_insert(uow, WF_TABLE_RUN);
    wf_id_t seq = wf_uow_next_id(uow);

    run->id = id;
    run->seq = seq;
    run->workflow_id = run->workflow_name = "w";
    run->status = status;
    run->start_time = wf_time_ms();
    run->definition = definition;
    run->metrics = "{\"known\":1}";
    run->errors = "[{\"code\":\"TIMEOUT_ERROR\",\"message\":\"earlier\"}]";
    must_commit(uow, id);
    return seq;
}

static void execute(const char *sql)
{
    char *message = NULL;

    if (!is_int(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s", sql)) {
        diag("%s", message);
        sqlite3_free(message);
    }
}

/* The first column of the first row, or "(none)". */
static const char *value_of(const char *sql)
{
    sqlite3_stmt *stmt;
    const char *value = "(none)";

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK
        && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_text(stmt, 0)) {
        value = apr_pstrdup(pool, (const char *)sqlite3_column_text(stmt, 0));
    }
    sqlite3_finalize(stmt);
    return value;
}

static const char *column(const char *id, const char *name)
{
    return value_of(
        apr_psprintf(pool, "SELECT %s FROM WF_EXECUTION WHERE ID_ = '%s'", name, id));
}

#define STATUS(id) column(id, "STATUS_")

/* ---- records to go on from -------------------------------------------------------------- */

/* Leaves two executions that have a record: one that runs, one that is paused. */
static void leave_two(void)
{
    wf_error_t *err = new_error();

    start_engine(1);
    add_run("good", "pending", plan);
    add_run("still", "pending", plan);
    restart();
    WAIT_FOR(strcmp(STATUS("good"), "running") == 0);
    is_int(wf_load_pause(engine.load, "still", err), APR_SUCCESS, "one is paused");
    WAIT_FOR(strcmp(STATUS("still"), "paused") == 0);
    stop_engine();
    is_str(STATUS("good"), "running", "the engine ends, the other runs");
}

/* Like the one that runs, with a record of its own. */
static void copy(const char *id)
{
    wf_id_t seq = add_run(id, "running", plan);

    execute(apr_psprintf(pool,
                         "INSERT INTO WF_CHECKPOINT SELECT %" APR_INT64_T_FMT ", 1, "
                         "SEQUENCE_, STATE_, SHEET_, JUDGE_, REPORT_ FROM WF_CHECKPOINT "
                         "WHERE ID_ = (SELECT SEQ_ FROM WF_EXECUTION WHERE ID_ = 'good')",
                         seq));
    execute(apr_psprintf(pool,
                         "INSERT INTO WF_POINT VALUES (%" APR_INT64_T_FMT
                         ", %" APR_INT64_T_FMT ", (SELECT POINT_ FROM WF_POINT LIMIT 1))",
                         WF_POINT_ID(seq, 0), seq));
}

/* clang-format off */
static const struct {
    const char *id, *change; /* SQL, without the row */
    const char *says;
} damaged[] = {
    { "no-record",     "DELETE FROM WF_CHECKPOINT",                                 "it has no record to go on from" },
    { "no-state",      "UPDATE WF_CHECKPOINT SET STATE_ = NULL",                    "it has no record to go on from" },
    { "empty-state",   "UPDATE WF_CHECKPOINT SET STATE_ = ''",                      "go on: its record: malformed JSON" },
    { "cut-state",     "UPDATE WF_CHECKPOINT SET STATE_ = substr(STATE_, 1, 40)",   "go on: its record: malformed JSON" },
    { "other-state",   "UPDATE WF_CHECKPOINT SET STATE_ = '{}'",                    "no record of an execution" },
    { "future-state",  "UPDATE WF_CHECKPOINT SET STATE_ = replace(STATE_, '\"version\":1', '\"version\":7')", "no record of an execution" },
    { "cut-sheet",     "UPDATE WF_CHECKPOINT SET SHEET_ = substr(SHEET_, 1, length(SHEET_) / 2)", "the figures of its record: malformed JSON" },
    { "other-sheet",   "UPDATE WF_CHECKPOINT SET SHEET_ = 'no sheet'",              "the figures of its record: malformed JSON" },
    { "other-judge",   "UPDATE WF_CHECKPOINT SET JUDGE_ = 'no judge'",              "the figures of its record: malformed JSON" },
    { "other-point",   "UPDATE WF_POINT SET POINT_ = 'no point'",                   "the figures of its record: malformed JSON" },
    { "no-document",   "UPDATE WF_EXECUTION SET DEFINITION_ = NULL",                "the document is empty" },
    { "cut-document",  "UPDATE WF_EXECUTION SET DEFINITION_ = substr(DEFINITION_, 1, 20)", "steps" },
    { "no-json",       "UPDATE WF_EXECUTION SET DEFINITION_ = '{\"id\": '",         "[syntax]" },
    { "other-plan",    "UPDATE WF_EXECUTION SET DEFINITION_ = 'id: w\nname: W\nsteps: [{id: s, type: sleep, config: {duration: 1ms}}]\nscenarios: {a: {vus: 1}}'", "no record of an execution" },
};
/* clang-format on */

static void damage(void)
{
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        const char *seq = apr_psprintf(
            pool, "(SELECT SEQ_ FROM WF_EXECUTION WHERE ID_ = '%s')", damaged[i].id);
        const char *key = strstr(damaged[i].change, "WF_POINT")       ? "RUN_ID_"
                          : strstr(damaged[i].change, "WF_EXECUTION") ? "SEQ_"
                                                                      : "ID_";

        copy(damaged[i].id);
        execute(apr_psprintf(pool, "%s WHERE %s = %s", damaged[i].change, key, seq));
    }
}

/* ---- what becomes of them ------------------------------------------------------------------ */

static void check_over(const char *id, const char *says)
{
    json_object *errors, *last;
    const char *text = column(id, "ERRORS_"), *message;

    is_str(STATUS(id), "failed", "%s: it is over", id);
    ok(strlen(column(id, "END_TIME_")) > 10, "%s: since now", id);
    is_str(column(id, "METRICS_"), "{\"known\":1}", "%s: its metrics stay", id);
    MUST(wf_json_read(&errors, text, strlen(text), pool, new_error()), new_error());
    is_int((int)json_object_array_length(errors), 2, "%s: one error more", id);
    last = json_object_array_get_idx(errors, json_object_array_length(errors) - 1);
    message = wf_json_string(last, "message", "");
    ok(strstr(message, "the engine was restarted") != NULL
           && strstr(message, says) != NULL && message[strlen(message) - 1] != ' ',
       "%s: %s", id, message);
}

static void go_on(void)
{
    wf_error_t *err = new_error();

    damage();
    add_run("over", "completed", plan);
    start_engine(1);
    restart();
    for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
        check_over(damaged[i].id, damaged[i].says);
    }
    is_str(column("over", "ERRORS_"),
           "[{\"code\":\"TIMEOUT_ERROR\",\"message\":\"earlier\"}]",
           "what was over stays as it was");
    WAIT_FOR(strcmp(STATUS("good"), "completed") == 0);
    ok(strstr(column("good", "METRICS_"), "\"total_iterations\":60") != NULL,
       "what runs makes the rest of its iterations");
    ok(strstr(column("good", "ERRORS_"), "nothing was lost") != NULL, "and says so");
    is_str(STATUS("still"), "paused", "what was paused is paused");
    is_int(wf_load_resume(engine.load, "still", err), APR_SUCCESS, "until it is resumed");
    WAIT_FOR(strcmp(STATUS("still"), "completed") == 0);
    ok(strstr(column("still", "METRICS_"), "\"total_iterations\":60") != NULL,
       "it makes the rest of them, too");
    stop_engine();
}

static void many(void)
{
    char id[20];

    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "many-%d", i);
        add_run(apr_pstrdup(pool, id), i % 2 ? "running" : "paused", plan);
    }
    start_engine(1);
    restart();
    is_str(value_of(
               "SELECT COUNT(*) FROM WF_EXECUTION WHERE ID_ LIKE 'many-%' AND STATUS_ = "
               "'failed' AND ERRORS_ LIKE '%no record to go on from%'"),
           apr_itoa(pool, MANY), "of many each is treated");
    stop_engine();
}

/* WorkflowResumeExecutions Off. */
static void switched_off(void)
{
    static const char *const statuses[] = { "pending", "running", "paused" };

    for (int i = 0; i < 3; i++) {
        copy(statuses[i]);
        execute(apr_psprintf(pool,
                             "UPDATE WF_EXECUTION SET STATUS_ = '%s' WHERE ID_ = '%s'",
                             statuses[i], statuses[i]));
    }
    start_engine(0);
    restart();
    for (int i = 0; i < 3; i++) {
        check_over(statuses[i], "its metrics are those of the last checkpoint");
    }
    is_str(STATUS("good"), "completed", "what was over stays as it was");
    stop_engine();
}

/* Submitted while the engine ends: the next one runs it. */
static void between_two(void)
{
    start_engine(1);
    wf_load_hold(engine.load, WAIT_US);
    add_run("late", "pending", plan);
    restart();
    stop_engine();
    is_str(STATUS("late"), "pending", "an engine that ends begins nothing");
    start_engine(1);
    restart();
    WAIT_FOR(strcmp(STATUS("late"), "completed") == 0);
    is_str(STATUS("late"), "completed", "the next one does");
    stop_engine();
}

static void quiet(void *baton, wf_log_level_e level, const char *message)
{
    (void)baton;
    (void)level;
    (void)message;
}

int main(void)
{
    begin_test();
    open_test_store();
    wf_log_to(quiet, NULL);
    if (sqlite3_open(strchr(test_dsn, ':') + 1, &db) != SQLITE_OK) {
        printf("Bail out! %s\n", sqlite3_errmsg(db));
        return 1;
    }
    sqlite3_busy_timeout(db, 5000);
    leave_two();
    go_on();
    many();
    switched_off();
    between_two();
    sqlite3_close(db);
    close_test_store();
    return end_test();
}
