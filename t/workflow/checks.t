# Checks by their names: those of documents, assertions and scripts are told with how often
# they held, in the metrics, the report, its page and the summary of the command line; over
# loops and over a restart of the engine.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 26;

my $target = WF::Target->new('/json' => { json => { total => 7, items => [] } }, '/bad' => { status => 503 });
my $server = WF::Server->new->start;

sub checks { map { "$_->{step_id}: $_->{name} $_->{passes}/$_->{fails}" } @{ $_[0]{checks} } }
sub report { get_json("/api/v1/executions/$_[0]/report") }

# ---- what they are called -------------------------------------------------------------------

my @steps = (
    { %{ http_step(first => $target->url('/json')) },
      checks => [ { name => 'has items', json_path => '$.items', is_not_empty => JSON::PP::true }, '${response.body.total} > 5',
                  { json_path => '$.total', greater_than => 5 }, { header => 'X-None' }, { status => [ 200, 201 ] } ],
      assert => [ { status => 200 } ] },
    { id => 'code', type => 'script', config => { script => 'for (let i = 0; i < 3; i++) check(i, { "is small": (n) => n < 2, fine: () => true })' } },
    { %{ http_step(second => $target->url('/bad')) }, on_error => 'continue', checks => [ { name => 'has items', status => 200 } ],
      postProcessors => [ { id => 'p', type => 'js_script', config => { script => 'pm.test("it is 503", () => pm.response.to.have.status(503))' } } ] },
);
my ($end, $metrics) = run_workflow(\@steps, { vus => 4, iterations => 5 });
my %named = map { ("$_->{step_id}: $_->{name}" => $_) } @{ $metrics->{checks} };
for ([ 'first: has items', 0, 20 ], [ 'first: ${response.body.total} > 5', 20, 0 ], [ 'first: $.total greater_than 5', 20, 0 ],
     [ 'code: is small', 40, 20 ], [ 'code: fine', 60, 0 ], [ 'second: has items', 0, 20 ], [ 'second: it is 503', 20, 0 ]) {
    my ($name, $passes, $fails) = @$_;
    ok t_cmp([ @{ $named{$name} // {} }{qw(passes fails)} ], [ $passes, $fails ], $name);
}
ok t_cmp(scalar(grep { $_->{step_id} eq 'first' } @{ $metrics->{checks} }), 6, 'those without a name have one, too')
    or t_debug(checks($metrics));
ok t_cmp(scalar(grep { /^first: header X-None.* is there 0\/20$/i } checks($metrics)), 1, 'what has to be there')
    or t_debug(checks($metrics));
ok t_cmp([ map { $_->{step_id} } @{ $metrics->{checks} } ], [ ('first') x 6, ('code') x 2, ('second') x 2 ], 'in the order of the steps');
my ($passes, $fails) = (0, 0);
($passes += $_->{passes}, $fails += $_->{fails}) for @{ $metrics->{checks} };
ok t_cmp([ @{ $metrics->{metrics}{checks}{values} }{qw(passes fails)} ], [ $passes, $fails ], 'together they are the rate checks');
ok t_cmp($named{'code: is small'}{rate}, 0.667, 'a share');
my $report = report($end->{id});
ok t_cmp($report->{checks}, $metrics->{checks}, 'the same in the report');
my $html = call('GET', "/api/v1/executions/$end->{id}/report?format=html")->content;
ok t_cmp($html, qr/<h2>Checks<\/h2>.*<td class="left">it is 503<\/td>/s, 'and on its page');
($end, $metrics) = run_workflow([ http_step(s => $target->url('/json')) ]);
ok t_cmp($metrics->{checks}, [], 'without checks there are none');

# ---- too many -------------------------------------------------------------------------------------

($end, $metrics) = run_workflow([ { id => 's', type => 'script', config => { script => 'for (let i = 0; i < 1000; i++) check(1, { ["n" + i]: () => i % 2 })' } } ]);
ok @{ $metrics->{checks} } <= 201;
my ($others) = grep { $_->{name} eq 'other checks' } @{ $metrics->{checks} };
ok t_cmp([ @$others{qw(passes fails)} ], [ 400, 400 ], 'names are bounded, checks are not');
($end, $metrics) = run_workflow([ { id => 's', type => 'script', config => { script => 'check(1, { ["n" + __ITER + "-" + __VU]: () => true })' } } ], { vus => 2, iterations => 300 });
($others) = grep { $_->{step_id} eq '' && $_->{name} eq 'other checks' } @{ $metrics->{checks} };
ok t_cmp(scalar @{ $metrics->{checks} }, 201, 'over iterations, too');
ok t_cmp([ @$others{qw(passes fails)} ], [ 400, 0 ], 'the rest together');

# ---- over a restart -------------------------------------------------------------------------------

my $id = submit(workflow([ { %{ http_step(s => $target->url('/json')) }, checks => [ { name => 'seven', json_path => '$.total', equals => 7 } ] },
                           { id => 'w', type => 'sleep', config => { duration => '50ms' } } ], { vus => 2, iterations => 40 }));
wait_until { metrics($id)->{total_iterations} > 20 };
wait_until { @{ get_json("/api/v1/perf/executions/$id/timeseries")->{time_series} } >= 2 };
my $pid = $server->engine_pid;
kill KILL => $pid;
wait_until { !kill 0 => $pid };
$server->wait_ready;
ok t_cmp(finished($id)->{status}, 'completed', 'it goes on after the death of its engine');
my ($seven) = @{ metrics($id)->{checks} };
ok t_cmp([ @$seven{qw(step_id name fails)} ], [ 's', 'seven', 0 ], 'its check is known');
ok $seven->{passes} >= 80 && $seven->{passes} <= 84 or t_debug($seven->{passes});
ok t_cmp(metrics($id)->{metrics}{checks}{values}{passes}, $seven->{passes}, 'as often as all of them');

# ---- the command line -----------------------------------------------------------------------------

my $url = $target->url('/json');
my $run = command('run', '-i', 3, scratch('checks.yaml', <<"YAML"));
id: c
name: C
steps:
  - id: s
    type: http
    config: { url: '$url' }
    checks:
      - { name: seven, json_path: \$.total, equals: 7 }
      - { name: eight, json_path: \$.total, equals: 8 }
YAML
ok t_cmp($run->{code}, 0, 'on the command line') or t_debug($run->{err});
ok t_cmp($run->{out}, qr/^checks\n  \xe2\x9c\x97 s: eight  0 of 3\n  \xe2\x9c\x93 s: seven  3 of 3$/m, 'as k6 shows them');
ok t_cmp($run->{out} =~ /^errors/m ? 1 : 0, 0, 'they are no errors');
