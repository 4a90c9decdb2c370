/* Shared by the files of this room. Two halves: FEEL (a text becomes nodes that are then
 * walked) and decisions (a file becomes tables whose cells are expressions). */
#ifndef WF_DECISION_INTERNAL_H
#define WF_DECISION_INTERNAL_H

#include "decision/decision.h"
#include "xml/xml.h"

/* ---- limits ----------------------------------------------------------------------- */

#define WF_FEEL_TEXT_MAX (16 * 1024)
#define WF_FEEL_NESTING_MAX 100 /* of the nodes: terms of one sum, too */
#define WF_FEEL_ITEMS_MAX 1000  /* of one list of tests, values or arguments */
#define WF_FEEL_WORK_MAX (64 * 1024 * 1024) /* bytes of texts made by one evaluation */

/* ---- FEEL: tokens ----------------------------------------------------------------- */

typedef enum {
    WF_FEEL_END,
    WF_FEEL_LITERAL, /* value */
    WF_FEEL_WORD,    /* text: a name or keyword; a function's may have several words */
    WF_FEEL_SYMBOL   /* text */
} wf_feel_token_e;

typedef struct wf_feel_token_t {
    wf_feel_token_e kind;
    const char *text;
    wf_value_t value;
    apr_size_t pos; /* first byte, from 0 */
} wf_feel_token_t;

typedef struct wf_feel_lexer_t {
    const char *text;
    apr_size_t length, pos;
    apr_pool_t *pool;
    wf_error_t *err;
} wf_feel_lexer_t;

/** The next token; WF_ERR_INVALID with the position for what is none. */
apr_status_t wf_feel_next(wf_feel_lexer_t *lexer, wf_feel_token_t *token);

/** `expression "text", position N`: N counts characters from 1, a long text is cut. */
const char *wf_feel_place(const char *text, apr_size_t pos, apr_pool_t *p);

/* ---- FEEL: nodes ------------------------------------------------------------------ */

typedef enum {
    WF_FEEL_OR,
    WF_FEEL_AND,
    WF_FEEL_EQ,
    WF_FEEL_NE,
    WF_FEEL_LT,
    WF_FEEL_LE,
    WF_FEEL_GT,
    WF_FEEL_GE,
    WF_FEEL_ADD,
    WF_FEEL_SUB,
    WF_FEEL_MUL,
    WF_FEEL_DIV,
    WF_FEEL_POW
} wf_feel_op_e;

typedef enum {
    WF_FEEL_VALUE,  /* literal */
    WF_FEEL_NAME,   /* name, asked of the scope */
    WF_FEEL_INPUT,  /* what a test is about: ? */
    WF_FEEL_MEMBER, /* left.name */
    WF_FEEL_LIST,   /* items */
    WF_FEEL_NEGATE, /* -left */
    WF_FEEL_BINARY, /* left op right */
    WF_FEEL_CALL,   /* function(items) */
    WF_FEEL_RANGE,  /* left .. right; only as a test */
    WF_FEEL_ORDERED /* op right; only as a test */
} wf_feel_node_e;

typedef struct wf_feel_node_t wf_feel_node_t;
struct wf_feel_function_t;

struct wf_feel_node_t {
    wf_feel_node_e kind;
    apr_size_t pos;
    int depth;       /* of the nodes below it, with it */
    int about_input; /* it or a node below it names the input */
    wf_value_t literal;
    const char *name;
    wf_feel_op_e op;
    const struct wf_feel_function_t *function;
    const wf_feel_node_t *left, *right;
    int open_left, open_right; /* RANGE: the end itself is not in it */
    const wf_feel_node_t **items;
    int nitems;
};

/** A parsed text: one expression, or tests of which one must hold. */
typedef struct wf_feel_t {
    const char *text;
    const wf_feel_node_t *expression;
    const wf_feel_node_t **tests; /* NULL with ntests 0: "-", which always holds */
    int ntests;
    int negated; /* not(…) around the tests */
} wf_feel_t;

/** Parse. The text is copied. WF_ERR_INVALID with the position; WF_ERR_UNSUPPORTED for
 *  what FEEL has beyond S-FEEL; WF_ERR_TOO_LARGE. */
apr_status_t wf_feel_parse(wf_feel_t **feel, const char *text, apr_pool_t *p,
                           wf_error_t *err);

/** The same for unary tests; input is another name of what is tested, next to "?". */
apr_status_t wf_feel_parse_tests(wf_feel_t **feel, const char *text, const char *input,
                                 apr_pool_t *p, wf_error_t *err);

/* ---- FEEL: evaluation ------------------------------------------------------------- */

/** One running evaluation of a decision. */
typedef struct wf_feel_run_t {
    const wf_scope_t *scope;
    const char *text; /* of the expression being run, for messages */
    wf_value_t input; /* what a test is about */
    apr_size_t work;  /* see WF_FEEL_WORK_MAX */
    apr_pool_t *pool;
    wf_error_t *err;
} wf_feel_run_t;

/** The value of an expression, in run->pool or borrowed. Durations are WF_OBJECT. */
apr_status_t wf_feel_eval(wf_feel_run_t *run, const wf_feel_t *feel, wf_value_t *value);

