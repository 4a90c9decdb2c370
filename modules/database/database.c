/* Connections: which driver they are of, how they are opened when they are needed, and
 * how another thread breaks off what is under way. */
#include "database/internal.h"

#include <apr_strings.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- drivers ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const wf_db_driver_t *driver; /* NULL: known, missing */
} drivers[] = {
    { "sqlite", &wf_db_sqlite },
    { "sqlite3", &wf_db_sqlite },
    { "postgres", &wf_db_postgres },
    { "postgresql", &wf_db_postgres },
    { "mysql", NULL },
    { "mariadb", NULL },
    { "mongodb", NULL },
    { "redis", NULL },
};

#define DRIVERS (sizeof(drivers) / sizeof(drivers[0]))

static size_t row_of(const char *name)
{
    size_t i;

    for (i = 0; i < DRIVERS && strcmp(drivers[i].name, name) != 0; i++) {
    }
    return i;
}

const wf_db_driver_t *wf_db_driver_find(const char *name)
{
    size_t i = row_of(name);

    return i < DRIVERS ? drivers[i].driver : NULL;
}

int wf_db_driver_is_missing(const char *name)
{
    size_t i = row_of(name);

    return i < DRIVERS && drivers[i].driver == NULL;
}

const char *wf_db_driver_name(const wf_db_driver_t *driver)
{
    return driver->name;
}

int wf_db_is_private(const wf_db_driver_t *driver, const char *dsn)
{
    return driver == &wf_db_sqlite && strcmp(dsn, ":memory:") == 0;
}

apr_status_t wf_db_check(const wf_db_driver_t *driver, const char *dsn, apr_pool_t *p,
                         wf_error_t *err)
{
    return driver->check(dsn, p, err);
}

void wf_db_global_init(void)
{
    PQconninfoOption *options = PQconndefaults(), *o;

    for (o = options; o != NULL && o->keyword != NULL; o++) {
        if (o->envvar != NULL) {
            unsetenv(o->envvar);
        }
    }
    PQconninfoFree(options);
    unsetenv("PGSERVICE"); /* the defaults are none if it names no service */
    unsetenv("PGPASSWORD");
    unsetenv("PGPASSFILE");
}

/* ---- breaking off ------------------------------------------------------------------------ */

int wf_db_is_late(const wf_db_t *db)
{
    return __atomic_load_n(&db->stop, __ATOMIC_ACQUIRE)
           || wf_mono_us() >= db->deadline_us;
}

apr_status_t wf_db_late(const wf_db_t *db, wf_db_answer_t *answer, wf_error_t *err)
{
    answer->late = 1;
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "%s",
                        __atomic_load_n(&db->stop, __ATOMIC_ACQUIRE) ? "broken off"
                                                                     : "timed out");
}

void wf_db_hurry(wf_db_t *db)
{
    apr_uint64_t one = 1;

    __atomic_store_n(&db->stop, 1, __ATOMIC_RELEASE);
    if (write(db->wake, &one, sizeof(one)) < 0) { /* full: it is readable already */
        return;
    }
}

