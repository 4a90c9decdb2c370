/* Names in a diagram. SVG does not wrap text, so lines are made here, with the widths of
 * the first font of the stack; another font may be a little wider or narrower, which is
 * why boxes leave some room. */
#include <math.h>
#include <string.h>

#include <apr_strings.h>

#include "diagram/internal.h"

#define LINE_HEIGHT 1.25 /* of the font size, as all below */
#define BASELINE 0.35    /* below the middle of a line */
#define WIDE 100         /* hundredths: East Asian characters, pictographs */
#define OTHER 66         /* letters beyond ASCII */
#define LABEL_WIDTH 110  /* pixels, where the file says nothing */
#define LABEL_LINES 4
#define MAX_LINES 100
#define SMALLEST 9 /* size to which names shrink */
#define ELLIPSIS "\xe2\x80\xa6"

/* Hundredths of the font size, from the blank to the tilde: DejaVu Sans. */
static const unsigned char widths[] = {
    32,  40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, /* blank to / */
    64,  64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53, /* 0 to ? */
    100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, /* @ to O */
    60,  79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, /* P to _ */
    50,  61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, /* ` to o */
    63,  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,     /* p to ~ */
};

/* clang-format off */
static const struct {
    unsigned first, last;
    int width;
} ranges[] = {
    { 0x0300,  0x036f,  0 },    /* combining marks */
    { 0x1100,  0x115f,  WIDE }, /* Hangul letters */
    { 0x200b,  0x200f,  0 },    /* joiners, directions */
    { 0x2014,  0x2014,  WIDE }, /* long dash */
    { 0x2026,  0x2026,  WIDE }, /* … */
    { 0x2e80,  0xa4cf,  WIDE }, /* Chinese, Japanese */
    { 0xac00,  0xd7a3,  WIDE }, /* Hangul */
    { 0xf900,  0xfaff,  WIDE },
    { 0xfe00,  0xfe0f,  0 },    /* variants */
    { 0xff00,  0xff60,  WIDE },
    { 0x1f000, 0x1faff, WIDE }, /* pictographs */
    { 0x20000, 0x3fffd, WIDE },
};
/* clang-format on */

/* The code point at text, which is well-formed UTF-8; *length its bytes. */
static unsigned code_point(const char *text, int *length)
{
    const unsigned char *s = (const unsigned char *)text;
    unsigned code;
    int i;

    *length = *s < 0x80 ? 1 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
    code = *length == 1 ? *s : *s & (0x7f >> *length);
    for (i = 1; i < *length; i++) {
        code = code << 6 | (s[i] & 0x3f);
    }
    return code;
}

static int width_of(unsigned code)
{
    apr_size_t i;

    if (code >= ' ' && code - ' ' < sizeof(widths)) {
        return widths[code - ' '];
    }
    for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return ranges[i].width;
        }
    }
    return code < ' ' ? widths[0] : OTHER;
}

static double width_n(const char *text, apr_size_t bytes, double size)
{
    const char *end = text + bytes;
    int hundredths = 0, length;

    for (; text < end; text += length) {
        hundredths += width_of(code_point(text, &length));
    }
    return hundredths * size / 100;
}

double wf_text_width(const char *text, double size)
{
    return width_n(text, strlen(text), size);
}

/* ---- wrapping ---------------------------------------------------------------------- */

typedef struct lines_t {
    const char *line[MAX_LINES];
    int count, most;
    int spoilt; /* a word was broken, or something was left out */
    double width, size;
    apr_pool_t *p;
} lines_t;

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int is_wide(unsigned code)
{
    return code >= 0x80 && width_of(code) == WIDE;
}

/* How many bytes make the first line; at least one character. It ends at a blank or
 * beside a wide character, else behind a mark within a word, else anywhere. */
static apr_size_t line_length(lines_t *lines, const char *text)
{
    apr_size_t i = 0, good = 0, fair = 0;
    double width = 0;
    int length;

    for (; text[i] && text[i] != '\n'; i += length) {
        unsigned code = code_point(text + i, &length);

        width += width_of(code) * lines->size / 100;
        if (is_blank(text[i]) || (i && is_wide(code))) {
            good = i;
        }
        if (width > lines->width && i && !is_blank(text[i])) {
            lines->spoilt |= !good && !fair;
            return good ? good : fair ? fair : i;
        }
        if (is_wide(code)) {
            good = i + length;
        }
        else if (strchr("-/_,.", text[i])) {
            fair = i + length;
        }
    }
    return i;
}

/* Cut the line so that "…" fits behind it. */
static const char *shorten(const lines_t *lines, const char *line)
{
    apr_size_t length = strlen(line);
    double room = lines->width - wf_text_width(ELLIPSIS, lines->size);

    while (length && width_n(line, length, lines->size) > room) {
        for (length--; length && (line[length] & 0xc0) == 0x80; length--) {
        }
    }
    while (length && is_blank(line[length - 1])) {
        length--;
    }
    return apr_pstrcat(lines->p, apr_pstrmemdup(lines->p, line, length), ELLIPSIS, NULL);
}

