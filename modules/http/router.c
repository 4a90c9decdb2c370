/* The route table of a face, compiled and searched.
 *
 * A template is cut into literals and the variables between them. Routes are sorted once,
 * most literal characters first, so that the first match is the right one:
 * "/task/{id}/form" is tried before "/task/{id}". A miss costs a prefix comparison per
 * route and allocates nothing, because every request of the server may ask. */
#include "http/internal.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define EXTENSION_MAX 8 /* longest path extension that may name a format */

typedef struct literal_t {
    const char *text;
    apr_size_t length;
} literal_t;

typedef struct entry_t {
    const wf_route_t *route;
    literal_t literals[WF_ROUTE_VARS + 1]; /* before, between and after the variables */
    int vars;
    apr_size_t weight; /* literal characters */
    int shared;        /* another route has this method and template and no MULTIPART */
} entry_t;

struct wf_router_t {
    int segments; /* WF_FACE_SEGMENTS */
    int count;
    entry_t *entries; /* in the order of trying */
};

/* ---- compiling --------------------------------------------------------------------- */

static const char *compile_entry(entry_t *entry, const wf_route_t *route)
{
    const char *s = route->template;

    entry->route = route;
    for (;;) {
        const char *open = strchr(s, '{');
        const char *close = open ? strchr(open, '}') : NULL;
        literal_t *literal = &entry->literals[entry->vars];

        literal->text = s;
        literal->length = open ? (apr_size_t)(open - s) : strlen(s);
        entry->weight += literal->length;
        if (!open) {
            return NULL;
        }
        if (!close || close == open + 1) {
            return "a variable without name or end";
        }
        if (entry->vars > 0 && literal->length == 0) {
            return "two variables side by side";
        }
        if (++entry->vars > WF_ROUTE_VARS) {
            return "too many variables";
        }
        s = close + 1;
    }
}

/* Does a go before b? Equal ones keep the order of the table. */
static int goes_before(const entry_t *a, const entry_t *b)
{
    if (a->weight != b->weight) {
        return a->weight > b->weight;
    }
    if (a->vars != b->vars) {
        return a->vars > b->vars;
    }
    return (a->route->flags & WF_ROUTE_MULTIPART)
           > (b->route->flags & WF_ROUTE_MULTIPART);
}

static void insert_sorted(wf_router_t *router, const entry_t *entry)
{
    int i = router->count++;

    for (; i > 0 && goes_before(entry, &router->entries[i - 1]); i--) {
        router->entries[i] = router->entries[i - 1];
    }
    router->entries[i] = *entry;
}

static int shares_template(const wf_face_t *face, const wf_route_t *route)
{
    for (int i = 0; i < face->route_count; i++) {
        const wf_route_t *other = &face->routes[i];

        if (other != route && other->method == route->method
            && !(other->flags & WF_ROUTE_MULTIPART)
            && strcmp(other->template, route->template) == 0) {
            return 1;
        }
    }
    return 0;
}

wf_router_t *wf_router_create(const wf_face_t *face, const char **problem, apr_pool_t *p)
{
    wf_router_t *router = apr_pcalloc(p, sizeof *router);

    *problem = NULL;
    router->segments = (face->flags & WF_FACE_SEGMENTS) != 0;
    router->entries =
        apr_pcalloc(p, sizeof *router->entries * (apr_size_t)face->route_count);
    for (int i = 0; i < face->route_count; i++) {
        entry_t entry = { 0 };

        *problem = compile_entry(&entry, &face->routes[i]);
        if (*problem) {
            return NULL;
        }
        entry.shared = shares_template(face, &face->routes[i]);
        insert_sorted(router, &entry);
    }
    return router;
}

/* ---- matching ---------------------------------------------------------------------- */

/* Where literal occurs first in text[from..length), or -1. */
static apr_ssize_t find_literal(const literal_t *literal, const char *text,
                                apr_size_t from, apr_size_t length)
{
    const char *at = memmem(text + from, length - from, literal->text, literal->length);

    return at ? at - text : -1;
}

/* Variables match any text. Taking the first occurrence of every literal in between gives
 * each variable the shortest text and never misses a match that a later one would allow.
 */
static int match_text(const entry_t *entry, const char *path, apr_size_t length,
                      wf_match_t *match)
{
    const literal_t *last = &entry->literals[entry->vars];
    apr_size_t at = entry->literals[0].length, end;

    if (length < entry->weight || memcmp(path, entry->literals[0].text, at) != 0) {
        return 0;
    }
    if (entry->vars == 0) {
        return length == at;
    }
    end = length - last->length; /* >= at, because the path is as long as the literals */
    if (memcmp(path + end, last->text, last->length) != 0) {
        return 0;
    }
    for (int i = 0; i < entry->vars - 1; i++) {
        apr_ssize_t next = find_literal(&entry->literals[i + 1], path, at, end);

        if (next < 0) {
            return 0;
        }
        match->starts[i] = path + at;
        match->lengths[i] = (apr_size_t)next - at;
        at = (apr_size_t)next + entry->literals[i + 1].length;
    }
    match->starts[entry->vars - 1] = path + at;
    match->lengths[entry->vars - 1] = end - at;
    return 1;
}

