import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { byHand } from './by-hand.ts'
import { type LimitsForm, readLimits } from './limits.ts'
import { render } from './render.ts'
import { type ProxyKind, proxyKinds, type Wish } from './rendered.ts'
import { readSite } from './site.ts'

test.each(proxyKinds)('%s: the same wish gives the same bytes, and another one another mark', (kind) => {
  expect(render(wish(kind))).toEqual(render(wish(kind)))
  const marks = [wish(kind), wish(kind, { networks: '' })].map((one) => render(one).mark)

  expect(new Set(marks).size).toBe(marks.length)
})

test.each(proxyKinds)('%s: the head of the file says who wrote it and where it belongs', (kind) => {
  for (const { text } of render(wish(kind)).files) {
    expect(text).toMatch(/^# Written by Autentico Responder; changes by hand are lost\./)
    expect(text).toMatch(/Once, by hand|Stands in the server block/)
  }
})

test('nginx overwrites X-Forwarded-For wherever it passes a request on', () => {
  const [, locations] = render(wish('nginx')).files
  const passedOn = locations?.text.match(/proxy_pass /g)?.length

  expect(passedOn).toBe(4)
  expect(locations?.text.match(/proxy_set_header X-Forwarded-For \$remote_addr;/g)).toHaveLength(4)
  expect(locations?.text).not.toContain('proxy_add_x_forwarded_for')
})

test('nginx refuses whoever is not on the list, and with an empty one everybody', () => {
  expect(textOf(wish('nginx'))).toContain('allow 10.0.0.0/8;\n    allow 2001:db8::/32;\n    deny all;')
  expect(textOf(wish('nginx', { networks: '' }))).toContain('satisfy all;\n    deny all;')
})

test('a rate per minute is written as one', () => {
  const slow = { requests: '30', per: 'minute' }

  expect(textOf(wish('nginx', slow))).toContain('rate=30r/m;')
  expect(textOf(wish('traefik', slow))).toContain('average: 30\n        period: 1m\n')
  // 20 in 40 seconds: the burst at once, and 30 a minute.
  expect(textOf({ ...wish('caddy', slow), caddyLimits: true })).toContain('window 40000ms\n\t\t\tevents 20\n')
})

test('Caddy without the module is left without the limit, and that is said', () => {
  const without = render(wish('caddy'))

  expect(without.limitsRequests).toBe(false)
  expect(without.files[0]?.text).not.toContain('rate_limit {')
  expect(byHand(without, wish('caddy').site).join(' ')).toContain('does not limit requests')
})

test.each(proxyKinds)('%s: whatever is typed into the form, only numbers and networks differ in the files', (kind) => {
  const sharp = ['\n', ';', '}', '"', '`', '#', '$host', '{env.HOME}', 'deny all', '\u2028']
  const number = fc.integer({ min: 5, max: 900 }).map(String)
  const typed = fc.oneof(
    { arbitrary: number, weight: 8 },
    { arbitrary: fc.tuple(number, fc.constantFrom(...sharp)).map((all) => all.join('')), weight: 1 },
  )
  const listed = fc
    .array(fc.constantFrom('192.0.2.0/24', '::1', '2001:db8::/32', ...sharp), { maxLength: 3 })
    .map((all) => all.join(' '))
  const skeleton = (one: Wish) =>
    textOf(one)
      .replaceAll(/[0-9a-f.:]*\d[0-9a-f.:]*(?:\/\d+)?/g, '0')
      .replaceAll('"0"', '0')
      .replaceAll(/(?:allow 0;|- 0)\s*/g, '')
  const seen = { readable: 0 }
  fc.assert(
    fc.property(typed, typed, listed, (requests, burst, networks) => {
      const read = readLimits({ requests, per: 'second', burst, networks: `10.0.0.0/8 ${networks}` })
      if (read.kind !== 'limits') return
      seen.readable += 1
      const { limits } = read
      const more = Array.from({ length: limits.allowed.length - 1 }, () => ' 0').join('')
      const plain = skeleton({ ...wish(kind, { networks: '10.0.0.0/8' }), caddyLimits: true })
      expect(skeleton({ ...wish(kind), limits, caddyLimits: true })).toBe(
        kind === 'caddy' ? plain.replace('remote_ip 0', `remote_ip 0${more}`) : plain,
      )
    }),
    { numRuns: 500 },
  )
  expect(seen.readable).toBeGreaterThan(20)
})

/**
 * What Traefik 3 reads, as far as it concerns us: its documentation of the file provider, routers, and the middlewares
 * rateLimit, ipAllowList and headers. Strict, because Traefik refuses a whole file for one word that it does not know.
 */
const router = z.strictObject({
  rule: z.string().regex(/^(?:Host|Path|PathPrefix|[ ()|&]|\(`[\w./:-]+`\))+$/),
  priority: z.int().positive(),
  middlewares: z.array(z.string()).min(1),
  service: z.string(),
  tls: z.strictObject({}).optional(),
})
const middleware = z.union([
  z.strictObject({
    rateLimit: z.strictObject({
      average: z.int().positive(),
      period: z.string().regex(/^1[sm]$/),
      burst: z.int().positive(),
    }),
  }),
  z.strictObject({ ipAllowList: z.strictObject({ sourceRange: z.array(z.union([z.cidrv4(), z.cidrv6()])).min(1) }) }),
  z.strictObject({ headers: z.strictObject({ customResponseHeaders: z.record(z.string(), z.string()) }) }),
])
const service = z.strictObject({
  loadBalancer: z.strictObject({ servers: z.array(z.strictObject({ url: z.url() })).length(1) }),
})
const dynamic = z.strictObject({
  http: z.strictObject({
    routers: z.record(z.string(), router),
    middlewares: z.record(z.string(), middleware),
    services: z.record(z.string(), service),
  }),
})

test.each([
  ['a list', '10.0.0.0/8 2001:db8::/32'],
  ['an empty list', ''],
])(
  'Traefik: the file is what its documentation describes, with %s, and every name in it is defined',
  (_what, networks) => {
    const { http } = dynamic.parse(parse(textOf(wish('traefik', { networks }))))
    const used = Object.values(http.routers)

    expect(used.flatMap(({ middlewares }) => middlewares).toSorted()).toEqual(Object.keys(http.middlewares).toSorted())
    expect(used.every((one) => one.service in http.services)).toBe(true)
    expect(used.every((one) => one.rule.startsWith('Host(`id.example.org`) && (') && one.tls !== undefined)).toBe(true)
  },
)

test('Traefik: a mark of digits alone stays text', () => {
  const text = textOf(wish('traefik')).replace(/(X-Autentico-Responder: ).*/, '$1"1234567890123456"')

  expect(dynamic.safeParse(parse(text)).success).toBe(true)
  expect(dynamic.safeParse(parse(text.replaceAll('"', ''))).success).toBe(false)
})

test.each(proxyKinds)(
  '%s: a person is told to keep copies, to check before loading, and how to take it back',
  (kind) => {
    const steps = byHand(render(wish(kind)), wish(kind).site)

    expect(steps[0]).toContain('keep copies')
    expect(steps.some((step) => step.startsWith('To take it back'))).toBe(true)
    expect(steps.some((step) => step.includes('firewall'))).toBe(true)
    if (kind === 'traefik') return
    const check = steps.findIndex((step) => step.startsWith('Check it:'))
    expect(steps[check + 1]).toMatch(/^Only if/)
  },
)

function textOf(wanted: Wish): string {
  return render(wanted)
    .files.map(({ text }) => text)
    .join('')
}

type Given = Partial<LimitsForm>

function wish(kind: ProxyKind, given: Given = {}): Wish {
  const form = { requests: '5', per: 'second', burst: '20', networks: '10.0.0.0/8 2001:db8::/32', ...given }
  const read = readLimits(form)
  const site = readSite({
    url: 'https://id.example.org',
    upstream: 'http://127.0.0.1:9999',
    oauthPath: '/oauth2',
    configPath: '/etc/proxy/autentico-responder.conf',
  })
  if (read.kind !== 'limits' || site.kind !== 'site') throw new Error('this test asks for what cannot be rendered')
  return { kind, limits: read.limits, site: site.site }
}
