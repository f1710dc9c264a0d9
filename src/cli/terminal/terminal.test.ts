import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readConfig } from '#/config.ts'
import { createDeciders } from '#/deciders/deciders.ts'
import { recordedOf } from '#/deciders/incidents.ts'
import { inherited } from '#/drill/program.ts'
import type { IncidentId } from '#/incident/events.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { openLedgerReader } from '#/ledger/reader.ts'
import { verifyDataDir } from '#/record/verify-data-dir.ts'
import { asks, facts, openOrder, opens, standing, steps } from '../../../test/support/stories.ts'
import { registeredKey } from '../../../test/support/terminal-keys.ts'
import { run } from '../test-run.ts'

const id = 'INC-1' as IncidentId

type Typed = readonly (string | undefined)[]

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cli-terminal-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** The configuration of a bot whose Slack cannot be reached. */
function configuration(dataDir: string): Record<string, string> {
  return {
    DATA_DIR: dataDir,
    REDIS_URL: 'redis://127.0.0.1:1',
    SLACK_API_URL: 'http://127.0.0.1:1/api/',
    SLACK_BOT_TOKEN: 'xoxb-1-1-none',
    SLACK_APP_TOKEN: 'xapp-1-A-1-none',
    INCIDENT_CHANNEL: 'C0INCIDENTS',
    RESPONDERS: 'U0ANA,U0BAO',
    APPROVERS: 'S0SECURITY',
    AUTENTICO_URL: 'http://127.0.0.1:1',
    AUTENTICO_CLIENT_ID: 'responder',
    AUTENTICO_CLIENT_SECRET: 'never sent',
    AUTENTICO_USERNAME: 'responder-bot',
    AUTENTICO_PASSWORD: 'never sent',
  }
}

/** A data directory without a bot: one incident, a request of ana's that waits for approval, and the keys of both. */
function site() {
  const dataDir = folder()
  const env = configuration(dataDir)
  const file = join(dataDir, 'ledger.sqlite')
  using ledger = openLedger({ file })
  const { config } = readConfig(env)
  const { governance, incidents } = createDeciders({ ledger, file, config, now: () => new Date() })
  const keys = { ana: join(dataDir, 'ana.pem'), bao: join(dataDir, 'bao.pem') }
  registeredKey(governance, { file: keys.ana, owner: standing('ana'), second: standing('bao') })
  registeredKey(governance, { file: keys.bao, owner: standing('bao'), second: standing('ana') })
  const opened = incidents.execute('new', opens())
  if (opened.kind === 'refused') throw new Error(opened.sentence)
  incidents.execute(id, {
    type: 'RecordOutcome',
    worker: 'worker-1',
    order: openOrder(opened.incident, 'snapshot'),
    result: { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] },
  })
  incidents.execute(id, { ...asks(steps.sessions), kind: 'skip', reason: 'A \u001b[31mtest\u001b[0m account.' })
  const code = incidents.find(id)?.requests.values().next().value?.shown?.code ?? ''
  const types = (): readonly string[] => {
    using reader = openLedgerReader({ file })
    return reader.stream(id).map((entry) => recordedOf(entry).event.type)
  }
  return { dataDir, env, file, keys, code, types, as: (who: 'ana' | 'bao') => ['--key', keys[who]] }
}

