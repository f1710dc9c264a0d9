import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inherited, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import { dataDirOf, quickStage } from '../../support/incident-flow.ts'

/** How long after it said why the program may still be there. */
const withinMs = 1_500

let stage: Stage
/** A data directory as one start and one stop leave it. */
let original: string

beforeAll(async () => {
  stage = await quickStage()
  await using program = await startProgram(stage.env)
  await program.stop()
  original = join(stage.dir, 'original')
  cpSync(dataDirOf(stage), original, { recursive: true })
})

afterAll(async () => stage[Symbol.asyncDispose]())

type End = { readonly code: unknown; readonly said: string; readonly heldMs: number }

/** Starts the program over a copy of its data, lets it fail, and tells how long it was held after it had said why. */
async function failing({
  why,
  env = {},
  harm = () => undefined,
}: {
  readonly why: RegExp
  readonly env?: Readonly<Record<string, string>>
  readonly harm?: (dir: string) => void
}): Promise<End> {
  const dir = join(stage.dir, `copy-${process.hrtime.bigint()}`)
  cpSync(original, dir, { recursive: true })
  harm(dir)
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../../src/main.ts'), 'start'], {
    env: { ...inherited(), ...stage.env, DATA_DIR: dir, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  let said = ''
  let saidAt = Number.NaN
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString()
    if (Number.isNaN(saidAt) && why.test(said)) saidAt = performance.now()
  })
  const killing = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const [code] = (await once(child, 'close')) as readonly unknown[]
  clearTimeout(killing)
  return { code, said, heldMs: performance.now() - saidAt }
}

function expectEndAtOnce({ code, said, heldMs }: End, expected: { readonly code: number }): void {
  expect({ code, said }).toMatchObject(expected)
  expect(heldMs).toBeLessThan(withinMs)
}

const away = { REDIS_URL: 'redis://127.0.0.1:1' }

/** A ledger that cannot be opened, found after the worker has begun to listen. */
const unreadable = {
  why: /ledger\.sqlite cannot be opened/,
  harm(dir: string) {
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm'])
      rmSync(join(dir, name), { force: true })
    mkdirSync(join(dir, 'ledger.sqlite'))
  },
}

/** Nobody expects a file there: a bug, as far as the program knows. */
const unexpected = {
  why: /a bug: the program ends/,
  harm(dir: string) {
    rmSync(join(dir, 'sealed'), { recursive: true, force: true })
    writeFileSync(join(dir, 'sealed'), '')
  },
}
const refused = { why: /Slack refused auth\.test: invalid_auth/, env: { SLACK_BOT_TOKEN: 'xoxb-of-another-workspace' } }

test('a private key that cannot be read ends the program at once', async () => {
  const end = await failing({
    why: /holds no usable private key/,
    harm: (dir) => writeFileSync(join(dir, 'keys', 'bot-signing.pem'), 'no key'),
  })
  expectEndAtOnce(end, { code: 2 })
})

test('a ledger that cannot be opened ends the program at once, while the worker is listening already', async () => {
  expectEndAtOnce(await failing(unreadable), { code: 2 })
})

test('a bug in the middle of the start ends the program at once', async () => {
  expectEndAtOnce(await failing(unexpected), { code: 1 })
})

test('a token that Slack refuses ends the program at once', async () => {
  expectEndAtOnce(await failing(refused), { code: 2 })
})

test('nothing of that takes longer while Redis is away', async () => {
  expectEndAtOnce(await failing({ ...unreadable, env: away }), { code: 2 })
  expectEndAtOnce(await failing({ ...unexpected, env: away }), { code: 1 })
  expectEndAtOnce(await failing({ ...refused, env: { ...refused.env, ...away } }), { code: 2 })
})

test('a program that has never reached Redis ends when it is told to', async () => {
  await using program = await startProgram({ ...stage.env, ...away })
  // Or it would outlive this test.
  const killing = setTimeout(() => void program.kill(), 15_000)
  const asked = performance.now()
  const code = await program.stop()
  clearTimeout(killing)
  expect(code).toBe(0)
  expect(performance.now() - asked).toBeLessThan(2 * withinMs)
})
