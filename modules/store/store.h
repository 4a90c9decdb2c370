/* store: everything that survives a restart. Only this room knows SQL.
 *
 * Writing: a unit of work collects row changes in memory; the one writer of the engine
 * process takes all units that are ready, writes them in one transaction (a savepoint
 * each) and syncs once. No transaction is open while anything waits.
 * Reading: every thread has a connection of its own, in the engine and in httpd's children.
 *
 * Tables and columns are Activiti's (ACT_…), the load engine's start with WF_. Inside,
 * generated ids are integers (one sequence for all kinds); faces show them as text. Times
 * are milliseconds since 1970 UTC, 0 = not set. Texts may be NULL. */
#ifndef WF_STORE_H
#define WF_STORE_H

#include "core/core.h"

/* ---- rows ----------------------------------------------------------------------------------- */

/** Tables a unit of work may write; in this order rows are inserted (parents first). */
typedef enum {
    WF_TABLE_PROPERTY,     /* ACT_GE_PROPERTY */
    WF_TABLE_USER,         /* ACT_ID_USER */
    WF_TABLE_GROUP,        /* ACT_ID_GROUP */
    WF_TABLE_MEMBERSHIP,   /* ACT_ID_MEMBERSHIP */
    WF_TABLE_DEPLOYMENT,   /* ACT_RE_DEPLOYMENT */
    WF_TABLE_BYTEARRAY,    /* ACT_GE_BYTEARRAY */
    WF_TABLE_DEFINITION,   /* ACT_RE_PROCDEF */
    WF_TABLE_DECISION,     /* ACT_RE_DECISION_DEF */
    WF_TABLE_EXECUTION,    /* ACT_RU_EXECUTION */
    WF_TABLE_TASK,         /* ACT_RU_TASK */
    WF_TABLE_IDENTITYLINK, /* ACT_RU_IDENTITYLINK */
    WF_TABLE_VARIABLE,     /* ACT_RU_VARIABLE */
    WF_TABLE_JOB,          /* ACT_RU_JOB */
    WF_TABLE_SUBSCRIPTION, /* ACT_RU_EVENT_SUBSCR */
    WF_TABLE_EXTERNAL_TASK, /* ACT_RU_EXT_TASK */
    WF_TABLE_INCIDENT,     /* ACT_RU_INCIDENT */
    WF_TABLE_HI_PROCINST,  /* ACT_HI_PROCINST */
    WF_TABLE_HI_ACTINST,   /* ACT_HI_ACTINST */
    WF_TABLE_HI_TASKINST,  /* ACT_HI_TASKINST */
    WF_TABLE_HI_DETAIL,    /* ACT_HI_DETAIL */
    WF_TABLE_HI_VARINST,   /* ACT_HI_VARINST */
    WF_TABLE_HI_LINK,      /* ACT_HI_IDENTITYLINK */
    WF_TABLE_ATTACHMENT,   /* ACT_HI_ATTACHMENT */
    WF_TABLE_RUN,          /* WF_EXECUTION: executions of load workflows */
    WF_TABLE_CHECKPOINT,   /* WF_CHECKPOINT: what they go on from */
    WF_TABLE_POINT,        /* WF_POINT: their time series */
    WF_TABLE_API_KEY,      /* WF_API_KEY: keys of programs that call */
    WF_TABLE_IDEMPOTENCY,  /* WF_IDEMPOTENCY: what requests with a key were answered */
    WF_TABLE_GRANT,        /* WF_GRANT: rights on process definitions */
    WF_TABLES
} wf_table_e;

/** First member of every row. Callers read table and rev and leave the rest alone. */
typedef struct wf_row_t {
    wf_table_e table;
    int rev;   /* REV_ as loaded; 1 for a new row. Tables without REV_ keep 1 */
    int state; /* the unit's: loaded, inserted, updated, deleted */
} wf_row_t;

typedef apr_int64_t wf_id_t; /* generated id; 0 = none */

/* Suspension of definitions, executions, tasks and jobs; new rows are active. */
#define WF_ACTIVE 1
#define WF_SUSPENDED 2

typedef struct wf_property_t {
    wf_row_t row;
    const char *name; /* key */
    const char *value;
} wf_property_t;

typedef struct wf_user_t {
    wf_row_t row;
    const char *id; /* key */
    const char *first_name, *last_name, *email;
    const char *password_hash; /* bcrypt; never leaves the server */
    wf_id_t picture_id;        /* byte array whose name is the media type; 0 = none */
} wf_user_t;

typedef struct wf_group_t {
    wf_row_t row;
    const char *id; /* key */
    const char *name, *type;
} wf_group_t;

typedef struct wf_membership_t {
    wf_row_t row;
    const char *user_id, *group_id; /* key */
} wf_membership_t;

typedef struct wf_deployment_t {
    wf_row_t row;
    wf_id_t id;
    const char *name;
    apr_int64_t deploy_time;
} wf_deployment_t;

typedef struct wf_bytearray_t {
    wf_row_t row;
    wf_id_t id;
    const char *name;
    wf_id_t deployment_id; /* 0 for variables and traces */
    const void *bytes;
    apr_size_t length;
} wf_bytearray_t;

typedef struct wf_definition_t {
    wf_row_t row;
    const char *id; /* key: "expenseClaim:3" */
    const char *category, *name, *key, *description;
    int version;
    wf_id_t deployment_id;
    const char *resource_name, *diagram_resource_name;
    const char *start_form_key;
    int has_diagram; /* the file says how to draw it */
    int suspension;  /* suspended: no new instances */
} wf_definition_t;

/** A version of a decision: which file of which deployment has it. */
typedef struct wf_decision_def_t {
    wf_row_t row;
    const char *id; /* key: "discount:3" */
    const char *name, *key;
    int version;
    wf_id_t deployment_id;
    const char *resource_name;
} wf_decision_def_t;

typedef struct wf_execution_t {
    wf_row_t row;
    wf_id_t id;
    wf_id_t proc_inst_id; /* the root's id; == id for the instance itself */
    const char *business_key;
    wf_id_t parent_id;
    const char *proc_def_id;
    wf_id_t super_exec; /* the execution on the call activity that started this instance */
    const char *act_id;
    int is_active, is_concurrent, is_scope;
    wf_id_t act_inst_id; /* open ACT_HI_ACTINST row of the current activity; 0 = none */
    int role;            /* what it is to its parent; the store knows WF_ROLE_JOIN alone */
    int children;        /* child executions with a token */
    wf_id_t root_id;     /* top of the chain of calls; == proc_inst_id if nobody called */
    int arrived;         /* tokens that wait here, at a join */
    int suspension;
} wf_execution_t;

