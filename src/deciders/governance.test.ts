import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { builtIn } from '#/configuration/playbooks.ts'
import { remindOfChanges } from '#/followers/reminder.ts'
import type { GovernanceCommand } from '#/governance/commands.ts'
import { mayApproveChange } from '#/governance/decide.ts'
import type { ChangeId } from '#/governance/events.ts'
import { changeRefusalCodes, changeRefusalSentence } from '#/governance/refusals.ts'
import type { IncidentId } from '#/incident/events.ts'
import type { StepUp } from '#/incident/identity.ts'
import { temporaryLedger } from '#/ledger/test-support.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'
import { fingerprintOf, publicLine } from '#/terminal/public-key.ts'
import { alice, type Handle, person, standing, start } from '../../test/support/stories.ts'
import { type ChangeExecuted, createGovernance, type Governance, PolicyUnreadable } from './governance.ts'
import { later } from './incidents.ts'

const ttlMs = 30 * 60_000
const first = standardPolicy({ ttlMs })
const stricter: Policy = { ...first, rules: { 'restore-access': { ...first.standard, approvals: 2 } } }
const strictest: Policy = { ...stricter, standard: { ...first.standard, approvals: 2 } }

type Open = ReturnType<Parameters<typeof createGovernance>[0]['open']>[number]

/** An open incident about an account with this e-mail address, under this playbook, in which one sign-in was used. */
function incident(email: string, playbook = builtIn('account-compromise')): Open {
  const stepUp = { kind: 'autentico', tokenDigest: 'used' }
  const requests = new Map([['r1', { approvals: [{ stepUp }] }]]) as unknown as Open['requests']
  return { id: 'INC-3' as IncidentId, target: { ...alice, email }, playbook, requests, glass: new Map() }
}

/** A bot that may be started again, with another policy in its configuration, and whose clocks are ours. */
function desk(configured: Policy = first) {
  const { ledger, ...store } = temporaryLedger()
  onTestFinished(() => store[Symbol.dispose]())
  const clock = { at: Date.parse(start), steady: 0 }
  const targets: Open[] = []
  const begin = (policy: Policy): Governance =>
    createGovernance({
      ledger,
      configured: policy,
      open: () => targets,
      now: () => new Date(clock.at),
      monotonic: () => clock.steady,
    })
  let governance = begin(configured)
  return {
    ledger,
    clock,
    targets,
    governance: () => governance,
    restart: (policy: Policy) => {
      governance = begin(policy)
    },
    does: (command: GovernanceCommand) => governance.execute(command),
    types: () => governance.timeline().map(({ event }) => event.type),
  }
}

type Desk = ReturnType<typeof desk>

const id = (number: number) => `CHG-${number}` as ChangeId
const digest = ({ governance }: Desk, change = id(1)): string => governance().change(change)?.digest ?? ''
const refusal = (executed: ChangeExecuted) => (executed.kind === 'refused' ? executed.refusal.code : executed.kind)

/** A bot whose file was changed from `from` to `to`, and that ana asked to adopt it. */
function asked(to: Policy = stricter, from: Policy = first): Desk {
  const room = desk(from)
  room.restart(to)
  asks(room)
  return room
}

function asks(room: Desk, by: Parameters<typeof standing>[0] = 'ana'): ChangeExecuted {
  return room.does({ type: 'AskToAdopt', by: standing(by), digest: room.governance().offered()?.digest ?? '' })
}

function approves(
  room: Desk,
  by: Parameters<typeof standing>[0],
  change: Parameters<typeof standing>[1] = {},
): ChangeExecuted {
  return room.does({ type: 'ApproveChange', by: standing(by, change), change: id(1), digest: digest(room) })
}

