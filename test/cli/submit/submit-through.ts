import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { submitCommand } from '../../../cli/commands/submit';
import { runCli } from '../../../cli/run-cli';
import type { Door, JobEnd, Verdict } from '../../../cli/submit/door';
import { HeadwayError } from '../../../contracts/errors';
import { eventually } from '../../support/eventually';
import { resultOf } from '../fake-jobs';
import { createContext } from '../support';

export const input = { company: 'Vantorp Steel', domain: 'vantorp.example', question: 'Who competes?' };
/** A job request that is good. */
export const brief = (id?: string, more: object = {}) =>
  JSON.stringify({ id, pipeline: 'company-brief', input, ...more });

const folder = mkdtempSync(join(tmpdir(), 'headway-submit-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of a file with this in it. */
export function file(text: string): string {
  const path = join(folder, 'jobs.json');
  writeFileSync(path, text);
  return path;
}

export interface DoorScript {
  refuse?: string[];
  /** The door fails while this one is being sent. */
  breakAt?: string;
  /** Standard input gives what it has, and then nothing, without an end. */
  quiet?: boolean;
  interrupt?: boolean;
  /** Somebody types it. */
  terminal?: boolean;
  /** Standard output is a terminal. */
  watched?: boolean;
  failed?: string[];
  /** The door hears that these ended, and not with what. */
  withoutResult?: string[];
  /** The door does not open until somebody interrupts that. */
  closed?: boolean;
  /** The door hears of the end of no job. */
  silent?: boolean;
}

/** Runs `headway submit` with a door that does what the script says. */
export async function run(args: string[], { stdin = [], ...script }: DoorScript & { stdin?: string[] } = {}) {
  const sent: object[] = [];
  let stop: AbortSignal | undefined;
  const door: Door = {
    name: 'the door',
    sendingAgain: 'Sending again is safe.',
    async *send(requests) {
      for await (const request of requests) {
        if (request.id === script.breakAt) {
          yield { request, unsure: true } satisfies Verdict;
          throw new HeadwayError('HW_RECORD_TOO_LARGE', 'too large');
        }
        const refused = script.refuse?.includes(request.id)
          ? { code: 'HW_JOB_ID_TAKEN', message: 'taken' }
          : undefined;
        if (!refused) sent.push(JSON.parse(request.json) as object);
        yield { request, refused } satisfies Verdict;
      }
    },
    async *ends() {
      await new Promise((resolve, reject) => {
        if (!script.silent) setImmediate(resolve);
        stop?.addEventListener('abort', () => reject(stop?.reason as Error));
      });
      for (const { id = '' } of sent as { id?: string }[]) {
        const status = script.failed?.includes(id) ? 'failed' : 'completed';
        yield {
          id,
          status,
          result: script.withoutResult?.includes(id) ? undefined : resultOf(id, status),
          message: status === 'failed' ? 'why' : undefined,
        } satisfies JobEnd;
      }
    },
    close: () => Promise.resolve(),
  };
  const env = { KAFKA_BROKERS: 'x:1', TEMPORAL_ADDRESS: 'x:1' };
  const { context, stdout, stderr, interrupt } = createContext(env, stdin);
  if (script.watched) Object.assign(context.stdout, { isTTY: true });
  if (script.terminal) Object.assign(context.stdin, { isTTY: true });
  if (script.quiet) {
    const input = new Readable({ read() {} });
    for (const text of stdin) input.push(text);
    context.stdin = input;
    if (script.interrupt) void eventually('the first is sent', () => sent.length > 0).then(interrupt);
  }
  const exitCode = await runCli(['submit', ...args], context, [
    (given) =>
      submitCommand(given, async (_options, _context, signal) => {
        stop = signal;
        if (script.closed)
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          );
        return door;
      }),
  ]);
  return { exitCode, sent, stdout: stdout(), stderr: stderr() };
}
