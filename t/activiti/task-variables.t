# Variables of tasks: local ones and those of the process, shown and changed by clients.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

sub at { my ($task, $name) = @_; "/task/$task/variables" . (defined $name ? "/$name" : '') }
sub make { my ($task, $body) = @_; call('POST', at($task), $body) }
sub change { my ($task, $name, $body) = @_; call('PUT', at($task, $name), $body) }
sub away { my ($task, $name, $query) = @_; call('DELETE', at($task, $name) . ($query // '')) }
sub rows { my ($task, $query) = @_; get_json(at($task) . ($query // '')) }
sub shown { join ' ', map { "$_->{scope}:$_->{name}=" . (ref $_->{value} ? JSON::PP->new->canonical->encode($_->{value}) : $_->{value} // 'null') } sort { $b->{scope} cmp $a->{scope} || $a->{name} cmp $b->{name} } @{ rows(@_) } }
sub plain { my ($task, $name) = @_; get_json(at($task, $name) . '?scope=local') }

my $definition = define('taskVariables', '<startEvent id="s"/>', 's -> t', 't -> u', '<userTask id="u" name="u" activiti:assignee="tv"/>',
    '<userTask id="t" name="t" activiti:assignee="tv"><extensionElements>
       <activiti:taskListener event="complete" expression="${execution.setVariable(\'heard\', x)}"/></extensionElements></userTask>');
my $instance = start($definition, { x => 'outer', n => 5 });
my ($task) = map { $_->{id} } tasks_of($instance->{id}, 'assignee=tv');

my @types = (
    # what is sent                                        type       value
    [ '"value":"text"',                                   'string',  'text' ],
    [ '"type":"string","value":"5"',                      'string',  '5' ],
    [ '"value":5',                                        'integer', 5 ],
    [ '"type":"integer","value":"-7"',                    'integer', -7 ],
    [ '"type":"short","value":7',                         'short',   7 ],
    [ '"type":"long","value":7',                          'long',    7 ],
    [ '"value":3000000000',                               'long',    3000000000 ],
    [ '"type":"double","value":7',                        'double',  7 ],
    [ '"value":1.5',                                      'double',  1.5 ],
    [ '"value":true',                                     'boolean', JSON::PP::true() ],
    [ '"type":"boolean","value":"false"',                 'boolean', JSON::PP::false() ],
    [ '"type":"date","value":"2026-03-01T12:30:00Z"',     'date',    qr/^2026-03-01T1\d:30:00\.000/ ],
    [ '"type":"bytes","value":"AAEC"',                    'bytes',   'AAEC' ],
    [ '"type":"binary","value":"AAEC"',                   'bytes',   'AAEC' ],
    [ '"type":"list","value":[1,"b"]',                    'list',    [ 1, 'b' ] ],
    [ '"value":{"a":{"b":null}}',                         'map',     { a => { b => undef } } ],
    [ '"type":"string","value":null',                     'null',    undef ],
    [ '"type":"null","value":null',                       'null',    undef ],
    [ '',                                                 'null',    undef ],
);
my @refused = (
    # body                                                status what the message names
    [ '{"value":1}',                                      400, qr/'name'/ ],
    [ '{"name":7,"value":1}',                             400, qr/'name'/ ],
    [ '{"name":"","value":1}',                            400, qr/name/ ],
    [ '{"name":"' . 'n' x 256 . '"}',                     400, qr/name/ ],
    [ '{"name":"a","scope":"process"}',                   400, qr/'scope'.*'process'/ ],
    [ '{"name":"a","type":"Foo","value":1}',              400, qr/'a'.*'Foo'/ ],
    [ '{"name":"a","type":"integer","value":"x"}',        400, qr/'a'.*Integer/ ],
    [ '{"name":"a","type":"date","value":"soon"}',        400, qr/'a'.*Date/ ],
    [ '{"name":"a","type":"bytes","value":"?"}',          400, qr/'a'.*Bytes/ ],
    [ '{"name":"a","value":"\u0000"}',                    400, qr/'a'/ ],
    [ '[{"name":"a"},7]',                                 400, qr/object/ ],
    [ '"a"',                                              400, qr/object/ ],
    [ '{',                                                400, qr/line|JSON/ ],
    [ '',                                                 400, qr/./ ],
    [ '{"name":"n","scope":"global","value":1}',          409, qr/'n'/ ],
    [ '[{"name":"b"},{"name":"kept"}]',                   409, qr/'kept'/ ],
);

plan tests => 3 * @types + 2 * @refused + 54;

ok t_cmp(shown($task), 'global:n=5 global:x=outer', 'those of the process');
ok t_cmp(rows($task, '?scope=local'), [], 'none of its own');

for my $case (@types) {
    my ($sent, $type, $value) = @$case;
    ok t_cmp(make($task, qq({"name":"v"@{[ $sent && ",$sent" ]}}))->content, '{"success":true}', "make: $sent");
    my $row = plain($task, 'v');
    ok t_cmp("$row->{name} $row->{scope} $row->{type}", "v local $type", "$sent: type");
    ok t_cmp($row->{value}, $value, "$sent: value");
    away($task, 'v');
}

make($task, { name => 'kept', value => 'k' });
for my $case (@refused) {
    my ($body, $status, $message) = @$case;
    my $r = make($task, $body);
    ok t_cmp($r->code, $status, substr $body, 0, 50);
    ok t_cmp(message($r), $message, substr $body, 0, 50);
}
ok t_cmp(shown($task), 'local:kept=k global:n=5 global:x=outer', 'refused bodies made nothing');

# Local ones hide those of the process, in lists, too; both are there.
ok t_cmp(make($task, [ { name => 'x', value => 'mine' }, { name => 'y', scope => 'global', value => 1 } ])->code, 200, 'several at once');
ok t_cmp(shown($task), 'local:kept=k local:x=mine global:n=5 global:x=outer global:y=1', 'both');
ok t_cmp(join(' ', map { $_->{scope} } @{ rows($task) }), 'local local global global global', 'the task\'s own first');
ok t_cmp(shown($task, '?scope=global'), 'global:n=5 global:x=outer global:y=1', 'only global ones');
ok t_cmp(shown($task, '?scope='), 'local:kept=k local:x=mine global:n=5 global:x=outer global:y=1', 'an empty scope');
ok t_cmp(get_json(at($task, 'x'))->{value}, 'mine', 'one: the innermost');
ok t_cmp(get_json(at($task, 'x') . '?scope=global')->{value}, 'outer', 'one: of the process');
ok t_cmp(get_json(at($task, 'n'))->{scope}, 'global', 'one that only the process has');
for ([ 'GET', at($task, 'nothing') ], [ 'GET', at($task, 'n') . '?scope=local' ], [ 'GET', at(999999999) ], [ 'GET', at('x', 'n') ], [ 'DELETE', at($task, 'n') ],
     [ 'DELETE', at(999999999) ], [ 'PUT', at($task, 'nothing'), { value => 1 } ], [ 'PUT', at($task, 'n'), { value => 1 } ],
     [ 'POST', at(999999999), { name => 'a' } ]) {
    my ($method, $path, $body) = @$_;
    ok t_cmp(call($method, $path, $body)->code, 404, "$method $path");
}
ok t_cmp(call('GET', at($task) . '?scope=all')->code, 400, 'no such scope');

# Changes.
ok t_cmp(change($task, 'kept', { value => 'new' })->content, '{"success":true}', 'change');
ok t_cmp(change($task, 'n', { scope => 'global', type => 'long', value => 6 })->code, 200, 'change one of the process');
ok t_cmp(shown($task), 'local:kept=new local:x=mine global:n=6 global:x=outer global:y=1', 'changed');
ok t_cmp(get_json(at($task, 'n'))->{type}, 'long', 'the type, too');
ok t_cmp(change($task, 'kept', '[]')->code, 400, 'a change is an object');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE TASK_ID_ = $task AND EXECUTION_ID_ IS NULL AND PROC_INST_ID_ = $instance->{id}"), 2, 'whose rows they are');

# What belongs to the task is none of the instance's.
my $shown = get_json("/process-instance/$instance->{id}");
ok t_cmp(join(' ', sort map { $_->{variableName} } @{ $shown->{variables} }), 'n x y', 'variables of the instance');

ok t_cmp(away($task, 'kept')->content, '{"success":true}', 'delete');
ok t_cmp(away($task, 'y', '?scope=global')->code, 200, 'delete one of the process');
ok t_cmp(away($task, 'y', '?scope=global')->code, 404, 'only once');
ok t_cmp(shown($task), 'local:x=mine global:n=6 global:x=outer', 'gone');
make($task, { name => 'z', value => {} });
ok t_cmp(call('DELETE', at($task))->code, 200, 'delete all');
ok t_cmp(shown($task), 'global:n=6 global:x=outer', 'those of the process stay');

# With the task they go; completing sets those of the process.
make($task, { name => 'x', value => 'mine' });
ok t_cmp(complete($task, { x => 'given' })->code, 200, 'complete');
ok t_cmp(call('GET', at($task))->code, 404, 'gone with the task');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_RU_VARIABLE WHERE TASK_ID_ = $task"), 0, 'and their rows');
my ($next) = map { $_->{id} } tasks_of($instance->{id}, 'assignee=tv');
ok t_cmp(shown($next), 'global:heard=mine global:n=6 global:x=given', 'what the listener saw, and what the process has');
my ($last) = stored("SELECT * FROM ACT_HI_VARINST WHERE TASK_ID_ = $task AND NAME_ = 'x' AND TEXT_ = 'mine'");
ok t_cmp($last->{PROC_INST_ID_}, $instance->{id}, 'history keeps the last value');

# Who is suspended is read only.
call('PUT', "/process-instance/$instance->{id}/suspend");
ok t_cmp(make($next, { name => 'a' })->code, 409, 'suspended: no new ones');
ok t_cmp(call('DELETE', at($next))->code, 409, 'nor fewer');
ok t_cmp(shown($next), 'global:heard=mine global:n=6 global:x=given', 'but shown');
call('PUT', "/process-instance/$instance->{id}/activate");

# Nor is it one of the instance's when that has ended.
make($next, { name => 'own', value => 1 });
complete($next);
$shown = get_json("/process-instance/$instance->{id}");
ok t_cmp(join(' ', sort map { "$_->{variableName}=$_->{variableValue}" } @{ $shown->{variables} }), 'heard=mine n=6 x=given y=1', 'last variables of the instance');

# Of tasks without a process.
my $alone = json(call('PUT', '/task', { taskName => 'alone' }))->{id};
ok t_cmp(make($alone, { name => 'a', value => [ 1 ] })->code, 200, 'alone: a local one');
my $r = make($alone, { name => 'a', scope => 'global' });
ok t_cmp($r->code, 400, 'alone: no global one');
ok t_cmp(message($r), qr/process/, 'alone: why');
ok t_cmp(shown($alone), 'local:a=[1]', 'alone: shown');
ok t_cmp(complete($alone, { b => 2 })->code, 200, 'alone: complete');
ok t_cmp(value_of("SELECT GROUP_CONCAT(NAME_, ' ') FROM (SELECT NAME_ FROM ACT_HI_VARINST WHERE TASK_ID_ = $alone ORDER BY NAME_)"), 'a b', 'alone: kept');

# Everybody logged in may; nobody else.
$next = json(call('PUT', '/task', { taskName => 'anybody' }))->{id};
ok t_cmp(call('GET', at($next), undef, user => undef)->code, 401, 'without credentials');
ok t_cmp(call('GET', at($next), undef, user => 'fozzie')->code, 200, 'as a user');
ok t_cmp(call('POST', at($next), { name => 'f' }, user => 'fozzie')->code, 200, 'as a user');
ok t_cmp(call('PUT', at($next, 'f'), { value => 1 }, user => undef)->code, 401, 'without credentials');
ok t_cmp(call('DELETE', at($next, 'f'), undef, user => 'fozzie')->code, 200, 'as a user');
