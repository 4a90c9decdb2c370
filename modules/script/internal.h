/* Shared by the files of this room. The way of an expression: lexer (tokens by the tables of
 * its dialect) -> parser (levels from the same tables, immutable nodes) -> eval (walks the
 * nodes, asks the dialect's rules for every coercion, and methods for calls on values). */
#ifndef WF_SCRIPT_INTERNAL_H
#define WF_SCRIPT_INTERNAL_H

#include "script/script.h"

/* ---- limits ----------------------------------------------------------------------- */

#define WF_EXPR_TEXT_MAX (64 * 1024)
#define WF_EXPR_NESTING_MAX 100
#define WF_EXPR_ARGS_MAX 16
#define WF_PATH_TEXT_MAX 1024                   /* a longer ${…} of a load text is no path */
#define WF_PATH_STEPS_MAX 32
#define WF_TEMPLATE_TEXT_MAX (16 * 1024 * 1024)
#define WF_TEMPLATE_PARTS_MAX 10000
#define WF_RESULT_MAX (16 * 1024 * 1024)        /* bytes of a text that it makes */
#define WF_WORK_MAX (128 * 1024 * 1024)         /* bytes that one reads and makes */
#define WF_VALUE_NESTING_MAX 32                 /* of what is put into a list or map */
#define WF_REGEX_PATTERN_MAX 4096
#define WF_REGEX_MATCH_LIMIT 1000000            /* backtracking steps of one match */
#define WF_REGEX_HEAP_KIB (16 * 1024)
#define WF_REGEX_US 1000000                     /* all matching of one evaluation */

/* ---- tokens ----------------------------------------------------------------------- */

typedef enum {
    WF_TOKEN_END,
    WF_TOKEN_LITERAL,  /* number, text, true, false, null: value */
    WF_TOKEN_NAME,     /* text */
    WF_TOKEN_PATH,     /* ${text} of WF_LOAD */
    WF_TOKEN_OPERATOR, /* symbol, by its levels infix or prefix */
    WF_TOKEN_MARK,     /* symbol: ( ) [ ] , . ? : */
    WF_TOKEN_RESERVED  /* a word that means nothing yet and may not be a name */
} wf_token_e;

typedef enum {
    WF_OP_NONE,
    WF_OP_OR,
    WF_OP_AND,
    WF_OP_EQ,
    WF_OP_NE,
    WF_OP_LT,
    WF_OP_GT,
    WF_OP_LE,
    WF_OP_GE,
    WF_OP_ADD,
    WF_OP_SUB,
    WF_OP_MUL,
    WF_OP_DIV,
    WF_OP_MOD,
    WF_OP_NEG,
    WF_OP_NOT,
    WF_OP_EMPTY
} wf_op_e;

/** A row of a dialect's table. Level 0: not usable that way; a higher level binds
 *  stronger. A prefix operator's operand starts at level `operand`. */
typedef struct wf_symbol_t {
    const char *text;
    wf_token_e kind;
    wf_op_e infix;
    int infix_level;
    wf_op_e prefix;
    int prefix_level;
    int operand;
} wf_symbol_t;

typedef struct wf_token_t {
    wf_token_e kind;
    const wf_symbol_t *symbol; /* OPERATOR, MARK, RESERVED */
    wf_value_t value;          /* LITERAL */
    const char *text;          /* NAME, PATH */
    apr_size_t pos;            /* first byte, from 0 */
    apr_size_t end;            /* after the last byte */
} wf_token_t;

struct wf_rules_t;

typedef struct wf_lexer_t {
    const struct wf_rules_t *rules;
    const char *text;
    apr_size_t length, pos;
    apr_pool_t *pool;
    wf_error_t *err;
} wf_lexer_t;

/** The next token. WF_ERR_INVALID with the position for what is none. */
apr_status_t wf_lexer_next(wf_lexer_t *lexer, wf_token_t *token);

/** How many bytes of a text to show, at most max and no half character. */
int wf_text_shown(const char *text, apr_size_t length, int max);

/** `what "text", position N`: N counts characters from 1, a long text is cut. */
const char *wf_position_text(const char *what, const char *text, apr_size_t pos,
                             apr_pool_t *p);

