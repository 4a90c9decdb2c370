/* What outputs write: names, escapes and numbers of each format, files that go on where
 * an earlier part of the run ended, and nothing that is lost on the way. */
#include "../tap.h"
#include "../wait.h"
#include "output/internal.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

static apr_pool_t *pool;
static char directory[] = "/tmp/wf-output.XXXXXX";

/* ---- texts ------------------------------------------------------------------------- */

static const char *escaped(const char *text, const char *characters, const char *line_end)
{
    wf_buffer_t *b = wf_buffer_create(pool);

    wf_put(b, "");
    wf_put_escaped(b, text, characters, line_end);
    return b->data ? b->data : "";
}

static void texts(void)
{
    static const struct {
        const char *text, *characters, *line_end, *wanted;
    } escapes[] = {
        { "plain", ",= ", " ", "plain" },
        { "a b,c=d", ",= ", "\\ ", "a\\ b\\,c\\=d" },
        { "two\nlines", ",= ", "\\ ", "two\\ lines" },
        { "say \"x\\y\"\n", "\\\"", "\\n", "say \\\"x\\\\y\\\"\\n" },
        { "", ",", " ", "" },
    };
    static const struct {
        double number;
        const char *wanted;
    } numbers[] = {
        { 0, "0" },
        { 12, "12" },
        { 0.1, "0.1" },
        { 41.6, "41.6" },
        { 1e15, "1e+15" },
        { -3.25, "-3.25" },
        { 1.0 / 0.0, "0" },
        { 0.0 / 0.0, "0" },
        { 123456789, "123456789" },
        { 1234567.891, "1234567.891" },
    };
    wf_buffer_t *b;
    size_t i;

    for (i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        is_str(escaped(escapes[i].text, escapes[i].characters, escapes[i].line_end),
               escapes[i].wanted, "escape %d", (int)i);
    }
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        b = wf_buffer_create(pool);
        wf_put_number(b, numbers[i].number);
        is_str(b->data, numbers[i].wanted, "number %s", numbers[i].wanted);
    }
    b = wf_buffer_create(pool);
    wf_put_percent(b, "a b/c~\xc3\xa9");
    is_str(b->data, "a%20b%2Fc~%C3%A9", "percent encoding");
}

static void urls(void)
{
    static const char url[] = "http://h:1/p//?db=a%20b+c&token=x%2&empty=&last=1#db=no";
    static const struct {
        const char *name, *wanted;
    } rows[] = { { "db", "a b c" }, { "token", "x%2" }, { "empty", "" },
                 { "last", "1" },   { "d", NULL },      { "no", NULL } };
    size_t i;

    is_str(wf_url_base(url, pool), "http://h:1/p", "base");
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        is_str(wf_url_parameter(url, rows[i].name, pool), rows[i].wanted, "parameter %s",
               rows[i].name);
    }
    is_str(wf_url_parameter("http://h", "db", pool), NULL, "no query");
}

/* ---- a run ------------------------------------------------------------------------- */

typedef struct bench_t {
    wf_output_run_t run;
    wf_output_step_t step;
    wf_output_names_t names;
    wf_outputs_t *outputs;
    wf_sheet_t *sheet;
    wf_feed_t *feed;
    int flushed; /* atomic */
    int reqs, gauge;
} bench_t;

static void flushed(void *baton)
{
    __atomic_add_fetch(&((bench_t *)baton)->flushed, 1, __ATOMIC_SEQ_CST);
}

static int declare(wf_metric_table_t *table, const char *name, const char *step,
                   wf_metric_type_e type, wf_metric_unit_e unit)
{
    wf_metric_t metric = { .name = name, .step = step, .type = type, .unit = unit };

    return wf_metric_declare(table, &metric);
}

static void make_run(bench_t *b)
{
    wf_metric_table_t *table = wf_metric_table_create(pool);

    memset(b, 0, sizeof(*b));
    b->names.directory = directory;
    b->reqs = declare(table, "http_reqs", NULL, WF_COUNTER, WF_UNIT_NONE);
    b->gauge = declare(table, "vus", NULL, WF_GAUGE, WF_UNIT_NONE);
    b->step.id = "say \"a,b\"";
    b->step.count = declare(table, "count", b->step.id, WF_COUNTER, WF_UNIT_NONE);
    b->step.success = declare(table, "success_count", b->step.id, WF_COUNTER, 0);
    b->step.failure = declare(table, "failure_count", b->step.id, WF_COUNTER, 0);
    b->step.duration = declare(table, "duration", b->step.id, WF_TREND, WF_UNIT_MS);
    b->step.status = declare(table, "status", b->step.id, WF_TALLY, WF_UNIT_NONE);
    declare(table, "http_status", b->step.id, WF_GAUGE, WF_UNIT_NONE);
    b->run = (wf_output_run_t){ .execution_id = "exec-1",
                                .workflow_id = "flow",
                                .start_ms = 1767607200000,
                                .table = table,
                                .steps = &b->step,
                                .nsteps = 1,
                                .flushed = flushed,
                                .baton = b };
    b->sheet = wf_sheet_create(table, pool);
}

