import { hashApiKey, newApiKey, readApiKeys } from '../../runtime/api-keys';
import { ConfigProblems } from '../../runtime/config/problems';

function read(value: string) {
  const problems = new ConfigProblems();
  const keys = readApiKeys(value, problems);
  return { keys, said: problems.toString() };
}

const key = (name: string, of: string) => ({
  ...{ name, sha256: hashApiKey(of), tenant: 'a', scopes: ['read'] },
});

test('a new key has 256 random bits, and is found by its hash', () => {
  const [one, other] = [newApiKey(), newApiKey()];
  expect(Buffer.from(one.key.replace(/^hw_/, ''), 'base64url')).toHaveLength(32);
  expect(one.key).not.toBe(other.key);
  expect(one.sha256).toBe(hashApiKey(one.key));
});

test.each([
  ['name', [key('same', 'a'), key('same', 'b')]],
  ['sha256', [key('one', 'a'), key('two', 'a')]],
])('two keys with the same %s are refused', (field, keys) => {
  expect(read(JSON.stringify(keys)).said).toContain(`must not have the same ${field} twice`);
});

test('keys that differ in both are taken', () => {
  const { keys, said } = read(JSON.stringify([key('one', 'a'), key('two', 'b')]));
  expect(keys?.map(({ name }) => name)).toEqual(['one', 'two']);
  expect(said).not.toContain('must');
});

test('a key that was pasted where its file belongs is not repeated', () => {
  const { said } = read('hw_pasted-here');
  expect(said).toContain('ENOENT');
  expect(said).not.toContain('pasted');
});