/* ---- nodes ------------------------------------------------------------------------ */

typedef enum {
    WF_NODE_LITERAL,
    WF_NODE_NAME,
    WF_NODE_PATH,
    WF_NODE_PREFIX,
    WF_NODE_CHAIN,  /* operators of one level, left to right: a + b - c */
    WF_NODE_LOGIC,  /* the same for and, or, which may stop early */
    WF_NODE_SUFFIX, /* .name, [index], .method(…), left to right */
    WF_NODE_CHOICE, /* c ? a : b */
    WF_NODE_FUNCTION, /* f(…), p:f(…) */
    WF_NODES
} wf_node_e;

typedef struct wf_node_t wf_node_t;

/** One step of a chain. Chains are lists, not trees, so that a thousand terms do not
 *  nest: only what nests in the text nests on the stack. */
typedef struct wf_link_t {
    struct wf_link_t *next;
    apr_size_t pos;
    wf_op_e op;                 /* CHAIN, LOGIC */
    const wf_node_t *operand;   /* CHAIN, LOGIC; SUFFIX: the index, or NULL */
    const char *name;           /* SUFFIX: property or method */
    const wf_node_t **args;     /* SUFFIX: of a method call, else NULL; FUNCTION */
    int nargs;
    const struct wf_function_t *function; /* FUNCTION */
} wf_link_t;

typedef struct wf_path_t wf_path_t;

struct wf_node_t {
    wf_node_e kind;
    apr_size_t pos;
    union {
        wf_value_t literal;
        const char *name;
        const wf_path_t *path;
        struct {
            wf_op_e op;
            const wf_node_t *operand;
        } prefix;
        struct {
            const wf_node_t *first;
            const wf_link_t *links;
        } chain;
        struct {
            const wf_node_t *condition, *yes, *no;
        } choice;
        const wf_link_t *call; /* name, args and nargs of a function */
    } as;
};

struct wf_expr_t {
    const char *text;
    const struct wf_rules_t *rules;
    const wf_node_t *root;
};

/** A load path: looked up as a whole name, then as root and members. */
typedef struct wf_path_step_t {
    const char *key;
    int index;          /* the key as a list index, or -1 */
    const char *prefix; /* the path's text up to this step, a name of its own */
} wf_path_step_t;

struct wf_path_t {
    const char *text;
    const char *root;           /* NULL: only the whole name counts */
    const wf_path_step_t *steps;
    int nsteps;
    int required;               /* secret: missing is an error, never a verbatim text */
    const wf_path_t *variable;  /* what follows var: */
};

/** NULL: not well-formed (also: longer than WF_PATH_TEXT_MAX). */
const wf_path_t *wf_path_compile(const char *text, apr_size_t length, apr_pool_t *p);

/* ---- evaluation ------------------------------------------------------------------- */

/** One running evaluation; on the stack of wf_expr_eval. */
typedef struct wf_eval_t {
    const char *text;               /* of the expression being run, for messages */
    const struct wf_rules_t *rules;
    const wf_scope_t *scope;        /* may be NULL */
    apr_pool_t *pool;
    wf_error_t *err;
    apr_size_t work;                /* see WF_WORK_MAX */
    apr_int64_t regex_us;           /* spent in matching */
} wf_eval_t;

/** Evaluate within e: the parts of a template share its limits. */
apr_status_t wf_expr_run(wf_eval_t *e, const wf_expr_t *expr, wf_value_t *value);

/** Fill the error (WF_ERR_EXECUTION); the evaluator adds where. */
apr_status_t wf_eval_fail(wf_eval_t *e, const char *fmt, ...) WF_PRINTF(2, 3);

/** Account for bytes that a method reads or makes; fails beyond WF_WORK_MAX. */
apr_status_t wf_eval_work(wf_eval_t *e, apr_size_t bytes);

/** The same for a text about to be made; fails beyond WF_RESULT_MAX, too. */
apr_status_t wf_eval_grow(wf_eval_t *e, apr_size_t bytes);

/** How much there is to read in a value: bytes of texts, and some for every element. */
apr_size_t wf_value_weight(const wf_value_t *v);

/** What `empty` says. */
int wf_value_is_empty(const wf_value_t *v);

