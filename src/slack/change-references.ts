import type { ChangeId } from '#/governance/events.ts'

/** What the buttons of a change speak of. `digest`: what the presser was shown. It comes back from the client, so it holds names only. */
export type ChangeReference = { readonly change: ChangeId; readonly digest: string }

export function writeChange({ change, digest }: ChangeReference): string {
  return `${change}|${digest}`
}

/** Reads it back, strictly. Undefined: not one of ours. */
export function readChange(text: string): ChangeReference | undefined {
  const [, change, digest] = /^(CHG-[1-9]\d{0,8})\|([0-9a-f]{64})$/.exec(text) ?? []
  return change === undefined || digest === undefined ? undefined : { change: change as ChangeId, digest }
}

/** The fingerprint of a key, as OpenSSH writes it. */
export function readFingerprint(text: string): string | undefined {
  return /^SHA256:[A-Za-z0-9+/]{43}$/.test(text) ? text : undefined
}

/** The digest of a policy. */
export function readDigest(text: string): string | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? text : undefined
}
