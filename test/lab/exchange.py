"""Sends IP packets as they are and prints what then comes in: JSON {"packets": [hex], "waitMs": n} in, {"arrived": [hex]} out.

Knows nothing of beacon: raw sockets out, a packet socket in. Neighbour and router discovery is left out, redirects are not.
"""

import json
import select
import socket
import sys
import time

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SO_RCVBUFFORCE = 33
LINK_TALK = range(130, 137)


def is_ours(packet, address):
    ethertype, kind = address[1], address[2]
    if kind == PACKET_OUTGOING or address[0] == "lo" or ethertype not in (0x0800, 0x86DD):
        return False
    if ethertype == 0x0800:
        return True
    return packet[6] != 0 and not (packet[6] == 58 and packet[40] in LINK_TALK)


def send(packet):
    if packet[0] >> 4 == 4:
        family, target = socket.AF_INET, (socket.inet_ntop(socket.AF_INET, packet[16:20]), 0)
    else:
        family, target = socket.AF_INET6, (socket.inet_ntop(socket.AF_INET6, packet[24:40]), 0)
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as out:
        out.sendto(packet, target)


asked = json.load(sys.stdin)
arrived = []
with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL)) as inbound:
    inbound.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # all is sent before the first is read
    for packet in asked["packets"]:
        send(bytes.fromhex(packet))
    until = time.monotonic() + asked["waitMs"] / 1000
    while (left := until - time.monotonic()) > 0:
        if select.select([inbound], [], [], left)[0]:
            packet, address = inbound.recvfrom(65535)
            if is_ours(packet, address):
                arrived.append(packet.hex())
print(json.dumps({"arrived": arrived}))
