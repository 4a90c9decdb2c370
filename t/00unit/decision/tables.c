/* Decision tables: hit policies, types, defaults, languages; what rules give, and how
 * failures name the place. */
#include "fixture.h"

#define ORDERED                                                                          \
    "<output name=\"o\"><outputValues><text>\"high\", \"mid\", "                         \
    "\"low\"</text></outputValues></output>\n"
#define X INPUT("", "x")
/* Rules that hold for x >= 1, 2 and 3. */
#define STEPS(first, second, third)                                                      \
    RULE(IN("&gt;= 1") OUT(first))                                                       \
    RULE(IN("&gt;= 2") OUT(second)) RULE(IN("&gt;= 3") OUT(third))
#define STEPPED(attributes, output)                                                      \
    TABLE(attributes, X output STEPS("\"low\"", "\"high\"", "\"mid\""))
#define NUMBERS(aggregation, type, first, second, third)                                 \
    TABLE("hitPolicy=\"COLLECT\" aggregation=\"" aggregation "\"",                       \
          X OUTPUT("name=\"o\" " type) STEPS(first, second, third))
#define CONVERT_IN(type, test)                                                           \
    TABLE("", INPUT("typeRef=\"" type "\"", "x") OUTPUT("") RULE(IN(test) OUT("1")))
#define CONVERT_OUT(type, text)                                                          \
    TABLE("", X OUTPUT("name=\"o\" typeRef=\"" type "\"") RULE(IN("-") OUT(text)))
