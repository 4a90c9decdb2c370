# Deployments after the upload: versions of a key, downloads with their types, deletion with
# and without running instances, one by one and many at once.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my @process = ('<startEvent id="s"/>', 's -> t', '<userTask id="t" name="v1" activiti:assignee="deployments"/>', 't -> e', '<endEvent id="e"/>');
sub newest { get_json('/deployments?sort=id&order=desc&size=1')->{data}[0]{id} }
sub deploy_process { my ($key, @more) = @_; upload("$key.bpmn20.xml", bpmn($key, @more ? @more : @process))->is_success or die; newest() }
sub deployment_names { join ' ', map { $_->{name} } grep { $_->{name} =~ /^@_/ } @{ get_json('/deployments?size=10000')->{data} } }
sub exists_definition { call('GET', '/process-definition/' . shift)->code == 200 }

# Types by extension, bytes unchanged, names with folders and odd characters.
my @resources = (
    # name in the archive        Content-Type              file name of the download
    [ 'a/b/c.xml',               'text/xml',               'c.xml' ],
    [ 'p.png',                   'image/png',              'p.png' ],
    [ 'p.jpg',                   'image/jpeg',             'p.jpg' ],
    [ 'p.gif',                   'image/gif',              'p.gif' ],
    [ 'p.svg',                   'image/svg+xml',          'p.svg' ],
    [ 'p.html',                  'text/html',              'p.html' ],
    [ 'forms/x.form',            'text/html',              'x.form' ],
    [ 'p.txt',                   'text/plain',             'p.txt' ],
    [ 'p.json',                  'application/json',       'p.json' ],
    [ 'p.bin',                   'application/octet-stream', 'p.bin' ],
    [ 'noextension',             'application/octet-stream', 'noextension' ],
    [ 'p.xml.gz',                'application/octet-stream', 'p.xml.gz' ],
    [ 'dir.png/p',               'application/octet-stream', 'p' ],
    [ 'a "quoted" name.txt',     'text/plain',             undef ],
    [ "\xc3\xbc \xe2\x82\xac.txt", 'text/plain',           undef ],
    [ 'a/resource/b.txt',        'text/plain',             'b.txt' ],
    [ 'percent%2Fsign.txt',      'text/plain',             'percent%2Fsign.txt' ],
);

plan tests => 5 * @resources + 60;

upload('resources.zip', archive(map { [ $_->[0], "<x>\0\r\n\xff $_->[0]" ] } @resources))->is_success or die;
my $deployment = newest();
for my $case (@resources) {
    my ($name, $type, $file) = @$case;
    my $r = call('GET', "/deployment/$deployment/resource/" . join '/', map { s/([^\w.])/sprintf '%%%02X', ord $1/ger } split m{/}, $name);
    ok $r->code == 200 && $r->content eq "<x>\0\r\n\xff $name" or t_debug($name, $r->as_string);
    ok t_cmp($r->header('Content-Type'), $type, "$name: type");
    $file = $file ? qr/^attachment; filename="\Q$file\E"/ : qr/^attachment; filename[^\r\n]*$/;
    ok t_cmp($r->header('Content-Disposition'), $file, "$name: attachment");
    ok t_cmp($r->header('Cache-Control') . '; ' . $r->header('Last-Modified'), 'max-age=0, must-revalidate; Thu, 01 Jan 1970 00:00:00 GMT', $name);
    ok !defined $r->header('ETag');
}
ok t_cmp(call('GET', "/deployment/$deployment/resource/$_")->code, 404, "resource '$_'") for 'a', 'P.png', 'a/b/', 'a/b', 'c.xml';
ok t_cmp(call('GET', "/deployment/$_/resource/p.png")->code, 404, "deployment '$_'") for 0, 999999999, 'x', "0$deployment";
ok t_cmp(call('HEAD', "/deployment/$deployment/resource/p.png")->header('Content-Length'), length "<x>\0\r\n\xff p.png", 'HEAD');

# Versions: 1 for a new key, then one more; the old one stays startable.
my $first = deploy_process('deployments');
my $old = start('deployments:1');
my $second = deploy_process('deployments', map { s/v1/v2/r } @process);
my @versions = grep { $_->{key} eq 'deployments' } @{ get_json('/process-definitions?size=10000')->{data} };
ok t_cmp([ map { "$_->{id} $_->{version} $_->{deploymentId}" } @versions ], [ "deployments:1 1 $first", "deployments:2 2 $second" ], 'two versions');
ok t_cmp(tasks_named(start('deployments:1')->{id}, 'assignee=deployments'), 'v1', 'the old version');
ok t_cmp(tasks_named(start('deployments:2')->{id}, 'assignee=deployments'), 'v2', 'the new one');
my ($task) = tasks_of($old->{id}, 'assignee=deployments');
ok t_cmp(complete($task->{id})->code, 200, 'an instance of the old version goes on');

# A deployment with running instances stays, with everything in it.
my $r = call('DELETE', "/deployment/$first");
ok t_cmp($r->code, 409, 'running instances');
ok t_cmp(message($r), qr/\b$first\b/, 'the message names the deployment');
ok exists_definition('deployments:1');
ok t_cmp(call('GET', "/deployment/$first/resource/deployments.bpmn20.xml")->code, 200, 'its file');
ok t_cmp(call('DELETE', "/deployment/$first?cascade=false")->code, 409, 'the same in words');
ok t_cmp(call('DELETE', "/deployment/$first?cascade=maybe")->code, 400, 'no boolean');
$r = call('POST', '/deployments/delete', { deploymentIds => [ $first ] });
ok t_cmp($r->code, 409, 'nor in a list');

