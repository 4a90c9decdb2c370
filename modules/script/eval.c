/* The evaluator: walks the nodes. What a value means as a number, a truth or a text is
 * asked of the dialect's rules. Every primitive failure is given its place here, once. */
#include "script/internal.h"

#include <apr_strings.h>
#include <limits.h>
#include <stdarg.h>

static apr_status_t eval(wf_eval_t *e, const wf_node_t *node, wf_value_t *value);

const wf_rules_t *wf_rules_of(wf_dialect_e dialect)
{
    static const wf_rules_t *const rules[WF_DIALECTS] = {
        [WF_UEL] = &wf_rules_uel,
        [WF_LOAD] = &wf_rules_load,
    };

    return rules[dialect];
}

/* ---- failures and limits ---------------------------------------------------------- */

apr_status_t wf_eval_fail(wf_eval_t *e, const char *fmt, ...)
{
    va_list ap;
    const char *text;

    va_start(ap, fmt);
    text = apr_pvsprintf(e->err->pool, fmt, ap);
    va_end(ap);
    return wf_error_set(e->err, WF_ERR_EXECUTION, "%s", text);
}

apr_status_t wf_eval_work(wf_eval_t *e, apr_size_t bytes)
{
    if (bytes > WF_WORK_MAX - e->work) {
        return wf_eval_fail(e, "more than %d MiB of text read and made",
                            WF_WORK_MAX / (1024 * 1024));
    }
    e->work += bytes;
    return APR_SUCCESS;
}

apr_status_t wf_eval_grow(wf_eval_t *e, apr_size_t bytes)
{
    if (bytes > WF_RESULT_MAX) {
        return wf_eval_fail(e, "a text longer than %d MiB",
                            WF_RESULT_MAX / (1024 * 1024));
    }
    return wf_eval_work(e, bytes);
}

/* Add where it happened to what a primitive operation reported. */
static apr_status_t at(wf_eval_t *e, apr_size_t pos, apr_status_t rv)
{
    if (rv == APR_SUCCESS) {
        return rv;
    }
    return wf_error_note(e->err, rv, "%s",
                         wf_position_text("expression", e->text, pos, e->err->pool));
}

/* A host object answered -1: the error should be its own. */
static apr_status_t host_failed(wf_eval_t *e, const wf_object_t *object, const char *name)
{
    return wf_eval_fail(e, "%s.%s failed", object->class_name, name);
}

/* ---- leaves ----------------------------------------------------------------------- */

static apr_status_t eval_literal(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    (void)e;
    *value = node->as.literal;
    return APR_SUCCESS;
}

static apr_status_t eval_name(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    if (e->scope && e->scope->get
        && e->scope->get(e->scope->baton, node->as.name, value, e->pool) > 0) {
        return APR_SUCCESS;
    }
    return at(e, node->pos,
              wf_eval_fail(e, "unknown property '%s'%s", node->as.name,
                           e->rules->paths ? "; a text stands in quotes" : ""));
}

static apr_status_t eval_path(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    int found = wf_path_find(e, node->as.path, value);

    if (found > 0) {
        return APR_SUCCESS;
    }
    return at(e, node->pos,
              found < 0 ? wf_eval_fail(e, "cannot read the path")
                        : wf_eval_fail(e, "unknown name '%s'", node->as.path->text));
}

/* ---- operators -------------------------------------------------------------------- */

int wf_value_is_empty(const wf_value_t *v)
{
    switch (v->type) {
    case WF_NULL:
        return 1;
    case WF_STRING:
    case WF_BYTES:
        return v->as.text.length == 0;
    case WF_LIST:
        return wf_list_count(v->as.list) == 0;
    case WF_MAP:
        return wf_map_count(v->as.map) == 0;
    default:
        return 0;
    }
}

static apr_status_t eval_prefix(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    wf_value_t operand;
    int truth = 0;
    apr_status_t rv = eval(e, node->as.prefix.operand, &operand);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (node->as.prefix.op == WF_OP_NEG) {
        return at(e, node->pos, e->rules->negate(e, &operand, value));
    }
    if (node->as.prefix.op == WF_OP_EMPTY) {
        *value = wf_boolean(wf_value_is_empty(&operand));
        return APR_SUCCESS;
    }
    rv = e->rules->truth(e, &operand, &truth);
    *value = wf_boolean(!truth);
    return at(e, node->pos, rv);
}

