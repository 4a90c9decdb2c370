/* JavaScript: values in and out, variables, lists and maps, host objects, errors, limits.
 */
#include "script/fixture.h"

/* ---- running ------------------------------------------------------------------------ */

typedef struct js_t {
    fixture_t f;
    wf_scope_t scope;
    wf_js_global_t globals[1];
    wf_js_call_t call;
    wf_js_result_t result;
    wf_error_t err;
} js_t;

static void js_init(js_t *js, const char *text, apr_pool_t *p)
{
    memset(js, 0, sizeof(*js));
    wf_error_init(&js->err, p);
    fixture_init(&js->f, p);
    js->scope = fixture_scope(&js->f);
    js->globals[0].name = "execution";
    js->globals[0].value = *wf_map_get(js->f.vars, "execution");
    wf_map_remove(js->f.vars, "execution");
    js->call = (wf_js_call_t){
        .name = "script task \"s\"",
        .text = text,
        .length = strlen(text),
        .scope = &js->scope,
        .globals = js->globals,
        .nglobals = 1,
        .wants_value = 1,
    };
}

static apr_status_t js_run(js_t *js, apr_pool_t *p)
{
    return wf_js_run(&js->call, &js->result, p, &js->err);
}

static const char *run_js(const char *text, wf_dialect_e dialect, apr_pool_t *p)
{
    js_t js;
    apr_status_t rv;

    js_init(&js, text, p);
    rv = js_run(&js, p);
    return describe(rv, &js.result.value, &js.err, dialect, p);
}

/* What the variable x holds after the script. */
static const char *run_js_x(const char *text, wf_dialect_e dialect, apr_pool_t *p)
{
    js_t js;
    apr_status_t rv;
    wf_value_t *x;

    js_init(&js, text, p);
    rv = js_run(&js, p);
    x = wf_map_get(js.f.vars, "x");
    return rv == APR_SUCCESS && !x ? "none" : describe(rv, x, &js.err, dialect, p);
}

/* ---- tables -------------------------------------------------------------------------- */

static const case_t values[] = {
    { "1 + 2", "integer 3" },
    { "6 / 2", "integer 3" },
    { "7 / 2", "double 3.5" },
    { "-0", "integer 0" },
    { "2147483647", "integer 2147483647" },
    { "2147483648", "long 2147483648" },
    { "9007199254740991", "long 9007199254740991" },
    { "9007199254740992", "double 9.007199254740992E15" },
    { "1e300", "double 1.0E300" },
    { "0 / 0", "double NaN" },
    { "1 / 0", "double Infinity" },
    { "123n", "integer 123" },
    { "2n ** 62n", "long 4611686018427387904" },
    { "2n ** 64n", "! a BigInt beyond 64 bits cannot leave a script" },
    { "true", "boolean true" },
    { "null", "null" },
    { "undefined", "null" },
    { "'gr\xc3\xbc\xc3\x9f' + 'e'", "string gr\xc3\xbc\xc3\x9f"
                                    "e" },
    { "'\xf0\x9f\x98\x80'.length", "integer 2" },
    { "'\xf0\x9f\x98\x80'.charAt(0)", "string \xef\xbf\xbd" },
    { "'a\\0b'", "! a text with the character U+0000 cannot leave a script" },
    { "new Date(1288685100120)", "date Tue Nov 02 08:05:00 UTC 2010" },
    { "new Date('x')", "! an invalid Date cannot leave a script" },
    { "[1, 'a', null, undefined, [2.5]]", "list [1, a, null, null, [2.5]]" },
    { "[,1]", "list [null, 1]" },
    { "({a: 1, b: {c: [true]}, f: function () {}, u: undefined})",
      "map {a=1, b={c=[true]}}" },
    { "new String('s')", "string s" },
    { "new Number(4)", "integer 4" },
    { "new Boolean(false)", "boolean false" },
    { "new Uint8Array([97, 98])", "bytes YWI=" },
    { "(function () {})", "! a function cannot leave a script" },
    { "Symbol('s')", "! a Symbol cannot leave a script" },
    { "new Map()", "! an object such as Map, Error or RegExp cannot leave a script" },
    { "var o = {}; o.o = o; o", "! nested deeper than 32, or in themselves" },
    { "({ get a() { throw new Error('no'); } })", "! line 1: Error: no" },
    { "new Array(4294967295)", "! more than 65536 KiB of memory" },
    { "var r = ''; for (var i = 0; i < 3; i++) { r += i; }", "string 012" },
    { "var r; if (true) { r = 'last'; } else { 'not' }", "string last" },
    { "function f() { return 1 }", "null" },
    { "", "null" },
    { "// nothing", "null" },
    { "Promise.resolve(7)", "integer 7" },
    { "(async () => { await null; return [1] })()", "list [1]" },
    { "Promise.reject(new Error('late'))", "! line 1: Error: late" },
    { "Promise.reject(1).catch(e => e + 1)", "integer 2" },
    { "(async () => { throw new TypeError('gone') })(); 1", "! TypeError: gone" },
    { "new Promise(() => {})", "! a promise that nothing fulfils" },
};

