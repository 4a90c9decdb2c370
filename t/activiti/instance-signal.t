# Instances that wait for something other than a task: receive tasks and signals, delivered
# with variables.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $receive = define('signalReceive', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> r', 'f -> u',
    '<receiveTask id="r" name="wait"/>', '<userTask id="u" name="beside" activiti:assignee="signal"/>', 'r -> g',
    '<exclusiveGateway id="g" default="low"/>', 'high: g -> h if ${amount > 10}', 'low: g -> l',
    '<userTask id="h" name="high ${who}" activiti:assignee="signal"/>', '<userTask id="l" name="low ${who}" activiti:assignee="signal"/>');
my $catch = upload('signalCatch.bpmn20.xml', <<'END_XML')->is_success ? demo_id('signalCatch') : die 'signalCatch';
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="test">
<signal id="sigGo" name="go ahead"/><signal id="sigStop" name="h&#xe4;lt"/>
<process id="signalCatch"><startEvent id="s"/><sequenceFlow id="f1" sourceRef="s" targetRef="f"/><parallelGateway id="f"/>
<sequenceFlow id="f2" sourceRef="f" targetRef="c1"/><sequenceFlow id="f3" sourceRef="f" targetRef="c2"/><sequenceFlow id="f4" sourceRef="f" targetRef="c3"/>
<intermediateCatchEvent id="c1"><signalEventDefinition signalRef="sigGo"/></intermediateCatchEvent>
<intermediateCatchEvent id="c2"><signalEventDefinition signalRef="sigGo"/></intermediateCatchEvent>
<intermediateCatchEvent id="c3"><signalEventDefinition signalRef="sigStop"/></intermediateCatchEvent>
<sequenceFlow id="f5" sourceRef="c1" targetRef="t1"/><sequenceFlow id="f6" sourceRef="c2" targetRef="t2"/><sequenceFlow id="f7" sourceRef="c3" targetRef="t3"/>
<userTask id="t1" name="one ${who}" activiti:assignee="signal"/><userTask id="t2" name="two" activiti:assignee="signal"/>
<userTask id="t3" name="three" activiti:assignee="${who}"/></process></definitions>
END_XML

