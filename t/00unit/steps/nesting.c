/* Steps within steps: what really arrives at the target, in its order, whatever way the
 * blocks nest, fail, are left, retried and cut. */
#include "../tap.h"
#include "run.h"

#include <sys/resource.h>

#define HEAD                                                                             \
    "id: w\nname: W\nhttp: {base_url: 'BASE'}\n"                                         \
    "variables: {n: 3, list: [a, b, c], none: [], word: x, zero: 0}\n"
#define GET(id, url) "{id: " id ", type: http, config: {url: '" url "'}}"
#define GETX(id, url, more)                                                              \
    "{id: " id ", type: http, config: {url: '" url "', fail_on_status: true}, " more "}"
#define BAD(id, more) GETX(id, "/status/500", more)
#define SCRIPT(id, text) "{id: " id ", type: script, config: {script: \"" text "\"}}"

/* Fragments that the cases may call. */
#define SCRIPTS                                                                          \
    "scripts:\n"                                                                         \
    "  greet: {params: [{name: who, type: string, required: true}, {name: times, type: " \
    "number, default: 2}], steps: [{id: gl, type: loop, loop: {mode: for, count: "       \
    "'${times}', steps: [" GET(                                                          \
        "gg",                                                                             \
        "/g/${who}/${n}") "]}}], returns: [{name: token, "                               \
                          "value: '${gg.body.token}'}, {name: all, value: ['${who}', "    \
                          "'${times}']}]}\n"                                             \
                          "  outer: {steps: [{id: oc, type: call, script: greet, "       \
                          "params: {who: o, times: 1}}, "                                \
                          "{id: os, type: script, config: {script: "                     \
                          "\"ctx.SetVariable('n', 9)\"}}, " GET(                         \
                              "og",                                                      \
                              "/og/${n}") "]}\n"                                         \
                                          "  fails: {steps: [" BAD(                      \
                                              "fb",                                      \
                                              "on_error: abort") "]}\n"                  \
                                                                 "  slow: {steps: "      \
                                                                 "[{id: sl, type: "      \
                                                                 "sleep, config: "       \
                                                                 "{duration: 1h}}]}\n"

typedef struct case_t {
    const char *what;
    const char *steps; /* a YAML list, one line each */
    const char *seen;  /* paths at the target */
    const char *status;
} case_t;

