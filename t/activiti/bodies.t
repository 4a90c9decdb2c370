# JSON bodies: what counts as one, and what mandatory fields may hold, on every call that
# reads a body.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $definition = define('bodies', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> t2',
                        '<userTask id="t2" activiti:assignee="bodies"/>');
my $J = 'application/json';

# Calls whose body needs a field, and calls that need none.
my @bodies = (
    # what                          Content-Type                         body               start claim complete delete
    [ 'really empty',               $J,                                  '',                400, 200, 200, 400 ],
    [ 'no type, really empty',      undef,                               '',                400, 200, 200, 400 ],
    [ 'empty object',               $J,                                  '{}',              400, 200, 200, 400 ],
    [ 'blanks around',              $J,                                  " \n{ }\r\n\t",    400, 200, 200, 400 ],
    [ 'only blanks',                $J,                                  '  ',              400, 400, 400, 400 ],
    [ 'no type',                    undef,                               'GOOD',            200, 200, 200, 200 ],
    [ 'type with charset',          "$J;charset=UTF-8",                  'GOOD',            200, 200, 200, 200 ],
    [ 'charset in quotes',          "$J; charset=\"utf-8\"",             'GOOD',            200, 200, 200, 200 ],
    [ 'charset of others',          "$J; charset=ISO-8859-1",            'GOOD',            400, 400, 400, 400 ],
    [ 'a kind of JSON',             'application/vnd.x+json',            'GOOD',            200, 200, 200, 200 ],
    [ 'another type',               'text/plain',                        'GOOD',            200, 200, 200, 200 ],
    [ 'form fields',                'application/x-www-form-urlencoded', 'FORM',            200, 200, 200, 400 ],
    [ 'empty form',                 'application/x-www-form-urlencoded', '',                400, 200, 200, 400 ],
    [ 'broken form',                'application/x-www-form-urlencoded', 'a=%zz',           400, 400, 400, 400 ],
    [ 'multipart',                  'multipart/form-data; boundary=x',   "--x--\r\n",       400, 400, 400, 400 ],
    [ 'an array',                   $J,                                  '[]',              400, 400, 400, 400 ],
    [ 'a string',                   $J,                                  '"x"',             400, 400, 400, 400 ],
    [ 'null',                       $J,                                  'null',            400, 400, 400, 400 ],
    [ 'a number',                   $J,                                  '1',               400, 400, 400, 400 ],
    [ 'cut off',                    $J,                                  '{"a":1',          400, 400, 400, 400 ],
    [ 'text behind',                $J,                                  '{} x',            400, 400, 400, 400 ],
    [ 'two objects',                $J,                                  '{}{}',            400, 400, 400, 400 ],
    [ 'single quotes',              $J,                                  "{'a':'b'}",       400, 400, 400, 400 ],
    [ 'unquoted name',              $J,                                  '{a:1}',           400, 400, 400, 400 ],
    [ 'comma at the end',           $J,                                  '{"a":1,}',        400, 400, 400, 400 ],
    [ 'comments',                   $J,                                  '{/**/}',          400, 400, 400, 400 ],
    [ 'NaN',                        $J,                                  '{"a":NaN}',       400, 400, 400, 400 ],
    [ 'leading zero',               $J,                                  '{"a":01}',        400, 400, 400, 400 ],
    [ 'no UTF-8',                   $J,                                  "{\"a\":\"\xff\"}", 400, 400, 400, 400 ],
    [ 'NUL byte',                   $J,                                  "{\"a\":\"\0\"}",  400, 400, 400, 400 ],
    [ 'half a surrogate pair',      $J,                                  '{"a":"\ud800"}',  400, 200, 200, 400 ],
    [ 'very deep',                  $J,                                  '{"a":' . '[' x 5000 . ']' x 5000 . '}', 400, 400, 400, 400 ],
    [ 'byte order mark',            $J,                                  "\xef\xbb\xbf{}",  400, 400, 400, 400 ],
);
my %good = (
    start    => qq({"processDefinitionId":"$definition"}),
    claim    => '{"taskId":"7"}',
    complete => '{"taskId":"7","x":1}',
    delete   => '{"deploymentIds":[]}',
);

