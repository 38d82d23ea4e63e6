/** pcap filter expressions as questions to recorded packets: libpcap compiles them, for each link type that occurs. */
import type { PacketSlot } from '../capture/slot.ts';
import { BeaconError } from '../error.ts';
import { type Addon, loadAddon } from '../host/addon.ts';
import { runFilter } from '../wire/bpf.ts';

const LARGEST_PACKET = 262_144;
const ETHERNET = 1;
/** LINKTYPE_RAW of files is DLT_RAW to libpcap, which is another number. */
const DATA_LINK_TYPES: Readonly<Record<number, number>> = { 101: 12 };

/** Throws BeaconError ERR_USAGE with what libpcap says, or ERR_ENGINE where the addon that asks it is not built. */
export function pcapQuestion(expression: string): (slot: PacketSlot) => boolean {
  const addon = compiler(expression);
  compiled(addon, expression, ETHERNET); // a mistake is told before anything is read
  const programs = new Map<number, Uint32Array | null>();
  return ({ bytes, at, end, linkType, originalLength }) => {
    let program = programs.get(linkType);
    if (program === undefined) {
      program = compiledFor(addon, expression, linkType);
      programs.set(linkType, program);
    }
    return program !== null && runFilter(program, bytes, at, end, originalLength) > 0;
  };
}

function compiler(expression: string): Addon {
  try {
    return loadAddon();
  } catch (cause) {
    const mend = 'npm run build makes the addon that does; probe==, hop==, kind== and leg== work without it';
    throw new BeaconError('ERR_ENGINE', `"${expression}" is a pcap expression, which libpcap reads: ${mend}`, { cause });
  }
}

function compiled(addon: Addon, expression: string, linkType: number): Uint32Array {
  try {
    return addon.compileFilter(expression, DATA_LINK_TYPES[linkType] ?? linkType, LARGEST_PACKET);
  } catch (cause) {
    throw new BeaconError('ERR_USAGE', `"${expression}": ${(cause as Error).message.replace(/^EFILTER: /, '')}`, { cause });
  }
}

/** Null where the expression means nothing on this link, such as a MAC address on raw IP. */
function compiledFor(addon: Addon, expression: string, linkType: number): Uint32Array | null {
  try {
    return compiled(addon, expression, linkType);
  } catch {
    return null;
  }
}