# With cascade all goes: definition, file, instances, tasks, variables, history.
my $before = get_json('/tasks?assignee=deployments&size=0')->{total};
ok t_cmp(call('DELETE', "/deployment/$first?cascade=True")->code, 200, 'cascade');
ok !exists_definition('deployments:1');
ok exists_definition('deployments:2');
ok t_cmp(call('GET', "/deployment/$first/resource/deployments.bpmn20.xml")->code, 404, 'the file is gone');
ok t_cmp(get_json('/tasks?assignee=deployments&size=0')->{total}, $before - 1, 'the task, too');
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => 'deployments:1' })->code, 404, 'nothing to start');
for my $table (qw(ACT_RU_EXECUTION ACT_RU_TASK ACT_HI_PROCINST ACT_HI_TASKINST ACT_HI_ACTINST)) {
    ok t_cmp(value_of("SELECT COUNT(*) FROM $table WHERE PROC_DEF_ID_ = 'deployments:1'"), 0, "$table is clean");
}
ok t_cmp(call('DELETE', "/deployment/$first?cascade=true")->code, 200, 'what is gone can be deleted');
ok t_cmp(json(call('DELETE', '/deployment/nothing'))->{success}, 1, 'and what never was');

# Without cascade history stays, and a version's number is free again.
my $done = deploy_process('deploymentsDone');
my $i = start('deploymentsDone:1', { v => 1 });
complete($_->{id}) for tasks_of($i->{id}, 'assignee=deployments');
ok t_cmp(call('DELETE', "/deployment/$done")->code, 200, 'no instance runs any more');
ok t_cmp(value_of("SELECT COUNT(*) FROM ACT_HI_PROCINST WHERE PROC_DEF_ID_ = 'deploymentsDone:1' AND END_TIME_ > 0"), 1, 'history stays');
deploy_process('deploymentsDone', '<startEvent id="s"/>');
ok exists_definition('deploymentsDone:1');
ok t_cmp(start('deploymentsDone:1')->{ended} ? 1 : 0, 1, 'the new process runs, not the one that was deleted');
my @three = map { deploy_process('deploymentsGap') } 1 .. 3;
call('DELETE', "/deployment/$three[0]");
deploy_process('deploymentsGap');
ok exists_definition('deploymentsGap:4');
ok !exists_definition('deploymentsGap:1');

# Many at once, under both names: in order, each for itself, up to the first that fails.
for my $path ('/deployments', '/deployments/delete') {
    my @ids = map { deploy_process('deploymentsMany', @process) } 1 .. 4;
    my ($running) = grep { $_->{deploymentId} eq $ids[2] } @{ get_json('/process-definitions?size=10000')->{data} };
    start($running->{id});
    my $r = call('POST', $path, { deploymentIds => [ $ids[0], 'x', '999999999', $ids[1], $ids[2], $ids[3] ] });
    ok t_cmp($r->code, 409, "$path: the third runs");
    ok t_cmp([ map { my $id = $_; call('GET', "/deployment/$id/resource/deploymentsMany.bpmn20.xml")->code } @ids ], [ 404, 404, 200, 200 ],
             "$path: two are deleted");
    $r = call('POST', "$path?cascade=true", { deploymentIds => [ @ids[3, 2, 3] ] });
    ok t_cmp($r->code . $r->content, qr/^200\{"success":true\}/, "$path: the rest with cascade");
    ok t_cmp(deployment_names('deploymentsMany'), '', "$path: all are gone");
}
# Wrong requests delete nothing.
my $kept = deploy_process('deploymentsKept', '<startEvent id="s"/>');
my @wrong = (    # path, body                                                     status
    [ '/deployments/delete', { deploymentIds => [ $kept, 17 ] },                  400 ],
    [ '/deployments/delete', { deploymentIds => $kept },                          400 ],
    [ '/deployments/delete', { deploymentId => [ $kept ] },                       400 ],
    [ '/deployments/delete?cascade=1', { deploymentIds => [ $kept ] },            400 ],
    [ '/deployments/delete', '["' . $kept . '"]',                                 400 ],
    [ '/deployments/delete', { deploymentIds => [ $kept ] },                      403, 'fozzie' ],
    [ '/deployments',        { deploymentIds => [ $kept ] },                      403, 'gonzo' ],
);
for my $case (@wrong) {
    my ($path, $body, $status, $user) = @$case;
    ok t_cmp(call('POST', $path, $body, user => $user // 'kermit')->code, $status, $path);
}
ok t_cmp(call('DELETE', "/deployment/$kept", undef, user => 'fozzie')->code, 403, 'a user deletes nothing');
ok t_cmp(call('DELETE', "/deployment/0$kept")->code, 200, 'another text is another id');
ok t_cmp(deployment_names('deploymentsKept'), 'deploymentsKept.bpmn20.xml', 'still there');
ok t_cmp(call('DELETE', "/deployment/$kept", 'a body that nobody reads')->code, 200, 'deleted');
ok t_cmp(deployment_names('deploymentsKept'), '', 'gone');
