/* What a document says about outputs: the types, their common options, and the names that
 * texts may contain. */
#include "output/internal.h"

#include <stdarg.h>
#include <string.h>

static const wf_output_type_t *const types[] = {
    &wf_output_json,     &wf_output_csv,     &wf_output_prometheus,
    &wf_output_influxdb, &wf_output_webhook,
};

#define TYPES (sizeof(types) / sizeof(types[0]))

/* ---- texts ------------------------------------------------------------------------- */

static const char *own_name(const wf_output_run_t *run, const char *name, apr_pool_t *p)
{
    if (strcmp(name, "execution_id") == 0) {
        return run ? run->execution_id : "execution";
    }
    if (strcmp(name, "workflow_id") == 0) {
        return run ? run->workflow_id : "workflow";
    }
    if (strcmp(name, "time") == 0) { /* without colons, for names of files */
        const char *text = wf_time_utc(run ? run->start_ms : 0, p);
        char *plain = apr_pcalloc(p, strlen(text) + 1), *to = plain;

        for (; *text; text++) {
            if (*text != ':' && *text != '-') {
                *to++ = *text;
            }
        }
        return plain;
    }
    return NULL;
}

static const char *find_name(const wf_output_around_t *around, const char *name,
                             apr_pool_t *p)
{
    const wf_output_names_t *names = around->names;
    const char *text = own_name(around->run, name, p);

    return text == NULL && names->find != NULL ? names->find(names->baton, name) : text;
}

static const char *make_text(const char *text, const wf_node_t *node,
                             const wf_output_around_t *around, const wf_where_t *path,
                             wf_compile_t *c)
{
    const char *made = "", *at, *end, *name, *value;

    while ((at = strstr(text, "${")) != NULL && (end = strchr(at, '}')) != NULL) {
        name = apr_pstrmemdup(c->p, at + 2, (apr_size_t)(end - at) - 2);
        value = find_name(around, name, c->p);
        if (value == NULL) {
            wf_compile_problem(c, "name", node, path, "nothing is called ${%.60s} here",
                               name);
        }
        made =
            apr_pstrcat(c->p, made, apr_pstrmemdup(c->p, text, (apr_size_t)(at - text)),
                        value ? value : "", NULL);
        text = end + 1;
    }
    return *made ? apr_pstrcat(c->p, made, text, NULL) : text;
}

static const wf_node_t *make_node(const wf_node_t *node, const wf_output_around_t *around,
                                  const wf_where_t *path, wf_compile_t *c)
{
    wf_node_t *made;
    const wf_member_t *m;
    int n = 0;

    if (node->type != WF_NODE_STRING && node->type != WF_NODE_MAP
        && node->type != WF_NODE_LIST) {
        return node;
    }
    made = apr_pmemdup(c->p, node, sizeof(*made));
    if (node->type == WF_NODE_STRING) {
        made->text = make_text(node->text, node, around, path, c);
        return made;
    }
    made->first = made->last = NULL;
    for (m = node->first; m != NULL; m = m->next) {
        wf_member_t *copy = apr_pmemdup(c->p, m, sizeof(*copy));
        wf_where_t at = { .up = path, .key = m->key, .index = n++ };

        copy->value = make_node(m->value, around, &at, c);
        copy->next = NULL;
        if (made->last != NULL) {
            made->last->next = copy;
        }
        else {
            made->first = copy;
        }
        made->last = copy;
    }
    return made;
}

/* ---- one output -------------------------------------------------------------------- */

typedef struct entry_t {
    const char *type, *url;
    const wf_node_t *options;
} entry_t;

/* clang-format off */
static const wf_field_t entry_fields[] = {
    WF_NEEDED("type", STRING, entry_t, type),
    WF_FIELD("url", STRING, entry_t, url),
    WF_FIELD("options", MAP, entry_t, options),
    WF_FIELDS_END
};
/* clang-format on */

