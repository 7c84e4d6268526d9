import { connect } from 'node:net';
import { join } from 'node:path';
import { projectRoot } from '../runtime/project-root';
import { startManagedProcess } from './managed-process';
import type { ServerContext, ServerHandle } from './types';

export interface SimulatorOptions {
  seed?: number;
  timeScale?: number;
  preferredPort: number;
}

/** Starts the LLM simulator. Throws HW_STACK_FAILED. */
export async function startSimulator(
  context: ServerContext,
  options: SimulatorOptions,
): Promise<{ server: ServerHandle; baseUrl: string }> {
  const { seed, timeScale } = options;
  const port = await context.ports.reserve(options.preferredPort);
  const server = await startManagedProcess(context, {
    name: 'llm-simulator',
    command: process.execPath,
    args: [join(projectRoot(), 'dist', 'stack', 'llm-simulator', 'main.js')],
    env: {
      ...context.env,
      SIMULATOR_PORT: String(port),
      ...(seed === undefined ? {} : { SIMULATOR_SEED: String(seed) }),
      ...(timeScale === undefined ? {} : { SIMULATOR_TIME_SCALE: String(timeScale) }),
    },
    ready: () => accepts(port),
  });
  return { server, baseUrl: `http://127.0.0.1:${port}/v1` };
}

function accepts(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
