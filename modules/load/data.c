/* The data section: sources of rows, and which row a virtual user gets next. */
#include "load/data.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- what the document says ---------------------------------------------------------- */

typedef struct draft_t {
    const char *file, *csv, *json, *delimiter;
    const wf_node_t *rows, *columns, *scenarios;
    int format, mode, per, share, end;
} draft_t;

/* Ways to go through the rows, in the peers' words. */
typedef struct wf_data_mode_t {
    wf_data_order_e order;
    wf_data_end_e end; /* unless the document says */
    int once;          /* no row twice */
} wf_data_mode_t;

static const char *const mode_words[] = { "sequential", "circular", "queue", "unique",
                                          "shuffle",    "random",   NULL };

static const wf_data_mode_t modes[] = {
    { WF_DATA_SEQUENTIAL, WF_DATA_RECYCLE, 0 }, /* JMeter's CSV Data Set */
    { WF_DATA_SEQUENTIAL, WF_DATA_RECYCLE, 0 }, /* Gatling's circular */
    { WF_DATA_SEQUENTIAL, WF_DATA_FAIL, 0 },    /* Gatling's queue */
    { WF_DATA_SEQUENTIAL, WF_DATA_STOP, 1 },    { WF_DATA_SHUFFLED, WF_DATA_RECYCLE, 0 },
    { WF_DATA_RANDOM, WF_DATA_RECYCLE, 0 },
};

static const char *const format_words[] = { "csv", "json", NULL };
static const char *const per_words[] = { "iteration", "vu", NULL };
static const char *const share_words[] = { "all", "vu", NULL };
static const char *const end_words[] = {
    [WF_DATA_RECYCLE] = "recycle", [WF_DATA_STOP] = "stop", [WF_DATA_FAIL] = "fail", NULL
};

/* clang-format off */
static const wf_field_t fields[] = {
    WF_FIELD("file", STRING, draft_t, file),
    WF_FIELD("csv", STRING, draft_t, csv),
    WF_FIELD("json", STRING, draft_t, json),
    WF_FIELD("rows", LIST, draft_t, rows),
    WF_ONE_OF("format", format_words, draft_t, format),
    WF_FIELD("columns", LIST, draft_t, columns),
    WF_FIELD("delimiter", STRING, draft_t, delimiter),
    WF_ONE_OF("mode", mode_words, draft_t, mode),
    WF_ONE_OF("per", per_words, draft_t, per),
    WF_ONE_OF("share", share_words, draft_t, share),
    WF_ONE_OF("on_end", end_words, draft_t, end),
    WF_FIELD("scenarios", LIST, draft_t, scenarios),
    WF_FIELDS_END
};
/* clang-format on */

/* Where in the document we are. */
typedef struct place_t {
    const wf_node_t *node; /* of the source */
    const wf_where_t *path;
    wf_compile_t *c;
    const char *directory;
} place_t;

static void wrong(const place_t *at, const char *member, const char *rule,
                  const char *text)
{
    wf_where_t path = { .up = at->path, .key = member };
    const wf_node_t *node =
        at->node->type == WF_NODE_MAP ? wf_node_get(at->node, member) : at->node;

    wf_compile_problem(at->c, rule, node ? node : at->node, &path, "%s", text);
}

/* ---- the rows ------------------------------------------------------------------------ */

static int read_delimiter(const draft_t *draft, const place_t *at, char *delimiter)
{
    const char *text = draft->delimiter;

    *delimiter = ',';
    if (text == NULL) {
        return 1;
    }
    if (strcmp(text, "\\t") == 0 || strcmp(text, "tab") == 0) {
        text = "\t";
    }
    if (strlen(text) != 1 || strchr("\"\r\n", *text) || (*text & 0x80)) {
        wrong(at, "delimiter", "value",
              "must be one character, such as \",\", \";\" or \"tab\"");
        return 0;
    }
    *delimiter = *text;
    return 1;
}

