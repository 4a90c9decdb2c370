/* From rule results to one value. */
#include "decision/decision.h"

#include <string.h>

static const char *const names[WF_DECISION_MAPPINGS] = {
    [WF_DECISION_RESULT_LIST] = "resultList",
    [WF_DECISION_SINGLE_RESULT] = "singleResult",
    [WF_DECISION_SINGLE_ENTRY] = "singleEntry",
    [WF_DECISION_COLLECT_ENTRIES] = "collectEntries",
};

int wf_decision_mapping_parse(const char *name)
{
    for (int i = 0; i < WF_DECISION_MAPPINGS; i++) {
        if (!strcmp(names[i], name)) {
            return i;
        }
    }
    return -1;
}

/* The only value of a result; null if it has none. */
static apr_status_t take_entry(wf_value_t *value, const wf_map_t *result,
                               wf_decision_mapping_e mapping, wf_error_t *err)
{
    wf_value_t *entry = wf_map_at(result, 0);

    if (wf_map_count(result) > 1) {
        return wf_error_set(err, WF_ERR_EXECUTION,
                            "a result has %d outputs, %s takes one", wf_map_count(result),
                            names[mapping]);
    }
    *value = entry ? *entry : wf_null();
    return APR_SUCCESS;
}

static apr_status_t collect_entries(wf_value_t *value, const wf_list_t *results,
                                    apr_pool_t *p, wf_error_t *err)
{
    wf_list_t *list = wf_list_create(p);
    wf_value_t entry;

    for (int i = 0; i < wf_list_count(results); i++) {
        apr_status_t rv = take_entry(&entry, wf_list_at(results, i)->as.map,
                                     WF_DECISION_COLLECT_ENTRIES, err);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        wf_list_push(list, entry);
    }
    *value = wf_list(list);
    return APR_SUCCESS;
}

apr_status_t wf_decision_map(const wf_list_t *results, wf_decision_mapping_e mapping,
                             wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_value_t *only = wf_list_at(results, 0);

    *value = wf_null();
    if (mapping == WF_DECISION_COLLECT_ENTRIES) {
        return collect_entries(value, results, p, err);
    }
    if (mapping == WF_DECISION_RESULT_LIST) {
        *value = wf_list((wf_list_t *)results);
        return APR_SUCCESS;
    }
    if (wf_list_count(results) > 1) {
        return wf_error_set(err, WF_ERR_EXECUTION, "there are %d results, %s takes one",
                            wf_list_count(results), names[mapping]);
    }
    if (!only) {
        return APR_SUCCESS;
    }
    if (mapping == WF_DECISION_SINGLE_RESULT) {
        *value = *only;
        return APR_SUCCESS;
    }
    return take_entry(value, only->as.map, mapping, err);
}
