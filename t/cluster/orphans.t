# No orphan load: slaves whose master is away for longer than the timeout, or ends what they do,
# send nothing; and what a slave may send is for its own administrator to say.
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
sub shared { +{ mode => 'shared-iterations', iterations => 12_000, on_slave_loss => shift } }
sub again { $master->launch; $master->wait_ready }

plan tests => 15;

# ---- a master that is away for longer than the timeout ------------------------------------------

# Slaves stop by themselves; when the master is back they go on.
my $id = begin(shared('redistribute'));
$master->freeze;
ok t_cmp($tally->leftovers, qr/^\d+$/, 'a master that hangs: slaves send nothing any more');
my $quiet = come();
ok t_cmp($quiet < 12000, 1, 'they have not just finished') or t_debug($quiet);
$master->thaw;
my $e = finished($id);
ok t_cmp("$e->{status} " . metrics($id)->{total_iterations}, 'completed 12000', 'it goes on: all are made') or t_debug(errors_of($e));
ok t_cmp(come() >= 12000, 1, 'and were sent');
ok t_cmp($tally->leftovers, 0, 'and no more');

# Killed for good: a new master on the same store later takes up what was there.
$id = begin({ duration => '30m' });
$master->crash;
ok t_cmp($tally->leftovers, qr/^\d+$/, 'a master that is gone: slaves send nothing any more');
again();
$quiet = $tally->count;
ok wait_until { $tally->count > $quiet + 200 } or t_debug($cluster->states, errors_of(execution($id)));
ok t_cmp(call('DELETE', "/api/v1/executions/$id")->code, 200, 'it can be ended');
ok t_cmp(finished($id)->{status}, 'aborted', 'it is ended');
ok t_cmp($tally->leftovers, 0, 'nothing comes afterwards');

# ---- orders of the administrators --------------------------------------------------------------

# A master that does not resume executions ends them, also at its slaves, at once.
$master->stop;
$master->{extra} .= "WorkflowResumeExecutions Off\n";
$master->write_config;
again();
$id = begin({ duration => '30m' });
$master->stop;
ok t_cmp($tally->leftovers <= USERS, 1, 'without resuming: the end of the master ends it');
again();
ok t_cmp(finished($id)->{status}, qr/^(aborted|failed)$/, 'and it stays ended');
ok t_cmp($tally->leftovers, 0, 'nothing comes afterwards');

# What a slave may call is said by its own administrator.
$cluster->add('c', extra => "WorkflowLoadTargets 192.0.2.1\n");
$cluster->wait_online(qw(a b c));
my $before = $tally->count('/10?c');
$e = finished(submit(workflow([ http_step(s => $tally->url('/10?${env:WF_SLAVE}')) ], { mode => 'shared-iterations', vus => 30, iterations => 300 })));
my $m = metrics($e->{id});
ok t_cmp([ map { $m->{step_metrics}{s}{$_} } qw(success_count failure_count) ], [ 200, 100 ], 'a slave that may not: its samples fail') or t_debug(errors_of($e));
ok t_cmp($tally->count('/10?c') - $before, 0, 'and nothing was sent');
