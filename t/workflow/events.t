# Following an execution by server-sent events: the head, the events and their ids, the end and
# how browsers are kept from coming back, other sites, proxies, clients that do not read.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time sleep);
use WF::EventStream;
use WF::Server;
use WF::Target;
use WF::Test;

use constant AT_ONCE => 100;

plan tests => 61;

my $target = WF::Target->new('/quick' => { delay => 0.02 });
my $steps = [ http_step(s => $target->url('/quick')) ];
sub running { submit(workflow($steps, { vus => 2, duration => '300s', @_ })) }
sub events_of { my ($id, @opt) = @_; WF::EventStream->new("/api/v1/executions/$id/events", @opt) }
sub stop { call('DELETE', '/api/v1/executions/' . shift) }

# ---- events ---------------------------------------------------------------------------------

my $id = running();
wait_until { metrics($id)->{total_iterations} > 10 };
my $asked = time;
my $events = events_of($id);
ok t_cmp($events->{status}, 200, 'the head');
ok t_cmp($events->header('Content-Type'), 'text/event-stream', 'its type');
ok t_cmp($events->header('Cache-Control'), qr/\bno-cache\b.*\bno-transform\b/, 'nobody keeps or changes it');
ok t_cmp($events->header('X-Accel-Buffering'), 'no', 'no proxy collects it');
ok t_cmp($events->header('Connection'), 'close', 'it lasts as long as the connection');
ok !defined $events->header('Transfer-Encoding') && !defined $events->header('Content-Length');
my $first = $events->event;
ok time - $asked < 0.8 or t_debug(time - $asked);
ok t_cmp("$first->{event} $first->{id}", 'metrics 1', 'the first event comes at once');
ok t_cmp($events->{retry}, qr/^\d+$/, 'and when to come back');
my $m = JSON::PP::decode_json($first->{data});
ok t_cmp("$m->{type} $m->{execution_id} $m->{status}", "metrics $id running", 'the update of the WebSocket');
ok $m->{data}{vus} == 2 && $m->{data}{iteration} > 10;
my @times;
for (2 .. 4) {
    my $event = $events->event;
    push @times, time;
    ok t_cmp("$event->{event} $event->{id}", "metrics $_", "event $_");
}
ok $times[2] - $times[0] > 1.3 && $times[2] - $times[0] < 10 or t_debug(@times);   # one a second
$events->write("GET / HTTP/1.1\r\nHost: x\r\n\r\n" x 10);
ok t_cmp($events->json->{type}, 'metrics', 'what a client sends does not matter');

stop($id);
my @rest;
while (my $event = $events->event) { push @rest, $event }
ok t_cmp("$rest[-1]{event} $rest[-1]{id}", 'complete end', 'the last event');
ok t_cmp(JSON::PP::decode_json($rest[-1]{data})->{status}, 'aborted', 'its status');
ok t_cmp($rest[-2]{event}, 'metrics', 'after the last figures');
ok $events->is_gone;

# A browser comes back with the id of the last event that it has heard.
ok t_cmp(events_of($id, headers => { 'Last-Event-ID' => 'end' })->{status}, 204, 'who has heard the end need not come back');
for my $last ('4', '', "\xff", 'x' x 1000) {
    my $again = events_of($id, headers => { 'Last-Event-ID' => $last });
    ok t_cmp(join(' ', map { $again->event->{event} } 1, 2), 'metrics complete', 'another one hears the end');
}

# ---- a run from its first to its last moment --------------------------------------------------

$id = submit(workflow($steps, { vus => 2, iterations => 40 }));
$events = events_of($id);
@rest = ();
while (my $event = $events->event) { push @rest, $event }
ok t_cmp($rest[0]{id}, 1, 'its beginning');
ok t_cmp(scalar(grep { $_->{event} eq 'complete' } @rest), 1, 'one end');
$m = JSON::PP::decode_json($rest[-1]{data});
ok t_cmp("$m->{type} $m->{status} $m->{data}{iteration} $m->{data}{http_reqs}{count}", 'complete completed 80 80', 'what it says');

# ---- what is refused ---------------------------------------------------------------------------

