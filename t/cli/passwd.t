# workflow-engine passwd: the first administrator of a server without demo data, and what
# happens when it cannot be made.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(demo => 0)->start;
my $state = $server->file('engine');
my $usage = qr/^Usage: workflow-engine passwd \[options\] <user>/;

# Run it with a line on standard input.
sub passwd { my ($input, @args) = @_; command_with($input, 'passwd', '-state', $state, @args) }
sub codes {
    my ($user, $password) = @_;
    return join ' ', map { call('GET', $_, undef, user => $user, password => $password)->code } '/process-engine', '/management/tables';
}
sub admin_call { my ($method, $path, $body) = @_; call($method, $path, $body, user => 'root', password => 'first secret') }
sub row { my $o = json(admin_call('GET', '/user/' . shift)); join '|', map { "$_=$o->{$_}" } sort keys %$o }

my @refused = (
    # what                      input            arguments                                    exit  output  messages
    [ 'no user',                '',              [ 'passwd' ],                                1, qr/^$/, $usage ],
    [ 'two users',              "x\n",           [ 'passwd', 'a', 'b' ],                      1, qr/^$/, $usage ],
    [ 'unknown option',         "x\n",           [ 'passwd', '-password', 'x', 'a' ],         2, qr/^$/, qr/-password: unknown option/ ],
    [ 'option without value',   "x\n",           [ 'passwd', '-state' ],                      2, qr/^$/, qr/-state: needs a value/ ],
    [ 'help',                   '',              [ 'passwd', '-help' ],                       0, qr/$usage.*-state DIR.*-admin.*-first NAME.*-last NAME.*-email ADDRESS/s, qr/^$/ ],
    [ 'no such directory',      "x\n",           [ 'passwd', '-state', '/nonexistent', 'a' ], 1, qr/^$/, qr{/nonexistent/engine\.sock: No such file.*WorkflowEngine On.*WorkflowStateDir.*/nonexistent}s ],
    [ 'no password',            '',              [ 'passwd', '-state', $state, 'a' ],         1, qr/^$/, qr/no password on standard input/ ],
    [ 'an empty password',      "\n",            [ 'passwd', '-state', $state, 'a' ],         1, qr/^$/, qr/must not be empty/ ],
    [ 'a long password',        'x' x 73 . "\n", [ 'passwd', '-state', $state, 'a' ],         1, qr/^$/, qr/longer than 72 bytes/ ],
    [ 'a NUL in it',            "x\0y\n",        [ 'passwd', '-state', $state, 'a' ],         1, qr/^$/, qr/NUL/ ],
    [ 'a colon in the name',    "x\n",           [ 'passwd', '-state', $state, 'a:b' ],       1, qr/^$/, qr/colon/ ],
    [ 'an empty name',          "x\n",           [ 'passwd', '-state', $state, '' ],          1, qr/^$/, qr/needs an id/ ],
    [ 'a name that is no text', "x\n",           [ 'passwd', '-state', $state, "\xff" ],      1, qr/^$/, qr/UTF-8/ ],
    [ 'a long first name',      "x\n",           [ 'passwd', '-state', $state, '-first', 'x' x 256, 'a' ], 1, qr/^$/, qr/'firstName'.*255/ ],
);

plan tests => 3 * @refused + 26;

ok t_cmp(codes('root', 'first secret'), '401 401', 'nobody can log in yet');
for my $case (@refused) {
    my ($what, $input, $args, $code, $out, $err) = @$case;
    my $run = command_with($input, @$args);
    ok t_cmp($run->{code}, $code, "$what: exit code");
    ok t_cmp($run->{out}, $out, "$what: output");
    ok t_cmp($run->{err}, $err, "$what: messages");
}

