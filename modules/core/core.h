/* core: what every room stands on: errors, lists of problems, values, JSON, time and
 * durations, random ids, the log callback. Knows nobody; safe in every process and
 * thread. Memory: whatever is returned lives in the pool that was passed in. */
#ifndef WF_CORE_H
#define WF_CORE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_hash.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <json-c/json.h>
#include <pthread.h>
#include <sys/types.h>

#define WF_VERSION "0.1.0"

#if defined(__GNUC__)
#define WF_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define WF_PRINTF(fmt, args)
#endif

/* ---- errors ---------------------------------------------------------------------- */

/** What kind of failure it was. Domain rooms know no HTTP status: each face has a table
 *  from kind to status. The names (wf_err_name) travel in ipc replies. */
typedef enum {
    WF_ERR_NONE,
    WF_ERR_INVALID,     /* the caller's input is wrong; the message names field or line */
    WF_ERR_NOT_FOUND,   /* no such object */
    WF_ERR_CONFLICT,    /* the object's state does not allow it, or it changed meanwhile */
    WF_ERR_FORBIDDEN,   /* known caller without the right */
    WF_ERR_TOO_LARGE,   /* a configured limit; the message names it */
    WF_ERR_UNSUPPORTED, /* known, but not done by this server */
    WF_ERR_UNAVAILABLE, /* cannot now: engine down, queue full, deadline; try again */
    WF_ERR_IN_FLIGHT,   /* a request with the same Idempotency-Key is not answered yet */
    WF_ERR_REUSED,      /* the Idempotency-Key belongs to another request */
    WF_ERR_EXECUTION,   /* a process or workflow failed while running: its own fault */
    WF_ERR_INTERNAL,    /* ours */
    WF_ERR_KINDS
} wf_err_kind_e;

/** The first failure fills it, callers may add notes in front, the place where it ends
 *  renders or logs it once. Initialise with wf_error_init. */
typedef struct wf_error_t {
    apr_pool_t *pool;     /* owns the texts */
    wf_err_kind_e kind;
    const char *message;  /* never NULL once set; no secrets, no variable values */
    const char *trace;    /* the message without notes, then a line for each note, innermost
                             first; NULL without notes */
    const char *field;    /* the input's field or element at fault, or NULL */
    int retry_after;      /* seconds until another try may have more luck; 0 = unknown */
} wf_error_t;

/** What wf_error_set returns: "it failed, see the wf_error_t". */
#define WF_EFAILED (APR_OS_START_USERERR + 70)

void wf_error_init(wf_error_t *err, apr_pool_t *p);

/** Fill err unless it already holds an error. Returns WF_EFAILED, for `return wf_error_set(…)`. */
apr_status_t wf_error_set(wf_error_t *err, wf_err_kind_e kind, const char *fmt, ...)
    WF_PRINTF(3, 4);

/** The same with the text of rv ("…: No space left on device") appended. */
apr_status_t wf_error_apr(wf_error_t *err, wf_err_kind_e kind, apr_status_t rv,
                          const char *fmt, ...) WF_PRINTF(4, 5);

/** The same with the field at fault. */
apr_status_t wf_error_field(wf_error_t *err, wf_err_kind_e kind, const char *field,
                            const char *fmt, ...) WF_PRINTF(4, 5);

/** Put "fmt: " in front of the message, add a line to the trace, and return rv unchanged. */
apr_status_t wf_error_note(wf_error_t *err, apr_status_t rv, const char *fmt, ...)
    WF_PRINTF(3, 4);

/** Copy src (texts too) into dst's pool. */
void wf_error_copy(wf_error_t *dst, const wf_error_t *src);

/** "not_found", "conflict" …; and back, WF_ERR_INTERNAL for an unknown name. */
const char *wf_err_name(wf_err_kind_e kind);
wf_err_kind_e wf_err_parse(const char *name);

/* ---- problems: all faults of a document at once ----------------------------------- */

