// What simulate() finds in machines of all kinds, and what it refuses.
import {
  type AnyMachine,
  models,
  type RegisterInput,
  type SimulateOptions,
  simulate,
  type Workload,
} from 'coxswain/testkit';
import { describe, expect, test } from 'vitest';

const adding: Workload<number> = { next: (draw) => draw.integer(1, 9) };

class Sum implements AnyMachine<number, number> {
  #sum = 0;

  apply(command: number): number {
    this.#sum += command;
    return this.#sum;
  }
}

/** The first violation among some seeds. */
function findWith<C, R>(
  machine: () => AnyMachine<C, R>,
  workload: Workload<C>,
  more: Partial<SimulateOptions<C, R, AnyMachine<C, R>>> = {},
): string | undefined {
  for (let seed = 1; seed <= 20; seed++) {
    const { violation } = simulate({ machine, workload, seed, ...more });
    if (violation !== undefined) return violation.message;
  }
  return undefined;
}

describe('a machine', () => {
  test('that is deterministic passes', () => {
    expect(findWith(() => new Sum(), adding)).toBeUndefined();
  });

  test.each<[string, (sum: number) => number]>([
    ['Math.random', (sum) => sum + Math.random()],
    ['Date.now', (sum) => sum + Date.now()],
    ['new Date', (sum) => sum + new Date().getMilliseconds()],
  ])('that reads %s is found, in the same way each time', (_, spoil) => {
    const spoiled = () => {
      const sum = new Sum();
      return { apply: (command: number) => spoil(sum.apply(command)) };
    };
    const found = findWith(spoiled, adding);
    expect(found).toMatch(/^the machines differ in the result at index \d+: .* on \w, .* on \w$/);
    expect(findWith(spoiled, adding)).toBe(found);
  });

  test('that may use the time and the chance of its context passes', () => {
    const timed = () => ({
      apply: (_: number, context: { timeMs: number; random(): number }) =>
        context.timeMs + context.random() + Number(new Date(0)),
    });
    expect(findWith(timed, adding)).toBeUndefined();
  });

  test('that shares state with the others is found', () => {
    let shared = 0;
    const sharing = () => ({ apply: (command: number) => (shared += command) });
    expect(findWith(sharing, adding)).toMatch(/machines differ in the result/);
  });

  test('that changes a command changes its own copy only', () => {
    const changing = () => ({
      apply(command: { list: number[] }) {
        command.list.push(1);
        return command.list.length;
      },
    });
    expect(findWith(changing, { next: () => ({ list: [] }) })).toBeUndefined();
  });

  test('whose digest depends on more than the log is found', () => {
    let made = 0;
    const counted = () => {
      const name = `machine ${made++}`;
      return { apply: () => null, digest: () => name };
    };
    expect(findWith(counted, adding)).toMatch(/^the machines differ in the digest at index \d+/);
  });

  test('that throws is found, with index and member', () => {
    const fragile = () => {
      const sum = new Sum();
      return {
        apply(command: number) {
          if (sum.apply(command) > 30) throw new Error('that is too much');
          return null;
        },
      };
    };
    expect(findWith(fragile, adding)).toMatch(
      /^apply at index \d+ on \w throws: that is too much$/,
    );
  });

  test('that breaks the invariant is found', () => {
    const invariant = (machine: AnyMachine<number, number>) => {
      const sum = machine.digest?.() ?? '';
      if (String(sum).length > 1) throw new Error(`two digits: ${String(sum)}`);
    };
    const open = () => {
      let sum = 0;
      return { apply: (command: number) => (sum += command), digest: () => String(sum) };
    };
    expect(findWith(open, adding, { invariant })).toMatch(
      /^the invariant at index \d+ on \w throws: two digits: \d\d/,
    );
  });

  test('whose answers are not those of the model is found', () => {
    const forgetful = () => {
      let held: number | null = null;
      let writes = 0;
      return {
        apply(command: RegisterInput) {
          if (command.type === 'write' && ++writes % 3 > 0) held = Number(command.value);
          return command.type === 'read' ? held : null;
        },
      };
    };
    const workload: Workload<RegisterInput> = {
      next: (draw, client, turn) =>
        draw.chance(0.5) ? { type: 'read' } : { type: 'write', value: client * 1000 + turn },
    };
    const found = findWith(forgetful, workload, { model: models.register() });
    expect(found).toMatch(/Linearizability: nothing explains the answer \d+ to \{ type: 'read' \}/);
  });
});

