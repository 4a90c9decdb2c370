# How much history is kept: as the server says, unless the process does.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowHistoryLevel activity')->start;

sub in_store {
    my $sql = shift;
    my $value = `sqlite3 -readonly -cmd '.timeout 5000' '$server->{dir}/engine/workflow.db' "$sql"`;
    $? and die $sql;
    chomp $value;
    return $value;
}
sub count { my ($table, $instance) = @_; in_store("SELECT COUNT(*) FROM ACT_HI_$table WHERE PROC_INST_ID_ = $instance") }
sub kept { my $i = shift; join ' ', map { count($_, $i) } qw(PROCINST ACTINST TASKINST VARINST DETAIL) }

sub people {
    my $task = shift;
    return in_store("SELECT COALESCE(GROUP_CONCAT(TYPE_ || ' ' || COALESCE(USER_ID_, GROUP_ID_)), '') FROM ACT_HI_IDENTITYLINK WHERE TASK_ID_ = $task");
}

sub last_values {
    return join ' ', sort map { "$_->{variableName}:$_->{variableType}:" . ($_->{variableValue} // '') } @{ get_json('/process-instance/' . shift)->{variables} };
}

sub process {
    my ($key, $level) = @_;
    my $xml = bpmn($key, '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:candidateUsers="fozzie" activiti:candidateGroups="sales"/>', 't -> e',
        '<endEvent id="e"/>');
    $xml =~ s/<process /<process activiti:historyLevel="$level" / if $level;
    upload("$key.bpmn20.xml", $xml)->code == 200 or die $key;
    return $key;
}

my @cases = (
    # what            level      running       ended          in the answer
    [ 'levelServer',  undef,     '1 2 0 1 0',  '1 3 0 2 0',   'activities variables' ],
    [ 'levelNone',    'none',    '1 0 0 0 0',  '0 0 0 0 0',   undef ],
    [ 'levelAudit',   'audit',   '1 2 1 1 0',  '1 3 1 2 0',   'activities tasks variables' ],
    [ 'levelFull',    'full',    '1 2 1 1 1',  '1 3 1 2 3',   'activities historyVariables tasks variables' ],
);

plan tests => 7 * @cases + 3 + 2 + 6;

for my $case (@cases) {
    my ($key, $level, $running, $ended, $answer) = @$case;
    process($key, $level);
    my $r = call('POST', '/process-instance', { processDefinitionKey => $key, x => 1 });
    my $i = json($r)->{id};
    ok t_cmp(kept($i), $running, "$key: while it runs");
    my ($shown) = grep { $_->{id} eq $i } @{ get_json("/process-instances?size=100")->{data} };
    ok t_cmp(defined $shown, 1, "$key: lists show it");
    my ($task) = @{ get_json("/process-instance/$i/tasks")->{data} };
    my $people = ($level // '') =~ /audit|full/ ? 'candidate fozzie,candidate sales' : '';
    ok t_cmp(people($task->{id}), $people, "$key: whose the task could be");
    ok t_cmp(complete($task->{id}, { x => 2, y => 'z' })->code, 200, "$key: completed");
    ok t_cmp(kept($i), $ended, "$key: at the end");
    ok t_cmp(people($task->{id}), $people, "$key: and could have been");
    $r = call('GET', "/process-instance/$i");
    my $lists = $r->code == 200 ? join ' ', grep { ref json($r)->{$_} eq 'ARRAY' } sort keys %{ json($r) } : undef;
    ok t_cmp($lists, $answer, "$key: what can be asked for");
    ok t_cmp(last_values($i), 'x:integer:2 y:string:z', "$key: last values") if $answer;
}

# Of an ended instance its own variables are shown, as they were last: one that was removed and set again once, those of
# its scopes not.
upload('lastValues.bpmn20.xml', bpmn('lastValues', '<startEvent id="s"/>', 's -> a',
    '<scriptTask id="a" scriptFormat="juel"><script>${execution.removeVariable("v")}</script></scriptTask>', 'a -> b',
    '<scriptTask id="b" scriptFormat="juel"><script>${execution.setVariable("v", 2.5)}</script></scriptTask>', 'b -> m',
    '<scriptTask id="m" scriptFormat="juel"><script>${execution.setVariableLocal("own", 1)}</script><multiInstanceLoopCharacteristics isSequential="true">'
    . '<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></scriptTask>'))->is_success or die;
my $r = call('POST', '/process-instance', { processDefinitionKey => 'lastValues', v => 1, gone => undef });
ok t_cmp(json($r)->{ended}, JSON::PP::true(), 'all at once');
ok t_cmp(last_values(json($r)->{id}), 'gone:null: v:double:2.5', 'one value a variable');

# The server's level may change while instances run.
process('levelChanges');
my $i = start('levelChanges:1');
$server->{extra} = 'WorkflowHistoryLevel none';
$server->write_config->graceful;
ok wait_until {
    my $r = call('POST', '/process-instance', { processDefinitionId => 'levelChanges:1' });
    $r->code == 200 && kept(json($r)->{id}) eq '1 0 0 0 0';
};
my ($task) = @{ get_json("/process-instance/$i->{id}/tasks")->{data} };
ok t_cmp(complete($task->{id})->code, 200, 'goes on at another level');
ok t_cmp(kept($i->{id}), '0 0 0 0 0', 'and leaves nothing');
ok t_cmp(people($task->{id}), '', 'not even people');
ok t_cmp(upload('bad.bpmn20.xml', bpmn('bad', '<startEvent id="s"/>') =~ s/<process /<process activiti:historyLevel="some" /r)->code,
         400, 'no such level');
ok t_cmp(message(upload('bad.bpmn20.xml', bpmn('bad', '<startEvent id="s"/>') =~ s/<process /<process activiti:historyLevel="some" /r)),
         qr/historyLevel is "some"/, 'which is said');
