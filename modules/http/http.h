/* http: what both faces share of serving HTTP: which face answers where, the route table
 * and its matching, request parameters and bodies, pages, uploads, responses and error
 * bodies.
 *
 * A face is a table of routes. A directive switches it on for a <Location>; the hooks
 * below find the route once per request, let httpd authenticate, check the level of the
 * route, call its handler and render what it returns. Handlers run in httpd's children in
 * any thread and never write state: they send a command to the engine or read the store.
 *
 * Memory: the pool of a request unless a function takes another one. Nothing here keeps a
 * reference to a request beyond it. */
#ifndef WF_HTTP_H
#define WF_HTTP_H

#include "core/core.h"
#include "store/store.h"
#include "ipc/ipc.h"
#include "auth/auth.h"

/* httpd's own types, declared so that this header needs no httpd header. */
struct request_rec;
struct server_rec;

/* ---- configuration ----------------------------------------------------------------- */

/* The module's record per directory is a wf_dir_config_t; the server-wide settings reach
 * the requests through wf_child_create. */

typedef struct wf_face_t wf_face_t;
typedef struct wf_router_t wf_router_t;

/** What is On or Off unless an outer section's word counts. */
typedef enum { WF_UNSET, WF_OFF, WF_ON } wf_choice_e;

/** An API key that an administrator has in a file. */
typedef struct wf_given_key_t {
    char hash[WF_API_KEY_HASH_SIZE];
    const char *owner;
    wf_key_rights_e rights;
} wf_given_key_t;

/** Per <Location>. All zero = no face here. The face, base and router belong together:
 *  when merging, take the three of the section that set `face` or `off`. The innermost
 *  section with lines of its own says who reaches which level. */
typedef struct wf_dir_config_t {
    const wf_face_t *face;     /* NULL = off */
    const char *base;          /* the Location's path without slash at the end */
    const wf_router_t *router; /* the face's compiled table */
    int off;                   /* off here although an outer section enables it */
    wf_require_t *require;     /* who reaches which level; NULL = by groups of the store */
    apr_array_header_t *origins; /* of const char *: whose pages may call, "*" =
                                    any; NULL = those of this server only */
    wf_choice_e anonymous;       /* may callers stay unknown? Unset: they may not */
    wf_choice_e api_keys;        /* are those of the store taken? Unset: they are not */
    apr_array_header_t *key_files; /* of wf_given_key_t: taken, too */
    wf_jwt_keys_t *jwt_keys;       /* who may sign tokens; NULL = none are taken */
    const char *jwt_issuer, *jwt_audience, *jwt_user; /* as in wf_jwt_policy_t */
    int jwt_leeway;                                   /* seconds plus 1; 0 = unset */
} wf_dir_config_t;

/** Switch a face on for a Location (path as cmd->path gives it). NULL, or what is wrong,
 *  for the directive's error. Compiles the face's route table into p (the configuration
 *  pool). */
const char *wf_http_enable(wf_dir_config_t *dir, const wf_face_t *face, const char *path,
                           apr_pool_t *p);

/** 1 if calls of the face need a caller who is known, unless the place says otherwise. */
int wf_face_needs_user(const wf_face_t *face);

#define WF_DEFAULT_BODY_LIMIT (4 * 1024 * 1024)
#define WF_DEFAULT_MAX_PAGE 10000
#define WF_DEFAULT_UPLOAD_LIMIT (16 * 1024 * 1024)
#define WF_DEFAULT_COMMAND_TIMEOUT 30 /* seconds */
#define WF_DEFAULT_LONG_POLL 60       /* seconds */
#define WF_DEFAULT_AUTH_FAILURES 5
#define WF_DEFAULT_ENGINE_NAME "default"
#define WF_DEFAULT_ENGINE_VERSION "5.0"
#define WF_DEFAULT_ASSIGNMENT_TYPE "assignment"

