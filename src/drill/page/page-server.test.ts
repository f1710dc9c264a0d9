import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test, vi } from 'vitest'
import { act, ask, givenGlass, localPage, openWindow } from '../../../test/support/local-page.ts'
import { localSlack } from '../../../test/support/real-bolt.ts'
import { incidentChannel } from '../cast.ts'
import { startPage } from './page-server.ts'

const channel = incidentChannel.id
const json = { 'content-type': 'application/json' }

test('the way in leads to ana; each person of the drill has a page, and nobody else', async () => {
  const page = await localPage(await localSlack())

  expect(await ask(`${page.url}/`)).toMatchObject({ status: 302, headers: { location: '/as/ana' } })
  for (const handle of ['ana', 'bao', 'chi', 'gil', 'olu', 'alice']) {
    const shown = await ask(`${page.url}/as/${handle}`)
    expect(shown).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } })
  }
  for (const path of ['/as/mallory', '/as/mallory/live', '/as/autentico', '/as/ana/', '/as/ana/live/', '/as', '//']) {
    expect((await ask(page.url + path)).status).toBe(404)
  }
  expect((await ask(`${page.url}/as/ana`, { method: 'DELETE' })).status).toBe(405)
})

test('the page may load nothing from elsewhere and run nothing inline but its import map', async () => {
  const page = await localPage(await localSlack())
  const { headers, text } = await ask(`${page.url}/as/ana`)
  const importMap = /<script type="importmap">([^]*?)<\/script>/.exec(text)?.[1] ?? ''
  const hash = createHash('sha256').update(importMap).digest('base64')

  expect(JSON.parse(importMap)).toMatchObject({ imports: { 'lit-html': '/app/lit-html/lit-html.js' } })
  expect(headers['content-security-policy']).toBe(
    `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; connect-src 'self'; img-src 'self' data:; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html",
  )
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
})

test('everything the page asks for is there, as what it is', async () => {
  const page = await localPage(await localSlack())
  const found = async (path: string) => {
    const { status, headers } = await ask(page.url + path)
    return [status, headers['content-type'], headers['x-content-type-options']]
  }
  const script = [200, 'text/javascript; charset=utf-8', 'nosniff']

  expect(await found('/app/page/browser/main.ts')).toEqual(script)
  expect(await found('/app/slack/json.ts')).toEqual(script)
  expect(await found('/app/lit-html/lit-html.js')).toEqual(script)
  expect(await found('/app/lit-html/directives/repeat.js')).toEqual(script)
  expect(await found('/app/page/browser/style/base.css')).toEqual([200, 'text/css; charset=utf-8', 'nosniff'])
  expect(await found('/favicon.ico')).toEqual([200, 'image/svg+xml', 'nosniff'])

  const { text } = await ask(`${page.url}/as/ana`)
  const asked = [...text.matchAll(/(?:href|src)="(\/[^"]+)"/g)].map(([, path]) => path ?? '')
  expect(asked.length).toBeGreaterThan(3)
  for (const path of asked) expect([path, (await ask(page.url + path)).status]).toEqual([path, 200])
})

test('types are stripped, and nothing of them is imported', async () => {
  const page = await localPage(await localSlack())
  const { text } = await ask(`${page.url}/app/slack/json.ts`)
  expect(text).toContain('export function isObject(value')
  expect(text).not.toContain('readonly')

  const { text: types } = await ask(`${page.url}/app/page/browser/context.ts`)
  expect(types).not.toMatch(/\b(import|export)\b/)
})

test.each([
  '/app/page/page-server.ts',
  '/app/page/browser/index.html',
  '/app/page/browser/tsconfig.json',
  '/app/page/browser/apply-change.test.ts',
  '/app/page/browser/',
  '/app/page/browser',
  '/app/page/browser/../page-server.ts',
  '/app/page/browser/..%2fpage-server.ts',
  '/app/page/browser/%2e%2e/page-server.ts',
  '/app/page/browser/..\\page-server.ts',
  '/app/page/browser/main.ts%00.css',
  '/app/page/browser//etc/passwd',
  '/app//etc/passwd',
  '/app/lit-html/../../package.json',
  '/app/lit-html/package.json',
  '/app/slack/workspace.ts',
  '/app/cast.ts',
  '/app/',
])('not given out: %s', async (path) => {
  const page = await localPage(await localSlack())
  const { status, text } = await ask(page.url + path)
  expect(status).toBe(404)
  expect(text).not.toMatch(/node:|\n/)
})

test('a file of a message is saved as text by those who see the message, whatever is in it, and is nothing for others', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const html = '<script>alert(1)</script>'
  const tell = async (method: string, body: object) =>
    ask(`${slack.apiUrl}${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${slack.botToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const { upload_url: address, file_id: id } = (
    await tell('files.getUploadURLExternal', { filename: 'a"b\nc.html', length: html.length })
  ).json() as { readonly upload_url: string; readonly file_id: string }
  await ask(address, { method: 'POST', body: html })
  expect((await ask(`${page.url}/as/ana/files/${id}`)).status).toBe(404)
  await tell('files.completeUploadExternal', { files: [{ id }], channel_id: channel })

  const { status, headers, text } = await ask(`${page.url}/as/ana/files/${id}`)
  expect([status, text]).toEqual([200, html])
  expect(headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': "attachment; filename*=UTF-8''a%22b%0Ac.html",
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
  })
  for (const path of ['olu/files', 'alice/files', 'mallory/files'])
    expect((await ask(`${page.url}/as/${path}/${id}`)).status).toBe(404)
  expect((await ask(`${page.url}/as/ana/files/F0NOWHERE`)).status).toBe(404)
  expect((await ask(`${page.url}/as/ana/files/${id}`, { headers: { host: 'evil.test' } })).status).toBe(403)
})

test('a browser keeps a file until it is another', async () => {
  const page = await localPage(await localSlack())
  const first = await ask(`${page.url}/app/slack/json.ts`)
  const etag = first.headers.etag ?? ''
  expect(first.headers['cache-control']).toBe('no-cache')

  expect(await ask(`${page.url}/app/slack/json.ts`, { headers: { 'if-none-match': etag } })).toMatchObject({
    status: 304,
    text: '',
  })
  expect((await ask(`${page.url}/app/page/wire.ts`, { headers: { 'if-none-match': etag } })).status).toBe(200)
  expect((await ask(`${page.url}/app/slack/json.ts`, { method: 'HEAD' })).text).toBe('')
})

test('a page of another site can neither look nor act, by whatever name it calls this machine', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const { host, port } = new URL(page.url)
  const say = { method: 'POST', body: JSON.stringify({ channel, text: 'planted' }) }
  const status = async (path: string, options: Parameters<typeof ask>[1]) =>
    (await ask(page.url + path, options)).status

  for (const headers of [
    { origin: 'http://mallory.test' },
    { origin: 'null' },
    { origin: `http://localhost:${port}` },
    { host: `mallory.test:${port}` },
    { host: `mallory.test:${port}`, origin: `http://mallory.test:${port}` },
    { host: '127.0.0.1' },
  ]) {
    expect(await status('/as/ana', { headers })).toBe(403)
    expect(await status('/as/ana/live', { headers })).toBe(403)
    expect(await status('/as/ana/say', { ...say, headers: { ...json, ...headers } })).toBe(403)
    expect(
      await status('/glass/bot', { method: 'POST', body: '{"to":"dead"}', headers: { ...json, ...headers } }),
    ).toBe(403)
  }
  // What a plain form of another site could send without asking first.
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
    expect(await status('/as/ana/say', { ...say, headers: { 'content-type': type } })).toBe(415)
  }
  expect(slack.as('ana').sees()).toEqual([])

  const localhost = { host: `localhost:${port}`, origin: `http://localhost:${port}` }
  expect(await status('/as/ana/say', { ...say, headers: { ...json, ...localhost } })).toBe(200)
  expect(await status('/as/ana/say', { ...say, headers: { ...json, host, origin: page.url } })).toBe(200)
})

