#!/usr/bin/perl
# SPDX-License-Identifier: MPL-2.0
# A strict message centre over Debian's libnet-smpp-perl, which was not written here. It answers every submit_sm, sends a
# delivery receipt for it, and writes one JSON object a line on stdout: listening, bind, submit, receipt_answer,
# phone_answer, unbind, closed, and violation for everything that breaks the standard. Net::SMPP reads; what it reads is
# written again by Net::SMPP and must be the same bytes. A line on stdin is what a phone sends, a JSON object of the fields
# of a deliver_sm, or with "command": "data_sm" of a data_sm; texts and parameters are in hex. It goes by any one bind.
#
# usage: net_smpp_smsc.pl --port N --system-id NAME --password SECRET
use strict;
use warnings;
use Getopt::Long;
use IO::Handle;
use IO::Select;
use JSON::PP;
use Net::SMPP;
use POSIX qw(strftime);

my ($port, $system_id, $password);
GetOptions('port=i' => \$port, 'system-id=s' => \$system_id, 'password=s' => \$password) or exit 2;
die "usage: $0 --port N --system-id NAME --password SECRET\n" if !$port || !defined $system_id || !defined $password;

my $json = JSON::PP->new->canonical->ascii;
STDOUT->autoflush(1);

sub say_event {
    my ($event, %members) = @_;
    syswrite STDOUT, $json->encode({event => $event, pid => $$ + 0, %members}) . "\n";    # one write, one line
}

my $listener = Net::SMPP->new_listen('127.0.0.1', port => $port, smpp_version => 0x34, interface_version => 0x34,
    addr_ton => 0, addr_npi => 0, source_addr_ton => 1, source_addr_npi => 1, dest_addr_ton => 1, dest_addr_npi => 1,
    system_type => '', timeout => undef)
    or die "cannot listen on $port: $!\n";
$SIG{CHLD} = 'IGNORE';
my $parent = $$;
say_event('listening', port => $port + 0);

while (1) {
    my $connection = $listener->accept or next;
    my $pid = fork;
    die "fork: $!\n" if !defined $pid;
    if ($pid == 0) {
        close $listener;
        serve($connection);
        exit 0;
    }
    close $connection;
}

# What the standard says about the fields of a submit_sm (SMPP 3.4, sections 4.4.1 and 5.2). Returns what is broken.
sub broken_rules {
    my ($pdu) = @_;
    my @broken;
    my %longest = (service_type => 5, source_addr => 20, destination_addr => 20);
    for my $field (sort keys %longest) {
        push @broken, "$field is longer than $longest{$field}" if length $pdu->{$field} > $longest{$field};
    }
    push @broken, 'destination_addr is empty' if $pdu->{destination_addr} eq '';
    push @broken, 'destination_addr is not a number' if $pdu->{destination_addr} !~ /^[0-9]+$/;
    for my $field (qw(source_addr_ton dest_addr_ton)) { push @broken, "$field is reserved" if $pdu->{$field} > 6 }
    push @broken, 'source_addr with letters has not TON 5'
        if $pdu->{source_addr} =~ /[A-Za-z]/ && $pdu->{source_addr_ton} != 5;
    push @broken, 'an alphanumeric source_addr is longer than 11'
        if $pdu->{source_addr_ton} == 5 && length $pdu->{source_addr} > 11;
    for my $field (qw(schedule_delivery_time validity_period)) {
        push @broken, "$field is malformed" if $pdu->{$field} !~ /^(?:[0-9]{15}[-+R])?$/;
    }
    push @broken, 'priority_flag is reserved' if $pdu->{priority_flag} > 3;
    push @broken, 'sm_length is over 254' if length $pdu->{short_message} > 254;
    push @broken, 'short_message and message_payload together'
        if length $pdu->{short_message} && defined $pdu->{message_payload};
    if ($pdu->{esm_class} & 0x40) {
        my $udhl = length $pdu->{short_message} ? ord $pdu->{short_message} : 255;
        push @broken, 'user data header is longer than the message' if $udhl + 1 > length $pdu->{short_message};
    }
    if (($pdu->{data_coding} & 0x0f) == 8) {
        my $header = $pdu->{esm_class} & 0x40 ? 1 + ord $pdu->{short_message} : 0;
        push @broken, 'UCS-2 with an odd number of octets' if (length($pdu->{short_message}) - $header) % 2;
    }
    return @broken;
}

