# The OpenAPI document of the load engine: complete, without loose ends, and what the server
# really answers is what the document says.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Cluster;
use WF::OpenApi;
use WF::Target;
use WF::Test;

my $target = WF::Target->new('/page' => { json => {}, delay => 0.01 });
my $cluster = WF::Cluster->new(slaves => [ ['a'] ])->start;
my $doc = get_json('/api/v1/openapi.json');
my $api = WF::OpenApi->new($doc);

# An execution with all that answers can show: a failing step, thresholds, checks, metrics of its own.
my $steps = [
    http_step(front => $target->url('/page')),
    { %{ http_step(broken => 'http://127.0.0.1:1/') }, on_error => 'continue' },
    { id => 'own', type => 'script', config => { script => 'ctx.AddMetric("size", 7)' } },
];
my %options = (vus => 2, thresholds => [ { metric => 'http_req_duration', condition => 'p(95) < 5000' } ], target_slaves => { mode => 'local' });
my $over = finished(submit(workflow($steps, { %options, iterations => 3 })))->{id};
my $live = submit(workflow($steps, { %options, duration => '30m' }, id => 'live'));
wait_until { metrics($live)->{total_iterations} > 3 };

my @calls = (    # method, path, body; its operation; the status
    [ 'GET',    '/workflows/live',                                'getWorkflowsId',                    200 ],
    [ 'GET',    '/workflows/none',                                'getWorkflowsId',                    404 ],
    [ 'GET',    '/executions?limit=5',                            'getExecutions',                     200 ],
    [ 'GET',    '/executions?limit=x',                            'getExecutions',                     400 ],
    (map {
        ([ 'GET', "/executions/$_",                               'getExecutionsId',                   200 ],
         [ 'GET', "/executions/$_/metrics",                       'getExecutionsIdMetrics',            200 ],
         [ 'GET', "/executions/$_/report",                        'getExecutionsIdReport',             200 ],
         [ 'GET', "/executions/$_/report?format=html",            'getExecutionsIdReport',             200 ],
         [ 'GET', "/executions/$_/report?baseline=$over",         'getExecutionsIdReport',             200 ],
         [ 'GET', "/executions/$_/ws",                            'getExecutionsIdWs',                 426 ],
         [ 'GET', "/perf/executions/$_/status",                   'getPerfExecutionsIdStatus',         200 ],
         [ 'GET', "/perf/executions/$_/metrics",                  'getPerfExecutionsIdMetrics',        200 ],
         [ 'GET', "/perf/executions/$_/metrics/realtime",         'getPerfExecutionsIdMetricsRealtime', 200 ],
         [ 'GET', "/perf/executions/$_/report",                   'getPerfExecutionsIdReport',         200 ],
         [ 'GET', "/perf/executions/$_/timeseries",               'getPerfExecutionsIdTimeseries',     200 ])
    } $live, $over),
    [ 'GET',    '/executions/none',                               'getExecutionsId',                   404 ],
    [ 'GET',    "/executions/$over/report?baseline=none",         'getExecutionsIdReport',             400 ],
    [ 'GET',    '/executions/none/events',                        'getExecutionsIdEvents',             404 ],
    [ 'POST',   "/executions/$live/pause",                        'postExecutionsIdPause',             200 ],
    [ 'POST',   "/executions/$live/pause",                        'postExecutionsIdPause',             500 ],
    [ 'POST',   "/executions/$live/resume",                       'postExecutionsIdResume',            200 ],
    [ 'POST',   "/executions/$live/scale",                        'postExecutionsIdScale',             200, { target_vus => 3 } ],
    [ 'POST',   "/executions/$live/scale",                        'postExecutionsIdScale',             400, { target_vus => -1 } ],
    [ 'PATCH',  "/perf/executions/$live/status",                  'patchPerfExecutionsIdStatus',       200, { vus => 2 } ],
    [ 'DELETE', "/executions/$live",                              'deleteExecutionsId',                200 ],
    [ 'DELETE', '/workflows/test',                                'deleteWorkflowsId',                 500 ],
    [ 'POST',   '/workflows',                                     'postWorkflows',                     201, { workflow => workflow([ http_step(s => $target->url('/page')) ], { iterations => 1 }) } ],
    [ 'POST',   '/workflows',                                     'postWorkflows',                     400, { workflow => {} } ],
    [ 'POST',   '/workflows',                                     'postWorkflows',                     400, '{"yaml": 1' ],
    [ 'GET',    '/slaves',                                        'getSlaves',                         200 ],
    [ 'GET',    '/slaves/a',                                      'getSlavesId',                       200 ],
    [ 'GET',    '/slaves/none',                                   'getSlavesId',                       404 ],
    [ 'POST',   '/slaves/a/drain',                                'postSlavesIdDrain',                 200 ],
    [ 'GET',    '/slave-ws',                                      'getSlaveWs',                        426 ],
    [ 'GET',    '/health',                                        'getHealth',                         200 ],
    [ 'GET',    '/ready',                                         'getReady',                          200 ],
    [ 'GET',    '/openapi.json',                                  'getOpenapiJson',                    200 ],
);

plan tests => 4 + $api->operations + 2 * @calls + 1;

ok t_cmp($doc->{openapi}, qr/^3\.1\.\d+$/, 'the version of OpenAPI');
ok t_cmp($doc->{servers}, [ { url => '/api/v1' } ], 'the place');
ok t_cmp(join(' ', $api->loose_ends), '', 'every reference resolves');
my %ids = map { $_->{operationId} => 1 } $api->operations;
ok t_cmp(scalar(keys %ids), scalar($api->operations), 'no operation id twice');
ok t_cmp(join('; ', $api->problems($_)), '', "$_->{method} $_->{path}: complete") for $api->operations;

for (@calls) {
    my ($method, $path, $id, $status, $body) = @$_;
    my $r = call($method, "/api/v1$path", $body);
    ok t_cmp($r->code, $status, "$method $path") or t_debug($r->content);
    my $operation = $api->operation($id);
    ok t_cmp($operation ? join('; ', $api->objections($operation, $r)) : "no $id", '', "$method $path: as the document says");
    delete $ids{$id};
}
ok t_cmp(join(' ', sort keys %ids), 'getExecutionsIdMetricsStream', 'all others were called');
