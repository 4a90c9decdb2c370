# HTTP/2 and TLS: which version is spoken, connections of users, client certificates. The target is
# an httpd with mod_http2 of our own, whose log tells what really arrived.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use IO::Socket::INET ();
use JSON::PP;
use WF::Target;
use WF::Test;

my $vars = Apache::Test::vars();
my $modules = $ENV{WF_MODULES} // `apxs -q LIBEXECDIR` =~ s/\s+\z//r;
my @modules = grep { -e "$modules/mod_$_.so" } qw(mpm_event unixd authz_core ssl socache_shmcb log_config http2);
my $dir = "$ENV{WF_DIR}/http2-$$";
mkdir $dir or die "$dir: $!";
mkdir "$dir/docs" or die $!;
my ($pid, $owner);

sub spew { my ($name, $text) = @_; open my $out, '>', "$dir/$name" or die "$name: $!"; print $out $text; close $out or die $! }
sub slurp { open my $in, '<', "$dir/" . shift or return ''; local $/; return scalar <$in> // '' }
sub free_port { IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport }

my ($tls, $strict, $plain) = (free_port(), free_port(), free_port());

sub start_target {
    system("sh -e '$ENV{WF_TOP}/t/00unit/client/certificates.sh' '$dir' >/dev/null 2>&1") == 0 or die 'no certificates';
    spew('docs/hello', 'hello');
    chmod 0755, $dir, "$dir/docs";
    chmod 0644, "$dir/client-locked.key";    # the engine is another user
    my $user = $> == 0 ? "User www-data\nGroup www-data\n" : '';
    my $host = sub { my ($port, $more) = @_; "Listen 127.0.0.1:$port\n<VirtualHost 127.0.0.1:$port>\n$more</VirtualHost>\n" };
    my $ssl = "SSLEngine on\nSSLCertificateFile $dir/good.pem\nSSLCertificateKeyFile $dir/good.key\n";
    spew('httpd.conf', join '', "ServerName localhost\nServerRoot $dir\nPidFile $dir/pid\nErrorLog $dir/error_log\n",
        "DocumentRoot $dir/docs\n$user", (map { "LoadModule ${_}_module $modules/mod_$_.so\n" } @modules),
        "Protocols h2 h2c http/1.1\nMaxKeepAliveRequests 0\n",
        "<Directory $dir/docs>\nRequire all granted\n</Directory>\n",
        "CustomLog $dir/access_log \"%H %p %{remote}p %{SSL_CLIENT_S_DN_CN}x\"\n",
        $host->($tls, $ssl), $host->($plain, ''),
        $host->($strict, "${ssl}SSLVerifyClient require\nSSLCACertificateFile $dir/ca.pem\n"));
    $owner = $$;
    $pid = fork // die $!;
    if (!$pid) {
        open STDERR, '>>', "$dir/stderr";
        exec $vars->{httpd}, '-DFOREGROUND', '-f', "$dir/httpd.conf" or exit 1;
    }
    return wait_until { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $plain) };
}
END { if ($pid && $owner == $$) { kill TERM => $pid; waitpid $pid, 0 } }

