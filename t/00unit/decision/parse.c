/* What files are taken, what is refused: rule, line and element of every problem. */
#include "fixture.h"

#define X INPUT("", "x")
#define O OUTPUT("name=\"o\"")
#define NAMESPACE(uri)                                                                   \
    "<d:definitions xmlns:d=\"" uri "\"><d:decision id=\"t\"><d:decisionTable>"          \
    "<d:output/><d:rule><d:outputEntry><d:text>1</d:text></d:outputEntry></d:rule>"      \
    "</d:decisionTable></d:decision></d:definitions>"
/* The content of a decision begins in line 3. */
#define DECISION(body) FILE_WITH("<decision id=\"t\">\n" body "\n</decision>")
#define TYPED(definitions, type)                                                         \
    FILE_WITH(definitions "\n<decision id=\"t\"><decisionTable>\n" INPUT(                \
        "typeRef=\"" type "\"", "x") O "</decisionTable></decision>")
#define LITERAL "<literalExpression><text>1</text></literalExpression>"
#define NEEDS(href)                                                                      \
    "<informationRequirement><requiredDecision " href "/></informationRequirement>"

/* clang-format off */
static const struct {
    const char *what, *xml;
    const char *rule; /* of the first problem; NULL: none at all */
    const char *path;
    int line;
    const char *message;
} cases[] = {
    { "DMN 1.1", NAMESPACE("http://www.omg.org/spec/DMN/20151101/dmn.xsd"), NULL, NULL, 0, NULL },
    { "DMN 1.1 by its other name", NAMESPACE("http://www.omg.org/spec/DMN/20151101/dmn11.xsd"), NULL, NULL, 0, NULL },
    { "DMN 1.2", NAMESPACE("http://www.omg.org/spec/DMN/20180521/MODEL/"), NULL, NULL, 0, NULL },
    { "DMN 1.3", NAMESPACE("https://www.omg.org/spec/DMN/20191111/MODEL/"), NULL, NULL, 0, NULL },
    { "DMN 1.4", NAMESPACE("https://www.omg.org/spec/DMN/20211108/MODEL/"), NULL, NULL, 0, NULL },
    { "DMN 1.5", NAMESPACE("https://www.omg.org/spec/DMN/20230324/MODEL/"), NULL, NULL, 0, NULL },
    { "another namespace", NAMESPACE("http://example.org/"), "no-dmn", NULL, 1, "DMN 1.1 to 1.5" },
    { "no XML", "hello", "xml", NULL, 1, "" },
    { "an entity", "<!DOCTYPE a [<!ENTITY x \"y\">]><a/>", "xml-entity", NULL, 1, "" },
    { "nothing in it", FILE_WITH(""), "no-decision", "d", 1, "there is no decision" },
    { "what does not matter", FILE_WITH("<description/><inputData id=\"i\"/><textAnnotation/>"
      "<x:foreign xmlns:x=\"http://example.org/\"/><decision id=\"t\"><question/>" LITERAL "</decision>"), NULL, NULL, 0, NULL },

    /* ---- what stands where ---- */
    { "a typing error", FILE_WITH("<decison id=\"t\"/>"), "unknown-element", "t", 2, "'decison' cannot stand in 'definitions'" },
    { "a typing error within", DECISION("<decisionTable>\n" O "<rulle/></decisionTable>"), "unknown-element", "t", 5,
      "'rulle' cannot stand in 'decisionTable'" },
    { "an import", FILE_WITH("<import/>"), "unsupported", "d", 2, "'import' is not supported" },
    { "a knowledge model", FILE_WITH("<businessKnowledgeModel id=\"k\"/>"), "unsupported", "k", 2, "" },
    { "a decision service", FILE_WITH("<decisionService id=\"k\"/>"), "unsupported", "k", 2, "" },
    { "an invocation", DECISION("<invocation/>"), "unsupported", "t", 3, "'invocation' is not supported" },
    { "a context", DECISION("<context/>"), "unsupported", "t", 3, "" },
    { "a knowledge requirement", DECISION("<knowledgeRequirement/>" LITERAL), "unsupported", "t", 3, "" },
    { "imported values", DECISION("<literalExpression><importedValues/></literalExpression>"), "unsupported", "t", 3, "" },

    /* ---- decisions ---- */
    { "no id", FILE_WITH("<decision>" LITERAL "</decision>"), "decision-id", "d", 2, "a decision needs an id" },
    { "the same id", FILE_WITH("<decision id=\"t\">" LITERAL "</decision>\n<decision id=\"t\">" LITERAL "</decision>"),
      "decision-id", "t", 3, "there is another decision of this id" },
    { "no logic", DECISION(""), "logic", "t", 2, "a decision needs one" },
    { "two logics", DECISION(LITERAL LITERAL), "logic", "t", 2, "a decision needs one" },
    { "a bad literal", DECISION("\n<literalExpression id=\"l\"><text>1 +</text></literalExpression>"), "expression", "l", 4,
      "expression '1 +', position 4" },
    { "an unknown language", DECISION("<literalExpression expressionLanguage=\"groovy\"><text>1</text></literalExpression>"),
      "expression", "t", 3, "the expression language 'groovy' is not supported" },
    { "an unknown language of the file", "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "
      "expressionLanguage=\"python\"><decision id=\"t\">" LITERAL "</decision></definitions>", "expression", "t", 1, "'python'" },
    { "FEEL by its name", "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "
      "expressionLanguage=\"https://www.omg.org/spec/DMN/20191111/FEEL/\"><decision id=\"t\">" LITERAL "</decision></definitions>",
      NULL, NULL, 0, NULL },

    /* ---- tables ---- */
    { "no output", TABLE("", X), "output", "t", 3, "a decision table needs an output" },
    { "an input without expression", TABLE("", "<input id=\"i\" label=\"Age\"/>" O), "expression", "i", 4, "the input 'Age' needs" },
    { "an empty input expression", TABLE("", INPUT("", " ") O), "expression", "t", 4, "the input '1' needs" },
    { "a bad input expression", TABLE("", INPUT("", "x y") O), "expression", "t", 4, "'y' is not expected here" },
    { "an interval as input", TABLE("", INPUT("", "[1..2]") O), "expression", "t", 4, "an interval can only stand as a test" },
    { "two outputs without names", TABLE("", O OUTPUT("")), "output-name", "t", 5, "each of several outputs needs a name" },
    { "two outputs of one name", TABLE("", O O), "output-name", "t", 5, "there is another output named 'o'" },
    { "too few cells", TABLE("", X O RULE(OUT("1"))), "rule", "t", 6, "rule 1 needs 1 inputEntry and 1 outputEntry" },
    { "too many cells", TABLE("", X O RULE(IN("-") OUT("1") OUT("2"))), "rule", "t", 6, "rule 1 needs" },
    { "a bad test", TABLE("", X O RULE(IN("-") OUT("1")) "<rule id=\"r\">\n" IN("&lt;") OUT("1") "</rule>"), "expression", "r", 8,
      "rule 2, input '1': expression '<', position 2" },
    { "a bad test in JUEL", TABLE("", X O RULE(IN("${x &gt;}") OUT("1"))), "expression", "t", 6, "rule 1, input '1': " },
    { "a bad output", TABLE("", X O RULE(IN("-") OUT("if x then 1 else 2"))), "expression", "t", 6,
      "rule 1, output 'o': expression 'if x then 1 else 2', position 1: 'if' is not supported" },
    { "a bad date in a cell", TABLE("", X O RULE(IN("&lt; date(\"2026-13-01\")") OUT("1"))), "expression", "t", 6, "position 3: no date" },
    { "the input is not known outside of tests", TABLE("", X O RULE(IN("?") OUT("?"))), "expression", "t", 6, "'?' is not expected" },

    /* ---- hit policies ---- */
    { "an unknown policy", TABLE("hitPolicy=\"SOME\"", X O), "hit-policy", "t", 3, "the hit policy 'SOME' is unknown" },
    { "an unknown aggregation", TABLE("hitPolicy=\"COLLECT\" aggregation=\"AVG\"", X O), "hit-policy", "t", 3, "'AVG' is unknown" },
    { "an aggregation of unique", TABLE("aggregation=\"SUM\"", X O), "hit-policy", "t", 3, "needs the hit policy COLLECT" },
    { "an aggregation of two", TABLE("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", X O OUTPUT("name=\"p\"")), "hit-policy", "t", 3,
      "an aggregation takes one output" },
    { "no order", TABLE("hitPolicy=\"PRIORITY\"", X O), "hit-policy", "t", 3, "the hit policy PRIORITY needs outputValues" },
    { "no order of outputs", TABLE("hitPolicy=\"OUTPUT ORDER\"", X O), "hit-policy", "t", 3, "OUTPUT ORDER needs outputValues" },
    { "output values that are none", TABLE("", X "<output><outputValues><text>&lt; 5</text></outputValues></output>"), "expression", "t", 5,
      "output values are constants" },
    { "output values of another type", TABLE("", X "<output typeRef=\"integer\"><outputValues><text>1, \"a\"</text></outputValues></output>"),
      "type", "t", 5, "output value 2: the value, of type string, cannot be taken as integer" },

    /* ---- types ---- */
    { "a known type", TYPED("", "integer"), NULL, NULL, 0, NULL },
    { "an unknown type", TYPED("", "color"), "type", "t", 4, "the type 'color' is unknown" },
    { "time of day", TYPED("", "time"), "type", "t", 4, "the type 'time' is unknown" },
    { "a defined type", TYPED("<itemDefinition name=\"color\"><typeRef>hue</typeRef></itemDefinition>"
      "<itemDefinition name=\"hue\"><typeRef>string</typeRef><allowedValues/></itemDefinition>", "color"), NULL, NULL, 0, NULL },
    { "a structure", TYPED("<itemDefinition name=\"color\"><itemComponent name=\"r\"/></itemDefinition>", "color"), "type", "t", 4,
      "a structure or a collection" },
    { "a collection", TYPED("<itemDefinition name=\"color\" isCollection=\"true\"><typeRef>string</typeRef></itemDefinition>", "color"),
      "type", "t", 4, "a structure or a collection" },
    { "a structure that nobody uses", TYPED("<itemDefinition name=\"color\"><itemComponent name=\"r\"/></itemDefinition>", "string"),
      NULL, NULL, 0, NULL },
    { "a type in a circle", TYPED("<itemDefinition name=\"color\"><typeRef>color</typeRef></itemDefinition>", "color"), "type", "t", 4,
      "is defined by itself" },

    /* ---- requirements ---- */
    { "requires itself", DECISION(NEEDS("href=\"#t\"") LITERAL), "requirement", "t", 2, "requires itself" },
    { "a circle", FILE_WITH("<decision id=\"a\">" NEEDS("href=\"#b\"") LITERAL "</decision>\n<decision id=\"b\">"
      NEEDS("href=\"#a\"") LITERAL "</decision>"), "requirement", "a", 2, "requires itself" },
    { "another file", DECISION(NEEDS("href=\"other.dmn#t\"") LITERAL), "requirement", "t", 3, "'other.dmn#t' is not in this file" },
    { "nobody", DECISION(NEEDS("href=\"#x\"") LITERAL), "requirement", "t", 3, "the required decision '#x' is not in this file" },
    { "no reference", DECISION(NEEDS("") LITERAL), "requirement", "t", 3, "is not in this file" },
};
/* clang-format on */

