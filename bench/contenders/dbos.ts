import { Client } from 'pg';
import type { Contender } from './contender';
import { startOwnServers } from './own-servers';
import { postgresBinaries, startPostgres } from './postgres';
import { startProgram, strategy } from './program';
import { scaled } from './scaled';

export const dbos: Contender = {
  name: 'dbos',
  title: 'DBOS Transact',
  about:
    'dbos-sdk 5.3.0, kafkajs-receive 5.0.2, a PostgreSQL of its own with default settings, the LLM call and the result are steps; a queue with ' +
    'workerConcurrency = slots, polled each second, steps tried 10 times from 1 s on (times the time scale); a process comes back with its executor id',
  prepare: () => {
    postgresBinaries();
    return Promise.resolve();
  },
  startServers: (context) =>
    startOwnServers(context, async (own) => {
      const url = await startPostgres(own, context);
      // Two processes that start at once on an empty database fail over each other's migrations.
      const { DBOS } = await import('@dbos-inc/dbos-sdk');
      await DBOS.migrate(url);
      return own.running({ DATABASE_URL: url });
    }),
  startConsumer: (context, servers, index) => {
    const env = {
      ...context.env,
      ...servers.env,
      EXECUTOR_ID: `consumer-${index}`,
      RETRY_SECONDS: String(scaled(context, 1_000) / 1_000),
      POLLING_MS: String(scaled(context, 1_000)),
    };
    return startProgram(`consumer-${index}`, strategy('dbos', env));
  },

  /** A job is on the topic, or a workflow that has not ended. */
  async held(context, { env }, ids) {
    const client = new Client({ connectionString: env.DATABASE_URL });
    await client.connect();
    try {
      const { rows } = await client.query<{ n: number }>(
        "select count(*)::int as n from dbos.workflow_status where status in ('PENDING', 'ENQUEUED', 'DELAYED')",
      );
      const uncommitted = await context.uncommitted(ids);
      return Math.min(ids.length, uncommitted.length + (rows[0]?.n ?? 0));
    } finally {
      await client.end();
    }
  },
};
