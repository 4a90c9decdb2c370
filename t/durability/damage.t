# The store is damaged, replaced, or may not be used: clear words in the log and to who asks, no
# wrong answer, no log that fills up, and all is well when the cause is gone.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Copy ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

use constant PAGE => 4096;

my $target = WF::Target->new('/slow' => { delay => 2 });
my $server = WF::Server->new(extra => "WorkflowCommandTimeout 3\nWorkflowHttpTask On\nWorkflowJobLease 3600");
my $state = $server->file('engine');
my $db = "$state/workflow.db";
my ($uid, $gid) = $> == 0 ? (getpwnam 'nobody')[2, 3] : ($>, $));

sub own { my $path = shift; chown $uid, $gid, $path if $> == 0; $path }
sub log_of { $server->slurp('engine/engine.log') }
sub soon { my ($code, $seconds) = @_; return (wait_until { $code->() } $seconds // 20) ? 1 : 0 }
sub faults { my $n = () = log_of() =~ /nothing can be written/g; $n }
sub reason { my $r = call('GET', '/ready'); $r->code == 503 ? json($r)->{reason} : '' }
sub copy { my ($from, $to) = @_; File::Copy::copy($from, $to) or die "$from: $!"; chmod 0600, $to; own($to) }

# Bytes at an offset of a file, in its place; those that were there.
sub overwrite {
    my ($path, $offset, $bytes) = @_;
    open my $file, '+<:raw', $path or die "$path: $!";
    sysseek $file, $offset, 0;
    sysread $file, my $before, length $bytes;
    sysseek $file, $offset, 0;
    syswrite $file, $bytes;
    close $file or die $!;
    return $before;
}

# Where a table has its first page.
sub root_of { my ($page) = $server->rows("SELECT rootpage FROM sqlite_master WHERE name = '$_[0]'"); ($page - 1) * PAGE }
my $garbage = "\xa5\x5a\x99" x PAGE;
sub spoil { my ($path, $offset) = @_; overwrite($path, $offset, substr $garbage, 0, PAGE) }

my @at_rest = (
    # what                           how                                                          what the log says
    [ 'it may not be written',       sub { chmod 0400, $db },                                     qr/may not be written|cannot open the store/ ],
    [ 'it may not be read',          sub { chmod 0, $db },                                        qr/cannot open the store/ ],
    [ 'nobody may write beside it',  sub { chmod 0500, $state },                                  qr/may not be written|cannot open the store/ ],
    [ 'it is no database',           sub { overwrite($db, 0, 'no database at all') },             qr/the file is no SQLite database/ ],
    [ 'its first page is damaged',   sub { overwrite($db, 100, substr $garbage, 0, 3000) },       qr/the store is damaged/ ],
    [ 'a page is damaged',           sub { spoil($db, $_[0]) },                                   qr/the store is damaged/ ],
    [ 'a half is missing',           sub { truncate $db, int((-s $db) / 2 / PAGE) * PAGE or die }, qr/the store is damaged/ ],
    [ 'a newer version wrote it',    sub { system('sqlite3', $db, q{INSERT INTO WF_SCHEMA VALUES (999, 'later', 1)}) && die; own($_) for glob "$db*" }, qr/a newer version wrote it \(schema 999/ ],
);
my @moved = (
    # what is lost while it runs     where       what the engine says; whoever reads may make another log
    [ 'its file',                    $db,        qr/file of the store(?: was removed|: No such file)/ ],
    [ 'its log',                     "$db-wal",  qr/a file of the store was (?:removed|replaced)/ ],
);
my @logs = (
    # what becomes of the write-ahead log of a server that was killed
    [ 'a truncated log',             sub { truncate $_[0], (-s $_[0]) / 2 or die } ],
    [ 'garbage in its middle',       sub { spoil($_[0], int((-s $_[0]) / 2)) } ],
    [ 'garbage at its beginning',    sub { spoil($_[0], 0) } ],
    [ 'garbage behind it',           sub { open my $out, '>>:raw', $_[0] or die $!; print $out $garbage; close $out } ],
);
plan tests => 7 * @at_rest + 15 + 9 * @moved + 18 + 5 * @logs + 1;

$server->start;
my $definition = define('damage', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> e', '<endEvent id="e"/>');
my @started = map { start($definition)->{id} } 1 .. 5;
my ($properties, $tasks, $details) = map { root_of($_) } qw(ACT_GE_PROPERTY ACT_RU_TASK ACT_HI_TASKINST);
$server->stop;
copy($db, "$db.good");

# ---- at the start ---------------------------------------------------------------------------

for my $case (@at_rest) {
    my ($what, $how, $message) = @$case;
    truncate $server->file('engine/engine.log'), 0;
    unlink "$db-wal", "$db-shm";    # whoever has checked it as another user has left them, empty
    $how->($properties);
    $server->launch;
    ok t_cmp(soon(sub { log_of() =~ $message }), 1, "$what: the log says so");
    ok t_cmp(call('GET', '/health')->code, 200, "$what: httpd lives");
    ok t_cmp(call('GET', '/ready')->code, 503, "$what: not ready");
    my $lines = () = log_of() =~ /\n/g;
    ok t_cmp($lines < 20, 1, "$what: a few lines");
    chmod 0700, $state;
    unlink "$db-wal", "$db-shm";
    copy("$db.good", $db);
    ok t_cmp($server->wait_ready, 1, "$what: ready when it is mended");
    ok t_cmp(scalar(@{ get_json('/tasks?assignee=kermit')->{data} }), 5, "$what: all is there");
    $server->stop;
    ok t_cmp($server->unsound, '', "$what: and sound");
    copy($db, "$db.good");
}

# ---- damaged while it runs --------------------------------------------------------------------

$server->start;
my $pid = $server->engine_pid;
my $good = spoil($db, $tasks);
my $r = call('GET', '/tasks?assignee=kermit');
ok t_cmp($r->code, 500, 'whoever reads what is damaged');
ok t_cmp($r->content, qr/store is damaged|internal/i, 'is told so');
ok t_cmp(call('GET', '/process-definitions')->code, 200, 'all else can be read');
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => $definition })->code, 500, 'whoever writes to it is told, too');
ok t_cmp(soon(sub { reason() =~ /store is damaged/ }), 1, 'not ready, and why');
ok t_cmp(log_of(), qr/nothing can be written, commands fail: the store is damaged/, 'the log says so');
ok t_cmp($server->engine_pid, $pid, 'the engine lives');
ok t_cmp($server->unsound ne '', 1, 'check finds it');
overwrite($db, $tasks, $good);
ok t_cmp(soon(sub { call('GET', '/ready')->code == 200 }), 1, 'ready when it is mended');
ok t_cmp(soon(sub { call('GET', '/tasks?assignee=kermit')->code == 200 }), 1, 'it can be read');
ok t_cmp(scalar(@{ get_json('/tasks?assignee=kermit')->{data} }), 5, 'all is there');
ok t_cmp(start($definition)->{ended}, JSON::PP::false, 'and goes on');
ok t_cmp($server->engine_pid, $pid, 'in the same engine');
ok t_cmp($server->unsound, '', 'sound');
my $errors = () = log_of() =~ /:error\]/g;
ok t_cmp($errors < 10, 1, 'in a few lines');

