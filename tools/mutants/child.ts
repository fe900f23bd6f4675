// One child process with a limit on its time. It and what it started end together.
import { type ChildProcess, spawn } from 'node:child_process';

export interface Outcome {
  /** Undefined when it was stopped at its limit. */
  readonly code: number | undefined;
  readonly output: string;
  readonly errors: string;
  readonly seconds: number;
}

const MAX_TEXT = 1 << 20;

export function runNode(args: readonly string[], cwd: string, limitMs: number): Promise<Outcome> {
  const started = performance.now();
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' };
  // A group of its own: a test runner has children too.
  const child = spawn(process.execPath, [...args], { cwd, env, detached: true });
  const endWithUs = () => killGroup(child);
  process.once('exit', endWithUs);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-MAX_TEXT);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-MAX_TEXT);
  });
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child);
    }, limitMs);
    const settle = () => {
      clearTimeout(timer);
      process.removeListener('exit', endWithUs);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (code) => {
      settle();
      const seconds = (performance.now() - started) / 1000;
      resolve({ code: late ? undefined : (code ?? 1), output, errors, seconds });
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
