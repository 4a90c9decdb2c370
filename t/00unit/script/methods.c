/* Methods on values, with Java's meaning. */
#include "script/fixture.h"

static const case_t strings[] = {
    { "s.length()", "integer 5" },
    { "'abc'.length()", "integer 3" },
    { "wide.length()", "integer 5" },
    { "smile.length()", "integer 4" },
    { "s.substring(1)", "string ello" },
    { "s.substring(1, 3)", "string el" },
    { "s.substring('1')", "string ello" },
    { "s.substring(1.9)", "string ello" },
    { "s.substring(5)", "string " },
    { "s.substring(6)", "! position 2: string index out of range: 6" },
    { "s.substring(-1)", "! string index out of range: -1" },
    { "s.substring(3, 1)", "! substring ends before it begins" },
    { "s.substring('x')", "! an argument of type string is no integer" },
    { "s.substring(l)", "! an argument of type list is no integer" },
    { "s.substring(n)", "string hello" },
    { "s.substring(1, 9)", "! string index out of range: 9" },
    { "s.charAt(-1)", "! string index out of range: -1" },
    { "s.indexOf(l)", "integer -1" },
    { "s.contains(n)", "boolean true" },
    { "wide.substring(2, 4)", "string \xc3\xb6\xc3\x9f" },
    { "smile.substring(3)", "string z" },
    { "smile.substring(0, 1)", "string a" },
    { "smile.substring(2, 3)", "string \xf0\x9f\x98\x80" },
    { "s.indexOf('l')", "integer 2" },
    { "s.indexOf('l', 3)", "integer 3" },
    { "s.indexOf('l', -5)", "integer 2" },
    { "s.indexOf('h', 99)", "integer -1" },
    { "s.indexOf('')", "integer 0" },
    { "s.indexOf('lo')", "integer 3" },
    { "s.indexOf('x')", "integer -1" },
    { "smile.indexOf('z')", "integer 3" },
    { "s.lastIndexOf('l')", "integer 3" },
    { "s.lastIndexOf('l', 2)", "integer 2" },
    { "s.lastIndexOf('l', -1)", "integer -1" },
    { "s.lastIndexOf('')", "integer 5" },
    { "s.lastIndexOf('hello world')", "integer -1" },
    { "s.charAt(0)", "string h" },
    { "s.charAt(4) == 'o'", "boolean true" },
    { "s.charAt(5)", "! string index out of range" },
    { "wide.charAt(2)", "string \xc3\xb6" },
    { "s.contains('ell')", "boolean true" },
    { "s.contains('')", "boolean true" },
    { "s.contains('elk')", "boolean false" },
    { "s.contains(s)", "boolean true" },
    { "digits.contains(1)", "boolean true" },
    { "s.startsWith('he')", "boolean true" },
    { "s.startsWith('el', 1)", "boolean true" },
    { "s.startsWith('hello!')", "boolean false" },
    { "s.endsWith('llo')", "boolean true" },
    { "s.endsWith('')", "boolean true" },
    { "s.endsWith('xhello')", "boolean false" },
    { "s.equals('hello')", "boolean true" },
    { "s.equals(null)", "boolean false" },
    { "digits.equals(12)", "boolean false" },
    { "s.equalsIgnoreCase('HELLO')", "boolean true" },
    { "s.equalsIgnoreCase('HELL')", "boolean false" },
    { "'\xc3\x84' .equalsIgnoreCase('\xc3\xa4')", "boolean true" },
    { "s.toUpperCase()", "string HELLO" },
    { "'HeLLo'.toLowerCase()", "string hello" },
    { "wide.toUpperCase()", "string GR\xc3\x96SSE" },
    { "'\xce\xa3\xd0\x96'.toLowerCase()", "string \xcf\x83\xd0\xb6" },
    { "smile.toUpperCase()", "string A\xf0\x9f\x98\x80Z" },
    { "'  x y\t'.trim()", "string x y" },
    { "'   '.trim().isEmpty()", "boolean true" },
    { "s.concat(' world')", "string hello world" },
    { "s.concat(a)", "string hello3" },
    { "s.concat(5 / 2)", "string hello2.5" },
    { "s.concat(n)", "string hello" },
    { "s.replace('l', 'L')", "string heLLo" },
    { "s.replace('ll', '')", "string heo" },
    { "s.replace('x', 'y')", "string hello" },
    { "s.replace('', '-')", "string -h-e-l-l-o-" },
    { "''.replace('', '-')", "string -" },
    { "'aaa'.replace('aa', 'b')", "string ba" },
    { "'a.b.c'.replace('.', '$1')", "string a$1b$1c" },
    { "s.isEmpty()", "boolean false" },
    { "none.isEmpty()", "boolean true" },
    { "s.compareTo('help')", "integer -4" },
    { "s.compareTo('hello')", "integer 0" },
    { "s.compareTo('hell')", "integer 1" },
    { "'a'.compareTo('abc')", "integer -2" },
    { "s.toString()", "string hello" },
    { "s.hashCode()", "integer 99162322" },
    { "'polygenelubricants'.hashCode()", "integer -2147483648" },
    { "smile.hashCode()", "integer 57849718" },
    { "''.hashCode()", "integer 0" },
};

