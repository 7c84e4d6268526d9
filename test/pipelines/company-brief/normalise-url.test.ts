import { hostOf, normaliseUrl, pageOf } from '../../../pipelines/company-brief/normalise-url';

const same: [what: string, text: string, normalised: string][] = [
  ['nothing to do', 'https://a.example/x', 'https://a.example/x'],
  ['upper-case host', 'https://News.A.EXAMPLE/Path', 'https://news.a.example/Path'],
  ['upper-case scheme', 'HTTPS://a.example/x', 'https://a.example/x'],
  ['http stays http', 'http://a.example/x', 'http://a.example/x'],
  ['default port of https', 'https://a.example:443/x', 'https://a.example/x'],
  ['default port of http', 'http://a.example:80/x', 'http://a.example/x'],
  ['another port', 'https://a.example:8443/x', 'https://a.example:8443/x'],
  ['fragment', 'https://a.example/x#history', 'https://a.example/x'],
  ['text fragment of a search result', 'https://a.example/x#:~:text=founded%20in', 'https://a.example/x'],
  ['trailing slash', 'https://a.example/x/', 'https://a.example/x'],
  ['several trailing slashes', 'https://a.example/x///', 'https://a.example/x'],
  ['trailing slash of the root', 'https://a.example/', 'https://a.example'],
  ['trailing slash before a query', 'https://a.example/x/?id=1', 'https://a.example/x?id=1'],
  ['slash inside the query', 'https://a.example/x?path=/y/', 'https://a.example/x?path=/y/'],
  ['dot at the end of the host', 'https://a.example./x', 'https://a.example/x'],
  ['dot at the end of the host, with a port', 'https://a.example.:8443/x', 'https://a.example:8443/x'],
  ['user and password', 'https://user:secret@a.example/x', 'https://a.example/x'],
  ['dot segments', 'https://a.example/x/../y', 'https://a.example/y'],
  ['white space around it', '  https://a.example/x\n', 'https://a.example/x'],
  ['international host', 'https://Müller.example/über', 'https://xn--mller-kva.example/%C3%BCber'],
  ['utm parameters', 'https://a.example/x?utm_source=openai&utm_medium=web', 'https://a.example/x'],
  ['upper-case utm parameter', 'https://a.example/x?UTM_Source=openai', 'https://a.example/x'],
  ['click ids', 'https://a.example/x?gclid=1&fbclid=2&msclkid=3&dclid=4&yclid=5', 'https://a.example/x'],
  ['mail campaign', 'https://a.example/x?mc_cid=1&mc_eid=2&_hsenc=3&mkt_tok=4', 'https://a.example/x'],
  [
    'tracking between others',
    'https://a.example/x?id=1&utm_term=t&page=2',
    'https://a.example/x?id=1&page=2',
  ],
  ['tracking parameter without a value', 'https://a.example/x?gclid&id=1', 'https://a.example/x?id=1'],
  [
    'a name that only begins like one',
    'https://a.example/x?gclid2=1&autm_x=2',
    'https://a.example/x?gclid2=1&autm_x=2',
  ],
  [
    'order and spelling of the rest',
    'https://a.example/x?b=1%20+&a&=&c=',
    'https://a.example/x?b=1%20+&a&=&c=',
  ],
  ['empty query', 'https://a.example/x?', 'https://a.example/x'],
  ['empty parameters', 'https://a.example/x?&&id=1&', 'https://a.example/x?id=1'],
];

const none = [
  '',
  'not a URL',
  'a.example/x',
  '//a.example/x',
  'https://',
  'ftp://a.example/x',
  'javascript:alert(1)',
  'mailto:press@a.example',
  'data:text/html,x',
  `https://a.example/${'x'.repeat(2_048)}`,
];

describe('normaliseUrl', () => {
  it.each(same)('%s', (_, text, normalised) => {
    expect(normaliseUrl(text)).toBe(normalised);
  });

  it.each(same)('changes nothing the second time: %s', (_, __, normalised) => {
    expect(normaliseUrl(normalised)).toBe(normalised);
  });

  it.each(none)('is null for what is no web page: %.40s', (text) => {
    expect(normaliseUrl(text)).toBeNull();
  });
});

describe('pageOf', () => {
  it('is the same for http and https, and different for everything else', () => {
    expect(pageOf('http://a.example/x')).toBe(pageOf('https://a.example/x'));
    expect(pageOf('http://a.example/x')).not.toBe(pageOf('http://a.example/y'));
    expect(pageOf('https://a.example/?to=http://b.example')).not.toBe(
      pageOf('https://a.example/?to=https://b.example'),
    );
  });
});

describe('hostOf', () => {
  it.each([
    ['https://www.a.example/x', 'a.example'],
    ['https://news.a.example:8443/x', 'news.a.example'],
    ['https://www2.a.example', 'www2.a.example'],
  ])('%s -> %s', (url, host) => {
    expect(hostOf(url)).toBe(host);
  });
});
