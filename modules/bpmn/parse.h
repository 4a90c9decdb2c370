/* What the files that read a BPMN file share. Private to this room. */
#ifndef WF_BPMN_PARSE_H
#define WF_BPMN_PARSE_H

#include "bpmn/model.h"

#define WF_BPMN_MAX_KEY 255
#define WF_BPMN_MAX_NAME 255
#define WF_BPMN_MAX_DESCRIPTION 2000
#define WF_BPMN_MAX_CATEGORY 255
#define WF_BPMN_MAX_DAYS 1000000 /* for which history is kept */

#define WF_BPMN_MAX_FIELDS 1000     /* activiti:field of one element */
#define WF_BPMN_MAX_PARAMETERS 1000 /* camunda:inputParameter of one element */
#define WF_BPMN_MAX_NESTING 20      /* levels of lists and maps in one of these */

/** Inclusive gateways of a process times its nodes: what it costs to know from where a
 *  token may still come to them. */
#define WF_BPMN_MAX_REACH 100000000

typedef struct wf_parser_t {
    apr_pool_t *p;       /* the models live here */
    apr_pool_t *scratch; /* the tree lives here and goes when the models are done */
    wf_problems_t *problems;
    const wf_xml_t *definitions;
    apr_hash_t *ids;    /* id -> const wf_xml_t *, the whole file */
    apr_hash_t *schema; /* schema.c: its rules by element */

    /* Of the process at work */
    wf_model_t *model;
    const wf_xml_t *process;
    wf_body_t *body;                  /* what is being read of it */
    apr_array_header_t *bodies;       /* wf_body_t *: all of it, outer ones first */
    apr_array_header_t *attachments;  /* of wf_attached_t */
    apr_array_header_t *associations; /* const wf_xml_t * */
    apr_hash_t *ragged; /* nodes that flows leave whose targets are unknown */
} wf_parser_t;

/** A boundary event whose host may stand further down in the file. */
typedef struct wf_attached_t {
    wf_node_t *node;
    const char *host;
} wf_attached_t;

/** Add a problem (or warning) about element. */
void wf_parse_problem(wf_parser_t *parser, const wf_xml_t *element, const char *rule,
                      const char *fmt, ...) WF_PRINTF(4, 5);
void wf_parse_warning(wf_parser_t *parser, const wf_xml_t *element, const char *rule,
                      const char *fmt, ...) WF_PRINTF(4, 5);

/** Tidy the end of a text that a buffer of size bytes may have cut within a character. */
void wf_parse_cut(char *text, apr_size_t size);

/** An attribute without prefix, copied to where the models live; NULL if absent. */
const char *wf_parse_attr(wf_parser_t *parser, const wf_xml_t *element, const char *name);

/** Compile a text with expressions; NULL for NULL, and after a problem. what names the
 *  attribute or element for the problem. */
const wf_template_t *wf_parse_template(wf_parser_t *parser, const wf_xml_t *element,
                                       const char *what, const char *text);

/** The same about the text that an element holds. */
const wf_template_t *wf_parse_text(wf_parser_t *parser, const wf_xml_t *element);

/** Templates from a comma list; commas inside expressions do not split. Appended to list.
 */
void wf_parse_template_list(wf_parser_t *parser, const wf_xml_t *element,
                            const char *what, const char *text, apr_array_header_t *list);

/** The parts of a comma list, trimmed, empty ones left out; const char * in p. */
apr_array_header_t *wf_split_list(const char *text, apr_pool_t *p);

/** The value of xs:boolean attributes; missing gives fallback. */
int wf_parse_flag(const char *value, int fallback);

/** An extension attribute (activiti:name or a twin), copied; NULL if absent or empty. */
const char *wf_parse_extension(wf_parser_t *parser, const wf_xml_t *element,
                               const char *name);

/** Such an attribute as a template; NULL if absent, empty, or after a problem. */
const wf_template_t *wf_parse_extension_template(wf_parser_t *parser,
                                                 const wf_xml_t *element,
                                                 const char *name);

/** value as a flag: true or false in any case. NULL gives fallback; so does anything else,
 *  with a warning that names the attribute. */
