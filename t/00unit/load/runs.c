/* Workflows against a real target: counts that agree with what the target saw. */
#include "../tap.h"
#include "run.h"

#define HEAD "id: w\nname: W\n"
#define STEP(url) "steps:\n  - {id: s, type: http, config: {url: '" url "'}}\n"

static void shared_iterations(runner_t *r)
{
    target_reset(&r->target);
    ok(runner_run(r, "exec-1",
                  HEAD STEP("BASE/ok")
                  "options: {mode: shared-iterations, vus: 10, iterations: 1000}\n"),
       "10 VUs share 1000 iterations");
    is_str(wf_run_status_name(r->last.status), "completed", "completed");
    is_int(r->last.iterations, 1000, "iterations");
    is_int(target_requests(&r->target), 1000, "requests at the target");
    is_int(wf_json_int(runner_step(r, "s"), "count", -1), 1000, "step count");
    is_int(wf_json_int(runner_step(r, "s"), "success_count", -1), 1000, "step success");
    is_int(wf_json_int(r->last.metrics, "total_vus", -1), 10, "configured VUs after the end");
    is_int((int)(r->last.progress * 1000), 1000, "progress 1");
    ok(r->last.http_req_duration.p95 > 0
           && r->last.http_req_duration.p95 <= r->last.http_req_duration.max,
       "percentiles are in order");
}

int main(void)
{
    runner_t r;

    apr_initialize();
    runner_open(&r, 2);
    shared_iterations(&r);
    runner_close(&r);
    apr_terminate();
    return done_testing();
}
