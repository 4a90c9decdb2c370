# Forms of start events and tasks: found by their keys, rendered, sent as what they are
# asked for.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

# One archive: processes fm0, fm1 … with a form key at the start and one at the task.
my %forms = (
    'f/plain.form'   => "<p>nothing to fill in \xc3\xbc\xe2\x82\xac</p>\n",
    'f/constant.form' => '<p>${1 + 1} ${empty null} ${"a" == \'a\'}</p>',
    'f/unknown.form' => '<p>${nobody}</p>',
    'f/broken.form'  => '<p>${1 +</p>',
    'f/mixed.form'   => '<p>${1} #{2}</p>',
    'f/hash.form'    => '<p>#{who} </p>',
    'f/escaped.form' => '<p>\${who} $ {who} $who</p>',
    'f/number.form'  => '${1 + 1}',
    'f/text.form'    => '${who}',
    'f/latin1.form'  => "<p>\xfc</p>",
    'f/empty.form'   => '',
    'f/task.form'    => '<p>${who} ${amount * 2} ${ok ? "yes" : "no"} ${list[0]}${map.k} [${none}]</p>',
    'f/execution.form' => '<p>${execution.getVariable("who")}${execution.getVariable("missing")} ${execution.processDefinitionId}</p>',
    'f/writes.form'  => '<p>${execution.setVariable("who", "x")}${who}</p>',
    'f/json.form'    => '{"who": "${who}"}',
    'f/markup.form'  => '<p>${html}</p>',
    'f/name with blank.form' => '<p>${who}</p>',
);
my @keys = sort keys %forms;
my %vars = (who => "f\x{f6}zzie", amount => 250, ok => JSON::PP::true(), list => [ 'l' ], map => { k => 'm' }, none => undef, html => '<b>&amp;</b>');

my @start = (
    # form key                 status  text, or what the error says
    [ 'f/plain.form',          200,    "<p>nothing to fill in \x{fc}\x{20ac}</p>\n" ],
    [ 'f/constant.form',       200,    '<p>2 true true</p>' ],
    [ 'f/escaped.form',        200,    '<p>${who} $ {who} $who</p>' ],
    [ 'f/empty.form',          200,    '' ],
    [ 'f/unknown.form',        500,    qr/f\/unknown\.form.*nobody/ ],
    [ 'f/task.form',           500,    qr/who/ ],    # there are no variables yet
    [ 'f/broken.form',         500,    qr/f\/broken\.form/ ],
    [ 'f/mixed.form',          500,    qr/f\/mixed\.form/ ],
    [ 'f/number.form',         500,    qr/f\/number\.form.*(integer|long)/ ],
    [ 'f/latin1.form',         500,    qr/f\/latin1\.form.*UTF-8/ ],
    [ 'f/missing.form',        500,    qr/f\/missing\.form/ ],
    [ 'F/plain.form',          500,    qr/F\/plain\.form/ ],
    [ 'plain.form',            500,    qr/plain\.form/ ],
    [ undef,                   404,    qr/form/ ],
);
my @task = (
    [ 'f/task.form',           200,    "<p>f\x{f6}zzie 500 yes lm []</p>" ],
    [ 'f/hash.form',           200,    "<p>f\x{f6}zzie </p>" ],
    [ 'f/text.form',           200,    "f\x{f6}zzie" ],
    [ 'f/json.form',           200,    "{\"who\": \"f\x{f6}zzie\"}" ],
    [ 'f/markup.form',         200,    '<p><b>&amp;</b></p>' ],
    [ 'f/execution.form',      200,    qr/^<p>f\x{f6}zzie fm\d+:1<\/p>$/ ],
    [ 'f/name with blank.form', 200,   "<p>f\x{f6}zzie</p>" ],
    [ 'f/writes.form',         200,    '<p>x</p>' ],
    [ 'f/unknown.form',        500,    qr/nobody/ ],
    [ 'f/number.form',         500,    qr/f\/number\.form/ ],
    [ 'f/missing.form',        500,    qr/f\/missing\.form/ ],
    [ undef,                   404,    qr/form/ ],
);

my @files = map { [ $_, $forms{$_} ] } @keys;
my (@start_keys, @task_keys) = ();
my $n = 0;
sub process {
    my ($start, $task) = map { defined ? "activiti:formKey=\"$_\"" : '' } @_;
    my $key = 'fm' . $n++;
    push @files, [ "$key.bpmn20.xml", bpmn($key, "<startEvent id=\"s\" $start/>", 's -> t', "<userTask id=\"t\" activiti:assignee=\"forms\" $task/>") ];
    return "$key:1";
}
my @start_ids = map { process($_->[0], undef) } @start;
my @task_ids = map { process(undef, $_->[0]) } @task;
my $r = upload('forms.bar', archive(@files));
$r->is_success or die $r->as_string;

plan tests => 4 * @start + 4 * @task + 31;

