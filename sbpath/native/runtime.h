/* Runtime of the translated kernels: the memory of one call, arrays, and Python's arithmetic.

   Every member of what Python passes is eight bytes long: a double, an integer, a boolean, a
   pointer, a length. */

#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

_Static_assert(sizeof(void *) == 8 && sizeof(double) == 8, "an address has 64 bits");

/* -- one call from Python: its arrays, and the exit on an error -------------------------- */

enum { DONE, NO_MEMORY, NEGATIVE_LENGTH, SHAPES_DIFFER };

/* Precedes each allocated array, which thus begins at a multiple of 16 bytes. */
typedef struct Block {
    struct Block *next;
    int64_t size;
} Block;

typedef struct {
    Block *blocks;
    jmp_buf exit;
} Call;

/* A large block that was released, for the next array that fits: on fresh pages a short simulation would
   spend a third of its time. */
enum { LARGE = 1 << 16, LARGEST_SPARE = 1 << 24 };
static Block *spare;

static void *allocate(Call *call, const int64_t *shape, int rank, int64_t item, int zero)
{
    int64_t size = item;
    for (int i = 0; i < rank; i++)
        if (shape[i] < 0)
            longjmp(call->exit, NEGATIVE_LENGTH);
    for (int i = 0; i < rank; i++) {
        if (shape[i] > 0 && size > INT64_MAX / 2 / shape[i])
            longjmp(call->exit, NO_MEMORY);
        size *= shape[i];
    }
    Block *block = NULL;
    if (!zero && size >= LARGE) {
        block = __atomic_exchange_n(&spare, NULL, __ATOMIC_ACQ_REL);
        if (block && block->size < size) {
            free(block);
            block = NULL;
        }
    }
    if (!block) {
        block = zero ? calloc(1, sizeof(Block) + size) : malloc(sizeof(Block) + size);
        if (!block)
            longjmp(call->exit, NO_MEMORY);
        block->size = size;
    }
    block->next = call->blocks;
    call->blocks = block;
    return block + 1;
}

EXPORT void release(void *blocks)
{
    Block *block = blocks;
    while (block) {
        Block *next = block->next;
        if (block->size >= LARGE && block->size <= LARGEST_SPARE)
            block = __atomic_exchange_n(&spare, block, __ATOMIC_ACQ_REL);
        free(block);
        block = next;
    }
}

/* Removes the block that contains an address from those of a call, to be released separately. */
EXPORT void *detach(void *address, void **blocks)
{
    for (Block **link = (Block **)blocks; *link; link = &(*link)->next) {
        Block *block = *link;
        char *data = (char *)(block + 1);
        if (data <= (char *)address && (char *)address < data + block->size) {
            *link = block->next;
            block->next = NULL;
            return block;
        }
    }
    return NULL;
}

/* -- arrays, contiguous in C order ------------------------------------------------------- */

#define ARRAY(NAME, ITEM, RANK)                                                               \
    typedef struct {                                                                          \
        ITEM *data;                                                                           \
        int64_t shape[RANK];                                                                  \
    } NAME;                                                                                   \
    static inline int64_t NAME##_size(NAME a)                                                 \
    {                                                                                         \
        int64_t size = 1;                                                                     \
        for (int i = 0; i < RANK; i++)                                                        \
            size *= a.shape[i];                                                               \
        return size;                                                                          \
    }                                                                                         \
    static inline NAME NAME##_new(Call *call, const int64_t *shape, int zero)                 \
    {                                                                                         \
        NAME a;                                                                               \
        a.data = allocate(call, shape, RANK, sizeof(ITEM), zero);                             \
        memcpy(a.shape, shape, sizeof a.shape);                                               \
        return a;                                                                             \
    }                                                                                         \
    static inline void NAME##_fill(NAME a, ITEM value)                                        \
    {                                                                                         \
        for (int64_t i = 0, size = NAME##_size(a); i < size; i++)                             \
            a.data[i] = value;                                                                \
    }                                                                                         \
    static inline void NAME##_assign(Call *call, NAME a, NAME b)                              \
    {                                                                                         \
        for (int i = 0; i < RANK; i++)                                                        \
            if (a.shape[i] != b.shape[i])                                                     \
                longjmp(call->exit, SHAPES_DIFFER);                                           \
        memmove(a.data, b.data, NAME##_size(a) * sizeof(ITEM));                               \
    }                                                                                         \
    static inline NAME NAME##_copy(Call *call, NAME a)                                        \
    {                                                                                         \
        NAME b = NAME##_new(call, a.shape, 0);                                                \
        memcpy(b.data, a.data, NAME##_size(a) * sizeof(ITEM));                                \
        return b;                                                                             \
    }                                                                                         \
    static inline NAME NAME##_cut(NAME a, int64_t low, int64_t high)                          \
    {                                                                                         \
        int64_t row = a.shape[0] ? NAME##_size(a) / a.shape[0] : 0;                           \
        low = bound(low, a.shape[0]);                                                         \
        high = bound(high, a.shape[0]);                                                       \
        a.data += low * row;                                                                  \
        a.shape[0] = high > low ? high - low : 0;                                             \
        return a;                                                                             \
    }

#define ROWS(NAME, PART, RANK)                                                                \
    static inline PART NAME##_row(NAME a, int64_t i)                                          \
    {                                                                                         \
        PART b;                                                                               \
        memcpy(b.shape, a.shape + 1, sizeof b.shape);                                         \
        b.data = a.data + i * PART##_size(b);                                                 \
        return b;                                                                             \
    }

/* Each iteration of a `while` rereads memory: another thread may have requested a stop. */
#define LOOK_AFRESH __asm__ volatile("" ::: "memory")

/* An index written with a minus sign, and a bound of a slice: both may count from the end. */
static inline int64_t wrap(int64_t i, int64_t length) { return i < 0 ? i + length : i; }

static inline int64_t bound(int64_t i, int64_t length)
{
    i = wrap(i, length);
    return i < 0 ? 0 : i > length ? length : i;
}

/* -- Python's arithmetic ----------------------------------------------------------------- */

static inline double larger(double a, double b) { return b > a ? b : a; }
static inline double smaller(double a, double b) { return b < a ? b : a; }
static inline int64_t larger_integer(int64_t a, int64_t b) { return b > a ? b : a; }
static inline int64_t smaller_integer(int64_t a, int64_t b) { return b < a ? b : a; }

/* Integers divided by zero are 0, as in NumPy. */
static inline int64_t quotient_integer(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return -a * -b;
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static inline int64_t remainder_integer(int64_t a, int64_t b)
{
    if (b == 0 || b == -1)
        return 0;
    int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static inline double remainder_python(double a, double b)
{
    double rest = fmod(a, b);
    if (rest != 0.0)
        return (b < 0.0) != (rest < 0.0) ? rest + b : rest;
    return copysign(rest, b);
}

static inline double quotient_python(double a, double b)
{
    if (b == 0.0)
        return a / b;
    double rest = fmod(a, b);
    double quotient = (a - rest) / b;
    if (rest != 0.0 && (b < 0.0) != (rest < 0.0))
        quotient -= 1.0;
    if (quotient == 0.0)
        return copysign(0.0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;
}

static inline int64_t power_integer(int64_t a, int64_t exponent)
{
    int64_t power = 1;
    for (; exponent > 0; exponent--)
        power *= a;
    return power;
}
