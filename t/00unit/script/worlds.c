/* Worlds: a prelude and functions of the caller, copies in and out, and nothing that
 * passes from one run to the next, however hard a script tries. */
#include "script/fixture.h"

/* ---- a small world --------------------------------------------------------------------- */

static const char prelude[] =
    "(function (global, host) {"
    "    'use strict';"
    "    host.define(global, { get: host.get, set: host.set, fail: host.fail,"
    "        atob: host.atob, btoa: host.btoa, digest: host.digest, hmac: host.hmac,"
    "        keep(v) { host.run().kept = v }, kept() { return host.run().kept },"
    "        text: host.text, api: { nested: { list: [1] } }, make: () => new Made() });"
    "    class Made { method() { return 1 } }"
    "    Object.defineProperty(global, 'lazy', { get() { return (host.run().lazy ?"
    "?= {}) } });"
    "    return [Made];"
    "})";

static int do_get(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                  apr_pool_t *p, wf_error_t *err)
{
    fixture_t *f = baton;
    const wf_value_t *found = nargs == 1 && args[0].type == WF_STRING
                                  ? wf_map_get(f->vars, args[0].as.text.data)
                                  : NULL;

    (void)err;
    if (found) {
        *value = wf_value_copy(found, p);
    }
    return found != NULL;
}

static int do_set(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                  apr_pool_t *p, wf_error_t *err)
{
    fixture_t *f = baton;

    (void)value;
    (void)p;
    if (nargs != 2 || args[0].type != WF_STRING) {
        wf_error_set(err, WF_ERR_EXECUTION, "set takes a name and a value");
        return -1;
    }
    wf_map_set(f->vars, args[0].as.text.data, wf_value_copy(&args[1], f->pool));
    return 0;
}

static int do_fail(void *baton, const wf_value_t *args, int nargs, wf_value_t *value,
                   apr_pool_t *p, wf_error_t *err)
{
    (void)baton;
    (void)value;
    (void)p;
    wf_error_set(err, WF_ERR_EXECUTION, "no: %s",
                 nargs && args[0].type == WF_STRING ? args[0].as.text.data : "nothing");
    return -1;
}

static const wf_js_function_t functions[] = {
    { "get", do_get }, { "set", do_set }, { "fail", do_fail }, { NULL, NULL }
};
static const wf_js_world_t world = { prelude, functions };

static wf_js_call_t call_of(const char *text, fixture_t *f)
{
    return (wf_js_call_t){ .name = "s",
                           .text = text,
                           .length = strlen(text),
                           .world = &world,
                           .baton = f,
                           .wants_value = 1 };
}

static const char *run_in(const char *text, wf_dialect_e dialect, apr_pool_t *p)
{
    fixture_t f;
    wf_js_call_t call = call_of(text, &f);
    wf_js_result_t result;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    rv = wf_js_run(&call, &result, p, &err);
    return describe(rv, &result.value, &err, dialect, p);
}

/* What the variable x holds afterwards. */
static const char *run_in_x(const char *text, wf_dialect_e dialect, apr_pool_t *p)
{
    fixture_t f;
    wf_js_call_t call = call_of(text, &f);
    wf_js_result_t result;
    wf_error_t err;
    wf_value_t *x;
    apr_status_t rv;

    wf_error_init(&err, p);
    fixture_init(&f, p);
    rv = wf_js_run(&call, &result, p, &err);
    x = wf_map_get(f.vars, "x");
    return rv == APR_SUCCESS && !x ? "none" : describe(rv, x, &err, dialect, p);
}

/* ---- values ---------------------------------------------------------------------------- */

