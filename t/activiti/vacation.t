# The vacation request as its users live it: fozzie asks with a form, gonzo rejects with
# another, fozzie adjusts and sends again, kermit approves. Every step over REST, by the
# forms that the process brings along, with a look at the diagram on the way.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

plan tests => 71;

my $process = 'vacationRequest:1';    # of the demo
sub ask { my ($user, $method, $path, $body) = @_; call($method, $path, $body, user => $user) }
sub answer { my $r = ask(@_); $r->is_success or die $r->as_string; json($r) }
sub mine { my ($user, $filter, $instance) = @_; grep { ($_->{processInstanceId} // '') eq $instance } @{ answer($user, 'GET', "/tasks?$filter&size=10000")->{data} } }
sub waiting { my ($user, $group) = @_; answer($user, 'GET', "/tasks-summary?user=$user")->{unassigned}{groups}{$group} }

# What a browser makes of a form: its fields with the values they have, changed by hand.
sub fill_in {
    my ($html, %entered) = @_;
    my %field;
    while ($html =~ /<(input|textarea|select)\b([^>]*)>/g) {
        my ($element, $attributes) = ($1, $2);
        my ($name) = $attributes =~ /\bname="([^"]*)"/ or next;
        next if $attributes =~ /type="checkbox"/ && !exists $entered{$name};
        my ($value) = $attributes =~ /\bvalue="([^"]*)"/;
        ($value) = $html =~ /<textarea[^>]*name="\Q$name\E"[^>]*>([^<]*)</ if $element eq 'textarea';
        ($value) = $html =~ /<select[^>]*name="\Q$name\E"[^>]*>\s*<option value="([^"]*)"/ if $element eq 'select';
        $field{$name} = exists $entered{$name} ? $entered{$name} : $value // '';
    }
    my @missing = grep { !exists $field{$_} } sort keys %entered;
    die "the form has no field @missing" if @missing;
    return \%field;
}

# Ids of the activities that the drawing marks.
sub marked {
    my ($user, $instance) = @_;
    my $svg = ask($user, 'GET', "/process-instance/$instance/diagram?format=svg");
    return 'status ' . $svg->code unless $svg->is_success;
    return join ' ', sort $svg->content =~ /<g class="[^"]*\bwf-active\b[^"]*" data-element="([^"]+)"/g;
}

# ---- fozzie asks ---------------------------------------------------------------------------
my ($definition) = grep { $_->{id} eq $process } @{ answer('fozzie', 'GET', '/process-definitions?size=10000')->{data} };
ok t_cmp($definition->{name}, 'Vacation request', 'the process');
ok t_cmp($definition->{startFormResourceKey}, 'org/activiti/examples/taskforms/request.form', 'has a start form');
ok t_cmp($definition->{graphicNotationDefined}, JSON::PP::true(), 'and can be drawn');
my $r = ask('fozzie', 'GET', "/process-definition/$process/form");
ok t_cmp($r->header('Content-Type'), 'text/html;charset=UTF-8', 'the form is HTML');
my $request = fill_in($r->content, employeeName => 'fozzie', numberOfDays => '14', startDate => '2030-07-01', returnDate => '2030-07-15',
                      vacationPay => 'true', vacationMotivation => 'tired of jokes');
ok t_cmp($request->{numberOfDays_type}, 'Integer', 'with the types of its fields');
ok t_cmp($request->{employeeName_required}, 'true', 'and what is required');

my $before = waiting('gonzo', 'management');
$r = ask('fozzie', 'POST', '/process-instance', { processDefinitionId => $process, %$request, employeeName => undef });
ok t_cmp($r->code . ' ' . message($r), qr/^400 .*'employeeName'/, 'without the name');
$r = ask('fozzie', 'POST', '/process-instance', { processDefinitionId => $process, %$request, numberOfDays => 'two weeks' });
ok t_cmp($r->code . ' ' . message($r), qr/^400 .*'numberOfDays'/, 'without a number');
ok t_cmp(waiting('gonzo', 'management'), $before, 'nothing has begun');