/* clang-format off */
static const case_t cases[] = {
    /* condition, if */
    { "then", "- {id: c, type: condition, condition: {expression: '${n} == 3', then: [" GET("a", "/a") "], else: [" GET("b", "/b") "]}}\n"
      "- " GET("z", "/z/${c.result}/${c.branch_taken}/${c.steps_executed}/${c.branch_index}"),
      "/a /z/true/then/[\"a\"]/0", "completed" },
    { "else", "- {id: c, type: condition, condition: {expression: '${n} == 4', then: [" GET("a", "/a") "], else: [" GET("b", "/b") "]}}\n"
      "- " GET("z", "/z/${c.result}/${c.branch_taken}/${c.steps_executed}"),
      "/b /z/false/else/[\"b\"]", "completed" },
    { "no else", "- {id: c, type: condition, condition: {expression: '${n} == 4', then: [" GET("a", "/a") "]}}\n"
      "- " GET("z", "/z/${c.result}/${c.branch_taken}/${c.steps_executed}"),
      "/z/false/none/[]", "completed" },
    { "branches, the first match of each group", "- {id: c, type: condition, branches: ["
      "{kind: if, expression: '${n} == 1', steps: [" GET("a", "/a") "]}, "
      "{kind: else_if, expression: '${n} == 3', steps: [" GET("b", "/b") "]}, "
      "{kind: else, steps: [" GET("d", "/d") "]}, "
      "{kind: if, expression: '${n} > 2', steps: [" GET("e", "/e") "]}]}\n"
      "- " GET("z", "/z/${c.branch_taken}/${c.steps_executed}"),
      "/b /e /z/if/[\"b\",\"e\"]", "completed" },
    { "if, else_if, else", "- {id: i, type: if, condition: '${n} == 1', then: [" GET("a", "/a") "], "
      "else_if: [{condition: '${n} == 2', steps: [" GET("b", "/b") "]}, {condition: '${n} == 3', steps: [" GET("c", "/c") "]}], else: [" GET("d", "/d") "]}\n"
      "- " GET("z", "/z/${i.branch_taken}/${i.branch_index}"),
      "/c /z/else_if/2", "completed" },
    { "keys in config", "- {id: i, type: if, config: {condition: 'false', then: [" GET("a", "/a") "], else: [" GET("b", "/b") "]}}\n"
      "- " GET("z", "/z/${i.branch_taken}/${i.branch_index}"), "/b /z/else/1", "completed" },
    { "an expression that fails", "- {id: c, type: condition, condition: {expression: '${unknown} == 1', then: [" GET("a", "/a") "]}}\n- " GET("z", "/z"), "", "failed" },

    /* loops */
    { "loop for", "- {id: l, type: loop, loop: {mode: for, count: 3, steps: [" GET("a", "/a/${loop.index}/${loop.iteration}/${loop.count}") "]}}\n"
      "- " GET("z", "/z/${l.mode}/${l.total_iterations}/${l.break_triggered}/${l.steps_executed}"),
      "/a/0/1/3 /a/1/2/3 /a/2/3/3 /z/for/3/false/[\"a\",\"a\",\"a\"]", "completed" },
    { "loop for, no pass", "- {id: l, type: loop, loop: {mode: for, count: 0, steps: [" GET("a", "/a") "]}}\n- " GET("z", "/z/${l.total_iterations}"), "/z/0", "completed" },
    { "loop for, a count below 0", "- {id: l, type: loop, loop: {mode: for, count: -2, steps: [" GET("a", "/a") "]}}\n- " GET("z", "/z/${l.total_iterations}"), "/z/0", "completed" },
    { "loop foreach", "- {id: l, type: loop, loop: {mode: foreach, items: '${list}', item_var: x, steps: [" GET("a", "/a/${x}/${loop.item}/${loop.count}") "]}}", "/a/a/a/3 /a/b/b/3 /a/c/c/3", "completed" },
    { "loop foreach over one value", "- {id: l, type: loop, loop: {mode: foreach, items: '${word}', steps: [" GET("a", "/a/${item}") "]}}", "/a/x", "completed" },
    { "loop foreach over nothing", "- {id: l, type: loop, loop: {mode: foreach, items: '${none}', steps: [" GET("a", "/a/${item}") "]}}\n- " GET("z", "/z/${l.total_iterations}"), "/z/0", "completed" },
    { "loop foreach over an unknown name", "- {id: l, type: loop, loop: {mode: foreach, items: '${nobody}', steps: [" GET("a", "/a/${item}") "]}}", "", "failed" },
    { "loop while sees what its body changes", "- {id: l, type: loop, loop: {mode: while, condition: '${n} > 0', steps: [" GET("a", "/a/${n}") ", " SCRIPT("s", "ctx.SetVariable('n', ctx.GetVariable('n') - 1)") "]}}\n- " GET("z", "/z/${l.total_iterations}"),
      "/a/3 /a/2 /a/1 /z/3", "completed" },
    { "loop while beyond max_iterations", "- {id: l, type: loop, loop: {mode: while, condition: 'true', max_iterations: 2, steps: [" GET("a", "/a") "]}}\n- " GET("z", "/z"), "/a /a", "failed" },
    { "loop while, just max_iterations", "- {id: l, type: loop, loop: {mode: while, condition: '${loop.index} < 2', max_iterations: 2, steps: [" GET("a", "/a") "]}}\n- " GET("z", "/z"), "/a /a /z", "completed" },
    { "break_condition, continue_condition", "- {id: l, type: loop, loop: {mode: for, count: 9, break_condition: '${loop.index} == 4', continue_condition: '${loop.index} == 1', steps: [" GET("a", "/a/${loop.index}") "]}}\n"
      "- " GET("z", "/z/${l.total_iterations}/${l.break_triggered}/${l.steps_executed}"),
      "/a/0 /a/2 /a/3 /z/4/true/[\"a\",\"a\",\"a\"]", "completed" },
    { "for counts upwards, its end included", "- {id: f, type: for, start: 1, end: 3, index_var: i, steps: [" GET("a", "/a/${i}") "]}\n- " GET("z", "/z/${f.iterations}/${f.terminated_by}"), "/a/1 /a/2 /a/3 /z/3/completed", "completed" },
    { "for counts downwards", "- {id: f, type: for, start: 5, end: 1, step: -2, index_var: i, steps: [" GET("a", "/a/${i}") "]}", "/a/5 /a/3 /a/1", "completed" },
    { "for over nothing", "- {id: f, type: for, start: 2, end: 1, index_var: i, steps: [" GET("a", "/a/${i}") "]}\n- " GET("z", "/z/${f.iterations}/${f.terminated_by}"), "/z/0/completed", "completed" },
    { "for with a step of 0", "- {id: f, type: for, start: 0, end: 1, step: '${zero}', index_var: i, steps: [" GET("a", "/a/${i}") "]}", "", "failed" },
    { "foreach with an index", "- {id: f, type: foreach, items: '${list}', item_var: x, index_var: i, steps: [" GET("a", "/a/${i}/${x}") "]}\n- " GET("z", "/z/${f.iterations}/${f.total_items}"), "/a/0/a /a/1/b /a/2/c /z/3/3", "completed" },
    { "foreach over what is no list", "- {id: f, type: foreach, items: '${word}', steps: [" GET("a", "/a") "]}", "", "failed" },
    { "while, max_iterations is no failure", "- {id: f, type: while, condition: 'true', max_iterations: 2, steps: [" GET("a", "/a") "]}\n- " GET("z", "/z/${f.iterations}/${f.terminated_by}"), "/a /a /z/2/max_iterations", "completed" },
    { "names of the outer loop come back", "- {id: o, type: loop, loop: {mode: foreach, items: '${list}', item_var: x, steps: [" GET("a", "/a/${x}/${loop.index}") ", "
      "{id: i, type: loop, loop: {mode: for, count: 2, steps: [" GET("b", "/b/${x}/${loop.index}/${loop.count}") "]}}, " GET("c", "/c/${x}/${loop.index}/${loop.count}") "]}}\n- " GET("z", "/z/${x}/${loop.index}"),
      "/a/a/0 /b/a/0/2 /b/a/1/2 /c/a/0/3 /a/b/1 /b/b/0/2 /b/b/1/2 /c/b/1/3 /a/c/2 /b/c/0/2 /b/c/1/2 /c/c/2/3 /z/${x}/${loop.index}", "completed" },
    { "an item hides a variable, which comes back", "- {id: o, type: loop, loop: {mode: foreach, items: [1, 2], item_var: word, steps: [" GET("a", "/a/${word}") "]}}\n- " GET("z", "/z/${word}"), "/a/1 /a/2 /z/x", "completed" },

    /* break, continue */
    { "break", "- {id: f, type: for, end: 5, index_var: i, steps: [" GET("a", "/a/${i}") ", {id: c, type: if, condition: '${i} == 1', then: [{id: x, type: break}]}, " GET("b", "/b/${i}") "]}\n"
      "- " GET("z", "/z/${f.iterations}/${f.terminated_by}/${c.branch_taken}/${c.steps_executed}"),
      "/a/0 /b/0 /a/1 /z/2/break/then/[\"x\"]", "completed" },
    { "continue", "- {id: f, type: for, end: 2, index_var: i, steps: [" GET("a", "/a/${i}") ", {id: c, type: if, condition: '${i} == 1', then: [{id: x, type: continue}]}, " GET("b", "/b/${i}") "]}\n- " GET("z", "/z/${f.iterations}"),
      "/a/0 /b/0 /a/1 /a/2 /b/2 /z/3", "completed" },
    { "break out of the outer loop by its label", "- {id: f, type: for, end: 2, index_var: i, label: out, steps: [{id: g, type: for, end: 2, index_var: j, steps: [" GET("a", "/a/${i}/${j}") ", "
      "{id: c, type: if, condition: '${i} == 1 AND ${j} == 1', then: [{id: x, type: break, label: out}]}]}, " GET("b", "/b/${i}") "]}\n"
      "- " GET("z", "/z/${f.iterations}/${f.terminated_by}/${g.iterations}/${g.terminated_by}"),
      "/a/0/0 /a/0/1 /a/0/2 /b/0 /a/1/0 /a/1/1 /z/2/break/2/break", "completed" },
    { "continue the outer loop by its label", "- {id: f, type: for, end: 1, index_var: i, label: out, steps: [{id: g, type: for, end: 2, index_var: j, steps: [" GET("a", "/a/${i}/${j}") ", {id: x, type: continue, label: out}]}, " GET("b", "/b/${i}") "]}\n- " GET("z", "/z/${f.iterations}/${f.terminated_by}"),
      "/a/0/0 /a/1/0 /z/2/completed", "completed" },
    { "break out of retry, random and wait_until", "- {id: f, type: for, end: 9, index_var: i, steps: [{id: r, type: retry, steps: [{id: q, type: random, choices: [{steps: [{id: w, type: wait_until, condition: 'false', steps: [" GET("a", "/a") ", {id: x, type: break}]}]}]}]}, " GET("b", "/b") "]}\n"
      "- " GET("z", "/z/${r.terminated_by}/${w.terminated_by}/${q.steps_executed}"),
      "/a /z/break/break/[\"w\"]", "completed" },

    /* on_error, at every depth */
    { "abort ends the iteration", "- " BAD("a", "on_error: abort") "\n- " GET("z", "/z"), "/status/500", "failed" },
    { "continue goes on", "- " BAD("a", "on_error: continue") "\n- " GET("z", "/z/${a.status}"), "/status/500 /z/failed", "completed" },
    { "skip goes on and says skipped", "- " BAD("a", "on_error: skip") "\n- " GET("z", "/z/${a.status}"), "/status/500 /z/skipped", "completed" },
    { "retry, then as abort", "- " BAD("a", "on_error: retry, retry: {max_attempts: 3, delay: 1ms}") "\n- " GET("z", "/z"), "/status/500 /status/500 /status/500", "failed" },
    { "abort within a branch", "- {id: c, type: condition, on_error: continue, condition: {expression: 'true', then: [" BAD("a", "on_error: abort") ", " GET("b", "/b") "]}}\n- " GET("z", "/z/${c.status}/${c.steps_executed}"), "/status/500 /z/failed/[\"a\"]", "completed" },
    { "continue within a branch", "- {id: c, type: condition, condition: {expression: 'true', then: [" BAD("a", "on_error: continue") ", " GET("b", "/b") "]}}\n- " GET("z", "/z/${c.status}"), "/status/500 /b /z/success", "completed" },
    { "skip within a branch", "- {id: c, type: condition, condition: {expression: 'true', then: [" BAD("a", "on_error: skip") ", " GET("b", "/b") "]}}\n- " GET("z", "/z/${c.status}/${c.steps_executed}"), "/status/500 /z/success/[\"a\"]", "completed" },
    { "abort within a loop", "- {id: l, type: loop, on_error: continue, loop: {mode: for, count: 3, steps: [" GET("a", "/a") ", " BAD("b", "on_error: abort") "]}}\n- " GET("z", "/z/${l.status}/${l.total_iterations}"), "/a /status/500 /z/failed/1", "completed" },
    { "continue within a loop", "- {id: l, type: loop, loop: {mode: for, count: 2, steps: [" BAD("b", "on_error: continue") ", " GET("a", "/a") "]}}\n- " GET("z", "/z/${l.status}"), "/status/500 /a /status/500 /a /z/success", "completed" },
    { "skip within a loop drops the rest of the pass", "- {id: l, type: loop, loop: {mode: for, count: 2, steps: [" BAD("b", "on_error: skip") ", " GET("a", "/a") "]}}\n- " GET("z", "/z/${l.status}/${l.steps_executed}"), "/status/500 /status/500 /z/success/[\"b\",\"b\"]", "completed" },
    { "a loop is tried again", "- {id: l, type: loop, on_error: retry, retry: {max_attempts: 2, delay: 1ms}, loop: {mode: for, count: 2, steps: [" GET("a", "/a/${loop.index}") ", " BAD("b", "on_error: abort") "]}}", "/a/0 /status/500 /a/0 /status/500", "failed" },
    { "three levels deep", "- {id: l, type: loop, on_error: skip, loop: {mode: for, count: 2, steps: [{id: c, type: condition, condition: {expression: 'true', then: [{id: f, type: for, end: 1, steps: [" BAD("b", "on_error: abort") "]}]}}, " GET("a", "/a") "]}}\n- " GET("z", "/z/${l.status}/${c.status}/${f.status}"), "/status/500 /z/skipped/failed/failed", "completed" },

    /* retry, wait_until, random */
    { "retry comes through", "- {id: r, type: retry, max_attempts: 5, delay: 1ms, steps: [" GET("a", "/a") ", " SCRIPT("s", "ctx.SetVariable('n', ctx.GetVariable('n') - 1); if (ctx.GetVariable('n') > 0) throw new Error('not yet')") "]}\n"
      "- " GET("z", "/z/${r.attempts}/${r.success}/${r.delays}/${r.terminated_by}"),
      "/a /a /a /z/3/true/[1,1]/success", "completed" },
    { "retry gives up", "- {id: r, type: retry, max_attempts: 3, delay: 1ms, backoff: exponential, max_delay: 3ms, on_error: continue, steps: [" BAD("a", "on_error: abort") "]}\n"
      "- " GET("z", "/z/${r.attempts}/${r.success}/${r.delays}/${r.terminated_by}/${r.status}"),
      "/status/500 /status/500 /status/500 /z/3/false/[1,2]/max_attempts/failed", "completed" },
    { "retry, linear", "- {id: r, type: retry, max_attempts: 4, config: {delay: 1ms, backoff: linear}, on_error: continue, steps: [" BAD("a", "on_error: abort") "]}\n- " GET("z", "/z/${r.delays}"),
      "/status/500 /status/500 /status/500 /status/500 /z/[1,2,3]", "completed" },
    { "retry of what continues needs one attempt", "- {id: r, type: retry, delay: 1ms, steps: [" BAD("a", "on_error: continue") "]}\n- " GET("z", "/z/${r.attempts}/${r.last_error}"), "/status/500 /z/1/null", "completed" },
    { "wait_until", "- {id: w, type: wait_until, condition: '${n} == 0', interval: 1ms, steps: [" GET("a", "/a/${n}") ", " SCRIPT("s", "ctx.SetVariable('n', ctx.GetVariable('n') - 1)") "]}\n- " GET("z", "/z/${w.condition_met}/${w.attempts}/${w.terminated_by}"),
      "/a/3 /a/2 /a/1 /z/true/3/condition", "completed" },
    { "wait_until gives up", "- {id: w, type: wait_until, on_error: continue, config: {condition: 'false', interval: 1ms, timeout: 20ms}}\n- " GET("z", "/z/${w.status}/${w.condition_met}/${w.terminated_by}"), "/z/timeout/false/timeout", "completed" },
    { "wait_until asks at once", "- {id: w, type: wait_until, config: {condition: 'true', interval: 1h}}\n- " GET("z", "/z/${w.attempts}"), "/z/1", "completed" },
    { "random takes what has weight", "- {id: r, type: random, choices: [{weight: 0, steps: [" GET("a", "/a") "]}, {name: yes, weight: 1, steps: [" GET("b", "/b") "]}]}\n- " GET("z", "/z/${r.choice}/${r.name}/${r.steps_executed}"), "/b /z/1/yes/[\"b\"]", "completed" },
    { "random among steps", "- {id: r, type: random, steps: [{id: a, type: http, weight: 0, config: {url: /a}}, " GET("b", "/b") "]}\n- " GET("z", "/z/${r.name}"), "/b /z/b", "completed" },

    /* parallel: what is at the target at the same time has its test below */
    { "parallel, one at a time", "- {id: p, type: parallel, max_concurrent: 1, steps: [" GET("a", "/a") ", " GET("b", "/b") ", " GET("c", "/c/${a.status}") "]}\n"
      "- " GET("z", "/z/${p.total_steps}/${p.completed}/${p.failed}/${p.terminated_by}/${c.status_code}/${parallel_results.b.output.body.token}"),
      "/a /b /c/${a.status} /z/3/3/0/completed/200/t-1", "completed" },
    { "branches of several steps", "- {id: p, type: parallel, max_concurrent: 1, branches: [{name: one, steps: [" GET("a", "/a") ", " GET("b", "/b/${a.status}") "]}, {steps: [" GET("c", "/c") "]}]}\n- " GET("z", "/z/${p.total_steps}/${b.status}"), "/a /b/success /c /z/2/success", "completed" },
    { "each branch has its own variables", "- {id: p, type: parallel, max_concurrent: 1, branches: [{steps: [" SCRIPT("s", "ctx.SetVariable('n', 7)") ", " GET("a", "/a/${n}") "]}, {steps: [" GET("b", "/b/${n}") "]}]}\n- " GET("z", "/z/${n}"), "/a/7 /b/3 /z/3", "completed" },
    { "branches see the loops around them", "- {id: f, type: for, end: 1, index_var: i, steps: [{id: p, type: parallel, max_concurrent: 1, steps: [" GET("a", "/a/${i}") ", {id: g, type: for, end: 1, index_var: j, steps: [" GET("b", "/b/${i}/${j}") "]}]}]}\n- " GET("z", "/z/${g.iterations}"),
      "/a/0 /b/0/0 /b/0/1 /a/1 /b/1/0 /b/1/1 /z/2", "completed" },
    { "a branch that aborts fails the step", "- {id: p, type: parallel, max_concurrent: 1, on_error: continue, steps: [" BAD("a", "on_error: abort") ", " GET("b", "/b") "]}\n- " GET("z", "/z/${p.status}/${p.failed}/${p.completed}/${p.terminated_by}"), "/status/500 /b /z/failed/1/1/completed", "completed" },
    { "a branch that continues does not", "- {id: p, type: parallel, max_concurrent: 1, steps: [" BAD("a", "on_error: continue") ", " GET("b", "/b") "]}\n- " GET("z", "/z/${p.status}/${p.failed}/${a.status}"), "/status/500 /b /z/success/1/failed", "completed" },
    { "skip drops the rest of a branch", "- {id: p, type: parallel, max_concurrent: 1, branches: [{steps: [" BAD("a", "on_error: skip") ", " GET("c", "/c") "]}, {steps: [" GET("b", "/b") "]}]}\n- " GET("z", "/z/${p.status}"), "/status/500 /b /z/success", "completed" },
    { "fail_fast", "- {id: p, type: parallel, fail_fast: true, on_error: continue, steps: [" BAD("a", "on_error: abort") ", {id: s, type: sleep, config: {duration: 1h}}]}\n- " GET("z", "/z/${p.status}/${p.terminated_by}"), "/status/500 /z/failed/fail_fast", "completed" },
    { "a parallel step that takes too long", "- {id: p, type: parallel, timeout: 60ms, on_error: continue, steps: [" GET("a", "/hang") ", {id: s, type: sleep, config: {duration: 1h}}]}\n- " GET("z", "/z/${p.status}/${p.terminated_by}"), "/hang /z/timeout/timeout", "completed" },
    { "parallel within parallel", "- {id: p, type: parallel, steps: [{id: q, type: parallel, max_concurrent: 1, steps: [" GET("a", "/a") ", " GET("b", "/b") "]}]}\n- " GET("z", "/z/${q.completed}/${a.status}"), "/a /b /z/2/success", "completed" },
    { "parallel again and again", "- {id: f, type: for, end: 2, index_var: i, steps: [{id: p, type: parallel, max_concurrent: 1, steps: [" GET("a", "/a/${i}") ", {id: c, type: if, condition: '${i} == 1', then: [" BAD("b", "on_error: continue") "]}]}]}", "/a/0 /a/1 /status/500 /a/2", "completed" },

    /* call, ref_workflow */
    { "call", "- {id: k, type: call, script: greet, params: {who: you}, results: {token: t, all: list}}\n- " GET("z", "/z/${t}/${list}/${k.success}/${k.script}/${k.step_count}/${k.returns.token}/${response.status_code}"),
      "/g/you/3 /g/you/3 /z/t-1/[\"you\",2]/true/greet/1/t-1/200", "completed" },
    { "call twice, in config", "- {id: k, type: call, config: {script: greet, params: {who: a, times: 1}}}\n- {id: l, type: call, config: {script: greet, params: {who: '${word}', times: '${n}'}}}\n- " GET("z", "/z/${who}/${gg.status}"),
      "/g/a/3 /g/x/3 /g/x/3 /g/x/3 /z/${who}/${gg.status}", "completed" },
    { "fragments call fragments and keep their variables", "- {id: k, type: call, script: outer}\n- " GET("z", "/z/${n}"), "/g/o/3 /og/9 /z/3", "completed" },
    { "a fragment that fails", "- {id: k, type: call, script: fails, on_error: continue}\n- " GET("z", "/z/${k.status}/${k.success}/${n}"), "/status/500 /z/failed/false/3", "completed" },
    { "a fragment that takes too long", "- {id: k, type: call, script: slow, timeout: 30ms, on_error: continue}\n- " GET("z", "/z/${k.status}/${n}"), "/z/timeout/3", "completed" },
    { "a parameter of another type", "- {id: k, type: call, script: greet, params: {who: '${n}'}, on_error: continue}\n- " GET("z", "/z/${k.status}"), "/z/failed", "completed" },
    { "call within a loop", "- {id: f, type: for, end: 1, index_var: i, steps: [{id: k, type: call, script: greet, params: {who: 'u${i}', times: 1}}]}", "/g/u0/3 /g/u1/3", "completed" },
    { "ref_workflow", "- {id: k, type: ref_workflow, params: {given: '${word}'}, outputs: {mine: made, tok: r.body.token}, workflow_definition: {variables: {n: 5, given: no}, env_variables: {HOST: h}, steps: [" GET("r", "/r/${n}/${given}/${env.HOST}/${word}") ", " SCRIPT("s", "ctx.SetVariable('made', 'm')") "]}}\n"
      "- " GET("z", "/z/${n}/${mine}/${tok}/${k.step_count}/${k.steps_executed}/${r.status}/${made}"),
      "/r/5/x/h/${word} /z/3/m/t-1/2/[\"r\",\"s\"]/${r.status}/${made}", "completed" },
    { "ref_workflow does not see the loops around it", "- {id: f, type: for, end: 0, index_var: i, steps: [{id: k, type: ref_workflow, workflow_definition: {steps: [" GET("r", "/r/${i}/${loop.index}") ", {id: p, type: parallel, steps: [" GET("q", "/q/${i}/${n}") "]}]}}, " GET("a", "/a/${i}") "]}", "/r/${i}/${loop.index} /q/${i}/${n} /a/0", "completed" },
    { "ref_workflow fails", "- {id: k, type: ref_workflow, on_error: continue, workflow_definition: {steps: [" BAD("r", "on_error: abort") "]}}\n- " GET("z", "/z/${k.status}/${n}"), "/status/500 /z/failed/3", "completed" },
    { "ref_workflow takes too long", "- {id: k, type: ref_workflow, timeout: 30ms, on_error: continue, workflow_definition: {steps: [{id: s, type: sleep, config: {duration: 1h}}]}}\n- " GET("z", "/z/${k.status}/${n}"), "/z/timeout/3", "completed" },
    { "an output that there is not", "- {id: k, type: ref_workflow, on_error: continue, outputs: {x: nobody}, workflow_definition: {steps: [" GET("a", "/a") "]}}\n- " GET("z", "/z/${k.status}/${n}"), "/a /z/failed/3", "completed" },

    /* hooks */
    { "hooks around a step within a loop", "- {id: l, type: loop, loop: {mode: for, count: 2, steps: [{id: a, type: http, config: {url: /a}, pre_hook: {type: http, config: {url: '/pre/${loop.index}'}}, post_hook: {type: http, config: {url: '/post/${__step_result.status}/${__step_result.output.status_code}'}}}]}}",
      "/pre/0 /a /post/success/200 /pre/1 /a /post/success/200", "completed" },
    { "hooks around a container", "- {id: c, type: if, condition: 'true', then: [" GET("a", "/a") "], pre_hook: {type: http, config: {url: /pre}}, post_hook: {type: http, config: {url: '/post/${__step_result.output.branch_taken}'}}}", "/pre /a /post/then", "completed" },
    { "a pre_hook that fails", "- {id: a, type: http, on_error: continue, config: {url: /a}, pre_hook: {type: http, config: {url: /status/500, fail_on_status: true}}, post_hook: {type: http, config: {url: '/post/${__step_result.status}/${__step_error}'}}}\n- " GET("z", "/z/${a.status}"),
      "/status/500 /post/skipped/pre_hook:%20answered%20500%20Internal%20Server%20Error /z/skipped", "completed" },
    { "a pre_hook that fails aborts", "- {id: c, type: if, condition: 'true', then: [{id: a, type: http, config: {url: /a}, pre_hook: {type: http, config: {url: /status/500, fail_on_status: true}}}, " GET("b", "/b") "]}", "/status/500", "failed" },
    { "a post_hook that fails changes nothing", "- {id: a, type: http, config: {url: /a}, post_hook: {type: http, config: {url: /status/500, fail_on_status: true}}}\n- " GET("z", "/z/${a.status}"), "/a /status/500 /z/success", "completed" },
    { "hooks run once around all attempts", "- {id: a, type: http, on_error: retry, retry: {max_attempts: 2, delay: 1ms}, config: {url: /status/500, fail_on_status: true}, pre_hook: {type: http, config: {url: /pre}}, post_hook: {type: http, config: {url: '/post/${__step_error}'}}}",
      "/pre /status/500 /status/500 /post/answered%20500%20Internal%20Server%20Error", "failed" },
    { "the post_hook of a loop that is left by its label", "- {id: f, type: for, end: 1, label: out, steps: [{id: g, type: for, end: 1, steps: [{id: x, type: break, label: out}], post_hook: {type: http, config: {url: '/post/${__step_result.output.terminated_by}'}}}]}\n- " GET("z", "/z"), "/post/break /z", "completed" },

    /* time-outs */
    { "a loop that takes too long", "- {id: l, type: loop, timeout: 60ms, on_error: continue, loop: {mode: for, count: 5, steps: [" GET("a", "/a") ", {id: s, type: sleep, config: {duration: 10s}}]}}\n- " GET("z", "/z/${l.status}/${l.total_iterations}/${l.steps_executed}"), "/a /z/timeout/0/[\"a\",\"s\"]", "completed" },
    { "a request within a branch is cut", "- {id: c, type: if, timeout: 60ms, on_error: continue, condition: 'true', then: [{id: f, type: for, end: 3, steps: [" GET("a", "/hang") "]}]}\n- " GET("z", "/z/${c.status}"), "/hang /z/timeout", "completed" },
    { "the inner time-out comes first", "- {id: c, type: if, timeout: 10s, condition: 'true', then: [{id: s, type: sleep, timeout: 20ms, on_error: continue, config: {duration: 5s}}, " GET("a", "/a/${s.status}") "]}", "/a/timeout", "completed" },
    { "a retry is cut during its delay", "- {id: r, type: retry, timeout: 60ms, delay: 20s, on_error: continue, steps: [" BAD("a", "on_error: abort") "]}\n- " GET("z", "/z/${r.status}/${r.attempts}/${r.terminated_by}"), "/status/500 /z/timeout/1/timeout", "completed" },
    { "nothing to wait for, and no limit", "- {id: s, type: sleep, duration: 0, timeout: 0}\n- " GET("z", "/z/${s.status}"), "/z/success", "completed" },
    { "each attempt has its own time", "- {id: s, type: sleep, timeout: 20ms, on_error: retry, retry: {max_attempts: 3, delay: 1ms}, config: {duration: 5s}, post_hook: {type: http, config: {url: '/post/${s.attempts}'}}}", "/post/3", "failed" },

    /* disabled */
    { "disabled, anywhere", "- {id: a, type: http, disabled: true, config: {url: /a}}\n- {id: c, type: if, condition: 'true', then: [{id: b, type: http, disabled: true, config: {url: /b}}, " GET("d", "/d") "]}\n- {id: f, type: for, end: 2, disabled: true, steps: [" GET("e", "/e") "]}\n- " GET("z", "/z/${c.steps_executed}"), "/d /z/[\"d\"]", "completed" },
    { "nothing but disabled steps in a loop", "- {id: f, type: for, end: 4999, steps: [{id: b, type: http, disabled: true, config: {url: /b}}]}\n- " GET("z", "/z/${f.iterations}"), "/z/5000", "completed" },

    /* results */
    { "a step may ask for its result of the pass before", "- {id: f, type: for, end: 2, index_var: i, steps: [" GET("a", "/a/${i}/${a.status_code}") "]}", "/a/0/${a.status_code} /a/1/200 /a/2/200", "completed" },
    { "a branch sets response for those behind it", "- {id: c, type: if, condition: 'true', then: [" GET("a", "/a") "]}\n- " GET("z", "/z/${response.status_code}/${a.body.token}"), "/a /z/200/t-1", "completed" },
};
/* clang-format on */

