# A mail server for tests: in a process of its own on a free port of the loopback, it takes
# every mail and writes it down.
#
#   my $sink = WF::MailSink->new(answers => { 'RCPT TO:<nobody@example.org>' => '550 5.1.1 no such user' });
#   … WorkflowMailServer @{[ $sink->url ]} …
#   my ($mail) = $sink->wait_for(1);
#   is $mail->{subject}, 'Grüße';
#
# answers: what to say instead of yes, by the beginning of a command (whatever its case); an
# empty one hangs up, and "MESSAGE" is the end of a message. auth => 1 offers a login, which
# any password passes.
#
# A mail is { from, to => [ … ], login => 1, headers => { lower case … }, subject, raw,
# parts => [ { type, charset, filename, headers => { … }, body => characters if there is
# a charset, else bytes } ] }; parts are the leaves of its tree.
package WF::MailSink;
use strict;
use warnings;
use parent 'WF::Servant';
use Encode ();
use IO::Select ();
use JSON::PP ();
use MIME::Base64 ();
use MIME::QuotedPrint ();
use WF::Test ();

my $json = JSON::PP->new->latin1->canonical;   # bytes of mails, one character each

sub new {
    my ($class, %opt) = @_;
    return $class->begin(mail => sub { serve(@_, \%opt) });
}

sub url { 'smtp://127.0.0.1:' . shift->{port} }

# The mails so far.
sub mails {
    my $self = shift;
    return map { understand($json->decode($_)) } $self->lines;
}

# As soon as there are so many, or after so many seconds.
sub wait_for {
    my ($self, $count, $seconds) = @_;
    WF::Test::wait_until { my $n = () = $self->mails; $n >= $count } $seconds // 20;
    return $self->mails;
}

# ---- reading a mail ---------------------------------------------------------------------------

sub split_head {
    my $text = shift;
    my ($head, $body) = split /\r\n\r\n/, "\r\n$text", 2;
    $head =~ s/\r\n([ \t])/$1/g;
    my %headers = map { /^([^:]+):\s*(.*)/s ? (lc $1 => $2) : () } split /\r\n/, $head;
    return (\%headers, $body // '');
}

sub leaves {
    my ($headers, $body) = split_head(shift);
    my $type = $headers->{'content-type'} // 'text/plain';
    if ($type =~ /^multipart\/.*?boundary="?([^";]+)/i) {
        my @parts = split /(?:\A|\r\n)--\Q$1\E(?:--)?[ \t]*(?:\r\n|\z)/, $body;
        return map { leaves($_) } grep { length } @parts[1 .. $#parts];
    }
    my $encoding = lc($headers->{'content-transfer-encoding'} // '7bit');
    $body = MIME::Base64::decode($body) if $encoding eq 'base64';
    $body = MIME::QuotedPrint::decode($body) if $encoding eq 'quoted-printable';
    my ($charset) = $type =~ /charset="?([^";\s]+)/i;
    my $disposition = $headers->{'content-disposition'} // '';
    my ($filename) = $disposition =~ /filename="((?:[^"\\]|\\.)*)"/;
    $filename =~ s/\\(.)/$1/g if defined $filename;
    my ($set, $escaped) = $disposition =~ /filename\*=([\w-]+)''(\S+)/;
    $filename = Encode::decode($set, $escaped =~ s/%(..)/chr hex $1/ger) if defined $set;
    $body = Encode::decode($charset, $body) if defined $charset;
    return { type => lc(($type =~ /^([^;\s]+)/)[0]), charset => $charset, filename => $filename,
             headers => $headers, body => $body };
}

sub understand {
    my $mail = shift;
    my ($headers) = split_head($mail->{raw});
    return { %$mail, headers => $headers, parts => [ leaves($mail->{raw}) ],
             subject => Encode::decode('MIME-Header', $headers->{subject} // '') };
}

# ---- the server's process ------------------------------------------------------------------------

# One mail after the other: who sends the next one waits.
sub serve {
    my ($listener, $parent, $out, $opt) = @_;
    my $select = IO::Select->new($listener, $parent);
    for (;;) {
        for my $socket ($select->can_read) {
            return if $socket == $parent;
            my $client = $listener->accept or next;
            converse($client, $out, $opt);
            close $client;
        }
    }
}

sub converse {
    my ($client, $out, $opt) = @_;
    my $answers = $opt->{answers} // {};
    my $say = sub { syswrite $client, "$_[0]\r\n" };
    my $own = sub {
        my $command = shift;
        my ($key) = grep { lc substr($command, 0, length) eq lc } sort keys %$answers;
        return defined $key ? $answers->{$key} : undef;
    };
    my %mail = (to => []);
    $say->('220 sink.example ESMTP');
    while (defined(my $line = <$client>)) {
        $line =~ s/\r?\n\z//;
        if (defined(my $answer = $own->($line))) {
            return if $answer eq '';
            $say->($answer);
            next;
        }
        if ($line =~ /^EHLO/i) { $say->($_) for '250-sink.example', ('250-AUTH PLAIN') x !!$opt->{auth}, '250 8BITMIME' }
        elsif ($line =~ /^AUTH PLAIN$/i) { $say->('334 '); <$client> // return; $mail{login} = 1; $say->('235 welcome') }
        elsif ($line =~ /^AUTH PLAIN /i) { $mail{login} = 1; $say->('235 welcome') }
        elsif ($line =~ /^MAIL FROM:<(.*?)>/i) { @mail{qw(from to)} = ($1, []); $say->('250 fine') }
        elsif ($line =~ /^RCPT TO:<(.*)>/i) { push @{ $mail{to} }, $1; $say->('250 fine') }
        elsif ($line =~ /^QUIT/i) { $say->('221 bye'); return }
        elsif ($line =~ /^DATA/i) {
            $say->('354 go on');
            my $raw = '';
            while (defined(my $data = <$client>)) {
                last if $data eq ".\r\n";
                $raw .= $data =~ s/^\.//r;
            }
            my $answer = $own->('MESSAGE');
            return if defined $answer && $answer eq '';
            syswrite $out, $json->encode({ %mail, raw => $raw }) . "\n" unless defined $answer;
            $say->($answer // '250 taken');
        }
        else { $say->('250 fine') }
    }
}

1;