static const case_t language[] = {
    { "let a1 = [3, 1, 2]; const [x1, ...y1] = a1.toSorted(); `${x1}-${y1}`",
      "string 1-2,3" },
    { "class P { #n = 1; get n() { return this.#n } }; new P().n", "integer 1" },
    { "JSON.parse('{\"q\": [1, 2]}').q[1]", "integer 2" },
    { "/(\\d+)-(?<w>\\w+)/.exec('12-ab').groups.w", "string ab" },
    { "[1, 63, 64, 65, 66, 200].every(k => "
      "'\\u0301\\u0300\\u0323'.repeat(k).normalize('NFD') "
      "=== '\\u0323'.repeat(k) + '\\u0301\\u0300'.repeat(k))",
      "boolean true" },
    { "('a' + '\\u0301\\u0323'.repeat(99) + 'b').normalize() === '\\u1ea1' "
      "+ '\\u0323'.repeat(98) + '\\u0301'.repeat(99) + 'b'",
      "boolean true" },
    { "[...new Int8Array([3, -1, 127, -128, 0]).sort(), '', "
      "...new Uint8Array([3, 255, 0, 128]).sort()].join()",
      "string -128,-1,0,3,127,,0,3,128,255" },
    { "new Float64Array([2, NaN, -0, 0, -1]).sort().join()", "string -1,0,0,2,NaN" },
    { "null ?? 'd'", "string d" },
    { "Object.entries({a: 1}).flat().join()", "string a,1" },
    { "function P() {} P.prototype.toString = function () { return 'p' }; '' + new P()",
      "string p" },
    { "var e = new Error('m'); e.name = 'Mine'; e.message = 'n'; '' + e",
      "string Mine: n" },
    { "Array.prototype.mine = 1; [].mine", "null" },
    { "'use strict'; Array.prototype.mine = 1", "! TypeError: object is not extensible" },
    { "typeof require + typeof process + typeof std + typeof os + typeof java",
      "string undefinedundefinedundefinedundefinedundefined" },
    { "java.lang.System.exit(1)", "! ReferenceError: 'java' is not defined" },
    { "import('fs').then(m => m)", "! could not load module" },
    { "typeof WeakRef + typeof FinalizationRegistry", "string undefinedundefined" },
    { "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", "! cannot block" },
    { "eval('1 + a')", "integer 4" },
    { "new Function('q', 'return q + a')(1)", "integer 4" },
};

static const case_t variables[] = {
    { "a + b", "integer 7" },
    { "s + d", "string hello2.5" },
    { "n", "null" },
    { "f", "boolean false" },
    { "big", "long 9223372036854775807" },
    { "typeof big", "string bigint" },
    { "when.getTime() - later", "integer -1" },
    { "when", "date Tue Nov 02 08:05:00 UTC 2010" },
    { "blob.length + blob[1]", "integer 101" },
    { "blob", "bytes YWJj" },
    { "$x_1", "string odd" },
    { "nosuch", "! script task \"s\", line 1: ReferenceError: 'nosuch' is not defined" },
    { "\n\n  a + nosuch", "! line 3: ReferenceError" },
    { "typeof nosuch", "string undefined" },
    { "typeof a", "string number" },
    { "'a' in globalThis", "boolean true" },
    { "'nosuch' in globalThis", "boolean false" },
    { "this.a", "integer 3" },
    { "this === globalThis", "boolean true" },
    { "globalThis['two words']", "string yes" },
    { "a = 5; a", "integer 5" },
    { "a = 5; execution.getVariable('a')", "integer 3" },
    { "execution.setVariable('a', 9); a", "integer 9" },
    { "var a; a", "integer 3" },
    { "var a = a + 1; a", "integer 4" },
    { "var q; q", "null" },
    { "let a = 8; a", "integer 8" },
    { "function a() { return 1 } a()", "integer 1" },
    { "(function () { return a })()", "integer 3" },
    { "var a = 1; delete globalThis.a", "boolean false" },
    { "q = 1; delete q; typeof q", "string undefined" },
    { "Object.keys(globalThis).length", "integer 0" },
    { "var Math = 1; Math", "integer 1" },
    { "Object.getPrototypeOf(globalThis).leak = 1; typeof leak", "string undefined" },
    { "undefinedVariable = 1; undefinedVariable", "integer 1" },
    { "'use strict'; a = 5; a", "integer 5" },
    { "'use strict'; undeclared = 1", "! ReferenceError: 'undeclared' is not defined" },
};

