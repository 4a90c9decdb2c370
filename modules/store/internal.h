/* Shared by the files of this room.
 *
 * From top to bottom: a table is a list of column descriptors (tables.c); they turn row
 * structs into cells and back (rows.c, variable.c) and make the SQL (sql.c, lists.c,
 * purge.c); a driver (sqlite.c) runs SQL with cells and knows nothing else. */
#ifndef WF_STORE_INTERNAL_H
#define WF_STORE_INTERNAL_H

#include <apr_thread_mutex.h>

#include "store/store.h"

/* What a statement may return besides WF_EFAILED. A constraint fills no wf_error_t: only
 * the caller knows which row it was. */
#define WF_EUNIQUE (APR_OS_START_USERERR + 71) /* a key or unique column is taken */
#define WF_EFOREIGN                                                                      \
    (APR_OS_START_USERERR + 72) /* a row referred to is gone, or still used */
#define WF_EBROKEN                                                                       \
    (APR_OS_START_USERERR + 73) /* the connection or the whole transaction */

/* ---- cells: what goes into a statement and comes out of it ----------------------- */

typedef enum {
    WF_CELL_NULL,
    WF_CELL_INTEGER,
    WF_CELL_REAL,
    WF_CELL_TEXT, /* NUL terminated when read */
    WF_CELL_BYTES
} wf_cell_e;

typedef struct wf_cell_t {
    wf_cell_e type;
    union {
        apr_int64_t integer;
        double real;
        struct {
            const char *data; /* borrowed; when read only until the next row */
            apr_size_t length;
        } text;
    } as;
} wf_cell_t;

wf_cell_t wf_cell_null(void);
wf_cell_t wf_cell_integer(apr_int64_t i);
wf_cell_t wf_cell_real(double d);
wf_cell_t wf_cell_text(const char *s); /* NULL gives null */
wf_cell_t wf_cell_bytes(const void *data, apr_size_t length);
int wf_cell_equal(const wf_cell_t *a, const wf_cell_t *b);
apr_int64_t wf_cell_to_integer(const wf_cell_t *cell);             /* null is 0 */
const char *wf_cell_to_text(const wf_cell_t *cell, apr_pool_t *p); /* null is NULL */

/* ---- tables ---------------------------------------------------------------------- */

/** How a column's cell and the struct member at its offset become one another. */
typedef enum {
    WF_COL_ID,       /* wf_id_t; 0 is null */
    WF_COL_TEXT,     /* const char * */
    WF_COL_INT,      /* int */
    WF_COL_BOOL,     /* int, 0 or 1 */
    WF_COL_RETRIES,  /* int; -1, which a new row has, is null */
    WF_COL_SUSPENSION, /* int; a new row is active */
    WF_COL_LONG,     /* apr_int64_t */
    WF_COL_DURATION, /* apr_int64_t ms; -1 is null */
    WF_COL_TIME,     /* apr_int64_t ms; 0 is null */
    WF_COL_REAL,     /* double */
    WF_COL_BYTES,    /* const void *, then apr_size_t */
    WF_COL_REV,      /* the row's rev: 1 when inserted, one more with every update */
    WF_COL_IS_SET,   /* written only: 1 if the text at the offset is not NULL */
    /* A wf_value_t takes several columns; its type comes first. */
    WF_COL_VALUE_TYPE,
    WF_COL_VALUE_REAL,
    WF_COL_VALUE_LONG,
    WF_COL_VALUE_TEXT,
    WF_COL_VALUE_NULL, /* TEXT2_: always null */
    WF_COL_VALUE_BYTES /* read only, from the byte array's row */
} wf_column_e;

#define WF_COLUMN_KEY 1    /* identifies the row; never updated */
#define WF_COLUMN_HIDDEN 2 /* not one of Activiti's: table views leave it out */
#define WF_COLUMN_JOINED 4 /* comes from another table; read, never written */
#define WF_COLUMN_SECRET 8 /* table views show a mask */
#define WF_COLUMN_LONG 16  /* brief lists leave it out */

