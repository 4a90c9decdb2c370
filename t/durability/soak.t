# Clients of both faces work for a while (WF_MINUTES: longer) on what they make, and delete it again;
# others ask for what is wrong; children of httpd end after a few connections. Once it has
# warmed up nothing grows: memory, descriptors, threads, the store, its write-ahead log, processes.
#
# Growth is judged over what was done, not over time: a sample is taken whenever the clients have
# written so much in their books, and the last third of them is compared with the third before.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use LWP::UserAgent;
use Time::HiRes qw(sleep time);
use WF::Activiti;
use WF::Ledger;
use WF::Server;
use WF::Target;
use WF::Test;
use WF::WebSocket;

use constant { SAMPLES => 15, NOTES => 5_000, WALKS => 10, KEPT => 10, PATIENCE => 120 };
my $minutes = $ENV{WF_MINUTES} // 0;
my $ends = time + 60 * $minutes;
# What may be more in the end: noise, not growth; in a short run, whose thirds are few seconds, only
# what would be much. The log grows until a checkpoint finds nobody reading. KiB, but for numbers.
my %slack = $minutes ? (memory => 3072, store => 2048, log => 40_000, descriptors => 12, threads => 8, processes => 4)
                     : (memory => 12_288, store => 12_288, log => 40_000, descriptors => 80, threads => 8, processes => 16);

my $target = WF::Target->new;
my $server = WF::Server->new(extra => <<"END")->start;
MaxConnectionsPerChild 40
WorkflowExecutionsKept ${\KEPT}
WorkflowIdempotencyLimit 50
WorkflowMaxBody 65536
END
my $ledger = WF::Ledger->new($server);

# ---- clients ------------------------------------------------------------------------------------

my @chain = ('<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:assignee="kermit"/>', 't -> a',
    '<scriptTask id="a" activiti:async="true" scriptFormat="juel"><script>${execution.setVariable("n", n + 1)}</script></scriptTask>', 'a -> l',
    '<intermediateCatchEvent id="l"><timerEventDefinition><timeDuration>PT0.1S</timeDuration></timerEventDefinition></intermediateCatchEvent>', 'l -> e', '<endEvent id="e"/>');

# A definition of a client's own; and away with it and all of its history.
sub deploy_own {
    my ($book, $turn, @elements) = @_;
    my $r = upload("soak$$.bpmn20.xml", bpmn("soak$$", @elements));
    $book->note(deploy => "$$-$turn", WF::Ledger::told($r));
    return $r->is_success && definition_of("soak$$");
}
sub forget { my ($book, $turn, $definition) = @_; $book->step(delete => "$turn-$$", DELETE => "/deployment/$definition->{deploymentId}?cascade=true") }

# Some instances to their end.
sub walks {
    my ($book, $turn) = @_;
    my $definition = deploy_own($book, $turn, @chain) or return;
    my @instances = map { start($definition->{id}, { n => $_, text => 'x' x (100 * $_) })->{id} } 1 .. WALKS;
    for my $instance (@instances) {
        my ($task) = @{ get_json("/process-instance/$instance/tasks")->{data} };
        $book->step(complete => "$turn-$instance", PUT => "/task/$task->{id}/complete", { told => $turn });
    }
    my $last;
    wait_until { $last = call('GET', "/process-instance/$instances[-1]"); $last->is_success && json($last)->{endTime} } PATIENCE;
    forget($book, $turn, $definition);
}

sub asks {
    my ($book, $turn) = @_;
    for my $path ('/tasks?assignee=kermit', '/process-definitions', '/process-instances', '/deployments?size=3', '/management/tables', '/users', '/api/v1/executions', '/ready', '/health') {
        $book->step(ask => "$turn$path", GET => $path);
    }
}

# Whom nobody knows, and what nobody understands.
sub errs {
    my ($book, $turn) = @_;
    my @wrong = ([ 401, GET => '/tasks', undef, user => 'kermit', password => 'wrong' ], [ 400, POST => '/process-instance', '{"processDefinitionId":' ],
        [ 404, GET => '/task/999999999' ], [ 413, POST => '/process-instance', { text => 'x' x 70_000 } ], [ 404, GET => '/none/at/all' ], [ 405, PATCH => '/process-engine' ],
        [ 400, POST => '/api/v1/workflows', { yaml => 'steps: [' } ], [ 404, GET => '/api/v1/executions/none' ]);
    for my $i (0 .. $#wrong) {
        my ($expected, @call) = @{ $wrong[$i] };
        my $code = call(@call)->code;
        $book->note(err => "$turn-$i", $code == $expected ? 'yes' : "no:$code, not $expected");
    }
}