/** 1 found, 0 unknown, -1 failed. */
int wf_path_find(wf_eval_t *e, const wf_path_t *path, wf_value_t *value);

/* ---- the dialects ----------------------------------------------------------------- */

/** What \c means in a quoted text. */
typedef enum {
    WF_ESCAPE_BAD,
    WF_ESCAPE_PLAIN, /* no escape here */
    WF_ESCAPE_ALONE, /* c itself */
    WF_ESCAPE_BOTH   /* the backslash stays */
} wf_escape_e;

typedef struct wf_rules_t {
    const wf_symbol_t *symbols;
    int fold_case;          /* words of the table in any case */
    int paths;              /* ${…} is an operand */
    int unchained_level;    /* a level whose operators cannot follow one another, or 0 */

    int dollar_names;       /* $ counts as a letter */
    int functions;          /* f(…) and p:f(…) are operands */

    apr_size_t (*number)(const char *text); /* bytes of the number at text, or 0 */
    wf_escape_e (*escape)(char c, char quote);

    wf_value_t (*integer)(apr_int64_t i); /* the type of integer results */
    apr_status_t (*truth)(wf_eval_t *e, const wf_value_t *v, int *truth);
    apr_status_t (*negate)(wf_eval_t *e, const wf_value_t *v, wf_value_t *result);
    apr_status_t (*arithmetic)(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                               const wf_value_t *b, wf_value_t *result);
    apr_status_t (*compare)(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                            const wf_value_t *b, int *result);
    wf_value_t (*print)(const wf_value_t *v, apr_pool_t *p);
    int (*print_double)(double d, char *text); /* as wf_number_print_java */
} wf_rules_t;

extern const wf_rules_t wf_rules_uel, wf_rules_load;
const wf_rules_t *wf_rules_of(wf_dialect_e dialect);

/** The value as a STRING, in p or borrowed from v. */
wf_value_t wf_print_uel(const wf_value_t *v, apr_pool_t *p);
wf_value_t wf_print_load(const wf_value_t *v, apr_pool_t *p);

/* ---- numbers ---------------------------------------------------------------------- */

typedef struct wf_number_t {
    int is_double;
    apr_int64_t i;
    double d; /* set for integers, too */
} wf_number_t;

wf_number_t wf_number_of_integer(apr_int64_t i);
wf_number_t wf_number_of_double(double d);

/** [+-]digits[.digits][e[+-]digits], nothing else. 1 if it is one. Integers beyond 64 bits:
 *  0, or with `wide` the nearest double. */
int wf_number_parse(const char *text, apr_size_t length, int wide, wf_number_t *n);

/** SHORT, INTEGER, LONG, DOUBLE; 0 for another type. */
int wf_number_of(const wf_value_t *v, wf_number_t *n);

/** a op b for + - * and %: 64 bit that wraps, or double. *result in the rules' types.
 *  0: remainder of an integer by zero. */
int wf_number_apply(wf_op_e op, const wf_number_t *a, const wf_number_t *b,
                    const wf_rules_t *rules, wf_value_t *result);

/** The truth of `a op b` for a comparison, given the order of a and b. */
#define WF_UNORDERED 2 /* not a number is involved */
int wf_number_order(const wf_number_t *a, const wf_number_t *b); /* -1 0 1 or WF_UNORDERED */
int wf_order_holds(wf_op_e op, int order);

/** The shortest digits that read back as d. Java: 5.0, 1.0E10; load: 5, 1e+21. */
#define WF_NUMBER_SIZE 40
int wf_number_print_java(double d, char text[WF_NUMBER_SIZE]);
int wf_number_print_load(double d, char text[WF_NUMBER_SIZE]);

/* ---- texts ------------------------------------------------------------------------ */

/** Order of two byte strings: -1, 0, 1. */
int wf_text_order(const wf_value_t *a, const wf_value_t *b);

/** Java counts characters in UTF-16 units; these translate. An index inside a pair means
 *  the whole character. */
