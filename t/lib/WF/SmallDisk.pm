# A disk of some megabytes, to be filled: a tmpfs that only the test and what it starts can see.
#
#   use WF::SmallDisk;            # first of all: the test goes on in a mount namespace of its own
#   plan tests => 3, WF::SmallDisk::reason() ? skip_reason(WF::SmallDisk::reason()) : ();
#   my $disk = WF::SmallDisk->new($directory, '64m');
#   $disk->leave(1 << 20); $disk->empty;
#
# It goes with the last process that sees it.
package WF::SmallDisk;
use strict;
use warnings;

use constant MARK => 'WF_SMALL_DISK';
my $reason = '';

sub reason { $reason }

sub import {
    return if $ENV{ +MARK };
    $reason = $> != 0 ? 'only root mounts file systems' : `unshare -m true 2>&1` // 'needs unshare';
    return if $reason;
    local $ENV{ +MARK } = 1;
    exec 'unshare', '-m', '--propagation', 'private', $^X, $0 or die "unshare: $!";
}

# The directory is made; it belongs to httpd's user.
sub new {
    my ($class, $path, $size) = @_;
    mkdir $path or die "$path: $!";
    system('mount', '-t', 'tmpfs', '-o', "size=$size,mode=0700", 'tmpfs', $path) and die "mount $path";
    chown +(getpwnam 'nobody')[2, 3], $path or die "$path: $!";
    return bless { path => $path, filler => "$path/filler" }, $class;
}

sub free {
    my $self = shift;
    my ($blocks) = (split ' ', (split /\n/, `df -kP '$self->{path}'`)[1])[3];
    return $blocks << 10;
}

# Let so many bytes be free, as far as the filler can do that; root's files are none of the users'.
sub leave {
    my ($self, $bytes) = @_;
    my $much = (-s $self->{filler} // 0) + $self->free - $bytes;
    $much > 0 or die "no $bytes bytes are left";
    unlink $self->{filler};
    open my $out, '>', $self->{filler} or die $!;
    my $piece = 'x' x 65536;
    while ($much > 0) {
        my $written = syswrite $out, $piece, $much < 65536 ? $much : 65536;
        last if !$written;    # it is full
        $much -= $written;
    }
    close $out;
}

sub empty { unlink shift->{filler} }

1;
