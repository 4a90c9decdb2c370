/* load: what step types do while they run; a part of step.h. All of it happens on the loop
 * that the strand belongs to, unless it says something else. */
#ifndef WF_LOAD_STRAND_H
#define WF_LOAD_STRAND_H

#include "load/result.h"

typedef struct wf_loop_t wf_loop_t;
typedef struct wf_timers_t wf_timers_t;

/* ---- loops (loop.c, timers.c) ------------------------------------------------------ */

typedef struct wf_timer_t {
    apr_int64_t due_us;
    int slot;  /* in the heap, -1: not set */
    int exact; /* worth waking up for within a millisecond; not changed while set */
    void (*fire)(void *baton);
    void *baton;
} wf_timer_t;

void wf_timer_init(wf_timer_t *timer, void (*fire)(void *baton), void *baton);
void wf_timer_set(wf_timers_t *timers, wf_timer_t *timer, apr_int64_t due_us);
void wf_timer_cancel(wf_timers_t *timers, wf_timer_t *timer);

/* A letter to a loop. Embedded in what it is about, or made for it (made: freed by the
 * loop). The sender leaves it alone until it was read. */
typedef struct wf_message_t {
    void (*read)(wf_loop_t *loop, struct wf_message_t *message);
    void *about;
    apr_int64_t amount, more;
    int made;
    struct wf_message_t *next;
} wf_message_t;

void wf_loop_send(wf_loop_t *loop, wf_message_t *message); /* any thread */

/* ---- activations (strand.c) -------------------------------------------------------- */

/* A step that is being executed:
 *
 *   PRE ──▶ BEFORE ──▶ RUN ──▶ AFTER ──▶ JUDGE ──▶ POST ──▶ off the strand
 *    hook   processors  │ ▲ processors     │ ▲      hook
 *                       ▼ │ block          ▼ │ another attempt
 *                      WALK              DELAY ─▶ BEFORE
 *
 * The root of a strand has no step: its block is the scenario's, its hooks the
 * workflow's. */
typedef enum {
    WF_ACT_PRE,
    WF_ACT_BEFORE,
    WF_ACT_RUN,
    WF_ACT_WALK,
    WF_ACT_AFTER,
    WF_ACT_JUDGE,
    WF_ACT_DELAY,
    WF_ACT_POST,
    WF_ACT_GONE,
    WF_ACT_PHASES
} wf_act_phase_e;

struct wf_act_t {
    wf_act_t *up; /* the one that it is a part of; NULL: root of the strand */
    wf_strand_t *strand;
    const wf_step_t *step; /* NULL: root */
    wf_result_t *result;
    unsigned char phase;   /* wf_act_phase_e */
    unsigned char part;    /* phase of up in which it was begun: hooks, processors */
    unsigned char waiting; /* the type, a delay or think time will call back */
    unsigned char failed;  /* its on_error applies */
    int attempt;           /* from 1 */
    apr_int64_t began_us;  /* this attempt */
    wf_timer_t timer;      /* timeout, delay or think time */
    wf_timer_t pause;      /* the type's */

    /* What is walked: processors, or the block of the type. */
    const wf_block_t *block;
    int at;               /* the next step of it */
    wf_result_t *failure; /* the result that aborted the block */

    void *state; /* the type's, in the strand's pool */
};

/** To be called before a type waits for time: wake() comes after so long. */
void wf_act_pause(wf_act_t *act, apr_int64_t ns);
/** Fail with code EXECUTION_ERROR; the text is copied. Always DONE, to be returned. */
wf_step_progress_e wf_act_fail(wf_act_t *act, const char *text);
/** A container fails because a step of its block did: tells which, counts no error of its
 *  own. */
void wf_act_inherit(wf_act_t *act);
/** Add the ids of the first steps of a block, for outputs. */
void wf_block_tell(wf_list_t *executed, const wf_block_t *block, int steps);
/** Memory of the act's strand for what lives as long as the iteration. */
apr_pool_t *wf_act_pool(const wf_act_t *act);

/* ---- strands: lines of control (strand.c, names.c, reach.c) ------------------------ */

/** What the top step waited for has come and its result is filled. */
void wf_strand_done(wf_strand_t *strand);
/** The same for a container that waits by itself: what happens next, as from leave(). */
void wf_strand_resume(wf_strand_t *strand, wf_act_t *act, wf_step_progress_e progress);
/** The step that is being executed. */
wf_act_t *wf_strand_top(const wf_strand_t *strand);
/** The step that is done means the loop: everything within it ends, and the block of the
 *  loop as end says, BREAK or CONTINUE. */
