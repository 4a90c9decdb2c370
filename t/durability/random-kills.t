# Clients of both faces work on while the engine, children of httpd, httpd or all of them are killed
# at random instants, round after round. What was acknowledged is there once, what was not at most
# once; no job waits for a lock of the dead; nothing is left over that could not end.
#
# WF_SEED chooses the instants, WF_ROUNDS how many (`make soak`): every ROUNDS_EACH of them have a
# server of their own.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep time);
use WF::Activiti;
use WF::Ledger;
use WF::Server;
use WF::Tally;
use WF::Test;

use constant { ROUNDS_EACH => 25, STABLE => 5, RESUMES => 10, ENDS => 60, ITERATIONS => 300, RUNS => 2, NOTES => 6000 };
my $rounds = $ENV{WF_ROUNDS} // 7;
my $seed = $ENV{WF_SEED} // time ^ $$;
srand $seed;
$| = 1;
print "# WF_SEED=$seed\n";    # which instants; not how the processes ran

my $tally = WF::Tally->new;
my ($server, $ledger);

# ---- clients ----------------------------------------------------------------------------------

# A task, a job, an event, a timer and a worker, one after the other.
my @chain = ('<startEvent id="s"/>', 's -> t', '<userTask id="t" name="${mark}" activiti:assignee="kermit"/>', 't -> a',
    '<serviceTask id="a" activiti:async="true" activiti:expression="${execution.setVariable(\'passed\', told)}"/>', 'a -> w',
    '<receiveTask id="w"/>', 'w -> l', '<intermediateCatchEvent id="l"><timerEventDefinition><timeDuration>PT0.2S</timeDuration></timerEventDefinition></intermediateCatchEvent>',
    'l -> x', '<serviceTask id="x" activiti:type="external" activiti:topic="work"/>', 'x -> e', '<endEvent id="e"/>');

# The open task of an instance; undef while there is none, or none can be seen.
sub task_of {
    my $r = call('GET', '/process-instance/' . shift() . '/tasks');
    my ($task) = $r->is_success ? grep { !$_->{endTime} } @{ json($r)->{data} } : ();
    return $task && $task->{id};
}

sub complete_it { my ($book, $mark, $task) = @_; $book->step(complete => $mark, PUT => "/task/$task/complete", { told => $mark }) }

# It may not wait there yet, or, if nobody knows what became of the step before, no longer: then the
# answer says so. True if it did.
sub wake {
    my ($book, $mark, $instance) = @_;
    $book->note(wake => $mark, 'begun');
    my $r = call(POST => "/process-instance/$instance/signal", { activityId => 'w' });
    my $told = $r->code == 404 || $r->is_success && !json($r)->{success} ? 'not there' : WF::Ledger::told($r);
    $book->note(wake => $mark, $told);
    return $told eq 'yes';
}

sub walks {
    my ($book, $turn) = @_;
    my $mark = "w$$-$turn";
    my $r = $book->step(start => $mark, POST => '/process-instance', { processDefinitionId => 'chain:1', businessKey => $mark, mark => $mark });
    $r->is_success or return;
    my $instance = json($r)->{id};
    my $task = task_of($instance) // return;
    complete_it($book, $mark, $task)->is_success or return;
    wait_until { $book->ending || wake($book, $mark, $instance) } 5;
}

sub works {
    my ($book, $turn) = @_;
    my $r = call('POST', '/external-task/fetchAndLock', { workerId => "worker-$$", maxTasks => 5, asyncResponseTimeout => 200,
        topics => [ { topicName => 'work', lockDuration => 2000 } ] });
    return sleep 0.05 unless $r->is_success;
    $book->step(work => $_->{id}, POST => "/external-task/$_->{id}/complete", { workerId => "worker-$$" }) for @{ json($r) };
}

sub insists {
    my ($book, $turn) = @_;
    my $mark = "k$$-$turn";
    my $r = $book->insist(keyed => $mark, POST => '/process-instance', { processDefinitionId => 'chain:1', businessKey => $mark, mark => $mark });
    my $task = $r->is_success && task_of(json($r)->{id}) or return;
    $book->insist(complete => $mark, PUT => "/task/$task/complete", { told => $mark });
}

