# Running instances go on with another version of their definition: plans, dry runs, some
# instances and all of them.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

sub post { my ($path, $body, %opt) = @_; call('POST', $path, $body, %opt) }
sub task { my ($id, $key, $what) = @_; qq(<userTask id="$id" name="$what" activiti:assignee="migration"/>) }
sub border { qq(<boundaryEvent id="late" attachedToRef="$_[0]"><timerEventDefinition><timeDuration>$_[1]</timeDuration></timerEventDefinition></boundaryEvent>) }
sub from_to { my ($from, $to, @rules) = @_;
    +{ sourceProcessDefinitionId => $from, targetProcessDefinitionId => $to,
       instructions => [ map { my ($s, $t, $renew) = @$_; +{ sourceActivityIds => [ $s ], targetActivityIds => [ $t ],
                                                             $renew ? (updateEventTrigger => JSON::PP::true()) : () } } @rules ] } }
sub names { tasks_named(shift, 'assignee=migration') }
sub definition { get_json('/process-instance/' . shift)->{processDefinitionId} }

my $first = define('migrate', '<startEvent id="s"/>', 's -> check', task('check', 'migrate', 'check'), 'check -> pay', task('pay', 'migrate', 'pay'));
my @old = map { start($first, { amount => $_ })->{id} } 1 .. 4;
complete((tasks_of($old[3], 'assignee=migration'))[0]{id});    # it waits at "pay"
my $second = define('migrate', '<startEvent id="s"/>', 's -> check', task('check', 'migrate', 'check'), border('check', 'PT0.3S'), 'late -> remind',
    task('remind', 'migrate', 'remind'), 'check -> transfer', task('transfer', 'migrate', 'transfer'));
my $rules = [ 'pay', 'transfer' ];

my @refused = (
    # path        body                                                                    status  message
    [ 'generate', {},                                                                     400, qr/'sourceProcessDefinitionId' is required/ ],
    [ 'generate', { sourceProcessDefinitionId => $first },                                400, qr/'targetProcessDefinitionId' is required/ ],
    [ 'generate', from_to($first, 'none:1'),                                                 404, qr/'none:1'/ ],
    [ 'validate', { %{ from_to($first, $second) }, instructions => 'x' },                   400, qr/'instructions'/ ],
    [ 'validate', { %{ from_to($first, $second) }, instructions => [ 'x' ] },               400, qr/'instructions'/ ],
    [ 'validate', { %{ from_to($first, $second) }, instructions => [ {} ] },                400, qr/'sourceActivityIds'.*|instruction 1/ ],
    [ 'validate', { %{ from_to($first, $second) }, instructions => [ { sourceActivityIds => [ 'a', 'b' ], targetActivityIds => [ 'c' ] } ] }, 400, qr/one item/ ],
    [ 'execute',  {},                                                                     400, qr/'migrationPlan'/ ],
    [ 'execute',  { migrationPlan => [] },                                                400, qr/'migrationPlan'/ ],
    [ 'execute',  { migrationPlan => from_to($first, $second, [ 'check', 'nowhere' ]) },    400, qr/no activity "nowhere"/ ],
    [ 'execute',  { migrationPlan => from_to($first, $second), processInstanceIds => 'x' },  400, qr/'processInstanceIds'/ ],
    [ 'execute',  { migrationPlan => from_to($first, $second), processInstanceIds => [ map { "$_" } 1 .. 1001 ] }, 400, qr/at most 1000/ ],
    [ 'execute',  { migrationPlan => from_to($first, $second), start => -1 },               400, qr/'start'/ ],
    [ 'execute',  { migrationPlan => from_to($first, $second), dryRun => 'perhaps' },       400, qr/'dryRun'/ ],
);

plan tests => 2 * @refused + 41;

for my $case (@refused) {
    my ($path, $body, $status, $message) = @$case;
    my $r = post("/migration/$path", $body);
    ok t_cmp($r->code, $status, $path);
    ok t_cmp(message($r), $message, "$path: the message");
}
ok t_cmp(post("/migration/$_", {}, user => 'fozzie')->code, 403, "$_ is for administrators") for qw(generate validate execute);

# ---- plans -----------------------------------------------------------------------------
my $made = json(post('/migration/generate', from_to($first, $second)));
ok t_cmp([ map { "@{ $_->{sourceActivityIds} } @{ $_->{targetActivityIds} }" } @{ $made->{instructions} } ], [ 'check check' ], 'what has the same id');
ok t_cmp("$made->{sourceProcessDefinitionId} $made->{targetProcessDefinitionId}", "$first $second", 'of these definitions');
ok t_cmp(json(post('/migration/validate', $made)), { instructionReports => [] }, 'is a good plan');
my $reports = json(post('/migration/validate', from_to($first, $second, $rules, [ 'pay', 'check' ], [ 's', 'check' ])))->{instructionReports};
ok t_cmp(scalar @$reports, 3, 'one that is not');
ok t_cmp($reports->[0]{failures}[0], qr/"pay" has several instructions/, 'two for one');
ok t_cmp($reports->[2]{failures}[0], qr/"s" is of type startEvent, "check" of type userTask/, 'and why');
ok t_cmp($reports->[2]{instruction}{targetActivityIds}, [ 'check' ], 'where');

