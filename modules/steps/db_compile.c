/* What the config of a db step says. Everything that does not depend on templates is
 * checked here, so that it is told before a run begins. */
#include "steps/db_step.h"

#include <stddef.h>
#include <string.h>

typedef struct draft_t {
    const char *driver, *dsn, *sql, *query, *tx_id;
    int action;
    const wf_node_t *params;
    apr_int64_t max_connections, timeout_ns;
} draft_t;

static const char *const action_words[] = { "query", "execute", "count",    "exists",
                                            "begin", "commit",  "rollback", NULL };

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("driver", STRING, draft_t, driver),
    WF_FIELD("dsn", STRING, draft_t, dsn),
    WF_ONE_OF("action", action_words, draft_t, action),
    WF_FIELD("sql", STRING, draft_t, sql),
    WF_FIELD("query", STRING, draft_t, query),
    WF_FIELD("params", LIST, draft_t, params),
    WF_FIELD("tx_id", STRING, draft_t, tx_id),
    WF_FIELD("max_connections", INTEGER, draft_t, max_connections),
    WF_FIELD("timeout", DURATION, draft_t, timeout_ns),
    WF_FIELDS_END
};
/* clang-format on */

typedef struct place_t {
    wf_compile_t *c;
    const wf_node_t *config;
    const wf_where_t *path;
} place_t;

static void problem(const place_t *place, const char *rule, const char *key,
                    const char *text)
{
    wf_where_t at = { .up = place->path, .key = key };
    const wf_node_t *node = wf_node_get(place->config, key);

    wf_compile_problem(place->c, rule, node ? node : place->config, &at, "%s", text);
}

static wf_text_t text_of(const place_t *place, const char *key, const char *text)
{
    wf_where_t at = { .up = place->path, .key = key };

    return wf_compile_text(place->c, text, wf_node_get(place->config, key), &at);
}

/* ---- driver and dsn ------------------------------------------------------------------------ */

static void compile_driver(wf_db_step_t *own, const draft_t *draft, const place_t *place)
{
    const char *name = draft->driver ? draft->driver : "sqlite";

    own->driver = wf_db_driver_find(name);
    if (own->driver == NULL && wf_db_driver_is_missing(name)) {
        problem(place, "unsupported", "driver",
                apr_psprintf(place->c->p,
                             "driver %s: not supported by this version; sqlite and "
                             "postgres are",
                             name));
    }
    else if (own->driver == NULL) {
        problem(place, "value", "driver", "must be sqlite or postgres");
    }
}

/* SQLite has a database without a name. */
static void compile_dsn(wf_db_step_t *own, const draft_t *draft, const place_t *place)
{
    const char *dsn = draft->dsn;
    wf_error_t err;

    if (own->driver == NULL) {
        return;
    }
    if (dsn == NULL && strcmp(wf_db_driver_name(own->driver), "sqlite") != 0) {
        problem(place, "required", "dsn", "is required");
        return;
    }
    own->dsn = text_of(place, "dsn", dsn ? dsn : ":memory:");
    wf_error_init(&err, place->c->p);
    if (own->dsn.tmpl == NULL
        && wf_db_check(own->driver, own->dsn.literal, place->c->p, &err) != APR_SUCCESS) {
        problem(place, "value", "dsn", err.message);
    }
}

/* ---- sql and parameters ---------------------------------------------------------------------- */

static const char *standard_sql(int action)
{
    return action == WF_DB_BEGIN      ? "BEGIN"
           : action == WF_DB_COMMIT   ? "COMMIT"
           : action == WF_DB_ROLLBACK ? "ROLLBACK"
                                      : NULL;
}

static int is_secret(const char *text)
{
    return text != NULL && strstr(text, "${secret:") != NULL;
}

static int has_secret(const wf_node_t *node)
{
    const wf_member_t *m;

    if (node->type == WF_NODE_STRING) {
        return is_secret(node->text);
    }
    if (node->type == WF_NODE_LIST || node->type == WF_NODE_MAP) {
        for (m = node->first; m != NULL; m = m->next) {
            if (has_secret(m->value)) {
                return 1;
            }
        }
    }
    return 0;
}

