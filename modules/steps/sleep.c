/* sleep: wait, holding nothing but a timer. */
#include "steps/internal.h"

#include <stddef.h>

typedef struct sleep_t {
    const wf_node_t *node;
    apr_int64_t ns; /* -1: the text says when it is known */
    wf_text_t text;
} sleep_config_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("duration", NODE, sleep_config_t, node),
    WF_FIELDS_END
};
/* clang-format on */

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    sleep_config_t *own = apr_pcalloc(c->p, sizeof(*own));
    wf_where_t at;

    step->config = own;
    wf_step_bind(step, members, config, own, path, c);
    wf_step_member(step, config, "duration", path, &at);
    if (own->node == NULL) {
        wf_compile_problem(c, "required", step->node, &at, "is required");
        return;
    }
    own->ns = -1;
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

    if (ns < 0) {
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
