# The API browser: its pages are correct HTML, lead to each other and to live calls, choose
# by package, URI and family, and their forms work without scripts.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use WF::Activiti;
use WF::Test;

my $base = '/activiti-rest/service';
my $root = 'org/activiti/rest/api';
my @rows = @{ get_json('/index?format=json')->{endpoints} };
my %row = map { $_->{id} => $_ } @rows;

sub page { my ($path, %opt) = @_; call('GET', $path, undef, headers => { Accept => 'text/html' }, %opt) }
sub unescape { my $t = shift; $t =~ s/&lt;/</g; $t =~ s/&gt;/>/g; $t =~ s/&quot;/"/g; $t =~ s/&amp;/&/g; $t }
sub attributes { my $tag = shift; my %a; $a{$1} = unescape($2 // '') while $tag =~ /\b([\w-]+)(?:="([^"]*)")?/g; return \%a }
sub links { my $html = shift; map { unescape($_) } $html =~ /<a [^>]*\bhref="([^"]*)"/g }
# Names of the endpoints that a page shows, in its order.
sub shown { my $html = shift; join ' ', $html =~ /<article id="([^"]+)"/g }

# What a strict reader says to a page.
sub tidy {
    my $html = shift;
    my $file = "$ENV{WF_DIR}/browser-$$.html";
    open my $out, '>:raw', $file or die $!;
    print $out $html;
    close $out;
    my $said = `tidy -q -e -utf8 --show-body-only no $file 2>&1`;
    return $said . ($? >> 8 ? 'status ' . ($? >> 8) : '');
}

# A form of an endpoint's page as { method, action, enctype, fields => { name => value } }.
sub form_of {
    my ($html, $name) = @_;
    my ($article) = $html =~ m{<article id="\Q$name\E">(.*?)</article>}s or die "no $name";
    my ($tag, $inside) = $article =~ m{<form( [^>]*)>(.*?)</form>}s or die "no form in $name";
    my %form = (%{ attributes($tag) }, fields => {}, required => {});
    while ($inside =~ m{<(input|select|textarea)( [^>]*)>(?:\n([^<]*)</textarea>)?}g) {
        my ($text, $a) = ($3, attributes($2));
        $form{fields}{ $a->{name} } = defined $text ? unescape($text) : '';
        $form{required}{ $a->{name} } = 1 if exists $a->{required};
        $form{labels}{ $a->{id} }++;
    }
    $form{unlabelled} = join ' ', grep { $inside !~ /<label for="\Q$_\E">/ } keys %{ $form{labels} // {} };
    return \%form;
}

# Send a form as a browser does, with values for some fields.
sub submit_form {
    my ($form, $values, %opt) = @_;
    my %fields = (%{ $form->{fields} }, %$values);
    my $pairs = join '&', map { join '=', map { s{([^\w.-])}{sprintf '%%%02X', ord $1}ger } $_, $fields{$_} } sort keys %fields;
    return call('GET', "$form->{action}?$pairs", undef, %opt, user => $opt{user} // 'kermit') if $form->{method} eq 'get';
    return call('POST', $form->{action}, $pairs, %opt, user => $opt{user} // 'kermit',
                headers => { 'Content-Type' => 'application/x-www-form-urlencoded', %{ $opt{headers} // {} } });
}

my $instance = start(define('browser', '<startEvent id="s"/>', 's -> t', '<userTask id="t" activiti:candidateUsers="browser"/>',
                            't -> e', '<endEvent id="e"/>'));
my ($task) = map { $_->{id} } tasks_of($instance->{id}, 'candidate=browser');

my @pages = (
    # path                                     shows
    [ '/index',                                '' ],
    [ '/',                                     '' ],
    [ '',                                      '' ],
    [ '/index/all',                            join ' ', map { $_->{name} } @rows ],
    [ "/index/all?package=$root/en",           'process-engine.get' ],
    [ '/index/all?url=/task&family=t',         join ' ', map { $_->{name} } grep { $_->{template} =~ m{^/task} && $_->{family} =~ /^t/ } @rows ],
    [ '/index/all?family=nothing',             '' ],
    [ "/index/package/$root",                  '' ],
    [ '/index/package/org',                    '' ],
    [ "/index/package/$root/engine",           'process-engine.get' ],
    [ "/index/package/$root/task",             join ' ', map { $_->{name} } grep { $_->{package} eq "$root/task" } @rows ],
    [ '/index/uri/tasks',                      'tasks.get' ],
    [ '/index/uri/task/%7BtaskId%7D/form',     'task-form.get' ],
    [ '/index/uri/task',                       join ' ', map { $_->{name} } grep { $_->{template} =~ m{^/task(/|$)} } @rows ],
    [ '/index/family/management',              join ' ', map { $_->{name} } grep { $_->{family} eq 'management' } @rows ],
    [ "/index/call/$root/task/tasks.get",      'tasks.get' ],
    [ "/index/call/$root/task/task-attachment.put?path.taskId=$task", 'task-attachment.put' ],
);
my @refused = (
    # path                                     status
    [ '/index/package/com',                    404 ],
    [ "/index/package/$root/tas",              404 ],
    [ '/index/package/',                       400 ],
    [ '/index/uri/nothing',                    404 ],
    [ '/index/uri/task/%7Btask',               404 ],
    [ '/index/family/nothing',                 404 ],
    [ '/index/family/%3Cscript%3E',            404 ],
    [ '/index/call/nothing',                   404 ],
    [ "/index/call/$root/task/task.get?path.taskId=a/../b", 400 ],
    [ "/index/call/$root/task/task.get?path.taskId=..", 400 ],
    [ "/index/call/$root/task/task-form.get?path.taskId=%FF", 400 ],
    [ '/index?format=xml',                     400 ],
    [ '/index/nothing',                        404 ],
);

plan tests => 11 * @pages + 3 * @refused + 6 * @rows + 64;

# ---- pages ---------------------------------------------------------------------------------

my %seen;
for my $case (@pages) {
    my ($path, $names) = @$case;
    my $r = page("$base$path", user => 'kermit');
    my $html = $r->decoded_content;
    ok t_cmp($r->code, 200, $path);
    ok t_cmp($r->header('Content-Type'), 'text/html;charset=UTF-8', "$path: type");
    ok t_cmp(tidy($r->content), '', "$path: correct HTML");
    ok t_cmp($html, qr/^<!DOCTYPE html>\n<html lang="en">.*<main>\n.*<h1>\S.*<\/main>.*<\/html>\n$/s, "$path: a page");
    ok t_cmp(shown($html), $names, "$path: what it shows");
    ok t_cmp(scalar($html =~ /<script|\bon\w+=|style="|javascript:/i), '', "$path: no scripts, no styles inside");
    ok t_cmp($r->header('Content-Security-Policy'), qr/^default-src 'none'; style-src 'self'; form-action 'self'; .*frame-ancestors 'none'$/, 'its policy');
    ok t_cmp($r->header('X-Content-Type-Options'), 'nosniff', 'its type is not guessed');
    ok t_cmp($r->header('Referrer-Policy'), 'same-origin', 'its address is not told');
    ok t_cmp(page("$base$path", user => 'fozzie')->code, 403, "$path: for administrators");
    my $json = call('GET', $base . $path . ($path =~ /\?/ ? '&' : '?') . 'format=json', undef, user => 'kermit');
    ok t_cmp(join(' ', map { $_->{name} } @{ json($json)->{endpoints} }),
             $path =~ m{^(/index)?/?$} ? join(' ', map { $_->{name} } @rows) : $names, "$path: the same in JSON");
    $seen{$_}++ for links($html);
}

# Every link leads somewhere; only pages of the browser and endpoints that need nothing.
my @dead = grep { my $r = call('GET', $_, undef, user => 'kermit'); $_ !~ m{^\Q$base\E(/|$)} || $r->code != 200 && $_ ne "$base/tasks" } sort keys %seen;
ok t_cmp(join(' ', @dead), '', 'dead links');
ok t_cmp($seen{"$base/process-engine"} > 0, 1, 'a live call');
ok t_cmp(scalar(grep { /\{/ } keys %seen), 0, 'no live call with a variable');
ok t_cmp(call('GET', '/index/all')->decoded_content, qr{<a href="$base/index/package/$root/task">}, 'to the package');
my $home = page("$base/index", user => 'kermit')->decoded_content;
ok t_cmp($home, qr{Browse all @{[ scalar @rows ]} endpoints}, 'their number');
ok t_cmp($home, qr/mod_workflow v\S+ schema \d+/, 'the server');
ok t_cmp(scalar(grep { $home !~ /\Q$_\E/ } map { "$base/index/$_" } 'all', "package/$root/task", 'family/task', 'uri/task'), 0, 'the ways from home');
my $package = page("$base/index/package/$root", user => 'kermit')->decoded_content;
ok t_cmp($package, qr{href="$base/index/package/org/activiti/rest">}, 'to the parent');
ok t_cmp($package, qr{href="$base/index/package/$root/identity">}, 'to a sub-package');
ok t_cmp(page("$base/index/package/org", user => 'kermit')->decoded_content, qr{href="$base/index">\x{2191} Home}, 'from the first one home');

for my $case (@refused) {
    my ($path, $status) = @$case;
    my $r = page("$base$path", user => 'kermit');
    ok t_cmp($r->code, $status, $path);
    ok t_cmp($r->header('Content-Type'), 'text/html;charset=UTF-8', "$path: type");
    ok $r->content !~ /<script/;
}
ok t_cmp(page("$base/index", user => undef)->header('WWW-Authenticate'), 'Basic realm="Activiti"', 'a browser asks for a login');
my $r = page("$base/index/style.css", user => undef);
ok t_cmp($r->code, 200, 'the style sheet is for all');
ok t_cmp($r->header('Content-Type'), 'text/css;charset=UTF-8', 'and CSS');
ok t_cmp($r->content, qr/prefers-color-scheme: dark/, 'light and dark');

# ---- every entry ---------------------------------------------------------------------------------

my $all = page("$base/index/all", user => 'kermit')->decoded_content;
for my $row (@rows) {
    my ($entry) = $all =~ m{<article id="\Q$row->{name}\E">(.*?)</article>}s;
    my $plain = unescape($entry =~ s/<[^>]*>//gr);
    ok t_cmp(index($plain, $row->{template} || '(the base itself)') >= 0, 1, "$row->{name}: template");
    ok t_cmp(index($plain, $row->{summary}) >= 0, 1, "$row->{name}: summary");
    ok t_cmp(index($plain, $row->{id}) >= 0, 1, "$row->{name}: id");
    ok t_cmp($entry, qr{<span class="level $row->{level}">$row->{level}</span>}, "$row->{name}: level");
    my @rest = grep { index($plain, $_->{name}) < 0 || index($plain, $_->{description}) < 0 } @{ $row->{arguments} };
    ok t_cmp(scalar(@rest), 0, "$row->{name}: arguments");
    my $form = form_of($all, $row->{name});
    ok t_cmp($form->{unlabelled}, '', "$row->{name}: labels of its form");
}

# ---- forms -----------------------------------------------------------------------------------------

sub form_on_page { my $name = shift; my ($id) = grep { /\/\Q$name\E$/ } keys %row; form_of(page("$base/index/call/$id", user => 'kermit')->decoded_content, $name) }

# GET without variables: the call itself, where empty fields count as absent.
my $form = form_on_page('tasks.get');
ok t_cmp("$form->{method} $form->{action}", "get $base/tasks", 'a form on the call itself');
$r = submit_form($form, { candidate => 'browser' });
ok t_cmp($r->code, 200, 'it works');
ok t_cmp(json($r)->{data}[0]{id}, $task, 'and finds the task');

# GET with variables: the browser is sent to the address.
$form = form_on_page('task.get');
ok t_cmp("$form->{method} $form->{action}", "get $base/index/call/$root/task/task.get", 'a form on the browser');
ok t_cmp($form->{required}{'path.taskId'}, 1, 'its variable is required');
$r = submit_form($form, { 'path.taskId' => $task });
ok t_cmp($r->code, 200, 'sent on');
ok t_cmp($r->request->uri->path, "$base/task/$task", 'to the address');
$r = submit_form(form_on_page('deployment-resource.get'), { 'path.deploymentId' => 'a b', 'path.resourceName' => 'x/?#%&.xml', 'query.format' => 'json' });
ok t_cmp(message($r), q{deployment 'a b' has no resource 'x/?#%&.xml'}, 'what a path or query cannot hold is encoded');
$r = submit_form(form_on_page('user-groups.get'), { 'path.userId' => 'kermit', 'query.type' => 'security-role', 'query.order' => 'desc', 'query.size' => 1 });
ok t_cmp(json($r)->{data}, [ { id => 'manager', name => 'Manager', type => 'security-role' } ], 'with a query');
$r = submit_form(form_on_page('task.get'), {});
ok t_cmp($r->decoded_content, qr/<article id="task.get">/, 'without the variable the form again');
$r = submit_form(form_on_page('user-groups.delete'), { 'path.userId' => 'kermit' });
ok t_cmp($r->decoded_content, qr/path\.groupId/, 'half a path is refused');

# All others are passed on inside the server.
$form = form_on_page('task-operation.put');
ok t_cmp("$form->{method} $form->{action}", "post $base/index/call/$root/task/task-operation.put", 'posted to the browser');
ok t_cmp(join(' ', sort keys %{ $form->{fields} }), 'body path.operation path.taskId', 'its fields');
ok t_cmp($form->{fields}{body}, qr/^\{\n  "approved":"?\s*"true"/, 'the example of a body');
my %claim = ('path.taskId' => $task, 'path.operation' => 'claim', body => '{}');
$r = submit_form($form, \%claim);
ok t_cmp($r->code, 200, 'passed on');
ok t_cmp($r->content, '{"success":true}', 'the answer of the call');
ok t_cmp($r->header('Content-Type'), 'application/json;charset=UTF-8', 'its type');
ok t_cmp(get_json("/task/$task")->{assignee}, 'kermit', 'its effect, as the same user');
$r = submit_form($form, { %claim, 'path.taskId' => 0 });
ok t_cmp($r->code . ' ' . message($r), "404 no task with id '0'", 'and its refusal');
$r = submit_form($form, { %claim, body => '{' });
ok t_cmp($r->code, 400, 'a body that is no JSON');
$r = submit_form($form, { %claim, body => '' });
ok t_cmp($r->code, 200, 'no body');
$r = submit_form(form_on_page('deployment.delete'), { 'path.deploymentId' => 0, 'query.cascade' => 'maybe' });
ok t_cmp(message($r), qr/'cascade'/, 'a query');
$r = submit_form(form_on_page('deployment.delete'), { 'path.deploymentId' => 0 });
ok t_cmp($r->code, 200, 'DELETE');
$r = submit_form(form_on_page('process-instance.post'), { body => qq({"processDefinitionId":"browser:1","x":"\xc3\xa4"}) });
ok t_cmp(json($r)->{activityNames}, ['t'], 'POST');
my $vars = value_of("SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE PROC_INST_ID_ = " . json($r)->{id});
ok t_cmp($vars, "\x{e4}", 'in UTF-8');

# Uploads go to the call itself; with variables after a page that has filled them in.
$form = form_on_page('deployment.post');
ok t_cmp("$form->{method} $form->{action} $form->{enctype}", "post $base/deployment multipart/form-data", 'an upload');
ok t_cmp(join(' ', sort keys %{ $form->{fields} }), 'deployment failure success', 'its fields');
my $first = form_on_page('task-attachment.put');
ok t_cmp("$first->{method} " . join(' ', keys %{ $first->{fields} }), 'get path.taskId', 'first the path');
$r = submit_form($first, { 'path.taskId' => $task });
$form = form_of($r->decoded_content, 'task-attachment.put');
ok t_cmp("$form->{method} $form->{action}", "post $base/task/$task/attachment?alf_method=PUT", 'then the file');
my @parts = (part('name="file"; filename="a.txt"', 'text'), part('name="name"', 'A text'));
$r = post_parts(\@parts, path => $form->{action});
ok t_cmp($r->code, 200, 'the upload');
ok t_cmp(json($r)->{name}, 'A text', 'and its effect');

# ---- pages of other sites ---------------------------------------------------------------------------

my $host = base_url() =~ s{^\w+://}{}r;
my @origins = (    # headers                                                 passes
    [ { 'Sec-Fetch-Site' => 'same-origin', Origin => "http://$host" },       1 ],
    [ { 'Sec-Fetch-Site' => 'none' },                                        1 ],
    [ { 'Sec-Fetch-Site' => 'cross-site', Origin => 'http://evil.example' }, 0 ],
    [ { 'Sec-Fetch-Site' => 'same-site' },                                   0 ],
    [ { Origin => 'http://evil.example' },                                   0 ],
    [ { Origin => 'null' },                                                  0 ],
    [ { Origin => "http://$host.evil.example" },                             0 ],
    [ { Origin => "http://$host" },                                          1 ],
    [ { Origin => 'https://front.example', 'X-Forwarded-Host' => 'front.example' }, 1 ],
);
for my $case (@origins) {
    my ($headers, $passes) = @$case;
    my $what = join ', ', map { "$_: $headers->{$_}" } sort keys %$headers;
    $r = submit_form(form_on_page('task-operation.put'), \%claim, headers => $headers);
    ok t_cmp($r->code, $passes ? 200 : 403, "a form: $what");
    $r = call('POST', '/deployment/0?alf_method=DELETE', 'x=y', headers => { 'Content-Type' => 'application/x-www-form-urlencoded', %$headers });
    ok t_cmp($r->code, $passes ? 200 : 403, "the call itself: $what");
}
ok t_cmp(call('PUT', "/task/$task/claim", {}, headers => { Origin => 'http://app.example' })->code, 403, 'also what a browser asks for first');
