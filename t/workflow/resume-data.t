# What resume.t leaves out: rates that change, users that others set, rows of data and what
# the administrator lends, all in one engine that dies twice under them; then an orderly stop,
# which repeats nothing; then a restart that finds no more what a document draws on.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use List::Util qw(max sum uniq);
use Time::HiRes qw(sleep time);
use WF::Server;
use WF::Target;
use WF::Test;

use constant KILLS => 2;
use constant ROWS => 240;
use constant RATE => 40;                       # of starts and, about, of rows taken a second
use constant AGAIN => KILLS * RATE * 2.5;      # a second of each life is done again, or a little more

plan tests => 39;

local $ENV{WF_SHOWN} = 'seen';
my $target = WF::Target->new;
my $server = WF::Server->new(extra => "WorkflowDataDir data\nWorkflowLoadEnvironment WF_SHOWN\nWorkflowLoadSecrets secrets\n");
mkdir $server->file('data') or die $!;
$server->spew('data/users.csv', csv());
$server->spew('data/body.txt', 'from a file');
$server->spew('secrets', "token = s3cr3t\n");
chmod 0600, $server->file('secrets');
chown +(getpwnam 'nobody')[2, 3], $server->file('secrets') if $> == 0;   # whom the engine runs as
$server->start;

sub csv { join '', "name\n", map { "u$_\n" } 1 .. ROWS }
sub sent { my $path = shift; sort { $a->{at} <=> $b->{at} } $target->requests("/$path") }
sub nap { +{ id => 'w', type => 'sleep', config => { duration => shift } } }
sub restarts { scalar grep { $_->{message} =~ /engine was restarted/ } @{ shift->{errors} } }

