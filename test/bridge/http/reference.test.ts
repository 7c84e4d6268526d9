import { join } from 'node:path';
import { errorCodes, type ErrorCode } from '../../../contracts/errors';
import { statuses } from '../../../bridge/http/problems';
import { expectGenerated } from '../../support/generated-docs';
import { closeDoors, openDoor } from './support';
import { fakeWebhooks } from './fake-webhooks';

const page = join(__dirname, '..', '..', '..', 'docs', 'reference', 'http.md');

afterEach(closeDoors);

describe('docs/reference/http.md; UPDATE_DOCS=1 writes it anew', () => {
  it('has every route, with its parameters and answers', async () => {
    const { published } = await openDoor({
      keys: [{ name: 'a', sha256: '0'.repeat(64), tenant: '*', scopes: ['read'] }],
      webhooks: fakeWebhooks(),
    });
    const rows = Object.entries(published.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const { summary, parameters = [], responses } = operation;
        const named = parameters.map((one) =>
          one.in === 'header' ? `header \`${titled(one.name)}\`` : `\`${one.name}\``,
        );
        return `| \`${method.toUpperCase()} ${path}\` | ${summary} | ${named.join(', ') || '-'} | ${Object.keys(responses).join(', ')} |`;
      }),
    );
    const head = ['| route | what it does | parameters | answers |', '|---|---|---|---|'];
    expectGenerated(page, 'routes', [...head, ...rows].join('\n'));
  });

  it('has every code that a request can meet', () => {
    const rows = (Object.keys(statuses) as ErrorCode[])
      .sort((a, b) => (statuses[a]?.status ?? 0) - (statuses[b]?.status ?? 0))
      .map((code) => `| ${statuses[code]?.status} | \`${code}\` | ${errorCodes[code].meaning} |`);
    const internal = `| 500 | \`HW_INTERNAL\` | ${errorCodes.HW_INTERNAL.meaning} |`;
    expectGenerated(
      page,
      'codes',
      ['| status | code | what it means |', '|---|---|---|', ...rows, internal].join('\n'),
    );
  });
});

const titled = (name: string) => name.replace(/(^|-)\w/g, (letter) => letter.toUpperCase());
