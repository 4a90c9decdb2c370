/* Documents: what is wrong is told with path and line, what is right becomes the same
 * tree from YAML and JSON. */
#include "../tap.h"
#include "load/internal.h"
#include "read.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

static apr_pool_t *pool;

#define HEAD "id: w\nname: W\n"
#define STEPS "steps:\n- {id: a, type: http, config: {url: 'http://h/'}}\n"
#define HTTP(config) "steps:\n- id: a\n  type: http\n  config: {" config "}\n"

/* One problem each: rule, path, line. */
static const struct {
    const char *what, *yaml, *rule, *path;
    int line;
} faults[] = {
    /* clang-format off */
    /* the text */
    { "empty",               "",                                        "syntax", NULL, 1 },
    { "only a comment",      "# nothing\n",                             "syntax", NULL, 2 },
    { "unclosed brace",      HEAD "steps: [\n",                         "syntax", NULL, 4 },
    { "tab as indent",       HEAD "steps:\n\t- a\n",                    "syntax", NULL, 4 },
    { "bad UTF-8",           "id: \xff\n",                              "syntax", NULL, 1 },
    { "member twice",        HEAD "id: x\n" STEPS,                      "duplicate", NULL, 3 },
    { "list as key",         HEAD "[a]: 1\n",                           "syntax", NULL, 3 },
    { "unknown anchor",      HEAD "steps: *x\n",                        "alias", NULL, 3 },
    { "anchor in itself",    HEAD "variables: &x {a: *x}\n" STEPS,      "alias", NULL, 3 },
    { "foreign tag",         "id: !!binary aGk=\n",                     "tag", NULL, 1 },
    { "number tag on text",  "id: !!int abc\n",                         "tag", NULL, 1 },
    { "merge of a text",     HEAD "<<: text\n" STEPS,                   "syntax", NULL, 1 },
    { "a brace too many",    "{id: w, name: W, steps: [{id: a, type: sleep, duration: 1ms}]}}\n", "syntax", NULL, 1 },
    { "text behind it all",  "{id: w, name: W, steps: [{id: a, type: sleep, duration: 1ms}]}\nvus: 5\n", "syntax", NULL, 2 },
    { "text, not a map",     "hello\n",                                 "type", NULL, 1 },
    { "a list, not a map",   "- id: x\n",                               "type", NULL, 1 },
    /* the workflow */
    { "no id",               "name: W\n" STEPS,                         "required", "id", 1 },
    { "empty id",            "id: ''\nname: W\n" STEPS,                 "required", "id", 1 },
    { "null id",             "id:\nname: W\n" STEPS,                    "required", "id", 1 },
    { "number as id",        "id: 5\nname: W\n" STEPS,                  "type", "id", 1 },
    { "no name",             "id: w\n" STEPS,                           "required", "name", 1 },
    { "no steps",            HEAD,                                      "required", "steps", 1 },
    { "empty steps",         HEAD "steps: []\n",                        "required", "steps", 3 },
    { "steps are a map",     HEAD "steps: {a: 1}\n",                    "type", "steps", 3 },
    { "unknown member",      HEAD "stepz: 1\n" STEPS,                   "unknown-member", "stepz", 3 },
    { "variables a list",    HEAD "variables: [1]\n" STEPS,             "type", "variables", 3 },
    { "a hook",              HEAD "pre_hook: {type: http}\n" STEPS,     "required", "pre_hook.config.url", 3 },
    /* steps */
    { "step is a text",      HEAD "steps:\n- hello\n",                  "type", "steps[0]", 4 },
    { "no step id",          HEAD "steps:\n- type: http\n  config: {url: 'http://h'}\n", "required", "steps[0].id", 4 },
    { "no type",             HEAD "steps:\n- id: a\n",                  "required", "steps[0].type", 4 },
    { "unknown type",        HEAD "steps:\n- id: a\n  type: ftp\n",     "value", "steps[0].type", 5 },
    { "mq",                  HEAD "steps:\n- id: a\n  type: mq\n",  "unsupported", "steps[0].type", 5 },
    { "grpc",                HEAD "steps:\n- id: a\n  type: grpc\n",    "unsupported", "steps[0].type", 5 },
    { "id twice",            HEAD "steps:\n- {id: a, type: http, config: {url: 'http://h'}}\n- {id: a, type: http, config: {url: 'http://h'}}\n", "duplicate", "steps[1].id", 5 },
    { "bad on_error",        HEAD HTTP("url: 'http://h/'") "  on_error: panic\n", "value", "steps[0].on_error", 7 },
    { "retry without retry", HEAD HTTP("url: 'http://h/'") "  retry: {delay: 1s}\n", "value", "steps[0].retry", 7 },
    { "processors",          HEAD HTTP("url: 'http://h/'") "  preProcessors: {}\n", "type", "steps[0].preProcessors", 7 },
    { "timeout a number",    HEAD HTTP("url: 'http://h/'") "  timeout: 5\n", "type", "steps[0].timeout", 7 },
    { "sleep a number",      HEAD "steps:\n- {id: a, type: sleep, duration: 10}\n", "type", "steps[0].duration", 4 },
    { "sleep a word",        HEAD "steps:\n- {id: a, type: sleep, duration: soon}\n", "duration", "steps[0].duration", 4 },
    { "sleep without end",   HEAD "steps:\n- {id: a, type: sleep, min: 1s}\n", "range", "steps[0].min", 4 },
    { "sleep the wrong way", HEAD "steps:\n- {id: a, type: sleep, config: {min: 2s, max: 1s}}\n", "range", "steps[0].config.min", 4 },
    { "sleep in two ways",   HEAD "steps:\n- {id: a, type: sleep, duration: 1s, max: 1s}\n", "value", "steps[0].duration", 4 },
    { "sleep for nothing",   HEAD "steps:\n- {id: a, type: sleep}\n", "required", "steps[0].duration", 4 },
    { "sleep back",          HEAD "steps:\n- {id: a, type: sleep, config: {duration: -1s}}\n", "range", "steps[0].config.duration", 4 },
    { "too large a number",  HEAD STEPS "options: {vus: 99999999999999999999}\n", "type", "options.vus", 5 },
    { "timeout a word",      HEAD HTTP("url: 'http://h/'") "  timeout: soon\n", "duration", "steps[0].timeout", 7 },
    { "timeout negative",    HEAD HTTP("url: 'http://h/'") "  timeout: -5s\n", "range", "steps[0].timeout", 7 },
    { "no branches",         HEAD "steps:\n- {id: a, type: condition, branches: []}\n", "required", "steps[0].branches", 4 },
    { "for stands still",    HEAD "steps:\n- {id: a, type: for, end: 3, step: 0, steps: [{id: b, type: sleep, duration: 1ms}]}\n", "range", "steps[0].step", 4 },
    { "foreach of a word",   HEAD "steps:\n- {id: a, type: foreach, items: word, steps: [{id: b, type: sleep, duration: 1ms}]}\n", "type", "steps[0].items", 4 },
    { "waits without pause", HEAD "steps:\n- id: a\n  type: wait_until\n  config: {condition: 'false', interval: 0s}\n", "range", "steps[0].config.interval", 6 },
    { "socket without host", HEAD "steps:\n- id: a\n  type: socket\n  config: {action: connect, port: 1}\n", "required", "steps[0].config.host", 6 },
    { "socket without data", HEAD "steps:\n- id: a\n  type: socket\n  config: {action: send}\n", "required", "steps[0].config.data", 6 },
    /* http */
    { "no config",           HEAD "steps:\n- {id: a, type: http}\n",    "required", "steps[0].config.url", 4 },
    { "no url",              HEAD HTTP(""),                             "required", "steps[0].config.url", 6 },
    { "relative url",        HEAD HTTP("url: /x"),                      "value", "steps[0].config.url", 6 },
    { "another scheme",      HEAD HTTP("url: 'ftp://h/'"),              "value", "steps[0].config.url", 6 },
    { "no host",             HEAD HTTP("url: 'http://'"),               "value", "steps[0].config.url", 6 },
    { "unknown domain",      HEAD HTTP("domain: x"),                    "value", "steps[0].config.domain", 6 },
    { "bad method",          HEAD HTTP("url: 'http://h/', method: FETCH"), "value", "steps[0].config.method", 6 },
    { "headers a text",      HEAD HTTP("url: 'http://h/', headers: x"), "type", "steps[0].config.headers", 6 },
    { "header a map",        HEAD HTTP("url: 'http://h/', headers: {A: {}}"), "type", "steps[0].config.headers.A", 6 },
    { "bad header name",     HEAD HTTP("url: 'http://h/', headers: {'A b': x}"), "header", "steps[0].config.headers.A b", 6 },
    { "line break in value", HEAD HTTP("url: 'http://h/', headers: {A: \"x\\r\\nB: y\"}"), "header", "steps[0].config.headers.A", 6 },
    { "pair without key",    HEAD HTTP("url: 'http://h/', params: [{value: 1}]"), "required", "steps[0].config.params[0].key", 6 },
    { "typed body",          HEAD HTTP("url: 'http://h/', body: {type: text, raw: []}"), "value", "steps[0].config.body.raw", 6 },
    { "section header",      HEAD "http: {headers: {A: [1]}}\n" STEPS,  "type", "http.headers.A", 3 },
    { "section member",      HEAD "http: {url: x}\n" STEPS,             "unknown-member", "http.url", 3 },
    { "domain a number",     HEAD "http: {domains: {a: 'http://h', b: 5}}\n" STEPS, "type", "http.domains.b", 3 },
    { "domain without host", HEAD "http: {domains: {a: h}}\n" STEPS, "value", "http.domains.a", 3 },
    { "ssl member",          HEAD "http: {ssl: {verfy: true}}\n" STEPS, "unknown-member", "http.ssl.verfy", 3 },
    { "verify a text",       HEAD "http: {ssl: {verify: 'yes'}}\n" STEPS, "type", "http.ssl.verify", 3 },
    /* options */
    { "unknown option",      HEAD STEPS "options: {vu: 1}\n",           "unknown-member", "options.vu", 5 },
    { "vus a text",          HEAD STEPS "options: {vus: many}\n",       "type", "options.vus", 5 },
    { "vus a fraction",      HEAD STEPS "options: {vus: 1.5}\n",        "type", "options.vus", 5 },
    { "vus negative",        HEAD STEPS "options: {vus: -1}\n",         "range", "options.vus", 5 },
    { "too many vus",        HEAD STEPS "options: {vus: 99999999}\n",   "limit", "options.vus", 5 },
    { "iterations negative", HEAD STEPS "options: {iterations: -1}\n",  "range", "options.iterations", 5 },
    { "duration negative",   HEAD STEPS "options: {duration: -1s}\n",   "range", "options.duration", 5 },
    { "duration bare",       HEAD STEPS "options: {duration: 30}\n",    "type", "options.duration", 5 },
    { "unknown mode",        HEAD STEPS "options: {mode: fast}\n",      "value", "options.mode", 5 },
    { "tag a list",          HEAD STEPS "options: {tags: {a: 1, b: [x]}}\n", "type", "options.tags.b", 5 },
    { "a scenario's tag",    HEAD STEPS "scenarios: {s: {tags: {b: }}}\n", "type", "scenarios.s.tags.b", 5 },
    { "start_vus twice",     HEAD STEPS "options:\n  start_vus: 1\n  stages: [{duration: 1s, target: 1}]\n  ramp_up: {start_vus: 2}\n", "duplicate", "options.ramp_up.start_vus", 8 },
    { "slaves a list",       HEAD STEPS "options: {target_slaves: []}\n", "type", "options.target_slaves", 5 },
    { "unknown mode of slaves", HEAD STEPS "options: {target_slaves: {mode: all}}\n", "value", "options.target_slaves.mode", 5 },
    { "no slave",            HEAD STEPS "options: {target_slaves: {slave_ids: []}}\n", "limit", "options.target_slaves.slave_ids", 5 },
    { "slave a map",         HEAD STEPS "options: {target_slaves: {slave_ids: [a, {}]}}\n", "type", "options.target_slaves.slave_ids[1]", 5 },
    { "label a list",        HEAD STEPS "options: {target_slaves: {labels: {a: []}}}\n", "type", "options.target_slaves.labels.a", 5 },
    { "manual without ids",  HEAD STEPS "options: {target_slaves: {mode: manual}}\n", "required", "options.target_slaves.slave_ids", 5 },
    { "label without labels", HEAD STEPS "options: {target_slaves: {mode: label}}\n", "required", "options.target_slaves.labels", 5 },
    { "capability alone",    HEAD STEPS "options: {target_slaves: {mode: capability}}\n", "required", "options.target_slaves.capabilities", 5 },
    { "ids in another mode", HEAD STEPS "options: {target_slaves: {mode: auto, slave_ids: [a]}}\n", "value", "options.target_slaves.slave_ids", 5 },
    { "manual and a number", HEAD STEPS "options: {target_slaves: {slave_ids: [a], min_slaves: 2}}\n", "value", "options.target_slaves.min_slaves", 5 },
    { "local and labels",    HEAD STEPS "options: {target_slaves: {mode: local, labels: {a: b}}}\n", "value", "options.target_slaves.labels", 5 },
    { "more than at most",   HEAD STEPS "options: {target_slaves: {min_slaves: 3, max_slaves: 2}}\n", "range", "options.target_slaves.min_slaves", 5 },
    { "slave type",          HEAD STEPS "options: {slave_type: boss}\n", "value", "options.slave_type", 5 },
    { "loss",                HEAD STEPS "options: {on_slave_loss: weep}\n", "value", "options.on_slave_loss", 5 },
    { "http engine",         HEAD STEPS "options: {http_engine: slow}\n", "value", "options.http_engine", 5 },
    { "samples",             HEAD STEPS "options: {sampling_mode: smart}\n", "unsupported", "options.sampling_mode", 5 },
    { "samples of a word",   HEAD STEPS "options: {sampling_mode: all}\n", "value", "options.sampling_mode", 5 },
    { "threshold grammar",   HEAD STEPS "options: {thresholds: [{metric: http_reqs, condition: 'lots'}]}\n", "threshold", "options.thresholds[0].condition", 5 },
    { "thresholds alone",    HEAD STEPS "options: {thresholds: 'p(95)<1'}\n", "type", "options.thresholds", 5 },
    { "threshold by metric", HEAD STEPS "options: {thresholds: {http_reqs: ['count>1', lots]}}\n", "threshold", "options.thresholds.http_reqs[1].condition", 5 },
    { "the same alone",      HEAD STEPS "options: {thresholds: {http_reqs: 7}}\n", "type", "options.thresholds.http_reqs.condition", 5 },
    { "the same as a map",   HEAD STEPS "options: {thresholds: {http_reqs: {metric: vus, condition: 'count>1'}}}\n", "unknown-member", "options.thresholds.http_reqs.metric", 5 },
    { "the same, empty",     HEAD STEPS "options: {thresholds: {http_reqs: [{}]}}\n", "required", "options.thresholds.http_reqs[0].condition", 5 },
    { "executor",            HEAD STEPS "options: {executor: nope}\n", "value", "options.executor", 5 },
    { "threshold statistic", HEAD STEPS "options: {thresholds: [{metric: http_reqs, condition: 'p95 < 1'}]}\n", "threshold", "options.thresholds[0].condition", 5 },
    { "threshold incomplete", HEAD STEPS "options: {thresholds: [{metric: http_reqs}]}\n", "required", "options.thresholds[0].condition", 5 },
    /* clang-format on */
};