# Definitions, deployments, tasks without a process, users.
sub administers {
    my ($book, $turn) = @_;
    my $mark = "a$$-$turn";
    $book->step(task => $mark, PUT => '/task', { name => $mark });
    $book->step(user => $mark, PUT => '/user', { id => $mark, firstName => $mark, password => 'kermit-the-frog' }) if $turn % 5 == 0;
    return if $turn % 3;
    $book->note(deploy => $mark, 'begun');
    my $r = upload("$mark.bpmn20.xml", bpmn("d$mark", '<startEvent id="s"/>'));
    $book->note(deploy => $mark, WF::Ledger::told($r));
}

sub loads {
    my ($book, $turn) = @_;
    my $mark = "l$$-$turn";
    my $r = call('GET', '/api/v1/executions?status=running');
    return sleep 0.1 if !$r->is_success || json($r)->{total} >= RUNS;
    $book->step(load => $mark, POST => '/api/v1/workflows', { workflow => workflow([ http_step(s => $tally->url("/2?$mark")) ],
        { mode => 'shared-iterations', vus => 3, iterations => ITERATIONS }, name => $mark) });
}

my %clients = ((map { ("walker-$_" => \&walks) } 1 .. 3), worker => \&works, insister => \&insists, administrator => \&administers, loader => \&loads);

# ---- kills --------------------------------------------------------------------------------------

sub a_child {
    my $engine = $server->engine_pid // 0;
    my @children = grep { $_ != $server->{pid} && $_ != $engine } $server->pids;
    return @children ? $children[ rand @children ] : ();
}
sub engine { wait_until { $server->engine_pid } 30 }

# An engine that dies early, and not for the first time, is revived later and later; a new httpd
# forgets that. So it is given the time to count as stable.
my ($born, $early) = (0, 0);
sub launched { $server->launch; ($born, $early) = (time, 0) }
sub kill_engine {
    my $left = $born + STABLE - time;
    $early = 0 if $left < 0;
    sleep $left if $left > 0 && $early++;
    my $pid = engine();
    kill KILL => $pid;
    wait_until { !kill 0 => $pid };
    $born = time;
}

# httpd alone: the engine notices, and children that stay behind are nobody's.
sub kill_parent {
    my ($parent, @others) = $server->halt;
    my $engine = $server->engine_pid // 0;
    kill KILL => $parent;
    kill CONT => @others;
    wait_until { !kill 0 => $engine } or die 'the engine outlives httpd';
    kill KILL => grep { $_ != $engine } @others;
    wait_until { !grep { kill 0 => $_ } @others } or die 'children outlive httpd';
    delete $server->{pid};
    unlink $server->file('httpd.pid');
    launched();
}

# How often of the sum of the first column; what; whether it ends the engine.
my @kills = (
    [ 4, 'engine',                   \&kill_engine,                                                            1 ],
    [ 4, 'all',                      sub { $server->crash; launched() },                                  1 ],
    [ 1, 'engine in a restart',      sub { $server->graceful; sleep rand 0.1; kill_engine() },                 1 ],
    [ 2, 'httpd',                    \&kill_parent,                                                            1 ],
    [ 1, 'engine and its successor', sub { kill_engine(); sleep rand 0.2; $born = 0; kill_engine() },          1 ],
    [ 1, 'all, twice',               sub { $server->crash; launched(); sleep rand 0.2; $server->crash; launched() }, 1 ],
    [ 2, 'a child',                  sub { kill KILL => a_child() },                                           0 ],
    [ 1, 'engine stands still',      sub { my $pid = engine(); kill STOP => $pid; sleep rand 0.5; kill CONT => $pid }, 0 ],
    [ 1, 'stop',                     sub { $server->stop or die 'it does not stop'; launched() },         1 ],
);
my @urn = map { ($_) x $_->[0] } @kills;

my (%times, %wrong);
sub wrong {
    my ($what, $text) = @_;
    return unless length $text;
    $wrong{$what} .= "$text\n";
    print STDERR "# $what: $text\n";    # it may not be seen again
}

