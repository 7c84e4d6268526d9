import { HeadwayError } from '../../contracts/errors';
import { explainUncaught } from '../../workers/explain-uncaught';

it('says where it was thrown, and not what, which may quote a job', () => {
  const said = explainUncaught('worker', new RangeError('patient 4711'));
  expect(said).toMatch(/^worker failed: RangeError at .*explain-uncaught\.test\.ts:\d+:\d+/);
  expect(said).not.toContain('4711');
  expect(explainUncaught('worker', 'patient 4711')).toBe(
    'worker failed: string in a place that is not known. It was thrown where nobody waits for it, most likely in the code of a pipeline; its message may quote a job and is left out.',
  );
});

it.each<[Error, string]>([
  [new HeadwayError('HW_STACK_FAILED', 'Kafka ended by itself.'), 'worker: Kafka ended by itself.'],
  [
    Object.assign(new Error('listen EADDRINUSE: 127.0.0.1:9464'), { syscall: 'listen' }),
    'worker failed: listen EADDRINUSE: 127.0.0.1:9464',
  ],
])('says all of what is not of a pipeline: %s', (error, text) => {
  expect(explainUncaught('worker', error)).toContain(text);
});
