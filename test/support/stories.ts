import { builtIn } from '#/configuration/playbooks.ts'
import { cast, otherWorkspace, workspace } from '#/drill/cast.ts'
import type { Account, AccountFacts, AccountId } from '#/incident/account.ts'
import type { Command } from '#/incident/commands.ts'
import type { Person, Standing, UserId } from '#/incident/people.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import type { OrderId, StepCheck, WorkResult } from '#/incident/work.ts'
import type { ActionName, StepId } from '#/playbook/playbook.ts'
import { type Policy, standardPolicy } from '#/policy/policy.ts'

const accountCompromise = builtIn('account-compromise')

export type Handle = keyof typeof cast

/** When every story begins. */
export const start: string = '2026-11-23T03:00:00.000Z'

/** A moment `minutes` after the beginning of the story. */
export function minute(minutes: number): string {
  return new Date(Date.parse(start) + minutes * 60_000).toISOString()
}

export function person(handle: Handle): Person {
  const { user } = cast[handle]
  const team = handle === 'olu' ? otherWorkspace.team : workspace.team
  return { slack: { team, user: user as UserId }, name: handle }
}

/** What Slack and the roster say of somebody of the cast. Ana, Bao and Chi are on both lists; nobody else is. */
export function standing(handle: Handle, change: Partial<Standing> = {}): Standing {
  const listed = handle === 'ana' || handle === 'bao' || handle === 'chi'
  const membership = handle === 'gil' ? 'guest' : handle === 'olu' ? 'external' : 'member'
  const { email } = cast[handle]
  const { responder = listed, approver = listed } = change
  return {
    person: person(handle),
    membership,
    responder,
    approver,
    groups: [...(responder ? ['responders'] : []), ...(approver ? ['approvers'] : [])],
    rosterEmpty: false,
    email,
    ...change,
  }
}

/** The account that every story is about. */
export const alice: Account = { id: 'cv3kalice' as AccountId, username: 'alice', email: cast.alice.email }

export function facts(change: Partial<AccountFacts> = {}): AccountFacts {
  return {
    readAt: start,
    account: alice,
    role: 'user',
    isBot: false,
    isLastAdmin: false,
    suspended: false,
    counts: {
      sessions: 3,
      ssoSessions: 1,
      tokens: 2,
      passkeys: 1,
      trustedDevices: 0,
      pendingLogins: 0,
      codesAndLinks: 0,
      linkedAccounts: 0,
    },
    mfa: { enrolled: true, required: false },
    database: true,
    accessTokensEndAt: null,
    ...change,
  }
}

export const steps: Readonly<Record<'sessions' | 'password' | 'mfa' | 'passkeys' | 'notify', StepId>> = {
  sessions: 'revoke-sessions' as StepId,
  password: 'reset-password' as StepId,
  mfa: 'reset-mfa' as StepId,
  passkeys: 'revoke-passkeys' as StepId,
  notify: 'notify' as StepId,
}

export function check(action: ActionName, proven: StepCheck['proven'] = true): StepCheck {
  return { action, name: `${action} read back`, proven, detail: `${action} is ${proven === true ? 'proven' : 'open'}` }
}

/** What a sweep reads back: one check for each containment step, `open` of them no longer true. */
export function sweepChecks(...open: readonly ActionName[]): readonly StepCheck[] {
  const actions = accountCompromise.steps.flatMap(({ kind, action }) =>
    kind === 'containment' && action !== undefined ? [action] : [],
  )
  return actions.map((action) => check(action, !open.includes(action)))
}

export function effect(
  sentence = 'revoke 3 sessions of alice.',
  confirmByTyping?: string,
): Extract<WorkResult, { kind: 'prepared' }>['effect'] {
  const words = { sentence, question: 'Do it for alice?', verb: 'Do it', warnings: [], basis: { sessions: 3 } }
  return confirmByTyping === undefined ? words : { ...words, confirmByTyping }
}

