# Process definitions: what rows say, who may start them, their deployed pictures.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# A user and a group of this file: kermit is in sales, fozzie is not.
sub process { my ($key, $attributes, @elements) = @_; bpmn($key, @elements ? @elements : '<startEvent id="s"/>') =~ s/<process id="$key"/<process id="$key" $attributes/r }
sub deploy_one { my ($name, $content) = @_; my $r = upload($name, $content); $r->is_success or die $r->as_string; json($r)->{id} }
my $starter = '<extensionElements><activiti:potentialStarter><resourceAssignmentExpression><formalExpression>user(dfA), group(sales), dfG'
            . '</formalExpression></resourceAssignmentExpression></activiti:potentialStarter></extensionElements><startEvent id="s"/>';
deploy_one('dfUser.bpmn', process('dfUser', 'activiti:candidateStarterUsers="dfA, kermit"'));
deploy_one('dfGroup.bpmn', process('dfGroup', 'activiti:candidateStarterGroups="sales"'));
deploy_one('dfBoth.bpmn', process('dfBoth', 'activiti:candidateStarterUsers="kermit" activiti:candidateStarterGroups="sales,management"'));
deploy_one('dfElement.bpmn', process('dfElement', '', $starter));
deploy_one('dfNobody.bpmn', process('dfNobody', ''));

my @startable = (
    # user     definitions of this file
    [ 'dfA',    'dfElement:1 dfUser:1' ],
    [ 'kermit', 'dfBoth:1 dfElement:1 dfGroup:1 dfUser:1' ],
    [ 'gonzo',  'dfBoth:1 dfElement:1 dfGroup:1' ],
    [ 'fozzie', '' ],
    [ 'sales',  '' ],     # a group is no user
    [ 'dfG',    '' ],
    [ 'DFA',    '' ],
    [ 'df%25',  '' ],
    [ "dfA'--", '' ],
);

my $picture = "\x89PNG\r\n\x1a\n\0 of ";
my @pictures = (
    # files beside a.bpmn20.xml                  the diagram
    [ [ 'd/a.png' ],                             'd/a.png',        'image/png' ],
    [ [ 'd/a.jpg' ],                             'd/a.jpg',        'image/jpeg' ],
    [ [ 'd/a.gif' ],                             'd/a.gif',        'image/gif' ],
    [ [ 'd/a.svg' ],                             'd/a.svg',        'image/svg+xml' ],
    [ [ 'd/a.svg', 'd/a.gif', 'd/a.jpg', 'd/a.png' ], 'd/a.png',   'image/png' ],
    [ [ 'd/a.svg', 'd/a.gif' ],                  'd/a.gif',        'image/gif' ],
    [ [ 'd/a.png', 'd/a.dfPicture.svg' ],        'd/a.dfPicture.svg', 'image/svg+xml' ],
    [ [ 'a.png', 'd/b.png', 'd/a.PNG', 'd/a.bpmn20.png', 'd/a.other.png' ], undef ],
    [ [],                                        undef ],
);

plan tests => @startable + 8 * @pictures + 40;

for my $case (@startable) {
    my ($user, $expected) = @$case;
    my $page = get_json("/process-definitions?startableByUser=$user&size=10000");
    ok t_cmp(join(' ', sort map { $_->{id} } grep { $_->{id} =~ /^df/ } @{ $page->{data} }), $expected, "startable by $user");
}
# The filter has paging, sorting and a total of its own; empty it is none.
my $page = get_json('/process-definitions?startableByUser=dfA&size=1&sort=name');
ok t_cmp("$page->{total} $page->{size} $page->{sort}", '2 1 name', 'a page of them');
ok t_cmp(get_json('/process-definitions?startableByUser=&size=0')->{total}, get_json('/process-definitions?size=0')->{total}, 'no user');
# Later releases write a number behind the id; "key:version" is what counts.
for my $id ('dfUser:1:4711', 'dfUser:1') {
    ok t_cmp(get_json("/process-definition/$id")->{id}, 'dfUser:1', "definition $id");
    ok t_cmp(json(call('POST', '/process-instance', { processDefinitionId => $id }, user => 'fozzie'))->{processDefinitionId}, 'dfUser:1', "start $id");
}
for my $id ('dfUser:1:', 'dfUser:1:x') {
    ok t_cmp(call('POST', '/process-instance', { processDefinitionId => $id }, user => 'fozzie')->code, 404, "no definition $id");
}
# Others may start them all the same; a new version has starters of its own; a deleted one leaves none.
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => 'dfUser:1' }, user => 'fozzie')->code, 200, 'it is a list, no lock');
my $second = deploy_one('dfUser.bpmn', process('dfUser', 'activiti:candidateStarterUsers="dfB"'));
ok t_cmp(get_json('/process-definitions?startableByUser=dfB')->{data}[0]{id}, 'dfUser:2', 'the second version');
ok t_cmp(get_json('/process-definitions?startableByUser=dfA')->{total}, 2, 'the first has kept its own');
call('DELETE', "/deployment/$second");
deploy_one('dfUser.bpmn', process('dfUser', ''));
ok t_cmp(get_json('/process-definitions?startableByUser=dfB')->{total}, 0, 'another second version');

