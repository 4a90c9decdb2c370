# Machines of their own network: a namespace each, with two wires to the test's. One leads to
# the masters (Network::HERE), the other to targets (Network::OPEN), so that a slave can lose
# its master and still reach what it tests.
#
#   use WF::Network;              # first of all: the test goes on in a network of its own
#   plan tests => 3, WF::Network::reason() ? skip_reason(WF::Network::reason()) : ();
#   my $machine = WF::Network->new;
#   WF::Server->new(under => $machine->under);
#   $machine->cut; $machine->mend;
#
# Everything goes with the processes that live there: nothing has a name that stays.
package WF::Network;
use strict;
use warnings;
use Time::HiRes ();

use constant { HERE => '10.77.0.1', OPEN => '10.78.0.1', MARK => 'WF_NETWORK' };
my %wires = (master => '10.77', open => '10.78');
my $reason = '';

sub reason { $reason }

# Into a network without anybody: whatever is sent cannot leave the test.
sub import {
    if (!$ENV{ +MARK }) {
        $reason = $> != 0 ? 'only root makes networks' : !`ip -V 2>/dev/null` ? 'needs iproute2' : `unshare -n true 2>&1` // 'needs unshare';
        return if $reason;
        local $ENV{ +MARK } = 1;
        exec 'unshare', '-n', $^X, $0 or die "unshare: $!";
    }
    ip('link set lo up');
    ip("address add $_/32 dev lo") for HERE, OPEN;
}

sub ip { my ($command, $under) = (@_, ''); my $out = `$under ip $command 2>&1`; die "ip $command: $out" if $? }

my $made = 0;

sub new {
    my $class = shift;
    my $n = ++$made;
    pipe my $ready, my $tell or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        open STDOUT, '>&', $tell or die $!;
        exec qw(unshare -n sh -c), 'echo; exec sleep 3600' or die $!;
    }
    close $tell;
    readline $ready;    # its network is there
    my $self = bless { pid => $pid, owner => $$, n => $n }, $class;
    ip('link set lo up', $self->under);
    for my $wire (sort keys %wires) {
        my ($ours, $theirs, $net) = ("$wire$n", "to-$wire", "$wires{$wire}.$n");
        ip("link add $ours type veth peer name $theirs netns $pid");
        ip("address add $net.1/24 dev $ours");
        ip("link set $ours up");
        ip("address add $net.2/24 dev $theirs", $self->under);
        ip("link set $theirs up", $self->under);
        ip("route add $wires{$wire}.0.1 via $net.1", $self->under);
    }
    return $self;
}

# What runs a command there.
sub under { my $self = shift; "nsenter -t $self->{pid} -n" }

# The wire to the master: packets go nowhere, and nobody is told.
sub cut  { my $self = shift; ip("link set master$self->{n} down") }
sub mend { my $self = shift; ip("link set master$self->{n} up") }

sub DESTROY {
    my $self = shift;
    return unless $self->{owner} == $$;
    local ($?, $!);
    kill KILL => $self->{pid};
    waitpid $self->{pid}, 0;
}

1;
