import { wavesIn, type EndOfActivity } from '../../../../bench/headway/steady/count-waves';

const scheduled = (eventId: number, name: string): EndOfActivity => ({
  eventId: BigInt(eventId),
  activityTaskScheduledEventAttributes: { activityType: { name } },
});
const completed = (eventId: number, scheduledEventId: number): EndOfActivity => ({
  eventId: BigInt(eventId),
  activityTaskCompletedEventAttributes: { scheduledEventId: BigInt(scheduledEventId) },
});

it('counts how often the calls of a pack were awaited to an end, and nothing else', () => {
  const started = [scheduled(5, 'startLlmCalls'), completed(7, 5)];
  const waves = [scheduled(11, 'awaitLlmCalls'), completed(13, 11), scheduled(17, 'awaitLlmCalls')];
  expect(wavesIn([])).toBe(0);
  expect(wavesIn([{ eventId: 1n }, ...started, ...waves])).toBe(1);
  expect(wavesIn([...started, ...waves, completed(19, 17)])).toBe(2);
});
