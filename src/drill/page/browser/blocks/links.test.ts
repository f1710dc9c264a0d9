import { expect, test } from 'vitest'
import { isAddress, messageOf } from './links.ts'

test('a message of this workspace, or of a Slack on this machine, is found by its address', () => {
  const ts = '1700000000.000100'
  const found = { channel: 'C0INCIDENTS', ts, thread: undefined }
  expect(messageOf('https://acme.slack.com/archives/C0INCIDENTS/p1700000000000100', 'Acme')).toEqual(found)
  expect(messageOf('http://127.0.0.1:4123/archives/C0INCIDENTS/p1700000000000100', 'Acme')).toEqual(found)
  expect(
    messageOf(`https://acme.slack.com/archives/C0INCIDENTS/p1700000000000100?thread_ts=${ts}&cid=C0INCIDENTS`, 'Acme'),
  ).toEqual({ ...found, thread: ts })
})

test.each([
  'https://evil.example/archives/C0INCIDENTS/p1700000000000100',
  'https://acme.slack.com.evil.example/archives/C0INCIDENTS/p1700000000000100',
  'https://acme.slack.com@evil.example/archives/C0INCIDENTS/p1700000000000100',
  'https://other.slack.com/archives/C0INCIDENTS/p1700000000000100',
  'https://acme.slack.com/archives/C0INCIDENTS',
  'javascript://acme.slack.com/archives/C0INCIDENTS/p1700000000000100',
  'no address',
])('%s is no message of ours', (url) => {
  expect(messageOf(url, 'Acme')).toBeUndefined()
})

test.each([
  'javascript:alert(1)',
  ' https://x.test',
  'data:text/html,x',
  'file:///etc/passwd',
  '//x.test',
  'https://',
  'mailto:',
  '',
])('%j is nothing to follow', (url) => {
  expect(isAddress(url)).toBe(false)
})

test.each(['https://x.test', 'HTTP://x.test/a', 'mailto:ana@acme.test'])('%s can be followed', (url) => {
  expect(isAddress(url)).toBe(true)
})
