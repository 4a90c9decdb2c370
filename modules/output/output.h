/* output: the figures of a load run go elsewhere while it lasts: files, a push gateway, a
 * time series database, a webhook. What a document asks for is checked once; a feed has
 * one thread for each output of a run, so that a slow one holds up neither the run nor
 * the others. Knows metrics and no plan. */
#ifndef WF_OUTPUT_H
#define WF_OUTPUT_H

#include "client/client.h"
#include "document/document.h"
#include "metrics/metrics.h"

#define WF_OUTPUTS_MAX 10 /* of a document */

/* ---- what a document asks for (outputs.c) ------------------------------------------ */

/** A list of outputs. Never written after its compilation. */
typedef struct wf_outputs_t wf_outputs_t;

/** What texts of outputs may draw on. Has to outlive feeds. */
typedef struct wf_output_names_t {
    /** The text that ${name} stands for, NULL if there is none. */
    const char *(*find)(void *baton, const char *name);
    void *baton;
    const char *directory; /* files are written below it. NULL: none are; "": relative to
                              the current one, or anywhere */
} wf_output_names_t;

/** Read [{type, url, options}]. ${execution_id}, ${workflow_id} and ${time} (of the
 * start) stand for what a run has; other names are asked for now and when a feed begins.
 * Faults go into c, and values are not quoted in them; names is borrowed. */
void wf_outputs_compile(wf_outputs_t **outputs, const wf_node_t *list,
                        const wf_output_names_t *names, const wf_where_t *path,
                        wf_compile_t *c);
int wf_outputs_count(const wf_outputs_t *outputs);
/** There is such a type, and its target is a file. */
int wf_output_writes_file(const char *type);

/* ---- what a run gives (feed.c) ----------------------------------------------------- */

/** Where a step's figures are in the table. */
typedef struct wf_output_step_t {
    const char *id, *name;       /* name may be NULL */
    int count, success, failure; /* counters */
    int duration;                /* a trend */
    int status;                  /* a tally */
} wf_output_step_t;

/** All of it has to outlive the feed. */
typedef struct wf_output_run_t {
    const char *execution_id, *workflow_id;
    apr_int64_t start_ms;
    const wf_metric_table_t *table;
    const wf_output_step_t *steps;
    int nsteps;
    const wf_map_t *tags;     /* of every figure, or NULL */
    const wf_sheet_t *before; /* what an earlier part of the run has told already, or
                                 NULL; then files are continued */
    apr_int64_t before_us;    /* how long that part was */
    wf_client_permit_fn *permitted; /* NULL = all */
    void *permit_baton;

    /** Nothing is on its way any more, nor will be. Called once, from a thread of the
     *  feed, after wf_feed_end. */
    void (*flushed)(void *baton);
    void *baton;
} wf_output_run_t;

/** What goes out of one run. */
typedef struct wf_feed_t wf_feed_t;

/** Begin. What cannot be opened is a failure of that output. Ended with p, which has to
 *  outlive flushed(). */
wf_feed_t *wf_feed_open(const wf_outputs_t *outputs, const wf_output_run_t *run,
                        apr_pool_t *p);

/** The sheet of the whole run so far is copied for the outputs. One that is still busy
 *  with an earlier one skips it: its next interval is longer then, and nothing is missing
 *  in sums. About once a second, by one thread. */
void wf_feed_see(wf_feed_t *feed, const wf_sheet_t *sheet, apr_int64_t now_ms,
                 apr_int64_t elapsed_us);

/** The sheet seen last was the last one: write the rest until deadline_us (wf_mono_us),
 *  then give up. May be called again, with another deadline, and has to be about once a
 *  second until flushed() was called: that is what enforces it. */
void wf_feed_end(wf_feed_t *feed, apr_int64_t deadline_us);

/** What went wrong with output i, in p; NULL if nothing, or if there are no more outputs
 *  (*more is 0 then). Any thread. */
const char *wf_feed_failure(wf_feed_t *feed, int i, int *more, apr_pool_t *p);

#endif
