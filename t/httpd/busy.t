# An engine that has too much to do: who comes is told when to come again, by how long those
# wait who came before.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep);
use WF::Activiti;
use WF::Server;
use WF::Test;

plan tests => 6;

my $server = WF::Server->new(extra => "WorkflowQueueLimit 1\nWorkflowScriptTimeout 20\n")->start;
ok upload('slow.bpmn20.xml', bpmn('slow', <<'END'))->is_success;
<startEvent id="s"/><sequenceFlow id="f" sourceRef="s" targetRef="t"/>
<scriptTask id="t" scriptFormat="javascript"><script>var end = Date.now() + 4000; while (Date.now() &lt; end) {}</script></scriptTask>
<sequenceFlow id="g" sourceRef="t" targetRef="e"/><endEvent id="e"/>
END
my ($definition) = grep { /^slow:/ } map { $_->{id} } @{ get_json('/process-definitions?size=1000')->{data} };

my $pid = fork // die $!;
if (!$pid) {
    my $answer = call('POST', '/process-instance', { processDefinitionId => $definition });
    require POSIX;
    POSIX::_exit($answer->is_success ? 0 : 1);
}

# It runs as soon as another is refused; then the queue grows older.
my $refused;
ok wait_until { $refused = call('PUT', '/task/1/claim', {}); $refused->code == 503 };
ok t_cmp($refused->header('Retry-After'), qr/^\d+$/, 'when to come again');
ok wait_until { $refused = call('PUT', '/task/1/claim', {}); $refused->code == 503 && $refused->header('Retry-After') >= 2 };
waitpid $pid, 0;
ok t_cmp($?, 0, 'who was there before is served');
ok t_cmp(call('PUT', '/task/1/claim', {})->code != 503, 1, 'and then others are');
