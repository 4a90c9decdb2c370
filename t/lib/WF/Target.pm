# An HTTP server to send load at: in a process of its own on a free port of the loopback, it
# answers by a table of paths and writes down every request.
#
#   my $target = WF::Target->new('/slow' => { delay => 0.3 }, '/no' => { status => 503 });
#   … $target->url('/slow') …
#   is $target->requests('/slow'), 10;
#
# An answer is { status, headers => { … }, body or json => what becomes the body, delay =>
# seconds, drop => 1 (close without an answer), hang => 1 (never answer) }, code that makes one
# of the request, or a list of these that are given in turn, the last one from then on; a
# path without a row answers 200 {"ok":true}. A request is { method, uri, path, query => { … },
# headers => { lower case … }, body, at => seconds, open => connections, number }.
package WF::Target;
use strict;
use warnings;
use parent 'WF::Servant';
use IO::Select ();
use JSON::PP ();
use Time::HiRes ();

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub new {
    my ($class, %routes) = @_;
    return $class->begin(target => sub { serve(@_, \%routes) });
}

sub url { my ($self, $path) = @_; "http://127.0.0.1:$self->{port}" . ($path // '') }

# The requests so far, of one path or of all; in scalar context their number.
sub requests {
    my ($self, $path) = @_;
    push @{ $self->{requests} }, map { $json->decode($_) } $self->next_lines;
    return grep { !defined $path || $_->{path} eq $path } @{ $self->{requests} };
}

# ---- the server's process -------------------------------------------------------------------

my (%client, %routes, $select, $out, $number, @later);

sub serve {
    my ($listener, $parent, $log, $table) = @_;
    ($out, %routes) = ($log, %$table);
    $select = IO::Select->new($listener, $parent);
    for (;;) {
        my $now = Time::HiRes::time();
        answer(@{ shift @later }[1, 2]) while @later && $later[0][0] <= $now;
        for my $socket ($select->can_read(@later ? $later[0][0] - $now : 5)) {
            $socket == $parent ? return : $socket == $listener ? admit($listener) : read_more($socket);
        }
    }
}

sub admit {
    my $socket = shift->accept or return;
    $select->add($socket);
    $client{ fileno $socket } = { socket => $socket, text => '' };
}

sub forget {
    my $c = shift;
    $select->remove($c->{socket});
    delete $client{ fileno $c->{socket} };
    close $c->{socket};
    $c->{gone} = 1;
}

sub read_more {
    my $c = $client{ fileno shift } or return;
    sysread($c->{socket}, $c->{text}, 65536, length $c->{text}) or return forget($c);
    while (!$c->{gone} && $c->{text} =~ /\A(.*?)\r\n\r\n/s) {
        my ($head, $start) = ($1, $+[0]);
        my ($line, @fields) = split /\r\n/, $head;
        my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name => $value) } @fields;
        my $length = $headers{'content-length'} // 0;
        return if length $c->{text} < $start + $length;
        my ($method, $uri) = split / /, $line;
        my ($path, $query) = split /\?/, $uri, 2;
        my %query = map { my ($k, $v) = map { s/%(..)/chr hex $1/ger } split /=/, $_, 2; ($k => $v // '') }
                    split /&/, $query // '';
        take($c, { method => $method, uri => $uri, path => $path, query => \%query, headers => \%headers,
                   body => substr($c->{text}, $start, $length), at => Time::HiRes::time(),
                   open => scalar(keys %client), number => ++$number });
        substr($c->{text}, 0, $start + $length, '');
    }
}

sub take {
    my ($c, $request) = @_;
    my $reply = $routes{ $request->{path} } // {};
    $reply = @$reply > 1 ? shift @$reply : $reply->[0] if ref $reply eq 'ARRAY';
    $reply = $reply->($request) if ref $reply eq 'CODE';
    syswrite $out, $json->encode($request) . "\n";
    return if $reply->{hang};
    $reply = { %$reply, head => $request->{method} eq 'HEAD' };
    return answer($c, $reply) unless $reply->{delay};
    @later = sort { $a->[0] <=> $b->[0] } @later, [ Time::HiRes::time() + $reply->{delay}, $c, $reply ];
}

sub answer {
    my ($c, $reply) = @_;
    return if $c->{gone};
    return forget($c) if $reply->{drop};
    my $status = $reply->{status} // 200;
    my $body = $reply->{body} // $json->encode($reply->{json} // { ok => JSON::PP::true });
    my %headers = ('Content-Type' => 'application/json', 'Content-Length' => length $body, %{ $reply->{headers} // {} });
    my $text = "HTTP/1.1 $status Because\r\n" . join('', map { "$_: $headers{$_}\r\n" } sort keys %headers) . "\r\n";
    $text .= $body unless $reply->{head} || $status == 204;
    for (my $sent = 0; $sent < length $text;) {
        $sent += syswrite($c->{socket}, $text, length($text) - $sent, $sent) || return forget($c);
    }
}

1;
