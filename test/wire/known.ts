/** The known packets of fixtures/packets: bytes as scapy built them, values as tshark read them (make.py says how). */
import { readFileSync } from 'node:fs';
import type { IpHeader } from '../../src/wire/dissect.ts';

export interface Known {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly linkType: number;
  readonly layers: readonly { readonly at: number; readonly header: IpHeader }[];
  /** Where UDP or ICMP begins; null where neither does. */
  readonly bodyAt: number | null;
  readonly body: KnownBody;
}

export type KnownBody = KnownUdp | KnownIcmp | { readonly kind: 'other'; readonly protocol: number };

export interface KnownUdp {
  readonly kind: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly length: number;
  readonly checksum: number;
  readonly payload: string;
}

export interface KnownIcmp {
  readonly kind: 'icmp';
  readonly type: number;
  readonly code: number;
  readonly checksum: number;
  readonly rest: number;
  readonly mtu: number | null;
  readonly quote?: KnownQuote;
}

export interface KnownQuote {
  readonly at: number;
  readonly length: number;
  /** As far as tshark reads: of an IPv4 redirect, one header. */
  readonly layers: readonly IpHeader[];
  readonly objects: readonly object[];
}

export const GROUPS = ['links', 'ip', 'nested', 'icmp4', 'icmp6'] as const;

export const fixture = (file: string): string => readFileSync(`fixtures/packets/${file}`, 'utf8');

export function known(group: (typeof GROUPS)[number]): Known[] {
  const values = JSON.parse(fixture(`${group}.json`)) as Record<string, Omit<Known, 'name' | 'bytes'>>;
  return fixture(`${group}.hex`)
    .trim()
    .split('\n')
    .map((line) => {
      const [name, hex] = line.split(': ') as [string, string];
      return { name, bytes: fromHex(hex), ...values[name]! };
    });
}

export const allKnown = (): Known[] => GROUPS.flatMap(known);

export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
