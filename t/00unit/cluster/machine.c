/* What a machine is measured to have, with files as Linux writes them. */
#include "../tap.h"
#include "cluster/cluster.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *pool;
static const char *root;

static void put(const char *path, const char *text)
{
    const char *whole = apr_pstrcat(pool, root, path, NULL);
    char *directory = apr_pstrdup(pool, whole);
    apr_file_t *file;

    *strrchr(directory, '/') = '\0';
    apr_dir_make_recursive(directory, APR_FPROT_OS_DEFAULT, pool);
    apr_file_open(&file, whole, APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                  APR_FPROT_OS_DEFAULT, pool);
    apr_file_write_full(file, text, strlen(text), NULL);
    apr_file_close(file);
}

static int percent(double share)
{
    return (int)(share * 100 + 0.5);
}

static void whole_machine(void)
{
    wf_machine_t m = { 0 };

    put("/proc/meminfo",
        "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:    4194304 kB\n");
    put("/proc/stat", "cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
    put("/proc/self/cgroup", "0::/\n");
    wf_machine_measure(&m, root);
    ok(m.cores >= 1, "it has %d processors", m.cores);
    is_int(m.memory_mb, 16384, "its memory");
    is_int(percent(m.memory_usage), 75, "what is used of it");
    is_int(percent(m.cpu_usage), 0, "nothing is known of processors yet");
    put("/proc/stat", "cpu  160 0 115 720 105 0 0 0 0 0\n");
    wf_machine_measure(&m, root);
    is_int(percent(m.cpu_usage), 75, "what was used since then");
    put("/proc/stat", "cpu  1 0 1 1 1 0 0 0 0 0\n");
    wf_machine_measure(&m, root);
    ok(m.cpu_usage >= 0 && m.cpu_usage <= 1, "counters that begin anew");
}

static void a_group(void)
{
    wf_machine_t m = { 0 };
    const char *group = "/sys/fs/cgroup/system.slice/httpd.service/";

    put("/proc/self/cgroup", "1:name=systemd:/x\n0::/system.slice/httpd.service\n");
    put(apr_pstrcat(pool, group, "cpu.max", NULL), "50000 100000\n");
    put(apr_pstrcat(pool, group, "cpu.stat", NULL), "usage_usec 1000\nuser_usec 1\n");
    put(apr_pstrcat(pool, group, "memory.max", NULL), "1073741824\n");
    put(apr_pstrcat(pool, group, "memory.current", NULL), "268435456\n");
    wf_machine_measure(&m, root);
    is_int(m.cores, 1, "half a processor counts as one");
    is_int(m.memory_mb, 1024, "the memory of its group");
    is_int(percent(m.memory_usage), 25, "what the group uses of it");
    put(apr_pstrcat(pool, group, "cpu.stat", NULL), "usage_usec 99999999000\n");
    wf_machine_measure(&m, root);
    is_int(percent(m.cpu_usage), 100, "never more than all of its quota");
    put(apr_pstrcat(pool, group, "cpu.max", NULL), "max 100000\n");
    put(apr_pstrcat(pool, group, "memory.max", NULL), "max\n");
    m = (wf_machine_t){ 0 };
    wf_machine_measure(&m, root);
    is_int(m.memory_mb, 16384, "a group without limits has all");
}

static void nothing(void)
{
    wf_machine_t m = { 0 };

    wf_machine_measure(&m, "/nonexistent");
    ok(m.cores >= 1 && m.memory_mb == 0 && m.cpu_usage == 0 && m.memory_usage == 0,
       "without those files little is known");
}

int main(void)
{
    char directory[] = "/tmp/wf-machine-XXXXXX";

    apr_initialize();
    apr_pool_create(&pool, NULL);
    root = mkdtemp(directory);
    if (root == NULL) {
        printf("Bail out! no directory\n");
        return 1;
    }
    whole_machine();
    a_group();
    nothing();
    if (system(apr_pstrcat(pool, "rm -rf ", root, NULL)) != 0) {
        diag("%s stays", root);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return done_testing();
}
