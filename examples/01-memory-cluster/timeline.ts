// Tells what the members do, as it happens: who stands for election, who wins, who fails.
import type { ConfigNode } from './members.ts';
import type { Output } from './output.ts';

export class Timeline {
  readonly #out: Output;
  #originMs = performance.now();

  constructor(out: Output) {
    this.#out = out;
  }

  get elapsedMs(): number {
    return performance.now() - this.#originMs;
  }

  /** Begins a section: what is about to happen, and why. Times count from here. */
  section(heading: string, ...why: readonly string[]): void {
    this.#out.section(heading, ...why);
    this.#originMs = performance.now();
  }

  tell(who: string, text: string): void {
    this.#out.event(this.elapsedMs, who, text);
  }

  watch(node: ConfigNode): void {
    const { id } = node.status();
    node.on('role', ({ role, term }) => {
      if (role === 'pre-candidate') this.tell(id, 'hears no leader: would the others vote for it?');
      if (role === 'candidate') this.tell(id, `stands for election in term ${term}`);
      if (role === 'leader') this.tell(id, `wins: it leads in term ${term}`);
    });
    node.on('fault', ({ code, message }) => this.tell(id, `fails with ${code}: ${message}`));
  }
}
