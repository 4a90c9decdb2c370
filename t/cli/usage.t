# Commands and options as such: help, version, what is unknown, how values are written.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;

my $file = scratch('empty-run.yaml', "id: a\nname: A\nsteps:\n  - {id: s, type: http, disabled: true, config: {url: 'http://127.0.0.1:9/'}}\n");
my $usage = qr/^Usage: workflow-engine <command> \[options\]\n.*\brun\b.*\bversion\b.*\bhelp\b/s;
my $run_usage = qr/^Usage: workflow-engine run \[options\] <file\.yaml>/;

my @cases = (
    # arguments                                 exit  standard output         standard error
    [ [],                                       1,    qr/^$/,                 $usage ],
    [ ['help'],                                 0,    $usage,                 qr/^$/ ],
    [ ['-h'],                                   0,    $usage,                 qr/^$/ ],
    [ ['-help'],                                0,    $usage,                 qr/^$/ ],
    [ ['--help'],                               0,    $usage,                 qr/^$/ ],
    [ ['version'],                              0,    qr/^workflow-engine version \d+\.\d+\.\d+\n$/, qr/^$/ ],
    [ ['frobnicate'],                           1,    qr/^$/,                 qr/unknown command frobnicate.*Usage:/s ],
    [ ['-x'],                                   1,    qr/^$/,                 qr/unknown command -x/ ],
    [ [''],                                     1,    qr/^$/,                 qr/unknown command/ ],
    # -- run
    [ ['run'],                                  1,    qr/^$/,                 $run_usage ],
    [ ['run', $file, 'more'],                   1,    qr/^$/,                 $run_usage ],
    [ ['run', '-help'],                         0,    qr/$run_usage.*-vus.*-duration.*-iterations.*-mode.*-quiet.*-out-json/s, qr/^$/ ],
    [ ['run', '--help'],                        0,    $run_usage,             qr/^$/ ],
    [ ['run', '-h'],                            0,    $run_usage,             qr/^$/ ],
    [ ['run', '-frob', $file],                  2,    qr/^$/,                 qr/-frob: unknown option/ ],
    [ ['run', '--vu', 3, $file],                2,    qr/^$/,                 qr/--vu: unknown option/ ],
    [ ['run', '-vus=3x', $file],                2,    qr/^$/,                 qr/-vus=3x: needs a number/ ],
    [ ['run', '-vus', '-3', $file],             2,    qr/^$/,                 qr/-vus: needs a number/ ],
    [ ['run', '-vus', '', $file],               2,    qr/^$/,                 qr/-vus: needs a number/ ],
    [ ['run', '-vus'],                          2,    qr/^$/,                 qr/-vus: needs a value/ ],
    [ ['run', '-quiet=maybe', $file],           2,    qr/^$/,                 qr/-quiet=maybe: is a flag/ ],
    [ ['run', '-duration', 'soon', $file],      1,    qr/^$/,                 qr/"soon" is no duration/ ],
    [ ['run', '-duration', '-5s', $file],       1,    qr/^$/,                 qr/"-5s" is no duration/ ],
    [ ['run', '-mode', 'chaos', $file],         1,    qr/^$/,                 qr/chaos is no execution mode/ ],
    [ ['run', '-mode', 'ramping-cars', $file],  1,    qr/^$/,                 qr/ramping-cars is no execution mode/ ],
    [ ['run', '-vus', '99999999999', $file],    1,    qr/^$/,                 qr/vus.*more than/ ],
    [ ['run', '-quiet', $file],                 0,    qr/^$/,                 qr/^$/ ],
    [ ['run', '--quiet', $file],                0,    qr/^$/,                 qr/^$/ ],
    [ ['run', '-q', $file],                     0,    qr/^$/,                 qr/^$/ ],
    [ ['run', '-quiet=true', $file],            0,    qr/^$/,                 qr/^$/ ],
    [ ['run', '-quiet=false', $file],           0,    qr/workflow +A \(a\)/,  qr/^$/ ],
    [ ['run', '-q', '--', $file],               0,    qr/^$/,                 qr/^$/ ],
    # -- spellings of a value: the banner shows what was understood
    [ ['run', '-vus', 3, $file],                0,    qr/^VUs +3$/m,          qr/^$/ ],
    [ ['run', '--vus=3', $file],                0,    qr/^VUs +3$/m,          qr/^$/ ],
    [ ['run', '-u', 3, $file],                  0,    qr/^VUs +3$/m,          qr/^$/ ],
    [ ['run', '-iterations=4', $file],          0,    qr/^iterations +4$/m,   qr/^$/ ],
    [ ['run', '-i', 4, '-u', 2, $file],         0,    qr/^iterations +8$/m,   qr/^$/ ],
    [ ['run', '-d', '90s', '-i', 1, $file],     0,    qr/^duration +1m30s$/m, qr/^$/ ],
    [ ['run', '-mode', 'shared-iterations', $file], 0, qr/^mode +shared-iterations$/m, qr/^$/ ],
    [ ['run', '-vus', 0, '-iterations', 0, $file], 0, qr/^VUs +1$/m,          qr/^$/ ],   # 0 leaves the file's value
    [ ['run', '-mode', '', '-duration', '', $file], 0, qr/^mode +constant-vus$/m, qr/^$/ ],
);

plan tests => 3 * @cases;

for my $case (@cases) {
    my ($args, $code, $out, $err) = @$case;
    my $what = join ' ', map { m{/} ? 'FILE' : length $_ ? $_ : "''" } @$args;
    my $run = command(@$args);
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, $out, "$what: output");
    ok t_cmp($run->{err}, $err, "$what: messages");
}
