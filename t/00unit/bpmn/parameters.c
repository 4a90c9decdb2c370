/* Values of parameters (camunda:inputOutput): texts, scripts, lists and maps in one
 * another.
 */
#include "world.h"

#define PARAMETER(kind, value)                                                           \
    "<camunda:" kind "Parameter name=\"a\">" value "</camunda:" kind "Parameter>"
#define INPUT(value) PARAMETER("input", value)
#define OUTPUT(value) PARAMETER("output", value)
#define LIST(parts) "<camunda:list>" parts "</camunda:list>"
#define VALUE(text) "<camunda:value>" text "</camunda:value>"
#define MAP(entries) "<camunda:map>" entries "</camunda:map>"
#define ENTRY(key, value) "<camunda:entry key=\"" key "\">" value "</camunda:entry>"
#define SCRIPT(text) "<camunda:script scriptFormat=\"js\">" text "</camunda:script>"
#define JUEL(text) "<camunda:script>" text "</camunda:script>"
#define TASK_WITH(parameters)                                                            \
    PROCESS(START "<userTask id=\"t\"><extensionElements><camunda:inputOutput "          \
                  "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\">" parameters     \
                  "</camunda:inputOutput></extensionElements></userTask>" FLOW("s", "t") \
                      FLOW("t", "u") TASK("u"))

/* The process has n = 5, l = [1] and m = {"k":"v"}. */
/* clang-format off */
static const struct {
    const char *what, *value, *json; /* NULL: it fails … */
    const char *names;               /* … naming that */
} cases[] = {
    { "text",            "${n + 1}",                          "6",         NULL },
    { "nothing",         "",                                  "null",      NULL },
    { "script",          SCRIPT("n * 2"),                     "10",        NULL },
    { "script in juel",  JUEL("${n * 3}"),                    "15",        NULL },
    { "what a script makes", SCRIPT("({x: [n, 'b']})"),       "{\"x\":[5,\"b\"]}", NULL },
    { "a script of nothing", SCRIPT("undefined"),             "null",      NULL },
    { "empty list",      LIST(""),                            "[]",        NULL },
    { "list",            LIST(VALUE("a") VALUE("${n}") VALUE("")), "[\"a\",5,null]", NULL },
    { "list of scripts", LIST(SCRIPT("n") JUEL("${n + 1}")),  "[5,6]",     NULL },
    { "list of lists",   LIST(LIST(VALUE("1")) VALUE(LIST(VALUE("${l}")))), "[[\"1\"],[[1]]]", NULL },
    { "empty map",       MAP(""),                             "{}",        NULL },
    { "map",             MAP(ENTRY("x", "a") ENTRY("y", "${n}") ENTRY("z", "")), "{\"x\":\"a\",\"y\":5,\"z\":null}", NULL },
    { "map of everything", MAP(ENTRY("l", LIST(VALUE("${m}"))) ENTRY("m", MAP(ENTRY("k", SCRIPT("m.k")))) ENTRY("s", SCRIPT("l.length"))),
      "{\"l\":[{\"k\":\"v\"}],\"m\":{\"k\":\"v\"},\"s\":1}", NULL },
    { "the last of two", MAP(ENTRY("x", "1") ENTRY("x", "2")), "{\"x\":\"2\"}", NULL },
    { "a failing part",  LIST(VALUE("${nobody}")),            NULL, "parameter \"a\"" },
    { "a failing entry", MAP(ENTRY("k", "${nobody}")),        NULL, "entry \"k\"" },
    { "a failing script", SCRIPT("throw new Error('cold')"),  NULL, "cold" },
    { "its line",        SCRIPT("nobody"),                    NULL, "(line 4)" },
    { "another language", "<camunda:script scriptFormat=\"groovy\">1</camunda:script>", NULL, "'groovy'" },
    { "an object",       "${execution}",                      NULL, "object" },
    { "an object in a list", LIST(VALUE("${execution}")),     NULL, "object" },
    { "an object in a map", MAP(ENTRY("k", "${execution}")),  NULL, "object" },
};
/* clang-format on */

static wf_map_t *variables(void)
{
    wf_map_t *vars = world_vars(), *map = world_vars();
    wf_list_t *list = wf_list_create(world.pool);

    wf_list_push(list, wf_integer(1));
    wf_map_set(map, "k", wf_string("v"));
    wf_map_set(vars, "n", wf_integer(5));
    wf_map_set(vars, "l", wf_list(list));
    wf_map_set(vars, "m", wf_map(map));
    return vars;
}

static void is_value(int i, apr_status_t rv, wf_id_t instance, const char *way)
{
    if (!cases[i].json) {
        ok(rv != APR_SUCCESS && world.err.kind == WF_ERR_EXECUTION
               && strstr(world.err.message, cases[i].names),
           "%s, %s: fails: %s", cases[i].what, way,
           rv == APR_SUCCESS ? "no" : world.err.message);
    }
    else if (rv != APR_SUCCESS) {
        ok(0, "%s, %s: %s", cases[i].what, way, world.err.message);
    }
    else {
        is_str(world_var(instance, "a"), cases[i].json, "%s, %s", cases[i].what, way);
    }
}

static const wf_definition_t *deploy(const char *format, const char *value)
{
    return world_deploy(apr_psprintf(world.pool, format, value));
}

/* On the way in the value is the activity's own, and gone behind it. */
static void check_input(int i)
{
    wf_started_t started = { 0 };
    apr_status_t rv = world_start(deploy(TASK_WITH(INPUT("%s")), cases[i].value),
                                  variables(), &started);

    is_value(i, rv, started.id, "input");
    if (rv == APR_SUCCESS) {
        world_complete(started.id, "t", NULL);
        is_str(world_var(started.id, "a"), NULL, "%s: gone afterwards", cases[i].what);
    }
}

/* On the way out it is the process's. */
static void check_output(int i)
{
    wf_started_t started = { 0 };
    apr_status_t rv = world_start(deploy(TASK_WITH(OUTPUT("%s")), cases[i].value),
                                  variables(), &started);

    ok(rv == APR_SUCCESS, "%s: an output waits for the end", cases[i].what);
    is_value(i, world_complete(started.id, "t", NULL), started.id, "output");
    is_str(world_tasks(started.id), cases[i].json ? "u" : "t", "%s: then", cases[i].what);
}

/* What a parameter takes from a variable is a copy. */
static void copies(void)
{
    static const char xml[] =
        TASK_WITH(INPUT(LIST(VALUE("${l}"))) "<camunda:inputParameter name=\"b\">" SCRIPT(
            "a[0].push(2); a.length") "</camunda:inputParameter>");
    wf_started_t started;

    world_check(world_start(world_deploy(xml), variables(), &started), &world.err,
                "copies");
    is_str(world_var(started.id, "a"), "[[1,2]]",
           "a later parameter changes the first one");
    is_str(world_var(started.id, "l"), "[1]", "the variable stays as it was");
}

int main(void)
{
    int i;

    world_open();
    for (i = 0; i < (int)(sizeof(cases) / sizeof(cases[0])); i++) {
        check_input(i);
        check_output(i);
    }
    copies();
    world_close();
    return done_testing();
}
