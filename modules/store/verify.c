/* What must hold in a store, whatever has happened to the engine: one row an invariant.
 * Each is a statement that gives what breaks it, one id a row, so a sound store gives
 * none. All of them see one snapshot; the engine may go on meanwhile.
 *
 * What an invariant may not ask for: things that a level of history leaves out, users and
 * groups that a file names (they need not exist), and values that were true when they
 * were written. */
#include "store/internal.h"

#include <apr_strings.h>

/* ---- parts of statements ----------------------------------------------------------------- */

#define NEXT_ID                                                                          \
    "(SELECT CAST(VALUE_ AS BIGINT) FROM ACT_GE_PROPERTY WHERE NAME_ = 'next.dbid')"
#define TOO_HIGH(table) "SELECT '" table " ' || ID_ FROM " table " WHERE ID_ >= " NEXT_ID
#define AND_TOO_HIGH(table) " UNION ALL " TOO_HIGH(table)
#define IDS(table) "SELECT ID_ FROM " table
#define AND_IDS(table) " UNION ALL " IDS(table)

/* Of r, a row with an execution and its instance: that is not there, or of another one.
 */
#define WITHOUT_EXECUTION(instance)                                                      \
    "NOT EXISTS (SELECT 1 FROM ACT_RU_EXECUTION e WHERE e.ID_ = r.EXECUTION_ID_"         \
    " AND e.PROC_INST_ID_ = r." instance ")"

/* Of r, a row of history: there is none of its instance. */
#define OF_NO_INSTANCE(table)                                                            \
    "SELECT '" table " ' || r.ID_ FROM " table " r WHERE r.PROC_INST_ID_ IS NOT NULL"    \
    " AND NOT EXISTS (SELECT 1 FROM ACT_HI_PROCINST h WHERE h.ID_ = r.PROC_INST_ID_)"
/* … and of no task either, running or not. */
#define OF_NO_TASK(table)                                                                \
    "SELECT '" table " ' || r.ID_ FROM " table " r WHERE r.PROC_INST_ID_ IS NULL"        \
    " AND NOT EXISTS (SELECT 1 FROM ACT_HI_TASKINST h WHERE h.ID_ = r.TASK_ID_)"         \
    " AND NOT EXISTS (SELECT 1 FROM ACT_RU_TASK t WHERE t.ID_ = r.TASK_ID_)"

/* Who refers to a byte array that belongs to no deployment. */
#define BYTES_OF(table, column)                                                          \
    "SELECT " column " AS BYTES_ID_, '" table " ' || ID_ AS WHO_ FROM " table            \
    " WHERE " column " IS NOT NULL"
#define ALL_BYTES                                                                                                                                                                                                            \
    "(" BYTES_OF("ACT_RU_VARIABLE", "BYTEARRAY_ID_") " UNION ALL " BYTES_OF(                                                                                                                                                 \
        "ACT_RU_JOB",                                                                                                                                                                                                        \
        "EXCEPTION_STACK_ID_") " UNION ALL " BYTES_OF("ACT_RU_EXT_TASK",                                                                                                                                                     \
                                                      "ERROR_DETAILS_ID_") " UNION "                                                                                                                                         \
                                                                           "ALL"                                                                                                                                             \
                                                                           " " BYTES_OF("ACT_HI_DETAIL",                                                                                                                     \
                                                                                        "BYTEARRAY_ID_") " UNION ALL " BYTES_OF("ACT_HI_VARINST",                                                                            \
                                                                                                                                "BYTEARRAY_ID_") " UNION ALL " BYTES_OF("ACT_HI_ATTACHMENT",                                 \
                                                                                                                                                                        "CONTENT_ID_") " UNION ALL " BYTES_OF("ACT_ID_USER", \
                                                                                                                                                                                                              "PICTURE_ID_") ")"

/* Of r, a row of an instance: its state is another than that of the instance. */
#define SUSPENDED_ALONE(table, instance)                                                 \
    "SELECT '" table " ' || r.ID_ FROM " table " r JOIN ACT_RU_EXECUTION i"              \
    " ON i.ID_ = r." instance " WHERE i.SUSPENSION_STATE_ <> r.SUSPENSION_STATE_"

/* A file that a definition or decision names is none of its deployment. */
#define WITHOUT_RESOURCE(table, column)                                                  \
    "SELECT r.ID_ FROM " table " r WHERE r." column " IS NOT NULL AND NOT EXISTS"        \
    " (SELECT 1 FROM ACT_GE_BYTEARRAY b WHERE b.DEPLOYMENT_ID_ = r.DEPLOYMENT_ID_"       \
    " AND b.NAME_ = r." column ")"

#define ROLE_JOIN APR_STRINGIFY(WF_ROLE_JOIN)
#define ROLE_KEPT APR_STRINGIFY(WF_ROLE_KEPT)

