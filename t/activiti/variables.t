# Process variables in the body of a start and of a completion: which members become
# variables, of which type, and what the meta-data fields demand.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $definition = define('variables', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="variables"/>',
                        't -> t2', '<userTask id="t2" activiti:assignee="variables"/>');

my @bodies = (
    # members of the body                           stored, or what a 400 says
    # Without a descriptor the JSON type counts.
    [ '"v":"text"',                                 'v string text' ],
    [ '"v":""',                                     'v string ' ],
    [ '"v":"123"',                                  'v string 123' ],
    [ '"v":"true"',                                 'v string true' ],
    [ '"v":"\u00fc\u20ac\ud83d\ude00"',             "v string \x{fc}\x{20ac}\x{1f600}" ],
    [ '"v":"${execution}"',                         'v string ${execution}' ],
    [ '"v":"' . 'x' x 60000 . '"',                  'v string ' . 'x' x 60000 ],
    [ '"v":123',                                    'v integer 123' ],
    [ '"v":-2147483648',                            'v integer -2147483648' ],
    [ '"v":2147483647',                             'v integer 2147483647' ],
    [ '"v":2147483648',                             'v long 2147483648' ],
    [ '"v":9223372036854775807',                    'v long 9223372036854775807' ],
    [ '"v":9223372036854775808',                    qr/64 bit/ ],
    [ '"v":1.5',                                    'v double 1.5' ],
    [ '"v":1.0',                                    'v double 1.0' ],
    [ '"v":1e3',                                    'v double 1000.0' ],
    [ '"v":1e999',                                  qr/'v'/ ],
    [ '"v":true',                                   'v boolean 1' ],
    [ '"v":false',                                  'v boolean 0' ],
    [ '"v":null',                                   'v null ' ],
    [ '"v":[1,"a",null]',                           'v serializable ' ],
    [ '"v":{"k":{}}',                               'v serializable ' ],
    [ '"v":"a\u0000b"',                             qr/'v'.*NUL/ ],
    [ '"v":1,"v":2',                                'v integer 2' ],
    # Integer: a number cut off, or a text of 32 bits.
    [ '"v":5,"v_type":"Integer"',                   'v integer 5' ],
    [ '"v":"250","v_type":"Integer"',               'v integer 250' ],
    [ '"v":"-7","v_type":"Integer"',                'v integer -7' ],
    [ '"v":2.9,"v_type":"Integer"',                 'v integer 2' ],
    [ '"v":-2.9,"v_type":"Integer"',                'v integer -2' ],
    [ '"v":2147483648,"v_type":"Integer"',          qr/'v'.*Integer/ ],
    [ '"v":"2147483648","v_type":"Integer"',        qr/'v'.*Integer/ ],
    [ '"v":"2.5","v_type":"Integer"',               qr/'v'.*Integer/ ],
    [ '"v":"","v_type":"Integer"',                  qr/'v'.*Integer/ ],
    [ '"v":" 5","v_type":"Integer"',                qr/'v'.*Integer/ ],
    [ '"v":"0x10","v_type":"Integer"',              qr/'v'.*Integer/ ],
    [ '"v":true,"v_type":"Integer"',                qr/'v'.*Integer/ ],
    [ '"v":[5],"v_type":"Integer"',                 qr/'v'.*Integer/ ],
    # Boolean: a boolean, or its text in any case.
    [ '"v":true,"v_type":"Boolean"',                'v boolean 1' ],
    [ '"v":"true","v_type":"Boolean"',              'v boolean 1' ],
    [ '"v":"FALSE","v_type":"Boolean"',             'v boolean 0' ],
    [ '"v":"True","v_type":"Boolean"',              'v boolean 1' ],
    [ '"v":"yes","v_type":"Boolean"',               qr/'v'.*Boolean/ ],
    [ '"v":"","v_type":"Boolean"',                  qr/'v'.*Boolean/ ],
    [ '"v":1,"v_type":"Boolean"',                   qr/'v'.*Boolean/ ],
    [ '"v":{},"v_type":"Boolean"',                  qr/'v'.*Boolean/ ],
    # String, Date and User: the text of any scalar.
    [ '"v":"a","v_type":"String"',                  'v string a' ],
    [ '"v":17,"v_type":"String"',                   'v string 17' ],
    [ '"v":1.5,"v_type":"String"',                  'v string 1.5' ],
    [ '"v":true,"v_type":"String"',                 'v string true' ],
    [ '"v":[],"v_type":"String"',                   qr/'v'.*String/ ],
    [ '"v":"2010-11-02","v_type":"Date"',           'v string 2010-11-02' ],
    [ '"v":"anything","v_type":"Date"',             'v string anything' ],
    [ '"v":"fozzie","v_type":"User"',               'v string fozzie' ],
    [ '"v":7,"v_type":"User"',                      'v string 7' ],
    # Other descriptors.
    [ '"v":"1","v_type":"Long"',                    qr/'v'.*'Long'/ ],
    [ '"v":"1","v_type":"integer"',                 qr/'v'.*'integer'/ ],
    [ '"v":"1","v_type":""',                        qr/'v'.*''/ ],
    [ '"v":"1","v_type":7',                         qr/'v'.*'7'/ ],
    [ '"v":"1","v_type":null',                      qr/'v'.*'null'/ ],
    [ '"v":"1","v_type":["Integer"]',               qr/'v'/ ],
    [ '"v_type":"Integer"',                         '' ],
    [ '"v_type":"Nonsense"',                        '' ],
    # Required fields.
    [ '"v":"a","v_required":"true"',                'v string a' ],
    [ '"v":"","v_required":"true"',                 'v string ' ],
    [ '"v":false,"v_required":true',                'v boolean 0' ],
    [ '"v_required":"true"',                        qr/'v'.*required/ ],
    [ '"v_required":true',                          qr/'v'.*required/ ],
    [ '"v":null,"v_required":"true"',               qr/'v'.*required/ ],
    [ '"v_required":"false"',                       '' ],
    [ '"v_required":false',                         '' ],
    [ '"v_required":"yes"',                         '' ],
    [ '"v_required":1',                             '' ],
    [ '"v":"3","v_type":"Integer","v_required":"true"', 'v integer 3' ],
    # Names with an underscore are never variables.
    [ '"v_boolean":true,"a_b_c":1,"_x":1,"_":1,"x_":1,"__":1', '' ],
    [ '"a_b":1,"a_b_type":"Nonsense","a_b_required":"true"',   '' ],
    [ '"":1',                                       qr/name/ ],
    [ '"' . 'n' x 255 . '":1',                      'n' x 255 . ' integer 1' ],
    [ '"' . 'n' x 256 . '":1',                      qr/name/ ],
    [ '"a b":1,"a.b":2,"\u00fc":3',                 "a b integer 1, a.b integer 2, \x{fc} integer 3" ],
    # The own member of the call is none.
    [ '"taskId":"7","x":1',                         { start => 'taskId string 7, x integer 1', complete => 'x integer 1' } ],
    # All together.
    [ '"amount":"250","amount_type":"Integer","claimant":"fozzie","claimant_required":"true","urgent":false',
      'amount integer 250, claimant string fozzie, urgent boolean 0' ],
);

