/* The tables: which column holds which member of which row struct. Statements, reading
 * and writing of rows and table views follow from these lists; the columns of
 * Activiti 5.0 come first and in its order, as in sql/. */
#include "store/internal.h"

#include <apr_strings.h>
#include <string.h>

#define KEY WF_COLUMN_KEY
#define HIDDEN WF_COLUMN_HIDDEN
#define LONG WF_COLUMN_LONG
#define JOINED (WF_COLUMN_JOINED | WF_COLUMN_HIDDEN)

#define AT(type, member) (int)offsetof(type, member)

/* The driver of a byte array's content expects its length behind the pointer. */
_Static_assert(offsetof(wf_bytearray_t, length)
                   == offsetof(wf_bytearray_t, bytes) + sizeof(void *),
               "length follows bytes");

/* clang-format off */

#define T wf_property_t
static const wf_column_t property_columns[] = {
    { "NAME_",  WF_COL_TEXT, AT(T, name),    KEY },
    { "VALUE_", WF_COL_TEXT, AT(T, value),   0 },
    { "REV_",   WF_COL_REV,  AT(T, row.rev), 0 },
};
#undef T

#define T wf_user_t
static const wf_column_t user_columns[] = {
    { "ID_",    WF_COL_TEXT, AT(T, id),            KEY },
    { "REV_",   WF_COL_REV,  AT(T, row.rev),       0 },
    { "FIRST_", WF_COL_TEXT, AT(T, first_name),    0 },
    { "LAST_",  WF_COL_TEXT, AT(T, last_name),     0 },
    { "EMAIL_", WF_COL_TEXT, AT(T, email),         0 },
    { "PWD_",   WF_COL_TEXT, AT(T, password_hash), WF_COLUMN_SECRET },
    { "PICTURE_ID_", WF_COL_ID, AT(T, picture_id), HIDDEN },
};
#undef T

#define T wf_group_t
static const wf_column_t group_columns[] = {
    { "ID_",   WF_COL_TEXT, AT(T, id),      KEY },
    { "REV_",  WF_COL_REV,  AT(T, row.rev), 0 },
    { "NAME_", WF_COL_TEXT, AT(T, name),    0 },
    { "TYPE_", WF_COL_TEXT, AT(T, type),    0 },
};
#undef T

#define T wf_membership_t
static const wf_column_t membership_columns[] = {
    { "USER_ID_",  WF_COL_TEXT, AT(T, user_id),  KEY },
    { "GROUP_ID_", WF_COL_TEXT, AT(T, group_id), KEY },
};
#undef T

#define T wf_deployment_t
static const wf_column_t deployment_columns[] = {
    { "ID_",          WF_COL_ID,   AT(T, id),          KEY },
    { "NAME_",        WF_COL_TEXT, AT(T, name),        0 },
    { "DEPLOY_TIME_", WF_COL_TIME, AT(T, deploy_time), 0 },
};
#undef T

#define T wf_bytearray_t
static const wf_column_t bytearray_columns[] = {
    { "ID_",            WF_COL_ID,    AT(T, id),            KEY },
    { "REV_",           WF_COL_REV,   AT(T, row.rev),       0 },
    { "NAME_",          WF_COL_TEXT,  AT(T, name),          0 },
    { "DEPLOYMENT_ID_", WF_COL_ID,    AT(T, deployment_id), 0 },
    { "BYTES_",         WF_COL_BYTES, AT(T, bytes),         0 },
};
#undef T

#define T wf_definition_t
static const wf_column_t definition_columns[] = {
    { "ID_",                 WF_COL_TEXT,   AT(T, id),                    KEY },
    { "CATEGORY_",           WF_COL_TEXT,   AT(T, category),              0 },
    { "NAME_",               WF_COL_TEXT,   AT(T, name),                  0 },
    { "KEY_",                WF_COL_TEXT,   AT(T, key),                   0 },
    { "VERSION_",            WF_COL_INT,    AT(T, version),               0 },
    { "DEPLOYMENT_ID_",      WF_COL_ID,     AT(T, deployment_id),         0 },
    { "RESOURCE_NAME_",      WF_COL_TEXT,   AT(T, resource_name),         0 },
    { "DGRM_RESOURCE_NAME_", WF_COL_TEXT,   AT(T, diagram_resource_name), 0 },
    { "HAS_START_FORM_KEY_", WF_COL_IS_SET, AT(T, start_form_key),        0 },
    { "DESCRIPTION_",        WF_COL_TEXT,   AT(T, description),           HIDDEN },
    { "START_FORM_KEY_",     WF_COL_TEXT,   AT(T, start_form_key),        HIDDEN },
    { "HAS_DIAGRAM_",        WF_COL_BOOL,   AT(T, has_diagram),           HIDDEN },
    { "SUSPENSION_STATE_",   WF_COL_SUSPENSION, AT(T, suspension),        HIDDEN },
};
#undef T

