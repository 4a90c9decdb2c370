# How values look in answers: members, types, nulls, ids, dates and texts.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use POSIX ();
use WF::Activiti;
use WF::Test;

my $ISO = qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:\d\d)$/;
my %type = (    # JSON as it stands in the answer
    string => qr/^"[^"]*"$/,
    id     => qr/^"[1-9]\d*"$/,
    number => qr/^\d+$/,
    null   => qr/^null$/,
    true   => qr/^true$/,
    false  => qr/^false$/,
    date   => qr/^"@{[ $ISO =~ s{^\(\?\^:\^|\$\)$}{}gr ]}"$/,
    list   => qr/^\[("\w+"(,\s*"\w+")*)?\]$/,
);

# A name with everything that JSON has to escape or must not.
my $text = "a/b \"c\" \\ <d> & 'e' \x{fc}\x{20ac}\x{1f600}";
my $plain = define('formats', '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>', 't -> e', '<endEvent id="e"/>');
upload('formats-full.bpmn20.xml', data_file('formats-full.bpmn20.xml'))->is_success or die;
my $bare = start($plain);
my $full = start('formatsFull:1', { text => $text });
my $ended = start('formatsFull:1', { text => 'x', short => JSON::PP::true() });
my ($task) = tasks_of($full->{id}, 'assignee=formats');
my $deployment = definition_of('formatsFull')->{deploymentId};
# Nobody is asked for this task, so no list has it.
my ($bare_task) = map { $_->{ID_} } stored("SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = $bare->{id}");

sub row { my ($path, $id) = @_; my ($row) = call('GET', $path)->content =~ /(\{[^{}]*"id":"$id"[^{}]*\})/; $row }

# What clients of later releases read in addition.
my %drawn = (suspended => 'false', diagramResourceName => 'null', category => 'string', graphicNotationDefined => 'false');
my %later = (suspended => 'false', createTime => 'date', dueDate => 'null', owner => 'null', delegationState => 'null', parentTaskId => 'null',
             processDefinitionId => 'string', taskDefinitionKey => 'string', subTaskList => 'list', identityLinkList => 'list',
             attachmentList => 'list', category => 'null');

my @answers = (
    # what, JSON text                                                 members and types
    [ 'engine', call('GET', '/process-engine')->content,
      name => 'string', resourceUrl => 'string', exception => 'null', version => 'string' ],
    [ 'deployment', row('/deployments?size=10000', $deployment),
      id => 'id', name => 'string', deploymentTime => 'date' ],
    [ 'definition', call('GET', "/process-definition/$plain")->content,
      id => 'string', key => 'string', version => 'number', name => 'null', resourceName => 'string',
      deploymentId => 'id', startFormResourceKey => 'null', %drawn ],
    [ 'full definition', call('GET', '/process-definition/formatsFull:1')->content,
      id => 'string', key => 'string', version => 'number', name => 'string', resourceName => 'string',
      deploymentId => 'id', startFormResourceKey => 'string', %drawn ],
    [ 'definition in the list', row('/process-definitions?size=10000', $plain),
      id => 'string', key => 'string', version => 'number', name => 'null', resourceName => 'string',
      deploymentId => 'id', startFormResourceKey => 'null', %drawn ],
    [ 'instance', call('POST', '/process-instance', { processDefinitionId => $plain })->content,
      id => 'id', processInstanceId => 'id', processDefinitionId => 'string', businessKey => 'null',
      activityNames => 'list', ended => 'false' ],
    [ 'ended instance', call('POST', '/process-instance', { processDefinitionId => 'formatsFull:1', short => JSON::PP::true() })->content,
      id => 'id', processInstanceId => 'id', processDefinitionId => 'string', businessKey => 'null',
      activityNames => 'list', ended => 'true' ],
    [ 'task', call('GET', "/task/$bare_task")->content,
      id => 'number', name => 'null', description => 'null', priority => 'number', assignee => 'null',
      executionId => 'number', processInstanceId => 'id', formResourceKey => 'null', %later ],
    [ 'full task', call('GET', "/task/$task->{id}")->content =~ s/"name":"(?:[^"\\]|\\.)*"/"name":"x"/r,
      id => 'number', name => 'string', description => 'string', priority => 'number', assignee => 'string',
      executionId => 'number', processInstanceId => 'id', formResourceKey => 'string', %later ],
    [ 'success', call('POST', '/login', { userId => 'kermit', password => 'kermit' })->content, success => 'true' ],
);

