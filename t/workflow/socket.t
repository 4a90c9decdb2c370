# Socket steps over REST: what really arrives over TCP and UDP, which targets are refused, how
# fast they may be talked to, and what control and restarts do to connections.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use Time::HiRes qw(sleep time);
use WF::Peer;
use WF::Server;
use WF::Test;

my $peer = WF::Peer->new;
my ($port, $udp) = ($peer->port, $peer->udp_port);

sub step { my ($id, $action, %config) = @_; +{ id => $id, type => 'socket', config => { action => $action, %config } } }
sub to_peer { my ($id, %more) = @_; step($id, 'connect', host => '127.0.0.1', port => $port, %more) }
sub says { my ($id, $text) = @_; step($id, 'send', data => $text) }
sub hears { step(shift, 'receive', delimiter => "\n") }
sub on_error { my ($step, $how) = @_; +{ %$step, on_error => $how } }
sub pause { +{ id => 'pause', type => 'sleep', config => { duration => shift } } }
sub errors { [ map { join ': ', grep { defined } @$_{qw(step_id message)} } @{ shift->{errors} } ] }

plan tests => 62;

# ---- what arrives -------------------------------------------------------------------------------

my ($end, $metrics) = run_workflow([ to_peer('c'), says(s => "echo \${__VU} \${__ITER}\n"), hears('r'), says(t => "got \${r.data}"),
                                     step('x', 'close') ], { vus => 3, mode => 'per-vu-iterations', iterations => 4 });
ok t_cmp($end->{status}, 'completed', 'users talk over TCP');
ok t_cmp(errors($end), [], 'without errors');
ok wait_until { $peer->open == 0 };
ok t_cmp($peer->connections, 12, 'a connection for each iteration');
for my $vu (1 .. 3) {
    ok t_cmp(scalar(grep { $peer->said("echo $vu $_") == 1 && $peer->said("got $vu $_") == 1 } 0 .. 3), 4, "user $vu: each line once");
}
my %of;
push @{ $of{ $_->{number} } }, $_->{text} for $peer->events('line');
ok t_cmp(scalar(grep { $_->[0] =~ /^echo (.*)/ && $_->[1] eq "got $1" } values %of), 12, 'in their order, on their connections');
my $step = $metrics->{step_metrics};
ok t_cmp([ map { $step->{$_}{count} } qw(c s r t x) ], [ (12) x 5 ], 'steps are counted');
ok t_cmp(execution_bytes($end->{id}), [ $peer->bytes, 48 ], 'bytes are counted');
ok t_cmp($metrics->{http_reqs} // 0, 0, 'none of it is HTTP');

sub execution_bytes {
    my $report = get_json('/api/v1/executions/' . shift() . '/report');
    return [ map { $report->{metrics}{$_}{values}{count} } qw(data_sent data_received) ];
}

($end) = run_workflow([ step('c', 'connect', protocol => 'udp', host => '127.0.0.1', port => $udp),
                        says(s => 'ping ${__ITER}'), step('r', 'receive'), says(t => 'pong ${r.data}'), step('u', 'receive') ],
                      { vus => 1, iterations => 3 });
ok t_cmp(errors($end), [], 'UDP');
ok t_cmp([ map { $_->{text} } $peer->events('datagram') ],
         [ map { ("ping $_", "pong ping $_") } 0 .. 2 ], 'datagrams arrive one by one');
($end) = run_workflow([ step('c', 'connect', protocol => 'udp', host => '127.0.0.1', port => $udp), says(s => 'hush'),
                        step('r', 'receive', timeout => '80ms') ], { vus => 1, iterations => 1 });
ok t_cmp(errors($end), ['r: timed out after 80ms'], 'a datagram that is lost');

# ---- what is refused at once --------------------------------------------------------------------------

for (
    [ step('s', 'dance'),                           qr/steps\[0\]\.config\.action/ ],
    [ step('s', 'connect', port => 1),              qr/steps\[0\]\.config\.host: is required/ ],
    [ step('s', 'connect', host => 'a', port => 0), qr/steps\[0\]\.config\.port: must be a number from 1 to 65535/ ],
    [ step('s', 'send'),                            qr/steps\[0\]\.config\.data: is required/ ],
    [ { id => 's', type => 'mq', config => {} },    qr/steps\[0\]\.type: step type mq/ ],
) {
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([ $_->[0] ]) });
    ok t_cmp($r->code . ' ' . json($r)->{error}, '400 invalid_workflow', 'refused');
    ok t_cmp(json($r)->{message}, $_->[1], 'and told');
}

# ---- a connection that stays -----------------------------------------------------------------------

my $before = $peer->connections;
($end) = run_workflow([ to_peer('c', reuse => JSON::PP::true), says(s => "echo kept \${c.reused}\n"), hears('r') ],
                      { vus => 2, mode => 'per-vu-iterations', iterations => 10 });
ok t_cmp(errors($end), [], 'users who keep their connection');
ok t_cmp($peer->connections - $before, 2, 'have one each');
ok t_cmp([ $peer->said('echo kept false'), $peer->said('echo kept true') ], [ 2, 18 ], 'and know it');
ok wait_until { $peer->open == 0 };

($end) = run_workflow([ to_peer('c'), says(s => "bye\n"), on_error(hears('r'), 'continue'), says(t => "more\n") ],
                      { vus => 1, iterations => 1 });
ok t_cmp(errors($end), [ 'r: closed by the other side', 't: not connected: no step has connected, or the connection was lost' ],
         'a connection that is closed');
ok t_cmp($peer->said('more'), 0, 'nothing more arrives');

# ---- TLS ---------------------------------------------------------------------------------------------

my ($secure, $owner);
my $certificates = "$ENV{WF_DIR}/socket-$$";
my $secure_port = WF::Server::free_port();

