/* Shared by the files of this room. */
#ifndef WF_HTTP_INTERNAL_H
#define WF_HTTP_INTERNAL_H

#include "http/http.h"

struct wf_query_t {
    int count;
    struct wf_param_t {
        const char *name, *value;
    } * params; /* in order of appearance */
};

/** Parse url-encoded pairs; what ("query parameter", "form field") is for the messages.
 */
apr_status_t wf_pairs_parse(wf_query_t **query, const char *text, const char *what,
                            apr_pool_t *p, wf_error_t *err);

/** What has been added so far; NULL if there was no memory for it. */
const char *wf_html_text(const wf_html_t *html, apr_size_t *length);

/** Render err in the manner of the face and send it. Returns what the hook returns. */
int wf_respond_error(wf_request_t *req, const wf_error_t *err);

/** Content-Disposition for a download: the base name of filename, quoted (RFC 6266). */
const char *wf_attachment_text(const char *filename, apr_pool_t *p);

/** Headers that go with every answer of the face. */
void wf_respond_prepare(wf_request_t *req);

/** Carry the bytes of a stream between the client of r and the engine, until one of them has
 *  ended it; closes engine. Out: what the client sends is not ours to read. */
typedef enum { WF_TUNNEL_BOTH_WAYS, WF_TUNNEL_OUT } wf_tunnel_e;
void wf_tunnel_run(struct request_rec *r, int engine, wf_tunnel_e ways);

/** 1 at most once a second per *last (zero at first): for log lines that every request of
 *  a busy server would write. */
int wf_once_a_second(apr_uint32_t *last);

/** Read the body piece by piece, at most limit bytes (limit_name is for the message). */
typedef apr_status_t wf_body_piece_fn(void *baton, const char *data, apr_size_t length,
                                      wf_error_t *err);
apr_status_t wf_body_read(wf_request_t *req, apr_int64_t limit, const char *limit_name,
                          wf_body_piece_fn *piece, void *baton, wf_error_t *err);

/* ---- credentials (credentials.c) ------------------------------------------------------ */

/** Take API keys and tokens out of the query, before anybody logs it. */
void wf_credentials_hide(wf_request_t *req);
/** The headers that tell what is taken here, for a 401. */
void wf_credentials_challenge(wf_request_t *req);
/** It gets 401: if it brought credentials, they were wrong. */
void wf_credentials_note_refusal(const wf_request_t *req);
/** WF_ERR_FORBIDDEN: the API key of this request has not the right to such a call. */
apr_status_t wf_credentials_check(const wf_request_t *req, wf_level_e level,
                                  wf_error_t *err);

/* ---- pages of other sites (origins.c) ----------------------------------------------- */

/** What WorkflowAllowOrigin says of the page that calls, NULL if nothing; and 1 if it is
 *  one of those, one of this server, or no page at all. */
const char *wf_origin_permitted(const wf_request_t *req);
int wf_origin_may_call(const wf_request_t *req);
/** WF_ERR_FORBIDDEN: it changes something, and a page of another site made it. */
apr_status_t wf_origin_check(const wf_request_t *req, wf_error_t *err);
/** Headers that let such a page read the answer, and those of what it asks before. */
void wf_origin_permit(const wf_request_t *req);
void wf_origin_answer_preflight(const wf_request_t *req);

/* ---- Idempotency-Key ------------------------------------------------------------------ */

/** once.c: 1 if it can be one. */
int wf_once_key_valid(const char *key);
/** What a key is to the engine, in hex: another one for each user (NULL = anybody), method
 *  and path. */
apr_status_t wf_once_key(const char **hex, const char *user, const char *method,
                         const char *path, const char *key, apr_pool_t *p, wf_error_t *err);
/** What tells a request's content from another's, in hex: query (NULL = none) and body, of a
 *  form with files the parts. type is its Content-Type or NULL. Fails as the multipart parser
 *  does. */
apr_status_t wf_once_fingerprint(const char **hex, const char *query, const char *type,
                                 const char *data, apr_size_t length, apr_pool_t *p,
                                 wf_error_t *err);

/** Before the handler: look at the header, and whether the request has come before. kept:
 *  its answer was, and wf_repeat_answer takes the handler's place. WF_ERR_INVALID,
 *  WF_ERR_REUSED, and what reading the body fails with. */
apr_status_t wf_repeat_begin(wf_request_t *req, int *kept, wf_error_t *err);
/** What the client got the first time. */
apr_status_t wf_repeat_answer(wf_request_t *req, wf_error_t *err);
/** The handler looks at the store: what it answers does not follow from replies alone. */
void wf_repeat_reads(wf_request_t *req);
/** A command is about to be sent; NULL unless it is to be done once. */
const wf_once_t *wf_repeat_command(wf_request_t *req, const wf_ipc_call_t *call);
/** 1 if it is done already: *reply is filled in. */
int wf_repeat_reply(wf_request_t *req, const wf_once_t *once, wf_ipc_reply_t *reply);
/** An answer is about to be sent. */
void wf_repeat_end(wf_request_t *req, int status, const wf_body_t *body);
/** The handler has failed: err may become another. */
void wf_repeat_failed(wf_request_t *req, wf_error_t *err);

/* ---- the OpenAPI document ----------------------------------------------------------- */

/** Add a new object or array to an object; a text to an array. */
json_object *wf_doc_object(json_object *parent, const char *name);
json_object *wf_doc_array(json_object *parent, const char *name);
void wf_doc_string(json_object *array, const char *text);

/** JSON Schemas, each a new reference: of a type (NULL: any) that may also be null; of an
 *  answer of the route by its example; of one argument; of the object that the arguments in
 *  a place make, NULL if there are none. example: of a body that has the argument as a
 *  member, or NULL. */
json_object *wf_schema_of_type(const char *type, int nullable);
json_object *wf_schema_of(json_object *example, const wf_route_t *route);
json_object *wf_schema_of_argument(const wf_argument_t *argument, json_object *example,
                                   apr_pool_t *p);
json_object *wf_schema_of_arguments(const apr_array_header_t *arguments,
                                    wf_argument_place_e place, json_object *example,
                                    apr_pool_t *p);

/* ---- requests ------------------------------------------------------------------------ */

/** The request record of r: found in r, or made now if r lies in a face's Location.
 *  NULL if no face answers here. */
wf_request_t *wf_request_of(struct request_rec *r);

/** The kind of its body as its Content-Type says it now. */
wf_content_e wf_request_content(const wf_request_t *req);

#endif
