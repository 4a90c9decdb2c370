# Input that wants to break out of its place, one table a kind of parameter: SQL, ids of
# another kind, names of files and types, nesting without end, text that is no UTF-8,
# parameters given twice. Afterwards nothing is gone and the engine is the same process.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant MIB => 1024 * 1024;

my $server = WF::Server->new(extra => "WorkflowJobExecutor Off\nWorkflowMaxBody @{[ 32 * MIB ]}\nWorkflowMaxUpload @{[ 32 * MIB ]}")->start;

# One object of each kind.
my $r = upload('hostile.bpmn20.xml', bpmn('hostile', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>',
    'f -> t', 'f -> a', '<userTask id="t" activiti:assignee="kermit"/>', '<task id="a" activiti:async="true"/>'));
my $deployment = json($r)->{id} or die $r->as_string;
my $definition = demo_id('hostile');
my $instance = start($definition)->{id};
my ($task) = map { $_->{id} } tasks_of($instance, 'assignee=kermit');
my $job = get_json("/management/jobs?process-instance=$instance")->{data}[0]{id};
my $attachment = json(call('PUT', "/task/$task/url", { name => 'n', url => 'http://localhost/' }))->{id};
my %ids = (deployment => $deployment, definition => $definition, instance => $instance, task => $task, job => $job,
           attachment => $attachment, user => 'fozzie', group => 'sales');

sub tables { join ' ', map { "$_->{tableName}=$_->{total}" } @{ get_json('/management/tables')->{data} } }
my $before = tables();
my $engine = $server->engine_pid;

# ---- ids of another kind ------------------------------------------------------------------

my @by_id = (    # method, path                                    kind           status for another kind's id
    [ 'GET',    '/deployment/%s/resources',                        'deployment',  404 ],
    [ 'GET',    '/deployment/%s/resource/hostile.bpmn20.xml',      'deployment',  404 ],
    [ 'DELETE', '/deployment/%s',                                  'deployment',  200 ],    # as good as deleted
    [ 'GET',    '/process-definition/%s',                          'definition',  404 ],
    [ 'GET',    '/process-definition/%s/form',                     'definition',  404 ],
    [ 'GET',    '/process-definition/%s/diagram',                  'definition',  404 ],
    [ 'GET',    '/process-definition/%s/properties',               'definition',  404 ],
    [ 'GET',    '/process-instance/%s',                            'instance',    404 ],
    [ 'GET',    '/process-instance/%s/diagram',                    'instance',    404 ],
    [ 'GET',    '/process-instance/%s/tasks',                      'instance',    404 ],
    [ 'DELETE', '/process-instance/%s',                            'instance',    404 ],
    [ 'POST',   '/process-instance/%s/signal',                     'instance',    404 ],
    [ 'POST',   '/process-instance/%s/event/x',                    'instance',    404 ],
    [ 'GET',    '/task/%s',                                        'task',        404 ],
    [ 'GET',    '/task/%s/form',                                   'task',        404 ],
    [ 'GET',    '/form/%s/properties',                             'task',        404 ],
    [ 'GET',    '/history/%s/form-properties',                     'task',        404 ],
    [ 'PUT',    '/task/%s/claim',                                  'task',        404 ],
    [ 'PUT',    '/task/%s/complete',                               'task',        404 ],
    [ 'PUT',    '/task/%s/unclaim',                                'task',        404 ],
    [ 'POST',   '/task/%s',                                        'task',        404 ],
    [ 'DELETE', '/task/%s',                                        'task',        404 ],
    [ 'GET',    '/attachment/%s',                                  'attachment',  404 ],
    [ 'DELETE', '/attachment/%s',                                  'attachment',  404 ],
    [ 'GET',    '/management/job/%s',                              'job',         404 ],
    [ 'PUT',    '/management/job/%s/execute',                      'job',         404 ],
    [ 'GET',    '/user/%s',                                        'user',        404 ],
    [ 'GET',    '/user/%s/picture',                                'user',        404 ],
    [ 'DELETE', '/user/%s',                                        'user',        404 ],
    [ 'GET',    '/group/%s',                                       'group',       404 ],
    [ 'DELETE', '/group/%s',                                       'group',       404 ],
);
# Besides the ids of other kinds: what looks like an id and is none.
my @no_ids = ('0', '-1', '00', "0$task", "$task ", "$task;", '1e3', '0x1f', '99999999999999999999', '%00', "' OR 1=1 --", '*');

