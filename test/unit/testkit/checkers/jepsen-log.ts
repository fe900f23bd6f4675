// Reads a history that Jepsen logged against one register of etcd: `:info` is an outcome nobody
// knows, a failed read is left out, and a failed cas is one that found another value.
import type {
  CellOutput,
  Operation,
  RegisterInput,
} from '../../../../src/testkit/checkers/index.ts';

type RegisterOperation = Operation<RegisterInput, CellOutput>;

const LINE = /jepsen\.util - (\S+)\t:(invoke|ok|fail|info)\t:(read|write|cas)\t(.*)$/;

/** Times are line numbers. */
export function parseJepsenLog(text: string): readonly RegisterOperation[] {
  const open = new Map<string, RegisterOperation>();
  const done: RegisterOperation[] = [];
  text.split('\n').forEach((line, at) => {
    if (line.trim() === '') return;
    const [, client, kind, op, value] = LINE.exec(line) ?? [];
    if (client === undefined || op === undefined || value === undefined) {
      throw new Error(`line ${at + 1} is no event: ${line}`);
    }
    if (kind === 'invoke') {
      const input = inputOf(op, value);
      open.set(client, { client, op, input, callAt: at, outcome: 'unknown' });
      return;
    }
    const called = open.get(client);
    if (called === undefined) throw new Error(`line ${at + 1}: client ${client} called nothing`);
    open.delete(client);
    done.push(kind === 'info' ? called : returned(called, kind === 'ok', value, at));
  });
  return [...done, ...open.values()];
}

function inputOf(op: string, value: string): RegisterInput {
  const [first = null, second = null] = numbersIn(value);
  if (op === 'read') return { type: 'read' };
  return op === 'write'
    ? { type: 'write', value: first }
    : { type: 'cas', from: first, to: second };
}

function returned(
  called: RegisterOperation,
  ok: boolean,
  value: string,
  returnAt: number,
): RegisterOperation {
  const { type } = called.input;
  if (!ok && type !== 'cas') return { ...called, outcome: 'failed' };
  const output = type === 'cas' ? ok : (numbersIn(value)[0] ?? null);
  return { ...called, output, returnAt, outcome: 'ok' };
}

function numbersIn(value: string): readonly number[] {
  return (value.match(/-?\d+/g) ?? []).map(Number);
}
