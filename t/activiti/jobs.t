# Jobs: the list with its filters and sort keys, one job with its trace, running them on
# request. The server does not run any by itself.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowJobExecutor Off')->start;

sub sql {
    my $sql = shift;
    my $out = `sqlite3 -cmd '.timeout 5000' '$server->{dir}/engine/workflow.db' "$sql"`;
    $? and die $sql;
    chomp $out;
    return $out;
}
sub jobs { my $query = shift // ''; get_json("/management/jobs?size=100&$query") }
sub job { get_json('/management/job/' . shift) }
sub job_of { my $i = shift; my ($job) = @{ jobs("process-instance=$i->{id}")->{data} }; return $job->{id} }
sub execute { call('PUT', '/management/job/' . shift . '/execute', @_) }
sub execute_all { call('POST', '/management/jobs/execute', @_) }
sub tasks { my $i = shift; my $r = get_json("/process-instance/$i->{id}/tasks"); join ' ', sort map { $_->{name} } @{ $r->{data} } }
sub members { my $o = shift; join ' ', map { "$_=" . ($o->{$_} // 'null') } sort keys %$o }
sub shown { my $o = shift; join ' ', map { "$_=" . ($o->{$_} // 'null') } qw(retries exceptionMessage) }

# A task behind a job; one whose job fails until somebody has set a variable and that does
# something before it fails; one behind a timer that fails.
my $fine = define('jobsFine', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="fine" activiti:async="true"/>');
my $fails = define('jobsFails', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> set', 'f -> t',
    '<userTask id="set" name="set"/>',
    '<userTask id="t" name="touched ${execution.setVariable(\'touched\', 1)}" activiti:assignee="${approver}" activiti:async="true"/>');
my $timer = define('jobsTimer', '<startEvent id="s"/>', 's -> c', 'c -> t', '<userTask id="t" activiti:assignee="${approver}"/>',
    '<intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>');
my $long = '&#233;' x 250;
my $wide = define('jobsWide', '<startEvent id="s"/>', "<sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"$long\"/>",
    "<userTask id=\"$long\" activiti:assignee=\"\${approver}\" activiti:async=\"true\"/>");
my $loose = define('jobsLoose', '<startEvent id="s"/>', 's -> t',
    '<userTask id="t" name="loose" activiti:async="true" activiti:exclusive="false"/>');

my ($one, $two, $three) = map { start($fine) } 1 .. 3;
my ($x, $y) = map { start($_) } $fails, $timer;
my %name = map { job_of($_->[1]) => $_->[0] } [ a => $one ], [ b => $two ], [ c => $three ], [ x => $x ], [ 'y' => $y ];
my %id = reverse %name;
sub names { join ' ', map { $name{ $_->{id} } // '?' } @{ shift->{data} } }

plan tests => 211;

# ---- one job ------------------------------------------------------------------------------

my $before = job($id{x});
ok t_cmp($before->{incidents}, [], 'nothing has happened');
delete $before->{incidents};
ok t_cmp(delete $before->{suspended}, JSON::PP::false(), 'it is active');
ok t_cmp(members($before), "assignee=null dueDate=null exceptionMessage=null executionId=$before->{executionId} id=$id{x} "
                           . "processInstanceId=$x->{id} retries=3", 'a job that nobody has tried');
ok t_cmp($before->{executionId}, qr/^\d+$/);
ok t_cmp(call('GET', "/management/job/$id{x}")->content, qr/"id":"$id{x}".*"retries":3\b/, 'an id is text, retries are a number');

my $r = execute($id{x}, undef);
ok t_cmp($r->code, 500, 'a job that fails');
ok t_cmp(message($r), qr/job $id{x} of process instance $x->{id}: activity "t": .*approver/, 'and says why');
my $after = job($id{x});
ok t_cmp($after->{retries}, 2, 'an attempt less');
ok t_cmp($after->{exceptionMessage}, qr/^activity "t": .*approver/, 'its message');
my @trace = split /\n/, $after->{stacktrace};
ok t_cmp($trace[0], qr/approver/, 'the trace begins with the cause');
ok t_cmp($trace[0], qr/^(?!.*activity)/);
ok t_cmp($trace[-2], '  at activity "t"', 'then where');
ok t_cmp($trace[-1], "  at job $id{x} of process instance $x->{id}", 'and in what');
ok t_cmp($after->{dueDate}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/, 'not to be tried again at once');
ok t_cmp(tasks($x), 'set', 'nothing came of it');
ok t_cmp(join(' ', map { $_->{variableName} } @{ get_json("/process-instance/$x->{id}")->{variables} // [] }), '', 'not even what it did before it failed');
ok t_cmp(sql("SELECT COUNT(*) FROM ACT_GE_BYTEARRAY WHERE NAME_ = 'job.exceptionByteArray'"), 1);
ok t_cmp(sql("SELECT COALESCE(LOCK_OWNER_, 'none') FROM ACT_RU_JOB WHERE ID_ = $id{x}"), 'none', 'no lock');

# It is on disk before the caller hears of it.
ok t_cmp(execute($id{x})->code, 500);
my $engine = $server->engine_pid;
kill KILL => $engine;
ok wait_until { ($server->engine_pid // $engine) != $engine && $server->wait_ready };
ok t_cmp(job($id{x})->{retries}, 1, 'durable');
ok t_cmp(execute($id{x})->code, 500) for 1 .. 2;
ok t_cmp(job($id{x})->{retries}, -1, 'below zero');
ok t_cmp(sql("SELECT COUNT(*) FROM ACT_GE_BYTEARRAY WHERE NAME_ = 'job.exceptionByteArray'"), 1, 'one trace, replaced each time');
ok t_cmp(execute($id{y})->code, 500);

my $w = start($wide);
my $wide_job = job_of($w);
ok t_cmp(execute($wide_job)->code, 500);
my $message = job($wide_job)->{exceptionMessage};
ok t_cmp(length $message, 255, 'a message is cut');
ok t_cmp($message, qr/é/, 'between characters');
ok length(job($wide_job)->{stacktrace}) > 255;

# ---- lists --------------------------------------------------------------------------------

my ($due_x, $due_y) = map { job($_)->{dueDate} } $id{x}, $id{y};
sub url { shift =~ s/\+/%2B/r }
my $in = "process-instance=";
my @filters = (
    # query                                          jobs, by id
    [ '',                                            'a b c x y ?' ],
    [ "$in$x->{id}",                                 'x' ],
    [ "${in}999999",                                 '' ],
    [ "${in}nothing",                                '' ],
    [ "${in}1%20OR%201=1",                           '' ],
    [ "$in",                                         'a b c x y ?' ],
    [ 'with-retries-left=true',                      'a b c y ?' ],
    [ 'with-retries-left=TRUE',                      'a b c y ?' ],
    [ 'with-retries-left=false',                     'a b c x y ?' ],
    [ 'no-retries-left=true',                        'x' ],
    [ 'no-retries-left=false',                       'a b c x y ?' ],
    [ 'no-retries-left=true&only-timers=true',       '' ],
    [ 'executable=true',                             'a b c' ],
    [ 'executable=false',                            'a b c x y ?' ],
    [ 'only-timers=true',                            'y' ],
    [ 'only-messages=true',                          'a b c x ?' ],
    [ 'only-timers=true&only-messages=false',        'y' ],
    [ 'duedate-lt=' . url($due_y),                   'x ?' ],
    [ 'duedate-ltoe=' . url($due_y),                 'x y ?' ],
    [ 'duedate-ht=' . url($due_x),                   'y ?' ],
    [ 'duedate-htoe=' . url($due_x),                 'x y ?' ],
    [ 'duedate-htoe=' . url($due_x) . '&duedate-ltoe=' . url($due_x), 'x' ],
    [ 'duedate-ht=' . url($due_x) . '&duedate-lt=' . url($due_y),     '?' ],
    [ 'duedate-lt=2001-01-01T00:00:00Z',             '' ],
    [ 'duedate-ht=2001-01-01T01:00:00.000+01:00',    'x y ?' ],    # a blank, as a plus in a query
    [ 'duedate-ht=2001-01-01T01:00:00%2B01:00',      'x y ?' ],
    [ "executable=true&$in$one->{id}",                 'a' ],
    [ "executable=true&only-timers=true",            '' ],
    [ "executable=true&duedate-ht=2001-01-01T00:00:00Z", '' ],
    [ "with-retries-left=true&only-messages=true&duedate-htoe=2001-01-01T00:00:00Z", '?' ],
    [ "only-timers=true&$in$y->{id}&with-retries-left=true&duedate-lt=2101-01-01T00:00:00Z", 'y' ],
);
for my $case (@filters) {
    my ($query, $names) = @$case;
    ok t_cmp(names(jobs($query)), $names, $query);
}

my @refused = (
    # query                                          message
    [ 'only-timers=true&only-messages=true',         qr/'only-timers' and 'only-messages'/ ],
    [ 'with-retries-left=true&no-retries-left=true', qr/'with-retries-left' and 'no-retries-left'/ ],
    [ 'executable=yes',                              qr/'executable'.*'yes'/ ],
    [ 'only-timers=1',                               qr/'only-timers'.*'1'/ ],
    [ 'duedate-lt=yesterday',                        qr/'duedate-lt'.*'yesterday'/ ],
    [ 'duedate-ht=2010-13-01T00:00:00Z',             qr/'duedate-ht'/ ],
    [ 'duedate-htoe=2010-01-01',                     qr/'duedate-htoe'/ ],
    [ 'duedate-ltoe=0',                              qr/'duedate-ltoe'/ ],
    [ 'sort=exceptionMessage',                       qr/'exceptionMessage'/ ],
    [ 'sort=RETRIES_',                               qr/'RETRIES_'/ ],
    [ 'sort=id;DELETE%20FROM%20ACT_RU_JOB',          qr/DELETE/ ],
    [ 'order=up',                                    qr/'up'/ ],
    [ 'start=x',                                     qr/'x'/ ],
);
for my $case (@refused) {
    my ($query, $pattern) = @$case;
    my $r = call('GET', "/management/jobs?$query");
    ok t_cmp($r->code . ' ' . message($r), qr/^400 .*$pattern/, $query);
}

# Every key in both orders; ids by value, null first.
my %value = map { $_->{id} => $_ } @{ jobs()->{data} };
my %member = ('process-instance-id' => 'processInstanceId', 'execution-id' => 'executionId', 'due-date' => 'dueDate');
for my $key (qw(id executionId processInstanceId dueDate retries execution-id process-instance-id due-date)) {
    my $member = $member{$key} // $key;
    my $by = sub {
        my ($p, $q) = map { $value{$_}{$member} } @_;
        return defined $p <=> defined $q unless defined $p && defined $q;
        return $member eq 'dueDate' ? $p cmp $q : $p <=> $q;
    };
    for my $order ('asc', 'desc') {
        my $sign = $order eq 'asc' ? 1 : -1;
        my @expected = sort { $sign * $by->($a, $b) || $a <=> $b } keys %value;
        my @found = map { map { $_->{id} } @{ get_json("/management/jobs?sort=$key&order=$order&size=4&start=$_")->{data} } } 0, 4;
        ok t_cmp("@found", "@expected", "by $key $order");
    }
}
my $page = get_json('/management/jobs?start=4&size=3&sort=due-date&order=desc');
ok t_cmp(join(' ', map { "$_=$page->{$_}" } qw(total start sort order size)), 'total=6 start=4 sort=due-date order=desc size=2');
ok t_cmp(join(' ', sort keys %{ $page->{data}[0] }), 'assignee dueDate exceptionMessage executionId id processInstanceId retries suspended', 'rows have no trace');

# ---- running them -------------------------------------------------------------------------

ok t_cmp(execute($id{a}, 'this is not read')->content, '{"success":true}', 'a job that works');
ok t_cmp(tasks($one), 'fine', 'the process has moved on');
ok t_cmp(execute($id{a})->code, 404, 'and the job is gone');
ok t_cmp(call('GET', "/management/job/$id{a}")->code, 404);

# When the cause is mended a job with no attempts left still runs, and its trace goes with it.
my ($set) = @{ get_json("/process-instance/$x->{id}/tasks")->{data} };
ok t_cmp(complete($set->{id}, { approver => 'kermit' })->code, 200);
ok t_cmp(execute($id{x})->code, 200, 'mended');
ok t_cmp(tasks($x), qr/^touched/);
ok t_cmp(sql("SELECT COUNT(*) FROM ACT_GE_BYTEARRAY WHERE NAME_ = 'job.exceptionByteArray'"), 2, 'those of y and w are left');

# Activiti 5.11 and later ask for it like this.
my $asked = start($fine);
for my $case (
    # body                    status
    [ { action => 'move' },   qr/^400 .*'action'.*'move'/ ],
    [ {},                     qr/^400 .*'action'/ ],
    [ { action => 'execute' }, qr/^200 / ],
    [ { action => 'execute' }, qr/^404 / ],
) {
    my ($body, $answer) = @$case;
    $asked->{job} //= job_of($asked);
    my $r = call('POST', "/management/jobs/$asked->{job}", $body);
    ok t_cmp($r->code . ' ' . message($r), $answer, 'POST /management/jobs/{jobId}');
}
ok t_cmp(tasks($asked), 'fine');

# ---- attempts again -----------------------------------------------------------------------

my $again = start($timer);
my $tried = job_of($again);
sub retries { call('PUT', '/management/job/' . shift . '/retries', @_) }
for my $case (
    # body                     status and message                then it has
    [ { retries => 0 },        qr/^200 /,                        0 ],
    [ { retries => 7 },        qr/^200 /,                        7 ],
    [ { retries => '2' },      qr/^200 /,                        2 ],
    [ {},                      qr/^400 .*'retries'/,             2 ],
    [ { retries => undef },    qr/^400 .*'retries'/,             2 ],
    [ { retries => -1 },       qr/^400 .*'retries' must be/,     2 ],
    [ { retries => 1.5 },      qr/^400 .*'retries' must be/,     2 ],
    [ { retries => 2**31 },    qr/^400 .*'retries' must be/,     2 ],
    [ { retries => 'many' },   qr/^400 .*'retries' must be/,     2 ],
    [ { retries => [ 1 ] },    qr/^400 .*'retries'/,             2 ],
    [ [ 3 ],                   qr/^400 /,                        2 ],
) {
    my ($body, $answer, $then) = @$case;
    my $r = retries($tried, $body);
    ok t_cmp($r->code . ' ' . message($r), $answer, JSON::PP->new->canonical->encode($body));
    ok t_cmp(job($tried)->{retries}, $then, 'then it has');
}
ok t_cmp(execute($tried)->code, 500);
ok t_cmp(shown(job($tried)), qr/^retries=1 exceptionMessage=.*approver/);
retries($tried, { retries => 5 });
ok t_cmp(shown(job($tried)), qr/^retries=5 exceptionMessage=.*approver/, 'what is said of the last attempt stays');
ok t_cmp(execute($tried)->code, 500);
ok t_cmp(job($tried)->{retries}, 4);

# ---- incidents ----------------------------------------------------------------------------

sub incidents { get_json('/incidents?' . join '&', 'size=100', @_) }
sub of { my $i = shift; @{ incidents("processInstanceId=$i->{id}")->{data} } }
ok t_cmp(scalar(of($again)), 0, 'attempts are left');
retries($tried, { retries => 1 });
ok t_cmp(execute($tried)->code, 500);
my ($incident) = of($again);
ok t_cmp(members($incident), "activityId=c causeIncidentId=$incident->{id} configuration=$tried executionId=$incident->{executionId} "
                             . "failedActivityId=c id=$incident->{id} incidentMessage=$incident->{incidentMessage} "
                             . "incidentTimestamp=$incident->{incidentTimestamp} incidentType=failedJob processDefinitionId=$timer "
                             . "processInstanceId=$again->{id} rootCauseIncidentId=$incident->{id}", 'none left');
ok t_cmp($incident->{incidentMessage}, job($tried)->{exceptionMessage});
ok t_cmp($incident->{executionId}, job($tried)->{executionId});
ok t_cmp($incident->{incidentTimestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}/);
ok t_cmp(job($tried)->{incidents}, [ $incident ], 'the job shows it');
ok t_cmp(get_json("/incident/$incident->{id}"), $incident, 'by itself');
ok t_cmp(execute($tried)->code, 500);
ok t_cmp([ of($again) ], [ $incident ], 'another failure is the same incident');
for my $case (
    [ "incidentId=$incident->{id}", 1 ], [ "configuration=$tried", 1 ], [ "activityId=c&processInstanceId=$again->{id}", 1 ],
    [ "processDefinitionId=$timer&incidentType=failedJob", 1 ], [ "executionId=$incident->{executionId}", 1 ],
    [ "incidentId=$tried", 0 ], [ "processInstanceId=$again->{id}&incidentType=failedExternalTask", 0 ], [ 'executionId=x', 0 ],
) {
    my ($query, $count) = @$case;
    ok t_cmp(incidents($query)->{total}, $count, $query);
}
for my $case ([ "/incident/$tried", 404 ], [ '/incident/x', 404 ], [ '/incidents?sort=message', 400 ]) {
    my ($path, $status) = @$case;
    ok t_cmp(call('GET', $path)->code, $status, $path);
}
retries($tried, { retries => 2 });
ok t_cmp(scalar(of($again)), 0, 'attempts again: it is over');
retries($tried, { retries => 0 });
ok t_cmp(scalar(of($again)), 1, 'and begins when somebody takes them');

# A job that works, or that goes, takes it along.
my $mended = start($fails);
my $broken = job_of($mended);
ok t_cmp(execute($broken)->code, 500) for 1 .. 3;
ok t_cmp(scalar(of($mended)), 1);
complete(get_json("/process-instance/$mended->{id}/tasks")->{data}[0]{id}, { approver => 'kermit' });
ok t_cmp(execute($broken)->code, 200);
ok t_cmp(scalar(of($mended)), 0, 'mended');
my $cancelled = start($fails);
$broken = job_of($cancelled);
retries($broken, { retries => 0 });
ok t_cmp(scalar(of($cancelled)), 1);
call('DELETE', "/process-instance/$cancelled->{id}");
ok t_cmp(incidents("configuration=$broken")->{total}, 0, 'its instance is gone');

# ---- without a job ------------------------------------------------------------------------

my $traces = sub { sql("SELECT COUNT(*) FROM ACT_GE_BYTEARRAY WHERE NAME_ = 'job.exceptionByteArray'") };
my $before_delete = $traces->();
ok t_cmp(call('DELETE', "/management/job/$tried")->content, '{"success":true}');
ok t_cmp(call('GET', "/management/job/$tried")->code, 404, 'it is gone');
ok t_cmp($before_delete - $traces->(), 1, 'with its trace');
ok t_cmp(scalar(of($again)), 0, 'and its incident');
ok t_cmp(get_json("/process-instance/$again->{id}")->{processInstanceId}, $again->{id}, 'its instance waits on');
ok t_cmp(call('DELETE', "/process-instance/$again->{id}")->code, 200);

for my $case ([ 'GET', '/management/job/999999' ], [ 'DELETE', '/management/job/999999' ], [ 'DELETE', '/management/job/x' ],
              [ 'PUT', '/management/job/999999/retries', { retries => 1 } ], [ 'POST', '/management/jobs/999999', { action => 'execute' } ], [ 'GET', '/management/job/x' ], [ 'GET', "/management/job/0$id{b}" ],
              [ 'PUT', '/management/job/999999/execute' ], [ 'PUT', '/management/job/x/execute' ], [ 'GET', "/management/job/$one->{id}" ]) {
    my $r = call(@$case);
    ok t_cmp($r->code . ' ' . message($r), qr/^404 no job with id/, "@$case");
}

my @many = (
    # body                                              status message
    [ {},                                               400, qr/'jobIds' is required/ ],
    [ undef,                                            400, qr/'jobIds' is required/ ],
    [ { jobIds => $id{b} },                             400, qr/array/ ],
    [ { jobIds => [ $id{b}, 1 ] },                      400, qr/item 2/ ],
    [ { jobIds => [ $id{b}, undef ] },                  400, qr/item 2/ ],
    [ { jobIds => [] },                                 200 ],
    [ { jobIds => [ 'x', $id{b} ] },                    404, qr/stopped at job 'x', number 1 of 2: no job/ ],
    [ { jobIds => [ $id{b}, $id{y}, $id{c} ] },         500, qr/stopped at job '$id{y}', number 2 of 3: job $id{y}.*approver/ ],
);
for my $case (@many) {
    my ($body, $status, $message) = @$case;
    my $r = execute_all($body);
    ok t_cmp($r->code, $status, JSON::PP->new->canonical->allow_nonref->encode($body));
    ok $status == 200 ? t_cmp($r->content, '{"success":true}') : t_cmp(message($r), $message);
}
ok t_cmp(join('|', map { tasks($_) } $two, $three), 'fine|', 'what came before the failure is done, what came after is not');
ok t_cmp(job($id{y})->{retries}, 1, 'and the failure is recorded');
ok t_cmp(execute_all({ jobIds => [ $id{c} ] })->code, 200);

# Two attempts of one job never both count.
for my $definition ($fine, $loose) {
    my $i = start($definition);
    my $job = job_of($i);
    my @codes = in_parallel(6, sub { execute($job)->code });
    ok t_cmp(join(' ', sort @codes), '200 404 404 404 404 404', "$definition, six times at once");
    ok t_cmp(get_json("/process-instance/$i->{id}/tasks")->{total}, 1, 'one task');
}

# Only for administrators.
for my $case ([ 'GET', '/management/jobs' ], [ 'GET', "/management/job/$id{y}" ], [ 'PUT', "/management/job/$id{y}/execute" ],
              [ 'POST', '/management/jobs/execute', { jobIds => [] } ], [ 'PUT', "/management/job/$id{y}/retries", { retries => 1 } ],
              [ 'GET', '/incidents' ], [ 'GET', '/incident/1' ],
              [ 'DELETE', "/management/job/$id{y}" ], [ 'POST', "/management/jobs/$id{y}", { action => 'execute' } ]) {
    my ($method, $path, $body) = @$case;
    ok t_cmp(join(' ', map { call($method, $path, $body, user => $_)->code } 'gonzo', undef), '403 401', "$method $path");
}
