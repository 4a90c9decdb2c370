# A master that asks who its callers are (server.auth), and a slave that shows the same key.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(hmac_sha256);
use File::Temp ();
use MIME::Base64 qw(encode_base64url);
use WF::Command;
use WF::Server;
use WF::Test;

$ENV{HTTPD} = $ENV{WF_HTTPD};
# The servers' user has to enter it: not below a directory of root's alone.
my $top = File::Temp::tempdir('auth-XXXXXX', DIR => $ENV{WF_DIR});
chmod 0755, $top;
$ENV{XDG_STATE_HOME} = $top;
my ($key, $secret) = ('key-of-this-test-0', 'secret-of-this-test-that-is-long-enough');

my @refused = (    # server.auth; message
    [ 'enabled: true',                                     qr/server\.auth\.api_key: needed, because server\.auth\.enabled is true/ ],
    [ 'enabled: true, type: jwt',                          qr/server\.auth\.jwt_secret: needed, because server\.auth\.type says so/ ],
    [ "enabled: true, type: jwt, api_key: $key",           qr/server\.auth\.jwt_secret: needed/ ],
    [ 'enabled: true, type: api_key, api_key: short',      qr/server\.auth\.api_key: must have 16 characters or more/ ],
    [ 'enabled: true, jwt_secret: short',                  qr/server\.auth\.jwt_secret: must have 32 characters or more/ ],
    [ 'enabled: true, type: oauth',                        qr/server\.auth\.type: must be api_key or jwt/ ],
);
plan tests => 2 * @refused + 12;

my $n = 0;
for (@refused) {
    my ($auth, $message) = @$_;
    my $file = scratch('refused' . ++$n . '.yaml', "server: {auth: {$auth}}\n");
    my $run = command('master', 'start', '-config', $file, '-address', '127.0.0.1:' . WF::Server::free_port(), '-state', "$top/refused");
    ok t_cmp($run->{code} != 0, 1, $auth);
    ok t_cmp($run->{err}, $message, "$auth: message");
}

sub slurp { open my $in, '<', shift or return ''; local $/; return scalar <$in> // '' }
sub begin {
    my ($role, $port, @args) = @_;
    my $run = start_command($role, 'start', '-address', "127.0.0.1:$port", @args);
    my $ready = wait_until { command($role, 'status', '-address', ":$port")->{out} =~ /^ready +ready/m } 60;
    t_debug($run->out, $run->err) unless $ready;
    return $run;
}
sub token { my $text = join '.', map { encode_base64url($_) } '{"alg":"HS256"}', '{"sub":"me","exp":' . (time + 60) . '}'; return "$text." . encode_base64url(hmac_sha256($text, shift)) }
sub code { call('GET', '/api/v1/executions', undef, user => undef, headers => {@_})->code }

my ($port, $other) = map { WF::Server::free_port() } 1 .. 2;
local @ENV{qw(WE_AUTH_ENABLED WE_AUTH_API_KEY WE_AUTH_JWT_SECRET)} = ('true', $key, $secret);
my $master = begin('master', $port);
WF::Test::use_server("http://127.0.0.1:$port");
ok t_cmp(code(), 401, 'nobody is anonymous');
ok t_cmp(code('X-API-Key' => $key), 200, 'the key');
ok t_cmp(code('X-API-Key' => "$key."), 401, 'another key');
ok t_cmp(code(Authorization => 'Bearer ' . token($secret)), 200, 'a token');
ok t_cmp(code(Authorization => 'Bearer ' . token("$secret.")), 401, 'a token of somebody else');
ok t_cmp(call('GET', '/health', undef, user => undef)->code, 200, 'the probe');
my @files = glob "$top/workflow-engine/{api,jwt}-key";
ok t_cmp(join(' ', map { sprintf '%o', (stat)[2] & 07777 } @files), '600 600', 'the keys are nobody else\'s') or t_debug(@files);
ok t_cmp(join('', map { slurp($_) } glob "$top/workflow-engine/{,*/}httpd.conf") =~ /\Q$key\E|\Q$secret\E/ ? 1 : 0, 0, 'and do not stand in the configuration');

# A slave shows what clients show; one that does not is not let in.
my $slave = begin('slave', $other, '-master', "http://127.0.0.1:$port");
ok wait_until { my $s = json(call('GET', '/api/v1/slaves', undef, user => undef, headers => { 'X-API-Key' => $key }))->{slaves}; @$s == 1 && $s->[0]{status}{state} eq 'online' } 60;
kill TERM => $slave->{pid};
ok t_cmp($slave->finish(60)->{code}, 0);
$ENV{WE_AUTH_ENABLED} = 'false';
my $third = WF::Server::free_port();
my $stranger = start_command('slave', 'start', '-address', "127.0.0.1:$third", '-master', "http://127.0.0.1:$port", '-cluster-key', "$top/workflow-engine/cluster.key");
ok wait_until { join('', map { slurp($_) } glob "$top/workflow-engine/slave-*$third/engine/engine.log") =~ /no connection to the master: .*it does not know us/ } 60;
kill TERM => $_->{pid} for $stranger, $master;
$stranger->finish(60);
ok t_cmp($master->finish(60)->{code}, 0);
