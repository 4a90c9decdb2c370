/* Where in a JSON text something is that is known by its path: trees have no positions,
 * and only who has made a mistake wants to know them. */
#include "core/internal.h"

#include <stdlib.h>
#include <string.h>

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t\r\n");
}

/* Behind the string that begins at s. */
static const char *skip_string(const char *s)
{
    for (s++; *s != '"'; s++) {
        s += *s == '\\';
    }
    return s + 1;
}

/* Behind the value that begins at s. */
static const char *skip_value(const char *s)
{
    int depth = 0;

    do {
        s += strcspn(s, "\"[]{},");
        if (*s == '"') {
            s = skip_string(s);
        }
        else if (depth > 0 || *s == '[' || *s == '{') {
            depth += *s == '[' || *s == '{' ? 1 : *s == ',' ? 0 : -1;
            s++;
        }
    } while (depth > 0);
    return s;
}

/* How much of a path a member's name is, as the text has it; 0: it is another one. */
static apr_size_t matches(const char *name, apr_size_t length, const char *path)
{
    apr_size_t dot = *path == '.';

    return strncmp(path + dot, name, length) == 0
                   && strchr(".[", path[dot + length]) != NULL
               ? dot + length
               : 0;
}

/* The member of an object with the longest name that the path can mean. */
static const char *find_member(const char *s, const char **path)
{
    const char *found = NULL;
    apr_size_t longest = 0;

    for (s = skip_blanks(s + 1); *s == '"'; s = skip_blanks(s)) {
        const char *name = s + 1;
        apr_size_t n;

        s = skip_string(s);
        n = matches(name, (apr_size_t)(s - 1 - name), *path);
        s = skip_blanks(skip_blanks(s) + 1); /* the colon */
        if (n > longest) {
            longest = n;
            found = s;
        }
        s = skip_blanks(skip_value(s));
        s += *s == ',';
    }
    *path += longest;
    return found;
}

static const char *find_element(const char *s, const char **path)
{
    char *end;
    long i = strtol(*path + 1, &end, 10);

    s = skip_blanks(s + 1);
    for (; i > 0 && *s != ']'; i--) {
        s = skip_blanks(skip_value(s));
        s = skip_blanks(s + (*s == ','));
    }
    *path = end + (*end == ']');
    return *s == ']' ? NULL : s;
}

const char *wf_json_find(const char *text, const char *path)
{
    const char *at = skip_blanks(text), *next = at;

    while (next != NULL && *path != '\0') {
        next = *at == '{'                   ? find_member(at, &path)
               : *at == '[' && *path == '[' ? find_element(at, &path)
                                            : NULL;
        at = next != NULL ? next : at;
    }
    return at;
}