static const case_t regexes[] = {
    { "s.matches('h.*o')", "boolean true" },
    { "s.matches('ell')", "boolean false" },
    { "s.matches('h|hello')", "boolean true" },
    { "'2026-03-01'.matches('\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d')", "boolean true" },
    { "wide.matches('gr..e')", "boolean true" },
    { "s.matches('(')", "! regular expression: missing closing parenthesis, at byte 1" },
    { "s.replaceAll('l', 'L')", "string heLLo" },
    { "s.replaceAll('[aeiou]', '<$0>')", "string h<e>ll<o>" },
    { "'john smith'.replaceAll('(\\\\w+) (\\\\w+)', '$2, $1')", "string smith, john" },
    { "'ab'.replaceAll('(?<x>a)', '${x}${x}')", "string aab" },
    { "s.replaceAll('l', '\\\\$')", "string he$$o" },
    { "s.replaceAll('(l)', '$10')", "string hel0l0o" },
    { "s.replaceAll('l', '$1')", "! the replacement names no group after $" },
    { "s.replaceAll('l', '$')", "! the replacement names no group after $" },
    { "s.replaceAll('l', '\\\\')", "! the replacement ends in a backslash" },
    { "s.replaceAll('x*', '-')", "string -h-e-l-l-o-" },
    { "s.replaceAll('$', '!')", "string hello!" },
    { "wide.replaceAll('', '.')", "string .g.r.\xc3\xb6.\xc3\x9f.e." },
    { "'aXb'.replaceAll('(x)|(X)', '[$1$2]')", "string a[X]b" },
    { "s.replaceFirst('l', 'L')", "string heLlo" },
    { "s.replaceFirst('x', 'L')", "string hello" },
    { "''.replaceAll('a', 'b')", "string " },
    { "'a,b,c'.split(',')", "list [a, b, c]" },
    { "'a,b,,'.split(',')", "list [a, b]" },
    { "'a,b,,'.split(',', -1)", "list [a, b, , ]" },
    { "'a,b,c'.split(',', 2)", "list [a, b,c]" },
    { "',a'.split(',')", "list [, a]" },
    { "','.split(',')", "list []" },
    { "''.split(',')", "list []" },
    { "''.split(',').size()", "integer 1" },
    { "'abc'.split('')", "list [a, b, c]" },
    { "'abc'.split('', -1)", "list [a, b, c, ]" },
    { "'a1b22c'.split('\\\\d+')", "list [a, b, c]" },
    { "'abc'.split('x')[0]", "string abc" },
    { "'b'.matches('[a[bc]]')", "! '[' within [ ] is not supported, write \\[" },
    { "'c'.matches('[a-z&&[^b]]')", "! '&&' within [ ] is not supported, write \\&" },
    { "'['.matches('[\\\\[]') && ']'.matches('[]]') && '^'.matches('[^]]')", "boolean true" },
    { "'a&&b'.matches('a&&[b]') && '[['.matches('\\\\Q[[\\\\E')", "boolean true" },
    { "'x'.matches('[')", "! regular expression: missing terminating ]" },
    { "'x'.matches('\\\\')", "! regular expression: \\ at end of pattern" },
};

