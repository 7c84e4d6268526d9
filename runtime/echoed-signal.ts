/** No person presses Ctrl-C twice that fast and means it. */
const ECHO_MS = 1_000;

/**
 * Whether a second signal is the first one once more: the terminal sends a Ctrl-C to `npm run` and to us, and npm passes its own on.
 *
 * @param firstAt when the first one came, by `performance.now()`
 */
export function isEchoedSignal(firstAt: number, env: NodeJS.ProcessEnv = process.env): boolean {
  return Boolean(env.npm_lifecycle_event) && performance.now() - firstAt < ECHO_MS;
}
