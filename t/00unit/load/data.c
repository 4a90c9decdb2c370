/* Data: CSV and JSON rows, faults by line, and who gets which row. */
#include "load/data.h"
#include "../tap.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static apr_pool_t *pool;

/* ---- CSV ------------------------------------------------------------------------------ */

/* want: rows as JSON, or "! " and all messages. */
static const struct {
    const char *what, *text;
    char delimiter;
    const char *want;
} csv_cases[] = {
    /* clang-format off */
    { "plain", "a,b\n1,2\n3,4\n", ',', "[{\"a\":\"1\",\"b\":\"2\"},{\"a\":\"3\",\"b\":\"4\"}]" },
    { "CRLF", "a,b\r\n1,2\r\n", ',', "[{\"a\":\"1\",\"b\":\"2\"}]" },
    { "no end of line", "a,b\n1,2", ',', "[{\"a\":\"1\",\"b\":\"2\"}]" },
    { "BOM", "\xef\xbb\xbf""a\n1\n", ',', "[{\"a\":\"1\"}]" },
    { "empty lines", "\n\na\n\n1\r\n\r\n2\n\n", ',', "[{\"a\":\"1\"},{\"a\":\"2\"}]" },
    { "quotes", "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", ',', "[{\"a\":\"x,y\",\"b\":\"say \\\"hi\\\"\"}]" },
    { "lines in quotes", "a,b\n\"1\n2\",\"\r\n\"\n", ',', "[{\"a\":\"1\\n2\",\"b\":\"\\r\\n\"}]" },
    { "empty fields", "a,b,c\n,\"\",\n", ',', "[{\"a\":\"\",\"b\":\"\",\"c\":\"\"}]" },
    { "blanks stay", "a,b\n 1 , 2\n", ',', "[{\"a\":\" 1 \",\"b\":\" 2\"}]" },
    { "semicolons", "a;b\n1,5;2\n", ';', "[{\"a\":\"1,5\",\"b\":\"2\"}]" },
    { "tabs", "a\tb\n1\t2\n", '\t', "[{\"a\":\"1\",\"b\":\"2\"}]" },
    { "quoted header", "\"a b\",\"c\"\n1,2\n", ',', "[{\"a b\":\"1\",\"c\":\"2\"}]" },
    { "one column, empty rows", "a\n\"\"\nx\n", ',', "[{\"a\":\"\"},{\"a\":\"x\"}]" },
    { "a lone CR", "a\n1\r2\n", ',', "[{\"a\":\"1\\r2\"}]" },
    { "UTF-8", "n\xc3\xa4me\n\xe2\x98\xba\n", ',', "[{\"n\xc3\xa4me\":\"\xe2\x98\xba\"}]" },
    { "empty", "", ',', "! is empty: the first line names the columns" },
    { "only lines", "\n\r\n", ',', "! is empty: the first line names the columns" },
    { "no rows", "a,b\n", ',', "! has no rows" },
    { "too few fields", "a,b\n1,2\n3\n", ',', "! line 3: has 1 fields instead of 2" },
    { "too many fields", "a,b\n1,2,3\n4,5\n6,7,8,\n", ',', "! line 2: has 3 fields instead of 2; line 4: has 4 fields instead of 2" },
    { "lines count within quotes", "a,b\n\"x\ny\",1\n2\n", ',', "! line 4: has 1 fields instead of 2" },
    { "an open quote", "a,b\n1,2\n\"3,4\n5,6\n", ',', "! line 3: a quote is never closed" },
    { "text behind a quote", "a,b\n\"1\"x,2\n3,4\n", ',', "! line 2: text follows a closing quote; a quote within a field is written twice" },
    { "a quote inside", "a,b\n1\"x\",2\n", ',', "! line 2: a quote within a field that does not begin with one" },
    { "a column twice", "a,b,a\n1,2,3\n", ',', "! column 3 is called \"a\", as one before it" },
    { "a column without a name", "a,,c\n1,2,3\n", ',', "! column 2 has no name" },
    { "not UTF-8", "a\nx\n\xff\n", ',', "! line 3: is not UTF-8 text" },
    /* clang-format on */
};