static const char *compile(bench_t *b, const char *yaml)
{
    wf_problems_t *problems = wf_problems_create(NULL, pool);
    const wf_node_t *list = wf_node_from_yaml(yaml, strlen(yaml), problems, pool);
    wf_compile_t c = { .problems = problems, .p = pool };
    wf_where_t path = { .key = "outputs" };

    wf_outputs_compile(&b->outputs, list, &b->names, &path, &c);
    return problems->items->nelts ? wf_problems_text(problems, pool) : "";
}

static void sample(bench_t *b, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        wf_sheet_count(b->sheet, b->reqs, 1);
        wf_sheet_count(b->sheet, b->step.count, 1);
        wf_sheet_count(b->sheet, i % 4 ? b->step.success : b->step.failure, 1);
        wf_sheet_time(b->sheet, b->step.duration, 1000 * (i + 1));
        wf_sheet_tally(b->sheet, b->step.status, i % 4 ? 200 : 500);
    }
    wf_sheet_gauge(b->sheet, b->gauge, n, 1);
}

/* The sheet is the last one. */
static void end(bench_t *b, int seconds)
{
    wf_feed_see(b->feed, b->sheet, 1767607200000 + seconds * 1000,
                seconds * (apr_int64_t)1000000);
    wf_feed_end(b->feed, wf_mono_us() + 5000000);
    WAIT_FOR((wf_feed_end(b->feed, wf_mono_us() + 5000000),
              __atomic_load_n(&b->flushed, __ATOMIC_SEQ_CST)));
}

static const char *slurp(const char *name)
{
    apr_size_t n;
    wf_error_t err;
    char *text;

    wf_error_init(&err, pool);
    return wf_file_load_below(&text, &n, directory, name, 1 << 20, pool, &err)
                   == APR_SUCCESS
               ? text
               : err.message;
}

static int count(const char *text, const char *what)
{
    int n = 0;

    while ((text = strstr(text, what)) != NULL) {
        n++;
        text += strlen(what);
    }
    return n;
}

static void has(const char *text, const char *line)
{
    const char *from = line + strspn(line, "\n");

    if (!ok(strstr(text, line) != NULL, "%.*s", (int)strcspn(from, "\n"), from)) {
        diag("%s", text);
    }
}

static void files(void)
{
    apr_pool_t *p;
    bench_t b;
    const char *json, *csv;

    make_run(&b);
    is_str(compile(&b, "[{type: json, options: {format: lines}}, "
                       "{type: csv, url: '${execution_id}.csv'}]"),
           "", "two files");
    apr_pool_create(&p, pool);
    b.feed = wf_feed_open(b.outputs, &b.run, p);
    sample(&b, 8);
    end(&b, 2);
    is_int(b.flushed, 1, "told once that all is written");
    apr_pool_destroy(p);
    json = slurp("metrics_20260105T100000Z_exec-1.json");
    csv = slurp("exec-1.csv");
    has(json, "{\"type\":\"Metric\",\"metric\":\"step_duration\",\"data\":{\"name\":"
              "\"step_duration\",\"type\":\"trend\",\"contains\":\"time\"}}\n");
    has(json, "{\"type\":\"Point\",\"metric\":\"http_reqs\",\"data\":{\"time\":"
              "1767607202000,\"value\":8,\"tags\":{\"stat\":\"count\"}}}\n");
    has(json, "\"value\":4,\"tags\":{\"stat\":\"rate\"}}}\n");
    has(json, "{\"type\":\"Point\",\"metric\":\"step_failed\",\"data\":{\"time\":"
              "1767607202000,\"value\":0.25,\"tags\":{\"step_id\":\"say "
              "\\\"a,b\\\"\",\"stat\":\"rate\"}}}\n");
    has(json, "{\"type\":\"Total\",\"metric\":\"step_status\",\"data\":{\"time\":"
              "1767607202000,\"value\":2,\"tags\":{\"step_id\":\"say \\\"a,b\\\"\","
              "\"status\":\"500\",\"stat\":\"count\"}}}\n");
    is_int(count(json, "custom_http_status"), 2, "no samples, no points");
    has(csv, "timestamp,step_id,count,success_count,failure_count,min_ms,max_ms,avg_ms,"
             "p50_ms,p90_ms,p95_ms,p99_ms,cpu_usage,memory_usage,goroutine_count\n");
    is_int(count(strchr(csv, '\n') + 1, ","), 15, "a value for each column");
    has(csv, "\n2026-01-05T10:00:02Z,\"say \"\"a,b\"\"\",8,6,2,1,8,4.5,");
}

