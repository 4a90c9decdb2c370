/* script: expressions, templates and JavaScript, for process models and load workflows
 * alike. It sees variables only through the scope that its caller hands in, and host objects
 * only through wf_object_t; it knows neither executions nor virtual users.
 *
 * Two dialects of one evaluator:
 *   WF_UEL   ${amount > 100 and not urgent}: the unified expression language of JSP 2.1 as
 *            Activiti models use it (markers ${} or #{}, typed values, method calls)
 *   WF_LOAD  ${login.status_code} == 200 AND qty > 1: the expressions of load workflows
 *            (bare text is the expression, ${path} is a typed operand)
 * A parsed expression or template is immutable and may be shared by threads. */
#ifndef WF_SCRIPT_H
#define WF_SCRIPT_H

#include "core/core.h"

typedef enum { WF_UEL, WF_LOAD, WF_DIALECTS } wf_dialect_e;

/** Where names come from. All members are called on the evaluating thread. */
typedef struct wf_scope_t {
    void *baton;

    /** 1 and *value if name is known, 0 if not. The value may borrow from the scope; it
     *  must stay valid for the evaluation. For the path a.b.c WF_LOAD asks for "a.b.c",
     *  then for "a" and its members, then for "a.b" with the member c. It asks for
     *  "env:X", "secret:X", "file:X" and "__VU" as they are: what they give is up to the
     *  scope. */
    int (*get)(void *baton, const char *name, wf_value_t *value, apr_pool_t *p);

    /** Set a variable (${execution.setVariable('x', 1)} goes through an object instead).
     *  NULL where expressions may not write. */
    apr_status_t (*set)(void *baton, const char *name, const wf_value_t *value,
                        wf_error_t *err);

    /** As get: what else a name means, behind what get gives for it. WF_LOAD asks for the
     *  whole of a path, then for its first name, if that has no such members in get.
     *  NULL: names have one meaning. */
    int (*behind)(void *baton, const char *name, wf_value_t *value, apr_pool_t *p);
} wf_scope_t;

/** A host object such as `execution` or `task`. Embedded by its owner; value type
 *  WF_OBJECT. Errors: WF_ERR_EXECUTION; the evaluator adds expression and position. */
typedef struct wf_object_t {
    const char *class_name; /* for error texts: "execution" */

    /** Property read (x.id). 1 found, 0 no such property, -1 failed (err filled). */
    int (*property)(struct wf_object_t *self, const char *name, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err);

    /** Method call (x.getVariable('a')). 1 done, 0 no such method or number of arguments,
     *  -1 failed (err filled). */
    int (*call)(struct wf_object_t *self, const char *method, const wf_value_t *args,
                int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err);
} wf_object_t;

/* ---- expressions ----------------------------------------------------------------------- */

typedef struct wf_expr_t wf_expr_t;

/** Parse one expression. WF_UEL: the text inside the markers. The text is copied.
 *  WF_ERR_INVALID with the position (from 1) for a syntax error; nesting beyond 100 levels
 *  and texts over 64 KiB are refused (WF_ERR_TOO_LARGE). */
apr_status_t wf_expr_parse(wf_expr_t **expr, const char *text, wf_dialect_e dialect,
                           apr_pool_t *p, wf_error_t *err);

/** Evaluate; the value lives in p or borrows from expr and scope. Failures are
 *  WF_ERR_EXECUTION and name expression and position. WF_UEL methods such as list.add
 *  change the scope's own lists and maps in place. Bounded: texts of 16 MiB, 128 MiB read
 *  and made in all, one second of matching regular expressions. */
apr_status_t wf_expr_eval(const wf_expr_t *expr, const wf_scope_t *scope, wf_value_t *value,
                          apr_pool_t *p, wf_error_t *err);

/** The truth of a value by the dialect's rule; error where the dialect has none. */
apr_status_t wf_value_truth(const wf_value_t *value, wf_dialect_e dialect, int *truth,
                            wf_error_t *err);

