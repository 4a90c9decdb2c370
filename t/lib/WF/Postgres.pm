# A PostgreSQL server of a test's own: its data below WF_DIR, a free port of the loopback, one
# role with a password, TLS for who wants it (the certificate is server.crt in its directory).
# It ends with the test; other clusters of the machine are left alone.
#
#   my $pg = WF::Postgres->new(settings => { max_connections => 30 });
#   $pg->dsn; $pg->ask("select count(*) from t"); $pg->sleeping('load');
package WF::Postgres;
use strict;
use warnings;
use File::Path ();
use POSIX ();
use WF::Server ();
use WF::Test ();

my $made = 0;

# The newest version there is, or nothing.
sub programs {
    my ($newest) = sort { $b->[0] <=> $a->[0] } map { [ m{/(\d+)/bin/}, $_ ] } glob '/usr/lib/postgresql/*/bin/postgres';
    return $newest ? $newest->[1] =~ s{/postgres\z}{}r : undef;
}

sub new {
    my ($class, %opt) = @_;
    my $bin = programs() // die 'PostgreSQL is not installed';
    my $dir = sprintf '%s/postgres-%d-%d', $ENV{WF_DIR}, $$, ++$made;
    my $self = bless { bin => $bin, dir => $dir, owner => $$, port => WF::Server::free_port(),
        user => 'gonzo', password => 'p1gs-in-sp@ce', %opt }, $class;
    mkdir $dir or die "$dir: $!";
    $self->init;
    return $self->begin;
}

sub port { shift->{port} }
sub host { '127.0.0.1' }
sub spew { my ($self, $name, $text) = @_; open my $out, '>', "$self->{dir}/$name" or die $!; print $out $text; close $out }

# PostgreSQL does not run as root.
sub as_user {
    my ($self, $log, @command) = @_;
    my $pid = fork // die $!;
    return $pid if $pid;
    open STDOUT, '>>', "$self->{dir}/$log" or POSIX::_exit(1);
    open STDERR, '>&', \*STDOUT;
    open STDIN, '<', '/dev/null';
    if ($> == 0) {
        my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
        POSIX::setgid($gid);
        $) = "$gid $gid";
        POSIX::setuid($uid);
    }
    chdir $self->{dir};
    exec 'setpriv', '--pdeathsig', 'INT', @command or POSIX::_exit(1);
}

sub init {
    my $self = shift;
    $self->spew('pwfile', "$self->{password}\n");
    $self->spew('init.log', '');
    $self->spew('server.log', '');
    system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
        . "-keyout $self->{dir}/server.key -out $self->{dir}/server.crt 2>>$self->{dir}/init.log") == 0 or die 'openssl';
    chmod 0600, "$self->{dir}/server.key";
    if ($> == 0) {
        chown +(getpwnam 'nobody')[2, 3], $self->{dir}, map { "$self->{dir}/$_" } qw(pwfile init.log server.log server.key);
    }
    my $pid = $self->as_user('init.log', "$self->{bin}/initdb", '-D', "$self->{dir}/data", '-U', $self->{user},
        '--pwfile', "$self->{dir}/pwfile", '--auth=scram-sha-256', '-N', '--no-locale', '-E', 'UTF8');
    waitpid $pid, 0;
    die "initdb failed: see $self->{dir}/init.log" if $?;
}

sub begin {
    my $self = shift;
    my %settings = (fsync => 'off', max_connections => 40, shared_buffers => '16MB', listen_addresses => $self->host,
        unix_socket_directories => '', ssl => 'on', ssl_cert_file => "$self->{dir}/server.crt",
        ssl_key_file => "$self->{dir}/server.key", log_min_messages => 'warning', %{ $self->{settings} // {} });
    $self->{pid} = $self->as_user('server.log', "$self->{bin}/postgres", '-D', "$self->{dir}/data", '-p', $self->{port},
        map { ('-c', "$_=$settings{$_}") } sort keys %settings);
    WF::Test::wait_until { defined eval { $self->ask('select 1') } } 30 or die "no PostgreSQL: see $self->{dir}/server.log";
    return $self;
}

# As a document names it; members replace or add.
sub dsn {
    my ($self, %members) = @_;
    my %words = (host => $self->host, port => $self->port, user => $self->{user}, password => $self->{password},
        dbname => 'postgres', sslmode => 'disable', %members);
    return join ' ', map { "$_='$words{$_}'" } sort grep { defined $words{$_} } keys %words;
}

# The first value of a statement's answer, asked beside the engine. Dies where psql fails.
sub ask {
    my ($self, $sql) = @_;
    local $ENV{PGPASSWORD} = $self->{password};
    open my $in, '-|', 'sh', '-c', "exec \"\$@\" 2>>$self->{dir}/psql.log", 'sh', "$self->{bin}/psql", '-X', '-q', '-A', '-t', '-h', $self->host, '-p', $self->port,
        '-U', $self->{user}, '-d', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', $sql, or die $!;
    my @lines = <$in>;
    close $in or die "psql: $sql";
    chomp @lines;
    return $lines[0] // '';
}

# Processes of the server that serve clients of this name; with a state (active, idle in
# transaction) only those.
sub backends {
    my ($self, $name, $state) = @_;
    my $only = $state ? "and state = '$state'" : '';
    return split /,/, eval { $self->ask("select coalesce(string_agg(pid::text, ','), '') from pg_stat_activity where application_name = '$name' $only") } // '';
}

sub stop {
    my $self = shift;
    my $pid = delete $self->{pid} or return;
    kill INT => $pid; # a fast shutdown
    waitpid $pid, 0;
}

sub DESTROY {
    my $self = shift;
    local ($?, $!, $@);
    return if $self->{owner} != $$;
    $self->stop;
    File::Path::remove_tree("$self->{dir}/data");
}

1;
