/* Deletions of many rows at once: a process instance or a deployment with all that
 * belongs to it. What is to go is found by one query in front of each step, so the steps
 * need no list of ids; the rows that the query reads go last. */
#include "store/internal.h"

#include <apr_strings.h>

/* Instances and, down the call activities, the instances that they called; their tasks and
 * the sub-tasks of these, which belong to no instance themselves. CROSS JOIN: SQLite keeps
 * the order, so that what is to go leads and no table is walked through. */
#define WITH_CALLED(instances)                                                           \
    "WITH RECURSIVE DOOMED (ID_) AS (" instances " UNION SELECT c.ID_ FROM DOOMED d"     \
    " CROSS JOIN ACT_RU_EXECUTION e CROSS JOIN ACT_RU_EXECUTION c"                       \
    " WHERE e.PROC_INST_ID_ = d.ID_ AND c.SUPER_EXEC_ = e.ID_),"                         \
    " DOOMED_TASK (ID_) AS (SELECT t.ID_ FROM DOOMED d"                                  \
    " CROSS JOIN ACT_RU_TASK t WHERE t.PROC_INST_ID_ = d.ID_"                            \
    " UNION SELECT t.ID_ FROM DOOMED_TASK d"                                             \
    " CROSS JOIN ACT_RU_TASK t WHERE t.PARENT_TASK_ID_ = d.ID_) "

/* Tasks of instances in history, and their sub-tasks. */
#define AND_TASKS_ONCE                                                                   \
    " DOOMED_TASK (ID_) AS (SELECT t.ID_ FROM DOOMED d"                                  \
    " CROSS JOIN ACT_HI_TASKINST t WHERE t.PROC_INST_ID_ = d.ID_"                        \
    " UNION SELECT t.ID_ FROM DOOMED_TASK d"                                             \
    " CROSS JOIN ACT_HI_TASKINST t WHERE t.PARENT_TASK_ID_ = d.ID_) "

/* The same as WITH_CALLED in history. */
#define WITH_CALLED_ONCE(instances)                                                      \
    "WITH RECURSIVE DOOMED (ID_) AS (" instances " UNION SELECT c.ID_ FROM DOOMED d"     \
    " CROSS JOIN ACT_HI_PROCINST c WHERE c.SUPER_PROCESS_INSTANCE_ID_ = d.ID_),"         \
    AND_TASKS_ONCE

#define WITHOUT_CALLED(instances)                                                        \
    "WITH RECURSIVE DOOMED (ID_) AS (" instances ")," AND_TASKS_ONCE

/* Tasks of history, wherever they belong to. */
#define WITH_SUBTASKS(tasks)                                                             \
    "WITH RECURSIVE DOOMED_TASK (ID_) AS (" tasks                                        \
    " UNION SELECT t.ID_ FROM DOOMED_TASK d"                                             \
    " CROSS JOIN ACT_HI_TASKINST t WHERE t.PARENT_TASK_ID_ = d.ID_) "

#define DEFINITIONS "(SELECT ID_ FROM ACT_RE_PROCDEF WHERE DEPLOYMENT_ID_ = ?1)"

/* Of the instances, or of one of the tasks: sub-tasks name no instance. */
#define OF_DOOMED                                                                        \
    "PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)"                                          \
    " OR TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK)"

/* clang-format off */
#define RUNTIME_STEPS                                                                    \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT BYTEARRAY_ID_ FROM ACT_RU_VARIABLE" \
        " WHERE (" OF_DOOMED ") AND BYTEARRAY_ID_ IS NOT NULL)",                         \
    "DELETE FROM ACT_RU_VARIABLE WHERE " OF_DOOMED,                                      \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT EXCEPTION_STACK_ID_ FROM ACT_RU_JOB" \
        " WHERE PROCESS_INSTANCE_ID_ IN (SELECT ID_ FROM DOOMED)"                        \
        " AND EXCEPTION_STACK_ID_ IS NOT NULL)",                                         \
    "DELETE FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ IN (SELECT ID_ FROM DOOMED)",     \
    "DELETE FROM ACT_RU_EVENT_SUBSCR WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)",   \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT ERROR_DETAILS_ID_ FROM ACT_RU_EXT_TASK" \
        " WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)"                               \
        " AND ERROR_DETAILS_ID_ IS NOT NULL)",                                           \
    "DELETE FROM ACT_RU_EXT_TASK WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)",       \
    "DELETE FROM ACT_RU_INCIDENT WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)",       \
    "DELETE FROM ACT_RU_IDENTITYLINK WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK)",   \
    "DELETE FROM ACT_RU_TASK WHERE ID_ IN (SELECT ID_ FROM DOOMED_TASK)"

