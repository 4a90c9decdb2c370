/* The shapes of a diagram: an element is a row of the table at the end. */
#include <math.h>
#include <string.h>

#include <apr_strings.h>

#include "diagram/internal.h"

#define EVENT_SIZE 36 /* for which the icons of events are made, as all below */
#define ICON_SIZE 16
#define GATEWAY_SIZE 50
#define CORNER 10
#define PADDING 5
#define RING 3 /* between the circles of an intermediate event */

/* Styles of events. */
enum { STARTS = 0, ENDS = 1, CATCHES = 2, THROWS = 4 };
/* Styles of activities. */
enum { TASK = 0, SCOPE = 1, CALLS = 2, TWICE = 4, AD_HOC = 8, DARK = 16 };
/* Styles of gateways. */
enum { BARE, EXCLUSIVE, INCLUSIVE, PARALLEL, COMPLEX, EVENTS };
/* Styles of data. */
enum { DATA, INPUT, OUTPUT };

static const char *colour_of(const wf_shape_t *s)
{
    return s->active ? WF_DIAGRAM_ACTIVE : WF_DIAGRAM_INK;
}

/* Attributes of an outline; dash NULL: a solid one. */
static const char *outline(const wf_drawing_t *d, const wf_shape_t *s, double width,
                           const char *dash)
{
    return apr_psprintf(d->p, "stroke-width=\"%s\"%s%s%s",
                        wf_svg_number(d, s->active ? width + 2 : width),
                        dash ? " stroke-dasharray=\"" : "", dash ? dash : "",
                        dash ? "\"" : "");
}

static wf_box_t inner(const wf_box_t *box, double by)
{
    return (wf_box_t){box->x + by, box->y + by, fmax(box->width - 2 * by, 0),
                      fmax(box->height - 2 * by, 0)};
}

static wf_point_t middle(const wf_box_t *box)
{
    return (wf_point_t){box->x + box->width / 2, box->y + box->height / 2};
}

static double smaller_side(const wf_box_t *box)
{
    return fmin(box->width, box->height);
}

static void label_below(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_text_label(d, s, s->box.x + s->box.width / 2, s->box.y + s->box.height + 3);
}

/* ---- events ------------------------------------------------------------------------ */

/* The icon of what the event waits for or throws; several have one of their own. */
static const char *event_icon(const wf_drawing_t *d, const wf_xml_t *event)
{
    const char *icon = NULL;
    const wf_xml_t *child;
    int count = 0;

    for (child = event->child; child; child = child->next) {
        const wf_xml_t *definition = child;

        if (wf_xml_is(child, WF_NS_BPMN, "eventDefinitionRef")) {
            definition = wf_drawing_find(d, wf_xml_text(child, d->p));
        }
        if (definition && definition->ns == WF_NS_BPMN
            && strstr(definition->name, "EventDefinition")) {
            icon = definition->name;
            count++;
        }
    }
    if (count > 1) {
        return wf_shape_flag(event, "parallelMultiple", 0) ? "parallelMultiple"
                                                           : "multiple";
    }
    return icon;
}

static void draw_event(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_point_t at = middle(&s->box);
    double radius = smaller_side(&s->box) / 2, scale = 2 * radius / EVENT_SIZE;
    int goes_on = wf_shape_flag(s->element, "isInterrupting", 1)
                  && wf_shape_flag(s->element, "cancelActivity", 1);
    const char *dash = goes_on ? NULL : "4 3";
    double line = s->look->style & ENDS ? WF_DIAGRAM_THICK : WF_DIAGRAM_LINE;
    const char *icon = event_icon(d, s->element);

    wf_svg_circle(d, at.x, at.y, radius, outline(d, s, line, dash));
    if (s->look->style & (CATCHES | THROWS)) {
        wf_svg_circle(d, at.x, at.y, fmax(radius - RING * scale - (s->active ? 1 : 0), 0),
                      apr_psprintf(d->p, "stroke-width=\"1.5\"%s",
                                   dash ? " stroke-dasharray=\"4 3\"" : ""));
    }
    wf_icon_draw(d, icon, at.x, at.y, scale, (s->look->style & (THROWS | ENDS)) != 0,
                 colour_of(s));
    label_below(d, s);
}

