# Rows of data from files: those below the configured directory and no others; beside the
# workflow on the command line. A file is read when a workflow is submitted.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Command;
use WF::Server;
use WF::Target;
use WF::Test;

my @refused = (
    # name                 why
    [ 'none.csv',          qr/file none\.csv: there is no such file/ ],
    [ '../secret.csv',     qr/has to be relative, without "\.\."/ ],
    [ 'sub/../../x.csv',   qr/has to be relative, without "\.\."/ ],
    [ '/etc/passwd',       qr/has to be relative/ ],
    [ 'out.csv',           qr/a link leads out of the directory/ ],
    [ 'away/passwd',       qr/a link leads out of the directory/ ],
    [ 'sub',               qr/is no plain file/ ],
    [ 'bad.csv',           qr/line 2: has 3 fields instead of 2/ ],
    [ 'bad.json',          qr/line 1, column 2/ ],
    [ 'closed.csv',        qr/the server may not read it/ ],
);

my @read = (
    # source                                                                names of the rows
    [ 'users.csv',                                                          'ann bob' ],
    [ { file => 'users.csv' },                                              'ann bob' ],
    [ { file => './sub//deep.csv' },                                        'deep' ],
    [ { file => 'in.csv' },                                                 'deep' ],
    [ { file => 'users.json' },                                             'ann bob' ],
    [ { file => 'rows.txt', format => 'json' },                             'cyd' ],
    [ { file => 'plain', delimiter => 'tab', columns => [ 'id', 'name' ] }, 'dan eve' ],
);

plan tests => @refused + @read + 5;

my $target = WF::Target->new;
my $server = WF::Server->new(extra => "WorkflowDataDir data\n");
my $dir = "$server->{dir}/data";
mkdir $_ or die $! for $dir, "$dir/sub";
my %files = ('users.csv' => "name,age\nann,1\nbob,2\n", 'sub/deep.csv' => "name\ndeep\n", 'bad.csv' => "a,b\n1,2,3\n",
             'users.json' => '[{"name":"ann"},{"name":"bob"}]', 'rows.txt' => '[{"name":"cyd"}]', 'bad.json' => '[}',
             plain => "1\tdan\n2\teve\n", 'closed.csv' => "name\nx\n", '../secret.csv' => "name\nsecret\n");
$server->spew("data/$_", $files{$_}) for keys %files;
chmod 0, "$dir/closed.csv";
symlink '/etc/passwd', "$dir/out.csv" or die $!;
symlink '/etc', "$dir/away" or die $!;
symlink 'sub/deep.csv', "$dir/in.csv" or die $!;
$server->start;

my $step = http_step(s => $target->url('/${users.name}'));

for my $case (@refused) {
    my ($name, $why) = @$case;
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([$step], {}, data => { users => { file => $name } }) });
    ok t_cmp(json($r)->{message}, $why, $name);
}

for my $case (@read) {
    my ($source, $names) = @$case;
    my $before = () = $target->requests;
    my @names = split / /, $names;
    my ($execution) = run_workflow([$step], { iterations => scalar @names }, data => { users => $source });
    my @all = $target->requests;
    ok t_cmp(join(' ', map { $_->{path} =~ s{^/}{}r } @all[ $before .. $#all ]), $names) or t_debug($execution);
}

# It was read at submission: what becomes of the file meanwhile does not matter.
my $id = submit(workflow([ $step, { id => 'z', type => 'sleep', config => { duration => '300ms' } } ], { iterations => 4 },
                         data => { users => 'users.csv' }));
wait_until { grep { $_->{path} eq '/ann' } ($target->requests)[-1] };
unlink "$dir/users.csv" or die $!;
ok t_cmp(finished($id)->{status}, 'completed');
ok t_cmp(join(' ', map { $_->{path} } ($target->requests)[ -4 .. -1 ]), '/ann /bob /ann /bob');

# On the command line they are beside the workflow.
scratch('people.csv', "name\ncli\n");
my $file = scratch('with-data.yaml', "id: w\nname: W\ndata: {users: people.csv}\nsteps:\n  - {id: s, type: http, config: {url: '"
    . $target->url('/${users.name}') . "'}}\n");
my $run = command('run', '-quiet', $file);
ok t_cmp($run->{code}, 0) or t_debug($run->{err});
ok t_cmp(($target->requests)[-1]{path}, '/cli');
$run = command('run', '-quiet', scratch('without.yaml', "id: w\nname: W\ndata: {users: none.csv}\nsteps:\n  - {id: s, type: http, config: {url: 'http://127.0.0.1:1/'}}\n"));
ok t_cmp($run->{err}, qr/data\.users\.file: file none\.csv: there is no such file/);
END { $server->stop if $server }