/* Who may start, and what waits to. */
#define STARTERS_STEPS                                                                   \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT EXCEPTION_STACK_ID_ FROM ACT_RU_JOB" \
        " WHERE PROCESS_INSTANCE_ID_ IS NULL AND PROC_DEF_ID_ IN " DEFINITIONS           \
        " AND EXCEPTION_STACK_ID_ IS NOT NULL)",                                         \
    "DELETE FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ IS NULL"                          \
        " AND PROC_DEF_ID_ IN " DEFINITIONS,                                             \
    "DELETE FROM ACT_RU_INCIDENT WHERE PROC_INST_ID_ IS NULL"                            \
        " AND PROC_DEF_ID_ IN " DEFINITIONS,                                             \
    "DELETE FROM ACT_RU_EVENT_SUBSCR WHERE EXECUTION_ID_ IS NULL"                        \
        " AND CONFIGURATION_ IN " DEFINITIONS,                                           \
    "DELETE FROM ACT_RU_IDENTITYLINK WHERE PROC_DEF_ID_ IN " DEFINITIONS,                \
    /* A process that comes later and takes the key has other instances to be kept secret. */ \
    "DELETE FROM WF_GRANT WHERE KEY_ IN (SELECT d.KEY_ FROM ACT_RE_PROCDEF d"            \
        " WHERE d.DEPLOYMENT_ID_ = ?1 AND NOT EXISTS (SELECT 1 FROM ACT_RE_PROCDEF o"    \
        " WHERE o.KEY_ = d.KEY_ AND o.DEPLOYMENT_ID_ <> ?1))"

#define LAST_STEP                                                                        \
    "DELETE FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)"

#define HISTORY_STEPS                                                                    \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT BYTEARRAY_ID_ FROM ACT_HI_DETAIL" \
        " WHERE (" OF_DOOMED ") AND BYTEARRAY_ID_ IS NOT NULL)",                         \
    "DELETE FROM ACT_HI_DETAIL WHERE " OF_DOOMED,                                        \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT BYTEARRAY_ID_ FROM ACT_HI_VARINST" \
        " WHERE (" OF_DOOMED ") AND BYTEARRAY_ID_ IS NOT NULL)",                         \
    "DELETE FROM ACT_HI_VARINST WHERE " OF_DOOMED,                                       \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT CONTENT_ID_ FROM ACT_HI_ATTACHMENT" \
        " WHERE (" OF_DOOMED ") AND CONTENT_ID_ IS NOT NULL)",                           \
    "DELETE FROM ACT_HI_ATTACHMENT WHERE " OF_DOOMED,                                    \
    "DELETE FROM ACT_HI_IDENTITYLINK WHERE " OF_DOOMED,                                  \
    "DELETE FROM ACT_HI_TASKINST WHERE ID_ IN (SELECT ID_ FROM DOOMED_TASK)",            \
    "DELETE FROM ACT_HI_ACTINST WHERE PROC_INST_ID_ IN (SELECT ID_ FROM DOOMED)",        \
    "DELETE FROM ACT_HI_PROCINST WHERE ID_ IN (SELECT ID_ FROM DOOMED)"

#define TASK_VALUES(table)                                                               \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT BYTEARRAY_ID_ FROM " table        \
        " WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK) AND BYTEARRAY_ID_ IS NOT NULL)", \
    "DELETE FROM " table " WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK)"

#define TASK_STEPS                                                                       \
    TASK_VALUES("ACT_HI_DETAIL"),                                                        \
    TASK_VALUES("ACT_HI_VARINST"),                                                       \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT CONTENT_ID_ FROM ACT_HI_ATTACHMENT" \
        " WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK) AND CONTENT_ID_ IS NOT NULL)", \
    "DELETE FROM ACT_HI_ATTACHMENT WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK)",     \
    "DELETE FROM ACT_HI_IDENTITYLINK WHERE TASK_ID_ IN (SELECT ID_ FROM DOOMED_TASK)",   \
    "DELETE FROM ACT_HI_TASKINST WHERE ID_ IN (SELECT ID_ FROM DOOMED_TASK)"