#define T wf_decision_def_t
static const wf_column_t decision_def_columns[] = {
    { "ID_",            WF_COL_TEXT, AT(T, id),            KEY },
    { "NAME_",          WF_COL_TEXT, AT(T, name),          0 },
    { "KEY_",           WF_COL_TEXT, AT(T, key),           0 },
    { "VERSION_",       WF_COL_INT,  AT(T, version),       0 },
    { "DEPLOYMENT_ID_", WF_COL_ID,   AT(T, deployment_id), 0 },
    { "RESOURCE_NAME_", WF_COL_TEXT, AT(T, resource_name), 0 },
};
#undef T

#define T wf_execution_t
static const wf_column_t execution_columns[] = {
    { "ID_",            WF_COL_ID,   AT(T, id),            KEY },
    { "REV_",           WF_COL_REV,  AT(T, row.rev),       0 },
    { "PROC_INST_ID_",  WF_COL_ID,   AT(T, proc_inst_id),  0 },
    { "BUSINESS_KEY_",  WF_COL_TEXT, AT(T, business_key),  0 },
    { "PARENT_ID_",     WF_COL_ID,   AT(T, parent_id),     0 },
    { "PROC_DEF_ID_",   WF_COL_TEXT, AT(T, proc_def_id),   0 },
    { "SUPER_EXEC_",    WF_COL_ID,   AT(T, super_exec),    0 },
    { "ACT_ID_",        WF_COL_TEXT, AT(T, act_id),        0 },
    { "IS_ACTIVE_",     WF_COL_BOOL, AT(T, is_active),     0 },
    { "IS_CONCURRENT_", WF_COL_BOOL, AT(T, is_concurrent), 0 },
    { "IS_SCOPE_",      WF_COL_BOOL, AT(T, is_scope),      0 },
    { "ACT_INST_ID_",   WF_COL_ID,   AT(T, act_inst_id),   HIDDEN },
    { "ROLE_",          WF_COL_INT,  AT(T, role),          HIDDEN },
    { "CHILDREN_",      WF_COL_INT,  AT(T, children),      HIDDEN },
    { "ROOT_ID_",       WF_COL_ID,   AT(T, root_id),       HIDDEN },
    { "ARRIVED_",       WF_COL_INT,  AT(T, arrived),       HIDDEN },
    { "SUSPENSION_STATE_", WF_COL_SUSPENSION, AT(T, suspension), HIDDEN },
};
#undef T

#define T wf_task_t
static const wf_column_t task_columns[] = {
    { "ID_",           WF_COL_ID,   AT(T, id),           KEY },
    { "REV_",          WF_COL_REV,  AT(T, row.rev),      0 },
    { "EXECUTION_ID_", WF_COL_ID,   AT(T, execution_id), 0 },
    { "PROC_INST_ID_", WF_COL_ID,   AT(T, proc_inst_id), 0 },
    { "PROC_DEF_ID_",  WF_COL_TEXT, AT(T, proc_def_id),  0 },
    { "NAME_",         WF_COL_TEXT, AT(T, name),         0 },
    { "DESCRIPTION_",  WF_COL_TEXT, AT(T, description),  0 },
    { "TASK_DEF_KEY_", WF_COL_TEXT, AT(T, task_def_key), 0 },
    { "ASSIGNEE_",     WF_COL_TEXT, AT(T, assignee),     0 },
    { "PRIORITY_",     WF_COL_INT,  AT(T, priority),     0 },
    { "CREATE_TIME_",  WF_COL_TIME, AT(T, create_time),  0 },
    { "OWNER_",        WF_COL_TEXT, AT(T, owner),        HIDDEN },
    { "DUE_DATE_",     WF_COL_TIME, AT(T, due_date),     HIDDEN },
    { "FORM_KEY_",     WF_COL_TEXT, AT(T, form_key),     HIDDEN },
    { "DELEGATION_",   WF_COL_TEXT, AT(T, delegation),   HIDDEN },
    { "PARENT_TASK_ID_", WF_COL_ID, AT(T, parent_task_id), HIDDEN },
    { "SUSPENSION_STATE_", WF_COL_SUSPENSION, AT(T, suspension), HIDDEN },
    { "CATEGORY_",     WF_COL_TEXT, AT(T, category),     HIDDEN },
};
#undef T

#define T wf_identitylink_t
static const wf_column_t identitylink_columns[] = {
    { "ID_",          WF_COL_ID,   AT(T, id),          KEY },
    { "REV_",         WF_COL_REV,  AT(T, row.rev),     0 },
    { "GROUP_ID_",    WF_COL_TEXT, AT(T, group_id),    0 },
    { "TYPE_",        WF_COL_TEXT, AT(T, type),        0 },
    { "USER_ID_",     WF_COL_TEXT, AT(T, user_id),     0 },
    { "TASK_ID_",     WF_COL_ID,   AT(T, task_id),     0 },
    { "PROC_DEF_ID_", WF_COL_TEXT, AT(T, proc_def_id), HIDDEN },
    { "OPEN_",        WF_COL_INT,  AT(T, open),        HIDDEN },
};
#undef T