#define WF_ROLE_JOIN 2 /* waits at a join: found by WF_BY_JOINS_OF_EXECUTION */
#define WF_ROLE_KEPT                                                                     \
    6 /* left for compensation: no token, not among its parent's children */

typedef struct wf_task_t {
    wf_row_t row;
    wf_id_t id, execution_id, proc_inst_id;
    const char *proc_def_id, *name, *description, *task_def_key;
    const char *assignee, *owner, *form_key;
    const char *delegation;   /* "PENDING", "RESOLVED" or NULL */
    wf_id_t parent_task_id;   /* of a sub-task */
    int priority;
    apr_int64_t create_time, due_date;
    int suspension;
    const char *category;
} wf_task_t; /* execution, instance and definition are 0 and NULL without a process */

typedef struct wf_identitylink_t {
    wf_row_t row;
    wf_id_t id;
    const char *group_id, *user_id; /* one of them */
    const char *type;               /* "candidate" … */
    wf_id_t task_id;
    const char *proc_def_id;        /* candidate starters */
    int open;                       /* the store's */
} wf_identitylink_t;

/** A variable keeps its value whole here; the store splits it over TYPE_, LONG_, DOUBLE_,
 *  TEXT_ and, for bytes, lists and maps, a row of ACT_GE_BYTEARRAY. */
typedef struct wf_variable_t {
    wf_row_t row;
    wf_id_t id;
    const char *name;
    wf_value_t value;
    wf_id_t execution_id;  /* whose it is … */
    wf_id_t task_id;       /* … or the task's; the other one is 0 */
    wf_id_t proc_inst_id;  /* of both; 0: a task without a process */
    wf_id_t bytearray_id; /* the store's */
} wf_variable_t;

typedef struct wf_job_t {
    wf_row_t row;
    wf_id_t id;
    const char *type; /* "message" or "timer" */
    apr_int64_t lock_exp_time;
    const char *lock_owner;
    int exclusive;
    wf_id_t execution_id, proc_inst_id;
    const char *proc_def_id;
    int retries;
    wf_id_t exception_stack_id;
    const char *exception_msg;
    apr_int64_t due_date;
    const char *repeat, *handler_type, *handler_cfg;
    int suspension; /* suspended: not due, whatever its date */
} wf_job_t;

/** An execution waits for an event; or a definition does, to be started by it. */
typedef struct wf_subscription_t {
    wf_row_t row;
    wf_id_t id;
    const char *event_type; /* "signal" */
    const char *event_name;
    wf_id_t execution_id, proc_inst_id; /* both 0: a definition's */
    const char *activity_id;
    const char *configuration; /* the definition's id, if it is one's */
    apr_int64_t created;
} wf_subscription_t;

/** A service task that waits for a worker outside. */
typedef struct wf_external_task_t {
    wf_row_t row;
    wf_id_t id;
    const char *topic;
    const char *worker_id; /* who has or had it last */
    apr_int64_t lock_exp_time; /* 0: nobody has it; else until then */
    int retries; /* -1: never failed; 0: stopped, until somebody sets them again */
    const char *error_msg;
    wf_id_t error_details_id; /* byte array; the caller's to delete */
    apr_int64_t priority;
    wf_id_t execution_id, proc_inst_id;
    const char *proc_def_id, *act_id;
    wf_id_t act_inst_id;
    int suspension;
    apr_int64_t created;
} wf_external_task_t;

/** What has failed for good and waits for somebody to look at it. */
typedef struct wf_incident_t {
    wf_row_t row;
    wf_id_t id;
    const char *type; /* "failedJob", "failedExternalTask" */
    const char *message;
    apr_int64_t time;
    wf_id_t execution_id, proc_inst_id; /* both 0: a job that starts instances */
    const char *proc_def_id, *activity_id;
    wf_id_t configuration; /* the job or external task */
} wf_incident_t;

typedef struct wf_hi_procinst_t {
    wf_row_t row;
    wf_id_t id, proc_inst_id; /* both the instance's id; the second is the caller's to set */
    const char *business_key, *proc_def_id;
    apr_int64_t start_time, end_time, duration; /* duration in ms; -1 while open */
    const char *start_user_id, *start_act_id, *end_act_id, *delete_reason;
    wf_id_t super_proc_inst_id;
    apr_int64_t removal_time; /* its history may go then; 0 = never. Set when it ends */
    int suspension; /* of the running instance; read only */
} wf_hi_procinst_t;

/** removal_time of an instance of whose history a part is gone (WF_PURGE_SOME_HISTORY): it
 *  goes next, and is shown no more. */
#define WF_HALF_GONE 1

typedef struct wf_hi_actinst_t {
    wf_row_t row;
    wf_id_t id;
    const char *proc_def_id;
    wf_id_t proc_inst_id, execution_id;
    const char *act_id, *act_name, *act_type, *assignee;
    apr_int64_t start_time, end_time, duration;
    wf_id_t task_id;
    wf_id_t called_inst_id; /* the instance that a call activity has started */
} wf_hi_actinst_t;

typedef struct wf_hi_taskinst_t {
    wf_row_t row;
    wf_id_t id; /* the task's id */
    const char *proc_def_id, *task_def_key;
    wf_id_t proc_inst_id, execution_id;
    const char *name, *description, *owner, *assignee, *form_key, *delete_reason;
    const char *category;
    int priority;
    apr_int64_t start_time, claim_time, end_time, duration, due_date;
    wf_id_t parent_task_id;
    apr_int64_t removal_time; /* as of instances; of tasks that have neither a process nor a
                                 parent */
} wf_hi_taskinst_t;

typedef struct wf_hi_detail_t {
    wf_row_t row;
    wf_id_t id;
    const char *type; /* "VariableUpdate" or "FormProperty" */
    wf_id_t proc_inst_id, execution_id, act_inst_id;
    const char *name;
    wf_value_t value;
    int revision;
    apr_int64_t time;
    wf_id_t bytearray_id; /* the store's */
    wf_id_t task_id;      /* whose variable it is, or with which a property was submitted */
} wf_hi_detail_t;

