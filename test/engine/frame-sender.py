"""Sends frames as they are over a packet socket, and says how many the device took.

Usage: frame-sender.py DEVICE TIMES socket|ring < FRAMES, all of them so many times over. Each frame follows its length (32 bit), where its identity stands (16 bit; 0: it is sent as
it is) and an age in nanoseconds (64 bit), little-endian: the time sent is written so long before now, and the balance made up for it.
"""

import errno
import mmap
import socket
import struct
import sys
import time

BALANCE_AT, SENT_AT = 6, 28
SOL_PACKET, PACKET_VERSION, PACKET_TX_RING = 263, 10, 13


def ones(data):
    return sum(struct.unpack("!%dH" % (len(data) // 2), data))


def stamped(frame, at, age):
    frame = bytearray(frame)
    before = ones(frame[at + SENT_AT : at + SENT_AT + 8])
    struct.pack_into("!Q", frame, at + SENT_AT, time.time_ns() - age)
    after = ones(frame[at + SENT_AT : at + SENT_AT + 8])
    balance = struct.unpack_from("!H", frame, at + BALANCE_AT)[0]
    struct.pack_into("!H", frame, at + BALANCE_AT, (balance + before - after) % 0xFFFF)
    return frame


def by_socket(out):
    def send(frame):
        while True:
            try:
                return out.send(frame)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise

    return send


def by_ring(out):
    """From a ring of the kernel's (packet(7), TPACKET_V2): such a frame is in one piece only up to its link header's end."""
    out.setsockopt(SOL_PACKET, PACKET_VERSION, 1)
    out.setsockopt(SOL_PACKET, PACKET_TX_RING, struct.pack("IIII", 4096, 1, 2048, 2))
    ring = mmap.mmap(out.fileno(), 4096)

    def send(frame):
        send.slot = 2048 - send.slot
        struct.pack_into("II", ring, send.slot, 0, len(frame))
        ring[send.slot + 32 : send.slot + 32 + len(frame)] = bytes(frame)
        struct.pack_into("I", ring, send.slot, 1)
        return out.send(b"")

    send.slot = 2048
    return send


def once(send, frames):
    view = memoryview(frames)
    at = sent = 0
    while at < len(frames):
        length, identity, age = struct.unpack_from("<IHq", frames, at)
        at += 14
        frame = view[at : at + length]
        at += length
        send(stamped(frame, identity, age) if identity else frame)
        sent += 1
    return sent


def main():
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((sys.argv[1], 0))
    send = by_ring(out) if sys.argv[3] == "ring" else by_socket(out)
    frames = sys.stdin.buffer.read()
    print(sum(once(send, frames) for _ in range(int(sys.argv[2]))))


main()