/* The oldest rows of an instance in one of the tables; their byte arrays go first. */
#define SOME_OF(columns, table)                                                          \
    "(SELECT " columns " FROM " table " WHERE PROC_INST_ID_ = ?1 ORDER BY ID_"           \
    " LIMIT " APR_STRINGIFY(WF_SOME_HISTORY) ")"
#define SOME_CONTENTS(table)                                                             \
    "DELETE FROM ACT_GE_BYTEARRAY WHERE ID_ IN (SELECT BYTEARRAY_ID_ FROM "              \
        SOME_OF("BYTEARRAY_ID_", table) " AS FOUND_ WHERE BYTEARRAY_ID_ IS NOT NULL)"
#define SOME_ROWS(table) "DELETE FROM " table " WHERE ID_ IN " SOME_OF("ID_", table)

#define HALF_GONE                                                                        \
    "UPDATE ACT_HI_PROCINST SET REMOVAL_TIME_ = " APR_STRINGIFY(WF_HALF_GONE) " WHERE ID_ = ?1"

static const struct {
    const char *with;
    const char *steps[WF_MAX_PURGE_STEPS];
    wf_purge_turn_e turn;
} purges[WF_PURGES] = {
    [WF_PURGE_DEPLOYMENT_RUNTIME] = {
        WITH_CALLED("SELECT ID_ FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL"
                    " AND PROC_DEF_ID_ IN " DEFINITIONS), {
        RUNTIME_STEPS,
        STARTERS_STEPS,
        LAST_STEP } },

    [WF_PURGE_DEPLOYMENT_HISTORY] = {
        WITH_CALLED_ONCE("SELECT ID_ FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ IN "
                         DEFINITIONS), {
        HISTORY_STEPS } },

    [WF_PURGE_DEPLOYMENT_STARTERS] = {
        "", {
        STARTERS_STEPS } },

    [WF_PURGE_INSTANCE_RUNTIME] = {
        WITH_CALLED("SELECT CAST(?1 AS BIGINT)"), {
        RUNTIME_STEPS,
        LAST_STEP }, WF_PURGE_LAST },

    [WF_PURGE_INSTANCE_HISTORY] = {
        WITHOUT_CALLED("SELECT CAST(?1 AS BIGINT)"), {
        HISTORY_STEPS }, WF_PURGE_LAST },

    [WF_PURGE_SOME_HISTORY] = {
        WITH_SUBTASKS("SELECT ID_ FROM " SOME_OF("ID_", "ACT_HI_TASKINST") " AS FOUND_"), {
        HALF_GONE,
        TASK_STEPS,
        SOME_CONTENTS("ACT_HI_DETAIL"),
        SOME_ROWS("ACT_HI_DETAIL"),
        SOME_CONTENTS("ACT_HI_VARINST"),
        SOME_ROWS("ACT_HI_VARINST"),
        SOME_ROWS("ACT_HI_ACTINST") }, WF_PURGE_LAST },

    [WF_PURGE_TASK_HISTORY] = {
        WITH_SUBTASKS("SELECT CAST(?1 AS BIGINT)"), {
        TASK_STEPS }, WF_PURGE_LAST },

    [WF_PURGE_RUN] = {
        "", {
        "DELETE FROM WF_POINT WHERE RUN_ID_ = ?1",
        "DELETE FROM WF_CHECKPOINT WHERE ID_ = ?1",
        "DELETE FROM WF_EXECUTION WHERE SEQ_ = ?1" }, WF_PURGE_LAST },

    [WF_PURGE_API_KEY] = {
        "", {
        "DELETE FROM WF_API_KEY WHERE ID_ = ?1" }, WF_PURGE_LAST },

    [WF_PURGE_ANSWER] = {
        "", {
        "DELETE FROM WF_IDEMPOTENCY WHERE SEQ_ = ?1" } },

    [WF_PURGE_ANSWERS] = {
        "", {
        "DELETE FROM WF_IDEMPOTENCY WHERE SEQ_ <= ?1" } },
};
/* clang-format on */

wf_purge_turn_e wf_purge_turn(wf_purge_e what)
{
    return purges[what].turn;
}

const char *wf_sql_purge(const wf_driver_t *d, wf_purge_e what, int step, apr_pool_t *p)
{
    if (step >= WF_MAX_PURGE_STEPS || !purges[what].steps[step]) {
        return NULL;
    }
    return wf_sql_dialect(
        d, apr_pstrcat(p, purges[what].with, purges[what].steps[step], NULL), p);
}