# Rows say the same as the single definition.
my ($row) = grep { $_->{id} eq 'dfBoth:1' } @{ get_json('/process-definitions?size=10000')->{data} };
ok t_cmp($row, get_json('/process-definition/dfBoth:1'), 'row and definition');
ok t_cmp(join(' ', map { $row->{$_} // '-' } qw(id key version name resourceName startFormResourceKey diagramResourceName category)),
         'dfBoth:1 dfBoth 1 - dfBoth.bpmn - - test', 'members');
ok t_cmp(call('GET', '/process-definition/dfBoth:1')->content, qr/^\{"id":"dfBoth:1","key":"dfBoth","version":1,"name":null,"resourceName":"dfBoth.bpmn","deploymentId":"\d+","startFormResourceKey":null,/,
         'those of Activiti 5.0 come first');
ok t_cmp(call('GET', '/process-definition/dfBoth%3A1')->code, 200, 'the colon may be escaped');
ok t_cmp(call('GET', "/process-definition/$_")->code, 404, "definition '$_'") for 'dfBoth', 'dfBoth:2', 'DFBOTH:1', 'dfBoth:01', 0, "dfBoth:1'--", 'dfBoth:1/x';

# ---- pictures ------------------------------------------------------------------------------
for my $case (@pictures) {
    my ($names, $found, $type) = @$case;
    my $what = "@$names" || 'no picture';
    my $id = deploy_one('df.zip', archive([ 'd/a.bpmn20.xml', bpmn('dfPicture', '<startEvent id="s"/>') ], map { [ $_, "$picture$_" ] } @$names));
    my $definition = definition_of('dfPicture');
    ok t_cmp($definition->{diagramResourceName}, $found, $what);
    my $r = call('GET', "/process-definition/$definition->{id}/diagram");
    ok t_cmp($r->code, $found ? 200 : 404, "$what: diagram");
    if (!$found) {
        ok t_cmp(call('GET', "/process-definition/$definition->{id}/diagram?format=$_")->code, 404, "$what: as $_") for 'png', 'svg', 'json';
        ok t_cmp(message(call('GET', "/process-definition/$definition->{id}/diagram?format=json")), qr/diagram|drawn|picture/, 'the message');
        ok t_cmp(get_json("/deployment/$id/resources")->{resources}, [ sort 'd/a.bpmn20.xml', @$names ], "$what: resources");
        ok 1;
        next;
    }
    ok $r->content eq "$picture$found" && t_cmp($r->header('Content-Type'), $type, "$what: its type");
    ok t_cmp(join('; ', map { $r->header($_) // '-' } qw(X-Content-Type-Options Content-Security-Policy Content-Disposition)), 'nosniff; sandbox; -', 'shown, without rights');
    for my $format ('png', 'svg') {
        my $kind = { png => 'image/png', svg => 'image/svg+xml' }->{$format};
        ok t_cmp(call('GET', "/process-definition/$definition->{id}/diagram?format=$format")->code, $kind eq $type ? 200 : 404, "$what: as $format");
    }
    ok t_cmp(call('GET', "/process-definition/$definition->{id}/diagram?format=gif")->code, 400, 'no such format');
    ok t_cmp(get_json("/deployment/$id/resources")->{resources}, [ sort 'd/a.bpmn20.xml', @$names ], "$what: resources");
}
ok t_cmp(call('GET', "/process-definition/$_/diagram")->code, 404, "diagram of '$_'") for 'none:1', 'dfPicture', 0;

# ---- resources of a deployment -------------------------------------------------------------
my $name = "\x{fc}\x{20ac} \"q\".txt";
utf8::encode(my $bytes = $name);
my $id = deploy_one('dfResources.zip', archive([ 'z/last.txt', 'z' ], [ $bytes, 'u' ], [ 'a.form', 'f' ], [ 'p.bpmn', bpmn('dfResources', '<startEvent id="s"/>') ]));
my $r = call('GET', "/deployment/$id/resources", undef, user => 'fozzie');
my $d = json($r);
ok t_cmp($d->{resources}, [ 'a.form', 'p.bpmn', 'z/last.txt', $name ], 'names, sorted');
ok t_cmp(join(' ', sort keys %$d), 'deploymentTime id name resources', 'members');
ok t_cmp("$d->{id} $d->{name}", "$id dfResources.zip", 'their values');
my ($listed) = grep { $_->{id} eq $id } @{ get_json('/deployments?size=10000')->{data} };
ok t_cmp($d->{deploymentTime}, $listed->{deploymentTime}, 'the time of the list');
$r = call('GET', "/deployment/$id/resource/p.bpmn");
ok t_cmp($r->header('Content-Type'), 'text/xml', '.bpmn is XML');
ok t_cmp(definition_of('dfResources')->{resourceName}, 'p.bpmn', 'and a process in an archive');
ok t_cmp(call('GET', "/deployment/$_/resources")->code, 404, "resources of '$_'") for 0, 'x', 999999999, "0$id", 'dfBoth:1';
ok t_cmp(message(call('GET', '/deployment/x/resources')), qr/deployment.*'x'/, 'which one');
call('DELETE', "/deployment/$id");
ok t_cmp(call('GET', "/deployment/$id/resources")->code, 404, 'deleted');
ok t_cmp(call('GET', "/deployment/$id/resources", undef, user => undef)->code, 401, 'without credentials');
