/* What FEEL's operators mean for values: equality, order, arithmetic. Null is a value
 * that has no order and makes every sum null; values of kinds that do not go together are
 * an error, as a table that compares them is wrong. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <math.h>
#include <string.h>

/* Dates beyond the years 1 to 9999 and durations beyond are no results: keeps sums of
 * milliseconds far within 64 bits. */
#define DATE_MIN (-62135596800000LL)
#define DATE_MAX 253402300799999LL
#define DURATION_MAX (DATE_MAX - DATE_MIN)
#define EXACT_MAX 9007199254740992.0 /* 2^53: up to here doubles are exact integers */
#define UNORDERED 2

typedef struct number_t {
    int is_double;
    apr_int64_t i;
    double d; /* set for integers, too */
} number_t;

static int number_of(const wf_value_t *v, number_t *n)
{
    memset(n, 0, sizeof(*n));
    if (wf_is_integer(v)) {
        n->i = v->as.integer;
        n->d = (double)n->i;
        return 1;
    }
    n->is_double = 1;
    n->d = v->type == WF_DOUBLE ? v->as.number : 0;
    return v->type == WF_DOUBLE;
}

const char *wf_feel_kind(const wf_value_t *value)
{
    number_t n;

    if (number_of(value, &n)) {
        return "number";
    }
    return wf_feel_duration(value) ? "duration" : wf_type_name(value->type);
}

/* ---- order ------------------------------------------------------------------------ */

static int order_numbers(const number_t *a, const number_t *b)
{
    if (!a->is_double && !b->is_double) {
        return (a->i > b->i) - (a->i < b->i);
    }
    if (isnan(a->d) || isnan(b->d)) {
        return UNORDERED;
    }
    return (a->d > b->d) - (a->d < b->d);
}

static int order_texts(const wf_value_t *a, const wf_value_t *b)
{
    apr_size_t na = a->as.text.length, nb = b->as.text.length;
    int order = memcmp(a->as.text.data, b->as.text.data, na < nb ? na : nb);

    return order ? (order > 0) - (order < 0) : (na > nb) - (na < nb);
}

