import { runCheck, wrong, type Verdict } from '../../cli/doctor/findings';

const address = 'https://team:geheim@gateway.example/v1';

test.each<[string, () => Promise<Verdict>]>([
  ['is said by a check', () => Promise.resolve(wrong(`${address} does not answer`, `Correct ${address}.`))],
  ['is thrown by one', () => Promise.reject(new TypeError(`cannot be requested: ${address}`))],
])('no finding has the password of an address that %s', async (_, check) => {
  const said = JSON.stringify(await runCheck('LLM', check));
  expect(said).toContain('https://team:[redacted]@gateway.example/v1');
  expect(said).not.toContain('geheim');
});
