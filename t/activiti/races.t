# Commands that cross each other's ways: things end while somebody still works on them.
# Each client may win or lose, but nobody is told that the server failed, and afterwards
# nothing in the store refers to what is gone, or stays open for ever.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Server;
use WF::Test;

use constant ROUNDS => $ENV{WF_ROUNDS} || 10;    # objects of each kind

my $server = WF::Server->new(mpm => $ENV{WF_MPM} // 'event')->start;
my $gif = 'GIF89a' . 'x' x 50;

sub in_store {
    open my $in, '-|', 'sqlite3', '-readonly', $server->file('engine/workflow.db'), shift or die "sqlite3: $!";
    my $text = join '', <$in>;
    close $in or die 'sqlite3';
    chomp $text;
    return $text;
}

# Two processes: one waits at a task, the other one ends at once.
sub deploy_pair {
    my $key = shift;
    my $xml = bpmn($key, '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:candidateUsers="gonzo" activiti:candidateGroups="sales"/>');
    $xml =~ s{</definitions>}{<process id="${key}Quick"><startEvent id="q"/></process></definitions>};
    return json(upload("$key.bpmn20.xml", $xml))->{id};
}

# An instance of it, with its task.
sub waiting {
    my $id = start(shift)->{id};
    return { id => $id, task => get_json("/process-instance/$id/tasks")->{data}[0]{id} };
}

sub attach_file {
    return call('PUT', '/task/' . shift() . '/attachment', '--b' . "\r\n" . part('name="file"; filename="f.txt"', 'x' x 100) . "--b--\r\n",
                headers => { 'Content-Type' => 'multipart/form-data; boundary=b' });
}
sub attach_link { call('PUT', '/task/' . shift() . '/url', { url => 'http://localhost/' }) }
sub sub_task { call('PUT', '/task', { name => 'below', parentTaskId => shift }) }
sub run_jobs {
    return map { call('PUT', "/management/job/$_->{id}/execute") }
           @{ get_json('/management/jobs' . (@_ ? '?process-instance=' . shift : ''))->{data} };
}
sub picture { call('PUT', '/user/' . shift() . '/picture', $gif, headers => { 'Content-Type' => 'image/gif' }) }

my $loose = define('raceLoose', '<startEvent id="s"/>', 's -> f', '<parallelGateway id="f"/>',
    map { ("f -> $_", "<userTask id=\"$_\" activiti:async=\"true\" activiti:exclusive=\"false\"/>") } 'a' .. 'd');
my $strict = define('raceStrict', '<startEvent id="s"/>', 's -> a', '<userTask id="a" activiti:async="true"/>');
my $claimed = define('raceClaimed', '<startEvent id="s"/>', 's -> t',
    '<userTask id="t" activiti:candidateUsers="gonzo,fozzie" activiti:candidateGroups="sales"/>');

my @races = (    # what, statuses, the object of a round, what each client does with it
    [ 'jobs of an instance that goes', qr/200|404/, sub { $loose },    # the server runs them as soon as it has them
      (sub { call('DELETE', '/process-instance/' . start(shift)->{id}) }) x 3,
      sub { my $id = start(shift)->{id}; (run_jobs($id), call('DELETE', "/process-instance/$id")) },
    ],
    [ 'a job that all ask for', qr/200|404/, sub { $strict },
      sub { my $id = start(shift)->{id}; (run_jobs($id), call('DELETE', "/process-instance/$id")) },
      (sub { run_jobs() }) x 3,
    ],
    [ 'a task that ends', qr/200|404|409/, sub { json(call('PUT', '/task', { name => 'above' }))->{id} },    # 409: a sub-task that is gone when it is to be shown
      sub { complete(shift) }, \&attach_file, \&attach_link, \&sub_task, sub { call('DELETE', '/task/' . shift) },
      sub { call('PUT', '/task/' . shift() . '/claim', {}) },
    ],
    [ 'candidates', qr/200|409/, sub { waiting($claimed)->{task} },
      (map { my $user = $_; sub { call('PUT', '/task/' . shift() . '/claim', {}, user => $user) } } 'gonzo', 'fozzie', 'kermit'),
      sub { call('PUT', '/task/' . shift() . '/unclaim', {}) },
      sub { call('PUT', '/task/' . shift() . '/assign', { userId => 'gonzo' }) },
    ],
    [ 'a deployment that goes', qr/200|404|409/, sub {
          my $key = 'race' . shift;
          my $deployment = deploy_pair($key);
          return { key => $key, deployment => $deployment, %{ waiting("$key:1") } };
      },
      sub { call('DELETE', "/deployment/$_[0]{deployment}?cascade=true") },
      sub { call('POST', '/process-instance', { processDefinitionId => "$_[0]{key}:1" }) },
      sub { call('POST', '/process-instance', { processDefinitionId => "$_[0]{key}Quick:1" }) },
      sub { attach_file($_[0]{task}) }, sub { sub_task($_[0]{task}) }, sub { complete($_[0]{task}) },
    ],
    [ 'users and groups', qr/200|404|409/, sub {
          my $id = 'race' . shift;
          call('PUT', '/user', { id => $id });
          call('PUT', '/group', { id => $id });
          return $id;
      },
      sub { call('POST', "/user/$_[0]/groups", [ $_[0] ]) }, sub { call('DELETE', "/user/$_[0]") }, sub { picture($_[0]) },
      sub { call('DELETE', "/group/$_[0]") }, sub { call('PUT', '/user', { id => $_[0] }) }, sub { picture($_[0]) },
    ],
);

# ---- what must never be ------------------------------------------------------------------

my %gone = (    # rows that refer to what is gone, by table
    ACT_RU_EXECUTION    => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION) OR PROC_DEF_ID_ NOT IN (SELECT ID_ FROM ACT_RE_PROCDEF)',
    ACT_RU_TASK         => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION) OR PARENT_TASK_ID_ NOT IN (SELECT ID_ FROM ACT_RU_TASK)',
    ACT_RU_VARIABLE     => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION)',
    ACT_RU_JOB          => 'PROCESS_INSTANCE_ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION)',
    ACT_RU_EVENT_SUBSCR => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION)',
    ACT_RU_IDENTITYLINK => 'TASK_ID_ NOT IN (SELECT ID_ FROM ACT_RU_TASK) OR PROC_DEF_ID_ NOT IN (SELECT ID_ FROM ACT_RE_PROCDEF)',
    ACT_ID_MEMBERSHIP   => 'USER_ID_ NOT IN (SELECT ID_ FROM ACT_ID_USER) OR GROUP_ID_ NOT IN (SELECT ID_ FROM ACT_ID_GROUP)',
    ACT_ID_USER         => 'PICTURE_ID_ NOT IN (SELECT ID_ FROM ACT_GE_BYTEARRAY)',
    ACT_HI_PROCINST     => 'PROC_DEF_ID_ NOT IN (SELECT ID_ FROM ACT_RE_PROCDEF)',
    ACT_HI_ACTINST      => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_HI_PROCINST)',
    ACT_HI_TASKINST     => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_HI_PROCINST) OR PARENT_TASK_ID_ NOT IN (SELECT ID_ FROM ACT_HI_TASKINST)',
    ACT_HI_IDENTITYLINK => 'TASK_ID_ IS NULL OR TASK_ID_ NOT IN (SELECT ID_ FROM ACT_HI_TASKINST)',
    ACT_HI_DETAIL       => 'PROC_INST_ID_ NOT IN (SELECT ID_ FROM ACT_HI_PROCINST)',
    ACT_HI_ATTACHMENT   => 'TASK_ID_ NOT IN (SELECT ID_ FROM ACT_HI_TASKINST) OR CONTENT_ID_ NOT IN (SELECT ID_ FROM ACT_GE_BYTEARRAY)',
    ACT_GE_BYTEARRAY    => join(' AND ', 'DEPLOYMENT_ID_ IS NULL', map { my ($table, $column) = @$_;
                                "ID_ NOT IN (SELECT $column FROM $table WHERE $column IS NOT NULL)" }
                                [ ACT_RU_VARIABLE => 'BYTEARRAY_ID_' ], [ ACT_HI_DETAIL => 'BYTEARRAY_ID_' ],
                                [ ACT_RU_JOB => 'EXCEPTION_STACK_ID_' ], [ ACT_HI_ATTACHMENT => 'CONTENT_ID_' ],
                                [ ACT_ID_USER => 'PICTURE_ID_' ])
                           . ' OR DEPLOYMENT_ID_ NOT IN (SELECT ID_ FROM ACT_RE_DEPLOYMENT)',
);
my %open = (    # what history believes to go on
    ACT_HI_PROCINST => 'ID_ NOT IN (SELECT ID_ FROM ACT_RU_EXECUTION)',
    ACT_HI_ACTINST  => 'ID_ NOT IN (SELECT ACT_INST_ID_ FROM ACT_RU_EXECUTION WHERE ACT_INST_ID_ IS NOT NULL)',
    ACT_HI_TASKINST => 'ID_ NOT IN (SELECT ID_ FROM ACT_RU_TASK)',
);
my $marks = <<'END';
SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK l JOIN ACT_RU_TASK t ON t.ID_ = l.TASK_ID_
WHERE (l.OPEN_ > 0) <> (t.ASSIGNEE_ IS NULL) OR (l.OPEN_ = 1 AND
    (SELECT COUNT(*) FROM ACT_RU_IDENTITYLINK o WHERE o.TASK_ID_ = t.ID_ AND o.TYPE_ = 'candidate') > 1)