/** Server-wide settings, complete (defaults filled in) before the children start. */
typedef struct wf_server_config_t {
    const char *store;                   /* data source: "sqlite:/var/lib/…" */
    const char *socket;                  /* path of the engine's unix socket */
    apr_interval_time_t command_timeout; /* microseconds for one command */
    apr_interval_time_t max_long_poll;   /* microseconds a call may wait for news */
    apr_int64_t body_limit;              /* bytes of a JSON or form body */
    apr_int64_t upload_limit;            /* bytes of a multipart body */
    int max_page;                        /* rows of a page, whatever size asks for */
    const char *engine_name;             /* as GET /process-engine shows them */
    const char *engine_version;
    const char *resource_url;            /* may be NULL */
    wf_level_e deploy_level;             /* of uploading and deleting deployments */
    int enforce_starters;                /* only candidate starters may start */
    int definition_rights;               /* users need rights on process definitions */
    wf_roles_t roles;
    const char *assignment_type;         /* of the groups counted in a task summary */
    int max_auth_failures;               /* from which on callers have to wait; 0 = never */
    wf_throttle_t *throttle;             /* shared by the children; NULL = nobody waits */
} wf_server_config_t;

/* ---- services of a child ----------------------------------------------------------- */

/** What the requests of one httpd child share. Thread-safe. */
typedef struct wf_child_t {
    const wf_server_config_t *config;
    wf_ipc_client_t *ipc;
    wf_auth_cache_t *auth_cache; /* may be NULL */
    void *threads;               /* child.c's: key of the store connections */
} wf_child_t;

/** From child_init, once, before threads start: make the services, which live in pchild,
 *  and give the authn provider its source. Opens nothing. */
apr_status_t wf_child_create(const wf_server_config_t *config, apr_pool_t *pchild,
                             wf_error_t *err);

/** The services, NULL before wf_child_create. */
wf_child_t *wf_child_current(void);

/** The calling thread's own read-only connection. Opened on first use and closed with the
 *  thread; a failed open (the engine has not made the store yet) is tried again next
 *  time. NULL with err set (WF_ERR_UNAVAILABLE …). */
wf_store_t *wf_child_store(wf_child_t *child, wf_error_t *err);

/* ---- routes ------------------------------------------------------------------------ */

enum { /* methods, as bits; HEAD goes with GET, OPTIONS with every path */
    WF_GET = 1,
    WF_POST = 2,
    WF_PUT = 4,
    WF_DELETE = 8,
    WF_OPTIONS = 16,
    WF_PATCH = 32
};

typedef enum {
    WF_FORMAT_NONE, /* a stream with a type of its own */
    WF_FORMAT_JSON,
    WF_FORMAT_HTML,
    WF_FORMAT_PNG,
    WF_FORMAT_SVG
} wf_format_e;

enum { /* what a route understands besides its method and template */
    WF_ROUTE_EXTENSION = 1, /* the format may also be a path extension: /login.json */
    WF_ROUTE_HTML = 2,      /* format=html is possible besides json */
    WF_ROUTE_MULTIPART = 4, /* reads multipart/form-data; of two routes with the same
                               template this one takes such bodies */
    WF_ROUTE_DEPLOY = 8,    /* the level is the configured deploy_level */
    WF_ROUTE_PICTURE = 16,  /* format=png and format=svg are possible */
    WF_ROUTE_ALIAS = 32,    /* another path of the route before it in the table; several
                               may follow one route */
    WF_ROUTE_EMPTY = 64,    /* the answer is 204, without a body */
    WF_ROUTE_CREATED = 128, /* the answer is 201 */
    WF_ROUTE_UPGRADE = 256  /* the answer is 101: a WebSocket */
};

#define WF_ROUTE_VARS 4 /* most variables of a template */

typedef struct wf_request_t wf_request_t;

/** Answers a request: APR_SUCCESS after a wf_respond_*, else err is filled and the face
 *  renders it. */
typedef apr_status_t wf_handler_fn(wf_request_t *req, wf_error_t *err);

/** A parameter of an endpoint, as its documents show it. */
typedef enum {
    WF_IN_QUERY,
    WF_IN_BODY, /* a member of the JSON object */
    WF_IN_FORM, /* a field of multipart/form-data */
    WF_IN_PATH  /* only in what wf_route_arguments makes */
} wf_argument_place_e;