int wf_parse_word_flag(wf_parser_t *parser, const wf_xml_t *element, const char *name,
                       const char *value, int fallback);

/** The same of an extension attribute. */
int wf_parse_extension_flag(wf_parser_t *parser, const wf_xml_t *element,
                            const char *name, int fallback);

/** An attribute of an extension element: written without prefix, but some files repeat
 *  the element's. Copied; NULL if absent or empty. */
const char *wf_parse_own(wf_parser_t *parser, const wf_xml_t *element, const char *name);

/** Add an item to a list of pointers that may be NULL. */
void wf_parse_push(wf_parser_t *parser, apr_array_header_t **list, const void *item);

/* ---- read_bodies.c: processes and sub-processes, their nodes and flows ----------- */

/** Read what stands in element, a process or sub-process, into body. */
void wf_body_parse(wf_parser_t *parser, const wf_xml_t *element, wf_body_t *body);

/* ---- link.c: references between nodes -------------------------------------------- */

/** When all of a process is read: flows, defaults, boundary events, event sub-processes
 *  and compensation handlers find what they belong to. */
void wf_model_link(wf_parser_t *parser);

/* ---- reach.c: inclusive gateways ------------------------------------------------- */

/** Fill the reach of a linked process's inclusive gateways. */
void wf_reach_fill(wf_parser_t *parser);

/* ---- people.c: texts that name users and groups ---------------------------------- */

/** The text of resourceAssignmentExpression/formalExpression (or plain expression) of a
 *  role, in scratch; NULL if there is none. *place is the element that holds it. */
const char *wf_parse_assignment(wf_parser_t *parser, const wf_xml_t *role,
                                const wf_xml_t **place);

/** One part of such a text, user(a), group(b) or a bare name, which is a group: the id,
 * in scratch. */
const char *wf_parse_person(wf_parser_t *parser, const char *part, int *is_user);

/** All parts of a role's text, appended to two lists of const wf_template_t *. */
void wf_parse_people(wf_parser_t *parser, const wf_xml_t *role, apr_array_header_t *users,
                     apr_array_header_t *groups);

/** Who may start the process: fills model->starter_users and starter_groups. */
void wf_starters_parse(wf_parser_t *parser, const wf_xml_t *process);

/* ---- declared.c: what a file declares at its top --------------------------------- */

/** Report what is wrong with the signals, messages, errors and operations of the file. */
void wf_declared_check(wf_parser_t *parser);

/** The element of that type to which an attribute with a qualified name refers, or the
 *  text of an element; NULL if there is none. */
const wf_xml_t *wf_declared_find(wf_parser_t *parser, const char *type, const char *ref);

/* ---- read_events.c --------------------------------------------------------------- */

/** 1 if a definition that no behaviour is made for leaves a start event a plain one. */
int wf_event_ignored(const wf_xml_t *definition);

/* ---- read_timers.c --------------------------------------------------------------- */

/** A timerEventDefinition, of whatever event. */
wf_timer_t *wf_timer_parse(wf_parser_t *parser, const wf_xml_t *definition);

/** The same of a start event: there is no instance yet, so it is evaluated here. */
void wf_timer_check_start(wf_parser_t *parser, const wf_xml_t *definition,
                          const wf_timer_t *timer);

/* ---- read_actions.c: how something is done --------------------------------------- */

/** The action that the attributes and fields of an element describe: of a task with
 *  extension attributes (own 0), or of a listener (own 1). WF_ACTION_NONE if they name
 *  none; what else is wrong is reported. */
void wf_action_parse(wf_parser_t *parser, const wf_xml_t *element, int own,
                     wf_action_t *action);

/** The text of a field that is no expression; NULL if it is one, or there is none. */
const char *wf_action_field(const wf_action_t *action, const char *name);

/** A script element's text, verbatim, copied; NULL if it is empty. */
const char *wf_parse_script(wf_parser_t *parser, const wf_xml_t *element);

/** The same of a <script> of an extension, with its language, juel unless it says so. */
const char *wf_parse_own_script(wf_parser_t *parser, const wf_xml_t *script,
                                const char **language);

/** The activity's activiti:mapException elements, of wf_mapped_error_t; or NULL. */
apr_array_header_t *wf_mapped_errors_parse(wf_parser_t *parser, const wf_xml_t *element);