#define T wf_variable_t
static const wf_column_t variable_columns[] = {
    { "ID_",           WF_COL_ID,          AT(T, id),           KEY },
    { "REV_",          WF_COL_REV,         AT(T, row.rev),      0 },
    { "TYPE_",         WF_COL_VALUE_TYPE,  AT(T, value),        0 },
    { "NAME_",         WF_COL_TEXT,        AT(T, name),         0 },
    { "EXECUTION_ID_", WF_COL_ID,          AT(T, execution_id), 0 },
    { "PROC_INST_ID_", WF_COL_ID,          AT(T, proc_inst_id), 0 },
    { "BYTEARRAY_ID_", WF_COL_ID,          AT(T, bytearray_id), 0 },
    { "DOUBLE_",       WF_COL_VALUE_REAL,  AT(T, value),        0 },
    { "LONG_",         WF_COL_VALUE_LONG,  AT(T, value),        0 },
    { "TEXT_",         WF_COL_VALUE_TEXT,  AT(T, value),        0 },
    { "TEXT2_",        WF_COL_VALUE_NULL,  AT(T, value),        0 },
    { "TASK_ID_",      WF_COL_ID,          AT(T, task_id),      HIDDEN },
    { "BYTES_",        WF_COL_VALUE_BYTES, AT(T, value),        JOINED },
};
#undef T

#define T wf_job_t
static const wf_column_t job_columns[] = {
    { "ID_",                  WF_COL_ID,   AT(T, id),                 KEY },
    { "REV_",                 WF_COL_REV,  AT(T, row.rev),            0 },
    { "TYPE_",                WF_COL_TEXT, AT(T, type),               0 },
    { "LOCK_EXP_TIME_",       WF_COL_TIME, AT(T, lock_exp_time),      0 },
    { "LOCK_OWNER_",          WF_COL_TEXT, AT(T, lock_owner),         0 },
    { "EXCLUSIVE_",           WF_COL_BOOL, AT(T, exclusive),          0 },
    { "EXECUTION_ID_",        WF_COL_ID,   AT(T, execution_id),       0 },
    { "PROCESS_INSTANCE_ID_", WF_COL_ID,   AT(T, proc_inst_id),       0 },
    { "RETRIES_",             WF_COL_INT,  AT(T, retries),            0 },
    { "EXCEPTION_STACK_ID_",  WF_COL_ID,   AT(T, exception_stack_id), 0 },
    { "EXCEPTION_MSG_",       WF_COL_TEXT, AT(T, exception_msg),      0 },
    { "DUEDATE_",             WF_COL_TIME, AT(T, due_date),           0 },
    { "REPEAT_",              WF_COL_TEXT, AT(T, repeat),             0 },
    { "HANDLER_TYPE_",        WF_COL_TEXT, AT(T, handler_type),       0 },
    { "HANDLER_CFG_",         WF_COL_TEXT, AT(T, handler_cfg),        0 },
    { "PROC_DEF_ID_",         WF_COL_TEXT, AT(T, proc_def_id),        HIDDEN },
    { "SUSPENSION_STATE_",    WF_COL_SUSPENSION, AT(T, suspension),   HIDDEN },
};
#undef T

#define T wf_subscription_t
static const wf_column_t subscription_columns[] = {
    { "ID_",            WF_COL_ID,   AT(T, id),            KEY },
    { "REV_",           WF_COL_REV,  AT(T, row.rev),       0 },
    { "EVENT_TYPE_",    WF_COL_TEXT, AT(T, event_type),    0 },
    { "EVENT_NAME_",    WF_COL_TEXT, AT(T, event_name),    0 },
    { "EXECUTION_ID_",  WF_COL_ID,   AT(T, execution_id),  0 },
    { "PROC_INST_ID_",  WF_COL_ID,   AT(T, proc_inst_id),  0 },
    { "ACTIVITY_ID_",   WF_COL_TEXT, AT(T, activity_id),   0 },
    { "CONFIGURATION_", WF_COL_TEXT, AT(T, configuration), 0 },
    { "CREATED_",       WF_COL_TIME, AT(T, created),       0 },
};
#undef T

