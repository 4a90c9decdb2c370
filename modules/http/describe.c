/* What documents say about a route: its formats, its name, and everything a caller may
 * pass. The OpenAPI document, the API browser and the tests read it here. */
#include "http/internal.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* ---- formats ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    wf_format_e format;
    unsigned flag; /* of the routes that have it besides those whose default it is */
} formats[] = {
    /* clang-format off */
    { "json", WF_FORMAT_JSON, 0 }, /* all have it: at least their refusals */
    { "html", WF_FORMAT_HTML, WF_ROUTE_HTML },
    { "png",  WF_FORMAT_PNG,  WF_ROUTE_PICTURE },
    { "svg",  WF_FORMAT_SVG,  WF_ROUTE_PICTURE },
    /* clang-format on */
};

#define FORMATS (sizeof formats / sizeof formats[0])

const char *wf_format_name(wf_format_e format)
{
    for (apr_size_t i = 0; i < FORMATS; i++) {
        if (formats[i].format == format) {
            return formats[i].name;
        }
    }
    return NULL;
}

/* A stream is refused in HTML unless JSON is asked for. */
static int has_format(const wf_route_t *route, apr_size_t i)
{
    return formats[i].flag == 0 || formats[i].format == route->format
           || (formats[i].flag & route->flags)
           || (formats[i].format == WF_FORMAT_HTML && route->format == WF_FORMAT_NONE);
}

int wf_route_format(const wf_route_t *route, const char *name, wf_format_e *format)
{
    for (apr_size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0 && has_format(route, i)) {
            *format = formats[i].format;
            return 1;
        }
    }
    return 0;
}

static const char *format_names(const wf_route_t *route, apr_pool_t *p)
{
    const char *names = "";

    for (apr_size_t i = 0; i < FORMATS; i++) {
        if (has_format(route, i)) {
            names = apr_pstrcat(p, names, *names ? " " : "", formats[i].name, NULL);
        }
    }
    return names;
}

/* ---- names ------------------------------------------------------------------------- */

const char *wf_argument_type_name(wf_argument_type_e type)
{
    static const char *const names[WF_ARG_TYPES] = {
        /* clang-format off */
        [WF_ARG_STRING]    = "string",
        [WF_ARG_INTEGER]   = "integer",
        [WF_ARG_BOOLEAN]   = "boolean",
        [WF_ARG_DATE]      = "date",
        [WF_ARG_DAY]       = "day",
        [WF_ARG_STRINGS]   = "strings",
        [WF_ARG_OBJECTS]   = "objects",
        [WF_ARG_OBJECT]    = "object",
        [WF_ARG_MAP]       = "map",
        [WF_ARG_ANY]       = "any",
        [WF_ARG_FILE]      = "file",
        [WF_ARG_VARIABLES] = "variables",
        /* clang-format on */
    };

    return names[type];
}

const char *wf_argument_place_name(wf_argument_place_e place)
{
    static const char *const names[] = {
        /* clang-format off */
        [WF_IN_QUERY] = "query",
        [WF_IN_BODY]  = "body",
        [WF_IN_FORM]  = "form",
        [WF_IN_PATH]  = "path",
        /* clang-format on */
    };

    return names[place];
}

const char *wf_level_name(wf_level_e level)
{
    static const char *const names[WF_LEVELS] = { "none", "user", "admin" };

    return names[level];
}

wf_level_e wf_route_level(const wf_route_t *route, wf_level_e deploy_level)
{
    return route->flags & WF_ROUTE_DEPLOY ? deploy_level : route->level;
}

const wf_route_t *wf_route_target(const wf_route_t *route)
{
    while (route->flags & WF_ROUTE_ALIAS) {
        route--;
    }
    return route;
}

const char *wf_method_key(const wf_route_t *route, apr_pool_t *p)
{
    char *key = apr_pstrdup(p, wf_method_name(route->method));

    for (char *s = key; *s; s++) {
        *s = (char)apr_tolower(*s);
    }
    return key;
}

/* The unit tests see to it that examples are JSON. */
json_object *wf_example_parse(const char *text, apr_pool_t *p)
{
    json_object *json = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    return text && wf_json_parse(&json, text, strlen(text), p, &err) == APR_SUCCESS
               ? json
               : NULL;
}