describe('the policy in force', () => {
  test('is what the configuration says at the first start, adopted by the program', () => {
    const room = desk(stricter)
    expect(room.governance().policy().policy).toEqual(stricter)
    expect(room.governance().timeline()).toMatchObject([
      { actor: { program: 'autentico' }, event: { type: 'PolicyAdopted', source: 'first start' } },
    ])
  })

  test('is adopted once: a second start with the same file records nothing', () => {
    const room = desk()
    room.restart(first)
    expect(room.types()).toEqual(['PolicyAdopted'])
    expect(room.governance().offered()).toBeUndefined()
  })

  test('stays the adopted one when the bot starts with another file, and what differs is said', () => {
    const room = desk()
    room.restart(stricter)
    expect(room.governance().policy().policy).toEqual(first)
    expect(room.governance().offered()?.differences).toEqual(['restore-access: approvals 1 → 2'])
  })

  test('is another one once a second person has approved', () => {
    const room = asked()
    expect(approves(room, 'bao').kind).toBe('accepted')
    expect(room.governance().policy()).toMatchObject({ policy: stricter, change: 'CHG-1' })
    expect(room.governance().offered()).toBeUndefined()
  })

  test('comes from the ledger after a restart, even when the file says something third', () => {
    const room = asked()
    approves(room, 'bao')
    room.restart(strictest)
    expect(room.governance().policy().policy).toEqual(stricter)
  })

  test('is not to be started with when what was recorded of it is damaged', () => {
    const room = desk()
    const body = { policy: { ...first, standard: 'none' }, digest: 'x', source: 'change' }
    const draft = { type: 'PolicyAdopted', actor: { program: 'autentico' }, body }
    room.ledger.append({ incident: 'governance', expected: 1, at: start, drafts: [draft] })
    expect(() => room.restart(first)).toThrow(PolicyUnreadable)
  })

  test('is not to be started with when it is not what its digest says', () => {
    const room = desk()
    const body = { policy: stricter, digest: room.governance().policy().digest, source: 'change' }
    const draft = { type: 'PolicyAdopted', actor: { program: 'autentico' }, body } as never
    room.ledger.append({ incident: 'governance', expected: 1, at: start, drafts: [draft] })
    expect(() => room.restart(first)).toThrow(/digest/)
  })
})

