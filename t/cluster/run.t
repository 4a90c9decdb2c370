# What slaves do together is what one machine does: the same counts and percentiles, one setup,
# thresholds on the whole, one course, and whoever steers it reaches all of them.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Cluster;
use WF::Tally;
use WF::Test;
use WF::WebSocket;

use constant ROWS => 3000;

my $tally = WF::Tally->new;
my $cluster = WF::Cluster->new(timeout => '10s', slaves => [ [ 'a', vus => 20 ], [ 'b', vus => 30 ], [ 'c', vus => 50 ] ])->start;

plan tests => 42;

# ---- the same as one machine -----------------------------------------------------------------

# Each row is taken once, whoever takes it; its number is a sample of a trend. The skew shows
# if percentiles were those of parts.
my $rows = join "\n", 'n', map { $_ % 10 ? $_ : $_ * 100 } 1 .. ROWS;
sub whole {
    my ($where, $path, %options) = @_;
    return workflow([
            http_step(s => $tally->url("/2/$path") . '?${env:WF_SLAVE}'),
            { id => 'add', type => 'script', config => { script => "metrics.add('size', Number(vars.get('rows').n)); metrics.add('sold', 2); check(1, { odd: () => Number(vars.get('rows').n) % 2 == 1 })" } } ],
        { mode => 'shared-iterations', vus => 30, iterations => ROWS, thresholds => [
              { metric => 'sold', condition => 'count == ' . 2 * ROWS }, { metric => 'size', condition => 'max > 200000' },
              { metric => 'http_reqs', condition => 'count < ' . ROWS } ], %options, ref $where ? (target_slaves => $where) : () },
        metrics => { size => 'trend', sold => 'counter' }, data => { rows => { csv => $rows, mode => 'unique' } },
        setup => [ http_step(in => $tally->url("/0/$path/setup")) ], teardown => [ http_step(out => $tally->url("/0/$path/teardown")) ]);
}

my $one = finished(submit(whole({ mode => 'local' }, 'one')));
my $id = submit(whole({ mode => 'auto' }, 'many'));
my $ws = WF::WebSocket->new("/api/v1/executions/$id/ws");
my $many = finished($id);
my %of = map { ($_->{id} => metrics($_->{id})) } $one, $many;
my ($by_one, $by_many) = @of{ $one->{id}, $id };
ok t_cmp("$one->{status} $many->{status}", 'completed completed', 'both come to their end');
ok t_cmp(errors_of($many), errors_of($one), 'in the same way');
ok t_cmp(join(' ', map { $_->{slave_id} } values %{ slaves_of($one) }), 'local', 'one did it here');
ok t_cmp([ map { slaves_of($many)->{$_}{completed_iters} } qw(a b c) ], [ 600, 900, 1500 ], 'three did it together');
ok t_cmp([ map { slaves_of($many)->{$_}{completed_vus} } qw(a b c) ], [ 6, 9, 15 ], 'with their shares of users');
ok t_cmp([ map { $tally->count("/2/many?$_") } qw(a b c) ], [ 600, 900, 1500 ], 'as the target saw it');
ok t_cmp($by_many->{metrics}{size}{values}, $by_one->{metrics}{size}{values}, 'a trend: every percentile is that of one machine');
for my $name (qw(sold http_reqs iterations checks http_req_failed)) {
    my @values = map { my %v = %{ $_->{metrics}{$name}{values} // {} }; delete $v{rate} if exists $v{count}; \%v } $by_many, $by_one;
    ok t_cmp($values[0], $values[1], $name);
}
ok t_cmp($by_many->{checks}, $by_one->{checks}, 'checks');
ok t_cmp($by_many->{http_status}, $by_one->{http_status}, 'answers by status');
ok t_cmp([ map { $by_many->{step_metrics}{s}{$_} } qw(count success_count failure_count) ], [ ROWS, ROWS, 0 ], 'a step');
my $duration = $by_many->{step_metrics}{s}{duration};
ok t_cmp(ms($duration->{min}) >= 2 && ms($duration->{p50}) >= 2 && ms($duration->{p99}) <= ms($duration->{max}), 1, 'its times');
ok t_cmp($tally->count("/0/$_"), 1, "$_: once") for qw(many/setup many/teardown);
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $by_many->{thresholds} } ], [ 1, 1, 0 ], 'thresholds judge the whole');

my $perf = sub { get_json("/api/v1/perf/executions/$id/$_[0]") };
my $report = $perf->('report');
ok t_cmp([ @{ $report->{summary} }{qw(total_iterations total_requests failed_requests)} ], [ ROWS, ROWS + 2, 0 ], 'report') or t_debug($report->{summary}{total_requests});
my $points = $perf->('timeseries');
$points = $points->{data_points} // $points->{points} // $points->{time_series} // [] if ref $points eq 'HASH';
ok t_cmp(ref $points eq 'ARRAY' && @$points > 0, 1, 'a course');
ok t_cmp(call('GET', "/api/v1/executions/$id/report?format=html")->content, qr/<html/i, 'a page');
my @heard = $ws->rest;
ok t_cmp($heard[-1]{type}, 'complete', 'who follows it hears the end');
ok t_cmp($heard[-1]{data}{iteration}, ROWS, 'and the figures of the whole');
ok t_cmp($heard[-1]{data}{http_reqs}{count}, ROWS + 2, 'requests, too');

# ---- steering ---------------------------------------------------------------------------------

sub users { my $listed = WF::Cluster::listed(); return [ map { $listed->{$_}{status}{metrics}{active_vus} } qw(a b c) ] }
sub reach { my $wanted = shift; ok(wait_until { "@{ users() }" eq "@$wanted" }) or t_debug("@{ users() } instead of @$wanted") }
sub order { my ($id, $what, $body) = @_; call('POST', "/api/v1/executions/$id/$what", $body)->code }

$cluster->wait_idle;
$id = submit(workflow([ http_step(s => $tally->url('/10/long?${env:WF_SLAVE}')) ], { vus => 10, duration => '30m', graceful_stop => '2s' }));
reach([ 2, 3, 5 ]);
ok t_cmp(order($id, 'scale', { target_vus => 50 }), 200, 'scaled');
reach([ 10, 15, 25 ]);
ok t_cmp(metrics($id)->{total_vus}, 50, 'as the metrics say');
ok t_cmp(order($id, 'pause'), 200, 'paused');
ok t_cmp($tally->leftovers, qr/^\d+$/, 'nobody sends anything');
ok t_cmp(execution($id)->{status}, 'paused', 'as it says');
my %before = map { $_ => $tally->count("/10/long?$_") } qw(a b c);
ok t_cmp(order($id, 'resume'), 200, 'resumed');
ok wait_until { !grep { $tally->count("/10/long?$_") <= $before{$_} } qw(a b c) };
ok t_cmp(order($id, 'scale', { target_vus => 5 }), 200, 'scaled down');
reach([ 1, 1, 3 ]);
ok t_cmp(call('DELETE', "/api/v1/executions/$id")->code, 200, 'stopped');
my $e = finished($id);
ok t_cmp($e->{status}, 'aborted', 'it ends');
ok t_cmp(iterations_of($e), metrics($id)->{total_iterations}, 'the parts are the whole');
ok t_cmp($tally->count('/10/long') - metrics($id)->{total_iterations} <= 50, 1, 'and what was sent');
ok t_cmp($tally->leftovers, 0, 'nothing comes afterwards');
reach([ 0, 0, 0 ]);
