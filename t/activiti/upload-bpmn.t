# BPMN files that are refused: every problem is named with file, line, column and element,
# nothing is stored; and files that are sloppy, but taken.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes ();
use WF::Activiti;
use WF::Test;

my $start = '<startEvent id="s"/>';
my $head = '<?xml version="1.0" encoding="UTF-8"?>' . "\n";
my $ns = 'xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t"';
my $key = 'uploadBpmn';
sub file { my ($prolog, $body) = @_; "$head$prolog<definitions $ns>$body</definitions>" }
sub process { "<process id=\"$key\">@_</process>" }

# What this server does not execute is refused by name, never passed over.
my @unsupported = (
    '<adHocSubProcess id="x"/>',
    '<choreographyTask id="x"/>',
    '<userTask id="x"><standardLoopCharacteristics/></userTask>',
    '<serviceTask id="x" activiti:expression="${1}"><extensionElements><activiti:connector/></extensionElements></serviceTask>',
    '<userTask id="x"><extensionElements><activiti:formData/></extensionElements></userTask>',
    '<callActivity id="x" calledElement="y" activiti:caseRef="z"/>',
);

# So is what cannot be executed as it stands.
my @impossible = (
    '<scriptTask id="x"/>',
    '<serviceTask id="x"/>',
    '<serviceTask id="x" activiti:type="fax"/>',
    '<sendTask id="x" activiti:type="mail"/>',
    '<subProcess id="x0"><startEvent id="s2"/><startEvent id="x"/></subProcess>',
    '<intermediateCatchEvent id="x"/>',
    '<intermediateThrowEvent id="x"><linkEventDefinition/></intermediateThrowEvent>',
    '<userTask id="u"/><boundaryEvent id="x" attachedToRef="u"/>',
    '<boundaryEvent id="x" attachedToRef="y"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>',
    '<startEvent id="x"><timerEventDefinition><timeDuration>${later}</timeDuration></timerEventDefinition></startEvent>',
    '<endEvent id="x"><cancelEventDefinition/></endEvent>',
    '<userTask id="x"><multiInstanceLoopCharacteristics/></userTask>',
    '<task id="x"><extensionElements><activiti:executionListener event="start"/></extensionElements></task>',
);

