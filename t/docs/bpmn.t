# docs/bpmn.md and the tables of the BPMN reader say the same: which elements, events,
# extensions and types of tasks are executed, which engine events and entities there are.
use strict;
use warnings;
use Apache::Test;
use Apache::TestUtil;

my $top = $ENV{WF_TOP};
sub slurp { open my $in, '<', shift or die $!; local $/; return scalar <$in> }
sub yes { return $_[0] ? 'yes' : 'no' }

# The tables in code: "element event" => yes or no.
my %code;
my $elements = slurp("$top/modules/bpmn/elements.c");
my %word = $elements =~ /^#define (\w+) "(\w+Definition)"$/mg;
while ($elements =~ /^    \{ "(\w+)",\s+(\w+),\s+"\w+",\s+\w+,\s+\w+,\s+(\w+),/mg) {
    my ($element, $event, $enter) = ($1, $2, $3);
    $code{element}{ $event eq 'NULL' ? $element : "$element $word{$event}" } = yes($enter ne 'NULL');
}
while ($elements =~ /^    \{ "(\w+(?:Object|Characteristics))",\s+([01]) \}/mg) { $code{element}{$1} = yes($2) }

my $extensions = slurp("$top/modules/bpmn/extensions.c");
my ($attributes, $children) = map { $extensions =~ /extension_t $_\[\] = \{(.*?)^\};/ms } qw(attributes elements);
for ([ attribute => $attributes ], [ child => $children ]) {
    my ($kind, $table) = @$_;
    while ($table =~ /\{ (?:"(\w+)"|NULL),\s+"(\w+)",\s+([01]) \}/g) { $code{$kind}{ ($1 // 'any') . " $2" } = yes($3) }
}
my $types = slurp("$top/modules/bpmn/check_tasks.c");
while ($types =~ /^    \{ "(\w+)",\s+\{[^}]*\},\s+([01]),/mg) { $code{type}{$1} = yes($2) }

# The same of the page; a row may name several of each.
my (%page, $kind);
my %heads = ('element' => 'element', '`activiti:` attribute' => 'attribute',
    'child of `extensionElements`' => 'child', '`activiti:type`' => 'type');
for (split /\n/, slurp("$top/docs/bpmn.md")) {
    my ($first, @rest) = map { s/^\s+|\s+$//gr } /^\|(.*)\|$/ ? split(/\|/, $1, -1) : ();
    my $is_head = @rest && $rest[-1] eq 'executed';
    $kind = !defined $first ? undef : $is_head ? $heads{$first} : $kind;
    next if !$kind || $is_head || $first !~ /^`/;
    my @names = $first =~ /`(\w+)`/g;
    my @of = $rest[0] =~ /`(\w+)`/g;
    my @keys = $kind eq 'type' ? @names
        : $kind eq 'element' ? map { my $name = $_; @of ? map { "$name $_" } @of : $name } @names
        : map { my $name = $_; map { "$_ $name" } @of ? @of : 'any' } @names;
    $page{$kind}{$_} = $rest[-1] for @keys;
}

plan tests => 2 * 4 + 4;
for my $what (sort values %heads) {
    my @all = sort keys %{ $code{$what} };
    ok @all > 5;
    ok t_cmp(join("\n", map { "$_: $page{$what}{$_}" } sort keys %{ $page{$what} }),
        join("\n", map { "$_: $code{$what}{$_}" } @all), "the page has every $what, and none besides");
}

# Engine events: those of the page, and which of them never come.
my $news = slurp("$top/modules/bpmn/news.c");
my ($table) = slurp("$top/docs/bpmn.md") =~ /^## Event listeners$(.*?)^## /ms;
my (%told, %says);
while ($news =~ /\] += \{ "([A-Z_]+)", +\w+, +([01]),/g) { $told{$1} = $2 }
for (split /\n/, $table) {
    my ($names, $when) = /^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| (.*) \|$/ or next;
    $says{$_} = $when =~ /^never/ ? 0 : 1 for $names =~ /`(\w+)`/g;
}
ok keys %told > 30;
ok t_cmp(join("\n", map { "$_ $says{$_}" } sort keys %says), join("\n", map { "$_ $told{$_}" } sort keys %told), 'engine events');
my @entities = $news =~ /^    \[WF_ENTITY_\w+\] += \{ "([a-z-]+)",/mg;
ok @entities > 5;
my ($kinds) = $table =~ /^\| `entityType` \|(.*?)\n\n/ms;
my @named = $kinds =~ /^\| `([a-z-]+)` \|/mg;
ok t_cmp(join(' ', sort @named), join(' ', sort @entities), 'entities');
