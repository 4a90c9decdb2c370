# Users and groups as they are read: rows, lists, filters, search, pages, rights.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# People of this file; others may be there as well.
my @people = (
    # id         first        last          email
    [ 'idt-ann', 'Ann',       'Ångström',   'ann@example.org' ],
    [ 'idt-bob', 'Bob',       undef,        undef ],
    [ 'idt-cem', 'Çem',       'ann-lookalike', 'c@example.org' ],
    [ 'idt-日本', '太郎',      '50%_ off',   'taro@example.jp' ],
    [ "idt-o'x", "O'Brien",   '"quoted"',   '' ],
);
my @groups = (
    # id         name            type
    [ 'idt-g1',  'Idt Alpha',    undef ],
    [ 'idt-g2',  undef,          'security-role' ],
    [ 'idt-g3',  'Idt Gruppé',   'assignment' ],
);
sub made { my $r = shift; $r->is_success or die $r->as_string }
for my $person (@people) {
    my ($id, $first, $last, $email) = @$person;
    made(call('PUT', '/user', { id => $id, firstName => $first, lastName => $last, email => $email }));
}
for my $group (@groups) {
    my ($id, $name, $type) = @$group;
    made(call('PUT', '/group', { id => $id, name => $name, defined $type ? (type => $type) : () }));
}
made(call('POST', '/user/idt-ann/groups', [ 'idt-g1', 'idt-g2', 'idt-g3' ]));
made(call('POST', '/group/idt-g1/users', [ map { $_->[0] } @people ]));

