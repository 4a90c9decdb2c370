# Jobs that the server runs by itself, also while somebody asks for the same ones.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Test;

use constant MANY => 12;

my $fine = define('backgroundFine', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:async="true"/>');
my $loose = define('backgroundLoose', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> a', 'f -> b',
    map { "<userTask id=\"$_\" activiti:async=\"true\" activiti:exclusive=\"false\"/>" } 'a', 'b');
my $fails = define('backgroundFails', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> set', 'f -> t',
    '<userTask id="set"/>', '<userTask id="t" activiti:assignee="${approver}" activiti:async="true"/>');

my $cycle = '<userTask id="t" activiti:assignee="${approver}" activiti:async="true"><extensionElements>'
    . '<activiti:failedJobRetryTimeCycle>%s</activiti:failedJobRetryTimeCycle></extensionElements></userTask>';
sub cycle {
    my ($key, $text) = @_;
    return define($key, '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> set', 'f -> t',
        '<userTask id="set"/>', sprintf $cycle, $text);
}

sub jobs_of { get_json('/management/jobs?process-instance=' . shift->{id})->{data} }
sub task_count { get_json('/process-instance/' . shift->{id} . '/tasks')->{total} }

plan tests => 24 + 2 * MANY;

# A failure is recorded as on request, and tried again after a pause.
my $i = start($fails);
my $job;
ok wait_until { ($job) = @{ jobs_of($i) }; $job && $job->{retries} < 3 };
ok t_cmp($job->{retries}, 2, 'one attempt less');
ok t_cmp($job->{exceptionMessage}, qr/^activity "t": .*'approver'/);
ok t_cmp(get_json("/management/job/$job->{id}")->{stacktrace},
         qr/\A.*'approver'\n(?:  at .+\n)*  at activity "t"\n  at job $job->{id} of process instance $i->{id}\z/, 'the trace');
ok t_cmp(get_json("/management/jobs?process-instance=$i->{id}&executable=true")->{total}, 0, 'not yet due again');
my ($set) = @{ get_json("/process-instance/$i->{id}/tasks")->{data} };
complete($set->{id}, { approver => 'kermit' });
ok t_cmp(scalar(@{ jobs_of($i) }), 1, 'it waits');
ok wait_until { !@{ jobs_of($i) } } 40;
ok t_cmp(task_count($i), 1, 'mended, it works the next time');

# What the model says about attempts goes before what the administrator says. When there are
# none left the job stays; given some more it goes on at once.
for my $case (
    # text           attempts
    [ 'R2/PT0.3S',   2 ],
    [ 'PT0.1S,PT0.4S', 3 ],
) {
    my ($text, $attempts) = @$case;
    my $began = time;
    my $i = start(cycle("backgroundCycle$attempts", $text));
    my $job;
    ok wait_until { ($job) = @{ jobs_of($i) }; $job && $job->{retries} == $attempts - 1 };
    ok wait_until { ($job) = @{ jobs_of($i) }; $job && $job->{retries} == 0 };
    ok t_cmp(time - $began < 9, 1, "$text: sooner than the administrator's pause");
    my ($set) = @{ get_json("/process-instance/$i->{id}/tasks")->{data} };
    complete($set->{id}, { approver => 'kermit' });
    ok t_cmp(get_json("/management/jobs?process-instance=$i->{id}&no-retries-left=true")->{total}, 1, 'it stays');
    ok t_cmp(call('PUT', "/management/job/$job->{id}/retries", { retries => 1 })->code, 200);
    ok wait_until { !@{ jobs_of($i) } };
    ok t_cmp(task_count($i), 1, 'given one more attempt it works');
}

# Asked for while the server is about to run it: done once, whoever was first.
for my $definition ($fine, $loose) {
    my @codes = in_parallel(MANY, sub {
        my $i = start($definition);
        my @codes = map { call('PUT', "/management/job/$_->{id}/execute")->code } @{ jobs_of($i) };
        return join ' ', $i->{id}, @codes;
    });
    my $wanted = $definition eq $fine ? 1 : 2;
    my $strange = 0;
    for my $line (@codes) {
        my ($id, @codes) = split ' ', $line;
        $strange += grep { !/^(200|404)$/ } @codes;
        wait_until { !@{ jobs_of({ id => $id }) } } 40;
        ok t_cmp(task_count({ id => $id }), $wanted, "$definition: $line");
    }
    ok t_cmp($strange, 0, 'no job failed');
}
