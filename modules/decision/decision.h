/* decision: DMN decision tables. A file becomes immutable decisions that threads may
 * share; one is evaluated against the variables of a scope and gives its rule results.
 * Knows no process and no store: who deploys and calls decisions is up to the rooms
 * above.
 *
 * Read are the files of DMN 1.1 to 1.5: decision tables and literal expressions, and the
 * requirements between decisions of one file. Expressions are S-FEEL, or JUEL where the
 * file says so or a text has the form ${…}. */
#ifndef WF_DECISION_H
#define WF_DECISION_H

#include "core/core.h"
#include "script/script.h"

#define WF_DECISIONS_MAX 100        /* of one file */
#define WF_DECISION_RULES_MAX 5000  /* of one table */
#define WF_DECISION_COLUMNS_MAX 100 /* inputs of one table; outputs as many */
#define WF_DECISION_NAME_MAX 255    /* characters of a key or name */

/** Everything that a file defines; never written once it is parsed. */
typedef struct wf_decision_file_t wf_decision_file_t;

/** One decision of a file. */
typedef struct wf_decision_t wf_decision_t;

/** Parse one file. All faults (with line, column, element and rule) are added to
 * problems; the file may be used only if it has no errors. Nothing of the XML is kept.
 * Entities are refused, nothing is loaded from elsewhere. */
void wf_decision_file_parse(wf_decision_file_t **file, const char *xml, apr_size_t length,
                            wf_problems_t *problems, apr_pool_t *p);

/** The decisions of a file in its order; at least one. */
int wf_decision_count(const wf_decision_file_t *file);
const wf_decision_t *wf_decision_at(const wf_decision_file_t *file, int i);

/** The decision whose id is key; NULL if there is none. */
const wf_decision_t *wf_decision_find(const wf_decision_file_t *file, const char *key);

const char *wf_decision_key(const wf_decision_t *decision);  /* its id */
const char *wf_decision_name(const wf_decision_t *decision); /* or NULL */

/** Evaluate. The decisions that it requires come first, each once; what they give is seen
 *  by those behind them before the scope is asked. *results gets a list of maps, one for
 *  each rule that counts by the hit policy: output name -> value. No rule, no map, unless
 *  outputs have defaults. Its values live in p or borrow from decision and scope, as
 *  those of wf_expr_eval do; none is a WF_OBJECT.
 *  WF_ERR_EXECUTION names decision, rule and column: what the hit policy forbids, an
 *  unknown name, values that an operator or a type does not take. scope may be NULL;
 *  nothing is set in it. */
apr_status_t wf_decision_eval(const wf_decision_t *decision, const wf_scope_t *scope,
                              wf_list_t **results, apr_pool_t *p, wf_error_t *err);

/** What becomes of the results, as Camunda's mapDecisionResult. */
typedef enum {
    WF_DECISION_RESULT_LIST,   /* resultList: the list of maps, the default */
    WF_DECISION_SINGLE_RESULT, /* singleResult: the only map, null without one */
    WF_DECISION_SINGLE_ENTRY,  /* singleEntry: the only value of the only map, or null */
    WF_DECISION_COLLECT_ENTRIES, /* collectEntries: a list of the only value of each map
                                  */
    WF_DECISION_MAPPINGS
} wf_decision_mapping_e;

/** -1 for an unknown name. */
int wf_decision_mapping_parse(const char *name);

/** WF_ERR_EXECUTION if there are more results or values than the mapping takes. The value
 *  shares what results hold. */
apr_status_t wf_decision_map(const wf_list_t *results, wf_decision_mapping_e mapping,
                             wf_value_t *value, apr_pool_t *p, wf_error_t *err);

#endif
