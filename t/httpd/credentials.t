# API keys and tokens beside httpd's own authentication: who is let in, in whose name, what a
# key may do, what is said to those who are not, and that no secret reaches a log.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(hmac_sha256);
use JSON::PP ();
use MIME::Base64 qw(encode_base64url encode_base64);
use WF::Server;
use WF::Test;

my $dir = "$ENV{WF_DIR}/credentials-$$";
mkdir $dir;
chmod 0755, $dir;
sub secret { my ($name, $text) = @_; open my $out, '>', "$dir/$name" or die $!; print $out "$text\n"; close $out; chmod 0600, "$dir/$name"; "$dir/$name" }
my %key = map { ($_ => "key-of-$_-0123456789") } qw(reader operator admin fozzie);
my %signs = (first => 'f' x 32, second => 's' x 40);

# A token, signed by one of them.
sub token {
    my ($by, %claims) = @_;
    my $kid = delete $claims{kid};
    my ($head, $body) = map { encode_base64url(JSON::PP->new->canonical->encode($_)) } { alg => 'HS256', $kid ? (kid => $kid) : () }, { sub => 'kermit', exp => time + 600, %claims };
    return "$head.$body." . encode_base64url(hmac_sha256("$head.$body", $signs{$by}));
}

my $files = join '', map { "WorkflowApiKeyFile " . secret($_, $key{$_}) . ' ' . ($_ eq 'fozzie' ? 'fozzie admin' : 'kermit ' . { reader => 'read', operator => 'operate', admin => 'admin' }->{$_}) . "\n" } sort keys %key;
my $tokens = join '', map { "WorkflowJwtKey HS256 " . secret($_, $signs{$_}) . " $_\n" } sort keys %signs;
my $server = WF::Server->new(status => 1, extra => <<"END")->start;
<Location "/api/keys">
WorkflowApi workflow
$files
</Location>
<Location "/api/tokens">
WorkflowApi workflow
$tokens
WorkflowJwtIssuer https://issuer.example
WorkflowJwtAudience load
</Location>
<Location "/api/any">
WorkflowApi workflow
$files $tokens
AuthType Basic
AuthName Any
AuthBasicProvider workflow
Require valid-user
</Location>
<Location "/open/rest">
WorkflowApi activiti
$files $tokens
WorkflowApiKeys On
AuthType Basic
AuthName Engine
AuthBasicProvider workflow
Require valid-user
</Location>
<Location "/open/other">
WorkflowApi activiti
WorkflowJwtKey HS256 $dir/first
WorkflowJwtUser name
WorkflowJwtLeeway 0
</Location>
END

