/* JSONPath: the examples of RFC 9535 with their results, what has to be refused and
 * where, and the bounds. */
#include "script/script.h"
#include "tap.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

/* want: the values found as a JSON list, or "! " and a part of the error. */
typedef struct case_t {
    const char *query, *want;
} case_t;

static wf_value_t json(const char *text, apr_pool_t *p)
{
    json_object *tree;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&tree, text, strlen(text), p, &err) != APR_SUCCESS) {
        diag("%s", err.message);
        abort();
    }
    return wf_value_from_json(tree, p);
}

static const char *run(const char *query, const wf_value_t *root, apr_pool_t *p)
{
    wf_jsonpath_t *path;
    wf_list_t *found;
    wf_value_t all;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_jsonpath_parse(&path, query, p, &err) != APR_SUCCESS
        || wf_jsonpath_select(path, root, &found, p, &err) != APR_SUCCESS) {
        return apr_pstrcat(p, "! ", err.message, NULL);
    }
    all = wf_list(found);
    return wf_json_text(wf_json_own(wf_value_to_json(&all), p), NULL, p);
}

static void check(const char *document, const case_t *cases, apr_pool_t *p)
{
    wf_value_t root = json(document, p);

    for (const case_t *c = cases; c->query; c++) {
        const char *got = run(c->query, &root, p);

        if (*c->want == '!') {
            ok(*got == '!' && strstr(got, c->want + 2), "%s: %s", c->query, got);
        }
        else {
            is_str(got, c->want, "%s", c->query);
        }
    }
}

/* ---- the standard's examples -------------------------------------------------------- */

static const char store[] =
    "{\"store\":{\"book\":["
    "{\"category\":\"reference\",\"author\":\"Nigel Rees\",\"title\":\"Sayings of the "
    "Century\",\"price\":8.95},"
    "{\"category\":\"fiction\",\"author\":\"Evelyn Waugh\",\"title\":\"Sword of Honour\","
    "\"price\":12.99},"
    "{\"category\":\"fiction\",\"author\":\"Herman Melville\",\"title\":\"Moby Dick\","
    "\"isbn\":\"0-553-21311-3\",\"price\":8.99},"
    "{\"category\":\"fiction\",\"author\":\"J. R. R. Tolkien\",\"title\":\"The Lord of "
    "the "
    "Rings\",\"isbn\":\"0-395-19395-8\",\"price\":22.99}],"
    "\"bicycle\":{\"color\":\"red\",\"price\":399}}}";

static const case_t store_cases[] = {
    { "$.store.book[*].author",
      "[\"Nigel Rees\",\"Evelyn Waugh\",\"Herman Melville\",\"J. R. R. Tolkien\"]" },
    { "$..author",
      "[\"Nigel Rees\",\"Evelyn Waugh\",\"Herman Melville\",\"J. R. R. Tolkien\"]" },
    { "$.store..price", "[8.95,12.99,8.99,22.99,399]" },
    { "$..book[2].title", "[\"Moby Dick\"]" },
    { "$..book[2].publisher", "[]" },
    { "$..book[-1].title", "[\"The Lord of the Rings\"]" },
    { "$..book[0,1].price", "[8.95,12.99]" },
    { "$..book[:2].price", "[8.95,12.99]" },
    { "$..book[?@.isbn].title", "[\"Moby Dick\",\"The Lord of the Rings\"]" },
    { "$..book[?@.price<10].title", "[\"Sayings of the Century\",\"Moby Dick\"]" },
    { "$.store.book[?@.price < $.store.bicycle.price && @.author != 'Nigel Rees'].price",
      "[12.99,8.99,22.99]" },
    { "$.store.book[?count(@.*) == 5].title",
      "[\"Moby Dick\",\"The Lord of the Rings\"]" },
    { "$.store.book[?match(@.author, '[A-Z].* Rees')].price", "[8.95]" },
    { "$.store.book[?search(@.author, 'vel')].price", "[12.99]" },
    { "$[?length(@.book) == 4].bicycle.color", "[\"red\"]" },
    { NULL, NULL },
};

static const char letters[] = "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]";