/* A part of a template in lower case; inner capitals and all but letters and digits
 * become hyphens: "processInstance" is "process-instance". */
static const char *hyphenate(const char *part, apr_size_t length, apr_pool_t *p)
{
    char *name = apr_palloc(p, 2 * length + 1), *to = name;

    for (apr_size_t i = 0; i < length; i++) {
        if (to > name && (!apr_isalnum(part[i]) || apr_isupper(part[i]))) {
            *to++ = '-';
        }
        if (apr_isalnum(part[i])) {
            *to++ = (char)apr_tolower(part[i]);
        }
    }
    *to = '\0';
    return name;
}

/* 1 if a variable only tells which one of the objects named before it: "task-id" after
 * "task" or "tasks". */
static int is_expected(const char *variable, const char *before)
{
    apr_size_t length = strlen(before);

    if (length > 0 && before[length - 1] == 's'
        && strncmp(variable, before, length) != 0) {
        length--;
    }
    return length > 0 && strncmp(variable, before, length) == 0;
}

/* The parts of a template joined by hyphens, without expected variables unless `full`:
 * "/task/{taskId}/{operation}" is "task-operation". */
static const char *join_parts(const char *template, int full, apr_pool_t *p)
{
    const char *name = "", *before = "";

    while (*template) {
        const char *part = template + 1; /* after the slash */
        apr_size_t length = strcspn(part, "/");
        int variable = *part == '{';
        const char *word = hyphenate(part + variable, length - 2 * variable, p);

        if (full || !variable || !is_expected(word, before)) {
            name = apr_pstrcat(p, name, *name ? "-" : "", word, NULL);
        }
        before = variable ? "" : word;
        template = part + length;
    }
    return *name ? name : "root";
}

static int count_vars(const char *template)
{
    int count = 0;

    while ((template = strchr(template, '{'))) {
        template ++;
        count++;
    }
    return count;
}

/* 1 if the short name of route i is that of a template with fewer variables. */
static int is_taken(const wf_face_t *face, const char *const *names, int i)
{
    const wf_route_t *route = &face->routes[i];

    for (int k = 0; k < face->route_count; k++) {
        const wf_route_t *other = &face->routes[k];

        if (other->method == route->method && strcmp(names[k], names[i]) == 0
            && count_vars(other->template) < count_vars(route->template)) {
            return 1;
        }
    }
    return 0;
}

/* Of two routes with one name, which keeps it? The one that is no alias. */
static int comes_first(const wf_route_t *a, const wf_route_t *b)
{
    unsigned alias_a = a->flags & WF_ROUTE_ALIAS, alias_b = b->flags & WF_ROUTE_ALIAS;

    return alias_a == alias_b ? a < b : alias_a < alias_b;
}

/* How many other routes have the name of route i and keep it before that one. */
static int count_before(const wf_face_t *face, const char *const *names, int i)
{
    const wf_route_t *route = &face->routes[i];
    int count = 0;

    for (int k = 0; k < face->route_count; k++) {
        const wf_route_t *other = &face->routes[k];

        count += other->method == route->method && comes_first(other, route)
                 && strcmp(names[k], names[i]) == 0;
    }
    return count;
}

/* Expected variables are left out unless a template with fewer variables has the name.
 * Paths that differ by letter case or hyphens only, or by the kind of body, are numbered.
 */
const char *const *wf_route_names(const wf_face_t *face, apr_pool_t *p)
{
    apr_size_t size = sizeof(const char *) * (apr_size_t)face->route_count;
    const char **brief = apr_palloc(p, size), **whole = apr_palloc(p, size);
    const char **names = apr_palloc(p, size);

    for (int i = 0; i < face->route_count; i++) {
        brief[i] = join_parts(face->routes[i].template, 0, p);
    }
    for (int i = 0; i < face->route_count; i++) {
        whole[i] = is_taken(face, brief, i) ? join_parts(face->routes[i].template, 1, p)
                                            : brief[i];
    }
    for (int i = 0; i < face->route_count; i++) {
        int before = count_before(face, whole, i);

        names[i] = before ? apr_psprintf(p, "%s-%d", whole[i], before + 1) : whole[i];
    }
    return names;
}

