# A master and its slaves, each an httpd that the command starts, on free ports of the
# loopback address; their directories and key are below one directory.
package Bench::Cluster;
use strict;
use warnings;
use Bench::Process;
use Bench::Servers;
use File::Path ();
use HTTP::Tiny ();
use JSON::PP ();
use Time::HiRes ();

use constant { STARTS => 60, MAX_SLAVES => 1000, ROOM => 1000 };    # seconds; slaves; users of one

my $json = JSON::PP->new->utf8;
my $http = HTTP::Tiny->new(timeout => 30);
my $made = 0;

# The master, on all cores.
sub new {
    my ($class, %opt) = @_;    # build, dir
    my $self = bless { %opt, dir => "$opt{dir}/cluster" . ++$made, port => free_port(), slaves => {} }, $class;
    mkdir $self->{dir} or die "$self->{dir}: $!";
    $self->make_key;
    $self->{pid} = $self->begin(['env', 'WE_MASTER_MAX_SLAVES=' . MAX_SLAVES], 'master', $self->{port});
    return $self;
}

sub make_key {
    my $self = shift;
    my $key = $self->{key} = "$self->{dir}/key";
    Bench::Servers::spew($key, join '', map { sprintf '%08x', rand 2**32 } 1 .. 8);
    chmod 0640, $key;
    chown 0, scalar(getgrnam Bench::Servers::user()), $key if $> == 0;
}

sub begin {
    my ($self, $before, $role, $port, @args) = @_;
    my $log = "$self->{dir}/$role-$port.out";
    my $pid = start(log => $log, command => [ @$before, "$self->{build}/workflow-engine", $role, 'start',
        '-address', "127.0.0.1:$port", '-cluster-key', $self->{key}, '-state', "$self->{dir}/$role-$port", @args ]);
    wait_until(sub { Bench::Servers::is_up("http://127.0.0.1:$port/ready") }, STARTS)
        or die "the $role is not ready:\n", Bench::Servers::slurp($log), Bench::Servers::slurp("$self->{dir}/$role-$port/error.log");
    return $pid;
}

sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}$path" }

# A slave on one core, with one loop.
sub add_slave {
    my ($self, $id, $core) = @_;
    my $port = free_port();
    File::Path::make_path("$self->{dir}/slave-$port/conf.d");
    Bench::Servers::spew("$self->{dir}/slave-$port/conf.d/loops.conf", "WorkflowLoadLoops 1\n");
    $self->{slaves}{$id} = $self->begin([ 'taskset', '-c', $core ], 'slave', $port, '-id', $id,
        '-max-vus', ROOM, '-master', $self->url(''));
}

# Wait until so many are connected.
sub wait_for {
    my ($self, $n) = @_;
    wait_until(sub { $self->get('/api/v1/slaves')->{total} == $n }, STARTS) or die "the slaves do not come\n";
}

sub get {
    my ($self, $path) = @_;
    my $answer = $http->get($self->url($path));
    die "$path: $answer->{status} $answer->{content}\n" if !$answer->{success};
    return $json->decode($answer->{content});
}

# Submit a workflow, a YAML text; the id of its execution.
sub submit {
    my ($self, $yaml) = @_;
    my $answer = $http->post($self->url('/api/v1/workflows'),
        { headers => { 'Content-Type' => 'application/json' }, content => $json->encode({ yaml => $yaml }) });
    die "submitting: $answer->{status} $answer->{content}\n" if !$answer->{success};
    return $json->decode($answer->{content})->{execution_id};
}

# What an execution has done when it has ended, well.
sub figures {
    my ($self, $id, $seconds) = @_;
    my $status;
    wait_until(sub { ($status = $self->get("/api/v1/executions/$id")->{status}) =~ /completed|failed|aborted/ }, $seconds)
        or die "the execution does not end\n";
    die "the execution has $status\n" if $status ne 'completed';
    return $self->get("/api/v1/executions/$id/metrics");
}

sub master_cpu { return cpu_of(shift->{pid}) }

# CPU seconds of all slaves so far.
sub slaves_cpu {
    my $sum = 0;
    $sum += cpu_of($_) for values %{ shift->{slaves} };
    return $sum;
}

# Run something: of the thread of each of these slaves that worked most, the share of the time
# that it ran or would have, had its core been its own; the least of the slaves.
sub eagerness {
    my ($self, $ids, $code) = @_;
    my $time = Time::HiRes::time();
    my %before = map { threads_of($self->{slaves}{$_}) } @$ids;
    $code->();
    my @share;
    for my $id (@$ids) {
        my %now = threads_of($self->{slaves}{$id});
        my ($most) = sort { $b->[0] <=> $a->[0] }
            map { my $was = $before{$_} // [ 0, 0 ]; [ $now{$_}[0] - $was->[0], $now{$_}[1] - $was->[1] ] } keys %now;
        push @share, $most->[0] + $most->[1];
    }
    my ($least) = sort { $a <=> $b } @share;
    return $least / (Time::HiRes::time() - $time);
}

sub end {
    my $self = shift;
    stop($_) for values %{ $self->{slaves} }, $self->{pid};
}

1;
