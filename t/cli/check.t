# workflow-engine check: a store that a server has filled is sound, also while the server runs;
# whatever is broken in it by hand is named.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Copy ();
use JSON::PP ();
use WF::Activiti;
use WF::Command;
use WF::Server;
use WF::Target;
use WF::Test;

# ---- a store with something of everything -------------------------------------------------------

my $target = WF::Target->new('/a' => {});
my $server = WF::Server->new(extra => "WorkflowJobRetries 1\nWorkflowHistoryLevel full")->start;
my $state = $server->file('engine');
my $db = "$state/workflow.db";

define('checkCalled', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> e', '<endEvent id="e"/>');
my $wide_xml = bpmn('checkWide', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>',
    (map { "f -> $_" } qw(u c x w m n p)),
    '<userTask id="u" activiti:candidateGroups="management, sales"/>',
    '<callActivity id="c" calledElement="checkCalled"/>',
    '<serviceTask id="x" activiti:type="external" activiti:topic="check"/>',
    '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition></intermediateCatchEvent>',
    '<receiveTask id="m"/>',
    '<intermediateCatchEvent id="n"><signalEventDefinition signalRef="checked"/></intermediateCatchEvent>',
    '<subProcess id="p"><startEvent id="ps"/><sequenceFlow id="p1" sourceRef="ps" targetRef="pt"/><userTask id="pt" activiti:assignee="fozzie"/></subProcess>',
    '<boundaryEvent id="pb" attachedToRef="p"><timerEventDefinition><timeDuration>P9D</timeDuration></timerEventDefinition></boundaryEvent>',
    (map { "$_ -> j" } qw(u c x w m n p)), 'pb -> e', '<endEvent id="e"/>', '<parallelGateway id="j"/>', 'j -> e');
$wide_xml =~ s/<process /<signal id="checked" name="checked"\/><process /;
upload('checkWide.bpmn20.xml', $wide_xml)->code == 200 or die;
my $wide = demo_id('checkWide');
my $broken = define('checkBroken', '<startEvent id="s"/>', 's -> b', '<serviceTask id="b" activiti:async="true" activiti:expression="${missing}"/>', 'b -> e', '<endEvent id="e"/>');
my $undone = define('checkUndone', '<startEvent id="s"/>', 's -> p',
    '<subProcess id="p"><startEvent id="ps"/><sequenceFlow id="p1" sourceRef="ps" targetRef="pt"/><task id="pt"/>'
  . '<boundaryEvent id="pc" attachedToRef="pt"><compensateEventDefinition/></boundaryEvent><task id="ph" isForCompensation="true"/>'
  . '<association id="pa" sourceRef="pc" targetRef="ph" associationDirection="One"/></subProcess>',
    'p -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> e', '<endEvent id="e"/>');
define('checkTimed', '<startEvent id="s"><timerEventDefinition><timeCycle>R/P9D</timeCycle></timerEventDefinition></startEvent>', 's -> e', '<endEvent id="e"/>');
upload('check.dmn', <<'END')->code == 200 or die;
<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd" id="check" name="check" namespace="check">
<decision id="checkDecision" name="check"><decisionTable id="t" hitPolicy="FIRST"><output id="o" name="o" typeRef="string"/>
<rule id="r"><outputEntry id="oe"><text>"a"</text></outputEntry></rule></decisionTable></decision></definitions>
END

my $i = start($wide, { words => [ 'a', 'b' ], number => 1 })->{id};
start($wide, { number => $_ }) for 2 .. 4;
my ($tx) = @{ json(call('POST', '/external-task/fetchAndLock', { workerId => 'w', maxTasks => 1, topics => [ { topicName => 'check', lockDuration => 60000 } ] })) };
call('POST', "/external-task/$tx->{id}/complete", { workerId => 'w' })->code == 204 or die;    # a token at the join
($tx) = @{ json(call('POST', '/external-task/fetchAndLock', { workerId => 'w', maxTasks => 1, topics => [ { topicName => 'check', lockDuration => 60000 } ] })) };
call('POST', "/external-task/$tx->{id}/failure", { workerId => 'w', retries => 0, errorMessage => 'no', errorDetails => 'no no' })->code == 204 or die;
start($broken);
wait_until { $server->rows('SELECT COUNT(*) FROM ACT_RU_JOB WHERE RETRIES_ = 0') } or die;
start($undone);
my ($claimed) = tasks_of($i, 'candidate-group=management');
call('PUT', "/task/$claimed->{id}/claim")->code == 200 or die;
my $alone = json(call('PUT', '/task', { taskName => 'alone' }))->{id};
sub yes { my $r = shift; $r->is_success or die $r->as_string }
yes(call('PUT', '/task', { taskName => 'below', parentTaskId => $alone }));
yes(call('PUT', "/task/$alone/attachment", "--edge\r\n" . part('name="file"; filename="a.txt"', 'text') . "--edge--\r\n",
         headers => { 'Content-Type' => 'multipart/form-data; boundary=edge' }));
yes(call('POST', "/task/$alone/variables", [ { name => 'mine', value => 1 } ]));
yes(call('PUT', '/process-definition-rights', { processDefinitionKey => 'checkWide', groupId => 'management', rights => ['operate'] }));
yes(call('PUT', '/process-definition-rights', { processDefinitionKey => 'checkWide', userId => 'kermit', rights => ['start'] }));
my $ended = start('checkCalled:1')->{id};
complete((tasks_of($ended, 'assignee=kermit'))[0]{id})->code == 200 or die;
my $run = run_workflow([ http_step('a', $target->url('/a')) ], { vus => 1, iterations => 2 });

# ---- what is asked for ------------------------------------------------------------------------------

my $sound = qr/^sqlite:\Q$db\E: all (\d+) invariants hold\n\z/;
my $usage = qr/^Usage: workflow-engine check \[options\] \[<store>\]/;
my @asked = (
    # what                         arguments                                  exit  output  messages
    [ 'a server that runs',        [ '-state-dir', $state ],                  0, $sound, qr/^$/ ],
    [ 'the other word for it',     [ '-state', $state ],                      0, $sound, qr/^$/ ],
    [ 'a file',                    [ $db ],                                   0, $sound, qr/^$/ ],
    [ 'a data source',             [ "sqlite:$db" ],                          0, $sound, qr/^$/ ],
    [ 'help',                      [ '-help' ],                               0, qr/$usage.*-state-dir/s, qr/^$/ ],
    [ 'two stores',                [ $db, $db ],                              1, qr/^$/, $usage ],
    [ 'a store and a directory',   [ '-state', $state, $db ],                 1, qr/^$/, $usage ],
    [ 'no such file',              [ '/nonexistent/workflow.db' ],            2, qr/^$/, qr{/nonexistent} ],
    [ 'no such state directory',   [ '-state', '/nonexistent' ],              2, qr/^$/, qr{/nonexistent} ],
    [ 'a file of another kind',    [ "$ENV{WF_TOP}/t/README.md" ],            2, qr/^$/, qr/no SQLite database/ ],
    [ 'a directory',               [ $state ],                                2, qr/^$/, qr/not a regular file/ ],
    [ 'another database',          [ scratch('other.db') ],                   2, qr/^$/, qr/no workflow store/ ],
    [ 'an old store',              [ scratch('old.db') ],                     2, qr/^$/, qr/schema is 1/ ],
    [ 'an unknown option',         [ '-repair' ],                             2, qr/^$/, qr/unknown option/ ],
);
system('sqlite3', scratch('other.db'), 'CREATE TABLE A (B)') == 0 or die;
system('sqlite3', scratch('old.db'), 'CREATE TABLE WF_SCHEMA (NUMBER_); INSERT INTO WF_SCHEMA VALUES (1)') == 0 or die;

# ---- what breaks each invariant -----------------------------------------------------------------------

sub delete_from { my ($table, $which) = @_; "DELETE FROM $table WHERE ID_ = (SELECT MIN(ID_) FROM $table WHERE $which)" }
sub set { my ($table, $what, $which) = @_; "UPDATE $table SET $what WHERE ID_ = (SELECT MIN(ID_) FROM $table WHERE $which)" }
sub twice { my ($table, $which, $id, @columns) = @_;
    my $columns = join ', ', @columns;
    "INSERT INTO $table (ID_, $columns) SELECT $id, $columns FROM $table WHERE $which LIMIT 1" }
my $spare = '(SELECT CAST(VALUE_ AS INTEGER) - 1 FROM ACT_GE_PROPERTY WHERE NAME_ = \'next.dbid\')';
my $gone = 1;    # an id that nothing has

my @broken = (
    # invariant                 how
    [ 'foreign-keys',           "DELETE FROM ACT_RE_DEPLOYMENT WHERE ID_ = (SELECT MIN(DEPLOYMENT_ID_) FROM ACT_RE_PROCDEF)" ],
    [ 'schema',                 'DELETE FROM WF_SCHEMA WHERE NUMBER_ = 2' ],
    [ 'id-sequence',            "UPDATE ACT_GE_PROPERTY SET VALUE_ = 'many' WHERE NAME_ = 'next.dbid'" ],
    [ 'id-reserved',            "UPDATE ACT_GE_PROPERTY SET VALUE_ = '100' WHERE NAME_ = 'next.dbid'" ],
    [ 'id-given-once',          'UPDATE ACT_RU_IDENTITYLINK SET ID_ = (SELECT MIN(ID_) FROM ACT_RU_TASK) WHERE ID_ = (SELECT MIN(ID_) FROM ACT_RU_IDENTITYLINK)' ],
    [ 'resource-deployment',    set('ACT_GE_BYTEARRAY', "DEPLOYMENT_ID_ = $gone", 'DEPLOYMENT_ID_ > 0') ],
    [ 'definition-deployment',  "UPDATE ACT_RE_PROCDEF SET DEPLOYMENT_ID_ = $gone WHERE KEY_ = 'checkWide'" ],
    [ 'definition-resource',    "DELETE FROM ACT_GE_BYTEARRAY WHERE NAME_ LIKE 'checkWide%'" ],
    [ 'definition-id',          "UPDATE ACT_RE_PROCDEF SET VERSION_ = 7 WHERE KEY_ = 'checkWide'" ],
    [ 'decision-deployment',    "UPDATE ACT_RE_DECISION_DEF SET DEPLOYMENT_ID_ = $gone" ],
    [ 'decision-resource',      "UPDATE ACT_RE_DECISION_DEF SET RESOURCE_NAME_ = 'other.dmn'" ],
    [ 'execution-instance',     "DELETE FROM ACT_RU_EXECUTION WHERE ID_ = $i" ],
    [ 'execution-parent',       set('ACT_RU_EXECUTION', "PARENT_ID_ = $gone", 'PARENT_ID_ > 0') ],
    [ 'execution-children',     "UPDATE ACT_RU_EXECUTION SET CHILDREN_ = CHILDREN_ + 1 WHERE ID_ = $i" ],
    [ 'execution-definition',   set('ACT_RU_EXECUTION', "PROC_DEF_ID_ = '$undone'", "PROC_INST_ID_ = $i AND PARENT_ID_ > 0") ],
    [ 'execution-caller',       set('ACT_RU_EXECUTION', "SUPER_EXEC_ = $gone", 'SUPER_EXEC_ > 0') ],
    [ 'execution-called-once',  'UPDATE ACT_RU_EXECUTION SET SUPER_EXEC_ = (SELECT MIN(SUPER_EXEC_) FROM ACT_RU_EXECUTION) WHERE SUPER_EXEC_ > 0' ],
    [ 'execution-root',         set('ACT_RU_EXECUTION', 'ROOT_ID_ = PROC_INST_ID_', 'SUPER_EXEC_ > 0') ],
    [ 'execution-suspension',   set('ACT_RU_TASK', 'SUSPENSION_STATE_ = 2', 'PROC_INST_ID_ > 0') ],
    [ 'token-kept',             set('ACT_RU_EXECUTION', 'IS_ACTIVE_ = 0', 'IS_ACTIVE_ = 1 AND CHILDREN_ = 0') ],
    [ 'token-single',           "UPDATE ACT_RU_EXECUTION SET IS_ACTIVE_ = 1 WHERE ID_ = $i" ],
    [ 'token-join',             set('ACT_RU_EXECUTION', 'IS_ACTIVE_ = 1', 'ROLE_ = 2') ],
    [ 'token-visit',            'UPDATE ACT_HI_ACTINST SET END_TIME_ = START_TIME_ WHERE ID_ IN (SELECT ACT_INST_ID_ FROM ACT_RU_EXECUTION)' ],
    [ 'token-waits',            delete_from('ACT_RU_TASK', 'PROC_INST_ID_ > 0') ],
    [ 'token-waits',            delete_from('ACT_RU_JOB', "HANDLER_TYPE_ = 'timer-intermediate-transition'") ],
    [ 'token-waits',            delete_from('ACT_RU_JOB', "TYPE_ = 'message'") ],
    [ 'token-waits',            delete_from('ACT_RU_EVENT_SUBSCR', "EVENT_TYPE_ = 'signal'") ],
    [ 'token-waits',            delete_from('ACT_RU_EXT_TASK', 'RETRIES_ IS NULL') ],
    [ 'token-waits',            delete_from('ACT_RU_EXECUTION', 'SUPER_EXEC_ > 0') ],
    [ 'token-waits',            set('ACT_RU_EXECUTION', "ACT_ID_ = 'f'", "ACT_ID_ = 'm'") ],
    [ 'task-execution',         set('ACT_RU_TASK', "EXECUTION_ID_ = $gone", 'EXECUTION_ID_ > 0') ],
    [ 'task-execution',         set('ACT_RU_TASK', "TASK_DEF_KEY_ = 'other'", 'EXECUTION_ID_ > 0') ],
    [ 'task-once',              twice('ACT_RU_TASK', 'EXECUTION_ID_ > 0', $spare, qw(REV_ EXECUTION_ID_ PROC_INST_ID_ PROC_DEF_ID_ NAME_ TASK_DEF_KEY_ PRIORITY_)) ],
    [ 'task-parent',            set('ACT_RU_TASK', "PARENT_TASK_ID_ = $gone", 'PARENT_TASK_ID_ > 0') ],
    [ 'link-owner',             set('ACT_RU_IDENTITYLINK', "TASK_ID_ = $gone", 'TASK_ID_ > 0') ],
    [ 'link-owner',             set('ACT_RU_IDENTITYLINK', 'GROUP_ID_ = NULL', 'GROUP_ID_ IS NOT NULL') ],
    [ 'link-claim',             set('ACT_RU_IDENTITYLINK', 'OPEN_ = 2', 'OPEN_ = 0') ],
    [ 'link-claim',             set('ACT_RU_IDENTITYLINK', 'OPEN_ = 0', 'OPEN_ > 0') ],
    [ 'link-claim',             set('ACT_RU_IDENTITYLINK', 'OPEN_ = 1', 'OPEN_ = 2') ],
    [ 'variable-owner',         set('ACT_RU_VARIABLE', "EXECUTION_ID_ = $gone", 'EXECUTION_ID_ > 0') ],
    [ 'variable-owner',         set('ACT_RU_VARIABLE', "TASK_ID_ = $gone", 'TASK_ID_ > 0') ],
    [ 'variable-once',          twice('ACT_RU_VARIABLE', 'EXECUTION_ID_ > 0 AND BYTEARRAY_ID_ IS NULL', $spare, qw(REV_ TYPE_ NAME_ EXECUTION_ID_ PROC_INST_ID_)) ],
    [ 'bytes-there',            delete_from('ACT_GE_BYTEARRAY', 'DEPLOYMENT_ID_ IS NULL') ],
    [ 'bytes-used',             delete_from('ACT_RU_VARIABLE', 'BYTEARRAY_ID_ > 0') ],
    [ 'bytes-once',             'UPDATE ACT_HI_ATTACHMENT SET CONTENT_ID_ = (SELECT MIN(BYTEARRAY_ID_) FROM ACT_RU_VARIABLE)' ],
    [ 'job-execution',          set('ACT_RU_JOB', "EXECUTION_ID_ = $gone", 'EXECUTION_ID_ > 0') ],
    [ 'job-execution',          set('ACT_RU_JOB', "PROC_DEF_ID_ = 'other:1'", 'EXECUTION_ID_ IS NULL') ],
    [ 'job-once',               twice('ACT_RU_JOB', "TYPE_ = 'message'", $spare, qw(REV_ TYPE_ EXCLUSIVE_ EXECUTION_ID_ PROCESS_INSTANCE_ID_ PROC_DEF_ID_ RETRIES_ HANDLER_TYPE_ HANDLER_CFG_)) ],
    [ 'job-lock',               set('ACT_RU_JOB', "LOCK_OWNER_ = 'somebody'", 'LOCK_OWNER_ IS NULL') ],
    [ 'job-suspension',         set('ACT_RU_JOB', 'SUSPENSION_STATE_ = 2', 'EXECUTION_ID_ IS NULL') ],
    [ 'subscription-owner',     set('ACT_RU_EVENT_SUBSCR', "EXECUTION_ID_ = $gone", 'EXECUTION_ID_ > 0') ],
    [ 'subscription-kept',      set('ACT_RU_EVENT_SUBSCR', "CONFIGURATION_ = '$gone'", "EVENT_TYPE_ = 'compensate' AND CONFIGURATION_ IS NOT NULL") ],
    [ 'kept-subscription',      delete_from('ACT_RU_EVENT_SUBSCR', "EVENT_TYPE_ = 'compensate' AND CONFIGURATION_ IS NOT NULL") ],
    [ 'external-execution',     set('ACT_RU_EXT_TASK', "EXECUTION_ID_ = $gone", '1') ],
    [ 'external-once',          twice('ACT_RU_EXT_TASK', 'RETRIES_ IS NULL', $spare, qw(REV_ TOPIC_NAME_ EXECUTION_ID_ PROC_INST_ID_ PROC_DEF_ID_ ACT_ID_ ACT_INST_ID_ PRIORITY_)) ],
    [ 'incident-cause',         set('ACT_RU_JOB', 'RETRIES_ = 1', 'RETRIES_ = 0') ],
    [ 'incident-there',         delete_from('ACT_RU_INCIDENT', "INCIDENT_TYPE_ = 'failedExternalTask'") ],
    [ 'history-running',        "UPDATE ACT_HI_PROCINST SET END_TIME_ = START_TIME_ WHERE ID_ = $i" ],
    [ 'history-instance-open',  "UPDATE ACT_HI_PROCINST SET END_TIME_ = NULL WHERE ID_ = $ended" ],
    [ 'history-activity-open',  "UPDATE ACT_HI_ACTINST SET END_TIME_ = NULL WHERE PROC_INST_ID_ = $ended" ],
    [ 'history-task-open',      "UPDATE ACT_HI_TASKINST SET END_TIME_ = NULL WHERE PROC_INST_ID_ = $ended" ],
    [ 'history-task',           "UPDATE ACT_HI_TASKINST SET ASSIGNEE_ = 'gonzo' WHERE ID_ = $claimed->{id}" ],
    [ 'history-of-instance',    "DELETE FROM ACT_HI_PROCINST WHERE ID_ = $ended" ],
    [ 'history-of-task',        "DELETE FROM ACT_HI_TASKINST WHERE ID_ = $alone; DELETE FROM ACT_RU_TASK WHERE ID_ = $alone" ],
    [ 'grant-holder',           "UPDATE WF_GRANT SET GROUP_ID_ = 'gone' WHERE GROUP_ID_ = 'management'" ],
    [ 'grant-holder',           "UPDATE WF_GRANT SET USER_ID_ = 'nobody' WHERE GROUP_ID_ = 'management'" ],
    [ 'grant-rights',           'UPDATE WF_GRANT SET READ_ = 0 WHERE OPERATE_ = 1' ],
    [ 'grant-rights',           'UPDATE WF_GRANT SET START_ = 0, READ_ = 0' ],
    [ 'membership-user',        "DELETE FROM ACT_ID_USER WHERE ID_ = 'kermit'" ],
    [ 'membership-group',       "DELETE FROM ACT_ID_GROUP WHERE ID_ = 'management'" ],
    [ 'run-once',               "INSERT INTO WF_EXECUTION (ID_, REV_, SEQ_, STATUS_, PROGRESS_) SELECT 'exec-2', 1, SEQ_, 'running', 0 FROM WF_EXECUTION" ],
    [ 'run-status',             'UPDATE WF_EXECUTION SET END_TIME_ = NULL' ],
    [ 'run-checkpoint',         'UPDATE WF_CHECKPOINT SET ID_ = ID_ + 1' ],
    [ 'run-point',              'INSERT INTO WF_POINT (ID_, RUN_ID_) VALUES (5, 0)' ],
    [ 'file',                   undef ],    # below
);

plan tests => 3 * @asked + 2 * @broken + 9;

for my $case (@asked) {
    my ($what, $args, $code, $out, $err) = @$case;
    my $run = command('check', @$args);
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, $out, "$what: output");
    ok t_cmp($run->{err}, $err, "$what: messages");
}

