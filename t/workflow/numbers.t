# Numbers of users and of progress: no two users have the same __VU, also when scaling adds
# some; progress is that of the scenarios, setup is none of it.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

plan tests => 10;

my $target = WF::Target->new('/setup' => { delay => 1.5 });

sub vus { my %seen = map { $_->{query}{vu} => 1 } $target->requests(shift); sort { $a <=> $b } keys %seen }
sub seen { my @vus = vus(shift); scalar @vus }
sub scenario { my $path = shift; { mode => 'constant-vus', vus => 2, duration => '60s', graceful_stop => '10ms',
    steps => [ http_step("get$path", $target->url("/$path"), query => { vu => '${__VU}' }), { id => "w$path", type => 'sleep', config => { duration => '50ms' } } ] } }

# ---- __VU -----------------------------------------------------------------------------------

my $workflow = workflow(undef, {}, scenarios => { map { $_ => scenario($_) } qw(a b c) });
delete $workflow->{steps};
my $id = submit($workflow);
ok wait_until { seen('/a') == 2 && seen('/b') == 2 && seen('/c') == 2 };
ok t_cmp(join(' ', sort { $a <=> $b } map { vus($_) } '/a', '/b', '/c'), '1 2 3 4 5 6', 'those that are planned are numbered through');
ok t_cmp(call('POST', "/api/v1/executions/$id/scale", { scenario => $_, target_vus => 5 })->code, 200, "more of $_") for qw(a c);
ok wait_until { seen('/a') == 5 && seen('/c') == 5 };
my %seen;
$seen{$_}++ for map { vus($_) } '/a', '/b', '/c';
ok t_cmp(scalar(keys %seen), 12, 'twelve users have twelve numbers') or t_debug(join ' ', map { vus($_) } '/a', '/b', '/c');
ok t_cmp([ vus('/b') ], [ grep { $_ <= 6 } vus('/b') ], 'the others keep theirs');
call('DELETE', "/api/v1/executions/$id");
finished($id);

# ---- progress ---------------------------------------------------------------------------------

$id = submit(workflow([ { id => 'w', type => 'sleep', config => { duration => '50ms' } } ], { vus => 1, duration => '2s' },
                      setup => [ http_step(in => $target->url('/setup')) ]));
my (@setup, @main);
wait_until {
    my $begun = metrics($id)->{step_metrics}{w};
    my $e = execution($id);
    push @{ $begun ? \@main : \@setup }, $e->{progress};
    $e->{status} eq 'completed';
};
ok t_cmp(scalar(grep { $_ > 0.2 } @setup), 0, 'setup is no progress') or t_debug("@setup");
ok @setup > 2 && $main[0] < 0.5 or t_debug("@main");
ok t_cmp(join(' ', @main), join(' ', sort { $a <=> $b } @main), 'it only rises') && $main[-1] == 1;