#define T wf_external_task_t
static const wf_column_t external_task_columns[] = {
    { "ID_",               WF_COL_ID,         AT(T, id),               KEY },
    { "REV_",              WF_COL_REV,        AT(T, row.rev),          0 },
    { "WORKER_ID_",        WF_COL_TEXT,       AT(T, worker_id),        0 },
    { "TOPIC_NAME_",       WF_COL_TEXT,       AT(T, topic),            0 },
    { "RETRIES_",          WF_COL_RETRIES,    AT(T, retries),          0 },
    { "ERROR_MSG_",        WF_COL_TEXT,       AT(T, error_msg),        0 },
    { "ERROR_DETAILS_ID_", WF_COL_ID,         AT(T, error_details_id), 0 },
    { "LOCK_EXP_TIME_",    WF_COL_TIME,       AT(T, lock_exp_time),    0 },
    { "SUSPENSION_STATE_", WF_COL_SUSPENSION, AT(T, suspension),       0 },
    { "EXECUTION_ID_",     WF_COL_ID,         AT(T, execution_id),     0 },
    { "PROC_INST_ID_",     WF_COL_ID,         AT(T, proc_inst_id),     0 },
    { "PROC_DEF_ID_",      WF_COL_TEXT,       AT(T, proc_def_id),      0 },
    { "ACT_ID_",           WF_COL_TEXT,       AT(T, act_id),           0 },
    { "ACT_INST_ID_",      WF_COL_ID,         AT(T, act_inst_id),      0 },
    { "PRIORITY_",         WF_COL_LONG,       AT(T, priority),         0 },
    { "CREATE_TIME_",      WF_COL_TIME,       AT(T, created),          0 },
};
#undef T

#define T wf_incident_t
static const wf_column_t incident_columns[] = {
    { "ID_",                 WF_COL_ID,   AT(T, id),            KEY },
    { "REV_",                WF_COL_REV,  AT(T, row.rev),       0 },
    { "INCIDENT_TIMESTAMP_", WF_COL_TIME, AT(T, time),          0 },
    { "INCIDENT_MSG_",       WF_COL_TEXT, AT(T, message),       0 },
    { "INCIDENT_TYPE_",      WF_COL_TEXT, AT(T, type),          0 },
    { "EXECUTION_ID_",       WF_COL_ID,   AT(T, execution_id),  0 },
    { "ACTIVITY_ID_",        WF_COL_TEXT, AT(T, activity_id),   0 },
    { "PROC_INST_ID_",       WF_COL_ID,   AT(T, proc_inst_id),  0 },
    { "PROC_DEF_ID_",        WF_COL_TEXT, AT(T, proc_def_id),   0 },
    { "CONFIGURATION_",      WF_COL_ID,   AT(T, configuration), 0 },
};
#undef T

#define T wf_hi_procinst_t
static const wf_column_t hi_procinst_columns[] = {
    { "ID_",                        WF_COL_ID,       AT(T, id),                 KEY },
    { "PROC_INST_ID_",              WF_COL_ID,       AT(T, proc_inst_id),       0 },
    { "BUSINESS_KEY_",              WF_COL_TEXT,     AT(T, business_key),       0 },
    { "PROC_DEF_ID_",               WF_COL_TEXT,     AT(T, proc_def_id),        0 },
    { "START_TIME_",                WF_COL_TIME,     AT(T, start_time),         0 },
    { "END_TIME_",                  WF_COL_TIME,     AT(T, end_time),           0 },
    { "DURATION_",                  WF_COL_DURATION, AT(T, duration),           0 },
    { "START_USER_ID_",             WF_COL_TEXT,     AT(T, start_user_id),      0 },
    { "START_ACT_ID_",              WF_COL_TEXT,     AT(T, start_act_id),       0 },
    { "END_ACT_ID_",                WF_COL_TEXT,     AT(T, end_act_id),         0 },
    { "DELETE_REASON_",             WF_COL_TEXT,     AT(T, delete_reason),      HIDDEN },
    { "SUPER_PROCESS_INSTANCE_ID_", WF_COL_ID,       AT(T, super_proc_inst_id), HIDDEN },
    { "REMOVAL_TIME_",              WF_COL_TIME,     AT(T, removal_time),       HIDDEN },
    { "SUSPENSION_STATE_",         WF_COL_SUSPENSION, AT(T, suspension),        JOINED },
};
#undef T

#define T wf_hi_actinst_t
static const wf_column_t hi_actinst_columns[] = {
    { "ID_",           WF_COL_ID,       AT(T, id),           KEY },
    { "PROC_DEF_ID_",  WF_COL_TEXT,     AT(T, proc_def_id),  0 },
    { "PROC_INST_ID_", WF_COL_ID,       AT(T, proc_inst_id), 0 },
    { "EXECUTION_ID_", WF_COL_ID,       AT(T, execution_id), 0 },
    { "ACT_ID_",       WF_COL_TEXT,     AT(T, act_id),       0 },
    { "ACT_NAME_",     WF_COL_TEXT,     AT(T, act_name),     0 },
    { "ACT_TYPE_",     WF_COL_TEXT,     AT(T, act_type),     0 },
    { "ASSIGNEE_",     WF_COL_TEXT,     AT(T, assignee),     0 },
    { "START_TIME_",   WF_COL_TIME,     AT(T, start_time),   0 },
    { "END_TIME_",     WF_COL_TIME,     AT(T, end_time),     0 },
    { "DURATION_",     WF_COL_DURATION, AT(T, duration),     0 },
    { "TASK_ID_",      WF_COL_ID,       AT(T, task_id),      HIDDEN },
    { "CALL_PROC_INST_ID_", WF_COL_ID,  AT(T, called_inst_id), HIDDEN },
};
#undef T

