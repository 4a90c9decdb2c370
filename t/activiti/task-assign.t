# Releasing a task and giving it to somebody, and what a task says of the people around it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $definition = define('taskAssign', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="t" activiti:owner="taO"
    activiti:assignee="${who}" activiti:candidateUsers="taU" activiti:candidateGroups="taG"/>');
sub new_task { value_of('SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = ' . start($definition, { who => shift })->{id}) }
sub assignee { get_json('/task/' . shift)->{assignee} }

my @steps = (
    # of a task that … has         by        operation   body                       status  then assigned to
    [ undef,                       'fozzie', 'unclaim',  {},                        200,    undef ],
    [ 'fozzie',                    'fozzie', 'unclaim',  {},                        200,    undef ],
    [ 'fozzie',                    'gonzo',  'unclaim',  {},                        200,    undef ],
    [ 'fozzie',                    'fozzie', 'unclaim',  { userId => 'gonzo' },     200,    undef ],
    [ undef,                       'fozzie', 'assign',   { userId => 'gonzo' },     200,    'gonzo' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => 'gonzo' },     200,    'gonzo' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => 'kermit' },    200,    'kermit' ],
    [ undef,                       'fozzie', 'assign',   { userId => "s\x{f6}m\x{20ac} body" }, 200, "s\x{f6}m\x{20ac} body" ],
    [ undef,                       'fozzie', 'assign',   { userId => 17 },          200,    '17' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => undef },       200,    undef ],
    [ 'kermit',                    'fozzie', 'assign',   {},                        400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   '',                        400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userid => 'gonzo' },     400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => '' },          400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => [ 'gonzo' ] }, 400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => {} },          400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => "a\0b" },      400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => 'a' x 256 },   400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   '[]',                      400,    'kermit' ],
    [ 'kermit',                    'fozzie', 'assign',   { userId => 'gonzo', v_required => 'true' }, 400, 'kermit' ],
    [ 'kermit',                    'fozzie', 'unclaim',  { v => 1, v_type => 'Nonsense' }, 400, 'kermit' ],
);
my @people = (
    # body of a task of its own                       links
    [ {},                                             '' ],
    [ { assignee => 'taA', owner => 'taO' },          '' ],
);

plan tests => 3 * @steps + @people + 17;

for my $case (@steps) {
    my ($had, $by, $operation, $body, $status, $then) = @$case;
    my $task = new_task($had);
    my $r = call('PUT', "/task/$task/$operation", $body, user => $by);
    my $what = join ' ', $had // 'nobody', $operation, ref $body ? map { $body->{$_} // 'null' } sort keys %$body : "'$body'";
    $what =~ s/[^ -~]/?/g;
    ok t_cmp($r->code, $status, $what);
    ok t_cmp(assignee($task), $then, "$what: then");
    ok $status == 200 ? t_cmp($r->content, '{"success":true}', $what) : t_cmp(message($r), qr/userId|object|'v'|required/, $what);
}

# A released task is for its candidates again; an assigned one is not.
sub total { get_json('/tasks?' . shift() . '&size=0')->{total} }
my $task = new_task();
my ($group, $user) = (total('candidate-group=taG'), total('candidate=taU'));
call('PUT', "/task/$task/assign", { userId => 'taX' });
ok t_cmp(join(' ', total('candidate-group=taG') - $group, total('candidate=taU') - $user, total('assignee=taX')), '-1 -1 1', 'assigned');
call('PUT', "/task/$task/unclaim", {});
ok t_cmp(join(' ', total('candidate-group=taG') - $group, total('candidate=taU') - $user, total('assignee=taX')), '0 0 0', 'released');
ok t_cmp(call('PUT', "/task/$task/claim", {}, user => 'fozzie')->code, 200, 'claimed anew');
ok t_cmp(value_of("SELECT ASSIGNEE_ FROM ACT_HI_TASKINST WHERE ID_ = $task"), 'fozzie', 'history knows whose it is');
call('PUT', "/task/$task/assign", { userId => 'gonzo' });
ok t_cmp(value_of("SELECT ASSIGNEE_ FROM ACT_HI_TASKINST WHERE ID_ = $task"), 'gonzo', 'and whose it became');
ok t_cmp(value_of("SELECT ASSIGNEE_ FROM ACT_HI_ACTINST WHERE TASK_ID_ = $task"), 'gonzo', 'in the visit of the activity, too');

# Links to people, in the order they were made.
my $links = get_json("/task/$task")->{identityLinkList};
ok t_cmp([ map { join ' ', $_->{type}, $_->{userId} // '-', $_->{groupId} // '-' } @$links ], [ 'candidate taU -', 'candidate - taG' ], 'candidates');
ok t_cmp(join(' ', sort keys %{ $links->[0] }), 'groupId type userId', 'their members');
for my $case (@people) {
    my ($body, $expected) = @$case;
    my $made = json(call('PUT', '/task', $body));
    ok t_cmp(join(' ', map { $_->{userId} } @{ $made->{identityLinkList} }), $expected, 'of a task without process');
}

# Unknown tasks, ids of another kind, completed tasks.
my $instance = value_of("SELECT PROC_INST_ID_ FROM ACT_RU_TASK WHERE ID_ = $task");
complete($task);
for my $operation ('unclaim', 'assign') {
    ok t_cmp(call('PUT', "/task/$_/$operation", { userId => 'gonzo' })->code, 404, "$operation of '$_'") for $task, $instance, '0', 'taskAssign:1';
}
ok t_cmp(call('PUT', "/task/$task/unclaim", {}, user => undef)->code, 401, 'without credentials');
