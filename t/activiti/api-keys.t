# API keys: making, listing and revoking them; their texts are shown once and are nowhere.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(sha256_hex);
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowMaxApiKeys 7')->start;

sub make { my ($body, %opt) = @_; call('POST', '/api-keys', $body, %opt) }
sub keys_of { my $query = shift // ''; get_json("/api-keys?size=100$query")->{data} }
sub names { join ' ', map { $_->{name} } @{ +shift } }

my @refused = (
    # what                        body                                              status message
    [ 'no name',                  {},                                               400, qr/'name'/ ],
    [ 'an empty name',            { name => '' },                                   400, qr/needs a 'name'/ ],
    [ 'a list as name',           { name => [ 'a' ] },                              400, qr/'name'/ ],
    [ 'a long name',              { name => 'é' x 65 },                             400, qr/64 characters/ ],
    [ 'a very long name',         { name => 'x' x 9999 },                           400, qr/'name'/ ],
    [ 'a name with a line end',   { name => "a\nb" },                               400, qr/control/ ],
    [ 'a name with a NUL',        { name => "a\0b" },                               400, qr/NUL/ ],
    [ 'unknown rights',           { name => 'x', rights => 'all' },                 400, qr/read, operate or admin/ ],
    [ 'an empty owner',           { name => 'x', owner => '' },                     400, qr/owner/ ],
    [ 'no time',                  { name => 'x', expires => 'tomorrow' },           400, qr/'expires'/ ],
    [ 'a time that is over',      { name => 'x', expires => '2020-01-01T00:00:00Z' }, 400, qr/future/ ],
    [ 'no object',                '[]',                                             400, qr/object/ ],
    [ 'no JSON',                  '{"name":',                                       400, qr/line 1/ ],
);

my @keys = (
    # body                                                                         state   owner    rights
    [ { name => 'plain' },                                                         'kermit', 'read' ],
    [ { name => 'nightly build', owner => 'fozzie', rights => 'operate', expires => '90d' }, 'fozzie', 'operate' ],
    [ { name => 'clé', owner => 'nobody here', rights => 'admin', expires => '2999-01-31T12:00:00Z' }, 'nobody here', 'admin' ],
    [ { name => 'null', owner => undef, rights => undef, expires => undef },       'kermit', 'read' ],
);

plan tests => 2 * @refused + 7 * @keys + 21;

for (@refused) {
    my ($what, $body, $status, $message) = @$_;
    my $r = make($body);
    ok t_cmp($r->code, $status, $what);
    ok t_cmp(message($r), $message, "$what: message");
}
ok t_cmp(names(keys_of()), '', 'none was made');

my %text;
for (@keys) {
    my ($body, $owner, $rights) = @$_;
    my $r = make($body);
    my $made = json($r);
    my $name = $body->{name};
    ok t_cmp($r->code, 200, "$name: made");
    ok t_cmp($made->{key}, qr/^wfk_[\w-]{43}$/a, "$name: key");
    ok t_cmp("$made->{name} $made->{owner} $made->{rights} $made->{state} $made->{creator}", "$name $owner $rights active kermit");
    ok t_cmp(defined $made->{expires}, defined $body->{expires}, "$name: when it expires");
    ok t_cmp($r->header('Cache-Control'), qr/no-store|no-cache/, "$name: is kept by nobody");
    $text{$name} = delete $made->{key};
    my ($row) = grep { $_->{id} eq $made->{id} } @{ keys_of() };
    ok t_cmp(join('|', map { "$_=" . ($row->{$_} // '') } sort keys %$row), join('|', map { "$_=" . ($made->{$_} // '') } sort keys %$made), "$name: listed");
    ok t_cmp(make({ name => $name })->code, 409, "$name: once");
}

ok t_cmp(names(keys_of('&sort=name')), 'clé nightly build null plain', 'by name');
ok t_cmp(names(keys_of('&owner=fozzie')), 'nightly build', 'of an owner');

# Who may: administrators.
for my $user ([ 'nobody', undef, 401 ], [ 'fozzie', 'fozzie', 403 ]) {
    my ($what, $name, $status) = @$user;
    ok t_cmp(join(' ', map { $_->code } make({ name => 'theirs' }, user => $name), call('GET', '/api-keys', undef, user => $name),
        call('DELETE', '/api-keys/1', undef, user => $name)), "$status $status $status", "$what may not");
}

# Revoked: still listed, and said so.
my ($id) = map { $_->{id} } grep { $_->{name} eq 'plain' } @{ keys_of() };
my $r = call('DELETE', "/api-keys/$id");
ok t_cmp($r->code . ' ' . $r->content, qr/^200 \{"success":\s*true\}/, 'revoked');
my ($row) = grep { $_->{id} eq $id } @{ keys_of() };
ok t_cmp("$row->{state} " . ($row->{revoked} // 'never'), qr/^revoked 2\d{3}-/, 'and listed');
my $since = $row->{revoked};
ok t_cmp(call('DELETE', "/api-keys/$id")->code, 200, 'again');
($row) = grep { $_->{id} eq $id } @{ keys_of() };
ok t_cmp($row->{revoked}, $since, 'which changes nothing');
ok t_cmp(message(make({ name => 'plain' })), qr/'plain' already; it is revoked/, 'its name is taken');
for ([ '999999', 404 ], [ 'plain', 404 ], [ '0', 404 ], [ '-1', 404 ]) {
    ok t_cmp(call('DELETE', "/api-keys/$_->[0]")->code, $_->[1], "revoke $_->[0]");
}

# One that expires, and is said to have.
make({ name => 'brief', expires => '1ms' });
ok wait_until { (grep { $_->{name} eq 'brief' } @{ keys_of() })[0]{state} eq 'expired' };

# Active ones count.
my @more = map { make({ name => "more $_" })->code } 1 .. 5;
ok t_cmp("@more", '200 200 200 200 409', 'as many as may be');
$server->stop;
$server->start;
ok t_cmp(names(keys_of('&sort=name')), 'brief clé more 1 more 2 more 3 more 4 nightly build null plain', 'they outlive the server');

# Nowhere: neither in tables that are shown, nor in the log, nor in the store but by their hashes.
ok t_cmp(call('GET', '/management/table/WF_API_KEY')->code, 404, 'no table that is shown');
ok t_cmp(call('GET', '/management/tables')->content, qr/^(?!.*WF_API).*ACT_ID_USER/s, 'nor listed');
$server->stop;
sub slurp { my $file = shift; open my $in, '<:raw', $file or die "$file: $!"; local $/; return scalar <$in> }
my @files = grep { -f } glob($server->file('engine/*') . ' ' . $server->file('*log*') . ' ' . $server->file('logs/*'));
my $all = join '', map { slurp($_) } @files;
ok t_cmp(join(' ', grep { index($all, $text{$_}) >= 0 } sort keys %text), '', 'no file has a key');
ok t_cmp(join(' ', grep { index($all, sha256_hex($text{$_})) < 0 } sort keys %text), '', 'their hashes are there');