export function doneResult(change: Partial<Extract<WorkResult, { kind: 'done' }>> = {}): WorkResult {
  const defaults = {
    did: ['Did it.'],
    checks: [check('revoke-sessions')],
    evidence: [],
    requestIds: ['q-1'],
    notes: [],
  }
  return { kind: 'done', ...defaults, ...change }
}

/** A command that depends on the state so far, such as a press on the card that is there now. */
export type Pressed = (incident: OpenedIncident) => Command

/** A turn in a story: a command, a command that depends on the state, time passing, or other rules from here on. */
export type Act = Command | Pressed | { readonly passes: number } | { readonly policy: Policy }

/** Besides acts: other incidents are open, or something is tried that is refused. */
export type Turn = Act | { readonly alsoOpen: readonly OpenedIncident[] } | { readonly refused: Pressed }

/** From here on requests are decided under these rules. */
export function under(policy: Policy): Act {
  return { policy }
}

/** From here on these incidents are open besides. */
export function beside(...alsoOpen: readonly OpenedIncident[]): Turn {
  return { alsoOpen }
}

/** Somebody tries what they may not; it goes on record. */
export function tries(refused: Pressed): Turn {
  return { refused }
}

export function passes(minutes: number): { readonly passes: number } {
  return { passes: minutes * 60_000 }
}

export function opens(
  change: Partial<Extract<Command, { type: 'OpenIncident' }>> = {},
): Extract<Command, { type: 'OpenIncident' }> {
  return {
    type: 'OpenIncident',
    by: standing('ana'),
    playbook: accountCompromise,
    severity: 'sev2',
    summary: 'Odd sign-in from mallory’s network.',
    target: alice,
    targetIsBot: false,
    channel: 'C0INCIDENTS',
    drill: false,
    ...change,
  }
}

type Ask = Extract<Command, { type: 'AskForStep' }>

export function asks(step: StepId, change: Partial<Ask> = {}): Ask {
  return { type: 'AskForStep', by: standing('ana'), step, kind: 'run', ...change }
}

type Stop = Extract<Command, { type: 'StopWork' }>

/** One person stops the work of the incident; with `all`, as one of everything. */
export function stops(handle: Handle = 'chi', change: Partial<Stop> = {}): Stop {
  return { type: 'StopWork', by: standing(handle), all: false, ...change }
}

export function asksToResume(handle: Handle = 'ana', all = false): Extract<Command, { type: 'AskToResume' }> {
  return { type: 'AskToResume', by: standing(handle), all }
}

/** Presses Approve on the newest request, as its card shows it. */
export function approves(
  by: Standing = standing('bao'),
  change: Partial<Extract<Command, { type: 'ApproveRequest' }>> = {},
): Pressed {
  return (incident) => {
    const request = newestRequest(incident)
    const digest = request.shown?.digest ?? 'not shown yet'
    return { type: 'ApproveRequest', by, request: request.id, digest, ...change }
  }
}

/** Presses Approve on the newest request, where that leads to Autentico first. */
export function beginsStepUp(
  by: Standing = standing('bao'),
  change: Partial<Extract<Command, { type: 'BeginStepUp' }>> = {},
): Pressed {
  return (incident) => {
    const request = newestRequest(incident)
    return { type: 'BeginStepUp', by, request: request.id, digest: request.shown?.digest ?? 'not shown yet', ...change }
  }
}

export function denies(by: Standing = standing('bao'), reason = 'Not this account.'): Pressed {
  return (incident) => ({
    type: 'DenyRequest',
    by,
    request: newestRequest(incident).id,
    reason,
  })
}

export function withdraws(by: Standing = standing('ana')): Pressed {
  return (incident) => ({ type: 'WithdrawRequest', by, request: newestRequest(incident).id })
}

/** The queue's answer to taking the running order out: nobody had begun it, or somebody had. */
export function settlesWithdrawal(gone: boolean): Pressed {
  return (incident) => ({ type: 'SettleWithdrawal', order: openOrder(incident, 'run'), gone })
}

