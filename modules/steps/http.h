/* steps, inside: http steps while they are compiled, and their users. */
#ifndef WF_STEPS_HTTP_H
#define WF_STEPS_HTTP_H

#include "steps/internal.h"

/* ---- the http section (http_options.c) --------------------------------------------- */

/* Inherited by every http step; unset durations and numbers are -1. */
typedef struct wf_http_options_t {
    int verify, follow, compression, keep_alive;
    const char *cert, *key, *key_password, *ca, *server_name;
    apr_int64_t max_redirects, max_response_size;
    apr_int64_t connect_ns, read_ns, write_ns, request_ns;
    const wf_node_t *version, *cookies, *resolve; /* or NULL */
} wf_http_options_t;

typedef struct wf_http_section_t {
    const char *base_url;
    const wf_node_t *domains, *headers;
    apr_array_header_t *pairs; /* headers compiled, by the first http step */
    wf_http_options_t options;
    wf_user_terms_t users;
    int checked; /* its options were looked at */
} wf_http_section_t;

/** That of the document. */
wf_http_section_t *wf_http_section_of(const wf_compile_t *c);

/* ---- http steps (http.c, http_compile.c) ------------------------------------------- */

typedef struct wf_pair_t {
    const char *name; /* of a query parameter: percent-encoded */
    wf_text_t value;
} wf_pair_t;

/* How the text of a template becomes part of a body. */
typedef enum { WF_AS_IS, WF_AS_JSON, WF_AS_FORM } wf_spelling_e;

/* A piece of a body: bytes as they are, or a template. */
typedef struct wf_piece_t {
    const char *literal;
    apr_size_t length;
    wf_template_t *tmpl;
    int spelling; /* wf_spelling_e, of what the template says */
} wf_piece_t;

/* A part of a multipart body. */
typedef struct wf_http_part_t {
    const char *name;
    wf_text_t filename, type; /* neither literal nor tmpl: none */
    wf_text_t value;          /* or bytes: */
    const char *data;
    apr_size_t length;
} wf_http_part_t;

typedef struct wf_http_step_t {
    const char *method;
    wf_text_t url, base; /* base: prefix of a relative url; may be empty */
    apr_array_header_t *headers, *query; /* of wf_pair_t */
    apr_array_header_t *cookies; /* of wf_pair_t, beside those of the user */
    apr_array_header_t *body;            /* of wf_piece_t, NULL = no body */
    apr_array_header_t *parts;           /* of wf_http_part_t, instead of body */
    wf_client_settings_t settings;
    apr_size_t max_body;
    int fail_on_status;
    wf_client_call_t *call; /* made with the plan if there is nothing to evaluate */
} wf_http_step_t;

void wf_http_compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                     wf_compile_t *c);
void wf_http_link(wf_step_t *step, wf_compile_t *c);
/** What the http section says, without a request: for those of scripts. */
wf_http_step_t *wf_http_compile_section(wf_compile_t *c);
/** Append text to an array of char, percent-encoded for a query. */
void wf_percent_append(apr_array_header_t *out, const char *text);
/** text as a JSON string, quotes included. */
const char *wf_json_quote(const char *text, apr_pool_t *p);
int wf_http_is_absolute(const char *url);
/** The call of a step for a strand, or for none if everything is literal. */
apr_status_t wf_http_call(wf_client_call_t **call, const wf_step_t *step,
                          const wf_plan_t *plan, wf_strand_t *strand, apr_pool_t *p,
                          wf_error_t *err);

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

/** What such an ssl map says, at path.ssl and inherited from nowhere. */
void wf_http_tls(wf_client_settings_t *settings, const wf_http_options_t *options,
                 const wf_where_t *path, wf_compile_t *c);

/* ---- bodies (http_body.c, http_request.c) ------------------------------------------ */

/** Fill body or parts, and the Content-Type if the step has none. */
void wf_http_body_compile(wf_http_step_t *http, const wf_node_t *node,
                          const wf_where_t *path, wf_compile_t *c);
/** A text as it stands within a body (wf_spelling_e). */
const char *wf_http_spell(int spelling, const char *text, apr_pool_t *p);

/** The bytes that base64 stands for, blanks left out; NULL if it is none. */
const char *wf_base64_decode(const char *text, apr_size_t *length, apr_pool_t *p);

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

/* What the metrics of exchanges are told of one. */
typedef struct wf_http_sample_t {
    int status, failed;
    apr_int64_t duration_us, sent, received;
    wf_client_timings_t timings;
} wf_http_sample_t;

wf_http_sample_t wf_http_sample(const wf_client_response_t *response, int failed);
/** Add one to the metrics; bytes are counted with the step's. (http.c) */
void wf_http_count(wf_sheet_t *sheet, const wf_http_sample_t *sample);

/** What was really sent, {method, url, version, headers, body, size}, without secrets and
 *  credentials; null if it was not kept. (http_sent.c) */
void wf_http_sent(wf_result_t *result, wf_value_t *value, apr_pool_t *p);

/** The output function and map of the type. (http_output.c) */
int wf_http_output(wf_result_t *result, const char *name, wf_value_t *value,
                   apr_pool_t *p);
int wf_http_output_map(wf_result_t *result, const char *name, wf_value_t *value,
                       apr_pool_t *p);

#endif
