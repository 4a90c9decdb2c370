/* PostgreSQL through libpq, which is never waited for itself: its socket and the
 * connection's wake are, up to the deadline. A statement that is broken off is cancelled
 * at the server; where that does not help, the connection goes. */
#include "database/internal.h"

#include <apr_strings.h>
#include <errno.h>
#include <libpq-fe.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define CANCEL_WAIT_US 2000000 /* for the end of a cancelled statement */
#define ROW_ON_WIRE (2 * (apr_uint64_t)WF_DB_MAX_BYTES) /* bytea is sent as hex */

static apr_status_t check(const char *dsn, apr_pool_t *p, wf_error_t *err)
{
    wf_db_server_t server;

    return wf_db_server_parse(&server, dsn, NULL, p, err);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

/* 1: the socket is ready, 0: it is too late. wake: -1 to mind the deadline alone. */
static int wait_for(const PGconn *conn, int wake, short events, apr_int64_t deadline_us)
{
    struct pollfd fds[2] = { { .fd = PQsocket(conn), .events = events },
                             { .fd = wake, .events = POLLIN } };
    int n;

    do {
        apr_int64_t left_us = deadline_us - wf_mono_us();

        if (left_us <= 0) {
            return 0;
        }
        n = poll(fds, 2, left_us > 3600000000 ? 3600000 : (int)((left_us + 999) / 1000));
    } while (n < 0 ? errno == EINTR : n == 0);
    return n > 0 && !(fds[1].revents & POLLIN);
}

/* ---- connecting ------------------------------------------------------------------------------- */

static void ignore_notice(void *baton, const PGresult *result)
{
    (void)baton;
    (void)result;
}

/* The server quotes what the dsn says, which may come from a secret. */
static const char *hide(const char *text, const wf_db_server_t *server, apr_pool_t *p)
{
    int i;

    for (i = 0; i < server->count; i++) {
        const char *quoted = apr_pstrcat(p, "\"", server->values[i], "\"", NULL);
        const char *at = strstr(text, quoted);

        if (at != NULL) {
            text = apr_psprintf(p, "%.*s\"...\"%s", (int)(at - text), text,
                                at + strlen(quoted));
        }
    }
    return text;
}

/* libpq's own words, without the address that it puts in front. */
static const char *connect_words(const PGconn *conn, const wf_db_server_t *server,
                                 apr_pool_t *p)
{
    const char *text = PQerrorMessage(conn);
    const char *failed = strstr(text, " failed: ");

    text = wf_db_line(failed ? failed + strlen(" failed: ") : text, p);
    return *text ? hide(text, server, p) : "the connection was closed";
}

static apr_status_t connect_to(PGconn **out, wf_db_t *db, const wf_db_server_t *server,
                               const char *address, apr_pool_t *p, wf_error_t *err)
{
    apr_int64_t until = wf_mono_us() + server->connect_ms * 1000;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    PGconn *conn;

    until = until < db->deadline_us ? until : db->deadline_us;
    server->keywords[server->count] = "hostaddr";
    server->values[server->count] = address;
    conn = PQconnectStartParams(server->keywords, server->values, 0);
    if (conn != NULL) {
        PQsetNoticeReceiver(conn, ignore_notice, NULL);
    }
    while (conn != NULL && PQstatus(conn) != CONNECTION_BAD && status != PGRES_POLLING_OK
           && status != PGRES_POLLING_FAILED) {
        if (!wait_for(conn, db->wake, status == PGRES_POLLING_READING ? POLLIN : POLLOUT,
                      until)) {
            PQfinish(conn);
            return wf_error_set(err, WF_ERR_UNAVAILABLE, "cannot connect: timed out");
        }
        status = PQconnectPoll(conn);
    }
    if (conn == NULL || status != PGRES_POLLING_OK) {
        wf_error_set(err, WF_ERR_UNAVAILABLE, "cannot connect: %s",
                     conn ? connect_words(conn, server, p) : "out of memory");
        PQfinish(conn);
        return WF_EFAILED;
    }
    PQsetnonblocking(conn, 1);
    *out = conn;
    return APR_SUCCESS;
}

static apr_status_t open_postgres(wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    apr_array_header_t *addresses;
    wf_db_server_t server;
    PGconn *conn = NULL;
    int i;

    if (wf_db_server_parse(&server, db->dsn, db, p, err) != APR_SUCCESS
        || wf_db_server_resolve(&addresses, &server, db, p, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    for (i = 0; i < addresses->nelts && conn == NULL && (i == 0 || !wf_db_is_late(db));
         i++) {
        connect_to(&conn, db, &server, APR_ARRAY_IDX(addresses, i, const char *), p, err);
    }
    db->handle = conn; /* of several failures the first one is told */
    return conn ? APR_SUCCESS : WF_EFAILED;
}

static int alive(wf_db_t *db)
{
    PGconn *conn = db->handle;
    struct pollfd fd = { .fd = PQsocket(conn), .events = POLLIN };

    if (PQstatus(conn) != CONNECTION_OK || fd.fd < 0) {
        return 0;
    }
    return poll(&fd, 1, 0) <= 0
           || (PQconsumeInput(conn) && PQstatus(conn) == CONNECTION_OK);
}

/* ---- results ----------------------------------------------------------------------------------- */

/* Types by their fixed ids (pg_type.dat); all others are texts. */
typedef enum { TEXT, BOOLEAN, INTEGER, DOUBLE, BYTES, JSON } type_e;

static type_e type_of(Oid oid)
{
    static const struct {
        Oid oid;
        type_e type;
    } types[] = {
        { 16, BOOLEAN }, { 17, BYTES }, { 20, INTEGER }, { 21, INTEGER }, { 23, INTEGER },
        { 26, INTEGER }, { 114, JSON }, { 3802, JSON },  { 700, DOUBLE }, { 701, DOUBLE },
    };
    size_t i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (types[i].oid == oid) {
            return types[i].type;
        }
    }
    return TEXT;
}

static wf_value_t bytes_of(const char *text, apr_pool_t *p)
{
    size_t length;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)text, &length);
    wf_value_t value = wf_null();

    if (bytes != NULL) {
        value = wf_db_base64(bytes, length, p);
        PQfreemem(bytes);
    }
    return value;
}

