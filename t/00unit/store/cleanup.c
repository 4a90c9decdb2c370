/* Clean-up of history: whose time has come, and that the file gets shorter again while
 * others read and write. */
#include "store_test.h"

#include <sqlite3.h>

#include "store/internal.h"

#define NOW 100000

static wf_hi_procinst_t *add_history(wf_uow_t *uow, apr_int64_t end, apr_int64_t removal)
{
    wf_hi_procinst_t *row =
        wf_uow_insert_shared(uow, WF_TABLE_HI_PROCINST, wf_uow_next_id(uow));

    row->proc_inst_id = row->id;
    row->proc_def_id = "p:1";
    row->start_time = 1;
    row->end_time = end;
    row->removal_time = removal;
    return row;
}

/* ---- whose time has come ------------------------------------------------------------ */

static const struct {
    apr_int64_t end, removal;
} instances[] = {
    { 10, NOW - 5 },  /* 0 */
    { 10, 0 },        /* 1: stays for ever */
    { 10, NOW + 1 },  /* 2: later */
    { 10, NOW },      /* 3 */
    { 0, NOW - 9 },   /* 4: still runs */
    { 10, NOW - 50 }, /* 5 */
};

#define INSTANCES (int)(sizeof(instances) / sizeof(instances[0]))

static wf_id_t id[INSTANCES];

static const char *expired(apr_int64_t now, int limit)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;
    const char *text = "";

    MUST(wf_store_expired(reader, now, 0, limit, &rows, pool, err), err);
    for (int r = 0; r < rows->nelts; r++) {
        for (int i = 0; i < INSTANCES; i++) {
            if (APR_ARRAY_IDX(rows, r, wf_expired_t).id == id[i]) {
                text = apr_psprintf(pool, "%s%s%d", text, r ? " " : "", i);
            }
        }
    }
    return text;
}

static void check_expired(void)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < INSTANCES; i++) {
        id[i] = add_history(uow, instances[i].end, instances[i].removal)->id;
    }
    must_commit(uow, "instances");
    is_str(expired(NOW, 10), "5 0 3", "the earliest first");
    is_str(expired(NOW, 2), "5 0", "… so many");
    is_str(expired(NOW + 1, 10), "5 0 3 2", "… later one more");
    is_str(expired(0, 10), "", "… before that none");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, id[5]);
    must_commit(uow, "clean-up");
    is_str(expired(NOW, 10), "0 3", "one is gone");
}

/* ---- age of what has no removal time, tasks ------------------------------------------- */

static wf_id_t add_done_task(wf_uow_t *uow, wf_id_t instance, wf_id_t parent,
                             apr_int64_t end, apr_int64_t removal)
{
    wf_hi_taskinst_t *row =
        wf_uow_insert_shared(uow, WF_TABLE_HI_TASKINST, wf_uow_next_id(uow));

    row->proc_inst_id = instance;
    row->parent_task_id = parent;
    row->start_time = 1;
    row->end_time = end;
    row->removal_time = removal;
    return row->id;
}

/* A file, and somebody who could have claimed it. */
static void attach(wf_uow_t *uow, wf_id_t task)
{
    wf_attachment_t *row = wf_uow_insert(uow, WF_TABLE_ATTACHMENT);
    wf_bytearray_t *content = wf_uow_insert(uow, WF_TABLE_BYTEARRAY);
    wf_hi_link_t *link = wf_uow_insert_shared(uow, WF_TABLE_HI_LINK, row->id);

    row->task_id = link->task_id = task;
    row->content_id = content->id;
    content->bytes = "xy";
    content->length = 2;
}

/* "id/time" of tasks (T) and instances (I) that may go. */
static const char *going(apr_int64_t until, apr_int64_t ended)
{
    wf_error_t *err = new_error();
    apr_array_header_t *rows;
    const char *text = "";

    MUST(wf_store_expired(reader, until, ended, 10, &rows, pool, err), err);
    for (int r = 0; r < rows->nelts; r++) {
        const wf_expired_t *e = &APR_ARRAY_IDX(rows, r, wf_expired_t);

        text = apr_psprintf(pool, "%s%s%c%d/%d", text, r ? " " : "",
                            e->purge == WF_PURGE_TASK_HISTORY ? 'T' : 'I', (int)e->id,
                            (int)e->time);
    }
    return text;
}

