/**
 * The process of the engine pcap: one session of the npm package, told by messages what to send and when to look. Its close() takes
 * effect at the next packet only, so this process is how a session ends.
 */
import { createRequire } from 'node:module';

/** What is told at once: more would let a flood grow in our memory. */
const BATCH = 256;

let pcap = null;
let session = null;
let frames = [];
let stampsUs = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {}); // they are for the command, which ends us
process.on('disconnect', () => process.exit(0));
process.on('error', () => process.exit(0)); // the command is gone

process.on('message', (message) => {
  if (message.kind === 'open') open(message);
  else if (message.kind === 'send') send(message.frames);
  else if (message.kind === 'look') look(message.number);
  else process.exit(0);
});

function open({ device, filter, snapLength, bufferBytes }) {
  try {
    pcap = createRequire(import.meta.url)('pcap');
    pcap.warningHandler = () => {}; // an interface without an IPv4 address
    session = pcap.createSession(device, {
      filter,
      snap_length: snapLength,
      buffer_size: bufferBytes,
      buffer_timeout: 0, // packets are told one by one, not by the block
      promiscuous: false,
    });
    session.on('packet', keep);
    process.send({ kind: 'opened', linkType: session.link_type });
  } catch (error) {
    process.send({ kind: 'failed', words: error.message });
  }
}

/** Both buffers are the session's and are overwritten by the next packet. */
function keep({ buf, header }) {
  if (frames.length === 0) setImmediate(tell);
  frames.push(new Uint8Array(buf.subarray(0, header.readUInt32LE(8))));
  stampsUs.push(BigInt(header.readUInt32LE(0)) * 1_000_000n + BigInt(header.readUInt32LE(4)));
  if (frames.length === BATCH) tell();
}

function tell() {
  if (frames.length === 0) return;
  process.send({ kind: 'packets', frames, stampsUs });
  frames = [];
  stampsUs = [];
}

function send(all) {
  let refused = 0;
  for (const frame of all) {
    try {
      session.inject(Buffer.from(frame.buffer, frame.byteOffset, frame.length));
    } catch {
      refused += 1;
    }
  }
  process.send({ kind: 'sent', count: all.length, refused });
}

function look(number) {
  session.session.read_callback();
  tell();
  const { ps_drop: dropped } = session.stats(); // the interface's own counters are read by the command
  process.send({ kind: 'looked', number, dropped });
}