/* The paths that arrived, separated by spaces; percent signs of braces are undone. */
static const char *paths_seen(runner_t *r)
{
    target_t *t = &r->target;
    const char *text = "";
    int i;

    pthread_mutex_lock(&t->lock);
    for (i = 0; i < TARGET_KEPT && t->kept[i] != NULL; i++) {
        const char *path = strchr(t->kept[i], ' ') + 1;
        size_t n = strcspn(path, " ");

        text = apr_psprintf(r->pool, "%s%s%.*s", text, i ? " " : "", (int)n, path);
    }
    pthread_mutex_unlock(&t->lock);
    return text;
}

static void sequences(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const case_t *c = &cases[i];

        target_reset(&r->target);
        ok(runner_run(
               r, apr_pstrcat(r->pool, HEAD SCRIPTS "steps:\n", c->steps, "\n", NULL)),
           "%s", c->what);
        is_str(paths_seen(r), c->seen, "%s: at the target", c->what);
        is_str(wf_run_status_name(r->last.status), c->status, "%s: status", c->what);
        ok(r->last.elapsed_ms < 4000, "%s: in time, %d ms", c->what,
           (int)r->last.elapsed_ms);
    }
}

/* ---- refused ------------------------------------------------------------------------ */

#define LOOP(body) "steps: [{id: f, type: for, end: 1, label: out, steps: [" body "]}]\n"
#define REF(more) "steps: [{id: k, type: call, " more "}]\n"
#define OK_SCRIPT                                                                        \
    "scripts: {f: {params: [{name: a, type: number, required: true}], steps: [" GET(     \
        "x", "/x") "]}}\n"

