# Requests of all sorts to every operation of both faces. Each answer is one that the OpenAPI
# document of its operation lists, and says nothing of this machine; nobody dies, nothing hangs,
# and the store is sound afterwards.
#
# WF_SEED chooses the requests, WF_SECONDS how long (`make fuzz-rest`); without it there are REQUESTS.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use LWP::UserAgent ();
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Fuzzer;
use WF::OpenApi;
use WF::Server;
use WF::Target;
use WF::Test;

use constant { REQUESTS => 1000, PATIENCE => 60, LISTEN => 3 };    # seconds for an answer, for one without end
my $seed = $ENV{WF_SEED} // 20100524;
print "# WF_SEED=$seed\n";
srand $seed;

my $target = WF::Target->new('/page' => { json => {} });
my ($there) = $target->url('') =~ m{//([^/]+)};
my $server = WF::Server->new(extra => <<"END")->start;
WorkflowMaxLongPoll 1
WorkflowLoadTargets $there
END

# ---- what there is at the beginning ------------------------------------------------------------

my $all = define('allKinds', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>',
    'f -> t', '<userTask id="t" name="T" activiti:assignee="kermit" activiti:candidateGroups="sales"/>',
    'f -> x', '<serviceTask id="x" activiti:type="external" activiti:topic="charge-card"/>',
    'f -> w', '<receiveTask id="w"/>',
    'f -> l', '<intermediateCatchEvent id="l"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>',
    'f -> b', '<serviceTask id="b" activiti:async="true" activiti:expression="${nobody}"/>');
start($all, { amount => 250, note => 'x' }) for 1 .. 20;
call('PUT', '/user', { id => $_, firstName => $_, password => 'kermit-the-frog' }) for qw(camilla rowlf scooter);
call('PUT', '/group', { id => $_, name => $_, type => 'assignment' }) for qw(band crew);
call('PUT', '/task', { name => "own $_" }) for 1 .. 10;
call('POST', '/api-keys', { name => "key $_" }) for 1 .. 3;
my $steps = [ http_step(s => $target->url('/page')) ];
finished(submit(workflow($steps, { iterations => 3 })));

sub of { my $sql = shift; sub { $server->rows("SELECT $sql LIMIT 50") } }
# Nobody may take kermit's rights away: he is who asks.
my %ids = (
    taskId => of('ID_ FROM ACT_RU_TASK'), processInstanceId => of('ID_ FROM ACT_RU_EXECUTION WHERE PARENT_ID_ IS NULL'), executionId => of('ID_ FROM ACT_RU_EXECUTION'),
    processDefinitionId => of('ID_ FROM ACT_RE_PROCDEF'), processDefinitionKey => of('KEY_ FROM ACT_RE_PROCDEF'), deploymentId => of('ID_ FROM ACT_RE_DEPLOYMENT'),
    resourceName => of('NAME_ FROM ACT_GE_BYTEARRAY WHERE DEPLOYMENT_ID_ IS NOT NULL'), jobId => of('ID_ FROM ACT_RU_JOB'), incidentId => of('ID_ FROM ACT_RU_INCIDENT'),
    externalTaskId => of('ID_ FROM ACT_RU_EXT_TASK'), attachmentId => of('ID_ FROM ACT_HI_ATTACHMENT'), keyId => of('ID_ FROM WF_API_KEY'),
    userId => of("ID_ FROM ACT_ID_USER WHERE ID_ <> 'kermit'"), groupId => of("ID_ FROM ACT_ID_GROUP WHERE ID_ <> 'admin'"),
    tableName => of("NAME FROM sqlite_master WHERE TYPE = 'table' AND NAME LIKE 'ACT%'"), variableName => sub { qw(amount note) }, operation => sub { qw(claim unclaim complete assign) },
    familyName => sub { qw(task form identity) }, searchText => sub { qw(ker a sales) }, signalName => sub { 'alert' }, messageName => sub { 'payment' },
);
my %load_ids = (id => sub { $server->rows('SELECT ID_ FROM WF_EXECUTION LIMIT 50'), 'test' });

my @files = map { [ "$_.bpmn20.xml" => bpmn($_, '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>') ] } qw(one two);
push @files, [ 'both.bar' => archive(map { [ @$_ ] } @files) ], [ 'x.txt' => 'no process' ], [ 'p.png' => "\x89PNG\r\n\x1a\n" ];
my @users = (('kermit:kermit') x 15, 'gonzo:gonzo', 'fozzie:fozzie', 'kermit:wrong', 'nobody:nobody', undef);

sub short { my $operation = shift; $operation->{requestBody}{content}{'application/json'}{example} = { workflow => workflow($steps, { iterations => 2 }) } }
my @faces;
for my $face ([ '/activiti-rest/service', \%ids ], [ '/api/v1', \%load_ids ]) {
    my ($base, $ids) = @$face;
    my $api = WF::OpenApi->new(get_json("$base/openapi.json"));
    short($_) for grep { $_->{operationId} eq 'postWorkflows' } $api->operations;
    my @operations = $api->operations;
    push @faces, { base => $base, api => $api, operations => \@operations, fuzzer => WF::Fuzzer->new(base => $base, operations => \@operations, ids => $ids, users => \@users, files => \@files) };
}

# ---- the requests -------------------------------------------------------------------------------

my $agent = LWP::UserAgent->new(timeout => PATIENCE + 10, keep_alive => 4, max_redirect => 0);
$SIG{ALRM} = sub { die "no answer in time\n" };
my $betrays = qr{SQLITE|sqlite|\Q$ENV{WF_DIR}\E|\Q$ENV{WF_TOP}\E|\$2[aby]\$|no such (?:table|column)};
my (%wrong, %statuses, %asked);

sub told { my $r = shift; my $q = $r->request; substr $q->method . ' ' . $q->uri . ' ' . ($q->header('Content-Type') // '-') . ' ' . substr($q->content, 0, 300) . ' => ' . $r->code . ' ' . substr($r->content, 0, 300), 0, 900 }
sub wrong { my ($what, $r) = @_; push @{ $wrong{$what} }, told($r) =~ s/[^\x20-\x7e]/?/gr }

sub judge {
    my ($face, $operation, $r, $wild) = @_;
    my $id = $operation->{operationId};
    if ($r->header('Client-Warning') || $r->header('X-Died')) {    # a live execution is followed as long as it lasts
        wrong("$id: no answer", $r) unless $r->code == 200 && ($r->header('Content-Type') // '') =~ /event-stream/;
        return;
    }
    wrong("$id: says too much", $r) if $r->content =~ $betrays && $id ne 'getProcessEngine';    # Activiti tells its configuration
    wrong("$id: " . $r->code . ' without Retry-After', $r) if $r->code == 503 && !defined $r->header('Retry-After');
    if ($wild) {    # it may be that of another operation
        my $request = $r->request;
        my $path = $request->uri->path =~ s/^\Q$face->{base}\E//r;
        my $method = $request->header('X-HTTP-Method-Override') || $request->method;
        my @meant = ($operation, $face->{api}->that_match($method, $path));
        wrong("$id: " . $r->code . ' of a wild request', $r) if $r->code >= 500 && $r->code != 501 && !grep { $_->{responses}{ $r->code } } @meant;
        return;
    }
    return if $r->code == 414 && length $r->request->uri > 4000;    # httpd's
    wrong("$id: $_", $r) for $r->request->method eq 'HEAD' ? () : $face->{api}->objections($operation, $r);
}

# Whoever deletes a job leaves a token that waits for nothing, as its documentation says.
sub deletes_job {
    my $request = shift;
    return $request->uri->path =~ m{/management/job/\d}
        && grep { $_ eq 'DELETE' } $request->method, $request->header('X-HTTP-Method-Override') // ();
}

sub ask {
    my $face = $faces[ rand @faces ];
    my ($operation, $request, $wild) = $face->{fuzzer}->next;
    $request->uri(WF::Test::base_url() . "$face->{base}/management/job/0") if deletes_job($request);
    alarm($request->uri->path =~ /events$/ ? LISTEN : PATIENCE);
    my $r = $agent->request($request);
    alarm 0;
    $statuses{ $r->code }++;
    $asked{ $operation->{operationId} }++;
    judge($face, $operation, $r, $wild);
}

plan tests => 7;
my $until = $ENV{WF_SECONDS} ? time + $ENV{WF_SECONDS} : undef;
my $count = 0;
while ($until ? time < $until : $count < REQUESTS) { ask(); $count++ }
print "# $count requests: ", join(', ', map { "$_ $statuses{$_}" } sort keys %statuses), "\n";
for my $what (sort keys %wrong) { print "# $what (", scalar @{ $wrong{$what} }, ")\n#   $wrong{$what}[0]\n" }

ok t_cmp(join("\n", sort keys %wrong), '', 'each answer is one that the document lists');
ok t_cmp(join(' ', grep { !$asked{$_} } map { map { $_->{operationId} } @{ $_->{operations} } } @faces), '', 'every operation was asked');
my $log = $server->slurp('error.log');
ok t_cmp(join("\n", $log =~ /^.*(?:exit signal|ended with status|Segmentation|core dump).*$/mg), '', 'nobody died');
ok t_cmp(join("\n", map { substr $_, 0, 300 } ($log . $server->slurp('engine/engine.log')) =~ /^.*(?:workflow|core|mpm_\w+|http):(?:error|crit|alert|emerg)\].*$/mg), '', 'no error of the server itself');
ok $server->wait_ready;
my $after = define('afterwards', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>');
my ($task) = tasks_of(start($after)->{id}, 'assignee=kermit');
ok t_cmp(complete($task->{id})->code, 200, 'and works');
ok t_cmp($server->unsound, '', 'the store is sound');
