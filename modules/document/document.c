/* YAML and JSON documents become one tree of nodes. YAML is read event by event, so that
 * depth, number of nodes and aliases are bounded while they arrive; an alias shares the
 * node of its anchor, and the weight of a node counts it as often as it would be copied
 * (a "billion laughs" document is refused by its weight, it never gets big). */
#include "document/document.h"
#include "script/script.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct reader_t {
    yaml_parser_t yaml;
    wf_problems_t *problems;
    apr_pool_t *p;
    apr_hash_t *anchors; /* name → wf_node_t *, of finished nodes */
    apr_int64_t nodes;
    int failed; /* a problem was reported: stop reading */
} reader_t;

/* ---- nodes ------------------------------------------------------------------------- */

static const char *const type_names[WF_NODE_TYPES] = {
    [WF_NODE_NULL] = "nothing",     [WF_NODE_BOOLEAN] = "true or false",
    [WF_NODE_INTEGER] = "a number", [WF_NODE_NUMBER] = "a number with fraction",
    [WF_NODE_STRING] = "text",      [WF_NODE_LIST] = "a list",
    [WF_NODE_MAP] = "a map",
};

const char *wf_node_type_name(wf_node_type_e type)
{
    return type_names[type];
}

static wf_node_t *node_create(wf_node_type_e type, int line, int column, apr_pool_t *p)
{
    wf_node_t *node = apr_pcalloc(p, sizeof(*node));

    node->type = type;
    node->line = line;
    node->column = column;
    node->weight = 1;
    return node;
}

static wf_member_t *find(const wf_node_t *map, const char *key)
{
    wf_member_t *m;

    for (m = map->first; m != NULL; m = m->next) {
        if (m->key != NULL && strcmp(m->key, key) == 0) {
            return m;
        }
    }
    return NULL;
}

static void append(wf_node_t *parent, const char *key, int line, int column,
                   const wf_node_t *value, apr_pool_t *p)
{
    wf_member_t *m = apr_pcalloc(p, sizeof(*m));

    m->key = key;
    m->line = line;
    m->column = column;
    m->value = value;
    if (parent->last != NULL) {
        parent->last->next = m;
    }
    else {
        parent->first = m;
    }
    parent->last = m;
    parent->count++;
    parent->weight += value->weight;
}

const wf_node_t *wf_node_get(const wf_node_t *map, const char *key)
{
    wf_member_t *m = map != NULL && map->type == WF_NODE_MAP ? find(map, key) : NULL;

    return m != NULL && m->value->type != WF_NODE_NULL ? m->value : NULL;
}

const wf_node_t *wf_node_append(const wf_node_t *list, const wf_node_t *value,
                                apr_pool_t *p)
{
    wf_node_t *longer =
        node_create(WF_NODE_LIST, list ? list->line : 0, list ? list->column : 0, p);
    const wf_member_t *m;

    for (m = list ? list->first : NULL; m != NULL; m = m->next) {
        append(longer, NULL, m->line, m->column, m->value, p);
    }
    append(longer, NULL, 0, 0, value, p);
    return longer;
}

wf_value_t wf_node_value(const wf_node_t *node, apr_pool_t *p)
{
    const wf_member_t *m;
    wf_list_t *list;
    wf_map_t *map;

    switch (node->type) {
    case WF_NODE_BOOLEAN:
        return wf_boolean((int)node->integer);
    case WF_NODE_INTEGER:
        return wf_integer(node->integer);
    case WF_NODE_NUMBER:
        return wf_double(node->number);
    case WF_NODE_STRING:
        return wf_string(node->text);
    case WF_NODE_LIST:
        list = wf_list_create(p);
        for (m = node->first; m != NULL; m = m->next) {
            wf_list_push(list, wf_node_value(m->value, p));
        }
        return wf_list(list);
    case WF_NODE_MAP:
        map = wf_map_create(p);
        for (m = node->first; m != NULL; m = m->next) {
            wf_map_set(map, m->key, wf_node_value(m->value, p));
        }
        return wf_map(map);
    default:
        return wf_null();
    }
}

