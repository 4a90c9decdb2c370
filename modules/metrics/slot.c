/* The value of one metric: adding, merging and taking away, by type. What a slot points
 * to is made once and then reused. */
#include "metrics/internal.h"

#include <string.h>

#define FIRST_KEYS 4 /* room in a new tally; most see one status or two */

/* ---- gauges ------------------------------------------------------------------------ */

void wf_slot_gauge(wf_slot_t *slot, const wf_gauge_t *from, apr_pool_t *p)
{
    wf_gauge_t *gauge = slot->gauge;

    if (gauge == NULL) {
        gauge = slot->gauge = apr_pcalloc(p, sizeof(*gauge));
    }
    if (!gauge->set) {
        *gauge = *from;
        return;
    }
    if (from->at_ms >= gauge->at_ms) {
        gauge->last = from->last;
        gauge->at_ms = from->at_ms;
    }
    gauge->min = from->min < gauge->min ? from->min : gauge->min;
    gauge->max = from->max > gauge->max ? from->max : gauge->max;
    gauge->sum += from->sum;
    gauge->samples += from->samples;
}

/* Extremes that the earlier state did not have are exact; else they are those of what is
 * known: the last value and the average. */
static void subtract_gauge(wf_gauge_t *gauge, const wf_gauge_t *earlier)
{
    double average;

    gauge->sum -= earlier->sum;
    gauge->samples -= earlier->samples;
    if (gauge->samples <= 0) {
        gauge->samples = gauge->sum = 0;
    }
    average = gauge->samples > 0 ? gauge->sum / gauge->samples : gauge->last;
    if (gauge->min >= earlier->min) {
        gauge->min = average < gauge->last ? average : gauge->last;
    }
    if (gauge->max <= earlier->max) {
        gauge->max = average > gauge->last ? average : gauge->last;
    }
}

/* ---- tallies ----------------------------------------------------------------------- */

static wf_tallied_t *new_key(wf_tally_t *tally, int key, apr_pool_t *p)
{
    if (tally->n == WF_TALLY_KEYS) {
        return NULL;
    }
    if (tally->n == tally->capacity) {
        int capacity = tally->capacity ? 2 * tally->capacity : FIRST_KEYS;
        wf_tallied_t *keys = apr_palloc(p, (apr_size_t)capacity * sizeof(*keys));

        if (tally->n > 0) {
            memcpy(keys, tally->keys, (apr_size_t)tally->n * sizeof(*keys));
        }
        tally->keys = keys;
        tally->capacity = capacity;
    }
    tally->keys[tally->n] = (wf_tallied_t){ .key = key };
    return &tally->keys[tally->n++];
}

static wf_tallied_t *find_key(const wf_tally_t *tally, int key)
{
    wf_tallied_t *k;

    for (k = tally->keys; k < tally->keys + tally->n; k++) {
        if (k->key == key) {
            return k;
        }
    }
    return NULL;
}

void wf_slot_tally(wf_slot_t *slot, int key, double n, apr_pool_t *p)
{
    wf_tallied_t *k = NULL;

    if (slot->tally == NULL) {
        slot->tally = apr_pcalloc(p, sizeof(*slot->tally));
    }
    if (key >= 0) {
        k = slot->tally->n ? find_key(slot->tally, key) : NULL;
        k = k ? k : new_key(slot->tally, key, p);
    }
    if (k == NULL) {
        slot->tally->rest += n;
        return;
    }
    k->count += n;
}

double wf_slot_tallied(const wf_slot_t *slot, int key)
{
    const wf_tallied_t *k =
        slot->tally && slot->tally->n ? find_key(slot->tally, key) : NULL;

    return k ? k->count : 0;
}

static void merge_tally(wf_slot_t *into, const wf_tally_t *from, apr_pool_t *p)
{
    int i;

    for (i = 0; i < from->n; i++) {
        wf_slot_tally(into, from->keys[i].key, from->keys[i].count, p);
    }
    if (from->rest > 0) {
        wf_slot_tally(into, -1, from->rest, p);
    }
}

static double minus(double a, double b)
{
    return a > b ? a - b : 0;
}

static void subtract_tally(wf_tally_t *tally, const wf_tally_t *earlier)
{
    int i;

    for (i = 0; i < earlier->n; i++) {
        wf_tallied_t *k = tally->n ? find_key(tally, earlier->keys[i].key) : NULL;

        if (k != NULL) {
            k->count = minus(k->count, earlier->keys[i].count);
        }
    }
    tally->rest = minus(tally->rest, earlier->rest);
}

/* ---- all types --------------------------------------------------------------------- */

wf_histogram_t *wf_slot_trend(wf_slot_t *slot, apr_pool_t *p)
{
    if (slot->trend == NULL) {
        slot->trend = apr_pcalloc(p, sizeof(*slot->trend));
    }
    return slot->trend;
}

int wf_slot_empty(wf_metric_type_e type, const wf_slot_t *slot)
{
    switch (type) {
    case WF_COUNTER:
        return slot->count == 0;
    case WF_GAUGE:
        return slot->gauge == NULL || !slot->gauge->set;
    case WF_RATE:
        return slot->rate.total == 0;
    case WF_TREND:
        return slot->trend == NULL || slot->trend->count == 0;
    default:
        return slot->tally == NULL || (slot->tally->n == 0 && slot->tally->rest == 0);
    }
}

void wf_slot_clear(wf_metric_type_e type, wf_slot_t *slot)
{
    /* Of a trend that was read in vain a part may be there that is not counted. */
    if (type == WF_TREND ? slot->trend == NULL : wf_slot_empty(type, slot)) {
        return;
    }
    switch (type) {
    case WF_GAUGE:
        slot->gauge->set = 0;
        break;
    case WF_TREND:
        wf_histogram_clear(slot->trend);
        break;
    case WF_TALLY:
        slot->tally->n = 0;
        slot->tally->rest = 0;
        break;
    default:
        memset(slot, 0, sizeof(*slot));
    }
}

void wf_slot_merge(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *from,
                   apr_pool_t *p)
{
    if (wf_slot_empty(type, from)) {
        return;
    }
    switch (type) {
    case WF_COUNTER:
        into->count += from->count;
        break;
    case WF_GAUGE:
        wf_slot_gauge(into, from->gauge, p);
        break;
    case WF_RATE:
        into->rate.passes += from->rate.passes;
        into->rate.total += from->rate.total;
        break;
    case WF_TREND:
        wf_histogram_merge(wf_slot_trend(into, p), from->trend, p);
        break;
    default:
        merge_tally(into, from->tally, p);
    }
}

void wf_slot_subtract(wf_metric_type_e type, wf_slot_t *from, const wf_slot_t *earlier)
{
    if (wf_slot_empty(type, from) || wf_slot_empty(type, earlier)) {
        return;
    }
    switch (type) {
    case WF_COUNTER:
        from->count -= earlier->count;
        break;
    case WF_GAUGE:
        subtract_gauge(from->gauge, earlier->gauge);
        break;
    case WF_RATE:
        from->rate.passes = minus(from->rate.passes, earlier->rate.passes);
        from->rate.total = minus(from->rate.total, earlier->rate.total);
        break;
    case WF_TREND:
        wf_histogram_subtract(from->trend, earlier->trend);
        break;
    default:
        subtract_tally(from->tally, earlier->tally);
    }
}

void wf_slot_copy(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *from,
                  apr_pool_t *p)
{
    wf_slot_clear(type, into);
    wf_slot_merge(type, into, from, p);
}
