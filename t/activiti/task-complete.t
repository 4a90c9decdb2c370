# Completing: it moves the process on once, or it changes nothing at all.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# t1 and behind it a gateway, whose conditions may fail; then a fork, of which one branch has
# a task that needs a variable.
my $definition = define('taskComplete', '<startEvent id="s"/>', 's -> t1',
    '<userTask id="t1" name="t1" activiti:assignee="taskComplete"/>', 't1 -> g',
    '<exclusiveGateway id="g"/>', 'g -> e if ${way == 0}', 'g -> t2 if ${way == 1}', 'g -> f if ${way == 2}', 'g -> x if ${way == 4}',
    '<userTask id="t2" name="t2" activiti:assignee="taskComplete"/>', 't2 -> e', '<endEvent id="e"/>',
    '<parallelGateway id="f"/>', 'f -> t3', 'f -> t4', '<userTask id="t3" name="t3" activiti:assignee="taskComplete"/>',
    '<userTask id="t4" name="t4" activiti:assignee="${person}"/>', '<task id="x"/>', 'x -> x');

my @completions = (
    # what                          body of t1                                      status, message                   tasks then
    [ 'to the end',                 { way => 0 },                                   200, undef,                       '' ],
    [ 'to the next task',           { way => 1 },                                   200, undef,                       't2' ],
    [ 'to a fork',                  { way => 2, person => 'taskComplete' },         200, undef,                       't3 t4' ],
    [ 'a variable is missing',      {},                                             500, qr/\bg\b.*way/,              't1' ],
    [ 'no way to go',               { way => 3 },                                   500, qr/\bg\b/,                   't1' ],
    [ 'the error is behind a fork', { way => 2 },                                   500, qr/t4.*person/,              't1' ],
    [ 'an endless loop',            { way => 4 },                                   500, qr/10000|steps/,             't1' ],
    [ 'a variable that is none',    { way => 'x', way_type => 'Integer' },          400, qr/'way'/,                   't1' ],
    [ 'a required one is missing',  { way => 1, remark_required => 'true' },        400, qr/'remark'/,                't1' ],
    [ 'not an object',              '[1]',                                          400, qr/object/,                  't1' ],
    [ 'no JSON',                    'way=1',                                        400, qr/JSON/,                    't1' ],
    [ 'too large',                  { way => 1, x => 'x' x 70000 },                 413, qr/WorkflowMaxBody/,         't1' ],
);

plan tests => 5 * @completions + 17;

sub state_of {    # everything that the store holds of an instance
    my $id = shift;
    my @rows;
    for my $table (qw(ACT_RU_EXECUTION ACT_RU_TASK ACT_RU_VARIABLE ACT_HI_PROCINST ACT_HI_ACTINST ACT_HI_TASKINST)) {
        for my $row (stored("SELECT * FROM $table WHERE PROC_INST_ID_ = $id")) {
            push @rows, join ',', $table, map { "$_=" . ($row->{$_} // '-') } sort keys %$row;
        }
    }
    return join "\n", sort @rows;
}

for my $case (@completions) {
    my ($what, $body, $status, $message, $then) = @$case;
    my $i = start($definition, { kept => 'before' });
    my ($task) = tasks_of($i->{id}, 'assignee=taskComplete');
    my $before = state_of($i->{id});
    my $r = complete($task->{id}, $body);
    ok t_cmp($r->code, $status, $what);
    ok $status == 200 ? t_cmp($r->content, '{"success":true}', $what) : t_cmp(message($r), $message, $what);
    ok t_cmp(tasks_named($i->{id}, 'assignee=taskComplete'), $then, "$what: tasks");
    ok $status == 200 || t_cmp(state_of($i->{id}), $before, "$what: nothing is kept");
    # After a refusal the same task can be completed; after success it is unknown.
    $r = complete($task->{id}, { way => 0 });
    ok t_cmp($r->code, $status == 200 ? 404 : 200, "$what: once more");
}

# Unknown tasks.
for my $id (0, '999999999', 'x') {
    my $r = complete($id, {});
    ok t_cmp($r->code, 404, "task $id");
    ok t_cmp(message($r), qr/'$id'/, 'is named');
}

# A start that fails leaves nothing either.
sub counts { join ' ', map { value_of("SELECT COUNT(*) FROM $_") } qw(ACT_RU_EXECUTION ACT_HI_PROCINST ACT_RU_VARIABLE) }
my $before = counts();
my $fails = define('taskCompleteStart', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="${nothing}"/>');
my $r = call('POST', '/process-instance', { processDefinitionId => $fails, v => 1 });
ok t_cmp($r->code, 500, 'a start that fails');
ok t_cmp(message($r), qr/$fails.*\bt\b.*nothing/, 'where and why');
ok t_cmp(counts(), $before, 'no instance, no history, no variable');

# History: who was assigned, when it was done, how the instance ended.
my $i = start($definition, {}, user => 'gonzo');
my ($task) = tasks_of($i->{id}, 'assignee=taskComplete');
complete($task->{id}, { way => 1 }, user => 'fozzie');
($task) = tasks_of($i->{id}, 'assignee=taskComplete');
complete($task->{id}, {}, user => 'fozzie');
my @tasks = stored("SELECT * FROM ACT_HI_TASKINST WHERE PROC_INST_ID_ = $i->{id} ORDER BY ID_");
ok t_cmp(join(', ', map { "$_->{NAME_} $_->{ASSIGNEE_} $_->{DELETE_REASON_}" } @tasks),
         't1 taskComplete completed, t2 taskComplete completed', 'tasks');
ok !grep { $_->{END_TIME_} < $_->{START_TIME_} || $_->{DURATION_} != $_->{END_TIME_} - $_->{START_TIME_} } @tasks;
my @activities = stored("SELECT ACT_ID_, ACT_TYPE_, END_TIME_ FROM ACT_HI_ACTINST WHERE PROC_INST_ID_ = $i->{id} ORDER BY ID_");
ok t_cmp(join(' ', map { "$_->{ACT_ID_}:$_->{ACT_TYPE_}" } @activities),
         's:startEvent t1:userTask g:exclusiveGateway t2:userTask e:endEvent', 'activities');
ok !grep { !defined $_->{END_TIME_} } @activities;
my ($instance) = stored("SELECT * FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = $i->{id}");
ok t_cmp("$instance->{START_USER_ID_} $instance->{START_ACT_ID_} $instance->{END_ACT_ID_}", 'gonzo s e', 'the instance');
ok t_cmp($instance->{DURATION_}, $instance->{END_TIME_} - $instance->{START_TIME_}, 'its duration');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ = $i->{id}"), 0, 'it does not run');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK WHERE TASK_ID_ = $task->{id}"), 0, 'no link is left');
