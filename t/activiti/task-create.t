# Tasks without a process: made, shown with their sub-tasks, changed, claimed, completed,
# deleted.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $ISO = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/;
sub create { call('PUT', '/task', @_) }
sub new_task { my $r = create(@_); $r->is_success or die $r->as_string; json($r) }
sub change { my ($task, $body) = @_; call('POST', "/task/$task", $body) }
sub task { get_json('/task/' . shift) }
sub status { call('GET', '/task/' . shift)->code }
sub history { my ($row) = stored("SELECT * FROM ACT_HI_TASKINST WHERE ID_ = @_"); $row }

my @members = (
    # what of the body                        what of the task
    [ '',                                     'name' => undef, description => undef, assignee => undef, owner => undef, priority => 50, dueDate => undef, parentTaskId => undef ],
    [ '"taskName":"a"',                       name => 'a' ],
    [ '"name":"a"',                           name => 'a' ],
    [ '"name":"b","taskName":"a"',            name => 'a' ],
    [ "\"taskName\":\"\xc3\xbc \xe2\x82\xac\xf0\x9f\x98\x80\"", name => "\x{fc} \x{20ac}\x{1f600}" ],
    [ '"taskName":17',                        name => '17' ],
    [ '"taskName":"' . 'n' x 255 . '"',       name => 'n' x 255 ],
    [ '"description":"<b>&\"\n"',             description => "<b>&\"\n" ],
    [ '"description":"' . 'd' x 4000 . '"',   description => 'd' x 4000 ],
    [ '"assignee":"fozzie","owner":"gonzo"',  assignee => 'fozzie', owner => 'gonzo' ],
    [ '"category":"sales"',                   category => 'sales' ],
    [ '"category":""',                        category => undef ],
    [ '"assignee":"nobody we know"',          assignee => 'nobody we know' ],
    [ '"assignee":"","owner":"","dueDate":"","description":"","parentTaskId":""',
                                              assignee => undef, owner => undef, dueDate => undef, description => undef, parentTaskId => undef ],
    [ '"assignee":null,"priority":null,"dueDate":null,"taskName":null,"parentTaskId":null',
                                              assignee => undef, priority => 50, dueDate => undef, name => undef ],
    [ '"priority":0',                         priority => 0 ],
    [ '"priority":"70"',                      priority => 70 ],
    [ '"priority":-2147483648',               priority => -2147483648 ],
    [ '"priority":"2147483647"',              priority => 2147483647 ],
    [ '"dueDate":"2030-07-10"',               dueDate => qr/^2030-07-10T00:00:00\.000/ ],
    [ '"dueDate":"2030-07-10T08:30:00.125Z"', dueDate => $ISO ],
    [ '"dueDate":"2030-07-10T08:30:00+02:00"', dueDate => $ISO ],
    [ '"dueDate":"1969-12-31"',               dueDate => qr/^1969-12-31T/ ],
    [ '"unknown":{"a":[1]},"taskId":"7","id":3', name => undef ],
);
my @refused = (
    # body                                    what the message names
    [ '{"taskName":["a"]}',                   qr/'taskName'/ ],
    [ '{"name":{}}',                          qr/'name'/ ],
    [ '{"taskName":"a\u0000b"}',              qr/'taskName'/ ],
    [ '{"taskName":"' . 'n' x 256 . '"}',     qr/'taskName'.*255/ ],
    [ '{"description":"' . 'd' x 4001 . '"}', qr/'description'.*4000/ ],
    [ '{"description":[]}',                   qr/'description'/ ],
    [ '{"assignee":{}}',                      qr/'assignee'/ ],
    [ '{"assignee":"' . 'a' x 256 . '"}',     qr/'assignee'/ ],
    [ '{"owner":[]}',                         qr/'owner'/ ],
    [ '{"category":{}}',                      qr/'category'/ ],
    [ '{"category":"' . 'c' x 256 . '"}',     qr/'category'.*255/ ],
    [ '{"priority":"high"}',                  qr/'priority'/ ],
    [ '{"priority":1.5}',                     qr/'priority'/ ],
    [ '{"priority":true}',                    qr/'priority'/ ],
    [ '{"priority":""}',                      qr/'priority'/ ],
    [ '{"priority":2147483648}',              qr/'priority'/ ],
    [ '{"priority":[]}',                      qr/'priority'/ ],
    ( map { [ "{\"dueDate\":$_}", qr/'dueDate'/ ] } '"tomorrow"', '"2030-02-30"', '"10.07.2030"', '"2030-07-10T08:30:00"', '"2030-07-10x"', '1893456000000', 'true', '{}' ),
    [ '[]',                                   qr/object/ ],
    [ '{',                                    qr/JSON|line/ ],
);