static const case_t slices[] = {
    { "$[1]", "[\"b\"]" },
    { "$[-2]", "[\"f\"]" },
    { "$[7]", "[]" },
    { "$[-8]", "[]" },
    { "$[1:3]", "[\"b\",\"c\"]" },
    { "$[5:]", "[\"f\",\"g\"]" },
    { "$[1:5:2]", "[\"b\",\"d\"]" },
    { "$[5:1:-2]", "[\"f\",\"d\"]" },
    { "$[::-1]", "[\"g\",\"f\",\"e\",\"d\",\"c\",\"b\",\"a\"]" },
    { "$[ 5 : : -2 ]", "[\"f\",\"d\",\"b\"]" },
    { "$[:]", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]" },
    { "$[0:7:0]", "[]" },
    { "$[-100:2]", "[\"a\",\"b\"]" },
    { "$[100:-100:-3]", "[\"g\",\"d\",\"a\"]" },
    { "$[9007199254740991:]", "[]" },
    { "$[0, 3]", "[\"a\",\"d\"]" },
    { "$[0:2, 5]", "[\"a\",\"b\",\"f\"]" },
    { "$[0, 0]", "[\"a\",\"a\"]" },
    { "$[?@ > 'd']", "[\"e\",\"f\",\"g\"]" },
    { NULL, NULL },
};

static const case_t slices_of_nothing[] = {
    { "$[::-1]", "[]" }, { "$[0]", "[]" }, { "$[-1]", "[]" }, { "$[*]", "[]" },
    { "$..*", "[]" },    { "$", "[[]]" },  { NULL, NULL },
};

static const char filtered[] =
    "{\"a\":[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}],"
    "\"o\":{\"p\":1,\"q\":2,\"r\":3,\"s\":5,\"t\":{\"u\":6}},\"e\":\"f\"}";

static const case_t filters[] = {
    { "$.a[?@.b == 'kilo']", "[{\"b\":\"kilo\"}]" },
    { "$.a[?(@.b == 'kilo')]", "[{\"b\":\"kilo\"}]" },
    { "$.a[?@>3.5]", "[5,4,6]" },
    { "$.a[?@.b]", "[{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}]" },
    { "$[?@.*]", "[[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}],"
                 "{\"p\":1,\"q\":2,\"r\":3,\"s\":5,\"t\":{\"u\":6}}]" },
    { "$[?@[?@.b]]",
      "[[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}]]" },
    { "$.o[?@<3, ?@<3]", "[1,2,1,2]" },
    { "$.a[?@<2 || @.b == \"k\"]", "[1,{\"b\":\"k\"}]" },
    { "$.a[?match(@.b, \"[jk]\")]", "[{\"b\":\"j\"},{\"b\":\"k\"}]" },
    { "$.a[?search(@.b, \"[jk]\")]", "[{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":\"kilo\"}]" },
    { "$.o[?@>1 && @<4]", "[2,3]" },
    { "$.o[?@.u || @.x]", "[{\"u\":6}]" },
    { "$.a[?@.b == $.x]", "[3,5,1,2,4,6]" },
    { "$.a[?@ == @]",
      "[3,5,1,2,4,6,{\"b\":\"j\"},{\"b\":\"k\"},{\"b\":{}},{\"b\":\"kilo\"}]" },
    { "$.a[?!@.b]", "[3,5,1,2,4,6]" },
    { "$.a[?!(@.b || @ > 2)]", "[1,2]" },
    { "$.a[?@.b == {}]", "! position 13: expected @, $, a literal or a function" },
    { NULL, NULL },
};

static const char compared[] = "{\"obj\":{\"x\":\"y\"},\"arr\":[2,3],\"null\":null,"
                               "\"one\":[1,1.0,10e-1,\"1\",true]}";

