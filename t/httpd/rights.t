# Who may call what: every endpoint of both faces as every kind of caller. What they may is
# told by the one table here, which follows the contracts of the faces, and not by the rows
# of the code; that it has every endpoint is checked, so a new one needs a line.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(hmac_sha256 sha1_base64);
use File::Temp ();
use JSON::PP qw(decode_json encode_json);
use MIME::Base64 qw(encode_base64url);
use WF::Server;
use WF::Test;

# ---- the contract ------------------------------------------------------------------------------

# activiti: none, user and admin as they are (deployments are an administrator's to change).
# workflow: whoever is known may do all of it; the probes are open.
my %contract = (
    activiti => <<'END',
none   POST   /login
none   GET    /index/style.css
user   GET    /openapi.json
admin  GET    (base) / /index /index/all /index/package/{packagePath} /index/uri/{uriPath} /index/family/{familyName} /index/call/{callId}
admin  POST   /index/call/{callId}
admin  POST   /deployment /deployments /deployments/delete
admin  DELETE /deployment/{deploymentId}
user   GET    /deployments /deployment/{deploymentId}/resource/{resourceName} /deployment/{deploymentId}/resources
user   GET    /process-engine
user   GET    /process-definitions /process-definition/{processDefinitionId} /process-definition/{processDefinitionId}/diagram
user   GET    /process-definition/{processDefinitionId}/form /process-definition/{processDefinitionId}/properties
admin  PUT    /process-definition/{processDefinitionId}/suspend /process-definition/{processDefinitionId}/activate
user   POST   /process-instance
user   GET    /process-instances /process-instance/{processInstanceId} /process-instance/{processInstanceId}/diagram
user   GET    /processInstance/{processInstanceId}/diagram /process-instance/{processInstanceId}/tasks
user   GET    /process-instance/{processInstanceId}/event-subscriptions
user   DELETE /process-instance/{processInstanceId}
admin  PUT    /process-instance/{processInstanceId}/suspend /process-instance/{processInstanceId}/activate
user   POST   /process-instance/{processInstanceId}/signal /process-instance/{processInstanceId}/event/{signalName}
user   POST   /execution/{executionId}/message/{messageName} /execution/{executionId}/signal/{signalName} /signal/{signalName}
admin  GET    /process-definition-rights
admin  PUT    /process-definition-rights
admin  DELETE /process-definition-rights/{processDefinitionKey}
admin  POST   /migration/generate /migration/validate /migration/execute
user   GET    /tasks-summary /tasks /task/{taskId} /task/{taskId}/form /form/{taskId}/properties /history/{taskId}/form-properties
user   PUT    /task /task/{taskId}/{operation}
user   POST   /task/{taskId} /form/form-data
user   DELETE /task/{taskId}
user   GET    /task/{taskId}/variables /task/{taskId}/variables/{variableName}
user   POST   /task/{taskId}/variables
user   PUT    /task/{taskId}/variables/{variableName}
user   DELETE /task/{taskId}/variables /task/{taskId}/variables/{variableName}
user   PUT    /task/{taskId}/attachment /task/{taskId}/url
user   POST   /task/{taskId}/attachment
user   GET    /attachment/{attachmentId}
user   DELETE /attachment/{attachmentId}
user   GET    /users /users/{searchText} /user/{userId} /user/{userId}/groups /user/{userId}/picture
admin  PUT    /user /user/{userId} /user/{userId}/picture
admin  POST   /user/{userId} /user/{userId}/groups
admin  DELETE /user/{userId} /user/{userId}/groups/{groupId} /user/{userId}/picture
user   GET    /groups /groups/{searchText} /group/{groupId} /group/{groupId}/users /groups/{groupId}/users
admin  PUT    /group
admin  POST   /group/{groupId}/users /groups/{groupId}/users
admin  DELETE /group/{groupId} /group/{groupId}/users/{userId}
user   POST   /external-task /external-task/count /external-task/fetchAndLock
user   POST   /external-task/{externalTaskId}/complete /external-task/{externalTaskId}/bpmnError /external-task/{externalTaskId}/failure
user   POST   /external-task/{externalTaskId}/lock /external-task/{externalTaskId}/extendLock /external-task/{externalTaskId}/unlock
admin  PUT    /external-task/{externalTaskId}/retries /external-task/{externalTaskId}/priority
user   GET    /external-task /external-task/count /external-task/topic-names /external-task/{externalTaskId} /external-task/{externalTaskId}/errorDetails
admin  GET    /api-keys
admin  POST   /api-keys
admin  DELETE /api-keys/{keyId}
admin  GET    /management/jobs /management/job/{jobId} /incidents /incident/{incidentId}
admin  PUT    /management/job/{jobId}/execute /management/job/{jobId}/retries
admin  POST   /management/backup /management/jobs/execute /management/jobs/{jobId}
admin  DELETE /management/job/{jobId}
admin  GET    /management/tables /management/table/{tableName} /management/table/{tableName}/data
END
    workflow => <<'END',
none   GET    /health /ready
known  POST   /workflows /executions/{id}/pause /executions/{id}/resume /executions/{id}/scale /slaves/{id}/drain
known  GET    /workflows/{id} /executions /executions/{id} /executions/{id}/metrics /executions/{id}/report
known  GET    /executions/{id}/ws /executions/{id}/metrics/stream /executions/{id}/events
known  DELETE /workflows/{id} /executions/{id}
known  GET    /perf/executions/{id}/status /perf/executions/{id}/metrics/realtime /perf/executions/{id}/metrics
known  GET    /perf/executions/{id}/report /perf/executions/{id}/timeseries
known  PATCH  /perf/executions/{id}/status
known  GET    /slaves /slaves/{id} /slave-ws /openapi.json
END
);

