import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkLinearizable, models } from '../../../../src/testkit/checkers/index.ts';
import { parseJepsenLog } from './jepsen-log.ts';

const folder = new URL('../../../../../shared/data/jepsen-etcd/', import.meta.url);
const missing = !existsSync(folder);
if (missing) console.warn(`Jepsen's histories are skipped: there is no ${folder.pathname}`);

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}

describe.skipIf(missing)("Jepsen's histories of etcd 0.4", () => {
  const verdicts = missing
    ? []
    : read('verdicts.txt')
        .trim()
        .split('\n')
        .map((line) => line.split(' '));

  it('are sixty, some linearizable and some not', () => {
    expect(verdicts).toHaveLength(60);
    expect(new Set(verdicts.map(([, verdict]) => verdict))).toEqual(new Set(['true', 'false']));
  });

  it.each(verdicts)('%s: linearizable is %s', (name = '', expected) => {
    const history = parseJepsenLog(read(name));
    expect(history.length).toBeGreaterThan(50);
    const report = checkLinearizable(history, models.register());
    expect(report.verdict).toBe(expected === 'true' ? 'linearizable' : 'not-linearizable');
    if (report.verdict !== 'not-linearizable') return;
    expect(report.prefix.length).toBeLessThanOrEqual(history.length);
    expect(checkLinearizable(report.prefix, models.register()).verdict).toBe('not-linearizable');
  });
});
