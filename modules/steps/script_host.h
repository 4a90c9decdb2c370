/* steps, inside: what a script of a workflow can reach. script_prelude.js has the names,
 * script_host.c the functions behind them; variables, answers and metrics are known only
 * through the members of a wf_script_host_t, so a script may run on a loop or on a thread
 * that waits. */
#ifndef WF_STEPS_SCRIPT_HOST_H
#define WF_STEPS_SCRIPT_HOST_H

#include "client/client.h"
#include "script/script.h"

#define WF_SCRIPT_LINES_MAX 100        /* of console, that one run keeps … */
#define WF_SCRIPT_LINES_BYTES 16384    /* … and their bytes */
#define WF_SCRIPT_LINE_MAX 1000        /* bytes of one */
#define WF_SCRIPT_CHECKS_MAX 100       /* that one run lists by name; all are counted */
#define WF_SCRIPT_HTTP_TIMEOUT_MS 30000
#define WF_SCRIPT_HTTP_MAX_HEADERS 100

/* How requests of scripts are made. Read by the thread that runs the script. */
typedef struct wf_script_http_t {
    const char *base;                  /* prefix of relative URLs, or "" */
    const apr_array_header_t *headers; /* of wf_client_header_t: sent with each; or NULL */
    wf_client_settings_t settings;
    wf_client_permit_fn *permitted; /* NULL: all */
    void *permit_baton;
    struct wf_pace_t *pace; /* NULL: any rate */
} wf_script_http_t;

/* An answer as scripts see it. */
typedef struct wf_script_answer_t {
    int status;
    const char *body, *headers; /* headers: lines "Name: value\r\n"; both may be NULL */
    apr_size_t body_length, headers_length;
    double duration_ms;
    apr_int64_t size;
} wf_script_answer_t;

/** What one run of a script reaches, and what it leaves. */
typedef struct wf_script_host_t {
    void *baton; /* of the functions */

    /** 1 and *value if there is such a variable, without host objects in it. */
    int (*get)(void *baton, const char *name, wf_value_t *value, apr_pool_t *p);
    /** The same, as in wf_scope_t; or NULL. */
    int (*behind)(void *baton, const char *name, wf_value_t *value, apr_pool_t *p);
    /** Both are copied. -1 if the run has named more than one may; so with unset. */
    int (*set)(void *baton, const char *name, const wf_value_t *value);
    int (*unset)(void *baton, const char *name);
    wf_map_t *(*all)(void *baton, apr_pool_t *p);
    /** The latest answer, or 0. */
    int (*answer)(void *baton, wf_script_answer_t *answer);
    /** Add to a metric that the document declares: 0 if it does not, -1 if the run has added
     *  more than one may. */
    int (*metric)(void *baton, const char *name, double value);
    void (*check)(void *baton, const char *name, int passed);
    /** A request was answered or has failed. */
    void (*exchanged)(void *baton, const wf_client_response_t *response);
    const wf_script_http_t *http; /* NULL: the script's thread must not wait */
    apr_int64_t deadline;         /* wf_mono_us: no request lasts longer */
    const int *stop;              /* as in wf_js_call_t */

    /* what it leaves, in pool */
    apr_pool_t *pool;
    wf_list_t *lines;  /* of console; NULL: none */
    unsigned char levels[WF_SCRIPT_LINES_MAX]; /* of each: wf_log_level_e */
    wf_list_t *checks; /* of maps {name, passed, error}; NULL: none */
    apr_size_t line_bytes;
    int lines_dropped;
    int held;                 /* requests that waited for their place */
    int tests_failed;         /* of pm.test */
    const char *first_failed; /* "name: why"; or NULL */
} wf_script_host_t;

/** The world of load workflows; batons are wf_script_host_t. */
extern const wf_js_world_t wf_script_world;

/** 1 if the text may make requests, so that its thread must be one that may wait: it has
 *  the word http other than in a URL. */
int wf_script_waits(const char *text);

/** Header lines as a list of [name, value]. */
wf_list_t *wf_script_headers(const char *headers, apr_size_t length, apr_pool_t *p);

/** script_http.c: http(method, url, {headers, query, body, timeout}) of the prelude. */
wf_js_function_fn wf_script_http_call;

#endif