# Rows of a source that came, by their number: how often.
sub rows {
    my %n;
    $n{ $_->{query}{name} =~ s/^u//r }++ for sent(shift);
    return \%n;
}
sub missing { my $rows = shift; join ' ', grep { !$rows->{$_} } 1 .. ROWS }

sub with_rows {
    my ($path, $data, $options) = @_;
    return submit(workflow([ http_step(s => $target->url("/$path"), query => { name => '${users.name}', vu => '${__VU}' }), nap('95ms') ],
                           $options, data => { users => $data }, id => $path));
}

# ---- killed -------------------------------------------------------------------------------------

my $beat = [ http_step(s => $target->url('/ramp'), query => { vu => '${__VU}' }) ];
my $ramp = submit(workflow($beat, { mode => 'ramping-arrival-rate', max_vus => 20,
                                    stages => [ { duration => '2s', target => RATE }, { duration => '4s', target => RATE } ] }));
my $external = submit(workflow([ http_step(s => $target->url('/external'), query => { vu => '${__VU}' }), nap('100ms') ],
                               { mode => 'externally-controlled', vus => 2, max_vus => 5, duration => '6s' }));
my $unique = with_rows(unique => { csv => csv(), mode => 'unique' }, { vus => 4, duration => '1h' });
my $round = with_rows(round => { file => 'users.csv' }, { mode => 'shared-iterations', vus => 4, iterations => 200 });
my $lent = submit(workflow([ http_step(s => $target->url('/lent'), method => 'POST', headers => { 'X-Token' => '${secret:token}' },
                                       query => { env => '${env:WF_SHOWN}' }, body => '${file:body.txt}'), nap('100ms') ],
                           { vus => 1, duration => '5s' }));

wait_until { execution($external)->{status} eq 'running' };
call('POST', "/api/v1/executions/$external/scale", { target_vus => 4 });
for (1 .. KILLS) {
    sleep 1.4;                                  # a record with something in it is made each second
    my $pid = wait_until { $server->engine_pid };
    kill KILL => $pid;
    wait_until { !kill 0 => $pid };
    $server->wait_ready;
}
my %end = map { ($_ => finished($_)) } $ramp, $external, $unique, $round, $lent;
for ([ $ramp, 'ramp' ], [ $external, 'external' ], [ $unique, 'unique' ], [ $round, 'round' ], [ $lent, 'lent' ]) {
    my ($id, $what) = @$_;
    ok t_cmp($end{$id}{status}, 'completed', "$what: to its end");
    ok t_cmp(restarts($end{$id}), KILLS, "$what: its errors tell of the restarts");
    my ($counted, $arrived) = (metrics($id)->{total_iterations}, scalar(() = sent($what)));
    ok $counted <= $arrived && $arrived - $counted <= AGAIN or t_debug("$what: $counted counted, $arrived arrived");
}

# Starts that were due before a record are over: those under way then are not counted.
my $metrics = metrics($ramp);
my $due = RATE * 2 / 2 + RATE * 4;
ok t_cmp($metrics->{dropped_iterations}, 0, 'ramp: none was dropped');
ok $metrics->{total_iterations} <= $due && $metrics->{total_iterations} >= $due - 20 * KILLS
    or t_debug("$metrics->{total_iterations} of $due");
my @ramp = map { $_->{at} } sent('ramp');
my $last = grep { $_ > $ramp[-1] - 1 } @ramp;
ok $last >= RATE - 12 && $last <= RATE + 12 or t_debug("$last in the last second");

# It stays where somebody has set it.
my @external = sent('external');
my @late = grep { $_->{at} > $external[-1]{at} - 0.7 } @external;
ok t_cmp(join(' ', sort(uniq(map { $_->{query}{vu} } @late))), '1 2 3 4', 'external: the users that were asked for');
ok t_cmp(get_json("/api/v1/perf/executions/$external/status")->{status}, 'completed', 'external: over after its time');
ok ms(metrics($external)->{duration}) >= 5900 && ms(metrics($external)->{duration}) < 8000 or t_debug(metrics($external)->{duration});

# All rows come, and twice only those that were taken after the record.
my $seen = rows('unique');
ok t_cmp(missing($seen), '', 'unique: none was lost');
ok t_cmp(max(values %$seen) <= KILLS + 1 ? 'few' : max(values %$seen), 'few', 'unique: at most once more for each restart');
ok sum(values %$seen) - ROWS <= AGAIN or t_debug(sum(values %$seen) . ' rows');
my @first = map { $_->{query}{name} =~ s/^u//r } sent('unique');
ok t_cmp($first[-1] > ROWS - 8 ? 'last' : $first[-1], 'last', 'unique: the last ones come last');
ok t_cmp(metrics($unique)->{total_iterations} >= ROWS - 4 * KILLS ? 'all' : metrics($unique)->{total_iterations}, 'all', 'unique: what was not under way is counted');
ok t_cmp(metrics($round)->{total_iterations}, 200, 'round: each iteration is counted once');
my $before = rows('round');
ok t_cmp(join(' ', grep { !$before->{$_} } 1 .. 180), '', 'round: its rows, in a file');

my @lent = sent('lent');
ok t_cmp([ uniq(map { "$_->{headers}{'x-token'} $_->{query}{env} $_->{body}" } @lent) ], ['s3cr3t seen from a file'],
         'lent: secrets, environment and files are the same after it');

# ---- stopped in order -------------------------------------------------------------------------------

$server->stop;
$server->start;                                 # so many deaths in a row would delay the next engine
my %data = (once => { mode => 'unique' }, mixed => { mode => 'shuffle', on_end => 'stop' });
my %runs = map { ($_ => with_rows($_ => { csv => csv(), %{ $data{$_} } }, { vus => 8, duration => '1h' })) } sort keys %data;
wait_until { 80 < (() = sent('mixed')) };
$server->stop;
$server->start;
for my $what (sort keys %runs) {
    my $end = finished($runs{$what});
    my $seen = rows($what);
    ok t_cmp($end->{status}, 'completed', "$what: to its end after a stop");
    ok t_cmp(missing($seen), '', "$what: all rows came");
    ok t_cmp(join(' ', grep { $seen->{$_} > 1 } sort keys %$seen), '', "$what: none came twice");
    ok t_cmp(metrics($runs{$what})->{total_iterations}, ROWS, "$what: all were counted");
}

# ---- what it draws on is gone ---------------------------------------------------------------------------

my $gone = with_rows(gone => { file => 'users.csv' }, { vus => 1, duration => '1h' });
wait_until { 10 < (() = sent('gone')) };
$server->stop;
unlink $server->file('data/users.csv') or die $!;
$server->start;
my $end = execution($gone);
ok t_cmp($end->{status}, 'failed', 'without its rows it is over');
ok t_cmp($end->{errors}[-1]{message}, qr/cannot go on: .*data\.users\.file.*users\.csv/s, 'and says why');
