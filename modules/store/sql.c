/* SQL text, made from the column descriptors, and the statements whose text is fixed.
 * Parameters are written ?1, ?2 …; a driver with other marks gets them translated. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

/* What the index of due jobs holds. */
#define MAY_BE_DUE "r.RETRIES_ > 0 AND r.SUSPENSION_STATE_ = 1"

/* A job is not locked if it has no lock or the lock has expired (?1 is now). */
#define UNLOCKED "(r.LOCK_EXP_TIME_ IS NULL OR r.LOCK_EXP_TIME_ <= ?1)"

/* clang-format off */
/* What the indexes of external tasks hold. */
#define FETCHABLE(t) t ".SUSPENSION_STATE_ = 1 AND COALESCE(" t ".RETRIES_, 1) > 0"

/* How much of an instance is in a table of history, at most ?2. */
#define ROWS_OF(table)                                                                   \
    "(SELECT COUNT(*) FROM (SELECT 1 FROM " table " WHERE PROC_INST_ID_ = ?1 LIMIT ?2))"

static const char *const fixed[WF_SQL_FIXED] = {
    [WF_SQL_SCHEMA_NUMBER] =
        "SELECT MAX(NUMBER_) FROM WF_SCHEMA",
    [WF_SQL_SCHEMA_RECORD] =
        "INSERT INTO WF_SCHEMA (NUMBER_, NAME_, TIME_) VALUES (?1, ?2, ?3)",

    [WF_SQL_IDS_RESERVE] =
        "UPDATE ACT_GE_PROPERTY SET VALUE_ = CAST(CAST(VALUE_ AS BIGINT) + ?1 AS TEXT),"
        " REV_ = REV_ + ?2 WHERE NAME_ = 'next.dbid' RETURNING CAST(VALUE_ AS BIGINT)",
    [WF_SQL_IDS_RAISE] =
        "UPDATE ACT_GE_PROPERTY SET VALUE_ = CASE WHEN CAST(VALUE_ AS BIGINT) < ?1"
        " THEN CAST(?1 AS TEXT) ELSE VALUE_ END"
        " WHERE NAME_ = 'next.dbid' RETURNING CAST(VALUE_ AS BIGINT)",

    [WF_SQL_BYTES_SET] =
        "UPDATE ACT_GE_BYTEARRAY SET BYTES_ = ?1, REV_ = REV_ + 1 WHERE ID_ = ?2",
    [WF_SQL_BYTES_DROP] =
        "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ = ?1",

    [WF_SQL_RESOURCE_NAMES] =
        "SELECT NAME_ FROM ACT_GE_BYTEARRAY WHERE DEPLOYMENT_ID_ = ?1 ORDER BY NAME_",
    [WF_SQL_RUNNING_INSTANCES] =
        "SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL AND PROC_DEF_ID_ IN"
        " (SELECT ID_ FROM ACT_RE_PROCDEF WHERE DEPLOYMENT_ID_ = ?1)",
    [WF_SQL_RUNNING_OF] =
        "SELECT COUNT(*) FROM (SELECT 1 FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = ?1"
        " AND END_TIME_ IS NULL LIMIT ?2)",
    [WF_SQL_HISTORY_SIZE] =
        "SELECT " ROWS_OF("ACT_HI_ACTINST") " + " ROWS_OF("ACT_HI_TASKINST")
        " + " ROWS_OF("ACT_HI_VARINST") " + " ROWS_OF("ACT_HI_DETAIL"),
    [WF_SQL_OLD_ANSWERS] =
        "SELECT COALESCE(MAX(SEQ_), 0) FROM (SELECT SEQ_, CREATED_ FROM WF_IDEMPOTENCY"
        " ORDER BY SEQ_ LIMIT ?2) AS OLDEST_ WHERE CREATED_ < ?1",
    [WF_SQL_SURPLUS_ANSWERS] =
        "SELECT COALESCE(MAX(SEQ_), 0) FROM (SELECT SEQ_ FROM WF_IDEMPOTENCY"
        " WHERE SEQ_ <= (SELECT SEQ_ FROM WF_IDEMPOTENCY ORDER BY SEQ_ DESC"
        " LIMIT 1 OFFSET ?1) ORDER BY SEQ_ LIMIT ?2) AS OLDEST_",
    [WF_SQL_IN_USE] =
        "SELECT (SELECT MIN(SEQ_) FROM ACT_ID_USER) IS NOT NULL"
        " OR (SELECT MIN(ID_) FROM ACT_RE_DEPLOYMENT) IS NOT NULL",
    [WF_SQL_TRY] =
        "UPDATE ACT_GE_PROPERTY SET VALUE_ = VALUE_ WHERE NAME_ = 'next.dbid'",
    [WF_SQL_MADE] =
        "SELECT TIME_ FROM WF_SCHEMA WHERE NUMBER_ = 1",
    [WF_SQL_MEMBERSHIPS] =
        "SELECT COUNT(*) FROM ACT_ID_MEMBERSHIP m JOIN ACT_ID_GROUP g ON g.ID_ = m.GROUP_ID_"
        " WHERE m.USER_ID_ = ?1 AND m.GROUP_ID_ IN (?3, ?4, ?5) AND g.TYPE_ = ?2",
    [WF_SQL_MARK_LINKS] =
        "UPDATE ACT_RU_IDENTITYLINK SET OPEN_ = CASE WHEN TYPE_ = 'candidate' AND EXISTS"
        " (SELECT 1 FROM ACT_RU_TASK t WHERE t.ID_ = ?1 AND t.ASSIGNEE_ IS NULL)"
        " THEN 2 ELSE 0 END WHERE TASK_ID_ = ?1",
    [WF_SQL_OPEN_GROUPS] =
        "SELECT m.GROUP_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.USER_ID_ = ?1 AND EXISTS"
        " (SELECT 1 FROM ACT_RU_IDENTITYLINK l WHERE l.GROUP_ID_ = m.GROUP_ID_"
        " AND l.OPEN_ > 0) LIMIT ?2",
    [WF_SQL_GROUP_COUNTS] =
        "SELECT g.ID_, (SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK l"
        " WHERE l.GROUP_ID_ = g.ID_ AND l.OPEN_ = 1)"
        " + (SELECT COUNT(DISTINCT l.TASK_ID_) FROM ACT_RU_IDENTITYLINK l"
        " WHERE l.GROUP_ID_ = g.ID_ AND l.OPEN_ = 2)"
        " FROM ACT_ID_MEMBERSHIP m JOIN ACT_ID_GROUP g ON g.ID_ = m.GROUP_ID_"
        " WHERE m.USER_ID_ = ?1 AND g.TYPE_ = ?2 ORDER BY g.SEQ_",
    /* A job that is due but locked may be run when its lock expires. */
    [WF_SQL_DUE_NEXT] =
        "SELECT MIN(AT_) FROM ("
        "SELECT MIN(COALESCE(r.DUEDATE_, 0)) AS AT_ FROM ACT_RU_JOB r"
        " WHERE " MAY_BE_DUE " AND COALESCE(r.DUEDATE_, 0) > ?1"
        " UNION ALL SELECT MIN(r.LOCK_EXP_TIME_) FROM ACT_RU_JOB r"
        " WHERE r.LOCK_EXP_TIME_ > ?1 AND " MAY_BE_DUE " AND COALESCE(r.DUEDATE_, 0) <= ?1"
        ") AS NEXT_",
    /* The time is asked for because it is what has an index. */
    [WF_SQL_RELEASE_JOBS] =
        "UPDATE ACT_RU_JOB SET LOCK_OWNER_ = NULL, LOCK_EXP_TIME_ = NULL, REV_ = REV_ + 1"
        " WHERE LOCK_EXP_TIME_ > 0 AND LOCK_OWNER_ = ?1",
    [WF_SQL_LOCKS_NEXT] =
        "SELECT MIN(r.LOCK_EXP_TIME_) FROM ACT_RU_EXT_TASK r WHERE r.TOPIC_NAME_ = ?1"
        " AND r.LOCK_EXP_TIME_ > ?2 AND " FETCHABLE("r"),
    [WF_SQL_LOCK_TAKE] =
        "UPDATE ACT_RU_JOB SET LOCK_OWNER_ = ?2, LOCK_EXP_TIME_ = ?3 WHERE ID_ = ?1"
        " AND REV_ = ?5 AND (LOCK_EXP_TIME_ IS NULL OR LOCK_EXP_TIME_ <= ?4) RETURNING 1",
    [WF_SQL_LOCK_KEEP] =
        "UPDATE ACT_RU_JOB SET LOCK_EXP_TIME_ = ?3 WHERE ID_ = ?1 AND LOCK_OWNER_ = ?2"
        " RETURNING 1",
    [WF_SQL_LOCK_NEED] =
        "SELECT 1 FROM ACT_RU_JOB WHERE ID_ = ?1 AND LOCK_OWNER_ = ?2",
    [WF_SQL_TASK_FETCH] =
        "UPDATE ACT_RU_EXT_TASK AS r SET WORKER_ID_ = ?2, LOCK_EXP_TIME_ = ?3"
        " WHERE r.ID_ = ?1 AND (r.LOCK_EXP_TIME_ IS NULL OR r.LOCK_EXP_TIME_ <= ?4)"
        " AND " FETCHABLE("r") " RETURNING 1",
    [WF_SQL_TASK_OWN] =
        "SELECT 1 FROM ACT_RU_EXT_TASK WHERE ID_ = ?1 AND WORKER_ID_ = ?2",
    [WF_SQL_TASK_FREE] =
        "SELECT 1 FROM ACT_RU_EXT_TASK WHERE ID_ = ?1 AND (LOCK_EXP_TIME_ IS NULL"
        " OR LOCK_EXP_TIME_ <= ?3 OR WORKER_ID_ = ?2)",
    [WF_SQL_TOPICS] =
        "SELECT DISTINCT TOPIC_NAME_ FROM ACT_RU_EXT_TASK r"
        " WHERE (?1 = 0 OR r.LOCK_EXP_TIME_ > ?4)"
        " AND (?2 = 0 OR r.LOCK_EXP_TIME_ IS NULL OR r.LOCK_EXP_TIME_ <= ?4)"
        " AND (?3 = 0 OR COALESCE(r.RETRIES_, 1) > 0)"
        " AND (?5 IS NULL OR r.PROC_DEF_ID_ IN (" WF_SQL_READABLE("?5") ")) ORDER BY 1",
    [WF_SQL_ACTIVE_KEYS] =
        "SELECT (SELECT COUNT(*) FROM WF_API_KEY WHERE REVOKED_ IS NULL AND EXPIRES_ IS NULL)"
        " + (SELECT COUNT(*) FROM WF_API_KEY WHERE REVOKED_ IS NULL AND EXPIRES_ > ?1)",
    [WF_SQL_RIGHTS] =
        "SELECT COALESCE(MAX(START_), 0) + 2 * COALESCE(MAX(READ_), 0)"
        " + 4 * COALESCE(MAX(OPERATE_), 0) FROM"
        " (SELECT g.START_, g.READ_, g.OPERATE_ FROM WF_GRANT g"
        " WHERE g.USER_ID_ = ?1 AND g.KEY_ IN (?2, '" WF_EVERY_KEY "')"
        " UNION ALL SELECT g.START_, g.READ_, g.OPERATE_ FROM WF_GRANT g"
        " WHERE g.GROUP_ID_ IN (" WF_SQL_GROUPS_OF("?1") ")"
        " AND g.KEY_ IN (?2, '" WF_EVERY_KEY "')) AS FOUND_",
    [WF_SQL_GRANTED_KEYS] =
        "SELECT DISTINCT KEY_ FROM (" WF_SQL_KEYS_OF("?1",
        " AND CASE ?2 WHEN 1 THEN g.START_ WHEN 2 THEN g.READ_ ELSE g.OPERATE_ END = 1")
        ") AS FOUND_ ORDER BY 1",
    [WF_SQL_HAS_TASK] =
        "SELECT 1 FROM ACT_RU_TASK r WHERE r.ID_ = ?2 AND (r.ASSIGNEE_ = ?1 OR r.OWNER_ = ?1"
        " OR ((?3 = 1 OR r.ASSIGNEE_ IS NULL) AND EXISTS"
        " (SELECT 1 FROM ACT_RU_IDENTITYLINK l WHERE l.TASK_ID_ = r.ID_"
        " AND l.TYPE_ = 'candidate' AND (l.USER_ID_ = ?1"
        " OR l.GROUP_ID_ IN (" WF_SQL_GROUPS_OF("?1") ")))))",
    [WF_SQL_VISIBLE_DEFINITIONS] = WF_SQL_READABLE("?1") " LIMIT ?2",
};

