/* Checks and assertions of a step. Both count in the metric checks; an assertion that
 * does not hold fails its step, a check never does. */
#include "steps/processors.h"

#include <string.h>

typedef struct checks_t {
    const wf_check_t *checks;
    const char **labels; /* what each is called in reports */
    int count, soft;
} checks_t;

/* ---- judging ------------------------------------------------------------------------- */

static const char *judge_truth(const wf_check_t *check, wf_strand_t *strand,
                               apr_pool_t *p)
{
    wf_error_t err;
    int truth = 0;

    wf_error_init(&err, p);
    if (wf_expr_truth(check->truth, strand, &truth, &err) != APR_SUCCESS) {
        return err.message;
    }
    return truth ? NULL : apr_psprintf(p, "expected %s", check->text);
}

static const char *judge_value(const wf_check_t *check, wf_strand_t *strand,
                               apr_pool_t *p)
{
    const wf_look_t *look = &check->look;
    wf_value_t actual, expected = wf_null();
    const char *wrong;
    wf_error_t err;
    int found;

    wf_error_init(&err, p);
    if (wf_look(look, strand, &actual, &found, p, &err) != APR_SUCCESS
        || (check->expected != NULL
            && wf_shape_eval(check->expected, strand, &expected, p, &err)
                   != APR_SUCCESS)) {
        return err.message;
    }
    if (check->assertion == NULL) {
        return found ? NULL : apr_psprintf(p, "expected %s to be there", look->what);
    }
    if (look->loose) {
        wf_assertion_relax(check->assertion, &actual, &expected, p);
    }
    wrong = wf_assertion_check(check->assertion, &actual, &expected, check->pattern,
                               look->secret, p);
    return wrong ? apr_psprintf(p, "expected %s %s%s", look->what, wrong,
                                found || actual.type != WF_NULL ? ""
                                : look->finder                  ? " (nothing was found)"
                                                                : "")
                 : NULL;
}

/* NULL, or what is wrong with it. */
static const char *judge(const wf_check_t *check, wf_strand_t *strand, apr_pool_t *p)
{
    const char *wrong =
        check->truth ? judge_truth(check, strand, p) : judge_value(check, strand, p);

    if (wrong == NULL) {
        return NULL;
    }
    if (check->message != NULL) {
        wrong = apr_psprintf(p, "%s (%s)", check->message, wrong);
    }
    return check->name ? apr_psprintf(p, "%s: %s", check->name, wrong) : wrong;
}

/* All are looked at, so that each of them counts; the first one is told. */
static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const checks_t *own = act->step->config;
    apr_pool_t *p;
    int i;

    apr_pool_create(&p, wf_strand_pool(strand));
    apr_pool_tag(p, "wf_checks");
    for (i = 0; i < own->count; i++) {
        const char *wrong = judge(&own->checks[i], strand, p);

        wf_strand_check(strand, own->labels[i], wrong == NULL, wrong != NULL);
        if (wrong != NULL && !own->soft && act->result->error == NULL) {
            wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR",
                           "assertion failed: %s", wrong);
        }
    }
    apr_pool_destroy(p);
    return WF_STEP_DONE;
}

static const wf_step_type_t checks_type = { .name = "checks", .start = start };

/* ---- compiling ----------------------------------------------------------------------- */

static void prepare_pattern(wf_check_t *check, const wf_node_t *expected,
                            const wf_where_t *where, wf_compile_t *c)
{
    wf_error_t err;

    wf_error_init(&err, c->p);
    if (expected->type == WF_NODE_STRING && strstr(expected->text, "${") == NULL
        && wf_pattern_parse(&check->pattern, expected->text, strlen(expected->text), 0,
                            c->p, &err)
               != APR_SUCCESS) {
        wf_compile_problem(c, "value", expected, where, "%s", err.message);
    }
}

/* Constants are looked at now, what names bring is not known before it is judged. */
static int is_constant(const wf_node_t *node)
{
    const wf_member_t *m;

    if (node->type == WF_NODE_STRING) {
        return strstr(node->text, "${") == NULL;
    }
    for (m = node->type == WF_NODE_LIST || node->type == WF_NODE_MAP ? node->first : NULL;
         m != NULL; m = m->next) {
        if (!is_constant(m->value)) {
            return 0;
        }
    }
    return 1;
}

