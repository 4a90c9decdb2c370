# Stopping: no new iteration, those under way get graceful_stop and are cut then; the status
# is aborted for good, and the metrics stay.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/hang' => { hang => 1 }, '/slow' => { delay => 0.6 }, '/quick' => { delay => 0.01 });

my @cases = (
    # what                       path      options                                       stopped after  s from, to    cut
    [ 'quick ones end',          '/quick', { vus => 4, duration => '60s' },              8,             0,    3,      0 ],
    [ 'iteration-bound',         '/quick', { vus => 2, iterations => 100_000 },          8,             0,    3,      0 ],
    [ 'shared iterations',       '/quick', { vus => 2, iterations => 100_000, mode => 'shared-iterations' }, 8, 0, 3, 0 ],
    [ 'slow ones may end',       '/slow',  { vus => 3, iterations => 100_000, graceful_stop => '20s' }, 3, 0, 5,      0 ],
    [ 'hung ones are cut',       '/hang',  { vus => 3, duration => '60s', graceful_stop => '500ms' }, 3, 0.5, 4,      3 ],
    [ 'no grace at all',         '/hang',  { vus => 2, duration => '60s', graceful_stop => '0s' }, 2,  0,    3,      2 ],
);

plan tests => 12 * @cases + 12;

my $n = 0;
for my $case (@cases) {
    my ($what, $path, $options, $after, $from, $to, $cut) = @$case;
    my $before = () = $target->requests($path);
    my $id = submit(workflow([ http_step(s => $target->url($path)) ], $options, id => 'stop-' . ++$n));
    my $sent = sub { (() = $target->requests($path)) - $before };
    wait_until { $sent->() >= $after };
    my $asked = time;
    my $r = call('DELETE', "/api/v1/executions/$id");
    my $answered = time - $asked;
    ok t_cmp($r->code, 200, $what);
    ok t_cmp(json($r), { success => JSON::PP::true, message => 'Execution stopped successfully' }, "$what: answer");
    ok $answered < 5;                                       # does not wait for the end
    my $again = call('DELETE', "/api/v1/executions/$id");
    ok t_cmp($again->code . ' ' . json($again)->{error}, '500 stop_failed', "$what: once is enough");
    my $execution = finished($id);
    my $took = time - $asked;
    ok t_cmp($execution->{status}, 'aborted', "$what: status");
    ok $took >= $from && $took < $to or t_debug("$what took $took s");
    ok t_cmp($execution->{end_time}, qr/^\d{4}-.*Z$/, "$what: end_time");
    my $metrics = metrics($id);
    my $requests = $sent->();
    ok t_cmp($requests, $metrics->{total_iterations} + $cut, "$what: every request was counted or cut");
    ok t_cmp(($metrics->{step_metrics}{s} // {})->{failure_count} // 0, 0, "$what: being cut is no failure");
    ok t_cmp($execution->{slave_states}{local}{status}, 'aborted', "$what: the local segment, too");
    # Nothing comes any more, and nothing changes.
    my $info = get_json("/api/v1/workflows/stop-$n");
    ok t_cmp($info->{status}, 'aborted', "$what: by workflow id");
    ok t_cmp([ execution($id), metrics($id), $sent->() ], [ $execution, $metrics, $requests ], "$what: for good");
}

# Too late, and by the id of the workflow.
my ($done) = run_workflow([ http_step(s => $target->url('/quick')) ], undef, id => 'stop-done');
for my $path ("/api/v1/executions/$done->{id}", '/api/v1/workflows/stop-done', "/api/v1/workflows/$done->{id}") {
    my $r = call('DELETE', $path);
    ok t_cmp($r->code . ' ' . json($r)->{error}, '500 stop_failed', "$path has ended");
    ok t_cmp(json($r)->{message}, qr/^Failed to stop (execution|workflow): /, "$path: message");
}
ok t_cmp(execution($done->{id})->{status}, 'completed', 'it stays what it was');

# Two at once stop one: it is stopped once.
my $id = submit(workflow([ http_step(s => $target->url('/slow')) ], { vus => 1, duration => '60s', graceful_stop => '5s' }));
wait_until { execution($id)->{status} eq 'running' };
my @pipes;
for (1 .. 4) {
    pipe my $in, my $out or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        print $out call('DELETE', "/api/v1/executions/$id")->code;
        close $out;
        POSIX::_exit(0);
    }
    push @pipes, [ $in, $pid ];
}
my @codes = map { my ($in, $pid) = @$_; my $code = <$in>; waitpid $pid, 0; $code } @pipes;
ok t_cmp(join(' ', sort @codes), '200 500 500 500', 'one of four');
ok t_cmp(finished($id)->{status}, 'aborted', 'stopped');

# Several runs of a workflow: all that live are stopped by its id, others are not.
my @ids = map { submit(workflow([ http_step(s => $target->url('/quick')) ], { duration => '60s' }, id => $_)) } qw(both both other);
wait_until { 3 == grep { execution($_)->{status} eq 'running' } @ids };
call('DELETE', '/api/v1/workflows/both');
ok t_cmp([ map { finished($_)->{status} } @ids[0, 1] ], [ 'aborted', 'aborted' ], 'both');
ok t_cmp(execution($ids[2])->{status}, 'running', 'not the other');
call('DELETE', "/api/v1/workflows/$ids[2]");
ok t_cmp(finished($ids[2])->{status}, 'aborted', 'by its execution id');
