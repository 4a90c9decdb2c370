/* bpmn: BPMN 2.0 files become immutable models, models run as process instances. A call
 * works on one unit of work: it loads what it needs, lets the agenda run until every token
 * waits or has ended, and leaves row changes; nothing is written here. Knows no HTTP, no
 * process, no thread: the engine decides who calls, serialises calls on one instance and
 * commits. Words are BPMN's: activity, flow, execution (a token's place), scope. */
#ifndef WF_BPMN_H
#define WF_BPMN_H

#include "core/core.h"
#include "client/client.h"
#include "store/store.h"

/* ---- models ------------------------------------------------------------------------------- */

/** One process of a file, parsed and validated; never written after that, shared by all
 *  threads. */
typedef struct wf_model_t wf_model_t;

/** Parse one file. Every executable process becomes a wf_model_t * of *models. All faults
 *  (with line, column, element and rule) are added to problems; the models may be used only
 *  if it has no errors. External entities are not resolved, DTD entities are refused. */
void wf_model_parse(apr_array_header_t **models, const char *xml, apr_size_t length,
                    wf_problems_t *problems, apr_pool_t *p);

const char *wf_model_key(const wf_model_t *model);
const char *wf_model_name(const wf_model_t *model);            /* or NULL */
const char *wf_model_description(const wf_model_t *model);     /* or NULL */
const char *wf_model_category(const wf_model_t *model);        /* target namespace */
const char *wf_model_start_form_key(const wf_model_t *model);  /* or NULL */

/** 1 if the file says how the process is drawn. */
int wf_model_has_diagram(const wf_model_t *model);

/** What a token that has entered an activity rests there for. WF_REST_NEVER if the
 * process has no such activity. */
wf_rest_e wf_model_rest(const wf_model_t *model, const char *activity_id);

/** Ids of the users and groups whom the file names as candidate starters, each once;
 *  const char *. Whether others may start it, too, is the caller's to say. */
const apr_array_header_t *wf_model_starter_users(const wf_model_t *model);
const apr_array_header_t *wf_model_starter_groups(const wf_model_t *model);

/** A bounded cache of models by definition id, shared by all threads. A model in use stays
 *  valid until it is released, also if it was forgotten meanwhile. */
typedef struct wf_models_t wf_models_t;

/** Give the XML of a definition's resource in p; WF_ERR_NOT_FOUND if there is none. */
typedef apr_status_t wf_model_loader_fn(void *baton, const wf_definition_t *definition,
                                        const char **xml, apr_size_t *length,
                                        apr_pool_t *p, wf_error_t *err);

wf_models_t *wf_models_create(int capacity, wf_model_loader_fn *loader, void *baton,
                              apr_pool_t *p);

/** The definition's model, parsed on first use; released when p is cleared. baton is handed
 *  to the loader instead of the one of the cache if it is not NULL. */
apr_status_t wf_models_get(wf_models_t *models, const wf_definition_t *definition,
                           void *baton, const wf_model_t **model, apr_pool_t *p,
                           wf_error_t *err);
void wf_models_forget(wf_models_t *models, const char *definition_id);

/* ---- delegates ---------------------------------------------------------------------------------- */

/** Who does what Java classes and beans did on Activiti: names with their handlers. Immutable. */
typedef struct wf_delegates_t wf_delegates_t;

#define WF_DELEGATES_MAX 1000
#define WF_DELEGATE_MAX_NAME 255
#define WF_DELEGATE_MAX_TIMEOUT_S 3600

/** The file of a deployment that holds its own delegates. */
#define WF_DELEGATES_RESOURCE "delegates.json"

/** Parse {"org.acme.Billing": {"http": "https://…", "timeout": 10}, "org.acme.*": …}. A name is
 *  a class or bean, or a prefix of such with a "*" behind it; "*" alone is the default for
 *  classes and beans that nobody else does. Handlers:
 *    http      URL to which the call is posted as JSON; timeout in seconds
 *    script    JavaScript: a file of the server, or a resource of the deployment
 *    external  topic for external workers
 *    builtin   noop, setVariables, mail or script
 *    fail      message
 *  home is the deployment whose file it is, 0 for the server's own. Lives in p.
 *  WF_ERR_INVALID with the name as field. */
apr_status_t wf_delegates_parse(wf_delegates_t **delegates, const char *json,
                                apr_size_t length, wf_id_t home, apr_pool_t *p,
                                wf_error_t *err);

