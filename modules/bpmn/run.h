/* The state of one call into the engine: a turn runs one agenda over the execution tree
 * of a process instance. Everything lives in the pool of the call's unit of work; the
 * rows are the unit's. Private to this room. */
#ifndef WF_BPMN_RUN_H
#define WF_BPMN_RUN_H

#include "bpmn/model.h"
#include "decision/decision.h"

typedef struct wf_turn_t {
    const wf_bpmn_call_t *call;
    apr_pool_t *p;
    apr_array_header_t *agenda; /* agenda.c */
    int steps;                  /* operations done so far */
    apr_int64_t allowed;   /* more of them than call->max_steps: for rounds of loops */
    apr_int64_t rounds;    /* that have been begun by all loops so far … */
    int loops;             /* … and these */
    apr_size_t value_bytes; /* variables.c: of all values that were set */
    apr_hash_t *running; /* start.c: definition id -> int *: its instances, as far as they
                            count; NULL: none were asked for */
    apr_hash_t *instances; /* executions.c: those that are loaded, by id */
    apr_hash_t *aborted;   /* instances.c: ids of those that were; NULL: none */
    apr_array_header_t
        *quiet;         /* gateways.c: scopes to look at when the agenda is empty */
    apr_hash_t *lent;   /* variables.c: lists and maps that expressions got */
    apr_hash_t *tasks;  /* variables.c: owners that are tasks, by id */
    int looks; /* nothing is to move: suspended instances may be loaded */
    const char *thrown; /* errors.c: code of a BPMN error on its way, or NULL */
    const char *thrown_message; /* or NULL */
    wf_id_t refused_end; /* task whose delete listener threw; it is not asked again */
    const char *failure; /* name of the last technical failure, or NULL */
    apr_hash_t *delegates;      /* delegates.c: those of deployments, by definition id */
    apr_hash_t *calls;          /* activity id -> int *: calls to outside, for their keys */
    int listening;              /* listeners that run inside one another */
    apr_array_header_t *news;   /* event_listeners.c: what listeners are to be told … */
    int told;                   /* … so many of them have been */
    apr_array_header_t *throws; /* what listeners have thrown */
    int wave;                   /* agenda.c: the last of those told at once */
} wf_turn_t;

typedef struct wf_instance_t {
    wf_turn_t *turn;
    const wf_model_t *model;
    const char *definition_id;
    wf_news_mask_t heard;   /* what its listeners hear from now on */
    int still; /* it is being suspended or activated: listeners throw nothing in it */
    struct wf_exec_t *root; /* NULL: a definition of which something is told */
    const struct wf_exec_t
        *caller;       /* of an instance that begins: what called it, or NULL */
    apr_hash_t *execs; /* those that are loaded, by id */
} wf_instance_t;

/** ACT_RU_EXECUTION.ROLE_: what an execution is in its tree. */
typedef enum {
    WF_ROLE_TOKEN, /* one of several tokens of its parent's scope; the root: the process
                    */
    WF_ROLE_SCOPE, /* the scope of the activity where its parent stands */
    /* WF_ROLE_JOIN: tokens that wait at a join, row->arrived of them (store.h) */
    WF_ROLE_LOOP =
        WF_ROLE_JOIN + 1, /* the scope of all rounds of a multi-instance activity */
    WF_ROLE_ROUND,        /* one of them */
    WF_ROLE_HANDLER       /* runs a compensation handler */
    /* WF_ROLE_KEPT: what a completed sub-process leaves for its compensation (store.h) */
} wf_role_e;

_Static_assert(WF_ROLE_HANDLER + 1 == WF_ROLE_KEPT, "roles are numbers in the store");

/** What variables belong to: an execution, or a task. */
typedef struct wf_owner_t {
    wf_turn_t *turn;
    struct wf_exec_t *exec; /* itself, or who waits for the task; NULL: nobody does */
    const wf_task_t *task;  /* NULL: an execution */
    apr_hash_t *rows;       /* name -> wf_variable_t *; NULL: none */
    int loaded;             /* these are all */
} wf_owner_t;

/** An execution: a row with its place in the tree. */
typedef struct wf_heard_t wf_heard_t;

typedef struct wf_exec_t {
    wf_instance_t *instance;
    wf_execution_t *row;
    struct wf_exec_t *parent; /* NULL: the instance itself */
    struct wf_exec_t *first, *last, *before,
        *after;             /* children and siblings that are loaded */
    int children_loaded;    /* all of them are */
    const wf_node_t *node;  /* where it stands */
    const wf_node_t *begin; /* start event by which a sub-process is entered, or NULL */
    wf_owner_t own;         /* variables */
    struct wf_exec_t *replaced_by; /* the one that carries its token now */
    const wf_flow_t *chosen;       /* the way on, if what its node did has chosen it */
    int watched;                   /* it is among the turn's quiet */
    const wf_heard_t *heard; /* throw.c: signals thrown beside its token */
    int parting;             /* the end listeners of its visit have been called */
    int ended;
} wf_exec_t;

#define WF_UOW(exec) ((exec)->instance->turn->call->uow)

/* ---- agenda.c ---------------------------------------------------------------------- */

typedef enum {
    WF_OP_BEGIN, /* begin the process */
    WF_OP_TAKE,  /* go along a flow */
    WF_OP_START, /* begin the activity where the execution stands: scopes and rounds first
                  */
    WF_OP_ENTER, /* what the node does */
    WF_OP_LEAVE, /* the node is done: close it and its scope */
    WF_OP_GO,    /* choose the way on */
    WF_OP_END,   /* the token ends here */
    WF_OPS
} wf_op_e;

void wf_turn_init(wf_turn_t *turn, const wf_bpmn_call_t *call);

/** Put an operation on the agenda; flow is for WF_OP_TAKE. What was planned last is done
 *  first, so a branch runs until it rests before the next one begins. */
void wf_agenda_plan(wf_exec_t *exec, wf_op_e op, const wf_flow_t *flow);

/** Something comes to several executions at once: call this before each of them is told,
 *  and the second one at the end, with what the first call gave. All are told before one
 *  of them goes on; then who was told first goes on first, although the agenda is a stack.
 */