static void check_aged(void)
{
    wf_uow_t *uow = new_unit();
    wf_id_t never, alone, child, removed, open;

    never = add_history(uow, 500, 0)->id;
    add_history(uow, 0, 0); /* runs */
    add_done_task(uow, never, 0, 500, 0);
    alone = add_done_task(uow, 0, 0, 510, 0);
    child = add_done_task(uow, 0, alone, 500, 0);
    open = add_done_task(uow, 0, 0, 0, 0);
    removed = add_done_task(uow, 0, 0, 400, 700);
    attach(uow, alone);
    attach(uow, child);
    attach(uow, removed);
    must_commit(uow, "history");
    is_str(going(600, 0), "", "what has no removal time stays");
    is_str(going(600, 499), "", "… until it is old enough");
    is_str(going(600, 500), apr_psprintf(pool, "I%d/500", (int)never), "… then it goes");
    is_str(going(700, 510),
           apr_psprintf(pool, "T%d/700 I%d/510 T%d/510", (int)removed, (int)never,
                        (int)alone),
           "tasks go, too, if they have neither process nor parent");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_TASK_HISTORY, alone);
    must_commit(uow, "clean-up");
    is_int(count_rows(WF_TABLE_HI_TASKINST), 3, "a task goes with those below it");
    is_int(count_rows(WF_TABLE_ATTACHMENT), 1, "… and with their attachments");
    is_int(count_rows(WF_TABLE_BYTEARRAY), 1, "… and contents");
    is_int(count_rows(WF_TABLE_HI_LINK), 1, "… and people");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_TASK_HISTORY, removed);
    wf_uow_purge(uow, WF_PURGE_TASK_HISTORY, open);
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, never);
    must_commit(uow, "clean-up");
    is_int(count_rows(WF_TABLE_HI_TASKINST), 0, "an instance takes its tasks along");
}

/* ---- a part ---------------------------------------------------------------------------- */

static void add_rows(wf_uow_t *uow, wf_id_t instance, int count)
{
    for (int i = 0; i < count; i++) {
        wf_hi_detail_t *detail = wf_uow_insert(uow, WF_TABLE_HI_DETAIL);
        wf_hi_actinst_t *visit = wf_uow_insert(uow, WF_TABLE_HI_ACTINST);

        detail->type = "VariableUpdate";
        detail->name = "v";
        detail->proc_inst_id = detail->execution_id = instance;
        visit->proc_inst_id = visit->execution_id = instance;
        detail->time = visit->start_time = 1;
        detail->value = wf_bytes("xy", 2);
        visit->act_id = "a";
        visit->act_type = "userTask";
        visit->proc_def_id = "p:1";
        attach(uow, add_done_task(uow, instance, 0, 1, 0));
    }
}

static apr_int64_t size_of(wf_id_t instance, int limit)
{
    wf_error_t *err = new_error();
    apr_int64_t rows;

    MUST(wf_store_history_size(reader, instance, limit, &rows, err), err);
    return rows;
}

static apr_int64_t removal_of(wf_id_t instance)
{
    wf_error_t *err = new_error();
    wf_hi_procinst_t *row;

    MUST(wf_store_get(reader, WF_TABLE_HI_PROCINST, instance, &row, pool, err), err);
    return row->removal_time;
}

static wf_id_t first_expired(void)
{
    wf_error_t *err = new_error();
    apr_array_header_t *expired;

    MUST(wf_store_expired(reader, NOW, 0, 1, &expired, pool, err), err);
    return expired->nelts ? APR_ARRAY_IDX(expired, 0, wf_expired_t).id : 0;
}