const char *wf_node_text(const wf_node_t *node, apr_pool_t *p)
{
    wf_value_t value;

    switch (node->type) {
    case WF_NODE_STRING:
        return node->text;
    case WF_NODE_BOOLEAN:
    case WF_NODE_INTEGER:
    case WF_NODE_NUMBER:
        value = wf_node_value(node, p);
        return wf_value_print(&value, WF_LOAD, p);
    default:
        return NULL;
    }
}

/* ---- YAML scalars: the core schema of YAML 1.2, section 10.3 ----------------------- */

static int one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

static int resolve_integer(wf_node_t *node)
{
    const char *text = node->text;
    const char *digits = text + (*text == '-' || *text == '+');
    int base = 10;
    char *end;

    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o') && digits == text) {
        base = digits[1] == 'x' ? 16 : 8;
        digits += 2;
    }
    if (!apr_isxdigit(*digits)) {
        return 0;
    }
    errno = 0;
    node->integer = strtoll(base == 10 ? text : digits, &end, base);
    if (*end != '\0' || errno != 0) {
        return 0;
    }
    node->type = WF_NODE_INTEGER;
    return 1;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?  */
static int looks_like_number(const char *s)
{
    size_t whole, fraction = 0;

    s += *s == '-' || *s == '+';
    whole = strspn(s, "0123456789");
    s += whole;
    if (*s == '.') {
        fraction = strspn(++s, "0123456789");
        s += fraction;
    }
    if (whole + fraction == 0) {
        return 0;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        if (!apr_isdigit(*s)) {
            return 0;
        }
        s += strspn(s, "0123456789");
    }
    return *s == '\0';
}

static void resolve_plain(wf_node_t *node)
{
    static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
    static const char *const trues[] = { "true", "True", "TRUE", NULL };
    static const char *const falses[] = { "false", "False", "FALSE", NULL };

    if (one_of(node->text, nulls)) {
        node->type = WF_NODE_NULL;
    }
    else if (one_of(node->text, trues) || one_of(node->text, falses)) {
        node->type = WF_NODE_BOOLEAN;
        node->integer = one_of(node->text, trues);
    }
    else if (!resolve_integer(node) && looks_like_number(node->text)) {
        node->number = strtod(node->text, NULL);
        node->type = isfinite(node->number) ? WF_NODE_NUMBER : WF_NODE_STRING;
    }
}

/* ---- YAML events ------------------------------------------------------------------- */

static void refuse(reader_t *r, const char *rule, const yaml_mark_t *at, const char *text)
{
    wf_problem_add(r->problems, rule, NULL, (int)at->line + 1, (int)at->column + 1, "%s",
                   text);
    r->failed = 1;
}

static int next_event(reader_t *r, yaml_event_t *event)
{
    const char *text;

    if (yaml_parser_parse(&r->yaml, event)) {
        return 1;
    }
    text = r->yaml.problem ? r->yaml.problem : "out of memory";
    if (r->yaml.context != NULL) {
        text = apr_psprintf(r->p, "%s %s", text, r->yaml.context);
    }
    refuse(r, "syntax",
           r->yaml.error == YAML_READER_ERROR ? &r->yaml.mark : &r->yaml.problem_mark,
           text);
    return 0;
}

static wf_node_t *read_node(reader_t *r, yaml_event_t *event, int depth);

static void count_node(reader_t *r, const wf_node_t *node, const yaml_mark_t *at)
{
    r->nodes += node->weight;
    if (r->nodes > WF_DOC_MAX_NODES && !r->failed) {
        refuse(r, "limit", at,
               apr_psprintf(r->p, "more than %d values, aliases counted at every use",
                            WF_DOC_MAX_NODES));
    }
}

static void remember(reader_t *r, const yaml_char_t *anchor, wf_node_t *node)
{
    if (anchor != NULL) {
        apr_hash_set(r->anchors, apr_pstrdup(r->p, (const char *)anchor),
                     APR_HASH_KEY_STRING, node);
    }
}

static int tag_is(const yaml_char_t *tag, const char *name)
{
    return tag != NULL && strcmp((const char *)tag, name) == 0;
}

