# Signals for all, messages for one, and processes that start by them or by a time.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# A process with events: declarations are added, bodies are plain BPMN.
sub file {
    my ($key, $body) = @_;
    return <<"END_XML";
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="events">
<signal id="sigAlert" name="alert all"/><message id="mesOrder" name="order"/><message id="mesPaid" name="p&#xe4;id"/>
<process id="$key">$body</process></definitions>
END_XML
}
sub put_up { my ($key, $body) = @_; return upload("$key.bpmn20.xml", file($key, $body)) }
sub deploy_events { my ($key, $body) = @_; my $r = put_up($key, $body); $r->is_success or die $r->as_string; return (demo_id($key), json($r)->{id}) }
sub flow { my ($from, $to) = @_; return "<sequenceFlow id=\"$from-$to\" sourceRef=\"$from\" targetRef=\"$to\"/>" }
sub task { my ($id, $name) = @_; $name //= $id; return "<userTask id=\"$id\" name=\"$name\" activiti:assignee=\"events\"/>" }
sub instances { my $id = shift; return value_of("SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = '$id'") }
sub names { return tasks_named(shift, 'assignee=events') }
sub throw { my ($name, $body, %opt) = @_; return call('POST', "/signal/$name", $body // {}, %opt) }
sub waiting { return get_json('/process-instance/' . shift . '/event-subscriptions')->{data} }
sub none { my $r = shift; return $r->code == 200 && !json($r)->{success} ? json($r)->{failureReason} : $r->code }

plan tests => 56;

my $start = '<startEvent id="s"/>';
my $signal = '<signalEventDefinition signalRef="sigAlert"/>';

# ---- signals for all --------------------------------------------------------------------------

my ($catcher) = deploy_events('eventsCatch', $start . task('a') . task('z', 'warned ${why}')
    . "<boundaryEvent id=\"b\" attachedToRef=\"a\">$signal</boundaryEvent>" . flow('s', 'a') . flow('b', 'z'));
my ($starter, $first) = deploy_events('eventsStart', "<startEvent id=\"s\">$signal</startEvent>"
    . '<userTask id="z" name="begun ${why}" activiti:assignee="events" activiti:owner="${why}"/>' . flow('s', 'z'));
my ($thrower) = deploy_events('eventsThrow', $start . "<intermediateThrowEvent id=\"t\">$signal</intermediateThrowEvent>" . task('y') . flow('s', 't') . flow('t', 'y'));

my @two = map { start($catcher)->{id} } 1, 2;
ok t_cmp(throw('nobody')->code, 200, 'nobody needs to wait');
my $r = throw('alert%20all', { why => 'fire' });
ok t_cmp($r->content, '{"success":true}', 'a signal for all');
ok t_cmp(names($_), 'warned fire', 'an instance hears it') for @two;
ok t_cmp(instances($starter), 1, 'and a process starts by it');
my $begun = value_of("SELECT ID_ FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = '$starter'");
ok t_cmp(names($begun), 'begun fire', 'with the variables');
ok t_cmp(value_of("SELECT START_USER_ID_ FROM ACT_HI_PROCINST WHERE ID_ = $begun"), 'kermit', 'for the user who threw it');

my $third = start($catcher, { why => 'thrown' })->{id};
$r = call('POST', '/process-instance', { processDefinitionId => $thrower });
ok t_cmp($r->code, 500, 'what starts by a signal of a process must be able to');    # ${why} is unknown there
ok t_cmp(message($r), qr/'why'/, 'says why it is not');
ok t_cmp(names($third), 'a', 'and nobody has heard it');
call('DELETE', "/deployment/$first?cascade=true");
ok t_cmp(start($thrower)->{activityNames}, ['y'], 'a process throws it');
ok t_cmp(names($third), 'warned thrown', 'another one hears it');

my $fourth = start($catcher, { why => 'job' })->{id};
ok t_cmp(throw('alert%20all?async=true', { x => 1 })->code, 400, 'jobs carry no variables');
ok t_cmp(throw('alert%20all?async=true')->code, 200, 'delivered by a job');
ok wait_until { names($fourth) eq 'warned job' };
ok t_cmp(throw('alert%20all?async=perhaps')->code, 400, 'what is no flag');
ok t_cmp(throw('alert%20all', '[]')->code, 400, 'what is no object');
ok t_cmp(throw('alert%20all', {}, user => undef)->code, 401, 'without credentials');
ok t_cmp(throw('')->code, 400, 'without a name');

# Tasks are completed while the signal would interrupt them: each is one or the other.
my ($crossed) = deploy_events('eventsCrossed', $start . task('a') . task('y', 'done') . task('z', 'warned')
    . "<boundaryEvent id=\"b\" attachedToRef=\"a\">$signal</boundaryEvent>" . flow('s', 'a') . flow('a', 'y') . flow('b', 'z'));
my @all = map { start($crossed)->{id} } 1 .. 24;
my %task = map { $_ => (tasks_of($_, 'assignee=events'))[0]{id} } @all;
my @said = in_parallel(6, sub {
    my $n = shift;
    return throw('alert%20all')->code if $n < 2;
    return join ' ', map { complete($task{ $all[$_] })->code } grep { $_ % 4 == $n - 2 } 0 .. $#all;
});
ok t_cmp([ @said[0, 1] ], [ 200, 200 ], 'the signals were thrown');
ok t_cmp(join(' ', @said[2 .. 5]), qr/^(?:(?:200|404) ?)+$/, 'tasks were completed, or gone');
my %rests;
$rests{ names($_) }++ for @all;
ok t_cmp([ grep { !/^(?:done|warned)$/ } keys %rests ], [], 'each instance went one way');
ok t_cmp($rests{done} // 0, scalar(() = join(' ', @said[2 .. 5]) =~ /200/g), 'the way that its task went');

# ---- messages for one --------------------------------------------------------------------------

my ($receiver) = deploy_events('eventsMessage', $start . '<eventBasedGateway id="g"/>'
    . '<intermediateCatchEvent id="m"><messageEventDefinition messageRef="mesPaid"/></intermediateCatchEvent>'
    . "<intermediateCatchEvent id=\"c\">$signal</intermediateCatchEvent>"
    . task('x', 'paid ${sum}') . task('y', 'warned') . flow('s', 'g') . flow('g', 'm') . flow('g', 'c') . flow('m', 'x') . flow('c', 'y'));
my $i = start($receiver)->{id};
ok t_cmp([ map { "$_->{eventType} $_->{eventName} $_->{activityId} $_->{executionId}" } @{ waiting($i) } ],
         [ "message p\x{e4}id m $i", "signal alert all c $i" ], 'what an instance waits for');
ok t_cmp(none(call('POST', "/execution/$i/message/order", {})), qr/'order'/, 'no other message');
ok t_cmp(none(call('POST', "/execution/$i/signal/p%C3%A4id", {})), qr/signal/, 'it is no signal');
ok t_cmp(call('POST', "/execution/$i/message/p%C3%A4id", { sum => 'x', sum_type => 'Integer' })->code, 400, 'a variable that is no number');
ok t_cmp(call('POST', "/execution/$i/message/p%C3%A4id", { sum => 7 })->content, '{"success":true}', 'the message');
ok t_cmp(names($i), 'paid 7', 'the token goes on with its variables');
ok t_cmp(waiting($i), [], 'nothing is waited for');
ok t_cmp(none(call('POST', "/execution/$i/message/p%C3%A4id", {})), qr/does not wait/, 'it comes once');
$i = start($receiver)->{id};
ok t_cmp(call('POST', "/execution/$i/signal/alert%20all", {})->content, '{"success":true}', 'the signal, for this one alone');
ok t_cmp(names($i), 'warned', 'the other way');
for my $id (0, 'x', 999999999) {
    ok t_cmp(call('POST', "/execution/$id/message/order", {})->code, 404, "no execution '$id'");
}
ok t_cmp(call('GET', '/process-instance/999999999/event-subscriptions')->code, 404, 'no instance');

# ---- starting by a message ---------------------------------------------------------------------

my $ordered = '<startEvent id="o"><messageEventDefinition messageRef="mesOrder"/></startEvent>' . task('z', 'order ${n}') . flow('o', 'z');
my ($one) = deploy_events('eventsOrder', $start . task('a') . flow('s', 'a') . $ordered);
$r = call('POST', '/process-instance', { message => 'order', businessKey => 'k', n => 3 });
ok t_cmp($r->code, 200, 'a message starts a process');
ok t_cmp([ @{ json($r) }{ qw(processDefinitionId businessKey) }, names(json($r)->{id}) ], [ $one, 'k', 'order 3' ], 'this one');
ok t_cmp(names(start($one, { message => 'order' })->{id}), 'a', 'by id it is a variable');
ok t_cmp(call('POST', '/process-instance', { message => 'nothing' })->code, 404, 'a message for nobody');
ok t_cmp(call('POST', '/process-instance', { message => [ 'order' ] })->code, 400, 'a message that is no text');
ok t_cmp(message(call('POST', '/process-instance', {})), qr/'message'/, 'one of three is needed');
$r = put_up('eventsRival', $ordered);
ok t_cmp($r->code, 400, 'another process must not start by it');
ok t_cmp(message($r), qr/eventsRival\S*:3:\d+: \[message-start\] o: .*\Q$one\E.*"order"/, 'why and where');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RE_PROCDEF WHERE KEY_ = 'eventsRival'"), 0, 'nothing of it is left');
my ($two, $second) = deploy_events('eventsOrder', $start . task('b') . flow('s', 'b'));
ok t_cmp(call('POST', '/process-instance', { message => 'order' })->code, 404, 'a version without it');
call('DELETE', "/deployment/$second?cascade=true");
ok t_cmp(call('POST', '/process-instance', { message => 'order', n => 4 })->code, 200, 'gone, the one before starts by it again');

# ---- starting by a time -------------------------------------------------------------------------

sub timed { my ($key, $time) = @_; return deploy_events($key, "<startEvent id=\"s\"><timerEventDefinition>$time</timerEventDefinition></startEvent>" . task('z') . flow('s', 'z')) }
my ($cycle) = timed('eventsCycle', '<timeCycle>R3/PT0.2S</timeCycle>');
ok wait_until { instances($cycle) == 3 };
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$cycle'"), 0, 'three times, no more');
my $gap = value_of("SELECT MAX(START_TIME_) - MIN(START_TIME_) FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = '$cycle'");
ok t_cmp($gap >= 200 && $gap < 5000, 1, "on a grid: $gap ms");
my ($hourly, $third_one) = timed('eventsHourly', '<timeCycle>0 0 * * * ?</timeCycle>');
my $job = value_of("SELECT ID_ FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$hourly'");
ok t_cmp(get_json("/management/job/$job")->{processInstanceId}, undef, 'its job belongs to no instance');
ok t_cmp(call('PUT', "/management/job/$job/execute")->code, 200, 'it is run before its time');
ok t_cmp(instances($hourly), 1, 'and starts one');
ok t_cmp([ value_of("SELECT COUNT(*) FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$hourly'"), value_of("SELECT REPEAT_ FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$hourly'") ],
         [ 1, '0 0 * * * ?' ], 'the next one waits');
my ($newer) = timed('eventsHourly', '<timeCycle>0 30 * * * ?</timeCycle>');
ok t_cmp([ map { value_of("SELECT COUNT(*) FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$_'") } $hourly, $newer ], [ 0, 1 ], 'until a new version comes');
