/* JSONPath: what a query finds in a value. The walk goes depth first and hands over what
 * it finds one by one, in the order of the standard: nothing is collected in between, and
 * who needs to know only whether there is anything stops it. */
#include "script/jsonpath.h"

#include <string.h>

/* What stays the same below one call of wf_jp_walk. */
typedef struct hunt_t {
    wf_jp_walk_t *w;
    wf_jp_sink_fn *sink;
    void *baton;
} hunt_t;

static apr_status_t go(hunt_t *h, const wf_jp_segment_t *segment, const wf_value_t *at);

/* ---- children --------------------------------------------------------------------- */

static int count_children(const wf_value_t *v)
{
    return v->type == WF_LIST  ? wf_list_count(v->as.list)
           : v->type == WF_MAP ? wf_map_count(v->as.map)
                               : 0;
}

static const wf_value_t *child_at(const wf_value_t *v, int i)
{
    return v->type == WF_LIST ? wf_list_at(v->as.list, i) : wf_map_at(v->as.map, i);
}

/* ---- selectors -------------------------------------------------------------------- */

static apr_status_t select_name(hunt_t *h, const wf_jp_segment_t *segment,
                                const wf_jp_selector_t *s, const wf_value_t *at)
{
    const wf_value_t *member =
        at->type == WF_MAP && s->name != NULL ? wf_map_get(at->as.map, s->name) : NULL;

    return member ? go(h, segment->next, member) : APR_SUCCESS;
}

static apr_status_t select_index(hunt_t *h, const wf_jp_segment_t *segment,
                                 const wf_jp_selector_t *s, const wf_value_t *at)
{
    apr_int64_t i = s->start, count = count_children(at);

    if (at->type != WF_LIST) {
        return APR_SUCCESS;
    }
    i += i < 0 ? count : 0;
    return i >= 0 && i < count ? go(h, segment->next, wf_list_at(at->as.list, (int)i))
                               : APR_SUCCESS;
}

static apr_int64_t clamp(apr_int64_t i, apr_int64_t low, apr_int64_t high)
{
    return i < low ? low : i > high ? high : i;
}

/* Section 2.3.4.2. */
static apr_status_t select_slice(hunt_t *h, const wf_jp_segment_t *segment,
                                 const wf_jp_selector_t *s, const wf_value_t *at)
{
    apr_int64_t count = count_children(at), start, end;
    apr_status_t rv = APR_SUCCESS;

    if (at->type != WF_LIST || s->step == 0) {
        return APR_SUCCESS;
    }
    start = s->has_start ? s->start : s->step > 0 ? 0 : count - 1;
    end = s->has_end ? s->end : s->step > 0 ? count : -count - 1;
    start += start < 0 ? count : 0;
    end += end < 0 ? count : 0;
    if (s->step > 0) {
        start = clamp(start, 0, count);
        end = clamp(end, 0, count);
        for (; start < end && rv == APR_SUCCESS; start += s->step) {
            rv = go(h, segment->next, wf_list_at(at->as.list, (int)start));
        }
        return rv;
    }
    start = clamp(start, -1, count - 1);
    end = clamp(end, -1, count - 1);
    for (; start > end && rv == APR_SUCCESS; start += s->step) {
        rv = go(h, segment->next, wf_list_at(at->as.list, (int)start));
    }
    return rv;
}

static apr_status_t select_all(hunt_t *h, const wf_jp_segment_t *segment,
                               const wf_jp_selector_t *s, const wf_value_t *at)
{
    apr_status_t rv = APR_SUCCESS;
    int count = count_children(at);

    (void)s;
    for (int i = 0; i < count && rv == APR_SUCCESS; i++) {
        rv = go(h, segment->next, child_at(at, i));
    }
    return rv;
}

static apr_status_t count_visit(wf_jp_walk_t *w)
{
    if (++w->visits > WF_JP_VISITS_MAX) {
        return wf_error_set(w->err, WF_ERR_EXECUTION,
                            "JSONPath: looked at more than %d values", WF_JP_VISITS_MAX);
    }
    return APR_SUCCESS;
}

