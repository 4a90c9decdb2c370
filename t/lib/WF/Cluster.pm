# A master and its slaves: an httpd each, on free ports of the loopback, with heartbeats that
# let a test notice losses soon.
#
#   my $cluster = WF::Cluster->new(slaves => [ [ 'a' ], [ 'b', vus => 50, extra => "…\n" ] ])->start;
#   $cluster->master->crash; $cluster->slave('a')->freeze; $cluster->add('c');
#   $cluster->states                # 'a online b offline'
#
# All of them end with the test. Calls of WF::Test go to the master. Options: timeout, interval
# (of heartbeats), master (its further directives), slave (those of all slaves), key (undef: none);
# to (of a slave, or of all): the master's URL; server: options of WF::Server. A slave's name is
# ${env:WF_SLAVE} in workflows.
package WF::Cluster;
use strict;
use warnings;
use Exporter 'import';
use Scalar::Util ();
use WF::Server;
use WF::Test qw(call json wait_until);

our @EXPORT = qw(slaves_of statuses_of iterations_of errors_of);

use constant ONLINE_WITHIN => 60;    # seconds

# Also when the test dies, or is told to end; before objects go in any order.
my @all;
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
END { local $?; $_->stop for grep { defined } @all }

sub new {
    my ($class, %opt) = @_;
    my $self = bless { timeout => '2s', interval => '200ms', master => '', slave => '', key => 'a key of this test alone', %opt }, $class;
    $self->{boss} = WF::Server->new(demo => 0, %{ $opt{server} // {} });
    $self->{boss}{extra} .= $self->common($self->{boss}) . $self->{master};
    $self->{boss}->write_config;
    $self->{slaves} = {};
    $self->make_slave(@$_) for @{ $opt{slaves} // [] };
    push @all, $self;
    Scalar::Util::weaken($all[-1]);
    return $self;
}

# The key lies where it is read, and is nobody else's.
sub common {
    my ($self, $server) = @_;
    my $text = "WorkflowHeartbeatInterval $self->{interval}\nWorkflowHeartbeatTimeout $self->{timeout}\n";
    return $text unless defined $self->{key};
    return $text . 'WorkflowClusterKey ' . key_file($server, $self->{key}) . "\n";
}

sub key_file {
    my ($server, $key) = @_;
    my $file = $server->file('cluster.key');
    unlink $file;
    $server->spew('cluster.key', "$key\n");
    chmod 0600, $file;
    chown +(getpwnam 'nobody')[2, 3], $file if $> == 0;
    return $file;
}

sub make_slave {
    my ($self, $id, %opt) = @_;
    my $server = WF::Server->new(demo => 0, faces => 0, env => { WF_SLAVE => $id }, %{ $opt{server} // {} });
    my $to = $opt{to} // $self->{to} // $self->{boss}->url;
    $server->{extra} = "WorkflowEngine On\n" . $self->common($server) . <<"END" . $self->{slave} . ($opt{extra} // '');
WorkflowMaster $to
WorkflowSlaveId $id
WorkflowMaxVUs ${\($opt{vus} // 100)}
WorkflowLoadEnvironment WF_SLAVE
END
    $server->write_config;
    return $self->{slaves}{$id} = $server;
}

sub start {
    my $self = shift;
    $self->{boss}->start;
    return $self->start_slaves;
}

sub start_slaves {
    my $self = shift;
    $_->launch for values %{ $self->{slaves} };
    $self->wait_online(keys %{ $self->{slaves} });
    return $self;
}

sub add {
    my ($self, $id, %opt) = @_;
    my $server = $self->make_slave($id, %opt)->launch;
    $self->wait_online($id);
    return $server;
}

sub master { shift->{boss} }
sub slave { my ($self, $id) = @_; $self->{slaves}{$id} // die "no slave $id" }

# Those that are listed, by their ids; none while the master does not answer.
sub listed {
    my $answer = call('GET', '/api/v1/slaves');
    return {} unless $answer->code == 200;
    return { map { ($_->{id} => $_) } @{ json($answer)->{slaves} } };
}

sub states { my $listed = listed(); join ' ', map { "$_ $listed->{$_}{status}{state}" } sort keys %$listed }
sub is { my ($self, $id, $state) = @_; my $listed = listed(); ($listed->{$id}{status}{state} // '') eq $state }

sub wait_online {
    my ($self, @ids) = @_;
    my $all = wait_until {
        my $listed = listed();
        !grep { ($listed->{$_}{status}{state} // '') ne 'online' } @ids;
    } ONLINE_WITHIN;
    return $self if $all;
    die "not all of @ids are online but: " . $self->states . "\n" . join '', map { $_->slurp('error.log') . $_->slurp('engine/engine.log') }
        $self->{boss}, map { $self->{slaves}{$_} } @ids;
}

# Heartbeats have told that nobody has anything to do.
sub wait_idle {
    my $self = shift;
    my $listed;
    wait_until { $listed = listed(); !grep { $_->{status}{active_tasks} || $_->{status}{load} } values %$listed } ONLINE_WITHIN
        or die 'they do not come to rest: ' . $self->states;
    return $self;
}

# All at once: whoever has lost his master may take his time.
sub stop {
    my $self = shift;
    my @servers = (values %{ $self->{slaves} }, $self->{boss});
    for my $server (grep { $_->{pid} } @servers) {
        $server->thaw;
        kill TERM => $server->{pid};
    }
    $_->stop for @servers;
}

# ---- what an execution says ----------------------------------------------------------------

# The slaves of an execution, by id.
sub slaves_of { my $e = shift; $e->{slave_states} // {} }
sub statuses_of { my $s = slaves_of(shift); join ' ', map { "$_ $s->{$_}{status}" } sort keys %$s }
sub iterations_of { my $e = shift; my $sum = 0; $sum += $_->{completed_iters} for values %{ slaves_of($e) }; return $sum }
sub errors_of { my $e = shift; join "\n", map { "$_->{code}: $_->{message}" } @{ $e->{errors} // [] } }

1;