static const char *messages(const wf_problems_t *problems)
{
    const wf_problem_t *items = (const wf_problem_t *)problems->items->elts;
    const char *all = "!";

    for (int i = 0; i < problems->items->nelts; i++) {
        all = apr_pstrcat(pool, all, i ? "; " : " ", items[i].message, NULL);
    }
    return all;
}

static const char *rows(const wf_table_t *table, const wf_problems_t *problems)
{
    wf_list_t *list = wf_list_create(pool);
    wf_value_t all;

    if (table == NULL) {
        return messages(problems);
    }
    for (apr_int64_t i = 0; i < table->nrows; i++) {
        wf_list_push(list, wf_table_row(table, i, pool));
    }
    all = wf_list(list);
    return wf_json_text(wf_json_own(wf_value_to_json(&all), pool), NULL, pool);
}

static wf_compile_t compilation(void)
{
    wf_compile_t c = { .problems = wf_problems_create("w.yaml", pool), .p = pool };

    return c;
}

static void read_csv(void)
{
    for (size_t i = 0; i < sizeof(csv_cases) / sizeof(csv_cases[0]); i++) {
        wf_csv_t csv = { .delimiter = csv_cases[i].delimiter };
        wf_compile_t c = compilation();
        wf_table_t *table = wf_table_from_csv(apr_pstrdup(pool, csv_cases[i].text),
                                              strlen(csv_cases[i].text), &csv, NULL, &c);

        is_str(rows(table, c.problems), csv_cases[i].want, "%s", csv_cases[i].what);
    }
}

/* Faults are not told without end. */
static void many_faults(void)
{
    wf_csv_t csv = { .delimiter = ',' };
    wf_compile_t c = compilation();
    char *text = apr_palloc(pool, 4 + 2 * 100000 + 1);

    strcpy(text, "a,b\n");
    for (int i = 0; i < 100000; i++) {
        strcpy(text + 4 + 2 * i, "x\n");
    }
    ok(wf_table_from_csv(text, strlen(text), &csv, NULL, &c) == NULL, "many faults");
    ok(c.problems->items->nelts <= 101, "%d are told", c.problems->items->nelts);
}

/* ---- the section ---------------------------------------------------------------------- */

static const char *directory;

static int compile(const char *yaml, wf_data_set_t *set, wf_compile_t *c)
{
    const wf_node_t *node = wf_node_from_yaml(yaml, strlen(yaml), c->problems, pool);
    wf_where_t path = { .key = "data" };

    memset(set, 0, sizeof(*set));
    if (node != NULL) {
        wf_data_compile(set, node, directory, &path, c);
    }
    return c->problems->errors == 0;
}

/* want: a part of the text of the problems. */
static const struct {
    const char *yaml, *want;
} refused[] = {
    { "u: {}", "data.u: needs one of file, csv, json and rows" },
    { "u: {csv: 'a', rows: []}", "data.u: needs one of" },
    { "u: {csv: \"a\\n\\\"x\"}", "data.u.csv: line 2: a quote is never closed" },
    { "u: {rows: [1]}", "data.u.rows[0]: must be a map" },
    { "u: []", "data.u.rows: has no rows" },
    { "u: {rows: [{}]}", "data.u.rows: has no columns" },
    { "u: {json: '{'}", "data.u.json" },
    { "u: {json: '{}'}", "data.u.json: must be a list of maps" },
    { "u: {csv: \"a\\n1\", mode: any}",
      "data.u.mode: \"any\" is not one of: sequential" },
    { "u: {csv: \"a\\n1\", mode: unique, on_end: recycle}",
      "data.u.on_end: unique rows" },
    { "u: {csv: \"a\\n1\", mode: unique, share: vu}", "data.u.share: rows are unique" },
    { "u: {csv: \"a\\n1\", mode: random, on_end: stop}", "data.u.on_end: rows picked" },
    { "u: {csv: \"a\\n1\", delimiter: '::'}", "data.u.delimiter: must be one character" },
    { "u: {csv: \"1\", columns: [a, a]}", "column 2 is called \"a\"" },
    { "u: {csv: \"1\", columns: [[]]}", "data.u.columns: must be a list of texts" },
    { "u: {csv: \"a\\n1\", nosuch: 1}", "data.u.nosuch: no such member" },
    { "u: {csv: \"a\\n1\", scenarios: [1]}",
      "data.u.scenarios: must be a list of names" },
    { "response: {csv: \"a\\n1\"}", "data.response: the name has a meaning of its own" },
    { "'a b': {csv: \"a\\n1\"}", "data.a b: a source's name is a letter" },
    { "u: nosuch.csv", "data.u.file: file nosuch.csv: there is no such file" },
    { "u: ../x.csv", "the name has to be relative" },
    { "u: /etc/passwd", "the name has to be relative" },
    { "u: {file: out.csv}", "a link leads out of the directory" },
    { "u: {file: sub}", "is no plain file" },
    { "u: 5", "data.u: must be a map" },
};