typedef enum {
    WF_ARG_STRING,
    WF_ARG_INTEGER,
    WF_ARG_BOOLEAN,
    WF_ARG_DATE,      /* ISO 8601 with time and offset */
    WF_ARG_DAY,       /* the same, or YYYY-MM-DD */
    WF_ARG_STRINGS,   /* an array of strings */
    WF_ARG_OBJECTS,   /* an array of objects */
    WF_ARG_OBJECT,    /* one with members of its own */
    WF_ARG_MAP,       /* an object whose member names are data */
    WF_ARG_ANY,       /* any JSON */
    WF_ARG_FILE,
    WF_ARG_VARIABLES, /* any other members: process variables */
    WF_ARG_TYPES
} wf_argument_type_e;

typedef struct wf_argument_t {
    const char *name;
    wf_argument_place_e place;
    wf_argument_type_e type;
    int required;
    const char *values;   /* allowed ones, separated by blanks; NULL = any */
    const char *fallback; /* default; NULL = none */
    const char *text;     /* one sentence */
} wf_argument_t;

/** What a variable in templates stands for, by its name. */
typedef struct wf_path_var_t {
    const char *name, *text;
} wf_path_var_t;

#define WF_PAGES(list) ((list) + 1) /* for wf_route_t.pages */

/** One endpoint: the row that router, rights, API browser, OpenAPI document and tests
 *  share. An alias shows the documentation of its target and needs none of its own; its
 *  template has the variables of the target's. */
typedef struct wf_route_t {
    unsigned method;          /* one WF_… bit */
    const char *template;     /* "/task/{taskId}/{operation}", below the base */
    wf_level_e level;
    wf_format_e format;       /* default */
    unsigned flags;           /* WF_ROUTE_… */
    const char *family;       /* group of endpoints: "task" */
    wf_handler_fn *handler;
    const char *summary;      /* one line for documents */
    int needs;                /* what the face's permit goes by; 0 = nothing is told */

    /* Documentation: */
    int pages;                /* WF_PAGES(wf_list_e) if it pages through a list: that adds
                                 start, size, sort and order; 0 = it does not */
    const wf_argument_t *arguments; /* closed by a row without name; NULL = none */
    const char *request;      /* example of a JSON body; NULL = none. If it is an array
                                 there are no arguments in the body */
    const char *response;     /* example of a 200 answer in JSON, with all members; NULL =
                                 it is a stream */
    const char *media;        /* media type of a stream; NULL = that of the format. With an
                                 example: the answer may also be such a stream */
    const char *statuses;     /* "400 404 409": besides 200, 401 and 403 */
    const char *optional;     /* members of the answer, at any depth, that may be missing;
                                 separated by blanks */
    const char *any;          /* members whose values are of any type */
    const char *open;         /* members that hold an object, or an array of them, whose
                                 own member names are data, such as ids of groups */
} wf_route_t;

typedef struct wf_body_t {
    const char *type; /* Content-Type; NULL = none, for an empty body */
    const char *data;
    apr_size_t length;
    int by_accept;    /* the request's Accept header chose the type */
} wf_body_t;

enum {                       /* how a face reads paths */
       WF_FACE_SEGMENTS = 1, /* a variable is one non-empty segment, a slash at the end is
                                ignored; else variables match any text */
       WF_FACE_TUNNEL = 2,   /* POST with the header X-HTTP-Method-Override, or else the
                                query parameter alf_method, is the named method */
       WF_FACE_AUTHORIZE =
           4,               /* levels are checked; else being known to httpd is enough */
       WF_FACE_NO_CACHE = 8 /* responses forbid caching */
};

struct wf_face_t {
    const char *name;         /* as the directive calls it */
    const char *title;
    const char *about;        /* a few sentences for its documents; may be NULL */
    unsigned flags;           /* WF_FACE_… */
    const char *realm;        /* of its own 401; httpd's AuthName goes first */
    const char *json_type;    /* Content-Type of its JSON */
    const wf_route_t *routes;
    int route_count;
    const wf_path_var_t *path_vars; /* closed by a row without name; NULL = none */
    /** Whether a caller who reaches the level may do this to what the path names; what a body
     *  names is asked by its handler. NULL: levels are all there is. May fill
     *  req->permitted. */
    apr_status_t (*permit)(wf_request_t *req, wf_error_t *err);
    /** The status an error kind has on this face. */
    int (*status)(const wf_request_t *req, const wf_error_t *err);
    /** The body of an error answer. err->kind may be WF_ERR_NONE: httpd itself failed the
     *  request with this status. Must not use req->r (it may be half set up). */
    void (*error_body)(const wf_request_t *req, int status, const wf_error_t *err,
                       wf_body_t *body);
};

