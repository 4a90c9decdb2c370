/* Clean-up of history in the background: what goes and what stays, by parts, and the
 * space that it gives back. */
#include <sqlite3.h>

#include "../store/store_test.h"
#include "engine/internal.h"
#include "wait.h"

#define DAY APR_INT64_C(86400000)
#define HOUR APR_INT64_C(3600000)

static wf_engine_t engine;
static sqlite3 *db;

/* ---- the engine ----------------------------------------------------------------------- */

static void start_engine(int days)
{
    wf_error_t *err = new_error();

    memset(&engine, 0, sizeof(engine));
    apr_pool_create(&engine.pool, NULL);
    engine.config.store = test_dsn;
    engine.config.executor_threads = 2;
    engine.history_days = days;
    engine.writer = writer;
    engine.ids = ids;
    MUST(wf_executor_create(&engine.executor, &engine, err), err);
    MUST(wf_committer_create(&engine.committer, &engine, err), err);
    MUST(wf_cleaner_create(&engine.cleaner, &engine, err), err);
}

/* Between two engines. */
static void nobody(void *baton)
{
    (void)baton;
}

static void stop_engine(void)
{
    wf_cleaner_destroy(engine.cleaner);
    wf_executor_drain(engine.executor, wf_mono_us() + WAIT_US);
    wf_committer_destroy(engine.committer);
    wf_ids_on_low(ids, nobody, NULL);
    wf_executor_destroy(engine.executor);
    apr_pool_destroy(engine.pool);
}

/* ---- looking --------------------------------------------------------------------------- */

static long long number(const char *sql)
{
    sqlite3_stmt *stmt;
    long long n = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK
        && sqlite3_step(stmt) == SQLITE_ROW) {
        n = sqlite3_column_int64(stmt, 0);
    }
    sqlite3_finalize(stmt);
    return n;
}

/* Wait until the number is so small; the number. seen (may be NULL) becomes 1 if it was
 * between that and from on the way. */
static long long wait_for(const char *sql, long long want, long long from, int *seen)
{
    apr_int64_t deadline = wf_mono_us() + WAIT_US;
    long long n;

    for (n = number(sql); n > want && wf_mono_us() < deadline; n = number(sql)) {
        if (seen && n < from) {
            *seen = 1;
        }
        wait_a_little();
    }
    return n;
}

#define INSTANCES "SELECT COUNT(*) FROM ACT_HI_PROCINST"
#define TASKS "SELECT COUNT(*) FROM ACT_HI_TASKINST"
#define VISITS "SELECT COUNT(*) FROM ACT_HI_ACTINST"
#define DETAILS "SELECT COUNT(*) FROM ACT_HI_DETAIL"
#define CONTENTS "SELECT COUNT(*) FROM ACT_GE_BYTEARRAY"
#define PAGES "PRAGMA page_count"

/* ---- rows ------------------------------------------------------------------------------- */

static wf_id_t add_ended(wf_uow_t *uow, apr_int64_t end, apr_int64_t removal)
{
    wf_hi_procinst_t *row =
        wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, wf_uow_next_id(uow));

    row->proc_inst_id = row->id;
    row->proc_def_id = "p:1";
    row->start_time = 1;
    row->end_time = end;
    row->removal_time = removal;
    return row->id;
}

static void add_task_alone(wf_uow_t *uow, apr_int64_t end, apr_int64_t removal)
{
    wf_hi_taskinst_t *row =
        wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, wf_uow_next_id(uow));

    row->start_time = 1;
    row->end_time = end;
    row->removal_time = removal;
}

static void add_details(wf_uow_t *uow, wf_id_t instance, int count, int bytes)
{
    char *text = memset(apr_palloc(pool, bytes), 'x', bytes);

    for (int i = 0; i < count; i++) {
        wf_hi_detail_t *detail = wf_uow_insert(uow, WF_TABLE_HI_DETAIL);
        wf_hi_actinst_t *visit = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);

        detail->type = "VariableUpdate";
        detail->name = "v";
        detail->proc_inst_id = detail->execution_id = instance;
        detail->value = wf_bytes(text, bytes);
        visit->proc_inst_id = visit->execution_id = instance;
        visit->proc_def_id = "p:1";
        visit->act_id = "a";
        visit->act_type = "userTask";
        detail->time = visit->start_time = 1;
    }
}

/* ---- ages ------------------------------------------------------------------------------- */

