import { setMaxListeners } from 'node:events';

export interface LinkedSignal {
  /** Aborted with the reason of the first of them that is. */
  signal: AbortSignal;
  /** Takes the listeners off again. */
  unlink: () => void;
}

/**
 * What `AbortSignal.any` gives, for a signal that lives as long as the process: Node.js 20 keeps an entry for each composite signal at its sources for as long
 * as these live (`dependantSignals` in lib/internal/abort_controller.js).
 */
export function linkSignals(...sources: AbortSignal[]): LinkedSignal {
  const linked = new AbortController();
  const listeners = sources.map((source) => () => linked.abort(source.reason));
  // Many may listen to one that lives as long as the process.
  setMaxListeners(0, ...sources);
  sources.forEach((source, place) => {
    if (source.aborted) linked.abort(source.reason);
    else source.addEventListener('abort', listeners[place]!, { once: true });
  });
  return {
    signal: linked.signal,
    unlink: () => sources.forEach((source, place) => source.removeEventListener('abort', listeners[place]!)),
  };
}