export const notifies: Extract<Command, { type: 'RecordNotification' }> = {
  type: 'RecordNotification',
  by: standing('ana'),
  channel: 'phone',
  identityCheck: 'called back on the number in the directory',
  note: '',
}

export function closes(by: Standing = standing('ana'), reason = 'Over.'): Command {
  return { type: 'CloseIncident', by, reason }
}

/** The program reminds of the newest request; these could approve it. */
export function reminds(able: readonly Handle[]): Pressed {
  return (incident) => ({ type: 'RemindOfRequest', request: newestRequest(incident).id, able: able.map(person) })
}

/** The program calls upon the next group, these, for the newest request; the others could approve it. */
export function escalates(members: readonly Handle[], able: readonly Handle[]): Pressed {
  return (incident) => ({
    type: 'EscalateRequest',
    request: newestRequest(incident).id,
    group: 'security',
    members: members.map(person),
    able: able.map(person),
  })
}

/** Slack's name for a message that was written `minutes` after the story began. */
export function messageTs(minutes: number): string {
  return `${Date.parse(minute(minutes)) / 1000}.000100`
}

/** Somebody writes in the thread. */
export function writes(handle: Handle, text: string, ts: string = messageTs(1)): Command {
  return { type: 'RecordMessage', ts, person: person(handle), text, files: [], late: false }
}

/** Somebody edits what they wrote; `edit` tells one edit from another. */
export function edits(handle: Handle, after: string, edit: number = 1, ts: string = messageTs(1)): Command {
  const author = person(handle)
  return { type: 'RecordEdit', ts, person: author, author, after, editedTs: messageTs(1 + edit), late: false }
}

/** Slack says that a message is gone. */
export function deletes(ts: string = messageTs(1)): Command {
  return { type: 'RecordDeletion', ts, late: false }
}

export const expires: Command = { type: 'ExpireRequests' }

type OrderSort = 'snapshot' | 'prepare' | 'run' | 'sweep' | 'hold' | 'lift'

/** A worker's report on the newest open order of one sort. */
export function reports(sort: OrderSort, result: WorkResult): Pressed {
  return (incident) => ({
    type: 'RecordOutcome',
    worker: 'worker-1',
    order: openOrder(incident, sort),
    result,
  })
}

export function openOrder(incident: OpenedIncident, sort: OrderSort): OrderId {
  const found = [...incident.orders.values()].findLast(({ mode, step, action }) => {
    if (sort === 'snapshot') return action === incident.playbook.snapshot
    if (sort === 'sweep') return action === incident.playbook.sweep
    if (sort === 'hold' || sort === 'lift') return action === (sort === 'hold' ? 'hold-account' : 'lift-hold')
    return mode === sort && step !== undefined
  })
  if (found === undefined) throw new Error(`no ${sort} order is open`)
  return found.id
}

export function newestRequest(incident: OpenedIncident): Request {
  const request = [...incident.requests.values()].at(-1)
  if (request === undefined) throw new Error('nothing has been asked for')
  return request
}

export const snapshots: Act = reports('snapshot', { kind: 'snapshot', facts: facts(), evidence: [], warnings: [] })

/** Opened by Ana, and the account has been read. */
export const underWay: readonly Act[] = [opens(), snapshots]

/** Ana asks, and the worker has looked: the request is shown. */
export function shownRequest(step: StepId, ask: Partial<Ask> = {}): readonly Act[] {
  return [asks(step, ask), reports('prepare', { kind: 'prepared', effect: effect() })]
}

/** Asked by Ana, approved by Bao, and running. */
export function running(step: StepId, ask: Partial<Ask> = {}): readonly Act[] {
  return [...shownRequest(step, ask), approves()]
}

export function proven(step: StepId): readonly Act[] {
  return [...running(step), reports('run', doneResult())]
}

/** Done, but one thing could not be read back. */
export function unproven(step: StepId): readonly Act[] {
  return [...running(step), reports('run', doneResult({ checks: [check('close-doors', 'unknown')] }))]
}

