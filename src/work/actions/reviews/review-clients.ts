import type { ReviewedClient } from '#/autentico/clients.ts'
import type { Provider } from '#/autentico/federation.ts'
import { type RiskySetting, riskySettings } from '#/autentico/risky-settings.ts'
import type { Finding } from '#/incident/findings.ts'
import { jsonEvidence } from '../evidence.ts'
import { count, utc } from '../words.ts'
import { findingOf, unspoken, unspokenWords } from './finding.ts'
import { reading } from './reading.ts'
import { safeValues } from './safe-settings.ts'

/**
 * Clients that nobody has registered as far as anybody says, or that can do what an ordinary one cannot; identity providers that
 * sign people in past password and MFA; and settings that open doors.
 */
export const reviewClients = reading('review-clients', async (ctx) => {
  const { autentico, reach, order } = ctx
  const since = order.inputs?.['since'] ?? order.params?.['exposedSince']
  const [clients, providers, settings] = await Promise.all([
    autentico.clients.review({ known: reach.known.clients }),
    autentico.federation.list(),
    autentico.settings.read(),
  ])
  const risky = riskySettings(settings)
  const all = [
    ...clients.filter(({ client, flags }) => client.active && flags.length > 0).map((one) => clientFinding(one, since)),
    ...providers.filter(({ enabled }) => enabled).map((one) => providerFinding(one, autentico.database !== undefined)),
    ...risky.map(settingFinding),
  ]
  const { findings, expected } = unspoken(all, ctx)
  return {
    did: [
      `Read ${count(clients.length, 'client')}, ${count(providers.length, 'identity provider')} and ${count(settings.size, 'setting')}: ${unspokenWords(findings, expected)}.`,
    ],
    notes:
      reach.known.clients.length === 0
        ? ['KNOWN_CLIENTS is not set: what people accept here is the list from now on.']
        : [],
    findings,
    evidence: [
      jsonEvidence(ctx, 'clients.json', { readAt: ctx.now().toISOString(), clients }),
      jsonEvidence(ctx, 'providers.json', { readAt: ctx.now().toISOString(), providers }),
      jsonEvidence(ctx, 'settings.json', { readAt: ctx.now().toISOString(), settings: Object.fromEntries(settings) }),
    ],
  }
})

function clientFinding({ client, flags, createdAt, changedAt }: ReviewedClient, since: string | undefined): Finding {
  const { id, name, type, redirectUris, grantTypes } = client
  const isNew = since !== undefined && createdAt !== undefined && createdAt >= since
  return findingOf({
    kind: 'client',
    noun: 'Client',
    subject: { id, name: name === '' ? id : name },
    says: `${flags.map(({ sentence }) => sentence).join(' ')} Id ${id}, ${type}${createdAt === undefined ? '' : `, registered ${utc(createdAt)}`}${changedAt === undefined ? '' : `, changed ${utc(changedAt)}`}.`,
    flags: [...(isNew ? ['registered since the exposure'] : []), ...flags.map(({ flag }) => flag.replaceAll('-', ' '))],
    // Autentico's own two are put right by hand: without them nobody gets in.
    ...(id === 'autentico-admin' || id === 'autentico-account'
      ? { ways: [], byHand: true as const }
      : { ways: ['disable-client' as const] }),
    state: {
      id,
      type,
      redirectUris,
      grantTypes,
      audiences: client.audiences,
      allowsSignup: client.allowsSignup ?? null,
    },
  })
}

function providerFinding({ id, name, issuer, linked }: Provider, database: boolean): Finding {
  return findingOf({
    kind: 'provider',
    noun: 'Identity provider',
    subject: { id, name: name === '' ? id : name },
    says: `Signs people in past password and MFA, and links itself to every account whose verified address it claims. Issuer ${issuer}${linked === undefined ? '' : `, ${count(linked, 'linked account')}`}.`,
    flags: ['signs in without password and MFA'],
    ways: database ? ['disable-provider'] : [],
    ...(database ? {} : { byHand: true }),
    state: { id, name, issuer },
  })
}

function settingFinding({ key, value, why }: RiskySetting): Finding {
  const safe = safeValues[key]
  return findingOf({
    kind: 'setting',
    noun: 'Setting',
    subject: { id: key, name: key },
    says: `${why} It is ${value === '' ? 'empty' : `“${value}”`}${safe === undefined ? '' : `; put right it would be “${safe}”`}.`,
    flags: [],
    ways: safe === undefined ? [] : ['close-setting'],
    ...(safe === undefined ? { byHand: true } : {}),
    state: { key, value },
  })
}
