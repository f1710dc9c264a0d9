import type { SignIn } from '../door.ts'
import { presses } from '../references.ts'
import { context, type Form, form, linkButton, section } from './blocks.ts'
import { clock, code, exactMoment, lines, literal, type Mrkdwn, mrkdwn } from './text.ts'

const title = 'Sign in to approve'

/** What stands there until Autentico has given a code. */
export function signInBegins(): Form {
  return form({ callback: 'sign-in', title, blocks: [section(literal('Asking Autentico for a code…'))] })
}

/** What would be approved, in words, and since when a sign-in counts. */
export type ToApprove = {
  readonly title: Mrkdwn
  /** The code that it was shown with. */
  readonly code: string
  readonly effect: Mrkdwn
  readonly since: string
}

/** The code and where to type it, what would be approved, and until when. Only the person who pressed sees it. */
export function signInForm(
  { title: what, code: shown, effect, since }: ToApprove,
  { userCode, link, linkWithCode, expiresAt }: SignIn,
): Form {
  return form({
    callback: 'sign-in',
    title,
    blocks: [
      section(lines(mrkdwn`*${what}*   code ${code(shown)}`, effect)),
      section(
        lines(
          literal(
            'Your approval counts once you have signed in to Autentico as yourself and confirmed this code there:',
          ),
          mrkdwn`*${code(userCode)}*`,
        ),
      ),
      { type: 'actions', elements: [linkButton('Open Autentico', linkWithCode, presses.link)] },
      section(
        mrkdwn`Only a sign-in made after ${exactMoment(since)} counts. If you were signed in before, open ${code(link)} in a private window and type the code.`,
      ),
      context(
        mrkdwn`The code is good until ${clock(expiresAt, since)}. This form says when it has counted; do not sign out before.`,
        literal('Confirm no code that somebody sent you: whoever asked for it would approve in your name.'),
      ),
    ],
  })
}

/** How it ended. */
export function signInEnded(said: Parameters<typeof section>[0]): Form {
  return form({ callback: 'sign-in', title, blocks: [section(said)] })
}
