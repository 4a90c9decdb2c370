# The seven modes as a target sees them: how many requests come, from which users, when and
# how many at once; and that pausing, resuming, scaling and stopping is felt there within a
# second. All modes run side by side, each at a path of its own.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use List::Util qw(max min uniq);
use Time::HiRes qw(sleep time);
use WF::Target;
use WF::Test;

use constant DELAY => 0.1;      # of each answer
use constant SECOND => 1;       # in which a command is felt

my (%delays, %runs);
my @plain = (
    # name              options
    [ 'constant',       { mode => 'constant-vus', vus => 3, duration => '2s' } ],
    [ 'constant-each',  { mode => 'constant-vus', vus => 3, iterations => 5 } ],
    [ 'ramping',        { mode => 'ramping-vus', start_vus => 1, stages => [
        { duration => '1s', target => 1 }, { duration => '0s', target => 5 }, { duration => '1s', target => 5 },
        { duration => '0s', target => 2 }, { duration => '1s', target => 2 } ] } ],
    [ 'slope',          { mode => 'ramping-vus', stages => [ { duration => '2s', target => 8 } ] } ],
    [ 'rate',           { mode => 'constant-arrival-rate', rate => 40, duration => '2s' } ],
    [ 'rate-few',       { mode => 'constant-arrival-rate', rate => 20, duration => '2s', max_vus => 1, pre_allocated_vus => 1 } ],
    [ 'rate-minute',    { mode => 'constant-arrival-rate', rate => 240, time_unit => '1m', duration => '2s' } ],
    [ 'rates',          { mode => 'ramping-arrival-rate', stages => [
        { duration => '1s', target => 40 }, { duration => '1s', target => 40 }, { duration => '1s', target => 0 } ] } ],
    [ 'per-vu',         { mode => 'per-vu-iterations', vus => 4, iterations => 6 } ],
    [ 'per-vu-cap',     { mode => 'per-vu-iterations', vus => 2, iterations => 100_000, duration => '1s' } ],
    [ 'shared',         { mode => 'shared-iterations', vus => 4, iterations => 30 } ],
    [ 'external',       { mode => 'externally-controlled', vus => 2, max_vus => 5, duration => '2s' } ],
);
my @controlled = (
    # name               options                                                                          scaled to: at once
    [ 'c-constant',      { mode => 'constant-vus', vus => 2, duration => '60s' },                           5, 5 ],
    [ 'c-ramping',       { mode => 'ramping-vus', start_vus => 2, stages => [ { duration => '60s', target => 2 } ] }, 5, 5 ],
    [ 'c-rate',          { mode => 'constant-arrival-rate', rate => 100, duration => '60s', max_vus => 2, pre_allocated_vus => 2 }, 5, 5 ],
    [ 'c-rates',         { mode => 'ramping-arrival-rate', start_rate => 100, stages => [ { duration => '60s', target => 100 } ],
                           max_vus => 2, pre_allocated_vus => 2 },                                          5, 5 ],
    [ 'c-per-vu',        { mode => 'per-vu-iterations', vus => 2, iterations => 100_000 },                  5, 2 ],
    [ 'c-shared',        { mode => 'shared-iterations', vus => 2, iterations => 100_000 },                  5, 5 ],
    [ 'c-external',      { mode => 'externally-controlled', vus => 2, max_vus => 4 },                       9, 4 ],
);

plan tests => 4 * @plain + 40 + 14 * @controlled;

my $target = WF::Target->new(map { ("/$_->[0]" => { delay => DELAY }) } @plain, @controlled);

sub begin {
    my ($name, $options) = @_;
    my $step = http_step(s => $target->url("/$name"), query => { vu => '${__VU}', iteration => '${__ITER}' });
    return submit(workflow([$step], $options, id => "modes-$name"));
}

# ---- what came, read once ---------------------------------------------------------------------