/* A machine that went down left half a line; the run goes on from a checkpoint. */
static void goes_on(void)
{
    apr_pool_t *p;
    bench_t b;
    const char *json;
    wf_sheet_t *before;
    FILE *f = fopen(apr_psprintf(pool, "%s/on.json", directory), "w");

    fputs("{\"whole\":1}\n{\"type\":\"Poi", f);
    fclose(f);
    make_run(&b);
    compile(&b, "[{type: json, url: on.json, options: {format: lines}}]");
    sample(&b, 5);
    before = wf_sheet_create(b.run.table, pool);
    wf_sheet_merge(before, b.sheet);
    apr_pool_create(&p, pool);
    b.run.before = before;
    b.run.before_us = 1000000;
    b.feed = wf_feed_open(b.outputs, &b.run, p);
    sample(&b, 3);
    end(&b, 2);
    apr_pool_destroy(p);
    json = slurp("on.json");
    has(json, "{\"whole\":1}\n{\"type\":\"Point\",\"metric\":\"http_reqs\",\"data\":{"
              "\"time\":1767607202000,\"value\":3,");
    has(json, "{\"type\":\"Total\",\"metric\":\"http_reqs\",\"data\":{\"time\":"
              "1767607202000,\"value\":8,");
    has(json, "\"value\":3,\"tags\":{\"stat\":\"rate\"}}}\n");
    is_int(count(json, "\"Metric\""), 0, "metrics are not declared again");
}

/* ---- arrays ------------------------------------------------------------------------ */

static json_object *parsed(const char *text)
{
    json_object *json = NULL;
    wf_error_t err;

    wf_error_init(&err, pool);
    wf_json_read(&json, text, strlen(text), pool, &err);
    return json;
}

/* How many requests the points of an array tell of; -1: it is none, or has others. */
static int requests_of(const char *text)
{
    json_object *all = parsed(text);
    int i, n = 0;

    if (!json_object_is_type(all, json_type_array)) {
        return -1;
    }
    for (i = 0; i < (int)json_object_array_length(all); i++) {
        json_object *point = json_object_array_get_idx(all, (size_t)i);
        json_object *data = wf_json_get(point, "data");

        if (strcmp(wf_json_string(point, "type", ""), "Point") != 0) {
            return -1;
        }
        if (strcmp(wf_json_string(point, "metric", ""), "http_reqs") == 0
            && strcmp(wf_json_string(wf_json_get(data, "tags"), "stat", ""), "count")
                   == 0) {
            n += json_object_get_int(wf_json_get(data, "value"));
        }
    }
    return n;
}

/* What an earlier part of the run may have left, and how many requests it told. */
static void arrays(void)
{
#define POINT(n)                                                                         \
    "{\"type\":\"Point\",\"metric\":\"http_reqs\",\"data\":{\"time\":1,\"value\":" #n    \
    ",\"tags\":{\"stat\":\"count\"}}}"
    static const struct {
        const char *what, *left;
        int told;
    } rows[] = {
        { "nothing", NULL, 0 },
        { "an empty file", "", 0 },
        { "an array of nothing", "[\n]\n", 0 },
        { "a whole one", "[\n" POINT(5) "\n]\n", 5 },
        { "two points", "[\n" POINT(5) ",\n" POINT(6) "\n]\n", 11 },
        { "no end", "[\n" POINT(5) "\n", 5 },
        { "half a line", "[\n" POINT(5) ",\n{\"type\":\"Poi", 5 },
        { "half a first line", "[\n{\"type\":\"Poi", 0 },
        { "half an end", "[\n" POINT(5) "\n]", 5 },
    };
    size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        wf_sheet_t *before;
        const char *text;
        apr_pool_t *p;
        bench_t b;

        if (rows[i].left != NULL) {
            FILE *f = fopen(apr_psprintf(pool, "%s/array%d", directory, (int)i), "w");

            fputs(rows[i].left, f);
            fclose(f);
        }
        make_run(&b);
        compile(&b, apr_psprintf(pool, "[{type: json, url: array%d}]", (int)i));
        before = wf_sheet_create(b.run.table, pool);
        apr_pool_create(&p, pool);
        b.run.before = rows[i].left ? before : NULL;
        b.run.before_us = rows[i].left ? 1000000 : 0;
        b.feed = wf_feed_open(b.outputs, &b.run, p);
        sample(&b, 3);
        end(&b, 2);
        apr_pool_destroy(p);
        text = slurp(apr_psprintf(pool, "array%d", (int)i));
        if (!is_int(requests_of(text), rows[i].told + 3, "array, after %s",
                    rows[i].what)) {
            diag("%s", text);
        }
    }
}