static const struct {
    wf_table_e table;
    const char *where; /* what follows SELECT … FROM table r */
} queries[WF_QUERIES] = {
    [WF_QUERY_LATEST_DEFINITION] = { WF_TABLE_DEFINITION,
        " WHERE r.KEY_ = ?1 ORDER BY r.VERSION_ DESC LIMIT 1" },
    [WF_QUERY_DEFINITION_BESIDE] = { WF_TABLE_DEFINITION,
        " WHERE r.KEY_ = ?1 AND r.DEPLOYMENT_ID_ <> ?2 ORDER BY r.VERSION_ DESC LIMIT 1" },
    [WF_QUERY_LATEST_DECISION] = { WF_TABLE_DECISION,
        " WHERE r.KEY_ = ?1 ORDER BY r.VERSION_ DESC LIMIT 1" },
    [WF_QUERY_RESOURCE] = { WF_TABLE_BYTEARRAY,
        " WHERE r.DEPLOYMENT_ID_ = ?1 AND r.NAME_ = ?2 ORDER BY r.ID_ LIMIT 1" },
    [WF_QUERY_DUE_JOBS] = { WF_TABLE_JOB,
        " WHERE " MAY_BE_DUE " AND COALESCE(r.DUEDATE_, 0) <= ?1 AND " UNLOCKED
        " ORDER BY COALESCE(r.DUEDATE_, 0), r.ID_" },
    [WF_QUERY_EXPIRED] = { WF_TABLE_HI_PROCINST,
        " WHERE r.REMOVAL_TIME_ <= ?1 AND r.END_TIME_ IS NOT NULL"
        " ORDER BY r.REMOVAL_TIME_, r.ID_ LIMIT ?2" },
    [WF_QUERY_EXPIRED_ALONE] = { WF_TABLE_HI_TASKINST,
        " WHERE r.REMOVAL_TIME_ <= ?1 ORDER BY r.REMOVAL_TIME_, r.ID_ LIMIT ?2" },
    [WF_QUERY_AGED] = { WF_TABLE_HI_PROCINST,
        " WHERE r.END_TIME_ <= ?1 AND r.REMOVAL_TIME_ IS NULL"
        " ORDER BY r.END_TIME_, r.ID_ LIMIT ?2" },
    [WF_QUERY_AGED_ALONE] = { WF_TABLE_HI_TASKINST,
        " WHERE r.END_TIME_ <= ?1 AND r.REMOVAL_TIME_ IS NULL"
        " AND r.PROC_INST_ID_ IS NULL AND r.PARENT_TASK_ID_ IS NULL"
        " ORDER BY r.END_TIME_, r.ID_ LIMIT ?2" },
    [WF_QUERY_OLD_RUNS] = { WF_TABLE_RUN,
        " WHERE r.END_TIME_ <= ?1 ORDER BY r.END_TIME_, r.SEQ_ LIMIT ?2" },
    [WF_QUERY_SURPLUS_RUNS] = { WF_TABLE_RUN,
        " WHERE r.END_TIME_ IS NOT NULL AND r.SEQ_ <= (SELECT x.SEQ_ FROM WF_EXECUTION x"
        " WHERE x.END_TIME_ IS NOT NULL ORDER BY x.SEQ_ DESC LIMIT 1 OFFSET ?1)"
        " ORDER BY r.SEQ_ LIMIT ?2" },
    [WF_QUERY_READY_TASKS] = { WF_TABLE_EXTERNAL_TASK,
        " WHERE r.TOPIC_NAME_ = ?1 AND r.LOCK_EXP_TIME_ IS NULL AND " FETCHABLE("r")
        " ORDER BY r.PRIORITY_ DESC, r.ID_" },
    [WF_QUERY_EXPIRED_TASKS] = { WF_TABLE_EXTERNAL_TASK,
        " WHERE r.ID_ IN (SELECT x.ID_ FROM ACT_RU_EXT_TASK x WHERE x.TOPIC_NAME_ = ?1"
        " AND x.LOCK_EXP_TIME_ <= ?2 AND " FETCHABLE("x")
        " ORDER BY x.LOCK_EXP_TIME_ LIMIT ?3) ORDER BY r.PRIORITY_ DESC, r.ID_" },
    [WF_QUERY_API_KEY] = { WF_TABLE_API_KEY,
        " WHERE r.HASH_ = ?1" },
    [WF_QUERY_API_KEY_NAMED] = { WF_TABLE_API_KEY,
        " WHERE r.NAME_ = ?1" },
    [WF_QUERY_OLD_KEYS] = { WF_TABLE_API_KEY,
        " WHERE r.ID_ IN (SELECT x.ID_ FROM WF_API_KEY x WHERE x.REVOKED_ <= ?1"
        " UNION ALL SELECT x.ID_ FROM WF_API_KEY x WHERE x.REVOKED_ IS NULL"
        " AND x.EXPIRES_ <= ?1) ORDER BY r.ID_ LIMIT ?2" },
};
/* clang-format on */

