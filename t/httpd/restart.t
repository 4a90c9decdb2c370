# Ten graceful restarts under load (WF_ROUNDS: more): no request fails, the engine stays the same
# process and reads the new configuration, nobody of an old generation stays, and neither httpd nor
# the engine grows. Then the stop: in time, nothing left behind.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Socket::INET;
use POSIX ':sys_wait_h';
use WF::Server;
use WF::Test;

use constant { RESTARTS => $ENV{WF_ROUNDS} // 10, CLIENTS => 4, MANY => 50, SLACK => 1024 };    # KiB

my @cases = ([ event => '' ], [ worker => '' ], [ prefork => '' ], [ event => "MaxConnectionsPerChild 20\n" ]);
plan tests => 13 * @cases;

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

# What a process has: memory of its own in KiB, but for pages of the store, which the engine keeps up
# to a limit; descriptors, threads.
sub size_of {
    my ($pid, $server) = @_;
    open my $in, '<', "/proc/$pid/smaps_rollup" or return;
    my $kib = 0;
    local $_;
    /^Private_(?:Clean|Dirty):\s+(\d+)/ and $kib += $1 while <$in>;
    $kib -= (-s $server->file('engine/workflow.db')) / 1024 if $pid != $server->{pid};
    return { kib => int $kib, descriptors => scalar(() = glob "/proc/$pid/fd/*"), threads => scalar(() = glob "/proc/$pid/task/*") };
}

# What has grown since; memory only after so many restarts that it would show.
sub growth {
    my ($before, $after) = @_;
    return join ', ', map { "$_: $before->{$_}, then $after->{$_}" } grep {
        $after->{$_} > ($_ eq 'kib' ? $before->{$_} + SLACK : $before->{$_} + 3 * CLIENTS)
    } 'descriptors', 'threads', RESTARTS >= MANY ? 'kib' : ();
}

sub lines { my $n = () = shift->slurp('access.log') =~ /\n/g; $n }

for my $case (@cases) {
    my ($mpm, $extra) = @$case;
    my $server = WF::Server->new(mpm => $mpm, extra => $extra)->start;
    my $engine = $server->engine_pid;
    my @clients = start_clients($server);
    my (%sizes, @old);
    for my $n (1 .. RESTARTS) {
        @old = grep { $_ != $engine && $_ != $server->{pid} } $server->pids;
        my $served = lines($server);
        wait_until { lines($server) >= $served + 5 * CLIENTS }; # in the middle of traffic
        my $before = () = $server->slurp('error.log') =~ /configured -- resuming/g;
        $server->graceful;
        wait_until { my $now = () = $server->slurp('error.log') =~ /configured -- resuming/g; $now > $before };
        push @{ $sizes{$_} }, size_of($_, $server) for $engine, $server->{pid};
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
    $_ .= ' ' . $extra =~ s/\n//r for $mpm;
    for my $pid ($engine, $server->{pid}) {
        my $early = $sizes{$pid}[ RESTARTS / 4 ];
        my $now;
        wait_until { $now = size_of($pid, $server); !growth($early, $now) };    # connections of old children end
        printf "# %s, %s: %s\n", $mpm, $pid == $engine ? 'engine' : 'httpd', join '; ', map { my $size = $_; join ' ', map { "$_ $size->{$_}" } sort keys %$size } $early, $now;
        ok t_cmp(growth($early, $now), '', "$mpm: no growth");
    }
    ok wait_until { !grep { kill 0 => $_ } @old };
    ok t_cmp("@bad", '', "$mpm: no request failed");
    ok $good >= 5 * CLIENTS * RESTARTS;
    ok t_cmp($server->engine_pid, $engine, "$mpm: the engine is the same process");
    ok t_cmp(scalar(() = $server->slurp('engine/engine.log') =~ /configuration read again/g), RESTARTS,
             "$mpm: it read the configuration each time");
    ok t_cmp(get_json('/tasks?assignee=kermit&size=0')->{total}, $good, "$mpm: every start is there, once");

    $server->{extra} .= 'LogLevel workflow:error';
    $server->write_config->graceful;
    ok wait_until { $server->slurp('engine/engine.json') =~ /"log_level":3/ };

    my $pid = $server->{pid};
    ok $server->stop;
    ok !kill(0 => $engine);
    ok !-e $server->file('engine/engine.sock');
    ok !($server->slurp('error.log') =~ /while it stopped/);
}