static wf_problems_t *parse(const char *xml, wf_decision_file_t **file)
{
    wf_problems_t *problems = wf_problems_create("test.dmn", pool);

    wf_decision_file_parse(file, xml, strlen(xml), problems, pool);
    return problems;
}

static void check(int i)
{
    wf_decision_file_t *file;
    wf_problems_t *problems = parse(cases[i].xml, &file);
    const wf_problem_t *first =
        problems->items->nelts ? &APR_ARRAY_IDX(problems->items, 0, wf_problem_t) : NULL;
    int good;

    if (!cases[i].rule) {
        ok(!first, "%s: taken", cases[i].what);
    }
    else {
        good = first && !strcmp(first->rule, cases[i].rule)
               && first->line == cases[i].line
               && (cases[i].path ? first->path && !strcmp(first->path, cases[i].path)
                                 : !first->path)
               && strstr(first->message, cases[i].message);
        if (!good) {
            diag("%s", wf_problems_text(problems, pool));
        }
        ok(good, "%s: refused in line %d", cases[i].what, cases[i].line);
    }
}

/* count times the part between head and tail. */
static const char *repeat(const char *head, const char *part, int count, const char *tail)
{
    apr_size_t length = strlen(part);
    char *text = apr_palloc(pool, count * length + 1);

    for (int i = 0; i < count; i++) {
        memcpy(text + i * length, part, length);
    }
    text[count * length] = '\0';
    return apr_pstrcat(pool, head, text, tail, NULL);
}

