# Masters that are killed, hang or are restarted while their slaves work, alone or together with
# a slave: nothing is counted twice or lost, and what was ordered before holds.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep);
use WF::Cluster;
use WF::Tally;
use WF::Test;

use constant USERS => 20;

my $tally = WF::Tally->new;
my $cluster = WF::Cluster->new(timeout => '3s', slaves => [ map { [$_] } qw(a b) ])->start;
my $master = $cluster->master;
my $begun;

sub come { $tally->count - $begun }
sub begin {
    my ($options, @more) = @_;
    $cluster->wait_online(qw(a b), @more);
    $begun = $tally->count;
    my $id = submit(workflow([ http_step(s => $tally->url('/10?${env:WF_SLAVE}')) ], { vus => USERS, graceful_stop => '1s', %$options }));
    wait_until { metrics($id)->{total_iterations} > 200 } or die 'nothing is told';
    return $id;
}
sub shared { +{ mode => 'shared-iterations', iterations => 4000, on_slave_loss => shift } }
sub again { $master->launch; $master->wait_ready }

my $both = 'a completed b completed';
my $b = $cluster->slave('b');
my @cases = (
    # what                            what happens                                                      policy          who is how
    [ 'its engine dies',              sub { kill KILL => $master->engine_pid },                         'abort',        $both ],
    [ 'it is killed, and started',    sub { $master->crash; again() },                                  'abort',        $both ],
    [ 'it is stopped, and started',   sub { $master->stop; again() },                                   'abort',        $both ],
    [ 'it hangs for a moment',        sub { $master->freeze; sleep 1; $master->thaw },                  'abort',        $both ],
    [ 'httpd is restarted',           sub { $master->graceful },                                        'abort',        $both ],
    [ 'it and a slave are killed',    sub { $b->crash; $master->crash; again() },                       'redistribute', 'a completed b failed' ],
    [ 'it and a slave are restarted', sub { $b->crash; $master->crash; again(); $b->launch },           'redistribute', qr/^a completed b \w+$/ ],
);

plan tests => 6 * @cases + 9;

for (@cases) {
    my ($what, $happen, $policy, $how) = @$_;
    my $id = begin(shared($policy));
    $happen->();
    wait_until { call('GET', "/api/v1/executions/$id")->code == 200 };
    my $e = finished($id);
    my $m = metrics($id);
    ok t_cmp("$e->{status} $m->{total_iterations}", 'completed 4000', $what) or t_debug(errors_of($e));
    ok t_cmp(statuses_of($e), $how, "$what: who is how");
    ok t_cmp(iterations_of($e), 4000, "$what: the parts are the whole");
    ok t_cmp(come() >= 4000, 1, "$what: all were sent") or t_debug(come());
    ok t_cmp($how eq $both ? scalar(errors_of($e) =~ /is lost/) : '', '', "$what: nobody is lost who was there");
    ok t_cmp($tally->leftovers, 0, "$what: nothing comes afterwards");
    $b->launch unless $b->pid && kill 0 => $b->pid;
}

# ---- what was ordered before ------------------------------------------------------------------

my $id = begin({ duration => '30m' });
call('POST', "/api/v1/executions/$id/pause");
ok wait_until { execution($id)->{status} eq 'paused' };
ok t_cmp($tally->leftovers, qr/^\d+$/, 'paused');
$master->crash;
again();
$cluster->wait_online(qw(a b));
my $quiet = $tally->count;
ok t_cmp($tally->leftovers, 0, 'a master that comes back: it stays paused');
ok t_cmp(execution($id)->{status}, 'paused', 'as it says');
call('POST', "/api/v1/executions/$id/resume");
ok wait_until { $tally->count > $quiet + 200 };
call('DELETE', "/api/v1/executions/$id");
finished($id);

# A slave that is drained stays so.
ok t_cmp(call('POST', '/api/v1/slaves/b/drain')->code, 200, 'drained');
ok wait_until { $b->slurp('engine/engine.log') =~ /slave: b gets nothing more to do/ };    # else nobody knows it afterwards
kill KILL => $master->engine_pid;
ok wait_until { $cluster->states eq 'a online b draining' } or t_debug($cluster->states);
$b->stop;
$b->launch;
ok wait_until { $cluster->states eq 'a online b online' } or t_debug($cluster->states);