END

plan tests => @races + keys(%gone) + keys(%open) + 3;

my $engine = $server->engine_pid;
for (@races) {
    my ($what, $statuses, $make, @clients) = @$_;
    my @objects = map { $make->($_) } 1 .. ROUNDS;
    my @lines = in_parallel(scalar @clients, sub {
        my $client = $clients[shift];
        my %codes;
        for my $object (@objects) {
            my @answers = $client->($object);
            $codes{ $_->code }++ for grep { ref && $_->can('code') } @answers;
        }
        return join ' ', map { "$_:$codes{$_}" } sort keys %codes;    # none is "nothing"
    });
    ok t_cmp(join(', ', grep { !/^(nothing|((?:$statuses):\d+ ?)+)$/ } @lines), '', "$what: @{[ join ', ', @lines ]}");
}

ok wait_until { !in_store('SELECT COUNT(*) FROM ACT_RU_JOB WHERE RETRIES_ > 0') } 60;
ok t_cmp(in_store("SELECT COUNT(*) FROM $_ WHERE $gone{$_}"), 0, "$_: refers to nothing") for sort keys %gone;
ok t_cmp(in_store("SELECT COUNT(*) FROM $_ WHERE END_TIME_ IS NULL AND $open{$_}"), 0, "$_: open, and nothing runs") for sort keys %open;
ok t_cmp(in_store($marks), 0, 'marks of who may claim');
ok t_cmp($server->engine_pid, $engine, 'the engine lives');
