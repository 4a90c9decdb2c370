# The OpenAPI document: complete, without loose ends, and its examples are what their
# schemas say. Live answers are held against the schemas, too.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use B ();
use JSON::PP ();
use WF::Test;

my $doc = get_json('/openapi.json');
my @rows = @{ get_json('/index?format=json')->{endpoints} };

# Operations as { method, path, … the operation itself }.
my @operations;
for my $path (sort keys %{ $doc->{paths} }) {
    push @operations, map { +{ path => $path, method => $_, %{ $doc->{paths}{$path}{$_} } } } sort keys %{ $doc->{paths}{$path} };
}
my %by_id = map { $_->{operationId} => $_ } @operations;

# ---- a validator for what the document uses of JSON Schema ------------------------------------

sub kind {
    my $value = shift;
    return 'null' unless defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return ref $value eq 'HASH' ? 'object' : 'array' if ref $value;
    return 'string' if B::svref_2object(\$value)->FLAGS & B::SVf_POK;
    return $value == int $value ? 'integer' : 'number';
}

my %keyword = map { $_ => 1 } qw(type format properties required additionalProperties items anyOf enum default description $ref
                                contentMediaType);
my %format = (date => qr/^\d{4}-\d\d-\d\d$/, 'date-time' => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
              int32 => qr/^-?\d{1,10}$/, binary => qr//);

# What speaks against a value, as texts.
sub faults {
    my ($schema, $value, $at) = @_;
    return map { "$at: keyword $_" } grep { !$keyword{$_} } keys %$schema if grep { !$keyword{$_} } keys %$schema;
    if (my $ref = $schema->{'$ref'}) {
        my $target = resolve($ref) // return "$at: $ref leads nowhere";
        return faults($target, $value, $at);
    }
    my $kind = kind($value);
    my @types = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
    push @types, 'integer' if grep { $_ eq 'number' } @types;
    return "$at is no @types but $kind" if @types && !grep { $_ eq $kind } @types;
    my @found;
    push @found, "$at: '$value' is not one of its values" if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
    push @found, "$at: '$value' is no $schema->{format}"
        if $kind ne 'null' && $schema->{format} && $value !~ ($format{ $schema->{format} } // qr/^$/);
    push @found, "$at: none of its forms" if $schema->{anyOf} && !grep { !faults($_, $value, $at) } @{ $schema->{anyOf} };
    if ($kind eq 'array' && $schema->{items}) {
        push @found, map { faults($schema->{items}, $value->[$_], "$at\[$_]") } 0 .. $#$value;
    }
    if ($kind eq 'object') {
        push @found, map { "$at.$_ is missing" } grep { !exists $value->{$_} } @{ $schema->{required} // [] };
        for my $name (sort keys %$value) {
            my $member = ($schema->{properties} // {})->{$name} // $schema->{additionalProperties} // {};
            push @found, faults($member, $value->{$name}, "$at.$name");
        }
    }
    return @found;
}

sub resolve {
    my $ref = shift;
    my ($at, @path) = split m{/}, $ref;
    my $node = $at eq '#' ? $doc : return undef;
    $node = ref $node eq 'HASH' ? $node->{$_} : undef for @path;
    return $node;
}

sub refs { my $n = shift; ref $n eq 'HASH' ? ((defined $n->{'$ref'} ? $n->{'$ref'} : ()), map { refs($_) } values %$n) : ref $n eq 'ARRAY' ? map { refs($_) } @$n : () }

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

plan tests => 10 * @operations + 2 * @rows + @live + 2 * keys(%refusal) + 22;

ok t_cmp($doc->{openapi}, qr/^3\.1\.\d+$/, 'the version of OpenAPI');
ok t_cmp($doc->{info}{title}, qr/\S/, 'a title');
ok t_cmp($doc->{info}{version}, qr/^\d+\.\d+/, 'a version');
ok t_cmp($doc->{servers}, [ { url => '/activiti-rest/service' } ], 'the place');
ok t_cmp(get_json('/engine/openapi.json', undef, user => 'kermit', password => 'piggy:and:me')->{servers}, [ { url => '/engine' } ], 'another place');
ok t_cmp($doc->{components}{securitySchemes}, { basic => { type => 'http', scheme => 'basic' } }, 'security');
ok t_cmp(scalar(keys %by_id), scalar(@operations), 'no operation id twice');
ok t_cmp(join(' ', grep { !defined resolve($_) } refs($doc)), '', 'every reference resolves');
my %tags = map { $_->{name} => 1 } @{ $doc->{tags} };
ok t_cmp(scalar(keys %tags), scalar(@{ $doc->{tags} }), 'no tag twice');
my $r = call('GET', '/openapi.json');
ok t_cmp($r->header('Content-Type'), 'application/json;charset=UTF-8', 'type');
ok t_cmp(call('GET', '/openapi.json', undef, user => 'fozzie')->code, 200, 'every user may read it');
ok t_cmp(call('GET', '/openapi.json', undef, user => undef)->code, 401, 'nobody else');

for my $o (@operations) {
    my $what = "$o->{method} $o->{path}";
    my %parameter = map { ("$_->{in} $_->{name}" => $_) } @{ $o->{parameters} // [] };
    my @vars = $o->{path} =~ /\{(\w+)\}/g;
    my @path = map { $_->{name} } grep { $_->{in} eq 'path' } @{ $o->{parameters} // [] };
    ok t_cmp(join(' ', sort @path), join(' ', sort @vars), "$what: path parameters");
    ok t_cmp(join(' ', map { $_->{name} } grep { !$_->{description} || !$_->{schema} || $_->{in} eq 'path' && !$_->{required} } values %parameter),
             '', "$what: parameters are told");
    ok t_cmp(scalar(keys %parameter), scalar(@{ $o->{parameters} // [] }), "$what: no parameter twice");
    ok t_cmp(join(' ', map { faults($_->{schema}, $_->{schema}{default}, $_->{name}) } grep { defined $_->{schema}{default} } values %parameter),
             '', "$what: defaults");
    ok t_cmp([ grep { !$tags{$_} } @{ $o->{tags} } ], [], "$what: its tag");
    ok t_cmp($o->{security}, $o->{'x-level'} eq 'none' ? [] : [ { basic => [] } ], "$what: its security");
    my @statuses = sort keys %{ $o->{responses} };
    ok t_cmp(join(' ', grep { /^(20[04]|401|403|default)$/ } @statuses), $o->{'x-level'} eq 'none' ? qr/^200 (403 )?default$/ : qr/^20[04] 401 403 default$/,
             "$what: its answers");
    ok t_cmp($o->{responses}{200}{content}, { map { $_ => $o->{responses}{200}{content}{$_} } grep { m{^[\w*]+/[\w*+.-]+$} } keys %{ $o->{responses}{200}{content} } },
             "$what: media types");
    my @faults;
    for my $holder ($o->{requestBody} // (), values %{ $o->{responses} }) {
        push @faults, map { faults($_->{schema}, $_->{example}, 'example') } grep { exists $_->{example} } values %{ $holder->{content} // {} };
    }
    ok t_cmp(join('; ', @faults), '', "$what: examples are what their schemas say");
    my $alias = $o->{'x-alias-of'};
    ok t_cmp(!defined $alias || defined $by_id{$alias}, 1, "$what: what it is an alias of");
}

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
    ok t_cmp(join('; ', faults($schema // { type => 'nothing' }, get_json($address), $address)), '', "$address: as told");
}
for my $address (sort keys %refusal) {
    my $r = call('GET', $address);
    my $answer = $by_id{ $refusal{$address} }{responses}{ $r->code };
    ok t_cmp(defined $answer, 1, "$address: " . $r->code . ' is told');
    ok t_cmp(join('; ', faults($answer->{content}{'application/json'}{schema}, json($r), $address)), '', "$address: the refusal");
}
