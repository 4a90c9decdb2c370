# Outputs of executions: what arrives in files, at a push gateway, an InfluxDB and a webhook adds
# up to the figures of the run, whatever their servers do; and what is refused.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use List::Util qw(sum0 max);
use Time::HiRes qw(time);
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 104;

my $sink = WF::Target->new(
    '/shaky/api/v2/write' => [ { status => 503 }, { status => 429 }, {} ],
    '/no'                 => { status => 400 },
    '/moved'              => { status => 302, headers => { Location => '/elsewhere' } },
    '/slow'               => { delay  => 2.5 },
    '/hang'               => { hang   => 1 },
);
my $target = WF::Target->new('/a' => { delay => 0.15 }, '/b' => { status => 500 });
my $closed = WF::Target->new;
my ($to, $from, $port) = ($sink->url, $target->url, $closed->port);

my $server = WF::Server->new(extra => <<"END");
WorkflowLoadTargets 127.0.0.1:@{[ $sink->port ]} 127.0.0.1:@{[ $target->port ]}
WorkflowLoadSecrets secrets
WorkflowOutputDir out
END
mkdir $server->file('out') or die $!;
symlink '/tmp', $server->file('out/link') or die $!;
$server->spew('secrets', "token = s3cr3t\n");
chmod 0600, $server->file('secrets');
chown +(getpwnam 'nobody')[2, 3], map { $server->file($_) } 'secrets', 'out' if $> == 0;   # whom the engine runs as
$server->start;

my @steps = (http_step('a', "$from/a"), { %{ http_step('b', "$from/b") }, on_error => 'continue' });
sub outputs { workflow(\@steps, { vus => 4, iterations => 15, tags => { 'b d' => 'x,y=z', n => 5 }, outputs => [@_] }) }
sub why { join "\n", map { $_->{message} } grep { $_->{message} =~ /^output/ } @{ shift->{errors} } }
sub file { my $name = shift; map { JSON::PP::decode_json($_) } split /\n/, $server->slurp("out/$name") }
sub array { JSON::PP::decode_json($server->slurp('out/' . shift)) }
sub bodies { map { $_->{body} } $sink->requests(shift) }

# Samples out of the formats: [ metric, { tags }, { statistic => value } ].
sub of_json {
    my ($type, @lines) = @_;
    map { my %tags = %{ $_->{data}{tags} }; my $stat = delete $tags{stat}; [ $_->{metric}, \%tags, { $stat => $_->{data}{value} } ] }
        grep { $_->{type} eq $type } @lines;
}
sub of_lines {
    map {
        my ($series, $fields, $time) = /^((?:[^\\ ]|\\.)+) (\S+) (\d{13})$/ or die "no line: $_";
        my ($metric, @tags) = split /(?<!\\),/, $series;
        [ $metric, { map { s/\\([,= ])/$1/gr } map { split /(?<!\\)=/ } @tags }, { map { split /=/ } split /,/, $fields } ];
    } map { split /\n/ } @_;
}
sub of_records { map { [ @$_{qw(metric tags values)} ] } map { @{ JSON::PP::decode_json($_)->{records} } } @_ }

