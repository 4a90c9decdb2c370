/* The endpoints of the process engine's face. One row an endpoint: the router, the rights,
 * the API browser, the OpenAPI document and the tests read this table and nothing else. */
#include "activiti/internal.h"

/* clang-format off */
#define USER  WF_LEVEL_USER
#define ADMIN WF_LEVEL_ADMIN
#define NONE  WF_LEVEL_NONE
#define JSON  WF_FORMAT_JSON
#define HTML  WF_FORMAT_HTML

/* What rights on definitions a call needs. */
#define OF(object, right) WF_NEEDS(WF_OF_##object, WF_RIGHT_##right)
#define OF_NONE WF_NEEDS(WF_OF_NONE, 0)
#define OF_LIST WF_NEEDS(WF_OF_LIST, 0)
#define OF_BODY WF_NEEDS(WF_OF_BODY, 0)

/* ---- examples that several rows share ------------------------------------------------ */

#define SUCCESS "{\"success\":true}"
#define INDEX "{\"title\":\"Activiti REST API\",\"server\":\"" WF_SERVER_LINE "\"," \
    "\"total\":0,\"endpoints\":[]}"
#define PAGE_OF(row) "{\"data\":[" row "],\"total\":1,\"start\":0,\"sort\":\"id\"," \
    "\"order\":\"asc\",\"size\":1}"
#define DEPLOYMENT_MEMBERS "\"id\":\"10\",\"name\":\"expenses.bar\"," \
    "\"deploymentTime\":\"2010-11-02T09:05:00.120+01:00\""
#define DEFINITION "{\"id\":\"expenseClaim:3\",\"key\":\"expenseClaim\",\"version\":3," \
    "\"name\":\"Expense claim\",\"resourceName\":\"expenses/claim.bpmn20.xml\"," \
    "\"deploymentId\":\"14\",\"startFormResourceKey\":\"expenses/claim.form\"," \
    "\"diagramResourceName\":\"expenses/claim.png\",\"category\":\"http://example.org\"," \
    "\"graphicNotationDefined\":true,\"suspended\":false}"
#define STARTED_MEMBERS "\"id\":\"217\",\"processInstanceId\":\"217\"," \
    "\"processDefinitionId\":\"expenseClaim:3\",\"businessKey\":\"claim-4711\"," \
    "\"activityNames\":[\"checkReceipts\"],\"ended\":false"
#define STARTED "{" STARTED_MEMBERS "}"
#define INSTRUCTION "{\"sourceActivityIds\":[\"checkReceipts\"]," \
    "\"targetActivityIds\":[\"checkReceipts\"],\"updateEventTrigger\":false}"
#define PLAN "{\"sourceProcessDefinitionId\":\"expenseClaim:3\"," \
    "\"targetProcessDefinitionId\":\"expenseClaim:4\",\"instructions\":[" INSTRUCTION "]}"
#define TASK_MEMBERS(id, parent) "\"id\":" id ",\"name\":\"Check receipts\"," \
    "\"description\":\"Claim of fozzie, 250 EUR\",\"priority\":50,\"assignee\":\"kermit\"," \
    "\"executionId\":217,\"processInstanceId\":\"217\"," \
    "\"formResourceKey\":\"expenses/check.form\"," \
    "\"createTime\":\"2010-11-02T09:05:00.120+01:00\",\"dueDate\":null,\"owner\":null," \
    "\"delegationState\":null,\"parentTaskId\":" parent "," \
    "\"processDefinitionId\":\"expenseClaim:3\",\"taskDefinitionKey\":\"checkReceipts\"," \
    "\"category\":null,\"suspended\":false"
#define TASK "{" TASK_MEMBERS("231", "null") ",\"subTaskList\":[" \
    "{" TASK_MEMBERS("244", "\"231\"") "}],\"identityLinkList\":[" \
    "{\"type\":\"candidate\",\"userId\":null,\"groupId\":\"accountancy\"}]," \
    "\"attachmentList\":[" ATTACHMENT "]}"
#define FORM_PROPERTIES "{\"data\":[{\"id\":\"kind\",\"name\":\"Kind of claim\"," \
    "\"type\":\"enum\",\"value\":null,\"datePattern\":null,\"enumValues\":[" \
    "{\"id\":\"travel\",\"name\":\"Travel\"}],\"required\":true,\"readable\":true," \
    "\"writable\":true}]}"
#define SPAN "\"startTime\":\"2010-11-02T09:05:00.120+01:00\",\"completed\":true," \
    "\"endTime\":\"2010-11-02T09:07:41.003+01:00\",\"duration\":160883"
#define VARIABLE "\"variableName\":\"amount\",\"variableValue\":\"250\"," \
    "\"variableType\":\"integer\""
/* The values may be anything. */
#define TASK_VARIABLE "{\"name\":\"note\",\"scope\":\"local\",\"type\":\"null\",\"value\":null}"
#define USER_ROW "{\"id\":\"fozzie\",\"firstName\":\"Fozzie\",\"lastName\":\"Bear\"," \
    "\"email\":\"fozzie@localhost\"}"
#define GROUP_ROW "{\"id\":\"sales\",\"name\":\"Sales\",\"type\":\"assignment\"}"
#define KEY_MEMBERS "\"id\":\"301\",\"name\":\"nightly build\"," \
    "\"owner\":\"fozzie\",\"rights\":\"operate\",\"state\":\"active\"," \
    "\"created\":\"2010-11-02T09:05:00.120+01:00\"," \
    "\"expires\":\"2011-01-31T09:05:00.120+01:00\",\"revoked\":null," \
    "\"creator\":\"kermit\""
#define GRANT "{\"processDefinitionKey\":\"expenseClaim\",\"userId\":null," \
    "\"groupId\":\"accountancy\",\"rights\":[\"start\",\"read\"]}"
#define JOB_MEMBERS "\"id\":\"240\",\"executionId\":\"238\",\"retries\":2," \
    "\"processInstanceId\":\"217\",\"dueDate\":\"2010-11-02T13:05:00.000+01:00\"," \
    "\"assignee\":null,\"exceptionMessage\":\"activity \\\"remind\\\": " \
    "unknown name 'approver'\",\"suspended\":false"
#define INCIDENT "{\"id\":\"270\",\"processDefinitionId\":\"expenseClaim:3\"," \
    "\"processInstanceId\":\"217\",\"executionId\":\"238\"," \
    "\"incidentTimestamp\":\"2010-11-02T13:05:10.002+01:00\"," \
    "\"incidentType\":\"failedJob\",\"activityId\":\"remind\"," \
    "\"failedActivityId\":\"remind\",\"causeIncidentId\":\"270\"," \
    "\"rootCauseIncidentId\":\"270\",\"configuration\":\"240\"," \
    "\"incidentMessage\":\"activity \\\"remind\\\": unknown name 'approver'\"}"
#define TYPED_EXAMPLE "{\"amount\":{\"type\":\"Integer\",\"value\":250,\"valueInfo\":{}}}"
#define EXTERNAL_MEMBERS "\"id\":\"250\",\"topicName\":\"charge-card\"," \
    "\"workerId\":\"worker-7\",\"lockExpirationTime\":\"2010-11-02T09:15:00.120+0100\"," \
    "\"createTime\":\"2010-11-02T09:05:00.120+0100\",\"retries\":null,\"priority\":0," \
    "\"errorMessage\":null,\"suspended\":false,\"activityId\":\"charge\"," \
    "\"activityInstanceId\":\"249\",\"executionId\":\"217\"," \
    "\"processInstanceId\":\"217\",\"processDefinitionId\":\"expenseClaim:3\"," \
    "\"processDefinitionKey\":\"expenseClaim\",\"processDefinitionVersionTag\":null," \
    "\"businessKey\":\"claim-4711\",\"tenantId\":null"
#define FETCHED "[{" EXTERNAL_MEMBERS ",\"extensionProperties\":{},\"errorDetails\":null," \
    "\"variables\":" TYPED_EXAMPLE "}]"
#define ATTACHMENT "{\"id\":\"260\",\"name\":\"Receipt\",\"description\":\"Taxi\"," \
    "\"type\":\"image/png\",\"taskId\":\"231\",\"processInstanceId\":\"217\"," \
    "\"url\":null}"

/* ---- arguments --------------------------------------------------------------------- */

#define QUERY WF_IN_QUERY
#define BODY  WF_IN_BODY
#define FORM  WF_IN_FORM

static const wf_path_var_t path_vars[] = {
    { "deploymentId",        "Id of a deployment, a number." },
    { "resourceName",        "Full name of a file in the deployment; may hold slashes." },
    { "processDefinitionId", "Id of a process definition: its key, a colon and its version." },
    { "processDefinitionKey", "Key of a process definition, or * for those of all." },
    { "taskId",              "Id of a task, a number." },
    { "operation",           "claim, complete, unclaim or assign." },
    { "variableName",        "Name of a variable." },
    { "processInstanceId",   "Id of a process instance, a number." },
    { "signalName",          "Name of a BPMN signal." },
    { "messageName",         "Name of a BPMN message." },
    { "executionId",         "Id of an execution, a number." },
    { "attachmentId",        "Id of an attachment, a number." },
    { "userId",              "Id of a user." },
    { "groupId",             "Id of a group." },
    { "keyId",               "Id of an API key, a number." },
    { "searchText",          "Part of an id or a name." },
    { "jobId",               "Id of a job, a number." },
    { "incidentId",          "Id of an incident, a number." },
    { "externalTaskId",      "Id of an external task, a number." },
    { "tableName",           "Name of a table, such as ACT_RU_TASK." },
    { "packagePath",         "A package or the beginning of some, such as org/activiti." },
    { "uriPath",             "First parts of an address, without slash in front." },
    { "familyName",          "Name of a family, such as task." },
    { "callId",              "Id of an endpoint, as the API browser shows it." },
    { NULL, NULL }
};

