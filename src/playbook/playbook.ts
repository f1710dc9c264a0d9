/** The name of a step inside its playbook, for example `reset-mfa`. Unique in one playbook. */
export type StepId = string & { readonly __brand: 'StepId' }

/** Every action that a step may name. The worker holds one file for each; nothing else can be run. */
export const actionNames = [
  'snapshot-account',
  'revoke-sessions',
  'reset-password',
  'reset-mfa',
  'close-doors',
  'suspend-account',
  'restore-access',
  'sweep-account',
] as const
export type ActionName = (typeof actionNames)[number]

/** One step: what the document says, what is done about it, and what to do when it cannot be proven. */
export type PlaybookStep = {
  readonly id: StepId
  readonly title: string
  /** What the document says, in its own words. */
  readonly document: string
  /** What running the step does, in one line for the card. */
  readonly does: string
  readonly action: ActionName
  /**
   * `containment` steps make the incident contained once all of them are proven. A `recovery` step gives something
   * back: it waits for containment, for the sweep and, with `needsNotification`, for the target to have been told.
   */
  readonly kind: 'containment' | 'recovery'
  readonly needsNotification?: true
  /** What responders may do when the step is done but not proven. */
  readonly fallbacks?: readonly ('suspend' | 'attest')[]
}

/**
 * The written response for one kind of incident: ordered steps with rules. It is recorded whole with every incident, so
 * that a later change of a playbook never changes an incident under way.
 */
export type Playbook = {
  readonly id: string
  readonly title: string
  /** The short form for the first line of a card. */
  readonly shortTitle: string
  /** The heading of the section of Autentico's incident-response document that it comes from. */
  readonly section: string
  /** Read before anything is changed. */
  readonly snapshot: ActionName
  /** Repeats the proof once the containment steps are settled and a while has passed. */
  readonly sweep: ActionName
  readonly steps: readonly PlaybookStep[]
}
