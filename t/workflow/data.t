# Rows of data: which the target sees, from which user, how often, and in which order.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Target;
use WF::Test;

my $target = WF::Target->new;
my $url = $target->url;
my $step = http_step(s => "$url/\${users.name}/\${__VU}");

# The requests of one run as [row, user] in the order of their arrival.
sub run_with {
    my ($data, $options, @steps) = @_;
    my $before = () = $target->requests;
    my ($execution) = run_workflow([ @steps ? @steps : $step ], $options, data => { users => $data });
    my @all = $target->requests;
    return ($execution, map { [ $_->{path} =~ m{^/(.*)/(.*)} ] } @all[ $before .. $#all ]);
}

sub csv { join "\n", 'name,age', map { "u$_,$_" } 1 .. shift }
sub counted { my %n; $n{ $_->[0] }++ for @_; return \%n }

my @cases = (
    # what                     members                                      options                                                  status       requests  times each
    [ 'unique',                { mode => 'unique' },                        { mode => 'shared-iterations', vus => 8, iterations => 500 }, 'completed', 60,  1 ],
    [ 'unique, for an hour',   { mode => 'unique' },                        { vus => 8, duration => '1h' },                          'completed', 60,       1 ],
    [ 'unique, fail',          { mode => 'unique', on_end => 'fail' },      { vus => 3, duration => '1h' },                          'failed',    60,       1 ],
    [ 'queue',                 { mode => 'queue' },                         { vus => 3, duration => '1h' },                          'failed',    60,       1 ],
    [ 'sequential',            {},                                          { vus => 4, iterations => 30 },                          'completed', 120,      2 ],
    [ 'shuffle',               { mode => 'shuffle' },                       { vus => 4, iterations => 30 },                          'completed', 120,      2 ],
    [ 'each user all of them', { share => 'vu' },                           { vus => 3, iterations => 60 },                          'completed', 180,      3 ],
);

plan tests => 3 * @cases + 19;

for my $case (@cases) {
    my ($what, $members, $options, $status, $requests, $times) = @$case;
    my ($execution, @got) = run_with({ csv => csv(60), %$members }, $options);
    ok t_cmp($execution->{status}, $status, $what);
    ok t_cmp(scalar(@got), $requests, "$what: requests");
    ok t_cmp(counted(@got), { map { ("u$_" => $times) } 1 .. 60 }, "$what: how often each row came");
}

# In the order of the file, as long as there is one user.
my ($execution, @got) = run_with({ csv => csv(20) }, { iterations => 25 });
ok t_cmp([ map { $_->[0] } @got ], [ map { "u$_" } 1 .. 20, 1 .. 5 ], 'in order, and round');
($execution, @got) = run_with({ csv => csv(20), mode => 'shuffle' }, { iterations => 20 });
ok "@{[ map { $_->[0] } @got ]}" ne "@{[ map { qq(u$_) } 1 .. 20 ]}";

# A user that keeps its row: as many persons as users.
($execution, @got) = run_with({ csv => csv(20), mode => 'unique', per => 'vu' }, { vus => 5, iterations => 10 });
my %rows;
$rows{ $_->[1] }{ $_->[0] }++ for @got;
ok t_cmp([ map { values %$_ } values %rows ], [ (10) x 5 ], 'one row for each user, in all iterations');
ok t_cmp(scalar(keys %{ counted(@got) }), 5, 'and another one for each');

# At random: not in order, each row now and then.
($execution, @got) = run_with({ csv => csv(4), mode => 'random' }, { vus => 2, iterations => 100 });
ok t_cmp(scalar(grep { $_ >= 20 && $_ <= 80 } values %{ counted(@got) }), 4, 'each of four rows in 200 picks');

# CSV as people write it; JSON with types; a row as a whole.
my @forms = (
    [ { csv => "\x{feff}name;age\r\n\"Smith, \"\"Jo\"\"\";5\r\n\r\n", delimiter => ';' }, 'Smith%2C%20%22Jo%22' ],
    [ { csv => "ann,1\nbob,2", columns => [qw(name age)] },                               'ann' ],
    [ { rows => [ { name => 'ann' } ] },                                                  'ann' ],
    [ [ { name => 'ann' } ],                                                              'ann' ],
    [ { json => '[{"name": "ann", "age": 5}]' },                                          'ann' ],
);
for my $form (@forms) {
    run_with($form->[0], {}, http_step(s => "$url/form", query => { name => '${users.name}' }));
    ok t_cmp(($target->requests)[-1]{uri}, "/form?name=$form->[1]");
}
run_with([ { name => 'ann', tags => [ 1, { a => 2 } ] } ], {},
         http_step(s => "$url/\${users.tags[1].a}", method => 'POST', body => { who => '${users}', n => '${users.tags[0]}' }));
my $sent = ($target->requests)[-1];
ok t_cmp($sent->{path}, '/2', 'below a column');
ok t_cmp($sent->{body}, qr/ann/, 'a whole row');

# Faults are told at submission: line by line.
my @refused = (
    [ { csv => "a,b\n1,2\n3\n4,5,6\n" },  qr/data\.users\.csv: line 3: has 1 fields instead of 2.*line 4: has 3 fields instead of 2/s ],
    [ { csv => "a\n\"x" },                qr/data\.users\.csv: line 2: a quote is never closed/ ],
    [ { file => 'users.csv' },            qr/data\.users\.file: files are not allowed here: .*WorkflowDataDir/ ],
    [ 'users.csv',                        qr/data\.users\.file: files are not allowed here/ ],
    [ { rows => [1] },                    qr/data\.users\.rows\[0\]: must be a map/ ],
    [ { csv => 'a', mode => 'unik' },     qr/data\.users\.mode: "unik" is not one of: sequential, circular, queue, unique, shuffle, random/ ],
);
for my $case (@refused) {
    my $r = call('POST', '/api/v1/workflows', { workflow => workflow([$step], {}, data => { users => $case->[0] }) });
    ok t_cmp(json($r)->{message}, $case->[1]);
}

# Many rows cost no copies: fifty users with 4,000 rows.
($execution, @got) = run_with({ csv => csv(4000), mode => 'unique' }, { mode => 'shared-iterations', vus => 50, iterations => 1000 });
ok t_cmp([ scalar(@got), scalar(keys %{ counted(@got) }) ], [ 1000, 1000 ], 'of many rows');