typedef struct wf_column_t {
    const char *name;
    wf_column_e kind;
    int offset;
    int flags;
} wf_column_t;

typedef enum {
    WF_KEY_GENERATED, /* wf_id_t from the sequence, given by wf_uow_insert */
    WF_KEY_SHARED,    /* wf_id_t of another row (a task's history has the task's id) */
    WF_KEY_TEXT,      /* const char *, set by the caller */
    WF_KEY_PAIR       /* two texts */
} wf_key_e;

typedef struct wf_table_def_t {
    const char *name;
    const char *noun; /* for messages: "task" */
    apr_size_t size;  /* of the row struct */
    wf_key_e key;
    const char *order; /* column that tells the order of creation */
    const char *join;  /* after FROM NAME r; or "" */
    const char *taken; /* what it means when a unique column is taken */
    const wf_column_t *columns;
    int count;
} wf_table_def_t;

#define WF_MAX_COLUMNS 20

extern const wf_table_def_t wf_tables[WF_TABLES];

/** The REV_ column, or NULL. */
const wf_column_t *wf_table_rev(const wf_table_def_t *t);
/** A column by its name, or NULL. */
const wf_column_t *wf_table_column(const wf_table_def_t *t, const char *name);
/** The key of a row whose key is an id; its address in the row. */
wf_id_t *wf_row_id(void *row);
/** "task 231", "process definition a:3": for messages. */
const char *wf_row_label(const void *row, apr_pool_t *p);

/** The stored columns of row as cells, in order; joined ones are left out. Returns how
 * many. Texts are borrowed from the row, what must be made comes from p. */
int wf_row_cells(const void *row, wf_cell_t *cells, apr_pool_t *p);

/** A row struct of table behind prefix bytes for the caller, filled from the cells of a
 *  SELECT over all columns. */
apr_status_t wf_row_read(void **row, wf_table_e table, const wf_cell_t *cells,
                         apr_size_t prefix, apr_pool_t *p, wf_error_t *err);

/* ---- values of variables (variable.c) -------------------------------------------- */

void wf_value_cell(wf_column_e kind, const wf_value_t *value, wf_cell_t *cell,
                   apr_pool_t *p);
/** Take in one of the columns of a value. Columns must come with the type first. */
apr_status_t wf_value_take(wf_column_e kind, const wf_cell_t *cell, wf_value_t *value,
                           apr_pool_t *p, wf_error_t *err);
/** 1 if the value's content lives in a byte array. */
int wf_value_has_bytes(const wf_value_t *value);
/** That content. WF_ERR_INVALID for what cannot be stored. */
apr_status_t wf_value_bytes(const wf_value_t *value, const char **data,
                            apr_size_t *length, apr_pool_t *p, wf_error_t *err);
/** 1 if a value of this type can be stored. */
int wf_value_storable(const wf_value_t *value);

/* ---- drivers --------------------------------------------------------------------- */

typedef struct wf_stmt_t wf_stmt_t; /* the driver's prepared statement */

typedef enum {
    WF_TX_READ,   /* begin: everything read until the end is one snapshot */
    WF_TX_WRITE,  /* begin, and wait for other writers now rather than later */
    WF_TX_COMMIT, /* durable when it returns */
    WF_TX_ROLLBACK,
    WF_TX_SAVEPOINT,
    WF_TX_UNDO,    /* back to the savepoint, which is given up */
    WF_TX_RELEASE, /* give up the savepoint, keep its changes */
    WF_TX_STEPS
} wf_tx_e;

/** A row of a result. Another status than APR_SUCCESS ends the statement and is returned.
 */
typedef apr_status_t wf_row_fn(void *baton, const wf_cell_t *cells, int count,
                               wf_error_t *err);

/** A store driver. Every member fills err when it fails (except for WF_EUNIQUE,
 * WF_EFOREIGN). */
