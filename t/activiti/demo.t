# The demo: its users and processes, and two of them from upload to end through the hands of
# two users.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $folder = "$ENV{WF_DIR}/demo/processes/org/activiti/examples";
sub slurp { open my $in, '<:raw', shift or die $!; local $/; <$in> }

my @processes = (
    # key                          name                                    first task                      assignee  candidates
    [ 'taskAssigneeProcess',        'Task Assignee example',               'Schedule meeting',              'kermit', [] ],
    [ 'singleCandidateGroup',       'Single candidate group example',      'Pay out expenses',              undef,    [ 'candidate-group=accountancy' ] ],
    [ 'multipleCandidatesGroup',    'Multiple candidate groups example',   'Approve expenses',              undef,    [ 'candidate-group=accountancy', 'candidate-group=management' ] ],
    [ 'mixedCandidateUserAndGroup', 'Mixed candidate user and group example', 'Write financial report',     undef,    [ 'candidate=kermit', 'candidate-group=sales' ] ],
    [ 'financialReport',            'Monthly financial report',            qr/^Write monthly financial report$/, undef, [ 'candidate-group=accountancy' ] ],
    [ 'vacationRequest',            'Vacation request',                    'Handle vacation request',       undef,    [ 'candidate-group=management' ] ],
    [ 'fixSystemFailure',           'Fix system failure',                  qr/^Investigate (hard|soft)ware$/, 'kermit', [] ],
    [ 'escalationExample',          'Timer escalation example',            'First line support',            'kermit', [] ],
);

plan tests => 5 * @processes + 33 + 12;

for my $case (@processes) {
    my ($key, $name, $task_name, $assignee, $candidates) = @$case;
    my $definition = get_json("/process-definition/$key:1");
    ok t_cmp($definition->{name}, $name, $key);
    my $i = start("$key:1", { employeeName => 'fozzie', numberOfDays => 1 });
    my $task = get_json('/task/' . value_of("SELECT MIN(ID_) FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $i->{id}"));
    ok t_cmp($task->{name}, $task_name, "$key: its task");
    ok t_cmp($task->{assignee}, $assignee, "$key: its assignee");
    ok t_cmp($task->{description}, qr/\w/, "$key: it is described");
    ok t_cmp(join(' ', grep { tasks_of($i->{id}, $_) } @$candidates), "@$candidates", "$key: candidates");
}
ok t_cmp(get_json('/process-definition/financialReport:1')->{resourceName},
         'org/activiti/examples/bpmn/usertask/FinancialReportProcess.bpmn20.xml', 'its resource');

# ---- the financial report: accountancy writes, management verifies ----------------------
ok t_cmp(upload('report.bpmn20.xml', slurp("$folder/bpmn/usertask/FinancialReportProcess.bpmn20.xml"))->code, 200, 'uploaded');
my $report = demo_id('financialReport');
ok $report ne 'financialReport:1';
sub unassigned { my ($user, $group) = @_; get_json("/tasks-summary?user=$user")->{unassigned}{groups}{$group} }
sub open_task { my ($instance, $filter) = @_; my @t = tasks_of($instance, $filter); return @t == 1 ? $t[0] : undef }

my @before = (unassigned('fozzie', 'accountancy'), unassigned('gonzo', 'management'));
my $i = json(call('POST', '/process-instance', { processDefinitionId => $report }, user => 'fozzie'));
ok t_cmp($i->{activityNames}, [ 'writeReportTask' ], 'started by fozzie');
ok t_cmp(unassigned('fozzie', 'accountancy'), $before[0] + 1, 'accountancy has one more');
my $write = open_task($i->{id}, 'candidate=fozzie');
ok t_cmp($write->{name}, 'Write monthly financial report', 'fozzie may write it');
ok t_cmp(call('PUT', "/task/$write->{id}/claim", {}, user => 'fozzie')->code, 200, 'he takes it');
ok t_cmp(call('PUT', "/task/$write->{id}/claim", {}, user => 'gonzo')->code, 409, 'gonzo comes too late');
ok t_cmp(open_task($i->{id}, 'assignee=fozzie')->{id}, $write->{id}, 'it is on his list');
ok t_cmp(call('PUT', "/task/$write->{id}/complete", { pages => 12 }, user => 'fozzie')->content, '{"success":true}', 'he completes it');
ok t_cmp(open_task($i->{id}, 'candidate=fozzie'), undef, 'the next task is not for fozzie');
ok t_cmp(unassigned('gonzo', 'management'), $before[1] + 1, 'but for management');
my $verify = open_task($i->{id}, 'candidate=gonzo');
ok t_cmp($verify->{name}, 'Verify monthly financial report', 'gonzo may verify it');
call('PUT', "/task/$verify->{id}/claim", {}, user => 'gonzo');
ok t_cmp(complete($verify->{id}, {}, user => 'gonzo')->code, 200, 'he does');
my ($ended) = stored("SELECT END_ACT_ID_, START_USER_ID_ FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = $i->{id}");
ok t_cmp("$ended->{START_USER_ID_} $ended->{END_ACT_ID_}", 'fozzie theEnd', 'the process has ended');

# ---- the vacation request, as an archive with its forms ----------------------------------
my %files = ('VacationRequest.bpmn20.xml' => 'bpmn/usertask/VacationRequest.bpmn20.xml',
             map { ("org/activiti/examples/taskforms/$_.form" => "taskforms/$_.form") } qw(request approve adjustRequest));
