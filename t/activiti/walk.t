# Every endpoint that the server itself tells of: who may call it, what it answers to HEAD,
# OPTIONS, wrong methods, formats, sort keys and garbage, and whether an answer looks like
# its example. A new endpoint is walked as soon as it is in the table; if it needs something
# to talk about that is missing below, this test says so.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use B ();
use JSON::PP ();
use MIME::Base64 qw(decode_base64);
use WF::Activiti;
use WF::Server;
use WF::Test;

my $server = WF::Server->new(extra => 'WorkflowJobExecutor Off')->start;
my $table = get_json('/index?format=json');
my @rows = @{ $table->{endpoints} };

# ---- something to talk about ---------------------------------------------------------------

my $picture = decode_base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==');
my $process = <<'END';
<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:activiti="http://activiti.org/bpmn"
             xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"
             xmlns:di="http://www.omg.org/spec/DD/20100524/DI" targetNamespace="http://walk">
<signal id="alarm" name="alarm"/>
<process id="walk" name="Walk">
  <startEvent id="s" activiti:formKey="walk.form">
    <extensionElements><activiti:formProperty id="why" name="Why" type="enum" required="true">
      <activiti:value id="because" name="Because"/></activiti:formProperty></extensionElements>
  </startEvent>
  <sequenceFlow id="f0" sourceRef="s" targetRef="g"/>
  <parallelGateway id="g"/><sequenceFlow id="f4" sourceRef="g" targetRef="w"/>
  <serviceTask id="w" activiti:type="external" activiti:topic="walking"/>
  <sequenceFlow id="f1" sourceRef="g" targetRef="t"/><sequenceFlow id="f3" sourceRef="g" targetRef="a"/>
  <task id="a" name="Later" activiti:async="true"/>
  <userTask id="t" name="Walk on" activiti:assignee="walker" activiti:candidateGroups="walkers" activiti:formKey="walk.form">
    <extensionElements><activiti:formProperty id="how" name="How" type="enum">
      <activiti:value id="slowly" name="Slowly"/></activiti:formProperty></extensionElements>
  </userTask>
  <boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><signalEventDefinition signalRef="alarm"/></boundaryEvent>
  <sequenceFlow id="f2" sourceRef="t" targetRef="e"/>
  <endEvent id="e"/>
</process>
<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="p" bpmnElement="walk">
  <bpmndi:BPMNShape id="d_s" bpmnElement="s"><dc:Bounds x="0" y="20" width="30" height="30"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="d_t" bpmnElement="t"><dc:Bounds x="60" y="0" width="100" height="70"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape id="d_e" bpmnElement="e"><dc:Bounds x="190" y="20" width="30" height="30"/></bpmndi:BPMNShape>
  <bpmndi:BPMNEdge id="d_2" bpmnElement="f2"><di:waypoint x="160" y="35"/><di:waypoint x="190" y="35"/></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</definitions>
END

sub must { my $r = call(@_); $r->is_success or die $r->as_string; json($r) }

must('PUT', '/user', { id => 'walker', firstName => 'Wally', lastName => 'Walker', email => 'w@localhost', password => 'walker' });
must('PUT', '/group', { id => 'walkers', name => 'Walkers' });
must('POST', '/user/walker/groups', ['walkers']);
must('PUT', '/process-definition-rights', { processDefinitionKey => 'walk', groupId => 'walkers', rights => [ 'start', 'read' ] });
call('PUT', '/user/walker/picture', $picture, headers => { 'Content-Type' => 'image/png' })->is_success or die;

my $r = upload('walk.bar', archive([ 'walk.bpmn20.xml' => $process ], [ 'walk.form' => '<p>A form</p>' ]));
my $deployment = json($r)->{id} // die $r->as_string;
my $definition = demo_id('walk');
my $begin = sub { must('POST', '/form/form-data', { processDefinitionId => $definition, businessKey => shift,
                                                    properties => [ { id => 'why', value => 'because' } ] })->{id} };