typedef struct wf_driver_t {
    const char *name;   /* before the colon of a data source */
    char placeholder;   /* before a parameter's number in SQL text */
    const char *tables; /* a SELECT of the names of all tables, upper case */
    const char *damage; /* SELECT what is wrong with the file, and … */
    const char *dangling; /* … which rows break a foreign key; a text a row */

    /** wf_store_check for what follows the colon. Touches nothing. */
    apr_status_t (*check)(const char *location, apr_pool_t *p, wf_error_t *err);

    /** Connect store->location according to store->mode. Changes nothing in it and does
     * not look at the schema. */
    apr_status_t (*open)(wf_store_t *store, wf_error_t *err);
    /** A writer only, once the store is known to be ours or empty: settings that stay
     * with it (a journal mode). */
    apr_status_t (*claim)(wf_store_t *store, wf_error_t *err);
    /** Safe also after a failed open; statements go with it. */
    void (*close)(wf_store_t *store);

    /** Migration number (1 …); NULL behind the last. */
    const char *(*migration)(int number, const char **name);
    /** Run a text of several statements inside the open transaction. */
    apr_status_t (*script)(wf_store_t *store, const char *text, wf_error_t *err);

    /** Prepare for the connection's life. */
    apr_status_t (*prepare)(wf_store_t *store, wf_stmt_t **stmt, const char *sql,
                            wf_error_t *err);
    /** Run a statement; fn (may be NULL) sees each row. *changes (may be NULL): rows
     *  written. WF_EBROKEN if the transaction cannot go on. */
    apr_status_t (*run)(wf_store_t *store, wf_stmt_t *stmt, const wf_cell_t *args,
                        int count, wf_row_fn *fn, void *baton, apr_int64_t *changes,
                        wf_error_t *err);
    apr_status_t (*transact)(wf_store_t *store, wf_tx_e step, wf_error_t *err);

    /** wf_store_checkpoint. */
    apr_status_t (*checkpoint)(wf_store_t *store, wf_error_t *err);
    /** After a failure: give up what the connection needs no more, if that can be done
     * soon. An error if there is no use in trying to write. */
    apr_status_t (*make_room)(wf_store_t *store, wf_error_t *err);
    /** wf_store_give_back. */
    apr_status_t (*give_back)(wf_store_t *store, int pages, apr_int64_t *left,
                              wf_error_t *err);
    /** wf_store_room. */
    apr_status_t (*room)(wf_store_t *store, wf_room_t *room, wf_error_t *err);
    /** wf_store_copy, in a WF_TX_READ that has read already. */
    apr_status_t (*copy)(wf_store_t *store, const char *path, wf_copy_fn *between,
                         void *baton, wf_error_t *err);
} wf_driver_t;

extern const wf_driver_t wf_driver_sqlite;

/* ---- suspension (suspend.c) ------------------------------------------------------ */

typedef enum {
    WF_SUSPEND_INSTANCE,   /* id */
    WF_SUSPEND_DEFINITION, /* key; without instances */
    WF_SUSPEND_INSTANCES,  /* key; those of a definition */
    WF_SUSPENDS
} wf_suspend_e;

/** One of the changes that a unit asked for. */
typedef struct wf_suspend_t {
    wf_suspend_e what;
    wf_id_t id;
    const char *key;
    int state;
} wf_suspend_t;

#define WF_MAX_SUSPEND_STEPS 6 /* more than one has: the next is NULL */

/* ---- connections ----------------------------------------------------------------- */