int wf_words_have(const char *words, const char *word)
{
    apr_size_t length = strlen(word);

    while (words && *words) {
        apr_size_t item = strcspn(words, " ");

        if (item == length && memcmp(words, word, length) == 0) {
            return 1;
        }
        words += item + (words[item] == ' ');
    }
    return 0;
}

/* ---- arguments --------------------------------------------------------------------- */

static wf_argument_t *add(apr_array_header_t *arguments, const wf_argument_t *argument)
{
    wf_argument_t *added = apr_array_push(arguments);

    *added = *argument;
    return added;
}

static const char *path_var_text(const wf_face_t *face, const char *name)
{
    for (const wf_path_var_t *var = face->path_vars; var && var->name; var++) {
        if (strcmp(var->name, name) == 0) {
            return var->text;
        }
    }
    return "";
}

static void add_path(apr_array_header_t *arguments, const wf_face_t *face,
                     const wf_route_t *route, apr_pool_t *p)
{
    const char *open = strchr(route->template, '{');

    for (; open; open = strchr(open + 1, '{')) {
        wf_argument_t argument = { .place = WF_IN_PATH, .required = 1 };

        argument.name = apr_pstrmemdup(p, open + 1, strcspn(open + 1, "}"));
        argument.text = path_var_text(face, argument.name);
        add(arguments, &argument);
    }
}

static void add_paging(apr_array_header_t *arguments, wf_list_e list, apr_pool_t *p)
{
    /* clang-format off */
    static const wf_argument_t start = { "start", WF_IN_QUERY, WF_ARG_INTEGER, 0, NULL,
        "0", "Index of the first row to answer, from 0." };
    static const wf_argument_t size = { "size", WF_IN_QUERY, WF_ARG_INTEGER, 0, NULL,
        NULL, "How many rows to answer at most." };
    static const wf_argument_t sort = { "sort", WF_IN_QUERY, WF_ARG_STRING, 0, NULL,
        "id", "What the rows are sorted by; ties go by age." };
    static const wf_argument_t order = { "order", WF_IN_QUERY, WF_ARG_STRING, 0,
        "asc desc", "asc", "Ascending or descending." };
    /* clang-format on */
    const char *keys = "";

    for (const char *const *key = wf_store_sort_keys(list); *key; key++) {
        keys = apr_pstrcat(p, keys, *keys ? " " : "", *key, NULL);
    }
    add(arguments, &start);
    add(arguments, &size)->fallback = apr_itoa(p, WF_PAGE_SIZE);
    add(arguments, &sort)->values = keys;
    add(arguments, &order);
}

static void add_format(apr_array_header_t *arguments, const wf_route_t *route,
                       apr_pool_t *p)
{
    wf_argument_t format = { "format", WF_IN_QUERY, WF_ARG_STRING,          0,
                             NULL,     NULL,        "Format of the answer." };

    format.values = format_names(route, p);
    format.fallback = wf_format_name(route->format);
    if (route->format == WF_FORMAT_NONE) {
        format.fallback = wf_format_name(WF_FORMAT_HTML);
        format.text = "Format of a refusal.";
    }
    if (strchr(format.values, ' ')) {
        add(arguments, &format);
    }
}

apr_array_header_t *wf_route_arguments(const wf_face_t *face, const wf_route_t *route,
                                       apr_pool_t *p)
{
    apr_array_header_t *arguments = apr_array_make(p, 8, sizeof(wf_argument_t));
    const wf_route_t *target = wf_route_target(route);

    add_path(arguments, face, route, p);
    for (const wf_argument_t *a = target->arguments; a && a->name; a++) {
        add(arguments, a);
    }
    if (target->pages) {
        add_paging(arguments, (wf_list_e)(target->pages - 1), p);
    }
    for (int i = 0; i < arguments->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(arguments, i, wf_argument_t).name, "format") == 0) {
            return arguments;
        }
    }
    add_format(arguments, route, p);
    return arguments;
}
