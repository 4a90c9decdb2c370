# Executions and restarts: records and last metrics survive a full restart of httpd, a
# graceful one is not noticed, and after the engine's death the record says what became of
# the run, which does not go on here (resume.t is about those that do). While there is no
# engine, reads answer from the last checkpoint.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Server;
use WF::Target;
use WF::Test;

use constant DEATHS => 3;

plan tests => 44 + 2 * DEATHS;

my $target = WF::Target->new('/quick' => { delay => 0.02 }, '/hang' => { hang => 1 });
my $server = WF::Server->new(extra => 'WorkflowResumeExecutions Off')->start;
my $quick = sub { workflow([ http_step(s => $target->url("/quick")) ], { vus => 2, @_ }) };

sub kill_engine {
    my $pid = wait_until { $server->engine_pid };
    kill KILL => $pid;
    wait_until { !kill 0 => $pid };
}

# So many deaths in a row delay the next engine: a start of httpd forgets them.
sub fresh { $server->stop; $server->start }

# The newest execution has a checkpoint with some figures: one percent is 600 ms here.
sub checkpointed { get_json('/api/v1/executions?limit=1')->{executions}[0]{progress} > 0.01 }

# ---- a full restart ---------------------------------------------------------------------------

my ($done, $metrics) = run_workflow([ http_step(s => $target->url('/done')) ],
    { vus => 3, iterations => 7, thresholds => [ { metric => 'http_reqs', condition => 'count == 21' } ] }, id => 'done');
ok t_cmp($metrics->{step_metrics}{s}{count}, 21, 'a run that ends');
my $running = submit($quick->(duration => '60s'));
wait_until { metrics($running)->{total_iterations} > 10 };
my $before = metrics($running);
my $engine = $server->engine_pid;
ok $server->stop;
ok t_cmp(kill(0 => $engine), 0, 'httpd takes the engine with it');
my $sent = () = $target->requests('/quick');
$server->start;
ok t_cmp(execution($done->{id}), $done, 'after a restart: the record');
ok t_cmp(metrics($done->{id}), $metrics, 'and its metrics');
ok t_cmp(get_json('/api/v1/workflows/done')->{status}, 'completed', 'by workflow id');
my $stopped = execution($running);
ok t_cmp($stopped->{status}, 'aborted', 'one that ran was stopped by the shutdown');
ok t_cmp($stopped->{end_time}, qr/^\d{4}-.*Z$/, 'it has an end');
my $after = metrics($running);
ok $after->{total_iterations} >= $before->{total_iterations};
ok $sent - $after->{total_iterations} >= 0 && $sent - $after->{total_iterations} <= 2   # those under way
    or t_debug("$sent sent, $after->{total_iterations} counted");
ok t_cmp([ map { $_->{id} } @{ get_json('/api/v1/executions')->{executions} } ], [ $running, $done->{id} ], 'both are listed');
my $next = submit($quick->(iterations => 1));
ok t_cmp(finished($next)->{status}, 'completed', 'and new ones run');

# ---- a graceful restart -----------------------------------------------------------------------

$engine = $server->engine_pid;
$running = submit($quick->(iterations => 100));
wait_until { metrics($running)->{total_iterations} > 10 };
my $resumed = () = $server->slurp('error.log') =~ /resuming normal operations/g;
$server->graceful;
wait_until { $resumed < (() = $server->slurp('error.log') =~ /resuming normal operations/g) };
ok t_cmp(execution($running)->{status}, qr/^(running|completed)$/, 'a graceful restart is not noticed');
my $end = finished($running);
ok t_cmp($end->{status}, 'completed', 'it runs on to its end');
ok t_cmp(metrics($running)->{total_iterations}, 200, 'nothing is lost');
ok t_cmp($server->engine_pid, $engine, 'by the same engine');

# ---- the engine dies ----------------------------------------------------------------------------

$server->{extra} = "WorkflowResumeExecutions Off\nWorkflowCommandTimeout 5";
$server->write_config;
fresh();
$running = submit($quick->(duration => '60s'));
wait_until { checkpointed() };
$before = metrics($running);
kill_engine();
$sent = () = $target->requests('/quick');
ok t_cmp(execution($running)->{id}, $running, 'it is there, whether the next engine is or not');
$server->wait_ready;
my $failed = execution($running);
ok t_cmp($failed->{status}, 'failed', 'the engine died: failed');
ok t_cmp($failed->{end_time}, qr/^\d{4}-.*Z$/, 'with an end');
ok t_cmp($failed->{errors}[-1]{code}, 'EXECUTION_ERROR', 'and an error');
ok t_cmp($failed->{errors}[-1]{message}, qr/engine.*restarted.*checkpoint/, 'that says why');
ok t_cmp($failed->{errors}[-1]{timestamp}, qr/^\d{4}-.*Z$/, 'and when');
$after = metrics($running);
ok $after->{total_iterations} <= $sent && ms($after->{duration}) > 0 or t_debug("$after->{total_iterations} of $sent");
my $r = call('DELETE', "/api/v1/executions/$running");
ok t_cmp($r->code . ' ' . json($r)->{error}, '500 stop_failed', 'nothing is left to stop');
ok t_cmp(execution($running), $failed, 'it stays failed');

# An end that was told is an end, even if the engine dies in the very moment.
for (1 .. DEATHS) {
    fresh();
    my $id = submit($quick->(iterations => 20));
    wait_until { execution($id)->{status} eq 'completed' };
    kill_engine();
    $server->wait_ready;
    ok t_cmp(execution($id)->{status}, 'completed', 'what was told stays');
    ok t_cmp(metrics($id)->{total_iterations}, 40, 'with all that was counted');
}

# ---- no engine, and one that hangs ------------------------------------------------------------

fresh();
$running = submit($quick->(duration => '60s'));
wait_until { checkpointed() };
kill_engine() for 1 .. 2;               # the second one in a row is revived after 2 seconds
ok t_cmp(call('GET', '/ready')->code, 503, 'no engine');
ok t_cmp(get_json('/api/v1/executions?limit=1000')->{total}, 6 + DEATHS, 'the list is there');
ok t_cmp(execution($done->{id}), $done, 'and what has long ended');
ok t_cmp(call('GET', '/api/v1/executions/exec-no')->code, 404, 'what is not there is not there');
ok $server->wait_ready;

$running = submit($quick->(duration => '60s'));
wait_until { checkpointed() };
$engine = $server->engine_pid;
kill STOP => $engine;
for my $path ("executions/$running", "executions/$running/metrics", "workflows/$running") {
    my $asked = time;
    my $r = call('GET', "/api/v1/$path");
    ok t_cmp($r->code, 200, "$path: the last checkpoint answers");
    ok time - $asked < 4;
    ok t_cmp($r->content, qr/"status": ?"running"|"total_iterations": ?[1-9]/, "$path: what was known then");
}
my $refused = call('POST', '/api/v1/workflows', { workflow => $quick->(iterations => 1) });
ok t_cmp($refused->code . ' ' . json($refused)->{error}, '503 service_unavailable', 'a submission is refused');
ok t_cmp($refused->header('Retry-After'), qr/^\d+$/, 'for now');
kill CONT => $engine;
ok $server->wait_ready;
ok t_cmp(execution($running)->{status}, 'running', 'it runs on');
ok t_cmp(get_json('/api/v1/executions?limit=1000')->{total}, 7 + DEATHS, 'what was refused is not done');
