# Candidate starters: advice by default, a rule with WorkflowStarters enforce.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

my @process = ('<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
my @cases = (
    # key            attributes of the process                          user      status
    [ 'anybody',     '',                                                'fozzie', 200 ],
    [ 'byUser',      'activiti:candidateStarterUsers="gonzo"',          'gonzo',  200 ],
    [ 'byUser',      'activiti:candidateStarterUsers="gonzo"',          'fozzie', 403 ],
    [ 'byGroup',     'activiti:candidateStarterGroups="management"',    'gonzo',  200 ],
    [ 'byGroup',     'activiti:candidateStarterGroups="management"',    'fozzie', 403 ],
    [ 'byGroup',     'activiti:candidateStarterGroups="management"',    'kermit', 200 ],    # an administrator
    [ 'byNobody',    'activiti:candidateStarterUsers="nobody"',         'kermit', 200 ],
    [ 'byNobody',    'activiti:candidateStarterUsers="nobody"',         'gonzo',  403 ],
);

plan tests => 3 * @cases + 2 + 4;

my $server = WF::Server->new(extra => 'WorkflowStarters enforce')->start;
my %seen;
for my $case (@cases) {
    my ($key, $attributes, $user, $status) = @$case;
    my $file = bpmn($key, @process) =~ s/<process id="$key"/<process id="$key" $attributes/r;
    $seen{$key}++ or upload("$key.bpmn20.xml", $file)->is_success or die $key;
    ok t_cmp(call('POST', '/process-instance', { processDefinitionId => "$key:1" }, user => $user)->code, $status, "$key: $user");
    ok t_cmp(call('POST', '/process-instance', { processDefinitionKey => $key }, user => $user)->code, $status, 'by its key');
    ok t_cmp(call('POST', '/form/form-data', { processDefinitionId => "$key:1" }, user => $user)->code, $status, 'by a form');
}
my $r = call('POST', '/process-instance', { processDefinitionId => 'byUser:1' }, user => 'fozzie');
ok t_cmp(message($r), qr/'byUser:1'.*candidate starters/, 'the message');
ok t_cmp(scalar @{ get_json('/process-instances?processDefinitionId=byUser:1&size=100')->{data} }, 3, 'nothing was started');

# By a message it is the same; potentialStarter names users and groups, too.
my $xml = bpmn('byMessage', '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent>', 's -> t', '<userTask id="t"/>');
$xml =~ s{<process id="byMessage"[^>]*>}{$&<extensionElements><activiti:potentialStarter><resourceAssignmentExpression>
    <formalExpression>user(gonzo), management</formalExpression></resourceAssignmentExpression></activiti:potentialStarter></extensionElements>};
$xml =~ s{<process }{<message id="m" name="starters"/><process };
ok t_cmp(upload('byMessage.bpmn20.xml', $xml)->code, 200);
for my $case ([ gonzo => 200 ], [ fozzie => 403 ], [ kermit => 200 ]) {
    my ($user, $status) = @$case;
    ok t_cmp(call('POST', '/process-instance', { message => 'starters' }, user => $user)->code, $status, "by a message: $user");
}
