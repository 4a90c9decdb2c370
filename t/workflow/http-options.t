# How http steps talk to their target: cookies of a user, connections, compression, addresses for
# names, what later steps learn of an exchange, and where its time goes.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Compress::Gzip ();
use JSON::PP;
use WF::Target;
use WF::Test;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $long = 'all work and no play ' x 200;
IO::Compress::Gzip::gzip(\$long, \my $packed);
my $target = WF::Target->new(
    '/set'    => sub { { headers => { 'Set-Cookie' => "sid=" . shift->{number} . '; Path=/' } } },
    '/go'     => { status => 302, headers => { Location => '/landed', 'Set-Cookie' => 'way=1; Path=/' } },
    '/packed' => { body => $packed, headers => { 'Content-Encoding' => 'gzip', 'Content-Type' => 'text/plain' } },
    '/slow'   => { delay => 0.15 },
    '/huge'   => { body => 'x' x 5000 },
);
my $here = $target->url;
my ($port) = $here =~ /:(\d+)/;

# The Cookie headers of the requests that some steps make, one text an iteration.
sub cookies_of {
    my ($steps, $options, @more) = @_;
    my $before = () = $target->requests;
    run_workflow($steps, $options, @more);
    my @all = $target->requests;
    return [ map { "$_->{path} " . ($_->{headers}{cookie} // '') =~ s/sid=\d+/sid=N/r } @all[ $before .. $#all ] ];
}
my @walk = (http_step(a => "$here/set"), http_step(b => "$here/b"));
my @jars = (
    # what                    options               section                     requests
    [ 'a jar for each user',  {},                   {},                         [ '/set ', '/b sid=N' ] ],
    [ 'emptied each time',    { iterations => 2 },  {},                         [ '/set ', '/b sid=N', '/set ', '/b sid=N' ] ],
    [ 'or kept',              { iterations => 2 },  { keep_cookies => $true },  [ '/set ', '/b sid=N', '/set sid=N', '/b sid=N' ] ],
    [ 'no jar',               {},                   { cookies => $false },      [ '/set ', '/b ' ] ],
    [ 'cookies for all',      {},                   { cookies => { a => 1 } },  [ '/set a=1', '/b sid=N; a=1' ] ],
);
my @own = (
    # what                      config of the second step                   its cookies
    [ 'cookies of a step',      { cookies => { x => '${__VU}', y => 'z' } }, 'sid=N; x=1; y=z' ],
    [ 'with a header',          { cookies => { x => 1 }, headers => { Cookie => 'h=2' } }, 'sid=N; h=2; x=1' ],
    [ 'a step without the jar', { cookies => $false },                       '' ],
);

# What a later step learns: the text that arrives at the target.
my @outputs = (
    [ 'statusCode',  '/slow',   '${a.statusCode}',                   qr/^200$/ ],
    [ 'status_text', '/slow',   '${a.status_text}',                  qr/^OK$/ ],
    [ 'cookies',     '/set',    '${a.cookies.sid}',                  qr/^\d+$/ ],
    [ 'timings',     '/slow',   '${a.timings.waiting}',              qr/^[1-9]\d{2,}(\.\d+)?$/ ],   # of 150 ms; it is known a little late that all is sent
    [ 'no lookup',   '/slow',   '${a.timings.tls_handshaking}',      qr/^0$/ ],
    [ 'version',     '/slow',   '${a.version}',                      qr/^HTTP\/1\.1$/ ],
    [ 'reused',      '/slow',   '${a.reused}',                       qr/^(true|false)$/ ],
    [ 'redirects',   '/go',     '${a.redirects}',                    qr/^1$/ ],
    [ 'url',         '/go',     '${a.url}',                          qr/\/landed$/ ],
    [ 'body type',   '/slow',   '${a.bodyType}',                     qr/^json$/ ],
    [ 'size',        '/packed', '${a.size}',                         qr/^4200$/, { compression => $true } ],
    [ 'wire size',   '/packed', '${a.wire_size}',                    qr/^${\ length $packed}$/, { compression => $true } ],
    [ 'decoded',     '/packed', '${a.body_raw}',                     qr/^all work and no play all/, { compression => $true } ],
    [ 'raw',         '/packed', '${a.size}',                         qr/^${\ length $packed}$/ ],
);
my @sizes = ([ 5000, 'completed' ], [ 4999, 'failed' ]);
my @shared = (
    # connections   users  iterations  section                        most connections, fewest
    [ 'per_vu',     4,     40,         {},                            4, 4 ],
    [ 'shared',     4,     40,         {},                            4, 1 ],
    # A limit is one of the whole execution, however many users and loops there are.
    [ 'shared',     200,   3,          { max_connections => 10 },     10, 10 ],
    [ 'shared',     200,   1,          { max_connections => 1 },      1, 1 ],
);
my @wrong = (
    # section                                   where and what
    [ { http_version => 3 },                    qr/http\.http_version.*one of: auto, 1\.1, 2/ ],
    [ { cookies => 'yes' },                     qr/http\.cookies.*true, false or a map/ ],
    [ { cookies => { 'a b' => 1 } },            qr/cookies.*token/ ],
    [ { cookies => { a => 'x;y' } },            qr/cookies.*semicolons/ ],
    [ { connections => 'one' },                 qr/http\.connections.*per_vu/ ],
    [ { resolve => ['shop.example:1.2.3.4'] },  qr/http\.resolve\[0\].*host:port:address/ ],
    [ { resolve => ['shop.example:0:1.2.3.4'] }, qr/http\.resolve\[0\]/ ],
    [ { resolve => ['shop.example:80:shop'] },  qr/http\.resolve\[0\]/ ],
    [ { ssl => { cert => '${none}/c.pem' } },   qr/http\.ssl\.cert.*variables of the workflow/ ],
);

plan tests => @jars + @own + @outputs + @sizes + 2 * @shared + @wrong + 5 + 9;

for my $case (@jars) {
    my ($what, $options, $section, $expected) = @$case;
    ok t_cmp(cookies_of(\@walk, $options, http => $section), $expected, $what);
}
for my $case (@own) {
    my ($what, $config, $expected) = @$case;
    ok t_cmp(cookies_of([ $walk[0], http_step(b => "$here/b", %$config) ])->[1], "/b $expected", $what);
}
# Each user has his own: what one sets, the others do not send.
my %seen;
run_workflow(\@walk, { vus => 3, iterations => 5 });
for my $request ($target->requests('/b')) {
    $seen{$1}++ if ($request->{headers}{cookie} // '') =~ /sid=(\d+)/;
}
ok t_cmp((scalar grep { $_ > 1 } values %seen), 0, 'no cookie is sent by two');

for my $case (@outputs) {
    my ($what, $path, $text, $expected, $section) = @$case;
    run_workflow([ http_step(a => "$here$path"), http_step(b => "$here/out", query => { v => $text }) ], undef,
                 $section ? (http => $section) : ());
    ok t_cmp(($target->requests('/out'))[-1]{query}{v}, $expected, $what);
}
ok t_cmp(($target->requests('/packed'))[0]{headers}{'accept-encoding'}, qr/gzip/, 'compression is asked for');
ok !exists +($target->requests('/packed'))[-1]{headers}{'accept-encoding'};

for my $case (@sizes) {
    my ($size, $status) = @$case;
    my ($execution) = run_workflow([ http_step(a => "$here/huge") ], undef, http => { max_response_size => $size });
    ok t_cmp($execution->{status}, $status, "an answer of 5000 bytes, at most $size");
}

for my $case (@shared) {
    my ($connections, $users, $iterations, $section, $most, $fewest) = @$case;
    my $fresh = WF::Target->new('/' => { delay => 0.002 });
    run_workflow([ http_step(a => $fresh->url('/')) ], { vus => $users, iterations => $iterations },
                 http => { connections => $connections, %$section });
    my ($open) = sort { $b <=> $a } map { $_->{open} } my @requests = $fresh->requests;
    ok t_cmp(scalar @requests, $users * $iterations, "$users users, $iterations requests each");
    ok $open <= $most && $open >= $fewest, 1, "$fewest to $most connections, the target saw $open";
}
my $fresh = WF::Target->new;
run_workflow([ http_step(a => $fresh->url, keep_alive => $false) ], { iterations => 3 });
ok t_cmp([ map { $_->{headers}{connection} } $fresh->requests ], [ ('close') x 3 ], 'no keep-alive');

run_workflow([ http_step(a => "http://shop.example:$port/named") ], undef,
             http => { resolve => ["shop.example:$port:127.0.0.1"] });
ok t_cmp(($target->requests('/named'))[-1]{headers}{host}, "shop.example:$port", 'an address for a name');

# Phases are metrics, which thresholds can name.
my @phases = (
    [ http_req_waiting         => 'min >= 100' ],
    [ http_req_waiting         => 'max < 10000' ],
    [ http_req_tls_handshaking => 'max == 0' ],
    [ http_req_looking_up      => 'max < 1000' ],
    [ http_req_connecting      => 'max > 0' ],
    [ http_req_connecting      => 'min == 0' ],
    [ http_req_blocked         => 'max < 1000' ],
    [ http_req_sending         => 'max < 1000' ],
    [ http_req_receiving       => 'max < 1000' ],
);
my (undef, $metrics) = run_workflow([ http_step(a => "$here/slow") ], {
    iterations => 3, thresholds => [ map { { metric => $_->[0], condition => $_->[1] } } @phases ] });
for my $threshold (@{ $metrics->{thresholds} }) {
    ok $threshold->{passed} or t_debug(JSON::PP->new->encode($threshold));
}

for my $case (@wrong) {
    my ($section, $expected) = @$case;
    my $response = call('POST', '/api/v1/workflows',
                        { workflow => workflow([ $walk[0] ], undef, http => $section) });
    ok t_cmp($response->content, $expected);
}
