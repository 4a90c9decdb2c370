# Masters behind TLS: with a key, with certificates, with both; and who is not let in, with a
# reason in the log of both.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Cluster;
use WF::Server;
use WF::Tally;
use WF::Test;

my $openssl = `openssl version 2>/dev/null`;
plan tests => 20, $openssl && -e "$ENV{WF_MODULES}/mod_ssl.so" ? () : skip_reason('needs openssl and mod_ssl');

# ---- certificates -----------------------------------------------------------------------------

my $dir = "$ENV{WF_DIR}/tls-$$";
mkdir $dir;
chmod 0755, $dir;

sub openssl { my $command = shift; my $out = `cd '$dir' && openssl $command 2>&1`; die "openssl $command: $out" if $? }
sub authority { my $name = shift; openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -days 2 -keyout $name.key -out $name.pem") }
sub certificate {
    my ($name, $by, $names) = @_;
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr");
    open my $out, '>', "$dir/$name.ext" or die $!;
    print $out 'subjectAltName=', $names // "DNS:$name", "\n";
    close $out;
    openssl("x509 -req -in $name.csr -CA $by.pem -CAkey $by.key -CAcreateserial -days 2 -extfile $name.ext -out $name.pem");
}
authority($_) for qw(ours theirs);
certificate('master', 'ours', 'IP:127.0.0.1');
certificate('slave', 'ours');
certificate('stranger', 'theirs');
chmod 0644, glob "$dir/*.pem";
for (glob "$dir/*.key") { chmod 0600, $_; chown +(getpwnam 'nobody')[2, 3], $_ if $> == 0 }

# ---- servers ------------------------------------------------------------------------------------

# A master with a second port, which speaks TLS.
sub cluster {
    my (%opt) = @_;
    my $port = WF::Server::free_port();
    return WF::Cluster->new(timeout => '10s', to => "https://127.0.0.1:$port", slave => "WorkflowMasterCA $dir/ours.pem\n" . ($opt{slave} // ''),
        key => $opt{key}, master => <<"END" . ($opt{master} // ''));
LoadModule ssl_module $ENV{WF_MODULES}/mod_ssl.so
Listen 127.0.0.1:$port
<VirtualHost 127.0.0.1:$port>
SSLEngine on
SSLCertificateFile $dir/master.pem
SSLCertificateKeyFile $dir/master.key
SSLCACertificateFile $dir/ours.pem
SSLVerifyClient optional_no_ca
</VirtualHost>
END
}
sub log_of { my $server = shift; join '', map { $server->slurp($_) } 'error.log', 'engine/engine.log' }
sub says { my ($server, $text) = @_; ok(wait_until { log_of($server) =~ $text }) or t_debug(log_of($server)) }

my $tally = WF::Tally->new;
sub works {
    my $what = shift;
    my $e = finished(submit(workflow([ http_step(s => $tally->url('/2?${env:WF_SLAVE}')) ], { mode => 'shared-iterations', vus => 10, iterations => 300 })));
    ok t_cmp("$e->{status} " . join(' ', sort keys %{ slaves_of($e) }), 'completed good', "$what: it works");
}
sub only_good { my $what = shift; ok t_cmp(WF::Cluster->states, 'good online', "$what: nobody else is there") }

# ---- a key over TLS -----------------------------------------------------------------------------

my $cluster = cluster(key => 'a key of this test alone');
$cluster->master->start;
$cluster->add('good');
works('a key over TLS');

# Refused ones: what is different, and what slave and master say.
sub refused {
    my ($cluster, $what, $key, $extra, $slave_says, $master_says) = @_;
    local $cluster->{key} = $key;
    my $server = $cluster->make_slave('bad', extra => $extra)->launch;
    says($server, $slave_says);
    says($cluster->master, $master_says) if $master_says;
    only_good($what);
    $server->stop;
}
refused($cluster, 'another key', 'another key than the one', '', qr/no connection to the master: the keys differ/, qr/link: bad is not let in: the keys differ/);
refused($cluster, 'another authority', $cluster->{key}, "WorkflowMasterCA $dir/theirs.pem\n", qr/no connection to the master: .*certificate/i);
$cluster->stop;

# ---- certificates alone ---------------------------------------------------------------------------

my $mine = "WorkflowSlaveCertificate $dir/slave.pem $dir/slave.key\n";
$cluster = cluster(master => "WorkflowClusterCertificates On\n", slave => "WorkflowClusterCertificates On\n");
$cluster->master->start;
$cluster->add('good', extra => $mine);
works('certificates');
refused($cluster, 'no certificate', undef, '', qr/no connection to the master: .*403: slaves need a certificate/, qr/WF0104: .*slaves need a certificate/);
refused($cluster, 'a certificate of others', undef, "WorkflowSlaveCertificate $dir/stranger.pem $dir/stranger.key\n", qr/no connection to the master: .*403: slaves need a certificate/, qr/WF0104: .*slaves need a certificate/);
$cluster->stop;

# ---- both -----------------------------------------------------------------------------------------

$cluster = cluster(key => 'a key of this test alone', master => "WorkflowClusterCertificates On\n", slave => "WorkflowClusterCertificates On\n");
$cluster->master->start;
$cluster->add('good', extra => $mine);
works('both');
refused($cluster, 'both: no certificate', $cluster->{key}, '', qr/no connection to the master: .*403: slaves need a certificate/, qr/WF0104: .*slaves need a certificate/);
refused($cluster, 'both: no key', undef, $mine, qr/no connection to the master: the server has a key, the client has none/, qr/link: bad is not let in: the server has a key, the client has none/);
