/* Decisions that require others, and what becomes of results. */
#include "fixture.h"

#define NEEDS(id)                                                                        \
    "<informationRequirement><requiredDecision href=\"#" id                              \
    "\"/></informationRequirement>"
#define DATA(id)                                                                         \
    "<informationRequirement><requiredInput href=\"#" id "\"/></informationRequirement>"
#define DECISION(id, body) "<decision id=\"" id "\">" body "</decision>\n"
#define LITERAL(text) "<literalExpression><text>" text "</text></literalExpression>"
#define NAMED(name) "<variable name=\"" name "\"/>"
#define RULES(attributes, body) "<decisionTable " attributes ">" body "</decisionTable>"
#define X INPUT("", "x")

/* The season decides on the dish, the guests on the number of drinks. */
#define DINNER                                                                           \
    "<inputData id=\"temperature\"/><knowledgeSource id=\"cook\"/>" DECISION(            \
        "menu",                                                                          \
        NEEDS("dish") NEEDS("drinks") LITERAL("dish + \" and \" + string(drinks)"))      \
        DECISION("dish", NEEDS("season")                                                 \
                             RULES("", INPUT("", "season") OUTPUT("name=\"dish\"")       \
                                           RULE(IN("\"Winter\"") OUT("\"Stew\""))        \
                                               RULE(IN("\"Summer\"") OUT("\"Salad\"")))) \
            DECISION("season",                                                           \
                     DATA("temperature")                                                 \
                         RULES("", INPUT("", "temperature") OUTPUT("name=\"season\"")    \
                                       RULE(IN("&lt; 10") OUT("\"Winter\""))             \
                                           RULE(IN("&gt; 20") OUT("\"Summer\""))))       \
                DECISION("drinks",                                                       \
                         NEEDS("season") NAMED("drinks") LITERAL("guests * 2"))

#define MANY(attributes, body)                                                           \
    FILE_WITH(DECISION("a", NAMED("all")                                                 \
                                RULES(attributes, X OUTPUT("name=\"o\"")                 \
                                                      RULE(IN("&gt;= 1") OUT("1"))       \
                                                          RULE(IN("&gt;= 2") OUT("2")))) \
                  DECISION("t", NEEDS("a") LITERAL(body)))
#define PAIR(body)                                                                       \
    FILE_WITH(                                                                           \
        DECISION("a", NAMED("all") RULES("", X OUTPUT("name=\"o\"") OUTPUT("name=\"p\"") \
                                                 RULE(IN("1") OUT("1") OUT("\"y\""))))   \
            DECISION("t", NEEDS("a") LITERAL(body)))

/* clang-format off */
static const struct {
    const char *what, *xml, *key, *variables;
    const char *results, *error;
} cases[] = {
    { "through all",  FILE_WITH(DINNER), "menu", "{\"temperature\":5,\"guests\":3}", "[{\"menu\":\"Stew and 6\"}]", NULL },
    { "from the middle", FILE_WITH(DINNER), "dish", "{\"temperature\":25}", "[{\"dish\":\"Salad\"}]", NULL },
    { "the innermost", FILE_WITH(DINNER), "season", "{\"temperature\":25}", "[{\"season\":\"Summer\"}]", NULL },
    { "nothing holds there", FILE_WITH(DINNER), "dish", "{\"temperature\":15,\"season\":\"Winter\"}", "[]", NULL },
    { "it fails there", FILE_WITH(DINNER), "menu", "{\"temperature\":\"cold\"}", NULL, "decision 'season': rule 1, input '1': " },
    { "what is made hides the caller's", FILE_WITH(DINNER), "dish", "{\"temperature\":5,\"season\":\"Summer\"}", "[{\"dish\":\"Stew\"}]", NULL },
    { "a list from collect", MANY("hitPolicy=\"COLLECT\"", "o"), "t", "{\"x\":2}", "[{\"t\":[1,2]}]", NULL },
    { "a list of one",       MANY("hitPolicy=\"COLLECT\"", "o"), "t", "{\"x\":1}", "[{\"t\":[1]}]", NULL },
    { "a list of none",      MANY("hitPolicy=\"RULE ORDER\"", "o"), "t", "{\"x\":0}", "[{\"t\":[]}]", NULL },
    { "a value from first",  MANY("hitPolicy=\"FIRST\"", "o"), "t", "{\"x\":2}", "[{\"t\":1}]", NULL },
    { "a value from a sum",  MANY("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "o"), "t", "{\"x\":2}", "[{\"t\":3}]", NULL },
    { "no value from a sum", MANY("hitPolicy=\"COLLECT\" aggregation=\"SUM\"", "o"), "t", "{\"x\":0}", "[{\"t\":null}]", NULL },
    { "by the variable",     MANY("hitPolicy=\"COLLECT\"", "all"), "t", "{\"x\":2}", "[{\"t\":[1,2]}]", NULL },
    { "by the variable, one", MANY("hitPolicy=\"FIRST\"", "all"), "t", "{\"x\":2}", "[{\"t\":1}]", NULL },
    { "outputs by their names", PAIR("string(o) + p"), "t", "{\"x\":1}", "[{\"t\":\"1y\"}]", NULL },
    { "outputs of the variable", PAIR("string(all.o) + all.p"), "t", "{\"x\":1}", "[{\"t\":\"1y\"}]", NULL },
    { "outputs of none",     PAIR("o = null and all = null"), "t", "{\"x\":2}", "[{\"t\":true}]", NULL },
    { "JUEL sees them, too", MANY("hitPolicy=\"FIRST\"", "${o + 1}"), "t", "{\"x\":2}", "[{\"t\":2}]", NULL },
};

static const struct {
    const char *xml, *variables, *mapping;
    const char *value, *error;
} mappings[] = {
#define ONE FILE_WITH(DECISION("t", RULES("hitPolicy=\"COLLECT\"", X OUTPUT("name=\"o\"") \
        RULE(IN("&gt;= 1") OUT("1")) RULE(IN("&gt;= 2") OUT("2")))))
