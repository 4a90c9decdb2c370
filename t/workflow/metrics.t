# Metrics of an execution: what they hold, that their times are right for a target whose
# delays the test sets, and that they grow while the execution runs.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

# Of 100 requests to /mixed the last ten take 300 ms.
my $target = WF::Target->new('/mixed' => sub { $_[0]{number} > 90 ? { delay => 0.3 } : {} });
my $slow = WF::Target->new('/slow' => { delay => 0.2 }, '/hang' => { hang => 1 });
my $duration = qr/^(\d+(\.\d+)?(ns|\x{b5}s|ms)|(\d+h)?(\d+m)?\d+(\.\d+)?s)$/;
my @times = qw(min max avg p50 p90 p95 p99);

plan tests => 39;

# ---- the figures of a known distribution ------------------------------------------------------

my ($execution, $metrics) = run_workflow([ http_step(s => $target->url('/mixed')) ], { vus => 1, iterations => 100 });
ok t_cmp(join(' ', sort keys %$metrics), 'checks dropped_iterations duration execution_id generator http_status interrupted_iterations metrics step_metrics thresholds total_iterations total_vus warnings', 'members');
ok t_cmp($metrics->{execution_id}, $execution->{id}, 'execution_id');
ok t_cmp($metrics->{thresholds}, [], 'no thresholds: an empty list');
ok t_cmp($metrics->{duration}, $duration, 'duration is a text');
ok t_cmp([ keys %{ $metrics->{step_metrics} } ], ['s'], 'a member for each step');
my $step = $metrics->{step_metrics}{s};
ok t_cmp(join(' ', sort keys %$step), 'count duration failure_count status step_id success_count', 'members of a step');
ok t_cmp($step->{step_id}, 's', 'step_id');
ok t_cmp(join(' ', sort keys %{ $step->{duration} }), join(' ', sort @times), 'members of a duration');
ok t_cmp($step->{duration}{$_}, $duration, "$_ is a text") for @times;
my %ms = map { $_ => ms($step->{duration}{$_}) } @times;
ok $ms{min} < 300 && $ms{p50} < 300 or t_debug("min $ms{min}, p50 $ms{p50}");
ok $ms{p95} >= 300 && $ms{p99} >= 300 && $ms{max} >= 300 or t_debug("p95 $ms{p95}, p99 $ms{p99}, max $ms{max}");
ok $ms{max} < 10_000;
ok t_cmp([ sort { $a <=> $b } map { $ms{$_} } qw(min p50 p90 p95 p99 max) ], [ map { $ms{$_} } qw(min p50 p90 p95 p99 max) ], 'in order');
ok $ms{avg} >= 30 && $ms{avg} < 300 or t_debug("avg $ms{avg}");
ok ms($metrics->{duration}) >= 3000 && ms($metrics->{duration}) < 10_000;

# ---- while it runs ----------------------------------------------------------------------------

my $id = submit(workflow([ http_step(one => $slow->url('/slow')), http_step(two => $slow->url('/slow')) ], { vus => 4, iterations => 4 }));
my ($reads, $vus, $backwards, $mismatch, $last) = (0, 0, 0, 0, { iterations => 0, ms => 0, progress => 0, count => 0 });
my $status;
wait_until {
    my ($e, $m) = (execution($id), metrics($id));
    my $now = { iterations => $m->{total_iterations}, ms => ms($m->{duration}), progress => $e->{progress},
                count => $m->{step_metrics}{one}{count} // 0 };
    $backwards += grep { $now->{$_} < $last->{$_} } keys %$now;
    $mismatch++ if $now->{count} < $now->{iterations};  # iterations go through step one
    $vus = $m->{total_vus} if $m->{total_vus} > $vus;
    $reads++;
    $last = $now;
    ($status = $e->{status}) eq 'completed';
} 60;
ok t_cmp($status, 'completed', 'it ends');
ok $reads > 10;
ok t_cmp($backwards, 0, 'no figure ever goes back');
ok t_cmp($mismatch, 0, 'and they fit together');
ok t_cmp($vus, 4, 'total_vus is who is active');
ok t_cmp($last->{iterations}, 16, 'the last read has all');
$metrics = metrics($id);
ok t_cmp($metrics->{total_vus}, 4, 'after the end: who was configured');
ok t_cmp([ map { $metrics->{step_metrics}{$_}{count} } qw(one two) ], [ 16, 16 ], 'both steps');
my $sum = ms($metrics->{step_metrics}{one}{duration}{avg}) + ms($metrics->{step_metrics}{two}{duration}{avg});
ok $sum >= 400 && $sum * 4 <= ms($metrics->{duration}) + 1 or t_debug("$sum ms, $metrics->{duration}");
ok t_cmp(metrics($id), $metrics, 'what has ended does not change');

# ---- before anything was measured, and progress -----------------------------------------------

$id = submit(workflow([ http_step(s => $slow->url('/hang')) ], { vus => 3, iterations => 5, graceful_stop => '1ms' }));
wait_until { 3 == (() = $slow->requests('/hang')) };
$metrics = metrics($id);
ok t_cmp([ @$metrics{qw(total_vus total_iterations)} ], [ 3, 0 ], 'all at work, nothing done');
ok t_cmp($metrics->{step_metrics}, {}, 'no step has a result');
ok t_cmp(execution($id)->{progress}, 0, 'no progress');
call('DELETE', "/api/v1/executions/$id");
finished($id);
ok t_cmp(metrics($id)->{total_iterations}, 0, 'a cut iteration does not count');

$id = submit(workflow([ http_step(s => $slow->url('/slow')) ], { vus => 1, duration => '2s' }));
my @seen;
wait_until { my $e = execution($id); push @seen, $e->{progress}; $e->{status} eq 'completed' };
ok t_cmp($seen[-1], 1, 'progress by time');
ok t_cmp([ sort { $a <=> $b } @seen ], \@seen, 'it only grows');
my %different = map { $_ => 1 } @seen;
ok keys(%different) > 10;                                   # refreshed at least every 200 ms
ok !grep { $_ < 0 || $_ > 1 } @seen;
