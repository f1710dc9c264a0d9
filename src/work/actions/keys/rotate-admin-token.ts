import { readEnvironment } from '#/autentico/environment-file.ts'
import { randomSecret } from '#/autentico/signing-key.ts'
import { isBefore } from '#/autentico/times.ts'
import type { ActionName } from '#/playbook/playbook.ts'
import type { ActionContext, Done, Proof } from '../action.ts'
import { actingOnWhole } from '../whole.ts'
import { count, list } from '../words.ts'
import { changeAndRestart } from './environment.ts'

const name: ActionName = 'rotate-admin-token'

type Seen = {
  readonly own: boolean
  readonly admins: readonly { readonly id: string; readonly username: string; readonly isBot: boolean }[]
}

const unread =
  'No release of Autentico has ever read AUTENTICO_ADMIN_TOKEN: what opens the admin API are the sessions and tokens of administrators, so those are ended too.'

/**
 * Changes the variable of the document, where the worker reaches the environment file, and ends what really opens the admin API: the
 * sessions and tokens of every administrator, the bot's own last.
 */
export const rotateAdminToken = actingOnWhole<Seen>({
  name,
  async look({ autentico, reach }) {
    const { admins } = await autentico.admins.list()
    return {
      own: reach.environment !== undefined,
      admins: admins.filter(({ deactivatedAt }) => deactivatedAt === undefined),
    }
  },
  effect: ({ own, admins }) => {
    const people = admins.filter(({ isBot }) => !isBot)
    const who =
      people.length === 0
        ? 'the bot, the only administrator there is'
        : `${list(people.map(({ username }) => username).slice(0, 10))}${people.length > 10 ? ` and ${people.length - 10} more` : ''}, and the bot’s own last`
    return {
      sentence: `${own ? 'put a new random value into AUTENTICO_ADMIN_TOKEN, restart Autentico, and ' : ''}revoke every session and token of ${count(admins.length, 'administrator')}: ${who}.`,
      question: `${own ? 'Rotate the token, restart Autentico' : 'Rotate the token by hand'}, and sign out ${count(admins.length, 'administrator')}?`,
      verb: 'Rotate it',
      warnings: [
        unread,
        ...(own
          ? []
          : [
              'This worker has no AUTENTICO_ENV_FILE: change AUTENTICO_ADMIN_TOKEN by hand as well, wherever a script of yours reads it.',
            ]),
      ],
      basis: {
        environment: own,
        admins: admins
          .map(({ id }) => id)
          .toSorted()
          .join(' '),
      },
    }
  },
  async execute(ctx, { own, admins }) {
    const { autentico, progress } = ctx
    const changed = own && progress.note('rotated') === undefined ? await rotated(ctx) : []
    const at = new Date(progress.note('since') ?? ctx.now())
    if (progress.note('since') === undefined) await progress.remember('since', at.toISOString())
    for (const { id, isBot } of admins) {
      await progress.fence()
      if (!isBot) await autentico.users.revokeSessions(id)
    }
    const canReturn = autentico.signsIn === 'password'
    const bot = admins.find(({ isBot }) => isBot)
    await progress.fence()
    if (canReturn && bot !== undefined) await autentico.users.revokeSessions(bot.id)
    const done: Done = {
      did: [
        ...changed,
        `Revoked every session and token of ${count(admins.filter(({ isBot }) => !isBot).length, 'administrator')}.`,
        canReturn
          ? 'Revoked the bot’s own last; it has signed in anew.'
          : 'The bot’s own token was left: given in AUTENTICO_ADMIN_TOKEN it cannot be renewed by the bot. Replace it by hand.',
      ],
      prove: async () => [...(own ? [await isRotated(ctx)] : []), ...(await adminsOut(ctx, { admins, at }))],
      notes: [unread],
      known: { adminsOutAt: at.toISOString() },
    }
    return done
  },
  again: async (ctx) => {
    const at = ctx.order.params?.['adminsOutAt']
    const { admins } = await ctx.autentico.admins.list()
    return at === undefined ? [] : adminsOut(ctx, { admins, at: new Date(at) })
  },
})

async function rotated(ctx: ActionContext): Promise<readonly string[]> {
  const did = await changeAndRestart(ctx, { AUTENTICO_ADMIN_TOKEN: randomSecret(ctx.randomBytes) })
  await ctx.progress.remember('rotated', 'yes')
  return did
}

/** The value was ours alone to choose, and no digest of it is kept; that the backup says another is what shows it. */
async function isRotated({ reach, progress }: ActionContext): Promise<Proof> {
  const backup = progress.note('backup')
  const now =
    reach.environment === undefined
      ? undefined
      : (await readEnvironment(reach.environment.file)).valueOf('AUTENTICO_ADMIN_TOKEN')
  const before = backup === undefined ? undefined : (await readEnvironment(backup)).valueOf('AUTENTICO_ADMIN_TOKEN')
  const holds = now !== undefined && now !== before
  return {
    action: name,
    name: 'token-rotated',
    proven: holds,
    detail: holds
      ? 'AUTENTICO_ADMIN_TOKEN has another value than before.'
      : 'AUTENTICO_ADMIN_TOKEN has the value that it had.',
  }
}

async function adminsOut(
  { autentico }: ActionContext,
  { admins, at }: { readonly admins: Seen['admins']; readonly at: Date },
): Promise<readonly Proof[]> {
  const left: string[] = []
  for (const { id, username, isBot } of admins) {
    if (isBot) continue
    const [sessions, sso] = await Promise.all([autentico.sessions.ofUser(id), autentico.sessions.idpOfUser(id)])
    const old = sessions.filter(({ live, createdAt }) => live && isBefore(createdAt, at))
    if (old.length > 0 || sso.some(({ createdAt }) => isBefore(createdAt, at))) left.push(username)
  }
  const detail =
    left.length === 0
      ? 'No session of an administrator from before: who goes on has signed in anew.'
      : `Sessions from before still live: ${list(left)}.`
  return [{ action: name, name: 'admins-signed-out', proven: left.length === 0, detail }]
}
