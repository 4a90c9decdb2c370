# Runs from the command line: what the options change, what is shown, what -out-json holds,
# and what the exit code says.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Command;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/bad' => { status => 500 }, '/slow' => { delay => 0.2 }, '/hang' => { hang => 1 });
my $base = $target->url;
my $file = scratch('two.yaml', data_file('target.yaml') =~ s/TARGET/$base/gr);
my $slow = scratch('slow.yaml', "id: slow\nname: Slow\nhttp: {base_url: '$base'}\nsteps:\n  - {id: s, type: http, config: {url: /slow}}\n");

sub variant { my ($name, $more) = @_; scratch($name, data_file('target.yaml') =~ s/TARGET/$base/gr =~ s/    - metric: http_reqs\n.*\n/$more/r) }
sub sent { my $n = () = $target->requests(@_); $n }

my @cases = (
    # arguments                                                       exit  requests to good, bad  VUs, iterations in the summary
    [ [$file],                                                        0,    10, 10,                2, 10 ],
    [ [ '-vus', 3, $file ],                                           0,    15, 15,                3, 15 ],
    [ [ '-iterations', 1, $file ],                                    0,    2,  2,                 2, 2 ],
    [ [ '-mode', 'shared-iterations', $file ],                        0,    5,  5,                 2, 5 ],
    [ [ '--mode=shared-iterations', '--vus=1', '--iterations=4', $file ], 0, 4, 4,                 1, 4 ],
    [ [ '-u', 1, '-i', 3, $file ],                                    0,    3,  3,                 1, 3 ],
    [ [ '-duration', '30s', $file ],                                  0,    10, 10,                2, 10 ],   # iterations come first
);

# Thresholds and failures: what the exit code and the summary say.
my @judged = (
    # what                        thresholds or more of the file                                 exit  status       passed, failed
    [ 'threshold passed',         "    - {metric: http_reqs, condition: count == 20}\n",        0,    'completed', 1, 0 ],
    [ 'threshold violated',       "    - {metric: http_req_failed, condition: rate < 0.1}\n",   1,    'completed', 0, 1 ],
    [ 'one of two',               "    - {metric: http_reqs, condition: count > 1}\n    - {metric: good.count, condition: '> 99'}\n", 1, 'completed', 1, 1 ],
    [ 'ended by a threshold',     "    - {metric: http_req_failed, condition: rate < 0.1, abort_on_fail: true}\n  duration: 50s\n  graceful_stop: 1s\n", 1, 'failed', 0, 1 ],
);

plan tests => 7 * @cases + 6 * @judged + 37;

for my $case (@cases) {
    my ($args, $code, $good, $bad, $vus, $iterations) = @$case;
    my $what = join ' ', grep { !m{/} } @$args;
    my @before = (sent('/good'), sent('/bad'));
    my $run = command('run', @$args);
    ok t_cmp($run->{code}, $code, "run $what: exit code") or t_debug($run->{err});
    ok t_cmp([ sent('/good') - $before[0], sent('/bad') - $before[1] ], [ $good, $bad ], "$what: what the target saw");
    ok t_cmp($run->{out}, qr/^workflow +Two steps \(two-steps\)\ndescription +one answers.*\nsteps +2\n/, "$what: banner");
    ok t_cmp($run->{out}, qr/^status +completed\ntotal time +[\d.]+m?s\nVUs +$vus\niterations +$iterations\nrequests +@{[ $good + $bad ]}\n/m, "$what: summary");
    ok t_cmp($run->{out}, qr/^success +50\.00%\nfailure +50\.00%\n/m, "$what: shares");
    ok t_cmp($run->{out}, qr/^thresholds +1 passed, 0 failed$/m, "$what: thresholds");
    ok t_cmp($run->{out}, qr/^errors\n +EXECUTION_ERROR bad: answered 500/m, "$what: errors");
}

for my $case (@judged) {
    my ($what, $more, $code, $status, $passed, $failed) = @$case;
    my $json = scratch('judged.json');
    # Endless iterations where the threshold is to end the run.
    my $path = variant('judged.yaml', $more);
    my $run = command('run', '-out-json', $json, ($status eq 'failed' ? ('-i', 100_000_000) : ()), $path);
    ok t_cmp($run->{code}, $code, "$what: exit code") or t_debug($run->{err});
    ok t_cmp($run->{out}, qr/^status +$status$/m, "$what: status");
    ok t_cmp($run->{out}, qr/^thresholds +$passed passed, $failed failed$/m, "$what: thresholds");
    ok t_cmp($run->{out} =~ /^  FAILED /m ? 1 : 0, $failed ? 1 : 0, "$what: which failed");
    my $result = decode_json(do { open my $in, '<', $json or die $!; local $/; <$in> });
    ok t_cmp([ @$result{qw(thresholds_passed thresholds_failed status)} ], [ $passed, $failed, $status ], "$what: the result");
    ok t_cmp($run->{err}, '', "$what: no messages");
}