/** The last value that a variable had. */
typedef struct wf_hi_varinst_t {
    wf_row_t row;
    wf_id_t id; /* the variable's id */
    wf_id_t proc_inst_id, execution_id, task_id;
    const char *name;
    wf_value_t value;
    apr_int64_t created, updated;
    wf_id_t bytearray_id; /* the store's */
} wf_hi_varinst_t;

/** An identity link; it stays when the task ends. None is made of an instance: who has
 *  started that is in its own row. */
typedef struct wf_hi_link_t {
    wf_row_t row;
    wf_id_t id;                     /* the link's */
    const char *group_id, *user_id; /* one of them */
    const char *type;
    wf_id_t task_id, proc_inst_id;  /* one of them */
} wf_hi_link_t;

/** A file or a link that belongs to a task; it stays when the task ends. */
typedef struct wf_attachment_t {
    wf_row_t row;
    wf_id_t id;
    const char *user_id, *name, *description;
    const char *type;    /* media type of a file, or what the client says */
    wf_id_t task_id, proc_inst_id;
    const char *url;     /* of a link */
    wf_id_t content_id;  /* byte array of a file */
} wf_attachment_t;

/** An execution of a load workflow with its last checkpoint. */
typedef struct wf_run_t {
    wf_row_t row;
    const char *id; /* key: "exec-…" */
    apr_int64_t seq;         /* order of submission; set by the caller */
    const char *workflow_id, *workflow_name, *status;
    double progress;         /* 0..1 */
    apr_int64_t start_time, end_time;
    const char *definition;  /* the workflow document as submitted */
    const char *metrics;     /* last metrics, JSON: the API's object, and in one member
                                more (WF_RUN_LIVE) the figures of a live message */
    const char *slave_states; /* JSON */
    const char *errors;      /* JSON array */
    const char *baseline;    /* JSON: figures of an earlier one that it is compared with */
} wf_run_t;

#define WF_RUN_LIVE "live"

/** What an execution goes on from after a restart, and its report once it is over. */
typedef struct wf_checkpoint_t {
    wf_row_t row;
    wf_id_t id;           /* the execution's seq */
    apr_int64_t sequence; /* rises with every checkpoint */
    const char *state, *sheet, *judge; /* texts of the load engine's own */
    const char *report;   /* JSON without the time series, as if it ended then */
} wf_checkpoint_t;

/** A point of an execution's time series. */
typedef struct wf_run_point_t {
    wf_row_t row;
    wf_id_t id;     /* WF_POINT_ID */
    wf_id_t run_id; /* the execution's seq */
    const char *point;
} wf_run_point_t;

/** What a command of a request with an Idempotency-Key has replied. Of a request with several
 *  commands the first one's row has the key of the request as id; the others' have it with
 *  their step behind. */
typedef struct wf_idempotency_t {
    wf_row_t row;
    const char *id;          /* key */
    apr_int64_t seq;         /* order; set by the caller */
    apr_int64_t created;
    const char *fingerprint; /* of the request */
    const char *step;        /* which of its commands it was */
    const char *reply;       /* JSON */
    const char *answer;      /* JSON: what the client got, if the reply does not say all of
                                it; NULL = it does, or nobody knows */
} wf_idempotency_t;

#define WF_POINT_BITS 24
/** The id of a point; numbers of an execution rise from 0. */
#define WF_POINT_ID(run_id, number) ((wf_id_t)(run_id) << WF_POINT_BITS | (number))

/** A key of programs that call, in the name of its owner. */
typedef struct wf_api_key_t {
    wf_row_t row;
    wf_id_t id;
    const char *name;   /* unique, also among those that are over */
    const char *owner;  /* a user's id, of the store or of httpd */
    const char *rights; /* wf_key_rights_name */
    const char *hash;   /* wf_api_key_hash; unique, never leaves the server */
    apr_int64_t created;
    apr_int64_t expires; /* 0 = never */
    apr_int64_t revoked; /* 0 = it is not */
    const char *creator; /* who has made it; NULL: the command line */
} wf_api_key_t;

/** Rights on all versions of a process definition. */
enum {
    WF_RIGHT_START = 1,   /* start instances */
    WF_RIGHT_READ = 2,    /* see them and what belongs to them */
    WF_RIGHT_OPERATE = 4, /* change them; comes with READ */
    WF_RIGHT_ANY = 7
};

#define WF_EVERY_KEY "*"

/** Rights of a user or a group on a process definition. */
typedef struct wf_grant_t {
    wf_row_t row;
    wf_id_t id;
    const char *key;                /* of a definition, or WF_EVERY_KEY */
    const char *user_id, *group_id; /* one of them; the other one is NULL */
    int start, read, operate;       /* 0 or 1 each */
} wf_grant_t;

/* ---- connections ------------------------------------------------------------------------------- */

typedef struct wf_store_t wf_store_t;

typedef enum { WF_STORE_READ, WF_STORE_WRITE, WF_STORE_KNOWN } wf_store_mode_e;

/** Check a data source ("sqlite:/var/lib/workflow/workflow.db") without touching anything:
 *  known driver, absolute path, existing directory. For `httpd -t`. */
apr_status_t wf_store_check(const char *dsn, apr_pool_t *p, wf_error_t *err);

/** Open a connection for the calling thread alone; closed with p or by wf_store_close.
 *  WRITE creates the store if need be and runs the migrations under a lock; a store that
 * a newer version wrote is refused. One writer a store. KNOWN is a WRITE of one that has
 *  been there: WF_ERR_UNAVAILABLE if it is gone. READ: the same while it does not exist
 *  yet. */
apr_status_t wf_store_open(wf_store_t **store, const char *dsn, wf_store_mode_e mode,
                           apr_pool_t *p, wf_error_t *err);
void wf_store_close(wf_store_t *store);

/** After a failure: shorten the WAL if that can be done, write something that changes
 *  nothing, and sync it. Is the store well again? On the writer's thread, outside a
 *  commit. */
apr_status_t wf_store_try(wf_store_t *writer, wf_error_t *err);

/** Move the WAL into the database file; on a clean stop. */
apr_status_t wf_store_checkpoint(wf_store_t *writer, wf_error_t *err);

/** How much a store takes, and how much more there is for it; bytes. */
typedef struct wf_room_t {
    apr_int64_t used; /* what is in it; neither free pages of its file nor the WAL */
    apr_int64_t free; /* what its file system has for the user that asks */
} wf_room_t;

