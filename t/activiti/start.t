# Starting by the id of a definition or by its key, with a business key.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my @process = ('<startEvent id="s"/>', 's -> t', '<userTask id="t" name="v1" activiti:assignee="start"/>');
my $first = define('startKey', @process);
my $second = define('startKey', map { s/v1/v2/r } @process);
my $ends = define('startEnds', '<startEvent id="s"/>', 's -> e', '<endEvent id="e"/>');
sub begin { call('POST', '/process-instance', @_) }

my @bodies = (
    # body                                                                   status  definition or message         business key
    [ { processDefinitionId => $first },                                     200,    $first,                       undef ],
    [ { processDefinitionId => $second },                                    200,    $second,                      undef ],
    [ { processDefinitionKey => 'startKey' },                                200,    $second,                      undef ],
    [ { processDefinitionKey => 'startKey', processDefinitionId => '' },     200,    $second,                      undef ],
    [ { processDefinitionKey => undef, processDefinitionId => $first },      200,    $first,                       undef ],
    [ { processDefinitionId => $first, businessKey => 'bk 1' },              200,    $first,                       'bk 1' ],
    [ { processDefinitionKey => 'startKey', businessKey => 'bk 1' },         200,    $second,                      'bk 1' ],
    [ { processDefinitionId => $first, businessKey => "\x{fc}\x{20ac}" },    200,    $first,                       "\x{fc}\x{20ac}" ],
    [ { processDefinitionId => $first, businessKey => 4711 },                200,    $first,                       '4711' ],
    [ { processDefinitionId => $first, businessKey => '' },                  200,    $first,                       undef ],
    [ { processDefinitionId => $first, businessKey => undef },               200,    $first,                       undef ],
    [ { processDefinitionId => $first, businessKey => 'b' x 255 },           200,    $first,                       'b' x 255 ],
    # A key is taken once for a definition, also by one that has ended.
    [ { processDefinitionId => $first, businessKey => 'bk 1' },              409,    qr/business key/ ],
    [ { processDefinitionId => $second, businessKey => 'bk 1' },             409,    qr/business key/ ],
    [ { processDefinitionId => $ends, businessKey => 'over' },               200,    $ends,                        'over' ],
    [ { processDefinitionId => $ends, businessKey => 'over' },               409,    qr/business key/ ],
    [ { processDefinitionId => $ends, businessKey => 'Over' },               200,    $ends,                        'Over' ],
    # Exactly one of the two.
    [ {},                                                                    400,    qr/'processDefinitionId'.*'processDefinitionKey'/ ],
    [ { processDefinitionId => '', processDefinitionKey => '' },             400,    qr/'processDefinitionId'.*'processDefinitionKey'/ ],
    [ { processDefinitionId => $first, processDefinitionKey => 'startKey' }, 400,    qr/'processDefinitionId'.*'processDefinitionKey'.*both/ ],
    [ { businessKey => 'x' },                                                400,    qr/'processDefinitionId'/ ],
    [ { processDefinitionKey => [ 'startKey' ] },                            400,    qr/'processDefinitionKey'/ ],
    [ { processDefinitionKey => "startKey\0" },                              400,    qr/'processDefinitionKey'/ ],
    [ { processDefinitionId => $first, businessKey => { a => 1 } },          400,    qr/'businessKey'/ ],
    [ { processDefinitionId => $first, businessKey => 'b' x 256 },           400,    qr/'businessKey'.*255/ ],
    # Each is what it is: an id is no key, a key no id.
    [ { processDefinitionId => 'startKey' },                                 404,    qr/'startKey'/ ],
    [ { processDefinitionKey => $first },                                    404,    qr/'\Q$first\E'/ ],
    [ { processDefinitionKey => 'startkey' },                                404,    qr/'startkey'/ ],
    [ { processDefinitionKey => "startKey' OR '1'='1" },                     404,    qr/startKey' OR/ ],
    [ { processDefinitionId => 'startKey:99' },                              404,    qr/'startKey:99'/ ],
);

plan tests => 2 * @bodies + 13;

sub instances { value_of("SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ LIKE 'start%'") }
for my $case (@bodies) {
    my ($body, $status, $expected, $key) = @$case;
    my $before = instances();
    my $r = begin($body);
    my $what = join(' ', map { "$_=" . (ref $body->{$_} ? 'none' : $body->{$_} // 'null') } sort keys %$body) =~ s/[^ -~]/?/gr;
    ok t_cmp($r->code, $status, substr $what, 0, 100);
    if ($status != 200) {
        ok t_cmp(message($r), $expected, 'message') && t_cmp(instances(), $before, 'nothing started');
        next;
    }
    my $i = json($r);
    my $ended = $expected eq $ends;
    ok t_cmp($i, { id => $i->{id}, processInstanceId => $i->{id}, processDefinitionId => $expected, businessKey => $key,
                   activityNames => $ended ? [] : [ 't' ], ended => $ended ? JSON::PP::true() : JSON::PP::false() });
}

# Own members are no variables, whatever else the body says about them.
my $i = json(begin({ processDefinitionKey => 'startKey', businessKey => 'bk 2', businessKey_type => 'Integer', processDefinitionKey_required => 'true',
                     taskId => '7', a => 1 }));
ok t_cmp([ map { $_->{NAME_} } stored("SELECT NAME_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = $i->{id} ORDER BY NAME_") ], [ 'a', 'taskId' ], 'variables');
ok t_cmp(begin({ processDefinitionKey => 'startKey', businessKey_required => 'true' })->code, 400, 'a form may ask for a business key');

# The newest version follows what is deployed and deleted.
my $third = define('startKey', map { s/v1/v3/r } @process);
ok t_cmp(json(begin({ processDefinitionKey => 'startKey' }))->{processDefinitionId}, $third, 'a new version');
my $deployment = get_json("/process-definition/$third")->{deploymentId};
ok t_cmp(call('DELETE', "/deployment/$deployment?cascade=true")->code, 200, 'is deleted');
ok t_cmp(json(begin({ processDefinitionKey => 'startKey' }))->{processDefinitionId}, $second, 'the one before it');

# As a form of a page; who starts is in the history.
my $r = begin("processDefinitionKey=startKey&businessKey=bk+3&days=3&days_type=Integer", user => 'gonzo',
              headers => { 'Content-Type' => 'application/x-www-form-urlencoded' });
ok t_cmp(json($r)->{businessKey}, 'bk 3', 'a form');
ok t_cmp((stored("SELECT START_USER_ID_ FROM ACT_HI_PROCINST WHERE ID_ = " . json($r)->{id}))[0]{START_USER_ID_}, 'gonzo', 'its user');
ok t_cmp(value_of("SELECT TYPE_ FROM ACT_RU_VARIABLE WHERE NAME_ = 'days' AND PROC_INST_ID_ = " . json($r)->{id}), 'integer', 'its variable');
ok t_cmp(get_json('/process-instances?businessKey=bk+3')->{data}[0]{id}, json($r)->{id}, 'found by its key');

# A process that fails keeps nothing, its business key included.
my $fails = define('startFails', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="${missing}"/>');
$r = begin({ processDefinitionId => $fails, businessKey => 'bk' });
ok t_cmp($r->code, 500, 'a process that fails');
ok t_cmp(message($r), qr/missing/, 'and why');
ok t_cmp(begin({ processDefinitionId => $fails, businessKey => 'bk', missing => 'start' })->code, 200, 'the key is free');
ok t_cmp(begin({ processDefinitionId => $first }, user => undef)->code, 401, 'without credentials');
