/* libcurl's memory: pieces keep what was written to them, may be freed by any thread, and
 * leave nothing behind. */
#include "../tap.h"
#include "client/internal.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 2000
#define CHANGES 200000
#define LARGEST 50000 /* beyond what a heap has */

typedef struct slot_t {
    unsigned char *data;
    size_t size;
    unsigned char mark;
} slot_t;

static slot_t slots[SLOTS];

static void mark(slot_t *slot, size_t n, unsigned value)
{
    slot->size = n;
    slot->mark = (unsigned char)value;
    memset(slot->data, slot->mark, n);
}

/* The first n bytes are what was written. */
static int intact(const slot_t *slot, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (slot->data[i] != slot->mark) {
            return 0;
        }
    }
    return 1;
}

/* Small ones mostly, as libcurl asks for. */
static size_t some_size(unsigned *seed)
{
    size_t n = (size_t)rand_r(seed) % LARGEST;

    return rand_r(seed) % 8 ? n % 700 : n;
}

static int change(slot_t *slot, unsigned *seed)
{
    size_t n = some_size(seed), kept = n < slot->size ? n : slot->size;
    int fine = intact(slot, slot->size);

    if (slot->data != NULL && rand_r(seed) % 3 == 0) {
        slot->data = wf_memory_resize(slot->data, n);
        fine &= intact(slot, kept);
    }
    else {
        wf_memory_free(slot->data);
        slot->data = wf_memory_get(n);
    }
    fine &= (uintptr_t)slot->data % 16 == 0;
    mark(slot, n, (unsigned)rand_r(seed));
    return fine;
}

static int free_all(void)
{
    int i, fine = 1;

    for (i = 0; i < SLOTS; i++) {
        fine &= intact(&slots[i], slots[i].size);
        wf_memory_free(slots[i].data);
        slots[i] = (slot_t){ NULL, 0, 0 };
    }
    return fine;
}

static int fill(unsigned *seed)
{
    int i, fine = 1;

    for (i = 0; i < CHANGES; i++) {
        fine &= change(&slots[(unsigned)rand_r(seed) % SLOTS], seed);
    }
    return fine;
}

/* ---- one thread ------------------------------------------------------------------------ */

static void test_sizes(void)
{
    size_t n, bad = 0;

    for (n = 0; n < LARGEST; n += n < 3000 ? 1 : 97) {
        slot_t a = { wf_memory_get(n), 0, 0 }, b = { wf_memory_get(n), 0, 0 };

        mark(&a, n, 1);
        mark(&b, n, 2);
        bad += !intact(&a, n) || !intact(&b, n);
        wf_memory_free(a.data);
        wf_memory_free(b.data);
    }
    is_int(bad, 0, "pieces of all sizes do not overlap");
}

static void test_reuse(void)
{
    void *first = wf_memory_get(1000), *again;

    wf_memory_free(wf_memory_get(0));
    wf_memory_free(NULL);
    wf_memory_free(first);
    again = wf_memory_get(1000);
    ok(wf_memory_held() == 0 || again == first, "what was freed last is taken first");
    wf_memory_free(again);
    ok(wf_memory_get(SIZE_MAX - 4) == NULL, "too much is refused");
    first = wf_memory_resize(NULL, 10);
    ok(first != NULL && wf_memory_resize(first, SIZE_MAX - 4) == NULL,
       "so is growing to too much");
    wf_memory_free(first);
}

static void test_changes(void)
{
    unsigned seed = 1;

    ok(fill(&seed), "pieces keep what was written");
    diag("%lu bytes are held", (unsigned long)wf_memory_held());
    ok(free_all(), "to the end");
    is_int(wf_memory_held(), 0, "the heap gave everything back");
}

/* ---- several --------------------------------------------------------------------------- */

static void *free_them(void *data)
{
    *(int *)data = free_all();
    return NULL;
}

static void *fill_them(void *data)
{
    unsigned seed = 2;

    wf_memory_adopt();
    *(int *)data = fill(&seed);
    return NULL;
}

/* Runs to its end. */
static int on_thread(void *(*run)(void *))
{
    pthread_t thread;
    int fine = 0;

    pthread_create(&thread, NULL, run, &fine);
    pthread_join(thread, NULL);
    return fine;
}

static void test_threads(void)
{
    unsigned seed = 3;
    void *last;

    fill(&seed);
    last = wf_memory_get(1);
    ok(on_thread(free_them), "another thread frees pieces");
    ok(fill(&seed) && free_all(), "they are used again");
    wf_memory_free(last);
    is_int(wf_memory_held(), 0, "and were counted");
    ok(on_thread(fill_them), "a thread leaves pieces behind");
    ok(free_all(), "which are intact, and freed by another one");
    ok(on_thread(fill_them) && on_thread(free_them), "or by a third one");
}

int main(void)
{
    wf_error_t err;

    wf_error_init(&err, NULL);
    is_int(wf_client_global_init(&err), APR_SUCCESS, "libcurl starts");
    wf_memory_adopt();
    test_sizes();
    test_reuse();
    test_changes();
    test_threads();
    return done_testing();
}
