# Blocks within blocks, as a target sees them: in which order requests come, with which names
# of which loop, whatever fails, is tried again, left or cut, and at which depth. Of several
# users at once none sees another's loops.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

use constant DEEPEST => 20;     # blocks, the workflow's own included

my $target = WF::Target->new('/bad' => { status => 500 }, '/hang' => { hang => 1 });
my $url = $target->url;

# What a case asks for comes with its name, so that all cases can run at once.
my $name;
sub get { my ($id, $seen, %members) = @_; +{ %{ http_step($id => "$url/ok", query => { of => $name, seen => "$seen" }) }, %members } }
sub bad {
    my ($id, $seen, %members) = @_;
    return +{ %{ http_step($id => "$url/bad", query => { of => $name, seen => $seen }, fail_on_status => JSON::PP::true) }, %members };
}
sub hook { my $seen = shift; +{ type => 'http', config => get(h => $seen)->{config} } }
sub script { my ($id, $text) = @_; +{ id => $id, type => 'script', config => { script => $text } } }
sub when { my ($id, $expression, @then) = @_; +{ id => $id, type => 'if', condition => $expression, then => \@then } }
sub count { my ($id, $var, $to, @steps) = @_; +{ id => $id, type => 'for', start => 1, end => $to, index_var => $var, label => $id, steps => \@steps } }
sub each_of { my ($id, $var, $items, @steps) = @_; +{ id => $id, type => 'loop', loop => { mode => 'foreach', items => $items, item_var => $var, steps => \@steps } } }
sub parallel { my ($id, $most, @steps) = @_; +{ id => $id, type => 'parallel', max_concurrent => $most, steps => \@steps } }
sub leave { my ($id, $type, $label) = @_; +{ id => $id, type => $type, $label ? (label => $label) : () } }
sub with { my ($step, %members) = @_; +{ %$step, %members } }

my %retry = (on_error => 'retry', retry => { max_attempts => 2, delay => '1ms' });

