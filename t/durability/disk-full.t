# The disk with the store, the log and the socket of the engine is full, again and again while
# clients work: commands say so, reads go on, nobody crashes. What was acknowledged is there and
# nothing is there by half, when there is room it goes on by itself; also if the engine was killed
# or httpd restarted meanwhile.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use WF::SmallDisk;
use Apache::Test;
use Apache::TestUtil;
use POSIX ();
use Time::HiRes qw(sleep);
use WF::Server;
use WF::Test;

use constant { CLIENTS => 4, REFUSALS => 40, MORE => 40 };

my $why_not = WF::SmallDisk::reason();
my @rounds = (
    # while it is full                       what
    [ 'nothing else',                        sub { } ],
    [ 'a restart of httpd',                  sub { shift->graceful } ],
    [ 'another configuration',               sub { my $s = shift; $s->{extra} .= "\nWorkflowMaxSteps 5000"; $s->write_config->graceful } ],
    [ 'the engine is killed',                sub { kill KILL => shift->engine_pid } ],
    [ 'nothing else, once more',             sub { } ],
);
plan tests => 11 * @rounds + 8, $why_not ? skip_reason($why_not) : ();

# Nothing is refused before it is full.
my $server = WF::Server->new(extra => "WorkflowMinFreeDisk 0\nWorkflowCommandTimeout 5");
my $disk = WF::SmallDisk->new($server->file('engine'), '96m');
$server->start;
deploy('marked.bpmn20.xml');

# Each client notes what it was told, one line an answer.
sub client {
    my $n = shift;
    open my $notes, '>', $server->file("client-$n") or die $!;
    $notes->autoflush(1);
    for (my $round = 1; !-e $server->file('enough'); $round++) {
        my $marker = "m-$n-$round";
        my $r = call('POST', '/process-instance', { processDefinitionId => 'marked:1', marker => $marker, much => 'x' x 3000 });
        my ($why) = $r->content =~ /"message":"([^"]*)/;
        print $notes "start\t$marker\t", $r->code, "\t", $r->code == 200 ? '' : $why // $r->content =~ s/\s+/ /gr, "\n";
        sleep 0.02;
        next unless $r->code == 200;
        my ($task) = grep { $_->{name} eq $marker } @{ get_json('/tasks?assignee=kermit&size=100000&sort=id&order=desc')->{data} };
        print $notes "lost\t$marker\t0\t\n" unless $task;
        $r = complete($task->{id}) if $task;
        ($why) = $r->content =~ /"message":"([^"]*)/;
        print $notes "complete\t$marker\t", $r->code, "\t", $r->code == 200 ? '' : $why // $r->content =~ s/\s+/ /gr, "\n" if $task;
    }
}

my %running;
END { local $?; kill TERM => keys %running if %running }
for my $n (1 .. CLIENTS) {
    my $pid = fork // die $!;
    if (!$pid) { eval { client($n); 1 } or $server->spew("died-$n", $@); POSIX::_exit(0) }
    $running{$pid} = 1;
}

# 1 if something becomes true in time.
sub soon { my $code = shift; return (wait_until { $code->() } 60) ? 1 : 0 }

sub notes { map { [ split /\t/, $_, -1 ] } map { split /\n/, $server->slurp("client-$_") } 1 .. CLIENTS }
sub answers { my $code = shift; scalar grep { $_->[2] == $code } notes() }
sub lines { my $pattern = shift; my $n = () = $server->slurp('engine/engine.log') =~ /$pattern/g; $n }

for my $round (@rounds) {
    my ($what, $do) = @$round;
    my ($yes, $no) = map { answers($_) } 200, 503;
    ok t_cmp(soon(sub { answers(200) > $yes + MORE }), 1, "$what: before it is full");
    my ($pid, $httpd) = ($server->engine_pid, $server->{pid});
    $disk->leave(0);
    ok t_cmp(soon(sub { answers(503) > $no + REFUSALS / 4 }), 1, "$what: commands fail");
    my $reason = '';
    my $told = soon(sub { my $r = call('GET', '/ready'); $r->code == 503 && ($reason = json($r)->{reason}) =~ /disk of the store is full/ });
    ok t_cmp($told, 1, "$what: not ready, and why: $reason");
    $do->($server);
    my $now = answers(503);
    soon(sub { answers(503) > $now + REFUSALS });
    ok t_cmp(call('GET', '/tasks?assignee=kermit')->code, 200, "$what: reads go on");
    ok t_cmp(call('GET', '/health')->code, 200, "$what: httpd lives");
    ok t_cmp(call('GET', '/api/v1/executions')->code, 200, "$what: with both faces");
    ok t_cmp($server->pid, $httpd, "$what: it is the same");
    ok t_cmp(($server->engine_pid // 0) == $pid, $what !~ /killed/, "$what: and so is the engine, unless it was killed");
    my $before = answers(200);
    $disk->empty;
    ok t_cmp(!!$server->wait_ready, 1, "$what: ready when there is room");
    ok t_cmp(soon(sub { answers(200) > $before + MORE }), 1, "$what: and work goes on");
    ok t_cmp($server->unsound, '', "$what: the store is sound");
}
$server->spew('enough', '');
waitpid $_, 0 for keys %running;
%running = ();
ok t_cmp(join('', map { $server->slurp("died-$_") } 1 .. CLIENTS), '', 'no client has seen anything else');

my (%told, @lost, %codes, %messages);
for (notes()) {
    my ($what, $marker, $code, $why) = @$_;
    $what eq 'lost' ? push @lost, $marker : ($told{$marker}{$what} = $code);
    $codes{$code}++;
    $messages{ $why =~ s/\d+/N/gr }++ if $code != 200 && $what ne 'lost';
}
ok t_cmp("@lost", '', 'a started instance is there at once');
ok t_cmp(join(' ', sort grep { !/^(200|503)$/ } keys %codes), '', 'answers are yes, or no for now');
ok t_cmp(join("\n", grep { !/the disk of the store is full|the engine .*(not|broke|gone|connection)|may have taken effect/ } sort keys %messages), '', 'and say why');
t_debug("$messages{$_} $_") for sort keys %messages;

my %stored = map { my ($marker, @n) = split /\|/; ($marker => \@n) } $server->rows('SELECT NAME_, COUNT(*), SUM(END_TIME_ > 0) FROM ACT_HI_TASKINST GROUP BY NAME_');
my (@missing, @twice, @undone, @early);
for my $marker (keys %told) {
    my ($t, $s) = ($told{$marker}, $stored{$marker} // [ 0, 0 ]);
    push @missing, $marker if $t->{start} == 200 && !$s->[0];
    push @twice, $marker if $s->[0] > 1;
    push @undone, $marker if ($t->{complete} // 0) == 200 && !$s->[1];
}
ok t_cmp("@missing", '', 'every acknowledged start is there');
ok t_cmp("@twice", '', 'none is there twice');
ok t_cmp("@undone", '', 'every acknowledged completion is there');
ok t_cmp(lines(qr/:error\]/) <= 3 * @rounds, 1, 'the log has a few lines of it');