ok $server->stop;
my $whole = command('check', '-json', $db);
my $said = JSON::PP::decode_json($whole->{out});
ok t_cmp("$whole->{code} " . ($said->{sound} ? 'sound' : 'not'), '0 sound', 'of a server that was stopped, as JSON');
ok t_cmp($said->{store}, "sqlite:$db");
ok t_cmp(join(' ', grep { my $name = $_; !grep { $_->[0] eq $name } @broken } @{ $said->{invariants} }), '', 'each of them is broken below');
my $page = do { open my $in, '<', "$ENV{WF_TOP}/docs/backup.md" or die $!; local $/; <$in> };
ok t_cmp(join(' ', $page =~ /^\| `([\w-]+)` \|/mg), join(' ', @{ $said->{invariants} }), 'docs/backup.md has all of them');

# Zeroes in the middle of the pages of an index.
sub damage {
    my $file = shift;
    my ($number) = `sqlite3 '$file' "SELECT rootpage FROM sqlite_master WHERE name = 'WF_IDX_HI_ACTINST_INSTANCE'"` =~ /(\d+)/;
    open my $out, '+<:raw', $file or die $!;
    seek $out, ($number - 1) * 4096 + 100, 0;
    print $out "\0" x 3996;
    close $out;
    return 1;
}

