/* Pictures are known by their first bytes, whatever they are called. */
#include "activiti/internal.h"
#include "tap.h"

#define BYTES(text) text, sizeof(text) - 1

int main(void)
{
    static const struct {
        const char *what, *data;
        apr_size_t length;
        const char *want; /* NULL = no picture */
    } cases[] = {
        /* clang-format off */
        { "PNG",                  BYTES("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),  "image/png" },
        { "JPEG",                 BYTES("\xff\xd8\xff\xe0\0\x10JFIF"),     "image/jpeg" },
        { "JPEG of a camera",     BYTES("\xff\xd8\xff\xe1\0\x10" "Exif"),  "image/jpeg" },
        { "GIF",                  BYTES("GIF87a\1\0"),                     "image/gif" },
        { "animated GIF",         BYTES("GIF89a\1\0"),                     "image/gif" },
        { "WebP",                 BYTES("RIFF\x24\0\0\0WEBPVP8 "),         "image/webp" },
        { "just the signature",   BYTES("\x89PNG\r\n\x1a\n"),              "image/png" },
        { "a cut signature",      BYTES("\x89PNG\r\n\x1a"),                NULL },
        { "PNG sent as text",     BYTES("\x89PNG\n\x1a\n\0\0"),            NULL },
        { "a cut WebP",           BYTES("RIFF\x24\0\0\0WEB"),              NULL },
        { "RIFF with sound",      BYTES("RIFF\x24\0\0\0WAVEfmt "),         NULL },
        { "GIF of another year",  BYTES("GIF90a\1\0"),                     NULL },
        { "SVG",                  BYTES("<svg xmlns=\"\"/>"),              NULL },
        { "a page",               BYTES("<!DOCTYPE html>"),                NULL },
        { "blanks before PNG",    BYTES(" \x89PNG\r\n\x1a\n"),             NULL },
        { "NULs",                 BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"),       NULL },
        { "nothing",              BYTES(""),                               NULL },
        /* clang-format on */
    };

    for (apr_size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        is_str(wf_picture_type(cases[i].data, cases[i].length), cases[i].want, "%s",
               cases[i].what);
    }
    return done_testing();
}
