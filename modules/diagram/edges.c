/* The lines of a diagram: flows and associations, a row each. What stands at the ends of
 * a line is drawn by hand instead of by SVG markers: then ids cannot clash where several
 * pictures share a page, and colours follow the line in every renderer. */
#include <math.h>
#include <string.h>

#include <apr_strings.h>

#include "diagram/internal.h"

#define BEND 8  /* radius of corners */
#define HEAD 10 /* length of an arrow head */
#define LABEL_GAP 4

/* How a line runs, and what stands at its ends. */
enum {
    SOLID = 1,
    DASHED = 2,
    DOTTED = 4,
    FULL_HEAD = 8,
    EMPTY_HEAD = 16,
    OPEN_HEAD = 32,
    TWO_LINES = 64
};

static wf_point_t point(const wf_shape_t *s, int i)
{
    return APR_ARRAY_IDX(s->points, i, wf_point_t);
}

static wf_point_t last_point(const wf_shape_t *s)
{
    return point(s, s->points->nelts - 1);
}

static double distance(wf_point_t a, wf_point_t b)
{
    return hypot(b.x - a.x, b.y - a.y);
}

/* The point at so many pixels from a on the way to b. */
static wf_point_t towards(wf_point_t a, wf_point_t b, double pixels)
{
    double whole = distance(a, b), part = whole > 0 ? pixels / whole : 0;

    return (wf_point_t){a.x + (b.x - a.x) * part, a.y + (b.y - a.y) * part};
}

/* Degrees of the way from a to b. */
static double direction(wf_point_t a, wf_point_t b)
{
    return atan2(b.y - a.y, b.x - a.x) * 180 / 3.14159265358979;
}

/* ---- lines ------------------------------------------------------------------------- */

static const char *at(const wf_drawing_t *d, wf_point_t p)
{
    return apr_pstrcat(d->p, wf_svg_number(d, p.x), ",", wf_svg_number(d, p.y), NULL);
}

/* Corners are rounded as far as the lines on both sides are long enough. */
static const char *bend(const wf_drawing_t *d, wf_point_t from, wf_point_t by,
                        wf_point_t to)
{
    double radius = fmin(BEND, fmin(distance(from, by), distance(by, to)) / 2);

    return apr_pstrcat(d->p, "L", at(d, towards(by, from, radius)), " Q", at(d, by), " ",
                       at(d, towards(by, to, radius)), " ", NULL);
}

static const char *line_data(wf_drawing_t *d, const wf_shape_t *s)
{
    apr_array_header_t *parts = apr_array_make(d->p, 8, sizeof(const char *));
    int i, last = s->points->nelts - 1;

    APR_ARRAY_PUSH(parts, const char *) =
        apr_pstrcat(d->p, "M", at(d, point(s, 0)), " ", NULL);
    for (i = 1; i < last; i++) {
        APR_ARRAY_PUSH(parts, const char *) =
            bend(d, point(s, i - 1), point(s, i), point(s, i + 1));
    }
    APR_ARRAY_PUSH(parts, const char *) =
        apr_pstrcat(d->p, "L", at(d, point(s, last)), NULL);
    for (i = 0; i <= last; i++) {
        wf_svg_reach(d, point(s, i).x, point(s, i).y);
    }
    return apr_array_pstrcat(d->p, parts, 0);
}

static void draw_line(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *dash = s->look->style & DASHED   ? " stroke-dasharray=\"9 6\""
                       : s->look->style & DOTTED ? " stroke-dasharray=\"1.5 4\""
                                                 : "";
    const char *data = line_data(d, s);

    if (s->look->style & TWO_LINES) {
        wf_svg_path(d, 0, 0, 1, data, "fill=\"none\" stroke-width=\"5\"");
        wf_svg_path(d, 0, 0, 1, data,
                    "fill=\"none\" stroke=\"" WF_DIAGRAM_PAPER "\" stroke-width=\"2\"");
        return;
    }
    wf_svg_path(d, 0, 0, 1, data,
                apr_pstrcat(d->p, "fill=\"none\" stroke-width=\"1.5\"", dash, NULL));
}

/* ---- ends -------------------------------------------------------------------------- */

/* Data with its origin at p and its x axis along the line from a to b. */
static void draw_end(wf_drawing_t *d, wf_point_t p, wf_point_t a, wf_point_t b,
                     const char *data, const char *fill)
{
    wf_svg_add(d,
               "<path transform=\"translate(%s %s) rotate(%s)\" d=\"%s\" fill=\"%s\" "
               "stroke-width=\"1.5\" stroke-linejoin=\"round\"/>",
               wf_svg_number(d, p.x), wf_svg_number(d, p.y),
               wf_svg_number(d, direction(a, b)), data, fill);
}

/* The point before the last one that is somewhere else: files repeat points. */
static wf_point_t before_last(const wf_shape_t *s)
{
    int i = s->points->nelts - 2;

    while (i > 0 && distance(point(s, i), last_point(s)) < 0.5) {
        i--;
    }
    return point(s, i);
}

static wf_point_t after_first(const wf_shape_t *s)
{
    int i = 1;

    while (i < s->points->nelts - 1 && distance(point(s, i), point(s, 0)) < 0.5) {
        i++;
    }
    return point(s, i);
}

#define CLOSED_ARROW "M0,0 L-10,-4.5 L-10,4.5 Z"
#define OPEN_ARROW "M-9,-5 L0,0 L-9,5"