static int read_columns(const draft_t *draft, const place_t *at, wf_csv_t *csv)
{
    const char **names;
    const wf_member_t *m;

    if (draft->columns == NULL) {
        return 1;
    }
    names = apr_pcalloc(at->c->p, (draft->columns->count + 1) * sizeof(*names));
    for (m = draft->columns->first; m != NULL; m = m->next) {
        if (m->value->type != WF_NODE_STRING) {
            wrong(at, "columns", "type", "must be a list of texts");
            return 0;
        }
        names[csv->ncolumns++] = m->value->text;
    }
    csv->columns = names;
    return 1;
}

static wf_table_t *read_csv(const draft_t *draft, const place_t *at, const char *member,
                            char *text, apr_size_t length)
{
    wf_where_t path = { .up = at->path, .key = member };
    wf_csv_t csv = { .delimiter = ',' };

    return read_delimiter(draft, at, &csv.delimiter) && read_columns(draft, at, &csv)
               ? wf_table_from_csv(text, length, &csv, &path, at->c)
               : NULL;
}

static wf_table_t *read_json(const place_t *at, const char *member, const char *text,
                             apr_size_t length)
{
    wf_where_t path = { .up = at->path, .key = member };
    wf_table_t *table = NULL;
    json_object *json;
    apr_pool_t *scratch;
    wf_value_t rows;
    wf_error_t err;

    apr_pool_create(&scratch, at->c->p);
    apr_pool_tag(scratch, "wf_data_json");
    wf_error_init(&err, scratch);
    if (wf_json_parse(&json, text, length, scratch, &err) == APR_SUCCESS) {
        rows = wf_value_from_json(json, at->c->p);
        table = wf_table_from_value(&rows, &path, at->c);
    }
    else {
        wrong(at, member, "json", err.message);
    }
    apr_pool_destroy(scratch);
    return table;
}

static int is_json_file(const draft_t *draft)
{
    const char *ending = strrchr(draft->file, '.');

    return draft->format >= 0 ? draft->format == 1
                              : ending != NULL && strcasecmp(ending, ".json") == 0;
}

static wf_table_t *read_file(const draft_t *draft, const place_t *at)
{
    apr_size_t length;
    wf_error_t err;
    char *text;

    if (at->directory == NULL) {
        wrong(at, "file", "file",
              "files are not allowed here: no directory for them is configured "
              "(WorkflowDataDir); use csv, json or rows");
        return NULL;
    }
    wf_error_init(&err, at->c->p);
    if (wf_file_load_below(&text, &length, at->directory, draft->file, WF_DATA_MAX_BYTES,
                           at->c->p, &err)
        != APR_SUCCESS) {
        wrong(at, "file", "file", err.message);
        return NULL;
    }
    return is_json_file(draft) ? read_json(at, "file", text, length)
                               : read_csv(draft, at, "file", text, length);
}

static wf_table_t *read_table(const draft_t *draft, const place_t *at)
{
    wf_where_t path = { .up = at->path, .key = "rows" };
    wf_value_t rows;

    if (draft->file != NULL) {
        return read_file(draft, at);
    }
    if (draft->csv != NULL) {
        return read_csv(draft, at, "csv", apr_pstrdup(at->c->p, draft->csv),
                        strlen(draft->csv));
    }
    if (draft->json != NULL) {
        return read_json(at, "json", draft->json, strlen(draft->json));
    }
    rows = wf_node_value(draft->rows, at->c->p);
    return wf_table_from_value(&rows, &path, at->c);
}

/* ---- sources ------------------------------------------------------------------------- */

static int is_name(const char *s)
{
    if (!apr_isalpha(*s) && *s != '_') {
        return 0;
    }
    for (; *s; s++) {
        if (!apr_isalnum(*s) && *s != '_' && *s != '-') {
            return 0;
        }
    }
    return 1;
}

static int check_name(const char *name, const place_t *at)
{
    static const char *const taken[] = { "response", "loop", "env", "var", NULL };
    int i;

    if (!is_name(name) || strncmp(name, "__", 2) == 0) {
        wf_compile_problem(at->c, "value", at->node, at->path,
                           "a source's name is a letter, then letters, digits, _ and -");
        return 0;
    }
    for (i = 0; taken[i] != NULL; i++) {
        if (strcmp(taken[i], name) == 0) {
            wf_compile_problem(at->c, "value", at->node, at->path,
                               "the name has a meaning of its own, choose another");
            return 0;
        }
    }
    return 1;
}