static void write_file(const char *name, const char *text)
{
    const char *path = apr_pstrcat(pool, directory, "/", name, NULL);
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE, APR_OS_DEFAULT,
                      pool)
        == APR_SUCCESS) {
        apr_file_puts(text, file);
        apr_file_close(file);
    }
}

static void make_files(void)
{
    char *name = apr_pstrdup(pool, "/tmp/wf-data-XXXXXX");

    directory = mkdtemp(name);
    ok(directory != NULL, "a directory for files");
    write_file("users.csv", "name,age\nann,1\nbob,2\n");
    write_file("users.json", "[{\"name\":\"ann\",\"age\":1},{\"name\":\"bob\"}]");
    write_file("plain.txt", "ann\t1\n");
    apr_dir_make(apr_pstrcat(pool, directory, "/sub", NULL), APR_OS_DEFAULT, pool);
    write_file("sub/deep.csv", "x\ny\n");
    ok(symlink("/etc/passwd", apr_pstrcat(pool, directory, "/out.csv", NULL)) == 0
           && symlink("sub/deep.csv", apr_pstrcat(pool, directory, "/in.csv", NULL)) == 0,
       "links");
}

static void remove_files(void)
{
    static const char *const names[] = { "users.csv", "users.json", "plain.txt",
                                         "out.csv",   "in.csv",     "sub/deep.csv" };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(apr_pstrcat(pool, directory, "/", names[i], NULL));
    }
    rmdir(apr_pstrcat(pool, directory, "/sub", NULL));
    ok(rmdir(directory) == 0, "the directory is gone");
}

static void refuse(void)
{
    wf_data_set_t set;

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_compile_t c = compilation();
        int good = compile(refused[i].yaml, &set, &c);
        const char *text = wf_problems_text(c.problems, pool);

        ok(!good && strstr(text, refused[i].want), "%s: %s", refused[i].yaml, text);
    }
}

static const struct {
    const char *yaml, *want;
} accepted[] = {
    { "u: users.csv",
      "[{\"name\":\"ann\",\"age\":\"1\"},{\"name\":\"bob\",\"age\":\"2\"}]" },
    { "u: {file: users.json}",
      "[{\"name\":\"ann\",\"age\":1},{\"name\":\"bob\",\"age\":null}]" },
    { "u: {file: plain.txt, delimiter: tab, columns: [n, a]}",
      "[{\"n\":\"ann\",\"a\":\"1\"}]" },
    { "u: {file: ./sub//deep.csv}", "[{\"x\":\"y\"}]" },
    { "u: [{a: 1}, {b: [2]}]", "[{\"a\":1,\"b\":null},{\"a\":null,\"b\":[2]}]" },
    { "u: {json: '[{\"a\": {\"b\": 1}}]'}", "[{\"a\":{\"b\":1}}]" },
    { "u:\n  csv: |\n    a,b\n    1,2\n", "[{\"a\":\"1\",\"b\":\"2\"}]" },
};

static void take_forms(void)
{
    wf_data_set_t set;

    for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        wf_compile_t c = compilation();
        int good = compile(accepted[i].yaml, &set, &c);

        is_str(good ? rows(set.sources[0].table, c.problems) : messages(c.problems),
               accepted[i].want, "%s", accepted[i].yaml);
    }
}

