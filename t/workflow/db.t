# Database steps, as the databases see them: SQLite files and PostgreSQL. Users and their
# transactions, the pool that they share, what happens when a server process dies, deadlines
# and stops that end statements at the server, limits, and that no password is told.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use JSON::PP;
use WF::Postgres;
use WF::Server;
use WF::Target;
use WF::Test;

plan tests => 60, need { 'PostgreSQL' => sub { defined WF::Postgres::programs() } };

my $json = JSON::PP->new->canonical;
my $target = WF::Target->new;
my $pg = WF::Postgres->new;
my ($port, $pg_port, $closed) = ($target->port, $pg->port, WF::Server::free_port());
local $ENV{PGPASSWORD} = $pg->{password}; # the administrator's, not for documents
my $server = WF::Server->new(extra => <<"END");
WorkflowLoadTargets 127.0.0.1:$port 127.0.0.1:$pg_port 127.0.0.1:$closed
WorkflowLoadSecrets secrets
WorkflowDataDir data
END
mkdir "$server->{dir}/data" or die $!;
$server->spew('secrets', "dbpass = $pg->{password}\npin = s3cr3t-p1n\n");
chmod 0600, "$server->{dir}/secrets";
chown +(getpwnam 'nobody')[2, 3], "$server->{dir}/secrets", "$server->{dir}/data" if $> == 0;
$server->start;

sub db { my ($id, $config, %members) = @_; +{ id => $id, type => 'db', config => { driver => 'postgres', dsn => $pg->dsn(application_name => 'load'), %$config }, %members } }
sub lite { my ($id, $config, %members) = @_; +{ id => $id, type => 'db', config => { driver => 'sqlite', dsn => 'shop.db', %$config }, %members } }
sub shown { my ($id, $body) = @_; http_step("show_$id" => $target->url("/$id"), method => 'POST', body => $body) }
sub body_of { my ($request) = $target->requests("/$_[0]"); $json->decode($request->{body}) }
sub errors { map { "$_->{code}: $_->{message}" } @{ shift->{errors} } }

# ---- values ----------------------------------------------------------------------------------

my ($execution, $metrics) = run_workflow([
    db(make => { sql => 'create table person (id serial primary key, name text, paid boolean, sum numeric(10,2), score float8, doc jsonb, raw bytea)' }),
    db(put => { sql => "insert into person (name, paid, sum, score, doc, raw) values (\$1, \$2, \$3, \$4, \$5, '\\x00ff'), (null, null, null, 'NaN', null, null) returning id",
        params => [ '${who}', '${yes}', '12.50', 0.25, '${doc}' ] }),
    db(all => { query => 'select *, now() - now() as none from person order by id' }),
    shown(all => '${all.output}'),
    shown(put => '${put.output}'),
    db(count => { action => 'count', sql => 'select count(*) from person where id = any($1::int[])', params => [ '{1,2,3}' ] }),
    db(exists => { action => 'exists', sql => 'select exists (select 1 from person where name = $1)', params => [ 'nobody' ] }),
    shown(small => '{"count": ${count.count}, "exists": ${exists.exists}, "name": "${all.data[0].name}", "deep": ${all.data[0].doc.list[1]}}'),
], {}, variables => { who => "Miss P'; drop table person; --", yes => JSON::PP::true, doc => { list => [ 1, 2 ] } });
ok t_cmp($execution->{status}, 'completed', 'a run') or print '# ', join("\n# ", errors($execution)), "\n";
my $all = body_of('all');
ok t_cmp($json->encode($all->{data}[0]), $json->encode({ id => 1, name => "Miss P'; drop table person; --", paid => JSON::PP::true,
    sum => '12.50', score => 0.25, doc => { list => [ 1, 2 ] }, raw => 'AP8=', none => '00:00:00' }), 'types of a row');
ok t_cmp($json->encode($all->{data}[1]), $json->encode({ id => 2, name => undef, paid => undef, sum => undef, score => 'NaN',
    doc => undef, raw => undef, none => '00:00:00' }), 'and null');
ok t_cmp($all->{action}, 'query', 'the verb says what it is');
ok t_cmp($all->{driver}, 'postgres', 'the driver');
ok t_cmp($all->{actualSql}, qr/^select \*, now/, 'the statement');
my $put = body_of('put');
ok t_cmp($json->encode([ @$put{qw(rowsAffected count data success)} ]), '[2,2,[{"id":1},{"id":2}],true]', 'returning');
ok t_cmp($json->encode(body_of('small')), '{"count":2,"deep":2,"exists":false,"name":"Miss P\'; drop table person; --"}', 'count, exists, members');
ok t_cmp($metrics->{step_metrics}{all}{success_count}, 1, 'it is measured as any step');
ok t_cmp($pg->ask('select count(*) from person'), 2, 'as the server sees it');

