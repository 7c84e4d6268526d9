import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { projectRoot } from '../../runtime/project-root';
import { startStack } from '../../stack/start-stack';
import { serverPids } from '../process-memory';
import type { Consumer, Contender, RunContext } from './contender';
import { startProgram } from './program';

/** Each consumer is a bridge and a worker, as on a machine of their own: a kill ends both. */
export const headway: Contender = {
  name: 'headway',
  // A pack is of one partition: with few of them packs are fuller.
  partitions: 4,
  title: 'Headway',
  about:
    'this project as it is set up by default, on 4 partitions: packs of up to 50, background mode, Temporal 1.29.1 on its embedded database; a consumer is a bridge and a worker, ' +
    'which are killed together; its timeouts are not scaled',
  withoutSlots: 'a call in background mode occupies no slot: the provider holds it',
  prepare: () => Promise.resolve(),

  async startServers({ dataDir, signal, env }) {
    const stateFile = join(dataDir, 'stack.json');
    const stack = await startStack({
      components: ['temporal', 'postgres'],
      dataDir: join(dataDir, 'stack'),
      stateFile,
      signal,
      // Nothing of the caller's may point elsewhere; the broker and the simulator are there already.
      env: { PATH: process.env.PATH, HOME: process.env.HOME, KAFKA_BROKERS: env.KAFKA_BROKERS },
    });
    const pids = Object.entries(serverPids(stack.servers)).filter(
      (entry): entry is [string, number] => entry[1] !== undefined,
    );
    return {
      pids: Object.fromEntries(pids),
      env: {
        HEADWAY_STACK_FILE: stateFile,
        TEMPORAL_ADDRESS: stack.addresses.temporalAddress ?? '',
        DATABASE_URL: stack.addresses.databaseUrl ?? '',
      },
      stop: () => stack.stop(),
    };
  },

  async startConsumer(context, servers, index) {
    const env = { ...servers.env, ...programEnv(context) };
    const start = (name: string, entry: string, ready: RegExp) =>
      startProgram(name, {
        command: process.execPath,
        args: [join(projectRoot(), 'dist', entry)],
        env,
        ready,
      });
    const pair = await Promise.all([
      start(`bridge-${index}`, 'bridge/kafka/main.js', /"joined the group"/),
      start(`worker-${index}`, 'workers/main.js', /worker is up/),
    ]);
    return together(pair);
  },

  /** A job that has no result is in a workflow that runs, or still on the topic. */
  async held(context, servers, ids) {
    const connection = await Connection.connect({ address: servers.env.TEMPORAL_ADDRESS });
    try {
      const client = new Client({ connection });
      const uncommitted = new Set(await context.uncommitted(ids));
      const handedOver = ids.filter((id) => !uncommitted.has(id));
      const running = await Promise.all(
        handedOver.map((id) =>
          client.workflow.count(
            `ExecutionStatus = 'Running' AND (HeadwayJobIds = '${id}' OR WorkflowId = '${id}')`,
          ),
        ),
      );
      return uncommitted.size + running.filter(({ count }) => count > 0).length;
    } finally {
      await connection.close();
    }
  },
};

function programEnv({ env, topics, group, name, llmUrl }: RunContext): Record<string, string> {
  return {
    KAFKA_BROKERS: env.KAFKA_BROKERS ?? '',
    QUEUE_TOPIC: topics.queue,
    RESULTS_TOPIC: topics.results,
    DLQ_TOPIC: topics.dlq,
    KAFKA_GROUP_ID: group,
    HEADWAY_TASK_QUEUE: name,
    HEADWAY_LLM_TASK_QUEUE: `${name}-llm`,
    OPENAI_BASE_URL: llmUrl,
    OPENAI_API_KEY: 'bench',
    HEADWAY_EXIT_WITH_PARENT: '1',
    LOG_FORMAT: 'json',
    LOG_LEVEL: 'info',
  };
}

/** One consumer out of several processes. */
function together(programs: Consumer[]): Consumer {
  const all = async (what: 'kill' | 'startAgain' | 'stop') =>
    void (await Promise.all(programs.map((program) => program[what]())));
  return {
    pids: () => Object.assign({}, ...programs.map((program) => program.pids())) as Record<string, number>,
    kill: () => all('kill'),
    startAgain: () => all('startAgain'),
    stop: () => all('stop'),
    onEndedByItself: (listener) => programs.forEach((program) => program.onEndedByItself(listener)),
  };
}
