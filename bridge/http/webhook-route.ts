import { validatorCompiler, type FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { HeadwayError, messageOf } from '../../contracts/errors';
import { createSeldom } from '../../runtime/seldom';
import { isSignedWebhook } from '../../runtime/webhook-signature';
import { within } from '../../runtime/within';
import type { WebhookLedger } from '../llm-webhooks/webhook-ledger';
import type { Door } from './door';
import { RequestProblem } from './problems';
import { refuseOtherMethods } from './refuse-other-methods';
import { bodyProblems, webhookEventSchema, webhookHeaders, webhookProblems } from './schemas';
import { wholeBody } from './whole-bodies';

export interface WebhookOptions {
  /** Each of them may have signed. */
  secrets: readonly string[];
  ledger: Pick<WebhookLedger, 'write'>;
}

/** A webhook has some hundred bytes. */
const BODY_MAX_BYTES = 16 * 1024;
const REFUSED_A_MINUTE = 60;
/** With a database that hangs, webhooks are not to take all connections of the door: further ones are to be sent again. */
const WRITES_MAX = 50;
const WRITE_MS = 2_000;
const TELL_EVERY_MS = 10_000;

/** Those by which a call ends. */
const endings = ['response.completed', 'response.failed', 'response.incomplete', 'response.cancelled'];

/** What is signed may still be anything. */
const eventSchema = z.object({ type: z.string(), data: z.object({ id: z.string().min(1).max(200) }) });

/**
 * The way in for webhooks of the LLM provider. Who sends is known by the signature, and needs no API key. A webhook only makes workers ask the
 * provider sooner, so the worst that a false one can do is a poll.
 */
export const webhookRoute: FastifyPluginAsyncZod<{ door: Door; webhooks: WebhookOptions }> = async (
  app,
  { door, webhooks },
) => {
  const { secrets, ledger } = webhooks;
  const { metrics, logger } = door;
  const refusals = createRefusals();
  const write = createWriter(ledger);
  const seldom = createSeldom(TELL_EVERY_MS);
  // The signature is that of the bytes.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', wholeBody);

  app.post(
    '/v1/llm-webhooks',
    {
      config: { signed: true },
      bodyLimit: BODY_MAX_BYTES,
      validatorCompiler: (part) =>
        part.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(part as never),
      schema: {
        operationId: 'receiveLlmWebhook',
        summary: 'Webhooks of the LLM provider',
        description:
          'Signed as https://www.standardwebhooks.com has it, with a secret of `OPENAI_WEBHOOK_SECRET`, at most five minutes ago; no API key. ' +
          'Of `response.completed`, `response.failed`, `response.incomplete` and `response.cancelled` the workers are told; others are taken and ignored.',
        tags: ['webhooks'],
        security: [],
        headers: webhookHeaders,
        body: webhookEventSchema,
        response: {
          204: z.null().describe('Taken, or ignored'),
          ...webhookProblems,
          ...bodyProblems,
        },
      },
    },
    async (request, reply) => {
      const body: unknown = request.body;
      if (!(body instanceof Buffer) || !isSignedWebhook(request.headers, body, secrets)) {
        metrics.llmWebhooks.inc({ type: 'unknown', outcome: 'refused' });
        reply.header('connection', 'close');
        throw refusals.next();
      }
      const event = readEvent(body);
      const type = event && endings.includes(event.type) ? event.type : 'other';
      const count = (outcome: string) => metrics.llmWebhooks.inc({ type, outcome });
      if (!event || type === 'other') {
        count('ignored');
        return reply.code(204).send(null);
      }
      try {
        count((await write(event.data.id)) ? 'taken' : 'repeated');
      } catch (error) {
        count('failed');
        seldom('failed', (times) =>
          logger.warn(
            { reason: messageOf(error), times },
            'a webhook of the LLM provider could not be written down',
          ),
        );
        throw new HeadwayError('HW_UNAVAILABLE', 'the database is away; send the webhook again', {
          cause: error,
        });
      }
      return reply.code(204).send(null);
    },
  );
  refuseOtherMethods(app, { '/v1/llm-webhooks': ['POST'] });
};

function readEvent(body: Buffer): z.infer<typeof eventSchema> | undefined {
  try {
    return eventSchema.parse(JSON.parse(body.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Writes at most `WRITES_MAX` at a time, and waits for each so long. @throws what the ledger says, or that it does not answer */
function createWriter(ledger: WebhookOptions['ledger']): WebhookOptions['ledger']['write'] {
  let underWay = 0;
  return async (callId) => {
    if (underWay >= WRITES_MAX) throw new Error(`${underWay} webhooks wait for the database`);
    underWay += 1;
    const written = ledger.write(callId).finally(() => void (underWay -= 1));
    return await within(WRITE_MS, written, () => {
      throw new Error(`the database did not answer within ${WRITE_MS} ms`);
    });
  };
}

/**
 * Tells whoever sends many that are not signed to wait. Only such are limited, and each ends its connection: behind a proxy they come from the same
 * address as those of the provider, which must get in.
 */
function createRefusals() {
  let [since, refused] = [0, 0];
  return {
    next(): HeadwayError {
      const now = Date.now();
      [since, refused] = now - since < 60_000 ? [since, refused + 1] : [now, 1];
      return refused > REFUSED_A_MINUTE
        ? new RequestProblem('HW_RATE_LIMITED', 'too many webhooks that are not signed', { retryAfter: 60 })
        : new HeadwayError('HW_WEBHOOK_REFUSED', 'the signature is missing, wrong or out of date');
    },
  };
}