my %issued = (iss => 'https://issuer.example', aud => 'load');
my $basic = 'Basic ' . encode_base64('kermit:kermit', '');
my $wrong = 'Basic ' . encode_base64('kermit:wrong', '');
my $x = 'X-API-Key';
my ($e, $t) = ('/executions', '/open/rest/tasks?assignee=kermit');
my @cases = (    # method, path, headers; status, message
    [ 'GET', "/api/keys$e", {},                                            401, 'API key is required' ],
    [ 'GET', "/api/keys$e", { $x => '' },                                  401, 'API key is required' ],
    [ 'GET', "/api/keys$e", { $x => 'wrong' },                             401, 'Invalid API key' ],
    [ 'GET', "/api/keys$e", { $x => "$key{admin}x" },                      401, 'Invalid API key' ],
    [ 'GET', "/api/keys$e", { $x => $key{reader} },                        200 ],
    [ 'GET', "/api/keys$e?api_key=$key{reader}", {},                       200 ],
    [ 'GET', "/api/keys$e?limit=1&api_key=$key{reader}&offset=0", {},      200 ],
    [ 'GET', "/api/keys$e?api_key=$key{reader}", { $x => 'wrong' },        401, 'Invalid API key' ],
    [ 'GET', "/api/keys$e?api_key=wrong", { $x => $key{reader} },          200 ],
    [ 'GET', "/api/keys$e?api%5Fkey=$key{reader}&api_key=x", {},           200 ],
    [ 'GET', "/api/keys$e?&&limit=1&&a_p_i_key=1&api_key=$key{reader}&&", {}, 200 ],
    [ 'GET', "/api/keys$e?api_key=", {},                                   401, 'API key is required' ],
    [ 'GET', "/api/keys$e", { Authorization => $basic },                   401, 'API key is required' ],
    [ 'GET', '/api/keys/health', {},                                       200 ],
    [ 'GET', '/api/keys/nothing', {},                                      404 ],
    [ 'POST', '/api/keys/workflows', { $x => $key{reader} },               403, qr/right to read alone/ ],
    [ 'POST', '/api/keys/workflows', { $x => $key{operator} },             400 ],
    [ 'DELETE', '/api/keys/executions/x', { $x => $key{reader} },          403, qr/right to read alone/ ],
    [ 'DELETE', '/api/keys/executions/x', { $x => $key{operator} },        404 ],
    [ 'GET', "/api/tokens$e", {},                                          401, 'Authorization header is required' ],
    [ 'GET', "/api/tokens$e", { Authorization => $basic },                 401, 'Invalid authorization header format' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer x' },             401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', %issued, kid => 'first') }, 200 ],
    [ 'GET', "/api/tokens$e", { Authorization => 'bearer ' . token('first', %issued, kid => 'first') }, 200 ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('second', %issued) },     200 ],
    [ 'GET', "/api/tokens$e?token=" . token('second', %issued), {},        200 ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('second', %issued, kid => 'first') }, 401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', %issued, exp => time - 60) }, 401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', %issued, exp => time - 5) }, 200 ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', %issued, nbf => time + 60) }, 401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', %issued, aud => 'other') }, 401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { Authorization => 'Bearer ' . token('first', aud => 'load') }, 401, 'Invalid token' ],
    [ 'GET', "/api/tokens$e", { $x => $key{admin} },                       401, 'Authorization header is required' ],
    [ 'GET', "/api/any$e", {},                                             401 ],
    [ 'GET', "/api/any$e", { Authorization => $basic },                    200 ],
    [ 'GET', "/api/any$e", { Authorization => $wrong },                    401 ],
    [ 'GET', "/api/any$e", { $x => $key{reader} },                         200 ],
    [ 'GET', "/api/any$e", { $x => 'wrong', Authorization => $basic },     401, 'Invalid API key' ],
    [ 'GET', "/api/any$e", { Authorization => 'Bearer ' . token('first') }, 200 ],
    [ 'GET', "/api/any$e", { Authorization => 'Bearer x' },                401, 'Invalid token' ],
    [ 'GET', $t, {},                                                       401 ],
    [ 'GET', $t, { Authorization => $basic },                              200 ],
    [ 'GET', $t, { $x => $key{reader} },                                   200 ],
    [ 'GET', "$t&api_key=$key{reader}", {},                                200 ],
    [ 'GET', $t, { $x => 'wfk_' . 'A' x 43 },                              401 ],
    [ 'GET', $t, { Authorization => 'Bearer ' . token('first') },          200 ],
    [ 'GET', $t, { Authorization => 'Bearer ' . token('first', sub => 'nobody') }, 403, qr/rights of a user/ ],
    [ 'GET', '/open/rest/management/tables', { $x => $key{reader} },       200 ],
    [ 'GET', '/open/rest/management/tables', { $x => $key{operator} },     403, qr/operate, not to administer/ ],
    [ 'GET', '/open/rest/management/tables', { $x => $key{admin} },        200 ],
    [ 'GET', '/open/rest/management/tables', { $x => $key{fozzie} },       403, qr/rights of an administrator/ ],
    [ 'POST', '/open/rest/process-instance', { $x => $key{reader} },       403, qr/right to read alone/ ],
    [ 'GET', '/open/other/tasks?assignee=kermit', { Authorization => 'Bearer ' . token('first', sub => undef, name => 'kermit') }, 200 ],
    [ 'GET', '/open/other/tasks?assignee=kermit', { Authorization => 'Bearer ' . token('first', name => 'kermit', exp => time - 5) }, 401 ],
    [ 'GET', '/open/other/tasks?assignee=kermit', { Authorization => 'Bearer ' . token('second', name => 'kermit') }, 401 ],
);
my @wrong = (    # what else stands in a place; what is said
    [ "WorkflowApiKeyFile $dir/nothing kermit",                 qr/WorkflowApiKeyFile: .*nothing/ ],
    [ "WorkflowApiKeyFile $dir/admin kermit all",               qr/rights read, operate or admin, not 'all'/ ],
    [ 'WorkflowApiKeyFile ' . secret('short', 'short') . ' kermit', qr/16/ ],
    [ "WorkflowJwtKey HS128 $dir/first",                        qr/WorkflowJwtKey: .*HS128/ ],
    [ "WorkflowJwtKey HS512 $dir/first",                        qr/WorkflowJwtKey: .*first/ ],
    [ 'WorkflowJwtLeeway x',                                    qr/seconds from 0 to 3600, not 'x'/ ],
    [ 'WorkflowJwtIssuer ""',                                   qr/takes one argument/ ],
);

