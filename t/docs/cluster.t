# docs/cluster.md: every block of it, on the machine that it names. Machines are directories and
# addresses of the loopback: 10.0.0.2 is 127.0.0.2, ports and paths are others.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Path ();
use File::Temp ();
use JSON::PP ();
use POSIX ();
use WF::Server;
use WF::Target;
use WF::Test;

use constant QUIET => 2;    # seconds; four users ask 80 times a second

my $json = JSON::PP->new->utf8;
my $root = File::Temp::tempdir('cXXXX', DIR => $ENV{WF_DIR});    # paths of sockets are short
chmod 0755, $root;
my $target = WF::Target->new('/slow' => { delay => 0.05 });
my %port = map { $_ => WF::Server::free_port() } 8080, 8443, 9091;
my $at = "http://127.0.0.1:$port{8080}/api/v1";
my ($master, $eu, $us) = 1 .. 3;
my $page = slurp("$ENV{WF_TOP}/docs/cluster.md");
# Servers of root's have other users, who have to reach what is theirs.
my ($user, $httpd_user) = $> == 0 ? ('nobody', 'www-data') : (scalar getpwuid $>) x 2;
my ($group, $httpd_group) = map { scalar getgrgid((getpwnam $_)[3]) } $user, $httpd_user;

sub slurp { open my $in, '<', shift or return ''; local $/; return scalar <$in> // '' }
sub spew { my ($file, $text) = @_; open my $out, '>', $file or die "$file: $!"; print $out $text; close $out }

# ---- machines ------------------------------------------------------------------------------

sub home { "$root/$_[0]/h" }

sub make_machine {
    my $machine = shift;
    File::Path::make_path(map { "$root/$machine/$_" } qw(h var/lib etc/workflow etc/apache2/conf-enabled));
    chown +(getpwnam $user)[ 2, 3 ], home($machine) if $> == 0;
}

# The same text for here.
sub placed {
    my ($text, $machine) = @_;
    $text =~ s{(?<=[\s:"=])/(?=etc/|var/lib/)}{$root/$machine/}g;
    $text =~ s{/usr/lib/apache2/modules/mod_workflow\.so}{$ENV{WF_DIR}/bin/mod_workflow.so}g;
    $text =~ s{/usr/lib/apache2/modules}{$ENV{WF_MODULES}}g;
    $text =~ s{\b10\.0\.0\.9\b}{'127.0.0.1:' . $target->port}ge;
    $text =~ s{\b10\.0\.0\.(\d)}{127.0.0.$1}g;
    $text =~ s{:(8080|8443|9091)\b}{:$port{$1}}g;
    $text =~ s{\bwww-data\b}{$httpd_group}g;
    return $text;
}

# scp between these directories: of what it is given, everything before the last is copied there.
sub make_scp {
    mkdir "$root/bin";
    symlink "$ENV{WF_DIR}/bin/workflow-engine", "$root/bin/workflow-engine" or die $!;
    spew("$root/bin/scp", <<"END");
#!/usr/bin/perl
use strict; use warnings;
my \@files = grep { \$_ ne '-p' } \@ARGV;
for (\@files) {
    my (\$machine, \$path) = /^127\\.0\\.0\\.(\\d):(.*)/ or next;
    \$_ = \$path =~ m{^/} ? \$path =~ s{^$root/[^/]+/}{$root/\$machine/}r : "$root/\$machine/h/\$path";
}
system('cp', '--preserve=mode', \@files) and exit 1;
my \$to = pop \@files;
my (\$uid, \$gid) = (stat \$to)[ 4, 5 ];
for (\$> == 0 && -d \$to ? \@files : ()) { chown \$uid, \$gid, "\$to/" . s{.*/}{}r or die \$! }
END
    chmod 0755, "$root/bin/scp";
}

# Run a block of sh on a machine, in its home; the pid. Blocks that touch no directory of the
# system's are a user's.
sub begin_sh {
    my ($machine, $text) = @_;
    my $is_user = $> == 0 && $text =~ /workflow-engine/;
    my $script = placed($text, $machine) =~ s/^(?=workflow-engine \w+ start)/exec /mr;
    my $pid = fork // die $!;
    return $pid if $pid;
    $ENV{HOME} = home($machine);
    $ENV{PATH} = "$root/bin:$ENV{PATH}";
    $ENV{HTTPD} = $ENV{WF_HTTPD};
    delete @ENV{qw(XDG_STATE_HOME XDG_CONFIG_HOME)};
    chdir $ENV{HOME} or POSIX::_exit(126);
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', "$root/$machine/output" or POSIX::_exit(126);
    open STDERR, '>&', \*STDOUT;
    if ($is_user) {
        my ($uid, $gid) = (getpwnam $user)[ 2, 3 ];
        $) = "$gid $gid";
        POSIX::setgid($gid);
        POSIX::setuid($uid);
    }
    exec 'sh', '-ec', $script or POSIX::_exit(127);
}

# Its output; dies if it fails.
sub run_sh {
    my ($machine, $text) = @_;
    my $before = length slurp("$root/$machine/output");
    waitpid begin_sh($machine, $text), 0;
    my $output = substr slurp("$root/$machine/output"), $before;
    die "$machine: $text\n$output" if $?;
    return $output;
}

my %command;    # pids of servers of the command, by machine

sub stop_command {
    my $machine = shift;
    my $pid = delete $command{$machine} or return 1;
    kill TERM => $pid;
    return wait_until { waitpid($pid, POSIX::WNOHANG()) > 0 } 60;
}

# An httpd of a machine, or another one beside it.
{
    package Machine;
    use parent -norequire, 'WF::Server';

    sub write_config {
        my $self = shift;
        my $modules = join "\n", map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so" }
            qw(mpm_event authn_core authz_core authz_host authz_user auth_basic);
        my $users = $> == 0 ? "User $httpd_user\nGroup $httpd_group" : '';
        $self->spew('httpd.conf', <<"END");
ServerName localhost
ServerRoot $self->{dir}
DefaultRuntimeDir $self->{dir}
PidFile $self->{dir}/httpd.pid
ErrorLog $self->{dir}/error.log
LogLevel warn workflow:info
StartServers 1
ThreadsPerChild 16
$users
$modules
WorkflowEngineProgram $ENV{WF_DIR}/bin/workflow-engine
WorkflowHeartbeatInterval 200ms
WorkflowHeartbeatTimeout 2s
$self->{extra}
Include $self->{dir}/etc/apache2/conf-enabled/*.conf
END
        return $self;
    }

    sub log { join '', grep { /slave|master|link:/ } split /(?<=\n)/, shift->slurp('var/lib/workflow/engine.log') }

    # The whole machine, as if its power were cut.
    sub kill_all {
        my $self = shift;
        my $pid = delete $self->{pid};
        kill STOP => $pid;    # it revives nobody
        my @children = split ' ', main::slurp("/proc/$pid/task/$pid/children");
        kill KILL => $pid, @children;
        unlink $self->file("httpd.pid");
    }
}

my %httpd;
sub start_httpd {
    my ($machine, $extra) = @_;
    $httpd{$machine} = Machine->new(dir => "$root/$machine", port => 0, engine => 0, extra => $extra // '')->start;
}

END {
    local $?;
    stop_command($_) for keys %command;
    $_->stop for values %httpd;
}

# ---- the page ------------------------------------------------------------------------------

# Blocks, in order; each is taken once. The first line of a workflow says who runs it.
my (@blocks, @workflows);
while ($page =~ /^```(\w+)\n# (.*?)\n(.*?)^```$/msg) {
    my ($kind, $first, $text) = ($1, $2, $3);
    push @workflows, { who => $first =~ s/^(?!500)([^:]*):.*/$1/r, options => $text } if $kind eq 'yaml';
    my ($machine, $file) = $first =~ /^(?:10\.0\.0\.)?(\w+)(?:: (.*))?$/;
    push @blocks, { kind => $kind, machine => $machine, file => $file, text => $text } if $kind ne 'yaml';
}

sub take {
    my ($machine, $kind, $want) = @_;
    my ($i) = grep { $blocks[$_]{machine} eq $machine && $blocks[$_]{kind} eq $kind && $blocks[$_]{text} =~ $want } 0 .. $#blocks;
    defined $i or die "no block for $machine: $kind, $want";
    return splice @blocks, $i, 1;
}

sub take_sh { my ($machine, $want) = @_; run_sh($machine, take($machine, 'sh', $want)->{text}) }
sub take_start {
    my $machine = shift;
    $command{$machine} = begin_sh($machine, take($machine, 'sh', qr/^workflow-engine \w+ start/m)->{text});
}

# A configuration, in its place.
sub take_conf {
    my ($machine, $want) = @_;
    my $block = take($machine, 'apache', $want);
    my $file = $block->{file} =~ m{^~} ? $block->{file} =~ s{^~}{home($machine)}er : "$root/$machine$block->{file}";
    spew($file, placed($block->{text}, $machine));
}

sub get { my $url = shift; my $text = `curl -sk '$url'`; return eval { $json->decode($text) } // {} }
sub slaves { my $base = shift // $at; @{ get("$base/slaves")->{slaves} // [] } }
sub online { my $base = shift; join ' ', sort map { $_->{id} } grep { $_->{status}{state} eq 'online' } slaves($base) }
sub came { my $path = shift; scalar(my @all = $target->requests($path)) }

# Submit through the API of the master: the answer.
sub post {
    my ($options, $path) = @_;
    my $file = "$root/workflow.json";
    spew($file, $json->encode({ yaml => "id: t\nname: T\nsteps: [{id: s, type: http, config: {url: '" . $target->url($path) . "'}}]\noptions:\n$options" }));
    my $text = `curl -s -w ' %{http_code}' -H 'Content-Type: application/json' -d \@$file $at/workflows`;
    my ($body, $status) = $text =~ /(.*) (\d+)\z/s;
    my $answer = eval { $json->decode($body) } // {};
    return { %$answer, http => $status };
}
sub ended { my $id = shift; my $e; wait_until { $e = get("$at/executions/$id"); ($e->{status} // '') =~ /completed|failed|aborted/ } 60; return $e }
sub who { my $e = shift; join ' ', sort keys %{ $e->{slave_states} // {} } }

# What all that follows needs.
sub must {
    my ($good, @why) = @_;
    ok $good or do { t_debug(map { ref ? $_->log : $_ } @why); die "the rest needs it\n" };
}

# ---- tests ---------------------------------------------------------------------------------

my ($table) = $page =~ /^## When it does not work\n(.*)/ms;
my @lines = map { s/…/\x00/gr } $table =~ /^\| `([^`]*)` \|/mg;

plan tests => 24 + @workflows + @lines,
    need { 'openssl, curl and mod_ssl' => !system('command -v openssl curl >/dev/null') && -f "$ENV{WF_MODULES}/mod_ssl.so" };
make_machine($_) for 'admin', $master, $eu, $us;
make_scp();

# With the command.
take_start($master);
ok wait_until { -f home($master) . '/.local/state/workflow-engine/cluster.key' } 30;
take_start($eu);
take_start($us);
must(scalar(wait_until { online() eq 'eu-1 eu-2' } 60), map { slurp("$root/$_/output") } $master, $eu, $us);
my $said = take_sh($master, qr/master status/);
ok t_cmp($said, qr/^ready    ready\nslaves   2\n.*^  eu-1 +online +worker/ms, 'the status');
my ($id) = $said =~ /"execution_id": ?"([^"]+)"/;
my $e = ended($id // '');
ok t_cmp("$e->{status} " . who($e), 'completed eu-1 eu-2', 'the workflow is run by both');
ok t_cmp(came('/home'), 3000, 'what came');
ok t_cmp(join(' ', map { stop_command($_) } $us, $eu, $master), '1 1 1', 'they are stopped');

# With an httpd of one's own: the slave is first. Locations for slaves that are refused below.
take_sh($master, qr/openssl rand/);
take_conf($master, qr/ClusterKey/);
take_sh($eu, qr/scp -p .*etc/);
take_conf($eu, qr/ClusterKey/);
take_sh($us, qr/scp -p .*etc/);
take_conf($us, qr/ClusterKey/);
ok t_cmp((stat "$root/$us/etc/workflow/cluster.key")[2] & 0777, 0640, 'the key is copied as it is');
start_httpd($eu);
ok wait_until { $httpd{$eu}->log =~ /Failed to connect to/ } 30;
start_httpd($us);
start_httpd($master, <<"END");
WorkflowMaxSlaves 2
<Location "/closed/api/v1">
WorkflowApi workflow
WorkflowAllowAnonymous On
Require all denied
</Location>
<Location "/asks/api/v1">
WorkflowApi workflow
AuthType Basic
AuthName x
AuthBasicProvider workflow
Require valid-user
</Location>
END
must(scalar(wait_until { online() eq 'eu-1 us-1' } 90), $httpd{$eu}->log, $httpd{$us}->log, $httpd{$master}->log);
ok t_cmp(`curl -s http://127.0.0.2:$port{9091}/ready`, qr/"ready"/, 'the probe of a slave');
ok t_cmp(join(' ', map { "$_->{address} $_->{resources}{max_vus}" } sort { $a->{id} cmp $b->{id} } slaves()),
    ":$port{9091} 2000 :$port{9091} 1000", 'what they say of themselves');

# Who is chosen.
for (@workflows) {
    my $answer = post($_->{options} =~ s/^/  /mgr . "  mode: shared-iterations\n  vus: 6\n  iterations: 60\n", '/chosen');
    my $seen = $answer->{http} == 500 ? "500 $answer->{message}" : who(ended($answer->{execution_id} // ''));
    my %other = (nobody => 'local', 'us-1 eu-1' => 'eu-1 us-1');
    my $wanted = $_->{options} =~ /max_slaves/ ? qr/^(eu|us)-1$/ : $other{ $_->{who} } // $_->{who};    # heartbeats tell late who has finished
    ok t_cmp($seen, $wanted, $_->{options});
}

# Slaves with a fault, each beside the real ones: edits of a slave's configuration.
my $proper = slurp("$root/$eu/etc/apache2/conf-enabled/workflow.conf");
my $n = 0;
sub odd_slave {
    my ($text, @edits) = @_;
    my $name = 'odd' . ++$n;
    make_machine($name);
    my $own = WF::Server::free_port();
    $text =~ s{\Q$root/$eu/var\E}{$root/$name/var}g;
    $text =~ s{^Listen .*}{Listen 127.0.0.1:$own}m;
    $text =~ s{^WorkflowSlaveId .*}{WorkflowSlaveId $name}m;
    while (my ($from, $to) = splice @edits, 0, 2) { $text =~ s{$from}{$to} or die "$from is not there" }
    spew("$root/$name/etc/apache2/conf-enabled/workflow.conf", $text);
    return start_httpd($name);
}
sub key_file { my ($name, $text) = @_; spew("$root/$name", $text); chmod 0640, "$root/$name"; chown 0, scalar(getgrnam $httpd_group), "$root/$name" if $> == 0; "$root/$name" }
my $url = qr/(?<=WorkflowMaster )\S+/;
my $key = qr/(?<=WorkflowClusterKey )\S+/;
my $base = "http://127.0.0.1:$port{8080}";
my @odd = map { odd_slave($proper, @$_) }
    [ $url => "$base/closed" ], [ $url => "$base/asks" ], [ $url => "$base/none" ],
    [ $key => key_file('other.key', 'x' x 32) ], [ $key => key_file('short.key', 'x') ], [];
my @signs = (qr/403/, qr/401/, qr/404/, qr/keys differ/, qr/neither master nor slave/, qr/rejects/);
must(scalar(wait_until { !grep { $odd[$_]->log !~ $signs[$_] } 0 .. $#odd } 60), map { $_->log } @odd);
$_->stop for @odd;
ok t_cmp(online(), 'eu-1 us-1', 'none of them was let in');

# One is killed, then the master goes.
$id = post("  vus: 4\n  duration: 5m\n", '/slow')->{execution_id};
ok wait_until { came('/slow') > 20 } 60;
$httpd{$us}->kill_all;
ok wait_until { $httpd{$master}->log =~ /slave us-1 is lost .*\beu-1\b/ } 60;
ok wait_until { my ($s) = (get("$at/executions/$id")->{slave_states} // {})->{'us-1'}; ($s->{status} // '') eq 'failed' } 30;
$httpd{$master}->kill_all;
ok wait_until { $httpd{$eu}->log =~ /is stopped: its master is away/ } 60;
ok wait_until { my ($last) = reverse $target->requests('/slow'); time - $last->{at} > QUIET } 60;
$httpd{$eu}->stop;

# With certificates.
take_sh('admin', qr/req -x509/);
take_sh('admin', qr{scp .*/etc/}s);
take_sh($eu, qr/chgrp/);
take_conf($master, qr/ClusterCertificates.*SSLEngine On\nSSLCert/s);
take_conf($eu, qr/ClusterCertificates/);
$at = "https://127.0.0.1:$port{8443}/api/v1";
my $logs = $httpd{$master}->log;
File::Path::remove_tree("$root/$master/var/lib/workflow");    # it would go on with that execution
start_httpd($master, "<Location \"/loose/api/v1\">\nWorkflowApi workflow\nWorkflowAllowAnonymous On\nRequire all granted\n</Location>\n");
start_httpd($eu);
must(scalar(wait_until { online() eq 'eu-1' } 60), $httpd{$eu}->log, $httpd{$master}->log, $httpd{$master}->slurp('error.log'));
$proper = slurp("$root/$eu/etc/apache2/conf-enabled/workflow.conf");
push @odd, map { odd_slave($proper, @$_) }
    [ qr/WorkflowMasterCA.*\n/ => '' ], [ $url => "https://127.0.0.1:$port{8443}/loose", qr/WorkflowSlaveCertificate.*\n/ => '' ],
    [ qr/WorkflowSlaveCertificate.*\n/ => '' ];
@signs[ 6 .. 8 ] = (qr/certificate problem/, qr/403: slaves need a certificate/, qr/no connection/);
must(scalar(wait_until { !grep { $odd[$_]->log !~ $signs[$_] } 6 .. 8 } 60), map { $_->log } @odd[ 6 .. 8 ]);
ok t_cmp(online(), 'eu-1', 'none of them was let in');
$_->stop for @odd[ 6 .. 8 ], @httpd{ $eu, $master };

# The same with the command.
take_sh('admin', qr/scp/);
take_conf($master, qr/VirtualHost/);
take_start($master);
take_start($eu);
must(scalar(wait_until { online() eq 'eu-1' } 60), map { slurp("$root/$_/output"), slurp("$root/$_/h/.local/state/workflow-engine/error.log") } $master, $eu);
ok t_cmp(join(' ', map { stop_command($_) } $eu, $master), '1 1', 'they are stopped');

ok t_cmp(join("\n", map { "$_->{machine}: $_->{text}" } @blocks), '', 'blocks that were not tested');

# The lines of the page are those of the logs.
$logs .= join '', map { ($_->log, $_->slurp('error.log')) } values %httpd;
for my $line (@lines) {
    my $like = join '.*', map { quotemeta } split /\x00/, $line =~ s/^\x00|\x00\z//gr;
    ok t_cmp($logs =~ /$like/ ? 1 : 0, 1, $line =~ s/\x00/.../gr);
}
