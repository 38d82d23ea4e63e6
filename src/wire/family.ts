/** All that differs between IPv4 (RFC 791) and IPv6 (RFC 8200), as a table: everything else has one code path. */
import type { FamilyNumber } from './address.ts';

export interface IcmpKind {
  readonly type: number;
  readonly code: number;
}

export interface Family {
  readonly number: FamilyNumber;
  readonly etherType: number;
  /** Bytes of the header that we write; a received IPv4 header may be longer. */
  readonly headerLength: number;
  readonly addressLength: number;
  /** The protocol number of a packet of this family inside another (RFC 2003, RFC 2473). */
  readonly nestedProtocol: number;
  readonly icmpProtocol: number;
  /** Where the fields that both families have stand in the header. */
  readonly at: { readonly ttl: number; readonly protocol: number; readonly source: number; readonly destination: number };
  /** ICMP types and codes (RFC 792, RFC 4443). */
  readonly icmp: {
    readonly echoRequest: number;
    readonly echoReply: number;
    readonly timeExceeded: number;
    readonly unreachable: number;
    readonly parameterProblem: number;
    readonly redirect: number;
    readonly portUnreachable: IcmpKind;
    /**
     * What a router says that does not unwrap a nested packet: it does not know the protocol, or (Linux with the tunnel module loaded)
     * knows it and has no tunnel for it, which is told like a closed port.
     */
    readonly nestingRefused: readonly IcmpKind[];
    readonly tooBig: IcmpKind;
    /** The unit of the RFC 4884 length field in bytes, and where the field stands in the ICMP header. */
    readonly quoteLength: { readonly at: number; readonly unit: number };
  };
}

export const FAMILIES: Readonly<Record<FamilyNumber, Family>> = {
  4: {
    number: 4,
    etherType: 0x0800,
    headerLength: 20,
    addressLength: 4,
    nestedProtocol: 4,
    icmpProtocol: 1,
    at: { ttl: 8, protocol: 9, source: 12, destination: 16 },
    icmp: {
      echoRequest: 8,
      echoReply: 0,
      timeExceeded: 11,
      unreachable: 3,
      parameterProblem: 12,
      redirect: 5,
      portUnreachable: { type: 3, code: 3 },
      nestingRefused: [
        { type: 3, code: 2 },
        { type: 3, code: 3 },
      ],
      tooBig: { type: 3, code: 4 },
      quoteLength: { at: 5, unit: 4 },
    },
  },
  6: {
    number: 6,
    etherType: 0x86dd,
    headerLength: 40,
    addressLength: 16,
    nestedProtocol: 41,
    icmpProtocol: 58,
    at: { ttl: 7, protocol: 6, source: 8, destination: 24 },
    icmp: {
      echoRequest: 128,
      echoReply: 129,
      timeExceeded: 3,
      unreachable: 1,
      parameterProblem: 4,
      redirect: 137,
      portUnreachable: { type: 1, code: 4 },
      nestingRefused: [
        { type: 4, code: 1 },
        { type: 1, code: 4 },
      ],
      tooBig: { type: 2, code: 0 },
      quoteLength: { at: 4, unit: 8 },
    },
  },
};

export const UDP_PROTOCOL = 17;

/** The family of a nested packet by the protocol number it travels under, or null where that number carries no IP. */
export const nestedFamily = (protocol: number): FamilyNumber | null => (protocol === 4 ? 4 : protocol === 41 ? 6 : null);

export const isKind = (kind: IcmpKind, type: number, code: number): boolean => kind.type === type && kind.code === code;

/** Said about a header that carries another: its destination does not unwrap it. */
export const isNestingRefused = ({ icmp }: Family, type: number, code: number): boolean =>
  icmp.nestingRefused.some((kind) => isKind(kind, type, code));