/** Whether one of the tests holds for run->input. */
apr_status_t wf_feel_test(wf_feel_run_t *run, const wf_feel_t *feel, int *holds);

/** Fill the error (WF_ERR_EXECUTION); the evaluator adds where. */
apr_status_t wf_feel_fail(wf_feel_run_t *run, const char *fmt, ...) WF_PRINTF(2, 3);

/** Account for a text about to be made, or for elements about to be read; fails beyond
 * WF_FEEL_WORK_MAX. */
apr_status_t wf_feel_work(wf_feel_run_t *run, apr_size_t bytes);

/** a op b for the arithmetic operators; null if one is null. */
apr_status_t wf_feel_arithmetic(wf_feel_run_t *run, wf_feel_op_e op, const wf_value_t *a,
                                const wf_value_t *b, wf_value_t *result);

apr_status_t wf_feel_negate(wf_feel_run_t *run, const wf_value_t *a, wf_value_t *result);

/** a op b for = != < <= > >=: a boolean, or null where null has no order. */
apr_status_t wf_feel_compare(wf_feel_run_t *run, wf_feel_op_e op, const wf_value_t *a,
                             const wf_value_t *b, wf_value_t *result);

/** Same kind and content; numbers by what they are worth, 1 and 1.0 are equal. */
int wf_feel_equal(const wf_value_t *a, const wf_value_t *b);

/** What is not null and no other kind of value is called in messages. */
const char *wf_feel_kind(const wf_value_t *value);

/** A function by its name (words one blank apart), or NULL. */
typedef struct wf_feel_function_t {
    const char *name;
    int arguments;
    apr_status_t (*call)(wf_feel_run_t *run, const wf_value_t *args, wf_value_t *result);
} wf_feel_function_t;

const wf_feel_function_t *wf_feel_function_find(const char *name);

/** Bytes of the function's name at text, blanks between its words included, if an opening
 *  parenthesis follows; 0 if there is none. */
apr_size_t wf_feel_function_at(const char *text, const char **name);

/* ---- durations -------------------------------------------------------------------- */

/** Either months or milliseconds, as FEEL has two kinds of durations. */
typedef struct wf_feel_duration_t {
    wf_object_t object;
    int by_months;
    apr_int64_t amount;
} wf_feel_duration_t;

/** The duration that a value is, or NULL. */
const wf_feel_duration_t *wf_feel_duration(const wf_value_t *value);

wf_value_t wf_feel_duration_value(int by_months, apr_int64_t amount, apr_pool_t *p);

/** 1, or 0 if the text is no duration of one of the two kinds: P1Y2M, -P1DT12H. */
int wf_feel_duration_parse(wf_value_t *value, const char *text, apr_pool_t *p);
const char *wf_feel_duration_text(const wf_feel_duration_t *duration, apr_pool_t *p);

/** A date and a duration, or less of it if sign is -1. */
apr_int64_t wf_feel_date_add(apr_int64_t date, const wf_feel_duration_t *duration,
                             int sign);

/* ---- types ------------------------------------------------------------------------ */

typedef struct wf_decision_type_t {
    const char *name;
    /** 1 done; 0 the value has no counterpart in the type. Never called for null. */
    int (*convert)(wf_value_t *value, apr_pool_t *p);
} wf_decision_type_t;

/** A type by its name without prefix; NULL if it is unknown. */
const wf_decision_type_t *wf_decision_type_find(const char *name);

/** Convert a value in place; null stays null. type may be NULL. */
apr_status_t wf_decision_convert(const wf_decision_type_t *type, wf_value_t *value,
                                 apr_pool_t *p, wf_error_t *err);

/** Make of a value what may leave the room: durations become their texts, host objects
 * are refused. */
apr_status_t wf_decision_release(wf_feel_run_t *run, wf_value_t *value);

/* ---- expressions ------------------------------------------------------------------ */

/** A cell or another place for an expression. Neither: it is empty. */
typedef struct wf_decision_expr_t {
    const wf_feel_t *feel;
    const wf_template_t *juel;
} wf_decision_expr_t;

/** Compile a text (NULL or empty: nothing) in a language, NULL meaning FEEL.
 *  WF_ERR_UNSUPPORTED for an unknown language. */
apr_status_t wf_decision_expr_parse(wf_decision_expr_t *expr, const char *text,
                                    const char *language, apr_pool_t *p, wf_error_t *err);

/** The same for an input entry; input as for wf_feel_parse_tests. */
apr_status_t wf_decision_entry_parse(wf_decision_expr_t *expr, const char *text,
                                     const char *language, const char *input,
                                     apr_pool_t *p, wf_error_t *err);

/** The value; null if it is empty. */
apr_status_t wf_decision_expr_eval(wf_feel_run_t *run, const wf_decision_expr_t *expr,
                                   wf_value_t *value);

/** Whether an input entry holds for run->input; an empty one always does. */
apr_status_t wf_decision_entry_test(wf_feel_run_t *run, const wf_decision_expr_t *expr,
                                    int *holds);

