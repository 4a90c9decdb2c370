/* Fuzz target of what scripts of workflows find: the input is a script. Its requests are
 * refused before they leave. Whatever it does: a value that prints, or an error that says
 * why, soon, and lines that are text. */
#include "steps/script_host.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int fuzz_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_value_t *found = wf_map_get(baton, name);

    (void)p;
    if (found != NULL) {
        *value = *found;
    }
    return found != NULL;
}

static int fuzz_set(void *baton, const char *name, const wf_value_t *value)
{
    wf_map_set(baton, name, wf_value_copy(value, wf_map_pool(baton)));
    return wf_map_count(baton) < 1000 ? 0 : -1;
}

static int fuzz_unset(void *baton, const char *name)
{
    wf_map_remove(baton, name);
    return 0;
}

static wf_map_t *fuzz_all(void *baton, apr_pool_t *p)
{
    const wf_value_t all = wf_map(baton);

    return wf_value_copy(&all, p).as.map;
}

static int fuzz_answer(void *baton, wf_script_answer_t *answer)
{
    static const char body[] = "{\"token\":\"t\",\"list\":[1,{\"a\":null}]}";
    static const char headers[] = "A: b\r\nSet-Cookie: c=d\r\n";

    (void)baton;
    *answer = (wf_script_answer_t){
        200, body, headers, sizeof(body) - 1, sizeof(headers) - 1, 1.25, sizeof(body)
    };
    return 1;
}

static int fuzz_metric(void *baton, const char *name, double value)
{
    (void)baton;
    return strcmp(name, "orders") == 0 && value == value;
}

static void fuzz_check(void *baton, const char *name, int passed)
{
    (void)baton;
    (void)name;
    (void)passed;
}

static void fuzz_exchanged(void *baton, const wf_client_response_t *response)
{
    (void)baton;
    if (response->outcome == WF_CLIENT_OK) {
        abort();
    }
}

static int refused(void *baton, const char *host, int port, const char *address)
{
    (void)baton;
    (void)host;
    (void)port;
    (void)address;
    return 0;
}

static void check_lists(const wf_script_host_t *host, apr_pool_t *p)
{
    const wf_value_t lists[] = { host->lines ? wf_list(host->lines) : wf_null(),
                                 host->checks ? wf_list(host->checks) : wf_null() };

    for (int i = 0; i < 2; i++) {
        const char *text = wf_value_print(&lists[i], WF_LOAD, p);

        if (!wf_utf8_valid(text, strlen(text))) {
            abort();
        }
    }
    if (host->line_bytes > WF_SCRIPT_LINES_BYTES) {
        abort();
    }
}

static void run_one(const uint8_t *data, size_t size, apr_pool_t *p)
{
    wf_script_http_t http = { .base = "http://127.0.0.1:9/", .permitted = refused };
    wf_map_t *vars = wf_map_create(p);
    wf_script_host_t host = { .baton = vars,
                              .get = fuzz_get,
                              .set = fuzz_set,
                              .unset = fuzz_unset,
                              .all = fuzz_all,
                              .answer = fuzz_answer,
                              .metric = fuzz_metric,
                              .check = fuzz_check,
                              .exchanged = fuzz_exchanged,
                              .http = &http,
                              .deadline = wf_mono_us() + 100000,
                              .pool = p };
    wf_js_call_t call = { .name = "fuzz",
                          .text = apr_pstrmemdup(p, (const char *)data, size),
                          .length = size,
                          .world = &wf_script_world,
                          .baton = &host,
                          .deadline_ms = 100,
                          .memory = 8 * 1024 * 1024,
                          .wants_value = 1 };
    wf_js_result_t result;
    wf_error_t err;

    wf_error_init(&err, p);
    wf_client_settings_init(&http.settings);
    wf_map_set(vars, "n", wf_integer(3));
    wf_map_set(vars, "s", wf_string("text"));
    wf_map_set(vars, "env.stage", wf_string("test"));
    if (wf_js_run(&call, &result, p, &err) == APR_SUCCESS) {
        const char *text = wf_value_print(&result.value, WF_LOAD, p);

        if (!wf_utf8_valid(text, strlen(text))) {
            abort();
        }
    }
    else if (!err.message || !wf_utf8_valid(err.message, strlen(err.message))) {
        abort();
    }
    check_lists(&host, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int initialized;
    apr_pool_t *p;
    wf_error_t err;

    if (!initialized) {
        apr_initialize();
        apr_pool_create(&p, NULL);
        wf_error_init(&err, p);
        if (wf_client_global_init(&err) != APR_SUCCESS) {
            abort();
        }
        initialized = 1;
    }
    apr_pool_create(&p, NULL);
    run_one(data, size, p);
    apr_pool_destroy(p);
    return 0;
}
