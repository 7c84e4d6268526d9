import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  registry: Registry;
}

/** The metrics of one process: those of Node.js now, and those of its part from one of the functions below. */
export function createMetrics(processName: string): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ process: processName });
  collectDefaultMetrics({ register: registry });
  return { registry };
}

/** `tenant` is bounded by METRICS_TENANTS_MAX. */
const payer = ['tenant', 'pipeline', 'model'] as const;
const partition = ['topic', 'partition'] as const;
/** Seconds: from a local write to an LLM call that takes minutes. */
const shortBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const llmBuckets = [0.5, 1, 2, 5, 7.5, 10, 15, 20, 30, 60, 120, 180];

/** What the bridge counts. Call it once for a process. */
export function bridgeMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    recordsReceived: new Counter({
      name: 'headway_records_received_total',
      help: 'Records read from the queue topic, redelivered ones included.',
      registers,
    }),
    packsStarted: new Counter({
      name: 'headway_packs_started_total',
      help: 'Workflows started.',
      registers,
    }),
    packsExisting: new Counter({
      name: 'headway_packs_existing_total',
      help: 'Packs found already started: redelivery, or another bridge was faster.',
      registers,
    }),
    jobsHandedOver: new Counter({
      name: 'headway_jobs_handed_over_total',
      help: 'Jobs in the workflows started.',
      registers,
    }),
    deadLetters: new Counter({
      name: 'headway_dead_letters_total',
      help: 'Records that can never be a job, by error code.',
      labelNames: ['code'] as const,
      registers,
    }),
    duplicatesSkipped: new Counter({
      name: 'headway_duplicates_skipped_total',
      help: 'Records not worked on, since an earlier one has their job id; a redelivered one counts again.',
      registers,
    }),
    startDuration: new Histogram({
      name: 'headway_start_duration_seconds',
      help: 'Time to start one workflow.',
      buckets: shortBuckets,
      registers,
    }),
    paused: new Gauge({
      name: 'headway_bridge_paused',
      help: '1 while the bridge waits for Temporal to catch up, else 0.',
      registers,
    }),
    partitionsSetAside: new Gauge({
      name: 'headway_partitions_set_aside',
      help: 'Partitions that stand still for trouble of their own, such as a dead letter that is refused, while the others go on.',
      registers,
    }),
    engineLoad: new Gauge({
      name: 'headway_engine_load_packs',
      help: 'Packs that Temporal has, by what they wait for, as read last. Not read while the bridge is idle.',
      labelNames: ['load'] as const,
      registers,
    }),
    committedOffset: new Gauge({
      name: 'headway_committed_offset',
      help: 'Offset committed last: the next record to read after a restart. Absent from an assignment until its first commit.',
      labelNames: partition,
      registers,
    }),
  };
}

/** What the HTTP door counts. Call it once for a process. */
export function httpMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    requestDuration: new Histogram({
      name: 'headway_http_request_duration_seconds',
      help: 'Time from a request to the end of its answer, by route and status. `wait`: it was held open on purpose.',
      labelNames: ['method', 'route', 'status', 'wait'] as const,
      buckets: shortBuckets,
      registers,
    }),
    jobsAccepted: new Counter({
      name: 'headway_http_jobs_accepted_total',
      help: 'Jobs that a client was told are durable. `created` is false for a request that had come before.',
      labelNames: ['created'] as const,
      registers,
    }),
    streamsOpen: new Gauge({
      name: 'headway_http_streams_open',
      help: 'Requests held open: event streams, batches, and those that wait for a result.',
      labelNames: ['kind'] as const,
      registers,
    }),
    startsWaiting: new Gauge({
      name: 'headway_http_starts_waiting',
      help: 'Jobs that wait for their turn to be started.',
      registers,
    }),
    llmWebhooks: new Counter({
      name: 'headway_http_llm_webhooks_total',
      help:
        'Webhooks of the LLM provider, by type of event and outcome. `taken`: workers are told. `repeated`: they had been told of that call. `ignored`: ' +
        'of no interest here. `refused`: the signature is not right (type `unknown`). `failed`: not written down, and asked for again.',
      labelNames: ['type', 'outcome'] as const,
      registers,
    }),
  };
}