#define T wf_hi_taskinst_t
static const wf_column_t hi_taskinst_columns[] = {
    { "ID_",            WF_COL_ID,       AT(T, id),            KEY },
    { "PROC_DEF_ID_",   WF_COL_TEXT,     AT(T, proc_def_id),   0 },
    { "TASK_DEF_KEY_",  WF_COL_TEXT,     AT(T, task_def_key),  0 },
    { "PROC_INST_ID_",  WF_COL_ID,       AT(T, proc_inst_id),  0 },
    { "EXECUTION_ID_",  WF_COL_ID,       AT(T, execution_id),  0 },
    { "NAME_",          WF_COL_TEXT,     AT(T, name),          0 },
    { "DESCRIPTION_",   WF_COL_TEXT,     AT(T, description),   0 },
    { "OWNER_",         WF_COL_TEXT,     AT(T, owner),         0 },
    { "ASSIGNEE_",      WF_COL_TEXT,     AT(T, assignee),      0 },
    { "START_TIME_",    WF_COL_TIME,     AT(T, start_time),    0 },
    { "CLAIM_TIME_",    WF_COL_TIME,     AT(T, claim_time),    0 },
    { "END_TIME_",      WF_COL_TIME,     AT(T, end_time),      0 },
    { "DURATION_",      WF_COL_DURATION, AT(T, duration),      0 },
    { "DELETE_REASON_", WF_COL_TEXT,     AT(T, delete_reason), 0 },
    { "PRIORITY_",      WF_COL_INT,      AT(T, priority),      0 },
    { "DUE_DATE_",      WF_COL_TIME,     AT(T, due_date),      0 },
    { "FORM_KEY_",      WF_COL_TEXT,     AT(T, form_key),      0 },
    { "PARENT_TASK_ID_", WF_COL_ID,      AT(T, parent_task_id), 0 },
    { "REMOVAL_TIME_",  WF_COL_TIME,     AT(T, removal_time),  HIDDEN },
    { "CATEGORY_",      WF_COL_TEXT,     AT(T, category),      0 },
};
#undef T

#define T wf_hi_detail_t
static const wf_column_t hi_detail_columns[] = {
    { "ID_",           WF_COL_ID,          AT(T, id),           KEY },
    { "TYPE_",         WF_COL_TEXT,        AT(T, type),         0 },
    { "PROC_INST_ID_", WF_COL_ID,          AT(T, proc_inst_id), 0 },
    { "EXECUTION_ID_", WF_COL_ID,          AT(T, execution_id), 0 },
    { "ACT_INST_ID_",  WF_COL_ID,          AT(T, act_inst_id),  0 },
    { "NAME_",         WF_COL_TEXT,        AT(T, name),         0 },
    { "VAR_TYPE_",     WF_COL_VALUE_TYPE,  AT(T, value),        0 },
    { "REV_",          WF_COL_INT,         AT(T, revision),     0 },
    { "TIME_",         WF_COL_TIME,        AT(T, time),         0 },
    { "BYTEARRAY_ID_", WF_COL_ID,          AT(T, bytearray_id), 0 },
    { "DOUBLE_",       WF_COL_VALUE_REAL,  AT(T, value),        0 },
    { "LONG_",         WF_COL_VALUE_LONG,  AT(T, value),        0 },
    { "TEXT_",         WF_COL_VALUE_TEXT,  AT(T, value),        0 },
    { "TEXT2_",        WF_COL_VALUE_NULL,  AT(T, value),        0 },
    { "TASK_ID_",      WF_COL_ID,          AT(T, task_id),      HIDDEN },
    { "BYTES_",        WF_COL_VALUE_BYTES, AT(T, value),        JOINED },
};
#undef T

