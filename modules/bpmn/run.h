/* The state of one call into the engine: a turn runs one agenda over the execution tree
 * of a process instance. Everything lives in the pool of the call's unit of work; the
 * rows are the unit's. Private to this room. */
#ifndef WF_BPMN_RUN_H
#define WF_BPMN_RUN_H

#include "bpmn/model.h"

typedef struct wf_turn_t {
    const wf_bpmn_call_t *call;
    apr_pool_t *p;
    apr_array_header_t *agenda; /* agenda.c */
    int steps;                  /* operations done so far */
    apr_hash_t *lent;           /* variables.c: lists and maps that expressions got */
} wf_turn_t;

typedef struct wf_instance_t {
    wf_turn_t *turn;
    const wf_model_t *model;
    const char *definition_id;
    struct wf_exec_t *root;
    int variables_loaded;
} wf_instance_t;

/** An execution: a row with its place in the tree. */
typedef struct wf_exec_t {
    wf_instance_t *instance;
    wf_execution_t *row;
    struct wf_exec_t *parent;      /* NULL: the instance itself */
    apr_array_header_t *children;  /* struct wf_exec_t *, in order of creation */
    const wf_node_t *node;         /* where it stands */
    apr_hash_t *variables;         /* own ones: name -> wf_variable_t *; NULL: none */
    struct wf_exec_t *replaced_by; /* the parent that took its place */
    int ended;
} wf_exec_t;

/* ---- agenda.c ---------------------------------------------------------------------- */

typedef enum {
    WF_OP_TAKE,  /* go along a flow */
    WF_OP_ENTER, /* start the node where the execution stands */
    WF_OP_LEAVE, /* the node is done: choose the way on */
    WF_OP_END,   /* the token ends here */
    WF_OPS
} wf_op_e;

void wf_turn_init(wf_turn_t *turn, const wf_bpmn_call_t *call);

/** Put an operation on the agenda; flow is for WF_OP_TAKE. What was planned last is done
 *  first, so a branch runs until it rests before the next one begins. */
void wf_agenda_plan(wf_exec_t *exec, wf_op_e op, const wf_flow_t *flow);

/** Run until the agenda is empty. WF_ERR_EXECUTION beyond call->max_steps. */
apr_status_t wf_agenda_run(wf_turn_t *turn, wf_error_t *err);

/** The execution now stands on node: enter it, or write its job if it is asynchronous. */
void wf_agenda_arrive(wf_exec_t *exec, const wf_node_t *node);

/* ---- executions.c: the tree -------------------------------------------------------- */

/** A new instance with its root execution. */
wf_instance_t *wf_instance_create(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id, const char *business_key);

/** Its executions, of wf_execution_t *. WF_ERR_NOT_FOUND if the instance does not run. */
apr_status_t wf_instance_rows(apr_array_header_t **rows, const wf_bpmn_call_t *call,
                              wf_id_t id, wf_error_t *err);

/** The tree of a running instance. WF_ERR_NOT_FOUND if it does not run, WF_ERR_INTERNAL
 * if its rows do not fit together or its definition is gone. */
apr_status_t wf_instance_load(wf_instance_t **instance, wf_turn_t *turn, wf_id_t id,
                              wf_error_t *err);

/** NULL if it is not in the tree. */
wf_exec_t *wf_exec_find(const wf_instance_t *instance, wf_id_t id);

/** count executions that stand together leave along all of flows: they are used again,
 * new ones are made or surplus ones removed. No flows: the token ends. */
apr_status_t wf_exec_split(wf_exec_t *const *joined, int count,
                           const apr_array_header_t *flows, wf_error_t *err);

/** Executions beside exec (itself included) that wait inactively on its node. */
apr_array_header_t *wf_exec_waiting_beside(wf_exec_t *exec);
int wf_exec_count_waiting(const wf_exec_t *exec);

/** 1 if exec rests on a node that waits for such a thing. Before an asynchronous node it
 * waits for its job only. */