static const wf_problem_t *error_at(const wf_problems_t *problems, int i)
{
    return &APR_ARRAY_IDX(problems->items, i, wf_problem_t);
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void every_fault(void)
{
    size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        wf_problems_t *problems = wf_problems_create("w.yaml", pool);
        const wf_problem_t *got;
        wf_plan_t *plan;

        plan_from_yaml(&plan, faults[i].yaml, strlen(faults[i].yaml), problems, pool);
        if (!ok(plan == NULL && problems->errors == 1, "%s: one problem",
                faults[i].what)) {
            diag("%s", wf_problems_text(problems, pool));
            continue;
        }
        got = error_at(problems, 0);
        if (!ok(same_text(got->rule, faults[i].rule)
                    && same_text(got->path, faults[i].path)
                    && got->line == faults[i].line,
                "%s: %s", faults[i].what, got->message)) {
            diag("got  [%s] %s line %d", got->rule, got->path ? got->path : "-",
                 got->line);
            diag("want [%s] %s line %d", faults[i].rule,
                 faults[i].path ? faults[i].path : "-", faults[i].line);
        }
    }
}

/* What else people write, and what they are told that they mean. */
static void hints(void)
{
    /* clang-format off */
    static const struct {
        const char *name, *meant; /* NULL: nobody knows */
    } cases[] = {
        { "gracefulStop", "graceful_stop" }, { "timeUnit", "time_unit" },
        { "preAllocatedVUs", "pre_allocated_vus" }, { "think-time", "think_time" },
        { "vuss", "vus" }, { "vu", NULL }, { "VUs", "vus" }, { "duraton", "duration" },
        { "duratoin", "duration" }, { "treshold", "thresholds" }, { "itterations", "iterations" },
        { "rats", "rate" }, { "abc", NULL }, { "x", NULL }, { "", NULL }, { "_", NULL },
        { "users", NULL }, { "duration_in_seconds", NULL }, { "\xc3\xa4", NULL },
        { "iterationsiterationsiterationsiterations1", NULL },
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_problems_t *problems = wf_problems_create("w.yaml", pool);
        const char *yaml =
            apr_psprintf(pool, HEAD STEPS "options: {'%s': }\n", cases[i].name);
        const char *want = cases[i].meant
                               ? apr_pstrcat(pool, "no such member; did you mean ",
                                             cases[i].meant, "?", NULL)
                               : "no such member; there are ";
        wf_plan_t *plan;

        plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
        if (is_int(problems->errors, 1, "'%s': one problem", cases[i].name)) {
            const char *message = error_at(problems, 0)->message;

            is_str(apr_pstrmemdup(pool, message, cases[i].meant ? strlen(message) : strlen(want)),
                   want, "… the hint");
            ok(cases[i].meant || strstr(message, "vus, duration, "), "… what there is");
        }
    }
}

