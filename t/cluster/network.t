# Slaves on machines of their own whose wire to the master is cut: what the result says, and
# what still comes to the target, which they reach by another wire.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use WF::Network;
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep);
use WF::Cluster;
use WF::Tally;
use WF::Test;

use constant { USERS => 20, ALL => 6000 };

plan tests => 19, WF::Network::reason() ? skip_reason('networks: ' . WF::Network::reason()) : ();

my $tally = WF::Tally->new(host => WF::Network::OPEN);
my %machine = map { ($_ => WF::Network->new) } qw(a b c);
my $cluster = WF::Cluster->new(timeout => '2s', server => { host => WF::Network::HERE },
    master => "<Location /api/v1>\nRequire ip 10.77\n</Location>\n",
    slaves => [ map { [ $_, server => { under => $machine{$_}->under } ] } sort keys %machine ])->start;
my $begun;

sub come { $tally->count - $begun }
sub begin {
    my %options = @_;
    $cluster->wait_online(sort keys %machine);
    $begun = $tally->count;
    my $id = submit(workflow([ http_step(s => $tally->url('/10?${env:WF_SLAVE}')) ], { vus => USERS, graceful_stop => '1s', %options }));
    wait_until { metrics($id)->{total_iterations} > 300 } or die 'nothing is told';
    return $id;
}
sub shared { begin(mode => 'shared-iterations', iterations => ALL, on_slave_loss => shift) }
sub of { $tally->count("/10?$_[0]") }

# What is true of each of them in the end.
sub exact {
    my ($what, $id, $made) = @_;
    my $e = finished($id);
    ok t_cmp(metrics($id)->{total_iterations}, $made, "$what: what was made") or t_debug(errors_of($e));
    ok t_cmp(iterations_of($e), $made, "$what: the parts are the whole");
    ok t_cmp(come() >= $made, 1, "$what: all were sent") or t_debug(come());
    return $e;
}

# For less than the timeout: nobody is lost.
my $id = shared('abort');
$machine{b}->cut;
sleep 0.7;
$machine{b}->mend;
my $e = exact('for a moment', $id, ALL);
ok t_cmp("$e->{status}: " . statuses_of($e), 'completed: a completed b completed c completed', 'for a moment: nobody is lost') or t_debug(errors_of($e));

# For good: the others go on, and it sends nothing more though it could.
$id = shared('redistribute');
$machine{b}->cut;
ok wait_until { errors_of(execution($id)) =~ /slave b is lost/ };
my $sent = of('b');
$e = exact('cut off', $id, ALL);
ok t_cmp("$e->{status}: " . statuses_of($e), 'completed: a completed b failed c completed', 'cut off: who is how');
ok t_cmp(of('b') - $sent <= USERS, 1, 'cut off: it sends nothing more once it is given up') or t_debug(of('b') - $sent);
ok t_cmp($tally->leftovers, 0, 'cut off: nothing comes afterwards');
$machine{b}->mend;
$cluster->wait_online('b');
ok t_cmp(metrics($id)->{total_iterations}, ALL, 'back again: what it had made is not counted once more');
ok t_cmp($tally->leftovers, 0, 'back again: it sends nothing of that');

# The policy is to end it.
$id = shared('abort');
$machine{c}->cut;
$e = finished($id);
ok t_cmp([ $e->{status}, errors_of($e) ], [ 'failed', qr/slave c is lost/ ], 'to abort: it ends');
ok t_cmp(defined $tally->leftovers, 1, 'to abort: there is an end to it');
$machine{c}->mend;

# All of them, for longer than the timeout: no orphan load, also when the wires are mended.
$id = begin(duration => '30m');
$_->cut for values %machine;
$e = finished($id);
my %lost = map { ($_ => 1) } errors_of($e) =~ /slave (\w) is lost/g;
ok t_cmp("$e->{status}: " . join(' ', sort keys %lost), 'failed: a b c', 'all cut off: it ends') or t_debug(errors_of($e));
ok t_cmp(defined $tally->leftovers, 1, 'all cut off: they stop');
$_->mend for values %machine;
ok wait_until { $cluster->states eq 'a online b online c online' } or t_debug($cluster->states);
ok t_cmp($tally->leftovers, 0, 'and nothing comes afterwards');
