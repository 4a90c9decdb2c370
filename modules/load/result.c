/* What a finished step shows to those behind it: ${login.status_code}, ${login.output},
 * ${response.body}. Results are objects, so that a body is parsed only if somebody asks.
 */
#include "load/internal.h"

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

static const char *const status_names[] = {
    [WF_STEP_NONE] = "",           [WF_STEP_SUCCESS] = "success",
    [WF_STEP_FAILED] = "failed",   [WF_STEP_TIMEOUT] = "timeout",
    [WF_STEP_SKIPPED] = "skipped",
};

const char *wf_step_status_name(wf_step_status_e status)
{
    return status_names[status];
}

int wf_result_failed(const wf_result_t *result)
{
    return result->status == WF_STEP_FAILED || result->status == WF_STEP_TIMEOUT;
}

void wf_result_fail(wf_result_t *result, wf_step_status_e status, const char *code,
                    const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    result->status = status;
    result->code = code;
    result->error = apr_pvsprintf(wf_strand_pool(result->strand), fmt, ap);
    va_end(ap);
}

void wf_result_put(wf_result_t *result, const char *name, wf_value_t value)
{
    apr_pool_t *p = wf_strand_pool(result->strand);

    if (result->values == NULL) {
        result->values = wf_map_create(p);
    }
    result->strand->spent += wf_value_size(&value);
    wf_map_set(result->values, name, wf_result_plain(&value, p));
}

/* ---- blocks ----------------------------------------------------------------------- */

void wf_block_tell(wf_list_t *executed, const wf_block_t *block, int steps)
{
    int i;

    for (i = 0; i < steps; i++) {
        if (!block->steps[i]->disabled) {
            wf_list_push(executed, wf_string(block->steps[i]->id));
        }
    }
}

/* ---- as objects -------------------------------------------------------------------- */

static wf_value_t object_value(wf_object_t *object)
{
    wf_value_t value = { .type = WF_OBJECT };

    value.as.object = object;
    return value;
}

wf_value_t wf_result_value(wf_result_t *result)
{
    return object_value(&result->object);
}

wf_value_t wf_result_output(wf_result_t *result)
{
    return object_value(&result->output);
}

/* Most outputs are never asked for. */
static wf_map_t *values_of(wf_result_t *r)
{
    if (r->values == NULL && r->own != NULL) {
        r->values = wf_map_create(wf_strand_pool(r->strand));
        r->step->type->fill(r, r->own);
    }
    return r->values;
}

static int output_member(wf_result_t *r, const char *name, wf_value_t *value,
                         apr_pool_t *p)
{
    const wf_value_t *own;

    if (r->step->type->output != NULL) {
        return r->step->type->output(r, name, value, p);
    }
    own = values_of(r) ? wf_map_get(r->values, name) : NULL;
    if (own == NULL) {
        return 0;
    }
    *value = *own;
    return 1;
}

static int output_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    (void)err;
    return output_member((wf_result_t *)((char *)self - offsetof(wf_result_t, output)),
                         name, value, p);
}

/* What every result has, beside its output. */
static void put_status(wf_result_t *r, wf_value_t *value)
{
    *value = wf_string(status_names[r->status]);
}

static void put_duration(wf_result_t *r, wf_value_t *value)
{
    *value = wf_double((double)r->duration_us / 1000.0);
}

static void put_step_id(wf_result_t *r, wf_value_t *value)
{
    *value = wf_string(r->step->id);
}

static void put_error(wf_result_t *r, wf_value_t *value)
{
    *value = wf_string(r->error);
}

static void put_attempts(wf_result_t *r, wf_value_t *value)
{
    *value = wf_integer(r->attempts);
}

static void put_output(wf_result_t *r, wf_value_t *value)
{
    *value = object_value(&r->output);
}

static const struct {
    const char *name;
    void (*put)(wf_result_t *r, wf_value_t *value);
} members[] = {
    { "status", put_status }, { "duration", put_duration }, { "step_id", put_step_id },
    { "error", put_error },   { "output", put_output },
};

/* ${login.status} is the step's status; members of its output follow behind. */
static int result_property(wf_object_t *self, const char *name, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err)
{
    wf_result_t *r = (wf_result_t *)((char *)self - offsetof(wf_result_t, object));
    size_t i;

    (void)err;
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (strcmp(members[i].name, name) == 0) {
            members[i].put(r, value);
            return 1;
        }
    }
    if (output_member(r, name, value, p)) {
        return 1;
    }
    if (strcmp(name, "attempts") == 0) { /* a retry step has its own */
        put_attempts(r, value);
        return 1;
    }
    return 0;
}

/* ---- as maps ----------------------------------------------------------------------- */

