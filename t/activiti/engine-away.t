# When the engine or its store is away: what can be answered is answered, the rest is 503
# with Retry-After, and a command that was given up is not done later.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowCommandTimeout 1')->start;
my $i = start('taskAssigneeProcess:1');
my ($task) = tasks_of($i->{id}, 'assignee=kermit');

my @stopped = (    # the engine does not move: reads go on, commands give up
    # method    path                           body                                              status
    [ 'GET',    '/process-engine',             undef,                                            200 ],
    [ 'GET',    '/tasks?assignee=kermit',      undef,                                            200 ],
    [ 'GET',    "/task/$task->{id}",           undef,                                            200 ],
    [ 'POST',   '/login',                      { userId => 'kermit', password => 'kermit' },     200 ],
    [ 'POST',   '/login',                      { userId => 'kermit', password => 'x' },          403 ],
    [ 'GET',    '/nothing',                    undef,                                            404 ],
    [ 'PUT',    "/task/$task->{id}/claim",     '{',                                              400 ],
    [ 'PUT',    "/task/$task->{id}/claim",     {},                                               503 ],
    [ 'PUT',    "/task/$task->{id}/complete",  {},                                               503 ],
    [ 'POST',   '/process-instance',           { processDefinitionId => 'taskAssigneeProcess:1' }, 503 ],
    [ 'DELETE', '/deployment/10?cascade=true', undef,                                            503 ],
    [ 'GET',    '/deployment/10/resources',    undef,                                            200 ],
    [ 'GET',    '/management/table/ACT_RU_TASK/data', undef,                                     200 ],
    # Expressions and pictures are the engine's work.
    [ 'GET',    '/process-definition/vacationRequest:1/form?format=json', undef,                 503 ],
    [ 'GET',    '/process-definition/vacationRequest:1/diagram', undef,                          503 ],
);

my @broken = (    # there is no store: nobody can be recognised
    # method    path                           body                                              status user
    [ 'GET',    '/process-engine',             undef,                                            401, undef ],
    [ 'GET',    '/process-engine',             undef,                                            503, 'kermit' ],
    [ 'GET',    '/tasks?assignee=x',           undef,                                            503, 'kermit' ],
    [ 'POST',   '/process-instance',           {},                                               503, 'kermit' ],
    [ 'POST',   '/login',                      { userId => 'kermit', password => 'kermit' },     500, undef ],
    [ 'POST',   '/login',                      {},                                               400, undef ],
    [ 'GET',    '/nothing',                    undef,                                            404, undef ],
    [ 'PUT',    '/tasks',                      undef,                                            405, undef ],
    [ 'OPTIONS', '/tasks',                     undef,                                            200, undef ],
);

plan tests => 3 * @stopped + 3 * @broken + 10;

sub check {
    my ($r, $status, $what) = @_;
    ok t_cmp($r->code, $status, $what);
    ok $status == 503 ? t_cmp($r->header('Retry-After'), qr/^\d+$/, "$what: when to come again") : !defined $r->header('Retry-After');
    ok $status < 400 || $status == 401 || t_cmp(message($r), qr/\w/, "$what: the document of an error");
}

my $engine = $server->engine_pid;
kill STOP => $engine;
for my $case (@stopped) {
    my ($method, $path, $body, $status) = @$case;
    check(call($method, $path, $body), $status, "stopped: $method $path");
}
ok t_cmp(upload('x.bpmn20.xml', bpmn('engineAway', '<startEvent id="s"/>'))->code, 503, 'an upload, too');
my $r = upload('x.bpmn20.xml', bpmn('engineAway', '<startEvent id="s"/>'), path => '/deployment.html', fields => { failure => 'f' });
ok t_cmp($r->code . ' ' . $r->content, qr/^200 <html><script type="text\/javascript">f\('\w/, 'in a frame, its owner hears of it');
$r = call('GET', '/process-definition/vacationRequest:1/form');
ok t_cmp($r->code . ' ' . $r->header('Content-Type'), '503 text/html;charset=UTF-8', 'a form is refused in HTML');

# What clients gave up is not done behind their backs. The engine answers the calls in the
# order they came, so it has seen all of them when this one is through.
kill CONT => $engine;
ok wait_until { call('POST', '/process-instance', { processDefinitionId => 'singleCandidateGroup:1' })->code == 200 };
ok t_cmp(get_json("/task/$task->{id}")->{assignee}, 'kermit', 'the task is as it was');
ok t_cmp(get_json('/tasks?assignee=kermit')->{total}, 1, 'no second instance');
ok t_cmp(definition_of('engineAway'), undef, 'no deployment');
ok t_cmp(call('GET', '/process-definition/taskAssigneeProcess:1')->code, 200, 'and none is deleted');
ok t_cmp($server->engine_pid, $engine, 'it is the same engine');
$server->stop;

my $broken = WF::Server->new(engine => 0, extra => 'WorkflowCommandTimeout 1');
mkdir $broken->file('engine');
$broken->spew('engine/workflow.db', 'this is no database, but a text that is long enough to be looked at' x 100);
if ($> == 0) {
    my ($uid, $gid) = (getpwnam 'nobody')[2, 3];
    chown $uid, $gid, $broken->file('engine'), $broken->file('engine/workflow.db');
}
$broken->start;
for my $case (@broken) {
    my ($method, $path, $body, $status, $user) = @$case;
    check(call($method, $path, $body, user => $user), $status, "no store: $method $path");
}
ok t_cmp(call('GET', '/health')->code, 200, 'httpd is well');
