import { createPackStarter } from '../../bridge/start-pack';
import type { PackJob } from '../../contracts/pack';
import { pipelineNamed } from '../../pipelines/registry';
import type { FloodStack } from '../flood/flood-stack';

const JOBS = 50;

/** State transitions and history events of a pack of 50 with jobs of so many tenants: each costs LLM activities of its own. */
export async function measureGroups(flood: FloodStack, tenants: number[], rounds: number) {
  const queues = { taskQueue: 'groups', llmTaskQueue: 'groups-llm' };
  const { client } = flood;
  const worker = await flood.startWorker({
    HEADWAY_TASK_QUEUE: 'groups',
    HEADWAY_LLM_TASK_QUEUE: 'groups-llm',
  });
  const startPack = createPackStarter({ client, pipelineNamed, ...queues });
  const measured: { tenants: number; transitions: number; events: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const count of tenants) {
      const workflowId = `groups-${round}-${count}`;
      await startPack({ workflowId, jobs: jobsOf(workflowId, count) });
      const handle = client.workflow.getHandle(workflowId);
      await handle.result();
      const { raw } = await handle.describe();
      const transitions = Number(raw.workflowExecutionInfo?.stateTransitionCount);
      measured.push({
        tenants: count,
        transitions,
        events: Number(raw.workflowExecutionInfo?.historyLength),
      });
    }
  }
  await worker.stop();
  return tenants.map((count) => {
    const own = measured.filter((one) => one.tenants === count);
    const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
    return {
      tenants: count,
      transitions: median(own.map((one) => one.transitions)),
      events: median(own.map((one) => one.events)),
    };
  });
}

function jobsOf(name: string, tenants: number): PackJob[] {
  const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question: 'Who competes?' };
  return Array.from({ length: JOBS }, (_, index) => ({
    ...{ id: `${name}-${index}`, pipeline: 'company-brief', input, tenant: `t${index % tenants}` },
    source: { door: 'http', timestamp: Date.now() },
  }));
}
