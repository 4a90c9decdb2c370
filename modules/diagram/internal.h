/* Drawing a diagram: what its files share. draw.c reads the diagram interchange and writes
 * the whole, shapes.c and edges.c draw one element each, text.c wraps names, icons.c holds
 * the small pictures. Lengths are the file's own units: pixels. Private to this room. */
#ifndef WF_DIAGRAM_INTERNAL_H
#define WF_DIAGRAM_INTERNAL_H

#include "diagram/diagram.h"

#define WF_DIAGRAM_INK "#2f343b"
#define WF_DIAGRAM_PAPER "#ffffff"
#define WF_DIAGRAM_SHADE "#f2f4f7" /* headers of pools */
#define WF_DIAGRAM_ACTIVE "#d9480f"
#define WF_DIAGRAM_ACTIVE_PAPER "#fff4e6"

#define WF_DIAGRAM_LINE 1.5
#define WF_DIAGRAM_THICK 3.5 /* end events, called activities */
#define WF_DIAGRAM_BAND 30   /* header of a pool or lane */
#define WF_DIAGRAM_NAME 12   /* font size in an activity */
#define WF_DIAGRAM_LABEL 11  /* beside an event, gateway or flow */

typedef struct wf_point_t {
    double x, y;
} wf_point_t;

typedef struct wf_box_t {
    double x, y, width, height;
} wf_box_t;

/** The picture so far. */
typedef struct wf_drawing_t {
    apr_pool_t *p;
    apr_array_header_t *pieces; /* const char * */
    apr_array_header_t *labels; /* the same, above all shapes */
    apr_size_t bytes;           /* of both */
    apr_hash_t *ids;            /* of the file: id -> const wf_xml_t * */
    int begun;                  /* the bounds below are known */
    double left, top, right, bottom;
} wf_drawing_t;

struct wf_look_t;

/** A BPMNShape or BPMNEdge that is drawn. */
typedef struct wf_shape_t {
    const struct wf_look_t *look;
    const wf_xml_t *di;
    const wf_xml_t *element;    /* what it shows */
    const char *name;           /* NULL: none */
    wf_box_t box;               /* of a shape */
    apr_array_header_t *points; /* of an edge: wf_point_t, two at least */
    wf_box_t label;             /* where the file wants the name; width 0: anywhere */
    int expanded;               /* of a sub-process */
    int active;
    int layer, depth, order; /* what is drawn later lies above */
} wf_shape_t;

typedef void wf_draw_fn(wf_drawing_t *d, const wf_shape_t *s);

/** Layers, from below. */
typedef enum {
    WF_LAYER_POOL,
    WF_LAYER_LANE,
    WF_LAYER_SCOPE, /* expanded sub-processes, outer ones first */
    WF_LAYER_NODE,
    WF_LAYER_EDGE,
    WF_LAYER_RIDER /* boundary events sit on what they belong to */
} wf_layer_e;

/** How an element looks; a row of a table. */
typedef struct wf_look_t {
    const char *element;
    const char *what; /* for people: "User task" */
    wf_layer_e layer;
    wf_draw_fn *draw;
    const char *icon; /* of icons.c, NULL: none */
    int style;        /* as the draw function takes it */
} wf_look_t;

/** The look of an element; for a shape of an element that has no row, a plain box. Never
 *  NULL for shapes, NULL for what is no edge. */
const wf_look_t *wf_shape_look(const char *element);
const wf_look_t *wf_edge_look(const char *element);

/* ---- draw.c: writing --------------------------------------------------------------- */

/** Append SVG text. Numbers as %s of wf_svg_number, texts of the file escaped. */
void wf_svg_add(wf_drawing_t *d, const char *fmt, ...) WF_PRINTF(2, 3);

/** At most two decimals, no zeros behind. */
const char *wf_svg_number(const wf_drawing_t *d, double number);

/** For attributes and text. */
const char *wf_svg_escape(const wf_drawing_t *d, const char *text);

/** The picture reaches at least here. */
void wf_svg_reach(wf_drawing_t *d, double x, double y);
void wf_svg_reach_box(wf_drawing_t *d, const wf_box_t *box);

void wf_svg_rect(wf_drawing_t *d, const wf_box_t *box, double radius,
                 const char *attributes);
void wf_svg_circle(wf_drawing_t *d, double x, double y, double radius,
                   const char *attributes);

/** Path data with its origin at x, y. */
void wf_svg_path(wf_drawing_t *d, double x, double y, double scale, const char *data,
                 const char *attributes);

/** An attribute of the element as a flag; fallback if it is missing. */
int wf_shape_flag(const wf_xml_t *element, const char *name, int fallback);

/** What an id of the file refers to, with or without prefix; NULL if nothing. */
const wf_xml_t *wf_drawing_find(const wf_drawing_t *d, const char *reference);

/* ---- text.c ------------------------------------------------------------------------ */

typedef enum { WF_TEXT_MIDDLE, WF_TEXT_TOP } wf_text_place_e;

/** A text, wrapped and centred within box, smaller if need be; what still does not fit is
 *  cut with "…". NULL draws nothing. */
void wf_text_draw(wf_drawing_t *d, const char *text, const wf_box_t *box, double size,
                  wf_text_place_e place);

/** 1 if the text needs no smaller size. */
int wf_text_fits(wf_drawing_t *d, const char *text, const wf_box_t *box, double size);

/** As wf_text_draw, from the left edge of the top. */
void wf_text_draw_left(wf_drawing_t *d, const char *text, const wf_box_t *box,
                       double size);

/** As wf_text_draw, read from bottom to top. */
void wf_text_draw_upward(wf_drawing_t *d, const char *text, const wf_box_t *box,
                         double size);

/** A name beside its element: where the file wants it, else below the point. */
void wf_text_label(wf_drawing_t *d, const wf_shape_t *s, double x, double y);

/** About as wide as it will be, in pixels. */
double wf_text_width(const char *text, double size);

/* ---- icons.c ----------------------------------------------------------------------- */

/** Draw an icon with its origin at x, y; filled ones are dark. Event icons have their
 *  centre at the origin and fit a circle of radius 18; those of tasks and markers reach
 *  from 0 to 16. NULL or an unknown name draws nothing. */
void wf_icon_draw(wf_drawing_t *d, const char *name, double x, double y, double scale,
                  int filled, const char *colour);

#endif
