# What an http step sends, as its target received it: method, URL, query, headers, body; what
# the http section adds; and what counts as failure.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Target;
use WF::Test;

my $target = WF::Target->new(
    map({ my $n = $_; ("/status/$n" => { status => $n }) } 200, 204, 301, 400, 401, 404, 500, 503),
    '/empty' => { body => '' }, '/drop' => { drop => 1 },
    '/moved' => { status => 302, headers => { Location => '/landed' } },
    '/circle' => { status => 302, headers => { Location => '/circle' } },
);
my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $here = $target->url;
my $closed = do { my $gone = WF::Target->new; $gone->url };    # nobody listens there any more
my $writer = JSON::PP->new->canonical;

my @sent = (
    # what                   config of the step                                         http section, what arrived
    [ 'the default',         { url => "$here/p" },                                      undef, { method => 'GET', uri => '/p', body => '' } ],
    [ 'lower case method',   { url => "$here/p", method => 'put' },                     undef, { method => 'PUT' } ],
    (map { [ $_, { url => "$here/p", method => $_ }, undef, { method => $_ } ] } qw(GET POST PUT DELETE PATCH HEAD OPTIONS)),
    [ 'no path',             { url => $here },                                          undef, { uri => '/' } ],
    [ 'a query in the url',  { url => "$here/p?a=1&b" },                                undef, { uri => '/p?a=1&b' } ],
    [ 'a fragment',          { url => "$here/p#top" },                                  undef, { uri => '/p' } ],
    [ 'query',               { url => "$here/p", query => { a => 'x y&z=ü/?' } },       undef, { uri => '/p?a=x%20y%26z%3D%C3%BC%2F%3F' } ],
    [ 'query values',        { url => "$here/p", query => { n => 1.5 } },               undef, { uri => '/p?n=1.5' } ],
    [ 'query true',          { url => "$here/p", query => { t => $true } },             undef, { uri => '/p?t=true' } ],
    [ 'query and url',       { url => "$here/p?a=1#x", query => { b => 2 } },           undef, { uri => '/p?a=1&b=2' } ],
    [ 'params is query, too', { url => "$here/p", query => { a => 1 }, params => { b => 2 } }, undef, { uri => '/p?a=1&b=2' } ],
    [ 'params as list',      { url => "$here/p", params => [ { key => 'a', value => 1 }, { key => 'b', value => 2, enabled => $false } ] },
                                                                                        undef, { uri => '/p?a=1' } ],
    [ 'headers',             { url => "$here/p", headers => { 'X-One' => 'a b', 'x-two' => 2 } }, undef, { 'x-one' => 'a b', 'x-two' => '2' } ],
    [ 'headers as list',     { url => "$here/p", headers => [ { key => 'X-One', value => 'yes' } ] }, undef, { 'x-one' => 'yes' } ],
    [ 'an own Host',         { url => "$here/p", headers => { Host => 'shop.example' } }, undef, { host => 'shop.example' } ],
    [ 'a text as body',      { url => "$here/p", method => 'POST', body => 'ä=1' },     undef, { body => "\xc3\xa4=1", 'content-type' => 'application/json', 'content-length' => '4' } ],
    [ 'an own Content-Type', { url => "$here/p", method => 'POST', body => 'a', headers => { 'content-type' => 'text/plain' } },
                                                                                        undef, { body => 'a', 'content-type' => 'text/plain' } ],
    [ 'an empty body',       { url => "$here/p", method => 'POST', body => '' },        undef, { body => '', 'content-length' => '0' } ],
    [ 'an object as body',   { url => "$here/p", method => 'POST', body => { n => 1, l => [ $true, undef, 'x' ] } },
                                                                                        undef, { json => { n => 1, l => [ $true, undef, 'x' ] }, 'content-type' => 'application/json' } ],
    [ 'a list as body',      { url => "$here/p", method => 'POST', body => [ 1, { a => {} } ] }, undef, { json => [ 1, { a => {} } ] } ],
    [ 'DELETE with a body',  { url => "$here/p", method => 'DELETE', body => '{}' },    undef, { method => 'DELETE', body => '{}' } ],
    [ 'GET with a body',     { url => "$here/p", body => '{}' },                        undef, { method => 'GET', body => '{}' } ],
    # -- the section
    [ 'base_url',            { url => '/p' },                { base_url => $here },             { uri => '/p' } ],
    [ 'base_url with path',  { url => 'p?x=1' },             { base_url => "$here/base//" },    { uri => '/base/p?x=1' } ],
    [ 'an absolute url',     { url => "$here/p" },           { base_url => 'http://127.0.0.1:1/' }, { uri => '/p' } ],
    [ 'a domain',            { url => '/p', domain => 'shop' }, { base_url => 'http://127.0.0.1:1', domains => { shop => "$here/s" } }, { uri => '/s/p' } ],
    [ 'an unknown domain',   { url => '/p', domain => 'none' }, { base_url => $here, domains => {} }, { uri => '/p' } ],
    [ 'a domain and no url', { domain => 'shop' },           { domains => { shop => "$here/s" } }, { uri => '/s' } ],
    [ 'headers of all',      { url => '/p' },                { base_url => $here, headers => { 'X-All' => 'a' } }, { 'x-all' => 'a' } ],
    [ 'the step wins',       { url => '/p', headers => { 'x-ALL' => 'b' } }, { base_url => $here, headers => { 'X-All' => 'a' } }, { 'x-all' => 'b' } ],
    [ 'redirect',            { url => '/moved' },            { base_url => $here },             { uri => '/landed' } ],
    [ 'no redirect',         { url => '/moved' },            { base_url => $here, redirect => { follow => $false } }, { uri => '/moved' } ],
    [ 'the step decides',    { url => '/moved', redirect => { follow => $true } }, { base_url => $here, redirect => { follow => $false } }, { uri => '/landed' } ],
);