/** What calls may use beside their unit, and how far they may go. All zero: no delegates, any
 *  target, no mail, the defaults of the numbers. */
typedef struct wf_services_t {
    const wf_delegates_t *delegates;
    const wf_mail_server_t *mail;
    wf_client_terms_t terms;          /* of exchanges and mails; scripts and programs keep to
                                         the deadline, too */
    int http_task, shell_task;        /* 1: tasks of these types are done */
    int delegate_timeout;             /* s; of one call, unless the delegate has its own */
    apr_int64_t delegate_max_answer;  /* bytes */
    int script_timeout;               /* s */
    apr_int64_t script_memory;        /* bytes */
    void (*waits)(void *baton);       /* told before a call waits for a server or a program;
                                         may be NULL */
    void *waits_baton;
} wf_services_t;

#define WF_DELEGATE_TIMEOUT_S 30
#define WF_DELEGATE_MAX_ANSWER (4 * 1024 * 1024)

/** Add a problem for each task of a type that is switched off, and a warning for each event
 *  listener that does nothing because neither own (the delegates deployed with it; NULL:
 *  none) nor services->delegates have its class or bean. */
void wf_model_check_services(const wf_model_t *model, const wf_services_t *services,
                             const wf_delegates_t *own, wf_problems_t *problems);

/* ---- running --------------------------------------------------------------------------------- */

/** How much history is kept. Instances that run have their row at every level. */
typedef enum {
    WF_HISTORY_DEFAULT,  /* audit */
    WF_HISTORY_NONE,     /* nothing of what has ended */
    WF_HISTORY_ACTIVITY, /* instances, visits of nodes, last values of variables */
    WF_HISTORY_AUDIT,    /* and tasks, and what is submitted with forms */
    WF_HISTORY_FULL      /* and every change of a variable */
} wf_history_e;

/** The level of that name; WF_HISTORY_DEFAULT if there is none. */
wf_history_e wf_history_level(const char *name);

/** One call into the engine. */
typedef struct wf_bpmn_call_t {
    wf_uow_t *uow;
    wf_models_t *models;
    void *loader_baton;  /* for wf_models_get */
    wf_store_t *reader;  /* for what is no row of the unit: resources */
    const char *user;    /* authenticated user; NULL for jobs */
    apr_int64_t now;     /* ms; one time stamp for the whole call */
    int job_retries;     /* attempts of jobs that are made; 0: three */
    wf_history_e history; /* models may say otherwise, and … */
    int history_days;     /* … how long it stays after the end; 0: for ever */
    int starters_only;   /* user must be a candidate starter where a definition names some */
    int granted_only;    /* user must have the right to start the definition */
    int max_steps;       /* agenda operations before the call fails (endless loop guard) */
    int max_rounds;      /* instances of multi-instance activities in one call */
    int max_running;     /* instances of one definition; 0: no limit */
    int max_variables;   /* of one execution or task; 0: no limit */
    apr_int64_t max_value; /* bytes of one variable's value; 0: no limit */
    wf_services_t services;
    int silent;            /* event listeners are not told */
    const char *key;       /* the same for every beginning of this call: a part of what
                              tells delegates that a request is a repetition; or NULL */
} wf_bpmn_call_t;

typedef struct wf_started_t {
    wf_id_t id;                      /* process instance */
    const char *definition_id;
    apr_array_header_t *activities;  /* const char *: where execution rests, depth-first */
    int ended;
} wf_started_t;

/** Start an instance of a definition with variables (may be NULL) and business key (NULL).
 *  WF_ERR_CONFLICT if the definition is suspended, WF_ERR_FORBIDDEN if the call lets only
 *  candidate starters start and its user is none. WF_ERR_EXECUTION when an expression or a
 *  gateway fails: drop the unit. */
apr_status_t wf_bpmn_start(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                           const wf_map_t *variables, const char *business_key,
                           wf_started_t *started, wf_error_t *err);

/** The same by a message, for the definition that waits for it. WF_ERR_NOT_FOUND if none
 *  does. */
apr_status_t wf_bpmn_start_by_message(const wf_bpmn_call_t *call, const char *message,
                                      const wf_map_t *variables, const char *business_key,
                                      wf_started_t *started, wf_error_t *err);

/** A definition is not the newest of its key any more: its start events wait no longer. */
apr_status_t wf_bpmn_superseded(const wf_bpmn_call_t *call,
                                const wf_definition_t *definition, wf_error_t *err);

