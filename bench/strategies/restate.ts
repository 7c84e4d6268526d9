// Restate: its server reads the topic and calls this service once for each record. A record becomes an invocation, which is durable in the server from
// then on and known by topic, partition and offset; what `ctx.run` returned is in its journal and not done again. A step whose process dies
// before the journal has its result is done again: each step happens at least once. A failed step is tried again with a growing pause, after 70
// attempts the invocation is paused for a person. How many run at a time is a limit of the server.
// https://docs.restate.dev/services/invocation/kafka  https://docs.restate.dev/guides/error-handling
import * as restate from '@restatedev/restate-sdk';
import { once } from 'node:events';
import { createServer } from 'node:http2';
import { callLlm, openResults, parseJob, readSettings, ready, runProgram } from './job';

runProgram(async () => {
  const settings = readSettings();
  const results = await openResults(settings);

  const jobs = restate.service({
    name: 'jobs',
    handlers: {
      work: restate.handlers.handler(
        { input: restate.serde.binary },
        async (ctx: restate.Context, value: Uint8Array) => {
          const job = parseJob(Buffer.from(value));
          if (!job) return ctx.run('dead letter', () => results.deadLetter(Buffer.from(value)));
          await ctx.run('llm', () => callLlm(settings, job));
          await ctx.run('publish', () => results.publish(job));
        },
      ),
    },
  });

  const server = createServer(restate.createEndpointHandler({ services: [jobs] }));
  server.listen(Number(process.env.RESTATE_SERVICE_PORT), '127.0.0.1');
  await once(server, 'listening');
  ready(() => results.close());
});