describe('a change of the policy', () => {
  test('is not approved by whoever asked for it', () => {
    const room = asked()
    expect(refusal(approves(room, 'ana'))).toBe('change_requester')
    expect(room.governance().policy().policy).toEqual(first)
  })

  test('is not approved by a second Slack identity of the same Autentico account', () => {
    const room = desk()
    room.restart(stricter)
    const by = standing('ana', { account: 'ana.ruiz' })
    room.does({ type: 'AskToAdopt', by, digest: room.governance().offered()?.digest ?? '' })
    expect(refusal(approves(room, 'bao', { account: 'ana.ruiz' }))).toBe('change_same_account')
  })

  test('is not approved by a second Slack identity with the same e-mail address', () => {
    expect(refusal(approves(asked(), 'bao', { email: 'ana@acme.test' }))).toBe('change_same_account')
  })

  test.each([
    ['a guest', 'guest', 'person_is_guest'],
    ['somebody of another workspace', 'external', 'person_is_external'],
    ['a deactivated member', 'deactivated', 'person_is_deactivated'],
    ['a bot', 'bot', 'person_is_bot'],
    ['somebody of whom Slack says nothing', 'unknown', 'standing_unknown'],
  ] as const)('is not approved by %s', (_who, membership, code) => {
    expect(refusal(approves(asked(), 'bao', { membership }))).toBe(code)
  })

  test('is not approved by a responder who is no approver', () => {
    expect(refusal(approves(asked(), 'bao', { approver: false }))).toBe('change_group')
  })

  test('is neither approved nor denied while Slack does not say who is in the group that it takes', () => {
    const room = asked()
    const unclear = { approver: false, unread: ['approvers'] }
    const approved = approves(room, 'bao', unclear)
    expect(approved).toMatchObject({ refusal: { code: 'lists_unread', about: { what: '@approvers' } } })
    const by = standing('bao', unclear)
    expect(refusal(room.does({ type: 'DenyChange', by, change: id(1), reason: 'Too strict.' }))).toBe('lists_unread')
    expect(refusal(approves(room, 'bao'))).toBe('accepted')
  })

  test('is refused for who somebody is when what Slack does not say would make no difference', () => {
    expect(refusal(approves(asked(), 'bao', { approver: false, unread: ['auditors'] }))).toBe('change_group')
  })

  test('is not approved by the target of an open incident', () => {
    const room = asked()
    room.targets.push(incident('bao@acme.test'))
    expect(refusal(approves(room, 'bao'))).toBe('person_under_attack')
  })

  test('is not approved by the digest of another request', () => {
    const room = asked()
    const by = standing('bao')
    const executed = room.does({ type: 'ApproveChange', by, change: id(1), digest: 'f'.repeat(64) })
    expect(refusal(executed)).toBe('change_differs')
  })

  test('is not approved twice: the second click is told that it was decided', () => {
    const room = asked()
    approves(room, 'bao')
    expect(refusal(approves(room, 'chi'))).toBe('change_ended')
    expect(room.types().filter((type) => type === 'PolicyAdopted')).toHaveLength(2)
  })

  test('is not approved after it was denied', () => {
    const room = asked()
    room.does({ type: 'DenyChange', by: standing('chi'), change: id(1), reason: 'Too strict.' })
    expect(refusal(approves(room, 'bao'))).toBe('change_ended')
  })

  test('is not approved after it was withdrawn', () => {
    const room = asked()
    room.does({ type: 'WithdrawChange', by: standing('ana'), change: id(1) })
    expect(refusal(approves(room, 'bao'))).toBe('change_ended')
  })

  test('is withdrawn by nobody but whoever asked', () => {
    const executed = asked().does({ type: 'WithdrawChange', by: standing('bao'), change: id(1) })
    expect(refusal(executed)).toBe('change_not_requester')
  })

  test('is not approved when its time is over', () => {
    const room = asked()
    room.clock.at += ttlMs
    expect(refusal(approves(room, 'bao'))).toBe('change_expired')
  })

  test('is not approved for longer by a clock that was set back', () => {
    const room = asked()
    room.clock.steady += ttlMs
    expect(refusal(approves(room, 'bao'))).toBe('change_expired')
  })

  test('expires in the record, once', () => {
    const room = asked()
    room.clock.at += ttlMs
    room.governance().expire()
    room.governance().expire()
    expect(room.types().filter((type) => type === 'ChangeExpired')).toHaveLength(1)
  })

  test('is denied with a reason only', () => {
    const executed = asked().does({ type: 'DenyChange', by: standing('bao'), change: id(1), reason: '  ' })
    expect(refusal(executed)).toBe('reason_missing')
  })

  test('is asked for by nobody who is no responder', () => {
    const room = desk()
    room.restart(stricter)
    expect(refusal(asks(room, 'alice'))).toBe('not_a_responder')
  })

  test('is asked for once at a time', () => {
    expect(refusal(asks(asked(), 'chi'))).toBe('policy_asked')
  })

  test('is not asked for when the file was changed since it was shown', () => {
    const room = desk()
    room.restart(stricter)
    const executed = room.does({ type: 'AskToAdopt', by: standing('ana'), digest: 'f'.repeat(64) })
    expect(refusal(executed)).toBe('policy_other')
  })

  test('that was asked for before a restart brings the policy that was shown, not the one in the file by then', () => {
    const room = asked(stricter)
    room.restart(strictest)
    approves(room, 'bao')
    expect(room.governance().policy().policy).toEqual(stricter)
  })

  test('ends whatever else was asked for under the old policy', () => {
    const room = asked()
    room.restart(strictest)
    asks(room, 'chi')
    approves(room, 'bao')
    const second = { type: 'ApproveChange', by: standing('bao'), change: id(2), digest: digest(room, id(2)) } as const
    expect(refusal(room.does(second))).toBe('change_ended')
    expect(room.governance().policy().policy).toEqual(stricter)
  })

  test('takes two approvals where the old standard rule asks for two', () => {
    const room = asked(first, strictest)
    expect(refusal(approves(room, 'bao'))).toBe('accepted')
    expect(room.governance().policy().policy).toEqual(strictest)
    expect(refusal(approves(room, 'bao'))).toBe('change_approved_already')
    approves(room, 'chi')
    expect(room.governance().policy().policy).toEqual(first)
  })

  test('takes as many approvals as the rule that it would loosen', () => {
    const room = asked(first, stricter)
    approves(room, 'bao')
    expect(room.governance().policy().policy).toEqual(stricter)
    approves(room, 'chi')
    expect(room.governance().policy().policy).toEqual(first)
  })

  test('wants a reason where the rule that it would loosen wants one', () => {
    const wordy: Policy = { ...first, rules: { skip: { ...first.standard, reason: true } } }
    expect(refusal(approves(asked(first, wordy), 'bao'))).toBe('reason_missing')
  })

  test('that is refused leaves the refusal in the record', () => {
    const room = asked()
    approves(room, 'ana')
    expect(room.governance().timeline().at(-1)).toMatchObject({
      actor: { name: 'ana' },
      event: { type: 'ChangeRefused', tried: 'approve CHG-1', refusal: 'change_requester', id: 'CHG-1' },
    })
  })
})

