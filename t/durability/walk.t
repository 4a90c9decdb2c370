# The engine is killed again and again while instances of random processes run: tasks, jobs,
# workers, timers, calls, calls of an endpoint outside, several tokens at once. What was
# acknowledged has happened, nothing has happened twice, and every instance comes to its end.
#
# The seed is fixed; WF_SEED tries another one.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use List::Util qw(shuffle);
use POSIX ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

# An engine that has died twice within STABLE seconds of its start is revived later and later.
use constant { MODELS => 3, KILLS => 7, STABLE => 5, OPEN => 10, STEP => 5 };

plan tests => 14;

my $sink = WF::Target->new('/effect' => { json => {}, delay => 0.03 });
my $server = WF::Server->new(extra => "WorkflowDelegate org.walk.Effect http " . $sink->url('/effect'))->start;
srand($ENV{WF_SEED} // 20100524);

sub sql {
    my $sql = shift;
    my $out = `sqlite3 -readonly -cmd '.timeout 5000' '$server->{dir}/engine/workflow.db' "$sql"`;
    $? and die $sql;
    return split /\n/, $out;
}

# ---- processes -------------------------------------------------------------------------------

my @kinds = (
    sub { "<userTask id=\"$_[0]\" activiti:assignee=\"kermit\"/>" },
    sub { "<userTask id=\"$_[0]\" activiti:assignee=\"kermit\" activiti:asyncAfter=\"true\"/>" },
    sub { "<task id=\"$_[0]\" activiti:async=\"true\"/>" },
    sub { "<task id=\"$_[0]\" activiti:async=\"true\" activiti:exclusive=\"false\"/>" },
    sub { "<serviceTask id=\"$_[0]\" activiti:type=\"external\" activiti:topic=\"walk\"/>" },
    sub { "<serviceTask id=\"$_[0]\" activiti:class=\"org.walk.Effect\" activiti:async=\"true\"/>" },
    sub { "<intermediateCatchEvent id=\"$_[0]\"><timerEventDefinition><timeDuration>PT0.2S</timeDuration></timerEventDefinition></intermediateCatchEvent>" },
    sub { "<callActivity id=\"$_[0]\" calledElement=\"walkCalled\"/>" },
);
use constant EFFECT => 5;

# Steps one after the other, from a node to a node; each is counted in the instance.
sub chain {
    my ($model, $from, $to, @steps) = @_;
    for my $kind (@steps) {
        my $id = 'n' . ++$model->{steps};
        $model->{effects}++ if $kind == EFFECT;
        push @{ $model->{elements} }, $kinds[$kind]->($id), "$from -> $id",
            "<serviceTask id=\"$id-count\" activiti:expression=\"\${execution.setVariable('count', count + 1)}\"/>", "$id -> $id-count";
        $from = "$id-count";
    }
    push @{ $model->{elements} }, "$from -> $to";
}

# Each kind once, at random places of parallel branches; then something more.
sub model {
    my $key = shift;
    my $model = { key => $key, steps => 0, effects => 0, elements => [ map { "<$_/>" }
        'startEvent id="s"', 'parallelGateway id="f"', 'parallelGateway id="j"', 'endEvent id="e"' ] };
    my @branches = map { [] } 0 .. 1 + int rand 3;
    push @{ $branches[ rand @branches ] }, $_ for shuffle(0 .. $#kinds);
    push @{ $model->{elements} }, 's -> f';
    chain($model, 'f', 'j', @$_) for @branches;
    chain($model, 'j', 'e', map { int rand @kinds } 1 .. 2);
    $model->{id} = define($key, @{ $model->{elements} });
    return $model;
}

define('walkCalled', '<startEvent id="s"/>', '<task id="a" activiti:async="true"/>',
    '<userTask id="t" activiti:assignee="kermit"/>', 's -> a', 'a -> t');
my @models = map { model("walk$_") } 1 .. MODELS;
my %model = map { $_->{id} => $_ } @models;

# ---- clients -----------------------------------------------------------------------------------

# Each one works until there is a file that says stop, and notes what it was told, one line
# an answer.
my %running;
sub client {
    my ($name, $stop, $code) = @_;
    my $pid = fork // die $!;
    if (!$pid) {
        open my $notes, '>', $server->file("notes-$name") or die $!;
        $notes->autoflush(1);
        my $note = sub { print $notes "@_\n" };
        until (-e $server->file($stop)) {
            eval { $code->($note); 1 } or $note->('died', 0, $@ =~ s/\s+/ /gr);
        }
        POSIX::_exit(0);
    }
    $running{$pid} = $name;
}

my $started = 0;
sub starts {
    my $note = shift;
    my ($open) = sql('SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE END_TIME_ IS NULL AND SUPER_PROCESS_INSTANCE_ID_ IS NULL');
    return Time::HiRes::sleep(0.02) if $open >= OPEN;
    my $key = 'w' . ++$started;
    my $r = call('POST', '/process-instance', { processDefinitionId => $models[ $started % MODELS ]{id}, businessKey => $key, count => 0 });
    $note->('start', $r->code, $key);
}

# A task that was completed must not come back.
my %completed;
sub completes {
    my $note = shift;
    my $r = call('GET', '/tasks?assignee=kermit&size=100');
    return $note->('list', $r->code, '-') if $r->code != 200;
    my @tasks = map { $_->{id} } @{ json($r)->{data} };
    Time::HiRes::sleep(0.02) unless @tasks;
    for my $task (@tasks) {
        next $note->('lost', 0, $task) if $completed{$task};
        my $code = complete($task)->code;
        $completed{$task} = 1 if $code == 200;
        $note->('complete', $code, $task);
    }
}

sub works {
    my $note = shift;
    my $r = call('POST', '/external-task/fetchAndLock', { workerId => "worker-$$", maxTasks => 5, asyncResponseTimeout => 200,
        topics => [ { topicName => 'walk', lockDuration => 1000 } ] });
    return $note->('fetch', $r->code, '-') if $r->code != 200;
    for my $task (map { $_->{id} } @{ json($r) }) {
        $note->('work', call('POST', "/external-task/$task/complete", { workerId => "worker-$$" })->code, $task);
    }
}

client(starter => 'enough', \&starts);
client($_ => 'stop', \&completes) for 'kermit-1', 'kermit-2';
client($_ => 'stop', \&works) for 'worker-1', 'worker-2';

# ---- kills -----------------------------------------------------------------------------------------

sub visits { (sql('SELECT COUNT(*) FROM ACT_HI_ACTINST WHERE END_TIME_ IS NOT NULL'))[0] }

my (%killed, $born, @unsound);
for my $kill (1 .. KILLS) {
    my $pid = wait_until { my $p = $server->engine_pid; $p && !$killed{$p} && $server->wait_ready && $p } 30 or last;
    ($born, my $seen) = (time, visits());
    wait_until { visits() >= $seen + STEP && ($kill % 2 || time - $born > STABLE) } 30;
    kill KILL => $pid;
    push @unsound, $server->unsound;
    $killed{$pid} = 1;
}
ok t_cmp(scalar(keys %killed), KILLS, 'so many engines were killed');
$server->spew('enough', '');
my @open;
ok wait_until { @open = sql('SELECT ID_, PROC_DEF_ID_ FROM ACT_HI_PROCINST WHERE END_TIME_ IS NULL'); !@open && !$killed{ $server->engine_pid // 0 } } 30
    or t_debug("still open: @open");
$server->spew('stop', '');
waitpid $_, 0 for keys %running;

# ---- what has become of it -----------------------------------------------------------------------------

my (%codes, %told, @wrong);
for my $name (values %running) {
    for (split /\n/, $server->slurp("notes-$name")) {
        my ($what, $code, $id) = split / /, $_, 3;
        $codes{"$what $code"}++;
        $told{$what}{$id}++ if $code =~ /^2/;
        push @wrong, $_ if $what =~ /lost|died/;
    }
}
t_debug(join ', ', map { "$_: $codes{$_}" } sort keys %codes);
ok t_cmp("@wrong[0 .. ($#wrong < 5 ? $#wrong : 5)]", '', 'nothing that was acknowledged came back');
# 404: another one has done it; 409: is doing it; 400: another worker has it by now.
ok t_cmp(join(' ', sort grep { !/ (20[04]|503)$|^complete 4(04|09)$|^work 40[049]$/ } keys %codes), '', 'answers are yes, no longer, or not known');
ok t_cmp(join(' ', grep { $told{complete}{$_} > 1 } sort keys %{ $told{complete} }), '', 'no task was completed twice');
ok t_cmp(join(' ', grep { $told{work}{$_} > 1 } sort keys %{ $told{work} }), '', 'no work was taken twice');

my (%instances, @counts, $effects);
for (sql('SELECT p.BUSINESS_KEY_, p.PROC_DEF_ID_, v.LONG_ FROM ACT_HI_PROCINST p LEFT JOIN ACT_HI_VARINST v'
       . " ON v.PROC_INST_ID_ = p.ID_ AND v.NAME_ = 'count' WHERE p.SUPER_PROCESS_INSTANCE_ID_ IS NULL")) {
    my ($key, $definition, $count) = split /\|/;
    my $model = $model{$definition};
    $instances{$key}++;
    $effects += $model->{effects};
    push @counts, "$key: $count of $model->{steps}" if $count != $model->{steps};
}
ok t_cmp(join(' ', grep { ($instances{$_} // 0) != 1 } sort keys %{ $told{start} }), '', 'each acknowledged start once');
ok t_cmp(join(', ', grep { $instances{$_} != 1 } sort keys %instances), '', 'none twice');
ok t_cmp(join(', ', @counts), '', 'each step was counted once');

my $requests = 0;
my %effects;
$requests++, $effects{ $_->{headers}{'idempotency-key'} // 'none' }++ for $sink->requests('/effect');
t_debug(scalar(keys %instances) . " instances, $requests requests with " . scalar(keys %effects) . ' keys');
ok t_cmp(scalar(keys %effects), $effects, 'each effect has one key, however often it was asked for');

my @runtime = grep { /^ACT_RU_/ } sql("SELECT NAME FROM sqlite_master WHERE TYPE = 'table'");
ok t_cmp(join(' ', grep { (sql("SELECT COUNT(*) FROM $_"))[0] } @runtime), '', 'nothing is left');
my @history = sql("SELECT PROC_INST_ID_, ACT_ID_, COUNT(*), SUM(END_TIME_ IS NULL) FROM ACT_HI_ACTINST WHERE ACT_TYPE_ NOT LIKE '%Gateway'"
                . ' GROUP BY PROC_INST_ID_, ACT_ID_ HAVING COUNT(*) != 1 OR SUM(END_TIME_ IS NULL) > 0');
ok t_cmp("@history", '', 'each node was visited once, and left');
ok t_cmp(join('', @unsound), '', 'the store is sound after each kill');
ok t_cmp($server->unsound, '', 'and at the end');
