# Thresholds: every metric and statistic, judged by figures that the test knows; what a
# violation changes, and what it does not.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Target;
use WF::Test;

# 20 iterations: s takes 100 ms and answers four bytes; bad answers 500; by 2 VUs.
my $target = WF::Target->new('/slow' => { delay => 0.1, body => 'four' }, '/bad' => { status => 500 });
my @steps = (http_step(s => $target->url('/slow')), http_step(bad => $target->url('/bad')));
my %options = (vus => 2, iterations => 10);

my @cases = (
    # metric                  condition         passed  value
    [ 'http_reqs',            'count == 40',    1, 40 ],
    [ 'http_reqs',            '== 40',          1, 40 ],               # count is what a counter is asked for
    [ 'http_reqs',            'count < 40',     0, 40 ],
    [ 'http_reqs',            'rate > 2',       1, qr/^\d+(\.\d+)?$/ ],
    [ 'http_req_failed',      'rate == 0.5',    1, 0.5 ],
    [ 'http_req_failed',      '<= 0.5',         1, 0.5 ],
    [ 'http_req_failed',      'rate < 0.5',     0, 0.5 ],
    [ 'http_req_failed',      'passes == 20',   1, 20 ],
    [ 'http_req_failed',      'fails == 20',    1, 20 ],
    [ 'http_req_duration',    'p(95) >= 100',   1, qr/^\d{3}/ ],
    [ 'http_req_duration',    'p95>=100',       1, qr/^\d{3}/ ],
    [ 'http_req_duration',    ' p( 99.9 ) < 1 ', 0, qr/^\d{3}/ ],
    [ 'http_req_duration',    'max < 100',      0, qr/^\d{3}/ ],
    [ 'http_req_duration',    'min < 100',      1, qr/^\d{1,2}\b/ ],
    [ 'http_req_duration',    'med < 5000',     1, qr/^\d/ ],
    [ 'http_req_duration',    '>= 50',          1, qr/^\d\d/ ],        # avg is what a trend is asked for
    [ 'http_req_duration',    'count == 40',    1, 40 ],
    [ 'iterations',           'count == 20',    1, 20 ],
    [ 'iteration_duration',   'min >= 100',     1, qr/^\d{3}/ ],
    [ 'iteration_success',    'rate == 1',      1, 1 ],
    [ 'dropped_iterations',   'count == 0',     1, 0 ],
    [ 'vus',                  'max <= 2',       1, qr/^[12]$/ ],
    [ 'vus_max',              'value == 2',     1, 2 ],
    [ 'data_received',        'count > 79',     1, qr/^\d{2,}$/ ],
    [ 'step_reqs',            'count == 40',    1, 40 ],
    [ 'step_failed',          'rate == 0.5',    1, 0.5 ],
    [ 'step_duration',        'p(95) >= 100',   1, qr/^\d{3}/ ],
    [ 'custom_http_status',   'min == 200',     1, 200 ],              # of all steps that have it
    [ 'custom_http_status',   'max < 500',      0, 500 ],
    [ 'custom_http_status',   'avg == 350',     1, 350 ],
    [ 'custom_http_response_size', 'min <= 4',  1, qr{^[0-4]$} ],
    [ 'custom_http_response_size', '< 100',     1, qr{^\d+$} ],             # value is what a gauge is asked for
    [ 'custom_nosuch',        '== 0',           0, 0 ],
    [ 'total_iterations',     '== 20',          1, 20 ],
    [ 'total_vus',            '== 2',           1, 2 ],
    [ 'duration',             '>= 1000',        1, qr/^\d{4}/ ],
    [ 's.count',              '== 20',          1, 20 ],
    [ 's.success_count',      '== 20',          1, 20 ],
    [ 's.failure_count',      '!= 0',           0, 0 ],
    [ 's.success_rate',       '> 0.99',         1, 1 ],
    [ 'bad.failure_rate',     '< .01',          0, 1 ],
    [ 's.duration.p95',       '>= 100',         1, qr/^\d{3}/ ],
    [ 's.duration.p95',       '< 100',          0, qr/^\d{3}/ ],
    [ 's.duration.min',       '>= 100',         1, qr/^\d{3}/ ],
    [ 's.http_response_size', '== 4',           1, 4 ],
    [ 'bad.http_status',      '== 500',         1, 500 ],
    [ 'http_req_status_500',  'count == 20',    1, 20 ],
    [ 'http_req_status_200',  '== 20',          1, 20 ],
    [ 'http_req_status_404',  '< 1',            1, 0 ],
    [ 'bad.status_500',       '== 20',          1, 20 ],
    [ 's.duration.p99.9',     '>= 100',         1, qr/^\d{3}/ ],
    [ 's.duration',           'med >= 100',     1, qr/^\d{3}/ ],
    # -- names that mean nothing
    [ 'http_req_speed',       'p(95) < 5',      0, 0 ],
    [ 'nobody.count',         '== 0',           0, 0 ],
);

plan tests => 3 * @cases + 28;