# ---- transactions ---------------------------------------------------------------------------

$pg->ask('create table account (id int primary key, amount int); create table transfer (vu int, iteration int)');
$pg->ask('insert into account select i, 1000 from generate_series(1, 5) i');
($execution) = run_workflow([
    db(begin => { action => 'begin' }),
    db(take => { sql => 'update account set amount = amount - 1 where id = 1' }),
    db(give => { sql => 'update account set amount = amount + 1 where id = 2 + $1::int % 4', params => [ '${__VU}' ] }),
    db(note => { sql => 'insert into transfer values ($1, $2)', params => [ '${__VU}', '${__ITER}' ], tx_id => '${begin.txId}' }),
    db(commit => { action => 'commit', tx_id => '${begin.txId}' }),
], { mode => 'per-vu-iterations', vus => 8, iterations => 10 });
ok t_cmp($execution->{status}, 'completed', 'users with a transaction each') or print '# ', join("\n# ", errors($execution)), "\n";
ok t_cmp($pg->ask('select sum(amount) from account'), 5000, 'nothing is lost');
ok t_cmp($pg->ask('select count(distinct (vu, iteration)) from transfer'), 80, 'each has made his transfers');
ok wait_until { !$pg->backends('load') } 10;

($execution) = run_workflow([
    db(begin => { action => 'begin', sql => 'start transaction isolation level serializable', tx_id => 'mine' }),
    db(take => { sql => 'delete from account', tx_id => 'mine' }),
], { vus => 3, iterations => 2 });
ok t_cmp($execution->{status}, 'completed', 'users who forget to commit');
ok t_cmp($pg->ask('select sum(amount) from account'), 5000, 'change nothing');

($execution) = run_workflow([
    db(begin => { action => 'begin' }),
    db(bad => { sql => 'insert into account values (1, 1)' }, on_error => 'continue'),
    db(after => { sql => 'select 1' }, on_error => 'continue'),
    db(commit => { action => 'commit' }, on_error => 'continue'),
    db(fresh => { sql => 'select 1' }),
]);
ok t_cmp($json->encode([ errors($execution) ]), $json->encode([
    'EXECUTION_ERROR: SQLSTATE 23505: duplicate key value violates unique constraint "account_pkey"',
    'EXECUTION_ERROR: SQLSTATE 25P02: current transaction is aborted, commands ignored until end of transaction block',
    'EXECUTION_ERROR: the transaction had failed: it was rolled back' ]), 'a commit that does not commit is told');

# ---- the pool ---------------------------------------------------------------------------------

my @steps = (
    db(one => { max_connections => 2, sql => "select count(*)::int as n, pg_sleep(0.01)::text as s from pg_stat_activity where application_name = 'load'" }),
    { id => 'check', type => 'if', config => { condition => '${one.data[0].n} > 2', then => [ db(many => { sql => 'insert into transfer values (-1, -1)' }) ] } },
);
$steps[1]{config}{then}[0]{config}{max_connections} = 2;
($execution, $metrics) = run_workflow(\@steps, { mode => 'per-vu-iterations', vus => 20, iterations => 10 });
ok t_cmp($execution->{status}, 'completed', 'a pool of 2 with 20 users');
ok t_cmp($metrics->{step_metrics}{one}{success_count}, 200, 'all get their turn');
ok t_cmp($pg->ask('select count(*) from transfer where vu = -1'), 0, 'and the server never sees a third connection');
ok wait_until { !$pg->backends('load') } 10;

# ---- deadlines and stops ------------------------------------------------------------------------

($execution, $metrics) = run_workflow([
    db(slow => { sql => 'select pg_sleep(60)' }, timeout => '300ms', on_error => 'continue'),
    db(quick => { sql => 'select 1' }),
], { iterations => 2 });
ok t_cmp((errors($execution))[0], 'TIMEOUT_ERROR: timed out after 300ms', 'a statement that takes too long');
ok t_cmp($metrics->{step_metrics}{slow}{failure_count}, 2, 'fails');
ok t_cmp($metrics->{step_metrics}{quick}{success_count}, 2, 'what comes behind does not');
ok wait_until { !$pg->backends('load', 'active') } 5;

