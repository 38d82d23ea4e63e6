/** What `lab fault` is asked to do to a link. */
import { BeaconError } from '../error.ts';
import { POLICER_FORM, policerOf } from '../topology/behaviour.ts';
import { type Fault, LEAST_MTU, NO_FAULT, type Policer, parseBitRate, parseDelayMs, parseFraction, parseShare } from '../topology/fault.ts';

export type Options = Readonly<Record<string, string | boolean | undefined>>;

/** Throws BeaconError ERR_USAGE where nothing is asked, or things that exclude each other. */
export function faultOf(options: Options): Fault | 'down' | 'clear' {
  const whole = (['down', 'clear'] as const).filter((name) => options[name]);
  const fault: Fault = {
    ...NO_FAULT,
    loss: read(options.loss, '--loss', parseFraction) ?? 0,
    exact: read(options.exact, '--exact', parseShare),
    flowLoss: read(options.flowLoss, '--flow-loss', parseShare),
    duplicate: partOf(options.duplicate, '--duplicate'),
    corrupt: partOf(options.corrupt, '--corrupt'),
    blackhole: options.blackhole === true,
    delayMs: read(options.delay, '--delay', parseDelayMs) ?? 0,
    jitterMs: read(options.jitter, '--jitter', parseDelayMs) ?? 0,
    reorder: read(options.reorder, '--reorder', parseFraction) ?? 0,
    rate: read(options.rate, '--rate', parseBitRate),
    policer: read(options.policer, '--policer', parsePolicer),
    mtu: read(options.mtu, '--mtu', parseMtu),
  };
  const some = Object.keys(fault).some((key) => fault[key as keyof Fault] !== NO_FAULT[key as keyof Fault]);
  if (whole.length > 1 || (whole.length === 1 && some))
    throw new BeaconError('ERR_USAGE', `--${whole[0]} goes with no other fault: give it alone`);
  if (whole.length === 0 && !some)
    throw new BeaconError('ERR_USAGE', 'No fault is given: say --loss 10%, --down, --clear or another (braceroute lab fault --help)');
  return whole[0] ?? fault;
}

/** Without a value every packet is meant. */
const partOf = (value: Options[string], option: string): number =>
  value === undefined ? 0 : value === true ? 1 : parseFraction(String(value), option);

const read = <T>(value: Options[string], option: string, parse: (text: string, option: string) => T): T | null =>
  value === undefined ? null : parse(String(value), option);

function parsePolicer(text: string, option: string): Policer {
  const policer = policerOf(text);
  if (policer !== null && policer.perSecond > 0) return policer;
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write ${POLICER_FORM}`);
}

function parseMtu(text: string, option: string): number {
  const mtu = /^\d{4,5}$/.test(text) ? Number(text) : 0;
  if (mtu >= LEAST_MTU) return mtu;
  throw new BeaconError('ERR_USAGE', `${option} ${text}: write bytes, at least ${LEAST_MTU}, as IPv6 wants of a link`);
}
