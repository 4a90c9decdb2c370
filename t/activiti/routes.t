# Paths and methods: which of them exist, decided before anybody is asked for a password,
# and how a path is read.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $task = start(define('routes', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:candidateUsers="routes"/>'));
($task) = tasks_of($task->{id}, 'candidate=routes');

# Without credentials: 401 means that the path and the method exist.
my @paths = (
    # method    path                              status Allow
    [ 'GET',     '/',                             401 ],
    [ 'GET',     '',                              401 ],
    [ 'GET',     '/index',                        401 ],
    [ 'GET',     '/index/',                       404 ],
    [ 'GET',     '/index/style.css',              200 ],
    [ 'POST',    '/index',                        405, 'GET HEAD OPTIONS' ],
    [ 'GET',     '/openapi.json',                 401 ],
    [ 'GET',     '/openapi',                      404 ],
    [ 'GET',     '/nothing',                      404 ],
    [ 'GET',     '/Tasks',                        404 ],
    [ 'GET',     '/tasks/',                       404 ],
    [ 'GET',     '/tasks.json',                   404 ],
    [ 'GET',     '//tasks',                       401 ],
    [ 'GET',     '/deployment',                   405, 'OPTIONS POST' ],
    [ 'GET',     '/login',                        405, 'OPTIONS POST' ],
    [ 'GET',     '/login.json',                   405, 'OPTIONS POST' ],
    [ 'HEAD',    '/login',                        405, 'OPTIONS POST' ],
    [ 'DELETE',  '/deployments',                  405, 'GET HEAD OPTIONS POST' ],
    [ 'PUT',     '/deployment/1',                 405, 'DELETE OPTIONS' ],
    [ 'POST',    '/process-engine',               405, 'GET HEAD OPTIONS' ],
    [ 'PUT',     '/task/1',                       405, 'DELETE GET HEAD OPTIONS POST' ],
    [ 'GET',     '/task',                         405, 'OPTIONS PUT' ],
    [ 'PUT',     '/process-instance/1',           405, 'DELETE GET HEAD OPTIONS' ],
    [ 'POST',    '/process-instances',            405, 'GET HEAD OPTIONS' ],
    [ 'POST',    '/attachment/1',                 405, 'DELETE GET HEAD OPTIONS' ],
    [ 'GET',     '/form/form-data',               405, 'OPTIONS POST' ],
    [ 'GET',     '/process-instance',             405, 'OPTIONS POST' ],
    [ 'GET',     '/deployments/delete',           405, 'OPTIONS POST' ],
    [ 'PATCH',   '/tasks',                        405, 'GET HEAD OPTIONS' ],
    [ 'BREW',    '/tasks',                        405, 'GET HEAD OPTIONS' ],
    [ 'BREW',    '/nothing',                      404 ],
    [ 'OPTIONS', '/nothing',                      404 ],
    [ 'OPTIONS', '/tasks',                        200, 'GET HEAD OPTIONS' ],
    [ 'OPTIONS', '/deployments',                  200, 'GET HEAD OPTIONS POST' ],
    [ 'OPTIONS', '/deployment/1/resource/a/b',    200, 'DELETE GET HEAD OPTIONS' ],
    [ 'OPTIONS', '/login',                        200, 'OPTIONS POST' ],
    [ 'GET',     '/tasks',                        401 ],
    [ 'HEAD',    '/tasks',                        401 ],
    [ 'PUT',     '/task/1/anything',              401 ],
);