plan tests => 3 * @members + 3 * @refused + 66;

for my $case (@members) {
    my ($body, %expected) = @$case;
    my $what = substr $body, 0, 50;
    my $r = create("{$body}");
    ok t_cmp($r->code, 200, "create: $what");
    my $task = json($r);
    ok t_cmp(join(', ', map { matches($task->{$_}, $expected{$_}) ? () : "$_ is " . ($task->{$_} // 'null') } sort keys %expected), '', $what);
    ok t_cmp($task, task($task->{id}), "$what: what creation and GET answer");
}
sub matches { my ($value, $wanted) = @_; ref $wanted ? $value =~ $wanted : t_cmp($value, $wanted) }

my $made = value_of('SELECT COUNT(*) FROM ACT_RU_TASK');
my $kept = new_task({ taskName => 'kept', assignee => 'fozzie' });
for my $case (@refused) {
    my ($body, $message) = @$case;
    my $r = create($body);
    ok t_cmp($r->code, 400, substr $body, 0, 50);
    ok t_cmp(message($r), $message, substr $body, 0, 50);
    ok t_cmp(change($kept->{id}, $body)->code, 400, 'the same for a change');
}
ok t_cmp(value_of('SELECT COUNT(*) FROM ACT_RU_TASK'), $made + 1, 'refused bodies made nothing');
ok t_cmp(task($kept->{id}), $kept, 'and changed nothing');

# What such a task is: no process, no candidates; numbers and strings as everywhere.
my $text = create({ taskName => 'numbers' })->content;
ok t_cmp($text, qr/"id":\d+,.*"executionId":null,"processInstanceId":null,"formResourceKey":null/, 'no process');
ok t_cmp($text, qr/"processDefinitionId":null,"taskDefinitionKey":null,"category":null,"suspended":false,"subTaskList":\[\],"identityLinkList":\[\],"attachmentList":\[\]/, 'nothing in it');
ok t_cmp(json(create({}))->{createTime}, $ISO, 'when it was made');

# In the lists of whoever has to do with it.
my $mine = new_task({ taskName => 'mine', assignee => 'tcA', owner => 'tcO' });
ok t_cmp(get_json("/tasks?$_")->{data}[0]{id}, $mine->{id}, $_) for 'assignee=tcA', 'owner=tcO', 'involved=tcO';
ok t_cmp(get_json('/tasks-summary?user=tcA')->{assigned}{total}, 1, 'and counted');

# Changes: what is given; null and "" take away.
my @changes = (
    # body                                                    then
    [ { description => 'd' },                                 'mine d tcA tcO 50 -' ],
    [ { taskName => 'other' },                                'other d tcA tcO 50 -' ],
    [ { assignee => 'tcB', priority => '7' },                 'other d tcB tcO 7 -' ],
    [ { owner => undef, assignee => '' },                     'other d - - 7 -' ],
    [ { dueDate => '2030-07-10', owner => 'tcO' },            'other d - tcO 7 2030-07-10' ],
    [ {},                                                     'other d - tcO 7 2030-07-10' ],
    [ { parentTaskId => 'x', id => 1, unknown => 1 },         'other d - tcO 7 2030-07-10' ],
    [ { dueDate => undef, priority => undef, name => undef }, '- d - tcO 50 -' ],
    [ { description => undef },                               '- - - tcO 50 -' ],
);
for my $case (@changes) {
    my ($body, $then) = @$case;
    my $r = change($mine->{id}, $body);
    ok t_cmp($r->content, '{"success":true}', 'change');
    my $t = task($mine->{id});
    ok t_cmp(join(' ', map { $_ // '-' } @$t{qw(name description assignee owner priority)}, $t->{dueDate} && substr $t->{dueDate}, 0, 10), $then, "then: $then");
}
ok t_cmp(change($_, { priority => 1 })->code, 404, "change of '$_'") for 0, 'x', 999999999;

for my $category ('sales', undef) {
    change($mine->{id}, { category => $category });
    ok t_cmp(task($mine->{id})->{category}, $category, 'category');
    ok t_cmp(history($mine->{id})->{CATEGORY_}, $category, 'history knows it');
}

# A task of a process may be changed, too.
my $definition = define('taskCreate', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="t" activiti:assignee="tcP" activiti:candidateUsers="tcQ"/>');
my $instance = start($definition);
my ($of_process) = tasks_of($instance->{id}, 'assignee=tcP');
change($of_process->{id}, { assignee => 'tcR', dueDate => '2030-07-10' });
ok t_cmp(tasks_named($instance->{id}, 'assignee=tcR'), 't', 'a task of a process has another assignee');
ok t_cmp(history($of_process->{id})->{ASSIGNEE_}, 'tcR', 'history knows');

# Sub-tasks: of a task of one's own and of one of a process.
for my $parent ($mine->{id}, $of_process->{id}) {
    my $sub = new_task({ taskName => 'sub', parentTaskId => "$parent" });
    ok t_cmp($sub->{parentTaskId}, "$parent", 'its parent, a string');
    my $under = new_task({ taskName => 'sub of sub', parentTaskId => $sub->{id} });
    ok t_cmp([ map { $_->{id} } @{ task($parent)->{subTaskList} } ], [ $sub->{id} ], 'the sub-tasks of the parent');
    ok t_cmp(task($sub->{id})->{subTaskList}[0]{name}, 'sub of sub', 'and theirs');
    ok t_cmp(complete($parent)->code, 200, 'the parent is completed');
    ok t_cmp([ map { status($_) } $parent, $sub->{id}, $under->{id} ], [ 404, 404, 404 ], 'and with it all below');
}
ok t_cmp(create({ parentTaskId => $_ })->code, 404, "parent '$_'") for 'x', '0', '999999999', $instance->{id}, $mine->{id};

# Claim, complete, delete.
my $free = new_task({ taskName => 'free' });
ok t_cmp(call('PUT', "/task/$free->{id}/claim", {}, user => 'fozzie')->code, 200, 'claim');
ok t_cmp(call('PUT', "/task/$free->{id}/claim", {}, user => 'gonzo')->code, 409, 'by somebody else');
ok t_cmp(complete($free->{id}, { x => 1 })->code, 200, 'complete');
ok history($free->{id})->{END_TIME_};
my $gone = new_task({ taskName => 'gone' });
ok t_cmp(call('DELETE', "/task/$gone->{id}")->content, '{"success":true}', 'delete');
ok t_cmp(status($gone->{id}), 404, 'deleted');
ok t_cmp(call('DELETE', "/task/$gone->{id}")->code, 404, 'only once');
ok t_cmp(call('DELETE', "/task/$_")->code, 404, "delete '$_'") for 0, 'x', $definition;

# A process waits for its tasks: they cannot be deleted.
my ($waiting) = tasks_of(start($definition)->{id}, 'assignee=tcP');
my $r = call('DELETE', "/task/$waiting->{id}");
ok t_cmp($r->code, 409, 'a task of a process');
ok t_cmp(message($r), qr/process/, 'and why');
ok t_cmp(status($waiting->{id}), 200, 'it is there');

# Everybody logged in may; nobody else.
ok t_cmp(create({}, user => undef)->code, 401, 'without credentials');
ok t_cmp(create({ taskName => 'x' }, user => 'fozzie')->code, 200, 'as a user');
