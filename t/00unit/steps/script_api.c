/* What scripts of workflows find: variables, console, answers, requests, checks, pm. The
 * host here is a map of variables and a target of its own. */
#include "steps/script_host.h"
#include "load/plan.h"
#include "corpus.h"
#include "tap.h"
#include "../load/target.h"

#include <apr_general.h>
#include <apr_strings.h>

/* ---- a host ------------------------------------------------------------------------------ */

typedef struct world_t {
    apr_pool_t *pool;
    wf_map_t *vars;
    wf_script_host_t host;
    wf_script_http_t http;
    int answered; /* status of the latest answer; 0: there is none */
    double added; /* to the metric orders */
    int passed, failed, exchanges, exchange_errors;
} world_t;

static target_t target;

static int do_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    world_t *w = baton;
    const wf_value_t *found = wf_map_get(w->vars, name);

    (void)p;
    if (found) {
        *value = *found;
    }
    return found != NULL;
}

static int do_set(void *baton, const char *name, const wf_value_t *value)
{
    world_t *w = baton;

    wf_map_set(w->vars, name, wf_value_copy(value, w->pool));
    return 0;
}

static int do_unset(void *baton, const char *name)
{
    wf_map_remove(((world_t *)baton)->vars, name);
    return 0;
}

static wf_map_t *do_all(void *baton, apr_pool_t *p)
{
    wf_value_t all = wf_map(((world_t *)baton)->vars);

    return wf_value_copy(&all, p).as.map;
}

static int do_answer(void *baton, wf_script_answer_t *answer)
{
    static const char body[] = "{\"token\":\"t-1\",\"items\":[1,2]}";
    static const char headers[] = "Content-Type: application/json\r\nX-Two: a\r\n"
                                  "x-two: b\r\nSet-Cookie: sid=77; Path=/; HttpOnly\r\n"
                                  "Set-Cookie: lang=de\r\n";

    *answer = (wf_script_answer_t){ .status = ((world_t *)baton)->answered,
                                    .body = body,
                                    .body_length = sizeof(body) - 1,
                                    .headers = headers,
                                    .headers_length = sizeof(headers) - 1,
                                    .duration_ms = 12.5,
                                    .size = sizeof(body) - 1 };
    return ((world_t *)baton)->answered;
}

static int do_metric(void *baton, const char *name, double value)
{
    if (strncmp(name, "order", 5) != 0) {
        return 0;
    }
    ((world_t *)baton)->added += value;
    return 1;
}

static void do_check(void *baton, const char *name, int passed)
{
    world_t *w = baton;

    (void)name;
    w->passed += passed;
    w->failed += !passed;
}

static void do_exchanged(void *baton, const wf_client_response_t *response)
{
    world_t *w = baton;

    w->exchanges++;
    w->exchange_errors += response->outcome != WF_CLIENT_OK;
}

static wf_value_t from_json(const char *text, apr_pool_t *p)
{
    json_object *json;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&json, text, strlen(text), p, &err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        exit(1);
    }
    return wf_value_from_json(json, p);
}

static void world_init(world_t *w, apr_pool_t *p)
{
    static const wf_client_header_t header = { "X-Section", "yes" };
    apr_array_header_t *headers = apr_array_make(p, 1, sizeof(header));

    memset(w, 0, sizeof(*w));
    APR_ARRAY_PUSH(headers, wf_client_header_t) = header;
    w->pool = p;
    w->answered = 201;
    w->vars = from_json("{\"a\":3,\"s\":\"text\",\"n\":null,\"l\":[1,2],\"m\":{\"k\":1},"
                        "\"loop.index\":4,\"__VU\":7,\"__ITER\":0,\"env.stage\":\"test\","
                        "\"env:HOME\":\"/home/wf\",\"__scenario\":\"buy\"}",
                        p)
                  .as.map;
    w->http.base = apr_psprintf(p, "http://127.0.0.1:%d/", target.port);
    w->http.headers = headers;
    wf_client_settings_init(&w->http.settings);
    w->host = (wf_script_host_t){ .baton = w,
                                  .get = do_get,
                                  .set = do_set,
                                  .unset = do_unset,
                                  .all = do_all,
                                  .answer = do_answer,
                                  .metric = do_metric,
                                  .check = do_check,
                                  .exchanged = do_exchanged,
                                  .http = &w->http,
                                  .pool = p };
}

