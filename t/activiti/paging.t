# Paged lists: the envelope, its edges, every sort key in both orders, and pages that fit
# together.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

use constant TASKS => 23;

# Tasks of a user and a group of this file: some values repeat, some are null, and they fall
# in another order by text than by number.
my $definition = define('paging', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="${name}"
    activiti:priority="${priority}" activiti:assignee="${assignee}" activiti:candidateGroups="paging">
    <documentation>${description}</documentation></userTask>');
my @names = ('b', 'a', 'B', "\x{fc}", 'a', 'Z', 'aa', '10', '9', ' ', undef);
start($definition, { name => $names[$_ % @names], priority => 5 + $_ * 7 % 100, assignee => $_ % 2 ? 'paging' : undef,
                     description => $_ % 3 ? 'd' . $_ % 4 : undef }) for 1 .. 2 * TASKS;
# A deployment's name, twice, and definitions of one key.
upload('paging-name.bpmn20.xml', bpmn('pagingKey', '<startEvent id="s"/>'))->is_success or die for 1 .. 12;

my %keys = (    # path => sort keys of the rows' members
    '/tasks?assignee=paging'        => [ qw(id name description priority assignee executionId processInstanceId) ],
    '/tasks?candidate-group=paging' => [ qw(id name description priority assignee executionId processInstanceId) ],
    '/deployments?x='               => [ qw(id name deploymentTime) ],
    '/process-definitions?x='       => [ qw(id key version deploymentId name category) ],
    '/process-instances?x='         => [ qw(id processDefinitionId businessKey startTime) ],
);
my @lists = sort keys %keys;

my @edges = (
    # query                      status rows, start, sort and order in the answer; or the message
    [ '',                        200, 10, 0,   'id',   'asc' ],
    [ 'start=0&size=5',          200, 5,  0,   'id',   'asc' ],
    [ 'start=20&size=5',         200, 3,  20,  'id',   'asc' ],
    [ 'start=22',                200, 1,  22,  'id',   'asc' ],
    [ 'start=23',                200, 0,  23,  'id',   'asc' ],
    [ 'start=2147483647',        200, 0,  2147483647, 'id', 'asc' ],
    [ 'start=-5&size=2',         200, 2,  -5,  'id',   'asc' ],
    [ 'size=0',                  200, 0,  0,   'id',   'asc' ],
    [ 'size=-1',                 200, 0,  0,   'id',   'asc' ],
    [ 'size=2147483647',         200, 23, 0,   'id',   'asc' ],
    [ 'start=007&size=03',       200, 3,  7,   'id',   'asc' ],
    [ 'sort=name&order=desc',    200, 10, 0,   'name', 'desc' ],
    [ 'start=&size=&sort=&order=', 200, 10, 0, 'id',   'asc' ],
    [ 'size=3&size=4',           200, 3,  0,   'id',   'asc' ],
    [ 'size=%33',                200, 3,  0,   'id',   'asc' ],
    [ 'Size=3',                  200, 10, 0,   'id',   'asc' ],
    [ 'start=x',                 400, qr/'start'.*'x'/ ],
    [ 'size=1.5',                400, qr/'size'.*'1\.5'/ ],
    [ 'size=1e3',                400, qr/'size'.*'1e3'/ ],
    [ 'size=ten',                400, qr/'size'.*'ten'/ ],
    [ 'size=%201',               400, qr/'size'.*' 1'/ ],
    [ 'size=1%20',               400, qr/'size'.*'1 '/ ],
    [ 'size=2147483648',         400, qr/'size'.*2147483648/ ],
    [ 'start=-2147483649',       400, qr/'start'.*-2147483649/ ],
    [ 'sort=ID',                 400, qr/'ID'/ ],
    [ 'sort=nothing',            400, qr/'nothing'/ ],
    [ 'sort=id,name',            400, qr/'id,name'/ ],
    [ 'sort=id%27',              400, qr/'id''/ ],
    [ 'order=ASC',               400, qr/'ASC'/ ],
    [ 'order=descending',        400, qr/'descending'/ ],
    [ 'sort=dueDate&order=up',   400, qr/./ ],
);
my @foreign = (    # sort keys of other lists
    [ '/deployments',            'key' ],
    [ '/deployments',            'priority' ],
    [ '/process-definitions',    'resourceName' ],
    [ '/tasks?assignee=x',       'formResourceKey' ],
    [ '/tasks?candidate=x',      'createTime' ],
    [ '/process-instances',      'endTime' ],
    [ '/process-instances',      'startUserId' ],
);

my $sorts = 0;
$sorts += 2 * @{ $keys{$_} } for @lists;
plan tests => 2 * @edges + @foreign + $sorts + @lists + 13;

for my $case (@edges) {
    my ($query, $status, @expected) = @$case;
    my $r = call('GET', "/tasks?assignee=paging&$query");
    ok t_cmp($r->code, $status, $query);
    if ($status == 200) {
        my $page = json($r);
        ok t_cmp(join(' ', map { "$_=" . (ref $page->{$_} ? scalar @{ $page->{$_} } : $page->{$_}) } sort keys %$page),
                 "data=$expected[0] order=$expected[3] size=$expected[0] sort=$expected[2] start=$expected[1] total=" . TASKS, $query);
    }
    else {
        ok t_cmp(message($r), $expected[0], $query);
    }
}
for my $case (@foreign) {
    my ($path, $key) = @$case;
    my $r = call('GET', $path . ($path =~ /\?/ ? '&' : '?') . "sort=$key");
    ok t_cmp($r->code . ' ' . message($r), qr/^400 .*'$key'/, "$path sorted by $key");
}
# Numbers of the envelope are numbers.
ok t_cmp(call('GET', '/tasks?assignee=paging&size=0')->content, qr/"total":\s*23\b.*"start":\s*0\b.*"size":\s*0\b/, 'numbers');

# Ids and numbers by value, texts by their bytes, null first; equal rows as they were made.
sub by_value {
    my ($key, $x, $y) = @_;
    return defined $x <=> defined $y unless defined $x && defined $y;
    return $x <=> $y if $key =~ /^(priority|version)$/ || "$x$y" =~ /^\d+$/ && $key =~ /id$/i;
    utf8::encode($_) for $x, $y;
    return $x cmp $y;
}
# Tasks and deployments were made in the order of their ids; definitions in that of their
# deployments, and within an archive in one that only the lists know.
my %made;
sub earlier { my ($x, $y) = @_; ($made{ $x->{id} } // $x->{id}) <=> ($made{ $y->{id} } // $y->{id}) }
my $n = 0;
$made{ $_->{id} } = $n++ for @{ get_json('/process-definitions?sort=deploymentId&size=100000')->{data} };

for my $list (@lists) {
    my $all = get_json("$list&size=100000");
    ok t_cmp(scalar @{ $all->{data} }, $all->{total}, "$list: all of them");
    for my $key (@{ $keys{$list} }) {
        for my $order ('asc', 'desc') {
            my $sign = $order eq 'asc' ? 1 : -1;
            my @expected = map { $_->{id} } sort { $sign * by_value($key, $a->{$key}, $b->{$key}) || earlier($a, $b) } @{ $all->{data} };
            my (@found, $page);
            do {
                $page = get_json("$list&sort=$key&order=$order&size=7&start=" . @found);
                push @found, map { $_->{id} } @{ $page->{data} };
            } while @{ $page->{data} };
            ok t_cmp("@found", "@expected", "$list by $key $order, page after page");
        }
    }
}

# Definitions by the time of their deployment, a key that is no member.
# Others may deploy meanwhile.
my @ids = grep { /^pagingKey:/ } map { $_->{id} } @{ get_json('/process-definitions?sort=deploymentTime&order=desc&size=1000')->{data} };
ok t_cmp("@ids[ 0 .. 2 ]", 'pagingKey:12 pagingKey:11 pagingKey:10', 'the newest first');

# Filters: the first of assignee, candidate and candidate-group counts.
my @filters = (
    # query                                                 total
    [ 'assignee=paging',                                    TASKS ],
    [ 'candidate-group=paging',                             TASKS ],
    [ 'candidate-group=paging&assignee=paging-nobody',      0 ],
    [ 'candidate=paging-nobody&candidate-group=paging',     0 ],
    [ 'candidate=kermit&assignee=paging',                   TASKS ],
    [ 'assignee=&candidate-group=paging',                   TASKS ],
    [ 'assignee=Paging',                                    0 ],
    [ 'assignee=pag%25',                                    0 ],
    [ 'candidate-group=nobody%27s',                         0 ],
);
for my $case (@filters) {
    my ($query, $total) = @$case;
    ok t_cmp(get_json("/tasks?$query&size=0")->{total}, $total, $query);
}
my $r = call('GET', '/tasks?candidateGroup=paging');
ok t_cmp($r->code, 400, 'no filter');
ok t_cmp(message($r), qr/assignee.*candidate.*candidate-group/, 'which there are');
