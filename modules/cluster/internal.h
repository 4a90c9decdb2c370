/* clang-format off */
/* What the two sides of this room say to each other, over a link, as JSON objects.
 *
 *   slave to master
 *     register   slave_id, instance, address, slave_type, capabilities, labels, resources,
 *                draining
 *     heartbeat  active_vus, active_tasks, cpu_usage, memory_usage, throughput, at
 *     begun      TASK, at (its clock, microseconds)
 *     news       TASK, sequence, base, figures, state     what a task has done so far
 *     over       TASK, status, variables, orphan          it has ended; moved: to go on
 *                                                         elsewhere; orphan: it was cut, as
 *                                                         the master was away
 *     refused    TASK, error                              it could not begin
 *     stays      TASK                                     it does not become quiet
 *     bye
 *
 *   master to slave
 *     registered heartbeat_interval_ms, heartbeat_timeout_ms, master_id, version
 *     rejected   error
 *     heard      at               of the heartbeat that came: until then we are here for sure
 *     drain                       say so from now on
 *     assign     TASK, phase, workflow, json, weights, mine, variables, start, from, orders
 *     order      execution, order, scenario, vus
 *     have       TASK, have       what is known of a task: -1 if it is nobody's business
 *     done       TASK             its end is known, too
 *     leave      TASK             it is to go on elsewhere: stand still, and when what is
 *                                 under way has ended be over, moved
 *
 * TASK is execution, member, task. An assignment may come again, after a connection was
 * lost: who has the task goes on with it. Figures are told as the difference to those
 * that were confirmed last, so nothing that comes twice or not at all does any harm. */
/* clang-format on */
#ifndef WF_CLUSTER_INTERNAL_H
#define WF_CLUSTER_INTERNAL_H

#include "cluster/cluster.h"

#define WF_MOVED "moved" /* the status of a task that is over and goes on elsewhere */

/* Whose task it is. */
typedef struct wf_task_name_t {
    const char *execution;
    int member;
    apr_int64_t task;
} wf_task_name_t;

/** {type, and TASK}: a message about a task. The caller owns the reference. */
json_object *wf_task_message(const char *type, const wf_task_name_t *name);
/** TASK of a message; 0 if it has none. Borrowed. */
int wf_task_name_read(wf_task_name_t *name, json_object *message);

/** {type: register, …} and back: 0 for what is none. What is read lives in p, but texts are
 *  the message's. */
json_object *wf_slave_message(const wf_slave_t *slave);
int wf_slave_read(wf_slave_t *slave, json_object *message, apr_pool_t *p);

/** Of const char *, texts included; NULL is an empty list. */
apr_array_header_t *wf_names_copy(const apr_array_header_t *names, apr_pool_t *p);

/** Orders by their names. */
const char *wf_order_name(wf_order_e order);
int wf_order_parse(const char *name); /* -1 if unknown */

#endif
