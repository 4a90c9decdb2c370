# Programs for node with packages of npm: fetched into the build folder when they are not there.
package WF::Node;
use strict;
use warnings;
use File::Copy ();
use File::Path ();

sub slurp { my $name = shift; open my $in, '<', $name or return ''; local $/; scalar <$in> }

# install('camunda', 'got', 'worker.mjs'): the files and packages of t/camunda; the folder
# where they are then. In list context also why they are not: what is missing, or that npm has
# no way to its registry. package is one of those that have to be there.
sub install {
    my ($folder, $package, @files) = @_;
    my ($source, $home) = ("$ENV{WF_TOP}/t/$folder", "$ENV{WF_BUILD}/$folder-client");
    my ($node) = `node --version 2>/dev/null` =~ /^v(\d+)/;
    return ($home, 'node 20 or newer is needed') unless ($node // 0) >= 20;
    return ($home, 'npm is needed') unless `npm --version 2>/dev/null`;
    File::Path::make_path($home);
    File::Copy::copy("$source/$_", "$home/$_") or die "$_: $!" for 'package.json', @files;
    return ($home, '') if -d "$home/node_modules/$package" && slurp("$home/package-lock.json") eq slurp("$source/package-lock.json");
    unlink "$home/package-lock.json";
    File::Copy::copy("$source/package-lock.json", "$home/wanted.json") or die $!;
    rename "$home/wanted.json", "$home/package-lock.json";
    my $output = `cd '$home' && npm ci --no-audit --no-fund --fetch-timeout=20000 --fetch-retries=1 2>&1`;
    return ($home, '') unless $?;
    unlink "$home/package-lock.json";
    die "npm cannot fetch: $output" if $ENV{WF_ONLINE};
    return ($home, "npm cannot fetch: $output");
}

1;