plan tests => 2 * @cases + @wrong + 15;

for (@cases) {
    my ($method, $path, $headers, $status, $message) = @$_;
    my $answer = call($method, $path, $method eq 'POST' ? {} : undef, user => undef, headers => $headers);
    my $what = "$method $path " . join ' ', map { "$_: " . substr $headers->{$_}, 0, 30 } sort keys %$headers;
    ok t_cmp($answer->code, $status, $what) or t_debug($answer->content);
    my $said = $answer->content =~ /^\{/ ? json($answer) : {};
    ok !defined $message || t_cmp($said->{message} // $said->{error} // $answer->content, $message, "$what: what is said");
}

my $answer = call('GET', "/api/tokens$e", undef, user => undef);
ok t_cmp(scalar $answer->header('WWW-Authenticate'), 'Bearer realm="Workflow"', 'what is asked for');
$answer = call('GET', "/api/tokens$e", undef, user => undef, headers => { Authorization => 'Bearer x' });
ok t_cmp(scalar $answer->header('WWW-Authenticate'), 'Bearer realm="Workflow", error="invalid_token"', 'what was wrong');
$answer = call('GET', "/api/any$e", undef, user => undef, headers => { $x => 'wrong' });
ok t_cmp(join(', ', $answer->header('WWW-Authenticate')), 'Bearer realm="Any", ApiKey realm="Any", Basic realm="Any"', 'all that is taken');

# Keys of the store: made and revoked while httpd runs.
my $made = json(call('POST', '/open/rest/api-keys', { name => 'ci', owner => 'kermit', rights => 'operate' }, user => 'kermit'));
my $brief = json(call('POST', '/open/rest/api-keys', { name => 'brief', owner => 'kermit', expires => '1s' }, user => 'kermit'));
sub with_key { my ($path, $text, $method) = @_; call($method // 'GET', $path, $method ? {} : undef, user => undef, headers => { $x => $text })->code }
ok t_cmp(with_key($t, $made->{key}), 200, 'a key of the store');
ok t_cmp(with_key("$t&api_key=$made->{key}", ''), 200, 'in a query');
ok t_cmp(with_key('/open/rest/process-instance', $made->{key}, 'POST'), 400, 'it operates');
ok t_cmp(with_key('/open/rest/api-keys', $made->{key}), 403, 'and does not administer');
ok t_cmp(with_key($t, substr($made->{key}, 0, -1) . 'B'), 401, 'almost the same key');
ok t_cmp(with_key("/api/keys$e", $made->{key}), 401, 'not where it is not taken');
ok wait_until { with_key($t, $brief->{key}) == 401 };
call('DELETE', "/open/rest/api-keys/$made->{id}", undef, user => 'kermit');
ok t_cmp(with_key($t, $made->{key}), 401, 'revoked');

# Nobody finds a secret afterwards.
my $status = call('GET', '/server-status', undef, user => undef)->content;
$server->stop;
my $logs = join '', $status, map { $server->slurp($_) } qw(error.log access.log engine/engine.log);
my @leaks = grep { index($logs, $_) >= 0 } values %key, values %signs, $made->{key}, $brief->{key}, map { (split /\./)[2] } token('second', %issued);
ok t_cmp("@leaks", '', 'no secret is in a log');
ok t_cmp($logs, qr{GET /api/keys/executions\?limit=1&api_key=\*\*\*&offset=0 }, 'but the rest of such a request is');
ok t_cmp($logs, qr{WF0202: GET \S+: API key: API key 'brief' \(id \d+\) of 'kermit' expired at }, 'and which key is good no more');
ok t_cmp($logs, qr{WF0202: GET \S+: API key: API key 'ci' \(id \d+\) of 'kermit' was revoked at }, 'or never again');

for (@wrong) {
    my ($line, $said) = @$_;
    my $other = WF::Server->new(engine => 0, extra => "<Location \"/api/v1\">\n$line\n</Location>");
    ok t_cmp(scalar $other->httpd('-t'), $said, $line);
}