static const case_t collections[] = {
    { "l[0]", "string x" },
    { "l[2]", "null" },
    { "l.length", "integer 2" },
    { "l.size()", "integer 2" },
    { "l.get(1)", "string y" },
    { "l.get(2)", "! TypeError: list index out of range: 2" },
    { "l.contains('y') && !l.isEmpty()", "boolean true" },
    { "l.indexOf('y')", "integer 1" },
    { "nums.indexOf(2, 2)", "integer 3" },
    { "l.map(e => e + e).join('-')", "string xx-yy" },
    { "nums.filter(e => e > 1).length", "integer 3" },
    { "var t2 = 0; for (var e of nums) t2 += e; t2", "integer 8" },
    { "var t3 = ''; for (var i in l) t3 += i; t3", "string 01" },
    { "[...l, 'z']", "list [x, y, z]" },
    { "[0].concat(l)", "list [0, x, y]" },
    { "JSON.stringify({l, m})", "string {\"l\":[\"x\",\"y\"],\"m\":{\"k\":\"v\"}}" },
    { "'' + l + m", "string [x, y]{k=v}" },
    { "l === l", "boolean true" },
    { "l instanceof Array", "boolean true" },
    { "tree.items[0] === tree.items.get(0)", "boolean true" },
    { "l.push('z'); l", "list [x, y, z]" },
    { "l.add('z'); l.add(0, 'w'); l", "list [w, x, y, z]" },
    { "l[1] = 'q'; l[3] = 'r'; l", "list [x, q, null, r]" },
    { "l.length = 1; l", "list [x]" },
    { "l.length = -1", "! RangeError: invalid array length" },
    { "l.pop() + l", "string y[x]" },
    { "l.shift() + l", "string x[y]" },
    { "l.unshift('w'); l", "list [w, x, y]" },
    { "nums.sort((p, q) => q - p); nums", "list [3, 2, 2, 1]" },
    { "l.reverse(); l", "list [y, x]" },
    { "nums.splice(1, 2, 'n') + '' + nums", "string 2,3[1, n, 2]" },
    { "delete l[0]; l", "list [null, y]" },
    { "l.foo = 1", "! TypeError: a list takes elements only" },
    { "var o = {p: 1}; l[0] = o; o.p = 2; l[0].p", "integer 1" },
    { "l[0] = execution", "! execution cannot be put into a list or map" },
    { "l[0] = l; l", "list [[x, y], y]" },
    { "l.remove(0) + l", "string x[y]" },
    { "l.remove('y') + '' + l", "string true[x]" },
    { "m.k", "string v" },
    { "m['k']", "string v" },
    { "m.get('k') + m.size() + m.containsKey('k')", "string v1true" },
    { "m.nosuch", "null" },
    { "'k' in m", "boolean true" },
    { "'nosuch' in m", "boolean false" },
    { "m.q = 1; m", "map {k=v, q=1}" },
    { "m.put('q', [1]); m.q[0]", "integer 1" },
    { "delete m.k; m", "map {}" },
    { "m.remove('k') + m", "string v{}" },
    { "Object.keys(tree)", "list [items, n, 0, x.y, ratio]" },
    { "tree.keySet().size()", "integer 5" },
    { "Object.assign({}, m, {z: 1})", "map {k=v, z=1}" },
    { "m[Symbol('s')] = 1", "! TypeError: a map takes entries only" },
    { "tree.items[1].id", "integer 8" },
    { "tree['0']", "string zero" },
    { "tree[0]", "string zero" },
    { "tree['x.y']", "string dotted" },
    { "l", "list [x, y]" },
    { "m", "map {k=v}" },
    { "Object.getPrototypeOf(l).size.call(1)", "! the method is one of lists and maps" },
};

