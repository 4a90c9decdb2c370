# What is measured: the httpd of `make run` with the bare handler beside its faces, and an
# nginx that serves 1 KB. Both on free ports of the loopback address, below one directory.
package Bench::Servers;
use strict;
use warnings;
use Bench::Process;
use Digest::SHA ();
use File::Copy ();
use File::Path ();
use HTTP::Tiny ();
use JSON::PP ();
use MIME::Base64 qw(encode_base64url);

my $user = 'www-data';    # as in conf/demo/httpd.conf
sub user { return $user }
my $http = HTTP::Tiny->new(timeout => 30);

sub new {
    my ($class, %opt) = @_;    # top, build, dir
    return bless {%opt}, $class;
}

sub spew {
    my ($file, $text) = @_;
    open my $out, '>', $file or die "$file: $!";
    print $out $text;
    close $out or die "$file: $!";
}

sub slurp {
    my $file = shift;
    open my $in, '<', $file or return '';
    local $/;
    return scalar <$in> // '';
}

sub is_up { $http->get(shift)->{status} == 200 }

# ---- httpd ---------------------------------------------------------------------------------

sub apxs { my $value = output_of('apxs', '-q', shift); chomp $value; return $value }

# The module is compiled where its objects are in nobody's way.
sub build_bare {
    my $self = shift;
    my $dir = "$self->{build}/t/bench/bare";
    File::Path::make_path($dir);
    File::Copy::copy("$self->{top}/t/bench/mod_bare.c", $dir) or die "mod_bare.c: $!";
    output_of('sh', '-c', 'cd "$1" && apxs -c mod_bare.c 2>&1', 'sh', $dir);
    return "$dir/.libs/mod_bare.so";
}

# The demo's users and one process, in a state directory that httpd's user may enter.
sub prepare_state {
    my $self = shift;
    my ($state, $bench) = ("$self->{dir}/state", "$self->{top}/t/bench");
    File::Path::make_path("$state/demo/processes");
    File::Copy::copy("$self->{top}/conf/demo/identity.json", "$state/demo") or die "identity.json: $!";
    File::Copy::copy("$bench/one-task.bpmn20.xml", "$state/demo/processes") or die "one-task: $!";
    if ($> == 0) {
        my ($uid, $gid) = (getpwnam $user)[ 2, 3 ] or die "there is no user $user\n";
        chown $uid, $gid, $state or die "$state: $!";
    }
    return $state;
}

# The demo takes passwords; keys and tokens are measured beside them.
sub other_credentials {
    my $self = shift;
    $self->{secret} = 'a secret of the benchmark, long enough';
    spew("$self->{dir}/secret", $self->{secret});
    chmod 0600, "$self->{dir}/secret";
    spew("$self->{dir}/credentials.conf", <<"END");
<Location "/activiti-rest/service">
    WorkflowApiKeys On
    WorkflowJwtKey HS256 $self->{dir}/secret
</Location>
END
    return "$self->{dir}/credentials.conf";
}

sub start_httpd {
    my $self = shift;
    my $bare = $self->build_bare;
    my $state = $self->prepare_state;
    my $port = $self->{port} = free_port();
    my %define = (
        WF_PORT => $port, WF_STATE => $state, WF_TOP => $self->{top},
        WF_MODULE => "$self->{build}/mod_workflow.so", WF_ENGINE => "$self->{build}/workflow-engine",
        WF_MODULES => apxs('LIBEXECDIR'),
    );
    my @command = (apxs('SBINDIR') . '/' . apxs('PROGNAME'), '-DFOREGROUND', '-d', $state,
        '-f', "$self->{top}/conf/demo/httpd.conf");
    push @command, '-C', "Define $_ $define{$_}" for sort keys %define;
    push @command, '-c', "LoadModule bare_module $bare", '-c', 'Include ' . $self->other_credentials;
    my $log = "$self->{dir}/httpd.out";
    $self->{httpd} = start(command => \@command, log => $log);
    wait_until(sub { is_up($self->url('/ready')) }, 30)
        or die "httpd is not ready:\n", slurp($log), slurp("$state/error.log");
}

sub url { my ($self, $path) = @_; return "http://127.0.0.1:$self->{port}$path" }

# CPU seconds of httpd and its engine so far; of nginx.
sub httpd_cpu { return cpu_of(shift->{httpd}) }
sub nginx_cpu { return cpu_of(shift->{nginx}) }