const char *wf_sql_dialect(const wf_driver_t *d, const char *text, apr_pool_t *p)
{
    char *own = apr_pstrdup(p, text);

    for (char *mark = strchr(own, '?'); mark; mark = strchr(mark, '?')) {
        *mark++ = d->placeholder;
    }
    return own;
}

const char *wf_sql_fixed(const wf_driver_t *d, wf_sql_e which, apr_pool_t *p)
{
    return wf_sql_dialect(d, fixed[which], p);
}

/* ---- made from the descriptors --------------------------------------------------- */

static int is_stored(const wf_column_t *c)
{
    return !(c->flags & WF_COLUMN_JOINED);
}

const char *wf_sql_columns(wf_table_e table, int brief, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[table];
    const char *text = "";

    for (int i = 0; i < t->count; i++) {
        const wf_column_t *c = &t->columns[i];
        int left_out = brief && c->flags & WF_COLUMN_LONG;

        text = left_out ? apr_pstrcat(p, text, i ? ", " : "", "NULL", NULL)
                        : apr_pstrcat(p, text, i ? ", " : "", is_stored(c) ? "r." : "b.",
                                      c->name, NULL);
    }
    return text;
}

const char *wf_sql_from(wf_table_e table, apr_pool_t *p)
{
    return apr_pstrcat(p, " FROM ", wf_tables[table].name, " r", wf_tables[table].join,
                       NULL);
}

