# Listeners, as clients see them: tasks that assign themselves, claims that are heard,
# calls that a listener fails, deletions that are heard; event listeners that are told over
# HTTP what the engine does.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Activiti;
use WF::Target;
use WF::Test;

sub on { my ($event, $expression) = @_; "<activiti:taskListener event=\"$event\" expression=\"\${$expression}\"/>" }
sub note { my ($event) = @_; on($event, "execution.setVariable('log', log.concat(task.eventName).concat(':').concat(task.assignee == null ? '-' : task.assignee).concat(' '))") }
sub user_task { my ($id, $attributes, @listeners) = @_; "<userTask id=\"$id\" name=\"$id\" $attributes><extensionElements>@listeners</extensionElements></userTask>" }
sub log_of { my $i = shift; value_of("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = 'log'") }
sub begin { my ($key, @elements) = @_; start(define($key, '<startEvent id="s"/>', @elements), { log => '' })->{id} }
sub task_id { my $i = shift; value_of("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i") }

plan tests => 48;

# A life of a task: each step is heard, with the assignee of that moment.
my $i = begin('listenLife', user_task('t', '', map { note($_) } qw(create assignment complete delete)), 's -> t', 't -> u', '<userTask id="u"/>');
my $task = task_id($i);
ok t_cmp(log_of($i), 'create:- ', 'created');
ok t_cmp(call('PUT', "/task/$task/claim")->code, 200);
ok t_cmp(log_of($i), 'create:- assignment:kermit ', 'claimed');
ok t_cmp(call('PUT', "/task/$task/assign", { userId => 'gonzo' })->code, 200);
ok t_cmp(log_of($i), 'create:- assignment:kermit assignment:gonzo ', 'assigned');
ok t_cmp(complete($task, {})->code, 200);
ok t_cmp(log_of($i), 'create:- assignment:kermit assignment:gonzo complete:gonzo delete:gonzo ', 'completed');

# A task that a listener offers to somebody.
$i = begin('listenOffer', user_task('t', '', on('create', "task.addCandidateGroup('engineering')"), on('create', "task.setPriority(7)"),
    on('create', "task.setAssignee('fozzie')")), 's -> t');
my ($found) = tasks_of($i, 'assignee=fozzie');
ok t_cmp($found->{priority}, 7, 'a listener has given it to somebody');
ok t_cmp(value_of("SELECT GROUP_ID_ FROM ACT_RU_IDENTITYLINK WHERE TASK_ID_ = $found->{id}"), 'engineering');
ok t_cmp(value_of("SELECT ASSIGNEE_ FROM ACT_HI_TASKINST WHERE ID_ = $found->{id}"), 'fozzie', 'history knows');

# What a listener refuses does not happen.
$i = begin('listenRefuse', user_task('t', '', on('assignment', "task.assignee == 'kermit' ? 1 : nobody"), on('complete', "approved ? 1 : nobody")), 's -> t');
$task = task_id($i);
my $r = call('PUT', "/task/$task/claim", undef, user => 'gonzo');
ok t_cmp($r->code . ' ' . message($r), qr/^500 .*assignment listener.*nobody/, 'a claim that is refused');
ok t_cmp(value_of("SELECT ASSIGNEE_ FROM ACT_RU_TASK WHERE ID_ = $task"), undef);
ok t_cmp(call('PUT', "/task/$task/claim")->code, 200, 'another one');
$r = complete($task, { approved => JSON::PP::false() });
ok t_cmp($r->code . ' ' . message($r), qr/^500 .*complete listener/, 'a completion that is refused');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = 'approved'"), 0, 'sets nothing');
ok t_cmp(complete($task, { approved => JSON::PP::true() })->code, 200, 'one that is not');

# Interrupted by an error that is caught around it.
my $end = "<activiti:executionListener event=\"end\" expression=\"\${execution.setVariable('log', log.concat('end'))}\"/>";
my $inside = bpmn('inside', '<startEvent id="s2"/>', '<parallelGateway id="f"/>', user_task('t', 'activiti:assignee="kermit"', note('delete'), $end),
    '<userTask id="u"/>', '<endEvent id="e"><errorEventDefinition errorRef="E"/></endEvent>', 's2 -> f', 'f -> t', 'f -> u', 'u -> e');