my $id = submit(workflow([ db(slow => { sql => 'select pg_sleep(60)' }) ], { vus => 5, duration => '60s', graceful_stop => '0s' }));
ok wait_until { 5 == $pg->backends('load', 'active') } 10;
ok t_cmp(call('DELETE', "/api/v1/executions/$id")->code, 200, 'a stop');
ok wait_until { !$pg->backends('load') } 10;
ok t_cmp(execution($id)->{status}, 'aborted', 'ends them at the server, too');

# ---- a server process dies -----------------------------------------------------------------------

$id = submit(workflow([
    db(begin => { action => 'begin', max_connections => 4 }, on_error => 'retry', retry => { max_attempts => 20, delay => '200ms' }),
    db(work => { max_connections => 4, sql => 'select pg_sleep(0.2)' }),
    db(commit => { max_connections => 4, action => 'commit' }),
], { vus => 4, duration => '8s' }));
ok wait_until { $pg->backends('load', 'active') } 10;
kill KILL => ($pg->backends('load', 'active'))[0];
ok wait_until { grep { /^CONNECTION_ERROR: .*lost/ } errors(execution($id)) } 10;
my $committed = sub { metrics($id)->{step_metrics}{commit}{success_count} // 0 };
my $before = $committed->();
ok wait_until { $committed->() > $before + 5 } 20;
$execution = finished($id);
print "# $_\n" for errors($execution);
ok t_cmp($execution->{status}, qr/^(completed|failed)$/, 'the run goes on to its end');
my @lost = grep { $_->{code} eq 'CONNECTION_ERROR' && $_->{message} =~ /lost/ } @{ $execution->{errors} };
ok t_cmp(scalar(@lost) > 0, 1, 'and tells what happened');

# ---- TLS --------------------------------------------------------------------------------------------

system("cp $pg->{dir}/server.crt $server->{dir}/data/ca.pem") == 0 or die 'cp';
($execution) = run_workflow([
    db(plain => { action => 'exists', sql => 'select exists (select 1 from pg_stat_ssl where pid = pg_backend_pid() and ssl)' }),
    db(tls => { action => 'exists', sql => 'select exists (select 1 from pg_stat_ssl where pid = pg_backend_pid() and ssl)', dsn => $pg->dsn(sslmode => 'require') }),
    db(long => { sql => "select repeat(md5(i::text), 30000) as t from generate_series(1, 10) i", dsn => $pg->dsn(sslmode => 'require') }),
    db(sure => { sql => 'select 1 as one', dsn => $pg->dsn(sslmode => 'verify-full', host => 'localhost', sslrootcert => 'ca.pem') }),
    shown(tls => '[${plain.exists}, ${tls.exists}, ${long.count}, ${sure.data[0].one}]'),
    db(unsure => { sql => 'select 1', dsn => $pg->dsn(sslmode => 'verify-full', host => 'localhost') }),
]);
ok t_cmp($json->encode(body_of('tls')), '[false,true,10,1]', 'over TLS, with large rows and a certificate that is checked');
ok t_cmp((errors($execution))[0], qr/^CONNECTION_ERROR: cannot connect: root certificate file "\.\.\." does not exist/, 'or cannot be');

# ---- limits and refusals ----------------------------------------------------------------------------

my @failing = (
    # config                                                        error
    [ { sql => 'select * from generate_series(1, 10001)' },         qr/^EXECUTION_ERROR: the answer has more than 10000 rows/ ],
    [ { sql => "select repeat('x', 9000000) from generate_series(1, 3)" }, qr/^EXECUTION_ERROR: the answer has more than 16777216 bytes/ ],
    [ { sql => "select repeat('x', 60000000)" },                  qr/^EXECUTION_ERROR: the answer has more than 16777216 bytes/ ],
    [ { sql => 'select $1', params => [] },                         qr/^EXECUTION_ERROR: SQLSTATE (08P01|42P02): / ],
    [ { sql => 'select 1; select 2' },                              qr/^EXECUTION_ERROR: SQLSTATE 42601: cannot insert multiple commands/ ],
    [ { sql => 'copy account to stdout' },                          qr/^EXECUTION_ERROR: COPY to and from a step: not supported$/ ],
    [ { sql => 'select $1::int', params => [ '${secret:pin}' ] },   qr/^EXECUTION_ERROR: SQLSTATE 22P02 \(no more is told, as the step uses a secret\)$/ ],
    [ { sql => '-- nothing' },                                      qr/^EXECUTION_ERROR: there is no statement$/ ],
    [ { sql => 'select 1', dsn => $pg->dsn(password => 'wr0ng-s3cret') }, qr/^CONNECTION_ERROR: cannot connect: FATAL:  password authentication failed for user "\.\.\."$/ ],
    [ { sql => 'select 1', dsn => $pg->dsn(password => undef) },    qr/^CONNECTION_ERROR: cannot connect: .*no password supplied/ ],
    [ { sql => 'select 1', dsn => $pg->dsn(port => $closed) },      qr/^CONNECTION_ERROR: cannot connect: Connection refused/ ],
    [ { sql => 'select 1', dsn => $pg->dsn(host => '169.254.169.254') }, qr/^CONNECTION_ERROR: connections to this address are not permitted$/ ],
    [ { sql => 'select 1', dsn => $pg->dsn(host => '127.0.0.2') },  qr/^CONNECTION_ERROR: connections to this address are not permitted$/ ],
    [ { sql => 'select 1', dsn => '${place}' },                     qr/^CONFIG_ERROR: dsn: hostaddr: not allowed here$/ ],
);
for (@failing) {
    my ($config, $error) = @$_;
    ($execution) = run_workflow([ db(s => $config, on_error => 'continue'), db(after => { sql => 'select 1' }) ], {},
        variables => { place => 'host=a user=b hostaddr=169.254.169.254' });
    ok t_cmp((errors($execution))[0], $error, $config->{sql});
}

my $refused = call('POST', '/api/v1/workflows', { workflow => workflow([ db(s => { driver => 'mysql', sql => 'select 1' }) ], {}) });
ok t_cmp($refused->code, 400, 'another driver');
ok t_cmp(json($refused)->{message}, qr/steps\[0\]\.config\.driver: driver mysql: not supported/, 'is named');
$refused = call('POST', '/api/v1/workflows', { workflow => workflow([ db(s => { sql => 'select 1', dsn => $pg->dsn(sslkey => '/etc/ssl/private/key.pem') }) ], {}) });
ok t_cmp(json($refused)->{message}, qr/steps\[0\]\.config\.dsn: sslkey: not allowed here/, 'files of the server are not for documents');

# ---- SQLite --------------------------------------------------------------------------------------------

($execution, $metrics) = run_workflow([
    lite(begin => { sql => 'begin immediate' }),
    lite(put => { sql => 'insert into visit values ($1, $2)', params => [ '${__VU}', '${__ITER}' ] }),
    lite(commit => { action => 'commit' }),
    lite(mine => { action => 'count', sql => 'select count(*) from visit where vu = ?', params => [ '${__VU}' ] }),
], { mode => 'per-vu-iterations', vus => 6, iterations => 5 }, setup => [
    lite(make => { sql => 'create table visit (vu integer, iteration integer)' }) ]);
ok t_cmp($execution->{status}, 'completed', 'a file that setup makes') or print '# ', join("\n# ", errors($execution)), "\n";
ok t_cmp(`sqlite3 $server->{dir}/data/shop.db 'select count(*), count(distinct vu) from visit'`, "30|6\n", 'has what users have written');
ok t_cmp($metrics->{step_metrics}{commit}{success_count}, 30, 'each in a transaction');

($execution) = run_workflow([
    lite(away => { sql => "attach '/tmp/other.db' as other" }, on_error => 'continue'),
    lite(endless => { sql => 'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n' }, timeout => '300ms', on_error => 'continue'),
    lite(fine => { sql => 'select 1' }),
]);
ok t_cmp($json->encode([ errors($execution) ]), $json->encode([ 'EXECUTION_ERROR: ATTACH, DETACH and VACUUM: not allowed here',
    'TIMEOUT_ERROR: timed out after 300ms' ]), 'what files may not be used for');

# ---- passwords -------------------------------------------------------------------------------------------

($execution) = run_workflow([ db(s => { dsn => "postgresql://gonzo:\${secret:dbpass}\@127.0.0.1:$closed/x", sql => 'select 1' }, on_error => 'continue'),
    db(t => { dsn => $pg->dsn(password => '${secret:dbpass}'), sql => 'select 1' }) ]);
ok t_cmp($execution->{status}, 'completed', 'a password from the secrets');
my $told = join '', map { call('GET', "/api/v1/executions/$execution->{id}$_")->content } '', '/metrics', '/report', '/report?format=html';
$told .= $server->slurp('engine/engine.log') . $server->slurp('error.log');
ok t_cmp($told, qr/CONNECTION_ERROR/, 'what is told of the failure');
ok !t_cmp($told, qr/\Q$pg->{password}\E|s3cr3t-p1n|wr0ng-s3cret/, 'has no password');

$server->stop;
$pg->stop;
