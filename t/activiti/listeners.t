# Listeners, as clients see them: tasks that assign themselves, claims that are heard,
# calls that a listener fails, deletions that are heard.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

sub on { my ($event, $expression) = @_; "<activiti:taskListener event=\"$event\" expression=\"\${$expression}\"/>" }
sub note { my ($event) = @_; on($event, "execution.setVariable('log', log.concat(task.eventName).concat(':').concat(task.assignee == null ? '-' : task.assignee).concat(' '))") }
sub user_task { my ($id, $attributes, @listeners) = @_; "<userTask id=\"$id\" name=\"$id\" $attributes><extensionElements>@listeners</extensionElements></userTask>" }
sub log_of { my $i = shift; value_of("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = 'log'") }
sub begin { my ($key, @elements) = @_; start(define($key, '<startEvent id="s"/>', @elements), { log => '' })->{id} }
sub task_id { my $i = shift; value_of("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i") }

plan tests => 23;

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
