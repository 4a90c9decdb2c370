/* The course of a run in a bounded number of points, however long it lasts: when they are
 * full, neighbours become one and later points collect as much time as two before. Spans
 * are WF_SERIES_SPAN_MS times a power of two; looks come when they come, so a point is
 * full when it is a little shorter than that, too. */
#include "metrics/internal.h"

#define TOLERANCE_MS (WF_SERIES_SPAN_MS / 10)

struct wf_series_t {
    apr_pool_t *pool;
    wf_series_columns_t columns;
    /* The first n are in use. What stands behind them was joined: it is used again, with
     * the pages of its histogram. */
    wf_point_t *points[WF_SERIES_POINTS];
    int n;
    int generation;
    apr_int64_t next_number;
    apr_int64_t span_ms; /* that a point is to have */
    int restored;        /* span_ms is yet to be found from the points */
    wf_point_t seen;     /* the sum of all points: the run's state at the last look */
    wf_point_t delta;    /* scratch */
};

wf_series_t *wf_series_create(const wf_series_columns_t *columns, apr_pool_t *p)
{
    wf_series_t *series = apr_pcalloc(p, sizeof(*series));

    series->pool = p;
    series->columns = *columns;
    series->span_ms = WF_SERIES_SPAN_MS;
    return series;
}

int wf_series_count(const wf_series_t *series)
{
    return series->n;
}

const wf_point_t *wf_series_at(const wf_series_t *series, int i)
{
    return series->points[i];
}

int wf_series_generation(const wf_series_t *series)
{
    return series->generation;
}

/* ---- points ------------------------------------------------------------------------ */

static int full(const wf_series_t *series, const wf_point_t *point)
{
    return point->span_ms >= series->span_ms - TOLERANCE_MS;
}

/* Points 2i and 2i + 1 become point i. The ones that are free then go behind them. */
static void join_neighbours(wf_series_t *series)
{
    int i, kept = 0;

    for (i = 0; i < series->n; i += 2) {
        wf_point_t *point = series->points[i];

        if (i + 1 < series->n) {
            wf_point_join(point, series->points[i + 1], series->pool);
        }
        series->points[i] = series->points[kept];
        series->points[kept++] = point;
    }
    series->n = kept;
    series->span_ms *= 2;
    series->generation++;
}

/* A point that is empty but for its number, at the end. */
static wf_point_t *new_point(wf_series_t *series)
{
    wf_point_t *point;
    wf_histogram_t pages;

    if (series->n == WF_SERIES_POINTS) {
        join_neighbours(series);
    }
    point = series->points[series->n];
    if (point == NULL) {
        point = series->points[series->n] = apr_pcalloc(series->pool, sizeof(*point));
    }
    series->n++;
    wf_histogram_clear(&point->duration);
    pages = point->duration;
    *point = (wf_point_t){ .number = series->next_number++ };
    point->duration = pages;
    return point;
}

/* ---- looks ------------------------------------------------------------------------- */

static double counted(const wf_sheet_t *sheet, int counter, double before)
{
    double n = counter < 0 ? 0 : wf_sheet_counter(sheet, counter) - before;

    return n > 0 ? n : 0;
}

static double failures(const wf_sheet_t *sheet, int rate, double before)
{
    double passes = 0, total;

    if (rate >= 0) {
        wf_sheet_passes(sheet, rate, &passes, &total);
    }
    return passes > before ? passes - before : 0;
}

/* What happened since the last look. */
static void read_delta(wf_series_t *series, const wf_sheet_t *sheet)
{
    const wf_series_columns_t *columns = &series->columns;
    const wf_point_t *seen = &series->seen;
    wf_point_t *delta = &series->delta;

    delta->iterations = counted(sheet, columns->iterations, seen->iterations);
    delta->http_reqs = counted(sheet, columns->http_reqs, seen->http_reqs);
    delta->dropped = counted(sheet, columns->dropped, seen->dropped);
    delta->sent = counted(sheet, columns->sent, seen->sent);
    delta->received = counted(sheet, columns->received, seen->received);
    delta->failed = failures(sheet, columns->http_failed, seen->failed);
    wf_histogram_clear(&delta->duration);
    if (columns->duration >= 0) {
        wf_histogram_merge(&delta->duration, wf_sheet_histogram(sheet, columns->duration),
                           series->pool);
        wf_histogram_subtract(&delta->duration, &seen->duration);
    }
}

/* After a restart: the points but the last are full, so the shortest tells their span. It
 * was joined from points that were all a little short, so the nearer one is taken. */
static void find_span(wf_series_t *series)
{
    apr_int64_t shortest = 0;
    int i;

    for (i = 0; i < series->n - 1; i++) {
        apr_int64_t span_ms = series->points[i]->span_ms;

        shortest = i == 0 || span_ms < shortest ? span_ms : shortest;
    }
    while (2 * shortest >= 3 * series->span_ms) {
        series->span_ms *= 2;
    }
    series->restored = 0;
}

void wf_series_see(wf_series_t *series, const wf_sheet_t *sheet, apr_int64_t elapsed_us,
                   apr_int64_t now_ms, double active_vus)
{
    wf_point_t *delta = &series->delta, *last;
    apr_int64_t elapsed_ms = elapsed_us / 1000;

    if (series->restored) {
        find_span(series);
    }
    if (elapsed_ms < series->seen.elapsed_ms) {
        elapsed_ms = series->seen.elapsed_ms;
    }
    delta->span_ms = elapsed_ms - series->seen.elapsed_ms;
    if (series->n == 0 && delta->span_ms == 0) {
        return;
    }
    delta->time_ms = now_ms;
    delta->elapsed_ms = elapsed_ms;
    delta->active_vus = active_vus;
    read_delta(series, sheet);
    last = series->n ? series->points[series->n - 1] : NULL;
    if (last == NULL || (full(series, last) && delta->span_ms > 0)) {
        last = new_point(series);
    }
    wf_point_join(last, delta, series->pool);
    wf_point_join(&series->seen, delta, series->pool);
}

void wf_series_restore(wf_series_t *series, const wf_point_t *point)
{
    wf_point_t *mine = new_point(series);

    wf_point_join(mine, point, series->pool);
    mine->number = point->number;
    series->next_number = point->number + 1;
    wf_point_join(&series->seen, point, series->pool);
    series->restored = 1;
}
