/* Lists that faces page through: a table of them, each with its filters and sort keys,
 * and the SQL that follows from a set of filters.
 *
 * A list must not slow down with its table: conditions start at an index, a page is
 * sorted by an index where the list can be long. Equal rows come in the order of their
 * creation, so pages are stable.
 *
 * Some filters find their rows through other tables: the tasks that a user may claim are
 * links to him and to each of his groups. Each of these is a stream of ids in order. By
 * id a page is cut from the merged streams before any row is read, and what lies behind
 * it is never looked at; other orders must see all rows. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

#define GROUPS_OF_USER WF_SQL_GROUPS_OF("?")

/* clang-format off */

/* ---- streams --------------------------------------------------------------------- */

#define LINK(condition, alone)                                                           \
    { "l.TASK_ID_", "ACT_RU_IDENTITYLINK l",                                             \
      " JOIN ACT_RU_TASK r ON r.ID_ = l.TASK_ID_", condition, alone }
#define ROW(table, condition, alone) { "r.ID_", table " r", "", condition, alone }

/* OPEN_ is 1 while a task may be claimed by way of this link alone, 2 if perhaps by others,
 * too (claims.c). */
#define OPEN_LINKS(condition)                                                            \
    LINK(condition " AND l.OPEN_ = 1", 1), LINK(condition " AND l.OPEN_ = 2", 0)

static const wf_stream_t involved_streams[] = {
    ROW("ACT_RU_TASK", "r.ASSIGNEE_ = ?", 0),
    ROW("ACT_RU_TASK", "r.OWNER_ = ?", 0),
    LINK("l.USER_ID_ = ? AND l.OPEN_ = 0 AND l.TASK_ID_ > 0", 0), /* no definition's */
    LINK("l.USER_ID_ = ? AND l.OPEN_ = 1", 0), /* he may own the task */
    LINK("l.USER_ID_ = ? AND l.OPEN_ = 2", 0),
    { NULL },
};

static const wf_stream_t user_open_streams[] = { OPEN_LINKS("l.USER_ID_ = ?"), { NULL } };
static const wf_stream_t group_open_streams[] = { OPEN_LINKS("l.GROUP_ID_ = ?"), { NULL } };
static const wf_stream_t groups_open_streams[] = {
    OPEN_LINKS("l.GROUP_ID_ IN (" GROUPS_OF_USER ")"),
    { NULL },
};

/* Those that run: the unique index on definition and key has the finished ones too. */
static const wf_stream_t definition_streams[] = {
    ROW("ACT_HI_PROCINST", "r.PROC_DEF_ID_ = ? AND r.END_TIME_ IS NULL", 1),
    { NULL },
};

/* Nobody's: those that a user may see are the definitions' of the fan. */
static const wf_stream_t no_streams[] = {
    ROW("ACT_HI_PROCINST", "r.PROC_DEF_ID_ = '' AND r.END_TIME_ IS NULL", 1),
    { NULL },
};
static const wf_stream_t visible_streams[] = {
    ROW("ACT_HI_PROCINST", "r.PROC_DEF_ID_ IN (" WF_SQL_READABLE("?") ")"
        " AND r.END_TIME_ IS NULL", 1),
    { NULL },
};

static const wf_stream_t member_streams[] = {
    { "m.USER_ID_", "ACT_ID_MEMBERSHIP m", " JOIN ACT_ID_USER r ON r.ID_ = m.USER_ID_",
      "m.GROUP_ID_ = ?", 1 },
    { NULL },
};

static const wf_stream_t membership_streams[] = {
    { "m.GROUP_ID_", "ACT_ID_MEMBERSHIP m", " JOIN ACT_ID_GROUP r ON r.ID_ = m.GROUP_ID_",
      "m.USER_ID_ = ?", 1 },
    { NULL },
};

/* ---- filters --------------------------------------------------------------------- */

