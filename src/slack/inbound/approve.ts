import { whyNotRespond } from '#/incident/approval.ts'
import type { PersonCommand } from '#/incident/commands.ts'
import { type Standing, samePerson } from '#/incident/people.ts'
import { refusalSentence } from '#/incident/refusals.ts'
import { whyOver } from '#/incident/review-request.ts'
import type { OpenedIncident, Request } from '#/incident/state.ts'
import { needsStepUp } from '#/incident/step-up.ts'
import { approvalForm } from '../cards/forms.ts'
import { requestTitle } from '../cards/request-words.ts'
import { signInBegins } from '../cards/sign-in-form.ts'
import { line, mrkdwn } from '../cards/text.ts'
import type { Where } from '../outbound.ts'
import { fields, type Reference } from '../references.ts'
import { act, actOnForm, incidentOf, showForm, strangeForm } from './answers.ts'
import type { Desk, Press, Submission } from './desk.ts'
import { approveSignedIn, type Matter, saidOf, signIn } from './sign-in.ts'

type OfRequest = Extract<Reference, { of: 'request' }>

/** Naming those who could approve is a courtesy: it never holds up the answer for longer than this. */
const ableWithinMs = 900

/** The confirm dialog was answered with yes. */
export async function approve(press: Press, desk: Desk): Promise<void> {
  const reference = press.reference?.of === 'request' ? press.reference : undefined
  const incident = await incidentOf(desk, press, reference)
  if (incident === undefined || reference === undefined) return
  const approval = async (by: Standing) => command(desk, incident, reference, by)
  const request = signedInFor(desk, incident, reference)
  if (request !== undefined) return approveSignedIn(press, desk, matterOf(desk, incident, { request, approval }))
  await act(desk, press, { incident: incident.id, command: approval })
}

/** For what nobody may approve by habit: a form in which what is asked for is typed, or the reason given. */
export async function approveByTyping(press: Press, desk: Desk): Promise<void> {
  await showForm(desk, press, (incident, reference) => {
    const request = reference.of === 'request' ? incident.requests.get(reference.request) : undefined
    return request === undefined
      ? 'There is nothing to decide: that request is not there.'
      : approvalForm(incident, request, reference)
  })
}

export async function approveTyped(submission: Submission, desk: Desk): Promise<void> {
  const { reference } = submission
  const incident = reference === undefined ? undefined : desk.door.incident(reference.incident)
  if (reference?.of !== 'request' || incident === undefined) return strangeForm(submission)
  const approval = async (by: Standing) => ({
    ...(await command(desk, incident, reference, by)),
    typed: submission.value(fields.typed),
    reason: submission.value(fields.reason),
  })
  const word = incident.requests.get(reference.request)?.shown?.effect.confirmByTyping
  const request = signedInFor(desk, incident, reference)
  const isFilledIn =
    (word === undefined || submission.value(fields.typed).trim() === word) &&
    (!submission.has(fields.reason) || submission.value(fields.reason).trim() !== '')
  if (request === undefined || !isFilledIn) {
    // Of the two that the form may have, the one that is there.
    const field = word === undefined ? fields.reason : fields.typed
    await actOnForm(desk, submission, { incident: incident.id, field, command: approval })
    return
  }
  const { user, form } = submission
  const where = incident.thread === undefined ? {} : inThread(incident.thread)
  const ack = async (): Promise<void> => submission.answer({ kind: 'form', form: signInBegins() })
  await signIn(desk, { user, where, form, matter: matterOf(desk, incident, { request, approval }), ack })
}

export function inThread({ channel, ts }: { readonly channel: string; readonly ts: string }): Where {
  return { channel, thread: ts }
}

/** What waits for the sign-in: an approval, or that something will be done alone. */
type Wish = Extract<PersonCommand, { type: 'ApproveRequest' | 'BreakGlass' }>