describe('where the rule wants a fresh sign-in', () => {
  const signedIn: Policy = { ...first, standard: { ...first.standard, stepUp: true } }
  const after = Date.parse(start) / 1000 + 60
  const signIn = (change: Partial<Extract<StepUp, { kind: 'autentico' }>> = {}): StepUp => ({
    kind: 'autentico',
    iss: 'https://auth.acme.test',
    aud: 'responder',
    sub: 'bao',
    authTime: after,
    signedInAt: new Date(after * 1000).toISOString(),
    tokenDigest: 'fresh',
    ...change,
  })
  const begins = (room: Desk): ChangeExecuted =>
    room.does({ type: 'BeginChangeStepUp', by: standing('bao'), change: id(1), digest: digest(room) })
  const signs = (room: Desk, stepUp: StepUp = signIn()): ChangeExecuted =>
    room.does({ type: 'ApproveChange', by: standing('bao'), change: id(1), digest: digest(room), stepUp })
  /** bao wants to approve that the policy wants no sign-in any more. */
  function begun(): Desk {
    const room = asked(first, signedIn)
    room.clock.at += 60_000
    begins(room)
    return room
  }

  test('a click alone approves nothing', () => {
    const room = asked(first, signedIn)
    expect(refusal(approves(room, 'bao'))).toBe('step_up_needed')
    expect(room.governance().policy().policy).toEqual(signedIn)
  })

  test('a click and a sign-in do, and the sign-in is on record', () => {
    const room = begun()
    expect(signs(room).kind).toBe('accepted')
    expect(room.governance().policy().policy).toEqual(first)
    const approval = room
      .governance()
      .timeline()
      .find(({ event }) => event.type === 'ChangeApproved')
    expect(approval?.event).toHaveProperty('stepUp.tokenDigest', 'fresh')
  })

  test('a sign-in that nobody has begun is somebody else’s', () => {
    const room = asked(first, signedIn)
    expect(refusal(signs(room))).toBe('step_up_needed')
  })

  test('a sign-in from before the request counts for nothing', () => {
    expect(refusal(signs(begun(), signIn({ authTime: after - 61 })))).toBe('step_up_stale')
  })

  test('a browser that was signed in before the request counts for nothing', () => {
    const signedInAt = new Date((after - 61) * 1000).toISOString()
    expect(refusal(signs(begun(), signIn({ signedInAt })))).toBe('step_up_stale')
  })

  test('a sign-in of tomorrow counts for nothing', () => {
    expect(refusal(signs(begun(), signIn({ authTime: after + 86_400 })))).toBe('step_up_ahead')
  })

  test('a sign-in that was used in an incident counts for nothing', () => {
    const room = begun()
    room.targets.push(incident('alice@acme.test'))
    expect(refusal(signs(room, signIn({ tokenDigest: 'used' })))).toBe('step_up_used')
  })

  test('two people who sign in as the same account are one', () => {
    const two: Policy = { ...signedIn, standard: { ...signedIn.standard, approvals: 2 } }
    const room = asked(first, two)
    room.clock.at += 60_000
    begins(room)
    signs(room)
    const by = standing('chi')
    room.does({ type: 'BeginChangeStepUp', by, change: id(1), digest: digest(room) })
    const second = { type: 'ApproveChange', by, change: id(1), digest: digest(room) } as const
    const executed = room.does({ ...second, stepUp: signIn({ tokenDigest: 'another' }) })
    expect(refusal(executed)).toBe('change_same_account')
  })

  test('a sign-in proves nothing while Autentico itself is what an incident is about', () => {
    const room = begun()
    room.targets.push(incident('alice@acme.test', builtIn('private-key-exposed')))
    expect(refusal(signs(room))).toBe('change_step_up_worthless')
  })

  test('a sign-in that came to nothing counts for nothing afterwards', () => {
    const room = begun()
    const { person } = standing('bao')
    room.does({ type: 'EndChangeStepUp', change: id(1), person, why: 'denied', sentence: 'You said no.' })
    expect(refusal(signs(room))).toBe('step_up_needed')
  })

  test('whoever asked is not even sent to sign in', () => {
    const room = asked(first, signedIn)
    const executed = room.does({ type: 'BeginChangeStepUp', by: standing('ana'), change: id(1), digest: digest(room) })
    expect(refusal(executed)).toBe('change_requester')
  })
})

