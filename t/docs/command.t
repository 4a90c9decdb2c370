# docs/command.md and the manual page name the commands and options that the program has.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;

# Keys of the configuration file: each is documented, with its variable.
my $settings = do { open my $in, '<', "$ENV{WF_TOP}/modules/cli/settings.c" or die $!; local $/; <$in> };
my @keys = $settings =~ /^    \{ "([\w.]+)",/mg;
my @variables = $settings =~ /"(WE_\w+)"/g;

sub slurp { open my $in, '<', "$ENV{WF_TOP}/docs/" . shift or die $!; local $/; return scalar <$in> }

my @commands = command('help')->{out} =~ /^  (\w+) +\w/mg;
my %options = map { $_ => [ map { /-([\w-]{2,})/g } command(split(/ /), '-help')->{out} =~ /^  (-[\w-]+(?:, -[\w-]+)*)/mg ] } ('run', 'passwd', 'check', 'backup', map { my $above = $_; map { "$above $_" } command($above, '-help')->{out} =~ /^  (\w+) +\w/mg } 'master', 'slave', 'key');
my ($page, $manual) = (slurp('command.md'), slurp('workflow-engine.1'));
my ($plain) = $manual =~ s/\\-/-/gr =~ s/\\f[IBR]//gr;

plan tests => 6 + 2 * @commands + 2 * keys %options;
ok @commands > 3;
for (@commands) {
    ok t_cmp($page, qr/^## .*\b$_\b/m, "$_ has a chapter");
    ok t_cmp($plain, qr/workflow-engine $_\b|^\.B $_\b/m, "$_ is in the manual");
}
for my $command (sort keys %options) {
    my ($chapter) = $page =~ /^## $command\n(.*?)(?=^## |\z)/ms;
    my ($section) = $plain =~ /^\.SH OPTIONS OF \U$command\E\n(.*?)(?=^\.SH)/ms;
    my %in_page = map { $_ => 1 } map { /`-([\w-]{2,})`/g } $chapter =~ /^\|(.*?)\|/mg;
    my %in_manual = map { $_ => 1 } map { /-([\w-]{2,})/g } $section =~ /^\.BR? (.*)/mg;
    ok t_cmp(join(' ', sort keys %in_page), join(' ', sort @{ $options{$command} }), "$command: options of the page");
    ok t_cmp(join(' ', sort keys %in_manual), join(' ', sort @{ $options{$command} }), "$command: options of the manual");
}

ok @keys > 20;
my ($chapter) = $page =~ /^## The configuration file\n(.*?)(?=^## |\z)/ms;
ok t_cmp(join(' ', grep { $chapter !~ /`\Q$_\E`/ } @keys), '', 'keys that the page does not name');
ok t_cmp(join(' ', grep { $chapter !~ /`$_`/ } @variables), '', 'variables that it does not name');

# Formatters complain about what they do not understand.
my $formatter = `sh -c 'command -v groff'`;
my $complaints = $formatter ? `groff -man -ww -z -Tutf8 $ENV{WF_TOP}/docs/workflow-engine.1 2>&1` : '';
skip($formatter ? 0 : 'no groff here', sub { $complaints eq '' or t_debug($complaints) });
ok t_cmp($page, qr/^\| 130 \|/m, 'exit codes');
