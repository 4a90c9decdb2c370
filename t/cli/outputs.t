# Outputs of runs from the command line: files go where their user wants them, and one that
# cannot be written is told and changes nothing else.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP ();
use WF::Command;
use WF::Target;
use WF::Test;

plan tests => 12;

my $target = WF::Target->new;
my $json = scratch('out.jsonl');
my $file = scratch('output.yaml', <<"END");
id: out
name: Out
steps: [ { id: s, type: http, config: { url: "@{[ $target->url('/x') ]}" } } ]
options:
  vus: 3
  iterations: 5
  outputs:
    - { type: json, url: "\${env:WF_OUT}", options: { overwrite: OVER } }
    - { type: console }
END
my %variant = map { my $over = $_; $over => scratch("output-$over.yaml", scalar(`cat $file`) =~ s/OVER/$over/r) } 'true', 'false';
local $ENV{WF_OUT} = $json;

sub requests { my $n = 0; $n += $_->{data}{value} for grep { $_->{metric} eq 'http_reqs' && $_->{data}{tags}{stat} eq 'count' } lines('Point'); $n }
sub lines { my $type = shift; open my $in, '<', $json or die "$json: $!"; grep { $_->{type} eq $type } map { JSON::PP::decode_json($_) } <$in> }

my $run = command('run', $variant{false});
ok t_cmp($run->{code}, 0, 'a run with a file');
ok t_cmp($run->{err}, qr/output-false\.yaml:9:7: warning: .*outputs\[1\]: the command line shows its summary anyway/, 'console');
ok t_cmp(requests(), 15, 'its points');
my ($total) = map { $_->{data} } grep { $_->{metric} eq 'iterations' && $_->{data}{tags}{stat} eq 'count' } lines('Total');
ok t_cmp($total->{value}, 15, 'its totals');
my $before = -s $json;

$run = command('run', $variant{false});
ok t_cmp($run->{code}, 0, 'once more: the run itself is fine');
ok t_cmp($run->{out}, qr/^status +completed$/m, 'and says so');
ok t_cmp($run->{out}, qr/output 1 \(json\): file \S+out\.jsonl: exists already/, 'the file is there already');
ok t_cmp(-s $json, $before, 'and stays as it was');

$run = command('run', '-iterations', 2, $variant{true});
ok t_cmp($run->{code}, 0, 'with overwrite');
ok t_cmp($run->{out}, qr/^(?!.*output 1)/s, 'nothing to tell');
ok t_cmp(requests(), 6, 'the file is the new one');

$ENV{WF_OUT} = "$json/below";
$run = command('run', $variant{true});
ok t_cmp([ $run->{code}, $run->{out} =~ /output 1 \(json\): file \S+below: there is no such file/ ? 1 : 0 ], [ 0, 1 ], 'no place for a file');
