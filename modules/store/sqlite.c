/* The SQLite driver: a file in WAL mode with one writer and any number of readers, which
 * neither wait for the writer nor make it wait. A commit is durable when it returns
 * (synchronous=FULL). Each connection belongs to one thread at a time. */
#include "store/internal.h"

#include <apr_file_info.h>
#include <apr_strings.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "sql_sqlite.h"

#define MIGRATIONS (int)(sizeof(wf_sql_sqlite) / sizeof(wf_sql_sqlite[0]))

/* Owner and group: process data is nobody else's business. -wal and -shm take it over. */
#define STORE_MODE 0600

/* How long a statement waits for somebody else's lock. A writer meets other writers (a
 * second engine that starts, a shell); a reader only the recovery after a crash. */
#define WRITER_BUSY_MS 5000
#define READER_BUSY_MS 500
#define WAL_RETRY_US 5000

/* The WAL goes into the database file when it has this many pages (4 KiB each). Readers
 * that come and go without a gap can keep it from starting over; when it has grown to a
 * multiple, the writer waits a moment for such a gap. One that stays (a backup) leaves
 * none: then it does not wait again before the WAL has grown by as much once more. */
#define CHECKPOINT_PAGES 8000
#define RESTART_PAGES (4 * CHECKPOINT_PAGES)
#define RESTART_BUSY_MS 200

/* What tells how much is in the file. */
enum { PAGE_COUNT, FREE_PAGES, PAGE_SIZE, SIZES };

static const char *const size_texts[SIZES] = {
    [PAGE_COUNT] = "PRAGMA page_count",
    [FREE_PAGES] = "PRAGMA freelist_count",
    [PAGE_SIZE] = "PRAGMA page_size",
};

/* A file as it was when we first saw it. */
typedef struct seen_file_t {
    const char *path;
    dev_t device;
    ino_t number; /* 0: not seen yet */
} seen_file_t;

typedef struct connection_t {
    sqlite3 *db;
    seen_file_t file, wal; /* of a writer */
    int restart_pages; /* of the WAL, when to wait for such a gap again */
    sqlite3_stmt *steps[WF_TX_STEPS];
    sqlite3_stmt *sizes[SIZES]; /* prepared when they are asked for */
} connection_t;

struct wf_stmt_t {
    sqlite3_stmt *handle;
};

static const char *const step_texts[WF_TX_STEPS] = {
    [WF_TX_READ] = "BEGIN",
    [WF_TX_WRITE] = "BEGIN IMMEDIATE",
    [WF_TX_COMMIT] = "COMMIT",
    [WF_TX_ROLLBACK] = "ROLLBACK",
    [WF_TX_SAVEPOINT] = "SAVEPOINT UNIT_",
    [WF_TX_UNDO] = "ROLLBACK TO UNIT_",
    [WF_TX_RELEASE] = "RELEASE UNIT_",
};

static sqlite3 *db_of(const wf_store_t *store)
{
    return ((connection_t *)store->connection)->db;
}

/* ---- errors ---------------------------------------------------------------------- */

