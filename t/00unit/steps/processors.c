/* Checks, assertions, extractors and processors of steps: what a document may say, and
 * what they do with the answers of a real target, seen in what that target gets next. */
#include "../tap.h"
#include "run.h"

#define HEAD "id: w\nname: W\n"

/* ---- what is refused ------------------------------------------------------------ */

/* Members of an http step in flow style, and a part of the problems. */
static const struct {
    const char *members, *want;
} refused[] = {
    /* clang-format off */
    { "assert: {}", "steps[0].assert: must be a list" },
    { "assert: [{}]", "steps[0].assert[0]: needs one of status, response_time, actual" },
    { "assert: [5]", "steps[0].assert[0]: must be a map" },
    { "assert: [{status: 200, json_path: $.a}]", "assert[0]: needs one of" },
    { "assert: [{json_path: $.a, regex: b}]", "assert[0].regex: there is json_path already" },
    { "assert: [{json_path: '$.['}]", "assert[0].json_path: JSONPath \"$.[\", position 3" },
    { "assert: [{regex: '('}]", "assert[0].regex: regular expression: missing closing" },
    { "assert: [{regex: a, group: 1}]", "assert[0].regex: group 1 is asked for" },
    { "assert: [{json_path: $.a, group: 1}]", "assert[0].group: has no meaning here" },
    { "assert: [{header: A, index: 1}]", "assert[0].index: has no meaning here" },
    { "assert: [{actual: 1}]", "assert[0]: needs a keyword such as equals" },
    { "assert: [{actual: null}]", "assert[0]: needs a keyword such as equals" },
    { "assert: [{actual: null, status: 200}]", "assert[0]: needs one of status" },
    { "assert: [{actual: 1, equals: 1, contains: 2}]", "assert[0].contains: there is equals already" },
    { "assert: [{actual: 1, equal: 1}]", "assert[0].equal: no such member" },
    { "assert: [{actual: 1, greater_than: x}]", "assert[0].greater_than: needs a number" },
    { "assert: [{actual: 1, in: 1}]", "assert[0].in: needs a list" },
    { "assert: [{actual: 1, is_null: 5}]", "assert[0].is_null: is written is_null: true" },
    { "assert: [{actual: 1, is_null: false}]", "assert[0].is_null: is written is_null: true" },
    { "assert: [{actual: 1, is_type: integer}]", "assert[0].is_type: needs string, number" },
    { "assert: [{actual: 1, matches: '('}]", "assert[0].matches: regular expression" },
    { "assert: [{actual: 1, length_equals: -1}]", "assert[0].length_equals: needs a whole number" },
    { "assert: [{status: 200, equals: 1}]", "assert[0]: a keyword goes with" },
    { "assert: [{status: {a: 1}}]", "assert[0].status: must be a status" },
    { "assert: [{status: abc}]", "assert[0].status: must be a status" },
    { "assert: [{response_time: 5}]", "assert[0].response_time: must be a duration" },
    { "assert: ['${a} ==']", "assert[0]: expression" },
    { "checks: [{expression: '1 +'}]", "checks[0].expression: expression" },
    { "extract: 5", "steps[0].extract: must be a map or a list" },
    { "extract: {a: '$.['}", "steps[0].extract.a: JSONPath" },
    { "extract: {a: '('}", "steps[0].extract.a: regular expression" },
    { "extract: {a: {}}", "extract.a: needs one of json_path" },
    { "extract: {a: {json_path: $.a, nosuch: 1}}", "extract.a.nosuch: no such member" },
    { "extract: {a: {json_path: $.a, scope: global}}", "extract.a.scope: \"global\" is not one of: temp, env" },
    { "extract: [{json_path: $.a}]", "extract[0].to: is required: the variable" },
    { "extract: [{to: a, json_path: $.a, source: 'a}b'}]", "extract[0].source: must be" },
    { "postProcessors: {}", "steps[0].postProcessors: must be a list" },
    { "postProcessors: [{}]", "postProcessors[0].type: is required" },
    { "postProcessors: [{type: nosuch}]", "postProcessors[0].type: \"nosuch\" is no processor" },
    { "postProcessors: [{type: wait, enabled: maybe}]", "postProcessors[0].enabled: must be true" },
    { "postProcessors: [{type: wait, config: {duration: soon}}]", "postProcessors[0].config.duration: must be a number" },
    { "postProcessors: [{type: wait, config: {ms: -1}}]", "postProcessors[0].config.ms: must be a number" },
    { "postProcessors: [{type: wait, extra: 1}]", "postProcessors[0].extra: no such member" },
    { "postProcessors: [{type: set_variable, config: {value: 1}}]", "config.variableName: is required" },
    { "postProcessors: [{type: set_variable, config: {name: a, scope: x}}]", "config.scope: \"x\" is not one of" },
    { "postProcessors: [{type: assertion}]", "config.assertType: is required" },
    { "postProcessors: [{type: assertion, config: {assertType: body}}]", "config.assertType: \"body\" is not one of" },
    { "postProcessors: [{type: assertion, config: {assertType: status_code, operator: is, expected: 1}}]", "config.operator: is not one of" },
    { "postProcessors: [{type: assertion, config: {assertType: status_code}}]", "config.expected: is required" },
    { "postProcessors: [{type: assertion, config: {assertType: jsonpath, expected: 1}}]", "config.expression: is required" },
    { "postProcessors: [{type: assertion, config: {assertType: response_time, operator: lt, expected: x}}]", "config.expected: needs a number" },
    { "postProcessors: [{type: extract_param, config: {extractType: x}}]", "config.extractType: must be one of" },
    { "postProcessors: [{type: extract_param, config: {extractType: header, expression: ETag}}]", "config.to: is required" },
    { "postProcessors: [{type: extract_param, config: {extractType: jsonpath, variableName: a}}]", "config.expression: is required" },
    { "postProcessors: [{type: equals, config: {expected: 1}}]", "config.actual: is required" },
    { "postProcessors: [{type: greater_than, config: {actual: 1}}]", "config.expected: is required" },
    { "postProcessors: [{type: regex, config: {to: a}}]", "config.expression: is required" },
    { "postProcessors: [{type: db_query}]", "db_query: write a step of type db" },
    { "postProcessors: [{type: js_script, config: {script: 'let = ;'}}]", "postProcessors[0].config" },
    { "postProcessors: [{type: js_script}]", "postProcessors[0]" },
    { "pre_processors: [{type: nosuch}]", "pre_processors[0].type: \"nosuch\"" },
    { "preProcessors: [{type: json_path, enabled: false, config: {to: a, expression: x}}]", "preProcessors[0].config.expression: JSONPath" },
    /* clang-format on */
};

