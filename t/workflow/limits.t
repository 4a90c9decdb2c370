# Limits of the server: live executions, virtual users, bodies. What is refused is told, kept
# as a failed record where it was a workflow, and does not count against the limit.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 43;

my $server = WF::Server->new(extra => <<'END')->start;
WorkflowMaxExecutions 2
WorkflowMaxVUs 50
WorkflowMaxBody 2000
WorkflowLoadLoops 1
END
my $target = WF::Target->new('/hang' => { hang => 1 });

sub hanging { workflow([ http_step(s => $target->url('/hang')) ], { graceful_stop => '1ms', @_ }, id => 'hanging') }
sub quick { workflow([ http_step(s => $target->url('/quick')) ], {@_}, id => 'quick') }
sub try_submit { call('POST', '/api/v1/workflows', { workflow => shift }) }
sub live { get_json('/api/v1/executions?status=running&limit=100')->{total} }

# ---- live executions ----------------------------------------------------------------------------

my @live = map { submit(hanging(vus => 2)) } 1, 2;
wait_until { live() == 2 };
for (1 .. 3) {
    my $r = try_submit(quick());
    ok t_cmp($r->code, 500, 'a third one');
    ok t_cmp(json($r)->{error}, 'submission_failed', 'code');
    ok t_cmp(json($r)->{message}, qr/2 executions.*limit/, 'message');
    ok t_cmp($r->header('Content-Type'), 'application/json', 'type');
}
ok t_cmp(scalar(() = $target->requests('/quick')), 0, 'nothing of it was run');
my $failed = wait_until { my $l = get_json('/api/v1/executions?status=failed'); $l->{total} == 3 && $l->{executions} };
ok t_cmp([ map { $_->{workflow_id} } @$failed ], [ ('quick') x 3 ], 'their records stay');
my $record = execution($failed->[0]{id});
ok t_cmp(scalar(@{ $record->{errors} }), 1, 'with one error');
ok t_cmp($record->{errors}[0]{message}, qr/2 executions.*limit/, 'that says why');
ok t_cmp($record->{errors}[0]{code}, 'EXECUTION_ERROR', 'its code');
ok t_cmp($record->{end_time}, qr/^\d{4}.*Z$/, 'and they have ended');
my $empty = metrics($failed->[0]{id});
ok t_cmp([ @$empty{qw(total_iterations total_vus duration)} ], [ 0, 0, '0s' ], 'metrics of what never ran');
ok t_cmp($empty->{step_metrics}, {}, 'no steps');
ok t_cmp(json(call('DELETE', "/api/v1/executions/$failed->[0]{id}"))->{error}, 'stop_failed', 'nothing to stop');

# One ends: there is room again.
call('DELETE', "/api/v1/executions/$live[0]");
finished($live[0]);
ok t_cmp(finished(submit(quick()))->{status}, 'completed', 'there is room again');
ok t_cmp(get_json('/api/v1/workflows/quick')->{status}, 'completed', 'the latest one counts');
call('DELETE', '/api/v1/workflows/hanging');
finished($live[1]);

# ---- virtual users --------------------------------------------------------------------------------

wait_until { live() == 0 };
my $r = try_submit(hanging(vus => 51));
ok t_cmp($r->code . ' ' . json($r)->{error}, '500 submission_failed', 'too many VUs in one');
ok t_cmp(json($r)->{message}, qr/51 VUs.*limit of 50/, 'message');
my $thirty = submit(hanging(vus => 30));
$r = try_submit(quick(vus => 21));
ok t_cmp($r->code . ' ' . json($r)->{error}, '500 submission_failed', 'too many VUs together');
my $twenty = try_submit(quick(vus => 20));
ok t_cmp($twenty->code, 201, 'as many as there are left');
ok t_cmp(finished(json($twenty)->{execution_id})->{status}, 'completed', 'they run');
ok wait_until { 30 == (() = $target->requests('/hang')) - 4 };
call('DELETE', "/api/v1/executions/$thirty");
finished($thirty);

# ---- bodies ---------------------------------------------------------------------------------------

my $document = quick();
$document->{description} = 'x' x 2500;
$r = try_submit($document);
ok t_cmp($r->code . ' ' . json($r)->{error}, '413 request_too_large', 'a large body');
ok t_cmp(json($r)->{message}, qr/2000 bytes/, 'message');
$document->{description} = 'x' x 1500;
ok t_cmp(try_submit($document)->code, 201, 'a smaller one');

# Chunked, without a length that could be believed.
my $pieces = 0;
$r = WF::Test::agent()->request(HTTP::Request->new('POST', base_url() . '/api/v1/workflows', [ 'Content-Type' => 'application/json' ],
    sub { $pieces++ < 100 ? 'x' x 1000 : undef }));
ok t_cmp($r->code, 413, 'a large body in chunks');
ok t_cmp(call('GET', '/ready')->code, 200, 'the server is well');

# What was refused before it was a workflow left nothing.
ok t_cmp(get_json('/api/v1/executions?status=failed')->{total}, 5, 'three and two');
my $all = get_json('/api/v1/executions?limit=1000');
ok t_cmp(scalar(grep { $_->{status} !~ /^(failed|completed|aborted)$/ && $_->{workflow_id} ne 'quick' } @{ $all->{executions} }), 0, 'nothing is left over');
my %ids = map { $_->{id} => 1 } @{ $all->{executions} };
ok t_cmp(scalar(keys %ids), $all->{total}, 'ids are unique');

# ---- an old one among many -------------------------------------------------------------------------

# So many of a workflow have ended since that no list of the newest ones has the first one.
wait_until { live() == 0 };
my @old = map { submit(hanging(vus => 1)) } 1, 2;
wait_until { live() == 2 };
ok t_cmp(scalar(grep { try_submit(hanging())->code != 500 } 1 .. 1001), 0, 'many more are refused');
ok t_cmp(get_json('/api/v1/workflows/hanging')->{status}, 'failed', 'the latest one has failed');
my $list = get_json('/api/v1/executions');
ok @{ $list->{executions} } > 1000;
ok t_cmp(scalar @{ $list->{executions} }, $list->{total}, 'a list without parameters has all of them');
$r = call('DELETE', '/api/v1/workflows/hanging');
ok t_cmp($r->code . ' ' . json($r)->{message}, '200 Workflow stopped successfully', 'what still runs is found');
ok t_cmp(join(' ', map { finished($_)->{status} } @old), 'aborted aborted', 'and stopped');
