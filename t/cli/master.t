# workflow-engine master: a server that is started, asked, used and stopped by commands alone.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Temp ();
use JSON::PP;
use WF::Command;
use WF::Server;
use WF::Test;

$ENV{HTTPD} = $ENV{WF_HTTPD};
# The server's user has to enter it: not below a directory of root's alone.
my $top = File::Temp::tempdir('master-XXXXXX', DIR => $ENV{WF_DIR});
chmod 0755, $top;
$ENV{XDG_STATE_HOME} = "$top/home"; # of the key

sub slurp { open my $in, '<', shift or return ''; local $/; return scalar <$in> // '' }
sub status { command('master', 'status', '-address', @_) }
sub begin {
    my ($name, @args) = @_;
    my $port = WF::Server::free_port();
    my $run = start_command('master', 'start', '-address', "127.0.0.1:$port", '-state', "$top/$name", @args);
    my $ready = wait_until { status(":$port")->{code} == 0 } 60;
    t_debug($run->out, $run->err, slurp("$top/$name/error.log")) unless $ready;
    return ($run, $port, $ready);
}
sub stop { my ($run, $signal) = @_; kill $signal => $run->{pid}; return $run->finish(60) }
sub conf { slurp("$top/" . shift . '/httpd.conf') }

my @refused = (
    # arguments                                      exit  message
    [ [],                                            1, qr/^Usage: workflow-engine master <command>.*\bstart\b.*\bstatus\b/s ],
    [ [ 'stop' ],                                    1, qr/unknown command master stop/ ],
    [ [ 'start', 'x' ],                              1, qr/^Usage: workflow-engine master start \[options\]/ ],
    [ [ 'start', '-port', 80 ],                      2, qr/-port: unknown option/ ],
    [ [ 'start', '-address', 'localhost' ],          2, qr/-address localhost: must be host:port/ ],
    [ [ 'start', '-address', "x\nUser root:80" ],    2, qr/-address .*: must begin with a host's name/s ],
    [ [ 'start', '-max-executions', 0 ],             2, qr/-max-executions 0: must be 1 to 10000/ ],
    [ [ 'start', '-max-executions', 10001 ],         2, qr/-max-executions 10001: must be/ ],
    [ [ 'start', '-heartbeat-timeout', 'soon' ],     2, qr/-heartbeat-timeout soon: must be a duration/ ],
    [ [ 'start', '-heartbeat-timeout', '5s' ],       2, qr/-heartbeat-timeout 5s: must be longer than master\.heartbeat_interval/ ],
    [ [ 'start', '-cluster-key', '/nonexistent', '-state', "$top/keyless" ], 1, qr{key /nonexistent: No such file} ],
    [ [ 'start', '-allow', 'everybody' ],            2, qr/-allow everybody: must be an address, a network/ ],
    [ [ 'start', '-allow', '10.0.0.0/99' ],          2, qr{-allow 10\.0\.0\.0/99: must be} ],
    [ [ 'start', '-config', '/nonexistent' ],        1, qr{/nonexistent: No such file} ],
    [ [ 'start', '-state', '/dev/null/x' ],          1, qr{/dev/null/x: } ],
    [ [ 'start', '-state', "$top/" . 'long' x 30 ],  1, qr/the path of the state directory has more than 88 bytes/ ],
    [ [ 'start', '-state', "$top/a\"b" ],            1, qr/the state directory must not have quotes/ ],
    [ [ 'status', 'x' ],                             1, qr/^Usage: workflow-engine master status/ ],
    [ [ 'status', '-address', '127.0.0.1:1' ],       1, qr{http://127\.0\.0\.1:1 does not answer: .*refused} ],
    [ [ 'status', '-address', 'ftp://localhost' ],   1, qr/./ ],
);

plan tests => 3 * @refused + 38;

for (@refused) {
    my ($args, $code, $message) = @$_;
    my $run = command('master', @$args);
    my $what = join ' ', 'master', map { s/\n/ /r } @$args;
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, '', "$what: output");
    ok t_cmp($run->{err}, $message, "$what: message");
}
ok t_cmp(command('master', '-help')->{out}, qr/^Usage: workflow-engine master <command>/, 'help');
ok t_cmp(command('master', 'start', '-help')->{out}, qr/-config FILE.*-address.*-allow.*-max-executions.*-state DIR.*-cluster-key FILE.*-heartbeat-timeout.*-standalone.*-grpc-address/s, 'help of start');

# Without httpd.
{
    local $ENV{HTTPD} = '/nonexistent/httpd';
    my $run = command('master', 'start', '-state', "$top/none");
    ok t_cmp("$run->{code} $run->{err}", qr{^1 .*Apache httpd, /nonexistent/httpd .*HTTPD=path.*No such file}, 'no httpd');
}

# One that runs: with what it says, and what it answers.
my ($one, $port, $ready) = begin('one', '-standalone', '-grpc-address', ':9090', '-max-executions', 7);
ok $ready;
ok t_cmp($one->out, qr{^load engine  http://127\.0\.0\.1:$port/api/v1\nserves       this machine\nslaves       with the key \Q$top\E/home/workflow-engine/cluster\.key\nstate        \Q$top/one\E\nlogs .*\nhttpd .*\n\nCtrl-C stops it\.\n}, 'banner');
ok t_cmp($one->err, '', 'no messages');
ok t_cmp(status("http://127.0.0.1:$port/")->{out}, "address  http://127.0.0.1:$port\nhealth   healthy\nready    ready\nslaves   0\n", 'status');
ok t_cmp(conf('one'), qr/^WorkflowMaxExecutions 7$/m, 'the option is a directive');
ok t_cmp(conf('one'), qr/^    Require local$/m, 'for this machine');
ok t_cmp(conf('one'), qr/^WorkflowStandalone On$/m, 'by itself');
ok t_cmp(conf('one'), qr/^WorkflowHeartbeatInterval 5000ms\nWorkflowHeartbeatTimeout 15000ms$/m, 'times of slaves');
my ($output, $code) = (scalar `$ENV{WF_HTTPD} -d $top/one -f $top/one/httpd.conf -t 2>&1`, $? >> 8);
ok t_cmp("$code $output", qr/^0 .*Syntax OK/s, 'httpd alone takes the configuration');

WF::Test::use_server("http://127.0.0.1:$port");
my $answer = call('POST', '/api/v1/workflows', { workflow => { id => 'a', name => 'A', options => { vus => 2, iterations => 3 },
    steps => [ { id => 's', type => 'script', config => { script => '1' } } ] } });
my $id = json($answer)->{execution_id} // '';
ok t_cmp($answer->code, 201, 'a workflow is taken') or t_debug($answer->content);
ok wait_until { (json(call('GET', "/api/v1/executions/$id"))->{status} // '') eq 'completed' } 60;

# The same state directory again, and another one beside it.
my $second = command('master', 'start', '-address', '127.0.0.1:' . WF::Server::free_port(), '-state', "$top/one");
ok t_cmp("$second->{code} $second->{out}", '1 ', 'a second start');
ok t_cmp($second->{err}, qr/a server runs with the state directory \Q$top\E\/one already \(process $one->{pid}\)/, 'says why');
ok t_cmp(conf('one'), qr/^Listen 127\.0\.0\.1:$port$/m, 'and changes nothing');

my $config = scratch('master.yaml', <<"END");
server: {address: ':1', read_timeout: 7s, write_timeout: 0, enable_cors: true, auth: {enabled: false}}
grpc: {address: ':9090'}
master: {heartbeat_interval: 250ms, heartbeat_timeout: 2s, max_slaves: 3, task_queue_size: 9}
logging: {level: debug, output: $top/two.log}
END
my $taken = command('master', 'start', '-address', "127.0.0.1:$port", '-state', "$top/taken");
ok t_cmp("$taken->{code} $taken->{err}", qr/^1 .*could not bind to address 127\.0\.0\.1:$port/s, 'a port that is taken');
mkdir $_ for "$top/two", "$top/two/conf.d";
open my $out, '>', "$top/two/conf.d/mine.conf" or die $!;
print $out "ServerAdmin me\@localhost\n<Location /api/v1/executions>\nRequire all denied\n</Location>\n";
close $out;
my ($two, $other, $up) = begin('two', '-config', $config, '-allow', '10.1.0.0/16', '-allow', 'fe80::1');
ok $up;
ok t_cmp($two->err, qr/master\.yaml:2:\d+: warning: \[unused\] grpc\.address: ignored: obsolete.*\n.*master\.task_queue_size: ignored: tasks do not wait/, 'what changes nothing is told');
ok t_cmp($two->out, qr{^serves       this machine, and -allow$}m, 'banner');
ok t_cmp(conf('two'), qr/^Listen 127\.0\.0\.1:$other$/m, 'options count before the file');
ok t_cmp(conf('two'), qr/^RequestReadTimeout header=7 body=7\nTimeout 86400$/m, 'times');
ok t_cmp(conf('two'), qr/^WorkflowHeartbeatInterval 250ms\nWorkflowHeartbeatTimeout 2000ms\nWorkflowMaxExecutions 100\nWorkflowMaxSlaves 3\nWorkflowStandalone Auto$/m, 'what slaves keep to');
ok t_cmp(conf('two'), qr/^LogLevel warn workflow:debug$/m, 'level');
ok t_cmp(conf('two'), qr/    Require local\n    Require ip 10\.1\.0\.0\/16\n    Require ip fe80::1\n    WorkflowAllowOrigin \*\n/, 'who may');
ok t_cmp(slurp("$top/two.log"), qr/resuming normal operations/, 'the log is where it was asked for');
WF::Test::use_server("http://127.0.0.1:$other");
ok t_cmp(call('GET', '/api/v1/executions')->code, 403, 'conf.d counts');
ok t_cmp(stop($two, 'INT')->{code}, 0, 'SIGINT ends it');

{
    local @ENV{qw(WE_LOG_FORMAT WE_LOG_OUTPUT WE_SERVER_READ_TIMEOUT)} = qw(json stdout 0);
    ($two, $other, $up) = begin('two');
    ok t_cmp($two->err, qr/^workflow-engine: logging\.format: servers write httpd's format.*\nworkflow-engine: logging\.output: servers log into files/, 'what a server cannot do is told');
    ok t_cmp(conf('two'), qr/^ErrorLog "\Q$top\E\/two\/error\.log"\n.*^RequestReadTimeout header=0 body=0$/ms, 'and not done');
    ok t_cmp(stop($two, 'TERM')->{code}, 0);
}

# TERM, and again: what has been done is still there.
ok t_cmp(stop($one, 'TERM')->{code}, 0, 'SIGTERM ends it');
ok t_cmp(status(":$port")->{code}, 1, 'and nobody answers');
($one, $port, $ready) = begin('one', '-allow', 'all');
ok $ready;
WF::Test::use_server("http://127.0.0.1:$port");
ok t_cmp(json(call('GET', "/api/v1/executions/$id"))->{status}, 'completed', 'the execution is on disk');
ok t_cmp(conf('one'), qr/^    Require all granted$/m, 'open to all');
stop($one, 'TERM');

# A server's user that cannot reach its own data.
if ($> == 0) {
    mkdir "$top/closed", 0700;
    my $run = command('master', 'start', '-address', ":$port", '-state', "$top/closed/state");
    ok t_cmp("$run->{code} $run->{err}", qr{^1 .*cannot enter \Q$top\E/closed; -state DIR}, 'a closed directory');
}
else {
    skip 1, 'needs root';
}
