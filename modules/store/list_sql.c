/* Lists that faces page through: a table of them, each with its filters and sort keys, and
 * the SQL that follows from a set of filters.
 *
 * A list must not slow down with its table: conditions start at an index, a page is
 * sorted by an index where the list can be long. Equal rows come in the order of their
 * creation, so pages are stable. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

/* A task's candidates are identity links; once it is assigned nobody may claim it. */
#define LINKED(condition)                                                                \
    "SELECT l.TASK_ID_ FROM ACT_RU_IDENTITYLINK l WHERE l.TYPE_ = 'candidate' "          \
    "AND " condition

#define GROUPS_OF_USER "SELECT m.GROUP_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.USER_ID_ = ?"

#define BY_USER LINKED("l.USER_ID_ = ?")
#define BY_GROUP LINKED("l.GROUP_ID_ = ?")
#define BY_GROUPS LINKED("l.GROUP_ID_ IN (" GROUPS_OF_USER ")")

#define DEPLOYMENT_TIME                                                                  \
    "(SELECT d.DEPLOY_TIME_ FROM ACT_RE_DEPLOYMENT d WHERE d.ID_ = r.DEPLOYMENT_ID_)"

/* clang-format off */

/* ---- filters --------------------------------------------------------------------- */

static const wf_filter_def_t definition_filters[] = {
    { "startableByUser", WF_FILTER_TEXT,
      "EXISTS (SELECT 1 FROM ACT_RU_IDENTITYLINK l WHERE l.PROC_DEF_ID_ = r.ID_"
      " AND l.TYPE_ = 'candidate' AND (l.USER_ID_ = ? OR l.GROUP_ID_ IN (" GROUPS_OF_USER ")))" },
    { NULL },
};

#define TASK_LEADS 0x3f /* the first six */

static const wf_filter_def_t task_filters[] = {
    { "assignee",         WF_FILTER_TEXT, "r.ASSIGNEE_ = ?" },
    { "owner",            WF_FILTER_TEXT, "r.OWNER_ = ?" },
    { "involved",         WF_FILTER_TEXT,
      "r.ID_ IN (SELECT a.ID_ FROM ACT_RU_TASK a WHERE a.ASSIGNEE_ = ?"
      " UNION SELECT o.ID_ FROM ACT_RU_TASK o WHERE o.OWNER_ = ?"
      " UNION SELECT l.TASK_ID_ FROM ACT_RU_IDENTITYLINK l WHERE l.USER_ID_ = ?)" },
    { "candidate",        WF_FILTER_TEXT,
      "r.ASSIGNEE_ IS NULL AND r.ID_ IN (" BY_USER " UNION " BY_GROUPS ")" },
    { "candidate-group",  WF_FILTER_TEXT,
      "r.ASSIGNEE_ IS NULL AND r.ID_ IN (" BY_GROUP ")" },
    { "process-instance", WF_FILTER_NUMBER, "r.PROC_INST_ID_ = ?" },
    { "priority",         WF_FILTER_NUMBER, "r.PRIORITY_ = ?" },
    { "minPriority",      WF_FILTER_NUMBER, "r.PRIORITY_ >= ?" },
    { "maxPriority",      WF_FILTER_NUMBER, "r.PRIORITY_ <= ?" },
    { "dueDate",          WF_FILTER_DATE,   "r.DUE_DATE_ = ?" },
    { "minDueDate",       WF_FILTER_DATE,   "r.DUE_DATE_ >= ?" },
    { "maxDueDate",       WF_FILTER_DATE,   "r.DUE_DATE_ <= ?" },
    { NULL },
};

static const wf_filter_def_t instance_filters[] = {
    { "processDefinitionId", WF_FILTER_TEXT, "r.PROC_DEF_ID_ = ?" },
    { "businessKey",         WF_FILTER_TEXT, "r.BUSINESS_KEY_ = ?" },
    { NULL },
};

