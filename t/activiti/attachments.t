# Files and links attached to tasks: uploaded, listed with their task, downloaded as what
# they are and never shown in place, deleted.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $definition = define('attachments', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="attachments"/>');
my $instance = start($definition)->{id};
my ($task) = map { $_->{id} } tasks_of($instance, 'assignee=attachments');
my $own = json(call('PUT', '/task', { taskName => 'own' }))->{id};
sub attach {    # a multipart form with these parts
    my ($parts, %opt) = @_;
    my $body = join '', (map { "--edge\r\n$_" } @$parts), "--edge--\r\n";
    return call($opt{method} // 'PUT', '/task/' . ($opt{task} // $task) . '/attachment', $body, user => $opt{user} // 'kermit',
                headers => { 'Content-Type' => 'multipart/form-data; boundary=edge' });
}
sub file { my ($name, $bytes, $type) = @_; part([ "Content-Disposition: form-data; name=\"file\"; filename=\"$name\"", $type ? "Content-Type: $type" : () ], $bytes) }
sub field { my ($name, $text) = @_; part("name=\"$name\"", $text) }
sub link_to { my ($body, %opt) = @_; call('PUT', '/task/' . ($opt{task} // $task) . '/url', $body) }
sub listed { my ($t) = @_; get_json("/task/$t")->{attachmentList} }
sub counts { join ' ', map { value_of("SELECT COUNT(*) FROM $_") } qw(ACT_HI_ATTACHMENT ACT_GE_BYTEARRAY) }

my $bytes = "\x89PNG\r\n\0\xff--edge-\r\n-- <script>";
my @files = (
    # parts                                                            name, description, type          type and name of the download
    [ [ file('a.png', $bytes, 'image/png') ],                          'a.png - image/png',             'image/png', 'a.png' ],
    [ [ file('a.png', $bytes) ],                                       'a.png - -',                     'application/octet-stream', 'a.png' ],
    [ [ file('C:\dir\b.txt', $bytes, 'text/plain') ],                  'b.txt - text/plain',            'text/plain', 'b.txt' ],
    [ [ file('../../etc/passwd', $bytes, 'text/plain') ],              'passwd - text/plain',           'text/plain', 'passwd' ],
    [ [ field('name', 'Receipt'), field('description', 'of the taxi'), field('type', 'image/gif'), file('x', $bytes, 'image/png') ],
                                                                       'Receipt of the taxi image/gif', 'image/gif', 'Receipt' ],
    [ [ file('x', $bytes, 'image/png'), field('name', ''), field('type', '') ], 'x - image/png',        'image/png', 'x' ],
    [ [ file("\xc3\xbc\xe2\x82\xac.txt", $bytes, 'text/plain;charset=UTF-8') ], "\x{fc}\x{20ac}.txt - text/plain;charset=UTF-8", 'text/plain;charset=UTF-8', undef ],
    [ [ field('other', 'x'), file('a.html', '<script>alert(1)</script>', 'text/html') ], 'a.html - text/html', 'text/html', 'a.html' ],
    # A type that is none goes into no header.
    [ [ file('a', $bytes), field('type', 'web page') ],                'a - web page',                  'application/octet-stream', 'a' ],
    [ [ file('a', $bytes), field('type', "text/html\r\nSet-Cookie: a=b") ], "a - text/html\r\nSet-Cookie: a=b", 'application/octet-stream', 'a' ],
    [ [ file('a', $bytes), field('type', "text/\xc3\xbc") ],           "a - text/\x{fc}",               'application/octet-stream', 'a' ],
    [ [ file('a', $bytes), field('name', 'a"b\c.txt'), field('type', '/') ], 'a"b\c.txt - /',           'application/octet-stream', undef ],
    [ [ file('a', $bytes), field('name', "x\r\nSet-Cookie: a=b") ],    "x\r\nSet-Cookie: a=b - -",      'application/octet-stream', undef ],
    [ [ file('empty', '', 'text/plain') ],                             'empty - text/plain',            'text/plain', 'empty' ],
);
my @refused = (
    # parts                                                            status message
    [ [],                                                              400, qr/'file'/ ],
    [ [ field('name', 'x') ],                                          400, qr/'file'/ ],
    [ [ field('file', 'text') ],                                       400, qr/'file'/ ],
    [ [ file('', 'x') ],                                               400, qr/'file'/ ],
    [ [ file('a', 'x'), file('b', 'y') ],                              400, qr/'file'.*twice/ ],
    [ [ field('name', 'a'), field('name', 'b'), file('a', 'x') ],      400, qr/'name'.*twice/ ],
    [ [ field('name', 'n' x 256), file('a', 'x') ],                    400, qr/'name'.*255/ ],
    [ [ field('description', 'n' x 4001), file('a', 'x') ],            400, qr/'description'.*4000/ ],
    [ [ field('name', "a\0b"), file('a', 'x') ],                       400, qr/'name'/ ],
    [ [ field('description', "\xff"), file('a', 'x') ],                400, qr/'description'/ ],
    [ [ file("a\x01", 'x') ],                                          400, qr/file name/ ],
    [ [ file('big', 'x' x (1 << 20)) ],                                413, qr/WorkflowMaxUpload/ ],
);
my @links = (
    # url                                          status
    [ 'http://example.org',                        200 ],
    [ 'https://example.org/a?b=c&d#e',             200 ],
    [ 'HTTPS://example.org/%20',                   200 ],
    [ 'ftp://example.org/x',                       200 ],
    [ 'mailto:kermit@example.org',                 200 ],
    [ "http://example.org/\x{fc}\x{20ac}",         200 ],
    [ 'http://' . 'x' x 3993,                      200 ],
    [ 'http://' . 'x' x 3994,                      400 ],
    [ 'javascript:alert(1)',                       400 ],
    [ 'JavaScript://x%0aalert(1)',                 400 ],
    [ ' javascript:alert(1)',                      400 ],
    [ "java\tscript:alert(1)",                     400 ],
    [ 'data:text/html,<script>alert(1)</script>',  400 ],
    [ 'vbscript:x',                                400 ],
    [ 'file:///etc/passwd',                        400 ],
    [ '//example.org',                             400 ],
    [ '/relative',                                 400 ],
    [ 'example.org',                               400 ],
    [ 'http://',                                   400 ],
    [ 'mailto:',                                   400 ],
    [ "http://example.org/\r\nx",                  400 ],
    [ 'http://example.org/"><script>',             400 ],
    [ '',                                          400 ],
    [ undef,                                       400 ],
    [ [ 'http://example.org' ],                    400 ],
);

plan tests => 6 * @files + 3 * @refused + 2 * @links + 46;

for my $case (@files) {
    my ($parts, $said, $type, $name) = @$case;
    my $r = attach($parts);
    my $what = substr($said, 0, 30) =~ s/[^ -~]/?/gr;
    ok t_cmp($r->code, 200, "attach $what");
    my $a = json($r);
    ok t_cmp(join(' ', map { $_ // '-' } @$a{qw(name description type)}), $said, $what);
    ok t_cmp(listed($task)->[-1], $a, "$what: in the list of its task");
    $r = call('GET', "/attachment/$a->{id}");
    my ($content) = map { /\r\n\r\n(.*)\r\n$/s } grep { /filename=/ } @$parts;
    ok $r->code == 200 && $r->content eq $content && ($r->header('Set-Cookie') // '') eq '' or t_debug($r->as_string);
    ok t_cmp($r->header('Content-Type'), $type, "$what: type");
    ok t_cmp($r->header('Content-Disposition') . '; ' . $r->header('X-Content-Type-Options'),
             $name ? "attachment; filename=\"$name\"; nosniff" : qr/^attachment; filename=".*; nosniff$/, "$what: a download");
}
my $before = counts();
for my $case (@refused) {
    my ($parts, $status, $message) = @$case;
    my $r = attach($parts);
    ok t_cmp($r->code, $status, "$message");
    ok t_cmp(message($r), $message, "$message");
    ok t_cmp(counts(), $before, 'nothing stored');
}
for my $case (@links) {
    my ($url, $status) = @$case;
    my $r = link_to({ url => $url, name => 'a link' });
    my $what = defined $url ? substr($url, 0, 40) =~ s/[^ -~]/?/gr : 'none';
    ok t_cmp($r->code, $status, "link to $what");
    ok $status == 200 ? t_cmp(json($r)->{url}, $url, $what) : t_cmp(message($r), qr/'url'/, $what);
}

# Members: ids are strings; a link is shown, not fetched.
my $a = json(attach([ file('a.txt', 'abc', 'text/plain') ], user => 'fozzie'));
ok t_cmp($a, { id => $a->{id}, name => 'a.txt', description => undef, type => 'text/plain', taskId => "$task", processInstanceId => $instance, url => undef });
ok t_cmp(call('GET', "/attachment/$a->{id}")->content, 'abc', 'content');
ok t_cmp(value_of("SELECT USER_ID_ FROM ACT_HI_ATTACHMENT WHERE ID_ = $a->{id}"), 'fozzie', 'whose it is');
my $r = link_to({ url => 'http://example.org/', name => "n\x{fc}", description => 'd', type => 'web page' });
my $link = json($r);
ok t_cmp($link, { id => $link->{id}, name => "n\x{fc}", description => 'd', type => 'web page', taskId => "$task", processInstanceId => $instance, url => 'http://example.org/' });
$r = call('GET', "/attachment/$link->{id}");
ok t_cmp($r->header('Content-Type'), 'application/json;charset=UTF-8', 'a link is JSON');
ok t_cmp(json($r), $link, 'with the same members');
ok !defined $r->header('Location');
ok t_cmp(json(link_to({ url => 'http://example.org/x' }))->{name}, 'http://example.org/x', 'without a name it has its address');
ok t_cmp(json(link_to({ url => 'http://' . "\x{20ac}" x 1000 }))->{name}, 'http://' . "\x{20ac}" x 82, 'cut between characters');
ok t_cmp(link_to({ url => 'http://x/', name => [] })->code, 400, 'a name that is none');
ok t_cmp(link_to({ url => 'http://x/', name => 'n' x 256 })->code, 400, 'a long name');
ok t_cmp(link_to({ url => 'http://x/', description => 'n' x 4001 })->code, 400, 'a long description');
ok t_cmp(link_to('[]')->code, 400, 'no object');

# POST for HTML forms; the other way to say PUT.
ok t_cmp(attach([ file('p.txt', 'x') ], method => 'POST')->code, 200, 'POST');
$r = call('POST', "/task/$task/url", { url => 'http://x/' }, headers => { 'X-HTTP-Method-Override' => 'PUT' });
ok t_cmp($r->code, 200, 'a tunnelled PUT');

# A task without a process; several in the order they came.
my @ids = map { json(attach([ file($_, $_) ], task => $own))->{id} } 'one', 'two';
push @ids, json(link_to({ url => 'http://three/', name => 'three' }, task => $own))->{id};
ok t_cmp([ map { $_->{name} } @{ listed($own) } ], [ 'one', 'two', 'three' ], 'in their order');
ok t_cmp(listed($own)->[0]{processInstanceId}, undef, 'no instance');
ok t_cmp(scalar(grep { $_->{taskId} ne $task } @{ listed($task) }), 0, 'each task has its own');

# Wrong kinds of bodies, tasks and ids.
ok t_cmp(call('PUT', "/task/$task/attachment", { name => 'x' })->code, 400, 'JSON is no form');
ok t_cmp(call('PUT', "/task/$task/url", "--x--\r\n", headers => { 'Content-Type' => 'multipart/form-data; boundary=x' })->code, 400, 'a form is no JSON');
for my $unknown (0, 'x', 999999999, $instance, $a->{id}) {
    ok t_cmp(attach([ file('a', 'x') ], task => $unknown)->code, 404, "a file for task '$unknown'");
    ok t_cmp(link_to({ url => 'http://x/' }, task => $unknown)->code, 404, "a link for task '$unknown'");
    next if $unknown eq $a->{id};
    ok t_cmp(call('GET', "/attachment/$unknown")->code, 404, "attachment '$unknown'");
    ok t_cmp(call('DELETE', "/attachment/$unknown")->code, 404, "attachment '$unknown' to delete");
}
ok t_cmp(call('GET', "/attachment/$a->{id}", undef, user => undef)->code, 401, 'without credentials');

# Deleting: the row and the bytes. Ended tasks keep theirs, which can still be read and deleted.
$before = counts();
my $extra = json(attach([ file('extra', 'x') ]))->{id};
$r = call('DELETE', "/attachment/$extra", undef, user => 'gonzo');
ok t_cmp($r->content, '{"success":true}', 'delete');
ok t_cmp(counts(), $before, 'nothing is left of it');
ok t_cmp(call($_, "/attachment/$extra")->code, 404, "$_ of one that is gone") for 'GET', 'DELETE';
complete($own);
ok t_cmp(call('GET', "/attachment/$ids[0]")->content, 'one', 'after the end of the task');
ok t_cmp(attach([ file('a', 'x') ], task => $own)->code, 404, 'but none can be added');
ok t_cmp(call('DELETE', "/attachment/$ids[0]")->code, 200, 'but deleted');
