/* Parameters of the query string and of url-encoded bodies, typed access to them, and the
 * paging parameters with the envelope of a page. */
#include "http/internal.h"

#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>
#include <strings.h>

/* ---- parsing ----------------------------------------------------------------------- */

/* Decode one name or value; NULL if it cannot be decoded or is no UTF-8. */
static const char *decode(const char *text, apr_size_t length, apr_pool_t *p)
{
    const char *raw = apr_pstrmemdup(p, text, length);
    const char *plain = apr_punescape_url(p, raw, NULL, NULL, 1);

    return plain && wf_utf8_valid(plain, strlen(plain)) ? plain : NULL;
}

static int count_pairs(const char *text)
{
    int count = 1;

    while ((text = strchr(text, '&'))) {
        count++;
        text++;
    }
    return count;
}

static apr_status_t add_pair(wf_query_t *query, const char *pair, apr_size_t length,
                             const char *what, apr_pool_t *p, wf_error_t *err)
{
    const char *equals = memchr(pair, '=', length);
    apr_size_t name_length = equals ? (apr_size_t)(equals - pair) : length;
    struct wf_param_t *param = &query->params[query->count];

    param->name = decode(pair, name_length, p);
    if (!param->name) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "the name of %s %d is not UTF-8 text in URL encoding", what,
                            query->count + 1);
    }
    param->value = equals ? decode(equals + 1, length - name_length - 1, p) : "";
    if (!param->value) {
        return wf_error_field(err, WF_ERR_INVALID, param->name,
                              "the value of %s '%s' is not UTF-8 text in URL encoding",
                              what, param->name);
    }
    query->count++;
    return APR_SUCCESS;
}

apr_status_t wf_pairs_parse(wf_query_t **result, const char *text, const char *what,
                            apr_pool_t *p, wf_error_t *err)
{
    wf_query_t *query = apr_pcalloc(p, sizeof *query);
    int pairs = text ? count_pairs(text) : 0;

    *result = query;
    if (pairs > WF_QUERY_MAX) {
        return wf_error_set(err, WF_ERR_TOO_LARGE, "more than %d %ss", WF_QUERY_MAX,
                            what);
    }
    query->params = apr_palloc(p, sizeof *query->params * (apr_size_t)(pairs + 1));
    while (text && *text) {
        apr_size_t length = strcspn(text, "&");

        if (length > 0) {
            apr_status_t rv = add_pair(query, text, length, what, p, err);

            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        text += length + (text[length] == '&');
    }
    return APR_SUCCESS;
}

apr_status_t wf_query_parse(const wf_query_t **query, const char *args, apr_pool_t *p,
                            wf_error_t *err)
{
    wf_query_t *parsed;
    apr_status_t rv = wf_pairs_parse(&parsed, args, "query parameter", p, err);

    *query = parsed;
    return rv;
}

apr_status_t wf_form_parse(const wf_query_t **form, const char *data, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_query_t *parsed;
    apr_status_t rv;

    if (!wf_utf8_valid(data, length)) {
        return wf_error_set(err, WF_ERR_INVALID, "the form body is not UTF-8 text");
    }
    rv = wf_pairs_parse(&parsed, apr_pstrmemdup(p, data, length), "form field", p, err);
    *form = parsed;
    return rv;
}

/* ---- typed access ------------------------------------------------------------------ */

const char *wf_query_text(const wf_query_t *query, const char *name)
{
    for (int i = 0; i < query->count; i++) {
        if (strcmp(query->params[i].name, name) == 0) {
            return *query->params[i].value ? query->params[i].value : NULL;
        }
    }
    return NULL;
}

apr_status_t wf_query_required(const wf_query_t *query, const char *name,
                               const char **value, wf_error_t *err)
{
    *value = wf_query_text(query, name);
    if (!*value) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "query parameter '%s' is required", name);
    }
    return APR_SUCCESS;
}