static const case_t objects[] = {
    { "execution.id", "string 4711" },
    { "execution['id']", "string 4711" },
    { "'id' in execution", "boolean true" },
    { "'nosuch' in execution", "boolean false" },
    { "execution.getVariable('a')", "integer 3" },
    { "var g = execution.getVariable; g('a')", "integer 3" },
    { "execution.hasVariable('nosuch')", "boolean false" },
    { "execution.nosuch('a')",
      "! TypeError: execution has no method 'nosuch' with 1 arg" },
    { "execution.getVariable()",
      "! execution has no method 'getVariable' with 0 arguments" },
    { "execution.foo = 1", "! the property 'foo' of execution cannot be set" },
    { "execution.fail(1)", "! script task \"s\", line 1: the host says no" },
    { "\nexecution.broken", "! line 2: the host says no" },
    { "try { execution.fail(1) } catch (e) { e.message }", "string the host says no" },
    { "'' + execution", "string execution" },
    { "JSON.stringify(execution)", "string {}" },
    { "execution === execution", "boolean false" },
    { "execution.setVariable('q', function () {})",
      "! a function cannot leave a script" },
    { "print('a', 1, {b: l}); println(m); console.log(null); console.error('no\\nline')",
      "null" },
};

/* What the script leaves in the variable x. */
static const case_t stores[] = {
    { "execution.setVariable('x', 1)", "integer 1" },
    { "execution.setVariable('x', [1, {a: 'b'}])", "list [1, {a=b}]" },
    { "execution.setVariable('x', new Date(0))", "date Thu Jan 01 00:00:00 UTC 1970" },
    { "execution.setVariable('x', l)", "list [x, y]" },
    { "var x = 1", "none" },
};

static const case_t errors[] = {
    { "1 +", "! script task \"s\", line 1: SyntaxError: unexpected token" },
    { "var a = 1;\nvar b = ;", "! line 2: SyntaxError" },
    { "throw 'plain'", "! script task \"s\": plain" },
    { "throw {code: 1}", "! script task \"s\": {\"code\":1}" },
    { "throw null", "! script task \"s\": null" },
    { "\n\nthrow new RangeError('far')", "! line 3: RangeError: far" },
    { "function f() {\n null.x }\nf()",
      "! line 2: TypeError: cannot read property 'x' of null" },
    { "throw { toString() { throw 1 }, toJSON() { throw 2 } }",
      "! an exception without a text" },
    { "(function f() { f() })()", "! InternalError: stack overflow" },
    { "const c = 1; c = 2", "! TypeError: 'c' is read-only" },
    { "let a = 1; let a = 2", "! SyntaxError: " },
    { "await 1", "! SyntaxError" },
    { "import x from 'y'", "! SyntaxError" },
    { "return 1", "! SyntaxError: return not in a function" },
    { "throw new BpmnError('E1', 'text')", "! line 1: BPMN error 'E1': text" },
    { "throw new BpmnError(17)", "! BPMN error '17'" },
    { "throw new org.activiti.engine.delegate.BpmnError('E2')", "! BPMN error 'E2'" },
    { "throw new org.flowable.engine.delegate.BpmnError('E2')", "! BPMN error 'E2'" },
    { "throw new org.camunda.bpm.engine.delegate.BpmnError('E2')", "! BPMN error 'E2'" },
    { "throw new BpmnError()", "! TypeError: a BpmnError needs a code" },
    { "try { throw new BpmnError('E3', 'm') } catch (e) { e.errorCode + e.message }",
      "string E3m" },
    { "new BpmnError('E4') instanceof Error", "boolean true" },
};

/* ---- BPMN errors ---------------------------------------------------------------------- */

static void test_bpmn_error(void)
{
    static const struct {
        const char *text, *code, *message;
    } cases[] = {
        { "throw new BpmnError('LATE', 'too late')", "LATE", "too late" },
        { "throw new BpmnError('LATE')", "LATE", NULL },
        { "class Mine extends BpmnError {} throw new Mine('M')", "M", NULL },
        { "throw new Error('LATE')", NULL, NULL },
        { "throw {errorCode: 'LATE'}", NULL, NULL },
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        js_t js;

        js_init(&js, cases[i].text, p);
        ok(js_run(&js, p) != APR_SUCCESS, "%s: fails", cases[i].text);
        is_str(js.result.error_code, cases[i].code, "the code");
        is_str(js.result.error_message, cases[i].message, "the message");
    }
    apr_pool_destroy(p);
}