/* ---- who runs it --------------------------------------------------------------------- */

/* mode, ids, labels, capabilities, type, least-most, loss, late joiners */
static const char *placement_text(const wf_placement_t *placement)
{
    static const char *const modes[] = { "auto", "manual", "label", "capability",
                                         "local" };
    static const char *const losses[] = { "redistribute", "continue", "abort" };
    const wf_selector_t *s = &placement->selector;

    return apr_psprintf(pool, "%s %s zone=%s %s %s %d-%d %s %d", modes[s->mode],
                        s->ids ? apr_array_pstrcat(pool, s->ids, '+') : "-",
                        s->labels ? apr_table_get(s->labels, "zone") : "-",
                        s->capabilities ? apr_array_pstrcat(pool, s->capabilities, '+')
                                        : "-",
                        s->type ? s->type : "-", s->min_slaves, s->max_slaves,
                        losses[placement->loss], placement->late_joiners);
}

static void placements(void)
{
    /* clang-format off */
    static const struct {
        const char *options;
        int given;
        const char *text;
    } cases[] = {
        { "vus: 1", 0, "auto - zone=- - - 0-0 redistribute 0" },
        { "on_slave_loss: abort", 0, "auto - zone=- - - 0-0 abort 0" },
        { "slave_type: gateway", 1, "auto - zone=- - gateway 0-0 redistribute 0" },
        { "target_slaves: {}", 1, "auto - zone=- - - 0-0 redistribute 0" },
        { "target_slaves: {mode: local}", 1, "local - zone=- - - 0-0 redistribute 0" },
        { "target_slaves: {slave_ids: [b, a, 7]}", 1, "manual b+a+7 zone=- - - 0-0 redistribute 0" },
        { "target_slaves: {labels: {zone: 1}, min_slaves: 2}", 1, "label - zone=1 - - 2-0 redistribute 0" },
        { "target_slaves: {labels: {zone: a}, capabilities: [db_executor]}", 1, "label - zone=a db_executor - 0-0 redistribute 0" },
        { "target_slaves: {capabilities: [a, b], max_slaves: 3}", 1, "capability - zone=- a+b - 0-3 redistribute 0" },
        { "target_slaves: {labels: {zone: a}, late_joiners: true}", 1, "label - zone=a - - 0-0 redistribute 1" },
        { "target_slaves: {mode: auto, labels: {zone: a}}, on_slave_loss: continue", 1, "auto - zone=a - - 0-0 continue 0" },
    };
    /* clang-format on */

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_problems_t *problems = wf_problems_create("w.yaml", pool);
        const char *yaml =
            apr_psprintf(pool, HEAD STEPS "options: {%s}\n", cases[i].options);
        wf_plan_t *plan;

        plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
        if (ok(plan != NULL, "%s", cases[i].options)) {
            is_int(wf_plan_placement(plan)->given, cases[i].given, "… does it ask");
            is_str(placement_text(wf_plan_placement(plan)), cases[i].text, "… for what");
        }
    }
}

