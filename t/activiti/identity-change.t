# Making, changing and deleting users, groups and memberships: who may, what is refused, and
# what it means for logins and rights at once.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $long = 'x' x 255;
my @cases = (
    # -- users, one after the other
    # method   path                     body                                                   status message
    [ 'PUT',    '/user',                 { id => 'idc-a', firstName => 'A', password => 'secret-1' }, 200 ],
    [ 'PUT',    '/user',                 { id => 'idc-a' },                                     409, qr/'idc-a'/ ],
    [ 'PUT',    '/user',                 {},                                                    400, qr/'id'/ ],
    [ 'PUT',    '/user',                 { id => '' },                                          400, qr/'id'/ ],
    [ 'PUT',    '/user',                 { id => undef },                                       400, qr/'id'/ ],
    [ 'PUT',    '/user',                 { id => [ 'x' ] },                                     400, qr/'id'/ ],
    [ 'PUT',    '/user',                 { id => "idc-\x{0}" },                                 400, qr/NUL/ ],
    [ 'PUT',    '/user',                 { id => "idc\n" },                                     400, qr/control/ ],
    [ 'PUT',    '/user',                 { id => "idc\x{85}" },                                 400, qr/control/ ],
    [ 'PUT',    '/user',                 { id => "idc\x{7f}" },                                 400, qr/control/ ],
    [ 'PUT',    '/user',                 { id => 'idc:b' },                                     400, qr/colon/ ],
    [ 'PUT',    '/user',                 { id => "${long}x" },                                  400, qr/255 bytes/ ],
    [ 'PUT',    '/user',                 { id => $long },                                       200 ],
    [ 'PUT',    '/user',                 { id => 'é' x 128 },                                   400, qr/255 bytes/ ],
    [ 'PUT',    '/user',                 { id => 4711 },                                        200 ],
    [ 'PUT',    '/user',                 { id => 'idc b/ü?&%#' },                               200 ],
    [ 'PUT',    '/user',                 { id => 'idc-b', firstName => 'é' x 255 },             200 ],
    [ 'PUT',    '/user',                 { id => 'idc-c', lastName => 'é' x 256 },              400, qr/'lastName'.*255/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', email => {} },                        400, qr/'email'/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', password => '' },                     400, qr/password.*empty/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', password => 'x' x 73 },               400, qr/72 bytes/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', password => 'é' x 37 },               400, qr/72 bytes/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', password => "a\x{0}b" },              400, qr/NUL/ ],
    [ 'PUT',    '/user',                 { id => 'idc-c', password => [ 'x' ] },                400, qr/'password'/ ],
    [ 'PUT',    '/user',                 '{"id":',                                              400, qr/line 1/ ],
    [ 'PUT',    '/user',                 '[]',                                                  400, qr/object/ ],
    [ 'GET',    '/user/idc-c',           undef,                                                 404, qr/no user/ ],
    [ 'POST',   '/user/idc-a',           { lastName => 'Z', firstName => undef },               200 ],
    [ 'PUT',    '/user/idc-a',           { email => 'a@x' },                                    200 ],
    [ 'POST',   '/user/idc-a',           {},                                                    200 ],
    [ 'POST',   '/user/idc-a',           { id => 'idc-a' },                                     200 ],
    [ 'POST',   '/user/idc-a',           { id => 'idc-z' },                                     400, qr/'id'.*changed/ ],
    [ 'POST',   '/user/idc-a',           { email => 'x' x 256 },                                400, qr/'email'/ ],
    [ 'POST',   '/user/idc-nobody',      { email => 'x' },                                      404, qr/no user.*'idc-nobody'/ ],
    [ 'PUT',    '/user/idc-nobody',      {},                                                    404, qr/no user/ ],
    [ 'DELETE', '/user/idc-nobody',      undef,                                                 404, qr/no user/ ],
    # -- groups
    [ 'PUT',    '/group',                { id => 'idc-g', name => 'G' },                        200 ],
    [ 'PUT',    '/group',                { id => 'idc-g', name => 'other' },                    409, qr/'idc-g'/ ],
    [ 'PUT',    '/group',                { id => 'idc:h', type => 'my kind' },                  200 ],
    [ 'PUT',    '/group',                {},                                                    400, qr/'id'/ ],
    [ 'PUT',    '/group',                { id => "idc\t" },                                     400, qr/control/ ],
    [ 'PUT',    '/group',                { id => "${long}x" },                                  400, qr/255 bytes/ ],
    [ 'PUT',    '/group',                { id => 'idc-i', name => 'x' x 256 },                  400, qr/'name'/ ],
    [ 'PUT',    '/group',                { id => 'idc-i', type => 'x' x 256 },                  400, qr/'type'/ ],
    [ 'DELETE', '/group/idc-i',          undef,                                                 404, qr/no group/ ],
    # -- memberships
    [ 'POST',   '/user/idc-a/groups',    [ 'idc-g', 'idc:h' ],                                  200 ],
    [ 'POST',   '/user/idc-a/groups',    [ 'idc-g', 'idc-g' ],                                  200 ],
    [ 'POST',   '/user/idc-a/groups',    [],                                                    200 ],
    [ 'POST',   '/user/idc-a/groups',    undef,                                                 400, qr/array/ ],
    [ 'POST',   '/user/idc-a/groups',    {},                                                    400, qr/array/ ],
    [ 'POST',   '/user/idc-a/groups',    '"idc-g"',                                             400, qr/array/ ],
    [ 'POST',   '/user/idc-a/groups',    [ 1 ],                                                 400, qr/item 1/ ],
    [ 'POST',   '/user/idc-a/groups',    [ 'sales', undef ],                                    400, qr/item 2/ ],
    [ 'POST',   '/user/idc-a/groups',    [ 'sales', 'idc-none' ],                               404, qr/no group.*'idc-none'/ ],
    [ 'POST',   '/user/idc-nobody/groups', [ 'sales' ],                                         404, qr/no user.*'idc-nobody'/ ],
    [ 'POST',   '/user/idc-a/groups',    [ ('sales') x 1001 ],                                  413, qr/1000/ ],
    [ 'POST',   '/group/idc-g/users',    [ 'idc-b', 'idc-a' ],                                  200 ],
    [ 'POST',   '/groups/idc:h/users',   [ 'idc-b' ],                                           200 ],
    [ 'POST',   '/group/idc-g/users',    [ 'fozzie', 'idc-none' ],                              404, qr/no user.*'idc-none'/ ],
    [ 'POST',   '/group/idc-none/users', [ 'fozzie' ],                                          404, qr/no group/ ],
    [ 'POST',   '/group/idc-none/users', [],                                                    404, qr/no group/ ],
    [ 'DELETE', '/user/idc-b/groups/idc-g', undef,                                              200 ],
    [ 'DELETE', '/user/idc-b/groups/idc-g', undef,                                              404, qr/not a member/ ],
    [ 'DELETE', '/group/idc:h/users/idc-b', undef,                                              200 ],
    [ 'DELETE', '/group/idc:h/users/idc-b', undef,                                              404, qr/not a member/ ],
    [ 'DELETE', '/group/idc-none/users/idc-b', undef,                                           404, qr/not a member/ ],
);
my @administrators = (    # calls that a user may not make
    [ 'PUT',    '/user',                          { id => 'idc-f' } ],
    [ 'POST',   '/user/fozzie',                   { email => 'x' } ],
    [ 'PUT',    '/user/fozzie',                   { password => 'x' } ],
    [ 'DELETE', '/user/fozzie',                   undef ],
    [ 'PUT',    '/user/fozzie/picture',           'x' ],
    [ 'DELETE', '/user/fozzie/picture',           undef ],
    [ 'PUT',    '/group',                         { id => 'idc-f' } ],
    [ 'DELETE', '/group/sales',                   undef ],
    [ 'POST',   '/user/fozzie/groups',            [ 'admin' ] ],
    [ 'POST',   '/group/admin/users',             [ 'fozzie' ] ],
    [ 'POST',   '/groups/admin/users',            [ 'fozzie' ] ],
    [ 'DELETE', '/user/kermit/groups/admin',      undef ],
    [ 'DELETE', '/group/admin/users/kermit',      undef ],
);
my @passwords = (    # set, then right and wrong ones
    # password                 right                      wrong
    [ 'secret-2',              [ 'secret-2' ],            [ 'secret-1', 'secret-', 'Secret-2', 'secret-2 ' ] ],
    [ 'with:colons: in it',    [ 'with:colons: in it' ],  [ 'with', 'with:colons' ] ],
    [ 'Ünïcödé 日本',           [ 'Ünïcödé 日本' ],         [ 'Unicode 日本' ] ],
    [ 'y' x 72,                [ 'y' x 72 ],              [ 'y' x 71, 'y' x 73, 'y' x 100 ] ],
    [ 12345,                   [ '12345' ],               [ '012345' ] ],
);
my $tries = 0;
$tries += 2 * (@{ $_->[1] } + @{ $_->[2] }) for @passwords;

