/* What the files that read a BPMN file share. Private to this room. */
#ifndef WF_BPMN_PARSE_H
#define WF_BPMN_PARSE_H

#include "bpmn/model.h"

#define WF_BPMN_MAX_KEY 255
#define WF_BPMN_MAX_NAME 255
#define WF_BPMN_MAX_DESCRIPTION 2000
#define WF_BPMN_MAX_CATEGORY 255

typedef struct wf_parser_t {
    apr_pool_t *p;       /* the models live here */
    apr_pool_t *scratch; /* the tree lives here and goes when the models are done */
    wf_problems_t *problems;
    const wf_xml_t *definitions;
    apr_hash_t *ids;   /* id -> const wf_xml_t *, the whole file */
    wf_model_t *model; /* the process at work */
} wf_parser_t;

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

/* ---- people.c: texts that name users and groups ------------------------------------ */

/** The text of resourceAssignmentExpression/formalExpression (or plain expression) of a
 *  role, in scratch; NULL if there is none. *place is the element that holds it. */
const char *wf_parse_assignment(wf_parser_t *parser, const wf_xml_t *role,
                                const wf_xml_t **place);

/** One part of such a text, user(a), group(b) or a bare name, which is a group: the id, in
 *  scratch. */
const char *wf_parse_person(wf_parser_t *parser, const char *part, int *is_user);

/** Who may start the process: fills model->starter_users and starter_groups. */
void wf_starters_parse(wf_parser_t *parser, const wf_xml_t *process);

/* ---- signals.c --------------------------------------------------------------------- */

/** Report what is wrong with the signals that the file declares. */
void wf_signals_check(wf_parser_t *parser);

/* ---- timers.c ---------------------------------------------------------------------- */

/** A timerEventDefinition, of whatever event. */
wf_timer_t *wf_timer_parse(wf_parser_t *parser, const wf_xml_t *definition);

/* ---- schema.c: the BPMN 2.0 schema as a table -------------------------------------- */

/** Check names, attributes, ids and references of the whole file and fill parser->ids. */
void wf_bpmn_schema_check(wf_parser_t *parser, const wf_xml_t *definitions);

/** 1 if an element of the BPMN namespace changes how a process runs, so that it must not
 *  be passed over in silence. */
int wf_bpmn_executes(const char *element);

/** The first event definition among the children of element; NULL if there is none. */
const wf_xml_t *wf_bpmn_event_definition(const wf_xml_t *element);

/* ---- extensions.c: what activiti: attributes and elements are known ---------------- */

/** Report extensions of an executable element that this engine does not do. */
void wf_extensions_check(wf_parser_t *parser, const wf_xml_t *element);

/* ---- validate.c: rules over a finished model --------------------------------------- */

void wf_model_validate(wf_parser_t *parser, const wf_xml_t *process);

/* ---- element types: parse functions of the behaviour table ------------------------- */

void wf_start_event_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_user_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_receive_task_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_signal_catch_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);
void wf_timer_catch_parse(wf_parser_t *parser, const wf_xml_t *xml, wf_node_t *node);

#endif
