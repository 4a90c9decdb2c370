# Clients that stay, under the event MPM: WF::Staying tells what is looked at.
use strict;
use warnings;
use lib "$ENV{WF_TOP}/t/lib";
use WF::Staying;

WF::Staying::test_under('event');