/* ---- top-level variables --------------------------------------------------------------- */

static void test_stored(void)
{
    static const case_t cases[] = {
        { "var v = 1; w = 'two'; let y = [3]; const z = {a: 4}; function f() {} var u;",
          "{v=1, w=two, y=[3], z={a=4}}" },
        { "a = 5; var e = execution; var print = 1", "{a=5}" },
        { "var a; l = l", "{a=3, l=[x, y]}" },
        { "if (true) { let inner = 1 } var out = 2", "{}" },
        { "var v = new Map()", "! an object such as Map" },
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        js_t js;
        wf_value_t v;
        apr_status_t rv;
        const char *got;

        js_init(&js, cases[i].text, p);
        js.call.stored = wf_map_create(p);
        js.call.wants_value = 0;
        rv = js_run(&js, p);
        v = wf_map(js.call.stored);
        got = rv == APR_SUCCESS ? wf_value_print(&v, WF_UEL, p)
                                : describe(rv, &v, &js.err, WF_UEL, p);
        ok(!strcmp(got, cases[i].want)
               || (rv != APR_SUCCESS && strstr(got, cases[i].want + 2)),
           "%s -> %s", cases[i].text, got);
    }
    apr_pool_destroy(p);
}

/* ---- one run after another --------------------------------------------------------------- */

static void test_isolation(void)
{
    static const case_t sequence[] = {
        { "var g1 = 1; let g2 = 2; g3 = 3; globalThis.g4 = 4; 0", "integer 0" },
        { "[typeof g1, typeof g2, typeof g3, typeof g4].join()",
          "string undefined,undefined,undefined,undefined" },
        { "let once = 1; once", "integer 1" },
        { "let once = 1; once", "integer 1" },
        { "Math.random = function () { return 2 }; Math.random() < 1", "boolean true" },
        { "Object.prototype.leak = 1; ({}).leak", "null" },
        { "(function* () {})().__proto__.__proto__.next = 1; (function* () { yield 5 "
          "})().next().value",
          "integer 5" },
        { "''.matchAll(/x/g).__proto__.x = 1; ''.matchAll(/x/g).x", "null" },
        { "console.log = 1; typeof console.log", "string function" },
        { "BpmnError.prototype.x = 1; new BpmnError('q').x", "null" },
        { "Object.getPrototypeOf(l).get = 1; l.get(0)", "string x" },
        { "Promise.resolve().then(() => { globalThis.afterwards = 1 }); 1", "integer 1" },
        { "typeof afterwards", "string undefined" },
    };

    RUN(sequence, WF_UEL, run_js);
}

/* A host object may run another script. */
typedef struct nest_t {
    wf_object_t object;
    int depth;
} nest_t;

static int nest_call(wf_object_t *self, const char *method, const wf_value_t *args,
                     int nargs, wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    nest_t *nest = (nest_t *)self;
    wf_js_global_t global = { "nest", { .type = WF_OBJECT, .as.object = self } };
    wf_js_call_t call = { .name = "inner",
                          .text = args[0].as.text.data,
                          .length = args[0].as.text.length,
                          .globals = &global,
                          .nglobals = 1,
                          .wants_value = 1 };
    wf_js_result_t result;
    apr_status_t rv;

    if (nargs != 1 || strcmp(method, "run") != 0) {
        return 0;
    }
    nest->depth++;
    rv = wf_js_run(&call, &result, p, err);
    *value = result.value;
    return rv == APR_SUCCESS ? 1 : -1;
}

static void test_nested(void)
{
    nest_t nest = { .object = { .class_name = "nest", .call = nest_call } };
    apr_pool_t *p;
    js_t js;

    apr_pool_create(&p, NULL);
    js_init(&js, "var x = 1; nest.run('var x = 2; x') + x", p);
    js.globals[0] =
        (wf_js_global_t){ "nest", { .type = WF_OBJECT, .as.object = &nest.object } };
    is_int(js_run(&js, p), APR_SUCCESS, "a script within a script");
    is_int(js.result.value.as.integer, 3, "each has variables of its own");
    js_init(&js, "r = 'nest.run(r)'; nest.run('r = \"nest.run(r)\"; eval(r)')", p);
    js.globals[0] =
        (wf_js_global_t){ "nest", { .type = WF_OBJECT, .as.object = &nest.object } };
    nest.depth = 0;
    ok(js_run(&js, p) != APR_SUCCESS, "endless nesting ends");
    apr_pool_destroy(p);
}

