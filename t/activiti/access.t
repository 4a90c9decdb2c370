# Who may call what: levels of the endpoints, forms of credentials, and what a refused
# caller is told.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use MIME::Base64 qw(encode_base64);
use WF::Activiti;
use WF::Test;

# The answer to callers with rights: what these requests lack comes after access.
my @endpoints = (
    # method   path                         level     status with rights
    [ 'GET',    '/process-engine',          'user',  200 ],
    [ 'GET',    '/deployments',             'user',  200 ],
    [ 'GET',    '/deployment/0/resource/x', 'user',  404 ],
    [ 'GET',    '/process-definitions',     'user',  200 ],
    [ 'GET',    '/process-definition/none', 'user',  404 ],
    [ 'POST',   '/process-instance',        'user',  400 ],
    [ 'GET',    '/tasks-summary',           'user',  400 ],
    [ 'GET',    '/tasks',                   'user',  400 ],
    [ 'GET',    '/task/0',                  'user',  404 ],
    [ 'PUT',    '/task/0/claim',            'user',  404 ],
    [ 'PUT',    '/task/0/complete',         'user',  404 ],
    [ 'POST',   '/deployment',              'admin', 400 ],
    [ 'POST',   '/deployment.html',         'admin', 400 ],
    [ 'POST',   '/deployments',             'admin', 400 ],
    [ 'POST',   '/deployments/delete',      'admin', 400 ],
    [ 'DELETE', '/deployment/0',            'admin', 200 ],
    [ 'POST',   '/login',                   'none',  400 ],
    [ 'POST',   '/login.json',              'none',  400 ],
);
my %passes = (    # caller             levels
    nobody          => [ 'none' ],
    'wrong:secret'  => [ 'none' ],
    'kermit:gonzo'  => [ 'none' ],
    'fozzie:fozzie' => [ 'none', 'user' ],
    'gonzo:gonzo'   => [ 'none', 'user' ],
    'kermit:kermit' => [ 'none', 'user', 'admin' ],
);

my @credentials = (    # Authorization                             status
    [ 'Basic ' . encode_base64('kermit:kermit', ''),               200 ],
    [ 'bASIC ' . encode_base64('kermit:kermit', ''),               200 ],
    [ 'Basic ' . encode_base64('Kermit:kermit', ''),               401 ],
    [ 'Basic ' . encode_base64('kermit:Kermit', ''),               401 ],
    [ 'Basic ' . encode_base64('kermit:kermit ', ''),              401 ],
    [ 'Basic ' . encode_base64("kermit\0x:kermit", ''),            401 ],
    [ 'Basic ' . encode_base64(':kermit', ''),                     401 ],
    [ 'Basic ' . encode_base64('kermit:', ''),                     401 ],
    [ 'Basic ' . encode_base64('kermit', ''),                      401 ],
    [ 'Basic ' . encode_base64("kermit' OR 'a'='a:x", ''),         401 ],
    [ 'Basic ' . encode_base64("\xff\xfe:\xff", ''),               401 ],
    [ 'Basic ' . encode_base64('k' x 2000 . ':' . 'p' x 2000, ''), 401 ],
    [ 'Basic !$%&',                                                401 ],
    [ 'Basic',                                                     401 ],
    [ 'Bearer a2VybWl0Omtlcm1pdA==',                               401 ],
    [ 'Digest username="kermit"',                                  401 ],
    [ 'a2VybWl0Omtlcm1pdA==',                                      401 ],
);

# The same face behind httpd's file of users, which knows other passwords and a stranger.
my @elsewhere = (    # user, password          path                  status
    [ 'kermit', 'piggy:and:me', 'GET', '/engine/process-engine', 200 ],
    [ 'kermit', 'kermit',       'GET', '/engine/process-engine', 401 ],
    [ 'waldorf', 'balcony',     'GET', '/engine/process-engine', 403 ],
    [ 'waldorf', 'balcony',     'POST', '/engine/login',         400 ],
    [ 'kermit', 'piggy:and:me', 'GET', '/open/process-engine',   401 ],
    [ 'kermit', 'kermit',       'GET', '/open/process-engine',   200 ],
    [ 'fozzie', 'fozzie',       'DELETE', '/open/deployment/0',  403 ],
    [ undef,    undef,          'GET', '/open/process-engine',   401 ],
    [ undef,    undef,          'GET', '/open/nothing',          404 ],
    [ undef,    undef,          'POST', '/open/login',           400 ],
);