my $run = passwd("first secret\n", '-admin', '-first', 'Rowlf', '-last', 'the Dog', '-email', 'rowlf@localhost', 'root');
ok t_cmp("$run->{code} $run->{out}$run->{err}", "0 user 'root' was made; member of group 'admin'\n", 'the first administrator');
ok t_cmp(codes('root', 'first secret'), '200 200', 'who may do everything');
ok t_cmp(row('root'), 'email=rowlf@localhost|firstName=Rowlf|id=root|lastName=the Dog');
ok t_cmp(join('|', map { $_->{type} } @{ json(admin_call('GET', '/user/root/groups'))->{data} }), 'security-role');
ok t_cmp(json(admin_call('GET', '/group/admin'))->{name}, 'System administrator');

$run = passwd("first secret\n", '-admin', 'root');
ok t_cmp("$run->{code} $run->{out}$run->{err}", "0 the password of user 'root' was changed; member of group 'admin'\n", 'again');
ok t_cmp(row('root'), 'email=rowlf@localhost|firstName=Rowlf|id=root|lastName=the Dog', 'what is not said stays');
$run = passwd('other secret', 'root');    # without a line's end
ok t_cmp("$run->{code} $run->{out}", "0 the password of user 'root' was changed\n");
ok t_cmp(codes('root', 'first secret') . ' ' . codes('root', 'other secret'), '401 401 200 200', 'counts at once');
ok t_cmp(passwd("first secret\nsecond line\n", 'root')->{code}, 0, 'one line is read');
ok t_cmp(codes('root', 'first secret'), '200 200');

ok t_cmp(passwd("pw\n", 'piggy')->{out}, "user 'piggy' was made\n", 'a user without rights');
ok t_cmp(codes('piggy', 'pw'), '403 403');

# A group that bears the name but gives no rights is nobody's mistake to mend but its owner's.
admin_call('DELETE', '/group/admin');
$server->graceful;    # the names are the configuration's
ok wait_until { $server->wait_ready };
# A connection that the old children were just closing may fail once.
ok wait_until { codes('root', 'first secret') eq '403 403' };
$run = passwd("first secret\n", '-admin', 'root');
ok t_cmp($run->{code} . codes('root', 'first secret'), '0200 200', 'it is made again');
admin_call('PUT', '/group', { id => 'chiefs', type => 'assignment' });
$server->{extra} = "WorkflowAdminGroup chiefs\nWorkflowRoleType assignment";
$server->write_config->graceful;
ok wait_until { passwd("first secret\n", '-admin', 'root')->{out} =~ /member of group 'chiefs'/ };
$server->{extra} = 'WorkflowAdminGroup chiefs';
$server->write_config->graceful;
ok wait_until { passwd("first secret\n", '-admin', 'root')->{code} };
$run = passwd("other\n", '-admin', 'piggy');
ok t_cmp($run->{err}, qr/group 'chiefs' is of type 'assignment' and gives no rights; only the type 'security-role' does/);
ok t_cmp(codes('piggy', 'pw'), '403 403', 'and the password is as it was');

# Nobody else may.
if ($> == 0) {
    my $out = `setpriv --reuid=65533 --regid=65533 --clear-groups $ENV{WF_DIR}/bin/workflow-engine passwd -state $state root </dev/null 2>&1`;
    ok t_cmp($out, qr/only root and the user that httpd runs as/, 'another user of the system');
}
else {
    skip 1, 'needs root';
}

# On a terminal: asked for twice, and never shown.
my $shown = on_terminal([ 'passwd', '-state', $state, 'piggy' ], 'New password: ' => 'typed one', 'The same again: ' => 'typed one');
ok t_cmp($shown, qr/the password of user 'piggy' was changed/, 'typed');
ok t_cmp($shown, qr/^(?!.*typed one)/s, 'and not seen');
$shown = on_terminal([ 'passwd', '-state', $state, 'piggy' ], 'New password: ' => 'typed one', 'The same again: ' => 'typed two');
ok t_cmp($shown, qr/not the same/, 'two different ones');

$server->stop;
$run = passwd("x\n", 'root');
ok t_cmp("$run->{code} $run->{err}", qr/^1 .*WorkflowEngine On.*\Q$state\E/s, 'without a server');