sub text { my $bytes = shift->content; utf8::decode($bytes); return $bytes }
sub check {
    my ($path, $status, $expected) = @_;
    my $what = $path . (ref $expected || length $expected < 30 ? '' : ' ' . substr $expected, 0, 20);
    my $r = call('GET', $path);
    ok t_cmp($r->code, $status, $path);
    ok t_cmp($r->header('Content-Type'), 'text/html;charset=UTF-8', "$path: HTML");
    my $asked = call('GET', "$path?format=json");
    ok t_cmp($asked->code . ' ' . $asked->header('Content-Type'), "$status application/json;charset=UTF-8", "$path as JSON");
    if ($status == 200) {
        ok t_cmp(text($r), $expected, "$path: text") && $asked->content eq $r->content
           && t_cmp(call('GET', "$path?format=html")->content, $r->content, "$path as HTML");
    }
    else {
        ok t_cmp(message($asked), $expected, "$path: message") && t_cmp($r->content, qr/<!DOCTYPE html>/, "$path: a page");
    }
}
check("/process-definition/$start_ids[$_]/form", @{ $start[$_] }[1, 2]) for 0 .. $#start;

my @instances = map { start($_, \%vars)->{id} } @task_ids;
my @tasks = map { (tasks_of($_, 'assignee=forms'))[0] } @instances;
check("/task/$tasks[$_]{id}/form", @{ $task[$_] }[1, 2]) for 0 .. $#task;

# What rows say of forms.
ok t_cmp(get_json("/process-definition/$start_ids[0]")->{startFormResourceKey}, 'f/plain.form', 'a start form');
ok t_cmp(get_json("/process-definition/$task_ids[0]")->{startFormResourceKey}, undef, 'none');
ok t_cmp($tasks[0]{formResourceKey}, 'f/task.form', 'a form of a task');
ok t_cmp($tasks[-1]{formResourceKey}, undef, 'none');

# Rendering writes nothing.
ok t_cmp(value_of("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE NAME_ = 'who' AND PROC_INST_ID_ = $instances[7]"), $vars{who}, 'a form changes no variable');
# It shows what is there now.
$r = call('GET', "/task/$tasks[0]{id}/form");
ok t_cmp(join('; ', map { $r->header($_) // '-' } qw(Content-Security-Policy X-Content-Type-Options Content-Disposition)), 'sandbox; nosniff; -', 'opened by itself it has no rights');
ok t_cmp($r->header('Cache-Control'), 'no-cache', 'nor is it kept');
ok t_cmp(call('GET', "/task/$tasks[0]{id}/form", undef, user => 'fozzie')->code, 200, 'whoever asks');
ok t_cmp(call('GET', "/task/$tasks[0]{id}/form", undef, user => undef)->code, 401, 'with credentials');
ok t_cmp(call('GET', "/task/$tasks[0]{id}/form?format=xml")->code, 400, 'no such format');
ok t_cmp(call('HEAD', "/task/$tasks[0]{id}/form")->content, '', 'HEAD');
complete($tasks[0]{id});
ok t_cmp(call('GET', "/task/$tasks[0]{id}/form")->code, 404, 'a completed task');

# Ids of nothing and of something else.
my $own = json(call('PUT', '/task', { taskName => 'own' }))->{id};
for my $id (0, 'x', 999999999, $own, $instances[1], $start_ids[0]) {
    ok t_cmp(call('GET', "/task/$id/form")->code, 404, "form of task '$id'");
}
for my $id (0, 'fm0', 'fm0:2', 'FM0:1', $tasks[1]{id}) {
    ok t_cmp(call('GET', "/process-definition/$id/form")->code, 404, "form of definition '$id'");
}
ok t_cmp(message(call('GET', '/task/999999999/form?format=json')), qr/'999999999'/, 'which task');
ok t_cmp(message(call('GET', '/process-definition/fm0:2/form?format=json')), qr/'fm0:2'/, 'which definition');

# Each version has the forms of its own deployment.
my @version = map { my $text = $_; my $r = upload('v.zip', archive([ 'v.bpmn', bpmn('fmVersion', '<startEvent id="s" activiti:formKey="v.form"/>') ], [ 'v.form', $text ])); json($r)->{id} } 'one', 'two';
ok t_cmp(call('GET', "/process-definition/fmVersion:$_->[0]/form")->content, $_->[1], "version $_->[0]") for [ 1, 'one' ], [ 2, 'two' ];
call('DELETE', "/deployment/$version[0]");
ok t_cmp(call('GET', "/process-definition/fmVersion:$_->[0]/form")->code, $_->[1], "version $_->[0] after a deletion") for [ 1, 404 ], [ 2, 200 ];

# The form's key of a start event is taken as it stands.
upload('k.zip', archive([ 'k.bpmn', bpmn('fmKey', '<startEvent id="s" activiti:formKey="${x}.form"/>') ], [ '${x}.form', 'literally' ]));
ok t_cmp(call('GET', '/process-definition/fmKey:1/form')->content, 'literally', 'a key is no expression');

# A form that an element of the page would send: fields become variables by their descriptors.
upload('s.zip', archive([ 's.bpmn', bpmn('fmSend', '<startEvent id="s" activiti:formKey="s.form"/>', 's -> t', '<userTask id="t" activiti:assignee="forms" activiti:formKey="t.form"/>') ],
                        [ 's.form', '<input name="days"/><input type="hidden" name="days_type" value="Integer"/>' ], [ 't.form', '${days + 1}!' ]));
my ($name) = call('GET', '/process-definition/fmSend:1/form')->content =~ /name="(days)"/;
my $i = start('fmSend:1', { $name => '3', "${name}_type" => 'Integer' });
ok t_cmp(call('GET', '/task/' . (tasks_of($i->{id}, 'assignee=forms'))[0]{id} . '/form')->content, '4!', 'from form to form');
