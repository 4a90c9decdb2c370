# Clients that stay, under an MPM: over plain HTTP they hold no worker and notice no restart of
# httpd; over TLS and HTTP/2 a worker carries their bytes. How many there may be; what becomes
# of them when the engine dies, and when the server stops.
package WF::Staying;
use strict;
use warnings;
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time sleep);
use WF::EventStream;
use WF::Server;
use WF::Target;
use WF::Test;
use WF::WebSocket;

use constant { PLAIN => 20, TUNNELS => 3 };

my $tls = eval { require IO::Socket::SSL; 1 } && `openssl version 2>/dev/null`;
my $curl = `curl --version 2>/dev/null` =~ /HTTP2/;
my $target;
sub running { submit(workflow([ http_step(s => $target->url('/quick')) ], { vus => 1, duration => '300s' })) }

# A server with a second port, which speaks TLS.
sub start_server {
    my ($mpm, $extra) = @_;
    my $server = WF::Server->new(mpm => $mpm, status => 1, demo => 0);
    $server->{tls} = WF::Server::free_port();
    my ($key, $cert) = map { $server->file($_) } qw(key.pem cert.pem);
    my @modules = ('ssl', $mpm eq 'prefork' ? () : 'http2');
    if ($tls) {
        system("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=localhost -days 2 -keyout $key -out $cert >/dev/null 2>&1") and die 'no certificate';
        $server->{extra} = join '', map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so\n" } @modules;
        $server->{extra} .= "Listen 127.0.0.1:$server->{tls}\nProtocols h2 http/1.1\n<VirtualHost 127.0.0.1:$server->{tls}>\nSSLEngine on\n"
            . "SSLCertificateFile $cert\nSSLCertificateKeyFile $key\n</VirtualHost>\n";
    }
    $server->{proxy} = WF::Server::free_port();
    $server->{extra} .= join '', map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so\n" } qw(proxy proxy_http reqtimeout);
    $server->{extra} .= "RequestReadTimeout header=5 body=5\nTimeout 5\n";
    $server->{extra} .= "Listen 127.0.0.1:$server->{proxy}\n<VirtualHost 127.0.0.1:$server->{proxy}>\n"
        . "<Location /api/v1>\nWorkflowApi Off\n</Location>\n"
        . "ProxyPass /api/v1 http://127.0.0.1:$server->{port}/api/v1 upgrade=websocket flushpackets=on\n</VirtualHost>\n";
    $server->{extra} .= $extra;
    return $server->write_config->start;
}