static const case_t values[] = {
    { "get('a') + 1", "integer 4" },
    { "get('nosuch')", "null" },
    { "get('nosuch') === undefined && get('n') === null", "boolean true" },
    { "typeof a", "string undefined" },
    { "typeof execution", "string undefined" },
    { "Array.isArray(get('l'))", "boolean true" },
    { "get('l').concat(['z'])", "list [\"x\",\"y\",\"z\"]" },
    { "get('l').push('z'); get('l')", "list [\"x\",\"y\"]" },
    { "get('tree').items[0].id = 9; get('tree').items[0].id", "integer 7" },
    { "Object.keys(get('tree')).join()", "string 0,items,n,x.y,ratio" },
    { "get('l').size", "null" },
    { "get('when').toISOString()", "string 2010-11-02T08:05:00.120Z" },
    { "get('blob')[1]", "integer 98" },
    { "typeof get('big')", "string bigint" },
    { "new Date(0)", "string 1970-01-01T00:00:00.000Z" },
    { "({ toJSON() { return { a: new Date(0) } } })",
      "map {\"a\":\"1970-01-01T00:00:00.000Z\"}" },
    { "({ toJSON() { return this }, a: 1 })", "map {\"a\":1}" },
    { "class P { constructor() { this.q = 1 } get w() { return 2 } } new P()",
      "map {\"q\":1}" },
    { "(function () {})", "null" },
    { "Symbol('s')", "null" },
    { "new Map().set(1, 2)", "null" },
    { "var o = {}; o.o = o; o", "null" },
    { "'a\\0b'", "null" },
    { "2n ** 64n", "null" },
    { "({ toJSON() { throw new Error('no') } })", "null" },
    { "({ get a() { throw new Error('no') } })", "null" },
    { "fail('x')", "! s, line 1: no: x" },
    { "try { fail('x') } catch (e) { e instanceof Error && e.message }", "string no: x" },
    { "set('x')", "! set takes a name and a value" },
    { "set('x', () => 1)", "! TypeError: a function cannot leave a script" },
    { "get(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)", "! TypeError: more than " },
    { "get({ toJSON() { get({ toJSON() { return 's' } }); return 'a' } })", "integer 3" },
    { "keep({ a: 1 }); kept().a", "integer 1" },
    { "kept()", "null" },
    { "lazy.q = 1; lazy.q", "integer 1" },
    { "var lazy = 5; lazy", "integer 5" },
    { "let get = 5; get", "integer 5" },
    { "function set() { return 6 } set()", "integer 6" },
    { "text({ a: [1, null] }) + text('s') + text(undefined)",
      "string {\"a\":[1,null]}sundefined" },
    { "throw { a: 1 }", "! s: {\"a\":1}" },
    { "typeof BpmnError + typeof print + typeof console",
      "string undefinedundefinedundefined" },
};

static const case_t stores[] = {
    { "set('x', [1, { a: 'b' }])", "list [1,{\"a\":\"b\"}]" },
    { "const v = [1]; set('x', v); v.push(2)", "list [1]" },
    { "set('x', get('l'))", "list [\"x\",\"y\"]" },
    { "set('x', new Date(0))", "string 1970-01-01T00:00:00.000Z" },
    { "set('x', undefined)", "null" },
    { "set('x', new Map())", "! an object such as Map, Error or RegExp cannot leave" },
    { "set('x', 'y'.repeat(300)); set('x', get('x').length)", "integer 300" },
    { "var x = 1", "none" },
    { "Object.defineProperty({}, '__proto__', { value: 1, enumerable: true });"
      "set('x', JSON.parse('{\"__proto__\": {\"q\": 1}}'))",
      "map {\"__proto__\":{\"q\":1}}" },
    { "set('m', JSON.parse('{\"__proto__\": {\"q\": 1}}')); set('x', typeof get('m').q)",
      "string undefined" },
};

/* ---- codec ----------------------------------------------------------------------------- */

