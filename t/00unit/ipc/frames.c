/* Frame headers: what is written is read back, what breaks a rule is refused by name. */
#include "ipc/ipc.h"
#include "tap.h"

#include <apr_general.h>

int main(void)
{
    static const struct {
        const char *what;
        int at;               /* byte of the header that is changed */
        unsigned char value;
        wf_err_kind_e kind;
    } cases[] = {
        { "an untouched header", 0, 'W', WF_ERR_NONE },
        { "bad magic", 1, 'X', WF_ERR_INVALID },
        { "another version", 2, 9, WF_ERR_INVALID },
        { "type 0", 3, 0, WF_ERR_INVALID },
        { "unknown type", 3, WF_FRAME_TYPES, WF_ERR_INVALID },
        { "unknown flags", 7, 1, WF_ERR_INVALID },
        { "a JSON part beyond the limit", 12, 0xff, WF_ERR_TOO_LARGE },
        { "a blob beyond the limit", 16, 0xff, WF_ERR_TOO_LARGE },
    };
    apr_pool_t *pool;
    wf_frame_t frame = { .type = WF_FRAME_REPLY, .id = 0x01020304, .json_length = 300,
                         .blob_length = 70000 }, back;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char header[WF_FRAME_HEADER];
        wf_error_t err;

        wf_error_init(&err, pool);
        wf_frame_encode(&frame, header);
        header[cases[i].at] = cases[i].value;
        wf_frame_decode(&back, header, 100000, &err);
        is_int(err.kind, cases[i].kind, "%s: %s", cases[i].what,
               err.message ? err.message : "fine");
    }
    {
        unsigned char header[WF_FRAME_HEADER];
        wf_error_t err;

        wf_error_init(&err, pool);
        wf_frame_encode(&frame, header);
        wf_frame_decode(&back, header, 70300, &err);
        ok(back.type == frame.type && back.id == frame.id && back.json_length == 300
               && back.blob_length == 70000,
           "every field survives, at the limit");
        ok(wf_frame_decode(&back, header, 70299, &err) != APR_SUCCESS, "one byte over it");
    }
    for (int i = 0; i < WF_COMMAND_COUNT; i++) {
        is_int(wf_command_parse(wf_command_name(i)), i, "%s has a name", wf_command_name(i));
    }
    is_int(wf_command_parse("task.explode"), -1, "an unknown command");
    apr_terminate();
    return done_testing();
}