my $instance = $begin->('open');
my ($task) = map { $_->{id} } tasks_of($instance, 'assignee=walker');
my $attachment = must('PUT', "/task/$task/url", { name => 'Map', url => 'http://localhost/map' })->{id};
must('PUT', '/task', { taskName => 'Tie shoes', parentTaskId => "$task" });
# An instance that has ended, and its task.
my $ended = $begin->('ended');
my ($done) = map { $_->{id} } tasks_of($ended, 'assignee=walker');
must('POST', '/form/form-data', { taskId => "$done", properties => [ { id => 'how', value => 'slowly' } ] });
sub job_of { my $instance = shift; get_json("/management/jobs?process-instance=$instance")->{data}[0]{id} }
must('PUT', '/management/job/' . job_of($ended) . '/execute');
my $job = job_of($instance);
must('PUT', "/management/job/$job/retries", { retries => 0 });
my $incident = get_json("/incidents?configuration=$job")->{data}[0]{id};
# An external task that has failed once.
my $external = get_json("/external-task?processInstanceId=$instance")->[0]{id};
call('POST', "/external-task/$external/lock", { workerId => 'w', lockDuration => 1000 })->is_success or die;
call('POST', "/external-task/$external/failure", { workerId => 'w', retries => 9, errorMessage => 'lost', errorDetails => 'no map' })->is_success or die;

my $key = must('POST', '/api-keys', { name => 'walking', expires => '1d' })->{id};

# What the variables of a path stand for, and the arguments that a call cannot do without.
my %value = (
    deploymentId => $deployment, resourceName => 'walk.form', processDefinitionId => $definition,
    processInstanceId => $instance, taskId => $task, operation => 'claim', variableName => 'why', attachmentId => $attachment, jobId => $job,
    incidentId => $incident, externalTaskId => $external, signalName => 'alarm', messageName => 'order', executionId => $instance, userId => 'walker', keyId => $key, groupId => 'walkers', searchText => 'walk',
    tableName => 'ACT_ID_MEMBERSHIP', packagePath => 'org/activiti/rest/api/task', uriPath => 'task/{taskId}',
    familyName => 'task', callId => 'org/activiti/rest/api/task/tasks.get', user => 'walker', processDefinitionKey => 'walk',
);
# Where an endpoint needs another one, or more.
my %special = (
    'tasks.get' => { assignee => 'walker' },
    'history-task-id-form-properties.get' => { taskId => $done },
);

# ---- requests ----------------------------------------------------------------------------------

sub encode { my $text = shift; utf8::encode($text) if utf8::is_utf8($text); $text =~ s{([^\w\-./:])}{sprintf '%%%02X', ord $1}ger }

my %missing;

