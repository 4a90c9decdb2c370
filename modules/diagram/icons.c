/* The small pictures in a diagram, as path data. An icon has a body, which is filled when
 * the icon is, and details, which are lines only: dark on an empty body, light on a full
 * one. */
#include <string.h>

#include <apr_strings.h>

#include "diagram/internal.h"

/* Round the origin, for events: within a radius of 10. */
#define ENVELOPE "M-9,-6 H9 V6 H-9 Z"
#define ENVELOPE_FLAP "M-9,-6 L0,1.5 L9,-6"
#define CLOCK "M-10,0 a10,10 0 1 0 20,0 a10,10 0 1 0 -20,0 Z"
#define CLOCK_HANDS                                                                      \
    "M0,-10 V-7.5 M0,10 V7.5 M-10,0 H-7.5 M10,0 H7.5 M5,-8.7 L3.8,-6.6 M8.7,-5 "         \
    "L6.6,-3.8 M8.7,5 L6.6,3.8 M5,8.7 L3.8,6.6 M-5,8.7 L-3.8,6.6 M-8.7,5 L-6.6,3.8 "     \
    "M-8.7,-5 L-6.6,-3.8 M-5,-8.7 L-3.8,-6.6 M1.5,-6.5 L0,0.5 H5"
#define LIGHTNING "M-8,8.5 L-3.5,-6.5 L1.5,2 L7.5,-8.5 L3.5,6.5 L-2,-1.5 Z"
#define ARROW_UP "M0,-9 L7.5,8.5 L0,1.5 L-7.5,8.5 Z"
#define CROSS                                                                            \
    "M-8.5,-5.5 L-5.5,-8.5 L0,-3 L5.5,-8.5 L8.5,-5.5 L3,0 L8.5,5.5 L5.5,8.5 L0,3 "       \
    "L-5.5,8.5 L-8.5,5.5 L-3,0 Z"
#define REWIND "M-0.5,-6 V6 L-9.5,0 Z M8.5,-6 V6 L-0.5,0 Z"
#define PAGE "M-6.5,-8.5 H6.5 V8.5 H-6.5 Z"
#define PAGE_LINES "M-4,-5 H4 M-4,-1.7 H4 M-4,1.7 H4 M-4,5 H4"
#define ARROW "M-9,-3.5 H2 V-7.5 L9.5,0 L2,7.5 V3.5 H-9 Z"
#define TRIANGLE "M0,-9 L8.5,6 H-8.5 Z"
#define DISC "M-10.5,0 a10.5,10.5 0 1 0 21,0 a10.5,10.5 0 1 0 -21,0 Z"
#define PENTAGON "M0,-9.5 L9,-2.9 L5.6,7.7 H-5.6 L-9,-2.9 Z"
#define PLUS "M-2.8,-9 H2.8 V-2.8 H9 V2.8 H2.8 V9 H-2.8 V2.8 H-9 V-2.8 H-2.8 Z"

/* From 0 to 16, for tasks. */
#define PERSON                                                                           \
    "M1.5,15 V12.5 C1.5,10.3 3.6,9 5.5,9 H10.5 C12.4,9 14.5,10.3 14.5,12.5 V15 Z "       \
    "M8,1.2 a3.6,3.6 0 1 0 0.01,0 Z"
#define PERSON_LINES "M4.6,15 V12.6 M11.4,15 V12.6"
#define GEAR                                                                             \
    "M6.5,2.6 L6.7,0.6 L9.3,0.6 L9.5,2.6 L10.8,3.1 L12.3,1.9 L14.1,3.7 L12.9,5.2 "       \
    "L13.4,6.5 L15.4,6.7 L15.4,9.3 L13.4,9.5 L12.9,10.8 L14.1,12.3 L12.3,14.1 "          \
    "L10.8,12.9 L9.5,13.4 L9.3,15.4 L6.7,15.4 L6.5,13.4 L5.2,12.9 L3.7,14.1 L1.9,12.3 "  \
    "L3.1,10.8 L2.6,9.5 L0.6,9.3 L0.6,6.7 L2.6,6.5 L3.1,5.2 L1.9,3.7 L3.7,1.9 L5.2,3.1 " \
    "Z"