apr_status_t wf_query_int(const wf_query_t *query, const char *name, apr_int64_t *value,
                          wf_error_t *err)
{
    const char *text = wf_query_text(query, name);
    apr_int64_t number;

    if (!text) {
        return APR_SUCCESS;
    }
    if (!wf_parse_int64(text, &number) || number < APR_INT32_MIN
        || number > APR_INT32_MAX) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "query parameter '%s' must be a 32-bit integer, not '%s'",
                              name, text);
    }
    *value = number;
    return APR_SUCCESS;
}

apr_status_t wf_query_bool(const wf_query_t *query, const char *name, int *value,
                           wf_error_t *err)
{
    const char *text = wf_query_text(query, name);

    if (!text) {
        return APR_SUCCESS;
    }
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "query parameter '%s' must be true or false, not '%s'",
                              name, text);
    }
    *value = apr_tolower(*text) == 't';
    return APR_SUCCESS;
}

/* 1 if an ISO date-time ends in an offset: a date without one would be read in the zone
 * of the server, which a client cannot know. */
static int has_offset(const char *text)
{
    const char *time = strchr(text, 'T');

    return time && strpbrk(time, "Z+- ");
}

apr_status_t wf_query_date(const wf_query_t *query, const char *name, apr_int64_t *ms,
                           wf_error_t *err)
{
    const char *text = wf_query_text(query, name);
    apr_int64_t parsed;

    if (!text) {
        return APR_SUCCESS;
    }
    if (!has_offset(text) || wf_time_parse(&parsed, text) != APR_SUCCESS) {
        return wf_error_field(err, WF_ERR_INVALID, name,
                              "query parameter '%s' must be a date like "
                              "2010-11-02T09:05:00.120+01:00, not '%s'",
                              name, text);
    }
    *ms = parsed;
    return APR_SUCCESS;
}

/* ---- pages ------------------------------------------------------------------------- */

static int is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++) {
        if (strcmp(text, *list) == 0) {
            return 1;
        }
    }
    return 0;
}

apr_status_t wf_paging_parse(wf_paging_t *paging, const wf_query_t *query,
                             const char *const *keys, const char *default_sort,
                             wf_error_t *err)
{
    static const char *const orders[] = { "asc", "desc", NULL };
    const char *sort = wf_query_text(query, "sort");
    const char *order = wf_query_text(query, "order");
    apr_int64_t start = 0, size = WF_PAGE_SIZE;
    apr_status_t rv;

    if ((rv = wf_query_int(query, "start", &start, err)) != APR_SUCCESS
        || (rv = wf_query_int(query, "size", &size, err)) != APR_SUCCESS) {
        return rv;
    }
    paging->sort = sort ? sort : default_sort;
    paging->order = order ? order : "asc";
    if (!is_one_of(paging->sort, keys)) {
        return wf_error_field(
            err, WF_ERR_INVALID, "sort",
            "query parameter 'sort': this list cannot be sorted by '%s'", paging->sort);
    }
    if (!is_one_of(paging->order, orders)) {
        return wf_error_field(err, WF_ERR_INVALID, "order",
                              "query parameter 'order' must be asc or desc, not '%s'",
                              paging->order);
    }
    paging->start = start;
    paging->page.start = start;
    paging->page.size = size;
    paging->page.sort = paging->sort;
    paging->page.descending = strcmp(paging->order, "desc") == 0;
    return APR_SUCCESS;
}

json_object *wf_page_to_json(const wf_paging_t *paging, const wf_rows_t *rows,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             apr_pool_t *p)
{
    json_object *page = json_object_new_object();
    json_object *data = json_object_new_array();

    for (int i = 0; i < rows->rows->nelts; i++) {
        json_object_array_add(data,
                              render(APR_ARRAY_IDX(rows->rows, i, const void *), p));
    }
    json_object_object_add(page, "data", data);
    wf_json_add_int(page, "total", rows->total);
    wf_json_add_int(page, "start", paging->start);
    wf_json_add_string(page, "sort", paging->sort);
    wf_json_add_string(page, "order", paging->order);
    wf_json_add_int(page, "size", rows->rows->nelts);
    return page;
}