$inside =~ s/.*<process[^>]*>|<\/process>.*//gs;
$inside =~ s/id="flow/id="inner/g;
$i = begin('listenError', "<subProcess id=\"p\">$inside</subProcess>", '<boundaryEvent id="b" attachedToRef="p"><errorEventDefinition errorRef="E"/></boundaryEvent>',
    '<userTask id="v"/>', 's -> p', 'b -> v');
my $u = value_of("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i AND TASK_DEF_KEY_ = 'u'");
ok t_cmp(complete($u, {})->code, 200);
ok t_cmp(log_of($i), 'delete:kermit end', 'an interrupted task');

# Deleting an instance is heard, and may be refused.
$i = begin('listenDelete', user_task('t', '', on('delete', "keep ? nobody : 1")), 's -> t');
ok t_cmp(call('DELETE', "/process-instance/$i")->code, 500, 'a listener that fails');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i"), 1, 'keeps the instance');
my $quiet = begin('listenQuiet', user_task('t', '', on('delete', "execution.setVariable('log', 'x')")), 's -> t');
ok t_cmp(call('DELETE', "/process-instance/$quiet")->code, 200, 'one that does not');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $quiet"), 0, 'leaves nothing behind');

# Without an implementation a file is refused.
$r = upload('listenNothing.bpmn20.xml', bpmn('listenNothing', '<startEvent id="s"/>', user_task('t', '', '<activiti:taskListener event="create"/>'), 's -> t'));
ok t_cmp($r->code . ' ' . message($r), qr/^400 .*:\d+:\d+: .*listener/i, 'nothing to do');

# ---- event listeners -----------------------------------------------------------------------

my $target = WF::Target->new(
    '/mark'  => { json => { variables => { marked => 'yes' } } },
    '/name'  => { json => { task => { name => 'Named' } } },
    '/throw' => { json => { bpmnError => { code => 'NO' } } },
    '/fail'  => { json => { failure => 'not to my liking' } },
);
my $delegates = JSON::PP->new->encode({ map { ("told.$_" => { http => $target->url("/$_") }) } qw(hear mark name throw fail) });
sub hears { my ($events, $class) = @_; "<extensionElements><activiti:eventListener events=\"$events\" class=\"told.$class\"/></extensionElements>" }
sub listened {    # a process with its delegates; the first element is the listener
    my ($key, @elements) = @_;
    my $r = upload("$key.zip", archive([ "$key.bpmn20.xml", bpmn($key, @elements) ], [ 'delegates.json', $delegates ]));
    die $r->as_string if !$r->is_success;
    return demo_id($key);
}
sub told { map { JSON::PP->new->utf8->decode($_->{body}) } $target->requests("/$_[0]") }

$i = start(listened('eventsHear', hears('TASK_CREATED,VARIABLE_CREATED,TASK_COMPLETED,PROCESS_COMPLETED', 'hear'),
    '<startEvent id="s"/>', '<userTask id="t" name="Look"/>', 's -> t'), { amount => 5, businessKey => 'A-7' })->{id};
my @told = told('hear');
ok t_cmp(join(' ', map { $_->{eventName} } @told), 'VARIABLE_CREATED TASK_CREATED', 'what the start does is told');
my ($variable, $created) = @told;
ok t_cmp("$variable->{kind} $variable->{class} $variable->{processInstanceId}", "event told.hear $i");
ok t_cmp($variable->{event}, { eventName => 'VARIABLE_CREATED', activityId => 's', executionId => "$i", variableName => 'amount', variableType => 'integer', variableValue => 5 }, 'a variable');
my $task_id = task_id($i);
ok t_cmp([ @{ $created->{event} }{qw(entityType entityId name taskDefinitionKey)} ], [ 'task', "$task_id", 'Look', 't' ], 'a task');
ok t_cmp("$created->{task}{name} $created->{activityId}", 'Look t');
ok t_cmp($created->{variables}{amount}, { type => 'integer', value => 5 }, 'with the variables');
ok t_cmp(complete($task_id, {})->code, 200);
ok t_cmp(join(' ', map { $_->{eventName} } told('hear')), 'VARIABLE_CREATED TASK_CREATED TASK_COMPLETED PROCESS_COMPLETED', 'what the completion does');