/* ---- invariants ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *name;
    const char *broken; /* what it means when there are rows */
    const char *sql;
} invariants[] = {
    /* the schema and the sequence */
    { "schema", "migrations that were not recorded in their order",
      "SELECT NUMBER_ FROM WF_SCHEMA WHERE NUMBER_ > (SELECT COUNT(*) FROM WF_SCHEMA)"
      " OR NUMBER_ < 1" },
    { "id-sequence", "where the sequence of ids goes on is not a number",
      "SELECT 'next.dbid' WHERE COALESCE(" NEXT_ID ", 0) < 1" },
    { "id-reserved", "rows whose id the sequence is yet to give",
      TOO_HIGH("ACT_RE_DEPLOYMENT") AND_TOO_HIGH("ACT_GE_BYTEARRAY")
      AND_TOO_HIGH("ACT_RU_EXECUTION") AND_TOO_HIGH("ACT_RU_TASK")
      AND_TOO_HIGH("ACT_RU_IDENTITYLINK") AND_TOO_HIGH("ACT_RU_VARIABLE")
      AND_TOO_HIGH("ACT_RU_JOB") AND_TOO_HIGH("ACT_RU_EVENT_SUBSCR")
      AND_TOO_HIGH("ACT_RU_EXT_TASK") AND_TOO_HIGH("ACT_RU_INCIDENT")
      AND_TOO_HIGH("ACT_HI_PROCINST") AND_TOO_HIGH("ACT_HI_ACTINST")
      AND_TOO_HIGH("ACT_HI_TASKINST") AND_TOO_HIGH("ACT_HI_DETAIL")
      AND_TOO_HIGH("ACT_HI_VARINST") AND_TOO_HIGH("ACT_HI_IDENTITYLINK")
      AND_TOO_HIGH("ACT_HI_ATTACHMENT") AND_TOO_HIGH("WF_API_KEY")
      AND_TOO_HIGH("WF_GRANT") },
    { "id-given-once", "ids that two rows have",
      "SELECT ID_ FROM (" IDS("ACT_RE_DEPLOYMENT") AND_IDS("ACT_GE_BYTEARRAY")
      AND_IDS("ACT_RU_EXECUTION") AND_IDS("ACT_RU_TASK") AND_IDS("ACT_RU_IDENTITYLINK")
      AND_IDS("ACT_RU_VARIABLE") AND_IDS("ACT_RU_JOB") AND_IDS("ACT_RU_EVENT_SUBSCR")
      AND_IDS("ACT_RU_EXT_TASK") AND_IDS("ACT_RU_INCIDENT") AND_IDS("ACT_HI_ACTINST")
      AND_IDS("ACT_HI_DETAIL") AND_IDS("ACT_HI_ATTACHMENT") AND_IDS("WF_API_KEY") AND_IDS("WF_GRANT")
      ") AS GIVEN_ GROUP BY ID_ HAVING COUNT(*) > 1" },

    /* what is deployed */
    { "resource-deployment", "files of a deployment that is gone",
      "SELECT r.ID_ FROM ACT_GE_BYTEARRAY r WHERE r.DEPLOYMENT_ID_ IS NOT NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RE_DEPLOYMENT d WHERE d.ID_ = r.DEPLOYMENT_ID_)" },
    { "definition-deployment", "process definitions of a deployment that is gone",
      "SELECT r.ID_ FROM ACT_RE_PROCDEF r WHERE NOT EXISTS"
      " (SELECT 1 FROM ACT_RE_DEPLOYMENT d WHERE d.ID_ = r.DEPLOYMENT_ID_)" },
    { "definition-resource", "process definitions whose file or diagram is not there",
      WITHOUT_RESOURCE("ACT_RE_PROCDEF", "RESOURCE_NAME_")
      " UNION ALL " WITHOUT_RESOURCE("ACT_RE_PROCDEF", "DGRM_RESOURCE_NAME_") },
    { "definition-id", "process definitions whose id is not their key and version",
      "SELECT ID_ FROM ACT_RE_PROCDEF WHERE ID_ <> KEY_ || ':' || VERSION_" },
    { "decision-deployment", "decisions of a deployment that is gone",
      "SELECT r.ID_ FROM ACT_RE_DECISION_DEF r WHERE NOT EXISTS"
      " (SELECT 1 FROM ACT_RE_DEPLOYMENT d WHERE d.ID_ = r.DEPLOYMENT_ID_)" },
    { "decision-resource", "decisions whose file is not there",
      WITHOUT_RESOURCE("ACT_RE_DECISION_DEF", "RESOURCE_NAME_") },

    /* executions: a tree an instance, with as many children as it says */
    { "execution-instance", "executions of an instance that is gone",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r WHERE NOT EXISTS (SELECT 1 FROM ACT_RU_EXECUTION i"
      " WHERE i.ID_ = r.PROC_INST_ID_ AND i.PROC_INST_ID_ = i.ID_)" },
    { "execution-parent", "executions without a parent in their instance",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r LEFT JOIN ACT_RU_EXECUTION p ON p.ID_ = r.PARENT_ID_"
      " WHERE (r.PARENT_ID_ IS NULL) <> (r.ID_ = r.PROC_INST_ID_)"
      " OR (r.PARENT_ID_ IS NOT NULL AND"
      " (p.ID_ IS NULL OR p.PROC_INST_ID_ <> r.PROC_INST_ID_ OR p.ID_ = r.ID_))" },
    { "execution-children", "executions that count other children than they have",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r WHERE r.CHILDREN_ <> (SELECT COUNT(*)"
      " FROM ACT_RU_EXECUTION c WHERE c.PROC_INST_ID_ = r.PROC_INST_ID_"
      " AND c.PARENT_ID_ = r.ID_ AND c.ROLE_ <> " ROLE_KEPT ")" },
    { "execution-definition", "executions of another definition than their instance",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r JOIN ACT_RU_EXECUTION i ON i.ID_ = r.PROC_INST_ID_"
      " WHERE i.PROC_DEF_ID_ <> r.PROC_DEF_ID_" },
    { "execution-caller", "called instances whose call activity is gone",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r WHERE r.SUPER_EXEC_ IS NOT NULL AND"
      " (r.PARENT_ID_ IS NOT NULL OR NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_EXECUTION s WHERE s.ID_ = r.SUPER_EXEC_))" },
    { "execution-called-once", "call activities that have called several instances",
      "SELECT SUPER_EXEC_ FROM ACT_RU_EXECUTION WHERE SUPER_EXEC_ IS NOT NULL"
      " GROUP BY SUPER_EXEC_ HAVING COUNT(*) > 1" },
    { "execution-root", "executions that name a wrong top of their chain of calls",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r JOIN ACT_RU_EXECUTION i ON i.ID_ = r.PROC_INST_ID_"
      " LEFT JOIN ACT_RU_EXECUTION s ON s.ID_ = i.SUPER_EXEC_"
      " WHERE COALESCE(r.ROOT_ID_, 0) <> COALESCE(s.ROOT_ID_, r.PROC_INST_ID_)" },
    { "execution-suspension", "rows that are suspended without their instance, or go on without it",
      SUSPENDED_ALONE("ACT_RU_EXECUTION", "PROC_INST_ID_")
      " UNION ALL " SUSPENDED_ALONE("ACT_RU_TASK", "PROC_INST_ID_")
      " UNION ALL " SUSPENDED_ALONE("ACT_RU_JOB", "PROCESS_INSTANCE_ID_")
      " UNION ALL " SUSPENDED_ALONE("ACT_RU_EXT_TASK", "PROC_INST_ID_") },

    /* tokens: what rests waits for something that will come (see also token-waits) */
    { "token-kept", "executions without a token, with nothing below them and nothing to join",
      "SELECT ID_ FROM ACT_RU_EXECUTION WHERE IS_ACTIVE_ = 0 AND CHILDREN_ = 0"
      " AND ARRIVED_ = 0 AND ROLE_ <> " ROLE_KEPT },
    { "token-single", "executions that have a token and so do executions below them",
      "SELECT ID_ FROM ACT_RU_EXECUTION WHERE IS_ACTIVE_ = 1 AND CHILDREN_ > 0" },
    { "token-join", "executions at a join that hold no token, or go on with one",
      "SELECT ID_ FROM ACT_RU_EXECUTION WHERE (ROLE_ = " ROLE_JOIN " AND ARRIVED_ = 0)"
      " OR ARRIVED_ < 0 OR (ARRIVED_ > 0 AND IS_ACTIVE_ = 1)" },
    { "token-visit", "executions in a visit that is over or another's",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r JOIN ACT_HI_ACTINST h ON h.ID_ = r.ACT_INST_ID_"
      " WHERE h.END_TIME_ IS NOT NULL OR h.PROC_INST_ID_ <> r.PROC_INST_ID_"
      " OR h.ACT_ID_ <> r.ACT_ID_" },

    /* tasks */
    { "task-execution", "tasks that no execution waits for",
      "SELECT r.ID_ FROM ACT_RU_TASK r LEFT JOIN ACT_RU_EXECUTION e ON e.ID_ = r.EXECUTION_ID_"
      " WHERE (r.EXECUTION_ID_ IS NULL) <> (r.PROC_INST_ID_ IS NULL)"
      " OR (r.EXECUTION_ID_ IS NOT NULL AND (e.ID_ IS NULL OR e.IS_ACTIVE_ = 0"
      " OR e.PROC_INST_ID_ <> r.PROC_INST_ID_ OR e.PROC_DEF_ID_ <> r.PROC_DEF_ID_"
      " OR e.ACT_ID_ <> r.TASK_DEF_KEY_))" },
    { "task-once", "executions that wait for several tasks",
      "SELECT EXECUTION_ID_ FROM ACT_RU_TASK WHERE EXECUTION_ID_ IS NOT NULL"
      " GROUP BY EXECUTION_ID_ HAVING COUNT(*) > 1" },
    { "task-parent", "sub-tasks of a task that is gone",
      "SELECT r.ID_ FROM ACT_RU_TASK r WHERE r.PARENT_TASK_ID_ IS NOT NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_TASK t WHERE t.ID_ = r.PARENT_TASK_ID_)" },
    { "link-owner", "identity links of a task or definition that is gone",
      "SELECT r.ID_ FROM ACT_RU_IDENTITYLINK r WHERE"
      " (r.TASK_ID_ IS NULL) = (r.PROC_DEF_ID_ IS NULL)"
      " OR (r.USER_ID_ IS NULL) = (r.GROUP_ID_ IS NULL)"
      " OR (r.TASK_ID_ IS NOT NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_TASK t WHERE t.ID_ = r.TASK_ID_))"
      " OR (r.PROC_DEF_ID_ IS NOT NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RE_PROCDEF d WHERE d.ID_ = r.PROC_DEF_ID_))" },
    { "link-claim", "identity links whose mark says wrongly who may claim the task",
      "SELECT r.ID_ FROM ACT_RU_IDENTITYLINK r LEFT JOIN ACT_RU_TASK t ON t.ID_ = r.TASK_ID_"
      " WHERE (COALESCE(r.OPEN_, 0) > 0) <>"
      " (r.TASK_ID_ IS NOT NULL AND COALESCE(r.TYPE_, '') = 'candidate' AND t.ASSIGNEE_ IS NULL)"
      " OR r.OPEN_ NOT BETWEEN 0 AND 2"
      " OR (r.OPEN_ = 1 AND (SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK l"
      " WHERE l.TASK_ID_ = r.TASK_ID_ AND l.TYPE_ = 'candidate') > 1)" },

    /* variables and byte arrays */
    { "variable-owner", "variables of an execution or task that is gone",
      "SELECT r.ID_ FROM ACT_RU_VARIABLE r LEFT JOIN ACT_RU_TASK t ON t.ID_ = r.TASK_ID_ WHERE"
      " (r.TASK_ID_ IS NULL) = (r.EXECUTION_ID_ IS NULL)"
      " OR (r.EXECUTION_ID_ IS NOT NULL AND " WITHOUT_EXECUTION("PROC_INST_ID_") ")"
      " OR (r.TASK_ID_ IS NOT NULL AND (t.ID_ IS NULL"
      " OR COALESCE(t.PROC_INST_ID_, 0) <> COALESCE(r.PROC_INST_ID_, 0)))" },
    { "variable-once", "variables that their owner has twice",
      "SELECT MAX(ID_) FROM ACT_RU_VARIABLE"
      " GROUP BY EXECUTION_ID_, TASK_ID_, NAME_ HAVING COUNT(*) > 1" },
    { "bytes-there", "rows whose byte array is not there",
      "SELECT r.WHO_ FROM " ALL_BYTES " AS r WHERE NOT EXISTS"
      " (SELECT 1 FROM ACT_GE_BYTEARRAY b WHERE b.ID_ = r.BYTES_ID_)" },
    { "bytes-used", "byte arrays that nothing refers to",
      "SELECT ID_ FROM ACT_GE_BYTEARRAY WHERE DEPLOYMENT_ID_ IS NULL AND ID_ NOT IN"
      " (SELECT r.BYTES_ID_ FROM " ALL_BYTES " AS r)" },
    { "bytes-once", "byte arrays that several rows refer to",
      "SELECT r.BYTES_ID_ FROM " ALL_BYTES " AS r GROUP BY r.BYTES_ID_ HAVING COUNT(*) > 1" },

    /* jobs, subscriptions, external tasks, incidents */
    { "job-execution", "jobs of an execution or definition that is gone",
      "SELECT r.ID_ FROM ACT_RU_JOB r WHERE"
      " (r.EXECUTION_ID_ IS NULL) <> (r.PROCESS_INSTANCE_ID_ IS NULL)"
      " OR (r.EXECUTION_ID_ IS NOT NULL AND (" WITHOUT_EXECUTION("PROCESS_INSTANCE_ID_")
      " OR r.PROC_DEF_ID_ <> (SELECT e.PROC_DEF_ID_ FROM ACT_RU_EXECUTION e"
      " WHERE e.ID_ = r.EXECUTION_ID_)))"
      " OR NOT EXISTS (SELECT 1 FROM ACT_RE_PROCDEF d WHERE d.ID_ = r.PROC_DEF_ID_)" },
    { "job-once", "executions that several jobs are to move",
      "SELECT EXECUTION_ID_ FROM ACT_RU_JOB WHERE EXECUTION_ID_ IS NOT NULL"
      " AND TYPE_ = 'message' AND HANDLER_TYPE_ <> 'event'"
      " GROUP BY EXECUTION_ID_ HAVING COUNT(*) > 1" },
    { "job-lock", "jobs with half a lock",
      "SELECT ID_ FROM ACT_RU_JOB WHERE (LOCK_OWNER_ IS NULL) <> (LOCK_EXP_TIME_ IS NULL)" },
    { "job-suspension", "timers that start instances of a suspended definition, or none of an active one",
      "SELECT r.ID_ FROM ACT_RU_JOB r JOIN ACT_RE_PROCDEF d ON d.ID_ = r.PROC_DEF_ID_"
      " WHERE r.PROCESS_INSTANCE_ID_ IS NULL AND r.HANDLER_TYPE_ = 'timer-start-event'"
      " AND r.SUSPENSION_STATE_ <> d.SUSPENSION_STATE_" },
    { "subscription-owner", "event subscriptions of an execution or definition that is gone",
      "SELECT r.ID_ FROM ACT_RU_EVENT_SUBSCR r WHERE"
      " (r.EXECUTION_ID_ IS NULL) <> (r.PROC_INST_ID_ IS NULL)"
      " OR (r.EXECUTION_ID_ IS NOT NULL AND " WITHOUT_EXECUTION("PROC_INST_ID_") ")"
      " OR (r.EXECUTION_ID_ IS NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RE_PROCDEF d WHERE d.ID_ = r.CONFIGURATION_))" },
    { "subscription-kept", "sub-processes that are to be compensated and are not kept",
      "SELECT r.ID_ FROM ACT_RU_EVENT_SUBSCR r WHERE r.EVENT_TYPE_ = 'compensate'"
      " AND r.CONFIGURATION_ IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ACT_RU_EXECUTION k"
      " WHERE k.ID_ = CAST(r.CONFIGURATION_ AS BIGINT) AND k.PROC_INST_ID_ = r.PROC_INST_ID_"
      " AND k.ROLE_ = " ROLE_KEPT ")" },
    { "kept-subscription", "sub-processes that are kept and nothing compensates",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r WHERE r.ROLE_ = " ROLE_KEPT
      " AND NOT EXISTS (SELECT 1 FROM ACT_RU_EVENT_SUBSCR s WHERE s.PROC_INST_ID_ = r.PROC_INST_ID_"
      " AND s.EVENT_TYPE_ = 'compensate' AND s.CONFIGURATION_ = CAST(r.ID_ AS TEXT))" },
    { "external-execution", "external tasks that no execution waits for",
      "SELECT r.ID_ FROM ACT_RU_EXT_TASK r LEFT JOIN ACT_RU_EXECUTION e ON e.ID_ = r.EXECUTION_ID_"
      " WHERE e.ID_ IS NULL OR e.IS_ACTIVE_ = 0 OR e.PROC_INST_ID_ <> r.PROC_INST_ID_"
      " OR e.PROC_DEF_ID_ <> r.PROC_DEF_ID_ OR e.ACT_ID_ <> r.ACT_ID_"
      " OR e.ACT_INST_ID_ <> r.ACT_INST_ID_" },
    { "external-once", "executions that wait for several external tasks",
      "SELECT EXECUTION_ID_ FROM ACT_RU_EXT_TASK GROUP BY EXECUTION_ID_ HAVING COUNT(*) > 1" },
    { "incident-cause", "incidents of a job or external task that is gone or has retries left",
      "SELECT r.ID_ FROM ACT_RU_INCIDENT r"
      " LEFT JOIN ACT_RU_JOB j ON j.ID_ = r.CONFIGURATION_"
      " LEFT JOIN ACT_RU_EXT_TASK x ON x.ID_ = r.CONFIGURATION_"
      " WHERE COALESCE(j.RETRIES_, x.RETRIES_, 1) > 0"
      " OR COALESCE(r.EXECUTION_ID_, 0) <> COALESCE(j.EXECUTION_ID_, x.EXECUTION_ID_, 0)" },
    { "incident-there", "jobs and external tasks without retries that no incident tells of",
      "SELECT 'ACT_RU_JOB ' || r.ID_ FROM ACT_RU_JOB r WHERE r.RETRIES_ <= 0 AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_INCIDENT i WHERE i.CONFIGURATION_ = r.ID_)"
      " UNION ALL SELECT 'ACT_RU_EXT_TASK ' || r.ID_ FROM ACT_RU_EXT_TASK r WHERE r.RETRIES_ = 0"
      " AND NOT EXISTS (SELECT 1 FROM ACT_RU_INCIDENT i WHERE i.CONFIGURATION_ = r.ID_)" },

    /* history: what is open runs, what runs is open */
    { "history-running", "running instances that history does not show as such",
      "SELECT r.ID_ FROM ACT_RU_EXECUTION r LEFT JOIN ACT_HI_PROCINST h ON h.ID_ = r.ID_"
      " WHERE r.PARENT_ID_ IS NULL AND (h.ID_ IS NULL OR h.END_TIME_ IS NOT NULL"
      " OR h.PROC_DEF_ID_ <> r.PROC_DEF_ID_"
      " OR COALESCE(h.BUSINESS_KEY_, '') <> COALESCE(r.BUSINESS_KEY_, ''))" },
    { "history-instance-open", "instances that history shows as running and that do not run",
      "SELECT h.ID_ FROM ACT_HI_PROCINST h WHERE h.END_TIME_ IS NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_EXECUTION r WHERE r.ID_ = h.ID_ AND r.PARENT_ID_ IS NULL)" },
    { "history-activity-open", "open visits of activities where no execution is",
      "SELECT h.ID_ FROM ACT_HI_ACTINST h WHERE h.END_TIME_ IS NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_EXECUTION r WHERE r.PROC_INST_ID_ = h.PROC_INST_ID_"
      " AND r.ACT_INST_ID_ = h.ID_)" },
    { "history-task-open", "tasks that history shows as open and that are gone",
      "SELECT h.ID_ FROM ACT_HI_TASKINST h WHERE h.END_TIME_ IS NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_RU_TASK r WHERE r.ID_ = h.ID_)" },
    { "history-task", "tasks that history shows otherwise than they are",
      "SELECT r.ID_ FROM ACT_RU_TASK r JOIN ACT_HI_TASKINST h ON h.ID_ = r.ID_"
      " WHERE h.END_TIME_ IS NOT NULL"
      " OR COALESCE(h.EXECUTION_ID_, 0) <> COALESCE(r.EXECUTION_ID_, 0)"
      " OR COALESCE(h.PROC_INST_ID_, 0) <> COALESCE(r.PROC_INST_ID_, 0)"
      " OR COALESCE(h.ASSIGNEE_, '') <> COALESCE(r.ASSIGNEE_, '')" },
    { "history-of-instance", "history of an instance of which there is none",
      OF_NO_INSTANCE("ACT_HI_ACTINST")
      " UNION ALL " OF_NO_INSTANCE("ACT_HI_TASKINST")
      " UNION ALL " OF_NO_INSTANCE("ACT_HI_DETAIL")
      " UNION ALL " OF_NO_INSTANCE("ACT_HI_VARINST")
      " UNION ALL " OF_NO_INSTANCE("ACT_HI_IDENTITYLINK")
      " UNION ALL " OF_NO_INSTANCE("ACT_HI_ATTACHMENT") },
    { "history-of-task", "history of a task of which there is none",
      OF_NO_TASK("ACT_HI_DETAIL")
      " UNION ALL " OF_NO_TASK("ACT_HI_VARINST")
      " UNION ALL " OF_NO_TASK("ACT_HI_IDENTITYLINK")
      " UNION ALL " OF_NO_TASK("ACT_HI_ATTACHMENT") },

    /* users and groups */
    { "membership-user", "memberships of a user who is gone",
      "SELECT r.USER_ID_ || ' in ' || r.GROUP_ID_ FROM ACT_ID_MEMBERSHIP r WHERE NOT EXISTS"
      " (SELECT 1 FROM ACT_ID_USER u WHERE u.ID_ = r.USER_ID_)" },
    { "membership-group", "memberships in a group that is gone",
      "SELECT r.USER_ID_ || ' in ' || r.GROUP_ID_ FROM ACT_ID_MEMBERSHIP r WHERE NOT EXISTS"
      " (SELECT 1 FROM ACT_ID_GROUP g WHERE g.ID_ = r.GROUP_ID_)" },
    { "grant-holder", "rights on definitions of a group that is gone, of nobody, or of two at once",
      "SELECT r.ID_ FROM WF_GRANT r WHERE (r.USER_ID_ IS NULL) = (r.GROUP_ID_ IS NULL)"
      " OR r.KEY_ = '' OR (r.GROUP_ID_ IS NOT NULL AND NOT EXISTS"
      " (SELECT 1 FROM ACT_ID_GROUP g WHERE g.ID_ = r.GROUP_ID_))" },
    { "grant-rights", "rights on definitions that are none, or operating without reading",
      "SELECT ID_ FROM WF_GRANT WHERE START_ NOT IN (0, 1) OR READ_ NOT IN (0, 1)"
      " OR OPERATE_ NOT IN (0, 1) OR OPERATE_ > READ_ OR START_ + READ_ = 0" },

    /* executions of load workflows */
    { "run-once", "load executions with the same place in their order",
      "SELECT MAX(ID_) FROM WF_EXECUTION GROUP BY SEQ_ HAVING COUNT(*) > 1" },
    { "run-status", "load executions that are over and have no end",
      "SELECT ID_ FROM WF_EXECUTION WHERE END_TIME_ IS NULL"
      " AND STATUS_ IN ('completed', 'failed', 'aborted')" },
    { "run-checkpoint", "checkpoints of a load execution that is gone",
      "SELECT r.ID_ FROM WF_CHECKPOINT r WHERE NOT EXISTS"
      " (SELECT 1 FROM WF_EXECUTION e WHERE e.SEQ_ = r.ID_)" },
    { "run-point", "points of a load execution that is gone",
      "SELECT r.ID_ FROM WF_POINT r WHERE r.RUN_ID_ <> r.ID_ >> " APR_STRINGIFY(WF_POINT_BITS)
      " OR NOT EXISTS (SELECT 1 FROM WF_EXECUTION e WHERE e.SEQ_ = r.RUN_ID_)" },
};
/* clang-format on */

#define INVARIANTS (int)(sizeof(invariants) / sizeof(invariants[0]))

/* ---- tokens that rest --------------------------------------------------------------------- */

/* Executions that have a token and nothing below them, with what there is to move them.
 * What an activity waits for, its definition says. Of a scope, events around it are
 * found, too: the answer is right for what stands in no scope of its own, and never
 * wrong. */
#define RESTING                                                                          \
    "SELECT e.ID_, e.PROC_DEF_ID_, e.ACT_ID_, e.ACT_INST_ID_ IS NOT NULL,"               \
    " EXISTS (SELECT 1 FROM ACT_RU_JOB j WHERE j.EXECUTION_ID_ = e.ID_"                  \
    " AND j.TYPE_ = 'message' AND j.HANDLER_TYPE_ <> 'event'),"                          \
    " EXISTS (SELECT 1 FROM ACT_RU_TASK t WHERE t.EXECUTION_ID_ = e.ID_),"               \
    " EXISTS (SELECT 1 FROM ACT_RU_JOB j WHERE j.EXECUTION_ID_ = e.ID_"                  \
    " AND j.TYPE_ = 'timer') OR EXISTS (SELECT 1 FROM ACT_RU_EVENT_SUBSCR s"             \
    " WHERE s.PROC_INST_ID_ = e.PROC_INST_ID_ AND s.EXECUTION_ID_ = e.ID_),"             \
    " EXISTS (SELECT 1 FROM ACT_RU_EXECUTION c WHERE c.SUPER_EXEC_ = e.ID_),"            \
    " EXISTS (SELECT 1 FROM ACT_RU_EXT_TASK x WHERE x.PROC_INST_ID_ = e.PROC_INST_ID_"   \
    " AND x.EXECUTION_ID_ = e.ID_)"                                                      \
    " FROM ACT_RU_EXECUTION e WHERE e.IS_ACTIVE_ = 1 AND e.CHILDREN_ = 0 ORDER BY e.ID_"

enum { REST_ID, REST_DEFINITION, REST_ACTIVITY, REST_VISIT, REST_JOB, REST_FIRST };

/* Which cell of RESTING says that it is there. */
static const int found_in[] = {
    [WF_REST_TASK] = REST_FIRST,
    [WF_REST_EVENT] = REST_FIRST + 1,
    [WF_REST_CALLED] = REST_FIRST + 2,
    [WF_REST_WORKER] = REST_FIRST + 3,
};

static int is_there(const wf_cell_t *cells, int i)
{
    return wf_cell_to_integer(&cells[i]) != 0;
}

/* Before and behind an asynchronous activity a token is in no visit, and a job moves it.
 */
static int is_lost(const wf_verify_t *how, const wf_cell_t *cells, apr_pool_t *p)
{
    wf_rest_e rest = how->rest(how->baton, wf_cell_to_text(&cells[REST_DEFINITION], p),
                               wf_cell_to_text(&cells[REST_ACTIVITY], p));

    if (!is_there(cells, REST_VISIT)) {
        return !is_there(cells, REST_JOB);
    }
    switch (rest) {
    case WF_REST_CALL:
    case WF_REST_UNKNOWN:
        return 0;
    case WF_REST_NEVER:
        return 1;
    default:
        return !is_there(cells, found_in[rest]);
    }
}

/* ---- looking -------------------------------------------------------------------------------- */

typedef struct looking_t {
    const wf_verify_t *how;
    int tokens; /* rows are those of RESTING */
    wf_breach_t *breach;
    apr_pool_t *p, *row_pool;
} looking_t;

static apr_status_t see_row(void *baton, const wf_cell_t *cells, int count,
                            wf_error_t *err)
{
    looking_t *l = baton;

    (void)count;
    (void)err;
    apr_pool_clear(l->row_pool);
    if (l->tokens && !is_lost(l->how, cells, l->row_pool)) {
        return APR_SUCCESS;
    }
    if (l->breach->count++ < WF_BREACH_IDS) {
        APR_ARRAY_PUSH(l->breach->ids, const char *) =
            cells[0].type == WF_CELL_INTEGER
                ? apr_psprintf(l->p, "%" APR_INT64_T_FMT, cells[0].as.integer)
                : wf_cell_to_text(&cells[0], l->p);
    }
    return APR_SUCCESS;
}

static wf_breach_t *breach_create(const char *name, const char *broken, apr_pool_t *p)
{
    wf_breach_t *breach = apr_pcalloc(p, sizeof(*breach));

    breach->name = name;
    breach->broken = broken;
    breach->ids = apr_array_make(p, 2, sizeof(const char *));
    return breach;
}

/* A damaged page is a finding and no reason to stop: the other statements may do without
 * it. */
static apr_status_t note_damage(wf_breach_t *breach, apr_status_t rv, wf_error_t *err)
{
    if (rv != WF_EBROKEN || err->kind != WF_ERR_INTERNAL) {
        return rv;
    }
    breach->count++;
    breach->is_damage = 1;
    APR_ARRAY_PUSH(breach->ids, const char *) = err->message;
    wf_error_init(err, err->pool);
    return APR_SUCCESS;
}

static apr_status_t look_at(wf_store_t *store, const wf_verify_t *how, const char *name,
                            const char *broken, const char *sql,
                            apr_array_header_t *breaches, wf_error_t *err)
{
    apr_pool_t *p = breaches->pool;
    looking_t l = { .how = how, .tokens = !sql, .p = p };
    wf_stmt_t *stmt = NULL;
    apr_status_t rv;

    if (how->goes_on && !how->goes_on(how->baton)) {
        return wf_error_set(err, WF_ERR_UNAVAILABLE, "broken off");
    }
    l.breach = breach_create(name, broken, p);
    apr_pool_create(&l.row_pool, p);
    apr_pool_tag(l.row_pool, "wf_verify");
    rv = store->driver->prepare(
        store, &stmt, wf_sql_dialect(store->driver, sql ? sql : RESTING, p), err);
    if (rv == APR_SUCCESS) {
        rv = store->driver->run(store, stmt, NULL, 0, see_row, &l, NULL, err);
    }
    l.breach->is_damage = sql == store->driver->damage;
    rv = note_damage(l.breach, rv, err);
    if (l.breach->count) {
        APR_ARRAY_PUSH(breaches, const wf_breach_t *) = l.breach;
    }
    apr_pool_destroy(l.row_pool);
    return rv;
}

/* ---- all of them ------------------------------------------------------------------------------ */

/* Those that are no row of the table. */
#define FILE_NAME "file"
#define FILE_BROKEN "damage in the database file"
#define KEYS_NAME "foreign-keys"
#define KEYS_BROKEN "rows that refer to a row that is gone"
#define TOKENS_NAME "token-waits"
#define TOKENS_BROKEN "executions whose token waits for nothing that could come"

const char *const *wf_store_invariants(void)
{
    static const char *names[INVARIANTS + 4];

    names[0] = FILE_NAME;
    names[1] = KEYS_NAME;
    for (int i = 0; i < INVARIANTS; i++) {
        names[i + 2] = invariants[i].name;
    }
    names[INVARIANTS + 2] = TOKENS_NAME;
    return names;
}

static apr_status_t verify(wf_store_t *store, const wf_verify_t *how,
                           apr_array_header_t *breaches, wf_error_t *err)
{
    apr_status_t rv =
        look_at(store, how, FILE_NAME, FILE_BROKEN, store->driver->damage, breaches, err);

    if (rv == APR_SUCCESS) {
        rv = look_at(store, how, KEYS_NAME, KEYS_BROKEN, store->driver->dangling,
                     breaches, err);
    }
    for (int i = 0; rv == APR_SUCCESS && i < INVARIANTS; i++) {
        rv = look_at(store, how, invariants[i].name, invariants[i].broken,
                     invariants[i].sql, breaches, err);
    }
    return rv == APR_SUCCESS
               ? look_at(store, how, TOKENS_NAME, TOKENS_BROKEN, NULL, breaches, err)
               : rv;
}

apr_status_t wf_store_verify(wf_store_t *store, const wf_verify_t *how,
                             apr_array_header_t **breaches, apr_pool_t *p,
                             wf_error_t *err)
{
    wf_error_t ignored;
    apr_status_t rv = store->driver->transact(store, WF_TX_READ, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *breaches = apr_array_make(p, 4, sizeof(const wf_breach_t *));
    rv = verify(store, how, *breaches, err);
    /* Nothing was written, so nothing is lost if damage has ended the transaction
     * already. */
    wf_error_init(&ignored, p);
    store->driver->transact(store, WF_TX_ROLLBACK, &ignored);
    return rv;
}