/* Statements with a fixed text (sql.c). */
typedef enum {
    WF_SQL_SCHEMA_NUMBER,     /* SELECT the last recorded migration */
    WF_SQL_SCHEMA_RECORD,     /* number, name, time */
    WF_SQL_IDS_RESERVE,       /* ids, blocks; gives the new next.dbid */
    WF_SQL_IDS_RAISE,         /* id; gives the new next.dbid */
    WF_SQL_BYTES_SET,         /* content, id: a variable's byte array follows its value */
    WF_SQL_BYTES_DROP,        /* id */
    WF_SQL_RESOURCE_NAMES,    /* deployment */
    WF_SQL_RUNNING_INSTANCES, /* deployment */
    WF_SQL_RUNNING_OF,        /* definition, limit */
    WF_SQL_HISTORY_SIZE,      /* instance, limit */
    WF_SQL_OLD_ANSWERS,       /* time, limit: SEQ_ of the last of those made before it */
    WF_SQL_SURPLUS_ANSWERS,   /* kept, limit: of those that are not the newest */
    WF_SQL_IN_USE,
    WF_SQL_MADE,
    WF_SQL_TRY,
    WF_SQL_MEMBERSHIPS,  /* user, group type, three groups */
    WF_SQL_MARK_LINKS,   /* task: whether it may be claimed by way of its links */
    WF_SQL_OPEN_GROUPS,  /* user, limit: groups of his that may claim a task */
    WF_SQL_GROUP_COUNTS, /* user, group type */
    WF_SQL_DUE_NEXT,     /* now */
    WF_SQL_RELEASE_JOBS, /* lock owner */
    WF_SQL_LOCKS_NEXT,   /* topic, now: when a task of it may be fetched again */
    WF_SQL_LOCK_TAKE,    /* job, owner, end, now, REV_; 1 if it was free */
    WF_SQL_LOCK_KEEP,    /* job, owner, end; 1 if it was the owner's */
    WF_SQL_LOCK_NEED,    /* job, owner; 1 if it is the owner's */
    WF_SQL_TASK_FETCH,   /* external task, worker, end, now; 1 if it may be fetched */
    WF_SQL_TASK_OWN,     /* external task, worker; 1 if he had it last */
    WF_SQL_TASK_FREE,    /* external task, worker, time; 1 if nobody else has it then */
    WF_SQL_TOPICS,       /* locked, not locked, retries left: 1 or 0 each; now; user
                            or NULL */
    WF_SQL_ACTIVE_KEYS,  /* now */
    WF_SQL_RIGHTS,       /* user, key; WF_RIGHT_… bits */
    WF_SQL_GRANTED_KEYS, /* user, one of these bits */
    WF_SQL_HAS_TASK,     /* user, task, taken ones count; 1 if it is his */
    WF_SQL_VISIBLE_DEFINITIONS, /* user, limit: ids of those he may read */
    WF_SQL_FIXED
} wf_sql_e;

/* Row queries other than the relations of a unit (sql.c). */
typedef enum {
    WF_QUERY_LATEST_DEFINITION, /* key */
    WF_QUERY_DEFINITION_BESIDE, /* key, deployment */
    WF_QUERY_LATEST_DECISION,   /* key */
    WF_QUERY_RESOURCE,          /* deployment, name */
    WF_QUERY_DUE_JOBS,          /* now */
    WF_QUERY_EXPIRED,           /* until, limit: ended instances */
    WF_QUERY_EXPIRED_ALONE,     /* until, limit: ended tasks without process and parent */
    WF_QUERY_AGED,              /* ended, limit: instances without a removal time */
    WF_QUERY_AGED_ALONE,        /* ended, limit: the same of such tasks */
    WF_QUERY_OLD_RUNS,          /* ended, limit: executions of load workflows */
    WF_QUERY_SURPLUS_RUNS,      /* kept, limit: those that are over and not the newest */
    WF_QUERY_READY_TASKS,       /* topic: external tasks that nobody has */
    WF_QUERY_EXPIRED_TASKS,     /* topic, now, limit: those whose lock is over */
    WF_QUERY_API_KEY,           /* hash */
    WF_QUERY_API_KEY_NAMED,     /* name */
    WF_QUERY_OLD_KEYS,          /* until, limit: revoked or expired */
    WF_QUERIES
} wf_query_e;

#define WF_MAX_SORTS 12       /* sort keys of a list */
#define WF_MAX_FILTERS 16     /* filters of a list */
#define WF_MAX_FANS 32        /* groups of a user whose tasks are merged in order */
#define WF_MAX_PURGE_STEPS 24 /* more than a purge has: the next is NULL */

struct wf_store_t {
    apr_pool_t *pool; /* with an allocator of its own: a writer may change threads */
    const wf_driver_t *driver;
    const char *location;
    wf_store_mode_e mode;
    int known;        /* it has been there before: it is not made */
    void *connection; /* the driver's */
    int open;

