// What the first example is made of: its input, its arguments, its text.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadInput } from '../../examples/01-memory-cluster/input.ts';
import { type Options, parseOptions } from '../../examples/01-memory-cluster/options.ts';
import { clean, wantsColour } from '../../examples/01-memory-cluster/output.ts';

const ESCAPE = '\u001b';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coxswain-example-'));
  mkdirSync(join(folder, 'tree', 'services'), { recursive: true });
  writeFileSync(join(folder, 'tree', 'a.json'), '{ "name": "a", "ports": [80, 443], "off": null }');
  writeFileSync(join(folder, 'tree', 'services', 'b.json'), '\uFEFF{ "on": true, "none": {} }');
  writeFileSync(join(folder, 'same-key.json'), '{ "a/b": 1, "a": { "b": 2 } }');
  writeFileSync(join(folder, 'nothing.json'), '{}');
  writeFileSync(join(folder, 'deep.json'), '['.repeat(10_000) + ']'.repeat(10_000));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the input of the example', () => {
  it.each([
    ['same-key.json', /^input key same-key\.json\/a\/b: two values have this same key$/],
    ['nothing.json', /^input \S+nothing\.json: there is no JSON value in it$/],
    ['deep.json', /^input key deep\.json\/0\/.*: nested too deeply$/],
  ])('is refused by name: %s', async (name, message) => {
    await expect(loadInput(join(folder, name))).rejects.toThrow(message);
  });

  it('has a key for each value: the path of the file, then the names in it', async () => {
    const { entries } = await loadInput(join(folder, 'tree'));
    expect(entries).toEqual([
      ['a.json/name', 'a'],
      ['a.json/ports/0', 80],
      ['a.json/ports/1', 443],
      ['a.json/off', null],
      ['services/b.json/on', true],
    ]);
  });
});

describe('the arguments of the example', () => {
  it.each([
    [['--members', '2'], "--members is '2'; accepted: a whole number from 3 to 9"],
    [['--members=3.5'], "--members is '3.5'; accepted: a whole number from 3 to 9"],
    [['--seed=-1'], "--seed is '-1'; accepted: a whole number from 0 to 1000000000"],
    [['--seed'], '--seed lacks its value; accepted: --input PATH, --members N, --seed N, --help'],
    [
      ['--input='],
      '--input lacks its value; accepted: --input PATH, --members N, --seed N, --help',
    ],
    [['-n'], '-n is not an option; accepted: --input PATH, --members N, --seed N, --help'],
    [['here'], "'here' is unexpected; accepted: --input PATH, --members N, --seed N, --help"],
  ])('are refused by name: %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });

  it('have defaults, and both ways to write a value', () => {
    expect(parseOptions([])).toEqual({ input: undefined, members: 3, seed: 1 });
    const given: Options = { input: 'x', members: 5, seed: 0 };
    expect(parseOptions(['--input', 'x', '--members=5', '--seed', '0'])).toEqual(given);
    expect(parseOptions(['--help'])).toBe('help');
  });
});

describe('the text of the example', () => {
  it('has colour on a terminal only, and not against NO_COLOR', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });

  it('does not pass on the control characters of its input', () => {
    expect(clean(`a${ESCAPE}[31m\nb`)).toBe('a?[31m?b');
    expect(clean('0123456789', 4)).toBe('…789');
  });
});
