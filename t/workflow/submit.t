# A workflow is accepted in both forms, runs at once, and shows up under both of its ids.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

my $target = WF::Target->new;
my $json = '{"id": "%1$s", "name": "N %1$s", "steps": [{"id": "s1", "type": "http", '
         . '"config": {"method": "GET", "url": "' . $target->url('/%1$s') . '"}}]}';
my $yaml = 'id: %1$s\nname: N %1$s\nsteps:\n  - id: s1\n    type: http\n    config:\n'
         . '      method: GET\n      url: ' . $target->url('/%1$s');

my @cases = (
    # what                         the request body                                        headers
    [ 'yaml',                      qq({"yaml": "$yaml"}) ],
    [ 'yaml with a last newline',  qq({"yaml": "$yaml\\n"}) ],
    [ 'yaml of two documents',     qq({"yaml": "$yaml\\n---\\nid: second\\n"}) ],
    [ 'yaml in flow style',        '{"yaml": "{id: %1$s, name: N %1$s, steps: [{id: s1, type: http, config: {url: '
                                   . "'" . $target->url('/%1$s') . "'" . '}}]}"}' ],
    [ 'json',                      qq({"workflow": $json}) ],
    [ 'json given as yaml',        qq({"yaml": ) . quoted($json) . '}' ],
    [ 'both: yaml wins',           qq({"yaml": "$yaml", "workflow": {"id": 7}}) ],
    [ 'an empty yaml is none',     qq({"yaml": "", "workflow": $json}) ],
    [ 'null is none',              qq({"yaml": null, "workflow": $json}) ],
    [ 'unknown envelope members',  qq({"workflow": $json, "priority": 3, "slaves": []}) ],
    [ 'a byte order mark',         qq(\xef\xbb\xbf{"workflow": $json}) ],
    [ 'no media type',             qq({"workflow": $json}), [ 'Content-Type' => undef ] ],
    [ 'media type with a charset', qq({"workflow": $json}), [ 'Content-Type' => 'application/json; charset=UTF-8' ] ],
);

sub quoted { my $text = shift; $text =~ s/(["\\])/\\$1/g; qq("$text") }

# What has no effect does not refuse a document, but whoever sends it is told; others are not.
my @told = (
    # options                                                        warnings
    [ { mode => 'constant-vus', stages => [ { duration => '1s', target => 3 } ] }, [ qr/^\d+:\d+: warning: \[value\] options\.stages: has no meaning in mode constant-vus/ ] ],
    [ { rate => 5, thresholds => [ { metric => 'nobody', condition => 'count < 5' } ] },
      [ qr/options\.rate: has no meaning/, qr/options\.thresholds\[0\]\.metric: "nobody": no metric is called so/ ] ],
    [ { outputs => [ { type => 'console' } ] },                      [ qr/options\.outputs\[0\]: the command line shows/ ] ],
    [ { vus => 1 },                                                  [] ],
);

plan tests => 9 * @cases + 12 + 2 * @told + 1;

my $n = 0;
for my $case (@cases) {
    my ($what, $body, $headers) = @$case;
    my $id = "flow-$$-" . ++$n;
    my $r = call('POST', '/api/v1/workflows', sprintf($body, $id), headers => { @{ $headers // [] } });
    ok t_cmp($r->code, 201, $what) or t_debug($r->content);
    my $submitted = $r->code == 201 ? json($r) : {};
    ok t_cmp($submitted->{workflow_id}, $id, "$what: workflow_id");
    ok t_cmp($submitted->{status}, 'submitted', "$what: status");
    ok t_cmp($submitted->{execution_id}, qr/^exec-[a-z0-9]{8,}$/, "$what: execution_id");
    my $execution = finished($submitted->{execution_id});
    ok t_cmp($execution->{status}, 'completed', "$what: it runs");
    ok t_cmp($execution->{workflow_id}, $id, "$what: the execution knows its workflow");
    ok t_cmp(scalar(() = $target->requests("/$id")), 1, "$what: without options it runs once");
    my $info = get_json("/api/v1/workflows/$id");
    ok t_cmp([ @$info{qw(id name status)} ], [ $id, "N $id", 'completed' ], "$what: by workflow id");
    ok t_cmp(get_json("/api/v1/workflows/$submitted->{execution_id}")->{id}, $id, "$what: by execution id");
}

for my $case (@told) {
    my ($options, $expected) = @$case;
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([ http_step(s1 => $target->url('/told')) ], $options) });
    my $warnings = $r->code == 201 ? json($r)->{warnings} // [] : [ $r->content ];
    ok t_cmp(scalar @$warnings, scalar @$expected, 'warnings of ' . join ' ', sort keys %$options);
    ok !grep({ my $like = $_; !grep { $_ =~ $like } @$warnings } @$expected) or t_debug(@$warnings);
}
my $placed = call('POST', '/api/v1/workflows', { yaml => "id: placed\nname: placed\nsteps: [{id: s, type: sleep, config: {duration: 1ms}}]\noptions: {rate: 5}" });
ok t_cmp(json($placed)->{warnings}, [ '4:17: warning: [value] options.rate: has no meaning in mode constant-vus, ignored' ],
         'a text has places');

# The execution while it runs: the record is there as soon as the answer is.
my $slow = WF::Target->new('/slow' => { delay => 0.5 });
my $id = submit(workflow([ http_step(s1 => $slow->url('/slow')) ], { vus => 2, iterations => 4 }));
my $execution = execution($id);
ok t_cmp($execution->{status}, qr/^(pending|running)$/, 'it is there at once');
ok t_cmp($execution->{end_time}, '', 'and has no end yet');
ok t_cmp($execution->{start_time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'but a start in UTC');
ok t_cmp(join(' ', sort keys %$execution),
         'end_time errors id progress slave_states start_time status workflow_id', 'its members');
ok t_cmp($execution->{errors}, [], 'no errors');
my $local = wait_until { my $e = execution($id)->{slave_states}{local}; $e->{completed_iters} ? $e : undef };
ok t_cmp([ @$local{qw(slave_id status segment_start segment_end)} ], [ 'local', 'running', 0, 1 ],
         'it runs here, as one segment');
my $part = execution($id)->{progress};
ok $part > 0 && $part < 1;
$execution = finished($id);
ok t_cmp($execution->{progress}, 1, 'progress ends at 1');
ok t_cmp($execution->{end_time}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/, 'the end is set');
ok $execution->{end_time} gt $execution->{start_time};
ok t_cmp([ @{ $execution->{slave_states}{local} }{qw(completed_vus completed_iters status)} ],
         [ 2, 8, 'completed' ], 'what was done here');
ok t_cmp(scalar(() = $slow->requests), 8, 'and what the target saw');