/** Look how that is at the moment; costs some microseconds. Any connection that is not in
 *  a commit, on its thread. */
apr_status_t wf_store_room(wf_store_t *store, wf_room_t *room, wf_error_t *err);

/** Give up to so many free pages (4 KiB) back to the file system; *left is how many more
 *  could be. The file gets shorter with the next checkpoints. Takes a commit, and time that
 *  grows with pages. A store from before there was this has none to give: see the
 *  WorkflowStore directive. On the writer's thread, outside a commit. */
apr_status_t wf_store_give_back(wf_store_t *writer, int pages, apr_int64_t *left,
                                wf_error_t *err);

/* ---- ids ------------------------------------------------------------------------------------------ */

/** The id sequence of a writer, shared by all threads. Blocks of 100 are reserved in
 *  next.dbid of ACT_GE_PROPERTY before an id of theirs is handed out, so an id is never
 *  given twice, also after a crash. */
typedef struct wf_ids_t wf_ids_t;

apr_status_t wf_ids_create(wf_ids_t **ids, wf_store_t *writer, apr_pool_t *p,
                           wf_error_t *err);

/** The next id, in any thread. The writer's thread refills the reserve with every commit and
 *  when wake, set below, was called; a caller who finds it empty waits for a commit that is
 *  under way, then reserves by itself. 0 if the store cannot be written (it is logged); a
 *  unit that got no id fails at commit with WF_ERR_UNAVAILABLE. */
wf_id_t wf_ids_next(wf_ids_t *ids);

/** How the writer's thread is told that the reserve runs low. wake is called in the thread
 *  that took the id, without locks, once until the next refill. Before threads start. */
void wf_ids_on_low(wf_ids_t *ids, void (*wake)(void *), void *baton);

/** On the writer's thread, outside a commit: reserve more if it is low. */
apr_status_t wf_ids_refill(wf_ids_t *ids, wf_error_t *err);

/** Go on at least at id (demo data starts at 10). Before threads start. */
apr_status_t wf_ids_skip_to(wf_ids_t *ids, wf_id_t id, wf_error_t *err);

/* ---- units of work ----------------------------------------------------------------------------------- */

typedef struct wf_uow_t wf_uow_t;

/** A unit that reads through reader and takes ids from ids; both must outlive its use on
 *  this thread. All rows live in p. Used by one thread at a time. */
wf_uow_t *wf_uow_create(wf_store_t *reader, wf_ids_t *ids, apr_pool_t *p);
apr_pool_t *wf_uow_pool(wf_uow_t *uow);
wf_id_t wf_uow_next_id(wf_uow_t *uow);

/** A new zeroed row of table (durations: -1, open; retries of external tasks:
 *  -1, none set; suspension: active), with an id where the
 *  table's key is a generated id. It will be inserted as it looks at commit time; but who
 *  changes what a relation goes by after the next row of table was made says so with
 *  wf_uow_update, as for a loaded row. */
void *wf_uow_insert(wf_uow_t *uow, wf_table_e table);

/** The same for history rows of instances, tasks, variables and identity links: they share
 *  the id of these. */
void *wf_uow_insert_shared(wf_uow_t *uow, wf_table_e table, wf_id_t id);

/** The row with that key: this unit's copy if it has one, else loaded. row is a T **; *row is
 *  NULL if there is none (or this unit deleted it). An error only when reading fails. By id
 *  or by key, as the table has it; memberships have a function of their own. */
apr_status_t wf_uow_get(wf_uow_t *uow, wf_table_e table, wf_id_t id, void *row,
                        wf_error_t *err);
apr_status_t wf_uow_get_by_key(wf_uow_t *uow, wf_table_e table, const char *key, void *row,
                               wf_error_t *err);

/** The row of a membership, as wf_uow_get; NULL if there is none. */
apr_status_t wf_uow_get_membership(wf_uow_t *uow, const char *user, const char *group,
                                   wf_membership_t **row, wf_error_t *err);

/** Rows that refer to one parent, merged with this unit's own changes, in id order. Costs as
 *  much as the rows that it gives, however many others the instance or the unit has. */
typedef enum {
    WF_BY_EXECUTIONS_OF_INSTANCE, /* executions by proc_inst_id */
    WF_BY_CHILDREN_OF_EXECUTION,
    WF_BY_JOINS_OF_EXECUTION,     /* its children whose role is WF_ROLE_JOIN */
    WF_BY_CALLED_BY_EXECUTION,    /* the instance that a call activity has started */
    WF_BY_TASKS_OF_EXECUTION,
    WF_BY_TASKS_OF_INSTANCE,
    WF_BY_LINKS_OF_TASK,
    WF_BY_VARIABLES_OF_INSTANCE,  /* all scopes of the instance */
    WF_BY_VARIABLES_OF_EXECUTION, /* one scope */
    WF_BY_VARIABLES_OF_TASK,      /* its own */
    WF_BY_JOBS_OF_INSTANCE,
    WF_BY_JOBS_OF_EXECUTION,
    WF_BY_DEFINITIONS_OF_DEPLOYMENT,
    WF_BY_DECISIONS_OF_DEPLOYMENT,
    WF_BY_RESOURCES_OF_DEPLOYMENT,
    WF_BY_SUBTASKS_OF_TASK,
    WF_BY_ATTACHMENTS_OF_TASK,
    WF_BY_SUBSCRIPTIONS_OF_INSTANCE,
    WF_BY_SUBSCRIPTIONS_OF_EXECUTION,
    WF_BY_EXTERNAL_TASKS_OF_EXECUTION,
    WF_BY_INCIDENTS_OF_INSTANCE,
    WF_BY_INCIDENTS_OF_CONFIGURATION, /* of a job or an external task */
    WF_BY_HI_TASKS_OF_INSTANCE,
    WF_BY_HI_ACTIVITIES_OF_INSTANCE,
    WF_BY_HI_DETAILS_OF_INSTANCE,
    WF_BY_HI_DETAILS_OF_TASK,
    WF_BY_HI_VARIABLES_OF_INSTANCE,
    WF_BY_HI_LINKS_OF_TASK,
    WF_BY_POINTS_OF_RUN,          /* by the execution's seq, in the order of their numbers */
    /* By texts, for the calls below: */
    WF_BY_SUBSCRIPTIONS_TO,       /* event_type and event_name, of all instances */
    WF_BY_SUBSCRIPTIONS_OF_DEFINITION,
    WF_BY_JOBS_OF_DEFINITION,
    WF_BY_LINKS_OF_DEFINITION,
    WF_BY_GRANTS_OF_KEY,
    WF_BY_GRANTS_OF_USER,
    WF_BY_GRANTS_OF_GROUP,
    WF_BY_RELATIONS
} wf_relation_e;
apr_status_t wf_uow_select(wf_uow_t *uow, wf_relation_e relation, wf_id_t parent,
                           apr_array_header_t **rows, wf_error_t *err); /* of T * */