/* Few are looked at: of definitions and deployments there are not many. */
static const wf_filter_def_t deployment_filters[] = {
    { WF_FILTER_VISIBLE, WF_FILTER_TEXT,
      .where = "NOT EXISTS (SELECT 1 FROM ACT_RE_PROCDEF p WHERE p.DEPLOYMENT_ID_ = r.ID_"
      " AND p.KEY_ NOT IN (" WF_SQL_KEYS_OF("?", "") "))" },
    { NULL },
};

static const wf_filter_def_t definition_filters[] = {
    { "startableByUser", WF_FILTER_TEXT,
      .where = "EXISTS (SELECT 1 FROM ACT_RU_IDENTITYLINK l WHERE l.PROC_DEF_ID_ = r.ID_"
      " AND l.TYPE_ = 'candidate' AND (l.USER_ID_ = ?"
      " OR l.GROUP_ID_ IN (" GROUPS_OF_USER ")))" },
    { WF_FILTER_VISIBLE, WF_FILTER_TEXT,
      .where = "+r.KEY_ IN (" WF_SQL_KEYS_OF("?", "") ")" }, /* +: in any order */
    { NULL },
};

#define TASK_LEADS 0x3f /* the first six */

/* A sub-task belongs to no process by itself but to the one of the task above them all: up
 * to the first that has one, or to the last. FOUND_ is that way, of few rows. */
#define VISIBLE_ABOVE                                                                    \
    "EXISTS (WITH RECURSIVE FOUND_ (DEFINITION_, PARENT_) AS ("                          \
    "SELECT t.PROC_DEF_ID_, t.PARENT_TASK_ID_ FROM ACT_RU_TASK t"                        \
    " WHERE t.ID_ = r.PARENT_TASK_ID_"                                                   \
    " UNION ALL SELECT t.PROC_DEF_ID_, t.PARENT_TASK_ID_ FROM FOUND_"                    \
    " CROSS JOIN ACT_RU_TASK t ON t.ID_ = FOUND_.PARENT_ WHERE FOUND_.DEFINITION_ IS NULL)" \
    " SELECT 1 FROM FOUND_ WHERE FOUND_.DEFINITION_ IN (" WF_SQL_READABLE("?") ")"       \
    " OR (FOUND_.DEFINITION_ IS NULL AND FOUND_.PARENT_ IS NULL))"

#define VISIBLE_TASK                                                                     \
    "(r.PROC_DEF_ID_ IN (" WF_SQL_READABLE("?") ") OR r.ASSIGNEE_ = ? OR r.OWNER_ = ?"   \
    " OR (r.PROC_DEF_ID_ IS NULL AND r.PARENT_TASK_ID_ IS NULL)"                         \
    " OR (r.PROC_DEF_ID_ IS NULL AND " VISIBLE_ABOVE ")"                                 \
    " OR EXISTS (SELECT 1 FROM ACT_RU_IDENTITYLINK v WHERE v.TASK_ID_ = r.ID_"           \
    " AND v.TYPE_ = 'candidate' AND (v.USER_ID_ = ? OR v.GROUP_ID_ IN ("                 \
    GROUPS_OF_USER "))))"