static void wrap(lines_t *lines, const char *text)
{
    for (;;) {
        apr_size_t length, end;

        while (is_blank(*text)) {
            text++;
        }
        if (!*text) {
            return;
        }
        if (lines->count == lines->most) {
            lines->spoilt = 1;
            lines->line[lines->count - 1] = shorten(lines, lines->line[lines->count - 1]);
            return;
        }
        length = end = line_length(lines, text);
        while (end && is_blank(text[end - 1])) {
            end--;
        }
        lines->line[lines->count++] = apr_pstrmemdup(lines->p, text, end);
        text += length;
    }
}

static void make_lines(lines_t *lines, wf_drawing_t *d, const char *text, double width,
                       double height, double size)
{
    int most = (int)(height / (size * LINE_HEIGHT));

    memset(lines, 0, sizeof(*lines));
    lines->p = d->p;
    lines->size = size;
    lines->width = width;
    lines->most = most < 1 ? 1 : most > MAX_LINES ? MAX_LINES : most;
    if (text && width >= size) {
        wrap(lines, text);
    }
}

/* The same in a smaller size if that saves a word. */
static void fit_lines(lines_t *lines, wf_drawing_t *d, const char *text, double width,
                      double height, double size)
{
    make_lines(lines, d, text, width, height, size);
    while (lines->spoilt && size > SMALLEST) {
        make_lines(lines, d, text, width, height, --size);
    }
}

int wf_text_fits(wf_drawing_t *d, const char *text, const wf_box_t *box, double size)
{
    lines_t lines;

    make_lines(&lines, d, text, box->width, box->height, size);
    return !lines.spoilt;
}

/* ---- drawing ----------------------------------------------------------------------- */

#define PLAIN "stroke=\"none\""
/* Labels may cross lines: a rim keeps them readable. */
#define HALO                                                                             \
    "stroke=\"" WF_DIAGRAM_PAPER "\" stroke-width=\"3\" stroke-linejoin=\"round\" "      \
    "paint-order=\"stroke\""

/* Lines below each other, the first one's top at y. */
static void put_lines(wf_drawing_t *d, const lines_t *lines, double x, double y,
                      const char *anchor, const char *attributes)
{
    double height = lines->size * LINE_HEIGHT;
    int i;

    if (!lines->count) {
        return;
    }
    wf_svg_add(
        d, "<text font-size=\"%s\" text-anchor=\"%s\" fill=\"" WF_DIAGRAM_INK "\" %s>",
        wf_svg_number(d, lines->size), anchor, attributes);
    for (i = 0; i < lines->count; i++) {
        wf_svg_add(d, "<tspan x=\"%s\" y=\"%s\">%s</tspan>", wf_svg_number(d, x),
                   wf_svg_number(d, y + (i + 0.5) * height + lines->size * BASELINE),
                   wf_svg_escape(d, lines->line[i]));
    }
    wf_svg_add(d, "</text>");
}

/* The picture grows with texts that stand outside their shapes. */
static void reach(wf_drawing_t *d, const lines_t *lines, double left, double top,
                  int centred)
{
    int i;

    for (i = 0; i < lines->count; i++) {
        double width = wf_text_width(lines->line[i], lines->size);
        double from = centred ? left - width / 2 : left;

        wf_svg_reach(d, from, top);
        wf_svg_reach(d, from + width, top + (i + 1) * lines->size * LINE_HEIGHT);
    }
}

void wf_text_draw(wf_drawing_t *d, const char *text, const wf_box_t *box, double size,
                  wf_text_place_e place)
{
    lines_t lines;
    double top = box->y;

    fit_lines(&lines, d, text, box->width, box->height, size);
    if (place == WF_TEXT_MIDDLE) {
        top += (box->height - lines.count * lines.size * LINE_HEIGHT) / 2;
    }
    put_lines(d, &lines, box->x + box->width / 2, top, "middle", PLAIN);
}

void wf_text_draw_left(wf_drawing_t *d, const char *text, const wf_box_t *box,
                       double size)
{
    lines_t lines;

    fit_lines(&lines, d, text, box->width, box->height, size);
    reach(d, &lines, box->x, box->y, 0);
    put_lines(d, &lines, box->x, box->y, "start", PLAIN);
}

void wf_text_draw_upward(wf_drawing_t *d, const char *text, const wf_box_t *box,
                         double size)
{
    double x = box->x + box->width / 2, y = box->y + box->height / 2;
    lines_t lines;

    fit_lines(&lines, d, text, box->height, box->width, size);
    put_lines(d, &lines, 0, -lines.count * lines.size * LINE_HEIGHT / 2, "middle",
              apr_psprintf(d->p, PLAIN " transform=\"translate(%s %s) rotate(-90)\"",
                           wf_svg_number(d, x), wf_svg_number(d, y)));
}

/* The file's box was measured with another font, so it only says where the name is and
 * about how wide. */
void wf_text_label(wf_drawing_t *d, const wf_shape_t *s, double x, double y)
{
    double size = WF_DIAGRAM_LABEL, width = LABEL_WIDTH;
    apr_array_header_t *shapes = d->pieces;
    lines_t lines;

    if (s->label.width > 0) {
        width = fmax(s->label.width * 1.2 + 10, 40);
        x = s->label.x + s->label.width / 2;
        y = s->label.y;
    }
    fit_lines(&lines, d, s->name, width, LABEL_LINES * size * LINE_HEIGHT + 1, size);
    reach(d, &lines, x, y, 1);
    d->pieces = d->labels;
    put_lines(d, &lines, x, y, "middle", HALO);
    d->pieces = shapes;
}
