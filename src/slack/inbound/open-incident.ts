import { z } from 'zod'
import type { Account } from '#/incident/account.ts'
import { whyNotRespond } from '#/incident/approval.ts'
import { type Severity, severities } from '#/incident/events.ts'
import type { Standing } from '#/incident/people.ts'
import { type ChannelFacts, type OpeningValues, openingForm, openingLineUp } from '../cards/opening-form.ts'
import { fields } from '../references.ts'
import { noticeOf, openForm, refusalText, updateForm } from './answers.ts'
import type { Asked, Desk, Submission } from './desk.ts'
import { resolveTarget } from './target.ts'

/** Opens the form at once, before anything else is asked of anybody; what takes longer is filled in afterwards. */
export async function openIncident(asked: Asked, desk: Desk, values: OpeningValues): Promise<void> {
  const { door, roster } = desk
  const place = { channel: desk.channel, drill: door.drill }
  const [, view] = await Promise.all([
    asked.ack(),
    openForm(desk, asked, openingForm(door.playbooks, values, openingLineUp(place))),
  ])
  if (view === undefined) return

  const [by, able, about] = await Promise.all([
    roster.standing(asked.user),
    roster.forecast(asked.user),
    channelFacts(desk),
  ])
  if (whyNotRespond(by) === undefined) {
    await updateForm(desk, view, openingForm(door.playbooks, values, openingLineUp(place, { able, about })))
    return
  }
  const executed = recordAttempt(desk, by, values)
  if (executed?.kind === 'refused')
    await updateForm(desk, view, noticeOf('Not opened', await refusalText(desk, executed)))
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
  values: OpeningValues,
): ReturnType<Desk['door']['execute']> | undefined {
  const playbook = door.playbooks.find(({ id }) => id === values.playbook) ?? door.playbooks[0]
  if (playbook === undefined) return undefined
  const target = { id: '', username: values.target?.text ?? '', email: '' } as Account
  return door.execute('new', {
    type: 'OpenIncident',
    by,
    playbook,
    severity: 'sev3',
    summary: '',
    target,
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

  const [by, target] = await Promise.all([
    roster.standing(submission.user),
    resolveTarget(desk, submission.value(fields.target)),
  ])
  if (target.kind === 'problem' && whyNotRespond(by) === undefined) {
    return submission.answer({ kind: 'errors', errors: { [fields.target]: target.sentence } })
  }
  const account = target.kind === 'account' ? target.account : undefined
  const executed = door.execute('new', {
    type: 'OpenIncident',
    by,
    playbook,
    severity,
    summary: submission.value(fields.summary),
    target: { id: account?.id ?? '', username: account?.username ?? '', email: account?.email ?? '' } as Account,
    targetIsBot: account?.isBot === true,
    channel,
    drill: door.drill,
  })
  if (executed.kind === 'refused') {
    const field = executed.refusal.code === 'text_too_long' ? fields.summary : fields.target
    return submission.answer({ kind: 'errors', errors: { [field]: await refusalText(desk, executed) } })
  }
  await submission.answer({
    kind: 'form',
    form: noticeOf(
      `${executed.incident.id} is open`,
      `${executed.incident.id} is open. Its card and thread appear in the incident channel.`,
    ),
  })
}

function severityOf(value: string): Severity | undefined {
  return severities.find((severity) => severity === value)
}
