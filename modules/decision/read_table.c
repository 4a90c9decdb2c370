/* Reading a decisionTable: its columns, then its rules. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <string.h>

#define DEFAULT_INPUT "cellInput"

typedef struct reading_t {
    wf_decision_reader_t *r;
    wf_decision_table_t *table;
    const char *result; /* names the only output if it has no name */
} reading_t;

static int count_children(const wf_xml_t *element, const char *name)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, name);
    int n = 0;

    for (; child; child = wf_xml_next(child, WF_NS_DMN, name)) {
        n++;
    }
    return n;
}

/* 1, or 0 with a problem if there are more of them. */
static int within(reading_t *t, const wf_xml_t *element, int count, int most,
                  const char *what)
{
    if (count > most) {
        wf_decision_problem(t->r, element, "limit", "more than %d %s in one table", most,
                            what);
    }
    return count <= most;
}

/* ---- columns ---------------------------------------------------------------------- */

static void read_input(reading_t *t, const wf_xml_t *element, int number)
{
    wf_decision_input_t *input = &t->table->inputs[number];
    const wf_xml_t *expression = wf_xml_child(element, WF_NS_DMN, "inputExpression");
    const char *variable = wf_xml_attr(element, WF_NS_EXTENSION, "inputVariable");

    input->variable =
        variable && *variable ? apr_pstrdup(t->r->p, variable) : DEFAULT_INPUT;
    input->label = wf_decision_attr(t->r, element, "label");
    if (!input->label) {
        input->label = wf_decision_attr(t->r, element, "id");
    }
    if (!input->label) {
        input->label = apr_psprintf(t->r->p, "%d", number + 1);
    }
    if (!expression || !wf_decision_text(t->r, expression)) {
        wf_decision_problem(t->r, element, "expression",
                            "the input '%s' needs an inputExpression with a text",
                            input->label);
        return;
    }
    wf_decision_read_expr(t->r, expression, &input->expr);
    input->type = wf_decision_read_type(t->r, expression);
}

static void read_inputs(reading_t *t, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, "input");

    t->table->ninputs = count_children(element, "input");
    if (!within(t, element, t->table->ninputs, WF_DECISION_COLUMNS_MAX, "inputs")) {
        t->table->ninputs = 0;
        return;
    }
    t->table->inputs =
        apr_pcalloc(t->r->p, sizeof(*t->table->inputs) * (t->table->ninputs + 1));
    for (int i = 0; child; child = wf_xml_next(child, WF_NS_DMN, "input"), i++) {
        read_input(t, child, i);
    }
}

/* The values of outputValues: a list of constants, "a", "b". */
static void read_values(reading_t *t, const wf_xml_t *element,
                        wf_decision_output_t *output)
{
    const char *text = wf_decision_text(t->r, element);
    wf_feel_t *feel;
    wf_error_t err;

    wf_error_init(&err, t->r->scratch);
    if (!text) {
        return;
    }
    if (wf_feel_parse_tests(&feel, text, NULL, t->r->p, &err) != APR_SUCCESS) {
        wf_decision_problem(t->r, element, "expression", "%s", err.message);
        return;
    }
    output->values = apr_pcalloc(t->r->p, sizeof(wf_value_t) * (feel->ntests + 1));
    for (int i = 0; i < feel->ntests; i++) {
        wf_value_t *value = &output->values[output->nvalues++];

        *value = feel->tests[i]->literal;
        if (feel->tests[i]->kind != WF_FEEL_VALUE || feel->negated) {
            wf_decision_problem(t->r, element, "expression",
                                "output values are constants with commas between them");
            return;
        }
        if (wf_decision_convert(output->type, value, t->r->p, &err) != APR_SUCCESS) {
            wf_decision_problem(t->r, element, "type", "output value %d: %s", i + 1,
                                err.message);
            return;
        }
    }
}

static void read_output(reading_t *t, const wf_xml_t *element, int number)
{
    wf_decision_output_t *output = &t->table->outputs[number];
    const wf_xml_t *values = wf_xml_child(element, WF_NS_DMN, "outputValues");

    output->name = wf_decision_attr(t->r, element, "name");
    if (!output->name) {
        output->name = t->result;
        if (t->table->noutputs > 1) {
            wf_decision_problem(t->r, element, "output-name",
                                "each of several outputs needs a name");
        }
    }
    for (int i = 0; t->table->noutputs > 1 && i < number; i++) {
        if (!strcmp(t->table->outputs[i].name, output->name)) {
            wf_decision_problem(t->r, element, "output-name",
                                "there is another output named '%s'", output->name);
            break;
        }
    }
    output->type = wf_decision_read_type(t->r, element);
    wf_decision_read_expr(t->r, wf_xml_child(element, WF_NS_DMN, "defaultOutputEntry"),
                          &output->fallback);
    if (values) {
        read_values(t, values, output);
    }
}

static void read_outputs(reading_t *t, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, "output");

    t->table->noutputs = count_children(element, "output");
    if (!child) {
        wf_decision_problem(t->r, element, "output", "a decision table needs an output");
    }
    if (!within(t, element, t->table->noutputs, WF_DECISION_COLUMNS_MAX, "outputs")) {
        t->table->noutputs = 0;
        return;
    }
    t->table->outputs =
        apr_pcalloc(t->r->p, sizeof(*t->table->outputs) * (t->table->noutputs + 1));
    for (int i = 0; child; child = wf_xml_next(child, WF_NS_DMN, "output"), i++) {
        read_output(t, child, i);
    }
}

