import type { Admin } from '#/autentico/admins.ts'
import type { Finding } from '#/incident/findings.ts'
import type { ActionContext } from '../action.ts'
import { jsonEvidence } from '../evidence.ts'
import { count, utc } from '../words.ts'
import { findingOf, unspoken, unspokenWords } from './finding.ts'
import { reading } from './reading.ts'

/**
 * Every administrator that nobody has spoken for: not the bot, not named in KNOWN_ADMINS, and not accepted in an earlier review
 * as it is now. Deactivated ones too, where the database shows them: an attacker can hide one so and bring it back.
 */
export const reviewAdmins = reading('review-admins', async (ctx) => {
  const { autentico, reach } = ctx
  const { admins, complete } = await autentico.admins.list()
  const strange = admins.filter(({ isBot, username }) => !isBot && !reach.known.admins.includes(username))
  const { findings, expected } = unspoken(
    strange.map((admin) => finding(admin, ctx)),
    ctx,
  )
  return {
    did: [`Read ${count(admins.length, 'administrator')}: ${unspokenWords(findings, expected)}.`],
    notes:
      reach.known.admins.length === 0
        ? ['KNOWN_ADMINS is not set: what people accept here is the list from now on.']
        : [],
    findings,
    gaps: complete
      ? []
      : ['Deactivated administrators cannot be seen on this worker (no `AUTENTICO_DB_PATH`): one can be hidden so.'],
    evidence: [jsonEvidence(ctx, 'admins.json', { readAt: ctx.now().toISOString(), admins, complete })],
  }
})

function finding(admin: Admin, { order }: ActionContext): Finding {
  const { id, username, email, createdAt, changedAt, lastLogin, deactivatedAt } = admin
  const since = order.inputs?.['since'] ?? order.params?.['exposedSince']
  const isAfter = (at: string | undefined): boolean => since !== undefined && at !== undefined && at >= since
  return findingOf({
    kind: 'admin',
    noun: 'Administrator',
    subject: { id, name: username, email },
    says: [
      `Account made ${utc(createdAt)}`,
      ...(changedAt === undefined ? [] : [`last changed ${utc(changedAt)}`]),
      ...(lastLogin === undefined ? [] : [`last signed in ${utc(lastLogin)}`]),
      ...(deactivatedAt === undefined ? [] : [`deactivated ${utc(deactivatedAt)}`]),
    ]
      .join(', ')
      .concat('.'),
    flags: [
      ...(isAfter(createdAt) ? ['made since the exposure'] : []),
      ...(!isAfter(createdAt) && isAfter(changedAt)
        ? ['an older account, changed since the exposure: it may have been promoted']
        : []),
      ...(deactivatedAt === undefined ? [] : ['deactivated, so no list in Autentico shows it']),
    ],
    ways: deactivatedAt === undefined ? ['demote-admin', 'suspend-account'] : [],
    // A deactivated one can only be demoted after it was activated; that is for a person to do.
    ...(deactivatedAt === undefined ? {} : { byHand: true }),
    state: { id, username, email, deactivated: deactivatedAt !== undefined },
  })
}
