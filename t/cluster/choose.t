# Who of the slaves runs an execution, in which shares, and what is said if nobody can.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Cluster;
use WF::Tally;
use WF::Test;

my $tally = WF::Tally->new;
my $cluster = WF::Cluster->new(
    master => "WorkflowStandalone Off\n",
    slaves => [
        [ 'a', vus => 10, extra => "WorkflowSlaveLabels zone=eu rack=1\n" ],
        [ 'b', vus => 30, extra => "WorkflowSlaveLabels zone=eu rack=2\nWorkflowSlaveCapabilities http_executor script_executor gpu\n" ],
        [ 'c', vus => 60, extra => "WorkflowSlaveLabels zone=us\nWorkflowSlaveAddress c.example:99\n" ],
        [ 'g', vus => 10, extra => "WorkflowSlaveType gateway\n" ],
        [ 'h', vus => 10, extra => "WorkflowSlaveCapabilities script_executor\nWorkflowSlaveLabels only=scripts\n" ],
    ]);

my @shares = (
    # what                          options                                                            who does how many of the iterations
    [ 'nothing is said',            { vus => 100 },                                                    'a 100 b 300 c 600' ],
    [ 'auto',                       { vus => 100, target_slaves => { mode => 'auto' } },               'a 100 b 300 c 600' ],
    [ 'fewer users than room',      { vus => 10 },                                                     'a 100 b 300 c 600' ],
    [ 'at most two',                { vus => 40, target_slaves => { max_slaves => 2 } },               'a 250 b 750' ],
    [ 'one user',                   { vus => 1 },                                                      'a 1000' ],
    [ 'by ids',                     { vus => 70, target_slaves => { slave_ids => [ 'c', 'a' ] } },     'c 857 a 143' ],
    [ 'by ids, and the mode',       { vus => 1, target_slaves => { mode => 'manual', slave_ids => ['b'] } }, 'b 1000' ],
    [ 'a gateway by its id',        { vus => 5, target_slaves => { slave_ids => ['g'] } },             'g 1000' ],
    [ 'gateways',                   { vus => 5, slave_type => 'gateway' },                             'g 1000' ],
    [ 'by a label',                 { vus => 40, target_slaves => { labels => { zone => 'eu' } } },    'a 250 b 750' ],
    [ 'by two labels',              { vus => 30, target_slaves => { labels => { zone => 'eu', rack => 2 } } }, 'b 1000' ],
    [ 'by a capability',            { vus => 30, target_slaves => { capabilities => ['gpu'] } },       'b 1000' ],
    [ 'here',                       { vus => 10, target_slaves => { mode => 'local' } },               'local 1000' ],
);

my @failures = (
    # what                          options                                                            message
    [ 'an id that nobody has',      { target_slaves => { slave_ids => [ 'a', 'x' ] } },                qr/slave not found: x\b/ ],
    [ 'one that cannot do it',      { target_slaves => { slave_ids => ['h'] } },                       qr/slave h lacks http_executor/ ],
    [ 'no such label',              { target_slaves => { labels => { zone => 'asia' } } },             qr/no slaves found matching labels: zone=asia/ ],
    [ 'never both labels',          { target_slaves => { labels => { zone => 'us', rack => 1 } } },    qr/no slaves found matching labels: (zone=us, rack=1|rack=1, zone=us)/ ],
    [ 'no such capability',         { target_slaves => { capabilities => [ 'gpu', 'tpu' ] } },         qr/no slaves found with capabilities: gpu,tpu/ ],
    [ 'who is labelled cannot',     { target_slaves => { labels => { only => 'scripts' } } },          qr/no slaves found with capabilities: http_executor/ ],
    [ 'too few',                    { target_slaves => { min_slaves => 4 } },                          qr/not enough slaves available: need 4, have 3/ ],
    [ 'no aggregator',              { slave_type => 'aggregator' },                                    qr/no online slaves available/ ],
    [ 'more users than room',       { vus => 101 },                                                    qr/room for 100 virtual users together, and 101 are asked for/ ],
);

plan tests => 3 * @shares + 2 * @failures + 27;

sub body_of { my $options = shift; { workflow => workflow([ http_step(s => $tally->url('/2?${env:WF_SLAVE}')) ], { mode => 'shared-iterations', iterations => 1000, %$options }) } }
sub answer_to { call('POST', '/api/v1/workflows', body_of(shift)) }

# ---- who is there --------------------------------------------------------------------------

my $alone = WF::Server->new(demo => 0, extra => "WorkflowEngine On\n")->start;
ok t_cmp(get_json('/api/v1/slaves'), { slaves => [], total => 0 }, 'a server that takes none has an empty list');
ok t_cmp(call('GET', '/api/v1/slave-ws')->code, 426, 'and a place where slaves could come');
ok t_cmp(call('POST', '/api/v1/slaves/a/drain')->code, 501, 'nothing to drain');
$alone->stop;

