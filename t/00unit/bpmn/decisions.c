/* Which version of a decision a business rule task means, and what it gives. */
#include "world.h"

#define RULE(attributes)                                                                 \
    PROCESS(START "<businessRuleTask id=\"x\" "                                          \
                  "xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\" "                \
                  "camunda:decisionRef=\"size\" camunda:resultVariable=\"a\" "           \
                  "camunda:mapDecisionResult=\"singleEntry\" " attributes "/>" TASK("t") \
                      FLOW("s", "x") FLOW("x", "t"))
#define BINDING(binding) "camunda:decisionRefBinding=\"" binding "\" "
#define VERSION(version) BINDING("version") "camunda:decisionRefVersion=\"" version "\""

/* A decision "size" that gives a text. */
static const char *table(const char *text)
{
    return apr_psprintf(world.pool,
                        "<definitions "
                        "xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" "
                        "id=\"d\" name=\"d\" namespace=\"t\">"
                        "<decision id=\"size\" name=\"size\"><decisionTable id=\"t\">"
                        "<output id=\"o\" name=\"size\"/><rule id=\"r\">"
                        "<outputEntry id=\"e\"><text>\"%s\"</text></outputEntry></rule>"
                        "</decisionTable></decision></definitions>",
                        text);
}

/* clang-format off */
static const struct {
    const char *what, *attributes;
    const char *uncounted; /* what it gives while no version has been counted */
    const char *counted;   /* with version 1 beside the process and version 2 elsewhere */
    const char *deleted;   /* after version 2 was undeployed */
} cases[] = { /* "!" and a text: it fails, naming that */
    { "nothing said", "",                      "\"one\"",    "\"two\"", "\"one\"" },
    { "latest",       BINDING("latest"),       "\"one\"",    "\"two\"", "\"one\"" },
    { "deployment",   BINDING("deployment"),   "\"one\"",    "\"one\"", "\"one\"" },
    { "version 1",    VERSION("1"),            "!\"1\"",     "\"one\"", "\"one\"" },
    { "version 2",    VERSION("2"),            "!\"2\"",     "\"two\"", "!of version \"2\"" },
    { "computed",     VERSION("${n + 1}"),     "!\"2\"",     "\"two\"", "!of version \"2\"" },
    { "no version",   VERSION("${none}"),      "!\"\"",      "!\"\"",   "!\"\"" },
    { "no number",    VERSION("first"),        "!\"first\"", "!\"first\"", "!\"first\"" },
    { "it fails",     VERSION("${nobody}"),    "!nobody",    "!nobody", "!nobody" },
};
/* clang-format on */

static wf_id_t add(wf_id_t deployment, int version)
{
    wf_decision_def_t *row;

    world_begin();
    row = wf_uow_insert(world.uow, WF_TABLE_DECISION);
    row->id = apr_psprintf(world.pool, "size:%d", version);
    row->key = "size";
    row->version = version;
    row->deployment_id = deployment;
    row->resource_name = "size.dmn";
    world_check(world_end(APR_SUCCESS), &world.err, "count a decision");
    return deployment;
}

/* A deployment with nothing but a decision. */
static wf_id_t deploy(const char *text)
{
    wf_deployment_t *deployment;
    wf_definition_t holder = { 0 };

    world_begin();
    deployment = wf_uow_insert(world.uow, WF_TABLE_DEPLOYMENT);
    holder.deployment_id = deployment->id;
    world_check(world_end(APR_SUCCESS), &world.err, "deploy");
    world_add(&holder, "size.dmn", table(text));
    return holder.deployment_id;
}

static void undeploy(wf_id_t id)
{
    const wf_relation_e relations[] = { WF_BY_DECISIONS_OF_DEPLOYMENT,
                                        WF_BY_RESOURCES_OF_DEPLOYMENT };
    wf_deployment_t *deployment;
    int i, k;

    world_begin();
    for (i = 0; i < 2; i++) {
        apr_array_header_t *rows;

        wf_uow_select(world.uow, relations[i], id, &rows, &world.err);
        for (k = 0; k < rows->nelts; k++) {
            wf_uow_delete(world.uow, APR_ARRAY_IDX(rows, k, void *));
        }
    }
    wf_uow_get(world.uow, WF_TABLE_DEPLOYMENT, id, &deployment, &world.err);
    wf_uow_delete(world.uow, deployment);
    world_check(world_end(APR_SUCCESS), &world.err, "undeploy");
}

static void is_result(const wf_definition_t *definition, const char *want,
                      const char *what)
{
    wf_map_t *vars = world_vars();
    wf_started_t started;
    apr_status_t rv;

    wf_map_set(vars, "n", wf_integer(1));
    wf_map_set(vars, "none", wf_null());
    rv = world_start(definition, vars, &started);
    if (*want == '!') {
        ok(rv != APR_SUCCESS && world.err.kind == WF_ERR_EXECUTION
               && strstr(world.err.message, want + 1),
           "%s: fails: %s", what, rv == APR_SUCCESS ? "no" : world.err.message);
    }
    else if (rv != APR_SUCCESS) {
        ok(0, "%s: %s", what, world.err.message);
    }
    else {
        is_str(world_var(started.id, "a"), want, "%s", what);
    }
}

int main(void)
{
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    const wf_definition_t *definitions[CASES];
    const wf_definition_t *stranger;
    wf_id_t elsewhere;
    int i;

    world_open();
    for (i = 0; i < CASES; i++) {
        const char *xml = apr_psprintf(world.pool, RULE("%s"), cases[i].attributes);

        definitions[i] = world_deploy(xml);
        world_add(definitions[i], "size.dmn", table("one"));
        is_result(definitions[i], cases[i].uncounted,
                  apr_psprintf(world.pool, "%s, nothing counted", cases[i].what));
    }
    add(definitions[0]->deployment_id, 1);
    elsewhere = add(deploy("two"), 2);
    for (i = 0; i < CASES; i++) {
        is_result(definitions[i], cases[i].counted, cases[i].what);
    }
    stranger = world_deploy(RULE(""));
    is_result(stranger, "\"two\"", "a process without a decision of its own");
    is_result(world_deploy(RULE(BINDING("deployment"))), "!together with the process",
              "bound to its deployment, which has none");
    undeploy(elsewhere);
    for (i = 0; i < CASES; i++) {
        is_result(definitions[i], cases[i].deleted,
                  apr_psprintf(world.pool, "%s, undeployed", cases[i].what));
    }
    is_result(stranger, "\"one\"", "what is left");
    world_close();
    return done_testing();
}
