/* Uploads: what the parser makes of forms, however they arrive; and the corpus of the
 * fuzz target. */
#include "../../fuzz/http_multipart.c"
#include "tap.h"

#include <apr_file_info.h>
#include <apr_file_io.h>

#define CORPUS_MIN 40 /* fewer files than that: the corpus was not found */

#define TYPE "multipart/form-data; boundary=b"
#define HEAD(disposition) "--b\r\nContent-Disposition: form-data; " disposition "\r\n\r\n"
#define END "\r\n--b--\r\n"

/* clang-format off */
static const struct { const char *body, *want; } forms[] = {
    { HEAD("name=\"a\"") "1" END,
      "a|1|done" },
    { HEAD("name=a") "1\r\n" HEAD("name=b") "2" END,
      "a|1|b|2|done" },
    { HEAD("name=\"a\"") END,
      "a||done" },
    { "--b--",
      "done" },
    { "pre\r\n" HEAD("name=a") "1" END "after",
      "a|1|done" },
    { HEAD("name=a") "\r\n--\r\n--a\r\r\n--" END,
      "a|\r\n--\r\n--a\r\r\n--|done" },
    { HEAD("name=a; filename=\"C:\\dir\\x.bar\"") END,
      "a file=C:\\dir\\x.bar||done" },
    { HEAD("name=a; filename=\"q\\\"%22\\\\.zip\"") END,
      "a file=q\"\"\\.zip||done" },
    { HEAD("name=a; filename=\"\"") END,
      "a file=||done" },
    { "--b\r\ncontent-disposition:form-data;name=a\r\nContent-Type: text/x \r\n\r\n1" END,
      "a type=text/x|1|done" },
    { "--b  \t\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--b-- ",
      "a|1|done" },
    { "",
      "the multipart body ends without its closing boundary" },
    { HEAD("name=a") "1",
      "a|1the multipart body ends without its closing boundary" },
    { HEAD("name=a") "1\r\n--b-",
      "a|1|the multipart body ends without its closing boundary" },
    { HEAD("name=a") "1\r\n--bx", "a|1|malformed boundary line after part 1" },
    { "--b\r\n\r\n1" END,
      "part 1 has no Content-Disposition" },
    { "--b\r\nX\r\n\r\n1" END,
      "part 1 has a malformed header line" },
    { HEAD("filename=x") END,
      "part 1: Content-Disposition is not form-data with a name" },
    { HEAD("name=\"a") END,
      "part 1: Content-Disposition is not form-data with a name" },
    { HEAD("name=a; name=b") END,
      "part 1: Content-Disposition is not form-data with a name" },
    { HEAD("name=\"\"") END,
      "part 1: the field name must be UTF-8 text of 1 to 255 bytes" },
    { HEAD("name=a; filename=\"x\ty\"") END,
      "field 'a': the file name must be UTF-8 text of at most 255 bytes without control "
      "characters" },
    { "--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64"
      "\r\n\r\n1" END,
      "part 1: Content-Transfer-Encoding 'base64' is not supported" },
};

static const struct { const char *type; int fine; } types[] = {
    { "multipart/form-data; boundary=b",                1 },
    { "Multipart/Form-Data;BOUNDARY=\"b\"",             1 },
    { "multipart/form-data; charset=utf-8; boundary=b", 1 },
    { "multipart/form-data; boundary=b;",               1 },
    { "multipart/form-data",                            0 },
    { "multipart/form-data; boundary=",                 0 },
    { "multipart/form-data; boundary=\"b \"",           0 },
    { "multipart/form-data; boundary=\"b",              0 },
    { "multipart/form-data; boundary=b; boundary=c",    0 },
    { "multipart/form-data; boundary=\"\xc3\xa4\"",     0 },
    { "multipart/form-datax; boundary=b",               0 },
    { "multipart/mixed; boundary=b",                    0 },
    { "text/plain; boundary=b",                         0 },
    { NULL,                                             0 },
};
/* clang-format on */

static void test_forms(apr_pool_t *p)
{
    for (apr_size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        apr_size_t length = strlen(forms[i].body);

        is_str(describe(TYPE, forms[i].body, length, length + 1, p)->data, forms[i].want,
               "form %d", (int)i);
        ok(same_in_pieces(TYPE, forms[i].body, length, p), "form %d in pieces", (int)i);
    }
}

static void test_types(apr_pool_t *p)
{
    wf_multipart_sink_t sink = { see_part, see_data, see_end, NULL };

    for (apr_size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        wf_multipart_t *mp;
        wf_error_t err;
        apr_status_t rv;

        wf_error_init(&err, p);
        rv = wf_multipart_create(&mp, types[i].type, &sink, p, &err);
        is_int(rv == APR_SUCCESS, types[i].fine, "%s: %s",
               types[i].type ? types[i].type : "(none)",
               err.message ? err.message : "taken");
    }
}

/* Ten megabytes whose every byte could begin a boundary. */
static void test_large(apr_pool_t *p)
{
    static const char head[] = HEAD("name=a");
    apr_size_t length = 10 * 1024 * 1024, at = sizeof head - 1;
    char *body = apr_palloc(p, at + length + sizeof END);
    const wf_buffer_t *got;

    memcpy(body, head, at);
    for (apr_size_t i = 0; i < length; i++) {
        body[at + i] = "\r\n--\r\n-"[i % 7];
    }
    memcpy(body + at + length, END, sizeof END);
    got = describe(TYPE, body, at + length + sizeof END - 1, 65536, p);
    ok(got->length == length + strlen("a||done")
           && memcmp(got->data + 2, body + at, length) == 0,
       "ten megabytes come out as they went in");
}

static int same_corpus_file(const char *path, apr_pool_t *p)
{
    apr_file_t *file;
    apr_finfo_t info;
    char *data;

    if (apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p) != APR_SUCCESS
        || apr_file_info_get(&info, APR_FINFO_SIZE, file) != APR_SUCCESS) {
        return 0;
    }
    data = apr_palloc(p, (apr_size_t)info.size + 1);
    if (apr_file_read_full(file, data, (apr_size_t)info.size, NULL) != APR_SUCCESS) {
        return 0;
    }
    apr_file_close(file);
    return LLVMFuzzerTestOneInput((unsigned char *)data, (size_t)info.size) == 0;
}

static void test_corpus(apr_pool_t *p)
{
    const char *top = getenv("WF_TOP");
    const char *folder =
        apr_pstrcat(p, top ? top : ".", "/t/fuzz/corpus/multipart", NULL);
    apr_finfo_t entry;
    apr_dir_t *dir;
    int files = 0;

    if (!ok(apr_dir_open(&dir, folder, p) == APR_SUCCESS, "open %s", folder)) {
        return;
    }
    while (apr_dir_read(&entry, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        if (entry.name[0] != '.') {
            ok(same_corpus_file(apr_pstrcat(p, folder, "/", entry.name, NULL), p), "%s",
               entry.name);
            files++;
        }
    }
    ok(files >= CORPUS_MIN, "%d files, at least %d", files, CORPUS_MIN);
    apr_dir_close(dir);
}

int main(void)
{
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    test_forms(p);
    test_types(p);
    test_large(p);
    test_corpus(p);
    apr_pool_destroy(p);
    return done_testing();
}