/* Whether the condition holds: [1] or []. */
static const case_t comparisons[] = {
    { "$.absent1 == $.absent2", "true" },
    { "$.absent1 <= $.absent2", "true" },
    { "$.absent == 'g'", "false" },
    { "$.absent1 != $.absent2", "false" },
    { "$.absent != 'g'", "true" },
    { "$.absent == null", "false" },
    { "$['null'] == null", "true" },
    { "$['null'] <= null", "true" },
    { "$['null'] < null", "false" },
    { "1 <= 2", "true" },
    { "1 > 2", "false" },
    { "13 == '13'", "false" },
    { "'a' <= 'b'", "true" },
    { "'a' > 'b'", "false" },
    { "$.obj == $.arr", "false" },
    { "$.obj != $.arr", "true" },
    { "$.obj == $.obj", "true" },
    { "$.obj != $.obj", "false" },
    { "$.arr == $.arr", "true" },
    { "$.arr != $.arr", "false" },
    { "$.obj == 17", "false" },
    { "$.obj != 17", "true" },
    { "$.obj <= $.arr", "false" },
    { "$.obj < $.arr", "false" },
    { "$.obj <= $.obj", "true" },
    { "$.arr <= $.arr", "true" },
    { "1 <= $.arr", "false" },
    { "1 >= $.arr", "false" },
    { "1 > $.arr", "false" },
    { "1 < $.arr", "false" },
    { "true <= true", "true" },
    { "true > true", "false" },
    { "$.one[0] == $.one[1]", "true" },
    { "$.one[0] == $.one[2]", "true" },
    { "$.one[0] == $.one[3]", "false" },
    { "$.one[0] == $.one[4]", "false" },
    { "-0 == 0", "true" },
    { "1e2 == 100", "true" },
    { "9007199254740993 == 9007199254740992.0", "true" },
    { "length($.arr) == 2", "true" },
    { "length('a\\u263a') == 2", "true" },
    { "length(1) == $.absent", "true" },
    { "count($.*) == 4", "true" },
    { "count($..x) == 1", "true" },
    { "value($..x) == 'y'", "true" },
    { "value($.one[*]) == $.absent", "true" },
    { "match('ab', 'a')", "false" },
    { "search('ab', 'a')", "true" },
    { "match('ab', 'a|ab')", "true" },
    { "match('ab', '(')", "false" },
    { "match('ab', $.obj.x)", "false" },
    { "match('y', $.obj.x)", "true" },
    { "match('a\\nb', 'a.b')", "false" },
    { "match('a\\u2028b', 'a.b')", "true" },
    { "match(1, '1')", "false" },
    { "match('\\u00e9', '\\\\p{Ll}')", "true" },
    { NULL, NULL },
};

static void check_comparisons(apr_pool_t *p)
{
    wf_value_t root = json(compared, p);

    for (const case_t *c = comparisons; c->query; c++) {
        const char *query = apr_psprintf(p, "$.obj[?%s]", c->query);

        is_str(run(query, &root, p), !strcmp(c->want, "true") ? "[\"y\"]" : "[]",
               "%s: %s", c->query, c->want);
    }
}

static const char odd_names[] =
    "{\"o\":{\"j j\":{\"k.k\":3}},\"'\":{\"@\":2},\"\\\"\":1,\"\xe2\x98\xba\":4,\"_\":5,"
    "\"\xf0\x9d\x84\x9e\":6,\"1\":7,\"\":8}";

static const case_t names[] = {
    { "$.o['j j']['k.k']", "[3]" },
    { "$.o[\"j j\"][\"k.k\"]", "[3]" },
    { "$[\"'\"][\"@\"]", "[2]" },
    { "$['\\'']['@']", "[2]" },
    { "$['\"']", "[1]" },
    { "$[\"\\\"\"]", "[1]" },
    { "$.\xe2\x98\xba", "[4]" },
    { "$['\\u263A']", "[4]" },
    { "$._", "[5]" },
    { "$[\"\\uD834\\uDD1E\"]", "[6]" },
    { "$['1']", "[7]" },
    { "$['']", "[8]" },
    { "$['\\u0000']", "[]" },
    { "$ [ 'o' ] . o", "! expected a name or *" },
    { "$ [ 'o' ]\n.p", "[]" },
    { "$['o','_']..*", "[{\"k.k\":3},3]" },
    { NULL, NULL },
};

static const char nested[] =
    "{\"o\":{\"j\":1,\"k\":2},\"a\":[5,3,[{\"j\":4},{\"k\":6}]],\"n\":null}";

