# What the suites share: calls on both faces, deployments, and waiting for a condition.
package WF::Test;
use strict;
use warnings;
use Exporter 'import';
use Fcntl qw(LOCK_EX LOCK_NB);
use HTTP::Request ();
use JSON::PP ();
use LWP::UserAgent ();
use MIME::Base64 qw(encode_base64);
use Time::HiRes ();

our @EXPORT = qw(call json get_json deploy start tasks_of complete wait_until data_file
                 base_url upload submit execution finished metrics http_step workflow run_workflow
                 ms demo_id);

# How much longer everything may take; t/run under a sanitizer says it.
use constant SLOW => $ENV{WF_SLOW} || 1;
use constant SHARED_SERVER_WAIT => 900;    # seconds; more than all files before it take

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
our $activiti = '/activiti-rest/service';

# Wait until the code returns something true, at most so many seconds (times WF_SLOW); what it
# returned.
sub wait_until(&;$) {
    my ($code, $seconds) = @_;
    my $until = Time::HiRes::time() + SLOW * ($seconds // 20);
    my $value;
    Time::HiRes::sleep(0.02) until ($value = $code->()) || Time::HiRes::time() > $until;
    return $value;
}

# The shared server, or the one that a test made its own with use_server().
my $url;
sub base_url { $url // shared_server() }
sub use_server { $url = shift }

# Files run side by side, but only one at a time has the shared server: what they count there
# is theirs. It stays with its file to the end. (Apache::TestRequest::hostport() would tell
# the address, too, after looking for httpd and its modules for a second.)
my $turn;
sub shared_server {
    my $file = "$ENV{WF_DIR}/shared-server";
    if (!$turn) {
        open $turn, '>', $file or die "$file: $!";
        wait_until { flock $turn, LOCK_EX | LOCK_NB } SHARED_SERVER_WAIT or die 'another test keeps the shared server';
    }
    return "http://localhost:$ENV{APACHE_TEST_PORT}";
}

# One a process: forked clients must not share connections.
my %agents;
sub agent { $agents{$$} //= LWP::UserAgent->new(timeout => 60 * SLOW, keep_alive => 8) }

# call('PUT', '/task/12/claim', { … }, user => 'gonzo'): the answer as HTTP::Response. A
# path that starts with /task and the like is one of the Activiti face; user undef sends no
# credentials; body may be a text, a structure (sent as JSON) or missing.
sub call {
    my ($method, $path, $body, %opt) = @_;
    my $full = $path =~ m{^/(api|health|ready|open|engine|server-status|activiti-rest|none)\b(?!-)} ? $path : $activiti . $path;
    my $user = exists $opt{user} ? $opt{user} : $full =~ m{^/(activiti-rest|open)} ? 'kermit' : undef;
    my $request = HTTP::Request->new($method, base_url() . $full);

    $request->header(Authorization => 'Basic ' . encode_base64("$user:" . ($opt{password} // $user), ''))
        if defined $user;
    if (defined $body) {
        $request->content(ref $body ? $json->encode($body) : $body);
        $request->header('Content-Type' => 'application/json');
    }
    $request->header(%{ $opt{headers} }) if %{ $opt{headers} // {} };
    my $response = agent()->request($request);
    # A server may close a connection that was kept open just as it is used again; httpd does so
    # while its threads start. Clients repeat what changes nothing then (RFC 9112, 9.3.1).
    $response = agent()->request($request)
        if $method eq 'GET' && $response->content =~ /^Server closed connection without sending any data back/;
    return $response;
}

sub json { $json->decode(shift->content) }

sub get_json { my $r = call('GET', @_); $r->is_success or die $r->as_string; json($r) }

sub data_file {
    my $name = shift;
    open my $in, '<:raw', "$ENV{WF_TOP}/t/data/$name" or die "$name: $!";
    local $/;
    return <$in>;
}

# upload($file_name, $content, field => value …): POST /deployment.
sub upload {
    my ($name, $content, %opt) = @_;
    my $b = 'wf-boundary-7d41';
    my $fields = $opt{fields} // {};
    my $body = join '', map { "--$b\r\nContent-Disposition: form-data; name=\"$_\"\r\n\r\n$fields->{$_}\r\n" } sort keys %$fields;
    $body .= "--$b\r\nContent-Disposition: form-data; name=\"deployment\"; filename=\"$name\"\r\n"
           . "Content-Type: application/octet-stream\r\n\r\n$content\r\n" if defined $name;
    return call('POST', $opt{path} // '/deployment', $body . "--$b--\r\n", %opt,
                headers => { 'Content-Type' => "multipart/form-data; boundary=$b" });
}

# Deploy a file of t/data; the id of the newest deployment.
sub deploy {
    my $name = shift;
    my $r = upload($name, data_file($name));
    $r->is_success or die $r->as_string;
    return get_json('/deployments?sort=id&order=desc&size=1')->{data}[0]{id};
}

sub start {
    my ($definition, $variables, %opt) = @_;
    my $r = call('POST', '/process-instance', { processDefinitionId => $definition, %{ $variables // {} } }, %opt);
    $r->is_success or die $r->as_string;
    return json($r);
}

# Tasks of one instance, out of those with a filter such as 'assignee=kermit'.
sub tasks_of {
    my ($instance, $filter) = @_;
    return grep { ($_->{processInstanceId} // '') eq $instance } @{ get_json("/tasks?$filter&size=10000")->{data} };
}

sub complete { my ($task, $variables, %opt) = @_; call('PUT', "/task/$task/complete", $variables // {}, %opt) }

# The newest version of a process key.
sub demo_id {
    my $key = shift;
    my @found = sort { $b->{version} <=> $a->{version} }
                grep { $_->{key} eq $key } @{ get_json('/process-definitions?size=10000')->{data} };
    return $found[0]{id};
}

# Submit a load workflow (a YAML text or a structure); the execution's id.
sub submit {
    my $workflow = shift;
    my $r = call('POST', '/api/v1/workflows', ref $workflow ? { workflow => $workflow } : { yaml => $workflow });
    $r->code == 201 or die $r->as_string;
    return json($r)->{execution_id};
}

sub execution { get_json('/api/v1/executions/' . shift) }
sub metrics { get_json('/api/v1/executions/' . shift() . '/metrics') }

# A step, with the members of its config behind the URL; a workflow of such steps.
sub http_step { my ($id, $url, %config) = @_; +{ id => $id, type => 'http', config => { url => $url, %config } } }

sub workflow {
    my ($steps, $options, %members) = @_;
    return { id => 'test', name => 'Test', steps => $steps, options => $options // {}, %members };
}

# A duration text such as 1m30.25s, in milliseconds.
sub ms {
    my %unit = (h => 3_600_000, m => 60_000, s => 1000, ms => 1, "\x{b5}s" => 1e-3, ns => 1e-6);
    my ($text, $sum) = (shift, 0);
    $text =~ /^((\d+(\.\d+)?)(ms|ns|\x{b5}s|[hms]))+$/ or die "'$text' is no duration";
    $sum += $1 * $unit{$2} while $text =~ /([\d.]+)(ms|ns|\x{b5}s|[hms])/g;
    return $sum;
}

# Run such a workflow to its end: the execution and its metrics.
sub run_workflow {
    my $execution = finished(submit(workflow(@_)));
    return ($execution, metrics($execution->{id}));
}

# The execution once it has ended.
sub finished {
    my ($id, $seconds) = @_;
    my $e;
    wait_until { $e = execution($id); $e->{status} =~ /^(completed|failed|aborted)$/ } $seconds // 60;
    return $e;
}

1;
