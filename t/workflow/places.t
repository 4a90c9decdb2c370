# The face at other places: several at once, behind httpd's access control, with another
# probe path, switched off further down, on a name-based virtual host.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

my $server = WF::Server->new(extra => <<'END')->start;
<Location "/api/load/v2">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    Require all granted
</Location>
<Location "/api/slash/">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    Require all granted
</Location>
<Location "/api/closed">
    WorkflowApi workflow
    AuthType Basic
    AuthName "Load"
    AuthBasicProvider workflow
    Require user kermit
</Location>
<Location "/api/closed/health">
    AuthType None
    Require all granted
</Location>
<Location "/api/nobody">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    Require all denied
</Location>
<Location "/health/live">
    WorkflowApi health
    Require all granted
</Location>
<Location "/api/v1/executions">
    WorkflowApi Off
</Location>
<VirtualHost *>
    ServerName localhost
</VirtualHost>
<VirtualHost *>
    ServerName other.example
    <Location "/api/v1">
        WorkflowApi Off
    </Location>
    <Location "/api/here">
        WorkflowApi workflow
        WorkflowAllowAnonymous On
        Require all granted
    </Location>
</VirtualHost>
END
my $target = WF::Target->new;
my $workflow = { workflow => workflow([ http_step(s => $target->url) ], undef, id => 'placed') };
my %other = (headers => { Host => 'other.example' });

# One execution, to be seen from everywhere.
my $id = json(call('POST', '/api/load/v2/workflows', $workflow))->{execution_id};
wait_until { json(call('GET', "/api/load/v2/executions/$id"))->{status} eq 'completed' };

my @cases = (
    # method  path                               options                                       status  error code
    [ 'GET',  "/api/load/v2/executions/$id",     {},                                           200 ],
    [ 'GET',  "/api/load/v2/executions/$id/metrics", {},                                       200 ],
    [ 'GET',  '/api/load/v2',                    {},                                           404, 'not_found' ],
    [ 'GET',  '/api/load/v2x/executions',        {},                                           404 ],     # nobody's
    [ 'GET',  '/api/load',                       {},                                           404 ],
    [ 'GET',  "/api/slash/executions/$id",       {},                                           200 ],
    [ 'GET',  '/api/slash/health/',              {},                                           200 ],
    [ 'GET',  '/api/v1/workflows/placed',        {},                                           200 ],
    [ 'GET',  '/api/v1/executions',              {},                                           404 ],     # taken out
    [ 'GET',  "/api/v1/executions/$id",          {},                                           404 ],
    [ 'GET',  '/health/live',                    {},                                           200 ],
    [ 'GET',  '/api/load/v2/nothing',            {},                                           404, 'not_found' ],
    [ 'PUT',  '/api/load/v2/workflows',          {},                                           405, 'method_not_allowed' ],
    # -- access control
    [ 'GET',  "/api/closed/executions/$id",      {},                                           401, 'unauthorized' ],
    [ 'GET',  "/api/closed/executions/$id",      { user => 'kermit' },                         200 ],
    [ 'GET',  "/api/closed/executions/$id",      { user => 'kermit', password => 'wrong' },    401, 'unauthorized' ],
    [ 'GET',  "/api/closed/executions/$id",      { user => 'fozzie' },                         401, 'unauthorized' ],
    [ 'POST', '/api/closed/workflows',           {},                                           401, 'unauthorized' ],
    [ 'POST', '/api/closed/workflows',           { user => 'kermit' },                         201 ],
    [ 'GET',  '/api/closed/health',              {},                                           200 ],
    [ 'GET',  '/api/nobody/executions',          {},                                           403, 'forbidden' ],
    # -- a virtual host
    [ 'GET',  "/api/here/executions/$id",        { %other },                                   200 ],
    [ 'GET',  '/api/v1/workflows/placed',        { %other },                                   404 ],
    [ 'GET',  "/api/here/executions/$id",        {},                                           404 ],     # not on this one
);

plan tests => @cases + grep({ $_->[4] } @cases) + 2;

for my $case (@cases) {
    my ($method, $path, $options, $status, $code) = @$case;
    my $r = call($method, $path, $method eq 'POST' ? $workflow : undef, %$options);
    ok t_cmp($r->code, $status, "$method $path");
    ok t_cmp((eval { json($r) } // {})->{error}, $code, "$method $path: code") if $code;
}
my $r = call('GET', '/api/closed/executions');
ok t_cmp($r->header('WWW-Authenticate'), qr/^Basic realm="Load"/, 'httpd asks for credentials');
wait_until { 2 <= (() = $target->requests) };
ok t_cmp(scalar(() = $target->requests), 2, 'two were run, no more');