my ($execution, $metrics) = run_workflow(\@steps, { %options, thresholds => [ map { +{ metric => $_->[0], condition => $_->[1] } } @cases ] });
for my $i (0 .. $#cases) {
    my ($metric, $condition, $passed, $value) = @{ $cases[$i] };
    my $got = $metrics->{thresholds}[$i];
    ok t_cmp("$got->{metric} $got->{condition}", "$metric $condition", "$metric $condition: in its order and words");
    ok t_cmp($got->{passed} ? 1 : 0, $passed, "$metric $condition: passed");
    ok t_cmp($got->{value}, $value, "$metric $condition: value");
}
ok t_cmp($execution->{status}, 'completed', 'a plain violation does not change the status');
ok t_cmp($execution->{errors}[-1]{step_id}, 'bad', 'nor the errors');

# The same percentile in both places, in ms and as text.
my ($p95) = grep { $_->{metric} eq 's.duration.p95' } @{ $metrics->{thresholds} };
my $text = ms($metrics->{step_metrics}{s}{duration}{p95});
ok abs($text - $p95->{value}) < 0.0015 or t_debug("$text $p95->{value}");

# Without samples a trend passes, the rest is judged by 0.
my $disabled = { %{ http_step(s => $target->url) }, disabled => JSON::PP::true };
(undef, $metrics) = run_workflow([$disabled], { thresholds => [ map { +{ metric => $_->[0], condition => $_->[1] } }
    [ 'http_req_duration', 'p(95) < 1' ], [ 'http_req_duration', 'p(95) > 1' ], [ 'http_reqs', 'count > 0' ], [ 'http_reqs', 'count == 0' ] ] });
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $metrics->{thresholds} } ], [ 1, 1, 0, 1 ], 'without samples');
ok t_cmp($metrics->{step_metrics}, {}, 'a step that was not run has no metrics');

# What conditions and loops measure of themselves.
my @own = ([ 'yes.condition_result', 'value == 1', 1 ], [ 'yes.branch_steps_count', '== 2', 2 ],
           [ 'no.condition_result', 'value == 0', 0 ], [ 'no.branch_steps_count', '== 0', 0 ],
           [ 'turns.loop_iterations_total', 'value == 3', 3 ], [ 'turns.loop_duration_ms', 'value >= 3', qr/^\d/ ]);
sub nap { +{ id => $_[0], type => 'sleep', config => { duration => '1ms' } } }
(undef, $metrics) = run_workflow(
    [ { id => 'yes', type => 'condition', condition => { expression => '1 < 2', then => [ nap('n1'), nap('n2') ] } },
      { id => 'no', type => 'condition', condition => { expression => '1 > 2', then => [ nap('n3') ] } },
      { id => 'turns', type => 'loop', loop => { mode => 'for', count => 3, steps => [ nap('n4') ] } } ],
    { iterations => 2, thresholds => [ map { +{ metric => $_->[0], condition => $_->[1] } } @own ] });
for my $i (0 .. $#own) {
    my $got = $metrics->{thresholds}[$i];
    ok t_cmp($got->{passed}, JSON::PP::true, "$own[$i][0] $own[$i][1]");
    ok t_cmp($got->{value}, $own[$i][2], "$own[$i][0]: value");
}

# While the run lives they are judged, too.
my $id = submit(workflow([ $steps[0] ], { vus => 1, iterations => 1000, graceful_stop => '1s',
                                          thresholds => [ { metric => 'iterations', condition => 'count > 2' } ] }));
ok t_cmp(wait_until { metrics($id)->{thresholds}[0]{passed} ? 0 : 'violated' }, 'violated', 'at first');
ok wait_until { metrics($id)->{thresholds}[0]{passed} };
ok t_cmp(execution($id)->{status}, 'running', 'later it passes');
call('DELETE', "/api/v1/executions/$id");
ok t_cmp(finished($id)->{status}, 'aborted', 'stopped');

# abort_on_fail ends the run.
($execution, $metrics) = run_workflow([ $steps[1] ], { vus => 1, duration => '50s', graceful_stop => '1s', thresholds => [
    { metric => 'http_req_failed', condition => 'rate < 0.1', abort_on_fail => JSON::PP::true } ] });
ok t_cmp($execution->{status}, 'failed', 'abort_on_fail');
ok t_cmp($execution->{errors}[0]{message}, qr/http_req_failed rate < 0\.1/, 'the reason is in the errors')
    or t_debug(map { $_->{message} } @{ $execution->{errors} });
ok $execution->{progress} < 1;
ok t_cmp($metrics->{thresholds}[0]{passed}, JSON::PP::false, 'and in the metrics');
ok ms($metrics->{duration}) < 20_000;

# One that passes changes nothing.
($execution, $metrics) = run_workflow([ $steps[0] ], { vus => 2, iterations => 3, thresholds => [
    { metric => 'http_req_failed', condition => 'rate < 0.1', abort_on_fail => JSON::PP::true } ] });
ok t_cmp($execution->{status}, 'completed', 'one that passes');
ok t_cmp($metrics->{thresholds}[0]{passed}, JSON::PP::true, 'and says so');
