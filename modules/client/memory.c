/* Memory for libcurl. An exchange makes and frees some sixty pieces, and with thousands
 * of users each exchange finds its memory cold: what counts is how many lines of the
 * cache and how many pages a user's pieces are spread over. So a thread that runs a multi
 * has a heap of its own: pieces of a size are handed out last in, first out, without a
 * lock; new ones lie side by side in the order in which they were wanted, so those of a
 * user are neighbours; and all of them lie in huge pages where the kernel has some.
 *
 * A piece is freed by any thread. Others than the heap's put it on a list that the owner
 * takes back when it needs one. A heap without pieces gives all its memory back, so a
 * large run leaves nothing behind. Threads without a heap, and pieces that are large, use
 * malloc.
 *
 * Sanitizers look at memory themselves: with them there are no heaps. */
#include "client/internal.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CHUNK (2u * 1024 * 1024) /* a huge page of x86-64 and of most others */
#define LARGEST (32u * 1024)     /* piece of a heap */
#define FINE 1024u /* up to here sizes are multiples of 16, then there are … */
#define STEPS 16   /* … so many to the next power of two */
#define CLASSES (FINE / 16 + 5 * STEPS)

typedef struct heap_t heap_t;

/* What lies before each piece: 16 bytes, which is what pieces are aligned to. */
typedef struct piece_t {
    heap_t *heap; /* NULL: it is malloc's */
    unsigned size, class;
    struct piece_t *next[]; /* one, if it is free */
} piece_t;

typedef struct chunk_t {
    struct chunk_t *next;
    char padding[64 - sizeof(void *)];
} chunk_t;

struct heap_t {
    piece_t *free[CLASSES];
    char *at, *end; /* what is left of the newest chunk */
    chunk_t *chunks;
    size_t live;     /* pieces that were handed out, those on the list below included */
    size_t returned; /* how many are on that list; atomic */

    pthread_mutex_t lock; /* of the three */
    piece_t *back;        /* freed by other threads */
    int orphaned;         /* its thread has ended: who frees the last piece frees it */
};

static __thread heap_t *mine;
static pthread_key_t at_exit;

/* ---- sizes --------------------------------------------------------------------------- */

static unsigned class_of(size_t n, unsigned *size)
{
    unsigned m = n > 0 ? (unsigned)n - 1 : 0, step;

    if (n <= FINE) {
        *size = (m / 16 + 1) * 16;
        return m / 16;
    }
    step = 31 - (unsigned)__builtin_clz(m) - 4; /* log2 of the step */
    *size = ((m >> step) + 1) << step;
    return FINE / 16 + (step - 6) * STEPS + (m >> step) - STEPS;
}

/* ---- chunks -------------------------------------------------------------------------- */

