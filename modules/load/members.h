/* load, inside: what is known of the members of a spread run, for the three files that
 * share it. A part of the plan has one task at a time, and a task that is lost may be
 * followed by one of somebody else that goes on from what is known.
 *
 * Who has which task, and whether it is over, is written with both locks, so either will
 * do to read it. The load engine's is taken first. */
#ifndef WF_LOAD_MEMBERS_H
#define WF_LOAD_MEMBERS_H

#include "load/internal.h"

/* A part of the plan, and whoever does it. */
typedef struct wf_spread_member_t {
    const char *name;
    wf_segment_t segment;
    apr_int64_t planned;    /* iterations of the part, 0 = open */
    apr_int64_t task;       /* the number of its latest one; 0: there was none */
    int over;               /* it has ended, or there is none in this phase … */
    wf_run_status_e status; /* … so */
    int given_up;           /* nobody does it any more … */
    apr_int64_t missing;    /* … and so many iterations of it are not made */

    /* with the members' lock */
    wf_sheet_t *sheet;    /* of its task, as of … */
    apr_int64_t sequence; /* … this record; 0: nothing is known */
    apr_int64_t heard_us; /* wf_mono_us, when that came; 0: before a restart */
    apr_pool_t *state_pool;
    const wf_resume_t *state; /* of the main phase, or NULL; in state_pool, as its text */
    const char *state_text;
    apr_int64_t others_done, others_vus; /* what those before did of its part */
    wf_member_clock_t clock;
    int timed; /* clock is known */
} wf_spread_member_t;

/* Somebody who has a part no more, and what he had done of it. */
typedef struct wf_gone_t {
    const char *name;
    int part;
    int moved; /* he gave it to somebody else; else he is lost */
    apr_int64_t iterations, vus;
} wf_gone_t;

typedef struct wf_members_t {
    pthread_mutex_t lock;
    int n;
    wf_spread_member_t *all;
    apr_int64_t weight; /* of all */
    const apr_int64_t *weights;
    wf_order_fn *order;
    void *baton;
    int begun;                /* a phase has, in this process … */
    wf_run_phase_e phase;     /* … this one is the latest */
    wf_sheet_t *past;         /* of tasks of earlier phases */
    wf_sheet_t *total;        /* that, and what all members have */
    wf_sheet_t *scratch;      /* what comes */
    apr_array_header_t *gone; /* of wf_gone_t */
} wf_members_t;

/* members.c */

/** Has it any users, or may it get some? With the load engine's lock. */
int wf_member_has_work(const wf_run_t *run, const wf_spread_member_t *member);
/** Is nothing to be done any more in this phase? With a lock. */
int wf_members_over(const wf_members_t *members);
/** Make the total anew. With the members' lock, as all that follow. */
void wf_members_add_up(wf_members_t *members);

/* members_record.c */

/** Keep the record of its task; one of setup or teardown is only looked at. */
apr_status_t wf_member_take_state(const wf_run_t *run, wf_spread_member_t *member,
                                  const char *text, wf_error_t *err);
/** Iterations of the part, whoever made them. */
apr_int64_t wf_member_done(const wf_spread_member_t *member, int nscenarios);
/** Iterations that nobody makes, for those who had them are lost. With a lock. */
apr_int64_t wf_members_missing(const wf_members_t *members);
/** What whoever has the part now did of it. */
wf_gone_t wf_member_done_by(const wf_run_t *run, const wf_spread_member_t *member);

#endif
