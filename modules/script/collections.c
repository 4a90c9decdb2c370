/* The methods of lists and maps, as java.util.ArrayList and LinkedHashMap have them. What
 * is put in is copied: the list outlives the evaluation and cannot contain itself. */
#include "script/internal.h"

#include <string.h>

/* ---- putting in ------------------------------------------------------------------- */

static int nesting_of(const wf_value_t *v)
{
    int deepest = 0, depth;

    if (v->type != WF_LIST && v->type != WF_MAP) {
        return 0;
    }
    for (int i = 0; v->type == WF_LIST && i < wf_list_count(v->as.list); i++) {
        depth = nesting_of(wf_list_at(v->as.list, i));
        deepest = depth > deepest ? depth : deepest;
    }
    for (int i = 0; v->type == WF_MAP && i < wf_map_count(v->as.map); i++) {
        depth = nesting_of(wf_map_at(v->as.map, i));
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static apr_status_t check_element(wf_eval_t *e, const wf_value_t *v)
{
    if (v->type == WF_OBJECT) {
        return wf_eval_fail(e, "%s cannot be put into a list or map",
                            v->as.object->class_name);
    }
    if (nesting_of(v) > WF_VALUE_NESTING_MAX) {
        return wf_eval_fail(e, "lists and maps nested deeper than %d",
                            WF_VALUE_NESTING_MAX);
    }
    return wf_eval_work(e, wf_value_weight(v));
}

/* ---- lists ------------------------------------------------------------------------ */

WF_METHOD(list_size)
{
    *result = wf_integer(wf_list_count(self->as.list));
    return APR_SUCCESS;
}

WF_METHOD(list_is_empty)
{
    *result = wf_boolean(wf_list_count(self->as.list) == 0);
    return APR_SUCCESS;
}

/* An index from 0 to max. */
static apr_status_t index_arg(wf_eval_t *e, const wf_value_t *arg, int max, int *index)
{
    apr_int64_t i;
    apr_status_t rv = wf_arg_int(e, arg, &i);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (i < 0 || i > max) {
        return wf_eval_fail(e, "list index out of range: %" APR_INT64_T_FMT, i);
    }
    *index = (int)i;
    return APR_SUCCESS;
}

WF_METHOD(list_get)
{
    int i = 0;
    apr_status_t rv = index_arg(e, &args[0], wf_list_count(self->as.list) - 1, &i);

    if (rv == APR_SUCCESS) {
        *result = *wf_list_at(self->as.list, i);
    }
    return rv;
}

static int find_element(const wf_list_t *list, const wf_value_t *wanted)
{
    for (int i = 0; i < wf_list_count(list); i++) {
        if (wf_value_equal(wf_list_at(list, i), wanted)) {
            return i;
        }
    }
    return -1;
}

WF_METHOD(list_contains)
{
    *result = wf_boolean(find_element(self->as.list, &args[0]) >= 0);
    return wf_eval_work(e, wf_value_weight(self));
}

WF_METHOD(list_index_of)
{
    *result = wf_integer(find_element(self->as.list, &args[0]));
    return wf_eval_work(e, wf_value_weight(self));
}

/* add(element) gives true; add(index, element) gives nothing. */
WF_METHOD(list_add)
{
    wf_list_t *list = self->as.list;
    const wf_value_t *element = &args[nargs - 1];
    int i = wf_list_count(list);
    apr_status_t rv = check_element(e, element);

    if (rv == APR_SUCCESS && nargs > 1) {
        rv = index_arg(e, &args[0], i, &i);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    wf_list_insert(list, i, wf_value_copy(element, wf_list_pool(list)));
    *result = nargs > 1 ? wf_null() : wf_boolean(1);
    return APR_SUCCESS;
}

/* Gives the element that was there before. */
WF_METHOD(list_set)
{
    wf_list_t *list = self->as.list;
    int i = 0;
    apr_status_t rv = index_arg(e, &args[0], wf_list_count(list) - 1, &i);

    if (rv == APR_SUCCESS) {
        rv = check_element(e, &args[1]);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = *wf_list_at(list, i);
    *wf_list_at(list, i) = wf_value_copy(&args[1], wf_list_pool(list));
    return APR_SUCCESS;
}

WF_METHOD(list_last_index_of)
{
    const wf_list_t *list = self->as.list;
    int i = wf_list_count(list) - 1;

    while (i >= 0 && !wf_value_equal(wf_list_at(list, i), &args[0])) {
        i--;
    }
    *result = wf_integer(i);
    return wf_eval_work(e, wf_value_weight(self));
}

static apr_status_t other_list(wf_eval_t *e, const wf_value_t *arg, wf_list_t **list)
{
    if (arg->type != WF_LIST) {
        return wf_eval_fail(e, "an argument of type %s is no list",
                            wf_type_name(arg->type));
    }
    *list = arg->as.list;
    return wf_eval_work(e, wf_value_weight(arg));
}

WF_METHOD(list_add_all)
{
    wf_list_t *others = NULL;
    wf_value_t copy, added;
    apr_status_t rv = other_list(e, &args[0], &others);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    copy = wf_value_copy(&args[0], e->pool); /* it may be the list itself */
    for (int i = 0; i < wf_list_count(copy.as.list) && rv == APR_SUCCESS; i++) {
        rv = list_add(e, self, wf_list_at(copy.as.list, i), 1, &added);
    }
    *result = wf_boolean(wf_list_count(copy.as.list) > 0);
    return rv;
}

WF_METHOD(list_contains_all)
{
    wf_list_t *others = NULL;
    apr_status_t rv = other_list(e, &args[0], &others);
    int all = 1;

    for (int i = 0; all && rv == APR_SUCCESS && i < wf_list_count(others); i++) {
        all = find_element(self->as.list, wf_list_at(others, i)) >= 0;
        rv = wf_eval_work(e, wf_value_weight(self));
    }
    *result = wf_boolean(all);
    return rv;
}

WF_METHOD(list_clear)
{
    while (wf_list_count(self->as.list) > 0) {
        wf_list_remove(self->as.list, wf_list_count(self->as.list) - 1);
    }
    *result = wf_null();
    return APR_SUCCESS;
}

/* remove(index) gives the element, remove(element) whether it was there. As in Java an
 * integer is an index. */
WF_METHOD(list_remove)
{
    wf_list_t *list = self->as.list;
    int i = 0;
    apr_status_t rv;

    if (!wf_is_integer(&args[0])) {
        i = find_element(list, &args[0]);
        *result = wf_boolean(wf_list_remove(list, i));
        return wf_eval_work(e, wf_value_weight(self));
    }
    rv = index_arg(e, &args[0], wf_list_count(list) - 1, &i);
    if (rv == APR_SUCCESS) {
        *result = *wf_list_at(list, i);
        wf_list_remove(list, i);
    }
    return rv;
}

/* ---- maps ------------------------------------------------------------------------- */

WF_METHOD(map_size)
{
    *result = wf_integer(wf_map_count(self->as.map));
    return APR_SUCCESS;
}

WF_METHOD(map_is_empty)
{
    *result = wf_boolean(wf_map_count(self->as.map) == 0);
    return APR_SUCCESS;
}

/* Keys are texts here; whatever else is given is printed. *entry NULL: there is none. */
static apr_status_t find_entry(wf_eval_t *e, const wf_value_t *self,
                               const wf_value_t *arg, const char **key,
                               const wf_value_t **entry)
{
    wf_value_t text;
    apr_status_t rv = wf_arg_text(e, arg, &text);

    if (rv == APR_SUCCESS) {
        *key = text.as.text.data;
        *entry = wf_map_get(self->as.map, *key);
    }
    return rv;
}

WF_METHOD(map_get)
{
    const char *key;
    const wf_value_t *entry;
    apr_status_t rv = find_entry(e, self, &args[0], &key, &entry);

    if (rv == APR_SUCCESS && entry) {
        *result = *entry;
    }
    return rv;
}

WF_METHOD(map_contains_key)
{
    const char *key;
    const wf_value_t *entry;
    apr_status_t rv = find_entry(e, self, &args[0], &key, &entry);

    if (rv == APR_SUCCESS) {
        *result = wf_boolean(entry != NULL);
    }
    return rv;
}

WF_METHOD(map_contains_value)
{
    int found = 0;

    for (int i = 0; i < wf_map_count(self->as.map) && !found; i++) {
        found = wf_value_equal(wf_map_at(self->as.map, i), &args[0]);
    }
    *result = wf_boolean(found);
    return wf_eval_work(e, wf_value_weight(self));
}

/* Gives the entry that was there before, or null. */
WF_METHOD(map_put)
{
    const char *key;
    const wf_value_t *entry;
    apr_status_t rv = find_entry(e, self, &args[0], &key, &entry);

    if (rv == APR_SUCCESS) {
        rv = check_element(e, &args[1]);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *result = entry ? *entry : wf_null();
    wf_map_set(self->as.map, key, wf_value_copy(&args[1], wf_map_pool(self->as.map)));
    return APR_SUCCESS;
}

/* Entry by entry; the same map gives what it has already. */
WF_METHOD(map_put_all)
{
    apr_status_t rv = wf_eval_work(e, wf_value_weight(&args[0]));
    wf_value_t entry[2], before;

    if (args[0].type != WF_MAP) {
        return wf_eval_fail(e, "an argument of type %s is no map",
                            wf_type_name(args[0].type));
    }
    for (int i = 0; i < wf_map_count(args[0].as.map) && rv == APR_SUCCESS; i++) {
        entry[0] = wf_string(wf_map_key(args[0].as.map, i));
        entry[1] = *wf_map_at(args[0].as.map, i);
        rv = map_put(e, self, entry, 2, &before);
    }
    *result = wf_null();
    return rv;
}

WF_METHOD(map_get_or_default)
{
    const char *key;
    const wf_value_t *entry;
    apr_status_t rv = find_entry(e, self, &args[0], &key, &entry);

    if (rv == APR_SUCCESS) {
        *result = entry ? *entry : args[1];
    }
    return rv;
}

WF_METHOD(map_clear)
{
    while (wf_map_count(self->as.map) > 0) {
        int last = wf_map_count(self->as.map) - 1;

        wf_map_remove(self->as.map, wf_map_key(self->as.map, last));
    }
    *result = wf_null();
    return APR_SUCCESS;
}

WF_METHOD(map_remove)
{
    const char *key;
    const wf_value_t *entry;
    apr_status_t rv = find_entry(e, self, &args[0], &key, &entry);

    if (rv == APR_SUCCESS && entry) {
        *result = *entry;
        wf_map_remove(self->as.map, key);
        rv = wf_eval_work(e, wf_value_weight(self)); /* entries move up */
    }
    return rv;
}

WF_METHOD(map_key_set)
{
    wf_list_t *keys = wf_list_create(e->pool);

    for (int i = 0; i < wf_map_count(self->as.map); i++) {
        const char *key = wf_map_key(self->as.map, i);

        wf_list_push(keys, wf_string_n(key, strlen(key), e->pool));
    }
    *result = wf_list(keys);
    return wf_eval_work(e, wf_value_weight(result));
}

WF_METHOD(map_values)
{
    wf_list_t *values = wf_list_create(e->pool);
    apr_status_t rv = wf_eval_work(e, wf_value_weight(self));

    for (int i = 0; i < wf_map_count(self->as.map) && rv == APR_SUCCESS; i++) {
        wf_list_push(values, wf_value_copy(wf_map_at(self->as.map, i), e->pool));
    }
    *result = wf_list(values);
    return rv;
}

/* clang-format off */
const wf_method_t wf_list_methods[] = {
    { "size",          0, 0, list_size },
    { "isEmpty",       0, 0, list_is_empty },
    { "get",           1, 1, list_get },
    { "contains",      1, 1, list_contains },
    { "containsAll",   1, 1, list_contains_all },
    { "indexOf",       1, 1, list_index_of },
    { "lastIndexOf",   1, 1, list_last_index_of },
    { "add",           1, 2, list_add },
    { "addAll",        1, 1, list_add_all },
    { "set",           2, 2, list_set },
    { "remove",        1, 1, list_remove },
    { "clear",         0, 0, list_clear },
    { "equals",        1, 1, wf_method_equals },
    { "toString",      0, 0, wf_method_to_string },
    { 0 },
};

const wf_method_t wf_map_methods[] = {
    { "size",          0, 0, map_size },
    { "isEmpty",       0, 0, map_is_empty },
    { "get",           1, 1, map_get },
    { "getOrDefault",  2, 2, map_get_or_default },
    { "put",           2, 2, map_put },
    { "putAll",        1, 1, map_put_all },
    { "containsKey",   1, 1, map_contains_key },
    { "containsValue", 1, 1, map_contains_value },
    { "remove",        1, 1, map_remove },
    { "clear",         0, 0, map_clear },
    { "keySet",        0, 0, map_key_set },
    { "values",        0, 0, map_values },
    { "equals",        1, 1, wf_method_equals },
    { "toString",      0, 0, wf_method_to_string },
    { 0 },
};
/* clang-format on */
