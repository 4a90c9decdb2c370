/* Charts of a report as SVG: lines over the time of the run, with axes that have round
 * numbers. Every point has a band behind it that tells its values to whom points at it.
 */
#include "workflow/report.h"

#include <apr_strings.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 960
#define HEIGHT 220
#define LEFT 64
#define RIGHT 28
#define TOP 10
#define BOTTOM 26

/* Where values and times lie in the picture. */
typedef struct plane_t {
    double most;    /* value at the top */
    double step;    /* between two lines of the grid */
    double seconds; /* time at the right end */
} plane_t;

static double number_of(json_object *point, const char *member)
{
    return json_object_get_double(wf_json_get(point, member));
}

static double x_of(const plane_t *plane, double seconds)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * seconds / plane->seconds;
}

static double y_of(const plane_t *plane, double value)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / plane->most;
}

/* 1, 2 or 5 times a power of ten, so that about so many fit. */
static double round_step(double most, int parts)
{
    double raw = most / parts, power = pow(10, floor(log10(raw)));
    double share = raw / power;

    return power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
}

static const double time_steps[] = { 1,   2,   5,    10,   15,   30,    60,    120,  300,
                                     600, 900, 1800, 3600, 7200, 14400, 43200, 86400 };

static double time_step(double seconds)
{
    size_t i;

    for (i = 0; i < sizeof time_steps / sizeof time_steps[0]; i++) {
        if (seconds / time_steps[i] <= 10) {
            return time_steps[i];
        }
    }
    return round_step(seconds, 10);
}

static void measure(plane_t *plane, const wf_chart_t *chart, json_object *points)
{
    size_t n = json_object_array_length(points), i;
    const wf_chart_line_t *line;
    double most = 0;

    for (i = 0; i < n; i++) {
        for (line = chart->lines; line->name; line++) {
            most =
                fmax(most, number_of(json_object_array_get_idx(points, i), line->member)
                               * chart->scale);
        }
    }
    plane->step = round_step(most > 0 ? most : 1, 4);
    plane->most = plane->step * ceil((most > 0 ? most : 1) / plane->step);
    plane->seconds =
        number_of(json_object_array_get_idx(points, n - 1), "elapsed_ms") / 1000;
    plane->seconds = plane->seconds > 0 ? plane->seconds : 1;
}

const char *wf_report_number(double number, apr_pool_t *p)
{
    char digits[64], *at;
    int whole, i;

    if (!isfinite(number) || fabs(number) >= 1e15) {
        return "–";
    }
    if (number != 0 && fabs(number) < 100 && number != floor(number)) {
        snprintf(digits, sizeof digits, "%.3g", number); /* APR's writes .004 */
        return apr_pstrdup(p, digits);
    }
    whole = apr_snprintf(digits, sizeof digits, "%.0f", fabs(number));
    at = apr_pcalloc(p, sizeof digits * 2);
    for (i = 0; i < whole; i++) {
        if (i > 0 && (whole - i) % 3 == 0) {
            at[strlen(at)] = ',';
        }
        at[strlen(at)] = digits[i];
    }
    return number < 0 ? apr_pstrcat(p, "-", at, NULL) : at;
}

static const char *time_text(double seconds, apr_pool_t *p)
{
    int s = (int)seconds;

    if (s < 60) {
        return apr_psprintf(p, "%d s", s);
    }
    if (s < 3600) {
        return apr_psprintf(p, "%d:%02d", s / 60, s % 60);
    }
    return apr_psprintf(p, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

static const char *coordinate(double number, apr_pool_t *p)
{
    return apr_psprintf(p, "%.1f", number);
}

static void add_grid(wf_html_t *html, const plane_t *plane, apr_pool_t *p)
{
    double value, seconds, step = time_step(plane->seconds);

    for (value = 0; value <= plane->most * 1.001; value += plane->step) {
        const char *y = coordinate(y_of(plane, value), p);

        wf_html_add(html,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%s\" y2=\"%s\"/>",
                    LEFT, WIDTH - RIGHT, y, y);
        wf_html_add(html, "<text x=\"%d\" y=\"%s\" text-anchor=\"end\">%s</text>",
                    LEFT - 8, coordinate(y_of(plane, value) + 4, p),
                    wf_report_number(value, p));
    }
    for (seconds = 0; seconds <= plane->seconds; seconds += step) {
        wf_html_add(html, "<text x=\"%s\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                    coordinate(x_of(plane, seconds), p), HEIGHT - 8,
                    time_text(seconds, p));
    }
}

static void add_line(wf_html_t *html, const plane_t *plane, const wf_chart_t *chart,
                     const wf_chart_line_t *line, json_object *points, apr_pool_t *p)
{
    size_t n = json_object_array_length(points), i;

    wf_html_add(html, "<polyline class=\"line %s\" points=\"", line->look);
    for (i = 0; i < n; i++) {
        json_object *point = json_object_array_get_idx(points, i);

        wf_html_add(
            html, "%s,%s ",
            coordinate(x_of(plane, number_of(point, "elapsed_ms") / 1000), p),
            coordinate(y_of(plane, number_of(point, line->member) * chart->scale), p));
    }
    wf_html_add(html, "\"/>");
}

static void add_bands(wf_html_t *html, const plane_t *plane, const wf_chart_t *chart,
                      json_object *points, apr_pool_t *p)
{
    size_t n = json_object_array_length(points), i;
    const wf_chart_line_t *line;
    double from = LEFT;

    for (i = 0; i < n; i++) {
        json_object *point = json_object_array_get_idx(points, i);
        double seconds = number_of(point, "elapsed_ms") / 1000;
        double to = x_of(plane, seconds);

        wf_html_add(html,
                    "<rect class=\"band\" x=\"%s\" y=\"%d\" width=\"%s\" height=\"%d\">"
                    "<title>%s",
                    coordinate(from, p), TOP, coordinate(to > from ? to - from : 0, p),
                    HEIGHT - TOP - BOTTOM, time_text(seconds, p));
        for (line = chart->lines; line->name; line++) {
            wf_html_add(
                html, "\n%s: %s %s", line->name,
                wf_report_number(number_of(point, line->member) * chart->scale, p),
                chart->unit);
        }
        wf_html_add(html, "</title></rect>");
        from = to;
    }
}

void wf_chart_add(wf_html_t *html, const wf_chart_t *chart, json_object *points,
                  apr_pool_t *p)
{
    const wf_chart_line_t *line;
    plane_t plane;

    if (!json_object_is_type(points, json_type_array)
        || json_object_array_length(points) < 2) {
        return;
    }
    measure(&plane, chart, points);
    wf_html_add(html, "<figure><figcaption><b>%s</b>", chart->title);
    for (line = chart->lines; line->name; line++) {
        wf_html_add(html, "<span class=\"key %s\">%s</span>", line->look, line->name);
    }
    wf_html_add(html,
                "</figcaption><svg viewBox=\"0 0 %d %d\" role=\"img\" "
                "aria-label=\"%s\">",
                WIDTH, HEIGHT, chart->title);
    add_grid(html, &plane, p);
    add_bands(html, &plane, chart, points, p);
    for (line = chart->lines; line->name; line++) {
        add_line(html, &plane, chart, line, points, p);
    }
    wf_html_add(html, "</svg></figure>\n");
}
