# Decision tables: deployed alone or with a process, versions, what a process means by a
# decision's key.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# A file whose decisions, by their keys, give a text.
sub dmn {
    my (%texts) = @_;
    return '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="f" name="f" namespace="t">'
         . join('', map { qq(<decision id="$_" name="Name of $_"><literalExpression id="l$_"><text>"$texts{$_}"</text></literalExpression></decision>) } sort keys %texts)
         . '</definitions>';
}
sub process {
    my ($key, $decision, $attributes) = @_;
    return bpmn($key, '<startEvent id="s"/>', 's -> r', 'r -> t', '<userTask id="t"/>',
                qq(<businessRuleTask id="r" activiti:decisionRef="$decision" activiti:resultVariable="a" activiti:mapDecisionResult="singleEntry" $attributes/>));
}
sub put { my ($name, $content) = @_; my $r = upload($name, $content); $r->is_success or die $r->as_string; json($r)->{id} }
sub rows { join ' ', map { "$_->{ID_}=$_->{RESOURCE_NAME_}" } stored("SELECT * FROM ACT_RE_DECISION_DEF WHERE KEY_ LIKE 'dt%' ORDER BY SEQ_") }
sub result {
    my $r = call('POST', '/process-instance', { processDefinitionId => demo_id(shift), v => 1 });
    return $r->is_success ? (map { $_->{variableName} eq 'a' ? $_->{variableValue} : () } @{ get_json('/process-instance/' . json($r)->{id})->{variables} })[0]
                          : $r->code . ' ' . message($r);
}
sub gone { my $r = call('DELETE', '/deployment/' . shift); $r->is_success or die $r->as_string }

plan tests => 25;

# Alone, and as files of an archive.
my $first = put('dtA.dmn', dmn(dtA => 'first', dtB => 'b'));
ok t_cmp(rows(), 'dtA:1=dtA.dmn dtB:1=dtA.dmn', 'two decisions of a file');
ok t_cmp(value_of("SELECT NAME_ FROM ACT_RE_DECISION_DEF WHERE ID_ = 'dtA:1'"), 'Name of dtA', 'with their names');
ok t_cmp(call('GET', "/deployment/$first/resource/dtA.dmn")->header('Content-Type'), qr{^text/xml}, 'the file');
my $with = put('dt.zip', archive([ 'dtLatest.bpmn20.xml', process('dtLatest', 'dtA', '') ],
                                 [ 'dtOwn.bpmn20.xml', process('dtOwn', 'dtA', 'activiti:decisionRefBinding="deployment"') ],
                                 [ 'dtFirst.bpmn20.xml', process('dtFirst', 'dtA', 'activiti:decisionRefBinding="version" activiti:decisionRefVersion="${v}"') ],
                                 [ 'dtOther.bpmn20.xml', process('dtOther', '${v == 1 ? &quot;dtB&quot; : null}', '') ],
                                 [ 'a/dtA.dmn', dmn(dtA => 'second') ]));
ok t_cmp(rows(), 'dtA:1=dtA.dmn dtB:1=dtA.dmn dtA:2=a/dtA.dmn', 'the next version');
ok t_cmp(result('dtLatest'), 'second', 'latest');
ok t_cmp(result('dtOwn'), 'second', 'of the deployment');
ok t_cmp(result('dtFirst'), 'first', 'of a version');
ok t_cmp(result('dtOther'), 'b', 'of another deployment');

# A newer one is used from the next start on.
my $third = put('dtA.dmn', dmn(dtA => 'third'));
ok t_cmp(result('dtLatest'), 'third', 'the latest of any deployment');
ok t_cmp(result('dtOwn'), 'second', 'what was deployed together stays together');
ok t_cmp(result('dtFirst'), 'first', 'and a version is a version');

# Refused: nothing of it stays.
for my $case (
    [ 'dtA.dmn',  'nothing',                                                  qr/dtA\.dmn/ ],
    [ 'dt.zip',   archive([ 'x.dmn', dmn(dtC => 'x') ], [ 'y.dmn', dmn(dtC => 'y') ]), qr/y\.dmn.*the decision "dtC" is also in x\.dmn/ ],
    [ 'dt.zip',   archive([ 'x.dmn', dmn(dtC => 'x') ], [ 'y.dmn', '<definitions/>' ]), qr/y\.dmn/ ],
) {
    my ($name, $content, $message) = @$case;
    my $r = upload($name, $content);
    ok t_cmp($r->code, 400, "refused: $name");
    ok t_cmp(message($r), $message, "why");
}
ok t_cmp(rows(), 'dtA:1=dtA.dmn dtB:1=dtA.dmn dtA:2=a/dtA.dmn dtA:3=dtA.dmn', 'nothing of these');

# Undeployed: the one before it is the latest again; a version that is gone is missed.
gone($third);
ok t_cmp(result('dtLatest'), 'second', 'the one before it');
gone($first);
ok t_cmp(rows(), 'dtA:2=a/dtA.dmn', 'gone with their deployments');
ok t_cmp(result('dtFirst'), qr/^500 .*no decision "dtA" of version "1" is deployed/, 'a version that is gone');
ok t_cmp(result('dtOther'), qr/^500 .*no decision "dtB" is deployed/, 'a key that is gone');
put('dtA.dmn', dmn(dtA => 'next'));
ok t_cmp(rows(), 'dtA:2=a/dtA.dmn dtA:3=dtA.dmn', 'the version after the newest');
ok t_cmp(result('dtLatest'), 'next', 'is the latest');
call('DELETE', "/deployment/$with?cascade=true");
ok t_cmp(rows(), 'dtA:3=dtA.dmn', 'with instances');
