# workflow-engine on the shell: exit codes, what it prints, and runs against the test's server.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Temp ();
use JSON::PP ();
use WF::Test;

my $program = "$ENV{WF_DIR}/bin/workflow-engine";
my $dir     = File::Temp::tempdir(CLEANUP => 1);
my $json    = JSON::PP->new->utf8;

sub spew {
    my ($name, $text) = @_;
    open my $out, '>', "$dir/$name" or die "$name: $!";
    print $out $text;
    close $out;
    return "$dir/$name";
}

# Output and exit code of a command line.
sub shell {
    my $output = qx($program @_ 2>&1 </dev/null);
    return ($output, $? >> 8);
}

my $base = base_url();
my $head = "id: w\nname: My workflow\nsteps:\n";
my $good = spew('good.yaml', $head . "- {id: s, type: http, config: {url: '$base/health'}}\n");
my $none = spew('refused.yaml', $head . "- {id: s, type: http, config: {url: 'http://127.0.0.1:1/'}}\n");
my $slow = spew('strict.yaml', $head . "- {id: s, type: http, config: {url: '$base/health'}}\n"
        . "options: {thresholds: [{metric: http_req_duration, condition: 'max < 0.001'}]}\n");
my $bad  = spew('bad.yaml', "id: w\nsteps:\n- {id: s, type: ftp}\nextra: 1\n");

my @cases = (    # arguments                       code  what it says
    [ '',                                           1, qr/Usage: workflow-engine <command>/ ],
    [ 'help',                                       0, qr/^  run .*\n  version /m ],
    [ '-h',                                         0, qr/Usage/ ],
    [ '--help',                                     0, qr/Usage/ ],
    [ 'version',                                    0, qr/^workflow-engine version 0\.1\.0$/m ],
    [ 'dance',                                      1, qr/unknown command dance/ ],
    [ 'run',                                        1, qr/Usage: workflow-engine run/ ],
    [ 'run a b',                                    1, qr/Usage: workflow-engine run/ ],
    [ 'run -help',                                  0, qr/-out-json FILE/ ],
    [ 'run --help',                                 0, qr/-iterations, -i N/ ],
    [ 'run -nope x.yaml',                           2, qr/-nope: unknown option/ ],
    [ "run -vus many $good",                        2, qr/-vus: needs a number/ ],
    [ 'run -vus',                                   2, qr/-vus: needs a value/ ],
    [ "run -duration soon $good",                   1, qr/"soon" is no duration/ ],
    [ "run -mode fast $good",                       1, qr/fast is no execution mode/ ],
    [ "run -mode ramping-vus $good",                1, qr/not supported by this version/ ],
    [ 'run /nonexistent.yaml',                      1, qr/nonexistent\.yaml: No such file/ ],
    [ "run $bad",                                   1, qr/bad\.yaml:3:\d+: \[value\] steps\[0\]\.type: "ftp"/ ],
    [ "run $bad",                                   1, qr/bad\.yaml:1:1: \[required\] name: .*3 problems/s ],
    [ "run $good",                                  0, qr/^status +completed$/m ],
    [ "run $good",                                  0, qr/^workflow +My workflow \(w\)$/m ],
    [ "run -vus 3 -iterations=5 $good",             0, qr/^iterations +15$/m ],
    [ "run --vus=3 -i 5 -mode shared-iterations $good", 0, qr/^requests +5$/m ],
    [ "run -u 2 -d 600ms $good",                    0, qr/^\[#+\.*\] +\d+% left /m ],
    [ "run -q $good",                               0, qr/^$/ ],
    [ "run -quiet=true $good",                      0, qr/^$/ ],
    [ "run $none",                                  1, qr/^status +failed\n.*CONNECTION_ERROR s: no connection to 127\.0\.0\.1:1/ms ],
    [ "run $slow",                                  1, qr/^status +completed\n.*^thresholds +0 passed, 1 failed$/ms ],
    [ "run -q -out-json $dir/none/x.json $good",    1, qr/x\.json: No such file/ ],
    [ "run -- $good",                               0, qr/completed/ ],
);

my @samples = glob "$ENV{WF_TOP}/conf/demo/workflows/*.yaml";

plan tests => 2 * @cases + @samples + 12;

for my $case (@cases) {
    my ($arguments, $code, $says) = @$case;
    my ($output, $got) = shell($arguments);
    (my $name = $arguments) =~ s/\Q$dir\E\///g;
    ok t_cmp($got, $code, "exit code: $name");
    ok t_cmp($output, $says, "output: $name");
}

# The sample workflows work as they are, but for the server's address.
ok t_cmp(scalar @samples, 2, 'samples');
for my $sample (@samples) {
    my $yaml = do { local (@ARGV, $/) = $sample; scalar <> };
    $yaml =~ s{http://127\.0\.0\.1:8080}{$base};
    my ($output, $code) = shell('run ' . spew('sample.yaml', $yaml));
    ok t_cmp($code, 0, $sample) or t_debug($output);
}

# The result file.
shell("run -q -vus 4 -iterations 25 -out-json $dir/result.json $good");
my $result = $json->decode(do { local (@ARGV, $/) = "$dir/result.json"; scalar <> });
ok t_cmp(join(' ', sort keys %$result),
    'avg_duration_ms duration_ms error_rate p95_duration_ms p99_duration_ms rps status success_rate '
        . 'thresholds_failed thresholds_passed total_iterations total_requests total_vus workflow_id workflow_name',
    'the members of the result');
ok t_cmp($result->{status}, 'completed', 'its status');
ok t_cmp($result->{workflow_id}, 'w', 'its workflow');
ok t_cmp($result->{total_requests}, 100, 'its requests');
ok t_cmp($result->{total_vus}, 4, 'its VUs');
ok t_cmp($result->{success_rate}, 1, 'its success rate');
ok $result->{rps} > 0 && $result->{p95_duration_ms} <= $result->{p99_duration_ms};

# A signal stops the run, which still prints its summary.
my $pid = open my $out, '-|', $program, 'run', '-duration', '10m', $good or die $!;
my ($text, $signalled) = ('', 0);
while (my $line = <$out>) {
    $text .= $line;
    $signalled = kill 'INT', $pid if !$signalled && $line =~ /^\[/;
}
close $out;
ok t_cmp($signalled, 1, 'a progress line was printed');
ok t_cmp($? >> 8, 130, 'exit code of an interrupted run');
ok t_cmp($text, qr/^status +aborted$/m, 'aborted');
ok t_cmp($text, qr/^P99 +[\d.]+ms$/m, 'with its summary');