# ---- SQL ------------------------------------------------------------------------------------

my @sql = ("ID_'; DROP TABLE ACT_RU_TASK; --", '1 OR 1=1', 'ID_) UNION SELECT PWD_ FROM ACT_ID_USER --', 'ID_ DESC, PWD_',
           '"ID_"', '`ID_`', '[ID_]', 'rowid', '(SELECT 1)', 'ID_ COLLATE NOCASE', 'r.ID_', 'NULL', '1', '?1', "ID_\t", 'SEQ_');
my @lists = ('/deployments?', '/process-definitions?', '/process-instances?', '/tasks?assignee=kermit&', '/management/jobs?',
             '/users?', '/groups?', '/user/kermit/groups?', '/group/sales/users?', "/process-instance/$instance/tasks?",
             '/management/table/ACT_ID_USER/data?');
my @texts = (    # path with a text, and what it finds
    '/tasks?assignee=%s', '/tasks?candidate=%s', '/tasks?candidate-group=%s', '/tasks?owner=%s', '/tasks?involved=%s',
    '/users?searchText=%s', '/groups?searchText=%s', '/user/kermit/groups?type=%s', '/process-instances?businessKey=%s',
    '/process-instances?processDefinitionId=%s', '/process-definitions?startableByUser=%s', '/management/jobs?process-instance=%s',
);
my @tables = (@sql, 'sqlite_master', 'SQLITE_SCHEMA', 'WF_SCHEMA', 'WF_EXECUTION', 'ACT_HI_ATTACHMENT', 'ACT_RU_EVENT_SUBSCR',
              'act_ru_task', 'ACT_RU_TASK r', 'ACT_RU_TASK;', 'main.ACT_RU_TASK', 'ACT_RU_TASK, ACT_ID_USER', 'ACT_RU_TAS_');

# ---- nesting ----------------------------------------------------------------------------------

