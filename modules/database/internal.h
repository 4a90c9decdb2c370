/* database, inside: what a driver is, and what drivers share. */
#ifndef WF_DATABASE_INTERNAL_H
#define WF_DATABASE_INTERNAL_H

#include "database/database.h"

#include <netdb.h>

struct wf_db_driver_t {
    const char *name;

    apr_status_t (*check)(const char *dsn, apr_pool_t *p, wf_error_t *err);

    /** Make db->handle. On failure it is NULL. */
    apr_status_t (*open)(wf_db_t *db, apr_pool_t *p, wf_error_t *err);

    /** Before a statement outside of a transaction: 0 if the connection was lost. May be
     *  NULL. */
    int (*alive)(wf_db_t *db);

    /** Run it. The answer is empty. db->broken is set where the connection is lost. */
    apr_status_t (*run)(wf_db_t *db, const wf_db_statement_t *statement,
                        wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err);

    int (*in_transaction)(const wf_db_t *db);
    void (*close)(wf_db_t *db);
};

struct wf_db_t {
    const wf_db_driver_t *driver;
    apr_pool_t *pool;
    const char *dsn;
    wf_db_terms_t terms;
    void *handle; /* the driver's; NULL: not connected */
    int wake;     /* eventfd: readable once somebody hurries */
    int stop;     /* the same, for who does not poll; atomic */
    int broken;
    apr_int64_t deadline_us; /* of what is under way */
    char denied[80];         /* what SQLite's authorizer has refused, or empty */
};

extern const wf_db_driver_t wf_db_sqlite, wf_db_postgres;

/** 1 if what is under way has to end: somebody hurries, or the deadline is over. */
int wf_db_is_late(const wf_db_t *db);
/** It has ended for that. */
apr_status_t wf_db_late(const wf_db_t *db, wf_db_answer_t *answer, wf_error_t *err);

/** The place of a file in or below terms.directory, without links on the way; create:
 *  make an empty one if there is none. name may say what is wanted for messages. */
apr_status_t wf_db_path_below(const char **path, const wf_db_t *db, const char *name,
                              int create, apr_pool_t *p, wf_error_t *err);

/* ---- answers (answer.c) ------------------------------------------------------------------ */

/** 1 if the rows of the statement are kept. */
int wf_db_keeps_rows(const wf_db_statement_t *statement);
/** One more row: NULL where they are not kept; first: its value if it has one column.
 *  WF_ERR_TOO_LARGE beyond the limits. */
apr_status_t wf_db_answer_row(wf_db_answer_t *answer, wf_map_t *row,
                              const wf_value_t *first, wf_error_t *err);
/** Text of a database; what is not UTF-8 becomes base64. */
wf_value_t wf_db_text(const char *text, apr_size_t length, apr_pool_t *p);
wf_value_t wf_db_base64(const void *data, apr_size_t length, apr_pool_t *p);
/** JSON as a value; what is none as text. */
wf_value_t wf_db_json(const char *text, apr_size_t length, apr_pool_t *p);
/** A parameter that is neither null, number, truth, text nor bytes: as text. */
const char *wf_db_param_text(const wf_value_t *param, apr_pool_t *p);
/** The first line of a database's own words, without blanks at its end. */
const char *wf_db_line(const char *text, apr_pool_t *p);

/* ---- SQLite (sqlite_guard.c) --------------------------------------------------------------- */

struct sqlite3;
/** Keep statements of documents to their own database: no other files, no libraries, no
 *  settings that concern more than the connection; limits. memory: it is no file. */
int wf_db_sqlite_guard(struct sqlite3 *handle, wf_db_t *db, int memory);

/* ---- PostgreSQL (postgres_dsn.c) ------------------------------------------------------------ */

/* A dsn taken apart: what libpq is told, but hostaddr, which is the last one. */
typedef struct wf_db_server_t {
    const char *host;
    int port;
    apr_int64_t connect_ms;
    const char **keywords, **values; /* NULL terminated; room for one more */
    int count;
} wf_db_server_t;

/** db: whose files sslrootcert means; NULL: only check. */
apr_status_t wf_db_server_parse(wf_db_server_t *server, const char *dsn,
                                const wf_db_t *db, apr_pool_t *p, wf_error_t *err);
/** Look the host up, until the deadline of what db does: *addresses gets const char *,
 *  only those that its terms permit. */
apr_status_t wf_db_server_resolve(apr_array_header_t **addresses,
                                  const wf_db_server_t *server, const wf_db_t *db,
                                  apr_pool_t *p, wf_error_t *err);

/* ---- names of hosts (lookup.c) --------------------------------------------------------------- */

/** Its addresses, to be given to freeaddrinfo. WF_ERR_UNAVAILABLE if there are none, or if
 *  none have come by the deadline of what db does, or when somebody hurries. */
apr_status_t wf_db_look_up(struct addrinfo **all, const wf_db_t *db, const char *host,
                           wf_error_t *err);

#endif