static const wf_filter_def_t task_filters[] = {
    { "assignee",         WF_FILTER_TEXT,   .where = "r.ASSIGNEE_ = ?" },
    { "owner",            WF_FILTER_TEXT,   .where = "r.OWNER_ = ?" },
    { "involved",         WF_FILTER_TEXT,   .streams = involved_streams },
    { "candidate",        WF_FILTER_TEXT,   .streams = user_open_streams,
      .fan = group_open_streams, .fan_texts = WF_SQL_OPEN_GROUPS,
      .fan_all = groups_open_streams },
    { "candidate-group",  WF_FILTER_TEXT,   .streams = group_open_streams },
    { "process-instance", WF_FILTER_NUMBER, .where = "r.PROC_INST_ID_ = ?" },
    { "category",         WF_FILTER_TEXT,   .where = "r.CATEGORY_ = ?" },
    { "priority",         WF_FILTER_NUMBER, .where = "r.PRIORITY_ = ?" },
    { "minPriority",      WF_FILTER_NUMBER, .where = "r.PRIORITY_ >= ?" },
    { "maxPriority",      WF_FILTER_NUMBER, .where = "r.PRIORITY_ <= ?" },
    { "dueDate",          WF_FILTER_DATE,   .where = "r.DUE_DATE_ = ?" },
    { "minDueDate",       WF_FILTER_DATE,   .where = "r.DUE_DATE_ >= ?" },
    { "maxDueDate",       WF_FILTER_DATE,   .where = "r.DUE_DATE_ <= ?" },
    { WF_FILTER_VISIBLE,  WF_FILTER_TEXT,   .where = VISIBLE_TASK },
    { NULL },
};

static const wf_filter_def_t instance_filters[] = {
    { "processDefinitionId", WF_FILTER_TEXT, .streams = definition_streams },
    { "businessKey",         WF_FILTER_TEXT, .where = "r.BUSINESS_KEY_ = ?" },
    { WF_FILTER_VISIBLE,     WF_FILTER_TEXT, .streams = no_streams,
      .fan = definition_streams, .fan_texts = WF_SQL_VISIBLE_DEFINITIONS,
      .fan_all = visible_streams },
    { NULL },
};

/* What is due, or stays where it is, is looked up first: it is little, and walking all jobs
 * for it is not. After a date lie most of them; they are met soon in any order. */
#define FEW(condition)                                                                   \
    "r.ID_ IN (SELECT j.ID_ FROM ACT_RU_JOB j WHERE " condition ")"

static const wf_filter_def_t job_filters[] = {
    { "process-instance",  WF_FILTER_NUMBER, .where = "r.PROCESS_INSTANCE_ID_ = ?" },
    { "with-retries-left", WF_FILTER_FLAG,   .where = "r.RETRIES_ > 0" },
    { "no-retries-left",   WF_FILTER_FLAG,   .where = FEW("j.RETRIES_ <= 0") },
    { "executable",        WF_FILTER_DATE,
      .where = FEW("j.RETRIES_ > 0 AND j.SUSPENSION_STATE_ = 1"
                   " AND COALESCE(j.DUEDATE_, 0) <= ? AND COALESCE(j.LOCK_EXP_TIME_, 0) <= ?") },
    { "only-timers",       WF_FILTER_FLAG,   .where = "r.TYPE_ = 'timer'" },
    { "only-messages",     WF_FILTER_FLAG,   .where = "r.TYPE_ = 'message'" },
    { "duedate-lt",        WF_FILTER_DATE,   .where = FEW("j.DUEDATE_ < ?") },
    { "duedate-ltoe",      WF_FILTER_DATE,   .where = FEW("j.DUEDATE_ <= ?") },
    { "duedate-ht",        WF_FILTER_DATE,   .where = "r.DUEDATE_ > ?" },
    { "duedate-htoe",      WF_FILTER_DATE,   .where = "r.DUEDATE_ >= ?" },
    { NULL },
};

/* What belongs to an execution is found by way of its instance. */
#define OF_EXECUTION                                                                     \
    "r.PROC_INST_ID_ = (SELECT e.PROC_INST_ID_ FROM ACT_RU_EXECUTION e WHERE e.ID_ = ?)" \
    " AND r.EXECUTION_ID_ = ?"

/* External tasks come and go more quickly than any other rows, and an index is paid for with
 * each of them: those of workers, not those of administrators, who look through a few. */
