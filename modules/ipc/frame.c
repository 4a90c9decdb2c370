/* Frames and command names: pure functions, the part that fuzzers see. */
#include "ipc/ipc.h"

#include <string.h>

/* Offsets in the header; all numbers are big endian. */
enum { AT_MAGIC = 0, AT_VERSION = 2, AT_TYPE = 3, AT_FLAGS = 4, AT_ID = 8, AT_JSON = 12, AT_BLOB = 16 };

static const char *const command_names[WF_COMMAND_COUNT] = {
#define WF_COMMAND_NAME(id, name) [id] = name,
    WF_COMMANDS(WF_COMMAND_NAME)
#undef WF_COMMAND_NAME
};

const char *wf_command_name(wf_command_e command)
{
    return (unsigned)command < WF_COMMAND_COUNT ? command_names[command] : "unknown";
}

int wf_command_parse(const char *name)
{
    for (int i = 0; name && i < WF_COMMAND_COUNT; i++) {
        if (!strcmp(command_names[i], name)) {
            return i;
        }
    }
    return -1;
}

int wf_command_is_kept(wf_command_e command)
{
    static const char is_not[WF_COMMAND_COUNT] = {
        [WF_CMD_ENGINE_STATUS] = 1,   [WF_CMD_MIGRATION_GENERATE] = 1,
        [WF_CMD_MIGRATION_CHECK] = 1, [WF_CMD_FORM_RENDER] = 1,
        [WF_CMD_FORM_PROPERTIES] = 1, [WF_CMD_DIAGRAM] = 1,
        [WF_CMD_EXECUTION] = 1,       [WF_CMD_METRICS] = 1,
        [WF_CMD_LOAD_STATUS] = 1,     [WF_CMD_REPORT] = 1,
        [WF_CMD_STREAM_RESERVE] = 1,  [WF_CMD_STREAM_OPEN] = 1,
        [WF_CMD_LINK_RESERVE] = 1,    [WF_CMD_LINK_OPEN] = 1,
        [WF_CMD_KEY_LIST] = 1,        [WF_CMD_BACKUP] = 1,
        [WF_CMD_SLAVES] = 1,          [WF_CMD_ANSWERED] = 1,
    };

    return !is_not[command];
}

static void put32(unsigned char *at, apr_uint32_t n)
{
    at[0] = n >> 24;
    at[1] = n >> 16;
    at[2] = n >> 8;
    at[3] = n;
}

static apr_uint32_t get32(const unsigned char *at)
{
    return (apr_uint32_t)at[0] << 24 | (apr_uint32_t)at[1] << 16 | (apr_uint32_t)at[2] << 8
           | at[3];
}

void wf_frame_encode(const wf_frame_t *frame, unsigned char out[WF_FRAME_HEADER])
{
    memcpy(out + AT_MAGIC, "WF", 2);
    out[AT_VERSION] = WF_IPC_VERSION;
    out[AT_TYPE] = frame->type;
    put32(out + AT_FLAGS, 0);
    put32(out + AT_ID, frame->id);
    put32(out + AT_JSON, frame->json_length);
    put32(out + AT_BLOB, frame->blob_length);
}

apr_status_t wf_frame_decode(wf_frame_t *frame, const unsigned char header[WF_FRAME_HEADER],
                             apr_size_t limit, wf_error_t *err)
{
    memset(frame, 0, sizeof(*frame));
    if (memcmp(header + AT_MAGIC, "WF", 2) != 0) {
        return wf_error_set(err, WF_ERR_INVALID, "not a frame: bad magic");
    }
    if (header[AT_VERSION] != WF_IPC_VERSION) {
        return wf_error_set(err, WF_ERR_INVALID, "frame version %d, this side speaks %d",
                            header[AT_VERSION], WF_IPC_VERSION);
    }
    if (header[AT_TYPE] < WF_FRAME_COMMAND || header[AT_TYPE] >= WF_FRAME_TYPES) {
        return wf_error_set(err, WF_ERR_INVALID, "unknown frame type %d", header[AT_TYPE]);
    }
    if (get32(header + AT_FLAGS) != 0) {
        return wf_error_set(err, WF_ERR_INVALID, "unknown frame flags");
    }
    frame->type = header[AT_TYPE];
    frame->id = get32(header + AT_ID);
    frame->json_length = get32(header + AT_JSON);
    frame->blob_length = get32(header + AT_BLOB);
    if ((apr_uint64_t)frame->json_length + frame->blob_length > limit) {
        return wf_error_set(err, WF_ERR_TOO_LARGE,
                            "frame of %" APR_UINT64_T_FMT " bytes, %" APR_SIZE_T_FMT
                            " are allowed",
                            (apr_uint64_t)frame->json_length + frame->blob_length, limit);
    }
    return APR_SUCCESS;
}
