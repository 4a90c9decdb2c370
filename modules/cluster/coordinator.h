/* cluster, inside: what the files of the coordinator share. All but the notes is guarded
 * by its lock, which is taken before the load engine's; everything below is called with
 * it. */
#ifndef WF_CLUSTER_COORDINATOR_H
#define WF_CLUSTER_COORDINATOR_H

#include "cluster/internal.h"

#include <pthread.h>

typedef struct wf_distributed_part_t {
    const char *slave; /* its id; who has the part now */
    apr_int64_t task;
    int over;
    int waits; /* for the common start: it has not begun yet */
    const char *moving;         /* to whom it is to go; or NULL */
    apr_array_header_t *nobody; /* of const char *: slaves that refused it; or NULL */
    const char *lost; /* why its slave is lost, while nobody goes on with it … */
    apr_int64_t lost_until_us; /* … wf_mono_us: until then somebody may; else 0 */
} wf_distributed_part_t;

typedef struct wf_distributed_t {
    wf_distribute_t what; /* a copy */
    int n;
    apr_int64_t *weights;
    wf_distributed_part_t *parts;
    const char *phase, *variables; /* of the latest order to begin; in phase_pool */
    apr_int64_t start_us;          /* wall clock */
    json_object *orders;           /* what holds since then, by what each is about */
    apr_int64_t since_us;          /* wf_mono_us: this process knows it */
    apr_array_header_t *newcomers; /* of const char *: who has registered since */
    apr_pool_t *pool, *phase_pool;
    struct wf_distributed_t *next;
} wf_distributed_t;

typedef struct wf_peer_t {
    wf_link_t link;
    struct wf_peer_t *next;
    char id[WF_SLAVE_TEXT + 1];
    char instance[WF_SLAVE_TEXT + 1]; /* the process */
} wf_peer_t;

typedef struct wf_note_t wf_note_t;
typedef struct wf_waiting_t wf_waiting_t;

struct wf_coordinator_t {
    wf_coordinator_options_t options;
    wf_links_t *links;
    pthread_t thread;

    pthread_mutex_t notes_lock; /* the last of all: notes, quit */
    pthread_cond_t noted;
    wf_note_t *notes, **last_note;
    int quit;

    pthread_mutex_t lock; /* what follows */
    wf_distributed_t *executions;
    wf_peer_t *peers;
    wf_waiting_t *waiting; /* for slaves */
    int closed;
};

/* coordinator_parts.c: who is where, and who has which part */

wf_peer_t *wf_peer_of(const wf_coordinator_t *c, wf_link_t link);  /* or NULL */
wf_link_t wf_peer_link(const wf_coordinator_t *c, const char *id); /* 0: not connected */
void wf_peer_forget(wf_coordinator_t *c, wf_link_t link);
wf_distributed_t *wf_distributed_find(const wf_coordinator_t *c, const char *id);
/** Has its end been ordered? */
int wf_distributed_ending(const wf_distributed_t *e);
/** The part that a message of a slave is about, if that slave has it; or NULL. */
wf_distributed_part_t *wf_distributed_part(const wf_coordinator_t *c,
                                           const wf_task_name_t *name, const char *slave);
/** Send; takes the reference. Also without the lock. */
void wf_coordinator_tell(wf_coordinator_t *c, wf_link_t link, json_object *message);
/** Give a part to whoever has it. Who is not connected gets it when it is. */
void wf_distributed_assign(wf_coordinator_t *c, const wf_distributed_t *e, int member);
/** What a slave has of it, or is about to get: a sum of weights. */
apr_int64_t wf_distributed_held(const wf_distributed_t *e, const char *slave);
/** So many users are in a part of that weight, at most. */
apr_int64_t wf_distributed_users(const wf_distributed_t *e, apr_int64_t weight);
/** Its slave is lost: do what is to be done then, or wait for somebody. */
void wf_distributed_lose(wf_coordinator_t *c, wf_distributed_t *e, int member,
                         const char *reason);
/** Its slave has not done it to the end, but is there: it goes on. */
void wf_distributed_again(wf_coordinator_t *c, wf_distributed_t *e, int member,
                          const char *reason);
/** The same of all parts that a slave has. */
void wf_coordinator_lose(wf_coordinator_t *c, const char *slave, const char *reason);
/** Its slave does not take it: lost, and not asked again. */
void wf_distributed_refused(wf_coordinator_t *c, wf_distributed_t *e, int member,
                            const char *reason);

/* coordinator_moves.c: parts for those who come late */

/** It has registered: it may get something, and what it is to give is asked for again. */
void wf_coordinator_welcome(wf_coordinator_t *c, wf_distributed_t *e, const char *slave);
/** Now and then: give newcomers their parts. */
void wf_coordinator_share(wf_coordinator_t *c, apr_pool_t *p);
/** A task is over, to go on where it is to go; or back to whoever had it, if nobody else
 * is there. */
void wf_distributed_moved(wf_coordinator_t *c, wf_distributed_t *e, int member);
/** Of how many parts one of n slaves gets, in an execution of so many users. */
int wf_parts_each(int n, apr_int64_t vus);

/* coordinator_words.c: what slaves say */

/** Of the links; baton is the coordinator. */
extern const wf_link_owner_t wf_coordinator_ears;

#endif
