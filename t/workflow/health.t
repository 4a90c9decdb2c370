# Health and readiness, at the root and below the face.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Server;
use WF::Test;

my @cases = (
    # path               what it says
    [ '/health',         { status => 'healthy' } ],
    [ '/api/v1/health',  { status => 'healthy' } ],
    [ '/ready',          { status => 'ready', ready => JSON::PP::true } ],
    [ '/api/v1/ready',   { status => 'ready', ready => JSON::PP::true } ],
);

plan tests => 6 * @cases + 14;

for my $case (@cases) {
    my ($path, $expected) = @$case;
    my $r = call('GET', $path);
    my $body = json($r);
    ok t_cmp($r->code, 200, $path);
    ok t_cmp($r->header('Content-Type'), 'application/json', "$path: type");
    ok t_cmp(delete $body->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "$path: timestamp");
    ok t_cmp($body, $expected, "$path: the rest");
    ok t_cmp($r->header('Cache-Control'), qr/no-cache|no-store/, "$path: is not to be cached");
    my $head = call('HEAD', $path);
    ok t_cmp($head->code . length $head->content, '2000', "$path: HEAD");
}

# From the second death in a row on, httpd waits before it starts another engine: alive, but
# not ready.
my $server = WF::Server->new->start;

sub kill_engine {
    my $engine = wait_until { $server->engine_pid };
    kill KILL => $engine;
    wait_until { !kill 0 => $engine };
}

kill_engine();
for my $path ('/ready', '/api/v1/ready') {
    kill_engine();
    my $r = call('GET', $path);
    ok t_cmp($r->code, 503, "$path without an engine");
    ok t_cmp(json($r)->{ready}, JSON::PP::false, "$path: ready");
    ok t_cmp(json($r)->{status}, 'not_ready', "$path: status");
    ok t_cmp($r->header('Retry-After'), qr/^\d+$/, "$path: Retry-After");
}
for my $path ('/health', '/api/v1/health') {
    ok t_cmp(get_json($path)->{status}, 'healthy', "$path does not depend on it");
}
ok wait_until { call('GET', '/ready')->code == 200 } 30;

# One that hangs is not ready either, and the probe does not hang with it.
my $engine = $server->engine_pid;
kill STOP => $engine;
my $before = time;
ok t_cmp(call('GET', '/ready')->code, 503, 'an engine that hangs');
ok time - $before < 5;
kill CONT => $engine;
ok wait_until { call('GET', '/ready')->code == 200 } 30;
