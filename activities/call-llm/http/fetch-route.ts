/** Where `fetch` keeps what sends its requests: https://undici.nodejs.org/#/docs/api/DispatcherScope */
const dispatcherKey = Symbol.for('undici.globalDispatcher.1');

/**
 * Whether somebody has `fetch` send its requests another way than straight to their address: through a proxy that stands in the environment
 * (`NODE_USE_ENV_PROXY`, `--use-env-proxy`), or by `setGlobalDispatcher` of undici with a dispatcher such as `ProxyAgent`. A plain `Agent` of undici looks like the
 * one that Node.js has there itself, and is not seen: what it would set is set for `node:https` by `NODE_EXTRA_CA_CERTS` and the like.
 */
export function fetchGoesElsewhere(): boolean {
  if (process.env.NODE_USE_ENV_PROXY === '1' || usesEnvProxy) return true;
  const dispatcher = (globalThis as Record<symbol, object | undefined>)[dispatcherKey];
  return dispatcher !== undefined && dispatcher.constructor.name !== 'Agent';
}

const usesEnvProxy = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((option) =>
  option.includes('--use-env-proxy'),
);
