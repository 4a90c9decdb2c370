/* The checks of a sheet by their names: how often each has held, and how often not. Names
 * come from documents and scripts, so their number is bounded. A check may be made in
 * every iteration: it is found by its hash, and memory is taken once a name. */
#include "metrics/internal.h"

#include <string.h>

typedef struct entry_t {
    wf_metric_check_t
        shown; /* its texts are those below, or the table's id of the step */
    char step[WF_ERROR_STEP + 1], name[WF_CHECK_NAME + 1];
} entry_t;

struct wf_checks_t {
    apr_pool_t *pool;
    const wf_metric_table_t *table;
    apr_uint32_t hashes[WF_CHECKS_NAMES]; /* apart, because all of them are looked at */
    entry_t *entries[WF_CHECKS_NAMES];    /* made when first used */
    int n;
    double passes, fails; /* of those without an entry */
};

wf_checks_t *wf_checks_create(const wf_metric_table_t *table, apr_pool_t *p)
{
    wf_checks_t *checks = apr_pcalloc(p, sizeof(*checks));

    checks->pool = p;
    checks->table = table;
    return checks;
}

void wf_checks_clear(wf_checks_t *checks)
{
    checks->n = 0;
    checks->passes = checks->fails = 0;
}

/* What is looked for: no longer than what is kept of it. */
typedef struct wanted_t {
    const char *step, *name;
    apr_size_t step_length, name_length;
    apr_uint32_t hash;
} wanted_t;

static wanted_t wanted(const wf_checks_t *checks, const char *step, const char *name)
{
    wanted_t w = { .step = step, .name = name };

    w.name_length = wf_text_kept(name, WF_CHECK_NAME);
    w.hash = wf_text_hash(WF_TEXT_HASH, name, w.name_length);
    if (step != NULL) {
        apr_size_t n = strlen(step);

        w.step_length = n <= WF_ERROR_STEP || wf_metric_step(checks->table, step, n)
                            ? n
                            : wf_text_kept(step, WF_ERROR_STEP);
        w.hash = wf_text_hash(w.hash, step, w.step_length);
    }
    return w;
}

static entry_t *find(const wf_checks_t *checks, const wanted_t *w)
{
    int i;

    for (i = 0; i < checks->n; i++) {
        const wf_metric_check_t *c = &checks->entries[i]->shown;

        if (checks->hashes[i] == w->hash && (c->step != NULL) == (w->step != NULL)
            && (w->step == NULL || wf_text_same(c->step, w->step, w->step_length))
            && wf_text_same(c->name, w->name, w->name_length)) {
            return checks->entries[i];
        }
    }
    return NULL;
}

static entry_t *make(wf_checks_t *checks, const wanted_t *w)
{
    entry_t *e;

    if (checks->n == WF_CHECKS_NAMES) {
        return NULL;
    }
    e = checks->entries[checks->n];
    if (e == NULL) {
        e = checks->entries[checks->n] = apr_palloc(checks->pool, sizeof(*e));
    }
    checks->hashes[checks->n++] = w->hash;
    wf_text_keep(e->name, w->name, w->name_length);
    e->shown = (wf_metric_check_t){ .name = e->name };
    if (w->step != NULL) {
        e->shown.step = wf_metric_step(checks->table, w->step, w->step_length);
    }
    if (w->step != NULL && e->shown.step == NULL) {
        wf_text_keep(e->step, w->step, w->step_length);
        e->shown.step = e->step;
    }
    return e;
}

/* Names that are no UTF-8 are kept as texts that are: they are not found as they came. */
static entry_t *find_printable(wf_checks_t *checks, const char *step, const char *name)
{
    char buffer[WF_ERROR_TEXT + 1];
    const char *text = wf_text_printable(name, buffer);
    wanted_t w = wanted(checks, step, text);
    entry_t *e = text != name ? find(checks, &w) : NULL;

    return e != NULL ? e : make(checks, &w);
}

void wf_checks_add(wf_checks_t *checks, const wf_metric_check_t *from)
{
    wanted_t w = wanted(checks, from->step, from->name);
    entry_t *e = find(checks, &w);

    if (e == NULL) {
        e = find_printable(checks, from->step, from->name);
    }
    if (e == NULL) {
        wf_checks_count(checks, from->passes, from->fails);
        return;
    }
    e->shown.passes += from->passes;
    e->shown.fails += from->fails;
}

void wf_checks_count(wf_checks_t *checks, double passes, double fails)
{
    checks->passes += passes;
    checks->fails += fails;
}

void wf_checks_merge(wf_checks_t *into, const wf_checks_t *from)
{
    int i;

    for (i = 0; i < from->n; i++) {
        wf_checks_add(into, &from->entries[i]->shown);
    }
    wf_checks_count(into, from->passes, from->fails);
}

/* What has been added to an entry, or to what has none; 0 if that cannot be told. */
static int counts_since(wf_metric_check_t *added, const wf_metric_check_t *before)
{
    return wf_exact_difference(&added->passes, added->passes, before->passes)
           && wf_exact_difference(&added->fails, added->fails, before->fails)
           && added->passes >= 0 && added->fails >= 0;
}

int wf_checks_since(wf_checks_t *into, const wf_checks_t *checks, const wf_checks_t *base)
{
    wf_metric_check_t rest = { .passes = checks->passes, .fails = checks->fails };
    wf_metric_check_t base_rest = { .passes = base->passes, .fails = base->fails };
    int i, found = 0;

    for (i = 0; i < checks->n; i++) {
        wf_metric_check_t added = checks->entries[i]->shown;
        wanted_t w = wanted(base, added.step, added.name);
        const entry_t *before = find(base, &w);

        found += before != NULL;
        if (before != NULL && !counts_since(&added, &before->shown)) {
            return 0;
        }
        if (added.passes + added.fails > 0) {
            wf_checks_add(into, &added);
        }
    }
    if (found < base->n || !counts_since(&rest, &base_rest)) {
        return 0;
    }
    wf_checks_count(into, rest.passes, rest.fails);
    return 1;
}

int wf_checks_number(const wf_checks_t *checks)
{
    return checks->n;
}

const wf_metric_check_t *wf_checks_at(const wf_checks_t *checks, int i)
{
    return &checks->entries[i]->shown;
}

int wf_checks_rest(const wf_checks_t *checks, double *passes, double *fails)
{
    *passes = checks->passes;
    *fails = checks->fails;
    return *passes + *fails > 0;
}
