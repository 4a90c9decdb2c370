# The first API document's examples, as they are printed there: only the host of the server
# and that of the target are put in.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Target;
use WF::Test;

plan tests => 29;

my $target = WF::Target->new('/get' => { delay => 0.4 });
my $base   = base_url();

# What a script prints, as whole lines.
sub shell {
    my $script = shift;
    s{http://localhost:8080}{$base}g, s{https://httpbin\.org}{$target->url}ge for $script;
    open my $out, '-|', 'bash', '-c', "set -e; $script" or die $!;
    local $/;
    my $text = <$out>;
    close $out;
    return $text;
}
sub reply { my $text = shell(@_); JSON::PP->new->utf8->decode($text) }

# ---- health ------------------------------------------------------------------------------------

for my $path ('', '/api/v1') {
    my $health = reply("curl -s http://localhost:8080$path/health");
    ok t_cmp([ sort keys %$health ], [qw(status timestamp)], "$path/health");
    ok t_cmp($health->{status}, 'healthy', 'status');
    my $ready = reply("curl -s http://localhost:8080$path/ready");
    ok t_cmp([ sort keys %$ready ], [qw(ready status timestamp)], "$path/ready");
    ok t_cmp([ $ready->{ready} ? 1 : 0, $ready->{status} ], [ 1, 'ready' ], 'is ready');
    ok t_cmp($ready->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'timestamp');
}

# ---- workflows: both ways to submit ----------------------------------------------------------------

my @submissions = (<<'YAML', <<'OBJECT');
curl -s -X POST http://localhost:8080/api/v1/workflows \
  -H "Content-Type: application/json" \
  -d '{
    "yaml": "id: test\nname: Test\nsteps:\n  - id: s1\n    type: http\n    config:\n      method: GET\n      url: https://httpbin.org/get"
  }'
YAML
curl -s -X POST http://localhost:8080/api/v1/workflows \
  -H "Content-Type: application/json" \
  -d '{
    "workflow": {
      "id": "test",
      "name": "Test",
      "steps": [{"id": "s1", "type": "http", "config": {"method": "GET", "url": "https://httpbin.org/get"}}]
    }
  }'
OBJECT
for (@submissions) {
    my $r = reply($_);
    ok t_cmp([ sort keys %$r ], [qw(execution_id status workflow_id)], 'submitted');
    ok t_cmp([ @$r{qw(workflow_id status)} ], [qw(test submitted)], 'the answer');
    ok t_cmp(finished($r->{execution_id})->{status}, 'completed', 'it runs once');
}
ok t_cmp(scalar(() = $target->requests('/get')), 2, 'the target was asked twice');
my $info = reply('curl -s http://localhost:8080/api/v1/workflows/test');
ok t_cmp([ @$info{qw(id status)} ], [qw(test completed)], 'a workflow');

# ---- the complete example ---------------------------------------------------------------------------

my $printed = shell(<<'END');
# 1. submit
RESPONSE=$(curl -s -X POST http://localhost:8080/api/v1/workflows \
  -H "Content-Type: application/json" \
  -d '{
    "workflow": {
      "id": "test",
      "name": "Test",
      "options": {"vus": 5, "iterations": 10},
      "steps": [{"id": "s1", "type": "http", "config": {"method": "GET", "url": "https://httpbin.org/get"}}]
    }
  }')

EXECUTION_ID=$(echo $RESPONSE | jq -r '.execution_id')
echo "Execution ID: $EXECUTION_ID"

# 2. status
curl -s http://localhost:8080/api/v1/executions/$EXECUTION_ID
echo

# 3. metrics
curl -s http://localhost:8080/api/v1/executions/$EXECUTION_ID/metrics
echo

# 4. stop
curl -s -X DELETE http://localhost:8080/api/v1/executions/$EXECUTION_ID
END
my ($id, $status, $metrics, $stopped) = split /\n/, $printed;
ok t_cmp($id, qr/^Execution ID: exec-\w+$/, '1. an execution');
my $execution = JSON::PP::decode_json($status);
ok t_cmp([ grep { !exists $execution->{$_} } qw(id workflow_id status progress start_time end_time slave_states errors) ],
    [], '2. all members of its state');
ok t_cmp($execution->{status}, 'running', 'it runs');
ok t_cmp([ sort keys %{ $execution->{slave_states}{local} } ],
    [qw(completed_iters completed_vus segment_end segment_start slave_id status)], 'by this server');
my $figures = JSON::PP::decode_json($metrics);
ok t_cmp([ grep { !exists $figures->{$_} } qw(execution_id total_vus total_iterations duration step_metrics thresholds) ],
    [], '3. all members of its metrics');
ok t_cmp($figures->{total_vus}, 5, 'its users');
ok t_cmp(JSON::PP::decode_json($stopped)->{message}, 'Execution stopped successfully', '4. it is stopped');
$id =~ s/.* //;
my $ended = finished($id);
ok t_cmp($ended->{status}, 'aborted', 'and has ended');
my $step = metrics($id)->{step_metrics}{s1};
ok t_cmp([ sort keys %{ $step->{duration} } ], [qw(avg max min p50 p90 p95 p99)], 'its durations');
ok t_cmp($step->{duration}{p95}, qr/^[\d.]+(?:ms|s)$/, 'as texts with a unit');
ok t_cmp(scalar(() = $target->requests('/get')), 2 + $step->{count}, 'every request is counted');