static void refuse(apr_pool_t *p)
{
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_problems_t *problems = wf_problems_create("w.yaml", p);
        const char *yaml = apr_psprintf(
            p, HEAD "steps:\n- {id: s, type: http, config: {url: 'http://h/'}, %s}\n",
            refused[i].members);
        const char *text;
        wf_plan_t *plan;

        plan_from_yaml(&plan, yaml, strlen(yaml), problems, p);
        text = wf_problems_text(problems, p);
        ok(plan == NULL && strstr(text, refused[i].want), "%s: %s", refused[i].members,
           text);
        ok(plan == NULL && strstr(text, "w.yaml:4:"), "tells the line");
    }
}

/* ---- what they find and judge --------------------------------------------------- */

/* Of a step that gets /ok: {"token":"t-1","items":[{"id":7},{"id":8}]}, X-Test: one, two.
 * want: NULL if it succeeds, else a part of the error. */
static const struct {
    const char *members, *want;
    int passes, fails; /* of the metric checks */
} judged[] = {
    /* clang-format off */
    { "assert: [{status: 200}]", NULL, 1, 0 },
    { "assert: [{status: [200, 201]}]", NULL, 1, 0 },
    { "assert: [{status: '200'}]", NULL, 1, 0 },
    { "assert: [{status: '${want}'}]", NULL, 1, 0 },
    { "assert: [{status: 404}]", "assertion failed: expected status to equal 404, got 200", 0, 1 },
    { "assert: [{status: [404, 500]}]", "expected status to be one of [404,500], got 200", 0, 1 },
    { "assert: [{response_time: 60s}]", NULL, 1, 0 },
    { "assert: [{response_time: 0}]", "expected response time (ms) to be at most 0", 0, 1 },
    { "assert: [{json_path: $.token}]", NULL, 1, 0 },
    { "assert: [{json_path: $.nosuch}]", "expected $.nosuch to be there", 0, 1 },
    { "assert: [{json_path: $.token, equals: t-1}]", NULL, 1, 0 },
    { "assert: [{json_path: '$.items[*].id', equals: [7, 8]}]", NULL, 1, 0 },
    { "assert: [{json_path: '$.items[*].id', index: 1, equals: 8}]", NULL, 1, 0 },
    { "assert: [{json_path: '$.items[0].id', equals: '7'}]", "expected $.items[0].id to equal \"7\", got 7", 0, 1 },
    { "assert: [{json_path: '$.items[0].id', greater_than: 5}]", NULL, 1, 0 },
    { "assert: [{json_path: '$.items[0].id', greater_than: 8}]", "expected $.items[0].id to be greater than 8, got 7", 0, 1 },
    { "assert: [{json_path: $.nosuch, equals: 1}]", "expected $.nosuch to equal 1, got null (nothing was found)", 0, 1 },
    { "assert: [{json_path: $.nosuch, is_null: true}]", NULL, 1, 0 },
    { "assert: [{json_path: $.nosuch, equals: null}]", NULL, 1, 0 },
    { "assert: [{header: content-type, equals: application/json}]", NULL, 1, 0 },
    { "assert: [{header: X-Test}]", NULL, 1, 0 },
    { "assert: [{header: X-None}]", "expected header X-None to be there", 0, 1 },
    { "assert: [{header: Content-Length, equals: 43}]", NULL, 1, 0 },
    { "assert: [{header: Content-Length, less_than: 100}]", NULL, 1, 0 },
    { "assert: [{regex: '\"id\":(\\d+)', group: 1, index: 1, equals: 8}]", NULL, 1, 0 },
    { "assert: [{regex: nosuch}]", "expected pattern nosuch to be there", 0, 1 },
    { "assert: [{cookie: sid}]", "expected cookie sid to be there", 0, 1 },
    { "assert: [{actual: '${response.body.token}', equals: t-1}]", NULL, 1, 0 },
    { "assert: [{actual: '${response.body.items}', length_equals: 2}]", NULL, 1, 0 },
    { "assert: [{actual: '${s.status_code}', in: [200, 204]}]", NULL, 1, 0 },
    { "assert: [{actual: 'a-${want}', equals: a-200}]", NULL, 1, 0 },
    { "assert: [{actual: '${response.body.token}', matches: '^t-\\d$'}]", NULL, 1, 0 },
    { "assert: [{actual: '${response.body.token}', matches: '${shape}'}]", NULL, 1, 0 },
    { "assert: [{actual: '${nosuch}', is_null: true}]", NULL, 1, 0 },
    { "assert: [{actual: null, is_null: true}]", NULL, 1, 0 },
    { "assert: [{actual: null, equals: null}]", NULL, 1, 0 },
    { "assert: [{actual: null, is_type: 'null'}]", NULL, 1, 0 },
    { "assert: [{actual: null, is_not_null: true}]", "not to be null", 0, 1 },
    { "assert: [{actual: null, equals: 1}]", "to equal 1, got null", 0, 1 },
    { "assert: [{json_path: \"$['X-Test']\", source: response.headers, equals: one}]", NULL, 1, 0 },
    { "assert: [{actual: '${nosuch}', equals: 1}]", "expected nosuch to equal 1, got null", 0, 1 },
    { "assert: [{actual: '${response.body}', is_type: object}]", NULL, 1, 0 },
    { "assert: [{json_path: $.a, source: doc, equals: 5}]", NULL, 1, 0 },
    { "assert: [{json_path: $.a, data: '${doc}', equals: 5}]", NULL, 1, 0 },
    { "assert: [{json_path: $.a, data: {a: '${want}'}, equals: 200}]", NULL, 1, 0 },
    { "assert: [{json_path: $.a, source: json_text, equals: 6}]", NULL, 1, 0 },
    { "assert: ['${response.status_code} == 200 AND ${response.body.items[1].id} > 7']", NULL, 1, 0 },
    { "assert: ['${response.status_code} == 404']", "assertion failed: expected ${response.status_code} == 404", 0, 1 },
    { "assert: ['${nosuch} == 1']", "unknown name 'nosuch'", 0, 1 },
    { "assert: [{name: total, message: too small, expression: '1 > 2'}]", "assertion failed: total: too small (expected 1 > 2)", 0, 1 },
    { "assert: [{status: 200}, {status: 404}, {status: 500}]", "to equal 404", 1, 2 },
    { "checks: [{status: 200}, {status: 404}, '1 > 2']", NULL, 1, 2 },
    { "checks: [{status: 200}], assert: [{status: 201}]", "to equal 201", 1, 1 },
    { "extract: {t: $.nosuch}", "cannot extract t: $.nosuch was not found", 0, 0 },
    { "extract: {t: {header: X-None}}", "cannot extract t: header X-None was not found", 0, 0 },
    { "assert: [{status: 201}], extract: {t: $.nosuch}", "to equal 201", 0, 1 },
    { "post_processors: [{type: assertion, config: {assertType: status_code, operator: eq, expected: '200'}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, config: {assertType: status_code, expected: 200}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, config: {assertType: response_body, operator: contains, expected: '\"token\"'}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, config: {assertType: response_body, operator: not_contains, expected: t-1}}]", "not to contain", 0, 1 },
    { "postProcessors: [{type: assertion, config: {assertType: jsonpath, expression: '$.items[0].id', operator: gt, expected: '6'}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, config: {assertType: header, expression: x-test, operator: ne, expected: two}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, config: {assertType: response_time, operator: lt, expected: 60000}}]", NULL, 1, 0 },
    { "postProcessors: [{type: assertion, name: fast, config: {assertType: response_time, operator: lt, expected: 0}}]", "assertion failed: fast: expected response time (ms) to be less than 0", 0, 1 },
    { "postProcessors: [{type: assertion, enabled: false, config: {assertType: status_code, expected: 404}}]", NULL, 0, 0 },
    { "postProcessors: [{type: equals, config: {actual: '${response.status_code}', expected: 200}}]", NULL, 1, 0 },
    { "postProcessors: [{type: equals, config: {actual: '${response.status_code}', expected: '200', message: no}}]", "no (expected response.status_code to equal \"200\", got 200)", 0, 1 },
    { "postProcessors: [{type: is_not_empty, config: {actual: '${response.body.items}'}}]", NULL, 1, 0 },
    { "postProcessors: [{type: is_null, config: {actual: null}}]", NULL, 1, 0 },
    { "postProcessors: [{type: js_script, config: {script: \"throw new Error('no good')\"}}]", "no good", 0, 0 },
    /* clang-format on */
};