    /* A writer's alone. Held over each transaction: ids are also reserved by threads that
     * ran out of them. Taken before the lock inside wf_ids_t, never after. */
    apr_thread_mutex_t *lock;

    /* Prepared when first needed. */
    wf_stmt_t *insert[WF_TABLES], *remove[WF_TABLES], *get[WF_TABLES];
    apr_hash_t *update[WF_TABLES]; /* set of changed columns -> wf_stmt_t ** */
    wf_stmt_t *select[WF_BY_RELATIONS];
    wf_stmt_t *query[WF_QUERIES];
    wf_stmt_t *fixed[WF_SQL_FIXED];
    apr_hash_t *lists; /* wf_list_key_t -> wf_stmt_t ** */
    apr_hash_t *views; /* wf_view_key_t -> wf_stmt_t ** */
    wf_stmt_t *purge[WF_PURGES][WF_MAX_PURGE_STEPS];
    wf_stmt_t *suspend[WF_SUSPENDS][WF_MAX_SUSPEND_STEPS];
};

/** Claim a store that is ours or empty and bring its schema up to date; for a reader, see
 *  that it is what we know. */
apr_status_t wf_migrate(wf_store_t *store, wf_error_t *err);
apr_status_t wf_schema_check(wf_store_t *store, wf_error_t *err);

/** A NULL *stmt is prepared from the text. */
#define WF_PREPARED(store, slot, text, err)                                              \
    (*(slot) ? APR_SUCCESS : (store)->driver->prepare((store), (slot), (text), (err)))

/** Where the statement of a key is kept, for WF_PREPARED: keys are told apart by their
 *  bytes. *cache is made when first needed. */
wf_stmt_t **wf_store_slot(wf_store_t *store, apr_hash_t **cache, const void *key,
                          apr_size_t size);

/** Run a fixed statement; *number (may be NULL) is the first cell of its row, 0 if none.
 */
apr_status_t wf_store_fixed(wf_store_t *store, wf_sql_e which, const wf_cell_t *args,
                            int count, apr_int64_t *number, wf_error_t *err);

/** End a WF_TX_READ in which rv came out; gives rv, or how the end failed. */
apr_status_t wf_store_read_end(wf_store_t *store, apr_status_t rv, wf_error_t *err);

/** Run a fixed statement; the first cells of its rows, as texts of the array's pool, are
 *  pushed onto texts, of const char *. */
apr_status_t wf_store_texts(wf_store_t *store, wf_sql_e which, const wf_cell_t *args,
                            int count, apr_array_header_t *texts, wf_error_t *err);

/** A wf_row_fn whose baton is an apr_int64_t: the first cell. */
apr_status_t wf_row_number(void *baton, const wf_cell_t *cells, int count,
                           wf_error_t *err);

/** Rows of table that a prepared statement gives, each behind prefix bytes, pushed onto
 * rows. */
apr_status_t wf_store_rows(wf_store_t *store, wf_stmt_t *stmt, wf_table_e table,
                           const wf_cell_t *args, int count, apr_size_t prefix,
                           apr_array_header_t *rows, apr_pool_t *p, wf_error_t *err);

/** The rows of a relation, each behind prefix bytes, pushed onto rows. key is the parent's
 *  id, or a text for each column that the relation goes by. */
apr_status_t wf_store_relation(wf_store_t *store, wf_relation_e relation,
                               const wf_cell_t *key, int count, apr_size_t prefix,
                               apr_array_header_t *rows, apr_pool_t *p, wf_error_t *err);

/** The row with a key behind prefix bytes. */
apr_status_t wf_store_load(wf_store_t *store, wf_table_e table, const wf_cell_t *key,
                           apr_size_t prefix, void **row, apr_pool_t *p, wf_error_t *err);

/* ---- rights, as SQL ---------------------------------------------------------------- */

#define WF_SQL_GROUPS_OF(user)                                                           \
    "SELECT m.GROUP_ID_ FROM ACT_ID_MEMBERSHIP m WHERE m.USER_ID_ = " user

