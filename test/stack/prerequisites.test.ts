import { isAtLeast, requireGo, requireJava, requireMaven, requireNode } from '../../stack/prerequisites';
import { fakePrograms } from './fake-programs';
import { temporaryFolder } from './temporary-folder';

const folder = temporaryFolder();
const missing = (message: RegExp) =>
  expect.objectContaining({
    code: 'HW_PREREQUISITE_MISSING',
    message: expect.stringMatching(message) as string,
  }) as Error;
const withPrograms = (scripts: Record<string, string>) => ({ PATH: fakePrograms(folder(), scripts) });

it.each([
  ['17.0.15+6', [17], true],
  ['17', [17], true],
  ['21-ea', [17], true],
  ['1.8.0_392', [17], false],
  ['20.2.9', [20, 3], false],
  ['20.3.0', [20, 3], true],
  ['1.9.4', [1, 25], false],
  ['1.26.8', [1, 25], true],
])('compares version %s with %j: %p', (version, wanted, expected) => {
  expect(isAtLeast(version, wanted)).toBe(expected);
});

it('names an old Node and what to install', () => {
  expect(() => requireNode('18.19.0')).toThrow(missing(/20\.3 or newer, and this is 18\.19\.0/));
  expect(() => requireNode('20.3.0')).not.toThrow();
});

it('takes a Java that is new enough', async () => {
  const env = withPrograms({ java: `echo 'openjdk version "17.0.15" 2025-04-15' >&2` });
  await expect(requireJava(env)).resolves.toBe('java');
});

it('prefers the Java of JAVA_HOME', async () => {
  const bin = fakePrograms(folder(), { java: `echo 'openjdk version "21" 2023-09-19' >&2` });
  await expect(requireJava({ PATH: '', JAVA_HOME: folder() })).resolves.toBe(`${bin}/java`);
});

it('says what to do without Java, or with an old one', async () => {
  await expect(requireJava({ PATH: folder() })).rejects.toEqual(
    missing(/no java was found\. .*or set KAFKA_BROKERS/),
  );
  const old = withPrograms({ java: `echo 'java version "1.8.0_392"' >&2` });
  await expect(requireJava(old)).rejects.toEqual(missing(/java is 1\.8\.0_392\. .*JDK 17/));
});

it('says what to do without Maven', async () => {
  await expect(requireMaven({ PATH: folder() })).rejects.toEqual(
    missing(/Install Maven, or set KAFKA_BROKERS/),
  );
  await expect(requireMaven(withPrograms({ mvn: 'exit 0' }))).resolves.toBeUndefined();
});

it('says what to do without Go, or with an old one', async () => {
  await expect(requireGo({ PATH: folder() })).rejects.toEqual(
    missing(/no go was found\. .*TEMPORAL_ADDRESS/),
  );
  const old = withPrograms({ go: 'echo go version go1.22.2 linux/amd64' });
  await expect(requireGo(old)).rejects.toEqual(missing(/the go found is 1\.22\.2\. Install Go/));
  const recent = withPrograms({ go: 'echo go version go1.25.0 linux/amd64' });
  await expect(requireGo(recent)).resolves.toBeUndefined();
});
