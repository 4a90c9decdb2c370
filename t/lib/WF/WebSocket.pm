# A WebSocket client (RFC 6455), as simple as tests want it: it sees every frame and may break
# every rule.
#
#   my $ws = WF::WebSocket->new("/api/v1/executions/$id/ws");   # port =>, tls => 1, headers => { … }
#   $ws->{status} == 101 or die $ws->{head};
#   my $update = $ws->json;                                     # undef when it is closed
#   $ws->send(TEXT, 'hello', fin => 0, mask => 0);
#   $ws->code                                                   # of the close frame: 1000 …
package WF::WebSocket;
use strict;
use warnings;
use Digest::SHA ();
use Exporter 'import';
use IO::Select ();
use IO::Socket::INET ();
use JSON::PP ();
use MIME::Base64 ();
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Time::HiRes ();
use WF::Test ();

use constant { CONTINUATION => 0, TEXT => 1, BINARY => 2, CLOSE => 8, PING => 9, PONG => 10 };
our @EXPORT = qw(CONTINUATION TEXT BINARY CLOSE PING PONG);

use constant PATIENCE => 20;    # seconds for whatever is waited for

sub new {
    my ($class, $path, %opt) = @_;
    my ($port) = ($opt{port} // WF::Test::base_url()) =~ /(\d+)$/;
    my $self = bless { buffer => '', frames => [], %opt }, $class;
    my $socket = IO::Socket::INET->new(Proto => 'tcp') or die $!;
    setsockopt($socket, SOL_SOCKET, SO_RCVBUF, $opt{rcvbuf}) if $opt{rcvbuf};
    connect($socket, Socket::pack_sockaddr_in($port, Socket::inet_aton('127.0.0.1'))) or die "connect: $!";
    if ($opt{tls}) {
        require IO::Socket::SSL;
        $socket = IO::Socket::SSL->start_SSL($socket, SSL_verify_mode => 0, %{ $opt{ssl} // {} })
            or die $IO::Socket::SSL::SSL_ERROR;
    }
    $self->{socket} = $socket;
    $self->shake_hands($path);
    return $self;
}

sub shake_hands {
    my ($self, $path) = @_;
    my $key = $self->{key} // MIME::Base64::encode_base64(pack('N4', map { int rand 2 ** 32 } 1 .. 4), '');
    my %headers = (Host => 'localhost', Upgrade => 'websocket', Connection => 'Upgrade',
                   'Sec-WebSocket-Key' => $key, 'Sec-WebSocket-Version' => 13, %{ $self->{headers} // {} });
    $self->write(join("\r\n", ($self->{method} // 'GET') . " $path " . ($self->{protocol} // 'HTTP/1.1'),
                      map({ "$_: $headers{$_}" } grep { defined $headers{$_} } sort keys %headers), '', '') . ($self->{early} // ''));
    my $until = Time::HiRes::time() + PATIENCE;
    1 until $self->{buffer} =~ /\r\n\r\n/ || !$self->read($until);
    ($self->{head}, my $rest) = split /(?<=\r\n)\r\n/, $self->{buffer}, 2;
    ($self->{status}) = ($self->{head} // '') =~ m{^HTTP/1\.1 (\d+)};
    $self->{buffer} = $rest // '';
    my $accept = MIME::Base64::encode_base64(Digest::SHA::sha1($key . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'), '');
    $self->{accepted} = ($self->{head} // '') =~ /^Sec-WebSocket-Accept: \Q$accept\E\r$/mi ? 1 : 0;
}

sub header { my ($self, $name) = @_; $self->{head} =~ /^\Q$name\E: *(.*?)\r$/mi ? $1 : undef }

# The body of an answer that is none of a WebSocket, as far as its length says.
sub body {
    my $self = shift;
    my ($length, $until) = ($self->header('Content-Length') // 0, Time::HiRes::time() + PATIENCE);
    1 until length $self->{buffer} >= $length || !$self->read($until);
    return substr $self->{buffer}, 0, $length;
}

# ---- bytes --------------------------------------------------------------------------------

sub write {
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    for (my $sent = 0; $sent < length $bytes;) {
        $sent += syswrite($self->{socket}, $bytes, length($bytes) - $sent, $sent) // return 0;
    }
    return 1;
}

# Some bytes more; 0 at the end of the connection or of the time.
sub read {
    my ($self, $until) = @_;
    my $pending = $self->{tls} && $self->{socket}->pending;
    my $left = $until - Time::HiRes::time();
    return 0 unless $pending || IO::Select->new($self->{socket})->can_read($left > 0 ? $left : 0);
    my $n = sysread $self->{socket}, $self->{buffer}, 65536, length $self->{buffer};
    $self->{eof} = 1 unless $n || ($self->{tls} && !defined $n && $!{EAGAIN});
    return $self->{eof} ? 0 : 1;
}

# Is the connection at its end within so many seconds? What comes before is thrown away.
sub is_gone {
    my ($self, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // PATIENCE);
    1 while !$self->{eof} && $self->read($until);
    return $self->{eof};
}

sub hang_up { close shift->{socket} }

# ---- frames -------------------------------------------------------------------------------

sub frame {
    my ($opcode, $payload, %opt) = @_;
    my ($mask, $length) = ($opt{mask} // 1, $opt{length} // length $payload);
    my $head = pack 'C', (($opt{fin} // 1) << 7) | (($opt{rsv} // 0) << 4) | $opcode;
    $head .= $length < 126 ? pack('C', $mask << 7 | $length)
           : $length < 65536 ? pack('Cn', $mask << 7 | 126, $length) : pack('CQ>', $mask << 7 | 127, $length);
    return $head . $payload unless $mask;
    my $key = pack 'N', int rand 2 ** 32;
    return $head . $key . ($payload ^ substr($key x (length($payload) / 4 + 1), 0, length $payload));
}

sub send { my $self = shift; $self->write(frame(@_)) }

# The next frame as { opcode, fin, payload }; undef at the end or if none comes in time.
sub next_frame {
    my ($self, $seconds) = @_;
    my $until = Time::HiRes::time() + ($seconds // PATIENCE);
    for (;;) {
        my $b = $self->{buffer};
        if (length $b >= 2) {
            my ($first, $length) = unpack 'CC', $b;
            my $start = $length < 126 ? 2 : $length == 126 ? 4 : 10;
            die 'a server masks nothing' if $length & 128;
            if (length $b >= $start) {
                $length = unpack $start == 4 ? 'x2n' : 'x2Q>', $b if $start > 2;
                if (length $b >= $start + $length) {
                    substr $self->{buffer}, 0, $start + $length, '';
                    return { opcode => $first & 15, fin => $first >> 7, rsv => $first >> 4 & 7,
                             payload => substr($b, $start, $length) };
                }
            }
        }
        $self->read($until) or return undef;
    }
}

# The next text. Pings are answered; a close frame is kept, answered, and is the end.
sub text {
    my ($self, $seconds) = @_;
    while (!$self->{closed} && (my $frame = $self->next_frame($seconds))) {
        push @{ $self->{seen} }, $frame->{opcode};
        if ($frame->{opcode} == TEXT) { return $frame->{payload} }
        if ($frame->{opcode} == PING) { $self->send(PONG, $frame->{payload}) }
        if ($frame->{opcode} == CLOSE) {
            $self->{closed} = $frame->{payload};
            $self->send(CLOSE, substr $frame->{payload}, 0, 2) unless $self->{leaving};
        }
    }
    return undef;
}

sub json { my $text = shift->text(@_); defined $text ? JSON::PP::decode_json($text) : undef }

# All that still comes, to the end.
sub rest { my ($self, @all) = shift; while (my $m = $self->json) { push @all, $m } @all }

# The code of the close frame, once text() has seen it.
sub code { my $closed = shift->{closed}; defined $closed && length $closed >= 2 ? unpack 'n', $closed : $closed }

sub leave { my ($self, $code) = @_; $self->{leaving} = 1; $self->send(CLOSE, pack 'n', $code // 1000) }

1;
