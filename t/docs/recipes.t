# Each recipe of docs/recipes.md, as it is printed there, run from the command line against a
# target that writes down what came.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;
use WF::Target;

my $weak = 0;
my $target = WF::Target->new(
    '/login'   => sub { { json => { token => 'of-' . ($_[0]{body} =~ /"username":"(\w+)"/)[0] } } },
    '/account' => sub { { json => { owner => $_[0]{headers}{authorization} =~ s/^Bearer of-//r } } },
    '/weak'    => sub { { status => ++$weak > 20 ? 503 : 200 } },
    '/form'    => { body => '<input name="csrf" value="c-7">', headers => { 'Content-Type' => 'text/html' } },
    '/job'     => [ ({ json => { state => 'running' } }) x 3, { json => { state => 'done' } } ],
    '/css'     => { delay => 0.1 },
    '/logo'    => { delay => 0.1 },
);
my $base = $target->url;
sub came { scalar(my @all = $target->requests(@_)) }
sub between { my ($n, $least, $most) = @_; $n >= $least && $n <= $most or !t_debug("$n") }

# Recipe => exit code and what the target saw.
my %want = (
    login => [ 0, sub { my %by; $by{ $_->{headers}{authorization} }++ for $target->requests('/account');
                        join ' ', map { "$_ $by{$_}" } sort keys %by }, 'Bearer of-ann 4 Bearer of-bob 4 Bearer of-cid 4' ],
    ramp       => [ 0, sub { between(came('/home'), 8, 60) }, 1 ],
    mix        => [ 0, sub { between(came('/query'), 19, 21) && between(came('/page'), 4, 10)
                             && !grep { $_->{uri} ne '/query?from=api' } $target->requests('/query') }, 1 ],
    breakpoint => [ 1, sub { between(came('/weak'), 21, 600) }, 1 ],
    form       => [ 0, sub { scalar grep { $_->{body} =~ /c-7.*filename="users.csv".*ann,pw/s } $target->requests('/send') }, 2 ],
    poll       => [ 0, sub { came('/job') }, 4 ],
    shares     => [ 0, sub { came('/css') == came('/logo') && came('/browse') + came('/css') == 200
                             && between(came('/css'), 30, 90) }, 1 ],
    order      => [ 0, sub { join ' ', came('/basket/7'), came('/pay'),
                             map { $_->{headers}{authorization} } $target->requests('/orders') }, '6 6 Bearer of-root' ],
);

my %recipe;
{
    open my $in, '<', "$ENV{WF_TOP}/docs/recipes.md" or die $!;
    local $/;
    $recipe{ $_->[0] } = $_->[1] for map { [ /^id: (\w+)/, $_ ] } <$in> =~ /^```yaml\n(.*?)^```/msg;
}
scratch('users.csv', "username,password\nann,pw\nbob,pw\ncid,pw\n");

plan tests => 1 + 3 * keys %recipe;
ok t_cmp([ sort keys %recipe ], [ sort keys %want ], 'the recipes');
for my $id (sort keys %recipe) {
    my ($exit, $see, $seen) = @{ $want{$id} // [ 0, sub { '' }, 'a row here' ] };
    my $run = command('run', scratch("$id.yaml", $recipe{$id} =~ s{http://127\.0\.0\.1:8080}{$base}gr));

    ok t_cmp($run->{code}, $exit, "$id: the exit code");
    ok t_cmp($run->{err} =~ /warning/ ? $run->{err} : '', '', "$id: no warnings");
    ok t_cmp($see->(), $seen, "$id: what came");
    t_debug($run->{out}, $run->{err}) if $run->{code} != $exit;
}
