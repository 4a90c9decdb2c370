# Slaves that come when an execution runs get parts of it, and nothing is made twice on the way;
# one that was lost and comes back is such a one, too.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Cluster;
use WF::Tally;
use WF::Test;

plan tests => 20;

my $tally = WF::Tally->new;
my $cluster = WF::Cluster->new(master => "WorkflowStandalone Off\n", slaves => [ ['a'] ])->start;

sub begun {
    my ($path, %options) = @_;
    my $id = submit(workflow([ http_step(s => $tally->url("$path?\${env:WF_SLAVE}")) ],
        { mode => 'shared-iterations', vus => 24, target_slaves => { late_joiners => \1 }, %options }));
    wait_until { metrics($id)->{total_iterations} > 100 };
    return $id;
}
sub done_by { my ($id, $slave) = @_; slaves_of(execution($id))->{$slave}{completed_iters} // 0 }
sub all_of { my $e = shift; join ' ', map { "$_ $e->{slave_states}{$_}{status}" } sort keys %{ slaves_of($e) } }

# ---- they come -----------------------------------------------------------------------------

my $id = begun('/10', iterations => 6000);
$cluster->add('b');
ok wait_until { done_by($id, 'b') > 0 };
$cluster->add('c');
ok wait_until { done_by($id, 'c') > 0 };
my $e = finished($id);
ok t_cmp($e->{status}, 'completed', 'two have joined one');
ok t_cmp(iterations_of($e), 6000, 'together they made all iterations');
ok t_cmp($tally->count, 6000, 'and none of them twice');
ok t_cmp(all_of($e), 'a completed b completed c completed', 'each of them did its part');
ok t_cmp(errors_of($e), '', 'nothing went wrong');

# ---- they need not come ----------------------------------------------------------------------

for (
    # what                       target_slaves                           the next one   who does it
    [ 'unless it is asked for',  {},                                     'd',           'a completed b completed c completed' ],
    [ 'beyond the number',       { late_joiners => \1, max_slaves => 4 }, 'e',           'a completed b completed c completed d completed' ],
) {
    my ($what, $target, $next, $expected) = @$_;
    $cluster->wait_idle;
    $id = begun('/10', iterations => 4000, target_slaves => $target);
    $cluster->add($next);
    $e = finished($id);
    ok t_cmp(all_of($e), $expected, "nobody joins $what");
    ok t_cmp(iterations_of($e), 4000, "$what: all iterations");
}
my $refused = call('POST', '/api/v1/workflows', { workflow => workflow([ http_step(s => $tally->url) ],
    { target_slaves => { mode => 'manual', slave_ids => ['a'], late_joiners => \1 } }) });
ok t_cmp($refused->code, 400, 'those who are named are there');
ok t_cmp($refused->content, qr/late_joiners: means nothing in mode manual/, 'which is said') or t_debug($refused->content);

# ---- they come back --------------------------------------------------------------------------

$_->stop for map { $cluster->slave($_) } qw(c d e);
$cluster->wait_idle;
$id = begun('/20', iterations => 12000);
ok wait_until { done_by($id, 'b') > 0 };
$cluster->slave('b')->crash;
ok wait_until { slaves_of(execution($id))->{b}{status} eq 'failed' };
my $lost = done_by($id, 'b');
$cluster->slave('b')->launch;
ok wait_until { done_by($id, 'b') > $lost };
$e = finished($id);
ok t_cmp($e->{status}, 'completed', 'one was lost and has come back');
ok t_cmp(iterations_of($e), 12000, 'all iterations');
ok t_cmp(all_of($e), 'a completed b completed', 'it is a slave as any other');
ok t_cmp(errors_of($e), qr/^CONNECTION_ERROR: slave b is lost .* iterations of part \d+ of 12 are known.* slave a goes on; what came later may be done twice$/m, 'the result says it');