/** Print a value. WF_UEL: null is "", doubles with a decimal, lists [x, y], maps {k=v}.
 *  WF_LOAD: null is "null", shortest round-trip numbers, lists and maps as JSON. */
const char *wf_value_print(const wf_value_t *value, wf_dialect_e dialect, apr_pool_t *p);

/* ---- templates -------------------------------------------------------------------------- */

typedef struct wf_template_t wf_template_t;

/** Compile a text with ${…} parts (WF_UEL: also #{…}, both in one text is an error, and
 *  \${ is a literal) into segments. A text without parts is fine.
 *  WF_LOAD parts are paths and the forms var:, env:, secret:, file:, not expressions; what
 *  is no path stays as it is. Beyond 16 MiB or 10,000 parts WF_ERR_TOO_LARGE. */
apr_status_t wf_template_parse(wf_template_t **tmpl, const char *text, wf_dialect_e dialect,
                               apr_pool_t *p, wf_error_t *err);

/** A template that gives the text as it is, whatever looks like a marker in it. WF_UEL. */
wf_template_t *wf_template_literal(const char *text, apr_pool_t *p);

/** 1 if there is nothing to evaluate: the text itself is the result. */
int wf_template_is_literal(const wf_template_t *tmpl);

/** The text as written. */
const char *wf_template_source(const wf_template_t *tmpl);

/** Evaluate. A WF_UEL text that is one single expression keeps its value's type; anything
 *  else gives a STRING. WF_LOAD leaves parts with unknown names verbatim, except secrets:
 *  an unknown one is an error. What is put in is not scanned again. */
apr_status_t wf_template_eval(const wf_template_t *tmpl, const wf_scope_t *scope,
                              wf_value_t *value, apr_pool_t *p, wf_error_t *err);

/** The same as text. *length may be NULL. NULL value text for a single UEL null. */
apr_status_t wf_template_text(const wf_template_t *tmpl, const wf_scope_t *scope,
                              const char **text, apr_size_t *length, apr_pool_t *p,
                              wf_error_t *err);

/* ---- regular expressions ---------------------------------------------------------------- */

typedef struct wf_pattern_t wf_pattern_t;

/** Compile a regular expression (PCRE2's syntax, UTF-8, as in Perl). Immutable, may be
 *  shared by threads, lives in p; the text is copied. whole: a match has to be the whole
 *  subject. WF_ERR_INVALID with the byte at fault; WF_ERR_TOO_LARGE beyond 4 KiB. */
apr_status_t wf_pattern_parse(wf_pattern_t **pattern, const char *text, apr_size_t length,
                              int whole, apr_pool_t *p, wf_error_t *err);

/** How many groups it has besides the whole match (0). */
int wf_pattern_groups(const wf_pattern_t *pattern);

/** Look for the match number `match` (from 0) in a subject of any bytes; what is not UTF-8
 *  matches nothing. *found gets 1 or 0, *value (may be NULL) the text of the group in p, or
 *  null where the group took no part in the match. Bounded in steps, memory and time (one
 *  second a call): WF_ERR_EXECUTION beyond. */
apr_status_t wf_pattern_find(const wf_pattern_t *pattern, const char *subject,
                             apr_size_t length, int match, int group, int *found,
                             wf_value_t *value, apr_pool_t *p, wf_error_t *err);

/* ---- JSONPath --------------------------------------------------------------------------- */

typedef struct wf_jsonpath_t wf_jsonpath_t;

/** Parse a query of RFC 9535: $.a, $['a'], $[0], $[-1], $[1:3], $.*, $..a, $[?@.n > 1 &&
 *  length(@.s) == 2], with the functions length, count, match, search and value. Immutable,
 *  may be shared by threads; the text is copied. WF_ERR_INVALID with the position (from 1);
 *  WF_ERR_TOO_LARGE beyond 4 KiB, nesting of 32, filters within filters of 8. */
