/* A schema is a table of fields. Binding checks a map against it, says everything that is
 * wrong at once, and stores what is right into a struct. */
#include "document/document.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#define LARGE 0x1p63 /* whole numbers from here on are read as numbers with fraction */

/* ---- where we are ------------------------------------------------------------------ */

const char *wf_where_text(const wf_where_t *path, apr_pool_t *p)
{
    const char *above;

    if (path == NULL) {
        return "";
    }
    above = wf_where_text(path->up, p);
    if (path->key == NULL) {
        return apr_psprintf(p, "%s[%d]", above, path->index);
    }
    return *above ? apr_pstrcat(p, above, ".", path->key, NULL) : path->key;
}

void wf_compile_problem(wf_compile_t *c, const char *rule, const wf_node_t *node,
                        const wf_where_t *path, const char *fmt, ...)
{
    const char *text = wf_where_text(path, c->p);
    va_list ap;

    va_start(ap, fmt);
    wf_problem_add(c->problems, rule, *text ? text : NULL, node ? node->line : 0,
                   node ? node->column : 0, "%s", apr_pvsprintf(c->p, fmt, ap));
    va_end(ap);
}

/* ---- binding by type --------------------------------------------------------------- */

typedef void bind_fn(const wf_field_t *field, const wf_node_t *node, void *slot,
                     const wf_where_t *path, wf_compile_t *c);

static void wrong_type(const wf_node_t *node, const char *wanted, const wf_where_t *path,
                       wf_compile_t *c)
{
    int large = node->type == WF_NODE_NUMBER && fabs(node->number) >= LARGE;

    wf_compile_problem(c, "type", node, path, "must be %s, not %s", wanted,
                       large ? "a number beyond 64 bits" : wf_node_type_name(node->type));
}

static void bind_string(const wf_field_t *field, const wf_node_t *node, void *slot,
                        const wf_where_t *path, wf_compile_t *c)
{
    if (node->type != WF_NODE_STRING) {
        wrong_type(node, "text", path, c);
    }
    else if (field->required && *node->text == '\0') {
        wf_compile_problem(c, "required", node, path, "must not be empty");
    }
    else {
        *(const char **)slot = node->text;
    }
}

static void bind_integer(const wf_field_t *field, const wf_node_t *node, void *slot,
                         const wf_where_t *path, wf_compile_t *c)
{
    (void)field;
    if (node->type != WF_NODE_INTEGER) {
        wrong_type(node, "a whole number", path, c);
    }
    else if (node->integer < 0) {
        wf_compile_problem(c, "range", node, path, "must not be negative");
    }
    else {
        *(apr_int64_t *)slot = node->integer;
    }
}

static void bind_boolean(const wf_field_t *field, const wf_node_t *node, void *slot,
                         const wf_where_t *path, wf_compile_t *c)
{
    (void)field;
    if (node->type != WF_NODE_BOOLEAN) {
        wrong_type(node, "true or false", path, c);
        return;
    }
    *(int *)slot = (int)node->integer;
}

/* Texts such as 1m30s; the bare number 0 is the only one without a unit. */
void wf_schema_duration(const wf_node_t *node, apr_int64_t *slot, const wf_where_t *path,
                        wf_compile_t *c)
{
    apr_int64_t ns = 0;

    if (node->type == WF_NODE_INTEGER && node->integer == 0) {
        *slot = 0;
    }
    else if (node->type != WF_NODE_STRING) {
        wrong_type(node, "a duration with a unit, such as 30s or 1m30s", path, c);
    }
    else if (wf_duration_parse(&ns, node->text) != APR_SUCCESS) {
        wf_compile_problem(c, "duration", node, path,
                           "\"%.60s\" is no duration; write 250ms, 30s, 1m30s",
                           node->text);
    }
    else if (ns < 0) {
        wf_compile_problem(c, "range", node, path, "must not be negative");
    }
    else {
        *slot = ns;
    }
}

static void bind_duration(const wf_field_t *field, const wf_node_t *node, void *slot,
                          const wf_where_t *path, wf_compile_t *c)
{
    (void)field;
    wf_schema_duration(node, slot, path, c);
}

static void bind_word(const wf_field_t *field, const wf_node_t *node, void *slot,
                      const wf_where_t *path, wf_compile_t *c)
{
    const char *all = "";
    int i;

    if (node->type != WF_NODE_STRING) {
        wrong_type(node, "text", path, c);
        return;
    }
    for (i = 0; field->words[i] != NULL; i++) {
        if (strcmp(field->words[i], node->text) == 0) {
            *(int *)slot = i;
            return;
        }
        all = apr_pstrcat(c->p, all, *all ? ", " : "", field->words[i], NULL);
    }
    wf_compile_problem(c, "value", node, path, "\"%.60s\" is not one of: %s", node->text,
                       all);
}

static void bind_node(const wf_field_t *field, const wf_node_t *node, void *slot,
                      const wf_where_t *path, wf_compile_t *c)
{
    if (field->type == WF_FIELD_MAP && node->type != WF_NODE_MAP) {
        wrong_type(node, "a map", path, c);
    }
    else if (field->type == WF_FIELD_LIST && node->type != WF_NODE_LIST) {
        wrong_type(node, "a list", path, c);
    }
    else {
        *(const wf_node_t **)slot = node;
    }
}

