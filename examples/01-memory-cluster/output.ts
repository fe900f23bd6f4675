// Text for people: numbered sections, events with their time, aligned tables.

export type Row = readonly string[];
type Style = 'bold' | 'dim' | 'cyan' | 'green' | 'red';

const CODES: Readonly<Record<Style, number>> = { bold: 1, dim: 2, cyan: 36, green: 32, red: 31 };

/** Colour only where a person looks, and not when NO_COLOR asks for none (no-color.org). */
export function wantsColour(
  stream: { readonly isTTY?: boolean },
  env: { readonly NO_COLOR?: string | undefined; readonly TERM?: string | undefined },
): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
}

export class Output {
  readonly #stream: { write(text: string): unknown };
  readonly #colour: boolean;
  #sections = 0;

  constructor(stream: { write(text: string): unknown }, colour: boolean) {
    this.#stream = stream;
    this.#colour = colour;
  }

  title(text: string, about: string): void {
    this.#line(this.#style('bold', text));
    this.#line(about);
  }

  section(heading: string, ...why: readonly string[]): void {
    this.#sections++;
    this.#line('');
    this.#line(this.#style('bold', `${this.#sections}  ${heading}`));
    for (const text of why) this.#line(this.#style('dim', `   ${text}`));
  }

  say(text: string): void {
    this.#line(`   ${text}`);
  }

  /** Something happened at a time, to a member if `who` is not empty. */
  event(atMs: number, who: string, text: string): void {
    const time = this.#style('dim', `${atMs.toFixed(0).padStart(6)} ms`);
    this.#line(`${time}  ${this.#style('cyan', who.padEnd(1))}  ${text}`);
  }

  /** A check that held. */
  proved(text: string): void {
    this.say(`${this.#style('green', 'ok')}  ${text}`);
  }

  end(text: string): void {
    this.#line('');
    this.#line(this.#style('bold', text));
  }

  failed(text: string): void {
    this.#line(`${this.#style('red', 'failed:')} ${clean(text, 1000)}`);
  }

  /** Columns are as wide as they need to be; those named in `right` are aligned to the right. */
  table(header: Row, rows: readonly Row[], right: readonly number[] = []): void {
    const all = [header, ...rows];
    const widths = header.map((_, at) => Math.max(...all.map((row) => row[at]?.length ?? 0)));
    for (const row of all) {
      const cells = row.map((cell, at) => {
        const width = widths[at] ?? 0;
        return right.includes(at) ? cell.padStart(width) : cell.padEnd(width);
      });
      const text = `   ${cells.join('   ').trimEnd()}`;
      this.#line(row === header ? this.#style('dim', text) : text);
    }
  }

  #line(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  #style(style: Style, text: string): string {
    return this.#colour ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  }
}

export function grouped(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text from elsewhere: its control characters would act on the terminal. */
export function clean(text: string, most = 60): string {
  const plain = text.replace(/\p{Cc}/gu, '?');
  return plain.length <= most ? plain : `…${plain.slice(1 - most)}`;
}
