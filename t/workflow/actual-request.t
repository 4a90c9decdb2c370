# What was really sent, as the target has seen it: method, URL, headers and body of the last
# request, without secrets; and nothing is kept if no text of the document asks.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 28;

my $secret = 'pa ss/w&rd"1';
my $target = WF::Target->new('/set' => { headers => { 'Set-Cookie' => 'sid=abc; Path=/' } },
                             '/away' => { status => 302, headers => { Location => '/there?q=1' } });
my $server = WF::Server->new(extra => 'WorkflowLoadSecrets secrets');
my $file = $server->file('secrets');
$server->spew('secrets', "password=$secret\n");
chmod 0600, $file;
chown +(getpwnam 'nobody')[2, 3], $file if $> == 0; # whom the engine runs as
$server->start;

# A step, and what the next one tells of it: the target notes that.
sub told {
    my ($config, $expression, @before) = @_;
    my $path = '/told' . ++our $n;
    my ($end) = run_workflow([ @before, { id => 's', type => 'http', config => $config },
        { id => 'tell', type => 'http', config => { method => 'POST', url => $target->url($path), headers => { 'Content-Type' => 'text/plain' }, body => $expression } } ]);
    t_debug(map { $_->{message} } @{ $end->{errors} }) if @{ $end->{errors} };
    my ($r) = $target->requests($path);
    return $r ? $r->{body} : undef;
}

my %post = (method => 'POST', url => $target->url('/a?x=1'), headers => { 'X-Mine' => 'here', Accept => 'text/html' }, body => { name => 'Ann', n => 7 });
ok t_cmp(told(\%post, '${s.actualRequest.method}'), 'POST', 'method');
ok t_cmp(told(\%post, '${s.actualRequest.url}'), $target->url('/a?x=1'), 'url');
ok t_cmp(told(\%post, '${s.actualRequest.version}'), 'HTTP/1.1', 'version');
ok t_cmp(decode_json(told(\%post, '${s.actualRequest.body}')), { name => 'Ann', n => 7 }, 'body');
my $headers = decode_json(told(\%post, '${s.actualRequest.headers}'));
my ($seen) = reverse $target->requests('/a');
ok t_cmp([ @$headers{qw(X-Mine Accept Content-Type)} ], [ 'here', 'text/html', 'application/json' ], 'headers of the step');
ok t_cmp($headers->{Host}, qr/^127\.0\.0\.1:\d+$/, 'and those that nobody wrote');
ok t_cmp($headers->{'Content-Length'}, length $seen->{body}, 'as they were');
ok t_cmp(told(\%post, '${s.actualRequest.size}'), length $seen->{body}, 'size');
ok t_cmp(told(\%post, '${s.actual_request.method} ${response.actualRequest.method}'), 'POST POST', 'by its other names');
ok t_cmp(told({ url => $target->url('/g') }, '${s.actualRequest.method} [${s.actualRequest.body}] ${s.actualRequest.size}'), 'GET [null] 0', 'without a body');

# Cookies of the user, redirects, bytes.
ok t_cmp(told({ url => $target->url('/c') }, '${s.actualRequest.headers.Cookie}', http_step(set => $target->url('/set'))), 'sid=abc', 'cookies of the user');
ok t_cmp(told({ method => 'POST', url => $target->url('/away'), body => 'gone' }, '${s.actualRequest.method} ${s.actualRequest.url} [${s.actualRequest.body}]'),
         'GET ' . $target->url('/there?q=1') . ' [null]', 'after a redirect, the last one');
ok t_cmp(told({ method => 'POST', url => $target->url('/b'), body => { type => 'binary', base64 => 'AAH/' } }, '[${s.actualRequest.body}] ${s.actualRequest.size}'), '[null] 3', 'bytes are told by their number');
my $long = 'x' x 100_000;
my $cut = told({ method => 'POST', url => $target->url('/l'), body => $long }, '${s.actualRequest.size}');
ok $cut > 60_000 && $cut <= 65_536 or t_debug($cut);

# Scripts, and the whole output.
my ($end) = run_workflow([ { id => 's', type => 'http', config => \%post }, { id => 'look', type => 'script', config => { script => 'check(ctx.GetVariable("kept"), { "is set": (v) => v === null || v === undefined }); vars.set("actualRequest", 1)' } } ]);
ok t_cmp($end->{status}, 'completed', 'a script that names it');
my $whole = told(\%post, '${s.output} ${s.actualRequest.method}');
ok t_cmp($whole, qr/"actualRequest":\{.*"method":"POST"/, 'it is a part of the output');
ok t_cmp(told(\%post, '${s.output}'), qr/^(?!.*actualRequest)/s, 'if somebody asks for it');

# ---- secrets ------------------------------------------------------------------------------------

my %cases = (
    'a header'          => [ { url => $target->url('/s1'), headers => { 'X-Key' => '${secret:password}' } }, '${s.actualRequest.headers.X-Key}', '***' ],
    'a part of one'     => [ { url => $target->url('/s2'), headers => { 'X-Key' => 'a${secret:password}b' } }, '${s.actualRequest.headers.X-Key}', 'a***b' ],
    'a query'           => [ { url => $target->url('/s3'), query => { k => '${secret:password}', l => 'm' } }, '${s.actualRequest.url}', $target->url('/s3?k=***&l=m') ],
    'a text'            => [ { method => 'POST', url => $target->url('/s4'), body => 'k=${secret:password};${secret:password}' }, '${s.actualRequest.body}', 'k=***;***' ],
    'JSON'              => [ { method => 'POST', url => $target->url('/s5'), body => { k => '${secret:password}' } }, '${s.actualRequest.body}', qr/\{"k": ?"\*\*\*"\}$/ ],
    'a form'            => [ { method => 'POST', url => $target->url('/s6'), body => { type => 'x-www-form-urlencoded', urlencoded => { k => '${secret:password}' } } }, '${s.actualRequest.body}', 'k=***' ],
    'basic credentials' => [ { url => $target->url('/s7'), headers => { Authorization => 'Basic QWxhZGRpbjpvcGVu' } }, '${s.actualRequest.headers.Authorization}', 'Basic ***' ],
);
for my $what (sort keys %cases) {
    my ($config, $expression, $expected) = @{ $cases{$what} };
    ok t_cmp(told($config, $expression), $expected, "$what: masked");
}
my ($sent) = $target->requests('/s1');
ok t_cmp($sent->{headers}{'x-key'} // $sent->{headers}{'X-Key'}, $secret, 'what was sent was the secret');
($sent) = $target->requests('/s3');
ok t_cmp($sent->{query}{k}, $secret, 'in the query, too');
($sent) = $target->requests('/s5');
ok t_cmp(decode_json($sent->{body}), { k => $secret }, 'and in JSON');

# In each pass of a loop, in parallel steps, in hooks.
ok t_cmp(told({ url => $target->url('/h') }, '${s.actualRequest.url}|${last}',
    { id => 'loop', type => 'for', start => 1, end => 3, index_var => 'i', steps => [ http_step(l => $target->url('/loop/${i}')),
      { id => 'keep', type => 'sleep', config => { duration => '1ms' }, preProcessors => [ { id => 'v', type => 'set_variable', config => { name => 'last', value => '${l.actualRequest.url}' } } ] } ] }),
    $target->url('/h') . '|' . $target->url('/loop/3'), 'in loops');