/* ---- running ----------------------------------------------------------------------------- */

typedef struct case_t {
    const char *text,
        *want; /* want: the value as JSON or text, or "! part of the error" */
} case_t;

static const char *run_in(world_t *w, const char *text, apr_pool_t *p)
{
    wf_js_call_t call = { .name = "s",
                          .text = text,
                          .length = strlen(text),
                          .world = &wf_script_world,
                          .baton = &w->host,
                          .wants_value = 1 };
    wf_js_result_t result;
    wf_error_t err;

    wf_error_init(&err, p);
    w->host.deadline = wf_mono_us() + 1000 * WF_JS_DEADLINE_MS;
    return wf_js_run(&call, &result, p, &err) == APR_SUCCESS
               ? wf_value_print(&result.value, WF_LOAD, p)
               : apr_pstrcat(p, "! ", err.message, NULL);
}

static void judge(const char *text, const char *want, const char *got)
{
    int right =
        want[0] == '!' ? got[0] == '!' && strstr(got, want + 2) : !strcmp(got, want);

    if (!ok(right, "%s -> %s", text, want)) {
        diag("got %s", got);
    }
}

static void run_cases(const case_t *cases, unsigned n)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < n; i++) {
        world_t w;

        world_init(&w, p);
        judge(cases[i].text, cases[i].want, run_in(&w, cases[i].text, p));
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

#define RUN(cases) run_cases(cases, sizeof(cases) / sizeof(cases[0]))

/* ---- tables ------------------------------------------------------------------------------ */

static const case_t variables[] = {
    { "ctx.GetVariable('a') + 1", "4" },
    { "ctx.GetVariable('nosuch') === undefined", "true" },
    { "ctx.GetVariable('n') === null", "true" },
    { "ctx.GetVariable('loop.index')", "4" },
    { "ctx.GetVariable('m.k') + ctx.GetVariable('l[1]') + ctx.GetVariable('l.0')", "4" },
    { "[ctx.GetVariable('m.none') === undefined, vars.has('m.k'), vars.has('x.y'),"
      " vars.has('m.'), vars.has('l[9]'), vars.has('a}.b{'), vars.has('..')]",
      "[true,true,false,false,false,false,false]" },
    { "ctx.GetVariable('m').k + ctx.GetVariable('l').length", "3" },
    { "ctx.GetVariable()", "! a variable is named by a text" },
    { "ctx.GetVariable('')", "! a variable is named by a text" },
    { "ctx.GetVariable('secret:key')", "! secrets are for templates" },
    { "vars.has('secret:key')", "! secrets are for templates" },
    { "ctx.SetVariable('x', { b: [1, 'zwei'] }); ctx.GetVariable('x')",
      "{\"b\":[1,\"zwei\"]}" },
    { "const o = { b: 1 }; ctx.SetVariable('x', o); o.b = 2; ctx.GetVariable('x').b",
      "1" },
    { "ctx.SetVariable('x'); ctx.GetVariable('x')", "null" },
    { "ctx.SetVariable('x', new Map())", "! cannot leave a script" },
    { "ctx.SetVariable('x', response.headers); ctx.GetVariable('x')['X-Two']", "a" },
    { "[ctx.vu, ctx.iteration, ctx.scenario, __VU, __ITER]", "[7,0,\"buy\",7,0]" },
    { "vars.set('x', 1); [vars.get('x'), vars.has('x'), vars.has('nosuch')]",
      "[1,true,false]" },
    { "vars.set('x', null); vars.has('x')", "true" },
    { "vars.set('x', 1); vars.del('x'); vars.has('x')", "false" },
    { "Object.keys(vars.all()).slice(0, 3)", "[\"a\",\"s\",\"n\"]" },
    { "vars.all().m.k", "1" },
    { "env.get('stage')", "test" },
    { "env.get('HOME')", "/home/wf" },
    { "env.get('nosuch') === undefined", "true" },
    { "env.set('HOME', 2); [env.get('HOME'), env.has('HOME'), env.all()]",
      "[2,true,{\"stage\":\"test\",\"HOME\":2}]" },
    { "env.del('stage'); env.has('stage')", "false" },
    { "env.set('x', 1); vars.get('env.x')", "1" },
    { "typeof a + typeof execution + typeof require + typeof process",
      "undefinedundefinedundefinedundefined" },
};

static const case_t answers[] = {
    { "[response.code, response.status_code, response.status, response.status_text]",
      "[201,201,\"201 Created\",\"Created\"]" },
    { "response.body.token + response.json().items.length", "t-12" },
    { "response.text", "{\"token\":\"t-1\",\"items\":[1,2]}" },
    { "response.body === response.body", "true" },
    { "[response.duration, response.timings.duration, response.size]", "[12.5,12.5,29]" },
    { "[response.headers['content-type'], response.headers['X-TWO'], "
      "response.headers.none]",
      "[\"application/json\",\"a\",null]" },
    { "'x-TWO' in response.headers", "true" },
    { "Object.keys(response.headers)", "[\"Content-Type\",\"X-Two\",\"Set-Cookie\"]" },
    { "response.cookies", "{\"sid\":\"77\",\"lang\":\"de\"}" },
    { "JSON.parse(JSON.stringify(response)).body.items", "[1,2]" },
    { "response", "{\"status_code\":201,\"status\":\"201 Created\",\"headers\":"
                  "{\"Content-Type\":\"application/json\",\"X-Two\":\"a\","
                  "\"Set-Cookie\":\"sid=77; Path=/; HttpOnly\"},\"body\":{\"token\":"
                  "\"t-1\",\"items\":[1,2]},\"duration\":12.5,\"size\":29}" },
    { "const response = 5; response", "5" },
    { "var response = { mine: 1 }; response.mine", "1" },
};

static const case_t requests[] = {
    { "http.get('/ok').body.token", "t-1" },
    { "http.get('ok').code", "200" },
    { "const r = http.get('/status/404'); [r.code, r.status, r.error === undefined]",
      "[404,\"404 Not Found\",true]" },
    { "http.get('/ok').headers['x-test']", "one" },
    { "let seen; const r = http.get('/ok', (err, resp) => { seen = [err, resp.code] }); "
      "seen",
      "[null,200]" },
    { "let seen; http.get('/ok', { headers: { A: 'b' } }, (e, r) => { seen = r.code }); "
      "seen",
      "200" },
    { "http.get('/ok'); response.body.items[1].id", "8" },
    { "http.request({ url: '/ok', method: 'post', body: { a: 1 } }).code", "200" },
    { "http.request('GET', '/status/503').code", "503" },
    { "http.get('http://127.0.0.1:1/').error.length > 0", "true" },
    { "let e; http.get('http://127.0.0.1:1/', (err, r) => { e = err instanceof Error }); "
      "e",
      "true" },
    { "http.get('http://127.0.0.1:1/').code", "0" },
    { "http.get('/hang', { timeout: 50 }).error.includes('time')", "true" },
    { "http.get('/hang', { timeout: '50ms' }).code", "0" },
    { "http.get('/ok', { timeout: 'soon' })", "! http: timeout is neither" },
    { "http.get('/ok', { headers: 5 })", "! http: headers is not an object" },
    { "http.get('/ok', { headers: { 'no good': 1 } })", "! " },
    { "http.get('ftp://nowhere/')", "! http: a URL that is neither" },
    { "http.delete('/ok').code + http.del('/ok').code + http.head('/ok').code", "600" },
    { "http.put('/ok', '{}').code + http.patch('/ok', '{}').code", "400" },
    { "try { http.get('gopher://x') } catch (e) { e instanceof Error }", "true" },
};

static const case_t conveniences[] = {
    { "metrics.add('orders', 2); metrics.add('orders', true)", "null" },
    { "metrics.add('nosuch', 1)", "! metrics section declares no \"nosuch\"" },
    { "metrics.add('orders', 'two')", "! metrics.add takes a name and a number" },
    { "metrics.add('orders', NaN)", "! metrics.add takes a name and a number" },
    { "check(5, { 'is five': v => v === 5, plain: true })", "true" },
    { "check(5, { 'is six': v => v === 6, 'is five': v => v === 5 })", "false" },
    { "check(response, { 'is 201': r => r.code === 201 })", "true" },
    { "check(null, { bad: r => r.code })", "! TypeError: cannot read property" },
    { "fail('that is all')", "! s, line 1: Error: that is all" },
    { "sleep(1)", "! put a step of type sleep behind it" },
    { "let n = 0; setTimeout(() => { n = 5 }, 1000); n", "5" },
    { "let n = 0; setTimeout(v => { n = v }, 0, 6); clearTimeout(0); n", "6" },
    { "btoa('user:pass') + atob('Zm9v')", "dXNlcjpwYXNzfoo" },
    { "encodeURIComponent('a b&') + decodeURIComponent('%20') + encodeURI('a b') "
      "+ decodeURI('%20')",
      "a%20b%26 a%20b " },
    { "crypto.md5('abc')", "900150983cd24fb0d6963f7d28e17f72" },
    { "crypto.sha1('abc')", "a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "crypto.sha256('abc').length + crypto.sha512('abc').length", "192" },
    { "crypto.sha1('abc', 'base64')", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=" },
    { "crypto.hmac('sha256', 'Jefe', 'what do ya want for nothing?').slice(0, 8)",
      "5bdcc146" },
    { "/^[0-9a-f-]{36}$/.test(crypto.randomUUID()) && crypto.randomUUID() !== "
      "crypto.randomUUID()",
      "true" },
};

/* Each throws nothing, or the text. */
static const case_t expectations[] = {
    { "pm.expect(3).to.equal(3)", "" },
    { "pm.expect(3).to.equal('3')", "expected 3 to equal '3'" },
    { "pm.expect(3).to.not.equal(3)", "expected 3 to not equal 3" },
    { "pm.expect(3).to.not.equal(4)", "" },
    { "pm.expect({ a: [1] }).to.eql({ a: [1] })", "" },
    { "pm.expect({ a: 1 }).to.eql({ a: 2 })",
      "expected {\"a\":1} to deeply equal {\"a\":2}" },
    { "pm.expect({ a: 1 }).to.equal({ a: 1 })", "expected {\"a\":1} to equal {\"a\":1}" },
    { "pm.expect({ a: 1 }).to.deep.equal({ a: 1 })", "" },
    { "pm.expect('haystack').to.include('stack')", "" },
    { "pm.expect([1, 2]).to.contain(3)", "expected [1,2] to include 3" },
    { "pm.expect({ a: 1, b: 2 }).to.include({ b: 2 })", "" },
    { "pm.expect([{ a: 1 }]).to.deep.include({ a: 1 })", "" },
    { "pm.expect(true).to.be.true; pm.expect(false).to.be.false; "
      "pm.expect(null).to.be.null;"
      "pm.expect(undefined).to.be.undefined; pm.expect(1).to.be.ok; "
      "pm.expect([]).to.be.empty;"
      "pm.expect(0).to.exist; pm.expect(0).to.not.be.ok",
      "" },
    { "pm.expect(1).to.be.true", "expected 1 to be true" },
    { "pm.expect(5).to.be.above(4).and.below(6).and.at.least(5).and.at.most(5)", "" },
    { "pm.expect(5).to.be.above(5)", "expected 5 to be above 5" },
    { "pm.expect(5).to.be.below(5)", "expected 5 to be below 5" },
    { "pm.expect(5).to.be.within(1, 4)", "expected 5 to be within 1..4" },
    { "pm.expect('x').to.be.a('string'); pm.expect([]).to.be.an('array');"
      "pm.expect(null).to.be.a('null'); pm.expect({}).to.be.an('object')",
      "" },
    { "pm.expect('x').to.be.a('number')", "expected 'x' to be a number" },
    { "pm.expect({ a: 1 }).to.have.property('a')", "" },
    { "pm.expect({ a: 1 }).to.have.property('a', 2)",
      "expected {\"a\":1} to have property 'a' of 2" },
    { "pm.expect({ a: 1 }).to.have.property('b')",
      "expected {\"a\":1} to have property 'b'" },
    { "pm.expect(undefined).to.have.property('b')",
      "expected undefined to have property 'b'" },
    { "pm.expect({ a: { b: 2 } }).to.have.property('a').that.has.property('b')"
      ".that.equals(2)",
      "" },
    { "pm.expect([1]).to.have.length(1); pm.expect('ab').to.have.lengthOf(2)", "" },
    { "pm.expect([1]).to.have.length(2)",
      "expected [1] to have a length of 2 but got 1" },
    { "pm.expect('abc').to.match(/b/); pm.expect(2).to.be.oneOf([1, 2])", "" },
    { "pm.expect({ b: 1, a: 2 }).to.have.keys('a', 'b')", "" },
    { "pm.response.to.have.status(201); pm.response.to.have.status('Created')", "" },
    { "pm.response.to.have.status(200)", "expected 'status 201' to be 200" },
    { "pm.response.to.not.have.status(500)", "" },
    { "pm.response.to.have.header('x-two', 'a')", "" },
    { "pm.response.to.have.header('X-None')", "expected 'header X-None' to be present" },
    { "pm.expect(pm.response.code).to.eql(201)", "" },
    { "pm.expect(pm.response).to.have.status(200)", "expected 'status 201' to be 200" },
};

static const case_t pm[] = {
    { "pm.response.code", "201" },
    { "pm.response.status", "Created" },
    { "pm.response.text().length + pm.response.json().items.length", "31" },
    { "[pm.response.responseTime, pm.response.responseSize]", "[12.5,29]" },
    { "[pm.response.headers.get('X-TWO'), pm.response.headers.has('x-none')]",
      "[\"a\",false]" },
    { "pm.variables.set('x', 1); [pm.variables.get('x'), vars.get('x'), "
      "pm.variables.has('x')]",
      "[1,1,true]" },
    { "pm.environment.set('x', 1); [pm.environment.get('x'), env.get('x'), "
      "pm.environment.has('y')]",
      "[1,1,false]" },
    { "pm.environment.unset('stage'); env.has('stage')", "false" },
};

/* Virtual users share what the names stand for, so nothing of it may change. */
static const case_t shared[] = {
    { "const loose = [], seen = new Set();"
      "function visit(v, path) {"
      "  if ((typeof v !== 'object' && typeof v !== 'function') || v === null || "
      "seen.has(v))"
      "    return;"
      "  seen.add(v);"
      "  if (!Object.isFrozen(v)) loose.push(path);"
      "  visit(Object.getPrototypeOf(v), path + '.__proto__');"
      "  for (const k of Reflect.ownKeys(v)) {"
      "    const d = Object.getOwnPropertyDescriptor(v, k);"
      "    for (const m of ['value', 'get', 'set']) visit(d[m], path + '.' + String(k)); "
      "} }"
      "visit(Object.getPrototypeOf(globalThis), 'global');"
      "visit(Object.getPrototypeOf(response), 'Response');"
      "visit(Object.getPrototypeOf(pm.response), 'PmResponse');"
      "visit(Object.getPrototypeOf(pm.expect(1)), 'Expectation');"
      "try { pm.expect(1).to.equal(2) } catch (e) {"
      "  visit(Object.getPrototypeOf(e), 'AssertionError') }"
      "[seen.size > 500, loose]",
      "[true,[]]" },
    { "ctx.mark = 1; pm.response.mark = 1; http.get = 5; [typeof ctx.mark, typeof "
      "http.get]",
      "[\"undefined\",\"function\"]" },
    { "response.headers.mark = 1; response.mark = 1; pm.response.mark", "null" },
};

/* ---- what is left behind ------------------------------------------------------------------- */

static void test_expectations(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++) {
        const char *text = apr_pstrcat(p, "let m = ''; try { ", expectations[i].text,
                                       " } catch (e) { m = e.message } m", NULL);
        world_t w;

        world_init(&w, p);
        judge(expectations[i].text, expectations[i].want, run_in(&w, text, p));
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

static void test_console(void)
{
    world_t w;
    apr_pool_t *p;
    wf_value_t lines;

    apr_pool_create(&p, NULL);
    world_init(&w, p);
    run_in(&w,
           "console.log('a', 1, { b: [null] }, undefined, true); console.warn('w');"
           "console.info(); console.debug(new Error('e')); console.error([1])",
           p);
    lines = wf_list(w.host.lines);
    is_str(wf_value_print(&lines, WF_LOAD, p),
           "[\"a 1 {\\\"b\\\":[null]} undefined true\",\"w\",\"\",\"Error: e\",\"[1]\"]",
           "console");
    world_init(&w, p);
    run_in(&w, "for (let i = 0; i < 1000; i++) console.log(i)", p);
    is_int(wf_list_count(w.host.lines), WF_SCRIPT_LINES_MAX, "so many lines");
    is_int(w.host.lines_dropped, 1000 - WF_SCRIPT_LINES_MAX, "the rest is counted");
    world_init(&w, p);
    run_in(&w,
           "console.log('\xc3\xbc'.repeat(5000)); console.log('x'.repeat(1e6));"
           "for (let i = 0; i < 50; i++) console.log('y'.repeat(900))",
           p);
    is_int((long long)wf_list_at(w.host.lines, 0)->as.text.length, WF_SCRIPT_LINE_MAX,
           "so long a line");
    ok(w.host.line_bytes <= WF_SCRIPT_LINES_BYTES && w.host.lines_dropped > 30,
       "so many bytes in all");
    apr_pool_destroy(p);
}

static void test_checks(void)
{
    world_t w;
    apr_pool_t *p;
    wf_value_t checks;

    apr_pool_create(&p, NULL);
    world_init(&w, p);
    is_str(run_in(&w,
                  "check(1, { one: v => v === 1, two: v => v === 2 });"
                  "pm.test('fine', () => {}); pm.test('wrong', () => "
                  "pm.expect(1).to.equal(2)); pm.test('worse', () => null.x); 'end'",
                  p),
           "end", "the script goes on");
    is_int(w.passed, 2, "passed");
    is_int(w.failed, 3, "failed");
    is_int(w.host.tests_failed, 2, "tests that fail the step");
    is_str(w.host.first_failed, "wrong: expected 1 to equal 2", "the first of them");
    checks = wf_list(w.host.checks);
    is_str(wf_value_print(&checks, WF_LOAD, p),
           "[{\"name\":\"one\",\"passed\":true},{\"name\":\"two\",\"passed\":false},"
           "{\"name\":\"fine\",\"passed\":true},{\"name\":\"wrong\",\"passed\":false,"
           "\"error\":\"expected 1 to equal 2\"},{\"name\":\"worse\",\"passed\":false,"
           "\"error\":\"cannot read property 'x' of null\"}]",
           "by name");
    world_init(&w, p);
    run_in(&w, "for (let i = 0; i < 500; i++) check(1, { ['c' + i]: true })", p);
    is_int(w.passed, 500, "all are counted");
    is_int(wf_list_count(w.host.checks), WF_SCRIPT_CHECKS_MAX, "some are listed");
    world_init(&w, p);
    ok(strstr(run_in(&w, "pm.test('endless', () => { for (;;); })", p), "longer than"),
       "a test that is stopped stops the script");
    apr_pool_destroy(p);
}

/* What reaches the target. */
static void test_sent(void)
{
    static const struct {
        const char *text, *line, *part;
    } cases[] = {
        { "http.post('/p', { body: { a: [1] }, query: { q: 'a b', n: 2 } })",
          "POST /p?q=a%20b&n=2 HTTP/1.1", "\r\n\r\n{\"a\":[1]}" },
        { "http.post('/p', 'plain', { headers: { 'X-A': 1, 'x-section': 'own' } })",
          "POST /p HTTP/1.1", "X-A: 1\r\n" },
        { "http.post('/p', 'plain', { headers: { 'x-section': 'own' } })",
          "POST /p HTTP/1.1", "x-section: own\r\n" },
        { "http.post('/p', JSON.stringify({ b: 2 }))", "POST /p HTTP/1.1",
          "Content-Type: application/json\r\n" },
        { "http.post('/p', 'x=1', { headers: { 'content-type': 'text/x' } })",
          "POST /p HTTP/1.1", "content-type: text/x\r\n" },
        { "http.get('q?a=1', { query: { b: '\xc3\xbc' } })",
          "GET /q?a=1&b=%C3%BC HTTP/1.1", "X-Section: yes\r\n" },
        { "http.delete('/d')", "DELETE /d HTTP/1.1", "X-Section: yes\r\n" },
        { "http.request('post', '/r', 'b')", "POST /r HTTP/1.1", "\r\n\r\nb" },
        { "http.post('/n', null, { headers: { Q: 'r' } })", "POST /n HTTP/1.1",
          "Q: r\r\n" },
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int n = target.requests;
        world_t w;
        const char *got;

        world_init(&w, p);
        got = run_in(&w, cases[i].text, p);
        ok(target.requests == n + 1
               && !strncmp(target.kept[n], cases[i].line, strlen(cases[i].line))
               && strcasestr(target.kept[n], cases[i].part),
           "%s: %s", cases[i].text, cases[i].line);
        if (target.requests == n || got[0] == '!') {
            diag("%s", got);
        }
        is_int(w.exchanges, 1, "counted");
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

static int nowhere(void *baton, const char *host, int port, const char *address)
{
    (void)baton;
    (void)host;
    (void)port;
    (void)address;
    return 0;
}

static void test_limits(void)
{
    apr_pool_t *p;
    world_t w;
    int n = target.requests;

    apr_pool_create(&p, NULL);
    world_init(&w, p);
    w.http.permitted = nowhere;
    ok(atoi(run_in(&w, "http.get('/ok').code", p)) == 0 && w.exchange_errors == 1
           && target.requests == n,
       "a target that is not permitted");
    world_init(&w, p);
    w.host.http = NULL;
    judge("http on a loop", "! scripts that have the word http",
          run_in(&w, "http.get('/')", p));
    world_init(&w, p);
    w.answered = 0;
    is_str(run_in(&w, "[response === undefined, pm.response === undefined]", p),
           "[true,true]", "no answer yet");
    apr_pool_destroy(p);
}

static void test_waits(void)
{
    static const struct {
        const char *text;
        int waits;
    } cases[] = {
        { "http.get('/x')", 1 },
        { "const { get } = http; get('/x')", 1 },
        { "a=http", 1 },
        { "ctx.SetVariable('url', 'http://shop/')", 0 },
        { "'https://x'; 'http://y'; http.get('/')", 1 },
        { "myhttp.get(); http2.get(); $http; httpd", 0 },
        { "", 0 },
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(wf_script_waits(cases[i].text), cases[i].waits, "%s", cases[i].text);
    }
}

/* ---- the page ------------------------------------------------------------------------------ */

/* Runs one example. Its last line may be a comment: what console says or, if that is
 * nothing, the value. */
static void run_example(char *text, int number, apr_pool_t *p)
{
    char *last = strrchr(apr_pstrdup(p, text), '\n');
    const char *got;
    world_t w;

    world_init(&w, p);
    w.answered = 200;
    wf_map_set(w.vars, "user", wf_string("anna"));
    got = run_in(&w, text, p);
    if (w.host.lines) {
        got = "";
        for (int i = 0; i < wf_list_count(w.host.lines); i++) {
            got = apr_pstrcat(p, got, *got ? "\n" : "",
                              wf_list_at(w.host.lines, i)->as.text.data, NULL);
        }
    }
    if (strncmp(last, "\n// ", 4) == 0) {
        is_str(got, last + 4, "example %d", number);
    }
    else {
        ok(got[0] != '!', "example %d runs: %s", number, got);
    }
    is_int(w.failed + w.host.tests_failed, 0, "all its checks pass");
}

static void test_page(void)
{
    const char *top = getenv("WF_TOP");
    apr_pool_t *p;
    apr_size_t size = 0;
    char *page, *at, *end;
    int n = 0;

    apr_pool_create(&p, NULL);
    page =
        corpus_read(apr_pstrcat(p, top ? top : ".", "/docs/scripts.md", NULL), &size, p);
    if (!ok(page != NULL, "docs/scripts.md")) {
        return;
    }
    page[size] = '\0';
    for (at = strstr(page, "\n```js\n"); at; at = strstr(end + 1, "\n```js\n")) {
        at += strlen("\n```js\n");
        end = strstr(at, "\n```");
        *end = '\0';
        run_example(at, ++n, p);
    }
    ok(n >= 7, "%d examples", n);
    apr_pool_destroy(p);
}

/* Lines of an answer; one that never came has none. */
static void test_headers(apr_pool_t *p)
{
    static const char lines[] = "A: 1\r\nno header\r\nB:2";
    wf_list_t *list = wf_script_headers(lines, strlen(lines), p);

    is_int(wf_list_count(list), 2, "two headers");
    is_str(wf_list_at(wf_list_at(list, 1)->as.list, 1)->as.text.data, "2",
           "the value of the second one");
    is_int(wf_list_count(wf_script_headers(NULL, 0, p)), 0, "no answer, no headers");
}

int main(void)
{
    apr_pool_t *p;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    if (wf_client_global_init(&err) != APR_SUCCESS) {
        printf("Bail out! %s\n", err.message);
        return 1;
    }
    target_start(&target);
    RUN(variables);
    RUN(answers);
    RUN(requests);
    RUN(conveniences);
    test_expectations();
    RUN(pm);
    RUN(shared);
    test_console();
    test_checks();
    test_sent();
    test_limits();
    test_waits();
    test_page();
    test_headers(p);
    target_stop(&target);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
