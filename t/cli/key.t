# workflow-engine key: API keys through the running server, and what happens when it cannot
# be asked.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowMaxApiKeys 7')->start;
my $state = $server->file('engine');
my $usage = qr/^Usage: workflow-engine key/;
my $key = qr/^wfk_[\w-]{43}\n\z/a;

sub key { my ($what, @args) = @_; command('key', $what, '-state-dir', $state, @args) }

my @refused = (
    # what                    arguments                                                exit  messages
    [ 'no command',           [],                                                      1, qr/^Usage: workflow-engine key <command>.*add.*list.*revoke/s ],
    [ 'an unknown command',   [ 'make' ],                                              1, qr/unknown command key make/ ],
    [ 'no name',              [ 'add', '-state-dir', $state ],                         1, qr/$usage add/ ],
    [ 'two names',            [ 'add', '-state-dir', $state, 'a', 'b' ],               1, qr/$usage add/ ],
    [ 'none to revoke',       [ 'revoke' ],                                            1, qr/$usage revoke/ ],
    [ 'a list of one',        [ 'list', 'a' ],                                         1, qr/$usage list/ ],
    [ 'an unknown option',    [ 'add', '-key', 'x', 'a' ],                             2, qr/-key: unknown option/ ],
    [ 'one behind the name',   [ 'add', 'a', '-key', 'x' ],                             2, qr/-key: unknown option/ ],
    [ 'an option of another', [ 'revoke', 'a', '-rights', 'read' ],                    2, qr/-rights: unknown option/ ],
    [ 'no value',             [ 'add', 'a', '-rights' ],                               2, qr/-rights: needs a value/ ],
    [ 'unknown rights',       [ 'add', '-state-dir', $state, 'a', '-rights', 'all' ],  2, qr/read, operate or admin/ ],
    [ 'no time',              [ 'add', '-state-dir', $state, 'a', '-expires', 'soon' ], 2, qr/'expires'.*90d/ ],
    [ 'no owner',             [ 'add', '-state-dir', $state, 'a', '-owner', '' ],      2, qr/owner/ ],
    [ 'an empty name',        [ 'add', '-state-dir', $state, '' ],                     1, qr/'name'/ ],
    [ 'a name that is no text', [ 'add', '-state-dir', $state, "\xff" ],               1, qr/UTF-8/ ],
    [ 'nothing to revoke',    [ 'revoke', '-state-dir', $state, 'nobody' ],            1, qr/no API key 'nobody'/ ],
    [ 'no such directory',    [ 'list', '-state-dir', '/nonexistent' ],                1, qr{/nonexistent/engine\.sock: No such file.*WorkflowEngine On.*/nonexistent.*-state-dir DIR}s ],
);

plan tests => 2 * @refused + 32;

for (@refused) {
    my ($what, $args, $code, $err) = @$_;
    my $run = command('key', @$args);
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out} eq '' ? $run->{err} : "output: $run->{out}", $err, "$what: messages");
}
for (qw(add list revoke)) {
    my $run = command('key', $_, '-help');
    ok t_cmp("$run->{code} $run->{out}", qr/^0 Usage: workflow-engine key $_ .*-state-dir, -state DIR/s, "$_: help");
}
my $run = key('list');
ok t_cmp("$run->{code} $run->{out}", qr/^0 NAME +OWNER +RIGHTS +STATE +CREATED +EXPIRES\n\z/, 'none yet');

# Keys, and who they are of.
$run = key('add', 'ci');
ok t_cmp($run->{code}, 0, 'a key');
ok t_cmp($run->{out}, $key, 'alone on standard output');
ok t_cmp($run->{err}, qr/^API key 'ci' of 'ci', rights read, expires never\. .*only now:\n\z/, 'with a word beside it');
my $first = $run->{out} =~ s/\n//r;
$run = key('add', 'nightly build', '-owner', 'fozzie', '-rights=operate', '-expires', '90d');
ok t_cmp($run->{out}, $key, 'options behind the name');
ok t_cmp($run->{err}, qr/of 'fozzie', rights operate, expires 2\d{3}-/);
$run = command('key', 'add', '-rights', 'admin', '-state', $state, '--', '-x');
ok t_cmp($run->{out}, $key, 'a name that begins with a dash');
ok t_cmp(key('add', 'clé', '-expires', '2999-01-31T12:00:00+01:00')->{out}, $key, 'another alphabet');
$run = key('add', 'ci');
ok t_cmp("$run->{code} $run->{out}$run->{err}", qr/^1 workflow-engine: there is an API key 'ci' already; it is active$/m, 'one name, one key');