static void capabilities(void)
{
    static const char yaml[] =
        HEAD "steps:\n- {id: a, type: http, config: {url: 'http://h/'}}\n"
             "- {id: b, type: loop, loop: {mode: for, count: 1, steps: ["
             "{id: c, type: script, config: {script: '1'}},"
             "{id: d, type: sleep, config: {duration: 1s}},"
             "{id: e, type: http, config: {url: 'http://h/'}}]}}\n";
    wf_problems_t *problems = wf_problems_create("w.yaml", pool);
    wf_plan_t *plan;

    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    if (!ok(plan != NULL, "steps of some types")) {
        diag("%s", wf_problems_text(problems, pool));
        return;
    }
    is_str(apr_array_pstrcat(pool, wf_plan_capabilities(plan, pool), ' '),
           "http_executor script_executor", "need these capabilities, inner ones too");
    is_str(apr_array_pstrcat(pool, wf_steps_capabilities(&wf_steps, pool), ' '),
           "http_executor script_executor db_executor socket_executor",
           "of all that there are");
}

/* ---- everything at once ---------------------------------------------------------------
 */

static void all_together(void)
{
    static const char yaml[] =
        "id: w\nsteps:\n- {id: a, type: http}\n- {id: a, type: nope}\n"
        "options: {vus: x, duration: 5, duration: 5s}\nextra: 1\nid: v\n";
    wf_problems_t *problems = wf_problems_create("w.yaml", pool);
    wf_plan_t *plan;

    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    ok(plan == NULL, "no plan");
    is_int(problems->errors, 9, "all problems of a document at once");
}

