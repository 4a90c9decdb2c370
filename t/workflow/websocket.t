# Following an execution over a WebSocket: the handshake and what it refuses, the messages and
# their period, the end; frames of all kinds from clients, also those that break the rules;
# readers that do not read.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time sleep);
use WF::Target;
use WF::Test;
use WF::WebSocket;

use constant AT_ONCE => 200;

my @handshakes = (      # what                      headers, other options                         status, code, header
    [ 'no upgrade',         [ Upgrade => undef, Connection => undef ], {},                         426, 'upgrade_required', Upgrade => 'websocket' ],
    [ 'another upgrade',    [ Upgrade => 'h2c' ], {},                                              426, 'upgrade_required', Connection => 'Upgrade' ],
    [ 'upgrade not said',   [ Connection => 'keep-alive' ], {},                                    426, 'upgrade_required', Upgrade => 'websocket' ],
    [ 'HTTP/1.0',           [], { protocol => 'HTTP/1.0' },                                        426, 'upgrade_required', Upgrade => 'websocket' ],
    [ 'version 8',          [ 'Sec-WebSocket-Version' => 8 ], {},                                  426, 'upgrade_required', 'Sec-WebSocket-Version' => '13' ],
    [ 'no version',         [ 'Sec-WebSocket-Version' => undef ], {},                              426, 'upgrade_required', 'Sec-WebSocket-Version' => '13' ],
    [ 'no key',             [ 'Sec-WebSocket-Key' => undef ], {},                                  400, 'invalid_request' ],
    [ 'a short key',        [ 'Sec-WebSocket-Key' => 'AAAA' ], {},                                 400, 'invalid_request' ],
    [ 'a key of 18 bytes',  [ 'Sec-WebSocket-Key' => 'A' x 24 ], {},                               400, 'invalid_request' ],
    [ 'a page elsewhere',   [ Origin => 'https://evil.example' ], {},                              403, 'forbidden' ],
    [ 'a page elsewhere, as its browser says', [ 'Sec-Fetch-Site' => 'cross-site' ], {},           403, 'forbidden' ],
    [ 'POST',               [], { method => 'POST' },                                              405, 'method_not_allowed', Allow => 'GET, HEAD, OPTIONS' ],
    [ 'our own page',       [ Origin => 'http://LOCALHOST' ], {},                                  101 ],
    [ 'tokens in lists',    [ Connection => 'keep-alive, Upgrade', Upgrade => 'foo, WebSocket' ], {}, 101 ],
    [ 'an extension that we do not know', [ 'Sec-WebSocket-Extensions' => 'permessage-deflate' ], {}, 101 ],
);

my @broken = (          # what the client sends                                             close code
    [ 'a frame without mask',         sub { shift->send(TEXT, 'x', mask => 0) },            1002 ],
    [ 'a reserved bit',               sub { shift->send(TEXT, 'x', rsv => 4) },             1002 ],
    [ 'an unknown opcode',            sub { shift->send(3, 'x') },                          1002 ],
    [ 'a continuation of nothing',    sub { shift->send(CONTINUATION, 'x') },               1002 ],
    [ 'a fragmented ping',            sub { shift->send(PING, 'x', fin => 0) },             '' ],
    [ 'a ping that is too long',      sub { shift->send(PING, 'x' x 126) },                 '' ],
    [ 'text that is not UTF-8',       sub { shift->send(TEXT, "\xff\xfe") },                1007 ],
    [ 'a frame that is too long',     sub { shift->send(BINARY, 'x', length => 70_000) },   1009 ],
    [ 'a frame of 2^62 bytes',        sub { shift->send(BINARY, 'x', length => 2 ** 62) },  1009 ],
    [ 'a close code that is none',    sub { shift->send(CLOSE, pack 'n', 999) },            1002 ],
    [ 'a close frame of one byte',    sub { shift->send(CLOSE, 'x') },                      '' ],
);

my $more = 4 * @handshakes - 3 * 3 + 2 * @broken;
plan tests => 63 + $more;

my $target = WF::Target->new('/quick' => { delay => 0.02 }, '/hang' => { hang => 1 });
my $steps = [ http_step(s => $target->url('/quick')) ];
sub running { submit(workflow($steps, { vus => 2, duration => '300s', @_ })) }
sub ws { my ($id, @opt) = @_; WF::WebSocket->new("/api/v1/executions/$id/ws", @opt) }
sub stop { call('DELETE', '/api/v1/executions/' . shift) }

# ---- messages -------------------------------------------------------------------------------

