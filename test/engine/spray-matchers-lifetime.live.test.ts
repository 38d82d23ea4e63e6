/** What a matcher leaves behind: nothing, or something that lets everything pass, is shown, and is removed by the next. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PACKAGE_ROOT } from '../../src/package-root.ts';
import type { Namespaces } from '../lab/namespaces.ts';
import { rootMissing, skip } from '../skip.ts';
import { type Frame, frame, HERE4, PORT, SHAPES, sendFrames } from './matcher-frames.ts';
import { FAR, MATCHED, matcherLab, NEAR, opened, RUN, SENDING } from './matcher-lab.ts';
import { type MatcherProcess, matcherIn } from './matcher-process.ts';

/** The stack would give them to a socket. */
const landings = (count: number): Frame[] => Array.from({ length: count }, (_, sequence) => frame(SHAPES[0]!, RUN, 0, sequence, 1000));

const DOCTOR = `
  const { CHECKS } = await import('${PACKAGE_ROOT}/src/cli/doctor-checks.ts');
  console.log(JSON.stringify(CHECKS.leftovers()));`;

/** Beside the matcher, and not killed with it. */
async function listener(): Promise<MatcherProcess> {
  const stack = matcherIn(NEAR);
  await stack.ask('listen', { port: PORT, address: HERE4 });
  return stack;
}

const delivered = async (stack: MatcherProcess): Promise<number> => (await stack.ask('datagrams', null)).datagrams;
const shown = async (net: Namespaces, ...argv: readonly string[]): Promise<string> => (await net.run(NEAR, ...argv)).stdout;

const reason = rootMissing();
const asRoot = (title: string, body: () => Promise<void>): void => (reason ? skip(title, reason) : void test(title, body));

for (const { matcher, attach } of [
  { matcher: 'tc', attach: 'tcx' },
  { matcher: 'xdp', attach: 'auto' },
] as const) {
  asRoot(`${matcher} held by a link is gone at once when its process is killed`, async () => {
    await using _net = matcherLab();
    await using stack = await listener();
    const near = matcherIn(NEAR);
    await opened(near, { matcher, attach, templates: 1, flows: 1 });
    await sendFrames(FAR, SENDING, landings(5));
    await near.until('totals', null, ({ received }) => received === 5);
    assert.is(await delivered(stack), 0);
    await near.kill();
    await sendFrames(FAR, SENDING, landings(5));
    assert.is((await stack.until('datagrams', null, ({ datagrams }) => datagrams === 5)).datagrams, 5);
    assert.equal(await stack.ask('leftovers', null), []);
  });
}

asRoot('a clsact filter lets everything pass past its deadline, is shown by the doctor, and goes with the next matcher', async () => {
  await using net = matcherLab();
  await using stack = await listener();
  const near = matcherIn(NEAR);
  await opened(near, { matcher: 'tc', attach: 'clsact', templates: 1, flows: 1 });
  assert.equal(await stack.ask('leftovers', null), []); // somebody looks after it
  await near.kill();
  const killedMs = Date.now();
  while ((await delivered(stack)) === 0 && Date.now() - killedMs < 10_000) await sendFrames(FAR, SENDING, landings(1));
  assert.ok((await delivered(stack)) > 0);
  const left = await stack.until('leftovers', null, (found) => found.length > 0);
  assert.equal(
    left.map(({ device }) => device),
    [MATCHED],
  );
  const { says, mend, lacking } = JSON.parse(await shown(net, process.execPath, '--import', 'tsx', '--input-type=module', '-e', DOCTOR));
  assert.match(says, `a spray's matcher on ${MATCHED}, which lets everything pass`);
  assert.equal([mend, lacking], [`tc filter del dev ${MATCHED} ingress pref ${left[0]!.priority}`, true]);
  assert.match(await shown(net, 'tc', 'filter', 'show', 'dev', MATCHED, 'ingress'), 'match_frame');
  await using next = matcherIn(NEAR);
  await opened(next, { matcher: 'tc', attach: 'tcx', templates: 1, flows: 1 });
  assert.equal(await stack.ask('leftovers', null), []);
  assert.not.match(await shown(net, 'tc', 'qdisc', 'show', 'dev', MATCHED), 'clsact');
});

asRoot('a clsact filter is removed when its matcher is closed, and the qdisc with it unless it was there before', async () => {
  await using net = matcherLab();
  await using near = matcherIn(NEAR);
  const qdisc = (): Promise<string> => shown(net, 'tc', 'qdisc', 'show', 'dev', MATCHED);
  await opened(near, { matcher: 'tc', attach: 'clsact', templates: 1, flows: 1 });
  assert.match(await qdisc(), 'clsact');
  await near.ask('close', null);
  assert.not.match(await qdisc(), 'clsact');
  await net.run(NEAR, 'tc', 'qdisc', 'add', 'dev', MATCHED, 'clsact');
  await opened(near, { matcher: 'tc', attach: 'clsact', templates: 1, flows: 1 });
  await near.ask('close', null);
  assert.match(await qdisc(), 'clsact');
  assert.is(await shown(net, 'tc', 'filter', 'show', 'dev', MATCHED, 'ingress'), '');
});

asRoot('two matchers of two runs share an interface, and each takes its own', async () => {
  await using _net = matcherLab();
  await using one = matcherIn(NEAR);
  await using other = matcherIn(NEAR);
  await opened(one, { matcher: 'tc', templates: 1, flows: 1 });
  await opened(other, { matcher: 'tc', templates: 1, flows: 1, run: RUN.number ^ 1 });
  await sendFrames(FAR, SENDING, landings(7));
  const totals = await one.until('totals', null, ({ received }) => received === 7);
  assert.equal([totals.received, totals.otherRun], [7, 0]);
  assert.equal([(await other.ask('totals', null)).otherRun], [7]); // the later one stands before it
});

asRoot('a matcher that the machine cannot have says why', async () => {
  await using net = matcherLab();
  await using near = matcherIn(NEAR);
  await using second = matcherIn(NEAR);
  await opened(near, { matcher: 'xdp', templates: 1, flows: 1 });
  const refusal = await opened(second, { matcher: 'xdp', templates: 1, flows: 1 }).then(String, ({ message }) => message);
  assert.match(refusal, /The matcher xdp cannot be had: EBUSY.*another XDP program/);
  const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e'];
  for (const right of ['bpf', 'perfmon']) {
    const { stdout } = await net.run(NEAR, 'setpriv', `--bounding-set=-${right},-sys_admin`, '--inh-caps=-all', ...node, OPENING);
    assert.match(stdout, /ERR_PRIVILEGE .*CAP_BPF, CAP_PERFMON/, right);
  }
});

const OPENING = `
  const { openMatcher } = await import('${PACKAGE_ROOT}/src/engine/live/spray-matcher.ts');
  const run = { number: 1, idKey: 1, key: new Uint32Array(4) };
  const job = { run, templates: 1, flows: 1, tag: 'full', timeoutNs: 1e9, realtimeAheadNs: 0 };
  try {
    openMatcher({ ...job, matcher: 'tc', interfaces: [{ name: '${MATCHED}', index: 2, hasLinkHeader: true }] });
    console.log('opened');
  } catch ({ code, message }) {
    console.log(code, message);
  }`;

test.run();
