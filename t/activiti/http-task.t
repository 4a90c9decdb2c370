# Tasks of types that an administrator must switch on: http and shell.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/text' => { body => 'Grüße' =~ s/([^\x00-\x7f])/my $c = $1; utf8::encode($c); $c/egr }, '/404' => { status => 404, body => 'none' }, '/500' => { status => 500 },
                             '/hang' => { hang => 1 }, '/moved' => { status => 302, headers => { Location => '/text' } });
my $server = WF::Server->new(extra => "WorkflowHttpTask On\nWorkflowShellTask On\nWorkflowDelegateTimeout 2\nWorkflowTargets 127.0.0.1 !127.0.0.2")->start;

my $n = 0;
sub task {
    my ($type, $fields, @more) = @_;
    my $all = join '', map { my $kind = $fields->{$_} =~ /\$\{/ ? 'expression' : 'string';
        "<activiti:field name=\"$_\"><activiti:$kind><![CDATA[$fields->{$_}]]></activiti:$kind></activiti:field>" } sort keys %$fields;
    my $key = 'typed' . ++$n;
    my $r = upload("$key.bpmn20.xml", bpmn($key, '<startEvent id="s"/>', "<serviceTask id=\"x\" activiti:type=\"$type\"><extensionElements>$all</extensionElements></serviceTask>",
        '<userTask id="t"/>', @more, 's -> x', 'x -> t'));
    $r->is_success or return $r;
    return call('POST', '/process-instance', { processDefinitionId => demo_id($key), host => $target->url, order => { id => 7, text => "A: 7\nX-More: yes" } });
}
sub outcome { my $r = shift; $r->code . ' ' . ($r->is_success ? join ',', @{ json($r)->{activityNames} } : message($r)) }
sub value {
    my ($r, $name) = @_;
    my $i = json($r)->{id};
    my $out = `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "SELECT COALESCE(TEXT_, LONG_, '') FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i AND NAME_ = '$name'"`;
    utf8::decode($out);
    return substr $out, 0, -1;
}

plan tests => 30;

my $r = task('http', { requestMethod => 'POST', requestUrl => '${host}/text', requestHeaders => "Content-Type: text/plain\nX-Order: 7", requestBody => 'order ${order.id}',
                       responseVariableName => 'answer' });
ok t_cmp(outcome($r), '200 t', 'an exchange');
my ($request) = $target->requests('/text');
ok t_cmp("$request->{method} $request->{headers}{'x-order'} $request->{headers}{'content-type'} $request->{body}", 'POST 7 text/plain order 7');
ok t_cmp($request->{headers}{'idempotency-key'}, qr/^call-/, 'with a key');
ok t_cmp(value($r, 'answer') . ' ' . value($r, 'answerStatus'), 'Grüße 200', 'what came back');
$r = task('http', { requestUrl => '${host}/404', responseVariableName => 'answer' });
ok t_cmp(outcome($r) . ' ' . value($r, 'answer') . ' ' . value($r, 'answerStatus'), '200 t none 404', 'any status is an answer');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/404', failStatusCodes => '400, 4XX' })), qr/^500 .*http: .*status 404/, 'unless it is one that fails');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/500', failStatusCodes => '400, 4XX' })), '200 t');
my @catch = ('<boundaryEvent id="b" attachedToRef="x"><errorEventDefinition errorRef="HTTP404"/></boundaryEvent>', '<userTask id="u"/>', 'b -> u');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/404', handleStatusCodes => '404' }, @catch)), '200 u', 'or is an error of the process');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/moved', responseVariableName => 'a' })), '200 t', 'a redirect');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/hang', requestTimeout => '200' })), qr/^500 .*http: /, 'no answer in time');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/hang', requestTimeout => '200', ignoreException => 'true' })), '200 t', 'ignored');
ok t_cmp(outcome(task('http', { requestUrl => 'http://127.0.0.2:1/' })), qr/^500 .*http: .*permit/, 'a target that is not permitted');
ok t_cmp(outcome(task('http', { requestUrl => '${order}' })), qr/^500 .*http: /, 'no URL');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/text', requestHeaders => 'what?' })), qr/^500 .*requestHeaders/, 'no header');
ok t_cmp(outcome(task('http', { requestMethod => 'BREW', requestUrl => '${host}/' })), qr/^400 .*requestMethod/, 'refused when it is deployed');

# What a variable holds stays in its header, unless all of them come from one.
ok t_cmp(outcome(task('http', { requestUrl => '${host}/text', requestHeaders => "X-Order: \${order.text}" })), qr/^500 .*requestHeaders": .*line break/, 'a header within a variable');
$r = task('http', { requestUrl => '${host}/lines', requestHeaders => '${order.text}' });
ok t_cmp(outcome($r), '200 t', 'one expression for all headers');
ok t_cmp(($target->requests('/lines'))[0]{headers}{'x-more'}, 'yes');
ok t_cmp(outcome(task('http', { requestUrl => '${host}/text', requestTimeout => '9999999999999' })), qr/^500 .*requestTimeout.*3600000/, 'no timeout without end');
# Neither messages nor logs tell what a URL has of secrets.
ok t_cmp(outcome(task('http', { requestUrl => 'http://robot:s3cret@127.0.0.1:1/x?token=t0ken' })), qr/^500 (?!.*(?:s3cret|t0ken))/, 'credentials in a URL');
ok t_cmp($server->slurp('engine/engine.log') . $server->slurp('error.log'), qr/\A(?!.*(?:s3cret|t0ken))/s, 'nor in a log');

$r = task('shell', { command => 'sh', arg1 => '-c', arg2 => 'echo "$0"; exit 4', arg3 => '${order.id}', outputVariable => 'out', errorCodeVariable => 'code' });
ok t_cmp(outcome($r), '200 t', 'a program');
# TSan's library, which programs inherit, lets those that were not built for it crash.
skip(($ENV{WF_UNDER} // '') eq 'tsan' ? 'programs crash under it' : 0, value($r, 'out') . '|' . value($r, 'code'), "7\n|4");
my $before = time;
ok t_cmp(outcome(task('shell', { command => 'sleep', arg1 => '60' })), qr/^500 .*takes too long/, 'one that takes too long');
ok time - $before < 20;
ok t_cmp(outcome(task('shell', { command => '/nonexist' })), qr/^500 .*cannot run/, 'one that is not there');

# Switched off: refused; what is deployed fails.
my $deployed = demo_id('typed1');
$server->{extra} = '';
$server->write_config->graceful;
ok wait_until { outcome(call('POST', '/process-instance', { processDefinitionId => $deployed, host => $target->url, order => { id => 7 } })) =~ /^500 .*WorkflowHttpTask/ };
ok t_cmp(outcome(task('http', { requestUrl => '${host}/' })), qr/^400 .*:\d+:\d+: .*WorkflowHttpTask/, 'http is off');
ok t_cmp(outcome(task('shell', { command => 'true' })), qr/^400 .*:\d+:\d+: .*WorkflowShellTask/, 'shell is off');
ok t_cmp(outcome(task('mule', { endpointUrl => 'vm://x' })), qr/^500 .*mule:vm:\/\/x/, 'nobody is there for mule');
