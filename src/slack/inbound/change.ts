import type { PersonsGovernanceCommand } from '#/governance/commands.ts'
import type { RequestedChange } from '#/governance/state.ts'
import { endOf } from '#/governance/words.ts'
import type { Standing } from '#/incident/people.ts'
import type { Form } from '../cards/blocks.ts'
import { approveChangeForm, changeToApprove, denyChangeForm } from '../cards/change-message.ts'
import { signInBegins } from '../cards/sign-in-form.ts'
import { type ChangeReference, readChange } from '../change-references.ts'
import type { ChangeExecuted } from '../door.ts'
import { fields } from '../references.ts'
import { openForm, strangeForm, tell } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { approveSignedIn, type Matter, saidOf, signIn } from './sign-in.ts'

/** What a person does about the rules, once it is known who they are. */
export type ChangeCommand = (by: Standing) => PersonsGovernanceCommand

/** The confirm dialog was answered with yes. */
export async function approveChange(press: Press, desk: Desk): Promise<void> {
  const about = await changeOf(desk, press)
  if (about === undefined) return
  const approval: Approval = (by) => ({ type: 'ApproveChange', by, ...about })
  const change = signedInFor(desk, about)
  if (change === undefined) await actOnRules(desk, press, approval)
  else await approveSignedIn(press, desk, matterOf(desk, change, approval))
}

/** Where the policy asks for a reason. */
export async function approveChangeWhy(press: Press, desk: Desk): Promise<void> {
  await showChangeForm(desk, press, approveChangeForm)
}

export async function changeApproved(submission: Submission, desk: Desk): Promise<void> {
  const about = readChange(submission.metadata)
  if (about === undefined) return strangeForm(submission)
  const reason = submission.value(fields.reason)
  const approval: Approval = (by) => ({ type: 'ApproveChange', by, ...about, reason })
  const change = signedInFor(desk, about)
  if (change === undefined || reason.trim() === '') return actOnRulesForm(desk, submission, fields.reason, approval)
  const ack = async (): Promise<void> => submission.answer({ kind: 'form', form: signInBegins() })
  const { user, form } = submission
  await signIn(desk, { user, where: {}, form, matter: matterOf(desk, change, approval), ack })
}

export async function denyChange(press: Press, desk: Desk): Promise<void> {
  await showChangeForm(desk, press, denyChangeForm)
}

export async function changeDenied(submission: Submission, desk: Desk): Promise<void> {
  const about = readChange(submission.metadata)
  if (about === undefined) return strangeForm(submission)
  const reason = submission.value(fields.reason)
  await actOnRulesForm(desk, submission, fields.reason, (by) => ({
    type: 'DenyChange',
    by,
    change: about.change,
    reason,
  }))
}

export async function withdrawChange(press: Press, desk: Desk): Promise<void> {
  const about = await changeOf(desk, press)
  if (about !== undefined) await actOnRules(desk, press, (by) => ({ type: 'WithdrawChange', by, change: about.change }))
}

type Approval = (by: Standing) => Extract<PersonsGovernanceCommand, { type: 'ApproveChange' }>

/** The change, where approving it leads to Autentico first. One that is over is decided upon at once. */
function signedInFor(desk: Desk, { change: id }: ChangeReference): RequestedChange | undefined {
  const change = desk.door.governance.change(id)
  return change?.ended === undefined && change?.rule.stepUp === true ? change : undefined
}

/** A change as something that is approved by signing in. */
function matterOf(desk: Desk, change: RequestedChange, approval: Approval): Matter {
  const { governance } = desk.door
  return {
    ...changeToApprove(change),
    key: change.id,
    async begin(by) {
      const { stepUp: _none, type: _approve, ...wish } = approval(by)
      return saidOf(governance.execute({ ...wish, type: 'BeginChangeStepUp' }))
    },
    approve: async (by, stepUp) => saidOf(governance.execute({ ...approval(by), stepUp })),
    over() {
      const now = governance.change(change.id)
      return now === undefined ? undefined : endOf(now)
    },
    end: (ended) => governance.endStepUp({ change: change.id, ...ended }),
  }
}

/** Looks up who pressed, decides and records, and only then acknowledges. A refusal is told in private. */
export async function actOnRules(desk: Desk, press: Press, command: ChangeCommand): Promise<ChangeExecuted> {
  const by = await desk.roster.standing(press.user)
  const executed = desk.door.governance.execute(command(by))
  await press.ack()
  if (executed.kind === 'refused') await tell(desk, press, executed.sentence)
  return executed
}

/** The same for a form: a refusal stands under its field. */
export async function actOnRulesForm(
  desk: Desk,
  submission: Submission,
  field: string,
  command: ChangeCommand,
): Promise<void> {
  const by = await desk.roster.standing(submission.user)
  const executed = desk.door.governance.execute(command(by))
  await submission.answer(
    executed.kind === 'accepted' ? { kind: 'close' } : { kind: 'errors', errors: { [field]: executed.sentence } },
  )
}

async function changeOf(desk: Desk, press: Press): Promise<ChangeReference | undefined> {
  const about = readChange(press.value)
  if (about !== undefined) return about
  await press.ack()
  await tell(desk, press, strange)
  return undefined
}

async function showChangeForm(
  desk: Desk,
  press: Press,
  form: (change: NonNullable<ReturnType<Desk['door']['governance']['change']>>) => Form,
): Promise<void> {
  const about = await changeOf(desk, press)
  if (about === undefined) return
  const change = desk.door.governance.change(about.change)
  const shown = change === undefined ? strange : (endOf(change) ?? form(change))
  if (typeof shown === 'string') {
    await press.ack()
    await tell(desk, press, shown)
    return
  }
  await Promise.all([press.ack(), openForm(desk, press, shown)])
}

const strange =
  'This button is not one of ours, or was made by an earlier version. Nothing was done. `/autentico policy` and `/autentico key` show where things stand.'
