/* The functions behind script_prelude.js. */
#include "steps/script_host.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <string.h>

#include "steps/internal.h"

#include "script_prelude_js.h"

/* ---- arguments --------------------------------------------------------------------------- */

/* The i-th argument if it is a text, else NULL. */
static const char *text_at(const wf_value_t *args, int nargs, int i)
{
    return i < nargs && args[i].type == WF_STRING ? args[i].as.text.data : NULL;
}

/* The name of a variable: the first argument. A script could print a secret, or leave it
 * in a variable, so it gets none. */
static const char *name_of(const wf_value_t *args, int nargs, wf_error_t *err)
{
    const char *name = text_at(args, nargs, 0);

    if (name == NULL || *name == '\0') {
        wf_error_set(err, WF_ERR_EXECUTION, "a variable is named by a text");
        return NULL;
    }
    if (strncmp(name, "secret:", 7) == 0) {
        wf_error_set(err, WF_ERR_EXECUTION,
                     "secrets are for templates such as ${secret:NAME}, not for scripts");
        return NULL;
    }
    return name;
}

/* ---- variables --------------------------------------------------------------------------- */

/* The value, by its whole name or by a path into another one, as templates know it. */
static int find(const wf_script_host_t *host, const char *name, wf_value_t *value,
                apr_pool_t *p)
{
    const wf_scope_t scope = { .baton = host->baton, .get = host->get, .behind = host->behind };
    wf_expr_t *expr;
    wf_error_t err;

    if (host->get(host->baton, name, value, p)) {
        return 1;
    }
    if (strpbrk(name, ".[") == NULL || strpbrk(name, "${}:") != NULL) {
        return 0;
    }
    wf_error_init(&err, p);
    return wf_expr_parse(&expr, apr_pstrcat(p, "${", name, "}", NULL), WF_LOAD, p, &err)
               == APR_SUCCESS
           && wf_expr_eval(expr, &scope, value, p, &err) == APR_SUCCESS;
}

static int call_get(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    const char *name = name_of(args, nargs, err);

    return name ? find(host, name, value, p) : -1;
}

static int call_has(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    const char *name = name_of(args, nargs, err);

    if (name == NULL) {
        return -1;
    }
    *value = wf_boolean(find(host, name, value, p));
    return 1;
}

static int told(int rc, wf_error_t *err)
{
    if (rc < 0) {
        wf_error_set(err, WF_ERR_EXECUTION, "too many variables in one run");
    }
    return rc;
}

static int call_set(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    const char *name = name_of(args, nargs, err);
    const wf_value_t nothing = wf_null();

    (void)value;
    (void)p;
    if (name == NULL) {
        return -1;
    }
    return told(host->set(host->baton, name, nargs > 1 ? &args[1] : &nothing), err);
}

static int call_del(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    const char *name = name_of(args, nargs, err);

    (void)value;
    (void)p;
    if (name == NULL) {
        return -1;
    }
    return told(host->unset(host->baton, name), err);
}

static int call_all(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;

    (void)args;
    (void)nargs;
    (void)err;
    *value = wf_map(host->all(host->baton, p));
    return 1;
}

/* ---- console ----------------------------------------------------------------------------- */

static void keep_line(wf_script_host_t *host, int level, const char *line,
                      apr_size_t length)
{
    if (host->lines == NULL) {
        host->lines = wf_list_create(host->pool);
    }
    if (wf_list_count(host->lines) >= WF_SCRIPT_LINES_MAX
        || host->line_bytes + length > WF_SCRIPT_LINES_BYTES) {
        host->lines_dropped++;
        return;
    }
    host->line_bytes += length;
    host->levels[wf_list_count(host->lines)] = (unsigned char)level;
    wf_list_push(host->lines, wf_string_n(line, length, host->pool));
}

/* The bytes of a text that are shown: whole characters. */
static apr_size_t shown(const char *text, apr_size_t length)
{
    if (length > WF_SCRIPT_LINE_MAX) {
        length = WF_SCRIPT_LINE_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--;
        }
    }
    return length;
}

static int call_log(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                    apr_pool_t *p, wf_error_t *err)
{
    const char *line = text_at(args, nargs, 1);

    (void)value;
    (void)p;
    (void)err;
    if (line != NULL) {
        keep_line(baton, (int)args[0].as.integer, line,
                  shown(line, args[1].as.text.length));
    }
    return 0;
}

/* ---- answers ----------------------------------------------------------------------------- */

static int call_answer(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                       apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    wf_script_answer_t answer;
    wf_map_t *map;

    (void)args;
    (void)nargs;
    (void)err;
    if (!host->answer(host->baton, &answer)) {
        return 0;
    }
    map = wf_map_create(p);
    wf_map_set(map, "status_code", wf_integer(answer.status));
    wf_map_set(map, "status",
               wf_string(apr_psprintf(p, "%d %s", answer.status,
                                      wf_client_reason(answer.status))));
    wf_map_set(map, "duration", wf_double(answer.duration_ms));
    wf_map_set(map, "size", wf_integer(answer.size));
    *value = wf_map(map);
    return 1;
}

static int call_body(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                     apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    wf_script_answer_t answer;

    (void)args;
    (void)nargs;
    (void)p;
    (void)err;
    *value = wf_string("");
    if (host->answer(host->baton, &answer) && answer.body != NULL) {
        value->as.text.data = answer.body;
        value->as.text.length = answer.body_length;
    }
    return 1;
}