typedef struct wf_problem_t {
    const char *path;     /* element id, or path such as steps[2].config.url; may be NULL */
    const char *rule;     /* short stable word, such as "unknown-element" */
    const char *message;
    int line, column;     /* from 1; 0 = not known */
    int warning;          /* 1: reported, but does not refuse the document */
} wf_problem_t;

typedef struct wf_problems_t {
    apr_pool_t *pool;
    const char *resource; /* file name put into the texts; may be NULL */
    apr_array_header_t *items; /* of wf_problem_t */
    int errors;           /* items that are no warnings */
    int dropped;          /* beyond the cap of 100 items */
} wf_problems_t;

wf_problems_t *wf_problems_create(const char *resource, apr_pool_t *p);
void wf_problem_add(wf_problems_t *ps, const char *rule, const char *path, int line,
                    int column, const char *fmt, ...) WF_PRINTF(6, 7);
void wf_problem_warn(wf_problems_t *ps, const char *rule, const char *path, int line,
                     int column, const char *fmt, ...) WF_PRINTF(6, 7);

/** One text, a line a problem, in the order of the document:
 *  "file:12:3: [rule] path: message", for a warning "file:12:3: warning: [rule] …". */
const char *wf_problems_text(const wf_problems_t *ps, apr_pool_t *p);

/** Those lines one by one, of char *. */
apr_array_header_t *wf_problems_lines(const wf_problems_t *ps, apr_pool_t *p);

/** APR_SUCCESS without errors, else fills err (WF_ERR_INVALID) with the joined text. */
apr_status_t wf_problems_check(const wf_problems_t *ps, wf_error_t *err);

/* ---- values ------------------------------------------------------------------------ */

/** Types as ACT_RU_VARIABLE.TYPE_ names them; LIST and MAP are stored as "serializable". */
typedef enum {
    WF_NULL,
    WF_BOOLEAN,
    WF_SHORT,
    WF_INTEGER, /* 32 bit */
    WF_LONG,    /* 64 bit */
    WF_DOUBLE,
    WF_STRING,  /* UTF-8 */
    WF_DATE,    /* milliseconds since 1970 UTC */
    WF_BYTES,
    WF_LIST,
    WF_MAP,
    WF_OBJECT,  /* a host object of an evaluation; never stored */
    WF_TYPES
} wf_type_e;

typedef struct wf_list_t wf_list_t;
typedef struct wf_map_t wf_map_t;
struct wf_object_t; /* script/script.h */

/** A value. Small enough to be passed by copy; texts, lists and maps are shared by
 *  pointer and treated as immutable except where a function says so. */
typedef struct wf_value_t {
    wf_type_e type;
    union {
        int boolean;
        apr_int64_t integer; /* SHORT, INTEGER, LONG, DATE */
        double number;       /* DOUBLE */
        struct {
            const char *data; /* STRING: NUL terminated; BYTES: not */
            apr_size_t length;
        } text;
        wf_list_t *list;
        wf_map_t *map;
        struct wf_object_t *object;
    } as;
} wf_value_t;

wf_value_t wf_null(void);
wf_value_t wf_boolean(int b);
wf_value_t wf_integer(apr_int64_t i);  /* INTEGER if it fits 32 bits, else LONG */
wf_value_t wf_long(apr_int64_t i);
wf_value_t wf_double(double d);
wf_value_t wf_date(apr_int64_t ms);
wf_value_t wf_string(const char *s);   /* borrows s; NULL gives the null value */
wf_value_t wf_string_n(const char *s, apr_size_t n, apr_pool_t *p); /* copies */
wf_value_t wf_bytes(const void *data, apr_size_t n);                /* borrows */
wf_value_t wf_list(wf_list_t *l);
wf_value_t wf_map(wf_map_t *m);

/** SHORT, INTEGER or LONG. */
int wf_is_integer(const wf_value_t *v);

/** Deep copy of texts, lists and maps into p. */
wf_value_t wf_value_copy(const wf_value_t *v, apr_pool_t *p);

/** Bytes that such a copy takes, about: elements, keys and texts. */
apr_size_t wf_value_size(const wf_value_t *v);

