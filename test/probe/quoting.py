"""Answers to probes as other hands build them: scapy wraps each probe (hex, from stdin as JSON) into an ICMP error that quotes so many
bytes of it, without or with an RFC 4884 extension that holds an MPLS label stack (RFC 4950). Prints the packets as JSON."""
import json
import sys

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP
from scapy.layers.inet6 import ICMPv6TimeExceeded, IPv6
from scapy.packet import Raw

# RFC 4950: object class 1, C-Type 1, one label stack entry: label 16004, TC 0, bottom of stack, ttl 1.
MPLS_OBJECT = bytes.fromhex('00080101') + bytes(MPLS(label=16004, s=1, ttl=1))


def extension():
    header = b'\x20\x00\x00\x00'
    whole = bytearray(header + MPLS_OBJECT)
    total = sum(int.from_bytes(whole[i:i + 2], 'big') for i in range(0, len(whole), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    whole[2:4] = (~total & 0xFFFF).to_bytes(2, 'big')
    return bytes(whole)


def answer(ask):
    quote = bytes.fromhex(ask['probe'])[:ask['bytes']]
    extended = ask['extended']
    if extended:  # RFC 4884 section 5: at least 128 bytes, zeros behind what is shorter, in whole words of 4 (IPv6: 8) bytes
        word = 4 if ask['family'] == 4 else 8
        quote = quote.ljust(max(128, -(-len(quote) // word) * word), b'\0')
        length = len(quote) // word
        quote += extension()
    if ask['family'] == 4:
        head = IP(src=ask['from'], dst=ask['to'], ttl=60) / ICMP(type=11, code=0)
        if extended:
            head[ICMP].length = length
    else:
        head = IPv6(src=ask['from'], dst=ask['to'], hlim=60) / ICMPv6TimeExceeded()
        if extended:
            head[ICMPv6TimeExceeded].length = length
    return bytes(head / Raw(quote)).hex()


print(json.dumps([answer(ask) for ask in json.load(sys.stdin)]))
