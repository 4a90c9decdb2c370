/* What the handlers of this face share: ids as texts, the short answers, pages of lists. */
#include "activiti/internal.h"

#include <apr_strings.h>
#include <string.h>

/* Ids are texts to clients: "07" is not the "7" that was handed out. */
int wf_id_parse(const char *text, wf_id_t *id)
{
    return *text >= '1' && *text <= '9' && wf_parse_int64(text, id);
}

wf_value_t wf_id_value(const char *text)
{
    wf_id_t id;

    return text ? wf_integer(wf_id_parse(text, &id) ? id : -1) : wf_null();
}

void wf_json_add_id(json_object *o, const char *name, wf_id_t id)
{
    char text[24];

    apr_snprintf(text, sizeof text, "%" APR_INT64_T_FMT, id);
    wf_json_add_string(o, name, id ? text : NULL);
}

apr_status_t wf_respond_success(wf_request_t *req)
{
    json_object *success = json_object_new_object();

    wf_json_add_bool(success, "success", 1);
    return wf_respond_json(req, 200, success);
}

apr_status_t wf_respond_page(wf_request_t *req, const wf_filter_t *filters, int count,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             wf_error_t *err)
{
    const wf_route_t *route = wf_route_target(req->route);
    wf_list_e list = route->pages - 1; /* see WF_PAGES */
    wf_filter_t *all = apr_palloc(req->pool, (count + 1) * sizeof *all);
    wf_paging_t paging;
    wf_rows_t rows;
    wf_store_t *store;
    apr_status_t rv =
        wf_paging_parse(&paging, req->query, wf_store_sort_keys(list), "id", err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (paging.page.size > req->config->max_page) {
        paging.page.size = req->config->max_page;
    }
    if (!(store = wf_request_store(req, err))) {
        return WF_EFAILED;
    }
    if (count) {
        memcpy(all, filters, count * sizeof *all);
    }
    if (route->needs == WF_NEEDS(WF_OF_LIST, 0)) {
        wf_rights_filter(req, list, &all[count++]);
    }
    rv = wf_store_list(store, list, all, count, &paging.page, &rows, req->pool, err);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return wf_respond_json(req, 200, wf_page_to_json(&paging, &rows, render, req->pool));
}