static void bind_object(const wf_field_t *field, const wf_node_t *node, void *slot,
                        const wf_where_t *path, wf_compile_t *c)
{
    wf_schema_bind(field->fields, node, slot, path, c);
}

static void bind_later(const wf_field_t *field, const wf_node_t *node, void *slot,
                       const wf_where_t *path, wf_compile_t *c)
{
    (void)slot;
    wf_compile_problem(c, "unsupported", node, path, "%s: not supported by this version",
                       field->words[0]);
}

static bind_fn *const binders[] = {
    [WF_FIELD_STRING] = bind_string,   [WF_FIELD_INTEGER] = bind_integer,
    [WF_FIELD_BOOLEAN] = bind_boolean, [WF_FIELD_DURATION] = bind_duration,
    [WF_FIELD_WORD] = bind_word,       [WF_FIELD_NODE] = bind_node,
    [WF_FIELD_MAP] = bind_node,        [WF_FIELD_LIST] = bind_node,
    [WF_FIELD_OBJECT] = bind_object,   [WF_FIELD_LATER] = bind_later,
};

/* ---- maps -------------------------------------------------------------------------- */

static const wf_field_t *field_find(const wf_field_t *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return fields;
        }
    }
    return NULL;
}

/* ---- which name was meant ---------------------------------------------------------- */

#define NAME_MAX_LENGTH 40 /* longer ones are no slips of the pen */

/* A name without what people write differently: gracefulStop is graceful_stop. Its
 * length, -1 if it is too long. */
static int plain_name(const char *name, char *to)
{
    int n = 0;

    for (; *name; name++) {
        if (*name == '_' || *name == '-') {
            continue;
        }
        if (n == NAME_MAX_LENGTH) {
            return -1;
        }
        to[n++] = apr_tolower(*name);
    }
    return n;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* How many letters one has to change, add, leave out or swap with the next to come from
 * one name to the other. */
static int letters_apart(const char *a, int n, const char *b, int m)
{
    int rows[3][NAME_MAX_LENGTH + 1];

    for (int j = 0; j <= m; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int *row = rows[i % 3];
        const int *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

        row[0] = i;
        for (int j = 1; j <= m; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1,
                           above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[n % 3][m];
}

/* The field that is meant by a name that none has, NULL if there is no telling. */
static const char *nearest(const wf_field_t *fields, const char *name)
{
    char given[NAME_MAX_LENGTH], own[NAME_MAX_LENGTH];
    int n = plain_name(name, given);
    int best = n > 5 ? 3 : n > 2 ? 2 : 1; /* so many letters are another word */
    const char *found = NULL;

    for (; n > 0 && fields->name != NULL; fields++) {
        int m = fields->type == WF_FIELD_LATER ? -1 : plain_name(fields->name, own);
        int apart = m < 0 ? best : letters_apart(given, n, own, m);

        if (apart < best) {
            best = apart;
            found = fields->name;
        }
    }
    return found;
}

/* What a map may have. */
static const char *member_names(const wf_field_t *fields, apr_pool_t *p)
{
    const char *all = "";

    for (; fields->name != NULL; fields++) {
        if (fields->type != WF_FIELD_LATER) {
            all = apr_pstrcat(p, all, *all ? ", " : "", fields->name, NULL);
        }
    }
    return all;
}

static void unknown_member(const wf_field_t *fields, const wf_member_t *m,
                           const wf_where_t *path, wf_compile_t *c)
{
    const char *text = wf_where_text(path, c->p), *name = nearest(fields, m->key);
    const char *hint =
        name ? apr_psprintf(c->p, "; did you mean %s?", name)
             : apr_pstrcat(c->p, "; there are ", member_names(fields, c->p), NULL);

    if (c->open) {
        wf_problem_warn(c->problems, "unknown-member", text, m->line, m->column,
                        "no such member, ignored%s", hint);
        return;
    }
    wf_problem_add(c->problems, "unknown-member", text, m->line, m->column,
                   "no such member%s", hint);
}

/* ---- maps -------------------------------------------------------------------------- */

void wf_schema_bind(const wf_field_t *fields, const wf_node_t *node, void *target,
                    const wf_where_t *path, wf_compile_t *c)
{
    const wf_field_t *field;
    const wf_member_t *m;

    if (node->type != WF_NODE_MAP) {
        wrong_type(node, "a map", path, c);
        return;
    }
    for (m = node->first; m != NULL; m = m->next) {
        wf_where_t below = { .up = path, .key = m->key };

        field = field_find(fields, m->key);
        if (field == NULL) {
            unknown_member(fields, m, &below, c);
        }
        else if (m->value->type != WF_NODE_NULL) {
            binders[field->type](field, m->value, (char *)target + field->offset, &below,
                                 c);
        }
    }
    for (field = fields; field->name != NULL; field++) {
        wf_where_t below = { .up = path, .key = field->name };

        if (field->required && wf_node_get(node, field->name) == NULL) {
            wf_compile_problem(c, "required", node, &below, "is required");
        }
    }
}