static const wf_filter_def_t external_task_filters[] = {
    { "externalTaskId",      WF_FILTER_NUMBER, .where = "r.ID_ = ?" },
    { "topicName",           WF_FILTER_TEXT,   .where = "r.TOPIC_NAME_ = ?" },
    { "workerId",            WF_FILTER_TEXT,   .where = "r.WORKER_ID_ = ?" },
    { "locked",              WF_FILTER_DATE,   .where = "r.LOCK_EXP_TIME_ > ?" },
    { "notLocked",           WF_FILTER_DATE,
      .where = "(r.LOCK_EXP_TIME_ IS NULL OR r.LOCK_EXP_TIME_ <= ?)" },
    { "withRetriesLeft",     WF_FILTER_FLAG,   .where = "COALESCE(r.RETRIES_, 1) > 0" },
    { "noRetriesLeft",       WF_FILTER_FLAG,   .where = "r.RETRIES_ = 0" },
    { "executionId",         WF_FILTER_NUMBER, .where = OF_EXECUTION },
    { "processInstanceId",   WF_FILTER_NUMBER, .where = "r.PROC_INST_ID_ = ?" },
    { "processDefinitionId", WF_FILTER_TEXT,   .where = "r.PROC_DEF_ID_ = ?" },
    { "activityId",          WF_FILTER_TEXT,   .where = "r.ACT_ID_ = ?" },
    { "active",              WF_FILTER_FLAG,   .where = "r.SUSPENSION_STATE_ = 1" },
    { "suspended",           WF_FILTER_FLAG,   .where = "r.SUSPENSION_STATE_ = 2" },
    { WF_FILTER_VISIBLE,     WF_FILTER_TEXT,
      .where = "r.PROC_DEF_ID_ IN (" WF_SQL_READABLE("?") ")" },
    { NULL },
};

static const wf_filter_def_t incident_filters[] = {
    { "incidentId",          WF_FILTER_NUMBER, .where = "r.ID_ = ?" },
    { "incidentType",        WF_FILTER_TEXT,   .where = "r.INCIDENT_TYPE_ = ?" },
    { "executionId",         WF_FILTER_NUMBER, .where = OF_EXECUTION },
    { "processInstanceId",   WF_FILTER_NUMBER, .where = "r.PROC_INST_ID_ = ?" },
    { "processDefinitionId", WF_FILTER_TEXT,   .where = "r.PROC_DEF_ID_ = ?" },
    { "activityId",          WF_FILTER_TEXT,   .where = "r.ACTIVITY_ID_ = ?" },
    { "configuration",       WF_FILTER_NUMBER, .where = "r.CONFIGURATION_ = ?" },
    { NULL },
};

#define FOUND_IN(column) column " LIKE ? ESCAPE '\\'"

static const wf_filter_def_t user_filters[] = {
    { "group",      WF_FILTER_TEXT, .streams = member_streams },
    { "searchText", WF_FILTER_PART,
      .where = "(" FOUND_IN("r.FIRST_") " OR " FOUND_IN("r.LAST_")
               " OR " FOUND_IN("r.ID_") ")" },
    { NULL },
};

static const wf_filter_def_t group_filters[] = {
    { "user",       WF_FILTER_TEXT, .streams = membership_streams },
    { "type",       WF_FILTER_TEXT, .where = "r.TYPE_ = ?" },
    { "searchText", WF_FILTER_PART,
      .where = "(" FOUND_IN("r.NAME_") " OR " FOUND_IN("r.ID_") ")" },
    { NULL },
};

static const wf_filter_def_t run_filters[] = {
    { "status",   WF_FILTER_TEXT, .where = "r.STATUS_ = ?" },
    { "workflow", WF_FILTER_TEXT, .where = "r.WORKFLOW_ID_ = ?" },
    { "live",     WF_FILTER_FLAG, .where = "r.STATUS_ IN ('pending', 'running', 'paused')" },
    { NULL },
};

static const wf_filter_def_t api_key_filters[] = {
    { "owner", WF_FILTER_TEXT, .where = "r.OWNER_ = ?" },
    { NULL },
};

