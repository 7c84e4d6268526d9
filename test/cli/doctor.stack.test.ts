import type { Finding } from '../../cli/doctor/findings';
import { headway } from '../support/headway';
import { useRig } from '../support/use-rig';

const rig = useRig();

async function doctor(env: NodeJS.ProcessEnv = {}) {
  const { code, stdout } = await headway({ ...rig.env, ...env }, ['doctor', '--json']);
  const { checks } = JSON.parse(stdout) as { checks: Finding[] };
  const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  return { code, states, finding: (name: string) => checks.find((check) => check.name === name) };
}

test('with everything there nothing is wrong; the simulator is called one', async () => {
  await Promise.all([rig.startBridge(), rig.startWorker()]);
  const { code, states, finding } = await doctor();
  expect({ code, states }).toEqual({
    code: 0,
    states: {
      Kafka: 'ok',
      'queue topic': 'ok',
      'results topic': 'ok',
      'dead-letter topic': 'ok',
      bridge: 'ok',
      Temporal: 'ok',
      namespace: 'ok',
      'search attributes': 'ok',
      versions: 'ok',
      retention: 'ok',
      workers: 'ok',
      'LLM workers': 'ok',
      LLM: 'warning',
      database: 'ok',
      'payload store': 'ok',
    },
  });
  expect(finding('LLM')?.found).toContain('SIMULATOR');
});

test('each thing that is wrong is named with what to do, and keeps no other check from being made', async () => {
  const { code, states, finding } = await doctor({
    RESULTS_TOPIC: `${rig.name}-nothing`,
    TEMPORAL_NAMESPACE: `${rig.name}-nothing`,
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/nothing',
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    PAYLOAD_STORE: 'file:///nothing/at/all',
  });
  expect(code).toBe(1);
  expect(states).toMatchObject({
    Kafka: 'ok',
    'queue topic': 'ok',
    'results topic': 'wrong',
    bridge: 'warning',
    Temporal: 'ok',
    namespace: 'wrong',
    workers: 'skipped',
    LLM: 'wrong',
    database: 'wrong',
    'payload store': 'wrong',
  });
  expect(finding('results topic')?.todo).toContain('RESULTS_TOPIC');
  expect(finding('namespace')?.todo).toContain('temporal operator namespace create');
});

test('where no worker has polled, one is asked for', async () => {
  const { code, states, finding } = await doctor({
    HEADWAY_TASK_QUEUE: `${rig.name}-nobody`,
    HEADWAY_LLM_TASK_QUEUE: `${rig.name}-nobody-llm`,
  });
  expect(code).toBe(1);
  expect(states).toMatchObject({ workers: 'wrong', 'LLM workers': 'wrong' });
  expect(finding('workers')?.todo).toContain('HEADWAY_TASK_QUEUE');
});

test('servers that are away are findings too; with a value that cannot be read nothing is checked', async () => {
  const { code, states, finding } = await doctor({
    KAFKA_BROKERS: '127.0.0.1:1',
    TEMPORAL_ADDRESS: '127.0.0.1:1',
  });
  expect(code).toBe(1);
  expect(states).toMatchObject({
    Kafka: 'wrong',
    'queue topic': 'skipped',
    Temporal: 'wrong',
    namespace: 'skipped',
    database: 'ok',
  });
  expect(finding('Kafka')?.todo).toContain('KAFKA_BROKERS');
  expect(finding('Temporal')?.found).toMatch(
    /^Temporal does not answer at 127\.0\.0\.1:1 \(TEMPORAL_ADDRESS\)/,
  );
  const unreadable = await headway({ ...rig.env, DATABASE_URL: 'not a url' }, ['doctor']);
  expect(unreadable).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('DATABASE_URL') });
});