my $none = events_of('exec-none');
ok t_cmp($none->{status}, 404, 'an unknown execution');
ok t_cmp(JSON::PP::decode_json($none->body)->{error}, 'not_found', 'its code');
ok t_cmp(events_of($id, method => 'POST')->{status}, 405, 'POST');
my $head = events_of($id, method => 'HEAD');
ok t_cmp("$head->{status} " . $head->header('Content-Type'), '200 text/event-stream', 'HEAD');
ok t_cmp($head->body, '', 'is only a head');
my $old = events_of($id, protocol => 'HTTP/1.0');
ok t_cmp($old->{status}, 200, 'HTTP/1.0');
ok t_cmp(join(' ', map { $old->event->{event} } 1, 2), 'metrics complete', 'has all of it, too');

# ---- many, and slow ones -------------------------------------------------------------------------

$id = running();
my $deaf = events_of($id, rcvbuf => 2048);
events_of($id)->hang_up for 1 .. 20;
my @many = map { events_of($id) } 1 .. AT_ONCE;
ok t_cmp(scalar(grep { $_->json->{type} eq 'metrics' } @many), AT_ONCE, AT_ONCE . ' at once');
ok t_cmp(scalar(grep { $_->json->{type} eq 'metrics' } @many), AT_ONCE, 'each hears more');
ok t_cmp(call('GET', '/health')->code, 200, 'and others are served');

# The one that did not read has missed updates in between, and none twice. A socket of that size
# takes some twenty of them.
for (1 .. 20) { $many[0]->json }
my ($before, @ids) = (0);
{
    my $until = time + 5;
    while (time < $until && (my $event = $deaf->event(2))) {
        push @ids, JSON::PP::decode_json($event->{data})->{data}{iteration};
    }
}
ok @ids > 2 or t_debug(@ids);
ok t_cmp("@ids", join(' ', sort { $a <=> $b } @ids), 'a slow reader: nothing comes twice or out of order');
my $now = metrics($id)->{total_iterations};
ok $ids[-1] > $now - 300 or t_debug("$ids[-1] of $now");
stop($id);

# ---- members only, and other sites -----------------------------------------------------------------

my $server = WF::Server->new(demo => 0, extra => <<"END")->start;
LoadModule authn_file_module $ENV{WF_MODULES}/mod_authn_file.so
LoadModule filter_module $ENV{WF_MODULES}/mod_filter.so
LoadModule deflate_module $ENV{WF_MODULES}/mod_deflate.so
<Location "/members">
    WorkflowApi workflow
    AuthType Basic
    AuthName members
    AuthBasicProvider file
    AuthUserFile $ENV{WF_DIR}/root/conf/users
    Require valid-user
</Location>
<Location "/api/v1">
    WorkflowAllowOrigin https://dashboard.example http://localhost:3000
    SetOutputFilter DEFLATE
</Location>
END
$id = running();
my $credentials = 'Basic ' . MIME::Base64::encode_base64('waldorf:balcony', '');
for my $client (WF::WebSocket->new("/members/executions/$id/ws"), WF::EventStream->new("/members/executions/$id/events")) {
    ok t_cmp($client->{status} . JSON::PP::decode_json($client->body)->{error}, '401unauthorized', 'who is no member');
}
for my $client (WF::WebSocket->new("/members/executions/$id/ws", headers => { Authorization => $credentials }),
                WF::EventStream->new("/members/executions/$id/events", headers => { Authorization => $credentials })) {
    ok t_cmp($client->json->{type}, 'metrics', 'who is');
}
for my $case (['https://dashboard.example', 1], ['https://other.example', 0], ['http://localhost:3000', 1], [ 'http://localhost', 0 ]) {
    my ($origin, $may) = @$case;
    my $e = events_of($id, headers => { Origin => $origin, 'Accept-Encoding' => 'gzip' });
    ok t_cmp($e->header('Access-Control-Allow-Origin'), $may ? $origin : undef, "$origin may " . ($may ? '' : 'not ') . 'read');
    ok !defined $e->header('Content-Encoding') && $e->json->{type} eq 'metrics';
    next if $origin eq 'http://localhost';
    my $ws = WF::WebSocket->new("/api/v1/executions/$id/ws", headers => { Origin => $origin, 'Sec-Fetch-Site' => 'cross-site' });
    ok t_cmp($ws->{status}, $may ? 101 : 403, "and $origin over a WebSocket");
}
for my $wrong ('dashboard.example', 'https://', 'https://x/path', 'https://*.example', '://x') {
    my $other = WF::Server->new(engine => 0, extra => "<Location \"/api/v1\">\nWorkflowAllowOrigin $wrong\n</Location>");
    my ($output, $status) = $other->httpd('-t');
    ok $status && $output =~ /WorkflowAllowOrigin takes \* or origins/ or t_debug($wrong, $output);
}