static const wf_filter_def_t job_filters[] = {
    { "process-instance",  WF_FILTER_NUMBER, "r.PROCESS_INSTANCE_ID_ = ?" },
    { "with-retries-left", WF_FILTER_FLAG,   "r.RETRIES_ > 0" },
    { "executable",        WF_FILTER_DATE,   "r.RETRIES_ > 0 AND COALESCE(r.DUEDATE_, 0) <= ?" },
    { "only-timers",       WF_FILTER_FLAG,   "r.TYPE_ = 'timer'" },
    { "only-messages",     WF_FILTER_FLAG,   "r.TYPE_ = 'message'" },
    { "duedate-lt",        WF_FILTER_DATE,   "r.DUEDATE_ < ?" },
    { "duedate-ltoe",      WF_FILTER_DATE,   "r.DUEDATE_ <= ?" },
    { "duedate-ht",        WF_FILTER_DATE,   "r.DUEDATE_ > ?" },
    { "duedate-htoe",      WF_FILTER_DATE,   "r.DUEDATE_ >= ?" },
    { NULL },
};

#define FOUND_IN(column) column " LIKE ? ESCAPE '\\'"

static const wf_filter_def_t user_filters[] = {
    { "group",      WF_FILTER_TEXT,
      "r.ID_ IN (SELECT m.USER_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.GROUP_ID_ = ?)" },
    { "searchText", WF_FILTER_PART,
      "(" FOUND_IN("r.FIRST_") " OR " FOUND_IN("r.LAST_") " OR " FOUND_IN("r.ID_") ")" },
    { NULL },
};

static const wf_filter_def_t group_filters[] = {
    { "user",       WF_FILTER_TEXT, "r.ID_ IN (" GROUPS_OF_USER ")" },
    { "type",       WF_FILTER_TEXT, "r.TYPE_ = ?" },
    { "searchText", WF_FILTER_PART, "(" FOUND_IN("r.NAME_") " OR " FOUND_IN("r.ID_") ")" },
    { NULL },
};

static const wf_filter_def_t run_filters[] = {
    { "status",   WF_FILTER_TEXT, "r.STATUS_ = ?" },
    { "workflow", WF_FILTER_TEXT, "r.WORKFLOW_ID_ = ?" },
    { NULL },
};

/* ---- lists ----------------------------------------------------------------------- */

const wf_list_def_t wf_lists[WF_LISTS] = {
    /* table, newest first, leads, filters, keys, columns */
    [WF_LIST_DEPLOYMENTS] = { WF_TABLE_DEPLOYMENT, 0, 0, NULL,
        { "id",    "name",    "deploymentTime" },
        { "r.ID_", "r.NAME_", "r.DEPLOY_TIME_" } },
    [WF_LIST_DEFINITIONS] = { WF_TABLE_DEFINITION, 0, 0, definition_filters,
        { "id",    "key",    "version",    "deploymentId",     "name",
          "deploymentTime", "category" },
        { "r.ID_", "r.KEY_", "r.VERSION_", "r.DEPLOYMENT_ID_", "r.NAME_",
          DEPLOYMENT_TIME,  "r.CATEGORY_" } },
    [WF_LIST_TASKS] = { WF_TABLE_TASK, 0, TASK_LEADS, task_filters,
        { "id",    "name",    "description",    "priority",    "assignee",
          "executionId", "processInstanceId" },
        { "r.ID_", "r.NAME_", "r.DESCRIPTION_", "r.PRIORITY_", "r.ASSIGNEE_",
          "r.EXECUTION_ID_", "r.PROC_INST_ID_" } },
    [WF_LIST_INSTANCES] = { WF_TABLE_HI_PROCINST, 0, 0, instance_filters,
        { "id",    "processDefinitionId", "businessKey",     "startTime" },
        { "r.ID_", "r.PROC_DEF_ID_",      "r.BUSINESS_KEY_", "r.START_TIME_" } },
    [WF_LIST_JOBS] = { WF_TABLE_JOB, 0, 0, job_filters,
        { "id",    "executionId",     "processInstanceId",      "dueDate",    "retries",
          "execution-id",    "process-instance-id",    "due-date" },
        { "r.ID_", "r.EXECUTION_ID_", "r.PROCESS_INSTANCE_ID_", "r.DUEDATE_", "r.RETRIES_",
          "r.EXECUTION_ID_", "r.PROCESS_INSTANCE_ID_", "r.DUEDATE_" } },
    [WF_LIST_USERS] = { WF_TABLE_USER, 0, 0, user_filters,
        { "id",    "firstName", "lastName", "email" },
        { "r.ID_", "r.FIRST_",  "r.LAST_",  "r.EMAIL_" } },
    [WF_LIST_GROUPS] = { WF_TABLE_GROUP, 0, 0, group_filters,
        { "id",    "name",    "type" },
        { "r.ID_", "r.NAME_", "r.TYPE_" } },
    [WF_LIST_RUNS] = { WF_TABLE_RUN, 1, 0, run_filters,
        { "seq", "id" },
        { "r.SEQ_", "r.ID_" } },
};
/* clang-format on */