/** Compile a table. NULL with *problem set for a template that cannot be right. */
wf_router_t *wf_router_create(const wf_face_t *face, const char **problem, apr_pool_t *p);

typedef struct wf_match_t {
    const wf_route_t *route; /* NULL: no such path, or not with this method */
    unsigned allowed;        /* without a route: methods the path has; 0 = no such path */
    const char *starts[WF_ROUTE_VARS]; /* variables, in the path; NULL = unused */
    apr_size_t lengths[WF_ROUTE_VARS];
    const char *extension;   /* of a WF_ROUTE_EXTENSION route, after the dot; or NULL */
} wf_match_t;

/** Find the route of a decoded path below the base; 1 if there is one. Allocates nothing.
 *  Templates are tried by number of literal characters, then by number of variables, most
 *  first; variables take as little text as possible. */
int wf_route_find(const wf_router_t *router, unsigned method, const char *path,
                  int multipart, wf_match_t *match);

/** "GET, HEAD, PUT, OPTIONS" for a set of methods. */
const char *wf_methods_text(unsigned methods, apr_pool_t *p);
/** The bit of "GET" …, 0 for any other. "HEAD" is GET. And back. */
unsigned wf_method_parse(const char *name);
const char *wf_method_name(unsigned method);

/** Position of a variable in its template, -1 if there is none. */
int wf_route_var(const wf_route_t *route, const char *name);

/** "json", "html", "png" or "svg"; NULL for WF_FORMAT_NONE. */
const char *wf_format_name(wf_format_e format);

/** 1 and *format if format=name may be asked of the route. json always may: where the
 *  answer is none, that of a refusal is. */
int wf_route_format(const wf_route_t *route, const char *name, wf_format_e *format);

/* ---- what documents say about a route ---------------------------------------------- */

/** The row that holds the documentation: the route, or what it is an alias of. */
const wf_route_t *wf_route_target(const wf_route_t *route);

/** Names of a face's routes, in their order, made of the templates: "tasks", "task-form".
 *  No two with one method have the same. */
const char *const *wf_route_names(const wf_face_t *face, apr_pool_t *p);

/** All that a caller may pass, of wf_argument_t: path variables first, then the rows'
 *  own arguments, those of paging, and the format if there is a choice. */
apr_array_header_t *wf_route_arguments(const wf_face_t *face, const wf_route_t *route,
                                       apr_pool_t *p);

/** The level of a route; deploy_level is the configured one of WF_ROUTE_DEPLOY. */
wf_level_e wf_route_level(const wf_route_t *route, wf_level_e deploy_level);

/** 1 if a list of words separated by blanks (NULL = empty) has the word. */
int wf_words_have(const char *words, const char *word);

/** The method in lower case: "get". */
const char *wf_method_key(const wf_route_t *route, apr_pool_t *p);

/** An example of a row as JSON, released with p; NULL if there is none. */
json_object *wf_example_parse(const char *text, apr_pool_t *p);

/** "string", "integer" …; "query", "body" …; "none", "user", "admin". */
const char *wf_argument_type_name(wf_argument_type_e type);
const char *wf_argument_place_name(wf_argument_place_e place);
const char *wf_level_name(wf_level_e level);

/** What a document says about itself. */
typedef struct wf_openapi_t {
    const char *title, *version, *description;
    const char *base; /* URL or path of the face */
    wf_level_e deploy_level;
} wf_openapi_t;

/** The face's table as an OpenAPI 3.1 document. The caller owns the reference. */
json_object *wf_openapi_create(const wf_face_t *face, const wf_openapi_t *about,
                               apr_pool_t *p);

/** A handler that answers with this document about its own face. */
wf_handler_fn wf_openapi_get;

/* ---- requests ---------------------------------------------------------------------- */

typedef struct wf_query_t wf_query_t;
typedef struct wf_repeat_t wf_repeat_t;