my $id = running();
wait_until { metrics($id)->{total_iterations} > 10 };
my $asked = time;
my $ws = ws($id);
ok t_cmp($ws->{status}, 101, 'the upgrade');
ok $ws->{accepted};
ok t_cmp($ws->header('Upgrade') . $ws->header('Connection'), 'websocketUpgrade', 'its headers');
ok !defined $ws->header('Sec-WebSocket-Extensions');
ok !defined $ws->header('Transfer-Encoding');
my $first = $ws->json;
ok time - $asked < 0.8 or t_debug(time - $asked);
ok t_cmp($first->{type}, 'metrics', 'the first message comes at once');
ok t_cmp($first->{execution_id}, $id, 'whose it is');
ok t_cmp($first->{status}, 'running', 'its status');
ok t_cmp($first->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'its time');
my $d = $first->{data};
ok t_cmp(join(' ', sort keys %$d), 'http_req_duration http_req_failed http_reqs iteration progress vus', 'its figures');
ok t_cmp($d->{vus}, 2, 'virtual users');
ok $d->{iteration} > 10 && $d->{http_reqs}{count} >= $d->{iteration} or t_debug(%$d);
ok $d->{http_reqs}{rate} > 1 && $d->{http_reqs}{rate} < 101 or t_debug($d->{http_reqs}{rate});
ok t_cmp($d->{http_req_failed}{rate}, 0, 'none has failed');
my $t = $d->{http_req_duration};
ok $t->{avg} >= 20 && $t->{avg} < 5000 && $t->{min} <= $t->{med} && $t->{med} <= $t->{p90}
    && $t->{p90} <= $t->{p95} && $t->{p95} <= $t->{p99} && $t->{p99} <= $t->{max} or t_debug(map { "$_ $t->{$_}" } sort keys %$t);
my ($before, @times) = $d->{iteration};
for (1 .. 3) {
    my $m = $ws->json;
    push @times, time;
    ok $m->{type} eq 'metrics' && $m->{data}{iteration} > $before or t_debug($m->{data}{iteration}, $before);
    $before = $m->{data}{iteration};
}
ok $times[2] - $times[0] > 1.3 && $times[2] - $times[0] < 10 or t_debug(@times);   # one a second
my @frames = map { $ws->next_frame } 1;
ok t_cmp("$frames[0]{opcode} $frames[0]{fin} $frames[0]{rsv}", '1 1 0', 'one text frame each');

# Texts mean nothing, whatever they say and in however many pieces they come.
$ws->send(TEXT, 'hello');
$ws->send(TEXT, '{"type":', fin => 0);
$ws->send(PING, 'in between');
$ws->send(CONTINUATION, '"stop', fin => 0);
$ws->send(CONTINUATION, '"}');
$ws->send(BINARY, "\0\1" x 30_000);
$ws->send(PONG, 'nobody has asked');
my $pong;
wait_until { my $f = $ws->next_frame; $pong = $f if $f->{opcode} == PONG; $pong };
ok t_cmp($pong->{payload}, 'in between', 'a ping is answered, also between fragments');
ok t_cmp($ws->json->{type}, 'metrics', 'and it goes on');
$ws->leave(1000);
ok !defined $ws->text;
ok t_cmp($ws->code, 1000, 'a farewell is answered');
ok $ws->is_gone;

# A pause is seen, and its end.
my $watch = ws($id);
for my $case ([ pause => 'paused' ], [ resume => 'running' ]) {
    my ($action, $status) = @$case;
    call('POST', "/api/v1/executions/$id/$action");
    my $m;
    ok wait_until { $m = $watch->json; $m->{status} eq $status };
}
$watch->hang_up;

# The other payload.
my $other = WF::WebSocket->new("/api/v1/executions/$id/metrics/stream");
my $m = $other->json;
ok t_cmp(join(' ', sort keys %$m), 'execution_id metrics status timestamp type', 'the stream of metrics');
ok t_cmp(join(' ', sort keys %{ $m->{metrics} }), join(' ', sort keys %{ metrics($id) }), 'as the endpoint has them');
ok $m->{metrics}{step_metrics}{s}{count} > 10;
stop($id);
my @rest = $other->rest;
ok t_cmp("$rest[-2]{type} $rest[-1]{type}", 'metrics complete', 'its end');
ok t_cmp($rest[-1]{metrics}, metrics($id), 'with the final metrics');
ok t_cmp($other->code, 1000, 'normally closed');

# ---- the end ----------------------------------------------------------------------------------

