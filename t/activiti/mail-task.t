# Mail tasks: fields become a mail that a server gets before anything is written; a
# repetition has the same Message-ID.
use strict;
use warnings;
use utf8;
use lib "$ENV{WF_TOP}/t/lib";
use Apache::Test;
use Apache::TestUtil;
use MIME::Base64 ();
use WF::Activiti;
use WF::MailSink;
use WF::Server;
use WF::Test;

my $sink = WF::MailSink->new(answers => { 'RCPT TO:<nobody@example.org>' => '550 5.1.1 no such user' });
my $server = WF::Server->new(extra => "WorkflowMailServer @{[ $sink->url ]}\nWorkflowMailFrom desk\@example.org\nWorkflowJobExecutor Off")->start;

my $n = 0;
sub mail {
    my ($fields, %opt) = @_;
    my $element = $opt{element} // 'serviceTask';
    my $all = join '', map {
        my $value = $fields->{$_};
        my $kind = $value =~ /\$\{/ ? 'expression' : 'string';
        "<activiti:field name=\"$_\"><activiti:$kind><![CDATA[$value]]></activiti:$kind></activiti:field>" } sort keys %$fields;
    my $key = 'mail' . ++$n;
    my $r = upload("$key.bpmn20.xml", Encode::encode_utf8(bpmn($key, '<startEvent id="s"/>',
        "<$element id=\"x\" activiti:type=\"mail\" @{[ $opt{with} // '' ]}><extensionElements>$all</extensionElements></$element>", '<userTask id="t"/>', 's -> x', 'x -> t')));
    $r->is_success or return $r;
    return call('POST', '/process-instance', { processDefinitionId => demo_id($key), who => 'Jürgen', page => '<b>Hallo</b>', %{ $opt{variables} // {} } });
}
sub outcome { my $r = shift; $r->code . ' ' . ($r->is_success ? join ',', @{ json($r)->{activityNames} } : message($r)) }
my $count = 0;
sub sent { my @mails = $sink->wait_for(++$count); return $mails[-1] }
sub body_of { my ($mail, $type) = @_; my ($part) = grep { $_->{type} eq $type } @{ $mail->{parts} }; return $part ? $part->{body} =~ s/\r?\n\z//r : undef }

plan tests => 29;

ok t_cmp(outcome(mail({ to => 'kermit@example.org', subject => 'Grüße an ${who}', text => 'Hallo ${who}!' })), '200 t', 'a mail');
my $mail = sent();
ok t_cmp("$mail->{from} @{ $mail->{to} }", 'desk@example.org kermit@example.org', 'from the configured sender');
ok t_cmp($mail->{subject}, 'Grüße an Jürgen', 'subject');
ok t_cmp(body_of($mail, 'text/plain'), 'Hallo Jürgen!', 'text');
ok t_cmp($mail->{headers}{'message-id'}, qr/^<.+@.+>$/);
ok t_cmp($mail->{parts}[0]{charset}, qr/^utf-8$/i, 'in UTF-8');

ok t_cmp(outcome(mail({ to => 'a@example.org, "B, C" <b@example.org>', cc => 'c@example.org', bcc => 'd@example.org', from => 'me@example.org',
    subject => 'all', text => 'plain', html => '<p>${who}</p>', charset => 'iso-8859-1' }, element => 'sendTask')), '200 t', 'a send task with everything');
$mail = sent();
ok t_cmp(join(' ', sort @{ $mail->{to} }), join(' ', map { "$_\@example.org" } 'a' .. 'd'), 'recipients');
ok t_cmp($mail->{from}, 'me@example.org');
ok t_cmp(exists $mail->{headers}{bcc}, '', 'bcc is nobody\'s business');
ok t_cmp(body_of($mail, 'text/plain') . body_of($mail, 'text/html'), 'plain<p>Jürgen</p>', 'both texts');
ok t_cmp((map { $_->{charset} } grep { $_->{type} eq 'text/html' } @{ $mail->{parts} })[0], qr/^iso-8859-1$/i, 'in the charset that is wanted');

ok t_cmp(outcome(mail({ to => '${to}', htmlVar => 'page', textVar => 'who' }, variables => { to => 'x@example.org' })), '200 t', 'contents of variables');
$mail = sent();
ok t_cmp(body_of($mail, 'text/html') . body_of($mail, 'text/plain'), '<b>Hallo</b>Jürgen');

ok t_cmp(outcome(mail({ to => 'x@example.org', text => 'see', attachments => '${papers}' },
    variables => { papers => [ { name => 'größe.txt', type => 'text/csv', content => 'a;b' }, 'note' ], note => 'remember' })), '200 t', 'attachments');
$mail = sent();
ok t_cmp(join(' ', map { $_->{filename} // () } @{ $mail->{parts} }), 'größe.txt note');
ok t_cmp(body_of($mail, 'text/csv'), 'a;b');

# What fails: nothing is sent, and nothing of the call is kept.
my $mails = $count;
ok t_cmp(outcome(mail({ to => 'nobody@example.org', text => 'x' })), qr/^500 .*mail: .*no such user/, 'a recipient that the server refuses');
ok t_cmp(outcome(mail({ to => '${evil}', text => 'x' }, variables => { evil => "a\@example.org\nBcc: b\@example.org" })), qr/^[45]00 /, 'a header that is none');
ok t_cmp(outcome(mail({ to => '${none}', text => 'x' }, variables => { none => '' })), qr/^500 .*"to"/, 'nobody');
ok t_cmp(outcome(mail({ to => 'x@example.org', text => 'x', attachments => '${missing}' })), qr/^500 .*attachments/, 'an attachment that is missing');
ok t_cmp(outcome(mail({ text => 'x' })), qr/^400 .*"to"/, 'refused when it is deployed: no recipient');
ok t_cmp(outcome(mail({ to => 'x@example.org' })), qr/^400 .*"text"/, 'no content');
ok t_cmp(scalar $sink->wait_for($mails), $mails, 'nobody got any of these');
my $r = mail({ to => 'nobody@example.org', text => 'x', ignoreException => 'true', exceptionVariableName => 'why' });
ok t_cmp(outcome($r), '200 t', 'ignored');
my $why = `sqlite3 -readonly '$server->{dir}/engine/workflow.db' "SELECT TEXT_ FROM ACT_RU_VARIABLE WHERE NAME_ = 'why'"`;
ok t_cmp($why, qr/no such user/, 'but put down');

# A job whose transaction is done twice: the same mail. The script behind the mail fails.
my $key = define('again', '<startEvent id="s"/>', '<serviceTask id="x" activiti:type="mail" activiti:async="true"><extensionElements>'
    . '<activiti:field name="to" stringValue="x@example.org"/><activiti:field name="text" stringValue="twice"/></extensionElements></serviceTask>',
    '<serviceTask id="y" activiti:expression="${nobody}"/>', 's -> x', 'x -> y');
my $i = start($key)->{id};
my ($job) = @{ get_json("/management/jobs?process-instance=$i")->{data} };
call('PUT', "/management/job/$job->{id}/execute") for 1, 2;
my @twice = $sink->wait_for($count += 2);
ok t_cmp(scalar @twice, $count, 'sent twice');
ok t_cmp($twice[-1]{headers}{'message-id'}, $twice[-2]{headers}{'message-id'}, 'under one id');
ok t_cmp($twice[-1]{headers}{'message-id'} ne $mail->{headers}{'message-id'}, 1);
