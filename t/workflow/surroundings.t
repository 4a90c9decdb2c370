# What the administrator lends to workflow documents and what they may reach: environment,
# secrets and files by name; targets by host, address and port, also behind a redirect; the
# rate of requests.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 38;

my ($target, $other) = map { WF::Target->new } 1 .. 2;
my ($port, $closed) = map { $_->port } $target, $other;
my $away = WF::Target->new('/away' => { status => 302, headers => { Location => $other->url('/secret') } });
my $open = $away->port;

local $ENV{WF_SHOWN}  = 'seen';
local $ENV{WF_HIDDEN} = 'unseen';
my $server = WF::Server->new(extra => <<"END");
WorkflowLoadTargets 127.0.0.1:$port localhost:$port
WorkflowLoadTargets 127.0.0.1:$open
WorkflowLoadMaxRate 50
WorkflowLoadEnvironment WF_SHOWN WF_MISSING
WorkflowLoadSecrets secrets
WorkflowDataDir data
END
my $dir = "$server->{dir}";
mkdir "$dir/data" or die $!;
symlink '/etc/hostname', "$dir/data/link" or die $!;
$server->spew('data/body.txt', "from a file\n");
$server->spew('secrets', "# of tests\ntoken = s3cr3t\n\nempty=\n");
chmod 0600, "$dir/secrets";
chown +(getpwnam 'nobody')[2, 3], "$dir/secrets" if $> == 0; # whom the engine runs as
$server->start;

sub run { my ($step, $options) = @_; finished(submit(workflow([$step], $options // {}))) }
sub why { join ' ', map { $_->{message} } @{ shift->{errors} } }
sub refused {
    my ($url, $what) = @_;
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([ http_step(s => $url) ], {}) });
    ok t_cmp($r->code, 400, $what);
    return json($r)->{message};
}

# ---- environment, secrets, files -------------------------------------------------------------

my $lent = run(http_step(s => $target->url('/lent'), method => 'POST', headers => { 'X-Token' => '${secret:token}' },
    query => { a => '${env:WF_SHOWN}', b => '${env.WF_SHOWN}', c => '${env:WF_HIDDEN}', d => '${env:WF_MISSING}', e => '${secret:empty}' },
    body => 'read ${file:body.txt}'));
ok t_cmp($lent->{status}, 'completed', 'a document that draws on its surroundings');
my ($got) = $target->requests('/lent');
ok t_cmp($got->{query}{a}, 'seen', 'a variable that may be seen');
ok t_cmp($got->{query}{b}, 'seen', 'written with a dot');
ok t_cmp($got->{query}{c}, '${env:WF_HIDDEN}', 'another is an unknown name');
ok t_cmp($got->{query}{d}, '${env:WF_MISSING}', 'so is one that is not set');
ok t_cmp($got->{query}{e}, '', 'an empty secret');
ok t_cmp($got->{headers}{'x-token'}, 's3cr3t', 'a secret');
ok t_cmp($got->{body}, "read from a file\n", 'a file');
ok t_cmp(refused($target->url('/${secret:other}'), 'a secret that is not there'), qr/steps\[0\]\.config\.url.*no secret "other"/);
for (['../secrets', 'a way out'], ['link', 'a link out'], ['missing', 'no such file'], ['/etc/hostname', 'an absolute name']) {
    my ($name, $what) = @$_;
    ok t_cmp(refused($target->url("/\${file:$name}"), $what), qr/steps\[0\]\.config\.url.*\Q$name\E/, $what);
}
ok t_cmp($server->slurp('engine/engine.log') =~ /s3cr3t/ ? 'told' : 'kept', 'kept', 'no secret in the log');

# ---- targets ---------------------------------------------------------------------------------

ok t_cmp(run(http_step(s => "http://localhost:$port/name"))->{status}, 'completed', 'a host by its name');
for (
    [ $other->url('/secret'),                    'another port' ],
    [ "http://[::1]:$port/",                     'another address of the host' ],
    [ 'http://169.254.169.254/latest/meta-data', 'the metadata of a cloud' ],
    [ $away->url('/away'),                       'a redirect to another port' ],
    [ "http://127.0.0.2:$port/",                 'a neighbour' ],
) {
    my ($url, $what) = @$_;
    my $ended = run(http_step(s => $url, fail_on_status => \1));
    ok t_cmp($ended->{status}, 'failed', $what);
    ok t_cmp($ended->{errors}[0]{code}, 'CONNECTION_ERROR', "$what: code");
    ok t_cmp(why($ended), qr/not (permitted|allowed)|permit/i, "$what: told");
}
ok t_cmp(scalar(() = $other->requests), 0, 'nothing has arrived there');

# ---- rate --------------------------------------------------------------------------------------

my $many  = run(http_step(s => $target->url('/many')), { mode => 'shared-iterations', vus => 20, iterations => 100 });
my @at    = sort { $a <=> $b } map { $_->{at} } $target->requests('/many');
ok t_cmp(scalar(@at), 100, 'a run beyond the rate makes all its requests');
my $took = $at[-1] - $at[0];
ok t_cmp($took > 1.7 ? 'slowly' : $took, 'slowly', 'at 50 a second');
END { $server->stop if $server }
