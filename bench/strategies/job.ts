import { setTimeout as delay } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';

/** What a consumer is told by its environment. */
export interface Settings {
  brokers: string[];
  queueTopic: string;
  resultsTopic: string;
  dlqTopic: string;
  groupId: string;
  /** Ends with `/v1`. */
  llmUrl: string;
  /** Jobs at a time in this process. */
  slots: number;
  llmTimeoutMs: number;
  /** After that time without a heartbeat the group takes a consumer for dead. */
  sessionTimeoutMs: number;
}

export interface Job {
  id: string;
  question: string;
}

/** Where jobs end. `publish` and `deadLetter` resolve when the record is durable. */
export interface Results {
  publish(job: Job, status?: 'completed' | 'failed'): Promise<void>;
  deadLetter(value: Buffer | null): Promise<void>;
  close(): Promise<void>;
}

/** @throws Error that names the variable that is missing */
export function readSettings(env: NodeJS.ProcessEnv = process.env): Settings {
  const get = (name: string): string => {
    const value = env[name];
    if (!value) throw new Error(`${name} is not set.`);
    return value;
  };
  return {
    brokers: get('KAFKA_BROKERS').split(','),
    queueTopic: get('QUEUE_TOPIC'),
    resultsTopic: get('RESULTS_TOPIC'),
    dlqTopic: get('DLQ_TOPIC'),
    groupId: get('GROUP_ID'),
    llmUrl: get('LLM_URL'),
    slots: Number(get('SLOTS')),
    llmTimeoutMs: Number(env.LLM_TIMEOUT_MS ?? 120_000),
    // The default of kafkajs.
    sessionTimeoutMs: Number(env.SESSION_TIMEOUT_MS ?? 30_000),
  };
}

export function openKafka({ brokers }: Settings): Kafka {
  return new Kafka({ brokers, logLevel: logLevel.NOTHING });
}

/** Undefined for a record that is no job. */
export function parseJob(value: Buffer | string | null): Job | undefined {
  try {
    const { id, input } = JSON.parse(String(value)) as { id?: string; input?: { question?: string } };
    return id === undefined ? undefined : { id, question: input?.question ?? '' };
  } catch {
    return undefined;
  }
}

/**
 * The slow part: one call, held open until the answer is there.
 * @throws Error when the provider is away or refuses
 */
export async function callLlm({ llmUrl, llmTimeoutMs }: Settings, { id, question }: Job): Promise<void> {
  const response = await fetch(`${llmUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer bench' },
    body: JSON.stringify({ model: 'gpt-5', input: question, metadata: { headway_job_id: id } }),
    signal: AbortSignal.timeout(llmTimeoutMs),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`The LLM answered ${response.status}: ${text.slice(0, 200)}`);
}

/** For systems that try nothing again by themselves: tries until it works, after 0.2 s, 0.4 s, ... 5 s. */
export async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (let waitMs = 200; ; waitMs = Math.min(5_000, 2 * waitMs)) {
    try {
      return await work();
    } catch (error) {
      console.error(`tries again in ${waitMs} ms: ${(error as Error).message}`);
      await delay(waitMs);
    }
  }
}

/** A producer for the results topic and the dead-letter topic. */
export async function openResults(settings: Settings, kafka = openKafka(settings)): Promise<Results> {
  const producer = kafka.producer({ allowAutoTopicCreation: false });
  await producer.connect();
  const send = async (topic: string, key: string | null, value: Buffer | string | null) =>
    void (await producer.send({ topic, acks: -1, messages: [{ key, value }] }));
  return {
    publish: ({ id }, status = 'completed') =>
      send(settings.resultsTopic, id, JSON.stringify({ id, status })),
    deadLetter: (value) => send(settings.dlqTopic, null, value),
    close: () => producer.disconnect(),
  };
}

/**
 * Says that this process consumes. From then on it ends when it is told to (SIGTERM), or when the process that started it is gone:
 * cleanly, by `stop`.
 */
export function ready(stop: () => Promise<void>): void {
  let stopping = false;
  const end = () => {
    if (stopping) return;
    stopping = true;
    void stop()
      .catch((error: unknown) => console.error(`did not stop cleanly: ${String(error)}`))
      .finally(() => process.exit());
  };
  process.on('SIGTERM', end);
  process.stdin.resume();
  for (const event of ['end', 'close', 'error']) process.stdin.on(event, end);
  process.stdout.write('ready\n');
}

/** Runs a program; an error that nobody catches is one line, and the end of it. */
export function runProgram(main: () => Promise<void>): void {
  const fail = (error: unknown) => {
    console.error(String(error));
    process.exit(1);
  };
  process.on('unhandledRejection', fail);
  main().catch(fail);
}
