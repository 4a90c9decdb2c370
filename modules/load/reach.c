/* What a step type reaches of the machine: through its strand only, so that it knows
 * nothing of users, shards and runs. */
#include "load/internal.h"

/* ---- what the run knows -------------------------------------------------------------- */

const wf_plan_t *wf_strand_plan(const wf_strand_t *strand)
{
    return strand->vu->shard->run->plan;
}

wf_sheet_t *wf_strand_sheet(const wf_strand_t *strand)
{
    const wf_shard_t *shard = strand->vu->shard;

    return shard->part->warming ? shard->part->warm : shard->sheet;
}

wf_timers_t *wf_strand_timers(const wf_strand_t *strand)
{
    return wf_loop_timers(strand->vu->shard->loop);
}

wf_loop_t *wf_strand_loop(const wf_strand_t *strand)
{
    return strand->vu->shard->loop;
}

wf_pace_t *wf_strand_pace(const wf_strand_t *strand)
{
    return strand->vu->shard->run->pace;
}

int wf_act_held_up(wf_act_t *act)
{
    apr_int64_t us = wf_pace_take(wf_strand_pace(act->strand));

    if (us < 1000) { /* less than timers can tell */
        return 0;
    }
    wf_sheet_count(wf_strand_sheet(act->strand), WF_M_HELD, 1);
    wf_act_pause(act, us * 1000);
    return 1;
}

wf_client_permit_fn *wf_strand_permitted(const wf_strand_t *strand, void **baton)
{
    const wf_load_options_t *options = &strand->vu->shard->run->load->options;

    *baton = options->permit_baton;
    return options->permitted;
}

/* ---- the strand ---------------------------------------------------------------------- */

wf_act_t *wf_strand_top(const wf_strand_t *strand)
{
    return strand->top;
}

void wf_strand_leave(wf_strand_t *strand, const wf_step_t *loop, wf_block_end_e end)
{
    strand->target = loop;
    strand->signal = end;
}

int wf_strand_tired(wf_strand_t *strand)
{
    return --strand->credit < -WF_WALK_CREDIT;
}

void wf_strand_spend(wf_strand_t *strand, apr_size_t bytes)
{
    strand->spent += bytes;
}

const wf_scope_t *wf_strand_scope(wf_strand_t *strand)
{
    return &strand->scope;
}

wf_act_t *wf_strand_parent(const wf_strand_t *branch)
{
    return branch->parent_act;
}

wf_result_t *wf_strand_failure(const wf_strand_t *branch)
{
    return branch->root.failed ? branch->root.failure : NULL;
}

void wf_strand_take(wf_strand_t *strand, wf_taken_t *taken)
{
    taken->next = strand->taken;
    strand->taken = taken;
}

void wf_strand_release(wf_strand_t *strand, wf_taken_t *taken)
{
    wf_taken_t **at = &strand->taken;

    while (*at != taken) {
        at = &(*at)->next;
    }
    *at = taken->next;
}

const wf_taken_t *wf_strand_taken(const wf_strand_t *strand)
{
    return strand->taken;
}

/* ---- results ------------------------------------------------------------------------- */

wf_result_t *wf_strand_result(const wf_strand_t *strand, int step)
{
    return strand->locals->results[step];
}

void wf_strand_keep(wf_strand_t *strand, wf_result_t *result)
{
    strand->locals->results[result->step->index] = result;
}

void wf_strand_answered(wf_strand_t *strand, wf_result_t *result)
{
    strand->locals->response = result;
}

wf_result_t *wf_strand_response(const wf_strand_t *strand, int seen)
{
    const wf_locals_t *locals = strand->locals;

    while (seen && locals->response == NULL && locals->reads != NULL) {
        locals = locals->reads;
    }
    return locals->response;
}

/* ---- connections --------------------------------------------------------------------- */

/* A user's own cookies and connections, however many strands it has. */
static wf_client_user_t *user_of(wf_vu_t *vu)
{
    if (vu->client == NULL) {
        wf_client_user_create(&vu->client, vu->group->multi,
                              !vu->shard->run->plan->users.shared_connections,
                              vu->shard->part->pool);
    }
    return vu->client;
}

wf_client_transfer_t *wf_strand_transfer(const wf_strand_t *strand)
{
    return strand->transfer;
}

apr_status_t wf_strand_connect(wf_strand_t *strand, wf_client_done_fn *done,
                               wf_error_t *err)
{
    wf_vu_t *vu = strand->vu;
    apr_status_t rv = wf_client_transfer_create(&strand->transfer, vu->group->multi, done,
                                                strand, vu->shard->part->pool, err);

    if (rv == APR_SUCCESS) {
        wf_client_transfer_join(strand->transfer, user_of(vu));
    }
    return rv;
}

/* ---- streams ----------------------------------------------------------------------- */

static void on_moved(void *baton, const wf_client_moved_t *moved)
{
    wf_vu_t *vu = baton;
    wf_strand_t *strand = vu->talking;

    vu->talking = NULL;
    vu->moved(strand, moved);
}

wf_client_stream_t *wf_strand_stream(const wf_strand_t *strand)
{
    return strand->vu->stream;
}

apr_status_t wf_strand_open_stream(wf_strand_t *strand, wf_error_t *err)
{
    wf_vu_t *vu = strand->vu;

    return wf_client_stream_create(&vu->stream, vu->group->multi, on_moved, vu,
                                   vu->shard->part->pool, err);
}

int wf_strand_stream_taken(const wf_strand_t *strand)
{
    return strand->vu->talking != NULL;
}

void wf_strand_await_stream(wf_strand_t *strand, wf_moved_fn *moved)
{
    strand->vu->talking = strand;
    strand->vu->moved = moved;
}

int wf_strand_leave_stream(wf_strand_t *strand)
{
    int waited = strand->vu->talking == strand;

    if (waited) {
        strand->vu->talking = NULL;
    }
    return waited;
}