# A task that waits and that no client will have completed soon: the newest one.
sub newest_task {
    my $self = shift;
    my $url = $self->url('/activiti-rest/service/tasks?assignee=kermit&sort=id&order=desc&size=1');
    my $answer = $http->get($url =~ s{//}{//kermit:kermit@}r);
    my ($id) = $answer->{content} =~ /"id":(\d+)/ or die "$url: $answer->{status} $answer->{content}\n";
    return $id;
}

# A key of kermit's, made once; a token in his name.
sub api_key {
    my $self = shift;
    return $self->{api_key} //= do {
        my $url = $self->url('/activiti-rest/service/api-keys') =~ s{//}{//kermit:kermit@}r;
        my $answer = $http->post($url, { headers => { 'Content-Type' => 'application/json' }, content => '{"name":"bench"}' });
        my ($key) = $answer->{content} =~ /"key":\s*"(wfk_[^"]+)"/ or die "$url: $answer->{status} $answer->{content}\n";
        $key;
    };
}

sub token {
    my $self = shift;
    my $said = join '.', map { encode_base64url(JSON::PP::encode_json($_)) }
        { alg => 'HS256', typ => 'JWT' }, { sub => 'kermit', exp => time + 86_400 };
    return "$said." . encode_base64url(Digest::SHA::hmac_sha256($said, $self->{secret}));
}

# ---- nginx ---------------------------------------------------------------------------------

# The program, from the system or unpacked from its package: it is not installed, because
# installing it would start a service.
sub nginx_program {
    my $self = shift;
    my ($found) = grep { -x } map { "$_/nginx" } split(/:/, $ENV{PATH}), '/usr/sbin';
    return $found if $found;
    my $dir = "$self->{build}/t/bench/nginx";
    File::Path::make_path($dir);
    output_of('sh', '-ec', 'cd "$1"; [ -x usr/sbin/nginx ] || {'
        . ' apt-get download -qq nginx 2>&1; dpkg -x nginx_*.deb .; }', 'sh', $dir);
    return "$dir/usr/sbin/nginx";
}

sub start_nginx {
    my $self = shift;
    my $dir = "$self->{dir}/nginx";
    my $program = $self->{nginx_program} = $self->nginx_program;
    my $port = free_port();
    File::Path::make_path("$dir/htdocs");
    spew("$dir/htdocs/1k", 'x' x 1024);
    my $temporary = join ' ', map { "${_}_temp_path $dir/$_;" }
        qw(client_body proxy fastcgi uwsgi scgi);
    spew("$dir/nginx.conf", <<"END");
daemon off;
worker_processes 1;
pid $dir/nginx.pid;
error_log $dir/error.log;
worker_rlimit_nofile 8192;
events { worker_connections 6000; }
http {
    access_log off;
    keepalive_requests 1000000000;
    sendfile on;
    $temporary
    server { listen 127.0.0.1:$port backlog=4096; root $dir/htdocs; }
}
END
    my @command = ($program, '-p', $dir, '-e', "$dir/error.log", '-c', "$dir/nginx.conf");
    $self->{nginx} = start(command => [ pinned('target', @command) ], log => "$dir/nginx.out");
    $self->{target} = "http://127.0.0.1:$port/1k";
    wait_until(sub { is_up($self->{target}) }, 10)
        or die "nginx is not ready:\n", slurp("$dir/nginx.out"), slurp("$dir/error.log");
}

# ---- a target that stalls ------------------------------------------------------------------

# It answers nothing for a time, so many milliseconds after its first request.
sub start_stalling {
    my ($program, $dir, $after, $for) = @_;
    my $log = "$dir/stall.out";
    unlink $log;
    my $pid = start(command => [ $program, $after, $for ], log => $log);
    my $port = wait_until(sub { slurp($log) =~ /^port (\d+)$/m && $1 }, 10) or die "no target:\n", slurp($log);
    return { pid => $pid, log => $log, url => "http://127.0.0.1:$port/" };
}

# What it saw: how many requests, and how many in each second.
sub end_stalling {
    my $target = shift;
    stop($target->{pid});
    my ($text) = slurp($target->{log}) =~ /^(\{.*\})$/m or die "the target says nothing\n";
    return JSON::PP::decode_json($text);
}

1;