int wf_result_map(wf_result_t *r, const char *name, wf_value_t *value, apr_pool_t *p)
{
    if (r->step->type->map != NULL) {
        return r->step->type->map(r, name, value, p);
    }
    if (strcmp(name, "output") != 0) {
        return 0;
    }
    *value = wf_map(values_of(r) ? r->values : wf_map_create(p));
    return 1;
}

wf_value_t wf_result_summary(wf_result_t *r, apr_pool_t *p)
{
    wf_map_t *map = wf_map_create(p);
    wf_value_t output = wf_null();

    wf_result_map(r, "output", &output, p);
    wf_map_set(map, "status", wf_string(status_names[r->status]));
    wf_map_set(map, "duration", wf_double((double)r->duration_us / 1000.0));
    wf_map_set(map, "output", output);
    return wf_map(map);
}

/* The map that stands for an output, or for its headers. */
static wf_value_t object_map(wf_object_t *object, apr_pool_t *p)
{
    wf_value_t value = wf_null();

    if (object->property == output_property) {
        wf_result_map((wf_result_t *)((char *)object - offsetof(wf_result_t, output)),
                      "output", &value, p);
    }
    else {
        wf_result_map((wf_result_t *)((char *)object - offsetof(wf_result_t, headers)),
                      "headers", &value, p);
    }
    return value;
}

/* A whole result: the members of its output stand beside its own, too, as ${login.body}
 * finds them. They are not copied twice. */
static wf_value_t plain_result(wf_result_t *r, apr_pool_t *p)
{
    wf_value_t summary = wf_result_summary(r, p);
    wf_value_t value = wf_value_copy(&summary, p);
    wf_map_t *map = value.as.map;
    const wf_value_t *output = wf_map_get(map, "output");
    int i;

    wf_map_set(map, "step_id",
               r->step->id ? wf_string(apr_pstrdup(p, r->step->id)) : wf_null());
    wf_map_set(map, "error", r->error ? wf_string(apr_pstrdup(p, r->error)) : wf_null());
    for (i = 0; output->type == WF_MAP && i < wf_map_count(output->as.map); i++) {
        const char *name = wf_map_key(output->as.map, i);

        if (wf_map_get(map, name) == NULL) {
            wf_map_set(map, name, *wf_map_at(output->as.map, i));
        }
    }
    return value;
}

wf_value_t wf_result_plain(const wf_value_t *value, apr_pool_t *p)
{
    wf_value_t map;

    if (value->type != WF_OBJECT) {
        return wf_value_copy(value, p);
    }
    if (value->as.object->property == result_property) {
        return plain_result(
            (wf_result_t *)((char *)value->as.object - offsetof(wf_result_t, object)), p);
    }
    map = object_map(value->as.object, p);
    return wf_value_copy(&map, p);
}

/* ---- life -------------------------------------------------------------------------- */

void wf_result_init(wf_result_t *result, wf_strand_t *strand, const wf_step_t *step)
{
    memset(result, 0, sizeof(*result));
    result->strand = strand;
    result->step = step;
    result->object.class_name = "step result";
    result->object.property = result_property;
    result->output.class_name = "step output";
    result->output.property = output_property;
}

static wf_answer_t *copy_answer(const wf_answer_t *from, apr_pool_t *p)
{
    wf_answer_t *answer = apr_pmemdup(p, from, sizeof(*from));

    answer->url = apr_pstrdup(p, from->url);
    answer->parsed = 0; /* parsed again if somebody asks */
    if (from->body != NULL) {
        answer->body = apr_pstrmemdup(p, from->body, from->body_length);
    }
    if (from->headers != NULL) {
        answer->headers = apr_pstrmemdup(p, from->headers, from->headers_length);
    }
    if (from->request != NULL) {
        answer->request = apr_pstrmemdup(p, from->request, from->request_length);
    }
    return answer;
}

wf_result_t *wf_result_copy(wf_result_t *from, apr_pool_t *p)
{
    wf_value_t values = wf_map(values_of(from));
    wf_result_t *result = apr_pmemdup(p, from, sizeof(*from));

    result->own = NULL;
    if (from->error != NULL) {
        result->error = apr_pstrdup(p, from->error);
    }
    if (from->values != NULL) {
        result->values = wf_value_copy(&values, p).as.map;
    }
    if (from->http != NULL) {
        result->http = copy_answer(from->http, p);
    }
    return result;
}

apr_size_t wf_result_weight(const wf_result_t *result)
{
    wf_value_t values = wf_map(result->values);
    apr_size_t weight = sizeof(*result);

    weight += result->values ? wf_value_size(&values) : 0;
    weight += result->http ? result->http->body_length + result->http->headers_length
                                 + result->http->request_length
                           : 0;
    return weight;
}
