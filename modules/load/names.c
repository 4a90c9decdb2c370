/* What names mean to a strand: its variables, the loops around its current step, the rows
 * of data, the built-in names, the results of its steps, in this order. And the one place
 * where the memory of a long iteration is given back. */
#include "load/internal.h"

#include <stdlib.h>
#include <string.h>

/* ---- namespaces -------------------------------------------------------------------- */

void wf_strand_open(wf_strand_t *strand, const wf_map_t *initial, int reads)
{
    apr_pool_t *p = wf_strand_pool(strand);
    wf_locals_t *locals = apr_pcalloc(p, sizeof(*locals));

    locals->outer = strand->locals;
    locals->reads = reads ? strand->locals : NULL;
    locals->initial = initial;
    if (strand->locals != NULL) {
        locals->floor = reads ? strand->locals->floor : strand->top;
    }
    locals->results =
        apr_pcalloc(p, wf_strand_plan(strand)->nsteps * sizeof(*locals->results));
    strand->locals = locals;
}

void wf_strand_close(wf_strand_t *strand)
{
    strand->locals = strand->locals->outer;
}

/* ---- writing ----------------------------------------------------------------------- */

void wf_strand_set(wf_strand_t *strand, const char *name, const wf_value_t *value)
{
    wf_locals_t *locals = strand->locals;
    apr_pool_t *p = wf_strand_pool(strand);

    if (locals->variables == NULL) {
        locals->variables = wf_map_create(p);
    }
    strand->spent += wf_value_size(value) + 64;
    wf_map_set(locals->variables, name, wf_result_plain(value, p));
}

void wf_strand_set_all(wf_strand_t *strand, const wf_map_t *values)
{
    int i;

    for (i = 0; i < wf_map_count(values); i++) {
        wf_strand_set(strand, wf_map_key(values, i), wf_map_at(values, i));
    }
}

static const wf_value_t *find_variable(const wf_locals_t *locals, const char *name)
{
    const wf_value_t *value = NULL;

    for (; locals != NULL && value == NULL; locals = locals->reads) {
        if (locals->variables != NULL) {
            value = wf_map_get(locals->variables, name);
        }
        if (value == NULL && locals->initial != NULL) {
            value = wf_map_get(locals->initial, name);
        }
    }
    return value;
}

/* A variable of one's own goes; one that others share is hidden by null. */
void wf_strand_unset(wf_strand_t *strand, const char *name)
{
    wf_locals_t *locals = strand->locals;
    wf_value_t nothing = wf_null();

    if (locals->variables != NULL) {
        wf_map_remove(locals->variables, name);
    }
    if (find_variable(locals, name) != NULL) {
        wf_strand_set(strand, name, &nothing);
    }
}

double wf_strand_random(wf_strand_t *strand)
{
    return erand48(strand->vu->shard->part->seed);
}

/* ---- reading ----------------------------------------------------------------------- */

/* The innermost loop that knows the name, up to the floor of the namespace; a branch of a
 * parallel step sees the loops around that step. */
static int find_in_loops(const wf_strand_t *strand, const char *name, wf_value_t *value,
                         apr_pool_t *p)
{
    wf_act_t *act = strand->top;
    const wf_act_t *floor = strand->locals->floor;

    while (act != NULL) {
        if (act->step != NULL && act->step->type->lookup != NULL
            && act->phase == WF_ACT_WALK
            && act->step->type->lookup(act, name, value, p)) {
            return 1;
        }
        if (act == floor) {
            return 0;
        }
        act = act->up;
        if (act == NULL && strand->parent != NULL) {
            act = strand->parent_act;
            strand = strand->parent;
            floor = strand->locals->floor;
        }
    }
    return 0;
}

static void put_vu(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(wf_scenario_number(strand->vu->shard->scenario, strand->vu->number));
}

static void put_iteration(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_integer(strand->vu->iteration);
}

static void put_timestamp(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)strand;
    (void)p;
    *value = wf_integer(wf_time_ms());
}

static void put_uuid(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)strand;
    *value = wf_string(wf_vu_uuid(p));
}

static void put_scenario(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(strand->vu->shard->scenario->name);
}

static void put_execution(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p)
{
    (void)p;
    *value = wf_string(strand->vu->shard->run->id);
}

