# Nobody is let in unseen: a face without authentication keeps httpd from starting, unless that
# is meant; and what Require lets through is not known thereby.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Test;

my $basic = "AuthType Basic\nAuthName x\nAuthBasicProvider workflow";
my @configs = (    # what else httpd has; which face; does it start
    [ '',                                                       'workflow', 0 ],
    [ '',                                                       'activiti', 0 ],
    [ 'Require all denied',                                     'workflow', 0 ],
    [ 'AuthType None',                                          'workflow', 0 ],
    [ 'WorkflowAllowAnonymous Off',                             'workflow', 0 ],
    [ 'WorkflowAllowAnonymous On',                              'workflow', 1 ],
    [ 'WorkflowAllowAnonymous On',                              'activiti', 1 ],
    [ $basic,                                                   'workflow', 1 ],
    [ '',                                                       'health',   1 ],
    [ '',                                                       'ready',    1 ],
    [ '</Location><Location "/a">WorkflowAllowAnonymous On',    'workflow', 1 ],
    [ '</Location><Location "/a/b">WorkflowAllowAnonymous On',  'workflow', 1 ],
    [ '</Location><Location "/a/bc">WorkflowAllowAnonymous On', 'workflow', 0 ],
    [ '</Location><Location "/a/b/c">WorkflowAllowAnonymous On', 'workflow', 0 ],
    [ "</Location><Location \"/\">$basic",                      'workflow', 1 ],
    [ "</Location><LocationMatch \"^/a/.\">$basic",             'workflow', 1 ],
    [ "</Location><LocationMatch \"^/c/.\">$basic",             'workflow', 0 ],
    [ "</Location><Location \"/?/b\">$basic",                   'workflow', 1 ],
);
my @calls = (    # place, method, path, user, password; status
    [ '/api/all',     'GET',  '/executions',  undef,    undef,    401 ],
    [ '/api/all',     'GET',  '/executions',  'kermit', 'wrong',  401 ],
    [ '/api/all',     'GET',  '/executions',  'kermit', 'kermit', 200 ],
    [ '/api/all',     'POST', '/workflows',   undef,    undef,    401 ],
    [ '/api/all',     'GET',  '/health',      undef,    undef,    200 ],
    [ '/api/all',     'GET',  '/nothing',     undef,    undef,    404 ],
    [ '/api/anybody', 'GET',  '/executions',  undef,    undef,    200 ],
    [ '/open/rest',   'GET',  '/deployments', undef,    undef,    401 ],
);

plan tests => 2 * @configs + @calls + 1;

for (@configs) {
    my ($more, $face, $starts) = @$_;
    $more =~ s/(?<=>)(?=[A-Z])/\n/g;
    $more =~ s/<\/Location>/<\/Location>\n/;
    my $server = WF::Server->new(engine => 0, faces => 0, extra => "WorkflowEngine On\n<Location \"/a/b\">\nWorkflowApi $face\n$more\n" . ($more =~ /<LocationMatch/ ? '</LocationMatch>' : '</Location>') . "\n");
    my ($output, $status) = $server->httpd('-t');
    (my $what = "$face: $more") =~ s/\n/ /g;
    ok t_cmp($status ? 0 : 1, $starts, $what) or t_debug($output);
    ok t_cmp($output . $server->slurp('error.log'), $starts ? qr/Syntax OK/ : qr/httpd\.conf:\d+: WorkflowApi $face has no authentication: .*WorkflowAllowAnonymous/, "$what: what is said");
}

my $server = WF::Server->new(extra => <<"END")->start;
<Location "/api/all">
    WorkflowApi workflow
    $basic
    Require all granted
</Location>
<Location "/api/anybody">
    WorkflowApi workflow
    WorkflowAllowAnonymous On
    Require all granted
</Location>
<Location "/open/rest">
    WorkflowApi activiti
    WorkflowAllowAnonymous On
    Require all granted
</Location>
END
for (@calls) {
    my ($place, $method, $path, $user, $password, $status) = @$_;
    my $answer = call($method, "$place$path", $method eq 'POST' ? {} : undef, user => $user, password => $password);
    ok t_cmp($answer->code, $status, "$method $place$path as " . ($user // 'nobody')) or t_debug($answer->content);
}
my $answer = call('GET', '/api/all/executions', undef, user => undef);
ok t_cmp([ $answer->header('WWW-Authenticate'), json($answer) ], [ 'Basic realm="x"', { error => 'unauthorized', message => qr/./ } ], 'what a stranger is told');