/** A definition is the newest of its key, in the unit that inserts it: its timer, message
 *  and signal start events wait from now on. Call it when all that a deployment supersedes
 *  is superseded: it is a problem if another process starts by such a message. */
apr_status_t wf_bpmn_deployed(const wf_bpmn_call_t *call,
                              const wf_definition_t *definition, const wf_model_t *model,
                              wf_problems_t *problems, wf_error_t *err);

/** In the unit that has deleted the newest definition of a key, with what starts it:
 *  previous, the newest one that stays, takes its place. */
apr_status_t wf_bpmn_undeployed(const wf_bpmn_call_t *call,
                                const wf_definition_t *previous, wf_error_t *err);

/** Set the assignee if the task is free or already user's; WF_ERR_CONFLICT if it is
 *  somebody else's, WF_ERR_NOT_FOUND for an unknown task. Tasks with and without a
 *  process. */
apr_status_t wf_bpmn_claim(const wf_bpmn_call_t *call, wf_id_t task, const char *user,
                           wf_error_t *err);

/** Set the variables, complete the task and let the process move on. Sub-tasks that are
 *  still open end with it. Those of a task without a process become its own: history keeps
 *  them. */
apr_status_t wf_bpmn_complete(const wf_bpmn_call_t *call, wf_id_t task,
                              const wf_map_t *variables, wf_error_t *err);

/** Run a job (an asynchronous continuation, or a timer) and delete it, as below. */
apr_status_t wf_bpmn_execute_job(const wf_bpmn_call_t *call, wf_job_t *job, wf_error_t *err);

/** Delete a job with its trace and its incident. */
apr_status_t wf_bpmn_delete_job(const wf_bpmn_call_t *call, wf_job_t *job, wf_error_t *err);

/** So many attempts are left. None: an incident tells of it, and of the failure that the
 *  job's message says; some: there is none (any more). */
apr_status_t wf_bpmn_set_retries(const wf_bpmn_call_t *call, wf_job_t *job, int retries,
                                 wf_error_t *err);

/** A job has failed, and this unit has noted that: tell event listeners, which may fail. With
 *  call->silent nothing happens. */
apr_status_t wf_bpmn_job_failed(const wf_bpmn_call_t *call, const wf_job_t *job,
                                const char *message, wf_error_t *err);

/** What failedJobRetryTimeCycle of its node says of a job that has failed: how many attempts
 *  it has in all (0: nothing is said), and how long to wait until the next. job: as before
 *  this failure, which is its first if it has no message yet. WF_ERR_EXECUTION for a text
 *  or expression that makes no sense. */
apr_status_t wf_bpmn_retry_cycle(const wf_bpmn_call_t *call, const wf_job_t *job,
                                 int *retries, apr_int64_t *pause_ms, wf_error_t *err);

/** End a running instance, the instances it called included: its tasks with their sub-tasks,
 *  variables, jobs and subscriptions go, history says why (reason NULL or "": "deleted"; at
 *  most WF_TASK_MAX_TEXT bytes); attachments stay. Works also if the definition cannot be
 *  read any more. The call activity that waits for it is cancelled, and its token ends; a
 *  caller without any other token goes, too, and so on. WF_ERR_NOT_FOUND if it does not run,
 *  WF_ERR_CONFLICT if its caller has no definition any more, or is suspended and would go
 *  on: with another round of a loop, or at a join. */
apr_status_t wf_bpmn_delete_instance(const wf_bpmn_call_t *call, wf_id_t instance,
                                     const char *reason, wf_error_t *err);

/** Set the variables and let the receive task with this id go on; if several tokens wait
 *  there, the one that came first. WF_ERR_NOT_FOUND: no such instance; WF_ERR_CONFLICT: it
 *  does not wait at a receive task of that id. */
apr_status_t wf_bpmn_signal(const wf_bpmn_call_t *call, wf_id_t instance,
                            const char *activity_id, const wf_map_t *variables,
                            wf_error_t *err);

/** Throw a BPMN signal: deliver it to all that wait for its name at this moment, in all
 *  instances, with the variables (NULL: none), and start the definitions that start by it.
 *  Nobody may wait. async: a job for each of them delivers it; no variables then. */
apr_status_t wf_bpmn_throw(const wf_bpmn_call_t *call, const char *signal,
                           const wf_map_t *variables, int async, wf_error_t *err);

