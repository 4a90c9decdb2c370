# Delegates: what was a Java class or a bean is done by somebody over HTTP, by a script or
# by something built in, as directives and a file of the deployment say.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

my ($true, $false) = (JSON::PP::true(), JSON::PP::false());
my $target = WF::Target->new(
    '/bill'     => { json => { variables => { billed => $true, total => { type => 'long', value => 7 } }, localVariables => { own => 'x' } } },
    '/empty'    => { status => 204 },
    '/error'    => { json => { variables => { seen => 1 }, bpmnError => { code => 'POOR', message => 'no money' } } },
    '/failure'  => { json => { failure => { name => 'org.acme.Broke', message => 'the till is empty' } } },
    '/choose'   => { json => { transition => 'right' } },
    '/wrong'    => { json => { transition => 'nowhere' } },
    '/text'     => { body => 'done' },
    '/list'     => { body => '[1]' },
    '/500'      => { status => 500, json => { variables => { billed => $true } } },
    '/302'      => { status => 302, headers => { Location => '/bill' } },
    '/drop'     => { drop => 1 },
    '/hang'     => { hang => 1 },
    '/huge'     => { body => '{"variables":{"a":[1e999]}}' },
    '/nul'      => { body => '{"localVariables":{"b":{"type":"string","value":"x\u0000y"}}}' },
    '/taskhuge' => { body => '{"result":-1e999}' },
    '/large'    => { body => '{"variables":{"x":"' . 'y' x 5000 . '"}}' },
    '/task'     => { json => { task => { assignee => 'gonzo', priority => 99, addCandidateGroups => [ 'sales', 'engineering' ], name => 'Renamed' } } },
    '/paint'    => { json => { task => { colour => 'red' } } },
    '/method'   => { json => { result => { granted => $true, limit => 250 } } },
    '/flaky'    => [ { status => 503 }, { status => 500 }, { json => { variables => { billed => $true } } } ],
    '/once'     => { json => {} },
    '/flow5'    => { json => { transition => 5 } },
    '/untyped'  => { json => { variables => { a => { type => 'integer', value => 'many' } } } },
    '/nomap'    => { json => { localVariables => [ 1 ] } },
    '/nocode'   => { json => { bpmnError => 'POOR' } },
    '/plain'    => { json => { variables => { n => 5, l => [ 1 ], m => { type => 'car', value => 1 }, gone => undef, none => { type => "double" }, long => { type => "long", value => undef }, d => { type => 'date', value => '2026-01-21T13:04:05Z' } } } },
    '/nulls'    => { json => { failure => undef, bpmnError => undef, transition => undef, task => undef, variables => undef } },
    '/mute'     => { json => { failure => {} } },
);
my %url = map { $_ => $target->url("/$_") }
    qw(bill empty error failure choose wrong text list 500 302 drop hang large task paint method flaky once other flow5 untyped nomap nocode plain nulls mute huge nul taskhuge);
my $server = WF::Server->new(extra => <<"END_CONF");
WorkflowJobExecutor Off
WorkflowDelegateMaxAnswer 4096
WorkflowDelegateTimeout 5
WorkflowDelegate org.acme.Bill http $url{bill}
@{[ map { "WorkflowDelegate org.acme.$_ http $url{$_}\n" } qw(empty error failure choose wrong text list 500 302 drop large task paint flaky once flow5 untyped nomap nocode plain nulls mute huge nul taskhuge) ]}
WorkflowDelegate org.acme.hang http $url{hang} timeout=1
WorkflowDelegate org.acme.* fail "somebody of acme"
WorkflowDelegate credit http $url{method}
WorkflowDelegate broken http $url{failure}
WorkflowDelegate chooser http $url{choose}
WorkflowDelegate org.acme.Guarded http http://169.254.169.254/latest
WorkflowDelegate shared fail "the server's"
WorkflowDelegate calc script calc.js
WorkflowDelegate worker external billing
END_CONF
$server->spew('calc.js', "execution.setVariable('by', fields.how || 'script'); method === 'double' ? args[0] * 2 : null");
$server->start;