# The result file, all of it.
my $json = scratch('result.json', 'old content that is much longer than nothing ' x 100);
my $before = sent('/slow');
my $run = command('run', '-quiet', '-out-json', $json, '-u', 2, '-i', 5, $slow);
ok t_cmp($run->{out} . $run->{err}, '', '-quiet prints nothing');
ok t_cmp($run->{code}, 0, 'exit code');
open my $in, '<', $json or die $!;
my $result = decode_json(do { local $/; <$in> });
ok t_cmp(join(' ', sort keys %$result), join(' ', sort qw(workflow_id workflow_name status duration_ms total_vus total_iterations
    total_requests rps success_rate error_rate avg_duration_ms p95_duration_ms p99_duration_ms thresholds_passed thresholds_failed)), 'members');
my %exact = (workflow_id => 'slow', workflow_name => 'Slow', status => 'completed', total_vus => 2, total_iterations => 10,
             total_requests => 10, success_rate => 1, error_rate => 0, thresholds_passed => 0, thresholds_failed => 0);
ok t_cmp($result->{$_}, $exact{$_}, $_) for sort keys %exact;
ok t_cmp(sent('/slow') - $before, 10, 'that many were sent');
ok $result->{duration_ms} >= 1000 && $result->{duration_ms} < 5000;
ok abs($result->{rps} - 10_000 / $result->{duration_ms}) < 0.1;
ok $result->{avg_duration_ms} >= 200 && $result->{avg_duration_ms} <= $result->{p99_duration_ms} + 1;
ok $result->{p95_duration_ms} >= 200 && $result->{p95_duration_ms} <= $result->{p99_duration_ms};

# Progress, twice a second: a bar of 30 cells that fills.
$run = command('run', '-i', 8, $slow);
my @bars = $run->{out} =~ /^\[([#.]{30})\] +(\d+)%/mg;
ok @bars >= 3 or t_debug($run->{out});
ok t_cmp([ @bars[ map 2 * $_ + 1, 0 .. $#bars / 2 ] ], [ sort { $a <=> $b } @bars[ map 2 * $_ + 1, 0 .. $#bars / 2 ] ], 'per cent only grow');
ok t_cmp($run->{out}, qr/^\[[#.]{30}\].*left \S+ \| [\d.]+m?s \| iter \d+ \| VUs 1 \| req \d+ [\d.]+\/s \| ok 100\.0% \| avg \d+\.\d\dms \| fail 0$/m, 'and all the rest');

# On a terminal the bar is one row that is written again and again, however narrow it is.
my $shown = `script -qec "stty cols 60; '$ENV{WF_DIR}/bin/workflow-engine' run -d 1800ms '$slow'" /dev/null </dev/null`;
my @rows = $shown =~ /\r\033\[K([^\r\n]*)/g;
ok t_cmp(@rows >= 3 ? 1 : 0, 1, 'bars') or t_debug($shown);
ok t_cmp(join('|', grep { length != 59 } grep { /\[/ } @rows), '', 'that fit');
ok t_cmp($rows[0], qr/^\[#*\.+\] +\d+% left \d+\w+ \| /, 'with what is most important');
ok t_cmp($shown, qr/^status +completed\r$/m, 'and a summary below');
ok t_cmp($run->{out}, qr/^requests\/s +\d+\.\d\d\nsuccess +100\.00%\nfailure +0\.00%\nmean +[2-9]\d\d\.\d+ms\nP95 +[2-9]\d\d\.\d+ms\nP99 +[2-9]\d\d\.\d+ms\n/m, 'summary');
ok $run->{out} !~ /^(thresholds|errors)/m;

# Runs that fail, and one without any request.
my $failing = scratch('failing.yaml', "id: f\nname: F\nsteps:\n  - {id: s, type: http, config: {url: 'http://127.0.0.1:1/'}}\n");
$run = command('run', $failing);
ok t_cmp($run->{code}, 1, 'a failed run');
ok t_cmp($run->{out}, qr/^status +failed$/m, 'says so');
ok t_cmp($run->{out}, qr/^errors\n +CONNECTION_ERROR s: /m, 'and why');
ok t_cmp(command('run', '-quiet', $failing)->{code}, 1, 'quiet or not');
ok t_cmp(command('run', '-quiet', '-duration', '300ms', $failing)->{code}, 0, 'bounded by time it is a measurement');
$run = command('run', '-duration', '700ms', $slow);
ok t_cmp($run->{code}, 0, 'by duration');
ok t_cmp($run->{out}, qr/^duration +700ms\niterations +-$/m, 'says so');
my $nothing = scratch('nothing.yaml', "id: n\nname: N\nsteps:\n  - {id: s, type: http, disabled: true, config: {url: 'http://127.0.0.1:1/'}}\n");
$run = command('run', $nothing);
ok t_cmp($run->{code}, 0, 'without requests');
ok t_cmp($run->{out}, qr/^iterations +1\nrequests +0$/m, 'nothing to count');
ok $run->{out} !~ m{^requests/s|^success}m;