sub authorization { my $caller = shift; $caller eq 'nobody' ? {} : { Authorization => 'Basic ' . encode_base64($caller, '') } }

plan tests => @endpoints * keys(%passes) + @credentials + @elsewhere + 24;

for my $endpoint (@endpoints) {
    my ($method, $path, $level, $allowed) = @$endpoint;
    for my $caller (sort keys %passes) {
        my $known = grep { $_ eq 'user' } @{ $passes{$caller} };
        my $expected = (grep { $_ eq $level } @{ $passes{$caller} }) ? $allowed : $known ? 403 : 401;
        my $r = call($method, $path, $method eq 'GET' ? undef : {}, user => undef, headers => authorization($caller));
        ok t_cmp($r->code, $expected, "$method $path, $caller");
    }
}

for my $case (@credentials) {
    my ($header, $status) = @$case;
    my $r = call('GET', '/process-engine', undef, user => undef, headers => { Authorization => $header });
    ok t_cmp($r->code, $status, substr $header, 0, 60);
}

for my $case (@elsewhere) {
    my ($user, $password, $method, $path, $status) = @$case;
    my $r = call($method, $path, $method eq 'POST' ? {} : undef, user => $user, password => $password);
    ok t_cmp($r->code, $status, "$path, " . ($user // 'nobody'));
}

# 401: the realm, no body, no cookie, whatever format was asked for.
for my $accept ('application/json', 'text/html') {
    my $r = call('GET', '/deployment/1/resource/x', undef, user => undef, headers => { Accept => $accept });
    ok t_cmp($r->header('WWW-Authenticate'), 'Basic realm="Activiti"', 'the realm');
    ok t_cmp($r->content, '', 'an empty body');
    ok t_cmp($r->header('Cache-Control'), 'no-cache', 'not to be kept');
    ok !defined $r->header('Set-Cookie');
}
ok t_cmp(call('GET', '/engine/tasks')->header('WWW-Authenticate'), 'Basic realm="Other"', "httpd's own AuthName");
ok t_cmp(call('GET', '/open/tasks', undef, user => undef)->header('WWW-Authenticate'), 'Basic realm="Activiti"', 'without httpd');

# 403: the error body, no invitation to try again.
my $r = call('DELETE', '/deployment/0', undef, user => 'gonzo');
ok t_cmp(json($r)->{status}, { code => 403, name => 'Forbidden', description => json($r)->{status}{description} });
ok t_cmp(json($r)->{message}, qr/administrator/, 'what is missing');
ok !defined $r->header('WWW-Authenticate');

# No login state: neither a good call nor a login opens the door for the next one.
call('GET', '/process-engine');
ok t_cmp(call('POST', '/login', { userId => 'kermit', password => 'kermit' }, user => undef)->code, 200, 'login');
ok t_cmp(call('GET', '/process-engine', undef, user => undef)->code, 401, 'after a login');

# Login checks a pair; the header of the call does not matter to it.
my @logins = (    # body                                         status
    [ { userId => 'fozzie', password => 'fozzie' },               200 ],
    [ { userId => 'fozzie', password => 'Fozzie' },               403 ],
    [ { userId => 'fozzie', password => '' },                     403 ],
    [ { userId => 'Fozzie', password => 'fozzie' },               403 ],
    [ { userId => 'waldorf', password => 'balcony' },             403 ],
    [ { userId => '', password => 'x' },                          400 ],
    [ { password => 'x' },                                        400 ],
    [ { userId => 'fozzie' },                                     400 ],
    [ { userId => [ 'fozzie' ], password => 'fozzie' },           400 ],
);
for my $case (@logins) {
    my ($body, $status) = @$case;
    $r = call('POST', '/login', $body, user => 'waldorf');
    ok t_cmp($r->code, $status, 'login: ' . join ' ', map { "$_=$body->{$_}" } sort keys %$body);
}