for my $case (@broken) {
    my ($name, $sql) = @$case;
    my $copy = scratch('broken.db');
    unlink $copy, "$copy-wal", "$copy-shm";
    File::Copy::copy($db, $copy) or die $!;
    my $changed = defined $sql ? `sqlite3 '$copy' "$sql; SELECT changes()"` : damage($copy);
    my $run = command('check', '-json', $copy);
    my @found = map { $_->{name} } @{ (eval { JSON::PP::decode_json($run->{out}) } // {})->{breaches} // [] };
    t_debug($sql // 'damage', $changed, $run->{out}, $run->{err});
    ok t_cmp($run->{code} . ($changed =~ /^[1-9]/ ? '' : ' nothing was changed'), 1, "$name: exit code");
    ok t_cmp(" @found ", qr/ \Q$name\E /, "$name is named");
}

# What it tells of one.
my $copy = scratch('many.db');
File::Copy::copy($db, $copy) or die $!;
my @gone = split /\n/, `sqlite3 '$copy' "SELECT ID_ FROM ACT_HI_ACTINST ORDER BY ID_"`;
system('sqlite3', $copy, 'DELETE FROM ACT_HI_PROCINST') == 0 or die;
my $told = command('check', $copy);
ok t_cmp($told->{code}, 1, 'many of a kind');
ok t_cmp($told->{out}, qr/^history-of-instance +(\d{2,})  history of an instance of which there is none: (ACT_HI_ACTINST \d+, ){9}ACT_HI_ACTINST \d+, \.\.\.$/m, 'how many, and the first ten');
ok t_cmp($told->{out}, qr/^sqlite:\Q$copy\E: \d+ of \d+ invariants do not hold\n\z/m, 'and how many of a store');

my $before = join ' ', map { $_ . (stat)[7, 9] } $db;
command('check', $db);
ok t_cmp(join(' ', map { $_ . (stat)[7, 9] } $db), $before, 'it writes nothing');