static const char *select_where(const wf_driver_t *d, wf_table_e table, const char *where,
                                apr_pool_t *p)
{
    return wf_sql_dialect(d,
                          apr_pstrcat(p, "SELECT ", wf_sql_columns(table, 0, p),
                                      wf_sql_from(table, p), where, NULL),
                          p);
}

/* " WHERE ID_ = ?5 AND REV_ = ?6", numbered from first on. */
static const char *where_key(const wf_table_def_t *t, const char *alias, int with_rev,
                             int first, apr_pool_t *p)
{
    const wf_column_t *rev = with_rev ? wf_table_rev(t) : NULL;
    const char *text = " WHERE ";
    int n = first;

    for (int i = 0; i < t->count && t->columns[i].flags & WF_COLUMN_KEY; i++) {
        text = apr_psprintf(p, "%s%s%s%s = ?%d", text, i ? " AND " : "", alias,
                            t->columns[i].name, n++);
    }
    return rev ? apr_psprintf(p, "%s AND %s%s = ?%d", text, alias, rev->name, n) : text;
}

const char *wf_sql_get(const wf_driver_t *d, wf_table_e table, apr_pool_t *p)
{
    return select_where(d, table, where_key(&wf_tables[table], "r.", 0, 1, p), p);
}

const char *wf_sql_insert(const wf_driver_t *d, wf_table_e table, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[table];
    const char *names = "", *marks = "";
    int n = 0;

    for (int i = 0; i < t->count; i++) {
        if (is_stored(&t->columns[i])) {
            names = apr_pstrcat(p, names, n ? ", " : "", t->columns[i].name, NULL);
            marks = apr_psprintf(p, "%s%s?%d", marks, n ? ", " : "", n + 1);
            n++;
        }
    }
    return wf_sql_dialect(d,
                          apr_pstrcat(p, "INSERT INTO ", t->name, " (", names,
                                      ") VALUES (", marks, ")", NULL),
                          p);
}

