/* sleep: wait, holding nothing but a timer. */
#include "steps/internal.h"

#include <stddef.h>

typedef struct sleep_t {
    const wf_node_t *node;
    apr_int64_t ns;             /* -1: the text or chance says */
    apr_int64_t min_ns, max_ns; /* max -1: not chance */
    wf_text_t text;
} sleep_config_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("duration", NODE, sleep_config_t, node),
    WF_FIELD("min", DURATION, sleep_config_t, min_ns),
    WF_FIELD("max", DURATION, sleep_config_t, max_ns),
    WF_FIELDS_END
};
/* clang-format on */

/* How long is said either by duration or, as in think_time, by min and max. */
static void check_members(const sleep_config_t *own, const wf_step_t *step,
                          const wf_node_t *config, const wf_where_t *path,
                          wf_compile_t *c)
{
    wf_where_t at;
    const wf_node_t *min = wf_step_member(step, config, "min", path, &at);

    if (min != NULL && own->max_ns < own->min_ns) {
        wf_compile_problem(c, "range", min, &at,
                           own->max_ns < 0 ? "needs a max" : "min is more than max");
    }
    else if (own->max_ns >= 0 && own->node != NULL) {
        wf_step_member(step, config, "duration", path, &at);
        wf_compile_problem(c, "value", own->node, &at,
                           "either duration or min and max, not both");
    }
    else if (own->max_ns < 0 && own->node == NULL) {
        wf_step_member(step, config, "duration", path, &at);
        wf_compile_problem(c, "required", step->node, &at, "is required, or min and max");
    }
}

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    sleep_config_t *own = apr_pcalloc(c->p, sizeof(*own));
    wf_where_t at;

    step->config = own;
    own->ns = own->max_ns = -1;
    wf_step_bind(step, members, config, own, path, c);
    check_members(own, step, config, path, c);
    wf_step_member(step, config, "duration", path, &at);
    if (own->node == NULL) {
        return;
    }
    if (own->node->type == WF_NODE_STRING) {
        own->text = wf_compile_text(c, own->node->text, own->node, &at);
        if (own->text.tmpl != NULL) {
            return;
        }
    }
    wf_schema_duration(own->node, &own->ns, &at, c);
}

static wf_step_progress_e start(wf_strand_t *strand, wf_act_t *act)
{
    const sleep_config_t *own = act->step->config;
    apr_int64_t ns = own->ns;
    wf_error_t err;
    const char *text;

    if (own->max_ns >= 0) {
        ns = own->min_ns
             + (apr_int64_t)(wf_strand_random(strand)
                             * (double)(own->max_ns - own->min_ns));
    }
    else if (ns < 0) {
        wf_error_init(&err, wf_strand_pool(strand));
        if (wf_text_eval(&own->text, strand, &text, err.pool, &err) != APR_SUCCESS) {
            return wf_act_fail(act, err.message);
        }
        if (wf_duration_parse(&ns, text) != APR_SUCCESS || ns < 0) {
            wf_result_fail(act->result, WF_STEP_FAILED, "EXECUTION_ERROR",
                           "duration: \"%.60s\" is no duration", text);
            return WF_STEP_DONE;
        }
    }
    wf_act_pause(act, ns);
    return WF_STEP_WAITING;
}

static wf_step_progress_e wake(wf_strand_t *strand, wf_act_t *act)
{
    const sleep_config_t *own = act->step->config;
    apr_int64_t took = wf_mono_us() - act->began_us;

    if (own->ns >= 0) {
        wf_result_put(act->result, "duration",
                      wf_string(wf_duration_text(own->ns, wf_strand_pool(strand))));
    }
    wf_result_put(act->result, "actual", wf_double((double)took / 1000.0));
    return WF_STEP_DONE;
}

const wf_step_type_t wf_step_sleep = {
    .name = "sleep",
    .compile = compile,
    .start = start,
    .wake = wake,
    .members = members,
};