/* A list of [name, value]. */
wf_list_t *wf_script_headers(const char *headers, apr_size_t length, apr_pool_t *p)
{
    wf_list_t *list = wf_list_create(p);
    const char *at = headers ? headers : "", *end = at + (headers ? length : 0);
    const char *name, *text;
    apr_size_t name_length, text_length;

    while (wf_client_header_next(&at, end, &name, &name_length, &text, &text_length)) {
        wf_list_t *pair = wf_list_create(p);

        wf_list_push(pair, wf_string_n(name, name_length, p));
        wf_list_push(pair, wf_string_n(text, text_length, p));
        wf_list_push(list, wf_list(pair));
    }
    return list;
}

static int call_headers(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                        apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    wf_script_answer_t answer = { 0 };

    (void)args;
    (void)nargs;
    (void)err;
    host->answer(host->baton, &answer);
    *value = wf_list(wf_script_headers(answer.headers, answer.headers_length, p));
    return 1;
}

/* ---- metrics and checks ------------------------------------------------------------------ */

static int number_at(const wf_value_t *args, int nargs, int i, double *number)
{
    if (i < nargs && args[i].type == WF_DOUBLE) {
        *number = args[i].as.number;
    }
    else if (i < nargs && wf_is_integer(&args[i])) {
        *number = (double)args[i].as.integer;
    }
    else if (i < nargs && args[i].type == WF_BOOLEAN) {
        *number = args[i].as.boolean;
    }
    else {
        return 0;
    }
    return isfinite(*number);
}

static int call_metric(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                       apr_pool_t *p, wf_error_t *err)
{
    const wf_script_host_t *host = baton;
    const char *name = text_at(args, nargs, 0);
    double number;

    (void)value;
    (void)p;
    if (name == NULL || !number_at(args, nargs, 1, &number)) {
        wf_error_set(err, WF_ERR_EXECUTION,
                     "metrics.add takes a name and a number or boolean");
        return -1;
    }
    switch (host->metric(host->baton, name, number)) {
    case 0:
        wf_error_set(err, WF_ERR_EXECUTION,
                     "the workflow's metrics section declares no \"%.60s\"", name);
        return -1;
    case -1:
        wf_error_set(err, WF_ERR_EXECUTION, "metrics.add: too many samples in one run");
        return -1;
    default:
        return 0;
    }
}

static void keep_check(wf_script_host_t *host, const char *name, int passed,
                       const char *problem)
{
    wf_map_t *map;

    host->check(host->baton, name, passed);
    if (host->checks == NULL) {
        host->checks = wf_list_create(host->pool);
    }
    if (wf_list_count(host->checks) >= WF_SCRIPT_CHECKS_MAX) {
        return;
    }
    map = wf_map_create(host->pool);
    wf_map_set(map, "name", wf_string_n(name, shown(name, strlen(name)), host->pool));
    wf_map_set(map, "passed", wf_boolean(passed));
    if (problem != NULL) {
        wf_map_set(map, "error",
                   wf_string_n(problem, shown(problem, strlen(problem)), host->pool));
    }
    wf_list_push(host->checks, wf_map(map));
}

static int call_check(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                      apr_pool_t *p, wf_error_t *err)
{
    const char *name = text_at(args, nargs, 0);

    (void)value;
    (void)p;
    (void)err;
    keep_check(baton, name ? name : "", args[1].as.boolean, NULL);
    return 0;
}

/* test(name, problem): problem is null if it has passed. */
static int call_test(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                     apr_pool_t *p, wf_error_t *err)
{
    wf_script_host_t *host = baton;
    const char *name = text_at(args, nargs, 0), *problem = text_at(args, nargs, 1);

    (void)value;
    (void)p;
    (void)err;
    name = name ? name : "";
    keep_check(host, name, problem == NULL, problem);
    if (problem != NULL && host->tests_failed++ == 0) {
        host->first_failed =
            apr_psprintf(host->pool, "%.*s: %.*s", (int)shown(name, strlen(name)), name,
                         (int)shown(problem, strlen(problem)), problem);
    }
    return 0;
}

static int call_uuid(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                     apr_pool_t *p, wf_error_t *err)
{
    (void)baton;
    (void)args;
    (void)nargs;
    (void)err;
    *value = wf_string(wf_vu_uuid(p));
    return 1;
}

/* ---- the world --------------------------------------------------------------------------- */

/* clang-format off */
static const wf_js_function_t functions[] = {
    { "get",            call_get            },
    { "has",            call_has            },
    { "set",            call_set            },
    { "del",            call_del            },
    { "all",            call_all            },
    { "log",            call_log            },
    { "answer",         call_answer         },
    { "answer_body",    call_body           },
    { "answer_headers", call_headers        },
    { "http",           wf_script_http_call },
    { "metric",         call_metric         },
    { "check",          call_check          },
    { "test",           call_test           },
    { "uuid",           call_uuid           },
    { NULL,             NULL                },
};
/* clang-format on */

const wf_js_world_t wf_script_world = { wf_js_script_prelude, functions };

int wf_script_waits(const char *text)
{
    const char *at = text;

    while ((at = strstr(at, "http")) != NULL) {
        char before = at > text ? at[-1] : ' ';

        at += 4;
        if (!apr_isalnum(before) && before != '_' && before != '$' && !apr_isalnum(*at)
            && *at != '_' && *at != '$' && *at != ':') {
            return 1;
        }
    }
    return 0;
}