/* The kernel gives huge pages to what is aligned to them. */
static char *map_chunk(void)
{
    char *map =
        mmap(NULL, 2 * CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t before;

    if (map == MAP_FAILED) {
        return NULL;
    }
    before = (CHUNK - (uintptr_t)map % CHUNK) % CHUNK;
    if (before > 0) {
        munmap(map, before);
    }
    munmap(map + before + CHUNK, CHUNK - before);
    madvise(map + before, CHUNK, MADV_HUGEPAGE); /* without them it is only slower */
    return map + before;
}

static int add_chunk(heap_t *heap)
{
    char *map = map_chunk();
    chunk_t *chunk = (chunk_t *)map;

    if (map == NULL) {
        return 0;
    }
    chunk->next = heap->chunks;
    heap->chunks = chunk;
    heap->at = map + sizeof(*chunk);
    heap->end = map + CHUNK;
    return 1;
}

static void give_chunks_back(heap_t *heap)
{
    while (heap->chunks != NULL) {
        chunk_t *chunk = heap->chunks;

        heap->chunks = chunk->next;
        munmap(chunk, CHUNK);
    }
    memset(heap->free, 0, sizeof(heap->free));
    heap->at = heap->end = NULL;
    heap->back = NULL;
    heap->live = heap->returned = 0;
}

/* ---- pieces of a heap ---------------------------------------------------------------- */

static void keep(heap_t *heap, piece_t *piece)
{
    piece->next[0] = heap->free[piece->class];
    heap->free[piece->class] = piece;
}

static void take_back(heap_t *heap)
{
    piece_t *piece, *next;

    pthread_mutex_lock(&heap->lock);
    for (piece = heap->back; piece != NULL; piece = next) {
        next = piece->next[0];
        keep(heap, piece);
    }
    heap->back = NULL;
    heap->live -= heap->returned;
    __atomic_store_n(&heap->returned, 0, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&heap->lock);
}

/* A new piece, or NULL without memory. */
static piece_t *carve(heap_t *heap, unsigned class, unsigned size)
{
    piece_t *piece;

    if ((size_t)(heap->end - heap->at) < sizeof(*piece) + size && !add_chunk(heap)) {
        return NULL;
    }
    piece = (piece_t *)heap->at;
    heap->at += sizeof(*piece) + size;
    piece->heap = heap;
    piece->size = size;
    piece->class = class;
    return piece;
}

static void *take(heap_t *heap, size_t n)
{
    unsigned size, class = class_of(n, &size);
    piece_t *piece = heap->free[class];

    if (piece == NULL && __atomic_load_n(&heap->returned, __ATOMIC_RELAXED) > 0) {
        take_back(heap);
        piece = heap->free[class];
    }
    if (piece != NULL) {
        heap->free[class] = piece->next[0];
    }
    else if ((piece = carve(heap, class, size)) == NULL) {
        return NULL;
    }
    heap->live++;
    return piece + 1;
}

/* All pieces that are out are on the list: nobody can add to it any more. */
static void drop_mine(piece_t *piece)
{
    heap_t *heap = piece->heap;

    keep(heap, piece);
    if (--heap->live == __atomic_load_n(&heap->returned, __ATOMIC_ACQUIRE)) {
        pthread_mutex_lock(&heap->lock); /* who added the last one may still hold it */
        give_chunks_back(heap);
        pthread_mutex_unlock(&heap->lock);
    }
}

static void destroy(heap_t *heap)
{
    give_chunks_back(heap);
    pthread_mutex_unlock(&heap->lock);
    pthread_mutex_destroy(&heap->lock);
    free(heap);
}

static void drop_other(piece_t *piece)
{
    heap_t *heap = piece->heap;

    pthread_mutex_lock(&heap->lock);
    piece->next[0] = heap->back;
    heap->back = piece;
    __atomic_store_n(&heap->returned, heap->returned + 1, __ATOMIC_RELEASE);
    if (heap->orphaned && heap->returned == heap->live) {
        destroy(heap);
        return;
    }
    pthread_mutex_unlock(&heap->lock);
}

/* The owner has ended. */
static void orphan(void *data)
{
    heap_t *heap = data;

    mine = NULL;
    pthread_mutex_lock(&heap->lock);
    heap->orphaned = 1;
    if (heap->returned == heap->live) {
        destroy(heap);
        return;
    }
    pthread_mutex_unlock(&heap->lock);
}

/* ---- what libcurl calls -------------------------------------------------------------- */

static void *take_large(size_t n)
{
    piece_t *piece = n < SIZE_MAX - sizeof(*piece) ? malloc(sizeof(*piece) + n) : NULL;

    if (piece == NULL) {
        return NULL;
    }
    piece->heap = NULL;
    return piece + 1;
}

void *wf_memory_get(size_t n)
{
    void *data = mine != NULL && n <= LARGEST ? take(mine, n) : NULL;

    return data != NULL ? data : take_large(n);
}

void wf_memory_free(void *data)
{
    piece_t *piece;

    if (data == NULL) {
        return;
    }
    piece = (piece_t *)data - 1;
    if (piece->heap == NULL) {
        free(piece);
    }
    else if (piece->heap == mine) {
        drop_mine(piece);
    }
    else {
        drop_other(piece);
    }
}

void *wf_memory_resize(void *data, size_t n)
{
    piece_t *piece;
    void *moved;

    if (data == NULL) {
        return wf_memory_get(n);
    }
    piece = (piece_t *)data - 1;
    if (piece->heap == NULL) {
        piece = n < SIZE_MAX - sizeof(*piece) ? realloc(piece, sizeof(*piece) + n) : NULL;
        return piece != NULL ? piece + 1 : NULL;
    }
    if (n <= piece->size) {
        return data;
    }
    moved = wf_memory_get(n);
    if (moved != NULL) {
        memcpy(moved, data, piece->size);
        wf_memory_free(data);
    }
    return moved;
}

static void *get_zeroed(size_t count, size_t size)
{
    size_t n;
    void *data = __builtin_mul_overflow(count, size, &n) ? NULL : wf_memory_get(n);

    return data != NULL ? memset(data, 0, n) : NULL;
}

static char *duplicate(const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = wf_memory_get(n);

    return copy != NULL ? memcpy(copy, text, n) : NULL;
}

/* ---- life ---------------------------------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

CURLcode wf_memory_init(void)
{
    if (SANITIZED || pthread_key_create(&at_exit, orphan) != 0) {
        return curl_global_init(CURL_GLOBAL_DEFAULT);
    }
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, wf_memory_get, wf_memory_free,
                                wf_memory_resize, duplicate, get_zeroed);
}

void wf_memory_adopt(void)
{
    heap_t *heap;

    if (SANITIZED || mine != NULL || (heap = calloc(1, sizeof(*heap))) == NULL) {
        return;
    }
    pthread_mutex_init(&heap->lock, NULL);
    if (pthread_setspecific(at_exit, heap) != 0) {
        pthread_mutex_destroy(&heap->lock);
        free(heap);
        return;
    }
    mine = heap;
}

size_t wf_memory_held(void)
{
    size_t n = 0;
    const chunk_t *chunk;

    for (chunk = mine != NULL ? mine->chunks : NULL; chunk != NULL; chunk = chunk->next) {
        n += CHUNK;
    }
    return n;
}