#define VARIABLES                                                                        \
    "variables: {want: 200, shape: '^t', doc: {a: 5}, json_text: '{\"a\": 6}'}\n"

static const char *first_error(const runner_t *r)
{
    json_object *first = json_object_array_get_idx(r->last.errors, 0);

    return first ? wf_json_string(first, "message", "") : NULL;
}

static void judge(runner_t *r)
{
    for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++) {
        const char *error;

        if (!ok(runner_run(r, apr_psprintf(
                                  r->pool,
                                  HEAD VARIABLES
                                  "steps:\n- {id: s, type: http, config: {url: "
                                  "BASE/ok}, %s}\n"
                                  "options: {thresholds: [{metric: checks, condition: "
                                  "'passes == %d'}, "
                                  "{metric: checks, condition: 'fails == %d'}]}\n",
                                  judged[i].members, judged[i].passes, judged[i].fails)),
                "%s", judged[i].members)) {
            continue;
        }
        error = first_error(r);
        if (judged[i].want == NULL) {
            is_str(error, NULL, "succeeds");
        }
        else {
            ok(error && strstr(error, judged[i].want), "fails: %s", error ? error : "");
        }
        is_int(wf_json_int(runner_step(r, "s"), "failure_count", -1),
               judged[i].want != NULL, "failures of the step");
        is_int(r->last.thresholds_passed, 2, "%d checks pass, %d fail", judged[i].passes,
               judged[i].fails);
    }
}

