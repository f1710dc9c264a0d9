import type { StepUpFailure } from '#/incident/events.ts'
import { type StepUp } from '#/incident/identity.ts'
import type { Standing, UserId } from '#/incident/people.ts'
import { whyNotTheirs } from '#/incident/step-up.ts'
import { saying } from '../cards/lists.ts'
import { signInBegins, signInEnded, signInForm, type ToApprove } from '../cards/sign-in-form.ts'
import { literal, type Mrkdwn, mrkdwn, sentence } from '../cards/text.ts'
import { type ChangeExecuted, type Executed, NotRecorded, type SignedIn, type SignInFailed } from '../door.ts'
import type { Where } from '../outbound.ts'
import type { Following } from '../signing-in.ts'
import { openForm, updateForm } from './answers.ts'
import type { Desk, Press } from './desk.ts'

/** What came of a command. `code` and `sentence`: of the refusal. */
export type Said =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }

export function saidOf(executed: Executed | ChangeExecuted): Said {
  return executed.kind === 'accepted'
    ? { kind: 'accepted' }
    : { kind: 'refused', code: executed.refusal.code, sentence: executed.sentence }
}

/** What somebody wants to approve. */
export type Matter = ToApprove & {
  /** Names it among all that can be approved. */
  readonly key: string
  /** What is said when it counts. Absent: that it is approved. */
  readonly done?: Mrkdwn
  /** Records the wish, with their standing of now. */
  readonly begin: (by: Standing) => Promise<Said>
  /** The approval, decided anew with their standing of then. */
  readonly approve: (by: Standing, stepUp: StepUp) => Promise<Said>
  /** How it was decided, or ended, as whole sentences. Undefined: it can still be approved. */
  readonly over: () => string | undefined
  /** Records that nothing came of it. */
  readonly end: (ended: Omit<SignInFailed, 'kind'> & { readonly person: Standing['person'] }) => void
}

/** Somebody who wants to approve, and the form that they look at. */
export type Approver = {
  readonly user: UserId
  readonly where: Where
  readonly form: string
  readonly matter: Matter
  /** Slack may be told that the press was taken. */
  readonly ack: () => Promise<void>
}

/** Opens the form first: the trigger lives three seconds, and nothing is asked of Autentico for somebody who cannot be shown it. */
export async function approveSignedIn(press: Press, desk: Desk, matter: Matter): Promise<void> {
  const view = await openForm(desk, press, signInBegins())
  if (view === undefined) return
  const { user, where, ack } = press
  await signIn(desk, { matter, user, where, ack, form: view.id })
}

/**
 * Sends somebody to Autentico to sign in, and approves in their name when they have. The wish is recorded before Autentico is asked, and
 * how it ended when it has; what follows the sign-in goes on by itself.
 */
export async function signIn(desk: Desk, approver: Approver): Promise<void> {
  const { user, matter, ack } = approver
  const whose = { matter: matter.key, user }
  const earlier = desk.signingIn.find(whose)
  if (earlier !== undefined) {
    await ack()
    return join(desk, approver, await earlier)
  }
  const begun = begin(desk, approver)
  desk.signingIn.keep(whose, begun)
  const following = await begun
  if (following === undefined || (await show(desk, approver, signInForm(matter, following.signIn)))) return
  const { link, userCode } = following.signIn
  const said = `Slack did not show the form. To approve, sign in to Autentico at \`${link}\` and confirm the code \`${userCode}\` there.`
  await desk.outbound.replyPrivately(user, approver.where, saying(sentence(said)))
}

/** Looks at what is under way in another form. */
async function join(desk: Desk, approver: Approver, following: Following | undefined): Promise<void> {
  if (following === undefined) return say(desk, approver, literal('The sign-in was not begun. Press Approve again.'))
  following.form = approver.form
  await show(desk, approver, signInForm(approver.matter, following.signIn))
}

/** Records the wish, and has Autentico give a code. Undefined: the person was told why there is none. */
async function begin(desk: Desk, approver: Approver): Promise<Following | undefined> {
  const { user, matter, ack } = approver
  const by = await desk.roster.standing(user)
  const wished = await matter.begin(by)
  await ack()
  if (wished.kind === 'refused') {
    await say(desk, approver, sentence(wished.sentence))
    return undefined
  }
  const started = await desk.door.beginSignIn()
  if (started.kind === 'failed') {
    await fail(desk, approver, { person: by.person, ...started })
    return undefined
  }
  const following: Following = { signIn: started, form: approver.form }
  const done = finish(desk, { approver, by, following }).catch((error: unknown) =>
    desk.log.error({ matter: matter.key, why: messageOf(error) }, 'a sign-in to approve could not be ended'),
  )
  desk.signingIn.follow(done, following, matter.over)
  return following
}

async function finish(
  desk: Desk,
  { approver, by, following }: { readonly approver: Approver; readonly by: Standing; readonly following: Following },
): Promise<void> {
  const end = await following.signIn.ended
  const at: Approver = { ...approver, form: following.form }
  try {
    if (following.over !== undefined) {
      const said = `${following.over} You need not sign in for it any more.`
      return await fail(desk, at, { person: by.person, why: 'refused', sentence: said })
    }
    if (end.kind === 'failed') return await fail(desk, at, { person: by.person, ...end })
    await approveWith(desk, at, end)
  } catch (error) {
    if (!(error instanceof NotRecorded)) throw error
    await say(desk, at, sentence(error.message))
  }
}

/** Who they are, and whether they may, is asked anew: minutes have passed. */
async function approveWith(desk: Desk, approver: Approver, { stepUp, account }: SignedIn): Promise<void> {
  const { user, matter } = approver
  const by = await desk.roster.standing(user)
  const { person } = by
  const notTheirs = by.membership === 'unknown' ? undefined : whyNotTheirs(account, by)
  if (notTheirs !== undefined) return fail(desk, approver, { person, ...notTheirs })
  const approved = await matter.approve(by, stepUp)
  if (approved.kind === 'accepted')
    return say(desk, approver, matter.done ?? mrkdwn`✅ Approved: ${matter.title}`, { isGood: true })
  const why: StepUpFailure = approved.code === 'step_up_stale' ? 'stale' : 'refused'
  await fail(desk, approver, { person, why, sentence: approved.sentence })
}

async function fail(
  desk: Desk,
  approver: Approver,
  { person, why, sentence: said }: Omit<SignInFailed, 'kind'> & { readonly person: Standing['person'] },
): Promise<void> {
  approver.matter.end({ person, why, sentence: said })
  await say(desk, approver, sentence(said))
}

/** In the form; where that was closed, in private. What was approved stands in the thread for everybody anyway. */
async function say(
  desk: Desk,
  approver: Approver,
  said: Mrkdwn,
  { isGood = false }: { readonly isGood?: boolean } = {},
): Promise<void> {
  if ((await show(desk, approver, signInEnded(said))) || isGood) return
  await desk.outbound.replyPrivately(approver.user, approver.where, saying(said))
}

async function show(desk: Desk, { form }: Approver, view: Parameters<typeof updateForm>[2]): Promise<boolean> {
  return updateForm(desk, { id: form }, view)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