/* A warning does not refuse: config is free form. */
static void warnings(void)
{
    static const char yaml[] = HEAD HTTP("url: 'http://h/', metod: GET");
    wf_problems_t *problems = wf_problems_create("w.yaml", pool);
    wf_plan_t *plan;

    plan_from_yaml(&plan, yaml, strlen(yaml), problems, pool);
    ok(plan != NULL && problems->errors == 0, "an unknown member of config is no error");
    is_int(problems->items->nelts, 1, "but a warning");
    is_str(error_at(problems, 0)->path, "steps[0].config.metod", "with its path");
}

/* ---- the tree ------------------------------------------------------------------- */

static const struct {
    const char *yaml, *json;
} values[] = {
    /* clang-format off */
    { "1",                   "1" },
    { "-17",                 "-17" },
    { "0x1F",                "31" },
    { "0o17",                "15" },
    { "017",                 "17" },
    { "9223372036854775807", "9223372036854775807" },
    { "1.5",                 "1.5" },
    { "-2e3",                "-2000.0" },
    { ".5",                  "0.5" },
    { "1_000",               "\"1_000\"" },
    { "1.2.3",               "\"1.2.3\"" },
    { ".inf",                "\".inf\"" },
    { "0x",                  "\"0x\"" },
    { "-",                   "[null]" },
    { "true",                "true" },
    { "False",               "false" },
    { "yes",                 "\"yes\"" },
    { "~",                   "null" },
    { "null",                "null" },
    { "'1'",                 "\"1\"" },
    { "\"true\"",            "\"true\"" },
    { "!!str 5",             "\"5\"" },
    { "!!int 5",             "5" },
    { "[1, a, [], {}]",      "[1,\"a\",[],{}]" },
    { "{a: {b: [1, 2]}}",    "{\"a\":{\"b\":[1,2]}}" },
    { "|\n  two\n  lines\n", "\"two\\nlines\\n\"" },
    { "{a: &x [1, 2], b: *x}",                 "{\"a\":[1,2],\"b\":[1,2]}" },
    { "{d: &d {x: 1, y: 2}, e: {<<: *d, y: 3}}", "{\"d\":{\"x\":1,\"y\":2},\"e\":{\"y\":3,\"x\":1}}" },
    { "{<<: [{a: 1}, {a: 2, b: 3}]}",          "{\"a\":1,\"b\":3}" },
    { "{'<<': 1}",                             "{\"<<\":1}" },
    /* clang-format on */
};