static void check_part(void)
{
    wf_uow_t *uow = new_unit();
    wf_id_t big = add_history(uow, 10, NOW)->id, other = add_history(uow, 10, NOW)->id;
    int more = WF_SOME_HISTORY + 30;

    add_rows(uow, big, more);
    add_rows(uow, other, 7);
    must_commit(uow, "history");
    is_int(size_of(big, 10000), 3 * more, "its size");
    is_int(size_of(big, 10), 30, "… as far as it is asked for");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_SOME_HISTORY, big);
    must_commit(uow, "clean-up");
    is_int(size_of(big, 10000), 3 * 30, "a part is gone");
    is_int(removal_of(big), WF_HALF_GONE, "… which its row tells");
    ok(removal_of(other) != WF_HALF_GONE, "… of no other");
    is_int(first_expired(), big, "it is the next to go");
    is_int(count_rows(WF_TABLE_BYTEARRAY), 2 * (30 + 7), "… with its contents");
    is_int(count_rows(WF_TABLE_HI_LINK), 30 + 7, "… and the people of its tasks");
    is_int(size_of(other, 10000), 21, "… of no other");
    uow = new_unit();
    add_rows(uow, big, 1);
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, big);
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, other);
    must_commit(uow, "clean-up");
    is_int(count_rows(WF_TABLE_HI_ACTINST) + count_rows(WF_TABLE_BYTEARRAY)
               + count_rows(WF_TABLE_HI_LINK),
           0, "what the same unit writes goes, too");
}

/* ---- space ---------------------------------------------------------------------------- */

#define DETAILS 4000
#define DETAIL_BYTES 5000
#define STEP 500 /* pages */

static long long file_size(void)
{
    struct stat st;

    return stat(test_dsn + strlen("sqlite:"), &st) == 0 ? (long long)st.st_size : -1;
}

static wf_id_t fill(void)
{
    wf_uow_t *uow = new_unit();
    wf_id_t instance = add_history(uow, 10, NOW)->id;
    char *bytes = memset(apr_palloc(pool, DETAIL_BYTES), 'x', DETAIL_BYTES);

    for (int i = 0; i < DETAILS; i++) {
        wf_hi_detail_t *row = wf_uow_insert(uow, WF_TABLE_HI_DETAIL);

        row->type = "VariableUpdate";
        row->name = "v";
        row->proc_inst_id = row->execution_id = instance;
        row->time = 1;
        row->value = wf_bytes(bytes, DETAIL_BYTES);
    }
    must_commit(uow, "history");
    return instance;
}

static void give_back(int pages, apr_int64_t *left)
{
    wf_error_t *err = new_error();

    MUST(wf_store_give_back(writer, pages, left, err), err);
}

static void checkpoint(void)
{
    wf_error_t *err = new_error();

    MUST(wf_store_checkpoint(writer, err), err);
}

static void check_space(void)
{
    wf_id_t instance;
    long long before, full;
    apr_int64_t left, more;
    wf_uow_t *uow;

    checkpoint();
    before = file_size();
    instance = fill();
    checkpoint();
    full = file_size();
    ok(full > before + (long long)DETAILS * DETAIL_BYTES, "the file has grown");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, instance);
    must_commit(uow, "clean-up");
    checkpoint();
    is_int(file_size(), full, "clean-up leaves free pages");

    give_back(0, &left);
    ok(left > DETAILS, "%d pages could be given back", (int)left);
    give_back(STEP, &more);
    is_int(more, left - STEP, "… in steps");
    uow = new_unit();
    add_deployment(uow, "meanwhile");
    must_commit(uow, "a unit between two steps");
    while (more > 0) {
        give_back(STEP, &more);
    }
    checkpoint();
    ok(file_size() < before + 20 * 4096, "the file is as short as before: %lld, %lld",
       file_size(), before);
    give_back(STEP, &left);
    is_int(left, 0, "nothing more to give back");
}