static const struct {
    const char *what, *yaml, *says;
} refused[] = {
    /* clang-format off */
    { "break out of a branch", LOOP("{id: p, type: parallel, steps: [{id: b, type: break}]}"), "steps[0].steps[0].steps[0]: is not within a loop: a branch of a parallel step" },
    { "by a label", LOOP("{id: p, type: parallel, steps: [{id: b, type: break, label: out}]}"), "no loop around this step has the label \"out\": a branch of a parallel step" },
    { "break out of another workflow", LOOP("{id: p, type: ref_workflow, workflow_definition: {steps: [{id: b, type: continue}]}}"), "steps of another workflow end by themselves" },
    { "a weight where nothing is weighed", "steps: [{id: a, type: http, weight: 3, config: {url: /a}}]\n", "steps[0].weight: only has a meaning directly within a random step" },
    { "a random step without weight", "steps: [{id: a, type: random, choices: [{weight: 0, steps: [" GET("b", "/b") "]}]}]\n", "steps[0].choices: needs a choice with a weight above 0" },
    { "no attempt", "steps: [{id: a, type: retry, max_attempts: 0, steps: [" GET("b", "/b") "]}]\n", "steps[0].max_attempts: must be 1 to 1000" },
    { "parallel without steps", "steps: [{id: a, type: parallel}]\n", "steps[0].steps: is required" },
    { "wait_until without a condition", "steps: [{id: a, type: wait_until}]\n", "steps[0].condition: is required" },
    { "a fragment that there is not", REF("script: f"), "there is no fragment \"f\"" },
    { "a parameter that there is not", OK_SCRIPT REF("script: f, params: {a: 1, b: 2}"), "steps[0].params.b: fragment \"f\" has no such parameter" },
    { "a parameter that is missing", OK_SCRIPT REF("script: f"), "steps[0].params.a: is required" },
    { "a parameter of another type", OK_SCRIPT REF("script: f, params: {a: x}"), "steps[0].params.a: must be of type number" },
    { "a return that there is not", OK_SCRIPT REF("script: f, params: {a: 1}, results: {r: v}"), "steps[0].results.r: fragment \"f\" returns no such value" },
    { "recursion", "scripts: {a: {steps: [{id: x, type: call, script: b}]}, b: {steps: [{id: y, type: if, condition: 'true', then: [{id: z, type: call, script: a}]}]}}\n" REF("script: a"), "scripts.a: fragments call each other: a -> b -> a" },
    { "recursion, directly", "scripts: {a: {steps: [{id: x, type: call, script: a}]}}\n" REF("script: a"), "fragments call each other: a -> a" },
    { "break in a fragment", "scripts: {a: {steps: [{id: x, type: break}]}}\n" REF("script: a"), "a fragment ends by itself" },
    { "another workflow by its id", "steps: [{id: k, type: ref_workflow, workflow_id: w2}]\n", "steps[0].workflow_definition: is required" },
    /* clang-format on */
};

