/** Classic BPF (McCanne and Jacobson, 1993): runs a filter program over a packet. Four numbers an instruction: code, jt, jf, k. */
import { uint16, uint32 } from './fields.ts';

const CLASS = { load: 0, loadX: 1, store: 2, storeX: 3, alu: 4, jump: 5, return: 6, move: 7 } as const;
const SIZE = { word: 0x00, half: 0x08, byte: 0x10 } as const;
const MODE = { immediate: 0x00, absolute: 0x20, indirect: 0x40, memory: 0x60, length: 0x80, headerLength: 0xa0 } as const;
const BY_X = 0x08;
const ACCUMULATOR = 0x10;
const TO_A = 0x80;

/** A chain of headers may lead back to itself. */
const MOST_STEPS = 100_000;

/** How many bytes of the packet `bytes[at, end)` the filter takes; 0: it is not wanted. `length` is the packet's on the wire. */
export function runFilter(program: Uint32Array, bytes: Uint8Array, at: number, end: number, length: number): number {
  const memory = new Uint32Array(16);
  let [a, x] = [0, 0];
  for (let pc = 0, steps = 0; 4 * pc < program.length && steps < MOST_STEPS; pc += 1, steps += 1) {
    const code = program[4 * pc]!;
    const k = program[4 * pc + 3]!;
    switch (code & 0x07) {
      case CLASS.load: {
        const value = load(code, k, x, bytes, at, end, length, memory);
        if (value < 0) return 0; // what lies outside the packet fails the filter
        a = value;
        break;
      }
      case CLASS.loadX: {
        const mode = code & 0xe0;
        if (mode === MODE.headerLength) {
          if (at + k >= end) return 0;
          x = (bytes[at + k]! & 0x0f) * 4;
        } else {
          x = mode === MODE.memory ? memory[k & 15]! : mode === MODE.length ? length : k;
        }
        break;
      }
      case CLASS.store:
        memory[k & 15] = a;
        break;
      case CLASS.storeX:
        memory[k & 15] = x;
        break;
      case CLASS.alu: {
        const operand = (code & BY_X) !== 0 ? x : k;
        const value = calculate(code & 0xf0, a, operand);
        if (value < 0) return 0; // divided by zero
        a = value;
        break;
      }
      case CLASS.jump:
        pc += jump(code, a, (code & BY_X) !== 0 ? x : k, program[4 * pc + 1]!, program[4 * pc + 2]!, k);
        break;
      case CLASS.return:
        return (code & 0x18) === ACCUMULATOR ? a : k;
      default:
        if ((code & 0xf8) === TO_A) a = x;
        else x = a;
    }
  }
  return 0;
}

function load(code: number, k: number, x: number, bytes: Uint8Array, at: number, end: number, length: number, memory: Uint32Array): number {
  const mode = code & 0xe0;
  if (mode === MODE.immediate) return k;
  if (mode === MODE.memory) return memory[k & 15]!;
  if (mode === MODE.length) return length;
  const from = at + k + (mode === MODE.indirect ? x : 0);
  const size = code & 0x18;
  const width = size === SIZE.word ? 4 : size === SIZE.half ? 2 : 1;
  if (from + width > end) return -1;
  return width === 4 ? uint32(bytes, from) : width === 2 ? uint16(bytes, from) : bytes[from]!;
}

/** 32-bit, unsigned; -1 where there is no result. */
function calculate(operation: number, a: number, by: number): number {
  switch (operation) {
    case 0x00:
      return (a + by) >>> 0;
    case 0x10:
      return (a - by) >>> 0;
    case 0x20:
      return Math.imul(a, by) >>> 0;
    case 0x30:
      return by === 0 ? -1 : Math.floor(a / by);
    case 0x40:
      return (a | by) >>> 0;
    case 0x50:
      return (a & by) >>> 0;
    case 0x60:
      return by > 31 ? 0 : (a << by) >>> 0;
    case 0x70:
      return by > 31 ? 0 : a >>> by;
    case 0x80:
      return -a >>> 0;
    case 0x90:
      return by === 0 ? -1 : a % by;
    default:
      return (a ^ by) >>> 0;
  }
}

/** How many instructions are passed over. */
function jump(code: number, a: number, by: number, whenTrue: number, whenFalse: number, k: number): number {
  switch (code & 0xf0) {
    case 0x00:
      return k | 0; // backwards in loops, as over a chain of headers
    case 0x10:
      return a === by ? whenTrue : whenFalse;
    case 0x20:
      return a > by ? whenTrue : whenFalse;
    case 0x30:
      return a >= by ? whenTrue : whenFalse;
    default:
      return (a & by) !== 0 ? whenTrue : whenFalse;
  }
}