struct wf_request_t {
    struct request_rec *r;
    apr_pool_t *pool;
    const wf_face_t *face;
    const wf_server_config_t *config;
    wf_child_t *child;       /* set with config in a handler; NULL while httpd starts */
    const char *base;        /* path of the face, without slash at the end */
    const char *path;        /* below the base */
    const wf_route_t *route; /* NULL: unknown path or method */
    unsigned method, allowed;
    const char *method_name; /* as the client says it, also when it goes through POST */
    const char *vars[WF_ROUTE_VARS];
    const char *extension;   /* path extension that names the format, or NULL */
    const wf_query_t *query; /* never NULL in a handler */
    wf_format_e format;      /* of the answer */
    int prefers_html;        /* by the Accept header */
    const char *user;        /* authenticated user, or NULL */
    const char *api_key, *token; /* that were sent, or NULL; never to be logged */
    wf_key_rights_e
        rights; /* of the credentials: what the user may, and not more than this */
    int is_known;            /* its credentials were right */
    const char *refusal;     /* why credentials are not enough, for the caller; or NULL */
    const void *permitted;   /* what the face's permit found, for its handlers; or NULL */
    const wf_body_t *body;   /* of a forwarded request, or one that was read already; NULL =
                                what the client sends */
    wf_repeat_t *repeat;     /* it has an Idempotency-Key; NULL = it has none */
    const wf_body_t *forwarded; /* given to the request that answers for this one */
    int fail_status;         /* set beside an error: the status to use, not the kind's */
    const char *fail_code;   /* and the code, on faces that have codes */
};

/** A path variable by its name in the template. */
const char *wf_request_var(const wf_request_t *req, const char *name);

/** The Content-Type of its body as it was sent, or NULL. */
const char *wf_request_content_type(const wf_request_t *req);

/** This thread's store connection; NULL with err set. */
wf_store_t *wf_request_store(wf_request_t *req, wf_error_t *err);

/** APR_SUCCESS if the user reaches level, else WF_ERR_FORBIDDEN, or what kept it from being
 *  found out. */
apr_status_t wf_request_check_level(wf_request_t *req, wf_level_e level, wf_error_t *err);

/** APR_SUCCESS if credentials of this user may be looked at now. Else WF_ERR_UNAVAILABLE, to be
 *  answered with 429 and Retry-After: too many were wrong. */
apr_status_t wf_request_check_pace(wf_request_t *req, const char *user, wf_error_t *err);
/** Credentials of this user were wrong, or right. */
void wf_request_note_attempt(const wf_request_t *req, const char *user, int right);

/** Send a command. Fills call's user, and its timeout if that is 0. reply may be NULL. */
apr_status_t wf_request_call(wf_request_t *req, wf_ipc_call_t *call,
                             wf_ipc_reply_t *reply, wf_error_t *err);

/** 1 if the request has come before, and its command, or the first of them, is done: what the
 *  handler would check before it sends it does not count any more. */
int wf_request_repeats(const wf_request_t *req);

/** For wf_ipc_call_t.breaks_off of a call that may take long, with the request as baton: 1
 *  if its client has hung up, as far as that can be seen, or this child is about to end. */
int wf_request_is_over(void *req);

/** Answer with what another call answers. httpd handles it like a request by itself, with
 *  the credentials of this one: access rules, authorization, route. uri is a path on this
 *  server with an optional query; an empty body is none. The caller's last act. */
apr_status_t wf_request_forward(wf_request_t *req, const char *method, const char *uri,
                                const wf_body_t *body);

/** Turn the request into a stream that the engine serves; it may be gone from this process
 *  when these return. args (the handler's, members are added) go to the engine with the
 *  command stream.reserve. Refused with 426 upgrade_required if it is no handshake, 403 from
 *  a page of another site, 503 if too many are open. */
apr_status_t wf_respond_websocket(wf_request_t *req, json_object *args, wf_error_t *err);
apr_status_t wf_respond_events(wf_request_t *req, json_object *args, wf_error_t *err);

/** The same as wf_respond_websocket with the command link.reserve: the connection of a
 *  slave. */
apr_status_t wf_respond_link(wf_request_t *req, json_object *args, wf_error_t *err);
/** Has httpd verified a certificate of this client? */
int wf_request_has_certificate(const wf_request_t *req);

/** Answer 303 See Other to a URI of this server. */
apr_status_t wf_respond_see_other(wf_request_t *req, const char *uri);