static const case_t descendants[] = {
    { "$..j", "[1,4]" },
    { "$..[0]", "[5,{\"j\":4}]" },
    { "$..[*]", "[{\"j\":1,\"k\":2},[5,3,[{\"j\":4},{\"k\":6}]],null,1,2,5,3,"
                "[{\"j\":4},{\"k\":6}],{\"j\":4},{\"k\":6},4,6]" },
    { "$..o", "[{\"j\":1,\"k\":2}]" },
    { "$.o..[*, *]", "[1,2,1,2]" },
    { "$.a..[0, 1]", "[5,3,{\"j\":4},{\"k\":6}]" },
    { "$.n", "[null]" },
    { "$.n[0]", "[]" },
    { "$.n.x", "[]" },
    { "$.*", "[{\"j\":1,\"k\":2},[5,3,[{\"j\":4},{\"k\":6}]],null]" },
    { NULL, NULL },
};

/* ---- what is refused ---------------------------------------------------------------- */

static const case_t refused[] = {
    { "", "! position 1: a query begins with $" },
    { "a.b", "! position 1: a query begins with $" },
    { " $", "! a query begins with $" },
    { "$ ", "! position 2: expected . or [ or the end" },
    { "$.", "! position 3: expected a name or *" },
    { "$..", "! position 4: expected a name or *" },
    { "$. a", "! position 3: expected a name or *" },
    { "$.1", "! position 3: expected a name or *" },
    { "$.a-b", "! position 4: expected . or [ or the end" },
    { "$[", "! position 3: expected a quoted name, an index" },
    { "$[]", "! position 3: expected a quoted name, an index" },
    { "$[a]", "! position 3: expected a quoted name, an index" },
    { "$[0", "! position 4: expected , or ]" },
    { "$[0 1]", "! position 5: expected , or ]" },
    { "$[0,]", "! position 5: expected a quoted name" },
    { "$[01]", "! position 3: a whole number has no leading zeros, and 0 no sign" },
    { "$[-0]", "! position 3: a whole number has no leading zeros, and 0 no sign" },
    { "$[1.0]", "! position 4: expected , or ]" },
    { "$[9007199254740992]", "! position 3: the number is beyond 2^53 - 1" },
    { "$[99999999999999999999]", "! position 3: the number is beyond 2^53 - 1" },
    { "$[1:2:3:4]", "! position 8: expected , or ]" },
    { "$['a]", "! position 6: the text has no closing quote" },
    { "$['\\x']", "! position 5: no such escape" },
    { "$['\\\"']", "! position 5: no such escape" },
    { "$[\"\\'\"]", "! position 5: no such escape" },
    { "$['\\u12']", "! position 8: expected four hexadecimal digits" },
    { "$['\\ud800']", "! half of a surrogate pair" },
    { "$['\\udc00']", "! half of a surrogate pair" },
    { "$['\\ud800\\u0041']", "! half of a surrogate pair" },
    { "$['\t']", "! position 4: control characters have to be escaped" },
    { "$[?]", "! position 4: expected @, $, a literal or a function" },
    { "$[?@.a", "! position 7: expected , or ]" },
    { "$[?1]", "! position 4: neither true nor false" },
    { "$[?'a' && @.b]", "! position 4: neither true nor false" },
    { "$[?@.a = 1]", "! position 8: expected , or ]" },
    { "$[?@.a === 1]", "! position 10: expected @, $, a literal or a function" },
    { "$[?@.a == 01]", "! position 11: a number has no leading zeros" },
    { "$[?@.a == .5]", "! position 11: expected @, $, a literal or a function" },
    { "$[?@.a == 1.]", "! position 12: expected , or ]" },
    { "$[?@.a == 1e]", "! position 12: expected , or ]" },
    { "$[?@.a == True]", "! expected @, $, a literal or a function" },
    { "$[?@.* == 1]", "! position 4: expected a literal, a query for one value" },
    { "$[?@..a == 1]", "! expected a literal, a query for one value" },
    { "$[?@[0:1] == 1]", "! expected a literal, a query for one value" },
    { "$[?1 == @.a == 2]", "! position 13: expected , or ]" },
    { "$[?!@.a == 1]", "! position 9: expected , or ]" },
    { "$[?(@.a) == 1]", "! position 10: expected , or ]" },
    { "$[?(@.a]", "! position 8: expected && || or )" },
    { "$[?@.a & @.b]", "! position 8: expected , or ]" },
    { "$[?foo(@.a)]", "! position 4: no such function" },
    { "$[?length(@.a)]", "! position 4: neither true nor false" },
    { "$[?length (@.a) == 1]", "! position 4: expected @, $, a literal or a function" },
    { "$[?length() == 1]", "! expected @, $, a literal or a function" },
    { "$[?length(@.*) == 1]",
      "! position 11: expected a literal, a query for one value" },
    { "$[?length(@.a, 1) == 1]", "! position 14: expected )" },
    { "$[?count(1) == 1]", "! position 10: expected a query" },
    { "$[?count(length(@)) == 1]", "! expected a query" },
    { "$[?match(@.a) == 1]", "! position 13: expected a comma and a further argument" },
    { "$[?match(@.a, 'b') == true]",
      "! position 4: expected a literal, a query for one" },
    { "$[?match(@.*, 'b')]", "! expected a literal, a query for one value" },
    { "$.a\xff", "! not UTF-8" },
    { NULL, NULL },
};