/* What contradicts itself. */
static int check_use(const draft_t *draft, const place_t *at)
{
    const wf_data_mode_t *mode = &modes[draft->mode];
    int given = (draft->file != NULL) + (draft->csv != NULL) + (draft->json != NULL)
                + (draft->rows != NULL);

    if (given != 1) {
        wf_compile_problem(at->c, "required", at->node, at->path,
                           "needs one of file, csv, json and rows");
        return 0;
    }
    if (mode->order == WF_DATA_RANDOM && draft->end >= 0) {
        wrong(at, "on_end", "value", "rows picked at random have no end");
        return 0;
    }
    if (mode->once && draft->end == WF_DATA_RECYCLE) {
        wrong(at, "on_end", "value", "unique rows are not used again: stop or fail");
        return 0;
    }
    if (mode->once && draft->share == 1) {
        wrong(at, "share", "value",
              "rows are unique over all users, not each on its own");
        return 0;
    }
    return 1;
}

static int names_only(const wf_node_t *list)
{
    const wf_member_t *m;

    for (m = list ? list->first : NULL; m != NULL; m = m->next) {
        if (m->value->type != WF_NODE_STRING) {
            return 0;
        }
    }
    return 1;
}

static void compile_source(wf_data_t *source, const char *name, const place_t *at)
{
    draft_t draft = { .format = -1, .end = -1 };
    int before = at->c->problems->errors;

    source->name = name;
    source->node = at->node;
    if (at->node->type == WF_NODE_STRING) {
        draft.file = at->node->text; /* users: users.csv */
    }
    else if (at->node->type == WF_NODE_LIST) {
        draft.rows = at->node;
    }
    else {
        wf_schema_bind(fields, at->node, &draft, at->path, at->c);
    }
    if (!names_only(draft.scenarios)) {
        wrong(at, "scenarios", "type", "must be a list of names");
    }
    if (!check_name(name, at) || at->c->problems->errors > before
        || !check_use(&draft, at)) {
        return;
    }
    source->order = modes[draft.mode].order;
    source->end = draft.end >= 0 ? (wf_data_end_e)draft.end : modes[draft.mode].end;
    source->per_vu = draft.per == 1;
    source->own_cursor = draft.share == 1;
    source->scenarios = draft.scenarios;
    source->table = read_table(&draft, at);
}

void wf_data_compile(wf_data_set_t *set, const wf_node_t *section, const char *directory,
                     const wf_where_t *path, wf_compile_t *c)
{
    const wf_member_t *m;

    if (section->count > WF_DATA_MAX_SOURCES) {
        wf_compile_problem(c, "limit", section, path, "more than %d sources",
                           WF_DATA_MAX_SOURCES);
        return;
    }
    set->sources = apr_pcalloc(c->p, (section->count + 1) * sizeof(*set->sources));
    for (m = section->first; m != NULL; m = m->next) {
        wf_where_t below = { .up = path, .key = m->key };
        place_t at = { .node = m->value, .path = &below, .c = c, .directory = directory };

        compile_source(&set->sources[set->count++], m->key, &at);
    }
}

/* ---- which row ----------------------------------------------------------------------- */

