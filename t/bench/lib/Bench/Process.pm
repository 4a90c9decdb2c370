# Processes of the benchmark: start one, run one to its end, count its CPU time, end all.
# Whatever was started here is ended, by its pid, when the benchmark exits.
package Bench::Process;
use strict;
use warnings;
use Exporter 'import';
use IO::Socket::INET ();
use POSIX ();
use Time::HiRes ();

our @EXPORT = qw(start stop stop_all finish output_of cpu_of threads_of cores pinned free_port wait_until);

use constant STOP_SECONDS => 40;    # httpd's engine may take 30 to end

my $ticks = POSIX::sysconf(&POSIX::_SC_CLK_TCK);
my %running;

# Start a program in the background, with a handle as its input if there is one; its pid.
sub start {
    my (%opt) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDIN, '<&', $opt{input} or POSIX::_exit(126) if $opt{input};
        open STDOUT, '>>', $opt{log} and open STDERR, '>&', \*STDOUT or POSIX::_exit(126);
        exec @{ $opt{command} } or POSIX::_exit(127);
    }
    $running{$pid} = 1;
    return $pid;
}

sub stop {
    my $pid = shift;
    delete $running{$pid} or return;
    kill TERM => $pid;
    return if wait_until(sub { waitpid($pid, POSIX::WNOHANG()) != 0 }, STOP_SECONDS);
    warn "$pid does not end by itself\n";
    kill KILL => $pid;
    waitpid $pid, 0;
}

# Wait for it to end by itself, well.
sub finish {
    my ($pid, $seconds) = @_;
    wait_until(sub { waitpid($pid, POSIX::WNOHANG()) != 0 }, $seconds) or die "$pid does not end\n";
    delete $running{$pid};
    die "$pid failed\n" if $?;
}

sub stop_all { stop($_) for sort { $b <=> $a } keys %running }

END {
    local $?;
    stop_all();
}

# Run a program to its end. In list context also its CPU seconds.
sub output_of {
    my @command = @_;
    my @before = times;
    my $pid = open my $out, '-|', @command or die "$command[0]: $!\n";
    $running{$pid} = 1;
    my $output = do { local $/; <$out> };
    close $out;
    delete $running{$pid};
    die join(' ', @command), " failed:\n", $output // '' if $?;
    my @after = times;
    return wantarray ? ($output, $after[2] + $after[3] - $before[2] - $before[3]) : $output;
}

# A process and all that it has started: the fields of /proc/PID/stat behind the state, by pid.
sub family_of {
    my $root = shift;
    my (%stat, %family);
    for my $file (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $file or next;
        my ($pid, $rest) = (<$in> // '') =~ /^(\d+) \(.*\) \S (.*)/s or next;
        $stat{$pid} = [ split ' ', $rest ];
    }
    for my $pid (keys %stat) {
        my $above = $pid;
        $above = $stat{$above} && $stat{$above}[0] while $above && $above != $root;
        $family{$pid} = $stat{$pid} if $above;
    }
    return %family;
}

# CPU seconds of a process, its children now and the children that have ended.
sub cpu_of {
    my %family = family_of(shift);
    my $sum = 0;
    $sum += $_->[10] + $_->[11] + $_->[12] + $_->[13] for values %family;
    return $sum / $ticks;
}

# The threads of a process and its children: seconds that each ran, and that it had to wait for
# a core.
sub threads_of {
    my %family = family_of(shift);
    my %thread;
    for my $file (map { glob "/proc/$_/task/*/schedstat" } keys %family) {
        open my $in, '<', $file or next;
        my ($ran, $waited) = (<$in> // '') =~ /^(\d+) (\d+)/ or next;
        $thread{ $file =~ s{.*/(\d+)/schedstat}{$1}r } = [ $ran / 1e9, $waited / 1e9 ];
    }
    return %thread;
}

# The cores this process may run on.
sub cores {
    open my $in, '<', '/proc/self/status' or die $!;
    my ($list) = map { /^Cpus_allowed_list:\s*(\S+)/ ? $1 : () } <$in>;
    return map { /(\d+)-(\d+)/ ? $1 .. $2 : $_ } split /,/, $list;
}

# A command on a core of its own: the generator of load gets the last one, what it aims at
# the first; "anywhere" leaves it where it is.
sub pinned {
    my ($which, @command) = @_;
    my @cores = cores();
    return @command if @cores < 2 || $which eq 'anywhere';
    return ('taskset', '-c', $which eq 'target' ? $cores[0] : $cores[-1], @command);
}

sub free_port {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no port: $!";
    return $socket->sockport;
}

# Wait until the code returns something true; false after so many seconds.
sub wait_until {
    my ($code, $seconds) = @_;
    my $until = Time::HiRes::time() + $seconds;
    my $value;
    Time::HiRes::sleep(0.02) until ($value = $code->()) || Time::HiRes::time() > $until;
    return $value;
}

1;