/* Lists, maps and texts may be large, and an expression may compare them often. */
static apr_status_t compare(wf_eval_t *e, wf_op_e op, const wf_value_t *a,
                            const wf_value_t *b, wf_value_t *value)
{
    int truth = 0;
    apr_status_t rv = wf_eval_work(e, wf_value_weight(a) + wf_value_weight(b));

    if (rv == APR_SUCCESS) {
        rv = e->rules->compare(e, op, a, b, &truth);
    }
    *value = wf_boolean(truth);
    return rv;
}

static apr_status_t eval_chain(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    wf_value_t left, right;
    apr_status_t rv = eval(e, node->as.chain.first, &left);

    for (const wf_link_t *l = node->as.chain.links; l && rv == APR_SUCCESS; l = l->next) {
        rv = eval(e, l->operand, &right);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = l->op >= WF_OP_EQ && l->op <= WF_OP_GE
                 ? compare(e, l->op, &left, &right, value)
                 : e->rules->arithmetic(e, l->op, &left, &right, value);
        rv = at(e, l->pos, rv);
        left = *value;
    }
    return rv;
}

static apr_status_t eval_truth(wf_eval_t *e, const wf_node_t *node, apr_size_t pos,
                               int *truth)
{
    wf_value_t value;
    apr_status_t rv = eval(e, node, &value);

    return rv == APR_SUCCESS ? at(e, pos, e->rules->truth(e, &value, truth)) : rv;
}

static apr_status_t eval_logic(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    const wf_link_t *link = node->as.chain.links;
    int stop = link->op == WF_OP_OR; /* the truth that decides */
    int truth = !stop;
    apr_status_t rv = eval_truth(e, node->as.chain.first, node->pos, &truth);

    for (; link && rv == APR_SUCCESS && truth != stop; link = link->next) {
        rv = eval_truth(e, link->operand, link->pos, &truth);
    }
    *value = wf_boolean(truth);
    return rv;
}

static apr_status_t eval_choice(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    int truth = 0;
    apr_status_t rv = eval_truth(e, node->as.choice.condition, node->pos, &truth);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return eval(e, truth ? node->as.choice.yes : node->as.choice.no, value);
}

/* ---- properties, indexes, methods ------------------------------------------------- */

static void take(const wf_value_t *entry, wf_value_t *value)
{
    *value = entry ? *entry : wf_null();
}

static apr_status_t object_property(wf_eval_t *e, wf_object_t *object, const char *name,
                                    wf_value_t *value)
{
    int found =
        object->property ? object->property(object, name, value, e->pool, e->err) : 0;

    if (found > 0) {
        return APR_SUCCESS;
    }
    return found < 0
               ? host_failed(e, object, name)
               : wf_eval_fail(e, "%s has no property '%s'", object->class_name, name);
}

static apr_status_t property(wf_eval_t *e, const wf_value_t *base, const char *name,
                             wf_value_t *value)
{
    apr_status_t rv = APR_SUCCESS;

    switch (base->type) {
    case WF_NULL:
        *value = wf_null();
        return rv;
    case WF_MAP:
        take(wf_map_get(base->as.map, name), value);
        return rv;
    case WF_OBJECT:
        return object_property(e, base->as.object, name, value);
    default:
        break;
    }
    if (wf_method_getter(e, base, name, value, &rv)) {
        return rv;
    }
    return wf_eval_fail(e, "a value of type %s has no property '%s'",
                        wf_type_name(base->type), name);
}

/* Numbers and texts of digits; a fraction is cut off, as Java's list resolver does. */
static apr_status_t list_index(wf_eval_t *e, const wf_value_t *index, int *i)
{
    wf_number_t n;
    int known = wf_number_of(index, &n);

    if (!known && index->type == WF_STRING) {
        known = wf_number_parse(index->as.text.data, index->as.text.length, 0, &n);
    }
    if (!known || !(n.d > INT_MIN && n.d < INT_MAX)) {
        return wf_eval_fail(e, "a value of type %s is no list index",
                            wf_type_name(index->type));
    }
    *i = (int)n.d;
    return APR_SUCCESS;
}

static apr_status_t indexed(wf_eval_t *e, const wf_value_t *base, const wf_value_t *index,
                            wf_value_t *value)
{
    wf_value_t key;
    int i = 0;
    apr_status_t rv;

    if (base->type == WF_NULL) {
        *value = wf_null();
        return APR_SUCCESS;
    }
    if (index->type == WF_NULL) {
        return wf_eval_fail(e, "the index is null");
    }
    if (base->type == WF_LIST) {
        rv = list_index(e, index, &i);
        take(wf_list_at(base->as.list, i), value);
        return rv;
    }
    if (base->type != WF_MAP && base->type != WF_OBJECT) {
        return wf_eval_fail(e, "a value of type %s has no elements",
                            wf_type_name(base->type));
    }
    rv = wf_eval_work(e, wf_value_weight(index));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    key = e->rules->print(index, e->pool);
    return property(e, base, key.as.text.data, value);
}