static void refusals(runner_t *r)
{
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_error_t err;

        wf_error_init(&err, r->pool);
        ok(runner_start(r, "exec-refused",
                        apr_pstrcat(r->pool, HEAD, refused[i].yaml, NULL), &err)
               != APR_SUCCESS,
           "refused: %s", refused[i].what);
        if (!ok(err.message != NULL && strstr(err.message, refused[i].says) != NULL,
                "%s: what it says", refused[i].what)) {
            diag("%s", err.message);
        }
    }
}

/* ---- the workflow's hooks, several iterations, metrics ---------------------------------- */

static void workflow_hooks(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(
           r, HEAD
           "pre_hook: {type: http, config: {url: '/pre/${__ITER}'}}\n"
           "post_hook: {type: http, config: {url: '/post/${__workflow_error}'}}\n"
           "steps:\n"
           "- {id: c, type: if, condition: '${__ITER} == 1', then: [" BAD(
               "a", "on_error: abort") "]}\n"
                                       "- " GET("z",
                                                "/z") "\noptions: {iterations: 2}\n"),
       "workflow hooks");
    is_str(paths_seen(r),
           "/pre/0 /z /post/${__workflow_error} /pre/1 /status/500 "
           "/post/step%20\"a\":%20answered%20500%20Internal%20Server%20Error",
           "around each iteration");
    target_reset(&r->target);
    ok(runner_run(r, HEAD "pre_hook: {type: http, config: {url: /status/500, "
                          "fail_on_status: true}}\n"
                          "post_hook: {type: http, config: {url: /post}}\n"
                          "steps:\n- " GET("z", "/z") "\n"),
       "a workflow's pre_hook fails");
    is_str(paths_seen(r), "/status/500 /post", "steps are skipped, the post_hook runs");
    is_str(wf_run_status_name(r->last.status), "failed", "the iteration has failed");
}

