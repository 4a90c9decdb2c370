# A client of server-sent events, as simple as tests want it.
#
#   my $events = WF::EventStream->new("/api/v1/executions/$id/events");   # port, tls, headers, method
#   $events->{status}, $events->header('Cache-Control')
#   my $event = $events->event;      # { event, id, data }; undef at the end
#   my $update = $events->json;      # its data
package WF::EventStream;
use strict;
use warnings;
use parent 'WF::WebSocket';
use Time::HiRes ();

sub shake_hands {
    my ($self, $path) = @_;
    my %headers = (Host => 'localhost', Accept => 'text/event-stream', %{ $self->{headers} // {} });
    $self->write(join "\r\n", ($self->{method} // 'GET') . " $path " . ($self->{protocol} // 'HTTP/1.1'),
                 map({ "$_: $headers{$_}" } grep { defined $headers{$_} } sort keys %headers), '', '');
    my $until = Time::HiRes::time() + WF::WebSocket::PATIENCE;
    1 until $self->{buffer} =~ /\r\n\r\n/ || !$self->read($until);
    ($self->{head}, my $rest) = split /(?<=\r\n)\r\n/, $self->{buffer}, 2;
    ($self->{status}) = ($self->{head} // '') =~ m{^HTTP/1\.1 (\d+)};
    $self->{buffer} = $rest // '';
    $self->{text} = '';
    $self->{chunked} = ($self->header('Transfer-Encoding') // '') eq 'chunked';
}

# Whole lines that have come, without what carries them.
sub unwrap {
    my $self = shift;
    if (!$self->{chunked}) {
        $self->{text} .= $self->{buffer};
        $self->{buffer} = '';
    }
    while ($self->{chunked} && $self->{buffer} =~ /^([0-9a-fA-F]+)\r\n/) {
        my ($length, $start) = (hex $1, $+[0]);
        last if length $self->{buffer} < $start + $length + 2;
        $self->{text} .= substr $self->{buffer}, $start, $length;
        substr $self->{buffer}, 0, $start + $length + 2, '';
        $self->{last_chunk} = 1 unless $length;
    }
}

# The next block of lines: fields by their names, and what was no field as ''.
sub block {
    my ($self, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // WF::WebSocket::PATIENCE);
    for (;;) {
        $self->unwrap;
        if ($self->{text} =~ s/\A(.*?)\n\n//s) {
            my %block;
            for (split /\n/, $1) {
                my ($name, $value) = /^([^:]*):? ?(.*)$/;
                $block{$name} = defined $block{$name} ? "$block{$name}\n$value" : $value;
            }
            return \%block;
        }
        return undef if $self->{last_chunk} || !$self->read($until);
    }
}

sub event {
    my $self = shift;
    while (my $block = $self->block(@_)) {
        $self->{retry} = $block->{retry} if defined $block->{retry};
        return $block if defined $block->{data};
    }
    return undef;
}

sub json { my $event = shift->event(@_); $event ? JSON::PP::decode_json($event->{data}) : undef }

1;