/** What a worker counts. Call it once for a process. */
export function workerMetrics({ registry }: Metrics) {
  const registers = [registry];
  return {
    llmCalls: new Counter({
      name: 'headway_llm_calls_total',
      help:
        'LLM calls that ended, by outcome. `answer`: as it should be. `bad-answer`: not what the response schema asks for; mended by another call, as ' +
        'often as the pipeline allows. `retry`: not taken, or lost (rate limit, provider away, timeout); made again. `final`: refused, ' +
        'cut off or too large, which another call would not change. `expired`: the deadline of its job came first.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    llmCallDuration: new Histogram({
      name: 'headway_llm_call_duration_seconds',
      help: 'Time from creating an LLM call to its answer.',
      buckets: llmBuckets,
      registers,
    }),
    llmPolls: new Counter({
      name: 'headway_llm_polls_total',
      help:
        'Polls of calls in the background of the provider, by why: `learned`: an answer was likely by then. `webhook`: one had come. `safety`: one ' +
        'should have come, or the call has timed out.',
      labelNames: ['why'] as const,
      registers,
    }),
    llmBudget: {
      taken: new Counter({
        name: 'headway_llm_budget_taken_total',
        help: 'Requests, and tokens as estimated, that calls took from the shared budget of a model.',
        labelNames: ['model', 'unit'] as const,
        registers,
      }),
      limit: new Gauge({
        name: 'headway_llm_budget_limit_per_minute',
        help: 'The limit of a model that all workers share, configured or learned. Absent while none is known.',
        labelNames: ['model', 'unit'] as const,
        registers,
      }),
      waiting: new Gauge({
        name: 'headway_llm_budget_waiting',
        help: 'Calls that wait in this process for budget.',
        labelNames: ['model'] as const,
        registers,
      }),
      wait: new Histogram({
        name: 'headway_llm_budget_wait_seconds',
        help: 'How long a call waited in this process for budget before it was made.',
        labelNames: ['model'] as const,
        buckets: shortBuckets,
        registers,
      }),
      sentBack: new Counter({
        name: 'headway_llm_budget_sent_back_total',
        help: 'Calls whose turn was too far away: their workflows bring them again.',
        labelNames: ['model'] as const,
        registers,
      }),
      requests: new Counter({
        name: 'headway_llm_requests_total',
        help: 'Requests that were to create a call, by what the provider answered: `taken`, `rate_limited` (429) or `refused`.',
        labelNames: ['model', 'answer'] as const,
        registers,
      }),
    },
    llmUsage: {
      calls: new Counter({
        name: 'headway_llm_used_calls_total',
        help: 'LLM calls whose end was seen, repairs and repeated calls included, by whether `LLM_PRICES` knows their cost.',
        labelNames: [...payer, 'cost'] as const,
        registers,
      }),
      tokens: new Counter({
        name: 'headway_llm_used_tokens_total',
        help: 'Tokens these calls used. `cached_input` is part of `input`, `reasoning` part of `output`.',
        labelNames: [...payer, 'kind'] as const,
        registers,
      }),
      webSearches: new Counter({
        name: 'headway_llm_used_web_searches_total',
        help: 'Web searches of these calls.',
        labelNames: payer,
        registers,
      }),
      cost: new Counter({
        name: 'headway_llm_cost_usd_total',
        help: 'US dollars that the calls of known cost cost. Exact sums are in the results.',
        labelNames: payer,
        registers,
      }),
    },
    llmCallsInFlight: new Gauge({
      name: 'headway_llm_calls_in_flight',
      help: 'LLM calls this process waits for.',
      registers,
    }),
    jobsFinished: new Counter({
      name: 'headway_jobs_finished_total',
      help: 'Results published, by pipeline and status; a repeated publish counts again.',
      labelNames: ['pipeline', 'status'] as const,
      registers,
    }),
    databaseQueryDuration: new Histogram({
      name: 'headway_database_query_duration_seconds',
      help: 'Time of one query of an enrichment, waiting for a connection included.',
      buckets: shortBuckets,
      registers,
    }),
  };
}

export type BridgeMetrics = ReturnType<typeof bridgeMetrics>;
export type HttpMetrics = ReturnType<typeof httpMetrics>;
export type WorkerMetrics = ReturnType<typeof workerMetrics>;
