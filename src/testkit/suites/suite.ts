// Suites are plain cases: run them in any test framework, in any order.
import { deepStrictEqual, ok, rejects } from 'node:assert/strict';
import { CoxswainError, type ErrorCode } from '../../errors.ts';

/** One requirement of a contract. `run` throws, or rejects, when it is not met. */
export interface Case {
  readonly name: string;
  run(): Promise<void>;
}

export function expectEqual(actual: unknown, expected: unknown, message: string): void {
  deepStrictEqual(actual, expected, message);
}

export function expectTrue(condition: boolean, message: string): void {
  ok(condition, message);
}

export async function expectCode(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await rejects(promise, (error) => {
    ok(error instanceof CoxswainError, `a CoxswainError ${code}, not ${String(error)}`);
    deepStrictEqual(error.code, code);
    return true;
  });
}