# The path and query of a call that can succeed; with more parameters, or other ones.
sub address {
    my ($row, %more) = @_;
    my %given = (%value, %{ $special{ $row->{name} } // {} });
    my %query = map { $_ => $special{ $row->{name} }{$_} } grep { $row->{template} !~ /\{$_\}/ } keys %{ $special{ $row->{name} } // {} };
    for (grep { $_->{required} && $_->{in} =~ /^(path|query)$/ } @{ $row->{arguments} }) {
        $missing{ $_->{name} } = $row->{name} unless defined $given{ $_->{name} };
        $query{ $_->{name} } = $given{ $_->{name} } if $_->{in} eq 'query';
    }
    my $path = $row->{template} =~ s/\{(\w+)\}/encode($given{$1} \/\/ 'none')/ger;
    %query = (%query, %more);
    return $path . (%query ? '?' . join '&', map { encode($_) . '=' . encode($query{$_}) } sort keys %query : '');
}

# A call that finds nothing and changes nothing: what it lacks comes after the rights.
sub harmless {
    my ($row, %opt) = @_;
    my $path = $row->{template} =~ s/\{\w+\}/0/gr;
    return send_to($row, $path, $row->{method} =~ /^(POST|PUT)$/ ? '[' : undef, %opt);
}

sub send_to {
    my ($row, $path, $body, %opt) = @_;
    $opt{headers} = { 'Content-Type' => 'multipart/form-data; boundary=b', %{ $opt{headers} // {} } } if $row->{multipart} && defined $body;
    return call($row->{method}, "/activiti-rest/service$path", $body, user => 'kermit', %opt);
}

# ---- what is asked ----------------------------------------------------------------------------

my @checks;
sub check { my ($what, $code) = @_; push @checks, [ $what, $code ] }

# Who may call.
my %callers = (    # level =>       none user admin
    nobody  => { user => undef,                       pass => { none => 1 } },
    wrong   => { user => 'kermit', password => 'no',  pass => { none => 1 } },
    user    => { user => 'fozzie',                    pass => { none => 1, user => 1 } },
    admin   => { user => 'kermit',                    pass => { none => 1, user => 1, admin => 1 } },
);
for my $row (@rows) {
    my %documented = map { $_ => 1 } 200, split / /, $row->{statuses};
    for my $name (sort keys %callers) {
        my ($caller, $level) = ($callers{$name}, $row->{level});
        my $refused = $caller->{pass}{$level} ? '' : $caller->{pass}{user} ? 403 : 401;
        my $r = harmless($row, map { $_ => $caller->{$_} } grep { exists $caller->{$_} } qw(user password));
        my $told = $refused ? $r->code == $refused : $documented{ $r->code };
        check("$row->{name}: $name gets " . $r->code, sub { $told });
        check("$row->{name}: $name is asked for credentials if they lack", sub {
            ($r->header('WWW-Authenticate') // '') eq ($refused eq '401' ? 'Basic realm="Activiti"' : '') });
    }
    check("$row->{name}: told", sub { $row->{summary} =~ /^[A-Z].*[^.]$/ && !grep { $_->{description} !~ /\.$/ } @{ $row->{arguments} } });
}

# Formats.
for my $row (@rows) {
    my $path = $row->{template} =~ s/\{\w+\}/0/gr;
    for my $format ('nothing', 'JSON', 'xml') {
        my $r = send_to($row, "$path?format=$format", $row->{method} =~ /^(POST|PUT)$/ ? '[' : undef);
        check("$row->{name}: format=$format gets " . $r->code, sub { $r->code == 400 && $r->content =~ /format/ });
    }
}

# Methods of a path: those of all rows that it meets.
sub meets { my ($row, $path) = @_; my $re = join '.*?', map { quotemeta } split /\{\w+\}/, $row->{template}, -1; return $path =~ /^$re\z/s }
for my $path (do { my %seen; grep { !$seen{$_}++ } map { $_->{template} =~ s/\{\w+\}/0/gr } @rows }) {
    my %methods = map { $_->{method} => 1 } grep { meets($_, $path) } @rows;
    my $allow = join ' ', sort keys %methods, $methods{GET} ? 'HEAD' : (), 'OPTIONS';
    my ($wrong) = grep { !$methods{$_} } qw(PUT DELETE POST GET PATCH);
    for my $method ('OPTIONS', $wrong) {
        my $r = call($method, "/activiti-rest/service$path", undef, user => undef);
        my $status = $method eq 'OPTIONS' ? 200 : 405;
        check("$method $path gets " . $r->code, sub { $r->code == $status });
        my $told = join ' ', sort split /,\s*/, $r->header('Allow') // '';
        check("$method $path: '$told' are the methods", sub { $told eq $allow });
    }
}

# Lists: every sort key, in both orders, and no other.
for my $row (grep { $_->{paged} } @rows) {
    my ($keys) = map { $_->{values} } grep { $_->{name} eq 'sort' } @{ $row->{arguments} };
    check("$row->{name}: has sort keys", sub { $keys });
    for my $sort (split / /, $keys // '') {
        for my $order ('asc', 'desc') {
            my $r = call('GET', address($row, sort => $sort, order => $order));
            check("$row->{name}: by $sort, $order gets " . $r->code, sub {
                my $page = json($r);
                $r->code == 200 && $page->{sort} eq $sort && $page->{order} eq $order && $page->{size} == @{ $page->{data} } });
        }
    }
    for my $wrong ([ sort => 'nothing' ], [ sort => 'ID' ], [ sort => "id'" ], [ order => 'ASC' ], [ order => 'up' ],
                   [ start => 'x' ], [ size => '1.5' ], [ size => '99999999999' ]) {
        my ($name, $value) = @$wrong;
        my $r = call('GET', address($row, $name => $value));
        check("$row->{name}: $name=$value gets " . $r->code, sub { $r->code == 400 && json($r)->{message} =~ /'$name'/ });
    }
}

# Arguments of a type refuse what is none, and say which.
my %garbage = (integer => [ 'x', '1.5', '99999999999' ], boolean => [ '1', 'yes' ], date => [ 'x', '2010-11-02', '2010-11-02T09:05:00' ],
               day => [ 'x', '2010-13-02', '2010-11-02T09:05:00' ]);
for my $row (@rows) {
    for my $argument (grep { $garbage{ $_->{type} } } @{ $row->{arguments} }) {
        for my $value (@{ $garbage{ $argument->{type} } }) {
            my ($name, $in) = @$argument{qw(name in)};
            my $body = $in eq 'body' ? { %{ $row->{request} }, $name => $value } : $row->{method} =~ /^(POST|PUT)$/ ? {} : undef;
            my $r = call($row->{method}, address($row, $in eq 'query' ? ($name => $value) : (format => 'json')), $body);
            check("$row->{name}: $name=$value gets " . $r->code, sub { $r->code == 400 && message($r) =~ /'$name'/ });
        }
    }
}

# ---- answers that look like their examples --------------------------------------------------

sub kind {
    my $value = shift;
    return 'null' unless defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return ref $value eq 'HASH' ? 'object' : 'array' if ref $value;
    my $flags = B::svref_2object(\$value)->FLAGS;
    return $flags & B::SVf_POK ? 'string' : 'number';
}

# What differs between an answer and its example, as texts.
sub differences {
    my ($got, $example, $row, $at) = @_;
    my ($is, $was) = (kind($got), kind($example));
    my %optional = map { $_ => 1 } split / /, $row->{optional} // '';
    my %open = map { $_ => 1 } split / /, $row->{open} // '';
    return () if $is eq 'null' && $was !~ /object|array/ || $was eq 'null';
    return "$at is no $was but $is" if $is ne $was;
    if ($is eq 'array') {
        return () unless @$example;
        return "$at is empty" unless @$got;
        return map { differences($got->[$_], $example->[0], $row, "$at\[$_]") } 0 .. $#$got;
    }
    return () if $is ne 'object';
    my @found;
    for my $name (sort keys %{ { %$got, %$example } }) {
        if (!exists $example->{$name}) { push @found, "$at.$name is not in the example" }
        elsif (!exists $got->{$name}) { push @found, "$at.$name is missing" unless $optional{$name} }
        elsif ($open{$name}) { push @found, "$at.$name is another thing" if kind($got->{$name}) ne kind($example->{$name}) }
        else { push @found, differences($got->{$name}, $example->{$name}, $row, "$at.$name") }
    }
    return @found;
}

for my $row (grep { $_->{method} eq 'GET' } @rows) {
    my $path = "/activiti-rest/service" . address($row);
    my ($get, $head) = map { call($_, $path, undef, user => 'kermit') } 'GET', 'HEAD';
    check("$row->{name}: GET $path gets " . $get->code, sub { $get->code == 200 });
    check("$row->{name}: HEAD is GET without body", sub { $head->code == $get->code && $head->content eq ''
        && !grep { ($head->header($_) // '') ne ($get->header($_) // '') } 'Content-Type', 'Content-Length', 'Content-Disposition', 'Cache-Control', 'Last-Modified' });
    my $type = $get->header('Content-Type') // '';
    my %type = (json => qr{^application/json;charset=UTF-8$}, html => qr{^text/html;charset=UTF-8$}, png => qr{^image/png$});
    $type{json} = qr{^application/json$} if $row->{family} eq 'external-task';    # as clients of Camunda want it
    my $wanted = $type{ $row->{defaultFormat} // '' } // qr{^\w+/[\w+-]+(;charset=UTF-8)?$};
    check("$row->{name}: the type $type", sub { $type =~ $wanted });
    next unless $row->{response};
    my $json = call('GET', address($row, format => 'json'));
    my @differences = differences(json($json), $row->{response}, $row, 'answer');
    check("$row->{name}: " . (join('; ', @differences) || 'like its example'), sub { !@differences });
}
# An instance that has ended has members that others lack.
my ($shown) = grep { $_->{name} eq 'process-instance.get' } @rows;
my @differences = differences(get_json("/process-instance/$ended"), $shown->{response}, $shown, 'ended');
check("ended instance: @differences", sub { !@differences });

# What exists under more than one path is the same there.
for my $row (grep { $_->{aliasOf} && $_->{method} eq 'GET' } @rows) {
    my ($target) = grep { "$_->{method} $_->{template}" eq $row->{aliasOf} } @rows;
    my ($here, $there) = map { call('GET', '/activiti-rest/service' . address($_), undef, user => 'kermit')->content } $row, $target;
    check("$row->{name} is $target->{name}", sub { $here eq $there });
}

plan tests => 3 + @checks;
ok t_cmp(scalar(@rows), $table->{total}, 'the number of endpoints');
ok @rows > 70;
ok t_cmp(join(', ', map { "$_ of $missing{$_}" } sort keys %missing), '', 'something to talk about for every endpoint');
for (@checks) {
    my ($what, $code) = @$_;
    my $passed = eval { $code->() };
    print "# $what\n" unless $passed;
    ok $passed;
}
