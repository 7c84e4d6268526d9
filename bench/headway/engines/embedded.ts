import type { StartEngine } from './engine';

/** The development server that the stack starts by itself, on SQLite. */
export const startEmbedded: StartEngine = () =>
  Promise.resolve({
    env: {},
    storage: 'SQLite (WAL, synchronous=NORMAL)',
    pids: () => ({ temporal: [], database: [] }),
    stop: () => Promise.resolve(),
  });