/* ---- rules ------------------------------------------------------------------------ */

static void read_test(reading_t *t, const wf_xml_t *element,
                      const wf_decision_rule_t *rule, int column)
{
    const char *text = wf_decision_text(t->r, element);
    wf_error_t err;

    wf_error_init(&err, t->r->scratch);
    if (wf_decision_entry_parse(&rule->tests[column], text,
                                wf_decision_language(t->r, element),
                                t->table->inputs[column].variable, t->r->p, &err)
        != APR_SUCCESS) {
        wf_decision_problem(t->r, element, "expression", "rule %d, input '%s': %s",
                            rule->number, t->table->inputs[column].label, err.message);
    }
}

static void read_given(reading_t *t, const wf_xml_t *element,
                       const wf_decision_rule_t *rule, int column)
{
    wf_error_t err;

    wf_error_init(&err, t->r->scratch);
    if (wf_decision_expr_parse(&rule->outputs[column], wf_decision_text(t->r, element),
                               wf_decision_language(t->r, element), t->r->p, &err)
        != APR_SUCCESS) {
        wf_decision_problem(t->r, element, "expression", "rule %d, output '%s': %s",
                            rule->number, t->table->outputs[column].name, err.message);
    }
}

static void read_rule(reading_t *t, const wf_xml_t *element, wf_decision_rule_t *rule)
{
    const wf_decision_table_t *table = t->table;
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, "inputEntry");

    rule->id = wf_decision_attr(t->r, element, "id");
    if (count_children(element, "inputEntry") != table->ninputs
        || count_children(element, "outputEntry") != table->noutputs) {
        wf_decision_problem(
            t->r, element, "rule",
            "rule %d needs %d inputEntry and %d outputEntry, one for each "
            "column",
            rule->number, table->ninputs, table->noutputs);
        return;
    }
    rule->tests = apr_pcalloc(t->r->p, sizeof(*rule->tests) * (table->ninputs + 1));
    rule->outputs = apr_pcalloc(t->r->p, sizeof(*rule->outputs) * (table->noutputs + 1));
    for (int i = 0; child; child = wf_xml_next(child, WF_NS_DMN, "inputEntry"), i++) {
        read_test(t, child, rule, i);
    }
    child = wf_xml_child(element, WF_NS_DMN, "outputEntry");
    for (int i = 0; child; child = wf_xml_next(child, WF_NS_DMN, "outputEntry"), i++) {
        read_given(t, child, rule, i);
    }
}

static void read_rules(reading_t *t, const wf_xml_t *element)
{
    const wf_xml_t *child = wf_xml_child(element, WF_NS_DMN, "rule");
    wf_decision_table_t *table = t->table;

    table->nrules = count_children(element, "rule");
    if (!within(t, element, table->nrules, WF_DECISION_RULES_MAX, "rules")) {
        table->nrules = 0;
        return;
    }
    table->rules = apr_pcalloc(t->r->p, sizeof(*table->rules) * (table->nrules + 1));
    for (int i = 0; child; child = wf_xml_next(child, WF_NS_DMN, "rule"), i++) {
        table->rules[i].number = i + 1;
        read_rule(t, child, &table->rules[i]);
    }
}

/* ---- the table -------------------------------------------------------------------- */

static void read_policy(reading_t *t, const wf_xml_t *element)
{
    const char *policy = wf_decision_attr(t->r, element, "hitPolicy");
    const char *aggregation = wf_decision_attr(t->r, element, "aggregation");

    t->table->policy = wf_hit_policy_find(policy ? policy : "UNIQUE");
    if (!t->table->policy) {
        wf_decision_problem(t->r, element, "hit-policy", "the hit policy '%s' is unknown",
                            policy);
    }
    if (!aggregation) {
        return;
    }
    t->table->aggregator = wf_aggregator_find(aggregation);
    if (!t->table->aggregator) {
        wf_decision_problem(t->r, element, "hit-policy",
                            "the aggregation '%s' is unknown", aggregation);
    }
    if (!policy || strcmp(policy, "COLLECT")) {
        wf_decision_problem(t->r, element, "hit-policy",
                            "an aggregation needs the hit policy COLLECT");
    }
}

/* What a policy asks of the outputs, once they are known. */
static void check_policy(reading_t *t, const wf_xml_t *element)
{
    const wf_decision_table_t *table = t->table;
    int ranked = 0;

    for (int o = 0; o < table->noutputs; o++) {
        ranked += table->outputs[o].nvalues > 0;
    }
    if (table->policy && table->policy->ordered && !ranked) {
        wf_decision_problem(t->r, element, "hit-policy",
                            "the hit policy %s needs outputValues", table->policy->name);
    }
    if (table->aggregator && table->noutputs > 1) {
        wf_decision_problem(t->r, element, "hit-policy",
                            "an aggregation takes one output");
    }
}

const wf_decision_table_t *wf_decision_read_table(wf_decision_reader_t *r,
                                                  const wf_xml_t *element,
                                                  const char *result)
{
    reading_t t = { .r = r,
                    .table = apr_pcalloc(r->p, sizeof(*t.table)),
                    .result = result };

    read_policy(&t, element);
    read_inputs(&t, element);
    read_outputs(&t, element);
    check_policy(&t, element);
    read_rules(&t, element);
    return t.table;
}
