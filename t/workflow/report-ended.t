# Reports of executions that did not come to their end, or whose engine cannot be asked: those
# of the last record; and of one that never began.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 24;

my $target = WF::Target->new;
my $server = WF::Server->new(extra => "WorkflowResumeExecutions Off\nWorkflowMaxExecutions 1")->start;
my $quick = workflow([ http_step(s => $target->url('/q')), { id => 'w', type => 'sleep', config => { duration => '20ms' } } ],
                     { vus => 2, duration => '60s', graceful_stop => '10ms', thresholds => [ { metric => 'http_reqs', condition => 'count > 5' } ] });
my $report = sub { get_json("/api/v1/executions/$_[0]/report") };

# ---- the engine died, and nothing goes on ----------------------------------------------------

my $id = submit($quick);
# A point of the time series is on disk, and with it the record of its second.
ok wait_until { @{ get_json("/api/v1/perf/executions/$id/timeseries")->{time_series} } >= 2 };

# ---- one that the engine has no place for ------------------------------------------------------

my $refused = call('POST', '/api/v1/workflows', { workflow => $quick });
ok t_cmp($refused->code, 500, 'one too many');
my $never = wait_until { get_json('/api/v1/executions?status=failed')->{executions}[0] };   # told before it is written
my $bare = $report->($never->{id});
ok t_cmp([ @$bare{qw(execution_id workflow_id status)} ], [ $never->{id}, 'test', 'failed' ], 'it has a report');
ok t_cmp($bare->{error_analysis}{total_errors}, 1, 'with its error');
ok t_cmp($bare->{error_analysis}{top_errors}[0]{message}, qr/1 executions are running, the limit/, 'that says why it never began');
ok t_cmp(call('GET', "/api/v1/executions/$never->{id}/report?format=html")->code, 200, 'as a page, too');
ok t_cmp(call('GET', "/api/v1/perf/executions/$never->{id}/metrics")->code, 200, 'and as numbers');

# ---- an engine that does not answer --------------------------------------------------------------

my $engine = $server->engine_pid;
kill STOP => $engine;
my $asked = time;
my $last = $report->($id);
ok t_cmp([ @$last{qw(execution_id status end_time)} ], [ $id, 'running', '' ], 'the report of the last record');
ok $last->{summary}{total_iterations} > 0;
ok time - $asked < 6;
kill CONT => $engine;

# ---- the engine dies -----------------------------------------------------------------------------

kill KILL => $engine;
wait_until { !kill 0 => $engine };
my $sent = () = $target->requests('/q');
$server->wait_ready;
my $ended = execution($id);
ok t_cmp($ended->{status}, 'failed', 'after its death it is over');
my $final = $report->($id);
ok t_cmp([ @$final{qw(execution_id status start_time end_time)} ], [ $id, 'failed', @$ended{qw(start_time end_time)} ], 'so says its report');
ok $final->{summary}{total_iterations} >= $last->{summary}{total_iterations};
ok $final->{summary}{total_requests} <= $sent;
ok t_cmp($final->{summary}{total_iterations}, metrics($id)->{total_iterations}, 'as the metrics say');
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $final->{thresholds} } ], [ 1 ], 'with its thresholds');
ok t_cmp([ map { $_->{step_id} } @{ $final->{step_details} } ], [ 's', 'w' ], 'its steps');
ok @{ $final->{time_series} } >= 2;
ok t_cmp($final->{error_analysis}{top_errors}[-1]{message}, qr/engine was restarted/, 'and why it is over');
ok t_cmp($final->{error_analysis}{total_errors}, 1, 'which is an error');
ok t_cmp($report->($id), $final, 'it stays so');
ok t_cmp(call('GET', "/api/v1/executions/$id/report?format=html")->content, qr/engine was restarted/, 'as a page, too');

# ---- the server stops ----------------------------------------------------------------------------

$id = submit($quick);
wait_until { metrics($id)->{total_iterations} > 4 };
$server->stop;
$server->start;
$final = $report->($id);
ok t_cmp($final->{status}, 'aborted', 'stopped with the server');
ok $final->{summary}{total_iterations} > 4;
