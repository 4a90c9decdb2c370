/* The rights of users and groups on process definitions, for administrators. */
#include "activiti/internal.h"

#define KEY "processDefinitionKey"

static json_object *render(const void *row, apr_pool_t *p)
{
    const wf_grant_t *grant = row;
    json_object *o = json_object_new_object(), *rights = json_object_new_array();
    const struct {
        int has;
        const char *name;
    } all[] = { { grant->start, "start" },
                { grant->read, "read" },
                { grant->operate, "operate" } };

    (void)p;
    for (apr_size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].has) {
            json_object_array_add(rights, json_object_new_string(all[i].name));
        }
    }
    wf_json_add_string(o, KEY, grant->key);
    wf_json_add_string(o, "userId", grant->user_id);
    wf_json_add_string(o, "groupId", grant->group_id);
    json_object_object_add(o, "rights", rights);
    return o;
}

apr_status_t wf_grant_list(wf_request_t *req, wf_error_t *err)
{
    const wf_filter_t filters[] = {
        { "key", wf_string(wf_query_text(req->query, KEY)) },
        { "user", wf_string(wf_query_text(req->query, "userId")) },
        { "group", wf_string(wf_query_text(req->query, "groupId")) },
    };

    return wf_respond_page(req, filters, 3, render, err);
}

apr_status_t wf_grant_set(wf_request_t *req, wf_error_t *err)
{
    static const char *const names[] = { KEY, "userId", "groupId" };
    json_object *args = wf_args_create(req), *body, *rights;
    apr_array_header_t *words;
    const char *text;
    apr_status_t rv = wf_request_object(req, &body, err);

    for (apr_size_t i = 0; rv == APR_SUCCESS && i < sizeof names / sizeof names[0]; i++) {
        rv = wf_body_text(body, names[i], &text, req->pool, err);
        if (rv == APR_SUCCESS) {
            rv = wf_text_check(names[i], text, WF_NAME_MAX, err);
        }
        if (rv == APR_SUCCESS) {
            wf_json_add_string(args, names[i], text);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = wf_body_strings(body, "rights", &words, req->pool, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rights = json_object_new_array();
    for (int i = 0; i < words->nelts; i++) {
        json_object_array_add(
            rights, json_object_new_string(APR_ARRAY_IDX(words, i, const char *)));
    }
    json_object_object_add(args, "rights", rights);
    return wf_respond_command(req, WF_CMD_GRANT_SET, args, err);
}

apr_status_t wf_grant_clear(wf_request_t *req, wf_error_t *err)
{
    json_object *args = wf_args_create(req);

    wf_json_add_string(args, KEY, wf_request_var(req, KEY));
    return wf_respond_command(req, WF_CMD_GRANT_CLEAR, args, err);
}
