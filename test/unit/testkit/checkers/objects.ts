// The objects again, as one client at a time would find them and written without a look at the
// models: what histories are made with, and what the checker by brute force believes.
import { nextInteger, type Prng } from '../../../../src/lib/prng.ts';
import type {
  CellOutput,
  KvInput,
  LockInput,
  QueueInput,
  QueueOutput,
  RegisterInput,
} from '../../../../src/testkit/checkers/index.ts';

/** `apply` changes nothing it is given. */
export interface TrueObject<S, I, O> {
  readonly initial: S;
  apply(state: S, input: I): readonly [S, O];
  drawInput(prng: Prng): I;
  drawOutput(prng: Prng, input: I): O;
}

type Cell = string | number | bigint | boolean | null;
type Cells = Readonly<Record<string, Cell>>;

const small = (prng: Prng): number => nextInteger(prng, 0, 3);
const coin = (prng: Prng): boolean => nextInteger(prng, 0, 2) === 1;

export const trueRegister: TrueObject<Cell, RegisterInput, CellOutput> = {
  initial: 0,
  apply(state, input) {
    if (input.type === 'read') return [state, state];
    if (input.type === 'write') return [input.value, null];
    return state === input.from ? [input.to, true] : [state, false];
  },
  drawInput(prng) {
    const type = (['read', 'write', 'cas'] as const)[small(prng)] ?? 'read';
    if (type === 'write') return { type, value: small(prng) };
    return type === 'cas' ? { type, from: small(prng), to: small(prng) } : { type };
  },
  drawOutput: (prng, input) => (input.type === 'cas' ? coin(prng) : small(prng)),
};

export const trueKv: TrueObject<Cells, KvInput, CellOutput> = {
  initial: {},
  apply(state, input) {
    const { key } = input;
    const held = state[key] ?? null;
    if (input.type === 'get') return [state, held];
    if (input.type === 'put') return [{ ...state, [key]: input.value }, null];
    if (input.type === 'delete') return [{ ...state, [key]: null }, null];
    return held === input.from ? [{ ...state, [key]: input.to }, true] : [state, false];
  },
  drawInput(prng) {
    const key = coin(prng) ? 'a' : 'b';
    const type = (['get', 'get', 'put', 'delete', 'cas'] as const)[nextInteger(prng, 0, 5)];
    if (type === 'put') return { type, key, value: small(prng) };
    if (type === 'cas') return { type, key, from: coin(prng) ? null : 1, to: small(prng) };
    return { type: type ?? 'get', key };
  },
  drawOutput(prng, input) {
    if (input.type === 'cas') return coin(prng);
    return coin(prng) ? null : small(prng);
  },
};

export const trueLock: TrueObject<string | number | null, LockInput, boolean> = {
  initial: null,
  apply(holder, { type, owner }) {
    if (type === 'acquire') return holder === null ? [owner, true] : [holder, false];
    return holder === owner ? [null, true] : [holder, false];
  },
  drawInput: (prng) => ({ type: coin(prng) ? 'acquire' : 'release', owner: small(prng) }),
  drawOutput: (prng) => coin(prng),
};

export const trueQueue: TrueObject<readonly Cell[], QueueInput, QueueOutput> = {
  initial: [],
  apply(items, input) {
    if (input.type === 'enqueue') return [[...items, input.value], null];
    const [first = null, ...rest] = items;
    return [rest, first];
  },
  drawInput(prng) {
    return coin(prng) ? { type: 'enqueue', value: small(prng) } : { type: 'dequeue' };
  },
  drawOutput: (prng) => (coin(prng) ? null : small(prng)),
};