/** Bring a message, or a signal, to one execution, with the variables. WF_ERR_NOT_FOUND: no
 *  such execution; WF_ERR_CONFLICT if it does not wait for that, or is suspended. */
apr_status_t wf_bpmn_message(const wf_bpmn_call_t *call, wf_id_t execution,
                             const char *message, const wf_map_t *variables,
                             wf_error_t *err);
apr_status_t wf_bpmn_event_to(const wf_bpmn_call_t *call, wf_id_t execution,
                              const char *signal, const wf_map_t *variables,
                              wf_error_t *err);

/** Set the variables and deliver a BPMN signal, by its name, to all executions of one
 *  instance that wait for it at this moment. WF_ERR_NOT_FOUND: no such instance;
 *  WF_ERR_CONFLICT if it does not wait for that signal. */
apr_status_t wf_bpmn_event(const wf_bpmn_call_t *call, wf_id_t instance, const char *signal,
                           const wf_map_t *variables, wf_error_t *err);

/* ---- suspension ------------------------------------------------------------------------------- */

/** Suspend (WF_SUSPENDED) or activate (WF_ACTIVE) a running instance and those that it
 *  called. What is suspended can only be read, migrated and deleted: tasks stay as they are,
 *  nothing is delivered, jobs are not due; every call that would change it fails with
 *  WF_ERR_CONFLICT. WF_ERR_NOT_FOUND: it does not run; WF_ERR_CONFLICT: it is so already. */
apr_status_t wf_bpmn_suspend_instance(const wf_bpmn_call_t *call, wf_id_t instance,
                                      int state, wf_error_t *err);

/** The same for a definition, which then starts no instance, by whatever way;
 *  with_instances: and for all running instances of it. From the time on, by a job, if that
 *  is not 0. WF_ERR_CONFLICT if it is so already, now and without instances. */
apr_status_t wf_bpmn_suspend_definition(const wf_bpmn_call_t *call,
                                        const wf_definition_t *definition, int state,
                                        int with_instances, apr_int64_t time,
                                        wf_error_t *err);

/* ---- migration ------------------------------------------------------------------------------ */

/** What an activity or event of the source definition becomes. */
typedef struct wf_migration_rule_t {
    const char *source, *target; /* their ids */
    int renew; /* of an event: what waits for it is planned anew, as the target says */
} wf_migration_rule_t;

/** From one definition to another, of the same key or not. What no rule names becomes what
 *  has the same id. Nodes match if they are of one type, stand in scopes that match and are
 *  repeated the same way. */
typedef struct wf_migration_t {
    const wf_definition_t *source, *target;
    const apr_array_header_t *rules; /* of wf_migration_rule_t; NULL: none */
} wf_migration_t;

/** A rule for each node of the source that has a match of the same id, if something of an
 *  instance can be there; of wf_migration_rule_t. renew: those of events say so. */
apr_status_t wf_bpmn_migration_generate(const wf_bpmn_call_t *call,
                                        const wf_definition_t *source,
                                        const wf_definition_t *target, int renew,
                                        apr_array_header_t **rules, wf_error_t *err);

/** Whether the rules fit the definitions: a problem has the source's id as its path. */
apr_status_t wf_bpmn_migration_check(const wf_bpmn_call_t *call,
                                     const wf_migration_t *plan, wf_problems_t *problems,
                                     wf_error_t *err);

/** Let a running instance go on with plan->target: its tokens, tasks, jobs, subscriptions
 *  and open history. Events that the target adds around it are armed, those that it does
 *  not have any more are given up. Instances that it called stay as they are. Where
 *  something stands that has no match, that is a problem, its path the activity, and the
 *  unit is unchanged. WF_ERR_CONFLICT: it runs with another definition;
 *  WF_ERR_NOT_FOUND: it does not run; WF_ERR_EXECUTION: an event cannot be armed. */
apr_status_t wf_bpmn_migrate(const wf_bpmn_call_t *call, const wf_migration_t *plan,
                             wf_id_t instance, wf_problems_t *problems, wf_error_t *err);

/* ---- tasks ------------------------------------------------------------------------------------ */

/** Limits, in bytes: names and user ids; descriptions and reasons. Levels of sub-tasks. */
#define WF_TASK_MAX_NAME 255
#define WF_TASK_MAX_TEXT 4000
#define WF_TASK_MAX_DEPTH 100

#define WF_TASK_DEFAULT_PRIORITY 50

