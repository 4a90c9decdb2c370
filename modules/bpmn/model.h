/* The immutable model of one process, and the behaviour table that runs it. A model is
 * built once (parse.c, validate.c) and then shared by all threads: what changes lives in
 * the executions (run.h). Private to this room. */
#ifndef WF_BPMN_MODEL_H
#define WF_BPMN_MODEL_H

#include "bpmn/bpmn.h"
#include "bpmn/news.h"
#include "bpmn/timers.h"
#include "xml/xml.h"
#include "script/script.h"

struct wf_exec_t;
struct wf_parser_t;
typedef struct wf_node_t wf_node_t;
typedef struct wf_body_t wf_body_t;

/* ---- parts of elements ----------------------------------------------------------- */

/** How something is done: by a service task, a send task or a listener. */
typedef enum {
    WF_ACTION_NONE,
    WF_ACTION_EXPRESSION, /* evaluated for its effect, or its value */
    WF_ACTION_DELEGATE,   /* an expression that names who does it */
    WF_ACTION_CLASS,      /* a class name: the registry of delegates says who does it */
    WF_ACTION_TYPE,       /* mail, http, shell, external … */
    WF_ACTION_SCRIPT,
    WF_ACTION_OPERATION, /* a web service's operation */
    WF_ACTION_DECISION   /* a decision table */
} wf_action_e;

/** Which version is meant where a file names a decision or process by its key. */
typedef enum {
    WF_BINDING_LATEST,
    WF_BINDING_DEPLOYMENT, /* the one deployed together with this process */
    WF_BINDING_VERSION     /* the one with a number */
} wf_binding_e;

/** What a delegate is handed beside variables: activiti:field. */
typedef struct wf_field_t {
    const char *name;
    const wf_template_t *value;
} wf_field_t;

typedef struct wf_action_t {
    wf_action_e kind;
    const char
        *name; /* class, type, operation, language of the script, decision's key … */
    const wf_template_t *expression;       /* … as an expression, where it may be one */
    const char *script;                    /* its text */
    apr_array_header_t *fields;            /* of wf_field_t; NULL: none */
    const char *result_variable;           /* or NULL */
    int store_variables;                   /* activiti:autoStoreVariables of a script */
    const wf_template_t *topic, *priority; /* of an external task; or NULL */
    const char *map_result;                /* of a decision: singleEntry …, or NULL */
    wf_binding_e binding;                  /* of a decision */
    const wf_template_t *binding_version;  /* with WF_BINDING_VERSION */
    int line, column;
} wf_action_t;

/** An execution or task listener. */
typedef struct wf_listener_t {
    const char *event; /* start, end, take; create, assignment, complete, delete, all */
    wf_action_t action;
} wf_listener_t;

/** multiInstanceLoopCharacteristics */
typedef struct wf_loop_t {
    int sequential;
    const wf_template_t *cardinality; /* or NULL */
    const wf_template_t
        *collection;              /* an expression, or the name of a variable, or NULL */
    const char *element_variable; /* or NULL */
    const char *index_variable;   /* "loopCounter" unless the file says otherwise */
    const wf_template_t *completion; /* completionCondition, or NULL */
    int line, column;
} wf_loop_t;

/** activiti:in, activiti:out of a call activity */
typedef struct wf_mapping_t {
    const char *source;              /* a variable … */
    const wf_template_t *expression; /* … or an expression */
    const char *target; /* NULL: all variables (camunda:in variables="all") */
} wf_mapping_t;

/** camunda:inputParameter, outputParameter: a variable of the activity while it runs, or
 *  of its surroundings afterwards. */
typedef enum {
    WF_PARAMETER_TEXT, /* a text with expressions */
    WF_PARAMETER_LIST,
    WF_PARAMETER_MAP,
    WF_PARAMETER_SCRIPT
} wf_parameter_e;
typedef struct wf_parameter_t {
    const char *name; /* of the variable, or the key in a map; NULL: part of a list */
    wf_parameter_e kind;
    const wf_template_t *value;    /* of a text; NULL: null */
    apr_array_header_t *parts;     /* of a list or map: wf_parameter_t; NULL: none */
    const char *language, *script; /* of a script */
    int line;
} wf_parameter_t;

