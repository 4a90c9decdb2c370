# The workflow-engine program as a user calls it: its output, its messages, its exit code.
#
#   my $run = command('run', '-quiet', $file);          # { code, out, err }
#   my $run = command_with("a line\n", 'passwd', $user);   # on its standard input
#   my $run = start_command('run', $file); kill INT => $run->{pid}; $run->finish;
package WF::Command;
use strict;
use warnings;
use Exporter 'import';
use IPC::Open2 ();
use POSIX ();
use WF::Test ();

our @EXPORT = qw(command command_with on_terminal start_command scratch);

my $made = 0;

# A file of the test's own, with some content; its path.
sub scratch {
    my ($name, $content) = @_;
    my $dir = "$ENV{WF_DIR}/cli-$$";
    mkdir $dir;
    if (defined $content) {
        open my $out, '>:raw', "$dir/$name" or die "$dir/$name: $!";
        print $out $content;
        close $out;
    }
    return "$dir/$name";
}

sub slurp { open my $in, '<:raw', shift or return ''; local $/; return scalar <$in> // '' }

our $input = '/dev/null';

sub start_command {
    my @args = @_;
    my $self = bless { log => scratch('output-' . ++$made) }, __PACKAGE__;
    $self->{pid} = fork // die $!;
    if (!$self->{pid}) {
        open STDIN, '<', $input;
        open STDOUT, '>', "$self->{log}.out" or POSIX::_exit(126);
        open STDERR, '>', "$self->{log}.err" or POSIX::_exit(126);
        { no warnings 'exec'; exec "$ENV{WF_DIR}/bin/workflow-engine", @args }
        POSIX::_exit(127);
    }
    return $self;
}

sub out { slurp(shift->{log} . '.out') }
sub err { slurp(shift->{log} . '.err') }

# Wait for its end, at most so many seconds. Exit code, or "signal N", or "hangs".
sub finish {
    my ($self, $seconds) = @_;
    my $ended = WF::Test::wait_until { waitpid($self->{pid}, POSIX::WNOHANG()) > 0 } $seconds // 60;
    my $status = $?;
    if (!$ended) {
        kill KILL => $self->{pid};
        waitpid $self->{pid}, 0;
    }
    return { code => !$ended ? 'hangs' : $status & 127 ? 'signal ' . ($status & 127) : $status >> 8,
             out => $self->out, err => $self->err };
}

sub command { start_command(@_)->finish }

sub command_with {
    my ($text, @args) = @_;
    local $input = scratch('input-' . ++$made, $text);
    return command(@args);
}

# on_terminal([ arguments ], prompt => answer, …): run it on a terminal, answer each prompt
# when it is there; all that the terminal has shown.
sub on_terminal {
    my ($args, @dialogue) = @_;
    my $command = join ' ', map { "'$_'" } "$ENV{WF_DIR}/bin/workflow-engine", @$args;
    my $pid = IPC::Open2::open2(my $from, my $to, 'script', '-qec', $command, '/dev/null');
    my $shown = '';
    local $SIG{ALRM} = sub { die "no answer on the terminal after: $shown\n" };
    alarm 30 * WF::Test::SLOW;
    while (my ($prompt, $answer) = splice @dialogue, 0, 2) {
        sysread $from, $shown, 1000, length $shown or last until $shown =~ /\Q$prompt\E\z/;
        syswrite $to, "$answer\n";
    }
    1 while sysread $from, $shown, 1000, length $shown;
    alarm 0;
    waitpid $pid, 0;
    return $shown;
}

1;
