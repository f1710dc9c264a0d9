import { z } from 'zod'
import { type Account, type AccountId, instanceTarget } from '#/incident/account.ts'
import { whyNotRespond } from '#/incident/approval.ts'
import { type Severity, severities } from '#/incident/events.ts'
import type { Standing } from '#/incident/people.ts'
import { type Refusal, refusalSentence } from '#/incident/refusals.ts'
import type { OpenedIncident } from '#/incident/state.ts'
import { readInputs } from '#/playbook/inputs.ts'
import type { Playbook } from '#/playbook/playbook.ts'
import type { Form } from '../cards/blocks.ts'
import { awareSince } from '../cards/legal-clock.ts'
import {
  type ChannelFacts,
  chosenPlaybook,
  type Offer,
  type OpeningValues,
  openingForm,
  openingLineUp,
} from '../cards/opening-form.ts'
import { literal, type Mrkdwn } from '../cards/text.ts'
import { fields } from '../references.ts'
import { incidentOf, noticeOf, openForm, tell, updateForm } from './answers.ts'
import type { Asked, Desk, Press, Submission } from './desk.ts'
import { resolveTarget } from './target.ts'

/** Opens the form at once, before anything else is asked of anybody; what takes longer is filled in afterwards. */
export async function openIncident(
  asked: Asked,
  desk: Desk,
  values: OpeningValues,
  from?: OpenedIncident,
): Promise<void> {
  const { door, roster } = desk
  const offer: Offer = { playbooks: door.playbooks, from }
  const [, view] = await Promise.all([
    asked.ack(),
    openForm(desk, asked, openingForm(offer, values, openingLineUp(placeOf(desk)))),
  ])
  if (view === undefined) return

  const playbook = chosenPlaybook(offer, values)
  const [by, lineUp] = await Promise.all([roster.standing(asked.user), counted(desk, asked, playbook)])
  if (whyNotRespond(by, from?.target) === undefined) {
    await updateForm(desk, view, openingForm(offer, values, lineUp))
    return
  }
  const executed = recordAttempt(desk, by, { offer, values })
  if (executed?.kind === 'refused') await updateForm(desk, view, noticeOf('Not opened', executed.sentence))
}

/** "Start a follow-up…": the same form, for an incident that follows from this one. */
export async function followUp(press: Press, desk: Desk): Promise<void> {
  const from = await incidentOf(desk, press, press.reference?.of === 'incident' ? press.reference : undefined)
  if (from !== undefined) await openIncident(press, desk, {}, from)
}

/** Another playbook was chosen in the form: it is drawn anew with the fields that this one needs. What was typed stays. */
export async function playbookChosen(press: Press, desk: Desk): Promise<void> {
  const { view, chosen = '' } = press
  await press.ack()
  if (view === undefined) return tell(desk, press, 'That form is not there any more. Nothing was changed.')
  const offer: Offer = { playbooks: desk.door.playbooks, from: fromOf(desk, press) }
  const values: OpeningValues = { playbook: chosen }
  const form = openingForm(
    offer,
    { ...values, ...keptTarget(offer, values, view) },
    await counted(desk, press, chosenPlaybook(offer, values)),
  )
  // Without its hash: of two forms that cross, this one has the fields that were asked for.
  await updateForm(desk, { id: view.id }, form)
}

/** A name that was there already stays, where the playbook has an account at all. */
function keptTarget(
  offer: Offer,
  values: OpeningValues,
  { value, words }: NonNullable<Press['view']>,
): Pick<OpeningValues, 'target'> {
  const target = value(fields.target)
  return target === '' || chosenPlaybook(offer, values)?.target === 'instance'
    ? {}
    : { target: { text: words(fields.target), value: target } }
}

function fromOf({ door }: Desk, { reference }: Pick<Submission, 'reference'>): OpenedIncident | undefined {
  return reference?.of === 'incident' ? door.incident(reference.incident) : undefined
}

function placeOf({ channel, door }: Desk): { readonly channel: string; readonly drill: boolean } {
  return { channel, drill: door.drill }
}

/** Where the thread will be, who reads along, and how many can approve. */
async function counted(
  desk: Desk,
  { user }: Pick<Asked, 'user'>,
  playbook: Playbook | undefined,
): Promise<readonly Mrkdwn[]> {
  const [quorum, about] = await Promise.all([desk.roster.forecast(user, { playbook }), channelFacts(desk)])
  return openingLineUp(placeOf(desk), { quorum, about })
}

const channelAnswer = z.object({
  channel: z.object({ is_private: z.boolean().nullish(), num_members: z.number().nullish() }),
})

/** Who will read along. Slack not saying so is no reason not to open. */
async function channelFacts({ call, channel }: Desk): Promise<ChannelFacts | undefined> {
  try {
    const answer = channelAnswer.parse(await call('conversations.info', { channel, include_num_members: true }))
    const { is_private: isPrivate, num_members: members } = answer.channel
    return { isPrivate: isPrivate === true, ...(typeof members === 'number' ? { members } : {}) }
  } catch {
    return undefined
  }
}

/** Somebody who may not open an incident tried to: the rules say so, and it goes on record. */
function recordAttempt(
  { door, channel }: Desk,
  by: Standing,
  { offer, values }: { readonly offer: Offer; readonly values: OpeningValues },
): ReturnType<Desk['door']['execute']> | undefined {
  const playbook = chosenPlaybook(offer, values)
  if (playbook === undefined) return undefined
  const target = { id: '', username: values.target?.text ?? '', email: '' } as Account
  return door.execute('new', {
    type: 'OpenIncident',
    by,
    playbook,
    severity: 'sev3',
    summary: '',
    target: offer.from?.target ?? target,
    targetIsBot: false,
    channel,
    drill: door.drill,
  })
}