/* Variables are one segment each, not empty. */
static int match_segments(const entry_t *entry, const char *path, apr_size_t length,
                          wf_match_t *match)
{
    apr_size_t at = 0;

    for (int i = 0; i <= entry->vars; i++) {
        const literal_t *literal = &entry->literals[i];
        const char *slash;

        if (length - at < literal->length
            || memcmp(path + at, literal->text, literal->length) != 0) {
            return 0;
        }
        at += literal->length;
        if (i == entry->vars) {
            break;
        }
        slash = memchr(path + at, '/', length - at);
        match->starts[i] = path + at;
        match->lengths[i] = slash ? (apr_size_t)(slash - path) - at : length - at;
        if (match->lengths[i] == 0) {
            return 0;
        }
        at += match->lengths[i];
    }
    return at == length;
}

/* The text after the last dot if it may name a format. */
static const char *extension_of(const char *path, apr_size_t length)
{
    const char *dot = memrchr(path, '.', length);

    if (!dot || dot[1] == '\0' || strchr(dot, '/') || strlen(dot + 1) > EXTENSION_MAX) {
        return NULL;
    }
    return dot + 1;
}

static int match_entry(const wf_router_t *router, const entry_t *entry, const char *path,
                       apr_size_t length, wf_match_t *match)
{
    const char *extension;

    match->extension = NULL;
    if (router->segments) {
        return match_segments(entry, path, length, match);
    }
    if (match_text(entry, path, length, match)) {
        return 1;
    }
    if (!(entry->route->flags & WF_ROUTE_EXTENSION)
        || !(extension = extension_of(path, length))) {
        return 0;
    }
    match->extension = extension;
    return match_text(entry, path, (apr_size_t)(extension - 1 - path), match);
}

int wf_route_find(const wf_router_t *router, unsigned method, const char *path,
                  int multipart, wf_match_t *match)
{
    apr_size_t length = strlen(path);

    match->route = NULL;
    match->allowed = 0;
    if (router->segments) {
        while (length > 0 && path[length - 1] == '/') {
            length--;
        }
    }
    for (int i = 0; i < router->count; i++) {
        const entry_t *entry = &router->entries[i];

        if (!match_entry(router, entry, path, length, match)) {
            continue;
        }
        match->allowed |= entry->route->method;
        if (entry->route->method == method
            && !((entry->route->flags & WF_ROUTE_MULTIPART) && entry->shared
                 && !multipart)) {
            match->route = entry->route;
            for (int k = entry->vars; k < WF_ROUTE_VARS; k++) {
                match->starts[k] = NULL;
            }
            return 1;
        }
    }
    return 0;
}

int wf_route_var(const wf_route_t *route, const char *name)
{
    apr_size_t length = strlen(name);
    int i = 0;

    for (const char *s = strchr(route->template, '{'); s; s = strchr(s + 1, '{'), i++) {
        if (strncmp(s + 1, name, length) == 0 && s[1 + length] == '}') {
            return i;
        }
    }
    return -1;
}

/* ---- methods ----------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bit;
} methods[] = {
    /* in the order of an Allow header */
    { "GET", WF_GET },     { "HEAD", WF_GET },      { "POST", WF_POST },
    { "PUT", WF_PUT },     { "PATCH", WF_PATCH },   { "DELETE", WF_DELETE },
    { "OPTIONS", WF_OPTIONS },
};

const char *wf_methods_text(unsigned set, apr_pool_t *p)
{
    const char *text = "";

    for (apr_size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if ((set | WF_OPTIONS) & methods[i].bit) {
            text = apr_pstrcat(p, text, *text ? ", " : "", methods[i].name, NULL);
        }
    }
    return text;
}

const char *wf_method_name(unsigned method)
{
    for (apr_size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (methods[i].bit == method) {
            return methods[i].name;
        }
    }
    return "";
}

unsigned wf_method_parse(const char *name)
{
    for (apr_size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            return methods[i].bit;
        }
    }
    return 0;
}

int wf_face_needs_user(const wf_face_t *face)
{
    for (int i = 0; i < face->route_count; i++) {
        if (face->routes[i].level != WF_LEVEL_NONE) {
            return 1;
        }
    }
    return 0;
}