/** 1 unless the request comes from a page of another site. site and origin are the headers
 *  Sec-Fetch-Site and Origin, NULL if absent; the names that this server has for the
 *  client are Host and, behind a proxy, X-Forwarded-Host. */
int wf_origin_is_own(const char *site, const char *origin, const char *host,
                     const char *forwarded_host);

/* ---- query parameters -------------------------------------------------------------- */

/** Parse "a=1&b=%20x" (NULL = none). Names are case-sensitive; an empty value counts as
 *  absent; of repeated names the first counts. WF_ERR_INVALID for bad percent escapes and
 *  text that is not UTF-8, WF_ERR_TOO_LARGE beyond WF_QUERY_MAX parameters. */
#define WF_QUERY_MAX 1000
apr_status_t wf_query_parse(const wf_query_t **query, const char *args, apr_pool_t *p,
                            wf_error_t *err);

/** NULL if absent. */
const char *wf_query_text(const wf_query_t *query, const char *name);

/** The fields of a body in the same encoding. */
apr_status_t wf_form_parse(const wf_query_t **form, const char *data, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err);

/** Typed parameters: *value keeps what it had if the parameter is absent. WF_ERR_INVALID
 *  with the parameter's name as field. */
apr_status_t wf_query_required(const wf_query_t *query, const char *name,
                               const char **value, wf_error_t *err);
apr_status_t wf_query_int(const wf_query_t *query, const char *name, apr_int64_t *value,
                          wf_error_t *err); /* decimal, 32 bit */
apr_status_t wf_query_bool(const wf_query_t *query, const char *name, int *value,
                           wf_error_t *err); /* true or false in any letter case */
apr_status_t wf_query_date(const wf_query_t *query, const char *name, apr_int64_t *ms,
                           wf_error_t *err);

/* ---- pages ------------------------------------------------------------------------- */

/** start, size, sort and order of a list call. */
typedef struct wf_paging_t {
    wf_page_t page;    /* for wf_store_list */
    apr_int64_t start; /* as given; the envelope echoes these */
    const char *sort, *order;
} wf_paging_t;

#define WF_PAGE_SIZE 10 /* default */

/** Read the paging parameters; keys as wf_store_sort_keys gives them, default_sort one of
 *  them. WF_ERR_INVALID names the parameter. */
apr_status_t wf_paging_parse(wf_paging_t *paging, const wf_query_t *query,
                             const char *const *keys, const char *default_sort,
                             wf_error_t *err);

/** {"data":[…],"total","start","sort","order","size"}. render gives a row as JSON. The
 *  caller owns the reference. */
json_object *wf_page_to_json(const wf_paging_t *paging, const wf_rows_t *rows,
                             json_object *(*render)(const void *row, apr_pool_t *p),
                             apr_pool_t *p);

/* ---- bodies ------------------------------------------------------------------------ */

/** Kinds of request bodies by Content-Type. */
typedef enum {
    WF_CONTENT_NONE, /* header absent */
    WF_CONTENT_JSON, /* application/json, …+json */
    WF_CONTENT_FORM, /* application/x-www-form-urlencoded */
    WF_CONTENT_MULTIPART,
    WF_CONTENT_OTHER,
    WF_CONTENT_CHARSET /* a charset other than UTF-8 */
} wf_content_e;
wf_content_e wf_content_parse(const char *content_type);

/** Read the whole body into memory. WF_ERR_TOO_LARGE names the limit, body_limit. */
apr_status_t wf_request_body(wf_request_t *req, const char **data, apr_size_t *length,
                             wf_error_t *err);

/** The JSON object a handler wants from a body: an empty body is {}, form fields become
 *  strings (JSON that calls itself a form is taken as JSON), anything else that is no
 *  JSON object is WF_ERR_INVALID. Multipart is refused. Released with p. */
apr_status_t wf_body_object(json_object **object, wf_content_e content, const char *data,
                            apr_size_t length, apr_pool_t *p, wf_error_t *err);

/** WF_ERR_INVALID unless the request says JSON or nothing about its body's type. */
apr_status_t wf_request_require_json(wf_request_t *req, wf_error_t *err);

/** Both steps. */
apr_status_t wf_request_object(wf_request_t *req, json_object **object, wf_error_t *err);

