# What directives and the server's surroundings change: its time zone, the levels, the
# groups that carry them, names shown, limits.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

plan tests => 24;

local $ENV{TZ} = 'XYZ+3:30';    # POSIX: west of Greenwich
my $server = WF::Server->new(extra => <<'END_CONF')->start;
WorkflowDeployLevel user
WorkflowEngineName "Fozzie's engine"
WorkflowEngineVersion 5.0-SNAPSHOT
WorkflowMaxBody 2000
WorkflowMaxUpload 3000
WorkflowMaxSteps 200
END_CONF

my @process = ('<startEvent id="s"/>', 's -> t', '<userTask id="t"/>');
my $engine = get_json('/process-engine');
ok t_cmp($engine->{name}, "Fozzie's engine", 'the name');
ok t_cmp($engine->{version}, '5.0-SNAPSHOT', 'the version');

# Dates carry the server's offset.
ok t_cmp(upload('a.bpmn20.xml', bpmn('a', @process), user => 'fozzie')->code, 200, 'a user may upload');
my ($time) = map { $_->{deploymentTime} } @{ get_json('/deployments?sort=id&order=desc&size=1')->{data} };
ok t_cmp($time, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}-03:30$/, 'a zone with minutes');
my ($hour, $minute) = (localtime)[2, 1];
my ($h, $m) = $time =~ /T(\d\d):(\d\d)/;
ok abs(($hour - $h) * 60 + $minute - $m) % (24 * 60 - 1) <= 1;

# The lowered level holds for everything about deployments, and for nothing else.
ok t_cmp(call('DELETE', '/deployment/0', undef, user => 'fozzie')->code, 200, 'and delete');
ok t_cmp(call('POST', '/deployments/delete', { deploymentIds => [] }, user => 'fozzie')->code, 200, 'also several');
ok t_cmp(upload('a.bpmn20.xml', '', user => undef)->code, 401, 'nobody may');

# Limits: as told by Content-Length, and as counted.
my $body = '{"processDefinitionId":"a:1","x":"%s"}';
my $fits = sprintf $body, 'y' x (2000 - length($body) + 2);
ok t_cmp(length $fits, 2000, 'a body of 2,000 bytes');
ok t_cmp(call('POST', '/process-instance', $fits)->code, 200, 'fits');
my $r = call('POST', '/process-instance', $fits . ' ');
ok t_cmp($r->code, 413, 'one of 2,001 does not');
ok t_cmp(message($r), qr/WorkflowMaxBody.* 2000 /, 'the message names the limit');
ok t_cmp(chunked('/process-instance', $fits), qr/^HTTP\/1.1 200 /, '2,000 bytes in chunks');
ok t_cmp(chunked('/process-instance', $fits . ' ', 'x'), qr/^HTTP\/1.1 413 /, '2,001 bytes in chunks');
ok t_cmp(call('POST', '/login', sprintf '{"userId":"%s"}', 'x' x 3000)->code, 413, 'also without a password');
$r = upload('b.bpmn20.xml', bpmn('b', @process) . ' ' x 3000);
ok t_cmp($r->code, 413, 'an upload');
ok t_cmp(message($r), qr/WorkflowMaxUpload.* 3000 /, 'has a limit of its own');
ok t_cmp(definition_of('b'), undef, 'and was not stored');

# A process that does not come to rest.
ok t_cmp(upload('c.bpmn20.xml', bpmn('c', '<startEvent id="s"/>', 's -> x', '<task id="x"/>', 'x -> x'))->code, 200, 'an endless loop');
$r = call('POST', '/process-instance', { processDefinitionId => 'c:1' });
ok t_cmp($r->code, 500, 'is stopped');
ok t_cmp(message($r), qr/200 /, 'after so many steps');

# Other groups carry the levels. A graceful restart is enough.
$server->{extra} = <<'END_CONF';
WorkflowRoleType assignment
WorkflowUserGroup accountancy
WorkflowManagerGroup none
WorkflowAdminGroup sales
END_CONF
$server->write_config->graceful;
ok wait_until { call('DELETE', '/deployment/0', undef, user => 'gonzo')->code == 200 };
ok t_cmp(call('GET', '/process-engine', undef, user => 'fozzie')->code, 200, 'accountancy is the user group now');
ok wait_until { call('DELETE', '/deployment/0', undef, user => 'fozzie')->code == 403 };    # and no more; a child of before may answer a last time

sub chunked {
    my ($path, @pieces) = @_;
    return raw("POST /activiti-rest/service$path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
             . "Authorization: Basic a2VybWl0Omtlcm1pdA==\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
             . join('', map { sprintf("%x\r\n", length) . "$_\r\n" } @pieces) . "0\r\n\r\n");
}
