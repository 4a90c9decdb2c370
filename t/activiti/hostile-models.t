# Models that would take all memory, or all time: each ends with a message that says why,
# within bounds, and other clients are served meanwhile by the same engine.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(time);
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant {
    LATENCY => 10 * WF::Test::SLOW,      # seconds that another client may wait on a busy machine
    MEMORY  => $ENV{WF_UNDER} ? 8192 : 1536,    # MiB of the engine at its worst; sanitizers keep what is freed
};

my $server = WF::Server->new(extra => "WorkflowMaxInstances 20000\nWorkflowMaxSteps 1000000\nWorkflowCommandTimeout ${\(12 * WF::Test::SLOW)}")->start;
my $engine = $server->engine_pid;
my $other = define('other', '<startEvent id="s"/>', 's -> e', '<endEvent id="e"/>');

sub expression { "<serviceTask id=\"x\" activiti:expression=\"\${$_[0]}\"/>" }
sub script { "<scriptTask id=\"x\" scriptFormat=\"javascript\"><script><![CDATA[$_[0]]]></script></scriptTask>" }
sub rounds { my ($n, $how) = @_; '<multiInstanceLoopCharacteristics' . ($how // '') . "><loopCardinality>$n</loopCardinality></multiInstanceLoopCharacteristics>" }
sub inside { my ($id, $what) = @_; "<subProcess id=\"$id\"><startEvent id=\"s$id\"/><sequenceFlow id=\"f$id\" sourceRef=\"s$id\" targetRef=\"$what\"/>" }
my @line = ('<startEvent id="s"/>', '<userTask id="t"/>', 's -> x', 'x -> t');
my @loop = ('<startEvent id="s"/>', '<exclusiveGateway id="g"/>', '<userTask id="t"/>', 's -> g', 'x -> g', 'g -> t if ${false}', 'g -> x if ${true}');

my @cases = (    # what, message, variables, elements
    [ 'texts that double',           qr/a text longer than 16 MiB/,                { s => 'a' x 16 }, @loop, expression("execution.setVariable('s', s.concat(s))") ],
    [ 'a text replaced by itself',   qr/a text longer than 16 MiB/,                { s => 'a' x 100_000 }, @loop, expression("s.replaceAll('a', s)") ],
    [ 'a list that doubles',         qr/more than 128 MiB|more than 256 MiB/,      { l => [1] }, @loop, expression('l.addAll(l)') ],
    [ 'lists within lists',          qr/more than 128 MiB|more than 256 MiB|nested deeper/, { l => [1], m => [1] }, @loop, expression('l.add(m) and m.add(l)') ],
    [ 'many large variables',        qr/values of more than 256 MiB/,              {}, @loop, script('execution.setVariable("v" + Math.random(), "x".repeat(16000000))') ],
    [ 'one variable, again and again', qr/values of more than 256 MiB/,            { n => 0 }, @loop, script('n = n + 1; execution.setVariable("n", n); execution.setVariable("v", n + "x".repeat(16000000))') ],
    [ 'a script without end',        qr/ran longer than/,                          {}, @line, script('for (;;);') ],
    [ 'slow scripts without end',    qr/WorkflowCommandTimeout|ran longer than/,   {}, @loop, script('var t = Date.now(); while (Date.now() - t < 100);') ],
    [ 'steps without end',           qr/WorkflowCommandTimeout|more than 1000000 steps/, {}, @loop, '<task id="x"/>' ],
    [ 'tokens that fork',            qr/WorkflowCommandTimeout|more than 1000000 steps/, {}, '<startEvent id="s"/>', '<parallelGateway id="g"/>', '<exclusiveGateway id="h"/>', 's -> h', 'h -> g', 'g -> h', 'twice: g -> h' ],
    [ 'a billion instances',         qr/1000000000 instances.* at most 20000/,    {}, '<startEvent id="s"/>', '<userTask id="t">' . rounds(1_000_000_000) . '</userTask>', 's -> t' ],
    [ 'loops within loops',          qr/in one call; at most 20000/,           {}, '<startEvent id="s"/>', inside('a', 'b') . inside('b', 't') . '<userTask id="t">' . rounds(1000) . '</userTask>' . rounds(1000) . '</subProcess>' . rounds(1000) . '</subProcess>', 's -> a' ],
    [ 'the same, one by one',        qr/in one call; at most 20000/,           {}, '<startEvent id="s"/>', inside('a', 't') . '<task id="t">' . rounds(10_000, ' isSequential="true"') . '</task>' . rounds(10_000, ' isSequential="true"') . '</subProcess>', 's -> a' ],
    [ 'calls of itself',             qr/in one call; at most 20000/,           {}, '<startEvent id="s"/>', '<callActivity id="x" calledElement="KEY">' . rounds(100) . '</callActivity>', 's -> x' ],
    [ 'a signal that throws itself', qr/WorkflowCommandTimeout|more than 1000000 steps/, {}, '<startEvent id="s"/>', '<startEvent id="s2"><signalEventDefinition signalRef="again"/></startEvent>', '<endEvent id="e"><signalEventDefinition signalRef="again"/></endEvent>', 's -> e', 's2 -> e' ],
);

plan tests => 3 * @cases + 1;

# The engine's largest size since it was asked to forget it, in MiB.
sub forget_peak { open my $out, '>', "/proc/$engine/clear_refs" or return; print $out "5\n" }
sub peak {
    open my $in, '<', "/proc/$engine/status" or return 'none';
    local $/;
    return <$in> =~ /VmHWM:\s+(\d+)/ ? int($1 / 1024) : 'none';
}

my $n = 0;
for my $case (@cases) {
    my ($what, $message, $variables, @elements) = @$case;
    my $key = 'hostile' . ++$n;
    my $file = bpmn($key, map { s/KEY/$key/gr } @elements) =~ s{<process}{<signal id="again" name="$key"/>\n<process}r;
    my $r = upload("$key.bpmn20.xml", $file);
    $r->is_success or die $r->as_string;
    my $definition = demo_id($key);

    forget_peak();
    # The first client tells its answer; the others start something else until then.
    my $over = "$server->{dir}/over$n";
    my ($answer, $worst) = in_parallel(2, sub {
        if (!shift) {
            my $r = call('POST', '/process-instance', { processDefinitionId => $definition, %$variables });
            open my $out, '>', $over or die $!;
            return $r->code . ' ' . message($r);
        }
        my ($worst, $began) = (0, time);
        while (!-e $over && time - $began < 60) {
            my $sent = time;
            my $r = call('POST', '/process-instance', { processDefinitionId => $other });
            return 'another client got ' . $r->as_string unless $r->is_success;
            $worst = time - $sent if time - $sent > $worst;
        }
        return $worst;
    });
    ok t_cmp($answer, qr/^500 .*$message/, "$what: why it ends");
    ok $worst =~ /^[\d.e-]+$/ && $worst < LATENCY or t_debug("$what: others waited: $worst");
    my $peak = peak();
    ok $peak =~ /^\d+$/ && $peak < MEMORY or t_debug("$what: $peak MiB");
    print "# $what: others waited $worst s at most, the engine had $peak MiB\n";
}
ok t_cmp($server->engine_pid, $engine, 'the same engine');