describe('a key of one’s own', () => {
  const passphrase = 'correct horse battery'

  test('is made with a passphrase that is typed twice, and printed as it is registered', async () => {
    const out = join(folder(), 'key.pem')
    const made = await run(['key', 'make', '--out', out], {}, [passphrase, passphrase])
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/Fingerprint {2}SHA256:[\w+/]{43}\nPublic key {3}ssh-ed25519 AAAA.*\n.*\/autentico key/)
    expect([statSync(out).mode & 0o777, readFileSync(out, 'utf8').includes('ENCRYPTED')]).toEqual([0o600, true])
    expect(made.out + made.err).not.toContain(passphrase)

    const shown = await run(['key', 'show', '--key', out], {}, [passphrase])
    expect(shown.out).toBe(made.out.split('\n').slice(0, 3).join('\n').concat('\n'))
  })

  test.each<[string, string[], NodeJS.ProcessEnv, Typed | undefined, RegExp]>([
    ['two that differ', [], {}, [passphrase, 'another one entirely'], /differ/],
    ['nobody there to type one', [], {}, undefined, /Nobody is there .*--unencrypted/],
    ['one that is too short', [], { RESPONDER_KEY_PASSPHRASE: 'short' }, undefined, /too short/],
    ['a file that is not there', ['--passphrase-file', '/nowhere/at/all'], {}, undefined, /cannot be read \(ENOENT\)/],
  ])('is not made with %s', async (_what, args, env, typed, words) => {
    const out = join(folder(), 'key.pem')
    const { code, err } = await run(['key', 'make', '--out', out, ...args], env, typed)
    expect([code, existsSync(out)]).toEqual([2, false])
    expect(err).toMatch(words)
  })

  test('takes its passphrase from a file or the environment, and says it nowhere', async () => {
    const path = folder()
    const [out, file] = [join(path, 'key.pem'), join(path, 'passphrase')]
    writeFileSync(file, `${passphrase}\n`)
    const made = await run(['key', 'make', '--out', out, '--passphrase-file', file, '--json'], {})
    const shown = await run(['key', 'show', '--json'], { RESPONDER_KEY: out, RESPONDER_KEY_PASSPHRASE: passphrase })
    expect([made.code, shown]).toEqual([0, made])
    expect(JSON.parse(shown.out)).toMatchObject({ file: out, fingerprint: expect.stringMatching(/^SHA256:/) as string })
    expect(made.out).not.toContain(passphrase)
  })

  test('is kept without a passphrase only where that is said', async () => {
    const out = join(folder(), 'key.pem')
    expect((await run(['key', 'make', '--out', out, '--unencrypted'], {})).code).toBe(0)
    expect(readFileSync(out, 'utf8')).not.toContain('ENCRYPTED')
  })
})

describe('looking needs neither Slack, nor a bot, nor a key', () => {
  test('the open incidents, with what waits', async () => {
    const { env, code } = site()
    const { out } = await run(['incident', 'list'], { DATA_DIR: env['DATA_DIR'] })
    expect(out).toMatch(/^INC-1 +SEV2 {2}open +alice {2}Compromised user account {2}0 of 5 steps settled {2}waits: r1 /)
    expect(out).toContain(code)
  })

  test('one incident, and nothing that somebody wrote draws on the screen', async () => {
    const { env, code } = site()
    const { out } = await run(['incident', 'show', '1'], { DATA_DIR: env['DATA_DIR'] })
    for (const words of [
      'Target     alice',
      '1  revoke-sessions: Revoke all',
      'Standing   0 of 1',
      `Code       ${code}`,
    ])
      expect(out).toContain(words)
    expect(out).not.toContain('\u001b')
  })

  test('the same as JSON', async () => {
    const { env, code } = site()
    const { out } = await run(['incident', 'show', 'INC-1', '--json'], { DATA_DIR: env['DATA_DIR'] })
    expect(JSON.parse(out)).toMatchObject({
      id,
      steps: expect.arrayContaining([{ id: 'reset-mfa', title: 'Reset MFA', status: 'waiting' }]) as unknown,
      requests: [{ id: 'r1', requester: 'ana', shown: { code } }],
    })
  })

  test('an incident that is not there', async () => {
    const { env } = site()
    expect(await run(['incident', 'show', 'INC-9'], { DATA_DIR: env['DATA_DIR'] })).toMatchObject({
      code: 1,
      err: 'There is no incident INC-9 in this ledger.\n',
    })
    expect((await run(['incident', 'show', 'INC-0'], env)).code).toBe(2)
  })
})

