/* What a sheet has more than it had: small, and added to what was known it gives the
 * sheet, exactly. A difference of numbers that does not give them back when it is added,
 * as can be the case with fractions, is none. */
#include "metrics/internal.h"

int wf_exact_difference(double *difference, double now, double before)
{
    *difference = now - before;
    return before + *difference == now;
}

static int rate_since(wf_slot_t *into, const wf_slot_t *slot, const wf_slot_t *base)
{
    return wf_exact_difference(&into->rate.passes, slot->rate.passes, base->rate.passes)
           && wf_exact_difference(&into->rate.total, slot->rate.total, base->rate.total)
           && into->rate.passes >= 0 && into->rate.passes <= into->rate.total;
}

static int gauge_since(wf_slot_t *into, const wf_gauge_t *gauge, const wf_gauge_t *base,
                       apr_pool_t *p)
{
    wf_gauge_t added = *gauge;
    int exact = wf_exact_difference(&added.sum, gauge->sum, base->sum)
                && wf_exact_difference(&added.samples, gauge->samples, base->samples);

    if (added.samples > 0) {
        wf_slot_gauge(into, &added, p);
    }
    return exact && (added.samples > 0 || (added.samples == 0 && added.sum == 0));
}

static int trend_since(wf_slot_t *into, const wf_histogram_t *trend,
                       const wf_histogram_t *base, apr_pool_t *p)
{
    return trend->count == base->count
           || wf_histogram_since(wf_slot_trend(into, p), trend, base, p);
}

static int tally_since(wf_slot_t *into, const wf_slot_t *slot, const wf_slot_t *base,
                       apr_pool_t *p)
{
    const wf_tally_t *tally = slot->tally;
    double added;
    int i, exact = wf_exact_difference(&added, tally->rest, base->tally->rest);

    exact &= added >= 0;

    for (i = 0; i < base->tally->n; i++) {
        exact &= wf_slot_tallied(slot, base->tally->keys[i].key) > 0;
    }
    if (added > 0) {
        wf_slot_tally(into, -1, added, p);
    }
    for (i = 0; exact && i < tally->n; i++) {
        exact = wf_exact_difference(&added, tally->keys[i].count,
                                    wf_slot_tallied(base, tally->keys[i].key))
                && added >= 0;
        if (added > 0) {
            wf_slot_tally(into, tally->keys[i].key, added, p);
        }
    }
    return exact;
}

int wf_slot_since(wf_metric_type_e type, wf_slot_t *into, const wf_slot_t *slot,
                  const wf_slot_t *base, apr_pool_t *p)
{
    if (wf_slot_empty(type, base)) {
        wf_slot_merge(type, into, slot, p);
        return 1;
    }
    if (wf_slot_empty(type, slot)) {
        return type == WF_COUNTER && wf_exact_difference(&into->count, 0, base->count);
    }
    switch (type) {
    case WF_COUNTER:
        return wf_exact_difference(&into->count, slot->count, base->count);
    case WF_GAUGE:
        return gauge_since(into, slot->gauge, base->gauge, p);
    case WF_RATE:
        return rate_since(into, slot, base);
    case WF_TREND:
        return trend_since(into, slot->trend, base->trend, p);
    default:
        return tally_since(into, slot, base, p);
    }
}
