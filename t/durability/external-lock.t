# What workers have survives a kill of the engine: locks stay with who has them, what was
# completed stays so, and who has waited is not left hanging.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant { TASKS => 30, KILLS => 2 };

plan tests => 9 + 4 * KILLS;

my $server = WF::Server->new(status => 1)->start;
my $definition = define('extLock', '<startEvent id="s"/>', 's -> x', '<serviceTask id="x" activiti:type="external" activiti:topic="work"/>',
    'x -> t', '<userTask id="t"/>');

sub fetch { my ($worker, $most, %more) = @_; call('POST', '/external-task/fetchAndLock', { workerId => $worker, maxTasks => $most,
    topics => [ { topicName => 'work', lockDuration => 600000 } ], %more }) }
sub ids { map { $_->{id} } @{ json(shift) } }
sub complete_as { my ($worker, $id) = @_; call('POST', "/external-task/$id/complete", { workerId => $worker })->code }
sub kill_engine {
    my $pid = $server->engine_pid;
    kill KILL => $pid;
    return wait_until { my $p = $server->engine_pid; $p && $p != $pid && $server->wait_ready } 30;
}

start($definition) for 1 .. TASKS;
my @mine = ids(fetch('w', TASKS / 2));
ok t_cmp(scalar(@mine), TASKS / 2, 'half of them are locked');
ok kill_engine();
my %mine = map { $_ => 1 } @mine;
my @theirs = ids(fetch('v', TASKS));
ok t_cmp(scalar(@theirs), TASKS / 2, 'the others are there');
ok t_cmp(scalar(grep { $mine{$_} } @theirs), 0, 'and none that is locked');
ok t_cmp(join(' ', map { complete_as('v', $_) } @mine[ 0, 1 ]), '400 400', 'not by another worker');
ok t_cmp(join(' ', map { complete_as('w', $_) } @mine[ 0, 1 ]), '204 204', 'by who has the lock');

# Kills between and amid completions: what was answered counts, and nothing counts twice.
my @left = ((map { [ w => $_ ] } @mine[ 2 .. $#mine ]), map { [ v => $_ ] } @theirs);
my $done = 2;
for my $kill (1 .. KILLS) {
    my $child = fork // die $!;
    if (!$child) {
        select undef, undef, undef, 0.02 * $kill;    # not a wait: the kills hit different moments
        kill KILL => $server->engine_pid;
        require POSIX;
        POSIX::_exit(0);
    }
    my (@again, %codes);
    for (splice @left, 0, 8) {
        my $code = complete_as(@$_);
        $codes{$code}++;
        push @again, $_ if $code == 503;
    }
    waitpid $child, 0;
    ok !grep { !/^(204|503)$/ } keys %codes or t_debug(%codes);
    ok $server->wait_ready;
    my @codes = map { complete_as(@$_) } @again;    # 404: it was done, and only the answer was lost
    ok !grep { !/^(204|404)$/ } @codes or t_debug(@codes);
    $done += 8;
    my $open = get_json('/external-task/count?topicName=work')->{count};
    ok t_cmp($open, TASKS - $done, 'each is done once');
}

# Who waits while the engine dies is told, and the next one gets what comes.
my $since = time;
my $pid = fork // die $!;
if (!$pid) {
    wait_until { $server->answering('/activiti-rest/service/external-task/fetchAndLock') };
    kill KILL => $server->engine_pid;
    require POSIX;
    POSIX::_exit(0);
}
my $code = fetch('u', 1, asyncResponseTimeout => 20000)->code;
waitpid $pid, 0;
ok $code == 503 && time - $since < 15 or t_debug($code, time - $since);
$server->wait_ready;
start($definition);
ok t_cmp(scalar(ids(fetch('u', 5))), 1, 'a new task');
ok t_cmp($server->unsound, '', 'the store is sound');
