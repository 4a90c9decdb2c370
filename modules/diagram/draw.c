/* From the diagram interchange of a BPMN file to SVG. The file says where everything is;
 * here the right plane is chosen, its shapes and edges are read and checked, sorted from
 * below to above, and drawn. Any BPMN 2.0 file can be drawn, executable or not.
 *
 * Colours and lines are attributes, not a style sheet: what shows the picture need not
 * allow style sheets, and nothing leaks into a page that holds it. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "diagram/internal.h"

#define MAX_COORDINATE 100000 /* pixels from the origin, and across */
#define MAX_ITEMS 10000       /* shapes and edges of a plane */
#define MAX_POINTS 1000       /* of an edge */
#define MAX_BYTES (16 * 1024 * 1024) /* of the picture: many shapes may show one long name */
#define MARGIN 20

typedef struct reader_t {
    wf_drawing_t *d;
    const wf_xml_t *plane;
    apr_array_header_t *items; /* wf_shape_t */
    apr_hash_t *shown;         /* element -> wf_shape_t *, keyed by pointer */
    wf_error_t *err;
} reader_t;

/* ---- writing ----------------------------------------------------------------------- */

void wf_svg_add(wf_drawing_t *d, const char *fmt, ...)
{
    va_list args;
    const char *piece;

    va_start(args, fmt);
    piece = apr_pvsprintf(d->p, fmt, args);
    va_end(args);
    APR_ARRAY_PUSH(d->pieces, const char *) = piece;
    d->bytes += strlen(piece);
}

const char *wf_svg_number(const wf_drawing_t *d, double number)
{
    char *text = apr_psprintf(d->p, "%.2f", number);
    apr_size_t end = strlen(text);

    while (text[end - 1] == '0') {
        text[--end] = '\0';
    }
    if (text[end - 1] == '.') {
        text[--end] = '\0';
    }
    return strcmp(text, "-0") == 0 ? "0" : text;
}

const char *wf_svg_escape(const wf_drawing_t *d, const char *text)
{
    return apr_pescape_entity(d->p, text, 0);
}

void wf_svg_reach(wf_drawing_t *d, double x, double y)
{
    d->left = d->begun ? fmin(d->left, x) : x;
    d->right = d->begun ? fmax(d->right, x) : x;
    d->top = d->begun ? fmin(d->top, y) : y;
    d->bottom = d->begun ? fmax(d->bottom, y) : y;
    d->begun = 1;
}

void wf_svg_reach_box(wf_drawing_t *d, const wf_box_t *box)
{
    wf_svg_reach(d, box->x, box->y);
    wf_svg_reach(d, box->x + box->width, box->y + box->height);
}

void wf_svg_rect(wf_drawing_t *d, const wf_box_t *box, double radius,
                 const char *attributes)
{
    wf_svg_reach_box(d, box);
    wf_svg_add(d, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" rx=\"%s\" %s/>",
               wf_svg_number(d, box->x), wf_svg_number(d, box->y),
               wf_svg_number(d, box->width), wf_svg_number(d, box->height),
               wf_svg_number(d, radius), attributes);
}

void wf_svg_circle(wf_drawing_t *d, double x, double y, double radius,
                   const char *attributes)
{
    wf_svg_reach(d, x - radius, y - radius);
    wf_svg_reach(d, x + radius, y + radius);
    wf_svg_add(d, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" %s/>", wf_svg_number(d, x),
               wf_svg_number(d, y), wf_svg_number(d, radius), attributes);
}

void wf_svg_path(wf_drawing_t *d, double x, double y, double scale, const char *data,
                 const char *attributes)
{
    const char *transform = "";

    if (x != 0 || y != 0 || scale != 1) {
        transform = apr_psprintf(
            d->p, "transform=\"translate(%s %s)%s%s%s\" ", wf_svg_number(d, x),
            wf_svg_number(d, y), scale != 1 ? " scale(" : "",
            scale != 1 ? wf_svg_number(d, scale) : "", scale != 1 ? ")" : "");
    }
    wf_svg_add(d, "<path %sd=\"%s\" %s/>", transform, data, attributes);
}