static const struct {
    const char *name;
    void (*put)(const wf_strand_t *strand, wf_value_t *value, apr_pool_t *p);
} builtins[] = {
    { "__VU", put_vu },
    { "__ITER", put_iteration },
    { "__uuid", put_uuid },
    { "__timestamp", put_timestamp },
    { "__scenario", put_scenario },
    { "__execution", put_execution },
};

static int find_builtin(const wf_strand_t *strand, const char *name, wf_value_t *value,
                        apr_pool_t *p)
{
    size_t i;

    if (strncmp(name, "__", 2) != 0) {
        return 0;
    }
    for (i = 0; i < sizeof(builtins) / sizeof(builtins[0]); i++) {
        if (strcmp(builtins[i].name, name) == 0) {
            builtins[i].put(strand, value, p);
            return 1;
        }
    }
    return 0;
}

/* The result that a name begins with; *rest is behind its dot, or "" for the name alone.
 */
static wf_result_t *find_result(const wf_strand_t *strand, const char *name,
                                const char **rest, int *latest)
{
    const wf_plan_t *plan = wf_strand_plan(strand);
    size_t length = strcspn(name, ".");
    const wf_locals_t *locals;
    const wf_step_t *step;

    *rest = name + length + (name[length] == '.');
    *latest = length == 8 && strncmp(name, "response", 8) == 0;
    step = apr_hash_get(plan->step_ids, name, (apr_ssize_t)length);
    for (locals = strand->locals; locals != NULL; locals = locals->reads) {
        if (*latest && locals->response != NULL) {
            return locals->response;
        }
        if (step != NULL && locals->results[step->index] != NULL) {
            *latest = 0;
            return locals->results[step->index];
        }
    }
    return NULL;
}

/* Of dotted names only objects are answered here, as maps: they are printed as JSON.
 * Other members are found through the object. */
static int find_in_results(const wf_strand_t *strand, const char *name, wf_value_t *value,
                           apr_pool_t *p)
{
    const char *rest;
    int latest;
    wf_result_t *result = find_result(strand, name, &rest, &latest);

    if (result == NULL) {
        return 0;
    }
    if (*rest != '\0') {
        return wf_result_map(result, rest, value, p);
    }
    *value = latest ? wf_result_output(result) : wf_result_value(result);
    return 1;
}

/* ---- names of other kinds --------------------------------------------------------------- */

static const char *find_env(const wf_plan_t *plan, const char *name)
{
    return plan->around->env ? plan->around->env(plan->around->baton, name) : NULL;
}

static const char *find_secret(const wf_plan_t *plan, const char *name)
{
    return plan->around->secret ? plan->around->secret(plan->around->baton, name) : NULL;
}

static const char *find_file(const wf_plan_t *plan, const char *name)
{
    return apr_hash_get(plan->files, name, APR_HASH_KEY_STRING);
}

static const struct {
    const char *prefix;
    const char *(*find)(const wf_plan_t *plan, const char *name);
} kinds[] = {
    { "env:", find_env },
    { "secret:", find_secret },
    { "file:", find_file },
    { "env.", find_env }, /* a variable may have such a name: it comes first */
};

int wf_plan_outside(const wf_plan_t *plan, const char *name, wf_value_t *value)
{
    size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t length = strlen(kinds[i].prefix);
        const char *text;

        if (strncmp(name, kinds[i].prefix, length) == 0) {
            text = kinds[i].find(plan, name + length);
            *value = wf_string(text);
            return text != NULL;
        }
    }
    return 0;
}

int wf_plan_constant(const wf_plan_t *plan, const char *name, wf_value_t *value)
{
    const wf_value_t *variable = wf_map_get(plan->variables, name);

    if (variable == NULL) {
        return wf_plan_outside(plan, name, value);
    }
    *value = *variable;
    return 1;
}

/* All that a name may mean but results of steps. */
static int find_named(const wf_strand_t *strand, const char *name, wf_value_t *value,
                      apr_pool_t *p)
{
    const wf_value_t *variable;

    if (find_in_loops(strand, name, value, p)) {
        return 1;
    }
    variable = find_variable(strand->locals, name);
    if (variable != NULL) {
        *value = *variable;
        return 1;
    }
    if (strand->vu->holds != NULL
        && wf_data_lookup(&wf_strand_plan(strand)->data, strand->vu->holds, name, value,
                          p)) {
        return 1;
    }
    return find_builtin(strand, name, value, p)
           || wf_plan_outside(wf_strand_plan(strand), name, value);
}

