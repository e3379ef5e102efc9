/* What the compiler calls for and its libgcc for this chip lacks, or has with instructions that the model does not know:
   division, single floats as IEEE 754 has them (rounded to the nearest, ties to even), two atomics, string.h. Written for
   these tests: no NaN, no infinity, no denormal number comes up. The firmware itself is built with Espressif's. */

typedef unsigned u32;
typedef unsigned long long u64;
typedef long long s64;
typedef union {
  float f;
  u32 i;
} Bits;

static u32 divide(u32 n, u32 d, u32 *rest) {
  u32 quotient = 0, bit = 1;
  for (; d < n && !(d >> 31); d <<= 1) bit <<= 1;
  for (; bit; bit >>= 1, d >>= 1) {
    if (n < d) continue;
    n -= d;
    quotient |= bit;
  }
  *rest = n;
  return quotient;
}

static u32 size_of(int value) { return value < 0 ? -(u32)value : (u32)value; }

u32 __udivsi3(u32 n, u32 d) {
  u32 rest;
  return divide(n, d, &rest);
}
u32 __umodsi3(u32 n, u32 d) {
  u32 rest;
  divide(n, d, &rest);
  return rest;
}
int __divsi3(int n, int d) {
  u32 rest, quotient = divide(size_of(n), size_of(d), &rest);
  return (n ^ d) < 0 ? -(int)quotient : (int)quotient;
}
int __modsi3(int n, int d) {
  u32 rest;
  divide(size_of(n), size_of(d), &rest);
  return n < 0 ? -(int)rest : (int)rest;
}

static u64 divide_long(u64 n, u64 d, u64 *rest) {
  u64 quotient = 0, left = 0;
  for (int bit = 63; bit >= 0; bit--) {
    left = (left << 1) | (n >> bit & 1);
    if (left >= d) {
      left -= d;
      quotient |= 1ull << bit;
    }
  }
  *rest = left;
  return quotient;
}

u64 __udivdi3(u64 n, u64 d) {
  u64 rest;
  return divide_long(n, d, &rest);
}
u64 __umoddi3(u64 n, u64 d) {
  u64 rest;
  divide_long(n, d, &rest);
  return rest;
}
s64 __divdi3(s64 n, s64 d) {
  u64 rest, quotient = divide_long(n < 0 ? -(u64)n : (u64)n, d < 0 ? -(u64)d : (u64)d, &rest);
  return (n ^ d) < 0 ? -(s64)quotient : (s64)quotient;
}

/* mantissa * 2^(exponent - 127 - 47), with its sign's bit. */
static float packed(u32 sign, int exponent, u64 mantissa) {
  Bits made;
  if (!mantissa) {
    made.i = sign;
    return made.f;
  }
  while (mantissa >> 24 > 0xffffff) {
    mantissa = (mantissa >> 1) | (mantissa & 1);
    exponent++;
  }
  while (!(mantissa >> 47 & 1)) {
    mantissa <<= 1;
    exponent--;
  }
  u32 top = (u32)(mantissa >> 24), rest = (u32)(mantissa & 0xffffff);
  if (rest > 0x800000 || (rest == 0x800000 && (top & 1))) top++;
  if (top >> 24) {
    top >>= 1;
    exponent++;
  }
  made.i = sign | (u32)exponent << 23 | (top & 0x7fffff);
  return made.f;
}

static int exponent_of(Bits x) { return (int)(x.i >> 23 & 255); }
static u32 mantissa_of(Bits x) { return (x.i & 0x7fffff) | 0x800000; }

float __floatunsisf(u32 x) { return packed(0, 127 + 47, x); }
float __floatsisf(int x) { return packed(x < 0 ? 0x80000000u : 0, 127 + 47, size_of(x)); }

float __mulsf3(float left, float right) {
  Bits x = {left}, y = {right};
  u32 sign = (x.i ^ y.i) & 0x80000000u;
  if (!(x.i << 1) || !(y.i << 1)) return packed(sign, 0, 0);
  u64 product = 0;
  for (int bit = 0; bit < 24; bit++) {
    if (mantissa_of(y) >> bit & 1) product += (u64)mantissa_of(x) << bit;
  }
  return packed(sign, exponent_of(x) + exponent_of(y) - 127 + 1, product);
}

float __divsf3(float left, float right) {
  Bits x = {left}, y = {right};
  u32 sign = (x.i ^ y.i) & 0x80000000u;
  if (!(x.i << 1)) return packed(sign, 0, 0);
  u64 rest, quotient = divide_long((u64)mantissa_of(x) << 36, mantissa_of(y), &rest);
  return packed(sign, exponent_of(x) - exponent_of(y) + 127 + 10, quotient << 1 | (rest != 0));
}

u32 __fixunssfsi(float value) {
  Bits x = {value};
  int exponent = exponent_of(x) - 127;
  if (exponent < 0 || x.i >> 31) return 0;
  return exponent > 23 ? mantissa_of(x) << (exponent - 23) : mantissa_of(x) >> (23 - exponent);
}
int __fixsfsi(float value) {
  Bits x = {value};
  u32 negative = x.i >> 31;
  x.i &= 0x7fffffff;
  return negative ? -(int)__fixunssfsi(x.f) : (int)__fixunssfsi(x.f);
}

/* Below, equal or above 0 as `left` is to `right`. */
static int compare(float left, float right) {
  Bits x = {left}, y = {right};
  if (!((x.i | y.i) << 1)) return 0;
  int a = x.i >> 31 ? -(int)(x.i & 0x7fffffff) : (int)x.i, b = y.i >> 31 ? -(int)(y.i & 0x7fffffff) : (int)y.i;
  return a < b ? -1 : a > b;
}
int __ltsf2(float left, float right) { return compare(left, right); }
int __gtsf2(float left, float right) { return compare(left, right); }

/* One core and no interrupt here. */
#define ATOMIC(name, change)                                 \
  u32 __atomic_##name##_4(volatile void *at, u32 by, int order) { \
    u32 before = *(volatile u32 *)at;                        \
    (void)order;                                             \
    *(volatile u32 *)at = change;                            \
    return before;                                           \
  }
ATOMIC(fetch_and, before &by)
ATOMIC(fetch_or, before | by)
ATOMIC(fetch_add, before + by)
ATOMIC(fetch_sub, before - by)
ATOMIC(exchange, by)

void *memcpy(void *to, const void *from, unsigned size) {
  char *t = to;
  for (const char *f = from; size--;) *t++ = *f++;
  return to;
}
void *memmove(void *to, const void *from, unsigned size) {
  char *t = to;
  const char *f = from;
  if (t < f) return memcpy(to, from, size);
  while (size--) t[size] = f[size];
  return to;
}
void *memset(void *to, int value, unsigned size) {
  for (char *t = to; size--;) *t++ = (char)value;
  return to;
}
int memcmp(const void *left, const void *right, unsigned size) {
  const unsigned char *a = left, *b = right;
  for (; size--; a++, b++) {
    if (*a != *b) return *a - *b;
  }
  return 0;
}
void *memchr(const void *in, int value, unsigned size) {
  for (const unsigned char *at = in; size--; at++) {
    if (*at == (unsigned char)value) return (void *)at;
  }
  return 0;
}
unsigned strlen(const char *text) {
  unsigned size = 0;
  while (text[size]) size++;
  return size;
}
int abs(int value) { return value < 0 ? -value : value; }
