/* script: expressions and templates, for process models and load workflows alike. It sees
 * variables only through the scope that its caller hands in, and host objects only through
 * wf_object_t; it knows neither executions nor virtual users.
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

#endif
