/* The endpoints of the process engine's face. One row an endpoint: the router, the rights,
 * the API browser, the OpenAPI document and the tests read this table and nothing else. */
#include "activiti/internal.h"

/* clang-format off */
#define USER  WF_LEVEL_USER
#define ADMIN WF_LEVEL_ADMIN
#define NONE  WF_LEVEL_NONE
#define JSON  WF_FORMAT_JSON

/* ---- examples that several rows share ------------------------------------------------ */

#define SUCCESS "{\"success\":true}"
#define PAGE_OF(row) "{\"data\":[" row "],\"total\":1,\"start\":0,\"sort\":\"id\"," \
    "\"order\":\"asc\",\"size\":1}"
#define DEPLOYMENT_MEMBERS "\"id\":\"10\",\"name\":\"expenses.bar\"," \
    "\"deploymentTime\":\"2010-11-02T09:05:00.120+01:00\""
#define DEFINITION "{\"id\":\"expenseClaim:3\",\"key\":\"expenseClaim\",\"version\":3," \
    "\"name\":\"Expense claim\",\"resourceName\":\"expenses/claim.bpmn20.xml\"," \
    "\"deploymentId\":\"14\",\"startFormResourceKey\":\"expenses/claim.form\"," \
    "\"diagramResourceName\":\"expenses/claim.png\",\"category\":\"http://example.org\"," \
    "\"graphicNotationDefined\":true}"
#define STARTED "{\"id\":\"217\",\"processInstanceId\":\"217\"," \
    "\"processDefinitionId\":\"expenseClaim:3\",\"businessKey\":\"claim-4711\"," \
    "\"activityNames\":[\"checkReceipts\"],\"ended\":false}"
#define TASK_MEMBERS "\"id\":231,\"name\":\"Check receipts\"," \
    "\"description\":\"Claim of fozzie, 250 EUR\",\"priority\":50,\"assignee\":\"kermit\"," \
    "\"executionId\":217,\"processInstanceId\":\"217\"," \
    "\"formResourceKey\":\"expenses/check.form\"," \
    "\"createTime\":\"2010-11-02T09:05:00.120+01:00\",\"dueDate\":null,\"owner\":null," \
    "\"delegationState\":null,\"parentTaskId\":null," \
    "\"processDefinitionId\":\"expenseClaim:3\",\"taskDefinitionKey\":\"checkReceipts\""
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
    { "taskId",              "Id of a task, a number." },
    { "operation",           "claim, complete, unclaim or assign." },
    { NULL, NULL }
};