/* ---- what becomes of variables -------------------------------------------------- */

/* The path that the second step asks for. */
static const struct {
    const char *members, *url, *want;
} variables[] = {
    /* clang-format off */
    { "extract: {t: $.token}", "/${t}", "GET /t-1 " },
    { "extract: {t: '$.items[*].id'}", "/${t[1]}", "GET /8 " },
    { "extract: {t: '\"id\":(\\d)'}", "/x${t}", "/x\"id\":7" },
    { "extract: {t: {regex: '\"id\":(\\d)', group: 1, index: 1}}", "/x${t}", "GET /x8 " },
    { "extract: {t: {json_path: '$.items[*].id', index: 0}}", "/x${t}", "GET /x7 " },
    { "extract: {t: {header: x-test}, c: status}", "/${t}/${c}", "GET /one/200 " },
    { "extract: {t: {json_path: $.nosuch, default: none}}", "/${t}", "GET /none " },
    { "extract: {t: {json_path: $.nosuch, default: null}}", "/${t}", "GET /null " },
    { "extract: {t: {json_path: $.nosuch, default: '${want}'}}", "/${t}", "GET /200 " },
    { "extract: {b: body}", "/${b.token}", "GET /t-1 " },
    { "extract: {t: {expression: $.token, scope: env}}", "/${env.t}", "GET /t-1 " },
    { "extract: [{to: a, json_path: $.token}, {to: b, expression: '$.items[0].id'}]", "/${a}/${b}", "GET /t-1/7 " },
    { "extract: [{to: a, json_path: $.a, source: doc}]", "/x${a}", "GET /x5 " },
    { "extract: {t: {json_path: \"$['X-Test']\", source: response.headers}}", "/${t}", "GET /one " },
    { "postProcessors: [{type: extract_param, config: {extractType: jsonpath, expression: $.token, variableName: t}}]", "/${t}", "GET /t-1 " },
    { "postProcessors: [{type: extract_param, config: {extractType: header, expression: X-Test, variableName: t, scope: env}}]", "/${env.t}", "GET /one " },
    { "postProcessors: [{type: json_path, config: {to: t, json_path: $.token}}]", "/${t}", "GET /t-1 " },
    { "postProcessors: [{type: regex, config: {to: t, pattern: 't-(.)', group: 1}}]", "/x${t}", "GET /x1 " },
    { "postProcessors: [{type: header, config: {to: t, name: x-test}}]", "/${t}", "GET /one " },
    { "postProcessors: [{type: status, config: {to: t}}]", "/${t}", "GET /200 " },
    { "postProcessors: [{type: extract, config: {to: t, expression: $.token}}]", "/${t}", "GET /t-1 " },
    { "postProcessors: [{type: extract, config: {to: t, header: x-test}}]", "/${t}", "GET /one " },
    { "postProcessors: [{type: set_variable, config: {variableName: v, value: 'a-${s.status_code}'}}]", "/${v}", "GET /a-200 " },
    { "postProcessors: [{type: set_variable, config: {name: v, value: '${response.body.items}'}}]", "/${v[0].id}", "GET /7 " },
    { "postProcessors: [{type: set_variable, config: {name: v, value: {a: ['${want}']}}}]", "/${v.a[0]}", "GET /200 " },
    { "postProcessors: [{type: set_variable, config: {name: v, value: 1, scope: env}}]", "/${env.v}", "GET /1 " },
    { "postProcessors: [{type: set_variable, config: {name: want, value: 1}}]", "/${want}", "GET /1 " },
    { "postProcessors: [{type: status, config: {to: t}}, {type: set_variable, config: {name: v, value: 'x${t}'}}]", "/${v}", "GET /x200 " },
    { "extract: {t: $.token}, postProcessors: [{type: set_variable, config: {name: v, value: 'x${t}'}}]", "/${v}", "GET /xt-1 " },
    { "postProcessors: [{type: js_script, config: {script: \"ctx.SetVariable('v', response.json().token + '-js')\"}}]", "/${v}", "GET /t-1-js " },
    { "extract: {t: $.token}, postProcessors: [{type: js_script, config: {script: \"ctx.SetVariable('v', ctx.GetVariable('t').length)\"}}]", "/x${v}", "GET /x3 " },
    { "preProcessors: [{type: set_variable, config: {name: v, value: early}}]", "/${v}", "GET /early " },
    /* clang-format on */
};