# ---- removed while it runs ----------------------------------------------------------------------

for my $case (@moved) {
    my ($what, $path, $message) = @$case;
    my $open = get_json('/tasks?assignee=kermit')->{total};
    rename $path, "$path.away" or die $!;
    $r = call('POST', '/process-instance', { processDefinitionId => $definition });
    ok t_cmp($r->code, 503, "$what is removed: no yes that nobody could find again");
    ok t_cmp(soon(sub { reason() =~ $message }), 1, "$what: not ready, and why");
    ok t_cmp(call('GET', '/health')->code, 200, "$what: httpd lives");
    ok t_cmp($server->engine_pid, $pid, "$what: and the engine");
    rename "$path.away", $path or die $!;
    ok t_cmp(soon(sub { call('GET', '/ready')->code == 200 }), 1, "$what: ready when it is back");
    ok t_cmp(get_json('/tasks?assignee=kermit')->{total}, $open, "$what: what was refused is not there");
    start($definition);
    ok t_cmp(get_json('/tasks?assignee=kermit')->{total}, $open + 1, "$what: what was not is");
    ok t_cmp($server->engine_pid, $pid, "$what: it is the same engine");
    ok t_cmp($server->unsound, '', "$what: sound");
}

# A job in hand meanwhile keeps its attempts, its key and its place: it is done as soon as it can be
# written, and not when its lock ends.
my $call = define('call', '<startEvent id="s"/>', 's -> x', 'x -> u', '<userTask id="u"/>', '<serviceTask id="x" activiti:type="http" activiti:async="true"><extensionElements>'
    . '<activiti:field name="requestUrl" stringValue="' . $target->url('/slow') . '"/></extensionElements></serviceTask>');
