# Process instances: the list of running ones, one with its history, its tasks, its end by
# order.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $ISO = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/;
my @process = ('<startEvent id="s" name="Begin"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> a', 'f -> b',
               '<userTask id="a" name="first" activiti:assignee="instances"/>', '<userTask id="b" name="second" activiti:owner="inO"/>',
               'a -> j', 'b -> j', '<parallelGateway id="j"/>', 'j -> e', '<endEvent id="e"/>');
my $definition = define('instances', @process);
my $other = define('instancesOther', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
sub begin { my ($id, %body) = @_; my $user = delete $body{user} // 'kermit'; json(call('POST', '/process-instance', { processDefinitionId => $id, %body }, user => $user))->{id} }
sub list { get_json('/process-instances?size=10000&' . shift)->{data} }
sub ids { join ' ', map { $_->{id} } @{ list(shift) } }
sub show { get_json('/process-instance/' . shift) }
sub complete_all { complete($_->{ID_}) for stored("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $_[0]") }

my %i = (
    one   => begin($definition, businessKey => 'in-1', user => 'fozzie', amount => 250, note => "\x{fc}\x{20ac}", yes => JSON::PP::true(),
                   none => undef, rate => 2.5, big => 3000000000, list => [ 1, 'b' ], map => { k => [] }),
    two   => begin($definition, businessKey => "k\x{e4}y 2"),
    three => begin($other, businessKey => 'in-1'),
    ended => begin($definition),
);
complete_all($i{ended});

# ---- the list ------------------------------------------------------------------------------
my @queries = (
    # filter                                                     ids
    [ "processDefinitionId=$definition",                         "$i{one} $i{two}" ],
    [ "processDefinitionId=$other",                              $i{three} ],
    [ 'businessKey=in-1',                                        "$i{one} $i{three}" ],
    [ "businessKey=in-1&processDefinitionId=$other",             $i{three} ],
    [ 'businessKey=k%C3%A4y+2',                                  $i{two} ],
    [ "businessKey=k%C3%A4y%202&processDefinitionId=$definition", $i{two} ],
    [ 'businessKey=IN-1',                                        '' ],
    [ 'businessKey=in%25',                                       '' ],
    [ "businessKey=in-1'--",                                     '' ],
    [ 'processDefinitionId=instances',                           '' ],
    [ "processDefinitionId=$definition&businessKey=",            "$i{one} $i{two}" ],
    [ "processDefinitionId=$definition&sort=businessKey",        "$i{one} $i{two}" ],
    [ "processDefinitionId=$definition&sort=businessKey&order=desc", "$i{two} $i{one}" ],
    [ "processDefinitionId=$definition&sort=startTime&order=desc", "$i{two} $i{one}" ],
    [ "businessKey=in-1&sort=processDefinitionId&order=desc",    "$i{three} $i{one}" ],
    [ "processDefinitionId=$definition&order=desc",              "$i{two} $i{one}" ],
);
my @refused = (
    [ 'sort=name',       qr/'name'/ ],
    [ 'sort=endTime',    qr/'endTime'/ ],
    [ 'order=up',        qr/'up'/ ],
    [ 'size=x',          qr/'size'/ ],
);
# ---- ids that are none of a running instance -----------------------------------------------
my $task = value_of("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i{one} AND NAME_ = 'first'");
my $branch = value_of("SELECT EXECUTION_ID_ FROM ACT_RU_TASK WHERE ID_ = $task");
my @unknown = (0, 'x', 999999999, "0$i{one}", $task, $branch, $definition, 'in-1');

plan tests => @queries + 2 * @refused + 4 * @unknown + 61;

for my $case (@queries) {
    my ($query, $expected) = @$case;
    ok t_cmp(ids($query), $expected, $query);
}
for my $case (@refused) {
    my ($query, $message) = @$case;
    my $r = call('GET', "/process-instances?$query");
    ok t_cmp($r->code, 400, $query);
    ok t_cmp(message($r), $message, $query);
}
my $page = get_json("/process-instances?processDefinitionId=$definition&size=1");
ok t_cmp(join(' ', map { "$_=$page->{$_}" } qw(total start sort order size)), 'total=2 start=0 sort=id order=asc size=1', 'the envelope');
my $row = $page->{data}[0];
ok t_cmp(join(' ', sort keys %$row), 'businessKey id processDefinitionId startTime startUserId suspended', 'members of a row');
ok t_cmp("$row->{businessKey} $row->{processDefinitionId} $row->{startUserId}", "in-1 $definition fozzie", 'their values');
ok t_cmp($row->{startTime}, $ISO, 'when it began');
ok t_cmp(call('GET', "/process-instances?businessKey=in-1&size=1")->content, qr/"id":"\d+"/, 'the id is a string');
ok t_cmp((list("processDefinitionId=$other"))->[0]{businessKey}, 'in-1', 'the same key with another definition');
begin($other);
ok t_cmp((list("processDefinitionId=$other"))->[1]{businessKey}, undef, 'no key is null');

# ---- one running instance ------------------------------------------------------------------
my $one = show($i{one});
ok t_cmp(join(' ', sort keys %$one), 'activities businessKey completed processDefinitionId processInstanceId startActivityId startTime startUserId suspended tasks variables', 'members');
ok t_cmp(join(' ', @$one{qw(processInstanceId businessKey processDefinitionId startActivityId startUserId)}), "$i{one} in-1 $definition s fozzie", 'their values');
ok t_cmp($one->{completed}, JSON::PP::false(), 'it runs');
ok t_cmp($one->{startTime}, $ISO, 'since when');
sub words { my ($rows, @members) = @_; join '; ', map { my $r = $_; join ' ', map { ref $r->{$_} ? $r->{$_} ? 'true' : 'false' : $r->{$_} // '-' } @members } @$rows }
ok t_cmp(words($one->{tasks}, qw(taskName owner assignee completed endTime duration)), 'first - instances false - -; second inO - false - -', 'its tasks');
ok t_cmp($one->{tasks}[0]{taskId}, "$task", 'the id of a task, a string');
ok t_cmp(join(' ', sort keys %{ $one->{tasks}[0] }), 'assignee category completed duration endTime owner startTime taskId taskName', 'members of a task');
ok t_cmp(join(' ', sort map { "$_->{activityId}:$_->{activityType}:" . ($_->{activityName} // '') . ":" . ($_->{completed} ? 1 : 0) } @{ $one->{activities} }),
         'a:userTask:first:0 b:userTask:second:0 f:parallelGateway::1 s:startEvent:Begin:1', 'its activities');
ok t_cmp(join(' ', sort keys %{ $one->{activities}[0] }), 'activityId activityName activityType completed duration endTime startTime', 'members of an activity');
ok t_cmp($one->{activities}[0]{endTime}, $ISO, 'the end of the first');
ok $one->{activities}[0]{duration} =~ /^\d+$/;
my %v = map { $_->{variableName} => $_ } @{ $one->{variables} };
ok t_cmp(join(' ', map { "$_:$v{$_}{variableType}" } sort keys %v),
         'amount:integer big:long list:list map:map none:null note:string rate:double yes:boolean', 'types of variables');
ok t_cmp([ map { $v{$_}{variableValue} } sort keys %v ], [ '250', '3000000000', '[1,"b"]', '{"k":[]}', undef, "\x{fc}\x{20ac}", '2.5', 'true' ], 'their texts');
ok !exists show($i{two})->{variables};

# What the instance's branches do: one of two done.
complete($task, { amount => 17 });
$one = show($i{one});
ok t_cmp(words($one->{tasks}, qw(taskName completed)), 'first true; second false', 'one task done');
ok t_cmp($one->{tasks}[0]{endTime}, $ISO, 'when');
ok t_cmp((map { $_->{variableValue} } grep { $_->{variableName} eq 'amount' } @{ $one->{variables} })[0], '17', 'a variable has changed');

# ---- one that has ended --------------------------------------------------------------------
my $ended = show($i{ended});
ok t_cmp(join(' ', sort keys %$ended), 'activities businessKey completed duration endActivityId endTime processDefinitionId processInstanceId startActivityId startTime startUserId suspended tasks', 'members');
ok t_cmp($ended->{completed}, JSON::PP::true(), 'it is over');
ok t_cmp("$ended->{endActivityId} " . (grep { !$_->{completed} } @{ $ended->{tasks} }, @{ $ended->{activities} }), 'e 0', 'with all that was in it');
ok t_cmp($ended->{endTime}, $ISO, 'since when');
ok $ended->{duration} =~ /^\d+$/;

# ---- its tasks -----------------------------------------------------------------------------
my $tasks = get_json("/process-instance/$i{two}/tasks?sort=name&order=desc");
ok t_cmp(words($tasks->{data}, qw(name assignee owner processInstanceId)), "second - inO $i{two}; first instances - $i{two}", 'open tasks');
ok t_cmp(join(' ', map { "$_=$tasks->{$_}" } qw(total start sort order size)), 'total=2 start=0 sort=name order=desc size=2', 'the envelope');
ok t_cmp($tasks->{data}[0], (tasks_of($i{two}, 'owner=inO'))[0], 'rows as in the list of tasks');
ok t_cmp(get_json("/process-instance/$i{two}/tasks?size=1&start=1")->{data}[0]{name}, 'second', 'a page');
ok t_cmp(get_json("/process-instance/$i{one}/tasks")->{total}, 1, 'one is done');
ok t_cmp(get_json("/process-instance/$i{ended}/tasks")->{total}, 0, 'none of an ended one');
ok t_cmp(call('GET', "/process-instance/$i{two}/tasks?sort=colour")->code, 400, 'no sort key');

# ---- no such instance ----------------------------------------------------------------------
for my $id (@unknown) {
    ok t_cmp(call('GET', "/process-instance/$id")->code, 404, "'$id'");
    ok t_cmp(message(call('GET', "/process-instance/$id")), qr/process instance.*'\Q$id\E'/, "'$id' is named");
    ok t_cmp(call('GET', "/process-instance/$id/tasks")->code, 404, "tasks of '$id'");
    ok t_cmp(call('DELETE', "/process-instance/$id")->code, 404, "delete '$id'");
}
ok t_cmp(call('GET', '/process-instance/')->code, 400, 'no id');

# ---- deleting ------------------------------------------------------------------------------
my $r = call('DELETE', "/process-instance/$i{two}", undef, user => 'fozzie');
ok t_cmp($r->content, '{"success":true}', 'delete');
for my $table (qw(ACT_RU_EXECUTION ACT_RU_TASK ACT_RU_VARIABLE)) {
    ok t_cmp(value_of("SELECT COUNT(*) FROM $table WHERE PROC_INST_ID_ = $i{two}"), 0, "$table is clean");
}
ok t_cmp(ids("processDefinitionId=$definition"), $i{one}, 'it is in no list');
my $deleted = show($i{two});
ok t_cmp($deleted->{completed}, JSON::PP::true(), 'history has it, ended');
ok t_cmp($deleted->{endActivityId}, undef, 'at no end');
ok t_cmp(join(' ', map { $_->{completed} ? 1 : 0 } @{ $deleted->{tasks} }), '1 1', 'with its tasks');
ok t_cmp(value_of("SELECT DELETE_REASON_ FROM ACT_HI_PROCINST WHERE ID_ = $i{two}"), 'deleted', 'and why');
ok t_cmp(call('DELETE', "/process-instance/$i{two}")->code, 404, 'only once');
ok t_cmp(call('DELETE', "/process-instance/$i{ended}")->code, 404, 'nor one that has ended by itself');
call('DELETE', "/process-instance/$i{three}?deleteReason=%C3%BCber+Bord");
ok t_cmp(value_of("SELECT DELETE_REASON_ FROM ACT_HI_PROCINST WHERE ID_ = $i{three}"), "\x{fc}ber Bord", 'a reason of the caller');
ok t_cmp(call('DELETE', "/process-instance/$i{one}", undef, user => undef)->code, 401, 'not without credentials');
ok t_cmp(call('DELETE', "/process-instance/$i{one}?deleteReason=" . 'r' x 4001)->code, 400, 'an endless reason');

# ---- deleting what was called --------------------------------------------------------------
define('instancesCalled', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
my $single = define('instancesCaller', '<startEvent id="s"/>', 's -> c', '<callActivity id="c" calledElement="instancesCalled"/>',
                    'c -> after', '<userTask id="after"/>');
my $beside = define('instancesBeside', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> c', 'f -> b',
                    '<userTask id="b"/>', '<callActivity id="c" calledElement="instancesCalled"/>', 'c -> after', '<userTask id="after"/>');
sub called_by { value_of("SELECT PROC_INST_ID_ FROM ACT_RU_EXECUTION WHERE SUPER_EXEC_ IN (SELECT ID_ FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ = $_[0])") }

my $caller = begin($beside);
my $called = called_by($caller);
ok t_cmp(call('DELETE', "/process-instance/$called?deleteReason=lost")->content, '{"success":true}', 'delete a called instance');
ok t_cmp(words(show($caller)->{activities}, qw(activityId completed)), qr/^(?!.*after).*b false; c true|^(?!.*after).*c true; b false/, 'its call is over, and leads nowhere');
ok t_cmp(show($caller)->{completed}, JSON::PP::false(), 'its caller goes on');
ok t_cmp(value_of("SELECT DELETE_REASON_ FROM ACT_HI_PROCINST WHERE ID_ = $called"), 'lost', 'why it has ended');
ok t_cmp(value_of("SELECT DELETE_REASON_ FROM ACT_HI_PROCINST WHERE ID_ = $caller"), undef, 'that is not about the caller');
complete_all($caller);
ok t_cmp(show($caller)->{completed}, JSON::PP::true(), 'and waits for nothing else');

$caller = begin($single);
$called = called_by($caller);
call('DELETE', "/process-instance/$called?deleteReason=lost");
ok t_cmp(show($caller)->{completed}, JSON::PP::true(), 'a caller with nothing else is deleted, too');
ok t_cmp(value_of("SELECT DELETE_REASON_ FROM ACT_HI_PROCINST WHERE ID_ = $caller"), 'lost', 'for the same reason');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ IN ($caller, $called)"), 0, 'nothing is left of both');
ok t_cmp(call('DELETE', "/process-instance/$called")->code, 404, 'only once');
