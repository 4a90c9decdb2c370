# ${…} in workflows: what arrives at the target in place of it, in the URL, a query value, a
# header and a body; values of earlier steps; and what must not be filled in.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Encode qw(encode_utf8);
use JSON::PP;
use WF::Target;
use WF::Test;

my $target = WF::Target->new(
    '/login' => { status => 201, headers => { 'X-Session' => 's 77', 'Set-Cookie' => 'a=b' },
                  body => '{"token": "t-1", "user": {"id": 7, "roles": ["a", "b"]}, "evil": "x\r\nX-Evil: yes"}' },
    '/text'  => { headers => { 'Content-Type' => 'text/plain' }, body => 'just text' },
    '/gone'  => { status => 410, body => '{"why": "old"}' },
);
my $variables = {
    s => 'hello', n => 12, big => 9007199254740993, f => 2.5, whole => 3.0, t => JSON::PP::true, nil => undef,
    list => [ 1, 'two', { three => 3 } ], map => { deep => { er => 'x' } }, 'dotted.name' => 'whole name',
    both => { own => 'mine', status => 5, body => { a => 1 } },             # also a step
    uml => 'ü€', self => '${s}', quote => 'say "hi" \\', amp => 'a&b=c d',
};

my @cases = (
    # template                                  what it becomes
    [ '${s}',                                   'hello' ],
    [ '<${s}|${n}>',                            '<hello|12>' ],
    [ '${big}',                                 '9007199254740993' ],
    [ '${f} ${t} ${nil}',                       '2.5 true null' ],
    [ '${map.deep.er}',                         'x' ],
    [ '${list[1]} ${list.2.three}',             'two 3' ],
    [ '${list[2]}',                             '{"three":3}' ],
    [ '${map}',                                 '{"deep":{"er":"x"}}' ],
    [ '${dotted.name}',                         'whole name' ],
    [ '${var:s}',                               'hello' ],
    [ '${uml}',                                 'ü€' ],
    [ '${self}',                                '${s}' ],                    # not scanned again
    [ '${quote}',                               'say "hi" \\' ],
    [ '${amp}',                                 'a&b=c d' ],
    [ '${unknown} ${map.none} ${list[9]}',      '${unknown} ${map.none} ${list[9]}' ],
    [ '${a b} ${} $ {s} $s ${s',                '${a b} ${} $ {s} $s ${s' ],
    [ '${env:PATH} ${env.PATH}',               '${env:PATH} ${env.PATH}' ],
    # -- built in
    [ '${__VU}/${__ITER}',                      '1/0' ],
    [ '${__timestamp}',                         qr/^1\d{12}$/ ],
    [ '${__uuid}',                              qr/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/ ],
    # -- results of earlier steps
    [ '${login.status}',                        'success' ],
    [ '${login.status_code}',                   '201' ],
    [ '${login.output.status}',                 qr/^201 \w+/ ],
    [ '${login.step_id}',                       'login' ],
    [ '${login.body.token}',                    't-1' ],
    [ '${login.output.body.user.id}',           '7' ],
    [ '${login.body.user.roles[1]}',            'b' ],
    [ '${login.body.user}',                     '{"id":7,"roles":["a","b"]}' ],
    [ '${login.headers.X-Session}',             's 77' ],
    [ '${login.headers.x-session}',             's 77' ],
    [ '${login.duration}',                      qr/^\d+(\.\d+)?$/ ],
    [ '${text.body}',                           'just text' ],
    [ '${text.body_raw}',                       'just text' ],
    [ '${text.size}',                           '9' ],
    [ '${gone.status} ${gone.status_code} ${gone.body.why}', 'success 410 old' ],
    [ '${response.status_code} ${response.body.why}', '200 ${response.body.why}' ], # of the step before this one
    # -- a variable that is called as a step is goes before it
    [ '${both.own} ${both.status} ${both.body.a}', 'mine 5 1' ],
    [ '${both.body}',                           '{"a":1}' ],
    [ '${both.status_code} ${both.body.why} ${both.output.status}', qr/^410 old 410 \w+/ ],
    [ '${both.headers.content-type} ${both.nosuch}', 'application/json ${both.nosuch}' ],
    [ '${later.status_code}',                   '${later.status_code}' ],    # not reached yet
);

plan tests => 4 * @cases + 9;

my @first = (http_step(login => $target->url('/login'), method => 'POST'), http_step(text => $target->url('/text')),
             http_step(gone => $target->url('/gone')), http_step(both => $target->url('/gone')));

# All templates in one run: one step for each, in three places.
my ($execution) = run_workflow([ @first,
    map({ http_step("c$_" => $target->url("/c$_"), method => 'POST', query => { q => $cases[$_][0] }, headers => { 'X-T' => $cases[$_][0] },
                    body => { "\${s}" => $cases[$_][0] }) } 0 .. $#cases),
    http_step(later => $target->url) ], undef, variables => $variables);
for my $i (0 .. $#cases) {
    my ($template, $becomes) = @{ $cases[$i] };
    my ($got) = $target->requests("/c$i");
    $becomes = encode_utf8($becomes) unless ref $becomes;
    my $body = eval { decode_json($got->{body}) } // {};
    ok t_cmp($got->{query}{q}, $becomes, "$template in the query");
    ok t_cmp($got->{headers}{'x-t'}, $becomes, "$template in a header");
    ok t_cmp(encode_utf8($body->{'${s}'} // ''), $becomes, "$template in a body; keys are left alone");
    ok t_cmp(scalar(() = $target->requests("/c$i")), 1, "$template: sent once");
}

# In the URL, as a text body, in the base URL; JSON and YAML alike.
my $yaml = sprintf <<'END', $target->url;
id: y
name: Y
variables: {base: "%s", item: 7, s: hello}
http: {base_url: "${base}/shop", headers: {X-All: "all ${s}"}}
steps:
  - id: a
    type: http
    config:
      method: POST
      url: /items/${item}?v=${item}
      body: "item=${item}&s=${s}"
END
finished(submit($yaml));
my ($got) = $target->requests('/shop/items/7');
ok t_cmp($got->{uri}, '/shop/items/7?v=7', 'in the URL, and in the base URL');
ok t_cmp($got->{body}, 'item=7&s=hello', 'in a text body');
ok t_cmp($got->{headers}{'x-all'}, 'all hello', 'in a header of all steps');

# What a target answers cannot smuggle anything into the next request.
for my $place ([ headers => { 'X-T' => '${login.body.evil}' } ], [ url => $target->url('/smuggled?${login.body.evil}') ]) {
    my $before = () = $target->requests;
    my ($execution, $metrics) = run_workflow([ $first[0], http_step(s => $target->url('/smuggled'), @$place) ]);
    ok t_cmp($execution->{status}, 'failed', "a line break in $place->[0]");
    ok t_cmp($execution->{errors}[0]{step_id}, 's', "$place->[0]: the step failed");
    ok t_cmp(scalar(() = $target->requests) - $before, 1, "$place->[0]: nothing was sent");
}
