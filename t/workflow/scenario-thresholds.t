# Figures of some scenarios alone, by name or by tag: what thresholds find in them is what the
# target saw of these scenarios, and all of them together are the whole, also after a kill.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Server;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/slow' => { delay => 0.5 }, '/bad' => { status => 500 });
my $common = { mode => 'per-vu-iterations', vus => 2 };

sub mix {
    my ($thresholds, %more) = @_;
    return { id => 'mix', name => 'Mix',
             metrics => { sold => 'counter' },
             setup => [ http_step(setup => $target->url('/ok')) ],
             scenarios => {
                 api  => { %$common, iterations => 10, tags => { kind => 'machine', team => 'a' },
                           steps => [ http_step(ask => $target->url('/ok')), { id => 'sell', type => 'script', config => { script => "metrics.add('sold', 2)" } } ] },
                 web  => { %$common, iterations => 3, tags => { kind => 'person' }, steps => [ http_step(look => $target->url('/slow')) ] },
                 rest => { %$common, iterations => 4, tags => { kind => 'machine' }, steps => [ { %{ http_step(fail => $target->url('/bad')) }, on_error => 'continue' } ] },
             },
             options => { tags => { team => 'b', size => 3 }, thresholds => $thresholds }, %more };
}

my @cases = (
    # metric                                      condition         passed  value
    [ 'http_reqs',                                'count == 35',    1,      35 ],              # setup's, too
    [ 'http_reqs{scenario:api}',                  'count == 20',    1,      20 ],
    [ 'http_reqs{scenario:web}',                  'count == 6',     1,      6 ],
    [ 'http_reqs{ scenario : web }',              'count > 6',      0,      6 ],
    [ 'http_reqs{kind:machine}',                  'count == 28',    1,      28 ],
    [ 'http_reqs{kind:machine,scenario:rest}',    'count == 8',     1,      8 ],
    [ 'http_reqs{team:b}',                        'count == 14',    1,      14 ],              # that of options, where there is none
    [ 'http_reqs{"size":"3"}',                    'count == 34',    1,      34 ],
    [ 'http_req_duration{scenario:web}',          'min >= 500',     1,      qr/^\d{3}/ ],
    [ 'http_req_duration{scenario:api}',          'p(95) < 500',    1,      qr/^\d/ ],
    [ 'http_req_failed{scenario:rest}',           'rate == 1',      1,      1 ],
    [ 'http_req_failed{scenario:api}',            'rate == 0',      1,      0 ],
    [ 'iterations{kind:person}',                  'count == 6',     1,      6 ],
    [ 'iteration_duration{scenario:web}',         'med >= 500',     1,      qr/^\d{3}/ ],
    [ 'sold{scenario:api}',                       'count == 40',    1,      40 ],
    [ 'sold{scenario:web}',                       'count == 0',     1,      0 ],
    [ 'http_req_duration{scenario:web}',          'max < 60000',    1,      qr/^\d/ ],         # the same metric twice
    [ 'nothing{scenario:web}',                    'count > 0',      0,      0 ],
);

my @refused = (
    # metric                                what is told
    [ 'http_reqs{scenario:nobody}',         qr/no scenario has scenario:nobody/ ],
    [ 'http_reqs{scenario:api,kind:person}', qr/no scenario has kind:person/ ],
    [ 'http_reqs{scenario}',                qr/tags are written as \{scenario:api\}/ ],
    [ 'http_reqs{}',                        qr/tags are written as/ ],
    [ 'http_reqs{scenario:api',             qr/the tags have no end/ ],
    [ 'http_reqs{scenario:api} and more',   qr/the tags have no end/ ],
    [ 'vus{scenario:api}',                  qr/vus is not known by scenario/ ],
    [ 'step_reqs{scenario:api}',            qr/step_reqs is not known by scenario/ ],
);

plan tests => 2 + 2 * @cases + 7 + 2 * @refused + 7;

my ($end, $metrics) = run_mix(mix([ map { +{ metric => $_->[0], condition => $_->[1] } } @cases ]));
sub run_mix { my $id = submit(shift); return (finished($id), metrics($id)) }
ok t_cmp($end->{status}, 'completed', 'a run');
ok t_cmp(scalar @{ $metrics->{thresholds} }, scalar @cases, 'with its thresholds');
for my $i (0 .. $#cases) {
    my ($metric, $condition, $passed, $value) = @{ $cases[$i] };
    my $told = $metrics->{thresholds}[$i];
    ok t_cmp($told->{passed} ? 1 : 0, $passed, "$metric $condition");
    ok t_cmp($told->{value}, $value, "$metric: its value");
}
my $all = $metrics->{metrics};
ok t_cmp($all->{'http_reqs{scenario:api}'}{values}{count}, 20, 'they are metrics like others');
ok t_cmp($all->{http_reqs}{values}{count}, 35, 'and the whole is the whole');
ok t_cmp($metrics->{step_metrics}{ask}{count}, 20, 'steps are, too');
ok t_cmp($metrics->{total_iterations}, 34, 'and iterations');
ok t_cmp([ map { scalar(() = $target->requests($_)) } '/ok', '/slow', '/bad' ], [ 21, 6, 8 ], 'as the target saw');

# A map, as in k6; one that ends the run.
($end, $metrics) = run_mix(mix({ 'http_req_failed{scenario:rest}' => [ { condition => 'rate < 0.5', abort_on_fail => JSON::PP::true } ] },
                               teardown => [ { id => 'wait', type => 'sleep', config => { duration => '10ms' } } ]));
ok t_cmp($metrics->{thresholds}[0]{passed} ? 1 : 0, 0, 'a map of them');
ok t_cmp($metrics->{thresholds}[0]{metric}, 'http_req_failed{scenario:rest}', 'by name');

for (@refused) {
    my ($metric, $told) = @$_;
    my $r = call('POST', '/api/v1/workflows', { workflow => mix([ { metric => $metric, condition => 'count > 0' } ]) });
    ok t_cmp($r->code, 400, "$metric is refused");
    ok t_cmp(json($r)->{message}, qr/options\.thresholds\[0\]\.metric: .*$told/, 'and why');
}

# ---- after a kill -----------------------------------------------------------------------------------

my $server = WF::Server->new->start;
my %slowly = (mode => 'per-vu-iterations', vus => 2, iterations => 30);
my $pause = { id => 'pause', type => 'sleep', config => { duration => '100ms' } };
my $id = submit({ id => 'killed', name => 'Killed',
                  scenarios => { map { $_ => { %slowly, steps => [ { %$pause, id => "pause-$_" } ] } } 'a', 'b' },
                  options => { thresholds => [ map { +{ metric => "iterations{scenario:$_}", condition => 'count == 60' } } 'a', 'b' ] } });
ok wait_until { ($server->rows("SELECT COALESCE(json_extract(METRICS_, '\$.total_iterations'), 0) FROM WF_EXECUTION"))[0] > 10 };
my $pid = $server->engine_pid;
kill KILL => $pid;
wait_until { !kill 0 => $pid };
$server->wait_ready;
ok t_cmp(execution($id)->{status}, 'running', 'it goes on');
$end = finished($id);
ok t_cmp($end->{status}, 'completed', 'to its end');
$metrics = metrics($id);
ok t_cmp([ map { $_->{value} } @{ $metrics->{thresholds} } ], [ 60, 60 ], 'of each all are counted once');
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $metrics->{thresholds} } ], [ 1, 1 ], 'and judged');
ok t_cmp($metrics->{total_iterations}, 120, 'together, too');
ok $server->stop;
