/* Processors: what a step does before and after its own work. Each is a step without an
 * id; this file reads their lists and holds the types that are no more than that. */
#include "steps/processors.h"

#include <stddef.h>
#include <string.h>

#define SCRIPT_TIMEOUT_NS (30 * NS_PER_S)
#define WAIT_DEFAULT_MS 1000
#define WAIT_MAX_MS (24 * 3600 * 1000)

/* One processor of a list. */
typedef struct item_t {
    const char *id, *type, *name;
    int enabled;
    const wf_node_t *config, *node;
    const wf_where_t *path; /* of the config */
    wf_compile_t *c;
} item_t;

static void wrong(const item_t *at, const char *member, const char *rule,
                  const char *text)
{
    wf_where_t path = { .up = at->path, .key = member };
    const wf_node_t *node = wf_node_get(at->config, member);

    wf_compile_problem(at->c, rule, node ? node : at->config, &path, "%s", text);
}

/* ---- set_variable -------------------------------------------------------------------- */

typedef struct setting_t {
    const char *name, *variable, *snake, *scope;
    const wf_node_t *node;
    wf_shape_t *value;
} setting_t;

/* clang-format off */
static const wf_field_t setting_fields[] = {
    WF_FIELD("name", STRING, setting_t, name),
    WF_FIELD("variableName", STRING, setting_t, variable),
    WF_FIELD("variable_name", STRING, setting_t, snake),
    WF_FIELD("value", NODE, setting_t, node),
    WF_FIELD("scope", STRING, setting_t, scope),
    WF_FIELDS_END
};
/* clang-format on */

static wf_step_progress_e set_start(wf_strand_t *strand, wf_act_t *act)
{
    const setting_t *own = act->step->config;
    wf_value_t value = wf_null();
    wf_error_t err;
    apr_pool_t *p;

    apr_pool_create(&p, wf_strand_pool(strand));
    apr_pool_tag(p, "wf_set_variable");
    wf_error_init(&err, p);
    if (own->value != NULL
        && wf_shape_eval(own->value, strand, &value, p, &err) != APR_SUCCESS) {
        wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR",
                       "cannot set %s: %s", own->name, err.message);
    }
    else {
        wf_strand_set(strand, own->name, &value);
    }
    apr_pool_destroy(p);
    return WF_STEP_DONE;
}

static const wf_step_type_t set_type = { .name = "set_variable", .start = set_start };

static wf_step_t *compile_setting(const item_t *at)
{
    wf_where_t path = { .up = at->path, .key = "value" };
    wf_step_t *step = wf_step_add(at->node, at->path->up, at->c);
    setting_t *own = apr_pcalloc(at->c->p, sizeof(*own));

    wf_schema_bind(setting_fields, at->config, own, at->path, at->c);
    own->name = own->name ? own->name : own->variable ? own->variable : own->snake;
    if (own->name == NULL || *own->name == '\0') {
        wrong(at, "variableName", "required", "is required");
    }
    else {
        own->name = wf_scoped_name(own->name, own->scope, at->config, at->path, at->c);
    }
    if (own->node != NULL) {
        own->value = wf_compile_shape(at->c, own->node, &path);
    }
    step->type = &set_type;
    step->config = own;
    return step;
}

/* ---- wait ---------------------------------------------------------------------------- */

typedef struct wait_t {
    const wf_node_t *duration, *ms, *seconds;
    apr_int64_t ns;
} wait_t;

/* clang-format off */
static const wf_field_t wait_fields[] = {
    WF_FIELD("duration", NODE, wait_t, duration),
    WF_FIELD("ms", NODE, wait_t, ms),
    WF_FIELD("seconds", NODE, wait_t, seconds),
    WF_FIELDS_END
};
/* clang-format on */

static wf_step_progress_e wait_start(wf_strand_t *strand, wf_act_t *act)
{
    const wait_t *own = act->step->config;

    (void)strand;
    wf_act_pause(act, own->ns);
    return WF_STEP_WAITING;
}

static wf_step_progress_e wait_wake(wf_strand_t *strand, wf_act_t *act)
{
    (void)strand;
    (void)act;
    return WF_STEP_DONE;
}

static const wf_step_type_t wait_type = { .name = "wait",
                                          .start = wait_start,
                                          .wake = wait_wake };

/* A number of so many milliseconds, or a text such as 1s. 0: neither. */
static int read_span(const wf_node_t *node, double unit_ms, apr_int64_t *ns)
{
    double ms = node->type == WF_NODE_INTEGER  ? (double)node->integer * unit_ms
                : node->type == WF_NODE_NUMBER ? node->number * unit_ms
                                               : -1;

    if (node->type == WF_NODE_STRING) {
        return wf_duration_parse(ns, node->text) == APR_SUCCESS && *ns >= 0
               && *ns <= WAIT_MAX_MS * NS_PER_MS;
    }
    if (!(ms >= 0 && ms <= WAIT_MAX_MS)) {
        return 0;
    }
    *ns = (apr_int64_t)(ms * (double)NS_PER_MS);
    return 1;
}

