/* What statements of documents may do in SQLite: anything within their own database. They
 * reach no other file, load no library and set nothing that concerns the process. */
#include "database/internal.h"

#include <apr_strings.h>
#include <sqlite3.h>
#include <string.h>

/* Those that look, or that concern their own connection or database alone. What would
 * tell paths or take memory and disk beyond the limits is not among them. */
static const char *const pragmas[] = {
    "application_id",     "auto_vacuum",
    "busy_timeout",       "case_sensitive_like",
    "collation_list",     "compile_options",
    "count_changes",      "data_version",
    "defer_foreign_keys", "encoding",
    "foreign_key_check",  "foreign_key_list",
    "foreign_keys",       "freelist_count",
    "function_list",      "incremental_vacuum",
    "index_info",         "index_list",
    "index_xinfo",        "integrity_check",
    "journal_mode",       "journal_size_limit",
    "legacy_alter_table", "module_list",
    "optimize",           "page_count",
    "page_size",          "pragma_list",
    "query_only",         "quick_check",
    "recursive_triggers", "reverse_unordered_selects",
    "schema_version",     "secure_delete",
    "synchronous",        "table_info",
    "table_list",         "table_xinfo",
    "user_version",       "wal_autocheckpoint",
    "wal_checkpoint",
};

/* Of these only the value may be asked for. */
static const char *const readable[] = { "busy_timeout", "schema_version", NULL };

static const char *const functions[] = { "load_extension", "fts3_tokenizer", NULL };

static int is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (sqlite3_stricmp(name, *names) == 0) {
            return 1;
        }
    }
    return 0;
}

static int pragma_is_allowed(const char *name, const char *value)
{
    size_t i;

    for (i = 0; i < sizeof(pragmas) / sizeof(pragmas[0]); i++) {
        if (sqlite3_stricmp(pragmas[i], name) == 0) {
            return value == NULL || !is_one_of(name, readable);
        }
    }
    return 0;
}

static int deny(wf_db_t *db, const char *what, const char *name)
{
    apr_snprintf(db->denied, sizeof(db->denied), "%s%s", what, name);
    return SQLITE_DENY;
}

static int authorize(void *baton, int action, const char *first, const char *second,
                     const char *schema, const char *trigger)
{
    wf_db_t *db = baton;

    (void)schema;
    (void)trigger;
    switch (action) {
    case SQLITE_ATTACH: /* VACUUM attaches, too */
    case SQLITE_DETACH:
        return deny(db, "ATTACH, DETACH and VACUUM", "");
    case SQLITE_PRAGMA:
        return pragma_is_allowed(first, second) ? SQLITE_OK : deny(db, "PRAGMA ", first);
    case SQLITE_FUNCTION:
        return is_one_of(second, functions) ? deny(db, second, "()") : SQLITE_OK;
    default:
        return SQLITE_OK;
    }
}

static int set_pages(sqlite3 *handle, apr_int64_t bytes)
{
    sqlite3_stmt *statement;
    apr_int64_t size = 4096;
    char sql[64];

    if (sqlite3_prepare_v2(handle, "PRAGMA page_size", -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW) {
        size = sqlite3_column_int64(statement, 0);
    }
    sqlite3_finalize(statement);
    apr_snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %" APR_INT64_T_FMT,
                 bytes / (size > 0 ? size : 4096));
    return sqlite3_exec(handle, sql, NULL, NULL, NULL);
}

int wf_db_sqlite_guard(struct sqlite3 *handle, wf_db_t *db, int memory)
{
    static const struct {
        int limit, value;
    } limits[] = {
        { SQLITE_LIMIT_LENGTH, WF_DB_MAX_BYTES },
        { SQLITE_LIMIT_SQL_LENGTH, WF_DB_MAX_SQL },
        { SQLITE_LIMIT_ATTACHED, 0 },
        { SQLITE_LIMIT_VARIABLE_NUMBER, WF_DB_MAX_PARAMS },
        { SQLITE_LIMIT_WORKER_THREADS, 0 },
    };
    static const struct {
        int option, value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    };
    size_t i;
    int rc = SQLITE_OK;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        sqlite3_limit(handle, limits[i].limit, limits[i].value);
    }
    for (i = 0; i < sizeof(options) / sizeof(options[0]) && rc == SQLITE_OK; i++) {
        rc = sqlite3_db_config(handle, options[i].option, options[i].value, NULL);
    }
    if (rc == SQLITE_OK) {
        rc = set_pages(handle, memory ? WF_DB_MEMORY_BYTES : WF_DB_FILE_BYTES);
    }
    return rc == SQLITE_OK ? sqlite3_set_authorizer(handle, authorize, db) : rc;
}
