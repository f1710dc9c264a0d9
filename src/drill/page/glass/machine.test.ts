import { Redis } from 'ioredis'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Program, startProgram } from '../../program.ts'
import { type Stage, setStage } from '../../stage.ts'
import { lastWords } from './bot.ts'
import { createLog } from './log.ts'
import { createMachine, type MachineSwitches } from './machine.ts'

const patience = { timeout: 10_000, interval: 20 }

async function staged(env?: Readonly<Record<string, string>>): Promise<{
  readonly stage: Stage
  readonly machine: MachineSwitches
  readonly programs: Program[]
  readonly said: () => readonly string[]
}> {
  const stage = await setStage()
  const programs: Program[] = []
  const machine = createMachine({
    startBot: async (signal) => {
      const program = await startProgram(env ?? stage.env, { signal })
      programs.push(program)
      return program
    },
    redis: stage.redis,
    autentico: stage.autentico,
    slack: stage.slack,
    onChange: () => undefined,
    slowMs: 1,
  })
  onTestFinished(async () => {
    await machine[Symbol.asyncDispose]()
    await stage[Symbol.asyncDispose]()
  })
  return { stage, machine, programs, said: () => machine.machine().log.map(({ words }) => words) }
}

const answers = async ({ autentico }: Stage): Promise<number> => (await fetch(`${autentico.url}/healthz`)).status

test('the bot is killed and started, dies by itself, and loses and finds Slack', async () => {
  const { stage, machine, programs, said } = await staged()
  expect(machine.machine()).toMatchObject({ bot: 'dead', redis: 'running', autentico: 'well', slack: 'connected' })
  const starting = machine.bot('running')
  expect(machine.machine().bot).toBe('starting')
  // Pressed twice, it is started once.
  await Promise.all([starting, machine.bot('running')])
  expect(machine.machine().bot).toBe('running')
  expect(programs).toHaveLength(1)
  await vi.waitFor(() => expect(machine.machine().slack).toBe('connected'), patience)

  await Promise.all([machine.slack('disconnected'), machine.slack('disconnected')])
  expect(machine.machine().slack).toBe('disconnected')
  await vi.waitFor(() => expect(stage.slack.connections()).toBe(0), patience)
  await machine.slack('connected')
  expect(machine.machine().slack).toBe('reconnecting')
  await vi.waitFor(
    () => expect(said().at(-1)).toMatch(/^The bot is connected to Slack again after \d+\.\d s\.$/),
    patience,
  )

  const [first] = programs
  process.kill(first?.pid ?? 0, 'SIGKILL')
  await vi.waitFor(() => expect(machine.machine().bot).toBe('dead'), patience)
  expect(said().at(-1)).toMatch(/^The bot ended by itself, by a signal: /)

  // Killed while it starts, it is not there afterwards, and the next one starts when it is gone.
  const killed = machine.bot('running')
  await Promise.all([machine.bot('dead'), machine.bot('dead'), killed])
  expect(machine.machine().bot).toBe('dead')
  await machine.bot('running')
  expect(said().at(-1)).toMatch(/^The bot is ready again after \d+\.\d s\.$/)
  expect(said().filter((words) => words === 'The bot was killed while it was starting.')).toHaveLength(1)
  await machine[Symbol.asyncDispose]()
  expect(await programs.at(-1)?.ended).toBe(0)
  expect(machine.machine().bot).toBe('dead')
  await machine.bot('running')
  expect(machine.machine().bot).toBe('dead')
}, 30_000)

test('a bot that refuses to start says why, and nothing of a secret', async () => {
  const { machine, said } = await staged({ SLACK_BOT_TOKEN: 'xoxb-not-to-be-told', AUTENTICO_URL: 'nonsense' })
  await expect(machine.bot('running')).rejects.toThrow(/^The bot did not start: /)
  expect(machine.machine().bot).toBe('dead')
  expect(said()).toEqual([expect.stringMatching(/^The bot did not start: .+/)])
  expect(JSON.stringify(machine.machine())).not.toContain('not-to-be-told')
})

test('Redis and Autentico are broken and mended as often as one likes, and every change is in the log once', async () => {
  const { stage, machine, said } = await staged()
  await Promise.all([machine.redis('stopped'), machine.redis('stopped')])
  expect(machine.machine().redis).toBe('stopped')
  await Promise.all([machine.redis('running'), machine.redis('running')])
  expect(machine.machine().redis).toBe('running')
  const client = new Redis(stage.redis.url)
  expect(await client.ping()).toBe('PONG')
  client.disconnect()

  await machine.autentico('failing')
  expect(await answers(stage)).toBe(500)
  await machine.autentico('slow')
  expect(await answers(stage)).toBe(200)
  await machine.autentico('stopped')
  await expect(answers(stage)).rejects.toThrow('fetch failed')
  // From stopped to failing it has to be started again.
  await machine.autentico('failing')
  expect(await answers(stage)).toBe(500)
  await Promise.all([machine.autentico('stopped'), machine.autentico('well')])
  expect(await answers(stage)).toBe(200)
  expect(machine.machine()).toMatchObject({ redis: 'running', autentico: 'well' })
  expect(said()).toHaveLength(8)

  // What waited is credited to what was mended, once; what was ordered after that never waited.
  const from = (ms: number) => new Date(Date.now() + ms).toISOString()
  machine.ended({ order: 'INC-1-20', orderedAt: from(60_000), endedAt: from(61_000) })
  machine.ended({ order: 'INC-1-12', orderedAt: from(-60_000), endedAt: from(2_600) })
  machine.ended({ order: 'INC-1-14', orderedAt: from(-60_000), endedAt: from(3_000) })
  expect(said().slice(8)).toEqual([expect.stringMatching(/^Autentico is back; order INC-1-12 ended \d\.\d s later\.$/)])
})

test('the log keeps the newest fifty', () => {
  const log = createLog({ now: () => new Date(), onChange: () => undefined })
  for (let n = 1; n <= 60; n += 1) log.note(`Line ${n}`)
  expect(log.lines().map(({ words }) => words)).toEqual(Array.from({ length: 50 }, (_, n) => `Line ${n + 11}`))
})

test.each([
  [['{"msg":"stopping"}', '{"level":60,"msg":"stuck","why":"no Slack"}'], 'stuck: no Slack'],
  [['{"msg":"a bug","err":{"type":"TypeError","message":"x is not a function"}}'], 'a bug: x is not a function'],
  [
    [
      'file:///a.ts:3',
      '  throw new Error()',
      '  ^',
      "SyntaxError: no export 'x'",
      '    at run (a.ts:3:1)',
      '',
      'Node.js v24',
    ],
    "SyntaxError: no export 'x'",
  ],
  [[], 'it said nothing.'],
])('the last words of a program: %j', (lines, words) => {
  expect(lastWords(lines)).toBe(words)
})
