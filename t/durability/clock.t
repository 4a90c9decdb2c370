# The wall clock is set while the server works: an hour forward, back before everything that
# it has stored, a year. Dates follow the clock; durations, locks of jobs in hand, attempts to
# use the store and load executions do not.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Clock;
use WF::Server;
use WF::Target;
use WF::Test;

use constant { HOUR => 3600, YEAR => 365 * 24 * 3600 };

plan tests => 31, WF::Clock::made() ? () : skip_reason(WF::Clock::reason());

my $clock = WF::Clock->new;
my $target = WF::Target->new('/slow' => { delay => 2 });
my $server = WF::Server->new($clock->options, throttle => 1, extra => "WorkflowHttpTask On\nWorkflowJobLease 5\nWorkflowMaxAuthFailures 3")->start;

sub timer { "<intermediateCatchEvent id=\"t\"><timerEventDefinition><timeDuration>$_[0]</timeDuration></timerEventDefinition></intermediateCatchEvent>" }
my @to_task = ('<startEvent id="s"/>', '<userTask id="u"/>', '<endEvent id="e"/>', 'u -> e');
my %made = (
    (map { $_->[0] => define($_->[0], @to_task, timer($_->[1]), 's -> t', 't -> u') } [ hour => 'PT1H' ], [ second => 'PT1S' ]),
    call => define('call', @to_task, 's -> x', 'x -> u', '<serviceTask id="x" activiti:type="http" activiti:async="true"><extensionElements>'
                   . '<activiti:field name="requestUrl" stringValue="' . $target->url('/slow') . '"/></extensionElements></serviceTask>'),
    task => define('task', @to_task, 's -> u'),
);
sub begin { start($made{ +shift })->{id} }
sub tasks { my $instance = shift; $server->rows("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $instance") }
sub finish { complete(tasks(shift))->code }
sub vus { get_json('/api/v1/perf/executions/' . shift . '/status')->{vus} // -1 }
sub is_login { call('POST', '/login', { userId => 'fozzie', password => shift }, user => undef) }

# ---- an hour forward -----------------------------------------------------------------------------

my ($hour, $call) = (begin('hour'), begin('call'));
ok wait_until { scalar(() = $target->requests('/slow')) == 1 } 30;
ok t_cmp(scalar(() = tasks($hour)), 0, 'a timer that is due in an hour');
my $run = submit(workflow([ { id => 's', type => 'sleep', config => { duration => '10ms' } } ],
    { stages => [ map { { duration => "$_->[0]s", target => $_->[1] } } [ 0, 6 ], [ 3, 6 ], [ 0, 2 ], [ 3, 2 ] ] }));
my @again = ('POST', '/process-instance', { processDefinitionId => $made{task} }, headers => { 'Idempotency-Key' => 'before-the-jump' });
my $first = json(call(@again))->{id};
ok wait_until { vus($run) == 6 } 30;
$clock->set(HOUR);
ok wait_until { tasks($hour) } 30;
ok wait_until { tasks($call) } 30;
ok t_cmp(scalar(() = $target->requests('/slow')), 1, 'a job in hand was done once, though its lock had run out by the clock');
ok t_cmp(call('GET', '/ready')->code, 200, 'ready');
ok t_cmp(json(call(@again))->{id}, $first, 'a request that comes again is known');

# ---- back before everything that is stored ---------------------------------------------------------

my $open = begin('task');
$clock->set(-&YEAR);
ok wait_until { vus($run) == 2 } 30;
my $e = finished($run);
ok t_cmp($e->{status}, 'completed', 'an execution goes on');
my $figures = metrics($run);
ok t_cmp($figures->{metrics}{vus}{values}{value}, 2, 'its last figures are its latest');
ok t_cmp(ms($figures->{duration}) < 600_000, 1, 'and it took as long as it took');
my $second = begin('second');
ok wait_until { tasks($second) } 30;
ok t_cmp(finish($open), 200, 'what began later than it ends');
ok t_cmp(join(' ', $server->rows("SELECT END_TIME_ IS NOT NULL, DURATION_ FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = $open")), '1|0', 'took no time');

# Jobs are looked for, and commits tried again, after a time and not at a date.
my $db = $server->file('engine/workflow.db');
$clock->set(0);
rename $db, "$db.away" or die $!;
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => $made{call} })->code, 503, 'the store is away');
ok t_cmp(call('GET', '/ready')->code, 503, 'not ready');
$clock->set(-&HOUR);
rename "$db.away", $db or die $!;
ok wait_until { call('GET', '/ready')->code == 200 } 30;
$call = begin('call');
ok wait_until { tasks($call) } 30;

# ---- who guesses ---------------------------------------------------------------------------------------

ok t_cmp(is_login('fozzie')->code, 200, 'the right password');
my $wait = 0;
wait_until { $wait = is_login('wrong')->header('Retry-After') // 0; $wait >= 5 } 60;
ok t_cmp($wait >= 5, 1, 'who guesses waits');
$clock->set(HOUR);
ok t_cmp(is_login('fozzie')->code, 429, 'however late it seems to be');

# ---- in another year -------------------------------------------------------------------------------------

$clock->set(YEAR);
ok t_cmp(call('GET', '/ready')->code, 200, 'ready');
$second = begin('second');
ok wait_until { tasks($second) } 30;
ok t_cmp(finish($second), 200, 'a year later');
for my $off (YEAR, 0) {
    $clock->set($off);
    kill KILL => $server->engine_pid;
    ok $server->wait_ready;
    my $instance = begin('second');
    ok wait_until { tasks($instance) } 30;
}
ok t_cmp($server->unsound, '', 'the store is sound');
ok $server->stop;