$id = submit(workflow($steps, { vus => 2, iterations => 40 }, id => 'ends'));
my @all = ws($id)->rest;
ok t_cmp($all[0]{type}, 'metrics', 'a short run begins');
ok t_cmp("$all[-2]{type} $all[-1]{type}", 'metrics complete', 'and ends');
ok t_cmp($all[-1]{status}, 'completed', 'with its status');
ok t_cmp($all[-1]{data}{iteration}, 80, 'final figures');
ok t_cmp($all[-1]{data}{http_reqs}{count}, 80, 'of all requests');
ok t_cmp($all[-1]{data}{progress}, 1, 'it is done');
ok t_cmp(scalar(grep { $_->{type} eq 'complete' } @all), 1, 'once');
ok t_cmp(execution($id)->{status}, 'completed', 'as its record says');
$ws = ws($id);
my @again = $ws->rest;
ok t_cmp(join(' ', map { $_->{type} } @again), 'metrics complete', 'one that has ended long ago');
ok t_cmp($again[1]{data}, $all[-1]{data}, 'has the same figures');
ok t_cmp($ws->code, 1000, 'is closed normally');
ok $ws->is_gone;

$id = running();
$ws = ws($id);
$ws->json;
my $stopped = time;
stop($id);
@rest = $ws->rest;
ok t_cmp($rest[-1]{status}, 'aborted', 'one that is stopped');
ok time - $stopped < 5;

$ws = ws('exec-none');
ok t_cmp($ws->{status}, 101, 'an unknown one: the upgrade is accepted');
@rest = $ws->rest;
ok t_cmp(scalar(@rest) . $rest[0]{type}, '1error', 'one error');
ok t_cmp($rest[0]{error}, "no execution with id 'exec-none'", 'that says so');
ok $ws->is_gone;
ok t_cmp(ws('x' x 255)->json->{type}, 'error', 'a long one, too');
ok t_cmp(ws('x' x 256)->{status}, 400, 'a longer one is none');

# ---- handshakes --------------------------------------------------------------------------------

$id = running();
for my $case (@handshakes) {
    my ($what, $headers, $opt, $status, $code, $name, $value) = @$case;
    my $ws = ws($id, headers => { Host => 'localhost', @$headers }, %$opt);
    ok t_cmp($ws->{status}, $status, "$what: status");
    if ($status == 101) { $ws->hang_up; next }
    my $error = JSON::PP::decode_json($ws->body);
    ok t_cmp($error->{error}, $code, "$what: code");
    ok length $error->{message} > 10;
    ok $name ? t_cmp($ws->header($name), qr/^\Q$value\E$/i, "$what: $name") : 1;
}
# What comes with the handshake is not lost.
$ws = ws($id, early => WF::WebSocket::frame(PING, 'early') . WF::WebSocket::frame(TEXT, 'bird'));
my @opcodes = map { $ws->next_frame->{opcode} } 1, 2;
ok t_cmp(join(' ', sort @opcodes), TEXT . ' ' . PONG, 'a client that does not wait for the answer');
$ws = ws($id, early => WF::WebSocket::frame(CLOSE, pack 'n', 1001));
ok !defined $ws->text || !defined $ws->text;
ok t_cmp($ws->code, 1001, 'or leaves at once');

# ---- rules ---------------------------------------------------------------------------------------

for my $case (@broken) {
    my ($what, $break, $code) = @$case;
    my $ws = ws($id);
    $ws->json;
    $break->($ws);
    my $until = time + 10;
    1 while time < $until && defined $ws->text;
    ok t_cmp($ws->code, $code, $what);
    ok $ws->is_gone;
}

# ---- many, and slow ones ---------------------------------------------------------------------------

# One that floods us with pings and never reads, one that sends half a frame, one that hangs up.
my $flood = ws($id, rcvbuf => 2048);
{
    my $pings = WF::WebSocket::frame(PING, 'p' x 100) x 1000;
    $flood->{socket}->blocking(0);
    my $until = time + 2;
    local $SIG{PIPE} = 'IGNORE';
    1 while time < $until && (syswrite($flood->{socket}, $pings) || sleep 0.01);
    $flood->{socket}->blocking(1);
}
my $half = ws($id);
$half->write(substr WF::WebSocket::frame(TEXT, 'x' x 1000), 0, 500);
ws($id)->hang_up for 1 .. 20;
my $began = time;
my @many = map { ws($id) } 1 .. AT_ONCE;
t_debug('opened in ' . (time - $began));
ok t_cmp(scalar(grep { $_->{status} == 101 && $_->json->{type} eq 'metrics' } @many), AT_ONCE, AT_ONCE . ' at once');
$began = time;
my @second = map { $_->json } @many;
ok t_cmp(scalar(grep { $_->{type} eq 'metrics' } @second), AT_ONCE, 'each hears more');
ok time - $began < 5 or t_debug(time - $began);
ok t_cmp(call('GET', '/health')->code, 200, 'and others are served');
ok t_cmp($half->json->{type}, 'metrics', 'half a frame is waited for');
$_->leave for @many;
stop($id);
ok t_cmp(scalar(grep { $_->is_gone } @many), AT_ONCE, 'all leave');
