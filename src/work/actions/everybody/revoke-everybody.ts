import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Done } from '../action.ts'
import { csvRow, csvStart } from '../csv.ts'
import { evidence } from '../evidence.ts'
import { actingOnWhole, botId } from '../whole.ts'
import { count, utc } from '../words.ts'
import { nobodySince } from './everybody-out.ts'
import { type Missed, revokeAll } from './revoke-all.ts'

const name: ActionName = 'revoke-everybody'

/** Ends the sessions of every user, the bot last. Goes on where it was cut off; those that could not be done are named. */
export const revokeEverybody = actingOnWhole<{ readonly users: number; readonly lifetime: string | undefined }>({
  name,
  async look({ autentico }) {
    const [{ active }, settings] = await Promise.all([autentico.everyUser.count(), autentico.settings.read()])
    return { users: active, lifetime: settings.get('access_token_expiration') }
  },
  effect: ({ users, lifetime }) => ({
    sentence: `revoke every session of all ${users.toLocaleString('en')} users, the bot’s own last.`,
    question: `Sign everybody out? All ${users.toLocaleString('en')} users have to sign in again.`,
    verb: 'Sign everybody out',
    warnings: [
      `Access tokens already issued are believed to their end${lifetime === undefined ? '' : ` (${lifetime})`} by services that do not ask Autentico about each request.`,
    ],
    // The number of users grows by itself; it is shown and not bound.
    basis: { everybody: true },
  }),
  async execute(ctx) {
    const { did, missed, at, more } = await signedEverybodyOut(ctx)
    return { did, prove: async () => nobodySince(ctx, { action: name, at, missed }), ...more }
  },
  again: async (ctx) => {
    const at = ctx.order.params?.['everybodyOutAt']
    return at === undefined ? [] : nobodySince(ctx, { action: name, at: new Date(at) })
  },
})

/** Signs everybody out, the bot last, and says what is to be recorded of it. */
export async function signedEverybodyOut(ctx: ActionContext): Promise<{
  readonly did: readonly string[]
  readonly missed: readonly Missed[]
  readonly at: Date
  readonly more: Pick<Done, 'evidence' | 'files' | 'known' | 'accessTokensEndAt'>
}> {
  const { autentico, progress, now } = ctx
  const bot = await botId(ctx)
  const at = new Date(progress.note('since') ?? now())
  if (progress.note('since') === undefined) await progress.remember('since', at.toISOString())
  const { revoked, missed } = await revokeAll(ctx, { except: bot })
  await progress.fence()
  // The next call finds the token dead and signs in anew.
  const canReturn = autentico.signsIn === 'password'
  if (canReturn) await autentico.users.revokeSessions(bot)
  const file =
    missed.length === 0
      ? undefined
      : evidence(
          ctx,
          'not-revoked.csv',
          Buffer.from(
            csvStart +
              [['id', 'username', 'why'], ...missed.map((one) => [one.id, one.username, one.why])].map(csvRow).join(''),
            'utf8',
          ),
        )
  return {
    at,
    missed,
    did: [
      `Revoked every session of ${count(revoked, 'user')}.`,
      canReturn
        ? 'Revoked the bot’s own sessions last; it signs in anew.'
        : 'The bot’s own token was left: with AUTENTICO_ADMIN_TOKEN it cannot sign in again. Replace that token by hand.',
    ],
    more: {
      known: { everybodyOutAt: at.toISOString() },
      accessTokensEndAt: await lastAccess(ctx, at),
      ...(file === undefined
        ? {}
        : {
            evidence: [file],
            files: [
              {
                name: file.name,
                digest: file.digest,
                title: `Users whose sessions could not be revoked, ${utc(at.toISOString())}`,
                privateOnly: true,
              },
            ],
          }),
    },
  }
}

/** When the last access token that was out dies by itself: the setting, or an hour where it is not told. */
async function lastAccess({ autentico }: ActionContext, at: Date): Promise<string> {
  const lifetime = (await autentico.settings.read()).get('access_token_expiration')
  return new Date(at.getTime() + (autentico.durationOf(lifetime) ?? 3_600_000)).toISOString()
}
