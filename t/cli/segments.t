# Runs that are divided over several processes: what they send together is what one would
# have sent, in number, users, rows and time, as the target sees it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Command;
use WF::Target;
use WF::Test;

use constant SEQUENCE => '0,1/2,3/4,1';
my @segments = ('0:1/2', '1/2:3/4', '0.75:100%');

my @cases = (
    # what                   options                                                                            requests of each              users
    [ 'constant-vus',        'vus: 10, iterations: 3',                                                          [ 15, 6, 9 ],                 10 ],
    [ 'per-vu-iterations',   'mode: per-vu-iterations, vus: 7, iterations: 2',                                  [ 6, 4, 4 ],                  7 ],
    [ 'shared-iterations',   'mode: shared-iterations, vus: 12, iterations: 1001',                              [ 500, 250, 251 ],            undef ],
    [ 'few users',           'mode: shared-iterations, vus: 1, iterations: 20',                                 [ 0, 0, 20 ],                 1 ],
    [ 'arrivals',            'mode: constant-arrival-rate, rate: 40, duration: 2s, max_vus: 20',                [ 40, 20, 20 ],               undef ],
    [ 'ramping arrivals',    'mode: ramping-arrival-rate, start_rate: 0, stages: [{duration: 2s, target: 80}]', [ 40, 20, 20 ],               undef ],
    [ 'ramping users',       'mode: ramping-vus, stages: [{duration: 0s, target: 8}, {duration: 500ms, target: 8}]', undef,                   8 ],
);

my $target = WF::Target->new('/slow' => { delay => 0.02 });
my $n = 0;

sub parts {
    my ($file, @args) = @_;
    my @runs = map { start_command('run', '-execution-segment', $_, '-execution-segment-sequence', SEQUENCE, @args, $file) } @segments;
    return map { $_->finish } @runs;
}

plan tests => 6 * @cases + 7 + 12;

