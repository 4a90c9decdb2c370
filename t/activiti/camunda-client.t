# The worker client of Camunda 7 for JavaScript, as npm has it, works on this server: types of
# variables there and back, conditions, failures, BPMN errors, locks, long polls.
#
# npm fetches it into the build folder when it is not there. Without node and npm there is
# nothing to run it with, without a way to the registry nothing to run; where WF_ONLINE is
# set, as in CI, the latter fails instead of being skipped.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IPC::Open2 ();
use JSON::PP ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Node;
use WF::Test;

my ($home, $why) = WF::Node::install('camunda', 'got', 'worker.mjs');
plan tests => 39, $why ? skip_reason($why) : ();

# ---- a process for each topic --------------------------------------------------------------

sub work { "<serviceTask id=\"$_[0]\" activiti:type=\"external\" activiti:topic=\"$_[1]\"/>" }
my $types = define('jsTypes', '<startEvent id="s"/>', 's -> x', work('x', 'types'), 'x -> y', work('y', 'again'), 'y -> t', '<userTask id="t"/>');
my $some = define('jsSome', '<startEvent id="s"/>', 's -> x', work('x', 'some'), 'x -> t', '<userTask id="t"/>');
my $trouble = define('jsTrouble', '<startEvent id="s"/>', 's -> x', work('x', 'trouble'), 'x -> t', '<userTask id="t"/>',
    '<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="NO_MONEY" activiti:errorMessageVariable="why"/></boundaryEvent>',
    'b -> h', '<userTask id="h"/>');
my $locks = define('jsLocks', '<startEvent id="s"/>', 's -> x', work('x', 'locks'), 'x -> t', '<userTask id="t"/>');
my $picky = define('jsPicky', '<startEvent id="s"/>', 's -> x', work('x', 'picky'), 'x -> t', '<userTask id="t"/>');

# Where an instance waits.
sub place { join ' ', sort map { $_->{activityId} } grep { !$_->{completed} } @{ get_json('/process-instance/' . shift)->{activities} } }
sub value { my ($instance, $name) = @_; my ($v) = grep { $_->{variableName} eq $name } @{ get_json("/process-instance/$instance")->{variables} // [] }; $v && $v->{variableValue} }

# ---- the worker ------------------------------------------------------------------------------

my ($from, $to);
my $pid = do {
    local %ENV = (%ENV, BASE_URL => base_url() . '/activiti-rest/service', USER => 'fozzie', PASSWORD => 'fozzie');
    IPC::Open2::open2($from, $to, 'node', "$home/worker.mjs");
};
END { if ($pid) { local $?; close $to; kill TERM => $pid; waitpid $pid, 0 } }

# The next thing of that kind which the worker says; others are forgotten.
sub heard {
    my $what = shift;
    local $SIG{ALRM} = sub { die "the worker says nothing of $what\n" };
    alarm 30;
    while (defined(my $line = <$from>)) {
        my $said = JSON::PP::decode_json($line);
        t_debug($line);
        if ($said->{what} eq $what) { alarm 0; return $said }
    }
    alarm 0;
    die "the worker has ended\n";
}

heard('ready');

# All types.
my $began = time;
my $instance = start($types, { businessKey => 'K-1', amount => 250, name => 'Fozzie', ok => JSON::PP::true, items => [ 1, 2 ] })->{id};
my $said = heard('types');
ok t_cmp($said->{values}, { amount => 250, name => 'Fozzie', ok => JSON::PP::true, items => [ 1, 2 ] }, 'variables as the worker reads them');
ok t_cmp($said->{businessKey}, 'K-1', 'the business key');
ok t_cmp($said->{topic}, 'types', 'the topic');
ok t_cmp($said->{activity}, 'x', 'the activity');
ok t_cmp($said->{key}, 'jsTypes', 'the key of the process');
ok time - $began < 5 or t_debug(time - $began);    # it had been waiting for tasks
$said = heard('again');
my %values = (text => "gr\x{fc}\x{df}e", whole => 7, large => 2 ** 40, half => 0.5, yes => JSON::PP::true, nothing => undef,
              day => '2026-01-21T13:04:05.678Z', list => [ 1, 'two', { three => 3 } ], short => 3);
my %kinds = (text => 'string', whole => 'integer', large => 'long', half => 'double', yes => 'boolean', nothing => 'null',
             day => 'date', list => 'json', short => 'short');
for my $name (sort keys %values) {
    ok t_cmp($said->{values}{$name}, $values{$name}, "$name comes back");
    ok t_cmp($said->{types}{$name}, $kinds{$name}, "$name: its type");
}
ok $said->{isDate};
ok wait_until { place($instance) eq 't' };

# Some.
$instance = start($some, { text => 'a', other => 'b' })->{id};
ok t_cmp(heard('some')->{values}, { text => 'a' }, 'only the variables that it wants');
ok wait_until { place($instance) eq 't' };
ok t_cmp(value($instance, 'done'), 'true', 'a variable');

# A failure, then an error.
$instance = start($trouble)->{id};
ok t_cmp(heard('trouble')->{retries}, undef, 'no retries are set at first');
$said = heard('trouble');
ok t_cmp("$said->{retries} $said->{message}", '1 not yet', 'the second attempt');
ok wait_until { place($instance) eq 'h' };
ok t_cmp(join(' ', value($instance, 'left'), value($instance, 'why')), '12 really not', 'what it has said of the error');

# Locks.
$instance = start($locks)->{id};
ok t_cmp(heard('locks')->{again}, JSON::PP::false, 'fetched');
ok t_cmp(heard('locks')->{again}, JSON::PP::true, 'fetched again');
ok wait_until { place($instance) eq 't' };

# Conditions, and a refusal.
my @other = map { start($picky, $_)->{id} } { businessKey => 'other', colour => 'red' }, { colour => 'red' };
$instance = start($picky, { businessKey => 'wanted', colour => 'red' })->{id};
$said = heard('complete:error');
ok t_cmp($said->{status}, 404, 'what is gone');
ok $said->{message} =~ /external task/ && $said->{type} =~ /Exception$/ or t_debug(%$said);
ok t_cmp(join(' ', map { place($_) } $instance, @other), 't x x', 'only the one that it wanted');