static void without_directory(void)
{
    const char *kept = directory;
    wf_compile_t c = compilation();
    wf_data_set_t set;

    directory = NULL;
    ok(!compile("u: users.csv", &set, &c)
           && strstr(messages(c.problems), "WorkflowDataDir"),
       "files need a directory");
    directory = kept;
}

/* ---- who gets which row --------------------------------------------------------------- */

#define ROWS "csv: \"n\\n0\\n1\\n2\\n3\\n\""

typedef struct users_t {
    wf_data_set_t set;
    apr_int64_t cursor;
    wf_data_hold_t holds[3];
    unsigned short random[3];
} users_t;

static void users_init(users_t *u, const char *yaml)
{
    wf_compile_t c = compilation();

    memset(u, 0, sizeof(*u));
    for (int i = 0; i < 3; i++) {
        u->holds[i].row = -1;
    }
    ok(compile(yaml, &u->set, &c), "%s: %s", yaml, messages(c.problems));
}

/* The rows that users get who take turns, '.' for none. */
static const char *turns(users_t *u, int users, int iterations)
{
    char *got = apr_pcalloc(pool, (apr_size_t)(users * iterations) + 1);

    for (int i = 0; i < users * iterations; i++) {
        wf_data_hold_t *hold = &u->holds[i % users];
        wf_value_t value;

        got[i] = '.';
        if (wf_data_take(&u->set, &wf_segment_whole, &u->cursor, hold, "", 7, u->random) == NULL
            && wf_data_lookup(&u->set, hold, "u.n", &value, pool)) {
            got[i] = *value.as.text.data;
        }
    }
    return got;
}

static const struct {
    const char *members;
    int users, iterations;
    const char *want;
} turn_cases[] = {
    { "", 2, 3, "012301" },
    { "mode: circular", 1, 5, "01230" },
    { "mode: sequential, on_end: stop", 2, 3, "0123.." },
    { "mode: queue", 3, 2, "0123.." },
    { "mode: unique", 1, 6, "0123.." },
    { "per: vu", 2, 3, "010101" },
    { "mode: unique, per: vu", 3, 2, "012012" },
    { "share: vu", 2, 3, "001122" },
    { "share: vu, on_end: stop", 1, 6, "0123.." },
    { "scenarios: [other]", 1, 2, ".." },
    { "scenarios: [other, '']", 1, 2, "01" },
};

static void take_turns(void)
{
    for (size_t i = 0; i < sizeof(turn_cases) / sizeof(turn_cases[0]); i++) {
        const char *yaml =
            apr_psprintf(pool, "u: {" ROWS "%s%s}", *turn_cases[i].members ? ", " : "",
                         turn_cases[i].members);
        users_t u;

        users_init(&u, yaml);
        is_str(turns(&u, turn_cases[i].users, turn_cases[i].iterations),
               turn_cases[i].want, "%d users, %d iterations", turn_cases[i].users,
               turn_cases[i].iterations);
    }
}

/* Each round has every row once, and not always in the same order. */
static void shuffle(void)
{
    users_t u;
    const char *got;
    int same = 1, fair = 1;

    users_init(&u, "u: {" ROWS ", mode: shuffle}");
    got = turns(&u, 1, 400);
    for (int round = 0; round < 100; round++) {
        int seen = 0;

        for (int i = 0; i < 4; i++) {
            seen |= 1 << (got[4 * round + i] - '0');
            same &= got[4 * round + i] == got[i];
        }
        fair &= seen == 15;
    }
    ok(fair, "every row once in each round");
    ok(!same, "in different orders: %.16s", got);
}

static void pick_at_random(void)
{
    int counts[4] = { 0 };
    users_t u;
    const char *got;

    users_init(&u, "u: {" ROWS ", mode: random}");
    got = turns(&u, 1, 4000);
    for (int i = 0; i < 4000; i++) {
        counts[got[i] - '0']++;
    }
    for (int i = 0; i < 4; i++) {
        ok(counts[i] > 800 && counts[i] < 1200, "row %d: %d of 4000", i, counts[i]);
    }
    is_int(u.cursor, 0, "needs no cursor");
}