static wf_step_t *compile_wait(const item_t *at)
{
    wf_step_t *step = wf_step_add(at->node, at->path->up, at->c);
    wait_t *own = apr_pcalloc(at->c->p, sizeof(*own));
    const wf_node_t *node;

    wf_schema_bind(wait_fields, at->config, own, at->path, at->c);
    own->ns = WAIT_DEFAULT_MS * NS_PER_MS;
    node = own->duration ? own->duration : own->ms ? own->ms : own->seconds;
    if (node != NULL && !read_span(node, node == own->seconds ? 1000 : 1, &own->ns)) {
        wrong(at,
              node == own->duration ? "duration"
              : node == own->ms     ? "ms"
                                    : "seconds",
              "duration",
              "must be a number of at most 24 hours, or a text such as 250ms");
    }
    step->type = &wait_type;
    step->config = own;
    return step;
}

/* ---- js_script ------------------------------------------------------------------------ */

static wf_step_t *compile_script(const item_t *at)
{
    wf_step_t *step = wf_step_add(at->node, at->path->up, at->c);

    step->type = &wf_step_script;
    if (wf_node_get(at->config, "timeout") == NULL) {
        step->timeout_ns = SCRIPT_TIMEOUT_NS;
    }
    step->type->compile(step, at->config, at->path, at->c);
    return step;
}

/* ---- assertion ------------------------------------------------------------------------ */

typedef struct assertion_t {
    int subject;
    const char *operator_name, *expression, *message;
    const wf_node_t *actual, *expected;
} assertion_t;

static const char *const subject_words[] = { "status_code", "response_body", "jsonpath",
                                             "header",      "response_time", NULL };

/* clang-format off */
static const wf_field_t assertion_fields[] = {
    WF_ONE_OF("assertType", subject_words, assertion_t, subject),
    WF_ONE_OF("assert_type", subject_words, assertion_t, subject),
    WF_FIELD("operator", STRING, assertion_t, operator_name),
    WF_FIELD("expression", STRING, assertion_t, expression),
    WF_FIELD("expected", NODE, assertion_t, expected),
    WF_FIELD("message", STRING, assertion_t, message),
    WF_FIELDS_END
};

static const wf_field_t keyword_fields[] = {
    WF_FIELD("actual", NODE, assertion_t, actual),
    WF_FIELD("expected", NODE, assertion_t, expected),
    WF_FIELD("message", STRING, assertion_t, message),
    WF_FIELDS_END
};
/* clang-format on */

enum { BY_STATUS, BY_BODY, BY_JSONPATH, BY_HEADER, BY_TIME };

static void look_by_subject(wf_check_t *check, const assertion_t *own, const item_t *at)
{
    static const wf_part_e parts[] = {
        [BY_STATUS] = WF_PART_STATUS, [BY_BODY] = WF_PART_TEXT, [BY_TIME] = WF_PART_TIME
    };
    wf_look_draft_t nothing;

    wf_look_init(&nothing);
    if (own->subject != BY_JSONPATH && own->subject != BY_HEADER) {
        wf_look_at_part(&check->look, parts[own->subject], at->c);
    }
    else if (own->expression == NULL) {
        wrong(at, "expression", "required", "is required");
    }
    else {
        wf_look_for(&check->look,
                    own->subject == BY_HEADER ? WF_FIND_HEADER : WF_FIND_JSON,
                    own->expression, "expression", &nothing, at->config, at->path, at->c);
    }
    check->look.loose = 1; /* what is expected is often a text here */
}

static wf_step_t *add_check(wf_check_t *check, const assertion_t *own, const item_t *at)
{
    check->name = at->name ? at->name : at->id;
    check->message = own->message;
    return wf_checks_step(check, 1, 0, at->node, at->path->up, at->c);
}

