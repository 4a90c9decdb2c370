# Uploads that are taken: file names, aliases, form fields in any order, the page with the
# callbacks, and what a form may look like on the wire.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $xml = bpmn('upload', '<startEvent id="s"/>');

my @names = (
    # filename parameter as sent             name of deployment and resource
    [ 'filename="upload.bpmn20.xml"',        'upload.bpmn20.xml' ],
    [ 'filename=upload.bpmn20.xml',          'upload.bpmn20.xml' ],
    [ 'filename="C:\Users\kermit\upload.bpmn20.xml"', 'upload.bpmn20.xml' ],
    [ 'filename="/home/kermit/upload.bpmn20.xml"', 'upload.bpmn20.xml' ],
    [ 'filename="../../upload.bpmn20.xml"',  'upload.bpmn20.xml' ],
    [ 'filename="two words.bpmn20.xml"',     'two words.bpmn20.xml' ],
    [ "filename=\"\xc3\xbc\xe2\x82\xac.bpmn20.xml\"", "\x{fc}\x{20ac}.bpmn20.xml" ],
    [ 'filename="a%22b.bpmn20.xml"',         'a"b.bpmn20.xml' ],
    [ 'filename="a\"b.bpmn20.xml"',          'a"b.bpmn20.xml' ],
    [ 'filename="a;b=c.bpmn20.xml"',         'a;b=c.bpmn20.xml' ],
    [ 'filename="a?b&c#d%20.bpmn20.xml"',    'a?b&c#d%20.bpmn20.xml' ],
    [ 'FileName="upload.bpmn20.xml"',        'upload.bpmn20.xml' ],
    [ 'filename="upload.bpmn"',              'upload.bpmn' ],
);

my $b = 'AaB03x';
my $file = part('name="deployment"; filename="upload.bpmn20.xml"', $xml);
my $field = part('name="success"', 'done');
my @wires = (
    # what                             Content-Type's parameter  body
    [ 'preamble and epilogue',         "boundary=$b",            "hello\r\n--AaB03\r\n--$b\r\n$file--$b--\r\nbye\r\n--$b\r\n" ],
    [ 'no line break at the end',      "boundary=$b",            "--$b\r\n$file--$b--" ],
    [ 'blanks behind the boundaries',  "boundary=$b",            "--$b  \t\r\n$file--$b-- \r\n" ],
    [ 'boundary in quotes',            'boundary="a b:c=?"',     "--a b:c=?\r\n$file--a b:c=?--\r\n" ],
    [ 'the longest boundary',          'boundary=' . 'x' x 70,   '--' . 'x' x 70 . "\r\n$file--" . 'x' x 70 . "--\r\n" ],
    [ 'parameters around',             "charset=UTF-8; Boundary=$b; x=y", "--$b\r\n$file--$b--\r\n" ],
    [ 'the file first',                "boundary=$b",            "--$b\r\n$file--$b\r\n$field--$b--\r\n" ],
    [ 'the file last',                 "boundary=$b",            "--$b\r\n$field--$b\r\n$file--$b--\r\n" ],
    [ 'other fields and files',        "boundary=$b",            join('', "--$b\r\n$file", map { "--$b\r\n" . part("name=\"$_\"; filename=\"x\"", $_) } 1 .. 20) . "--$b--\r\n" ],
    [ 'headers of all kinds',          "boundary=$b",            "--$b\r\n" . part([ 'X-a: b', 'CONTENT-TYPE: text/xml', 'content-transfer-encoding: BINARY',
                                                                     'content-disposition:form-data;name=deployment;  filename=upload.bpmn20.xml ;' ], $xml) . "--$b--\r\n" ],
);
# The file's bytes are anything, also what looks like an end.
my @contents = map { $xml . "<?bytes $_ ?>" } "--$b--", "\r\n-- $b", "\r\n--AaB03", "\r\n-", "\r\r\n\r\n--\r\n--A", "\r\n" x 3000, 'x' x 70000;