/** Keys with a grant for a user for which a condition over g holds. */
#define WF_SQL_KEYS_OF(user, condition)                                                  \
    "SELECT g.KEY_ FROM WF_GRANT g WHERE g.USER_ID_ = " user condition                   \
    " UNION ALL SELECT g.KEY_ FROM WF_GRANT g WHERE g.GROUP_ID_ IN (" WF_SQL_GROUPS_OF(  \
        user) ")" condition

/** Ids of definitions that a user may read. */
#define WF_SQL_READABLE(user)                                                            \
    "SELECT p.ID_ FROM ACT_RE_PROCDEF p WHERE p.KEY_ IN (" WF_SQL_KEYS_OF(               \
        user, " AND g.READ_ = 1") ")"

/* ---- SQL text -------------------------------------------------------------------- */

/** "r.ID_, r.REV_, …" and "FROM NAME r …". brief: "NULL" in the place of long columns. */
const char *wf_sql_columns(wf_table_e table, int brief, apr_pool_t *p);
const char *wf_sql_from(wf_table_e table, apr_pool_t *p);

const char *wf_sql_get(const wf_driver_t *d, wf_table_e table, apr_pool_t *p);
const char *wf_sql_insert(const wf_driver_t *d, wf_table_e table, apr_pool_t *p);
const char *wf_sql_delete(const wf_driver_t *d, wf_table_e table, apr_pool_t *p);
/** Set the stored columns whose bit is in changed (the first column is bit 0). */
const char *wf_sql_update(const wf_driver_t *d, wf_table_e table, apr_uint32_t changed,
                          apr_pool_t *p);
const char *wf_sql_relation(const wf_driver_t *d, wf_relation_e relation, apr_pool_t *p);
const char *wf_sql_query(const wf_driver_t *d, wf_query_e query, apr_pool_t *p);
const char *wf_sql_fixed(const wf_driver_t *d, wf_sql_e which, apr_pool_t *p);
/** NULL behind the last step. */
/** When a purge comes: before all else, or after all that its unit writes. */
typedef enum { WF_PURGE_FIRST, WF_PURGE_LAST } wf_purge_turn_e;
wf_purge_turn_e wf_purge_turn(wf_purge_e what);
const char *wf_sql_purge(const wf_driver_t *d, wf_purge_e what, int step, apr_pool_t *p);
/** The steps of a suspension: ?1 is the id or key, ?2 the state. NULL behind the last. */
const char *wf_sql_suspend(const wf_driver_t *d, wf_suspend_e what, int step,
                           apr_pool_t *p);
/** ?1 in our texts becomes what the driver writes. */
const char *wf_sql_dialect(const wf_driver_t *d, const char *text, apr_pool_t *p);

/* ---- relations (relations.c) ----------------------------------------------------- */

/** What a relation joins: rows of table whose column is the id of a parent row, or whose
 *  one or two columns are texts. */
typedef struct wf_relation_def_t {
    wf_table_e table;
    const char *column;
    wf_table_e parent;      /* WF_TABLES: the columns are texts */
    const char *second;     /* the other text column; NULL = none */
    const char *instance;   /* the parent is an execution and the index begins with this
                               column: its instance; NULL = it begins with column */
    const char *condition;  /* of rows that count, as SQL over r; NULL = all do … */
    int (*holds)(const void *row); /* … and as C */
} wf_relation_def_t;

extern const wf_relation_def_t wf_relations[WF_BY_RELATIONS];

/* ---- lists (list_sql.c) ---------------------------------------------------------- */

typedef enum {
    WF_FILTER_TEXT,
    WF_FILTER_PART, /* text that LIKE finds inside another; the value is a pattern */
    WF_FILTER_NUMBER,
    WF_FILTER_DATE,
    WF_FILTER_FLAG /* a condition without a value */
} wf_filter_e;

/** Where an index gives ids of rows of a list in their order. */
typedef struct wf_stream_t {
    const char *id;    /* column of the id */
    const char *from;  /* table of the index */
    const char *join;  /* how r, the list's table, is reached for other filters */
    const char *where; /* ? is the filter's value */
    int alone;         /* no other stream of the filter has these ids */
} wf_stream_t;

