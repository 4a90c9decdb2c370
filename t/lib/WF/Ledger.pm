# Clients that work side by side and keep a book: before a step what they are about to do, after
# it what they were told. So it is known afterwards what has to be there once (they were told yes),
# what may be there once (nobody knows), and that nothing else may be.
#
#   my $ledger = WF::Ledger->new($server);
#   $ledger->client(starter => sub { my $book = shift; … $book->step(start => $mark, POST => $path, $body) … });
#   $ledger->end;                                 # of all clients
#   $ledger->faults(start => @marks_in_the_store) # '' or what is wrong
#
# A client's code is called again and again, with the number of the turn.
package WF::Ledger;
use strict;
use warnings;
use POSIX ();
use Time::HiRes qw(sleep time);
use WF::Test;

use constant { PATIENCE => 120, TRIES_EVERY => 0.05 };    # seconds

my $made = 0;

sub new {
    my ($class, $server) = @_;
    my $self = bless { server => $server, pids => {}, name => 'ledger-' . ++$made, owner => $$ }, $class;
    return $self->book('main');    # whoever made it may take steps, too
}

sub file { my ($self, $name) = @_; $self->{server}->file("$self->{name}-$name") }

sub book {
    my ($self, $client) = @_;
    open $self->{notes}, '>', $self->file("notes-$client") or die $!;
    $self->{notes}->autoflush(1);
    return $self;
}

sub client {
    my ($self, $name, $code) = @_;
    my $pid = fork // die $!;
    if (!$pid) {
        srand(unpack '%32C*', $name);
        $self->book($name);
        for (my $turn = 1; !$self->ending; $turn++) {
            eval { $code->($self, $turn); 1 } or $self->note('died', $name, $@ =~ s/\s+/ /gr);
        }
        POSIX::_exit(0);
    }
    $self->{pids}{$pid} = $name;
}

# Also when whoever made them is gone.
sub ending { my $self = shift; -e $self->file('end') || getppid != $self->{owner} }

# An answer that says yes, no, or that nobody knows: 503, or no answer at all.
sub told {
    my $r = shift;
    return $r->is_success ? 'yes' : $r->code == 503 || $r->header('Client-Warning') ? 'unknown' : 'no:' . $r->code;
}

sub note { my ($self, @words) = @_; print { $self->{notes} } "@words\n" }

sub step {
    my ($self, $kind, $mark, @call) = @_;
    $self->note($kind, $mark, 'begun');
    my $r = call(@call);
    $self->note($kind, $mark, told($r));
    sleep TRIES_EVERY if told($r) eq 'unknown';
    return $r;
}

# With an Idempotency-Key, until the answer is a yes or a no.
sub insist {
    my ($self, $kind, $mark, $method, $path, $body) = @_;
    my ($until, $r) = time + PATIENCE;
    $self->note($kind, $mark, 'begun');
    do {
        sleep TRIES_EVERY if $r;
        $r = call($method, $path, $body, headers => { 'Idempotency-Key' => "$kind-$mark" });
    } while ((told($r) eq 'unknown' || $r->code == 409) && time < $until && getppid == $self->{owner});
    $self->note($kind, $mark, told($r));
    return $r;
}

# How far all books are, in bytes.
sub extent {
    my $self = shift;
    my $bytes = 0;
    $bytes += -s for glob $self->file('notes-*');
    return $bytes;
}

sub end {
    my $self = shift;
    open my $end, '>', $self->file('end') or die $!;
    waitpid $_, 0 for keys %{ $self->{pids} };
    $self->{pids} = {};
}

# { kind => { mark => what was told last, or 'yes' if it ever was } }; "kind mark" of those that
# were told so twice.
sub all {
    my $self = shift;
    my (%all, @twice);
    for my $file (glob $self->file('notes-*')) {
        open my $in, '<', $file or die $!;
        while (<$in>) {
            chomp;
            my ($kind, $mark, $told) = split / /, $_, 3;
            my $was = $all{$kind}{$mark} // '';
            push @twice, "$kind $mark" if $was eq 'yes' && $told eq 'yes';
            $all{$kind}{$mark} = $told unless $was eq 'yes';
        }
    }
    return wantarray ? (\%all, @twice) : \%all;
}

# What is wrong with those of a kind that are there, one entry an effect.
sub faults {
    my ($self, $kind, @there) = @_;
    my ($all, @twice) = $self->all;
    my $told = $all->{$kind} // {};
    my (%count, @faults);
    $count{$_}++ for @there;
    push @faults, map { "$_ is lost" } grep { $told->{$_} eq 'yes' && !$count{$_} } keys %$told;
    push @faults, map { "$_ is there though told $told->{$_}" } grep { $told->{$_} =~ /^no:/ && $count{$_} } keys %$told;
    push @faults, map { "$_ is there $count{$_} times" } grep { $count{$_} > 1 } keys %count;
    push @faults, map { "$_ was never begun" } grep { !$told->{$_} } keys %count;
    push @faults, map { /^\Q$kind\E (.*)/ ? "$1 was told yes twice" : () } @twice;
    return join "\n", map { "$kind $_" } sort @faults;
}

# Steps that were refused, and clients that died.
sub refused {
    my $self = shift;
    my $all = $self->all;
    return join "\n", map { my $kind = $_; map { "$kind $_: $all->{$kind}{$_}" } grep { $kind eq 'died' || $all->{$kind}{$_} =~ /^no:/ } sort keys %{ $all->{$kind} } } sort keys %$all;
}

# How many of each kind were told what.
sub figures {
    my $self = shift;
    my ($all) = $self->all;
    my %count;
    for my $kind (keys %$all) { $count{$kind}{$_}++ for values %{ $all->{$kind} } }
    return \%count;
}

1;