static apr_status_t object_call(wf_eval_t *e, wf_object_t *object, const char *method,
                                const wf_value_t *args, int nargs, wf_value_t *value)
{
    int done;

    *value = wf_null(); /* what a method without a result gives */
    done = object->call
               ? object->call(object, method, args, nargs, value, e->pool, e->err)
               : 0;
    if (done > 0) {
        return APR_SUCCESS;
    }
    return done < 0 ? host_failed(e, object, method)
                    : wf_eval_fail(e, "%s has no method '%s' with %d arguments",
                                   object->class_name, method, nargs);
}

static apr_status_t eval_args(wf_eval_t *e, const wf_link_t *link, wf_value_t *args)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < link->nargs && rv == APR_SUCCESS; i++) {
        rv = eval(e, link->args[i], &args[i]);
    }
    return rv;
}

static apr_status_t eval_function(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    const wf_link_t *link = node->as.call;
    wf_value_t args[WF_EXPR_ARGS_MAX];
    apr_status_t rv = eval_args(e, link, args);

    return rv == APR_SUCCESS
               ? at(e, node->pos, link->function->call(e, args, link->nargs, value))
               : rv;
}

static apr_status_t call(wf_eval_t *e, const wf_link_t *link, const wf_value_t *base,
                         wf_value_t *value)
{
    wf_value_t args[WF_EXPR_ARGS_MAX];
    apr_status_t rv;

    if (base->type == WF_NULL) {
        return at(e, link->pos, wf_eval_fail(e, "cannot call '%s' on null", link->name));
    }
    rv = eval_args(e, link, args);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = base->type == WF_OBJECT
             ? object_call(e, base->as.object, link->name, args, link->nargs, value)
             : wf_method_call(e, base, link->name, args, link->nargs, value);
    return at(e, link->pos, rv);
}

static apr_status_t eval_suffix(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    wf_value_t base, index;
    apr_status_t rv = eval(e, node->as.chain.first, &base);

    for (const wf_link_t *l = node->as.chain.links; l && rv == APR_SUCCESS; l = l->next) {
        if (l->args) {
            rv = call(e, l, &base, value);
        }
        else if (l->name) {
            rv = at(e, l->pos, property(e, &base, l->name, value));
        }
        else {
            rv = eval(e, l->operand, &index);
            if (rv == APR_SUCCESS) {
                rv = at(e, l->pos, indexed(e, &base, &index, value));
            }
        }
        base = *value;
    }
    return rv;
}

/* ---- entry ------------------------------------------------------------------------ */

static apr_status_t eval(wf_eval_t *e, const wf_node_t *node, wf_value_t *value)
{
    static apr_status_t (*const evaluators[WF_NODES])(wf_eval_t *, const wf_node_t *,
                                                      wf_value_t *) = {
        [WF_NODE_LITERAL] = eval_literal, [WF_NODE_NAME] = eval_name,
        [WF_NODE_PATH] = eval_path,       [WF_NODE_PREFIX] = eval_prefix,
        [WF_NODE_CHAIN] = eval_chain,     [WF_NODE_LOGIC] = eval_logic,
        [WF_NODE_SUFFIX] = eval_suffix,   [WF_NODE_CHOICE] = eval_choice,
        [WF_NODE_FUNCTION] = eval_function,
    };

    return evaluators[node->kind](e, node, value);
}

apr_status_t wf_expr_run(wf_eval_t *e, const wf_expr_t *expr, wf_value_t *value)
{
    e->text = expr->text;
    *value = wf_null();
    return eval(e, expr->root, value);
}

apr_status_t wf_expr_eval(const wf_expr_t *expr, const wf_scope_t *scope,
                          wf_value_t *value, apr_pool_t *p, wf_error_t *err)
{
    wf_eval_t e = { "", expr->rules, scope, p, err, 0, 0 };

    return wf_expr_run(&e, expr, value);
}

apr_status_t wf_value_truth(const wf_value_t *value, wf_dialect_e dialect, int *truth,
                            wf_error_t *err)
{
    wf_eval_t e = { "", wf_rules_of(dialect), NULL, err->pool, err, 0, 0 };

    return e.rules->truth(&e, value, truth);
}
