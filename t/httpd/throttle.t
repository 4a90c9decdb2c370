# Who guesses has to wait, whatever child he meets and whatever he guesses; others do not.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use LWP::UserAgent;
use MIME::Base64 qw(encode_base64);
use Time::HiRes qw(sleep);
use WF::Server;
use WF::Test;

use constant LIMIT => 3;

my $keys = "$ENV{WF_DIR}/throttle-$$.key";
open my $out, '>', $keys or die $!;
print $out "a-key-of-this-test\n";
close $out;
chmod 0600, $keys;
my $server = WF::Server->new(throttle => 1, mpm => 'prefork', extra => <<"END")->start;
WorkflowMaxAuthFailures ${\LIMIT}
StartServers 4
<Location "/api/keys">
WorkflowApi workflow
WorkflowApiKeyFile $keys kermit
</Location>
END

# An attempt from an address; a connection of its own, so that it meets any child.
sub attempt {
    my ($from, $path, %headers) = @_;
    my $agent = LWP::UserAgent->new(local_address => $from, timeout => 30);
    return $agent->get($server->url . $path, %headers);
}
sub basic { my ($from, $user, $password) = @_; attempt($from, '/activiti-rest/service/process-engine', Authorization => 'Basic ' . encode_base64("$user:$password", '')) }
sub key { my ($from, $key) = @_; attempt($from, '/api/keys/executions', 'X-API-Key' => $key) }
sub login { my ($user, $password) = @_; call('POST', '/login', { userId => $user, password => $password }, user => undef) }

plan tests => 27;

# Passwords.
my @codes = map { basic('127.0.0.2', 'kermit', "wrong$_")->code } 1 .. LIMIT + 1;
ok t_cmp("@codes", join(' ', (401) x LIMIT, 429), 'wrong, and then too often');
my $answer = basic('127.0.0.2', 'kermit', 'kermit');
ok t_cmp($answer->code, 429, 'then the right one has to wait, too');
ok t_cmp($answer->header('Retry-After'), qr/^[12]$/, 'how long is said');
ok t_cmp(json($answer)->{message}, qr/too many wrong credentials: try again in/, 'and why');
ok t_cmp(basic('127.0.0.2', 'gonzo', 'gonzo')->code, 200, 'another user does not wait');
ok t_cmp(basic('127.0.0.3', 'kermit', 'kermit')->code, 200, 'nor does he elsewhere');
ok wait_until { basic('127.0.0.2', 'kermit', 'kermit')->code == 200 };
@codes = map { basic('127.0.0.2', 'kermit', "wrong$_")->code } 1 .. LIMIT;
ok t_cmp("@codes", join(' ', (401) x LIMIT), 'having been right he begins anew');
@codes = map { basic('127.0.0.4', 'kermit', 'kermit')->code, basic('127.0.0.4', 'kermit', 'wrong')->code } 1 .. LIMIT + 2;
ok t_cmp("@codes", join(' ', (200, 401) x (LIMIT + 2)), 'now and then is not too often');

# Each wait is longer than the one before.
my @waits;
for (1 .. 3) {
    ok wait_until { basic('127.0.0.5', 'kermit', 'wrong')->code == 401 } or last for 1 .. ($_ == 1 ? LIMIT : 1);
    push @waits, basic('127.0.0.5', 'kermit', 'wrong')->header('Retry-After') // 0;
}
ok t_cmp($waits[0] < $waits[1] && $waits[1] < $waits[2], 1, 'longer and longer') or t_debug("@waits");

# Many names from one address.
@codes = map { basic('127.0.0.6', "nobody$_", 'x')->code } 1 .. LIMIT * 10 + 1;
ok t_cmp("@codes[-2, -1]", '401 429', 'many names are too often, too');
ok t_cmp(attempt('127.0.0.6', '/activiti-rest/service/process-engine')->code, 401, 'who brings nothing is not held up');
ok t_cmp(attempt('127.0.0.6', '/health')->code, 200, 'nor is who needs nothing');

# API keys, and the login.
@codes = map { key('127.0.0.7', "wrong$_")->code } 1 .. LIMIT + 1;
ok t_cmp("@codes", join(' ', (401) x LIMIT, 429), 'wrong keys');
$answer = key('127.0.0.7', 'a-key-of-this-test');
ok t_cmp([ $answer->code, json($answer)->{error} ], [ 429, 'too_many_requests' ], 'the right one has to wait');
ok wait_until { key('127.0.0.7', 'a-key-of-this-test')->code == 200 };
@codes = map { login('kermit', "wrong$_")->code } 1 .. LIMIT + 1;
ok t_cmp("@codes", join(' ', (403) x LIMIT, 429), 'the login');
ok wait_until { login('kermit', 'kermit')->code == 200 };

# A graceful restart forgets nobody: with counters that begin anew there would be LIMIT answers of 401.
basic('127.0.0.8', 'kermit', "wrong$_") for 1 .. LIMIT;
ok wait_until { basic('127.0.0.8', 'kermit', 'wrong')->code == 401 };
my $begun = () = $server->slurp('error.log') =~ /configured -- resuming/g;
$server->graceful;
ok wait_until { my $now = () = $server->slurp('error.log') =~ /configured -- resuming/g; $now > $begun };
my $refused = 0;
ok wait_until { my $code = basic('127.0.0.8', 'kermit', 'wrong')->code; $refused += $code == 401; $code == 429 };
ok t_cmp($refused < LIMIT, 1, 'who has failed before a restart waits after it') or t_debug($refused);
