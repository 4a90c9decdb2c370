# What processes may reach and where mail goes: directives on their way to the engine. A
# password is in its file and nowhere else; one that cannot be used stops nothing but mail.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Server;
use WF::Test;

plan tests => 10;

my $server = WF::Server->new;
my $file = $server->file('mail.secret');
$server->{extra} = <<"END";
WorkflowTargets *.example.org:443 10.0.0.0/8
WorkflowTargets !10.0.0.1
WorkflowMailServer smtp://127.0.0.1:2525 starttls=off timeout=5
WorkflowMailFrom "Orders <orders\@example.org>"
WorkflowMailCredentials $file
END
sub credentials {
    my $text = shift;
    $server->spew('mail.secret', $text);
    chmod 0640, $file;
    chown 0, scalar getgrnam('nogroup'), $file if $> == 0;
}
sub engine_log { $server->slurp('engine/engine.log') }

credentials("no colon\n");
$server->write_config->start;
my $pid = $server->engine_pid;
my $snapshot = JSON::PP->new->decode($server->slurp('engine/engine.json'));
ok t_cmp($snapshot->{targets}, '*.example.org:443 10.0.0.0/8 !10.0.0.1', 'lines add up');
ok t_cmp($snapshot->{mail_server}, 'smtp://127.0.0.1:2525 starttls=off timeout=5');
ok t_cmp($snapshot->{mail_from}, 'Orders <orders@example.org>');
ok t_cmp($snapshot->{mail_credentials}, $file);
ok t_cmp(engine_log(), qr{no mail can be sent: WorkflowMailCredentials: \Q$file\E: its first line is not user:password},
         'the log says why');

# The file is put right; httpd is told.
credentials("kermit:s3cret\n");
$server->graceful;
ok wait_until { engine_log() =~ /mail goes to 127\.0\.0\.1:2525/ } 20;
ok t_cmp($server->engine_pid, $pid, 'the same engine');
ok t_cmp(join('', map { $server->slurp($_) } 'engine/engine.json', 'engine/engine.log', 'error.log') =~ /s3cret/ ? 1 : 0, 0,
         'the password is nowhere else');

# Nothing is configured any more.
$server->{extra} = '';
$server->write_config->graceful;
ok wait_until { !defined JSON::PP->new->decode($server->slurp('engine/engine.json'))->{mail_server} } 20;
ok $server->stop;