static const struct failure_t {
    int code; /* primary result code */
    wf_err_kind_e kind;
    apr_status_t status;
    const char *text;
} failures[] = {
    {SQLITE_FULL, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the disk of the store is full"},
    {SQLITE_IOERR, WF_ERR_UNAVAILABLE, WF_EBROKEN, "cannot read or write the store"},
    {SQLITE_BUSY, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the store is locked"},
    {SQLITE_LOCKED, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the store is locked"},
    {SQLITE_PROTOCOL, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the store is locked"},
    {SQLITE_CANTOPEN, WF_ERR_UNAVAILABLE, WF_EBROKEN, "cannot open the store"},
    {SQLITE_READONLY, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the store may not be written"},
    {SQLITE_PERM, WF_ERR_UNAVAILABLE, WF_EBROKEN, "the store may not be accessed"},
    {SQLITE_NOMEM, WF_ERR_UNAVAILABLE, WF_EBROKEN, "out of memory"},
    {SQLITE_INTERRUPT, WF_ERR_UNAVAILABLE, WF_EBROKEN, "interrupted"},
    {SQLITE_CORRUPT, WF_ERR_INTERNAL, WF_EBROKEN, "the store is damaged"},
    {SQLITE_NOTADB, WF_ERR_INTERNAL, WF_EBROKEN, "the file is no SQLite database"},
    {SQLITE_TOOBIG, WF_ERR_TOO_LARGE, WF_EFAILED, "a text or byte array is too large"},
    {0, WF_ERR_INTERNAL, WF_EFAILED, "the store refused a statement"},
};

static apr_status_t fail_constraint(sqlite3 *db, wf_error_t *err)
{
    switch (sqlite3_extended_errcode(db)) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return WF_EUNIQUE;
    case SQLITE_CONSTRAINT_FOREIGNKEY:
        return WF_EFOREIGN;
    default:
        return wf_error_set(err, WF_ERR_INTERNAL, "the store refused a row: %s",
                            sqlite3_errmsg(db));
    }
}

static apr_status_t fail(sqlite3 *db, int rc, wf_error_t *err)
{
    const struct failure_t *f = failures;

    if ((rc & 0xff) == SQLITE_CONSTRAINT) {
        return fail_constraint(db, err);
    }
    while (f->code && f->code != (rc & 0xff)) {
        f++;
    }
    wf_error_set(err, f->kind, "%s: %s (%d)", f->text, db ? sqlite3_errmsg(db) : "",
                 db ? sqlite3_extended_errcode(db) : rc);
    return f->status;
}

/* ---- statements ------------------------------------------------------------------ */

static apr_status_t prepare(sqlite3 *db, sqlite3_stmt **handle, const char *sql,
                            wf_error_t *err)
{
    int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, handle, NULL);

    return rc == SQLITE_OK ? APR_SUCCESS : fail(db, rc, err);
}

static apr_status_t sqlite_prepare(wf_store_t *store, wf_stmt_t **stmt, const char *sql,
                                   wf_error_t *err)
{
    sqlite3_stmt *handle;
    apr_status_t rv = prepare(db_of(store), &handle, sql, err);

    if (rv == APR_SUCCESS) {
        *stmt = apr_palloc(store->pool, sizeof(**stmt));
        (*stmt)->handle = handle;
    }
    return rv;
}

/* Texts and bytes are borrowed: they stay where they are until the statement was run. */
static int bind_cell(sqlite3_stmt *handle, int n, const wf_cell_t *cell)
{
    switch (cell->type) {
    case WF_CELL_INTEGER:
        return sqlite3_bind_int64(handle, n, cell->as.integer);
    case WF_CELL_REAL:
        return sqlite3_bind_double(handle, n, cell->as.real);
    case WF_CELL_TEXT:
        return sqlite3_bind_text64(handle, n, cell->as.text.data, cell->as.text.length,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case WF_CELL_BYTES:
        return sqlite3_bind_blob64(handle, n, cell->as.text.data, cell->as.text.length,
                                   SQLITE_STATIC);
    default:
        return sqlite3_bind_null(handle, n);
    }
}

static wf_cell_t cell_at(sqlite3_stmt *handle, int i)
{
    const void *blob;

    switch (sqlite3_column_type(handle, i)) {
    case SQLITE_INTEGER:
        return wf_cell_integer(sqlite3_column_int64(handle, i));
    case SQLITE_FLOAT:
        return wf_cell_real(sqlite3_column_double(handle, i));
    case SQLITE_TEXT:
        return (wf_cell_t){.type = WF_CELL_TEXT,
                           .as.text = {(const char *)sqlite3_column_text(handle, i),
                                       sqlite3_column_bytes(handle, i)}};
    case SQLITE_BLOB:
        blob = sqlite3_column_blob(handle, i); /* NULL when empty */
        return wf_cell_bytes(blob ? blob : "", sqlite3_column_bytes(handle, i));
    default:
        return wf_cell_null();
    }
}

static apr_status_t give_row(sqlite3_stmt *handle, wf_row_fn *fn, void *baton,
                             wf_error_t *err)
{
    wf_cell_t cells[WF_MAX_COLUMNS];
    int count = sqlite3_column_count(handle);

    assert(count <= WF_MAX_COLUMNS);
    for (int i = 0; i < count; i++) {
        cells[i] = cell_at(handle, i);
    }
    return fn(baton, cells, count, err);
}

static apr_status_t sqlite_run(wf_store_t *store, wf_stmt_t *stmt, const wf_cell_t *args,
                               int count, wf_row_fn *fn, void *baton,
                               apr_int64_t *changes, wf_error_t *err)
{
    sqlite3_stmt *handle = stmt->handle;
    apr_status_t rv = APR_SUCCESS;
    int rc = SQLITE_OK;

    for (int i = 0; i < count && rc == SQLITE_OK; i++) {
        rc = bind_cell(handle, i + 1, &args[i]);
    }
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(handle);
        if (rc == SQLITE_ROW && fn
            && (rv = give_row(handle, fn, baton, err)) != APR_SUCCESS) {
            break;
        }
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        rv = fail(db_of(store), rc, err);
    }
    if (changes) {
        *changes = sqlite3_changes(db_of(store));
    }
    sqlite3_reset(handle);
    if ((rc & 0xff) == SQLITE_CORRUPT) {
        sqlite3_db_release_memory(db_of(store)); /* it may be mended on disk */
    }
    return rv;
}

static apr_status_t sqlite_script(wf_store_t *store, const char *text, wf_error_t *err)
{
    int rc = sqlite3_exec(db_of(store), text, NULL, NULL, NULL);

    return rc == SQLITE_OK ? APR_SUCCESS : fail(db_of(store), rc, err);
}

static apr_status_t take_step(connection_t *c, wf_tx_e step, wf_error_t *err)
{
    int rc = sqlite3_step(c->steps[step]);
    apr_status_t rv = rc == SQLITE_DONE ? APR_SUCCESS : fail(c->db, rc, err);

    sqlite3_reset(c->steps[step]);
    return rv;
}

/* A file that somebody has removed or replaced can still be written, but nobody will ever
 * read that again: no commit may say yes then. Back in its place it is ours again. */
static apr_status_t see_file(seen_file_t *file, wf_error_t *err)
{
    struct stat st;
    int found = stat(file->path, &st) == 0;

    if (found && !file->number) {
        file->device = st.st_dev;
        file->number = st.st_ino;
    }
    if (file->number
        && (!found || st.st_ino != file->number || st.st_dev != file->device)) {
        return wf_error_set(
            err, WF_ERR_UNAVAILABLE,
            "a file of the store was %s while it was open: put it back, or "
            "stop httpd and start it again",
            found ? "replaced" : "removed");
    }
    return APR_SUCCESS;
}

static apr_status_t see_files(connection_t *c, wf_error_t *err)
{
    apr_status_t rv = c->file.path ? see_file(&c->file, err) : APR_SUCCESS;

    return rv == APR_SUCCESS && c->wal.path ? see_file(&c->wal, err) : rv;
}

static apr_status_t sqlite_transact(wf_store_t *store, wf_tx_e step, wf_error_t *err)
{
    connection_t *c = store->connection;
    apr_status_t rv;

    /* Some failures (a full disk) have rolled back already. */
    if (step == WF_TX_ROLLBACK && sqlite3_get_autocommit(c->db)) {
        return APR_SUCCESS;
    }
    if (step == WF_TX_COMMIT && see_files(c, err) != APR_SUCCESS) {
        return WF_EBROKEN;
    }
    rv = take_step(c, step, err);
    if (step == WF_TX_UNDO && rv == APR_SUCCESS) {
        rv = take_step(c, WF_TX_RELEASE, err);
    }
    return rv;
}

/* ---- write-ahead log ------------------------------------------------------------- */

/* After each commit. Its result would become that of the commit, which has succeeded: a
 * checkpoint that fails is tried again by the next one. */
static int on_wal_commit(void *baton, sqlite3 *db, const char *name, int pages)
{
    connection_t *c = baton;

    if (pages < RESTART_PAGES) {
        c->restart_pages = RESTART_PAGES;
    }
    if (pages >= c->restart_pages) {
        sqlite3_busy_timeout(db, RESTART_BUSY_MS);
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
        sqlite3_busy_timeout(db, WRITER_BUSY_MS);
        c->restart_pages = pages + RESTART_PAGES;
    }
    else if (pages >= CHECKPOINT_PAGES) {
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return SQLITE_OK;
}

/* A full disk may be full of a WAL whose pages have been written over again and again. */
static apr_status_t sqlite_make_room(wf_store_t *store, wf_error_t *err)
{
    sqlite3 *db = db_of(store);

    if (see_files(store->connection, err) != APR_SUCCESS) {
        return WF_EBROKEN;
    }
    sqlite3_db_release_memory(db); /* damaged pages, which may be mended on disk */
    sqlite3_busy_timeout(db, RESTART_BUSY_MS);
    sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    sqlite3_busy_timeout(db, WRITER_BUSY_MS);
    return APR_SUCCESS;
}

static apr_status_t sqlite_checkpoint(wf_store_t *store, wf_error_t *err)
{
    sqlite3 *db = db_of(store);
    int rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

    /* Readers still look at the end of the WAL: move what can be moved. */
    if (rc == SQLITE_BUSY) {
        rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    }
    return rc == SQLITE_OK ? APR_SUCCESS : fail(db, rc, err);
}

/* ---- open and close -------------------------------------------------------------- */

static apr_status_t sqlite_check(const char *location, apr_pool_t *p, wf_error_t *err)
{
    const char *slash = strrchr(location, '/');
    const char *directory;
    struct stat st;

    if (*location != '/' || !slash[1]) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "store 'sqlite:%s' must name a file by its absolute path",
                            location);
    }
    directory = slash == location ? "/" : apr_pstrmemdup(p, location, slash - location);
    if (stat(directory, &st) != 0) {
        return wf_error_apr(err, WF_ERR_INVALID, errno, "directory %s of the store",
                            directory);
    }
    if (!S_ISDIR(st.st_mode)) {
        return wf_error_set(err, WF_ERR_INVALID, "%s is not a directory", directory);
    }
    if (stat(location, &st) == 0 && !S_ISREG(st.st_mode)) {
        return wf_error_set(err, WF_ERR_INVALID, "%s is not a regular file", location);
    }
    return APR_SUCCESS;
}

/* With O_EXCL, so that the descriptor that is closed here can't belong to a file that
 * SQLite has open: closing any descriptor of a file gives up all of the process's locks
 * on it. */
static apr_status_t create_file(const char *path, wf_error_t *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, STORE_MODE);

    if (fd < 0) {
        return errno == EEXIST ? APR_SUCCESS
                               : wf_error_apr(err, WF_ERR_UNAVAILABLE, errno,
                                              "cannot create the store %s", path);
    }
    fchmod(fd, STORE_MODE); /* whatever the umask is */
    close(fd);
    return APR_SUCCESS;
}

static apr_status_t pragma(sqlite3 *db, const char *text, const char *expect,
                           wf_error_t *err)
{
    sqlite3_stmt *handle;
    const char *got = NULL;
    apr_status_t rv = prepare(db, &handle, text, err);
    int rc;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    while ((rc = sqlite3_step(handle)) == SQLITE_ROW) {
        got = (const char *)sqlite3_column_text(handle, 0);
        if (expect && (!got || strcmp(got, expect))) {
            rv = wf_error_set(err, WF_ERR_UNAVAILABLE,
                              "%s gave '%s': the file system can't share memory maps",
                              text, got ? got : "");
            break;
        }
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        rv = fail(db, rc, err);
    }
    sqlite3_finalize(handle);
    return rv;
}

/* The number that a pragma gives. */
static apr_status_t number(sqlite3 *db, const char *text, apr_int64_t *value,
                           wf_error_t *err)
{
    sqlite3_stmt *handle;
    apr_status_t rv = prepare(db, &handle, text, err);
    int rc;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rc = sqlite3_step(handle);
    *value = rc == SQLITE_ROW ? sqlite3_column_int64(handle, 0) : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        rv = fail(db, rc, err);
    }
    sqlite3_finalize(handle);
    return rv;
}