$cluster->master->start;
my $refused = answer_to({});
ok t_cmp($refused->code . ' ' . json($refused)->{error}, '500 submission_failed', 'before slaves are there nothing begins');
ok t_cmp($refused->content, qr/no online slaves available/, 'and why');
$cluster->start_slaves;
ok t_cmp($cluster->states, 'a online b online c online g online h online', 'all are there');
my $listed = get_json('/api/v1/slaves');
ok t_cmp($listed->{total}, 5, 'their number');
my ($second) = grep { $_->{id} eq 'b' } @{ $listed->{slaves} };
ok t_cmp(join(' ', sort keys %$second), 'address capabilities id labels resources status type', 'members');
ok t_cmp(join(' ', sort keys %{ $second->{resources} }), 'cpu_cores max_vus memory_mb', 'resources');
ok t_cmp(join(' ', sort keys %{ $second->{status} }), 'active_tasks last_seen load metrics state', 'status');
ok t_cmp(join(' ', sort keys %{ $second->{status}{metrics} }), 'active_vus cpu_usage memory_usage throughput', 'metrics');
ok t_cmp("$second->{type} $second->{resources}{max_vus} $second->{address}", 'worker 30 :' . $cluster->slave('b')->{port}, 'what it has said of itself');
ok t_cmp([ @$second{qw(capabilities labels)} ], [ [qw(http_executor script_executor gpu)], { zone => 'eu', rack => 2 } ], 'and what it can do');
my $third = get_json('/api/v1/slaves/c');
ok t_cmp("$third->{address} $third->{type} $third->{status}{load} $third->{status}{active_tasks}", 'c.example:99 worker 0 0', 'one of them');
ok t_cmp(get_json('/api/v1/slaves/g')->{type}, 'gateway', 'a gateway');
ok t_cmp(call('GET', '/api/v1/slaves/x')->code, 404, 'nobody');

# ---- who is chosen -------------------------------------------------------------------------

for (@shares) {
    my ($what, $options, $expected) = @$_;
    my $before = $cluster->wait_idle && $tally->count;
    my $answer = answer_to($options);
    my $e = $answer->code == 201 ? finished(json($answer)->{execution_id}) : {};
    my @parts = sort { $a->{segment_start} <=> $b->{segment_start} } values %{ slaves_of($e) };
    ok t_cmp(join(' ', map { "$_->{slave_id} $_->{completed_iters}" } @parts), $expected, $what) or t_debug($answer->content);
    ok t_cmp($tally->count - $before, 1000, "$what: as the target saw it");
    my ($n, %vus) = (0);
    $n += $_->{completed_vus} for @parts;
    ok t_cmp($n, $options->{vus}, "$what: users");
}
my %sent = map { $_ => $tally->count("/2?$_") } qw(a b c g);
ok t_cmp($sent{g}, 2000, 'who is named does it');

for (@failures) {
    my ($what, $options, $message) = @$_;
    my $before = $tally->count;
    my $answer = answer_to({ vus => 3, %$options });
    ok t_cmp($answer->code . ' ' . json($answer)->{error} . ': ' . (json($answer)->{message} // ''), qr/^500 submission_failed: .*$message/, $what) or t_debug($answer->content);
    ok t_cmp($tally->count - $before, 0, "$what: nothing is sent");
}

# ---- drain, and no room ---------------------------------------------------------------------

sub begun { my $id = submit(body_of(shift)->{workflow}); wait_until { metrics($id)->{total_iterations} > 0 }; return $id }
my $long = begun({ mode => 'constant-vus', vus => 10, duration => '60s', iterations => undef, target_slaves => { slave_ids => ['a'] } });
ok wait_until { $cluster->is('a', 'busy') };
ok t_cmp(get_json('/api/v1/slaves/a')->{status}{load}, 1, 'no room is left');
my $answer = answer_to({ target_slaves => { slave_ids => ['a'] } });
ok t_cmp($answer->content, qr/slave is not online: a/, 'so it gets nothing more');
ok t_cmp(call('POST', '/api/v1/slaves/a/drain')->code, 200, 'drained');
ok t_cmp(get_json('/api/v1/slaves/a')->{status}{state}, 'draining', 'it says so');
my $now = $tally->count('/2?a');
ok wait_until { $tally->count('/2?a') > $now + 100 };
call('DELETE', "/api/v1/executions/$long");
finished($long);
ok wait_until { get_json('/api/v1/slaves/a')->{status}{active_tasks} == 0 };
ok $cluster->is('a', 'draining');
my $e = finished(submit(body_of({ vus => 50 })->{workflow}));
ok t_cmp(join(' ', sort keys %{ slaves_of($e) }), 'b c', 'others do what comes');
$cluster->slave('a')->stop;
$cluster->slave('a')->launch;
$cluster->wait_online('a');
ok t_cmp($cluster->states, qr/^a online/, 'started again it is there again');