static void counted(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r,
                  HEAD "steps:\n"
                       "- {id: l, type: loop, loop: {mode: for, count: 4, steps: "
                       "[" BAD("a", "on_error: retry, retry: {max_attempts: 3, delay: "
                                    "1ms}") "], continue_condition: '${loop.index} < "
                                            "2'}, on_error: continue}\n"
                                            "- {id: c, type: if, condition: 'true', "
                                            "then: [" BAD("b", "on_error: skip") "]}\n"),
       "metrics");
    is_int(wf_json_int(runner_step(r, "a"), "count", -1), 3, "each attempt is a sample");
    is_int(wf_json_int(runner_step(r, "a"), "failure_count", -1), 3, "all failed");
    is_int(wf_json_int(runner_step(r, "l"), "count", -1), 1, "the loop is one");
    is_int(wf_json_int(runner_step(r, "l"), "failure_count", -1), 1, "that failed");
    is_int(wf_json_int(runner_step(r, "b"), "failure_count", -1), 0,
           "a skipped one has not failed");
    is_int(wf_json_int(runner_step(r, "b"), "count", -1), 1, "but was there");
    is_int(wf_json_int(runner_step(r, "c"), "success_count", -1), 1, "nor its condition");
}

/* ---- at the same time --------------------------------------------------------------- */

