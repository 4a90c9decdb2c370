# Executions and the engine's death: what was under way goes on from its last record, with
# what remains of its time and iterations, and its result says so. Judged by what arrives.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep time);
use WF::Server;
use WF::Target;
use WF::Test;

# Where nothing may arrive, this many seconds are looked at: ten iterations and more.
use constant QUIET => 1.2;

my $target = WF::Target->new('/setup' => { json => { token => 't-1' } });
my $server = WF::Server->new->start;

sub sent { my $path = shift; scalar(() = $target->requests($path)) }

sub kill_engine {
    my $pid = wait_until { $server->engine_pid };
    kill KILL => $pid;
    wait_until { !kill 0 => $pid };
    $server->wait_ready;
}

# So many deaths in a row delay the next engine: a start of httpd forgets them.
sub fresh { $server->stop; $server->start }

# The next record of each is on disk, with more iterations than the one before.
sub iterations_on_disk {
    return map { split /\|/ } $server->rows("SELECT ID_, COALESCE(json_extract(METRICS_, '\$.total_iterations'), 0) FROM WF_EXECUTION");
}
sub recorded {
    my @ids = @_;
    my %was = iterations_on_disk();
    wait_until { my %is = iterations_on_disk(); !grep { $is{$_} <= ($was{$_} // 0) } @ids } or die 'not recorded';
}

my $n = 0;
my @modes = (
    # mode                   options                                                        planned  seconds
    [ 'constant-vus',        { vus => 3, duration => '5s' },                                undef,   5 ],
    [ 'constant-vus',        { vus => 2, iterations => 50 },                                100,     undef ],
    [ 'per-vu-iterations',   { vus => 4, iterations => 50 },                                200,     undef ],
    [ 'ramping-vus',         { vus => 3, start_vus => 1, stages => [ { duration => '2s', target => 3 }, { duration => '3s', target => 3 } ] }, undef, 5 ],
    [ 'constant-arrival-rate', { vus => 3, rate => 10, duration => '5s', max_vus => 3, pre_allocated_vus => 3 }, undef, 5 ],
    [ 'shared-iterations',   { vus => 4, iterations => 200 },                               200,     undef ],
);

plan tests => 11 * @modes + 41;

# ---- each mode, killed twice ----------------------------------------------------------------------

# All at once: a death of the engine is one of each.
my @runs = map {
    my ($mode, $options, $planned, $seconds) = @$_;
    my $at = '/mode' . ++$n;
    my $steps = [ http_step(s => $target->url($at) . '?vu=${__VU}&iteration=${__ITER}'),
                  { id => 'w', type => 'sleep', config => { duration => '100ms' } } ];
    +{ what => "$mode " . ($planned ? 'by iterations' : 'by time'), at => $at, options => $options, planned => $planned,
       seconds => $seconds, id => submit(workflow($steps, { mode => $mode, %$options })), began => time };
} @modes;
my $down = 0;
for (1 .. 2) {
    recorded(map { $_->{id} } @runs);
    my $from = time;
    kill_engine();
    $down += time - $from;
    ok t_cmp(execution($_->{id})->{status}, 'running', "$_->{what}: it goes on") for @runs;
}
for my $run (@runs) {
    my ($what, $options, $planned, $seconds, $id) = @$run{qw(what options planned seconds id)};
    my $end = finished($id);
    ok t_cmp($end->{status}, 'completed', "$what: to its end");
    my @restarts = grep { $_->{message} =~ /engine was restarted/ } @{ $end->{errors} };
    ok t_cmp(scalar @restarts, 2, "$what: its errors tell of both restarts");
    ok t_cmp($restarts[0]{message}, qr/stood still from \d{4}-\S+Z to \d{4}-\S+Z; the last second/, "$what: and when");
    my $metrics = metrics($id);
    my $arrived = sent($run->{at});
    # At most a second of each life and what was under way is done again; nothing is left out.
    my $again = 2 * ($options->{rate} ? $options->{rate} / 10 : $options->{vus}) * 12;
    if ($planned) {
        ok t_cmp($metrics->{total_iterations}, $planned, "$what: all are counted once");
        ok $arrived >= $planned && $arrived <= $planned + $again or t_debug("$arrived arrived of $planned");
    }
    else {
        ok $metrics->{total_iterations} <= $arrived && $metrics->{total_iterations} >= $arrived - $again
            or t_debug("$metrics->{total_iterations} counted, $arrived arrived");
        my $lasted = ms($metrics->{duration}) / 1000;
        ok $lasted > $seconds - 0.1 && $lasted < $seconds + 2.5 or t_debug("it lasted $lasted s on its own clock");
        ok t_cmp($metrics->{dropped_iterations}, 0, "$what: starts before the restart are over") if $options->{rate};
        my ($last) = sort { $b <=> $a } map { $_->{at} } $target->requests($run->{at});
        my $took = $last - $run->{began} - $down;
        ok $took > $seconds - 1 && $took < $seconds + 4.5 or t_debug("it took $took s");
    }
    # What was under way when the engine died is known of by its steps alone.
    my $steps = $metrics->{step_metrics}{s}{count};
    ok $steps >= $metrics->{total_iterations} && $steps <= $metrics->{total_iterations} + 2 * $options->{vus}
        or t_debug("$steps steps");
    my $series = get_json("/api/v1/perf/executions/$id/timeseries")->{time_series};
    my $sum = 0;
    $sum += $_->{iterations} for @$series;
    ok t_cmp($sum, $metrics->{total_iterations}, "$what: the time series has all of them");
    my @elapsed = map { $_->{elapsed_ms} } @$series;
    ok t_cmp("@elapsed", join(' ', sort { $a <=> $b } @elapsed), "$what: in order");
    my %vus = map { $_->{query}{vu} => 1 } $target->requests($run->{at});
    delete @vus{ 1 .. $options->{vus} } if $options->{rate};    # not all of them are needed
    ok t_cmp(join(' ', sort keys %vus), $options->{rate} ? '' : join(' ', 1 .. $options->{vus}), "$what: by the same users");
}

# ---- setup, teardown, scale, pause --------------------------------------------------------------------

fresh();
my %shape = (
    setup => [ http_step(in => $target->url('/setup')),
               { id => 'take', type => 'script', config => { script => 'vars.set("token", response.json().token)' } } ],
    teardown => [ http_step(out => $target->url('/out?token=${token}')) ],
);
my $id = submit(workflow([ http_step(s => $target->url('/with?token=${token}')), { id => 'w', type => 'sleep', config => { duration => '100ms' } } ],
                         { vus => 2, duration => '7s' }, %shape));
recorded($id);
call('POST', "/api/v1/executions/$id/scale", { target_vus => 5 });
kill_engine();
wait_until { get_json("/api/v1/perf/executions/$id/status")->{vus} == 5 };
ok t_cmp(get_json("/api/v1/perf/executions/$id/status")->{vus}, 5, 'scaled users stay');
ok t_cmp(call('POST', "/api/v1/executions/$id/pause")->code, 200, 'pause');
kill_engine();
ok t_cmp(execution($id)->{status}, 'paused', 'a paused one stays paused');
my $before = sent('/with');
sleep QUIET;
ok t_cmp(sent('/with'), $before, 'nothing arrives');
my $duration = metrics($id)->{duration};
kill_engine();
ok t_cmp(execution($id)->{status}, 'paused', 'however often the engine dies');
ok t_cmp(ms(metrics($id)->{duration}), ms($duration), 'its time stands still');
ok t_cmp(call('POST', "/api/v1/executions/$id/resume")->code, 200, 'resume');
ok wait_until { sent('/with') > $before };
ok t_cmp(finished($id)->{status}, 'completed', 'it ends');
ok t_cmp(sent('/setup'), 1, 'setup was done once');
ok t_cmp(sent('/out'), 1, 'teardown, too');
ok t_cmp(join(' ', map { $_->{query}{token} // 'none' } (($target->requests('/with'))[-1], $target->requests('/out'))), 't-1 t-1',
         'with the variables of setup');

# ---- stopping ----------------------------------------------------------------------------------------

fresh();
$id = submit(workflow([ { id => 'w', type => 'sleep', config => { duration => '30s' } } ], { vus => 2, duration => '60s', graceful_stop => '30s' },
                      teardown => [ http_step(out => $target->url('/end')) ]));
wait_until { execution($id)->{status} eq 'running' };
ok t_cmp(call('DELETE', "/api/v1/executions/$id")->code, 200, 'stop');
kill_engine();
ok t_cmp(finished($id)->{status}, 'aborted', 'what was stopping is over after the restart');
ok t_cmp(sent('/end'), 1, 'after its teardown');

# ---- httpd stops ---------------------------------------------------------------------------------------

$id = submit(workflow([ http_step(s => $target->url('/quiet')), { id => 'w', type => 'sleep', config => { duration => '150ms' } } ],
                      { mode => 'shared-iterations', vus => 3, iterations => 90 }));
wait_until { metrics($id)->{total_iterations} > 20 };
$server->stop;
my $was = sent('/quiet');
ok $was < 90;
sleep QUIET;
ok t_cmp(sent('/quiet'), $was, 'nothing arrives while the server is down');
$server->start;
ok t_cmp(execution($id)->{status}, 'running', 'it goes on');
my $end = finished($id);
ok t_cmp($end->{status}, 'completed', 'to its end');
ok t_cmp(sent('/quiet'), 90, 'nothing was lost or repeated');
ok t_cmp(metrics($id)->{total_iterations}, 90, 'as its metrics say');
ok t_cmp($end->{errors}[-1]{message}, qr/nothing was lost/, 'its errors, too');

# ---- Off ------------------------------------------------------------------------------------------------

$server->{extra} = "WorkflowResumeExecutions Off\nWorkflowExecutionsKept 3";
$server->write_config;
fresh();
my $quick = sub { submit(workflow([ http_step(s => $target->url('/q')), { id => 'w', type => 'sleep', config => { duration => '50ms' } } ], { @_ })) };
$id = $quick->(vus => 2, duration => '60s');
recorded($id);
kill_engine();
my $failed = execution($id);
ok t_cmp($failed->{status}, 'failed', 'switched off: it is over');
ok t_cmp($failed->{errors}[-1]{message}, qr/engine was restarted.*last checkpoint/, 'and its errors say why');
ok metrics($id)->{total_iterations} > 0;
$id = $quick->(vus => 2, duration => '60s');
recorded($id);
$server->stop;
$server->start;
ok t_cmp(execution($id)->{status}, 'aborted', 'stopped with the server');

# ---- retention -------------------------------------------------------------------------------------------

my @ids = map { my ($e) = run_workflow([ http_step(s => $target->url('/q')) ], { iterations => 1 }); $e->{id} } 1 .. 5;
fresh();                                       # clean-up looks when the engine starts
ok wait_until { get_json('/api/v1/executions')->{total} == 3 };
ok t_cmp([ map { $_->{id} } @{ get_json('/api/v1/executions')->{executions} } ], [ reverse @ids[2 .. 4] ], 'the newest three are kept');
ok t_cmp(call('GET', "/api/v1/executions/$ids[0]$_")->code, 404, "gone: $_") for '', '/metrics';
ok t_cmp(call('GET', "/api/v1/perf/executions/$ids[0]$_")->code, 404, "gone: $_") for '/timeseries', '/report';
ok t_cmp(call('GET', "/api/v1/perf/executions/$ids[4]$_")->code, 200, "there: $_") for '/timeseries', '/report';
$server->{extra} = 'WorkflowExecutionsTimeToLive 1s';
$server->write_config;
my $old = time + 1.1;
wait_until { time > $old };                    # older than they may get when clean-up looks
fresh();
ok wait_until { get_json('/api/v1/executions')->{total} == 0 };
$id = $quick->(vus => 1, duration => '60s');
run_workflow([ http_step(s => $target->url('/q')) ], { iterations => 1 });
recorded($id);
$old = time + 1.1;
wait_until { time > $old };
kill_engine();
ok wait_until { get_json('/api/v1/executions')->{total} == 1 };
ok t_cmp(execution($id)->{status}, 'running', 'what runs is not old');