/* As it is written, for names. */
static const char *shown(const wf_node_t *node, const wf_value_t *value, apr_pool_t *p)
{
    const char *text = wf_node_text(node, p);

    return text ? text : wf_json_text(wf_json_own(wf_value_to_json(value), p), NULL, p);
}

void wf_check_expect(wf_check_t *check, const wf_assertion_t *assertion,
                     const wf_node_t *expected, const wf_where_t *where, wf_compile_t *c)
{
    wf_value_t value;
    const char *wrong;

    check->assertion = assertion;
    if (expected == NULL || assertion->expects == WF_EXPECT_NOTHING) {
        return;
    }
    value = wf_node_value(expected, c->p);
    if (check->look.loose && value.type == WF_STRING
        && assertion->expects == WF_EXPECT_NUMBER) {
        wf_value_number(&value, &value); /* operators take "5" for 5 */
    }
    wrong = is_constant(expected) ? wf_assertion_expects(assertion, &value) : NULL;
    if (wrong != NULL) {
        wf_compile_problem(c, "value", expected, where, "%s", wrong);
        return;
    }
    check->wanted = shown(expected, &value, c->p);
    check->expected = wf_compile_shape(c, expected, where);
    check->look.secret |=
        expected->type == WF_NODE_STRING && strstr(expected->text, "secret:") != NULL;
    if (assertion->expects == WF_EXPECT_PATTERN) {
        prepare_pattern(check, expected, where, c);
    }
}

/* "$.total greater_than 5". */
static const char *label_of(const wf_check_t *check, apr_pool_t *p)
{
    if (check->name != NULL || check->truth != NULL) {
        return check->name ? check->name : check->text;
    }
    if (check->assertion == NULL) {
        return apr_pstrcat(p, check->look.what, " is there", NULL);
    }
    return apr_pstrcat(p, check->look.what, " ", check->assertion->name,
                       check->wanted ? " " : NULL, check->wanted, NULL);
}

wf_step_t *wf_checks_step(const wf_check_t *checks, int count, int soft,
                          const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    wf_step_t *step = wf_step_add(node, path, c);
    checks_t *own = apr_pcalloc(c->p, sizeof(*own));
    int i;

    own->checks = checks;
    own->count = count;
    own->labels = apr_pcalloc(c->p, (count + 1) * sizeof(*own->labels));
    for (i = 0; c->problems->errors == 0 && i < count; i++) {
        own->labels[i] = label_of(&checks[i], c->p);
    }
    own->soft = soft;
    step->type = &checks_type;
    step->config = own;
    step->name = soft ? "checks" : "assert";
    return step;
}

/* ---- lists --------------------------------------------------------------------------- */

#define KEYWORDS_MAX 32

typedef struct draft_t {
    const char *name, *message, *expression;
    const wf_node_t *actual, *status;
    apr_int64_t response_time_ns; /* -1: not given */
    wf_look_draft_t look;
    const wf_node_t *keywords[KEYWORDS_MAX]; /* by row of the assertions */
} draft_t;

/* clang-format off */
static const wf_field_t own_fields[] = {
    WF_FIELD("name", STRING, draft_t, name),
    WF_FIELD("message", STRING, draft_t, message),
    WF_FIELD("expression", STRING, draft_t, expression),
    WF_FIELD("actual", NODE, draft_t, actual),
    WF_FIELD("status", NODE, draft_t, status),
    WF_FIELD("response_time", DURATION, draft_t, response_time_ns),
    WF_LOOK_FIELDS(draft_t, look),
};
/* clang-format on */

#define OWN_FIELDS (sizeof(own_fields) / sizeof(own_fields[0]))

