/* How names, texts and numbers are written in the formats of outputs. */
#include "output/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put(wf_buffer_t *buffer, const char *text, apr_size_t n)
{
    if (!wf_buffer_append(buffer, text, n)) {
        abort();
    }
}

void wf_put(wf_buffer_t *buffer, const char *text)
{
    put(buffer, text, strlen(text));
}

void wf_put_number(wf_buffer_t *buffer, double number)
{
    char text[40];
    int digits;

    if (!isfinite(number)) {
        number = 0;
    }
    for (digits = 6; digits <= 17; digits++) {
        snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number) {
            break;
        }
    }
    wf_put(buffer, text);
}

void wf_put_int(wf_buffer_t *buffer, apr_int64_t number)
{
    char text[32];

    snprintf(text, sizeof(text), "%" APR_INT64_T_FMT, number);
    wf_put(buffer, text);
}

void wf_put_json(wf_buffer_t *buffer, const char *text)
{
    json_object *json = json_object_new_string(text);

    wf_put(buffer, json_object_to_json_string_ext(
                       json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(json);
}

void wf_put_escaped(wf_buffer_t *buffer, const char *text, const char *characters,
                    const char *line_end)
{
    for (; *text; text++) {
        if (*text == '\n' || *text == '\r') {
            wf_put(buffer, line_end);
            continue;
        }
        if (strchr(characters, *text) != NULL) {
            wf_put(buffer, "\\");
        }
        put(buffer, text, 1);
    }
}

void wf_put_percent(wf_buffer_t *buffer, const char *text)
{
    static const char unreserved[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "0123456789-._~";
    char code[4];

    for (; *text; text++) {
        if (strchr(unreserved, *text) != NULL) {
            put(buffer, text, 1);
            continue;
        }
        snprintf(code, sizeof(code), "%%%02X", (unsigned char)*text);
        wf_put(buffer, code);
    }
}

static void put_tag(wf_buffer_t *buffer, const char **comma, const char *key,
                    const char *value)
{
    if (value == NULL) {
        return;
    }
    wf_put(buffer, *comma);
    wf_put_json(buffer, key);
    wf_put(buffer, ":");
    wf_put_json(buffer, value);
    *comma = ",";
}

void wf_put_tags(wf_buffer_t *buffer, const wf_sink_t *sink, const wf_sample_t *sample,
                 const char *stat)
{
    const char *comma = "";
    int i;

    wf_put(buffer, "{");
    for (i = 0; i < sink->ntags; i++) {
        put_tag(buffer, &comma, sink->tags[i].key, sink->tags[i].value);
    }
    if (sample->step != NULL) {
        put_tag(buffer, &comma, "step_id", sample->step->id);
        put_tag(buffer, &comma, "step_name", sample->step->name);
    }
    put_tag(buffer, &comma, "status", sample->status);
    put_tag(buffer, &comma, "stat", stat);
    wf_put(buffer, "}");
}
