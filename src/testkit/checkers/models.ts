// The objects most machines are made of, as sequential specifications. A key that holds nothing, a
// register never written and an empty queue all answer null; undefined is taken for null.
import { type Answer, type Model, REFUSED } from './model.ts';

/** What a register, a key or a queue holds: encode what is richer as text. -0 is 0. */
export type Value = string | number | bigint | boolean;

export type RegisterInput =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: Value | null }
  | { readonly type: 'cas'; readonly from: Value | null; readonly to: Value | null };

export type KvInput =
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'put'; readonly key: string; readonly value: Value | null }
  | { readonly type: 'delete'; readonly key: string }
  | {
      readonly type: 'cas';
      readonly key: string;
      readonly from: Value | null;
      readonly to: Value | null;
    };

/** Of a read (get): what was there. Of a cas: whether it was done. Of all others: not looked at. */
export type CellOutput = Value | null | boolean;

export interface LockInput {
  readonly type: 'acquire' | 'release';
  /** Who is to hold the lock, or to hold it no more. */
  readonly owner: string | number;
}

export type QueueInput =
  | { readonly type: 'enqueue'; readonly value: Value }
  | { readonly type: 'dequeue' };

/** Of a dequeue: the value, or null if the queue was empty. Of an enqueue: not looked at. */
export type QueueOutput = Value | null;

type Held = Value | null;
type Told = Answer<Held> | undefined;

/** The models that come with the library. Name the object in `Operation.key` if there are many. */
export const models: {
  /** A register with read, write and compare-and-set; `initial` is what it holds at first. */
  register(options?: {
    readonly initial?: Value | null;
  }): Model<Value | null, RegisterInput, CellOutput>;
  /** Keys with get, put, delete and compare-and-set, each checked by itself; all empty at first. */
  kv(): Model<Value | null, KvInput, CellOutput>;
  /**
   * A lock for one owner at a time, free at first. The output says whether it was done: an acquire
   * is refused (false) while anybody holds the lock, its owner too; a release by anybody else is.
   * It does not expire.
   */
  lock(): Model<string | number | null, LockInput, boolean>;
  /** A queue, first in, first out, empty at first. A check takes longer the longer it gets. */
  queue(): Model<readonly Value[], QueueInput, QueueOutput>;
} = {
  register: ({ initial = null } = {}) => ({
    initial: () => initial,
    hash: (state) => state,
    step: stepRegister,
    isRead: isCellRead,
  }),
  kv: () => ({
    initial: () => null,
    hash: (state) => state,
    step: stepKey,
    isRead: isCellRead,
    key: ({ key }) => key,
  }),
  lock: () => ({
    initial: () => null,
    hash: (state) => state,
    step: stepLock,
    isRead: (_input, { output }) => output === false,
  }),
  queue: () => ({
    initial: () => [],
    hash: hashQueue,
    step: stepQueue,
    isRead: ({ type }, { output }) => type === 'dequeue' && (output ?? null) === null,
  }),
};

function isCellRead({ type }: RegisterInput | KvInput, { output }: Answer<Held>): boolean {
  return type === 'read' || type === 'get' || (type === 'cas' && output === false);
}

function stepRegister(state: Held, input: RegisterInput, answer: Told): Held | typeof REFUSED {
  switch (input.type) {
    case 'read':
      return read(state, answer);
    case 'write':
      return input.value ?? null;
    case 'cas':
      return compareAndSet(state, input.from, input.to, answer);
    default:
      return input satisfies never;
  }
}

function stepKey(state: Held, input: KvInput, answer: Told): Held | typeof REFUSED {
  switch (input.type) {
    case 'get':
      return read(state, answer);
    case 'put':
      return input.value ?? null;
    case 'delete':
      return null;
    case 'cas':
      return compareAndSet(state, input.from, input.to, answer);
    default:
      return input satisfies never;
  }
}

function stepLock(
  holder: string | number | null,
  { type, owner }: LockInput,
  answer: Told,
): string | number | null | typeof REFUSED {
  switch (type) {
    case 'acquire':
      return answered(holder === null, answer, owner, holder);
    case 'release':
      return answered(holder === owner, answer, null, holder);
    default:
      return type satisfies never;
  }
}

function stepQueue(
  items: readonly Value[],
  input: QueueInput,
  answer: Told,
): readonly Value[] | typeof REFUSED {
  switch (input.type) {
    case 'enqueue':
      return [...items, input.value];
    case 'dequeue': {
      const first = items[0] ?? null;
      if (answer !== undefined && !same(first, answer.output ?? null)) return REFUSED;
      return first === null ? items : items.slice(1);
    }
    default:
      return input satisfies never;
  }
}

// With the length of each, or two short values would read as one long one.
function hashQueue(items: readonly Value[]): string {
  return items.map((item) => `${typeof item}${String(item).length}:${item}`).join();
}

function read(state: Held, answer: Told): Held | typeof REFUSED {
  return answer === undefined || same(state, answer.output ?? null) ? state : REFUSED;
}

function compareAndSet(state: Held, from: Held, to: Held, answer: Told): Held | typeof REFUSED {
  return answered(same(state, from), answer, to, state);
}

/** `after` if `done`, `before` if not, unless a client was told otherwise. */
function answered<S>(done: boolean, answer: Told, after: S, before: S): S | typeof REFUSED {
  if (answer !== undefined && answer.output !== done) return REFUSED;
  return done ? after : before;
}

/** As a Map compares its keys. */
function same(one: Held, other: Held): boolean {
  return one === other || (Number.isNaN(one) && Number.isNaN(other));
}
