# workflow-engine slave: slaves that are started, asked, used and stopped by commands alone, beside a master.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Temp ();
use WF::Command;
use WF::Server;
use WF::Test;

$ENV{HTTPD} = $ENV{WF_HTTPD};
# The servers' user has to enter it: not below a directory of root's alone.
my $top = File::Temp::tempdir('slave-XXXXXX', DIR => $ENV{WF_DIR});
chmod 0755, $top;
$ENV{XDG_STATE_HOME} = $top;
my $state = "$top/workflow-engine";

sub slurp { open my $in, '<', shift or return ''; local $/; return scalar <$in> // '' }
sub status { my $role = shift; command($role, 'status', '-address', @_) }
sub begin {
    my ($role, $port, @args) = @_;
    my $run = start_command($role, 'start', '-address', "127.0.0.1:$port", @args);
    my $ready = wait_until { status($role, ":$port")->{code} == 0 } 60;
    t_debug($run->out, $run->err) unless $ready;
    return $run;
}
sub stop { my $run = shift; kill TERM => $run->{pid}; return $run->finish(60)->{code} }
sub slaves { json(call('GET', '/api/v1/slaves'))->{slaves} // [] }
sub states { join ' ', map { "$_->{id} $_->{status}{state}" } @{ slaves() } }

my @refused = (
    # arguments                                      exit  message
    [ [],                                            1, qr/^Usage: workflow-engine slave <command>.*\bstart\b.*\bstatus\b/s ],
    [ [ 'stop' ],                                    1, qr/unknown command slave stop/ ],
    [ [ 'start', 'x' ],                              1, qr/^Usage: workflow-engine slave start \[options\]/ ],
    [ [ 'start', '-port', 80 ],                      2, qr/-port: unknown option/ ],
    [ [ 'start', '-address', 'x' ],                  2, qr/-address x: must be host:port/ ],
    [ [ 'start', '-type', 'boss' ],                  2, qr/-type boss: must be worker, gateway or aggregator/ ],
    [ [ 'start', '-max-vus', 0 ],                    2, qr/-max-vus 0: must be 1 to 1000000/ ],
    [ [ 'start', '-capabilities', ',' ],             2, qr/-capabilities ,: a worker can do something/ ],
    [ [ 'start', '-labels', 'a=b,c' ],               2, qr/-labels a=b,c: must be name=value,name=value/ ],
    [ [ 'start', '-id', 'a b' ],                     2, qr/-id a b: must be a name without blanks/ ],
    [ [ 'start', '-labels', 'a="b"' ],               1, qr/"b": quotes, backslashes/ ],
    [ [ 'start', '-master', 'http://x"y' ],          1, qr/http:\/\/x"y: quotes/ ],
    [ [ 'start', '-cluster-key', '/nonexistent' ],   1, qr{key /nonexistent: No such file} ],
    [ [ 'start', '-cluster-key', scratch('short.key', 'short') ], 1, qr{others may read it|shorter than 16} ],
    [ [ 'status', 'x' ],                             1, qr/^Usage: workflow-engine slave status/ ],
    [ [ 'status', '-address', '127.0.0.1:1' ],       1, qr{http://127\.0\.0\.1:1 does not answer: .*refused} ],
);

plan tests => 3 * @refused + 28;

for (@refused) {
    my ($args, $code, $message) = @$_;
    my $run = command('slave', @$args);
    my $what = join ' ', 'slave', @$args;
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, '', "$what: output");
    ok t_cmp($run->{err}, $message, "$what: message");
}
ok t_cmp(command('slave', 'start', '-help')->{out}, qr/-config FILE.*-id ID.*-type.*-address.*-master URL.*-max-vus.*-capabilities.*-labels/s, 'help of start');

# The slave comes first and makes the key; it looks for its master until there is one.
my ($at, $here, $there) = map { WF::Server::free_port() } 1 .. 3;
my $config = scratch('cluster.yaml', "master: {heartbeat_interval: 200ms, heartbeat_timeout: 2s}\nslave: {labels: {zone: eu-1, rack: 7}}\n");
my $first = begin('slave', $here, '-config', $config, '-master', "localhost:$at");
ok t_cmp($first->out, qr{^slave of     http://localhost:$at\nanswers at   127\.0\.0\.1:$here\nkey          \Q$state\E/cluster\.key\nstate        \Q$state\E/slave-127\.0\.0\.1-$here\n}, 'banner');
ok t_cmp($first->err, '', 'no messages');
ok t_cmp((stat "$state/cluster.key")[2] & 0777, 0600, 'the key is nobody else\'s');
ok t_cmp(status('slave', ":$here")->{out}, "address  http://localhost:$here\nhealth   healthy\nready    ready\nmaster   not connected\n", 'it has no master yet');
my $key = slurp("$state/cluster.key");
my $master = begin('master', $at, '-config', $config);
ok t_cmp(slurp("$state/cluster.key"), $key, 'the master takes the key that is there');
WF::Test::use_server("http://127.0.0.1:$at");
ok wait_until { states() =~ /^slave-[0-9a-f]{8} online$/ } 60;
ok t_cmp(status('slave', ":$here")->{out}, qr/^master   connected$/m, 'now it has one');
my $slave = slaves()->[0];
ok t_cmp($slave->{address}, "127.0.0.1:$here", 'address');
ok t_cmp(join(' ', sort @{ $slave->{capabilities} }), 'http_executor script_executor', 'capabilities');
ok t_cmp(join(' ', map { "$_=$slave->{labels}{$_}" } sort keys %{ $slave->{labels} }), 'rack=7 zone=eu-1', 'labels of the file');
ok t_cmp($slave->{resources}{max_vus}, 100, 'users');

# Options count before the file.
my $second = begin('slave', $there, '-config', $config, '-master', "http://127.0.0.1:$at", '-id', 'second', '-max-vus', 7,
    '-labels', 'zone=eu-2', '-capabilities', 'http_executor,script_executor,db_executor', '-type', 'worker');
ok wait_until { states() =~ /\bsecond online/ } 60;
($slave) = grep { $_->{id} eq 'second' } @{ slaves() };
ok t_cmp(join(' ', @{ $slave->{capabilities} }, $slave->{labels}{zone}, $slave->{labels}{rack} // 'none', $slave->{resources}{max_vus}),
    'http_executor script_executor db_executor eu-2 none 7', 'what the second one says of itself');
ok t_cmp(status('master', ":$at")->{out}, qr/^slaves   2\n  ID +STATE +TYPE +LOAD  ADDRESS\n(  second +online +worker +0%  127\.0\.0\.1:$there\n|  slave-[0-9a-f]{8} +online +worker +0%  127\.0\.0\.1:$here\n){2}\z/m, 'status of the master');

# Together.
my $run = call('POST', '/api/v1/workflows', { yaml => <<'END' });
id: together
name: Together
options: {mode: shared-iterations, vus: 10, iterations: 500}
steps:
  - {id: s, type: script, config: {script: '1'}}
END
ok t_cmp($run->code, 201, 'a workflow is taken') or t_debug($run->content);
my $id = json($run)->{execution_id} // '';
ok wait_until { (json(call('GET', "/api/v1/executions/$id"))->{status} // '') eq 'completed' } 60;
my $states = json(call('GET', "/api/v1/executions/$id"))->{slave_states} // {};
my $sum = 0;
$sum += $_->{completed_iters} for values %$states;
ok t_cmp(join(' ', scalar(keys %$states), $sum), '2 500', 'two slaves did all of it');

# Another key is not let in, and says so.
my $other = WF::Server::free_port();
my $wrong = scratch('wrong.key', 'x' x 32);
chmod 0600, $wrong;
chown +(getpwnam 'www-data')[2], -1, $wrong if $> == 0;
my $third = begin('slave', $other, '-config', $config, '-master', "http://127.0.0.1:$at", '-id', 'third', '-cluster-key', $wrong);
ok wait_until { slurp("$state/slave-127.0.0.1-$other/engine/engine.log") =~ /no connection to the master: .*key/ } 60;
ok states() !~ /third/;
ok t_cmp(stop($third), 0);

# Stopped in order they are gone at once; started again it is the same one.
ok t_cmp(stop($second), 0, 'SIGTERM ends it');
ok wait_until { states() !~ /second/ } 60;
my ($name) = states() =~ /(slave-\w+)/;
ok t_cmp(stop($first), 0);
ok wait_until { states() eq '' } 60;
$first = begin('slave', $here, '-config', $config, '-master', "localhost:$at");
ok wait_until { states() eq "$name online" } 60;
ok t_cmp(stop($first), 0);
ok t_cmp(stop($master), 0);