/** Skipped with approval, or recorded as done by hand. */
export function settledByWord(step: StepId, kind: 'attest' | 'skip' | 'skip-rest'): readonly Act[] {
  return [asks(step, { kind, reason: 'Its owner did it on the phone.' }), approves()]
}

export const firstThreeProven: readonly Act[] = [
  ...underWay,
  ...proven(steps.sessions),
  ...proven(steps.password),
  ...proven(steps.mfa),
]
export const allProven: readonly Act[] = [...firstThreeProven, ...proven(steps.passkeys)]

export function swept(...open: readonly ActionName[]): readonly Act[] {
  return [passes(10), reports('sweep', doneResult({ checks: sweepChecks(...open) }))]
}

export const contained: readonly Act[] = [...allProven, ...swept()]

/** Access is restored, and the temporary password waits for Ana. */
export const restored: readonly Act[] = [
  ...contained,
  notifies,
  ...running(steps.notify),
  reports('run', doneResult({ checks: [check('restore-access')], sealed: { expiresAt: minute(25) } })),
]

/** One responder suspends the target for a while. */
export function holds(handle: Handle = 'ana', change: Partial<Standing> = {}): Command {
  return { type: 'HoldTarget', by: standing(handle, change) }
}

/** A worker has suspended the account for the hold. */
export function applied(wasActive: 'yes' | 'no' = 'yes'): Pressed {
  return reports('hold', doneResult({ checks: [check('hold-account')], known: { wasActive } }))
}

/** Ana's hold is in force. */
export const held: readonly Act[] = [...underWay, holds(), applied()]

/** Its time is over, or somebody ended it: the program has it lifted. */
export const settles: Command = { type: 'SettleHolds' }

export const lifted: Pressed = reports('lift', doneResult({ checks: [check('lift-hold')] }))

/** The standard policy, but one of `by` may do something alone after ten minutes. */
export function withGlass(by: readonly string[] = ['responders']): Policy {
  const policy = standardPolicy({ ttlMs: 30 * 60_000 })
  return { ...policy, breakGlass: { allowed: true, by, delayMs: 10 * 60_000 } }
}

/** The requester says of the newest request that it has to be done alone. */
export function breaks(
  handle: Handle = 'ana',
  change: Partial<Extract<Command, { type: 'BreakGlass' }>> = {},
): Pressed {
  return (incident) => {
    const { id, shown } = newestRequest(incident)
    return {
      type: 'BreakGlass',
      by: standing(handle),
      request: id,
      digest: shown?.digest ?? 'not shown yet',
      reason: 'Nobody answers, and the attacker is in.',
      told: [person('bao'), person('chi')],
      ...change,
    }
  }
}

/** The delay is over, and the program asks whether it is still right. */
export function breaksNow(handle: Handle = 'ana', change: Partial<Standing> = {}): Pressed {
  return (incident) => ({
    type: 'BreakGlassNow',
    request: newestRequest(incident).id,
    standing: standing(handle, change),
  })
}

export function reviews(
  handle: Handle = 'bao',
  change: Partial<Extract<Command, { type: 'ReviewGlass' }>> = {},
): Pressed {
  return (incident) => ({
    type: 'ReviewGlass',
    by: standing(handle),
    request: [...incident.glass.keys()].at(-1) ?? newestRequest(incident).id,
    verdict: 'justified',
    note: 'I read the log of that night.',
    ...change,
  })
}

/** Ana revokes the sessions alone, after the delay. */
export const brokenGlass: readonly Act[] = [
  { policy: withGlass() },
  ...underWay,
  ...shownRequest(steps.sessions),
  breaks(),
  passes(10),
  breaksNow(),
]

/** The standard policy, but for holds. */
export function storyHold(hold: Partial<Policy['hold']>): Policy {
  const policy = standardPolicy({ ttlMs: 30 * 60_000 })
  return { ...policy, hold: { ...policy.hold, ...hold } }
}