sub serve {
    my ($c) = @_;
    my ($bound, $count, $last_sequence, $typed, %answer_awaited) = ('', 0, 0, '');
    my $readable = IO::Select->new($c);
    local $SIG{__WARN__} = sub {
        my ($text) = @_;
        chomp $text;
        say_event('violation', text => "Net::SMPP: $text") if $text !~ /premature eof/;
    };
    while (1) {
        my @ready;
        until (@ready = $readable->can_read(0.2)) { exit 0 if getppid() != $parent }    # until the test ends the parent
        if (grep { $_ == \*STDIN } @ready) {
            $readable->remove(\*STDIN) if !sysread STDIN, $typed, 65536, length $typed;
            while ($typed =~ s/^(.*)\n//) { from_phone($c, $json->decode($1), \%answer_awaited) }
            next;
        }
        my $pdu = $c->read_pdu();
        if (!$pdu) {
            say_event('violation', text => "closed without unbind, bound as $bound") if $bound;
            say_event('closed');
            return;
        }
        my $name = $pdu->{known_pdu} ? Net::SMPP::pdu_tab->{$pdu->{cmd}}{cmd} : sprintf 'unknown 0x%08x', $pdu->{cmd};
        if ($pdu->{cmd} & 0x80000000) {
            if ($name =~ /^(?:deliver|data)_sm_resp$/ && (my $what = delete $answer_awaited{$pdu->{seq}})) {
                say_event($what, status => $pdu->{status} + 0);
                say_event('violation', text => 'deliver_sm_resp whose message_id is not empty')
                    if $name eq 'deliver_sm_resp' && $pdu->{message_id} ne '';
            } else {
                say_event('violation', text => "an answer nobody waits for: $name $pdu->{seq}");
            }
            next;
        }
        say_event('violation', text => "$name with command_status $pdu->{status}") if $pdu->{status};
        say_event('violation', text => "$name has sequence number $pdu->{seq} after $last_sequence")
            if $pdu->{seq} <= $last_sequence || $pdu->{seq} > 0x7fffffff;
        $last_sequence = $pdu->{seq};

        if ($name =~ /^bind_(?:transceiver|transmitter|receiver)$/) {
            my $good = !$bound && $pdu->{system_id} eq $system_id && $pdu->{password} eq $password;
            say_event('bind', command => $name, system_id => $pdu->{system_id}, version => $pdu->{interface_version} + 0,
                accepted => $good ? JSON::PP::true : JSON::PP::false);
            say_event('violation', text => 'interface_version is not 0x34') if $pdu->{interface_version} != 0x34;
            say_event('violation', text => 'password is longer than 8') if length $pdu->{password} > 8;
            my $answer = "${name}_resp";
            $c->$answer(seq => $pdu->{seq}, system_id => 'net-smpp', status => $good ? 0 : $bound ? 0x05 : 0x0e);
            $bound = $name if $good;
            $readable->add(\*STDIN) if $good;
        } elsif (!$bound) {
            say_event('violation', text => "$name before a bind");
            $c->generic_nack(seq => $pdu->{seq}, status => 0x04);
        } elsif ($name eq 'submit_sm') {
            submit($c, $pdu, ++$count, \%answer_awaited);
        } elsif ($name eq 'enquire_link') {
            $c->enquire_link_resp(seq => $pdu->{seq});
        } elsif ($name eq 'unbind') {
            $c->unbind_resp(seq => $pdu->{seq});
            say_event('unbind');
            $bound = '';
        } else {
            say_event('violation', text => "not expected here: $name");
            $c->generic_nack(seq => $pdu->{seq}, status => 0x03);
        }
    }
}

sub submit {
    my ($c, $pdu, $number, $awaited) = @_;
    say_event('violation', text => $_) for broken_rules($pdu);

    # Written again, without optional parameters, it must be the beginning of what came.
    my @fields = qw(service_type source_addr_ton source_addr_npi source_addr dest_addr_ton dest_addr_npi destination_addr
        esm_class protocol_id priority_flag schedule_delivery_time validity_period registered_delivery
        replace_if_present_flag data_coding sm_default_msg_id short_message);
    my $again = Net::SMPP::encode_submit_v34($c, map { $_ => $pdu->{$_} } @fields);
    say_event('violation', text => 'Net::SMPP would write other bytes: ' . unpack('H*', $pdu->{data}))
        if substr($pdu->{data}, 0, length $again) ne $again;

    my $id = sprintf '%08x%04x', $$, $number;
    say_event('submit', id => $id, source => $pdu->{source_addr}, destination => $pdu->{destination_addr},
        esm_class => $pdu->{esm_class} + 0, data_coding => $pdu->{data_coding} + 0,
        registered_delivery => $pdu->{registered_delivery} + 0, short_message => unpack('H*', $pdu->{short_message}),
        map { defined $pdu->{$_} ? ($_ => unpack 'H*', $pdu->{$_}) : () }
            qw(message_payload sar_msg_ref_num sar_total_segments sar_segment_seqnum dest_addr_subunit));
    $c->submit_sm_resp(seq => $pdu->{seq}, message_id => $id);
    return if !($pdu->{registered_delivery} & 1);

    my $now = strftime('%y%m%d%H%M', gmtime);
    my $sequence = $c->deliver_sm(async => 1, source_addr_ton => 1, source_addr_npi => 1,
        source_addr => $pdu->{destination_addr}, dest_addr_ton => $pdu->{source_addr_ton},
        dest_addr_npi => $pdu->{source_addr_npi}, destination_addr => $pdu->{source_addr}, esm_class => 0x04, data_coding => 0,
        short_message => "id:$id sub:001 dlvrd:001 submit date:$now done date:$now stat:DELIVRD err:000 text:");
    $awaited->{$sequence} = 'receipt_answer';
}

sub from_phone {
    my ($c, $fields, $awaited) = @_;
    my $command = delete $fields->{command} // 'deliver_sm';
    for my $field (qw(short_message message_payload sar_msg_ref_num sar_total_segments sar_segment_seqnum)) {
        $fields->{$field} = pack 'H*', $fields->{$field} if defined $fields->{$field};
    }
    my $sequence = $c->$command(async => 1, source_addr_ton => 1, source_addr_npi => 1, dest_addr_ton => 3, dest_addr_npi => 0, %$fields);
    $awaited->{$sequence} = 'phone_answer';
}
