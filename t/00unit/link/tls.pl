# A server that ends TLS and carries what is in it to a port of this machine.
#   perl tls.pl PORT CERTIFICATE KEY [CA: who connects needs a certificate of it]
# It says its own port first, and ends with its standard input.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::SSL;

my ($port, $certificate, $key, $ca) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 10) or die $!;
$| = 1;
print $listener->sockport, "\n";

my @identity = (SSL_server => 1, SSL_cert_file => $certificate, SSL_key_file => $key,
    $ca ? (SSL_ca_file => $ca, SSL_verify_mode => SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) : ());

sub carry {
    my ($outside) = @_;
    my $inside = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return;
    my $both = IO::Select->new($outside, $inside);
    while (1) {
        my @ready = $outside->pending ? ($outside) : $both->can_read;
        for my $from (@ready) {
            my $to = $from == $outside ? $inside : $outside;
            my $n = $from->sysread(my $bytes, 16384) or return;
            for (my $sent = 0; $sent < $n;) {
                $sent += $to->syswrite($bytes, $n - $sent, $sent) || return;
            }
        }
    }
}

my $wait = IO::Select->new($listener, \*STDIN);
while (1) {
    my @ready = $wait->can_read;
    exit if grep { $_ == \*STDIN } @ready;
    my $plain = $listener->accept or next;
    my $outside = IO::Socket::SSL->start_SSL($plain, @identity) or next;
    carry($outside);
    $outside->close;
}
