// What is simulated unless somebody brings a machine of their own: registers with read, write and
// compare-and-set, whose history is checked for linearizability.
import { type CellOutput, type KvInput, models } from '../checkers/index.ts';
import type { Random } from './random.ts';
import type { AnyMachine, Subject } from './subject.ts';

/** Turns of each client, after which a fresh key is taken: long histories of one are slow. */
const TURNS_PER_KEY = 40;
const VALUES = 5;

class Registers implements AnyMachine<KvInput, CellOutput> {
  readonly #values = new Map<string, CellOutput>();

  apply(command: KvInput): CellOutput {
    const value = this.#values.get(command.key) ?? null;
    switch (command.type) {
      case 'get':
        return this.query(command);
      case 'put':
        this.#values.set(command.key, command.value);
        return null;
      case 'delete':
        this.#values.delete(command.key);
        return null;
      case 'cas':
        if (value !== command.from) return false;
        this.#values.set(command.key, command.to);
        return true;
      default:
        return command satisfies never;
    }
  }

  query({ key }: KvInput): CellOutput {
    return this.#values.get(key) ?? null;
  }

  digest(): string {
    return JSON.stringify([...this.#values]);
  }
}

export const registers: Subject<KvInput, CellOutput> = {
  machine: () => new Registers(),
  workload: {
    concurrency: Number.POSITIVE_INFINITY,
    isRead: ({ type }) => type === 'get',
    next: (draw, _client, turn) => drawCommand(draw, `k${Math.floor(turn / TURNS_PER_KEY)}`),
  },
  model: models.kv(),
};

function drawCommand(draw: Random, key: string): KvInput {
  switch (draw.integer(0, 3)) {
    case 0:
      return { type: 'get', key };
    case 1:
      return { type: 'put', key, value: draw.integer(1, VALUES) };
    default:
      return {
        type: 'cas',
        key,
        from: draw.pick([null, draw.integer(1, VALUES)]),
        to: draw.integer(1, VALUES),
      };
  }
}
