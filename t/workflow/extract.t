# What is taken from one answer and put into the next request, as the target received it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

my $target = WF::Target->new(
    '/login' => {
        headers => { 'Set-Cookie' => 'sid=s-42; Path=/; HttpOnly', ETag => '"v7"' },
        json => { token => 't-1', user => { roles => [ 'admin', 'user' ] },
                  items => [ { id => 7, price => 9.5 }, { id => 8, price => 20 } ] },
    },
    '/page' => { headers => { 'Content-Type' => 'text/html' },
                 body => '<form><input name="csrf" value="a1&b2"><a href="/x/1">1</a><a href="/x/2">2</a></form>' },
    '/binary' => { headers => { 'Content-Type' => 'application/octet-stream' }, body => "\xff\xfe id=77; \x80" },
    '/text' => { body => 'no JSON at all' },
    '/numbered' => sub { +{ json => { token => "t-$_[0]{number}" } } },
);
my $url = $target->url;

# Members of the step that asks for a path, what the next step asks for, what arrives there.
my @cases = (
    # path        members                                                     next                arrives
    [ '/login',   { extract => { t => '$.token' } },                          '/${t}',            '/t-1' ],
    [ '/login',   { extract => { t => '$..id' } },                            '/${t[0]}/${t[1]}', '/7/8' ],
    [ '/login',   { extract => { t => '$.items[?@.price > 10].id' } },        '/${t}',            '/8' ],
    [ '/login',   { extract => { t => '$.items[-1]' } },                      '/${t.id}',         '/8' ],
    [ '/login',   { extract => { t => '$.user.roles[*]' } },                  '/${t[1]}',         '/user' ],
    [ '/login',   { extract => { t => { json_path => '$..price', index => 1 } } }, '/${t}',       '/20' ],
    [ '/login',   { extract => { t => { header => 'etag' } } },               '/a?q=${t}',        '/a?q="v7"' ],
    [ '/login',   { extract => { t => { cookie => 'sid' } } },                '/${t}',            '/s-42' ],
    [ '/login',   { extract => { c => 'status', b => 'body' } },              '/${c}/${b.token}', '/200/t-1' ],
    [ '/login',   { extract => [ { to => 'a', json_path => '$.token' }, { to => 'b', header => 'ETag', scope => 'env' } ] },
                                                                              '/${a}?q=${env.b}', '/t-1?q="v7"' ],
    [ '/login',   { extract => { t => { json_path => '$.none', default => 'd' } } }, '/${t}',     '/d' ],
    [ '/page',    { extract => { t => { regex => 'name="csrf" value="([^"]*)"', group => 1 } } }, '/p?q=${t}', '/p?q=a1&b2' ],
    [ '/page',    { extract => { t => { regex => 'href="([^"]*)"', group => 1, index => 1 } } }, '${t}', '/x/2' ],
    [ '/page',    { extract => { t => { pattern => '(?i)<FORM>' } } },        '/p?q=${t}',        '/p?q=<form>' ],
    [ '/binary',  { extract => { t => { regex => 'id=(\d+)', group => 1 } } }, '/${t}',           '/77' ],
    [ '/login',   { postProcessors => [
                        { type => 'extract_param', config => { extractType => 'jsonpath', expression => '$.token', variableName => 't' } },
                        { type => 'extract_param', config => { extractType => 'cookie', expression => 'sid', variableName => 'c', scope => 'env' } },
                        { type => 'set_variable', config => { variableName => 'both', value => '${t}-${env.c}' } } ] },
                                                                              '/${both}',         '/t-1-s-42' ],
    [ '/login',   { post_processors => [ { type => 'js_script', config => { script => 'ctx.SetVariable("n", response.json().items.length * 10)' } } ] },
                                                                              '/${n}',            '/20' ],
    [ '/login',   { extract => { t => '$.token' }, postProcessors => [ { type => 'regex', config => { to => 'n', source => 't', pattern => '\d' } } ] },
                                                                              '/${n}',            '/1' ],
);

# What is not found, and nothing to fall back to: the step fails and says what.
my @missing = (
    # path      members                                                       error
    [ '/login', { extract => { t => '$.none' } },                             'cannot extract t: $.none was not found' ],
    [ '/login', { extract => { t => { header => 'X-None' } } },               'cannot extract t: header X-None was not found' ],
    [ '/login', { extract => { t => { cookie => 'none' } } },                 'cannot extract t: cookie none was not found' ],
    [ '/page',  { extract => { t => { regex => 'none' } } },                  'cannot extract t: pattern none was not found' ],
    [ '/text',  { extract => { t => '$.token' } },                            'cannot extract t: $.token was not found' ],
    [ '/login', { extract => { t => { json_path => '$..id', index => 5 } } }, 'cannot extract t: $..id was not found' ],
    [ '/page',  { postProcessors => [ { type => 'json_path', config => { to => 't', expression => '$.a' } } ] },
                                                                              'cannot extract t: $.a was not found' ],
);

my @refused = (
    [ { extract => { t => '$.[' } },                      qr/steps\[0\]\.extract\.t: JSONPath "\$\.\[", position 3/ ],
    [ { extract => { t => { regex => '(' } } },           qr/steps\[0\]\.extract\.t\.regex: .*missing closing parenthesis/ ],
    [ { extract => { t => { jsn_path => '$' } } },        qr/steps\[0\]\.extract\.t\.jsn_path: no such member/ ],
    [ { postProcessors => [ { type => 'extract' } ] },    qr/postProcessors\[0\]\.config/ ],
);

plan tests => 2 * @cases + 3 * @missing + 2 * @refused + 3;

for my $case (@cases) {
    my ($path, $members, $next, $arrives) = @$case;
    my ($execution) = run_workflow([ { %{ http_step(s => $url . $path) }, %$members }, http_step(t => $next) ], undef,
                                   http => { base_url => $url });
    my $last = ($target->requests)[-1];
    ok t_cmp($execution->{status}, 'completed', $arrives) or t_debug($execution->{errors});
    ok t_cmp($last->{uri}, $arrives, "$path, $next");
}

for my $case (@missing) {
    my ($path, $members, $error) = @$case;
    my $before = () = $target->requests;
    my ($execution, $metrics) = run_workflow([ { %{ http_step(s => $url . $path) }, %$members }, http_step(t => "$url/never") ]);
    ok t_cmp($execution->{errors}[0]{message}, $error);
    ok t_cmp($metrics->{step_metrics}{s}{failure_count}, 1, 'a failure of the step');
    ok t_cmp(scalar(() = $target->requests), $before + 1, 'the next step does not come');
}

for my $case (@refused) {
    my ($members, $message) = @$case;
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([ { %{ http_step(s => $url) }, %$members } ]) });
    ok t_cmp($r->code, 400);
    ok t_cmp(json($r)->{message}, $message);
}

# Every user has variables of its own, also when many are at it at once.
run_workflow([ { %{ http_step(s => "$url/numbered") }, extract => { t => '$.token' } }, http_step(t => "$url/mine/\${t}") ],
             { vus => 10, iterations => 20 });
my %got;
$got{ $_->{path} }++ for grep { $_->{path} =~ m{^/mine/} } $target->requests;
ok t_cmp(scalar(keys %got), 200, 'each got its own');
ok t_cmp([ grep { $_ != 1 } values %got ], [], 'and used it once');
ok !grep { m{\$} } keys %got;
