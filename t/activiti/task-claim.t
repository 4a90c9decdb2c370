# Claiming: the first one gets the task, nobody takes it from him, candidates are not checked.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $definition = define('taskClaim', '<startEvent id="s"/>', 's -> t',
                        '<userTask id="t" activiti:assignee="${who}" activiti:candidateGroups="taskClaim"/>');
sub new_task { value_of('SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = ' . start($definition, { who => shift })->{id}) }
sub assignee { get_json('/task/' . shift)->{assignee} }

my @claims = (
    # assigned to   claimed by           status  then assigned to
    [ undef,        [ 'fozzie' ],            '200',         'fozzie' ],
    [ undef,        [ 'fozzie', 'fozzie' ],  '200 200',     'fozzie' ],
    [ undef,        [ 'fozzie', 'gonzo' ],   '200 409',     'fozzie' ],
    [ undef,        [ 'gonzo', 'kermit', 'gonzo', 'fozzie' ], '200 409 200 409', 'gonzo' ],
    [ 'fozzie',     [ 'fozzie' ],            '200',         'fozzie' ],
    [ 'fozzie',     [ 'kermit' ],            '409',         'fozzie' ],
    [ 'somebody',   [ 'kermit' ],            '409',         'somebody' ],
    [ 'Fozzie',     [ 'fozzie' ],            '409',         'Fozzie' ],
);

my @operations = (
    # operation            body                       status message
    [ 'claim',             {},                        200 ],
    [ 'start',             {},                        501, qr/'start'/ ],
    [ 'stop',              {},                        501, qr/'stop'/ ],
    [ 'revoke',            {},                        501, qr/'revoke'/ ],
    [ 'suspend',           {},                        501, qr/'suspend'/ ],
    [ 'resume',            {},                        501, qr/'resume'/ ],
    [ 'resolve',           {},                        400, qr/'resolve'/ ],
    [ 'Claim',             {},                        400, qr/'Claim'/ ],
    [ 'claim%20',          {},                        400, qr/'claim '/ ],
    [ 'claim/x',           {},                        400, qr{'claim/x'} ],
    [ 'form',              {},                        400, qr/'form'/ ],
    [ '%7B%7D',            {},                        400, qr/'\{\}'/ ],
);

plan tests => 2 * @claims + 3 * @operations + 15;

for my $case (@claims) {
    my ($assigned, $users, $status, $then) = @$case;
    my $task = new_task($assigned);
    my $what = ($assigned // 'nobody') . "'s task claimed by @$users";
    ok t_cmp(join(' ', map { call('PUT', "/task/$task/claim", {}, user => $_)->code } @$users), $status, $what);
    ok t_cmp(assignee($task), $then, $what);
}

my $task = new_task();
for my $case (@operations) {
    my ($operation, $body, $status, $message) = @$case;
    my $r = call('PUT', "/task/$task/$operation", $body);
    ok t_cmp($r->code, $status, $operation);
    ok $status == 200 ? t_cmp($r->content, '{"success":true}', $operation) : t_cmp(message($r), $message, $operation);
    ok t_cmp(call('PUT', "/task/999999999/$operation", $body)->code, $status == 200 ? 404 : $status, "$operation of an unknown task");
}
ok t_cmp(assignee($task), 'kermit', 'claimed, nothing else');

# The user of the request claims, whatever the body says and whoever checked his password.
$task = new_task();
ok t_cmp(call('PUT', "/task/$task/claim", { userId => 'gonzo', taskId => '1', assignee => 'x' }, user => 'fozzie')->code, 200, 'a body');
ok t_cmp(assignee($task), 'fozzie', 'has no say');
$task = new_task();
call('PUT', "/engine/task/$task/claim", {}, user => 'kermit', password => 'piggy:and:me');
ok t_cmp(assignee($task), 'kermit', 'the user of another provider');

# Refused requests claim nothing.
$task = new_task();
my %refused = (
    'no credentials'  => call('PUT', "/task/$task/claim", {}, user => undef)->code . ' 401',
    'wrong password'  => call('PUT', "/task/$task/claim", {}, password => 'x')->code . ' 401',
    'a stranger'      => call('PUT', "/engine/task/$task/claim", {}, user => 'waldorf', password => 'balcony')->code . ' 403',
    'not JSON'        => call('PUT', "/task/$task/claim", '{')->code . ' 400',
    'another method'  => call('POST', "/task/$task/claim", {})->code . ' 404',
);
for my $what (sort keys %refused) {
    my ($status, $expected) = split / /, $refused{$what};
    ok t_cmp($status, $expected, $what);
}
ok t_cmp(assignee($task), undef, 'still nobody has it');

# Claimed tasks leave the lists of candidates; the lists of the claimer have them.
my $mine = 'candidate-group=taskClaim&size=10000';
my $before = get_json("/tasks?$mine")->{total};
call('PUT', "/task/$task/claim", {}, user => 'gonzo');
ok t_cmp(get_json("/tasks?$mine")->{total}, $before - 1, 'one less to claim');
ok grep { $_->{id} == $task } @{ get_json('/tasks?assignee=gonzo&size=10000')->{data} };

# Whoever claims, everybody may complete; a completed task cannot be claimed.
ok t_cmp(complete($task, {}, user => 'fozzie')->code, 200, "another one completes gonzo's task");
my $r = call('PUT', "/task/$task/claim", {}, user => 'gonzo');
ok t_cmp($r->code, 404, 'too late');
ok t_cmp(message($r), qr/'$task'/, 'which task');