ok t_cmp(upload('vacation.bar', archive(map { [ $_, slurp("$folder/$files{$_}") ] } sort keys %files))->code, 200, 'uploaded as archive');
my $vacation = definition_of('vacationRequest');
ok t_cmp($vacation->{startFormResourceKey}, 'org/activiti/examples/taskforms/request.form', 'its start form');
my $form = "/deployment/$vacation->{deploymentId}/resource/$vacation->{startFormResourceKey}";
ok t_cmp(call('GET', $form)->content, qr/employeeName/, 'is in the archive');

my %request = (numberOfDays => '10', numberOfDays_type => 'Integer', numberOfDays_required => 'true', startDate => '2010-08-01',
               startDate_type => 'Date', vacationMotivation => 'tired', employeeName_required => 'true');
my $r = call('POST', '/process-instance', { processDefinitionId => $vacation->{id}, %request }, user => 'fozzie');
ok t_cmp($r->code . message($r), qr/^400.*'employeeName'/, 'the form wants a name');
$i = json(call('POST', '/process-instance', { processDefinitionId => $vacation->{id}, %request, employeeName => 'fozzie' }, user => 'fozzie'));
my $handle = open_task($i->{id}, 'candidate-group=management');
ok t_cmp($handle->{description}, qr/fozzie/, 'who asks');
ok t_cmp($handle->{formResourceKey}, 'org/activiti/examples/taskforms/approve.form', 'the form to decide with');
call('PUT', "/task/$handle->{id}/claim", {}, user => 'gonzo');
my %refusal = (vacationApproved => 'false', vacationApproved_type => 'Boolean', managerMotivation => 'busy');
ok t_cmp(complete($handle->{id}, \%refusal, user => 'gonzo')->code, 200, 'refused');
my $adjust = open_task($i->{id}, 'assignee=fozzie');
ok t_cmp($adjust->{name}, 'Adjust vacation request', 'back to fozzie');
ok t_cmp($adjust->{description}, qr/10 days/, 'with what he asked for');
my %less = (numberOfDays => '5', numberOfDays_type => 'Integer', resendRequest => 'true', resendRequest_type => 'Boolean');
ok t_cmp(complete($adjust->{id}, \%less, user => 'fozzie')->code, 200, 'he asks for less');
$handle = open_task($i->{id}, 'candidate=gonzo');
ok t_cmp($handle->{name}, 'Handle vacation request', 'gonzo has it again');
ok t_cmp($handle->{assignee}, undef, 'to be claimed anew');
ok t_cmp(complete($handle->{id}, { vacationApproved => 'true', vacationApproved_type => 'Boolean' }, user => 'gonzo')->code, 200, 'approved');
sub end_of { value_of("SELECT END_ACT_ID_ FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = @_") }
ok t_cmp(end_of($i->{id}), 'vacationApprovedEnd', 'the end of it');

# Withdrawn instead of sent again.
$i = json(call('POST', '/process-instance', { processDefinitionId => $vacation->{id}, %request, employeeName => 'fozzie' }, user => 'fozzie'));
complete(open_task($i->{id}, 'candidate-group=management')->{id}, { vacationApproved => JSON::PP::false() }, user => 'gonzo');
complete(open_task($i->{id}, 'assignee=fozzie')->{id}, { resendRequest => 'false', resendRequest_type => 'Boolean' }, user => 'fozzie');
ok t_cmp(end_of($i->{id}), 'withdrawnEnd', 'the other end');

# Users of the demo are who they are.
ok t_cmp(call('POST', '/login', { userId => $_, password => $_ })->code, 200, "$_ may log in") for qw(kermit gonzo fozzie);

# ---- a system failure: both causes are looked into, or time runs out ----------------------
sub places { my ($instance) = @_; join ' ', sort map { $_->{name} } tasks_of($instance, 'assignee=kermit') }
sub finish { my ($instance, $name) = @_; my ($task) = grep { $_->{name} eq $name } tasks_of($instance, 'assignee=kermit'); complete($task->{id})->code }
sub time_out {
    my ($instance) = @_;
    my $jobs = get_json("/management/jobs?process-instance=$instance&only-timers=true")->{data};
    return @$jobs == 1 ? call('PUT', "/management/job/$jobs->[0]{id}/execute", {})->code : scalar(@$jobs) . ' timers';
}

my $failure = start('fixSystemFailure:1')->{id};
ok t_cmp(places($failure), 'Investigate hardware Investigate software', 'two at once');
finish($failure, 'Investigate software');
ok t_cmp(places($failure), 'Investigate hardware', 'one is left');
finish($failure, 'Investigate hardware');
ok t_cmp(places($failure), 'Write report', 'then the report');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_JOB WHERE PROCESS_INSTANCE_ID_ = $failure"), 0, 'in time: the timer is gone');
finish($failure, 'Write report');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ = $failure"), 0, 'fixed');

$failure = start('fixSystemFailure:1')->{id};
finish($failure, 'Investigate hardware');
ok t_cmp(time_out($failure), 200, 'four hours');
ok t_cmp(places($failure), 'Hand over to Level 2 support', 'others take over, the rest ends');
finish($failure, 'Hand over to Level 2 support');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PROC_INST_ID_ = $failure"), 0, 'handed over');

# ---- an escalation ---------------------------------------------------------------------------
my $escalation = start('escalationExample:1')->{id};
ok t_cmp(time_out($escalation), 200, 'five minutes');
ok t_cmp(places($escalation), '', 'kermit has lost it');
my ($escalated) = tasks_of($escalation, 'candidate-group=management');
ok t_cmp($escalated->{name}, 'Handle escalated issue', 'a manager has it');
complete($escalated->{id});
ok t_cmp(value_of("SELECT END_ACT_ID_ FROM ACT_HI_PROCINST WHERE ID_ = $escalation"), 'escalatedEnd', 'and ends it');
