/* Fuzz target of JSONPath. The input is a query, a line feed, and a JSON document (none:
 * a fixed one). Whatever it is: a list of values, or an error that says why. */
#include "script/script.h"
#include "fuzz.h"

static const char fixed[] = "{\"a\":[1,2.5,\"x\",null,true,{\"b\":{\"a\":[]}},[1,[2,[3]]]"
                            "],\"b\":\"aab\",\"c\":{}}";

static void fuzz_error(apr_status_t rv, const wf_error_t *err)
{
    if (rv != APR_SUCCESS
        && (!err->message
            || (err->kind != WF_ERR_INVALID && err->kind != WF_ERR_TOO_LARGE
                && err->kind != WF_ERR_EXECUTION))) {
        abort();
    }
}

static void fuzz_select(const wf_jsonpath_t *path, const wf_value_t *root, apr_pool_t *p)
{
    wf_list_t *found;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    rv = wf_jsonpath_select(path, root, &found, p, &err);
    fuzz_error(rv, &err);
    if (rv == APR_SUCCESS && wf_jsonpath_singular(path) && wf_list_count(found) > 1) {
        abort();
    }
    for (int i = 0; rv == APR_SUCCESS && i < wf_list_count(found); i++) {
        if (!wf_json_same(wf_list_at(found, i), wf_list_at(found, i))) {
            abort();
        }
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    const uint8_t *line = memchr(data, '\n', size);
    size_t length = line ? (size_t)(line - data) : size;
    const char *document = line ? (const char *)line + 1 : fixed;
    wf_jsonpath_t *path;
    json_object *tree;
    wf_value_t root;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    rv = wf_jsonpath_parse(&path, apr_pstrmemdup(p, (const char *)data, length), p, &err);
    fuzz_error(rv, &err);
    if (rv == APR_SUCCESS
        && wf_json_parse(&tree, document, line ? size - length - 1 : strlen(fixed), p,
                         &err)
               == APR_SUCCESS) {
        root = wf_value_from_json(tree, p);
        fuzz_select(path, &root, p);
    }
}