static wf_value_t value_of(const PGresult *result, int row, int column, apr_pool_t *p)
{
    const char *text = PQgetvalue(result, row, column);
    apr_size_t length = (apr_size_t)PQgetlength(result, row, column);
    apr_int64_t integer;
    char *end;
    double number;

    if (PQgetisnull(result, row, column)) {
        return wf_null();
    }
    switch (type_of(PQftype(result, column))) {
    case BOOLEAN:
        return wf_boolean(*text == 't');
    case INTEGER:
        return wf_parse_int64(text, &integer) ? wf_integer(integer)
                                              : wf_db_text(text, length, p);
    case DOUBLE: /* NaN and Infinity are no JSON numbers */
        number = strtod(text, &end);
        return *end == '\0' && strpbrk(text, "Nn") == NULL ? wf_double(number)
                                                           : wf_db_text(text, length, p);
    case BYTES:
        return bytes_of(text, p);
    case JSON:
        return wf_db_json(text, length, p);
    case TEXT:
        break;
    }
    return wf_db_text(text, length, p);
}

static apr_status_t add_rows(const PGresult *result, int keep, wf_db_answer_t *answer,
                             apr_pool_t *p, wf_error_t *err)
{
    int n = PQnfields(result);
    apr_status_t rv = APR_SUCCESS;
    int row, i;

    for (row = 0; row < PQntuples(result) && rv == APR_SUCCESS; row++) {
        wf_map_t *map = keep ? wf_map_create(p) : NULL;
        wf_value_t first = wf_null();

        for (i = 0; keep && i < n; i++) {
            wf_map_set(map, PQfname(result, i), value_of(result, row, i, p));
        }
        if (answer->count == 0 && n == 1) {
            first = value_of(result, row, 0, p);
        }
        rv = wf_db_answer_row(answer, map, &first, err);
    }
    return rv;
}