for my $case (@cases) {
    my ($what, $options, $each, $users) = @$case;
    my $path = '/slow?case=' . ++$n;
    my $file = scratch("segment-$n.yaml", "id: s$n\nname: S\nhttp: {base_url: '@{[ $target->url ]}'}\nsteps: [{id: r, type: http, config: {url: '$path&vu=\${__VU}&part=\${env:PART}'}}]\noptions: {$options}\n");
    my @runs = map { local $ENV{PART} = $_; start_command('run', '-execution-segment', $segments[$_], '-execution-segment-sequence', SEQUENCE, $file) } 0 .. $#segments;
    my @ends = map { $_->finish } @runs;
    ok t_cmp([ map { $_->{code} } @ends ], [ 0, 0, 0 ], "$what: exit codes") or t_debug(map { $_->{out} . $_->{err} } @ends);
    my @sent = grep { $_->{query}{case} == $n } $target->requests('/slow');
    my @of_part = map { my $part = $_; [ grep { $_->{query}{part} == $part } @sent ] } 0 .. $#segments;
    my @counts = map { scalar @$_ } @of_part;
    ok $each ? t_cmp(\@counts, $each, "$what: requests of each") : @sent > 8;
    my %parts_of;
    $parts_of{ $_->{query}{vu} }{ $_->{query}{part} }++ for @sent;
    ok t_cmp([ grep { keys %{ $parts_of{$_} } > 1 } keys %parts_of ], [], "$what: no user is in two places");
    my @numbers = sort { $a <=> $b } keys %parts_of;
    ok defined $users ? t_cmp(\@numbers, [ 1 .. $users ], "$what: users") : $numbers[0] >= 1;
    my @iterations = map { $_->{out} =~ /^iterations +(\d+)$/m ? $1 : -1 } @ends;
    ok t_cmp(\@iterations, \@counts, "$what: each tells of its own");
    my $vus = 0;
    $vus += $_->{out} =~ /\A.*?^VUs +(\d+)$/ms ? $1 : 1000 for @ends;
    my ($whole) = $options =~ /vus: (\d+)/;
    ok t_cmp($vus, $whole // 8, "$what: users of all") if $what !~ /arrivals/;
    ok $vus > 0 if $what =~ /arrivals/;
}

# ---- time: the starts of all together are as even as those of one -------------------------------------

my @at = sort { $a <=> $b } map { $_->{at} } grep { $_->{query}{case} == 5 && $_->{query}{part} == 0 } $target->requests('/slow');
my @gaps = sort { $a <=> $b } map { $at[$_] - $at[ $_ - 1 ] } 1 .. $#at;
ok abs($gaps[ @gaps / 2 ] - 0.05) < 0.02 or t_debug("half of the starts: every $gaps[@gaps / 2] s");

# ---- rows -----------------------------------------------------------------------------------------

my $rows = join '', map { "      - {name: n$_}\n" } 1 .. 40;
for my $how ('unique', 'unique, per: vu') {
    my $path = '/rows' . ($how =~ /vu/ ? 'vu' : '');
    my $file = scratch('rows' . length($path) . '.yaml', "id: rows\nname: R\ndata:\n  people:\n    mode: @{[ $how =~ s/,.*//r ]}\n    @{[ $how =~ /vu/ ? 'per: vu' : 'per: iteration' ]}\n    rows:\n$rows"
        . "steps: [{id: r, type: http, config: {url: '@{[ $target->url($path) ]}?n=\${people.name}'}}]\noptions: {vus: 20, iterations: 2}\n");
    my @ends = parts($file);
    ok t_cmp([ map { $_->{code} } @ends ], [ 0, 0, 0 ], "rows, $how: exit codes") or t_debug(map { $_->{out} . $_->{err} } @ends);
    my %seen;
    $seen{ $_->{query}{n} }++ for $target->requests($path);
    my $users = $how =~ /vu/ ? 20 : 40;
    ok t_cmp(join(' ', sort keys %seen), join(' ', sort map { "n$_" } 1 .. $users), "$how: each row");
    ok t_cmp([ grep { $seen{$_} != 40 / $users } keys %seen ], [], "$how: as often as for one");
}

# ---- spellings --------------------------------------------------------------------------------------

my $file = scratch('spell.yaml', "id: a\nname: A\nsteps: [{id: s, type: script, config: {script: '1'}}]\noptions: {vus: 12}\n");
my @spellings = (
    # segment        sequence       exit  users, or what is told
    [ '1/3',         undef,         0,    qr/^VUs +4$/m ],
    [ '1/3:2/3',     undef,         0,    qr/^VUs +4$/m ],
    [ '25%:1',       undef,         0,    qr/^VUs +9$/m ],
    [ '0:1',         undef,         0,    qr/^VUs +12$/m ],
    [ '',            undef,         0,    qr/^VUs +12$/m ],
    [ '0.5:0.75',    '0,1/2,0.75,1', 0,   qr/^VUs +3$/m ],
    [ 'half',        undef,         1,    qr/-execution-segment: "half" is no part of 1/ ],
    [ '2/3:1/3',     undef,         1,    qr/"1\/3" is less than what is before/ ],
    [ '0:1:1/2',     undef,         1,    qr/-execution-segment: / ],
    [ '1/0',         undef,         1,    qr/"1\/0" is no part of 1/ ],
    [ '1/3:2/3',     '0,1/2,1',     1,    qr/-execution-segment: 1\/3:2\/3 is no piece of the sequence 0,1\/2,1/ ],
    [ '1/3:2/3',     '1/3,2/3',     1,    qr/-execution-segment-sequence: "1\/3,2\/3" does not go from 0 to 1/ ],
);
for (@spellings) {
    my ($segment, $sequence, $code, $told) = @$_;
    my $run = command('run', '-execution-segment', $segment, defined $sequence ? ('-execution-segment-sequence', $sequence) : (), $file);
    ok t_cmp("$run->{code} " . ($code ? $run->{err} : $run->{out}), qr/\A$code .*$told/s, "'$segment'" . ($sequence ? " of '$sequence'" : ''));
}
