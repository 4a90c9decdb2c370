/* document: YAML and JSON texts become one tree of nodes with positions, and tables say
 * what a map of it may contain. Every fault is told at once, with path, line and column.
 * Knows nothing of what the documents mean. */
#ifndef WF_DOCUMENT_H
#define WF_DOCUMENT_H

#include "core/core.h"

#include <stddef.h>

#define WF_DOC_MAX_BYTES (4 * 1024 * 1024)
#define WF_DOC_MAX_DEPTH 112 /* as JSON: blocks of steps take up to five levels each */
#define WF_DOC_MAX_NODES 200000 /* aliases count as often as they are used */

/* ---- documents: one tree for YAML and JSON (document.c) ---------------------------- */

typedef enum {
    WF_NODE_NULL,
    WF_NODE_BOOLEAN,
    WF_NODE_INTEGER,
    WF_NODE_NUMBER,
    WF_NODE_STRING,
    WF_NODE_LIST,
    WF_NODE_MAP,
    WF_NODE_TYPES
} wf_node_type_e;

typedef struct wf_node_t wf_node_t;
typedef struct wf_member_t wf_member_t;

/* A value of a document. An alias is the node it names: nodes are shared, never written.
 */
struct wf_node_t {
    wf_node_type_e type;
    int line, column;          /* from 1; 0 in JSON documents */
    int literal;               /* STRING: a block scalar (|), its lines are those below */
    apr_int64_t integer;       /* BOOLEAN, INTEGER */
    double number;             /* NUMBER */
    const char *text;          /* STRING; YAML: every scalar as written */
    wf_member_t *first, *last; /* LIST, MAP, in document order */
    int count;
    apr_int64_t weight; /* nodes below and with it, aliases expanded */
};

struct wf_member_t {
    const char *key; /* NULL in a list */
    int line, column;
    const wf_node_t *value;
    wf_member_t *next;
};

/** Parse the first document of a YAML 1.2 stream; NULL if there are errors. */
const wf_node_t *wf_node_from_yaml(const char *text, apr_size_t length,
                                   wf_problems_t *problems, apr_pool_t *p);
const wf_node_t *wf_node_from_json(json_object *json, wf_problems_t *problems,
                                   apr_pool_t *p);

/** A member of a map; NULL if it is missing or null. */
const wf_node_t *wf_node_get(const wf_node_t *map, const char *key);
/** A list with one value more; list may be NULL. Both go on being shared. */
const wf_node_t *wf_node_append(const wf_node_t *list, const wf_node_t *value,
                                apr_pool_t *p);
/** "text", "a list" …, for messages. */
const char *wf_node_type_name(wf_node_type_e type);
wf_value_t wf_node_value(const wf_node_t *node, apr_pool_t *p);
/** The text of a text, number or boolean; NULL for others. */
const char *wf_node_text(const wf_node_t *node, apr_pool_t *p);

/* ---- schemas: what a map may contain and where it goes (schema.c) ------------------ */

/* Where we are, kept on the stack: rendered only when there is a problem. */
typedef struct wf_where_t {
    const struct wf_where_t *up;
    const char *key; /* NULL: index counts */
    int index;
} wf_where_t;

/* One compilation. */
typedef struct wf_compile_t {
    void *made; /* what the document becomes: its reader's */
    wf_problems_t *problems;
    apr_pool_t *p;
    int open; /* unknown members are only warned of: inside config */
} wf_compile_t;

typedef enum {
    WF_FIELD_STRING,   /* const char * */
    WF_FIELD_INTEGER,  /* apr_int64_t, not negative */
    WF_FIELD_BOOLEAN,  /* int */
    WF_FIELD_DURATION, /* apr_int64_t nanoseconds, not negative */
    WF_FIELD_WORD,     /* int, index into words */
    WF_FIELD_NODE,     /* const wf_node_t *: anything */
    WF_FIELD_MAP,      /* const wf_node_t *: a map */
    WF_FIELD_LIST,     /* const wf_node_t *: a list */
    WF_FIELD_OBJECT,   /* a struct, by fields */
    WF_FIELD_LATER     /* part of the format, refused by this version */
} wf_field_type_e;

typedef struct wf_field_t {
    const char *name;
    wf_field_type_e type;
    apr_size_t offset; /* into the target; missing members leave it alone */
    int required;
    const char *const *words;        /* WORD: NULL terminated; LATER: the message */
    const struct wf_field_t *fields; /* OBJECT: closed by a row without name */
} wf_field_t;

/* Rows. */
#define WF_FIELD(name, type, s, m)                                                       \
    {                                                                                    \
        name, WF_FIELD_##type, offsetof(s, m), 0, NULL, NULL                             \
    }
#define WF_NEEDED(name, type, s, m)                                                      \
    {                                                                                    \
        name, WF_FIELD_##type, offsetof(s, m), 1, NULL, NULL                             \
    }
#define WF_ONE_OF(name, words, s, m)                                                     \
    {                                                                                    \
        name, WF_FIELD_WORD, offsetof(s, m), 0, words, NULL                              \
    }
#define WF_MADE_OF(name, fields, s, m)                                                   \
    {                                                                                    \
        name, WF_FIELD_OBJECT, offsetof(s, m), 0, NULL, fields                           \
    }
#define WF_LATER(name, text)                                                             \
    {                                                                                    \
        name, WF_FIELD_LATER, 0, 0, (const char *const[]){ text, NULL }, NULL            \
    }
#define WF_FIELDS_END                                                                    \
    {                                                                                    \
        NULL, WF_FIELD_NODE, 0, 0, NULL, NULL                                            \
    }

/** Check a map against its fields and store what is right into target. Unknown members,
 *  wrong types, missing required members are problems. */
void wf_schema_bind(const wf_field_t *fields, const wf_node_t *node, void *target,
                    const wf_where_t *path, wf_compile_t *c);

/** The same for a duration alone, where a member may be something else, too: *ns stays as it
 *  is if the node is none. */
void wf_schema_duration(const wf_node_t *node, apr_int64_t *ns, const wf_where_t *path,
                        wf_compile_t *c);

/** Report a problem at a node (or without position: node NULL). */
void wf_compile_problem(wf_compile_t *c, const char *rule, const wf_node_t *node,
                        const wf_where_t *path, const char *fmt, ...) WF_PRINTF(5, 6);
const char *wf_where_text(const wf_where_t *path, apr_pool_t *p);

#endif
