# make run CONF=secure: what it makes at its first start, who gets in, and over what; and how
# hard the binaries are.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Digest::SHA qw(hmac_sha256);
use File::Find ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);
use POSIX ();
use WF::Server;
use WF::Test;

# Two ports in a row: that of TLS is the next one.
sub two_ports {
    for (1 .. 100) {
        my $port = WF::Server::free_port();
        my $next = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port + 1, Listen => 1, ReuseAddr => 1) or next;
        return $port;
    }
    die 'no two ports';
}
my $state = "$ENV{WF_DIR}/secure-$$";
my $secrets = "$state/secure";
my $port = two_ports();
my $tls = $port + 1;
my $pid;
END { local $?; finish() }

sub launch {
    open my $log, '>', "$state.out" or die $!;
    $pid = fork // die $!;
    if (!$pid) {
        open STDOUT, '>&', $log;
        open STDERR, '>&', $log;
        { no warnings 'exec'; exec "$ENV{WF_TOP}/conf/demo/run", $port, $state, "$ENV{WF_DIR}/bin", 'secure' }
        POSIX::_exit(127);
    }
    return wait_until { said() =~ /Ctrl-C stops it/ || !defined $pid } 60;
}
sub finish { my $child = $pid // return; undef $pid; kill TERM => $child; waitpid $child, 0 }
sub slurp { my $file = shift; open my $in, '<', $file or return ''; local $/; return scalar <$in> // '' }
sub said { slurp("$state.out") }

# The status and the body of what curl gets.
sub curl {
    my ($url, @more) = @_;
    open my $in, '-|', 'curl', '-s', '-w', "\n%{http_code}", '--max-time', 20, @more, $url or die $!;
    my $text = join '', <$in>;
    close $in;
    my ($body, $code) = $text =~ /\A(.*)\n(\d+)\z/s;
    return ($code, $body);
}
my @ca = ('--cacert', "$secrets/ca.pem");
sub token {
    my ($key, %claims) = @_;
    my $text = join '.', map { encode_base64url($_) } '{"alg":"HS256","typ":"JWT"}', JSON::PP->new->encode(\%claims);
    return "$text." . encode_base64url(hmac_sha256($text, $key));
}

# Files below the state that others may read, but the number of the process; the demo's own data
# is as public as the source.
sub readable_by_all {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub { push @found, $_ if -f && (stat _)[2] & 07 && !m{/demo/|/httpd\.pid$} } }, $state);
    return @found;
}

# What the linker and the compiler can do against those who find a hole.
sub weak {
    my $file = "$ENV{WF_DIR}/bin/" . shift;
    my $about = `readelf -hldW --dyn-syms $file`;
    my %wanted = ('position independent' => qr/Type:\s+DYN/, 'no code on the stack' => qr/GNU_STACK.* RW /,
                  'relocations read-only' => qr/GNU_RELRO/, 'bound at the start' => qr/Flags:.* NOW/,
                  $ENV{WF_UNDER} ? () : ('stack protector' => qr/__stack_chk_fail/, 'fortified' => qr/__memcpy_chk/));
    return grep { $about !~ $wanted{$_} } sort keys %wanted;
}

my @modes = map { [ $_ => 0600 ] } qw(api-key jwt-key ca.pem ca.key server.key);
plan tests => 21 + @modes, -e "$ENV{WF_MODULES}/mod_ssl.so" && `openssl version 2>/dev/null` && `curl --version 2>/dev/null` ? () : skip_reason('needs mod_ssl, openssl and curl');

ok launch() or t_debug(said());
ok t_cmp((stat "$secrets/$_->[0]")[2] & 0777, $_->[1], "$_->[0] is nobody else's") for @modes;
ok t_cmp((stat $secrets)[2] & 0777, 0700, 'nor is where they lie');
for my $file (qw(api-key jwt-key ca.pem)) { ok t_cmp(said(), qr/\Q$secrets\E\/$file\b/, "$file is told") }
chomp(my ($key, $secret) = map { slurp("$secrets/$_") } qw(api-key jwt-key));
ok length $key >= 32 && length $secret >= 32;

my $rest = "activiti-rest/service/process-engine";
for my $at ("http://localhost:$port", "https://localhost:$tls") {
    ok t_cmp((curl("$at/api/v1/executions", @ca))[0], 401, "$at: nobody is anonymous");
    ok t_cmp((curl("$at/api/v1/executions", @ca, '-H', "X-API-Key: $key"))[0], 200, "$at: with the key");
    ok t_cmp((curl("$at/$rest", @ca, '-H', 'Authorization: Bearer ' . token($secret, sub => 'kermit', exp => time + 60)))[0], 200, "$at: with a token");
    ok t_cmp((curl("$at/$rest", @ca, '-u', 'kermit:kermit'))[0], 200, "$at: with a password");
}
ok t_cmp((curl("https://localhost:$tls/ready"))[0], '000', 'strangers do not vouch for it');
ok t_cmp((curl("https://127.0.0.1:$tls/ready", @ca))[0], 200, 'its address is in its certificate');
curl("http://localhost:$port/api/v1/executions?api_key=$key");
ok t_cmp(join(' ', readable_by_all()), '', 'nothing that it writes is for everybody');
ok t_cmp(join(' ', weak($_)), '', "$_ is hardened") for qw(workflow-engine mod_workflow.so);
finish();
ok t_cmp(index(slurp("$state/access.log"), $key), -1, 'no key in the log');

# The next start keeps them.
my $before = join '', map { slurp("$secrets/$_") } map { $_->[0] } @modes;
ok launch() && join('', map { slurp("$secrets/$_") } map { $_->[0] } @modes) eq $before;
finish();
