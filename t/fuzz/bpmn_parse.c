/* Fuzz target of the BPMN reader. Whatever the bytes are: models, or problems that say
 * why not, and a picture or an error; every text that leaves is well-formed UTF-8, and a
 * picture is XML that the reader takes. */
#include "bpmn/bpmn.h"
#include "diagram/diagram.h"
#include "xml/xml.h"
#include "fuzz.h"

static void fuzz_optional(const char *text)
{
    if (text) {
        fuzz_utf8(text);
    }
}

static void fuzz_models(const apr_array_header_t *models)
{
    int i;

    for (i = 0; i < models->nelts; i++) {
        const wf_model_t *model = APR_ARRAY_IDX(models, i, const wf_model_t *);

        if (!wf_model_key(model)) {
            abort();
        }
        fuzz_optional(wf_model_key(model));
        fuzz_optional(wf_model_name(model));
        fuzz_optional(wf_model_description(model));
        fuzz_optional(wf_model_category(model));
        fuzz_optional(wf_model_start_form_key(model));
    }
}

static void fuzz_problems(const wf_problems_t *problems)
{
    int i;

    for (i = 0; i < problems->items->nelts; i++) {
        const wf_problem_t *item = &APR_ARRAY_IDX(problems->items, i, wf_problem_t);

        if (!item->rule || !item->message || item->line < 0 || item->column < 0) {
            abort();
        }
        fuzz_optional(item->message);
        fuzz_optional(item->path);
    }
}

static void fuzz_drawing(const uint8_t *data, size_t size, apr_pool_t *p)
{
    wf_problems_t *problems = wf_problems_create("drawing", p);
    const char *svg = NULL;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_diagram_draw((const char *)data, size, NULL, NULL, &svg, p, &err)
        != APR_SUCCESS) {
        fuzz_optional(err.message);
        return;
    }
    fuzz_optional(svg);
    if (strlen(svg) < WF_XML_MAX_BYTES && !wf_xml_parse(svg, strlen(svg), problems, p)) {
        abort();
    }
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    apr_array_header_t *models;
    wf_problems_t *problems;

    problems = wf_problems_create("fuzz", p);
    wf_model_parse(&models, (const char *)data, size, problems, p);
    fuzz_problems(problems);
    if (!problems->errors) {
        if (!models->nelts) {
            abort();
        }
        fuzz_models(models);
    }
    fuzz_drawing(data, size, p);
}