# The server knows them.
sub bytes { my $text = shift; utf8::encode($text); $text }
sub listed { my %by = map { bytes($_->{name}) => $_ } @{ get_json('/api-keys?size=100')->{data} }; \%by }
my $by = listed();
ok t_cmp(join('|', map { "$_ " . bytes("$by->{$_}{owner} $by->{$_}{rights}") } sort keys %$by), "-x -x admin|ci ci read|clé clé read|nightly build fozzie operate", 'in its list');
ok t_cmp($by->{ci}{creator}, undef, 'made by nobody that it knows');
ok t_cmp($by->{'clé'}{expires}, qr/^2999-01-31T/, 'with its end');

# Lists.
$run = key('list');
my @lines = split /\n/, $run->{out};
ok t_cmp(scalar @lines, 5, 'listed');
ok t_cmp(join('|', map { join ' ', (split / {2,}/)[ 0 .. 3 ] } @lines[ 1 .. 4 ]), '-x -x admin active|ci ci read active|clé clé read active|nightly build fozzie operate active', 'by name');
utf8::decode($_) for @lines;
my %at = map { index($_, 'active') => 1 } @lines[ 1 .. 4 ];
ok t_cmp(scalar keys %at, 1, 'in columns');
my $all = json_of(key('list', '-json')->{out});
ok t_cmp(join('|', map { bytes("$_->{name} $_->{state}") } @$all), '-x active|ci active|clé active|nightly build active', 'as JSON');
ok t_cmp(key('list')->{out} . key('list', '-json')->{out}, qr/^(?!.*wfk_)/s, 'without their keys');

# Revoked.
$run = key('revoke', 'ci');
ok t_cmp("$run->{code} $run->{out}$run->{err}", qr/^0 API key 'ci' is revoked since 2\d{3}-\d\d-\d\dT/, 'revoked');
my $said = $run->{out};
ok t_cmp(key('revoke', 'ci')->{out}, $said, 'once');
ok t_cmp(listed()->{ci}{state}, 'revoked', 'as the server says');
ok t_cmp(key('list')->{out}, qr/^ci +ci +read +revoked/m, 'and the list');
ok t_cmp(key('add', 'ci')->{err}, qr/it is revoked/, 'its name is taken');

# As many as may be.
my @codes = map { key('add', "more $_")->{code} } 1 .. 5;
ok t_cmp("@codes", '0 0 0 0 1', 'three were active');
ok t_cmp(key('add', 'too many')->{err}, qr/WorkflowMaxApiKeys is 7/, 'and why');

# Who makes and who revokes one is in the log; the key is not.
my $log = $server->slurp('engine/engine.log');
ok t_cmp($log, qr/API key 'ci' \(id \d+, read\) of 'ci' is made by the command line/, 'the log tells who may come in');
ok t_cmp($log, qr/API key 'ci' \(id \d+\) of 'ci' is revoked by the command line/, 'and who no more');
ok index($log, $first) < 0;

# Nobody else may.
if ($> == 0) {
    my $out = `setpriv --reuid=65533 --regid=65533 --clear-groups $ENV{WF_DIR}/bin/workflow-engine key list -state-dir $state </dev/null 2>&1`;
    ok t_cmp($out, qr/only root and the user that httpd runs as/, 'another user of the system');
}
else {
    skip 1, 'needs root';
}
$server->stop;
$run = key('add', 'late');
ok t_cmp("$run->{code} $run->{err}", qr/^1 .*WorkflowEngine On.*\Q$state\E/s, 'without a server');

sub json_of { my $text = shift; require JSON::PP; JSON::PP->new->utf8->decode($text) }