/** Same type family (the integer types are one) and same content; lists and maps deep. */
int wf_value_equal(const wf_value_t *a, const wf_value_t *b);

/** "string", "integer" …; and back, -1 for an unknown name. */
const char *wf_type_name(wf_type_e type);
int wf_type_parse(const char *name);

wf_list_t *wf_list_create(apr_pool_t *p);
void wf_list_push(wf_list_t *l, wf_value_t v);
int wf_list_count(const wf_list_t *l);
wf_value_t *wf_list_at(const wf_list_t *l, int i); /* NULL out of range */
void wf_list_insert(wf_list_t *l, int i, wf_value_t v); /* before i; i in 0 … count */
int wf_list_remove(wf_list_t *l, int i);                /* 1 if it was there */
apr_pool_t *wf_list_pool(const wf_list_t *l); /* owns the list: what is pushed must live there */

/** Keys keep the order of their first wf_map_set. */
wf_map_t *wf_map_create(apr_pool_t *p);
void wf_map_set(wf_map_t *m, const char *key, wf_value_t v); /* copies key */
wf_value_t *wf_map_get(const wf_map_t *m, const char *key);  /* NULL if missing */
int wf_map_remove(wf_map_t *m, const char *key);             /* 1 if it was there */
int wf_map_count(const wf_map_t *m);
const char *wf_map_key(const wf_map_t *m, int i);
wf_value_t *wf_map_at(const wf_map_t *m, int i);
apr_pool_t *wf_map_pool(const wf_map_t *m); /* as wf_list_pool */

/** Plain JSON: dates as ISO text, bytes as base64, doubles always with a fraction or
 *  exponent so that the type survives. The caller owns the reference. */
json_object *wf_value_to_json(const wf_value_t *v);

/** JSON numbers without fraction and exponent become INTEGER or LONG, others DOUBLE. */
wf_value_t wf_value_from_json(json_object *json, apr_pool_t *p);

/** 1 unless JSON has what no variable can hold: a number beyond a double, a text with
 * NUL. */
int wf_json_is_storable(json_object *json);

/** A map of variables with their types, for ipc and storage:
 *  {"amount":{"type":"integer","value":250}, …}. Dates are milliseconds since 1970; ISO
 *  text is read, too. */
json_object *wf_vars_to_json(const wf_map_t *vars);
apr_status_t wf_vars_from_json(wf_map_t **vars, json_object *json, apr_pool_t *p,
                               wf_error_t *err);

/* ---- JSON --------------------------------------------------------------------------- */

/** Strict parse (RFC 8259, UTF-8 checked, depth at most 112, integers within 64 bits).
 *  The tree is released with p. Errors are WF_ERR_INVALID with line and column; no bytes
 *  (text may be NULL then) are no JSON. */
apr_status_t wf_json_parse(json_object **json, const char *text, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err);

/** The same for what needs no such depth: at most depth levels, 1 for {} or a scalar. */
apr_status_t wf_json_parse_flat(json_object **json, const char *text, apr_size_t length,
                                int depth, apr_pool_t *p, wf_error_t *err);

/** The same for JSON that this server has written itself, such as a command or a stored
 *  value: it may wrap an input of the full depth. */
apr_status_t wf_json_read(json_object **json, const char *text, apr_size_t length,
                          apr_pool_t *p, wf_error_t *err);

/** For a text that wf_json_parse has taken: WF_ERR_INVALID with line and column if an
 *  object has a name twice, of which the tree has the last one alone; also if it is
 *  written in two ways, such as "sub" and "s\u0075b". */
apr_status_t wf_json_check_names(const char *text, apr_size_t length, apr_pool_t *p,
                                 wf_error_t *err);

/** Give problems that have a path and no line the place of that path below a member of the
 *  top level. For a text that wf_json_parse has taken. */
void wf_json_place_problems(const char *text, apr_size_t length, const char *member,
                            wf_problems_t *problems);