describe('while no bot runs', () => {
  test('whoever approves is shown what it is, types its code, and it is on record; the ledger is free again', async () => {
    const { env, as, code, types, file } = site()
    const approved = await run(['approve', 'INC-1', 'r1', ...as('bao')], env, [code])
    expect(approved).toMatchObject({ code: 0 })
    expect(approved.err).toMatch(/This will {2}leave “Revoke all sessions” undone[^]*Warning [^]*type its code: $/)
    expect(approved.out).toMatch(/@bao \(terminal\) approved: Skip [^]*No bot is running: it is recorded/)
    expect(types().slice(-3)).toEqual(['CommandSigned', 'StepApproved', 'StepSkipped'])
    openLedger({ file })[Symbol.dispose]()
  })

  test('with another code nothing is approved, nor without one', async () => {
    const { env, as, code, types } = site()
    const before = types()
    const other = code.replace(/.$/, (last) => (last === '2' ? '3' : '2'))
    for (const args of [[], ['--code', other]]) {
      const { code: status, err } = await run(['approve', 'INC-1', 'r1', ...as('bao'), ...args], env)
      expect(status).toBe(1)
      expect(err).toMatch(/Nothing was approved/)
    }
    expect(types()).toEqual(before)
  })

  test('who asked may not approve: exit code 1, the reason, and the record of it', async () => {
    const { env, as, code, types } = site()
    const refused = await run(['approve', 'INC-1', code, ...as('ana'), '--code', code, '--json'], env)
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.out)).toMatchObject({ kind: 'refused', code: 'approver_is_requester' })
    expect(types().slice(-2)).toEqual(['CommandSigned', 'ClickRefused'])
  })

  test('a key that nobody registered does nothing', async () => {
    const { env, code, dataDir, types } = site()
    const before = types()
    const key = join(dataDir, 'own.pem')
    await run(['key', 'make', '--out', key, '--unencrypted'], {})
    const { code: status, err } = await run(['approve', 'INC-1', 'r1', '--key', key, '--code', code], env)
    expect(status).toBe(1)
    expect(err).toMatch(/is not registered\. .*\/autentico key/)
    expect(types()).toEqual(before)
  })

  test('asking, denying, withdrawing, noting, holding and stopping go the same way', async () => {
    const { env, as, types } = site()
    const does = async (who: 'ana' | 'bao', ...args: readonly string[]) => {
      const { code, err } = await run([...args, ...as(who)], env)
      expect([code, err]).toEqual([0, ''])
    }
    await does('bao', 'deny', '1', 'r1', '--reason', 'Not this one.')
    await does('ana', 'request', '1', '1', '--kind', 'skip', '--reason', 'A test account.')
    await does('ana', 'withdraw', '1', 'r2')
    await does('bao', 'note', '1', 'From the console.')
    await does('ana', 'hold', '1')
    await does('bao', 'stop', '1', '--reason', 'Wait.')
    await does('bao', 'resume', '1')
    expect(types().filter((type) => type === 'CommandSigned')).toHaveLength(7)
    for (const type of ['StepDenied', 'RequestWithdrawn', 'NoteAdded', 'HoldPlaced', 'WorkStopped'])
      expect(types()).toContain(type)
  })

  test('somebody else at a terminal, or a bot that is starting, has the ledger: it is said who', async () => {
    const { env, as, file, types } = site()
    const before = types()
    using _held = openLedger({ file })
    const { code, err } = await run(['note', '1', 'Me too.', ...as('bao')], env)
    expect(code).toBe(2)
    expect(err).toMatch(new RegExp(`held by process ${process.pid} on .* since .*Nothing was done`))
    expect(types()).toEqual(before)
  })

  test('without the configuration of the bot it says what is missing, and does nothing', async () => {
    const { dataDir, as, types } = site()
    const before = types()
    const { code, err } = await run(['note', '1', 'Hello.', ...as('bao')], { DATA_DIR: dataDir })
    expect(code).toBe(2)
    expect(err).toMatch(/The configuration has \d+ problems:/)
    expect(types()).toEqual(before)
  })

  test('killed in the middle, it leaves the ledger whole and free', async () => {
    const { env, as, file, dataDir } = site()
    // A Slack that takes the question and never answers, so that the command is in the middle for as long as we like.
    const asked = Promise.withResolvers<void>()
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    onTestFinished(() => silent.closeAllConnections())
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, '../../main.ts'), 'note', 'INC-1', 'Hello.', ...as('bao')],
      { env: { ...inherited(), ...env, SLACK_API_URL: `http://127.0.0.1:${port}/api/` }, stdio: 'ignore' },
    )
    const ended = once(child, 'exit')
    await asked.promise
    expect(() => openLedger({ file })).toThrow(/is in use by process/)
    child.kill('SIGKILL')
    await ended

    openLedger({ file })[Symbol.dispose]()
    expect((await verifyDataDir(dataDir)).ok).toBe(true)
    expect(await run(['note', '1', 'Hello again.', ...as('bao')], env)).toMatchObject({ code: 0 })
  })
})
