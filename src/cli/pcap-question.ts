/** pcap filter expressions as questions to recorded packets: libpcap compiles them, for each link type that occurs. */
import type { PacketSlot } from '../capture/slot.ts';
import { BeaconError } from '../error.ts';
import { type Addon, loadAddon } from '../host/addon.ts';
import { ExpressionError } from '../report/decode-filter.ts';
import { runFilter } from '../wire/bpf.ts';
import { pcapMistake } from './pcap-mistake.ts';

const LARGEST_PACKET = 262_144;
/** LINKTYPE_RAW of files is DLT_RAW to libpcap, which is another number. */
const DATA_LINK_TYPES: Readonly<Record<number, number>> = { 101: 12 };

/** Throws ExpressionError with what libpcap says, or BeaconError ERR_ENGINE where the addon that asks it is not built. */
export function pcapQuestion(expression: string): (slot: PacketSlot) => boolean {
  const addon = compiler(expression);
  const mistake = pcapMistake(addon, expression); // told before anything is read
  if (mistake !== null) throw new ExpressionError(`"${expression}": ${mistake.what}`, mistake.column);
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

/** Null where the expression means nothing on this link, such as a MAC address on raw IP. */
function compiledFor(addon: Addon, expression: string, linkType: number): Uint32Array | null {
  try {
    return addon.compileFilter(expression, DATA_LINK_TYPES[linkType] ?? linkType, LARGEST_PACKET);
  } catch {
    return null;
  }
}
