# The command line compares a run with the report of an earlier one.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Command;
use WF::Target;
use WF::Test;

plan tests => 17;

my $target = WF::Target->new('/slow' => { delay => 0.2 });
my $file = sub { my ($name, $options) = @_; scratch($name, "id: c\nname: C\nsteps:\n  - {id: s, type: http, config: {url: '" . $target->url('/slow') . "'}}\noptions:\n  iterations: 3\n$options") };

# A report of a server: a run that took a tenth of the time.
my %times = (count => 3, min => 15, avg => 20, med => 20, max => 25, 'p(90)' => 25, 'p(95)' => 25, 'p(99)' => 25);
my $report = { execution_id => 'exec-7', workflow_id => 'c', status => 'completed', start_time => 's', end_time => 'e',
    summary => { duration_ms => 60, total_iterations => 3, max_vus => 1 },
    metrics => { http_req_duration => { type => 'trend', contains => 'time', values => \%times }, http_req_failed => { type => 'rate', values => { rate => 0, passes => 0, fails => 3 } },
                 http_reqs => { type => 'counter', values => { count => 3, rate => 50 } } },
    step_details => [ { step_id => 's', count => 3, success_rate => 1, p95_ms => 25 } ] };
my $json = scratch('report.json', encode_json($report));

my $run = command('run', '-baseline', $json, $file->('relative.yaml', "  baseline: {max_regression: 50%}\n  thresholds:\n    - {metric: http_req_duration, condition: 'p(95) < baseline * 2'}\n    - {metric: http_reqs, condition: 'count == baseline'}\n"));
ok t_cmp($run->{code}, 1, 'worse than allowed') or t_debug($run->{err});
ok t_cmp($run->{out}, qr/^thresholds +1 passed, 2 failed$/m, 'thresholds');
ok t_cmp($run->{out}, qr/^  FAILED baseline max_regression <= 50% /m, 'the regression among them');
ok t_cmp($run->{out}, qr/^baseline +exec-7: \d+ worse, 0 better, \d+ the same$/m, 'what it is compared with');
ok t_cmp($run->{out}, qr/^  worse   http_req_duration p\(95\)  25 -> \d+(\.\d+)? \(\+\d+\.\d%\)$/m, 'what is worse');
ok t_cmp($run->{out}, qr/^  worse   http_reqs rate  50 -> [\d.]+ \(-\d+\.\d%\)$/m, 'in both directions');
ok t_cmp($run->{out}, qr/^  worse   s\.duration p\(95\)  25 -> /m, 'steps, too');
ok t_cmp($run->{err}, '', 'without messages');

# Without options.baseline it is told, and nothing fails.
$run = command('run', "--baseline=$json", $file->('plain.yaml', ''));
ok t_cmp($run->{code}, 0, 'without thresholds it is only told');
ok t_cmp($run->{out}, qr/^  worse   http_req_duration p\(95\)  25 -> /m, 'what is worse');

# options.baseline without a report.
$run = command('run', $file->('named.yaml', "  baseline: exec-9\n  thresholds:\n    - {metric: http_req_duration, condition: 'p(95) < baseline'}\n"));
ok t_cmp($run->{code}, 0, 'a run of a server is not known');
ok t_cmp($run->{err}, qr/options\.baseline: nothing is compared with exec-9; give its report with -baseline/, 'and so it says');
ok t_cmp($run->{out} =~ /^baseline/m ? 1 : 0, 0, 'nothing is compared');

for ([ scratch('none.json', '{"a":1}'), qr/is no report of an execution/ ], [ scratch('broken.json', '{'), qr/broken\.json/ ]) {
    my ($path, $message) = @$_;
    my $run = command('run', '-baseline', $path, $file->('plain.yaml', ''));
    ok t_cmp($run->{code}, 1, 'no report');
    ok t_cmp($run->{err}, $message, 'is refused');
}
