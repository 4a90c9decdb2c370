# The endpoints of Activiti 5.0 as its clients know them, and the paths that its guide calls
# them by: method, level, format, place in the browser. Told here once more, so that a change
# of the table of routes is seen.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my @endpoints = (
    # method   template                                             level    style       format  package       what to ask    kermit gets
    [ 'POST',   '/deployment',                                      'admin', 'any',      'json', 'repository', undef,                         400 ],
    [ 'POST',   '/deployments',                                     'admin', 'argument', 'json', 'repository', undef,                         400 ],
    [ 'GET',    '/deployments',                                     'user',  'argument', 'json', 'repository', undef,                         200 ],
    [ 'GET',    '/deployment/{deploymentId}/resource/{resourceName}', 'user', 'argument', undef, 'repository', '/deployment/0/resource/a/b.c', 404 ],
    [ 'DELETE', '/deployment/{deploymentId}',                       'admin', 'argument', 'json', 'repository', '/deployment/0',               200 ],
    [ 'POST',   '/deployments/delete',                              'admin', 'argument', 'json', 'repository', undef,                         400 ],
    [ 'GET',    '/process-engine',                                  'user',  'argument', 'json', 'engine',     undef,                         200 ],
    [ 'GET',    '/process-definitions',                             'user',  'argument', 'json', 'process',    undef,                         200 ],
    [ 'GET',    '/process-definition/{processDefinitionId}',        'user',  'argument', 'json', 'process',    '/process-definition/x:1',     404 ],
    [ 'GET',    '/process-definition/{processDefinitionId}/form',   'user',  'argument', 'html', 'process',    '/process-definition/x:1/form', 404 ],
    [ 'POST',   '/process-instance',                                'user',  'argument', 'json', 'process',    undef,                         400 ],
    [ 'GET',    '/tasks-summary',                                   'user',  'argument', 'json', 'task',       undef,                         400 ],
    [ 'GET',    '/tasks',                                           'user',  'argument', 'json', 'task',       undef,                         400 ],
    [ 'GET',    '/task/{taskId}',                                   'user',  'argument', 'json', 'task',       '/task/0',                     404 ],
    [ 'GET',    '/task/{taskId}/form',                              'user',  'argument', 'html', 'task',       '/task/0/form',                404 ],
    [ 'PUT',    '/task/{taskId}/{operation}',                       'user',  'argument', 'json', 'task',       '/task/0/complete',            404 ],
    [ 'POST',   '/login',                                           'none',  'any',      'json', 'identity',   undef,                         400 ],
    [ 'GET',    '/user/{userId}',                                   'user',  'argument', 'json', 'identity',   '/user/nobody',                404 ],
    [ 'GET',    '/user/{userId}/groups',                            'user',  'argument', 'json', 'identity',   '/user/nobody/groups',         200 ],
    [ 'GET',    '/group/{groupId}',                                 'user',  'argument', 'json', 'identity',   '/group/nobody',               404 ],
    [ 'GET',    '/group/{groupId}/users',                           'user',  'argument', 'json', 'identity',   '/group/nobody/users',         200 ],
    [ 'GET',    '/groups/{groupId}/users',                          'user',  'argument', 'json', 'identity',   '/groups/nobody/users',        200 ],
    [ 'GET',    '/management/jobs',                                 'admin', 'argument', 'json', 'management', undef,                         200 ],
    [ 'GET',    '/management/job/{jobId}',                          'admin', 'argument', 'json', 'management', '/management/job/0',           404 ],
    [ 'PUT',    '/management/job/{jobId}/execute',                  'admin', 'argument', 'json', 'management', '/management/job/0/execute',   404 ],
    [ 'POST',   '/management/jobs/execute',                         'admin', 'argument', 'json', 'management', undef,                         400 ],
    [ 'GET',    '/management/tables',                               'admin', 'argument', 'json', 'management', undef,                         200 ],
    [ 'GET',    '/management/table/{tableName}',                    'admin', 'argument', 'json', 'management', '/management/table/X',         404 ],
    [ 'GET',    '/management/table/{tableName}/data',               'admin', 'argument', 'json', 'management', '/management/table/X/data',    404 ],
);
my %refused = (user => { nobody => 401 }, admin => { nobody => 401, fozzie => 403 }, none => {});

# A path extension names the format where the style is "any", and is part of the path elsewhere.
my @extensions = (
    # method  path                    status  type
    [ 'POST', '/deployment.json',     400,    'json' ],
    [ 'POST', '/deployment.html',     400,    'html' ],
    [ 'POST', '/login.json',          400,    'json' ],
    [ 'POST', '/deployments.json',    404,    'json' ],
    [ 'POST', '/process-instance.json', 404,  'json' ],
    [ 'GET',  '/deployments.json',    404,    'json' ],
    [ 'GET',  '/process-engine.json', 404,    'json' ],
    [ 'GET',  '/tasks-summary.json',  404,    'json' ],
    [ 'GET',  '/management/tables.json', 404, 'json' ],
);

plan tests => 6 * @endpoints + 2 * @extensions + 2;

my %row;
$row{"$_->{method} $_->{template}"} = $_ for grep { !($_->{template} eq '/deployments' && $_->{method} eq 'POST' && !$_->{multipart}) }
                                             @{ get_json('/index/all?format=json')->{endpoints} };

sub ask {
    my ($method, $template, $path, $user) = @_;
    my $multipart = $template =~ m{^/deployments?$} && $method eq 'POST';
    my %headers = $multipart ? ('Content-Type' => 'multipart/form-data; boundary=b') : ();
    return call($method, $path, $method eq 'POST' ? '{}' : undef, user => $user, headers => \%headers);
}
sub type_of { my $type = shift->header('Content-Type') // ''; $type =~ m{^(?:application|text)/(json|html);charset=UTF-8$} ? $1 : $type }

for my $endpoint (@endpoints) {
    my ($method, $template, $level, $style, $format, $package, $path, $status) = @$endpoint;
    my $what = "$method $template";
    my $row = $row{$what} // {};
    ok t_cmp(join(' ', map { $_ // 'none' } @$row{qw(level formatStyle defaultFormat package)}),
             join(' ', map { $_ // 'none' } $level, $style, $format, "org/activiti/rest/api/$package"), "$what in the table");
    ok t_cmp($row->{summary} // '', qr/\w/, "$what: told of");
    for my $user ('nobody', 'fozzie', 'kermit') {
        my $r = ask($method, $template, $path // $template, $user eq 'nobody' ? undef : $user);
        ok t_cmp($r->code, $refused{$level}{$user} // $status, "$what for $user");
    }
    # An answer without a format of its own refuses in HTML.
    ok t_cmp(type_of(ask($method, $template, $path // $template, 'kermit')), $format // 'html', "$what: type");
}
for my $case (@extensions) {
    my ($method, $path, $status, $type) = @$case;
    my $r = ask($method, '', $path, 'kermit');
    ok t_cmp($r->code, $status, "$method $path");
    ok t_cmp(type_of($r), $type, "$method $path: type");
}

# One path, two calls: what is sent decides.
ok t_cmp(message(call('POST', '/deployments', {})), qr/deploymentIds/, 'JSON deletes');
ok t_cmp(message(post_parts([ part('name="x"', 'y') ], path => '/deployments')), qr/'deployment'/, 'a form deploys');
