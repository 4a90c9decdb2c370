# Requests that are wrong in themselves: bodies, methods, paths, parameters. Every error is
# {"error", "message"}, and nothing is started.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Test;

my $submit = '/api/v1/workflows';
my $big = '{"yaml": "' . 'x' x 70_000 . '"}';          # WorkflowMaxBody is 65536 here
my $deep = '{"workflow": ' . '[' x 200 . ']' x 200 . '}';
my $neither = qr/^Either 'workflow' or 'yaml' must be provided$/;

my @cases = (
    # what                      method    path                              body                    status  code                  message
    # -- bodies of a submission
    [ 'neither form',           'POST',   $submit,                          '{}',                   400, 'invalid_request',     $neither ],
    [ 'both are null',          'POST',   $submit,                          '{"yaml":null,"workflow":null}', 400, 'invalid_request', $neither ],
    [ 'an empty yaml',          'POST',   $submit,                          '{"yaml":""}',          400, 'invalid_request',     $neither ],
    [ 'an empty body',          'POST',   $submit,                          '',                     400, 'invalid_request',     $neither ],
    [ 'malformed JSON',         'POST',   $submit,                          "{\n  \"yaml\": }",     400, 'invalid_request',     qr/line 2,? column \d+/ ],
    [ 'JSON cut off',           'POST',   $submit,                          '{"yaml": "id: a',      400, 'invalid_request',     qr/line 1/ ],
    [ 'text behind the JSON',   'POST',   $submit,                          '{"yaml": "a"} b',      400, 'invalid_request',     qr/line 1,? column 15/ ],
    [ 'no JSON',                'POST',   $submit,                          "id: a\nname: b\n",     400, 'invalid_request',     qr/line 1,? column 1/ ],
    [ 'single quotes',          'POST',   $submit,                          "{'yaml': 'a'}",        400, 'invalid_request',     qr/line 1/ ],
    [ 'not UTF-8',              'POST',   $submit,                          "{\"yaml\": \"\xff\"}", 400, 'invalid_request',     qr/./ ],
    [ 'too deep',               'POST',   $submit,                          $deep,                  400, 'invalid_request',     qr/deep|nest|depth/ ],
    [ 'an array',               'POST',   $submit,                          '[]',                   400, 'invalid_request',     qr/object/ ],
    [ 'null',                   'POST',   $submit,                          'null',                 400, 'invalid_request',     qr/object/ ],
    [ 'yaml a number',          'POST',   $submit,                          '{"yaml": 7}',          400, 'invalid_request',     qr/'yaml'.*string/ ],
    [ 'yaml with a NUL',        'POST',   $submit,                          '{"yaml": "a\u0000b"}', 400, 'invalid_request',     qr/'yaml'.*NUL/ ],
    [ 'a form twice',           'POST',   $submit,                          '{"yaml": "a", "yaml": "b"}', 400, 'invalid_request',   qr/line 1, column 15: "yaml" is given twice/ ],
    [ 'a member twice',         'POST',   $submit,                          qq({"workflow": {"id": "a", "steps": [{"id": "s",\n "id": "t"}]}}), 400, 'invalid_request', qr/line 2, column 2: "id" is given twice/ ],
    [ 'workflow a text',        'POST',   $submit,                          '{"workflow": "id: a"}', 400, 'invalid_request',    qr/'workflow'.*object/ ],
    [ 'too large',              'POST',   $submit,                          $big,                   413, 'request_too_large',   qr/65536/ ],
    # -- paths and ids
    [ 'no such path',           'GET',    '/api/v1/nothing',                undef,                  404, 'not_found',           qr{/api/v1/nothing} ],
    [ 'the root of the face',   'GET',    '/api/v1',                        undef,                  404, 'not_found',           qr/./ ],
    [ 'below a resource',       'GET',    '/api/v1/executions/a/b',         undef,                  404, 'not_found',           qr/./ ],
    [ 'paths have a case',      'GET',    '/api/v1/Executions',             undef,                  404, 'not_found',           qr/./ ],
    [ 'an empty segment',       'GET',    '/api/v1/executions//metrics',    undef,                  404, 'not_found',           qr/./ ],
    [ 'unknown execution',      'GET',    '/api/v1/executions/exec-no',     undef,                  404, 'not_found',           qr/exec-no/ ],
    [ 'its metrics',            'GET',    '/api/v1/executions/exec-no/metrics', undef,              404, 'not_found',           qr/exec-no/ ],
    [ 'stopping it',            'DELETE', '/api/v1/executions/exec-no',     undef,                  404, 'not_found',           qr/exec-no/ ],
    [ 'unknown workflow',       'GET',    '/api/v1/workflows/none',         undef,                  404, 'not_found',           qr/none/ ],
    [ 'stopping that',          'DELETE', '/api/v1/workflows/none',         undef,                  404, 'not_found',           qr/none/ ],
    [ 'an id with SQL in it',   'GET',    "/api/v1/executions/x'%20OR%20'1'='1", undef,             404, 'not_found',           qr/OR/ ],
    # -- other servers: there are none
    [ 'a slave',                'GET',    '/api/v1/slaves/slave-1',         undef,                  404, 'not_found',           qr/slave-1/ ],
    [ 'draining it',            'POST',   '/api/v1/slaves/slave-1/drain',   undef,                  501, 'not_implemented',     qr/no slaves/ ],
    # -- methods
    [ 'PUT on executions',      'PUT',    '/api/v1/executions',             '{}',                   405, 'method_not_allowed',  qr/PUT/,  'GET, HEAD, OPTIONS' ],
    [ 'POST on an execution',   'POST',   '/api/v1/executions/a',           '{}',                   405, 'method_not_allowed',  qr/POST/, 'GET, HEAD, DELETE, OPTIONS' ],
    [ 'DELETE on workflows',    'DELETE', $submit,                          undef,                  405, 'method_not_allowed',  qr/DELETE/, 'POST, OPTIONS' ],
    [ 'GET on workflows',       'GET',    $submit,                          undef,                  405, 'method_not_allowed',  qr/GET/,  'POST, OPTIONS' ],
    [ 'PATCH on a workflow',    'PATCH',  "$submit/a",                      '{}',                   405, 'method_not_allowed',  qr/PATCH/, 'GET, HEAD, DELETE, OPTIONS' ],
    [ 'POST on health',         'POST',   '/health',                        '{}',                   405, 'method_not_allowed',  qr/POST/, 'GET, HEAD, OPTIONS' ],
    [ 'a slave\'s connection',   'GET',    '/api/v1/slave-ws',               undef,                  426, 'upgrade_required',    qr/upgrade/ ],
    [ 'POST on slaves',         'POST',   '/api/v1/slaves',                 '{}',                   405, 'method_not_allowed',  qr/POST/, 'GET, HEAD, OPTIONS' ],
    [ 'a method of one\'s own', 'BREW',   '/api/v1/executions',             undef,                  405, 'method_not_allowed',  qr/BREW/, 'GET, HEAD, OPTIONS' ],
    # -- parameters
    [ 'limit a text',           'GET',    '/api/v1/executions?limit=ten',   undef,                  400, 'invalid_request',     qr/limit/ ],
    [ 'limit negative',         'GET',    '/api/v1/executions?limit=-1',    undef,                  400, 'invalid_request',     qr/limit/ ],
    [ 'limit too large',        'GET',    '/api/v1/executions?limit=100000', undef,                 400, 'invalid_request',     qr/limit/ ],
    [ 'offset negative',        'GET',    '/api/v1/executions?offset=-1',   undef,                  400, 'invalid_request',     qr/offset/ ],
    [ 'offset beyond numbers',  'GET',    '/api/v1/executions?offset=99999999999999999999', undef,  400, 'invalid_request',     qr/offset/ ],
    [ 'unknown status',         'GET',    '/api/v1/executions?status=done', undef,                  400, 'invalid_request',     qr/status/ ],
    [ 'broken escape',          'GET',    '/api/v1/executions?status=%zz',  undef,                  400, 'invalid_request',     qr/./ ],
);

