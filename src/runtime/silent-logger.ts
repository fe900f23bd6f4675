// The default logger: a library says nothing unless it is asked.
import type { Logger } from '../contracts/index.ts';

const say = () => undefined;

export const silentLogger: Logger = { debug: say, info: say, warn: say, error: say };