static const wf_argument_t upload_arguments[] = {
    { "deployment", FORM,  WF_ARG_FILE,   1, NULL, NULL,
      "A file named .bpmn20.xml or .bpmn, or an archive named .bar or .zip." },
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

static const wf_argument_t start_arguments[] = {
    { "processDefinitionId",  BODY, WF_ARG_STRING,    0, NULL, NULL,
      "The definition to start; this or the key is required." },
    { "processDefinitionKey", BODY, WF_ARG_STRING,    0, NULL, NULL,
      "Key of the definition whose latest version to start." },
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

static const wf_argument_t login_arguments[] = {
    { "userId",   BODY, WF_ARG_STRING, 1, NULL, NULL, "Id of the user." },
    { "password", BODY, WF_ARG_STRING, 1, NULL, NULL, "The password." },
    { NULL }
};

/* ---- the table --------------------------------------------------------------------- */

static const wf_route_t routes[] = {

    /* repository */

    { WF_POST, "/deployment", ADMIN, JSON,
      WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_EXTENSION | WF_ROUTE_HTML,
      "repository", wf_deployment_upload,
      .summary = "Upload a file and deploy what is in it",
      .arguments = upload_arguments,
      .response = "{\"success\":true," DEPLOYMENT_MEMBERS "}",
      .statuses = "400 413" },
    { WF_POST, "/deployments", ADMIN, JSON,
      WF_ROUTE_ALIAS | WF_ROUTE_DEPLOY | WF_ROUTE_MULTIPART | WF_ROUTE_HTML,
      "repository", wf_deployment_upload,
      .summary = "The same under the name of the collection" },
    { WF_GET, "/deployments", USER, JSON, 0, "repository", wf_deployment_list,
      .summary = "List the deployments",
      .pages = WF_PAGES(WF_LIST_DEPLOYMENTS),
      .response = PAGE_OF("{" DEPLOYMENT_MEMBERS "}"),
      .statuses = "400" },
    { WF_GET, "/deployment/{deploymentId}/resource/{resourceName}", USER, WF_FORMAT_NONE,
      0, "repository", wf_deployment_resource,
      .summary = "Download a file of a deployment",
      .statuses = "400 404" },
    { WF_DELETE, "/deployment/{deploymentId}", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete,
      .summary = "Delete a deployment; one that does not exist is as good as deleted",
      .arguments = cascade_arguments,
      .response = SUCCESS,
      .statuses = "400 409" },
    { WF_POST, "/deployments", ADMIN, JSON, WF_ROUTE_DEPLOY, "repository",
      wf_deployment_delete_all,
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
      .summary = "Name and version of the process engine",
      .response = "{\"name\":\"default\",\"resourceUrl\":\"file:/etc/apache2/apache2.conf\","
                  "\"exception\":null,\"version\":\"5.0\"}",
      .statuses = "400" },

    /* process */

    { WF_GET, "/process-definitions", USER, JSON, 0, "process", wf_definition_list,
      .summary = "List all versions of all process definitions",
      .pages = WF_PAGES(WF_LIST_DEFINITIONS),
      .arguments = definitions_arguments,
      .response = PAGE_OF(DEFINITION),
      .statuses = "400" },
    { WF_GET, "/process-definition/{processDefinitionId}", USER, JSON, 0, "process",
      wf_definition_get,
      .summary = "Show a process definition",
      .response = DEFINITION,
      .statuses = "400 404" },
    { WF_POST, "/process-instance", USER, JSON, 0, "process", wf_process_start,
      .summary = "Start an instance of a process definition",
      .arguments = start_arguments,
      .request = "{\"processDefinitionId\":\"expenseClaim:3\",\"businessKey\":\"claim-4711\","
                 "\"amount\":\"250\",\"amount_type\":\"Integer\",\"amount_required\":true}",
      .response = STARTED,
      .statuses = "400 404 409 413 500" },

    /* task */

    { WF_GET, "/tasks-summary", USER, JSON, 0, "task", wf_tasks_summary,
      .summary = "Count the tasks of a user",
      .arguments = summary_arguments,
      .response = "{\"assigned\":{\"total\":2},\"unassigned\":{\"total\":3,"
                  "\"groups\":{\"sales\":0,\"accountancy\":3}}}",
      .statuses = "400",
      .open = "groups" },
    { WF_GET, "/tasks", USER, JSON, 0, "task", wf_task_list,
      .summary = "List the tasks of a user, a candidate or a candidate group",
      .pages = WF_PAGES(WF_LIST_TASKS),
      .arguments = tasks_arguments,
      .response = PAGE_OF("{" TASK_MEMBERS "}"),
      .statuses = "400" },
    { WF_GET, "/task/{taskId}", USER, JSON, 0, "task", wf_task_get,
      .summary = "Show a task with its sub-tasks, links to people and attachments",
      .response = "{" TASK_MEMBERS ",\"subTaskList\":[],\"identityLinkList\":["
                  "{\"type\":\"candidate\",\"userId\":null,\"groupId\":\"accountancy\"}],"
                  "\"attachmentList\":[" ATTACHMENT "]}",
      .statuses = "400 404" },
    { WF_PUT, "/task/{taskId}/{operation}", USER, JSON, 0, "task", wf_task_operation,
      .summary = "Claim, complete, release or assign a task",
      .arguments = operation_arguments,
      .request = "{\"approved\":\"true\",\"approved_type\":\"Boolean\",\"remark\":\"ok\"}",
      .response = SUCCESS,
      .statuses = "400 404 409 413 500 501" },

    /* identity */

    { WF_POST, "/login", NONE, JSON, WF_ROUTE_EXTENSION, "identity", wf_login,
      .summary = "Check a user's password",
      .arguments = login_arguments,
      .request = "{\"userId\":\"kermit\",\"password\":\"kermit\"}",
      .response = SUCCESS,
      .statuses = "400 403 413 500" },
};
/* clang-format on */

const wf_face_t wf_activiti_face = {
    .name = "activiti",
    .title = "Activiti REST API",
    .flags = WF_FACE_TUNNEL | WF_FACE_AUTHORIZE | WF_FACE_NO_CACHE,
    .realm = "Activiti",
    .json_type = "application/json;charset=UTF-8",
    .routes = routes,
    .route_count = sizeof routes / sizeof routes[0],
    .path_vars = path_vars,
    .status = wf_activiti_status,
    .error_body = wf_activiti_error_body,
};