static void compile_sql(wf_db_step_t *own, const draft_t *draft, const place_t *place)
{
    const char *key = draft->sql || !draft->query ? "sql" : "query";
    const char *sql = draft->sql ? draft->sql : draft->query;

    if (draft->sql != NULL && draft->query != NULL) {
        problem(place, "value", "query", "sql and query are the same: give one of them");
    }
    sql = sql ? sql : standard_sql(own->action);
    if (sql == NULL || sql[strspn(sql, " \t\r\n")] == '\0') {
        problem(place, "required", key, sql ? "must not be empty" : "is required");
        return;
    }
    if (strlen(sql) > WF_DB_MAX_SQL) {
        problem(place, "limit", key,
                apr_psprintf(place->c->p, "longer than %d bytes", WF_DB_MAX_SQL));
        return;
    }
    own->sql = text_of(place, key, sql);
    own->sql_written = sql;
    own->secret_sql = is_secret(sql);
}

/* An action that the text cannot have; with templates that is seen when it runs. */
static void check_action(const wf_db_step_t *own, const place_t *place)
{
    wf_db_action_e verb;

    if (own->sql.literal == NULL || own->action < 0) {
        return;
    }
    verb = wf_db_action_of(own->sql.literal);
    if ((verb >= WF_DB_BEGIN || own->action >= WF_DB_BEGIN) && (int)verb != own->action) {
        problem(place, "value", "action", "is not what sql does: leave it out");
    }
}

static void compile_params(wf_db_step_t *own, const wf_node_t *list, const place_t *place)
{
    wf_where_t at = { .up = place->path, .key = "params" };
    const wf_member_t *m;

    if (list == NULL) {
        return;
    }
    if (list->count > WF_DB_MAX_PARAMS) {
        problem(place, "limit", "params",
                "more than " APR_STRINGIFY(WF_DB_MAX_PARAMS) " parameters");
        return;
    }
    own->params = apr_pcalloc(place->c->p, (list->count + 1) * sizeof(*own->params));
    for (m = list->first; m != NULL; m = m->next) {
        wf_where_t item = { .up = &at, .index = own->nparams };

        own->params[own->nparams++] = wf_compile_shape(place->c, m->value, &item);
    }
    own->secret_params = has_secret(list);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

static void check_connections(const draft_t *draft, const place_t *place)
{
    if (draft->max_connections < 1 || draft->max_connections > WF_DB_CONNECTIONS_MAX) {
        problem(place, "range", "max_connections",
                "must be 1 to " APR_STRINGIFY(WF_DB_CONNECTIONS_MAX));
    }
}

/* ---- the pools of a plan, made by its first step ------------------------------------------ */

static void *create_pools(wf_compile_t *c)
{
    return apr_pcalloc(c->p, sizeof(wf_db_pools_t *));
}

const wf_section_t wf_db_section = { .create = create_pools };

static wf_db_pools_t *pools_of(wf_compile_t *c)
{
    wf_db_pools_t **pools = wf_plan_section(wf_plan_of(c), &wf_db_section);

    if (*pools == NULL) {
        *pools = wf_db_pools_create(c->p);
    }
    return *pools;
}

/* ---- a step ------------------------------------------------------------------------------- */

void wf_db_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                   wf_compile_t *c)
{
    wf_db_step_t *own = apr_pcalloc(c->p, sizeof(*own));
    draft_t draft = { .action = -1,
                      .max_connections = WF_DB_CONNECTIONS,
                      .timeout_ns = WF_DB_TIMEOUT_NS };
    place_t place = { .c = c, .config = config, .path = path };

    step->config = own;
    if (config == NULL) {
        wf_compile_problem(c, "required", step->node, path, "is required");
        return;
    }
    wf_schema_bind(fields, config, &draft, path, c);
    own->action = draft.action;
    own->max_connections = draft.max_connections;
    if (step->timeout_ns < 0) {
        step->timeout_ns = draft.timeout_ns;
    }
    compile_driver(own, &draft, &place);
    compile_dsn(own, &draft, &place);
    compile_sql(own, &draft, &place);
    check_action(own, &place);
    compile_params(own, draft.params, &place);
    own->tx_id = text_of(&place, "tx_id", draft.tx_id ? draft.tx_id : "");
    check_connections(&draft, &place);
    own->pools = pools_of(c);
}