/** As wf_json_parse, but straight into a value, as wf_value_from_json would make it, and a
 *  lot quicker. */
apr_status_t wf_json_value(wf_value_t *value, const char *text, apr_size_t length,
                           apr_pool_t *p, wf_error_t *err);

/** Release the reference with p; returns json. */
json_object *wf_json_own(json_object *json, apr_pool_t *p);

/** Compact text, slashes unescaped, in p. */
const char *wf_json_text(json_object *json, apr_size_t *length, apr_pool_t *p);

/** Members of an object; the default for a missing member, null or other type. */
const char *wf_json_string(json_object *o, const char *name, const char *fallback);
apr_int64_t wf_json_int(json_object *o, const char *name, apr_int64_t fallback);
int wf_json_bool(json_object *o, const char *name, int fallback);
json_object *wf_json_get(json_object *o, const char *name); /* borrowed; NULL for null too */

/** Add a member; NULL text gives JSON null. */
void wf_json_add_string(json_object *o, const char *name, const char *text);
void wf_json_add_int(json_object *o, const char *name, apr_int64_t i);
void wf_json_add_bool(json_object *o, const char *name, int b);
void wf_json_add_double(json_object *o, const char *name, double d); /* shortest text */

/* ---- the machine --------------------------------------------------------------------- */

/** Processors that this process may run on: by its affinity, which containers and taskset
 * set; at least 1. */
int wf_processors(void);

/* ---- time ---------------------------------------------------------------------------- */

apr_int64_t wf_time_ms(void);  /* wall clock, milliseconds since 1970 UTC */
apr_int64_t wf_mono_us(void);  /* CLOCK_MONOTONIC, microseconds; same in all processes */
/** For what is put in order, not shown: the wall clock of the first call, and from then
 * on as much later as time has passed, whatever becomes of the wall clock. Milliseconds.
 */
apr_int64_t wf_steady_ms(void);

/** Wait for a condition (one of PTHREAD_COND_INITIALIZER, or without attributes) for a
 *  duration: until wf_mono_us() is at_us, however the wall clock is set meanwhile. May
 *  return sooner; 0 if the time is over. */
int wf_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, apr_int64_t at_us);
/** The same for a date: until wf_time_ms() is at_ms. Who sets the wall clock forward
 * wakes it, who sets it back lets it sleep longer. */
int wf_cond_wait_for_date(pthread_cond_t *cond, pthread_mutex_t *lock, apr_int64_t at_ms);

/** The whole seconds of ms; *rest gets the milliseconds behind them, 0 to 999 also before
 *  1970. */
apr_int64_t wf_time_seconds(apr_int64_t ms, int *rest);

/** Of a month from 0 to 11. */
int wf_days_in_month(int year, int month);

/** "2010-11-02T09:05:00.120+01:00" in the server's zone; "Z" when the offset is zero. */
const char *wf_time_iso(apr_int64_t ms, apr_pool_t *p);
/** "2026-01-05T10:00:00Z": seconds, UTC. */
const char *wf_time_utc(apr_int64_t ms, apr_pool_t *p);
/** YYYY-MM-DDThh:mm:ss[.fff][Z|+hh:mm|-hh:mm] (a blank for the plus is accepted); without
 *  an offset the server's zone. APR_EINVAL for anything else. */
apr_status_t wf_time_parse(apr_int64_t *ms, const char *text);

/** Seconds east of Greenwich in the server's zone at an instant (seconds since 1970 UTC). */
int wf_zone_offset(apr_int64_t seconds);
/** When clocks of the server's zone show a local time, given as the seconds since 1970 that
 *  it would be in UTC. Returns how often: once; twice where the clocks are set back, the
 *  first time in at[0]; never where they are set forward, then at[0] is as far behind the
 *  change as the local time is: with an hour left out, 02:30 is 03:30. */
int wf_zone_instants(apr_int64_t local, apr_int64_t at[2]);

/** Durations of the load engine: "1m30s", "250ms", "1.5s", "0" to nanoseconds. Signs and
 *  units ns us µs ms s m h. APR_EINVAL, APR_ERANGE. */