static const wf_output_type_t *find_type(const char *name)
{
    size_t i;

    for (i = 0; i < TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

int wf_output_writes_file(const char *type)
{
    const wf_output_type_t *found = find_type(type);

    return found != NULL && found->writes_file;
}

static const char *type_names(apr_pool_t *p)
{
    const char *all = types[0]->name;
    size_t i;

    for (i = 1; i < TYPES; i++) {
        all = apr_pstrcat(p, all, ", ", types[i]->name, NULL);
    }
    return all;
}

void wf_output_problem(const wf_output_t *output, const char *option, const char *rule,
                       const wf_where_t *path, wf_compile_t *c, const char *fmt, ...)
{
    const wf_node_t *options = wf_node_get(output->node, "options");
    const wf_node_t *node = wf_node_get(output->node, "url");
    wf_where_t below = { .up = path, .key = "options" };
    wf_where_t at = { .up = option ? &below : path, .key = option ? option : "url" };
    va_list ap;

    if (option != NULL) {
        node = options ? wf_node_get(options, option) : NULL;
    }
    va_start(ap, fmt);
    wf_compile_problem(c, rule, node ? node : output->node, &at, "%s",
                       apr_pvsprintf(c->p, fmt, ap));
    va_end(ap);
}

void wf_output_check_texts(const wf_node_t *map, const char *key, const wf_where_t *path,
                           wf_compile_t *c)
{
    wf_where_t options = { .up = path, .key = "options" };
    wf_where_t list = { .up = &options, .key = key };
    const wf_member_t *m;

    for (m = map != NULL ? map->first : NULL; m != NULL; m = m->next) {
        wf_where_t at = { .up = &list, .key = m->key };

        if (wf_node_text(m->value, c->p) == NULL) {
            wf_compile_problem(c, "type", m->value, &at, "must be text, not %s",
                               wf_node_type_name(m->value->type));
        }
    }
}

static void check_range(const wf_node_t *options, apr_int64_t value, apr_int64_t min,
                        apr_int64_t max, const char *const *keys, const char *unit,
                        const wf_where_t *path, wf_compile_t *c)
{
    int scale = strcmp(unit, "s") == 0;
    const wf_node_t *node = NULL;
    wf_where_t at = { .up = path };
    int i;

    if (value >= min && value <= max) {
        return;
    }
    for (i = 0; keys[i] != NULL && node == NULL && options != NULL; i++) {
        node = wf_node_get(options, keys[i]);
        at.key = keys[i];
    }
    wf_compile_problem(c, "range", node, &at,
                       "must be from %" APR_INT64_T_FMT "%s to %" APR_INT64_T_FMT "%s",
                       scale ? min / (1000 * NS_PER_MS) : min, unit,
                       scale ? max / (1000 * NS_PER_MS) : max, unit);
}

static void check_common(const wf_output_t *o, const wf_node_t *options,
                         const wf_where_t *path, wf_compile_t *c)
{
    static const char *const intervals[] = { "interval", "push_interval",
                                             "flush_interval", NULL };
    static const char *const timeouts[] = { "timeout", NULL };
    static const char *const delays[] = { "retry_delay", NULL };
    static const char *const batches[] = { "batch_size", NULL };
    static const char *const attempts[] = { "retry_attempts", NULL };
    const apr_int64_t second = 1000 * NS_PER_MS;

    check_range(options, o->interval_ns, second, 3600 * second, intervals, "s", path, c);
    check_range(options, o->retry_delay_ns, 0, 60 * second, delays, "s", path, c);
    check_range(options, o->attempts, 1, 100, attempts, "", path, c);
    if (!o->type->writes_file) {
        check_range(options, o->timeout_ns, second, WF_OUTPUT_MAX_TIMEOUT_NS, timeouts,
                    "s", path, c);
        check_range(options, o->batch_size, 1, WF_OUTPUT_MAX_BATCH, batches, "", path, c);
    }
}

static void check_type(const entry_t *entry, const wf_node_t *node,
                       const wf_output_around_t *around, const wf_where_t *path,
                       wf_compile_t *c)
{
    const wf_output_type_t *type = find_type(entry->type);
    wf_where_t at = { .up = path, .key = "type" };

    if (type == NULL) {
        wf_compile_problem(c, strcmp(entry->type, "kafka") == 0 ? "unsupported" : "value",
                           wf_node_get(node, "type"), &at,
                           "outputs of type \"%.60s\" are not supported; there are %s",
                           entry->type, type_names(c->p));
    }
    else if (type->writes_file && around->names->directory == NULL) {
        wf_compile_problem(c, "file", wf_node_get(node, "type"), &at,
                           "%s writes a file, and no directory for files is configured",
                           entry->type);
    }
}

int wf_output_read(wf_output_t *output, const wf_node_t *node,
                   const wf_output_around_t *around, const wf_where_t *path,
                   wf_compile_t *c)
{
    wf_where_t at = { .up = path, .key = "options" };
    const wf_node_t *made = make_node(node, around, path, c);
    int before = c->problems->errors;
    entry_t entry = { NULL, NULL, NULL };

    wf_schema_bind(entry_fields, made, &entry, path, c);
    if (entry.type == NULL) {
        return 0;
    }
    check_type(&entry, made, around, path, c);
    if (c->problems->errors > before) {
        return 0;
    }
    *output = find_type(entry.type)->defaults;
    output->type = find_type(entry.type);
    output->names = around->names;
    output->node = made;
    if (entry.options != NULL) {
        wf_schema_bind(output->type->fields, entry.options, output, &at, c);
    }
    if (entry.url != NULL) {
        output->url = entry.url;
    }
    if (output->url != NULL && output->url == output->type->defaults.url) {
        output->url = make_text(output->url, NULL, around, path, c);
    }
    check_common(output, entry.options, &at, c);
    if (c->problems->errors == before) {
        output->type->check(output, path, c);
    }
    return c->problems->errors == before;
}

/* ---- the list ---------------------------------------------------------------------- */

/* Shown on a terminal anyway, and nowhere else. */
static int is_console(const wf_node_t *node, const wf_where_t *path, wf_compile_t *c)
{
    const wf_node_t *type = node->type == WF_NODE_MAP ? wf_node_get(node, "type") : NULL;

    if (type == NULL || type->type != WF_NODE_STRING
        || strcmp(type->text, "console") != 0) {
        return 0;
    }
    wf_problem_warn(c->problems, "value", wf_where_text(path, c->p), node->line,
                    node->column, "the command line shows its summary anyway, ignored");
    return 1;
}

void wf_outputs_compile(wf_outputs_t **out, const wf_node_t *list,
                        const wf_output_names_t *names, const wf_where_t *path,
                        wf_compile_t *c)
{
    wf_outputs_t *outputs = apr_pcalloc(c->p, sizeof(*outputs));
    wf_output_around_t around = { .names = names };
    const wf_member_t *m;
    int n = 0;

    *out = outputs;
    outputs->names = names;
    if (list->count > WF_OUTPUTS_MAX) {
        wf_compile_problem(c, "limit", list, path, "more than %d outputs",
                           WF_OUTPUTS_MAX);
        return;
    }
    outputs->nodes = apr_pcalloc(c->p, (list->count + 1) * sizeof(*outputs->nodes));
    outputs->labels = apr_pcalloc(c->p, (list->count + 1) * sizeof(*outputs->labels));
    for (m = list->first; m != NULL; m = m->next, n++) {
        wf_where_t at = { .up = path, .index = n };
        wf_output_t output;

        if (is_console(m->value, &at, c)
            || !wf_output_read(&output, m->value, &around, &at, c)) {
            continue;
        }
        outputs->nodes[outputs->count] = m->value;
        outputs->labels[outputs->count++] =
            apr_psprintf(c->p, "output %d (%s)", n + 1, output.type->name);
    }
}

int wf_outputs_count(const wf_outputs_t *outputs)
{
    return outputs != NULL ? outputs->count : 0;
}
