# Clients that others have written: the WebSocket of npm's ws with the example of README.md as it
# is printed, an EventSource that has to stay away after the end, and curl.
#
# npm fetches them into the build folder when they are not there. Without node and npm, or a way
# to the registry, there is nothing to run.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Node;
use WF::Target;
use WF::Test;

my ($home, $why) = WF::Node::install('live', 'ws', 'events.mjs');
plan tests => 20, $why ? skip_reason($why) : ();

my $target = WF::Target->new('/quick' => { delay => 0.02 });
sub running { submit(workflow([ http_step(s => $target->url('/quick')) ], { vus => 1, @_ })) }

# A program that is run until it ends, at most so long; its lines.
sub node { my @args = @_; my $out = qx{cd '$home' && timeout 60 node @args 2>&1}; t_debug($out); return $out }

sub write_program {
    my ($name, $text) = @_;
    open my $out, '>', "$home/$name" or die $!;
    print $out $text;
    close $out;
}

# The example of the README: of this server and an execution of its own.
my $readme = WF::Node::slurp("$ENV{WF_TOP}/README.md");
my ($example) = $readme =~ /^```javascript\n(const ws = .*?)^```$/ms;
ok $example;
my $id = running(iterations => 120);
my $host = base_url() =~ s{^http://}{}r;
my $changed = $example =~ s{ws://localhost:8080/api/v1/executions/exec-abc123/ws}{ws://$host/api/v1/executions/$id/ws}r;
ok $changed ne $example;
write_program('readme.mjs', qq{import WebSocket from "ws";\n$changed});
my $said = node('readme.mjs');
ok $said =~ /^Metrics: \{\n\s+type: 'metrics',/;
ok t_cmp(scalar(() = $said =~ /^  type: 'metrics'/mg) >= 3, 1, 'it hears updates');
ok $said =~ /execution_id: '$id'/;
ok $said =~ /type: 'complete'/;
ok $said =~ /iteration: 120\b/;
ok t_cmp($said, qr/^Execution completed\n\z/m, 'and the end, after which the program ends');
ok t_cmp(execution($id)->{status}, 'completed', 'which has come');

# What that client says of the connection.
write_program('close.mjs', <<"END");
import WebSocket from "ws";
const ws = new WebSocket(process.argv[2], { perMessageDeflate: true });
ws.on("open", () => { console.log("open", ws.extensions); ws.ping("there?"); ws.send("hello"); });
ws.on("pong", (data) => console.log("pong", data.toString()));
ws.on("message", (data, binary) => console.log(binary, JSON.parse(data).type));
ws.on("close", (code, reason) => console.log("close", code, reason.toString()));
ws.on("unexpected-response", (request, response) => console.log("status", response.statusCode));
ws.on("error", (error) => console.log("error", error.message));
END
$said = node('close.mjs', "ws://$host/api/v1/executions/$id/ws");
ok t_cmp($said, qr/^open \n/, 'no extension');
ok t_cmp($said, qr/^false metrics\n(.*\n)*false complete\n/m, 'text');
ok t_cmp($said, qr/^close 1000 completed\n/m, 'code and reason');
$said = node('close.mjs', "ws://$host/api/v1/executions/exec-none/ws");
ok t_cmp($said, qr/^false error\n(.*\n)*close 1008 unknown$/m, 'an unknown one');
$id = running(duration => '300s');
write_program('ping.mjs', WF::Node::slurp("$home/close.mjs") . 'setTimeout(() => ws.close(1000, "enough"), 1500);');
$said = node('ping.mjs', "ws://$host/api/v1/executions/$id/ws");
ok t_cmp($said, qr/^pong there\?$/m, 'a pong');
ok t_cmp($said, qr/^close 1000/m, 'it leaves when it likes');
my $curl = `curl -sN --max-time 3 http://$host/api/v1/executions/$id/events 2>/dev/null`;
if (`curl --version 2>/dev/null`) { ok t_cmp(scalar(() = $curl =~ /^event: metrics$/mg) >= 2, 1, 'curl hears events as they come') }
else { skip('needs curl') }
call('DELETE', "/api/v1/executions/$id");

# An EventSource comes back after the end, once.
$id = running(iterations => 100);
my $began = time;
$said = node('events.mjs', "http://$host/api/v1/executions/$id/events");
ok t_cmp($said, qr/^metrics running 1\n/, 'an EventSource hears events');
ok t_cmp(scalar(() = $said =~ /^complete completed end$/mg), 1, 'the end, once');
ok t_cmp($said, qr/^error 204 2$/m, 'and stays away then');
ok time - $began < 20 or t_debug(time - $began);
