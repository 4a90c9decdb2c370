# Pictures of definitions and instances: deployed ones and drawn ones, in the format that is
# asked for, with the activities marked where an instance stands.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# s -> f => a, b; a -> e1, b -> e2: each with a box somewhere.
my @process = ('<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>', 'f -> a', 'f -> b',
               '<userTask id="a" name="first &lt;&amp;&quot; &#xfc;&#x20ac;" activiti:assignee="diagrams"/>', '<userTask id="b" name="second" activiti:assignee="diagrams"/>',
               'a -> e1', 'b -> e2', '<endEvent id="e1"/>', '<endEvent id="e2"/>');
sub with_diagram {
    my ($key) = @_;
    my $x = 0;
    my $shapes = join '', map { $x += 150; "<bpmndi:BPMNShape bpmnElement=\"$_\"><dc:Bounds x=\"$x\" y=\"10\" width=\"100\" height=\"60\"/></bpmndi:BPMNShape>" } qw(s f a b e1 e2);
    my $di = "<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement=\"$key\">$shapes</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>";
    return bpmn($key, @_ > 1 ? @_[1 .. $#_] : @process) =~ s{</definitions>}{$di</definitions>}r
         =~ s{<definitions }{<definitions xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" }r;
}
my $jpeg = "\xff\xd8\xff a picture";
upload('diagrams.zip', archive([ 'd.bpmn', with_diagram('diagrams') ], [ 'd.jpg', $jpeg ]))->is_success or die 'diagrams';
upload('diagramsDrawn.bpmn', with_diagram('diagramsDrawn'))->is_success or die 'diagramsDrawn';
define('diagramsNone', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="diagrams"/>');

my %kind = (png => 'image/png', svg => 'image/svg+xml', jpg => 'image/jpeg');
my %begins = (png => qr/^\x89PNG\r\n\x1a\n/, svg => qr/^<\?xml[^>]*>\s*<svg /, jpg => qr/^\Q$jpeg\E$/);
my @definitions = (
    # definition, query                    status, kind
    [ 'diagrams:1',                        200, 'jpg' ],    # as it was deployed
    [ 'diagrams:1?format=png',             200, 'png' ],    # drawn, because asked for
    [ 'diagrams:1?format=svg',             200, 'svg' ],
    [ 'diagrams:1?format=json',            200, 'jpg' ],    # of an error
    [ 'diagrams:1?format=jpg',             400 ],
    [ 'diagramsDrawn:1',                   200, 'png' ],
    [ 'diagramsDrawn:1?format=png',        200, 'png' ],
    [ 'diagramsDrawn:1?format=svg',        200, 'svg' ],
    [ 'diagramsDrawn:1?format=html',       400 ],
    [ 'diagramsNone:1',                    404 ],
    [ 'diagramsNone:1?format=svg',         404 ],
    [ 'diagramsDrawn:2',                   404 ],
    [ 'diagramsDrawn',                     404 ],
);

plan tests => 3 * @definitions + 40;

for my $case (@definitions) {
    my ($id, $status, $kind) = @$case;
    my $r = call('GET', '/process-definition/' . ($id =~ s{\?|$}{/diagram?}r));
    ok t_cmp($r->code, $status, $id);
    ok $kind ? t_cmp($r->header('Content-Type'), $kind{$kind}, "$id: type") : t_cmp(message($r), qr/\w/, "$id: the error");
    ok $kind ? t_cmp($r->content, $begins{$kind}, "$id: what it is") : 1;
}
ok t_cmp([ map { get_json("/process-definition/$_:1")->{graphicNotationDefined} ? 'yes' : 'no' } qw(diagrams diagramsDrawn diagramsNone) ], [ 'yes', 'yes', 'no' ],
         'what can be drawn');

# ---- instances -----------------------------------------------------------------------------
sub svg { call('GET', "/process-instance/$_[0]/diagram?format=svg")->content }
sub marked { my $svg = svg(shift); join ' ', sort $svg =~ /<g class="[^"]*\bwf-active\b[^"]*" data-element="([^"]+)"/g }
my $i = start('diagramsDrawn:1')->{id};
ok t_cmp(marked($i), 'a b', 'both branches');
my %task = map { $_->{name} => $_->{id} } tasks_of($i, 'assignee=diagrams');
complete($task{second});
ok t_cmp(marked($i), 'a', 'one is left');
my $svg = svg($i);
ok t_cmp($svg, qr/first &lt;&amp;/, 'names are escaped');
ok $svg !~ /first <&/;
utf8::decode($svg);
ok t_cmp($svg, qr/\x{fc}\x{20ac}/, 'and UTF-8');
ok $svg !~ /<script|javascript:|\bon\w+=/i;
my $png = call('GET', "/process-instance/$i/diagram");
ok t_cmp($png->header('Content-Type'), 'image/png', 'PNG by default');
ok t_cmp($png->content, $begins{png}, 'which it is');
ok t_cmp(join('; ', map { $png->header($_) // '-' } qw(X-Content-Type-Options Content-Security-Policy Cache-Control Content-Disposition)), 'nosniff; sandbox; no-cache; -', 'headers');
ok t_cmp(call('GET', "/processInstance/$i/diagram")->content, $png->content, 'the name of early releases');
ok $png->content ne call('GET', '/process-definition/diagramsDrawn:1/diagram')->content;
(my $last) = grep { $_ != $task{second} } values %task;
complete($last);
ok t_cmp(marked($i), '', 'an ended instance has no marks');
ok t_cmp(call('GET', "/process-instance/$i/diagram")->code, 200, 'but a picture');

# The deployed picture shows no marks, so an instance is drawn.
my $other = start('diagrams:1')->{id};
ok t_cmp(call('GET', "/process-instance/$other/diagram")->header('Content-Type'), 'image/png', 'drawn beside a deployed picture');
ok t_cmp(marked($other), 'a b', 'with marks');

# Nothing to draw; ids of nothing and of something else; formats; callers.
my $none = start('diagramsNone:1')->{id};
my $r = call('GET', "/process-instance/$none/diagram");
ok t_cmp($r->code, 404, 'no diagram in the file');
ok t_cmp(message($r), qr/diagram/, 'which the message says');
my $task = (tasks_of($none, 'assignee=diagrams'))[0]{id};
for my $path ('process-instance', 'processInstance') {
    ok t_cmp(call('GET', "/$path/$_/diagram")->code, 404, "$path '$_'") for 0, 'x', 999999999, "0$i", $task, 'diagramsDrawn:1';
}
ok t_cmp(call('GET', "/process-instance/$other/diagram?format=$_")->code, $_ eq 'json' ? 200 : 400, "format $_") for 'json', 'html', 'gif', 'PNG', 'svg/x';
ok t_cmp(call('GET', "/process-instance/$other/diagram", undef, user => 'fozzie')->code, 200, 'a user');
ok t_cmp(call('GET', "/process-instance/$other/diagram", undef, user => undef)->code, 401, 'nobody');
ok t_cmp(call('GET', '/process-definition/diagramsDrawn:1/diagram', undef, user => undef)->code, 401, 'nobody, of a definition');
ok t_cmp(call('HEAD', "/process-instance/$other/diagram")->content, '', 'HEAD');
call('DELETE', "/process-instance/$other");
ok t_cmp(marked($other), '', 'a deleted instance, as history has it');
