# The tables of the store as administrators see them: names, columns, values, pages, and
# nothing that is not a table's.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# What Activiti 5.0 has: columns with the letter of their class.
my %class = (S => 'java.lang.String', I => 'java.lang.Integer', L => 'java.lang.Long', D => 'java.lang.Double',
             B => 'java.lang.Boolean', T => 'java.sql.Timestamp', X => '[B');
my %tables = (
    ACT_GE_BYTEARRAY    => 'ID_ S REV_ I NAME_ S DEPLOYMENT_ID_ S BYTES_ X',
    ACT_GE_PROPERTY     => 'NAME_ S VALUE_ S REV_ I',
    ACT_HI_ACTINST      => 'ID_ S PROC_DEF_ID_ S PROC_INST_ID_ S EXECUTION_ID_ S ACT_ID_ S ACT_NAME_ S ACT_TYPE_ S ASSIGNEE_ S START_TIME_ T END_TIME_ T DURATION_ L',
    ACT_HI_DETAIL       => 'ID_ S TYPE_ S PROC_INST_ID_ S EXECUTION_ID_ S ACT_INST_ID_ S NAME_ S VAR_TYPE_ S REV_ I TIME_ T BYTEARRAY_ID_ S DOUBLE_ D LONG_ L TEXT_ S TEXT2_ S',
    ACT_HI_PROCINST     => 'ID_ S PROC_INST_ID_ S BUSINESS_KEY_ S PROC_DEF_ID_ S START_TIME_ T END_TIME_ T DURATION_ L START_USER_ID_ S START_ACT_ID_ S END_ACT_ID_ S',
    ACT_ID_GROUP        => 'ID_ S REV_ I NAME_ S TYPE_ S',
    ACT_ID_MEMBERSHIP   => 'USER_ID_ S GROUP_ID_ S',
    ACT_ID_USER         => 'ID_ S REV_ I FIRST_ S LAST_ S EMAIL_ S PWD_ S',
    ACT_RE_DEPLOYMENT   => 'ID_ S NAME_ S DEPLOY_TIME_ T',
    ACT_RE_PROCDEF      => 'ID_ S CATEGORY_ S NAME_ S KEY_ S VERSION_ I DEPLOYMENT_ID_ S RESOURCE_NAME_ S DGRM_RESOURCE_NAME_ S HAS_START_FORM_KEY_ B',
    ACT_RU_EXECUTION    => 'ID_ S REV_ I PROC_INST_ID_ S BUSINESS_KEY_ S PARENT_ID_ S PROC_DEF_ID_ S SUPER_EXEC_ S ACT_ID_ S IS_ACTIVE_ B IS_CONCURRENT_ B IS_SCOPE_ B',
    ACT_RU_IDENTITYLINK => 'ID_ S REV_ I GROUP_ID_ S TYPE_ S USER_ID_ S TASK_ID_ S',
    ACT_RU_JOB          => 'ID_ S REV_ I TYPE_ S LOCK_EXP_TIME_ T LOCK_OWNER_ S EXCLUSIVE_ B EXECUTION_ID_ S PROCESS_INSTANCE_ID_ S RETRIES_ I EXCEPTION_STACK_ID_ S EXCEPTION_MSG_ S DUEDATE_ T REPEAT_ S HANDLER_TYPE_ S HANDLER_CFG_ S',
    ACT_RU_TASK         => 'ID_ S REV_ I EXECUTION_ID_ S PROC_INST_ID_ S PROC_DEF_ID_ S NAME_ S DESCRIPTION_ S TASK_DEF_KEY_ S ASSIGNEE_ S PRIORITY_ I CREATE_TIME_ T',
    ACT_RU_VARIABLE     => 'ID_ S REV_ I TYPE_ S NAME_ S EXECUTION_ID_ S PROC_INST_ID_ S BYTEARRAY_ID_ S DOUBLE_ D LONG_ L TEXT_ S TEXT2_ S',
);

