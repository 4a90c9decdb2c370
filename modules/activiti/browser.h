/* Shared by the files of the API browser: browser.c chooses endpoints and answers,
 * browser_html.c writes pages, browser_call.c makes calls out of forms. */
#ifndef WF_ACTIVITI_BROWSER_H
#define WF_ACTIVITI_BROWSER_H

#include "activiti/internal.h"

/** Where the packages of the browser begin; below it there is one per family. */
#define WF_BROWSER_ROOT "org/activiti/rest/api"

/* Names of the fields of a form: what they are filled in for, and a name behind it. */
#define WF_FIELD_PATH "path."
#define WF_FIELD_QUERY "query."
#define WF_FIELD_BODY "body"

/** A row of the table as the browser shows it. */
typedef struct wf_endpoint_t {
    const wf_route_t *route;
    const wf_route_t *target;      /* what it is an alias of, or itself */
    const char *method;            /* "GET" */
    const char *name;              /* "tasks.get", different for all */
    const char *package;           /* "org/activiti/rest/api/task" */
    const char *id;                /* package and name */
    wf_level_e level;              /* as configured */
    apr_array_header_t *arguments; /* of wf_argument_t */
} wf_endpoint_t;

/** A link of a page to a part of the endpoints. */
typedef struct wf_browser_link_t {
    const char *text, *path; /* path below /index, not encoded */
    int count;               /* endpoints there */
} wf_browser_link_t;

/** A page: some endpoints, and the way to others. */
typedef struct wf_browser_page_t {
    wf_request_t *req;
    const char *title;
    const char *parent;         /* path below /index of the page above; NULL = home */
    apr_array_header_t *links;  /* of wf_browser_link_t; NULL = none */
    apr_array_header_t *shown;  /* of const wf_endpoint_t * */
    int open;                   /* about one endpoint: show its details at once */
    const char *action;         /* for the form of the only endpoint: the real address */
} wf_browser_page_t;

/** The endpoint with an id, NULL if there is none. */
const wf_endpoint_t *wf_browser_find(wf_request_t *req, const char *id);

/** The address of a page of the browser: path below /index, "" for home. */
const char *wf_browser_address(const wf_request_t *req, const char *path);

/** Answer with a page, in the format that is asked for. */
apr_status_t wf_browser_respond(const wf_browser_page_t *page, wf_error_t *err);

/** The page as HTML. */
apr_status_t wf_browser_show(const wf_browser_page_t *page, wf_error_t *err);

/** An example of the table with line breaks and indentation. */
const char *wf_browser_pretty(const char *json, apr_pool_t *p);

/** Answer with the home page: what there is, and where. */
apr_status_t wf_browser_show_home(wf_request_t *req, apr_array_header_t *packages,
                                  apr_array_header_t *uris, apr_array_header_t *families,
                                  int total, wf_error_t *err);

/** Write the form that calls an endpoint. action: as in the page. */
void wf_browser_form(wf_html_t *html, const wf_request_t *req,
                     const wf_endpoint_t *endpoint, const char *action);

/** The style sheet, made of browser.css. */
extern const char wf_browser_css[];

#endif
