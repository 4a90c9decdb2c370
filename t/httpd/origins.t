# Pages of other sites: what a browser must not be talked into, and whose pages may call (CORS).
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use HTTP::Request;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => <<'END')->start;
<Location "/api/listed">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    WorkflowAllowOrigin https://app.example http://localhost:3000
    Require all granted
</Location>
<Location "/api/all">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    WorkflowAllowOrigin *
    Require all granted
</Location>
<Location "/open/rest">
    WorkflowApi activiti
    WorkflowAllowOrigin https://app.example
    AuthType Basic
    AuthName x
    AuthBasicProvider workflow
    Require valid-user
</Location>
END
my $host = $server->url =~ s{.*/}{}r;

# A request as a browser sends it; its answer.
sub sent {
    my ($method, $path, $type, %headers) = @_;
    my %all = (Authorization => 'Basic a2VybWl0Omtlcm1pdA==', Host => $host, %headers);
    my $request = HTTP::Request->new($method, $server->url . $path, [ map { ($_ => $all{$_}) } grep { defined $all{$_} } keys %all ]);
    if ($method =~ /^P/) { $request->content('{"workflow": 7}'); $request->header('Content-Type' => $type) if $type }
    return LWP::UserAgent->new->simple_request($request);
}
my %page = (
    none      => [],
    own       => [ Origin => "http://$host", 'Sec-Fetch-Site' => 'same-origin' ],
    typed     => [ 'Sec-Fetch-Site' => 'none' ],
    other     => [ Origin => 'https://evil.example', 'Sec-Fetch-Site' => 'cross-site' ],
    old       => [ Origin => 'https://evil.example' ],
    opaque    => [ Origin => 'null' ],
    sibling   => [ Origin => 'http://other.localhost', 'Sec-Fetch-Site' => 'same-site' ],
    app       => [ Origin => 'https://app.example', 'Sec-Fetch-Site' => 'cross-site' ],
    similar   => [ Origin => 'https://app.example.evil.example', 'Sec-Fetch-Site' => 'cross-site' ],
);
my @changes = (    # method, path, type; what comes if the page may
    [ 'POST',   '/api/v1/workflows',                      'application/json', 400 ],
    [ 'POST',   '/api/v1/workflows',                      undef,              400 ],
    [ 'POST',   '/api/v1/workflows',                      'text/plain',       400 ],
    [ 'DELETE', '/api/v1/workflows/x',                    undef,              404 ],
    [ 'PATCH',  '/api/v1/perf/executions/x/status',       'application/json', 400 ],
    [ 'POST',   '/activiti-rest/service/process-instance', 'application/json', 400 ],
    [ 'POST',   '/activiti-rest/service/process-instance', undef,             400 ],
    [ 'PUT',    '/activiti-rest/service/task/1/complete', 'application/json', 404 ],
);
my @cases = (    # path of a GET; page; Access-Control-Allow-Origin, Vary has Origin
    [ '/api/v1/executions',     'app',     undef,                 0 ],
    [ '/api/listed/executions', 'app',     'https://app.example', 1 ],
    [ '/api/listed/executions', 'other',   undef,                 1 ],
    [ '/api/listed/executions', 'similar', undef,                 1 ],
    [ '/api/listed/executions', 'none',    undef,                 1 ],
    [ '/api/listed/nothing',    'app',     'https://app.example', 1 ],
    [ '/api/all/executions',    'other',   '*',                   1 ],
    [ '/open/rest/tasks',       'app',     'https://app.example', 1 ],
);
my @refused = grep { /other|old|opaque|sibling|app|similar/ } sort keys %page;
my @allowed = grep { /none|own|typed/ } sort keys %page;

plan tests => @changes * keys(%page) + 3 * @cases + 16;

for (@changes) {
    my ($method, $path, $type, $status) = @$_;
    my $what = "$method $path " . ($type // 'without a type');
    for (@allowed) { my $code = sent($method, $path, $type, @{ $page{$_} })->code; ok t_cmp($code == 403 ? 403 : $status, $status, "$what, page: $_") }
    ok t_cmp(sent($method, $path, $type, @{ $page{$_} })->code, 403, "$what, page: $_") for @refused;
}
ok t_cmp(sent('POST', '/api/listed/workflows', undef, @{ $page{app} })->code, 400, 'a listed page may change something');
ok t_cmp(sent('POST', '/api/listed/workflows', undef, @{ $page{similar} })->code, 403, 'another may not');

for (@cases) {
    my ($path, $page, $origin, $varies) = @$_;
    my $answer = sent('GET', $path, undef, @{ $page{$page} });
    ok t_cmp($answer->header('Access-Control-Allow-Origin'), $origin, "GET $path, page: $page");
    ok t_cmp(scalar(join(',', $answer->header('Vary')) =~ /\bOrigin\b/) || 0, $varies, "GET $path, page: $page: it depends on that");
    ok t_cmp($answer->header('Access-Control-Allow-Credentials'), undef, "GET $path, page: $page: never with credentials");
}

# Before anybody is asked for a password, and on errors too.
my @ask = ('Access-Control-Request-Method' => 'DELETE', 'Access-Control-Request-Headers' => 'x-api-key');
my $answer = sent('OPTIONS', '/open/rest/deployment/1', undef, Authorization => undef, @{ $page{app} }, @ask);
ok t_cmp($answer->code, 200, 'a preflight needs no password');
ok t_cmp($answer->header('Access-Control-Allow-Origin'), 'https://app.example');
ok t_cmp($answer->header('Access-Control-Allow-Methods'), qr/\bDELETE\b/);
ok t_cmp($answer->header('Access-Control-Allow-Headers'), qr/\bX-API-Key\b/);
ok t_cmp($answer->header('Access-Control-Max-Age'), 86400);
$answer = sent('OPTIONS', '/open/rest/deployment/1', undef, @{ $page{other} }, @ask);
ok t_cmp([ $answer->code, map { scalar $answer->header("Access-Control-Allow-$_") } qw(Origin Methods) ], [ 200, undef, undef ], 'a preflight of another page');
$answer = sent('OPTIONS', '/api/v1/executions', undef, @{ $page{app} }, @ask);
ok t_cmp($answer->header('Access-Control-Allow-Methods'), undef, 'nobody is listed: no preflight is answered');
$answer = sent('GET', '/open/rest/tasks', undef, Authorization => undef, @{ $page{app} });
ok t_cmp($answer->code, 401);
ok t_cmp([ $answer->header('X-Content-Type-Options') ], ['nosniff'], 'nobody guesses what an answer is');
ok t_cmp($answer->header('Access-Control-Allow-Origin'), 'https://app.example', 'a 401 can be read by the page');
$answer = sent('GET', '/open/rest/nothing', undef, @{ $page{app} });
ok t_cmp([ $answer->code, $answer->header('Access-Control-Allow-Origin') ], [ 404, 'https://app.example' ], 'a 404, too');
$answer = sent('GET', '/api/all/executions', undef);
ok t_cmp([ $answer->header('Access-Control-Allow-Origin') ], [], 'what is no page needs none');
ok t_cmp($answer->code, 200);
ok t_cmp(sent('POST', '/api/all/workflows', undef, @{ $page{other} })->code, 400, 'a place for all takes changes of all');