/* ---- activities -------------------------------------------------------------------- */

#define MARKERS_MAX 4

static const char *loop_marker(const wf_xml_t *activity)
{
    const wf_xml_t *many =
        wf_xml_child(activity, WF_NS_BPMN, "multiInstanceLoopCharacteristics");

    if (many) {
        return wf_shape_flag(many, "isSequential", 0) ? "sequential" : "parallel";
    }
    return wf_xml_child(activity, WF_NS_BPMN, "standardLoopCharacteristics") ? "loop"
                                                                             : NULL;
}

/* clang-format off */
static const struct {
    const char *element, *icon;
} global_tasks[] = {
    { "globalTask",             NULL },
    { "globalUserTask",         "user" },
    { "globalManualTask",       "manual" },
    { "globalScriptTask",       "script" },
    { "globalBusinessRuleTask", "businessRule" },
};
/* clang-format on */

/* 1 if a call activity calls a task, and the icon of that. */
static int calls_task(const wf_drawing_t *d, const wf_shape_t *s, const char **icon)
{
    const wf_xml_t *called =
        wf_drawing_find(d, wf_xml_attr(s->element, WF_NS_NONE, "calledElement"));
    apr_size_t i;

    for (i = 0; called && i < sizeof(global_tasks) / sizeof(global_tasks[0]); i++) {
        if (strcmp(global_tasks[i].element, called->name) == 0) {
            *icon = global_tasks[i].icon;
            return 1;
        }
    }
    return 0;
}

/* From left to right, as the standard has them. */
static int find_markers(const wf_shape_t *s, int closed, const char *markers[MARKERS_MAX])
{
    const char *loop = loop_marker(s->element);
    int count = 0;

    if (loop) {
        markers[count++] = loop;
    }
    if (wf_shape_flag(s->element, "isForCompensation", 0)) {
        markers[count++] = "compensation";
    }
    if (closed) {
        markers[count++] = "collapsed";
    }
    if (s->look->style & AD_HOC) {
        markers[count++] = "adHoc";
    }
    return count;
}

/* closed: a scope or process whose content is not shown. 1 if there are any. */
static int draw_markers(wf_drawing_t *d, const wf_shape_t *s, int closed)
{
    const char *markers[MARKERS_MAX];
    int i, count = find_markers(s, closed, markers);
    double x = s->box.x + (s->box.width - count * (ICON_SIZE + 2.0) + 2) / 2;
    double y = s->box.y + s->box.height - ICON_SIZE - 3;

    for (i = 0; i < count; i++) {
        wf_icon_draw(d, markers[i], x + i * (ICON_SIZE + 2), y, 1, 0, colour_of(s));
    }
    return count > 0;
}

static double corner(const wf_box_t *box)
{
    return fmin(CORNER, smaller_side(box) / 4);
}

static void draw_outlines(wf_drawing_t *d, const wf_shape_t *s)
{
    int event_scope = wf_shape_flag(s->element, "triggeredByEvent", 0);
    double line = s->look->style & CALLS ? WF_DIAGRAM_THICK : WF_DIAGRAM_LINE;
    wf_box_t second = inner(&s->box, RING);

    wf_svg_rect(d, &s->box, corner(&s->box),
                outline(d, s, line, event_scope ? "2 3" : NULL));
    if (s->look->style & TWICE) {
        wf_svg_rect(d, &second, fmax(corner(&s->box) - RING, 0), "stroke-width=\"1.5\"");
    }
}

/* In the middle of the box, unless it would meet the icon above or the markers below. */
static void draw_name(wf_drawing_t *d, const wf_shape_t *s, int icon, int markers)
{
    wf_box_t box = inner(&s->box, PADDING);
    double above = icon ? ICON_SIZE - PADDING / 2 : 0;
    double below = markers ? ICON_SIZE : 0;
    wf_box_t centre = box;

    centre.y += fmax(above, below);
    centre.height = fmax(box.height - 2 * fmax(above, below), 0);
    box.y += above;
    box.height = fmax(box.height - above - below, 0);
    wf_text_draw(d, s->name,
                 wf_text_fits(d, s->name, &centre, WF_DIAGRAM_NAME) ? &centre : &box,
                 WF_DIAGRAM_NAME, WF_TEXT_MIDDLE);
}

