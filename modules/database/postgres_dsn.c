/* The dsn of a PostgreSQL server: key=value words or a URI, as libpq reads them. Keywords
 * are listed here, as others would lend documents the files, credentials and sockets of
 * this server. */
#include "database/internal.h"

#include <apr_strings.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#define NOWHERE "/dev/null/none" /* a file that cannot exist: libpq goes on without */
#define MAX_KEYWORDS 64
#define MAX_ADDRESSES 16

typedef enum { PASSED, HOST, PORT, SECONDS, FILE_BELOW } kind_e;

static const struct {
    const char *keyword;
    kind_e kind;
} allowed[] = {
    { "host", HOST },
    { "port", PORT },
    { "dbname", PASSED },
    { "user", PASSED },
    { "password", PASSED },
    { "connect_timeout", SECONDS },
    { "application_name", PASSED },
    { "options", PASSED },
    { "sslmode", PASSED },
    { "sslrootcert", FILE_BELOW },
    { "sslsni", PASSED },
    { "ssl_min_protocol_version", PASSED },
    { "ssl_max_protocol_version", PASSED },
    { "channel_binding", PASSED },
    { "target_session_attrs", PASSED },
    { "keepalives", PASSED },
    { "keepalives_idle", PASSED },
    { "keepalives_interval", PASSED },
    { "keepalives_count", PASSED },
    { "tcp_user_timeout", PASSED },
};

/* What libpq would look for by itself if it were not told. */
static const char *const told[][2] = {
    { "client_encoding", "UTF8" }, { "fallback_application_name", "mod_workflow" },
    { "gssencmode", "disable" },   { "passfile", NOWHERE },
    { "sslcert", NOWHERE },        { "sslkey", NOWHERE },
    { "sslcrl", NOWHERE },
};

static const char *find(const wf_db_server_t *server, const char *keyword)
{
    int i;

    for (i = 0; i < server->count; i++) {
        if (strcmp(server->keywords[i], keyword) == 0) {
            return server->values[i];
        }
    }
    return NULL;
}

static void tell(wf_db_server_t *server, const char *keyword, const char *value)
{
    server->keywords[server->count] = keyword;
    server->values[server->count++] = value;
}

/* ---- members --------------------------------------------------------------------------------- */

static apr_status_t read_host(wf_db_server_t *server, const char *value, wf_error_t *err)
{
    if (*value == '/' || *value == '@') {
        return wf_error_set(
            err, WF_ERR_INVALID,
            "host: sockets of this machine are not for load tests: name a "
            "host");
    }
    if (strchr(value, ',') != NULL) {
        return wf_error_set(err, WF_ERR_INVALID, "host: names more than one host");
    }
    server->host = value;
    return APR_SUCCESS;
}

static apr_status_t read_number(const char *keyword, const char *value, apr_int64_t least,
                                apr_int64_t most, apr_int64_t *number, wf_error_t *err)
{
    if (!wf_parse_int64(value, number) || *number < least || *number > most) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "%s: must be a number from %" APR_INT64_T_FMT
                            " to %" APR_INT64_T_FMT,
                            keyword, least, most);
    }
    return APR_SUCCESS;
}

static apr_status_t read_option(wf_db_server_t *server, const PQconninfoOption *o,
                                kind_e kind, const wf_db_t *db, apr_pool_t *p,
                                wf_error_t *err)
{
    const char *value = apr_pstrdup(p, o->val);
    apr_status_t rv = APR_SUCCESS;
    apr_int64_t number;

    switch (kind) {
    case HOST:
        rv = read_host(server, value, err);
        break;
    case PORT:
        rv = read_number(o->keyword, value, 1, 65535, &number, err);
        server->port = rv == APR_SUCCESS ? (int)number : 0;
        break;
    case SECONDS:
        rv = read_number(o->keyword, value, 0, 3600, &number, err);
        if (rv == APR_SUCCESS && number > 0) {
            server->connect_ms = number * 1000;
        }
        return rv; /* minded by us: libpq does not where it is not waited for */
    case FILE_BELOW:
        if (db != NULL && strcmp(value, "system") != 0) {
            rv = wf_db_path_below(&value, db, value, 0, p, err);
        }
        break;
    case PASSED:
        break;
    }
    tell(server, apr_pstrdup(p, o->keyword), value);
    return rv;
}