/** A filter is a condition, or the union of streams: then the rows of a page are found
 *  before any is read. Lists of streams are closed by a row without id. */
typedef struct wf_filter_def_t {
    const char *name;
    wf_filter_e kind;
    const char *where;          /* over r; ? is the value, as often as it likes */
    const wf_stream_t *streams; /* NULL: there is a where */
    const wf_stream_t *fan;     /* besides, these streams for each of up to WF_MAX_FANS
                                   texts that fan_texts gives … */
    wf_sql_e fan_texts;         /* for value and limit … */
    const wf_stream_t *fan_all; /* or for all of them at once, which are not in order */
} wf_filter_def_t;

typedef struct wf_list_def_t {
    wf_table_e table;
    const char *where; /* what every row of the list is; NULL = no condition */
    int brief;         /* columns that are WF_COLUMN_LONG are left out */
    int newest_first;  /* without a sort key: by creation, descending */
    unsigned leads;    /* one of these filters must be given; 0 = none need be */
    const wf_filter_def_t *filters; /* closed by a row without name; NULL = none */
    const char *keys[WF_MAX_SORTS + 1]; /* in the words of the API; NULL behind */
    const char *columns[WF_MAX_SORTS];  /* what they sort by */
    /* A column may belong to another table d, from which r is reached by an index: */
    const char *via;    /* its name; NULL = none does */
    const char *via_on; /* how */
} wf_list_def_t;

extern const wf_list_def_t wf_lists[WF_LISTS];

/** What a statement of a list depends on. A set of filters has a bit for each: the first
 *  of the list is bit 0. Hashed by its bytes. */
typedef struct wf_list_key_t {
    wf_list_e list;
    unsigned filters;
    int sort; /* -1: count */
    int descending;
    int fans; /* how many texts the fan of wf_list_fan has; -1: too many */
} wf_list_key_t;

/** The text; its parameters are the values of the given filters in the list's order, the
 *  texts of the fan, then size and start unless it counts. */
const char *wf_sql_list(const wf_driver_t *d, const wf_list_key_t *key, apr_pool_t *p);

/** The filter whose fan the statement needs, NULL if there is none; *arg is the position
 *  of its value among the parameters. */
const wf_filter_def_t *wf_list_fan(const wf_list_key_t *key, int *arg);

/** The bit of a filter, 0 if the list has none of that name. */
unsigned wf_list_filter(wf_list_e list, const char *name);

/** How many rows of a list pass one filter. */
apr_status_t wf_list_total(wf_store_t *store, wf_list_e list, const char *filter,
                           const wf_cell_t *value, apr_int64_t *total, apr_pool_t *p,
                           wf_error_t *err);

/* ---- table views (views.c) ------------------------------------------------------- */

/** What a statement of a view depends on. */
typedef struct wf_view_key_t {
    wf_table_e table;
    int column; /* to sort by; -1: count */
    int descending;
} wf_view_key_t;

const char *wf_sql_view(const wf_driver_t *d, const wf_view_key_t *key, apr_pool_t *p);

/* ---- units of work --------------------------------------------------------------- */

typedef enum {
    WF_ROW_FREE, /* belongs to no unit */
    WF_ROW_LOADED,
    WF_ROW_INSERTED,
    WF_ROW_UPDATED,
    WF_ROW_DELETED,
    WF_ROW_VANISHED /* inserted and deleted by the same unit */
} wf_row_state_e;

/* Rows of a unit that have the same parent, or the same texts, in one relation. */
typedef struct wf_family_t wf_family_t;

#define WF_MAX_KINSHIPS 4 /* relations of one table */

/** What a unit remembers of a row; lies right before it in memory. */
typedef struct wf_entry_t {
    wf_id_t key;  /* of the identity map, 0 = not in it */
    void *before; /* the row as it was loaded; NULL for new rows */
    wf_family_t *families[WF_MAX_KINSHIPS]; /* where it was put; NULL = nowhere */
    int expected; /* it is among the unit's expected rows */
} wf_entry_t;