/* ---- check_tasks.c: tasks that are built in -------------------------------------- */

/** Report what is wrong with the fields of a task of a type such as mail, and a type that
 *  element must not have. */
void wf_task_type_check(wf_parser_t *parser, const wf_xml_t *element,
                        const wf_action_t *action);

/* ---- read_listeners.c ------------------------------------------------------------ */

/** The listeners among element's extensions ("executionListener", "taskListener"), of
 *  wf_listener_t; NULL if there are none. event is what a listener without one hears, or
 *  NULL. */
apr_array_header_t *wf_listeners_parse(wf_parser_t *parser, const wf_xml_t *element,
                                       const char *name, const char *event);

/** activiti:eventListener of a process: fills model->event_listeners and heard. */
void wf_event_listeners_parse(wf_parser_t *parser, const wf_xml_t *process);

/* ---- read_activities.c ----------------------------------------------------------- */

/** What activities have in common: loop, skip expression, whether it compensates. */
void wf_activity_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

/** read_parameters.c: camunda:inputOutput of any node. */
void wf_parameters_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

/** An attribute such as camunda:calledElementBinding. */
wf_binding_e wf_parse_binding(wf_parser_t *parser, const wf_xml_t *xml,
                              const char *attribute);

/** activiti:failedJobRetryTimeCycle of an element, or NULL. */
const wf_retries_t *wf_retries_parse(wf_parser_t *parser, const wf_xml_t *xml);

/* ---- read_data.c ----------------------------------------------------------------- */

/** A dataObject: appended to what is being read. */
void wf_data_parse(wf_parser_t *parser, const wf_xml_t *xml);

/* ---- schema.c: the BPMN 2.0 schema as a table ------------------------------------ */

/** Make the table known to the parser. */
void wf_bpmn_schema_load(wf_parser_t *parser);

/** Check names, attributes, ids and references of the whole file and fill parser->ids. */
void wf_bpmn_schema_check(wf_parser_t *parser, const wf_xml_t *definitions);

/** 1 if an element of the BPMN namespace changes how a process runs, so that it must not
 *  be passed over in silence. */
int wf_bpmn_executes(wf_parser_t *parser, const char *element);

/** 1 for what may stand in a process beside artifacts, and for activities. */
int wf_bpmn_is_flow_element(wf_parser_t *parser, const char *element);
int wf_bpmn_is_activity(wf_parser_t *parser, const char *element);

/** The first event definition of an event: a child, or the one at the top of the file to
 *  which a child refers; NULL if there is none. *child (may be NULL) is that child. */
const wf_xml_t *wf_bpmn_event_definition(wf_parser_t *parser, const wf_xml_t *event,
                                         const wf_xml_t **at);

/* ---- extensions.c: what activiti: attributes and elements are known -------------- */

/** Report extensions of an executable element that this engine does not do. */
void wf_extensions_check(wf_parser_t *parser, const wf_xml_t *element);

/* ---- rules over a finished model ------------------------------------------------- */

/** A rule at work. */
typedef struct wf_rule_t {
    wf_parser_t *parser;
    const char *name;
    int warning;
    apr_hash_t *seen; /* empty when the rule begins */
} wf_rule_t;

/** validate.c: all rules; and what start by id enters through. */
void wf_model_validate(wf_parser_t *parser);

/** validate_nodes.c: the rules that look at one node after the other. */
void wf_nodes_validate(wf_parser_t *parser);

/** Report the rule where a node or flow breaks it. */
void wf_rule_fail(const wf_rule_t *rule, const wf_node_t *node, const char *fmt, ...)
    WF_PRINTF(3, 4);
void wf_rule_fail_flow(const wf_rule_t *rule, const wf_flow_t *flow, const char *fmt, ...)
    WF_PRINTF(3, 4);

/** 1 if a text has more characters than limit. */
int wf_text_longer(const char *text, int limit);

/* ---- element types: parse functions of the behaviour table ----------------------- */

void wf_start_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_boundary_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_user_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_receive_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_script_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_service_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_business_rule_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_call_activity_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_sub_process_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

#endif
