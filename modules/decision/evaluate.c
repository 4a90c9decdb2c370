/* Evaluating a decision: those that it requires first, then its table or expression. Each
 * sees the values that those before it gave, then the caller's scope. */
#include "decision/internal.h"

#include <apr_strings.h>
#include <string.h>

/* What expressions see. */
typedef struct view_t {
    const wf_scope_t *outer; /* the caller's, or NULL */
    wf_map_t *made;          /* by the decisions before */
    const char *input;       /* names what is tested; NULL outside of tests */
    const wf_value_t *tested;
} view_t;

/* One evaluation of one decision. */
typedef struct evaluation_t {
    const wf_decision_t *decision;
    const wf_decision_table_t *table;
    view_t *view;
    wf_feel_run_t *run;
    wf_value_t *inputs;
    apr_array_header_t *hits; /* of wf_decision_hit_t */
    wf_list_t *results;
} evaluation_t;

static int view_get(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    view_t *view = baton;
    wf_value_t *made;

    if (view->input && !strcmp(name, view->input)) {
        *value = *view->tested;
        return 1;
    }
    if ((made = wf_map_get(view->made, name)) != NULL) {
        *value = *made;
        return 1;
    }
    return view->outer && view->outer->get(view->outer->baton, name, value, p);
}

/* "rule 3 (approve), …": how a rule is found in the file. */
static const char *rule_text(const wf_decision_rule_t *rule, apr_pool_t *p)
{
    return rule->id ? apr_psprintf(p, "rule %d (%s)", rule->number, rule->id)
                    : apr_psprintf(p, "rule %d", rule->number);
}

/* ---- tables ----------------------------------------------------------------------- */

