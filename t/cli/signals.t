# Interrupted runs: the summary still comes, the exit code is 130; those under way get
# graceful_stop, and a second signal takes it from them.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use Time::HiRes qw(time);
use WF::Command;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/quick' => { delay => 0.02 }, '/slow' => { delay => 0.7 }, '/hang' => { hang => 1 });

my @cases = (
    # what                       path      options of the file              arguments        signals        s to, counted
    [ 'SIGINT',                  '/quick', 'duration: 60s',                 [],              ['INT'],        5,    qr/^[1-9]/ ],
    [ 'SIGTERM',                 '/quick', 'duration: 60s',                 [],              ['TERM'],       5,    qr/^[1-9]/ ],
    [ 'bounded by iterations',   '/quick', 'iterations: 1000000',           [],              ['INT'],        5,    qr/^[1-9]/ ],
    [ 'slow ones may end',       '/slow',  'iterations: 1000000',           [],              ['INT'],        5,    qr/^2$/ ],
    [ 'hung ones are cut',       '/hang',  'duration: 60s, graceful_stop: 300ms', [],        ['INT'],        5,    qr/^0$/ ],
    [ 'by a second signal',      '/hang',  'duration: 60s',                 [],              [qw(INT INT)],  5,    qr/^0$/ ],
    [ 'quietly',                 '/quick', 'duration: 60s',                 ['-quiet'],      ['INT'],        5,    qr/^[1-9]/ ],
    [ 'in spite of a threshold', '/quick', 'duration: 60s, thresholds: [{metric: http_reqs, condition: "count < 1"}]', [], ['INT'], 5, qr/^[1-9]/ ],
);

plan tests => 8 * @cases;

sub sent { my $n = () = $target->requests(shift); $n }

my $n = 0;
for my $case (@cases) {
    my ($what, $path, $options, $args, $signals, $to, $counted) = @$case;
    my $file = scratch('signal-' . ++$n . '.yaml', "id: a\nname: A\nsteps:\n  - {id: s, type: http, config: {url: '"
                       . $target->url($path) . "'}}\noptions: {vus: 2, $options}\n");
    my $json = scratch("signal-$n.json");
    my $before = sent($path);
    my $run = start_command('run', '-out-json', $json, @$args, $file);
    wait_until { sent($path) >= $before + 2 };
    my $asked = time;
    for my $signal (@$signals) {
        kill $signal => $run->{pid};
        wait_until { !is_pending($run->{pid}) } 5;          # two that wait would be one
    }
    my $end = $run->finish;
    my $took = time - $asked;
    ok t_cmp($end->{code}, 130, "$what: exit code");
    ok $took < $to or t_debug("$what took $took s");
    ok t_cmp($end->{err}, '', "$what: no messages");
    my $quiet = grep { $_ eq '-quiet' } @$args;
    ok t_cmp($end->{out}, $quiet ? qr/^$/ : qr/^status +aborted\ntotal time +[\d.]+m?s\nVUs +2\niterations +\d+$/m, "$what: the summary");
    ok t_cmp($end->{out} =~ /^requests\/s/m ? 1 : 0, !$quiet && $path ne '/hang' ? 1 : 0, "$what: figures, if there are any");
    my $result = decode_json(do { open my $in, '<', $json or die "$json: $!"; local $/; <$in> });
    ok t_cmp($result->{status}, 'aborted', "$what: the result file");
    ok t_cmp($result->{total_iterations}, $counted, "$what: what was done counts");
    ok t_cmp(sent($path) - $before, $result->{total_requests} + ($path eq '/hang' ? 2 : 0), "$what: every request is accounted for");
}

# A signal has not been read by the process yet.
sub is_pending {
    open my $in, '<', "/proc/$_[0]/status" or return 0;
    return scalar grep { /^ShdPnd:\s*0*[1-9a-f]/ } <$in>;
}