const char *wf_sql_delete(const wf_driver_t *d, wf_table_e table, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[table];

    return wf_sql_dialect(
        d, apr_pstrcat(p, "DELETE FROM ", t->name, where_key(t, "", 1, 1, p), NULL), p);
}

const char *wf_sql_update(const wf_driver_t *d, wf_table_e table, apr_uint32_t changed,
                          apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[table];
    const wf_column_t *rev = wf_table_rev(t);
    const char *set = rev ? apr_psprintf(p, "%s = %s + 1", rev->name, rev->name) : "";
    int n = 0, bit = 0;

    for (int i = 0; i < t->count; i++) {
        if (is_stored(&t->columns[i]) && changed & 1u << bit++) {
            set = apr_psprintf(p, "%s%s%s = ?%d", set, *set ? ", " : "",
                               t->columns[i].name, ++n);
        }
    }
    return wf_sql_dialect(d,
                          apr_pstrcat(p, "UPDATE ", t->name, " SET ", set,
                                      where_key(t, "", 1, n + 1, p), NULL),
                          p);
}

const char *wf_sql_relation(const wf_driver_t *d, wf_relation_e relation, apr_pool_t *p)
{
    const wf_relation_def_t *r = &wf_relations[relation];
    const char *where = " WHERE ";

    if (r->instance) {
        where = apr_pstrcat(p, where, "r.", r->instance,
                            " = (SELECT e.PROC_INST_ID_ FROM ACT_RU_EXECUTION e"
                            " WHERE e.ID_ = ?1) AND ",
                            NULL);
    }
    where = apr_pstrcat(p, where, "r.", r->column, " = ?1", NULL);
    if (r->second) {
        where = apr_pstrcat(p, where, " AND r.", r->second, " = ?2", NULL);
    }
    if (r->condition) {
        where = apr_pstrcat(p, where, " AND ", r->condition, NULL);
    }
    return select_where(
        d, r->table,
        apr_pstrcat(p, where, " ORDER BY r.", wf_tables[r->table].order, NULL), p);
}

const char *wf_sql_query(const wf_driver_t *d, wf_query_e query, apr_pool_t *p)
{
    return select_where(d, queries[query].table, queries[query].where, p);
}
