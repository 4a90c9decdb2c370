# An httpd of a test's own, on a free port, with its own store: to be stopped, killed,
# restarted or wrongly configured.
#
#   my $server = WF::Server->new(mpm => 'event', extra => 'WorkflowQueueLimit 5')->start;
#   $server->graceful; kill KILL => $server->engine_pid; $server->stop;
package WF::Server;
use strict;
use warnings;
use File::Path ();
use File::Temp ();
use IO::Socket::INET ();
use Time::HiRes ();
use WF::Test ();

# Below those that the system gives to clients: one of these might have it before httpd binds it.
sub free_port {
    for (1 .. 1000) {
        my $port = 15_000 + int rand 17_000;
        return $port if IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 1, ReuseAddr => 1);
    }
    die "no port is free: $!";
}

sub new {
    my ($class, %opt) = @_;
    my $self = bless { mpm => 'event', extra => '', demo => 1, faces => 1, engine => 1, host => '127.0.0.1', %opt }, $class;
    $self->{dir} //= File::Temp::tempdir('server-XXXXXX', DIR => $ENV{WF_DIR} // die 'run by t/run');
    chmod 0755, $self->{dir};
    $self->{port} //= free_port();
    $self->write_config;
    return $self;
}

sub url { my $self = shift; "http://$self->{host}:$self->{port}" }
sub file { my ($self, $name) = @_; "$self->{dir}/$name" }

sub write_config {
    my $self = shift;
    my $modules = join "\n", map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so" }
        "mpm_$self->{mpm}", qw(authn_core authz_core authz_host authz_user auth_basic);
    my $status = $self->{status} ? "LoadModule status_module $ENV{WF_MODULES}/mod_status.so\n<Location /server-status>\nSetHandler server-status\n</Location>" : '';
    my $demo = $self->{demo} ? "WorkflowDemoData $ENV{WF_DIR}/demo" : '';
    my $patient = $self->{throttle} ? '' : 'WorkflowMaxAuthFailures 0';    # suites fail on purpose, all from one address
    my $user = $> == 0 ? "User nobody\nGroup nogroup" : '';
    my $faces = $self->{faces} ? "Include $ENV{WF_TOP}/conf/workflow.conf" : '';
    # A checkout that httpd's user cannot enter does not matter: the parent reads this.
    $self->spew('httpd.conf', <<"END");
ServerName localhost
Listen $self->{host}:$self->{port}
ServerRoot $self->{dir}
DefaultRuntimeDir $self->{dir}
PidFile $self->{dir}/httpd.pid
ErrorLog $self->{dir}/error.log
LogLevel warn workflow:debug
$user
$modules
LoadModule workflow_module $ENV{WF_DIR}/bin/mod_workflow.so
LogFormat "%r %>s" short
CustomLog $self->{dir}/access.log short
WorkflowEngineProgram $ENV{WF_DIR}/bin/workflow-engine
WorkflowStateDir $self->{dir}/engine
$patient
$demo
$faces
$status
$self->{extra}
END
    return $self;
}

sub spew {
    my ($self, $name, $text) = @_;
    open my $out, '>', $self->file($name) or die "$name: $!";
    print $out $text;
    close $out;
}

sub slurp {
    my ($self, $name) = @_;
    open my $in, '<', $self->file($name) or return '';
    local $/;
    return scalar <$in> // '';
}

# The rows of a query on its store, a text each, columns with | between.
sub rows {
    my ($self, $sql) = @_;
    open my $in, '-|', qw(sqlite3 -readonly), '-cmd', '.timeout 5000', $self->file('engine/workflow.db'), $sql or die "sqlite3: $!";
    chomp(my @rows = <$in>);
    close $in or die "sqlite3: $sql";
    return @rows;
}

# What workflow-engine check finds wrong with its store, running or not; '' if it is sound.
sub unsound {
    my $self = shift;
    my $out = `'$ENV{WF_DIR}/bin/workflow-engine' check -state-dir '$self->{dir}/engine' 2>&1`;
    return $? ? $out || "check ended with $?" : '';
}

