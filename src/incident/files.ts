import type { EvidenceRef, FileRef } from './account.ts'
import type { IncidentId, Recorded } from './events.ts'

/** A piece of evidence, the entry that names it, and what it is called outside the evidence store. */
export type FiledEvidence = EvidenceRef & {
  readonly incident: IncidentId
  readonly seq: number
  /** When the entry was written, ISO 8601, UTC. */
  readonly at: string
  /**
   * `INC-7-31-affected-users-9f2c41.csv`. It says by itself which entry it belongs to: a file in Slack has nothing else that it could be
   * known again by.
   */
  readonly fileName: string
  /** The whole incident as one file, as of this entry; it is made when it is wanted, and its digest is known only then. */
  readonly isPack?: true
}

/** The files that people are to have in the thread because of this entry. */
export function filesOf(recorded: Recorded): readonly (FiledEvidence & FileRef)[] {
  const { event } = recorded
  if (event.type === 'PackRequested') return [packOf(recorded)]
  return event.type === 'StepDone' ? unique(event.files ?? []).map((file) => filed(recorded, file)) : []
}

/** It names everybody, so it is for private channels only. */
function packOf({ incident, seq, at, hash }: Recorded): FiledEvidence & FileRef {
  return {
    incident,
    seq,
    at,
    name: 'evidence-pack',
    digest: hash,
    fileName: `${incident}-${seq}-evidence-pack.zip`,
    title: `Evidence pack of ${incident}`,
    privateOnly: true,
    isPack: true,
  }
}

/** Every piece of evidence that this entry names. */
export function evidenceOf(recorded: Recorded): readonly FiledEvidence[] {
  const { event } = recorded
  const named: readonly EvidenceRef[] = [
    ...('evidence' in event ? event.evidence : []),
    ...(event.type === 'StepDone' ? (event.files ?? []) : []),
  ]
  return unique(named.map(({ name, digest }) => ({ name, digest }))).map((evidence) => filed(recorded, evidence))
}

function filed<T extends EvidenceRef>({ incident, seq, at }: Recorded, evidence: T): T & FiledEvidence {
  return { ...evidence, incident, seq, at, fileName: fileName({ incident, seq, ...evidence }) }
}

/** Whatever the evidence is called, nothing but letters, digits and hyphens comes out, and an ending; what has none is a record, in JSON. */
function fileName({ incident, seq, name, digest }: EvidenceRef & Pick<Recorded, 'incident' | 'seq'>): string {
  const [, stem = '', ending = '.json'] = /^(.*?)(\.[a-z0-9]{1,8})?$/su.exec(name.toLowerCase()) ?? []
  const plain = stem
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 60)
  return `${[incident, seq, plain, digest.slice(0, 6)].filter((part) => part !== '').join('-')}${ending}`
}

function unique<T extends EvidenceRef>(evidence: readonly T[]): readonly T[] {
  return [...new Map(evidence.map((one) => [`${one.digest} ${one.name}`, one])).values()]
}