/* ---- the file ---------------------------------------------------------------------- */

int wf_shape_flag(const wf_xml_t *element, const char *name, int fallback)
{
    const char *value = wf_xml_attr(element, WF_NS_NONE, name);

    return value ? strcmp(value, "true") == 0 || strcmp(value, "1") == 0 : fallback;
}

const wf_xml_t *wf_drawing_find(const wf_drawing_t *d, const char *reference)
{
    return wf_xml_referred(d->ids, reference);
}

/* The parser has bounded the depth. */
static void collect_ids(wf_drawing_t *d, const wf_xml_t *element)
{
    const char *id = wf_xml_attr(element, WF_NS_NONE, "id");
    const wf_xml_t *child;

    if (id && element->ns == WF_NS_BPMN) {
        apr_hash_set(d->ids, id, APR_HASH_KEY_STRING, element);
    }
    for (child = element->child; child; child = child->next) {
        collect_ids(d, child);
    }
}

static const wf_xml_t *shown_by(const wf_drawing_t *d, const wf_xml_t *di)
{
    return wf_drawing_find(d, wf_xml_attr(di, WF_NS_NONE, "bpmnElement"));
}

/* ---- numbers ----------------------------------------------------------------------- */

static apr_status_t bad(reader_t *r, const wf_xml_t *element, const char *why)
{
    return wf_error_set(r->err, WF_ERR_INVALID, "diagram: line %d, <%s>: %s",
                        element->line, element->name, why);
}

/* xs:double but its infinities and NaN, which strtod would take by several names. The
 * engine runs in the C locale, so the point is a point. */
static apr_status_t read_number(reader_t *r, const wf_xml_t *element, const char *name,
                                double *number)
{
    const char *text = wf_xml_attr(element, WF_NS_NONE, name);
    char *end;

    if (!text || !*text || text[strspn(text, "0123456789+-.eE")]) {
        return bad(r, element, apr_psprintf(r->d->p, "%s must be a number", name));
    }
    *number = strtod(text, &end);
    if (*end || !(fabs(*number) <= MAX_COORDINATE)) {
        return bad(
            r, element,
            apr_psprintf(r->d->p, "%s must be a number up to %d", name, MAX_COORDINATE));
    }
    return APR_SUCCESS;
}

static apr_status_t read_box(reader_t *r, const wf_xml_t *bounds, wf_box_t *box)
{
    apr_status_t rv;

    if ((rv = read_number(r, bounds, "x", &box->x)) != APR_SUCCESS
        || (rv = read_number(r, bounds, "y", &box->y)) != APR_SUCCESS
        || (rv = read_number(r, bounds, "width", &box->width)) != APR_SUCCESS
        || (rv = read_number(r, bounds, "height", &box->height)) != APR_SUCCESS) {
        return rv;
    }
    return box->width < 0 || box->height < 0 ? bad(r, bounds, "a size is negative")
                                             : APR_SUCCESS;
}