void wf_strand_leave(wf_strand_t *strand, const wf_step_t *loop, wf_block_end_e end);
/** To be asked where a type goes on by itself, without a step in between: 1 if it is time
 *  to let others have their turn, by wf_act_pause. */
int wf_strand_tired(wf_strand_t *strand);

apr_pool_t *wf_strand_pool(wf_strand_t *strand);
/** Set a variable; the value is copied. */
void wf_strand_set(wf_strand_t *strand, const char *name, const wf_value_t *value);
void wf_strand_set_all(wf_strand_t *strand, const wf_map_t *values);
void wf_strand_unset(wf_strand_t *strand, const char *name);
/** A number in 0 … 1, 1 excluded. */
double wf_strand_random(wf_strand_t *strand);
/** So many bytes of the pool were used, roughly, by what knows no strand. */
void wf_strand_spend(wf_strand_t *strand, apr_size_t bytes);
/** Where ${…} looks names up. */
int wf_strand_lookup(void *strand, const char *name, wf_value_t *value, apr_pool_t *p);
/** What a name means behind a variable that is called as a step is: the step's result. */
int wf_strand_behind(void *strand, const char *name, wf_value_t *value, apr_pool_t *p);
/** The same for expressions. */
const wf_scope_t *wf_strand_scope(wf_strand_t *strand);
/** All variables that can be seen, as one map of copies. */
wf_map_t *wf_strand_variables(wf_strand_t *strand, apr_pool_t *p);
/** Names of a namespace of their own while a block is walked. initial is shared, reads may
 *  be NULL. Taken back by wf_strand_close. */
void wf_strand_open(wf_strand_t *strand, const wf_map_t *initial, int reads);
void wf_strand_close(wf_strand_t *strand);
/** Bring all that is alive into a new pool, if much is not. Between two passes only. */
void wf_strand_tidy(wf_strand_t *strand);

/** The result of the n-th step of the plan in the latest namespace, or NULL. */
wf_result_t *wf_strand_result(const wf_strand_t *strand, int step);
/** Let others see a result that was made elsewhere. */
void wf_strand_keep(wf_strand_t *strand, wf_result_t *result);
/** The same as ${response}: the latest answer. */
void wf_strand_answered(wf_strand_t *strand, wf_result_t *result);
/** The latest answer in the latest namespace; seen: in those that it reads, too. Or NULL. */
wf_result_t *wf_strand_response(const wf_strand_t *strand, int seen);

/* What a strand has taken until it ends, such as a connection in a transaction. It lives
 * outside of the strand's pool. */
typedef struct wf_taken_t {
    void (*give_back)(wf_strand_t *strand, struct wf_taken_t *taken);
    struct wf_taken_t *next;
} wf_taken_t;

/** give_back() is called when the strand ends or is cut, unless it was released. */
void wf_strand_take(wf_strand_t *strand, wf_taken_t *taken);
void wf_strand_release(wf_strand_t *strand, wf_taken_t *taken);
/** All of them, the latest first. */
const wf_taken_t *wf_strand_taken(const wf_strand_t *strand);

/* Branches of a step that waits for them. */

/** Begin a branch in the loop's next turn: it sees what the step that waits for it sees,
 *  and writes into a namespace of its own. */
void wf_strand_branch(wf_strand_t *strand, wf_act_t *parent, const wf_block_t *block);
/** A strand of the same user for a branch; its connections are kept for the next one. */
wf_strand_t *wf_strand_borrow(const wf_strand_t *strand,
                              void (*ended)(wf_strand_t *strand));
/** It has ended, or is cut; its memory is empty then. */
void wf_strand_give_back(wf_strand_t *strand);
/** The act that a branch was begun for. */
wf_act_t *wf_strand_parent(const wf_strand_t *branch);
/** A branch has ended: the result that ended it early, or NULL. */
wf_result_t *wf_strand_failure(const wf_strand_t *branch);

/* What the run of the strand's user knows. */
const wf_plan_t *wf_strand_plan(const wf_strand_t *strand);
wf_sheet_t *wf_strand_sheet(const wf_strand_t *strand); /* or one that nobody reads: warm-up */
/** Outcomes of a check that the step under way has made, or a script; both are counted. */
void wf_strand_check(wf_strand_t *strand, const char *name, int passes, int fails);
wf_timers_t *wf_strand_timers(const wf_strand_t *strand);
wf_loop_t *wf_strand_loop(const wf_strand_t *strand);

