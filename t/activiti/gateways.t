# Tokens as a client sees them: which way a gateway takes, what forks and joins, what a flow
# with a condition does, and how errors of conditions look.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $true = JSON::PP::true();
my $false = JSON::PP::false();

deploy('claim-of-expenses.bpmn20.xml');
my @claims = (
    # variables of the start                                then, tasks completed with approved      waits at, ended
    [ { amount => 49.99 },                                  [],                                      '', 1 ],
    [ { amount => 50, claimant => 'x' },                    [],                                      'approve' ],
    [ { amount => 999, claimant => 'x' },                   [ 'approve=yes' ],                       '', 1 ],
    [ { amount => '999', claimant => 'x' },                 [ 'approve=later', 'approve=no' ],       '', 1 ],
    [ { amount => 5000, claimant => 'kermit' },             [],                                      'approve' ],
    [ { amount => 5000, claimant => 'x' },                  [],                                      'budget receipts' ],
    [ { amount => 5000, claimant => 'x' },                  [ 'budget' ],                            'receipts' ],
    [ { amount => 5000, claimant => 'x' },                  [ 'receipts', 'budget' ],                'approve' ],
    [ { amount => 5000, claimant => 'x' },                  [ 'budget', 'receipts', 'approve=later', 'approve=later' ], 'approve' ],
    [ { amount => 5000, claimant => 'x' },                  [ 'budget', 'receipts', 'approve=yes' ], '', 1 ],
);

# A start event, a node, and a task behind each of its flows: which tasks are reached?
my @nodes = (
    # node                        conditions of its flows, by name        variables        tasks reached, or what the error says
    [ 'exclusiveGateway',         [ a => '${x == 1}', b => '${x == 1}' ], { x => 1 },      'a' ],
    [ 'exclusiveGateway',         [ a => '${x == 1}', b => '${x == 2}' ], { x => 2 },      'b' ],
    [ 'exclusiveGateway',         [ a => '${x == 1}', b => undef ],       { x => 2 },      'b' ],
    [ 'exclusiveGateway',         [ a => undef, b => '${x == 2}' ],       { x => 2 },      'a' ],
    [ 'exclusiveGateway',         [ a => '${x == 1}', b => '${x == 2}' ], { x => 3 },      qr/node.*\bflow|flow.*node/ ],
    [ 'exclusiveGateway',         [ a => '${y}', b => undef ],            { x => 3 },      qr/'?y'?/ ],
    [ 'exclusiveGateway',         [ a => '${x}', b => undef ],            { x => 3 },      qr/not true or false/ ],
    [ 'exclusiveGateway',         [ a => '${x}', b => undef ],            { x => undef },  qr/not true or false/ ],
    [ 'exclusiveGateway',         [ a => '${x}', b => undef ],            { x => 'true' }, qr/not true or false/ ],
    [ 'exclusiveGateway',         [ a => '${x}', b => undef ],            { x => $true },  'a' ],
    [ 'exclusiveGateway',         [ a => '${!x}', b => undef ],           { x => $true },  'b' ],
    [ 'exclusiveGateway',         [ a => "\n  \${x > 2 ? true : false}\n ", b => undef ], { x => 3 }, 'a' ],
    [ 'exclusiveGateway',         [ a => '${x == 1}', b => '${y == 1}' ], { x => 1 },      'a' ],
    [ 'exclusiveGateway default', [ a => '${x == 1}', DEFAULT => undef ], { x => 1 },      'a' ],
    [ 'exclusiveGateway default', [ DEFAULT => undef, a => '${x == 1}' ], { x => 1 },      'a' ],
    [ 'exclusiveGateway default', [ DEFAULT => undef, a => '${x == 1}' ], { x => 2 },      'DEFAULT' ],
    [ 'parallelGateway',          [ a => undef, b => undef, c => undef ], {},              'a b c' ],
    [ 'parallelGateway',          [ a => '${false}', b => '${nothing}' ], {},              'a b' ],
    [ 'task',                     [ a => undef, b => undef ],             {},              'a b' ],
    [ 'task',                     [ a => '${x}', b => '${!x}', c => undef ], { x => $true }, 'a c' ],
    [ 'task',                     [ a => '${x}', b => '${x}' ],           { x => $false }, '' ],
    [ 'task default',             [ a => '${x}', DEFAULT => undef ],      { x => $false }, 'DEFAULT' ],
    [ 'task default',             [ a => '${x}', DEFAULT => undef ],      { x => $true },  'a' ],
    [ 'manualTask',               [ a => '${x}', b => '${y}' ],           { x => $true },  qr/'?y'?/ ],
    [ 'task',                     [],                                     {},              '' ],
    [ 'parallelGateway',          [],                                     {},              '' ],
    [ 'endEvent',                 [],                                     {},              '' ],
);

