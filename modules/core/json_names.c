/* Names that an object has twice: the grammar allows them, and a tree keeps the last one.
 * Who wrote both meant something else. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

typedef struct name_t {
    const char *text; /* as it is written, in the text */
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

/* The names of all objects, into names unless that is NULL; how many there are. In a text
 * that is well-formed a string is a name behind { and behind a comma within an object. */
static apr_size_t collect(const char *text, apr_size_t length, name_t *names)
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
                names[count] =
                    (name_t){ s + 1, (apr_uint32_t)(end - s - 1), open[depth] };
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
    return order ? order : (a->text > b->text) - (a->text < b->text);
}

const char *wf_json_repeated(const char *text, apr_size_t length, apr_size_t *name_length,
                             apr_pool_t *p)
{
    apr_size_t count = collect(text, length, NULL);
    name_t *names = apr_palloc(p, count * sizeof(*names) + 1);
    const char *first = NULL;

    collect(text, length, names);
    qsort(names, count, sizeof(*names), compare);
    for (apr_size_t i = 1; i < count; i++) {
        const name_t *a = &names[i - 1], *b = &names[i];

        if (a->object == b->object && a->length == b->length
            && memcmp(a->text, b->text, a->length) == 0 && (!first || b->text < first)) {
            first = b->text;
            *name_length = b->length;
        }
    }
    return first;
}
