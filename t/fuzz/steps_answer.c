/* Fuzz target of what is looked for in answers of other servers. The first line says what
 * ('j' JSONPath, 'r' pattern, 'h' header, 'c' cookie, 'w' the whole; then an index and a
 * group, a digit each), the second one its query; then come the lines of headers, an
 * empty one, and the body. Whatever they are: a value that prints, nothing, or an error
 * that says why. */
#include "client/client.h"
#include "steps/keywords.h"
#include "fuzz.h"

static int kind_of(char c)
{
    static const char kinds[] = { [WF_FIND_JSON] = 'j',
                                  [WF_FIND_REGEX] = 'r',
                                  [WF_FIND_HEADER] = 'h',
                                  [WF_FIND_COOKIE] = 'c',
                                  [WF_FIND_WHOLE] = 'w' };
    const char *found = memchr(kinds, c, sizeof kinds);

    return found ? (int)(found - kinds) : -1;
}

/* As answers have them: a name, and the list of its values. */
static wf_value_t read_headers(const char *at, const char *end, apr_pool_t *p)
{
    wf_map_t *map = wf_map_create(p);
    const char *name, *value;
    apr_size_t n, m;

    while (wf_client_header_next(&at, end, &name, &n, &value, &m)) {
        const char *key = apr_pstrmemdup(p, name, n);
        wf_value_t *values = wf_map_get(map, key);

        fuzz_check(name < value && value + m <= end && n > 0);
        if (!values) {
            wf_map_set(map, key, wf_list(wf_list_create(p)));
            values = wf_map_get(map, key);
        }
        wf_list_push(values->as.list, wf_string_n(value, m, p));
    }
    return wf_map(map);
}

static void fuzz_source(const wf_finder_t *finder, const wf_value_t *source,
                        apr_pool_t *p)
{
    wf_value_t value = wf_null();
    wf_error_t err;
    int found = -1;

    wf_error_init(&err, p);
    if (wf_finder_find(finder, source, &value, &found, p, &err) != APR_SUCCESS) {
        fuzz_refused(&err);
        return;
    }
    fuzz_check(found == 0 || found == 1);
    if (found) {
        fuzz_check(wf_value_print(&value, WF_LOAD, p) != NULL);
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    char *text = size > 0 ? apr_pstrmemdup(p, (const char *)data, size) : "";
    const char *end = text + size, *what = size > 0 ? fuzz_cut(&text) : "";
    const char *query, *blank;
    int kind = kind_of(*what);
    wf_value_t body, headers;
    wf_finder_t *finder;
    wf_error_t err;

    if (kind < 0 || strlen(what) != 3) {
        return;
    }
    query = fuzz_cut(&text);
    blank = strstr(text, "\n\n");
    wf_error_init(&err, p);
    /* What a workflow says is UTF-8. */
    if (!wf_utf8_valid(query, strlen(query))
        || wf_finder_create(&finder, (wf_find_e)kind, query, what[1] - '1',
                            what[2] > '0' ? what[2] - '0' : 0, p, &err)
               != APR_SUCCESS) {
        return;
    }
    fuzz_utf8(wf_finder_describe(finder, p));
    headers = read_headers(text, blank ? blank : text, p);
    body = wf_string_n(blank ? blank + 2 : text,
                       (apr_size_t)(end - (blank ? blank + 2 : text)), p);
    finder->headers = 1;
    fuzz_source(finder, &headers, p);
    finder->headers = 0;
    fuzz_source(finder, &body, p);
}