static void draw_heads(wf_drawing_t *d, const wf_shape_t *s, int both)
{
    int style = s->look->style;
    const char *data = style & OPEN_HEAD ? OPEN_ARROW : CLOSED_ARROW;
    const char *fill = style & FULL_HEAD    ? WF_DIAGRAM_INK
                       : style & EMPTY_HEAD ? WF_DIAGRAM_PAPER
                                            : "none";

    if (style & (FULL_HEAD | EMPTY_HEAD | OPEN_HEAD)) {
        draw_end(d, last_point(s), before_last(s), last_point(s), data, fill);
    }
    if (both) {
        draw_end(d, point(s, 0), after_first(s), point(s, 0), data, fill);
    }
}

/* ---- names ------------------------------------------------------------------------- */

/* The middle of the way, and whether the line lies there. */
static wf_point_t half_way(const wf_shape_t *s, int *lies)
{
    double whole = 0, half;
    int i;

    for (i = 1; i < s->points->nelts; i++) {
        whole += distance(point(s, i - 1), point(s, i));
    }
    half = whole / 2;
    for (i = 1; i < s->points->nelts - 1 && half > distance(point(s, i - 1), point(s, i));
         i++) {
        half -= distance(point(s, i - 1), point(s, i));
    }
    *lies = fabs(point(s, i).x - point(s, i - 1).x)
            >= fabs(point(s, i).y - point(s, i - 1).y);
    return towards(point(s, i - 1), point(s, i), half);
}

static void draw_name(wf_drawing_t *d, const wf_shape_t *s)
{
    double width, height = WF_DIAGRAM_LABEL * 1.25;
    wf_point_t p;
    int lies;

    if (!s->name) {
        return;
    }
    p = half_way(s, &lies);
    width = wf_text_width(s->name, WF_DIAGRAM_LABEL);
    if (lies) {
        wf_text_label(d, s, p.x, p.y - height - LABEL_GAP / 2);
    }
    else {
        wf_text_label(d, s, p.x + fmin(width, 110) / 2 + LABEL_GAP, p.y - height / 2);
    }
}

/* ---- the kinds of lines ------------------------------------------------------------ */

static int is_gateway(const wf_xml_t *element)
{
    return element && strstr(element->name, "Gateway") != NULL;
}

/* A stroke through the default flow; a diamond for a condition behind no gateway. */
static void draw_sequence_flow(wf_drawing_t *d, const wf_shape_t *s)
{
    const wf_xml_t *source =
        wf_drawing_find(d, wf_xml_attr(s->element, WF_NS_NONE, "sourceRef"));
    const char *by_default = source ? wf_xml_attr(source, WF_NS_NONE, "default") : NULL;
    const char *id = wf_xml_attr(s->element, WF_NS_NONE, "id");
    wf_point_t first = point(s, 0), next = after_first(s);

    draw_line(d, s);
    draw_heads(d, s, 0);
    if (by_default && id && strcmp(by_default, id) == 0) {
        draw_end(d, towards(first, next, HEAD), first, next, "M-3,5 L3,-5", "none");
    }
    else if (!is_gateway(source)
             && wf_xml_child(s->element, WF_NS_BPMN, "conditionExpression")) {
        draw_end(d, first, first, next, "M0,0 L7,-4.5 L14,0 L7,4.5 Z", WF_DIAGRAM_PAPER);
    }
    draw_name(d, s);
}

static void draw_message_flow(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *shown = wf_xml_attr(s->di, WF_NS_NONE, "messageVisibleKind");
    int lies;

    draw_line(d, s);
    draw_heads(d, s, 0);
    wf_svg_circle(d, point(s, 0).x, point(s, 0).y, 4,
                  "stroke-width=\"1.5\" fill=\"" WF_DIAGRAM_PAPER "\"");
    if (shown) {
        wf_point_t p = half_way(s, &lies);

        wf_icon_draw(d, "messageEventDefinition", p.x, p.y, 1.1,
                     strcmp(shown, "non_initiating") == 0, WF_DIAGRAM_INK);
    }
    draw_name(d, s);
}

static void draw_association(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *way = wf_xml_attr(s->element, WF_NS_NONE, "associationDirection");

    draw_line(d, s);
    if (way && strcmp(way, "None") != 0) {
        draw_heads(d, s, strcmp(way, "Both") == 0);
    }
}

static void draw_plain(wf_drawing_t *d, const wf_shape_t *s)
{
    draw_line(d, s);
    draw_heads(d, s, 0);
    draw_name(d, s);
}

/* clang-format off */
static const wf_look_t looks[] = {
    /* element                  what                layer          draw                icon  style */
    { "sequenceFlow",           "Sequence flow",    WF_LAYER_EDGE, draw_sequence_flow, NULL, SOLID | FULL_HEAD },
    { "messageFlow",            "Message flow",     WF_LAYER_EDGE, draw_message_flow,  NULL, DASHED | EMPTY_HEAD },
    { "association",            "Association",      WF_LAYER_EDGE, draw_association,   NULL, DOTTED | OPEN_HEAD },
    { "dataInputAssociation",   "Data association", WF_LAYER_EDGE, draw_plain,         NULL, DOTTED | OPEN_HEAD },
    { "dataOutputAssociation",  "Data association", WF_LAYER_EDGE, draw_plain,         NULL, DOTTED | OPEN_HEAD },
    { "conversationLink",       "Conversation link", WF_LAYER_EDGE, draw_plain,        NULL, TWO_LINES },
};
/* clang-format on */

const wf_look_t *wf_edge_look(const char *element)
{
    apr_size_t i;

    for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (strcmp(looks[i].element, element) == 0) {
            return &looks[i];
        }
    }
    return NULL;
}
