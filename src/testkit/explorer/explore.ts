// Breadth first through everything a small cluster of real cores can do, so that the first
// counterexample found is a shortest one. What can happen is in successors.ts.
import { assert } from '../../lib/assert.ts';
import { canonicalOf } from './canon.ts';
import { Catalog } from './catalog.ts';
import { checkScope, DEFAULT_SCOPE, idOf, type Scope } from './scope.ts';
import { Successors, type Visit } from './successors.ts';
import { describeAction } from './wording.ts';
import { decodeWorld, type World } from './world.ts';

export interface Exploration {
  readonly states: number;
  /** Ways from one state to another, those to known states included. */
  readonly transitions: number;
  /** Actions it takes to the farthest state seen. */
  readonly depth: number;
  /** False when `maxStates` or a violation ended it. */
  readonly complete: boolean;
  readonly violation?: Violation;
}

export interface Violation {
  readonly message: string;
  /** What happened, from the beginning to the action that broke a rule. */
  readonly path: readonly string[];
}

/**
 * Deterministic: the same scope has the same states, in the same order. Throws ERR_INVALID_OPTION
 * for a bound that makes no sense.
 */
export function explore(scope: Partial<Scope> = {}): Exploration {
  const whole = { ...DEFAULT_SCOPE, ...scope };
  checkScope(whole);
  return new Search(whole).run();
}

class Search {
  readonly #scope: Scope;
  readonly #catalog: Catalog;
  readonly #successors: Successors;
  /** Every state seen, in the order of discovery; of each, where it came from and by which way. */
  readonly #texts: string[] = [];
  readonly #parents: number[] = [];
  readonly #ordinals: number[] = [];
  readonly #seen = new Set<string>();
  #transitions = 0;
  #violation: Violation | undefined;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#catalog = new Catalog(scope);
    this.#successors = new Successors(scope, this.#catalog);
  }

  run(): Exploration {
    this.#discover(this.#successors.first(), 0, 0);
    let depth = 0;
    let layerEnd = 1;
    let at = 0;
    for (; at < this.#texts.length && this.#violation === undefined; at++) {
      if (this.#texts.length >= this.#scope.maxStates) break;
      if (at === layerEnd) {
        depth++;
        layerEnd = this.#texts.length;
      }
      this.#expand(at);
    }
    const complete = this.#violation === undefined && at === this.#texts.length;
    const figures = { states: this.#texts.length, transitions: this.#transitions, depth, complete };
    return this.#violation === undefined ? figures : { ...figures, violation: this.#violation };
  }

  #expand(from: number): void {
    let ordinal = 0;
    this.#successors.each(this.#worldAt(from), (_, outcome) => {
      if (this.#violation !== undefined) return;
      this.#transitions++;
      if ('message' in outcome) {
        this.#violation = { message: outcome.message, path: this.#pathTo(from, ordinal) };
      } else {
        this.#discover(outcome, from, ordinal++);
      }
    });
  }

  #discover(world: World, from: number, ordinal: number): void {
    const { text } = canonicalOf(world, this.#catalog);
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    this.#texts.push(text);
    this.#parents.push(from);
    this.#ordinals.push(ordinal);
  }

  #worldAt(state: number): World {
    return decodeWorld(this.#texts[state] ?? '', this.#scope.members);
  }

  /** Ways are not kept but taken again: a state's successors come in the same order. */
  #pathTo(from: number, last: number): readonly string[] {
    const ways: { readonly from: number; readonly ordinal: number }[] = [{ from, ordinal: last }];
    for (let at = from; at > 0; at = this.#parents[at] ?? 0) {
      ways.unshift({ from: this.#parents[at] ?? 0, ordinal: this.#ordinals[at] ?? 0 });
    }
    let names: readonly string[] = Array.from({ length: this.#scope.members }, (_, at) => idOf(at));
    return ways.map((way) => {
      const [action, outcome] = this.#take(way.from, way.ordinal);
      const text = describeAction(action, names);
      if (!('message' in outcome)) names = this.#renameNames(names, outcome);
      return text;
    });
  }

  #take(from: number, ordinal: number): Parameters<Visit> {
    let at = 0;
    let taken: Parameters<Visit> | undefined;
    this.#successors.each(this.#worldAt(from), (action, outcome) => {
      if (at++ === ordinal) taken = [action, outcome];
    });
    assert(taken !== undefined, 'the same state has the same successors');
    return taken;
  }

  /** Who is called what, once the state is replaced by the one that stands for it. */
  #renameNames(names: readonly string[], world: World): readonly string[] {
    const renaming = this.#catalog.renamings[canonicalOf(world, this.#catalog).way] ?? [];
    const renamed = [...names];
    for (const [at, name] of names.entries()) renamed[renaming[at] ?? at] = name;
    return renamed;
  }
}