#define TWO FILE_WITH(DECISION("t", RULES("hitPolicy=\"COLLECT\"", X OUTPUT("name=\"o\"") OUTPUT("name=\"p\"") \
        RULE(IN("&gt;= 1") OUT("1") OUT("3")) RULE(IN("&gt;= 2") OUT("2") OUT("4")))))
    { ONE, "{\"x\":0}", "singleEntry",    "null", NULL },
    { ONE, "{\"x\":1}", "singleEntry",    "1", NULL },
    { ONE, "{\"x\":2}", "singleEntry",    NULL, "there are 2 results, singleEntry takes one" },
    { TWO, "{\"x\":1}", "singleEntry",    NULL, "a result has 2 outputs, singleEntry takes one" },
    { ONE, "{\"x\":0}", "singleResult",   "null", NULL },
    { TWO, "{\"x\":1}", "singleResult",   "{\"o\":1,\"p\":3}", NULL },
    { TWO, "{\"x\":2}", "singleResult",   NULL, "there are 2 results, singleResult takes one" },
    { ONE, "{\"x\":0}", "collectEntries", "[]", NULL },
    { ONE, "{\"x\":2}", "collectEntries", "[1,2]", NULL },
    { TWO, "{\"x\":1}", "collectEntries", NULL, "a result has 2 outputs, collectEntries takes one" },
    { ONE, "{\"x\":0}", "resultList",     "[]", NULL },
    { TWO, "{\"x\":2}", "resultList",     "[{\"o\":1,\"p\":3},{\"o\":2,\"p\":4}]", NULL },
};
/* clang-format on */

static apr_status_t evaluate(const char *xml, const char *key, const char *variables,
                             wf_list_t **results, wf_error_t *err)
{
    wf_problems_t *problems = wf_problems_create("test.dmn", pool);
    wf_decision_file_t *file;

    wf_error_init(err, pool);
    wf_decision_file_parse(&file, xml, strlen(xml), problems, pool);
    if (wf_problems_check(problems, err) != APR_SUCCESS) {
        return WF_EFAILED;
    }
    return wf_decision_eval(wf_decision_find(file, key), fixture_scope(variables),
                            results, pool, err);
}

static void check_result(apr_status_t rv, const wf_value_t *value, const wf_error_t *err,
                         const char *want, const char *error, const char *what)
{
    if (want) {
        is_str(rv == APR_SUCCESS ? fixture_json(value) : err->message, want, "%s", what);
    }
    else {
        ok(rv != APR_SUCCESS && err->kind == WF_ERR_EXECUTION
               && fixture_says(err->message, error),
           "%s", what);
    }
}

int main(void)
{
    wf_list_t *results;
    wf_value_t value;
    wf_error_t err;
    apr_status_t rv;

    fixture_start();
    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_pool_clear(pool);
        rv = evaluate(cases[i].xml, cases[i].key, cases[i].variables, &results, &err);
        value = rv == APR_SUCCESS ? wf_list(results) : wf_null();
        check_result(rv, &value, &err, cases[i].results, cases[i].error, cases[i].what);
    }
    for (apr_size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        int mapping = wf_decision_mapping_parse(mappings[i].mapping);

        apr_pool_clear(pool);
        rv = evaluate(mappings[i].xml, "t", mappings[i].variables, &results, &err);
        if (rv == APR_SUCCESS) {
            rv = wf_decision_map(results, (wf_decision_mapping_e)mapping, &value, pool,
                                 &err);
        }
        check_result(rv, &value, &err, mappings[i].value, mappings[i].error,
                     mappings[i].mapping);
    }
    is_int(wf_decision_mapping_parse("result"), -1, "an unknown mapping");
    return fixture_end();
}
