# What bash offers after a tab.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;

my $script = scratch('completion.bash', command('completion', 'bash')->{out});
scratch("tab-$_", '') for 'one.yaml', 'two.yaml';
my $dir = $script =~ s{/[^/]*$}{}r;

my @cases = (
    # typed                          offered
    [ '',                            'run master slave passwd check backup key completion version help' ],
    [ 'r',                           'run' ],
    [ 'engine',                      '' ],                    # httpd's own
    [ 'run -ou',                     '-out-json -out' ],
    [ 'run -baseline tab-',          'tab-one.yaml tab-two.yaml' ],
    [ 'run -vus tab-',               '' ],
    [ 'run --vus tab-',              '' ],
    [ 'run -u tab-',                 '' ],
    [ 'run -quiet tab-t',            'tab-two.yaml' ],
    [ 'run tab-o',                   'tab-one.yaml' ],
    [ 'master ',                     'start status' ],
    [ 'master sta',                  'start status' ],
    [ 'master start -al',            '-allow' ],
    [ 'master start -state tab-o',   'tab-one.yaml' ],
    [ 'master start -address tab-',  '' ],
    [ 'slave ',                      'start status' ],
    [ 'slave start -cl',             '-cluster-key' ],
    [ 'slave start -cluster-key tab-o', 'tab-one.yaml' ],
    [ 'slave start -labels tab-',    '' ],
    [ 'master status -',             '-address -help' ],
    [ 'passwd -a',                   '-admin' ],
    [ 'check tab-o',                 'tab-one.yaml' ],
    [ 'check -state-dir tab-o',      'tab-one.yaml' ],
    [ 'backup -j',                   '-json' ],
    [ 'key ',                        'add list revoke' ],
    [ 'key add -r',                  '-rights' ],
    [ 'key add -state-dir tab-o',    'tab-one.yaml' ],
    [ 'key add -state tab-o',        'tab-one.yaml' ],
    [ 'key add -owner tab-',         '' ],
    [ 'key list -',                  '-json -state-dir -help' ],
    [ 'key revoke -',                '-state-dir -help' ],
    [ 'completion ',                 'bash' ],
    [ 'version -',                   '' ],
);

plan tests => @cases + 4;

ok t_cmp(`cd '$dir' && bash -n '$script' 2>&1`, '', 'is a script');
for (@cases) {
    my ($typed, $offered) = @$_;
    my @words = ('workflow-engine', split / /, $typed, -1);
    push @words, '' if @words == 1;
    my $array = join ' ', map { "'$_'" } @words;
    my $out = `cd '$dir' && bash -c ". '$script'; COMP_WORDS=($array); COMP_CWORD=$#words; _workflow_engine workflow-engine '$words[-1]' '$words[-2]'; echo \\"\\\${COMPREPLY[*]}\\""`;
    # Files come in any order: bash sorts what it shows.
    ok t_cmp(join(' ', sort split ' ', $out), join(' ', sort split ' ', $offered), "after '$typed'");
}
ok t_cmp(command('completion')->{code}, 1, 'for no shell');
ok t_cmp(command('completion', 'tcsh')->{err}, qr/^Usage: workflow-engine completion bash$/m, 'for another');
ok t_cmp(command('completion', 'bash')->{code}, 0, 'for bash');