static wf_step_t *compile_assertion(const item_t *at)
{
    wf_check_t *check = apr_pcalloc(at->c->p, sizeof(*check));
    wf_where_t path = { .up = at->path, .key = "expected" };
    assertion_t own = { .subject = -1 };
    const wf_assertion_t *row;
    int before = at->c->problems->errors;

    wf_schema_bind(assertion_fields, at->config, &own, at->path, at->c);
    row = wf_assertion_find(own.operator_name ? own.operator_name : "eq", 1);
    if (own.subject < 0) {
        if (at->c->problems->errors == before) {
            wrong(at, "assertType", "required", "is required");
        }
        return NULL;
    }
    if (row == NULL) {
        wrong(at, "operator", "value",
              "is not one of: eq, ne, contains, not_contains, gt, lt, gte, lte");
        return NULL;
    }
    if (own.expected == NULL && row->expects != WF_EXPECT_NOTHING) {
        wrong(at, "expected", "required", "is required");
        return NULL;
    }
    look_by_subject(check, &own, at);
    wf_check_expect(check, row, own.expected, &path, at->c);
    return add_check(check, &own, at);
}

static const wf_node_t *given(const wf_node_t *map, const char *key)
{
    const wf_member_t *m;

    for (m = map->first; m != NULL; m = m->next) {
        if (strcmp(m->key, key) == 0) {
            return m->value; /* null is a value here */
        }
    }
    return NULL;
}

/* A keyword of the library as the type: {actual, expected, message}. */
static wf_step_t *compile_keyword(const wf_assertion_t *row, const item_t *at)
{
    wf_check_t *check = apr_pcalloc(at->c->p, sizeof(*check));
    wf_where_t at_actual = { .up = at->path, .key = "actual" };
    wf_where_t at_expected = { .up = at->path, .key = "expected" };
    assertion_t own = { 0 };

    wf_schema_bind(keyword_fields, at->config, &own, at->path, at->c);
    own.actual = given(at->config, "actual");
    own.expected = given(at->config, "expected");
    if (own.actual == NULL) {
        wrong(at, "actual", "required", "is required");
        return NULL;
    }
    if (own.expected == NULL && row->expects != WF_EXPECT_NOTHING) {
        wrong(at, "expected", "required", "is required");
        return NULL;
    }
    wf_look_at_value(&check->look, own.actual, &at_actual, at->c);
    wf_check_expect(check, row, own.expected, &at_expected, at->c);
    return add_check(check, &own, at);
}

/* ---- extract_param -------------------------------------------------------------------- */

static const struct {
    const char *word, *keyword;
} extract_types[] = {
    { "jsonpath", "json_path" }, { "json_path", "json_path" }, { "header", "header" },
    { "cookie", "cookie" },      { "regex", "regex" },         { "status", "status" },
    { "body", "body" },
};

/* The config without the member that chose the keyword. */
static wf_node_t *without(const wf_node_t *map, const char *key, apr_pool_t *p)
{
    wf_node_t *rest = apr_pmemdup(p, map, sizeof(*map));
    const wf_member_t *m;

    rest->first = rest->last = NULL;
    rest->count = 0;
    for (m = map->first; m != NULL; m = m->next) {
        if (strcmp(m->key, key) != 0) {
            wf_member_t *copy = apr_pmemdup(p, m, sizeof(*m));

            copy->next = NULL;
            *(rest->last ? &rest->last->next : &rest->first) = copy;
            rest->last = copy;
            rest->count++;
        }
    }
    return rest;
}

static wf_step_t *compile_extract_param(const item_t *at)
{
    const char *member =
        wf_node_get(at->config, "extract_type") ? "extract_type" : "extractType";
    const wf_node_t *type = wf_node_get(at->config, member);
    size_t i;
    int known;

    for (i = 0; type != NULL && type->type == WF_NODE_STRING
                && i < sizeof(extract_types) / sizeof(extract_types[0]);
         i++) {
        if (strcmp(extract_types[i].word, type->text) == 0) {
            return wf_extract_keyword(extract_types[i].keyword,
                                      without(at->config, member, at->c->p), &known,
                                      at->path, at->c);
        }
    }
    wrong(at, member, "value",
          "must be one of: jsonpath, header, cookie, regex, status, body");
    return NULL;
}

static wf_step_t *refuse_query(const item_t *at)
{
    wf_compile_problem(at->c, "unsupported", at->node, at->path->up,
                       "db_query: write a step of type db");
    return NULL;
}

/* ---- lists ---------------------------------------------------------------------------- */

static const struct {
    const char *name;
    wf_step_t *(*compile)(const item_t *at);
} types[] = {
    { "js_script", compile_script },
    { "set_variable", compile_setting },
    { "wait", compile_wait },
    { "assertion", compile_assertion },
    { "extract_param", compile_extract_param },
    { "db_query", refuse_query },
};

/* clang-format off */
static const wf_field_t item_fields[] = {
    WF_FIELD("id", STRING, item_t, id),
    WF_NEEDED("type", STRING, item_t, type),
    WF_FIELD("enabled", BOOLEAN, item_t, enabled),
    WF_FIELD("name", STRING, item_t, name),
    WF_FIELD("config", MAP, item_t, config),
    WF_FIELDS_END
};
/* clang-format on */

