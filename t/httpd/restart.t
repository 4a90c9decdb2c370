# Ten graceful restarts under load: no request fails, the engine stays the same process, and
# it reads the new configuration. Then the stop: in time, nothing left behind.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Socket::INET;
use POSIX ':sys_wait_h';
use WF::Server;
use WF::Test;

use constant { RESTARTS => 10, CLIENTS => 4 };

my @mpms = qw(event worker prefork);
plan tests => 10 * @mpms;

# Clients with a connection per request until told to stop; they report on a pipe.
sub start_clients {
    my $server = shift;
    my @clients;
    for (1 .. CLIENTS) {
        pipe my $in, my $out or die $!;
        my $pid = fork // die $!;
        if (!$pid) {
            my ($stop, $good, @bad) = (0, 0);
            local $SIG{TERM} = sub { $stop = 1 };
            until ($stop) {
                my $status = request($server->{port});
                $status eq '200' ? $good++ : push @bad, $status;
            }
            print $out "$good @bad[0 .. ($#bad > 9 ? 9 : $#bad)]\n";
            close $out;
            POSIX::_exit(0);
        }
        close $out;
        push @clients, [ $pid, $in ];
    }
    return @clients;
}

# A start of a process: a command that has to reach the engine and the disk.
sub request {
    my $port = shift;
    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 30) or return "connect: $!";
    my $body = '{"processDefinitionId":"taskAssigneeProcess:1"}';
    print $s "POST /activiti-rest/service/process-instance HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\n"
           . 'Authorization: Basic a2VybWl0Omtlcm1pdA==' . "\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    local $/;
    my $answer = <$s> // '';
    return $answer =~ m{^HTTP/1.\d (\d+)} ? $1 : 'no answer';
}

sub lines { my $n = () = shift->slurp('access.log') =~ /\n/g; $n }

for my $mpm (@mpms) {
    my $server = WF::Server->new(mpm => $mpm)->start;
    my $engine = $server->engine_pid;
    my @clients = start_clients($server);
    for my $n (1 .. RESTARTS) {
        my $served = lines($server);
        wait_until { lines($server) >= $served + 5 * CLIENTS }; # in the middle of traffic
        my $before = () = $server->slurp('error.log') =~ /configured -- resuming/g;
        $server->graceful;
        wait_until { my $now = () = $server->slurp('error.log') =~ /configured -- resuming/g; $now > $before };
    }
    my ($good, @bad) = (0);
    for (@clients) {
        my ($pid, $in) = @$_;
        kill TERM => $pid;
        my ($ok, @failed) = split ' ', scalar <$in> // '';
        $good += $ok;
        push @bad, @failed;
        waitpid $pid, 0;
    }
    ok t_cmp("@bad", '', "$mpm: no request failed");
    ok $good >= 5 * CLIENTS * RESTARTS;
    ok t_cmp($server->engine_pid, $engine, "$mpm: the engine is the same process");
    ok t_cmp(scalar(() = $server->slurp('engine/engine.log') =~ /configuration read again/g), RESTARTS,
             "$mpm: it read the configuration each time");
    ok t_cmp(get_json('/tasks?assignee=kermit&size=0')->{total}, $good, "$mpm: every start is there, once");

    $server->{extra} = 'LogLevel workflow:error';
    $server->write_config->graceful;
    ok wait_until { $server->slurp('engine/engine.json') =~ /"log_level":3/ };

    my $pid = $server->{pid};
    ok $server->stop;
    ok !kill(0 => $engine);
    ok !-e $server->file('engine/engine.sock');
    ok !($server->slurp('error.log') =~ /while it stopped/);
}
