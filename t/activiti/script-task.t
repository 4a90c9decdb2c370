# Script tasks: JavaScript and JUEL, what they see and set, how they fail, and how far they
# may go.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes ();
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => "WorkflowScriptTimeout 1\nWorkflowScriptMemory 8388608\nWorkflowJobExecutor Off")->start;

my $n = 0;
sub run {
    my ($format, $script, %opt) = @_;
    $format = defined $format ? "scriptFormat=\"$format\"" : '';
    my $r = call('POST', '/process-instance', { processDefinitionId => define('script' . ++$n, '<startEvent id="s"/>',
        "<scriptTask id=\"x\" $format @{[ $opt{with} // '' ]}><script><![CDATA[$script]]></script></scriptTask>", '<userTask id="t"/>', @{ $opt{more} // [] },
        's -> x', 'x -> t'), n => 5, list => [ 1, 'zwei', { k => 'v' } ], name => 'Grüße' });
    return $r;
}
sub value {    # of the variable a, with its type
    my $r = shift;
    $r->is_success or return $r->code . ' ' . message($r);
    my $i = json($r)->{id};
    my $out = `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "SELECT TYPE_ || ' ' || COALESCE(TEXT_, DOUBLE_, LONG_, '') FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = 'a'"`;
    chomp $out;
    utf8::decode($out);
    return $out;
}

my $result = 'activiti:resultVariable="a"';
my @cases = (    # language, script, attributes, the variable a or the error
    [ 'integer',          'javascript', 'n * 2',                                       $result, 'integer 10' ],
    [ 'double',           'JavaScript', 'n / 2',                                       $result, 'double 2.5' ],
    [ 'text',             'js',         'name + "!"',                                  $result, 'string Grüße!' ],
    [ 'boolean',          'ecmascript', 'var x = n > 3; x && true',                    $result, 'boolean 1' ],
    [ 'large',            'javascript', 'n * 1e12',                                    $result, 'long 5000000000000' ],
    [ 'nothing',          'javascript', 'undefined',                                   $result, 'null ' ],
    [ 'old attribute',    'javascript', 'n',           'activiti:resultVariableName="a"',       'integer 5' ],
    [ 'setVariable',      'javascript', 'execution.setVariable("a", list.length)',     '',      'integer 3' ],
    [ 'Java lists',       'javascript', 'list.get(1) + list.size() + list[2].get("k")', $result, 'string zwei3v' ],
    [ 'execution',        'javascript', 'execution.currentActivityId + execution.getVariable("n")', $result, 'string x5' ],
    [ 'not stored',       'javascript', 'var a = 1;',                                  '',      '' ],
    [ 'stored',           'javascript', 'var a = n + 1;',   'activiti:autoStoreVariables="true"', 'integer 6' ],
    [ 'JSON and RegExp',  'javascript', 'JSON.parse("[7]")[0] + "x1".replace(/\D/, "").length', $result, 'integer 8' ],
    [ 'juel',             'juel',       '${n + 1}',                                    $result, 'long 6' ],
    [ 'by default juel',  undef,        '${name}',                                     $result, 'string Grüße' ],
    [ 'its own message',  'javascript', 'throw new Error("the oven is cold")',         '',      qr/^500 .*the oven is cold/ ],
    [ 'syntax',           'javascript', "n +\n+",                                      '',      qr/^500 .*SyntaxError/ ],
    [ 'unknown name',     'javascript', 'nobody',                                      '',      qr/^500 .*ReferenceError.*nobody/ ],
    [ 'juel fails',       'juel',       '${nobody}',                                   '',      qr/^500 .*nobody/ ],
    [ 'groovy',           'groovy',     'n + 1',                                       '',      qr/^500 .*Can't find scripting engine for 'groovy'/ ],
    [ 'memory',           'javascript', 'var s = "x"; for (;;) s += s + s;',           '',      qr/^500 / ],
);
plan tests => @cases + 9;
for my $case (@cases) {
    my ($what, $format, $script, $with, $expected) = @$case;
    ok t_cmp(value(run($format, $script, with => $with)), $expected, $what);
}

# A script that does not end is stopped; the engine goes on.
my $before = Time::HiRes::time();
ok t_cmp(value(run('javascript', 'for (;;) ;')), qr/^500 .*script of "x"/, 'for ever');
ok Time::HiRes::time() - $before < 10;
ok t_cmp(value(run('javascript', 'n', with => $result)), 'integer 5', 'the next one works');

# A BPMN error is caught; what the script did before stays.
my @catch = ('<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="COLD"/></boundaryEvent>', '<userTask id="u"/>', 'b -> u');
my $r = run('javascript', 'execution.setVariable("a", 1); throw new BpmnError("COLD", "no fire")', more => \@catch);
ok t_cmp(join(',', @{ json($r)->{activityNames} }), 'u', 'a BPMN error');
ok t_cmp(value($r), 'integer 1');
$r = run('javascript', 'throw new org.activiti.engine.delegate.BpmnError("COLD")', more => \@catch);
ok t_cmp(join(',', @{ json($r)->{activityNames} }), 'u', 'as Java writes it');
ok t_cmp(value(run('javascript', 'throw new BpmnError("HOT")', more => \@catch)), qr/^500 .*HOT/, 'another one');

# A failed script in a job: nothing of it is kept, and the job has one attempt less.
$r = run('javascript', 'execution.setVariable("a", 1); throw "never"', with => 'activiti:async="true"');
my ($job) = @{ get_json('/management/jobs?process-instance=' . json($r)->{id})->{data} };
ok t_cmp(call('PUT', "/management/job/$job->{id}/execute")->code, 500, 'a job');
($job) = @{ get_json('/management/jobs?process-instance=' . json($r)->{id})->{data} };
ok t_cmp("$job->{retries} " . value($r), '2 ', 'was an attempt');
