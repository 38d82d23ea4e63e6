/** What a bad call or a refusing system is told: what, with which value, and what to do next. The code says it to machines. */

/** The exit code of the command that ends with the error: 2 wrong usage, 3 no privilege, 4 the network side cannot. */
export const EXIT_OF = {
  ERR_USAGE: 2,
  ERR_UNKNOWN_HOST: 2,
  ERR_NO_INTERFACE: 2,
  ERR_FILE: 2,
  ERR_TOPOLOGY: 2,
  ERR_MTU: 2,
  ERR_PRIVILEGE: 3,
  ERR_NO_ROUTE: 4,
  ERR_NEXT_HOP: 4,
  ERR_INTERFACE_DOWN: 4,
  ERR_ENGINE: 4,
  ERR_LAB: 4,
  NAT: 4,
} as const;

/** The exit code where nothing failed, but not all of it is known. */
export const CANNOT_TELL = 5;

export type ErrorCode = keyof typeof EXIT_OF;

export class BeaconError extends Error {
  override readonly name = 'BeaconError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