/** The same by a type and a name, neither NULL, for WF_BY_SUBSCRIPTIONS_TO: subscriptions of
 *  executions, whatever their instance, and of definitions. */
apr_status_t wf_uow_select_by_name(wf_uow_t *uow, wf_relation_e relation,
                                   const char *type, const char *name,
                                   apr_array_header_t **rows, wf_error_t *err);

/** What waits to start instances of a definition: WF_TABLE_SUBSCRIPTION or WF_TABLE_JOB,
 *  those that belong to no execution; and who may: WF_TABLE_IDENTITYLINK. */
apr_status_t wf_uow_select_of_definition(wf_uow_t *uow, wf_table_e table,
                                         const char *definition_id,
                                         apr_array_header_t **rows, wf_error_t *err);

/** Grants (wf_grant_t) by a key, a user or a group, as the relation says. Those of
 *  WF_EVERY_KEY are found by that alone. */
apr_status_t wf_uow_select_grants(wf_uow_t *uow, wf_relation_e relation, const char *text,
                                  apr_array_header_t **rows, wf_error_t *err);

/** Rely on a loaded row that this unit leaves as it is: if it is changed or deleted
 *  meanwhile, the unit meets a conflict. For tables without REV_, such as definitions. Saying
 *  it again costs nothing. */
void wf_uow_expect(wf_uow_t *uow, void *row);

/** Say that a row was changed. Harmless for new rows, see wf_uow_insert. */
void wf_uow_update(wf_uow_t *uow, void *row);
/** Delete a row at commit. A row inserted by this unit just vanishes. A variable takes its
 *  byte array along. */
void wf_uow_delete(wf_uow_t *uow, void *row);

/** Deletions of many rows that need not be loaded. A deployment's run before the unit's
 *  other changes. Those of an instance and of the history of a task run at the end: what
 *  the same unit writes there goes, too; and if a row that it changes or deletes by itself
 *  was changed meanwhile, it meets a conflict as ever. */
typedef enum {
    WF_PURGE_DEPLOYMENT_RUNTIME, /* instances, tasks, variables, jobs … of a deployment */
    WF_PURGE_DEPLOYMENT_HISTORY, /* with attachments; of called instances, too */
    WF_PURGE_DEPLOYMENT_STARTERS, /* who and what may start its definitions */
    WF_PURGE_INSTANCE_RUNTIME,
    WF_PURGE_INSTANCE_HISTORY, /* with attachments; not of called instances */
    WF_PURGE_SOME_HISTORY, /* at most WF_SOME_HISTORY visits, tasks (with their links), values
                              and details of an instance each, which is WF_HALF_GONE then */
    WF_PURGE_TASK_HISTORY, /* of a task without a process, with sub-tasks and attachments */
    WF_PURGE_RUN, /* an execution of a load workflow, by its seq */
    WF_PURGE_API_KEY,
    WF_PURGE_ANSWER,  /* of a request with an Idempotency-Key, by its seq */
    WF_PURGE_ANSWERS, /* up to a seq */
    WF_PURGES
} wf_purge_e;
void wf_uow_purge(wf_uow_t *uow, wf_purge_e what, wf_id_t id);
#define WF_SOME_HISTORY 500

/** Suspend (WF_SUSPENDED) or activate (WF_ACTIVE) an instance and, down the call activities,
 *  the instances that it called: executions, tasks, jobs and external tasks, each with a
 *  new REV_ if its state changes, so that whoever has read one meanwhile meets a conflict. Written after all
 *  rows of the unit, whose copies in memory stay as they are. */
void wf_uow_suspend_instance(wf_uow_t *uow, wf_id_t instance, int state);

/** The same for a definition and the timers that start its instances (jobs with the handler
 *  timer-start-event); with_instances: and for all instances of it, as above. */
void wf_uow_suspend_definition(wf_uow_t *uow, const char *id, int with_instances,
                               int state);

/** 1 if there is nothing to write. */
int wf_uow_is_empty(const wf_uow_t *uow);

/** 1 if the unit inserts, updates or deletes rows of table. */
int wf_uow_writes(const wf_uow_t *uow, wf_table_e table);

/** Show the rows of table that the unit inserts or updates, as they look now; also after the
 *  commit. */
void wf_uow_see_written(const wf_uow_t *uow, wf_table_e table,
                        void (*see)(void *baton, const void *row), void *baton);

/** 1 if the unit suspends or activates something. */
int wf_uow_suspends(const wf_uow_t *uow);

/** Write count units in one transaction and sync. outcomes[i] (initialised here, texts in the
 *  unit's pool) says what became of unit i: kind WF_ERR_NONE, or WF_ERR_CONFLICT (a REV_
 *  moved on, a unique or foreign key does not allow it), or WF_ERR_INVALID (a value that
 *  cannot be stored): that unit alone is undone. If the transaction as a whole fails nothing
 *  is visible, every outcome says so and the call fails; the same units may be given again.
 *  On the writer's thread; nobody else may touch the units meanwhile. */
apr_status_t wf_store_commit(wf_store_t *writer, wf_ids_t *ids, wf_uow_t *const *units,
                             int count, wf_error_t *outcomes, wf_error_t *err);

/* ---- reading ------------------------------------------------------------------------------------------ */

/** One row by its key; row is a T **, *row NULL if there is none. */
apr_status_t wf_store_get(wf_store_t *store, wf_table_e table, wf_id_t id, void *row,
                          apr_pool_t *p, wf_error_t *err);
apr_status_t wf_store_get_by_key(wf_store_t *store, wf_table_e table, const char *key,
                                 void *row, apr_pool_t *p, wf_error_t *err);

/** Rows that refer to one parent by its id, in id order; of T *. */
apr_status_t wf_store_select(wf_store_t *store, wf_relation_e relation, wf_id_t parent,
                             apr_array_header_t **rows, apr_pool_t *p, wf_error_t *err);