/** Give a task to user, or to nobody (NULL or ""), whoever has it now. */
apr_status_t wf_bpmn_assign(const wf_bpmn_call_t *call, wf_id_t task, const char *user,
                            wf_error_t *err);

/** What a client says of a task; only members whose bit is set count. */
enum {
    WF_TASK_NAME = 1,
    WF_TASK_DESCRIPTION = 2,
    WF_TASK_ASSIGNEE = 4,
    WF_TASK_OWNER = 8,
    WF_TASK_PRIORITY = 16,
    WF_TASK_DUE_DATE = 32,
    WF_TASK_PARENT = 64, /* of a new task only */
    WF_TASK_CATEGORY = 128
};
typedef struct wf_task_change_t {
    unsigned set;
    const char *name, *description; /* NULL takes it away */
    const char *assignee, *owner;   /* the same; "" is nobody, too */
    int priority;
    apr_int64_t due_date; /* ms; 0 takes it away */
    wf_id_t parent;
    const char *category; /* NULL takes it away */
} wf_task_change_t;

/** A task without a process; with a parent, which may be a task of a process, it is a
 *  sub-task. WF_ERR_NOT_FOUND for an unknown parent; WF_ERR_INVALID names the member of
 *  change that is over a limit. Such tasks are claimed, completed and deleted like others.
 *  Completing or deleting a task ends its sub-tasks. */
apr_status_t wf_bpmn_create_task(const wf_bpmn_call_t *call, const wf_task_change_t *change,
                                 wf_task_t **task, wf_error_t *err);

/** Change any task, also one of a process. WF_ERR_INVALID as above, and for a parent: that
 *  stays. */
apr_status_t wf_bpmn_change_task(const wf_bpmn_call_t *call, wf_id_t id,
                                 const wf_task_change_t *change, wf_task_t **task,
                                 wf_error_t *err);

/** WF_ERR_CONFLICT for a task of a running process: it can only be completed. */
apr_status_t wf_bpmn_delete_task(const wf_bpmn_call_t *call, wf_id_t id, wf_error_t *err);

/** Whose variables a task sees: its own, which hide those of its process. */
typedef enum { WF_TASK_LOCAL, WF_TASK_GLOBAL } wf_task_variables_e;

typedef enum { WF_TASK_MAY_BE, WF_TASK_MUST_BE_NEW, WF_TASK_MUST_BE_THERE } wf_task_must_e;

/** Set variables of a task, and of its process as seen from there; either may be NULL. They
 *  may be there already, must not (WF_ERR_CONFLICT) or must (WF_ERR_NOT_FOUND).
 *  WF_ERR_INVALID (field "scope") for global ones of a task without a process. */
apr_status_t wf_bpmn_set_task_variables(const wf_bpmn_call_t *call, wf_id_t id,
                                        const wf_map_t *local, const wf_map_t *global,
                                        wf_task_must_e must, wf_error_t *err);

/** Take one away, or all local ones if name is NULL. Errors as above. */
apr_status_t wf_bpmn_remove_task_variable(const wf_bpmn_call_t *call, wf_id_t id,
                                          wf_task_variables_e whose, const char *name,
                                          wf_error_t *err);

/** This unit has made (is_there 1) or deleted an attachment of a task: tell event listeners of
 *  its process, if it has one. */
apr_status_t wf_bpmn_attached(const wf_bpmn_call_t *call, const wf_attachment_t *attachment,
                              int is_there, wf_error_t *err);

/* ---- external tasks --------------------------------------------------------------------------- */

/** Limits: bytes of topics and worker ids, characters of a failure's message, and what a
 *  lock or pause may last, in ms. */
#define WF_EXTERNAL_MAX_NAME 255
#define WF_EXTERNAL_MAX_MESSAGE 4000
#define WF_EXTERNAL_MAX_SPAN (APR_INT64_C(366) * 24 * 3600 * 1000)

/** What a worker says of its task; what an operation does not need is ignored. */
typedef struct wf_external_report_t {
    const char *worker;
    const wf_map_t *variables; /* to set as seen from the activity; NULL: none */
    const wf_map_t *local;     /* … in its own scope; NULL: none */
    const char *code;          /* of the BPMN error */
    const char *message;       /* of the error or failure, or NULL */
    const char *details;       /* of the failure, or NULL */
    int retries;               /* left after the failure */
    apr_int64_t pause;         /* ms before the task may be fetched again */
} wf_external_report_t;