my @alike = (
    # a path                    answers like
    [ '/api/v1/executions/',    '/api/v1/executions' ],
    [ '/api/v1/health/',        '/api/v1/health' ],
    [ '/health/',               '/health' ],
    [ '/api/v1/executions/exec-no/', '/api/v1/executions/exec-no' ],
);

plan tests => 4 * @cases + grep({ $_->[7] } @cases) + @alike + 11;

my $before = get_json('/api/v1/executions?limit=0')->{total};

for my $case (@cases) {
    my ($what, $method, $path, $body, $status, $code, $message, $allow) = @$case;
    my $r = call($method, $path, $body);
    ok t_cmp($r->code, $status, $what);
    ok t_cmp($r->header('Content-Type'), 'application/json', "$what: type");
    my $error = eval { json($r) } // {};
    ok t_cmp(join(' ', sort keys %$error), 'error message', "$what: members");
    ok t_cmp("$error->{error}: $error->{message}", qr/^\Q$code\E: .*$message/s, "$what: code and message")
        if $message ne $neither;
    ok t_cmp($error->{message}, $message, "$what: message") if $message eq $neither;
    ok t_cmp($r->header('Allow'), $allow, "$what: Allow") if $allow;
}
ok t_cmp(call('GET', $_->[0])->code, call('GET', $_->[1])->code, "$_->[0]: the last slash does not matter") for @alike;

ok t_cmp(get_json('/api/v1/slaves'), { slaves => [], total => 0 }, 'no slaves are an empty list');

# HEAD is GET without a body; OPTIONS tells what may be done.
my ($get, $head) = map { call($_, '/api/v1/executions') } 'GET', 'HEAD';
ok t_cmp($head->code, 200, 'HEAD');
ok t_cmp($head->content, '', 'no body');
ok t_cmp($head->header('Content-Length'), length $get->content, 'but its length');
ok t_cmp(call('HEAD', '/api/v1/executions/exec-no')->code, 404, 'HEAD of nothing');
my $options = call('OPTIONS', $submit);
ok t_cmp($options->code, qr/^20[04]$/, 'OPTIONS');
ok t_cmp($options->header('Allow'), 'POST, OPTIONS', 'Allow');
ok t_cmp(call('OPTIONS', '/api/v1/nothing')->code, 404, 'OPTIONS of nothing');

# Another media type is refused by what it is, not by how it reads.
my $r = call('POST', $submit, '{"yaml": "id: a"}', headers => { 'Content-Type' => 'text/yaml' });
ok t_cmp($r->code . ' ' . json($r)->{error}, '400 invalid_request', 'text/yaml');
ok t_cmp(json($r)->{message}, qr{application/json}, 'says what is expected');
ok t_cmp(get_json('/api/v1/executions?limit=0')->{total}, $before, 'nothing was started');
