/* Paths of the load dialect: ${login.body.items[0].id}. Names may hold dots themselves
 * (loop.index), so the whole text is tried as a name first, then the first part with the
 * rest as members, then the longer beginnings (loop.item with .id), and at last what the
 * scope has behind a variable of that name. */
#include "script/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <limits.h>
#include <string.h>

/* ---- compiling -------------------------------------------------------------------- */

/* Texts that only the scope can resolve, as a whole. */
static const struct {
    const char *prefix;
    int required;
} whole_forms[] = {
    { "env:", 0 },
    { "file:", 0 },
    { "secret:", 1 },
};

static int as_index(const char *key)
{
    apr_int64_t i;

    return apr_isdigit(*key) && wf_parse_int64(key, &i) && i <= INT_MAX ? (int)i : -1;
}

/* One step at *s: .key, [0] or ["key"]; *s moves behind it. 0 if there is none. */
static int read_step(const char **s, wf_path_step_t *step, apr_pool_t *p)
{
    const char *from = *s + 1, *to;
    int bracket = **s == '[';

    to = from + strcspn(from, bracket ? "]" : ".[]");
    if ((bracket && *to != ']') || (!bracket && (**s != '.' || *to == ']'))
        || to == from) {
        return 0;
    }
    *s = bracket ? to + 1 : to;
    if (bracket && to - from > 2 && (*from == '"' || *from == '\'') && to[-1] == *from) {
        from++;
        to--;
    }
    step->key = apr_pstrmemdup(p, from, to - from);
    step->index = as_index(step->key);
    return 1;
}

static int read_steps(wf_path_t *path, const char *s, apr_pool_t *p)
{
    wf_path_step_t steps[WF_PATH_STEPS_MAX];
    int n = 0;

    while (*s) {
        if (n == WF_PATH_STEPS_MAX) {
            return 0;
        }
        steps[n].prefix = apr_pstrmemdup(p, path->text, s - path->text);
        if (!read_step(&s, &steps[n], p)) {
            return 0;
        }
        n++;
    }
    path->steps = apr_pmemdup(p, steps, n * sizeof(*steps));
    path->nsteps = n;
    return 1;
}

const wf_path_t *wf_path_compile(const char *text, apr_size_t length, apr_pool_t *p)
{
    wf_path_t *path;
    apr_size_t root;

    if (length == 0 || length > WF_PATH_TEXT_MAX) {
        return NULL;
    }
    path = apr_pcalloc(p, sizeof(*path));
    path->text = apr_pstrmemdup(p, text, length);
    for (apr_size_t i = 0; i < sizeof(whole_forms) / sizeof(whole_forms[0]); i++) {
        if (!strncmp(path->text, whole_forms[i].prefix, strlen(whole_forms[i].prefix))) {
            path->required = whole_forms[i].required;
            return path;
        }
    }
    if (!strncmp(path->text, "var:", 4)) {
        path->variable = wf_path_compile(path->text + 4, length - 4, p);
        return path->variable ? path : NULL;
    }
    root = strcspn(path->text, ".[]");
    path->root = apr_pstrmemdup(p, path->text, root);
    return root > 0 && read_steps(path, path->text + root, p) ? path : NULL;
}

/* ---- looking up ------------------------------------------------------------------- */

typedef int look_fn(void *baton, const char *name, wf_value_t *value, apr_pool_t *p);

static int ask(const wf_eval_t *e, look_fn *look, const char *name, wf_value_t *value)
{
    return look && look(e->scope->baton, name, value, e->pool) > 0;
}

/* 1 the member is now *value, 0 there is none, -1 failed. */
static int follow(wf_eval_t *e, const wf_path_step_t *step, wf_value_t *value)
{
    const wf_value_t *member = NULL;

    if (value->type == WF_OBJECT) {
        wf_object_t *object = value->as.object;

        return object->property
                   ? object->property(object, step->key, value, e->pool, e->err)
                   : 0;
    }
    if (value->type == WF_MAP) {
        member = wf_map_get(value->as.map, step->key);
    }
    else if (value->type == WF_LIST) {
        member = wf_list_at(value->as.list, step->index);
    }
    if (member) {
        *value = *member;
    }
    return member != NULL;
}

/* The name that ends where step `from` begins, and the members from there on. */
static int find_from(wf_eval_t *e, look_fn *look, const wf_path_t *path, int from,
                     wf_value_t *value)
{
    int found = ask(e, look, path->steps[from].prefix, value);

    for (int i = from; found > 0 && i < path->nsteps; i++) {
        found = follow(e, &path->steps[i], value);
    }
    return found;
}

/* What comes behind the whole text as a name. */
static int find_members(wf_eval_t *e, const wf_path_t *path, look_fn *behind,
                        wf_value_t *value)
{
    int found = find_from(e, e->scope->get, path, 0, value);

    for (int i = path->nsteps - 1; found == 0 && i > 0; i--) {
        found = find_from(e, e->scope->get, path, i, value);
    }
    if (found == 0 && behind) {
        found =
            ask(e, behind, path->text, value) ? 1 : find_from(e, behind, path, 0, value);
    }
    return found;
}

int wf_path_find(wf_eval_t *e, const wf_path_t *path, wf_value_t *value)
{
    look_fn *behind = e->scope && !path->variable ? e->scope->behind : NULL;

    if (e->scope && ask(e, e->scope->get, path->text, value)) {
        return 1;
    }
    if (path->required) {
        wf_eval_fail(e, "'%s' is not configured", path->text);
        return -1;
    }
    if (path->variable) { /* nothing behind it is meant */
        path = path->variable;
        if (e->scope && ask(e, e->scope->get, path->text, value)) {
            return 1;
        }
    }
    return e->scope && path->nsteps > 0 ? find_members(e, path, behind, value) : 0;
}