/* -1, 0, 1, UNORDERED; 0 returned: the two have no order. */
static int order_of(const wf_value_t *a, const wf_value_t *b, int *order)
{
    const wf_feel_duration_t *da = wf_feel_duration(a), *db = wf_feel_duration(b);
    number_t na, nb;

    if (number_of(a, &na) && number_of(b, &nb)) {
        *order = order_numbers(&na, &nb);
        return 1;
    }
    if (a->type == WF_STRING && b->type == WF_STRING) {
        *order = order_texts(a, b);
        return 1;
    }
    if (a->type == WF_DATE && b->type == WF_DATE) {
        *order = (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
        return 1;
    }
    if (da && db && da->by_months == db->by_months) {
        *order = (da->amount > db->amount) - (da->amount < db->amount);
        return 1;
    }
    return 0;
}

int wf_feel_equal(const wf_value_t *a, const wf_value_t *b)
{
    int order;

    return order_of(a, b, &order) ? order == 0 : wf_value_equal(a, b);
}

static int holds(wf_feel_op_e op, int order)
{
    switch (op) {
    case WF_FEEL_LT:
        return order == -1;
    case WF_FEEL_LE:
        return order == -1 || order == 0;
    case WF_FEEL_GT:
        return order == 1;
    default:
        return order == 1 || order == 0;
    }
}

apr_status_t wf_feel_compare(wf_feel_run_t *run, wf_feel_op_e op, const wf_value_t *a,
                             const wf_value_t *b, wf_value_t *result)
{
    int order;

    if (op == WF_FEEL_EQ || op == WF_FEEL_NE) {
        *result = wf_boolean(wf_feel_equal(a, b) == (op == WF_FEEL_EQ));
        return APR_SUCCESS;
    }
    if (a->type == WF_NULL || b->type == WF_NULL) {
        *result = wf_null();
        return APR_SUCCESS;
    }
    if (!order_of(a, b, &order)) {
        return wf_feel_fail(run, "values of type %s and %s have no order",
                            wf_feel_kind(a), wf_feel_kind(b));
    }
    *result = wf_boolean(holds(op, order));
    return APR_SUCCESS;
}

/* ---- numbers ---------------------------------------------------------------------- */

/* 1 and the sum if 64 bits hold it; a quotient only if it is whole. */
static int apply_integers(wf_feel_op_e op, apr_int64_t a, apr_int64_t b, apr_int64_t *r)
{
    switch (op) {
    case WF_FEEL_ADD:
        return !__builtin_add_overflow(a, b, r);
    case WF_FEEL_SUB:
        return !__builtin_sub_overflow(a, b, r);
    case WF_FEEL_MUL:
        return !__builtin_mul_overflow(a, b, r);
    case WF_FEEL_DIV:
        if ((a == APR_INT64_MIN && b == -1) || a % b != 0) {
            return 0;
        }
        *r = a / b;
        return 1;
    default:
        *r = (apr_int64_t)(fabs(pow((double)a, (double)b)) <= EXACT_MAX
                               ? pow((double)a, (double)b)
                               : 0);
        return b >= 0 && fabs(pow((double)a, (double)b)) <= EXACT_MAX;
    }
}

static double apply_doubles(wf_feel_op_e op, double a, double b)
{
    switch (op) {
    case WF_FEEL_ADD:
        return a + b;
    case WF_FEEL_SUB:
        return a - b;
    case WF_FEEL_MUL:
        return a * b;
    case WF_FEEL_DIV:
        return a / b;
    default:
        return pow(a, b);
    }
}

static apr_status_t apply(wf_feel_run_t *run, wf_feel_op_e op, const number_t *a,
                          const number_t *b, wf_value_t *result)
{
    apr_int64_t i;
    double d;

    if (op == WF_FEEL_DIV && b->d == 0) {
        return wf_feel_fail(run, "division by zero");
    }
    if (!a->is_double && !b->is_double && apply_integers(op, a->i, b->i, &i)) {
        *result = wf_integer(i);
        return APR_SUCCESS;
    }
    d = apply_doubles(op, a->d, b->d);
    if (!isfinite(d)) {
        return wf_feel_fail(run, "the number is out of range");
    }
    *result = wf_double(d);
    return APR_SUCCESS;
}

/* ---- texts, dates, durations ------------------------------------------------------ */

static apr_status_t concatenate(wf_feel_run_t *run, const wf_value_t *a,
                                const wf_value_t *b, wf_value_t *result)
{
    apr_size_t na = a->as.text.length, nb = b->as.text.length;
    apr_status_t rv = wf_feel_work(run, na + nb);
    char *text;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    text = apr_palloc(run->pool, na + nb + 1);
    memcpy(text, a->as.text.data, na);
    memcpy(text + na, b->as.text.data, nb);
    text[na + nb] = '\0';
    *result = (wf_value_t){ .type = WF_STRING, .as.text = { text, na + nb } };
    return APR_SUCCESS;
}

static int date_in_range(apr_int64_t date)
{
    return date >= DATE_MIN && date <= DATE_MAX;
}

/* What a clock on the wall shows, so that midnights are whole days apart. */
static apr_int64_t shown(apr_int64_t date)
{
    int rest;

    return date + 1000LL * wf_zone_offset(wf_time_seconds(date, &rest));
}

static apr_status_t move_date(wf_feel_run_t *run, const wf_value_t *date,
                              const wf_feel_duration_t *duration, int sign,
                              wf_value_t *result)
{
    *result = wf_null();
    if (date_in_range(date->as.integer)) {
        *result = wf_date(wf_feel_date_add(date->as.integer, duration, sign));
    }
    if (result->type == WF_NULL || !date_in_range(result->as.integer)) {
        return wf_feel_fail(run, "the date is out of range");
    }
    return APR_SUCCESS;
}

static apr_status_t add_durations(wf_feel_run_t *run, const wf_feel_duration_t *a,
                                  const wf_feel_duration_t *b, int sign,
                                  wf_value_t *result)
{
    apr_int64_t sum = a->amount + sign * b->amount;

    if (sum > DURATION_MAX || sum < -DURATION_MAX) {
        return wf_feel_fail(run, "the duration is out of range");
    }
    *result = wf_feel_duration_value(a->by_months, sum, run->pool);
    return APR_SUCCESS;
}

/* Sums and differences with a date or a duration; 0: there is none of these two. */
static int add_times(wf_feel_run_t *run, int sign, const wf_value_t *a,
                     const wf_value_t *b, wf_value_t *result, apr_status_t *rv)
{
    const wf_feel_duration_t *da = wf_feel_duration(a), *db = wf_feel_duration(b);

    if (a->type == WF_DATE && db) {
        *rv = move_date(run, a, db, sign, result);
        return 1;
    }
    if (da && b->type == WF_DATE && sign > 0) {
        *rv = move_date(run, b, da, sign, result);
        return 1;
    }
    if (da && db && da->by_months == db->by_months) {
        *rv = add_durations(run, da, db, sign, result);
        return 1;
    }
    if (a->type == WF_DATE && b->type == WF_DATE && sign < 0) {
        *rv = date_in_range(a->as.integer) && date_in_range(b->as.integer)
                  ? APR_SUCCESS
                  : wf_feel_fail(run, "the date is out of range");
        *result = *rv == APR_SUCCESS ? wf_feel_duration_value(
                      0, shown(a->as.integer) - shown(b->as.integer), run->pool)
                                     : wf_null();
        return 1;
    }
    return 0;
}

/* ---- the two entries -------------------------------------------------------------- */

apr_status_t wf_feel_arithmetic(wf_feel_run_t *run, wf_feel_op_e op, const wf_value_t *a,
                                const wf_value_t *b, wf_value_t *result)
{
    number_t na, nb;
    apr_status_t rv;

    *result = wf_null();
    if (a->type == WF_NULL || b->type == WF_NULL) {
        return APR_SUCCESS;
    }
    if (number_of(a, &na) && number_of(b, &nb)) {
        return apply(run, op, &na, &nb, result);
    }
    if (op == WF_FEEL_ADD && a->type == WF_STRING && b->type == WF_STRING) {
        return concatenate(run, a, b, result);
    }
    if ((op == WF_FEEL_ADD || op == WF_FEEL_SUB)
        && add_times(run, op == WF_FEEL_ADD ? 1 : -1, a, b, result, &rv)) {
        return rv;
    }
    return wf_feel_fail(run, "the operator does not take values of type %s and %s",
                        wf_feel_kind(a), wf_feel_kind(b));
}

apr_status_t wf_feel_negate(wf_feel_run_t *run, const wf_value_t *a, wf_value_t *result)
{
    const wf_feel_duration_t *duration = wf_feel_duration(a);
    wf_value_t zero = wf_integer(0);
    number_t n;

    if (duration) {
        *result =
            wf_feel_duration_value(duration->by_months, -duration->amount, run->pool);
        return APR_SUCCESS;
    }
    if (a->type == WF_NULL || number_of(a, &n)) {
        return wf_feel_arithmetic(run, WF_FEEL_SUB, &zero, a, result);
    }
    return wf_feel_fail(run, "a value of type %s has no sign", wf_feel_kind(a));
}