int wf_agenda_wave(wf_turn_t *turn);
void wf_agenda_turn_over(wf_turn_t *turn, int first);

/** Count a step. WF_ERR_EXECUTION beyond call->max_steps, and when the deadline of
 *  call->services.terms is over. */
apr_status_t wf_agenda_count(wf_turn_t *turn, wf_error_t *err);

/** Run until the agenda is empty. WF_ERR_EXECUTION beyond the same. */
apr_status_t wf_agenda_run(wf_turn_t *turn, wf_error_t *err);

/** What a call from outside did to exec gave rv: a BPMN error is caught, then as above.
 */
apr_status_t wf_agenda_go_on(wf_turn_t *turn, wf_exec_t *exec, apr_status_t rv,
                             wf_error_t *err);

/** The execution now stands on node: start it, or write its job if it is asynchronous. */
void wf_agenda_arrive(wf_exec_t *exec, const wf_node_t *node);

/** exec's activity is done and closed: choose the way on, or write the job that will. */
void wf_agenda_go(wf_exec_t *exec);

/** exec's token is gone, exec stays: what was planned for the token is not done. */
void wf_agenda_forget(wf_exec_t *exec);

/** Call what for each execution of exec's instance, exec excepted, that has an operation
 *  planned: the tokens that are on their way beside it. */
void wf_agenda_beside(wf_exec_t *exec, void (*what)(wf_exec_t *other, void *baton),
                      void *baton);

/** The execution that carries the token which exec had when this turn saw it last. */
wf_exec_t *wf_exec_current(wf_exec_t *exec);

/* ---- executions.c: the tree, row by row ---------------------------------------------- */

/** A new instance with its root execution. caller is the execution of the call activity
 *  that starts it, NULL if none does. */
wf_instance_t *wf_instance_create(wf_turn_t *turn, const wf_model_t *model,
                                  const char *definition_id, const char *business_key,
                                  const wf_exec_t *caller);

/** Its executions, of wf_execution_t *. WF_ERR_NOT_FOUND if the instance does not run. */
apr_status_t wf_instance_rows(apr_array_header_t **rows, const wf_bpmn_call_t *call,
                              wf_id_t id, wf_error_t *err);

/** A running instance, of which only the root is loaded. WF_ERR_NOT_FOUND if it does not
 *  run, WF_ERR_CONFLICT if its definition was deleted meanwhile, or if it is suspended and
 *  the turn does more than look. */
apr_status_t wf_instance_load(wf_instance_t **instance, wf_turn_t *turn, wf_id_t id,
                              wf_error_t *err);

/** An execution and those above it; the rest of the tree stays where it is. *exec is NULL
 *  if there is none with that id. WF_ERR_INTERNAL if rows do not fit together. */
apr_status_t wf_exec_load(wf_exec_t **exec, wf_turn_t *turn, wf_id_t id, wf_error_t *err);