my @fields = (
    # path                    body                                          status message
    [ '/process-instance',    '{"processDefinitionId":""}',                 400, qr/processDefinitionId/ ],
    [ '/process-instance',    '{"processDefinitionId":null}',               400, qr/processDefinitionId/ ],
    [ '/process-instance',    '{"processDefinitionId":["bodies:1"]}',       400, qr/processDefinitionId/ ],
    [ '/process-instance',    '{"processDefinitionId":{}}',                 400, qr/processDefinitionId/ ],
    [ '/process-instance',    '{"processDefinitionId":"bodies:1\u0000"}',   400, qr/processDefinitionId/ ],
    [ '/process-instance',    '{"processDefinitionId":17}',                 404, qr/'17'/ ],
    [ '/process-instance',    '{"processDefinitionId":true}',               404, qr/'true'/ ],
    [ '/process-instance',    '{"processDefinitionId":"bodies"}',           404, qr/'bodies'/ ],
    [ '/process-instance',    '{"processDefinitionId":"bodies:2"}',         404, qr/'bodies:2'/ ],
    [ '/process-instance',    '{"ProcessDefinitionId":"bodies:1"}',         400, qr/processDefinitionId/ ],
    [ '/deployments/delete',  '{"deploymentIds":"1"}',                      400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":null}',                     400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":{"0":"1"}}',                400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":["1",2]}',                  400, qr/deploymentIds.* 2 / ],
    [ '/deployments/delete',  '{"deploymentIds":[true]}',                   400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":[null]}',                   400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":[1.5]}',                    400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":[["1"]]}',                  400, qr/deploymentIds/ ],
    [ '/deployments/delete',  '{"deploymentIds":[{}]}',                     400, qr/deploymentIds/ ],
    [ '/deployments',         '{"deploymentIds":[]}',                       200 ],
    [ '/deployments',         '{"deploymentIds":["x","-1","0","9999999"]}', 200 ],
    [ '/deployments',         '{}',                                         400, qr/deploymentIds/ ],
    [ '/deployments?cascade=yes', '{"deploymentIds":[]}',                   400, qr/cascade.*yes/ ],
    [ '/deployments?cascade=TRUE', '{"deploymentIds":[]}',                  200 ],
    [ '/deployments?cascade=', '{"deploymentIds":[]}',                      200 ],
    [ '/login',               '{"userId":"kermit","password":17}',          403, qr/./ ],
    [ '/login',               '{"userId":17,"password":"17"}',              403, qr/./ ],
    [ '/login',               '{"userId":"kermit","password":["kermit"]}',  400, qr/password/ ],
    [ '/login',               '{"userId":"kermit","password":null}',        400, qr/password/ ],
    [ '/login',               '{"userId":"kermit\u0000","password":"kermit"}', 400, qr/userId/ ],
    [ '/login',               '[]',                                         400, qr/object/ ],
    [ '/login',               'userId=kermit',                              400, qr/JSON/ ],
);

plan tests => 4 * @bodies + 2 * @fields + 1;

sub new_task { my $i = start($definition); my ($t) = tasks_of($i->{id}, 'assignee=kermit'); $t->{id} }
sub send_body {
    my ($method, $path, $type, $body) = @_;
    return call($method, $path, $body, headers => { 'Content-Type' => $type });
}
my $task = new_task();
my $completed = 0;
for my $case (@bodies) {
    my ($what, $type, $text, %status) = @$case[0 .. 2];
    @status{qw(start claim complete delete)} = @$case[3 .. 6];
    my $body = sub { $text eq 'GOOD' ? $good{ $_[0] } : $text eq 'FORM' ? "processDefinitionId=$definition&x=%C3%BC+1" : $text };
    ok t_cmp(send_body('POST', '/process-instance', $type, $body->('start'))->code, $status{start}, "$what: start");
    ok t_cmp(send_body('PUT', "/task/$task/claim", $type, $body->('claim'))->code, $status{claim}, "$what: claim");
    ok t_cmp(send_body('PUT', "/task/$task/complete", $type, $body->('complete'))->code, $status{complete}, "$what: complete");
    ok t_cmp(send_body('POST', '/deployments/delete', $type, $body->('delete'))->code, $status{delete}, "$what: delete");
    $completed++, $task = new_task() if $status{complete} == 200;
}
for my $case (@fields) {
    my ($path, $body, $status, $message) = @$case;
    my $r = call('POST', $path, $body);
    ok t_cmp($r->code, $status, "$path $body");
    ok $status == 200 ? json($r)->{success} : t_cmp(message($r), $message, $body);
}
# No refused body completed a task.
ok t_cmp(get_json('/tasks?assignee=bodies&size=0')->{total}, $completed, 'completed tasks');