test('a body that is no object, or too long, is turned down; an act that is unknown is nowhere', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const post = async (path: string, body: string) => {
    const answer = await ask(`${page.url}/${path}`, { method: 'POST', headers: json, body })
    return [answer.status, answer.json()]
  }

  for (const body of ['', 'no JSON', '[]', 'null', '"say"']) {
    expect(await post('as/ana/say', body)).toEqual([400, { error: 'the body must be a JSON object' }])
  }
  for (const length of [64 * 1024, 8 * 1024 * 1024]) {
    const long = JSON.stringify({ channel, text: 'x'.repeat(length) })
    expect(await post('as/ana/say', long)).toEqual([413, { error: 'the body is longer than 64 KiB' }])
  }
  for (const path of [
    'as/ana/nonsense',
    'as/ana/toString',
    'as/mallory/say',
    'as/ana',
    'as/ana/say/x',
    'glass',
    'nothing',
  ]) {
    expect(await post(path, '{}')).toEqual([404, { error: `the page has nothing at /${path}` }])
  }
  expect(slack.as('ana').sees()).toEqual([])
})

test('a window that goes away in the middle of a request harms nobody', async () => {
  const slack = await localSlack()
  const page = await localPage(slack)
  const half = connect(Number(new URL(page.url).port), '127.0.0.1')
  const { host } = new URL(page.url)
  half.write(
    `POST /as/ana/say HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: 90\r\n\r\n{`,
  )
  await once(half, 'ready')
  half.resetAndDestroy()
  await once(half, 'close')
  const ana = await openWindow(page, 'ana')
  ana.close()
  await ana.ended

  expect((await act(page, 'as/ana/say', { channel, text: 'still here' })).status).toBe(200)
  expect(slack.as('ana').sees()).toMatchObject([{ text: 'still here' }])
})