static void tree(void)
{
    size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        wf_problems_t *problems = wf_problems_create(NULL, pool);
        const wf_node_t *node =
            wf_node_from_yaml(values[i].yaml, strlen(values[i].yaml), problems, pool);
        wf_value_t value;
        json_object *json;

        if (!ok(node != NULL, "%s", values[i].yaml)) {
            diag("%s", wf_problems_text(problems, pool));
            continue;
        }
        value = wf_node_value(node, pool);
        json = wf_json_own(wf_value_to_json(&value), pool);
        is_str(wf_json_text(json, NULL, pool), values[i].json, "its value");
    }
}

/* YAML and JSON of the same document give the same plan or the same problems. */
static void same_from_json(void)
{
    static const char *const documents[] = {
        "{\"id\":\"w\",\"name\":\"W\",\"steps\":[{\"id\":\"a\",\"type\":\"http\","
        "\"config\":"
        "{\"url\":\"http://h/"
        "\",\"headers\":{\"A\":1}}}],\"options\":{\"duration\":\"5s\"}}",
        "{\"id\":7,\"name\":\"W\",\"steps\":[{\"id\":\"a\",\"type\":\"htp\",\"x\":1}]}",
        "{\"id\":\"w\",\"name\":\"W\",\"steps\":[],\"options\":{\"duration\":5}}",
        "[]",
        "null",
    };
    size_t i;
    int k;

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        wf_problems_t *a = wf_problems_create(NULL, pool),
                      *b = wf_problems_create(NULL, pool);
        wf_plan_t *from_yaml, *from_json;
        json_object *json = NULL;
        wf_error_t err;
        int same;

        wf_error_init(&err, pool);
        wf_json_parse(&json, documents[i], strlen(documents[i]), pool, &err);
        plan_from_yaml(&from_yaml, documents[i], strlen(documents[i]), a, pool);
        plan_from_json(&from_json, json, b, pool);
        same = (from_yaml != NULL) == (from_json != NULL) && a->errors == b->errors;
        for (k = 0; same && k < a->items->nelts; k++) {
            same = same_text(error_at(a, k)->path, error_at(b, k)->path)
                   && same_text(error_at(a, k)->rule, error_at(b, k)->rule);
        }
        ok(same, "document %d: the same from both", (int)i);
    }
}

