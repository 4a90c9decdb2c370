# Somebody to talk to without HTTP, over TCP and UDP: in a process of its own on free ports of
# the loopback, it writes down who comes and goes and every line.
#
#   my $peer = WF::Peer->new;
#   … { action => 'connect', host => '127.0.0.1', port => $peer->port } …
#   is $peer->said('echo a'), 10;
#
# A line "echo TEXT" is answered TEXT and a line feed, "bye" closes, "hush" and all else is
# not answered. A datagram comes back, unless it begins with "hush". What happened is
# { what => come, gone, line or datagram, number (of the connection), text, bytes, at => seconds,
# open => connections }.
package WF::Peer;
use strict;
use warnings;
use parent 'WF::Servant';
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use Time::HiRes ();

my $json = JSON::PP->new->latin1->canonical;

sub new {
    my $class = shift;
    my $datagrams = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Proto => 'udp') or die $!;
    my $self = $class->begin(peer => sub { serve(@_, $datagrams) });
    $self->{udp_port} = $datagrams->sockport;
    return $self;
}

sub udp_port { shift->{udp_port} }

# What has happened so far, of one kind or all.
sub events {
    my ($self, $what) = @_;
    return grep { !defined $what || $_->{what} eq $what } map { $json->decode($_) } $self->lines;
}

sub connections { scalar(() = shift->events('come')) }
sub open { my $self = shift; $self->connections - (() = $self->events('gone')) }

# How often a line or datagram came, or any of them.
sub said { my ($self, $text) = @_; scalar grep { defined $_->{text} && (!defined $text || $_->{text} eq $text) } $self->events }
sub bytes { my $sum = 0; $sum += $_->{bytes} // 0 for shift->events; $sum }

# ---- the process ----------------------------------------------------------------------------

my (%client, $select, $out, $came);

sub note {
    my %event = (at => Time::HiRes::time(), open => scalar keys %client, @_);
    syswrite $out, $json->encode(\%event) . "\n";
}

sub serve {
    my ($listener, $parent, $log, $datagrams) = @_;
    $out = $log;
    $select = IO::Select->new($listener, $parent, $datagrams);
    for (;;) {
        for my $socket ($select->can_read) {
            return if $socket == $parent;
            $socket == $listener ? admit($listener) : $socket == $datagrams ? mirror($datagrams) : hear($socket);
        }
    }
}

sub admit {
    my $socket = shift->accept or return;
    $select->add($socket);
    $client{ fileno $socket } = { socket => $socket, text => '', number => ++$came };
    note(what => 'come', number => $came);
}

sub forget {
    my $c = shift;
    $select->remove($c->{socket});
    delete $client{ fileno $c->{socket} };
    close $c->{socket};
    $c->{gone} = 1;
    note(what => 'gone', number => $c->{number});
}

sub hear {
    my $c = $client{ fileno shift } or return;
    sysread($c->{socket}, $c->{text}, 65536, length $c->{text}) or return forget($c);
    while (!$c->{gone} && $c->{text} =~ s/\A(.*?)\n//) {
        my $line = $1;
        note(what => 'line', number => $c->{number}, text => $line, bytes => 1 + length $line);
        syswrite $c->{socket}, "$1\n" if $line =~ /\Aecho (.*)/s;
        forget($c) if $line eq 'bye';
    }
}

sub mirror {
    my $socket = shift;
    my $from = recv($socket, my $text, 65536, 0) // return;
    note(what => 'datagram', text => $text, bytes => length $text);
    send $socket, $text, 0, $from if $text !~ /\Ahush/;
}

1;