# httpd with arguments, such as -t; output and exit status.
sub httpd {
    my ($self, @args) = @_;
    local %ENV = (%ENV, %{ $self->{env} // {} });
    my $under = $self->{under} // '';    # a command that runs it elsewhere
    my $output = `$under $ENV{WF_HTTPD} -d $self->{dir} -f $self->{dir}/httpd.conf @args 2>&1`;
    return wantarray ? ($output, $? >> 8) : $output;
}

sub pid { my $pid = shift->slurp('httpd.pid'); $pid =~ /(\d+)/ ? $1 : undef }

# Without waiting until it is ready.
sub launch {
    my $self = shift;
    my ($output, $status) = $self->httpd('-k start');
    die "httpd did not start: $output" . $self->slurp('error.log') if $status;
    WF::Test::wait_until { $self->{pid} = $self->pid } 60 or die 'httpd has no pid: ' . $self->slurp('error.log');
    return $self;
}

sub start {
    my $self = shift->launch;
    WF::Test::use_server($self->url);
    return $self unless $self->{engine};
    $self->wait_ready or die 'not ready: ' . $self->slurp('error.log') . $self->slurp('engine/engine.log');
    return $self;
}

sub wait_ready {
    my $self = shift;
    return WF::Test::wait_until { WF::Test::call('GET', '/ready')->code == 200 } 30;
}

# How many requests for a path are being answered: a server with (status => 1) tells.
sub answering {
    my ($self, $path) = @_;
    my $page = WF::Test::call('GET', '/server-status')->content;
    return scalar grep { m{<b>W</b>} && m{>[A-Z]+ \Q$path\E[ ?]} } split /<tr>/, $page;
}

sub graceful { my $self = shift; kill USR1 => $self->{pid}; $self }

# The engine process: the child of httpd that runs our program.
sub engine_pid {
    my $self = shift;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my $line = <$in> // next;
        my ($pid, $comm, $state, $ppid) = $line =~ /^(\d+) \((.*)\) (\S) (\d+)/ or next;
        return $pid if $ppid == $self->{pid} && $comm eq 'workflow-engine' && $state ne 'Z';
    }
    return undef;
}

# All of its processes, itself first.
sub pids {
    my $self = shift;
    my (%children, @all);
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $in, '<', $stat or next;
        my ($pid, $ppid) = (<$in> // '') =~ /^(\d+) \(.*\) \S (\d+)/ or next;
        push @{ $children{$ppid} }, $pid;
    }
    push @all, $self->{pid} // return;
    for (my $i = 0; $i < @all; $i++) { push @all, @{ $children{ $all[$i] } // [] } }
    return @all;
}

# The machine loses its power: nothing of it is left, and nobody was told.
sub crash {
    my $self = shift;
    my @all = $self->halt or return;
    kill KILL => @all;
    delete $self->{pid};
    WF::Test::wait_until { !grep { kill 0 => $_ } @all } or die 'it lives on';
    unlink $self->file('httpd.pid');
}

# Stopped, so that nobody revives what is killed, httpd first: it may be starting a child.
sub halt {
    my $self = shift;
    kill STOP => $self->{pid} // return;
    my @all = $self->pids;
    kill STOP => @all;
    return @all;
}

sub freeze { my $self = shift; $self->{frozen} = 1; kill STOP => $self->pids }
sub thaw { my $self = shift; kill CONT => reverse $self->pids if delete $self->{frozen} }

sub alive { my $pid = shift; kill 0 => $pid }

# Stop and wait until it is gone; true if it went within the time.
sub stop {
    my ($self, $seconds) = @_;
    $self->thaw;
    my $pid = delete $self->{pid} or return 1;
    kill TERM => $pid;
    return WF::Test::wait_until { !kill(0 => $pid) } $seconds // 40;
}

sub DESTROY {
    my $self = shift;
    local $?;
    $self->stop;
}

1;