/* What every row of a list is, whatever the filters. */
static const char *base_of(wf_list_e list)
{
    return list == WF_LIST_INSTANCES ? "r.END_TIME_ IS NULL" : NULL;
}

/* ---- text ------------------------------------------------------------------------ */

unsigned wf_list_filter(wf_list_e list, const char *name)
{
    const wf_filter_def_t *f = wf_lists[list].filters;

    for (unsigned bit = 1; f && f->name; f++, bit <<= 1) {
        if (!strcmp(f->name, name)) {
            return bit;
        }
    }
    return 0;
}

/* Each ? of a condition becomes the parameter number n. */
static const char *numbered(const char *where, int n, apr_pool_t *p)
{
    const char *text = "", *mark;

    for (; (mark = strchr(where, '?')) != NULL; where = mark + 1) {
        text = apr_psprintf(p, "%s%.*s?%d", text, (int)(mark - where), where, n);
    }
    return apr_pstrcat(p, text, where, NULL);
}

/* *params is how many parameters the conditions have. */
static const char *where_of(const wf_list_key_t *key, int *params, apr_pool_t *p)
{
    const wf_filter_def_t *f = wf_lists[key->list].filters;
    const char *base = base_of(key->list);
    const char *text = base ? apr_pstrcat(p, " WHERE ", base, NULL) : "";

    *params = 0;
    for (unsigned bit = 1; f && f->name; f++, bit <<= 1) {
        if (key->filters & bit) {
            *params += f->kind != WF_FILTER_FLAG;
            text = apr_pstrcat(p, text, *text ? " AND " : " WHERE ",
                               numbered(f->where, *params, p), NULL);
        }
    }
    return text;
}

static const char *page_text(const wf_list_key_t *key, apr_pool_t *p)
{
    const wf_list_def_t *def = &wf_lists[key->list];
    const char *by = def->columns[key->sort];
    const char *tie = apr_pstrcat(p, "r.", wf_tables[def->table].order, NULL);
    const char *where;
    int params;

    where = where_of(key, &params, p);
    return apr_psprintf(p, "SELECT %s%s%s ORDER BY %s %s%s%s LIMIT ?%d OFFSET ?%d",
                        wf_sql_columns(def->table, p), wf_sql_from(def->table, p), where,
                        by, key->descending ? "DESC NULLS LAST" : "ASC NULLS FIRST",
                        strcmp(by, tie) ? ", " : "", strcmp(by, tie) ? tie : "",
                        params + 1, params + 2);
}

static const char *count_text(const wf_list_key_t *key, apr_pool_t *p)
{
    int params;

    return apr_pstrcat(p, "SELECT COUNT(*) FROM ",
                       wf_tables[wf_lists[key->list].table].name, " r",
                       where_of(key, &params, p), NULL);
}

const char *wf_sql_list(const wf_driver_t *d, const wf_list_key_t *key, apr_pool_t *p)
{
    return wf_sql_dialect(d, key->sort < 0 ? count_text(key, p) : page_text(key, p), p);
}