/** The id of a definition as it is stored, "key:version". Later releases of Activiti wrote
 *  a number behind it; such an id means the same definition. In p, or id itself. */
const char *wf_definition_id(const char *id, apr_pool_t *p);

/** The newest version of a process key; *row NULL if there is none. */
apr_status_t wf_store_latest_definition(wf_store_t *store, const char *key,
                                        wf_definition_t **row, apr_pool_t *p,
                                        wf_error_t *err);

/** The newest version that does not belong to a deployment; *row NULL if there is none. */
apr_status_t wf_store_definition_beside(wf_store_t *store, const char *key,
                                        wf_id_t deployment_id, wf_definition_t **row,
                                        apr_pool_t *p, wf_error_t *err);

/** The newest version of a decision's key; *row NULL if there is none. */
apr_status_t wf_store_latest_decision(wf_store_t *store, const char *key,
                                      wf_decision_def_t **row, apr_pool_t *p,
                                      wf_error_t *err);

/** A resource of a deployment by its full name; *row NULL if there is none. */
apr_status_t wf_store_resource(wf_store_t *store, wf_id_t deployment_id, const char *name,
                               wf_bytearray_t **row, apr_pool_t *p, wf_error_t *err);

/** Names of all resources of a deployment, sorted; of const char *. Without their bytes. */
apr_status_t wf_store_resource_names(wf_store_t *store, wf_id_t deployment_id,
                                     apr_array_header_t **names, apr_pool_t *p,
                                     wf_error_t *err);

/** How many instances of the deployment's definitions run. */
apr_status_t wf_store_running_instances(wf_store_t *store, wf_id_t deployment_id,
                                        apr_int64_t *count, wf_error_t *err);

/** How many instances of a definition run, counted up to limit. */
apr_status_t wf_store_running_of(wf_store_t *store, const char *definition_id, int limit,
                                 apr_int64_t *count, wf_error_t *err);

/** History that may go: of an instance that has ended, or of a task that has ended and has
 *  neither a process nor a parent. */
typedef struct wf_expired_t {
    wf_purge_e purge; /* WF_PURGE_INSTANCE_HISTORY, WF_PURGE_TASK_HISTORY, WF_PURGE_RUN,
                         WF_PURGE_API_KEY */
    wf_id_t id;
    apr_int64_t time; /* its removal time; or the time asked about, if it has none */
} wf_expired_t;

/** What may go at the time until by its removal time, the earliest first, and of what got
 *  none when it ended, whatever did so at the time ended (0 = never) or before: at most
 *  limit each of instances and tasks. *expired is of wf_expired_t. */
apr_status_t wf_store_expired(wf_store_t *store, apr_int64_t until, apr_int64_t ended,
                              int limit, apr_array_header_t **expired, apr_pool_t *p,
                              wf_error_t *err);

/** Executions of load workflows that may go (WF_PURGE_RUN): those that had ended at the time
 *  ended (0 = none by their age), and those beyond the kept newest ones that are over
 *  (< 0 = all are kept). At most limit of either kind; *expired is of wf_expired_t. */
apr_status_t wf_store_old_runs(wf_store_t *store, apr_int64_t ended, apr_int64_t kept,
                               int limit, apr_array_header_t **expired, apr_pool_t *p,
                               wf_error_t *err);

/** API keys that were revoked or expired at the time until or before: at most limit of
 *  them; *expired is of wf_expired_t. */
apr_status_t wf_store_old_keys(wf_store_t *store, apr_int64_t until, int limit,
                               apr_array_header_t **expired, apr_pool_t *p,
                               wf_error_t *err);

/** Answers of requests with an Idempotency-Key that may go (WF_PURGE_ANSWERS): those made
 *  before a time (ms), and those beyond the kept newest ones. *seq is that of the last one,
 *  such that there are at most limit; 0 = none. */
apr_status_t wf_store_old_answers(wf_store_t *store, apr_int64_t before, apr_int64_t kept,
                                  int limit, apr_int64_t *seq, wf_error_t *err);

/** How many rows the history of an instance has; of visits, tasks, values and details at
 *  most limit are counted each. */
apr_status_t wf_store_history_size(wf_store_t *store, wf_id_t instance, int limit,
                                   apr_int64_t *rows, wf_error_t *err);

/** Whether there is any user or deployment. */
apr_status_t wf_store_in_use(wf_store_t *store, int *in_use, wf_error_t *err);

/** When the store was made. Says for others which store ids are of. */
apr_status_t wf_store_made(wf_store_t *store, apr_int64_t *ms, wf_error_t *err);

/** Whether a user is a member of one of three groups (NULL = none) that has this type. */
apr_status_t wf_store_is_member(wf_store_t *store, const char *user, const char *type,
                                const char *const groups[3], int *member, wf_error_t *err);

/** Rights (WF_RIGHT_…) that a user has on a definition's key, by himself and by his groups,
 *  those of WF_EVERY_KEY included. */
apr_status_t wf_store_rights(wf_store_t *store, const char *user, const char *key,
                             int *rights, wf_error_t *err);

/** The keys on which he has a right (one WF_RIGHT_… bit), sorted; of const char *. */
apr_status_t wf_store_granted_keys(wf_store_t *store, const char *user, int right,
                                   apr_array_header_t **keys, apr_pool_t *p,
                                   wf_error_t *err);

/** Whether a user has a task: he is its assignee or owner; or, while it is nobody's or if
 *  taken ones count as well, a candidate by himself or by a group. */
apr_status_t wf_store_has_task(wf_store_t *store, const char *user, wf_id_t task,
                               int taken_too, int *has, wf_error_t *err);

/** What has become of an API key. */
typedef enum {
    WF_KEY_ACTIVE,
    WF_KEY_EXPIRED,
    WF_KEY_REVOKED, /* whether it has expired, too, or not */
    WF_KEY_STATES
} wf_key_state_e;

wf_key_state_e wf_api_key_state(const wf_api_key_t *key, apr_int64_t now);
/** "active", "expired", "revoked". */
const char *wf_key_state_name(wf_key_state_e state);

/** The API key whose hash, or whose name, this is; *key NULL if there is none. */
apr_status_t wf_store_api_key(wf_store_t *store, const char *hash, wf_api_key_t **key,
                              apr_pool_t *p, wf_error_t *err);