# Runs that are followed to their end.
sub loads {
    my ($book, $turn) = @_;
    my $r = $book->step(load => $turn, POST => '/api/v1/workflows', { workflow => workflow([ http_step(s => $target->url('/s')) ], { mode => 'shared-iterations', vus => 4, iterations => 100 }) });
    my $id = $r->is_success ? json($r)->{execution_id} : return;
    my $ws = WF::WebSocket->new("/api/v1/executions/$id/ws");
    1 while $ws->json;
    $book->note(follow => $turn, finished($id)->{status} eq 'completed' ? 'yes' : 'no');
}

sub insists {
    my ($book, $turn) = @_;
    my $definition = deploy_own($book, $turn, '<startEvent id="s"/>', 's -> t', '<userTask id="t"/>') or return;
    for my $n (1 .. 2 * WALKS) {
        my $r = $book->insist(keyed => "$$-$turn-$n", POST => '/process-instance', { processDefinitionId => $definition->{id} });
        $book->step(cancel => "$turn-$n", DELETE => '/process-instance/' . json($r)->{id}) if $r->is_success;
    }
    forget($book, $turn, $definition);
}

# A connection for each request: one that is kept may be closed just as it is used.
sub apart { my $client = shift; sub { WF::Test::agent()->conn_cache(undef); $client->(@_) } }

# ---- samples ----------------------------------------------------------------------------------------

# Of one process: memory of its own, descriptors, threads.
sub size_of {
    my $pid = shift;
    my $kib = 0;
    open my $in, '<', "/proc/$pid/smaps_rollup" or return;
    local $_;
    /^Private_(?:Clean|Dirty):\s+(\d+)/ and $kib += $1 while <$in>;
    return (memory => $kib, descriptors => scalar(() = glob "/proc/$pid/fd/*"), threads => scalar(() = glob "/proc/$pid/task/*"));
}
sub kib { int((-s $server->file("engine/$_[0]") // 0) / 1024) }

sub sample {
    my %engine = size_of($server->engine_pid // 0);
    my %httpd = size_of($server->{pid});
    my %sample = (store => kib('workflow.db'), log => kib('workflow.db-wal'), processes => scalar(() = $server->pids));
    # What the engine has of the store in memory is no more than the store.
    $engine{memory} -= $sample{store} if %engine;
    $sample{"engine's $_"} = $engine{$_} for keys %engine;
    $sample{"httpd's $_"} = $httpd{$_} for keys %httpd;
    return \%sample;
}

sub is_dead { my $pid = shift; open my $in, '<', "/proc/$pid/stat" or return 0; (<$in> // '') =~ /^\d+ \(.*\) Z/ }
sub median { my @all = sort { $a <=> $b } @_; $all[ @all / 2 ] }

# ---- the run --------------------------------------------------------------------------------------------

plan tests => 7;

my ($engine, @samples) = $server->engine_pid;
$ledger->client("$_->[0]-$_->[1]" => apart($_->[2])) for [ walker => 1, \&walks ], [ walker => 2, \&walks ], [ asker => 1, \&asks ], [ errant => 1, \&errs ], [ loader => 1, \&loads ], [ insister => 1, \&insists ];
my $written = 0;
while (@samples < SAMPLES || time < $ends) {
    wait_until { $ledger->extent >= $written + NOTES } PATIENCE or last;
    $written = $ledger->extent;
    push @samples, sample();
}
$ledger->end;

my $third = int(@samples / 3);
my (@growth, @figures);
for my $name (sort keys %{ $samples[-1] // {} }) {
    my ($early, $late) = map { my $from = $_; median(map { $_->{$name} // 0 } @samples[ $from .. $from + $third - 1 ]) } @samples - 2 * $third, @samples - $third;
    push @figures, "$name $early $late";
    push @growth, "$name: $early, then $late" if $late > $early + $slack{ $name =~ s/.* //r };
}
my $done = $ledger->figures;
print "# ", scalar(@samples), " samples: ", join('; ', @figures), "\n";
print "# ", join(', ', map { my $kind = $_; map { "$kind $_ $done->{$kind}{$_}" } sort keys %{ $done->{$kind} } } sort keys %$done), "\n";

ok t_cmp(scalar(@samples) >= SAMPLES, 1, 'they got on');
ok t_cmp(join("\n", @growth), '', 'nothing grows') or print STDERR map { "# $_\n" } @growth;
ok t_cmp($ledger->refused, '', 'nothing was refused that is right, and all that is wrong was');
ok t_cmp($server->engine_pid, $engine, 'the engine is the same process');
ok wait_until { !grep { is_dead($_) } $server->pids };    # whoever ended is buried, by httpd once a second
ok t_cmp($server->unsound, '', 'the store is sound');
ok $server->stop;