/* ---- limits ------------------------------------------------------------------------------- */

#define DEADLINE_MS 100
#define LATEST_MS 3000 /* on a busy machine, under a sanitizer */

/* None may outlive its deadline or its memory by much, whatever the library does
 * natively. */
static const char *const hostile[] = {
    "for (;;);",
    "while (true) { try { for (;;); } catch (e) {} finally { continue } }",
    "(function f() { try { f() } finally { f() } })()",
    "[].indexOf.call({length: 2 ** 53 - 1}, 1)",
    "[].includes.call({length: 2 ** 53 - 1}, 1)",
    "[].lastIndexOf.call({length: 2 ** 53 - 1}, 1)",
    "[].join.call({length: 2 ** 32 - 1})",
    "[].forEach.call({length: 2 ** 53 - 1}, Math.abs)",
    "[].reverse.call({length: 2 ** 53 - 1})",
    "[].copyWithin.call({length: 2 ** 53 - 1}, 1, 0)",
    "[].fill.call(Object.defineProperty(new Uint8Array(1), 'length', {value: 2 ** 53 - "
    "1}), 0)",
    "[].splice.call({length: 2 ** 53 - 1}, 0, 2 ** 53 - 1)",
    "[].concat.call([], Object.assign([], {length: 2 ** 32 - 1}))",
    "[].at.call({length: 2 ** 53 - 1}, 0); [].flat.call({length: 2 ** 53 - 1})",
    "[].unshift.call({length: 2 ** 53 - 2}, 1)",
    "[].shift.call({length: 2 ** 53 - 1})",
    "[].find.call({length: 2 ** 53 - 1}, Math.abs)",
    "[].reduce.call({length: 2 ** 53 - 1}, Math.abs, 0)",
    "[].slice.call({length: 2 ** 53 - 1}, 0, 2 ** 32 - 1)",
    "Array.from({length: 2 ** 53 - 1})",
    "a = []; a.length = 2 ** 32 - 1; a.sort()",
    "a = []; a.length = 2 ** 32 - 1; a.toSorted()",
    "a = new Array(1e5).fill('x'.repeat(1e6) + 1).map(String); a.sort()",
    "/(a+)+$/.test('a'.repeat(40) + 'b')",
    "/(x+x+)+y/.exec('x'.repeat(50))",
    "('a'.repeat(1e6)).indexOf('a'.repeat(5e5) + 'b')",
    "('a'.repeat(1e6)).lastIndexOf('b' + 'a'.repeat(5e5))",
    "('a'.repeat(1e6)).includes('a'.repeat(5e5) + 'b')",
    "('a'.repeat(1e6)).split('a'.repeat(5e5) + 'b')",
    "('a'.repeat(1e6)).replace('a'.repeat(5e5) + 'b', '')",
    "('a'.repeat(1e6)).replaceAll('a'.repeat(5e5) + 'b', '')",
    "var s1 = 'a'.repeat(2e6), s2 = s1.slice(1) + 'a'; for (;;) s1 === s2",
    "var a = new Array(1e6).fill(0); for (;;) a.slice()",
    "var a = []; for (;;) a.push({})",
    "var a = []; for (;;) { try { a.push({}) } catch (e) {} }",
    "var s = 'x'; for (;;) s += s",
    "var s = ''; for (;;) s += 'some text'",
    "var s = ''; for (;;) s = 'some text' + s",
    "'x'.repeat(2 ** 30 - 1)",
    "new Uint8Array(2 ** 31 - 1)",
    "var a = []; for (;;) a.push(new Uint8Array(1e6))",
    "var m = new Map(); for (var i = 0;; i++) m.set(i, i)",
    "10n ** 300000n + ''",
    "var n1 = 3n ** 600000n, n2 = 3n ** 300000n; for (;;) n1 / n2",
    "JSON.stringify(new Array(1e7).fill({a: 1}))",
    "JSON.parse('['.repeat(1e6))",
    "eval('('.repeat(1e5))",
    "eval('1;'.repeat(2e6))",
    "(async () => { for (;;) await null })()",
    "function f() { Promise.resolve().then(f) } f()",
    "for (;;) execution.getVariable('a')",
    "for (;;) l.add('z')",
    "for (;;) l.push('zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz')",
    "l.length = 2 ** 31 - 1",
    "for (var i = 0;; i++) m['k' + i] = i",
    "for (;;) execution.setVariable('x', 'y'.repeat(1000))",
    "var o = {}; for (;;) o = {o, p: o}",
    "for (;;) new Proxy({}, {})",
    "class A { static { for (;;); } }",
    "Object.defineProperty(globalThis, 'x', { get() { for (;;); } }); x",
    "({ toString() { for (;;); } }) + ''",
    "throw { toString() { for (;;); } }",
    "({ get a() { for (;;); } })",
    "new Date({ valueOf() { for (;;); } })",
    "let r = []; for (let i = 0; i < 1e9; i++) r[i] = () => i",
    "Symbol.for('x'.repeat(1e8))",
    "('x'.repeat(1e6)).normalize('NFKD')",
    "String.fromCharCode.apply(null, new Array(1e8))",
    "function* g() { yield* g() } [...g()]",
};