sub total {
    my ($metric, $stat, $tags, @samples) = @_;
    return sum0 map { $_->[2]{$stat} // 0 } grep { my $s = $_; $s->[0] eq $metric && !grep { ($s->[1]{$_} // '') ne $tags->{$_} } keys %$tags } @samples;
}

# ---- all of them at once -------------------------------------------------------------------------

my $e = finished(submit(outputs(
    { type => 'json', url => '${workflow_id}-${execution_id}.json', options => { format => 'lines' } },
    { type => 'json', url => 'array.json' },
    { type => 'csv',  options => { file_path => 'x.csv', delimiter => ';' } },
    { type => 'influxdb', url => "$to/one?db=my db", options => { username => 'u', password => 'p', tags => { own => 'yes' } } },
    { type => 'influxdb', url => "$to/two?org=o&bucket=b", options => { token => '${secret:token}', batch_size => 7 } },
    { type => 'webhook',  url => "$to/hook", options => { flush_interval => '1s', headers => { 'X-Key' => '${secret:token}' }, batch_size => 5 } },
    { type => 'prometheus', options => { push_gateway_url => "$to/gate/", push_interval => '1s', job_name => 'a b',
                                         labels => { path => 'x/y', run => '${execution_id}' } } },
    { type => 'prometheus', url => "$to/stay", options => { delete_on_close => JSON::PP::false } },
)));
my $id = $e->{id};
my $m = metrics($id)->{step_metrics};
ok t_cmp($e->{status}, 'completed', 'a run with eight outputs');
ok t_cmp(why($e), '', 'none of them fails');
ok t_cmp([ map { scalar(() = $target->requests($_)) } '/a', '/b' ], [ 60, 60 ], 'requests at the target');

my @lines = file("test-$id.json");
my %said = (
    json       => [ of_json('Point', @lines) ],
    array      => [ of_json('Point', @{ array('array.json') }) ],
    totals     => [ of_json('Total', @lines) ],
    'influx 1' => [ of_lines(bodies('/one/write')) ],
    'influx 2' => [ of_lines(bodies('/two/api/v2/write')) ],
    webhook    => [ of_records(bodies('/hook')) ],
);
for my $name (sort keys %said) {
    my @samples = @{ $said{$name} };
    ok t_cmp(total('http_reqs', 'count', {}, @samples), 120, "$name: requests");
    ok t_cmp(total('http_req_failed', 'passes', {}, @samples), 60, "$name: failed ones");
    ok t_cmp([ map { total('step_reqs', 'count', { step_id => $_ }, @samples) } 'a', 'b' ], [ map { $m->{$_}{count} } 'a', 'b' ], "$name: of steps");
    ok t_cmp(total('step_reqs', 'count', {}, @samples), $m->{a}{count} + $m->{b}{count}, "$name: each once");
    ok t_cmp([ map { total('step_failed', $_, { step_id => 'b' }, @samples) } 'passes', 'fails' ], [ 60, 0 ], "$name: failed steps");
    ok t_cmp(total('http_req_status', 'count', { status => 500 }, @samples), 60, "$name: statuses");
    ok t_cmp([ grep { ($_->[1]{'b d'} // '') ne 'x,y=z' || $_->[1]{n} != 5 } @samples ], [], "$name: tags");
}
ok t_cmp(total('step_duration', 'p(99)', { step_id => 'a' }, @{ $said{totals} }), ms($m->{a}{duration}{p99}), 'percentile of the run');
ok t_cmp(total('iterations', 'count', {}, @{ $said{totals} }), 60, 'iterations of the run');
ok((grep { $_->{type} eq 'Metric' && $_->{metric} eq 'http_req_duration' && $_->{data}{contains} eq 'time' } @lines) == 1);
my %times = map { $_->{data}{time} => 1 } grep { $_->{type} eq 'Point' } @lines;
ok t_cmp([ grep { abs($_ / 1000 - time) > 60 } keys %times ], [], 'times in milliseconds');

ok t_cmp([ grep { $_->{type} ne 'Point' } @{ array('array.json') } ], [], 'nothing but points in an array');

my ($head, @rows) = map { [ split /;/ ] } split /\n/, $server->slurp('out/x.csv');
ok t_cmp("@$head[0 .. 5]", 'timestamp step_id count success_count failure_count min_ms', 'header');
ok t_cmp([ map { my $c = $_; sum0 map { $_->[$c] } grep { $_->[1] eq 'b' } @rows } 2 .. 4 ], [ 60, 0, 60 ], 'rows of a step');
ok t_cmp($head->[-1], 'goroutine_count', 'the last column');
ok t_cmp([ grep { @$_ != @$head || $_->[-1] !~ /^[1-9]\d*$/ } @rows ], [], 'threads of the engine');
ok t_cmp((max map { $_->[6] } grep { $_->[1] eq 'a' } @rows), qr/^[1-9]\d{2,}(?:\.\d+)?$/, 'longest of a step');

my ($one) = $sink->requests('/one/write');
ok t_cmp([ $one->{query}{db}, $one->{query}{precision}, $one->{headers}{authorization} ], [ 'my db', 'ms', 'Basic dTpw' ], 'version 1');
ok t_cmp(total('http_reqs', 'count', { own => 'yes', execution_id => $id, workflow_id => 'test' }, @{ $said{'influx 1'} }), 120, 'tags of its own');
my @two = $sink->requests('/two/api/v2/write');
ok t_cmp([ @{ $two[0]{query} }{qw(org bucket)}, $two[0]{headers}{authorization} ], [ 'o', 'b', 'Token s3cr3t' ], 'version 2');
ok t_cmp((max map { $_->{body} =~ tr/\n// } @two), 7, 'lines of a batch');
my @hook = map { JSON::PP::decode_json($_) } bodies('/hook');
ok t_cmp([ grep { $_->{count} != @{ $_->{records} } || $_->{count} > 5 } @hook ], [], 'records of a batch');
ok t_cmp([ map { $_->{sequence} } @hook ], [ 1 .. @hook ], 'their sequence');
ok t_cmp(($sink->requests('/hook'))[0]{headers}{'x-key'}, 's3cr3t', 'a header from a secret');

my $group = "/gate/metrics/job/a%20b/path\@base64/eC95/run/$id";
my @pushed = $sink->requests($group);
ok t_cmp([ map { $_->{method} } @pushed ], [ ('POST') x (@pushed - 1), 'DELETE' ], 'pushed, and deleted at the end');
ok t_cmp([ grep { $_->{method} ne 'POST' } $sink->requests('/stay/metrics/job/workflow_engine') ], [], 'or kept');
my $page = $pushed[-2]{body};
ok t_cmp($page, qr/^workflow_requests_total\{b_d="x,y=z",n="5",step_id="b",step_name="b"\} 60$/m, 'a counter of a step');
ok t_cmp($page, qr/^workflow_requests_failed_total\{.*step_id="b".*\} 60$/m, 'failures');
ok t_cmp($page, qr/^# TYPE workflow_request_duration_seconds summary\n.*quantile="0\.5"\} 0\.1\d+$/m, 'a summary in seconds');
ok t_cmp($page, qr/^# TYPE workflow_http_reqs_total counter\nworkflow_http_reqs_total\{b_d="x,y=z",n="5"\} 120$/m, 'a metric of all');
my @types = $page =~ /^# TYPE (\S+)/mg;
ok t_cmp(scalar(@types), scalar(keys %{ { map { $_ => 1 } @types } }), 'each family once');
ok t_cmp([ grep { !/^(?:# TYPE \w+ (?:counter|gauge|summary)|\w+(?:\{\w+="[^"]*"(?:,\w+="[^"]*")*\})? [\d.e+-]+)$/ } split /\n/, $page ], [], 'nothing but the format');

# ---- servers that fail ------------------------------------------------------------------------------

$e = finished(submit(outputs({ type => 'influxdb', url => "$to/shaky?bucket=b", options => { retry_delay => '0' } },
                             { type => 'webhook', url => "$to/no" }, { type => 'webhook', url => "$to/moved" },
                             { type => 'webhook', url => "http://127.0.0.1:$port/" }, { type => 'json', url => 'link/x.json' },
                             { type => 'csv', url => 'x.csv' })));
my @why = split /\n/, why($e);
ok t_cmp($e->{status}, 'completed', 'their failures are not the run\'s');
ok t_cmp(scalar(@why), 6, 'all of them are told');
ok t_cmp($why[0], qr/^output 1 \(influxdb\): .*attempts that failed: 2, parts that are lost: 0$/, 'one that recovers');
my @got = bodies('/shaky/api/v2/write');
ok t_cmp([ @got[ 0, 1 ] ], [ @got[ 2, 2 ] ], 'gets the same again');
ok t_cmp(total('http_reqs', 'count', {}, of_lines(@got[ 2 .. $#got ])), 120, 'and all of it');
ok t_cmp($why[1], qr/^output 2 .*: answered 400; attempts that failed: (\d+), parts that are lost: \1$/, 'one that refuses');
ok t_cmp($why[2], qr/^output 3 .*: answered 302;/, 'one that redirects');
ok t_cmp(scalar(() = $sink->requests('/elsewhere')), 0, 'is not followed');
ok t_cmp($why[3], qr/^output 4 /, 'one that is not permitted');
ok t_cmp(scalar(() = $closed->requests), 0, 'is not asked');
ok t_cmp($why[4], qr/^output 5 .*link\/x\.json: a link leads out/, 'a link out of the directory');
ok t_cmp($why[5], qr/^output 6 .*x\.csv: exists already/, 'a file of another run');
ok t_cmp(scalar(split /\n/, $server->slurp('out/x.csv')), @rows + 1, 'stays as it was');

my $began = time;
$e = finished(submit(outputs({ type => 'csv', url => 'x.csv', options => { overwrite => JSON::PP::true } },
                             { type => 'webhook', url => "$to/slow", options => { flush_interval => '1s', batch_size => 1000 } },
                             { type => 'webhook', url => "$to/hang", options => { flush_interval => '1s', timeout => '60s' } })));
ok t_cmp($e->{status}, 'completed', 'slow and deaf ones');
ok time - $began < 16 or t_debug(time - $began);
ok t_cmp(why($e), qr/\Aoutput 3 .*parts that are lost: [1-9]/, 'what the deaf one missed');
ok t_cmp(total('http_reqs', 'count', {}, of_records(bodies('/slow'))), 120, 'the slow one has all');
ok t_cmp(scalar(() = $sink->requests('/slow')), qr/^[23]$/, 'in fewer requests');
ok t_cmp($server->slurp('out/x.csv'), qr/\Atimestamp,step_id/, 'a file that may be replaced');

# ---- what is refused ---------------------------------------------------------------------------------

my @refused = (
    # what               output                                                              answer
    [ 'kafka',           { type => 'kafka', url => 'b1:9092' },                                qr/options\.outputs\[0\]\.type: .*"kafka" are not supported; there are json,/ ],
    [ 'no type',         { url => 'x' },                                                       qr/outputs\[0\]\.type: is required/ ],
    [ 'no URL',          { type => 'webhook' },                                                qr/outputs\[0\]\.url: is required for webhook/ ],
    [ 'no HTTP',         { type => 'influxdb', url => 'ftp://x' },                             qr/outputs\[0\]\.url: / ],
    [ 'another option',  { type => 'json', options => { pretty => JSON::PP::true } },          qr/outputs\[0\]\.options\.pretty: no such member/ ],
    [ 'too often',       { type => 'json', options => { interval => '10ms' } },                qr/options\.interval: must be from 1s to 3600s/ ],
    [ 'no header',       { type => 'webhook', url => 'http://x/', options => { headers => { 'a b' => 1 } } }, qr/options\.headers\.a b: is no header/ ],
    [ 'an unknown name', { type => 'json', url => '${secret:nope}' },                          qr/outputs\[0\]\.url: nothing is called \$\{secret:nope\}/ ],
    [ 'a wide delimiter', { type => 'csv', options => { delimiter => ';;' } },                 qr/options\.delimiter: must be one character/ ],
);
for (@refused) {
    my ($what, $output, $answer) = @$_;
    my $r = call('POST', '/api/v1/workflows', { workflow => outputs($output) });
    ok t_cmp($r->code . " " . json($r)->{message}, qr{^400 .*$answer}s, $what);
}

# ---- a server that dies -------------------------------------------------------------------------------

$id = submit(workflow(\@steps, { vus => 2, duration => '60s', outputs => [ { type => 'json', url => 'dies.json' } ] }));
wait_until { $server->slurp('out/dies.json') =~ /"Point"/ };
ok t_cmp(ref eval { array('dies.json') }, 'ARRAY', 'an array while it grows');
kill KILL => $server->engine_pid;
ok t_cmp(ref eval { array('dies.json') }, 'ARRAY', 'and when nobody ends it');

# ---- a server that stops ------------------------------------------------------------------------------

$server->wait_ready;
$id = submit(workflow(\@steps, { vus => 2, duration => '60s', outputs => [ { type => 'json', url => 'stops.jsonl' },
                                 { type => 'webhook', url => "$to/hang", options => { flush_interval => '1s', timeout => '60s' } } ] }));
wait_until { my $n = () = $server->slurp('out/stops.jsonl') =~ /"Point"/g; $n > 30 };
$began = time;
ok $server->stop;
ok time - $began < 8 or t_debug(time - $began);
my @told = file('stops.jsonl');
my ($all, $sum) = map { total('http_reqs', 'count', {}, of_json($_, @told)) } 'Total', 'Point';
ok $all > 0;
ok t_cmp($sum, $all, 'the file is whole');
