import { ServiceError } from '@temporalio/client';
import { isOwnTroubleOfLookUp } from '../../../bridge/kafka/own-trouble';

const grpc = (code: number, message = 'no') => Object.assign(new Error(message), { code });
const ofClient = (cause: Error) => new ServiceError('Failed to list workflows', { cause });

describe('a look-up of packs that fails', () => {
  it.each<[string, Error]>([
    ['Temporal is away', grpc(14)],
    ['it does not answer in time', ofClient(grpc(4))],
    ['it has too much to do', ofClient(grpc(8, 'namespace rate limit exceeded'))],
  ])('is trouble of all when %s', (_, error) => {
    expect(isOwnTroubleOfLookUp(error)).toBe(false);
  });

  it.each<[string, Error]>([
    ['a payload lies in a store that is not known here', new Error('PAYLOAD_STORE is not set here')],
    ['a file of the payload store is gone', Object.assign(new Error('no such file'), { code: 'ENOENT' })],
    ['the server has lost data', grpc(15)],
    ['the answer is too large', grpc(8, 'Received message larger than max (5000000 vs. 4194304)')],
  ])('is trouble of its partition when %s', (_, error) => {
    expect(isOwnTroubleOfLookUp(error)).toBe(true);
  });
});