apr_status_t wf_duration_parse(apr_int64_t *ns, const char *text);
/** "0s", "125ms", "356.2ms", "5m0s": the shortest exact text. */
const char *wf_duration_text(apr_int64_t ns, apr_pool_t *p);

/** A duration in ISO 8601: P1Y2M10DT2H30M5.5S, P2W. */
typedef struct wf_period_t {
    int years, months, days;
    apr_int64_t ms; /* hours and below */
} wf_period_t;

/** 1, or 0 if the text is no duration. Only the last part may have a fraction, and only
 *  after the T; each number is at most 1,000,000. */
int wf_period_parse(wf_period_t *period, const char *text);

/** So many periods after from, or before it if times is negative. Years, months and days
 *  are counted in the server's calendar (a day over a change of the clocks has 23 or 25
 *  hours; a month after the 31st of January is the last of February), hours and below in
 *  elapsed time. */
apr_int64_t wf_period_add(apr_int64_t from, const wf_period_t *period, apr_int64_t times);

/** 1, or 0 if the text is neither an ISO 8601 date (its first instant in the server's
 *  zone) nor a date-time, which may leave the seconds out. */
int wf_date_parse(apr_int64_t *ms, const char *text);

/* ---- pools, text, ids ------------------------------------------------------------------------ */

/** A pool with an allocator of its own, for what travels between threads: it shares nothing
 *  with others and needs no lock. It has no parent, so whoever holds it last destroys it.
 *  keep: bytes of freed memory it may keep for reuse, 0 = all. NULL without memory. */
apr_pool_t *wf_pool_create(const char *tag, apr_size_t keep);

/** Bytes that grow. data stays valid until the next append. */
typedef struct wf_buffer_t {
    char *data; /* NULL while empty; a NUL follows the bytes */
    apr_size_t length, capacity;
} wf_buffer_t;

/** An empty one that is freed with p. One of all zeros is empty, too; its owner frees it
 *  with wf_buffer_trim(b, 0). */
wf_buffer_t *wf_buffer_create(apr_pool_t *p);
/** 1, or 0 if there is no memory. */
int wf_buffer_append(wf_buffer_t *buffer, const char *data, apr_size_t length);
/** Forget the bytes, and give the memory back if it is more than keep bytes. */
void wf_buffer_trim(wf_buffer_t *buffer, apr_size_t keep);

/** 1 if the n bytes are well-formed UTF-8 without NUL. */
int wf_utf8_valid(const char *s, apr_size_t n);

/** The first n characters of a UTF-8 text; itself if it has no more. */
const char *wf_utf8_cut(const char *s, apr_size_t n, apr_pool_t *p);

/** 1 and *value if the text is a decimal integer in range, without blanks or sign '+'. */
int wf_parse_int64(const char *text, apr_int64_t *value);

/** prefix + 20 random URL-safe characters; never reused (100 bits). */
const char *wf_id_random(const char *prefix, apr_pool_t *p);

/* ---- files -------------------------------------------------------------------------------- */

/** The bytes of a file in or below a directory, in p, with a NUL behind them. The name is
 *  relative and has no part ".."; symbolic links are followed only while they stay below
 *  the directory. WF_ERR_INVALID for such a name, WF_ERR_NOT_FOUND, WF_ERR_TOO_LARGE beyond
 *  max bytes, WF_ERR_FORBIDDEN for what may not be read or is no plain file. Messages tell
 *  the name and never the directory. */
apr_status_t wf_file_load_below(char **data, apr_size_t *length, const char *directory,
                                const char *name, apr_size_t max, apr_pool_t *p,
                                wf_error_t *err);

/** Open such a file with flags of open(2); one that is made belongs to its owner and group
 *  alone. An empty directory: any file that the process may open, relative to the current
 *  directory. WF_ERR_CONFLICT where O_EXCL found one. */
apr_status_t wf_file_open_below(int *fd, const char *directory, const char *name,
                                int flags, wf_error_t *err);

