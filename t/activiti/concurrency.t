# Many clients at the same moment: what can happen once happens once, and nobody is told
# otherwise.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

use constant CLIENTS => 20;

plan tests => 28;

my $user = 'concurrency';
sub user_task { "<userTask id=\"$_[0]\" name=\"$_[0]\" activiti:assignee=\"$user\"/>" }
sub tally { my %n; $n{$_}++ for @_; return join ' ', map { "$n{$_}x$_" } sort keys %n }
sub count { value_of("SELECT COUNT(*) FROM @_") }

# One task, completed by everybody: once.
my $twice = define('concurrencyOne', '<startEvent id="s"/>', 's -> t', user_task('t'), 't -> u', user_task('u'));
for my $round (1 .. 3) {
    my $i = start($twice);
    my ($task) = tasks_of($i->{id}, "assignee=$user");
    my @codes = in_parallel(CLIENTS, sub { complete($task->{id}, { "by$_[0]" => $_[0] })->code });
    ok t_cmp(tally(@codes), '1x200 ' . (CLIENTS - 1) . 'x404', "round $round: one completes");
    ok t_cmp(tasks_named($i->{id}, "assignee=$user"), 'u', 'one task follows');
    my ($winner) = grep { $codes[$_] == 200 } 0 .. $#codes;
    ok t_cmp(join(' ', map { $_->{NAME_} } stored("SELECT NAME_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i->{id}")), "by$winner",
             'with the variables of the one');
}

# The branches of a fork, each completed by a client of its own: the join lets one token on.
my @branches = map { "b$_" } 1 .. CLIENTS;
my $fork = define('concurrencyFork', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', '<parallelGateway id="j"/>',
                  (map { user_task($_), "f -> $_", "$_ -> j" } @branches), 'j -> after', user_task('after'));
for my $round (1 .. 3) {
    my $i = start($fork);
    my @tasks = tasks_of($i->{id}, "assignee=$user");
    my @codes = in_parallel(CLIENTS, sub { complete($tasks[ $_[0] ]{id}, { $tasks[ $_[0] ]{name} => 1 })->code });
    ok t_cmp(tally(@codes), CLIENTS . 'x200', "round $round: all branches");
    ok t_cmp(tasks_named($i->{id}, "assignee=$user"), 'after', 'joined once');
    ok t_cmp(count("ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i->{id}"), CLIENTS, 'no variable is lost');
}

# One task, claimed by three: it belongs to the one who was told so.
my $claimed = define('concurrencyClaim', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:candidateUsers="concurrency"/>');
my $i = start($claimed);
my ($task) = tasks_of($i->{id}, "candidate=$user");
my @users = qw(kermit gonzo fozzie);
my @codes = in_parallel(18, sub { call('PUT', "/task/$task->{id}/claim", {}, user => $users[ $_[0] % 3 ])->code });
my $owner = get_json("/task/$task->{id}")->{assignee};
ok grep { $_ eq ($owner // '') } @users;
ok t_cmp("@codes", join(' ', map { $users[ $_ % 3 ] eq $owner ? 200 : 409 } 0 .. 17), "all know that it is $owner\'s");

# Everybody starts: instances of their own.
my @ids = in_parallel(CLIENTS, sub { join ' ', map { start($twice, { v => $_ })->{id} } 1 .. 5 });
my %distinct = map { $_ => 1 } map { split } @ids;
ok t_cmp(scalar keys %distinct, 5 * CLIENTS, 'as many instances as starts');

# Everybody uploads: versions without gap, each with its deployment.
my @uploads = in_parallel(8, sub { upload('concurrencyUpload.bpmn20.xml', bpmn('concurrencyUpload', '<startEvent id="s"/>'))->code });
ok t_cmp(tally(@uploads), '8x200', 'all uploads');
my @versions = map { $_->{version} } grep { $_->{key} eq 'concurrencyUpload' } @{ get_json('/process-definitions?size=10000&sort=version')->{data} };
ok t_cmp("@versions", '1 2 3 4 5 6 7 8', 'their versions');

# Some start a process while another deletes it: either it goes, or it runs.
my @sums;
for my $round (1 .. 5) {
    my $definition = define("concurrencyDelete$round", '<startEvent id="s"/>', 's -> t', user_task('t'));
    my $deployment = get_json("/process-definition/$definition")->{deploymentId};
    my @outcome = in_parallel(6, sub {
        $_[0] == 3 ? call('DELETE', "/deployment/$deployment")->code
                   : call('POST', '/process-instance', { processDefinitionId => $definition })->code;
    });
    my $deleted = splice @outcome, 3, 1;
    my $instances = count("ACT_RU_EXECUTION WHERE PROC_DEF_ID_ = '$definition'");
    my $started = grep { $_ eq '200' } @outcome;
    my $there = call('GET', "/process-definition/$definition")->code;
    push @sums, "$deleted: $started started, $instances run, $there";
}
ok t_cmp(join('; ', grep { !/^(200: 0 started, 0 run, 404|409: ([1-5]) started, \2 run, 200)$/ } @sums), '', 'deleted or running');

# Completing while the whole is deleted: no half of an instance stays.
my $definition = define('concurrencyCascade', '<startEvent id="s"/>', 's -> t', user_task('t'), 't -> u', user_task('u'));
my @running = map { start($definition)->{id} } 1 .. 10;
my %task_of = map { my ($t) = tasks_of($_, "assignee=$user"); ($_ => $t->{id}) } @running;
my $deployment = get_json("/process-definition/$definition")->{deploymentId};
@codes = in_parallel(11, sub {
    $_[0] == 5 ? call('DELETE', "/deployment/$deployment?cascade=true")->code : complete($task_of{ $running[ $_[0] % 10 ] })->code;
});
ok t_cmp($codes[5], 200, 'deleted with its instances');
ok t_cmp(tally(@codes), qr/^\d+x200( \d+x404)?( \d+x409)?$/, 'completed before, gone, or deleted meanwhile');
ok t_cmp(count("$_ WHERE PROC_DEF_ID_ = '$definition'"), 0, "$_ is clean") for qw(ACT_RU_EXECUTION ACT_RU_TASK);