static apr_status_t read_points(reader_t *r, wf_shape_t *s)
{
    const wf_xml_t *waypoint = wf_xml_child(s->di, WF_NS_DI, "waypoint");

    s->points = apr_array_make(r->d->p, 4, sizeof(wf_point_t));
    for (; waypoint; waypoint = wf_xml_next(waypoint, WF_NS_DI, "waypoint")) {
        wf_point_t *point = apr_array_push(s->points);
        apr_status_t rv = read_number(r, waypoint, "x", &point->x);

        if (rv == APR_SUCCESS) {
            rv = read_number(r, waypoint, "y", &point->y);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (s->points->nelts > MAX_POINTS) {
            return bad(r, s->di, "too many waypoints");
        }
    }
    return s->points->nelts < 2 ? bad(r, s->di, "an edge has at least two waypoints")
                                : APR_SUCCESS;
}

/* ---- shapes and edges -------------------------------------------------------------- */

static const char *not_blank(const char *text)
{
    return text && text[strspn(text, " \t\r\n")] ? text : NULL;
}

/* Most elements have a name; some say it elsewhere. */
static const char *name_of(const wf_drawing_t *d, const wf_xml_t *element)
{
    const wf_xml_t *text = wf_xml_child(element, WF_NS_BPMN, "text");
    const wf_xml_t *state = wf_xml_child(element, WF_NS_BPMN, "dataState");
    const wf_xml_t *category =
        wf_drawing_find(d, wf_xml_attr(element, WF_NS_NONE, "categoryValueRef"));
    const char *name = not_blank(wf_xml_attr(element, WF_NS_NONE, "name"));
    const char *state_name =
        state ? not_blank(wf_xml_attr(state, WF_NS_NONE, "name")) : NULL;

    if (strcmp(element->name, "textAnnotation") == 0) {
        return text ? wf_xml_text(text, d->p) : NULL;
    }
    if (category) {
        return not_blank(wf_xml_attr(category, WF_NS_NONE, "value"));
    }
    if (!state_name) {
        return name;
    }
    state_name = apr_pstrcat(d->p, "[", state_name, "]", NULL);
    if (name && strstr(name, state_name)) {
        return name; /* some modellers write it into the name, too */
    }
    return name ? apr_pstrcat(d->p, name, " ", state_name, NULL) : state_name;
}

static apr_status_t read_label(reader_t *r, wf_shape_t *s)
{
    const wf_xml_t *label = wf_xml_child(s->di, WF_NS_BPMNDI, "BPMNLabel");
    const wf_xml_t *bounds = label ? wf_xml_child(label, WF_NS_DC, "Bounds") : NULL;

    return bounds ? read_box(r, bounds, &s->label) : APR_SUCCESS;
}

static int depth_of(const wf_xml_t *element)
{
    int depth = 0;

    for (; element->parent; element = element->parent) {
        depth++;
    }
    return depth;
}

static apr_status_t read_place(reader_t *r, wf_shape_t *s)
{
    const wf_xml_t *bounds = wf_xml_child(s->di, WF_NS_DC, "Bounds");

    if (s->look->layer == WF_LAYER_EDGE) {
        return read_points(r, s);
    }
    return bounds ? read_box(r, bounds, &s->box) : bad(r, s->di, "a shape has bounds");
}

/* What refers to nothing in the file, or to nothing that can be drawn, is passed over. */
static apr_status_t read_item(reader_t *r, const wf_xml_t *di)
{
    const wf_xml_t *element = shown_by(r->d, di);
    const wf_look_t *look = NULL;
    wf_shape_t *s;
    apr_status_t rv;

    if (element && wf_xml_is(di, WF_NS_BPMNDI, "BPMNShape")) {
        look = wf_shape_look(element->name);
    }
    else if (element && wf_xml_is(di, WF_NS_BPMNDI, "BPMNEdge")) {
        look = wf_edge_look(element->name);
    }
    if (!look) {
        return APR_SUCCESS;
    }
    if (r->items->nelts == MAX_ITEMS) {
        return wf_error_set(r->err, WF_ERR_TOO_LARGE,
                            "diagram: more than %d shapes and edges", MAX_ITEMS);
    }
    s = apr_array_push(r->items);
    s->di = di;
    s->element = element;
    s->look = look;
    s->name = name_of(r->d, element);
    s->depth = depth_of(element);
    s->order = r->items->nelts;
    rv = read_place(r, s);
    return rv == APR_SUCCESS ? read_label(r, s) : rv;
}

/* ---- what is open, what is hidden, what is active ---------------------------------- */

static wf_shape_t *shape_of(const reader_t *r, const wf_xml_t *element)
{
    return apr_hash_get(r->shown, &element, sizeof(element));
}

static wf_shape_t *item(const reader_t *r, int i)
{
    return &APR_ARRAY_IDX(r->items, i, wf_shape_t);
}

static int can_be_open(const wf_xml_t *element)
{
    static const char *const names[] = {"subProcess", "transaction", "adHocSubProcess",
                                        "callActivity", "subChoreography"};
    int i;

    for (i = 0; i < 5; i++) {
        if (strcmp(element->name, names[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Where the file does not say whether a sub-process is open, it is if its content is
 * there. */
static void open_scopes(reader_t *r)
{
    const wf_xml_t *scope;
    int i;

    for (i = 0; i < r->items->nelts; i++) {
        wf_shape_t *s = item(r, i);

        if (!s->points) {
            apr_hash_set(r->shown, &s->element, sizeof(s->element), s);
        }
    }
    for (i = 0; i < r->items->nelts; i++) {
        for (scope = item(r, i)->element->parent; scope; scope = scope->parent) {
            wf_shape_t *s = shape_of(r, scope);

            if (s && can_be_open(scope)) {
                s->expanded = 1;
            }
        }
    }
    for (i = 0; i < r->items->nelts; i++) {
        wf_shape_t *s = item(r, i);

        s->expanded =
            can_be_open(s->element) && wf_shape_flag(s->di, "isExpanded", s->expanded);
        s->layer = s->expanded ? WF_LAYER_SCOPE : s->look->layer;
    }
}

/* The outermost closed scope around an element, NULL if it can be seen. */
static wf_shape_t *hidden_in(const reader_t *r, const wf_xml_t *element)
{
    wf_shape_t *closed = NULL;

    for (element = element->parent; element; element = element->parent) {
        wf_shape_t *s = shape_of(r, element);

        if (s && can_be_open(element) && !s->expanded) {
            closed = s;
        }
    }
    return closed;
}

/* What goes on inside a closed scope shows on the scope. */
static void mark_active(reader_t *r, const apr_array_header_t *active)
{
    int i;

    for (i = 0; active && i < active->nelts; i++) {
        const wf_xml_t *element =
            wf_drawing_find(r->d, APR_ARRAY_IDX(active, i, const char *));
        wf_shape_t *s = element ? hidden_in(r, element) : NULL;

        if (!s && element) {
            s = shape_of(r, element);
        }
        if (s) {
            s->active = 1;
        }
    }
}

static int from_below(const void *a, const void *b)
{
    const wf_shape_t *first = *(wf_shape_t *const *)a, *second = *(wf_shape_t *const *)b;

    if (first->layer != second->layer) {
        return first->layer - second->layer;
    }
    if (first->layer == WF_LAYER_SCOPE && first->depth != second->depth) {
        return first->depth - second->depth;
    }
    return first->order - second->order;
}

/* ---- the picture ------------------------------------------------------------------- */

static void draw_item(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *id = wf_xml_attr(s->element, WF_NS_NONE, "id");

    wf_svg_add(d,
               "\n<g class=\"wf-%s%s\" data-element=\"%s\" stroke=\"%s\" fill=\"%s\">"
               "<title>%s%s%s%s</title>",
               s->look->element, s->active ? " wf-active" : "", wf_svg_escape(d, id),
               s->active ? WF_DIAGRAM_ACTIVE : WF_DIAGRAM_INK,
               s->active ? WF_DIAGRAM_ACTIVE_PAPER : WF_DIAGRAM_PAPER, s->look->what,
               s->name ? ": " : "", s->name ? wf_svg_escape(d, s->name) : "",
               s->active ? " (active)" : "");
    s->look->draw(d, s);
    wf_svg_add(d, "</g>");
}

static const char *header(const wf_drawing_t *d, const char *title)
{
    const char *x = wf_svg_number(d, floor(d->left) - MARGIN);
    const char *y = wf_svg_number(d, floor(d->top) - MARGIN);
    const char *w = wf_svg_number(d, ceil(d->right) - floor(d->left) + 2 * MARGIN);
    const char *h = wf_svg_number(d, ceil(d->bottom) - floor(d->top) + 2 * MARGIN);

    return apr_psprintf(
        d->p,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"%s\" "
        "height=\"%s\" viewBox=\"%s %s %s %s\" "
        "font-family=\"DejaVu Sans, Verdana, Arial, sans-serif\">\n"
        "<title>%s</title>\n"
        "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"" WF_DIAGRAM_PAPER
        "\"/>",
        w, h, x, y, w, h, wf_svg_escape(d, title), x, y, w, h);
}

static const char *title_of(const wf_drawing_t *d, const wf_xml_t *plane,
                            const wf_xml_t *process)
{
    const wf_xml_t *shown = process ? process : shown_by(d, plane);
    const char *name = shown ? name_of(d, shown) : NULL;

    if (!name && shown) {
        name = wf_xml_attr(shown, WF_NS_NONE, "id");
    }
    return name ? name : "Process diagram";
}

static apr_status_t draw(reader_t *r, const wf_xml_t *process, const char **svg)
{
    wf_drawing_t *d = r->d;
    wf_shape_t **sorted = apr_palloc(d->p, (r->items->nelts + 1) * sizeof(*sorted));
    int i, count = 0;

    for (i = 0; i < r->items->nelts; i++) {
        if (!hidden_in(r, item(r, i)->element)) {
            sorted[count++] = item(r, i);
        }
    }
    qsort(sorted, count, sizeof(*sorted), from_below);
    for (i = 0; i < count && d->bytes <= MAX_BYTES; i++) {
        draw_item(d, sorted[i]);
    }
    if (d->bytes > MAX_BYTES) {
        return wf_error_set(r->err, WF_ERR_TOO_LARGE,
                            "diagram: the picture has more than %d MiB",
                            MAX_BYTES / (1024 * 1024));
    }
    *svg = apr_pstrcat(d->p, header(d, title_of(d, r->plane, process)),
                       apr_array_pstrcat(d->p, d->pieces, 0), "\n<g class=\"wf-labels\">",
                       apr_array_pstrcat(d->p, d->labels, 0), "</g>\n</svg>\n", NULL);
    return APR_SUCCESS;
}

/* ---- the entry --------------------------------------------------------------------- */

static apr_status_t read_file(const wf_xml_t **definitions, const char *xml,
                              apr_size_t length, apr_pool_t *p, wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create(NULL, p);

    *definitions = wf_xml_parse(xml, length, problems, p);
    if (!*definitions) {
        return wf_problems_check(problems, err);
    }
    if (!wf_xml_is(*definitions, WF_NS_BPMN, "definitions")) {
        return wf_error_set(err, WF_ERR_INVALID, "the file is no BPMN 2.0 model");
    }
    return APR_SUCCESS;
}

static const wf_xml_t *find_process(const wf_drawing_t *d, const char *key)
{
    const wf_xml_t *process = wf_drawing_find(d, key);

    return process && wf_xml_is(process, WF_NS_BPMN, "process") ? process : NULL;
}

apr_status_t wf_diagram_draw(const char *xml, apr_size_t length, const char *process_key,
                          const apr_array_header_t *active, const char **svg,
                          apr_pool_t *p, wf_error_t *err)
{
    wf_drawing_t d = {.p = p};
    reader_t r = {.d = &d, .err = err};
    const wf_xml_t *definitions, *process, *di;
    apr_status_t rv = read_file(&definitions, xml, length, p, err);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    d.pieces = apr_array_make(p, 1000, sizeof(const char *));
    d.labels = apr_array_make(p, 100, sizeof(const char *));
    d.ids = apr_hash_make(p);
    collect_ids(&d, definitions);
    process = find_process(&d, process_key);
    if (!process_key || process) {
        r.plane = wf_planes_find(wf_planes_read(d.ids, definitions, p), process);
    }
    r.items = apr_array_make(p, 100, sizeof(wf_shape_t));
    r.shown = apr_hash_make(p);
    for (di = r.plane ? r.plane->child : NULL; di && rv == APR_SUCCESS; di = di->next) {
        rv = read_item(&r, di);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!r.items->nelts) {
        return wf_error_set(err, WF_ERR_NOT_FOUND,
                            "the file has no diagram of the process%s%s%s",
                            process_key ? " '" : "", process_key ? process_key : "",
                            process_key ? "'" : "");
    }
    open_scopes(&r);
    mark_active(&r, active);
    return draw(&r, process, svg);
}
