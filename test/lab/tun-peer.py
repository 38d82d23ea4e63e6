"""The far side of a tun device: takes whole IP packets and says of each UDP datagram that nobody listens (ICMP 3/3, ICMPv6 1/4).

Of nested IPv4 packets it strips the first header and sends back the rest. Of forty, two are swallowed, and two come back as what is
no IP packet, which the device drops and counts (rx_dropped).

Usage: tun-peer.py DEVICE ADDRESS…; the addresses are those of our side, with prefix lengths. Prints "ready" once the device is there.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def unreachable4(packet):
    source, destination = packet[16:20], packet[12:16]
    body = packet[:28]
    icmp = struct.pack("!BBHI", 3, 3, checksum(struct.pack("!BBHI", 3, 3, 0, 0) + body), 0) + body
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0) + source + destination
    return header[:10] + struct.pack("!H", checksum(header)) + header[12:] + icmp


def unreachable6(packet):
    source, destination = packet[24:40], packet[8:24]
    body = packet[:88]
    icmp = struct.pack("!BBHI", 1, 4, 0, 0) + body
    pseudo = source + destination + struct.pack("!II", len(icmp), 58)
    icmp = icmp[:2] + struct.pack("!H", checksum(pseudo + icmp)) + icmp[4:]
    return struct.pack("!IHBB", 6 << 28, len(icmp), 58, 64) + source + destination + icmp


device, addresses = sys.argv[1], sys.argv[2:]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", device.encode(), IFF_TUN | IFF_NO_PI))
subprocess.run(["ip", "link", "set", device, "up"], check=True)
for address in addresses:
    subprocess.run(["ip", "addr", "add", address, "dev", device, *(["nodad"] if ":" in address else [])], check=True)
print("ready", flush=True)
nested = 0
while True:
    packet = os.read(tun, 65535)
    if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_IPIP:
        nested += 1
        if nested % 20 == 7:
            continue
        if nested % 20 == 13:
            try:
                os.write(tun, bytes(40))
            except OSError:
                continue
        os.write(tun, packet[20:])
    if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_UDP:
        os.write(tun, unreachable4(packet))
    if packet[0] >> 4 == 6 and packet[6] == socket.IPPROTO_UDP:
        os.write(tun, unreachable6(packet))