# ---- a dry run -------------------------------------------------------------------------
my $r = json(post('/migration/execute', { migrationPlan => from_to($first, $second), processInstanceIds => [ @old, '999999999', 'x' ], dryRun => JSON::PP::true() }));
ok t_cmp("$r->{migrated} $r->{failed}", '3 3', 'a dry run counts');
ok t_cmp($r->{dryRun}, JSON::PP::true(), 'and says so');
my %why = map { $_->{processInstanceId} => $_->{reasons}[0] } @{ $r->{failures} };
ok t_cmp($why{ $old[3] }{activityId}, 'pay', 'where it stands');
ok t_cmp($why{ $old[3] }{message}, qr/\Q$second\E has no activity "pay"/, 'what is wrong');
ok t_cmp($why{$_}{message}, qr/'$_'/, "instance $_") for '999999999', 'x';
ok t_cmp([ map { definition($_) } @old ], [ ($first) x 4 ], 'and does nothing');
ok t_cmp(get_json("/management/jobs?process-instance=$old[0]")->{total}, 0, 'no timer');

# ---- some instances --------------------------------------------------------------------
$r = json(post('/migration/execute', { migrationPlan => from_to($first, $second), processInstanceIds => [ @old[0, 3] ] }));
ok t_cmp("$r->{migrated} $r->{failed}", '1 1', 'one can, one cannot');
ok t_cmp($r->{next}, undef, 'that is all');
ok t_cmp([ map { definition($_) } @old ], [ $second, ($first) x 3 ], 'the one');
ok t_cmp(names($old[0]), 'check', 'has its task');
my ($task) = tasks_of($old[0], 'assignee=migration');
ok t_cmp($task->{processDefinitionId}, $second, 'of the new definition');
ok wait_until { names($old[0]) eq 'remind' };    # the timer that the second version adds
ok t_cmp((stored("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE NAME_ = 'amount' AND PROC_INST_ID_ = $old[0]"))[0]{TEXT_}, '1', 'and its variables');
my ($activities) = get_json("/process-instance/$old[0]")->{activities};
ok t_cmp([ map { $_->{activityId} } @$activities ], [ qw(s check late remind) ], 'one history');
$r = json(post('/migration/execute', { migrationPlan => from_to($first, $second), processInstanceIds => [ $old[0] ] }));
ok t_cmp($r->{failures}[0]{reasons}[0]{message}, qr/\Q$second\E, not with \Q$first\E/, 'it has come over already');

# ---- all of them -----------------------------------------------------------------------
ok t_cmp(call('PUT', "/process-instance/$old[1]/suspend")->code, 200, 'one is suspended');
$r = json(post('/migration/execute', { migrationPlan => from_to($first, $second, $rules), dryRun => JSON::PP::true() }));
ok t_cmp("$r->{migrated} $r->{failed}", '3 0', 'a dry run over all');
$r = json(post('/migration/execute', { migrationPlan => from_to($first, $second) }));
ok t_cmp("$r->{migrated} $r->{failed}", '2 1', 'all that can');
$r = json(post('/migration/execute', { migrationPlan => from_to($first, $second, $rules) }));
ok t_cmp("$r->{migrated} $r->{failed} @{[ $r->{next} // 'null' ]}", '1 0 null', 'the others with an instruction');
ok t_cmp([ map { definition($_) } @old ], [ ($second) x 4 ], 'all have come over');
ok t_cmp(names($old[3]), 'pay', 'a task keeps its name');
ok t_cmp((tasks_of($old[3], 'assignee=migration'))[0]{taskDefinitionKey}, 'transfer', 'and is another one');
ok t_cmp(complete((tasks_of($old[3], 'assignee=migration'))[0]{id})->code, 200, 'complete it');
ok t_cmp(get_json("/process-instance/$old[3]")->{completed}, JSON::PP::true(), 'to the end');
ok t_cmp(complete((tasks_of($old[1], 'assignee=migration'))[0]{id})->code, 409, 'the suspended one stays so');
ok t_cmp(call('PUT', "/process-instance/$old[1]/activate")->code, 200, 'activate it');
ok wait_until { names($old[1]) eq 'remind' };

# The old version is empty now and may go.
ok t_cmp(call('DELETE', '/deployment/' . get_json("/process-definition/$first")->{deploymentId})->code, 200, 'the first version is not needed any more');
ok t_cmp(get_json("/process-instance/$old[2]")->{processDefinitionId}, $second, 'by nobody');
