import { expect, test } from 'vitest'
import { readSite } from './site.ts'

const given = {
  url: 'https://ID.example.org/',
  upstream: 'http://autentico_app:9999',
  oauthPath: '/oauth2/',
  configPath: '/etc/nginx/conf.d/a.conf',
}

test('addresses are kept without what means nothing', () => {
  expect(readSite(given)).toEqual({
    kind: 'site',
    site: {
      url: 'https://id.example.org',
      host: 'id.example.org',
      upstream: 'http://autentico_app:9999',
      oauthPath: '/oauth2',
      configPath: '/etc/nginx/conf.d/a.conf',
    },
  })
})

test.each([
  ['url', 'https://id.example.org/path'],
  ['url', 'https://user:word@id.example.org'],
  ['url', 'https://id.example.org/?a=b'],
  ['url', 'https://id.example.org`)||Host(`other'],
  ['url', 'https://id.ex$ample.org'],
  ['url', 'ftp://id.example.org'],
  ['upstream', 'http://127.0.0.1:9999;return 200'],
  ['upstream', 'http://{env.SECRET}'],
  ['upstream', 'unix:/run/autentico.sock'],
  ['oauthPath', 'oauth2'],
  ['oauthPath', '/'],
  ['oauthPath', '/admin'],
  ['oauthPath', '/admin/oauth'],
  ['oauthPath', '/../admin'],
  ['oauthPath', '/oauth2 { return 200'],
  ['oauthPath', '/oauth2"'],
  ['oauthPath', '/oauth2\n/x'],
  ['oauthPath', '/%61dmin'],
  ['configPath', 'conf.d/a.conf'],
  ['configPath', '/etc/a.conf\nload_module x;'],
  ['configPath', '/etc/../a.conf'],
  ['oauthPath', `/${'a'.repeat(101)}`],
])('%s %j is refused', (name, value) => {
  expect(readSite({ ...given, [name]: value })).toMatchObject({ kind: 'unusable', problems: [expect.any(String)] })
})
