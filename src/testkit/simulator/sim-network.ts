// The links between members: each direction has its own delay, loss and cuts. What happens to a
// message is decided when it is sent; a cut is looked at again when it would arrive.
import type { NetworkPlan } from './plan.ts';
import type { Stream } from './streams.ts';

export class SimNetwork {
  readonly #plan: NetworkPlan;
  readonly #size: number;
  readonly #draw: Stream;
  readonly #cut: Uint8Array;
  readonly #clogUntilUs: Float64Array;
  #calm = false;
  #calmDelayUs = 0;

  constructor(plan: NetworkPlan, size: number, draw: Stream) {
    this.#plan = plan;
    this.#size = size;
    this.#draw = draw;
    this.#cut = new Uint8Array(size * size);
    this.#clogUntilUs = new Float64Array(size * size);
  }

  /** Arrival times of the copies of one message; none when it is lost. */
  arrivals(from: number, to: number, nowUs: number): readonly number[] {
    const { loss, repeat, replay } = this.#plan;
    if (this.#calm) return [nowUs + 1 + Math.floor(this.#draw.unit() * this.#calmDelayUs)];
    if (this.isCut(from, to) || this.#draw.chance(loss)) return [];
    const clear = Math.max(nowUs, this.#clogUntilUs[from * this.#size + to] ?? 0);
    const times = [clear + this.#delayUs()];
    if (this.#draw.chance(repeat)) times.push(clear + this.#delayUs());
    if (this.#draw.chance(replay)) times.push(clear + this.#delayUs() * 1000);
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

  /** Only members of the same group reach each other. */
  partition(groups: readonly (readonly number[])[]): void {
    for (const group of groups) {
      for (let other = 0; other < this.#size; other++) {
        if (group.includes(other)) continue;
        for (const member of group) {
          this.cut(member, other);
          this.cut(other, member);
        }
      }
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

  #delayUs(): number {
    const { delayMeanMs, delayMinMs } = this.#plan;
    return Math.ceil((delayMinMs + this.#draw.exponential(delayMeanMs)) * 1000) + 1;
  }
}
