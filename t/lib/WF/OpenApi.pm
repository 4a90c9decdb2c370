# An OpenAPI document: its operations, and what speaks against a value or an answer by the schemas
# in it, of which it knows those keywords that our documents use.
#
#   my $api = WF::OpenApi->new($document);
#   $api->operations                        # { method, path, … the operation itself }
#   $api->faults($schema, $value, 'body')   # texts; none if it fits
#   $api->objections($operation, $response) # the same of an answer: its status, type and body
package WF::OpenApi;
use strict;
use warnings;
use B ();
use JSON::PP ();

my $json = JSON::PP->new->utf8->allow_nonref;

sub new {
    my ($class, $doc) = @_;
    my @operations;
    for my $path (sort keys %{ $doc->{paths} }) {
        push @operations, map { +{ path => $path, method => $_, %{ $doc->{paths}{$path}{$_} } } } sort keys %{ $doc->{paths}{$path} };
    }
    return bless { doc => $doc, operations => \@operations }, $class;
}

sub operations { @{ shift->{operations} } }
sub operation { my ($self, $id) = @_; my ($found) = grep { $_->{operationId} eq $id } $self->operations; $found }

# Those that a method and a path below the base may mean.
sub that_match {
    my ($self, $method, $path) = @_;
    return grep {
        my $pattern = join '.*', map { quotemeta } split /\{\w+\}/, $_->{path}, -1;
        lc $method eq $_->{method} && $path =~ /^$pattern$/;
    } $self->operations;
}

sub kind {
    my $value = shift;
    return 'null' unless defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return ref $value eq 'HASH' ? 'object' : 'array' if ref $value;
    return 'string' if B::svref_2object(\$value)->FLAGS & B::SVf_POK;
    return $value == int $value ? 'integer' : 'number';
}

my %keyword = map { $_ => 1 } qw(type format properties required additionalProperties items anyOf enum default description $ref
                                contentMediaType minLength maxLength);
my %format = (date => qr/^\d{4}-\d\d-\d\d$/, 'date-time' => qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
              int32 => qr/^-?\d{1,10}$/, binary => qr//);

sub faults {
    my ($self, $schema, $value, $at) = @_;
    return map { "$at: keyword $_" } grep { !$keyword{$_} } keys %$schema if grep { !$keyword{$_} } keys %$schema;
    if (my $ref = $schema->{'$ref'}) {
        my $target = $self->resolve($ref) // return "$at: $ref leads nowhere";
        return $self->faults($target, $value, $at);
    }
    my $kind = kind($value);
    my @types = ref $schema->{type} ? @{ $schema->{type} } : $schema->{type} // ();
    push @types, 'integer' if grep { $_ eq 'number' } @types;
    return "$at is no @types but $kind" if @types && !grep { $_ eq $kind } @types;
    my @found;
    push @found, "$at: '$value' is not one of its values" if $schema->{enum} && !grep { $_ eq $value } @{ $schema->{enum} };
    push @found, "$at: '$value' is no $schema->{format}"
        if $kind ne 'null' && $schema->{format} && $value !~ ($format{ $schema->{format} } // qr/^$/);
    push @found, "$at: none of its forms" if $schema->{anyOf} && !grep { !$self->faults($_, $value, $at) } @{ $schema->{anyOf} };
    if ($kind eq 'array' && $schema->{items}) {
        push @found, map { $self->faults($schema->{items}, $value->[$_], "$at\[$_]") } 0 .. $#$value;
    }
    if ($kind eq 'object') {
        push @found, map { "$at.$_ is missing" } grep { !exists $value->{$_} } @{ $schema->{required} // [] };
        for my $name (sort keys %$value) {
            my $member = ($schema->{properties} // {})->{$name} // $schema->{additionalProperties} // {};
            push @found, $self->faults($member, $value->{$name}, "$at.$name");
        }
    }
    return @found;
}

sub resolve {
    my ($self, $ref) = @_;
    my ($at, @path) = split m{/}, $ref;
    my $node = $at eq '#' ? $self->{doc} : return undef;
    $node = ref $node eq 'HASH' ? $node->{$_} : undef for @path;
    return $node;
}

sub refs { my $n = shift; ref $n eq 'HASH' ? ((defined $n->{'$ref'} ? $n->{'$ref'} : ()), map { refs($_) } values %$n) : ref $n eq 'ARRAY' ? map { refs($_) } @$n : () }
sub loose_ends { my $self = shift; grep { !defined $self->resolve($_) } refs($self->{doc}) }

# What is wrong with an operation as the document tells it.
sub problems {
    my ($self, $o) = @_;
    my @found;
    my $same = sub { my ($what, $is, $ought) = @_; push @found, "$what: '$is' is not '$ought'" if $is ne $ought };
    my @parameters = @{ $o->{parameters} // [] };
    my %parameter = map { ("$_->{in} $_->{name}" => $_) } @parameters;
    $same->('path parameters', join(' ', sort map { $_->{name} } grep { $_->{in} eq 'path' } @parameters), join ' ', sort $o->{path} =~ /\{(\w+)\}/g);
    push @found, map { "$_ is told twice" } keys %parameter == @parameters ? () : 'a parameter';
    push @found, map { "$_->{name} is not told well" } grep { !$_->{description} || !$_->{schema} || $_->{in} eq 'path' && !$_->{required} } @parameters;
    push @found, map { $self->faults($_->{schema}, $_->{schema}{default}, $_->{name}) } grep { defined $_->{schema}{default} } @parameters;
    push @found, map { my $tag = $_; "$tag is listed " . grep({ $_->{name} eq $tag } @{ $self->{doc}{tags} }) . ' times' }
        grep { my $tag = $_; 1 != grep { $_->{name} eq $tag } @{ $self->{doc}{tags} } } @{ $o->{tags} };
    my $open = $o->{'x-level'} eq 'none';
    $same->('security', join(' ', map { keys %$_ } @{ $o->{security} }), $open ? '' : 'basic');
    my %answers = %{ $o->{responses} };
    push @found, 'there is no answer of success' unless grep { /^(101|20[014])$/ } keys %answers;
    push @found, map { "there is no answer $_" } grep { !$answers{$_} } 'default', $open ? () : (401, 403);
    for my $holder ($o->{requestBody} // (), values %answers) {
        my $content = $holder->{content} // {};
        push @found, map { "$_ is no media type" } grep { !m{^[\w*]+/[\w*+.-]+$} } keys %$content;
        push @found, map { $self->faults($_->{schema}, $_->{example}, 'example') } grep { exists $_->{example} } values %$content;
    }
    my $alias = $o->{'x-alias-of'};
    push @found, "$alias has no alias" if defined $alias && !$self->operation($alias);
    return @found;
}

sub objections {
    my ($self, $operation, $r) = @_;
    # A file that somebody has uploaded is what he says it is; httpd gives parts of it.
    return () if $r->header('Content-Disposition') && $operation->{responses}{200}{content}{'application/octet-stream'};
    my $answer = $operation->{responses}{ $r->code } // return $r->code . ' is none of its statuses';
    my $content = $answer->{content} // {};
    my $type = ($r->header('Content-Type') // '') =~ s/;.*//r;
    return () if $r->content eq '';
    return () if !%$content;    # httpd words it
    my $media = $content->{$type} // $content->{'application/octet-stream'} // return "$type is none of its types";
    return () unless $type eq 'application/json';
    my $value = eval { $json->decode($r->content) };
    return "no JSON: $@" if $@;
    return $self->faults($media->{schema} // {}, $value, 'body');
}

1;
