/* TAP from C: ok(), is_str(), is_int(), diag() and `return done_testing();`. A unit test
 * is one program; prove reads what it prints. */
#ifndef WF_TAP_H
#define WF_TAP_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

static inline int tap_result(int passed, const char *file, int line, const char *fmt,
                             va_list ap)
{
    printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
    vprintf(fmt, ap);
    printf("\n");
    if (!passed) {
        tap_failed++;
        printf("# failed at %s:%d\n", file, line);
    }
    fflush(stdout);
    return passed;
}

__attribute__((format(printf, 1, 2))) static inline void diag(const char *fmt, ...)
{
    va_list ap;

    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
}

__attribute__((format(printf, 4, 5))) static inline int
tap_ok(int passed, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    tap_result(passed, file, line, fmt, ap);
    va_end(ap);
    return passed;
}

__attribute__((format(printf, 5, 6))) static inline int
tap_is_str(const char *got, const char *want, const char *file, int line, const char *fmt,
           ...)
{
    int passed = got && want ? !strcmp(got, want) : got == want;
    va_list ap;

    va_start(ap, fmt);
    tap_result(passed, file, line, fmt, ap);
    va_end(ap);
    if (!passed) {
        diag("got  %s", got ? got : "(null)");
        diag("want %s", want ? want : "(null)");
    }
    return passed;
}

__attribute__((format(printf, 5, 6))) static inline int
tap_is_int(long long got, long long want, const char *file, int line, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    tap_result(got == want, file, line, fmt, ap);
    va_end(ap);
    if (got != want) {
        diag("got  %lld", got);
        diag("want %lld", want);
    }
    return got == want;
}

#define ok(cond, ...) tap_ok(!!(cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_int(got, want, ...) tap_is_int((got), (want), __FILE__, __LINE__, __VA_ARGS__)

static inline int done_testing(void)
{
    printf("1..%d\n", tap_count);
    return tap_failed ? 1 : 0;
}

#endif
