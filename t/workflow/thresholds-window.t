# Thresholds over a window and over a part of the run, and when they may end it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Target;
use WF::Test;

# One user, an answer each 100 ms: some ten a second, how long the run may be.
my $target = WF::Target->new('/tenth' => { delay => 0.1 });
my $step = http_step(s => $target->url('/tenth'));

my @cases = (
    # what                  metric                 condition        part                          passed  least, most
    [ 'whole run',          'http_reqs',           'count > 40',    {},                           1, 41, 60 ],
    [ 'the last 2 s',       'http_reqs',           'count < 35',    { window => '2s' },           1, 8, 34 ],
    [ 'rate of a window',   'http_reqs',           'rate > 4',      { window => '2s' },           1, 4, 11 ],
    [ 'longer than it all', 'http_reqs',           'count > 40',    { window => '10m' },          1, 41, 60 ],
    [ 'from 3 s on',        'http_reqs',           'count < 40',    { from => '3s' },             1, 8, 39 ],
    [ 'until 2 s',          'http_reqs',           'count < 35',    { to => '2s' },               1, 10, 34 ],
    [ '1 s to 3 s',         'http_reqs',           'count < 35',    { from => '1s', to => '3s' }, 1, 8, 34 ],
    [ 'rate of a part',     's.success_rate',      '>= 1',          { from => '1s', to => '3s' }, 1, 1, 1 ],
    [ 'a status in it',     'http_req_status_200', 'count < 35',    { from => '1s', to => '3s' }, 1, 8, 34 ],
    [ 'durations in it',    's.duration.min',      '>= 100',        { window => '2s' },           1, 99, 5000 ],
    [ 'later than it ends', 'http_reqs',           'count > 0',     { from => '1h' },             0, 0, 0 ],
    [ 'a trend then',       'http_req_duration',   'p(95) < 1',     { from => '1h' },             1, 0, 0 ],
);
my @refused = (
    # part                         metric                 path and message
    [ { window => '500ms' },       'http_reqs',           qr/condition: .*a window is at least 1s/ ],
    [ { window => '5s' },          'total_iterations',    qr/condition: .*number of the whole run/ ],
    [ { window => '5s', to => '9s' }, 'http_reqs',        qr/window: .*either a window or from and to/ ],
    [ { from => '5s', to => '5s' }, 'http_reqs',          qr/to: must be later than from/ ],
);
plan tests => 3 * @cases + 2 * @refused + 9;

sub threshold { my ($metric, $condition, %more) = @_; return { metric => $metric, condition => $condition, %more } }

my ($execution, $metrics) = run_workflow([$step], { vus => 1, duration => '6s',
    thresholds => [ map { threshold($_->[1], $_->[2], %{ $_->[3] }) } @cases ] });
ok t_cmp($execution->{status}, 'completed', 'the run');
for my $i (0 .. $#cases) {
    my ($what, $metric, $condition, $part, $passed, $least, $most) = @{ $cases[$i] };
    my $got = $metrics->{thresholds}[$i];
    ok t_cmp($got->{metric}, $metric, $what);
    ok t_cmp($got->{passed} ? 1 : 0, $passed, "$what: $metric $condition");
    ok $got->{value} >= $least && $got->{value} <= $most or t_debug("$what: $got->{value}");
}
my @arrived = $target->requests;
ok @arrived >= 41 or t_debug(@arrived . " requests arrived");

for my $case (@refused) {
    my ($part, $metric, $message) = @$case;
    my $answer = call('POST', '/api/v1/workflows', { workflow => workflow([$step], {
        vus => 1, duration => '1s', thresholds => [ threshold($metric, '> 0', %$part) ] }) });
    ok t_cmp($answer->code, 400, "$metric " . join ' ', %$part);
    ok t_cmp($answer->content, $message, 'and why');
}

# What fails from the start ends the run, but not while it may not.
for my $case ([ 'abort_delay', abort_delay => '3s' ], [ 'a part that begins', from => '2s' ]) {
    my ($what, @more) = @$case;
    ($execution, $metrics) = run_workflow([$step], { vus => 1, duration => '50s', graceful_stop => '1s',
        thresholds => [ threshold('http_reqs', 'count < 1', @more, abort_on_fail => JSON::PP::true) ] });
    ok t_cmp($execution->{status}, 'failed', $what);
    my $ms = ms($metrics->{duration});
    ok $ms >= ($more[1] eq '3s' ? 3000 : 2000) or t_debug("$what: $ms ms");
    ok $ms < 20_000 or t_debug("$what: $ms ms");
}
ok t_cmp($execution->{errors}[0]{message}, qr/http_reqs count < 1/, 'the reason is in the errors');
