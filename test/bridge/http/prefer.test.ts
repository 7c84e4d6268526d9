import { waitPreferred } from '../../../bridge/http/prefer';

test.each<[string | undefined, number | undefined]>([
  [undefined, undefined],
  ['', undefined],
  ['respond-async', undefined],
  ['wait=10', 10],
  ['respond-async, wait=10', 10],
  ['wait = "10"; foo', 10],
  ['Wait=0', 0],
  ['wait=3600', 60],
  ['wait=-1', undefined],
  ['wait=x', undefined],
  ['await=10', undefined],
])('Prefer: %p waits %p seconds', (header, seconds) => {
  expect(waitPreferred(header)).toBe(seconds);
});
