// The simulator finds nothing in the core, finds what is planted, and does the same thing twice.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  drawPlan,
  expectedMarks,
  type FaultFamily,
  minimize,
  registers,
  replay,
  simulate,
} from 'coxswain/testkit';
import { describe, expect, test } from 'vitest';
import { DISAGREEING, HOPELESS } from '../../src/testkit/simulator/mark-labels.ts';
import { scriptOf } from '../../tools/sim/script.ts';
import { runScript } from '../scenarios/runner/script.ts';

const SEEDS = 600;
/** All families of faults but that of changing members. */
const fixed: FaultFamily[] = ['network', 'partition', 'disk', 'clock', 'process', 'aimed'];
const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const tsx = fileURLToPath(new URL('../../node_modules/.bin/tsx', import.meta.url));

function sim(...words: string[]): Promise<{ stdout: string; stderr: string; code?: number }> {
  return run(tsx, ['tools/sim/main.ts', ...words], { cwd: root, maxBuffer: 1 << 26 });
}

function lying(seed: number) {
  const plan = drawPlan(seed);
  return { ...registers, seed, plan: { ...plan, disk: { ...plan.disk, amnesia: 0.5 } } };
}

describe('a search', () => {
  test(`of ${SEEDS} seeds holds every rule, recovers, and meets every rare situation`, () => {
    const marks = new Set<string>();
    let acknowledged = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const report = simulate({ ...registers, seed });
      const { verdict, violation } = report;
      expect(violation, `npm run sim -- --seed ${seed} --trace`).toBeUndefined();
      expect(verdict, `the history of seed ${seed}`).toBe('linearizable');
      acknowledged += report.acknowledged;
      for (const mark of report.marks.keys()) marks.add(mark);
    }
    expect(acknowledged).toBeGreaterThan(SEEDS * 20);
    for (const mark of [HOPELESS, DISAGREEING]) marks.delete(mark);
    expect([...marks].sort()).toEqual([...expectedMarks].sort());
  });

  test('finds the canary, and says all that one needs to see it again', async () => {
    const failed = sim('--canary', '--seeds', '40', '--from', '1');
    await expect(failed).rejects.toMatchObject({ code: 1 });
    const { stdout } = (await failed.catch((error: unknown) => error)) as { stdout: string };
    expect(stdout).toContain('seed 1 FAILED in the time of faults');
    expect(stdout).toMatch(/commit [0-9a-f]{7,}|commit unknown/);
    expect(stdout).toContain('plan {"seed":1,');
    expect(stdout).toContain('replay: npm run sim -- --seed 1 --trace --canary');
    const first = stdout.slice(0, stdout.indexOf('replay:'));
    expect(first.match(/^\{"name"/gm)).toHaveLength(50);
    await expect(sim('--seed', '1', '--canary')).rejects.toMatchObject({ code: 1 });
    expect((await sim('--seed', '1')).stdout).toContain('seed 1: ');
  });

  test.each([
    [['--seed', 'x'], '--seed is x; accepted: a whole number from 0'],
    [['--seed', ''], '--seed is ; accepted: a whole number from 0'],
    [['--seeds', '1', '--minimize', '2'], 'exclude each other'],
    [['--trace'], '--trace needs --seed'],
    [['--export', 'x'], '--export needs --minimize'],
    [['--minimize', '1', '--export', 'figure-8'], 'there is a scenario figure-8 already'],
    [['--seeds', '0'], '--seeds is 0: that searches nothing'],
    [['--seed', '1', '--from', '5'], '--from is for a search'],
    [['--from', '9007199254740991'], '--from is too large'],
    [['--minimize', '1', '--export', '../x'], 'accepted: a name such as lost-vote'],
    [['--sed', '1'], "Unknown option '--sed'"],
  ])('refuses %j with what is accepted', async (words, message) => {
    await expect(sim(...words)).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining(message),
    });
  });
});

describe('a run', () => {
  test('is the same for the same seed, here and in a fresh process', async () => {
    const first = simulate({ ...registers, seed: 7 });
    const { events, hash } = first;
    expect(simulate({ ...registers, seed: 7 })).toMatchObject({ hash, events });
    expect(simulate({ ...registers, seed: 8 }).hash).not.toBe(hash);
    const { stdout } = await sim('--seed', '7');
    const text = hash.toString(16).padStart(8, '0');
    expect(stdout).toContain(`seed 7: ${events} events, trace hash ${text}`);
  });

  test("has a trace with the names and fields of etcd's", () => {
    const lines = replay({ ...registers, seed: 2, members: 3, durationMs: 2000, faults: fixed });
    const sent = lines.find(({ name }) => name === 'SendAppendEntriesRequest');
    expect(sent).toMatchObject({
      nid: expect.any(String),
      role: 'StateLeader',
      state: { term: expect.any(Number), vote: expect.any(String), commit: expect.any(Number) },
      conf: [['a', 'b', 'c'], []],
      msg: { type: 'MsgApp', from: sent?.nid, entries: expect.any(Number), reject: false },
    });
    const times = lines.map(({ prop }) => Number(prop['atMs']));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  test('in which members change is no script, and says so', () => {
    const seed = [...Array(50).keys()].find((each) => drawPlan(each).changes.spares > 0);
    expect(() => scriptOf({ ...registers, seed: seed ?? 0 })).toThrow('changes its members');
  });

  test('whose members differ in their times is no script, and says so', () => {
    const seed = [...Array(50).keys()].find((each) => drawPlan(each).clock.optionSpread > 0) ?? 0;
    expect(() => scriptOf({ ...registers, seed, faults: fixed })).toThrow('differ in their times');
  });

  test('as a script gives the same end in the script runner', () => {
    const seeds = [...Array(60).keys()].filter((each) => drawPlan(each).clock.optionSpread === 0);
    for (const seed of seeds.slice(0, 8)) {
      const options = { ...registers, seed, durationMs: 1500, faults: fixed };
      const ends = new Map<string, string>();
      for (const { log, nid, state } of replay(options)) {
        ends.set(
          nid,
          `term ${state.term}  vote ${(state.vote || '-').padEnd(3)} commit ${state.commit}`,
        );
        expect(log).toBeGreaterThan(0);
      }
      const script = runScript(scriptOf(options));
      const states = script.slice(script.lastIndexOf('state\n----'));
      for (const [id, end] of ends) {
        if (!states.includes(`${id}  down`)) expect(states, `seed ${seed}`).toContain(end);
      }
    }
  });
});

describe('a smaller run', () => {
  test('fails in the same way, with less', () => {
    const options = lying(8);
    const first = simulate(options);
    const { only, plan, report } = minimize(options);
    expect(report.violation?.message.replace(/\d+/g, 'N')).toBe(
      first.violation?.message.replace(/\d+/g, 'N'),
    );
    expect(report.faults.length).toBeLessThan(first.faults.length);
    expect(report.history.length).toBeLessThan(first.history.length);
    expect(simulate({ ...options, plan, only }).hash).toBe(report.hash);
  });

  test('is not looked for where nothing fails', () => {
    expect(() => minimize({ ...registers, seed: 8 })).toThrow('seed 8 does not fail');
  });
});
