# Archives: what their entries become, and which archives are refused, the lying ones
# included. A refused archive leaves the store as it was.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use WF::Activiti;
use WF::Test;

sub process { my $key = shift; bpmn($key, '<startEvent id="s"/>') }
my $mib = 1 << 20;
my $zeros = "\0" x (33 * $mib);
my $packed_zeros = WF::Activiti::deflate($zeros);
my $part = "\0" x (30 * $mib);
my @good = ([ 'a.txt', 'a' ]);
my $zip = archive(@good);

my @refused = (
    # what                          bytes                                                          status message
    [ 'not a zip',                  'hello' x 100,                                                 400, qr/zip/ ],
    [ 'cut off',                    substr($zip, 0, -10),                                          400, qr/zip/ ],
    [ 'only the directory',         substr($zip, 32),                                              400, qr/zip/ ],
    [ 'no entries',                 archive(),                                                     400, qr/no files|zip/ ],
    [ 'only folders',               archive([ 'a/', '', method => 0 ], [ 'a/b/', '', method => 0 ]), 400, qr/no files/ ],
    [ 'a name upwards',             archive(@good, [ '../x', 'x' ]),                               400, qr{'\.\./x'} ],
    [ 'a name upwards inside',      archive([ 'a/../../x', 'x' ]),                                 400, qr{'a/\.\./\.\./x'} ],
    [ 'a name upwards at the end',  archive([ 'a/..', 'x' ]),                                      400, qr{'a/\.\.'} ],
    [ 'an absolute name',           archive([ '/etc/passwd', 'x' ]),                               400, qr{'/etc/passwd'} ],
    [ 'an absolute name, Windows',  archive([ 'C:/x', 'x' ]),                                      400, qr{'C:/x'} ],
    [ 'a drive',                    archive([ 'c:x', 'x' ]),                                       400, qr{'c:x'} ],
    [ 'backslashes',                archive([ '..\\x', 'x' ]),                                     400, qr{'\.\.\\x'} ],
    [ 'a dot',                      archive([ './x', 'x' ]),                                       400, qr{'\./x'} ],
    [ 'an empty segment',           archive([ 'a//x', 'x' ]),                                      400, qr{'a//x'} ],
    [ 'an empty name',              archive([ '', 'x' ]),                                          400, qr/name/ ],
    [ 'an endless name',            archive([ 'x' x 300, 'x' ]),                                   400, qr/name/ ],
    [ 'a name that is no UTF-8',    archive([ "\xff\xfe", 'x', flags => 0x800 ]),                  400, qr/./ ],
    [ 'a name with a line break',   archive([ "a\r\nb", 'x' ]),                                    400, qr/name/ ],
    [ 'the same name twice',        archive([ 'x', '1' ], [ 'x', '2' ]),                           400, qr/exists|twice/ ],
    [ 'a symbolic link',            archive([ 'x', '/etc/passwd', mode => 0120777 ]),              400, qr/'x'.*symbolic/ ],
    [ 'an encrypted entry',         archive([ 'x', 'x', flags => 1 ]),                             400, qr/'x'/ ],
    [ 'an unknown method',          archive([ 'x', 'x', method => 98 ]),                           400, qr/'x'/ ],
    [ 'a wrong checksum',           archive([ 'x', 'x', crc => 1 ]),                               400, qr/'x'.*damaged/ ],
    [ 'broken packing',             archive([ 'x', 'x', packed => "\xff" x 20 ]),                  400, qr/'x'.*damaged/ ],
    [ 'shorter than it says',       archive([ 'x', 'x', size => 100 ]),                            400, qr/'x'.*damaged/ ],
    [ 'longer than it says',        archive([ 'x', $zeros, packed => $packed_zeros, size => 10 ]), 400, qr/'x'.*damaged/ ],
    [ 'a large entry',              archive([ 'x', $zeros, packed => $packed_zeros ]),             413, qr/'x'.*WorkflowMaxArchiveRatio/ ],
    [ 'large in all',               archive(map { [ "x$_", $part ] } 1 .. 3),                      413, qr/'x1'.*WorkflowMaxArchiveRatio/ ],
    [ 'too many entries',           archive(map { [ "x$_", '', method => 0 ] } 1 .. 1001),         413, qr/1001.*1000.*WorkflowMaxArchiveEntries/ ],
    [ 'one process is broken',      archive([ 'a.bpmn20.xml', process('archiveA') ], [ 'dir/b.bpmn20.xml', '<x/>' ]), 400, qr{^dir/b\.bpmn20\.xml:1:} ],
    [ 'all are broken',             archive([ 'a.bpmn20.xml', '<x/>' ], [ 'b.bpmn20.xml', "\n<y>" ]), 400, qr/^a\.bpmn20\.xml:1:.*^b\.bpmn20\.xml:2:/ms ],
);

plan tests => 3 * @refused + 26;

