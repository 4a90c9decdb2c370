# Scripts in workflows, as the target and the API show them: what they send and count, where
# they may reach, that users see nothing of one another and that none waits for another.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Command;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 52;

my $json = JSON::PP->new->canonical;
my $target = WF::Target->new(
    '/cart' => { json => { token => 't-9', items => [ 1, 2, 3 ] }, headers => { 'X-Kind' => 'cart' } },
    '/no'   => { status => 503 }, '/slow' => { delay => 3 },
);
my $other = WF::Target->new;

sub script { my ($id, $text, %members) = @_; +{ id => $id, type => 'script', config => { script => $text }, %members } }
sub errors { map { ($_->{step_id} // '') . ': ' . $_->{message} } @{ shift->{errors} } }
sub value_of { my ($metrics, $i) = @_; $metrics->{thresholds}[$i]{value} }

# ---- from one step to the next -------------------------------------------------------------

my ($execution, $metrics) = run_workflow([
    http_step(cart => $target->url('/cart')),
    script(read => <<'END'),
if (!check(response, { 'is 200': r => r.code === 200, 'is a cart': r => r.headers['x-kind'] === 'cart' })) {
    fail('no cart');
}
pm.test('three items', () => pm.expect(pm.response.json().items).to.have.length(3));
ctx.SetVariable('order', { token: response.json().token, vu: ctx.vu, of: ctx.GetVariable('shop').name });
metrics.add('orders', 1);
metrics.add('items', response.body.items.length);
END
    http_step(order => $target->url('/order'), method => 'POST', body => '${order}'),
], { vus => 3, iterations => 4, thresholds => [
    { metric => 'orders', condition => 'count == 12' }, { metric => 'items', condition => 'avg == 3' },
    { metric => 'checks', condition => 'rate == 1' },   { metric => 'read.count', condition => '== 12' },
] }, variables => { shop => { name => 'corner' } }, metrics => { orders => 'counter', items => 'trend' });

my @orders = map { $json->decode($_->{body}) } $target->requests('/order');
ok t_cmp($execution->{status}, 'completed', 'completed');
ok t_cmp(scalar(errors($execution)), 0, 'no errors');
ok t_cmp(scalar @orders, 12, 'an order for each iteration');
ok t_cmp(scalar(grep { $_->{token} eq 't-9' && $_->{of} eq 'corner' } @orders), 12, 'of what scripts have read');
ok t_cmp(join(',', map { my $vu = $_; scalar grep { $_->{vu} == $vu } @orders } 1 .. 3), '4,4,4', 'each user his own');
ok t_cmp(value_of($metrics, 0), 12, 'a counter of the document');
ok t_cmp(value_of($metrics, 1), 3, 'a trend of the document');
ok t_cmp(value_of($metrics, 2), 1, 'all checks passed, tests included');
ok t_cmp($metrics->{step_metrics}{read}{success_count}, 12, 'steps of scripts are counted');

# ---- processors and hooks --------------------------------------------------------------------

($execution) = run_workflow([ {
    %{ http_step(send => $target->url('/sent'), method => 'POST', body => '${n} ${hook}') },
    preProcessors => [ { type => 'js_script', config => { script => "ctx.SetVariable('n', ctx.iteration + 5)" } } ],
    postProcessors => [ { type => 'js_script', config => { script => "ctx.SetVariable('after', response.body.ok)" } } ],
    pre_hook => { type => 'script', config => { script => "ctx.SetVariable('hook', 'hooked')" } },
    post_hook => { type => 'script', config => { script => "http.post(ctx.GetVariable('base') + '/hook', { body: [ctx.GetVariable('after'), ctx.GetVariable('__step_result').status] })" } },
} ], {}, variables => { base => $target->url });
ok t_cmp($execution->{status}, 'completed', 'processors and hooks');
ok t_cmp(($target->requests('/sent'))[0]{body}, '5 hooked', 'before the request');
ok t_cmp(($target->requests('/hook'))[0]{body}, '[true,"success"]', 'and after it');

# ---- failures ----------------------------------------------------------------------------------

my @failures = (
    # script                                         error
    [ "fail('no luck')",                             qr/^s: script, line 1: Error: no luck$/ ],
    [ "\n\nnull.x",                                  qr/^s: script, line 3: TypeError/ ],
    [ "pm.test('sum', () => pm.expect(1 + 1).to.equal(3))", qr/^s: sum: expected 2 to equal 3$/ ],
    [ "metrics.add('orders', 1)",                    qr/declares no "orders"/ ],
    [ "'x'.repeat(1e9)",                             qr/memory|string length|too long/i ],
    [ "for (;;);",                                   qr/^s: timed out after 300ms$/ ],
    [ "sleep(1)",                                    qr/type sleep/ ],
);
for (@failures) {
    my ($text, $error) = @$_;
    ($execution, $metrics) = run_workflow([ script(s => $text, timeout => '300ms', on_error => 'continue'),
        script(t => "'goes on'") ], { iterations => 2 });
    ok t_cmp((errors($execution))[0], $error, $text);
    ok t_cmp($metrics->{step_metrics}{s}{failure_count}, 2, 'counted as a failure');
    ok t_cmp($metrics->{step_metrics}{t}{success_count}, 2, 'the next script finds all in order');
}

# ---- nobody waits for another's script -----------------------------------------------------------

my $busy = 'const end = Date.now() + 1500; while (Date.now() < end);';
my $id = submit({ id => 'both', name => 'Both', scenarios => {
    long  => { vus => 2, iterations => 1, steps => [ script(busy => $busy) ] },
    short => { vus => 4, duration => '1500ms', steps => [ http_step(quick => $target->url('/short')) ] },
} });
$execution = finished($id);
my @at = map { $_->{at} } $target->requests('/short');
my ($gap) = sort { $b <=> $a } map { $at[$_] - $at[ $_ - 1 ] } 1 .. $#at;
ok t_cmp($execution->{status}, 'completed', 'long scripts beside short requests');
ok t_cmp(metrics($id)->{step_metrics}{busy}{success_count}, 2, 'they succeed');
ok $gap < 1 or print "# gap of $gap seconds\n";

# ---- what is refused -------------------------------------------------------------------------------

my $r = call('POST', '/api/v1/workflows', { yaml => <<'END' });
id: w
name: W
steps:
  - id: a
    type: script
    config:
      script: |
        const x = 1;
        const x = 2;
  - { id: b, type: script, config: { script: "1 +", language: python } }
  - { id: c, type: script, config: { file: /etc/passwd } }
END
my $message = json($r)->{message};
ok t_cmp($r->code, 400, 'syntax errors are found at submission');
ok t_cmp($message, qr/9:1:.*steps\[0\]\.config\.script.*line 2: SyntaxError/, 'with the line of the document');
ok t_cmp($message, qr/steps\[1\]\.config\.script.*SyntaxError/, 'all of them');
ok t_cmp($message, qr/steps\[1\]\.config\.language.*"python"/, 'another language');
ok t_cmp($message, qr/steps\[2\]\.config\.file.*part of the workflow/, 'a file');

# ---- what a script may reach -------------------------------------------------------------------------

local $ENV{WF_SHOWN} = 'seen';
local $ENV{WF_HIDDEN} = 'unseen';
my $server = WF::Server->new(extra => 'WorkflowLoadTargets 127.0.0.1:' . $target->port . <<'END');

WorkflowLoadEnvironment WF_SHOWN
WorkflowLoadSecrets secrets
END
$server->spew('secrets', "token = s3cr3t\n");
chmod 0600, "$server->{dir}/secrets";
chown +(getpwnam 'nobody')[2, 3], "$server->{dir}/secrets" if $> == 0; # whom the engine runs as
$server->start;

($execution) = run_workflow([
    script(s => sprintf <<'END', $other->url('/x')),
console.log('reaching out');
const refused = http.get('%s');
http.post('/reached', { body: [refused.code, refused.error.length > 0, env.get('WF_SHOWN'),
    env.has('WF_HIDDEN'), ctx.GetVariable('env:WF_HIDDEN') === undefined] });
END
    script(t => "ctx.GetVariable('secret:token')", on_error => 'continue'),
], {}, http => { base_url => $target->url, headers => { 'X-Token' => '${secret:token}' } });
my ($reached) = $target->requests('/reached');
ok t_cmp($execution->{status}, 'completed', 'a script that tries where it may not');
ok t_cmp(scalar($other->requests), 0, 'a target that is not permitted');
ok t_cmp($reached->{body}, '[0,true,"seen",false,true]', 'what it is told of that, and of the environment');
ok t_cmp($reached->{headers}{'x-token'}, 's3cr3t', 'headers of the http section are sent');
ok t_cmp((errors($execution))[0], qr/^t: .*secrets are for templates/, 'secrets are not for scripts');
my $log = $server->slurp('engine/engine.log');
ok t_cmp($log, qr/step s: reaching out/, 'lines of console are in the log');
ok t_cmp($log =~ /s3cr3t/ ? 'told' : 'kept', 'kept', 'secrets are not');
$server->stop;

# ---- on the command line -----------------------------------------------------------------------------

my $file = scratch('said.yaml', "id: w\nname: W\nsteps:\n- {id: s, type: script, config: {script: \"console.log('VU', ctx.vu)\"}}\n");
ok t_cmp(command('run', $file)->{err}, qr/^.*step s: VU 1$/m, 'lines of console are printed');
ok t_cmp(command('run', '-quiet', $file)->{err}, '', 'unless it is to be quiet');

# ---- stopping ----------------------------------------------------------------------------------------

WF::Test::use_server(undef);
$id = submit(workflow([ script(s => "http.get('" . $target->url('/slow') . "')") ], { vus => 3, graceful_stop => '0s' }));
wait_until { $target->requests('/slow') >= 3 };
call('DELETE', "/api/v1/executions/$id");
my $began = time;
$execution = finished($id);
ok t_cmp($execution->{status}, 'aborted', 'an execution whose scripts wait is stopped');
ok time - $began < 3 or print "# after ", time - $began, " seconds\n";