function beginning(wish: Wish): Extract<PersonCommand, { type: 'BeginStepUp' }> {
  const { stepUp: _none, ...rest } = wish
  if (rest.type === 'ApproveRequest') return { ...rest, type: 'BeginStepUp' }
  const { told, ...alone } = rest
  return { ...alone, type: 'BeginStepUp', alone: { told } }
}

/** A request as something that is approved, or announced, by signing in. */
export function matterOf(
  desk: Desk,
  incident: OpenedIncident,
  {
    request,
    approval,
  }: {
    readonly request: Request
    readonly approval: (by: Standing) => Promise<Wish>
  },
): Matter {
  const { shown, askedAt } = request
  return {
    key: `${incident.id} ${request.id}`,
    title: requestTitle(incident, request),
    code: shown?.code ?? '',
    effect: mrkdwn`*This will:* ${line(shown?.effect.sentence ?? '', 900)}`,
    since: shown?.at ?? askedAt,
    async begin(by) {
      return saidOf(desk.door.execute(incident.id, beginning(await approval(by))))
    },
    approve: async (by, stepUp) => saidOf(desk.door.execute(incident.id, { ...(await approval(by)), stepUp })),
    over: () => whyDecided(desk, incident.id, request.id),
    end: (ended) => desk.door.endStepUp(incident.id, { request: request.id, ...ended }),
  }
}

function whyDecided(desk: Desk, id: OpenedIncident['id'], request: Request['id']): string | undefined {
  const incident = desk.door.incident(id)
  const asked = incident?.requests.get(request)
  if (incident === undefined || asked === undefined) return undefined
  const refusal = whyOver(asked, desk.now())
  if (refusal !== undefined) return refusalSentence(refusal)
  return incident.status === 'closed' ? 'The incident is closed.' : undefined
}

/** The request, where approving it leads to Autentico first. One that is over is decided upon at once. */
export function signedInFor(desk: Desk, incident: OpenedIncident, { request: id }: OfRequest): Request | undefined {
  const request = incident.requests.get(id)
  return request?.shown !== undefined &&
    request.end.kind === 'open' &&
    needsStepUp(request, { policy: desk.door.policy() })
    ? request
    : undefined
}

async function command(
  desk: Desk,
  incident: OpenedIncident,
  { request: id, digest }: OfRequest,
  by: Standing,
): Promise<Extract<PersonCommand, { type: 'ApproveRequest' }>> {
  const [able, earlier] = await Promise.all([
    ableNow(desk, incident, id, by),
    earlierNow(desk, incident.requests.get(id), by),
  ])
  return {
    type: 'ApproveRequest',
    by,
    request: id,
    digest: digest ?? '',
    ...(able === undefined ? {} : { able }),
    ...(earlier.length === 0 ? {} : { earlier }),
  }
}

/** Those who said yes before, read again; whoever signed it with a key is no matter of Slack's. */
async function earlierNow(desk: Desk, request: Request | undefined, by: Standing): Promise<readonly Standing[]> {
  const others = (request?.approvals ?? []).filter(
    ({ by: other }) => other.key === undefined && !samePerson(other, by.person),
  )
  return Promise.all(others.map(async ({ by: other }) => desk.roster.standing(other.slack.user)))
}

/** Asked only when this person cannot approve, for the sentence that says so; and never told to outsiders. */
async function ableNow(
  desk: Desk,
  incident: OpenedIncident,
  id: OfRequest['request'],
  by: Standing,
): Promise<string | undefined> {
  const request = incident.requests.get(id)
  if (request === undefined || desk.roster.mayApprove(incident, request, by)) return undefined
  const refusal = whyNotRespond(by, incident.target)
  if (refusal !== undefined && refusal.code !== 'not_a_responder') return undefined
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ableWithinMs)
  const able = await Promise.race([desk.roster.able(incident, request), late.promise])
  clearTimeout(timer)
  return able === '' ? undefined : able
}
