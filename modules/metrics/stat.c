/* Statistics: which ones a type has, and what they are. */
#include "metrics/internal.h"

#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *name;
    wf_stat_e stat;
} words[] = {
    /* clang-format off */
    { "count",  WF_STAT_COUNT },
    { "rate",   WF_STAT_RATE },
    { "value",  WF_STAT_VALUE },
    { "min",    WF_STAT_MIN },
    { "max",    WF_STAT_MAX },
    { "avg",    WF_STAT_AVG },
    { "med",    WF_STAT_MED },
    { "passes", WF_STAT_PASSES },
    { "fails",  WF_STAT_FAILS },
    { "p(N)",   WF_STAT_PERCENTILE },
    /* clang-format on */
};

#define WORDS (sizeof(words) / sizeof(words[0]))

wf_stat_e wf_stat_find(const char *word, apr_size_t n)
{
    size_t i;

    for (i = 0; i < WORDS; i++) {
        if (strlen(words[i].name) == n && strncmp(words[i].name, word, n) == 0) {
            return words[i].stat;
        }
    }
    return WF_STAT_NONE;
}

const char *wf_stats_text(unsigned stats, apr_pool_t *p)
{
    const char *text = "";
    size_t i;

    for (i = 0; i < WORDS; i++) {
        if (stats & (1u << words[i].stat)) {
            text = apr_pstrcat(p, text, *text ? ", " : "", words[i].name, NULL);
        }
    }
    return text;
}

unsigned wf_metric_stats(wf_metric_type_e type)
{
    /* NONE is the default, which all have. */
#define HAS(stat) (1u << WF_STAT_##stat)
    static const unsigned stats[WF_METRIC_TYPES] = {
        [WF_COUNTER] = HAS(NONE) | HAS(COUNT) | HAS(RATE),
        [WF_GAUGE] = HAS(NONE) | HAS(VALUE) | HAS(MIN) | HAS(MAX) | HAS(AVG),
        [WF_RATE] = HAS(NONE) | HAS(RATE) | HAS(PASSES) | HAS(FAILS),
        [WF_TREND] = HAS(NONE) | HAS(COUNT) | HAS(MIN) | HAS(MAX) | HAS(AVG) | HAS(MED)
                     | HAS(PERCENTILE),
        [WF_TALLY] = HAS(NONE) | HAS(COUNT) | HAS(RATE),
    };
#undef HAS

    return stats[type];
}

static double number_stat(double count, wf_stat_e stat, double seconds)
{
    if (stat != WF_STAT_RATE) {
        return count;
    }
    return seconds > 0 ? count / seconds : 0;
}

static double gauge_stat(const wf_gauge_t *g, wf_stat_e stat)
{
    if (g == NULL || !g->set) {
        return 0;
    }
    switch (stat) {
    case WF_STAT_MIN:
        return g->min;
    case WF_STAT_MAX:
        return g->max;
    case WF_STAT_AVG:
        return g->samples > 0 ? g->sum / g->samples : g->last;
    default:
        return g->last;
    }
}

static double rate_stat(double passes, double total, wf_stat_e stat)
{
    switch (stat) {
    case WF_STAT_PASSES:
        return passes;
    case WF_STAT_FAILS:
        return total - passes;
    default:
        return total > 0 ? passes / total : 0;
    }
}

static double trend_stat(const wf_histogram_t *h, wf_stat_e stat, double percentile)
{
    if (h == NULL || h->count == 0) {
        return 0;
    }
    switch (stat) {
    case WF_STAT_COUNT:
        return (double)h->count;
    case WF_STAT_MIN:
        return (double)h->min / 1000.0;
    case WF_STAT_MAX:
        return (double)h->max / 1000.0;
    case WF_STAT_MED:
        return (double)wf_histogram_percentile(h, 50) / 1000.0;
    case WF_STAT_PERCENTILE:
        return (double)wf_histogram_percentile(h, percentile) / 1000.0;
    default:
        return h->sum / 1000.0 / (double)h->count;
    }
}

static double tally_total(const wf_tally_t *tally)
{
    double total = tally ? tally->rest : 0;
    int i;

    for (i = 0; tally != NULL && i < tally->n; i++) {
        total += tally->keys[i].count;
    }
    return total;
}

int wf_slot_stat(wf_metric_type_e type, const wf_slot_t *slot, wf_stat_e stat,
                 double percentile, double seconds, double *value)
{
    *value = 0;
    if (!(wf_metric_stats(type) & (1u << stat))) {
        return 0;
    }
    switch (type) {
    case WF_COUNTER:
        *value = number_stat(slot->count, stat, seconds);
        break;
    case WF_GAUGE:
        *value = gauge_stat(slot->gauge, stat);
        break;
    case WF_RATE:
        *value = rate_stat(slot->rate.passes, slot->rate.total, stat);
        break;
    case WF_TREND:
        *value = trend_stat(slot->trend, stat, percentile);
        break;
    default:
        *value = number_stat(tally_total(slot->tally), stat, seconds);
    }
    return 1;
}

int wf_sheet_stat(const wf_sheet_t *sheet, int metric, wf_stat_e stat, double percentile,
                  double seconds, double *value)
{
    return wf_slot_stat(wf_metric_at(wf_sheet_table(sheet), metric)->type,
                        wf_sheet_slot(sheet, metric), stat, percentile, seconds, value);
}