/* ---- bounds ------------------------------------------------------------------------- */

static const char *repeat(const char *before, const char *what, int times,
                          const char *after, apr_pool_t *p)
{
    apr_size_t n = strlen(what), from = strlen(before);
    char *text = apr_palloc(p, from + n * times + strlen(after) + 1);

    memcpy(text, before, from);
    for (int i = 0; i < times; i++) {
        memcpy(text + from + n * i, what, n);
    }
    strcpy(text + from + n * times, after);
    return text;
}

static wf_value_t many(int count, int depth, apr_pool_t *p)
{
    wf_list_t *list = wf_list_create(p);

    for (int i = 0; i < count; i++) {
        wf_list_push(list, depth > 1 ? many(count, depth - 1, p) : wf_integer(i));
    }
    return wf_list(list);
}

static void check_bounds(apr_pool_t *p)
{
    wf_value_t wide = many(101, 3, p), deep = many(1, 200, p);
    wf_value_t text = json("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"]", p);
    const char *got;

    got = run(repeat("$[?", "(", 40, "@", p), &wide, p);
    ok(strstr(got, "nested deeper than 32 levels"), "%s", got);
    got = run(repeat("$", "[?@", 9, "", p), &wide, p);
    ok(strstr(got, "more than 8 filters in one another"), "%s", got);
    got = run(repeat("$", ".a", 65, "", p), &wide, p);
    ok(strstr(got, "more than 64 segments"), "%s", got);
    got = run(repeat("$", ".a", 3000, "", p), &wide, p);
    ok(strstr(got, "longer than 4096 bytes"), "%s", got);
    got = run("$..*", &wide, p);
    ok(strstr(got, "more than 100000 values"), "%.120s", got);
    got = run("$[?@ == 1]..[?count($..*) == 1]", &wide, p);
    is_str(got, "[]", "a filter that is never reached");
    got = run("$[?count($..*) == 1]", &wide, p);
    ok(strstr(got, "looked at more than 2000000 values"), "%s", got);
    got = run("$..*", &deep, p);
    ok(strstr(got, "more than 128 levels"), "%s", got);
    got = run("$[?match(@, '(a+)+[!]!')]", &text, p);
    ok(*got == '!' && strstr(got, "regular expression"), "%s", got);
}

static void check_singular(apr_pool_t *p)
{
    static const struct {
        const char *query;
        int singular;
    } cases[] = {
        { "$", 1 },      { "$.a['b'][0]", 1 }, { "$[-1]", 1 }, { "$.*", 0 },
        { "$[0,1]", 0 }, { "$[0:1]", 0 },      { "$..a", 0 },  { "$[?@.a]", 0 },
    };
    wf_jsonpath_t *path;
    wf_error_t err;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        wf_error_init(&err, p);
        ok(wf_jsonpath_parse(&path, cases[i].query, p, &err) == APR_SUCCESS
               && wf_jsonpath_singular(path) == cases[i].singular,
           "%s finds %s", cases[i].query, cases[i].singular ? "one" : "many");
    }
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    check(store, store_cases, p);
    check(letters, slices, p);
    check("[]", slices_of_nothing, p);
    check(filtered, filters, p);
    check_comparisons(p);
    check(odd_names, names, p);
    check(nested, descendants, p);
    check("{}", refused, p);
    check_bounds(p);
    check_singular(p);
    apr_pool_destroy(p);
    apr_terminate();
    return done_testing();
}