/* ---- connections (reach.c) --------------------------------------------------------- */

/** The exchanges of the strand, or NULL before wf_strand_connect. */
wf_client_transfer_t *wf_strand_transfer(const wf_strand_t *strand);
/** Make it: with the cookies and connections of its user, however many strands he has.
 *  done's baton is the strand. */
apr_status_t wf_strand_connect(wf_strand_t *strand, wf_client_done_fn *done,
                               wf_error_t *err);
/* Bytes to and from somebody: each user has one stream, which all of his strands use, one
 * at a time. */
typedef void wf_moved_fn(wf_strand_t *strand, const wf_client_moved_t *moved);

/** That of the strand's user, which ends with him; NULL before wf_strand_open_stream. */
wf_client_stream_t *wf_strand_stream(const wf_strand_t *strand);
/** Make it, not connected. */
apr_status_t wf_strand_open_stream(wf_strand_t *strand, wf_error_t *err);
/** 1 if one of the user's strands waits for it. */
int wf_strand_stream_taken(const wf_strand_t *strand);
/** The strand waits for what it has asked the stream for: then comes moved. */
void wf_strand_await_stream(wf_strand_t *strand, wf_moved_fn *moved);
/** It does not wait any more; 1 if it did. */
int wf_strand_leave_stream(wf_strand_t *strand);

/** Which targets are permitted: NULL for all. To be asked on any thread. */
wf_client_permit_fn *wf_strand_permitted(const wf_strand_t *strand, void **baton);

typedef struct wf_pace_t wf_pace_t;
/** What the requests of the strand's execution have to keep to. */
wf_pace_t *wf_strand_pace(const wf_strand_t *strand);
/** p holds it, too: it goes with the last holder. */
wf_pace_t *wf_pace_hold(wf_pace_t *pace, apr_pool_t *p);
/** Take a place for a request: microseconds until it may be sent. Any thread. */
apr_int64_t wf_pace_take(wf_pace_t *pace);
/** Take a place for a request that an act is about to send. 1: not yet, wake() will come when
 *  it may; the type waits. */
int wf_act_held_up(wf_act_t *act);

/* ---- chores: work that blocks (chores.c) --------------------------------------------- */

/* What a step has to wait for and a loop cannot watch. A type's start() makes one, copies
 * what the work needs into its pool, keeps it in act->state and returns what
 * wf_chore_begin says; its cancel() drops it. The work sees nothing of the strand. */
typedef struct wf_chore_t {
    apr_pool_t *pool; /* its own: of the loop until it begins, in run() of the worker, in
                         done() of the loop; it goes after that */
    void *baton;

    /** The work, on a worker. It may take as long as it likes, but the load engine's end
     *  waits for it: it minds a deadline, or hurry(). */
    void (*run)(struct wf_chore_t *chore);

    /** On the loop, run() has returned: fill act->result, copying out of the pool, and say
     *  how the step goes on. */
    wf_step_progress_e (*done)(wf_strand_t *strand, wf_act_t *act,
                               struct wf_chore_t *chore);

    /** On the loop, while run() is under way: nobody wants the outcome any more, let run()
     *  return soon. With a lock that run() does not have, so it must be quick. May be
     *  NULL. */
    void (*hurry)(struct wf_chore_t *chore);
} wf_chore_t;

/** A chore for a step that starts. */
wf_chore_t *wf_chore_create(wf_act_t *act);
/** Hand it to a worker; done() comes later, never from inside. Always WAITING. */
wf_step_progress_e wf_chore_begin(wf_chore_t *chore);
/** The same for work that nobody waits for: it goes when run() has returned. done and hurry
 *  stay NULL; when the load engine ends it may go without having run. */
wf_chore_t *wf_chore_create_alone(wf_strand_t *strand);
/** Before it begins: the work ends what other chores may be waiting for, such as a lock, so
 *  it gets a thread however many of those there are. */
void wf_chore_hold_up_none(wf_chore_t *chore, wf_strand_t *strand);
/** Forget it, begun or not; done() is not called. From the type's cancel(). */
void wf_chore_drop(wf_chore_t *chore);
/** In run(): nobody wants the outcome any more. */
int wf_chore_dropped(wf_chore_t *chore);
/** In run(): which of the workers this is, from 0; below the load engine's number. Of one
 *  worker there is one chore at a time. */
int wf_chore_worker(const wf_chore_t *chore);

/** A new random UUID: ${__uuid} (RFC 9562 version 4). */
const char *wf_vu_uuid(apr_pool_t *p);

#endif