my $deep = 10 * MIB;
my %types = (json => 'application/json', form => 'application/x-www-form-urlencoded');
my @nested = (    # what                    method, path                  body
    [ 'arrays',                             'POST', '/process-instance',  qq({"processDefinitionId":"$definition","v":) . '[' x $deep ],
    [ 'arrays, closed',                     'POST', '/process-instance',  qq({"processDefinitionId":"$definition","v":) . '[' x ($deep / 2) . ']' x ($deep / 2) . '}' ],
    [ 'objects',                            'POST', '/process-instance',  '{"a":' x ($deep / 5) ],
    [ 'objects in a task',                  'PUT',  "/task/$task/complete", '{"a":' x ($deep / 5) . '1' . '}' x ($deep / 5) ],
    [ 'arrays for login',                   'POST', '/login',             '[' x $deep ],
    [ 'a list of ids',                      'POST', '/user/fozzie/groups', '[' x $deep ],
    [ 'form properties',                    'POST', '/form/form-data',    '{"properties":' x ($deep / 14) ],
);
my @nested_files = (    # what, content, message
    [ 'elements',            '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">' . '<process>' x ($deep / 9) ],
    [ 'one text',            bpmn('deep', '<startEvent id="s"/>', '<userTask id="t" name="${' . '(' x $deep . '"/>') ],
    [ 'entities',            '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><definitions>&b;</definitions>' ],
);

# ---- text that is none ---------------------------------------------------------------------------

my @bad_text = ("\xff", "\xc3", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\xc0\xaf");
sub escaped { join '', map { sprintf '%%%02X', ord } split //, shift }

my @charsets = (    # Content-Type                                          status
    [ 'application/json; charset=ISO-8859-1',                               400 ],
    [ 'application/json; charset=UTF-16',                                   400 ],
    [ 'application/json; charset="utf-8"',                                  200 ],
    [ 'application/x-www-form-urlencoded; charset=windows-1252',            400 ],
);

# ---- twice ----------------------------------------------------------------------------------------

my @twice = (    # path                                                          total, or status when it is no page
    [ '/tasks?assignee=kermit&assignee=nobody&size=1',                           sub { json(shift)->{total} > 0 } ],
    [ '/tasks?assignee=&assignee=kermit&size=1',                                 sub { shift->code == 400 } ],
    [ '/tasks?assignee=nobody&assignee=kermit&size=1',                           sub { json(shift)->{total} == 0 } ],
    [ '/deployments?sort=id&sort=nothing',                                       sub { shift->code == 200 } ],
    [ '/deployments?sort=nothing&sort=id',                                       sub { shift->code == 400 } ],
    [ '/deployments?format=json&format=html',                                    sub { shift->code == 200 } ],
    [ '/deployments?format=html&format=json',                                    sub { shift->code == 400 } ],
    [ '/deployments?' . join('&', ('a=1') x 1500),                    sub { shift->code == 413 } ],
);

my $foreign = keys(%ids) - 1;
plan tests => @by_id * ($foreign + @no_ids) + @lists * @sql + @texts * @sql + @tables * 2 + @nested + @nested_files
            + @bad_text * 3 + @charsets + @twice + 19;

for my $case (@by_id) {
    my ($method, $template, $kind, $status) = @$case;
    for my $id ((map { $ids{$_} } grep { $_ ne $kind } sort keys %ids), @no_ids) {
        my $path = sprintf $template, escaped($id eq '%00' ? "\0" : $id);
        my $r = call($method, $path, $method eq 'GET' || $method eq 'DELETE' ? undef : { activityId => 'x' });
        # A NUL does not come through httpd, which answers by itself.
        my $expected = $id eq '%00' ? qr/^40[04]$/ : qr/^$status$/;
        ok t_cmp($r->code, $expected, "$method $path");
    }
}

for my $list (@lists) {
    ok t_cmp(call('GET', "${list}sort=" . escaped($_))->code, 400, "$list sorted by $_") for @sql;
}
for my $template (@texts) {
    for my $text (@sql) {
        my $r = call('GET', sprintf $template, escaped($text));
        my $ok = $r->code == 200 ? json($r)->{total} == 0 || $template =~ /searchText/ && $text eq '1'
                                 : $r->code == 400 && $template =~ /process-instance=/;
        ok $ok or t_debug("$template with $text: " . $r->as_string);
    }
}
for my $table (@tables) {
    ok t_cmp(call('GET', "/management/table/@{[ escaped($table) ]}$_")->code, 404, "table $table$_") for '', '/data';
}

# Nobody waits long for a refusal, whatever is nested.
for my $case (@nested) {
    my ($what, $method, $path, $body) = @$case;
    my $began = time;
    my $r = call($method, $path, $body);
    ok t_cmp($r->code . (time - $began < 20 ? '' : ' too late'), 400, "nested: $what");
}
for my $case (@nested_files) {
    my ($what, $content) = @$case;
    my $began = time;
    my $r = upload('deep.bpmn20.xml', $content);
    ok t_cmp($r->code . (time - $began < 20 ? '' : ' too late'), 400, "nested file: $what");
}

for my $bytes (@bad_text) {
    my $e = escaped($bytes);
    ok t_cmp(call('GET', "/user/$e")->code, 400, "path with $e");
    ok t_cmp(call('GET', "/tasks?assignee=$e")->code, 400, "query with $e");
    ok t_cmp(call('PUT', '/task', qq({"taskName":"$bytes"}))->code, 400, "body with $e");
}
for my $case (@charsets) {
    my ($type, $status) = @$case;
    my $body = $type =~ /json/ ? '{"userId":"kermit","password":"kermit"}' : 'userId=kermit&password=kermit';
    ok t_cmp(call('POST', '/login', $body, user => undef, headers => { 'Content-Type' => $type })->code, $status, $type);
}
for my $case (@twice) {
    my ($path, $check) = @$case;
    my $r = call('GET', $path);
    ok $check->($r) or t_debug("$path: " . $r->as_string);
}

# An expression may be long, as long as it does not nest: the process that has it fails,
# the engine does not.
my $long = 'a.' x 30000 . 'a';
$r = upload('long.bpmn20.xml', bpmn('long', '<startEvent id="s"/>', 's -> x', '<exclusiveGateway id="x"/>', "x -> e if \${$long}", 'x -> f', '<endEvent id="e"/>', '<endEvent id="f"/>'));
ok t_cmp($r->code, 200, 'a long expression');
ok t_cmp(call('POST', '/process-instance', { processDefinitionId => 'long:1' })->code, 500, '... does not know a');
ok t_cmp(call('DELETE', '/deployment/' . json($r)->{id})->code, 200, '... and goes');

# A member that a body has twice: the last one counts, as in JavaScript.
ok t_cmp(call('POST', '/login', '{"userId":"x","userId":"kermit","password":"x","password":"kermit"}', user => undef)->code, 200, 'twice in JSON');

# Names and types of files come back as data, never as headers or pages.
my @files = (    # file name, type                                                        header of the answer
    [ "a\"; filename=\"b.html",                 'text/html',                              qr/^attachment;/ ],
    [ '../../etc/passwd',                       'application/octet-stream',               qr/^attachment;.*"passwd"/ ],
    [ "\xc3\xa4<script>.txt",                   'text/plain',                             qr/^attachment;.*UTF-8''%C3%A4/i ],
    [ 'x.svg',                                  'image/svg+xml',                          qr/^attachment;/ ],
);
for my $case (@files) {
    my ($name, $type, $disposition) = @$case;
    my $quoted = $name =~ s/(["\\])/\\$1/gr;
    my $r = post_parts([ part([ "Content-Disposition: form-data; name=\"file\"; filename=\"$quoted\"", "Content-Type: $type" ], '<b>x</b>') ],
                       path => "/task/$task/attachment");
    my $file = call('GET', '/attachment/' . (eval { json($r)->{id} } // 'none: ' . $r->as_string));
    ok t_cmp($file->header('Content-Disposition') // $file->as_string, $disposition, $name);
    ok t_cmp($file->header('X-Content-Type-Options') . ' ' . $file->content, 'nosniff <b>x</b>', "$name: not to be guessed");
    call('DELETE', '/attachment/' . json($r)->{id});
}
# Types with a line feed cannot be sent, and what is no type is not sent back.
$r = post_parts([ part([ 'Content-Disposition: form-data; name="file"; filename="a"', "Content-Type: text/plain\x0bX-Evil: 1" ], 'x') ],
                path => "/task/$task/attachment");
my $id = $r->is_success ? json($r)->{id} : undef;
my $evil = $id ? call('GET', "/attachment/$id") : $r;
ok !defined $evil->header('X-Evil');
ok t_cmp($evil->header('Content-Type') // '', qr{^[\w.+-]+/[\w.+-]+(;\s*charset=[\w-]+)?$}, 'a well-formed type');
call('DELETE', "/attachment/$id") if $id;
ok t_cmp(call('PUT', "/task/$task/url", { name => 'n', url => $_ })->code, 400, $_)
    for 'javascript:alert(1)', "http://h/\r\nX: 1", 'data:text/html,x';

ok t_cmp(tables(), $before, 'nothing came, nothing went');
ok t_cmp($server->engine_pid, $engine, 'the same engine');