my @refused = (
    # what                           file                                                          message, lines from the top of the file
    [ 'no XML',                      'hello',                                                      qr/^f\.bpmn20\.xml:1:\d+: / ],
    [ 'another document',            "$head<html/>",                                               qr/^f\.bpmn20\.xml:2:\d+: .*definitions/ ],
    [ 'without namespace',           "$head<definitions/>",                                        qr/^f\.bpmn20\.xml:2:/ ],
    [ 'cut off',                     substr(bpmn($key, $start), 0, 300),                           qr/^f\.bpmn20\.xml:\d+:/ ],
    [ 'not UTF-8',                   file('', process($start) . "<!-- \xff -->"),                  qr/^f\.bpmn20\.xml:2:/ ],
    [ 'no process',                  file('', ''),                                                 qr/process/ ],
    [ 'nothing executable',          file('', "<process id=\"$key\" isExecutable=\"false\"/>"),    qr/executable/ ],
    [ 'entities',                    file('<!DOCTYPE definitions [<!ENTITY a "aaa">]>' . "\n", process($start)), qr/^f\.bpmn20\.xml:2:.*entit/ ],
    [ 'a file of the server',        file('<!DOCTYPE definitions [<!ENTITY a SYSTEM "file:///etc/passwd">]>' . "\n", process("$start<documentation>&amp;a;</documentation>")), qr/:2:.*entit/ ],
    [ 'a parameter entity',          file('<!DOCTYPE definitions [<!ENTITY % a SYSTEM "http://127.0.0.1:1/x.dtd">%a;]>' . "\n", process($start)), qr/:2:.*entit/ ],
    [ 'a billion laughs',            file('<!DOCTYPE definitions [<!ENTITY a0 "ha">' . join('', map { '<!ENTITY a' . ($_ + 1) . ' "' . "&a$_;" x 10 . '">' } 0 .. 9) . ']>' . "\n",
                                          process("$start<documentation>&a10;</documentation>")),  qr/:2:.*entit/ ],
    [ 'quadratic blow-up',           file('<!DOCTYPE definitions [<!ENTITY a "' . 'a' x 100000 . '">]>' . "\n", process($start . '&a;' x 1000)), qr/:2:.*entit/ ],
    [ 'deeply nested',               file('', '<x>' x 100000),                                     qr/^f\.bpmn20\.xml:2:/ ],
    [ 'two start events',            bpmn($key, $start, '<startEvent id="s2"/>'),                  qr/^f\.bpmn20\.xml:7:1: .*s2/ ],
    [ 'an unknown element',          bpmn($key, $start, '<userTaks id="u"/>'),                     qr/^f\.bpmn20\.xml:7:1: .*userTaks/ ],
    [ 'an unknown attribute',        bpmn($key, $start, '<userTask id="u" asignee="x"/>'),         qr/:7:1: .*asignee/ ],
    [ 'an id twice',                 bpmn($key, $start, '<task id="s"/>'),                         qr/:7:1: .*\bs\b/ ],
    [ 'an id that is none',          bpmn($key, $start, '<task id="1 2"/>'),                       qr/:7:1: .*1 2/ ],
    [ 'a flow to nowhere',           bpmn($key, $start, 's -> nowhere'),                           qr/:7:1: .*nowhere/ ],
    [ 'a flow without target',       bpmn($key, $start, '<sequenceFlow id="f" sourceRef="s"/>'),   qr/:7:1: .*targetRef/ ],
    [ 'a flow to a flow',            bpmn($key, $start, '<task id="t"/>', 'f: s -> t', 's -> f'),  qr/:9:1: .*"f"/ ],
    [ 'a gateway without flows',     bpmn($key, $start, '<exclusiveGateway id="g"/>', 's -> g'),   qr/:7:1: .*\bg\b/ ],
    [ 'a condition that is alone',   bpmn($key, $start, '<exclusiveGateway id="g"/>', '<task id="t"/>', 's -> g', 'c: g -> t if ${true}'), qr/:10:1: .*\bc\b/ ],
    [ 'a condition by default',      bpmn($key, $start, '<exclusiveGateway id="g" default="c"/>', '<task id="t"/>', 's -> g', 'c: g -> t if ${true}', 'g -> s if ${true}'), qr/:10:1: .*\bc\b/ ],
    [ 'a broken condition',          bpmn($key, $start, '<task id="t"/>', 's -> t if ${a +}'),     qr/:8:\d+: .*a \+/ ],
    [ 'an empty expression',         bpmn($key, $start, '<userTask id="u" activiti:assignee="${}"/>'), qr/:7:1: .*assignee/ ],
    [ 'an unknown function',         bpmn($key, $start, '<userTask id="u" activiti:candidateGroups="a,${f(x)}"/>'), qr/:7:1: .*candidateGroups/ ],
    [ 'both kinds of markers',       bpmn($key, $start, '<userTask id="u" name="${a}#{b}"/>'),     qr/:7:1: .*name/ ],
    [ 'a signal nobody knows',       bpmn($key, $start, '<intermediateCatchEvent id="c"><signalEventDefinition signalRef="nosignal"/></intermediateCatchEvent>'), qr/:7:\d+: .*nosignal/ ],
    [ 'a timer without a time',      bpmn($key, $start, "<intermediateCatchEvent id=\"c\">\n<timerEventDefinition/></intermediateCatchEvent>"), qr/:8:1: .*\bc: .*timeDuration/ ],
    [ 'a signal without a name',     file('', "<signal id=\"g\"/>" . process($start)),               qr/:2:\d+: .*\bg: .*name/ ],
    [ 'a name of two signals',       file('', "<signal id=\"g\" name=\"G\"/>\n<signal id=\"h\" name=\"G\"/>" . process($start)), qr/:3:1: .*\bh: .*line 2/ ],
    [ 'a key that is too long',      bpmn('k' x 300, $start),                                      qr/255/ ],
    [ 'a definition id too long',    bpmn('k' x 63, $start),                                       qr/64/ ],
    [ 'a name that is too long',     file('', "<process id=\"$key\" name=\"" . 'n' x 300 . "\">$start</process>"), qr/255/ ],
    (map { [ 'unsupported: ' . substr($_, 0, 90), bpmn($key, $start, $_), qr/:7:\d+: .*\bx: .*supported/ ] } @unsupported),
    (map { [ 'impossible: ' . substr($_, 0, 90), bpmn($key, $start, $_), qr/:7:\d+: .*\bx: / ] } @impossible),
);

