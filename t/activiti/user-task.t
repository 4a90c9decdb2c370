# User tasks: who gets them, in which lists and counts they are, and what they say of
# themselves.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $n = 0;
sub task_of {    # start a process with one such task; its row by a look into the store, as some are in no list
    my ($attributes, $children, $variables, %opt) = @_;
    my $start = '<startEvent id="s" ' . ($opt{start} // '') . '/>';
    my $definition = define('userTask' . ++$n, $start, 's -> t', "<userTask id=\"t\" $attributes>$children</userTask>");
    my $r = call('POST', '/process-instance', { processDefinitionId => $definition, %{ $variables // {} } }, user => $opt{user} // 'kermit');
    return ($r) unless $r->is_success;
    return ($r, get_json('/task/' . value_of('SELECT ID_ FROM ACT_RU_TASK WHERE PROC_INST_ID_ = ' . json($r)->{id})));
}
sub role {
    my ($element, $text) = @_;
    return "<$element><resourceAssignmentExpression><formalExpression>$text</formalExpression></resourceAssignmentExpression></$element>";
}
sub owner { role('potentialOwner', @_) }
sub performer { role('humanPerformer', @_) }

my @texts = (
    # attributes of the task                    its children                                    variables          member         value, or what the error says
    [ 'name="plain"',                           '',                                             {},                name        => 'plain' ],
    [ 'name="for ${a} and #{a}"',               '',                                             { a => 'x' },      name        => undef ],
    [ 'name="for ${a}, ${b + 1}"',              '',                                             { a => 'x', b => 1 }, name     => 'for x, 2' ],
    [ 'name="${nothing} left"',                 '',                                             {},                name        => '${nothing} left' ],
    [ 'name="${a}"',                            '',                                             { a => 17 },       name        => '17' ],
    [ 'name="${a}"',                            '',                                             { a => 2.5 },      name        => '2.5' ],
    [ 'name="[${a}]"',                          '',                                             { a => undef },    name        => '[]' ],
    [ 'name="\${a}"',                           '',                                             { a => 1 },        name        => '${a}' ],
    [ '',                                       '<documentation> a ${a} </documentation>',      { a => 'b' },      description => 'a b' ],
    [ '',                                       '<documentation>${nothing}</documentation>',    {},                description => '${nothing}' ],
    [ '',                                       '<documentation><![CDATA[<b>${a}</b>]]></documentation>', { a => '&' }, description => '<b>&</b>' ],
    [ '',                                       '',                                             {},                description => undef ],
    [ '',                                       '',                                             {},                priority    => 50 ],
    [ 'activiti:priority="0"',                  '',                                             {},                priority    => 0 ],
    [ 'activiti:priority="${a}"',               '',                                             { a => 99.9 },     priority    => 99 ],
    [ 'activiti:priority="${a}"',               '',                                             { a => '7' },      priority    => 7 ],
    [ 'activiti:priority="${a}"',               '',                                             { a => 'high' },   priority    => qr/priority/ ],
    [ 'activiti:formKey="a/b.form"',            '',                                             {},                formResourceKey => 'a/b.form' ],
    [ '',                                       '',                                             {},                formResourceKey => undef ],
    [ 'activiti:assignee="fozzie"',             '',                                             {},                assignee    => 'fozzie' ],
    [ 'activiti:assignee="${a}"',               '',                                             { a => 'gonzo' },  assignee    => 'gonzo' ],
    [ 'activiti:assignee="${a.boss}"',          '',                                             { a => { boss => 'x' } }, assignee => 'x' ],
    [ 'activiti:assignee="u-${a}"',             '',                                             { a => 17 },       assignee    => 'u-17' ],
    [ 'activiti:assignee="${a}"',               '',                                             { a => undef },    assignee    => undef ],
    [ 'activiti:assignee="${a}"',               '',                                             { a => '' },       assignee    => undef ],
    [ 'activiti:assignee="${nothing}"',         '',                                             {},                assignee    => qr/assignee.*nothing|nothing.*assignee/ ],
    [ 'activiti:assignee="${a / 0 % 0 ? 1 : 2}"', '',                                           { a => 1 },        assignee    => qr/assignee/ ],
    [ '',                                       performer('fozzie'),                            {},                assignee    => 'fozzie' ],
    [ '',                                       performer('${a}'),                              { a => 'x' },      assignee    => 'x' ],
    [ 'activiti:assignee="gonzo"',              performer('fozzie'),                            {},                assignee    => 'gonzo' ],
    [ 'activiti:assignee="${starter}"',         '',                                             {},                assignee    => 'gonzo', user => 'gonzo', start => 'activiti:initiator="starter"' ],
    # A variable of that name in the body wins, as on Activiti.
    [ 'activiti:assignee="${starter}"',         '',                                             { starter => 'x' }, assignee   => 'x', user => 'fozzie', start => 'activiti:initiator="starter"' ],
    [ 'activiti:candidateUsers="${nothing}"',   '',                                             {},                name        => qr/candidateUsers.*nothing|nothing/ ],
    [ 'activiti:candidateGroups="${a}"',        '',                                             { a => { k => 1 } }, name      => qr/candidateGroups/ ],
);

# Candidates: users and groups of this file's own, so that the lists hold nothing else.
my @candidates = (
    # attributes                                             children                                      users            groups
    [ 'activiti:candidateUsers="ut1"',                       '',                                           'ut1',           '' ],
    [ 'activiti:candidateUsers=" ut1 , ut2,ut1,, "',         '',                                           'ut1 ut2',       '' ],
    [ 'activiti:candidateUsers="${one}"',                    '',                                           'ut1',           '' ],
    [ 'activiti:candidateUsers="${list}"',                   '',                                           'ut1 ut2',       '' ],
    [ 'activiti:candidateUsers="${text},ut3"',               '',                                           'ut1 ut2 ut3',   '' ],
    [ 'activiti:candidateGroups="utA, ${one}"',              '',                                           '',              'ut1 utA' ],
    [ 'activiti:candidateUsers="ut1" activiti:candidateGroups="utA"', '',                                  'ut1',           'utA' ],
    [ '',                                                    owner('user(ut1), group(utA), utB'),          'ut1',           'utA utB' ],
    [ '',                                                    owner('user(${one}), group(${one})'),         'ut1',           'ut1' ],
    [ 'activiti:candidateUsers="ut1"',                       owner('utA') . owner('user(ut2)'),            'ut1 ut2',       'utA' ],
    [ 'activiti:assignee="ut9" activiti:candidateUsers="ut1" activiti:candidateGroups="utA"', '',          '',              '' ],
    [ 'activiti:candidateUsers="${none}"',                   '',                                           '',              '' ],
);
my %given = (one => 'ut1', list => [ 'ut1', 'ut2' ], text => 'ut1, ut2', none => []);

plan tests => 2 * @texts + 2 * @candidates - 1 + 18;

for my $case (@texts) {
    my ($attributes, $children, $variables, $member, $value, %opt) = @$case;
    my $what = "$attributes $children";
    if ($attributes =~ /#\{/) {    # both kinds of markers: refused with the file
        ok t_cmp(upload('x.bpmn20.xml', bpmn('x', "<userTask id=\"t\" $attributes/>"))->code, 400, $what);
        next;
    }
    my ($r, $task) = task_of($attributes, $children, $variables, %opt);
    ok t_cmp($r->code, ref $value ? 500 : 200, $what);
    ok ref $value ? t_cmp(message($r), $value, $what) : t_cmp($task->{$member}, $value, $what);
}

sub in_list { my ($filter, $id) = @_; scalar grep { $_->{id} == $id } @{ get_json("/tasks?$filter&size=10000")->{data} } }
for my $case (@candidates) {
    my ($attributes, $children, $users, $groups) = @$case;
    my (undef, $task) = task_of($attributes, $children, \%given);
    ok t_cmp(join(' ', grep { in_list("candidate=$_", $task->{id}) == 1 } qw(ut1 ut2 ut3)), $users, "$attributes$children: users");
    ok t_cmp(join(' ', grep { in_list("candidate-group=$_", $task->{id}) == 1 } qw(ut1 utA utB)), $groups, "$attributes$children: groups");
}

# A candidate through his groups: those of any type count in the list, those of type
# "assignment" in the summary. Counts are compared with what was there before.
sub summary {
    my $s = get_json('/tasks-summary?user=' . shift);
    return { assigned => $s->{assigned}{total}, unassigned => $s->{unassigned}{total}, %{ $s->{unassigned}{groups} } };
}
sub growth {
    my ($user, $before) = @_;
    my $now = summary($user);
    return join ' ', map { my $more = $now->{$_} - $before->{$_}; $more ? "$_+$more" : () } sort keys %$now;
}
my %before = map { $_ => summary($_) } qw(kermit gonzo fozzie);
ok t_cmp(join(' ', sort keys %{ $before{kermit} }), 'accountancy assigned engineering management sales unassigned', "kermit's groups");
ok t_cmp(join(' ', sort keys %{ $before{fozzie} }), 'accountancy assigned unassigned', "fozzie's");
ok t_cmp(get_json('/tasks-summary?user=nobody'), { assigned => { total => 0 }, unassigned => { total => 0, groups => {} } }, 'of nobody');
ok t_cmp(call('GET', '/tasks-summary?user=')->code, 400, 'no user');
ok t_cmp(message(call('GET', '/tasks-summary')), qr/'user'/, 'which is named');

# One task counts once for a user, however many ways lead to him.
my (undef, $both) = task_of('activiti:candidateUsers="gonzo" activiti:candidateGroups="management,accountancy,manager"', '', {});
ok t_cmp(growth('gonzo', $before{gonzo}), 'accountancy+1 management+1 unassigned+1', 'gonzo by himself and three groups');
ok t_cmp(growth('fozzie', $before{fozzie}), 'accountancy+1 unassigned+1', 'fozzie by one group');
ok t_cmp(growth('kermit', $before{kermit}), 'accountancy+1 management+1 unassigned+1', 'kermit by three');
ok t_cmp(in_list('candidate=gonzo', $both->{id}), 1, 'once in the list');
ok t_cmp(in_list('candidate-group=manager', $both->{id}), 1, 'a group of any type');
task_of('activiti:candidateGroups="manager"', '', {});
ok t_cmp(growth('gonzo', $before{gonzo}), 'accountancy+1 management+1 unassigned+2', 'a role counts in the total only');

# Claimed, it is nobody else's any more, and its candidates do not see it.
ok t_cmp(call('PUT', "/task/$both->{id}/claim", {}, user => 'fozzie')->code, 200, 'claim');
ok t_cmp(growth('gonzo', $before{gonzo}), 'unassigned+1', 'gone for gonzo');
ok t_cmp(growth('fozzie', $before{fozzie}), 'assigned+1', "fozzie's now");
ok t_cmp(join(' ', map { in_list($_, $both->{id}) } 'assignee=fozzie', 'candidate=fozzie', 'candidate-group=accountancy'), '1 0 0', 'in the lists');
complete($both->{id});
ok t_cmp(growth('fozzie', $before{fozzie}), '', 'done');

# The start user is in the history, whoever completes.
my ($r) = task_of('', '', {}, user => 'gonzo');
ok t_cmp(value_of('SELECT START_USER_ID_ FROM ACT_HI_PROCINST WHERE PROC_INST_ID_ = ' . json($r)->{id}), 'gonzo', 'started by gonzo');

# A task that continues asynchronously is there as soon as its job ran.
my $i = start(define('userTaskAsync', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:async="true" activiti:assignee="utAsync"/>'));
ok wait_until { tasks_of($i->{id}, 'assignee=utAsync') };