/* A variable with the name of a step goes before its result. */
static int is_hidden(const wf_strand_t *strand, const char *name, apr_pool_t *p)
{
    const char *dot = strchr(name, '.');
    wf_value_t other;

    return dot != NULL
           && find_named(strand, apr_pstrmemdup(p, name, dot - name), &other, p);
}

int wf_strand_lookup(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    const wf_strand_t *strand = baton;

    if (strncmp(name, "var:", 4) == 0) {
        name += 4;
    }
    return find_named(strand, name, value, p)
           || (find_in_results(strand, name, value, p) && !is_hidden(strand, name, p));
}

int wf_strand_behind(void *baton, const char *name, wf_value_t *value, apr_pool_t *p)
{
    return find_in_results(baton, name, value, p);
}

static void collect(wf_map_t *all, const wf_map_t *from, apr_pool_t *p)
{
    int i;

    for (i = 0; from != NULL && i < wf_map_count(from); i++) {
        wf_map_set(all, wf_map_key(from, i), wf_value_copy(wf_map_at(from, i), p));
    }
}

static void collect_locals(wf_map_t *all, const wf_locals_t *locals, apr_pool_t *p)
{
    if (locals->reads != NULL) {
        collect_locals(all, locals->reads, p);
    }
    collect(all, locals->initial, p);
    collect(all, locals->variables, p);
}

wf_map_t *wf_strand_variables(wf_strand_t *strand, apr_pool_t *p)
{
    wf_map_t *all = wf_map_create(p);

    collect_locals(all, strand->locals, p);
    return all;
}

/* ---- tidying up -------------------------------------------------------------------- */

/* A namespace in the new pool; the ones below it have moved already. */
static wf_locals_t *move_locals(wf_strand_t *strand, wf_locals_t *from, apr_pool_t *p)
{
    wf_locals_t *to, *outer;
    const wf_plan_t *plan = wf_strand_plan(strand);
    int i;

    if (from == NULL) {
        return NULL;
    }
    outer = move_locals(strand, from->outer, p);
    to = apr_pmemdup(p, from, sizeof(*from));
    to->outer = outer;
    to->reads = from->reads == from->outer ? outer : from->reads;
    if (from->variables != NULL) {
        wf_value_t all = wf_map(from->variables);

        strand->spent += wf_value_size(&all);
        to->variables = wf_value_copy(&all, p).as.map;
    }
    to->results = apr_pcalloc(p, plan->nsteps * sizeof(*to->results));
    for (i = 0; i < plan->nsteps; i++) {
        if (from->results[i] != NULL) {
            to->results[i] = wf_result_copy(from->results[i], p);
            strand->spent += wf_result_weight(from->results[i]);
            if (from->results[i] == from->response) {
                to->response = to->results[i];
            }
        }
    }
    if (from->response != NULL && to->response == from->response) {
        to->response = wf_result_copy(from->response, p);
    }
    return to;
}

static void move_state(wf_act_t *act, apr_pool_t *p)
{
    const wf_step_type_t *type = act->step ? act->step->type : NULL;

    if (type != NULL && type->move != NULL) {
        type->move(act, p);
    }
    else if (type != NULL && type->state_size > 0) {
        act->state = apr_pmemdup(p, act->state, type->state_size);
    }
}

/* The old pool holds what earlier passes have made, and nobody can reach it any more. It
 * goes when there is as much of that as of what is alive, so copying costs no more than
 * making did. */
void wf_strand_tidy(wf_strand_t *strand)
{
    apr_pool_t *old = strand->pool;
    wf_act_t *act;

    if (strand->spent < strand->tidy_at) {
        return;
    }
    strand->pool = NULL;
    strand->spent = 0;
    strand->locals = move_locals(strand, strand->locals, wf_strand_pool(strand));
    for (act = strand->top; act != NULL; act = act->up) {
        if (act->result != NULL) {
            act->result = wf_result_copy(act->result, strand->pool);
        }
        act->failure = NULL; /* of an earlier pass */
        move_state(act, strand->pool);
    }
    strand->tidy_at = WF_STRAND_TIDY + 2 * strand->spent;
    apr_pool_destroy(old);
}