plan tests => 2 * @cases + 2 * @administrators + @passwords + $tries + 35;

sub ids { join ' ', map { $_->{id} } @{ get_json(shift)->{data} } }
sub row { my $o = get_json(shift); join '|', map { "$_=$o->{$_}" } sort keys %$o }
sub bytes { my $text = shift; utf8::encode($text); $text }
sub status_as { my ($user, $password) = @_; call('GET', '/process-engine', undef, user => bytes($user), password => bytes($password))->code }
sub login { my ($user, $password) = @_; call('POST', '/login', { userId => $user, password => $password }, user => undef)->code }

for my $case (@cases) {
    my ($method, $path, $body, $status, $message) = @$case;
    my $r = call($method, $path, $body);
    my $what = "$method $path " . (ref $body ? JSON::PP->new->canonical->allow_nonref->encode($body) : $body // '');
    ok t_cmp($r->code, $status, bytes(substr $what, 0, 100));
    ok $status == 200 ? t_cmp($r->content, '{"success":true}') : t_cmp(message($r), $message);
}

# What came of it.
ok t_cmp(row('/user/idc-a'), 'email=a@x|firstName=|id=idc-a|lastName=Z', 'changed member by member');
ok t_cmp(row('/user/4711'), 'email=|firstName=|id=4711|lastName=', 'an id that looks like a number');
ok t_cmp(row('/user/idc%20b/%C3%BC%3F&%25%23'), 'email=|firstName=|id=idc b/ü?&%#|lastName=', 'an id of any characters');
ok t_cmp(row('/group/idc-g'), 'id=idc-g|name=G|type=assignment', 'a group is for assignments if nothing is said');
ok t_cmp(row('/group/idc:h'), 'id=idc:h|name=|type=my kind');
ok t_cmp(ids('/user/idc-a/groups'), 'idc-g idc:h', 'memberships, without those of calls that failed');
ok t_cmp(ids('/group/idc-g/users'), 'idc-a');
ok t_cmp(ids('/user/idc-b/groups'), '', 'the others were ended');
ok t_cmp(ids('/user/fozzie/groups'), 'accountancy user', 'nobody joined by half');

# Who may.
for my $case (@administrators) {
    my ($method, $path, $body) = @$case;
    ok t_cmp(call($method, $path, $body, user => 'fozzie')->code, 403, "$method $path as a user");
    ok t_cmp(call($method, $path, $body, user => undef)->code, 401, "$method $path as nobody");
}
ok t_cmp(ids('/group/admin/users'), 'kermit', 'nothing came of that');

# A password counts from the next request on, wherever an old one is remembered.
my $r = call('POST', '/user/idc-a/groups', [ 'user' ]);
ok t_cmp(status_as('idc-a', 'secret-1'), 200, 'the first password');
for my $case (@passwords) {
    my ($password, $right, $wrong) = @$case;
    ok t_cmp(call('POST', '/user/idc-a', { password => $password })->code, 200, bytes("set $password"));
    for my $try ((map { [ $_, 200, 200 ] } @$right), (map { [ $_, 401, 403 ] } @$wrong)) {
        my ($text, $basic, $login) = @$try;
        ok t_cmp(status_as('idc-a', $text), $basic, bytes("Basic with $text after $password"));
        ok t_cmp(login('idc-a', $text), $login, bytes("login with $text"));
    }
}
my ($stored) = stored("SELECT PWD_ FROM ACT_ID_USER WHERE ID_ = 'idc-a'");
ok t_cmp($stored->{PWD_}, qr{^\$2y\$10\$[./A-Za-z0-9]{53}$}, 'what is stored');
ok t_cmp(call('POST', '/user/idc-a', { password => undef })->code, 200, 'without password');
ok t_cmp(join(' ', status_as('idc-a', '12345'), login('idc-a', '12345'), login('idc-a', '')), '401 403 403', 'nobody can log in');

# Rights follow memberships at once, and only those of security roles count.
sub levels { join ' ', map { call('GET', $_, undef, user => 'idc-a', password => 'pw')->code } '/process-engine', '/management/tables' }
call('POST', '/user/idc-a', { password => 'pw' });
my @steps = (
    # call                                                   user and administrator
    [ [ 'DELETE', '/user/idc-a/groups/user' ],               '403 403' ],
    [ [ 'POST', '/user/idc-a/groups', [ 'sales' ] ],         '403 403' ],
    [ [ 'POST', '/group/manager/users', [ 'idc-a' ] ],       '200 403' ],
    [ [ 'POST', '/user/idc-a/groups', [ 'admin' ] ],         '200 200' ],
    [ [ 'DELETE', '/group/admin/users/idc-a' ],              '200 403' ],
    [ [ 'DELETE', '/user/idc-a/groups/manager' ],            '403 403' ],
);
for my $step (@steps) {
    my ($call, $levels) = @$step;
    call(@$call)->is_success or die "@$call";
    ok t_cmp(levels(), $levels, "@$call[0, 1]");
}

# With a user or a group go its memberships; who comes after has none of them.
ok t_cmp(call('DELETE', '/group/idc-g')->code, 200);
ok t_cmp(ids('/user/idc-a/groups'), 'idc:h sales');
ok t_cmp(call('GET', '/group/idc-g')->code, 404);
ok t_cmp(call('DELETE', '/user/idc-a')->code, 200);
ok t_cmp(join(' ', status_as('idc-a', 'pw'), login('idc-a', 'pw')), '401 403', 'the user is gone at once');
ok t_cmp(call('GET', '/user/idc-a')->code, 404);
ok t_cmp(ids('/group/idc:h/users'), '');
call('PUT', '/user', { id => 'idc-a', password => 'pw' });
ok t_cmp(ids('/user/idc-a/groups'), '', 'another user of that name');
ok t_cmp(join(' ', status_as('idc-a', 'pw'), login('idc-a', 'pw')), '403 200', 'may log in and nothing more');

# Of many who make the same user or membership at once one is first.
my @codes = in_parallel(8, sub { call('PUT', '/user', { id => 'idc-race', firstName => shift })->code });
ok t_cmp(join(' ', sort @codes), '200 409 409 409 409 409 409 409', 'one user');
@codes = in_parallel(8, sub { call('POST', '/user/idc-race/groups', [ 'sales', 'idc:h' ])->code });
ok t_cmp(join(' ', @codes), join(' ', (200) x 8), 'all of them are members');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_ID_MEMBERSHIP WHERE USER_ID_ = 'idc-race'"), 2, 'once');

# No password is in a log.
my $logs = join '', map { local (@ARGV, $/) = $_; <> // '' } glob("$ENV{WF_DIR}/root/logs/*log"), glob("$ENV{WF_DIR}/root/engine/*.log");
ok length $logs > 1000;
ok t_cmp($logs, qr/^(?!.*(secret-[12]|with:colons|yyyyyyy|\$2y\$))/s, 'no password in ' . length($logs) . ' bytes of logs');
ok t_cmp(call('POST', '/user/kermit', { password => "hunter2\x{0}" })->content, qr/^(?!.*hunter2)/s, 'nor in an answer');