apr_size_t wf_utf16_length(const char *s, apr_size_t n);
/** The byte offset of a unit, or -1 if the text is shorter or units negative. */
apr_ssize_t wf_utf16_offset(const char *s, apr_size_t n, apr_int64_t units);
/** The character at s (n > 0), its bytes in *step. Malformed bytes count one by one. */
apr_uint32_t wf_utf8_decode(const char *s, apr_size_t n, apr_size_t *step);
/** Writes a character and returns its bytes, 4 at most. */
apr_size_t wf_utf8_encode(apr_uint32_t c, char *out);
/** As String.compareTo: the difference of the first units that differ, or of lengths. */
int wf_utf16_compare(const wf_value_t *a, const wf_value_t *b);
/** As String.hashCode. */
apr_int64_t wf_utf16_hash(const wf_value_t *v);

/** Every character in upper or lower case. */
wf_value_t wf_text_upper(const wf_value_t *v, apr_pool_t *p);
wf_value_t wf_text_lower(const wf_value_t *v, apr_pool_t *p);

/* ---- methods ---------------------------------------------------------------------- */

typedef apr_status_t wf_method_fn(wf_eval_t *e, const wf_value_t *self,
                                  const wf_value_t *args, int nargs, wf_value_t *result);

/** The head of a method's definition: not every method uses every parameter. */
#define WF_METHOD(name)                                                                  \
    static apr_status_t name(__attribute__((unused)) wf_eval_t *e,                       \
                             __attribute__((unused)) const wf_value_t *self,             \
                             __attribute__((unused)) const wf_value_t *args,             \
                             __attribute__((unused)) int nargs, wf_value_t *result)

/** A row of a type's table; name NULL ends it. */
typedef struct wf_method_t {
    const char *name;
    int min, max; /* number of arguments */
    wf_method_fn *call;
} wf_method_t;

extern const wf_method_t wf_string_methods[], wf_list_methods[], wf_map_methods[];

/** Call on a value that is neither null nor a host object. */
apr_status_t wf_method_call(wf_eval_t *e, const wf_value_t *self, const char *name,
                            const wf_value_t *args, int nargs, wf_value_t *result);

/** A row of the table of functions; name NULL ends it. */
typedef struct wf_function_t {
    const char *name;
    int min, max;   /* number of arguments */
    int of_name;    /* 1: a bare name as first argument is the name, not its value */
    apr_status_t (*call)(wf_eval_t *e, const wf_value_t *args, int nargs,
                         wf_value_t *result);
} wf_function_t;

/** The head of a function's definition. */
#define WF_FUNCTION(name)                                                                \
    static apr_status_t name(__attribute__((unused)) wf_eval_t *e,                       \
                             __attribute__((unused)) const wf_value_t *args,             \
                             __attribute__((unused)) int nargs, wf_value_t *result)

/** The function prefix:name, or name if prefix is NULL; NULL if there is none. */
const wf_function_t *wf_function_find(const char *prefix, const char *name);

/** A Java bean property of a value: x.time is x.getTime(). 0 if there is no such method. */
int wf_method_getter(wf_eval_t *e, const wf_value_t *self, const char *property,
                     wf_value_t *result, apr_status_t *rv);

/** Methods that several types share. */
wf_method_fn wf_method_to_string, wf_method_equals;

/** An argument as Java's parameter type: int (digits, null = 0, fractions cut), String. */
apr_status_t wf_arg_int(wf_eval_t *e, const wf_value_t *arg, apr_int64_t *i);
apr_status_t wf_arg_text(wf_eval_t *e, const wf_value_t *arg, wf_value_t *text);

/** *matches is not 0 if a compiled pattern is found in a STRING before wf_mono_us() reaches
 *  the deadline. */
apr_status_t wf_pattern_test(const wf_pattern_t *pattern, const wf_value_t *subject,
                             apr_int64_t deadline, int *matches, wf_error_t *err);

/** Regular expressions (PCRE2), Java's meaning. */
apr_status_t wf_regex_matches(wf_eval_t *e, const wf_value_t *subject,
                              const wf_value_t *pattern, int *matches);
apr_status_t wf_regex_replace(wf_eval_t *e, const wf_value_t *subject,
                              const wf_value_t *pattern, const wf_value_t *replacement,
                              int all, wf_value_t *result);
apr_status_t wf_regex_split(wf_eval_t *e, const wf_value_t *subject,
                            const wf_value_t *pattern, apr_int64_t limit,
                            wf_value_t *result);

#endif
