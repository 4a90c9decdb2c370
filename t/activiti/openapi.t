# The OpenAPI document: complete, without loose ends, and its examples are what their
# schemas say. Live answers are held against the schemas, too.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::OpenApi;
use WF::Test;

my $doc = get_json('/openapi.json');
my @rows = @{ get_json('/index?format=json')->{endpoints} };

my $api = WF::OpenApi->new($doc);
my @operations = $api->operations;
my %by_id = map { $_->{operationId} => $_ } @operations;

# ---- tests -----------------------------------------------------------------------------------------

my @live = (    # address                             operation
    [ '/deployments',                                 'getDeployments' ],
    [ '/process-definitions?size=100',                'getProcessDefinitions' ],
    [ '/process-definition/financialReport:1',        'getProcessDefinition' ],
    [ '/process-engine',                              'getProcessEngine' ],
    [ '/tasks-summary?user=kermit',                   'getTasksSummary' ],
    [ '/tasks?candidate=kermit',                      'getTasks' ],
    [ '/users',                                       'getUsers' ],
    [ '/user/kermit/groups',                          'getUserGroups' ],
    [ '/management/tables',                           'getManagementTables' ],
    [ '/management/table/ACT_RE_PROCDEF',             'getManagementTable' ],
    [ '/management/table/ACT_RE_PROCDEF/data',        'getManagementTableData' ],
    [ '/management/table/ACT_GE_BYTEARRAY/data',      'getManagementTableData' ],
    [ '/index?format=json',                           'getIndex' ],
    [ '/openapi.json',                                'getOpenapiJson' ],
);
my %refusal = ('/task/0' => 'getTask', '/tasks' => 'getTasks', '/user/none' => 'getUser');

start('taskAssigneeProcess:1');

plan tests => @operations + 2 * @rows + @live + 2 * keys(%refusal) + 21;

ok t_cmp($doc->{openapi}, qr/^3\.1\.\d+$/, 'the version of OpenAPI');
ok t_cmp($doc->{info}{title}, qr/\S/, 'a title');
ok t_cmp($doc->{info}{version}, qr/^\d+\.\d+/, 'a version');
ok t_cmp($doc->{servers}, [ { url => '/activiti-rest/service' } ], 'the place');
ok t_cmp(get_json('/engine/openapi.json', undef, user => 'kermit', password => 'piggy:and:me')->{servers}, [ { url => '/engine' } ], 'another place');
ok t_cmp($doc->{components}{securitySchemes}, { basic => { type => 'http', scheme => 'basic' } }, 'security');
ok t_cmp(scalar(keys %by_id), scalar(@operations), 'no operation id twice');
ok t_cmp(join(' ', $api->loose_ends), '', 'every reference resolves');
my $r = call('GET', '/openapi.json');
ok t_cmp($r->header('Content-Type'), 'application/json;charset=UTF-8', 'type');
ok t_cmp(call('GET', '/openapi.json', undef, user => 'fozzie')->code, 200, 'every user may read it');
ok t_cmp(call('GET', '/openapi.json', undef, user => undef)->code, 401, 'nobody else');

ok t_cmp(join('; ', $api->problems($_)), '', "$_->{method} $_->{path}: complete") for @operations;

# Every row is there, with the level that counts; both kinds of bodies of one path.
for my $row (@rows) {
    my $o = $doc->{paths}{ $row->{template} }{ lc $row->{method} };
    ok t_cmp(defined $o || $row->{template} eq '', 1, "$row->{name} is in the document");
    ok t_cmp(!$o ? $row->{level} : $o->{'x-level'}, $row->{level}, "$row->{name}: level");
}
my $both = $doc->{paths}{'/deployments'}{post};
ok t_cmp(join(' ', sort keys %{ $both->{requestBody}{content} }), 'application/json multipart/form-data', 'two kinds of bodies');
ok t_cmp($both->{requestBody}{content}{'application/json'}{schema}{required}, ['deploymentIds'], 'required members');
ok t_cmp($both->{requestBody}{content}{'multipart/form-data'}{schema}{properties}{deployment}{format}, 'binary', 'a file');
ok t_cmp($doc->{paths}{'/deployments/delete'}{post}{'x-alias-of'}, $both->{operationId}, 'an alias');
my ($sort) = grep { $_->{name} eq 'sort' } @{ $by_id{getDeployments}{parameters} };
ok t_cmp($sort->{schema}, { type => 'string', enum => [qw(id name deploymentTime)], default => 'id' }, 'sort keys');
ok t_cmp($by_id{postProcessInstance}{requestBody}{content}{'application/json'}{schema}{additionalProperties}{description}, qr/_type/, 'variables');
ok t_cmp(join(' ', sort keys %{ $by_id{getProcessInstanceDiagram}{responses}{200}{content} }), 'image/png image/svg+xml', 'pictures');
ok t_cmp(join(' ', sort keys %{ $by_id{getTaskForm}{responses}{200}{content} }), 'application/json text/html', 'forms');
ok t_cmp($by_id{getTasksSummary}{responses}{200}{content}{'application/json'}{schema}{properties}{unassigned}{properties}{groups},
         { type => 'object', additionalProperties => { type => [ 'integer', 'null' ] } }, 'members that are data');
ok t_cmp(scalar(grep { $_ eq 'tasks' } @{ $by_id{getProcessInstance}{responses}{200}{content}{'application/json'}{schema}{required} }), 0,
         'members that may be missing');

for my $case (@live) {
    my ($address, $operation) = @$case;
    my $schema = $by_id{$operation}{responses}{200}{content}{'application/json'}{schema};
    ok t_cmp(join('; ', $api->faults($schema // { type => 'nothing' }, get_json($address), $address)), '', "$address: as told");
}
for my $address (sort keys %refusal) {
    my $r = call('GET', $address);
    my $answer = $by_id{ $refusal{$address} }{responses}{ $r->code };
    ok t_cmp(defined $answer, 1, "$address: " . $r->code . ' is told');
    ok t_cmp(join('; ', $api->faults($answer->{content}{'application/json'}{schema}, json($r), $address)), '', "$address: the refusal");
}
