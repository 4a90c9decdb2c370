# Old history goes in the background, and the engine is killed while it does so: nothing else
# is lost, what is left goes later, and the file gets shorter.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant { OLD => 40, ROWS => 3000, BYTES => 300, RUNNING => 20, KILLS => 3 };

plan tests => 2 * KILLS + 14;

my $server = WF::Server->new->start;
my $file = "$server->{dir}/engine/workflow.db";

sub sql {
    my ($sql, @how) = (shift, @_ ? () : '-readonly');
    my $out = `sqlite3 @how -cmd '.timeout 20000' '$file' "$sql"`;
    $? and die $sql;
    chomp $out;
    return $out;
}
sub old_rows { sql('SELECT COUNT(*) FROM ACT_HI_DETAIL WHERE PROC_INST_ID_ >= 1000000') }
sub complete_of { my $i = shift; complete(get_json("/process-instance/$i->{id}/tasks")->{data}[0]{id}) }

my $last;    # instance of those that are to stay
sub staying { join ' ', map { sql("SELECT COUNT(*) FROM ACT_$_ WHERE PROC_INST_ID_ <= $last") }
    qw(HI_PROCINST HI_ACTINST HI_TASKINST HI_VARINST RU_TASK RU_EXECUTION RU_VARIABLE) }

# History of a process that is kept as the server says, and one whose file lets it go at once.
my $kept = define('cleanKept', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>', 't -> e', '<endEvent id="e"/>');
my $xml = bpmn('cleanGone', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>', 't -> e', '<endEvent id="e"/>');
$xml =~ s/<process /<process activiti:historyTimeToLive="0" /;
upload('gone.bpmn20.xml', $xml)->code == 200 or die;
json(call('POST', '/process-instance', { processDefinitionKey => 'cleanKept', x => $_, l => 'y' x 5000 })) for 1 .. RUNNING;
my $done = start($kept);
complete_of($done);
$last = $done->{id};
my $before = staying();
my $short = sql('PRAGMA page_count');

# What ended long ago, as if the server had been there for years.
sql('WITH RECURSIVE I (N) AS (SELECT 1000000 UNION ALL SELECT N + 1 FROM I WHERE N < 1000000 + ' . (OLD - 1) . ') '
  . 'INSERT INTO ACT_HI_PROCINST (ID_, PROC_INST_ID_, PROC_DEF_ID_, START_TIME_, END_TIME_, DURATION_) '
  . "SELECT N, N, 'cleanKept:1', 1000, 2000, 1000 FROM I", 1);
sql('WITH RECURSIVE R (N) AS (SELECT 0 UNION ALL SELECT N + 1 FROM R WHERE N < ' . (OLD * ROWS - 1) . ') '
  . 'INSERT INTO ACT_HI_DETAIL (ID_, TYPE_, PROC_INST_ID_, EXECUTION_ID_, NAME_, VAR_TYPE_, TIME_, TEXT_) '
  . "SELECT 2000000 + N, 'VariableUpdate', 1000000 + N % " . OLD . ", 1, 'v', 'string', 1500, hex(zeroblob(" . BYTES / 2 . ')) FROM R', 1);
my $long = sql('PRAGMA page_count');
ok t_cmp(old_rows(), OLD * ROWS, 'so much history');

$server->{extra} = 'WorkflowHistoryTimeToLive 30';
$server->write_config->graceful;
my %killed;
for my $kill (1 .. KILLS) {
    my $left = old_rows();
    wait_until { old_rows() < $left - ROWS } 30;
    my $pid = $server->engine_pid;
    kill KILL => $pid;
    $killed{$pid} = 1;
    ok old_rows() > 0;
    my $half = sql('SELECT PROC_INST_ID_ FROM ACT_HI_DETAIL WHERE PROC_INST_ID_ >= 1000000 GROUP BY 1 HAVING COUNT(*) < ' . ROWS . ' LIMIT 1');
    ok t_cmp(call('GET', '/process-instance/' . ($half || 1))->code, 404, 'an instance of which a part is gone is not shown');
    wait_until { my $p = $server->engine_pid; $p && !$killed{$p} && $server->wait_ready } 30;
}
ok t_cmp(defined start($kept)->{id}, 1, 'the server works meanwhile');
ok wait_until { old_rows() == 0 } 60;
ok wait_until { sql('SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE ID_ >= 1000000') == 0 } 60;
ok wait_until { sql('PRAGMA page_count') < ($long - $short) / 4 + $short } 60;
ok t_cmp(sql('PRAGMA integrity_check'), 'ok', 'the file is whole');
ok t_cmp(staying(), $before, 'all else is there');
ok t_cmp(call('GET', "/process-instance/$done->{id}")->code, 200, 'and what has just ended');

# What a file says goes before what the server says.
my $i = start('cleanGone:1');
ok t_cmp(complete_of($i)->code, 200, 'an instance ends');
$server->graceful;
ok wait_until { call('GET', "/process-instance/$i->{id}")->code == 404 } 30;
ok t_cmp(sql("SELECT COUNT(*) FROM ACT_HI_TASKINST WHERE PROC_INST_ID_ = $i->{id}"), 0, 'with its tasks');
ok t_cmp(sql("SELECT COUNT(*) FROM ACT_HI_ACTINST WHERE PROC_INST_ID_ = $i->{id}"), 0, 'and visits');
$server->stop;
ok t_cmp(-s $file < $long * 4096 / 2, 1, 'at the end the file itself is shorter');
ok t_cmp($server->unsound, '', 'the store is sound');