static void test_hostile(void)
{
    apr_pool_t *p;

    for (unsigned i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        js_t js;
        apr_int64_t start = wf_mono_us();
        apr_status_t rv;
        int ms;

        apr_pool_create(&p, NULL);
        js_init(&js, hostile[i], p);
        js.call.deadline_ms = DEADLINE_MS;
        rv = js_run(&js, p);
        ms = (int)((wf_mono_us() - start) / 1000);
        ok(ms < LATEST_MS, "%s: %d ms, %s", hostile[i], ms,
           rv == APR_SUCCESS ? "done" : js.err.message);
        apr_pool_destroy(p);
    }
    is_str(run_js("a + 1", WF_UEL, (apr_pool_create(&p, NULL), p)), "integer 4",
           "the next script finds all in order");
    apr_pool_destroy(p);
}

/* Each is one call of the library, or two: their time is that of the thread, so that a
 * busy machine does not matter. */
static const char *const at_once[] = {
    "'x'.repeat(6e7)",
    "'ab'.repeat(3e7)",
    "'\\u1234'.repeat(3e7)",
    "'x'.padStart(6e7, 'ab')",
    "'x'.padEnd(6e7)",
    "'x'.repeat(3e7).toUpperCase()",
    "'\\u1234'.repeat(1e7).toLowerCase()",
    "encodeURIComponent('\\u1234'.repeat(3e6))",
    "decodeURIComponent('%41'.repeat(5e6))",
    "escape('\\u1234'.repeat(3e6))",
    "JSON.parse('[' + '1,'.repeat(1e6) + '1]')",
    "JSON.stringify('x'.repeat(2e7))",
    "[...'x'.repeat(2e6)]",
    "new Array(3e6).fill(1).join()",
    "'ab'.repeat(1e7).replace(/a/g, 'c')",
    "'ab'.repeat(1e7).split('a')",
    "('\\u0301'.repeat(1e6) + '\\u0323'.repeat(1e6)).normalize('NFD')",
    "'\\u3316'.repeat(2e6).normalize('NFKC')",
    "new RegExp('a|'.repeat(1e6))",
    "new RegExp('[\\\\p{L}\\\\p{N}]'.repeat(1e5), 'ui')",
    "new RegExp('[' + '\\\\p{L}'.repeat(1e5) + ']', 'u')",
    "Object.keys(Object.assign({}, new Array(5e5).fill(1)))",
    "Object.entries('x'.repeat(5e5))",
    "Object.getOwnPropertyDescriptors('x'.repeat(1e6))",
    "Object.freeze(new Array(1e6).fill(1))",
    "Array.from(new Uint8Array(3e7))",
    "new Float32Array(new Uint8Array(1.2e7))",
    "new Uint8Array(2e7).set(new Float32Array(7e6))",
    "a = new Uint32Array(1e7); for (i = 0; i < 3e4; i++) a[i * 300] = i * 7919; a.sort()",
};

#define SOON_MS 20
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SOON_LATEST_MS 1500
#else
#define SOON_LATEST_MS 400
#endif

static int thread_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void test_at_once(void)
{
    apr_pool_t *p;

    for (unsigned i = 0; i < sizeof(at_once) / sizeof(at_once[0]); i++) {
        int start = thread_ms(), ms;
        js_t js;

        apr_pool_create(&p, NULL);
        js_init(&js, at_once[i], p);
        js.call.deadline_ms = SOON_MS;
        js_run(&js, p);
        ms = thread_ms() - start;
        ok(ms < SOON_LATEST_MS, "%s: %d ms, %s", at_once[i], ms,
           js.err.message ? js.err.message : "done");
        apr_pool_destroy(p);
    }
}