/* A file that was made without it gives nothing back until it is rewritten. */
static void check_old_file(void)
{
    wf_error_t *err = new_error();
    apr_int64_t left;
    wf_uow_t *uow;
    sqlite3 *db;
    long long full;

    test_dsn = apr_psprintf(pool, "sqlite:%s/old.db", test_dir);
    sqlite3_open(test_dsn + strlen("sqlite:"), &db);
    sqlite3_exec(db, "CREATE TABLE t (a); DROP TABLE t", NULL, NULL, NULL);
    sqlite3_close(db);
    open_test_store();
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, fill());
    must_commit(uow, "clean-up");
    give_back(STEP, &left);
    is_int(left, 0, "an old file has nothing to give");
    checkpoint();
    close_test_store();
    full = file_size();

    sqlite3_open(test_dsn + strlen("sqlite:"), &db);
    is_int(sqlite3_exec(db, "PRAGMA auto_vacuum = INCREMENTAL; VACUUM", NULL, NULL, NULL),
           SQLITE_OK, "it is rewritten");
    sqlite3_close(db);
    ok(file_size() < full / 2, "… and shorter: %lld, %lld", file_size(), full);
    open_test_store();
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_INSTANCE_HISTORY, fill());
    must_commit(uow, "clean-up");
    MUST(wf_store_give_back(writer, STEP, &left, err), err);
    ok(left > 0, "… and gives pages back from then on");
    close_test_store();
}

/* ---- answers of requests that may come again ----------------------------------------- */

static apr_int64_t first_seq;

static apr_int64_t add_answer(wf_uow_t *uow, int i)
{
    wf_idempotency_t *row = wf_uow_insert(uow, WF_TABLE_IDEMPOTENCY);

    row->id = apr_psprintf(pool, "answer-%d", i);
    row->seq = wf_uow_next_id(uow);
    row->created = 1000 + i;
    row->fingerprint = row->step = "x";
    row->reply = "{}";
    return row->seq;
}

static void add_answers(int count)
{
    wf_uow_t *uow = new_unit();

    for (int i = 0; i < count; i++) {
        apr_int64_t seq = add_answer(uow, i);

        first_seq = i ? first_seq : seq;
    }
    must_commit(uow, "answers");
}

/* How many of the oldest are to go. */
static int old_answers(apr_int64_t before, apr_int64_t kept, int limit)
{
    wf_error_t *err = new_error();
    apr_int64_t seq;

    MUST(wf_store_old_answers(reader, before, kept, limit, &seq, err), err);
    return seq ? (int)(seq - first_seq) + 1 : 0;
}

static void check_answers(void)
{
    wf_uow_t *uow;

    is_int(old_answers(2000, 0, 5), 0, "no answers");
    add_answers(10);
    is_int(old_answers(1000, 10, 100), 0, "neither old nor too many");
    is_int(old_answers(1004, 10, 100), 4, "old ones");
    is_int(old_answers(1004, 10, 3), 3, "… at most so many");
    is_int(old_answers(0, 7, 100), 3, "more than are kept");
    is_int(old_answers(0, 7, 2), 2, "… at most so many");
    is_int(old_answers(1002, 7, 100), 3, "both: the more");
    is_int(old_answers(1006, 7, 100), 6, "… the other way round");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_ANSWERS, first_seq + 2);
    must_commit(uow, "clean-up");
    is_int(count_rows(WF_TABLE_IDEMPOTENCY), 7, "the oldest go");
    uow = new_unit();
    wf_uow_purge(uow, WF_PURGE_ANSWER, first_seq + 5);
    must_commit(uow, "one that is taken back");
    is_int(count_rows(WF_TABLE_IDEMPOTENCY), 6, "one goes");
    add_answers(1);
    is_int(count_rows(WF_TABLE_IDEMPOTENCY), 7, "what is gone may come again");
    uow = new_unit();
    add_answer(uow, 9);
    is_int(commit_unit(uow), WF_ERR_CONFLICT, "what is there may not");
}

int main(void)
{
    begin_test();
    open_test_store();
    check_answers();
    check_aged();
    check_expired();
    check_part();
    check_space();
    close_test_store();
    check_old_file();
    return end_test();
}