my %came;
sub requests_of { my $name = shift; @{ $came{$name} //= [ sort { $a->{at} <=> $b->{at} } $target->requests("/$name") ] } }
sub first_at { (requests_of(shift))[0]{at} }

# Requests from a moment to another, in seconds after the first one.
sub between {
    my ($name, $from, $to) = @_;
    my $zero = first_at($name);
    return grep { $_->{at} >= $zero + $from && $_->{at} < $zero + $to } requests_of($name);
}

# The most that were being answered at once, of some requests: a user who has his answer
# sends again at once, so a little less than the delay.
sub at_once {
    my @at = map { $_->{at} } @_;
    return max 0, map { my $t = $_; scalar grep { $_ <= $t && $_ > $t - 0.9 * DELAY } @at } @at;
}

sub users { join ' ', sort { $a <=> $b } uniq map { $_->{query}{vu} } @_ }
sub number { scalar @_ }
sub within { my ($n, $from, $to, $what) = @_; ok $n >= $from && $n <= $to or t_debug("$what: $n, not $from to $to") }

# ---- the modes ------------------------------------------------------------------------------------

for my $run (@plain) { $runs{ $run->[0] } = begin(@$run) }
for my $run (@plain) {
    my ($name) = @$run;
    my $end = finished($runs{$name});
    my $metrics = metrics($runs{$name});
    my @all = requests_of($name);
    ok t_cmp($end->{status}, 'completed', "$name: to its end");
    ok t_cmp($metrics->{total_iterations}, number(@all), "$name: what came is what was counted");
    ok t_cmp($metrics->{step_metrics}{s}{success_count}, number(@all), "$name: all with success");
    my %seen;
    $seen{"$_->{query}{vu}/$_->{query}{iteration}"}++ for @all;
    ok t_cmp(join(' ', grep { $seen{$_} > 1 } keys %seen), '', "$name: no iteration of a user came twice");
}

ok t_cmp(at_once(requests_of('constant')), 3, 'constant-vus: users');
ok t_cmp(users(requests_of('constant')), '1 2 3', 'constant-vus: their numbers');
within(number(requests_of('constant')), 30, 63, 'constant-vus: back to back');
ok +(requests_of('constant'))[-1]{at} - first_at('constant') < 2.3;

my %iterations;
push @{ $iterations{ $_->{query}{vu} } }, $_->{query}{iteration} for requests_of('constant-each');
ok t_cmp(\%iterations, { map { ($_ => [ 0 .. 4 ]) } 1 .. 3 }, 'constant-vus with iterations: of each user');

# A jump is felt when the stage before it ends.
for ([ 0.2, 0.9, 1 ], [ 1.3, 1.9, 5 ], [ 2.4, 2.9, 2 ]) {
    my ($from, $to, $users) = @$_;
    my @part = between('ramping', $from, $to);
    ok t_cmp(at_once(@part), $users, "ramping-vus: from $from s");
    ok t_cmp(users(@part), join(' ', 1 .. $users), "ramping-vus: from $from s, those who came first");
}
my @slope = map { at_once(between('slope', $_, $_ + 0.5)) } 0, 0.5, 1, 1.5;     # its first user comes at 0.25 s
ok t_cmp("@slope", join(' ', sort { $a <=> $b } @slope), 'ramping-vus: ever more on a slope');
within($slope[0], 1, 4, 'ramping-vus: at its beginning');
within($slope[-1], 7, 8, 'ramping-vus: at its end');

ok t_cmp(number(requests_of('rate')), 80, 'constant-arrival-rate: exactly');
within(number(between('rate', $_, $_ + 0.5)), 14, 26, "constant-arrival-rate: evenly from $_ s") for 0, 0.5, 1;
ok t_cmp(metrics($runs{rate})->{dropped_iterations}, 0, 'constant-arrival-rate: nothing dropped');
my $few = metrics($runs{'rate-few'});
ok t_cmp(number(requests_of('rate-few')) + $few->{dropped_iterations}, 40, 'one user: what did not start was dropped');
within(number(requests_of('rate-few')), 9, 20, 'one user: as often as it can');
ok t_cmp(users(requests_of('rate-few')), '1', 'one user: no other');
ok t_cmp(at_once(requests_of('rate-few')), 1, 'one user: one at once');
ok t_cmp(number(requests_of('rate-minute')), 8, '240 a minute');
within((requests_of('rate-minute'))[-1]{at} - first_at('rate-minute'), 1.5, 2, '240 a minute: evenly');

ok t_cmp(number(requests_of('rates')), 80, 'ramping-arrival-rate: the area below it');
my @rates = map { number(between('rates', $_ - 0.15, $_ + 0.35)) } 0, 0.5, 1, 1.5, 2, 2.5;  # the first one comes at 0.16 s
my @want = (5, 15, 20, 20, 15, 5);
within($rates[$_], $want[$_] - 6, $want[$_] + 6, "ramping-arrival-rate: part $_ of @rates") for 0 .. 5;

my %each;
$each{ $_->{query}{vu} }++ for requests_of('per-vu');
ok t_cmp(\%each, { map { ($_ => 6) } 1 .. 4 }, 'per-vu-iterations: each user its own');
within(number(requests_of('per-vu-cap')), 10, 22, 'per-vu-iterations: until its time is over');
ok t_cmp(number(requests_of('shared')), 30, 'shared-iterations: together');
ok t_cmp(at_once(requests_of('shared')), 4, 'shared-iterations: users');
ok t_cmp(users(requests_of('shared')), '1 2 3 4', 'shared-iterations: all of them');
ok t_cmp(at_once(requests_of('external')), 2, 'externally-controlled: users');
within(number(requests_of('external')), 20, 42, 'externally-controlled: back to back');
within((requests_of('external'))[-1]{at} - first_at('external'), 1.5, 2.3, 'externally-controlled: for its duration');

# ---- commands, felt at the target within a second -----------------------------------------------

my (%asked, %at);      # when a command to a run was sent, and answered
sub command {
    my ($what, $method, $path, $body) = @_;
    for my $run (@controlled) {
        my $name = $run->[0];
        $asked{$name}{$what} = time;
        my $r = call($method, "/api/v1/executions/$runs{$name}$path", ref $body eq 'CODE' ? $body->($run) : $body);
        $at{$name}{$what} = time;
        my $expected = $what =~ /^scale/ && $name eq 'c-per-vu' ? '500 scale_failed' : '200 ';
        ok t_cmp($r->code . ' ' . (json($r)->{error} // ''), $expected, "$name: $what");
    }
}

for my $run (@controlled) { $runs{ $run->[0] } = begin(@$run) }
for my $run (@controlled) { wait_until { 6 <= (() = $target->requests("/$run->[0]")) } }
command('pause', 'POST', '/pause');
sleep SECOND + 0.5;
command('resume', 'POST', '/resume');
sleep SECOND + 0.5;
command('scale up', 'POST', '/scale', sub { +{ target_vus => $_[0][2] } });
sleep SECOND + 0.5;
command('scale down', 'POST', '/scale', { target_vus => 1 });
sleep SECOND + 0.5;
command('stop', 'DELETE', '');

for my $run (@controlled) {
    my ($name, $options, undef, $scaled) = @$run;
    my $end = finished($runs{$name});
    my @all = requests_of($name);
    # What came between two commands, beginning a second after the first one.
    my $settled = sub {
        my ($from, $to) = ($at{$name}{ $_[0] }, $asked{$name}{ $_[1] });
        return grep { $_->{at} > $from + SECOND - 0.1 && $_->{at} < $to } @all;
    };
    my ($first) = grep { $_->{at} > $asked{$name}{resume} } @all;
    my $fewer = $name eq 'c-per-vu' ? 2 : 1;
    my $metrics = metrics($runs{$name});

    ok t_cmp(at_once(grep { $_->{at} < $asked{$name}{pause} } @all), 2, "$name: at first");
    ok t_cmp(number($settled->('pause', 'resume')), 0, "$name: nothing comes in a pause");
    ok t_cmp($first && $first->{at} < $at{$name}{resume} + SECOND ? 'in time' : 'late', 'in time', "$name: they come back");
    ok t_cmp(at_once($settled->('resume', 'scale up')), 2, "$name: as many as before");
    ok t_cmp(at_once($settled->('scale up', 'scale down')), $scaled, "$name: scaled up");
    ok t_cmp(at_once($settled->('scale down', 'stop')), $fewer, "$name: scaled down");
    ok t_cmp(number(grep { $_->{at} > $at{$name}{stop} + SECOND - 0.5 } @all), 0, "$name: nothing comes after the stop");
    ok t_cmp($end->{status}, 'aborted', "$name: aborted");
    ok t_cmp($metrics->{total_iterations}, number(@all), "$name: what had begun was counted");
}
