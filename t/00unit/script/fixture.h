/* What the expression tests share: a scope with one variable of every kind, a host
 * object, and a check that runs a table of cases. */
#ifndef WF_T_SCRIPT_FIXTURE_H
#define WF_T_SCRIPT_FIXTURE_H

#include "script/script.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <time.h>

/** want: "<type> <printed value>", or "! <part of the error's text>". */
typedef struct case_t {
    const char *text, *want;
} case_t;

typedef struct fixture_t {
    wf_object_t execution; /* first: the object is found by its address */
    apr_pool_t *pool;
    wf_map_t *vars;
    int asked; /* names looked up */
} fixture_t;

static inline int execution_property(wf_object_t *self, const char *name,
                                     wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    (void)self;
    (void)p;
    if (!strcmp(name, "id")) {
        *value = wf_string("4711");
        return 1;
    }
    if (!strcmp(name, "broken")) {
        wf_error_set(err, WF_ERR_EXECUTION, "the host says no");
        return -1;
    }
    return 0;
}

static inline int execution_call(wf_object_t *self, const char *method,
                                 const wf_value_t *args, int nargs, wf_value_t *value,
                                 apr_pool_t *p, wf_error_t *err)
{
    fixture_t *f = (fixture_t *)self;
    wf_value_t *found;

    (void)p;
    if (nargs == 2 && !strcmp(method, "setVariable")) {
        wf_map_set(f->vars, args[0].as.text.data, args[1]);
        return 1;
    }
    if (nargs != 1) {
        return 0;
    }
    found = args[0].type == WF_STRING ? wf_map_get(f->vars, args[0].as.text.data) : NULL;
    if (!strcmp(method, "getVariable")) {
        *value = found ? *found : wf_null();
        return 1;
    }
    if (!strcmp(method, "hasVariable")) {
        *value = wf_boolean(found != NULL);
        return 1;
    }
    if (!strcmp(method, "fail")) {
        wf_error_set(err, WF_ERR_EXECUTION, "the host says no");
        return -1;
    }
    return 0;
}

static inline int fixture_get(void *baton, const char *name, wf_value_t *value,
                              apr_pool_t *p)
{
    fixture_t *f = baton;
    wf_value_t *found = wf_map_get(f->vars, name);

    (void)p;
    f->asked++;
    if (found) {
        *value = *found;
    }
    return found != NULL;
}

static inline wf_value_t from_json(const char *text, apr_pool_t *p)
{
    json_object *json;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&json, text, strlen(text), p, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return wf_value_from_json(json, p);
}

/* What stands behind the variable both. */
static inline int fixture_behind(void *baton, const char *name, wf_value_t *value,
                                 apr_pool_t *p)
{
    (void)baton;
    if (!strcmp(name, "both.whole")) {
        *value = wf_string("as a whole");
    }
    else if (!strcmp(name, "both")) {
        *value = from_json("{\"x\":3,\"n\":3,\"deep\":{\"a\":3,\"b\":4},\"l\":[5],"
                           "\"whole\":6}",
                           p);
    }
    else {
        return 0;
    }
    return 1;
}

static inline void fixture_json(fixture_t *f, const char *name, const char *json)
{
    wf_map_set(f->vars, name, from_json(json, f->pool));
}