static wf_node_t *read_scalar(reader_t *r, const yaml_event_t *event)
{
    const yaml_char_t *tag = event->data.scalar.tag;
    const char *data = (const char *)event->data.scalar.value;
    apr_size_t length = event->data.scalar.length;
    wf_node_t *node = node_create(WF_NODE_STRING, (int)event->start_mark.line + 1,
                                  (int)event->start_mark.column + 1, r->p);

    if (memchr(data, '\0', length) != NULL) {
        refuse(r, "syntax", &event->start_mark, "text with a NUL character");
        return NULL;
    }
    node->text = apr_pstrmemdup(r->p, data, length);
    node->literal = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
    if (tag == NULL || tag_is(tag, "!")) {
        if (event->data.scalar.plain_implicit) {
            resolve_plain(node);
        }
    }
    else if (!tag_is(tag, YAML_STR_TAG)) {
        resolve_plain(node);
        if (!(tag_is(tag, YAML_INT_TAG) && node->type == WF_NODE_INTEGER)
            && !(tag_is(tag, YAML_FLOAT_TAG) && node->type == WF_NODE_NUMBER)
            && !(tag_is(tag, YAML_BOOL_TAG) && node->type == WF_NODE_BOOLEAN)
            && !(tag_is(tag, YAML_NULL_TAG) && node->type == WF_NODE_NULL)) {
            refuse(
                r, "tag", &event->start_mark,
                apr_psprintf(r->p, "tag %.60s is not supported here", (const char *)tag));
            return NULL;
        }
    }
    remember(r, event->data.scalar.anchor, node);
    return node;
}

static wf_node_t *read_alias(reader_t *r, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    wf_node_t *node = apr_hash_get(r->anchors, name, APR_HASH_KEY_STRING);

    if (node == NULL) {
        refuse(r, "alias", &event->start_mark,
               apr_psprintf(r->p, "alias *%.60s names no finished anchor", name));
        return NULL;
    }
    return node;
}

static wf_node_t *read_list(reader_t *r, const yaml_event_t *start, int depth)
{
    wf_node_t *list = node_create(WF_NODE_LIST, (int)start->start_mark.line + 1,
                                  (int)start->start_mark.column + 1, r->p);
    yaml_event_t event;

    while (next_event(r, &event)) {
        int end = event.type == YAML_SEQUENCE_END_EVENT;
        wf_node_t *item = end ? NULL : read_node(r, &event, depth);

        if (item != NULL) {
            append(list, NULL, item->line, item->column, item, r->p);
        }
        yaml_event_delete(&event);
        if (end) {
            remember(r, start->data.sequence_start.anchor, list);
            return list;
        }
        if (item == NULL) {
            return NULL;
        }
    }
    return NULL;
}

