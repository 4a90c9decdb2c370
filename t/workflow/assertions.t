# Checks and assertions: what they say of an answer, what they count, and what a failed one
# does to its step, as seen in what the target gets next.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Target;
use WF::Test;

my $target = WF::Target->new(
    '/item' => { headers => { 'X-Rate' => '99' }, json => { total => 3, name => 'bolt', tags => [ 'a', 'b' ], none => undef } },
    '/gone' => { status => 410, json => { error => 'gone' } },
    '/slow' => { delay => 0.3 },
    '/third' => [ { json => { ready => JSON::PP::false } }, { json => { ready => JSON::PP::false } }, { json => { ready => JSON::PP::true } } ],
);
my $url = $target->url;
my $true = JSON::PP::true;

# One entry of assert, and the error it gives, undef for none.
my @cases = (
    # path     entry                                                       error
    [ '/item', { status => 200 },                                          undef ],
    [ '/gone', { status => 200 },                                          'expected status to equal 200, got 410' ],
    [ '/gone', { status => [ 404, 410 ] },                                 undef ],
    [ '/slow', { response_time => '200ms' },                               qr/^expected response time \(ms\) to be at most 200, got 3\d\d/ ],
    [ '/slow', { response_time => '10s' },                                 undef ],
    [ '/item', { json_path => '$.total', greater_than => 5 },              'expected $.total to be greater than 5, got 3' ],
    [ '/item', { json_path => '$.total', less_or_equal => 3 },             undef ],
    [ '/item', { json_path => '$.name', greater_than => 5 },               'expected $.name to be greater than 5, got "bolt", which is not a number' ],
    [ '/item', { json_path => '$.name', equals => 'nut' },                 'expected $.name to equal "nut", got "bolt"' ],
    [ '/item', { json_path => '$.total', equals => '3' },                  'expected $.total to equal "3", got 3' ],
    [ '/item', { json_path => '$.tags', equals => [ 'a', 'b' ] },          undef ],
    [ '/item', { json_path => '$.tags', contains => 'c' },                 'expected $.tags to contain "c", got ["a","b"]' ],
    [ '/item', { json_path => '$.tags[*]', length_equals => 2 },           undef ],
    [ '/item', { json_path => '$.none', is_null => $true },                undef ],
    [ '/item', { json_path => '$.name', is_null => $true },                'expected $.name to be null, got "bolt"' ],
    [ '/item', { json_path => '$.none' },                                  undef ],
    [ '/item', { json_path => '$.nothing' },                               'expected $.nothing to be there' ],
    [ '/item', { json_path => '$.name', matches => '^[a-z]{4}$' },         undef ],
    [ '/item', { json_path => '$.name', in => [ 'nut', 'washer' ] },       'expected $.name to be one of ["nut","washer"], got "bolt"' ],
    [ '/item', { json_path => '$.tags', is_type => 'array' },              undef ],
    [ '/item', { header => 'X-Rate', less_than => 50 },                    'expected header X-Rate to be less than 50, got 99' ],
    [ '/item', { header => 'Content-Type', starts_with => 'application/' }, undef ],
    [ '/item', { regex => '"total":(\d)', group => 1, equals => 3 },       undef ],
    [ '/item', { actual => '${response.body.total}', equals => '${limit}' }, undef ],
    [ '/item', { actual => '${response.body.total}', not_equals => '${limit}' }, 'expected response.body.total not to equal 3, got 3' ],
    [ '/item', '${response.body.total} + 1 == 4',                          undef ],
    [ '/item', '${response.body.total} > 3',                               'expected ${response.body.total} > 3' ],
    [ '/item', { name => 'stock', message => 'sold out', json_path => '$.total', equals => 0 },
                                                                           'stock: sold out (expected $.total to equal 0, got 3)' ],
);

plan tests => 4 * @cases + 18;

for my $case (@cases) {
    my ($path, $entry, $error) = @$case;
    my ($execution, $metrics) = run_workflow(
        [ { %{ http_step(s => $url . $path) }, assert => [$entry] }, http_step(t => "$url/next") ],
        { thresholds => [ { metric => 'checks', condition => 'passes == ' . ($error ? 0 : 1) },
                          { metric => 'checks', condition => 'fails == ' . ($error ? 1 : 0) } ] },
        variables => { limit => 3 });
    my ($got) = map { $_->{message} =~ /^assertion failed: (.*)/s } @{ $execution->{errors} };
    my $what = ref $entry ? JSON::PP->new->canonical->encode($entry) : $entry;
    ok t_cmp($got, $error, $what);
    ok t_cmp($metrics->{step_metrics}{s}{failure_count}, $error || $path eq '/gone' ? 1 : 0, 'failures');
    ok t_cmp(($target->requests)[-1]{path}, $error ? $path : '/next', 'whether the next step comes');
    ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $metrics->{thresholds} } ], [ 1, 1 ], 'checks are counted');
}

