// The table of metrics names what a snapshot holds: all of it, and nothing else.
import { readFile } from 'node:fs/promises';
import type { MetricsSnapshot } from 'coxswain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { World } from '../cluster/nodes.ts';

const root = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/guide/metrics.md', root), 'utf8');

const rows = [...page.matchAll(/^\| `([A-Za-z.[\]]+)` +\| (.+?) +\|/gm)].map(
  ([, name = '', unit = '']) => ({ name, unit }),
);
/** Their keys are codes or kinds, and what a histogram holds is said once. */
const leaves = /(Failed|readsBegun|readsAnswered|histograms\.\w+|replicationMs)$/;

function namesOf(value: unknown, name = ''): string[] {
  if (leaves.test(name) || typeof value !== 'object' || value === null) return [name];
  if (Array.isArray(value)) return name === 'peers' ? namesOf(value[0], 'peers[]') : [name];
  return Object.entries(value).flatMap(([key, each]) =>
    namesOf(each, name === '' ? key : `${name}.${key}`),
  );
}

const units: readonly (readonly [RegExp, RegExp])[] = [
  [/Ms$/, /^(ms|histogram)$/],
  [/Bytes$/, /^bytes$/],
  [/Index$/, /^index$/],
  [/Entries$/, /^entries$/],
];

describe('the table of metrics', () => {
  const world = new World('ab');
  let snapshot: MetricsSnapshot;
  beforeAll(async () => {
    for (const id of 'ab') await world.open(id);
    const leader = await world.elect('a');
    await world.value(leader.propose('one'));
    snapshot = leader.metrics();
  });
  afterAll(() => world.close());

  test('has a row for everything in a snapshot, and only for that', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(namesOf(snapshot).sort());
  });

  test.each(rows)('gives $name the unit that its name ends in', ({ name, unit }) => {
    const [, accepted = /^(count|count by \w+|text|list|true or false|term)$/] =
      units.find(([ending]) => ending.test(name)) ?? [];
    expect(unit).toMatch(accepted);
  });
});
