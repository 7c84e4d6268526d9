import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../runtime/project-root';

export interface HeadwayProcesses {
  group: string;
  bridgePid: number;
  workerPid: number;
  stop(): Promise<void>;
}

/** One bridge and one worker as a user starts them, on topics and task queues of their own. Resolves when both are up. */
export async function startHeadway(
  stackFile: string,
  name: string,
  topics: { queue: string; results: string; dlq: string },
  packMax: number,
): Promise<HeadwayProcesses> {
  const env = {
    HEADWAY_STACK_FILE: stackFile,
    HEADWAY_EXIT_WITH_PARENT: '1',
    QUEUE_TOPIC: topics.queue,
    RESULTS_TOPIC: topics.results,
    DLQ_TOPIC: topics.dlq,
    KAFKA_GROUP_ID: name,
    HEADWAY_TASK_QUEUE: name,
    HEADWAY_LLM_TASK_QUEUE: `${name}-llm`,
    PACK_MAX: String(packMax),
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
  };
  const worker = start('workers/main.js', env);
  const bridge = start('bridge/kafka/main.js', env);
  await Promise.all([said(worker, /worker is up/), said(bridge, /joined the group/)]);
  return {
    group: name,
    bridgePid: bridge.pid ?? -1,
    workerPid: worker.pid ?? -1,
    async stop() {
      await Promise.all([bridge, worker].map(ended));
    },
  };
}

function start(entry: string, env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn(process.execPath, [join(projectRoot(), 'dist', entry)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return child;
}

function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (chunk) => {
      text += String(chunk);
      if (pattern.test(text)) resolve();
    });
    child.on('close', (code) => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}:\n${text}`)));
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.on('close', () => resolve());
    child.kill('SIGTERM');
  });
}