static wf_step_t *compile_by_type(const item_t *at)
{
    const wf_assertion_t *row = wf_assertion_find(at->type, 0);
    wf_where_t path = { .up = at->path->up, .key = "type" };
    wf_step_t *step;
    size_t i;
    int known;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (strcmp(types[i].name, at->type) == 0) {
            return types[i].compile(at);
        }
    }
    if (row != NULL) {
        return compile_keyword(row, at);
    }
    step = wf_extract_keyword(at->type, at->config, &known, at->path, at->c);
    if (!known) {
        wf_compile_problem(at->c, "value", wf_node_get(at->node, "type"), &path,
                           "\"%.60s\" is no processor: js_script, set_variable, wait, "
                           "assertion, extract_param or a keyword",
                           at->type);
    }
    return step;
}

static wf_step_t *compile_item(const wf_node_t *node, const wf_where_t *path,
                               wf_compile_t *c)
{
    wf_where_t config = { .up = path, .key = "config" };
    item_t at = { .enabled = 1, .node = node, .path = &config, .c = c };
    wf_node_t *nothing = apr_pcalloc(c->p, sizeof(*nothing));
    wf_step_t *step = NULL;
    int open = c->open;

    nothing->type = WF_NODE_MAP;
    nothing->line = node->line;
    nothing->column = node->column;
    at.config = nothing; /* unless there is one */
    wf_schema_bind(item_fields, node, &at, path, c);
    if (at.type != NULL) {
        c->open = 1;
        step = compile_by_type(&at);
        c->open = open;
    }
    if (step != NULL) {
        step->name = at.name ? at.name : at.id ? at.id : at.type;
        step->disabled = !at.enabled;
    }
    return step;
}

static void append(wf_block_t *block, wf_step_t *step, wf_compile_t *c)
{
    wf_step_t **steps;

    if (step == NULL || step->disabled) {
        return;
    }
    steps = apr_palloc(c->p, (block->count + 1) * sizeof(*steps));
    if (block->count > 0) {
        memcpy(steps, block->steps, block->count * sizeof(*steps));
    }
    steps[block->count++] = step;
    block->steps = steps;
}

static void compile_list(wf_block_t *block, const wf_node_t *list, const char *key,
                         const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = key };
    const wf_member_t *m;
    int n = 0;

    if (list == NULL) {
        return;
    }
    if (list->count > WF_CHECKS_MAX) {
        wf_compile_problem(c, "limit", list, &at, "more than %d", WF_CHECKS_MAX);
        return;
    }
    for (m = list->first; m != NULL; m = m->next, n++) {
        wf_where_t item = { .up = &at, .index = n };

        append(block, compile_item(m->value, &item, c), c);
    }
}

typedef struct processing_t {
    const wf_node_t *pre, *post, *pre_snake, *post_snake; /* lists of processors */
    const wf_node_t *extract, *checks, *assertions;
} processing_t;

/* clang-format off */
const wf_field_t wf_processing_fields[] = {
    WF_FIELD("preProcessors", LIST, processing_t, pre),
    WF_FIELD("postProcessors", LIST, processing_t, post),
    WF_FIELD("pre_processors", LIST, processing_t, pre_snake),
    WF_FIELD("post_processors", LIST, processing_t, post_snake),
    WF_FIELD("extract", NODE, processing_t, extract),
    WF_FIELD("checks", LIST, processing_t, checks),
    WF_FIELD("assert", LIST, processing_t, assertions),
    WF_FIELDS_END
};
/* clang-format on */

void wf_processors_compile(wf_step_t *step, const wf_where_t *path, wf_compile_t *c)
{
    wf_where_t config = { .up = path, .key = "config" };
    wf_where_t checks = { .up = path, .key = "checks" };
    wf_where_t assertions = { .up = path, .key = "assert" };
    wf_where_t extract = { .up = path, .key = "extract" };
    processing_t p = { NULL };

    wf_step_bind(step, wf_processing_fields, NULL, &p, &config, c);
    compile_list(&step->before, p.pre, "preProcessors", path, c);
    compile_list(&step->before, p.pre_snake, "pre_processors", path, c);
    if (p.checks != NULL) {
        append(&step->after, wf_checks_compile(p.checks, 1, &checks, c), c);
    }
    if (p.assertions != NULL) {
        append(&step->after, wf_checks_compile(p.assertions, 0, &assertions, c), c);
    }
    if (p.extract != NULL) {
        append(&step->after, wf_extract_compile(p.extract, &extract, c), c);
    }
    compile_list(&step->after, p.post, "postProcessors", path, c);
    compile_list(&step->after, p.post_snake, "post_processors", path, c);
}