const pair = generateKeyPairSync('ed25519')
const line = publicLine(pair.publicKey)
const kept = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')
const fingerprint = fingerprintOf(pair.publicKey)

function keyAsked(text = line): Desk {
  const room = desk()
  room.does({ type: 'AskToRegister', by: standing('ana'), publicKey: text })
  return room
}

function keyRegistered(): Desk {
  const room = keyAsked()
  approves(room, 'bao')
  return room
}

describe('a terminal key', () => {
  test('counts once a second person has approved it', () => {
    const room = keyAsked()
    expect(room.governance().keyOf(fingerprint)).toBeUndefined()
    approves(room, 'bao')
    expect(room.governance().keyOf(fingerprint)).toMatchObject({ person: { name: 'ana' }, publicKey: kept })
  })

  test('is read from PEM as well', () => {
    const room = keyAsked(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString())
    expect(room.governance().pending()).toMatchObject([{ change: { fingerprint, publicKey: kept } }])
  })

  test('is not approved by its owner', () => {
    expect(refusal(approves(keyAsked(), 'ana'))).toBe('change_requester')
  })

  test.each([
    ['as PEM', pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['as base64', pair.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')],
  ])('that is a private one %s is refused, and nothing of it is kept', (_how, text) => {
    const room = desk()
    expect(refusal(room.does({ type: 'AskToRegister', by: standing('ana'), publicKey: text }))).toBe('key_private')
    expect(JSON.stringify(room.governance().timeline())).not.toContain(text.slice(40, 60))
  })

  test('is not asked for while Slack does not say whether somebody is on a list', () => {
    const by = standing('alice', { unread: ['approvers'] })
    expect(refusal(desk().does({ type: 'AskToRegister', by, publicKey: line }))).toBe('lists_unread')
    expect(refusal(desk().does({ type: 'AskToRegister', by: standing('alice'), publicKey: line }))).toBe(
      'not_a_responder',
    )
    expect(refusal(keyRegistered().does({ type: 'RevokeKey', by, fingerprint }))).toBe('lists_unread')
  })

  test('of another kind is refused', () => {
    const other = generateKeyPairSync('x25519').publicKey
    const publicKey = other.export({ type: 'spki', format: 'pem' }).toString()
    expect(refusal(desk().does({ type: 'AskToRegister', by: standing('ana'), publicKey }))).toBe('key_unreadable')
  })

  test('is registered once, also after it was revoked', () => {
    const room = keyRegistered()
    room.does({ type: 'RevokeKey', by: standing('ana'), fingerprint })
    expect(refusal(room.does({ type: 'AskToRegister', by: standing('ana'), publicKey: kept }))).toBe('key_known')
  })

  test('is revoked by its owner alone, at once', () => {
    const room = keyRegistered()
    room.does({ type: 'RevokeKey', by: standing('ana', { responder: false, approver: false }), fingerprint })
    expect(room.governance().keyOf(fingerprint)).toBeUndefined()
  })

  test('of somebody else is revoked by two', () => {
    const room = keyRegistered()
    room.does({ type: 'RevokeKey', by: standing('chi'), fingerprint })
    expect(room.governance().keyOf(fingerprint)).toBeDefined()
    room.does({ type: 'ApproveChange', by: standing('bao'), change: id(2), digest: digest(room, id(2)) })
    expect(room.governance().keyOf(fingerprint)).toBeUndefined()
  })

  test('is not kept by its owner denying that it is revoked', () => {
    const room = keyRegistered()
    room.does({ type: 'RevokeKey', by: standing('chi'), fingerprint })
    const executed = room.does({ type: 'DenyChange', by: standing('ana'), change: id(2), reason: 'No.' })
    expect(refusal(executed)).toBe('key_owner_denies')
  })

  test('of the target of an open incident is not registered', () => {
    const room = desk()
    room.targets.push(incident('ana@acme.test'))
    const executed = room.does({ type: 'AskToRegister', by: standing('ana'), publicKey: kept })
    expect(refusal(executed)).toBe('person_under_attack')
  })

  test('still counts after a restart', () => {
    const room = keyRegistered()
    room.restart(first)
    expect(room.governance().keys()).toMatchObject([{ fingerprint }])
  })
})

test('every refusal is a whole sentence', () => {
  for (const code of changeRefusalCodes) expect(changeRefusalSentence({ code, about: {} })).toMatch(/^[A-Z].*\.$/)
})

describe('a change that nobody decides', () => {
  const withNext: Policy = {
    ...first,
    reminders: { ...first.reminders, next: { group: 'security', afterMs: 5 * 60_000 } },
  }
  const { firstMs } = withNext.reminders

  /** Looks for what is due, `ms` after the change was asked for. */
  async function lookAfter(
    room: Desk,
    ms: number,
    { able = ['bao'], members = ['chi', 'ana'] }: { able?: readonly Handle[]; members?: readonly Handle[] } = {},
  ): Promise<readonly (readonly [string, readonly string[]])[]> {
    const seen = room.governance().timeline().length
    room.clock.at = Date.parse(start) + ms
    await remindOfChanges({
      pending: () => room.governance().pending(),
      able: async () => able.map((handle) => person(handle)),
      members: async () => members.map((handle) => person(handle)),
      execute: (command) => void room.does(command),
      around: () => ({ now: new Date(room.clock.at).toISOString(), later, policy: room.governance().policy().policy }),
    })
    return room
      .governance()
      .timeline()
      .slice(seen)
      .map(({ event }) => [event.type, 'called' in event ? event.called.map(({ name }) => name) : []])
  }

  test('is spoken of as a request in an incident is: with twice the wait each time, and to nobody twice', async () => {
    const room = asked()
    expect(await lookAfter(room, firstMs - 1)).toEqual([])
    expect(await lookAfter(room, firstMs)).toEqual([['ChangeReminded', ['bao']]])
    room.restart(stricter)
    expect(await lookAfter(room, firstMs)).toEqual([])
    expect(await lookAfter(room, 3 * firstMs - 1)).toEqual([])
    // Bao was called upon already, so it is for whoever asked to find somebody.
    expect(await lookAfter(room, 3 * firstMs)).toEqual([['ChangeReminded', ['ana']]])
    expect(await lookAfter(room, 7 * firstMs, { able: ['bao', 'chi'] })).toEqual([['ChangeReminded', ['chi']]])
  })

  test('is told to the next group once, which allows none of it to approve', async () => {
    const room = asked(stricter, withNext)
    await lookAfter(room, firstMs)
    expect(await lookAfter(room, 5 * 60_000)).toEqual([['ChangeEscalated', ['chi']]])
    expect((await lookAfter(room, 3 * firstMs)).map(([type]) => type)).not.toContain('ChangeEscalated')
    const stranger = { approver: false, groups: ['security'] }
    expect(refusal(approves(room, 'chi', stranger))).toBe('change_group')
  })

  test('is spoken of no more once it was decided, or its time is over by either clock', async () => {
    const denied = asked()
    denied.does({ type: 'DenyChange', by: standing('chi'), change: id(1), reason: 'Not now.' })
    expect(await lookAfter(denied, firstMs)).toEqual([])
    const late = asked()
    expect(await lookAfter(late, ttlMs)).toEqual([])
    const setBack = asked()
    setBack.clock.steady = ttlMs
    expect(await lookAfter(setBack, firstMs)).toEqual([])
  })

  test('is for those whose yes would count: neither who asked, nor who approved, nor the target of an incident', () => {
    const room = asked(stricter, strictest)
    const change = room.governance().pending()[0]
    if (change === undefined) throw new Error('nothing was asked for')
    const around = { targets: [] }
    expect(mayApproveChange(change, standing('ana'), around)).toBe(false)
    expect(mayApproveChange(change, standing('bao'), around)).toBe(true)
    approves(room, 'bao')
    const now = room.governance().change(id(1)) ?? change
    expect(mayApproveChange(now, standing('bao'), around)).toBe(false)
    expect(mayApproveChange(now, standing('chi'), around)).toBe(true)
    const targets = [{ incident: 'INC-3', target: { ...alice, email: standing('chi').email ?? '' } }]
    expect(mayApproveChange(now, standing('chi'), { targets })).toBe(false)
    expect(mayApproveChange(now, standing('chi', { membership: 'guest' }), around)).toBe(false)
  })
})