int wf_exec_waits_for(const wf_exec_t *exec, wf_wait_e wait);

/** End the execution, and the instance with its last one. */
apr_status_t wf_exec_end(wf_exec_t *exec, wf_error_t *err);

/** Ids of the nodes where active executions rest, an active parent before its children.
 */
apr_array_header_t *wf_instance_activities(const wf_instance_t *instance);

void wf_exec_set_active(wf_exec_t *exec, int active);
void wf_exec_changed(wf_exec_t *exec); /* its row is to be updated */

/* ---- variables.c ------------------------------------------------------------------- */

/** Read the instance's variables once a turn; get and the like need it. */
apr_status_t wf_variables_load(wf_instance_t *instance, wf_error_t *err);

/** The value seen from exec, looking outwards; NULL if there is none. A list or map may
 * be changed in place (${l.add(1)}) until wf_variables_settle. */
const wf_value_t *wf_variable_get(wf_exec_t *exec, const char *name);
const wf_value_t *wf_variable_get_local(wf_exec_t *exec, const char *name);

/** At the end of a turn: note the lists and maps that were changed in place. */
void wf_variables_settle(wf_turn_t *turn);

/** Change the variable in the innermost scope that has it, else create it on the
 * instance. */
apr_status_t wf_variable_set(wf_exec_t *exec, const char *name, const wf_value_t *value,
                             wf_error_t *err);
apr_status_t wf_variable_set_local(wf_exec_t *exec, const char *name,
                                   const wf_value_t *value, wf_error_t *err);
apr_status_t wf_variables_set(wf_exec_t *exec, const wf_map_t *variables,
                              wf_error_t *err);

void wf_variable_remove(wf_exec_t *exec, const char *name);
void wf_variable_remove_local(wf_exec_t *exec, const char *name);

/** All variables seen from exec, inner ones first. */
wf_map_t *wf_variables_visible(wf_exec_t *exec);

/** WF_ERR_INVALID or WF_ERR_EXECUTION for what no variable can be; NULL is fine. */
apr_status_t wf_variables_check(const wf_map_t *variables, wf_error_t *err);

/** Delete exec's own variables, or hand them to its parent. */
void wf_variables_delete(wf_exec_t *exec);
apr_status_t wf_variables_hand_up(wf_exec_t *exec, wf_error_t *err);

/* ---- host.c: what expressions see -------------------------------------------------- */

/** Where an expression stands. */
typedef struct wf_host_t {
    const wf_bpmn_call_t *call;
    wf_exec_t *exec;       /* NULL: no process yet, so neither variables nor `execution` */
    const wf_task_t *task; /* NULL: no `task`; else exec waits for it */
} wf_host_t;

apr_status_t wf_host_eval(const wf_host_t *seen, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err);

apr_status_t wf_exec_eval(wf_exec_t *exec, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err);

/** The same as text; NULL for NULL and for a null value. */
apr_status_t wf_exec_text(wf_exec_t *exec, const wf_template_t *expression,
                          const char **text, wf_error_t *err);

/* ---- history.c --------------------------------------------------------------------- */

void wf_history_start(wf_instance_t *instance, const wf_node_t *start);
apr_status_t wf_history_end(wf_instance_t *instance, const wf_node_t *end,
                            wf_error_t *err);
apr_status_t wf_history_deleted(const wf_bpmn_call_t *call, wf_id_t instance,
                                const char *reason, wf_error_t *err);

/** A visit of a node, one row; both do nothing when there is nothing to open or close. */
void wf_history_enter(wf_exec_t *exec);
apr_status_t wf_history_leave(wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_history_close_visit(const wf_bpmn_call_t *call,
                                    wf_execution_t *execution, wf_error_t *err);

/** A task of a node, or one without a process. */
apr_status_t wf_history_task_created(const wf_exec_t *exec, const wf_task_t *task,
                                     wf_error_t *err);
void wf_history_task_added(const wf_bpmn_call_t *call, const wf_task_t *task);

/** claimed: the assignee has just taken it. Somebody else's claim is forgotten when the
 * assignee changes. */
apr_status_t wf_history_task_changed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     int claimed, wf_error_t *err);
apr_status_t wf_history_task_ended(const wf_bpmn_call_t *call, const wf_task_t *task,
                                   const char *reason, wf_error_t *err);