/* The sums are those of RFC 1321, RFC 3174, FIPS 180 and RFC 4231; of base64 RFC 4648. */
static const case_t codec[] = {
    { "btoa('')", "string " },
    { "btoa('f')", "string Zg==" },
    { "btoa('fo')", "string Zm8=" },
    { "btoa('foo')", "string Zm9v" },
    { "btoa('foobar')", "string Zm9vYmFy" },
    { "btoa('\\u00ff\\0\\u0080')", "string /wCA" },
    { "btoa('\\u0100')", "! RangeError: btoa: a character beyond U+00FF" },
    { "btoa(12)", "string MTI=" },
    { "atob('Zm9vYmFy') + atob('Zm8=') + atob('Zg') + atob('')", "string foobarfof" },
    { "atob(' Zm9v\\nYmFy ')", "string foobar" },
    { "atob('/wCA') === '\\u00ff\\0\\u0080' && atob('_wCA') === atob('/wCA')",
      "boolean true" },
    { "atob('Zm9vY')", "! TypeError: atob: the text is no base64" },
    { "atob('Z!==')", "! atob: the text is no base64" },
    { "atob('Z\\0==')", "! atob: the text is no base64" },
    { "for (let i = 0; i < 70; i++) { const s = '\\u00e9x\\0'.repeat(i);"
      "if (atob(btoa(s)) !== s) throw i }",
      "null" },
    { "digest('md5', 'abc')", "string 900150983cd24fb0d6963f7d28e17f72" },
    { "digest('sha1', 'abc')", "string a9993e364706816aba3e25717850c26c9cd0d89d" },
    { "digest('sha256', '')",
      "string e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "digest('sha512', 'abc').slice(0, 16)", "string ddaf35a193617aba" },
    { "digest('md5', 'gr\xc3\xbc\xc3\x9f') === digest('md5', 'gr\\u00fc\\u00df')",
      "boolean true" },
    { "digest('sha1', 'abc', 'base64')", "string qZk+NkcGgWq6PiVxeFDCbJzQ2J0=" },
    { "digest('sha1', 'abc', 'base64url')", "string qZk-NkcGgWq6PiVxeFDCbJzQ2J0" },
    { "digest('sha1', 'abc', 'binary')", "! crypto: 'binary' is none of" },
    { "digest('crc', 'abc')", "! crypto: 'crc' is none of md5" },
    { "hmac('sha256', 'Jefe', 'what do ya want for nothing?')",
      "string 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "hmac('sha256', '', '').length", "integer 64" },
    { "digest('sha1', 'a'.repeat(3 * 2 ** 20 + 1))",
      "string b50a3128de1196b1382946d9a62cdff54a559632" },
    { "hmac('sha256', 'k', 'a'.repeat(3 * 2 ** 20 + 1))",
      "string d3bf64a98305e044d026eaf3051ef2ee1b4d522bae851db727a6ce4cb2981be5" },
};

/* ---- nothing stays ----------------------------------------------------------------------- */

/* Ways to leave something behind: each is run, then the next run looks for `mark`
 * wherever a script can reach. */
static const char *const smugglers[] = {
    "var mark = 1; let mark1 = 1; mark2 = 1; globalThis.mark3 = 1; this.mark4 = 1",
    "Object.defineProperty(globalThis, 'mark', { value: 1 })",
    "(0, eval)('var mark = 1'); new Function('this.mark = 1')()",
    "Object.getPrototypeOf(globalThis).mark = 1",
    "Object.setPrototypeOf(globalThis, { mark: 1 })",
    "for (let o = globalThis; o; o = Object.getPrototypeOf(o)) try { o.mark = 1 } catch "
    "(e) {}",
    "Object.prototype.mark = 1; Array.prototype.mark = 1; String.prototype.mark = 1;"
    "Function.prototype.mark = 1; Number.prototype.mark = 1; Symbol.prototype.mark = 1;"
    "Promise.prototype.mark = 1; RegExp.prototype.mark = 1; Error.prototype.mark = 1",
    "for (const k of Reflect.ownKeys(globalThis.Object.getPrototypeOf(globalThis))) try {"
    " const v = globalThis[k]; v.mark = 1; v.prototype.mark = 1 } catch (e) {}",
    "Object.__proto__.mark = 1; (function () {}).constructor.mark = 1",
    "Error.stackTraceLimit = { mark: 1 }; Error.prepareStackTrace = () => ({ mark: 1 })",
    "/(mark)/.exec('mark'); RegExp.$1 = 'mark'; RegExp.lastMatch = 'mark'",
    "Math.mark = 1; JSON.mark = 1; Reflect.mark = 1; Atomics.mark = 1",
    "Symbol.for('mark').description; Symbol.mark = 1; Object(Symbol.for('mark')).mark = "
    "1",
    "Date.mark = 1; Date.prototype.mark = 1; Date.now = () => 'mark'",
    "(function tag(s) { s.mark = 1; s.raw.mark = 1 })`x`",
    "get.mark = 1; set.mark = 1; keep.mark = 1; api.mark = 1; api.nested.mark = 1;"
    "api.nested.list.push('mark')",
    "keep({ mark: 1 }); lazy.mark = 1",
    "Object.getOwnPropertyDescriptor(Object.getPrototypeOf(globalThis), 'lazy').get.mark "
    "= 1",
    "(function* () {})().__proto__.__proto__.mark = 1; [].values().__proto__.mark = 1;"
    "new Map().entries().__proto__.mark = 1; (async function () {}).__proto__.mark = 1",
    "Object.getPrototypeOf(make()).mark = 1; make().constructor.mark = 1;"
    "Object.getPrototypeOf(make()).method.mark = 1",
    "Object.getPrototypeOf(Int8Array).mark = 1; new Proxy({}, {}).mark = 1",
    "Object.defineProperty(Object.prototype, 'mark', { get() { return 1 } })",
    "Object.prototype.__defineGetter__('mark', () => 1)",
    "Array.prototype.push = function () { return 'mark' }",
    "Object.assign(Math, { random: () => 'mark' })",
    "Promise.resolve().then(() => { globalThis.mark = 1; Object.prototype.mark = 1 })",
    "(async () => { await null; mark = 1 })()",
    "new Promise(() => {}).mark = 1; 1",
    "Intl = { mark: 1 }; undefined_mark = 1",
    "class A { static mark = 1; static { globalThis.mark = A } }",
    "function mark() {} function toString() { return 'mark' }",
    "arguments = 1; this.constructor.mark = 1; this.toString.mark = 1",
    "Reflect.set(Object.getPrototypeOf(globalThis), 'get', () => 'mark')",
    "delete Object.getPrototypeOf(globalThis).get; delete globalThis.JSON;"
    "delete Object.prototype.toString; delete Array.prototype.map",
    "Object.freeze = Object.keys = () => 'mark'; escape.mark = unescape.mark = 1",
    "try { (function f() { f() })() } catch (e) { e.mark = 1 }",
    "throw Object.assign(new Error('mark'), { mark: 1 })",
    "for (;;) globalThis.mark = 1",
    "var a = []; for (;;) { a.mark = 1; a.push('mark'.repeat(1000)) }",
};

/* Everything that can be reached from a few roots, by property, prototype or getter, that
 * has something of the name, and what the built-in functions do then. */
static const char look[] =
    "var found = [], seen = new Set();"
    "function visit(v, path, depth) {"
    "  if ((typeof v !== 'object' && typeof v !== 'function') || v === null || "
    "seen.has(v)"
    "      || depth > 8 || v === found || v === seen) return;"
    "  seen.add(v);"
    "  for (const k of Reflect.ownKeys(v)) {"
    "    if (String(k).includes('mark')) found.push(path + '.' + String(k));"
    "    const d = Object.getOwnPropertyDescriptor(v, k);"
    "    if (typeof d.value === 'string' && d.value.includes('mark')) found.push(path);"
    "    visit(d.value, path + '.' + String(k), depth + 1);"
    "    visit(d.get, path + '.' + String(k), depth + 1); }"
    "  visit(Object.getPrototypeOf(v), path + '.__proto__', depth + 1); }"
    "visit(Object.getPrototypeOf(globalThis), 'global', 0);"
    "visit((function tag(s) { return s })`x`, 'template', 0);"
    "visit(make(), 'made', 0);"
    "visit([].values(), 'iterator', 0); visit((function* () {})(), 'generator', 0);"
    "visit(async function () {}, 'async', 0); visit(new Error('x'), 'error', 0);"
    "visit(/(x)/.exec('x'), 'match', 0); visit(lazy, 'lazy', 0);"
    "if (kept() !== undefined) found.push('kept');"
    "if (typeof mark !== 'undefined' || typeof mark1 !== 'undefined') found.push('name');"
    "if ([1].map(x => x + 1)[0] !== 2 || [].push(1) !== 1 || Math.random() === 'mark'"
    "    || get('a') !== 3 || JSON.stringify({ a: 1 }) !== '{\"a\":1}' || Date.now() === "
    "'mark'"
    "    || String({}) !== '[object Object]') found.push('behaviour');"
    "found.join()";

/* The same script twice: what it compiles to is shared, and must hold nothing either. */
static const case_t again[] = {
    { "(function (s) { const had = 'mark' in s; s.mark = 1; return had })`x`",
      "boolean false" },
    { "(function (s) { const had = 'mark' in s.raw; s.raw.mark = 1; return had })`x`",
      "boolean false" },
    { "const r = /x/g; const had = r.lastIndex; r.exec('x'); r.mark = 1; had",
      "integer 0" },
    { "function f() { } const had = f.mark; f.mark = 1; had === undefined",
      "boolean true" },
    { "var had = typeof once; var once = 1; had", "string undefined" },
    { "const o = { a: [] }; o.a.push(1); o.a.length", "integer 1" },
    { "class A { static n = 0 } ++A.n", "integer 1" },
    { "function* g() { yield 1; yield 2 } const i = g(); i.next().value", "integer 1" },
    { "Symbol.for('s') === Symbol.for('s') && Symbol('s') !== Symbol('s')",
      "boolean true" },
    { "const w = new WeakMap(); const had = w.has(Object); w.set(Object, 1); had",
      "boolean false" },
};

static void test_smugglers(void)
{
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(smugglers) / sizeof(smugglers[0]); i++) {
        fixture_t f;
        wf_js_call_t call = call_of(smugglers[i], &f);
        wf_js_result_t result;
        wf_error_t err;

        wf_error_init(&err, p);
        fixture_init(&f, p);
        call.deadline_ms = 200;
        call.memory = 4 * 1024 * 1024;
        wf_js_run(&call, &result, p, &err); /* whether it fails is its own affair */
        is_str(run_in(look, WF_LOAD, p), "string ", "%s", smugglers[i]);
        apr_pool_clear(p);
    }
    ok(strstr(run_in(apr_pstrcat(p, "globalThis.mark = 1;", look, NULL), WF_LOAD, p),
              "name")
           != NULL,
       "the search finds what is there");
    apr_pool_destroy(p);
}

/* ---- compiled scripts, limits ------------------------------------------------------------ */

static void test_compiled(void)
{
    apr_pool_t *p;
    wf_js_script_t *script;
    wf_error_t err;
    fixture_t f;
    wf_js_call_t call;
    wf_js_result_t result;
    int line, right = 0;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    fixture_init(&f, p);
    is_int(
        wf_js_compile(&script, "s", "set('x', (get('x') || 0) + 1)", 29, &line, p, &err),
        APR_SUCCESS, "compiles");
    call = call_of("", &f);
    call.script = script;
    for (int i = 0; i < 1000; i++) {
        right += wf_js_run(&call, &result, p, &err) == APR_SUCCESS;
    }
    is_int(right, 1000, "runs again and again");
    is_int(wf_map_get(f.vars, "x")->as.integer, 1000, "each time");
    ok(wf_js_compile(&script, "s", "1;\n\n  let 5", 11, &line, p, &err) != APR_SUCCESS
           && err.kind == WF_ERR_INVALID,
       "a syntax error: %s", err.message);
    is_int(line, 3, "has its line");
    apr_pool_destroy(p);
}

/* More scripts than are kept, in turn: each does its own. */
static void test_many(void)
{
    enum { SCRIPTS = 700 };
    static wf_js_script_t *scripts[SCRIPTS];
    apr_pool_t *p;
    wf_error_t err;
    int line, wrong = 0;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    for (int i = 0; i < SCRIPTS; i++) {
        const char *text = apr_psprintf(p, "%d", i);

        wrong += wf_js_compile(&scripts[i], "s", text, strlen(text), &line, p, &err)
                 != APR_SUCCESS;
    }
    for (int i = 0; i < 2 * SCRIPTS; i++) {
        wf_js_call_t call = call_of("", NULL);
        wf_js_result_t result;

        call.script = scripts[i % SCRIPTS];
        wrong += wf_js_run(&call, &result, p, &err) != APR_SUCCESS
                 || result.value.as.integer != i % SCRIPTS;
    }
    is_int(wrong, 0, "%d scripts, twice", SCRIPTS);
    apr_pool_destroy(p);
}

static void test_stopped(void)
{
    apr_pool_t *p;
    fixture_t f;
    wf_js_call_t call = call_of("for (;;);", &f);
    wf_js_result_t result;
    wf_error_t err;
    int stop = 1;
    apr_int64_t start = wf_mono_us();

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    call.deadline_ms = 60000;
    call.stop = &stop;
    ok(wf_js_run(&call, &result, p, &err) != APR_SUCCESS && result.late,
       "is stopped from outside");
    ok(wf_mono_us() - start < 10 * 1000 * 1000, "long before its deadline");
    call.stop = NULL;
    call.deadline_ms = 50;
    wf_error_init(&err, p);
    ok(wf_js_run(&call, &result, p, &err) != APR_SUCCESS && result.late, "is late");
    call.text = "const s = 'x'.repeat(2e7); for (;;) { try { digest('sha512', s); "
                "hmac('sha512', 'k', s) } catch (e) {} }";
    call.length = strlen(call.text);
    wf_error_init(&err, p);
    ok(wf_js_run(&call, &result, p, &err) != APR_SUCCESS && result.late,
       "is late with sums of long texts");
    call.memory = 1024 * 1024;
    call.text = "'x'.repeat(2e6)";
    call.length = strlen(call.text);
    wf_error_init(&err, p);
    ok(wf_js_run(&call, &result, p, &err) != APR_SUCCESS && !result.late,
       "is too large, not late");
    apr_pool_destroy(p);
}

int main(void)
{
    apr_initialize();
    RUN(values, WF_LOAD, run_in);
    RUN(stores, WF_LOAD, run_in_x);
    RUN(codec, WF_LOAD, run_in);
    RUN(again, WF_LOAD, run_in);
    RUN(again, WF_LOAD, run_in);
    test_smugglers();
    test_compiled();
    test_many();
    test_stopped();
    apr_terminate();
    return done_testing();
}