/* ---- decisions -------------------------------------------------------------------- */

typedef struct wf_decision_input_t {
    const char *label;              /* for messages: its label, id or number */
    const char *variable;           /* names the value in input entries */
    const wf_decision_type_t *type; /* or NULL: as it comes */
    wf_decision_expr_t expr;
} wf_decision_input_t;

typedef struct wf_decision_output_t {
    const char *name;
    const wf_decision_type_t *type; /* or NULL */
    wf_value_t *values;             /* the output values, the most important first */
    int nvalues;
    wf_decision_expr_t fallback;
} wf_decision_output_t;

typedef struct wf_decision_rule_t {
    int number;     /* from 1 */
    const char *id; /* or NULL */
    wf_decision_expr_t *tests, *outputs;
} wf_decision_rule_t;

/** A rule that holds, and what it gives. */
typedef struct wf_decision_hit_t {
    const wf_decision_rule_t *rule;
    wf_value_t *values; /* one for each output */
    int *ranks;         /* of the values among the output values; see hit_policy.c */
} wf_decision_hit_t;

struct wf_decision_table_t;

/** What to do with the rules that hold. */
typedef struct wf_hit_policy_t {
    const char *name;
    int single;  /* one result at most: others see values instead of lists of them */
    int first;   /* further rules do not matter */
    int ordered; /* by output values, which the table must have */

    /** Check the hits (array of wf_decision_hit_t) before their outputs are evaluated,
     * and choose, in place, among them afterwards. NULL: nothing to do. */
    apr_status_t (*before)(const struct wf_decision_table_t *table,
                           apr_array_header_t *hits, wf_error_t *err);
    apr_status_t (*settle)(const struct wf_decision_table_t *table,
                           apr_array_header_t *hits, wf_error_t *err);
} wf_hit_policy_t;

/** What COLLECT makes of one output's values that are not null, and of the number of
 * hits. 1 and the value, or 0: there is none. -1: failed. */
typedef struct wf_aggregator_t {
    const char *name;
    int (*aggregate)(wf_feel_run_t *run, const wf_value_t *values, int nvalues, int nhits,
                     wf_value_t *result);
} wf_aggregator_t;

typedef struct wf_decision_table_t {
    const wf_hit_policy_t *policy;
    const wf_aggregator_t *aggregator; /* or NULL */
    wf_decision_input_t *inputs;
    wf_decision_output_t *outputs;
    wf_decision_rule_t *rules;
    int ninputs, noutputs, nrules;
} wf_decision_table_t;

struct wf_decision_t {
    const char *key, *name;
    const char *variable;             /* names its value; or NULL */
    const wf_decision_type_t *type;   /* of a literal expression; or NULL */
    const wf_decision_table_t *table; /* or NULL: */
    wf_decision_expr_t literal;
    const wf_decision_t **order; /* all that it requires, then itself */
    int norder;
};

struct wf_decision_file_t {
    wf_decision_t **decisions;
    int count;
    apr_hash_t *by_key;
};

const wf_hit_policy_t *wf_hit_policy_find(const char *name);
const wf_aggregator_t *wf_aggregator_find(const char *name);

/* ---- reading ---------------------------------------------------------------------- */

typedef struct wf_decision_reader_t {
    apr_pool_t *p;       /* the decisions live here */
    apr_pool_t *scratch; /* the tree lives here and goes when they are read */
    wf_problems_t *problems;
    apr_hash_t *types;    /* item definitions by name: const wf_xml_t * */
    const char *language; /* of the whole file, or NULL */
} wf_decision_reader_t;

/** Add a problem about an element; its path is the element's id or the next one outside.
 */
void wf_decision_problem(wf_decision_reader_t *r, const wf_xml_t *element,
                         const char *rule, const char *fmt, ...) WF_PRINTF(4, 5);

/** An attribute without prefix, copied to where decisions live; NULL if absent or empty.
 */
const char *wf_decision_attr(wf_decision_reader_t *r, const wf_xml_t *element,
                             const char *name);

/** The type that an element's typeRef names, or NULL. */
const wf_decision_type_t *wf_decision_read_type(wf_decision_reader_t *r,
                                                const wf_xml_t *element);

/** The text child of an element; NULL for NULL and if it is empty. */
const char *wf_decision_text(wf_decision_reader_t *r, const wf_xml_t *element);

/** Compile the text child of an element (may be NULL). */
void wf_decision_read_expr(wf_decision_reader_t *r, const wf_xml_t *element,
                           wf_decision_expr_t *expr);

/** Which language an element's text is in; NULL: FEEL. */
const char *wf_decision_language(wf_decision_reader_t *r, const wf_xml_t *element);

/** A decisionTable; result names the only output if it has no name. */
const wf_decision_table_t *wf_decision_read_table(wf_decision_reader_t *r,
                                                  const wf_xml_t *element,
                                                  const char *result);

/** Fill in what every decision requires, by the informationRequirements of elements[i].
 */
void wf_decision_read_requirements(wf_decision_reader_t *r, wf_decision_file_t *file,
                                   const wf_xml_t **elements);

#endif
