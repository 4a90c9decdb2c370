/* load, inside: http steps while they are compiled, and their users. */
#ifndef WF_LOAD_HTTP_H
#define WF_LOAD_HTTP_H

#include "load/internal.h"

/* ---- options (http_options.c) ------------------------------------------------------ */

extern const wf_field_t wf_http_ssl_fields[], wf_http_redirect_fields[],
    wf_http_timeout_fields[];

/* Rows of what the section and each step may say; s has a member options. */
/* clang-format off */
#define WF_HTTP_OPTION_FIELDS(s)                                                         \
    WF_MADE_OF("ssl", wf_http_ssl_fields, s, options),                                   \
    WF_MADE_OF("redirect", wf_http_redirect_fields, s, options),                         \
    WF_MADE_OF("timeout", wf_http_timeout_fields, s, options),                           \
    WF_FIELD("http_version", NODE, s, options.version),                                  \
    WF_FIELD("compression", BOOLEAN, s, options.compression),                            \
    WF_FIELD("keep_alive", BOOLEAN, s, options.keep_alive),                              \
    WF_FIELD("cookies", NODE, s, options.cookies),                                       \
    WF_FIELD("resolve", LIST, s, options.resolve),                                       \
    WF_FIELD("max_response_size", INTEGER, s, options.max_response_size)
/* clang-format on */

/** Fill a step's settings and max_body. path is that of its config, or the section's if
 *  the step has no node. */
void wf_http_settings(wf_http_step_t *http, const wf_http_options_t *options,
                      const wf_step_t *step, const wf_where_t *path, wf_compile_t *c);

/* ---- bodies (http_body.c, http_request.c) ------------------------------------------ */

/** Fill body or parts, and the Content-Type if the step has none. */
void wf_http_body_compile(wf_http_step_t *http, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c);
/** A text as it stands within a body (wf_spelling_e). */
const char *wf_http_spell(int spelling, const char *text, apr_pool_t *p);

/* ---- other parts ------------------------------------------------------------------- */

/** The row of a header, or NULL; names without case. (http_compile.c) */
wf_pair_t *wf_http_header_find(apr_array_header_t *headers, const char *name);

/* Takes one row of a map, or of a list of {key, value, enabled}. */
typedef void wf_pair_fn(apr_array_header_t *pairs, const char *name, wf_text_t value,
                        const wf_node_t *node, const wf_where_t *path, wf_compile_t *c);
/** Compile such a map or list; node may be NULL. (http_compile.c) */
void wf_http_pairs(apr_array_header_t *pairs, wf_pair_fn *add, const wf_node_t *node,
                   const wf_where_t *path, wf_compile_t *c);

/** 1 if the text may stand as a cookie's value. (http_request.c) */
int wf_http_cookie_valid(const char *value);

/** Add an answer to the metrics of exchanges. (step_http.c) */
void wf_http_count(wf_sheet_t *sheet, const wf_client_response_t *response, int failed);

/** The output function and map of the type. (http_output.c) */
int wf_http_output(wf_result_t *result, const char *name, wf_value_t *value,
                   apr_pool_t *p);
int wf_http_output_map(wf_result_t *result, const char *name, wf_value_t *value,
                       apr_pool_t *p);

#endif
