// The process of a row: measures what it is told to, answers, and ends when nobody asks any more.
import { measureCore } from './core-row.ts';
import { measureIdle } from './idle-row.ts';
import { measureLoad } from './load-row.ts';
import type { RowReply, RowSpec } from './row-types.ts';

process.on('message', (spec: RowSpec) => {
  measure(spec).then(
    (result) => reply({ result }),
    (cause: unknown) =>
      reply({ error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) }),
  );
});

async function measure(spec: RowSpec): Promise<object> {
  switch (spec.kind) {
    case 'closed':
    case 'open':
      return measureLoad(spec);
    case 'core':
      return measureCore(spec);
    case 'idle':
      return measureIdle(spec);
  }
}

function reply(message: RowReply): void {
  process.send?.(message);
}
