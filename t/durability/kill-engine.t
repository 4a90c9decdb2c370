# The engine is killed again and again in the middle of 1,000 starts and completions. Every
# acknowledged change is there afterwards, none twice, and the server serves by itself.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Test;

use constant { CLIENTS => 8, ROUNDS => 63, KILLS => 3 };  # 504 starts, 504 completions

plan tests => 10;

my $server = WF::Server->new->start;
deploy('marked.bpmn20.xml');

# Each client notes what it was told, one line an answer, in a file of its own.
sub client {
    my $n = shift;
    open my $notes, '>', $server->file("client-$n") or die $!;
    $notes->autoflush(1);
    for my $round (1 .. ROUNDS) {
        my $marker = "m-$n-$round";
        my $r = call('POST', '/process-instance', { processDefinitionId => 'marked:1', marker => $marker });
        print $notes "start $marker ", $r->code, "\n";
        next unless $r->code == 200;
        my ($task) = grep { $_->{name} eq $marker } @{ get_json('/tasks?assignee=kermit&size=10000&sort=id&order=desc')->{data} };
        print $notes "lost $marker 0\n" unless $task;
        $r = complete($task->{id}) if $task;
        print $notes "complete $marker ", $r->code, "\n" if $task;
    }
}

my %running;
for my $n (1 .. CLIENTS) {
    my $pid = fork // die $!;
    if (!$pid) { client($n); POSIX::_exit(0) }
    $running{$pid} = 1;
}

sub answers { my $lines = 0; $lines += () = $server->slurp("client-$_") =~ /\n/g for 1 .. CLIENTS; $lines }

my (%killed, @unsound);
for my $kill (1 .. KILLS) {
    wait_until { answers() >= $kill * 2 * CLIENTS * ROUNDS / (KILLS + 1) } 120;
    my $pid = wait_until { my $p = $server->engine_pid; $p && !$killed{$p} && $p } 30;
    $killed{$pid} = 1;
    kill KILL => $pid;
    push @unsound, $server->unsound;
}
waitpid $_, 0 for keys %running;
ok t_cmp(scalar(keys %killed), KILLS, 'so many engines were killed');
ok $server->wait_ready;

my (%told, @lost, %codes);
for my $n (1 .. CLIENTS) {
    for (split /\n/, $server->slurp("client-$n")) {
        my ($what, $marker, $code) = split;
        $told{$marker}{$what} = $code;
        $codes{$code}++;
        push @lost, $marker if $what eq 'lost';
    }
}
ok t_cmp("@lost", '', 'a started instance is there at once');
ok t_cmp(join(' ', sort grep { !/^(200|503)$/ } keys %codes), '', 'answers are yes, or 503: not known');
ok(($codes{200} // 0) > 2 * CLIENTS * ROUNDS * 0.9);

# What the store knows, read while the server runs.
my %stored;
for (split /\n/, `sqlite3 -readonly '@{[ $server->file('engine/workflow.db') ]}' "SELECT NAME_, COUNT(*), SUM(END_TIME_ > 0) FROM ACT_HI_TASKINST GROUP BY NAME_"`) {
    my ($marker, $count, $ended) = split /\|/;
    $stored{$marker} = { count => $count, ended => $ended };
}
my %open = map { $_->{name} => 1 } @{ get_json('/tasks?assignee=kermit&size=100000')->{data} };

my (@missing, @twice, @undone);
for my $marker (keys %told) {
    my ($t, $s) = ($told{$marker}, $stored{$marker} // { count => 0, ended => 0 });
    push @missing, $marker if $t->{start} == 200 && $s->{count} == 0;
    push @twice, $marker if $s->{count} > 1;
    push @undone, $marker if ($t->{complete} // 0) == 200 && (!$s->{ended} || $open{$marker});
}
ok t_cmp("@missing", '', 'every acknowledged start is there');
ok t_cmp("@twice", '', 'none is there twice');
ok t_cmp("@undone", '', 'every acknowledged completion is there');
ok t_cmp(join('', @unsound), '', 'the store is sound after each kill');
ok t_cmp($server->unsound, '', 'and at the end');
