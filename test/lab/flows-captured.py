"""Reads a capture with scapy and prints, for each probe of ours in it: run, path, ttls, addresses, and the rest that a router may hash."""
import json
import struct
import sys

from scapy.all import ICMP, IP, UDP, IPv6, PcapReader
from scapy.layers.inet6 import ICMPv6EchoRequest

MAGIC = 0xBEAC2003


def rest(layer):
    if isinstance(layer, IP):
        return [4, layer.proto, layer.tos, int(layer.flags), layer.ihl]
    return [6, layer.nh, layer.tc, layer.fl]


def probe(packet):
    addresses, hashed, ttls = [], [], []
    layer = packet.payload  # after Ethernet
    while isinstance(layer, (IP, IPv6)):
        addresses.append([layer.src, layer.dst])
        hashed.append(rest(layer))
        ttls.append(layer.ttl if isinstance(layer, IP) else layer.hlim)
        layer = layer.payload
    if isinstance(layer, UDP):
        transport, payload = ["udp", layer.sport, layer.dport], bytes(layer.payload)
    elif isinstance(layer, ICMP) and layer.type == 8:
        transport, payload = ["echo", layer.code, layer.chksum, layer.id], bytes(layer.payload)
    elif isinstance(layer, ICMPv6EchoRequest):
        transport, payload = ["echo", layer.code, layer.cksum, layer.id], bytes(layer.data)
    else:
        return None
    if len(payload) < 36 or struct.unpack(">I", payload[:4])[0] != MAGIC:
        return None
    run, path, sequence = struct.unpack(">III", payload[8:20])
    return {"run": run, "path": path, "sequence": sequence, "ttls": ttls, "addresses": json.dumps(addresses), "rest": json.dumps(hashed + transport)}


found = [probe(packet) for packet in PcapReader(sys.argv[1])]
print(json.dumps([one for one in found if one is not None]))