# How the text of a path becomes variables, as kermit.
my @variables = (
    # method  path                                     status message
    [ 'GET',  "/task/$task->{id}",                     200 ],
    [ 'GET',  '/t%61sk/' . sprintf('%%%02x', ord $task->{id}) . substr($task->{id}, 1), 200 ],
    [ 'GET',  '/process-definition/routes:1',          200 ],
    [ 'GET',  '/process-definition/routes%3A1',        200 ],
    [ 'GET',  '/process-definition/Routes:1',          404 ],
    [ 'GET',  '/process-definition/routes:01',         404 ],
    [ 'GET',  '/process-definition/routes',            404, qr/'routes'/ ],
    [ 'GET',  '/process-definition/routes:1/',         404 ],
    [ 'GET',  '/process-definition/%C3%BC%E2%82%AC:1', 404, qr/'\x{fc}\x{20ac}:1'/ ],
    [ 'GET',  '/process-definition/',                  400, qr/processDefinitionId/ ],
    [ 'GET',  '/task/',                                400, qr/taskId/ ],
    [ 'PUT',  "/task/$task->{id}/",                    400, qr/operation/ ],
    [ 'GET',  '/deployment/1/resource/?format=json',   400, qr/resourceName/ ],
    [ 'DELETE', '/deployment/',                        400, qr/deploymentId/ ],
    [ 'GET',  '/task/0',                               404 ],
    [ 'GET',  '/task/-1',                              404 ],
    [ 'GET',  "/task/+$task->{id}",                    404 ],
    [ 'GET',  "/task/0$task->{id}",                    404 ],
    [ 'GET',  "/task/$task->{id}.0",                   404 ],
    [ 'GET',  "/task/%20$task->{id}",                  404 ],
    [ 'GET',  '/task/99999999999999999999999',         404 ],
    [ 'GET',  "/task/1%27%20OR%20%271%27=%271",        404 ],
);

# What a query may say on every call.
my @queries = (
    # path                                     status
    [ '/process-engine?format=json',           200 ],
    [ '/process-engine?format=',               200 ],
    [ '/process-engine?format=html',           400 ],
    [ '/process-engine?format=xml',            400 ],
    [ '/process-engine?format=JSON',           400 ],
    [ '/process-engine?unknown=1&x&=&&',       200 ],
    [ '/process-engine?x=%zz',                 400 ],
    [ '/process-engine?x=%',                   400 ],
    [ '/process-engine?x=%ff',                 400 ],
    [ '/process-engine?x=%00',                 400 ],
    [ '/tasks?assignee=a&assignee=b&size=0',   200 ],
    [ '/tasks?assignee=',                      400 ],
    [ '/tasks?Assignee=a',                     400 ],
);

# The same by a parameter, for forms; the header goes first.
my @parameters = (    # method  path and query                                override   status
    [ 'POST', '/deployment/0?alf_method=DELETE',                             undef,     200 ],
    [ 'POST', '/deployment/0?cascade=x&alf_method=DELETE',                   undef,     400 ],
    [ 'POST', '/deployment/0?alf%5Fmethod=DELETE',                           undef,     405 ],
    [ 'POST', '/deployment/0?alf_method=',                                   undef,     405 ],
    [ 'POST', '/deployment/0?alf_method=delete',                             undef,     405 ],
    [ 'POST', '/deployment/0?alf_method=PUT',                                'DELETE',  200 ],
    [ 'POST', '/deployment/0?alf_method=DELETE&x=%zz',                       undef,     405 ],
    [ 'GET',  '/deployment/0?alf_method=DELETE',                             undef,     405 ],
);

plan tests => 2 * @paths + 2 * @variables + @queries + @parameters + 28;