# Each: what it is, its steps, what the target sees, the status; '~': in any order.
my @cases = (
    [ 'names of four loops', sub { [
        count(f => 'i', 2, each_of(g => 'x', [qw(a b)], when(c => '${i} == 2 OR ${x} == "b"',
            count(k => 'j', 2, get(s => '${i}${x}${j}/${loop.index}/${loop.count}'))), get(t => '${i}${x}/${loop.item}/${loop.index}')),
            get(u => '${i}/${loop.iteration}')),
        get(v => '${i}${x}${loop.index}') ] },
      '1a/a/0 1b1/0/2 1b2/1/2 1b/b/1 1/1 2a1/0/2 2a2/1/2 2a/a/0 2b1/0/2 2b2/1/2 2b/b/1 2/2 ${i}${x}${loop.index}', 'completed' ],

    [ 'a name that two loops and a variable have', sub { [
        count(f => 'n', 2, get(a => 'f${n}'), each_of(g => 'n', [qw(x y)], get(b => 'g${n}'), script(s => "ctx.SetVariable('set', ctx.GetVariable('n'))")),
            get(c => 'f${n}${set}')), get(d => 'v${n}') ] },
      'f1 gx gy f1y f2 gx gy f2y v7', 'completed' ],

    [ 'scripts read the loops around them', sub { [
        count(f => 'i', 2, count(g => 'j', 2, script(s => "ctx.SetVariable('seen', [ctx.GetVariable('i'), ctx.GetVariable('j'), ctx.GetVariable('loop.index')].join('-'))"),
            get(a => '${seen}'))) ] },
      '1-1-0 1-2-1 2-1-0 2-2-1', 'completed' ],

    [ 'hooks around each level', sub { [
        with(count(f => 'i', 2, with(when(c => 'true', with(get(a => 'a${i}'), pre_hook => hook('+a${i}'), post_hook => hook('-a${__step_result.status}'))),
            pre_hook => hook('+c${i}'), post_hook => hook('-c${__step_result.output.branch_taken}'))),
            pre_hook => hook('+f'), post_hook => hook('-f${__step_result.output.iterations}')) ] },
      '+f +c1 +a1 a1 -asuccess -cthen +c2 +a2 a2 -asuccess -cthen -f2', 'completed' ],

    [ 'hooks around what fails', sub { [
        with(count(f => 'i', 2, with(when(c => 'true', with(bad(a => 'a'), post_hook => hook('-a${__step_result.status}'))), post_hook => hook('-c${__step_result.status}'))),
            on_error => 'continue', post_hook => hook('-f${__step_result.status}')), get(z => '${f.status}') ] },
      'a -afailed -cfailed -ffailed failed', 'completed' ],

    [ 'a pre_hook that fails, three blocks down', sub { [
        count(f => 'i', 2, when(c => 'true', with(get(a => 'never'), on_error => 'continue', pre_hook => { type => 'http', config => bad(h => '+a')->{config} },
            post_hook => hook('-a${__step_result.status}')), get(b => 'b${i}${a.status}'))) ] },
      '+a -askipped b1skipped +a -askipped b2skipped', 'completed' ],

    [ 'abort passes through all that does not stop it', sub { [
        with(count(f => 'i', 3, when(c => 'true', each_of(g => 'x', [qw(a b)], bad(a => '${i}${x}'), get(b => 'never')), get(d => 'never'))), on_error => 'skip'),
        get(z => '${f.status}${g.status}') ] },
      '1a skippedfailed', 'completed' ],

    [ 'skip ends the pass, continue does not', sub { [
        count(f => 'i', 2, when(c => 'true', bad(a => 'a${i}', on_error => 'continue'), bad(b => 'b${i}', on_error => 'skip'), get(d => 'never')), get(e => 'e${i}')) ] },
      'a1 b1 e1 a2 b2 e2', 'completed' ],

    [ 'nothing stops it', sub { [ count(f => 'i', 2, when(c => 'true', count(g => 'j', 2, bad(a => '${i}${j}')))), get(z => 'never') ] },
      '11', 'failed' ],

    [ 'tried again at three depths', sub { [
        with(count(f => 'i', 1, with(when(c => 'true', bad(a => 'a', %retry)), %retry)), %retry, on_error => 'retry'), get(z => 'never') ] },
      join(' ', ('a') x 8), 'failed' ],

    [ 'a retry within a loop comes through', sub { [
        count(f => 'i', 2, script(r => "ctx.SetVariable('n', 3)"), { id => 't', type => 'retry', max_attempts => 5, delay => '1ms', steps => [
            script(s => "ctx.SetVariable('n', ctx.GetVariable('n') - 1)"), get(a => '${i}/${n}'), when(c => '${n} > 0', bad(b => 'b')) ] }, get(d => '${t.attempts}')) ] },
      '1/2 b 1/1 b 1/0 3 2/2 b 2/1 b 2/0 3', 'completed' ],

    [ 'break and continue, through what stands between', sub { [
        count(f => 'i', 4, when(c => '${i} == 2', { id => 'r', type => 'retry', steps => [ leave(x => 'continue') ] }),
            { id => 'q', type => 'random', choices => [ { steps => [ when(d => '${i} == 4', leave(y => 'break')) ] } ] }, get(a => '${i}')), get(z => '${f.terminated_by}${f.iterations}') ] },
      '1 3 break4', 'completed' ],

    [ 'by their labels, over two loops', sub { [
        count(f => 'i', 3, count(g => 'j', 3, count(h => 'k', 3, get(a => '${i}${j}${k}'), when(c => '${k} == 2 AND ${i} == 1', leave(x => 'continue', 'f')),
            when(d => '${k} == 1 AND ${i} == 2', leave(y => 'break', 'g')), when(e => '${i} == 3', leave(w => 'break', 'f')))), get(b => 'b${i}')), get(z => '${f.terminated_by}') ] },
      '111 112 211 b2 311 break', 'completed' ],

    [ 'branches in loops in branches', sub { [
        count(f => 'i', 2, when(c => 'true', parallel(p => 4, count(g => 'j', 2, parallel(q => 2, get(a => 'a${i}${j}'), get(b => 'b${i}${j}'))), get(d => 'd${i}'))), get(e => 'e${i}${p.completed}')) ] },
      '~a11 a12 a21 a22 b11 b12 b21 b22 d1 d2 e12 e22', 'completed' ],

    [ 'a branch that fails within a loop', sub { [
        count(f => 'i', 2, with(parallel(p => 1, count(g => 'j', 2, bad(a => '${i}${j}')), get(b => 'b${i}')), on_error => 'continue'), get(z => '${p.status}${p.failed}')) ] },
      '11 b1 failed1 21 b2 failed1', 'completed' ],

    [ 'fragments and other workflows within loops', sub { [
        count(f => 'i', 2, { id => 'k', type => 'call', script => 'greet', params => { who => '${i}' }, results => { told => 'told' } },
            { id => 'w', type => 'ref_workflow', params => { given => '${told}' }, workflow_definition => { steps => [ count(g => 'i', 2, get(r => '${given}/${i}/${told}')) ] } }, get(z => 'z${i}')) ] },
      'hi1/1 hi1/2 me1/1/${told} me1/2/${told} z1 hi2/1 hi2/2 me2/1/${told} me2/2/${told} z2', 'completed' ],

    [ 'a time-out cuts all that is below', sub { [
        with(count(f => 'i', 3, when(c => 'true', parallel(p => 2, count(g => 'j', 3, get(a => 'a'), http_step(b => "$url/hang")), { id => 's', type => 'sleep', config => { duration => '1h' } }))),
            timeout => '300ms', on_error => 'continue'), get(z => '${f.status}') ] },
      'a timeout', 'completed' ],
);