#define ENDS 300

static void test_limits(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "for (;;);", "script task \"s\": stopped: it ran longer than 1000 ms" },
        { "try { for (;;); } catch (e) { 1 }", "stopped: it ran longer than 1000 ms" },
        { "var a = []; for (;;) a.push({})", "stopped: it needs more than 4096 KiB" },
        { "var r = 'no'; try { 'x'.repeat(1e7) } catch (e) { r = 'caught' } r",
          "stopped: it needs more than 4096 KiB" },
        { "for (var i = 0; i < 1e6; i++) l.add('"
          "a text of forty bytes, and some more, so"
          "')",
          "stopped: it needs more than 4096 KiB" },
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        js_t js;

        js_init(&js, cases[i].text, p);
        js.call.deadline_ms = strstr(cases[i].want, "ms") ? 1000 : 60000;
        js.call.memory = 4 * 1024 * 1024;
        js_run(&js, p);
        ok(js.err.kind == WF_ERR_EXECUTION && strstr(js.err.message, cases[i].want),
           "%s -> %s", cases[i].text, js.err.message ? js.err.message : "no error");
    }
    apr_pool_destroy(p);
}

/* Memory that ends anywhere, also while an error about its end is being made. */
static void test_ends_anywhere(void)
{
    static const char *const texts[] = {
        "const all = []; for (;;) all.push(new Array(100).fill(all.length))",
        "var a = []; for (;;) a.push('x'.repeat(1000) + a.length)",
        "var m = new Map(); for (var i = 0;; i++) m.set(i, {i})",
        "var a = []; for (;;) { try { a.push(null.x) } catch (e) { a.push(e) } }",
        "var a = []; for (;;) a.push(() => a)",
    };
    apr_pool_t *p;

    apr_pool_create(&p, NULL);
    for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int stopped = 0;

        for (int n = 0; n < ENDS; n++) {
            js_t js;

            js_init(&js, texts[i], p);
            js.call.deadline_ms = 60000;
            js.call.memory = 512 * 1024 + n * 1016;
            js_run(&js, p);
            stopped += js.err.kind == WF_ERR_EXECUTION
                       && strstr(js.err.message, "stopped: it needs more than") != NULL;
            apr_pool_clear(p);
        }
        is_int(stopped, ENDS, "%s, %d times", texts[i], ENDS);
    }
    apr_pool_destroy(p);
}

/* ---- checking ------------------------------------------------------------------------------ */

static void test_check(void)
{
    char *large = calloc(1, WF_JS_TEXT_MAX + 2);
    apr_pool_t *p;
    wf_error_t err;

    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    is_int(wf_js_check("task \"t\"", "nosuch()", 8, &err), APR_SUCCESS, "parses");
    ok(wf_js_check("task \"t\"", "\n1 +", 4, &err) != APR_SUCCESS, "does not");
    is_int(err.kind, WF_ERR_INVALID, "is the text's fault");
    ok(strstr(err.message, "task \"t\", line 2: SyntaxError") != NULL, "%s", err.message);
    memset(large, ' ', WF_JS_TEXT_MAX + 1);
    wf_error_init(&err, p);
    wf_js_check("t", large, WF_JS_TEXT_MAX, &err);
    is_int(err.kind, WF_ERR_NONE, "the longest script");
    wf_js_check("t", large, WF_JS_TEXT_MAX + 1, &err);
    is_int(err.kind, WF_ERR_TOO_LARGE, "one longer");
    wf_error_init(&err, p);
    wf_js_check("t", "'\xff'", 3, &err);
    is_int(err.kind, WF_ERR_INVALID, "no UTF-8");
    apr_pool_destroy(p);
    free(large);
}

static void ignore(void *baton, wf_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    diag("%s", text);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    apr_initialize();
    wf_log_to(ignore, NULL);
    RUN(values, WF_UEL, run_js);
    RUN(language, WF_UEL, run_js);
    RUN(variables, WF_UEL, run_js);
    RUN(collections, WF_UEL, run_js);
    RUN(objects, WF_UEL, run_js);
    RUN(stores, WF_UEL, run_js_x);
    RUN(errors, WF_UEL, run_js);
    test_bpmn_error();
    test_stored();
    test_isolation();
    test_nested();
    test_limits();
    test_ends_anywhere();
    test_hostile();
    test_at_once();
    test_check();
    apr_terminate();
    return done_testing();
}