static void draw_activity(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *icon = s->look->icon;
    int task = !(s->look->style & (SCOPE | CALLS)) || calls_task(d, s, &icon);
    int markers;

    draw_outlines(d, s);
    wf_icon_draw(d, icon, s->box.x + 5, s->box.y + 5, 1, (s->look->style & DARK) != 0,
                 colour_of(s));
    markers = draw_markers(d, s, !task && !s->expanded);
    if (s->expanded) {
        wf_box_t box = inner(&s->box, PADDING);

        wf_text_draw(d, s->name, &box, WF_DIAGRAM_NAME, WF_TEXT_TOP);
        return;
    }
    draw_name(d, s, icon != NULL, markers);
}

/* ---- gateways ---------------------------------------------------------------------- */

#define CROSS "M-7,-7 L7,7 M7,-7 L-7,7"
#define PLUS "M-10,0 H10 M0,-10 V10"
#define STAR PLUS " " CROSS

static void draw_events_marker(wf_drawing_t *d, const wf_shape_t *s, wf_point_t at,
                               double scale)
{
    const char *type = wf_xml_attr(s->element, WF_NS_NONE, "eventGatewayType");
    int parallel = type && strcmp(type, "Parallel") == 0;

    wf_svg_circle(d, at.x, at.y, 13.5 * scale, "stroke-width=\"1.2\"");
    if (!wf_shape_flag(s->element, "instantiate", 0)) {
        wf_svg_circle(d, at.x, at.y, 11 * scale, "stroke-width=\"1.2\"");
    }
    wf_icon_draw(d, parallel ? "parallelMultiple" : "multiple", at.x, at.y, 0.75 * scale,
                 0, colour_of(s));
}

static void draw_gateway_marker(wf_drawing_t *d, const wf_shape_t *s)
{
    static const char *const markers[] = {
        [BARE] = NULL,    [EXCLUSIVE] = CROSS, [PARALLEL] = PLUS,
        [COMPLEX] = STAR, [INCLUSIVE] = NULL,  [EVENTS] = NULL};
    double scale = smaller_side(&s->box) / GATEWAY_SIZE;
    wf_point_t at = middle(&s->box);
    int style = s->look->style;

    if (style == EXCLUSIVE && !wf_shape_flag(s->di, "isMarkerVisible", 1)) {
        return;
    }
    if (markers[style]) {
        wf_svg_path(d, at.x, at.y, scale, markers[style],
                    "stroke-width=\"3\" stroke-linecap=\"square\" fill=\"none\"");
    }
    if (style == INCLUSIVE) {
        wf_svg_circle(d, at.x, at.y, 10 * scale, "stroke-width=\"2.5\" fill=\"none\"");
    }
    if (style == EVENTS) {
        draw_events_marker(d, s, at, scale);
    }
}

static void draw_gateway(wf_drawing_t *d, const wf_shape_t *s)
{
    const char *w = wf_svg_number(d, s->box.width / 2);
    const char *h = wf_svg_number(d, s->box.height / 2);

    wf_svg_reach_box(d, &s->box);
    wf_svg_path(d, s->box.x, s->box.y + s->box.height / 2, 1,
                apr_psprintf(d->p, "M0,0 l%s,-%s l%s,%s l-%s,%s Z", w, h, w, h, w, h),
                outline(d, s, WF_DIAGRAM_LINE, NULL));
    draw_gateway_marker(d, s);
    label_below(d, s);
}

/* ---- pools and lanes --------------------------------------------------------------- */

