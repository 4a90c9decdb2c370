/* cli, inside: what run.c shows, and how (report.c, summary.c). */
#ifndef WF_CLI_INTERNAL_H
#define WF_CLI_INTERNAL_H

#include "cli/cli.h"
#include "load/load.h"

void wf_show_banner(const wf_plan_t *plan, apr_pool_t *p);

/** One progress line; on a terminal it replaces the one before. */
void wf_show_progress(const wf_run_snapshot_t *snapshot, apr_pool_t *p);

/** End the progress line and print the result; report: the final one of its record. */
void wf_show_summary(const wf_run_snapshot_t *snapshot, json_object *report,
                     apr_pool_t *p);

/** Of the time that counts. */
double wf_requests_per_second(const wf_run_snapshot_t *snapshot);

/** Write the result as one JSON object. */
apr_status_t wf_write_summary(const char *path, const wf_run_snapshot_t *snapshot,
                              const char *workflow_name, apr_pool_t *p, wf_error_t *err);

/** -execution-segment and -execution-segment-sequence (or NULL): take that part of a
 * plan, after everything else that is changed of it (segment.c). */
apr_status_t wf_take_segment(wf_plan_t *plan, const char *text, const char *sequence,
                             apr_pool_t *p, wf_error_t *err);

#endif
