# Requests of all sorts to each of the operations of an OpenAPI document: right ones, nearly right ones and
# wild ones. What it does depends on the seed of rand and on the ids that there are.
#
#   my $fuzzer = WF::Fuzzer->new(operations => [ $api->operations ], base => '/api/v1', ids => { taskId => sub { … } }, users => [ … ]);
#   my ($operation, $request, $wild) = $fuzzer->next;    # wild: the operation may be another one's
package WF::Fuzzer;
use strict;
use warnings;
no warnings 'recursion';
use HTTP::Request ();
use JSON::PP ();
use List::Util qw(shuffle);
use MIME::Base64 qw(encode_base64);
use URI::Escape qw(uri_escape);
use WF::Test ();

$SIG{__WARN__} = sub { warn @_ unless $_[0] =~ /^Deep recursion/ };    # JSON::PP's, on purpose

my $json = JSON::PP->new->utf8->canonical->allow_nonref->max_depth(10_000);

use constant { REFRESH => 200, DEEP => 300, LONG => 5000, BOUNDARY => 'a-part-of-it' };

sub new { my ($class, %opt) = @_; return bless { seen => 0, known => {}, %opt }, $class }

sub chance { rand() < shift }
sub one { $_[ rand @_ ] }

# ---- values -----------------------------------------------------------------------------------

# Texts as clients would never, or always, send them; bytes. Not the name of who asks, who might
# lose his rights.
my @texts = ('', ' ', '0', '1', '-1', '00', '1.5', '2147483647', '2147483648', '-2147483649', '9223372036854775807', '9223372036854775808', '1e999', 'NaN',
    'null', 'true', 'false', 'undefined', "\0", "a\0b", "\xff\xfe", "\xc3\x28", "\xed\xa0\x80", "\xc3\xbc", "\xe4\xb8\xad\xe6\x96\x87", "\xf0\x9f\x90\xb8", "\xe2\x80\xae", '../../etc/passwd',
    '..', '.', '/', '//', '\\', '%', '%25', '%00', '_', '*', '?', '#', '+', '&', '=', ';', ':', ',', '"', "'", "' OR 1=1 --", '<script>alert(1)</script>', ']]>', '${1+1}', '#{x}', '{{x}}',
    "\r\nX-Header: y", "a\nb", "\t", 'fozzie', 'sales', 'ACT_RU_TASK', 'id', 'asc', 'desc', 'PT1S', 'R3/PT1S', '1h', '-1s', '2010-11-02T09:05:00.120+01:00', '9999-12-31T23:59:59Z',
    '10000-01-01T00:00:00Z', '2010-02-30', '1970-01-01', '[]', '{}', 'application/json', 'x' x LONG);

sub text { one(@texts) }

# A text that JSON::PP may encode: some are no UTF-8, and go as Latin-1.
my @values = (
    sub { undef }, sub { JSON::PP::true() }, sub { JSON::PP::false() }, sub { 0 }, sub { -1 }, sub { 1 }, sub { 2**31 }, sub { 9223372036854775807 }, sub { 0.5 }, sub { -1e300 },
    sub { text() }, sub { text() }, sub { [] }, sub { {} }, sub { [ map { value() } 0 .. rand 3 ] }, sub { +{ map { (text() => value()) } 0 .. rand 3 } },
    sub { my $deep = 1; $deep = [$deep] for 1 .. DEEP; $deep }, sub { my $deep = 1; $deep = { a => $deep } for 1 .. DEEP; $deep },
    sub { +{ type => one(qw(Integer String Date Boolean Double Bytes Null Json), text()), value => text() } },
);
sub value { one(@values)->() }

# ---- what a request is made of --------------------------------------------------------------------

# An id that there is, if there is one; of names the last word counts: sourceProcessDefinitionId.
sub id {
    my ($self, $name) = @_;
    my ($kind) = grep { $name =~ /\Q$_\E$/i } sort { length $b <=> length $a } keys %{ $self->{ids} };
    return undef unless $kind;
    my $known = $self->{known}{$kind} //= [ $self->{ids}{$kind}->() ];
    return one(@$known);
}

sub fitting {
    my ($self, $name, $schema) = @_;
    my ($type) = ref $schema->{type} ? $schema->{type}[0] : $schema->{type} // 'string';
    return one(@{ $schema->{enum} }) if $schema->{enum};
    return int rand 20 if $type eq 'integer';
    return one('true', 'false') if $type eq 'boolean';
    return $self->id($name) // one(qw(kermit fozzie sales 1 test));
}

sub path {
    my ($self, $operation) = @_;
    my $wild = 0;
    my $path = $operation->{path} =~ s/\{(\w+)\}/
        my $id = chance(0.85) ? $self->id($1) : undef;
        $wild = 1 unless defined $id;
        uri_escape($id \/\/ text(), chance(0.9) ? '^A-Za-z0-9._~-' : '^A-Za-z0-9._~\/-')/ger;
    return ($path, $wild);
}