static void set_variables(runner_t *r)
{
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        target_reset(&r->target);
        ok(runner_run(
               r, apr_psprintf(r->pool,
                               HEAD VARIABLES
                               "http: {base_url: BASE}\n"
                               "steps:\n- {id: s, type: http, config: {url: /ok}, %s}\n"
                               "- {id: t, type: http, config: {url: '%s'}}\n",
                               variables[i].members, variables[i].url)),
           "%s", variables[i].members);
        is_int(target_requests(&r->target), 2, "both steps came");
        ok(target_saw(&r->target, variables[i].want), "%s %s", variables[i].url,
           r->target.kept[1] ? apr_pstrmemdup(r->pool, r->target.kept[1],
                                              strcspn(r->target.kept[1], "\r\n"))
                             : "");
    }
}

/* Processors before a step take part in its request; those of loops see each pass. */
static void before(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, HEAD "http: {base_url: BASE}\nsteps:\n"
                          "- id: l\n  type: loop\n"
                          "  loop:\n"
                          "    mode: for\n    count: 3\n    steps:\n"
                          "    - id: s\n      type: http\n"
                          "      config: {url: '/${v}'}\n"
                          "      pre_processors:\n"
                          "      - {type: set_variable, config: {name: v, value: "
                          "'p${loop.index}'}}\n"),
       "before each pass");
    ok(target_saw(&r->target, "GET /p0 ") && target_saw(&r->target, "GET /p1 ")
           && target_saw(&r->target, "GET /p2 "),
       "the request is made of what they set");
    is_int(target_requests(&r->target), 3, "three passes");
}