void wf_db_calm(wf_db_t *db)
{
    apr_uint64_t count;

    __atomic_store_n(&db->stop, 0, __ATOMIC_RELEASE);
    if (read(db->wake, &count, sizeof(count)) < 0) { /* empty, as it should be */
        return;
    }
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Of SQLite's files only paths are handled: a process loses its locks on a file when it
 * closes any descriptor of it. One that is new is closed before anybody can have a lock.
 */
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static apr_status_t open_path(int *fd, const char *directory, const char *name,
                              int create, wf_error_t *err)
{
    wf_error_t missing;
    int made;

    wf_error_init(&missing, err->pool);
    if (wf_file_open_below(fd, directory, name, O_PATH, &missing) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (!create || missing.kind != WF_ERR_NOT_FOUND) {
        wf_error_copy(err, &missing);
        return WF_EFAILED;
    }
    if (wf_file_open_below(&made, directory, name, O_RDWR | O_CREAT | O_EXCL, err)
        != APR_SUCCESS) {
        return WF_EFAILED;
    }
    close(made);
    return wf_file_open_below(fd, directory, name, O_PATH, err);
}

static apr_status_t name_of(const char **path, int fd, const char *name, apr_pool_t *p,
                            wf_error_t *err)
{
    char at[4096];
    ssize_t length = readlink(apr_psprintf(p, "/proc/self/fd/%d", fd), at, sizeof(at));
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        return wf_error_set(err, WF_ERR_FORBIDDEN, "file %.200s is no plain file", name);
    }
    if (length <= 0 || length == (ssize_t)sizeof(at)) {
        return wf_error_set(err, WF_ERR_INTERNAL, "file %.200s: its place is unknown",
                            name);
    }
    *path = apr_pstrmemdup(p, at, (apr_size_t)length);
    return APR_SUCCESS;
}

apr_status_t wf_db_path_below(const char **path, const wf_db_t *db, const char *name,
                              int create, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv;
    int fd;

    if (db->terms.directory == NULL) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            "no directory of files is configured (WorkflowDataDir)");
    }
    pthread_mutex_lock(&making);
    rv = open_path(&fd, db->terms.directory, name, create, err);
    pthread_mutex_unlock(&making);
    if (rv == APR_SUCCESS) {
        rv = name_of(path, fd, name, p, err);
        close(fd);
    }
    return rv;
}

/* ---- life ------------------------------------------------------------------------------------ */

wf_db_t *wf_db_create(const wf_db_driver_t *driver, const char *dsn,
                      const wf_db_terms_t *terms)
{
    apr_pool_t *pool = wf_pool_create("wf_db", 0);
    wf_db_t *db;

    if (pool == NULL) {
        abort();
    }
    db = apr_pcalloc(pool, sizeof(*db));
    db->driver = driver;
    db->pool = pool;
    db->dsn = apr_pstrdup(pool, dsn);
    db->terms = *terms;
    db->terms.directory = apr_pstrdup(pool, terms->directory);
    db->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return db;
}

/* Outside of a transaction nobody minds a new connection. */
static apr_status_t connect_if_needed(wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    const wf_db_driver_t *driver = db->driver;

    if (db->handle != NULL && driver->alive != NULL && !driver->in_transaction(db)
        && !driver->alive(db)) {
        driver->close(db);
        db->handle = NULL;
        db->broken = 0;
    }
    if (db->handle != NULL) {
        return APR_SUCCESS;
    }
    if (db->wake < 0) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "too many open files");
    }
    return driver->open(db, p, err);
}

static apr_status_t check_statement(const wf_db_statement_t *statement, wf_error_t *err)
{
    if (strlen(statement->sql) > WF_DB_MAX_SQL) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "a statement has at most %d bytes",
                            WF_DB_MAX_SQL);
    }
    if (statement->nparams > WF_DB_MAX_PARAMS) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "a statement has at most %d parameters", WF_DB_MAX_PARAMS);
    }
    return APR_SUCCESS;
}

apr_status_t wf_db_run(wf_db_t *db, const wf_db_statement_t *statement,
                       wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = check_statement(statement, err);

    memset(answer, 0, sizeof(*answer));
    answer->rows = wf_list_create(p);
    db->deadline_us = statement->deadline_us;
    *db->denied = '\0';
    if (rv == APR_SUCCESS) {
        rv = connect_if_needed(db, p, err);
    }
    if (rv == APR_SUCCESS) {
        rv = db->driver->run(db, statement, answer, p, err);
    }
    else if (wf_db_is_late(db)) {
        answer->late = 1;
    }
    return rv;
}

int wf_db_in_transaction(const wf_db_t *db)
{
    return db->handle != NULL && db->driver->in_transaction(db);
}

int wf_db_is_broken(const wf_db_t *db)
{
    return db->broken;
}

void wf_db_close(wf_db_t *db)
{
    if (db->handle != NULL) {
        db->driver->close(db);
    }
    if (db->wake >= 0) {
        close(db->wake);
    }
    apr_pool_destroy(db->pool);
}
