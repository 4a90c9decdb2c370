# Idempotency-Key: every call that changes something, sent twice with a key, is done once and
# answered twice with the same; and what tells one request from another.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::MD5 qw(md5_hex);
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/slow' => { delay => 3 }, '/quick' => { delay => 0.02 });
# No job runs by itself and no execution goes on: what the store holds changes by calls alone.
my $server = WF::Server->new(extra => "WorkflowJobExecutor Off\nWorkflowHttpTask On\nWorkflowTargets " . ($target->url('') =~ m{//([^/]+)})[0])->start;

# ---- calls ------------------------------------------------------------------------------------

my $number = 0;
sub new_key { 'key-' . $$ . '-' . ++$number }
sub keyed { my ($key, $method, $path, $body, %opt) = @_; call($method, $path, $body, %opt, headers => { 'Idempotency-Key' => $key, %{ $opt{headers} // {} } }) }
sub replayed { shift->header('Idempotency-Replayed') // 'no' }
sub said { my $r = shift; $r->code . ' ' . $r->content }
sub value { my ($v) = $server->rows(shift); $v }
# All that is stored but the keys themselves, and the next id.
my @tables = grep { !/^(WF_(IDEMPOTENCY|SCHEMA)|ACT_GE_PROPERTY)$/ } $server->rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
sub effects { md5_hex(join "\n", $server->rows(join ';', map { "SELECT * FROM $_" } @tables)) }

# ---- processes --------------------------------------------------------------------------------

my $plain = define('oncePlain', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="once" activiti:assignee="kermit"/>', 't -> u', '<userTask id="u" name="then"/>');
my $receive = define('onceReceive', '<startEvent id="s"/>', 's -> r', '<receiveTask id="r"/>', 'r -> e', '<endEvent id="e"/>');
my $job = define('onceJob', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:async="true"/>');
my $external = define('onceExternal', '<startEvent id="s"/>', 's -> x', '<serviceTask id="x" activiti:type="external" activiti:topic="${topic}"/>', 'x -> u',
    '<userTask id="u"/>', '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="wrong"/></boundaryEvent>', 'b -> u');
my $slow = define('onceSlow', '<startEvent id="s"/>', 's -> h', '<serviceTask id="h" activiti:type="http"><extensionElements>'
    . '<activiti:field name="requestMethod" stringValue="GET"/><activiti:field name="requestUrl" stringValue="' . $target->url('/slow') . '"/></extensionElements></serviceTask>', 'h -> u', '<userTask id="u"/>');
sub catching { my ($key, $what) = @_; my $r = upload("$key.bpmn20.xml", <<"END_XML"); $r->is_success or die $r->as_string; return demo_id($key) }
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="test">
<signal id="sig" name="onceGo"/><message id="mes" name="onceTold"/>
<process id="$key"><startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="c"/>
<intermediateCatchEvent id="c">$what</intermediateCatchEvent><sequenceFlow id="f2" sourceRef="c" targetRef="u"/><userTask id="u"/></process></definitions>
END_XML
my $signal = catching('onceSignal', '<signalEventDefinition signalRef="sig"/>');
my $told = catching('onceMessage', '<messageEventDefinition messageRef="mes"/>');

sub began { start(shift, { topic => 'none', @_ })->{id} }
sub task { my $i = began($plain); (tasks_of($i, 'assignee=kermit'))[0]{id} }
sub own_task { json(call('PUT', '/task', { name => 'mine' }))->{id} }
sub execution_of { value("SELECT ID_ FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ = $_[0] AND ACT_ID_ = 'c'") }
sub job_of { value("SELECT ID_ FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ = $_[0]") }
my $topics = 0;
sub topic { my $t = 'once' . ++$topics; began($external, topic => $t); $t }
sub external { my $t = topic(); value("SELECT ID_ FROM ACT_RU_EXT_TASK WHERE TOPIC_NAME_ = '$t'") }
sub locked { my $id = external(); call('POST', "/external-task/$id/lock", { workerId => 'w', lockDuration => 600_000 })->code == 204 or die 'lock'; $id }
sub fresh_user { my $id = 'u' . ++$topics; call('PUT', '/user', { id => $id, password => 'p', firstName => 'A' })->is_success or die 'user'; $id }
sub fresh_group { my $id = 'g' . ++$topics; call('PUT', '/group', { id => $id })->is_success or die 'group'; $id }
sub deployed { my $n = ++$topics; my $r = upload("once$n.bpmn20.xml", bpmn("once$n", '<startEvent id="s"/>')); json($r)->{id} }
sub definition { my $n = ++$topics; define("once$n", '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>') }
sub form { my ($boundary, %files) = @_; join '', (map { "--$boundary\r\n" . part("name=\"$_\"; filename=\"$files{$_}[0]\"", $files{$_}[1]) } sort keys %files), "--$boundary--\r\n" }
my $png = "\x89PNG\r\n\x1a\n" . 'x' x 50;

# ---- every route ------------------------------------------------------------------------------

# What is done: path and body, made for the case. A code that gives bytes is a form with files,
# whose boundary is another one each time. The third is another body, for the same key.
my %cases = (
    'POST /deployment'                 => sub { my $n = ++$topics; [ '/deployment', sub { form(shift, deployment => [ "a$n.bpmn20.xml", bpmn("a$n", '<startEvent id="s"/>') ]) }, sub { form(shift, deployment => [ "a$n.bpmn20.xml", bpmn("b$n", '<startEvent id="s"/>') ]) } ] },
    'POST /deployments'                => sub { [ '/deployments', { deploymentIds => [ deployed(), deployed() ] }, { deploymentIds => [ 1 ] } ] },
    'POST /deployments/delete'         => sub { [ '/deployments/delete', { deploymentIds => [ deployed() ] }, { deploymentIds => [ 1 ] } ] },
    'PUT /process-definition/{processDefinitionId}/suspend'  => sub { [ '/process-definition/' . definition() . '/suspend', {}, { includeProcessInstances => 'true' } ] },
    'PUT /process-definition/{processDefinitionId}/activate' => sub { my $id = definition(); call('PUT', "/process-definition/$id/suspend", {}); [ "/process-definition/$id/activate", {}, { includeProcessInstances => 'true' } ] },
    'POST /process-instance'           => sub { [ '/process-instance', { processDefinitionId => $plain, a => 1 }, { processDefinitionId => $plain, a => 2 } ] },
    'PUT /process-instance/{processInstanceId}/suspend'  => sub { [ '/process-instance/' . began($plain) . '/suspend', {}, { x => 1 } ] },
    'PUT /process-instance/{processInstanceId}/activate' => sub { my $i = began($plain); call('PUT', "/process-instance/$i/suspend"); [ "/process-instance/$i/activate", {}, { x => 1 } ] },
    'POST /process-instance/{processInstanceId}/signal'  => sub { [ '/process-instance/' . began($receive) . '/signal', { activityId => 'r' }, { activityId => 'q' } ] },
    'POST /process-instance/{processInstanceId}/event/{signalName}' => sub { [ '/process-instance/' . began($signal) . '/event/onceGo', {}, { x => 1 } ] },
    'POST /execution/{executionId}/message/{messageName}' => sub { [ '/execution/' . execution_of(began($told)) . '/message/onceTold', {}, { x => 1 } ] },
    'POST /execution/{executionId}/signal/{signalName}'  => sub { [ '/execution/' . execution_of(began($signal)) . '/signal/onceGo', {}, { x => 1 } ] },
    'POST /signal/{signalName}'        => sub { began($signal); [ '/signal/onceGo', {}, { x => 1 } ] },
    'POST /migration/execute'          => sub { my $old = definition(); my @i = map { began($old) } 1, 2; my ($key) = split /:/, $old; my $new = define($key, '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
                                                my $plan = { sourceProcessDefinitionId => $old, targetProcessDefinitionId => $new, instructions => [] };
                                                [ '/migration/execute', { migrationPlan => $plan }, { migrationPlan => $plan, dryRun => 'true' } ] },
    'PUT /task/{taskId}/{operation}'   => sub { [ '/task/' . task() . '/complete', { x => 1 }, { x => 2 } ] },
    'PUT /task'                        => sub { [ '/task', { name => 'mine' }, { name => 'other' } ] },
    'POST /task/{taskId}'              => sub { [ '/task/' . own_task(), { name => 'another' }, { name => 'third' } ] },
    'POST /task/{taskId}/variables'    => sub { [ '/task/' . task() . '/variables', { name => 'v', value => 1 }, { name => 'v', value => 2 } ] },
    'PUT /task/{taskId}/variables/{variableName}' => sub { my $t = task(); call('POST', "/task/$t/variables", { name => 'v', value => 1 }); [ "/task/$t/variables/v", { value => 2 }, { value => 3 } ] },
    'PUT /task/{taskId}/attachment'    => sub { [ '/task/' . task() . '/attachment', sub { form(shift, file => [ 'a.txt', 'text' ]) }, sub { form(shift, file => [ 'a.txt', 'other' ]) } ] },
    'POST /task/{taskId}/attachment'   => sub { [ '/task/' . task() . '/attachment', sub { form(shift, file => [ 'a.txt', 'text' ]) }, sub { form(shift, file => [ 'b.txt', 'text' ]) } ] },
    'PUT /task/{taskId}/url'           => sub { [ '/task/' . task() . '/url', { url => 'http://a/' }, { url => 'http://b/' } ] },
    'POST /form/form-data'             => sub { [ '/form/form-data', { processDefinitionId => $plain }, { taskId => '1' } ] },
    'PUT /user'                        => sub { my $id = 'u' . ++$topics; [ '/user', { id => $id, password => 'p' }, { id => $id, password => 'q' } ] },
    'POST /user/{userId}'              => sub { [ '/user/' . fresh_user(), { lastName => 'B', password => 'new' }, { lastName => 'C' } ] },
    'PUT /user/{userId}'               => sub { [ '/user/' . fresh_user(), { lastName => 'B' }, { lastName => 'C' } ] },
    'POST /user/{userId}/groups'       => sub { [ '/user/' . fresh_user() . '/groups', [ fresh_group() ], [ 'none' ] ] },
    'PUT /user/{userId}/picture'       => sub { [ '/user/' . fresh_user() . '/picture', sub { form(shift, file => [ 'a.png', $png ]) }, sub { form(shift, file => [ 'a.png', "${png}y" ]) } ] },
    'PUT /group'                       => sub { [ '/group', { id => 'g' . ++$topics }, { id => 'other' } ] },
    'POST /group/{groupId}/users'      => sub { [ '/group/' . fresh_group() . '/users', [ fresh_user() ], [ 'none' ] ] },
    'POST /groups/{groupId}/users'     => sub { [ '/groups/' . fresh_group() . '/users', [ fresh_user() ], [ 'none' ] ] },
    'POST /external-task/fetchAndLock' => sub { my $t = topic(); my $ask = sub { +{ workerId => shift, maxTasks => 1, topics => [ { topicName => $t, lockDuration => 600_000 } ] } }; [ '/external-task/fetchAndLock', $ask->('w'), $ask->('v') ] },
    'POST /external-task/{externalTaskId}/complete'   => sub { [ '/external-task/' . locked() . '/complete', { workerId => 'w' }, { workerId => 'v' } ] },
    'POST /external-task/{externalTaskId}/bpmnError'  => sub { [ '/external-task/' . locked() . '/bpmnError', { workerId => 'w', errorCode => 'wrong' }, { workerId => 'v' } ] },
    'POST /external-task/{externalTaskId}/failure'    => sub { [ '/external-task/' . locked() . '/failure', { workerId => 'w', errorMessage => 'x', retries => 3, retryTimeout => 0 }, { workerId => 'v' } ] },
    'POST /external-task/{externalTaskId}/lock'       => sub { [ '/external-task/' . external() . '/lock', { workerId => 'w', lockDuration => 600_000 }, { workerId => 'v', lockDuration => 1000 } ] },
    'POST /external-task/{externalTaskId}/extendLock' => sub { [ '/external-task/' . locked() . '/extendLock', { workerId => 'w', newDuration => 600_000 }, { workerId => 'v' } ] },
    'POST /external-task/{externalTaskId}/unlock'     => sub { [ '/external-task/' . locked() . '/unlock', {}, { x => 1 } ] },
    'PUT /external-task/{externalTaskId}/retries'     => sub { [ '/external-task/' . external() . '/retries', { retries => 2 }, { retries => 3 } ] },
    'PUT /external-task/{externalTaskId}/priority'    => sub { [ '/external-task/' . external() . '/priority', { priority => 2 }, { priority => 3 } ] },
    'PUT /management/job/{jobId}/execute' => sub { [ '/management/job/' . job_of(began($job)) . '/execute', {}, { x => 1 } ] },
    'PUT /management/job/{jobId}/retries' => sub { [ '/management/job/' . job_of(began($job)) . '/retries', { retries => 2 }, { retries => 4 } ] },
    'POST /management/jobs/{jobId}'    => sub { [ '/management/jobs/' . job_of(began($job)), { action => 'execute' }, { action => 'other' } ] },
    'POST /management/jobs/execute'    => sub { my @j = map { job_of(began($job)) } 1 .. 3; [ '/management/jobs/execute', { jobIds => \@j }, { jobIds => [ '1' ] } ] },
    'DELETE /deployment/{deploymentId}' => sub { [ '/deployment/' . deployed() ] },
    'DELETE /process-instance/{processInstanceId}' => sub { [ '/process-instance/' . began($plain) ] },
    'DELETE /task/{taskId}'            => sub { [ '/task/' . own_task() ] },
    'DELETE /task/{taskId}/variables'  => sub { my $t = task(); call('POST', "/task/$t/variables", { name => 'v', value => 1, scope => 'local' }); [ "/task/$t/variables" ] },
    'DELETE /task/{taskId}/variables/{variableName}' => sub { my $t = task(); call('POST', "/task/$t/variables", { name => 'v', value => 1, scope => 'local' }); [ "/task/$t/variables/v" ] },
    'DELETE /attachment/{attachmentId}' => sub { [ '/attachment/' . json(call('PUT', '/task/' . task() . '/url', { url => 'http://a/' }))->{id} ] },
    'DELETE /user/{userId}'            => sub { [ '/user/' . fresh_user() ] },
    'DELETE /user/{userId}/picture'    => sub { my $u = fresh_user(); call('PUT', "/user/$u/picture", $png, headers => { 'Content-Type' => 'image/png' }); [ "/user/$u/picture" ] },
    'DELETE /user/{userId}/groups/{groupId}' => sub { my ($u, $g) = (fresh_user(), fresh_group()); call('POST', "/user/$u/groups", [ $g ]); [ "/user/$u/groups/$g" ] },
    'DELETE /group/{groupId}'          => sub { [ '/group/' . fresh_group() ] },
    'DELETE /group/{groupId}/users/{userId}' => sub { my ($u, $g) = (fresh_user(), fresh_group()); call('POST', "/user/$u/groups", [ $g ]); [ "/group/$g/users/$u" ] },
    'DELETE /api-keys/{keyId}'         => sub { [ '/api-keys/' . json(call('POST', '/api-keys', { name => 'once' . ++$topics, expires => '1d' }))->{id} ] },
    'PUT /process-definition-rights'   => sub { [ '/process-definition-rights', { processDefinitionKey => 'oncePlain', userId => fresh_user(), rights => ['read'] }, { processDefinitionKey => 'oncePlain', userId => 'fozzie', rights => ['start'] } ] },
    'DELETE /process-definition-rights/{processDefinitionKey}' => sub { my $u = fresh_user(); call('PUT', '/process-definition-rights', { processDefinitionKey => 'oncePlain', userId => $u, rights => ['read'] })->is_success or die 'rights'; ["/process-definition-rights/oncePlain"] },
    'DELETE /management/job/{jobId}'   => sub { [ '/management/job/' . job_of(began($job)) ] },
);
my @reading = ('POST /login', 'POST /migration/generate', 'POST /migration/validate', 'POST /external-task',
    'POST /external-task/count', 'POST /index/call/{callId}');    # the last one forwards to the others
my @outside = ('POST /api-keys', 'POST /management/backup');    # the answer of the one is not all kept, the other changes no store

# The same call as it is sent once more: a form has a new boundary.
my $boundaries = 0;
sub send_as {
    my ($key, $route, $path, $body) = @_;
    my ($method) = split ' ', $route;
    return keyed($key, $method, $path, $body) unless ref $body eq 'CODE';
    my $boundary = 'b' . ++$boundaries;
    return keyed($key, $method, $path, $body->($boundary), headers => { 'Content-Type' => "multipart/form-data; boundary=$boundary" });
}

plan tests => 1 + 6 * keys(%cases) - scalar(grep { /^DELETE/ } keys %cases) + 55;

my $paths = get_json('/openapi.json')->{paths};
my @changing = sort map { my $path = $_; map { uc($_) . " $path" } grep { /^(post|put|patch|delete)$/ } keys %{ $paths->{$path} } } keys %$paths;
ok t_cmp(join("\n", @changing), join("\n", sort keys %cases, @reading, @outside), 'all routes are here');

for my $route (sort keys %cases) {
    my ($path, $body, $other) = @{ $cases{$route}->() };
    my ($method, $template) = split ' ', $route;
    my $key = new_key();
    my $before = effects();
    my $first = send_as($key, $route, $path, $body);
    my $after = effects();
    ok t_cmp(said($first), qr/^20[014]/, "$route: done");
    ok t_cmp($after ne $before, 1, "$route: something has changed");
    my $second = send_as($key, $route, $path, $body);
    ok t_cmp(said($second), said($first), "$route: the same answer");
    ok t_cmp(replayed($first) . ' ' . replayed($second), 'no true', "$route: which says so");
    ok t_cmp(effects(), $after, "$route: and nothing more has changed");
    ok t_cmp(send_as($key, $route, $path, $other)->code, 422, "$route: another body") if $other;
}

# ---- scope and content ------------------------------------------------------------------------

my $key = new_key();
my $start = { processDefinitionId => $plain };
my $first = json(keyed($key, 'POST', '/process-instance', $start))->{id};
ok t_cmp(json(keyed($key, 'POST', '/process-instance', $start))->{id}, $first, 'the same instance');
ok t_cmp(json(keyed($key, 'POST', '/process-instance', $start, user => 'fozzie'))->{id} != $first, 1, 'another user, another scope');
ok t_cmp(json(keyed("$key.", 'POST', '/process-instance', $start))->{id} != $first, 1, 'another key');
ok t_cmp(json(call('POST', '/process-instance', $start))->{id} != $first, 1, 'no key');
my $r = keyed($key, 'POST', '/process-instance?x=1', $start);
ok t_cmp($r->code, 422, 'another query');
ok t_cmp(message($r), qr/Idempotency-Key/, 'says why');
ok t_cmp(keyed($key, 'POST', '/process-instance', $start, headers => { 'Content-Type' => 'text/plain' })->code, 422, 'another type');
ok t_cmp(keyed($key, 'POST', '/process-instance', $start, password => 'wrong')->code, 401, 'no answer without the password');
my $task = own_task();
ok t_cmp(keyed($key, 'PUT', "/task/$task/claim", {})->code, 200, 'the key at another path');
ok t_cmp(replayed(keyed($key, 'PUT', "/task/$task/unclaim", {})), 'no', 'and another');
ok t_cmp(replayed(keyed($key, 'PUT', "/task/$task/claim", {})), 'true', 'is known there');
ok t_cmp(get_json("/task/$task")->{assignee}, undef, 'and done no more');
ok t_cmp(keyed($key, 'GET', '/process-engine')->code, 200, 'a key where nothing changes');
my $tunnelled = new_key();
$task = own_task();
ok t_cmp(keyed($tunnelled, 'POST', "/task/$task?alf_method=DELETE")->code, 200, 'a method within a POST');
ok t_cmp(replayed(keyed($tunnelled, 'POST', "/task/$task?alf_method=DELETE")), 'true', 'has its keys');

for (
    # key                    status
    [ 'k',                   200 ],
    [ 'k' x 255,             200 ],
    [ '"8e03978e-40d5"',     200 ],
    [ '!~',                  200 ],
    [ 'k' x 256,             400 ],
    [ '',                    400 ],
    [ 'a b',                 400 ],
    [ "k\xe9",               400 ],
) {
    my ($text, $status) = @$_;
    my $answer = keyed($text, 'POST', '/process-instance', $start);
    ok t_cmp($answer->code, $status, 'a key of ' . length($text) . ' characters');
    ok t_cmp(message($answer), qr/Idempotency-Key/, 'is named') if $status == 400;
}

# ---- failures ---------------------------------------------------------------------------------

$key = new_key();
my $later = 'onceLater' . $$;
ok t_cmp(keyed($key, 'POST', '/process-instance', { processDefinitionKey => $later })->code, 404, 'what fails');
define($later, '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
$r = keyed($key, 'POST', '/process-instance', { processDefinitionKey => $later });
ok t_cmp($r->code . replayed($r), '200no', 'is tried again');
ok t_cmp(replayed(keyed($key, 'POST', '/process-instance', { processDefinitionKey => $later })), 'true', 'until it is done');

# A list that breaks off: what was done before stays done, and the rest is tried again.
$key = new_key();
my ($one, $two) = map { job_of(began($job)) } 1, 2;
my $twice = { jobIds => [ $one, '999999999', $two ] };
ok t_cmp(keyed($key, 'POST', '/management/jobs/execute', $twice)->code, 404, 'a list that breaks off');
my $before = effects();
ok t_cmp(keyed($key, 'POST', '/management/jobs/execute', $twice)->code, 404, 'breaks off again, there');
ok t_cmp(effects(), $before, 'and does the first one once');
ok t_cmp(keyed(new_key(), 'POST', '/management/jobs/execute', { jobIds => [ $two, $two ] })->code, 404, 'one that is named twice is asked for twice');

# ---- in flight --------------------------------------------------------------------------------

$key = new_key();
my $ask = { processDefinitionId => $slow };
pipe my $in, my $out or die $!;
my $pid = fork // die $!;
if (!$pid) {
    my $answer = keyed($key, 'POST', '/process-instance', $ask);
    print $out $answer->code . ' ' . json($answer)->{id} . "\n";
    close $out;
    POSIX::_exit(0);
}
close $out;
wait_until { scalar(() = $target->requests('/slow')) };
$r = keyed($key, 'POST', '/process-instance', $ask);
ok t_cmp($r->code, 409, 'in flight');
ok t_cmp($r->header('Retry-After'), '1', 'come again');
ok t_cmp(message($r), qr/Idempotency-Key/, 'because of the key');
ok t_cmp(keyed($key, 'POST', '/process-instance', $start)->code, 409, 'with another body, too: nobody knows yet');
my ($code, $id) = split ' ', readline $in;
waitpid $pid, 0;
ok t_cmp($code, 200, 'the first one is done');
ok t_cmp(json(keyed($key, 'POST', '/process-instance', $ask))->{id}, $id, 'and then all get its answer');
ok t_cmp(scalar(() = $target->requests('/slow')), 1, 'the delegate was called once');

# ---- an answer of which nobody may keep all -----------------------------------------------------------

$key = new_key();
$r = keyed($key, 'POST', '/api-keys', { name => 'secret', expires => '1d' });
my ($secret, $secret_id) = @{ json($r) }{ 'key', 'id' };
ok t_cmp($r->code . replayed($r), '200no', 'a new API key');
$r = keyed($key, 'POST', '/api-keys', { name => 'secret', expires => '1d' });
ok t_cmp($r->code . replayed($r) . json($r)->{id}, "200true$secret_id", 'there is one');
ok t_cmp(json($r)->{key}, undef, 'which is not shown again');
ok t_cmp(keyed($key, 'POST', '/api-keys', { name => 'secret', expires => '2d' })->code, 422, 'another one');
ok t_cmp(scalar(grep { /\Q$secret\E/ } $server->rows('SELECT REPLY_, ANSWER_ FROM WF_IDEMPOTENCY')), 0, 'it is kept nowhere');

# ---- an answer that is from then --------------------------------------------------------------

$key = new_key();
my $made = keyed($key, 'PUT', '/task', { name => 'first' });
my $made_id = json($made)->{id};
call('POST', "/task/$made_id", { name => 'changed' });
ok t_cmp(said(keyed($key, 'PUT', '/task', { name => 'first' })), said($made), 'as it was then');
call('DELETE', "/task/$made_id");
ok t_cmp(said(keyed($key, 'PUT', '/task', { name => 'first' })), said($made), 'also when it is gone');

# ---- what the documents say -------------------------------------------------------------------

my ($parameter) = grep { $_->{name} eq 'Idempotency-Key' } @{ $paths->{'/process-instance'}{post}{parameters} };
ok t_cmp("$parameter->{in} $parameter->{schema}{maxLength}", 'header 255', 'the document has the header');
ok t_cmp(join(' ', sort grep { /^4(09|22)$/ } keys %{ $paths->{'/process-instance'}{post}{responses} }), '409 422', 'and its refusals');
ok t_cmp(scalar(grep { $_->{name} eq 'Idempotency-Key' } @{ $paths->{'/tasks'}{get}{parameters} }), 0, 'not where nothing changes');

# ---- how long answers are kept ----------------------------------------------------------------

my @kept = map { new_key() } 1 .. 5;
my @ids = map { json(keyed($_, 'POST', '/process-instance', $start))->{id} } @kept;
sub kept { value('SELECT COUNT(*) FROM WF_IDEMPOTENCY') }
my $extra = $server->{extra};
$server->{extra} = "$extra\nWorkflowIdempotencyLimit 3";
$server->write_config->graceful;
wait_until { kept() == 3 } 30;
ok t_cmp(kept(), 3, 'as many as are wanted');
ok t_cmp(json(keyed($kept[4], 'POST', '/process-instance', $start))->{id}, $ids[4], 'the newest');
ok t_cmp(json(keyed($kept[0], 'POST', '/process-instance', $start))->{id} != $ids[0], 1, 'not the oldest');
my $made_at = value('SELECT MAX(CREATED_) FROM WF_IDEMPOTENCY');
wait_until { time * 1000 > $made_at + 3000 };
$server->{extra} = "$extra\nWorkflowIdempotencyTimeToLive 2s";
$server->write_config->graceful;
wait_until { !kept() } 30;
ok t_cmp(kept(), 0, 'none that is too old');
