# A workflow that cannot run is refused: every fault with its path, and its line in YAML;
# YAML and JSON have one schema. Nothing of it is kept.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Test;

my $step = { id => 's', type => 'http', config => { url => 'http://127.0.0.1:9/' } };
my $true = JSON::PP::true;

# A valid workflow with some members changed (undef takes one out), as object.
sub with { my %w = (id => 'bad', name => 'Bad', steps => [$step], @_); delete @w{ grep { !defined $w{$_} } keys %w }; \%w }
sub step { +{ %$step, @_ } }
sub config { step(config => { %{ $step->{config} }, @_ }) }
sub options { with(options => {@_}) }
sub threshold { options(thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < 5', @_ } ]) }

my @cases = (
    # what                      workflow                                            the path, and what is wrong
    [ 'no id',                  with(id => undef),                                  qr/\bid\b.*required/ ],
    [ 'an empty id',            with(id => ''),                                     qr/\bid\b.*empty/ ],
    [ 'id a number',            with(id => 7),                                      qr/\bid\b.*text/ ],
    [ 'no name',                with(name => undef),                                qr/\bname\b.*required/ ],
    [ 'no steps member',        with(steps => undef),                               qr/\bsteps\b.*required/ ],
    [ 'no steps',               with(steps => []),                                  qr/\bsteps\b.*at least one/ ],
    [ 'steps a map',            with(steps => {}),                                  qr/\bsteps\b.*list/ ],
    [ 'step a text',            with(steps => ['s']),                               qr/steps\[0\].*map/ ],
    [ 'unknown member',         with(stepz => []),                                  qr/\bstepz\b.*no such member/ ],
    [ 'variables a list',       with(variables => [1]),                             qr/\bvariables\b.*map/ ],
    [ 'no step id',             with(steps => [step(id => '')]),                    qr/steps\[0\]\.id/ ],
    [ 'two steps, one id',      with(steps => [$step, $step]),                      qr/steps\[1\]\.id.*steps\[0\]/ ],
    [ 'no type',                with(steps => [{ id => 's' }]),                     qr/steps\[0\]\.type.*required/ ],
    [ 'unknown type',           with(steps => [$step, step(id => 't', type => 'htp')]), qr/steps\[1\]\.type.*"htp"/ ],
    [ 'a type for later',       with(steps => [step(type => 'mq')]),            qr/steps\[0\]\.type.*mq.*not supported/ ],
    [ 'grpc',                   with(steps => [step(type => 'grpc')]),              qr/steps\[0\]\.type.*grpc.*not supported/ ],
    [ 'unknown step member',    with(steps => [step(retries => 3)]),                qr/steps\[0\]\.retries.*no such member/ ],
    [ 'a hook without type',    with(steps => [step(pre_hook => {})]),              qr/steps\[0\]\.pre_hook\.type.*required/ ],
    [ 'on_error',               with(steps => [step(on_error => 'ignore')]),        qr/steps\[0\]\.on_error.*"ignore".*abort, continue/ ],
    [ 'retry without on_error', with(steps => [step(retry => {})]),                 qr/steps\[0\]\.retry.*on_error: retry/ ],
    [ 'timeout a number',       with(steps => [step(timeout => 5)]),                qr/steps\[0\]\.timeout.*unit/ ],
    [ 'timeout without unit',   with(steps => [step(timeout => '5')]),              qr/steps\[0\]\.timeout.*"5"/ ],
    [ 'timeout negative',       with(steps => [step(timeout => '-5s')]),            qr/steps\[0\]\.timeout.*negative/ ],
    [ 'timeout in days',        with(steps => [step(timeout => '1d')]),             qr/steps\[0\]\.timeout.*"1d"/ ],
    [ 'disabled a text',        with(steps => [step(disabled => 'no')]),            qr/steps\[0\]\.disabled.*true or false/ ],
    [ 'no config',              with(steps => [{ id => 's', type => 'http' }]),     qr/steps\[0\]\.config\.url.*required/ ],
    [ 'config without url',     with(steps => [step(config => {})]),                qr/steps\[0\]\.config\.url.*required/ ],
    [ 'a relative url',         with(steps => [config(url => '/x')]),               qr/steps\[0\]\.config\.url.*base_url/ ],
    [ 'a file url',             with(steps => [config(url => 'file:///etc/passwd')]), qr/steps\[0\]\.config\.url/ ],
    [ 'unknown method',         with(steps => [config(method => 'BREW')]),          qr/steps\[0\]\.config\.method.*"BREW"/ ],
    [ 'line break in a header', with(steps => [config(headers => { A => "b\nC: d" })]), qr/steps\[0\]\.config\.headers\.A/ ],
    [ 'no header name',         with(steps => [config(headers => { 'A b' => 1 })]), qr/steps\[0\]\.config\.headers.*header name/ ],
    [ 'query a text',           with(steps => [config(query => 'a=b')]),            qr/steps\[0\]\.config\.query.*map/ ],
    [ 'a header that nests',    with(steps => [config(headers => { A => [1] })]),   qr/steps\[0\]\.config\.headers\.A/ ],
    [ 'unknown domain',         with(steps => [config(domain => 'shop')]),          qr/steps\[0\]\.config\.domain.*"shop"/ ],
    [ 'mode',                   options(mode => 'constant-users'),                  qr/options\.mode.*"constant-users"/ ],
    [ 'stages as a map',        options(stages => {}),                              qr/options\.stages.*list/ ],
    [ 'vus negative',           options(vus => -1),                                 qr/options\.vus.*negative/ ],
    [ 'vus a fraction',         options(vus => 1.5),                                qr/options\.vus.*whole number/ ],
    [ 'vus a text',             options(vus => 'ten'),                              qr/options\.vus.*whole number/ ],
    [ 'vus without end',        options(vus => 1000000000),                         qr/options\.vus.*more than/ ],
    [ 'iterations true',        options(iterations => $true),                       qr/options\.iterations.*whole number/ ],
    [ 'duration a number',      options(duration => 30),                            qr/options\.duration.*unit/ ],
    [ 'duration spelled out',   options(duration => '30 seconds'),                  qr/options\.duration.*"30 seconds"/ ],
    [ 'unknown option',         options(users => 3),                                qr/options\.users.*no such member/ ],
    [ 'engine',                 options(http_engine => 'netty'),                    qr/options\.http_engine.*fasthttp, standard/ ],
    [ 'threshold condition',    threshold(condition => 'p(95) ~ 5'),                qr/options\.thresholds\[0\]\.condition/ ],
    [ 'threshold with a unit',  threshold(condition => 'p(95) < 5ms'),              qr/options\.thresholds\[0\]\.condition/ ],
    [ 'threshold percentile',   threshold(condition => 'p(101) < 5'),               qr/options\.thresholds\[0\]\.condition/ ],
    [ 'threshold metric',       threshold(metric => ''),                            qr/options\.thresholds\[0\]\.metric/ ],
    [ 'threshold member',       threshold(abort => $true),                          qr/options\.thresholds\[0\]\.abort.*no such member/ ],
);

my @yaml = (
    # what                      text                                                  line and column, what is wrong
    [ 'no YAML at all',         "id: [",                                              qr/^2:1: / ],
    [ 'a tab as indentation',   "id: a\nname: b\nsteps:\n\t- id: s\n",                qr/^4:1: / ],
    [ 'empty but for comments', "# nothing\n",                                        qr/empty/ ],
    [ 'a list',                 "- id: a\n",                                          qr/map/ ],
    [ 'a text',                 "hello\n",                                            qr/map/ ],
    [ 'a key twice',            "id: a\nname: b\nid: c\nsteps: []\n",                 qr/^3:1: .*\bid\b.*twice/ ],
    [ 'line of a fault',        "id: a\nname: b\nsteps:\n  - id: s\n    type: htp\n", qr/^5:11: .*steps\[0\]\.type/ ],
    [ 'an anchor that grows',   'a: &a [x,x,x,x,x,x,x,x,x,x]' . "\n" . join('', map { my $p = chr(96 + $_); my $q = chr(97 + $_);
                                "$q: &$q [*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p,*$p]\n" } 1 .. 9), qr/^6:8: .*limit/ ],
);

plan tests => 6 * @cases + 3 * @yaml + 10;

my $before = get_json('/api/v1/executions?limit=0')->{total};
my $writer = JSON::PP->new->canonical;

sub refused {
    my ($what, $body, $message) = @_;
    my $r = call('POST', '/api/v1/workflows', $body);
    ok t_cmp($r->code, 400, $what);
    my $error = json($r);
    ok t_cmp($error->{error}, 'invalid_workflow', "$what: code");
    ok t_cmp($error->{message}, $message, "$what: message");
}

for my $case (@cases) {
    my ($what, $workflow, $message) = @$case;
    refused($what, { workflow => $workflow }, $message);
    refused("$what, yaml", { yaml => $writer->encode($workflow) }, $message);
}
refused($_->[0], { yaml => $_->[1] }, $_->[2]) for @yaml;

# Several faults: all of them are named at once.
my $r = call('POST', '/api/v1/workflows', { yaml => "id: a\nsteps:\n  - id: s\n    type: http\n    on_error: x\n"
                                                  . "options:\n  vus: many\n  colour: red\n" });
for (qr/\bname: is required/, qr/^5:15: /m, qr/^7:8: /m, qr/^8:3: /m) {
    ok t_cmp(json($r)->{message}, $_, 'all faults are named');
}

# The same of an object, where it stands in the request.
$r = call('POST', '/api/v1/workflows', <<'END');
{ "workflow": {
    "id": "a",
    "steps": [ { "id": "s", "type": "http",
                 "on_error": "x" } ],
    "options": { "vus": "many",
                 "colour": "red" } } }
END
for (qr/\bname: is required/, qr/^4:30: .*on_error/m, qr/^5:25: .*vus/m, qr/^6:28: .*colour/m, qr/^3:16: .*config\.url: url or domain/m) {
    ok t_cmp(json($r)->{message}, $_, 'all faults of an object are named');
}
ok t_cmp(get_json('/api/v1/executions?limit=0')->{total}, $before, 'nothing was kept');