/** Load exec's children (first, after …), or all below it. */
apr_status_t wf_exec_children(wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_exec_all(wf_exec_t *exec, wf_error_t *err);

/** A new execution on node below parent, active. */
wf_exec_t *wf_exec_create(wf_exec_t *parent, wf_role_e role, const wf_node_t *node);

/** exec has another role from now on. */
void wf_exec_take_role(wf_exec_t *exec, wf_role_e role);

/** A kept execution has become a handler of thrower. */
void wf_exec_adopt_kept(wf_exec_t *kept, wf_exec_t *thrower);

/** exec is parent's child from now on. */
void wf_exec_move(wf_exec_t *exec, wf_exec_t *parent);

/** The row and its own variables go; it has no children any more. */
apr_status_t wf_exec_remove(wf_exec_t *exec, wf_error_t *err);

/** Ids of the nodes where active executions rest, an active parent before its children.
 */
apr_status_t wf_instance_activities(const wf_instance_t *instance,
                                    apr_array_header_t **activities, wf_error_t *err);

void wf_exec_set_active(wf_exec_t *exec, int active);
void wf_exec_changed(wf_exec_t *exec);                      /* its row is to be updated */
void wf_exec_stand(wf_exec_t *exec, const wf_node_t *node); /* it is there now */

/** 1 if exec rests on a node that waits for such a thing. Before an asynchronous node it
 *  waits for its job only. */
int wf_exec_waits_for(const wf_exec_t *exec, wf_wait_e wait);

/** 1 if exec is the scope of the activity on which it (and its parent) stands: the
 *  activity has just begun, or is done. Inside, a sub-process's scope stands elsewhere.
 */
int wf_exec_is_scope_of_node(const wf_exec_t *exec);

/** What exec's scope executes: the body of a sub-process or of the process; NULL for
 * scopes of other activities. */
const wf_body_t *wf_exec_body(const wf_exec_t *scope);

/* ---- tokens.c: how many there are, and where ----------------------------------------- */

/** The scope whose token exec carries: itself, or its parent. */
wf_exec_t *wf_token_scope(wf_exec_t *exec);

/** exec's token goes on along all of flows; none: it ends. */
apr_status_t wf_token_fork(wf_exec_t *exec, const apr_array_header_t *flows,
                           wf_error_t *err);

/** One more token in scope, on node. */
apr_status_t wf_token_add(wf_exec_t **token, wf_exec_t *scope, const wf_node_t *node,
                          wf_error_t *err);

/** exec's token has arrived at a join: it waits with those that are there. *waiting is
 * who holds them all. */
apr_status_t wf_token_wait(wf_exec_t **waiting, wf_exec_t *exec, wf_error_t *err);

/** The tokens that waiting holds are one again and on their way. */
void wf_token_release(wf_exec_t *waiting);

/** exec's token, which rests, goes to a new scope of its node below it; or from the scope
 * of a node, around which nothing waits any more, back to who stands there. */
apr_status_t wf_token_lower(wf_exec_t **scope, wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_token_raise(wf_exec_t *scope, wf_error_t *err);

/** exec's token is gone. *empty is its scope if that was the last one in there, else NULL. */
apr_status_t wf_token_drop(wf_exec_t *exec, wf_exec_t **empty, wf_error_t *err);

/** exec's token ends, and with the last one its scope. */
apr_status_t wf_token_end(wf_exec_t *exec, wf_error_t *err);

/* ---- scopes.c: activities with something around them ------------------------------------ */

/** What waits around exec: events on the border of the activity whose scope, or loop, it
 * is; start events of the event sub-processes in its body. Of const wf_node_t *; NULL:
 * none. */
apr_array_header_t *wf_scope_border(const wf_exec_t *exec);
apr_array_header_t *wf_scope_handlers(const wf_exec_t *exec);

/** 1 if node needs an execution of its own below exec, which stands on it. */
int wf_scope_needed(const wf_exec_t *exec, const wf_node_t *node);

/** Open it, arm what waits on its border, and go on there with WF_OP_ENTER. */
apr_status_t wf_scope_open(wf_exec_t *exec, wf_error_t *err);

/** exec is the scope of its node and done: what is armed goes, the scope goes, and
 * *carrier stands on the node with the token. */
apr_status_t wf_scope_close(wf_exec_t *exec, wf_exec_t **carrier, wf_error_t *err);

/** The last token of scope has ended: leave the sub-process or end the instance. */
apr_status_t wf_scope_done(wf_exec_t *scope, wf_error_t *err);

/** End everything inside exec, tasks and called instances included, exec itself stays
 *  without a token; what waits on its border stays armed. reason outlives the unit. */
apr_status_t wf_scope_clear(wf_exec_t *exec, const char *reason, wf_error_t *err);

/** The same, and exec goes with what is armed. */
apr_status_t wf_scope_cancel(wf_exec_t *exec, const char *reason, wf_error_t *err);

/** Steps of sub-processes: begin the body; its scope is done. */
wf_step_fn wf_body_enter;

/** An event on the border of exec's activity has come. */
wf_event_fn wf_boundary_fire;

/** The start event of an event sub-process in exec's body has come. */
wf_event_fn wf_handler_fire;

/* ---- start.c ----------------------------------------------------------------------------- */

/** Begin an instance of a definition at one of its start events (NULL: the one for a start
 * by id); variables and business_key may be NULL. The agenda runs later. */
/** One more instance of a definition is to begin. WF_ERR_UNAVAILABLE beyond
 *  call->max_running; those of units that are not written yet do not count. */
apr_status_t wf_instance_admit(wf_turn_t *turn, const char *definition_id,
                               wf_error_t *err);
/** One has ended. */
void wf_instance_gone(const wf_instance_t *instance);

apr_status_t wf_instance_start(wf_instance_t **instance, wf_turn_t *turn,
                               const wf_definition_t *definition, const char *start,
                               const wf_map_t *variables, const char *business_key,
                               wf_error_t *err);

/* ---- instances.c ------------------------------------------------------------------------- */

/** Set what a new instance has from the beginning and send its token to start. variables
 *  may be NULL. */
apr_status_t wf_instance_begin(wf_instance_t *instance, const wf_node_t *start,
                               const wf_map_t *variables, wf_error_t *err);

/** Its last token has ended. */
apr_status_t wf_instance_end(wf_instance_t *instance, wf_error_t *err);

/** End an instance from outside, with those that it called; what was planned for its
 *  executions in this turn is not done. reason outlives the unit. */
apr_status_t wf_instance_abort(wf_turn_t *turn, wf_id_t instance, const char *reason,
                               wf_error_t *err);

/** 1 if that has happened in this turn: rows of the instance that are still found go when the
 *  unit is written. */
int wf_instance_is_aborted(const wf_turn_t *turn, wf_id_t instance);

/** The same because nothing in it catches an error of that code. */
apr_status_t wf_instance_abort_by_error(wf_turn_t *turn, wf_id_t instance,
                                        const char *code, wf_error_t *err);

/* ---- loops.c ----------------------------------------------------------------------------- */

/** Begin the rounds of the multi-instance activity where exec stands. */
apr_status_t wf_loop_begin(wf_exec_t *exec, wf_error_t *err);

/** A round is done: begin the next one, wait for others, or leave the activity. */
apr_status_t wf_loop_round_done(wf_exec_t *round, wf_error_t *err);

/** A round, which has no token any more, was cancelled: it counts as if it had never been,
 *  and the loop goes on as above. If nothing is left of it and nothing was done, the loop
 *  goes, and *carrier, without a token, is who stands on the activity; else NULL. */
apr_status_t wf_loop_round_cancelled(wf_exec_t *round, const char *reason,
                                     wf_exec_t **carrier, wf_error_t *err);

/* ---- parameters.c -------------------------------------------------------------------------- */

/** Set the variables that exec's activity has for itself, on exec. */
apr_status_t wf_parameters_in(wf_exec_t *exec, wf_error_t *err);

/** The activity is done: set what it gives to the executions around exec. */
apr_status_t wf_parameters_out(wf_exec_t *exec, wf_error_t *err);

/* ---- call_activity.c ----------------------------------------------------------------------- */

/** An instance that was called is about to end: hand over what comes out of it and let
 * the caller go on. */
apr_status_t wf_call_return(wf_instance_t *instance, wf_error_t *err);

/* ---- call_cancel.c ------------------------------------------------------------------------- */

/** An instance is to be deleted: if a call activity waits for it, that is cancelled, which
 *  ends the instance. *next: the caller if nothing is left of it, which is then to be
 *  deleted in turn; the instance itself if nobody waits for it; else 0. reason outlives the
 *  unit. The agenda runs later. */
apr_status_t wf_call_cancel(wf_turn_t *turn, wf_id_t instance, const char *reason,
                            wf_id_t *next, wf_error_t *err);

/* ---- compensation.c ------------------------------------------------------------------------ */

/** The activity that exec carries out is done: note its handler, if it has one. */
void wf_compensation_register(wf_exec_t *exec);

/** scope is about to go: what is registered in it is kept outside, or dropped at the end
 * of the instance. */
apr_status_t wf_compensation_keep(wf_exec_t *scope, wf_error_t *err);

/** A handler is done: with the last one, who waited for it goes on. */
apr_status_t wf_handler_done(wf_exec_t *exec, wf_error_t *err);

/* ---- waits.c: events and executions that wait for them ------------------------------------ */

/** Arm (or disarm) each of events, of const wf_node_t * (NULL: none), for exec. */
apr_status_t wf_events_arm(wf_exec_t *exec, const apr_array_header_t *events,
                           wf_error_t *err);

/** All that exec waits for by subscriptions and jobs is given up, but what keep wants.
 *  With keep, what is registered for compensation stays, too; NULL keeps nothing. */
typedef int wf_keep_fn(const wf_exec_t *exec, const wf_node_t *event);
apr_status_t wf_events_disarm(wf_exec_t *exec, wf_keep_fn *keep, wf_error_t *err);

/** 1 if events on its border or event sub-processes in its body wait on scope exec. */
int wf_events_around(const wf_exec_t *exec);

/** 1 if a row of exec with that node is not what its token waits for: the node where it
 *  stands, or one behind the event-based gateway where it stands. */
wf_keep_fn wf_event_is_around;

/** What exec waits for with its token, to waits for from now on. */
apr_status_t wf_events_move(wf_exec_t *exec, wf_exec_t *to, wf_error_t *err);

/** 1 if exec waits for the event with that id. */
int wf_event_is_awaited(const wf_exec_t *exec, const char *activity);

/** It has come. WF_ERR_INTERNAL if exec does not wait for it. */
apr_status_t wf_event_deliver(wf_exec_t *exec, const char *activity, wf_error_t *err);

/** Steps of intermediate catch events. */
wf_step_fn wf_catch_enter;
wf_event_fn wf_catch_fire;

/** Step of an event-based gateway: wait for all the events behind it. */
wf_step_fn wf_gate_enter;

/* ---- gateways.c ------------------------------------------------------------------------ */

/** A token of scope has moved: if its body has inclusive gateways, look when the agenda
 * is empty. */
void wf_joins_watch(wf_exec_t *scope);

/** The agenda is empty: let go whoever waits at an inclusive gateway for nobody any more;
 *  that plans something. */
apr_status_t wf_joins_look(wf_turn_t *turn, wf_error_t *err);

/* ---- errors.c ----------------------------------------------------------------------- */

/** Throw a BPMN error out of a step: the step returns what this returns, and the agenda
 *  looks for who catches it. message may be NULL. Both outlive the unit. */
apr_status_t wf_error_throw(wf_exec_t *exec, const char *code, const char *message,
                            wf_error_t *err);

/** rv is a technical failure of exec's activity: if one of mappings (of wf_mapped_error_t;
 *  NULL: none) is about it, a BPMN error is thrown. Returns what the step is to return. */
apr_status_t wf_error_map(wf_exec_t *exec, const apr_array_header_t *mappings,
                          apr_status_t rv, wf_error_t *err);

/** The same by the mappings of call activities that have started exec's instance in this
 *  turn; whoever catches it goes on. */
apr_status_t wf_error_map_called(wf_exec_t *exec, apr_status_t rv, wf_error_t *err);

/** Find who catches the error that is on its way out of exec, and go on there. If nobody
 *  does, WF_ERR_EXECUTION. */
apr_status_t wf_error_catch(wf_exec_t *exec, wf_error_t *err);

/* ---- variables.c ------------------------------------------------------------------- */

/** The owner that a task is. exec: who waits for it; NULL: not known, or nobody does. */
wf_owner_t *wf_task_owner(wf_turn_t *turn, const wf_task_t *task, wf_exec_t *exec);

/** Read the variables of at and of those around it, once a turn; get and the like need
 *  it. */
apr_status_t wf_variables_load(wf_owner_t *at, wf_error_t *err);

/** The value seen from there, looking outwards; NULL if there is none. A list or map may
 * be changed in place (${l.add(1)}) until wf_variables_settle. */
const wf_value_t *wf_variable_get(wf_owner_t *at, const char *name);
const wf_value_t *wf_variable_get_local(wf_owner_t *at, const char *name);

/** At the end of a turn: note the lists and maps that were changed in place. */
apr_status_t wf_variables_settle(wf_turn_t *turn, wf_error_t *err);

/** Change the variable of the innermost owner that has it, else create it on the
 * instance; of a task without a process, on the task. */
apr_status_t wf_variable_set(wf_owner_t *at, const char *name, const wf_value_t *value,
                             wf_error_t *err);
apr_status_t wf_variable_set_local(wf_owner_t *at, const char *name,
                                   const wf_value_t *value, wf_error_t *err);
apr_status_t wf_variables_set(wf_owner_t *at, const wf_map_t *variables, wf_error_t *err);
apr_status_t wf_variables_set_local(wf_owner_t *at, const wf_map_t *variables,
                                    wf_error_t *err);

apr_status_t wf_variable_remove(wf_owner_t *at, const char *name, wf_error_t *err);
apr_status_t wf_variable_remove_local(wf_owner_t *at, const char *name, wf_error_t *err);

/** All variables seen from there, inner ones first. */
wf_map_t *wf_variables_visible(wf_owner_t *at);

/** Its own. */
wf_map_t *wf_variables_local(wf_owner_t *at);

/** WF_ERR_INVALID or WF_ERR_EXECUTION for what no variable can be; NULL is fine. */
apr_status_t wf_variables_check(const wf_map_t *variables, wf_error_t *err);

/** Delete its own variables. */
apr_status_t wf_variables_delete(wf_owner_t *at, wf_error_t *err);

/** Copy its own variables to another one of the same instance, or move them there: that is
 *  nothing new to listeners. */
apr_status_t wf_variables_copy(wf_owner_t *from, wf_owner_t *to, wf_error_t *err);
apr_status_t wf_variables_move(wf_owner_t *from, wf_owner_t *to, wf_error_t *err);

/** Delete all that this turn has read of an instance, which is about to be purged. */
apr_status_t wf_variables_forget(wf_instance_t *instance, wf_error_t *err);

/* ---- host.c: what expressions and scripts see ------------------------------------- */

/** Which names that are no variables are beans. */
typedef enum {
    WF_BEANS_REGISTERED,
    WF_BEANS_DEFAULT, /* if there is a default delegate: any */
    WF_BEANS_ANY      /* any; who calls one finds out */
} wf_beans_e;

/** Where an expression or script stands. */
typedef struct wf_host_t {
    const wf_bpmn_call_t *call;
    wf_exec_t *exec;      /* NULL: no process yet, so neither variables nor `execution` */
    const wf_instance_t *of; /* whose event listener runs, even without exec; or NULL … */
    const struct wf_news_t *news; /* … and why: `event` (tell.h) */
    wf_task_t *task;      /* NULL: no `task`; else exec waits for it */
    const char *event;    /* of the listener that runs, or NULL */
    wf_map_t *fields;     /* what the script of a delegate gets as `fields`, or NULL … */
    const char *method;   /* … then also `method`, of a bean, or NULL */
    wf_list_t *arguments; /* … and `args`, not NULL … */
    wf_object_t *delegate; /* … and `delegate`, not NULL */
    wf_beans_e beans;
    int in_script; /* JavaScript: what it gets of a bean is a method to be called */
} wf_host_t;

/** Whose variables are seen from there, the innermost: the task's, the execution's, or
 *  NULL. */
wf_owner_t *wf_host_owner(const wf_host_t *seen);

/** What it belongs to: an instance, or a definition without one. Needs exec or of. */
static inline const wf_instance_t *wf_host_instance(const wf_host_t *seen)
{
    return seen->exec ? seen->exec->instance : seen->of;
}

/** The names seen from there; valid as long as the unit. */
apr_status_t wf_host_scope(const wf_host_t *seen, wf_scope_t *scope, wf_error_t *err);

/** Set a variable as seen from there. WF_ERR_EXECUTION where there is no execution. */
apr_status_t wf_host_set(const wf_host_t *seen, const char *name, const wf_value_t *value,
                         wf_error_t *err);

apr_status_t wf_host_eval(const wf_host_t *seen, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err);

/** The same as text; NULL for NULL and for a null value. */
apr_status_t wf_host_print(const wf_host_t *seen, const wf_template_t *expression,
                           const char **text, wf_error_t *err);

apr_status_t wf_exec_eval(wf_exec_t *exec, const wf_template_t *expression,
                          wf_value_t *value, wf_error_t *err);
apr_status_t wf_exec_text(wf_exec_t *exec, const wf_template_t *expression,
                          const char **text, wf_error_t *err);

/* ---- actions.c: what tasks and listeners do ----------------------------------------- */

/** What became of it. */
typedef struct wf_outcome_t {
    wf_value_t value;       /* null if there is none */
    const char *transition; /* id of the flow to take, or NULL */
    const char *topic;      /* workers who take this one are to do it, or NULL */
    const char *failure;    /* name of a technical failure, or NULL */
} wf_outcome_t;

/** Do an action once. kind is what a delegate is told: "execute", "notify", "task",
 *  "event". Technical failures are any error; a BPMN error is thrown as by wf_error_throw. */
apr_status_t wf_action_run(const wf_host_t *seen, const wf_action_t *action,
                           const char *kind, wf_outcome_t *outcome, wf_error_t *err);

/** All fields of an action with their values of the moment. */
apr_status_t wf_action_fields(const wf_host_t *seen, const wf_action_t *action,
                              wf_map_t **fields, wf_error_t *err);

/** 1 in *skip if the variable _ACTIVITI_SKIP_EXPRESSION_ENABLED is true and expression,
 *  which may be NULL, says so. *enabled (may be NULL) tells of the variable. */
apr_status_t wf_skip(wf_exec_t *exec, const wf_template_t *expression, int *enabled,
                     int *skip, wf_error_t *err);

/* ---- scripts.c ---------------------------------------------------------------------- */

typedef struct wf_script_t {
    const char *name;     /* for messages: script task "bill" */
    const char *language; /* as the file writes it */
    const char *text;
    int wants_value;  /* 1: the value of its last expression is asked for */
    wf_map_t *stored; /* NULL, or gets its top-level variables */
} wf_script_t;

/** Run a script. A BPMN error is thrown as by wf_error_throw. */
apr_status_t wf_script_run(const wf_host_t *seen, const wf_script_t *script,
                           wf_value_t *value, wf_error_t *err);

/* ---- delegates.c: who does what Java classes did -------------------------------------- */

/** The object of the bean of that name. 1 if it is one by seen->beans. */
int wf_bean_get(const wf_host_t *seen, const char *name, wf_value_t *value,
                apr_pool_t *p);

/** The name of the bean that value is, or NULL. */
const char *wf_bean_name(const wf_value_t *value);

typedef struct wf_delegate_call_t {
    const wf_host_t *seen;
    const char *kind;   /* execute, notify, task, event; method, property: of a bean */
    const char *name;   /* class or bean */
    const char *member; /* the method or property, or NULL */
    wf_map_t *fields;
    const wf_value_t *args;
    int nargs;
} wf_delegate_call_t;

/** Call whoever does it. WF_ERR_EXECUTION naming the class or bean if nobody does; but
 *  event listeners do nothing then. */
apr_status_t wf_delegate_run(const wf_delegate_call_t *call, wf_outcome_t *outcome,
                             wf_error_t *err);

/* ---- listeners.c ---------------------------------------------------------------------- */

/** Run those of listeners (of wf_listener_t; NULL: none) that hear event: start, end or
 *  take. */
apr_status_t wf_listeners_notify(wf_exec_t *exec, const apr_array_header_t *listeners,
                                 const char *event, wf_error_t *err);

/** A visit of the node where exec stands begins, or ends if one is open there, because it
 *  is complete or for another reason: history and listeners know. */
apr_status_t wf_visit_begin(wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_visit_end(wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_visit_cancel(wf_exec_t *exec, const char *reason, wf_error_t *err);

/** The open visit of exec ends in history; listeners of that know. */
apr_status_t wf_visit_close(wf_exec_t *exec, wf_error_t *err);

/** exec is about to leave its node: call the end listeners, once a visit. */
apr_status_t wf_visit_part(wf_exec_t *exec, wf_error_t *err);

/** Run the listeners of a task of a process: create, assignment, complete, delete. exec
 *  waits for it. */
apr_status_t wf_task_listeners_notify(wf_exec_t *exec, wf_task_t *task, const char *event,
                                      wf_error_t *err);

/** The execution that waits for a task whose definition has listeners, of its own or of
 *  changes of tasks; *exec is NULL if it has none. */
apr_status_t wf_task_listeners_of(wf_exec_t **exec, wf_turn_t *turn,
                                  const wf_task_t *task, wf_error_t *err);

/* ---- history_levels.c -------------------------------------------------------------- */

/** What history keeps from one level on or another. */
typedef enum {
    WF_KEEP_INSTANCES,
    WF_KEEP_VISITS,
    WF_KEEP_LAST_VALUES, /* of variables */
    WF_KEEP_TASKS,       /* with their people */
    WF_KEEP_SUBMISSIONS, /* with forms */
    WF_KEEP_CHANGES      /* of variables */
} wf_keep_e;

/** 1 if that is kept of instances of model; NULL: of what has no model. */
int wf_history_keeps(const wf_bpmn_call_t *call, const wf_model_t *model, wf_keep_e what);

/** When history of what ends now may go; 0: never. */
apr_int64_t wf_history_removal(const wf_bpmn_call_t *call, const wf_model_t *model);

/** The model of an instance that is ended from outside. NULL if it cannot be read any more:
 *  what the engine says holds then. */
const wf_model_t *wf_history_model(const wf_bpmn_call_t *call, const char *definition_id);

/* ---- history_values.c -------------------------------------------------------------- */

/** A variable of owner has been made (is_new) or has changed, by whoever visits a node (0:
 *  nobody). */
apr_status_t wf_history_variable(const wf_owner_t *owner, const wf_variable_t *variable,
                                 wf_id_t visit, int is_new, wf_error_t *err);

/** Every text as it was submitted, a row each. where: instance, execution, visit, task. */
void wf_history_submitted(const wf_bpmn_call_t *call, const wf_model_t *model,
                          const wf_map_t *values, const wf_hi_detail_t *where);

/* ---- history.c --------------------------------------------------------------------- */

void wf_history_start(wf_instance_t *instance, const wf_node_t *start);
apr_status_t wf_history_end(wf_instance_t *instance, const wf_node_t *end,
                            wf_error_t *err);
apr_status_t wf_history_deleted(const wf_bpmn_call_t *call, wf_id_t instance,
                                const char *reason, wf_error_t *err);

/** A visit of a node, one row; both do nothing when there is nothing to open or close. */
void wf_history_enter(wf_exec_t *exec);
/** Where exec is, the instance has been called. */
apr_status_t wf_history_called(wf_exec_t *exec, wf_id_t instance, wf_error_t *err);
apr_status_t wf_history_leave(wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_history_close_visit(const wf_bpmn_call_t *call, wf_execution_t *execution,
                                    wf_error_t *err);

/** A task of a node, or one without a process. A sub-task is kept if its parent is. */
apr_status_t wf_history_task_created(const wf_exec_t *exec, const wf_task_t *task,
                                     wf_error_t *err);
apr_status_t wf_history_task_added(const wf_bpmn_call_t *call, const wf_task_t *task,
                                   wf_error_t *err);

/** claimed: the assignee has just taken it. Somebody else's claim is forgotten when the
 * assignee changes. */
apr_status_t wf_history_task_changed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     int claimed, wf_error_t *err);
apr_status_t wf_history_task_ended(const wf_bpmn_call_t *call, const wf_task_t *task,
                                   const char *reason, wf_error_t *err);

/** Somebody is linked to a new task of exec, or to one that is there: kept if the task is.
 *  Whoever is taken off it is forgotten. */
void wf_history_link_created(const wf_exec_t *exec, const wf_identitylink_t *link);
apr_status_t wf_history_link_added(const wf_bpmn_call_t *call,
                                   const wf_identitylink_t *link, wf_error_t *err);
apr_status_t wf_history_link_removed(const wf_bpmn_call_t *call,
                                     const wf_identitylink_t *link, wf_error_t *err);

/** exec's open visit is one of the node where it stands, and of its definition, now; the
 *  same for a task, and for an instance with another definition. */
apr_status_t wf_history_rename(const wf_exec_t *exec, wf_error_t *err);
apr_status_t wf_history_task_renamed(const wf_bpmn_call_t *call, const wf_task_t *task,
                                     wf_error_t *err);
apr_status_t wf_history_migrated(const wf_bpmn_call_t *call, wf_id_t instance,
                                 const char *definition_id, wf_error_t *err);

/** The open visit (and task, may be NULL) of exec goes on as another execution's. */
apr_status_t wf_history_move(wf_exec_t *exec, wf_exec_t *to, const wf_task_t *task,
                             wf_error_t *err);

/* ---- subscriptions.c --------------------------------------------------------------- */

/** Types of event subscriptions, as Activiti calls them. */
#define WF_SUBSCRIBED_SIGNAL "signal"
#define WF_SUBSCRIBED_MESSAGE "message"
#define WF_SUBSCRIBED_COMPENSATE "compensate"

/** exec waits for what arms the event: wf_event_t.name is the name of the signal or
 *  message. */
wf_event_fn wf_signal_arm, wf_message_arm;

/** An event that a row of the unit subscribes to has come: deliver it, with variables
 * (NULL: none). The row goes, unless it may come again. A definition's begins an instance.
 * WF_ERR_CONFLICT if the execution was moved on meanwhile. */
apr_status_t wf_subscription_deliver(wf_turn_t *turn, wf_subscription_t *row,
                                     const wf_map_t *variables, wf_error_t *err);

/** The same for all rows, of wf_subscription_t *; those that another one of them ends
 * hear nothing. */
apr_status_t wf_subscriptions_deliver(wf_turn_t *turn, const apr_array_header_t *rows,
                                      const wf_map_t *variables, wf_error_t *err);

/** Subscriptions to an event among those of an instance, or of an execution, oldest first;
 *  of wf_subscription_t *. */
apr_status_t wf_subscriptions_find(apr_array_header_t **found, wf_turn_t *turn,
                                   wf_relation_e relation, wf_id_t parent,
                                   const char *type, const char *name, wf_error_t *err);

/* ---- throw.c ----------------------------------------------------------------------- */

typedef struct wf_thrown_t {
    const char *name;
    const wf_map_t *variables; /* or NULL */
    wf_id_t within;            /* this instance alone; 0: all */
    int async;                 /* by jobs, one for each that waits */
} wf_thrown_t;

/** Deliver a signal to all that wait for its name at this moment, and to the definitions
 *  that start by it. Nobody may. */
apr_status_t wf_signal_throw(wf_turn_t *turn, const wf_thrown_t *thrown, wf_error_t *err);

/** 1 if the event is a signal that was thrown, earlier in this turn, by a token that ran
 *  beside exec's: it counts as come, once. */
int wf_signal_was_heard(wf_exec_t *exec, const wf_node_t *event);

/** exec's token goes on as one with other's. */
void wf_signals_join(wf_exec_t *exec, const wf_exec_t *other);

/* ---- starts.c: what starts instances by itself --------------------------------------- */

/** A definition that something waits for the sake of; the unit depends on it.
 *  WF_ERR_CONFLICT if it was deleted. */
apr_status_t wf_starting_definition(wf_definition_t **definition,
                                    const wf_bpmn_call_t *call, const char *id,
                                    wf_error_t *err);

/** Begin an instance of the definition that a row, or a timer's or event's job, names. */
apr_status_t wf_start_by_subscription(wf_turn_t *turn, const wf_subscription_t *row,
                                      const wf_map_t *variables, wf_error_t *err);
apr_status_t wf_start_by_timer(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err);
apr_status_t wf_start_by_event_job(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err);

/* ---- timers.c ---------------------------------------------------------------------- */

/** Plan the timer's job for exec. No job if its value is null: it never comes. The same
 * for a cycle around exec's scope that is over; a token's own wait for it is an error.
 * WF_ERR_EXECUTION also for a text that is no time. */
wf_event_fn wf_timer_arm;

/** A timer job of exec fires: plan the one that follows in its cycle, if any does. */
apr_status_t wf_timer_arm_again(wf_exec_t *exec, const wf_job_t *job, wf_error_t *err);

/** The calendar that a template (NULL: none) names, as the kind of text that it reads;
 *  *kind stays if none is named. WF_ERR_EXECUTION for an unknown one. */
apr_status_t wf_calendar_find(wf_time_kind_e *kind, const wf_host_t *seen,
                              const wf_template_t *calendar, wf_error_t *err);

/** The first firing of a timer, as seen from where its texts are evaluated, and the one
 * after a job's. There may be none; must_come: that is an error, unless the value is null.
 */
apr_status_t wf_timer_first(wf_firing_t *firing, const wf_host_t *seen,
                            const wf_timer_t *timer, int must_come, wf_error_t *err);
apr_status_t wf_timer_next(wf_firing_t *firing, const wf_host_t *seen,
                           const wf_timer_t *timer, const wf_job_t *job, wf_error_t *err);

/* ---- permits.c: what may begin, and what may move ------------------------------------- */

/** WF_ERR_CONFLICT: a suspended definition starts no instance. */
apr_status_t wf_permit_definition(const wf_definition_t *definition, wf_error_t *err);

/** WF_ERR_FORBIDDEN if the call asks for candidate starters, the definition names some
 * and the user is none of them; or if it asks for the right to start and he has none.
 *  WF_ERR_NOT_FOUND, without naming the definition, if he has no right on it at all. */
apr_status_t wf_permit_starter(const wf_bpmn_call_t *call,
                               const wf_definition_t *definition, wf_error_t *err);

/** WF_ERR_CONFLICT: a suspended instance, or task, does not change. */
apr_status_t wf_permit_instance(const wf_execution_t *root, wf_error_t *err);
apr_status_t wf_permit_task(const wf_task_t *task, wf_error_t *err);

/** The job of a definition that is to be suspended, or activated, at a time. */
apr_status_t wf_suspension_fire(wf_turn_t *turn, const wf_job_t *job, wf_error_t *err);

/* ---- jobs.c ------------------------------------------------------------------------ */

/** Handlers of jobs, by the names that Activiti gives them. */
#define WF_JOB_CONTINUE "async-continuation"
#define WF_JOB_LEAVE "async-leave" /* the node is done: go on */
#define WF_JOB_TIMER_CATCH "timer-intermediate-transition"
#define WF_JOB_TIMER_AROUND                                                              \
    "timer-transition" /* boundary events, event sub-processes                           \
                        */
#define WF_JOB_TIMER_START "timer-start-event"
#define WF_JOB_SUSPEND "suspend-processdefinition"
#define WF_JOB_ACTIVATE "activate-processdefinition"
#define WF_JOB_EVENT "event" /* a signal for one who waits for it */

/** Attempts that a new job has. */
int wf_job_retries(const wf_bpmn_call_t *call);

/** Write a job that delivers a signal to a subscription. */
apr_status_t wf_job_deliver_later(wf_turn_t *turn, const wf_subscription_t *row,
                                  wf_error_t *err);

/** Write a timer job that starts instances of a definition at the event. */
wf_job_t *wf_job_plan_start(const wf_bpmn_call_t *call, const char *definition_id,
                            const char *event, const wf_firing_t *firing);

/** 1 if the job is to deliver a signal to the subscription. */
int wf_job_delivers(const wf_job_t *job, const wf_subscription_t *row);

/** Write the job that will enter, or go on from, the node where exec stands. */
void wf_job_continue_later(wf_exec_t *exec);
void wf_job_leave_later(wf_exec_t *exec);

/** Id of the node or event that a job is about: what its configuration names first. NULL:
 *  none. */
const char *wf_job_activity(const wf_job_t *job, apr_pool_t *p);

/** Id of the flow by which the job leaves its node, or NULL: any whose condition holds. */
const char *wf_job_flow(const wf_job_t *job);
void wf_job_rename(wf_job_t *job, const wf_node_t *node, const wf_flow_t *flow,
                   apr_pool_t *p);

/** Write a timer job for exec and the event, at a time. */
wf_job_t *wf_job_plan(wf_exec_t *exec, const wf_node_t *event, apr_int64_t due);

/** The job's row, its trace and its incident go. */
apr_status_t wf_job_delete(wf_uow_t *uow, wf_job_t *job, wf_error_t *err);

/** The same for a job of exec that is not needed any more: event listeners hear of it. */
apr_status_t wf_job_cancel(wf_exec_t *exec, wf_job_t *job, wf_error_t *err);

/* ---- incidents.c ------------------------------------------------------------------- */

/** The job has attempts again, or goes: before its row says so. */
apr_status_t wf_incidents_end(wf_uow_t *uow, const wf_job_t *job, wf_error_t *err);

/* ---- tasks.c ----------------------------------------------------------------------- */

/** An open task. WF_ERR_NOT_FOUND if there is none with that id. */
apr_status_t wf_task_load(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                          wf_error_t *err);

/** The same to change it: WF_ERR_CONFLICT if it is suspended. */
apr_status_t wf_task_load_active(wf_task_t **task, const wf_bpmn_call_t *call, wf_id_t id,
                                 wf_error_t *err);

/** 1 if user is the assignee; NULL is nobody. */
int wf_task_is_of(const wf_task_t *task, const char *user);

/** task is another's, or nobody's, or something else of it is changed: that is written, and
 *  listeners hear of it. */
apr_status_t wf_task_reassigned(const wf_bpmn_call_t *call, wf_task_t *task, int claimed,
                                wf_error_t *err);
apr_status_t wf_task_changed(const wf_bpmn_call_t *call, wf_task_t *task,
                             wf_error_t *err);

/** The execution that waits for a task of a process. */
apr_status_t wf_task_waiting(wf_exec_t **exec, wf_turn_t *turn, const wf_task_t *task,
                             wf_error_t *err);

/** A task's priority out of a value: null gives the default. WF_ERR_EXECUTION for what is
 *  no 32-bit number; a fraction is cut off. */
apr_status_t wf_task_priority(int *priority, const wf_value_t *value, wf_error_t *err);

/** The rows of a task and of its sub-tasks go, with their own variables; history says why.
 *  exec, which has waited for it, tells event listeners; NULL: nobody is told. reason
 *  outlives the unit. */
apr_status_t wf_task_end(wf_turn_t *turn, wf_exec_t *exec, wf_task_t *task,
                         const char *reason, wf_error_t *err);

/* ---- user_task.c ------------------------------------------------------------------- */

/** A task of exec belongs to the definition and the node where exec stands now: also the
 *  form is that one's. */
apr_status_t wf_user_task_rename(wf_exec_t *exec, wf_task_t *task, wf_error_t *err);

/* ---- models.c ---------------------------------------------------------------------- */

/** The model of a running instance's definition. */
apr_status_t wf_models_of(const wf_bpmn_call_t *call, const char *definition_id,
                          const wf_model_t **model, apr_pool_t *p, wf_error_t *err);

/** The decision of that key in a deployment; *decision is NULL if there is none. Released
 *  with the unit. */
apr_status_t wf_models_decision(const wf_bpmn_call_t *call, wf_id_t deployment,
                                const char *key, const wf_decision_t **decision,
                                wf_error_t *err);

/** The model of a definition of which an instance is to start. WF_ERR_CONFLICT if it is
 *  suspended. */
apr_status_t wf_definition_model(wf_turn_t *turn, const wf_definition_t *definition,
                                 const wf_model_t **model, wf_error_t *err);

/* ---- external_task.c --------------------------------------------------------------- */

/** exec rests until a worker of a topic has done its task. priority may be NULL: 0. */
apr_status_t wf_external_create(wf_exec_t *exec, const char *topic,
                                const wf_template_t *priority, wf_error_t *err);

/** exec waits for a worker no longer: its task goes, with what is known of its failures. */
apr_status_t wf_external_cancel(wf_exec_t *exec, wf_error_t *err);

/** What exec waits for, to waits for from now on. */
apr_status_t wf_external_move(wf_exec_t *from, wf_exec_t *to, wf_error_t *err);

/* ---- steps of the behaviour table -------------------------------------------------- */

wf_step_fn wf_leave_at_once;   /* flows.c: nothing to do here */
wf_step_fn wf_flows_leave;     /* flows.c: the rule for everything but gateways */
wf_step_fn wf_end_event_leave; /* events.c */
wf_step_fn wf_signal_throw_enter; /* throw.c */
wf_step_fn wf_exclusive_leave; /* gateways.c */
wf_step_fn wf_parallel_enter;
wf_step_fn wf_parallel_leave;
wf_step_fn wf_inclusive_enter;
wf_step_fn wf_inclusive_leave;
wf_step_fn wf_call_activity_enter; /* call_activity.c */
wf_step_fn wf_compensate_enter;    /* compensation.c */
wf_step_fn wf_cancel_end_enter, wf_cancel_end_signal;
wf_step_fn wf_terminate_enter; /* events.c */
wf_step_fn wf_error_end_enter; /* errors.c */
wf_step_fn wf_user_task_enter; /* user_task.c */
wf_step_fn wf_user_task_signal;
wf_step_fn wf_receive_task_enter; /* receive_task.c */
wf_step_fn wf_service_task_enter, wf_message_end_enter; /* service_task.c */

/** The flow of that id that leaves node, or NULL. */
const wf_flow_t *wf_flow_out_of(const wf_node_t *node, const char *id);

/** exec leaves its node by the flow of that id, also if a job does that. WF_ERR_EXECUTION if
 *  it is none that leaves it. */
apr_status_t wf_flow_prefer(wf_exec_t *exec, const char *id, wf_error_t *err);

/** The outgoing flows of exec's node whose condition holds, in document order, at most so
 * many; the default flow if there are none, an empty list without one. */
apr_status_t wf_flows_choose(wf_exec_t *exec, int most, apr_array_header_t **chosen,
                             wf_error_t *err);

#endif