#define GEAR_HOLE "M8,5.4 a2.6,2.6 0 1 0 0.01,0 Z"
#define SCROLL "M5.5,1.5 H14.5 C10.5,5.5 15.5,9.5 11,14.5 H1.5 C6,9.5 1,5.5 5.5,1.5 Z"
#define SCROLL_LINES "M5.5,4.8 H10.5 M5.8,8 H11.3 M5.2,11.2 H10.4"
#define HAND                                                                             \
    "M1.2,6.6 C2.5,5 4.5,3 5.8,2.2 C7,1.6 8,2.8 7.2,3.8 L5.8,5.4 H13.6 "                 \
    "C15.2,5.4 15.2,7.6 13.6,7.6 H14.2 C15.7,7.6 15.7,9.8 14.2,9.8 H13.6 "               \
    "C15,9.8 15,11.9 13.6,11.9 H12.4 C13.7,11.9 13.6,13.8 12.2,13.8 H4.5 "               \
    "C2.6,13.8 1.2,12.4 1.2,10.6 Z"
#define HAND_LINES "M8.6,7.6 H13.6 M8.6,9.8 H13.6 M8.6,11.9 H12.4"
#define LETTER "M1,3 H15 V13 H1 Z"
#define LETTER_FLAP "M1,3 L8,8.8 L15,3"
#define SHEET "M1,2.5 H15 V13.5 H1 Z"
#define SHEET_LINES "M1,5.5 H15 M1,9.5 H15 M5.2,5.5 V13.5 M1,4 H15"

/* From 0 to 16, below the name of an activity. */
#define BOX "M1.5,1.5 H14.5 V14.5 H1.5 Z"
#define BOX_PLUS "M8,4 V12 M4,8 H12"
#define LOOP "M6,13.9 A6.2,6.2 0 1 1 10,13.9 M6,13.9 V9.8 M6,13.9 L1.9,13.4"
#define BARS "M4,2 V14 M8,2 V14 M12,2 V14"
#define ROWS "M2,4 H14 M2,8 H14 M2,12 H14"
#define BACK "M8,3 V13 L1,8 Z M15,3 V13 L8,8 Z"
#define TILDE "M1.5,10 C3.5,4 6,4.5 8,8 C10,11.5 12.5,12 14.5,6"
/* At the top of a data object. */
#define DATA_ARROW "M1,6 H8 V2.5 L14.5,8 L8,13.5 V10 H1 Z"

/* clang-format off */
static const struct {
    const char *name, *body, *details;
} icons[] = {
    { "messageEventDefinition",     ENVELOPE,   ENVELOPE_FLAP },
    { "timerEventDefinition",       CLOCK,      CLOCK_HANDS },
    { "errorEventDefinition",       LIGHTNING,  NULL },
    { "escalationEventDefinition",  ARROW_UP,   NULL },
    { "cancelEventDefinition",      CROSS,      NULL },
    { "compensateEventDefinition",  REWIND,     NULL },
    { "conditionalEventDefinition", PAGE,       PAGE_LINES },
    { "linkEventDefinition",        ARROW,      NULL },
    { "signalEventDefinition",      TRIANGLE,   NULL },
    { "terminateEventDefinition",   DISC,       NULL },
    { "multiple",                   PENTAGON,   NULL },
    { "parallelMultiple",           PLUS,       NULL },

    { "user",                       PERSON,     PERSON_LINES },
    { "service",                    GEAR,       GEAR_HOLE },
    { "script",                     SCROLL,     SCROLL_LINES },
    { "manual",                     HAND,       HAND_LINES },
    { "letter",                     LETTER,     LETTER_FLAP },
    { "businessRule",               SHEET,      SHEET_LINES },

    { "collapsed",                  BOX,        BOX_PLUS },
    { "loop",                       NULL,       LOOP },
    { "parallel",                   NULL,       BARS },
    { "sequential",                 NULL,       ROWS },
    { "compensation",               BACK,       NULL },
    { "adHoc",                      NULL,       TILDE },
    { "data",                       DATA_ARROW, NULL },
};
/* clang-format on */

static void draw_part(wf_drawing_t *d, const wf_point_t *at, double scale,
                      const char *data, const char *stroke, const char *fill,
                      const char *width)
{
    if (data) {
        wf_svg_path(d, at->x, at->y, scale, data,
                    apr_psprintf(d->p,
                                 "stroke=\"%s\" fill=\"%s\" stroke-width=\"%s\" "
                                 "stroke-linejoin=\"round\"",
                                 stroke, fill, width));
    }
}

void wf_icon_draw(wf_drawing_t *d, const char *name, double x, double y, double scale,
                  int filled, const char *colour)
{
    const char *paper = WF_DIAGRAM_PAPER;
    wf_point_t at = {x, y};
    apr_size_t i;

    for (i = 0; name && i < sizeof(icons) / sizeof(icons[0]); i++) {
        if (strcmp(icons[i].name, name) == 0) {
            draw_part(d, &at, scale, icons[i].body, colour, filled ? colour : paper,
                      "1.2");
            draw_part(d, &at, scale, icons[i].details, filled ? paper : colour, "none",
                      icons[i].body ? "1.2" : "1.8");
        }
    }
}
