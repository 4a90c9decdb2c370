/* Fuzz target of records, which come from the store: what a run goes on from after a
 * restart. What is accepted is within bounds, so that counting on from it cannot
 * overflow; what is refused has a reason. */
#include "load/internal.h"
#include "../00unit/steps/read.h"

#include <apr_general.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_MOST ((apr_int64_t)1 << 60) /* of any sum */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fuzz_plan_text[] =
    "id: w\nname: W\n"
    "data: {u: {rows: [{a: 1}, {a: 2}], mode: unique}, v: [{b: 1}]}\n"
    "setup: [{id: in, type: sleep, config: {duration: 1ms}}]\n"
    "steps: [{id: s, type: sleep, config: {duration: 1ms}}]\n"
    "scenarios: {a: {vus: 3, iterations: 5}, b: {mode: shared-iterations, vus: 2, "
    "iterations: 9}}\n";

static wf_plan_t *fuzz_plan(apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("fuzz.yaml", p);
    wf_plan_t *plan;

    plan_from_yaml(&plan, fuzz_plan_text, strlen(fuzz_plan_text), problems, p);
    if (plan == NULL) {
        abort();
    }
    return plan;
}

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Of each user, those that the record knows one by one and the others. */
static void check_users(const wf_plan_t *plan, wf_resume_t *resume, int scenario)
{
    apr_int64_t vus[2] = { WF_PLAN_MAX_VUS, WF_PLAN_MAX_VUS }, sum = 0, number;
    wf_run_t run = { .plan = plan, .resume = resume, .vus = vus };

    for (number = 1; number <= WF_RECORD_USERS + 2; number++) {
        apr_int64_t n = wf_resume_iterations(&run, scenario, number);

        check(n >= 0 && n <= FUZZ_MOST);
        sum += n;
    }
    check(sum >= 0);
}

static void check_accepted(const wf_plan_t *plan, wf_resume_t *resume)
{
    int i;

    check(resume->elapsed_us >= 0 && resume->main_us >= -1);
    check(resume->main_us <= resume->elapsed_us && resume->elapsed_us < FUZZ_MOST / 1000);
    check(resume->start_ms >= 0 && resume->recorded_ms >= 0);
    check(resume->phase >= WF_RUN_SETUP && resume->phase < WF_RUN_PHASES);
    check(resume->outcome == WF_EV_STOP || resume->stopping);
    for (i = 0; i < plan->data.count; i++) {
        check(resume->rows_taken[i] >= 0 && resume->rows_taken[i] < FUZZ_MOST);
    }
    for (i = 0; i < plan->nscenarios; i++) {
        check(resume->scenarios[i].done >= 0 && resume->scenarios[i].done < FUZZ_MOST);
        check(resume->scenarios[i].ncounts <= WF_RECORD_USERS);
        check_users(plan, resume, i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *p;
    wf_plan_t *plan;
    wf_resume_t *resume;
    wf_error_t err;

    apr_initialize();
    apr_pool_create(&p, NULL);
    wf_error_init(&err, p);
    plan = fuzz_plan(p);
    if (wf_record_read(&resume, plan, apr_pstrmemdup(p, (const char *)data, size), p,
                       &err)
        == APR_SUCCESS) {
        check_accepted(plan, resume);
    }
    else {
        check(err.kind == WF_ERR_INVALID && err.message != NULL);
    }
    apr_pool_destroy(p);
    apr_terminate();
    return 0;
}
