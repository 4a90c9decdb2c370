# Uploads that are refused: wrong names, wrong forms, broken bodies, too much. Each leaves the
# store as it was.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $xml = bpmn('uploadRefused', '<startEvent id="s"/>');
my $b = 'AaB03x';
my $file = part('name="deployment"; filename="x.bpmn20.xml"', $xml);
my $end = "--$b--\r\n";
my $form = "multipart/form-data; boundary=$b";

my @names = (    # file names that cannot be deployed
    'x.BPMN20.XML', 'x.BPMN', 'x.bpmn20', 'x.xml', 'x.bpmn20.xml.txt', 'x.Zip', 'x.bar ', 'xzip', 'x.bar/', 'x', '.', '..', ' ', 'x.exe',
);

my @forms = (
    # what                              parts                                                        message, status if not 400
    [ 'no file part',                   [ part('name="success"', 's') ],                             qr/'deployment'/ ],
    [ 'another field name',             [ $file =~ s/"deployment"/"file"/r ],                        qr/'deployment'/ ],
    [ 'another case',                   [ $file =~ s/"deployment"/"Deployment"/r ],                  qr/'deployment'/ ],
    [ 'a text field',                   [ part('name="deployment"', $xml) ],                         qr/'deployment'/ ],
    [ 'an empty file name',             [ $file =~ s/"x\.bpmn20\.xml"/""/r ],                        qr/'deployment'/ ],
    [ 'a file name of controls',        [ $file =~ s/x\.bpmn/x\x01.bpmn/r ],                         qr/file name/ ],
    [ 'a file name that is no UTF-8',   [ $file =~ s/x\.bpmn/\xff.bpmn/r ],                          qr/file name/ ],
    [ 'an endless file name',           [ $file =~ s/x\.bpmn/'x' x 300 . '.bpmn'/er ],               qr/file name/ ],
    [ 'the file twice',                 [ $file, $file ],                                            qr/'deployment'.*twice/ ],
    [ 'an empty file',                  [ part('name="deployment"; filename="x.bpmn20.xml"', '') ],  qr/'x\.bpmn20\.xml' is empty/ ],
    [ 'an empty archive',               [ part('name="deployment"; filename="x.bar"', '') ],         qr/'x\.bar' is empty/ ],
    [ 'XML called an archive',          [ part('name="deployment"; filename="x.zip"', $xml) ],       qr/zip/ ],
    [ 'an archive called XML',          [ part('name="deployment"; filename="x.bpmn20.xml"', archive([ 'a.txt', 'a' ])) ], qr/x\.bpmn20\.xml:1/ ],
    [ 'no headers',                     [ "\r\n$xml\r\n" ],                                          qr/part 1/ ],
    [ 'no Content-Disposition',         [ part([ 'Content-Type: text/xml' ], $xml) ],                qr/part 1/ ],
    [ 'no name',                        [ part('filename="x.bpmn20.xml"', $xml) ],                   qr/part 1/ ],
    [ 'an empty name',                  [ part('name=""; filename="x.bpmn20.xml"', $xml) ],          qr/part 1/ ],
    [ 'two names',                      [ $file =~ s/name=/name="a"; name=/r ],                      qr/part 1/ ],
    [ 'two Content-Dispositions',       [ part([ ('Content-Disposition: form-data; name="deployment"; filename="x.bar"') x 2 ], $xml) ], qr/part 1/ ],
    [ 'an attachment',                  [ $file =~ s/form-data/attachment/r ],                       qr/part 1/ ],
    [ 'an unclosed quote',              [ $file =~ s/filename="x\.bpmn20\.xml"/filename="x.bpmn20.xml/r ], qr/part 1/ ],
    [ 'a header without colon',         [ part([ 'Content-Disposition: form-data; name="deployment"; filename="x.bpmn20.xml"', 'hello' ], $xml) ], qr/part 1/ ],
    [ 'base64',                         [ part([ 'Content-Disposition: form-data; name="deployment"; filename="x.bpmn20.xml"',
                                                 'Content-Transfer-Encoding: base64' ], 'PGEvPg==') ], qr/base64/ ],
    [ 'endless headers',                [ part([ 'X-Long: ' . 'x' x 5000, 'Content-Disposition: form-data; name="deployment"; filename="x.bpmn20.xml"' ], $xml) ], qr/part 1/, 413 ],
    [ 'too many parts',                 [ (map { part("name=\"f$_\"", '') } 1 .. 100), $file ],      qr/64/, 413 ],
    [ 'an endless callback',            [ part('name="success"', 's' x 2000), $file ],               qr/'success'/ ],
);

my @wires = (
    # what                             Content-Type                              body
    [ 'no type',                       undef,                                    "--$b\r\n$file$end" ],
    [ 'JSON',                          'application/json',                       '{}' ],
    [ 'a plain form',                  'application/x-www-form-urlencoded',      'deployment=x.bpmn20.xml' ],
    [ 'another multipart',             "multipart/mixed; boundary=$b",           "--$b\r\n$file$end" ],
    [ 'no boundary',                   'multipart/form-data',                    "--$b\r\n$file$end" ],
    [ 'an empty boundary',             'multipart/form-data; boundary=',         "--\r\n$file----\r\n" ],
    [ 'a long boundary',               'multipart/form-data; boundary=' . 'x' x 71, '--' . 'x' x 71 . "\r\n$file--" . 'x' x 71 . "--\r\n" ],
    [ 'a boundary of controls',        "multipart/form-data; boundary=\"a\x01b\"", "--a\x01b\r\n$file--a\x01b--\r\n" ],
    [ 'an unclosed boundary',          "multipart/form-data; boundary=\"$b",     "--$b\r\n$file$end" ],
    [ 'two boundaries',                "$form; boundary=other",                  "--$b\r\n$file$end" ],
    [ 'an empty body',                 $form,                                    '' ],
    [ 'another boundary in the body',  $form,                                    "--other\r\n$file--other--\r\n" ],
    [ 'nothing but the end',           $form,                                    $end ],
    [ 'no end',                        $form,                                    "--$b\r\n$file" ],
    [ 'half an end',                   $form,                                    "--$b\r\n$file--$b-" ],
    [ 'cut off in the file',           $form,                                    substr("--$b\r\n$file", 0, -20) ],
    [ 'cut off in the headers',        $form,                                    "--$b\r\nContent-Disposition: form-da" ],
    [ 'lines without CR',              $form,                                    "--$b\r\n$file$end" =~ s/\r//gr ],
    [ 'text behind a boundary',        $form,                                    "--$b\r\n$file--$b hello\r\n$end" ],
    [ 'not a form at all',             $form,                                    "\0\xff" x 1000 ],
);

my @pages = (
    # path, fields                                                     status, answer, file name if not x.exe
    [ '/deployment.html', {},                                          400, qr/<!DOCTYPE html>.*must end in/s ],
    [ '/deployment.html', { failure => 'parent.failed' },              200, qr/^<html><script type="text\/javascript">parent\.failed\('.*must end in.*'\);<\/script><\/html>$/ ],
    [ '/deployment.html?failure=query.failed', {},                     200, qr/>query\.failed\('/ ],
    [ '/deployment.html?failure=query.failed', { failure => 'f' },     200, qr/>f\('/ ],
    [ '/deployment.html', { success => 's' },                          400, qr/<!DOCTYPE html>/ ],
    [ '/deployment', { failure => 'parent.failed' },                   400, qr/^\{.*must end in/ ],
    [ '/deployment', { failure => 'alert(1);' },                       400, qr/^\{.*must end in/ ],
    # Nobody may put a script of his own into the page, with whatever upload.
    map { [ '/deployment.html', { success => $_ }, 400, qr/<!DOCTYPE html>.*'success'/s, 'x.bpmn20.xml' ],
          [ '/deployment.html', { failure => $_ }, 400, qr/<!DOCTYPE html>.*'failure'/s, 'x.bpmn20.xml' ] }
        'alert(1);x', 'a b', '<b>', 'a</script>', "a\nb", 'a=b', 'a,b', 'a+b', 'a`b`', 'a\\u0041', "\xc3\xbc", 'a/*', "a\0b",
);

plan tests => 2 * @names + 3 * @forms + 2 * @wires + 3 * @pages + 18;

my $before = repository();

for my $name (@names) {
    my $r = upload($name, $xml);
    ok t_cmp($r->code, 400, "file '$name'");
    ok t_cmp(message($r), qr/\.bpmn20\.xml, \.bpmn, \.dmn, \.bar or \.zip|must be a file with a name/, "file '$name'");
}
for my $case (@forms) {
    my ($what, $parts, $message, $status) = @$case;
    my $r = post_parts($parts, boundary => $b);
    ok t_cmp($r->code, $status // 400, $what);
    ok t_cmp(message($r), $message, $what);
    ok t_cmp(repository(), $before, "$what: nothing stored");
}
for my $case (@wires) {
    my ($what, $type, $body) = @$case;
    my $r = call('POST', '/deployment', $body, headers => { 'Content-Type' => $type });
    ok t_cmp($r->code, 400, $what);
    ok t_cmp(message($r), qr/\w/, $what);
}
for my $case (@pages) {
    my ($path, $fields, $status, $answer, $name) = @$case;
    my $r = upload($name // 'x.exe', $xml, path => $path, fields => $fields);
    my $what = join ' ', $path, map { "$_=$fields->{$_}" } sort keys %$fields;
    ok t_cmp($r->code, $status, $what);
    ok t_cmp($r->content =~ s/\s+$//r, $answer, $what);
    ok $r->content !~ /alert\(1\);x|<\/script>.*<\/script>/;
}
# The form is read to its end: a callback may stand behind the file that is refused.
my $callback = part('name="failure"', 'f');
my @behind = (    # what                      parts before the callback                                      message in the page
    [ 'a wrong file name',                    [ part('name="deployment"; filename="x.exe"', $xml) ],           qr/must end in/ ],
    [ 'no file chosen',                       [ part('name="deployment"; filename=""', '') ],                  qr/must be a file/ ],
    [ 'the file twice',                       [ $file, $file ],                                                qr/twice/ ],
    [ 'another callback, endless',            [ $file, part('name="success"', 's' x 2000) ],                   qr/longer than/ ],
    [ 'no file',                              [ part('name="other"', 'x') ],                                   qr/no file field/ ],
    [ 'a file with faults',                   [ part('name="deployment"; filename="x.bpmn20.xml"', '<x') ],    qr/x\.bpmn20\.xml:1/ ],
);
for my $case (@behind) {
    my ($what, $parts, $message) = @$case;
    my $r = post_parts([ @$parts, $callback ], boundary => $b, path => '/deployment.html');
    ok t_cmp($r->code . ' ' . $r->content, qr/^200 <html><script type="text\/javascript">f\('.*$message.*'\);<\/script><\/html>/, "$what, then a callback");
}
my $r = post_parts([ $file, part('name="failure"', 'f' x 2000) ], boundary => $b, path => '/deployment.html');
ok t_cmp($r->code . ' ' . $r->content, qr/^400 <!DOCTYPE html>.*'failure'.*longer than/s, 'a callback cut off is none');

# A message in a page is a JavaScript string that cannot be left.
$r = upload("'\"\\</script>.exe", $xml, path => '/deployment.html', fields => { failure => 'f' });
ok t_cmp($r->content, qr/^<html><script type="text\/javascript">f\('((?:[^'\\<]|\\.)*)'\);<\/script><\/html>/, 'escaped');

# Too much, announced and not announced.
my $big = $xml . '<!--' . 'x' x (1 << 20) . '-->';
$r = upload('x.bpmn20.xml', $big);
ok t_cmp($r->code, 413, 'more than WorkflowMaxUpload');
ok t_cmp(message($r), qr/WorkflowMaxUpload.* 1048576 /, 'which says so');
my $head = "POST /activiti-rest/service/deployment HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: $form\r\n"
         . "Authorization: Basic a2VybWl0Omtlcm1pdA==\r\n";
my $body = "--$b\r\n" . part('name="deployment"; filename="x.bpmn20.xml"', $big) . $end;
my $chunks = join '', map { sprintf("%x\r\n", length) . "$_\r\n" } ($body =~ /(.{1,50000})/gs), '';
ok t_cmp(raw("${head}Transfer-Encoding: chunked\r\n\r\n$chunks"), qr/^HTTP\/1.1 413 /, 'in chunks');
ok t_cmp(raw("${head}Content-Length: 99999999999999999999999\r\n\r\n"), qr/^HTTP\/1.1 4\d\d /, 'a length beyond all numbers');
ok t_cmp(raw("${head}Content-Length: -5\r\n\r\n"), qr/^HTTP\/1.1 400 /, 'a negative one');
ok t_cmp(raw("${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"), qr/^HTTP\/1.1 400 /, 'broken chunks');

# Clients that go away in the middle.
raw("${head}Content-Length: 5000\r\n\r\n--$b\r\n$file", 'hang up');
raw("${head}Transfer-Encoding: chunked\r\n\r\n1000\r\n--$b\r\n$file", 'hang up');
raw("${head}Content-Length: 5000\r\n\r\n", 'hang up');
ok t_cmp(call('GET', '/process-engine')->code, 200, 'the server is well');

ok t_cmp(repository(), $before, 'nothing of all this is stored');
ok t_cmp(definition_of('uploadRefused'), undef, 'no definition');
ok t_cmp(upload('x.bpmn20.xml', $xml)->code, 200, 'the same file, well sent');
