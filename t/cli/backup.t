# workflow-engine backup: of a server that runs and of one that does not, of stores that are not
# sound, and what it refuses.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Copy ();
use JSON::PP ();
use WF::Command;
use WF::Server;
use WF::Test;

my $server = WF::Server->new->start;
my $state = $server->file('engine');
deploy('marked.bpmn20.xml');
start('marked:1', { marker => "m-$_" }) for 1 .. 10;

my $usage = qr/^Usage: workflow-engine backup \[options\] <file>/;
my $target = scratch('b.db');
my $dir = $target =~ s{/b\.db$}{}r;
my @refused = (
    # what                      arguments                                       exit  messages
    [ 'no file',                [ '-state-dir', $state ],                       1, $usage ],
    [ 'two files',              [ '-state-dir', $state, $target, $target ],     1, $usage ],
    [ 'an unknown option',      [ '-force', $target ],                          2, qr/-force: unknown option/ ],
    [ 'no such server',         [ '-state-dir', '/nonexistent', $target ],      1, qr{/nonexistent} ],
    [ 'a directory',            [ '-state-dir', $state, $dir ],                 1, qr/\Q$dir\E exists already/ ],
    [ 'no such directory',      [ '-state-dir', $state, "$dir/none/b.db" ],     1, qr{none/b\.db\.part: No such file} ],
    [ 'a link somewhere else',  [ '-state-dir', $state, "$dir/link.db" ],       1, qr/link\.db exists already/ ],
    [ 'a link of the rest',     [ '-state-dir', $state, "$dir/other.db" ],      1, qr/other\.db\.part/ ],
);
symlink '/nonexistent/x', "$dir/link.db" or die $!;
symlink "$dir/victim", "$dir/other.db.part" or die $!;

plan tests => 4 * @refused + 19;

for my $case (@refused) {
    my ($what, $args, $code, $err) = @$case;
    my $run = command('backup', @$args);
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, '', "$what: output");
    ok t_cmp($run->{err}, $err, "$what: messages");
    ok t_cmp(join(' ', grep { -e } "$target", "$target.part", "$dir/victim"), '', "$what: no file");
}

my $run = command('backup', '-help');
ok t_cmp("$run->{code} $run->{out}", qr/^0 .*-state-dir/s, 'help');
$run = command('backup', '-state-dir', $state, $target);
ok t_cmp("$run->{code} $run->{out}$run->{err}", "0 $target: " . (-s $target // 0) . " bytes\n", 'of a server that runs');
ok t_cmp(sprintf('%04o', (stat $target)[2] & 07777), '0600', 'for its owner alone');
my $tasks = `sqlite3 -readonly '$target' 'SELECT COUNT(*) FROM ACT_RU_TASK'`;
ok t_cmp($tasks, `sqlite3 -readonly '$state/workflow.db' 'SELECT COUNT(*) FROM ACT_RU_TASK'`, 'with all that is in the log, too');
ok t_cmp(join(' ', map { s{.*/}{}r } glob "$target?*"), '', 'in one file');

# A name is relative to where one is.
my $here = `cd '$dir' && '$ENV{WF_DIR}/bin/workflow-engine' backup -state-dir '$state' here.db 2>&1`;
ok t_cmp($here, qr{^\Q$dir\E/here\.db: \d+ bytes$}, 'a relative name');

ok $server->stop;
$run = command('backup', '-json', '-state-dir', $state, scratch('rest.db'));
ok t_cmp($run->{code}, 0, 'of one that does not run');
my $told = JSON::PP::decode_json($run->{out});
ok t_cmp(join(' ', map { "$_=" . (ref $told->{$_} ? @{ $told->{$_} } : $told->{$_}) } grep { $_ ne 'seconds' } sort keys %$told),
    'breaches=0 bytes=' . (-s scratch('rest.db') // 0) . ' file=' . scratch('rest.db'), 'as JSON');

# A store that is not sound is worth a copy; one that is damaged fails, and leaves none.
my $sick = scratch('sick');
mkdir $sick;
File::Copy::copy("$state/workflow.db", "$sick/workflow.db") or die $!;
system('sqlite3', "$sick/workflow.db", 'DELETE FROM ACT_RU_TASK WHERE PROC_INST_ID_ > 0') == 0 or die;
$run = command('backup', '-state-dir', $sick, scratch('sick.db'));
ok t_cmp($run->{code}, 0, 'of one that is not sound');
ok t_cmp($run->{err}, qr/not sound:\n.*^token-waits +10  executions/ms, 'it says so');
ok t_cmp(command('check', scratch('sick.db'))->{code}, 1, 'and so does check of the copy');
$run = command('backup', '-json', '-state-dir', $sick, scratch('sick2.db'));
ok t_cmp(JSON::PP::decode_json($run->{out})->{breaches}[0]{name}, qr/^(token-waits|history-task-open|link-owner)$/, 'as JSON');

my ($page) = `sqlite3 '$sick/workflow.db' "SELECT rootpage FROM sqlite_master WHERE name = 'WF_IDX_HI_ACTINST_INSTANCE'"` =~ /(\d+)/;
open my $out, '+<:raw', "$sick/workflow.db" or die $!;
seek $out, ($page - 1) * 4096 + 100, 0;
print $out "\0" x 3996;
close $out;
$run = command('backup', '-state-dir', $sick, scratch('damaged.db'));
ok t_cmp($run->{code}, 1, 'of one that is damaged');
ok t_cmp($run->{err}, qr/damaged\.db: damage in the database file: /, 'it says so');
ok t_cmp(join(' ', glob scratch('damaged.db') . '*'), '', 'and leaves nothing');

# Other processes that read keep nobody from it; a new one that is taken at the same time does.
my $slow = scratch('slow.db');
open my $lock, '>', "$slow.part" or die $!;
flock $lock, 2;
$run = command('backup', '-state-dir', $state, $slow);
ok t_cmp("$run->{code} $run->{err}", qr/^1 .*a backup to \Q$slow\E is under way/, 'two to one file');
ok -e "$slow.part";
close $lock;
ok t_cmp(command('backup', '-state-dir', $state, $slow)->{code}, 0, 'once that has ended');
