# A connection that breaks at any byte of a request, or of its answer: the request is sent again
# with its Idempotency-Key, and there is one instance.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Socket::INET ();
use MIME::Base64 qw(encode_base64);
use Socket qw(SOL_SOCKET SO_LINGER);
use WF::Server;
use WF::Test;

plan tests => 7;

my $server = WF::Server->new->start;
deploy('marked.bpmn20.xml');
my $agent = "Authorization: Basic " . encode_base64('kermit:kermit', '');

sub request {
    my $marker = shift;
    my $body = "{\"processDefinitionId\":\"marked:1\",\"marker\":\"$marker\"}";
    return "POST /activiti-rest/service/process-instance HTTP/1.1\r\nHost: localhost\r\n$agent\r\nIdempotency-Key: $marker\r\n"
         . "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
}

sub connected { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $server->{port}, Timeout => 20) or die "connect: $!" }

# Send so many bytes of the request, read so many of the answer, and reset the connection.
sub cut {
    my ($bytes, $send, $read) = @_;
    my $s = connected();
    local $SIG{PIPE} = 'IGNORE';
    syswrite $s, substr $bytes, 0, $send;
    my $got = '';
    while (length $got < $read) { sysread $s, $got, $read - length $got, length $got or last }
    setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    close $s;
    return $got;
}

# Until there is an answer that is not "being worked on"; its status, whether it is from before,
# and the instance.
sub insist {
    my $bytes = shift;
    my $answer;
    wait_until { $answer = cut($bytes, length $bytes, 1e6); $answer !~ m{^HTTP/1.1 409} } 30;
    return (($answer =~ m{^HTTP/1.1 (\d+)})[0] // 'none', $answer =~ /^Idempotency-Replayed: true/mi ? 1 : 0, ($answer =~ /"id":"(\d+)"/)[0] // 0);
}

my $length = length request('q-0000');
my $answer = cut(request('whole'), 1e6, 1e6);
ok t_cmp($answer, qr{^HTTP/1.1 200 }, 'a whole one');

# Markers of one length: each place of the cut has its own.
my (%id, @odd);
my $done = 0;
for my $at (0 .. $length) {
    my $marker = sprintf 'q-%04d', $at;
    cut(request($marker), $at, 0);
    my ($status, $replayed, $id) = insist(request($marker));
    push @odd, "$at:$status" if $status ne 200 || ($replayed && $at < $length);
    $done += $replayed;
    $id{$marker} = $id;
}
ok t_cmp("@odd", '', 'cut requests are done when they are sent again, and not before they are complete');

my $replays = 0;
@odd = ();
for my $at (1 .. length $answer) {
    my $marker = sprintf 'a-%04d', $at;
    my $got = cut(request($marker), 1e6, $at);
    my ($status, $replayed, $id) = insist(request($marker));
    push @odd, "$at:$status" if $status ne 200 || !$replayed;
    $replays += $replayed;
    $id{$marker} = $id;
    push @odd, "$at: another id" if $got =~ /"id":"(\d+)"/ && $1 != $id;
}
ok t_cmp("@odd", '', 'who saw a part of the answer gets it when he asks again');
ok t_cmp($replays, length $answer, 'for each of its bytes');

my %there = map { split /\|/ } $server->rows("SELECT NAME_, COUNT(*) FROM ACT_HI_TASKINST WHERE NAME_ LIKE '_-%' GROUP BY 1");
ok t_cmp(join(' ', grep { ($there{$_} // 0) != 1 } sort keys %id), '', 'one instance each');
my %of = map { split /\|/ } $server->rows("SELECT NAME_, PROC_INST_ID_ FROM ACT_HI_TASKINST WHERE NAME_ LIKE '_-%'");
ok t_cmp(join(' ', grep { ($of{$_} // 0) != $id{$_} } sort keys %id), '', 'which the answer names');
ok t_cmp(scalar(keys %there), scalar(keys %id), 'and no other');
