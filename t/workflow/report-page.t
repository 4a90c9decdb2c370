# The report of an execution: the same figures as JSON and as a page that needs nothing else,
# while it runs and afterwards.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

plan tests => 32;

my $target = WF::Target->new('/bad' => { status => 503 });

sub page {
    my ($id, %header) = @_;
    my $accept = delete $header{Accept};
    return call('GET', "/api/v1/executions/$id/report" . ($accept ? '' : '?format=html'), undef, $accept ? (headers => { Accept => $accept }) : ());
}

my $id = submit(workflow(
    [ http_step(good => $target->url('/good')), { %{ http_step(bad => $target->url('/bad')) }, on_error => 'continue' } ],
    { vus => 2, duration => '3s', pacing => '50ms', thresholds => [ { metric => 'http_req_failed', condition => 'rate < 0.1' } ] },
    name => 'A <b>bold</b> test'));

# ---- while it runs -----------------------------------------------------------------------------

wait_until { $target->requests('/good') > 4 };
my $live = get_json("/api/v1/executions/$id/report");
ok t_cmp($live->{status}, 'running', 'a report of what still runs');
ok t_cmp(page($id)->code, 200, 'as a page, too');
ok t_cmp(finished($id)->{status}, 'completed', 'it ends');

# ---- JSON ----------------------------------------------------------------------------------------

my $report = wait_until { my $r = get_json("/api/v1/executions/$id/report"); $r->{status} eq 'completed' && $r };
ok t_cmp([ grep { !exists $report->{$_} } qw(execution_id workflow_id workflow_name start_time end_time status summary
    time_series step_details thresholds error_analysis vu_timeline config) ], [], 'all members');
ok t_cmp(get_json("/api/v1/perf/executions/$id/report"), $report, 'the same at its other place');
my $metrics = metrics($id);
my %steps = map { $_->{step_id} => $_ } @{ $report->{step_details} };
for my $step (qw(good bad)) {
    ok t_cmp($steps{$step}{count}, $metrics->{step_metrics}{$step}{count}, "$step: as the metrics have it");
    ok t_cmp($steps{$step}{count}, scalar(() = $target->requests("/$step")), "$step: as the target has it");
}
my $series = $report->{time_series};
ok t_cmp(@$series >= 3 && @$series <= 6 ? 'a point a second' : scalar @$series, 'a point a second', 'time series');
my $iterations = 0;
$iterations += $_->{iterations} for @$series;
ok t_cmp($iterations, $metrics->{total_iterations}, 'its points add up');
ok t_cmp($report->{thresholds}[0]{passed} ? 1 : 0, 0, 'a threshold that failed');
ok t_cmp($report->{error_analysis}{total_errors}, $steps{bad}{count}, 'errors');

# ---- the page ------------------------------------------------------------------------------------

my $r = page($id);
ok t_cmp($r->code, 200, 'the page');
ok t_cmp($r->header('Content-Type'), qr{^text/html; ?charset=utf-8$}i, 'its type');
ok t_cmp($r->header('Content-Security-Policy'), qr/default-src 'none'/, 'loads nothing');
ok t_cmp($r->header('Content-Disposition'), qr/filename="\Q$id\E\.html"/, 'has a name to save it by');
my $html = $r->content;
ok t_cmp($html, qr/<h1>A &lt;b&gt;bold&lt;\/b&gt; test</, 'escaped');
ok t_cmp($html !~ /<script|src=|href=|https?:/ ? 'alone' : 'not alone', 'alone', 'needs nothing');
ok t_cmp(scalar(() = $html =~ /<figure>/g), 5, 'charts');
ok t_cmp($html, qr/answered 503/, 'errors');
ok t_cmp($html, qr/>failed</, 'the verdict');
ok t_cmp($html, qr/http_req_failed/, 'of the threshold');
ok t_cmp($html, qr/>good</, 'steps');
my $file = "$ENV{WF_DIR}/report.html";
open my $out, '>:raw', $file or die $!;
print $out $html;
close $out or die $!;
my @said = grep { /Error/ } split /\n/, `tidy -q -e -utf8 --show-body-only no $file 2>&1`;
ok t_cmp(join("\n", @said), '', 'tidy finds no error');
ok t_cmp(length $html < 1024 * 1024 ? 'small' : length $html, 'small', 'size');

# ---- who gets which ----------------------------------------------------------------------------------

ok t_cmp(page($id, Accept => 'text/html')->header('Content-Type'), qr{^text/html}, 'a browser gets the page');
ok t_cmp(page($id, Accept => 'application/json')->header('Content-Type'), qr{^application/json}, 'a program gets JSON');
my $odd = call('GET', "/api/v1/executions/$id/report?format=pdf");
ok t_cmp($odd->code, 400, 'another format');
ok t_cmp(json($odd)->{message}, qr/format 'pdf' is not available/, 'is told');
for ('', '?format=html') {
    my $none = call('GET', "/api/v1/executions/exec-none/report$_");
    ok t_cmp([ $none->code, json($none)->{error} ], [ 404, 'not_found' ], 'an unknown execution');
}