/** A string member; *value is NULL if it is missing or null. Numbers and booleans are
 *  taken by their text; WF_ERR_INVALID for arrays, objects and NUL characters. */
apr_status_t wf_body_text(json_object *object, const char *name, const char **value,
                          apr_pool_t *p, wf_error_t *err);

/** A boolean member, also as the text true or false in any letter case; *value stays as it
 *  is if the member is missing or null. */
apr_status_t wf_body_bool(json_object *object, const char *name, int *value,
                          apr_pool_t *p, wf_error_t *err);

/** The same as wf_body_text for a mandatory, not empty one. */
apr_status_t wf_body_string(json_object *object, const char *name, const char **value,
                            apr_pool_t *p, wf_error_t *err);

/** A mandatory array of strings; of const char *. */
apr_status_t wf_body_strings(json_object *object, const char *name,
                             apr_array_header_t **values, apr_pool_t *p, wf_error_t *err);

/** The same for a body that is such an array and nothing else; an empty one is refused. */
apr_status_t wf_body_array(apr_array_header_t **values, wf_content_e content,
                           const char *data, apr_size_t length, apr_pool_t *p,
                           wf_error_t *err);
apr_status_t wf_request_array(wf_request_t *req, apr_array_header_t **values,
                              wf_error_t *err);

/* ---- uploads ----------------------------------------------------------------------- */

/** A multipart/form-data parser (RFC 7578, RFC 2046) that is fed in pieces of any size
 *  and keeps one part's headers and nothing else. */
typedef struct wf_multipart_t wf_multipart_t;

typedef struct wf_part_t {
    const char *name;     /* of the form field */
    const char *filename; /* NULL for a plain field; as sent, directories included */
    const char *type;     /* Content-Type, or NULL */
} wf_part_t;

/** What the parser tells. A failure ends the parsing and is returned by feed. */
typedef struct wf_multipart_sink_t {
    apr_status_t (*part)(void *baton, const wf_part_t *part, wf_error_t *err);
    apr_status_t (*data)(void *baton, const char *data, apr_size_t n, wf_error_t *err);
    apr_status_t (*end)(void *baton, wf_error_t *err); /* of the part */
    void *baton;
} wf_multipart_sink_t;

#define WF_MULTIPART_PARTS 64     /* parts of a body */
#define WF_MULTIPART_HEADERS 4096 /* bytes of a part's headers */
#define WF_MULTIPART_NAME 255     /* bytes of a field or file name */

/** content_type is the request's header; WF_ERR_INVALID without a usable boundary. */
apr_status_t wf_multipart_create(wf_multipart_t **mp, const char *content_type,
                                 const wf_multipart_sink_t *sink, apr_pool_t *p,
                                 wf_error_t *err);
apr_status_t wf_multipart_feed(wf_multipart_t *mp, const char *data, apr_size_t length,
                               wf_error_t *err);
/** After the last byte: WF_ERR_INVALID if the final boundary is missing. */
apr_status_t wf_multipart_finish(wf_multipart_t *mp, wf_error_t *err);

/** Feed the request's body, at most the upload limit, to sink. */
apr_status_t wf_request_multipart(wf_request_t *req, const wf_multipart_sink_t *sink,
                                  wf_error_t *err);

/* ---- responses --------------------------------------------------------------------- */

/** Send a JSON document; takes the reference. */
apr_status_t wf_respond_json(wf_request_t *req, int status, json_object *json);

/** Send a text with its type. */
apr_status_t wf_respond_body(wf_request_t *req, int status, const wf_body_t *body);

/** Send a stored file as an attachment, cacheable only with revalidation. */
apr_status_t wf_respond_file(wf_request_t *req, const char *filename, const char *type,
                             const void *data, apr_size_t length);

/** Send what somebody uploaded or deployed to be shown in its place, such as a picture or
 *  a rendered form. Opened by itself in a browser it has no rights on this site: scripts
 *  in it do not run. */
apr_status_t wf_respond_content(wf_request_t *req, const char *type, const void *data,
                                apr_size_t length);

/** Log a failure at the level its kind deserves. Only for handlers that answer an error
 *  by themselves; what they return is logged when it is rendered. */