static const wf_argument_t upload_arguments[] = {
    { "deployment", FORM,  WF_ARG_FILE,   1, NULL, NULL,
      "A file named .bpmn20.xml, .bpmn or .dmn, or an archive named .bar or .zip." },
    { "success",    FORM,  WF_ARG_STRING, 0, NULL, NULL,
      "JavaScript function that the HTML answer calls; may also be in the query." },
    { "failure",    FORM,  WF_ARG_STRING, 0, NULL, NULL,
      "The function it calls, with a message, if the deployment fails." },
    { NULL }
};

static const wf_argument_t cascade_arguments[] = {
    { "cascade", QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Delete running instances and their history as well." },
    { NULL }
};

static const wf_argument_t delete_all_arguments[] = {
    { "deploymentIds", BODY,  WF_ARG_STRINGS, 1, NULL, NULL,
      "Ids of the deployments, deleted in this order." },
    { "cascade",       QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Delete running instances and their history as well." },
    { NULL }
};

static const wf_argument_t definitions_arguments[] = {
    { "startableByUser", QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "Only definitions that this user may start." },
    { NULL }
};

static const wf_argument_t suspension_arguments[] = {
    { "includeProcessInstances", BODY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "The same for all its running instances and those that they have called." },
    { "date",                    BODY, WF_ARG_DAY,     0, NULL, NULL,
      "From then on, by a job; else at once." },
    { NULL }
};

#define PLAN_ARGUMENTS                                                                   \
    { "sourceProcessDefinitionId", BODY, WF_ARG_STRING,  1, NULL, NULL,                  \
      "The definition with which the instances run." },                                  \
    { "targetProcessDefinitionId", BODY, WF_ARG_STRING,  1, NULL, NULL,                  \
      "The definition with which they go on; of the same key or of another one." }

static const wf_argument_t generate_arguments[] = {
    PLAN_ARGUMENTS,
    { "updateEventTriggers",       BODY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "What waits for events is planned anew, as the target says." },
    { NULL }
};

static const wf_argument_t plan_arguments[] = {
    PLAN_ARGUMENTS,
    { "instructions",              BODY, WF_ARG_OBJECTS, 0, NULL, NULL,
      "Which activity becomes which; one without an instruction that of the same id." },
    { NULL }
};

static const wf_argument_t migration_arguments[] = {
    { "migrationPlan",      BODY, WF_ARG_OBJECT,  1, NULL, NULL,
      "Definitions and instructions, an object." },
    { "processInstanceIds", BODY, WF_ARG_STRINGS, 0, NULL, NULL,
      "Ids of at most 1000 instances; absent: all that run with the source." },
    { "start",              BODY, WF_ARG_INTEGER, 0, NULL, "0",
      "Of all: index of the first one, as next of the call before says." },
    { "dryRun",             BODY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Only tell what would happen." },
    { NULL }
};

static const wf_argument_t start_arguments[] = {
    { "processDefinitionId",  BODY, WF_ARG_STRING,    0, NULL, NULL,
      "The definition to start; this, the key or a message is required." },
    { "processDefinitionKey", BODY, WF_ARG_STRING,    0, NULL, NULL,
      "Key of the definition whose latest version to start." },
    { "message",              BODY, WF_ARG_STRING,    0, NULL, NULL,
      "Name of the message by which the process starts; beside a definition, a variable." },
    { "businessKey",          BODY, WF_ARG_STRING,    0, NULL, NULL,
      "Key of the instance in its field of business, unique for the definition." },
    { "variables",            BODY, WF_ARG_VARIABLES, 0, NULL, NULL,
      "Variables, and their descriptors x_type and x_required." },
    { NULL }
};

static const wf_argument_t summary_arguments[] = {
    { "user", QUERY, WF_ARG_STRING, 1, NULL, NULL, "Id of the user." },
    { NULL }
};

static const wf_argument_t tasks_arguments[] = {
    { "assignee",        QUERY, WF_ARG_STRING,  0, NULL, NULL,
      "Tasks assigned to this user. Of this and the next four the first one counts; "
      "one is required." },
    { "owner",           QUERY, WF_ARG_STRING,  0, NULL, NULL, "Tasks this user owns." },
    { "involved",        QUERY, WF_ARG_STRING,  0, NULL, NULL,
      "Tasks this user has anything to do with." },
    { "candidate",       QUERY, WF_ARG_STRING,  0, NULL, NULL,
      "Unassigned tasks this user may claim, himself or by a group." },
    { "candidate-group", QUERY, WF_ARG_STRING,  0, NULL, NULL,
      "Unassigned tasks members of this group may claim." },
    { "category",        QUERY, WF_ARG_STRING,  0, NULL, NULL, "Tasks of this category." },
    { "priority",        QUERY, WF_ARG_INTEGER, 0, NULL, NULL, "Tasks of this priority." },
    { "minPriority",     QUERY, WF_ARG_INTEGER, 0, NULL, NULL, "Of this priority or a higher one." },
    { "maxPriority",     QUERY, WF_ARG_INTEGER, 0, NULL, NULL, "Of this priority or a lower one." },
    { "dueDate",         QUERY, WF_ARG_DAY,     0, NULL, NULL, "Due then." },
    { "minDueDate",      QUERY, WF_ARG_DAY,     0, NULL, NULL, "Due then or later." },
    { "maxDueDate",      QUERY, WF_ARG_DAY,     0, NULL, NULL, "Due then or earlier." },
    { NULL }
};

static const wf_argument_t operation_arguments[] = {
    { "userId",    BODY, WF_ARG_STRING,    0, NULL, NULL,
      "Of assign: the new assignee; null takes the task from everybody." },
    { "variables", BODY, WF_ARG_VARIABLES, 0, NULL, NULL,
      "Of complete: variables, and their descriptors x_type and x_required." },
    { NULL }
};

#define SCOPES "local global"

static const wf_argument_t scope_arguments[] = {
    { "scope", QUERY, WF_ARG_STRING, 0, SCOPES, NULL,
      "Only the task's own, or only those of its process; both if it is missing." },
    { NULL }
};

static const wf_argument_t forget_arguments[] = {
    { "scope", QUERY, WF_ARG_STRING, 0, SCOPES, "local", "Of the task, or of its process." },
    { NULL }
};

static const wf_argument_t variable_arguments[] = {
    { "scope", BODY, WF_ARG_STRING, 0, SCOPES, "local", "Of the task, or of its process." },
    { "type",  BODY, WF_ARG_STRING, 0, NULL, NULL,
      "string, integer, short, long, double, boolean, date, bytes, list, map or null; what "
      "the value is if it is missing." },
    { "value", BODY, WF_ARG_ANY,    0, NULL, NULL, "The value." },
    { NULL }
};

static const wf_argument_t instances_arguments[] = {
    { "processDefinitionId", QUERY, WF_ARG_STRING, 0, NULL, NULL, "Instances of this definition." },
    { "businessKey",         QUERY, WF_ARG_STRING, 0, NULL, NULL, "Instances with this key." },
    { NULL }
};

static const wf_argument_t delete_instance_arguments[] = {
    { "deleteReason", QUERY, WF_ARG_STRING, 0, NULL, "deleted", "What history says of it." },
    { NULL }
};

static const wf_argument_t signal_arguments[] = {
    { "activityId", BODY, WF_ARG_STRING,    1, NULL, NULL,
      "Id of the receive task in the model." },
    { "variables",  BODY, WF_ARG_VARIABLES, 0, NULL, NULL,
      "Variables, and their descriptors x_type and x_required." },
    { NULL }
};

static const wf_argument_t event_arguments[] = {
    { "variables", BODY, WF_ARG_VARIABLES, 0, NULL, NULL,
      "Variables, and their descriptors x_type and x_required." },
    { NULL }
};

static const wf_argument_t throw_arguments[] = {
    { "async", QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Whether jobs deliver it; then it carries no variables." },
    { "variables", BODY, WF_ARG_VARIABLES, 0, NULL, NULL,
      "Variables, and their descriptors x_type and x_required." },
    { NULL }
};

static const wf_argument_t new_task_arguments[] = {
    { "taskName",     BODY, WF_ARG_STRING,  0, NULL, NULL, "Name of the task; also called name." },
    { "description",  BODY, WF_ARG_STRING,  0, NULL, NULL, "What is to be done." },
    { "assignee",     BODY, WF_ARG_STRING,  0, NULL, NULL, "The user who has the task." },
    { "owner",        BODY, WF_ARG_STRING,  0, NULL, NULL, "The user who answers for it." },
    { "category",     BODY, WF_ARG_STRING,  0, NULL, NULL, "What kind of task it is." },
    { "priority",     BODY, WF_ARG_INTEGER, 0, NULL, "50", "Usually 0 to 100." },
    { "dueDate",      BODY, WF_ARG_DAY,     0, NULL, NULL, "When it is due." },
    { "parentTaskId", BODY, WF_ARG_STRING,  0, NULL, NULL, "The task whose sub-task it is." },
    { NULL }
};

static const wf_argument_t task_arguments[] = {
    { "taskName",    BODY, WF_ARG_STRING,  0, NULL, NULL,
      "Name of the task; also called name. Null takes this and the others away." },
    { "description", BODY, WF_ARG_STRING,  0, NULL, NULL, "What is to be done." },
    { "assignee",    BODY, WF_ARG_STRING,  0, NULL, NULL, "The user who has the task." },
    { "owner",       BODY, WF_ARG_STRING,  0, NULL, NULL, "The user who answers for it." },
    { "category",    BODY, WF_ARG_STRING,  0, NULL, NULL, "What kind of task it is." },
    { "priority",    BODY, WF_ARG_INTEGER, 0, NULL, NULL, "Usually 0 to 100." },
    { "dueDate",     BODY, WF_ARG_DAY,     0, NULL, NULL, "When it is due." },
    { NULL }
};

static const wf_argument_t attachment_arguments[] = {
    { "file",        FORM, WF_ARG_FILE,   1, NULL, NULL, "The file." },
    { "name",        FORM, WF_ARG_STRING, 0, NULL, NULL, "Its name; else that of the file." },
    { "description", FORM, WF_ARG_STRING, 0, NULL, NULL, "What it is." },
    { "type",        FORM, WF_ARG_STRING, 0, NULL, NULL,
      "Its media type; else what the form says of the file." },
    { NULL }
};

static const wf_argument_t link_arguments[] = {
    { "url",         BODY, WF_ARG_STRING, 1, NULL, NULL,
      "A http, https, ftp or mailto address." },
    { "name",        BODY, WF_ARG_STRING, 0, NULL, NULL, "Name of the link; else its address." },
    { "description", BODY, WF_ARG_STRING, 0, NULL, NULL, "What it is." },
    { "type",        BODY, WF_ARG_STRING, 0, NULL, NULL, "What kind of a link it is." },
    { NULL }
};

static const wf_argument_t submit_arguments[] = {
    { "taskId",              BODY, WF_ARG_STRING,  0, NULL, NULL,
      "The task to complete; this or a definition is required." },
    { "processDefinitionId", BODY, WF_ARG_STRING,  0, NULL, NULL, "The definition to start." },
    { "businessKey",         BODY, WF_ARG_STRING,  0, NULL, NULL,
      "Of a start: key of the instance in its field of business." },
    { "properties",          BODY, WF_ARG_OBJECTS, 0, NULL, NULL,
      "What was entered: id and value of each property." },
    { NULL }
};

static const wf_argument_t login_arguments[] = {
    { "userId",   BODY, WF_ARG_STRING, 1, NULL, NULL, "Id of the user." },
    { "password", BODY, WF_ARG_STRING, 1, NULL, NULL, "The password." },
    { NULL }
};

static const wf_argument_t search_arguments[] = {
    { "searchText", QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "Only those with this text as a part of their id or a name." },
    { NULL }
};

static const wf_argument_t user_groups_arguments[] = {
    { "type", QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "Only groups of this type, such as security-role or assignment." },
    { NULL }
};

static const wf_argument_t new_user_arguments[] = {
    { "id",        BODY, WF_ARG_STRING, 1, NULL, NULL, "Id of the user; no colon in it." },
    { "firstName", BODY, WF_ARG_STRING, 0, NULL, NULL, "First name." },
    { "lastName",  BODY, WF_ARG_STRING, 0, NULL, NULL, "Last name." },
    { "email",     BODY, WF_ARG_STRING, 0, NULL, NULL, "E-mail address." },
    { "password",  BODY, WF_ARG_STRING, 0, NULL, NULL,
      "At most 72 bytes; without one the user cannot log in." },
    { NULL }
};

static const wf_argument_t user_arguments[] = {
    { "firstName", BODY, WF_ARG_STRING, 0, NULL, NULL,
      "First name. Null takes this and the others away." },
    { "lastName",  BODY, WF_ARG_STRING, 0, NULL, NULL, "Last name." },
    { "email",     BODY, WF_ARG_STRING, 0, NULL, NULL, "E-mail address." },
    { "password",  BODY, WF_ARG_STRING, 0, NULL, NULL,
      "At most 72 bytes; counts from the next request on." },
    { NULL }
};

static const wf_argument_t new_group_arguments[] = {
    { "id",   BODY, WF_ARG_STRING, 1, NULL, NULL,         "Id of the group." },
    { "name", BODY, WF_ARG_STRING, 0, NULL, NULL,         "Its name." },
    { "type", BODY, WF_ARG_STRING, 0, NULL, "assignment",
      "What kind of a group it is; security-role gives rights." },
    { NULL }
};

static const wf_argument_t picture_arguments[] = {
    { "file", FORM, WF_ARG_FILE, 1, NULL, NULL,
      "A PNG, JPEG, GIF or WebP file of at most 1 MiB. It may also be the body by itself." },
    { NULL }
};

static const wf_argument_t grants_arguments[] = {
    { "processDefinitionKey", QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "Only those on this definition." },
    { "userId",               QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only those of this user." },
    { "groupId",              QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only those of this group." },
    { NULL }
};

static const wf_argument_t grant_arguments[] = {
    { "processDefinitionKey", BODY, WF_ARG_STRING,  1, NULL, NULL,
      "Key of a definition, of all its versions; * for all definitions." },
    { "userId",               BODY, WF_ARG_STRING,  0, NULL, NULL,
      "Whose rights; this or the group is required." },
    { "groupId",              BODY, WF_ARG_STRING,  0, NULL, NULL,
      "The group whose members have them." },
    { "rights",               BODY, WF_ARG_STRINGS, 1, NULL, NULL,
      "start, read and operate (which means to read as well), or none of them." },
    { NULL }
};

static const wf_argument_t keys_arguments[] = {
    { "owner", QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only keys of this user." },
    { NULL }
};

static const wf_argument_t new_key_arguments[] = {
    { "name",    BODY, WF_ARG_STRING, 1, NULL, NULL,
      "What the key is for; no other key has this name." },
    { "owner",   BODY, WF_ARG_STRING, 0, NULL, NULL,
      "The user in whose name its calls are made; without one, who makes it." },
    { "rights",  BODY, WF_ARG_STRING, 0, "read operate admin", "read",
      "What may be done with it: GET and HEAD, what the level user may, or everything." },
    { "expires", BODY, WF_ARG_STRING, 0, NULL, NULL,
      "A time such as 2027-01-31T12:00:00Z, or from now on 90d or 12h; without it, never." },
    { NULL }
};

static const wf_argument_t jobs_arguments[] = {
    { "process-instance",  QUERY, WF_ARG_STRING,  0, NULL, NULL, "Jobs of this instance." },
    { "with-retries-left", QUERY, WF_ARG_BOOLEAN, 0, NULL, "false", "With attempts left." },
    { "no-retries-left",   QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Without attempts left." },
    { "executable",        QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "With attempts left, and due." },
    { "only-timers",       QUERY, WF_ARG_BOOLEAN, 0, NULL, "false", "Timers." },
    { "only-messages",     QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Asynchronous continuations." },
    { "duedate-lt",        QUERY, WF_ARG_DATE,    0, NULL, NULL, "Due before." },
    { "duedate-ltoe",      QUERY, WF_ARG_DATE,    0, NULL, NULL, "Due then or before." },
    { "duedate-ht",        QUERY, WF_ARG_DATE,    0, NULL, NULL, "Due after." },
    { "duedate-htoe",      QUERY, WF_ARG_DATE,    0, NULL, NULL, "Due then or after." },
    { NULL }
};

static const wf_argument_t incidents_arguments[] = {
    { "incidentId",          QUERY, WF_ARG_STRING, 0, NULL, NULL, "The one with this id." },
    { "incidentType",        QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "failedJob or failedExternalTask." },
    { "executionId",         QUERY, WF_ARG_STRING, 0, NULL, NULL, "Of this execution." },
    { "processInstanceId",   QUERY, WF_ARG_STRING, 0, NULL, NULL, "Of this instance." },
    { "processDefinitionId", QUERY, WF_ARG_STRING, 0, NULL, NULL, "Of this definition." },
    { "activityId",          QUERY, WF_ARG_STRING, 0, NULL, NULL, "At this activity." },
    { "configuration",       QUERY, WF_ARG_STRING, 0, NULL, NULL,
      "Of the job or external task with this id." },
    { NULL }
};

static const wf_argument_t retries_arguments[] = {
    { "retries", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "How many attempts it has left." },
    { NULL }
};

static const wf_argument_t job_action_arguments[] = {
    { "action", BODY, WF_ARG_STRING, 1, NULL, NULL, "execute." },
    { NULL }
};

static const wf_argument_t execute_all_arguments[] = {
    { "jobIds", BODY, WF_ARG_STRINGS, 1, NULL, NULL, "Ids of the jobs, run in this order." },
    { NULL }
};

#define WORKER "The worker who has the task, or had it last."
#define TYPED "Variables to set: {\"name\": {\"type\", \"value\", \"valueInfo\"}}."
#define LOCAL "The same in the scope of the activity."

static const wf_argument_t fetch_arguments[] = {
    { "workerId",             BODY, WF_ARG_STRING,  1, NULL, NULL,    "Who gets the tasks." },
    { "maxTasks",             BODY, WF_ARG_INTEGER, 0, NULL, "0",     "At most so many, up to 1000." },
    { "usePriority",          BODY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Whether priority goes before the turn of topics." },
    { "asyncResponseTimeout", BODY, WF_ARG_INTEGER, 0, NULL, "0",
      "Milliseconds to wait for tasks, at most 1800000 and what the administrator allows." },
    { "topics",               BODY, WF_ARG_OBJECTS, 0, NULL, NULL,
      "What is wanted: topicName, lockDuration in milliseconds, and conditions." },
    { "sorting",              BODY, WF_ARG_OBJECTS, 0, NULL, NULL,
      "By createTime, asc, which is how tasks come anyway." },
    { NULL }
};

static const wf_argument_t complete_arguments[] = {
    { "workerId",       BODY, WF_ARG_STRING, 1, NULL, NULL, WORKER },
    { "variables",      BODY, WF_ARG_MAP,    0, NULL, NULL, TYPED },
    { "localVariables", BODY, WF_ARG_MAP,    0, NULL, NULL, LOCAL },
    { NULL }
};

static const wf_argument_t error_arguments[] = {
    { "workerId",     BODY, WF_ARG_STRING, 1, NULL, NULL, WORKER },
    { "errorCode",    BODY, WF_ARG_STRING, 1, NULL, NULL, "Code of the BPMN error." },
    { "errorMessage", BODY, WF_ARG_STRING, 0, NULL, NULL, "What has happened." },
    { "variables",    BODY, WF_ARG_MAP,    0, NULL, NULL, TYPED },
    { NULL }
};

static const wf_argument_t failure_arguments[] = {
    { "workerId",       BODY, WF_ARG_STRING,  1, NULL, NULL, WORKER },
    { "errorMessage",   BODY, WF_ARG_STRING,  0, NULL, NULL, "What has gone wrong, in a line." },
    { "errorDetails",   BODY, WF_ARG_STRING,  0, NULL, NULL, "The same at length." },
    { "retries",        BODY, WF_ARG_INTEGER, 0, NULL, "0",
      "How often it may still be tried; 0 stops it and makes an incident." },
    { "retryTimeout",   BODY, WF_ARG_INTEGER, 0, NULL, "0",
      "Milliseconds until it may be fetched again." },
    { "variables",      BODY, WF_ARG_MAP,     0, NULL, NULL, TYPED },
    { "localVariables", BODY, WF_ARG_MAP,     0, NULL, NULL, LOCAL },
    { NULL }
};

static const wf_argument_t lock_arguments[] = {
    { "workerId",     BODY, WF_ARG_STRING,  1, NULL, NULL, "Who gets the task." },
    { "lockDuration", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "For so many milliseconds." },
    { NULL }
};

static const wf_argument_t extend_arguments[] = {
    { "workerId",    BODY, WF_ARG_STRING,  1, NULL, NULL, "The worker who has the task." },
    { "newDuration", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "So many milliseconds from now." },
    { NULL }
};

static const wf_argument_t backup_arguments[] = {
    { "name", BODY, WF_ARG_STRING, 0, NULL, NULL,
      "Of the file: letters, digits, '.', '_' and '-'. By default it tells the time." },
    { NULL }
};
static const wf_argument_t task_retries_arguments[] = {
    { "retries", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "How often it may still be tried." },
    { NULL }
};

static const wf_argument_t priority_arguments[] = {
    { "priority", BODY, WF_ARG_INTEGER, 1, NULL, NULL, "Higher ones are fetched first." },
    { NULL }
};

#define EXTERNAL_FILTERS(place) \
    { "externalTaskId",      place, WF_ARG_STRING,  0, NULL, NULL, "The task with this id." }, \
    { "topicName",           place, WF_ARG_STRING,  0, NULL, NULL, "Tasks of this topic." }, \
    { "workerId",            place, WF_ARG_STRING,  0, NULL, NULL, "That this worker has, or had last." }, \
    { "locked",              place, WF_ARG_BOOLEAN, 0, NULL, "false", "That somebody has now." }, \
    { "notLocked",           place, WF_ARG_BOOLEAN, 0, NULL, "false", "That nobody has now." }, \
    { "withRetriesLeft",     place, WF_ARG_BOOLEAN, 0, NULL, "false", "That may be tried." }, \
    { "noRetriesLeft",       place, WF_ARG_BOOLEAN, 0, NULL, "false", "That have stopped." }, \
    { "executionId",         place, WF_ARG_STRING,  0, NULL, NULL, "Of this execution." }, \
    { "processInstanceId",   place, WF_ARG_STRING,  0, NULL, NULL, "Of this instance." }, \
    { "processDefinitionId", place, WF_ARG_STRING,  0, NULL, NULL, "Of this definition." }, \
    { "activityId",          place, WF_ARG_STRING,  0, NULL, NULL, "Of this activity." }, \
    { "active",              place, WF_ARG_BOOLEAN, 0, NULL, "false", "That are not suspended." }, \
    { "suspended",           place, WF_ARG_BOOLEAN, 0, NULL, "false", "That are suspended." }

#define EXTERNAL_PAGE(place) \
    { "firstResult", place, WF_ARG_INTEGER, 0, NULL, "0",    "Index of the first one." }, \
    { "maxResults",  place, WF_ARG_INTEGER, 0, NULL, "1000", "Most tasks to return, up to 1000." }, \
    { "sortBy",      place, WF_ARG_STRING,  0, \
      "id lockExpirationTime processInstanceId processDefinitionId taskPriority", NULL, \
      "What they are sorted by; with sortOrder." }, \
    { "sortOrder",   place, WF_ARG_STRING,  0, "asc desc", NULL, "With sortBy." }

static const wf_argument_t externals_arguments[] = {
    EXTERNAL_FILTERS(QUERY), EXTERNAL_PAGE(QUERY), { NULL }
};

static const wf_argument_t externals_body_arguments[] = {
    EXTERNAL_FILTERS(BODY), EXTERNAL_PAGE(QUERY),
    { "sorting", BODY, WF_ARG_OBJECTS, 0, NULL, NULL,
      "A list with one object: sortBy and sortOrder." },
    { NULL }
};

static const wf_argument_t external_count_arguments[] = {
    EXTERNAL_FILTERS(QUERY), { NULL }
};

static const wf_argument_t external_count_body_arguments[] = {
    EXTERNAL_FILTERS(BODY), { NULL }
};

static const wf_argument_t topics_arguments[] = {
    { "withLockedTasks",   QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Only topics of which somebody has a task." },
    { "withUnlockedTasks", QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Only topics of which nobody has a task." },
    { "withRetriesLeft",   QUERY, WF_ARG_BOOLEAN, 0, NULL, "false",
      "Only topics of which a task may be tried." },
    { NULL }
};

static const wf_argument_t table_data_arguments[] = {
    { "start", QUERY, WF_ARG_INTEGER, 0, NULL, "0",   "Index of the first row." },
    { "size",  QUERY, WF_ARG_INTEGER, 0, NULL, "10",  "Most rows to return." },
    { "sort",  QUERY, WF_ARG_STRING,  0, NULL, NULL,
      "A column of the table; else its first one." },
    { "order", QUERY, WF_ARG_STRING,  0, NULL, "asc",
      "asc for ascending; anything else is descending." },
    { NULL }
};

static const wf_argument_t browser_arguments[] = {
    { "package", QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only packages that begin so." },
    { "url",     QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only addresses that begin so." },
    { "family",  QUERY, WF_ARG_STRING, 0, NULL, NULL, "Only families that begin so." },
    { NULL }
};

/* ---- the table --------------------------------------------------------------------- */

static const wf_route_t routes[] = {

    /* repository */

    { WF_POST, "/deployment", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION | WF_ROUTE_HTML,
      "repository", wf_deployment_upload,
      .needs = OF_NONE,
      .summary = "Upload a file and deploy what is in it",
      .arguments = upload_arguments,
      .response = "{\"success\":true," DEPLOYMENT_MEMBERS "}",
      .statuses = "400 413" },
    { WF_POST, "/deployments", ADMIN, JSON,
      WF_ROUTE_ALIAS | WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_HTML,
      "repository", wf_deployment_upload,
      .summary = "The same under the name of the collection" },
    { WF_GET, "/deployments", USER, JSON, 0, "repository", wf_deployment_list,
      .needs = OF_LIST,
      .summary = "List the deployments",
      .pages = WF_PAGES(WF_LIST_DEPLOYMENTS),
      .response = PAGE_OF("{" DEPLOYMENT_MEMBERS "}"),
      .statuses = "400" },
    { WF_GET, "/deployment/{deploymentId}/resource/{resourceName}", USER, WF_FORMAT_NONE,
      0, "repository", wf_deployment_resource,
      .needs = OF(DEPLOYMENT, READ),
      .summary = "Download a file of a deployment",
      .statuses = "400 404" },
    { WF_GET, "/deployment/{deploymentId}/resources", USER, JSON, 0, "repository",
      wf_deployment_resources,
      .needs = OF(DEPLOYMENT, READ),
      .summary = "Show a deployment with the names of its files",
      .response = "{" DEPLOYMENT_MEMBERS ",\"resources\":[\"expenses/claim.bpmn20.xml\","
                  "\"expenses/claim.form\"]}",
      .statuses = "400 404" },
    { WF_DELETE, "/deployment/{deploymentId}", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete,
      .needs = OF_BODY,
      .summary = "Delete a deployment; one that does not exist is as good as deleted",
      .arguments = cascade_arguments,
      .response = SUCCESS,
      .statuses = "400 409" },
    { WF_POST, "/deployments", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all,
      .needs = OF_BODY,
      .summary = "Delete several deployments, one after the other, until one fails",
      .arguments = delete_all_arguments,
      .request = "{\"deploymentIds\":[\"10\",\"14\"]}",
      .response = SUCCESS,
      .statuses = "400 409 413" },
    { WF_POST, "/deployments/delete", ADMIN, JSON, WF_ROUTE_ALIAS | WF_ROUTE_DEPLOY,
      "repository", wf_deployment_delete_all,
      .summary = "The same under a name of its own" },

    /* engine */

    { WF_GET, "/process-engine", USER, JSON, 0, "engine", wf_engine_info,
      .needs = OF_NONE,
      .summary = "Name and version of the process engine",
      .response = "{\"name\":\"default\",\"resourceUrl\":\"file:/etc/apache2/apache2.conf\","
                  "\"exception\":null,\"version\":\"5.0\"}",
      .statuses = "400" },

    /* process */

    { WF_GET, "/process-definitions", USER, JSON, 0, "process", wf_definition_list,
      .needs = OF_LIST,
      .summary = "List all versions of all process definitions",
      .pages = WF_PAGES(WF_LIST_DEFINITIONS),
      .arguments = definitions_arguments,
      .response = PAGE_OF(DEFINITION),
      .statuses = "400" },
    { WF_GET, "/process-definition/{processDefinitionId}", USER, JSON, 0, "process",
      wf_definition_get,
      .needs = OF(DEFINITION, ANY),
      .summary = "Show a process definition",
      .response = DEFINITION,
      .statuses = "400 404" },
    { WF_GET, "/process-definition/{processDefinitionId}/diagram", USER, WF_FORMAT_PNG,
      WF_ROUTE_PICTURE, "process", wf_definition_diagram,
      .needs = OF(DEFINITION, ANY),
      .summary = "The picture that was deployed with a definition, else a drawn one",
      .statuses = "400 404" },
    { WF_GET, "/process-definition/{processDefinitionId}/form", USER, WF_FORMAT_HTML, 0,
      "process", wf_definition_form,
      .needs = OF(DEFINITION, ANY),
      .summary = "The start form of a definition, rendered",
      .statuses = "400 404 500" },
    { WF_GET, "/process-definition/{processDefinitionId}/properties", USER, JSON, 0, "process",
      wf_definition_properties,
      .needs = OF(DEFINITION, ANY),
      .summary = "The form properties that a definition declares for its start",
      .response = FORM_PROPERTIES,
      .statuses = "400 404 500" },
    { WF_PUT, "/process-definition/{processDefinitionId}/suspend", ADMIN, JSON, 0, "process",
      wf_definition_suspend,
      .summary = "Suspend a definition: it starts no instance until it is activated",
      .arguments = suspension_arguments,
      .request = "{\"includeProcessInstances\":true}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_PUT, "/process-definition/{processDefinitionId}/activate", ADMIN, JSON, 0, "process",
      wf_definition_activate,
      .summary = "Activate a suspended definition",
      .arguments = suspension_arguments,
      .request = "{\"date\":\"2010-11-05T08:00:00.000+01:00\"}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_POST, "/process-instance", USER, JSON, 0, "process", wf_process_start,
      .needs = OF_BODY,
      .summary = "Start an instance of a process definition",
      .arguments = start_arguments,
      .request = "{\"processDefinitionId\":\"expenseClaim:3\",\"businessKey\":\"claim-4711\","
                 "\"amount\":\"250\",\"amount_type\":\"Integer\",\"amount_required\":true}",
      .response = STARTED,
      .statuses = "400 403 404 409 413 500" },

    { WF_GET, "/process-instances", USER, JSON, 0, "process", wf_instance_list,
      .needs = OF_LIST,
      .summary = "List the running process instances",
      .pages = WF_PAGES(WF_LIST_INSTANCES),
      .arguments = instances_arguments,
      .response = PAGE_OF("{\"id\":\"217\",\"businessKey\":\"claim-4711\","
                  "\"processDefinitionId\":\"expenseClaim:3\","
                  "\"startTime\":\"2010-11-02T09:05:00.120+01:00\","
                  "\"startUserId\":\"fozzie\",\"suspended\":false}"),
      .statuses = "400" },
    { WF_GET, "/process-instance/{processInstanceId}", USER, JSON, 0, "process",
      wf_instance_get,
      .needs = OF(INSTANCE, READ),
      .summary = "Show an instance, running or ended, with its history",
      .response = "{\"processInstanceId\":\"217\",\"businessKey\":\"claim-4711\","
                  "\"processDefinitionId\":\"expenseClaim:3\","
                  "\"startTime\":\"2010-11-02T09:05:00.120+01:00\","
                  "\"startActivityId\":\"start\",\"startUserId\":\"fozzie\","
                  "\"completed\":true,\"suspended\":false,"
                  "\"endTime\":\"2010-11-02T09:07:41.003+01:00\","
                  "\"endActivityId\":\"end\",\"duration\":160883,"
                  "\"tasks\":[{\"taskId\":\"231\",\"taskName\":\"Check receipts\","
                  "\"owner\":null,\"assignee\":\"kermit\",\"category\":null," SPAN "}],"
                  "\"activities\":[{\"activityId\":\"checkReceipts\","
                  "\"activityName\":\"Check receipts\",\"activityType\":\"userTask\","
                  SPAN "}],\"variables\":[{" VARIABLE "}],"
                  "\"historyVariables\":[{" VARIABLE ",\"revision\":0,"
                  "\"time\":\"2010-11-02T09:05:00.120+01:00\"}]}",
      .statuses = "400 404",
      .optional = "endTime endActivityId duration tasks activities variables "
                  "historyVariables" },
    { WF_DELETE, "/process-instance/{processInstanceId}", USER, JSON, 0, "process",
      wf_instance_delete,
      .needs = OF(INSTANCE, OPERATE),
      .summary = "End a running instance",
      .arguments = delete_instance_arguments,
      .response = SUCCESS,
      .statuses = "400 404" },
    { WF_PUT, "/process-instance/{processInstanceId}/suspend", ADMIN, JSON, 0, "process",
      wf_instance_suspend,
      .summary = "Suspend a running instance: nothing in it moves until it is activated",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_PUT, "/process-instance/{processInstanceId}/activate", ADMIN, JSON, 0, "process",
      wf_instance_activate,
      .summary = "Activate a suspended instance",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_GET, "/process-instance/{processInstanceId}/diagram", USER, WF_FORMAT_PNG,
      WF_ROUTE_PICTURE, "process", wf_instance_diagram,
      .needs = OF(INSTANCE, READ),
      .summary = "A picture of an instance, the activities where it stands marked",
      .statuses = "400 404" },
    { WF_GET, "/processInstance/{processInstanceId}/diagram", USER, WF_FORMAT_PNG,
      WF_ROUTE_ALIAS | WF_ROUTE_PICTURE, "process", wf_instance_diagram,
      .summary = "The same under the name of early releases" },
    { WF_GET, "/process-instance/{processInstanceId}/tasks", USER, JSON, 0, "process",
      wf_instance_tasks,
      .needs = OF(INSTANCE, READ),
      .summary = "List the open tasks of an instance",
      .pages = WF_PAGES(WF_LIST_TASKS),
      .response = PAGE_OF("{" TASK_MEMBERS("231", "null") "}"),
      .statuses = "400 404" },
    { WF_POST, "/process-instance/{processInstanceId}/signal", USER, JSON, 0, "process",
      wf_instance_signal,
      .needs = OF(INSTANCE, OPERATE),
      .summary = "Let a receive task go on; if none waits there, success is false",
      .arguments = signal_arguments,
      .request = "{\"activityId\":\"waitForPayment\",\"paid\":true}",
      .response = "{\"success\":false,\"failureReason\":\"the process instance does not "
                  "wait at 'waitForPayment'\"}",
      .statuses = "400 404 413 500",
      .optional = "failureReason" },
    { WF_POST, "/process-instance/{processInstanceId}/event/{signalName}", USER, JSON, 0,
      "process", wf_instance_event,
      .needs = OF(INSTANCE, OPERATE),
      .summary = "Deliver a signal to an instance; if nothing waits for it, success is false",
      .arguments = event_arguments,
      .request = "{\"reason\":\"out of stock\"}",
      .response = "{\"success\":false,\"failureReason\":\"the process instance does not "
                  "wait for 'cancelled'\"}",
      .statuses = "400 404 413 500",
      .optional = "failureReason" },

    { WF_GET, "/process-instance/{processInstanceId}/event-subscriptions", USER, JSON, 0,
      "process", wf_instance_subscriptions,
      .needs = OF(INSTANCE, READ),
      .summary = "List the signals and messages that an instance waits for",
      .response = "{\"data\":[{\"id\":\"251\",\"eventType\":\"message\","
                  "\"eventName\":\"payment\",\"executionId\":\"217\","
                  "\"activityId\":\"waitForPayment\","
                  "\"created\":\"2010-11-02T09:05:00.120+01:00\"}]}",
      .statuses = "400 404" },
    { WF_POST, "/execution/{executionId}/message/{messageName}", USER, JSON, 0, "process",
      wf_execution_message,
      .needs = OF(EXECUTION, OPERATE),
      .summary = "Bring a message to an execution; if it does not wait, success is false",
      .arguments = event_arguments,
      .request = "{\"amount\":250}",
      .response = "{\"success\":false,\"failureReason\":\"execution '217' does not wait "
                  "for the message 'payment'\"}",
      .statuses = "400 404 413 500",
      .optional = "failureReason" },
    { WF_POST, "/execution/{executionId}/signal/{signalName}", USER, JSON, 0, "process",
      wf_execution_signal,
      .needs = OF(EXECUTION, OPERATE),
      .summary = "Bring a signal to an execution; if it does not wait, success is false",
      .arguments = event_arguments,
      .request = "{\"reason\":\"out of stock\"}",
      .response = "{\"success\":false,\"failureReason\":\"execution '217' does not wait "
                  "for the signal 'cancelled'\"}",
      .statuses = "400 404 413 500",
      .optional = "failureReason" },
    { WF_POST, "/signal/{signalName}", USER, JSON, 0, "process", wf_throw_signal,
      .needs = OF(ALL, OPERATE),
      .summary = "Throw a signal to all that wait for it, in whatever process",
      .arguments = throw_arguments,
      .request = "{\"reason\":\"out of stock\"}",
      .response = SUCCESS,
      .statuses = "400 413 500" },
    { WF_GET, "/process-definition-rights", ADMIN, JSON, 0, "process", wf_grant_list,
      .summary = "List who has which rights on process definitions",
      .pages = WF_PAGES(WF_LIST_GRANTS),
      .arguments = grants_arguments,
      .response = PAGE_OF(GRANT),
      .statuses = "400" },
    { WF_PUT, "/process-definition-rights", ADMIN, JSON, 0, "process", wf_grant_set,
      .summary = "Say which rights a user or a group has on a process definition",
      .arguments = grant_arguments,
      .request = "{\"processDefinitionKey\":\"expenseClaim\","
                 "\"groupId\":\"accountancy\",\"rights\":[\"start\",\"read\"]}",
      .response = SUCCESS,
      .statuses = "400 404 413" },
    { WF_DELETE, "/process-definition-rights/{processDefinitionKey}", ADMIN, JSON, 0,
      "process", wf_grant_clear,
      .summary = "Take all rights on a process definition from everybody",
      .response = SUCCESS,
      .statuses = "400" },
    { WF_POST, "/migration/generate", ADMIN, JSON, 0, "process", wf_migration_generate,
      .summary = "Make a plan to migrate instances: what has the same id and matches",
      .arguments = generate_arguments,
      .request = "{\"sourceProcessDefinitionId\":\"expenseClaim:3\","
                 "\"targetProcessDefinitionId\":\"expenseClaim:4\"}",
      .response = PLAN,
      .statuses = "400 404 413" },
    { WF_POST, "/migration/validate", ADMIN, JSON, 0, "process", wf_migration_validate,
      .summary = "Check the instructions of a plan; good ones are not reported",
      .arguments = plan_arguments,
      .request = PLAN,
      .response = "{\"instructionReports\":[{\"instruction\":" INSTRUCTION ","
                  "\"failures\":[\"\\\"checkReceipts\\\" is of type userTask, "
                  "\\\"checkReceipts\\\" of type scriptTask\"]}]}",
      .statuses = "400 404 413" },
    { WF_POST, "/migration/execute", ADMIN, JSON, 0, "process", wf_migration_execute,
      .summary = "Migrate running instances, each by itself, or tell what would happen",
      .arguments = migration_arguments,
      .request = "{\"migrationPlan\":" PLAN ",\"processInstanceIds\":[\"217\",\"220\"]}",
      .response = "{\"failures\":[{\"processInstanceId\":\"220\",\"reasons\":["
                  "{\"activityId\":\"payOut\",\"message\":\"process definition "
                  "expenseClaim:4 has no activity \\\"payOut\\\"\"}]}],"
                  "\"dryRun\":false,\"migrated\":1,\"failed\":1,\"next\":null}",
      .statuses = "400 404 413" },

    /* task */

    { WF_GET, "/tasks-summary", USER, JSON, 0, "task", wf_tasks_summary,
      .needs = OF_BODY,
      .summary = "Count the tasks of a user",
      .arguments = summary_arguments,
      .response = "{\"assigned\":{\"total\":2},\"unassigned\":{\"total\":3,"
                  "\"groups\":{\"sales\":0,\"accountancy\":3}}}",
      .statuses = "400",
      .open = "groups" },
    { WF_GET, "/tasks", USER, JSON, 0, "task", wf_task_list,
      .needs = OF_LIST,
      .summary = "List the tasks of a user, a candidate or a candidate group",
      .pages = WF_PAGES(WF_LIST_TASKS),
      .arguments = tasks_arguments,
      .response = PAGE_OF("{" TASK_MEMBERS("231", "null") "}"),
      .statuses = "400" },
    { WF_GET, "/task/{taskId}", USER, JSON, 0, "task", wf_task_get,
      .needs = OF(TASK, READ),
      .summary = "Show a task with its sub-tasks, links to people and attachments",
      .response = TASK,
      .statuses = "400 404" },
    { WF_PUT, "/task/{taskId}/{operation}", USER, JSON, 0, "task", wf_task_operation,
      .needs = OF(TASK, OPERATE),
      .summary = "Claim, complete, release or assign a task",
      .arguments = operation_arguments,
      .request = "{\"approved\":\"true\",\"approved_type\":\"Boolean\",\"remark\":\"ok\"}",
      .response = SUCCESS,
      .statuses = "400 404 409 413 500 501" },

    { WF_PUT, "/task", USER, JSON, 0, "task", wf_task_create,
      .needs = OF_BODY,
      .summary = "Make a task without a process",
      .arguments = new_task_arguments,
      .request = "{\"taskName\":\"Check receipts\",\"assignee\":\"kermit\","
                 "\"dueDate\":\"2010-11-05\"}",
      .response = TASK,
      .statuses = "400 404 413" },
    { WF_POST, "/task/{taskId}", USER, JSON, 0, "task", wf_task_change,
      .needs = OF(TASK, OPERATE),
      .summary = "Change members of a task",
      .arguments = task_arguments,
      .request = "{\"priority\":70,\"dueDate\":null}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_DELETE, "/task/{taskId}", USER, JSON, 0, "task", wf_task_delete,
      .needs = OF(TASK, OPERATE),
      .summary = "Delete a task that belongs to no process",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_GET, "/task/{taskId}/variables", USER, JSON, 0, "task", wf_task_variables,
      .needs = OF(TASK, READ),
      .summary = "List the variables that a task sees, its own ones first",
      .arguments = scope_arguments,
      .response = "[" TASK_VARIABLE "]",
      .statuses = "400 404" },
    { WF_POST, "/task/{taskId}/variables", USER, JSON, 0, "task",
      wf_task_variables_create,
      .needs = OF(TASK, OPERATE),
      .summary = "Make new variables of a task, or of its process; one of them may come "
                 "without the array",
      .request = "[" TASK_VARIABLE ",{\"name\":\"amount\",\"scope\":\"global\","
                 "\"type\":\"integer\",\"value\":250}]",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_DELETE, "/task/{taskId}/variables", USER, JSON, 0, "task",
      wf_task_variables_delete,
      .needs = OF(TASK, OPERATE),
      .summary = "Take all variables away that are the task's own",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_GET, "/task/{taskId}/variables/{variableName}", USER, JSON, 0, "task",
      wf_task_variable,
      .needs = OF(TASK, READ),
      .summary = "Show a variable that a task sees",
      .arguments = scope_arguments,
      .response = TASK_VARIABLE,
      .statuses = "400 404" },
    { WF_PUT, "/task/{taskId}/variables/{variableName}", USER, JSON, 0, "task",
      wf_task_variable_change,
      .needs = OF(TASK, OPERATE),
      .summary = "Change a variable of a task, or of its process",
      .arguments = variable_arguments,
      .request = "{\"scope\":\"local\",\"type\":\"integer\",\"value\":300}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_DELETE, "/task/{taskId}/variables/{variableName}", USER, JSON, 0, "task",
      wf_task_variable_delete,
      .needs = OF(TASK, OPERATE),
      .summary = "Take a variable of a task, or of its process, away",
      .arguments = forget_arguments,
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_PUT, "/task/{taskId}/attachment", USER, JSON, WF_ROUTE_MULTIPART, "task",
      wf_attachment_upload,
      .needs = OF(TASK, OPERATE),
      .summary = "Attach a file to a task",
      .arguments = attachment_arguments,
      .response = ATTACHMENT,
      .statuses = "400 404 413" },
    { WF_POST, "/task/{taskId}/attachment", USER, JSON, WF_ROUTE_MULTIPART, "task",
      wf_attachment_upload,
      .needs = OF(TASK, OPERATE),
      .summary = "The same for HTML forms, which cannot PUT",
      .arguments = attachment_arguments,
      .response = ATTACHMENT,
      .statuses = "400 404 413" },
    { WF_PUT, "/task/{taskId}/url", USER, JSON, 0, "task", wf_attachment_link,
      .needs = OF(TASK, OPERATE),
      .summary = "Attach a link to a task",
      .arguments = link_arguments,
      .request = "{\"name\":\"Rules\",\"description\":\"What is paid\","
                 "\"url\":\"https://example.org/rules\"}",
      .response = ATTACHMENT,
      .statuses = "400 404 413" },
    { WF_GET, "/attachment/{attachmentId}", USER, JSON, 0, "task", wf_attachment_get,
      .needs = OF(ATTACHMENT, READ),
      .summary = "Download an attached file; of a link, show what is known of it",
      .response = ATTACHMENT,
      .media = "application/octet-stream",
      .statuses = "400 404" },
    { WF_DELETE, "/attachment/{attachmentId}", USER, JSON, 0, "task",
      wf_attachment_delete,
      .needs = OF(ATTACHMENT, OPERATE),
      .summary = "Delete an attachment",
      .response = SUCCESS,
      .statuses = "400 404" },
    { WF_GET, "/task/{taskId}/form", USER, WF_FORMAT_HTML, 0, "task", wf_task_form,
      .needs = OF(TASK, READ),
      .summary = "The form of a task, rendered with its variables",
      .statuses = "400 404 500" },
    { WF_GET, "/form/{taskId}/properties", USER, JSON, 0, "task", wf_task_properties,
      .needs = OF(TASK, READ),
      .summary = "The form properties of a task, with their values",
      .response = FORM_PROPERTIES,
      .statuses = "400 404 500" },
    { WF_POST, "/form/form-data", USER, JSON, 0, "task", wf_form_submit,
      .needs = OF_BODY,
      .summary = "Submit form properties: start a process or complete a task",
      .arguments = submit_arguments,
      .request = "{\"processDefinitionId\":\"expenseClaim:3\",\"properties\":["
                 "{\"id\":\"kind\",\"value\":\"travel\"}]}",
      .response = "{\"success\":true," STARTED_MEMBERS "}",
      .statuses = "400 404 409 413 500",
      .optional = "success id processInstanceId processDefinitionId businessKey "
                  "activityNames ended" },
    { WF_GET, "/history/{taskId}/form-properties", USER, JSON, 0, "task",
      wf_history_form_properties,
      .needs = OF(OLD_TASK, READ),
      .summary = "The form properties that were submitted with a task",
      .response = "{\"data\":[{\"id\":\"kind\",\"value\":\"travel\"}]}",
      .statuses = "400 404" },

    /* identity */

    { WF_POST, "/login", NONE, JSON, WF_ROUTE_EXTENSION, "identity", wf_login,
      .summary = "Check a user's password",
      .arguments = login_arguments,
      .request = "{\"userId\":\"kermit\",\"password\":\"kermit\"}",
      .response = SUCCESS,
      .statuses = "400 403 413 500" },

    { WF_GET, "/users", USER, JSON, 0, "identity", wf_user_list,
      .needs = OF_NONE,
      .summary = "List the users, or search among them",
      .pages = WF_PAGES(WF_LIST_USERS),
      .arguments = search_arguments,
      .response = PAGE_OF(USER_ROW),
      .statuses = "400" },
    { WF_GET, "/users/{searchText}", USER, JSON, 0, "identity", wf_user_list,
      .needs = OF_NONE,
      .summary = "Search users by a part of the first name, the last name or the id",
      .pages = WF_PAGES(WF_LIST_USERS),
      .response = PAGE_OF(USER_ROW),
      .statuses = "400" },
    { WF_GET, "/user/{userId}", USER, JSON, 0, "identity", wf_user_get,
      .needs = OF_NONE,
      .summary = "Show a user",
      .response = USER_ROW,
      .statuses = "400 404" },
    { WF_GET, "/user/{userId}/groups", USER, JSON, 0, "identity", wf_user_groups,
      .needs = OF_NONE,
      .summary = "List the groups of a user; nobody's are none",
      .pages = WF_PAGES(WF_LIST_GROUPS),
      .arguments = user_groups_arguments,
      .response = PAGE_OF(GROUP_ROW),
      .statuses = "400" },
    { WF_GET, "/user/{userId}/picture", USER, WF_FORMAT_NONE, 0, "identity",
      wf_picture_get,
      .needs = OF_NONE,
      .summary = "The picture of a user",
      .statuses = "400 404" },
    { WF_PUT, "/user", ADMIN, JSON, 0, "identity", wf_user_create,
      .summary = "Make a user",
      .arguments = new_user_arguments,
      .request = "{\"id\":\"fozzie\",\"firstName\":\"Fozzie\",\"lastName\":\"Bear\","
                 "\"email\":\"fozzie@localhost\",\"password\":\"wocka wocka\"}",
      .response = SUCCESS,
      .statuses = "400 409 413" },
    { WF_POST, "/user/{userId}", ADMIN, JSON, 0, "identity", wf_user_change,
      .summary = "Change members of a user, the password included",
      .arguments = user_arguments,
      .request = "{\"email\":\"fozzie@example.org\",\"password\":\"wocka wocka\"}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_PUT, "/user/{userId}", ADMIN, JSON, 0, "identity", wf_user_change,
      .summary = "The same as in release 5.13",
      .arguments = user_arguments,
      .request = "{\"email\":\"fozzie@example.org\"}",
      .response = SUCCESS,
      .statuses = "400 404 409 413" },
    { WF_DELETE, "/user/{userId}", ADMIN, JSON, 0, "identity", wf_user_delete,
      .summary = "Delete a user with memberships and picture",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_POST, "/user/{userId}/groups", ADMIN, JSON, 0, "identity", wf_user_join,
      .summary = "Make a user a member of groups",
      .request = "[\"sales\",\"accountancy\"]",
      .response = SUCCESS,
      .statuses = "400 404 413" },
    { WF_DELETE, "/user/{userId}/groups/{groupId}", ADMIN, JSON, 0, "identity",
      wf_membership_delete,
      .summary = "End a membership",
      .response = SUCCESS,
      .statuses = "400 404" },
    { WF_PUT, "/user/{userId}/picture", ADMIN, JSON, WF_ROUTE_MULTIPART, "identity",
      wf_picture_put,
      .summary = "Set the picture of a user",
      .arguments = picture_arguments,
      .response = SUCCESS,
      .statuses = "400 404 413" },
    { WF_DELETE, "/user/{userId}/picture", ADMIN, JSON, 0, "identity", wf_picture_delete,
      .summary = "Take the picture of a user away",
      .response = SUCCESS,
      .statuses = "400 404" },

    { WF_GET, "/groups", USER, JSON, 0, "identity", wf_group_list,
      .needs = OF_NONE,
      .summary = "List the groups, or search among them",
      .pages = WF_PAGES(WF_LIST_GROUPS),
      .arguments = search_arguments,
      .response = PAGE_OF(GROUP_ROW),
      .statuses = "400" },
    { WF_GET, "/groups/{searchText}", USER, JSON, 0, "identity", wf_group_list,
      .needs = OF_NONE,
      .summary = "Search groups by a part of the name or the id",
      .pages = WF_PAGES(WF_LIST_GROUPS),
      .response = PAGE_OF(GROUP_ROW),
      .statuses = "400" },
    { WF_GET, "/group/{groupId}", USER, JSON, 0, "identity", wf_group_get,
      .needs = OF_NONE,
      .summary = "Show a group",
      .response = GROUP_ROW,
      .statuses = "400 404" },
    { WF_GET, "/group/{groupId}/users", USER, JSON, 0, "identity", wf_group_users,
      .needs = OF_NONE,
      .summary = "List the members of a group; nobody's are none",
      .pages = WF_PAGES(WF_LIST_USERS),
      .response = PAGE_OF(USER_ROW),
      .statuses = "400" },
    { WF_GET, "/groups/{groupId}/users", USER, JSON, WF_ROUTE_ALIAS, "identity",
      wf_group_users,
      .summary = "The same under the name of the collection" },
    { WF_PUT, "/group", ADMIN, JSON, 0, "identity", wf_group_create,
      .summary = "Make a group",
      .arguments = new_group_arguments,
      .request = "{\"id\":\"sales\",\"name\":\"Sales\"}",
      .response = SUCCESS,
      .statuses = "400 409 413" },
    { WF_DELETE, "/group/{groupId}", ADMIN, JSON, 0, "identity", wf_group_delete,
      .summary = "Delete a group with its memberships",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_POST, "/group/{groupId}/users", ADMIN, JSON, 0, "identity", wf_group_join,
      .summary = "Make users members of a group",
      .request = "[\"fozzie\",\"gonzo\"]",
      .response = SUCCESS,
      .statuses = "400 404 413" },
    { WF_POST, "/groups/{groupId}/users", ADMIN, JSON, WF_ROUTE_ALIAS, "identity",
      wf_group_join,
      .summary = "The same under the name of the collection" },
    { WF_DELETE, "/group/{groupId}/users/{userId}", ADMIN, JSON, 0, "identity",
      wf_membership_delete,
      .summary = "End a membership",
      .response = SUCCESS,
      .statuses = "400 404" },

    /* API keys */

    { WF_GET, "/api-keys", ADMIN, JSON, 0, "api-key", wf_key_list,
      .summary = "List the API keys, those that are over for up to 90 days more",
      .pages = WF_PAGES(WF_LIST_API_KEYS),
      .arguments = keys_arguments,
      .response = PAGE_OF("{" KEY_MEMBERS "}"),
      .statuses = "400" },
    { WF_POST, "/api-keys", ADMIN, JSON, 0, "api-key", wf_key_create,
      .summary = "Make an API key; its text, key, is shown in this answer and never again",
      .arguments = new_key_arguments,
      .request = "{\"name\":\"nightly build\",\"owner\":\"fozzie\","
                 "\"rights\":\"operate\",\"expires\":\"90d\"}",
      .response = "{" KEY_MEMBERS ",\"key\":"
                  "\"wfk_K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols\"}",
      .statuses = "400 409 413" },
    { WF_DELETE, "/api-keys/{keyId}", ADMIN, JSON, 0, "api-key", wf_key_revoke,
      .summary = "Revoke an API key: it is good for nothing from the next request on",
      .response = SUCCESS,
      .statuses = "400 404" },

    /* external tasks */

    { WF_POST, "/external-task/fetchAndLock", USER, JSON, 0, "external-task",
      wf_external_fetch,
      .needs = OF_BODY,
      .summary = "Fetch tasks of some topics and lock them, or wait until there are some",
      .arguments = fetch_arguments,
      .request = "{\"workerId\":\"worker-7\",\"maxTasks\":2,\"usePriority\":true,"
                 "\"asyncResponseTimeout\":20000,\"topics\":[{\"topicName\":"
                 "\"charge-card\",\"lockDuration\":600000}]}",
      .response = FETCHED,
      .any = "value",
      .statuses = "400 413",
      .open = "variables extensionProperties" },
    { WF_POST, "/external-task/{externalTaskId}/complete", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Complete a task, so that its process goes on",
      .arguments = complete_arguments,
      .request = "{\"workerId\":\"worker-7\",\"variables\":" TYPED_EXAMPLE "}",
      .statuses = "400 404 409 413 500" },
    { WF_POST, "/external-task/{externalTaskId}/bpmnError", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Throw a BPMN error from the activity of a task",
      .arguments = error_arguments,
      .request = "{\"workerId\":\"worker-7\",\"errorCode\":\"no-money\"}",
      .statuses = "400 404 409 413 500" },
    { WF_POST, "/external-task/{externalTaskId}/failure", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Report that a task has failed, and whether to try again",
      .arguments = failure_arguments,
      .request = "{\"workerId\":\"worker-7\",\"errorMessage\":\"no connection\","
                 "\"retries\":2,\"retryTimeout\":60000}",
      .statuses = "400 404 409 413" },
    { WF_POST, "/external-task/{externalTaskId}/lock", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Lock a task by its id",
      .arguments = lock_arguments,
      .request = "{\"workerId\":\"worker-7\",\"lockDuration\":60000}",
      .statuses = "400 404 409 413" },
    { WF_POST, "/external-task/{externalTaskId}/extendLock", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Let the lock of a task end later",
      .arguments = extend_arguments,
      .request = "{\"workerId\":\"worker-7\",\"newDuration\":60000}",
      .statuses = "400 404 409 413" },
    { WF_POST, "/external-task/{externalTaskId}/unlock", USER, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .needs = OF(EXTERNAL_TASK, OPERATE),
      .summary = "Take the lock from a task, whoever has it",
      .statuses = "400 404 409" },
    { WF_PUT, "/external-task/{externalTaskId}/retries", ADMIN, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .summary = "Say how often a task may still be tried; 0 stops it",
      .arguments = task_retries_arguments,
      .request = "{\"retries\":3}",
      .statuses = "400 404 409 413" },
    { WF_PUT, "/external-task/{externalTaskId}/priority", ADMIN, JSON, WF_ROUTE_EMPTY,
      "external-task", wf_external_operation,
      .summary = "Change the priority of a task",
      .arguments = priority_arguments,
      .request = "{\"priority\":50}",
      .statuses = "400 404 409 413" },
    { WF_GET, "/external-task", USER, JSON, 0, "external-task", wf_external_list,
      .needs = OF_LIST,
      .summary = "List external tasks",
      .arguments = externals_arguments,
      .response = "[{" EXTERNAL_MEMBERS "}]",
      .statuses = "400" },
    { WF_POST, "/external-task", USER, JSON, 0, "external-task", wf_external_list,
      .needs = OF_LIST,
      .summary = "List external tasks, with the conditions in the body",
      .arguments = externals_body_arguments,
      .request = "{\"topicName\":\"charge-card\",\"notLocked\":true}",
      .response = "[{" EXTERNAL_MEMBERS "}]",
      .statuses = "400 413" },
    { WF_GET, "/external-task/count", USER, JSON, 0, "external-task", wf_external_count,
      .needs = OF_LIST,
      .summary = "Count external tasks",
      .arguments = external_count_arguments,
      .response = "{\"count\":2}",
      .statuses = "400" },
    { WF_POST, "/external-task/count", USER, JSON, 0, "external-task", wf_external_count,
      .needs = OF_LIST,
      .summary = "Count external tasks, with the conditions in the body",
      .arguments = external_count_body_arguments,
      .request = "{\"topicName\":\"charge-card\"}",
      .response = "{\"count\":2}",
      .statuses = "400 413" },
    { WF_GET, "/external-task/topic-names", USER, JSON, 0, "external-task",
      wf_external_topics,
      .needs = OF_LIST,
      .summary = "List the topics that tasks have",
      .arguments = topics_arguments,
      .response = "[\"charge-card\"]",
      .statuses = "400" },
    { WF_GET, "/external-task/{externalTaskId}", USER, JSON, 0, "external-task",
      wf_external_get,
      .needs = OF(EXTERNAL_TASK, READ),
      .summary = "Show an external task",
      .response = "{" EXTERNAL_MEMBERS "}",
      .statuses = "400 404" },
    { WF_GET, "/external-task/{externalTaskId}/errorDetails", USER, WF_FORMAT_NONE, 0,
      "external-task", wf_external_details,
      .needs = OF(EXTERNAL_TASK, READ),
      .summary = "What a worker says at length of the last failure; 204 if nothing",
      .media = "text/plain",
      .statuses = "204 400 404" },

    /* management */

    { WF_GET, "/management/jobs", ADMIN, JSON, 0, "management", wf_job_list,
      .summary = "List the jobs",
      .pages = WF_PAGES(WF_LIST_JOBS),
      .arguments = jobs_arguments,
      .response = PAGE_OF("{" JOB_MEMBERS "}"),
      .statuses = "400" },
    { WF_GET, "/management/job/{jobId}", ADMIN, JSON, 0, "management", wf_job_get,
      .summary = "Show a job, with a trace if it has failed",
      .response = "{" JOB_MEMBERS ",\"stacktrace\":\"unknown name 'approver'\\n"
                  "  at activity \\\"remind\\\"\\n"
                  "  at job 240 of process instance 217\",\"incidents\":[" INCIDENT "]}",
      .statuses = "400 404",
      .optional = "stacktrace" },
    { WF_PUT, "/management/job/{jobId}/execute", ADMIN, JSON, 0, "management",
      wf_job_execute,
      .summary = "Run a job now; a failure is recorded with the job",
      .response = SUCCESS,
      .statuses = "400 404 500" },
    { WF_PUT, "/management/job/{jobId}/retries", ADMIN, JSON, 0, "management",
      wf_job_retries,
      .summary = "Set how many attempts a job has left",
      .arguments = retries_arguments,
      .request = "{\"retries\":3}",
      .response = SUCCESS,
      .statuses = "400 404 413" },
    { WF_DELETE, "/management/job/{jobId}", ADMIN, JSON, 0, "management", wf_job_delete,
      .summary = "Delete a job; what waits for it waits on",
      .response = SUCCESS,
      .statuses = "400 404 409" },
    { WF_POST, "/management/jobs/{jobId}", ADMIN, JSON, 0, "management", wf_job_act,
      .summary = "Run a job now, as clients of Activiti 5.11 and later ask for it",
      .arguments = job_action_arguments,
      .request = "{\"action\":\"execute\"}",
      .response = SUCCESS,
      .statuses = "400 404 413 500" },
    { WF_POST, "/management/jobs/execute", ADMIN, JSON, 0, "management",
      wf_job_execute_all,
      .summary = "Run several jobs, one after the other, until one fails",
      .arguments = execute_all_arguments,
      .request = "{\"jobIds\":[\"240\",\"241\"]}",
      .response = SUCCESS,
      .statuses = "400 404 413 500" },
    { WF_GET, "/incidents", ADMIN, JSON, 0, "management", wf_incident_list,
      .summary = "List what has no attempts left and waits for somebody",
      .pages = WF_PAGES(WF_LIST_INCIDENTS),
      .arguments = incidents_arguments,
      .response = PAGE_OF(INCIDENT),
      .statuses = "400" },
    { WF_GET, "/incident/{incidentId}", ADMIN, JSON, 0, "management", wf_incident_get,
      .summary = "Show an incident",
      .response = INCIDENT,
      .statuses = "400 404" },
    { WF_POST, "/management/backup", ADMIN, JSON, 0, "management", wf_backup_create,
      .summary = "Copy the store to a file, complete, verified and on disk when this answers",
      .arguments = backup_arguments,
      .request = "{\"name\":\"monday.db\"}",
      .response = "{\"file\":\"monday.db\",\"bytes\":1871872,\"seconds\":0.125,"
                  "\"breaches\":[\"token-waits\"]}",
      .statuses = "400 403 409 413 500" },
    { WF_GET, "/management/tables", ADMIN, JSON, 0, "management", wf_table_list,
      .summary = "List the database tables with their number of rows",
      .response = "{\"data\":[{\"tableName\":\"ACT_GE_PROPERTY\",\"noOfResults\":2,"
                  "\"total\":2}]}",
      .statuses = "400" },
    { WF_GET, "/management/table/{tableName}", ADMIN, JSON, 0, "management", wf_table_get,
      .summary = "Show the columns of a table",
      .response = "{\"tableName\":\"ACT_ID_MEMBERSHIP\","
                  "\"columnNames\":[\"USER_ID_\",\"GROUP_ID_\"],"
                  "\"columnTypes\":[\"class java.lang.String\",\"class java.lang.String\"]}",
      .statuses = "400 404" },
    { WF_GET, "/management/table/{tableName}/data", ADMIN, JSON, 0, "management",
      wf_table_data,
      .summary = "Page through a table: values as texts, of bytes only their number",
      .arguments = table_data_arguments,
      .response = "{\"data\":[{\"ID_\":\"12\",\"REV_\":\"1\","
                  "\"NAME_\":\"expenses/claim.form\",\"DEPLOYMENT_ID_\":\"10\","
                  "\"BYTES_\":1042}],\"total\":9,\"start\":0,\"sort\":\"ID_\","
                  "\"order\":\"asc\",\"size\":1}",
      .statuses = "400 404",
      .open = "data" },

    /* api */

    { WF_GET, "/index", ADMIN, HTML, 0, "api", wf_browser_home,
      .summary = "Home of the API browser",
      .response = INDEX,
      .statuses = "400" },
    { WF_GET, "/", ADMIN, HTML, WF_ROUTE_ALIAS, "api", wf_browser_home,
      .summary = "The same at the base" },
    { WF_GET, "", ADMIN, HTML, WF_ROUTE_ALIAS, "api", wf_browser_home,
      .summary = "The same at the base without slash" },
    { WF_GET, "/index/all", ADMIN, HTML, 0, "api", wf_browser_all,
      .summary = "All endpoints, or those that filters choose",
      .arguments = browser_arguments,
      .response = INDEX,
      .statuses = "400" },
    { WF_GET, "/index/package/{packagePath}", ADMIN, HTML, 0, "api", wf_browser_package,
      .summary = "The endpoints of a package, and the packages below it",
      .response = INDEX,
      .statuses = "400 404" },
    { WF_GET, "/index/uri/{uriPath}", ADMIN, HTML, 0, "api", wf_browser_uri,
      .summary = "The endpoints whose address begins with some parts",
      .response = INDEX,
      .statuses = "400 404" },
    { WF_GET, "/index/family/{familyName}", ADMIN, HTML, 0, "api", wf_browser_family,
      .summary = "The endpoints of a family",
      .response = INDEX,
      .statuses = "400 404" },
    { WF_GET, "/index/call/{callId}", ADMIN, HTML, 0, "api", wf_browser_call,
      .summary = "One endpoint; with its path variables in the query the way to it (303)",
      .response = INDEX,
      .statuses = "303 400 404" },
    { WF_POST, "/index/call/{callId}", ADMIN, HTML, 0, "api", wf_browser_send,
      .summary = "Call an endpoint as a form of the browser says, and answer what it does",
      .statuses = "400 404 413" },
    { WF_GET, "/index/style.css", NONE, WF_FORMAT_NONE, 0, "api", wf_browser_style,
      .summary = "The look of the API browser",
      .statuses = "400" },
    { WF_GET, "/openapi.json", USER, JSON, 0, "api", wf_openapi_get,
      .needs = OF_NONE,
      .summary = "All endpoints as an OpenAPI 3.1 document",
      .response = "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"Activiti REST API\","
                  "\"version\":\"" WF_VERSION "\",\"description\":\"The process engine.\"},"
                  "\"servers\":[{\"url\":\"/activiti-rest/service\"}],"
                  "\"tags\":[{\"name\":\"task\"}],\"paths\":{},\"components\":{}}",
      .statuses = "400",
      .open = "paths components" },
};
/* clang-format on */

const wf_face_t wf_activiti_face = {
    .name = "activiti",
    .title = "Activiti REST API",
    .about = "The process engine: deployments, process definitions and instances, tasks, "
             "forms, users and groups, jobs. Calls are authorized by levels: none, user "
             "and admin.",
    .flags = WF_FACE_TUNNEL | WF_FACE_AUTHORIZE | WF_FACE_NO_CACHE,
    .realm = "Activiti",
    .json_type = "application/json;charset=UTF-8",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .path_vars = path_vars,
    .permit = wf_rights_permit,
    .status = wf_activiti_status,
    .error_body = wf_activiti_error_body,
};