/* A new file is told to keep track of its pages, so that free ones can be given back; that
 * is no longer possible once there is anything in it. */
static apr_status_t set_up_file(sqlite3 *db, wf_error_t *err)
{
    apr_int64_t pages;
    apr_status_t rv = number(db, "PRAGMA page_count", &pages, err);

    if (rv == APR_SUCCESS && !pages) {
        rv = pragma(db, "PRAGMA auto_vacuum = INCREMENTAL", NULL, err);
    }
    return rv == APR_SUCCESS ? pragma(db, "PRAGMA journal_mode = WAL", "wal", err) : rv;
}

/* The first switch to WAL needs the file alone, and SQLite does not wait for that:
 * another process that opens the new store in the same moment makes it fail. */
static apr_status_t claim_file(sqlite3 *db, wf_error_t *err)
{
    apr_int64_t deadline = wf_mono_us() + WRITER_BUSY_MS * 1000;

    for (;;) {
        wf_error_t attempt;
        apr_status_t rv;

        wf_error_init(&attempt, err->pool);
        rv = set_up_file(db, &attempt);
        if (rv == APR_SUCCESS) {
            return rv;
        }
        if (wf_mono_us() > deadline || (sqlite3_errcode(db) & 0xff) != SQLITE_BUSY) {
            wf_error_copy(err, &attempt);
            return rv;
        }
        usleep(WAL_RETRY_US);
    }
}

