/* Fuzz target of what servers say of themselves when they register: the input is JSON.
 * Whatever it is: a row of the registry that is written as JSON, or an error that says
 * why not. */
#include "cluster/internal.h"
#include "fuzz.h"

#define NOW 1000000

static void fuzz_registry(const wf_slave_t *slave, apr_pool_t *p)
{
    wf_registry_t *registry;
    wf_slave_t row;
    wf_error_t err;

    wf_error_init(&err, p);
    fuzz_check(wf_registry_create(&registry, 2, 15000, p, &err) == APR_SUCCESS);
    if (wf_registry_add(registry, slave, NOW, &err) == APR_SUCCESS) {
        fuzz_check(wf_registry_beat(registry, slave->id, slave, NOW, &err) == APR_SUCCESS
                   && wf_registry_get(registry, slave->id, &row, p, &err) == APR_SUCCESS);
        fuzz_utf8(wf_json_text(wf_json_own(wf_slave_json(&row, p), p), NULL, p));
        fuzz_check(wf_slave_load(&row) >= 0 && wf_slave_load(&row) <= 1);
        fuzz_check(wf_registry_expire(registry, NOW + 15001, p)->nelts == 1);
    }
    else {
        fuzz_check(err.kind == WF_ERR_INVALID);
        fuzz_utf8(err.message);
    }
    wf_registry_destroy(registry);
}

static void fuzz_input(const uint8_t *data, size_t size, apr_pool_t *p)
{
    json_object *message;
    wf_task_name_t name;
    wf_slave_t slave;
    wf_error_t err;

    wf_error_init(&err, p);
    if (wf_json_parse(&message, (const char *)data, size, p, &err) != APR_SUCCESS) {
        return;
    }
    if (wf_task_name_read(&name, message)) {
        fuzz_check(name.execution && name.member >= 0 && name.task > 0);
    }
    if (wf_slave_read(&slave, message, p) && slave.id) {
        fuzz_registry(&slave, p);
    }
}
