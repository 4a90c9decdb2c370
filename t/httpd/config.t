# `httpd -t` finds every mistake, says where it is, and leaves no trace.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Find ();
use WF::Server;

my @cases = (
    # configuration                                             what the message says
    [ 'WorkflowQueueLimit x',                                   qr/whole number from 1 to 1000000, not 'x'/ ],
    [ 'WorkflowQueueLimit 0',                                   qr/whole number from 1/ ],
    [ 'WorkflowMaxBody 99999999999999999999',                   qr/number of bytes/ ],
    [ 'WorkflowMaxBody 8589934592G',                            qr/number of bytes/ ],
    [ 'WorkflowMaxBody 2G',                                     qr/number of bytes from 1024 to 1073741824, such as 64M, not '2G'/ ],
    [ 'WorkflowMaxBody 1MB',                                    qr/number of bytes/ ],
    [ 'WorkflowMaxBody M',                                      qr/number of bytes/ ],
    [ 'WorkflowMaxBody 0',                                      qr/number of bytes/ ],
    [ 'WorkflowMaxStoreSize 100K',                              qr/number of bytes from 1048576 to 1125899906842624, or 0, such as 64M/ ],
    [ 'WorkflowMinFreeDisk -5',                                 qr/WorkflowMinFreeDisk takes a number of bytes/ ],
    [ 'WorkflowStore foo:bar',                                  qr/WorkflowStore foo:bar: .*sqlite/ ],
    [ 'WorkflowStore sqlite:relative.db',                       qr/absolute/ ],
    [ 'WorkflowStore sqlite:/nonexist/x.db',                    qr{/nonexist} ],
    [ 'WorkflowStateDir /nonexist/a/b',                         qr/parent directory does not exist/ ],
    [ 'WorkflowEngineLog /nonexist/a.log',                      qr/its directory does not exist/ ],
    [ 'WorkflowEngineProgram /nonexist',                        qr/it cannot be executed/ ],
    [ 'WorkflowDemoData /nonexist',                             qr/neither Off nor an existing directory/ ],
    [ 'WorkflowDeployLevel boss',                               qr/user or admin, not 'boss'/ ],
    [ 'WorkflowStarters sometimes',                             qr/advise or enforce, not 'sometimes'/ ],
    [ 'WorkflowEngine maybe',                                   qr/must be On or Off/ ],
    [ 'WorkflowEngineName ""',                                  qr/takes one argument/ ],
    [ 'WorkflowTargets example.org 10.0.0.0/33',                qr{'10\.0\.0\.0/33' is no target: the number behind the slash} ],
    [ 'WorkflowTargets !example.org',                           qr/'!example\.org' is no target: only an address or a network can be excluded/ ],
    [ 'WorkflowMailServer mail.example.org',                    qr{mail\.example\.org: it begins with smtp:// or smtps://} ],
    [ 'WorkflowMailServer smtp://h starttls=yes',               qr/starttls is off, try or require/ ],
    [ 'WorkflowMailServer smtps://h ca=/nonexist.pem',          qr{there is no /nonexist\.pem} ],
    [ 'WorkflowMailServer smtp://h timeout=x',                  qr/timeout is a number of seconds from 1 to 3600/ ],
    [ 'WorkflowMailFrom nobody',                                qr/WorkflowMailFrom nobody: address: an address has no @/ ],
    [ 'WorkflowMailFrom "a@b, c@d"',                            qr/takes one address/ ],
    [ 'WorkflowMailCredentials /nonexist',                      qr{WorkflowMailCredentials /nonexist: it does not exist} ],
    [ 'WorkflowMailCredentials /etc/passwd',                    qr{everybody has access to it} ],
    [ 'WorkflowMailCredentials /etc',                           qr{no regular file} ],
    [ 'WorkflowDelegate a.B http',                              qr/takes a name, a kind, a value/ ],
    [ 'WorkflowDelegate a.B http /path',                        qr{delegate "a\.B": http takes an absolute http or https URL, not "/path"} ],
    [ 'WorkflowDelegate a.B java x',                            qr/"java" is none of http, script, external, builtin, fail/ ],
    [ 'WorkflowDelegate a*B fail x',                            qr/a \* at its end only/ ],
    [ 'WorkflowDelegate a.B http http://h/ timeout=0',          qr/timeout takes whole seconds from 1 to 3600/ ],
    [ 'WorkflowDelegate a.B fail x timeout=5',                  qr/fail has no timeout/ ],
    [ 'WorkflowDelegate a.B script /nonexist.js',               qr{there is no script /nonexist\.js} ],
    [ 'WorkflowDelegate a.B builtin rm',                        qr/builtin takes noop, setVariables, mail or script/ ],
    [ 'WorkflowDelegateDefault fail',                           qr/takes a kind, a value/ ],
    [ 'WorkflowScriptMemory 5',                                 qr/takes a number of bytes from 1048576/ ],
    [ 'WorkflowApi activiti',                                   qr/not allowed here/ ],
    [ "<Location /x>\nWorkflowApi nothing\n</Location>",        qr/takes activiti, workflow, health, ready or Off/ ],
    [ "<Directory /x>\nWorkflowApi activiti\n</Directory>",     qr/belongs into a <Location>/ ],
    [ "<Location /x>\nWorkflowQueueLimit 5\n</Location>",       qr/not allowed in <Location> context/ ],
    [ "<VirtualHost *>\nWorkflowQueueLimit 5\n</VirtualHost>",  qr/cannot occur within <VirtualHost>/ ],
    [ "<VirtualHost *>\nWorkflowTargets *\n</VirtualHost>",     qr/cannot occur within <VirtualHost>/ ],
    [ "<VirtualHost *>\nWorkflowMailServer smtp://h\n</VirtualHost>", qr/cannot occur within <VirtualHost>/ ],
);

sub files {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub { push @found, $_ } }, @_);
    return join ' ', sort @found;
}

