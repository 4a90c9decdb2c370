# Idempotency-Key at the load engine: one execution for a submission that comes again, and
# what steers it is done once.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 41;

my $target = WF::Target->new('/quick' => { delay => 0.02 });
my $server = WF::Server->new(extra => 'WorkflowMaxExecutions 3')->start;
my $number = 0;
sub new_key { 'load-' . ++$number }
sub keyed { my ($key, $method, $path, $body) = @_; call($method, "/api/v1$path", $body, headers => { 'Idempotency-Key' => $key }) }
sub replayed { shift->header('Idempotency-Replayed') // 'no' }
sub said { my $r = shift; $r->code . ' ' . $r->content }
sub executions { ($server->rows('SELECT COUNT(*) FROM WF_EXECUTION'))[0] }
sub state { get_json('/api/v1/perf/executions/' . shift() . '/status') }
my $workflow = workflow([ http_step(s => $target->url('/quick')) ], { vus => 1, duration => '300s', graceful_stop => '1s' });

# ---- submission -------------------------------------------------------------------------------

my $key = new_key();
my $first = keyed($key, 'POST', '/workflows', { workflow => $workflow });
ok t_cmp($first->code, 201, 'submitted');
my $id = json($first)->{execution_id};
my $again = keyed($key, 'POST', '/workflows', { workflow => $workflow });
ok t_cmp(said($again), said($first), 'the same execution');
ok t_cmp(replayed($first) . ' ' . replayed($again), 'no true', 'which the answer tells');
ok t_cmp(executions(), 1, 'there is one');
my $r = keyed($key, 'POST', '/workflows', { workflow => { %$workflow, name => 'Other' } });
ok t_cmp($r->code . ' ' . json($r)->{error}, '422 idempotency_key_reused', 'another workflow');
ok t_cmp(keyed('', 'POST', '/workflows', { workflow => $workflow })->code, 400, 'no key');
ok t_cmp(executions(), 1, 'nothing came of them');

# ---- steering ---------------------------------------------------------------------------------

wait_until { execution($id)->{status} eq 'running' };
# Each is undone by another call before it comes again.
for my $step (
    # method  path      body                   undone by                                 what is still so
    [ 'POST', 'pause',  undef,                 [ 'POST', 'resume' ],                     sub { !state($id)->{paused} } ],
    [ 'POST', 'scale',  { target_vus => 3 },   [ 'POST', 'scale', { target_vus => 1 } ], sub { state($id)->{vus} < 3 } ],
) {
    my ($method, $path, $body, $undo, $still) = @$step;
    $key = new_key();
    my $first = keyed($key, $method, "/executions/$id/$path", $body);
    ok t_cmp($first->code, 200, $path);
    my ($how, $where, $with) = @$undo;
    ok t_cmp(call($how, "/api/v1/executions/$id/$where", $with)->code, 200, "$path: undone");
    my $again = keyed($key, $method, "/executions/$id/$path", $body);
    ok t_cmp(said($again), said($first), "$path: the same answer");
    ok t_cmp(replayed($again), 'true', "$path: from before");
    ok wait_until { $still->() };
    ok t_cmp(keyed($key, $method, "/executions/$id/$path", { target_vus => 7 })->code, 422, "$path: another body");
}
call('POST', "/api/v1/executions/$id/pause");
$key = new_key();
$first = keyed($key, 'POST', "/executions/$id/resume");
ok t_cmp($first->code, 200, 'resume');
call('POST', "/api/v1/executions/$id/pause");
ok t_cmp(said(keyed($key, 'POST', "/executions/$id/resume")), said($first), 'resume: the same answer');
ok state($id)->{paused};

# The status as one resource: several commands, and an answer of what there is.
$key = new_key();
my $change = { paused => \0, vus => 2 };
$first = keyed($key, 'PATCH', "/perf/executions/$id/status", $change);
ok t_cmp($first->code, 200, 'changed');
call('POST', "/api/v1/executions/$id/pause");
$again = keyed($key, 'PATCH', "/perf/executions/$id/status", $change);
ok t_cmp(said($again), said($first), 'the answer of then');
ok t_cmp(replayed($again), 'true', 'which says so');
ok state($id)->{paused};
ok t_cmp(keyed($key, 'PATCH', "/perf/executions/$id/status", { vus => 3 })->code, 422, 'another change');

# What is refused is tried again.
$key = new_key();
ok t_cmp(keyed($key, 'POST', "/executions/$id/pause")->code, 500, 'what is paused cannot be paused');
call('POST', "/api/v1/executions/$id/resume");
ok t_cmp(keyed($key, 'POST', "/executions/$id/pause")->code, 200, 'later it can');

# ---- the end ----------------------------------------------------------------------------------

$key = new_key();
$first = keyed($key, 'DELETE', "/executions/$id");
ok t_cmp($first->code, 200, 'stopped');
finished($id);
$again = keyed($key, 'DELETE', "/executions/$id");
ok t_cmp(said($again), said($first), 'also when it is over');
ok t_cmp(replayed($again), 'true', 'from before');
ok t_cmp(call('DELETE', "/api/v1/executions/$id")->code, 500, 'without the key it is over');

# A submission that cannot begin is a failure, although its record is there.
my @full = map { submit($workflow) } 1 .. 3;
my $before = executions();
$key = new_key();
$r = keyed($key, 'POST', '/workflows', { workflow => $workflow });
ok t_cmp($r->code, 500, 'too many');
call('DELETE', "/api/v1/executions/$_") for @full;
finished($_) for @full;
wait_until { $r = keyed($key, 'POST', '/workflows', { workflow => $workflow }); $r->code != 409 };
ok t_cmp($r->code . replayed($r), '201no', 'tried again');
ok t_cmp(execution(json($r)->{execution_id})->{status}, qr/pending|running/, 'it runs');
ok t_cmp(json(keyed($key, 'POST', '/workflows', { workflow => $workflow }))->{execution_id}, json($r)->{execution_id}, 'once');
ok t_cmp(($server->rows("SELECT COUNT(*) FROM WF_EXECUTION WHERE STATUS_ IN ('running', 'pending')"))[0], 1, 'one runs');

# All executions of a workflow: several commands.
my $other = submit($workflow);
$key = new_key();
$first = keyed($key, 'DELETE', '/workflows/test');
ok t_cmp($first->code, 200, 'all of a workflow stopped');
finished($other);
ok t_cmp(said(keyed($key, 'DELETE', '/workflows/test')), said($first), 'once');
ok t_cmp(keyed(new_key(), 'DELETE', '/workflows/test')->code, 500, 'none is left');