static const case_t scalars[] = {
    { "a.intValue()", "integer 3" },
    { "d.intValue()", "integer 2" },
    { "(-d).intValue()", "integer -2" },
    { "big.intValue()", "integer -1" },
    { "(1e300).intValue()", "integer 2147483647" },
    { "(0/0).longValue()", "long 0" },
    { "(-1e300).longValue()", "long -9223372036854775808" },
    { "a.longValue()", "long 3" },
    { "a.doubleValue()", "double 3.0" },
    { "d.toString()", "string 2.5" },
    { "a.toString().concat('!')", "string 3!" },
    { "a.equals(3)", "boolean true" },
    { "a.equals('3')", "boolean false" },
    { "a.compareTo(5)", "integer -1" },
    { "d.compareTo(1)", "integer 1" },
    { "a.compareTo('3')", "integer 0" },
    { "a.compareTo(s)", "! an argument of type string is no number" },
    { "t.booleanValue()", "boolean true" },
    { "t.toString()", "string true" },
    { "t.equals(f)", "boolean false" },
    { "t.equals(true)", "boolean true" },
    { "t.equals('true')", "boolean false" },
    { "d.longValue()", "long 2" },
    { "d.doubleValue()", "double 2.5" },
    { "d.equals(2.5)", "boolean true" },
    { "a.equals(n)", "boolean false" },
    { "5.compareTo(3)", "! position 3" },
    { "(5).compareTo(3)", "integer 1" },
    { "a.length()", "! a value of type integer has no method 'length'" },
    { "t.not()", "! position 3: expected a name, found 'not'" },
    { "t.size()", "! a value of type boolean has no method 'size'" },
    { "when.length()", "! a value of type date has no method 'length'" },
    { "when.getTime()", "long 1288685100120" },
    { "when.before(later)", "boolean true" },
    { "when.after(later)", "boolean false" },
    { "when.before(1)", "! an argument of type long is no date" },
    { "when.toString()", "string Tue Nov 02 08:05:00 UTC 2010" },
    { "when.compareTo(later)", "integer -1" },
    { "later.compareTo(when)", "integer 1" },
    { "when.compareTo('x')", "! an argument of type string is no date" },
    { "when.getYear() + 1900", "long 2010" },
    { "when.month", "integer 10" },
    { "when.getDate()", "integer 2" },
    { "when.day", "integer 2" },
    { "when.hours", "integer 8" },
    { "when.minutes", "integer 5" },
    { "when.getSeconds()", "integer 0" },
};