/** activiti:mapException: which technical failures become an error with a code. */
typedef struct wf_mapped_error_t {
    const char *code;
    const char *failure; /* the name that a delegate gives; NULL: any */
} wf_mapped_error_t;

/** activiti:failedJobRetryTimeCycle: how often, and how long to wait before each further
 *  attempt (the last pause repeats). */
typedef struct wf_retries_t {
    const wf_template_t *text; /* R5/PT5M, PT1M,PT5M, or an expression giving such */
} wf_retries_t;

/** A dataObject with a value: a variable of its scope from the beginning. */
typedef struct wf_data_t {
    const char *name;
    wf_value_t value;
} wf_data_t;

/** What an event definition says; of start, catch, throw, end and boundary events. */
typedef enum {
    WF_EVENT_NONE,
    WF_EVENT_TIMER,
    WF_EVENT_SIGNAL,
    WF_EVENT_MESSAGE,
    WF_EVENT_ERROR,
    WF_EVENT_CANCEL,
    WF_EVENT_COMPENSATE,
    WF_EVENT_TERMINATE
} wf_event_e;

typedef struct wf_event_t {
    wf_event_e kind;
    const struct wf_timer_t *timer; /* of a timer */
    const char *name;     /* of the signal or message ("": it has none, so it never
                             comes); the error's code, NULL: any */
    int in_instance;      /* signal: it stays within the throwing instance */
    int async;            /* signal thrown by jobs, one for each that waits */
    const char *activity; /* compensation of this one only; NULL: of all */
    int terminate_all;    /* ends the instance at the root of the call chain */
    const char *code_variable, *message_variable; /* of a caught error; or NULL */
    const wf_action_t *send; /* message end event: who sends; or NULL */
} wf_event_t;

/* ---- flows and nodes ------------------------------------------------------------- */

typedef struct wf_flow_t {
    const char *id; /* may be NULL: nothing has to refer to a flow */
    const char *source_ref, *target_ref;
    const wf_node_t *source, *target;
    const wf_template_t *condition; /* NULL: none */
    const wf_template_t *skip;      /* activiti:skipExpression, or NULL */
    apr_array_header_t *listeners;  /* wf_listener_t: take; NULL: none */
    int line, column;
} wf_flow_t;

/** What an element type does. One step takes one execution one operation further; it
 *  plans what follows on the agenda and never calls another step. Failures are
 *  WF_ERR_EXECUTION; the agenda adds the activity. */
typedef apr_status_t wf_step_fn(struct wf_exec_t *exec, wf_error_t *err);

/** The same about an event that exec waits for, on its own node or beside it (a boundary
 *  event, the start of an event sub-process). */
typedef apr_status_t wf_event_fn(struct wf_exec_t *exec, const wf_node_t *event,
                                 wf_error_t *err);

/** What a token waits for, and so which rows belong to an execution that rests. */
typedef enum {
    WF_WAIT_NONE,
    WF_WAIT_TASK,    /* a task that somebody completes */
    WF_WAIT_CALL,    /* a call with the activity's id; no row */
    WF_WAIT_EVENT,   /* its event: a subscription or a timer job; without one, for ever */
    WF_WAIT_GATE,    /* the first of the events behind an event-based gateway */
    WF_WAIT_CALLED,  /* the end of the instance that a call activity started */
    WF_WAIT_WORKER,  /* an external task, if a worker does it */
    WF_WAIT_HANDLERS /* the end of compensation handlers: its child executions */
} wf_wait_e;