/* The name stands in a band at the left, or on top of upright ones. */
static void draw_band(wf_drawing_t *d, const wf_shape_t *s, const char *attributes)
{
    int lying = wf_shape_flag(s->di, "isHorizontal", 1);
    wf_box_t band = s->box;

    if (lying) {
        band.width = fmin(band.width, WF_DIAGRAM_BAND);
    }
    else {
        band.height = fmin(band.height, WF_DIAGRAM_BAND);
    }
    if (attributes) {
        wf_svg_rect(d, &band, 0, attributes);
    }
    if (lying) {
        wf_text_draw_upward(d, s->name, &band, WF_DIAGRAM_NAME);
    }
    else {
        wf_text_draw(d, s->name, &band, WF_DIAGRAM_NAME, WF_TEXT_MIDDLE);
    }
}

static void draw_lane(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_svg_rect(d, &s->box, 0, "stroke-width=\"1.2\" fill=\"none\"");
    draw_band(d, s, NULL);
}

/* A pool that shows no process is a box with its name. */
static void draw_pool(wf_drawing_t *d, const wf_shape_t *s)
{
    int many = wf_xml_child(s->element, WF_NS_BPMN, "participantMultiplicity") != NULL;

    wf_svg_rect(d, &s->box, 0, outline(d, s, WF_DIAGRAM_LINE, NULL));
    if (wf_xml_attr(s->element, WF_NS_NONE, "processRef")
        && !wf_xml_attr(s->di, WF_NS_NONE, "participantBandKind")) {
        draw_band(d, s, "stroke-width=\"1.2\" fill=\"" WF_DIAGRAM_SHADE "\"");
    }
    else {
        wf_text_draw(d, s->name, &s->box, WF_DIAGRAM_NAME, WF_TEXT_MIDDLE);
    }
    if (many) {
        wf_icon_draw(d, "parallel", s->box.x + (s->box.width - ICON_SIZE) / 2,
                     s->box.y + s->box.height - ICON_SIZE - 3, 1, 0, colour_of(s));
    }
}

/* ---- data -------------------------------------------------------------------------- */

/* isCollection stands at the object, also where only a reference to it is shown. */
static int is_collection(const wf_drawing_t *d, const wf_xml_t *element)
{
    const wf_xml_t *object =
        wf_drawing_find(d, wf_xml_attr(element, WF_NS_NONE, "dataObjectRef"));

    return wf_shape_flag(object ? object : element, "isCollection", 0);
}

static void draw_data(wf_drawing_t *d, const wf_shape_t *s)
{
    double fold = smaller_side(&s->box) / 3;
    const char *w = wf_svg_number(d, s->box.width), *h = wf_svg_number(d, s->box.height);
    const char *f = wf_svg_number(d, fold), *to = wf_svg_number(d, s->box.width - fold);

    wf_svg_reach_box(d, &s->box);
    wf_svg_path(d, s->box.x, s->box.y, 1,
                apr_psprintf(d->p, "M0,0 H%s L%s,%s V%s H0 Z M%s,0 V%s H%s", to, w, f, h,
                             to, f, w),
                outline(d, s, WF_DIAGRAM_LINE, NULL));
    if (s->look->style != DATA) {
        wf_icon_draw(d, "data", s->box.x + 3, s->box.y + 3, 0.8, s->look->style == OUTPUT,
                     colour_of(s));
    }
    if (is_collection(d, s->element)) {
        wf_icon_draw(d, "parallel", s->box.x + (s->box.width - ICON_SIZE * 0.8) / 2,
                     s->box.y + s->box.height - ICON_SIZE * 0.8 - 2, 0.8, 0,
                     colour_of(s));
    }
    label_below(d, s);
}

static void draw_store(wf_drawing_t *d, const wf_shape_t *s)
{
    double rise = s->box.height / 8;
    const char *rx = wf_svg_number(d, s->box.width / 2), *ry = wf_svg_number(d, rise);
    const char *w = wf_svg_number(d, s->box.width);
    const char *side = wf_svg_number(d, s->box.height - 2 * rise);

    wf_svg_reach_box(d, &s->box);
    wf_svg_path(d, s->box.x, s->box.y + rise, 1,
                apr_psprintf(d->p,
                             "M0,0 a%s,%s 0 0 1 %s,0 v%s a%s,%s 0 0 1 -%s,0 Z "
                             "M0,0 a%s,%s 0 0 0 %s,0 M0,%s a%s,%s 0 0 0 %s,0",
                             rx, ry, w, side, rx, ry, w, rx, ry, w, ry, rx, ry, w),
                outline(d, s, WF_DIAGRAM_LINE, NULL));
    label_below(d, s);
}

