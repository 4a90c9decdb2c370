/* database: databases of other people, which load tests put statements to: SQLite files
 * and PostgreSQL servers. A connection is used by one thread at a time, which waits for
 * it; each statement has a deadline, and another thread may break it off. What a document
 * may reach is up to terms. Our own store is another room's. */
#ifndef WF_DATABASE_H
#define WF_DATABASE_H

#include "core/core.h"

#define WF_DB_MAX_ROWS 10000               /* of an answer */
#define WF_DB_MAX_BYTES (16 * 1024 * 1024) /* of an answer, and of one value */
#define WF_DB_MAX_SQL (1024 * 1024)        /* bytes of a statement */
#define WF_DB_MAX_PARAMS 1000
#define WF_DB_FILE_BYTES ((apr_int64_t)1024 * 1024 * 1024)  /* SQLite grows no further */
#define WF_DB_MEMORY_BYTES ((apr_int64_t)256 * 1024 * 1024) /* nor :memory: */
#define WF_DB_CONNECT_MS 10000 /* to one address of a server */

/** Forget what libpq would take from the environment (a password, a service): it is the
 *  administrator's and not for documents. Before threads are started. A user who runs his
 *  own documents does without. */
void wf_db_global_init(void);

/* ---- drivers (database.c) ------------------------------------------------------------ */

typedef struct wf_db_driver_t wf_db_driver_t;

/** By its name, or NULL: sqlite, postgres, postgresql. */
const wf_db_driver_t *wf_db_driver_find(const char *name);
const char *wf_db_driver_name(const wf_db_driver_t *driver);
/** 1 if there is such a kind of database, but no driver for it here. */
int wf_db_driver_is_missing(const char *name);
/** 1 if each connection to it is a database of its own (:memory:). */
int wf_db_is_private(const wf_db_driver_t *driver, const char *dsn);

/** Could one connect with it? WF_ERR_INVALID says why not; it quotes no part of dsn but
 *  keywords. */
apr_status_t wf_db_check(const wf_db_driver_t *driver, const char *dsn, apr_pool_t *p,
                         wf_error_t *err);

/* ---- statements (sql.c) ----------------------------------------------------------------- */

typedef enum {
    WF_DB_QUERY,   /* its rows are wanted */
    WF_DB_EXECUTE, /* what it does is wanted; its rows, too, if it has any */
    WF_DB_COUNT,   /* how many rows, or what select count(…) says */
    WF_DB_EXISTS,  /* whether there is a row, or what select exists (…) says */
    WF_DB_BEGIN,
    WF_DB_COMMIT,
    WF_DB_ROLLBACK,
    WF_DB_ACTIONS
} wf_db_action_e;

const char *wf_db_action_name(wf_db_action_e action);

/** What a statement is by its verb, which is looked for behind comments, parentheses and
 *  the WITH clause. Never COUNT or EXISTS. */
wf_db_action_e wf_db_action_of(const char *sql);

/** 1 if it is select [not] exists …, whose answer is its value. */
int wf_db_asks(const char *sql);

/* ---- connections --------------------------------------------------------------------------- */

/** May a connection to this address be opened? As in the room client. Any thread. */
typedef int wf_db_permit_fn(void *baton, const char *host, int port, const char *address);

/** What a document may reach. */
typedef struct wf_db_terms_t {
    const char *directory; /* SQLite files are in it or below; NULL: there are none */
    wf_db_permit_fn *permitted; /* NULL: every server */
    void *baton;
} wf_db_terms_t;

typedef struct wf_db_t wf_db_t;

typedef struct wf_db_statement_t {
    const char *sql;
    wf_db_action_e action;
    const wf_value_t *params; /* bound as $1 …; lists and maps as JSON */
    int nparams;
    apr_int64_t deadline_us; /* wf_mono_us; what has not ended then is broken off */
} wf_db_statement_t;

typedef struct wf_db_answer_t {
    wf_list_t *rows;      /* maps by column; integers, doubles, booleans, null and texts.
                             Decimals are texts, as they are exact; bytes are base64.
                             None for COUNT and EXISTS */
    apr_int64_t count;    /* of rows */
    apr_int64_t affected; /* rows inserted, changed or deleted */
    wf_value_t first; /* the value of the first row if there is one column, else null */
    apr_size_t bytes;
    int late; /* it failed because it was broken off */
} wf_db_answer_t;

/** A connection that is not opened yet; it has a pool of its own and copies dsn and
 * terms. */
wf_db_t *wf_db_create(const wf_db_driver_t *driver, const char *dsn,
                      const wf_db_terms_t *terms);

/** Run a statement, one at a time, on the calling thread; the first one connects, and so
 *  does one that finds the connection broken outside of a transaction. *answer lives in
 * p. WF_ERR_INVALID for what dsn says, WF_ERR_FORBIDDEN for what terms do not allow,
 *  WF_ERR_UNAVAILABLE where the database cannot be reached or is lost, WF_ERR_EXECUTION
 *  with its own code and message, WF_ERR_TOO_LARGE for answers beyond the limits.
 *  Messages hold no part of a dsn. */
apr_status_t wf_db_run(wf_db_t *db, const wf_db_statement_t *statement,
                       wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err);

/** From another thread: break off what is being run, or the next statement. */
void wf_db_hurry(wf_db_t *db);

/** The connection is somebody else's from now on: what hurry said before is forgotten. */
void wf_db_calm(wf_db_t *db);

/** 1 if a transaction is open. */
int wf_db_in_transaction(const wf_db_t *db);
/** 1 if it is of no use any more: to be closed. A new one is not. */
int wf_db_is_broken(const wf_db_t *db);
/** Close and free; an open transaction is rolled back. */
void wf_db_close(wf_db_t *db);

#endif