# A block within a block, so deep that the innermost has that number.
my %around = (
    'if'        => sub { my ($id, $step) = @_; when($id => 'true', $step) },
    'condition' => sub { my ($id, $step) = @_; +{ id => $id, type => 'condition', condition => { expression => 'true', then => [$step] } } },
    'branches'  => sub { my ($id, $step) = @_; +{ id => $id, type => 'condition', branches => [ { kind => 'if', expression => 'true', steps => [$step] } ] } },
    'loop'      => sub { my ($id, $step) = @_; each_of($id => 'x', ['a'], $step) },
    'for'       => sub { my ($id, $step) = @_; count($id => "i$id", 1, $step) },
    'parallel'  => sub { my ($id, $step) = @_; parallel($id => 1, $step) },
    'retry'     => sub { my ($id, $step) = @_; +{ id => $id, type => 'retry', steps => [$step] } },
    'random'    => sub { my ($id, $step) = @_; +{ id => $id, type => 'random', choices => [ { steps => [$step] } ] } },
    'workflow'  => sub { my ($id, $step) = @_; +{ id => $id, type => 'ref_workflow', workflow_definition => { steps => [$step] } } },
);
sub deep {
    my ($depth, @types) = @_;
    my $step = get(innermost => $name);
    $step = $around{ $types[ $_ % @types ] }->("b$_", $step) for 2 .. $depth;
    return $step;
}
sub whole { my ($steps, %members) = @_; workflow($steps, {}, id => 'nest', variables => { n => 7 }, scripts => {
    greet => { params => [ { name => 'who' } ], steps => [ count(l => 'o', 2, get(lg => 'hi${who}/${o}')) ],
               returns => [ { name => 'told', value => 'me${who}' } ] } }, %members) }

my @depths = (map({ [$_] } sort keys %around), [ sort keys %around ]);

plan tests => 2 * @cases + 3 * @depths + 6;

# ---- cases ------------------------------------------------------------------------------------

my @runs = map { $name = "case-$_"; submit(whole($cases[$_][1]->())) } 0 .. $#cases;
my @ends = map { finished($_) } @runs;
my %seen;
push @{ $seen{ $_->{query}{of} // '' } }, $_->{query}{seen} for $target->requests;
for my $i (0 .. $#cases) {
    my ($what, undef, $expected, $status) = @{ $cases[$i] };
    my @seen = @{ $seen{"case-$i"} // [] };
    @seen = sort @seen if $expected =~ s/^~//;
    ok t_cmp("@seen", $expected, $what);
    ok t_cmp($ends[$i]{status}, $status, "$what: status");
}

# ---- how deep ------------------------------------------------------------------------------------

for my $types (@depths) {
    my $what = @$types > 1 ? 'all sorts' : $types->[0];
    my $came = sub { scalar(() = grep { ($_->{query}{seen} // '') eq $name } $target->requests('/ok')) };
    $name = "deep-$what";
    my ($end) = run_workflow([ deep(DEEPEST, @$types) ]);
    ok t_cmp($end->{status} . ' ' . $came->(), 'completed 1', "$what: as deep as may be");
    $name = "deeper-$what";
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([ deep(DEEPEST + 1, @$types) ]) });
    ok t_cmp($r->code . ' ' . json($r)->{error}, '400 invalid_workflow', "$what: deeper");
    ok t_cmp(json($r)->{message}, qr/steps\[0\]\..*nested deeper than 20 blocks/s, "$what: and where");
}

# ---- several users, iterations, metrics -----------------------------------------------------------

$name = 'users';
my ($end, $metrics) = run_workflow([
    count(f => 'i', 2, parallel(p => 2, count(g => 'j', 2, get(a => '${__VU}/${__ITER}/${i}/${j}/${mine}')), when(c => 'true', bad(b => 'b', on_error => 'continue'))),
        script(s => "ctx.SetVariable('mine', ctx.vu + 10 * ctx.GetVariable('i'))")),
], { vus => 6, iterations => 3 }, variables => { mine => 0 });
my %came;
$came{ $_->{query}{seen} }++ for grep { ($_->{query}{of} // '') eq 'users' } $target->requests('/ok');
my %want;
for my $vu (1 .. 6) {
    for my $iteration (0 .. 2) {
        $want{"$vu/$iteration/$_->[0]/$_->[1]/" . ($_->[0] == 1 ? 0 : $vu + 10)}++ for [ 1, 1 ], [ 1, 2 ], [ 2, 1 ], [ 2, 2 ];
    }
}
ok t_cmp(\%came, \%want, 'each user has loops and variables of its own, in each iteration');
ok t_cmp($end->{status}, 'completed', 'completed');
my $counts = sub { my $id = shift; join ' ', @{ $metrics->{step_metrics}{$id} }{qw(count success_count failure_count)} };
ok t_cmp($counts->('a'), '72 72 0', 'steps are counted at any depth');
ok t_cmp($counts->('b'), '36 0 36', 'those that fail, too');
ok t_cmp($counts->('g'), '36 36 0', 'and those around them');
ok t_cmp($counts->('f'), '18 18 0', 'once a pass');