/* ---- free pages ------------------------------------------------------------------ */

#define AUTO_VACUUM_INCREMENTAL 2 /* what PRAGMA auto_vacuum says */

/* In a file that does not keep track of its pages, no free one can be given back. */
static apr_status_t sqlite_give_back(wf_store_t *store, int pages, apr_int64_t *left,
                                     wf_error_t *err)
{
    sqlite3 *db = db_of(store);
    apr_int64_t mode;
    char text[64];
    apr_status_t rv = number(db, "PRAGMA auto_vacuum", &mode, err);

    *left = 0;
    if (rv != APR_SUCCESS || mode != AUTO_VACUUM_INCREMENTAL) {
        return rv;
    }
    apr_snprintf(text, sizeof(text), "PRAGMA incremental_vacuum(%d)", pages);
    rv = pages > 0 ? pragma(db, text, NULL, err) : APR_SUCCESS;
    return rv == APR_SUCCESS ? number(db, "PRAGMA freelist_count", left, err) : rv;
}

/* ---- room ------------------------------------------------------------------------ */

static apr_status_t see_size(connection_t *c, int which, apr_int64_t *size,
                             wf_error_t *err)
{
    sqlite3_stmt **handle = &c->sizes[which];
    apr_status_t rv =
        *handle ? APR_SUCCESS : prepare(c->db, handle, size_texts[which], err);
    int rc;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rc = sqlite3_step(*handle);
    if (rc == SQLITE_ROW) {
        *size = sqlite3_column_int64(*handle, 0);
    }
    else {
        rv = fail(c->db, rc, err);
    }
    sqlite3_reset(*handle);
    return rv;
}