static void check_ages(void)
{
    apr_int64_t now = wf_time_ms();
    wf_uow_t *uow = new_unit();

    add_ended(uow, now - HOUR, now - 1);    /* goes */
    add_ended(uow, now - HOUR, now + HOUR); /* later */
    add_ended(uow, now - 40 * DAY, 0);      /* when the engine says so */
    add_ended(uow, now - 20 * DAY, 0);      /* never */
    add_ended(uow, 0, 0);                   /* runs */
    add_task_alone(uow, now - HOUR, now - 1);
    add_task_alone(uow, now - 40 * DAY, 0);
    add_task_alone(uow, 0, 0);
    must_commit(uow, "history");
    start_engine(0);
    is_int(wait_for(INSTANCES, 4, 0, NULL), 4, "an instance goes");
    is_int(wait_for(TASKS, 2, 0, NULL), 2, "… and a task");
    __atomic_store_n(&engine.history_days, 30, __ATOMIC_RELAXED);
    wf_cleaner_wake(engine.cleaner);
    is_int(wait_for(INSTANCES, 3, 0, NULL), 3,
           "the engine says: so do those that ended "
           "before it said so");
    is_int(wait_for(TASKS, 1, 0, NULL), 1, "… and tasks");
    stop_engine();
    is_int(number(INSTANCES " WHERE END_TIME_ IS NULL"), 1, "what runs stays");
    is_int(number(INSTANCES " WHERE REMOVAL_TIME_ IS NOT NULL"), 1,
           "… and what is to go later");
}

/* The next time is known, so it wakes by itself. */
static void check_next(void)
{
    wf_uow_t *uow = new_unit();
    apr_int64_t began = wf_time_ms();
    long long before = number(INSTANCES);

    add_ended(uow, began, began + 1000);
    must_commit(uow, "history");
    start_engine(0);
    is_int(wait_for(INSTANCES, before, 0, NULL), before, "it goes when its time comes");
    ok(wf_time_ms() >= began + 1000, "… and not sooner");
    stop_engine();
}

/* ---- keys --------------------------------------------------------------------------------- */

#define KEYS "SELECT COUNT(*) FROM WF_API_KEY"

static void add_key(wf_uow_t *uow, const char *name, apr_int64_t expires,
                    apr_int64_t revoked)
{
    wf_api_key_t *key = wf_uow_insert(uow, WF_TABLE_API_KEY);

    key->name = key->owner = key->hash = name;
    key->rights = "read";
    key->created = 1;
    key->expires = expires;
    key->revoked = revoked;
}

/* Those that are over are shown for 90 days. */
static void check_keys(void)
{
    apr_int64_t now = wf_time_ms();
    wf_uow_t *uow = new_unit();

    add_key(uow, "eternal", 0, 0);
    add_key(uow, "expired", now - 89 * DAY, 0);
    add_key(uow, "revoked", 0, now - 89 * DAY);
    add_key(uow, "expired then", now - 91 * DAY, 0);
    add_key(uow, "revoked then", now + DAY, now - 91 * DAY);
    must_commit(uow, "keys");
    start_engine(0);
    is_int(wait_for(KEYS, 3, 0, NULL), 3, "keys go that have been over for 90 days");
    wf_cleaner_wake(engine.cleaner);
    stop_engine();
    is_int(number(KEYS " WHERE NAME_ IN ('eternal', 'expired', 'revoked')"), 3,
           "… and no others");
}

/* ---- size --------------------------------------------------------------------------------- */

#define MANY 6000
#define ROOM 1100 /* free pages that stay, and some more */

/* What is large goes in parts, others go on meanwhile, and the space is given back. */
static void check_large(void)
{
    wf_uow_t *uow = new_unit();
    long long pages = number(PAGES), full;
    int parts = 0;

    add_details(uow, add_ended(uow, 10, 20), MANY, 2000);
    must_commit(uow, "history");
    full = number(PAGES);
    ok(full > pages + MANY / 2, "%lld pages, then %lld", pages, full);
    start_engine(0);
    is_int(wait_for(DETAILS, 0, MANY, &parts), 0, "a large instance goes");
    is_int(parts, 1, "… in parts");
    wait_for(CONTENTS, 0, 0, NULL);
    is_int(number(CONTENTS) + wait_for(VISITS, 0, 0, NULL), 0, "… with all that it has");
    ok(wait_for(PAGES, pages + ROOM, 0, NULL) <= pages + ROOM,
       "the file gets shorter, but for some room: %lld pages", number(PAGES));
    stop_engine();
}

/* New history takes the place of the old. */
static void check_flat(void)
{
    long long first = 0;

    start_engine(0);
    for (int round = 0; round < 6; round++) {
        wf_uow_t *uow;
        long long left = number(INSTANCES);

        stop_engine();
        uow = new_unit();
        for (int i = 0; i < 100; i++) {
            add_details(uow, add_ended(uow, 10, 20), 5, 300);
        }
        must_commit(uow, "history");
        start_engine(0);
        is_int(wait_for(INSTANCES, left, 0, NULL), left, "round %d is gone", round);
        first = first ? first : number(PAGES);
    }
    stop_engine();
    ok(number(PAGES) <= first + 50, "the file does not grow: %lld, %lld pages", first,
       number(PAGES));
}

int main(void)
{
    begin_test();
    open_test_store();
    sqlite3_open_v2(test_dsn + strlen("sqlite:"), &db, SQLITE_OPEN_READONLY, NULL);
    check_ages();
    check_next();
    check_keys();
    check_large();
    check_flat();
    sqlite3_close(db);
    close_test_store();
    return end_test();
}
