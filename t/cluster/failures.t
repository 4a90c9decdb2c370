# Servers of a cluster that are killed, hang or are restarted while they work: what the result
# says, and what really arrived at the target.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use Time::HiRes qw(sleep time);
use WF::Cluster;
use WF::Tally;
use WF::Test;

use constant { USERS => 20, MANY => 60 };

my $tally = WF::Tally->new;
my $cluster = WF::Cluster->new(timeout => '2s', slaves => [ map { [ $_, vus => 100 ] } qw(a b c) ])->start;
my $begun;    # what had arrived before the execution

# Each iteration takes 10 ms.
sub body {
    my ($iterations, %options) = @_;
    return workflow([ http_step(s => $tally->url('/10?${env:WF_SLAVE}')) ], { mode => 'shared-iterations', vus => $iterations > 10_000 ? MANY : USERS, iterations => $iterations, graceful_stop => '1s', %options });
}

sub come { my $who = shift; my $uri = $who ? "/10?$who" : '/'; return $tally->count($uri) - ($begun->{$uri} // 0) }
sub begin {
    $cluster->wait_online(qw(a b c));
    $begun = { map { ($_ => $tally->count($_)) } '/', map { "/10?$_" } qw(a b c) };
    my $id = submit(body(@_));
    wait_until { come('b') > 300 } or die 'nothing begins';
    wait_until { metrics($id)->{total_iterations} > 300 } or die 'nothing is told';
    return $id;
}


my $b = $cluster->slave('b');
my %ways = (    # what happens to one of the three; how it comes back
    killed       => [ sub { $b->crash },  sub { $b->launch } ],
    hangs        => [ sub { $b->freeze }, sub { $b->thaw } ],
    stops        => [ sub { $b->stop },   sub { $b->launch } ],
    'hangs for a moment' => [ sub { $b->freeze; sleep 0.5; $b->thaw }, sub { } ],
    'engine dies'        => [ sub { kill KILL => $b->engine_pid }, sub { } ],
    'httpd is restarted' => [ sub { $b->graceful }, sub { } ],
);

my $all = 'a completed b completed c completed';
my $two = 'a completed b failed c completed';
my $on = qr/^CONNECTION_ERROR: slave b is lost .*\b(a|c) goes on/;
my $short = qr/^CONNECTION_ERROR: slave b is lost .*\bthe other (\d+) are not made/;
my @cases = (
    # what                iterations  policy          status       who is how                     what is said
    [ 'killed',             30_000, undef,          'completed', $two,                          $on ],
    [ 'hangs',              6000,   'redistribute', 'completed', $two,                          $on ],
    [ 'stops',              6000,   'redistribute', 'completed', $two,                          qr/^CONNECTION_ERROR: slave b is lost \(it has said goodbye\).*\b(a|c) goes on/ ],
    [ 'killed',             6000,   'continue',     'failed',    $two,                          $short ],
    [ 'hangs',              6000,   'abort',        'failed',    qr/b failed/,                  qr/slave b is lost/ ],
    [ 'hangs for a moment', 6000,   'abort',        'completed', $all,                          qr/^$/ ],
    [ 'engine dies',        6000,   'abort',        'completed', $all,                          qr/^$/ ],
    [ 'httpd is restarted', 6000,   'abort',        'completed', $all,                          qr/^$/ ],
);

plan tests => 8 * @cases + 1;

for (@cases) {
    my ($way, $iterations, $policy, $status, $how, $said) = @$_;
    my ($happen, $come_back) = @{ $ways{$way} };
    my $what = join ', ', $way, $policy // ();
    my $id = begin($iterations, $policy ? (on_slave_loss => $policy) : ());
    $happen->();
    my $e = finished($id);
    my ($m, $arrived) = (metrics($id), come());
    my $made = $m->{total_iterations};
    ok t_cmp($e->{status}, $status, $what);
    ok t_cmp(statuses_of($e), $how, "$what: who is how");
    ok t_cmp(errors_of($e), $said, "$what: what is said");
    ok t_cmp(iterations_of($e), $made, "$what: the parts are the whole");
    if ($status eq 'completed') { ok t_cmp($made, $iterations, "$what: all of them") }
    elsif ($policy eq 'abort') { ok t_cmp($made < $iterations, 1, "$what: it was ended") }
    else { ok t_cmp([ $made + $m->{dropped_iterations}, errors_of($e) =~ $said ], [ $iterations, $m->{dropped_iterations} ], "$what: what is missing is said") }
    ok t_cmp($arrived >= $made, 1, "$what: what is counted was sent") or t_debug("$arrived, $made");
    my $more = $tally->leftovers;
    $come_back->();
    $cluster->wait_online('b');
    ok t_cmp($more <= MANY, 1, "$what: afterwards comes at most what was on its way") or t_debug($more);
    $more = $tally->leftovers;
    ok t_cmp($more <= MANY, 1, "$what: nor more when it is back") or t_debug($more);
}
ok t_cmp($cluster->states, 'a online b online c online', 'all are there in the end');