static struct {
    pthread_mutex_t lock;
    int now, most;
} busy = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Takes 50 ms, and sees how many do so at once. */
static int answer_slowly(int fd, const char *request)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    (void)request;
    pthread_mutex_lock(&busy.lock);
    busy.most = ++busy.now > busy.most ? busy.now : busy.most;
    pthread_mutex_unlock(&busy.lock);
    usleep(50000);
    pthread_mutex_lock(&busy.lock);
    busy.now--;
    pthread_mutex_unlock(&busy.lock);
    return target_send(fd, answer, sizeof(answer) - 1);
}

static void concurrent(runner_t *r)
{
    static const struct {
        int at_once, least_ms;
    } limits[] = { { 6, 50 }, { 3, 100 }, { 1, 300 } };
    size_t i;

    r->target.answer = answer_slowly;
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        int n = limits[i].at_once;

        busy.most = 0;
        target_reset(&r->target);
        ok(runner_run(
               r, apr_psprintf(
                      r->pool,
                      HEAD
                      "steps: [{id: p, type: parallel, max_concurrent: %d, "
                      "steps: [" GET("a", "/a") ", " GET("b", "/b") ", " GET(
                          "c", "/c") ", " GET("d",
                                              "/d") ", " GET("e",
                                                             "/e") ", " GET("f",
                                                                            "/f") "]}]\n",
                      n)),
           "6 branches, %d at once", n);
        is_int(target_requests(&r->target), 6, "each arrived once");
        is_int(busy.most, n, "%d at once at the target", n);
        ok(r->last.elapsed_ms >= limits[i].least_ms && r->last.elapsed_ms < 2000,
           "in %d ms", (int)r->last.elapsed_ms);
    }
    r->target.answer = NULL;
}

