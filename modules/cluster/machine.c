/* What the machine has, and how much of it is in use, as far as this process may use it:
 * its affinity, and the limits of its control group (version 2) where there are some. */
#include "cluster/cluster.h"

#include <apr_strings.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES 4096
#define TEXT_BYTES 16384

typedef struct look_t {
    const char *root; /* "" but for tests */
    char group[PATH_BYTES];
    char text[TEXT_BYTES];
} look_t;

/* The text of a file, or NULL. */
static const char *read_text(look_t *look, const char *directory, const char *name)
{
    char path[2 * PATH_BYTES];
    size_t n = 0;
    FILE *in;

    snprintf(path, sizeof(path), "%s%s%s", look->root, directory, name);
    in = fopen(path, "re");
    if (in == NULL) {
        return NULL;
    }
    n = fread(look->text, 1, sizeof(look->text) - 1, in);
    fclose(in);
    look->text[n] = '\0';
    return look->text;
}

/* /proc/self/cgroup has "0::/path" for the unified hierarchy. */
static void find_group(look_t *look)
{
    const char *text = read_text(look, "/proc/self/", "cgroup");
    const char *line = text != NULL ? strstr(text, "0::/") : NULL;

    look->group[0] = '\0';
    if (line != NULL && (line == text || line[-1] == '\n')) {
        snprintf(look->group, sizeof(look->group), "/sys/fs/cgroup%.*s/",
                 (int)strcspn(line + 3, "\n"), line + 3);
    }
}

/* A number of the group; -1: it has none, or no limit. */
static double group_number(look_t *look, const char *name, const char *key)
{
    const char *text = look->group[0] ? read_text(look, look->group, name) : NULL;
    const char *at = text != NULL && *key ? strstr(text, key) : text;
    double number;

    return at != NULL && sscanf(at + strlen(key), "%lf", &number) == 1 ? number : -1;
}

/* Of /proc/meminfo, in KiB. */
static double memory_number(look_t *look, const char *key)
{
    const char *text = read_text(look, "/proc/", "meminfo");
    const char *at = text != NULL ? strstr(text, key) : NULL;
    double number;

    return at != NULL && sscanf(at + strlen(key), " %lf", &number) == 1 ? number : 0;
}

/* ---- processors --------------------------------------------------------------------- */

/* "quota period", microseconds, or "max period": how many processors' time the group has.
 */
static double quota_of(look_t *look)
{
    const char *text = look->group[0] ? read_text(look, look->group, "cpu.max") : NULL;
    double quota, period;

    return text != NULL && sscanf(text, "%lf %lf", &quota, &period) == 2 && period > 0
               ? quota / period
               : 0;
}

/* Time in use and time that there was, in any unit, since the machine's start. */
static int times_of_machine(look_t *look, double *busy, double *total)
{
    const char *text = read_text(look, "/proc/", "stat");
    double t[8];
    int i;

    if (text == NULL
        || sscanf(text, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &t[0], &t[1], &t[2], &t[3],
                  &t[4], &t[5], &t[6], &t[7])
               != 8) {
        return 0;
    }
    for (*total = 0, i = 0; i < 8; i++) {
        *total += t[i];
    }
    *busy = *total - t[3] - t[4]; /* idle, and waiting for disks */
    return 1;
}

static int times(look_t *look, double quota, double *busy, double *total)
{
    if (quota > 0) {
        *busy = group_number(look, "cpu.stat", "usage_usec ");
        *total = (double)wf_mono_us() * quota;
        return *busy >= 0;
    }
    return times_of_machine(look, busy, total);
}

static double share(double part, double whole)
{
    double share = whole > 0 ? part / whole : 0;

    return share < 0 ? 0 : share > 1 ? 1 : share;
}

static void measure_processors(wf_machine_t *machine, look_t *look)
{
    double quota = quota_of(look), busy = 0, total = 0;

    machine->cores = wf_processors();
    if (quota > 0 && quota < machine->cores) {
        machine->cores = quota < 1 ? 1 : (int)quota;
    }
    if (!times(look, quota, &busy, &total)) {
        return;
    }
    machine->cpu_usage =
        machine->total > 0 ? share(busy - machine->busy, total - machine->total) : 0;
    machine->busy = busy;
    machine->total = total;
}

/* ---- memory ---------------------------------------------------------------------------- */

static void measure_memory(wf_machine_t *machine, look_t *look)
{
    double all = memory_number(look, "MemTotal:") * 1024;
    double used = all - memory_number(look, "MemAvailable:") * 1024;
    double most = group_number(look, "memory.max", "");

    if (most > 0 && most < all) {
        double now = group_number(look, "memory.current", "");

        all = most;
        used = now > 0 ? now : 0;
    }
    machine->memory_mb = (apr_int64_t)(all / (1024 * 1024));
    machine->memory_usage = share(used, all);
}

void wf_machine_measure(wf_machine_t *machine, const char *root)
{
    look_t look = { .root = root };

    find_group(&look);
    measure_processors(machine, &look);
    measure_memory(machine, &look);
}
