import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { readConfig } from '#/config.ts'
import { createDeciders } from '#/deciders/deciders.ts'
import { type Program, startProgram } from '#/drill/program.ts'
import type { Stage } from '#/drill/stage.ts'
import type { Request } from '#/incident/state.ts'
import type { RequestId } from '#/incident/work.ts'
import { openLedger } from '#/ledger/ledger.ts'
import { askBot } from '#/terminal/ask-bot.ts'
import type { PersonalKey } from '#/terminal/personal-key.ts'
import type { Answer } from '#/terminal/protocol.ts'
import { purpose, signStatement, type TerminalCommand } from '#/terminal/statement.ts'
import { changes } from '../../flows/machine/machine.ts'
import {
  type Case,
  dataDirOf,
  entriesOf,
  openFor,
  quickStage,
  reloadEverybody,
  responder,
} from '../../support/incident-flow.ts'
import { standing } from '../../support/stories.ts'
import { registeredKey } from '../../support/terminal-keys.ts'

let stage: Stage
let program: Program
const keys = new Map<string, PersonalKey>()
let used = 0

beforeAll(async () => {
  stage = await quickStage()
  const file = join(dataDirOf(stage), 'ledger.sqlite')
  {
    using ledger = openLedger({ file })
    const { config } = readConfig({ ...stage.env })
    const { governance } = createDeciders({ ledger, file, config, now: () => new Date() })
    for (const [name, who, second] of [
      ['ana', 'ana', 'bao'],
      ['ana again', 'ana', 'chi'],
      ['bao', 'bao', 'ana'],
      ['chi', 'chi', 'ana'],
    ] as const) {
      const people = { owner: standing(who), second: standing(second) }
      keys.set(name, registeredKey(governance, { file: join(stage.dir, name), ...people }))
    }
  }
  program = await startProgram(stage.env)
})

afterAll(async () => {
  await program[Symbol.asyncDispose]()
  await stage[Symbol.asyncDispose]()
})

beforeEach(() => reloadEverybody(stage))

const socket = () => join(dataDirOf(stage), 'terminal.sock')

async function asked(): Promise<{ readonly incident: Case; readonly approval: TerminalCommand }> {
  used += 1
  const incident = await openFor(stage, `user-${String(used).padStart(3, '0')}`)
  const { id: request, shown }: Request = await incident.ask(1)
  return { incident, approval: { type: 'ApproveRequest', request, digest: shown?.digest ?? '' } }
}

/** Somebody says something from a terminal, right now. */
async function says(who: string, incident: Case, command: TerminalCommand): Promise<Answer | undefined> {
  const key = keys.get(who)
  if (key === undefined) throw new Error(`${who} has no key`)
  const { id, lastSeq, lastHash } = incident.state()
  return askBot(socket(), ({ ledger, nonce }) => {
    const { fingerprint } = key
    const at = new Date().toISOString()
    const seen = { seq: lastSeq, hash: lastHash }
    return signStatement({ purpose, ledger, nonce, at, fingerprint, incident: id, seen, command }, key)
  })
}

test('forty approvals from terminals and one from Slack at once: exactly one outcome, and everybody else is told', async () => {
  const { incident, approval } = await asked()
  const pressed = incident.at('bao').press(/^Approve/)
  const answers = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => says(index % 2 === 0 ? 'bao' : 'chi', incident, approval)),
  )
  await pressed
  await incident.untilProven(1)
  expect(incident.entries('StepApproved')).toHaveLength(1)
  expect(changes(stage, incident.username)).toEqual([204])
  const [{ actor } = { actor: {} }] = incident.entries('StepApproved')
  expect(answers.filter((answer) => answer?.kind === 'done')).toHaveLength('key' in actor ? 1 : 0)
  expect(answers.every((answer) => answer?.kind === 'done' || answer?.kind === 'refused')).toBe(true)
})

test('what somebody signed is sent again, by whoever can read the ledger: it is not done twice, and that is on record', async () => {
  const { incident, approval } = await asked()
  expect(await says('bao', incident, { type: 'AddNote', text: 'Once.' })).toMatchObject({ kind: 'done' })
  const [{ event } = { event: undefined }] = incident.entries('CommandSigned')
  const forged = entriesOf(stage, 'system', 'ForgeryRefused').length

  const line = connect(socket())
  await once(line, 'connect')
  const lines = createInterface({ input: line })[Symbol.asyncIterator]()
  await lines.next()
  line.write(`${JSON.stringify({ text: event?.text, signature: event?.signature, fingerprint: event?.fingerprint })}\n`)
  const { value } = await lines.next()
  line.destroy()
  expect(JSON.parse(String(value))).toMatchObject({
    answer: { kind: 'refused', sentence: expect.stringMatching(/^It was sent before/) as string },
  })
  expect(incident.entries('NoteAdded')).toHaveLength(1)
  expect(entriesOf(stage, 'system', 'ForgeryRefused')).toHaveLength(forged + 1)
  // The connection that was abused spoiled nothing for others.
  expect(await says('bao', incident, approval)).toMatchObject({ kind: 'done' })
})

test('the requester is one person: neither a terminal nor a second key gives them a second voice', async () => {
  const { incident, approval } = await asked()
  for (const key of ['ana', 'ana again'])
    expect(await says(key, incident, approval)).toMatchObject({ kind: 'refused', code: 'approver_is_requester' })
  expect(incident.entries('StepApproved')).toEqual([])
  const request = [...incident.state().requests.keys()].at(-1) ?? ('' as RequestId)
  expect(await says('ana', incident, { type: 'DenyRequest', request, reason: 'Mine.' })).toMatchObject({
    kind: 'refused',
  })
})

test('no bot, and two people at once: the ledger takes one after the other or says who has it, and there is one outcome', async () => {
  const { incident } = await asked()
  const code = [...incident.state().requests.values()].at(-1)?.shown?.code ?? ''
  await program.kill()
  const tried = async (who: string) =>
    responder(stage, 'approve', incident.id, 'r1', '--code', code, '--key', join(stage.dir, who))
  const [one, other] = await Promise.all([tried('bao'), tried('chi')])
  expect([one.code, other.code].filter((status) => status === 0)).toHaveLength(1)
  expect([one, other].find(({ code: status }) => status !== 0)?.err).toMatch(
    /Already approved by @|held by process \d+ on/,
  )
  expect(incident.entries('StepApproved')).toHaveLength(1)

  program = await startProgram(stage.env)
  await incident.untilProven(1)
  expect(changes(stage, incident.username)).toEqual([204])
})
