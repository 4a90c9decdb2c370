/* Files that http steps send: read below the directory of data when the document is, and
 * nowhere else. */
#include "../tap.h"
#include "load/plan.h"
#include "steps/http.h"
#include "steps/steps.h"

#include <apr_general.h>
#include <stdlib.h>
#include <unistd.h>

#define HEAD                                                                             \
    "id: w\nname: W\nsteps:\n- id: s\n  type: http\n  config: {url: 'http://h/', body: "

static apr_pool_t *pool;
static char directory[] = "/tmp/wf-bodies.XXXXXX";

static wf_http_step_t *read_step(const char *body, const char *where, wf_problems_t **ps)
{
    wf_surroundings_t around = { .steps = &wf_steps, .directory = where };
    const char *text = apr_pstrcat(pool, HEAD, body, "}\n", NULL);
    wf_plan_t *plan = NULL;

    *ps = wf_problems_create(NULL, pool);
    wf_plan_read(&plan, text, strlen(text), NULL, &around, *ps, pool);
    return plan ? wf_plan_step(plan, "s")->config : NULL;
}

static void files(void)
{
    wf_problems_t *ps;
    wf_http_step_t *http = read_step(
        "{type: form-data, form_data: [{key: f, file: a.bin}]}", directory, &ps);
    const wf_http_part_t *part;

    ok(http != NULL && http->parts != NULL, "a file as a part");
    part = &APR_ARRAY_IDX(http->parts, 0, wf_http_part_t);
    is_int((long long)part->length, 5, "its bytes");
    ok(memcmp(part->data, "a\0b\r\n", 5) == 0, "as they are");
    is_str(part->filename.literal, "a.bin", "its name");
    ok(http->call != NULL, "prepared once");
    http = read_step("{type: binary, file: a.bin}", directory, &ps);
    ok(http != NULL && APR_ARRAY_IDX(http->body, 0, wf_piece_t).length == 5,
       "a file as a body");
}

static const struct {
    const char *what, *file;
    int anywhere;
} refused[] = {
    { "no directory", "a.bin", 1 },
    { "no such file", "none", 0 },
    { "above the directory", "../etc/passwd", 0 },
    { "an absolute name", "/etc/passwd", 0 },
};

static void refusals(void)
{
    size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        wf_problems_t *ps;
        const char *body =
            apr_psprintf(pool, "{type: binary, file: '%s'}", refused[i].file);

        ok(read_step(body, refused[i].anywhere ? NULL : directory, &ps) == NULL, "%s",
           refused[i].what);
        is_int(ps->errors, 1, "%s: one problem", refused[i].what);
        is_str(APR_ARRAY_IDX(ps->items, 0, wf_problem_t).path,
               "steps[0].config.body.file", "%s: where", refused[i].what);
    }
}

int main(void)
{
    const char *name;
    FILE *out;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (mkdtemp(directory) == NULL) {
        printf("Bail out! no directory\n");
        return 1;
    }
    name = apr_pstrcat(pool, directory, "/a.bin", NULL);
    out = fopen(name, "w");
    fwrite("a\0b\r\n", 1, 5, out);
    fclose(out);
    files();
    refusals();
    unlink(name);
    rmdir(directory);
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
