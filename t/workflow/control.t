# Pause, resume and scale of a running execution, and the same by its status: what the API
# says, and what arrives at the target.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use POSIX ();
use Time::HiRes qw(sleep time);
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/quick' => { delay => 0.02 }, '/slow' => { delay => 0.3 });
my $long = { vus => 2, duration => '60s', graceful_stop => '2s' };
my $sent = sub { scalar(() = $target->requests('/quick')) };
my $quick = sub { submit(workflow([ http_step(s => $target->url('/quick')) ], { %$long, @_ })) };

# The answer's status and code, or its fixed message.
sub said {
    my $r = shift;
    my $body = json($r);
    return $r->code . ' ' . ($body->{error} // $body->{message} // '');
}
sub control { my ($id, $what, $body) = @_; said(call('POST', "/api/v1/executions/$id/$what", $body)) }
sub status { get_json('/api/v1/perf/executions/' . shift() . '/status') }
sub change { my ($id, $body) = @_; call('PATCH', "/api/v1/perf/executions/$id/status", $body) }

# Requests at a path in the next so many seconds: a window to look at.
sub arriving { my $before = $sent->(); sleep shift; $sent->() - $before }

# The most clients that were being served at once in what arrived from a time on.
sub most_at_once {
    my ($path, $from) = @_;
    my @at = map { $_->{at} } grep { $_->{at} > $from } $target->requests($path);
    my $most = 0;
    for my $t (@at) { my $n = grep { $_ <= $t && $_ > $t - 0.28 } @at; $most = $n if $n > $most }
    return $most;
}

my @refused = (
    # what                      path                                 body                                  answer
    [ 'a missing number',       'scale',                             {},                                   '400 invalid_request' ],
    [ 'a negative number',      'scale',                             { target_vus => -1 },                 '400 invalid_request' ],
    [ 'no whole number',        'scale',                             '{"target_vus": 1.5}',                '400 invalid_request' ],
    [ 'a text',                 'scale',                             { target_vus => '3' },                '400 invalid_request' ],
    [ 'a boolean',              'scale',                             '{"target_vus": true}',               '400 invalid_request' ],
    [ 'no JSON',                'scale',                             '{"target_vus": ',                    '400 invalid_request' ],
    [ 'no body',                'scale',                             undef,                                '400 invalid_request' ],
    [ 'no such scenario',       'scale',                             { target_vus => 1, scenario => 'x' }, '400 invalid_request' ],
    [ 'a scenario, no text',    'scale',                             { target_vus => 1, scenario => 7 },   '400 invalid_request' ],
    [ 'beyond the limit',       'scale',                             { target_vus => 100_000_000 },        '500 scale_failed' ],
    [ 'what is not paused',     'resume',                            undef,                                '500 resume_failed' ],
);

plan tests => @refused + 53;

# ---- what is refused --------------------------------------------------------------------------

my $id = $quick->();
wait_until { execution($id)->{status} eq 'running' && $sent->() > 5 };
for (@refused) {
    my ($what, $path, $body, $answer) = @$_;
    ok t_cmp(control($id, $path, $body), $answer, $what);
}
ok t_cmp(execution($id)->{status}, 'running', 'it runs on');
for my $what (qw(pause resume scale)) {
    ok t_cmp(control('exec-no', $what, { target_vus => 1 }), '404 not_found', "$what: unknown");
}

# ---- pause and resume ---------------------------------------------------------------------------

ok t_cmp(control($id, 'pause'), '200 Execution paused successfully', 'pause');
ok t_cmp(execution($id)->{status}, 'paused', 'the status says it');
ok t_cmp(execution($id)->{slave_states}{local}{status}, 'paused', 'and that of the local segment');
ok t_cmp(get_json('/api/v1/executions?status=paused')->{executions}[0]{id}, $id, 'and the record, at once');
ok t_cmp(control($id, 'pause'), '500 pause_failed', 'once is enough');
ok wait_until { metrics($id)->{total_iterations} == $sent->() };    # what was begun has ended
my $was = ms(metrics($id)->{duration});
ok t_cmp(arriving(1.2), 0, 'nothing arrives');
ok t_cmp(ms(metrics($id)->{duration}), $was, 'its time stands still');
ok t_cmp(metrics($id)->{total_iterations}, $sent->(), 'all that was begun has ended');
ok t_cmp(control($id, 'resume'), '200 Execution resumed successfully', 'resume');
ok t_cmp(execution($id)->{status}, 'running', 'it runs');
my $from;
ok wait_until { arriving(0.5) > 5 };
$from = time;
my $n = arriving(1);
my $took = time - $from;
ok $n <= 110 * $took or t_debug("$n in $took s");                     # 2 users, 20 ms each: no burst
ok t_cmp(control($id, 'resume'), '500 resume_failed', 'once is enough');
ok t_cmp(control($id, 'pause'), '200 Execution paused successfully', 'again');
ok t_cmp(said(call('DELETE', "/api/v1/executions/$id")), '200 Execution stopped successfully', 'a paused one is stopped');
ok t_cmp(finished($id)->{status}, 'aborted', 'for good');
for my $what (qw(pause resume scale)) {
    ok t_cmp(control($id, $what, { target_vus => 1 }), "500 ${what}_failed", "$what: it has ended");
}

# ---- several clients at once ------------------------------------------------------------------

# What each of several clients is answered that ask for the same at the same moment.
sub at_once {
    my ($n, $ask) = @_;
    my @clients = map {
        pipe my $in, my $out or die $!;
        my $pid = fork // die $!;
        if (!$pid) {
            syswrite $out, $ask->();
            POSIX::_exit(0);
        }
        close $out;
        [ $in, $pid ];
    } 1 .. $n;
    return join ' | ', sort map { my ($in, $pid) = @$_; my $said = <$in>; waitpid $pid, 0; $said } @clients;
}

$id = $quick->();
wait_until { execution($id)->{status} eq 'running' };
for ([ pause => 'paused', 'paused' ], [ resume => 'resumed', 'running' ]) {
    my ($what, $done, $status) = @$_;
    ok t_cmp(at_once(4, sub { control($id, $what) }), join(' | ', "200 Execution $done successfully", ("500 ${what}_failed") x 3), "four times $what: one does it");
    ok t_cmp(execution($id)->{status}, $status, 'and it is so');
}
my $vus = 2;
ok t_cmp(at_once(4, sub { control($id, 'scale', { target_vus => $$ % 5 + 1 }) }), join(' | ', ('200 Execution scaled successfully') x 4), 'four numbers of users at once');
ok wait_until { my $now = status($id)->{vus}; my $same = $now == $vus; $vus = $now; sleep 0.3; $same && $now >= 1 && $now <= 5 };
ok t_cmp(at_once(2, sub { said(call('DELETE', "/api/v1/executions/$id")) }), '200 Execution stopped successfully | 500 stop_failed', 'stopped once');
ok t_cmp(finished($id)->{status}, 'aborted', 'for good');

# ---- scale ------------------------------------------------------------------------------------

$id = submit(workflow([ http_step(s => $target->url('/slow')) ], $long));
wait_until { execution($id)->{status} eq 'running' && $target->requests('/slow') >= 4 };
ok t_cmp(most_at_once('/slow', 0), 2, 'two users');
ok t_cmp(control($id, 'scale', { target_vus => 7 }), '200 Execution scaled successfully', 'more of them');
$from = time;
wait_until { most_at_once('/slow', $from) >= 7 };
ok t_cmp(most_at_once('/slow', $from), 7, 'arrive');
ok t_cmp(status($id)->{vus}, 7, 'and are told');
ok t_cmp(control($id, 'scale', { target_vus => 1 }), '200 Execution scaled successfully', 'fewer');
# Three answers one after the other, and nobody beside them.
ok wait_until { $from = time - 0.9; most_at_once('/slow', $from) == 1 && 2 <= grep { $_->{at} > $from } $target->requests('/slow') };

# ---- the same by its status --------------------------------------------------------------------

my $state = status($id);
ok t_cmp([ @$state{qw(execution_id workflow_id status running paused stopped vus)} ],
         [ $id, 'test', 'running', JSON::PP::true, JSON::PP::false, JSON::PP::false, 1 ], 'its status');
for ([ '{}', 'nothing' ], [ '{"paused": 1}', 'paused' ], [ '{"stopped": false}', 'stopped' ], [ '{"vus": -1}', 'vus' ]) {
    ok t_cmp(said(change($id, $_->[0])), '400 invalid_request', "refused: $_->[1]");
}
my $r = change($id, { paused => JSON::PP::true, vus => 3 });
ok t_cmp([ $r->code, @{ json($r) }{qw(status paused)} ], [ 200, 'paused', JSON::PP::true ], 'paused and scaled');
$r = change($id, { paused => JSON::PP::true });
ok t_cmp([ $r->code, json($r)->{status} ], [ 200, 'paused' ], 'what is so already is no failure');
change($id, { paused => JSON::PP::false });
ok wait_until { status($id)->{vus} == 3 };
my $now = get_json("/api/v1/perf/executions/$id/metrics/realtime");
ok t_cmp([ @$now{qw(execution_id status vus)} ], [ $id, 'running', 3 ], 'its figures of the moment');
ok $now->{http_reqs}{count} > 0;
$r = change($id, { stopped => JSON::PP::true });
ok t_cmp($r->code, 200, 'stopped');
ok t_cmp(finished($id)->{status}, 'aborted', 'for good');
ok t_cmp(status($id)->{stopped}, JSON::PP::true, 'its status says it');
ok t_cmp(change($id, { stopped => JSON::PP::true })->code, 200, 'and it may be said again');
ok t_cmp(said(change($id, { paused => JSON::PP::true, stopped => JSON::PP::true })), '500 pause_failed', 'but not what can no longer be');