sub service { my ($attributes, @fields) = @_; my $id = 'x';
    return "<serviceTask id=\"$id\" name=\"Bill\" $attributes><extensionElements>@fields</extensionElements></serviceTask>" }
sub field { my ($name, $value) = @_; "<activiti:field name=\"$name\"><activiti:string>$value</activiti:string></activiti:field>" }
my $number = 0;
sub run {    # one service task, then a user task
    my ($task, %opt) = @_;
    my $key = $opt{key} // 'delegate' . ++$number;
    my $xml = bpmn($key, '<startEvent id="s"/>', $task, '<userTask id="t"/>', @{ $opt{more} // [] }, 's -> x', 'right: x -> t');
    my $r = $opt{files} ? upload("$key.zip", archive([ "$key.bpmn20.xml", $xml ], @{ $opt{files} })) : upload("$key.bpmn20.xml", $xml);
    $r->is_success or return $r;
    return call('POST', '/process-instance', { processDefinitionId => demo_id($key), %{ $opt{variables} // {} } });
}
sub outcome { my $r = shift; $r->code . ' ' . ($r->is_success ? join ',', @{ json($r)->{activityNames} } : message($r)) }
sub last_request { my ($request) = reverse $target->requests(shift); return ($request, $request ? JSON::PP->new->utf8->decode($request->{body}) : undef) }

plan tests => 96;

# ---- the call ------------------------------------------------------------------------------

my $r = run(service('activiti:class="org.acme.Bill"', field(mode => 'fast'), '<activiti:field name="half" expression="${amount / 2}"/>'),
            key => 'billing', variables => { amount => 5, who => 'Jürgen', businessKey => 'A-7' });
ok t_cmp(outcome($r), '200 t', 'a delegate');
my $instance = json($r)->{id};
my ($request, $body) = last_request('/bill');
ok t_cmp("$request->{method} $request->{headers}{'content-type'}", 'POST application/json', 'is posted JSON');
ok t_cmp($request->{headers}{'idempotency-key'}, qr/^call-[\w-]+-x-1$/, 'with a key');
ok t_cmp($body->{kind}, 'execute');
ok t_cmp($body->{class}, 'org.acme.Bill');
ok t_cmp($body->{eventName}, undef);
ok t_cmp(join(' ', @$body{qw(processDefinitionId processDefinitionKey processInstanceId executionId)}), "billing:1 billing $instance $instance", 'where it is');
ok t_cmp(join(' ', @$body{qw(activityId activityName businessKey)}), 'x Bill A-7');
ok t_cmp($body->{fields}, { mode => 'fast', half => 2.5 }, 'fields as they are now');
ok t_cmp($body->{variables}, { amount => { type => 'integer', value => 5 }, who => { type => 'string', value => 'Jürgen' } }, 'variables with types');
ok t_cmp(exists $body->{task}, '', 'no task');
my %stored = map { @$_ } map { [ split /\|/ ] } split /\n/,
    `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "SELECT NAME_, TYPE_ || ' ' || COALESCE(TEXT_, LONG_) FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $instance"`;
ok t_cmp("$stored{billed}, $stored{total}, $stored{own}", 'boolean 1, long 7, string x', 'and sets variables');

ok t_cmp(outcome(run(service('activiti:class="org.acme.empty"'))), '200 t', 'no answer is one');
ok t_cmp(outcome(run(service('activiti:class="org.acme.once"'))), '200 t', 'and so is an empty object');

# ---- what it may answer ----------------------------------------------------------------------

$r = run(service('activiti:class="org.acme.error"'));
ok t_cmp(outcome($r), qr/^500 .*"POOR": no money/, 'a BPMN error that nobody catches');
ok t_cmp(outcome(run(service('activiti:class="org.acme.choose"'), more => [ '<userTask id="r"/>', 'other: x -> r if ${false}' ])), '200 t', 'a flow');
$r = run(service('activiti:class="org.acme.choose" activiti:asyncAfter="true"'), more => [ '<userTask id="r"/>', 'other: x -> r' ]);
ok t_cmp(outcome($r), '200 x', 'a flow that a job takes');
my $later = json($r)->{id};
my ($leaving) = @{ get_json("/management/jobs?process-instance=$later")->{data} };
ok t_cmp(call('PUT', "/management/job/$leaving->{id}/execute")->code, 200, 'later');
ok t_cmp(join(' ', map { $_->{taskDefinitionKey} // $_->{name} } @{ get_json("/process-instance/$later/tasks")->{data} }), 't', 'that one alone');
ok t_cmp(outcome(run(service('activiti:class="org.acme.wrong"'))), qr/^500 .*"nowhere"/, 'one that is not there');
ok t_cmp(outcome(run(service('activiti:class="org.acme.failure"'))), qr/^500 .*the till is empty/, 'a failure');
ok t_cmp(outcome(run(service('activiti:class="org.acme.flow5"'))), qr/^500 .*"transition"/, 'a number as a flow');
ok t_cmp(outcome(run(service('activiti:class="org.acme.untyped"'))), qr/^500 .*'a' does not fit its type/, 'a value that is not of its type');
ok t_cmp(outcome(run(service('activiti:class="org.acme.huge"'))), qr/^500 .*variable "a" in the answer holds a number beyond a double/, 'a number that is none');
ok t_cmp(outcome(run(service('activiti:class="org.acme.nul"'))), qr/^500 .*variable "b" in the answer/, 'a text with NUL');
ok t_cmp(outcome(run(service('activiti:class="org.acme.taskhuge"'))), qr/^500 .*"result" in the answer/, 'a result that is none');
ok t_cmp(outcome(run(service('activiti:class="org.acme.nomap"'))), qr/^500 .*"localVariables"/, 'variables as a list');
ok t_cmp(outcome(run(service('activiti:class="org.acme.nocode"'))), qr/^500 .*"bpmnError".*code/, 'an error without a code');
ok t_cmp(outcome(run(service('activiti:class="org.acme.mute"'))), qr/^500 .*delegate "org\.acme\.mute"/, 'a failure without a word');
ok t_cmp(outcome(run(service('activiti:class="org.acme.nulls"'))), '200 t', 'nulls say nothing');
ok t_cmp(outcome(run(service('activiti:class="org.acme.plain"'), key => 'plain')), '200 t', 'plain values');
my $plain = json(call('POST', '/process-instance', { processDefinitionId => 'plain:1' }))->{id};
ok t_cmp(join(' ', sort map { "$_->{variableName}:$_->{variableType}:" . ($_->{variableValue} // '') =~ s/T.*//r } @{ get_json("/process-instance/$plain")->{variables} }),
         'd:date:2026-01-21 gone:null: l:list:[1] long:null: m:map:{"type":"car","value":1} n:integer:5 none:null:', 'and typed ones beside them');
ok t_cmp(outcome(run(service('activiti:class="org.acme.text"'))), qr/^500 .*no JSON/, 'a text');
ok t_cmp(outcome(run(service('activiti:class="org.acme.list"'))), qr/^500 .*no JSON object/, 'a list');
ok t_cmp(outcome(run(service('activiti:class="org.acme.500"'))), qr/^500 .*delegate "org\.acme\.500".*status 500/, 'a status of 500');
ok t_cmp(outcome(run(service('activiti:class="org.acme.302"'))), qr/^500 .*status 302/, 'a redirect');
ok t_cmp(outcome(run(service('activiti:class="org.acme.drop"'))), qr/^500 .*delegate "org\.acme\.drop"/, 'a broken connection');
ok t_cmp(outcome(run(service('activiti:class="org.acme.hang"'))), qr/^500 .*delegate "org\.acme\.hang"/, 'no answer in time');
ok t_cmp(outcome(run(service('activiti:class="org.acme.large"'))), qr/^500 /, 'too large an answer');
ok t_cmp(outcome(run(service('activiti:class="org.acme.Guarded"'))), qr/^500 .*delegate "org\.acme\.Guarded"/, 'a guarded address');
ok t_cmp(outcome(run(service('activiti:class="worker"'))), '200 x', 'a topic: it waits');

# ---- who does it -------------------------------------------------------------------------------

ok t_cmp(outcome(run(service('activiti:class="org.acme.Other"'))), qr/^500 .*somebody of acme/, 'a prefix');
ok t_cmp(outcome(run(service('activiti:class="com.acme.None"'))), qr/^500 .*no delegate .*"com\.acme\.None"/, 'nobody');
ok t_cmp(outcome(run(service('activiti:delegateExpression="${nobody}"'))), qr/^500 .*"nobody"/, 'nobody\'s bean');
my @own = ([ 'delegates.json', '{"shared": {"script": "js/own.js"}, "bill*": {"http": "' . $url{other} . '"}}' ],
           [ 'js/own.js', 'execution.setVariable("by", "deployment " + fields.how); 5' ]);
$r = run(service('activiti:class="shared"', field(how => 'here')), files => \@own);
ok t_cmp(outcome($r), '200 t', "the deployment's own");
ok t_cmp(outcome(run(service('activiti:class="shared"'))), qr/^500 .*the server's/, 'others have the server\'s');
ok t_cmp(outcome(run(service('activiti:delegateExpression="${billing}"'), files => \@own)), '200 t', 'its prefix for a bean');
($request, $body) = last_request('/other');
ok t_cmp($body->{class}, 'billing');
$r = run(service('activiti:class="calc"'), more => [], key => 'calculates');
ok t_cmp(outcome($r), '200 t', 'a script of the server');
$r = upload('bad.zip', archive([ 'a.bpmn20.xml', bpmn('bad', '<startEvent id="s"/>') ], [ 'delegates.json', '{"a": {"http": "x"}}' ]));
ok t_cmp($r->code . ' ' . message($r), qr/^4\d\d .*delegates\.json.*"a".*URL/s, 'a wrong one is refused');
ok t_cmp(definition_of('bad'), undef, 'with all of its deployment');

# ---- beans ----------------------------------------------------------------------------------------

my $bean = '<serviceTask id="x" activiti:expression="${credit.check(who, 3)}" activiti:resultVariable="credit2"/>';
$r = run($bean, variables => { who => 'kermit' });
ok t_cmp(outcome($r), '200 t', 'a bean');
($request, $body) = last_request('/method');
ok t_cmp("$body->{kind} $body->{class} $body->{method}", 'method credit check', 'is called by method');
ok t_cmp($body->{arguments}, [ 'kermit', 3 ], 'with arguments');
$r = call('POST', '/process-instance', { processDefinitionId => define('conditional', '<startEvent id="s"/>', '<exclusiveGateway id="g"/>', '<userTask id="yes"/>',
    '<userTask id="no"/>', 's -> g', 'g -> yes if ${credit.check(1).granted && calc.double(4) == 8}', 'g -> no if ${true}') });
ok t_cmp(outcome($r), '200 yes', 'in a condition');
ok t_cmp(outcome(run(service('activiti:expression="${credit.limit}"'))), '200 t', 'a property');
($request, $body) = last_request('/method');
ok t_cmp("$body->{kind} $body->{property}", 'property limit');

# ---- listeners ------------------------------------------------------------------------------------

sub listened { my ($key, @listeners) = @_;
    return define($key, '<startEvent id="s"/>', "<userTask id=\"t\" name=\"Look\" activiti:assignee=\"kermit\"><extensionElements>@listeners</extensionElements></userTask>", 's -> t') }
$instance = start(listened('listens', '<activiti:executionListener event="start" class="org.acme.once"/>'))->{id};
($request, $body) = last_request('/once');
ok t_cmp("$body->{kind} $body->{eventName} $body->{activityId}", 'notify start t', 'an execution listener');
$instance = start(listened('tasks', '<activiti:taskListener event="create" class="org.acme.task"><activiti:field name="f" stringValue="v"/></activiti:taskListener>'))->{id};
($request, $body) = last_request('/task');
ok t_cmp("$body->{kind} $body->{eventName} $body->{fields}{f}", 'task create v', 'a task listener');
ok t_cmp(join(' ', @{ $body->{task} }{qw(name assignee taskDefinitionKey priority)}), 'Look kermit t 50', 'is told of the task');
my ($task) = tasks_of($instance, 'assignee=gonzo');
ok t_cmp("$task->{name} $task->{priority}", 'Renamed 99', 'and changes it');
$r = call('POST', '/process-instance', { processDefinitionId => listened('paints', '<activiti:taskListener event="create" class="org.acme.paint"/>') });
ok t_cmp(outcome($r), qr/^500 .*task\.colour/, 'but not what it does not have');
$r = call('POST', '/process-instance', { processDefinitionId => listened('chooses', '<activiti:executionListener event="start" class="org.acme.choose"/>') });
ok t_cmp(outcome($r), qr/^500 .*start listener.*"right"/, 'a listener chooses no flow');
ok t_cmp(outcome(run(service('activiti:expression="${chooser.go()}"'))), qr/^500 .*"chooser".*"right"/, 'nor does a bean');

# ---- jobs: a failed attempt, and the same key in each -------------------------------------------------

sub sql { my $out = `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "$_[0]"`; chomp $out; $out }
$r = run(service('activiti:class="org.acme.flaky" activiti:async="true"'), key => 'flaky');
ok t_cmp(outcome($r), '200 x', 'a job is to do it');
$instance = json($r)->{id};
my ($job) = map { $_->{id} } @{ get_json("/management/jobs?process-instance=$instance")->{data} };
for my $left (2, 1) {
    $r = call('PUT', "/management/job/$job/execute");
    ok t_cmp(outcome($r), qr/^500 .*delegate "org\.acme\.flaky"/, 'it fails');
    $job = get_json("/management/jobs?process-instance=$instance")->{data}[0]{id};
    ok t_cmp(sql("SELECT RETRIES_ FROM ACT_RU_JOB WHERE ID_ = $job"), $left, 'that was an attempt');
}
ok t_cmp(call('PUT', "/management/job/$job/execute")->code, 200, 'then it works');
my @keys = map { $_->{headers}{'idempotency-key'} } $target->requests('/flaky');
ok t_cmp(scalar @keys, 3, 'three calls');
ok t_cmp($keys[0], qr/^job-[0-9a-f]+-$job-x-1$/);
ok t_cmp("@keys[1, 2]", "$keys[0] $keys[0]", 'with one key');
$r = run(service('activiti:class="org.acme.once" activiti:async="true"'));
my ($other) = map { $_->{id} } @{ get_json('/management/jobs?process-instance=' . json($r)->{id})->{data} };
ok t_cmp(call('PUT', "/management/job/$other/execute")->code, 200);
($request) = last_request('/once');
ok t_cmp($request->{headers}{'idempotency-key'} ne $keys[0], 1, 'another job has another one');

# Each visit has its own key.
my $known = () = $target->requests('/once');
$r = call('POST', '/process-instance', { processDefinitionId => define('visits', '<startEvent id="s"/>',
    '<serviceTask id="x&#233;" activiti:async="true" activiti:class="org.acme.once"><multiInstanceLoopCharacteristics isSequential="true">'
    . '<loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></serviceTask>', '<serviceTask id="b" activiti:class="org.acme.once"/>', '<userTask id="u"/>',
    '<sequenceFlow id="sx" sourceRef="s" targetRef="x&#233;"/>', '<sequenceFlow id="xb" sourceRef="x&#233;" targetRef="b"/>', 'b -> u') });
my $visits = json($r)->{id};
for (1 .. 2) {
    my ($id) = map { $_->{id} } @{ get_json("/management/jobs?process-instance=$visits")->{data} };
    ok t_cmp(call('PUT', "/management/job/$id/execute")->code, 200, 'a round');
}
my @of_visits = map { $_->{headers}{'idempotency-key'} } ($target->requests('/once'))[$known .. $known + 2];
ok t_cmp(scalar(keys %{ { map { $_ => 1 } @of_visits } }), 3, 'one each');
ok t_cmp(join(' ', map { s/^job-[0-9a-f]+-\d+-//r } @of_visits), 'x%c3%a9-1 x%c3%a9-1 b-1', 'activities are told apart');

# No transaction is open while a delegate thinks: others go on.
my $slow = define('slow', '<startEvent id="s"/>', service('activiti:class="org.acme.hang"'), 's -> x');
my $quick = define('quick', '<startEvent id="s"/>', '<userTask id="t"/>', 's -> t');
my @codes = in_parallel(2, sub { my $i = shift;
    my $at = Time::HiRes::time();
    my $code = call('POST', '/process-instance', { processDefinitionId => $i ? $quick : $slow })->code;
    $code . (Time::HiRes::time() - $at < 0.8 ? ' soon' : ' late') });
ok t_cmp("@codes", '500 late 200 soon', 'nobody waits for it');

# ---- failures as errors ----------------------------------------------------------------------------------

{
    my $event = sub { my $code = shift; ("<boundaryEvent id=\"b\" attachedToRef=\"x\"><errorEventDefinition errorRef=\"$code\"/></boundaryEvent>", '<userTask id="u"/>', 'b -> u') };
    my $map = sub { my ($code, $name) = @_; "<activiti:mapException errorCode=\"$code\">" . ($name // '') . '</activiti:mapException>' };
    my @cases = (
        [ 'by name',     'failure', [ $map->('E', 'org.acme.Broke') ],                       'E', '200 u' ],
        [ 'any',         'failure', [ $map->('E') ],                                         'E', '200 u' ],
        [ 'exact first', 'failure', [ $map->('F'), $map->('E', 'org.acme.Broke') ],          'E', '200 u' ],
        [ 'Java any',    '500',     [ $map->('E', 'java.lang.RuntimeException') ],           'E', '200 u' ],
        [ 'status',      '500',     [ $map->('E', 'status') ],                               'E', '200 u' ],
        [ 'timeout',     'hang',    [ $map->('E', 'timeout') ],                              'E', '200 u' ],
        [ 'connection',  'drop',    [ $map->('E', 'connection') ],                           'E', '200 u' ],
        [ 'unreadable',  'text',    [ $map->('E', 'unreadable') ],                           'E', '200 u' ],
        [ 'another',     '500',     [ $map->('E', 'timeout') ],                              'E', qr/^500 .*status 500/ ],
        [ 'of a bean',   'bean',    [ $map->('E', 'org.acme.Broke') ],                       'E', '200 u' ],
        [ 'of a bean, another', 'bean', [ $map->('E', 'status') ],                           'E', qr/^500 .*till is empty/ ],
        [ 'BPMN error',  'error',   [ $map->('E') ],                                         'POOR', '200 u' ],
    );
    for my $case (@cases) {
        my ($what, $class, $mappings, $code, $result) = @$case;
        my $does = $class eq 'bean' ? 'activiti:expression="${broken.go(1)}"' : "activiti:class=\"org.acme.$class\"";
        ok t_cmp(outcome(run(service($does, @$mappings), more => [ $event->($code) ])), $result, "mapException: $what");
    }
}

# ---- a graceful restart -----------------------------------------------------------------------------------

my $pid = $server->engine_pid;
$server->{extra} = <<"END_CONF";
WorkflowDelegate org.acme.Bill fail "moved away"
WorkflowDelegateDefault http $url{once}
END_CONF
my $again = demo_id('billing');
$server->write_config->graceful;    # which may cut connections
ok wait_until { eval { outcome(call('POST', '/process-instance', { processDefinitionId => $again, amount => 1 })) =~ /^500 .*moved away/ } };
ok t_cmp($server->engine_pid, $pid, 'the engine goes on');
ok t_cmp(outcome(run(service('activiti:class="com.acme.None"'))), '200 t', 'now there is a default');
($request, $body) = last_request('/once');
ok t_cmp($body->{class}, 'com.acme.None');