sub allow { join ' ', sort split /,\s*/, shift->header('Allow') // '' }

for my $case (@paths) {
    my ($method, $path, $status, $allow) = @$case;
    my $r = call($method, "/activiti-rest/service$path", undef, user => undef);
    ok t_cmp($r->code, $status, "$method $path");
    ok t_cmp(allow($r), $allow // '', "$method $path: Allow");
}

for my $case (@variables) {
    my ($method, $path, $status, $message) = @$case;
    my $r = call($method, $path, $method eq 'PUT' ? {} : undef);
    ok t_cmp($r->code, $status, "$method $path");
    ok $status == 200 || message($r) =~ ($message // qr/./) || t_cmp(message($r), $message, $path);
}

for my $case (@queries) {
    my ($path, $status) = @$case;
    ok t_cmp(call('GET', $path)->code, $status, $path);
}

# HEAD is GET without the body; OPTIONS has none.
my $get = call('GET', '/tasks?candidate=routes');
my $head = call('HEAD', '/tasks?candidate=routes');
ok t_cmp($head->code, 200, 'HEAD');
ok t_cmp($head->content, '', 'no body');
ok t_cmp($head->header($_), $get->header($_), $_) for 'Content-Type', 'Content-Length';
ok t_cmp(call('OPTIONS', '/tasks')->content, '', 'OPTIONS has no body');

# A client behind a proxy that only knows GET and POST tunnels the others through POST.
my @tunnels = (    # method  path                        override   status
    [ 'POST', "/task/$task->{id}/claim",                 'PUT',     200 ],
    [ 'POST', "/task/$task->{id}/claim",                 undef,     404 ],
    [ 'POST', "/task/$task->{id}/claim",                 'DELETE',  404 ],
    [ 'POST', "/task/$task->{id}",                       'GET',     200 ],
    [ 'POST', "/task/$task->{id}",                       'NOTHING', 405 ],
    [ 'POST', '/deployment/0',                           'DELETE',  200 ],
    [ 'GET',  "/task/$task->{id}/claim",                 'PUT',     404 ],
    [ 'PUT',  "/task/$task->{id}/claim",                 'GET',     200 ],
);
for my $case (@tunnels) {
    my ($method, $path, $override, $status) = @$case;
    my $r = call($method, $path, {}, headers => { $override ? ('X-HTTP-Method-Override' => $override) : () });
    ok t_cmp($r->code, $status, "$method for " . ($override // 'itself') . " on $path");
}
for my $case (@parameters) {
    my ($method, $path, $override, $status) = @$case;
    my $r = call($method, $path, {}, headers => { $override ? ('X-HTTP-Method-Override' => $override) : () });
    ok t_cmp($r->code, $status, "$method $path" . ($override ? " for $override" : ''));
}
# Who is refused hears of the method that was meant, unless that is no text.
for my $case ([ 'PATCH', qr/'[^']*' does not support the method PATCH$/ ], [ 'put', qr/method put$/ ], [ "\xff", qr/method POST$/ ]) {
    my ($override, $message) = @$case;
    my $r = call('POST', '/deployments', {}, headers => { 'X-HTTP-Method-Override' => $override });
    ok t_cmp($r->code . ' ' . message($r), qr/^405 .*$message/, 'the message of a refusal');
}
# Tunnelled or not, the level of the real endpoint counts.
ok t_cmp(call('POST', '/deployment/0', {}, user => 'fozzie', headers => { 'X-HTTP-Method-Override' => 'DELETE' })->code,
         403, 'no way around the level');

# What depends on the Accept header says so.
ok t_cmp(call('GET', '/nothing')->header('Vary'), 'Accept', 'an unknown path');
ok t_cmp(call('PUT', '/tasks', {})->header('Vary'), 'Accept', 'a wrong method');
ok t_cmp(call('GET', '/task/0')->header('Vary') // '', '', 'not an endpoint with one format');

# What creates answers 200, too.
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => 'routes:1' })->code, 200, 'creation');

# A part is to be had of a file alone, and by GET.
my %part = (headers => { Range => 'bytes=0-1' });
ok t_cmp(call('PUT', '/task', { name => 'whole' }, %part)->code, 200, 'an answer to a change is whole');
ok t_cmp(call('GET', '/users', undef, %part)->code, 200, 'and that of a list');
my $file = '/deployment/' . get_json('/deployments?sort=id&order=desc&size=1')->{data}[0]{id} . '/resource/routes.bpmn20.xml';
ok t_cmp(call('GET', $file, undef, %part)->code, 206, 'a part of a file');

# What httpd refuses by itself, and paths that it tidies up.
sub status_line { my ($line) = raw("GET /activiti-rest/service/$_[0] HTTP/1.0\r\n\r\n") =~ /^(.*?)\r\n/; $line // 'nothing' }
ok t_cmp(status_line('task/%00'), qr/ 40[04] /, 'NUL in a path');
ok t_cmp(status_line('../service/tasks'), qr/ 401 /, 'dots in a path');
ok t_cmp(status_line('task/%2e%2e%2fx'), qr/ 404 /, 'an encoded slash');
ok t_cmp(status_line('a' x 9000), qr/ 414 /, 'an endless path');
