// What simulate() finds in machines of all kinds, and what it refuses.
import {
  type AnyMachine,
  drawPlan,
  type Model,
  minimize,
  models,
  REFUSED,
  type RegisterInput,
  replay,
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

describe('reads', () => {
  type Command = { add: number } | 'sum';

  /** Asked for the sum by a command, or by a query, which may be another one's. */
  const summing = (query: (sum: number) => number) => () => {
    let sum = 0;
    return {
      apply(command: Command) {
        if (command !== 'sum') sum += command.add;
        return sum;
      },
      query: () => query(sum),
    };
  };
  const model: Model<number, Command, number> = {
    initial: () => 0,
    step: (sum, command, answer) => {
      const next = command === 'sum' ? sum : sum + command.add;
      return answer === undefined || answer.output === next ? next : REFUSED;
    },
    hash: (sum) => sum,
  };
  const workload: Workload<Command> = {
    clients: 2,
    next: (draw, client, turn) =>
      draw.chance(0.5) || turn > 60 ? 'sum' : { add: 100 ** client * draw.integer(1, 9) },
    isRead: (command) => command === 'sum',
  };

  test('are asked of the machines, and what linearizable ones saw is in the history', () => {
    const asked = { all: 0, seen: 0 };
    for (let seed = 1; seed <= 20; seed++) {
      const machine = summing((sum) => {
        asked.all++;
        return sum;
      });
      const { committed, history, verdict } = simulate({ machine, workload, model, seed });
      expect(verdict).not.toBe('not-linearizable');
      const sums = history.filter(({ input, outcome }) => input === 'sum' && outcome === 'ok');
      asked.seen += sums.length - committed.filter((command) => command === 'sum').length;
    }
    expect(asked.seen).toBeGreaterThan(100);
    expect(asked.all).toBeGreaterThan(asked.seen);
  });

  test('that are not what the commands would say are found', () => {
    const machine = summing((sum) => sum + 1);
    expect(findWith(machine, workload, { model })).toMatch(
      /nothing explains the answer \d+ to 'sum'/,
    );
  });

  test('need a machine with a query, that throws nothing and promises nothing', () => {
    const apply = () => 0;
    const run = (machine: () => AnyMachine<Command, number>) => () => {
      for (let seed = 1; seed <= 20; seed++) {
        const { violation } = simulate({ machine, workload, seed });
        if (violation !== undefined) throw violation.error;
      }
    };
    expect(run(() => ({ apply }))).toThrow('the machine has no query');
    const later = () => ({ apply, query: async () => 0 });
    expect(run(later)).toThrow('query returned a promise');
    const fragile = () => ({
      apply,
      query: () => {
        throw new Error('not now');
      },
    });
    expect(run(fragile)).toThrow(/^query on \w throws: not now$/);
  });
});

describe('an answer', () => {
  test('is the same whatever the order of its keys', () => {
    let made = 0;
    const turned = () => {
      const isOdd = made++ % 2 > 0;
      return { apply: (add: number) => (isOdd ? { add, b: 1 } : { b: 1, add }) };
    };
    expect(findWith(turned, adding)).toBeUndefined();
  });

  test('is what it was when it was given, also if the machine goes on to change it', () => {
    const model = {
      initial: () => '',
      step: (
        state: unknown,
        input: number,
        answer: { output: number[] | undefined } | undefined,
      ) => {
        const next = `${String(state)},${input}`;
        return answer === undefined || `,${answer.output?.join()}` === next ? next : REFUSED;
      },
      hash: (state: unknown) => String(state),
    };
    const listing = () => {
      const list: number[] = [];
      return {
        apply(add: number) {
          list.push(add);
          return list;
        },
      };
    };
    expect(findWith(listing, adding, { model, members: 1, faults: [] })).toBeUndefined();
  });

  test('that differs is shown as a value', () => {
    let made = 0;
    const own = () => {
      const name = made++;
      return { apply: () => ({ name: BigInt(name).toString() }) };
    };
    expect(findWith(own, adding)).toMatch(/differ .*: \{ name: '\d' \} on \w, \{ name: '\d' \} on/);
  });

  test('may be a bigint that nothing explains', () => {
    const model = { initial: () => 0, step: () => REFUSED, hash: () => 0 } as const;
    const machine = () => ({ apply: (add: number) => BigInt(add) });
    expect(findWith(machine, adding, { model })).toMatch(/nothing explains the answer \dn to \d/);
  });
});

describe('a smaller run', () => {
  test('breaks the same rule, not another one of the same invariant', () => {
    const open = () => {
      let sum = 0;
      return { apply: (command: number) => (sum += command), digest: () => String(sum) };
    };
    const invariant = (machine: AnyMachine<number, number>) => {
      const sum = Number(machine.digest?.());
      if (sum > 5 && sum < 12) throw new Error('small');
      if (sum > 60) throw new Error('large');
    };
    for (let seed = 1; seed <= 12; seed++) {
      const options = { machine: open, workload: adding, invariant, seed };
      const { violation } = simulate(options);
      if (violation === undefined) continue;
      const word = /small|large/.exec(violation.message)?.[0] ?? 'nothing';
      expect(minimize(options).report.violation?.message).toContain(word);
    }
  });

  test('can be kept as JSON', () => {
    const fragile = () => {
      let count = 0;
      return {
        apply() {
          if (++count > 3) throw new Error('the fourth');
          return null;
        },
      };
    };
    const options = { machine: fragile, workload: adding, seed: 3 };
    const { only, plan, report } = minimize(options);
    expect(report.committed).toHaveLength(4);
    const kept = JSON.parse(JSON.stringify({ only, plan }));
    expect(simulate({ ...options, ...kept }).violation).toEqual(report.violation);
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
    [{ workload: { ...adding, retry: 'no' } }, "workload.retry is 'no'"],
    [{ workload: { ...adding, isRead: true } }, 'isRead'],
    [{ workload: {} }, 'workload is {}'],
    [{ machine: new Sum() }, 'an object with the methods machine'],
    [{ seed: undefined }, 'seed is undefined'],
    [{ invariants: [] }, 'invariants is []'],
    [{ only: { calls: {} } }, 'only.calls is no list of ids'],
    [{ plan: drawPlan(2) }, 'plan is that of seed 2, and seed is 1'],
    [{ plan: { ...drawPlan(1), members: 0 } }, 'plan.members is 0'],
    [{ durationMs: 1e9 }, 'durationMs is 1000000000'],
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

  test('invariants that return false are broken, and such with promises are refused', () => {
    const never = { ...base, invariant: () => false };
    expect(simulate(never).violation?.message).toMatch(
      /^the invariant at index 3 on \w returns false$/,
    );
    const later = { ...base, invariant: async () => Promise.reject(new Error('nobody sees this')) };
    expect(() => simulate(later)).toThrow('invariant returned a promise');
  });

  test('what the codec, the model or the factory throws is not taken for a finding', () => {
    const broken = () => {
      throw new Error('my own mistake');
    };
    const codec = { encode: () => new Uint8Array(1), decode: broken };
    expect(() => simulate({ ...base, codec })).toThrow('the codec: my own mistake');
    const model = { initial: () => 0, step: broken, hash: () => 0 };
    expect(() => simulate({ ...base, model })).toThrow('the model throws: my own mistake');
    expect(() => simulate({ ...base, machine: broken })).toThrow('machine(): my own mistake');
  });

  test('without calls, a healed cluster still shows that it commits', () => {
    const { committed, violation } = simulate({ ...base, only: { calls: [] } });
    expect(violation).toBeUndefined();
    expect(committed).toHaveLength(1);
  });

  test('without the family process nobody is dead for ever', () => {
    const families = ['network', 'partition', 'disk', 'clock'] as const;
    for (let seed = 1; seed <= 20; seed++) {
      const names = replay({ ...base, seed, faults: families }).map(({ name }) => name);
      if (drawPlan(seed).disk.failure === 0) expect(names).not.toContain('Crash');
    }
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