plan tests => @answers + 24;

# Members in any order, none missing, none more.
sub types_of {
    my ($json, %members) = @_;
    my %found;
    $found{$1} = $2 while $json =~ /"(\w+)":\s*("(?:[^"\\]|\\.)*"|\[[^]]*\]|[^,{}\s]+)/g;
    return join ', ', map {
        my $name = $_;
        my $fits = defined $found{$name} && $members{$name} && $found{$name} =~ $type{ $members{$name} };
        $fits ? () : "$name: " . ($found{$name} // 'missing') . ' is no ' . ($members{$name} // 'member');
    } sort keys %{ { %found, %members } };
}
for my $answer (@answers) {
    my ($what, $json, %members) = @$answer;
    ok t_cmp(types_of($json // '', %members), '', $what);
}

# Values.
ok t_cmp($full->{activityNames}, [ 'task' ], 'ids, not names');
ok t_cmp($ended->{activityNames}, [], 'none when ended');
ok t_cmp($full->{processDefinitionId}, 'formatsFull:1', 'key and version');
ok t_cmp($task->{processInstanceId}, $full->{id}, 'the instance');
ok t_cmp($task->{executionId}, $full->{id}, 'without branches the execution is the instance');
ok t_cmp($task->{priority}, 70, 'priority');
ok t_cmp(json(call('GET', "/task/$bare_task"))->{priority}, 50, 'its default');
ok t_cmp($task->{formResourceKey}, 'forms/any.form', 'form key');
ok t_cmp($task->{description}, "Two lines\n      about a/b", 'documentation, trimmed');
ok t_cmp(json(call('GET', '/process-definition/formatsFull:1'))->{startFormResourceKey}, 'forms/${start}.form', 'start form key, verbatim');
ok t_cmp($task->{name}, $text, 'a text comes back as it was sent');
ok call('GET', "/task/$task->{id}")->content =~ /\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80/;
ok t_cmp(get_json('/tasks?assignee=formats&size=10000')->{data}[0]{id}, $task->{id}, 'list and single task agree');

# The list of deployments knows when this file ran, in the server's zone.
my ($row) = grep { $_->{id} eq $deployment } @{ get_json('/deployments?size=10000')->{data} };
ok t_cmp($row->{name}, 'formats-full.bpmn20.xml', 'deployment name');
ok t_cmp($row->{deploymentTime}, $ISO, 'ISO 8601 with three digits and the zone');
my ($y, $mon, $d, $h, $min, $s, $zone) = $row->{deploymentTime} =~ /^(\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.\d+(.*)$/;
ok abs(POSIX::mktime($s, $min, $h, $d, $mon - 1, $y - 1900) - time) < 600;
my $here = POSIX::strftime('%z', localtime) =~ s/(\d\d)$/:$1/r;
ok t_cmp($zone, $here eq '+00:00' ? 'Z' : $here, 'the offset');

# One sequence of ids for all kinds.
ok $bare->{id} < $full->{id} && $full->{id} < $task->{id};
ok $deployment < $bare->{id};

# Types and headers of an answer.
my $r = call('GET', '/process-engine');
ok t_cmp($r->header('Content-Type'), 'application/json;charset=UTF-8', 'JSON and its charset');
ok t_cmp($r->header('Cache-Control'), 'no-cache', 'not to be kept');
ok t_cmp($r->header('Pragma'), 'no-cache', 'nor by old clients');
ok t_cmp($r->header('Expires'), 'Thu, 01 Jan 1970 00:00:00 GMT', 'nor by any');
ok !defined $r->header('Set-Cookie');
