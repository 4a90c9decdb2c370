# What the metrics say is what the target saw, to the request: load against the server's own
# /health, counted in its access log; and who did it, told by a target.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

my @cases = (
    # mode                   vus  iterations  steps   requests
    [ 'shared-iterations',   10,  1000,       1,      1000 ],
    [ 'constant-vus',        10,  100,        1,      1000 ],
    [ 'shared-iterations',   3,   100,        2,      200 ],
    [ 'shared-iterations',   50,  20,         1,      20 ],
    [ 'constant-vus',        1,   1,          3,      3 ],
    [ 'constant-vus',        200, 3,          1,      600 ],
);
my @who = (
    # mode                   vus  iterations  iterations of a VU
    [ 'constant-vus',        5,   4,          qr/^(1:0123 2:0123 3:0123 4:0123 5:0123)$/ ],
    [ 'shared-iterations',   1,   5,          qr/^1:01234$/ ],
    [ 'shared-iterations',   4,   4,          qr/^(\d:0[123]*( |$))+$/ ],
);

plan tests => 7 * @cases + 2 * @who + 4 * 3;

my $server = WF::Server->new->start;

sub logged { my $mark = shift; my $n = () = $server->slurp('access.log') =~ m{^GET /health\?\Q$mark\E HTTP/1\.1 200$}mg; $n }

my $run = 0;
for my $case (@cases) {
    my ($mode, $vus, $iterations, $steps, $requests) = @$case;
    my $mark = 'run=' . ++$run;
    my $what = "$mode, $vus VUs, $iterations iterations, $steps steps";
    my @steps = map { http_step("s$_" => $server->url . "/health?$mark") } 1 .. $steps;
    my ($execution, $metrics) = run_workflow(\@steps,
        { mode => $mode, vus => $vus, iterations => $iterations,
          thresholds => [ map { +{ metric => $_, condition => "count == $requests" } } 'http_reqs' ] });
    my $all = $requests / $steps;
    ok t_cmp($execution->{status}, 'completed', $what);
    ok t_cmp(wait_until { logged($mark) >= $requests and logged($mark) }, $requests, "$what: the access log");
    ok t_cmp($metrics->{total_iterations}, $all, "$what: iterations");
    ok t_cmp([ map { @$_{qw(count success_count failure_count)} } @{ $metrics->{step_metrics} }{ map "s$_", 1 .. $steps } ],
             [ map { ($all, $all, 0) } 1 .. $steps ], "$what: every step");
    ok t_cmp($metrics->{thresholds}[0]{value}, $requests, "$what: http_reqs");
    ok t_cmp($metrics->{total_vus}, $vus, "$what: VUs");
    ok t_cmp([ @{ $execution->{slave_states}{local} }{qw(completed_vus completed_iters)} ], [ $vus, $all ],
             "$what: done by the local engine");
}

# Virtual users are numbered from 1, their iterations from 0, and none is run twice.
my $target = WF::Target->new;
for my $case (@who) {
    my ($mode, $vus, $iterations, $expected) = @$case;
    my $path = '/' . ++$run;
    run_workflow([ http_step(s => $target->url($path), query => { vu => '${__VU}', iter => '${__ITER}' }) ],
                 { mode => $mode, vus => $vus, iterations => $iterations });
    my %seen;
    $seen{ $_->{query}{vu} } .= $_->{query}{iter} for $target->requests($path);
    my $total = length join '', values %seen;
    ok t_cmp(join(' ', map { "$_:$seen{$_}" } sort keys %seen), $expected, "$mode, $vus VUs: who did what");
    ok t_cmp($total, $mode eq 'constant-vus' ? $vus * $iterations : $iterations, "$mode: all of them");
}

# By time: VUs go on until it is over; by both: whichever comes first. Nothing is lost at
# the edge.
my $slow = WF::Target->new(map { ("/$_" => { delay => 0.05 }) } 1 .. 3);
my @timed = (
    # options                                                                          ms          iterations
    [ { vus => 4, duration => '1s' },                                                  1000, 2000, 20, 80 ],
    [ { vus => 2, duration => '30s', iterations => 3 },                                150,  2000, 6,  6 ],
    [ { vus => 2, duration => '500ms', iterations => 10_000, mode => 'shared-iterations' }, 500, 2000, 4, 22 ],
);
my $n = 0;
for my $case (@timed) {
    my ($options, $shortest, $longest, $least, $most) = @$case;
    my $what = join ' ', map { "$_ $options->{$_}" } sort keys %$options;
    my $path = '/' . ++$n;
    my ($execution, $metrics) = run_workflow([ http_step(s => $slow->url($path)) ], $options);
    my $took = ms($metrics->{duration});
    ok t_cmp($execution->{status}, 'completed', $what);
    ok $took >= $shortest && $took < $longest or t_debug("$what took $took ms");
    ok $metrics->{total_iterations} >= $least && $metrics->{total_iterations} <= $most
        or t_debug("$what: $metrics->{total_iterations} iterations");
    ok t_cmp($metrics->{total_iterations}, scalar(() = $slow->requests($path)), "$what: what was begun was counted");
}