/* ---- limits --------------------------------------------------------------------- */

static void refused(const char *what, const char *yaml, size_t length)
{
    wf_problems_t *problems = wf_problems_create(NULL, pool);
    apr_int64_t begin = wf_mono_us();
    const wf_node_t *node = wf_node_from_yaml(yaml, length, problems, pool);

    ok(node == NULL && problems->errors == 1
           && strcmp(error_at(problems, 0)->rule, "limit") == 0,
       "%s is refused", what);
    ok(wf_mono_us() - begin < 10000000, "%s: in time", what);
}

static void limits(void)
{
    static const char laughs[] = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, "
                                 "*a, *a, *a, *a, *a, *a, *a]\n"
                                 "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, "
                                 "*c, *c, *c, *c, *c, *c, *c]\n"
                                 "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, "
                                 "*e, *e, *e, *e, *e, *e, *e]\n"
                                 "g: [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]\n";
    char *text = malloc(WF_DOC_MAX_BYTES + 2);
    int i;

    refused("a document of aliases", laughs, strlen(laughs));
    memset(text, '[', WF_DOC_MAX_DEPTH + 1);
    refused("deep nesting", text, WF_DOC_MAX_DEPTH + 1);
    for (i = 0; i < WF_DOC_MAX_NODES + 1; i++) {
        memcpy(text + i * 4, "- 1\n", 4);
    }
    refused("a long list", text, (WF_DOC_MAX_NODES + 1) * 4);
    memset(text, '#', WF_DOC_MAX_BYTES + 1);
    refused("a large file", text, WF_DOC_MAX_BYTES + 1);
    free(text);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    every_fault();
    hints();
    placements();
    capabilities();
    all_together();
    warnings();
    tree();
    same_from_json();
    limits();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