my @accepted = (
    # what                           file
    [ 'an entity of XML itself',     bpmn($key, $start, '<task id="t" name="&lt;&amp;&#x20ac;&#65;"/>') ],
    [ 'a document type',             file("<!DOCTYPE definitions>\n", process($start)) ],
    [ 'comments and instructions',   file("<!-- a --><?b c?>\n", process("$start<!-- <x/> -->")) ],
    [ 'CDATA',                       file('', process("$start<documentation><![CDATA[<&>]]></documentation>")) ],
    [ 'another prefix',              $head . '<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">'
                                     . "<b:process id=\"$key\"><b:startEvent id=\"s\"/></b:process></b:definitions>" ],
    [ 'another encoding',            "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><definitions $ns><process id=\"$key\" name=\"\xfc\">$start</process></definitions>" ],
    [ 'a byte order mark',           "\xef\xbb\xbf" . bpmn($key, $start) ],
    [ 'no start event',              bpmn($key, '<task id="t"/>') ],
    [ 'a task without flows',        bpmn($key, $start, '<userTask id="u"/>') ],
    [ 'lanes, notes and diagrams',   file('', "<process id=\"$key\"><laneSet id=\"l\"><lane id=\"l1\"><flowNodeRef>s</flowNodeRef></lane></laneSet>$start"
                                     . '<textAnnotation id="n"><text>x</text></textAnnotation></process>') ],
    [ 'a receive task',              bpmn($key, $start, '<receiveTask id="r"/>') ],
    [ 'a signal event',              file('', '<signal id="g" name="G"/>' . process("$start<intermediateCatchEvent id=\"c\"><signalEventDefinition signalRef=\"g\"/></intermediateCatchEvent>")) ],
    [ 'extensions of others',        bpmn($key, '<startEvent id="s" xmlns:z="urn:z" z:a="b"><extensionElements><z:c/></extensionElements></startEvent>') ],
);

plan tests => 3 * @refused + 2 * @accepted + 5;

my $before = repository();
my $began = Time::HiRes::time();
for my $case (@refused) {
    my ($what, $file, $message) = @$case;
    my $r = upload('f.bpmn20.xml', $file);
    ok t_cmp($r->code, 400, $what);
    ok t_cmp(message($r), $message, $what);
    ok t_cmp(repository(), $before, "$what: nothing stored");
}
ok Time::HiRes::time() - $began < 60;

# All problems of all files come together, in the order of files and lines.
my $many = bpmn($key, $start, '<startEvent id="s2"/>', '<adHocSubProcess id="x"/>', '<fnord id="y"/>', 's -> nowhere', '<exclusiveGateway id="g"/>');
my $r = upload('f.bar', archive([ 'a.bpmn20.xml', $many ], [ 'z.txt', '' ], [ 'b/c.bpmn20.xml', "$head<x>" ]));
my @lines = split /\n/, message($r);
ok t_cmp(join(' ', map { /^(\S+?:\d+):\d+: \S/ ? $1 : "?$_" } @lines),
         'a.bpmn20.xml:7 a.bpmn20.xml:8 a.bpmn20.xml:9 a.bpmn20.xml:10 a.bpmn20.xml:11 b/c.bpmn20.xml:2', 'all of them');

# A refused upload leaves no gap in the versions.
my $version = 0;
for my $case (@accepted) {
    my ($what, $file) = @$case;
    ok t_cmp(upload('f.bpmn20.xml', $file)->code, 200, $what);
    upload('f.bpmn20.xml', '<x/>');
    ok t_cmp(definition_of($key)->{version}, ++$version, "$what: the next version");
}
ok t_cmp(get_json("/process-definition/$key:6")->{name}, "\x{fc}", 'ISO 8859-1 became UTF-8');
ok t_cmp(upload('f.bpmn20.xml', bpmn('k' x 62, $start))->code, 200, 'the longest id');
$r = call('POST', '/process-instance', { processDefinitionId => "$key:8" });
ok t_cmp($r->code . ' ' . message($r), qr/^500 .*start event/, 'a process that cannot be started');