static apr_status_t sqlite_room(wf_store_t *store, wf_room_t *room, wf_error_t *err)
{
    apr_int64_t sizes[SIZES];
    struct statvfs fs;

    for (int i = 0; i < SIZES; i++) {
        apr_status_t rv = see_size(store->connection, i, &sizes[i], err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (statvfs(store->location, &fs) != 0) {
        return wf_error_apr(err, WF_ERR_UNAVAILABLE, errno, "the file of the store");
    }
    room->used = (sizes[PAGE_COUNT] - sizes[FREE_PAGES]) * sizes[PAGE_SIZE];
    room->free = (apr_int64_t)fs.f_bavail * (apr_int64_t)fs.f_frsize;
    return APR_SUCCESS;
}

/* ---- claim ----------------------------------------------------------------------- */

/* All of these before the first statement that writes. */
static apr_status_t sqlite_claim(wf_store_t *store, wf_error_t *err)
{
    static const char *const settings[] = {
        "PRAGMA synchronous = FULL",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = OFF",
        "PRAGMA temp_store = MEMORY", /* savepoints keep old pages there */
        "PRAGMA cache_size = -32768", /* KiB */
    };
    sqlite3 *db = db_of(store);
    apr_status_t rv = claim_file(db, err);

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && rv == APR_SUCCESS;
         i++) {
        rv = pragma(db, settings[i], NULL, err);
    }
    sqlite3_wal_hook(db, on_wal_commit, store->connection);
    return rv == APR_SUCCESS ? see_files(store->connection, err) : rv;
}

static apr_status_t set_up(wf_store_t *store, wf_error_t *err)
{
    connection_t *c = store->connection;
    apr_status_t rv = APR_SUCCESS;

    sqlite3_extended_result_codes(c->db, 1);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_timeout(c->db,
                         store->mode == WF_STORE_WRITE ? WRITER_BUSY_MS : READER_BUSY_MS);
    for (int i = 0; i < WF_TX_STEPS && rv == APR_SUCCESS; i++) {
        rv = prepare(c->db, &c->steps[i], step_texts[i], err);
    }
    return rv;
}

/* An empty one would say that nothing was ever stored. */
static apr_status_t find_file(const char *path, wf_error_t *err)
{
    struct stat st;

    if (stat(path, &st) == 0 && st.st_size > 0) {
        return APR_SUCCESS;
    }
    return wf_error_set(
        err, WF_ERR_UNAVAILABLE,
        "the store %s was removed since httpd was started: put it back, or "
        "stop httpd and start it again",
        path);
}

static apr_status_t sqlite_open(wf_store_t *store, wf_error_t *err)
{
    connection_t *c = apr_pcalloc(store->pool, sizeof(*c));
    int flags = SQLITE_OPEN_NOMUTEX;
    struct stat st;
    apr_status_t rv;
    int rc;

    store->connection = c;
    if (store->mode == WF_STORE_WRITE) {
        flags |= SQLITE_OPEN_READWRITE;
        rv = store->known ? find_file(store->location, err)
                          : create_file(store->location, err);
        c->file.path = store->location;
        c->wal.path = apr_pstrcat(store->pool, store->location, "-wal", NULL);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    else {
        flags |= SQLITE_OPEN_READONLY;
        if (stat(store->location, &st) != 0) {
            return wf_error_apr(err, WF_ERR_UNAVAILABLE, errno, "%s", store->location);
        }
    }
    rc = sqlite3_open_v2(store->location, &c->db, flags, NULL);
    return rc == SQLITE_OK ? set_up(store, err) : fail(c->db, rc, err);
}

static void sqlite_close(wf_store_t *store)
{
    connection_t *c = store->connection;
    sqlite3_stmt *handle;

    while (c && c->db && (handle = sqlite3_next_stmt(c->db, NULL)) != NULL) {
        sqlite3_finalize(handle);
    }
    if (c && c->db) {
        sqlite3_close(c->db);
        c->db = NULL;
    }
}

/* ---- copies ---------------------------------------------------------------------- */

#define COPY_PAGES 256 /* of a piece */

static apr_status_t fail_copy(const char *path, int rc, wf_error_t *err)
{
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "%s %s: %s",
                        rc == SQLITE_FULL ? "no space is left for" : "cannot write", path,
                        sqlite3_errstr(rc));
}

/* The transaction of the reader lasts, so every piece is of the same moment. */
static apr_status_t copy_pieces(sqlite3 *to, sqlite3 *from, const char *path,
                                wf_copy_fn *between, void *baton, wf_error_t *err)
{
    sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
    int goes_on = 1, rc, end;

    if (!copy) {
        return fail_copy(path, sqlite3_errcode(to), err);
    }
    while ((rc = sqlite3_backup_step(copy, COPY_PAGES)) == SQLITE_OK && goes_on) {
        int total = sqlite3_backup_pagecount(copy);

        goes_on =
            !between || between(baton, total - sqlite3_backup_remaining(copy), total);
    }
    end = sqlite3_backup_finish(copy);
    if (!goes_on) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "broken off");
    }
    rc = rc == SQLITE_DONE ? end : rc;
    if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) {
        return fail(from, rc, err);
    }
    return rc == SQLITE_OK ? APR_SUCCESS : fail_copy(path, rc & 0xff, err);
}