apr_status_t wf_jsonpath_parse(wf_jsonpath_t **path, const char *text, apr_pool_t *p,
                               wf_error_t *err);

/** 1 if it cannot find more than one value: only names and indexes. */
int wf_jsonpath_singular(const wf_jsonpath_t *path);

/** What it finds in lists and maps, in their order; the elements of *found (in p) borrow
 *  from root. Other values have no members. WF_ERR_EXECUTION beyond 100,000 values found,
 *  2,000,000 visited, 128 levels, or one second of matching regular expressions. */
apr_status_t wf_jsonpath_select(const wf_jsonpath_t *path, const wf_value_t *root,
                                wf_list_t **found, apr_pool_t *p, wf_error_t *err);

/** Equality as JSON has it: numbers by value (1 is 1.0), texts by their characters, lists in
 *  order, maps without; different types are different. Nesting beyond 128 levels: 0. */
int wf_json_same(const wf_value_t *a, const wf_value_t *b);

/** -1, 0 or 1 for two numbers (by value) or two texts (by code point); 2 for all else. */
int wf_json_order(const wf_value_t *a, const wf_value_t *b);

/** A number, or a text that is a decimal number and nothing else, as a number: 1, or 0. */
int wf_value_number(const wf_value_t *v, wf_value_t *number);

/* ---- JavaScript ------------------------------------------------------------------------- */

/** Longest script, in bytes. */
#define WF_JS_TEXT_MAX (1024 * 1024)
/** What a call gets that asks for nothing else. */
#define WF_JS_DEADLINE_MS 5000
#define WF_JS_MEMORY (64 * 1024 * 1024)

/** A name that is there beside the variables, such as `execution`. It hides a variable of
 *  the same name. */
typedef struct wf_js_global_t {
    const char *name;
    wf_value_t value; /* usually a WF_OBJECT */
} wf_js_global_t;

/** A function of the caller for the prelude of a world. args are copies, in p, which is
 *  cleared after the call, as the value is copied, too. 1: *value is what it gives. 0: it
 *  gives undefined. -1: err is thrown in the script as an Error. Calling thread. */
typedef int wf_js_function_fn(void *baton, const wf_value_t *args, int nargs,
                              wf_value_t *value, apr_pool_t *p, wf_error_t *err);

typedef struct wf_js_function_t {
    const char *name;
    wf_js_function_fn *call;
} wf_js_function_t;

/** What scripts of one kind find besides the language, instead of what is described at
 *  wf_js_run. Static: a thread keeps a runtime for each world that it has run scripts of.
 *
 *  In a world variables are no global names; lists and maps that functions give are
 *  copied into arrays and objects. What leaves a script does so as in JSON: toJSON is
 *  asked. A value that cannot leave is null as the script's value, and an error anywhere
 *  else. */
typedef struct wf_js_world_t {
    /** Text of a function expression. It is called once in each runtime with the global
     *  object, which it adds its names to, and with a host object; afterwards everything
     *  that can be reached from these two and from what it returns is frozen. The host
     *  object has
     *    the functions below, under their names
     *    run()                   an object that belongs to the run: the only place where
     *                            a prelude may keep something
     *    define(object, members) adds members that do not enumerate
     *    text(value)             as console.log writes it
     *    atob(s), btoa(s)        base64 of strings of bytes
     *    digest(name, data, encoding), hmac(name, key, data, encoding)
     *                            md5, sha1, sha256, sha384, sha512 of the UTF-8 of data,
     *                            as hex, base64 or base64url */
    const char *prelude;
    const wf_js_function_t *functions; /* up to one without a name */
} wf_js_world_t;

/** A script whose syntax was checked, for many runs: immutable, any thread. */
typedef struct wf_js_script_t wf_js_script_t;