/* SELECT counts in its command tag, too. */
static void count_affected(PGresult *result, wf_db_answer_t *answer)
{
    static const char *const tags[] = { "INSERT", "UPDATE", "DELETE", "MERGE" };
    size_t i;

    for (i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (strncmp(PQcmdStatus(result), tags[i], strlen(tags[i])) == 0) {
            wf_parse_int64(PQcmdTuples(result), &answer->affected);
        }
    }
}

static apr_status_t failed(wf_db_t *db, const PGresult *result, apr_pool_t *p,
                           wf_error_t *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (state == NULL) {
        db->broken = 1;
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "the connection was lost");
    }
    if (severity != NULL && strcmp(severity, "ERROR") != 0) { /* it ends the connection */
        db->broken = 1;
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "the connection was lost: %s: %s",
                            state, words ? wf_db_line(words, p) : "");
    }
    return wf_error_set(err, WF_ERR_EXECUTION, "SQLSTATE %s: %s", state,
                        words ? wf_db_line(words, p) : "");
}

/* COMMIT of a transaction that had failed says ROLLBACK, and means it. */
static apr_status_t check_commit(PGresult *result, const wf_db_statement_t *asked,
                                 wf_error_t *err)
{
    if (asked->action == WF_DB_COMMIT && strcmp(PQcmdStatus(result), "ROLLBACK") == 0) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "the transaction had failed: it was rolled back");
    }
    return APR_SUCCESS;
}

static apr_status_t take_result(wf_db_t *db, PGresult *result,
                                const wf_db_statement_t *asked, wf_db_answer_t *answer,
                                apr_pool_t *p, wf_error_t *err)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        return add_rows(result, wf_db_keeps_rows(asked), answer, p, err);
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        count_affected(result, answer);
        return check_commit(result, asked, err);
    case PGRES_EMPTY_QUERY:
        return wf_error_set(err, WF_ERR_EXECUTION, "there is no statement");
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
        db->broken = 1; /* it waits for data, and there are none */
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "COPY to and from a step: not supported");
    default:
        return failed(db, result, p, err);
    }
}

/* ---- running ----------------------------------------------------------------------------------- */

static apr_status_t lost(wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    db->broken = 1;
    return wf_error_set(err, WF_ERR_UNAVAILABLE, "the connection was lost: %s",
                        wf_db_line(PQerrorMessage(db->handle), p));
}

/* OpenSSL may hold the second half of a record of 16 KiB, which no socket tells of. */
static int consume(PGconn *conn)
{
    return PQconsumeInput(conn)
           && (!PQsslInUse(conn) || !PQisBusy(conn) || PQconsumeInput(conn));
}

/* Bytes that have come over the connection, as the kernel counts them. */
static apr_uint64_t received(const PGconn *conn)
{
    struct tcp_info info = { 0 };
    socklen_t length = sizeof(info);

    return getsockopt(PQsocket(conn), IPPROTO_TCP, TCP_INFO, &info, &length) == 0
               ? info.tcpi_bytes_received
               : 0;
}

/* What waiting for a result came to. */
typedef enum { THERE, TOO_LATE, LOST, TOO_LARGE } awaited_e;

/* Wait for the next result. libpq would take a row of a gigabyte into memory before it
 * tells of it, so what comes meanwhile is counted. */
static awaited_e await_result(PGconn *conn, int wake, apr_int64_t deadline_us)
{
    apr_uint64_t before = 0;
    int flushing = PQflush(conn);

    for (;;) {
        if (flushing < 0) {
            return LOST;
        }
        if (!flushing && !PQisBusy(conn)) {
            return THERE;
        }
        before = before ? before : received(conn);
        if (!wait_for(conn, wake, flushing ? POLLIN | POLLOUT : POLLIN, deadline_us)) {
            return TOO_LATE;
        }
        if (!consume(conn)) {
            return LOST;
        }
        if (received(conn) - before > ROW_ON_WIRE) {
            return TOO_LARGE;
        }
        flushing = flushing ? PQflush(conn) : 0;
    }
}