static void check_limits(void)
{
    static const struct {
        const char *head, *part, *tail, *message;
        int most;
    } limits[] = {
        { DEFINITIONS "<decision id=\"t\"><decisionTable>" O, RULE(OUT("1")),
          "</decisionTable></decision></definitions>",
          "more than 5000 rules in one table", WF_DECISION_RULES_MAX },
        { DEFINITIONS "<decision id=\"t\"><decisionTable>", X,
          O "</decisionTable></decision></definitions>",
          "more than 100 inputs in one table", WF_DECISION_COLUMNS_MAX },
        { DEFINITIONS "<decision id=\"t", "é", "\">" LITERAL "</decision></definitions>",
          "longer than 255 characters", WF_DECISION_NAME_MAX - 1 },
        { DEFINITIONS "<decision id=\"t\">" LITERAL "</decision>",
          "<decision id=\"t\">" LITERAL "</decision>", "</definitions>",
          "more than 100 decisions in one file", WF_DECISIONS_MAX - 1 },
    };

    for (apr_size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        for (int over = 0; over < 2; over++) {
            wf_decision_file_t *file;
            wf_problems_t *problems;
            const char *text;

            apr_pool_clear(pool);
            problems = parse(repeat(limits[i].head, limits[i].part, limits[i].most + over,
                                    limits[i].tail),
                             &file);
            text = wf_problems_text(problems, pool);
            ok(!over == !strstr(text, limits[i].message), "%s: %d", limits[i].message,
               limits[i].most + over);
        }
    }
}

static void check_file(void)
{
    wf_decision_file_t *file;
    wf_problems_t *problems;

    apr_pool_clear(pool);
    problems = parse(FILE_WITH("<decision id=\"a\" name=\"First\">" LITERAL "</decision>"
                               "<decision id=\"b\">" LITERAL "</decision>"),
                     &file);
    is_int(problems->errors, 0, "a file of two");
    is_int(wf_decision_count(file), 2, "two decisions");
    is_str(wf_decision_key(wf_decision_at(file, 0)), "a", "the first one's key");
    is_str(wf_decision_name(wf_decision_at(file, 0)), "First", "the first one's name");
    is_str(wf_decision_key(wf_decision_at(file, 1)), "b", "the second one's key");
    is_str(wf_decision_name(wf_decision_at(file, 1)), NULL, "the second one has no name");
    ok(wf_decision_find(file, "b") == wf_decision_at(file, 1), "found by its key");
    ok(!wf_decision_find(file, "c") && !wf_decision_at(file, 2)
           && !wf_decision_at(file, -1),
       "no more");
}

int main(void)
{
    fixture_start();
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_clear(pool);
        check((int)i);
    }
    check_limits();
    check_file();
    return fixture_end();
}