$i = start(listened('eventsMark', hears('ACTIVITY_STARTED', 'mark'), '<startEvent id="s"/>', '<userTask id="t"/>', 's -> t'))->{id};
ok t_cmp(value_of("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = 'marked'"), 'yes', 'the answer sets a variable');
$i = start(listened('eventsName', hears('TASK_CREATED', 'name'), '<startEvent id="s"/>', '<userTask id="t" name="Look"/>', 's -> t'))->{id};
ok t_cmp(value_of("SELECT NAME_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i"), 'Named', 'or changes the task');
ok t_cmp(value_of("SELECT NAME_ FROM ACT_HI_TASKINST WHERE PROC_INST_ID_ = $i"), 'Named', 'history knows');
my @caught = ('<boundaryEvent id="b" attachedToRef="t"><errorEventDefinition errorRef="NO"/></boundaryEvent>', '<userTask id="u"/>', 's -> t', 'b -> u');
$i = start(listened('eventsThrow', hears('TASK_ASSIGNED', 'throw'), '<startEvent id="s"/>', '<userTask id="t"/>', @caught))->{id};
ok t_cmp(call('PUT', '/task/' . task_id($i) . '/claim')->code, 200);
ok t_cmp(value_of("SELECT TASK_DEF_KEY_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i"), 'u', 'or throws an error, which is caught');

# What a listener refuses does not happen.
my $refused = listened('eventsFail', hears('TASK_COMPLETED,PROCESS_CANCELLED', 'fail'), '<startEvent id="s"/>', '<userTask id="t"/>', 's -> t');
$i = start($refused)->{id};
$r = complete(task_id($i), { x => 1 });
ok t_cmp($r->code . ' ' . message($r), qr/^500 .*listener of TASK_COMPLETED.*not to my liking/, 'a completion');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i"), 0, 'sets nothing');
ok t_cmp(call('DELETE', "/process-instance/$i")->code, 500, 'a deletion');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i"), 1, 'is none');

# A failed job is noted, whatever listeners say.
$i = start(listened('eventsJob', hears('JOB_EXECUTION_FAILURE,JOB_RETRIES_DECREMENTED', 'hear'), '<startEvent id="s"/>',
    '<serviceTask id="x" activiti:async="true" activiti:expression="${nobody}"/>', 's -> x'))->{id};
my $job = value_of("SELECT ID_ FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ = $i");
wait_until(sub { value_of("SELECT RETRIES_ FROM ACT_RU_JOB WHERE ID_ = $job") < 3 }) if value_of("SELECT RETRIES_ FROM ACT_RU_JOB WHERE ID_ = $job") == 3;
my ($failed) = grep { $_->{eventName} eq 'JOB_EXECUTION_FAILURE' && $_->{event}{entityId} eq $job } told('hear');
ok t_cmp("$failed->{event}{entityType} $failed->{event}{retries}", 'job 2', 'the failure is told');
ok t_cmp($failed->{event}{exceptionMessage}, qr/nobody/);
ok t_cmp(scalar(grep { $_->{eventName} eq 'JOB_RETRIES_DECREMENTED' } told('hear')) >= 1, 1);
$i = start(listened('eventsJobFail', hears('JOB_EXECUTION_FAILURE', 'fail'), '<startEvent id="s"/>',
    '<serviceTask id="x" activiti:async="true" activiti:expression="${nobody}"/>', 's -> x'))->{id};
$job = value_of("SELECT ID_ FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ = $i");
ok wait_until(sub { value_of("SELECT RETRIES_ FROM ACT_RU_JOB WHERE ID_ = $job") < 3 });
ok t_cmp(value_of("SELECT EXCEPTION_MSG_ FROM ACT_RU_JOB WHERE ID_ = $job"), qr/nobody/, 'and noted when the listener fails');
ok t_cmp(value_of("SELECT EXCEPTION_STACK_ID_ FROM ACT_RU_JOB WHERE ID_ = $job") > 0, 1, 'with its trace');

# Attachments are told, too.
$i = start(listened('eventsAttach', hears('ENTITY_CREATED', 'hear'), '<startEvent id="s"/>', '<userTask id="t"/>', 's -> t'))->{id};
ok t_cmp(call('PUT', '/task/' . task_id($i) . '/url', { name => 'manual', url => 'http://localhost/' })->is_success, 1);
my ($attachment) = grep { ($_->{event}{entityType} // '') eq 'attachment' } told('hear');
ok t_cmp("$attachment->{event}{name} $attachment->{processInstanceId}", "manual $i", 'an attachment');
