/* workflow, inside: a run's report as one page that needs nothing else. */
#ifndef WF_WORKFLOW_REPORT_H
#define WF_WORKFLOW_REPORT_H

#include "http/http.h"

/** The page of a report (the members that GET /executions/{id}/report gives as JSON). Members
 *  that are missing leave out what they would show. Its size is bounded: the course of a run
 *  has at most a few hundred points, however long it was. */
wf_html_t *wf_report_page(json_object *report, apr_pool_t *p);

/** One line of a chart: a member of the points of a time series. */
typedef struct wf_chart_line_t {
    const char *name;   /* as the legend has it */
    const char *member; /* of a point */
    const char *look;   /* class of the style sheet */
} wf_chart_line_t;

/** A chart over the time of a run. */
typedef struct wf_chart_t {
    const char *title, *unit;
    const wf_chart_line_t *lines; /* closed by a name of NULL */
    double scale;                 /* what members are multiplied by */
} wf_chart_t;

/** Append the figure of a chart; nothing if there are fewer than two points. */
void wf_chart_add(wf_html_t *html, const wf_chart_t *chart, json_object *points,
                  apr_pool_t *p);

/** A number for people: 1,234,567; 12.3; 0.042. */
const char *wf_report_number(double number, apr_pool_t *p);

extern const char wf_report_css[];

#endif