my $instance = start($call)->{id};
ok t_cmp(soon(sub { $target->requests('/slow') }), 1, 'a job is in hand');
my $faults = faults();
rename $db, "$db.away" or die $!;
ok t_cmp(soon(sub { faults() > $faults }), 1, 'what comes of it cannot be stored');
rename "$db.away", $db or die $!;
ok t_cmp(soon(sub { $server->rows("SELECT 1 FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $instance") }), 1, 'it is done when the store is back');
my @keys = map { $_->{headers}{'idempotency-key'} } $target->requests('/slow');
ok t_cmp(scalar(@keys) >= 2 && !(grep { $_ ne $keys[0] } @keys), 1, 'by a call with the same key');

# The engine dies meanwhile: the next one makes no empty store where there was one.
my $total = get_json('/tasks?assignee=kermit')->{total};
rename $db, "$db.away" or die $!;
kill KILL => $server->engine_pid;
ok t_cmp(soon(sub { log_of() =~ /was removed since httpd was started: put it back, or stop httpd and start it again/ }), 1, 'a store that is missed');
ok t_cmp(call('GET', '/tasks?assignee=kermit')->code, 503, 'nobody says that there is nothing');
ok t_cmp(-e $db ? 1 : 0, 0, 'none is made');
rename "$db.away", $db or die $!;
ok t_cmp(soon(sub { call('GET', '/ready')->code == 200 }, 60), 1, 'ready when it is back');
ok t_cmp(get_json('/tasks?assignee=kermit')->{total}, $total, 'with all that was there');
ok t_cmp($server->unsound, '', 'sound');

# Another store in its place: a restore beside a server that runs.
copy("$db.good", "$db.other");
rename $db, "$db.away" or die $!;
rename "$db.other", $db or die $!;
$r = call('POST', '/process-instance', { processDefinitionId => $definition });
ok t_cmp($r->code, 503, 'replaced: no yes');
ok t_cmp($r->content, qr/a file of the store was replaced/, 'why');
ok t_cmp(soon(sub { reason() =~ /replaced while it was open: put it back, or stop httpd and start it again/ }), 1, 'and what to do');
rename $db, "$db.other" or die $!;
rename "$db.away", $db or die $!;
ok t_cmp(soon(sub { call('GET', '/ready')->code == 200 }), 1, 'ready when it is back');
$server->stop;
ok t_cmp($server->unsound, '', 'sound');
rename "$db.other", $db or die $!;
unlink "$db-wal", "$db-shm";
$server->start;
ok t_cmp(get_json('/tasks?assignee=kermit')->{total}, 5, 'started again it has the other one');
ok t_cmp(start($definition)->{ended}, JSON::PP::false, 'which works');
ok t_cmp($server->unsound, '', 'and is sound');

# ---- the log of who was killed --------------------------------------------------------------------

# Part of what was acknowledged is lost with the file that held it; never a part from the middle.
for my $case (@logs) {
    my ($what, $how) = @$case;
    my %before = map { $_->{processInstanceId} => 1 } @{ get_json('/tasks?assignee=kermit&size=1000')->{data} };
    my @new = map { start($definition)->{id} } 1 .. 30;
    $server->crash;
    $how->("$db-wal");
    $server->start;
    my %found = map { $_->{processInstanceId} => 1 } @{ get_json('/tasks?assignee=kermit&size=1000')->{data} };
    my $there = grep { $found{$_} } @new;
    ok t_cmp(join(' ', grep { $found{$_} } @new), join(' ', @new[ 0 .. $there - 1 ]), "$what: what is there is the first of it");
    ok t_cmp(scalar(grep { $found{$_} } keys %before) == keys %before || !$there, 1, "$what: after all that was before");
    ok t_cmp($server->unsound, '', "$what: sound");
    ok t_cmp(start($definition)->{ended}, JSON::PP::false, "$what: and others begin");
    ok t_cmp($server->unsound, '', "$what: still sound");
}
ok $server->stop;