plan tests => 3 * @cases + 8;

for my $case (@cases) {
    my ($config, $message) = @$case;
    my $server = WF::Server->new(engine => 0, extra => $config);
    my ($line) = $config =~ /(Workflow\w+ .*)/;
    my $number = () = ($server->slurp('httpd.conf') =~ /\A(.*?^)\Q$line\E$/ms)[0] =~ /\n/g;
    my ($output, $status) = $server->httpd('-t');
    (my $one_line = $config) =~ s/\n/ /g;
    ok $status;
    ok t_cmp($output, $message, "$one_line: the message");
    ok t_cmp($output, qr/on line @{[ $number + 1 ]} of \Q@{[ $server->file('httpd.conf') ]}\E/, 'file and line');
}

# A good configuration, and one whose parts do not fit together.
my $server = WF::Server->new(engine => 0);
my $before = files($server->{dir});
my ($output, $status) = $server->httpd('-t');
ok t_cmp($output, qr/Syntax OK/, 'a good configuration');
ok t_cmp($status, 0);
# httpd itself opens its logs.
ok t_cmp(files(grep { !/(access|error)\.log$/ } $server->{dir}) =~ s{ \S+/(access|error)\.log}{}gr, $before,
         'nothing was written');
$server = WF::Server->new(engine => 0, extra => 'WorkflowEngine Off');
($output, $status) = $server->httpd('-t');
ok $status;
ok t_cmp($output . $server->slurp('error.log'), qr/workflow\.conf:\d+: WorkflowApi activiti needs WorkflowEngine On/,
         'a face without an engine');

# Loaded but not enabled, the module changes nothing.
$server = WF::Server->new(engine => 0, faces => 0, demo => 0)->start;
ok t_cmp(WF::Test::call('GET', $_)->code, 404, "$_ is nobody's") for '/health', '/activiti-rest/service/tasks';
ok !-e $server->file('engine');
