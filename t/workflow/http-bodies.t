# Bodies of http steps in the form {type, …}: what arrives at the target, parts of multipart bodies
# as HTTP::Message reads them; and what is refused.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use HTTP::Message;
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use WF::Target;
use WF::Test;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $target = WF::Target->new;
my $url = $target->url('/p');
my $bytes = join '', map { chr } 0 .. 255;
my $variables = { name => 'Anna & Co', n => 7 };
my $query = '{ user(id: 7) { name } }';

my @bodies = (
    # what                   body                                                       type of content                     what arrives
    [ 'none',                { type => 'none' },                                        undef,                              '' ],
    [ 'json as text',        { type => 'json', raw => '{"a": ${n}}' },                  'application/json',                 '{"a": 7}' ],
    [ 'json itself',         { type => 'json', raw => { a => '${name}' } },             'application/json',                 '{"a":"Anna & Co"}' ],
    [ 'xml',                 { type => 'xml', raw => '<a n="${n}"/>' },                 'application/xml',                  '<a n="7"/>' ],
    [ 'text',                { type => 'text', raw => 'x ${n}' },                       'text/plain; charset=utf-8',        'x 7' ],
    [ 'a query',             { type => 'graphql', raw => $query },                      'application/json',                 qq({"query":"$query"}) ],
    [ 'a query with quotes', { type => 'graphql', raw => '{ a(b: "c") }' },             'application/json',                 '{"query":"{ a(b: \"c\") }"}' ],
    [ 'a whole request',     { type => 'graphql', raw => '{"query": "{ a }"}' },        'application/json',                 '{"query": "{ a }"}' ],
    [ 'as an object',        { type => 'graphql', raw => { query => '{ a }' } },        'application/json',                 '{"query":"{ a }"}' ],
    [ 'a form',              { type => 'x-www-form-urlencoded', urlencoded => { a => '${name}' } }, 'application/x-www-form-urlencoded', 'a=Anna+%26+Co' ],
    [ 'a form as a list',    { type => 'x-www-form-urlencoded', urlencoded => [ { key => 'a b', value => 1 }, { key => 'b', value => 2, enabled => $false }, { key => 'a b', value => '=' } ] },
                                                                                        'application/x-www-form-urlencoded', 'a+b=1&a+b=%3D' ],
    [ 'a form as text',      { type => 'x-www-form-urlencoded', raw => 'a=1&b' },       'application/x-www-form-urlencoded', 'a=1&b' ],
    [ 'bytes',               { type => 'binary', base64 => encode_base64($bytes) },     'application/octet-stream',         $bytes ],
    [ 'bytes as text',       { type => 'binary', raw => 'abc' },                        'application/octet-stream',         'abc' ],
    [ 'no form of ours',     { type => 'text', raw => 'x', more => 1 },                 'application/json',                 undef ],
    [ 'a type of theirs',    { type => 'order', raw => 'x' },                           'application/json',                 undef ],
    [ 'a type alone',        { type => 'json' },                                        'application/json',                 '{"type":"json"}' ],
);

# Parts: name, file name, type, content.
my @forms = (
    [ 'fields', { one => '1', two => '${name}' }, [ 'one', undef, undef, '1' ], [ 'two', undef, undef, 'Anna & Co' ] ],
    [ 'files',  [ { key => 'a', value => 'text' },
                  { key => 'b', type => 'file', filename => 'n${n}.csv', content_type => 'text/csv', content => "x,\${n}\r\n" },
                  { key => 'c', base64 => encode_base64($bytes), fileName => 'all.bin' },
                  { key => 'd', enabled => $false, value => 'no' },
                  { key => 'e', type => 'file', content => '' } ],
      [ 'a', undef, undef, 'text' ], [ 'b', 'n7.csv', 'text/csv', "x,7\r\n" ],
      [ 'c', 'all.bin', 'application/octet-stream', $bytes ], [ 'e', 'e', 'application/octet-stream', '' ] ],
);

my @wrong = (
    [ { type => 'text', raw => {} },                                 qr/config\.body\.raw.*text/ ],
    [ { type => 'graphql', urlencoded => {} },                       qr/config\.body\.raw.*required/ ],
    [ { type => 'form-data', raw => 'x' },                           qr/config\.body\.form_data.*required/ ],
    [ { type => 'form-data', formData => [ { value => 1 } ] },       qr/config\.body\.form_data\[0\]\.key.*required/ ],
    [ { type => 'form-data', formData => [ { key => 'a', value => {} } ] }, qr/config\.body\.form_data\[0\]\.value.*text/ ],
    [ { type => 'form-data', formData => [ { key => 'a', base64 => 'YQ=' } ] }, qr/config\.body\.form_data\[0\]\.base64.*base64/ ],
    [ { type => 'form-data', formData => [ { key => 'a', file => '/etc/passwd' } ] }, qr/config\.body\.form_data\[0\]\.file/ ],
    [ { type => 'binary', base64 => 'a!bc' },                        qr/config\.body\.base64.*base64/ ],
    [ { type => 'binary', file => '../secret' },                     qr/config\.body\.file/ ],
    [ { type => 'x-www-form-urlencoded', urlencoded => 'a' },        qr/config\.body\.urlencoded.*map/ ],
);

plan tests => 2 * @bodies + 2 * @forms + @wrong + 1;

sub arrived {
    my $body = shift;
    run_workflow([ http_step(s => $url, method => 'POST', body => $body) ], undef, variables => $variables);
    return ($target->requests)[-1];
}

for my $case (@bodies) {
    my ($what, $body, $type, $expected) = @$case;
    my $request = arrived($body);
    ok t_cmp($request->{headers}{'content-type'}, $type, "$what: type");
    ok defined $expected ? t_cmp($request->{body}, $expected, $what)
                         : t_cmp(JSON::PP->new->canonical->encode(decode_json($request->{body})),
                                 JSON::PP->new->canonical->encode($body), $what);
}

for my $case (@forms) {
    my ($what, $form, @expected) = @$case;
    my $request = arrived({ type => 'form-data', form_data => $form });
    my $message = HTTP::Message->new([ 'Content-Type' => $request->{headers}{'content-type'} ], $request->{body});
    my @parts = map {
        my $about = $_->header('Content-Disposition');
        [ $about =~ /; name="(.*?)"/, $about =~ /; filename="(.*?)"/ ? $1 : undef, scalar $_->header('Content-Type'), $_->content ]
    } $message->parts;
    ok t_cmp($request->{headers}{'content-type'}, qr{^multipart/form-data; boundary=}, "$what: type");
    ok t_cmp([ sort { $a->[0] cmp $b->[0] } @parts ], \@expected, $what);
}

# Nobody else's boundary: each call has its own.
my %boundaries = map { ($_->{headers}{'content-type'} // '') =~ /boundary=(.*)/ ? ($1 => 1) : () } $target->requests;
ok t_cmp(scalar(keys %boundaries), scalar @forms, 'boundaries');

for my $case (@wrong) {
    my ($body, $expected) = @$case;
    my $response = call('POST', '/api/v1/workflows',
                        { workflow => workflow([ http_step(s => $url, method => 'POST', body => $body) ]) });
    ok t_cmp($response->content, $expected);
}
