# What an error looks like: the document of Activiti 5.0, or a page where the endpoint does
# not speak JSON or the client prefers to read.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
my @kinds = (
    # method   path                                        Accept                             status body
    [ 'GET',  '/nothing',                                  undef,                             404, 'json' ],
    [ 'GET',  '/nothing',                                  '*/*',                             404, 'json' ],
    [ 'GET',  '/nothing',                                  'application/json',                404, 'json' ],
    [ 'GET',  '/nothing',                                  'text/html;q=0.5, application/json', 404, 'json' ],
    [ 'GET',  '/nothing',                                  'text/html',                       404, 'html' ],
    [ 'GET',  '/nothing',                                  $browser,                          404, 'html' ],
    [ 'GET',  '/deployment',                               undef,                             405, 'json' ],
    [ 'GET',  '/deployment',                               $browser,                          405, 'html' ],
    [ 'GET',  '/task/0',                                   undef,                             404, 'json' ],
    [ 'GET',  '/task/0',                                   $browser,                          404, 'json' ],
    [ 'GET',  '/tasks',                                    $browser,                          400, 'json' ],
    [ 'GET',  '/process-engine?format=html',               $browser,                          400, 'json' ],
    [ 'GET',  '/deployment/0/resource/x',                  undef,                             404, 'html' ],
    [ 'GET',  '/deployment/0/resource/x',                  'application/json',                404, 'html' ],
    [ 'GET',  '/deployment/0/resource/x?format=json',      $browser,                          404, 'json' ],
    [ 'GET',  '/deployment/0/resource/x?format=html',      undef,                             404, 'html' ],
    [ 'POST', '/deployment',                               $browser,                          400, 'json' ],
    [ 'POST', '/deployment.json',                          undef,                             400, 'json' ],
    [ 'POST', '/deployment?format=html',                   undef,                             400, 'html' ],
    [ 'POST', '/deployment.html',                          'application/json',                400, 'html' ],
    [ 'POST', '/deployment.html?format=json',              undef,                             400, 'json' ],
    [ 'POST', '/deployment.xml',                           undef,                             400, 'json' ],
    [ 'POST', '/deployments/delete?cascade=x',             $browser,                          400, 'json' ],
    [ 'POST', '/login.json',                               $browser,                          400, 'json' ],
    [ 'POST', '/login.html',                               undef,                             400, 'json' ],
    # The face behind another provider: its caller is nobody here.
    [ 'GET',  '/engine/process-engine',                    $browser,                          403, 'json' ],
    [ 'GET',  '/engine/deployment/0/resource/x',           undef,                             403, 'html' ],
    [ 'GET',  '/engine/deployment/0/resource/x?format=json', undef,                           403, 'json' ],
    [ 'POST', '/engine/deployment.html',                   undef,                             403, 'html' ],
);

my $task = start(define('errors', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="errors"/>',
                        't -> e if ${nothing}', '<endEvent id="e"/>'));
($task) = tasks_of($task->{id}, 'assignee=errors');

my @statuses = (
    # method    path                          body                          status name                message
    [ 'PUT',    "/task/$task->{id}/claim",    '{',                          400, 'Bad Request',        qr/JSON/ ],
    [ 'DELETE', '/deployment/0',              undef,                        403, 'Forbidden',          qr/./, 'fozzie' ],
    [ 'GET',    '/task/4711',                 undef,                        404, 'Not Found',          qr/'4711'/ ],
    [ 'PUT',    '/tasks',                     undef,                        405, 'Method Not Allowed', qr/PUT/ ],
    [ 'PUT',    "/task/$task->{id}/claim",    {},                           409, 'Conflict',           qr/'$task->{id}'.*claimed/ ],
    [ 'POST',   '/process-instance',          '{"x":"' . 'y' x 70000 . '"}', 413, 'Request Entity Too Large', qr/65536/ ],
    [ 'PUT',    "/task/$task->{id}/complete", {},                           500, 'Internal Error',     qr/nothing/ ],
    [ 'PUT',    "/task/$task->{id}/stop",     {},                           501, 'Not Implemented',    qr/'stop'/ ],
);

plan tests => 5 * @kinds + 10 * @statuses + 8;

for my $case (@kinds) {
    my ($method, $path, $accept, $status, $kind) = @$case;
    my %who = $path =~ m{^/engine/} ? (user => 'waldorf', password => 'balcony') : ();
    my $r = call($method, $path, $method eq 'POST' ? '[' : undef, %who, headers => { $accept ? (Accept => $accept) : () });
    my $what = "$method $path for " . ($accept // 'anybody');
    ok t_cmp($r->code, $status, $what);
    ok t_cmp($r->header('Content-Type'), $kind eq 'json' ? 'application/json;charset=UTF-8' : 'text/html;charset=UTF-8', $what);
    ok t_cmp($r->content, $kind eq 'json' ? qr/^\{.*\}\s*$/s : qr/^<!DOCTYPE html>.*<\/html>\s*$/s, $what);
    ok $r->header('Cache-Control') eq 'no-cache' && $r->header('Pragma') eq 'no-cache';
    ok t_cmp($r->header('Expires'), 'Thu, 01 Jan 1970 00:00:00 GMT', $what);
}

for my $case (@statuses) {
    my ($method, $path, $body, $status, $name, $message, $user) = @$case;
    my $r = call($method, $path, $body, user => $user // 'kermit');
    my $e = json($r);
    ok t_cmp($r->code, $status, "$method $path");
    ok t_cmp($r->message, $name eq 'Internal Error' ? 'Internal Server Error' : $name, 'reason phrase');
    ok t_cmp(join(' ', sort keys %$e), 'callstack exception message server status time', 'members');
    ok t_cmp(join(' ', sort keys %{ $e->{status} }), 'code description name', 'members of status');
    ok t_cmp($r->content, qr/"code":\s*$status\b/, 'the code as a number');
    ok t_cmp($e->{status}{name}, $name, 'name');
    ok t_cmp($e->{status}{description}, qr/^\S.*\.$/, 'description');
    ok t_cmp($e->{message}, $message, 'message');
    ok t_cmp([ $e->{exception}, $e->{callstack} ], [ '', [] ], 'nothing about the inside');
    ok t_cmp("$e->{server}; $e->{time}", qr/^\S+ v\S+ schema \d+; [A-Z][a-z]{2} \d\d?, \d{4} \d\d?:\d\d:\d\d [AP]M$/, 'server and time');
}

# What the client sent is quoted so that neither format breaks.
my $r = call('GET', '/nothing/%3Cscript%3Ealert(1)%3C/script%3E&%22', undef, headers => { Accept => 'text/html' });
ok t_cmp($r->content, qr/&lt;script&gt;alert\(1\)/, 'markup in a page');
ok $r->content !~ /<script/;
$r = call('GET', '/deployment/0/resource/%3Cb%3E');
ok t_cmp($r->content, qr/'&lt;b&gt;'/, 'markup in a page about a resource');
$r = call('GET', '/process-definition/a%22%5C%0A%01b');
ok t_cmp(message($r), qr/'a"\\\n\x01b'/, 'controls and quotes in JSON');
$r = call('GET', '/process-definition/%E2%98%83');
ok t_cmp(message($r), qr/'\x{2603}'/, 'UTF-8 in JSON');
ok $r->content =~ /\xe2\x98\x83/;
$r = call('GET', '/process-definition/%FF%C3');
ok t_cmp($r->code, 400, 'what is no UTF-8');
ok t_cmp(message($r), qr/UTF-8/, 'is not echoed');