void wf_request_log_failure(const wf_request_t *req, int status, const wf_error_t *err);

/** Text for the inside of HTML elements and "attributes", and of a JavaScript string
 *  literal in quotes (safe within a <script> element too). */
const char *wf_escape_html(const char *text, apr_pool_t *p);
const char *wf_escape_js(const char *text, apr_pool_t *p);

/** An HTML text in the making. */
typedef struct wf_html_t wf_html_t;
wf_html_t *wf_html_create(apr_pool_t *p);
/** Append markup. fmt knows %s, whose text is escaped for elements and "attributes", %d
 *  and %%. Nothing is escaped in fmt itself. */
void wf_html_add(wf_html_t *html, const char *fmt, ...) WF_PRINTF(2, 3);

/** Append a style sheet of ours as it is: it contains no "</". */
void wf_html_style(wf_html_t *html, const char *css);

/** Send it as a page that brings its own style and may load nothing, so that it can be
 *  saved. name is the file that a browser saves it as. */
apr_status_t wf_respond_document(wf_request_t *req, const wf_html_t *html,
                                 const char *name, wf_error_t *err);

/** Send it as a page of our own: it may use style sheets and forms of this site, and no
 *  script. */
apr_status_t wf_respond_html(wf_request_t *req, const wf_html_t *html, wf_error_t *err);

/** 1 if an Accept header ranks text/html above application/json. NULL = no header. */
int wf_accept_prefers_html(const char *accept);

/** "Not Found" …; "Internal Error" for 500. */
const char *wf_status_name(int status);
/** One generic line on a status. */
const char *wf_status_description(int status);

/* ---- hooks, for mod_workflow.c ----------------------------------------------------- */

/* Credentials other than httpd's own. Register:
 *   ap_hook_check_authn(wf_http_authenticate, NULL, NULL, APR_HOOK_FIRST,
 *                       AP_AUTH_INTERNAL_PER_CONF)
 *     (before mod_auth_basic, which gets what we do not know) */
int wf_http_authenticate(struct request_rec *r);
/*   ap_hook_check_authz(wf_http_check_authz, NULL, NULL, APR_HOOK_FIRST,
 *                       AP_AUTH_INTERNAL_PER_CONF)
 *     (the user is known by now, whoever has authenticated him) */
int wf_http_check_authz(struct request_rec *r);
/** 1 if a place takes API keys or tokens. */
int wf_credentials_taken(const wf_dir_config_t *dir);

/* Our URIs are claimed in translate_name, so that no directory walk happens. Register:
 *   ap_hook_translate_name(wf_http_translate_name, NULL, NULL, APR_HOOK_FIRST)
 *   ap_hook_map_to_storage(wf_http_map_to_storage, NULL, NULL, APR_HOOK_FIRST)
 *   ap_hook_check_access_ex(wf_http_check_access, {"mod_authz_core.c", NULL}, NULL,
 *                           APR_HOOK_LAST, AP_AUTH_INTERNAL_PER_CONF)
 *     (mod_authz_core is LAST itself and must speak first: what it denies stays denied.
 *     When it needs a user, unknown paths, wrong methods, OPTIONS and open routes are
 *     settled here without one.)
 *   ap_hook_force_authn(wf_http_force_authn, NULL, NULL, APR_HOOK_MIDDLE)
 *     (a route that needs a user asks for one even if "Require all granted" lets all in)
 *   ap_hook_type_checker(wf_http_type_checker, NULL, NULL, APR_HOOK_FIRST)
 *     (keeps mod_mime from guessing types and encodings by the end of our paths)
 *   ap_hook_handler(wf_http_handler, NULL, NULL, APR_HOOK_FIRST)
 *   ap_hook_insert_error_filter(wf_http_insert_error_filter, NULL, NULL, APR_HOOK_LAST)
 * and call wf_http_register_filters() once beside them. */
void wf_http_register_filters(void);
int wf_http_translate_name(struct request_rec *r);
int wf_http_map_to_storage(struct request_rec *r);
int wf_http_check_access(struct request_rec *r);
int wf_http_force_authn(struct request_rec *r);
int wf_http_type_checker(struct request_rec *r);
int wf_http_handler(struct request_rec *r);
void wf_http_insert_error_filter(struct request_rec *r);

#endif
