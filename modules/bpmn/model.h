/* The immutable model of one process, and the behaviour table that runs it. A model is
 * built once (parse.c, validate.c) and then shared by all threads: what changes lives in
 * the executions (run.h). Private to this room. */
#ifndef WF_BPMN_MODEL_H
#define WF_BPMN_MODEL_H

#include "bpmn/bpmn.h"
#include "bpmn/timers.h"
#include "xml/xml.h"
#include "script/script.h"

struct wf_exec_t;
struct wf_parser_t;
typedef struct wf_node_t wf_node_t;

typedef struct wf_flow_t {
    const char *id; /* may be NULL: nothing has to refer to a flow */
    const char *source_ref, *target_ref;
    const wf_node_t *source, *target;
    const wf_template_t *condition; /* NULL: none */
    int line, column;
} wf_flow_t;

/** What an element type does. One step takes one execution one operation further; it
 *  plans what follows on the agenda and never calls another step. Failures are
 *  WF_ERR_EXECUTION; the agenda adds the activity. */
typedef apr_status_t wf_step_fn(struct wf_exec_t *exec, wf_error_t *err);

/** What a token waits for, and so which rows belong to an execution that rests. */
typedef enum {
    WF_WAIT_NONE,
    WF_WAIT_TASK,  /* a task that somebody completes */
    WF_WAIT_CALL,  /* a call with the activity's id; no row */
    WF_WAIT_EVENT, /* what its subscription says */
    WF_WAIT_TIMER, /* its timer job; without one, for ever */
} wf_wait_e;

typedef struct wf_behaviour_t {
    const char *element;       /* BPMN name … */
    const char *event;         /* … and that of its event definition, NULL without one */
    const char *activity_type; /* ACT_HI_ACTINST.ACT_TYPE_ */
    wf_wait_e wait;

    /** Read attributes and children into node->details; NULL: nothing beyond the common
     *  part. Faults are added to the parser's problems. */
    void (*parse)(struct wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

    /** A token has arrived; its history row is written. Either plan the way on, or leave
     *  the execution waiting. */
    wf_step_fn *enter;

    /** What the node waits for has happened. NULL: it never waits. */
    wf_step_fn *signal;

    /** Choose the outgoing flows; the history row is closed already. */
    wf_step_fn *leave;
} wf_behaviour_t;

struct wf_node_t {
    const wf_behaviour_t *behaviour;
    const char *id;
    const char *name; /* or NULL */
    int line, column;
    int async, exclusive;         /* activiti:async, activiti:exclusive */
    apr_array_header_t *outgoing; /* wf_flow_t *, document order */
    apr_array_header_t *incoming;
    const char *default_ref;       /* or NULL */
    const wf_flow_t *default_flow; /* NULL: none, or not among outgoing */
    void *details;                 /* of the element type */
    apr_array_header_t *form;      /* const wf_form_field_t * (forms.h), or NULL */
};

/** details of a startEvent */
typedef struct wf_start_event_t {
    const char *initiator; /* variable that gets the starter's id, or NULL */
    const char *form_key;  /* verbatim, or NULL */
} wf_start_event_t;

/** details of an event with a signal definition */
typedef struct wf_signal_event_t {
    const char *name; /* the signal's */
} wf_signal_event_t;

/** A timer definition; details of an event with one. */
typedef struct wf_timer_t {
    wf_time_kind_e kind;
    const wf_template_t *text;
} wf_timer_t;

/** details of a userTask; NULL where the file says nothing */
typedef struct wf_user_task_t {
    const wf_template_t *name, *description, *assignee, *owner;
    const wf_template_t *priority, *due_date, *form_key;
    apr_array_header_t *candidate_users, *candidate_groups; /* const wf_template_t * */
} wf_user_task_t;

struct wf_model_t {
    const char *key, *name, *description, *category;
    apr_array_header_t *starter_users, *starter_groups; /* const char * */
    int line, column;
    int has_diagram;
    apr_array_header_t *nodes; /* wf_node_t *, document order */
    apr_array_header_t *flows; /* wf_flow_t *, document order */
    apr_hash_t *nodes_by_id;
    const wf_node_t *start; /* the none start event, or NULL */
};

/** The behaviour of a BPMN element with an event definition (NULL: without one). NULL if
 *  this engine does not execute it. */
const wf_behaviour_t *wf_behaviour_find(const char *element, const char *event);

/** 1 if the element is executed with some event definition. */
int wf_behaviour_has_events(const char *element);

const wf_node_t *wf_model_node(const wf_model_t *model, const char *id);

#endif
