# What starts processes by itself when versions come and go: which definition waits for a
# message, a signal or a time, whatever the order of files in a deployment.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my %start = (    # start event by its letter
    m => '<startEvent id="m"><messageEventDefinition messageRef="mesVs"/></startEvent>',
    o => '<startEvent id="o"><messageEventDefinition messageRef="mesOther"/></startEvent>',
    s => '<startEvent id="s"><signalEventDefinition signalRef="sigVs"/></startEvent>',
    t => '<startEvent id="t"><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent>',
    n => '<startEvent id="n"/>',
);

# A file with a process that begins by these.
sub file {
    my ($key, $starts) = @_;
    my $xml = bpmn($key, map { $start{$_} } split //, $starts);
    my $declared = '<message id="mesVs" name="vs message"/><message id="mesOther" name="vs other"/><signal id="sigVs" name="vs signal"/>';
    return $xml =~ s/(?=<process )/$declared/r;
}

# What all versions of the keys wait for: "vsA:1 m", sorted.
sub waiting {
    my %what = map { ("$_->{D} $_->{A}" => 1) }
        stored("SELECT CONFIGURATION_ AS D, ACTIVITY_ID_ AS A FROM ACT_RU_EVENT_SUBSCR WHERE CONFIGURATION_ LIKE 'vs%' AND EXECUTION_ID_ IS NULL"),
        stored("SELECT PROC_DEF_ID_ AS D, HANDLER_CFG_ AS A FROM ACT_RU_JOB WHERE PROC_DEF_ID_ LIKE 'vs%'");
    return join ', ', sort keys %what;
}

my @cases = (
    # what                               files of one deployment: key and starts; or the one to delete
    #                                                             what waits then, or why it is refused
    [ 'the first',                       'vsA nmst',              'vsA:1 m, vsA:1 s, vsA:1 t' ],
    [ 'a new version',                   'vsA ms',                'vsA:2 m, vsA:2 s' ],
    [ 'a rival',                         'vsB m',                 qr/^1-vsB\.bpmn20\.xml:\d+:\d+: \[message-start\] m: .*vsA:2.*"vs message"/ ],
    [ 'rivals of each other',            'vsB o, vsC o',          qr/^2-vsC\.bpmn20\.xml:.*vsB:1/ ],
    [ 'two rivals: both are named',      'vsB m, vsC m',          qr/^1-vsB\.bpmn20\.xml:.*\n2-vsC\.bpmn20\.xml:/ ],
    [ 'what one gives up another takes', 'vsB m, vsA t',          'vsA:3 t, vsB:1 m' ],
    [ 'two versions at once',            'vsC s, vsC o',          'vsA:3 t, vsB:1 m, vsC:2 o' ],
    [ 'the oldest goes',                 0,                       'vsA:3 t, vsB:1 m, vsC:2 o' ],
    [ 'one comes back for its message',  2,                       'vsA:2 m, vsA:2 s, vsC:2 o' ],
    [ 'two versions go at once',         3,                       'vsA:2 m, vsA:2 s' ],
    [ 'the last one goes',               1,                       '' ],
);
plan tests => 2 * @cases + 17;

my @deployments;
for my $case (@cases) {
    my ($what, $does, $expected) = @$case;
    my ($n, $before) = (0, waiting());
    my $r = $does =~ /^\d+$/
        ? call('DELETE', "/deployment/$deployments[$does]?cascade=true")
        : upload('vs.bar', archive(map { [ ++$n . '-' . (split)[0] . '.bpmn20.xml', file(split) ] } split /, /, $does));
    push @deployments, json($r)->{id} if $n && $r->is_success;
    ok t_cmp($r->is_success ? $r->code : message($r), ref $expected ? $expected : 200, $what);
    ok t_cmp(waiting(), ref $expected ? $before : $expected, "$what: who waits");
}

# ---- a version that is suspended ---------------------------------------------------------------

sub put { return call('PUT', shift, {}) }
sub signal { return call('POST', '/signal/vs%20signal', {}) }
sub order { return call('POST', '/process-instance', { message => 'vs message' }) }
sub run_timer { my $id = shift; return put('/management/job/' . value_of("SELECT ID_ FROM ACT_RU_JOB WHERE PROC_DEF_ID_ = '$id'") . '/execute') }
sub begun { my $id = shift; return value_of("SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = '$id'") }

ok t_cmp(upload('vsD.bpmn20.xml', file('vsD', 'mst'))->code, 200, 'a process that starts by all of them');
ok t_cmp(put('/process-definition/vsD:1/suspend')->code, 200, 'is suspended');
ok t_cmp(signal()->code, 200, 'a signal');
ok t_cmp(order()->code, 409, 'a message is refused');
ok t_cmp(run_timer('vsD:1')->code, 409, 'its timer, too');
ok t_cmp(begun('vsD:1'), 0, 'nothing starts');
my $r = upload('vsD.bpmn20.xml', file('vsD', 't'));
ok t_cmp(waiting(), 'vsD:2 t', 'a new version');
ok t_cmp(run_timer('vsD:2')->code, 200, 'is not suspended');
call('DELETE', '/deployment/' . json($r)->{id} . '?cascade=true');
ok t_cmp(waiting(), 'vsD:1 m, vsD:1 s, vsD:1 t', 'the one before comes back');
ok t_cmp(signal()->code . ' ' . order()->code . ' ' . run_timer('vsD:1')->code, '200 409 409', 'as suspended as before');
ok t_cmp(begun('vsD:1'), 0, 'nothing starts');
ok t_cmp(put('/process-definition/vsD:1/activate')->code, 200, 'activate it');
ok t_cmp(signal()->code, 200, 'a signal');
ok t_cmp(order()->code, 200, 'a message');
ok t_cmp(run_timer('vsD:1')->code, 200, 'the timer');
ok t_cmp(begun('vsD:1'), 3, 'each starts one');
ok t_cmp(waiting(), 'vsD:1 m, vsD:1 s, vsD:1 t', 'all go on waiting');