# Answers each line with the same backwards.
sub start_secure {
    mkdir $certificates or die "$certificates: $!";
    system("sh -e '$ENV{WF_TOP}/t/00unit/client/certificates.sh' '$certificates' >/dev/null 2>&1") == 0 or die 'no certificates';
    chmod 0755, $certificates;    # the engine is another user
    $owner = $$;
    $secure = fork // die $!;
    if (!$secure) {
        open $_->[0], $_->[1], '/dev/null' for [ *STDIN, '<' ], [ *STDOUT, '>' ], [ *STDERR, '>' ];
        exec qw(openssl s_server -rev -accept), "127.0.0.1:$secure_port", '-cert', "$certificates/good.pem",
             '-key', "$certificates/good.key" or POSIX::_exit(1);
    }
    return wait_until { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $secure_port) };
}
END { if ($secure && $owner == $$) { local $?; kill KILL => $secure; waitpid $secure, 0 } }

ok start_secure();
for (
    [ { ca => "$certificates/ca.pem" },                                    undef ],
    [ {},                                                                  "c: the certificate's issuer is not trusted" ],
    [ { ca => "$certificates/ca.pem", server_name => 'other.example' },    'c: the certificate is not for this host' ],
    [ { verify => JSON::PP::false },                                       undef ],
) {
    my ($ssl, $error) = @$_;
    my $was = $peer->said('tls true cba');
    ($end) = run_workflow([ step('c', 'connect', host => '127.0.0.1', port => $secure_port, tls => JSON::PP::true, ssl => $ssl), says(s => "abc\n"),
                            hears('r'), to_peer('d'), says(t => "tls \${c.tls_enabled} \${r.data}") ], { vus => 1, iterations => 1 });
    ok t_cmp(errors($end)->[0], $error, 'TLS');
    ok t_cmp($peer->said('tls true cba') - $was, $error ? 0 : 1, 'and what came of it');
}

# ---- control -----------------------------------------------------------------------------------------

$before = $peer->connections;
my $id = submit(workflow([ to_peer('c', reuse => JSON::PP::true), says(s => "echo on\n"), hears('r'), pause('20ms') ],
                         { mode => 'externally-controlled', vus => 4, duration => '60s', graceful_stop => '1s' }));
ok wait_until { $peer->open == 4 && $peer->said('echo on') > 20 };
call('POST', "/api/v1/executions/$id/pause");
sleep 0.2;
my $lines = $peer->said('echo on');
sleep 1;
ok t_cmp($peer->said('echo on'), $lines, 'paused: nothing arrives');
ok t_cmp($peer->open, 4, 'connections stay');
call('POST', "/api/v1/executions/$id/resume");
ok wait_until { $peer->said('echo on') > $lines + 20 };
ok t_cmp($peer->connections - $before, 4, 'resumed on the same connections');
call('POST', "/api/v1/executions/$id/scale", { target_vus => 7 });
ok wait_until { $peer->open == 7 };
ok t_cmp($peer->connections - $before, 7, 'scaled up');
call('DELETE', "/api/v1/executions/$id");
ok t_cmp(finished($id)->{status}, 'aborted', 'stopped');
ok wait_until { $peer->open == 0 };

# ---- what the administrator says ------------------------------------------------------------------------

my $server = WF::Server->new(extra => <<"END")->start;
WorkflowLoadTargets 127.0.0.1:$port
WorkflowLoadMaxRate 40
END
for (
    [ '127.0.0.1', $udp,            'tcp', 'another port' ],
    [ '127.0.0.1', $udp,            'udp', 'another port over UDP' ],
    [ '::1', $port,                 'tcp', 'another address of the host' ],
    [ '169.254.169.254', 80,        'tcp', 'the metadata of a cloud' ],
    [ '169.254.169.254', 80,        'udp', 'the same over UDP' ],
    [ 'fe80::1', $port,             'tcp', 'a link-local address' ],
) {
    my ($host, $at, $protocol, $what) = @$_;
    my $refused = finished(submit(workflow([ step('c', 'connect', host => $host, port => $at, protocol => $protocol) ],
                                           { vus => 1, iterations => 1 })));
    ok t_cmp(errors($refused), ['c: connections to this address are not permitted'], $what);
}
my $began = time;
$end = finished(submit(workflow([ to_peer('c'), { id => 'f', type => 'for', config => { start => 1, end => 40, steps => [ says(s => "fast\n") ] } } ],
                                { vus => 1, iterations => 1 })));
ok t_cmp(errors($end), [], 'what is allowed');
ok wait_until { $peer->said('fast') == 40 };
my @at = map { $_->{at} } grep { ($_->{text} // '') eq 'fast' } $peer->events;
ok $at[-1] - $at[0] > 0.9 or t_debug('40 lines in ' . ($at[-1] - $at[0]) . ' s');

# ---- the engine dies ---------------------------------------------------------------------------------------

$before = $peer->connections;
$id = submit(workflow([ { id => 'i', type => 'if', config => { condition => '${__ITER} == 0', then => [ to_peer('c') ] } },
                        on_error(says(s => "echo alive\n"), 'continue'), pause('50ms') ], { vus => 2, duration => '60s' }));
ok wait_until { $peer->said('echo alive') > 10 && metrics($id)->{total_iterations} > 10 };
sleep 1.5;
my $pid = $server->engine_pid;
kill KILL => $pid;
ok wait_until { $peer->open == 0 };
$server->wait_ready;
ok wait_until { grep { /^s: not connected/ } @{ errors(execution($id)) } };
ok t_cmp($peer->connections - $before, 2, 'it says so, and does not connect by itself');
call('DELETE', "/api/v1/executions/$id");
finished($id);
ok $server->stop;
