/** The graph of all paths as text for people, and for tools that draw: DOT and Mermaid by their own grammars. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Event, NodeEvent } from '../../src/report/event.ts';
import { dotLines } from '../../src/report/graph-dot.ts';
import { mermaidLines } from '../../src/report/graph-mermaid.ts';
import { graphReporter } from '../../src/report/graph-reporter.ts';
import { createPathsBlock, type PathsTold } from '../../src/report/paths-block.ts';
import { pathsLines } from '../../src/report/paths-text.ts';
import { textReporter } from '../../src/report/text.ts';
import { skip } from '../skip.ts';
import { edge, end, node, paths, pathsRun, problem, split, start } from './samples.ts';
import { memorySink } from './sink.ts';

function toldBy(events: readonly Event[]): PathsTold {
  let told: PathsTold | null = null;
  const block = createPathsBlock((graph) => {
    told = graph;
  });
  for (const event of events) block.tell(event);
  return told!;
}

test('the text names each router, what is next, what moves each split, and the risk', () => {
  const [out, errors] = [memorySink(), memorySink()];
  const reporter = textReporter(out, errors);
  for (const event of pathsRun()) reporter.event(event);
  assert.is(
    out.text(),
    `Finding every path from 10.0.0.1 to d.example (10.255.0.7)
#  HOP  ROUTER               NEXT  FLOWS   MISSED
0    0  a 10.0.0.1           1
1    1  r1.example 10.0.1.1  4 5      12   0.049%
4    4  10.0.4.1             6        12   0.049%
5    5  10.0.5.1             6?       12  unknown
6    3  d 10.255.0.7         end

#1, 10.0.1.1, splits by source port
  #4  10.0.4.1  --source-port 45000
  #5  10.0.5.1  --source-port 41000

2 paths over 4 nodes and 5 links, 1 split; 36 flows, 120 probes.
A next hop is missing with a probability of at most 0.21% (1.0% asked).
That holds of routers that choose by source port; of others all flows take one way.
Of #5 nobody knows whether one is missing: a next hop is silent, or there are too many.
`,
  );
});

/** An IPv6 router with many addresses and many next hops, each with the longest of addresses. */
const wide = (): PathsTold => {
  const address = (i: number): string => `2001:db8:aaaa:bbbb:cccc:dddd:eeee:${(0x1000 + i).toString(16)}`;
  const nodes = [
    node(1, { addresses: Array.from({ length: 12 }, (_, i) => address(i)), name: 'a-router-with-a-long-name.core.example.net' }),
    ...Array.from({ length: 40 }, (_, i) => node(i + 2, { addresses: [address(100 + i)] })),
  ];
  const edges = nodes.slice(1).map(({ id }) => edge(1, id, { sure: id % 2 === 0 }));
  return toldBy([start({ command: 'paths' }), ...nodes, ...edges, paths({ paths: null })]);
};

test('lines fit 80 and 120 columns, but for words that are longer, and nothing is left out', () => {
  for (const columns of [80, 120]) {
    const lines = pathsLines(wide(), columns);
    for (const line of lines) assert.ok(line.length <= columns, `${line.length}: ${line}`);
    for (const { addresses } of wide().nodes) for (const one of addresses) assert.match(lines.join('\n'), one);
    for (let id = 2; id <= 41; id += 1) assert.match(lines.join('\n'), new RegExp(`\\b${id}\\b`));
  }
});

test('what goes by packet, by nothing, or to one router by several links is said so', () => {
  const next = [
    { address: '10.0.4.1', router: 4, field: null, value: null },
    { address: '10.0.5.1', router: 5, field: null, value: null },
  ];
  const line = (fields: Parameters<typeof split>[0]): string =>
    pathsLines(
      toldBy([start({ command: 'paths' }), node(1), node(4), node(5), split({ next, movedBy: [], ...fields }), paths()]),
      null,
    ).find((one) => one.startsWith('#1,'))!;
  assert.is(line({ perPacket: true }), '#1, 10.0.1.1, splits by packet: not steerable from here');
  assert.match(line({}), /not steerable from here$/);
  const one = next.map((hop) => ({ ...hop, router: 4 }));
  assert.is(
    line({ next: one, movedBy: ['source port'] }),
    '#1, 10.0.1.1, has parallel links to #4, or that answers from several addresses, by source port',
  );
});

/** A router whose three ways on are: a label's value, one that only a flow tells, and silence. */
const threeWays = (): PathsTold =>
  toldBy([
    start({ command: 'paths' }),
    node(1),
    node(4),
    node(5),
    node(6, { is: 'silent', addresses: [] }),
    edge(1, 4),
    edge(1, 5, { flow: { ...edge(1, 5).flow, sourcePort: 12_000, flowLabel: 9 } }),
    edge(1, 6, { addresses: [], flow: { ...edge(1, 6).flow, sourcePort: 13_000, inner: '10.0.4.1' } }),
    split({
      next: [
        { address: '10.0.4.1', router: 4, field: 'flow label', value: 7 },
        { address: '10.0.5.1', router: 5, field: null, value: null },
      ],
      movedBy: ['flow label'],
    }),
    paths(),
  ]);