apr_status_t wf_store_api_key_named(wf_store_t *store, const char *name,
                                    wf_api_key_t **key, apr_pool_t *p, wf_error_t *err);

/** How many are active. */
apr_status_t wf_store_active_keys(wf_store_t *store, apr_int64_t now, apr_int64_t *count,
                                  wf_error_t *err);

/** Lists that faces page through. Each has its own filters and sort keys, in the words of
 *  the API. Filters take texts unless it says otherwise: # a number or id, @ a date, ! a
 *  flag. */
typedef enum {
    WF_LIST_DEPLOYMENTS, /* visibleTo */
    WF_LIST_DEFINITIONS, /* startableByUser, visibleTo */
    WF_LIST_TASKS,       /* one of assignee, owner, involved, candidate, candidate-group,
                            process-instance#; besides that category, priority#,
                            minPriority#, maxPriority#, dueDate@, minDueDate@,
                            maxDueDate@, visibleTo */
    WF_LIST_INSTANCES,   /* running ones, as wf_hi_procinst_t: processDefinitionId,
                            businessKey, visibleTo */
    WF_LIST_JOBS,        /* process-instance#, with-retries-left!, no-retries-left!,
                            executable@ (at that time), only-timers!, only-messages!,
                            duedate-lt@, duedate-ltoe@, duedate-ht@, duedate-htoe@ */
    WF_LIST_EXTERNAL_TASKS, /* externalTaskId#, topicName, workerId, locked@ and notLocked@
                            (at that time), withRetriesLeft!, noRetriesLeft!,
                            executionId#, processInstanceId#, processDefinitionId,
                            activityId, active!, suspended!, visibleTo */
    WF_LIST_INCIDENTS,   /* incidentId#, incidentType, executionId#, processInstanceId#,
                            processDefinitionId, activityId, configuration# */
    WF_LIST_USERS,       /* group, searchText (part of first name, last name or id) */
    WF_LIST_GROUPS,      /* user, type, searchText (part of name or id) */
    WF_LIST_RUNS,        /* status, workflow, live! (have not ended); newest first by
                            default */
    WF_LIST_RUN_HEADS,   /* the same without what is long: NULL in the rows, which are only
                            to be read, are document, metrics, states, errors, baseline */
    WF_LIST_API_KEYS,    /* owner */
    WF_LIST_GRANTS,      /* key, user, group */
    WF_LISTS
} wf_list_e;

/** The filter visibleTo of a list takes a user: rows of definitions on which he has the right
 *  to read (definitions and deployments: any right; deployments: on all of theirs); tasks
 *  also if he has them (wf_store_has_task) or they belong to no process. Grants of
 *  WF_EVERY_KEY do not count: who has one needs no filter. */
#define WF_FILTER_VISIBLE "visibleTo"

/** A condition of a list, by its name there. Absent if the value is null, or a flag that
 *  is false. Numbers are wf_integer, dates wf_date, flags wf_boolean. */
typedef struct wf_filter_t {
    const char *name;
    wf_value_t value;
} wf_filter_t;

typedef struct wf_page_t {
    apr_int64_t start;  /* < 0 counts as 0 */
    apr_int64_t size;   /* <= 0: no rows, only the total */
    const char *sort;   /* a key of the list; NULL = its default */
    int descending;
} wf_page_t;

typedef struct wf_rows_t {
    apr_array_header_t *rows; /* of T * */
    apr_int64_t total;        /* matching rows, ignoring the page */
} wf_rows_t;

/** A page of the rows for which all filters hold. WF_ERR_INVALID with a field for an unknown
 *  sort key ("sort"), a filter that the list does not have or of another type (its name), and
 *  for tasks without a filter that says whose. Ties go by creation order; null sorts before
 *  values; ids sort by value. */
apr_status_t wf_store_list(wf_store_t *store, wf_list_e list, const wf_filter_t *filters,
                           int count, const wf_page_t *page, wf_rows_t *rows,
                           apr_pool_t *p, wf_error_t *err);

/** The sort keys of a list, NULL terminated. */
const char *const *wf_store_sort_keys(wf_list_e list);

/* Whole tables, for administrators: the 15 tables of Activiti 5.0 with its columns. */

typedef struct wf_view_column_t {
    const char *name;
    wf_type_e type; /* STRING, INTEGER, LONG, DOUBLE, BOOLEAN, DATE or BYTES */
} wf_view_column_t;

/** Names of the tables, sorted; NULL terminated. */
const char *const *wf_store_views(void);

/** Columns of a table, closed by a row without name; NULL for any other table. Static. */
const wf_view_column_t *wf_store_view_columns(const char *table);

/** How many rows a table has. WF_ERR_NOT_FOUND for any other table. */
apr_status_t wf_store_view_total(wf_store_t *store, const char *table, apr_int64_t *total,
                                 wf_error_t *err);

/** A page of a table; rows->rows is of wf_value_t *: an array with one value a column.
 *  Generated ids are STRING, bytes BYTES with a length and no data; PWD_ is the same mask in
 *  every row. page->sort is a column, NULL the first. WF_ERR_INVALID (field "sort") for any
 *  other, WF_ERR_NOT_FOUND for any other table. Order as in lists. */
apr_status_t wf_store_view(wf_store_t *store, const char *table, const wf_page_t *page,
                           wf_rows_t *rows, apr_pool_t *p, wf_error_t *err);

/** Task counts for a user: assigned; claimable, each task once; and per group of type
 *  group_type the unassigned tasks of that group (counts may be 0). */
typedef struct wf_group_count_t {
    const char *group_id;
    apr_int64_t count;
} wf_group_count_t;
typedef struct wf_task_summary_t {
    apr_int64_t assigned, unassigned;
    apr_array_header_t *groups; /* of wf_group_count_t */
} wf_task_summary_t;
apr_status_t wf_store_task_summary(wf_store_t *store, const char *user,
                                   const char *group_type, wf_task_summary_t *summary,
                                   apr_pool_t *p, wf_error_t *err);

/** Shown one due job after the other; gone when it returns. 0 = that is enough. */
typedef int wf_due_fn(void *baton, const wf_job_t *job);

/** Jobs that may be run now: due, retries left, not suspended and not locked, by due date.
 *  Costs as much as the jobs that it shows and those that are locked. For the job executor.
 *  see may read other rows. */