/** The form was sent. The account is read afresh; what is wrong is said under its field, and the form stays as it was. */
export async function opened(submission: Submission, desk: Desk): Promise<void> {
  const { door, roster, channel } = desk
  const playbook = door.playbooks.find(({ id }) => id === submission.value(fields.playbook))
  const severity = severityOf(submission.value(fields.severity))
  if (playbook === undefined || severity === undefined)
    return submission.answer({ kind: 'errors', errors: { [fields.playbook]: 'Choose one of the playbooks.' } })
  if (playbook.target === 'account' && !submission.has(fields.target))
    return submission.answer({ kind: 'form', form: await withTarget(submission, desk, playbook) })

  const [by, target] = await Promise.all([roster.standing(submission.user), targetOf(desk, submission, playbook)])
  const aware = awareAt(submission, playbook, desk.now())
  const from = fromOf(desk, submission)
  // Whom the other incident is about may not open one from there, and the rules say it of a target.
  const mayRespond = whyNotRespond(by, from?.target) === undefined
  const errors = {
    ...(target.kind === 'problem' ? { [fields.target]: target.sentence } : {}),
    ...(aware.kind === 'wrong' ? aware.errors : {}),
  }
  if (mayRespond && Object.keys(errors).length > 0) return submission.answer({ kind: 'errors', errors })

  const found = target.kind === 'account' ? target : { account: nobody, isBot: false }
  const about = target.kind === 'account' ? { playbook, target: found.account } : { playbook }
  const quorum = await inTime(roster.forecast(submission.user, about))
  const executed = door.execute('new', {
    type: 'OpenIncident',
    by,
    playbook,
    severity,
    summary: submission.value(fields.summary),
    target: mayRespond ? found.account : (from?.target ?? found.account),
    targetIsBot: found.isBot,
    channel,
    drill: door.drill,
    ...(quorum === undefined ? {} : { quorum }),
    ...(from === undefined ? {} : { from: from.id }),
    ...(aware.kind === 'read' && aware.at !== undefined ? { awareAt: aware.at } : {}),
  })
  if (executed.kind === 'refused') {
    const field = fieldOf(submission, executed.refusal)
    return submission.answer({ kind: 'errors', errors: { [field]: executed.sentence } })
  }
  const { id } = executed.incident
  const follows = from === undefined ? '' : ` It follows from ${from.id}.`
  await submission.answer({
    kind: 'form',
    form: noticeOf(`${id} is open`, `${id} is open.${follows} Its card and thread appear in the incident channel.`),
  })
}

/** Saying how many can approve is a courtesy: it never holds up an opening for longer than this. */
const forecastWithinMs = 800

async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer | undefined> {
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), forecastWithinMs)
  try {
    return await Promise.race([asked, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** The form had no field for the account, because it was drawn for another playbook. Nothing that was typed is lost. */
async function withTarget(submission: Submission, desk: Desk, playbook: Playbook): Promise<Form> {
  const offer: Offer = { playbooks: desk.door.playbooks, from: fromOf(desk, submission) }
  const severity = severityOf(submission.value(fields.severity))
  const values: OpeningValues = {
    playbook: playbook.id,
    summary: submission.value(fields.summary),
    ...(severity === undefined ? {} : { severity }),
  }
  const why = `⚠️ Not opened yet: ${refusalSentence({ code: 'target_needed', about: { what: `“${playbook.title}”` } })}`
  return openingForm(offer, values, [literal(why), ...(await counted(desk, submission, playbook))])
}

const nobody = { id: '', username: '', email: '' } as Account

type Subject =
  | { readonly kind: 'account'; readonly account: Account; readonly isBot: boolean }
  | { readonly kind: 'problem'; readonly sentence: string }

/** What the incident is about: the account that was chosen, or Autentico as a whole. */
async function targetOf(desk: Desk, submission: Submission, playbook: Playbook): Promise<Subject> {
  const value = submission.value(fields.target)
  if (playbook.target === 'instance') {
    const what = `“${playbook.title}”`
    return value === ''
      ? { kind: 'account', account: instanceTarget, isBot: false }
      : { kind: 'problem', sentence: refusalSentence({ code: 'target_is_instance', about: { what } }) }
  }
  const resolved = await resolveTarget(desk, value)
  if (resolved.kind === 'problem') return resolved
  const { id, username, email, isBot } = resolved.account
  return { kind: 'account', account: { id: id as AccountId, username, email }, isBot }
}

type Aware = { readonly kind: 'read'; readonly at?: string } | Extract<ReturnType<typeof readInputs>, { kind: 'wrong' }>

/** Where the law sets no time limit, the field is not there. */
function awareAt(submission: Submission, playbook: Playbook, now: string): Aware {
  if (playbook.legalClock !== true) return { kind: 'read' }
  const read = readInputs([awareSince], submission.value, now)
  if (read.kind === 'wrong') return read
  const at = read.inputs[awareSince.id]
  return at === undefined ? { kind: 'read' } : { kind: 'read', at }
}

/** Where a refusal stands: under what it is about, if the form has that field. */
function fieldOf({ has }: Submission, { code }: Refusal): string {
  if (code === 'text_too_long') return fields.summary
  if (code === 'awareness_wrong' && has(fields.awareSince)) return fields.awareSince
  return has(fields.target) ? fields.target : fields.playbook
}

function severityOf(value: string): Severity | undefined {
  return severities.find((severity) => severity === value)
}
