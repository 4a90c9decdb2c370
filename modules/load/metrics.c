/* What a loop counts. A shard's counters are written by its loop alone; whoever wants to
 * see them gets a merged copy. */
#include "load/internal.h"

#include <string.h>

apr_size_t wf_metrics_size(int nsteps)
{
    return sizeof(wf_metrics_t) + nsteps * sizeof(wf_step_metrics_t);
}

/* A sample is a success only if the step succeeded and its answer did. */
void wf_metrics_step(wf_metrics_t *m, const wf_result_t *result)
{
    wf_step_metrics_t *s = &m->steps[result->step->index];
    int i;

    s->count++;
    if (result->status == WF_STEP_SKIPPED) {
        return;
    }
    if (result->status == WF_STEP_SUCCESS && !result->sample_failed) {
        s->success++;
    }
    else {
        s->failure++;
    }
    wf_histogram_add(&s->duration, result->duration_us);
    for (i = 0; i < WF_STEP_EXTRAS; i++) {
        s->extras[i] += result->extras[i];
    }
    m->sent += result->sent;
    m->received += result->received;
}

/* ---- errors ------------------------------------------------------------------------ */

/* FNV-1a over step, code and message. */
static apr_uint32_t hash_of(int step, const char *code, const char *message)
{
    apr_uint32_t hash = 2166136261u ^ (apr_uint32_t)step;

    for (; *code != '\0'; code++) {
        hash = (hash ^ (unsigned char)*code) * 16777619u;
    }
    for (; *message != '\0'; message++) {
        hash = (hash ^ (unsigned char)*message) * 16777619u;
    }
    return hash;
}

/* The entry for this error; NULL if the list is full of others. */
static wf_run_error_t *entry_for(wf_metrics_t *m, int step, const char *code,
                                 const char *message)
{
    apr_uint32_t hash = hash_of(step, code, message);
    wf_run_error_t *e;

    for (e = m->errors; e < m->errors + m->nerrors; e++) {
        if (e->hash == hash && e->step == step && strcmp(e->code, code) == 0
            && strcmp(e->message, message) == 0) {
            return e;
        }
    }
    if (m->nerrors == WF_ERRORS_MAX) {
        return NULL;
    }
    m->nerrors++;
    e->hash = hash;
    e->step = step;
    e->code = code;
    e->times = 0;
    apr_cpystrn(e->message, message, sizeof(e->message));
    return e;
}

/* Cut to the length that is kept, at a whole UTF-8 character, so that equal stays equal.
 */
static const char *shorten(char *buffer, const char *message)
{
    size_t n = strlen(message);

    if (n < WF_ERROR_TEXT) {
        return message;
    }
    for (n = WF_ERROR_TEXT - 1; n > 0 && (message[n] & 0xc0) == 0x80; n--) {
    }
    memcpy(buffer, message, n);
    buffer[n] = '\0';
    return buffer;
}

void wf_metrics_error(wf_metrics_t *m, int step, const char *code, const char *message,
                      apr_int64_t now_ms)
{
    char buffer[WF_ERROR_TEXT];
    wf_run_error_t *e = entry_for(m, step, code, shorten(buffer, message));

    if (e == NULL) {
        return;
    }
    if (e->times++ == 0) {
        e->first_ms = now_ms;
    }
}

static void merge_errors(wf_metrics_t *into, const wf_metrics_t *from)
{
    const wf_run_error_t *e;

    for (e = from->errors; e < from->errors + from->nerrors; e++) {
        wf_run_error_t *mine = entry_for(into, e->step, e->code, e->message);

        if (mine == NULL) {
            continue;
        }
        if (mine->times == 0 || e->first_ms < mine->first_ms) {
            mine->first_ms = e->first_ms;
        }
        mine->times += e->times;
    }
}

/* ---- merging ----------------------------------------------------------------------- */

void wf_metrics_merge(wf_metrics_t *into, const wf_metrics_t *from)
{
    int i, k;

    into->vus += from->vus;
    into->vus_done += from->vus_done;
    into->iterations += from->iterations;
    into->iterations_failed += from->iterations_failed;
    into->interrupted += from->interrupted;
    into->dropped += from->dropped;
    into->http_reqs += from->http_reqs;
    into->http_failed += from->http_failed;
    into->sent += from->sent;
    into->received += from->received;
    wf_histogram_merge(&into->http_duration, &from->http_duration);
    wf_histogram_merge(&into->iteration_duration, &from->iteration_duration);
    merge_errors(into, from);
    for (i = 0; i < from->nsteps; i++) {
        wf_step_metrics_t *a = &into->steps[i];
        const wf_step_metrics_t *b = &from->steps[i];

        a->count += b->count;
        a->success += b->success;
        a->failure += b->failure;
        wf_histogram_merge(&a->duration, &b->duration);
        for (k = 0; k < WF_STEP_EXTRAS; k++) {
            a->extras[k] += b->extras[k];
        }
    }
}
