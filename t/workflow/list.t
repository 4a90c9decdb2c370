# The list of executions: newest first, in parts, by status and by workflow.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

use constant RUNS => 7;

my $target = WF::Target->new('/hang' => { hang => 1 });
my $before = get_json('/api/v1/executions?limit=0')->{total};
my %before = map { $_ => get_json("/api/v1/executions?limit=0&status=$_")->{total} }
             qw(pending running paused completed failed aborted);

# Seven that complete, one that fails, one that is stopped, one that runs on.
my @ids = map { submit(workflow([ http_step(s => $target->url) ], undef, id => "list-$_")) } 1 .. RUNS;
finished($_) for @ids;
my $failed = submit(workflow([ http_step(s => 'http://127.0.0.1:1/') ], undef, id => 'list-failed'));
finished($failed);
my $hanging = workflow([ http_step(s => $target->url('/hang')) ], { graceful_stop => '10ms' }, id => 'list-hangs');
my $stopped = submit($hanging);
call('DELETE', "/api/v1/executions/$stopped");
finished($stopped);
my $running = submit($hanging);
wait_until { get_json('/api/v1/executions?status=running&limit=1')->{total} > $before{running} };
unshift @ids, $failed, $stopped, $running;

my @newest = ($running, $stopped, $failed, reverse @ids[3 .. $#ids]);
my $all = RUNS + 3;

sub list { get_json('/api/v1/executions?' . shift) }
sub ids { map { $_->{id} } @{ $_[0]{executions} } }

my @cases = (
    # parameters                  ids of the answer                          total beyond what was there before
    [ "limit=$all",               [ @newest ],                               $all ],
    [ 'limit=3',                  [ @newest[0 .. 2] ],                       $all ],
    [ 'limit=3&offset=2',         [ @newest[2 .. 4] ],                       $all ],
    [ 'limit=1&offset=9',         [ $newest[9] ],                            $all ],
    [ 'limit=0',                  [],                                        $all ],
    [ 'offset=1000000',           [],                                        $all ],
    [ 'limit=7&status=completed', [ @newest[3 .. 9] ],                       RUNS ],
    [ 'limit=2&offset=1&status=completed', [ @newest[4, 5] ],                RUNS ],
    [ 'limit=1&status=failed',    [ $failed ],                               1 ],
    [ 'limit=1&status=aborted',   [ $stopped ],                              1 ],
    [ 'limit=1&status=running',   [ $running ],                              1 ],
    [ 'limit=1&status=paused',    [],                                        0 ],
    [ 'workflow=list-3',          [ $newest[7] ],                            1 ],
    [ 'workflow=list-none',       [],                                        0 ],
    [ 'workflow=list-hangs',      [ $running, $stopped ],                    2 ],
    [ 'workflow=list-hangs&limit=1&offset=1', [ $stopped ],                  2 ],
    [ 'workflow=list-hangs&status=running',   [ $running ],                  1 ],
    [ 'workflow=list-hangs&status=completed', [],                            0 ],
);

plan tests => 2 * @cases + 9;

for my $case (@cases) {
    my ($parameters, $ids, $more) = @$case;
    my $list = list($parameters);
    my ($status) = $parameters =~ /status=(\w+)/;
    ok t_cmp([ ids($list) ], $ids, $parameters);
    my $others = $parameters =~ /workflow=/ ? 0 : $status ? $before{$status} : $before;
    ok t_cmp($list->{total} - $others, $more, "$parameters: total");
}

# What a row shows.
my ($row) = @{ list('limit=1&status=completed')->{executions} };
ok t_cmp(join(' ', sort keys %$row), 'end_time id progress start_time status workflow_id', 'a row that ended');
ok t_cmp([ @$row{qw(workflow_id status progress)} ], [ 'list-' . RUNS, 'completed', 1 ], 'and its values');
($row) = @{ list('limit=1&status=running')->{executions} };
ok t_cmp(join(' ', sort keys %$row), 'id progress start_time status workflow_id', 'one that runs has no end');
ok t_cmp($row->{start_time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'start_time');

# The same workflow id twice: the latest one counts, and stopping stops what lives of it.
ok t_cmp(get_json('/api/v1/workflows/list-hangs')->{status}, 'running', 'the latest one counts');
my $third = submit($hanging);
ok t_cmp(json(call('DELETE', '/api/v1/workflows/list-hangs')),
         { success => JSON::PP::true, message => 'Workflow stopped successfully' }, 'stopped by workflow id');
ok t_cmp([ map { finished($_)->{status} } $running, $third ], [ 'aborted', 'aborted' ], 'all of them');
my $r = call('DELETE', '/api/v1/workflows/list-hangs');
ok t_cmp($r->code . ' ' . json($r)->{error}, '500 stop_failed', 'nothing left to stop');
ok t_cmp(get_json('/api/v1/workflows/list-hangs')->{status}, 'aborted', 'and so it says');
