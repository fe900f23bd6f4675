// A meter for parts that are tested on their own.
import { createCounting } from '../../../src/runtime/metrics/counters.ts';
import { RequestMeter } from '../../../src/runtime/metrics/request-meter.ts';

export function requestMeter(): RequestMeter {
  return new RequestMeter({ now: () => 0 }, createCounting());
}
