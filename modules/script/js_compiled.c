/* Compiled scripts of a runtime: those used last stay. Where a script was found is
 * remembered by its hash; else a few hundred comparisons are nothing beside a
 * compilation. */
#include "script/js.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a. */
apr_uint32_t js_hash(const char *text, apr_size_t length)
{
    apr_uint32_t hash = 2166136261u;

    for (apr_size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    }
    return hash;
}

static int holds(const js_compiled_t *slot, apr_uint32_t hash, const char *text,
                 apr_size_t length)
{
    return slot->text && slot->hash == hash && slot->length == length
           && !memcmp(slot->text, text, length);
}

static js_compiled_t *find(js_runtime_t *runtime, apr_uint32_t hash, const char *text,
                           apr_size_t length)
{
    short *hint = &runtime->hints[hash % WF_JS_HINTS];

    if (holds(&runtime->cache[*hint], hash, text, length)) {
        return &runtime->cache[*hint];
    }
    for (int i = 0; i < WF_JS_CACHED; i++) {
        if (holds(&runtime->cache[i], hash, text, length)) {
            *hint = (short)i;
            return &runtime->cache[i];
        }
    }
    return NULL;
}

static void forget(js_runtime_t *runtime, js_compiled_t *slot)
{
    if (slot->text) {
        JS_FreeValue(runtime->ctx, slot->function);
        runtime->cached_bytes -= slot->length;
        free(slot->text);
        slot->text = NULL;
        slot->used = 0;
    }
}

void js_compiled_forget(js_runtime_t *runtime)
{
    for (int i = 0; i < WF_JS_CACHED; i++) {
        free(runtime->cache[i].text);
    }
}

/* A free slot; else the one that was not used for longest. */
static js_compiled_t *least_used(js_runtime_t *runtime, int taken)
{
    js_compiled_t *least = NULL;

    for (int i = 0; i < WF_JS_CACHED; i++) {
        js_compiled_t *slot = &runtime->cache[i];

        if ((slot->text || !taken) && (!least || slot->used < least->used)) {
            least = slot;
        }
    }
    return least;
}

static void keep(js_runtime_t *runtime, js_compiled_t made)
{
    js_compiled_t *slot;

    while (runtime->cached_bytes
           && runtime->cached_bytes + made.length > WF_JS_CACHED_BYTES) {
        forget(runtime, least_used(runtime, 1));
    }
    slot = least_used(runtime, 0);
    forget(runtime, slot);
    *slot = made;
    runtime->cached_bytes += made.length;
}

JSValueConst js_compiled(js_runtime_t *runtime, const char *text, apr_size_t length,
                         apr_uint32_t hash)
{
    js_compiled_t made = { .length = length, .hash = hash };
    js_compiled_t *known = find(runtime, hash, text, length);

    if (known) {
        known->used = ++runtime->uses;
        return known->function;
    }
    made.function = JS_Eval(runtime->ctx, text, length, "script",
                            JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(made.function)) {
        return made.function;
    }
    made.text = malloc(length + 1);
    if (!made.text) {
        JS_FreeValue(runtime->ctx, made.function);
        return JS_ThrowOutOfMemory(runtime->ctx);
    }
    memcpy(made.text, text, length);
    made.used = ++runtime->uses;
    keep(runtime, made);
    return made.function;
}