# Run a step with this config, and one that tells what it learned. What that is, and the lines of
# the target's log: version, port, the client's port, the client. As many as expected, or none.
my $seen = WF::Target->new;
my $position = 0;
sub run_against {
    my ($url, $config, %more) = @_;
    my %config = (%$config, ssl => { ca => "$dir/ca.pem", %{ $config->{ssl} // {} } });
    my $text = $more{text} // '${a.version}';
    my ($execution) = run_workflow([ http_step(a => $url, %config), http_step(b => $seen->url('/seen'), query => { v => $text }) ],
                                   $more{options}, $more{section} ? (http => $more{section}) : ());
    my $expected = $execution->{status} eq 'completed' ? $more{options}{iterations} // 1 : 0;
    my @lines;
    wait_until { @lines = split /\n/, substr slurp('access_log'), $position; @lines >= $expected } 10;
    $position = length slurp('access_log');
    my ($last) = ($seen->requests('/seen'))[-1];
    return ($execution, $last && $last->{query}{v}, map { [ split / / ] } @lines);
}

my %client = (cert => "$dir/client.pem", key => "$dir/client-locked.key", key_password => 'secret');
my @versions = (
    # what                  url                              config                                    version   (an upgrade is logged twice)
    [ 'offered',            "https://localhost:$tls/hello",  {},                                       'HTTP/2' ],
    [ 'not wanted',         "https://localhost:$tls/hello",  { http_version => 1.1 },                  'HTTP/1.1' ],
    [ 'without TLS',        "http://127.0.0.1:$plain/hello", {},                                       'HTTP/1.1' ],
    [ 'by knowledge',       "http://127.0.0.1:$plain/hello", { http_version => '2-prior-knowledge' },  'HTTP/2' ],
    [ 'by upgrade',         "http://127.0.0.1:$plain/hello", { http_version => 2 },                    'HTTP/2', qr{^HTTP/[12]} ],
);
my @users = (
    # connections  most
    [ 'per_vu',    4, 4 ],
    [ 'shared',    1, 4 ],
);
my @certificates = (
    # what                section                                                     ends         error
    [ 'the right one',    { ssl => \%client, http_version => 1.1 },                   'completed', undef ],
    [ 'none',             { http_version => 1.1 },                                    'failed',    qr/requires a client certificate/ ],
    [ 'a wrong password', { ssl => { %client, key_password => 'x' } },                'failed',    qr/key or password/ ],
);

plan tests => 3 * @versions + 3 * @users + 3 * @certificates + 3,
    have_min_apache_version('2.4') && (grep { /^http2$/ } @modules) && (grep { /^ssl$/ } @modules);
die slurp('stderr') . slurp('error_log') if !start_target();

for my $case (@versions) {
    my ($what, $url, $section, $version, $logged) = @$case;
    my ($execution, $told, @lines) = run_against($url, $section);
    ok t_cmp($execution->{status}, 'completed', $what) or t_debug(JSON::PP->new->encode($execution->{errors}));
    ok t_cmp($told, $version, "$what: told");
    ok t_cmp($lines[-1][0], $logged // $version =~ s/HTTP\/2$/HTTP\/2.0/r, "$what: seen");
}

for my $case (@users) {
    my ($connections, $fewest, $most) = @$case;
    my (undef, undef, @lines) = run_against("https://localhost:$tls/hello", {}, section => { connections => $connections },
                                            options => { mode => 'shared-iterations', vus => 4, iterations => 40 });
    my %ports = map { $_->[2] => 1 } @lines;
    ok t_cmp(scalar @lines, 40, "$connections: requests");
    ok keys %ports >= $fewest;
    ok keys %ports <= $most;
}

for my $case (@certificates) {
    my ($what, $section, $status, $error) = @$case;
    my ($execution, undef, @lines) = run_against("https://localhost:$strict/hello", $section);
    ok t_cmp($execution->{status}, $status, $what) or t_debug(JSON::PP->new->encode($execution->{errors}));
    ok $error ? t_cmp($execution->{errors}[0]{message}, $error, $what) : !@{ $execution->{errors} };
    ok t_cmp($lines[-1] && $lines[-1][3], $status eq 'completed' ? 'Test' : undef, "$what: who it was");
}

my (undef, $spent) = run_against("https://localhost:$tls/hello", {}, text => '${a.timings.tls_handshaking}');
ok $spent > 0;
my ($execution) = run_against("https://127.0.0.1:$tls/hello", { ssl => { server_name => 'shop.example' } });
ok t_cmp($execution->{status}, 'completed', 'another name for TLS');
($execution) = run_against("https://127.0.0.1:$tls/hello", { ssl => { server_name => 'other.example' } });
ok t_cmp($execution->{errors}[0]{message}, qr/not for this host/, 'a name that the certificate lacks');