/* A stop cuts whatever is under way, at any depth. */
static void cut(runner_t *r)
{
    static const char *const deep[] = {
        "{id: s, type: sleep, config: {duration: 1h}}",
        GET("s", "/hang"),
        "{id: s, type: retry, delay: 1h, steps: [" BAD("q", "on_error: abort") "]}",
        "{id: s, type: wait_until, condition: 'false', timeout: 1h, interval: 1h}",
        BAD("s", "on_error: retry, retry: {delay: 1h}"),
        "{id: s, type: parallel, steps: [{id: q, type: sleep, config: {duration: "
        "1h}}, " GET("h", "/hang") "]}",
        "{id: s, type: for, end: 2000000000, steps: [{id: q, type: continue}]}",
    };
    size_t i;

    for (i = 0; i < sizeof(deep) / sizeof(deep[0]); i++) {
        ok(runner_run(r, apr_pstrcat(r->pool,
                                     HEAD
                                     "steps: [{id: f, type: for, end: 9, steps: [{id: c, "
                                     "type: if, condition: 'true', then: [",
                                     deep[i],
                                     "]}]}]\noptions: {vus: 3, duration: 30ms, "
                                     "graceful_stop: 10ms}\n",
                                     NULL)),
           "cut: %s", deep[i]);
        is_int(r->last.iterations, 0, "no iteration counts");
        ok(r->last.elapsed_ms < 2000, "after %d ms", (int)r->last.elapsed_ms);
    }
}

/* ---- many passes ------------------------------------------------------------------------ */

static long resident_kb(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0, resident = 0;

    if (f != NULL && fscanf(f, "%ld %ld", &size, &resident) != 2) {
        resident = 0;
    }
    if (f != NULL) {
        fclose(f);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

#ifdef __SANITIZE_ADDRESS__
#define MANY 1000
#elif defined(__SANITIZE_THREAD__)
#define MANY 1000
#else
#define MANY 20000
#endif

/* Bodies of 10 KB in 20,000 passes would be 200 MB. */
static void flat(runner_t *r)
{
    const char *yaml = apr_psprintf(
        r->pool,
        HEAD
        "steps: [{id: f, type: for, end: %d, index_var: i, steps: [{id: a, type: http, "
        "config: {url: /big/10000, headers: {X-Pass: '${i}'}}}, {id: c, type: if, "
        "condition: '${a.body} == 1', then: [" GET(
            "b", "/b") "]}]}]\n"
                       "options: {duration: 60s, iterations: 1}\n",
        MANY - 1);
    long before, after;

    ok(runner_run(r, HEAD "steps: [" GET("a", "/a") "]\n"), "warm");
    before = resident_kb();
    target_reset(&r->target);
    ok(runner_run(r, yaml), "%d passes", MANY);
    after = resident_kb();
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(target_requests(&r->target), MANY, "each arrived");
#if MANY == 20000
    ok(after - before < 8 * 1024, "memory stays flat: %ld KB more", after - before);
#else
    (void)before;
    (void)after;
#endif
}

/* 1,000 passes without a request, in microseconds. */
static void fast(runner_t *r)
{
    ok(runner_run(r, HEAD "steps: [{id: f, type: for, end: 999, index_var: i, steps: "
                          "[{id: c, type: if, condition: '${i} < 0', then: [" GET(
                              "b", "/b") "]}]}]\noptions: {iterations: 200}\n"),
       "200 loops of 1,000 passes");
    diag("%s in all", json_object_to_json_string(runner_step(r, "f")));
    is_int(wf_json_int(runner_step(r, "c"), "count", -1), 200000, "all of them");
}

int main(void)
{
    runner_t r;

    apr_initialize();
    runner_open(&r, 1);
    sequences(&r);
    refusals(&r);
    workflow_hooks(&r);
    counted(&r);
    concurrent(&r);
    cut(&r);
    flat(&r);
    fast(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
