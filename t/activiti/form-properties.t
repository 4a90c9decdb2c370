# Form properties: what start events and tasks declare, submitted with their types, kept by
# history.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

sub property { my ($attributes, $children) = @_; "<activiti:formProperty $attributes>" . ($children // '') . '</activiti:formProperty>' }
my @properties = (
    property('id="text" name="A t&#xe4;xt"'),
    property('id="amount" type="long" required="true"'),
    property('id="rate" type="double" default="0.5"'),
    property('id="urgent" type="boolean" variable="isUrgent"'),
    property('id="day" type="date" datePattern="yyyy-MM-dd"'),
    property('id="kind" type="enum"', '<activiti:value id="t" name="Travel"/><activiti:value id="m" name="Meals"/>'),
    property('id="secret" readable="false"'),
    property('id="fixed" writable="false"'),
);
my $extension = '<extensionElements>' . join('', @properties) . '</extensionElements>';
my $definition = define('formProperties', "<startEvent id=\"s\">$extension</startEvent>", 's -> t',
                        "<userTask id=\"t\" name=\"t\" activiti:assignee=\"formProperties\">$extension</userTask>", 't -> e', '<endEvent id="e"/>');
my $plain = define('formPropertiesPlain', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="t" activiti:assignee="formProperties"/>');

sub send_form { call('POST', '/form/form-data', @_) }
sub values_of { my %v = @_; [ map { { id => $_, value => $v{$_} } } sort keys %v ] }
sub first_task { (tasks_of(shift, 'assignee=formProperties'))[0]{id} }
sub variables {
    my $instance = shift;
    return join ', ', map { "$_->{NAME_} $_->{TYPE_} " . ($_->{V} // '-') } stored(<<"END_SQL");
SELECT NAME_, TYPE_, COALESCE(TEXT_, CAST(DOUBLE_ AS TEXT), CAST(LONG_ AS TEXT)) AS V
FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $instance ORDER BY NAME_
END_SQL
}
sub shown { join ' ', map { "$_->{id}=" . ($_->{value} // '-') } @{ $_[0]{data} } }

my @bodies = (
    # properties                                             variables, or what the error says
    [ { amount => '5' },                                     'amount long 5, rate double 0.5' ],
    [ { amount => 5, rate => 2.5, urgent => JSON::PP::true() }, 'amount long 5, isUrgent boolean 1, rate double 2.5' ],
    [ { amount => '-9223372036854775808', text => "\x{fc}\x{20ac}" }, "amount long -9223372036854775808, rate double 0.5, text string \x{fc}\x{20ac}" ],
    [ { amount => '5', urgent => 'false', kind => 'm', secret => 'x' }, 'amount long 5, isUrgent boolean 0, kind string m, rate double 0.5, secret string x' ],
    [ { amount => '5', other => 'free', rate => '1e3' },     'amount long 5, other string free, rate double 1000.0' ],
    [ { amount => '5', text => '' },                         'amount long 5, rate double 0.5, text string ' ],
    [ { amount => '5', text => undef },                      'amount long 5, rate double 0.5, text null -' ],
    [ {},                                                    qr/'amount'.*required/ ],
    [ { text => 'x' },                                       qr/'amount'.*required/ ],
    [ { amount => undef },                                   qr/'amount'.*required/ ],
    [ { amount => '' },                                      'amount null -, rate double 0.5' ],    # it was there
    [ { amount => 'five' },                                  qr/'amount'.*long/ ],
    [ { amount => '5.5' },                                   qr/'amount'/ ],
    [ { amount => '5', rate => 'half' },                     qr/'rate'.*double/ ],
    [ { amount => '5', urgent => 'yes' },                    qr/'urgent'.*boolean/ ],
    [ { amount => '5', day => '10.07.2030' },                qr/'day'.*yyyy-MM-dd/ ],
    [ { amount => '5', day => '2030-02-30' },                qr/'day'/ ],
    [ { amount => '5', kind => 'Travel' },                   qr/'kind'/ ],
    [ { amount => '5', fixed => 'x' },                       qr/'fixed'.*writable/ ],
);
my @wrong = (
    # body, sent for a start                                 status  what the message names
    [ {},                                                    400,    qr/'taskId'.*'processDefinitionId'/ ],
    [ { taskId => '', processDefinitionId => '' },           400,    qr/'taskId'/ ],
    [ { taskId => '1', processDefinitionId => $definition }, 400,    qr/'taskId'.*'processDefinitionId'.*both/ ],
    [ { processDefinitionId => [ $definition ] },            400,    qr/'processDefinitionId'/ ],
    [ { taskId => {} },                                      400,    qr/'taskId'/ ],
    [ { processDefinitionId => $definition, properties => {} }, 400, qr/'properties'.*array/ ],
    [ { processDefinitionId => $definition, properties => 'x' }, 400, qr/'properties'.*array/ ],
    [ { processDefinitionId => $definition, properties => [ 'x' ] }, 400, qr/'properties'.* 1 / ],
    [ { processDefinitionId => $definition, properties => [ undef ] }, 400, qr/'properties'.* 1 / ],
    [ { processDefinitionId => $definition, properties => [ { value => 'x' } ] }, 400, qr/'properties'.* 1.*'id'/ ],
    [ { processDefinitionId => $definition, properties => [ { id => 'text' }, { id => '' } ] }, 400, qr/'properties'.* 2.*'id'/ ],
    [ { processDefinitionId => $definition, properties => [ { id => [ 'text' ] } ] }, 400, qr/'id'/ ],
    [ { processDefinitionId => $definition, properties => [ { id => 'text', value => [ 1 ] } ] }, 400, qr/'value'/ ],
    [ { processDefinitionId => $definition, properties => [ { id => 'text', value => "a\0" } ] }, 400, qr/'value'/ ],
    [ { processDefinitionId => $definition, properties => [ { id => 'amount', value => '1' }, { id => 'amount', value => '2' } ] }, 400, qr/'amount'.*twice/ ],
    [ { processDefinitionId => $definition, businessKey => [], properties => values_of(amount => 1) }, 400, qr/'businessKey'/ ],
    [ { processDefinitionId => 'formProperties' },           404,    qr/'formProperties'/ ],
    [ { processDefinitionId => 'formProperties:9' },         404,    qr/'formProperties:9'/ ],
    [ { taskId => 'x' },                                     404,    qr/'x'/ ],
    [ { taskId => 999999999 },                               404,    qr/'999999999'/ ],
    [ '[]',                                                  400,    qr/object/ ],
);

plan tests => 4 * @bodies + 2 * @wrong + 36;

# ---- what is declared ----------------------------------------------------------------------
my $declared = get_json("/process-definition/$definition/properties");
ok t_cmp(join(' ', map { $_->{id} } @{ $declared->{data} }), 'text amount rate urgent day kind secret fixed', 'in their order');
ok t_cmp(join(' ', sort keys %$declared), 'data', 'no paging');
my %p = map { $_->{id} => $_ } @{ $declared->{data} };
my ($true, $false) = (JSON::PP::true(), JSON::PP::false());
my %none = (name => undef, type => undef, value => undef, datePattern => undef, enumValues => [], required => $false, readable => $true, writable => $true);
ok t_cmp($p{text}, { %none, id => 'text', name => "A t\x{e4}xt" });
ok t_cmp($p{amount}, { %none, id => 'amount', type => 'long', required => $true });
ok t_cmp($p{rate}, { %none, id => 'rate', type => 'double', value => '0.5' });
ok t_cmp($p{day}, { %none, id => 'day', type => 'date', datePattern => 'yyyy-MM-dd' });
ok t_cmp($p{kind}, { %none, id => 'kind', type => 'enum', enumValues => [ { id => 't', name => 'Travel' }, { id => 'm', name => 'Meals' } ] });
ok t_cmp($p{secret}, { %none, id => 'secret', readable => $false });
ok t_cmp($p{fixed}, { %none, id => 'fixed', writable => $false });
ok t_cmp(get_json("/process-definition/$plain/properties"), { data => [] });
ok t_cmp(call('GET', "/process-definition/$_/properties")->code, 404, "properties of '$_'") for 'formProperties', 'none:1', 0;

# ---- submitted -----------------------------------------------------------------------------
for my $case (@bodies) {
    my ($values, $expected) = @$case;
    my $what = join(' ', map { "$_=" . ($values->{$_} // 'null') } sort keys %$values) =~ s/[^ -~]/?/gr;
    my $r = send_form({ processDefinitionId => $definition, properties => values_of(%$values) });
    ok t_cmp($r->code, ref $expected ? 400 : 200, "start: $what");
    ok ref $expected ? t_cmp(message($r), $expected, $what) : t_cmp(variables(json($r)->{id}), $expected, "start: $what");

    my $i = start($definition)->{id};
    $r = send_form({ taskId => first_task($i), properties => values_of(%$values) });
    ok t_cmp($r->code, ref $expected ? 400 : 200, "task: $what");
    ok ref $expected ? t_cmp(message($r) =~ $expected ? variables($i) : message($r), '', "$what: nothing stored")
                     : t_cmp($r->content . (get_json("/process-instance/$i")->{endActivityId} // 'waits'), '{"success":true}e', "$what: the task is done");
}
for my $case (@wrong) {
    my ($body, $status, $message) = @$case;
    my $r = send_form($body);
    ok t_cmp($r->code, $status, "$message");
    ok t_cmp(message($r), $message, "$message");
}

# ---- the answers, the values of a task, history ---------------------------------------------
my $r = send_form({ processDefinitionId => $definition, businessKey => 'fp 1',
                 properties => values_of(text => "\x{fc}", amount => '7', urgent => 'true', day => '2030-07-10', secret => 's') }, user => 'fozzie');
my $i = json($r);
ok t_cmp($i, { id => $i->{id}, processInstanceId => $i->{id}, processDefinitionId => $definition, businessKey => 'fp 1', activityNames => [ 't' ], ended => $false });
ok t_cmp(value_of("SELECT START_USER_ID_ FROM ACT_HI_PROCINST WHERE ID_ = $i->{id}"), 'fozzie', 'started by');
my $task = first_task($i->{id});
ok t_cmp(shown(get_json("/form/$task/properties")) =~ s/\x{fc}/u/r, 'text=u amount=7 rate=0.5 urgent=true day=2030-07-10 kind=- secret=- fixed=-', 'values of the task');
ok t_cmp(get_json("/history/$task/form-properties"), { data => [] });
my %values = (amount => '8', text => "\x{20ac}", day => '2031-01-01', extra => 'x', kind => 't');
ok t_cmp(send_form({ taskId => $task, properties => values_of(%values) })->code, 200, 'submitted');
my $history = get_json("/history/$task/form-properties");
ok t_cmp({ map { $_->{id} => $_->{value} } @{ $history->{data} } }, \%values);
ok t_cmp(join(' ', sort keys %{ $history->{data}[0] }), 'id value', 'members');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_HI_DETAIL WHERE TYPE_ = 'FormProperty' AND TASK_ID_ IS NULL AND PROC_INST_ID_ = $i->{id}"), 5, 'those of the start are nobody\'s task');
ok t_cmp(call('GET', "/form/$task/properties")->code, 404, 'the task is over');
ok t_cmp(send_form({ taskId => $task, properties => values_of(amount => 1) })->code, 404, 'and cannot be submitted again');

# Tasks that were completed otherwise, tasks without properties or process.
my $other = first_task(start($plain)->{id});
ok t_cmp(get_json("/form/$other/properties"), { data => [] });
ok t_cmp(send_form({ taskId => $other })->code, 200, 'nothing to submit');
ok t_cmp(get_json("/history/$other/form-properties"), { data => [] });
my $own = json(call('PUT', '/task', { taskName => 'own' }))->{id};
ok t_cmp(get_json("/form/$own/properties"), { data => [] });
ok t_cmp(get_json("/history/$own/form-properties"), { data => [] });
for my $id (0, 'x', 999999999, $i->{id}) {
    ok t_cmp(call('GET', "/history/$id/form-properties")->code, 404, "history of '$id'");
    ok t_cmp(call('GET', "/form/$id/properties")->code, 404, "properties of task '$id'");
}
