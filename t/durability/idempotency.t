# Clients that repeat their requests with an Idempotency-Key until they get a yes, while the
# engine and httpd's children are killed at random instants: each effect is there exactly once,
# also at the server that a delegate calls.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use POSIX ();
use Time::HiRes qw(sleep time);
use WF::Activiti;
use WF::Server;
use WF::Target;
use WF::Test;

use constant { CLIENTS => 6, ROUNDS => 20, ENGINES => 4, CHILDREN => 4, PATIENCE => 120 };
my $seed = $ENV{WF_SEED} // time ^ $$;
srand $seed;
print "# WF_SEED=$seed\n";    # which instants; not how the processes ran

plan tests => 13;

my $target = WF::Target->new('/effect' => {});
my ($there) = $target->url('') =~ m{//([^/]+)};
my $server = WF::Server->new(extra => "WorkflowHttpTask On\nWorkflowTargets $there")->start;
my $definition = define('onceMore', '<startEvent id="s"/>', 's -> h',
    '<serviceTask id="h" activiti:type="http"><extensionElements><activiti:field name="requestMethod" stringValue="POST"/>'
    . '<activiti:field name="requestUrl" expression="' . $target->url('/effect') . '?m=${marker}"/></extensionElements></serviceTask>',
    'h -> t', '<userTask id="t" name="${marker}" activiti:assignee="kermit"/>');

# Again and again with its key until it is done; how often it was sent, and what came of it.
sub insist {
    my ($key, $method, $path, $body) = @_;
    my $until = time + PATIENCE;
    my ($r, %codes);
    for (;;) {
        $r = call($method, $path, $body, headers => { 'Idempotency-Key' => $key });
        $codes{ $r->code }++;
        last if $r->is_success || time > $until;
        sleep 0.05;
    }
    return ($r, join ',', map { "$_*$codes{$_}" } sort keys %codes);
}

# One line a step in a file of the client's own: what, marker, id, codes.
sub client {
    my $n = shift;
    open my $notes, '>', $server->file("client-$n") or die $!;
    $notes->autoflush(1);
    for my $round (1 .. ROUNDS) {
        my $marker = "o-$n-$round";
        my ($r, $codes) = insist("s-$marker", 'POST', '/process-instance', { processDefinitionId => $definition, marker => $marker });
        my $id = $r->is_success ? json($r)->{id} : 'none';
        print $notes "start $marker $id $codes\n";
        my ($task) = $r->is_success ? tasks($id) : ();
        ($r, $codes) = $task ? insist("c-$marker", 'PUT', "/task/$task/complete", {}) : (undef, 'none');
        print $notes 'complete ', $marker, ' ', $r && $r->is_success ? 'yes' : 'no', " $codes\n";
        # Its answer is read back from the store, so there are two commits.
        ($r, $codes) = insist("t-$marker", 'PUT', '/task', { name => "own-$marker" });
        print $notes 'task ', $marker, ' ', $r->is_success ? json($r)->{id} : 'none', " $codes\n";
    }
}

# The open task of an instance; reads may fail while httpd's children die.
sub tasks {
    my $id = shift;
    my $r;
    wait_until { $r = call('GET', "/process-instance/$id/tasks"); $r->is_success } PATIENCE;
    return map { $_->{id} } grep { !$_->{endTime} } @{ json($r)->{data} // [] };
}

my @clients;
for my $n (1 .. CLIENTS) {
    my $pid = fork // die $!;
    if (!$pid) { srand $seed + $n; eval { client($n); 1 } or print STDERR "client $n: $@"; POSIX::_exit(0) }
    push @clients, $pid;
}

sub answers { my $lines = 0; $lines += () = $server->slurp("client-$_") =~ /\n/g for 1 .. CLIENTS; $lines }
my $all = 3 * CLIENTS * ROUNDS;

# Whom to kill after how many answers: spread, and shaken by half of the distance.
my @victims = map { $_->[0] } sort { $a->[1] <=> $b->[1] } map { [ $_, rand ] } ('engine') x ENGINES, ('child') x CHILDREN;
my (%killed, %count);
for my $i (0 .. $#victims) {
    my $at = ($i + 0.5 + rand 0.5) * $all / (@victims + 1);
    wait_until { answers() >= $at } PATIENCE;
    sleep rand 0.01;    # anywhere between two answers
    my $pid = wait_until { my $p = $victims[$i] eq 'engine' ? $server->engine_pid : a_child(); $p && !$killed{$p} && $p } 30 or next;
    $killed{$pid} = 1;
    $count{ $victims[$i] } += kill KILL => $pid;
}

sub a_child {
    my $engine = $server->engine_pid // 0;
    my @children = grep { $_ != $server->{pid} && $_ != $engine } $server->pids;
    return @children ? $children[ rand @children ] : undef;
}

waitpid $_, 0 for @clients;
ok t_cmp($count{engine}, ENGINES, 'so many engines were killed');
ok t_cmp($count{child}, CHILDREN, 'and so many children');
ok $server->wait_ready;

# ---- what is there ----------------------------------------------------------------------------

my (%told, @refused, $repeated);
for my $n (1 .. CLIENTS) {
    for (split /\n/, $server->slurp("client-$n")) {
        my ($what, $marker, $id, $codes) = split;
        $told{$what}{$marker} = $id;
        push @refused, "$what $marker $codes" if $id =~ /^no/;
        $repeated++ if $codes =~ /,|\*[^1]/;
    }
}
print '# ', $repeated // 0, " requests were sent more than once\n";
ok t_cmp(join("\n", @refused), '', 'all were done in the end');
ok t_cmp(scalar(keys %{ $told{$_} }), CLIENTS * ROUNDS, "$_: all") for qw(start complete task);
ok $repeated;

sub odd { my ($sql, $says) = @_; join ' ', grep { my ($marker, $value) = split /\|/; $value ne $says->($marker) } $server->rows($sql) }
my $once = sub { 1 };
ok t_cmp(odd("SELECT NAME_, COUNT(*) FROM ACT_HI_TASKINST WHERE NAME_ LIKE 'o%' GROUP BY 1", $once), '', 'each effect once');
ok t_cmp(odd("SELECT NAME_, PROC_INST_ID_ FROM ACT_HI_TASKINST WHERE NAME_ LIKE 'o-%'", sub { $told{start}{ $_[0] } }), '', 'as the answers say: instances');
ok t_cmp(odd("SELECT SUBSTR(NAME_, 5), ID_ FROM ACT_HI_TASKINST WHERE NAME_ LIKE 'own-%'", sub { $told{task}{ $_[0] } }), '', 'tasks');
ok t_cmp(odd("SELECT NAME_, END_TIME_ > 0 FROM ACT_HI_TASKINST WHERE NAME_ LIKE 'o-%'", $once), '', 'and all are completed');

# The delegate is called again when the engine dies before the commit, with the key it had.
my %keys;
$keys{ $_->{uri} }{ $_->{headers}{'idempotency-key'} // 'none' }++ for $target->requests('/effect');
ok t_cmp(join(' ', grep { keys %{ $keys{$_} } != 1 } sort keys %keys), '', 'the target sees one key for each');
