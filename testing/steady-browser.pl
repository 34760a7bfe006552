#!/usr/bin/perl
# Runs the browser named in SERVERKIT_TEST_BROWSER, with its arguments, blind to the machine's network interfaces.
#
# Chromium watches them, and breaks off every request when one changes (ERR_NETWORK_CHANGED). Each container that a test
# starts brings an interface, and what happens to them is none of the pages under test. So this process, and what it
# becomes, is refused sockets of the family AF_NETLINK; Chromium then takes itself for online once and for all.
use strict;
use warnings;

my ( $prctl, $socket, $arch ) =
    ( `uname -m` =~ /aarch64/ ) ? ( 167, 198, 0xC00000B7 ) : ( 157, 41, 0xC000003E );
my ( $load, $equal, $return ) = ( 0x20, 0x15, 0x06 );
my ( $allow, $refuse ) = ( 0x7FFF0000, 0x00050000 | 97 );    # EAFNOSUPPORT
my $AF_NETLINK = 16;

# linux/filter.h: code, how far to jump when true and when false, operand. Offsets are those of struct seccomp_data.
my @program = (
    [ $load,   0, 0, 4 ],
    [ $equal,  0, 5, $arch ],
    [ $load,   0, 0, 0 ],
    [ $equal,  0, 3, $socket ],
    [ $load,   0, 0, 16 ],
    [ $equal,  0, 1, $AF_NETLINK ],
    [ $return, 0, 0, $refuse ],
    [ $return, 0, 0, $allow ],
);
my $filter  = join '', map { pack 'S C C L', @$_ } @program;
my $handed  = pack 'S x![Q] P', scalar @program, $filter;
my ( $PR_SET_NO_NEW_PRIVS, $PR_SET_SECCOMP, $SECCOMP_MODE_FILTER ) = ( 38, 22, 2 );
syscall( $prctl, $PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0 ) == 0 or die "no_new_privs: $!\n";
syscall( $prctl, $PR_SET_SECCOMP, $SECCOMP_MODE_FILTER, $handed ) == 0 or die "seccomp: $!\n";

my $browser = delete $ENV{SERVERKIT_TEST_BROWSER} or die "SERVERKIT_TEST_BROWSER is not set\n";
exec { $browser } $browser, @ARGV or die "$browser: $!\n";
