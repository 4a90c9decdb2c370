# The configuration file and the environment over it, as `run` reads them: faults with their
# place, which of the two counts, and what logging does.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Command;

# A workflow that says two things.
my $file = scratch('talk.yaml', <<'END');
id: talk
name: Talk
steps:
  - {id: s, type: script, config: {script: "console.log('an ordinary \"line\"'); console.error('a bad line');"}}
END
my $empty = scratch('empty.yaml', "# nothing\n{}\n");

sub with_config { my $config = scratch('config.yaml', shift); command('run', '-quiet=false', @_, '-config', $config, $file) }
sub slurp { open my $in, '<', shift or return ''; local $/; return scalar <$in> // '' }

my @faults = (
    # what                     the file                                          message
    [ 'an unknown key',        "logging:\n  levl: info\n",                       qr/config\.yaml:2:3: \[unknown-member\] logging\.levl: .*did you mean level\?/ ],
    [ 'an unknown section',    "loging: {}\n",                                   qr/config\.yaml:1:1: .*did you mean logging\?/ ],
    [ 'an unknown word',       "logging: {format: xml}\n",                       qr/config\.yaml:1:\d+: .*"xml" is not one of: json, text/ ],
    [ 'no output',             "logging: {output: ''}\n",                        qr/logging\.output: must not be empty/ ],
    [ 'no port',               "server:\n  address: localhost\n",                qr/config\.yaml:2:12: \[value\] server\.address: must be host:port/ ],
    [ 'a large port',          "server: {address: ':65536'}\n",                  qr/server\.address: must be host:port/ ],
    [ 'a bare IPv6 address',   "server: {address: '::1:80'}\n",                  qr/brackets/ ],
    [ 'a host that is none',   "server: {address: 'a b:80'}\n",                  qr/server\.address: must begin with/ ],
    [ 'a short time',          "server: {read_timeout: 10ms}\n",                 qr/server\.read_timeout: must be 0 or at least 1s/ ],
    [ 'a time without unit',   "server: {write_timeout: 10}\n",                  qr/server\.write_timeout: must be a duration/ ],
    [ 'no flag',               "server: {enable_cors: maybe}\n",                 qr/server\.enable_cors: must be true or false/ ],
    [ 'users',                 "server: {auth: {enabled: true, type: basic}}\n", qr/server\.auth\.type: must be api_key or jwt/ ],
    [ 'no interval',           "master: {heartbeat_interval: 0s}\n",              qr/config\.yaml:1:\d+: \[value\] master\.heartbeat_interval: must be 50ms to 1h/ ],
    [ 'a long time-out',       "master:\n  heartbeat_timeout: 25h\n",             qr/config\.yaml:2:\d+: .*master\.heartbeat_timeout: must be at most 24h/ ],
    [ 'a short time-out',      "master: {heartbeat_timeout: 5s}\n",               qr/master\.heartbeat_timeout: must be longer than master\.heartbeat_interval/ ],
    [ 'many slaves',           "master: {max_slaves: 10001}\n",                   qr/master\.max_slaves: must be 0 to 10000/ ],
    [ 'another type',          "slave: {type: boss}\n",                           qr/slave\.type: "boss" is not one of: worker, gateway, aggregator/ ],
    [ 'a capability of a number', "slave: {capabilities: [1]}\n",                 qr/slave\.capabilities: must be a list of names/ ],
    [ 'a map of them',         "slave: {capabilities: {a: b}}\n",                 qr/slave\.capabilities: must be a list of names/ ],
    [ 'a label of a list',     "slave: {labels: {a: [b]}}\n",                     qr/slave\.labels: must have texts, numbers or flags/ ],
    [ 'no users',              "slave: {max_vus: 0}\n",                           qr/slave\.max_vus: must be 1 to 1000000/ ],
    [ 'no master',             "slave: {master_addr: ''}\n",                      qr/slave\.master_addr: must not be empty/ ],
    [ 'two at once',           "server: {address: x}\nlogging: {level: loud}\n", qr/1:\d+.*server\.address.*\n.*2:\d+.*logging\.level.*\n.*2 problems/ ],
    [ 'no map',                "- a\n",                                          qr/must be a map/ ],
    [ 'no YAML',               "a: [\n",                                         qr/config\.yaml:\d+:\d+: / ],
);
my @environment = (
    # variable               value      message
    [ 'WE_LOG_LEVEL',        'loud',    qr/^environment: \[value\] WE_LOG_LEVEL: "loud" is not one of: debug/m ],
    [ 'WE_SERVER_ADDRESS',   'x',       qr/WE_SERVER_ADDRESS: must be host:port/ ],
    [ 'WE_SERVER_ENABLE_CORS', '1',     qr/WE_SERVER_ENABLE_CORS: must be true or false/ ],
    [ 'WE_SERVER_READ_TIMEOUT', '5',    qr/WE_SERVER_READ_TIMEOUT: "5" is no duration/ ],
    [ 'WE_MASTER_MAX_SLAVES', 'many',   qr/WE_MASTER_MAX_SLAVES: must be a whole number/ ],
    [ 'WE_AUTH_TYPE',        'oauth',   qr/WE_AUTH_TYPE: must be api_key or jwt/ ],
);
my @levels = (
    # file            environment  options      lines that are seen
    [ '{}',           undef,       [],          'an ordinary "line"|a bad line' ],
    [ '{logging: {level: error}}',  undef,   [],  'a bad line' ],
    [ '{logging: {level: fatal}}',  undef,   [],  'a bad line' ],
    [ '{logging: {level: error}}',  'info',  [],  'an ordinary "line"|a bad line' ],
    [ '{logging: {level: info}}',   'error', [],  'a bad line' ],
    [ '{logging: {level: info}}',   '',      [],  'an ordinary "line"|a bad line' ],
    [ '{logging: {level: info}}',   undef,   ['-quiet'],  'a bad line' ],
);

plan tests => 2 * @faults + 2 * @environment + @levels + 14;

for (@faults) {
    my ($what, $text, $message) = @$_;
    my $run = with_config($text);
    ok t_cmp("$run->{code} $run->{out}", '1 ', "$what: nothing is run");
    ok t_cmp($run->{err}, $message, "$what: message");
}
for (@environment) {
    my ($name, $value, $message) = @$_;
    local $ENV{$name} = $value;
    my $run = command('run', $file);
    ok t_cmp("$run->{code} $run->{out}", '1 ', "$name: nothing is run");
    ok t_cmp($run->{err}, $message, "$name: message");
}
for (@levels) {
    my ($text, $level, $options, $lines) = @$_;
    local %ENV = %ENV;
    $ENV{WE_LOG_LEVEL} = $level if defined $level;
    my $run = with_config($text, @$options);
    my $seen = join '|', $run->{err} =~ /(an ordinary "line"|a bad line)/g;
    ok t_cmp($seen, $lines, "$text, " . ($level // 'nothing') . " in the environment, @$options");
}

# Formats and outputs.
my $run = with_config("logging: {format: json}\n");
my @lines = map { decode_json($_) } split /\n/, $run->{err};
ok t_cmp(join('|', map { $_->{level} } @lines), 'info|error', 'levels of JSON');
ok t_cmp($lines[0]{message}, qr/an ordinary "line"/, 'text of JSON');
ok t_cmp($lines[0]{time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'time of JSON');
$run = with_config("logging: {output: stdout}\n");
ok t_cmp($run->{err}, '', 'nothing on standard error');
ok t_cmp($run->{out}, qr/an ordinary "line"/, 'but on standard output');
my $log = scratch('run.log', "before\n");
$run = with_config("logging: {output: '$log'}\n");
ok t_cmp($run->{err}, '', 'to a file');
ok t_cmp(slurp($log), qr/^before\n.*an ordinary "line".*a bad line/s, 'which is added to');
$run = with_config("logging: {output: /nonexistent/log}\n");
ok t_cmp("$run->{code} $run->{err}", qr{^1 .*logging\.output: opening /nonexistent/log: No such file}, 'that cannot be');

# Which file.
$run = command('run', '-config', '/nonexistent/config.yaml', $file);
ok t_cmp("$run->{code} $run->{err}", qr{^1 .*/nonexistent/config\.yaml: No such file}, 'a file that is named must exist');
my $home = scratch('home');
mkdir $_ for $home, "$home/workflow-engine";
{
    local $ENV{XDG_CONFIG_HOME} = $home;
    ok t_cmp(command('run', $file)->{code}, 0, 'the usual one need not');
    scratch('home/workflow-engine/config.yaml', "logging: {level: error}\n");
    $run = command('run', $file);
    ok t_cmp($run->{err} =~ /ordinary/ ? 'seen' : 'not seen', 'not seen', 'but counts');
    $run = command('run', '-config', $empty, $file);
    ok t_cmp($run->{err}, qr/ordinary/, 'unless another one is named');
}
# Keys of servers that change nothing are no fault, and no matter here.
$run = with_config("grpc: {address: ':9090', max_recv_msg_size: 1, max_send_msg_size: 1, connection_timeout: 10s}\nslave: {type: worker, capabilities: [a], labels: {a: b}, max_vus: 1, master_addr: x}\n");
ok t_cmp($run->{code}, 0, 'obsolete keys');
ok t_cmp($run->{err} =~ /ignored/ ? 'told' : 'not told', 'not told');