# Rows [ level, method, template ] of a face.
sub endpoints {
    return map { my ($level, $method, @paths) = split; map { [ $level, $method, $_ eq '(base)' ? '' : $_ ] } @paths }
           split /\n/, $contract{ +shift };
}

# ---- callers -----------------------------------------------------------------------------------

my $dir = File::Temp::tempdir('rights-XXXXXX', DIR => $ENV{WF_DIR});
chmod 0755, $dir;
sub spew { my ($name, $text) = @_; open my $out, '>', "$dir/$name" or die $!; print $out $text; close $out }

# Tokens are signed with this; keys are made once the server runs.
spew('secret', 's' x 32);
chmod 0600, "$dir/secret";
sub token {
    my ($head, $body) = map { encode_base64url(encode_json($_)) } { alg => 'HS256' }, { sub => shift, exp => time + 3600 };
    return { authorization => "Bearer $head.$body." . encode_base64url(hmac_sha256("$head.$body", 's' x 32)) };
}
my %key;    # name -> its text

# httpd's own users and groups. kermit has another password here, and is no administrator.
spew('users', join '', map { "$_:{SHA}" . sha1_base64("$_-httpd") . "=\n" } qw(statler waldorf rizzo kermit));
spew('groups', "wf-admins: statler\nstaff: waldorf\n");

