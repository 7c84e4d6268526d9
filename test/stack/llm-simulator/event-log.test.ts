import type { CallEvent } from '../../../stack/llm-simulator/event-log';
import { EventLog } from '../../../stack/llm-simulator/event-log';
import { openSimulator, rejectionOf, type Opened } from './support';

const event = (job: string): CallEvent => ({ job, call: 1, what: 'accepted', at: 1 });
const jobsOf = ({ events }: { events: CallEvent[] }) => events.map(({ job }) => job);

it('gives a reader what came since it last asked', () => {
  const log = new EventLog(10);
  log.add(event('a'));
  log.add(event('b'));
  const first = log.since(0);
  expect(jobsOf(first)).toEqual(['a', 'b']);
  log.add(event('c'));
  expect(jobsOf(log.since(first.next))).toEqual(['c']);
  expect(jobsOf(log.since(3))).toEqual([]);
});

it('keeps the newest, and says how many are gone', () => {
  const log = new EventLog(4);
  for (const job of 'abcdefghij') log.add(event(job));
  const { events, next, dropped } = log.since(2);
  expect(next).toBe(10);
  expect(dropped).toBeGreaterThan(0);
  expect(dropped + events.length).toBe(8);
  expect(events.length).toBeGreaterThanOrEqual(4);
  expect(events.at(-1)?.job).toBe('j');
});

it('keeps nothing unless it is told to', () => {
  const log = new EventLog(0);
  log.add(event('a'));
  expect(log.since(0)).toEqual({ events: [], next: 0, dropped: 0 });
});

it('goes on with its numbers after a reset', () => {
  const log = new EventLog(10);
  log.add(event('a'));
  log.reset();
  log.add(event('b'));
  expect(jobsOf(log.since(1))).toEqual(['b']);
});

describe('GET /simulator/events', () => {
  let opened: Opened;
  beforeEach(async () => (opened = await openSimulator({ events: 100 })));
  afterEach(() => opened.stop());

  const read = async (since: string | number) => {
    const response = await fetch(`${opened.origin}/simulator/events?since=${since}`);
    return { status: response.status, body: (await response.json()) as ReturnType<EventLog['since']> };
  };
  const request = (job: string, directive: string) => ({
    model: 'gpt-4.1',
    input: 'Company: Blue Harbor',
    metadata: { headway_job_id: job, headway_simulate: directive },
  });

  it('tells when calls began, and how and when they ended; a refused one is none', async () => {
    const before = Date.now();
    await opened.client.responses.create(request('inline', 'latency=20000'));
    await rejectionOf(opened.client.responses.create(request('refused', 'rate_limit times=1')));
    await opened.client.responses.create(request('refused', 'rate_limit times=1'));
    const { id } = await opened.client.responses.create({ ...request('stopped', 'hang'), background: true });
    await opened.client.responses.cancel(id);

    const { events, next } = (await read(0)).body;
    expect(events.map(({ job, call, what }) => `${job} ${call} ${what}`)).toEqual([
      'inline 1 accepted',
      'inline 1 completed',
      'refused 2 accepted',
      'refused 2 completed',
      'stopped 1 accepted',
      'stopped 1 cancelled',
    ]);
    const [began, ended] = events;
    expect(began!.at).toBeGreaterThanOrEqual(before - 5);
    expect(ended!.at - began!.at).toBeCloseTo(20, 3);
    expect((await read(next)).body.events).toEqual([]);
  });

  it('tells nothing of what was before a reset', async () => {
    await opened.client.responses.create(request('before', 'latency=1000'));
    await opened.reset();
    await opened.client.responses.create(request('after', 'latency=1000'));
    const { body } = await read(0);
    expect(body.events.map(({ job }) => job)).toEqual(['after', 'after']);
    expect(body.next).toBe(4);
  });

  it('refuses a cursor that is none', async () => {
    expect((await read('yesterday')).status).toBe(400);
  });
});