# Checks count and never fail a step; all of a list are looked at.
my ($execution, $metrics) = run_workflow(
    [ { %{ http_step(s => "$url/item") }, checks => [ { status => 200 }, { status => 404 }, '1 == 1', { json_path => '$.x' } ] } ],
    { vus => 2, iterations => 5, thresholds => [ { metric => 'checks', condition => 'rate == 0.5' },
                                                 { metric => 'checks', condition => 'passes == 20' } ] });
ok t_cmp($execution->{status}, 'completed', 'checks do not fail the run');
ok t_cmp($execution->{errors}, [], 'nor are they errors');
ok t_cmp([ @{ $metrics->{step_metrics}{s} }{qw(success_count failure_count)} ], [ 10, 0 ], 'nor failures of the step');
ok t_cmp([ map { $_->{passed} ? 1 : 0 } @{ $metrics->{thresholds} } ], [ 1, 1 ], 'they are a rate');

# on_error and retries mean for assertions what they mean for the rest of a step.
my $retry = { %{ http_step(s => "$url/third") }, on_error => 'retry', retry => { max_attempts => 5, delay => '10ms' },
              assert => [ { json_path => '$.ready', equals => $true } ] };
($execution) = run_workflow([ $retry, http_step(t => "$url/ready") ]);
ok t_cmp($execution->{status}, 'completed', 'until it holds');
ok t_cmp(scalar(() = $target->requests('/third')), 3, 'three attempts');
ok t_cmp(scalar(() = $target->requests('/ready')), 1, 'then the next step');

($execution) = run_workflow([ { %{ http_step(s => "$url/item") }, on_error => 'continue', assert => [ { status => 404 } ] },
                              http_step(t => "$url/went-on/\${s.status}") ]);
ok t_cmp(scalar(() = $target->requests('/went-on/failed')), 1, 'continue');
ok t_cmp($execution->{errors}[0]{code}, 'EXECUTION_ERROR');
ok t_cmp($execution->{errors}[0]{step_id}, 's');

# In a loop, each pass on its own; the loop fails with it.
($execution) = run_workflow([ { id => 'l', type => 'loop', loop => { mode => 'for', count => 5, steps => [
    { %{ http_step(s => "$url/pass/\${loop.index}") }, assert => ['${loop.index} < 2'] } ] } } ]);
ok t_cmp([ map { $_->{path} } grep { $_->{path} =~ m{^/pass} } $target->requests ], [ '/pass/0', '/pass/1', '/pass/2' ], 'passes');
ok t_cmp($execution->{status}, 'failed');

# Processors as written by other tools; disabled ones are skipped.
($execution) = run_workflow([ { %{ http_step(s => "$url/item") },
    preProcessors => [ { id => 'p1', type => 'set_variable', enabled => $true, name => 'limit', config => { variableName => 'limit', value => '3', scope => 'temp' } } ],
    postProcessors => [
        { id => 'p2', type => 'assertion', enabled => JSON::PP::false, config => { assertType => 'status_code', operator => 'eq', expected => '500' } },
        { id => 'p3', type => 'assertion', enabled => $true, name => 'total', config => { assertType => 'jsonpath', expression => '$.total', operator => 'eq', expected => '${limit}' } },
        { id => 'p4', type => 'wait', enabled => $true, config => { duration => 100 } },
        { id => 'p5', type => 'assertion', enabled => $true, name => 'fast', config => { assertType => 'response_time', operator => 'lt', expected => '5000' } } ] } ]);
ok t_cmp($execution->{status}, 'completed') or t_debug($execution->{errors});

# What is wrong is told at submission, in YAML with line and column.
my $r = call('POST', '/api/v1/workflows', { yaml => <<"YAML" });
id: w
name: W
steps:
  - id: s
    type: http
    config: { url: "$url" }
    assert:
      - { status: 200, equal: 5 }
      - { json_path: "\$.a", greater_than: many }
      - "1 =="
YAML
my $message = json($r)->{message};
ok t_cmp($r->code, 400);
ok t_cmp($message, qr/8:24: \[unknown-member\] steps\[0\]\.assert\[0\]\.equal: no such member/);
ok t_cmp($message, qr/9:43: \[value\] steps\[0\]\.assert\[1\]\.greater_than: needs a number/);
ok t_cmp($message, qr/10:9: \[expression\] steps\[0\]\.assert\[2\]: .*found the end/);

# Secrets and long values do not get into errors.
($execution) = run_workflow([ { %{ http_step(s => "$url/item") }, assert => [ { actual => 'x' x 1000, equals => 'y' } ] } ]);
ok length $execution->{errors}[0]{message} < 300;
