# The engine process: whose it is, what it may read, how it comes back, how it ends.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Test;

plan tests => 25;

my $server = WF::Server->new->start;
my $engine = $server->engine_pid;

sub status_of { my ($pid, $key) = @_; open my $in, '<', "/proc/$pid/status" or return ''; return (grep { /^$key:/ } <$in>)[0] }

# Privileges, descriptors, files.
my $user = $> == 0 ? (getpwnam 'nobody')[2] : $>;
ok t_cmp(status_of($engine, 'Uid'), qr/^Uid:\s+$user\s+$user\s+$user/, 'it runs as User');
my %open = map { $_ => readlink "/proc/$engine/fd/$_" } map { m{(\d+)$} } glob "/proc/$engine/fd/*";
ok t_cmp(scalar(grep { /:\[/ && /tcp|TCP/ } values %open), 0, 'it holds no port of httpd');
ok !grep { ($_ // '') =~ m{\.so$|httpd\.conf|access\.log} } values %open;
for (['engine/engine.sock', 0600], ['engine/engine.json', 0600], ['engine/workflow.db', 0600], ['engine/engine.log', 0600], ['engine', 0700]) {
    my ($name, $mode) = @$_;
    ok t_cmp(sprintf('%o', (stat $server->file($name))[2] & 07777), sprintf('%o', $mode), $name);
    ok t_cmp((stat $server->file($name))[4], $user, "$name belongs to User");
}

# No library of the engine's was initialised in the parent: one thread there. (And one of
# ThreadSanitizer's own.)
my $threads = ($ENV{WF_UNDER} // '') eq 'tsan' ? 2 : 1;
ok t_cmp(status_of($server->{pid}, 'Threads'), qr/:\s+$threads$/, 'the parent has one thread');

# Killed: httpd answers meanwhile, the next engine takes over, clients may just wait.
kill KILL => $engine;
ok t_cmp(call('GET', '/health')->code, 200, 'health does not depend on the engine');
ok t_cmp(call('GET', '/process-definitions')->code, 200, 'nor does a read');
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => 'taskAssigneeProcess:1' })->code, 200,
         'a command waits for the next engine');
my $next = $server->engine_pid;
ok $next && $next != $engine;
ok t_cmp($server->slurp('error.log'), qr/workflow engine \(pid $engine\) ended with status 9/, 'the death is in the log');

# Dying again and again: back-off, and /ready says so.
for (1 .. 2) {
    my $pid = wait_until { $server->engine_pid };
    kill KILL => $pid;
    wait_until { !kill 0 => $pid };
}
my $r = call('GET', '/ready');
ok t_cmp($r->code, 503, 'not ready while it waits for its back-off');
ok t_cmp(json($r)->{status}, 'not_ready', 'the body says it, too');
ok $r->header('Retry-After');
ok $server->wait_ready;

# A store that cannot be used: httpd's log says why.
my $broken = WF::Server->new(engine => 0);
mkdir $broken->file('engine');
$broken->spew('engine/workflow.db', 'this is no database, but a text that is long enough to be looked at' x 100);
chown $user, $user, $broken->file('engine'), $broken->file('engine/workflow.db') if $> == 0;
$broken->start;
ok wait_until { $broken->slurp('error.log') =~ /workflow engine: .*(not a database|workflow\.db)/ };
ok t_cmp(call('GET', '/health')->code, 200, 'httpd lives on');
