# Scripts that never end and scripts that take all memory, at every place where a script may
# stand: it is that place alone that fails, its user goes on, and others send at their full
# rate meanwhile, as a target sees it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use List::Util qw(max);
use Time::HiRes qw(time);
use WF::Target;
use WF::Test;

use constant USERS => 2;
use constant RATE => 50;        # of those who are not to notice

my $target = WF::Target->new;
my $no = JSON::PP::false;

my @runaways = (
    # what      script                                                               time     error
    [ 'endless', 'for (;;);',                                                        '250ms', qr/timed out after 250ms/ ],
    [ 'growing', 'const all = []; for (;;) all.push(new Array(1000).fill(all.length));', '20s', qr/memory/ ],
    [ 'pattern', q{/(a+)+$/.test('a'.repeat(40) + 'b')},                             '250ms', qr/timed out after 250ms/ ],
    [ 'doubling', q{let s = 'x'; for (;;) s += s},                                   '20s', qr/too long/ ],
    [ 'text',    q{let s = ''; for (;;) s += 'some text'},                           '250ms', qr/timed out after 250ms/ ],
);

my %quick;
sub hook { +{ type => 'script', config => { script => shift, %quick } } }
sub step { my ($id, $text, %members) = @_; +{ id => $id, type => 'script', config => { script => $text }, %quick, %members } }
sub processor { [ { type => 'js_script', config => { script => shift, %quick } } ] }
my %goes_on = (on_error => 'continue');

# Each: the steps and members of the workflow with the script at that place; how often each
# user gets to its own request and to the one behind; the status of the whole.
my @places = (
    # place                    what is made of the script and the request                                                at, behind  status
    [ 'step',                  sub { [ step(s => $_[0], %goes_on) ] },                                                   0, 1, 'completed' ],
    [ 'step, aborting',        sub { [ step(s => $_[0]) ] },                                                             0, 0, 'failed' ],
    [ 'step in blocks',        sub { [ { id => 'f', type => 'for', end => 0, %goes_on, steps => [ { id => 'i', type => 'if', condition => 'true', then => [ step(s => $_[0]) ] } ] } ] }, 0, 1, 'completed' ],
    [ 'branch',                sub { [ { id => 'p', type => 'parallel', steps => [ step(s => $_[0], %goes_on), $_[1] ] } ] }, 1, 1, 'completed' ],
    [ 'fragment',              sub { [ { id => 'c', type => 'call', script => 'f', %goes_on } ], scripts => { f => { steps => [ step(s => $_[0]) ] } } }, 0, 1, 'completed' ],
    [ 'other workflow',        sub { [ { id => 'c', type => 'ref_workflow', workflow_definition => { steps => [ step(s => $_[0]) ] }, %goes_on } ] }, 0, 1, 'completed' ],
    [ 'pre_hook',              sub { [ { %{ $_[1] }, %goes_on, pre_hook => hook($_[0]) } ] },                            0, 1, 'completed' ],
    [ 'post_hook',             sub { [ { %{ $_[1] }, post_hook => hook($_[0]) } ] },                                     1, 1, 'completed' ],
    [ 'pre-processor',         sub { [ { %{ $_[1] }, %goes_on, preProcessors => processor($_[0]) } ] },          0, 1, 'completed' ],
    [ 'post-processor',        sub { [ { %{ $_[1] }, %goes_on, postProcessors => processor($_[0]) } ] },         1, 1, 'completed' ],
    [ "workflow's pre_hook",   sub { [ $_[1] ], pre_hook => hook($_[0]) },                                               0, 0, 'failed' ],
    [ "workflow's post_hook",  sub { [ $_[1] ], post_hook => hook($_[0]) },                                              1, 1, 'completed' ],
    [ 'setup',                 sub { [ $_[1] ], setup => [ step(s => $_[0]) ] },                                         0, 0, 'failed' ],
    [ 'teardown',              sub { [ $_[1] ], teardown => [ step(s => $_[0]) ] },                                      1, 1, 'failed' ],
);

plan tests => 5 * @places * @runaways + 6;

my $others = submit(workflow([ http_step(o => $target->url('/others')) ],
                             { mode => 'constant-arrival-rate', rate => RATE, duration => '5m', max_vus => 40, pre_allocated_vus => 10 }));
wait_until { 20 < (() = $target->requests('/others')) };
my $from = time;

for my $case (@runaways) {
    my ($kind, $script, $time, $error) = @$case;
    %quick = (timeout => $time);
    for my $place (@places) {
        my ($where, $make, $at, $behind, $status) = @$place;
        my $what = "$kind, $where";
        my $path = "/$kind/" . ($where =~ s/\W+/-/gr);
        my ($steps, %members) = $make->($script, http_step(r => $target->url("$path/at")));
        my $began = time;
        my ($end) = run_workflow([ @$steps, http_step(z => $target->url("$path/behind")) ], { vus => USERS, iterations => 1 }, %members);
        my $took = time - $began;
        ok t_cmp($end->{status}, $status, "$what: status");
        ok t_cmp(join("\n", map { $_->{message} } @{ $end->{errors} }), $error, "$what: error");
        ok t_cmp(scalar(() = $target->requests("$path/at")), USERS * $at, "$what: its own request");
        ok t_cmp(scalar(() = $target->requests("$path/behind")), USERS * $behind, "$what: the one behind");
        ok $took < 60 or t_debug("$what: $took s");                # it would never end
    }
}

# ---- nobody else has noticed -----------------------------------------------------------------------

my $to = time;
my @at = sort { $a <=> $b } grep { $_ >= $from && $_ < $to } map { $_->{at} } $target->requests('/others');
my $rate = @at / ($to - $from);
my $gap = max map { $at[$_] - $at[ $_ - 1 ] } 1 .. $#at;
ok $rate > 0.85 * RATE && $rate < 1.15 * RATE or t_debug("$rate a second");
ok $gap < 2 or t_debug("a gap of $gap s");
ok t_cmp(execution($others)->{status}, 'running', 'the others run on');
call('DELETE', "/api/v1/executions/$others");
ok t_cmp(finished($others)->{status}, 'aborted', 'until they are stopped');
my $metrics = metrics($others);
ok t_cmp($metrics->{dropped_iterations}, 0, 'each found its user');
ok t_cmp($metrics->{step_metrics}{o}{failure_count}, 0, 'each request went well');
