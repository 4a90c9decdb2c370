# Definitions and instances are suspended and activated: nothing starts, nothing moves, and
# what was due meanwhile comes afterwards.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Activiti;
use WF::Test;

sub put { my ($path, $body, %opt) = @_; call('PUT', $path, $body, %opt) }
sub begin { call('POST', '/process-instance', { processDefinitionId => shift }) }
sub suspended_of { get_json(shift)->{suspended} ? 'yes' : 'no' }

my $definition = define('suspend', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> t', 'f -> r', 'f -> j',
    '<userTask id="t" name="now" activiti:assignee="suspend"/>', '<receiveTask id="r"/>', '<task id="j" activiti:async="true"/>', 'j -> u',
    '<userTask id="u" name="later" activiti:assignee="suspend"/>');
my $slow = define('suspendLater', '<startEvent id="s"/>', 's -> c',
    '<intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></intermediateCatchEvent>',
    'c -> t', '<userTask id="t" name="later" activiti:assignee="suspend"/>');

my @refused = (
    # call                                          body                                          status
    [ "/process-definition/none:1/suspend",         undef,                                        404 ],
    [ "/process-instance/x/suspend",                undef,                                        404 ],
    [ "/process-instance/999999999/activate",       undef,                                        404 ],
    [ "/process-definition/$definition/activate",   undef,                                        409 ],
    [ "/process-definition/$definition/suspend",    { includeProcessInstances => 'perhaps' },     400 ],
    [ "/process-definition/$definition/suspend",    { date => 'tomorrow' },                       400 ],
    [ "/process-definition/$definition/suspend",    [],                                           400 ],
    [ "/process-definition/$definition/resume",     undef,                                        405 ],
);

plan tests => @refused + 44;

for my $case (@refused) {
    my ($path, $body, $status) = @$case;
    ok t_cmp(put($path, $body)->code, $status, $path);
}
ok t_cmp(put("/process-definition/$definition/suspend", undef, user => 'fozzie')->code, 403, 'a user may not');
ok t_cmp(put('/process-instance/1/suspend', undef, user => 'fozzie')->code, 403, 'nor an instance');
ok t_cmp(suspended_of("/process-definition/$definition"), 'no', 'nothing was suspended');

# ---- an instance -----------------------------------------------------------------------
my $id = json(begin($definition))->{id};
wait_until { tasks_named($id, 'assignee=suspend') =~ /later/ };
my ($task) = grep { $_->{taskDefinitionKey} eq 't' } tasks_of($id, 'assignee=suspend');
ok t_cmp(put("/process-instance/$id/suspend")->code, 200, 'suspend an instance');
ok t_cmp(put("/process-instance/$id/suspend")->code, 409, 'once');
ok t_cmp(suspended_of("/process-instance/$id"), 'yes', 'it shows');
ok t_cmp(suspended_of("/task/$task->{id}"), 'yes', 'at its tasks, too');
my ($row) = grep { $_->{id} eq $id } @{ get_json("/process-instances?processDefinitionId=$definition&size=100")->{data} };
ok $row->{suspended};
for my $case ([ "/task/$task->{id}/claim", {} ], [ "/task/$task->{id}/complete", {} ], [ "/task/$task->{id}/assign", { userId => 'gonzo' } ]) {
    my $r = put(@$case);
    ok t_cmp($r->code, 409, $case->[0]);
    ok t_cmp(message($r), qr/suspended/, 'and why');
}
ok t_cmp(call('POST', "/task/$task->{id}", { priority => 3 })->code, 409, 'its task is not changed');
my $r = json(call('POST', "/process-instance/$id/signal", { activityId => 'r' }));
ok t_cmp($r->{success} ? 'yes' : $r->{failureReason}, qr/suspended/, 'no signal');
ok t_cmp(put("/process-instance/$id/activate")->code, 200, 'activate it');
ok t_cmp(suspended_of("/process-instance/$id"), 'no', 'it shows');
ok t_cmp(complete($task->{id})->code, 200, 'it goes on');
ok t_cmp(call('DELETE', "/process-instance/$id")->code, 200, 'and may be deleted');
ok t_cmp(put("/process-instance/$id/suspend")->code, 404, 'one that has ended');
ok t_cmp(suspended_of("/process-instance/$id"), 'no', 'is not suspended');

# ---- jobs ------------------------------------------------------------------------------
$id = json(begin($slow))->{id};
ok t_cmp(put("/process-instance/$id/suspend")->code, 200, 'suspend an instance with a timer');
my ($job) = @{ get_json("/management/jobs?process-instance=$id")->{data} };
ok t_cmp($job->{suspended}, JSON::PP::true(), 'its job shows it');
$r = put("/management/job/$job->{id}/execute");
ok t_cmp($r->code, 409, 'its job does not run');
ok t_cmp(message($r), qr/suspended/, 'and why');
ok t_cmp(get_json("/management/job/$job->{id}")->{retries}, $job->{retries}, 'no attempt is lost');
my $other = json(begin($slow))->{id};    # its timer is due later
wait_until { tasks_named($other, 'assignee=suspend') eq 'later' };
ok t_cmp(tasks_named($id, 'assignee=suspend'), '', 'nor when it is due');
ok t_cmp(get_json("/management/jobs?process-instance=$id&executable=true")->{total}, 0, 'it is not executable');
ok t_cmp(put("/process-instance/$id/activate")->code, 200, 'activate it');
ok wait_until { tasks_named($id, 'assignee=suspend') eq 'later' };

# ---- a definition ----------------------------------------------------------------------
$id = json(begin($definition))->{id};
ok t_cmp(put("/process-definition/$definition/suspend")->code, 200, 'suspend a definition');
$r = begin($definition);
ok t_cmp($r->code, 409, 'it starts nothing');
ok t_cmp(message($r), qr/'$definition' is suspended/, 'and why');
ok t_cmp(call('POST', '/process-instance', { processDefinitionKey => 'suspend' })->code, 409, 'nor by its key');
ok t_cmp(call('POST', '/form/form-data', { processDefinitionId => $definition })->code, 409, 'nor by a form');
($task) = grep { $_->{taskDefinitionKey} eq 't' } tasks_of($id, 'assignee=suspend');
ok t_cmp(put("/task/$task->{id}/assign", { userId => 'suspend' })->code, 200, 'its instances go on');
ok t_cmp(put("/process-definition/$definition/suspend", { includeProcessInstances => JSON::PP::true() })->code, 200, 'now with them');
ok t_cmp(complete($task->{id})->code, 409, 'they do not');
ok t_cmp(put("/process-definition/$definition/activate", 'includeProcessInstances=true',
             headers => { 'Content-Type' => 'application/x-www-form-urlencoded' })->code, 200, 'activate them');
ok t_cmp(complete($task->{id})->code, 200, 'they go on');
ok t_cmp(begin($definition)->code, 200, 'it starts');

# At a time that has passed: by a job, at once.
ok t_cmp(put("/process-definition/$definition/suspend", { date => '2010-11-02' })->code, 200, 'at a time');
ok wait_until { suspended_of("/process-definition/$definition") eq 'yes' };
