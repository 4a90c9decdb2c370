# What servers that tests start themselves have in common: a process of its own, which
# listens on a free port of the loopback (or of another address), writes down what came, and ends with the test.
package WF::Servant;
use strict;
use warnings;
use IO::Socket::INET ();
use POSIX ();

my $made = 0;

# serve gets the listening socket, a handle whose end of file means that the test is gone,
# and where to write.
sub begin {
    my ($class, $name, $serve, $host) = @_;
    my $listener = IO::Socket::INET->new(LocalAddr => $host // '127.0.0.1', Listen => 1024, ReuseAddr => 1) or die $!;
    my $dir = $ENV{WF_DIR} // die 'WF_DIR is not set';
    my $log = sprintf '%s/%s-%d-%d', $dir, $name, $$, ++$made;
    open my $out, '>', $log or die "$log: $!";
    pipe my $parent, my $alive or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        close $alive;
        $SIG{TERM} = sub { POSIX::_exit(0) };
        $SIG{PIPE} = 'IGNORE';
        eval { $serve->($listener, $parent, $out); 1 } or print STDERR "$name: $@";
        POSIX::_exit(1);
    }
    return bless { pid => $pid, owner => $$, port => $listener->sockport, log => $log, alive => $alive }, $class;
}

sub port { shift->{port} }

# What was written down so far: whole lines.
sub lines {
    my ($self, $from) = @_;
    open my $in, '<', $self->{log} or die "$self->{log}: $!";
    seek $in, $from // 0, 0;
    return grep { /\n\z/ } <$in>;
}

# The lines since the last call: whoever waits for something reads each of them once.
sub next_lines {
    my $self = shift;
    my @lines = $self->lines($self->{read});
    $self->{read} += length for @lines;
    return @lines;
}

# Nobody listens any more.
sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    kill TERM => $pid;
    waitpid $pid, 0;
}

sub DESTROY {
    my $self = shift;
    local ($?, $!);
    $self->stop if $self->{owner} == $$;
}

1;