my $json = 'application/json;charset=UTF-8';
my $html = 'text/html;charset=UTF-8';
# "success" for clients of Activiti 5.0, the deployment for those of 5.10.
my $done = qr/^\{"success":true,"id":"[1-9]\d*","name":"upload\.bpmn20\.xml","deploymentTime":"[^"]+"\}$/;
my @answers = (
    # path                                      fields                                 content type, answer
    [ '/deployment',                            {},                                    $json, $done ],
    [ '/deployment.json',                       {},                                    $json, $done ],
    [ '/deployments',                           {},                                    $json, $done ],
    [ '/deployment?format=json',                { success => 'done' },                 $json, $done ],
    [ '/deployment?failure=f',                  { failure => 'g' },                    $json, $done ],
    [ '/deployment.html',                       {},                                    $html, '' ],
    [ '/deployment?format=html',                { success => '' },                     $html, '' ],
    [ '/deployments?format=html',               { success => 'done' },                 $html, 'done();' ],
    [ '/deployment.html',                       { success => 'parent.uploadDone' },    $html, 'parent.uploadDone();' ],
    [ '/deployment.html?success=query.done',    {},                                    $html, 'query.done();' ],
    [ '/deployment.html?success=query.done',    { success => 'field.done' },           $html, 'field.done();' ],
    [ '/deployment.html?success=query.done',    { success => '' },                     $html, 'query.done();' ],
    [ '/deployment.html',                       { success => 's', failure => 'f' },    $html, 's();' ],
    [ '/deployment.html',                       { success => q(top.App.registry.get('x').onDone) }, $html, q(top.App.registry.get('x').onDone();) ],
    [ '/deployment.html',                       { success => q(a["b-1"]._$) },         $html, q(a["b-1"]._$();) ],
);

plan tests => 3 * @names + 2 * @wires + 2 * @contents + 3 * @answers + 3;

sub newest { get_json('/process-definitions?sort=deploymentTime&order=desc&size=1')->{data}[0] }
sub deployed { value_of('SELECT COUNT(*) FROM ACT_RE_DEPLOYMENT') }

for my $case (@names) {
    my ($parameter, $name) = @$case;
    ok t_cmp(post_parts([ part("name=\"deployment\"; $parameter", $xml) ])->code, 200, $parameter);
    my $row = get_json('/deployments?sort=id&order=desc&size=1')->{data}[0];
    ok t_cmp($row->{name}, $name, "$parameter: the deployment");
    my ($definition) = grep { $_->{deploymentId} eq $row->{id} } @{ get_json('/process-definitions?size=10000')->{data} };
    ok t_cmp($definition->{resourceName}, $name, "$parameter: the resource");
}
for my $case (@wires) {
    my ($what, $parameter, $body) = @$case;
    my $before = deployed();
    my $r = call('POST', '/deployment', $body, headers => { 'Content-Type' => "multipart/form-data; $parameter" });
    ok t_cmp($r->code, 200, $what);
    ok t_cmp(deployed(), $before + 1, "$what: one deployment");
}
for my $content (@contents) {
    my $what = substr $content, length $xml, 30;
    ok t_cmp(post_parts([ part('name="deployment"; filename="bytes.bpmn20.xml"', $content) ], boundary => $b)->code, 200, $what);
    my $r = call('GET', '/deployment/' . newest()->{deploymentId} . '/resource/bytes.bpmn20.xml');
    ok $r->content eq $content;
}
for my $case (@answers) {
    my ($path, $fields, $type, $answer) = @$case;
    my $r = upload('upload.bpmn20.xml', $xml, path => $path, fields => $fields);
    my $what = join ' ', $path, map { "$_=$fields->{$_}" } sort keys %$fields;
    ok t_cmp($r->code, 200, $what);
    ok t_cmp($r->header('Content-Type'), $type, $what);
    ok t_cmp($r->content =~ s/\s+$//r, $type eq $json ? $answer : "<html><script type=\"text/javascript\">$answer</script></html>", $what);
}

# A client that waits for permission to send gets it; one without rights need not send.
my $head = "Host: x\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=$b\r\nExpect: 100-continue\r\n"
         . 'Content-Length: ' . length("--$b\r\n$file--$b--\r\n") . "\r\n";
my $kermit = "Authorization: Basic a2VybWl0Omtlcm1pdA==\r\n";
ok t_cmp(raw("POST /activiti-rest/service/deployment HTTP/1.1\r\n$head$kermit\r\n--$b\r\n$file--$b--\r\n"),
         qr/^HTTP\/1.1 (100 Continue\r\n.*)?200 OK/s, '100 and 200');
ok t_cmp(raw("POST /activiti-rest/service/deployment HTTP/1.1\r\n$head\r\n"), qr/^HTTP\/1.1 401 /, '401 at once');
# Three bytes at a time are as good.
my $chunks = join '', map { sprintf("%x\r\n", length) . "$_\r\n" } ("--$b\r\n$file--$b--\r\n" =~ /(.{1,3})/gs), '';
ok t_cmp(raw("POST /activiti-rest/service/deployment HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${kermit}Transfer-Encoding: chunked\r\n"
           . "Content-Type: multipart/form-data; boundary=$b\r\n\r\n$chunks"), qr/^HTTP\/1.1 200 /, 'in small chunks');