test('a flow label goes with the source port that it was found with, and what no field alone selects, or is silent, has its flow', () => {
  const lines = pathsLines(threeWays(), null);
  assert.equal(lines.slice(lines.indexOf('#1, 10.0.1.1, splits by flow label') + 1).slice(0, 3), [
    '  #4  10.0.4.1  --source-port 45000 --flow-label 7',
    '  #5  10.0.5.1  --source-port 12000 --flow-label 9',
    '  #6  *  --source-port 13000 by inner addresses: 10.0.4.1',
  ]);
  const dot = dotLines(threeWays()).join('\n');
  assert.match(dot, 'n1 -> n4 [label="source port 45000, flow label 7"];');
  assert.match(dot, 'n1 -> n5 [label="source port 12000, flow label 9"];');
  assert.match(dot, 'n1 -> n6 [label="source port 13000, inner addresses 10.0.4.1"];');
});

test('of parallel links that no value selects none is said to be taken by the flow of another', () => {
  const next = ['10.0.4.1', '10.0.4.5'].map((address) => ({ address, router: 4, field: null, value: null }));
  const told = toldBy([start({ command: 'paths' }), node(1), node(4), edge(1, 4), split({ next, movedBy: ['source port'] }), paths()]);
  const lines = pathsLines(told, null);
  for (const address of ['10.0.4.1', '10.0.4.5']) assert.ok(lines.includes(`  #4  ${address}`), lines.join('\n'));
});

test('where nobody was asked for a next hop no probability is told', () => {
  const told = toldBy([start({ command: 'paths' }), node(0, { is: 'us', flows: 1, missed: 0 }), paths({ missed: 0 })]);
  assert.not.match(pathsLines(told, null).join('\n'), 'probability');
});

/** Of the DOT grammar what a directed graph of nodes and edges with attributes is made of; every string is quoted. */
const STRING = String.raw`"(?:[^"\\\n]|\\.)*"`;
const ATTRIBUTES = String.raw`\[[a-z]+=(?:${STRING}|[a-z]+)(?:, [a-z]+=(?:${STRING}|[a-z]+))*\]`;
const DOT = [
  /^digraph [a-z]+ \{$/,
  /^ {2}rankdir=LR;$/,
  /^ {2}node \[shape=box\];$/,
  new RegExp(`^ {2}n\\d+(?: -> n\\d+)?(?: ${ATTRIBUTES})?;$`),
  /^\}$/,
];
const MERMAID = [/^flowchart LR$/, /^ {2}n\d+(?:\["[^"\n]*"\]|\(\["[^"\n]*"\]\))$/, /^ {2}n\d+ (?:-->|-\.->)(?:\|"[^"\n]*"\|)? n\d+$/];

/** Names come from strangers. */
const named = (name: string): PathsTold =>
  toldBy(pathsRun().map((event) => (event.type === 'node' ? ({ ...event, name } as NodeEvent) : event)));

test('DOT and Mermaid keep to their grammars whatever a name holds', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', '\\', '#', '<', '>', ']', '\n', '`', ';', '|', 'a') })),
      (name) => {
        for (const [lines, grammar] of [
          [dotLines(named(name)), DOT],
          [mermaidLines(named(name)), MERMAID],
        ] as const)
          for (const line of lines)
            assert.ok(
              grammar.some((rule) => rule.test(line)),
              line,
            );
      },
    ),
  );
});

test('each node is declared once and each edge drawn between two that are', () => {
  for (const lines of [dotLines(wide()), mermaidLines(wide())]) {
    const declared = lines.flatMap((line) => /^ {2}n(\d+)[ ([]+(?!->|--)(?:label|"|\[")/.exec(line)?.[1] ?? []);
    assert.is(declared.length, 41);
    assert.is(new Set(declared).size, 41);
    const drawn = lines.flatMap((line) => {
      const found = /^ {2}n(\d+) (?:->|-->|-\.->).*?n?(\d+)/.exec(line);
      return found === null ? [] : [found];
    });
    assert.is(drawn.length, 40);
  }
});

test('a value that selects a way stands at it, and a way that is not sure is dashed', () => {
  const dot = dotLines(toldBy(pathsRun())).join('\n');
  assert.match(dot, 'n1 -> n5 [label="source port 41000"];');
  assert.match(dot, 'n5 -> n6 [style=dashed];');
  const mermaid = mermaidLines(toldBy(pathsRun())).join('\n');
  assert.match(mermaid, 'n1 -->|"source port 41000"| n5');
  assert.match(mermaid, 'n5 -.-> n6');
});

test('problems go beside the graph, and a run that found none prints none', () => {
  const [out, errors] = [memorySink(), memorySink()];
  const reporter = graphReporter(dotLines, out, errors);
  for (const event of [start({ command: 'paths' }), problem('no way'), end({ exit: 4 })]) reporter.event(event);
  reporter.close();
  assert.equal([out.text(), errors.text()], ['', 'braceroute: no way\n']);
});

const hasGraphviz = (): boolean => {
  try {
    execFileSync('dot', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const GRAPHVIZ = 'Graphviz takes it, and counts the same nodes and edges';
if (!hasGraphviz()) skip(GRAPHVIZ, 'there is no dot here');
else
  test(GRAPHVIZ, () => {
    for (const told of [named('a "quoted" \\ name'), wide()]) {
      const plain = execFileSync('dot', ['-Tplain'], { input: dotLines(told).join('\n'), encoding: 'utf8' }).split('\n');
      const counted = ['node ', 'edge '].map((kind) => plain.filter((line) => line.startsWith(kind)).length);
      assert.equal(counted, [told.nodes.length, told.edges.length]);
    }
  });

test.run();