/* The merge key: members that the map does not have itself. */
static void merge(reader_t *r, wf_node_t *map, apr_hash_t *keys, const wf_node_t *from,
                  const yaml_mark_t *at)
{
    const wf_member_t *m;

    if (from->type == WF_NODE_LIST) {
        for (m = from->first; m != NULL && !r->failed; m = m->next) {
            if (m->value->type == WF_NODE_LIST) {
                refuse(r, "syntax", at, "<< needs a map or a list of maps");
                return;
            }
            merge(r, map, keys, m->value, at);
        }
        return;
    }
    if (from->type != WF_NODE_MAP) {
        refuse(r, "syntax", at, "<< needs a map or a list of maps");
        return;
    }
    for (m = from->first; m != NULL; m = m->next) {
        if (apr_hash_get(keys, m->key, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(keys, m->key, APR_HASH_KEY_STRING, m->value);
            append(map, m->key, m->line, m->column, m->value, r->p);
        }
    }
}

/* A key and its value; *merged keeps the value of << until the map's own members are
 * known. */
static int read_member(reader_t *r, wf_node_t *map, apr_hash_t *keys, yaml_event_t *key,
                       const wf_node_t **merged, int depth)
{
    yaml_event_t event;
    const char *name;
    wf_node_t *value;

    if (key->type != YAML_SCALAR_EVENT
        || memchr(key->data.scalar.value, '\0', key->data.scalar.length) != NULL) {
        refuse(r, "syntax", &key->start_mark, "a key must be plain text");
        return 0;
    }
    name = apr_pstrmemdup(r->p, (const char *)key->data.scalar.value,
                          key->data.scalar.length);
    if (!next_event(r, &event)) {
        return 0;
    }
    value = read_node(r, &event, depth);
    yaml_event_delete(&event);
    if (value == NULL) {
        return 0;
    }
    if (strcmp(name, "<<") == 0 && key->data.scalar.plain_implicit) {
        *merged = value;
        return 1;
    }
    if (apr_hash_get(keys, name, APR_HASH_KEY_STRING) != NULL) {
        /* The reader can go on with the first one, and tell what else is wrong. */
        wf_problem_add(r->problems, "duplicate", NULL, (int)key->start_mark.line + 1,
                       (int)key->start_mark.column + 1, "%.100s is given twice", name);
        return 1;
    }
    apr_hash_set(keys, name, APR_HASH_KEY_STRING, value);
    append(map, name, (int)key->start_mark.line + 1, (int)key->start_mark.column + 1,
           value, r->p);
    return 1;
}

static wf_node_t *read_map(reader_t *r, const yaml_event_t *start, int depth)
{
    wf_node_t *map = node_create(WF_NODE_MAP, (int)start->start_mark.line + 1,
                                 (int)start->start_mark.column + 1, r->p);
    apr_hash_t *keys = apr_hash_make(r->p);
    const wf_node_t *merged = NULL;
    yaml_event_t key;

    while (next_event(r, &key)) {
        int end = key.type == YAML_MAPPING_END_EVENT;
        int good = end || read_member(r, map, keys, &key, &merged, depth);

        yaml_event_delete(&key);
        if (!good) {
            return NULL;
        }
        if (end) {
            if (merged != NULL) {
                merge(r, map, keys, merged, &start->start_mark);
            }
            remember(r, start->data.mapping_start.anchor, map);
            return map;
        }
    }
    return NULL;
}

static wf_node_t *read_node(reader_t *r, yaml_event_t *event, int depth)
{
    wf_node_t *node = NULL;

    if (depth >= WF_DOC_MAX_DEPTH) {
        refuse(r, "limit", &event->start_mark,
               apr_psprintf(r->p, "nested deeper than %d levels", WF_DOC_MAX_DEPTH));
        return NULL;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        node = read_scalar(r, event);
        break;
    case YAML_ALIAS_EVENT:
        node = read_alias(r, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        node = read_list(r, event, depth + 1);
        break;
    case YAML_MAPPING_START_EVENT:
        node = read_map(r, event, depth + 1);
        break;
    default:
        refuse(r, "syntax", &event->start_mark, "unexpected end of the document");
        break;
    }
    if (node != NULL
        && (event->type == YAML_SCALAR_EVENT || event->type == YAML_ALIAS_EVENT)) {
        count_node(r, node, &event->start_mark);
    }
    return r->failed ? NULL : node;
}

/* Stream start, document start, then the root. */
static wf_node_t *read_document(reader_t *r)
{
    yaml_event_t event;
    wf_node_t *root = NULL;

    while (root == NULL && !r->failed && next_event(r, &event)) {
        switch (event.type) {
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_START_EVENT:
            break;
        case YAML_STREAM_END_EVENT:
            refuse(r, "syntax", &event.start_mark, "the document is empty");
            break;
        default:
            root = read_node(r, &event, 0);
            break;
        }
        yaml_event_delete(&event);
    }
    return root;
}

/* Reads on to what follows the first document, the end or another document: a brace too
 * many or a text behind the document is a fault that only then shows. */
static void read_rest(reader_t *r)
{
    yaml_event_t event;
    int end = 0;

    while (!end && next_event(r, &event)) {
        end = event.type == YAML_DOCUMENT_START_EVENT
              || event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

const wf_node_t *wf_node_from_yaml(const char *text, apr_size_t length,
                                   wf_problems_t *problems, apr_pool_t *p)
{
    reader_t r = { .problems = problems, .p = p, .anchors = apr_hash_make(p) };
    wf_node_t *root;

    if (length > WF_DOC_MAX_BYTES) {
        wf_problem_add(problems, "limit", NULL, 0, 0, "the document exceeds %d bytes",
                       WF_DOC_MAX_BYTES);
        return NULL;
    }
    if (!yaml_parser_initialize(&r.yaml)) {
        wf_problem_add(problems, "internal", NULL, 0, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, length);
    root = read_document(&r);
    if (root != NULL) {
        read_rest(&r);
    }
    yaml_parser_delete(&r.yaml);
    return r.failed ? NULL : root;
}

/* ---- JSON -------------------------------------------------------------------------- */

static wf_node_t *from_json(json_object *json, int depth, apr_int64_t *nodes,
                            wf_problems_t *problems, apr_pool_t *p);

static int json_too_much(int depth, apr_int64_t *nodes, wf_problems_t *problems)
{
    if (depth >= WF_DOC_MAX_DEPTH || ++*nodes > WF_DOC_MAX_NODES) {
        wf_problem_add(problems, "limit", NULL, 0, 0,
                       "nested deeper than %d levels or more than %d values",
                       WF_DOC_MAX_DEPTH, WF_DOC_MAX_NODES);
        return 1;
    }
    return 0;
}

static wf_node_t *json_members(json_object *json, int depth, apr_int64_t *nodes,
                               wf_problems_t *problems, apr_pool_t *p)
{
    wf_node_t *map = node_create(WF_NODE_MAP, 0, 0, p);

    json_object_object_foreach(json, key, member)
    {
        wf_node_t *value = from_json(member, depth + 1, nodes, problems, p);

        if (value == NULL) {
            return NULL;
        }
        append(map, apr_pstrdup(p, key), 0, 0, value, p);
    }
    return map;
}

static wf_node_t *json_items(json_object *json, int depth, apr_int64_t *nodes,
                             wf_problems_t *problems, apr_pool_t *p)
{
    wf_node_t *list = node_create(WF_NODE_LIST, 0, 0, p);
    size_t i, n = json_object_array_length(json);

    for (i = 0; i < n; i++) {
        wf_node_t *value =
            from_json(json_object_array_get_idx(json, i), depth + 1, nodes, problems, p);

        if (value == NULL) {
            return NULL;
        }
        append(list, NULL, 0, 0, value, p);
    }
    return list;
}

static wf_node_t *json_text(json_object *json, wf_problems_t *problems, apr_pool_t *p)
{
    wf_node_t *node = node_create(WF_NODE_STRING, 0, 0, p);
    int length = json_object_get_string_len(json);

    node->text = apr_pstrmemdup(p, json_object_get_string(json), length);
    if (strlen(node->text) != (size_t)length) {
        wf_problem_add(problems, "syntax", NULL, 0, 0, "text with a NUL character");
        return NULL;
    }
    return node;
}

static wf_node_t *from_json(json_object *json, int depth, apr_int64_t *nodes,
                            wf_problems_t *problems, apr_pool_t *p)
{
    wf_node_t *node;

    if (json_too_much(depth, nodes, problems)) {
        return NULL;
    }
    switch (json_object_get_type(json)) {
    case json_type_boolean:
        node = node_create(WF_NODE_BOOLEAN, 0, 0, p);
        node->integer = json_object_get_boolean(json) != 0;
        return node;
    case json_type_int:
        node = node_create(WF_NODE_INTEGER, 0, 0, p);
        node->integer = json_object_get_int64(json);
        return node;
    case json_type_double:
        node = node_create(WF_NODE_NUMBER, 0, 0, p);
        node->number = json_object_get_double(json);
        return node;
    case json_type_string:
        return json_text(json, problems, p);
    case json_type_array:
        return json_items(json, depth, nodes, problems, p);
    case json_type_object:
        return json_members(json, depth, nodes, problems, p);
    default:
        return node_create(WF_NODE_NULL, 0, 0, p);
    }
}

const wf_node_t *wf_node_from_json(json_object *json, wf_problems_t *problems,
                                   apr_pool_t *p)
{
    apr_int64_t nodes = 0;

    return from_json(json, 0, &nodes, problems, p);
}