sub ws_of { my ($id, @opt) = @_; WF::WebSocket->new("/api/v1/executions/$id/ws", @opt) }
sub events_of { my ($id, @opt) = @_; WF::EventStream->new("/api/v1/executions/$id/events", @opt) }
sub hears { my ($client, $type) = @_; my $m = $client->json; ($m->{type} // '') eq ($type // 'metrics') }
sub count { my ($what, @clients) = @_; scalar grep { $what->($_) } @clients }
sub busy { my ($server, $id, $what) = @_; $server->answering("/api/v1/executions/$id/$what") }

# The tests of a file; httpd/streams-<MPM>.t are three, so that they run side by side.
sub test_under {
    my $mpm = shift;
    plan tests => 54;
    $target = WF::Target->new('/quick' => { delay => 0.02 });
    my $server = start_server($mpm, "WorkflowMaxStreams 50\nWorkflowMaxTunnels 6\n");
    my $engine = $server->engine_pid;
    my $id = running();
    my @secure = (tls => 1, port => $server->{tls});
    wait_until { metrics($id)->{total_iterations} > 0 };

    my %config = %{ JSON::PP::decode_json($server->slurp('engine/engine.json')) };
    ok t_cmp("$config{max_streams} $config{max_tunnels}", '50 6', "$mpm: the limits");

    # No worker for plain ones.
    my @ws = map { ws_of($id) } 1 .. PLAIN;
    my @events = map { events_of($id) } 1 .. PLAIN;
    ok t_cmp(count(\&hears, @ws, @events), 2 * PLAIN, "$mpm: clients over plain HTTP");
    ok t_cmp(busy($server, $id, 'ws') + busy($server, $id, 'events'), 0, "$mpm: hold no worker");
    ok t_cmp(scalar(() = $server->slurp('access.log') =~ m{^GET /api/v1/executions/$id/ws HTTP/1.1 101$}mg), PLAIN, "$mpm: their lines in the log");
    ok t_cmp(scalar(() = $server->slurp('access.log') =~ m{^GET /api/v1/executions/$id/events HTTP/1.1 200$}mg), PLAIN, "$mpm: both kinds");

    # Through a proxy. It says itself whom it was asked as.
    my $origin = "http://localhost:$server->{proxy}";
    my $through = ws_of($id, port => $server->{proxy}, headers => { Host => "localhost:$server->{proxy}", Origin => $origin });
    ok t_cmp($through->{status} . join(' ', map { $through->json->{type} } 1 .. 3), '101metrics metrics metrics', "$mpm: a WebSocket through a proxy");
    $through->leave;
    $through->rest;
    ok t_cmp($through->code, 1000, "$mpm: and its end");
    $through = events_of($id, port => $server->{proxy});
    my $began = time;
    ok t_cmp($through->{status} . join(' ', map { $through->json->{type} } 1 .. 3), '200metrics metrics metrics', "$mpm: events through a proxy");
    ok time - $began < 4 or t_debug(time - $began);
    $through->hang_up;
    wait_until { !busy($server, $id, 'events') && !busy($server, $id, 'ws') };

    # One for each that needs it.
    my (@tls_ws, @tls_events);
    if ($tls) {
        @tls_ws = map { ws_of($id, @secure) } 1 .. TUNNELS;
        @tls_events = map { events_of($id, @secure) } 1 .. TUNNELS;
        ok t_cmp(count(\&hears, @tls_ws, @tls_events), 2 * TUNNELS, "$mpm: over TLS");
        ok t_cmp(count(\&hears, @tls_ws, @tls_events), 2 * TUNNELS, "$mpm: they go on");
        ok t_cmp(busy($server, $id, 'ws') . busy($server, $id, 'events'), TUNNELS . TUNNELS, "$mpm: a worker each");
        ok t_cmp($tls_ws[0]->{accepted}, 1, "$mpm: the handshake");
        $tls_ws[0]->send(PING, 'x' x 125);
        my $pong;
        wait_until { my $f = $tls_ws[0]->next_frame; $pong = $f if $f->{opcode} == PONG; $pong };
        ok t_cmp($pong->{payload}, 'x' x 125, "$mpm: what they say arrives");
        my ($one_more, $other) = (ws_of($id, @secure), events_of($id, @secure));
        ok t_cmp("$one_more->{status} $other->{status}", '503 503', "$mpm: no more of them");
        ok t_cmp($one_more->header('Retry-After'), qr/^\d+$/, "$mpm: for now");
        ok t_cmp(JSON::PP::decode_json($one_more->body)->{error}, 'service_unavailable', "$mpm: its code");
        ok t_cmp(ws_of($id)->{status}, 101, "$mpm: plain ones find a place");
        $tls_ws[2]->leave;
        $tls_events[2]->hang_up;
        $tls_ws[2]->rest;
        ok t_cmp($tls_ws[2]->code, 1000, "$mpm: one leaves");
        ok wait_until { busy($server, $id, 'ws') + busy($server, $id, 'events') == 2 * TUNNELS - 2 };
        my $again;
        ok wait_until { $again = ws_of($id, @secure); $again->{status} == 101 };
        ok hears($again);
        $again->hang_up;
        ok wait_until { busy($server, $id, 'ws') == TUNNELS - 1 };
        pop @tls_ws, pop @tls_events;
    }
    else { skip("needs IO::Socket::SSL and openssl") for 1 .. 14 }
    if ($curl && $tls && $mpm ne 'prefork') {
        my $got = `curl -skN --http2 --max-time 3 -D - https://127.0.0.1:$server->{tls}/api/v1/executions/$id/events`;
        ok t_cmp($got, qr{^HTTP/2 200.*^content-type: text/event-stream}ms, "$mpm: events over HTTP/2");
        ok t_cmp(scalar(() = $got =~ /^event: metrics$/mg) >= 2, 1, "$mpm: as they come");
        ok wait_until { busy($server, $id, 'events') == TUNNELS - 1 };
        $got = `curl -sk --http2 --max-time 3 -D - -H 'Sec-WebSocket-Version: 13' https://127.0.0.1:$server->{tls}/api/v1/executions/$id/ws`;
        ok t_cmp($got, qr{^HTTP/2 426}, "$mpm: no WebSocket over HTTP/2");
    }
    else { skip("needs curl with HTTP/2, and an MPM with threads") for 1 .. 4 }

    # A graceful restart.
    my $before = () = $server->slurp('error.log') =~ /resuming normal operations/g;
    $server->graceful;
    ok wait_until { $before < (() = $server->slurp('error.log') =~ /resuming normal operations/g) };
    $_->json for @ws, @events;    # what came before
    ok t_cmp(count(\&hears, @ws, @events), 2 * PLAIN, "$mpm: a graceful restart is not noticed");
    ok t_cmp(count(\&hears, @tls_ws, @tls_events), @tls_ws + @tls_events, "$mpm: nor over TLS");
    ok t_cmp($server->engine_pid, $engine, "$mpm: the same engine");
    kill HUP => $server->{pid};
    ok wait_until { $before + 1 < (() = $server->slurp('error.log') =~ /resuming normal operations/g) };
    ok t_cmp(count(sub { shift->is_gone }, @tls_ws, @tls_events), @tls_ws + @tls_events, "$mpm: a hard one ends those over TLS");
    ok t_cmp(count(\&hears, @ws, @events), 2 * PLAIN, "$mpm: and no other");
    ok hears(ws_of($id));

    # All places taken: 40 and those of the last lines that have hung up by now.
    my @more;
    my $refused;
    wait_until { my $next = ws_of($id); push @more, $next; $refused = $next if $next->{status} != 101; $refused || @more > 30 };
    ok t_cmp($refused->{status}, 503, "$mpm: no place left");
    ok t_cmp($refused->header('Retry-After'), qr/^\d+$/, "$mpm: for now");
    ok t_cmp(events_of($id)->{status}, 503, "$mpm: for neither kind");
    ok t_cmp(call('GET', "/api/v1/executions/$id")->code, 200, "$mpm: ordinary requests are answered");
    $_->hang_up for @more;
    my $place;
    ok wait_until { $place = events_of($id); $place->{status} == 200 };
    ok hears($place);

    # The engine dies.
    kill KILL => $engine;
    ok t_cmp(count(sub { my $c = shift; 1 while defined $c->text; !defined $c->code && $c->is_gone }, @ws), scalar(@ws), "$mpm: the engine dies: an end without farewell");
    ok t_cmp(count(sub { $_[0]->is_gone }, @events), scalar(@events), "$mpm: of events, too");
    $server->wait_ready;
    my $after = ws_of($id);
    my $first = $after->json;
    ok t_cmp("$first->{type} $first->{status}", 'metrics running', "$mpm: the next one goes on with the execution");
    ok t_cmp($first->{data}{iteration} >= 0, 1, "$mpm: and its figures");
    $after->hang_up;

    # Stop.
    $id = running();
    my $ws = ws_of($id);
    my $events = events_of($id);
    my $over_tls = $tls ? ws_of($id, @secure) : undef;
    hears($_) for $ws, $events, $over_tls // ();
    $began = time;
    kill TERM => $server->{pid};
    $ws->rest;
    ok t_cmp($ws->code, 1001, "$mpm: the server stops");
    my @rest = $events->rest;
    ok t_cmp(scalar(grep { $_->{type} ne 'metrics' } @rest), 0, "$mpm: events just end");
    if ($over_tls) { ok $over_tls->is_gone } else { skip('needs TLS') }
    ok $server->stop;
    ok time - $began < 30 or t_debug(time - $began);

    # What the default is, and too much.
    for my $case (['', 10], ["WorkflowMaxTunnels 1000\n", 39]) {
        my ($line, $tunnels) = @$case;
        my $limits = $mpm eq 'prefork' ? "MaxRequestWorkers 40\n" : "ThreadsPerChild 10\nMaxRequestWorkers 40\n";
        my $server = WF::Server->new(mpm => $mpm, demo => 0, extra => $limits . $line)->start;
        my %config = %{ JSON::PP::decode_json($server->slurp('engine/engine.json')) };
        ok t_cmp($config{max_tunnels}, $tunnels, "$mpm: " . ($line || 'the default'));
        ok t_cmp($server->slurp('error.log') =~ /would leave none of 40 workers/ ? 1 : 0, $line ? 1 : 0, "$mpm: a warning");
    }
}

1;
