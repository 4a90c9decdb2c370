/* break and continue: leave the nearest loop around the step, or the one with a label, or
 * go on with its next pass. Which loop that is, is known when the document is read. */
#include "steps/internal.h"

#include <stddef.h>
#include <string.h>

typedef struct draft_t {
    const char *label;
} draft_t;

/* clang-format off */
static const wf_field_t members[] = {
    WF_FIELD("label", STRING, draft_t, label),
    WF_FIELDS_END
};
/* clang-format on */

static void compile(wf_step_t *step, const wf_node_t *config, const wf_where_t *path,
                    wf_compile_t *c)
{
    const char *fence;
    const wf_step_t *loop = wf_block_loop(c, &fence);
    draft_t draft = { NULL };
    wf_where_t at;

    wf_step_bind(step, members, config, &draft, path, c);
    while (loop != NULL && draft.label != NULL
           && (wf_loop_label(loop) == NULL
               || strcmp(wf_loop_label(loop), draft.label) != 0)) {
        loop = loop->enclosing;
    }
    if (loop == NULL && draft.label != NULL) {
        const wf_node_t *node = wf_step_member(step, config, "label", path, &at);

        wf_compile_problem(c, "value", node, &at,
                           "no loop around this step has the label \"%.60s\"%s%s",
                           draft.label, fence ? ": " : "", fence ? fence : "");
    }
    else if (loop == NULL) {
        wf_compile_problem(c, "value", step->node, path->up, "is not within a loop%s%s",
                           fence ? ": " : "", fence ? fence : "");
    }
    step->config = (void *)loop;
}

static wf_step_progress_e leave_by(wf_strand_t *strand, wf_act_t *act, wf_block_end_e end)
{
    wf_strand_leave(strand, act->step->config, end);
    return WF_STEP_DONE;
}

static wf_step_progress_e start_break(wf_strand_t *strand, wf_act_t *act)
{
    return leave_by(strand, act, WF_BLOCK_BREAK);
}

static wf_step_progress_e start_continue(wf_strand_t *strand, wf_act_t *act)
{
    return leave_by(strand, act, WF_BLOCK_CONTINUE);
}

const wf_step_type_t wf_step_break = {
    .name = "break",
    .compile = compile,
    .start = start_break,
    .members = members,
};

const wf_step_type_t wf_step_continue = {
    .name = "continue",
    .compile = compile,
    .start = start_continue,
    .members = members,
};