sub query {
    my ($self, $operation) = @_;
    my @pairs;
    for my $p (grep { $_->{in} eq 'query' } @{ $operation->{parameters} // [] }) {
        next unless $p->{required} || chance(0.3);
        my $times = chance(0.05) ? 2 : 1;
        push @pairs, map { uri_escape($p->{name}) . '=' . uri_escape(chance(0.7) ? $self->fitting($p->{name}, $p->{schema}) : text(), '^A-Za-z0-9') } 1 .. $times;
    }
    push @pairs, uri_escape(text()) . (chance(0.5) ? '=' . uri_escape(text()) : '') if chance(0.05);
    return @pairs ? '?' . join '&', @pairs : '';
}

# A copy of an example with ids that there are, some members changed.
sub changed {
    my ($self, $value, $name) = @_;
    return value() if chance(0.05);
    if (ref $value eq 'HASH') {
        my %copy = map { chance(0.05) ? () : ($_ => $self->changed($value->{$_}, $_)) } keys %$value;
        $copy{ text() } = value() if chance(0.05);
        return \%copy;
    }
    return [ map { $self->changed($_, $name) } @$value, chance(0.1) ? @$value : () ] if ref $value eq 'ARRAY';
    return $self->id($name) // $value if defined $name && !ref $value && chance(0.8);
    return $value;
}

sub body_of {
    my ($self, $media) = @_;
    my $schema = $media->{schema};
    my $example = $media->{example} ? $self->changed($media->{example}) : { map { ($_ => $self->fitting($_, $schema->{properties}{$_})) } grep { chance(0.7) } sort keys %{ $schema->{properties} // {} } };
    $example->{ (sort keys %{ $schema->{properties} })[0] } = value() if ref $example eq 'HASH' && keys %{ $schema->{properties} // {} } && chance(0.1);
    return damaged($json->encode($example));
}

# Sometimes cut, sometimes with other bytes.
sub damaged {
    my $text = shift;
    return $text if chance(0.9);
    return substr $text, 0, rand length $text if chance(0.4);
    return text() if chance(0.2);
    substr $text, rand length $text, 1, one(text(), chr rand 256) for 0 .. rand 3;
    return $text;
}

sub multipart {
    my ($self, $media) = @_;
    my $properties = $media->{schema}{properties};
    my $body = '';
    for my $name (sort keys %$properties) {
        next if chance(0.15);
        my $file = ($properties->{$name}{format} // '') eq 'binary';
        my ($file_name, $bytes) = $file ? @{ one(@{ $self->{files} }) } : (undef, chance(0.7) ? $self->fitting($name, $properties->{$name}) : text());
        $body .= '--' . BOUNDARY . "\r\nContent-Disposition: form-data; name=\"$name\"" . ($file ? "; filename=\"$file_name\"" : '') . "\r\n\r\n" . damaged($bytes) . "\r\n";
    }
    return $body . '--' . BOUNDARY . "--\r\n";
}

# ---- a request -----------------------------------------------------------------------------------

my @accepts = ('*/*', 'application/json', 'text/html', 'text/html;q=0.9,*/*;q=0.1', 'image/png', 'x/y', 'garbage', '');
my %odd = (
    'Accept'                 => sub { one(@accepts) },
    'Range'                  => sub { one('bytes=0-1', 'bytes=-5', 'bytes=9-1', 'x') },
    'If-None-Match'          => sub { one('*', '"x"', 'W/"1"') },
    'If-Modified-Since'      => sub { one('Mon, 02 Nov 2037 09:05:00 GMT', 'x') },
    'X-HTTP-Method-Override' => sub { one(qw(GET PUT DELETE POST PATCH FOO), '') },
    'Idempotency-Key'        => sub { one('', 'k' x 255, 'k' x 256, "k\xff", map { "key-$_" } 1 .. 5) },
    'X-API-Key'              => sub { text() =~ s/[\r\n\0]//gr },
    'Origin'                 => sub { one('http://evil.example', 'null', 'x') },
    'Accept-Language'        => sub { one('de', '*', 'x') },
    'X-Filler'               => sub { 'x' x one(10, 7000) },
);

sub next {
    my $self = shift;
    $self->{known} = {} if $self->{seen}++ % REFRESH == 0;
    $self->{queue} = [ shuffle(@{ $self->{operations} }) ] unless @{ $self->{queue} // [] };
    my $operation = shift @{ $self->{queue} };
    my ($path, $wild) = $self->path($operation);
    my $method = uc $operation->{method};
    ($method, $wild) = (one(qw(GET HEAD PUT POST DELETE PATCH OPTIONS TRACE FOO)), 1) if chance(0.05);
    my $request = HTTP::Request->new($method, WF::Test::base_url() . $self->{base} . $path . $self->query($operation));
    my $user = one(@{ $self->{users} });
    $request->header(Authorization => 'Basic ' . encode_base64($user, '')) if defined $user;
    for my $name (sort keys %odd) {
        next unless chance(0.04);
        $request->header($name => $odd{$name}->());
        $wild = 1 if $name eq 'X-HTTP-Method-Override';
    }
    $self->add_body($request, $operation->{requestBody}{content} // {});
    return ($operation, $request, $wild);
}

sub add_body {
    my ($self, $request, $content) = @_;
    my $type = one(sort keys %$content) // (chance(0.05) ? 'application/json' : return);
    return if chance(0.05);
    my $body = $type eq 'multipart/form-data' ? $self->multipart($content->{$type}) : $self->body_of($content->{$type} // {});
    $type .= '; boundary=' . BOUNDARY if $type eq 'multipart/form-data' && chance(0.95);
    $type = one('text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/xml', 'x', '') if chance(0.05);
    $request->content($body);
    $request->header('Content-Type' => $type) if length $type;
    $request->header('Content-Length' => length $body);
}

1;