static const case_t collections[] = {
    { "l.size()", "integer 2" },
    { "l.get('1')", "string y" },
    { "l.length()", "! a value of type list has no method 'length'" },
    { "m.length()", "! a value of type map has no method 'length'" },
    { "m.k()", "! a value of type map has no method 'k'" },
    { "l.indexOf('y')", "integer 1" },
    { "m.keySet().contains('k')", "boolean true" },
    { "m.values().get(0).concat('!')", "string v!" },
    { "l.isEmpty()", "boolean false" },
    { "nothing.isEmpty()", "boolean true" },
    { "l.get(1)", "string y" },
    { "l.get(2)", "! list index out of range: 2" },
    { "l.get(-1)", "! list index out of range: -1" },
    { "l.contains('y')", "boolean true" },
    { "nums.contains(2)", "boolean true" },
    { "nums.contains('2')", "boolean false" },
    { "nums.indexOf(2)", "integer 1" },
    { "nums.indexOf(9)", "integer -1" },
    { "l.add('z') ? l : 0", "list [x, y, z]" },
    { "l.add(1, 'z') == null ? l : 0", "list [x, z, y]" },
    { "l.add(3, 'z')", "! list index out of range: 3" },
    { "l.add(l) ? l : 0", "list [x, y, [x, y]]" },
    { "l.add(execution)", "! execution cannot be put into a list or map" },
    { "l.remove(0) == 'x' ? l : 0", "list [y]" },
    { "l.remove('y') ? l : 0", "list [x]" },
    { "l.remove('q')", "boolean false" },
    { "nums.remove(9)", "! list index out of range: 9" },
    { "l.toString()", "string [x, y]" },
    { "l.set(0, 'q') == 'x' ? l : 0", "list [q, y]" },
    { "l.set(2, 'q')", "! list index out of range: 2" },
    { "nums.lastIndexOf(2)", "integer 3" },
    { "nums.lastIndexOf(9)", "integer -1" },
    { "l.addAll(l) ? l : 0", "list [x, y, x, y]" },
    { "l.addAll(nothing)", "boolean false" },
    { "l.addAll('x')", "! an argument of type string is no list" },
    { "nums.containsAll(nums)", "boolean true" },
    { "l.containsAll(nums)", "boolean false" },
    { "l.clear() == null ? l : 0", "list []" },
    { "m.putAll(nomap) == null ? m : 0", "map {k=v}" },
    { "m.putAll(m) == null ? m : 0", "map {k=v}" },
    { "m.putAll(tree.items[1]) == null ? m : 0", "map {k=v, id=8}" },
    { "m.putAll(l)", "! an argument of type list is no map" },
    { "m.getOrDefault('q', 1)", "long 1" },
    { "m.getOrDefault('k', 1)", "string v" },
    { "m.clear() == null ? m : 0", "map {}" },
    { "l.equals(l)", "boolean true" },
    { "m.size()", "integer 1" },
    { "m.isEmpty()", "boolean false" },
    { "m.get('k')", "string v" },
    { "m.get('q')", "null" },
    { "m.put('q', 1) == null ? m : 0", "map {k=v, q=1}" },
    { "m.put('k', d)", "string v" },
    { "m.put('self', m) == null ? m : 0", "map {k=v, self={k=v}}" },
    { "m.containsKey('k')", "boolean true" },
    { "m.containsKey('q')", "boolean false" },
    { "m.containsValue('v')", "boolean true" },
    { "m.containsValue('w')", "boolean false" },
    { "m.remove('k') == 'v' ? m : 0", "map {}" },
    { "m.remove('q')", "null" },
    { "tree.keySet()", "list [items, n, 0, x.y, ratio]" },
    { "m.values()", "list [v]" },
    { "m.toString()", "string {k=v}" },
    { "tree[0]", "string zero" },
    { "tree.get(0)", "string zero" },
};

/* ---- numbers of arguments ----------------------------------------------------------- */

/* clang-format off */
static const struct {
    const char *of, *name; /* a variable of the fixture */
    int min, max;
} arities[] = {
    { "s", "length", 0, 0 },           { "s", "substring", 1, 2 },     { "s", "indexOf", 1, 2 },
    { "s", "lastIndexOf", 1, 2 },      { "s", "charAt", 1, 1 },        { "s", "contains", 1, 1 },
    { "s", "startsWith", 1, 2 },       { "s", "endsWith", 1, 1 },      { "s", "equals", 1, 1 },
    { "s", "equalsIgnoreCase", 1, 1 }, { "s", "toUpperCase", 0, 0 },   { "s", "toLowerCase", 0, 0 },
    { "s", "trim", 0, 0 },             { "s", "concat", 1, 1 },        { "s", "replace", 2, 2 },
    { "s", "replaceAll", 2, 2 },       { "s", "replaceFirst", 2, 2 },  { "s", "split", 1, 2 },
    { "s", "matches", 1, 1 },          { "s", "isEmpty", 0, 0 },       { "s", "compareTo", 1, 1 },
    { "s", "toString", 0, 0 },         { "s", "hashCode", 0, 0 },
    { "a", "intValue", 0, 0 },         { "a", "longValue", 0, 0 },     { "a", "doubleValue", 0, 0 },
    { "a", "toString", 0, 0 },         { "a", "equals", 1, 1 },        { "a", "compareTo", 1, 1 },
    { "d", "intValue", 0, 0 },         { "d", "longValue", 0, 0 },     { "d", "doubleValue", 0, 0 },
    { "big", "toString", 0, 0 },       { "big", "equals", 1, 1 },      { "big", "compareTo", 1, 1 },
    { "t", "booleanValue", 0, 0 },     { "t", "toString", 0, 0 },      { "t", "equals", 1, 1 },
    { "l", "size", 0, 0 },             { "l", "isEmpty", 0, 0 },       { "l", "get", 1, 1 },
    { "l", "contains", 1, 1 },         { "l", "indexOf", 1, 1 },       { "l", "add", 1, 2 },
    { "l", "remove", 1, 1 },           { "l", "toString", 0, 0 },
    { "m", "size", 0, 0 },             { "m", "isEmpty", 0, 0 },       { "m", "get", 1, 1 },
    { "m", "put", 2, 2 },              { "m", "containsKey", 1, 1 },   { "m", "containsValue", 1, 1 },
    { "m", "remove", 1, 1 },           { "m", "keySet", 0, 0 },        { "m", "values", 0, 0 },
    { "m", "toString", 0, 0 },
    { "when", "getTime", 0, 0 },       { "when", "before", 1, 1 },     { "when", "after", 1, 1 },
    { "when", "toString", 0, 0 },
};
/* clang-format on */

