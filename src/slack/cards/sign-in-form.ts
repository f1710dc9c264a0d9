import type { OpenedIncident, Request } from '#/incident/state.ts'
import type { SignIn } from '../door.ts'
import { presses } from '../references.ts'
import { context, type Form, form, linkButton, section } from './blocks.ts'
import { requestTitle } from './request-words.ts'
import { clock, code, exactMoment, line, lines, literal, mrkdwn } from './text.ts'

const title = 'Sign in to approve'

/** What stands there until Autentico has given a code. */
export function signInBegins(): Form {
  return form({ callback: 'sign-in', title, blocks: [section(literal('Asking Autentico for a code…'))] })
}

/** The code and where to type it, what would be approved, and until when. Only the person who pressed sees it. */
export function signInForm(
  incident: OpenedIncident,
  request: Request,
  { userCode, link, linkWithCode, expiresAt }: SignIn,
): Form {
  const { shown } = request
  const since = shown?.at ?? request.askedAt
  return form({
    callback: 'sign-in',
    title,
    blocks: [
      section(
        lines(
          mrkdwn`*${requestTitle(incident, request)}*   code ${code(shown?.code ?? '')}`,
          mrkdwn`*This will:* ${line(shown?.effect.sentence ?? '', 900)}`,
        ),
      ),
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
