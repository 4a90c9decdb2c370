# A wall clock that a test sets, for a server's processes alone:
#
#   my $clock = WF::Clock->new;
#   my $server = WF::Server->new($clock->options)->start;
#   $clock->set(3600);    # an hour ahead
package WF::Clock;
use strict;
use warnings;
use File::Temp ();

my $top = $ENV{WF_TOP};
my $reason;
sub reason { $reason }

# In the test's `plan … , WF::Clock::made() ? () : skip_reason(WF::Clock::reason())`.
sub made {
    my $library = "$ENV{WF_DIR}/clock.so";
    return 1 if -e $library;
    if ($ENV{WF_UNDER}) { $reason = 'no second library is preloaded under sanitizers'; return 0 }
    system('cc', '-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-o', "$library.$$", "$top/t/lib/WF/clock.c", '-ldl') == 0
        && rename "$library.$$", $library or die 'no clock';
    chmod 0755, $library;
    return 1;
}

sub new {
    my $class = shift;
    my $dir = File::Temp::tempdir('clock-XXXXXX', DIR => $ENV{WF_DIR});
    chmod 0755, $dir;
    my $self = bless { file => "$dir/clock" }, $class;
    $self->set(0);
    chmod 0644, $self->{file};
    return $self;
}

sub options { my $self = shift; return (env => { LD_PRELOAD => "$ENV{WF_DIR}/clock.so", WF_CLOCK => $self->{file} }) }

# So many seconds off the clock of the machine.
sub set {
    my ($self, $seconds) = @_;
    open my $out, '+>>:raw', $self->{file} or die "$self->{file}: $!";
    open $out, '+<:raw', $self->{file} or die "$self->{file}: $!";
    syswrite($out, pack 'q', $seconds) == 8 or die $!;
    close $out;
    $self->{off} = $seconds;
    return $self;
}

# What its processes have for the time: seconds since 1970.
sub now { my $self = shift; return time + $self->{off} }

1;
