# Limits of the process engine that have a directive: one more than there may be is refused with
# what and whose limit it is, nothing of the call is done, and what is within goes on.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => <<'END')->start;
WorkflowJobExecutor Off
WorkflowMaxInstancesPerDefinition 3
WorkflowMaxVariables 5
WorkflowMaxVariableSize 2K
WorkflowMaxArchiveEntries 4
WorkflowMaxArchiveSize 2M
WorkflowMaxArchiveRatio 20
END

my @checks;
sub check { my ($what, $got, $want) = @_; push @checks, [ $got, $want, $what ] }
sub begin { my ($definition, %vars) = @_; call('POST', '/process-instance', { processDefinitionId => $definition, %vars }) }
sub said { my $r = shift; $r->code . ' ' . ($r->is_success ? '' : message($r)) }
sub running { get_json("/process-instances?processDefinitionId=$_[0]&size=0")->{total} }
sub definition { my ($key, @parts) = @_; my $r = upload("$key.bpmn20.xml", bpmn($key, @parts)); $r->is_success or die $r->as_string; demo_id($key) }

my $one = definition('limitsOne', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> u', '<userTask id="u"/>');
my $two = definition('limitsTwo', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
my $short = definition('limitsShort', '<startEvent id="s"/>', 's -> e', '<endEvent id="e"/>');
my $caller = definition('limitsCaller', '<startEvent id="s"/>', 's -> c', '<callActivity id="c" calledElement="limitsOne"/>');
my $calls = definition('limitsCalls', '<startEvent id="s"/>', 's -> c',
    '<callActivity id="c" calledElement="limitsShort"><multiInstanceLoopCharacteristics><loopCardinality>7</loopCardinality></multiInstanceLoopCharacteristics></callActivity>',
    'c -> t', '<userTask id="t"/>');
my $script = definition('limitsScript', '<startEvent id="s"/>', 's -> j',
    '<scriptTask id="j" scriptFormat="javascript"><script>execution.setVariable("made", "x".repeat(n))</script></scriptTask>', 'j -> t', '<userTask id="t"/>');

# ---- instances of a definition ----------------------------------------------------------------------

my @ids = map { json(begin($one))->{id} } 1 .. 3;
my $r = begin($one);
check('one more', said($r), qr/^503 .*3 instances of process definition limitsOne:1 run.*WorkflowMaxInstancesPerDefinition/);
check('and when to come again', $r->header('Retry-After'), qr/^\d+$/);
check('by its key, too', call('POST', '/process-instance', { processDefinitionKey => 'limitsOne' })->code, 503);
check('and by a call activity', said(begin($caller)), qr/^503 .*limitsOne:1 run/);
check('of which nothing stays', running($caller), 0);
check('another definition', begin($two)->code, 200);
call('DELETE', "/process-instance/$ids[0]")->is_success or die;
check('where one went', begin($one)->code, 200);
check('one comes, no more', begin($one)->code, 503);
check('there are three', running($one), 3);
check('what ends at once, again and again', join(' ', map { begin($short)->code } 1 .. 7), join(' ', (200) x 7));
check('also within one call', begin($calls)->code, 200);

# ---- variables -----------------------------------------------------------------------------------------

my %five = map { ("v$_" => $_) } 1 .. 5;
$r = begin($two, %five);
check('as many variables as there may be', $r->code, 200);
check('one more', said(begin($two, %five, v6 => 6)), qr/^413 .*variable 'v\d' would be one more than the 5 that an execution may have.*WorkflowMaxVariables/);
check('of which nothing stays', running($two), 2);
my ($task) = map { $_->{id} } tasks_of($ids[1], 'assignee=kermit');
check('those of a task', call('POST', "/task/$task/variables", [ map { { name => "w$_", value => $_ } } 1 .. 5 ])->code, 200);
check('one more', said(call('POST', "/task/$task/variables", [ { name => 'w6', value => 6 } ])), qr/^413 .*'w6'.* a task may have/);
check('one that is there changes', call('PUT', "/task/$task/variables/w5", { name => 'w5', value => 'other' })->code, 200);
check('completing with more', said(call('PUT', "/task/$task/complete", { map { ("x$_" => $_) } 1 .. 6 })), qr/^413 .*'x\d'/);
check('leaves the task', call('GET', "/task/$task")->code, 200);
check('a large value', said(begin($script, large => 'x' x 3000, n => 1)), qr/^413 .*variable 'large' has \d+ bytes, at most 2048 are allowed.*WorkflowMaxVariableSize/);
check('many small ones', said(begin($script, large => [ (1) x 1000 ], n => 1)), qr/^413 .*'large'/);
check('one that a script makes', said(begin($script, n => 3000)), qr/^500 .*'made'.*WorkflowMaxVariableSize/);
check('a smaller one', begin($script, n => 1000)->code, 200);

# ---- archives ------------------------------------------------------------------------------------------

my @files = map { [ "f$_.txt", "file $_" ] } 1 .. 4;
my $noise = join '', map { pack 'L', $_ * 2654435761 % 2**32 } 1 .. 300_000;
check('files', upload('limits.bar', archive(@files))->code, 200);
check('one more', said(upload('limits.bar', archive(@files, [ 'g', 'g' ]))), qr/^413 .*5 entries, 4 are allowed.*WorkflowMaxArchiveEntries/);
check('bytes', upload('limits.bar', archive([ 'noise', $noise, method => 0 ]))->code, 200);
check('twice as many', said(upload('limits.bar', archive([ 'a', $noise, method => 0 ], [ 'b', $noise, method => 0 ]))), qr/^413 .*'b' exceeds the limit of 2097152 bytes.*WorkflowMaxArchiveSize/);
check('zeros', said(upload('limits.bar', archive([ 'zeros', "\0" x 1_500_000 ]))), qr/^413 .*'zeros' makes more than 20 times.*WorkflowMaxArchiveRatio/);
check('a small file of zeros', upload('limits.bar', archive([ 'zeros', "\0" x 100_000 ]))->code, 200);
check('an archive in an archive is a file', upload('limits.bar', archive([ 'inner.zip', archive([ 'zeros', "\0" x 1_500_000 ]) ]))->code, 200);

# ---- changed while it runs --------------------------------------------------------------------------

my $engine = $server->engine_pid;
$server->{extra} = "WorkflowJobExecutor Off\nWorkflowMaxInstancesPerDefinition 4\nWorkflowMaxPage 2";
$server->write_config->graceful;
check('a graceful restart changes them', (wait_until { begin($one)->code == 200 }) ? 1 : 0, 1);
check('to another limit', begin($one)->code, 503);
my $page;
wait_until { $page = get_json("/process-instances?processDefinitionId=$one&size=2147483647"); $page->{size} == 2 };
check('a page has no more rows than it may', "$page->{size} of $page->{total}", '2 of 4');
$page = get_json("/process-instances?processDefinitionId=$one&size=2147483647&start=3");
check('the last one has the rest', "$page->{size} of $page->{total}", '1 of 4');
check('nor has a table more', scalar @{ get_json('/management/table/ACT_RE_PROCDEF/data?size=100')->{data} }, 2);
check('more variables', begin($two, map { ("y$_" => 'x' x 3000) } 1 .. 50)->code, 200);
check('the same engine', $server->engine_pid, $engine);
check('a sound store', $server->unsound, '');

plan tests => scalar @checks;
ok t_cmp($_->[0], $_->[1], $_->[2]) for @checks;