/* A connection to the copy, for one thing. */
static apr_status_t with_copy(sqlite3 **to, const char *path, const char *settings,
                              wf_error_t *err)
{
    int rc = sqlite3_open_v2(path, to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(*to, settings, NULL, NULL, NULL);
    }
    return rc == SQLITE_OK ? APR_SUCCESS : fail_copy(path, rc, err);
}

static apr_status_t sync_file(const char *path, wf_error_t *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;
    int failed = rc == 0 ? 0 : errno;

    if (fd >= 0) {
        close(fd);
    }
    return failed ? wf_error_apr(err, WF_ERR_UNAVAILABLE, failed, "cannot write %s", path)
                  : APR_SUCCESS;
}

/* Nobody needs what is half written, so it goes without a journal. At the end the copy
 * leaves WAL mode, so that it is one file which can also be read where nothing may be
 * written. */
static apr_status_t sqlite_copy(wf_store_t *store, const char *path, wf_copy_fn *between,
                                void *baton, wf_error_t *err)
{
    sqlite3 *to = NULL;
    apr_status_t rv =
        with_copy(&to, path, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", err);

    if (rv == APR_SUCCESS) {
        rv = copy_pieces(to, db_of(store), path, between, baton, err);
    }
    sqlite3_close(to);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = with_copy(&to, path, "PRAGMA journal_mode = DELETE", err);
    sqlite3_close(to);
    return rv == APR_SUCCESS ? sync_file(path, err) : rv;
}

static const char *sqlite_migration(int number, const char **name)
{
    for (int i = 0; i < MIGRATIONS; i++) {
        if (wf_sql_sqlite[i].number == number) {
            *name = wf_sql_sqlite[i].name;
            return wf_sql_sqlite[i].text;
        }
    }
    return NULL;
}

const wf_driver_t wf_driver_sqlite = {
    .name = "sqlite",
    .placeholder = '?',
    .tables = "SELECT UPPER(name) FROM sqlite_master WHERE type = 'table'",
    .damage = "SELECT integrity_check FROM pragma_integrity_check"
              " WHERE integrity_check <> 'ok'",
    .dangling = "SELECT \"table\" || ' ' || COALESCE(rowid, '') || ' of ' || parent"
                " FROM pragma_foreign_key_check",
    .check = sqlite_check,
    .open = sqlite_open,
    .claim = sqlite_claim,
    .close = sqlite_close,
    .migration = sqlite_migration,
    .script = sqlite_script,
    .prepare = sqlite_prepare,
    .run = sqlite_run,
    .transact = sqlite_transact,
    .checkpoint = sqlite_checkpoint,
    .make_room = sqlite_make_room,
    .give_back = sqlite_give_back,
    .room = sqlite_room,
    .copy = sqlite_copy,
};
