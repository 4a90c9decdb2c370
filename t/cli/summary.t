# The summary of a run: what a person sees at a glance, and that its figures are those of the
# target and of the outputs that were asked for on the command line.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Command;
use WF::Target;
use WF::Test;

plan tests => 37;

my $target = WF::Target->new('/bad' => { status => 500 }, '/slow' => { delay => 0.15 });
my $long = 'a-step-whose-name-is-much-longer-than-the-column-of-a-table';
my $file = scratch('summary.yaml', <<"END");
id: summary
name: Summary
http: { base_url: "@{[ $target->url ]}" }
metrics: { basket: { type: trend }, sold: counter, told: { type: trend, unit: bytes }, lucky: rate }
steps:
  - { id: slow, name: A slow one, type: http, config: { url: /slow } }
  - { id: bad, type: http, on_error: continue, config: { url: /bad } }
  - { id: $long, type: script, config: { script: "metrics.add('basket', 12.5); metrics.add('sold', 3); metrics.add('told', 2048); metrics.add('lucky', true); check(response, { 'has answered': r => r.status_code == 500, 'is fine': r => r.status_code == 200 })" } }
options:
  vus: 2
  iterations: 3
  thresholds:
    - { metric: sold, condition: count == 18 }
    - { metric: bad.duration, condition: p(95) < 0.001 }
END

my $json = scratch('points.json');
my $csv = scratch('rows.csv', "of an earlier run\n");
my $run = command('run', '-out', "json=$json", "--out=csv=$csv", '-o', 'webhook=' . $target->url('/hook'), $file);
ok t_cmp($run->{code}, 1, 'a threshold is violated');
ok t_cmp($run->{err}, '', 'no messages');

my @lines = (
    # what                  line
    [ 'spread',             qr/^spread       min [\d.]+[mu]s, median [\d.]+[mu]s, P90 [12]\d\dms, max [12]\d\dms$/m ],
    [ 'bytes',              qr/^data         [\d.]+ (?:B|KiB) sent, [\d.]+ (?:B|KiB) received$/m ],
    [ 'columns',            qr/^steps +count +passed +failed +avg +median +P95 +P99 +max$/m ],
    [ 'a step',             qr/^  slow +6 +6 +0( +[12]\d\dms){5}$/m ],
    [ 'one that fails',     qr/^  bad +6 +0 +6( +[\d.]+[mu]s){5}$/m ],
    [ 'a long name',        qr/^  a-step-whose-name-is-much-longer-than-t~ +6 +6 +0 /m ],
    [ 'a trend',            qr/^  basket +avg 12\.5, min 12\.5, med 12\.5, max 12\.5, p\(90\) 12\.5, p\(95\) 12\.5, p\(99\) 12\.5$/m ],
    [ 'a counter',          qr/^  sold +count 18, rate [\d.]+\/s$/m ],
    [ 'bytes of a trend',   qr/^  told +avg 2\.0 KiB, min 2\.0 KiB/m ],
    [ 'a rate',             qr/^  lucky +rate 100\.00%, passes 6, fails 0$/m ],
    [ 'thresholds',         qr/^thresholds +1 passed, 1 failed\n  passed sold count == 18 \(18\)\n  FAILED bad.duration p\(95\) < 0\.001 \([\d.]+\)$/m ],
    [ 'checks',             qr/^checks\n  ✓ \S+: has answered  6 of 6\n  ✗ \S+: is fine  0 of 6$/m ],
    [ 'errors by text',     qr/^errors\n  EXECUTION_ERROR bad: answered 500\D* \(6 times\)$/m ],
);
for (@lines) {
    my ($what, $line) = @$_;
    ok $run->{out} =~ $line or t_debug("$what:\n$run->{out}");
}
ok t_cmp($run->{out}, qr/\A[^\033]*\z/, 'no colours in a file');

# ---- outputs --------------------------------------------------------------------------------------

my @points = @{ JSON::PP::decode_json(slurp($json)) };
sub total { my ($metric) = @_; my $n = 0; $n += $_->{data}{value} for grep { $_->{metric} eq $metric && $_->{data}{tags}{stat} eq 'count' } @points; $n }
ok t_cmp(total('http_reqs'), 12, 'json');
ok t_cmp(slurp($csv), qr/^timestamp,step_id,.*\n(?:.*\n)*?[^,]+,slow,/, 'csv, in place of the old file');
my @hooks = map { @{ JSON::PP::decode_json($_->{body})->{records} } } $target->requests('/hook');
ok 0 < grep { $_->{metric} eq 'iterations' } @hooks;

my @refused = (
    # arguments                  what is told
    [ [ '-out', 'frob=x' ],      qr/-out frob=x: .*outputs of type "frob" are not supported; there are json, csv/ ],
    [ [ '-out', 'kafka=b:1' ],   qr/-out kafka=b:1: \[unsupported\]/ ],
    [ [ '-out', 'webhook' ],     qr/-out webhook: .*url: is required/ ],
    [ [ '-out', '' ],            qr/-out : .*type/ ],
    [ [ map { ('-o', 'json=x') } 1 .. 11 ], qr/-o: is given too often/ ],
);
for (@refused) {
    my ($args, $said) = @$_;
    my $refused = command('run', @$args, $file);
    ok $refused->{code} > 0;
    ok t_cmp($refused->{err}, $said, "run @$args");
}
ok t_cmp(scalar(() = $target->requests('/slow')), 6, 'nothing of these was run');

# What a document asks for stays, and files are written that are not there.
my $other = scratch('other.json');
my $both = scratch('both.yaml', slurp($file) =~ s/  vus: 2/  vus: 1\n  outputs: [ { type: webhook, url: "@{[ $target->url('\/own') ]}" } ]/r);
$run = command('run', '-q', '-o', "json=$other", $both);
ok t_cmp(scalar(() = $target->requests('/own')) > 0 ? 1 : 0, 1, "the document's output");
ok -s $other;
ok t_cmp($run->{out} . $run->{err}, '', 'quietly');

# ---- terminals ------------------------------------------------------------------------------------

my $shown = on_terminal([ 'run', $file ]);
ok t_cmp($shown, qr/\033\[32mpassed\033\[0m sold/, 'what is good is green');
ok t_cmp($shown, qr/\033\[31mFAILED\033\[0m bad\.duration/, 'what is not, red');
{
    local $ENV{NO_COLOR} = 1;
    ok t_cmp(on_terminal([ 'run', $file ]), qr/  FAILED bad\.duration/, 'or as it is wanted');
}
ok t_cmp(command('run', '-debug', '-q', $file)->{code}, 1, 'with its log');

sub slurp { open my $in, '<:raw', shift or die $!; local $/; return scalar <$in> }