my $instance = answer('fozzie', 'POST', '/process-instance', { processDefinitionId => $process, businessKey => "vacation of fozzie $$", %$request });
my $id = $instance->{id};
ok t_cmp($instance->{activityNames}, [ 'handleVacationRequest' ], 'it waits for the manager');
ok t_cmp($instance->{ended}, JSON::PP::false(), 'and runs');
ok t_cmp(waiting('gonzo', 'management'), $before + 1, 'management has one more');
ok t_cmp(marked('fozzie', $id), 'handleVacationRequest', 'the diagram shows where it is');
my %variables = map { $_->{variableName} => "$_->{variableType} " . ($_->{variableValue} // 'null') } @{ answer('fozzie', 'GET', "/process-instance/$id")->{variables} };
ok t_cmp(join('; ', map { "$_ $variables{$_}" } sort keys %variables),
         'employeeName string fozzie; numberOfDays integer 14; requestedBy string fozzie; returnDate string 2030-07-15; '
         . 'startDate string 2030-07-01; vacationMotivation string tired of jokes; vacationPay string true', 'what was entered');

# ---- gonzo rejects -------------------------------------------------------------------------
ok t_cmp(scalar(mine('fozzie', 'candidate=fozzie', $id)), 0, 'fozzie may not decide it');
my ($handle) = mine('gonzo', 'candidate=gonzo', $id);
ok t_cmp($handle->{name}, 'Handle vacation request', 'gonzo may');
ok t_cmp($handle->{description}, 'Vacation request by fozzie', 'he sees whose it is');
ok t_cmp($handle->{assignee}, undef, 'nobody has it yet');
ok t_cmp($handle->{formResourceKey}, 'org/activiti/examples/taskforms/approve.form', 'it has a form');
my $links = answer('gonzo', 'GET', "/task/$handle->{id}")->{identityLinkList};
ok t_cmp($links, [ { type => 'candidate', userId => undef, groupId => 'management' } ]);
ok t_cmp(ask('gonzo', 'PUT', "/task/$handle->{id}/claim", {})->code, 200, 'gonzo takes it');
ok t_cmp(ask('kermit', 'PUT', "/task/$handle->{id}/claim", {})->code, 409, 'kermit is too late');
ok t_cmp(waiting('gonzo', 'management'), $before, 'management has one less');
$r = ask('gonzo', 'GET', "/task/$handle->{id}/form");
ok t_cmp($r->content, qr/fozzie asks for 14 day\(s\) of vacation/, 'the form shows the request');
ok t_cmp($r->content, qr/tired of jokes/, 'and the motivation');
my $decision = fill_in($r->content, vacationApproved => 'false', managerMotivation => "a <show> on the 4th & \x{fc}brigens");
ok t_cmp(ask('gonzo', 'PUT', "/task/$handle->{id}/complete", { map { $_ => $decision->{$_} } grep { $_ ne 'vacationApproved' } keys %$decision })->code, 400, 'a decision is required');
ok t_cmp(marked('gonzo', $id), 'handleVacationRequest', 'nothing has moved');
ok t_cmp(ask('gonzo', 'PUT', "/task/$handle->{id}/complete", $decision)->content, '{"success":true}', 'rejected');
ok t_cmp(ask('gonzo', 'PUT', "/task/$handle->{id}/complete", $decision)->code, 404, 'once');

# ---- fozzie adjusts and sends again --------------------------------------------------------
ok t_cmp(marked('fozzie', $id), 'adjustVacationRequest', 'the diagram shows it with the employee');
my ($adjust) = mine('fozzie', 'assignee=fozzie', $id);
ok t_cmp($adjust->{name}, 'Adjust vacation request', 'fozzie has it back');
ok t_cmp($adjust->{description}, 'Your manager did not approve 14 days of vacation.', 'and reads why');
ok t_cmp(scalar(mine('gonzo', 'candidate=gonzo', $id)), 0, 'gonzo has it no more');
$r = ask('fozzie', 'GET', "/task/$adjust->{id}/form");
my $html = $r->content;
utf8::decode($html);
ok t_cmp($html, qr/a <show> on the 4th & \x{fc}brigens/, 'the words of the manager');
ok t_cmp($html, qr/name="numberOfDays" value="14"/, 'and the days as they are');
my $less = fill_in($html, numberOfDays => '5', vacationMotivation => 'very tired', resendRequest => 'true');
ok t_cmp($less->{resendRequest_type}, 'Boolean', 'a field with a type');
ok t_cmp(ask('fozzie', 'PUT', "/task/$adjust->{id}/complete", $less)->code, 200, 'sent again');

# ---- and is approved -----------------------------------------------------------------------
ok t_cmp(marked('kermit', $id), 'handleVacationRequest', 'back with the managers');
my ($again) = mine('kermit', 'candidate-group=management', $id);
ok t_cmp($again->{name}, 'Handle vacation request', 'the same task');
ok $again->{id} != $handle->{id};
ok t_cmp($again->{assignee}, undef, 'for anyone of them');
ok t_cmp(ask('kermit', 'PUT', "/task/$again->{id}/claim", {})->code, 200, 'kermit takes it');
$r = ask('kermit', 'GET', "/task/$again->{id}/form");
ok t_cmp($r->content, qr/fozzie asks for 5 day\(s\) of vacation/, 'he sees fewer days');
ok t_cmp($r->content, qr/very tired/, 'and the new motivation');
my $link = answer('kermit', 'PUT', "/task/$again->{id}/url", { name => 'Rules', url => 'http://example.org/rules' });
ok t_cmp(answer('kermit', 'GET', "/task/$again->{id}")->{attachmentList}, [ $link ]);
ok t_cmp(ask('kermit', 'PUT', "/task/$again->{id}/complete", fill_in($r->content, vacationApproved => 'true', managerMotivation => ''))->code, 200, 'approved');

# ---- the end -------------------------------------------------------------------------------
my $ended = answer('fozzie', 'GET', "/process-instance/$id");
ok t_cmp($ended->{completed}, JSON::PP::true(), 'it has ended');
ok t_cmp($ended->{endActivityId}, 'vacationApprovedEnd', 'well');
ok t_cmp("$ended->{startUserId} $ended->{startActivityId} $ended->{businessKey}", "fozzie request vacation of fozzie $$", 'as it began');
ok t_cmp(join(' ', map { $_->{assignee} } @{ $ended->{tasks} }), 'gonzo fozzie kermit', 'by whose hands it went');
ok t_cmp(join(' ', map { $_->{activityId} } sort { $a->{startTime} cmp $b->{startTime} } @{ $ended->{activities} }),
         'request handleVacationRequest vacationDecision adjustVacationRequest resendDecision handleVacationRequest vacationDecision sendApproval vacationApprovedEnd',
         'and which way');
ok t_cmp(scalar(grep { !$_->{completed} } @{ $ended->{tasks} }, @{ $ended->{activities} }), 0, 'nothing is open');
ok t_cmp((map { $_->{variableName} eq 'vacationApproved' ? $_->{variableValue} : () } @{ $ended->{variables} })[0], 'true', 'what was decided last');
ok t_cmp(answer('fozzie', 'GET', "/process-instance/$id/tasks")->{total}, 0, 'no tasks');
ok t_cmp(marked('fozzie', $id), '', 'the diagram marks nothing any more');
ok t_cmp(scalar(grep { $_->{id} eq $id } @{ answer('fozzie', 'GET', '/process-instances?size=10000')->{data} }), 0, 'it runs no more');
ok t_cmp(ask('fozzie', 'GET', "/task/$again->{id}/form")->code, 404, 'its forms are gone');

# ---- the diagrams --------------------------------------------------------------------------
for my $path ("/process-definition/$process/diagram", "/process-instance/$id/diagram", "/processInstance/$id/diagram") {
    my $png = ask('fozzie', 'GET', $path);
    ok t_cmp($png->header('Content-Type'), 'image/png', "$path: PNG by default");
    ok t_cmp($png->content, qr/^\x89PNG\r\n\x1a\n/, "$path: it is one");
    my $svg = ask('fozzie', 'GET', "$path?format=svg");
    ok t_cmp($svg->header('Content-Type'), 'image/svg+xml', "$path: SVG if asked for");
    ok t_cmp($svg->content, qr/<svg\b.*Handle vacation.*<\/svg>/s, "$path: with the tasks");
}

# Withdrawn instead of sent again.
$id = answer('fozzie', 'POST', '/process-instance', { processDefinitionId => $process, %$request })->{id};
($handle) = mine('gonzo', 'candidate=gonzo', $id);
ask('gonzo', 'PUT', "/task/$handle->{id}/complete", $decision);
($adjust) = mine('fozzie', 'assignee=fozzie', $id);
ok t_cmp(ask('fozzie', 'PUT', "/task/$adjust->{id}/complete", { %$less, resendRequest => 'false' })->code, 200, 'withdrawn');
ok t_cmp(answer('fozzie', 'GET', "/process-instance/$id")->{endActivityId}, 'withdrawnEnd', 'the other end');
