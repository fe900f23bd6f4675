// What the command line of the mutants may say.
import { parseArgs } from 'node:util';
import { HUNT_SECONDS, LAYERS, type Layer } from './layers.ts';
import type { Mutant } from './mutant.ts';

export const USAGE: string = `npm run mutants -- [--only NAME] [--part K/N | --rotate N] \
[--layers ${LAYERS.join(',')}] [--every-layer] [--seconds S] [--budget S] [--list]`;

const BUDGET_SECONDS = 60;

export interface Wanted {
  readonly mutants: readonly Mutant[];
  readonly layers: readonly Layer[];
  /** Run all layers of each mutant, even after one has caught it. */
  readonly everyLayer: boolean;
  /** How long the simulator searches. */
  readonly huntSeconds: number;
  /** A mutant that takes longer, all layers together, is not caught. */
  readonly budgetSeconds: number;
  readonly list: boolean;
  readonly help: boolean;
}

const DAY_MS = 86_400_000;

/** Throws a TypeError that says what is accepted. */
export function parseWanted(
  args: readonly string[],
  catalog: readonly Mutant[],
  nowMs: number,
): Wanted {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      part: { type: 'string' },
      rotate: { type: 'string' },
      layers: { type: 'string' },
      'every-layer': { type: 'boolean' },
      seconds: { type: 'string' },
      budget: { type: 'string' },
      list: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const { layers, only, part, rotate } = values;
  if ([only, part, rotate].filter((each) => each !== undefined).length > 1) {
    throw new TypeError(`--only, --part and --rotate exclude each other. ${USAGE}`);
  }
  return {
    mutants: chosen(catalog, { only, part, rotate }, nowMs),
    layers: layers === undefined ? LAYERS : layersOf(layers),
    everyLayer: values['every-layer'] === true,
    huntSeconds: secondsOf('seconds', values.seconds, HUNT_SECONDS, HUNT_SECONDS),
    budgetSeconds: secondsOf('budget', values.budget, BUDGET_SECONDS, 10 * BUDGET_SECONDS),
    list: values.list === true,
    help: values.help === true,
  };
}

/** What is planted, and what the layers asked for can look at. */
function chosen(
  catalog: readonly Mutant[],
  { only, part, rotate }: Readonly<Record<'only' | 'part' | 'rotate', string | undefined>>,
  nowMs: number,
): readonly Mutant[] {
  if (only !== undefined) return named(catalog, only);
  const [k, n] = partOf(part, rotate, nowMs);
  if (n > catalog.length) throw new TypeError(`there are ${catalog.length} mutants. ${USAGE}`);
  return catalog.filter((_, at) => at % n === k - 1);
}

function named(catalog: readonly Mutant[], only: string): readonly Mutant[] {
  const names = only.split(',');
  for (const name of names) {
    if (catalog.some((mutant) => mutant.name === name)) continue;
    const known = catalog.map((mutant) => mutant.name).join(', ');
    throw new TypeError(`--only is ${name}; accepted: ${known}. ${USAGE}`);
  }
  return catalog.filter(({ name }) => names.includes(name));
}

/** Part k of n: as asked, or another one each day. */
function partOf(
  part: string | undefined,
  rotate: string | undefined,
  nowMs: number,
): readonly [number, number] {
  if (rotate !== undefined) {
    const n = /^[1-9]\d*$/.test(rotate) ? Number(rotate) : 0;
    if (n === 0) throw new TypeError(`--rotate is ${rotate}; accepted: a whole number. ${USAGE}`);
    return [(Math.floor(nowMs / DAY_MS) % n) + 1, n];
  }
  if (part === undefined) return [1, 1];
  const [, k = 0, n = 0] = (/^([1-9]\d*)\/([1-9]\d*)$/.exec(part) ?? []).map(Number);
  if (k < 1 || k > n) throw new TypeError(`--part is ${part}; accepted: 1/N to N/N. ${USAGE}`);
  return [k, n];
}

function secondsOf(
  name: string,
  text: string | undefined,
  otherwise: number,
  most: number,
): number {
  if (text === undefined) return otherwise;
  if (/^[1-9]\d*$/.test(text) && Number(text) <= most) return Number(text);
  throw new TypeError(`--${name} is ${text}; accepted: 1 to ${most}. ${USAGE}`);
}

function layersOf(text: string): readonly Layer[] {
  const names = text.split(',');
  const bad = names.find((name) => !LAYERS.some((layer) => layer === name));
  if (bad !== undefined) {
    throw new TypeError(`--layers has ${bad}; accepted: ${LAYERS.join(', ')}. ${USAGE}`);
  }
  return LAYERS.filter((layer) => names.includes(layer));
}