my $before = repository();
for my $case (@refused) {
    my ($what, $bytes, $status, $message) = @$case;
    my $r = upload('refused.bar', $bytes);
    ok t_cmp($r->code, $status, $what);
    ok t_cmp(message($r), $message, $what);
    ok t_cmp(repository(), $before, "$what: nothing stored");
}

# An archive of the zip program, with folders, forms, pictures and several processes.
my $dir = tempdir(CLEANUP => 1);
my %files = (
    'org/x/archiveOne.bpmn20.xml'   => process('archiveOne'),
    'org/x/archiveOne.png'          => "\x89PNG\r\n\x1a\n\0\0",
    'org/x/archiveOne.jpg'          => "\xff\xd8\xff",
    'archive two.bpmn20.xml'        => process('archiveTwo'),
    'archive two.archiveTwo.svg'    => '<svg xmlns="http://www.w3.org/2000/svg"/>',
    'forms/a form.form'             => "<p>\${a}</p>\r\n",
    "forms/\xc3\xbc.txt"            => "\xfe\xff",
    'empty.txt'                     => '',
    '.hidden'                       => 'x',
    'unpacked_bpmn20.xml'           => process('archiveThree'),
    'later.bpmn'                    => process('archiveFour'),
    'no.bpmn20.xml.bak'             => 'no XML at all',
);
for my $name (keys %files) {
    my ($folder) = $name =~ m{^(.*)/};
    make_path("$dir/$folder") if $folder;
    open my $out, '>:raw', "$dir/$name" or die "$name: $!";
    print $out $files{$name};
}
make_path("$dir/empty folder");
system("cd '$dir' && zip -qr ../archive-$$.bar .") == 0 or die 'zip';
open my $in, '<:raw', "$dir/../archive-$$.bar" or die $!;
my $bar = do { local $/; <$in> };
unlink "$dir/../archive-$$.bar";

ok t_cmp(upload('archive.bar', $bar)->code, 200, 'an ordinary archive');
my ($row) = @{ get_json('/deployments?sort=id&order=desc&size=1')->{data} };
ok t_cmp($row->{name}, 'archive.bar', 'the deployment is called like the file');
my @resources = map { utf8::encode(my $n = $_->{NAME_}); $n } stored("SELECT NAME_ FROM ACT_GE_BYTEARRAY WHERE DEPLOYMENT_ID_ = $row->{id}");
ok t_cmp(join('|', sort @resources), join('|', sort keys %files), 'every file and no folder');
for my $name (sort keys %files) {
    my $path = join '/', map { s/([^\w.])/sprintf '%%%02X', ord $1/ger } split m{/}, $name;
    ok call('GET', "/deployment/$row->{id}/resource/$path")->content eq $files{$name} or t_debug("resource $name");
}
my %definitions = map { $_->{key} => $_ } grep { $_->{deploymentId} eq $row->{id} } @{ get_json('/process-definitions?size=10000')->{data} };
ok t_cmp(join(' ', sort keys %definitions), 'archiveFour archiveOne archiveThree archiveTwo', 'the processes');
ok t_cmp($definitions{archiveOne}{resourceName}, 'org/x/archiveOne.bpmn20.xml', 'the full name of the resource');
my %diagrams = map { $_->{KEY_} => $_->{DGRM_RESOURCE_NAME_} } stored("SELECT * FROM ACT_RE_PROCDEF WHERE DEPLOYMENT_ID_ = $row->{id}");
ok t_cmp($diagrams{archiveOne}, 'org/x/archiveOne.png', 'a picture beside a process, png first');
ok t_cmp($diagrams{archiveTwo}, 'archive two.archiveTwo.svg', 'a picture with the key in its name');
ok t_cmp($diagrams{archiveThree}, undef, 'no picture');

# Without any process there is just a deployment.
ok t_cmp(upload('forms.zip', archive([ 'a.form', 'x' ], [ 'b/', '', method => 0 ]))->code, 200, 'a zip without processes');
($row) = @{ get_json('/deployments?sort=id&order=desc&size=1')->{data} };
ok t_cmp($row->{name}, 'forms.zip', 'is a deployment');
ok t_cmp(call('GET', "/deployment/$row->{id}/resource/a.form")->content, 'x', 'with resources');
ok t_cmp(upload('many.zip', archive(map { [ "x$_", 'y', method => 0 ] } 1 .. 1000))->code, 200, 'a thousand entries');

# Several processes in a file, and one key in two files: versions in the order of the files.
my $two = process('archiveFive') =~ s{(<process id=")archiveFive(".*?</process>)}{$1archiveFive$2$1archiveSix$2}sr;
$two =~ s/id="s"(?=.*archiveSix)/id="t"/s;
ok t_cmp(upload('five.zip', archive([ 'a.bpmn20.xml', $two ], [ 'b.bpmn20.xml', process('archiveFive') ]))->code, 200, 'three processes');
ok t_cmp(definition_of('archiveFive')->{version} . definition_of('archiveSix')->{version}, '21', 'their versions');