# The first rounds have one of each, in this order.
sub round {
    my $n = shift;
    my (undef, $name, $strike, $ends) = @{ $kills[$n] // $urn[ rand @urn ] };
    my $enough = $ledger->extent + rand NOTES;
    wait_until { $ledger->extent > $enough } 10;
    sleep rand 0.02;
    $strike->();
    my $since = time;
    my @locked = $ends ? $server->rows('SELECT ID_ FROM ACT_RU_JOB WHERE LOCK_OWNER_ IS NOT NULL') : ();
    wrong(ready => "after $name") unless $server->wait_ready;
    push @{ $times{$name} }, time - $since;
    my $ids = join ',', @locked;
    wrong(locks => "jobs $ids after $name") unless wait_until { !@locked || !$server->rows("SELECT 1 FROM ACT_RU_JOB WHERE ID_ IN ($ids) AND RETRIES_ > 0") } RESUMES;
    wrong(sound => "after $name: " . $server->unsound) if $server->unsound;
}

# ---- what is there -----------------------------------------------------------------------------------

my $of_instance = 'FROM ACT_HI_ACTINST A JOIN ACT_HI_PROCINST P ON P.ID_ = A.PROC_INST_ID_ WHERE A.END_TIME_ IS NOT NULL AND A.ACT_ID_';
my %effects = (
    start    => "SELECT BUSINESS_KEY_ FROM ACT_HI_PROCINST WHERE BUSINESS_KEY_ LIKE 'w%'",
    keyed    => "SELECT BUSINESS_KEY_ FROM ACT_HI_PROCINST WHERE BUSINESS_KEY_ LIKE 'k%'",
    complete => "SELECT P.BUSINESS_KEY_ $of_instance = 't'",
    wake     => "SELECT P.BUSINESS_KEY_ $of_instance = 'w'",
    task     => "SELECT NAME_ FROM ACT_HI_TASKINST WHERE NAME_ LIKE 'a%'",
    user     => "SELECT ID_ FROM ACT_ID_USER WHERE ID_ LIKE 'a%'",
    deploy   => "SELECT SUBSTR(KEY_, 2) FROM ACT_RE_PROCDEF WHERE KEY_ LIKE 'da%'",
    load     => 'SELECT WORKFLOW_NAME_ FROM WF_EXECUTION',
);
# Rows that must not be there.
my %odd = (
    'a step once'      => "SELECT P.BUSINESS_KEY_, A.ACT_ID_, COUNT(*) $of_instance > '' GROUP BY 1, 2 HAVING COUNT(*) <> 1",
    'every step'       => "SELECT P.BUSINESS_KEY_, COUNT(*) $of_instance > '' GROUP BY 1 HAVING COUNT(*) <> 7",
    'an end'           => 'SELECT ID_ FROM ACT_HI_PROCINST WHERE END_TIME_ IS NULL',
    'what was told'    => "SELECT P.BUSINESS_KEY_, V.TEXT_ FROM ACT_HI_PROCINST P LEFT JOIN ACT_HI_VARINST V ON V.PROC_INST_ID_ = P.ID_ AND V.NAME_ = 'passed' WHERE V.TEXT_ IS NOT P.BUSINESS_KEY_",
    'no execution'     => 'SELECT ID_ FROM ACT_RU_EXECUTION', 'no job' => 'SELECT ID_ FROM ACT_RU_JOB',
    'no subscription'  => 'SELECT ID_ FROM ACT_RU_EVENT_SUBSCR', 'no external task' => 'SELECT ID_ FROM ACT_RU_EXT_TASK',
    'no task'          => 'SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ IS NOT NULL',
    'no incident'      => 'SELECT ID_ FROM ACT_RU_INCIDENT',
);

# Whatever the clients have left open is brought to its end: it must be able to.
sub sweep {
    my $book = shift;
    for ($server->rows("SELECT T.ID_, P.BUSINESS_KEY_ FROM ACT_RU_TASK T JOIN ACT_HI_PROCINST P ON P.ID_ = T.PROC_INST_ID_")) {
        my ($task, $mark) = split /\|/;
        complete_it($book, $mark, $task);
    }
    for ($server->rows("SELECT E.PROC_INST_ID_, P.BUSINESS_KEY_ FROM ACT_RU_EXECUTION E JOIN ACT_HI_PROCINST P ON P.ID_ = E.PROC_INST_ID_ WHERE E.ACT_ID_ = 'w'")) {
        my ($instance, $mark) = split /\|/;
        wake($book, $mark, $instance);
    }
    works($book);
    my ($open) = $server->rows('SELECT (SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE END_TIME_ IS NULL)'
        . " + (SELECT COUNT(*) FROM WF_EXECUTION WHERE STATUS_ NOT IN ('completed', 'failed', 'aborted'))");
    return !$open;
}

sub count_effects {
    my $when = shift;
    wrong(effects => "$when: $_") for grep { length } map { $ledger->faults($_ => $server->rows($effects{$_})) } sort keys %effects;
}

sub look {
    count_effects('as it was left');
    wrong(ends => join ' ', $server->rows('SELECT ID_ FROM ACT_HI_PROCINST WHERE END_TIME_ IS NULL')) unless wait_until { sweep($ledger) } ENDS;
    wrong(refused => $ledger->refused);
    count_effects('at the end');
    wrong(rows => "$_: " . join ' ', $server->rows($odd{$_})) for grep { $server->rows($odd{$_}) } sort keys %odd;
    for ($server->rows("SELECT WORKFLOW_NAME_, STATUS_, json_extract(METRICS_, '\$.total_iterations') FROM WF_EXECUTION")) {
        my ($mark, $status, $iterations) = split /\|/;
        my $came = $tally->count("/2?$mark");
        wrong(loads => "$_, $came came") if "$status $iterations" ne 'completed ' . ITERATIONS || $came < ITERATIONS;
    }
    wrong(sound => $server->unsound) if $server->unsound;
    my @pids = $server->pids;
    wrong(stop => "not within its time") unless $server->stop;
    wrong(stop => "pids left: @pids") unless wait_until { !grep { kill 0 => $_ } @pids };
}

# ---- the run ------------------------------------------------------------------------------------------

plan tests => 10;

my %count;
for (my $n = 0; $n < $rounds; $n += ROUNDS_EACH) {
    $server = WF::Server->new->start;
    ($born, $early) = (time, 0);
    define(chain => @chain);
    $ledger = WF::Ledger->new($server);
    $ledger->client($_ => $clients{$_}) for sort keys %clients;
    for my $i ($n .. $n + ROUNDS_EACH - 1) { round($i) if $i < $rounds }
    $ledger->end;
    look();
    my $figures = $ledger->figures;
    for my $kind (keys %$figures) { $count{$kind}{$_} += $figures->{$kind}{$_} for keys %{ $figures->{$kind} } }
    print '# ', ($n + ROUNDS_EACH < $rounds ? $n + ROUNDS_EACH : $rounds), " rounds\n" if $rounds > ROUNDS_EACH;
    last if %wrong;
}
for my $kind (sort keys %count) { print "# $kind: ", join(', ', map { "$_ $count{$kind}{$_}" } sort keys %{ $count{$kind} }), "\n" }
for my $name (sort keys %times) {
    my @sorted = sort { $a <=> $b } @{ $times{$name} };
    printf "# %-26s %3d rounds, ready after %.2f s, at most %.2f s\n", $name, scalar @sorted, @sorted[ @sorted / 2, -1 ];
}
ok t_cmp(join(' ', grep { !$count{$_}{yes} } sort(keys %effects), 'work'), '', 'some of each kind were told yes');
ok t_cmp($wrong{ready} // '', '', 'ready after each round');
ok t_cmp($wrong{locks} // '', '', 'jobs of the dead are taken up at once');
ok t_cmp($wrong{sound} // '', '', 'the store is sound after each round');
ok t_cmp($wrong{ends} // '', '', 'whatever is left can come to its end');
ok t_cmp($wrong{refused} // '', '', 'nothing was refused');
ok t_cmp($wrong{effects} // '', '', 'every effect once that was told, at most once that was not, and no other');
ok t_cmp($wrong{rows} // '', '', 'every step once, and nothing left over');
ok t_cmp($wrong{loads} // '', '', 'executions have made all of their iterations');
ok t_cmp($wrong{stop} // '', '', 'all processes end');