/* A wait holds no thread: a hundred users wait at once on one loop. */
static void wait_all(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, HEAD "steps:\n- id: s\n  type: http\n  config: {url: BASE/ok}\n"
                          "  preProcessors: [{type: wait, config: {duration: 300}}]\n"
                          "  postProcessors: [{type: wait, config: {seconds: 0.2}}]\n"
                          "options: {vus: 100}\n"),
       "100 users wait");
    is_int(target_requests(&r->target), 100, "all of them came");
    ok(r->last.elapsed_ms >= 500 && r->last.elapsed_ms < 5000, "took %d ms",
       (int)r->last.elapsed_ms);
}

/* A failing processor is a failure of its step: on_error and retries apply. */
static void failing(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r,
                  HEAD "steps:\n- {id: s, type: http, config: {url: BASE/ok}, "
                       "on_error: retry, retry: {max_attempts: 3, delay: 10ms}, "
                       "assert: [{status: 404}]}\n"
                       "- {id: t, type: http, config: {url: 'http://127.0.0.1:1/'}}\n"),
       "retries of an assertion");
    is_int(target_requests(&r->target), 3, "three attempts, and then the end");
    is_int(wf_json_int(runner_step(r, "s"), "failure_count", -1), 3, "three failures");
    target_reset(&r->target);
    ok(runner_run(r, HEAD "http: {base_url: BASE}\nsteps:\n"
                          "- {id: s, type: http, config: {url: /ok}, on_error: continue, "
                          "assert: [{status: 404}]}\n"
                          "- {id: t, type: http, config: {url: '/${s.status}'}}\n"),
       "on_error: continue");
    ok(target_saw(&r->target, "GET /failed "), "the next step sees the failure");
}

static void threshold(runner_t *r)
{
    ok(runner_run(r, HEAD "steps:\n- {id: s, type: http, config: {url: BASE/ok}, "
                          "checks: [{status: 200}, {status: 404}]}\n"
                          "options: {iterations: 10, thresholds: [{metric: checks, "
                          "condition: 'rate >= 0.5'}, {metric: checks, condition: "
                          "'rate > 0.6'}]}\n"),
       "thresholds on checks");
    is_int(r->last.thresholds_passed, 1, "half of them pass");
    is_int(r->last.thresholds_failed, 1, "and no more");
}

int main(void)
{
    runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    refuse(r.pool);
    judge(&r);
    set_variables(&r);
    before(&r);
    wait_all(&r);
    failing(&r);
    threshold(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
