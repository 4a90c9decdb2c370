# Time series, numeric metrics and final report: what is in them agrees with what arrived, while
# the execution is live and when it is over.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/good' => { delay => 0.01 }, '/bad' => { status => 503 });
my $perf = sub { get_json("/api/v1/perf/executions/$_[0]/$_[1]") };

plan tests => 44;

# ---- over ---------------------------------------------------------------------------------------

my $id = submit(workflow([ http_step(good => $target->url('/good')), { %{ http_step(bad => $target->url('/bad')) }, on_error => 'continue' } ],
                         { vus => 3, duration => '2500ms', tags => { team => 'a' }, thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < 60000' },
                                                                                      { metric => 'http_req_failed', condition => 'rate < 0.1' } ] },
                         name => 'Both', metrics => { mine => 'counter' }));
my $end = finished($id);
ok t_cmp($end->{status}, 'completed', 'it ends');
my ($good, $bad) = map { scalar(() = $target->requests($_)) } '/good', '/bad';
my $report = $perf->($id, 'report');
ok t_cmp(join(' ', sort keys %$report), 'checks config end_time error_analysis execution_id generator http_status metrics start_time status step_details summary thresholds time_series vu_timeline warnings workflow_id workflow_name', 'members');
ok t_cmp([ @$report{qw(execution_id workflow_id workflow_name status start_time end_time)} ],
         [ $id, 'test', 'Both', 'completed', @$end{qw(start_time end_time)} ], 'what it is about');
my $summary = $report->{summary};
my $iterations = $summary->{total_iterations};
ok t_cmp($iterations, metrics($id)->{total_iterations}, 'iterations');
ok t_cmp($summary->{total_requests}, $good + $bad, 'requests');
ok t_cmp($summary->{failed_requests}, $bad, 'failed ones');
ok abs($summary->{error_rate} - 100 * $bad / ($good + $bad)) < 0.01;
ok t_cmp($summary->{max_vus}, 3, 'users');
ok $summary->{duration_ms} >= 2500 && $summary->{duration_ms} < 20_000;
ok $summary->{min_ms} <= $summary->{p50_ms} && $summary->{p50_ms} <= $summary->{p95_ms} && $summary->{p95_ms} <= $summary->{p99_ms} && $summary->{p99_ms} <= $summary->{max_ms};
ok abs($summary->{qps} - 1000 * ($good + $bad) / $summary->{duration_ms}) < 1;
ok t_cmp([ @$summary{qw(thresholds_passed thresholds_failed)} ], [ 1, 1 ], 'thresholds');
ok t_cmp([ map { $_->{passed} } @{ $report->{thresholds} } ], [ JSON::PP::true, JSON::PP::false ], 'each');
ok t_cmp($report->{http_status}, { 200 => $good, 503 => $bad }, 'by status');
my ($first, $second) = @{ $report->{step_details} };
ok t_cmp([ map { [ @$_{qw(step_id type count success_count failure_count status)} ] } $first, $second ],
         [ [ 'good', 'http', $good, $good, 0, { 200 => $good } ], [ 'bad', 'http', $bad, 0, $bad, { 503 => $bad } ] ], 'steps');
ok t_cmp($second->{success_rate}, 0, 'a rate');
ok t_cmp($report->{metrics}{http_reqs}{values}{count}, $good + $bad, 'metrics: a counter');
ok t_cmp([ @{ $report->{metrics}{http_req_duration} }{qw(type contains)} ], [ 'trend', 'time' ], 'a trend');
ok t_cmp(join(' ', sort keys %{ $report->{metrics}{http_req_duration}{values} }), 'avg count max med min p(90) p(95) p(99)', 'its values');
ok t_cmp($report->{metrics}{mine}, { type => 'counter', contains => 'default', custom => JSON::PP::true, values => { count => 0, rate => 0 } }, 'one of its own');
ok t_cmp([ @{ $report->{config} }{qw(mode vus tags)} ], [ 'constant-vus', 3, { team => 'a' } ], 'configuration');
ok t_cmp($report->{config}{scenarios}[0]{duration}, '2.5s', 'of its scenario');

my $series = $perf->($id, 'timeseries');
ok t_cmp([ @$series{qw(execution_id status)} ], [ $id, 'completed' ], 'time series');
ok t_cmp($series->{time_series}, $report->{time_series}, 'the same as in the report');
my @points = @{ $series->{time_series} };
ok @points >= 2 && @points <= 6 or t_debug(scalar(@points) . ' points');
my $sum = 0;
$sum += $_->{iterations} for @points;
ok t_cmp($sum, $iterations, 'it has all iterations');
ok t_cmp(join(' ', sort keys %{ $points[0] }), 'active_vus avg_rt_ms data_received_per_sec data_sent_per_sec dropped_iterations elapsed_ms error_rate iterations p50_rt_ms p90_rt_ms p95_rt_ms p99_rt_ms qps timestamp', 'members of a point');
ok abs($points[0]{error_rate} - 50) < 10;
ok t_cmp([ map { $_->{elapsed_ms} } @{ $report->{vu_timeline} } ], [ map { $_->{elapsed_ms} } @points ], 'the course of users');
ok t_cmp($report->{vu_timeline}[0]{active_vus}, 3, 'is told');

my $numbers = $perf->($id, 'metrics');
ok t_cmp(join(' ', sort keys %$numbers), 'execution_id http_status metrics status step_details summary thresholds', 'metrics as numbers');
ok t_cmp($numbers->{$_}, $report->{$_}, "the same as in the report: $_") for qw(summary metrics step_details);
my $texts = metrics($id);
ok t_cmp([ @$texts{qw(http_status dropped_iterations interrupted_iterations)} ], [ $report->{http_status}, 0, 0 ], 'and in the metrics object');

# ---- errors -------------------------------------------------------------------------------------------

($end) = run_workflow([ map { +{ %{ http_step("s$_" => 'http://127.0.0.1:1/') }, on_error => 'continue' } } 1 .. 25 ], { vus => 1, iterations => 2 });
my $errors = $perf->($end->{id}, 'report')->{error_analysis};
ok t_cmp($errors->{total_errors}, 50, 'errors are counted');
ok t_cmp([ map { [ @$_{qw(type count percentage)} ] } @{ $errors->{error_types} } ], [ [ 'CONNECTION_ERROR', 50, 100 ] ], 'by type');
ok t_cmp(scalar @{ $errors->{top_errors} }, 20, 'the most frequent ones');

# ---- live ---------------------------------------------------------------------------------------------

$id = submit(workflow([ http_step(s => $target->url('/good')) ], { vus => 1, duration => '30s' }));
wait_until { @{ $perf->($id, 'timeseries')->{time_series} } >= 2 };
ok @{ $perf->($id, 'timeseries')->{time_series} } >= 2;
$report = $perf->($id, 'report');
ok t_cmp([ @$report{qw(status end_time)} ], [ 'running', '' ], 'a report so far');
ok $report->{summary}{total_iterations} > 0;
call('DELETE', "/api/v1/executions/$id");
finished($id);
ok t_cmp(call('GET', "/api/v1/perf/executions/exec-no/$_")->code, 404, "unknown: $_") for qw(status metrics report);