static int row_of(const char *keyword)
{
    int i;

    for (i = 0; i < (int)(sizeof(allowed) / sizeof(allowed[0])); i++) {
        if (strcmp(allowed[i].keyword, keyword) == 0) {
            return i;
        }
    }
    return -1;
}

static apr_status_t read_options(wf_db_server_t *server, const PQconninfoOption *options,
                                 const wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    const PQconninfoOption *o;

    for (o = options; o->keyword != NULL; o++) {
        int row = row_of(o->keyword);
        apr_status_t rv;

        if (o->val == NULL || *o->val == '\0') {
            continue;
        }
        if (row < 0) {
            return wf_error_set(err, WF_ERR_INVALID, "%s: not allowed here", o->keyword);
        }
        rv = read_option(server, o, allowed[row].kind, db, p, err);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t complete(wf_db_server_t *server, wf_error_t *err)
{
    size_t i;

    if (server->host == NULL) {
        return wf_error_set(err, WF_ERR_INVALID, "host: is required");
    }
    if (find(server, "user") == NULL) {
        return wf_error_set(err, WF_ERR_INVALID, "user: is required");
    }
    for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        tell(server, told[i][0], told[i][1]);
    }
    if (find(server, "sslrootcert") == NULL) {
        tell(server, "sslrootcert", NOWHERE);
    }
    if (find(server, "tcp_user_timeout") == NULL) { /* of cancel requests, too */
        tell(server, "tcp_user_timeout", APR_STRINGIFY(WF_DB_CONNECT_MS));
    }
    return APR_SUCCESS;
}

apr_status_t wf_db_server_parse(wf_db_server_t *server, const char *dsn,
                                const wf_db_t *db, apr_pool_t *p, wf_error_t *err)
{
    char *words = NULL;
    PQconninfoOption *options = PQconninfoParse(dsn, &words);
    apr_status_t rv;

    PQfreemem(words); /* they quote the dsn, perhaps its password */
    if (options == NULL) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "is neither postgresql://user:password@host/database nor "
                            "keyword=value words of PostgreSQL");
    }
    memset(server, 0, sizeof(*server));
    server->port = 5432;
    server->connect_ms = WF_DB_CONNECT_MS;
    server->keywords = apr_pcalloc(p, MAX_KEYWORDS * sizeof(char *));
    server->values = apr_pcalloc(p, MAX_KEYWORDS * sizeof(char *));
    rv = read_options(server, options, db, p, err);
    PQconninfoFree(options);
    return rv == APR_SUCCESS ? complete(server, err) : rv;
}

/* ---- addresses -------------------------------------------------------------------------------- */

static const char *address_text(const struct addrinfo *info, apr_pool_t *p)
{
    char text[NI_MAXHOST];

    return getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
                       NI_NUMERICHOST)
                   == 0
               ? apr_pstrdup(p, text)
               : NULL;
}

apr_status_t wf_db_server_resolve(apr_array_header_t **addresses,
                                  const wf_db_server_t *server, const wf_db_t *db,
                                  apr_pool_t *p, wf_error_t *err)
{
    const wf_db_terms_t *terms = &db->terms;
    struct addrinfo *all, *one;

    *addresses = apr_array_make(p, 4, sizeof(const char *));
    if (wf_db_look_up(&all, db, server->host, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    for (one = all; one != NULL && (*addresses)->nelts < MAX_ADDRESSES;
         one = one->ai_next) {
        const char *text = address_text(one, p);

        if (text != NULL
            && (terms->permitted == NULL
                || terms->permitted(terms->baton, server->host, server->port, text))) {
            APR_ARRAY_PUSH(*addresses, const char *) = text;
        }
    }
    freeaddrinfo(all);
    if ((*addresses)->nelts == 0) {
        return wf_error_set(err, WF_ERR_FORBIDDEN,
                            "connections to this address are not permitted");
    }
    return APR_SUCCESS;
}
