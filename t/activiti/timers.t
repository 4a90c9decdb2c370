# Timers: when they fire, what the list of jobs shows of them, and what happens to them while
# the server is down.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant MANY => 20;

# A process that waits for a time and then has a task.
sub timer {
    my ($key, $time, %opt) = @_;
    my $async = $opt{async} ? ' activiti:async="true"' : '';
    return define($key, '<startEvent id="s"/>', 's -> c', 'c -> t', '<userTask id="t" name="behind"/>',
        "<intermediateCatchEvent id=\"c\"$async><timerEventDefinition>$time</timerEventDefinition></intermediateCatchEvent>");
}
sub in_ms { my $ms = shift; sprintf '<timeDuration>PT%.3fS</timeDuration>', $ms / 1000 }
sub jobs { get_json('/management/jobs?size=1000&process-instance=' . shift->{id} . '&' . (shift // ''))->{data} }
sub fired { !@{ jobs(shift) } }
sub tasks { my $r = get_json('/process-instance/' . shift->{id} . '/tasks'); join ' ', map { $_->{name} } @{ $r->{data} } }
sub execute { call('PUT', '/management/job/' . shift . '/execute') }
sub visit {
    my ($server, $instance) = @_;
    my $row = `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "SELECT ACT_TYPE_, START_TIME_, COALESCE(END_TIME_, 0) FROM ACT_HI_ACTINST WHERE PROC_INST_ID_ = $instance->{id} AND ACT_ID_ = 'c'"`;
    chomp $row;
    return split /\|/, $row;
}

plan tests => 47;

$ENV{TZ} = 'Europe/Berlin';
my $server = WF::Server->new->start;

# ---- on time --------------------------------------------------------------------------------

# Due at different times; the executor sleeps until the next one.
my @waiting = map { { start => start(timer("timersIn$_", in_ms(300 + 50 * $_))), after => 300 + 50 * $_ } } 1 .. MANY;
ok wait_until { !grep { !fired($_->{start}) } @waiting };
my @late = sort { $a <=> $b } map {
    my ($type, $start, $end) = visit($server, $_->{start});
    $end - $start - $_->{after};
} @waiting;
t_debug("late by ms: @late");
ok $late[0] >= 0;
ok t_cmp($late[@late / 2] < 50, 1, 'half of them within 50 ms');
ok t_cmp($late[-1] < 1000, 1, 'all within a second');
ok t_cmp((visit($server, $waiting[0]{start}))[0], 'intermediateTimer', 'type in the history');
ok t_cmp(tasks($waiting[0]{start}), 'behind', 'the process has moved on');
ok t_cmp(get_json('/management/jobs?only-timers=true')->{total}, 0, 'no job is left');

my $i = start(timer('timersPast', '<timeDate>2001-01-01T00:00:00</timeDate>'));
ok wait_until { fired($i) };
ok t_cmp(tasks($i), 'behind', 'a date in the past fires at once');

$i = start(timer('timersAsync', in_ms(100), async => 1));
ok wait_until { fired($i) && tasks($i) eq 'behind' };

$i = start(timer('timersCycle', '<timeCycle>R3/PT0.1S</timeCycle>'));
ok wait_until { fired($i) };
ok t_cmp(tasks($i), 'behind', 'a cycle fires once');

# ---- what the list shows ---------------------------------------------------------------------

my @shown = (
    # time                                                              due date, in the zone of the server
    [ '<timeDate>2040-07-01T12:30:00</timeDate>',                       '2040-07-01T12:30:00.000+02:00' ],
    [ '<timeDate>2040-01-01T12:30:00</timeDate>',                       '2040-01-01T12:30:00.000+01:00' ],
    [ '<timeDate>2040-07-01T12:30:00Z</timeDate>',                      '2040-07-01T14:30:00.000+02:00' ],
    [ '<timeDate>${at}</timeDate>',                                     '2040-07-02T10:00:00.000+02:00' ],
    [ '<timeCycle>R/2040-07-01T12:30:00/PT1H</timeCycle>',              '2040-07-01T12:30:00.000+02:00' ],
    [ '<timeCycle>0 30 2 LW 3 ? 2040</timeCycle>',                      '2040-03-30T02:30:00.000+02:00' ],
    [ '<timeCycle>0 30 2 25 3 ? 2040</timeCycle>',                      '2040-03-25T03:30:00.000+02:00' ],    # the clocks leave it out
);
for my $case (@shown) {
    my ($time, $due) = @$case;
    my $i = start(timer('timersShown', $time), { at => '2040-07-02T10:00:00+02:00' });
    my ($job) = @{ jobs($i, 'only-timers=true') };
    ok t_cmp($job->{dueDate}, $due, $time);
    call('DELETE', "/process-instance/$i->{id}");
}
$i = start(timer('timersNever', '<timeDate>${null}</timeDate>'));
ok t_cmp(scalar(@{ jobs($i) }), 0, 'no date, no job');
ok t_cmp((visit($server, $i))[2], 0, 'it waits');

# A text that is no time is no fault of the file, but of whoever reaches it.
for my $time ('<timeDate>tomorrow</timeDate>', '<timeDuration>${at}</timeDuration>', '<timeCycle>0 0 12 30 2 ?</timeCycle>') {
    my $definition = timer('timersWrong', $time);
    my $r = call('POST', '/process-instance', { processDefinitionId => $definition, at => 'soon' });
    my ($text) = $time =~ />(.*)</;
    ok t_cmp($r->code . ' ' . message($r), qr/^500 .*activity "c": cannot resolve due date, \w+ "\Q$text\E": /, $time);
}

# An instance that is deleted takes its timer along.
$i = start(timer('timersDeleted', in_ms(3_600_000)));
my ($job) = @{ jobs($i, 'only-timers=true') };
ok t_cmp($job->{retries}, 3);
ok t_cmp(scalar(@{ jobs($i, 'only-messages=true') }), 0, 'it is no message');
ok t_cmp(scalar(@{ jobs($i, 'executable=true') }), 0, 'it is not due');
ok t_cmp(execute($job->{id})->code, 200, 'on request it fires before its time');
ok t_cmp(tasks($i), 'behind');
$i = start(timer('timersDeleted', in_ms(3_600_000)));
($job) = @{ jobs($i) };
call('DELETE', "/process-instance/$i->{id}");
ok t_cmp(execute($job->{id})->code, 404, 'its instance is gone');

# ---- the engine is killed ----------------------------------------------------------------------

my $soon = start(timer('timersSoon', in_ms(1000)));
my $later = start(timer('timersLater', in_ms(3_600_000)));
my $engine = $server->engine_pid;
kill KILL => $engine;
ok wait_until { ($server->engine_pid // $engine) != $engine && $server->wait_ready };
ok wait_until { fired($soon) };
ok t_cmp(tasks($soon), 'behind', 'a timer survives the engine');

# Due while nothing runs.
my $down = start(timer('timersDown', in_ms(2500)));
my $due = time + 2.5;
kill KILL => $server->engine_pid;
$server->stop;
ok t_cmp(time < $due, 1, 'down before it is due');
ok wait_until { time > $due };
$server->start;
ok wait_until { fired($down) } 5;
ok t_cmp(tasks($down), 'behind', 'it fires after the start');
ok t_cmp(scalar(@{ jobs($later) }), 1, 'the other one still waits');
my ($type, $from, $to) = visit($server, $down);
ok t_cmp($to - $from >= 2500, 1, 'not before its time');
ok $server->stop;

# ---- nobody runs jobs ---------------------------------------------------------------------------

$server = WF::Server->new(extra => 'WorkflowJobExecutor Off')->start;
$i = start(timer('timersOff', in_ms(1)));
ok wait_until { @{ jobs($i, 'executable=true') } };
ok t_cmp(tasks($i), '', 'due, but left alone');
($job) = @{ jobs($i, 'only-timers=true&executable=true') };
ok t_cmp($job->{dueDate}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0[12]:00$/);
ok t_cmp(execute($job->{id})->code, 200);
ok t_cmp(tasks($i), 'behind', 'on request it fires');
ok t_cmp(execute($job->{id})->code, 404, 'once');
ok t_cmp(get_json('/management/jobs?only-timers=true')->{total}, 0, 'and is gone');