#define ONE(input, test, output)                                                         \
    TABLE("", INPUT("", input) OUTPUT("name=\"o\"") RULE(IN(test) OUT(output)))

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *variables;
    const char *results; /* NULL: it fails, */
    const char *error;   /* with this in its message */
} cases[] = {
    /* ---- hit policies ---- */
    { "unique, none",       STEPPED("", OUTPUT("name=\"o\"")), "{\"x\":0}", "[]", NULL },
    { "unique, one",        STEPPED("", OUTPUT("name=\"o\"")), "{\"x\":1}", "[{\"o\":\"low\"}]", NULL },
    { "unique, two",        STEPPED("hitPolicy=\"UNIQUE\"", OUTPUT("name=\"o\"")), "{\"x\":2}", NULL,
      "decision 't': rules 1, 2 hold, but the hit policy UNIQUE allows one" },
    { "first",              STEPPED("hitPolicy=\"FIRST\"", OUTPUT("name=\"o\"")), "{\"x\":3}", "[{\"o\":\"low\"}]", NULL },
    { "first looks no further", TABLE("hitPolicy=\"FIRST\"", X OUTPUT("")
      RULE(IN("1") OUT("1")) RULE(IN("missing") OUT("2"))), "{\"x\":1}", "[{\"t\":1}]", NULL },
    { "priority",           STEPPED("hitPolicy=\"PRIORITY\"", ORDERED), "{\"x\":3}", "[{\"o\":\"high\"}]", NULL },
    { "priority, one",      STEPPED("hitPolicy=\"PRIORITY\"", ORDERED), "{\"x\":1}", "[{\"o\":\"low\"}]", NULL },
    { "priority, none",     STEPPED("hitPolicy=\"PRIORITY\"", ORDERED), "{\"x\":0}", "[]", NULL },
    { "priority, unlisted", TABLE("hitPolicy=\"PRIORITY\"", X ORDERED STEPS("\"low\"", "\"none\"", "\"mid\"")),
      "{\"x\":3}", NULL, "rule 2 gives a value of 'o' that is not among its output values" },
    { "priority by several outputs", TABLE("hitPolicy=\"PRIORITY\"", X ORDERED
      "<output name=\"p\"/><output name=\"q\"><outputValues><text>2, 1</text></outputValues></output>"
      RULE(IN("-") OUT("\"mid\"") OUT("9") OUT("2")) RULE(IN("-") OUT("\"high\"") OUT("8") OUT("1"))
      RULE(IN("-") OUT("\"high\"") OUT("7") OUT("2"))), "{\"x\":3}",
      "[{\"o\":\"high\",\"p\":7,\"q\":2}]", NULL },
    { "any, the same",      TABLE("hitPolicy=\"ANY\"", X OUTPUT("name=\"o\"") STEPS("1", "1.0", "2")),
      "{\"x\":2}", "[{\"o\":1}]", NULL },
    { "any, different",     TABLE("hitPolicy=\"ANY\"", X OUTPUT("name=\"o\"") STEPS("1", "1.0", "2")),
      "{\"x\":3}", NULL, "decision 't': rules 1 and 3 hold and give different values of 'o'" },
    { "any, none",          TABLE("hitPolicy=\"ANY\"", X OUTPUT("name=\"o\"") STEPS("1", "1", "2")), "{\"x\":0}", "[]", NULL },
    { "collect",            STEPPED("hitPolicy=\"COLLECT\"", OUTPUT("name=\"o\"")), "{\"x\":3}",
      "[{\"o\":\"low\"},{\"o\":\"high\"},{\"o\":\"mid\"}]", NULL },
    { "rule order",         STEPPED("hitPolicy=\"RULE ORDER\"", OUTPUT("name=\"o\"")), "{\"x\":2}",
      "[{\"o\":\"low\"},{\"o\":\"high\"}]", NULL },
    { "output order",       STEPPED("hitPolicy=\"OUTPUT ORDER\"", ORDERED), "{\"x\":3}",
      "[{\"o\":\"high\"},{\"o\":\"mid\"},{\"o\":\"low\"}]", NULL },
    { "output order is stable", TABLE("hitPolicy=\"OUTPUT ORDER\"", X ORDERED OUTPUT("name=\"n\"")
      RULE(IN("-") OUT("\"mid\"") OUT("1")) RULE(IN("-") OUT("\"mid\"") OUT("2"))
      RULE(IN("-") OUT("\"high\"") OUT("3")) RULE(IN("-") OUT("\"mid\"") OUT("4"))), "{\"x\":3}",
      "[{\"o\":\"high\",\"n\":3},{\"o\":\"mid\",\"n\":1},{\"o\":\"mid\",\"n\":2},{\"o\":\"mid\",\"n\":4}]", NULL },

    /* ---- aggregation ---- */
    { "sum",           NUMBERS("SUM", "", "1", "2", "3.5"), "{\"x\":3}", "[{\"o\":6.5}]", NULL },
    { "sum of integers", NUMBERS("SUM", "", "1", "2", "3.5"), "{\"x\":2}", "[{\"o\":3}]", NULL },
    { "sum of none",   NUMBERS("SUM", "", "1", "2", "3.5"), "{\"x\":0}", "[]", NULL },
    { "sum without nulls", NUMBERS("SUM", "", "1", "null", "2"), "{\"x\":3}", "[{\"o\":3}]", NULL },
    { "sum of nulls",  NUMBERS("SUM", "", "null", "null", "2"), "{\"x\":2}", "[]", NULL },
    { "sum of texts",  NUMBERS("SUM", "", "1", "\"a\"", "2"), "{\"x\":3}", NULL,
      "decision 't': SUM adds numbers, not values of type string" },
    { "sum of typed",  NUMBERS("SUM", "typeRef=\"double\"", "1", "2", "3"), "{\"x\":3}", "[{\"o\":6.0}]", NULL },
    { "min",           NUMBERS("MIN", "", "2", "1", "3"), "{\"x\":3}", "[{\"o\":1}]", NULL },
    { "min of one",    NUMBERS("MIN", "", "2", "1", "3"), "{\"x\":1}", "[{\"o\":2}]", NULL },
    { "max",           NUMBERS("MAX", "", "2", "1", "3.5"), "{\"x\":3}", "[{\"o\":3.5}]", NULL },
    { "max of none",   NUMBERS("MAX", "", "2", "1", "3"), "{\"x\":0}", "[]", NULL },
    { "max of texts",  NUMBERS("MAX", "", "\"a\"", "\"c\"", "\"b\""), "{\"x\":3}", "[{\"o\":\"c\"}]", NULL },
    { "max of mixed",  NUMBERS("MAX", "", "\"a\"", "1", "2"), "{\"x\":3}", NULL, "values of type number and string have no order" },
    { "count",         NUMBERS("COUNT", "", "\"a\"", "\"a\"", "null"), "{\"x\":3}", "[{\"o\":3}]", NULL },
    { "count of none", NUMBERS("COUNT", "", "1", "1", "1"), "{\"x\":0}", "[{\"o\":0}]", NULL },

    /* ---- columns ---- */
    { "no input", TABLE("", OUTPUT("") RULE(OUT("1"))), "{}", "[{\"t\":1}]", NULL },
    { "no rule", TABLE("", X OUTPUT("")), "{\"x\":1}", "[]", NULL },
    { "several inputs", TABLE("", X INPUT("", "y") OUTPUT("name=\"a\"") OUTPUT("name=\"b\"")
      RULE(IN("1") IN("2") OUT("x + y") OUT("\"ok\"")) RULE(IN("1") IN("3") OUT("0") OUT("0"))), "{\"x\":1,\"y\":2}",
      "[{\"a\":3,\"b\":\"ok\"}]", NULL },
    { "empty cells", TABLE("", X OUTPUT("name=\"o\"") RULE("<inputEntry/>" "<outputEntry><text/></outputEntry>")),
      "{\"x\":1}", "[{\"o\":null}]", NULL },
    { "an input is an expression", ONE("x * 2 + 1", "[6..8]", "\"in\""), "{\"x\":3}", "[{\"o\":\"in\"}]", NULL },
    { "an input is a path", ONE("order.total", "&gt; 100", "order.total / 10"), "{\"order\":{\"total\":250}}", "[{\"o\":25}]", NULL },
    { "null input", ONE("x", "null", "1"), "{\"x\":null}", "[{\"o\":1}]", NULL },
    { "null input without test", ONE("x", "-", "1"), "{\"x\":null}", "[{\"o\":1}]", NULL },
    { "null input, other test", ONE("x", "&lt; 5", "1"), "{\"x\":null}", "[]", NULL },
    { "the input by its name", ONE("x", "cellInput &gt; 1 and cellInput &lt; 3", "1"), "{\"x\":2}", "[{\"o\":1}]", NULL },
    { "the input by a name of its own",
      TABLE("", "<input camunda:inputVariable=\"age\"><inputExpression><text>x</text></inputExpression></input>"
      OUTPUT("") RULE(IN("age &gt; 1") OUT("1"))), "{\"x\":2}", "[{\"t\":1}]", NULL },
    { "the input is not known to outputs", ONE("x", "-", "cellInput"), "{\"x\":2}", NULL, "there is no variable 'cellInput'" },
    { "default output", TABLE("", X "<output name=\"o\"><defaultOutputEntry><text>\"none\"</text></defaultOutputEntry></output>"
      OUTPUT("name=\"p\"") RULE(IN("1") OUT("1") OUT("2"))), "{\"x\":2}", "[{\"o\":\"none\",\"p\":null}]", NULL },
    { "default output not needed", TABLE("", X "<output name=\"o\"><defaultOutputEntry><text>\"none\"</text></defaultOutputEntry></output>"
      RULE(IN("1") OUT("1"))), "{\"x\":1}", "[{\"o\":1}]", NULL },
    { "a duration leaves as text", ONE("x", "-", "[duration(\"PT90M\"), x - x]"), "{\"x\":\"@2026-03-01\"}",
      "[{\"o\":[\"PT1H30M\",\"PT0S\"]}]", NULL },

    /* ---- JUEL ---- */
    { "juel by its form", ONE("${x + 1}", "${cellInput == 3}", "${'a'.concat(x)}"), "{\"x\":2}", "[{\"o\":\"a2\"}]", NULL },
    { "juel input, feel test", ONE("#{x}", "&gt; 1", "x"), "{\"x\":2}", "[{\"o\":2}]", NULL },
    { "juel that is false", ONE("x", "${x &gt; 3}", "1"), "{\"x\":2}", "[]", NULL },
    { "juel that is null", ONE("x", "${n}", "1"), "{\"x\":2,\"n\":null}", "[]", NULL },
    { "juel that is no truth", ONE("x", "${x}", "1"), "{\"x\":2}", NULL,
      "decision 't': rule 1, input '1': a value of type number is neither true nor false" },
    { "juel by its language", TABLE("", X OUTPUT("") "<rule><inputEntry expressionLanguage=\"juel\"><text>-</text></inputEntry>"
      "<outputEntry expressionLanguage=\"JUEL\"><text>plain ${x}</text></outputEntry></rule>"), "{\"x\":2}",
      "[{\"t\":\"plain 2\"}]", NULL },
    { "juel of a missing name", ONE("${missing}", "-", "1"), "{}", NULL, "decision 't': input '1': " },

    /* ---- types ---- */
    { "a text as integer", CONVERT_IN("integer", "5"), "{\"x\":\"5\"}", "[{\"t\":1}]", NULL },
    { "a double as integer", CONVERT_IN("integer", "5"), "{\"x\":5.0}", "[{\"t\":1}]", NULL },
    { "a fraction as integer", CONVERT_IN("integer", "5"), "{\"x\":5.5}", NULL,
      "decision 't': input '1': the value, of type number, cannot be taken as integer" },
    { "a word as integer", CONVERT_IN("integer", "5"), "{\"x\":\"five\"}", NULL, "of type string, cannot be taken as integer" },
    { "a large number as integer", CONVERT_IN("integer", "5"), "{\"x\":3000000000}", NULL, "cannot be taken as integer" },
    { "a large number as long", CONVERT_IN("long", "3000000000"), "{\"x\":\"3000000000\"}", "[{\"t\":1}]", NULL },
    { "a boolean as integer", CONVERT_IN("integer", "5"), "{\"x\":true}", NULL, "of type boolean, cannot be taken as integer" },
    { "null as integer", CONVERT_IN("integer", "null"), "{\"x\":null}", "[{\"t\":1}]", NULL },
    { "a text as double", CONVERT_IN("double", "1.5"), "{\"x\":\"1.5\"}", "[{\"t\":1}]", NULL },
    { "hexadecimal as double", CONVERT_IN("double", "16"), "{\"x\":\"0x10\"}", NULL, "cannot be taken as double" },
    { "a text as number", CONVERT_IN("number", "12"), "{\"x\":\"12\"}", "[{\"t\":1}]", NULL },
    { "a text as boolean", CONVERT_IN("boolean", "true"), "{\"x\":\"TRUE\"}", "[{\"t\":1}]", NULL },
    { "a word as boolean", CONVERT_IN("boolean", "true"), "{\"x\":\"yes\"}", NULL, "cannot be taken as boolean" },
    { "a number as string", CONVERT_IN("string", "\"5\""), "{\"x\":5}", "[{\"t\":1}]", NULL },
    { "a boolean as string", CONVERT_IN("string", "\"true\""), "{\"x\":true}", "[{\"t\":1}]", NULL },
    { "a list as string", CONVERT_IN("string", "-"), "{\"x\":[1]}", NULL, "of type list, cannot be taken as string" },
    { "a text as date", CONVERT_IN("date", "date(\"2026-03-01\")"), "{\"x\":\"2026-03-01\"}", "[{\"t\":1}]", NULL },
    { "a text with time as date", CONVERT_IN("date", "&gt; date(\"2026-03-01\")"), "{\"x\":\"2026-03-01T10:00:00\"}", "[{\"t\":1}]", NULL },
    { "a date as date", CONVERT_IN("dateTime", "date(\"2026-03-01\")"), "{\"x\":\"@2026-03-01\"}", "[{\"t\":1}]", NULL },
    { "a number as date", CONVERT_IN("date", "-"), "{\"x\":5}", NULL, "of type number, cannot be taken as date" },
    { "a text as duration", CONVERT_IN("dayTimeDuration", "&lt; duration(\"P1D\")"), "{\"x\":\"PT12H\"}", "[{\"t\":1}]", NULL },
    { "a prefixed type", CONVERT_IN("feel:string", "\"5\""), "{\"x\":5}", "[{\"t\":1}]", NULL },
    { "any type", CONVERT_IN("Any", "5"), "{\"x\":5}", "[{\"t\":1}]", NULL },
    { "an output as string", CONVERT_OUT("string", "x + 1"), "{\"x\":5}", "[{\"o\":\"6\"}]", NULL },
    { "an output as double", CONVERT_OUT("double", "5"), "{\"x\":5}", "[{\"o\":5.0}]", NULL },
    { "an output as long", CONVERT_OUT("long", "\"7\""), "{\"x\":5}", "[{\"o\":7}]", NULL },
    { "an output as date", CONVERT_OUT("date", "\"2026-03-01\""), "{\"x\":5}", "[{\"o\":\"2026-03-01T00:00:00.000+01:00\"}]", NULL },
    { "an output of the wrong type", CONVERT_OUT("integer", "\"a\""), "{\"x\":5}", NULL,
      "decision 't': rule 1: output 'o': the value, of type string, cannot be taken as integer" },
    { "a defined type", FILE_WITH("<itemDefinition name=\"age\"><typeRef>integer</typeRef></itemDefinition>"
      "<decision id=\"t\"><decisionTable>" INPUT("typeRef=\"age\"", "x") OUTPUT("") RULE(IN("5") OUT("1"))
      "</decisionTable></decision>"), "{\"x\":\"5\"}", "[{\"t\":1}]", NULL },

    /* ---- failures and their place ---- */
    { "a missing variable", ONE("x + y", "-", "1"), "{\"x\":1}", NULL,
      "decision 't': input '1': expression 'x + y', position 5: there is no variable 'y'" },
    { "a test of another type", TABLE("", "<input label=\"Amount\"><inputExpression><text>x</text></inputExpression></input>"
      OUTPUT("") RULE(IN("1") OUT("1")) "<rule id=\"r2\">" IN("&gt; 5") OUT("2") "</rule>"), "{\"x\":\"a\"}", NULL,
      "decision 't': rule 2 (r2), input 'Amount': expression '> 5', position 1: values of type string and number have no order" },
    { "an output that fails", ONE("x", "-", "1 / 0"), "{\"x\":1}", NULL,
      "decision 't': rule 1: output 'o': expression '1 / 0', position 3: division by zero" },

    /* ---- literal expressions ---- */
    { "literal", FILE_WITH("<decision id=\"t\"><literalExpression><text>x * 2</text></literalExpression></decision>"),
      "{\"x\":4}", "[{\"t\":8}]", NULL },
    { "literal with a variable", FILE_WITH("<decision id=\"t\"><variable name=\"v\" typeRef=\"string\"/>"
      "<literalExpression><text>x * 2</text></literalExpression></decision>"), "{\"x\":4}", "[{\"v\":\"8\"}]", NULL },
    { "literal in JUEL", FILE_WITH("<decision id=\"t\"><literalExpression expressionLanguage=\"juel\" typeRef=\"long\">"
      "<text>${x * 2}</text></literalExpression></decision>"), "{\"x\":4}", "[{\"t\":8}]", NULL },
    { "literal that fails", FILE_WITH("<decision id=\"t\"><literalExpression><text>x</text></literalExpression></decision>"),
      "{}", NULL, "decision 't': expression 'x', position 1: there is no variable 'x'" },
};
/* clang-format on */

