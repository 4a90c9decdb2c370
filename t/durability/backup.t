# Backups of a server at work: while clients start and complete, one is taken by request, one by
# command, others at once are refused. Restored into a new server each has what was acknowledged
# before it began, is sound, and goes on. A full disk leaves nothing behind.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Command;
use WF::Server;
use WF::Test;

use constant { CLIENTS => 4, ROWS => 100_000, WAIT => 60 };

my ($uid, $gid) = $> == 0 ? (getpwnam 'nobody')[2, 3] : ($>, $));
sub own { chown $uid, $gid, shift if $> == 0 }

my $server = WF::Server->new(extra => 'WorkflowBackupDir backups');
my $backups = $server->file('backups');
mkdir $backups or die $!;
own($backups);
$server->start;
my $definition = define('backup', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="${marker}" activiti:assignee="kermit"/>', 't -> e', '<endEvent id="e"/>');

sub backup { my ($body, %opt) = @_; call('POST', '/management/backup', $body, %opt) }
sub files { join ' ', sort map { s{.*/}{}r } glob shift() . '/{*,.[!.]*}' }

# ---- what is refused ----------------------------------------------------------------------------

my @refused = (
    # what                      body                              user      status  message
    [ 'a path upwards',         { name => '../workflow.db' },     'kermit', 400, qr/'name' is made of/ ],
    [ 'a path downwards',       { name => 'a/b' },                'kermit', 400, qr/'name' is made of/ ],
    [ 'an absolute path',       { name => '/tmp/b.db' },          'kermit', 400, qr/'name' is made of/ ],
    [ 'a hidden file',          { name => '.b' },                 'kermit', 400, qr/'name' is made of/ ],
    [ 'the directory',          { name => '.' },                  'kermit', 400, qr/'name' is made of/ ],
    [ 'an option',              { name => '-rf' },                'kermit', 400, qr/'name' is made of/ ],
    [ 'a file under way',       { name => 'a.part' },             'kermit', 400, qr/'name' is made of/ ],
    [ 'an empty name',          { name => '' },                   'kermit', 400, qr/'name' is made of/ ],
    [ 'a line feed',            { name => "a\nb" },               'kermit', 400, qr/'name' is made of/ ],
    [ 'a long name',            { name => 'a' x 101 },            'kermit', 400, qr/'name'.*100/ ],
    [ 'a list',                 { name => [ 'a' ] },              'kermit', 400, qr/'?name'?/ ],
    [ 'no object',              '[',                              'kermit', 400, qr/./ ],
    [ 'who is no administrator', { name => 'a' },                 'fozzie', 403, qr/./ ],
);
plan tests => 3 * @refused + 44;

for my $case (@refused) {
    my ($what, $body, $user, $status, $message) = @$case;
    my $r = backup($body, user => $user);
    ok t_cmp($r->code, $status, $what);
    ok t_cmp(message($r), $message, "$what: message");
    ok t_cmp(files($backups), '', "$what: no file");
}

# ---- one at rest ------------------------------------------------------------------------------------

my $r = backup({ name => 'first.db' });
my $told = json($r);
ok t_cmp($r->code, 200, 'a backup');
ok t_cmp("$told->{file} $told->{bytes}", 'first.db ' . -s "$backups/first.db", 'of so many bytes');
ok t_cmp($told->{seconds}, qr/^\d+(\.\d+)?(e-\d+)?$/, 'in so many seconds');
ok t_cmp(join(' ', @{ $told->{breaches} }), '', 'sound');
ok t_cmp(sprintf('%04o', (stat "$backups/first.db")[2] & 07777), '0600', 'nobody else reads it');
ok t_cmp(files($backups), 'first.db', 'and nothing beside it');
ok t_cmp(command('check', "$backups/first.db")->{code}, 0, 'check says the same');
$r = backup({ name => 'first.db' });
ok t_cmp($r->code, 409, 'the same name again');
ok t_cmp(message($r), qr/exists already/);
$r = backup();
ok t_cmp($r->code . json($r)->{file}, qr/^200workflow-\d{8}T\d{6}Z\.db$/, 'without a name');
unlink "$backups/" . json($r)->{file};

# ---- under load ---------------------------------------------------------------------------------------

# Enough for a backup to take a while.
system('sqlite3', '-cmd', '.timeout 20000', "$server->{dir}/engine/workflow.db",
    'WITH RECURSIVE R (N) AS (SELECT 1 UNION ALL SELECT N + 1 FROM R WHERE N < ' . ROWS . ") INSERT INTO ACT_HI_DETAIL (ID_, TYPE_, TASK_ID_, PROC_INST_ID_, EXECUTION_ID_, NAME_, VAR_TYPE_, TIME_, TEXT_) SELECT -N, 'VariableUpdate', NULL, (SELECT MIN(ID_) FROM ACT_HI_PROCINST), 1, 'v', 'string', 1500, hex(randomblob(300)) FROM R") == 0 or die
    if start($definition, { marker => 'filled' });

# Each client notes what it was told and when, one line an answer.
sub client {
    my $n = shift;
    open my $notes, '>', $server->file("client-$n") or die $!;
    $notes->autoflush(1);
    for (my $round = 1; !-e $server->file('enough'); $round++) {
        my $marker = "m-$n-$round";
        my $i = start($definition, { marker => $marker })->{id};
        printf $notes "started %s %.6f\n", $marker, time;
        my ($task) = map { $_->{id} } @{ get_json("/process-instance/$i/tasks")->{data} };
        next if $round % 3 == 0;
        complete($task)->code == 200 or die;
        printf $notes "completed %s %.6f\n", $marker, time;
    }
}
sub answers { my $lines = 0; $lines += () = $server->slurp("client-$_") =~ /\n/g for 1 .. CLIENTS; $lines }

my %clients;
for my $n (1 .. CLIENTS) {
    my $pid = fork // die $!;
    if (!$pid) { client($n); POSIX::_exit(0) }
    $clients{$pid} = 1;
}
wait_until { answers() >= 100 } WAIT;

my (%began, %ended, %seen);
sub begins { my $name = shift; $began{$name} = time; $seen{$name} = answers() }
sub ends { my $name = shift; $ended{$name} = answers() }

begins('request.db');
my @codes = map { /^(\d+)/ ? $1 : $_ } in_parallel(3, sub { my $n = shift; backup({ name => $n ? "more-$n.db" : 'request.db' })->code });
ends('request.db');
my @made = grep { $_ eq '200' } @codes;
ok t_cmp(scalar(grep { $_ eq '200' || $_ eq '409' } @codes), 3, 'several at once: done, or refused');
ok @made >= 1;
ok t_cmp(scalar(grep { $_ eq '409' } @codes) >= 1, 1, 'at least one was refused');
my ($name) = grep { -e "$backups/$_" } qw(request.db more-1.db more-2.db);
$began{$name} = $began{'request.db'};
ok t_cmp($ended{'request.db'} > $seen{'request.db'}, 1, 'clients went on meanwhile');
begins('command.db');
my $run = command('backup', '-state-dir', $server->file('engine'), '-json', $server->file('command.db'));
ends('command.db');
ok t_cmp("$run->{code}$run->{err}", '0', 'by command, too');
ok t_cmp(JSON::PP::decode_json($run->{out})->{bytes}, -s $server->file('command.db'));
my $again = command('backup', '-state-dir', $server->file('engine'), $server->file('command.db'));
ok t_cmp("$again->{code} $again->{err}", qr/^1 .*command\.db exists already/, 'not twice');
wait_until { answers() > $ended{'command.db'} + 20 } WAIT;
ok t_cmp($server->unsound, '', 'the server is sound meanwhile');
$server->spew('enough', '');
waitpid $_, 0 for keys %clients;

my %told;
for my $n (1 .. CLIENTS) {
    for (split /\n/, $server->slurp("client-$n")) {
        my ($what, $marker, $at) = split;
        $told{$marker}{$what} = $at;
    }
}

# ---- a full disk, and a server that stops -----------------------------------------------------------------

my $mounted;
END { local $?; system 'umount', '-l', $mounted if $mounted }
SKIP: {
    my $small = $server->file('small');
    mkdir $small;
    if ($> != 0 || system("mount -t tmpfs -o size=4m tmpfs '$small' 2>/dev/null")) {
        skip 1, 'cannot mount a small file system' for 1 .. 5;
        last SKIP;
    }
    $mounted = $small;
    own($small);
    $run = command('backup', '-state-dir', $server->file('engine'), "$small/b.db");
    ok t_cmp("$run->{code} $run->{err}", qr{^1 .*no space is left for .*/small/b\.db}, 'a full disk is told');
    ok t_cmp(files($small), '', 'and no half file stays');
    $server->{extra} = 'WorkflowBackupDir small';
    $server->stop;
    $server->write_config->start;
    $r = backup({ name => 'b.db' });
    ok t_cmp($r->code, 503, 'by request, too');
    ok t_cmp(message($r), qr/no space is left for/);
    ok t_cmp(files($small), '', 'no half file');
    system('umount', $small) == 0 and undef $mounted;
}

# What a killed one has left is used again.
$server->{extra} = 'WorkflowBackupDir backups';
$server->stop;
$server->write_config->start;
open my $left, '>', "$backups/again.db.part" or die $!;
print $left 'x' x 10000;
close $left;
own("$backups/again.db.part");
ok t_cmp(backup({ name => 'again.db' })->code, 200, 'after one that was killed');
ok t_cmp(scalar(grep { /part/ } split / /, files($backups)), 0, 'whose rest is gone');

my $stopped = fork // die $!;
if (!$stopped) { backup({ name => 'stopped.db' }); POSIX::_exit(0) }
wait_until { -e "$backups/stopped.db.part" || -e "$backups/stopped.db" };
ok $server->stop;
waitpid $stopped, 0;
ok !-e "$backups/stopped.db.part";

# ---- restored -----------------------------------------------------------------------------------------------

sub restored {
    my ($what, $file, $before) = @_;
    my $new = WF::Server->new(demo => 0);
    mkdir $new->file('engine') or die $!;
    own($new->file('engine'));
    chmod 0700, $new->file('engine');
    my $db = $new->file('engine/workflow.db');
    system('cp', $file, $db) == 0 or die;
    own($db);
    ok t_cmp($new->unsound, '', "$what is sound before it is used");
    $new->start;
    my %ended = map { split /\|/ } $new->rows('SELECT NAME_, END_TIME_ IS NOT NULL FROM ACT_HI_TASKINST');
    my @lost = grep { exists $told{$_}{started} && $told{$_}{started} < $before && !exists $ended{$_} } sort keys %told;
    my @undone = grep { exists $told{$_}{completed} && $told{$_}{completed} < $before && !$ended{$_} } sort keys %told;
    my @half = grep { !exists $told{$_} && $_ ne 'filled' && /^m-/ } sort keys %ended;
    ok t_cmp("@lost", '', "$what: every start that was acknowledged before is there");
    ok t_cmp("@undone", '', "$what: every completion, too");
    ok t_cmp("@half", '', "$what: and nothing that never was");
    ok t_cmp(scalar(grep { $told{$_}{started} && $told{$_}{started} < $before } keys %told) > 10, 1, "$what: there were some");
    my ($open) = @{ get_json('/tasks?assignee=kermit&size=1')->{data} };
    ok t_cmp(complete($open->{id})->code, 200, "$what: what was open is completed now");
    ok t_cmp(start($definition, { marker => 'after' })->{ended}, JSON::PP::false, "$what: and others begin");
    ok t_cmp($new->unsound, '', "$what: it stays sound");
    $new->stop;
}
restored('by request', "$backups/$name", $began{$name});
restored('by command', $server->file('command.db'), $began{'command.db'});

# Without the directive there are none.
$server->{extra} = '';
$server->write_config->start;
ok t_cmp(backup({ name => 'none.db' })->code, 403, 'off by default');