/* Why there is no result. */
static apr_status_t not_there(wf_db_t *db, awaited_e why, wf_db_answer_t *answer,
                              apr_pool_t *p, wf_error_t *err)
{
    switch (why) {
    case LOST:
        return lost(db, p, err);
    case TOO_LARGE:
        db->broken = 1; /* what is still on its way would have to be read */
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "the answer has more than %d bytes: ask for less",
                            WF_DB_MAX_BYTES);
    default:
        return wf_db_late(db, answer, err);
    }
}

/* Nobody wants what is left of the statement. The connection is usable if the server says
 * soon that it has ended. */
static void abandon(wf_db_t *db)
{
    PGconn *conn = db->handle;
    apr_int64_t until = wf_mono_us() + CANCEL_WAIT_US;
    PGcancel *cancel = PQgetCancel(conn);
    PGresult *result;
    char words[256];

    if (cancel != NULL) {
        PQcancel(cancel, words, sizeof(words));
        PQfreeCancel(cancel);
    }
    while (!db->broken) {
        if (await_result(conn, -1, until) != THERE) {
            db->broken = 1;
            return;
        }
        result = PQgetResult(conn);
        if (result == NULL) {
            return;
        }
        db->broken = PQresultStatus(result) == PGRES_COPY_IN
                     || PQresultStatus(result) == PGRES_COPY_OUT;
        PQclear(result);
    }
}

static apr_status_t read_results(wf_db_t *db, const wf_db_statement_t *asked,
                                 wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err)
{
    PGconn *conn = db->handle;
    apr_status_t rv = APR_SUCCESS;
    PGresult *result;

    for (;;) {
        awaited_e awaited = await_result(conn, db->wake, asked->deadline_us);

        if (awaited != THERE) {
            return not_there(db, awaited, answer, p, err);
        }
        result = PQgetResult(conn);
        if (result == NULL) {
            return rv;
        }
        if (rv == APR_SUCCESS) {
            rv = take_result(db, result, asked, answer, p, err);
        }
        PQclear(result);
        if (db->broken || (rv != APR_SUCCESS && err->kind == WF_ERR_TOO_LARGE)) {
            return rv;
        }
    }
}

/* The server decides what type a parameter has; only bytes are none of its texts. */
static apr_status_t send_statement(wf_db_t *db, const wf_db_statement_t *asked,
                                   apr_pool_t *p, wf_error_t *err)
{
    int n = asked->nparams;
    const char **values = apr_pcalloc(p, (n + 1) * sizeof(*values));
    int *lengths = apr_pcalloc(p, (n + 1) * sizeof(*lengths));
    int *formats = apr_pcalloc(p, (n + 1) * sizeof(*formats));
    int i;

    for (i = 0; i < n; i++) {
        const wf_value_t *v = &asked->params[i];

        formats[i] = v->type == WF_BYTES;
        lengths[i] = v->type == WF_BYTES ? (int)v->as.text.length : 0;
        values[i] = v->type == WF_NULL    ? NULL
                    : v->type == WF_BYTES ? v->as.text.data
                                          : wf_db_param_text(v, p);
    }
    if (!PQsendQueryParams(db->handle, asked->sql, n, NULL, values, lengths, formats,
                           0)) {
        return lost(db, p, err);
    }
    PQsetSingleRowMode(db->handle); /* so that a long answer never is in memory */
    return APR_SUCCESS;
}

static apr_status_t run(wf_db_t *db, const wf_db_statement_t *asked,
                        wf_db_answer_t *answer, apr_pool_t *p, wf_error_t *err)
{
    apr_status_t rv = send_statement(db, asked, p, err);

    if (rv == APR_SUCCESS) {
        rv = read_results(db, asked, answer, p, err);
    }
    if (!db->broken && PQtransactionStatus(db->handle) == PQTRANS_ACTIVE) {
        abandon(db);
    }
    return rv;
}

static int in_transaction(const wf_db_t *db)
{
    PGTransactionStatusType status = PQtransactionStatus(db->handle);

    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

static void close_postgres(wf_db_t *db)
{
    PQfinish(db->handle);
}

const wf_db_driver_t wf_db_postgres = {
    .name = "postgres",
    .check = check,
    .open = open_postgres,
    .alive = alive,
    .run = run,
    .in_transaction = in_transaction,
    .close = close_postgres,
};