sub place {
    my ($path, $face, @lines) = @_;
    return join "\n", "<Location \"$path\">", "WorkflowApi $face", @lines, '</Location>', '';
}
my @basic = ('AuthType Basic', 'AuthName "Here"', 'AuthBasicProvider workflow');
my @file = ('AuthType Basic', 'AuthName "Here"', 'AuthBasicProvider file', "AuthUserFile $dir/users", "AuthGroupFile $dir/groups");
my $config = join '',
    (map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so\n" } qw(authn_file authz_groupfile)),
    place('/engine/granted', 'activiti', @basic, 'Require all granted'),
    place('/engine/httpd',   'activiti', @file, 'Require valid-user', 'WorkflowRequire admin group wf-admins', 'WorkflowRequire user group staff'),
    place('/engine/file',    'activiti', @file, 'Require valid-user'),
    place('/engine/nobody',  'activiti', 'WorkflowAllowAnonymous On', 'Require all granted'),
    place('/engine/keys',    'activiti', 'WorkflowApiKeys On', "WorkflowJwtKey HS256 $dir/secret", @basic, 'Require valid-user'),
    place('/api/keys',       'workflow', 'WorkflowApiKeys On', "WorkflowJwtKey HS256 $dir/secret"),
    place('/api/closed',     'workflow', @basic, 'Require all granted'),
    place('/api/valid',      'workflow', @basic, 'Require valid-user'),
    place('/api/open',       'workflow', 'WorkflowAllowAnonymous On', 'Require all granted');

# A caller is a place, a way to say who calls, and what comes of it for each level: 1 gets past
# the check. With (gets => 1) that goes for GET alone and anything else is 403, but for what is
# open to all.
my %activiti = (
    place => '/activiti-rest/service',
    rows  => [
        # name                 place               user      more                           none user admin
        [ 'nobody',            undef,              undef,    {},                            1,   401, 401 ],
        [ 'wrong password',    undef,              'kermit', { password => 'no' },          1,   401, 401 ],
        [ 'unknown user',      undef,              'beaker', {},                            1,   401, 401 ],
        [ 'no scheme we have', undef,              undef,    { authorization => 'Nothing x' }, 1, 401, 401 ],
        [ 'no groups',         undef,              'camilla', {},                           1,   403, 403 ],
        [ 'other groups',      undef,              'animal', {},                            1,   403, 403 ],
        [ 'user',              undef,              'fozzie', {},                            1,   1,   403 ],
        [ 'manager',           undef,              'rowlf',  {},                            1,   1,   403 ],
        [ 'admin',             undef,              'kermit', {},                            1,   1,   1 ],
        [ 'all granted',       '/engine/granted',  undef,    {},                            1,   401, 401 ],
        [ 'granted user',      '/engine/granted',  'fozzie', {},                            1,   1,   403 ],
        [ 'no authentication', '/engine/nobody',   undef,    {},                            1,   401, 401 ],
        [ 'unasked password',  '/engine/nobody',   'kermit', {},                            1,   401, 401 ],
        [ 'httpd admin',       '/engine/httpd',    'statler', { password => 'statler-httpd' }, 1, 1,  1 ],
        [ 'httpd user',        '/engine/httpd',    'waldorf', { password => 'waldorf-httpd' }, 1, 1,  403 ],
        [ 'httpd neither',     '/engine/httpd',    'rizzo',  { password => 'rizzo-httpd' }, 1,   403, 403 ],
        [ 'httpd namesake',    '/engine/httpd',    'kermit', { password => 'kermit-httpd' }, 1,  403, 403 ],
        [ 'httpd, our password', '/engine/httpd',  'kermit', {},                            1,   401, 401 ],
        [ 'httpd and groups',  '/engine/file',     'kermit', { password => 'kermit-httpd' }, 1,  1,   1 ],
        [ 'read key of admin', '/engine/keys',     undef,    { key => 'reader', gets => 1 },  1,   1,   1 ],
        [ 'operate key of admin', '/engine/keys',  undef,    { key => 'operator' },         1,   1,   403 ],
        [ 'admin key of admin', '/engine/keys',    undef,    { key => 'admin' },            1,   1,   1 ],
        [ 'admin key of user', '/engine/keys',     undef,    { key => 'fozzie' },           1,   1,   403 ],
        [ 'read key of user',  '/engine/keys',     undef,    { key => 'fozzies', gets => 1 }, 1,  1,   403 ],
        [ 'key of nobody',     '/engine/keys',     undef,    { key => 'nobody' },           1,   403, 403 ],
        [ 'wrong key',         '/engine/keys',     undef,    { headers => { 'X-API-Key' => 'wrong' } }, 1, 401, 401 ],
        [ 'revoked key',       '/engine/keys',     undef,    { key => 'revoked' },          1,   401, 401 ],
        [ 'key elsewhere',     undef,              undef,    { key => 'admin' },            1,   401, 401 ],
        [ 'token of admin',    '/engine/keys',     undef,    token('kermit'),               1,   1,   1 ],
        [ 'token of user',     '/engine/keys',     undef,    token('fozzie'),               1,   1,   403 ],
        [ 'token of nobody',   '/engine/keys',     undef,    token('nobody'),               1,   403, 403 ],
        [ 'token elsewhere',   undef,              undef,    token('kermit'),               1,   401, 401 ],
        [ 'httpd, no groups',  '/engine/file',     'statler', { password => 'statler-httpd' }, 1, 403, 403 ],
    ],
    levels => [ 'none', 'user', 'admin' ],
);
my %workflow = (
    rows => [
        # name                 place               user      more                           none known
        [ 'nobody',            '/api/closed',      undef,    {},                            1,   401 ],
        [ 'wrong password',    '/api/closed',      'kermit', { password => 'no' },          1,   401 ],
        [ 'no groups',         '/api/closed',      'camilla', {},                           1,   1 ],
        [ 'user',              '/api/closed',      'fozzie', {},                            1,   1 ],
        [ 'nobody valid',      '/api/valid',       undef,    {},                            1,   401 ],
        [ 'valid user',        '/api/valid',       'fozzie', {},                            1,   1 ],
        [ 'read key',          '/api/keys',        undef,    { key => 'reader', gets => 1 },  1,   1 ],
        [ 'operate key',       '/api/keys',        undef,    { key => 'operator' },         1,   1 ],
        [ 'revoked key',       '/api/keys',        undef,    { key => 'revoked' },          1,   401 ],
        [ 'no key',            '/api/keys',        undef,    {},                            1,   401 ],
        [ 'password, no key',  '/api/keys',        'kermit', {},                            1,   401 ],
        [ 'token',             '/api/keys',        undef,    token('anybody'),              1,   1 ],
        [ 'anybody',           '/api/open',        undef,    {},                            1,   1 ],
    ],
    levels => [ 'none', 'known' ],
);
# With groups of the right names and another type nobody has any rights.
my %mistyped = (
    rows => [ map { [ "$_ of another type", undef, $_, { password => 'fozzie' }, 1, 403, 403 ] } qw(admin manager user) ],
    levels => [ 'none', 'user', 'admin' ],
);

# ---- a cell --------------------------------------------------------------------------------------

# A call that finds nothing and changes nothing: what it lacks comes after the check.
sub knock {
    my ($caller, $method, $template) = @_;
    my ($name, $place, $user, $more) = @$caller;
    my $path = $template =~ s/\{\w+\}/0/gr;
    my %headers = ($more->{authorization} ? (Authorization => $more->{authorization}) : (), %{ $more->{headers} // {} });
    $headers{'X-API-Key'} = $key{ $more->{key} } // die $more->{key} if $more->{key};
    return call($method, ($place // '/activiti-rest/service') . $path, $method =~ /^(POST|PUT|PATCH)$/ ? '[' : undef, user => $user,
                password => $more->{password}, headers => \%headers);
}

my @cells;    # [ face's callers, caller, endpoint ]
sub cells {
    my ($face, $callers) = @_;
    return map { my $caller = $_; map { [ $callers, $caller, $_ ] } endpoints($face) } @{ $callers->{rows} };
}

sub judge {
    my ($callers, $caller, $endpoint) = @{ +shift };
    my ($level, $method, $template) = @$endpoint;
    my %expected;
    @expected{ @{ $callers->{levels} } } = @$caller[4 .. $#$caller];
    $expected{$level} = 403 if $caller->[3]{gets} && $method ne 'GET' && $level ne 'none';
    my $r = knock($caller, $method, $template);
    my $got = $r->code =~ /^40[13]$/ ? $r->code : $r->code == 599 ? 'no answer' : 1;
    ok $got eq $expected{$level} || t_cmp($got, $expected{$level}, "$caller->[0]: $method $template (" . $r->code . ')');
    # Only who is not known is asked for credentials, and nobody is told a thing with it.
    ok $got ne 401 || $r->header('WWW-Authenticate') && $r->content !~ /kermit|statler|camilla/;
}

# ---- all of them -----------------------------------------------------------------------------------

my $server = WF::Server->new(extra => $config)->start;
sub must { my $r = call(@_); $r->is_success or die $r->as_string; json($r) }
for my $user ([ 'camilla' ], [ 'animal', 'sales', 'engineering' ], [ 'rowlf', 'manager' ]) {
    my ($id, @groups) = @$user;
    must('PUT', '/user', { id => $id, firstName => $id, lastName => $id, email => "$id\@localhost", password => $id });
    must('POST', "/user/$id/groups", \@groups) if @groups;
}

for my $made ([ reader => 'kermit', 'read' ], [ operator => 'kermit', 'operate' ], [ admin => 'kermit', 'admin' ], [ fozzie => 'fozzie', 'admin' ],
              [ fozzies => 'fozzie', 'read' ], [ nobody => 'nobody', 'admin' ], [ revoked => 'kermit', 'admin' ]) {
    my ($name, $owner, $rights) = @$made;
    my $made = must('POST', '/api-keys', { name => $name, owner => $owner, rights => $rights });
    $key{$name} = $made->{key};
    must('DELETE', "/api-keys/$made->{id}") if $name eq 'revoked';
}

# What the server has, as its OpenAPI documents say.
sub served {
    my $doc = get_json(shift . '/openapi.json');
    return map { my $path = $_; map { "\U$_\E $path" } keys %{ $doc->{paths}{$path} } } keys %{ $doc->{paths} };
}
sub told { return map { "$_->[1] " . ($_->[2] eq '' ? '/' : $_->[2]) } endpoints(shift) }
sub only { my ($these, $those) = @_; my %those = map { $_ => 1 } @$those; return join ', ', sort grep { !$those{$_} } @$these }

my @first = (cells('activiti', \%activiti), cells('workflow', \%workflow));
my @second = cells('activiti', \%mistyped);
plan tests => 4 + 2 * (@first + @second);

for my $face ([ activiti => '' ], [ workflow => '/api/v1' ]) {
    my ($name, $base) = @$face;
    my @served = served($base);
    my @told = told($name);
    ok t_cmp(only(\@served, \@told), '', "$name: endpoints without a line here");
    ok t_cmp(only(\@told, \@served), '', "$name: lines without an endpoint");
}
judge($_) for @first;
$server->stop;

my $demo = "$dir/demo";
mkdir $_ or die $! for $demo, "$demo/processes";
open my $known, '<', "$ENV{WF_TOP}/conf/demo/identity.json" or die $!;
my ($fozzie) = grep { $_->{id} eq 'fozzie' } @{ decode_json(do { local $/; <$known> })->{users} };
spew('demo/identity.json', encode_json({
    groups => [ map { +{ id => $_, name => $_, type => 'assignment' } } qw(admin manager user) ],
    users  => [ map { +{ %$fozzie, id => $_, groups => [ $_ ] } } qw(admin manager user) ],
}));
my $other = WF::Server->new(demo => 0, extra => "WorkflowDemoData $demo")->start;
judge($_) for @second;