static inline void fixture_init(fixture_t *f, apr_pool_t *p)
{
    static const char *const vars[][2] = {
        { "a", "3" },
        { "b", "4" },
        { "d", "2.5" },
        { "s", "\"hello\"" },
        { "l", "[\"x\",\"y\"]" },
        { "m", "{\"k\":\"v\"}" },
        { "n", "null" },
        { "f", "false" },
        { "t", "true" },
        { "none", "\"\"" },
        { "nothing", "[]" },
        { "nomap", "{}" },
        { "big", "9223372036854775807" },
        { "nums", "[1,2,3,2]" },
        { "tree", "{\"items\":[{\"id\":7,\"tags\":[\"p\",\"q\"]},{\"id\":8}],\"n\":null,"
                  "\"0\":\"zero\",\"x.y\":\"dotted\",\"ratio\":0.5}" },
        { "wide", "\"gr\xc3\xb6\xc3\x9f"
                  "e\"" },
        { "smile", "\"a\xf0\x9f\x98\x80z\"" },
        { "$x_1", "\"odd\"" },
        { "loop.index", "2" },
        { "loop.item", "{\"id\":\"i2\"}" },
        { "two words", "\"yes\"" },
        { "env:HOME", "\"/home/wf\"" },
        { "secret:key", "\"s3cret\"" },
        { "__VU", "12" },
        { "text", "\"${s}\"" },
        { "authenticatedUserId", "\"kermit\"" },
        { "digits", "\"12\"" },
        { "var", "\"plain\"" },
        { "both", "{\"x\":1,\"n\":null,\"deep\":{\"a\":2}}" },
    };

    memset(f, 0, sizeof(*f));
    f->pool = p;
    f->vars = wf_map_create(p);
    for (unsigned i = 0; i < sizeof(vars) / sizeof(vars[0]); i++) {
        fixture_json(f, vars[i][0], vars[i][1]);
    }
    wf_map_set(f->vars, "when", wf_date(1288685100120)); /* 2010-11-02 08:05:00.120 UTC */
    wf_map_set(f->vars, "later", wf_date(1288685100121));
    wf_map_set(f->vars, "blob", wf_bytes("abc", 3));
    f->execution.class_name = "execution";
    f->execution.property = execution_property;
    f->execution.call = execution_call;
    wf_map_set(f->vars, "execution",
               (wf_value_t){ .type = WF_OBJECT, .as.object = &f->execution });
}

static inline wf_scope_t fixture_scope(fixture_t *f)
{
    return (wf_scope_t){ f, fixture_get, NULL, fixture_behind };
}

static inline const char *describe(apr_status_t rv, const wf_value_t *v,
                                   const wf_error_t *err, wf_dialect_e dialect,
                                   apr_pool_t *p)
{
    if (rv != APR_SUCCESS) {
        return apr_pstrcat(p, "! ", err->message ? err->message : "(no message)", NULL);
    }
    return v->type == WF_NULL ? "null"
                              : apr_psprintf(p, "%s %s", wf_type_name(v->type),
                                             wf_value_print(v, dialect, p));
}

/** Parse and evaluate against a fresh fixture. */
static inline const char *run_expr(const char *text, wf_dialect_e dialect, apr_pool_t *p)
{
    fixture_t f;
    wf_scope_t scope;
    wf_expr_t *expr;
    wf_value_t v = wf_null();
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    rv = wf_expr_parse(&expr, text, dialect, p, &err);
    if (rv == APR_SUCCESS) {
        rv = wf_expr_eval(expr, &scope, &v, p, &err);
    }
    return describe(rv, &v, &err, dialect, p);
}

static inline const char *run_template(const char *text, wf_dialect_e dialect,
                                       apr_pool_t *p)
{
    fixture_t f;
    wf_scope_t scope;
    wf_template_t *tmpl;
    wf_value_t v = wf_null();
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    scope = fixture_scope(&f);
    rv = wf_template_parse(&tmpl, text, dialect, p, &err);
    if (rv == APR_SUCCESS) {
        rv = wf_template_eval(tmpl, &scope, &v, p, &err);
    }
    return describe(rv, &v, &err, dialect, p);
}

typedef const char *runner_fn(const char *text, wf_dialect_e dialect, apr_pool_t *p);

static inline void run_cases(const case_t *cases, unsigned count, wf_dialect_e dialect,
                             runner_fn *run)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < count; i++) {
        const char *got = run(cases[i].text, dialect, p);

        if (cases[i].want[0] == '!') {
            int said = got[0] == '!' && strstr(got, cases[i].want + 2) != NULL;

            if (!ok(said, "%s -> %s", cases[i].text, cases[i].want)) {
                diag("got %s", got);
            }
        }
        else {
            is_str(got, cases[i].want, "%s", cases[i].text);
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

#define RUN(cases, dialect, run)                                                         \
    run_cases(cases, sizeof(cases) / sizeof(cases[0]), dialect, run)

#endif