/* The method called with so many ones: a list's index, a text, a number. */
static const char *call_with(int row, int count, apr_pool_t *p)
{
    const char *text = apr_pstrcat(p, arities[row].of, ".", arities[row].name, "(", NULL);
    int i;

    for (i = 0; i < count; i++) {
        text = apr_pstrcat(p, text, i ? ", '1'" : "1", NULL);
    }
    return apr_pstrcat(p, text, ")", NULL);
}

static void test_arities(void)
{
    apr_pool_t *p;
    int row, count;

    apr_pool_create(&p, NULL);
    for (row = 0; row < (int)(sizeof(arities) / sizeof(arities[0])); row++) {
        for (count = 0; count <= arities[row].max + 1; count++) {
            const char *text = call_with(row, count, p);
            const char *got = run_expr(text, WF_UEL, p);
            int fits = count >= arities[row].min && count <= arities[row].max;

            if (!ok(strstr(got, "no method") == NULL
                        && fits == !strstr(got, "does not take"),
                    "%s: %s", text, fits ? "taken" : "too few or many")) {
                diag("got %s", got);
            }
        }
        apr_pool_clear(p);
    }
    apr_pool_destroy(p);
}

/* A list that outlives the evaluation keeps what was added to it. */
static void test_ownership(void)
{
    apr_pool_t *owner, *scratch;
    fixture_t f;
    wf_scope_t scope;
    wf_expr_t *expr;
    wf_value_t v;
    wf_error_t err;

    apr_pool_create(&owner, NULL);
    apr_pool_create(&scratch, NULL);
    wf_error_init(&err, owner);
    fixture_init(&f, owner);
    scope = fixture_scope(&f);
    wf_expr_parse(&expr, "l.add(s.concat('!')) and m.put('z', s.concat('?')) == null",
                  WF_UEL, owner, &err);
    ok(wf_expr_eval(expr, &scope, &v, scratch, &err) == APR_SUCCESS, "added");
    apr_pool_destroy(scratch);
    is_str(wf_value_print(wf_map_get(f.vars, "l"), WF_UEL, owner), "[x, y, hello!]",
           "the list keeps its own copy");
    is_str(wf_value_print(wf_map_get(f.vars, "m"), WF_UEL, owner), "{k=v, z=hello?}",
           "the map keeps its own copy");
    apr_pool_destroy(owner);
}

int main(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    apr_initialize();
    RUN(strings, WF_UEL, run_expr);
    RUN(regexes, WF_UEL, run_expr);
    RUN(scalars, WF_UEL, run_expr);
    RUN(collections, WF_UEL, run_expr);
    test_arities();
    test_ownership();
    apr_terminate();
    return done_testing();
}
