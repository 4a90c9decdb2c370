# Workflow files that cannot be run: the message has file, line and column, all faults at
# once; nothing is sent, the exit code is 1.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;

my $good = "id: a\nname: A\nsteps:\n  - {id: s, type: http, disabled: true, config: {url: 'http://127.0.0.1:9/'}}\n";

my @cases = (
    # what                   content                                                  what stands behind the file's name
    [ 'empty',               '',                                                      qr/:\d+:\d+: .*empty/ ],
    [ 'no YAML',             "id: [1,\nname: }\n",                                    qr/:2:\d+: \[syntax\]/ ],
    [ 'a tab',               "id: a\nsteps:\n\t- x\n",                                qr/:3:1: \[syntax\]/ ],
    [ 'binary',              "\x00\x01\x02",                                          qr/:1:\d+: / ],
    [ 'not UTF-8',           "id: \xff\xfe\n",                                        qr/:1:\d+: / ],
    [ 'no id',               "name: A\nsteps: [{id: s, type: http, config: {url: 'http://x/'}}]\n", qr/:1:1: .*\bid: is required/ ],
    [ 'a misspelt member',   $good . "option:\n  vus: 1\n",                           qr/:5:1: .*option: no such member/ ],
    [ 'vus a text',          $good . "options:\n  vus: many\n",                       qr/:6:8: .*options\.vus: must be a whole number/ ],
    [ 'a bare number',       $good . "options:\n  duration: 30\n",                    qr/:6:13: .*options\.duration/ ],
    [ 'a step type',         "id: a\nname: A\nsteps:\n  - id: s\n    type: soap\n",   qr/:5:11: .*steps\[0\]\.type: "soap"/ ],
    [ 'no URL',              "id: a\nname: A\nsteps:\n  - id: s\n    type: http\n",   qr/:4:5: .*steps\[0\]\.config\.url: url or domain is required/ ],
    [ 'a URL that is none',  "id: a\nname: A\nhttp: {base_url: HERE}\nsteps:\n  - id: s\n    type: http\n    config:\n      url: /x\n",
                                                                                      qr/:8:12: .*steps\[0\]\.config\.url: not an absolute URL/ ],
    [ 'a step for later',    "id: a\nname: A\nsteps:\n  - id: s\n    type: grpc\n",   qr/:5:11: .*steps\[0\]\.type.*grpc.*not supported/ ],
    [ 'no such output',      $good . "options:\n  outputs:\n    - type: kafka\n",      qr/:7:13: .*options\.outputs\[0\]\.type: .*kafka/ ],
    [ 'an output\'s URL',    $good . "options:\n  outputs:\n    - type: webhook\n      url: ftp://x\n", qr/:8:12: .*options\.outputs\[0\]\.url: / ],
    [ 'an output\'s option', $good . "options:\n  outputs:\n    - type: csv\n      options:\n        delimiter: ab\n", qr/:9:20: .*options\.outputs\[0\]\.options\.delimiter: / ],
    [ 'a bad threshold',     $good . "options:\n  thresholds:\n    - metric: http_reqs\n      condition: lots\n",
                                                                                      qr/:8:18: .*options\.thresholds\[0\]\.condition/ ],
);

my @fine = (
    # what                   content
    [ 'JSON is YAML',        '{"id": "a", "name": "A", "steps": [{"id": "s", "type": "http", "disabled": true, "config": {"url": "http://127.0.0.1:9/"}}]}' ],
    [ 'Windows line ends',   $good =~ s/\n/\r\n/gr ],
    [ 'a byte order mark',   "\xef\xbb\xbf$good" ],
    [ 'the first document',  "---\n$good---\nnothing: of interest\n" ],
    [ 'an anchor',           $good =~ s/\{id: s,/{id: \&x s,/r ],
);

plan tests => 4 * @cases + 2 * @fine + 16;

my $n = 0;
for my $case (@cases) {
    my ($what, $content, $message) = @$case;
    my $file = scratch('bad-' . ++$n . '.yaml', $content);
    my $run = command('run', $file);
    ok t_cmp($run->{code}, 1, "$what: exit code");
    ok t_cmp($run->{out}, '', "$what: nothing is shown");
    ok t_cmp($run->{err}, qr/^\Q$file\E$message/m, "$what: where and what");
    ok t_cmp(command('run', '-quiet', $file)->{err}, $run->{err}, "$what: -quiet does not hide it");
}
for my $case (@fine) {
    my ($what, $content) = @$case;
    my $run = command('run', '-quiet', scratch('fine-' . ++$n . '.yaml', $content));
    ok t_cmp($run->{code}, 0, $what);
    ok t_cmp($run->{out} . $run->{err}, '', "$what: nothing to tell");
}

# All faults at once, in the order of the file; a warning does not stop the run.
my $many = scratch('many.yaml', "id: a\ncolour: red\nsteps:\n  - id: s\n    type: http\n    on_error: x\n    config: {url: 'http://x/'}\n");
my $run = command('run', $many);
my @places = $run->{err} =~ /^\Q$many\E:(\d+):/mg;
ok t_cmp([ sort { $a <=> $b } @places ], [ 1, 2, 6 ], 'all faults have a line');
ok t_cmp($run->{err}, qr/is no valid workflow: 3 problems/, 'and are counted');
my $odd = scratch('odd.yaml', $good =~ s/config: \{/config: {colour: red, /r);
$run = command('run', $odd);
ok t_cmp($run->{code}, 0, 'an unknown member of a config');
ok t_cmp($run->{err}, qr/^\Q$odd\E:4:\d+: .*colour.*ignored/m, 'is a warning');
ok t_cmp(command('run', '-quiet', $odd)->{err}, '', 'that -quiet leaves out');

# Files that cannot be read, results that cannot be written.
my $fine = scratch('fine.yaml', $good);
my @unusable = (
    [ '/nonexist/a.yaml',                       qr{/nonexist/a\.yaml.*[Nn]o such file} ],
    [ $ENV{WF_DIR},                             qr{\Q$ENV{WF_DIR}\E.*directory}i ],
    [ scratch('large.yaml', $good . '#' x (4 * 1024 * 1024)), qr/large\.yaml is larger than 4194304 bytes/ ],
);
for (@unusable) {
    my ($file, $message) = @$_;
    $run = command('run', $file);
    ok t_cmp($run->{code}, 1, "$file: exit code");
    ok t_cmp($run->{err}, $message, "$file: message");
    ok t_cmp($run->{out}, '', "$file: nothing is shown");
}
$run = command('run', '-quiet', '-out-json', '/nonexist/out.json', $fine);
ok t_cmp($run->{code}, 1, 'no place for the result');
ok t_cmp($run->{err}, qr{/nonexist/out\.json.*[Nn]o such file}, 'says which');
