# Files of outputs go on when an execution does, after its engine was killed.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 9;

my $target = WF::Target->new('/a' => { delay => 0.05 });
my $server = WF::Server->new(extra => "WorkflowOutputDir out\n");
mkdir $server->file('out') or die $!;
chown +(getpwnam 'nobody')[2, 3], $server->file('out') if $> == 0;    # whom the engine runs as
$server->start;

sub counts {
    my ($file, $type) = @_;
    my $sum = 0;
    for (map { JSON::PP::decode_json($_) } split /\n/, $server->slurp("out/$file")) {
        $sum += $_->{data}{value} if $_->{type} eq $type && $_->{metric} eq 'http_reqs' && $_->{data}{tags}{stat} eq 'count';
    }
    return $sum;
}

my $id = submit(workflow([ http_step('a', $target->url('/a')) ], { vus => 2, duration => '8s', outputs => [ { type => 'json', url => 'on.jsonl' }, { type => 'json', url => 'on.json' } ] }));
wait_until { counts('on.jsonl', 'Point') > 60 };
kill KILL => $server->engine_pid;
my $before = counts('on.jsonl', 'Point');
my $untold = $target->requests('/a') - $before;    # counted behind the last line, at most
$server->wait_ready;
my $e = finished($id);
t_debug(map { $_->{message} } @{ $e->{errors} });
ok t_cmp($e->{status}, 'completed', 'it went on');
ok t_cmp(join(' ', map { $_->{message} } grep { $_->{message} =~ /^output/ } @{ $e->{errors} }), '', 'its output, too');
my ($all, $told) = (counts('on.jsonl', 'Total'), counts('on.jsonl', 'Point'));
ok t_cmp($all, metrics($id)->{step_metrics}{a}{count}, 'totals are those of the whole run');
ok $told > $before;
# The last checkpoint may be newer than the last line, or older: then what came between them
# was told and is done again.
ok $told >= $all - $untold or t_debug("$told $all $untold");
my $came = $target->requests('/a');
ok $told <= $came or t_debug("$told $came");
my $heads = () = $server->slurp('out/on.jsonl') =~ /"Metric","metric":"http_reqs"/g;
ok t_cmp($heads, 1, 'metrics are declared once');

my $array = eval { JSON::PP::decode_json($server->slurp('out/on.json')) };
ok t_cmp(ref $array, 'ARRAY', 'an array is still one');
my $in_array = 0;
$in_array += $_->{data}{value} for grep { $_->{metric} eq 'http_reqs' && $_->{data}{tags}{stat} eq 'count' } @$array;
ok $in_array >= $all - $untold && $in_array <= $came or t_debug("$in_array $all $untold $came");
