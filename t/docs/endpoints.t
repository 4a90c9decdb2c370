# docs/activiti.md names the endpoints that the server has, with their levels, and each in
# the section of its family.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Test;

my %section = (api => 'The interface about itself', 'api-key' => 'API keys');

open my $in, '<', "$ENV{WF_TOP}/docs/activiti.md" or die $!;
my (@page, $at);
while (<$in>) {
    $at = $1 if /^###? (.*)/;
    push @page, "$at: $1 $2 $3" if /^\| (GET|POST|PUT|DELETE) `([^`]*)` \| (\w+) \| \S/;
}
my @table = map { ($section{ $_->{family} } // ucfirst $_->{family}) . ": $_->{method} " . ($_->{template} || '(base)') . " $_->{level}" }
            @{ get_json('/index?format=json')->{endpoints} };

plan tests => 3;
ok @table > 70;
ok t_cmp(join("\n", sort @page), join("\n", sort @table), 'the same endpoints');

# The statuses that the page speaks of are those of the table, and those that any call may have.
my %statuses = map { $_ => 1 } 401, 403, 405, 422, 503, map { split / / } map { $_->{statuses} } @{ get_json('/index?format=json')->{endpoints} };
open $in, '<', "$ENV{WF_TOP}/docs/activiti.md" or die $!;
ok t_cmp(join(' ', map { /^\| (\d{3}) \|/ ? $1 : () } <$in>), join(' ', sort grep { $_ >= 400 } keys %statuses), 'the same statuses');