#define T wf_hi_varinst_t
static const wf_column_t hi_varinst_columns[] = {
    { "ID_",                WF_COL_ID,          AT(T, id),           KEY },
    { "PROC_INST_ID_",      WF_COL_ID,          AT(T, proc_inst_id), 0 },
    { "EXECUTION_ID_",      WF_COL_ID,          AT(T, execution_id), 0 },
    { "TASK_ID_",           WF_COL_ID,          AT(T, task_id),      0 },
    { "NAME_",              WF_COL_TEXT,        AT(T, name),         0 },
    { "VAR_TYPE_",          WF_COL_VALUE_TYPE,  AT(T, value),        0 },
    { "REV_",               WF_COL_REV,         AT(T, row.rev),      0 },
    { "BYTEARRAY_ID_",      WF_COL_ID,          AT(T, bytearray_id), 0 },
    { "DOUBLE_",            WF_COL_VALUE_REAL,  AT(T, value),        0 },
    { "LONG_",              WF_COL_VALUE_LONG,  AT(T, value),        0 },
    { "TEXT_",              WF_COL_VALUE_TEXT,  AT(T, value),        0 },
    { "TEXT2_",             WF_COL_VALUE_NULL,  AT(T, value),        0 },
    { "CREATE_TIME_",       WF_COL_TIME,        AT(T, created),      0 },
    { "LAST_UPDATED_TIME_", WF_COL_TIME,        AT(T, updated),      0 },
    { "BYTES_",             WF_COL_VALUE_BYTES, AT(T, value),        JOINED },
};
#undef T

#define T wf_hi_link_t
static const wf_column_t hi_link_columns[] = {
    { "ID_",           WF_COL_ID,   AT(T, id),           KEY },
    { "GROUP_ID_",     WF_COL_TEXT, AT(T, group_id),     0 },
    { "TYPE_",         WF_COL_TEXT, AT(T, type),         0 },
    { "USER_ID_",      WF_COL_TEXT, AT(T, user_id),      0 },
    { "TASK_ID_",      WF_COL_ID,   AT(T, task_id),      0 },
    { "PROC_INST_ID_", WF_COL_ID,   AT(T, proc_inst_id), 0 },
};
#undef T

#define T wf_attachment_t
static const wf_column_t attachment_columns[] = {
    { "ID_",           WF_COL_ID,   AT(T, id),           KEY },
    { "REV_",          WF_COL_REV,  AT(T, row.rev),      0 },
    { "USER_ID_",      WF_COL_TEXT, AT(T, user_id),      0 },
    { "NAME_",         WF_COL_TEXT, AT(T, name),         0 },
    { "DESCRIPTION_",  WF_COL_TEXT, AT(T, description),  0 },
    { "TYPE_",         WF_COL_TEXT, AT(T, type),         0 },
    { "TASK_ID_",      WF_COL_ID,   AT(T, task_id),      0 },
    { "PROC_INST_ID_", WF_COL_ID,   AT(T, proc_inst_id), 0 },
    { "URL_",          WF_COL_TEXT, AT(T, url),          0 },
    { "CONTENT_ID_",   WF_COL_ID,   AT(T, content_id),   0 },
};
#undef T

#define T wf_run_t
static const wf_column_t run_columns[] = {
    { "ID_",            WF_COL_TEXT, AT(T, id),            KEY },
    { "REV_",           WF_COL_REV,  AT(T, row.rev),       0 },
    { "SEQ_",           WF_COL_LONG, AT(T, seq),           0 },
    { "WORKFLOW_ID_",   WF_COL_TEXT, AT(T, workflow_id),   0 },
    { "WORKFLOW_NAME_", WF_COL_TEXT, AT(T, workflow_name), 0 },
    { "STATUS_",        WF_COL_TEXT, AT(T, status),        0 },
    { "PROGRESS_",      WF_COL_REAL, AT(T, progress),      0 },
    { "START_TIME_",    WF_COL_TIME, AT(T, start_time),    0 },
    { "END_TIME_",      WF_COL_TIME, AT(T, end_time),      0 },
    { "ERRORS_",        WF_COL_TEXT, AT(T, errors),        LONG },
    { "SLAVE_STATES_",  WF_COL_TEXT, AT(T, slave_states),  LONG },
    { "METRICS_",       WF_COL_TEXT, AT(T, metrics),       LONG },
    { "DEFINITION_",    WF_COL_TEXT, AT(T, definition),    LONG },
    { "BASELINE_",      WF_COL_TEXT, AT(T, baseline),      LONG },
};
#undef T

#define T wf_checkpoint_t
static const wf_column_t checkpoint_columns[] = {
    { "ID_",       WF_COL_ID,   AT(T, id),       KEY },
    { "REV_",      WF_COL_REV,  AT(T, row.rev),  0 },
    { "SEQUENCE_", WF_COL_LONG, AT(T, sequence), 0 },
    { "STATE_",    WF_COL_TEXT, AT(T, state),    0 },
    { "SHEET_",    WF_COL_TEXT, AT(T, sheet),    0 },
    { "JUDGE_",    WF_COL_TEXT, AT(T, judge),    0 },
    { "REPORT_",   WF_COL_TEXT, AT(T, report),   0 },
};
#undef T

