# Comparing an execution with an earlier one: by the document, before the run and with
# thresholds, or afterwards by the report's URL. The comparison is kept with the execution: it
# survives its engine and the earlier execution.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep);
use WF::Server;
use WF::Target;
use WF::Test;

my @bad = (
    # what                       options                                                            the message
    [ 'an unknown execution',    { baseline => 'exec-none' },                                       qr/options\.baseline: there is no execution with id "exec-none"/ ],
    [ 'neither id nor map',      { baseline => 7 },                                                 qr/options\.baseline: is the id of an execution, latest, or a map/ ],
    [ 'an empty id',             { baseline => '' },                                                qr/options\.baseline: names no execution/ ],
    [ 'an unknown member',       { baseline => { execution => 'latest', tolerant => 1 } },          qr/options\.baseline\.tolerant/ ],
    [ 'a tolerance of words',    { baseline => { tolerance => 'some' } },                           qr/options\.baseline\.tolerance: is a percentage such as 10%/ ],
    [ 'a negative tolerance',    { baseline => { tolerance => '-5%' } },                            qr/options\.baseline\.tolerance: is a percentage/ ],
    [ 'a list as regression',    { baseline => { max_regression => [ 1 ] } },                       qr/options\.baseline\.max_regression: is a percentage/ ],
    [ 'an unknown metric',       { baseline => { metrics => [ 's', 'http_req_duration.p94' ] } },   qr/options\.baseline\.metrics\[1\]: "http_req_duration\.p94" is no figure/ ],
    [ 'a number as metric',      { baseline => { metrics => [ 5 ] } },                              qr/options\.baseline\.metrics\[0\]: must be a text/ ],
    [ 'a threshold without one', { thresholds => [ { metric => 'http_reqs', condition => 'rate > baseline' } ] },
                                                                                                    qr/options\.thresholds\[0\]\.condition: .*there is no options\.baseline/ ],
    [ 'another percentile',      { baseline => 'latest', thresholds => [ { metric => 'http_req_duration', condition => 'p(97) < baseline' } ] },
                                                                                                    qr/options\.thresholds\[0\]\.condition: .*a baseline does not have this figure/ ],
    [ 'no arithmetic',           { baseline => 'latest', thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < baseline / 2' } ] },
                                                                                                    qr/behind baseline: \* 1\.1/ ],
);

plan tests => 2 * @bad + 68;

my $target = WF::Target->new('/fast' => { delay => 0.02 }, '/slow' => { delay => 0.8 }, '/bad' => { delay => 0.02, status => 503 });
my $server = WF::Server->new(extra => "WorkflowMaxExecutions 2")->start;

sub steps { my ($path, @more) = @_; [ http_step(s => $target->url($path)), @more ] }
sub run { my ($path, $options, %more) = @_; my $id = submit(workflow(steps($path), { vus => 4, iterations => 5, %$options }, id => 'compared', %more)); finished($id); $id }
sub report { get_json("/api/v1/executions/$_[0]/report" . ($_[1] // '')) }
sub row { my ($rows, $metric, $statistic) = @_; (grep { $_->{metric} eq $metric && $_->{statistic} eq $statistic } @$rows)[0] // {} }
sub near { my ($is, $should) = @_; abs($is - $should) <= 0.002 * (1 + abs $should) or (t_debug("$is, not $should"), 0) }

# ---- the document ---------------------------------------------------------------------------

# The first one of a workflow has nothing to be compared with.
my $first = run('/fast', { baseline => 'latest', thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < baseline * 0.001' } ] });
my $before = report($first);
ok t_cmp($before->{status}, 'completed', 'the first one runs');
ok !exists $before->{baseline};
ok t_cmp([ map { $_->{code} } @{ $before->{warnings} } ], [ 'NO_BASELINE' ], 'and says that there is nothing to compare with');
ok t_cmp([ map { [ $_->{passed} ? 1 : 0, exists $_->{limit} ? 1 : 0 ] } @{ $before->{thresholds} } ], [ [ 1, 0 ] ], 'what is relative to nothing holds');

my $second = run('/slow', { baseline => { execution => $first, max_regression => '50%' }, thresholds => [
    { metric => 'http_req_duration', condition => 'p(95) < baseline * 1.1' },
    { metric => 's.duration',        condition => 'avg < baseline + 5000' },
    { metric => 's.duration.p95',    condition => '< baseline + 10%' },
    { metric => 'http_reqs',         condition => 'count == baseline' },
    { metric => 's.success_rate',    condition => '>= baseline' },
    { metric => 'total_iterations',  condition => '== baseline' },
] });
my $report = report($second);
my $compared = $report->{baseline};
ok t_cmp(join(' ', sort keys %$compared), 'better changed end_time execution_id metrics missing_steps new_steps same start_time status steps tolerance workflow_id worse worst_change', 'members');
ok t_cmp([ @$compared{qw(execution_id workflow_id status start_time end_time tolerance)} ],
         [ $first, 'compared', 'completed', @$before{qw(start_time end_time)}, 10 ], 'which one it is compared with');
my $row = row($compared->{metrics}, 'http_req_duration', 'p(95)');
my $was = $before->{metrics}{http_req_duration}{values}{'p(95)'};
my $is = $report->{metrics}{http_req_duration}{values}{'p(95)'};
ok t_cmp([ @$row{qw(before now verdict)} ], [ $was, $is, 'worse' ], 'a time');
ok near($row->{change}, 100 * ($is - $was) / $was);
ok t_cmp(row($compared->{metrics}, 'http_reqs', 'rate')->{verdict}, 'worse', 'a rate');
ok row($compared->{metrics}, 'http_reqs', 'rate')->{change} < -10;
ok t_cmp([ @{ row($compared->{metrics}, 'iteration_success', 'rate') }{qw(before now change verdict)} ], [ 1, 1, 0, 'same' ], 'a share');
ok t_cmp(scalar(grep { $_->{metric} =~ /^(vus|http_req_blocked|data_sent)/ } @{ $compared->{metrics} }), 0, 'without what nobody asks for');
ok t_cmp(scalar(grep { $_->{metric} eq 'dropped_iterations' } @{ $compared->{metrics} }), 0, 'and what never was');
ok t_cmp([ @{ row($compared->{steps}, 'duration', 'med') }{qw(step_id before verdict)} ], [ 's', $before->{step_details}[0]{p50_ms}, 'worse' ], 'its step');
ok t_cmp(row($compared->{steps}, 'success_rate', 'rate')->{verdict}, 'same', 'and how often it succeeded');
my %counts;
$counts{ $_->{verdict} }++ for @{ $compared->{metrics} }, @{ $compared->{steps} };
ok t_cmp([ @$compared{qw(worse better same changed)} ], [ map { $counts{$_} // 0 } qw(worse better same changed) ], 'counts');
ok $compared->{worst_change} >= $row->{change};
ok t_cmp([ @$compared{qw(new_steps missing_steps)} ], [ [], [] ], 'the same steps');
my @thresholds = @{ $report->{thresholds} };
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @thresholds ], [ 0, 1, 0, 1, 1, 1, 0 ], 'thresholds');
ok near($thresholds[0]{limit}, $was * 1.1);
ok near($thresholds[1]{limit}, $before->{step_details}[0]{avg_ms} + 5000);
ok near($thresholds[2]{limit}, $before->{step_details}[0]{p95_ms} * 1.1);
ok t_cmp([ map { $_->{limit} } @thresholds[3 .. 5] ], [ 20, 1, 20 ], 'their limits');
ok t_cmp([ @{ $thresholds[6] }{qw(metric condition)} ], [ 'baseline', 'max_regression <= 50%' ], 'and the worst regression');
ok near($thresholds[6]{value}, $compared->{worst_change});
ok t_cmp([ @{ $report->{summary} }{qw(thresholds_passed thresholds_failed)} ], [ 4, 3 ], 'it counts as one');
ok t_cmp(scalar @{ metrics($second)->{thresholds} }, 7, 'in the metrics, too');

# latest: the latest completed one of the same workflow.
my $other = run('/fast', {}, id => 'another');
$report = report(run('/fast', { baseline => 'latest' }));
$compared = $report->{baseline};
ok t_cmp($compared->{execution_id}, $second, 'latest');
ok t_cmp(row($compared->{metrics}, 'http_req_duration', 'p(95)')->{verdict}, 'better', 'it is better than that');
ok t_cmp(row($compared->{metrics}, 'http_reqs', 'rate')->{verdict}, 'better', 'in each way');
ok t_cmp([ $compared->{worse}, $report->{warnings} ], [ 0, [] ], 'nothing is worse');

# Only some figures, and more tolerance.
$report = report(run('/bad', { baseline => { execution => $first, tolerance => 100_000, max_regression => 1000,
    metrics => [ 's.success_rate', 'http_req_failed', 'http_req_blocked.max', 'vus_max.value', 'iterations.count' ] } },
    steps => steps('/bad', { id => 'more', type => 'sleep', config => { duration => '1ms' } })));
$compared = $report->{baseline};
ok t_cmp(join(', ', sort map { "$_->{metric} $_->{statistic}" } @{ $compared->{metrics} }), 'http_req_blocked max, http_req_failed rate, iterations count, vus_max value', 'only what is named');
ok t_cmp([ map { "$_->{step_id} $_->{metric} $_->{statistic}" } @{ $compared->{steps} } ], [ 's success_rate rate' ], 'of steps, too');
ok t_cmp([ @{ row($compared->{metrics}, 'http_req_failed', 'rate') }{qw(before now change verdict)} ], [ 0, 1, 100, 'same' ], 'what was nothing has changed by 100 %');
ok t_cmp([ $compared->{worse}, $compared->{changed}, $compared->{tolerance} ], [ 0, 0, 100_000 ], 'a great tolerance');
ok t_cmp($compared->{new_steps}, [ 'more' ], 'a step that is new');
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $report->{thresholds} } ], [ 1 ], 'far from the regression that is too much');

# ---- what is refused ----------------------------------------------------------------------------

for (@bad) {
    my ($what, $options, $message) = @$_;
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow(steps('/fast'), $options, id => 'refused') });
    ok t_cmp($r->code . ' ' . json($r)->{error}, '400 invalid_workflow', $what);
    ok t_cmp(json($r)->{message}, $message, "$what: message");
}
my $r = call('POST', '/api/v1/workflows', { yaml => "id: y\nname: Y\nsteps:\n  - {id: s, type: sleep, config: {duration: 1ms}}\noptions:\n  vus: 1\n  baseline: exec-gone\n" });
ok t_cmp(json($r)->{message}, qr/^7:13: \[baseline\] options\.baseline: there is no execution/, 'with its place');
ok t_cmp(get_json('/api/v1/executions?workflow=refused')->{total}, 0, 'nothing of that was begun');

# Ones that have no figures (yet).
my $hanging = sub { submit(workflow([ { id => 'w', type => 'sleep', config => { duration => '30s' } } ], { duration => '60s', graceful_stop => '10ms' }, id => "hangs-$_[0]")) };
my @running = map { $hanging->($_) } 1, 2;
wait_until { execution($_)->{status} eq 'running' } for @running;
$r = call('POST', '/api/v1/workflows', { workflow => workflow(steps('/fast'), { baseline => $running[0] }) });
ok t_cmp($r->code . ' ' . json($r)->{message}, qr/^400 .*options\.baseline: execution $running[0] is running: only one that has ended/, 'one that runs');
call('POST', '/api/v1/workflows', { workflow => workflow(steps('/fast'), {}, id => 'never') });
my ($never) = @{ get_json('/api/v1/executions?workflow=never')->{executions} };
finished($never->{id});         # the client is told before the record is written
$r = call('POST', '/api/v1/workflows', { workflow => workflow(steps('/fast'), { baseline => $never->{id} }) });
ok t_cmp($r->code . ' ' . json($r)->{message}, qr/^400 .*options\.baseline: execution $never->{id} has no figures: it never began/, 'one that never began');

# ---- afterwards -----------------------------------------------------------------------------------

$compared = report($first, "?baseline=$second")->{baseline};
ok t_cmp([ @$compared{qw(execution_id tolerance)} ], [ $second, 10 ], 'by the URL');
ok t_cmp(row($compared->{metrics}, 'http_req_duration', 'p(95)'), { metric => 'http_req_duration', statistic => 'p(95)', before => $is, now => $was, verdict => 'better',
         change => row($compared->{metrics}, 'http_req_duration', 'p(95)')->{change} }, 'with its figures');
ok near(row($compared->{metrics}, 'http_req_duration', 'p(95)')->{change}, 100 * ($was - $is) / $is);
ok t_cmp($compared->{worse}, 0, 'in the other direction nothing is worse');
ok t_cmp(get_json("/api/v1/perf/executions/$first/report?baseline=$second")->{baseline}, $compared, 'at its other place, too');
$compared = report($first, "?baseline=$other&tolerance=100000%25")->{baseline};
ok t_cmp([ @$compared{qw(workflow_id worse better changed tolerance)} ], [ 'another', 0, 0, 0, 100_000 ], 'of another workflow, with more tolerance');
ok t_cmp(report($second)->{baseline}{execution_id}, $first, 'without it, what the document says');
ok t_cmp(report($second, "?baseline=$other")->{baseline}{execution_id}, $other, 'which it replaces');
my $live = report($running[0], "?baseline=$first");
ok t_cmp([ $live->{status}, $live->{baseline}{execution_id}, $live->{baseline}{missing_steps} ], [ 'running', $first, [ 's' ] ], 'of a live one');
my $html = call('GET', "/api/v1/executions/$second/report?format=html")->content;
ok t_cmp($html, qr/Compared with the baseline.*execution $first of compared.*Its steps/s, 'as a page');
ok t_cmp($html, qr/<td class="left word bad">worse<\/td>/, 'with verdicts');
ok t_cmp(call('GET', "/api/v1/executions/$first/report?format=html&baseline=$second")->content, qr/<td class="left word good">better<\/td>/, 'by the URL, too');
ok t_cmp(call('GET', "/api/v1/executions/$first/report?format=html")->content !~ /Compared with/ ? 1 : 0, 1, 'without one there is nothing of it');
for ([ 'baseline=exec-none', qr/'baseline': execution 'exec-none' does not exist/ ], [ "baseline=$running[1]", qr/has not ended/ ],
     [ "baseline=$never->{id}", qr/never began/ ], [ "baseline=$second&tolerance=much", qr/'tolerance' is a percentage/ ]) {
    my ($query, $message) = @$_;
    my $r = call('GET', "/api/v1/executions/$first/report?$query");
    ok t_cmp($r->code . ' ' . json($r)->{error}, '400 invalid_request', $query);
    ok t_cmp(json($r)->{message}, $message, 'and why');
}
call('DELETE', "/api/v1/executions/$_") for @running;
finished($_) for @running;

# ---- the engine dies, and the earlier one is deleted ------------------------------------------------

$server->{extra} = 'WorkflowExecutionsKept 1';
my $long = submit(workflow(steps('/slow', { id => 'w', type => 'sleep', config => { duration => '50ms' } }),
    { vus => 1, iterations => 8, baseline => { execution => $first, max_regression => 20 }, thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < baseline * 2' } ] }, id => 'long'));
my $n = 0;
wait_until { ($n = metrics($long)->{total_iterations}) > 0 };
$server->write_config;
$server->stop;                  # clean-up looks when the engine starts
$server->start;
wait_until { call('GET', "/api/v1/executions/$first")->code == 404 };
ok t_cmp(call('GET', "/api/v1/executions/$first/report")->code, 404, 'the earlier one is gone');
my $pid = $server->engine_pid;
kill KILL => $pid;
wait_until { !kill 0 => $pid };
$server->wait_ready;
ok t_cmp(finished($long)->{status}, 'completed', 'after two restarts it comes to its end');
$report = report($long);
ok t_cmp($report->{baseline}{execution_id}, $first, 'and is compared');
ok t_cmp(row($report->{baseline}{metrics}, 'http_req_duration', 'p(95)')->{before}, $was, 'with the same figures');
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $report->{thresholds} } ], [ 0, 0 ], 'its thresholds, too');
ok near($report->{thresholds}[0]{limit}, $was * 2);