typedef struct wf_behaviour_t {
    const char *element; /* BPMN name … */
    const char *event;   /* … and that of its event definition, NULL without one */
    const char *activity_type; /* ACT_HI_ACTINST.ACT_TYPE_ */
    wf_wait_e wait;

    /** Read attributes and children into node->details; NULL: nothing beyond the common
     *  part. Faults are added to the parser's problems. The rest of a row is NULL as long
     *  as the element is only read: enter decides whether it may be deployed. */
    void (*parse)(struct wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

    /** A token has arrived; its history row is written. Either plan the way on, or leave
     *  the execution waiting. */
    wf_step_fn *enter;

    /** What the node waits for has happened. NULL: it never waits. */
    wf_step_fn *signal;

    /** Choose the outgoing flows; the history row is closed already. */
    wf_step_fn *leave;

    /** Of an event that is waited for: exec begins to wait for it (a subscription, a
     * timer job); NULL: there is nothing to write. */
    wf_event_fn *arm;

    /** It came to exec; what brought it is used up. NULL: it never comes. */
    wf_event_fn *fire;
} wf_behaviour_t;

struct wf_node_t {
    const wf_behaviour_t *behaviour;
    const char *id;
    const char *name; /* or NULL */
    int line, column;
    int index;                    /* among the model's nodes */
    const wf_body_t *within;      /* what holds it */
    int async, async_after;       /* activiti:async (asyncBefore), asyncAfter */
    int exclusive;                /* activiti:exclusive */
    apr_array_header_t *outgoing; /* wf_flow_t *, document order */
    apr_array_header_t *incoming;
    const char *default_ref;              /* or NULL */
    const wf_flow_t *default_flow;        /* NULL: none, or not among outgoing */
    void *details;                        /* of the element type */
    const wf_event_t *event;              /* of an event with a definition, else NULL */
    apr_array_header_t *form;             /* const wf_form_field_t * (forms.h), or NULL */
    apr_array_header_t *listeners;        /* wf_listener_t: start, end; NULL: none */
    const wf_template_t *skip;            /* activiti:skipExpression, or NULL */
    const wf_retries_t *retries;          /* of its jobs, or NULL */
    apr_array_header_t *inputs, *outputs; /* of wf_parameter_t; NULL: none */

    /* Activities */
    wf_body_t *body;              /* of a sub-process or transaction, else NULL */
    const wf_loop_t *loop;        /* multi-instance, or NULL */
    apr_array_header_t *boundary; /* const wf_node_t *: events on its border that wait for
                                     something (not compensation's); NULL: none */
    const wf_node_t *handler;     /* activity that compensates it, or NULL */
    int for_compensation;         /* it is such a handler */

    /* Boundary events, start events of event sub-processes */
    const wf_node_t *host; /* the activity of a boundary event */
    int interrupting;      /* cancelActivity, isInterrupting */

    /* Inclusive gateways: bit i is set if a token on the model's node i, or inside it,
     * may still come here along flows of this body. */
    const unsigned char *reach;
};

/** What holds nodes: a process or a sub-process. */
struct wf_body_t {
    const wf_node_t *owner;       /* the sub-process; NULL: the process */
    int triggered;                /* an event sub-process */
    apr_array_header_t *nodes;    /* const wf_node_t *, document order */
    const wf_node_t *start;       /* the none start event, or NULL */
    apr_array_header_t *starts;   /* const wf_node_t *: its other start events */
    apr_array_header_t *handlers; /* const wf_node_t *: start events of the event
                                     sub-processes in it */
    apr_array_header_t *data;     /* const wf_data_t *: dataObjects */
    int has_inclusive;            /* tokens may wait at an inclusive gateway in it */
    int compensates;              /* some activity in it, or further inside, has a handler */
    int transaction;              /* of a transaction sub-process */
};

/** details of a startEvent */
typedef struct wf_start_event_t {
    const char *initiator; /* variable that gets the starter's id, or NULL */
    const char *form_key;  /* verbatim, or NULL */
} wf_start_event_t;

/** A timer definition. */
typedef struct wf_timer_t {
    wf_time_kind_e kind;
    const wf_template_t *text;
    const wf_template_t *end_date; /* of a cycle: activiti:endDate, or NULL */
    const wf_template_t *calendar; /* activiti:businessCalendarName, or NULL */
} wf_timer_t;

/** details of a serviceTask, sendTask, businessRuleTask and scriptTask */
typedef struct wf_service_task_t {
    wf_action_t action;
    apr_array_header_t *mapped_errors; /* of wf_mapped_error_t; NULL: none */
} wf_service_task_t;

/** details of a callActivity */
typedef struct wf_call_activity_t {
    const wf_template_t *called; /* key of the process */
    wf_binding_e binding;
    const wf_template_t *version;      /* with WF_BINDING_VERSION */
    const wf_template_t *business_key; /* or NULL */
    int inherit_business_key, inherit_variables;
    apr_array_header_t *in, *out;      /* of wf_mapping_t */
    apr_array_header_t *mapped_errors; /* of wf_mapped_error_t; NULL: none */
} wf_call_activity_t;

/** details of a userTask; NULL where the file says nothing */
typedef struct wf_user_task_t {
    const wf_template_t *name, *description, *assignee, *owner;
    const wf_template_t *priority, *due_date, *form_key;
    const wf_template_t *category;
    apr_array_header_t *candidate_users, *candidate_groups; /* const wf_template_t * */
    apr_array_header_t *links;          /* of wf_custom_link_t; NULL: none */
    apr_array_header_t *task_listeners; /* of wf_listener_t; NULL: none */
    const wf_template_t *calendar;      /* activiti:businessCalendarName, or NULL */
} wf_user_task_t;

/** activiti:customResource: people linked to a task by a type of their own */
typedef struct wf_custom_link_t {
    const char *type;
    apr_array_header_t *users, *groups; /* const wf_template_t * */
} wf_custom_link_t;

/** What an event listener throws. */
typedef enum {
    WF_THROWS_NOTHING, /* it does something */
    WF_THROWS_SIGNAL,  /* within the instance */
    WF_THROWS_GLOBAL_SIGNAL,
    WF_THROWS_MESSAGE, /* to the instance */
    WF_THROWS_ERROR
} wf_throws_e;

/** activiti:eventListener: what an engine event sets off */
typedef struct wf_event_listener_t {
    wf_news_mask_t hears;
    wf_entity_e entity; /* only what is about such; WF_ENTITY_NONE: whatever */
    wf_throws_e throws;
    const char *name;   /* what is thrown: a name, or the error's code */
    wf_action_t action; /* with WF_THROWS_NOTHING */
    int line;
} wf_event_listener_t;

struct wf_model_t {
    const char *key, *name, *description, *category;
    apr_array_header_t *starter_users, *starter_groups; /* const char * */
    int line, column;
    int has_diagram;
    apr_array_header_t *nodes; /* wf_node_t *, document order */
    apr_array_header_t *flows; /* wf_flow_t *, document order */
    apr_hash_t *nodes_by_id;
    wf_body_t body;         /* of the process; its nodes without those deeper down */
    const wf_node_t *start; /* what start by id enters through, or NULL */
    apr_array_header_t *listeners;       /* wf_listener_t of the process; NULL: none */
    apr_array_header_t *event_listeners; /* const wf_event_listener_t *; NULL: none */
    wf_news_mask_t heard;                /* what any of them hears */
    wf_history_e history_level;          /* WF_HISTORY_DEFAULT: the engine's */
    int history_days; /* how long history is kept; -1: as the engine says */
};

/** The behaviour of a BPMN element with an event definition (NULL: without one); NULL if
 *  there is none. One without enter is read and checked, but not executed (yet). */
const wf_behaviour_t *wf_behaviour_find(const char *element, const char *event);

/** 1 if there is a behaviour of the element with some event definition. */
int wf_behaviour_has_events(const char *element);

/** 1 if this engine does what the word stands for: an element or attribute that is no
 *  node, but changes how a process runs. */
int wf_behaviour_part(const char *word);

const wf_node_t *wf_model_node(const wf_model_t *model, const char *id);

#endif
