# What the suites of the Activiti face share: short process files, archives and multipart
# bodies written by hand, requests byte by byte, and a look into the store.
package WF::Activiti;
use strict;
use warnings;
use Compress::Zlib ();
use Exporter 'import';
use IO::Socket::INET ();
use JSON::PP ();
use POSIX ();
use WF::Test;

our @EXPORT = qw(bpmn define definition_of archive post_parts part raw message stored value_of repository
                 tasks_named in_parallel);

# A process file. Elements start with '<'; anything else is a flow, 'a -> b', 'a -> b if
# ${condition}' or with an id of its own 'id: a -> b'.
sub bpmn {
    my ($key, @elements) = @_;
    my $n = 0;
    for (@elements) {
        next if /^\s*</;
        my ($id, $from, $to, $condition) = /^(?:([\w-]+): )?([\w-]+) -> ([\w-]+)(?: if (.+))?$/s or die "flow: $_";
        $id //= 'flow' . ++$n;
        $condition = $condition ? "<conditionExpression xsi:type=\"tFormalExpression\"><![CDATA[$condition]]></conditionExpression>" : '';
        $_ = "<sequenceFlow id=\"$id\" sourceRef=\"$from\" targetRef=\"$to\">$condition</sequenceFlow>";
    }
    return <<"END_XML";
<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
             xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
             xmlns:activiti="http://activiti.org/bpmn" targetNamespace="test">
<process id="$key">
@{[ join "\n", @elements ]}
</process>
</definitions>
END_XML
}

# Deploy such a process; the id of its definition.
sub define {
    my ($key, @elements) = @_;
    my $r = upload("$key.bpmn20.xml", bpmn($key, @elements));
    $r->is_success or die $r->as_string;
    return demo_id($key);
}

# The newest definition of a key, with all members; undef if there is none.
sub definition_of {
    my $id = demo_id(shift) // return undef;
    return get_json("/process-definition/$id");
}

# ---- archives --------------------------------------------------------------------------

# archive([ name => bytes, member => value … ], …): a zip archive (APPNOTE 4.3) that may
# lie. Members: method (0 stored, 8 deflated), size and crc as the headers tell them, flags,
# mode (of a Unix file), packed (the bytes as they stand in the file).
sub archive {
    my (@entries) = @_;
    my ($out, $directory) = ('', '');
    for (@entries) {
        my ($name, $bytes, %e) = @$_;
        my $method = $e{method} // 8;
        my $packed = $e{packed} // ($method == 8 ? deflate($bytes) : $bytes);
        my $common = pack 'v4V3v', $e{flags} // 0, $method, 0, 0x21, $e{crc} // Compress::Zlib::crc32($bytes),
                          length $packed, $e{size} // length $bytes, length $name;
        my $at = length $out;
        $out .= "PK\3\4" . pack('v', 20) . $common . pack('v', 0) . $name . $packed;
        $directory .= "PK\1\2" . pack('v', 3 << 8 | 20) . pack('v', 20) . $common
                    . pack('v4V2', 0, 0, 0, 0, ($e{mode} // 0100644) << 16, $at) . $name;
    }
    return $out . $directory
         . "PK\5\6" . pack 'v4V2v', 0, 0, scalar @entries, scalar @entries, length $directory, length $out, 0;
}

sub deflate {
    my ($d) = Compress::Zlib::deflateInit(-WindowBits => -Compress::Zlib::MAX_WBITS());
    my ($first) = $d->deflate(shift);
    my ($rest) = $d->flush;
    return $first . $rest;
}

# ---- multipart bodies ------------------------------------------------------------------

# One part: its header lines (an array) or the parameters of its Content-Disposition, and
# its content.
sub part {
    my ($headers, $content) = @_;
    my @lines = ref $headers ? @$headers : "Content-Disposition: form-data; $headers";
    return join('', map { "$_\r\n" } @lines) . "\r\n$content\r\n";
}

# POST parts to /deployment.
sub post_parts {
    my ($parts, %opt) = @_;
    my $b = $opt{boundary} // 'part-of-a-form';
    my $body = join '', (map { "--$b\r\n$_" } @$parts), "--$b--\r\n";
    return call('POST', $opt{path} // '/deployment', $body,
                headers => { 'Content-Type' => "multipart/form-data; boundary=$b", %{ $opt{headers} // {} } });
}

# ---- the rest --------------------------------------------------------------------------

# Send bytes to the server and read until it closes; what it answered. The request should
# say "Connection: close". With something true behind the bytes nothing follows them.
sub raw {
    my ($bytes, $hang_up) = @_;
    my ($host, $port) = base_url() =~ m{//(.*):(\d+)};
    my $s = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 20) or die "connect: $!";
    local $SIG{PIPE} = 'IGNORE';
    local $SIG{ALRM} = sub { die "no answer within 30 seconds\n" };
    alarm 30 * WF::Test::SLOW;
    print $s $bytes;
    $s->flush;
    shutdown $s, 1 if $hang_up;
    local $/;
    my $answer = <$s> // '';
    alarm 0;
    return $answer;
}

# What an error answer says; its body must be the one that clients expect.
sub message {
    my $r = shift;
    my $body = eval { json($r) } or return 'no JSON: ' . $r->as_string;
    my $status = eval { $body->{status}{code} } // 'none';
    return $status eq $r->code ? $body->{message} : "in the body is another status, $status: " . $r->as_string;
}

# Rows of a query on the shared server's store, as hashes.
sub stored {
    my $sql = shift;
    open my $in, '-|', 'sqlite3', '-readonly', '-json', "$ENV{WF_DIR}/root/engine/workflow.db", $sql or die "sqlite3: $!";
    local $/;
    my $text = <$in> // '';
    close $in or die "sqlite3: $sql";
    return $text =~ /\S/ ? @{ JSON::PP->new->utf8->decode($text) } : ();
}

# The one value of a query.
sub value_of { my ($row) = stored(shift); return $row ? (values %$row)[0] : undef }

# What the store holds of deployments, to see that nothing came or went: three counts.
sub repository {
    return join ' ', map { value_of("SELECT COUNT(*) FROM $_") } qw(ACT_RE_DEPLOYMENT ACT_RE_PROCDEF ACT_GE_BYTEARRAY);
}

# in_parallel($n, sub { … $i … }): run the code in so many processes that begin at the same
# moment; the line that each of them returned, in their order.
sub in_parallel {
    my ($clients, $code) = @_;
    pipe my $gate, my $opener or die $!;
    my @outcomes;
    for my $i (0 .. $clients - 1) {
        pipe my $in, my $out or die $!;
        my $pid = fork // die $!;
        if (!$pid) {
            close $opener;
            sysread $gate, my $nothing, 1;    # no connection yet: httpd may have fewer workers
            my $line = eval { $code->($i) } // "died: $@";
            print $out $line =~ s/\s+/ /gr;
            close $out;
            POSIX::_exit(0);
        }
        push @outcomes, [ $pid, $in ];
    }
    close $opener;
    return map { my $line = readline $_->[1]; waitpid $_->[0], 0; $line // 'nothing' } @outcomes;
}

# Names of the open tasks of an instance, sorted, out of those with a filter.
sub tasks_named { return join ' ', sort map { $_->{name} } tasks_of(@_) }

1;