static const wf_decision_t *parse(const char *xml, const char *key)
{
    wf_problems_t *problems = wf_problems_create("test.dmn", pool);
    wf_decision_file_t *file;

    wf_decision_file_parse(&file, xml, strlen(xml), problems, pool);
    if (problems->errors || problems->items->nelts) {
        diag("%s", wf_problems_text(problems, pool));
        return NULL;
    }
    return wf_decision_find(file, key);
}

static void check(int i)
{
    const wf_decision_t *decision = parse(cases[i].xml, "t");
    wf_list_t *results;
    wf_value_t value;
    wf_error_t err;
    apr_status_t rv;

    wf_error_init(&err, pool);
    if (!decision) {
        ok(0, "%s", cases[i].what);
        return;
    }
    rv = wf_decision_eval(decision, fixture_scope(cases[i].variables), &results, pool,
                          &err);
    value = rv == APR_SUCCESS ? wf_list(results) : wf_null();
    if (cases[i].results) {
        is_str(rv == APR_SUCCESS ? fixture_json(&value) : err.message, cases[i].results,
               "%s", cases[i].what);
        return;
    }
    ok(rv != APR_SUCCESS && err.kind == WF_ERR_EXECUTION
           && fixture_says(err.message, cases[i].error),
       "%s", cases[i].what);
}

/* The types that JSON does not tell apart. */
static void check_types(void)
{
    static const struct {
        const char *type;
        wf_type_e want;
    } types[] = { { "integer", WF_INTEGER }, { "long", WF_LONG },
                  { "double", WF_DOUBLE },   { "string", WF_STRING },
                  { "number", WF_INTEGER },  { "Any", WF_INTEGER } };

    for (apr_size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const char *xml;
        const wf_decision_t *decision;
        wf_list_t *results = NULL;
        wf_error_t err;

        apr_pool_clear(pool);
        wf_error_init(&err, pool);
        xml = apr_pstrcat(
            pool, DEFINITIONS "<decision id=\"t\"><decisionTable><output typeRef=\"",
            types[i].type,
            "\"/><rule>" OUT("5") "</rule></decisionTable></decision></definitions>",
            NULL);
        decision = parse(xml, "t");
        ok(decision
               && wf_decision_eval(decision, NULL, &results, pool, &err) == APR_SUCCESS
               && wf_map_at(wf_list_at(results, 0)->as.map, 0)->type == types[i].want,
           "5 as %s", types[i].type);
    }
}

int main(void)
{
    fixture_start();
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_clear(pool);
        check((int)i);
    }
    check_types();
    return fixture_end();
}