#define T wf_run_point_t
static const wf_column_t run_point_columns[] = {
    { "ID_",     WF_COL_ID,   AT(T, id),     KEY },
    { "RUN_ID_", WF_COL_ID,   AT(T, run_id), 0 },
    { "POINT_",  WF_COL_TEXT, AT(T, point),  0 },
};
#undef T

#define T wf_api_key_t
static const wf_column_t api_key_columns[] = {
    { "ID_",      WF_COL_ID,   AT(T, id),      KEY },
    { "REV_",     WF_COL_REV,  AT(T, row.rev), 0 },
    { "NAME_",    WF_COL_TEXT, AT(T, name),    0 },
    { "OWNER_",   WF_COL_TEXT, AT(T, owner),   0 },
    { "RIGHTS_",  WF_COL_TEXT, AT(T, rights),  0 },
    { "HASH_",    WF_COL_TEXT, AT(T, hash),    WF_COLUMN_SECRET },
    { "CREATED_", WF_COL_TIME, AT(T, created), 0 },
    { "EXPIRES_", WF_COL_TIME, AT(T, expires), 0 },
    { "REVOKED_", WF_COL_TIME, AT(T, revoked), 0 },
    { "CREATOR_", WF_COL_TEXT, AT(T, creator), 0 },
};
#undef T

#define T wf_idempotency_t
static const wf_column_t idempotency_columns[] = {
    { "ID_",          WF_COL_TEXT, AT(T, id),          KEY },
    { "REV_",         WF_COL_REV,  AT(T, row.rev),     0 },
    { "SEQ_",         WF_COL_LONG, AT(T, seq),         0 },
    { "CREATED_",     WF_COL_TIME, AT(T, created),     0 },
    { "FINGERPRINT_", WF_COL_TEXT, AT(T, fingerprint), 0 },
    { "STEP_",        WF_COL_TEXT, AT(T, step),        0 },
    { "REPLY_",       WF_COL_TEXT, AT(T, reply),       0 },
    { "ANSWER_",      WF_COL_TEXT, AT(T, answer),      0 },
};
#undef T

#define T wf_grant_t
static const wf_column_t grant_columns[] = {
    { "ID_",       WF_COL_ID,   AT(T, id),       KEY },
    { "REV_",      WF_COL_REV,  AT(T, row.rev),  0 },
    { "KEY_",      WF_COL_TEXT, AT(T, key),      0 },
    { "USER_ID_",  WF_COL_TEXT, AT(T, user_id),  0 },
    { "GROUP_ID_", WF_COL_TEXT, AT(T, group_id), 0 },
    { "START_",    WF_COL_INT,  AT(T, start),    0 },
    { "READ_",     WF_COL_INT,  AT(T, read),     0 },
    { "OPERATE_",  WF_COL_INT,  AT(T, operate),  0 },
};
#undef T

#define BYTES_OF " LEFT JOIN ACT_GE_BYTEARRAY b ON b.ID_ = r.BYTEARRAY_ID_"
#define RUNNING " LEFT JOIN ACT_RU_EXECUTION b ON b.ID_ = r.ID_"
#define ID_TAKEN "its id exists already"