static apr_status_t select_filtered(hunt_t *h, const wf_jp_segment_t *segment,
                                    const wf_jp_selector_t *s, const wf_value_t *at)
{
    apr_status_t rv = APR_SUCCESS;
    int count = count_children(at), holds;

    for (int i = 0; i < count && rv == APR_SUCCESS; i++) {
        rv = count_visit(h->w);
        if (rv == APR_SUCCESS) {
            rv = wf_jp_holds(h->w, s->condition, child_at(at, i), &holds);
        }
        if (rv == APR_SUCCESS && holds) {
            rv = go(h, segment->next, child_at(at, i));
        }
    }
    return rv;
}

static apr_status_t (*const selectors[])(hunt_t *h, const wf_jp_segment_t *segment,
                                         const wf_jp_selector_t *s,
                                         const wf_value_t *at) = {
    [WF_JP_NAME] = select_name,       [WF_JP_INDEX] = select_index,
    [WF_JP_SLICE] = select_slice,     [WF_JP_WILDCARD] = select_all,
    [WF_JP_FILTER] = select_filtered,
};

/* ---- segments --------------------------------------------------------------------- */

static apr_status_t apply(hunt_t *h, const wf_jp_segment_t *segment, const wf_value_t *at)
{
    apr_status_t rv = APR_SUCCESS;

    for (const wf_jp_selector_t *s = segment->selectors; s && rv == APR_SUCCESS;
         s = s->next) {
        rv = selectors[s->kind](h, segment, s, at);
    }
    return rv;
}

/* The value itself first, then what is below, each before its own children. */
static apr_status_t descend(hunt_t *h, const wf_jp_segment_t *segment,
                            const wf_value_t *at, int depth)
{
    int count = count_children(at);
    apr_status_t rv;

    if (depth > WF_JP_DEPTH_MAX) {
        return wf_error_set(h->w->err, WF_ERR_EXECUTION,
                            "JSONPath: the value has more than %d levels",
                            WF_JP_DEPTH_MAX);
    }
    rv = count_visit(h->w);
    if (rv == APR_SUCCESS) {
        rv = apply(h, segment, at);
    }
    for (int i = 0; i < count && rv == APR_SUCCESS; i++) {
        rv = descend(h, segment, child_at(at, i), depth + 1);
    }
    return rv;
}

static apr_status_t go(hunt_t *h, const wf_jp_segment_t *segment, const wf_value_t *at)
{
    apr_status_t rv = count_visit(h->w);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (segment == NULL) {
        return h->sink(h->baton, at);
    }
    return segment->descendant ? descend(h, segment, at, 1) : apply(h, segment, at);
}

apr_status_t wf_jp_walk(wf_jp_walk_t *w, const wf_jp_query_t *query,
                        const wf_value_t *current, wf_jp_sink_fn *sink, void *baton)
{
    hunt_t h = { .w = w, .sink = sink, .baton = baton };
    apr_status_t rv = go(&h, query->segments, query->relative ? current : w->root);

    return rv == WF_JP_ENOUGH ? APR_SUCCESS : rv;
}

/* ---- the whole -------------------------------------------------------------------- */

typedef struct finds_t {
    wf_list_t *list;
    wf_error_t *err;
} finds_t;

static apr_status_t keep(void *baton, const wf_value_t *value)
{
    finds_t *f = baton;

    if (wf_list_count(f->list) == WF_JP_FOUND_MAX) {
        return wf_error_set(f->err, WF_ERR_EXECUTION, "JSONPath: more than %d values",
                            WF_JP_FOUND_MAX);
    }
    wf_list_push(f->list, *value);
    return APR_SUCCESS;
}

apr_status_t wf_jsonpath_select(const wf_jsonpath_t *path, const wf_value_t *root,
                                wf_list_t **found, apr_pool_t *p, wf_error_t *err)
{
    wf_jp_walk_t w = { .root = root, .pool = p, .err = err };
    finds_t finds = { .list = wf_list_create(p), .err = err };
    apr_status_t rv = wf_jp_walk(&w, path->query, root, keep, &finds);

    *found = finds.list;
    return rv == APR_SUCCESS ? rv : wf_error_note(err, rv, "%.200s", path->text);
}