/* ---- artifacts and the rest -------------------------------------------------------- */

static void draw_annotation(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_box_t box = inner(&s->box, PADDING);

    wf_svg_reach_box(d, &s->box);
    wf_svg_path(d, s->box.x, s->box.y, 1,
                apr_psprintf(d->p, "M10,0 H0 V%s H10", wf_svg_number(d, s->box.height)),
                "stroke-width=\"1.5\" fill=\"none\"");
    wf_text_draw_left(d, s->name, &box, WF_DIAGRAM_LABEL);
}

static void draw_group(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_box_t box = inner(&s->box, PADDING);

    wf_svg_rect(d, &s->box, corner(&s->box),
                "stroke-width=\"1.5\" stroke-dasharray=\"10 4 2 4\" fill=\"none\"");
    wf_text_draw(d, s->name, &box, WF_DIAGRAM_LABEL, WF_TEXT_TOP);
}

static void draw_message(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_svg_rect(d, &s->box, 0, outline(d, s, WF_DIAGRAM_LINE, NULL));
    wf_svg_path(d, s->box.x, s->box.y, 1,
                apr_psprintf(d->p, "M0,0 L%s,%s L%s,0",
                             wf_svg_number(d, s->box.width / 2),
                             wf_svg_number(d, s->box.height * 0.55),
                             wf_svg_number(d, s->box.width)),
                "stroke-width=\"1.5\" fill=\"none\"");
    label_below(d, s);
}

static void draw_hexagon(wf_drawing_t *d, const wf_shape_t *s)
{
    double cut = s->box.width / 4;
    const char *c = wf_svg_number(d, cut), *w = wf_svg_number(d, s->box.width);
    const char *to = wf_svg_number(d, s->box.width - cut);
    const char *h = wf_svg_number(d, s->box.height);
    const char *half = wf_svg_number(d, s->box.height / 2);
    double line = s->look->style & CALLS ? WF_DIAGRAM_THICK : WF_DIAGRAM_LINE;

    wf_svg_reach_box(d, &s->box);
    wf_svg_path(d, s->box.x, s->box.y, 1,
                apr_psprintf(d->p, "M%s,0 H%s L%s,%s L%s,%s H%s L0,%s Z", c, to, w, half,
                             to, h, c, half),
                outline(d, s, line, NULL));
    label_below(d, s);
}

/* What this file does not know, choreographies for one, is shown as a box. */
static void draw_box(wf_drawing_t *d, const wf_shape_t *s)
{
    wf_box_t box = inner(&s->box, PADDING);

    wf_svg_rect(d, &s->box, corner(&s->box), outline(d, s, WF_DIAGRAM_LINE, NULL));
    wf_text_draw(d, s->name, &box, WF_DIAGRAM_NAME, WF_TEXT_MIDDLE);
}

/* ---- the table --------------------------------------------------------------------- */

