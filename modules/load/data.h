/* load, inside: rows of data for virtual users, so that they do not all log in as the
 * same person. Rows are read once, at submission, and shared by all; a user holds the
 * number of its row. */
#ifndef WF_LOAD_DATA_H
#define WF_LOAD_DATA_H

#include "document/document.h"
#include "load/segment.h"

/* ---- limits ------------------------------------------------------------------------ */

#define WF_DATA_MAX_SOURCES 20               /* of a document */
#define WF_DATA_MAX_BYTES (32 * 1024 * 1024) /* of a file */
#define WF_DATA_MAX_COLUMNS 1000
#define WF_DATA_MAX_CELLS 4000000

/* ---- tables (table.c) -------------------------------------------------------------- */

/* Rows with named columns. Never written once made. */
typedef struct wf_table_t {
    const char **columns;
    int ncolumns;
    wf_value_t *cells; /* row by row */
    apr_int64_t nrows;
} wf_table_t;

typedef struct wf_csv_t {
    char delimiter;
    const char *const *columns; /* names, if the first row is none; or NULL */
    int ncolumns;
} wf_csv_t;

/** Read comma separated values (RFC 4180; lines may end in LF, a BOM and empty lines are
 *  skipped). Every value is a text. text has to end in a NUL; it is written to and
 * becomes the values, so it has to live as long as c->p. Each bad row is a problem that
 * names its line; path is that of the source. NULL if there are problems. */
wf_table_t *wf_table_from_csv(char *text, apr_size_t length, const wf_csv_t *csv,
                              const wf_where_t *path, wf_compile_t *c);

/** A list of maps. A member that a row lacks is null. */
wf_table_t *wf_table_from_value(const wf_value_t *rows, const wf_where_t *path,
                                wf_compile_t *c);

/** A cell, or NULL if there is no such column. */
const wf_value_t *wf_table_cell(const wf_table_t *table, apr_int64_t row,
                                const char *column);
/** A row as a map in p. */
wf_value_t wf_table_row(const wf_table_t *table, apr_int64_t row, apr_pool_t *p);

/* ---- sources (data.c) -------------------------------------------------------------- */

typedef enum { WF_DATA_SEQUENTIAL, WF_DATA_RANDOM, WF_DATA_SHUFFLED } wf_data_order_e;

/* What happens when all rows are used up. */
typedef enum {
    WF_DATA_RECYCLE, /* from the first row again */
    WF_DATA_STOP,    /* the user that finds none ends */
    WF_DATA_FAIL     /* the run ends and has failed */
} wf_data_end_e;

typedef struct wf_data_t {
    const char *name;
    const wf_node_t *node; /* as written; for messages */
    const wf_table_t *table;
    wf_data_order_e order;
    int per_vu;     /* a user keeps its row; else one for each iteration */
    int own_cursor; /* each user goes through all rows by itself */
    wf_data_end_e end;
    const wf_node_t *scenarios; /* names of those that take rows; NULL: all */
} wf_data_t;

typedef struct wf_data_set_t {
    wf_data_t *sources;
    int count;
} wf_data_set_t;

/** Read the data section; directory is where files may be, or NULL. Files are read here.
 */
void wf_data_compile(wf_data_set_t *set, const wf_node_t *section, const char *directory,
                     const wf_where_t *path, wf_compile_t *c);

/** What a user has of a source. */
typedef struct wf_data_hold_t {
    apr_int64_t row;   /* -1: none yet */
    apr_int64_t taken; /* rows so far, with own_cursor */
} wf_data_hold_t;

/** Take rows for the next iteration of a user. cursors (one each source, shared by all
 *  threads) count the rows that were handed out, so that they go on where they were after
 *  a restart; part: which of them are dealt out here; seed stays the same in all of a run,
 *  on all members. Returns NULL, or the source that has no rows left: its end says what to
 *  do then. */
const wf_data_t *wf_data_take(const wf_data_set_t *set, const wf_segment_t *part,
                              apr_int64_t *cursors, wf_data_hold_t *holds,
                              const char *scenario, apr_uint64_t seed,
                              unsigned short random[3]);

/** A name such as users, users.name: 1 found. */
int wf_data_lookup(const wf_data_set_t *set, const wf_data_hold_t *holds,
                   const char *name, wf_value_t *value, apr_pool_t *p);

#define WF_DATA_TAKES ((apr_int64_t)1 << 50) /* more rows than anybody has handed out */

/** Cursors as JSON {name: rows handed out}. Safe while the run goes on. */
json_object *wf_data_positions(const wf_data_set_t *set, const apr_int64_t *cursors);
/** And back: 0 if it has no such number for each source, since rows would come twice then.
 *  Unknown names are ignored. */
int wf_data_restore(const wf_data_set_t *set, apr_int64_t *cursors,
                    json_object *positions);

#endif