describe('clients', () => {
  test('that ask again have one call with one answer, and the machine sees each attempt', () => {
    let repeats = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const workload = {
        next: (_: unknown, client: number, turn: number) => `${client}-${turn}`,
        retry: true,
      };
      const { committed, history, violation } = simulate({
        machine: () => ({ apply: (command: string) => command }),
        workload,
        seed,
      });
      expect(violation).toBeUndefined();
      expect(new Set(history.map(({ input }) => input)).size).toBe(history.length);
      repeats += committed.length - new Set(committed).size;
      for (const { input, outcome, output } of history) {
        if (outcome === 'ok') expect(output).toBe(input);
        if (outcome === 'failed') expect(committed).not.toContain(input);
      }
    }
    expect(repeats).toBeGreaterThan(0);
  });

  test('have one call at a time, unless more are allowed', () => {
    const overlapsOf = (concurrency: number) => {
      let overlaps = 0;
      for (let seed = 1; seed <= 10; seed++) {
        const { history } = simulate({
          machine: () => new Sum(),
          workload: { ...adding, clients: 1, concurrency },
          seed,
        });
        const own = history.filter(({ client }) => client === 0);
        const ends = own.map(({ returnAt = 0 }) => returnAt);
        overlaps += own.filter(({ callAt }, at) => callAt < (ends[at - 1] ?? 0)).length;
      }
      return overlaps;
    };
    expect(overlapsOf(1)).toBe(0);
    expect(overlapsOf(8)).toBeGreaterThan(0);
  });
});

describe('options', () => {
  const base = { machine: () => new Sum(), workload: adding, seed: 1 };

  test('members, clients, duration and families of faults are honoured', () => {
    const { plan, faults } = simulate({
      ...base,
      members: 4,
      durationMs: 500,
      faults: [],
      workload: { ...adding, clients: 2 },
    });
    expect(plan).toMatchObject({ members: 4, durationMs: 500, workload: { clients: 2 } });
    expect(faults).toEqual([]);
    const crashes = simulate({ ...base, seed: 5, faults: ['process'] }).faults;
    expect(crashes.every(({ fault }) => fault.type === 'crash')).toBe(true);
  });

  test.each([
    [{ seed: -1 }, 'seed is -1'],
    [{ seed: Number.NaN }, 'seed is NaN'],
    [{ seed: 1.5 }, 'seed is 1.5'],
    [{ members: 0 }, 'members is 0'],
    [{ members: 8 }, 'members is 8'],
    [{ members: 2.5 }, 'members is 2.5'],
    [{ durationMs: 0 }, 'durationMs is 0'],
    [{ faults: ['gremlins'] }, 'faults names gremlins'],
    [{ workload: { ...adding, clients: 0 } }, 'workload.clients is 0'],
    [{ workload: { ...adding, concurrency: 0 } }, 'workload.concurrency is 0'],
  ])('%j are refused', (wrong, message) => {
    const options = { ...base, ...wrong } as typeof base;
    expect(() => simulate(options)).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringContaining(message),
      }),
    );
  });

  test('machines with promises, and answers that are not plain, are refused', () => {
    const later = { ...base, machine: () => ({ apply: async (command: number) => command }) };
    expect(() => simulate(later)).toThrow('apply returned a promise; it runs without promises');
    const odd = { ...base, machine: () => ({ apply: () => new Map() }) };
    expect(() => simulate(odd)).toThrow('a result of the machine: a Map is not a plain value');
  });

  test('a workload without commands, or with such as cannot be encoded, is refused', () => {
    const next = () => {
      throw new Error('no idea');
    };
    expect(() => simulate({ ...base, workload: { next } })).toThrow('no command: no idea');
    const odd = { next: () => new Map() as unknown as number };
    expect(() => simulate({ ...base, workload: odd })).toThrow('a Map is not a plain value');
  });
});