plan tests => 4 * @bodies + 9;

sub variables {
    my $instance = shift;
    return join ', ', map { "$_->{NAME_} $_->{TYPE_} " . ($_->{V} // '') } stored(<<"END_SQL");
SELECT NAME_, TYPE_, COALESCE(TEXT_, CAST(DOUBLE_ AS TEXT), CAST(LONG_ AS TEXT)) AS V
FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $instance ORDER BY NAME_
END_SQL
}
sub first_task { my ($t) = tasks_of(shift, 'assignee=variables'); $t->{id} }
sub instances { value_of("SELECT COUNT(*) FROM ACT_RU_EXECUTION WHERE PROC_DEF_ID_ = '$definition'") }

my $waiting = start($definition);
for my $case (@bodies) {
    my ($members, $expected) = @$case;
    my $what = substr $members, 0, 60;
    my %expected = ref $expected eq 'HASH' ? %$expected : (start => $expected, complete => $expected);

    my $before = instances();
    my $r = call('POST', '/process-instance', qq({"processDefinitionId":"$definition",$members}));
    my $refused = ref $expected{start};
    ok t_cmp($r->code, $refused ? 400 : 200, "start: $what");
    ok $refused ? t_cmp(message($r), $expected{start}, $what) && t_cmp(instances(), $before, "$what: nothing started")
                : t_cmp(variables(json($r)->{id}), $expected{start}, "start: $what");

    $r = call('PUT', '/task/' . first_task($waiting->{id}) . '/complete', "{$members}");
    ok t_cmp($r->code, $refused ? 400 : 200, "complete: $what");
    ok $refused ? t_cmp(message($r), $expected{complete}, $what) && t_cmp(variables($waiting->{id}), '', "$what: nothing stored")
                : t_cmp(variables($waiting->{id}), $expected{complete}, "complete: $what");
    $waiting = start($definition) unless $refused;
}

# The checks hold for the other operation, too, which stores nothing.
my $task = first_task($waiting->{id});
ok t_cmp(call('PUT', "/task/$task/claim", { v => 'x', v_type => 'Integer' })->code, 400, 'claim: a bad value');
ok t_cmp(call('PUT', "/task/$task/claim", { v_required => 'true' })->code, 400, 'claim: a required one');
call('PUT', "/task/$task/claim", { v => 'x' });
ok t_cmp(variables($waiting->{id}), '', 'claim stores nothing');

# A completion changes what is there and keeps the rest; the type may change.
my $i = start($definition, { kept => 1, changed => 'text', gone => 'x' });
ok t_cmp(complete(first_task($i->{id}), { changed => 2, gone => undef, added => 'y' })->code, 200, 'complete');
ok t_cmp(variables($i->{id}), 'added string y, changed integer 2, gone null , kept integer 1', 'changed, nulled, added, kept');

# Arrays and objects are lists and maps to expressions.
my $lists = define('variablesLists', '<startEvent id="s"/>', 's -> t',
                   '<userTask id="t" name="${list[1]} ${list.size()} ${map.k.deep} ${empty map.none} ${list}" activiti:assignee="variables"/>');
$i = start($lists, { list => [ 1, 'b', 2.5 ], map => { k => { deep => JSON::PP::true() }, none => [] } });
ok t_cmp(tasks_named($i->{id}, 'assignee=variables'), 'b 3 true true [1, b, 2.5]', 'as an expression sees them');

# Form fields are texts, with descriptors they get types.
my $r = call('POST', '/process-instance', "processDefinitionId=$definition&amount=250&amount_type=Integer&note=a+b%26c&empty=",
             headers => { 'Content-Type' => 'application/x-www-form-urlencoded' });
ok t_cmp($r->code, 200, 'a form');
ok t_cmp(variables(json($r)->{id}), 'amount integer 250, empty string , note string a b&c', 'its fields');

# Everything goes with the instance.
complete(first_task($i->{id}));
ok t_cmp(variables($i->{id}), '', 'variables of an ended instance');