# Forks and joins by their wiring; t1, t2 … are tasks, completed in this order.
my @wirings = (
    # what                                    flows                                                        completed        waits at
    [ 'a join of two',                        [ 's -> +f', '+f -> t1', '+f -> t2', 't1 -> +j', 't2 -> +j', '+j -> t3' ], [ 't1' ], 't2' ],
    [ 'a join of two, complete',              [ 's -> +f', '+f -> t1', '+f -> t2', 't1 -> +j', 't2 -> +j', '+j -> t3' ], [ 't2', 't1' ], 't3' ],
    [ 'no join, each token for itself',       [ 's -> +f', '+f -> t1', '+f -> t2', 't1 -> t3', 't2 -> t3' ], [ 't1', 't2' ], 't3 t3' ],
    [ 'join and fork in one',                 [ 's -> +f', '+f -> t1', '+f -> t2', 't1 -> +j', 't2 -> +j', '+j -> t3', '+j -> t4' ], [ 't1', 't2' ], 't3 t4' ],
    [ 'nested',                               [ 's -> +f', '+f -> +g', '+f -> t1', '+g -> t2', '+g -> t3', 't2 -> +h', 't3 -> +h', '+h -> +j', 't1 -> +j', '+j -> t4' ], [ 't1', 't2', 't3' ], 't4' ],
    [ 'nested, inside first',                 [ 's -> +f', '+f -> +g', '+f -> t1', '+g -> t2', '+g -> t3', 't2 -> +h', 't3 -> +h', '+h -> +j', 't1 -> +j', '+j -> t4' ], [ 't2', 't3' ], 't1' ],
    [ 'unbalanced: three into one',           [ 's -> +f', '+f -> +g', '+f -> t1', '+g -> t2', '+g -> t3', 't1 -> +j', 't2 -> +j', 't3 -> +j', '+j -> t4' ], [ 't3', 't1', 't2' ], 't4' ],
    [ 'one branch ends',                      [ 's -> +f', '+f -> t1', '+f -> t2', '+f -> e', 't1 -> +j', 't2 -> +j', '+j -> t3' ], [ 't1', 't2' ], 't3' ],
    [ 'two flows to one join',                [ 's -> +f', '+f -> +j', '+f -> +j', '+j -> t1' ], [], 't1' ],
    [ 'a join that waits for ever',           [ 's -> +f', '+f -> t1', '+f -> t2', 't1 -> +j', 't2 -> e', '+j -> t3', 'x -> +j' ], [ 't1', 't2' ], '' ],
    [ 'the same join twice, in a loop',       [ 's -> x', 'x -> +f', '+f -> t1', '+f -> t2', 't1 -> +j', 't2 -> +j', '+j -> t3', 't3 -> x' ], [ 't1', 't2', 't3', 't2', 't1' ], 't3' ],
);

plan tests => 3 * @claims + 2 * @nodes + 2 * @wirings + 3;

my $user = 'expenses';
sub waiting { tasks_named(shift, "assignee=$user") }
sub complete_named {
    my ($instance, $name, $variables) = @_;
    my ($task) = grep { $_->{name} eq $name } tasks_of($instance, "assignee=$user");
    return $task ? complete($task->{id}, $variables)->code : "no task $name";
}
sub ended { my ($row) = stored("SELECT END_TIME_ FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = @_"); defined $row->{END_TIME_} ? 1 : 0 }

for my $case (@claims) {
    my ($variables, $steps, $waits, $ended) = @$case;
    my $what = "amount $variables->{amount}: @$steps";
    my $i = start('claimOfExpenses:1', $variables);
    my @codes = map { my ($task, $approved) = split /=/; complete_named($i->{id}, $task, $approved ? { approved => $approved } : {}) } @$steps;
    ok t_cmp("@codes", join(' ', (200) x @codes), $what);
    ok t_cmp(waiting($i->{id}), $waits, "$what: tasks");
    ok t_cmp(ended($i->{id}), $ended // 0, "$what: the end");
}

my $n = 0;
sub user_task { "<userTask id=\"$_[0]\" name=\"$_[0]\" activiti:assignee=\"$user\"/>" }
for my $case (@nodes) {
    my ($node, $flows, $variables, $expected) = @$case;
    my ($element, $default) = split / /, $node;
    my (@targets, @flows);
    my @pairs = @$flows;
    while (my ($name, $condition) = splice @pairs, 0, 2) {
        push @targets, user_task($name);
        push @flows, ($name eq 'DEFAULT' ? 'd: ' : '') . "node -> $name" . (defined $condition ? " if $condition" : '');
    }
    my $key = 'gatewaysNode' . ++$n;
    $default = $default ? 'default="d"' : '';
    my $definition = define($key, '<startEvent id="s"/>', 's -> node', "<$element id=\"node\" $default/>", @targets, @flows);
    my $r = call('POST', '/process-instance', { processDefinitionId => $definition, %$variables });
    my $what = join ' ', $node, map { $_ // '-' } @$flows;
    ok t_cmp($r->code, ref $expected ? 500 : 200, $what);
    ok ref $expected ? t_cmp(message($r), $expected, $what)
                     : t_cmp(join(' ', sort @{ json($r)->{activityNames} }), $expected, $what);
}

# '+' marks a gateway.
for my $case (@wirings) {
    my ($what, $flows, $completed, $waits) = @$case;
    my %nodes = map { $_ => 1 } map { split / -> / } @$flows;
    my @elements = map { /^\+(.*)/ ? "<parallelGateway id=\"$1\"/>" : $_ eq 's' ? '<startEvent id="s"/>' : $_ eq 'e' ? '<endEvent id="e"/>'
                       : $_ eq 'x' ? '<task id="x"/>' : user_task($_) } sort keys %nodes;
    my $i = start(define('gatewaysWiring' . ++$n, @elements, map { s/\+//gr } @$flows));
    my @codes = map { complete_named($i->{id}, $_) } @$completed;
    ok t_cmp("@codes", join(' ', (200) x @codes), $what);
    ok t_cmp(waiting($i->{id}), $waits, $what);
}

# Where the tokens of a new instance rest, depth first and in the order they came.
my $i = start(define('gatewaysNames', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', '<parallelGateway id="j"/>',
                     (map { user_task($_), "f -> $_" } 'zulu', 'alpha', 'mike'), 'f -> j', 'alpha -> j'));
ok t_cmp("@{ $i->{activityNames} }", 'zulu alpha mike', 'activityNames: what rests at a join is not active');
ok t_cmp($i->{ended} ? 1 : 0, 0, 'not ended');
my %ids = map { $_->{executionId} => 1 } tasks_of($i->{id}, "assignee=$user");
ok t_cmp(scalar keys %ids, 3, 'each branch is an execution of its own');
