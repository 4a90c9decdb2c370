# Somebody reads one moment of the store for long, as a backup does, while much is written: the
# write-ahead log grows, and commands do not wait for it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

# From this size on the committer waits up to 0.2 seconds for a moment without readers, but not
# with each commit: STARTS of them would take 12 seconds.
use constant { LOG => 32000 * 4096, STARTS => 60, SECONDS => 9 };

plan tests => 4;

my $server = WF::Server->new->start;
my $db = $server->file('engine/workflow.db');
my $definition = define('longReader', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>', 't -> e', '<endEvent id="e"/>');
my %much = map { ("v$_" => 'y' x 3900) } 1 .. 60;

open my $reader, '|-', "sqlite3 -readonly '$db' >'$db.read'" or die $!;
$reader->autoflush(1);
print $reader "BEGIN;\nSELECT 'tasks', COUNT(*) FROM ACT_RU_TASK;\n";
wait_until { -s "$db.read" } or die 'no reader';
my $count = 0;
start($definition, \%much), $count++ while -s "$db-wal" < LOG * 1.02;
my $began = time;
start($definition) for 1 .. STARTS;
my $took = time - $began;
ok $took < SECONDS or t_debug("it took $took seconds");
print $reader "SELECT 'still', COUNT(*) FROM ACT_RU_TASK;\nCOMMIT;\n";
close $reader;
my @read = split /\n/, $server->slurp('engine/workflow.db.read');
ok t_cmp($read[1], $read[0] =~ s/tasks/still/r, 'the reader has seen one moment');
ok t_cmp(join('', $server->rows('SELECT COUNT(*) FROM ACT_RU_EXECUTION')) >= $count + STARTS, 1, 'all is there');
ok t_cmp($server->unsound, '', 'and sound');
