// The links between members: each direction has its own delay, loss and cuts. What happens to a
// message is decided when it is sent; a cut is looked at again when it would arrive.
import type { NetworkPlan } from './plan.ts';
import { Random } from './random.ts';

export class SimNetwork {
  readonly #plan: NetworkPlan;
  readonly #size: number;
  readonly #links: readonly Random[];
  readonly #cut: Uint8Array;
  readonly #clogUntilUs: Float64Array;
  #calm = false;
  #calmDelayUs = 0;

  constructor(plan: NetworkPlan, size: number, seed: number) {
    this.#plan = plan;
    this.#size = size;
    const links = Array.from({ length: size * size }, (_, link) => link);
    this.#links = links.map((link) => new Random(seed, `link ${link}`));
    this.#cut = new Uint8Array(size * size);
    this.#clogUntilUs = new Float64Array(size * size);
  }

  /** Arrival times of the copies of one message; none when it is lost. */
  arrivals(from: number, to: number, nowUs: number): readonly number[] {
    const { loss, repeat, replay } = this.#plan;
    const link = from * this.#size + to;
    const draw = this.#links[link] as Random;
    if (this.isCut(from, to)) return [];
    if (this.#calm) return [nowUs + 1 + Math.floor(draw.unit() * this.#calmDelayUs)];
    if (draw.chance(loss)) return [];
    const clear = Math.max(nowUs, this.#clogUntilUs[link] ?? 0);
    const times = [clear + this.#delayUs(draw)];
    if (draw.chance(repeat)) times.push(clear + this.#delayUs(draw));
    if (draw.chance(replay)) times.push(clear + this.#delayUs(draw) * 1000);
    return times;
  }

  isCut(from: number, to: number): boolean {
    return this.#cut[from * this.#size + to] === 1;
  }

  cut(from: number, to: number): void {
    if (from !== to) this.#cut[from * this.#size + to] = 1;
  }

  restore(from: number, to: number): void {
    this.#cut[from * this.#size + to] = 0;
  }

  clog(from: number, to: number, untilUs: number): void {
    this.#clogUntilUs[from * this.#size + to] = untilUs;
  }

  /** Nothing reaches the member, and nothing leaves it. */
  isolate(member: number): void {
    for (let other = 0; other < this.#size; other++) {
      this.cut(member, other);
      this.cut(other, member);
    }
  }

  heal(): void {
    this.#cut.fill(0);
    this.#clogUntilUs.fill(0);
  }

  /** From now on nothing is lost, repeated or late, but where a link is cut by hand. */
  calmDown(delayUs: number): void {
    this.heal();
    this.#calm = true;
    this.#calmDelayUs = delayUs;
  }

  #delayUs(draw: Random): number {
    const { delayMeanMs, delayMinMs } = this.#plan;
    return Math.ceil((delayMinMs + draw.exponential(delayMeanMs)) * 1000) + 1;
  }
}
