/* Names that an object has twice: the grammar allows them, and a tree keeps the last one.
 * Who wrote both meant something else. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct name_t {
    const char *at;   /* where it is written, in the text */
    const char *text; /* what it is */
    apr_uint32_t length, object;
} name_t;

/* The end of a string that begins behind s. */
static const char *string_end(const char *s)
{
    for (; *s != '"'; s++) {
        s += *s == '\\';
    }
    return s;
}

/* What is written with escapes is another way to write a name; as in trees it ends with a
 * NUL. */
static name_t name_of(const char *s, const char *end, apr_uint32_t object, apr_pool_t *p)
{
    name_t name = { s, s, (apr_uint32_t)(end - s), object };

    if (memchr(s, '\\', name.length)) {
        name.text = wf_json_build(s - 1, p).as.text.data;
        name.length = (apr_uint32_t)strlen(name.text);
    }
    return name;
}

/* The names of all objects, into names unless that is NULL; how many there are. In a text
 * that is well-formed a string is a name behind { and behind a comma within an object. */
static apr_size_t collect(const char *text, apr_size_t length, name_t *names,
                          apr_pool_t *p)
{
    apr_uint32_t open[WF_JSON_MAX_DEPTH + 1] = { 0 }; /* objects by number; 0: an array */
    apr_uint32_t objects = 0;
    apr_size_t count = 0;
    int depth = 0, expected = 0;

    for (const char *s = text; s < text + length; s++) {
        if (*s == '{' || *s == '[') {
            open[++depth] = *s == '{' ? ++objects : 0;
            expected = *s == '{';
        }
        else if (*s == '}' || *s == ']') {
            depth--;
        }
        else if (*s == ',') {
            expected = open[depth] != 0;
        }
        else if (*s == '"') {
            const char *end = string_end(s + 1);

            if (expected && names) {
                names[count] = name_of(s + 1, end, open[depth], p);
            }
            count += expected;
            expected = 0;
            s = end;
        }
    }
    return count;
}

static int compare(const void *one, const void *other)
{
    const name_t *a = one, *b = other;
    int order;

    if (a->object != b->object) {
        return a->object < b->object ? -1 : 1;
    }
    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    order = memcmp(a->text, b->text, a->length);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

const char *wf_json_repeated(const char *text, apr_size_t length, apr_size_t *name_length,
                             apr_pool_t *p)
{
    apr_size_t count = collect(text, length, NULL, p);
    name_t *names = apr_palloc(p, count * sizeof(*names) + 1);
    const name_t *first = NULL;

    collect(text, length, names, p);
    qsort(names, count, sizeof(*names), compare);
    for (apr_size_t i = 1; i < count; i++) {
        const name_t *a = &names[i - 1], *b = &names[i];

        if (a->object == b->object && a->length == b->length
            && memcmp(a->text, b->text, a->length) == 0
            && (!first || b->at < first->at)) {
            first = b;
        }
    }
    if (!first) {
        return NULL;
    }
    *name_length = (apr_size_t)(string_end(first->at) - first->at);
    return first->at;
}
