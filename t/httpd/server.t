# What an administrator sees: the version, logs by level, no users without demo data, a
# store that is one file after the stop, servers side by side, an installation.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Test;

plan tests => 23;

my $server = WF::Server->new(extra => 'ServerTokens Full')->start;
my $other = WF::Server->new(demo => 0, extra => "ServerTokens Prod\nLogLevel workflow:error")->start;

# Side by side; the one without demo data has no user and nothing to ask for.
for (['with demo data', $server, 200, qr/ mod_workflow\/\d+\.\d+/, 200],
     ['without',        $other,  403, qr/^Apache$/,                401]) {
    my ($what, $s, $login, $version, $tasks) = @$_;
    WF::Test::use_server($s->url);
    my $r = call('POST', '/login', { userId => 'kermit', password => 'kermit' }, user => undef);
    ok t_cmp($r->code, $login, "$what: login");
    ok t_cmp($r->header('Server'), $version, "$what: the version");
    ok t_cmp(call('GET', '/tasks?assignee=kermit')->code, $tasks, "$what: tasks");
    ok t_cmp(call('GET', '/ready')->code, 200, "$what: ready");
}

# LogLevel reaches the children and the engine.
ok t_cmp($server->slurp('error.log'), qr/\[workflow:debug\]/, 'debug lines of the children');
ok !($other->slurp('error.log') =~ /\[workflow:(debug|info)\]/); # httpd logs notices always
ok t_cmp($server->slurp('engine/engine.log'), qr/\[workflow:notice\].* ready: mod_workflow/, 'lines of the engine');
ok t_cmp($other->slurp('engine/engine.log'), '', 'only errors of the other');

# A stop leaves one file; what was written is in it for the next start.
WF::Test::use_server($server->url);
my $id = start('taskAssigneeProcess:1')->{id};
ok $server->stop;
ok t_cmp(join(' ', map { m{([^/]+)$} } sort glob $server->file('engine/*')), 'engine.json engine.log workflow.db',
         'after the stop');
$server->start;
ok t_cmp(scalar(tasks_of($id, 'assignee=kermit')), 1, 'the task is there after the next start');

# A new id after a restart is never an old one.
ok start('taskAssigneeProcess:1')->{id} > $id;

# Demo data is for an empty store: one with a user of its own gets none.
ok $other->stop;
system 'sqlite3', $other->file('engine/workflow.db'), "INSERT INTO ACT_ID_USER (ID_, REV_) VALUES ('rowlf', 1)";
$other->{demo} = 1;
$other->write_config->start;
ok t_cmp(call('POST', '/login', { userId => 'kermit', password => 'kermit' }, user => undef)->code, 403,
         'no demo users beside others');

# make install and uninstall, below DESTDIR: of what was built, however that was.
my $root = $server->file('root');
my $build = $ENV{WF_BUILD};
ok t_cmp(scalar(`make -s -C $ENV{WF_TOP} -o all BUILD=$build DESTDIR=$root install 2>&1 >/dev/null; echo \$?`), qr/^0$/m, 'install');
my $share = `apxs -q BINDIR` =~ s{/bin\n?$}{/share}r;        # as the README includes it
my $modules = `apxs -q LIBEXECDIR` =~ s/\n//r;
ok t_cmp([ sort split /\n/, `find $root -type f` ],
         [ sort map { "$root$_" } "$modules/mod_workflow.so", '/usr/bin/workflow-engine', "$share/mod_workflow/workflow.conf",
           "$share/man/man1/workflow-engine.1", "$share/bash-completion/completions/workflow-engine" ], 'what was installed');
ok t_cmp(scalar(`$root/usr/bin/workflow-engine version`), qr/^workflow-engine version \d/, 'the program runs');
system "make -s -C $ENV{WF_TOP} BUILD=$build DESTDIR=$root uninstall";
ok t_cmp(scalar(`find $root -type f`), '', 'nothing is left');
ok $other->stop;
