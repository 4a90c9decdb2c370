# Pictures of users: stored as they are, only if they are pictures, and gone with their user.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Test;

my $server = WF::Server->new->start;

# Enough of each kind to be recognised.
my %kind = (
    'image/png'  => "\x89PNG\r\n\x1a\n" . join('', map { chr } 0 .. 255),
    'image/jpeg' => "\xff\xd8\xff\xe0" . "\0JFIF" x 10,
    'image/gif'  => 'GIF89a' . "\1\0\1\0\0;",
    'image/webp' => "RIFF\x24\0\0\0WEBPVP8 " . 'x' x 20,
);
my $svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
my $picture = '/user/gonzo/picture';

# PUT the bytes with a type of their own, or as the file of a form.
sub put { my ($type, $bytes, %opt) = @_; call('PUT', $picture, $bytes, %opt, headers => { 'Content-Type' => $type }) }
sub put_form {
    my ($type, $bytes, $field, $filename) = @_;
    my $name = $field // 'file';
    my $body = "--b\r\nContent-Disposition: form-data; name=\"$name\"; filename=\"" . ($filename // 'a.png') . '"'
             . (defined $type ? "\r\nContent-Type: $type" : '') . "\r\n\r\n$bytes\r\n--b--\r\n";
    return call('PUT', $picture, $body, headers => { 'Content-Type' => 'multipart/form-data; boundary=b' });
}
# What comes back.
sub got { my $r = call('GET', $picture, undef, user => 'fozzie'); $r->code . ' ' . ($r->header('Content-Type') // '') . ' ' . length $r->content }
sub message { json(shift)->{message} }
sub array_count { my ($row) = grep { $_->{tableName} eq 'ACT_GE_BYTEARRAY' } @{ get_json('/management/tables')->{data} }; $row->{total} }

my @refused = (
    # what                         answer                                              status message
    [ 'SVG',                       sub { put('image/svg+xml', $svg) },                 400, qr/PNG, JPEG, GIF or WebP/ ],
    [ 'a page called a picture',   sub { put('image/png', '<html></html>') },          400, qr/PNG, JPEG/ ],
    [ 'a GIF called PNG',          sub { put('image/png', $kind{'image/gif'}) },       400, qr/is image\/gif/ ],
    [ 'an unknown picture',        sub { put('image/bmp', 'BM' . 'x' x 50) },          400, qr/PNG, JPEG/ ],
    [ 'nothing',                   sub { put('image/png', '') },                       400, qr/PNG, JPEG/ ],
    [ 'the beginning of one',      sub { put('image/png', "\x89PNG") },                400, qr/PNG, JPEG/ ],
    [ 'RIFF that is a sound',      sub { put('image/webp', "RIFF\x24\0\0\0WAVEfmt ") }, 400, qr/PNG, JPEG/ ],
    [ 'JSON',                      sub { put('application/json', '{}') },              400, qr/Content-Type/ ],
    [ 'no known type',             sub { put('application/octet-stream', $kind{'image/png'}) }, 400, qr/Content-Type/ ],
    [ 'a form without it',         sub { put_form('image/png', 'x', 'other') },        400, qr/'file'/ ],
    [ 'an empty file',             sub { put_form('image/png', '') },                  400, qr/PNG, JPEG/ ],
    [ 'a form with a page',        sub { put_form('text/html', '<html>') },            400, qr/PNG, JPEG/ ],
    [ 'a form that lies',          sub { put_form('image/jpeg', $kind{'image/png'}) }, 400, qr/is image\/png/ ],
    [ 'a large one',               sub { put('image/png', $kind{'image/png'} . 'x' x 1048576) }, 413, qr/1048576 bytes/ ],
    [ 'a large one in a form',     sub { put_form(undef, $kind{'image/png'} . 'x' x 1048576) },  413, qr/1048576 bytes/ ],
    [ 'of nobody',                 sub { call('PUT', '/user/nobody/picture', $kind{'image/png'}, headers => { 'Content-Type' => 'image/png' }) }, 404, qr/no user/ ],
    [ 'deleting one of nobody',    sub { call('DELETE', '/user/nobody/picture') },     404, qr/no user/ ],
    [ 'deleting none',             sub { call('DELETE', $picture) },                   404, qr/no picture/ ],
);

plan tests => 2 * @refused + 4 * keys(%kind) + 17;

my $arrays = array_count();
for my $case (@refused) {
    my ($what, $call, $status, $message) = @$case;
    my $r = $call->();
    ok t_cmp($r->code, $status, $what);
    ok t_cmp(message($r), $message, $what);
}
ok t_cmp(call('GET', $picture)->code, 404, 'there is still none');
ok t_cmp(call('GET', $picture)->header('Content-Type'), qr/^text\/html/, 'a page says so');
ok t_cmp(message(call('GET', "$picture?format=json")), qr/'gonzo' has no picture/, 'or a document');
ok t_cmp(array_count(), $arrays, 'nothing was stored');

for my $type (sort keys %kind) {
    my $bytes = $kind{$type};
    my $form = $type =~ /png|gif/;
    ok t_cmp(($form ? put_form($type eq 'image/gif' ? undef : 'application/octet-stream', $bytes) : put("$type; q=1", $bytes))->content,
             '{"success":true}', $type);
    my $r = call('GET', $picture, undef, user => 'fozzie');
    ok t_cmp(join(' ', $r->code, $r->header('Content-Type'), $r->content eq $bytes ? 'same' : 'other'), "200 $type same");
    ok t_cmp(join(' ', $r->header('X-Content-Type-Options'), $r->header('Content-Disposition') // 'inline'), 'nosniff inline', 'shown in its place');
    ok t_cmp(array_count(), $arrays + 1, 'it takes the place of the one before');
}
ok t_cmp(call('HEAD', $picture)->header('Content-Length'), length $kind{'image/webp'}, 'HEAD');
ok t_cmp(put('IMAGE/PNG', $kind{'image/png'})->code, 200, 'types know no case');
ok t_cmp(put('image/png', $kind{'image/png'}, user => 'fozzie')->code, 403, 'only an administrator');
ok t_cmp(call('GET', $picture, undef, user => undef)->code, 401, 'nobody sees it without a name');
my ($row) = grep { $_->{NAME_} eq 'image/png' } @{ get_json('/management/table/ACT_GE_BYTEARRAY/data?size=1000&sort=NAME_')->{data} };
ok t_cmp($row->{BYTES_}, length $kind{'image/png'}, 'its row');
ok t_cmp(put('image/png', $kind{'image/png'} . 'x' x (1048576 - length $kind{'image/png'}))->code, 200, 'as large as may be');

ok t_cmp(call('DELETE', $picture)->code, 200, 'taken away');
ok t_cmp(call('DELETE', $picture)->code, 404, 'once');
ok t_cmp(got(), qr/^404 /);
ok t_cmp(array_count(), $arrays, 'with its bytes');

put('image/png', $kind{'image/png'});
ok t_cmp(call('DELETE', '/user/gonzo')->code, 200, 'a user with a picture');
ok t_cmp(array_count(), $arrays, 'leaves nothing');
call('PUT', '/user', { id => 'gonzo' });
ok t_cmp(got(), qr/^404 /, 'and the next of that name has none');