static void silent_array(void)
{
    apr_pool_t *p;
    bench_t b;

    make_run(&b);
    compile(&b, "[{type: json, url: silent}, {type: json, url: silent.jsonl}]");
    apr_pool_create(&p, pool);
    b.feed = wf_feed_open(b.outputs, &b.run, p);
    end(&b, 2);
    apr_pool_destroy(p);
    is_str(slurp("silent"), "[\n]\n", "an array of nothing");
    has(slurp("silent.jsonl"), "{\"type\":\"Metric\",\"metric\":\"http_reqs\"");
}

static void failures(void)
{
    apr_pool_t *p;
    bench_t b;
    int more;

    make_run(&b);
    is_str(compile(&b, "[{type: csv, url: on.json}, {type: csv, url: ../x}, "
                       "{type: csv, url: /tmp/x}, {type: csv, url: no/x}]"),
           "", "names are looked at when a run begins");
    apr_pool_create(&p, pool);
    b.feed = wf_feed_open(b.outputs, &b.run, p);
    end(&b, 1);
    is_int(b.flushed, 1, "it ends");
    is_str(wf_feed_failure(b.feed, 0, &more, pool),
           "output 1 (csv): file on.json: exists already; attempts that failed: 1, parts "
           "that are lost: 0",
           "a file that is there");
    has(wf_feed_failure(b.feed, 1, &more, pool), "has to be relative");
    has(wf_feed_failure(b.feed, 2, &more, pool), "has to be relative");
    has(wf_feed_failure(b.feed, 3, &more, pool), "there is no such file");
    ok(wf_feed_failure(b.feed, 4, &more, pool) == NULL && !more, "no more outputs");
    apr_pool_destroy(p);
    is_int(count(slurp("on.json"), "whole"), 1, "it stays as it was");
}

/* Nobody waits for a feed that is not ended. */
static void dropped(void)
{
    apr_pool_t *p;
    bench_t b;

    make_run(&b);
    compile(&b, "[{type: json, url: dropped.json, options: {interval: 1h}}]");
    apr_pool_create(&p, pool);
    b.feed = wf_feed_open(b.outputs, &b.run, p);
    wf_feed_see(b.feed, b.sheet, 1, 1);
    apr_pool_destroy(p);
    is_int(b.flushed, 0, "closed without a word");
}

static void refused(void)
{
    static const struct {
        const char *yaml, *wanted;
    } rows[] = {
        { "[{type: kafka}]", "outputs[0].type" },
        { "[1]", "outputs[0]: must be a map" },
        { "[{type: json, url: [1]}]", "outputs[0].url: must be text" },
        { "[{type: json, options: {format: xml}}]", "format: \"xml\" is not one of" },
        { "[{type: json, options: {overwrite: 1}}]", "overwrite: must be true or false" },
        { "[{type: prometheus, options: {labels: {'1a': x}}}]", "labels.1a: a label's" },
        { "[{type: prometheus, options: {labels: {job: x}}}]", "labels.job: a label's" },
        { "[{type: prometheus, options: {labels: {a: [1]}}}]", "labels.a: must be text" },
        { "[{type: prometheus, options: {push_interval: 2h}}]",
          "push_interval: must be" },
        { "[{type: webhook, url: 'http://h/', options: {method: GET}}]", "method: must" },
        { "[{type: webhook, url: 'http://h/', options: {batch_size: 0}}]",
          "batch_size: must be from 1" },
        { "[{type: influxdb, options: {token: \"a\\nb\"}}]", "token: may not stand" },
        { "[{type: json, url: '${x}'}, {type: json, url: '${execution_id}'}]",
          "nothing is called ${x}" },
        { "[{type: console}]", "warning: [value] outputs[0]: the command line" },
        { "[{type: csv},{type: csv},{type: csv},{type: csv},{type: csv},{type: csv},"
          "{type: csv},{type: csv},{type: csv},{type: csv},{type: csv}]",
          "more than 10 outputs" },
    };
    bench_t b;
    size_t i;

    make_run(&b);
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        has(compile(&b, rows[i].yaml), rows[i].wanted);
    }
    b.names.directory = NULL;
    has(compile(&b, "[{type: csv}]"), "no directory for files is configured");
}

int main(void)
{
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    wf_error_init(&err, pool);
    wf_log_set_level(WF_LOG_ERR);
    if (wf_client_global_init(&err) != APR_SUCCESS || mkdtemp(directory) == NULL) {
        printf("Bail out!\n");
        return 1;
    }
    texts();
    urls();
    files();
    goes_on();
    arrays();
    silent_array();
    failures();
    dropped();
    refused();
    if (fork() == 0) {
        execlp("rm", "rm", "-rf", directory, (char *)NULL);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
