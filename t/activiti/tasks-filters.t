# The list of tasks: whose they are, and what else narrows it down.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use POSIX ();
use WF::Activiti;
use WF::Test;

# Tasks by their names, each with what it says of people, its priority and its due date.
my $process = define('tasksFilters', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="${name}"
    activiti:priority="${priority}" activiti:assignee="${assignee}" activiti:owner="${owner}" activiti:dueDate="${due}"
    activiti:category="${name == &quot;e&quot; ? null : name == &quot;a&quot; ? &quot;x y&quot; : &quot;z&quot;}"
    activiti:candidateUsers="${users}" activiti:candidateGroups="${groups}"/>');
my $zone = POSIX::strftime('%z', localtime POSIX::mktime(0, 0, 12, 10, 6, 130)) =~ s/(\d\d)$/:$1/r;    # in July 2030
sub at { my ($day, $time) = @_; sprintf '2030-07-%02dT%s%s', $day, $time, $zone }
my @tasks = (
    # name   assignee    owner       users       groups      priority due
    [ 'a',   'tf1',      undef,      'tf3',      '',         50,      undef ],
    [ 'b',   'tf1',      'tf2',      '',         '',         10,      at(10, '00:00:00.000') ],
    [ 'c',   undef,      'tf1',      'tf1,tf2',  '',         -5,      at(10, '23:59:59.999') ],
    [ 'd',   undef,      'tf2',      '',         'tfg,tfh',  100,     at(11, '08:30:00.000') ],
    [ 'e',   "t\x{f6}\x{20ac} x", undef, '',     '',         50,      undef ],
);
for (@tasks) {
    my ($name, $assignee, $owner, $users, $groups, $priority, $due) = @$_;
    start($process, { name => $name, assignee => $assignee, owner => $owner, users => $users, groups => $groups,
                      priority => $priority, due => $due });
}

my @queries = (
    # query                                          names
    # One person or group; nobody is guessed.
    [ 'assignee=tf1',                                'a b' ],
    [ 'assignee=tf2',                                '' ],
    [ 'owner=tf2',                                   'b d' ],
    [ 'owner=tf1',                                   'c' ],
    [ 'involved=tf1',                                'a b c' ],
    [ 'involved=tf2',                                'b c d' ],
    [ 'involved=tf3',                                'a' ],
    [ 'candidate=tf1',                               'c' ],
    [ 'candidate=tf3',                               '' ],    # somebody has it
    [ 'candidate-group=tfg',                         'd' ],
    [ 'candidate-group=tfh',                         'd' ],
    [ 'assignee=t%C3%B6%E2%82%AC+x',                 'e' ],
    [ 'assignee=TF1',                                '' ],
    [ 'assignee=tf%25',                              '' ],
    [ 'assignee=tf_',                                '' ],
    [ "assignee=tf1'--",                             '' ],
    # Of several the first counts: assignee, owner, involved, candidate, candidate-group.
    [ 'owner=tf1&assignee=tf1',                      'a b' ],
    [ 'involved=tf3&owner=tf1',                      'c' ],
    [ 'candidate=tf1&involved=tf2',                  'b c d' ],
    [ 'candidate-group=tfg&candidate=tf1',           'c' ],
    [ 'assignee=&owner=tf1',                         'c' ],
    [ 'assignee=tf1&assignee=tf2',                   'a b' ],
    # The rest combine.
    [ 'involved=tf2&category=z',                     'b c d' ],
    [ 'involved=tf1&category=x+y',                   'a' ],
    [ 'involved=tf1&category=z&priority=10',         'b' ],
    [ 'involved=tf1&category=Z',                     '' ],
    [ 'involved=tf1&category=',                      'a b c' ],
    [ 'involved=tf2&priority=10',                    'b' ],
    [ 'involved=tf2&priority=11',                    '' ],
    [ 'involved=tf2&minPriority=10',                 'b d' ],
    [ 'involved=tf2&minPriority=11',                 'd' ],
    [ 'involved=tf2&maxPriority=10',                 'b c' ],
    [ 'involved=tf2&maxPriority=-6',                 '' ],
    [ 'involved=tf2&minPriority=-5&maxPriority=99',  'b c' ],
    [ 'involved=tf2&minPriority=50&maxPriority=10',  '' ],
    [ 'involved=tf2&priority=10&maxPriority=10',     'b' ],
    [ 'involved=tf2&dueDate=2030-07-10',             'b c' ],
    [ 'involved=tf2&dueDate=2030-07-12',             '' ],
    [ 'involved=tf1&dueDate=2030-07-10',             'b c' ],
    [ 'involved=tf2&dueDate=' . at(11, '08:30:00'),  'd' ],
    [ 'involved=tf2&dueDate=' . at(11, '08:30:00.000'), 'd' ],
    [ 'involved=tf2&dueDate=' . at(11, '08:30:00.001'), '' ],
    [ 'involved=tf2&minDueDate=2030-07-11',          'd' ],
    [ 'involved=tf2&minDueDate=' . at(10, '23:59:59.999'), 'c d' ],
    [ 'involved=tf2&maxDueDate=2030-07-10',          'b c' ],
    [ 'involved=tf2&maxDueDate=' . at(10, '00:00:00'), 'b' ],
    [ 'involved=tf2&minDueDate=2030-07-10&maxDueDate=2030-07-10', 'b c' ],
    [ 'involved=tf2&minDueDate=2030-07-11&maxDueDate=2030-07-10', '' ],
    [ 'involved=tf2&dueDate=2030-07-10&minDueDate=2030-07-11', '' ],
    [ 'involved=tf2&dueDate=2030-07-10&minDueDate=' . at(10, '00:00:01'), 'c' ],
    [ 'involved=tf2&minDueDate=2030-07-01&minPriority=50', 'd' ],
    [ 'involved=tf1&minDueDate=1970-01-01',          'b c' ],    # without one it is never due
    [ 'assignee=tf1&priority=&dueDate=&minDueDate=', 'a b' ],
);
my @refused = (
    # query                                          what the message names
    [ '',                                            qr/assignee.*owner.*involved.*candidate.*candidate-group/ ],
    [ 'priority=50',                                 qr/assignee/ ],
    [ 'category=z',                                  qr/assignee/ ],
    [ 'dueDate=2030-07-10',                          qr/assignee/ ],
    [ 'process-instance=1',                          qr/assignee/ ],
    [ 'assignee=tf1&priority=high',                  qr/'priority'.*'high'/ ],
    [ 'assignee=tf1&minPriority=1.5',                qr/'minPriority'.*'1\.5'/ ],
    [ 'assignee=tf1&maxPriority=2147483648',         qr/'maxPriority'.*2147483648/ ],
    ( map { [ "assignee=tf1&dueDate=$_", qr/'dueDate'/ ] }
      'tomorrow', '2030-7-1', '2030-02-30', '2030-13-01', '30-07-2010', '2030-07-10T08:00:00', '2030-07-10T25:00:00Z', '1893456000000', '2030-07-1%27' ),
    [ 'assignee=tf1&minDueDate=x',                   qr/'minDueDate'.*'x'/ ],
    [ 'assignee=tf1&maxDueDate=2030-07',             qr/'maxDueDate'/ ],
    [ 'assignee=tf1&sort=dueDate&order=up',          qr/./ ],
);

plan tests => @queries + 2 * @refused + 4;

for my $case (@queries) {
    my ($query, $names) = @$case;
    ok t_cmp(join(' ', sort map { $_->{name} } @{ get_json("/tasks?$query")->{data} }), $names, $query);
}
for my $case (@refused) {
    my ($query, $message) = @$case;
    my $r = call('GET', "/tasks?$query");
    ok t_cmp($r->code, 400, "'$query'");
    ok t_cmp(message($r), $message, "'$query'");
}

# A plus that is not escaped in an offset is one.
ok t_cmp(get_json('/tasks?involved=tf2&maxDueDate=2030-07-20T00:00:00+01:00')->{total}, 3, 'an offset with a plus');

# The totals are those of the filters.
ok t_cmp(get_json('/tasks?involved=tf2&size=1')->{total}, 3, 'total');

# A row says who is involved and when it is due, with the members of Activiti 5.0 first.
my $row = call('GET', '/tasks?owner=tf2&sort=name&size=1')->content;
ok t_cmp($row, qr/"data":\[\{"id":\d+,"name":"b","description":null,"priority":10,"assignee":"tf1","executionId":\d+,"processInstanceId":"\d+","formResourceKey":null,/, 'its members');
ok t_cmp($row, qr/"dueDate":"2030-07-10T00:00:00\.000[^"]+","owner":"tf2","delegationState":null,"parentTaskId":null,"processDefinitionId":"tasksFilters:\d","taskDefinitionKey":"t","category":"z","suspended":false\}/, 'later ones');
