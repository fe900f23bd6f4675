// A state machine of some size: how many there are of each article.
import type { SnapshotMeta, StateMachine } from 'coxswain';

export interface Delivery {
  readonly article: string;
  readonly count: number;
}

export class Inventory implements StateMachine<Delivery, number, string, number> {
  readonly #counts = new Map<string, number>();
  /** How many commands this replica was given, and where it was restored. */
  applied = 0;
  readonly restored: SnapshotMeta[] = [];

  apply({ article, count }: Delivery): number {
    this.applied++;
    const total = (this.#counts.get(article) ?? 0) + count;
    this.#counts.set(article, total);
    return total;
  }

  query(article: string): number {
    return this.#counts.get(article) ?? 0;
  }

  /**
   * A copy of what is there now, as commands go on while it is read; only the text is made later,
   * piece by piece. (In a generator method even the copy would be made later: too late.)
   */
  snapshot(): Iterable<Uint8Array> {
    return linesOf([...this.#counts]);
  }

  async restore(chunks: AsyncIterable<Uint8Array>, meta: SnapshotMeta): Promise<void> {
    this.#counts.clear();
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.#read(line);
    }
    this.restored.push(meta);
  }

  #read(line: string): void {
    const [article = '', count] = line.split('\t');
    this.#counts.set(article, Number(count));
  }
}

function* linesOf(counts: readonly (readonly [string, number])[]): Generator<Uint8Array> {
  for (const [article, count] of counts) yield Buffer.from(`${article}\t${count}\n`);
}