apr_status_t wf_store_due_jobs(wf_store_t *store, apr_int64_t now, wf_due_fn *see,
                               void *baton, apr_pool_t *p, wf_error_t *err);

/** When another one will be there: the earliest time after now at which a job becomes due,
 *  or the lock of a due one expires. 0 = none. */
apr_status_t wf_store_next_due(wf_store_t *store, apr_int64_t now, apr_int64_t *next,
                               wf_error_t *err);

/** External tasks to be fetched: not suspended, not stopped, and nobody's at the time now. */
typedef struct wf_fetch_t {
    const char *const *topics;
    int count; /* of topics */
    apr_int64_t now;
    int limit; /* tasks */
    /** Whether to take a task that could be; it may read rows and relations of the same store
     *  and must copy what it keeps of the row. NULL: all. */
    int (*wanted)(void *baton, const wf_external_task_t *task);
    void *baton;
} wf_fetch_t;

/** *tasks is of wf_external_task_t *, highest priority first, then oldest. Costs as much as
 *  the tasks that it gives and those that are not wanted, whatever else waits or is locked;
 *  of tasks whose lock has expired only the WF_MAX_EXPIRED first of each topic are looked
 *  at. *next is the earliest time at which the lock of another one expires (0 = none). */
#define WF_MAX_EXPIRED 1000
apr_status_t wf_store_fetchable(wf_store_t *store, const wf_fetch_t *fetch,
                                apr_array_header_t **tasks, apr_int64_t *next,
                                apr_pool_t *p, wf_error_t *err);

/** Names of the topics that external tasks have, sorted; of const char *. Looks at all of
 *  them. Flags: only topics of tasks that are locked at the time now, are not, may still be
 *  tried. visible_to: only of tasks that this user may see, as the lists' filter; NULL = all. */
enum { WF_TOPICS_LOCKED = 1, WF_TOPICS_UNLOCKED = 2, WF_TOPICS_RETRIES = 4 };
apr_status_t wf_store_topics(wf_store_t *store, unsigned flags, apr_int64_t now,
                             const char *visible_to,
                             apr_array_header_t **names, apr_pool_t *p, wf_error_t *err);

/** What a unit does at its commit about the lock of a job, or of an external task. */
typedef enum {
    WF_LOCK_TAKE,  /* lock it, if it still is as it was read and nobody's at the time now */
    WF_LOCK_KEEP,  /* let the owner's lock end later; one that is gone stays gone */
    WF_LOCK_NEED,  /* a conflict unless it is the owner's */
    WF_LOCK_FETCH, /* lock an external task, if it may be fetched at the time now */
    WF_LOCK_OWN,   /* a conflict unless the owner has the external task, or had it last */
    WF_LOCK_FREE   /* a conflict if another one has the external task at the time until */
} wf_lock_e;
typedef struct wf_lock_t {
    wf_lock_e what;
    wf_id_t id; /* of the job or external task */
    const char *owner;
    apr_int64_t until; /* ms; TAKE, KEEP, FETCH, FREE */
    apr_int64_t now;   /* ms; TAKE, FETCH: a lock that ended before is nobody's */
    int rev;           /* of the row; TAKE */
    int held;          /* set by the commit: 1 if it is the owner's now */
} wf_lock_t;

/** Do that. lock must live until the commit. REV_ stays as it is, so that a unit which has
 *  read the job meanwhile meets no conflict. */
void wf_uow_lock(wf_uow_t *uow, wf_lock_t *lock);

/** Unlock the jobs that owner holds: on its start, for what it held when it died. On the
 *  writer's thread, outside a commit. */
apr_status_t wf_store_release_jobs(wf_store_t *writer, const char *owner, wf_error_t *err);

/* ---- is it sound (verify.c) ---------------------------------------------------------------------------- */

/** What a token that has entered an activity may rest there for. */
typedef enum {
    WF_REST_UNKNOWN, /* the definition cannot be read: whatever there is will do */
    WF_REST_NEVER,
    WF_REST_CALL, /* a call from outside: nothing in the store */
    WF_REST_TASK,
    WF_REST_EVENT,  /* a timer or a subscription */
    WF_REST_CALLED, /* the end of an instance that it has called */
    WF_REST_WORKER  /* an external task */
} wf_rest_e;

/** How to verify: what the store does not know by itself. */
typedef struct wf_verify_t {
    wf_rest_e (*rest)(void *baton, const char *definition_id, const char *activity_id);
    int (*goes_on)(void *baton); /* asked now and then; 0 breaks off. NULL = it does */
    void *baton;
} wf_verify_t;

/** An invariant that does not hold. */
typedef struct wf_breach_t {
    const char *name;
    const char *broken;      /* what the rows are that break it */
    int is_damage;           /* of the file; otherwise of what its rows say */
    apr_int64_t count;       /* of them */
    apr_array_header_t *ids; /* of const char *: the first WF_BREACH_IDS */
} wf_breach_t;
#define WF_BREACH_IDS 10

/** See whether every invariant holds, of one moment of the store; the engine may go on.
 *  *breaches is of const wf_breach_t *: none if it is sound. An error only if it cannot
 * be found out (WF_ERR_UNAVAILABLE when broken off). Reads all there is. */
apr_status_t wf_store_verify(wf_store_t *store, const wf_verify_t *how,
                             apr_array_header_t **breaches, apr_pool_t *p,
                             wf_error_t *err);

/** Names of all invariants, NULL terminated; in the order in which they are looked at. On
 * one thread at a time. */
const char *const *wf_store_invariants(void);

/* ---- copies (store.c) ---------------------------------------------------------------------------------- */

/** Between two pieces of a copy: pages done, and all of them. May rest; 0 breaks off. */
typedef int wf_copy_fn(void *baton, apr_int64_t done, apr_int64_t total);

/** Write all that the store holds at this moment to the file path, which exists and is
 * empty; it is on disk when this returns, and a store by itself (wf_store_copy_source).
 * The writer goes on meanwhile. The reader is of no other use until then.
 * WF_ERR_UNAVAILABLE when there is no space, or when it was broken off; whatever is in
 * the file is of no use then, and the caller's to remove. between may be NULL. */
apr_status_t wf_store_copy(wf_store_t *reader, const char *path, wf_copy_fn *between,
                           void *baton, wf_error_t *err);

/** The data source of such a file, for wf_store_open. */
const char *wf_store_copy_source(const wf_store_t *reader, const char *path,
                                 apr_pool_t *p);

#endif