/* Only the worker who has the task, or had it last while nobody has taken it since, may
 * report: WF_ERR_INVALID (field "workerId") for any other, WF_ERR_NOT_FOUND if the task is
 * gone, WF_ERR_CONFLICT if it is suspended. */

/** The task is done: set the variables and let the process go on. */
apr_status_t wf_bpmn_external_complete(const wf_bpmn_call_t *call, wf_id_t id,
                                       const wf_external_report_t *report, wf_error_t *err);

/** Set the variables, then throw a BPMN error from the activity. WF_ERR_EXECUTION if nothing
 *  around catches it: drop the unit. */
apr_status_t wf_bpmn_external_error(const wf_bpmn_call_t *call, wf_id_t id,
                                    const wf_external_report_t *report, wf_error_t *err);

/** The task waits for another attempt, after the pause; without retries left it stops, and an
 *  incident says why. */
apr_status_t wf_bpmn_external_failure(const wf_bpmn_call_t *call, wf_id_t id,
                                      const wf_external_report_t *report, wf_error_t *err);

/** Lock a task for ms from now; WF_ERR_INVALID while another worker has it. */
apr_status_t wf_bpmn_external_lock(const wf_bpmn_call_t *call, wf_id_t id,
                                   const char *worker, apr_int64_t ms, wf_error_t *err);

/** Let the lock end ms from now. WF_ERR_INVALID unless it is worker's and not over. */
apr_status_t wf_bpmn_external_extend(const wf_bpmn_call_t *call, wf_id_t id,
                                     const char *worker, apr_int64_t ms, wf_error_t *err);

/** Nobody has the task any more, whoever had it. */
apr_status_t wf_bpmn_external_unlock(const wf_bpmn_call_t *call, wf_id_t id,
                                     wf_error_t *err);

/** Retries above 0 let a stopped task go on and end its incident; 0 stops it. */
apr_status_t wf_bpmn_external_set_retries(const wf_bpmn_call_t *call, wf_id_t id,
                                          int retries, wf_error_t *err);
apr_status_t wf_bpmn_external_set_priority(const wf_bpmn_call_t *call, wf_id_t id,
                                           apr_int64_t priority, wf_error_t *err);

/* ---- forms ------------------------------------------------------------------------------------ */

/** The form of a definition's start event, or of a task: the resource of the deployment that
 *  the form key names, evaluated as one text with expressions. A start form sees no
 *  variables, a task form those of its execution. WF_ERR_NOT_FOUND without a form key;
 *  WF_ERR_EXECUTION if the resource is missing or an expression fails. Writes nothing. */
apr_status_t wf_bpmn_start_form(const wf_bpmn_call_t *call, const wf_definition_t *definition,
                                const char **text, wf_error_t *err);
apr_status_t wf_bpmn_task_form(const wf_bpmn_call_t *call, wf_id_t task, const char **text,
                               wf_error_t *err);

/** A declared form property (activiti:formProperty) with its value of the moment. */
typedef struct wf_form_value_t {
    const char *id, *name;
} wf_form_value_t;
typedef struct wf_form_property_t {
    const char *id, *name, *type; /* name and type may be NULL */
    const char *value;            /* text; NULL: none, or it is not readable */
    const char *date_pattern;     /* of type date, or NULL */
    apr_array_header_t *values;   /* of type enum: of wf_form_value_t; else NULL */
    int required, readable, writable;
} wf_form_property_t;

/** The form properties of the start event, or of a task; of wf_form_property_t. Writes
 *  nothing. */
apr_status_t wf_bpmn_start_properties(const wf_bpmn_call_t *call,
                                      const wf_definition_t *definition,
                                      apr_array_header_t **properties, wf_error_t *err);
apr_status_t wf_bpmn_task_properties(const wf_bpmn_call_t *call, wf_id_t task,
                                     apr_array_header_t **properties, wf_error_t *err);

/** Submit a form: texts by property id (a map of strings) are checked and converted as the
 *  declarations say, then the process starts or the task is completed; history keeps what
 *  was submitted. WF_ERR_INVALID names the property. */
apr_status_t wf_bpmn_submit_start(const wf_bpmn_call_t *call,
                                  const wf_definition_t *definition, const wf_map_t *values,
                                  const char *business_key, wf_started_t *started,
                                  wf_error_t *err);
apr_status_t wf_bpmn_submit_task(const wf_bpmn_call_t *call, wf_id_t task,
                                 const wf_map_t *values, wf_error_t *err);

#endif