#define WF_ENTRY_SIZE APR_ALIGN_DEFAULT(sizeof(wf_entry_t))
#define WF_ENTRY_OF(row) ((wf_entry_t *)((char *)(row)-WF_ENTRY_SIZE))

typedef struct wf_purge_t {
    wf_purge_e what;
    wf_id_t id;
} wf_purge_t;

/** A change of a byte array that belongs to a variable or a detail. */
typedef struct wf_content_t {
    wf_id_t id;
    const char *data; /* NULL: drop it */
    apr_size_t length;
} wf_content_t;

struct wf_uow_t {
    apr_pool_t *pool;
    wf_store_t *reader;
    wf_ids_t *ids;
    struct {
        apr_array_header_t *rows; /* of T *, in the order they came; NULL = none */
        apr_hash_t *by_id;        /* wf_id_t -> T * */
    } tables[WF_TABLES];
    struct {
        apr_hash_t *families; /* parent or texts -> wf_family_t *; NULL = never asked for */
        int placed;           /* so many rows of the table have been put into them */
    } relations[WF_BY_RELATIONS];
    apr_array_header_t *purges;   /* of wf_purge_t */
    apr_array_header_t *suspends; /* of wf_suspend_t */
    apr_array_header_t *contents; /* of wf_content_t, made by wf_uow_seal */
    apr_array_header_t *expected; /* of T *, must be as they were loaded */
    apr_array_header_t *locks;    /* of wf_lock_t * */
    int out_of_ids;               /* an id could not be had */
    int sealed;
};

/** A row that the unit has under an id or key, gone or not; NULL if it has none. */
void *wf_uow_find(const wf_uow_t *uow, wf_table_e table, wf_id_t id);
void *wf_uow_find_key(const wf_uow_t *uow, wf_table_e table, const char *key);

/** Take in a row that was read behind WF_ENTRY_SIZE bytes and that the unit does not have. */
void wf_uow_adopt(wf_uow_t *uow, void *row);

/** 1 if the unit has deleted it. */
int wf_row_is_gone(const void *row);

/** 1 if the key of the table is an id. */
int wf_table_has_id(wf_table_e table);

/** The first text of a row whose key is one. */
const char *wf_row_text_key(const void *row);

/** Part of wf_uow_update: what relations go by may have changed. */
void wf_families_update(wf_uow_t *uow, void *row);

/** Part of wf_uow_seal: an error if a row was moved without a word, so that a relation may
 *  have been read without it. */
apr_status_t wf_families_check(const wf_uow_t *uow, wf_error_t *err);

/** Before the transaction: give every changed value that needs one its byte array, check
 *  that each row can be written. Idempotent. */
apr_status_t wf_uow_seal(wf_uow_t *uow, wf_error_t *err);

/* ---- who may claim (claims.c) ---------------------------------------------------- */

/** Part of wf_uow_seal: what new links of new tasks say about them. */
void wf_claims_seal(wf_uow_t *uow);

/** After the rows of a unit: links of other tasks that the unit assigned or gave links. */
apr_status_t wf_claims_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err);

/** After the rows of a unit: what it suspends or activates. */
apr_status_t wf_suspends_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err);

/* ---- locks of jobs (jobs.c) ------------------------------------------------------ */

/** Before the rows of a unit. */
apr_status_t wf_locks_write(wf_store_t *store, wf_uow_t *uow, wf_error_t *err);

/* ---- ids ------------------------------------------------------------------------- */

/** In the open transaction of a commit: reserve what is worth reserving; *reserved tells
 *  how much, for wf_ids_reserved after the transaction. */
typedef struct wf_reserve_t {
    wf_id_t first, end; /* empty if equal */
} wf_reserve_t;
apr_status_t wf_ids_reserve(wf_ids_t *ids, wf_store_t *writer, wf_reserve_t *reserved,
                            wf_error_t *err);
void wf_ids_reserved(wf_ids_t *ids, const wf_reserve_t *reserved);
/** ": " and why none could be had when there was none, or "". */
const char *wf_ids_problem(wf_ids_t *ids, apr_pool_t *p);

#endif