sub signal { my ($instance, $body, %opt) = @_; call('POST', "/process-instance/$instance/signal", $body, %opt) }
sub event { my ($instance, $name, $body, %opt) = @_; call('POST', "/process-instance/$instance/event/$name", $body // {}, %opt) }
sub names { tasks_named(shift, 'assignee=signal') }
sub began { my $i = start(shift, { who => 'x' }); $i->{id} }

my @signals = (
    # body                                                   status  tasks then, or what the answer says
    [ { activityId => 'r', amount => 11 },                   200,    'beside high x' ],
    [ { activityId => 'r', amount => 10 },                   200,    'beside low x' ],
    [ { activityId => 'r', amount => '11', amount_type => 'Integer', who => "\x{fc}" }, 200, "beside high \x{fc}" ],
    [ { activityId => 'r', amount => 1, activityId_type => 'String' }, 200, 'beside low x' ],
    [ 'activityId=r&amount=11&amount_type=Integer',          200,    'beside high x', 'application/x-www-form-urlencoded' ],
    [ { activityId => 'u', amount => 11 },                   'no',   qr/'u'/ ],    # a user task is completed
    [ { activityId => 'h', amount => 11 },                   'no',   qr/'h'/ ],
    [ { activityId => 'wait', amount => 11 },                'no',   qr/'wait'/ ],
    [ { activityId => 'R', amount => 11 },                   'no',   qr/'R'/ ],
    [ { amount => 11 },                                      'no',   qr/'activityId'/ ],
    [ {},                                                    'no',   qr/'activityId'/ ],
    [ '',                                                    'no',   qr/'activityId'/ ],
    [ { activityId => '' },                                  'no',   qr/'activityId'/ ],
    [ { activityId => undef },                               'no',   qr/'activityId'/ ],
    [ { activityId => 'r' },                                 500,    qr/amount/ ],
    [ { activityId => [ 'r' ], amount => 11 },               400,    qr/'activityId'/ ],
    [ { activityId => 'r', amount => 'x', amount_type => 'Integer' }, 400, qr/'amount'/ ],
    [ { activityId => 'r', amount_required => 'true' },      400,    qr/'amount'/ ],
    [ '[]',                                                  400,    qr/object/ ],
    [ '{',                                                   400,    qr/./ ],
);
my @events = (
    # name in the path            body                       status  tasks then, or what the answer says
    [ 'go%20ahead',               {},                        200,    'one x two' ],
    [ 'go%20ahead',               '',                        200,    'one x two' ],
    [ 'go%20ahead',               { who => 'y' },            200,    'one y two' ],
    [ 'go%20ahead',               { activityId => 'z', who => 'z' }, 200, 'one z two' ],
    [ 'h%C3%A4lt',                { who => 'signal' },       200,    'three' ],
    [ 'Go%20ahead',               {},                        'no',   qr/'Go ahead'/ ],
    [ 'sigGo',                    {},                        'no',   qr/'sigGo'/ ],
    [ 'go%20ahead/x',             {},                        'no',   qr{'go ahead/x'} ],
    [ "go'--",                    {},                        'no',   qr/'go'--'/ ],
    [ 'go%20ahead',               { v_required => 'true' },  400,    qr/'v'/ ],
    [ 'go%20ahead',               { v => 1, v_type => 'X' }, 400,    qr/'v'.*'X'/ ],
    [ 'go%20ahead',               '[]',                      400,    qr/object/ ],
    [ '',                         {},                        400,    qr/signalName/ ],
);

plan tests => 3 * @signals + 3 * @events + 39;

sub check {
    my ($what, $r, $instance, $status, $expected, $before) = @_;
    $what =~ s/[^ -~]/?/g;
    ok t_cmp($r->code, $status eq 'no' ? 200 : $status, $what);
    if ($status eq '200') {
        ok t_cmp($r->content, '{"success":true}', $what);
        ok t_cmp(names($instance), $expected, "$what: tasks");
        return;
    }
    my $said = $status eq 'no' ? json($r)->{failureReason} : message($r);
    ok t_cmp($said, $expected, $what) && ($status ne 'no' || !json($r)->{success});
    ok t_cmp(names($instance) . ' ' . value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $instance"), "$before 1", "$what: nothing changed");
}
for my $case (@signals) {
    my ($body, $status, $expected, $type) = @$case;
    my $i = began($receive);
    my $what = 'signal ' . (ref $body ? join ' ', map { "$_=" . ($body->{$_} // 'null') } sort keys %$body : $body);
    check($what, signal($i, $body, $type ? (headers => { 'Content-Type' => $type }) : ()), $i, $status, $expected, 'beside');
}
for my $case (@events) {
    my ($name, $body, $status, $expected) = @$case;
    my $i = began($catch);
    check("event $name", event($i, $name, $body), $i, $status, $expected, '');
}

# Who waits where: receive tasks and events are among the activities; each is passed once.
my $i = start($receive, { who => 'x', amount => 1 });
ok t_cmp([ sort @{ $i->{activityNames} } ], [ 'r', 'u' ], 'it rests at both');
signal($i->{id}, { activityId => 'r' });
ok t_cmp(json(signal($i->{id}, { activityId => 'r' }))->{success}, JSON::PP::false(), 'only once');
ok t_cmp([ map { "$_->{activityId} $_->{activityType}" } grep { $_->{activityId} eq 'r' && $_->{completed} } @{ get_json("/process-instance/$i->{id}")->{activities} } ],
         [ 'r receiveTask' ], 'history has its visit');
$i = began($catch);
event($i, 'go%20ahead');
ok t_cmp(json(event($i, 'go%20ahead'))->{success}, JSON::PP::false(), 'a signal is gone for who came later');
event($i, 'h%C3%A4lt', { who => 'signal' });
ok t_cmp(names($i), 'one x three two', 'all three');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EVENT_SUBSCR WHERE PROC_INST_ID_ = $i"), 0, 'nobody waits any more');

# One instance, not its neighbour.
my ($here, $there) = (began($catch), began($catch));
event($here, 'go%20ahead');
ok t_cmp(names($there), '', 'the other one waits on');
call('DELETE', "/process-instance/$there");
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_EVENT_SUBSCR WHERE PROC_INST_ID_ = $there"), 0, 'until it is deleted');

# No such instance, whatever the body; instances that have ended.
my $ended = start(define('signalEnded', '<startEvent id="s"/>', 's -> r', '<receiveTask id="r"/>', 'r -> e', '<endEvent id="e"/>'))->{id};
ok t_cmp(signal($ended, { activityId => 'r' })->code, 200, 'the last step');
ok t_cmp(get_json("/process-instance/$ended")->{endActivityId}, 'e', 'and it has ended');
my $task = value_of("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $here LIMIT 1");
for my $id (0, 'x', 999999999, "0$here", $task, $catch, $ended) {
    ok t_cmp(signal($id, { activityId => 'r' })->code, 404, "signal to '$id'");
    ok t_cmp(signal($id, {})->code, 404, "signal to '$id' without activity");
    ok t_cmp(event($id, 'go%20ahead')->code, 404, "event to '$id'");
    ok t_cmp(message(event($id, 'go%20ahead')), qr/'\Q$id\E'/, 'which one');
}
ok t_cmp(signal($here, {}, user => undef)->code, 401, 'without credentials');