static void restart(void)
{
    static const char *const wrong[] = { "{}",           "[3]",
                                         "{\"u\": -1}",  "{\"u\": \"3\"}",
                                         "{\"u\": 3.5}", "{\"u\": 9000000000000000000}" };
    json_object *positions;
    users_t u, again;

    users_init(&u, "u: {" ROWS ", mode: unique}");
    is_str(turns(&u, 1, 3), "012", "three rows");
    positions = wf_json_own(wf_data_positions(&u.set, &u.cursor), pool);
    is_str(wf_json_text(positions, NULL, pool), "{\"u\":3}", "positions");
    users_init(&again, "u: {" ROWS ", mode: unique}");
    ok(wf_data_restore(&again.set, &again.cursor, positions), "restored");
    is_str(turns(&again, 1, 2), "3.", "goes on where it was");
    ok(!wf_data_restore(&again.set, &again.cursor, NULL), "no positions");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        wf_error_t err;

        wf_error_init(&err, pool);
        wf_json_read(&positions, wrong[i], strlen(wrong[i]), pool, &err);
        ok(!wf_data_restore(&again.set, &again.cursor, positions), "refused: %s",
           wrong[i]);
    }
}

static void lookup(void)
{
    wf_value_t value;
    users_t u;

    users_init(&u, "u: [{a: 1, b.c: 2}]");
    ok(!wf_data_lookup(&u.set, u.holds, "u.a", &value, pool), "no row yet");
    turns(&u, 1, 1);
    ok(wf_data_lookup(&u.set, u.holds, "u.a", &value, pool) && value.as.integer == 1,
       "u.a");
    ok(wf_data_lookup(&u.set, u.holds, "u.b.c", &value, pool) && value.as.integer == 2,
       "a dot in a column's name");
    ok(wf_data_lookup(&u.set, u.holds, "u", &value, pool) && value.type == WF_MAP
           && wf_map_count(value.as.map) == 2,
       "the whole row");
    ok(!wf_data_lookup(&u.set, u.holds, "u.z", &value, pool), "no such column");
    ok(!wf_data_lookup(&u.set, u.holds, "ux.a", &value, pool), "no such source");
}

/* ---- threads -------------------------------------------------------------------------- */

#define THREADS 4
#define TAKEN 5000

typedef struct worker_t {
    const wf_data_set_t *set;
    apr_int64_t *cursor;
    unsigned char *seen;
    int twice;
} worker_t;

static void *work(void *data)
{
    worker_t *w = data;
    wf_data_hold_t hold = { .row = -1 };
    unsigned short random[3] = { 0 };

    while (wf_data_take(w->set, &wf_segment_whole, w->cursor, &hold, "", 0, random) == NULL) {
        w->twice += __atomic_exchange_n(&w->seen[hold.row], 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void over_threads(void)
{
    char *yaml = apr_palloc(pool, 100 + TAKEN * 3), *at = yaml;
    unsigned char *seen = apr_pcalloc(pool, TAKEN);
    worker_t workers[THREADS];
    pthread_t threads[THREADS];
    int total = 0, twice = 0;
    users_t u;

    at += sprintf(at, "u: {mode: unique, csv: \"n");
    for (int i = 0; i < TAKEN; i++) {
        at += sprintf(at, "\\n%d", i % 10);
    }
    strcpy(at, "\"}");
    users_init(&u, yaml);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (worker_t){ &u.set, &u.cursor, seen, 0 };
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        twice += workers[i].twice;
    }
    for (int i = 0; i < TAKEN; i++) {
        total += seen[i];
    }
    is_int(total, TAKEN, "every row was handed out");
    is_int(twice, 0, "none of them twice");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    read_csv();
    many_faults();
    make_files();
    refuse();
    take_forms();
    without_directory();
    remove_files();
    take_turns();
    shuffle();
    pick_at_random();
    restart();
    lookup();
    over_threads();
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