# Rows to look at: variables of every kind, a running and an ended instance.
my $waits = define('tablesWaits', '<startEvent id="s"/>', 's -> t', '<userTask id="t" name="T&#226;che"/>');
my $ends = define('tablesEnds', '<startEvent id="s"/>', 's -> e', '<endEvent id="e"/>');
my $i = start($waits, { text => 'dixième', number => 12345, large => 5_000_000_000, fraction => 0.1, whole => 2.5e20,
                        flag => JSON::PP::true, nothing => undef, list => [ 1, 'zwei' ] });
my $e = start($ends);

sub url { my $text = shift; utf8::encode($text); $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ger }
sub table { my ($name, $query) = @_; get_json("/management/table/$name/data?size=100000&" . ($query // '')) }
sub find { my ($name, $column, $value) = @_; grep { ($_->{$column} // '') eq $value } @{ table($name)->{data} } }
sub row { my $o = shift; join '|', map { "$_=" . ($o->{$_} // 'null') } @_ ? @_ : sort keys %$o }

my @unknown = (
    'WF_EXECUTION', 'WF_SCHEMA', 'ACT_HI_TASKINST', 'ACT_RU_EVENT_SUBSCR', 'sqlite_master', 'act_id_user', 'ACT_ID_USER ',
    'ACT_ID_USER;', "ACT_ID_USER'", 'ACT_ID_USER UNION SELECT 1', 'ACT_ID_USER--', '', 'ACT_ID_USER/x',
);
my @columns = (    # to sort by
    'PWD', 'id_', 'ID_ DESC', 'ID_;DROP TABLE ACT_ID_USER', '1', "ID_'", '"ID_"', 'SEQ_', 'PICTURE_ID_', '(SELECT 1)', 'ID_,REV_', 'rowid',
);

plan tests => 8 * keys(%tables) + 2 * @unknown + 2 * @columns + 44;

# ---- the list and the columns ---------------------------------------------------------------

my $list = get_json('/management/tables');
ok t_cmp(join(' ', keys %$list), 'data', 'no paging');
ok t_cmp(join(' ', map { $_->{tableName} } @{ $list->{data} }), join(' ', sort keys %tables), 'these and no others');
my %total = map { $_->{tableName} => $_->{total} } @{ $list->{data} };
ok t_cmp(join(' ', grep { $_->{total} != $_->{noOfResults} } @{ $list->{data} }), '', 'the number of rows under both names');
ok t_cmp(call('GET', '/management/tables')->content, qr/"noOfResults":\d+,"total":\d+/, 'as numbers');
ok t_cmp($total{ACT_GE_PROPERTY}, 2);
ok t_cmp($total{ACT_ID_USER}, value_of('SELECT COUNT(*) FROM ACT_ID_USER'));

for my $name (sort keys %tables) {
    my %column = split ' ', $tables{$name};
    my @names = grep { exists $column{$_} } split ' ', $tables{$name};
    my $meta = get_json("/management/table/$name");
    ok t_cmp($meta->{tableName}, $name);
    ok t_cmp(join(' ', @{ $meta->{columnNames} }), join(' ', @names), "$name: columns");
    ok t_cmp(join(' ', @{ $meta->{columnTypes} }), join(' ', map { "class $class{ $column{$_} }" } @names), "$name: classes");

    my $page = get_json("/management/table/$name/data");
    ok t_cmp($page->{sort} . ' ' . $page->{order}, "$names[0] asc", "$name: sorted by its first column");
    ok t_cmp($page->{total}, value_of("SELECT COUNT(*) FROM $name"), "$name: all its rows");
    ok t_cmp(scalar @{ $page->{data} }, $page->{size}, "$name: a page");
    my @strange = grep { join(' ', sort keys %$_) ne join(' ', sort @names) } @{ $page->{data} };
    ok t_cmp(scalar @strange, 0, "$name: every row has every column");
    # Whatever they are, values are texts, but for the size of bytes.
    my @numbers = call('GET', "/management/table/$name/data?size=1000")->content =~ /"([A-Z_0-9]+_)":(?!null|")/g;
    ok t_cmp(join(' ', grep { $column{$_} ne 'X' } @numbers), '', "$name: values are texts");
}

# ---- values -----------------------------------------------------------------------------------

my %variable = map { $_->{NAME_} => $_ } find('ACT_RU_VARIABLE', 'PROC_INST_ID_', $i->{id});
my @values = (
    # variable     columns
    [ 'text',      'TYPE_=string|TEXT_=dixième|LONG_=null|DOUBLE_=null' ],
    [ 'number',    'TYPE_=integer|TEXT_=12345|LONG_=12345|DOUBLE_=null' ],
    [ 'large',     'TYPE_=long|TEXT_=5000000000|LONG_=5000000000|DOUBLE_=null' ],
    [ 'fraction',  'TYPE_=double|TEXT_=null|LONG_=null|DOUBLE_=0.1' ],
    [ 'flag',      'TYPE_=boolean|TEXT_=null|LONG_=1|DOUBLE_=null' ],
    [ 'nothing',   'TYPE_=null|TEXT_=null|LONG_=null|DOUBLE_=null' ],
    [ 'list',      'TYPE_=serializable|TEXT_=null|LONG_=null|DOUBLE_=null' ],
);
for my $case (@values) {
    my ($name, $row) = @$case;
    ok t_cmp(row($variable{$name}, qw(TYPE_ TEXT_ LONG_ DOUBLE_)), $row, "variable $name");
}
ok t_cmp($variable{whole}{DOUBLE_}, qr/^2\.5e\+?20$|^250000000000000000000(\.0)?$/, 'a large double');
my ($bytes) = find('ACT_GE_BYTEARRAY', 'ID_', $variable{list}{BYTEARRAY_ID_});
ok t_cmp($bytes->{BYTES_}, value_of("SELECT LENGTH(BYTES_) FROM ACT_GE_BYTEARRAY WHERE ID_ = $variable{list}{BYTEARRAY_ID_}"), 'bytes are counted');
ok t_cmp(call('GET', '/management/table/ACT_GE_BYTEARRAY/data?size=1000')->content, qr/^(?!.*zwei)/s, 'and not shown');

my $date = qr/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)/;
my ($ended) = find('ACT_HI_PROCINST', 'ID_', $e->{id});
ok t_cmp(row($ended), qr/^BUSINESS_KEY_=null\|DURATION_=\d+\|END_ACT_ID_=e\|END_TIME_=$date\|ID_=$e->{id}\|PROC_DEF_ID_=$ends\|PROC_INST_ID_=$e->{id}\|START_ACT_ID_=s\|START_TIME_=$date\|START_USER_ID_=kermit$/, 'an instance that has ended');
my ($running) = find('ACT_HI_PROCINST', 'ID_', $i->{id});
ok t_cmp(row($running, qw(END_TIME_ DURATION_ END_ACT_ID_)), 'END_TIME_=null|DURATION_=null|END_ACT_ID_=null', 'and one that has not');
my ($execution) = find('ACT_RU_EXECUTION', 'ID_', $i->{id});
ok t_cmp(row($execution, qw(IS_ACTIVE_ IS_CONCURRENT_ IS_SCOPE_ PARENT_ID_ ACT_ID_)), 'IS_ACTIVE_=true|IS_CONCURRENT_=false|IS_SCOPE_=true|PARENT_ID_=null|ACT_ID_=t', 'flags');
my ($task) = find('ACT_RU_TASK', 'PROC_INST_ID_', $i->{id});
ok t_cmp(row($task, qw(NAME_ PRIORITY_ REV_ ASSIGNEE_)), 'NAME_=Tâche|PRIORITY_=50|REV_=1|ASSIGNEE_=null', 'a task');
my ($definition) = find('ACT_RE_PROCDEF', 'ID_', 'vacationRequest:1');
ok t_cmp(row($definition, qw(KEY_ VERSION_ HAS_START_FORM_KEY_)), 'KEY_=vacationRequest|VERSION_=1|HAS_START_FORM_KEY_=true', 'a definition');
my %property = map { $_->{NAME_} => $_ } @{ table('ACT_GE_PROPERTY')->{data} };
ok t_cmp(join(' ', sort keys %property), 'next.dbid schema.version');
ok t_cmp($property{'next.dbid'}{VALUE_}, qr/^\d+$/);
ok t_cmp(row($property{'schema.version'}, qw(VALUE_ REV_)), 'VALUE_=5.0|REV_=1', 'the tables are those of Activiti 5.0');

# Nobody sees more of a password than that there may be one.
my $users = call('GET', '/management/table/ACT_ID_USER/data?size=1000')->content;
ok t_cmp($users, qr/^(?!.*\$2)/s, 'no hash');
ok t_cmp(scalar(my @masks = do { my %m; grep { !$m{$_}++ } $users =~ /"PWD_":("[^"]*"|null)/g }), 1, 'the same mask for all');
my %by_hash = map { $_ => [ map { $_->{ID_} } @{ table('ACT_ID_USER', "sort=PWD_&order=$_")->{data} } ] } 'asc', 'desc';
ok t_cmp("@{ $by_hash{asc} }", "@{ [ map { $_->{ID} } stored('SELECT ID_ AS ID FROM ACT_ID_USER ORDER BY SEQ_') ] }", 'nor its place among the hashes');

# ---- pages -------------------------------------------------------------------------------------

my @pages = (
    # query                                       size start sort order
    [ '/ACT_ID_MEMBERSHIP/data?size=1&sort=GROUP_ID_', 1, 0, 'GROUP_ID_', 'asc' ],
    [ '/ACT_ID_GROUP/data?size=0',                0, 0, 'ID_', 'asc' ],
    [ '/ACT_ID_GROUP/data?size=-1',               0, 0, 'ID_', 'asc' ],
    [ '/ACT_ID_GROUP/data?start=100000',          0, 100000, 'ID_', 'asc' ],
    [ '/ACT_ID_GROUP/data?start=-3&size=1',       1, -3, 'ID_', 'asc' ],
    [ '/ACT_ID_GROUP/data?size=1&order=desc',     1, 0, 'ID_', 'desc' ],
    [ '/ACT_ID_GROUP/data?size=1&order=ASC',      1, 0, 'ID_', 'desc' ],    # anything but asc
    [ '/ACT_ID_GROUP/data?size=1&order=x%27--',   1, 0, 'ID_', 'desc' ],
    [ '/ACT_ID_GROUP/data?size=1&order=&sort=',   1, 0, 'ID_', 'asc' ],
);
for my $case (@pages) {
    my ($path, $size, $start, $sort, $order) = @$case;
    my $page = get_json("/management/table$path");
    ok t_cmp("$page->{size} $page->{start} $page->{sort} $page->{order} " . @{ $page->{data} }, "$size $start $sort $order $size", $path);
}
ok t_cmp(join(' ', map { $_->{ID_} } @{ table('ACT_RU_TASK', 'sort=ID_')->{data} }),
         join(' ', sort { $a <=> $b } map { $_->{ID_} } @{ table('ACT_RU_TASK')->{data} }), 'ids by value');
ok t_cmp(call('GET', '/management/table/ACT_ID_GROUP/data?start=x')->code, 400);
ok t_cmp(call('GET', '/management/table/ACT_ID_GROUP/data?size=1.5')->code, 400);

# ---- what is no table, and no column -------------------------------------------------------------

for my $name (@unknown) {
    my $path = '/management/table/' . url($name);
    ok t_cmp(call('GET', $path)->code, $name eq '' ? 400 : 404, "columns of '$name'");
    ok t_cmp(call('GET', "$path/data")->code, 404, "data of '$name'");
}
for my $column (@columns) {
    my $r = call('GET', '/management/table/ACT_ID_USER/data?sort=' . url($column));
    ok t_cmp($r->code, 400, "sorted by $column");
    ok t_cmp(message($r), qr/\Q'$column'/);
}
ok t_cmp(get_json('/management/tables')->{data}[7]{tableName}, 'ACT_ID_USER', 'all of them are still there');

# ---- only for administrators -----------------------------------------------------------------------

for my $path ('/management/tables', '/management/table/ACT_ID_USER', '/management/table/ACT_ID_USER/data', '/management/table/none') {
    ok t_cmp(join(' ', map { call('GET', $path, undef, user => $_)->code } 'gonzo', 'fozzie', undef), '403 403 401', $path);
}
