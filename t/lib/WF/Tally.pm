# An HTTP target that only counts: quick enough not to be the limit, it answers 200 after the
# time that its path names, and knows how often each URI was asked for in each second.
#
#   my $tally = WF::Tally->new;                # listens on the loopback; host => another address
#   … $tally->url('/20?slave=a') …             # 20 ms
#   $tally->count; $tally->count('/20?slave=a'); $tally->last_at;
#   $tally->leftovers;                         # at the end
package WF::Tally;
use strict;
use warnings;
use parent 'WF::Servant';
use IO::Handle ();
use IO::Select ();
use JSON::PP ();
use Socket qw(AF_UNIX SOCK_STREAM PF_UNSPEC);
use Time::HiRes ();
use WF::Test ();

use constant QUIET => 0.5;    # seconds: a window in which nothing comes

sub new {
    my ($class, %opt) = @_;
    my $host = $opt{host} // '127.0.0.1';
    socketpair my $ours, my $theirs, AF_UNIX, SOCK_STREAM, PF_UNSPEC or die $!;
    my $self = $class->begin(tally => sub { close $ours; serve(@_, $theirs) }, $host);
    close $theirs;
    @$self{qw(host ask)} = ($host, $ours);
    return $self;
}

sub url { my ($self, $path) = @_; "http://$self->{host}:$self->{port}" . ($path // '') }

# { URI => { count, last => time, seconds => { time => count } } }, of all requests until now.
sub all {
    my $self = shift;
    $self->{ask}->autoflush(1);
    print { $self->{ask} } "?\n";
    return JSON::PP::decode_json(readline($self->{ask}) // die 'the target has ended');
}

# URIs are those that begin like this; without one all.
sub of {
    my ($self, $uri) = @_;
    my $all = $self->all;
    return map { $all->{$_} } grep { index($_, $uri // '') == 0 } keys %$all;
}

sub count { my $sum = 0; $sum += $_->{count} for of(@_); return $sum }
sub last_at { my ($last) = sort { $b <=> $a } map { $_->{last} } of(@_); return $last // 0 }

# How much still comes, until nothing has come for a while; undef if there is no end to it.
sub leftovers {
    my $self = shift;
    my $first = my $last = $self->count;
    WF::Test::wait_until {
        Time::HiRes::sleep(QUIET);
        my $before = $last;
        $last = $self->count;
        $before == $last;
    } or return undef;
    return $last - $first;
}

# ---- the server's process -------------------------------------------------------------------

my $answer = join "\r\n", 'HTTP/1.1 200 OK', 'Content-Type: application/json', 'Content-Length: 11', '', '{"ok":true}';
my (%text, %seen, %later, $select);

sub serve {
    my ($listener, $parent, $log, $ask) = @_;
    $select = IO::Select->new($listener, $parent, $ask);
    $listener->blocking(0);
    for (;;) {
        my $wait = answer_due();
        for my $socket ($select->can_read($wait)) {
            $socket == $parent ? return : $socket == $listener ? admit($listener) : $socket == $ask ? say_all($ask) : hear($socket);
        }
    }
}

sub admit {
    my $listener = shift;
    while (my $socket = $listener->accept) { $select->add($socket); $text{$socket} = '' }
}

sub say_all {
    my $ask = shift;
    sysread $ask, my $question, 100 or exit 0;
    my $text = JSON::PP::encode_json(\%seen) . "\n";
    for (my $sent = 0; $sent < length $text;) { $sent += syswrite($ask, $text, length($text) - $sent, $sent) // return }
}

sub hear {
    my $socket = shift;
    if (!sysread $socket, $text{$socket}, 65536, length $text{$socket}) {
        $select->remove($socket);
        delete $text{$socket};
        close $socket;
        return;
    }
    while ($text{$socket} =~ s/\A\S+ (\S+)[^\r]*\r\n.*?\r\n\r\n//s) {
        my ($uri, $now) = ($1, Time::HiRes::time());
        my $row = $seen{$uri} //= { count => 0, seconds => {} };
        $row->{count}++;
        $row->{last} = $now;
        $row->{seconds}{ int $now }++;
        if ($uri =~ m{^/(\d+)} && $1) { push @{ $later{$1} }, [ $now + $1 / 1000, $socket ] }
        else { syswrite $socket, $answer }
    }
}

# Those with the same delay are due in the order in which they came. Seconds to the next one.
sub answer_due {
    my ($now, $wait) = (Time::HiRes::time(), 5);
    for my $queue (values %later) {
        while (@$queue && $queue->[0][0] <= $now) {
            my $socket = (shift @$queue)->[1];
            syswrite $socket, $answer if exists $text{$socket};
        }
        $wait = $queue->[0][0] - $now if @$queue && $queue->[0][0] - $now < $wait;
    }
    return $wait;
}

1;