static const wf_filter_def_t grant_filters[] = {
    { "key",   WF_FILTER_TEXT, .where = "r.KEY_ = ?" },
    { "user",  WF_FILTER_TEXT, .where = "r.USER_ID_ = ?" },
    { "group", WF_FILTER_TEXT, .where = "r.GROUP_ID_ = ?" },
    { NULL },
};

/* ---- lists ----------------------------------------------------------------------- */

const wf_list_def_t wf_lists[WF_LISTS] = {
    [WF_LIST_DEPLOYMENTS] = {
        .table = WF_TABLE_DEPLOYMENT,
        .filters = deployment_filters,
        .keys    = { "id",    "name",    "deploymentTime" },
        .columns = { "r.ID_", "r.NAME_", "r.DEPLOY_TIME_" } },
    [WF_LIST_DEFINITIONS] = {
        .table = WF_TABLE_DEFINITION,
        .filters = definition_filters,
        .keys    = { "id",    "key",    "version",    "deploymentId",     "name",
                     "deploymentTime", "category" },
        .columns = { "r.ID_", "r.KEY_", "r.VERSION_", "r.DEPLOYMENT_ID_", "r.NAME_",
                     "d.DEPLOY_TIME_", "r.CATEGORY_" },
        .via = "ACT_RE_DEPLOYMENT", .via_on = "r.DEPLOYMENT_ID_ = d.ID_" },
    [WF_LIST_TASKS] = {
        .table = WF_TABLE_TASK,
        .leads = TASK_LEADS,
        .filters = task_filters,
        .keys    = { "id",    "name",    "description",    "priority",    "assignee",
                     "executionId", "processInstanceId" },
        .columns = { "r.ID_", "r.NAME_", "r.DESCRIPTION_", "r.PRIORITY_", "r.ASSIGNEE_",
                     "r.EXECUTION_ID_", "r.PROC_INST_ID_" } },
    /* By way of the definitions, so that the many instances of one need no sorting. */
    [WF_LIST_INSTANCES] = {
        .table = WF_TABLE_HI_PROCINST,
        .where = "r.END_TIME_ IS NULL",
        .filters = instance_filters,
        .keys    = { "id",    "processDefinitionId", "businessKey",     "startTime" },
        .columns = { "r.ID_", "d.ID_",               "r.BUSINESS_KEY_", "r.START_TIME_" },
        .via = "ACT_RE_PROCDEF", .via_on = "r.PROC_DEF_ID_ = d.ID_" },
    [WF_LIST_JOBS] = {
        .table = WF_TABLE_JOB,
        .filters = job_filters,
        .keys    = { "id",      "executionId",     "processInstanceId",
                     "dueDate",     "retries",
                     "execution-id",    "process-instance-id",    "due-date" },
        .columns = { "r.ID_",   "r.EXECUTION_ID_", "r.PROCESS_INSTANCE_ID_",
                     "r.DUEDATE_",  "r.RETRIES_",
                     "r.EXECUTION_ID_", "r.PROCESS_INSTANCE_ID_", "r.DUEDATE_" } },
    [WF_LIST_EXTERNAL_TASKS] = {
        .table = WF_TABLE_EXTERNAL_TASK,
        .filters = external_task_filters,
        .keys    = { "id",             "lockExpirationTime", "processInstanceId",
                     "processDefinitionId", "taskPriority" },
        .columns = { "r.ID_",          "r.LOCK_EXP_TIME_",   "r.PROC_INST_ID_",
                     "r.PROC_DEF_ID_",      "r.PRIORITY_" } },
    [WF_LIST_INCIDENTS] = {
        .table = WF_TABLE_INCIDENT,
        .filters = incident_filters,
        .keys    = { "id",              "incidentTimestamp",     "incidentType",
                     "processInstanceId", "processDefinitionId", "configuration", "incidentId" },
        .columns = { "r.ID_",           "r.INCIDENT_TIMESTAMP_", "r.INCIDENT_TYPE_",
                     "r.PROC_INST_ID_",   "r.PROC_DEF_ID_",      "r.CONFIGURATION_", "r.ID_" } },
    [WF_LIST_USERS] = {
        .table = WF_TABLE_USER,
        .filters = user_filters,
        .keys    = { "id",    "firstName", "lastName", "email" },
        .columns = { "r.ID_", "r.FIRST_",  "r.LAST_",  "r.EMAIL_" } },
    [WF_LIST_GROUPS] = {
        .table = WF_TABLE_GROUP,
        .filters = group_filters,
        .keys    = { "id",    "name",    "type" },
        .columns = { "r.ID_", "r.NAME_", "r.TYPE_" } },
    [WF_LIST_RUNS] = {
        .table = WF_TABLE_RUN,
        .newest_first = 1,
        .filters = run_filters,
        .keys    = { "seq",    "id" },
        .columns = { "r.SEQ_", "r.ID_" } },
    [WF_LIST_RUN_HEADS] = {
        .table = WF_TABLE_RUN,
        .brief = 1,
        .newest_first = 1,
        .filters = run_filters,
        .keys    = { "seq",    "id" },
        .columns = { "r.SEQ_", "r.ID_" } },
    /* Some, or a thousand: what they are sorted by has no indexes of its own. */
    [WF_LIST_API_KEYS] = {
        .table = WF_TABLE_API_KEY,
        .filters = api_key_filters,
        .keys    = { "id",    "name",    "owner",    "rights",    "created",
                     "expires" },
        .columns = { "r.ID_", "r.NAME_", "r.OWNER_", "r.RIGHTS_", "r.CREATED_",
                     "r.EXPIRES_" } },
    /* Administrators look at the few of one definition, user or group. */
    [WF_LIST_GRANTS] = {
        .table = WF_TABLE_GRANT,
        .filters = grant_filters,
        .keys    = { "id",    "processDefinitionKey", "userId",     "groupId" },
        .columns = { "r.ID_", "r.KEY_",               "r.USER_ID_", "r.GROUP_ID_" } },
};
/* clang-format on */

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

