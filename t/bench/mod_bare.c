/* The least that httpd can do for a request, to measure the faces against: claim the URI
 * as they do, in translate_name and map_to_storage, read the body away and answer 200
 * bytes of JSON. Everything below /bare. */
#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>

#define HANDLER "bare"

static const char answer[] =
    "{\"id\":1042,\"name\":\"Schedule meeting\",\"description\":\"Find a date for a "
    "meeting"
    " of the next week.\",\"priority\":50,\"assignee\":\"kermit\",\"executionId\":1040,"
    "\"processInstanceId\":\"1040\",\"formResourceKey\":null}";

_Static_assert(sizeof(answer) - 1 == 200, "200 bytes are what the page says");

static int claim(request_rec *r)
{
    if (strncmp(r->uri, "/bare", 5) != 0) {
        return DECLINED;
    }
    r->filename = (char *)HANDLER;
    r->handler = HANDLER;
    return OK;
}

static int is_claimed(request_rec *r)
{
    return r->handler && strcmp(r->handler, HANDLER) == 0 ? OK : DECLINED;
}

static int respond(request_rec *r)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *bb;
    int rc;

    if (is_claimed(r) != OK) {
        return DECLINED;
    }
    if ((rc = ap_discard_request_body(r)) != OK) {
        return rc;
    }
    ap_set_content_type(r, "application/json");
    ap_set_content_length(r, sizeof(answer) - 1);
    bb = apr_brigade_create(r->pool, alloc);
    APR_BRIGADE_INSERT_TAIL(
        bb, apr_bucket_immortal_create(answer, sizeof(answer) - 1, alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
    return OK;
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_translate_name(claim, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_map_to_storage(is_claimed, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_type_checker(is_claimed, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(respond, NULL, NULL, APR_HOOK_FIRST);
}

AP_DECLARE_MODULE(bare) = {
    STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, register_hooks,
};
