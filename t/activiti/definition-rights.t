# Rights on process definitions (WorkflowDefinitionRights On): who has none finds nothing of a
# process on any endpoint; who has some may do that much; tasks are of those who have them.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => "WorkflowJobExecutor Off\nWorkflowDefinitionRights On\nWorkflowDeployLevel user")->start;
my $rights = '/process-definition-rights';

sub must { my $r = call(@_); $r->is_success or die "@_[0, 1]: " . $r->as_string; $r->content =~ /^[\[{]/ ? json($r) : undef }
sub give { my ($key, $who, @rights) = @_; must('PUT', $rights, { processDefinitionKey => $key, %$who, rights => \@rights }) }

# ---- who is there -----------------------------------------------------------------------------------

# All have the level user. mate is one of the readers; chief may read and operate everything.
for my $id (qw(nobody starter viewer worker mate chief helper)) {
    must('PUT', '/user', { id => $id, firstName => $id, lastName => $id, email => "$id\@localhost", password => $id });
    must('POST', "/user/$id/groups", ['user']);
}
must('PUT', '/group', { id => 'readers', name => 'Readers' });
must('POST', '/user/mate/groups', ['readers']);

# ---- a process, and everything that belongs to it ---------------------------------------------------

my $file = bpmn('hushhush', '<startEvent id="s" activiti:formKey="hushhush.form"/>', 's -> g', '<parallelGateway id="g"/>',
    'g -> t', '<userTask id="t" name="hushhush task" activiti:candidateUsers="helper" activiti:formKey="hushhush.form"/>',
    'g -> w', '<serviceTask id="w" activiti:type="external" activiti:topic="hushhush-topic"/>',
    'g -> a', '<task id="a" activiti:async="true"/>',
    'g -> r', '<receiveTask id="r"/>',
    '<startEvent id="m"><messageEventDefinition messageRef="hello"/></startEvent>', 'm -> e', '<endEvent id="e"/>');
$file =~ s{<process }{<message id="hello" name="say-hello"/><process };
my $deployment = do { my $r = upload('hushhush.bar', archive([ 'hushhush.bpmn20.xml' => $file ], [ 'hushhush.form' => '<p>hushhush</p>' ])); json($r)->{id} // die $r->as_string };
my $definition = demo_id('hushhush');
sub begin { must('POST', '/process-instance', { processDefinitionId => $definition, businessKey => shift, about => 'hushhush' })->{id} }
sub task_in { my ($task) = map { $_->{id} } @{ get_json("/process-instance/$_[0]/tasks")->{data} }; $task }
my $instance = begin('hushhush-1');
my $task = task_in($instance);
my $external = get_json("/external-task?processInstanceId=$instance")->[0]{id};
my $attachment = must('PUT', "/task/$task/url", { name => 'hushhush', url => 'http://localhost/hushhush' })->{id};
my ($receiver) = map { $_->{executionId} } @{ get_json("/process-instance/$instance/tasks")->{data} };
must('POST', "/external-task/$external/lock", { workerId => 'w', lockDuration => 1 });
must('POST', "/external-task/$external/failure", { workerId => 'w', retries => 9, errorMessage => 'x', errorDetails => 'hushhush' });
my $sub = must('PUT', '/task', { taskName => 'hushhush below', parentTaskId => "$task" })->{id};
my $deeper = must('PUT', '/task', { taskName => 'hushhush deeper', parentTaskId => "$sub" })->{id};

my %value = (
    deploymentId => $deployment, resourceName => 'hushhush.form', processDefinitionId => $definition, processInstanceId => $instance,
    taskId => $task, operation => 'complete', variableName => 'about', attachmentId => $attachment, jobId => 0, incidentId => 0, keyId => 0,
    externalTaskId => $external, signalName => 'alarm', messageName => 'order', executionId => $receiver, userId => 'nobody',
    groupId => 'readers', searchText => 'user', tableName => 'ACT_RU_TASK', packagePath => 'org/activiti', uriPath => 'task',
    familyName => 'task', callId => 'x', user => 'helper', processDefinitionKey => 'hushhush',
);
my %query = ('/tasks' => 'involved=helper&size=100', '/tasks-summary' => 'user=helper');

my @routes = @{ get_json('/index?format=json')->{endpoints} };
sub path_of {
    my $template = shift;
    my $path = "/activiti-rest/service" . ($template =~ s/\{(\w+)\}/$value{$1} \/\/ die "$template: $1"/ger);
    return $path . ($query{$template} ? "?$query{$template}" : '');
}

my @checks;
sub check { my ($what, $got, $expected) = @_; push @checks, [ $got, $expected, $what ] }

# ---- leaks: every GET, of it, as somebody without rights on it ----------------------------------------

my @gets = grep { $_->{method} eq 'GET' && $_->{family} ne 'api' } @routes;
sub leaks {
    my $user = shift;
    return sort map { "$_->{template} " . call('GET', path_of($_->{template}), undef, user => $user)->code }
        grep { call('GET', path_of($_->{template}), undef, user => $user)->content =~ /hushhush(?!-topic'|:1'|\.form')/ } @gets;
}
my @shown = grep { call('GET', path_of($_->{template}))->content =~ /hushhush/ } @gets;
check('an administrator sees it in many places', @shown >= 22 ? 1 : scalar(@shown), 1);
check('who has no rights, nowhere', join(', ', leaks('nobody')), '');
# What refuses to show it says no more than of something that is not there. A deployment that
# is not there is as good as deleted.
for my $route (grep { $_->{level} eq 'user' && "$_->{method} $_->{template}" ne 'DELETE /deployment/{deploymentId}' && $_->{template} =~ /\{(deploymentId|processDefinitionId|processInstanceId|taskId|attachmentId|externalTaskId|executionId)\}/ } @routes) {
    my ($method, $template) = @$route{qw(method template)};
    my $body = $method =~ /^(POST|PUT)$/ ? '[' : undef;
    my $r = call($method, path_of($template), $body, user => 'nobody');
    check("$method $template: not there", $r->code, 404);
    my %other = (%value, map { $_ => 999_999 } qw(deploymentId processInstanceId taskId attachmentId externalTaskId executionId));
    $other{processDefinitionId} = 'nothing:1';
    my $path = $template =~ s/\{(\w+)\}/$other{$1}/ger;
    my $none = call($method, "/activiti-rest/service$path", $body, user => 'nobody');
    # … but for the id, and the time that errors have.
    my ($said, $told) = map { my $text = $_->content =~ s/\w{3} \d+, \d{4} [\d:]+ [AP]M/TIME/gr;
                              $text =~ s/hushhush:1|nothing:1|\b(999999|$deployment|$instance|$task|$external|$attachment|$receiver)\b/ID/gr } $r, $none;
    check("$method $template: the same words", $said, $told);
}

# ---- what each right is good for ----------------------------------------------------------------------

give('hushhush', { userId => 'starter' }, 'start');
give('hushhush', { userId => 'viewer' }, 'read');
give('hushhush', { groupId => 'readers' }, 'read');
give('hushhush', { userId => 'worker' }, 'operate');
give('*', { userId => 'chief' }, 'operate');

# What comes of a call that lacks something: 1 = got past the check.
my @matrix = (
    # method   template                                             nobody starter viewer mate worker chief
    [ 'GET',    '/process-definition/{processDefinitionId}',            404,  1,   1,   1,   1,   1 ],
    [ 'GET',    '/process-definition/{processDefinitionId}/form',       404,  1,   1,   1,   1,   1 ],
    [ 'GET',    '/deployment/{deploymentId}/resource/{resourceName}',   404,  1,   1,   1,   1,   1 ],
    [ 'GET',    '/process-instance/{processInstanceId}',                404,  404, 1,   1,   1,   1 ],
    [ 'POST',   '/process-instance/{processInstanceId}/signal',         404,  404, 403, 403, 1,   1 ],
    [ 'POST',   '/process-instance/{processInstanceId}/event/{signalName}', 404, 404, 403, 403, 1, 1 ],
    [ 'POST',   '/execution/{executionId}/message/{messageName}',       404,  404, 403, 403, 1,   1 ],
    [ 'POST',   '/execution/{executionId}/signal/{signalName}',         404,  404, 403, 403, 1,   1 ],
    [ 'POST',   '/signal/{signalName}',                                 403,  403, 403, 403, 403, 1 ],
    [ 'GET',    '/task/{taskId}',                                       404,  404, 1,   1,   1,   1 ],
    [ 'PUT',    '/task/{taskId}/{operation}',                           404,  404, 403, 403, 1,   1 ],
    [ 'POST',   '/task/{taskId}',                                       404,  404, 403, 403, 1,   1 ],
    [ 'GET',    '/task/{taskId}/variables',                             404,  404, 1,   1,   1,   1 ],
    [ 'PUT',    '/task/{taskId}/variables/{variableName}',              404,  404, 403, 403, 1,   1 ],
    [ 'PUT',    '/task/{taskId}/url',                                   404,  404, 403, 403, 1,   1 ],
    [ 'GET',    '/attachment/{attachmentId}',                           404,  404, 1,   1,   1,   1 ],
    [ 'DELETE', '/attachment/{attachmentId}',                           404,  404, 403, 403, undef, undef ],
    [ 'DELETE', '/process-instance/{processInstanceId}',                404,  404, 403, 403, undef, undef ],
    [ 'DELETE', '/task/{taskId}/variables/{variableName}',              404,  404, 403, 403, undef, undef ],
    [ 'GET',    '/external-task/{externalTaskId}',                      404,  404, 1,   1,   1,   1 ],
    [ 'POST',   '/external-task/{externalTaskId}/complete',             404,  404, 403, 403, 1,   1 ],
    [ 'POST',   '/external-task/{externalTaskId}/unlock',               404,  404, 403, 403, 1,   1 ],
    [ 'GET',    '/process-definition-rights',                           403,  403, 403, 403, 403, 403 ],
    [ 'GET',    '/management/jobs',                                     403,  403, 403, 403, 403, 403 ],
);
for (@matrix) {
    my ($method, $template, @expected) = @$_;
    for my $user (qw(nobody starter viewer mate worker chief)) {
        my $status = shift @expected // next;
        my $got = call($method, path_of($template), $method =~ /^(POST|PUT)$/ ? '[' : undef, user => $user)->code;
        check("$method $template as $user", $got =~ /^40[134]$/ ? $got : 1, $status);
    }
}

# Every endpoint of users has told what it needs: who may operate everything is refused nowhere.
for my $route (grep { $_->{level} eq 'user' } @routes) {
    my ($method, $template) = @$route{qw(method template)};
    my $path = $template =~ s/\{\w+\}/0/gr;
    my $r = call($method, "/activiti-rest/service$path", $method =~ /^(POST|PUT)$/ ? '[' : undef, user => 'chief');
    check("$method $template as chief", $r->code =~ /^40[13]$/ ? $r->code : 1, 1);
}

# Lists, and their totals.
my @lists = (    # path                                                      nobody starter viewer mate worker chief
    [ '/process-definitions?size=100',                                       0, 1, 1, 1, 1, 'all' ],
    [ '/deployments?size=100',                                               0, 1, 1, 1, 1, 'all' ],
    [ '/process-instances',                                                  0, 0, 1, 1, 1, 'all' ],
    [ "/process-instances?processDefinitionId=$definition",                  0, 0, 1, 1, 1, 1 ],
    [ '/tasks?candidate=helper',                                             0, 0, 1, 1, 1, 1 ],
    [ '/tasks?candidate=helper&sort=name&size=1',                            0, 0, 1, 1, 1, 1 ],
);
for (@lists) {
    my ($path, @expected) = @$_;
    for my $user (qw(nobody starter viewer mate worker chief)) {
        my $expected = shift @expected;
        my $page = get_json($path, undef, user => $user);
        my $all = $expected eq 'all' ? get_json($path)->{total} : $expected;
        check("$path as $user", "$page->{total} " . @{ $page->{data} }, "$all " . ($expected eq 'all' ? @{ get_json($path)->{data} } : $all));
    }
}
for my $case ([ nobody => 0 ], [ viewer => 1 ], [ worker => 1 ], [ kermit => 1 ]) {
    my ($user, $count) = @$case;
    check("external tasks as $user", scalar @{ get_json('/external-task', undef, user => $user) }, $count);
    check("their number as $user", get_json('/external-task/count', undef, user => $user)->{count}, $count);
    check("their topics as $user", scalar @{ get_json('/external-task/topic-names', undef, user => $user) }, $count);
}

# Starting.
for my $case ([ nobody => 404 ], [ viewer => 403 ], [ worker => 403 ], [ mate => 403 ], [ chief => 403 ], [ starter => 200 ], [ kermit => 200 ]) {
    my ($user, $status) = @$case;
    for my $how ({ processDefinitionId => $definition }, { processDefinitionKey => 'hushhush' }, { message => 'say-hello' }) {
        my $r = call('POST', '/process-instance', $how, user => $user);
        check('start by ' . join(' ', %$how) . " as $user", $r->code, $status);
        my ($name, $text) = %$how;
        check('... says nothing', $r->content =~ /hushhush/ && $text !~ /hushhush/ ? $r->content : '', '') if $status == 404;
    }
    check("start by a form as $user", call('POST', '/form/form-data', { processDefinitionId => $definition }, user => $user)->code, $status);
}
check('what does not start reads the same', message(call('POST', '/process-instance', { message => 'nothing' }, user => 'nobody')) =~ s/nothing/M/r,
      message(call('POST', '/process-instance', { message => 'say-hello' }, user => 'nobody')) =~ s/say-hello/M/r);

# Fetching external tasks.
sub fetched {
    my ($user, %more) = @_;
    return scalar @{ must('POST', '/external-task/fetchAndLock', { workerId => $user, maxTasks => 9, topics => [ { topicName => 'hushhush-topic', lockDuration => 1, %more } ] }, user => $user) };
}
check("fetched by $_->[0]", fetched($_->[0]), $_->[1]) for [ nobody => 0 ], [ viewer => 0 ], [ starter => 0 ];
check('asking for the key by name does not help', fetched('nobody', processDefinitionKey => 'hushhush'), 0);
check('fetched by worker', fetched('worker') > 0, 1);

# ---- tasks of those who have them ---------------------------------------------------------------------

# helper has no rights on the definition, but is a candidate.
my $mine = begin('mine');
my $his = task_in($mine);
sub as { my ($user, $method, $path, $body) = @_; return call($method, $path, $body, user => $user)->code }
check('a candidate sees the task', as('helper', 'GET', "/task/$his"), 200);
check('and its form', as('helper', 'GET', "/task/$his/form"), 200);
check('but not the instance', as('helper', 'GET', "/process-instance/$mine"), 404);
check('lists it', (grep { $_->{id} == $his } @{ get_json('/tasks?candidate=helper&size=100', undef, user => 'helper')->{data} }) ? 1 : 0, 1);
check('counts his own', as('helper', 'GET', '/tasks-summary?user=helper'), 200);
check('and nobody else\'s', as('helper', 'GET', '/tasks-summary?user=kermit'), 403);
check('claims it', as('helper', 'PUT', "/task/$his/claim", {}), 200);
check('sets its variables', as('helper', 'POST', "/task/$his/variables", [ { name => 'note', value => 'x' } ]), 200);
check('adds a link', as('helper', 'PUT', "/task/$his/url", { name => 'x', url => 'http://localhost/' }), 200);
check('completes it', as('helper', 'PUT', "/task/$his/complete", {}), 200);
my $taken = task_in(begin('taken'));
must('PUT', "/task/$taken/claim", {});
check('a candidate still sees what another one has', as('helper', 'GET', "/task/$taken"), 200);
check('but does not complete it', as('helper', 'PUT', "/task/$taken/complete", {}), 403);
check('nor submits its form', as('helper', 'POST', '/form/form-data', { taskId => "$taken" }), 403);
check('nor hangs one below it', as('helper', 'PUT', '/task', { taskName => 'x', parentTaskId => "$taken" }), 403);
check('nor sets its variables', as('helper', 'POST', "/task/$taken/variables", [ { name => 'note', value => 'x' } ]), 403);
check('who sees nothing hangs nothing', as('nobody', 'PUT', '/task', { taskName => 'x', parentTaskId => "$taken" }), 404);
check('nor submits', as('nobody', 'POST', '/form/form-data', { taskId => "$taken" }), 404);
check('sub-tasks are hidden with the task', as('nobody', 'GET', "/task/$_"), 404) for $sub, $deeper;
check('and seen with it', as('viewer', 'GET', "/task/$_"), 200) for $sub, $deeper;
my $own = must('PUT', '/task', { taskName => 'mine alone' }, user => 'nobody')->{id};
check('a task without a process is everybody\'s', as($_, 'GET', "/task/$own"), 200) for qw(nobody viewer);

# Two levels down, and those below a task without a process.
sub listed { my ($user, $id) = @_; my $r = call('GET', "/tasks?involved=helper&size=1000", undef, user => $user); scalar grep { $_->{id} == $id } @{ json($r)->{data} } }
my $lowest = must('PUT', '/task', { taskName => 'hushhush lowest', parentTaskId => "$deeper", assignee => 'helper' })->{id};
check('a list has a task three levels below one that is seen', listed('viewer', $lowest), 1);
check('and not below one that is not', listed('nobody', $lowest), 0);
my $below = $own;
$below = must('PUT', '/task', { taskName => 'below', parentTaskId => "$below", assignee => 'helper' })->{id} for 1 .. 3;
check('below a task without a process it is everybody\'s', join('', map { listed($_, $below) } qw(nobody viewer)), '11');

# ---- again, with a key --------------------------------------------------------------------------------

sub again { my ($user, @call) = @_; my $r = call(@call[0 .. 2], user => $user, headers => { 'Idempotency-Key' => $call[3] }); $r->code . ($r->header('Idempotency-Replayed') // '') }
my $other = begin('hushhush-again');
give('hushhush', { userId => 'mate' }, 'operate');
my ($waits) = map { $_->{executionId} } @{ get_json("/process-instance/$other/tasks")->{data} };
my @kept = (
    [ 'POST', '/task/' . task_in($other) . '/variables', [ { name => 'note', value => 'x' } ], 'again-1' ],
    [ 'PUT', '/task/' . task_in($other) . '/complete', {}, 'again-2' ],
    [ 'DELETE', "/process-instance/$other", undef, 'again-3' ],
);
check("$_->[0] $_->[1] with a key", again('mate', @$_), 200) for $kept[0];
check("$_->[0] $_->[1] again", again('mate', @$_), '200true') for $kept[0];
give('hushhush', { userId => 'mate' });
check("$_->[0] $_->[1] by somebody whose right is gone", again('mate', @$_), qr/^40[34]$/) for $kept[0];
give('hushhush', { userId => 'mate' }, 'operate');
check("$_->[0] $_->[1] with a key", again('mate', @$_), 200) for @kept[1, 2];
check("$_->[0] $_->[1] again, when it is gone", again('mate', @$_), '200true') for @kept;
give('hushhush', { userId => 'mate' });

# ---- administration -----------------------------------------------------------------------------------

sub grants { join ' ', map { ($_->{userId} // "<$_->{groupId}>") . '=' . join '+', @{ $_->{rights} } } @{ get_json("$rights?size=100&processDefinitionKey=" . (shift // 'hushhush'))->{data} } }
check('operating means reading', grants(), 'starter=start viewer=read <readers>=read worker=read+operate');
give('hushhush', { userId => 'worker' }, 'start', 'read');
check('given anew', grants(), 'starter=start viewer=read <readers>=read worker=start+read');
check('effective at once', as('worker', 'DELETE', "/process-instance/$instance"), 403);
give('hushhush', { userId => 'viewer' });
check('none is none', grants(), 'starter=start <readers>=read worker=start+read');
check('and shows nothing', as('viewer', 'GET', "/process-instance/$instance"), 404);
for my $wrong (
    # body                                                                             status field
    [ { userId => 'x', rights => ['read'] },                                           400, qr/processDefinitionKey/ ],
    [ { processDefinitionKey => 'k', rights => ['read'] },                             400, qr/userId/ ],
    [ { processDefinitionKey => 'k', userId => 'x', groupId => 'user', rights => [] }, 400, qr/not both/ ],
    [ { processDefinitionKey => 'k', userId => 'x' },                                  400, qr/rights/ ],
    [ { processDefinitionKey => 'k', userId => 'x', rights => 'read' },                400, qr/rights/ ],
    [ { processDefinitionKey => 'k', userId => 'x', rights => ['all'] },               400, qr/'all'/ ],
    [ { processDefinitionKey => 'k', userId => '', rights => ['read'] },               400, qr/userId/ ],
    [ { processDefinitionKey => "k\n", userId => 'x', rights => ['read'] },            400, qr/processDefinitionKey/ ],
    [ { processDefinitionKey => 'k' x 256, userId => 'x', rights => ['read'] },        400, qr/processDefinitionKey/ ],
    [ { processDefinitionKey => 'k', groupId => 'none', rights => ['read'] },          404, qr/'none'/ ],
) {
    my ($body, $status, $message) = @$wrong;
    my $r = call('PUT', $rights, $body);
    check('refused: ' . join(' ', map { "$_=" . $body->{$_} } sort keys %$body), $r->code . ' ' . message($r), qr/^$status .*$message/);
}
must('DELETE', '/user/worker');
must('DELETE', '/group/readers');
check('users and groups take them along', grants(), 'starter=start');
must('DELETE', "$rights/*");
check('cleared', grants('*'), '');
check('and nothing else', grants(), 'starter=start');
give('hushhush', { userId => 'viewer' }, 'read');
give('hushhush', { userId => 'helper' }, 'operate');
# New versions: of what one may operate; what is new is one's own. The same for decision tables.
sub put { my ($who, $name, $bytes) = @_; upload($name, $bytes, user => $who) }
sub small { bpmn(shift, '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>') }
sub table { qq{<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="t"><decision id="$_[0]" name="n"><decisionTable><input><inputExpression><text>x</text></inputExpression></input><output name="y"/><rule><inputEntry><text>1</text></inputEntry><outputEntry><text>2</text></outputEntry></rule></decisionTable></decision></definitions>} }
sub told { my $r = shift; $r->code . ' ' . ($r->is_success ? '' : message($r)) }
check('who may read puts no version of his own in its place', told(put('viewer', 'hushhush.bpmn20.xml', small('hushhush'))), qr/^403 .*'viewer' has no right to operate 'hushhush'/);
check('nor within an archive', told(put('nobody', 'more.bar', archive([ 'a.bpmn20.xml' => small('brandnew') ], [ 'b.bpmn20.xml' => small('hushhush') ]))), qr/^403 .*'hushhush'/);
check('of which nothing stays', join(' ', $server->rows("SELECT KEY_ FROM ACT_RE_PROCDEF WHERE KEY_ = 'brandnew' OR VERSION_ > 1")), '');
check('what is new is his own', told(put('nobody', 'own.bpmn20.xml', small('own'))), '200 ');
check('with all rights', grants('own'), 'nobody=start+read+operate');
check('so he puts another version there', told(put('nobody', 'own.bpmn20.xml', small('own'))), '200 ');
check('and starts it', as('nobody', 'POST', '/process-instance', { processDefinitionId => 'own:2' }), 200);
check('others do neither', told(put('viewer', 'own.bpmn20.xml', small('own'))) . as('viewer', 'POST', '/process-instance', { processDefinitionId => 'own:2' }), qr/^403 .*404/);
check('nor who could before his rights went', told(put('chief', 'own.bpmn20.xml', small('own'))) , qr/^403/);
check('a decision table', told(put('viewer', 'rule.dmn', table('rule'))), '200 ');
check('has no other version', told(put('nobody', 'rule.dmn', table('rule'))), qr/^403 .*'rule'/);
give('rule', { userId => 'nobody' }, 'operate');
check('but of who may operate it', told(put('nobody', 'rule.dmn', table('rule'))), '200 ');
check('administrators ask nobody', told(put('kermit', 'own.bpmn20.xml', small('own'))), '200 ');
must('DELETE', "$rights/$_") for qw(own rule);
must('DELETE', "/deployment/$_?cascade=true") for $server->rows("SELECT DISTINCT DEPLOYMENT_ID_ FROM ACT_RE_PROCDEF WHERE KEY_ = 'own'");
check('who may read deletes no deployment', as('viewer', 'DELETE', "/deployment/$deployment?cascade=true"), 403);
check('nor one of a list', as('viewer', 'POST', '/deployments', { deploymentIds => [ "$deployment" ] }), 403);
check('for who sees none there is none', as('nobody', 'DELETE', "/deployment/$deployment?cascade=true"), 200);
check('and it stays', call('GET', "/deployment/$deployment/resources")->code, 200);
check('who may operate does', as('helper', 'DELETE', "/deployment/$deployment?cascade=true"), 200);
check('and it is gone', call('GET', "/deployment/$deployment/resources")->code, 404);
check('the last version takes them along', grants(), '');
check('nothing is left', join(' ', $server->rows('SELECT COUNT(*) FROM WF_GRANT')), '0');

plan tests => scalar @checks;
ok t_cmp($_->[0], $_->[1], $_->[2]) for @checks;
