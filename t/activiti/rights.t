# Rights by httpd: WorkflowRequire takes what a Require line takes, and the groups of the
# identity tables decide no longer where one stands.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(sha1_base64);
use WF::Server;
use WF::Test;

my $dir = File::Temp::tempdir('rights-XXXXXX', DIR => $ENV{WF_DIR});
chmod 0755, $dir;

sub spew { my ($name, $text) = @_; open my $out, '>', "$dir/$name" or die $!; print $out $text; close $out }

# Users of httpd's file, one of which the engine knows, too; groups of httpd's file.
spew('users', join '', map { "$_:{SHA}" . sha1_base64($_) . "=\n" } qw(waldorf statler rizzo kermit piggy));
spew('groups', "wf-admins: statler\nstaff: waldorf rizzo kermit\n");

my $modules = join "\n", map { "LoadModule ${_}_module $ENV{WF_MODULES}/mod_$_.so" } qw(authn_file authz_groupfile);

# A place of the face with more lines.
sub place {
    my ($path, @lines) = @_;
    return join "\n", "<Location \"$path\">", 'WorkflowApi activiti', 'AuthType Basic', 'AuthName "Here"',
        'AuthBasicProvider file', "AuthUserFile $dir/users", "AuthGroupFile $dir/groups", 'Require valid-user',
        @lines, '</Location>', '';
}
my $server = WF::Server->new(extra => join '', "$modules\n",
    place('/engine/groups', 'WorkflowRequire admin group wf-admins', 'WorkflowRequire user group staff'),
    place('/engine/users', 'WorkflowRequire admin user waldorf', 'workflowrequire USER user rizzo "kermit"',
          'WorkflowRequire user user piggy'),
    place('/engine/admins', 'WorkflowRequire admin group wf-admins'),
    place('/engine/all', 'WorkflowRequire user valid-user', 'WorkflowRequire admin all denied'),
    place('/engine/tables'),
    place('/engine/broken', q{WorkflowRequire user expr "file('/nowhere') == 'x'"}, 'WorkflowRequire admin user rizzo'),
    # An inner section replaces the lines, or only says more about access.
    "<Location \"/engine/groups/management\">\nWorkflowRequire admin user rizzo\n</Location>\n",
    "<Location \"/engine/users/management\">\nRequire user waldorf\nAuthName \"Inside\"\n</Location>\n",
    "<Location \"/engine/groups/tasks-summary\">\nWorkflowApi Off\n</Location>\n",
)->start;

my %call = (    # level of the call
    none  => [ 'POST',   '/login' ],
    user  => [ 'GET',    '/process-engine' ],
    admin => [ 'GET',    '/management/tables' ],
);
my @cases = (
    # place     user       none  user  admin
    [ 'groups', undef,     400,  401,  401 ],
    [ 'groups', 'nobody',  400,  401,  401 ],
    [ 'groups', 'waldorf', 400,  200,  403 ],
    [ 'groups', 'statler', 400,  200,  403 ],    # the inner section names another one
    [ 'groups', 'rizzo',   400,  200,  200 ],
    [ 'groups', 'piggy',   400,  403,  403 ],
    [ 'groups', 'kermit',  400,  200,  403 ],    # administrator of the identity tables
    [ 'users',  'waldorf', 400,  200,  200 ],
    [ 'users',  'rizzo',   400,  200,  401 ],    # refused by Require of the inner section
    [ 'users',  'piggy',   400,  200,  401 ],
    [ 'users',  'statler', 400,  403,  401 ],
    [ 'admins', 'statler', 400,  200,  200 ],
    [ 'admins', 'kermit',  400,  403,  403 ],
    [ 'all',    'piggy',   400,  200,  403 ],
    [ 'tables', 'kermit',  400,  200,  200 ],
    [ 'tables', 'statler', 400,  403,  403 ],
    [ 'broken', 'rizzo',   400,  200,  200 ],    # one line cannot tell, another one grants
    [ 'broken', 'waldorf', 400,  500,  403 ],
);

my @wrong = (
    # line                                      what httpd says
    [ 'WorkflowRequire admin nothing x',        qr/no loaded module authorizes by 'nothing'/ ],
    [ 'WorkflowRequire owner user x',           qr/takes user or admin/ ],
    [ 'WorkflowRequire admin',                  qr/takes user or admin/ ],
    [ 'WorkflowRequire',                        qr/takes user or admin/ ],
    [ 'WorkflowRequire user ip 300.1.2.3',      qr/300\.1\.2\.3/ ],    # the provider's own words
    [ 'WorkflowRequire user expr %{nothing',    qr/expr/i ],
);

plan tests => 3 * @cases + @wrong + 6;

for my $case (@cases) {
    my ($place, $user, @statuses) = @$case;
    my %status;
    @status{qw(none user admin)} = @statuses;
    for my $level (qw(none user admin)) {
        my ($method, $path) = @{ $call{$level} };
        my $r = call($method, "/engine/$place$path", $method eq 'POST' ? {} : undef, user => $user);
        ok t_cmp($r->code, $status{$level}, "$place: " . ($user // 'without credentials') . " for $level");
    }
}

# Who lacks a right is told which; the uploads' own level counts as well.
my $r = call('GET', '/engine/admins/process-engine', undef, user => 'piggy');
ok t_cmp(json($r)->{message}, qr/rights of a user/, 'the level');
ok t_cmp(json(call('DELETE', '/engine/groups/deployment/0', undef, user => 'waldorf'))->{message}, qr/an administrator/, 'uploads');
ok t_cmp(call('DELETE', '/engine/groups/deployment/0', undef, user => 'statler')->code, 200, 'and deletions');
ok t_cmp(call('GET', '/engine/groups/tasks-summary', undef, user => 'statler')->code, 404, 'an inner Off');
# The API browser passes calls on as the same user, to whom the rules of the real place apply.
my $send = '/engine/users/index/call/org/activiti/rest/api/management/management-jobs-execute.post';
for my $case ([ 'waldorf', 200 ], [ 'rizzo', 403 ]) {
    my ($user, $status) = @$case;
    $r = call('POST', $send, 'body=%7B%22jobIds%22%3A%5B%5D%7D', user => $user,
              headers => { 'Content-Type' => 'application/x-www-form-urlencoded' });
    ok t_cmp($r->code, $status, "passed on for $user");
}
$server->stop;

for my $case (@wrong) {
    my ($line, $message) = @$case;
    my $other = WF::Server->new(engine => 0, faces => 0, extra => "WorkflowEngine On\n<Location \"/x\">\nWorkflowApi activiti\n$line\n</Location>");
    ok t_cmp(scalar($other->httpd('-t')), $message, $line);
}
