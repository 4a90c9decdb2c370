# docs/directives.md and the module's own table name the same directives, with the same
# place to put them.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;

my $server = WF::Server->new(engine => 0);
my %table;
my $name;
for (split /\n/, $server->httpd('-L')) {
    $name = /^(Workflow\w+) \(mod_workflow/ ? $1 : undef if /^\S/;
    $table{$name} .= $_ if defined $name;
}

open my $in, '<', "$ENV{WF_TOP}/docs/directives.md" or die $!;
my (%page, @current);
while (<$in>) {
    @current = /(Workflow\w+)/g if /^###/;
    $page{$_} //= '' for @current;
    $page{$_} .= $1 for /^    Context:\s+(.*)/ ? @current : ();
}

plan tests => 2 + keys %table;
ok keys(%table) > 20;
ok t_cmp(join(' ', sort keys %page), join(' ', sort keys %table), 'the same directives');
for (sort keys %table) {
    my $place = $table{$_} =~ /Allowed in \*\.conf only inside <Directory>/ ? '<Location>' : 'server config';
    ok t_cmp($page{$_} // '', qr/^\Q$place\E/, "$_: its context");
}