sub url { my $text = shift; utf8::encode($text); $text =~ s/([^A-Za-z0-9_.-])/sprintf '%%%02X', ord $1/ger }
sub ids { join ' ', map { $_->{id} } @{ shift->{data} } }
sub row { my $o = shift; join '|', map { "$_=" . ($o->{$_} // 'NULL') } sort keys %$o }

my @rows = (
    # path                       row
    [ '/user/kermit',            'email=kermit@server.com|firstName=Kermit|id=kermit|lastName=the Frog' ],
    [ '/user/idt-ann',           'email=ann@example.org|firstName=Ann|id=idt-ann|lastName=Ångström' ],
    [ '/user/idt-bob',           'email=|firstName=Bob|id=idt-bob|lastName=' ],
    [ '/user/' . url('idt-日本'), 'email=taro@example.jp|firstName=太郎|id=idt-日本|lastName=50%_ off' ],
    [ "/user/idt-o'x",           q(email=|firstName=O'Brien|id=idt-o'x|lastName="quoted") ],
    [ '/group/admin',            'id=admin|name=System administrator|type=security-role' ],
    [ '/group/idt-g1',           'id=idt-g1|name=Idt Alpha|type=assignment' ],
    [ '/group/idt-g2',           'id=idt-g2|name=|type=security-role' ],
    [ '/group/idt-g3',           'id=idt-g3|name=Idt Gruppé|type=assignment' ],
);
my @lists = (
    # path                                          ids
    [ '/user/kermit/groups?size=20&sort=id',        'accountancy admin engineering management manager sales' ],
    [ '/user/kermit/groups?type=security-role',     'admin manager' ],
    [ '/user/kermit/groups?type=assignment',        'accountancy engineering management sales' ],
    [ '/user/kermit/groups?type=',                  'accountancy admin engineering management manager sales' ],
    [ '/user/kermit/groups?type=none',              '' ],
    [ "/user/kermit/groups?type=x'%20OR%201=1--",   '' ],
    [ '/user/fozzie/groups',                        'accountancy user' ],
    [ '/user/nobody/groups',                        '' ],
    [ '/user/KERMIT/groups',                        '' ],
    [ '/user/idt-ann/groups?sort=name',             'idt-g2 idt-g1 idt-g3' ],
    [ '/user/idt-ann/groups?sort=name&order=desc',  'idt-g3 idt-g1 idt-g2' ],
    [ '/user/idt-ann/groups?sort=type',             'idt-g1 idt-g3 idt-g2' ],
    [ '/user/idt-ann/groups?start=1&size=1',        'idt-g2' ],
    [ '/user/idt-ann/groups?start=3',               '' ],
    [ '/user/idt-ann/groups?start=-1&size=1',       'idt-g1' ],
    [ '/user/idt-ann/groups?size=0',                '' ],
    [ '/group/admin/users',                         'kermit' ],
    [ '/groups/admin/users',                        'kermit' ],
    [ '/group/accountancy/users',                   'fozzie gonzo kermit' ],
    [ '/group/nobody/users',                        '' ],
    [ '/group/idt-g1/users',                        "idt-ann idt-bob idt-cem idt-o'x idt-日本" ],
    [ '/groups/idt-g1/users?order=desc',            "idt-日本 idt-o'x idt-cem idt-bob idt-ann" ],
    [ '/group/idt-g1/users?sort=firstName',         "idt-ann idt-bob idt-o'x idt-cem idt-日本" ],
    [ '/group/idt-g1/users?sort=lastName',          "idt-bob idt-o'x idt-日本 idt-cem idt-ann" ],
    [ '/group/idt-g1/users?sort=email',             "idt-bob idt-o'x idt-ann idt-cem idt-日本" ],
    [ '/group/idt-g1/users?start=4&size=5',         'idt-日本' ],
    # -- search: parts of the id, the first name and the last name, as they are written
    [ '/users/idt-ann',                             'idt-ann' ],
    [ '/users?searchText=idt-ann',                  'idt-ann' ],
    [ '/users?searchText=' . url('太'),              'idt-日本' ],
    [ '/users/' . url('日本'),                       'idt-日本' ],
    [ '/users?searchText=ngstr',                    'idt-ann' ],
    [ '/users?searchText=' . url('50%_'),           'idt-日本' ],
    [ '/users?searchText=' . url('idt%'),           '' ],
    [ '/users?searchText=idt_ann',                  '' ],
    [ '/users?searchText=' . url("O'B"),            "idt-o'x" ],
    [ '/users?searchText=' . url('"quoted"'),       "idt-o'x" ],
    [ '/users?searchText=example.jp',               '' ],
    [ '/users?searchText=idt-&sort=email&size=2',   "idt-bob idt-o'x" ],
    [ '/groups/idt-',                               'idt-g1 idt-g2 idt-g3' ],
    [ '/groups?searchText=idt-&order=desc',         'idt-g3 idt-g2 idt-g1' ],
    [ '/groups?searchText=' . url('Gruppé'),        'idt-g3' ],
    [ '/groups?searchText=security-role',           '' ],
);
my @refused = (
    # path                                          status message
    [ '/user/nobody',                               404, qr/no user with id 'nobody'/ ],
    [ '/user/Kermit',                               404, qr/no user/ ],
    [ '/user/kermit%20',                            404, qr/no user/ ],
    [ "/user/x'%20OR%20'1'='1",                     404, qr/no user/ ],
    [ '/user/kermit/nothing',                       404, qr/no user with id 'kermit\/nothing'/ ],
    [ '/user/',                                     400, qr/userId/ ],
    [ '/user//groups',                              404, qr/no user with id 'groups'/ ],    # httpd merges slashes
    [ '/users/',                                    400, qr/searchText/ ],
    [ '/group/nobody',                              404, qr/no group with id 'nobody'/ ],
    [ '/group/',                                    400, qr/groupId/ ],
    [ '/group//users',                              404, qr/no group with id 'users'/ ],
    [ '/user/kermit/groups?sort=firstName',         400, qr/'firstName'/ ],
    [ '/user/kermit/groups?order=up',               400, qr/'up'/ ],
    [ '/user/kermit/groups?size=ten',               400, qr/'ten'/ ],
    [ '/group/admin/users?sort=name',               400, qr/'name'/ ],
    [ '/group/admin/users?sort=password',           400, qr/'password'/ ],
    [ '/groups/admin/users?start=x',                400, qr/'x'/ ],
    [ '/users?sort=PWD_',                           400, qr/'PWD_'/ ],
    [ '/users?sort=id;DROP%20TABLE%20ACT_ID_USER',  400, qr/DROP TABLE/ ],
    [ '/user/kermit?format=xml',                    400, qr/xml/ ],
    [ '/user/nobody/picture?format=json',           404, qr/no user/ ],
    [ '/user/kermit/picture?format=json',           404, qr/no picture/ ],
);

plan tests => @rows + 2 * @lists + 2 * @refused + 12;

for my $case (@rows) {
    my ($path, $row) = @$case;
    ok t_cmp(row(get_json($path)), $row, $path);
}
for my $case (@lists) {
    my ($path, $ids) = @$case;
    my $page = get_json($path);
    ok t_cmp(ids($page), $ids, $path);
    ok t_cmp($page->{size}, scalar(my @n = split / /, $ids), "$path: size");
}
for my $case (@refused) {
    my ($path, $status, $message) = @$case;
    my $r = call('GET', $path);
    ok t_cmp($r->code, $status, $path);
    ok t_cmp(message($r), $message, $path);
}

# The envelope, and a total that does not depend on the page.
my $page = get_json('/group/idt-g1/users?start=1&size=2&sort=email&order=desc');
ok t_cmp(join(' ', map { "$_=$page->{$_}" } qw(total start sort order size)), 'total=5 start=1 sort=email order=desc size=2');
ok t_cmp(row($page->{data}[0]), 'email=c@example.org|firstName=Çem|id=idt-cem|lastName=ann-lookalike', 'a row of a list');
ok t_cmp(get_json('/user/idt-ann/groups?size=0')->{total}, 3, 'without rows');

# Without a text all are found, by id.
my $all = get_json('/users?size=1000');
ok t_cmp($all->{total}, scalar @{ $all->{data} });
ok t_cmp(join(' ', grep { /^(idt-ann|kermit|gonzo|fozzie)$/ } map { $_->{id} } @{ $all->{data} }), 'fozzie gonzo idt-ann kermit', 'by id');
ok t_cmp(get_json('/users?searchText=&size=0')->{total}, $all->{total}, 'an empty text is none');
ok get_json('/groups?size=0')->{total} >= 10;

# What is stored of a password is nowhere to be seen.
ok t_cmp(call('GET', '/user/kermit')->content . call('GET', '/users?size=1000')->content, qr/^(?!.*(\$2|passw|pwd))/si, 'no password');

# Reading needs a user's rights, whoever it is about.
for my $path ('/user/kermit', '/users', '/group/admin', '/group/admin/users') {
    my @codes = map { call('GET', $path, undef, %$_)->code }
        { user => 'fozzie' }, { user => undef }, { user => 'fozzie', password => 'x' };
    ok t_cmp("@codes", '200 401 401', "$path: who may");
}
