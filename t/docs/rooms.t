# The house: include arrows point down, each room has its header and its README, and the
# picture in docs/architecture.md names them all.
use strict;
use warnings;
use Apache::Test;
use Apache::TestUtil;

my $top = $ENV{WF_TOP};
sub slurp { open my $in, '<', shift or die $!; local $/; return scalar <$in> }

# What each room may include is what its unit tests link.
my %below;
for (slurp("$top/Makefile") =~ /^BELOW_(.*)$/mg) {
    my ($room, @rooms) = /(\w+)/g;
    $below{$room} = { map { $_ => 1 } @rooms };
}
my @rooms = map { m{([^/]+)/$} } glob "$top/modules/*/";
my $picture = slurp("$top/docs/architecture.md");

plan tests => 2 + 4 * @rooms;

ok t_cmp(join(' ', sort keys %below), join(' ', sort @rooms), 'the Makefile knows every room');

for my $room (@rooms) {
    my @up;
    for my $file (glob "$top/modules/$room/*.[ch]") {
        push @up, map { "$file: $_" } grep { !$below{$room}{$_} } slurp($file) =~ /#include "(\w+)\//g;
    }
    ok t_cmp(join(' ', @up), '', "$room includes only what is below it");
    ok -e "$top/modules/$room/$room.h";
    ok -e "$top/modules/$room/README.md";
    ok t_cmp($picture, qr{^modules/$room\b}m, "$room is in the picture");
}

# Headers of other rooms are their public ones; internal.h is nobody else's. That of load for
# those who write step types is public, too, to one room.
my %second = ('steps: load/step' => 1);
my @inside;
for my $file ("$top/mod_workflow.c", glob("$top/modules/*/*.[ch]")) {
    my ($own) = $file =~ m{modules/(\w+)/};
    push @inside, map { "$file: $_->[0]" } grep { $_->[0] ne ($own // '') && $_->[1] ne $_->[0] }
        map { [ m{(\w+)/(\w+)} ] } grep { !$second{($own // '') . ": $_"} }
        slurp($file) =~ /#include "(\w+\/\w+)\.h"/g;
}
ok t_cmp(join(' ', @inside), '', 'only public headers cross walls');