/** What is asked of a file that an administrator keeps a key in. */
typedef struct wf_key_file_t {
    apr_size_t min, max; /* bytes of the key */
    mode_t denied; /* rights that its mode must not give: S_IRWXO for a secret, S_IWOTH
                      for what is public */
} wf_key_file_t;

/** Read one: its bytes in p without the line end of its last line, with a NUL behind
 *  them; relative to the current directory. NULL, or what is wrong with it ("it is
 *  shorter than 16 bytes"), which does not tell the path and quotes nothing. */
const char *wf_key_file_read(const char **bytes, apr_size_t *length, const char *path,
                             const wf_key_file_t *rules, apr_pool_t *p);

/* ---- passwords ------------------------------------------------------------------------------- */

/** bcrypt's cost for new hashes: 2^10 rounds, about 50 ms on the machines of 2026. */
#define WF_BCRYPT_COST 10
/** Bytes of a password: bcrypt looks at no more. */
#define WF_PASSWORD_MAX 72

/** A salted bcrypt hash, to be stored. WF_ERR_INVALID (field "password") for an empty
 *  password and for one longer than WF_PASSWORD_MAX, whose end would not count. */
apr_status_t wf_password_hash(const char **hash, const char *password, apr_pool_t *p,
                              wf_error_t *err);

/** 1 if the text has the form of a bcrypt hash, so that no clear password gets stored. */
int wf_password_is_hash(const char *text);

/** 1 if it is the password that the hash was made of; takes as long if it is not. */
int wf_password_right(const char *password, const char *hash);

/** Spend the time of a comparison: an unknown user must not answer faster than a known one,
 *  or names could be guessed. */
void wf_password_pretend(const char *password);

/* ---- API keys -------------------------------------------------------------------------------- */

#define WF_API_KEY_PREFIX "wfk_" /* so that scanners for leaked secrets know one */
#define WF_API_KEY_SIZE 48       /* with the NUL: prefix and 32 bytes in base64url */
#define WF_API_KEY_HASH_SIZE 65  /* with the NUL: SHA-256 in hex, lower case */

/** What a key may do; each includes the ones before it. */
typedef enum {
    WF_KEY_READ,    /* GET and HEAD */
    WF_KEY_OPERATE, /* what the level `user` may */
    WF_KEY_ADMIN,   /* everything */
    WF_KEY_RIGHTS
} wf_key_rights_e;

/** A new key. It is shown once and stored nowhere: its hash is. */
apr_status_t wf_api_key_make(char key[WF_API_KEY_SIZE], wf_error_t *err);

/** 1 if the text has the form of such a key. */
int wf_api_key_is(const char *text);

/** What is kept of a key, also of one that an administrator has made up. */
void wf_api_key_hash(char hash[WF_API_KEY_HASH_SIZE], const char *key);

/** 1 if two hashes are the same; takes as long if they are not. */
int wf_api_key_same(const char *hash, const char *other);

/** "read", "operate", "admin"; -1 for any other name. */
const char *wf_key_rights_name(wf_key_rights_e rights);
int wf_key_rights_parse(const char *name);

/* ---- log ------------------------------------------------------------------------------- */

/** Numbers as in syslog and httpd. */
typedef enum {
    WF_LOG_ERR = 3,
    WF_LOG_WARN = 4,
    WF_LOG_NOTICE = 5,
    WF_LOG_INFO = 6,
    WF_LOG_DEBUG = 7,
    WF_LOG_TRACE = 8
} wf_log_level_e;

typedef void wf_log_fn(void *baton, wf_log_level_e level, const char *text);

/** Where this process's lines go (stderr until set). Set once before threads start; the
 *  level may change at any time. fn must be safe in any thread. */
void wf_log_to(wf_log_fn *fn, void *baton);
void wf_log_set_level(wf_log_level_e level);
int wf_log_enabled(wf_log_level_e level);
void wf_log(wf_log_level_e level, const char *fmt, ...) WF_PRINTF(2, 3);

#endif