my @judged = (
    # path or url     config                                     run         success  error code and message
    [ '/status/200',  {},                                        'completed', 1 ],
    [ '/status/204',  {},                                        'completed', 1 ],
    [ '/empty',       {},                                        'completed', 1 ],
    [ '/status/301',  {},                                        'completed', 1 ],    # without Location
    [ '/status/404',  {},                                        'completed', 0, 'EXECUTION_ERROR',  qr/404/ ],
    [ '/status/401',  {},                                        'completed', 0, 'AUTH_ERROR',       qr/401/ ],
    [ '/status/503',  {},                                        'completed', 0, 'EXECUTION_ERROR',  qr/503/ ],
    [ '/status/404',  { fail_on_status => $true },               'failed',    0, 'EXECUTION_ERROR',  qr/404/ ],
    [ '/status/200',  { fail_on_status => $true },               'completed', 1 ],
    [ '/circle',      {},                                        'failed',    0, 'EXECUTION_ERROR',  qr/redirect/ ],
    [ '/drop',        {},                                        'failed',    0, 'CONNECTION_ERROR', qr/./ ],
    [ "$closed/",     {},                                        'failed',    0, 'CONNECTION_ERROR', qr/./ ],
    [ 'http://host.invalid/', {},                                'failed',    0, 'CONNECTION_ERROR', qr/host\.invalid/ ],
);

plan tests => @sent + 4 * @judged + 3;

for my $case (@sent) {
    my ($what, $config, $section, $expected) = @$case;
    my $before = () = $target->requests;
    my ($execution) = run_workflow([ { id => 's', type => 'http', config => $config } ], undef, $section ? (http => $section) : ());
    my $got = ($target->requests)[-1];
    my %arrived = (%{ $got->{headers} }, %$got);
    $arrived{json} = eval { decode_json($got->{body}) };
    my %compared = map { $_ => $arrived{$_} } keys %$expected;
    $compared{requests} = 'none' if $before == (() = $target->requests);
    ok t_cmp($writer->encode(\%compared), $writer->encode($expected), $what) or t_debug($writer->encode($execution));
}

for my $case (@judged) {
    my ($path, $config, $status, $success, $code, $message) = @$case;
    my $what = join ' ', $path, sort keys %$config;
    my $url = $path =~ /^http/ ? $path : $here . $path;
    my ($execution, $metrics) = run_workflow([ http_step(s => $url, %$config) ], { iterations => 2 });
    ok t_cmp($execution->{status}, $status, $what);
    ok t_cmp([ @{ $metrics->{step_metrics}{s} }{qw(count success_count failure_count)} ],
             [ 2, $success ? (2, 0) : (0, 2) ], "$what: counts");
    my @errors = @{ $execution->{errors} };
    ok t_cmp([ map { "$_->{code} $_->{step_id}" } @errors ], [ $code ? "$code s" : () ], "$what: one error entry for all");
    ok !$code || t_cmp($errors[0]{message}, $message, "$what: message");
}

# Connections are kept: no more of them than virtual users.
my $kept = WF::Target->new;
run_workflow([ http_step(s => $kept->url) ], { vus => 3, iterations => 20 });
my @requests = $kept->requests;
ok t_cmp(scalar(@requests), 60, 'keep-alive');
ok !grep { $_->{open} > 3 } @requests;
ok !grep { ($_->{headers}{connection} // '') =~ /close/i } @requests;
