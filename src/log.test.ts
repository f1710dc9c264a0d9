import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function logged(
  secrets: readonly string[],
  level = 'info',
): { readonly log: ReturnType<typeof createLog>; readonly lines: string[] } {
  const lines: string[] = []
  return { log: createLog({ level, secrets, write: (line) => void lines.push(line) }), lines }
}

test('a line is one JSON object with level, time and message, and no word about the machine', () => {
  const { log, lines } = logged([])
  log.info({ order: 'INC-7-31' }, 'order ended')
  expect(lines).toHaveLength(1)
  const { time, ...rest } = JSON.parse(lines[0] ?? '') as Record<string, unknown>
  expect(rest).toEqual({ level: 'info', order: 'INC-7-31', msg: 'order ended' })
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
})

test('a secret is removed wherever it stands: in a field, in the message, in an error and its cause', () => {
  const secret = 'correct horse battery'
  const { log, lines } = logged([secret])
  const error = new Error(`refused ${secret}`, { cause: new Error(`sent ${secret}`) })
  log.warn({ field: secret, deep: { list: [secret] }, err: error }, `said ${secret}`)
  expect(lines.join('')).not.toContain(secret)
  expect(lines.join('')).toContain('[removed]')
})

test('of two secrets the longer one goes whole, even if it holds the shorter one', () => {
  const { log, lines } = logged(['hunter22', 'hunter22-and-more'])
  log.info('hunter22-and-more')
  expect(lines.join('')).not.toContain('and-more')
})

test('what only looks like a secret is removed as well', () => {
  const { log, lines } = logged([])
  log.info({ header: 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2ln' }, 'xoxb-123456-abcdef')
  expect(lines.join('')).not.toMatch(/eyJ|xoxb/)
})

test('a secret of a few letters does not eat ordinary words', () => {
  const { log, lines } = logged(['a', 'me'])
  log.info('a message about me')
  expect(lines.join('')).toContain('a message about me')
})

test('below the level nothing is written', () => {
  const { log, lines } = logged([], 'warn')
  log.info('nothing')
  expect(lines).toEqual([])
})
