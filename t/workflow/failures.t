# Steps that fail: time limits cut them, on_error says what comes next, and the execution
# tells in its status, its counts and its errors.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/hang' => { hang => 1 }, '/slow' => { delay => 0.4 }, '/no' => { status => 503 },
                             '/flaky' => sub { $_[0]{number} % 2 ? { status => 500 } : {} });
my $true = JSON::PP::true;

# What happens to the steps a, s and z when s fails.
my @cases = (
    # what                    members of step s                          options                                status       count:success:failure of a, s, z
    [ 'abort',                { on_error => 'abort' },                   { iterations => 3 },                   'failed',    '3:3:0 3:0:3 -' ],
    [ 'abort is the default', {},                                        { iterations => 3 },                   'failed',    '3:3:0 3:0:3 -' ],
    [ 'continue',             { on_error => 'continue' },                { iterations => 3 },                   'completed', '3:3:0 3:0:3 3:3:0' ],
    [ 'skip',                 { on_error => 'skip' },                    { iterations => 3 },                   'completed', '3:3:0 3:0:0 3:3:0' ],
    [ 'shared',               {},                                        { iterations => 5, vus => 2, mode => 'shared-iterations' }, 'failed', '5:5:0 5:0:5 -' ],
    [ 'all VUs go on',        {},                                        { iterations => 2, vus => 3 },         'failed',    '6:6:0 6:0:6 -' ],
    [ 'only with fail_on_status', { config => { fail_on_status => undef } }, { iterations => 2 },               'completed', '2:2:0 2:0:2 2:2:0' ],
    [ 'disabled',             { disabled => $true },                     { iterations => 2 },                   'completed', '2:2:0 - 2:2:0' ],
);

# Time limits: the member that sets it, and what it may take.
my @timed = (
    # what                    members of step s                          http section                           ms from, to  status of the run
    [ 'timeout of the step',  { timeout => '250ms' },                    {},                                    250, 1500,  'failed' ],
    [ 'http.timeout.request', {},                                        { timeout => { request => '250ms' } }, 250, 1500,  'failed' ],
    [ 'the step\'s own',      { config => { timeout => { request => '250ms' } } }, { timeout => { request => '30s' } }, 250, 1500, 'failed' ],
    [ 'step before config',   { timeout => '250ms', config => { timeout => { request => '30s' } } }, {},        250, 1500,  'failed' ],
    [ 'on_error continue',    { timeout => '250ms', on_error => 'continue' }, {},                               250, 1500,  'completed' ],
);

plan tests => 4 * @cases + 6 * @timed + 11;

sub counts {
    my ($metrics, @ids) = @_;
    return join ' ', map { my $m = $metrics->{step_metrics}{$_}; $m ? join(':', @$m{qw(count success_count failure_count)}) : '-' } @ids;
}

# A step with some members, merged with some of its config.
sub step {
    my ($id, $path, $members) = @_;
    my %config = (url => $target->url($path), %{ $members->{config} // {} });
    delete $config{$_} for grep { !defined $config{$_} } keys %config;
    return { id => $id, type => 'http', %$members, config => \%config };
}

for my $case (@cases) {
    my ($what, $members, $options, $status, $expected) = @$case;
    my $config = { fail_on_status => $true, %{ $members->{config} // {} } };
    my ($execution, $metrics) = run_workflow([ http_step(a => $target->url), step(s => '/no', { %$members, config => $config }),
                                               http_step(z => $target->url) ], $options);
    my ($iterations) = $expected =~ /^(\d+)/;
    ok t_cmp($execution->{status}, $status, $what);
    ok t_cmp(counts($metrics, qw(a s z)), $expected, "$what: counts");
    ok t_cmp($metrics->{total_iterations}, $iterations, "$what: failed iterations are iterations");
    ok t_cmp(join(' ', map { "$_->{code} $_->{step_id}" } @{ $execution->{errors} }),
             $expected =~ / - / ? '' : 'EXECUTION_ERROR s', "$what: errors");
}

for my $case (@timed) {
    my ($what, $members, $http, $from, $to, $status) = @$case;
    my ($execution, $metrics) = run_workflow([ step(s => '/hang', $members), http_step(z => $target->url) ], undef, http => $http);
    my $took = ms($metrics->{step_metrics}{s}{duration}{max});
    ok $took >= $from && $took < $to or t_debug("$what: $took ms");
    ok t_cmp($execution->{status}, $status, $what);
    ok t_cmp(counts($metrics, 's'), '1:0:1', "$what: counted as failure");
    my ($error) = @{ $execution->{errors} };
    ok t_cmp("$error->{code} $error->{step_id}", 'TIMEOUT_ERROR s', "$what: code");
    ok t_cmp($error->{message}, qr/time/i, "$what: message");
    ok t_cmp($error->{timestamp}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, "$what: timestamp");
}

# In time is no failure; and what a step is told later says how it went.
my ($execution, $metrics) = run_workflow([ step(s => '/slow', { timeout => '5s' }) ]);
ok t_cmp(counts($metrics, 's'), '1:1:0', 'slow, but in time');
($execution, $metrics) = run_workflow([ step(s => '/hang', { timeout => '200ms', on_error => 'continue' }),
                                        http_step(z => $target->url('/told'), query => { s => '${s.status}', e => '${s.error}' }) ]);
my ($told) = $target->requests('/told');
ok t_cmp($told->{query}{s}, 'timeout', 'the status of a step that was cut');
ok t_cmp($told->{query}{e}, qr/time/i, 'and its error');
($execution, $metrics) = run_workflow([ step(s => '/no', { config => { fail_on_status => $true }, on_error => 'skip' }),
                                        http_step(z => $target->url('/skipped'), query => { s => '${s.status} ${s.status_code}' }) ]);
($told) = $target->requests('/skipped');
ok t_cmp($told->{query}{s}, 'skipped 503', 'the status of one that was skipped');

# A run bounded by time is a measurement: failures are part of it.
($execution, $metrics) = run_workflow([ step(s => '/flaky', { config => { fail_on_status => $true } }) ], { vus => 2, duration => '400ms' });
my $m = $metrics->{step_metrics}{s};
ok t_cmp($execution->{status}, 'completed', 'errors do not end a measurement');
ok t_cmp($m->{success_count} + $m->{failure_count}, $m->{count}, 'every request is one or the other');
ok $m->{failure_count} > 1 && $m->{success_count} > 1;
ok t_cmp($metrics->{total_iterations}, scalar(() = $target->requests('/flaky')), 'and all are counted');

# Errors of the same kind are one entry, and there are never too many of them.
($execution, $metrics) = run_workflow([ map { step("s$_", '/no', {}) } 1 .. 120 ], { iterations => 2 });
ok t_cmp(scalar(@{ $execution->{errors} }), 100, 'at most 100 entries');
ok t_cmp(scalar(keys %{ $metrics->{step_metrics} }), 120, 'but metrics of all steps');
ok t_cmp($execution->{status}, 'completed', 'a status is no step error');