/* clang-format off */
static const wf_look_t looks[] = {
    /* element                  what                            layer           draw             icon            style */
    { "startEvent",             "Start event",                  WF_LAYER_NODE,  draw_event,      NULL,           STARTS },
    { "endEvent",               "End event",                    WF_LAYER_NODE,  draw_event,      NULL,           ENDS },
    { "intermediateCatchEvent", "Intermediate catch event",     WF_LAYER_NODE,  draw_event,      NULL,           CATCHES },
    { "intermediateThrowEvent", "Intermediate throw event",     WF_LAYER_NODE,  draw_event,      NULL,           THROWS },
    { "implicitThrowEvent",     "Intermediate throw event",     WF_LAYER_NODE,  draw_event,      NULL,           THROWS },
    { "boundaryEvent",          "Boundary event",               WF_LAYER_RIDER, draw_event,      NULL,           CATCHES },

    { "task",                   "Task",                         WF_LAYER_NODE,  draw_activity,   NULL,           TASK },
    { "userTask",               "User task",                    WF_LAYER_NODE,  draw_activity,   "user",         TASK },
    { "serviceTask",            "Service task",                 WF_LAYER_NODE,  draw_activity,   "service",      TASK },
    { "scriptTask",             "Script task",                  WF_LAYER_NODE,  draw_activity,   "script",       TASK },
    { "manualTask",             "Manual task",                  WF_LAYER_NODE,  draw_activity,   "manual",       TASK },
    { "receiveTask",            "Receive task",                 WF_LAYER_NODE,  draw_activity,   "letter",       TASK },
    { "sendTask",               "Send task",                    WF_LAYER_NODE,  draw_activity,   "letter",       TASK | DARK },
    { "businessRuleTask",       "Business rule task",           WF_LAYER_NODE,  draw_activity,   "businessRule", TASK },
    { "callActivity",           "Call activity",                WF_LAYER_NODE,  draw_activity,   NULL,           CALLS },
    { "subProcess",             "Sub-process",                  WF_LAYER_NODE,  draw_activity,   NULL,           SCOPE },
    { "transaction",            "Transaction",                  WF_LAYER_NODE,  draw_activity,   NULL,           SCOPE | TWICE },
    { "adHocSubProcess",        "Ad-hoc sub-process",           WF_LAYER_NODE,  draw_activity,   NULL,           SCOPE | AD_HOC },

    { "exclusiveGateway",       "Exclusive gateway",            WF_LAYER_NODE,  draw_gateway,    NULL,           EXCLUSIVE },
    { "inclusiveGateway",       "Inclusive gateway",            WF_LAYER_NODE,  draw_gateway,    NULL,           INCLUSIVE },
    { "parallelGateway",        "Parallel gateway",             WF_LAYER_NODE,  draw_gateway,    NULL,           PARALLEL },
    { "complexGateway",         "Complex gateway",              WF_LAYER_NODE,  draw_gateway,    NULL,           COMPLEX },
    { "eventBasedGateway",      "Event-based gateway",          WF_LAYER_NODE,  draw_gateway,    NULL,           EVENTS },

    { "participant",            "Pool",                         WF_LAYER_POOL,  draw_pool,       NULL,           0 },
    { "lane",                   "Lane",                         WF_LAYER_LANE,  draw_lane,       NULL,           0 },

    { "dataObject",             "Data object",                  WF_LAYER_NODE,  draw_data,       NULL,           DATA },
    { "dataObjectReference",    "Data object",                  WF_LAYER_NODE,  draw_data,       NULL,           DATA },
    { "dataInput",              "Data input",                   WF_LAYER_NODE,  draw_data,       NULL,           INPUT },
    { "dataOutput",             "Data output",                  WF_LAYER_NODE,  draw_data,       NULL,           OUTPUT },
    { "dataStore",              "Data store",                   WF_LAYER_NODE,  draw_store,      NULL,           0 },
    { "dataStoreReference",     "Data store",                   WF_LAYER_NODE,  draw_store,      NULL,           0 },

    { "textAnnotation",         "Annotation",                   WF_LAYER_NODE,  draw_annotation, NULL,           0 },
    { "group",                  "Group",                        WF_LAYER_NODE,  draw_group,      NULL,           0 },
    { "message",                "Message",                      WF_LAYER_RIDER, draw_message,    NULL,           0 },

    { "conversation",           "Conversation",                 WF_LAYER_NODE,  draw_hexagon,    NULL,           0 },
    { "subConversation",        "Sub-conversation",             WF_LAYER_NODE,  draw_hexagon,    NULL,           SCOPE },
    { "callConversation",       "Call conversation",            WF_LAYER_NODE,  draw_hexagon,    NULL,           CALLS },
};

static const wf_look_t plain =
    { "element",                "Element",                      WF_LAYER_NODE,  draw_box,        NULL,           0 };
/* clang-format on */

const wf_look_t *wf_shape_look(const char *element)
{
    apr_size_t i;

    for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (strcmp(looks[i].element, element) == 0) {
            return &looks[i];
        }
    }
    return &plain;
}