#define TABLE(name, noun, kind, key, order, join, taken)                                 \
    { name, noun, sizeof(wf_##kind##_t), key, order, join, taken, kind##_columns,        \
      sizeof(kind##_columns) / sizeof(kind##_columns[0]) }

const wf_table_def_t wf_tables[WF_TABLES] = {
    [WF_TABLE_PROPERTY] = TABLE("ACT_GE_PROPERTY", "property", property,
        WF_KEY_TEXT, "NAME_", "", ID_TAKEN),
    [WF_TABLE_USER] = TABLE("ACT_ID_USER", "user", user,
        WF_KEY_TEXT, "SEQ_", "", ID_TAKEN),
    [WF_TABLE_GROUP] = TABLE("ACT_ID_GROUP", "group", group,
        WF_KEY_TEXT, "SEQ_", "", ID_TAKEN),
    [WF_TABLE_MEMBERSHIP] = TABLE("ACT_ID_MEMBERSHIP", "membership of user", membership,
        WF_KEY_PAIR, "USER_ID_", "", "it exists already"),
    [WF_TABLE_DEPLOYMENT] = TABLE("ACT_RE_DEPLOYMENT", "deployment", deployment,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_BYTEARRAY] = TABLE("ACT_GE_BYTEARRAY", "resource", bytearray,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_DEFINITION] = TABLE("ACT_RE_PROCDEF", "process definition", definition,
        WF_KEY_TEXT, "SEQ_", "", "this version exists already; it was deployed meanwhile"),
    [WF_TABLE_DECISION] = TABLE("ACT_RE_DECISION_DEF", "decision", decision_def,
        WF_KEY_TEXT, "SEQ_", "", "this version exists already; it was deployed meanwhile"),
    [WF_TABLE_EXECUTION] = TABLE("ACT_RU_EXECUTION", "execution", execution,
        WF_KEY_GENERATED, "ID_", "", "its business key belongs to another running instance"),
    [WF_TABLE_TASK] = TABLE("ACT_RU_TASK", "task", task,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_IDENTITYLINK] = TABLE("ACT_RU_IDENTITYLINK", "identity link", identitylink,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_VARIABLE] = TABLE("ACT_RU_VARIABLE", "variable", variable,
        WF_KEY_GENERATED, "ID_", BYTES_OF, ID_TAKEN),
    [WF_TABLE_JOB] = TABLE("ACT_RU_JOB", "job", job,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_SUBSCRIPTION] = TABLE("ACT_RU_EVENT_SUBSCR", "event subscription", subscription,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_EXTERNAL_TASK] = TABLE("ACT_RU_EXT_TASK", "external task", external_task,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_INCIDENT] = TABLE("ACT_RU_INCIDENT", "incident", incident,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_HI_PROCINST] = TABLE("ACT_HI_PROCINST", "historic instance", hi_procinst,
        WF_KEY_SHARED, "ID_", RUNNING, "its business key was used before"),
    [WF_TABLE_HI_ACTINST] = TABLE("ACT_HI_ACTINST", "historic activity", hi_actinst,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_HI_TASKINST] = TABLE("ACT_HI_TASKINST", "historic task", hi_taskinst,
        WF_KEY_SHARED, "ID_", "", ID_TAKEN),
    [WF_TABLE_HI_DETAIL] = TABLE("ACT_HI_DETAIL", "historic detail", hi_detail,
        WF_KEY_GENERATED, "ID_", BYTES_OF, ID_TAKEN),
    [WF_TABLE_HI_VARINST] = TABLE("ACT_HI_VARINST", "historic variable", hi_varinst,
        WF_KEY_SHARED, "ID_", BYTES_OF, ID_TAKEN),
    [WF_TABLE_HI_LINK] = TABLE("ACT_HI_IDENTITYLINK", "historic identity link", hi_link,
        WF_KEY_SHARED, "ID_", "", ID_TAKEN),
    [WF_TABLE_ATTACHMENT] = TABLE("ACT_HI_ATTACHMENT", "attachment", attachment,
        WF_KEY_GENERATED, "ID_", "", ID_TAKEN),
    [WF_TABLE_RUN] = TABLE("WF_EXECUTION", "execution", run,
        WF_KEY_TEXT, "SEQ_", "", ID_TAKEN),
    [WF_TABLE_CHECKPOINT] = TABLE("WF_CHECKPOINT", "checkpoint", checkpoint,
        WF_KEY_SHARED, "ID_", "", ID_TAKEN),
    [WF_TABLE_POINT] = TABLE("WF_POINT", "point", run_point,
        WF_KEY_SHARED, "ID_", "", ID_TAKEN),
    [WF_TABLE_API_KEY] = TABLE("WF_API_KEY", "API key", api_key,
        WF_KEY_GENERATED, "ID_", "", "there is one of that name"),
    [WF_TABLE_IDEMPOTENCY] = TABLE("WF_IDEMPOTENCY", "answer", idempotency,
        WF_KEY_TEXT, "SEQ_", "", "another server has answered this request meanwhile"),
    [WF_TABLE_GRANT] = TABLE("WF_GRANT", "rights", grant,
        WF_KEY_GENERATED, "ID_", "", "these rights were given meanwhile"),
};
/* clang-format on */

const wf_column_t *wf_table_rev(const wf_table_def_t *t)
{
    for (int i = 0; i < t->count; i++) {
        if (t->columns[i].kind == WF_COL_REV) {
            return &t->columns[i];
        }
    }
    return NULL;
}

const wf_column_t *wf_table_column(const wf_table_def_t *t, const char *name)
{
    for (int i = 0; i < t->count; i++) {
        if (!strcmp(t->columns[i].name, name)) {
            return &t->columns[i];
        }
    }
    return NULL;
}

/* Keys come first in every table. */
wf_id_t *wf_row_id(void *row)
{
    return (wf_id_t *)((char *)row
                       + wf_tables[((wf_row_t *)row)->table].columns[0].offset);
}

const char *wf_row_label(const void *row, apr_pool_t *p)
{
    const wf_table_def_t *t = &wf_tables[((const wf_row_t *)row)->table];
    const char *key = (const char *)row + t->columns[0].offset;
    wf_id_t id;

    if (t->key == WF_KEY_GENERATED || t->key == WF_KEY_SHARED) {
        memcpy(&id, key, sizeof(id));
        return apr_psprintf(p, "%s %" APR_INT64_T_FMT, t->noun, id);
    }
    memcpy(&key, key, sizeof(key));
    return apr_psprintf(p, "%s '%s'", t->noun, key ? key : "");
}