static apr_status_t eval_inputs(evaluation_t *e)
{
    const wf_decision_table_t *table = e->table;

    e->inputs = apr_pcalloc(e->run->pool, sizeof(wf_value_t) * table->ninputs);
    for (int i = 0; i < table->ninputs; i++) {
        const wf_decision_input_t *input = &table->inputs[i];
        apr_status_t rv = wf_decision_expr_eval(e->run, &input->expr, &e->inputs[i]);

        if (rv == APR_SUCCESS) {
            rv = wf_decision_convert(input->type, &e->inputs[i], e->run->pool,
                                     e->run->err);
        }
        if (rv != APR_SUCCESS) {
            return wf_error_note(e->run->err, rv, "input '%s'", input->label);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t test_rule(evaluation_t *e, const wf_decision_rule_t *rule, int *holds)
{
    apr_status_t rv = APR_SUCCESS;

    *holds = 1;
    for (int i = 0; rv == APR_SUCCESS && *holds && i < e->table->ninputs; i++) {
        e->run->input = e->inputs[i];
        e->view->input = e->table->inputs[i].variable;
        e->view->tested = &e->inputs[i];
        rv = wf_decision_entry_test(e->run, &rule->tests[i], holds);
        if (rv != APR_SUCCESS) {
            wf_error_note(e->run->err, rv, "%s, input '%s'",
                          rule_text(rule, e->run->pool), e->table->inputs[i].label);
        }
    }
    e->view->input = NULL;
    return rv;
}

/* Tests leave nothing but their answer: what they allocate goes with each rule. */
static apr_status_t find_hits(evaluation_t *e)
{
    apr_pool_t *lasting = e->run->pool, *scratch;
    apr_status_t rv = APR_SUCCESS;
    int holds = 0;

    e->hits = apr_array_make(lasting, 4, sizeof(wf_decision_hit_t));
    apr_pool_create(&scratch, lasting);
    apr_pool_tag(scratch, "wf_decision_rule");
    e->run->pool = scratch;
    for (int i = 0; i < e->table->nrules && !(holds && e->table->policy->first); i++) {
        if ((rv = test_rule(e, &e->table->rules[i], &holds)) != APR_SUCCESS) {
            break;
        }
        if (holds) {
            APR_ARRAY_PUSH(e->hits, wf_decision_hit_t) =
                (wf_decision_hit_t){ .rule = &e->table->rules[i] };
        }
        apr_pool_clear(scratch);
    }
    e->run->pool = lasting;
    apr_pool_destroy(scratch);
    return rv;
}

static apr_status_t eval_output(evaluation_t *e, const wf_decision_output_t *output,
                                const wf_decision_expr_t *expr, wf_value_t *value)
{
    apr_status_t rv = wf_decision_expr_eval(e->run, expr, value);

    if (rv == APR_SUCCESS) {
        rv = wf_decision_convert(output->type, value, e->run->pool, e->run->err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_decision_release(e->run, value);
    }
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(e->run->err, rv, "output '%s'", output->name);
}

static apr_status_t eval_outputs(evaluation_t *e, wf_decision_hit_t *hit)
{
    const wf_decision_table_t *table = e->table;

    hit->values = apr_pcalloc(e->run->pool, sizeof(wf_value_t) * table->noutputs);
    for (int o = 0; o < table->noutputs; o++) {
        apr_status_t rv =
            eval_output(e, &table->outputs[o], &hit->rule->outputs[o], &hit->values[o]);

        if (rv != APR_SUCCESS) {
            return wf_error_note(e->run->err, rv, "%s",
                                 rule_text(hit->rule, e->run->pool));
        }
    }
    return APR_SUCCESS;
}

static apr_status_t give_hits(evaluation_t *e)
{
    for (int i = 0; i < e->hits->nelts; i++) {
        wf_map_t *map = wf_map_create(e->run->pool);

        for (int o = 0; o < e->table->noutputs; o++) {
            wf_map_set(map, e->table->outputs[o].name,
                       APR_ARRAY_IDX(e->hits, i, wf_decision_hit_t).values[o]);
        }
        wf_list_push(e->results, wf_map(map));
    }
    return APR_SUCCESS;
}

/* One value of the only output's values; a table with an aggregator has one output. */
static apr_status_t give_aggregate(evaluation_t *e)
{
    int nhits = e->hits->nelts, nvalues = 0, given;
    wf_value_t *values = apr_pcalloc(e->run->pool, sizeof(*values) * (nhits + 1));
    wf_value_t result = wf_null();
    wf_map_t *map = wf_map_create(e->run->pool);

    for (int i = 0; i < nhits; i++) {
        const wf_value_t *value = APR_ARRAY_IDX(e->hits, i, wf_decision_hit_t).values;

        if (value->type != WF_NULL) {
            values[nvalues++] = *value;
        }
    }
    given = e->table->aggregator->aggregate(e->run, values, nvalues, nhits, &result);
    if (given < 0) {
        return WF_EFAILED;
    }
    if (given) {
        wf_map_set(map, e->table->outputs[0].name, result);
        wf_list_push(e->results, wf_map(map));
    }
    return APR_SUCCESS;
}

/* No rule holds: the default output entries, if there is one. */
static apr_status_t give_defaults(evaluation_t *e)
{
    wf_map_t *map = wf_map_create(e->run->pool);
    int any = 0;

    for (int o = 0; o < e->table->noutputs; o++) {
        const wf_decision_output_t *output = &e->table->outputs[o];
        wf_value_t value;
        apr_status_t rv = eval_output(e, output, &output->fallback, &value);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        any |= output->fallback.feel || output->fallback.juel;
        wf_map_set(map, output->name, value);
    }
    if (any) {
        wf_list_push(e->results, wf_map(map));
    }
    return APR_SUCCESS;
}

static apr_status_t eval_table(evaluation_t *e)
{
    const wf_hit_policy_t *policy = e->table->policy;
    apr_status_t rv;

    if ((rv = eval_inputs(e)) != APR_SUCCESS || (rv = find_hits(e)) != APR_SUCCESS) {
        return rv;
    }
    if (policy->before
        && (rv = policy->before(e->table, e->hits, e->run->err)) != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; i < e->hits->nelts; i++) {
        rv = eval_outputs(e, &APR_ARRAY_IDX(e->hits, i, wf_decision_hit_t));
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (policy->settle
        && (rv = policy->settle(e->table, e->hits, e->run->err)) != APR_SUCCESS) {
        return rv;
    }
    if (e->table->aggregator) {
        return give_aggregate(e);
    }
    return e->hits->nelts ? give_hits(e) : give_defaults(e);
}

/* ---- decisions -------------------------------------------------------------------- */

static apr_status_t eval_literal(evaluation_t *e)
{
    const wf_decision_t *decision = e->decision;
    wf_map_t *map = wf_map_create(e->run->pool);
    wf_value_t value;
    apr_status_t rv = wf_decision_expr_eval(e->run, &decision->literal, &value);

    if (rv == APR_SUCCESS) {
        rv = wf_decision_convert(decision->type, &value, e->run->pool, e->run->err);
    }
    if (rv == APR_SUCCESS) {
        rv = wf_decision_release(e->run, &value);
    }
    wf_map_set(map, decision->variable ? decision->variable : decision->key, value);
    wf_list_push(e->results, wf_map(map));
    return rv;
}

static apr_status_t eval_decision(view_t *view, wf_feel_run_t *run,
                                  const wf_decision_t *decision, wf_list_t **results)
{
    evaluation_t e = { .decision = decision,
                       .table = decision->table,
                       .view = view,
                       .run = run,
                       .results = wf_list_create(run->pool) };
    apr_status_t rv = decision->table ? eval_table(&e) : eval_literal(&e);

    *results = e.results;
    return rv == APR_SUCCESS
               ? rv
               : wf_error_note(run->err, rv, "decision '%s'", decision->key);
}

/* The values of one output: a list of them, or the only one. */
static wf_value_t collect(const wf_list_t *results, const char *name, int single,
                          apr_pool_t *p)
{
    wf_list_t *list = wf_list_create(p);
    wf_value_t *value;

    for (int i = 0; i < wf_list_count(results); i++) {
        value = wf_map_get(wf_list_at(results, i)->as.map, name);
        wf_list_push(list, value ? *value : wf_null());
    }
    if (!single) {
        return wf_list(list);
    }
    value = wf_list_at(list, 0);
    return value ? *value : wf_null();
}

/* The whole result, as the standard has it: a value if there is one output, else maps. */
static wf_value_t whole(const wf_decision_t *decision, wf_list_t *results, int single,
                        apr_pool_t *p)
{
    wf_value_t *first = wf_list_at(results, 0);

    if (!decision->table || decision->table->noutputs == 1) {
        return collect(results,
                       decision->table      ? decision->table->outputs[0].name
                       : decision->variable ? decision->variable
                                            : decision->key,
                       single, p);
    }
    if (!single) {
        return wf_list(results);
    }
    return first ? *first : wf_null();
}

/* What the decisions behind it see: its outputs and its variable by their names. */
static void remember(view_t *view, const wf_decision_t *decision, wf_list_t *results,
                     apr_pool_t *p)
{
    const wf_decision_table_t *table = decision->table;
    int single = !table || table->policy->single || table->aggregator;

    for (int o = 0; table && o < table->noutputs; o++) {
        const char *name = table->outputs[o].name;

        wf_map_set(view->made, name, collect(results, name, single, p));
    }
    if (decision->variable || !table) {
        wf_map_set(view->made, decision->variable ? decision->variable : decision->key,
                   whole(decision, results, single, p));
    }
}

apr_status_t wf_decision_eval(const wf_decision_t *decision, const wf_scope_t *scope,
                              wf_list_t **results, apr_pool_t *p, wf_error_t *err)
{
    view_t view = { .outer = scope, .made = wf_map_create(p) };
    wf_scope_t seen = { .baton = &view, .get = view_get };
    wf_feel_run_t run = { .scope = &seen, .pool = p, .err = err };

    *results = NULL;
    for (int i = 0; i < decision->norder; i++) {
        apr_status_t rv = eval_decision(&view, &run, decision->order[i], results);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        remember(&view, decision->order[i], *results, p);
    }
    return APR_SUCCESS;
}
