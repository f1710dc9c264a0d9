import type { InstanceFacts } from '#/incident/account.ts'
import type { Action, ActionContext } from './action.ts'
import { jsonEvidence } from './evidence.ts'

/** Reads Autentico as a whole and keeps the evidence before anything is changed. */
export const snapshotInstance: Action = {
  changes: false,
  async run(ctx) {
    const { facts, found } = await seen(ctx)
    const evidence = Object.entries(found).map(([name, content]) =>
      jsonEvidence(ctx, `${name}.json`, { readAt: facts.readAt, ...content }),
    )
    return {
      evidence,
      result: {
        kind: 'snapshot',
        instance: facts,
        evidence: evidence.map(({ name, digest }) => ({ name, digest })),
        warnings: warningsOf(facts),
      },
    }
  },
}

async function seen({ autentico, reach, now }: ActionContext): Promise<{
  readonly facts: InstanceFacts
  readonly found: Readonly<Record<string, object>>
}> {
  const [{ active, deactivated }, { admins, complete }, clients, providers, settings, auditing, key] =
    await Promise.all([
      autentico.everyUser.count(),
      autentico.admins.list(),
      autentico.clients.list(),
      autentico.federation.list(),
      autentico.settings.read(),
      autentico.audit.auditing(),
      autentico.publishedKey(),
    ])
  const readAt = now()
  const lifetime = autentico.durationOf(settings.get('access_token_expiration'))
  return {
    facts: {
      readAt: readAt.toISOString(),
      users: active + (deactivated ?? 0),
      admins: admins.length,
      clients: clients.length,
      providers: providers.length,
      mfaRequired: settings.get('require_mfa') === 'true',
      auditing,
      database: autentico.database !== undefined,
      environment: reach.environment !== undefined,
      proxy: reach.proxy?.kind ?? null,
      keyId: key.keyId,
      keyFingerprint: key.fingerprint,
      accessTokensEndAt: lifetime === undefined ? null : new Date(readAt.getTime() + lifetime).toISOString(),
    },
    found: {
      admins: { admins, complete },
      clients: { clients },
      providers: { providers },
      settings: { settings: Object.fromEntries(settings) },
      key: { ...key },
    },
  }
}

function warningsOf({ auditing, database, environment, mfaRequired }: InstanceFacts): readonly string[] {
  return [
    ...(auditing.on === true ? [] : [auditing.sentence]),
    ...(database ? [] : ['What only the database shows cannot be seen: this worker has no `AUTENTICO_DB_PATH`.']),
    ...(environment
      ? []
      : [
          'Keys and secrets are changed by hand: this worker has no `AUTENTICO_ENV_FILE` with `AUTENTICO_RESTART_COMMAND`.',
        ]),
    ...(mfaRequired ? [] : ['This Autentico does not require MFA.']),
  ]
}
