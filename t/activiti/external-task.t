# External tasks over HTTP, as a worker of Camunda 7 would: fetch and lock, reports, locks,
# lists, typed variables, refusals, and long polls.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Select ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(status => 1, extra => "WorkflowMaxLongPoll 20\nWorkflowLongPollLimit 3")->start;

my $definition = define('external', '<startEvent id="s"/>', 's -> x',
    '<serviceTask id="x" activiti:type="external" activiti:topic="${topic}" activiti:taskPriority="${priority}"/>', 'x -> t',
    '<userTask id="t" activiti:assignee="kermit"/>', '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="BAD"/></boundaryEvent>',
    'b -> h', '<userTask id="h" activiti:assignee="kermit"/>');

sub begin { my ($topic, %vars) = @_; start($definition, { topic => $topic, priority => 0, %vars })->{id} }
sub place { join ' ', sort map { $_->{activityId} } grep { !$_->{completed} } @{ get_json('/process-instance/' . shift)->{activities} } }
sub value { my ($instance, $name) = @_; my ($v) = grep { $_->{variableName} eq $name } @{ get_json("/process-instance/$instance")->{variables} // [] }; $v && "$v->{variableType} " . ($v->{variableValue} // 'null') }
sub fetch { my ($topic, %more) = @_; call('POST', '/external-task/fetchAndLock', { workerId => 'w', maxTasks => 10,
    topics => [ { topicName => $topic, lockDuration => 60000, %{ delete $more{topic} // {} } } ], %more }, user => 'fozzie') }
sub fetched { my $r = fetch(@_); $r->code == 200 or die $r->as_string; @{ json($r) } }
sub report { my ($id, $what, $body, %opt) = @_; call($opt{method} // 'POST', "/external-task/$id/$what", $body, user => $opt{user} // 'fozzie') }
sub row { get_json('/external-task/' . shift) }

my $date = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4}$/;

# Reports that are refused: a body each, and what the message has.
my @refused = (    # call          body                                                          status  message
    [ 'complete',   {},                                                                       400, 'workerId' ],
    [ 'complete',   { workerId => 'other' },                                                  400, "'other'" ],
    [ 'complete',   { workerId => 'w', nonsense => 1 },                                       400, "'nonsense'" ],
    [ 'complete',   { workerId => 'w', variables => [] },                                     400, "'variables'" ],
    [ 'complete',   { workerId => 'w', variables => { a => 1 } },                             400, "'a'" ],
    [ 'complete',   { workerId => 'w', variables => { a => { value => 'x', type => 'Integer' } } }, 400, "'a'" ],
    [ 'complete',   { workerId => 'w', variables => { a => { value => 'x', type => 'File' } } },    400, "'File'" ],
    [ 'complete',   { workerId => 'w', variables => { a => { value => 1, valueInfo => { transient => JSON::PP::true } } } }, 400, 'transient' ],
    [ 'complete',   '[',                                                                      400, '' ],
    [ 'bpmnError',  { workerId => 'w' },                                                      400, 'errorCode' ],
    [ 'bpmnError',  { workerId => 'w', errorCode => 'OTHER' },                                500, 'OTHER' ],
    [ 'bpmnError',  { workerId => 'other', errorCode => 'BAD' },                              400, "'other'" ],
    [ 'failure',    { workerId => 'w', retries => -1 },                                       400, "'retries'" ],
    [ 'failure',    { workerId => 'w', retries => 'x' },                                      400, "'retries'" ],
    [ 'failure',    { workerId => 'w', retryTimeout => -1 },                                  400, "'retryTimeout'" ],
    [ 'lock',       { workerId => 'w' },                                                      400, "'lockDuration'" ],
    [ 'lock',       { workerId => 'other', lockDuration => 100 },                             400, "'w'" ],
    [ 'extendLock', { workerId => 'w', newDuration => 0 },                                    400, "'newDuration'" ],
    [ 'extendLock', { workerId => 'other', newDuration => 1 },                                400, "'other'" ],
    [ 'unlock',     { workerId => 'w' },                                                      400, "'workerId'" ],
);

# What a fetch may not ask for.
my @no_fetch = (
    [ { workerId => undef },                                  'workerId' ],
    [ { workerId => 'w' x 256 },                              'workerId' ],
    [ { maxTasks => -1 },                                     'maxTasks' ],
    [ { maxTasks => 1001 },                                   'maxTasks' ],
    [ { maxTasks => '1' },                                    'maxTasks' ],
    [ { usePriority => 'yes' },                               'usePriority' ],
    [ { asyncResponseTimeout => -1 },                         'asyncResponseTimeout' ],
    [ { asyncResponseTimeout => 1800001 },                    'asyncResponseTimeout' ],
    [ { nonsense => 1 },                                      'nonsense' ],
    [ { sorting => [ { sortBy => 'createTime', sortOrder => 'desc' } ] }, 'sorting' ],
    [ { sorting => [ { sortBy => 'lockExpirationTime' } ] },  'sorting' ],
    [ { sorting => 'createTime' },                            'sorting' ],
    [ { topics => {} },                                       'topics' ],
    [ { topics => [ 1 ] },                                    'topics' ],
    [ { topics => [ { topicName => 'a' } ] },                 'lockDuration' ],
    [ { topics => [ { lockDuration => 1 } ] },                'topicName' ],
    [ { topic => { nonsense => 1 } },                         'nonsense' ],
    [ { topic => { tenantIdIn => ['a'] } },                   'tenantIdIn' ],
    [ { topic => { processDefinitionVersionTag => 'v1' } },   'processDefinitionVersionTag' ],
    [ { topic => { includeExtensionProperties => JSON::PP::true } }, 'includeExtensionProperties' ],
    [ { topic => { includeExtensionProperties => 'no' } },    'includeExtensionProperties' ],
    [ { topic => { withoutTenantId => 1 } },                  'withoutTenantId' ],
    [ { topic => { deserializeValues => 'no' } },             'deserializeValues' ],
    [ { topic => { processVariables => [ 1 ] } },             'processVariables' ],
    [ { topic => { businessKey => [ 1 ] } },                  'businessKey' ],
    [ { topic => { processDefinitionKeyIn => 'a' } },         'processDefinitionKeyIn' ],
    [ { topic => { lockDuration => 0 } },                     'lockDuration' ],
    [ { topic => { lockDuration => '1' } },                   'lockDuration' ],
    [ { topic => { variables => 'a' } },                      'variables' ],
    [ { topic => { localVariables => 1 } },                   'localVariables' ],
    [ { topic => { processDefinitionIdIn => [ 1 ] } },        'processDefinitionIdIn' ],
);

# Conditions of a topic, and whether they let a task pass that has the business key k, amount 250, rate 2.5, big a long,
# who fozzie, none null.
my @conditions = (
    [ {},                                                                         1 ],
    [ { businessKey => 'k' },                                                     1 ],
    [ { businessKey => 'K' },                                                     0 ],
    [ { processDefinitionId => 'external:1' },                                    1 ],
    [ { processDefinitionId => 'external:2' },                                    0 ],
    [ { processDefinitionIdIn => [ 'other:1', 'external:1' ] },                   1 ],
    [ { processDefinitionIdIn => [ 'other:1' ] },                                 0 ],
    [ { processDefinitionIdIn => [] },                                            0 ],
    [ { processDefinitionKey => 'external' },                                     1 ],
    [ { processDefinitionKey => 'other' },                                        0 ],
    [ { processDefinitionKeyIn => [ 'other', 'external' ] },                      1 ],
    [ { processDefinitionKey => 'external', processDefinitionKeyIn => ['other'] }, 0 ],
    [ { processVariables => { amount => 250 } },                                  1 ],
    [ { processVariables => { amount => 251 } },                                  0 ],
    [ { processVariables => { amount => 250, who => 'fozzie', rate => 2.5 } },    1 ],
    [ { processVariables => { amount => 250, who => 'gonzo' } },                  0 ],
    [ { processVariables => { big => 5_000_000_000 } },                           1 ],
    [ { processVariables => { none => undef } },                                  1 ],
    [ { processVariables => { missing => undef } },                               0 ],
    [ { processVariables => {} },                                                 1 ],
    [ { withoutTenantId => JSON::PP::true(), tenantIdIn => [], deserializeValues => JSON::PP::false(), includeExtensionProperties => JSON::PP::false() }, 1 ],
);

# Lists: a query, and how many of four tasks it gives.
my @lists = (
    [ 'topicName=list',                      4 ],
    [ 'topicName=none',                      0 ],
    [ 'topicName=list&locked=true',          2 ],
    [ 'topicName=list&notLocked=true',       2 ],
    [ 'topicName=list&locked=false',         4 ],
    [ 'topicName=list&workerId=w',           3 ],
    [ 'topicName=list&noRetriesLeft=true',   1 ],
    [ 'topicName=list&withRetriesLeft=true', 3 ],
    [ 'topicName=list&suspended=true',       0 ],
    [ 'topicName=list&active=true',          4 ],
    [ 'topicName=list&activityId=x',         4 ],
    [ 'topicName=list&externalTaskId=x',     0 ],
    [ 'topicName=list&maxResults=3',         3 ],
    [ 'topicName=list&firstResult=3',        1 ],
);

plan tests => 84 + @conditions + 3 * @refused + 2 * @no_fetch + 2 * @lists;

# ---- a task ------------------------------------------------------------------------------------

my $instance = start($definition, { businessKey => 'A-7', topic => 'one', priority => 3, amount => 250 })->{id};
my $r = fetch('one');
ok t_cmp($r->header('Content-Type'), 'application/json', 'the type that clients look for');
my ($task, @more) = @{ json($r) };
ok t_cmp(scalar(@more), 0, 'one task');
my %wanted = (topicName => 'one', workerId => 'w', priority => 3, retries => undef, suspended => JSON::PP::false, activityId => 'x',
    processInstanceId => $instance, processDefinitionId => $definition, processDefinitionKey => 'external', businessKey => 'A-7',
    tenantId => undef, errorMessage => undef, errorDetails => undef, extensionProperties => {});
ok t_cmp($task->{$_}, $wanted{$_}, $_) for sort keys %wanted;
ok t_cmp($task->{$_}, $date, $_) for qw(lockExpirationTime createTime);
ok t_cmp($task->{variables}, { amount => { type => 'Integer', value => 250, valueInfo => {} }, topic => { type => 'String', value => 'one', valueInfo => {} },
    priority => { type => 'Integer', value => 3, valueInfo => {} } }, 'its variables');
ok t_cmp(scalar(fetched('one')), 0, 'it is locked');
my $id = $task->{id};
my %shown = %{ row($id) };
ok t_cmp({ map { $_ => $shown{$_} } keys %shown }, { map { $_ => $task->{$_} } keys %shown }, 'the same by its id');
ok t_cmp(call('GET', "/external-task/$id/errorDetails")->code, 204, 'no details');

for (@refused) {
    my ($what, $body, $status, $message) = @$_;
    my $r = report($id, $what, $body);
    ok t_cmp($r->code, $status, "$what is refused");
    ok t_cmp(message($r), qr/\Q$message\E/, 'and told why');
    my $error = json($r);
    ok $error->{type} =~ /Exception$/ && defined $error->{code} && $r->header('Content-Type') eq 'application/json' or t_debug($r->as_string);
}
ok t_cmp(report(0, 'complete', { workerId => 'w' })->code, 404, 'no task');
$r = report($id, 'complete', { workerId => 'w', variables => {
    t => { value => 'x', type => 'String' }, i => { value => 5, type => 'integer' }, l => { value => '6', type => 'Long' },
    d => { value => 1.5, type => 'Double' }, b => { value => JSON::PP::false, type => 'Boolean' }, n => { value => undef, type => 'Null' },
    j => { value => '{"a":[1]}', type => 'Json' }, o => { value => '[2]', type => 'Object', valueInfo => { serializationDataFormat => 'application/json' } },
    w => { value => '2026-01-21T13:04:05.000+0000', type => 'Date' }, y => { value => 'aGk=', type => 'Bytes' }, u => { value => 'plain' } } });
ok t_cmp($r->code, 204, 'completed');
ok t_cmp($r->content, '', 'without a body');
ok t_cmp(place($instance), 't', 'the process goes on');
my %kinds = (t => 'string x', i => 'integer 5', l => 'long 6', d => 'double 1.5', b => 'boolean false', n => 'null null',
             j => 'map {"a":[1]}', o => 'list [2]', u => 'string plain', y => 'bytes aGk=');
ok t_cmp(value($instance, $_), $kinds{$_}, "variable $_") for sort keys %kinds;
ok t_cmp(value($instance, 'w'), qr/^date 2026-01-21T/, 'a date');
ok t_cmp(report($id, 'complete', { workerId => 'w' })->code, 404, 'once');

# ---- failures, errors, locks ---------------------------------------------------------------------

$instance = begin('two');
($task) = fetched('two', topic => { variables => [] });
$id = $task->{id};
ok t_cmp($task->{variables}, {}, 'no variables are wanted');
ok t_cmp(report($id, 'failure', { workerId => 'w', errorMessage => 'no', errorDetails => "at\nlength", retries => 1, retryTimeout => 600000 })->code, 204, 'a failure');
ok t_cmp(join(' ', map { row($id)->{$_} } qw(errorMessage retries workerId)), 'no 1 w', 'is told');
$r = call('GET', "/external-task/$id/errorDetails");
ok t_cmp($r->content, "at\nlength", 'so are the details');
ok t_cmp($r->header('Content-Type'), qr{^text/plain}, 'as a text');
ok t_cmp(report($id, 'unlock', undef)->code, 204, 'unlocked');
ok t_cmp((fetched('two'))[0]{errorDetails}, "at\nlength", 'the next one sees them');
ok t_cmp(report($id, 'failure', { workerId => 'w', errorMessage => 'never' })->code, 204, 'a failure without retries');
ok t_cmp(report($id, 'unlock', undef)->code, 204, 'unlocked');
ok t_cmp(scalar(fetched('two')), 0, 'it has stopped');
ok t_cmp(report($id, 'retries', { retries => 2 }, method => 'PUT')->code, 403, 'retries are for administrators');
ok t_cmp(report($id, 'retries', { retries => 2 }, method => 'PUT', user => 'kermit')->code, 204, 'retries');
ok t_cmp(report($id, 'priority', { priority => 9 }, method => 'PUT', user => 'kermit')->code, 204, 'priority');
ok t_cmp(report($id, 'priority', {}, method => 'PUT', user => 'kermit')->code, 400, 'priority must be told');
ok t_cmp(join(' ', map { row($id)->{$_} } qw(retries priority)), '2 9', 'both count');
ok t_cmp(report($id, 'lock', { workerId => 'v', lockDuration => 60000 })->code, 204, 'locked by its id');
ok t_cmp(report($id, 'extendLock', { workerId => 'v', newDuration => 120000 })->code, 204, 'and longer');
ok t_cmp(report($id, 'bpmnError', { workerId => 'v', errorCode => 'BAD', variables => { why => { value => 'so' } } })->code, 204, 'an error');
ok t_cmp(place($instance), 'h', 'is caught');
ok t_cmp(value($instance, 'why'), 'string so', 'with its variables');

# ---- a fetch ------------------------------------------------------------------------------------

for (@no_fetch) {
    my ($change, $field) = @$_;
    my $r = fetch('three', %$change);
    ok t_cmp($r->code, 400, "fetch: $field is refused");
    ok t_cmp(message($r), qr/'$field'/, 'by its name');
}
begin('sorted', priority => $_) for 1, 5, 3;
my @all = fetched('sorted', sorting => [ { sortBy => 'createTime', sortOrder => 'asc' } ], usePriority => JSON::PP::true);
ok t_cmp(join(' ', map { $_->{priority} } @all), '5 3 1', 'the highest priority first');

start($definition, { businessKey => 'k', topic => 'picky', priority => 0, amount => 250, rate => 2.5, who => 'fozzie', big => 5_000_000_000, none => undef });
for (@conditions) {
    my ($topic, $count) = @$_;
    my @got = fetched('picky', topic => $topic);
    ok t_cmp(scalar(@got), $count, JSON::PP->new->canonical->encode($topic));
    report($_->{id}, 'unlock', undef) for @got;
}

# What is shown of the variables: those that are wanted, or those of the task's own scope.
my $rounds = define('externalRounds', '<startEvent id="s"/>', 's -> x', '<serviceTask id="x" activiti:type="external" activiti:topic="rounds">'
    . '<multiInstanceLoopCharacteristics isSequential="true" activiti:collection="${list}" activiti:elementVariable="one"/></serviceTask>');
sub shown { my ($first) = fetched('rounds', topic => { @_ }); report($first->{id}, 'unlock', undef); return join ' ', sort keys %{ $first->{variables} } }
start($rounds, { list => [ 'a', 'b' ], who => 'fozzie' });
ok t_cmp(shown(), 'list loopCounter nrOfActiveInstances nrOfCompletedInstances nrOfInstances one who', 'all that the task sees');
ok t_cmp(shown(variables => [ 'who', 'one', 'missing' ]), 'one who', 'those that are wanted');
ok t_cmp(shown(localVariables => JSON::PP::true()), 'loopCounter one', 'those of its own scope');
ok t_cmp(shown(localVariables => JSON::PP::true(), variables => [ 'who', 'one' ]), 'one', 'both conditions');

# A late worker: another one has the task meanwhile, or nobody needs it any more.
$instance = begin('late');
my ($late) = fetched('late', topic => { lockDuration => 1 });
my $taken = wait_until { (fetched('late', workerId => 'v'))[0] };
ok t_cmp(report($late->{id}, 'complete', { workerId => 'w' })->code, 400, 'another worker has it');
ok t_cmp(call('DELETE', "/process-instance/$instance")->code, 200);
ok t_cmp(report($late->{id}, 'complete', { workerId => 'v' })->code, 404, 'nobody needs it');
ok t_cmp(report($late->{id}, 'bpmnError', { workerId => 'v', errorCode => 'BAD' })->code, 404, 'nor its errors');

# ---- lists ------------------------------------------------------------------------------------------

begin('list') for 1 .. 4;
my @ids = map { $_->{id} } fetched('list', maxTasks => 3);
report($ids[0], 'failure', { workerId => 'w' });
for (@lists) {
    my ($query, $count) = @$_;
    ok t_cmp(scalar(@{ get_json("/external-task?$query") }), $count, $query);
    my %body = map { my ($name, $value) = split /=/; ($name => $value =~ /^(true|false)$/ ? ($value eq 'true' ? JSON::PP::true : JSON::PP::false) : $value) } split /&/, $query;
    my $page = join '&', map { "$_=" . delete $body{$_} } grep { exists $body{$_} } qw(firstResult maxResults);
    ok t_cmp(scalar(@{ json(call('POST', "/external-task?$page", \%body)) }), $count, "$query in a body");
}
ok t_cmp(get_json('/external-task/count?topicName=list'), { count => 4 }, 'how many');
ok t_cmp(json(call('POST', '/external-task/count', { topicName => 'list', locked => JSON::PP::true })), { count => 2 }, 'how many, by a body');
ok t_cmp(join(' ', map { $_->{id} } @{ get_json('/external-task?topicName=list&sortBy=id&sortOrder=desc') }),
         join(' ', sort { $b <=> $a } map { $_->{id} } @{ get_json('/external-task?topicName=list') }), 'in another order');
my %no_list = ('tenantIdIn=a' => 'tenantIdIn', 'sortBy=id' => 'sortOrder', 'sortBy=nothing&sortOrder=asc' => 'sortBy', 'maxResults=1001' => 'maxResults');
for my $query (sort keys %no_list) {
    ok t_cmp(message(call('GET', "/external-task?$query")), qr/'$no_list{$query}'/, "$query is refused");
}
ok t_cmp([ grep { /^(list|sorted)$/ } @{ get_json('/external-task/topic-names?withLockedTasks=true') } ], [ 'list', 'sorted' ], 'topics');

# ---- waiting -------------------------------------------------------------------------------------------

# A fetch in a process of its own; what it got, and how long it took.
sub begin_fetch {
    my @args = @_;
    pipe my $in, my $out or die $!;
    my $pid = fork // die $!;
    if (!$pid) {
        my $since = time;
        my $r = fetch(@args);
        print $out JSON::PP::encode_json({ code => $r->code, tasks => $r->code == 200 ? json($r) : [], took => time - $since });
        close $out;
        POSIX::_exit(0);
    }
    close $out;
    return { pid => $pid, in => $in };
}
sub wait_for_waiting { my $n = shift // 1; wait_until { $server->answering('/activiti-rest/service/external-task/fetchAndLock') == $n } or die "not $n wait" }
sub end_fetch { my $f = shift; local $/; my $got = JSON::PP::decode_json(readline $f->{in}); waitpid $f->{pid}, 0; $got }

my $waiting = begin_fetch('later', asyncResponseTimeout => 15000);
wait_for_waiting();
$instance = begin('later');
my $got = end_fetch($waiting);
ok t_cmp($got->{tasks}[0]{processInstanceId}, $instance, 'a task that came later');
ok $got->{took} < 10 or t_debug($got->{took});
$got = end_fetch(begin_fetch('never', asyncResponseTimeout => 400));
ok @{ $got->{tasks} } == 0 && $got->{took} >= 0.4 && $got->{took} < 10 or t_debug($got->{took});

# A worker that is killed gets nothing: the next one does.
$waiting = begin_fetch('killed', asyncResponseTimeout => 15000);
wait_for_waiting();
kill KILL => $waiting->{pid};
waitpid $waiting->{pid}, 0;
wait_for_waiting(0);
begin('killed');
ok t_cmp(scalar(fetched('killed')), 1, 'nobody has it');

# No more than three wait; a graceful restart and an end let nobody wait.
my @waiting = map { begin_fetch("many$_", asyncResponseTimeout => 15000) } 1 .. 4;
my ($refused) = IO::Select->new(map { $_->{in} } @waiting)->can_read(10);
my ($early) = grep { $refused && $_->{in} == $refused } @waiting;
$got = $early && end_fetch($early);
ok $got && $got->{code} == 200 && !@{ $got->{tasks} };    # one too many does not wait
@waiting = grep { !$early || $_ != $early } @waiting;
$server->graceful;
my @took = map { end_fetch($_)->{took} } @waiting;
ok !grep { $_ > 10 } @took or t_debug(@took);
ok $server->wait_ready;
$waiting = begin_fetch('end', asyncResponseTimeout => 15000);
wait_for_waiting();
my $since = time;
ok $server->stop;
ok time - $since < 10 or t_debug(time - $since);
end_fetch($waiting);