/* The fields above and every assertion keyword. */
static const wf_field_t *make_fields(wf_compile_t *c)
{
    wf_field_t *fields = apr_pcalloc(c->p, (OWN_FIELDS + KEYWORDS_MAX) * sizeof(*fields));
    const wf_assertion_t *row;
    int i;

    memcpy(fields, own_fields, sizeof(own_fields));
    for (i = 0; (row = wf_assertion_at(i)) != NULL && i < KEYWORDS_MAX - 1; i++) {
        wf_field_t *field = &fields[OWN_FIELDS + (size_t)i];

        field->name = row->name;
        field->type = WF_FIELD_NODE;
        field->offset = offsetof(draft_t, keywords) + (size_t)i * sizeof(wf_node_t *);
    }
    return fields;
}

typedef struct entry_t {
    const wf_node_t *node;
    const wf_where_t *path;
    wf_compile_t *c;
} entry_t;

static void compile_truth(wf_check_t *check, const char *text, const char *member,
                          const entry_t *at)
{
    wf_where_t below = { .up = at->path, .key = member };

    check->text = text;
    check->truth = wf_compile_expr(at->c, text, at->node, member ? &below : at->path);
}

/* A number, also as a text, or a text that names bring. */
static int is_status(const wf_node_t *node, apr_pool_t *p)
{
    wf_value_t value = wf_node_value(node, p);

    return node->type == WF_NODE_INTEGER
           || (node->type == WF_NODE_STRING
               && (wf_value_number(&value, &value) || strstr(node->text, "${")));
}

static int is_status_list(const wf_node_t *node, apr_pool_t *p)
{
    const wf_member_t *m;

    for (m = node->type == WF_NODE_LIST ? node->first : NULL; m != NULL; m = m->next) {
        if (!is_status(m->value, p)) {
            return 0;
        }
    }
    return node->type == WF_NODE_LIST;
}

/* status: 200 or status: [200, 201] */
static void compile_status(wf_check_t *check, const draft_t *draft, const entry_t *at)
{
    wf_where_t below = { .up = at->path, .key = "status" };
    int many = is_status_list(draft->status, at->c->p);

    wf_look_at_part(&check->look, WF_PART_STATUS, at->c);
    if (!many && !is_status(draft->status, at->c->p)) {
        wf_compile_problem(at->c, "type", draft->status, &below,
                           "must be a status, a list of them or a ${name}");
        return;
    }
    check->look.loose = !many;
    wf_check_expect(check, wf_assertion_find(many ? "in" : "equals", 0), draft->status,
                    &below, at->c);
}

static void compile_time(wf_check_t *check, const draft_t *draft, const entry_t *at)
{
    wf_node_t *limit = apr_pcalloc(at->c->p, sizeof(*limit));
    wf_where_t below = { .up = at->path, .key = "response_time" };

    limit->type = draft->response_time_ns % NS_PER_MS ? WF_NODE_NUMBER : WF_NODE_INTEGER;
    limit->integer = draft->response_time_ns / NS_PER_MS;
    limit->number = (double)draft->response_time_ns / (double)NS_PER_MS;
    limit->text = apr_psprintf(at->c->p, "%g", limit->number);
    wf_look_at_part(&check->look, WF_PART_TIME, at->c);
    wf_check_expect(check, wf_assertion_find("less_or_equal", 0), limit, &below, at->c);
}

/* The keyword beside the subject; without one it has to be there. */
static void compile_keyword(wf_check_t *check, const draft_t *draft, const entry_t *at)
{
    const wf_assertion_t *row, *found = NULL;
    int i;

    for (i = 0; (row = wf_assertion_at(i)) != NULL; i++) {
        wf_where_t below = { .up = at->path, .key = row->name };
        const wf_node_t *node = draft->keywords[i];
        int bare = row->expects == WF_EXPECT_NOTHING;

        if (node == NULL) {
            continue;
        }
        if (found != NULL) {
            wf_compile_problem(at->c, "value", node, &below, "there is %s already",
                               found->name);
            return;
        }
        if (bare && (node->type != WF_NODE_BOOLEAN || !node->integer)) {
            wf_compile_problem(at->c, "value", node, &below, "is written %s: true",
                               row->name);
            return;
        }
        found = row;
        wf_check_expect(check, row, bare ? NULL : node, &below, at->c);
    }
}