test('what is asked for behind the glass is checked against what there is', async () => {
  const glass = givenGlass()
  const page = await localPage(await localSlack(), glass)
  const given = [
    ['attack', { doors: 'repeatable' }],
    ['attack', { doors: 'all' }],
    ['bot', { to: 'dead' }],
    ['bot', { to: 'running' }],
    ['redis', { to: 'stopped' }],
    ['redis', { to: 'running' }],
    ['autentico', { to: 'well' }],
    ['autentico', { to: 'slow' }],
    ['autentico', { to: 'failing' }],
    ['autentico', { to: 'stopped' }],
  ] as const
  for (const [part, body] of given) {
    expect(await act(page, `glass/${part}`, { ...body, more: 'is left out' })).toEqual({
      status: 200,
      said: { ok: true },
    })
  }
  expect(glass.asked).toEqual(given)

  expect(await act(page, 'glass/slack', { to: 'connected' })).toEqual({
    status: 400,
    said: { error: 'Slack is already connected' },
  })
  expect(await act(page, 'glass/bot', { to: 'stopped' })).toEqual({
    status: 400,
    said: { error: 'that must be one of: dead, running' },
  })
  expect(await act(page, 'glass/attack', { doors: ['all'] })).toMatchObject({ status: 400 })
  expect(await act(page, 'glass/constructor', { to: 'dead' })).toMatchObject({ status: 404 })
  expect(glass.asked).toHaveLength(given.length)
})

test('what happens behind the glass shows in every window', async () => {
  const glass = givenGlass()
  const page = await localPage(await localSlack(), glass)
  const windows = await Promise.all(['ana', 'olu'].map(async (handle) => openWindow(page, handle)))
  glass.machineIs({ bot: 'dead' })
  const entry = {
    seq: 1,
    at: '',
    incident: 'INC-1',
    type: 'IncidentOpened',
    who: 'ana',
    words: '',
    hash: 'b',
    previous: 'a',
  }
  glass.entryIs(entry)

  await vi.waitFor(() => {
    for (const window of windows)
      expect(window.screen()).toMatchObject({ machine: { bot: 'dead' }, entries: { 1: entry } })
  })
  expect(windows.map((window) => window.screen().hint.words)).toEqual(['A hint for ana', 'A hint for olu'])
  expect(windows.map((window) => window.events[0]?.name)).toEqual(['screen', 'screen'])
})

test('closing the page ends every window and listens to nothing any more', async () => {
  const glass = givenGlass()
  const slack = await localSlack()
  const page = await startPage({ slack, glass })
  const ana = await openWindow(page, 'ana')
  await expect(startPage({ slack, glass, port: Number(new URL(page.url).port) })).rejects.toThrow(/port \d+ is taken/)

  await page[Symbol.asyncDispose]()
  await ana.ended
  expect(glass.listeners()).toBe(0)
  await expect(ask(page.url)).rejects.toThrow('ECONNREFUSED')
})

test('a page that cannot be shown says why, and not where in the program', async () => {
  const glass = {
    ...givenGlass(),
    queue: () => {
      throw new Error('the queue cannot be read')
    },
  }
  const page = await localPage(await localSlack(), glass)
  const { status, text } = await ask(`${page.url}/as/ana/live`)

  expect([status, JSON.parse(text)]).toEqual([500, { error: 'the queue cannot be read' }])
})