/** The open visit (and task, may be NULL) of exec goes on as its parent's. */
apr_status_t wf_history_hand_up(wf_exec_t *exec, const wf_task_t *task, wf_error_t *err);

/* ---- subscriptions.c --------------------------------------------------------------- */

/** exec waits for an event of that type and name (both static or of the model). */
void wf_subscribe(wf_exec_t *exec, const char *type, const char *name);

/** What exec waits for, its parent waits for from now on. */
apr_status_t wf_subscriptions_hand_up(wf_exec_t *exec, wf_error_t *err);

/* ---- timers.c ---------------------------------------------------------------------- */

/** exec waits for the timer: evaluate it and write its job, to be run by that handler. No
 * job if the value is null: exec waits for ever. WF_ERR_EXECUTION for a text that is no
 * time. */
apr_status_t wf_timer_plan(wf_exec_t *exec, const wf_timer_t *timer, const char *handler,
                           wf_error_t *err);

/* ---- jobs.c ------------------------------------------------------------------------ */

/** Handlers of jobs, by the names that Activiti gives them. */
#define WF_TIMER_CATCH "timer-intermediate-transition" /* a timer ends exec's wait */

/** Write the job that will enter the asynchronous node where exec stands. */
void wf_job_continue_later(wf_exec_t *exec);

/** Write the timer job that runs handler for exec, on the node where it stands, at a time.
 */
void wf_job_plan(wf_exec_t *exec, const char *handler, apr_int64_t due);

/* ---- tasks.c ----------------------------------------------------------------------- */

/** An open task. WF_ERR_NOT_FOUND if there is none with that id. */
apr_status_t wf_task_load(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                          wf_error_t *err);

/** 1 if user is the assignee; NULL is nobody. */
int wf_task_is_of(const wf_task_t *task, const char *user);

/** The execution that waits for a task of a process. */
apr_status_t wf_task_waiting(wf_exec_t **exec, wf_turn_t *turn, const wf_task_t *task,
                             wf_error_t *err);

/** The rows of a task and of its sub-tasks go; history says why. reason outlives the
 * unit. */
apr_status_t wf_task_end(const wf_bpmn_call_t *call, wf_task_t *task, const char *reason,
                         wf_error_t *err);

/* ---- models.c ---------------------------------------------------------------------- */

/** The model of a running instance's definition. */
apr_status_t wf_models_of(const wf_bpmn_call_t *call, const char *definition_id,
                          const wf_model_t **model, apr_pool_t *p, wf_error_t *err);

/* ---- steps of the behaviour table -------------------------------------------------- */

wf_step_fn wf_leave_at_once;   /* flows.c: nothing to do here */
wf_step_fn wf_flows_leave;     /* flows.c: the rule for everything but gateways */
wf_step_fn wf_end_event_leave; /* events.c */
wf_step_fn wf_exclusive_leave; /* gateways.c */
wf_step_fn wf_parallel_enter;
wf_step_fn wf_parallel_leave;
wf_step_fn wf_user_task_enter; /* user_task.c */
wf_step_fn wf_user_task_signal;
wf_step_fn wf_receive_task_enter; /* receive_task.c */
wf_step_fn wf_signal_catch_enter; /* signals.c */
wf_step_fn wf_timer_catch_enter;  /* timers.c */

/** The outgoing flows of exec's node whose condition holds, in document order, at most so
 * many; the default flow if there are none, an empty list without one. */
apr_status_t wf_flows_choose(wf_exec_t *exec, int most, apr_array_header_t **chosen,
                             wf_error_t *err);

#endif