/* ---- parameters ------------------------------------------------------------------ */

static int is_given(const wf_list_key_t *key, const wf_filter_def_t *f)
{
    return (key->filters & 1u << (f - wf_lists[key->list].filters)) != 0;
}

/* How many parameters the filters before end have. */
static int params_before(const wf_list_key_t *key, const wf_filter_def_t *end)
{
    const wf_filter_def_t *f = wf_lists[key->list].filters;
    int n = 0;

    for (; f && f->name && f != end; f++) {
        n += is_given(key, f) && f->kind != WF_FILTER_FLAG;
    }
    return n;
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

/* ---- streams --------------------------------------------------------------------- */

static int is_by_id(const wf_list_key_t *key)
{
    return !strcmp(wf_lists[key->list].columns[key->sort], "r.ID_");
}

/* The filter whose streams a statement walks; NULL if it looks at the rows themselves. */
static const wf_filter_def_t *leader_of(const wf_list_key_t *key)
{
    const wf_filter_def_t *f = wf_lists[key->list].filters;

    if (key->sort >= 0 && !is_by_id(key)) {
        return NULL;
    }
    for (; f && f->name; f++) {
        if (is_given(key, f) && f->streams) {
            return f;
        }
    }
    return NULL;
}

const wf_filter_def_t *wf_list_fan(const wf_list_key_t *key, int *arg)
{
    const wf_filter_def_t *leader = leader_of(key);

    if (!leader || !leader->fan) {
        return NULL;
    }
    *arg = params_before(key, leader);
    return leader;
}

typedef struct branch_t {
    const char *text; /* what follows SELECT */
    int alone;
} branch_t;

/* others: conditions over r of the other filters, "" if there are none. */
static void add_branches(apr_array_header_t *branches, const wf_stream_t *streams, int n,
                         const char *others)
{
    apr_pool_t *p = branches->pool;

    for (; streams->id; streams++) {
        branch_t *branch = apr_array_push(branches);

        branch->alone = streams->alone;
        branch->text = apr_pstrcat(p, streams->id, " AS ID_ FROM ", streams->from,
                                   *others ? streams->join : "", " WHERE ",
                                   numbered(streams->where, n, p), *others ? " AND " : "",
                                   others, NULL);
    }
}

/* All streams of a filter whose value is parameter n; the fan's first text is parameter
 * first. */
static apr_array_header_t *branches_of(const wf_filter_def_t *f, int n, int fans,
                                       int first, const char *others, apr_pool_t *p)
{
    apr_array_header_t *branches = apr_array_make(p, 8, sizeof(branch_t));

    add_branches(branches, f->streams, n, others);
    for (int i = 0; i < fans; i++) {
        add_branches(branches, f->fan, first + i, others);
    }
    if (f->fan && fans < 0) {
        add_branches(branches, f->fan_all, n, others);
    }
    return branches;
}

enum { ALONE = 1, SHARED = 2 };

/* The branches of some kinds as one SELECT; *count is how many they are. */
static const char *union_of(const apr_array_header_t *branches, int kinds,
                            const char *glue, int *count)
{
    const char *text = "";

    *count = 0;
    for (int i = 0; i < branches->nelts; i++) {
        const branch_t *branch = &APR_ARRAY_IDX(branches, i, branch_t);

        if (kinds & (branch->alone ? ALONE : SHARED)) {
            text = apr_pstrcat(branches->pool, text, (*count)++ ? glue : "", "SELECT ",
                               branch->text, NULL);
        }
    }
    return text;
}

/* ---- conditions ------------------------------------------------------------------ */

/* " AND …" behind text unless it is the first. */
static const char *and_also(const char *text, const char *condition, apr_pool_t *p)
{
    return apr_pstrcat(p, text, *text ? " AND " : "", condition, NULL);
}

static const char *condition_of(const wf_filter_def_t *f, int n, apr_pool_t *p)
{
    apr_array_header_t *branches;
    int count;

    if (!f->streams) {
        return numbered(f->where, n, p);
    }
    branches = branches_of(f, n, f->fan ? -1 : 0, 0, "", p);
    return apr_pstrcat(p, "r.ID_ IN (",
                       union_of(branches, ALONE | SHARED, " UNION ALL ", &count), ")",
                       NULL);
}

/* What holds for the rows of a list, but for one filter; "" if there is nothing. */
static const char *conditions(const wf_list_key_t *key, const wf_filter_def_t *but,
                              apr_pool_t *p)
{
    const wf_list_def_t *def = &wf_lists[key->list];
    const wf_filter_def_t *f = def->filters;
    const char *text = def->where ? def->where : "";

    for (; f && f->name; f++) {
        if (f != but && is_given(key, f)) {
            text = and_also(text, condition_of(f, params_before(key, f) + 1, p), p);
        }
    }
    return text;
}

static const char *where_of(const char *text, apr_pool_t *p)
{
    return *text ? apr_pstrcat(p, " WHERE ", text, NULL) : "";
}

/* ---- statements ------------------------------------------------------------------ */

static apr_array_header_t *leading_branches(const wf_list_key_t *key,
                                            const wf_filter_def_t *leader, apr_pool_t *p)
{
    return branches_of(leader, params_before(key, leader) + 1, key->fans,
                       params_before(key, NULL) + 1, conditions(key, leader, p), p);
}

static const char *page_of_ids(const wf_list_key_t *key, const wf_filter_def_t *leader,
                               int size, apr_pool_t *p)
{
    const wf_list_def_t *def = &wf_lists[key->list];
    const char *order = key->descending ? "DESC" : "ASC";
    int count;
    const char *ids =
        union_of(leading_branches(key, leader, p), ALONE | SHARED, " UNION ", &count);

    ids = apr_psprintf(p, "%s ORDER BY 1 %s LIMIT ?%d OFFSET ?%d", ids, order, size,
                       size + 1);
    return apr_pstrcat(p, "SELECT ", wf_sql_columns(def->table, def->brief, p),
                       wf_sql_from(def->table, p), " WHERE r.ID_ IN (", ids,
                       ") ORDER BY r.ID_ ", order, NULL);
}

/* Ids that are in one stream alone are counted as they come, the others once. */
static const char *count_of_ids(const wf_list_key_t *key, const wf_filter_def_t *leader,
                                apr_pool_t *p)
{
    apr_array_header_t *branches = leading_branches(key, leader, p);
    const char *text = "SELECT 0", *shared;
    int count;

    for (int i = 0; i < branches->nelts; i++) {
        const branch_t *branch = &APR_ARRAY_IDX(branches, i, branch_t);

        if (branch->alone) {
            text = apr_pstrcat(p, text, " + (SELECT COUNT(*) FROM (SELECT ", branch->text,
                               ") AS FOUND_)", NULL);
        }
    }
    shared = union_of(branches, SHARED, " UNION ", &count);
    if (count == 1) {
        shared =
            apr_pstrcat(p, "SELECT DISTINCT ID_ FROM (", shared, ") AS SHARED_", NULL);
    }
    return count ? apr_pstrcat(p, text, " + (SELECT COUNT(*) FROM (", shared,
                               " ORDER BY 1) AS FOUND_)", NULL)
                 : text;
}

/* The tables of a page in the order in which they are walked. */
static const char *from_of(const wf_list_def_t *def, int via, apr_pool_t *p)
{
    return via ? apr_pstrcat(p, " FROM ", def->via, " d CROSS JOIN ",
                             wf_tables[def->table].name, " r", wf_tables[def->table].join,
                             NULL)
               : wf_sql_from(def->table, p);
}

static const char *order_of(const wf_list_def_t *def, const char *by, int descending,
                            apr_pool_t *p)
{
    const char *tie = apr_pstrcat(p, "r.", wf_tables[def->table].order, NULL);
    const char *text =
        apr_pstrcat(p, by, descending ? " DESC NULLS LAST" : " ASC NULLS FIRST", NULL);

    if (*by == 'd' && strcmp(by, "d.ID_")) {
        text = apr_pstrcat(p, text, ", d.ID_", NULL);
    }
    return strcmp(by, tie) ? apr_pstrcat(p, text, ", ", tie, NULL) : text;
}

static const char *page_of_rows(const wf_list_key_t *key, int size, apr_pool_t *p)
{
    const wf_list_def_t *def = &wf_lists[key->list];
    const char *by = def->columns[key->sort];
    const char *where = conditions(key, NULL, p);
    int via = *by == 'd';

    if (via) {
        where = and_also(where, def->via_on, p);
    }
    return apr_psprintf(p, "SELECT %s%s%s ORDER BY %s LIMIT ?%d OFFSET ?%d",
                        wf_sql_columns(def->table, def->brief, p), from_of(def, via, p),
                        where_of(where, p), order_of(def, by, key->descending, p), size,
                        size + 1);
}

static const char *count_of_rows(const wf_list_key_t *key, apr_pool_t *p)
{
    return apr_pstrcat(p, "SELECT COUNT(*) FROM ",
                       wf_tables[wf_lists[key->list].table].name, " r",
                       where_of(conditions(key, NULL, p), p), NULL);
}

const char *wf_sql_list(const wf_driver_t *d, const wf_list_key_t *key, apr_pool_t *p)
{
    const wf_filter_def_t *leader = leader_of(key);
    int fans = leader && key->fans > 0 ? key->fans : 0;
    int size = params_before(key, NULL) + fans + 1;
    const char *text;

    if (key->sort < 0) {
        text = leader ? count_of_ids(key, leader, p) : count_of_rows(key, p);
    }
    else {
        text = leader ? page_of_ids(key, leader, size, p) : page_of_rows(key, size, p);
    }
    return wf_sql_dialect(d, text, p);
}