/** What to run. Nothing is kept of it after the call. */
typedef struct wf_js_call_t {
    const char *name;        /* for messages and log lines: "script task \"bill\"" */
    const char *text;        /* UTF-8, NUL terminated */
    apr_size_t length;
    const wf_js_script_t *script; /* instead of text and length, or NULL */
    const wf_js_world_t *world;   /* NULL: that of process models */
    void *baton;                  /* of the world's functions */
    const wf_scope_t *scope; /* the variables, read when the script does; or NULL. Not in
                                a world */
    const wf_js_global_t *globals;
    int nglobals;
    apr_int64_t deadline_ms; /* 0: WF_JS_DEADLINE_MS */
    const int *stop;         /* looked at atomically while the script runs: it is stopped
                                once this is not 0. NULL: it is not */
    apr_size_t memory;       /* bytes for its objects, and as much for what it hands out;
                                0: WF_JS_MEMORY */
    int wants_value;         /* 1: the value of the last expression is asked for */
    wf_map_t *stored;        /* NULL, or gets what the script has declared or assigned at
                                its top level, functions and host objects left out */
} wf_js_call_t;

typedef struct wf_js_result_t {
    wf_value_t value;          /* null unless wants_value; as that of wf_expr_eval */
    int late;                  /* it was stopped: for its deadline, or by *stop */
    const char *error_code;    /* of the BpmnError that the script has thrown, or NULL */
    const char *error_message; /* its message, or NULL */
} wf_js_result_t;

/** Run a script (ECMAScript 2023, not a module). It sees the language, `print`, `println`
 *  and `console`, which write to the log, and `BpmnError`; no files, processes or network.
 *
 *  Variables are global names; an unknown one is a ReferenceError. Assigning to one changes
 *  it for the rest of the script only: execution.setVariable changes it for good. Lists and
 *  maps are the variables' own: l[0] = 1, l.push(2), m.k = 3 change them, and they have the
 *  methods of expressions, too (l.size(), m.containsKey('k')). Host objects have properties
 *  and methods, and a setter where one assigns (task.assignee = 'x').
 *
 *  Numbers come out as INTEGER or LONG if they have no fraction and are within 2^53, where
 *  doubles are exact, else as DOUBLE; Date, array, plain object and Uint8Array as DATE,
 *  LIST, MAP and BYTES, undefined as null. A LONG beyond 2^53 goes in as a BigInt. What is
 *  handed out is a copy, except for lists and maps that came from variables.
 *
 *  Scripts of one thread share compiled functions and built-in objects, which are frozen,
 *  but no variables. A script may run while a host method of another one is being called.
 *
 *  Errors are WF_ERR_EXECUTION, unless a host object failed with another kind and the
 *  script did not catch it; the text has name, line and the script's own message. A script
 *  that reaches its deadline or its memory cannot catch that. With a BpmnError
 *  result->error_code is set, too. Any thread. */
apr_status_t wf_js_run(const wf_js_call_t *call, wf_js_result_t *result, apr_pool_t *p,
                       wf_error_t *err);

/** Check a script and prepare it; name is for messages. The text is copied into p.
 *  WF_ERR_INVALID for a syntax error, whose line is in *line (0: not known),
 *  WF_ERR_TOO_LARGE for a text over WF_JS_TEXT_MAX. */
apr_status_t wf_js_compile(wf_js_script_t **script, const char *name, const char *text,
                           apr_size_t length, int *line, apr_pool_t *p, wf_error_t *err);

/** A copy in p, for a thread that may outlive the pool of the first. */
wf_js_script_t *wf_js_script_copy(const wf_js_script_t *script, apr_pool_t *p);

/** Parse only. WF_ERR_INVALID with the line for a syntax error, WF_ERR_TOO_LARGE for a
 *  text over WF_JS_TEXT_MAX. */
apr_status_t wf_js_check(const char *name, const char *text, apr_size_t length,
                         wf_error_t *err);

#endif
