# The engine is killed while it runs thousands of jobs, many of them locked. The next one takes
# up all of them at once, and each is done once.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant { INSTANCES => 150, BRANCHES => 20, KILLS => 3, RESUMES => 2 };  # s

plan tests => 2 * KILLS + 6;

my $server = WF::Server->new(extra => 'WorkflowJobExecutor Off')->start;

sub sql {
    my $sql = shift;
    my $out = `sqlite3 -readonly -cmd '.timeout 5000' '$server->{dir}/engine/workflow.db' "$sql"`;
    $? and die $sql;
    chomp $out;
    return $out;
}
sub jobs { sql('SELECT COUNT(*) FROM ACT_RU_JOB') }

my $many = define('killJobs', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>',
    map { ("f -> t$_", "<userTask id=\"t$_\" activiti:async=\"true\"/>") } 1 .. BRANCHES);
start($many) for 1 .. INSTANCES;
ok t_cmp(jobs(), INSTANCES * BRANCHES, 'so many jobs');

$server->{extra} = '';
$server->write_config;
$server->graceful;
my ($locked, %killed) = 0;
for my $kill (1 .. KILLS) {
    my $left = jobs();
    wait_until { jobs() < $left - BRANCHES } 30;
    my $pid = $server->engine_pid;
    kill KILL => $pid;
    $killed{$pid} = 1;
    my @locked = split /\n/, sql('SELECT ID_ FROM ACT_RU_JOB WHERE LOCK_OWNER_ IS NOT NULL');
    $locked += @locked;
    t_debug(scalar(@locked) . ' jobs locked, ' . jobs() . ' left');
    ok wait_until { my $p = $server->engine_pid; $p && !$killed{$p} && $server->wait_ready } 30;
    my ($ids, $since) = (join(',', @locked), time);
    ok wait_until { sql("SELECT COUNT(*) FROM ACT_RU_JOB WHERE ID_ IN ($ids)") == 0 } RESUMES;
    t_debug(sprintf 'all resumed after %.3f s', time - $since);
}
ok $locked > 0;                                                # or nothing was taken up
ok wait_until { jobs() == 0 } 60;
ok t_cmp(sql('SELECT COUNT(*) FROM ACT_RU_TASK'), INSTANCES * BRANCHES, 'each was done');
ok t_cmp(sql('SELECT COUNT(*) FROM (SELECT EXECUTION_ID_ FROM ACT_HI_TASKINST GROUP BY EXECUTION_ID_ HAVING COUNT(*) > 1)'), 0, 'none twice');
ok t_cmp($server->unsound, '', 'the store is sound');
