/* -execution-segment: which part of a run is done here, as k6 has it. The parts of all
 * machines are the pieces between the points of -execution-segment-sequence. */
#include "cli/internal.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define POINTS_MAX 1001
#define DENOMINATOR_MAX 1000000
#define COMMON_MAX 1000000000000

typedef struct fraction_t {
    apr_int64_t over, under; /* 0 ≤ over ≤ under, in lowest terms */
} fraction_t;

static apr_int64_t divisor(apr_int64_t a, apr_int64_t b)
{
    return b == 0 ? a : divisor(b, a % b);
}

/* Digits, perhaps with a point: 0.25 is 25 of 100. 0: it is none. */
static int read_number(const char *text, apr_size_t n, fraction_t *number)
{
    apr_size_t i, point = 0;

    *number = (fraction_t){ 0, 1 };
    for (i = 0; i < n; i++) {
        if (text[i] == '.' && point == 0 && i > 0) {
            point = i;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || number->over > DENOMINATOR_MAX
            || number->under > DENOMINATOR_MAX) {
            return 0;
        }
        number->over = number->over * 10 + (text[i] - '0');
        number->under *= point > 0 ? 10 : 1;
    }
    return n > 0 && text[n - 1] != '.';
}

/* 1/3, 0.25, 25%, 1. */
static int read_fraction(const char *text, fraction_t *f)
{
    apr_size_t n = strlen(text), head = strcspn(text, "/");
    fraction_t below = { 1, 1 };
    apr_int64_t common;

    if (n > 0 && text[n - 1] == '%') {
        if (!read_number(text, n - 1, f)) {
            return 0;
        }
        f->under *= 100;
    }
    else if (!read_number(text, head, f)
             || (head < n && !read_number(text + head + 1, n - head - 1, &below))) {
        return 0;
    }
    f->over *= below.under;
    f->under *= below.over;
    if (f->under == 0 || f->over > f->under) {
        return 0;
    }
    common = divisor(f->over, f->under);
    f->over /= common;
    f->under /= common;
    return f->under <= DENOMINATOR_MAX;
}

static int same(fraction_t a, fraction_t b)
{
    return a.over == b.over && a.under == b.under;
}

typedef struct points_t {
    fraction_t at[POINTS_MAX];
    int count;
} points_t;

static apr_status_t add_point(points_t *points, const char *text, wf_error_t *err)
{
    fraction_t f;

    if (!read_fraction(text, &f)) {
        return wf_error_set(err, WF_ERR_INVALID,
                            "\"%.40s\" is no part of 1, such as 1/3, 0.25 or 25%%", text);
    }
    if (points->count == POINTS_MAX) {
        return wf_error_set(err, WF_ERR_INVALID, "more than %d points", POINTS_MAX);
    }
    if (points->count > 0) {
        fraction_t last = points->at[points->count - 1];

        if (same(last, f)) {
            return APR_SUCCESS;
        }
        if (f.over * last.under < last.over * f.under) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "\"%.40s\" is less than what is before", text);
        }
    }
    points->at[points->count++] = f;
    return APR_SUCCESS;
}

static apr_status_t add_points(points_t *points, const char *text, const char *separator,
                               apr_pool_t *p, wf_error_t *err)
{
    char *copy = apr_pstrdup(p, text), *state, *word;
    apr_status_t rv = APR_SUCCESS;

    for (word = apr_strtok(copy, separator, &state); word && rv == APR_SUCCESS;
         word = apr_strtok(NULL, separator, &state)) {
        rv = add_point(points, word, err);
    }
    return rv;
}

/* From 0 to 1, the two ends of the segment among them. */
static apr_status_t read_sequence(points_t *points, const points_t *segment,
                                  const char *sequence, apr_pool_t *p, wf_error_t *err)
{
    static const fraction_t one = { 1, 1 };
    apr_status_t rv;

    if (sequence == NULL) {
        const char *ends = apr_psprintf(p,
                                        "0,%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT
                                        ",%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT ",1",
                                        segment->at[0].over, segment->at[0].under,
                                        segment->at[1].over, segment->at[1].under);

        return add_points(points, ends, ",", p, err);
    }
    rv = add_points(points, sequence, ",", p, err);
    if (rv == APR_SUCCESS
        && (points->count < 2 || points->at[0].over != 0
            || !same(points->at[points->count - 1], one))) {
        rv = wf_error_set(err, WF_ERR_INVALID, "\"%.60s\" does not go from 0 to 1",
                          sequence);
    }
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "-execution-segment-sequence");
}

/* The pieces between the points, as whole numbers. */
static apr_status_t weigh(apr_int64_t *weights, const points_t *points, wf_error_t *err)
{
    apr_int64_t common = 1;
    int i;

    for (i = 0; i < points->count; i++) {
        common = common / divisor(common, points->at[i].under) * points->at[i].under;
        if (common > COMMON_MAX) {
            return wf_error_set(err, WF_ERR_INVALID,
                                "-execution-segment-sequence: parts as fine as these "
                                "cannot be told apart");
        }
    }
    for (i = 0; i + 1 < points->count; i++) {
        const fraction_t *from = &points->at[i], *to = &points->at[i + 1];

        weights[i] = common / to->under * to->over - common / from->under * from->over;
    }
    return APR_SUCCESS;
}

apr_status_t wf_take_segment(wf_plan_t *plan, const char *text, const char *sequence,
                             apr_pool_t *p, wf_error_t *err)
{
    points_t *segment = apr_pcalloc(p, sizeof(*segment));
    points_t *points = apr_pcalloc(p, sizeof(*points));
    apr_int64_t *weights = apr_pcalloc(p, POINTS_MAX * sizeof(*weights));
    /* 1/3 alone is the first third. */
    const char *ends = strchr(text, ':') ? text : apr_pstrcat(p, "0:", text, NULL);
    apr_status_t rv = add_points(segment, ends, ":", p, err);
    int i;

    if (rv == APR_SUCCESS && segment->count != 2) {
        rv = wf_error_set(err, WF_ERR_INVALID, "\"%.60s\" is not like 1/3:2/3", text);
    }
    if (rv != APR_SUCCESS) {
        return wf_error_note(err, rv, "-execution-segment");
    }
    rv = read_sequence(points, segment, sequence, p, err);
    if (rv == APR_SUCCESS) {
        rv = weigh(weights, points, err);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (i = 0; i + 1 < points->count; i++) {
        if (same(points->at[i], segment->at[0])
            && same(points->at[i + 1], segment->at[1])) {
            wf_plan_take_part(plan, weights, points->count - 1, i);
            return APR_SUCCESS;
        }
    }
    return wf_error_set(err, WF_ERR_INVALID,
                        "-execution-segment: %.60s is no piece of the sequence %.200s",
                        text, sequence);
}