static int has_keyword(const draft_t *draft)
{
    int i;

    for (i = 0; i < KEYWORDS_MAX; i++) {
        if (draft->keywords[i] != NULL) {
            return 1;
        }
    }
    return 0;
}

/* equals: null and actual: null are meant so; the table takes a null for a missing
 * member. */
static void find_nulls(draft_t *draft, const wf_node_t *node)
{
    const wf_member_t *m;
    int i;

    for (m = node->first; m != NULL; m = m->next) {
        if (m->value->type != WF_NODE_NULL) {
            continue;
        }
        if (strcmp(m->key, "actual") == 0) {
            draft->actual = m->value;
        }
        for (i = 0; wf_assertion_at(i) != NULL; i++) {
            if (strcmp(wf_assertion_at(i)->name, m->key) == 0) {
                draft->keywords[i] = m->value;
            }
        }
    }
}

/* actual, or something to find: the keyword decides. */
static void compile_value(wf_check_t *check, const draft_t *draft, const entry_t *at)
{
    wf_where_t below = { .up = at->path, .key = "actual" };

    if (draft->actual != NULL) {
        wf_look_at_value(&check->look, draft->actual, &below, at->c);
    }
    if (draft->actual != NULL && !has_keyword(draft)) {
        wf_compile_problem(at->c, "required", at->node, at->path,
                           "needs a keyword such as equals");
    }
    compile_keyword(check, draft, at);
}

/* looks: 1 if check->look was set by one of its ways. */
static void compile_subject(wf_check_t *check, const draft_t *draft, int looks,
                            const entry_t *at)
{
    int timed = draft->response_time_ns >= 0;
    int subjects = looks + timed + (draft->expression != NULL) + (draft->actual != NULL)
                   + (draft->status != NULL);

    if (subjects != 1) {
        wf_compile_problem(
            at->c, "required", at->node, at->path,
            "needs one of status, response_time, actual, json_path, regex, "
            "header, cookie and expression");
    }
    else if (looks || draft->actual != NULL) {
        compile_value(check, draft, at);
    }
    else if (has_keyword(draft)) {
        wf_compile_problem(at->c, "value", at->node, at->path,
                           "a keyword goes with actual, json_path, regex, header or "
                           "cookie");
    }
    else if (draft->expression != NULL) {
        compile_truth(check, draft->expression, "expression", at);
    }
    else if (draft->status != NULL) {
        compile_status(check, draft, at);
    }
    else {
        compile_time(check, draft, at);
    }
}

static void compile_check(wf_check_t *check, const wf_field_t *fields, const entry_t *at)
{
    draft_t draft = { .response_time_ns = -1 };
    int looks, before = at->c->problems->errors;

    if (at->node->type == WF_NODE_STRING) {
        compile_truth(check, at->node->text, NULL, at);
        return;
    }
    wf_look_init(&draft.look);
    wf_schema_bind(fields, at->node, &draft, at->path, at->c);
    if (at->node->type != WF_NODE_MAP) {
        return;
    }
    find_nulls(&draft, at->node);
    check->name = draft.name;
    check->message = draft.message;
    looks = wf_look_compile(&check->look, &draft.look, at->node, at->path, at->c);
    if (at->c->problems->errors == before) { /* else it was told already */
        compile_subject(check, &draft, looks, at);
    }
}

wf_step_t *wf_checks_compile(const wf_node_t *list, int soft, const wf_where_t *path,
                             wf_compile_t *c)
{
    const wf_field_t *fields = make_fields(c);
    wf_check_t *checks;
    const wf_member_t *m;
    int n = 0;

    if (list->count > WF_CHECKS_MAX) {
        wf_compile_problem(c, "limit", list, path, "more than %d", WF_CHECKS_MAX);
        return NULL;
    }
    checks = apr_pcalloc(c->p, (list->count + 1) * sizeof(*checks));
    for (m = list->first; m != NULL; m = m->next, n++) {
        wf_where_t item = { .up = path, .index = n };
        entry_t at = { .node = m->value, .path = &item, .c = c };

        compile_check(&checks[n], fields, &at);
    }
    return wf_checks_step(checks, n, soft, list, path, c);
}