/* A good mixture of 64 bits (splitmix64). */
static apr_uint64_t mix(apr_uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* The i-th of 0 … n-1 in an order that the key decides: a Feistel network over the next
 * power of four, walked until it stays below n. Nothing is stored, so the order is the
 * same on all loops and after a restart. */
static apr_int64_t shuffled(apr_int64_t i, apr_int64_t n, apr_uint64_t key)
{
    apr_uint64_t x = (apr_uint64_t)i, mask, left, right, old;
    int half = 1, round;

    while ((apr_uint64_t)1 << (2 * half) < (apr_uint64_t)n) {
        half++;
    }
    mask = ((apr_uint64_t)1 << half) - 1;
    do {
        left = x >> half;
        right = x & mask;
        for (round = 0; round < 4; round++) {
            old = right;
            right = left ^ (mix(right ^ key ^ ((apr_uint64_t)round << 56)) & mask);
            left = old;
        }
        x = left << half | right;
    } while (x >= (apr_uint64_t)n);
    return (apr_int64_t)x;
}

static int takes_part(const wf_data_t *source, const char *scenario)
{
    const wf_member_t *m;

    for (m = source->scenarios ? source->scenarios->first : NULL; m; m = m->next) {
        if (strcmp(m->value->text, scenario) == 0) {
            return 1;
        }
    }
    return source->scenarios == NULL;
}

/* 0: there are no rows left. */
static int take(const wf_data_t *source, const wf_segment_t *part, apr_int64_t *cursor,
                wf_data_hold_t *hold, apr_uint64_t seed, unsigned short random[3])
{
    apr_int64_t n = source->table->nrows, position;

    if (source->order == WF_DATA_RANDOM) {
        hold->row = (apr_int64_t)(erand48(random) * (double)n);
        return 1;
    }
    position =
        source->own_cursor
            ? hold->taken++
            : wf_segment_nth(part, __atomic_fetch_add(cursor, 1, __ATOMIC_RELAXED));
    if (position >= n && source->end != WF_DATA_RECYCLE) {
        return 0;
    }
    hold->row = position % n;
    if (source->order == WF_DATA_SHUFFLED) {
        hold->row = shuffled(hold->row, n, mix(seed) + (apr_uint64_t)(position / n));
    }
    return 1;
}

const wf_data_t *wf_data_take(const wf_data_set_t *set, const wf_segment_t *part,
                              apr_int64_t *cursors, wf_data_hold_t *holds,
                              const char *scenario, apr_uint64_t seed,
                              unsigned short random[3])
{
    int i;

    for (i = 0; i < set->count; i++) {
        const wf_data_t *source = &set->sources[i];

        if ((source->per_vu && holds[i].row >= 0) || !takes_part(source, scenario)) {
            continue;
        }
        if (!take(source, part, &cursors[i], &holds[i], seed + (apr_uint64_t)i, random)) {
            return source;
        }
    }
    return NULL;
}

/* ---- names --------------------------------------------------------------------------- */

int wf_data_lookup(const wf_data_set_t *set, const wf_data_hold_t *holds,
                   const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_value_t *cell;
    int i;

    for (i = 0; i < set->count; i++) {
        const wf_data_t *source = &set->sources[i];
        apr_size_t n = strlen(source->name);

        if (strncmp(source->name, name, n) != 0 || (name[n] != '.' && name[n] != '\0')
            || holds[i].row < 0) {
            continue;
        }
        if (name[n] == '\0') {
            *value = wf_table_row(source->table, holds[i].row, p);
            return 1;
        }
        cell = wf_table_cell(source->table, holds[i].row, name + n + 1);
        if (cell != NULL) {
            *value = *cell;
        }
        return cell != NULL;
    }
    return 0;
}

/* ---- checkpoints --------------------------------------------------------------------- */

json_object *wf_data_positions(const wf_data_set_t *set, const apr_int64_t *cursors)
{
    json_object *positions = json_object_new_object();
    int i;

    for (i = 0; i < set->count; i++) {
        wf_json_add_int(positions, set->sources[i].name,
                        __atomic_load_n(&cursors[i], __ATOMIC_RELAXED));
    }
    return positions;
}

int wf_data_restore(const wf_data_set_t *set, apr_int64_t *cursors,
                    json_object *positions)
{
    int i;

    for (i = 0; i < set->count; i++) {
        apr_int64_t at = wf_json_int(positions, set->sources[i].name, -1);

        if (at < 0 || at > WF_DATA_TAKES) {
            return 0;
        }
        __atomic_store_n(&cursors[i], at, __ATOMIC_RELAXED);
    }
    return 1;
}
